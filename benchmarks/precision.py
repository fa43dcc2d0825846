"""One training in float32 and in bfloat16, same seed and drawings: do the losses run alike?

Run: python benchmarks/precision.py. 2,000 steps each, 10 minutes together on two cores; stopped, it goes on where it
was when it is run again (its runs are data/work/runs/precision-float32 and precision-mixed_bfloat16). The table goes to
benchmarks/results/precision.md.
"""

import argparse
from pathlib import Path

import numpy as np
from contenders.turns import write

from helpers.data.dataset import load_drawings
from helpers.train import loop, vae
from helpers.train.plan import Plan

CLASSES = ["ear", "eye", "mouth", "nose"]
DTYPES = ("float32", "mixed_bfloat16")
EPOCH = 100  # steps whose mean is a point of the curve
SMOOTH = 5  # such means
RESULT = Path(__file__).parent / "results" / "precision.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=2000)
    steps = parser.parse_args().steps
    data = load_drawings(CLASSES, allow_sample=True)
    plan = Plan(steps=steps, epoch=EPOCH)
    logs = {}
    for dtype in DTYPES:
        name = f"precision-{dtype}"
        loop.fast_dtype = lambda dtype=dtype: dtype
        vae.train(data, name, plan)
        logs[dtype] = loop.read_log(name)
    lines = [
        f"{steps:,} steps on {', '.join(CLASSES)} ({data.source}), LSTM 512, z 512, seed {plan.seed}: the loss of",
        f"training, mean of the last {SMOOTH * EPOCH} steps, and the loss of {len(data.valid.sketches):,} validation "
        "drawings,",
        f"mean of the last {SMOOTH} times it was measured. Nats a drawing over the points of a mean drawing.",
        "Made by `python benchmarks/precision.py`.",
        "",
        "| step | training, float32 | bfloat16 | apart | validation, float32 | bfloat16 | apart |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for end in range(SMOOTH, steps // EPOCH + 1, SMOOTH):
        cells = []
        for column in ("loss", "val_loss"):
            full, low = (np.mean(logs[dtype][column][end - SMOOTH : end]) for dtype in DTYPES)
            cells += [f"{full:.4f}", f"{low:.4f}", f"{low / full - 1:+.2%}"]
        lines.append(f"| {end * EPOCH:,} | {' | '.join(cells)} |")
    write(RESULT, lines)


if __name__ == "__main__":
    main()
