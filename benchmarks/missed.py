"""Which test drawings chapter 09's classifiers miss, and how many of these two other classifiers miss too.

Run: python benchmarks/missed.py. It needs real drawings of the four classes (data/quickdraw, or the network). The table
is docs/classifiers.md's.
"""

import numpy as np

from helpers.data.dataset import load_drawings
from helpers.evaluate.judge import load_judge

PARTS = "ear", "eye", "mouth", "nose"
READERS = {"RNN": "parts-rnn", "CNN": "parts-cnn", "judge": "judge", "second judge": "second"}


def main() -> None:
    test = load_drawings(PARTS).test
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


if __name__ == "__main__":
    main()
