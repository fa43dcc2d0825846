"""Drawings begun by a drawing of another class, for a decoder that is to go on from what is there."""

from collections.abc import Sequence

import numpy as np

from helpers.sketch.strokes import bounds, from_polylines, prefix, to_polylines

COVERED = 14.0  # pixels from the ink that is there, on average: a stroke so near need not be drawn again


def splice(
    sketches: Sequence[np.ndarray], labels: np.ndarray, share: float, limit: int, rng: np.random.Generator
) -> tuple[list[np.ndarray], np.ndarray]:
    """A share of the drawings begun by a drawing of another class: drawings, and how many rows the other drew (N,).

    A random other class of the batch gives the beginning that lies best on the drawing, their boxes laid over each
    other by their middles. The strokes that this ink stands for are left out, and what was begun inside a stroke goes
    on along the nearest one. So the decoder learns to make what z says of what was begun in another mind, which is what
    z-switching asks of it. Left as they are: drawings of which nothing would be left, or more than `limit` rows.
    """
    fraction = rng.uniform(0.1, 0.6)
    origins = [-bounds(sketch).mean(axis=0) for sketch in sketches]
    begun = [prefix(sketch, fraction) for sketch in sketches]
    begun_lines, lines = (
        [to_polylines(sketch, origin) for sketch, origin in zip(group, origins, strict=True)]
        for group in (begun, sketches)
    )
    begun_ink, ink = (np.stack([_spread(some, 24) for some in group]) for group in (begun_lines, lines))
    out, given = list(sketches), np.zeros(len(sketches), np.float32)
    for i in np.flatnonzero(rng.random(len(sketches)) < share):
        others = np.flatnonzero(labels != labels[i])
        if len(others):
            others = others[labels[others] == rng.choice(labels[others])]
            j = others[_distance(begun_ink[others], ink[i]).argmin()]
            spliced = _go_on(begun_lines[j], lines[i], inside=begun[j][-1, 2] < 0.5)
            if spliced and sum(map(len, spliced)) <= limit + 1:
                out[i], given[i] = from_polylines(spliced), len(begun[j])
    return out, given


def _go_on(begun: list[np.ndarray], lines: list[np.ndarray], inside: bool) -> list[np.ndarray] | None:
    """The strokes (K, 2) of a beginning and those of another drawing that its ink does not stand for; None if all."""
    if inside:
        nearest = [np.square(line - begun[-1][-1]).sum(axis=1) for line in lines]
        stroke = int(np.argmin([some.min() for some in nearest]))
        at = int(nearest[stroke].argmin())
        tail = lines[stroke][at:]
        lines = [*lines[:stroke], *([lines[stroke][: at + 1]] if at else []), *lines[stroke + 1 :]]
    ink = np.stack([_spread([line], 12) for line in [*lines, *([tail] if inside else [])]])
    new = _distance(ink, _spread(begun, 64)) > COVERED
    if not new.any():
        return None
    rest = [line for line, is_new in zip(lines, new, strict=False) if is_new]
    return [*begun[:-1], np.concatenate([begun[-1], tail]), *rest] if inside else begun + rest


def _distance(ink: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The mean distance (...,) of points (..., n, 2) to the nearest of others (m, 2)."""
    square = np.square(ink[..., None, 0] - other[:, 0]) + np.square(ink[..., None, 1] - other[:, 1])
    return np.sqrt(square.min(axis=-1)).mean(axis=-1)


def _spread(lines: Sequence[np.ndarray], n: int) -> np.ndarray:
    """n points (n, 2) at even distances along strokes (K, 2), as float32."""
    points = np.concatenate(lines)
    length = np.hypot(*np.diff(points, axis=0).T)
    length[np.cumsum([len(line) for line in lines[:-1]], dtype=int) - 1] = 0  # the pen travels
    length = np.concatenate([[0], np.cumsum(length)])
    places = (np.arange(n) + 0.5) / n * length[-1]
    return np.column_stack([np.interp(places, length, axis) for axis in points.T]).astype(np.float32)
