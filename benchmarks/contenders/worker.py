"""One contender in a process of its own, with the interpreter, allocator and cores that it was started with.

Run by `turns.Contender`: python worker.py MODULE FOLDER ARGUMENTS. MODULE, a file beside this one, has `make(folder,
**arguments)`, which gives `step(batch) -> loss` and `product(n)`, a product of two n x n matrices in the contender's
precision. FOLDER has the batches (`<set>-<number>.npz`) and the first weights. An order is a line of JSON on standard
input, the answer one on standard output. Nothing here but NumPy, so that it runs where TensorFlow is not installed.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

N = 1024  # rows of the matrices whose product is taken for the peak


def main() -> None:
    # what libraries print must not get between the answers
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    module, folder, arguments = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    contender = importlib.import_module(module).make(folder, **arguments)
    batches = {}
    print(json.dumps({"ready": contender.version}), file=answers)
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "peak":
            print(json.dumps(peak(contender.product)), file=answers)
            continue
        names = order["batches"]
        for name in names:
            if name not in batches:
                with np.load(folder / f"{name}.npz") as file:
                    batches[name] = contender.prepare(dict(file))
        began = time.perf_counter()
        losses = [contender.step(batches[name]) for name in names]
        seconds = (time.perf_counter() - began) / len(names)
        print(json.dumps({"seconds": seconds, "losses": losses}), file=answers)


def peak(product) -> float:
    """The most floating-point operations in a second that a product reaches, of eight times 20 products."""
    times = []
    for _ in range(9):
        began = time.perf_counter()
        for _ in range(20):
            product(N)
        times.append((time.perf_counter() - began) / 20)
    return 2 * N**3 / min(times[1:])


if __name__ == "__main__":
    main()
