"""Drawings as classifiers see them: bitmaps of one size, or rows with positions; in batches, varied for training."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from helpers.data.dataset import Split
from helpers.evaluate.histograms import histograms
from helpers.evaluate.variations import redraw, vary
from helpers.sketch.raster import MARGIN, render_batch
from helpers.sketch.strokes import check
from helpers.train.batches import bucketed
from helpers.train.plan import Schedule

SIZE = 48  # of the bitmaps, pixels
VALID_BATCH = 500


def as_bitmaps(drawings: Sequence[np.ndarray]) -> np.ndarray:
    """Drawings as the network sees them, (N, 48, 48) uint8: sketches rendered, bitmaps cropped to their ink."""
    out = np.empty((len(drawings), SIZE, SIZE), np.uint8)
    sketches = [i for i, drawing in enumerate(drawings) if np.asarray(drawing).dtype != np.uint8]
    out[sketches] = render_batch([check(drawings[i]) for i in sketches], SIZE)
    for i in set(range(len(drawings))) - set(sketches):
        out[i] = _framed(drawings[i], i)
    return out


def _framed(bitmap: np.ndarray, number: int) -> np.ndarray:
    """A bitmap's ink, as large as a rendered sketch's, in the middle of a frame of `SIZE` pixels."""
    if bitmap.ndim != 2:
        raise ValueError(f"drawing {number} has shape {bitmap.shape}; a bitmap has (height, width)")
    x, y, width, height = cv2.boundingRect((bitmap > 64).astype(np.uint8))
    if not width:
        raise ValueError(f"drawing {number} has no ink; a bitmap is ink (255) on paper (0)")
    scale = SIZE * (1 - 2 * MARGIN) / max(width, height)
    # pixel centres are whole numbers: the ink's middle goes to the frame's
    shift = (SIZE - 1) / 2 - scale * np.array([x + (width - 1) / 2, y + (height - 1) / 2])
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    if scale < 1:  # warpAffine skips pixels where it shrinks
        bitmap = cv2.blur(bitmap, (int(np.ceil(1 / scale)),) * 2)
    framed = cv2.warpAffine(bitmap, matrix, (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    return np.minimum(framed * (255.0 / framed.max()), 255).astype(np.uint8)


def as_rows(sketches: Sequence[np.ndarray]) -> np.ndarray:
    """Sketches as the recurrent network reads them, (N, T, 5): dx, dy, x, y, and a pen that draws (-1) or lifts (1).

    Offsets and places are in units of half the drawing's longer side, the middle of its box the origin; rows of
    zeros behind.
    """
    length = max(len(sketch) for sketch in sketches)
    out = np.zeros((len(sketches), length + -length % 16, 5), np.float32)
    for row, sketch in zip(out, sketches, strict=True):
        points = np.cumsum(check(sketch)[:, :2], axis=0)
        low, high = np.minimum(points.min(axis=0), 0), np.maximum(points.max(axis=0), 0)
        unit = max((high - low).max() / 2, 1e-6)
        row[: len(sketch), :2] = sketch[:, :2] / unit
        row[: len(sketch), 2:4] = (points - (low + high) / 2) / unit
        row[: len(sketch), 4] = 2 * sketch[:, 2] - 1
    return out


def levelled(split: Split) -> Split:
    """The drawings, those of rarer classes several times over, so that no class is expected more than another."""
    counts = np.bincount(split.labels)
    times = np.rint(counts.max() / np.maximum(counts, 1)).astype(int)[split.labels]
    again = np.repeat(np.arange(len(split.labels)), times)
    return Split([split.sketches[i] for i in again], split.labels[again])


def batches(
    split: Split, targets: np.ndarray, kind: str, plan: Schedule, step: int, redrawn: bool = False
) -> Iterator[tuple]:
    """Drawings and their rows of `targets` (n, classes) from `step` on, without end.

    What a step sees depends on the seed and the step alone. `redrawn`: as `variations.redraw`.
    """
    lengths = np.array([len(sketch) for sketch in split.sketches])
    order, drawn, per_pass = [], -1, max(1, len(lengths) // plan.batch)
    while True:
        if step // per_pass != drawn:
            drawn = step // per_pass
            order = bucketed(
                lengths if kind == "rnn" else 0 * lengths, plan.batch, np.random.default_rng([plan.seed, 0, drawn])
            )
        rng = np.random.default_rng([plan.seed, 1, step])
        chosen = order[step % per_pass]
        sketches = [split.sketches[i] for i in chosen]
        sketches = vary([redraw(sketch, rng) for sketch in sketches] if redrawn else sketches, rng)
        if kind == "rnn":
            yield as_rows(sketches), targets[chosen]
        else:
            bitmaps = render_batch(sketches, SIZE, rng.choice([1.0, 1.0, 1.5, 2.0, 2.5]))
            bitmaps = np.stack([_moved(bitmap, rng) for bitmap in bitmaps])
            yield bitmaps if kind == "cnn" else histograms(bitmaps), targets[chosen]
        step += 1


def _moved(bitmap: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A bitmap 0.8 to 1.05 times as large, up to 2 pixels aside."""
    scale, (x, y) = rng.uniform(0.8, 1.05), rng.uniform(-2, 2, 2) + (SIZE - 1) / 2
    middle = scale * (SIZE - 1) / 2
    return cv2.warpAffine(bitmap, np.array([[scale, 0, x - middle], [0, scale, y - middle]]), (SIZE, SIZE))


def valid_batches(split: Split, targets: np.ndarray, kind: str) -> Iterator[tuple]:
    """All drawings, as they are, and their rows of `targets`, in order, again and again."""
    while True:
        for a in range(0, len(split.sketches), VALID_BATCH):
            sketches = split.sketches[a : a + VALID_BATCH]
            seen = as_rows(sketches) if kind == "rnn" else render_batch(sketches, SIZE)
            yield histograms(seen) if kind == "hog" else seen, targets[a : a + VALID_BATCH]
