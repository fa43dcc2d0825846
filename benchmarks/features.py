"""Faces with a known answer: how often all four features are found, and rightly named.

Run: python benchmarks/features.py. Each face has a real outline and, at places that are known, real eyes, a nose and a
mouth, all of them test drawings; none touch. The table goes to benchmarks/results/features.md.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from helpers.data.dataset import load_drawings
from helpers.evaluate.judge import load_judge
from helpers.model.card import fingerprints
from helpers.motion.composing import box_overlap, compose_face
from helpers.motion.features import find_features
from helpers.paths import atomic

RESULT = Path(__file__).parent / "results" / "features.md"
NAMES = ("eye", "nose", "mouth", "face")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--faces", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)  # 0 was looked at in the making
    arguments = parser.parse_args()
    data = load_drawings(NAMES)
    parts = {name: [] for name in NAMES}
    for sketch, label in zip(data.test.sketches, data.test.labels, strict=True):
        parts[data.classes[label]].append(sketch)
    judge, rng = load_judge(), np.random.default_rng(arguments.seed)
    rows, seconds = [], []
    for _ in range(arguments.faces):
        face = compose_face(parts, rng)
        began = time.perf_counter()
        try:
            found = find_features(face.bitmap, judge)
        except ValueError:
            found = []
        seconds.append(time.perf_counter() - began)
        boxes = [max((box_overlap(box, feature.box) for feature in found), default=0) for box in face.boxes]
        named = [
            any(feature.name == name and box_overlap(box, feature.box) > 0.5 for feature in found)
            for name, box in zip(face.names, face.boxes, strict=True)
        ]
        rows.append([*named, all(named), all(named) and len(found) == 4, min(boxes) > 0.5])
    left, right, nose, mouth, all_four, exact, boxed = np.mean(rows, axis=0)
    lines = [
        f"{arguments.faces:,} composed faces, seed {arguments.seed}, test drawings ({data.source}). Found means: a box",
        "with an intersection over union above 0.5. Made by `python benchmarks/features.py`.",
        fingerprints("judge"),
        "",
        "| | share |",
        "|---|---:|",
        f"| all four found and rightly named | {all_four:.1%} |",
        f"| and nothing else found | {exact:.1%} |",
        f"| all four found, whatever they are named | {boxed:.1%} |",
        f"| left eye found and named | {left:.1%} |",
        f"| right eye | {right:.1%} |",
        f"| nose | {nose:.1%} |",
        f"| mouth | {mouth:.1%} |",
    ]
    print("\n".join(lines), f"\n\nA face takes {1000 * np.median(seconds):.0f} ms here, median.")
    with atomic(RESULT) as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
