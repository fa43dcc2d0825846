"""Contenders that take turns: A B C, A B C, ..., so that what else the machine does falls on all of them alike."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from helpers.paths import ROOT, atomic


def medians(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each contender says, over rounds in turn; a first round warms up and is not counted."""
    said = {name: [] for name in contenders}
    for i in range(rounds + 1):
        for name, contender in contenders.items():
            value = contender()
            if i:
                said[name].append(value)
    return {name: statistics.median(values) for name, values in said.items()}


class Contender:
    """A process that `worker.py` runs, with an interpreter and an environment of its own. It inherits the cores,
    and sees no GPU."""

    def __init__(self, module: str, folder: Path, python: str | Path = sys.executable, environment=None, **arguments):
        worker = Path(__file__).with_name("worker.py")
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # what a worker's libraries have to say is shown only where it ends badly
        self.errors = open(folder / f"{id(self)}.log", "w+")
        self.process = subprocess.Popen(
            [python, worker, module, folder, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=os.environ | {"PYTHONPATH": paths, "CUDA_VISIBLE_DEVICES": "-1"} | (environment or {}),
        )
        self.version = self._answer()["ready"]

    def run(self, batches: list[str]) -> dict:
        """Steps on batches, by name: `seconds` of a step in the mean, and its `losses`."""
        return self._ask({"do": "steps", "batches": batches})

    def peak(self) -> float:
        """Floating-point operations a second of a large matrix product."""
        return self._ask({"do": "peak"})

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()

    def _ask(self, order: dict):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise RuntimeError(f"{' '.join(map(str, self.process.args))} has ended:\n{self.errors.read()[-3000:]}")
        return json.loads(line)


def write(result: Path, lines: list[str]) -> None:
    """Prints the table, and puts it where docs/results.md takes it from."""
    print("\n".join(lines))
    with atomic(result) as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
