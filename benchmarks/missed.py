"""Which test drawings chapter 09's classifiers miss, and how many of these two other classifiers miss too; and how many
validation and test drawings they have right, as drawn and as traced.

Run: python benchmarks/missed.py. It needs real drawings of the four classes (data/quickdraw, or the network). The
tables are docs/classifiers.md's.
"""

import numpy as np

from helpers.data.dataset import load_drawings
from helpers.evaluate.baselines import accuracy
from helpers.evaluate.judge import load_judge
from helpers.evaluate.perturb import retrace

PARTS = "ear", "eye", "mouth", "nose"
READERS = {"RNN": "parts-rnn", "CNN": "parts-cnn", "judge": "judge", "second judge": "second"}
OF_CHAPTER = "parts-rnn", "parts-rnn-traced", "parts-cnn"


def main() -> None:
    data = load_drawings(PARTS)
    test = data.test
    said = {}
    for who, name in READERS.items():
        reader = load_judge(name)
        said[who] = reader.probabilities(test.sketches)[:, [reader.classes.index(part) for part in PARTS]]
    said["both together"] = said["RNN"] + said["CNN"]
    missed = {who: set(np.flatnonzero(one.argmax(axis=1) != test.labels)) for who, one in said.items()}
    print(f"{len(test.sketches):,} test drawings, the most probable of the four classes")
    for who, own in missed.items():
        too = ", ".join(f"{len(own & theirs)} by {other}" for other, theirs in missed.items() if other != who)
        print(f"missed by {who}: {len(own)}; of these {too}")
    for what, split in {"validation": data.valid, "test": test}.items():
        traced = retrace(split.sketches)
        for name in OF_CHAPTER:
            right = [accuracy(load_judge(name), drawings, split.labels) for drawings in (split.sketches, traced)]
            print(f"{len(traced):,} {what} drawings, {name}: as drawn {right[0]:.1%}, traced {right[1]:.1%}")


if __name__ == "__main__":
    main()
