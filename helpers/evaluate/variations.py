"""Drawings varied, for classifiers to learn from: their shape, and the way their strokes are drawn."""

from collections.abc import Sequence

import numpy as np

from helpers.sketch.strokes import from_polylines, to_polylines
from helpers.train.batches import augment

KEPT = 0.5  # share of the drawings whose strokes stay as they were drawn
CHANCE = 0.5  # of each change, in the others
CUT = 0.2  # chance of a stroke to be cut in two
LEFT_OUT = 0.1  # chance of a drawing to lose a stroke
NEAR = 0.08  # of the drawing's longer side: ends as near as this are joined, and a stroke whose own are is closed


def vary(sketches: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """As `train.augment`, and each drawing turned by up to 10 degrees."""
    varied = augment(sketches, 0.15, 0, 0.1, rng)
    for sketch, angle in zip(varied, np.radians(rng.uniform(-10, 10, len(varied))), strict=True):
        sketch[:, :2] = sketch[:, :2] @ np.float32([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return varied


def redraw(sketch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same picture drawn in another way, half of the time: strokes in another order, from their other ends, joined
    where ends meet, cut in two, closed ones begun elsewhere. One drawing in ten also loses a stroke, never its longest.

    Who sees only the picture, as a tracer does, has to guess all of this.
    """
    lines = to_polylines(sketch)
    if len(lines) > 1 and rng.random() < LEFT_OUT:
        lengths = [np.hypot(*np.diff(line, axis=0).T).sum() for line in lines]
        others = [i for i in range(len(lines)) if i != int(np.argmax(lengths))]
        del lines[rng.choice(others)]
    if rng.random() < KEPT:
        return from_polylines(lines)
    near = NEAR * np.ptp(np.concatenate(lines), axis=0).max()
    lines = _joined(lines, near, rng)
    lines = [part for line in lines for part in _cut(_begun_elsewhere(line, near, rng), rng)]
    if rng.random() < CHANCE:
        lines = [lines[i] for i in rng.permutation(len(lines))]
    return from_polylines([line[::-1] if rng.random() < CHANCE else line for line in lines])


def _joined(lines: list[np.ndarray], near: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Where an end of a stroke is near an end of the one before, the two are one, perhaps."""
    out = [lines[0]]
    for line in lines[1:]:
        ways = [(before, after) for before in (out[-1], out[-1][::-1]) for after in (line, line[::-1])]
        gaps = [np.hypot(*(after[0] - before[-1])) for before, after in ways]
        if len(line) > 1 and min(gaps) <= near and rng.random() < CHANCE:
            out[-1] = np.concatenate(ways[int(np.argmin(gaps))])
        else:
            out.append(line)
    return out


def _begun_elsewhere(line: np.ndarray, near: float, rng: np.random.Generator) -> np.ndarray:
    if len(line) < 4 or np.hypot(*(line[0] - line[-1])) > near or rng.random() < CHANCE:
        return line
    start = int(rng.integers(1, len(line) - 1))
    return np.concatenate([line[start:], line[: start + 1]])


def _cut(line: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    if len(line) < 5 or rng.random() >= CUT:
        return [line]
    at = int(rng.integers(2, len(line) - 2))
    return [line[: at + 1], line[at:]]
