"""Loops through seven drawings of each part of a face: how steady they are, and how long they take to make.

Run: python benchmarks/animation.py. Of each class, loops of seven test drawings, ten steps from each to the next; a
step is `helpers.motion.step_sizes`, in hundredths. Time is from the drawings to the MP4 files, of one loop of each
class; it is printed with the processor's time, ffmpeg's too. The table goes to benchmarks/results/animation.md.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from helpers.data.dataset import load_drawings
from helpers.draw.decoding import encode
from helpers.draw.interpolation import lerp, slerp
from helpers.export.frames import frames_of
from helpers.export.video import to_video
from helpers.model.card import fingerprints
from helpers.model.vae import load_model
from helpers.motion.tweening import order, step_sizes, tween
from helpers.paths import atomic

RESULT = Path(__file__).parent / "results" / "animation.md"
MODEL = "face-parts"
WAYS = {
    "line, one try": (lerp, 1),
    "arc, one try": (slerp, 1),
    "line, steadiest of 16": (lerp, 16),
    "arc, steadiest of 16": (slerp, 16),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--loops", type=int, default=5, help="of each class")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    model = load_model(MODEL)
    data = load_drawings(model.settings.classes)
    rng = np.random.default_rng(arguments.seed)
    loops = []
    for label in range(len(data.classes)):
        own = np.flatnonzero(data.test.labels == label)
        for _ in range(arguments.loops):
            z = encode(model, [data.test.sketches[i] for i in rng.choice(own, 7, replace=False)])
            loops.append(z[order(z)])
    lines = [
        f"{len(loops)} loops, {arguments.loops} of each class of {MODEL}, seed {arguments.seed}, test drawings",
        f"({data.source}); means over the loops. Made by `python benchmarks/animation.py`.",
        fingerprints(MODEL),
        "",
        "| | mean step | largest step | largest over mean |",
        "|---|---:|---:|---:|",
    ]
    for name, (path, tries) in WAYS.items():
        steps = [step_sizes(tween(model, z, closed=True, path=path, tries=tries), closed=True) for z in loops]
        mean, largest = np.mean([(own.mean(), own.max()) for own in steps], axis=0)
        ratio = np.mean([own.max() / own.mean() for own in steps])
        lines.append(f"| {name} | {100 * mean:.2f} | {100 * largest:.2f} | {ratio:.2f} |")
    print("\n".join(lines))
    with atomic(RESULT) as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    began, used = time.monotonic(), processor()
    with tempfile.TemporaryDirectory() as folder:
        for i, z in enumerate(loops[:: arguments.loops]):
            to_video(frames_of(*tween(model, z, closed=True)), Path(folder) / f"{i}.mp4", 5)
    wall, used = time.monotonic() - began, processor() - used
    print(
        f"\n4 loops of 70 frames, each the steadiest of 16, to MP4: {wall:.0f} s here, {used:.0f} s of processor time."
    )


def processor() -> float:
    """Seconds of processor time, this process's and its children's."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    main()
