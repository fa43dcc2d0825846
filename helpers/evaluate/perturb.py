"""Drawings changed on purpose: traced from their picture, or with one aspect of how they were drawn taken away.

What a classifier of strokes loses on them says what it had learned from.
"""

from collections.abc import Callable, Sequence

import numpy as np

from helpers.data.official import BOX, EPSILON
from helpers.sketch.raster import render_batch
from helpers.sketch.strokes import check, fit_box, from_polylines, simplify, to_polylines
from helpers.trace.vectorize import Trace, trace

SIZE = 128  # of the pictures, pixels
LINE = 2.0  # their lines, pixels


def retrace(
    sketches: Sequence[np.ndarray],
    how: Callable[[np.ndarray], Trace] = trace,
    size: int = SIZE,
    line_width: float = LINE,
) -> list[np.ndarray]:
    """Each drawing rendered, its picture traced, and the result scaled and simplified as Quick, Draw!'s drawings are.

    Parameters
    ----------
    sketches : sequence of ndarray
        (n, 3) each.
    how : callable
        The tracer: `trace.trace`, or another that gives a `Trace` of a bitmap.
    size : int
        Pixels a side of the picture.
    line_width : float
        Pixels.

    Returns
    -------
    list of ndarray
        As many sketches, float32 (m, 3), 255 pixels on the longer side.

    Raises
    ------
    ValueError
        As `how` does, with the number of the drawing.
    """
    traced = []
    for number, bitmap in enumerate(render_batch(sketches, size, line_width)):
        try:
            sketch = how(bitmap).sketch
        except ValueError as error:
            raise ValueError(f"drawing {number}: {error}") from error
        traced.append(simplify(fit_box(sketch, BOX)[0], EPSILON))
    return traced


def shuffle_order(sketch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same strokes in random order.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        float32 (M, 3).
    """
    lines = to_polylines(check(sketch))
    return from_polylines([lines[i] for i in rng.permutation(len(lines))])


def shuffle_directions(sketch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same strokes in the same order, each drawn from its other end half of the time.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        float32 (M, 3).
    """
    return from_polylines([line[:: rng.choice([-1, 1])] for line in to_polylines(check(sketch))])


def smooth(sketch: np.ndarray) -> np.ndarray:
    """The same strokes with their corners cut off, twice, then simplified, so that points stay as far apart.

    Parameters
    ----------
    sketch : ndarray
        (N, 3), in pixels.

    Returns
    -------
    ndarray
        float32 (M, 3).

    References
    ----------
    Chaikin (1974), doi 10.1016/0146-664X(74)90028-8.
    """
    lines = [_cut_corners(_cut_corners(line)) for line in to_polylines(check(sketch))]
    return simplify(from_polylines(lines), EPSILON)


def _cut_corners(line: np.ndarray) -> np.ndarray:
    if len(line) < 3:
        return line
    near, far = 0.75 * line[:-1] + 0.25 * line[1:], 0.25 * line[:-1] + 0.75 * line[1:]
    cut = np.stack([near, far], axis=1).reshape(-1, 2)
    return np.concatenate([line[:1], cut[1:-1], line[-1:]])
