"""What is ink in a photo with faint lines on it: `trace.ink.even_ink` beside scikit-image's `threshold_sauvola`.

Run: python benchmarks/local_threshold.py. The photo is made here: 960 pixels a side, a circle and two lines in ink,
pencil or faint pencil, light from one side, blur, grain. Half a minute. The table goes to
benchmarks/results/local_threshold.md.
"""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from contenders.turns import write
from skimage.filters import threshold_sauvola

from helpers.evaluate.lines import line_distances
from helpers.sketch.strokes import to_polylines
from helpers.trace.drawing import FAINT
from helpers.trace.ground import measure_ground
from helpers.trace.ink import even_ink
from helpers.trace.vectorize import trace

SIDE = 960  # pixels
WIDTH = 8  # pixels
TURN = np.linspace(0, 2 * np.pi, 200)
LINES = [
    np.column_stack([360 + 200 * np.cos(TURN), 400 + 200 * np.sin(TURN)]),
    np.array([(120.0, 800), (840, 680)]),
    np.array([(680.0, 120), (800, 560)]),
]
INKS = {"all in ink": (0.75, 0.75, 0.75), "one in pencil": (0.75, 0.4, 0.75), "two in faint pencil": (0.75, 0.2, 0.2)}
WINDOWS = (15, 25, 51, 101)  # pixels; the first is scikit-image's default
REPEATS = 5
RESULT = Path(__file__).parent / "results" / "local_threshold.md"


def photo(inks: tuple[float, ...]) -> np.ndarray:
    """The lines, each as dark as its ink, uint8 (960, 960)."""
    page = np.zeros((SIDE, SIDE), np.float32)
    for line, ink in zip(LINES, inks, strict=True):
        one = np.zeros_like(page)
        cv2.polylines(one, [np.rint(line * 16).astype(np.int32)], False, 1.0, WIDTH, cv2.LINE_AA, 4)
        page = np.maximum(page, one * ink)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE - 0.5
    lit = cv2.GaussianBlur((1 - page) * (0.75 + 0.35 * x - 0.2 * y - 0.3 * (x**2 + y**2)), None, 1.5)
    return ((lit + np.random.default_rng(0).normal(0, 0.02, lit.shape)).clip(0, 1) * 255).astype(np.uint8)


def measure(method: Callable[[], np.ndarray]) -> str:
    """The cells of a table: milliseconds, strokes traced, and how far off the lines are."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        bitmap = method()
        times.append(time.process_time() - start)
    found = trace(bitmap)
    lines = to_polylines(found.sketch, found.origin)
    return f"{1e3 * min(times):.0f} | {len(lines)} | {line_distances(LINES, lines)[0]:.2f}"


def main() -> None:
    rows = []
    for what, inks in INKS.items():
        picture = photo(inks)
        darkness = measure_ground(picture).darkness
        rows.append(f"| {what} | ours | {measure(lambda darkness=darkness: even_ink(darkness, FAINT).bitmap)} |")
        for window in WINDOWS:
            cells = measure(lambda picture=picture, w=window: (picture < threshold_sauvola(picture, w)) * np.uint8(255))
            rows.append(f"| {what} | Sauvola, {window} px | {cells} |")
    lines = [
        "A photo of three lines, 960 pixels a side: what is ink, how long that takes (the least of "
        f"{REPEATS}), the strokes that",
        "`trace` makes of it (3 are right), and their Chamfer distance from the true lines. Made by",
        "`python benchmarks/local_threshold.py`.",
        "",
        "| lines | method | ms | strokes | off, px |",
        "|:--|:--|--:|--:|--:|",
        *rows,
    ]
    write(RESULT, lines)


if __name__ == "__main__":
    main()
