"""Drawings a second, rendered at 48x48 on one core: `render_batch` beside what else could do it.

Run: python benchmarks/rendering.py. Real drawings of 45 to 55 points (the sample where there is no network). The
contenders take turns, seven rounds; the table has the medians, and goes to benchmarks/results/rendering.md. Time is
the processor's, so that what else runs on the machine counts little.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from helpers.data.dataset import load_drawings
from helpers.paths import atomic
from helpers.sketch.raster import MARGIN, SHIFT, render_batch
from helpers.sketch.strokes import fit_box, to_polylines

SIZE = 48
ROUNDS = 7
RESULT = Path(__file__).parent / "results" / "rendering.md"


def with_matplotlib(sketches: Sequence[np.ndarray]) -> None:
    """A figure of 48x48 pixels, cleared for each drawing; antialiased by Agg."""
    figure = Figure(figsize=(1, 1), dpi=SIZE)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    for sketch in sketches:
        axes.clear()
        axes.axis("off")
        axes.set(xlim=(0, SIZE), ylim=(SIZE, 0))
        for line in placed(sketch, SIZE):
            axes.plot(*line.T, "k", linewidth=1.5)
        canvas.draw()
        _ = 255 - np.asarray(canvas.buffer_rgba())[..., 0]


def with_pillow(sketches: Sequence[np.ndarray]) -> None:
    """Pillow has no antialiased lines: drawn four times as large, then averaged down."""
    for sketch in sketches:
        image = Image.new("L", (4 * SIZE, 4 * SIZE))
        draw = ImageDraw.Draw(image)
        for line in placed(sketch, 4 * SIZE):
            draw.line(line.ravel().tolist(), fill=255, width=4)
        _ = np.asarray(image.reduce(4))


def with_polylines(sketches: Sequence[np.ndarray]) -> None:
    """OpenCV alone, one drawing after another: what `render_batch` does without the batch."""
    for sketch in sketches:
        bitmap = np.zeros((SIZE, SIZE), np.uint8)
        lines = [np.rint(line * (1 << SHIFT)).astype(np.int32) for line in placed(sketch, SIZE)]
        cv2.polylines(bitmap, lines, False, 255, 1, cv2.LINE_AA, SHIFT)


def placed(sketch: np.ndarray, size: int) -> list[np.ndarray]:
    """A drawing's lines, scaled and centred in a square of that size."""
    fitted, origin = fit_box(sketch, size * (1 - 2 * MARGIN) - 1)
    return to_polylines(fitted, origin + size * MARGIN)


def only_lines(sketches: Sequence[np.ndarray]) -> Callable[[Sequence], None]:
    """cv2.polylines on points that already lie where they belong: nothing in Python can be faster than this."""
    ready = [[np.rint(line * (1 << SHIFT)).astype(np.int32) for line in placed(sketch, SIZE)] for sketch in sketches]

    def draw(drawings: Sequence[np.ndarray]) -> None:
        for lines in ready[: len(drawings)]:
            bitmap = np.zeros((SIZE, SIZE), np.uint8)
            cv2.polylines(bitmap, lines, False, 255, 1, cv2.LINE_AA, SHIFT)

    return draw


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    dataset = load_drawings(["cat", "owl", "pig"], allow_sample=True)
    sketches = [sketch for sketch in dataset.train.sketches if 45 <= len(sketch) <= 55]
    # name, how, how many drawings a round
    contenders = [
        ("helpers.sketch.render_batch", lambda drawings: render_batch(drawings, SIZE), len(sketches)),
        ("cv2.polylines alone, points ready", only_lines(sketches), len(sketches)),
        ("cv2.polylines, a drawing at a time", with_polylines, len(sketches)),
        ("Pillow, four times as large", with_pillow, min(300, len(sketches))),
        ("matplotlib figure (Agg)", with_matplotlib, 40),
    ]
    rates = {name: [] for name, _, _ in contenders}
    for _ in range(ROUNDS):
        for name, draw, count in contenders:
            began = time.process_time()
            draw(sketches[:count])
            rates[name].append(count / (time.process_time() - began))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    slowest = medians["matplotlib figure (Agg)"]
    points = np.median([len(sketch) for sketch in sketches])
    lines = [
        f"{len(sketches):,} drawings of cat, owl and pig ({dataset.source}), {points:.0f} points at the median, to",
        f"{SIZE}x{SIZE}, antialiased, in a second of one core's time. Medians of {ROUNDS} rounds in turn; spread is",
        f"from lowest to highest. OpenCV {cv2.__version__}, matplotlib {matplotlib.__version__}.",
        "Made by `python benchmarks/rendering.py`.",
        "",
        "| | drawings a second | spread | against matplotlib |",
        "|---|---:|---:|---:|",
    ]
    for name, rate in medians.items():
        low, high = min(rates[name]), max(rates[name])
        lines.append(f"| {name} | {rate:,.0f} | {low:,.0f} to {high:,.0f} | {rate / slowest:,.0f}x |")
    print("\n".join(lines))
    with atomic(RESULT) as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
