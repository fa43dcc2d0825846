"""Polylines, absolute points (K, 2) of one pen stroke each: length, box, evenly spaced points, simplification.

The one place where lines are measured; `sketch.to_polylines` gives them.
"""

from collections.abc import Sequence

import numpy as np
from simplification.cutil import simplify_coords


def step_lengths(line: np.ndarray) -> np.ndarray:
    """The lengths (K - 1,) of a polyline's segments."""
    return np.hypot(*np.diff(line, axis=0).T)


def measure_length(line: np.ndarray) -> float:
    """The length of a polyline; 0 for a dot."""
    return float(step_lengths(line).sum())


def distances_along(line: np.ndarray) -> np.ndarray:
    """How far along a polyline each of its points (K,) lies."""
    return np.concatenate([[0], np.cumsum(step_lengths(line))])


def resample(line: np.ndarray, n: int) -> np.ndarray:
    """n points (n, 2) at even distances along a polyline, both its ends included."""
    along = distances_along(line)
    return _points_at(line, along, np.linspace(0, along[-1], n))


def resample_every(line: np.ndarray, step: float) -> np.ndarray:
    """Points `step` apart along a polyline (K, 2), and its last one."""
    along = distances_along(line)
    return _points_at(line, along, np.append(np.arange(0, along[-1], step), along[-1]))


def _points_at(line: np.ndarray, along: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.column_stack([np.interp(places, along, line[:, 0]), np.interp(places, along, line[:, 1])])


def spread_evenly(lines: Sequence[np.ndarray], n: int) -> np.ndarray:
    """The middles (n, 2) of n pieces of equal length of all the lines; where there are only dots, their places."""
    begins, vectors, _ = segments(lines)
    lengths = np.hypot(*vectors.T)
    ends = np.cumsum(lengths)
    if not len(ends) or ends[-1] == 0:
        return np.unique(np.concatenate(lines), axis=0)
    at = (np.arange(n) + 0.5) / n * ends[-1]
    segment = np.searchsorted(ends, at)
    share = 1 - (ends[segment] - at) / lengths[segment]
    return begins[segment] + share[:, None] * vectors[segment]


def segments(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All segments of some polylines: where they begin (S, 2), their vectors (S, 2), the stroke (S,) each is of."""
    begins = np.concatenate([line[:-1] for line in lines])
    vectors = np.concatenate([np.diff(line, axis=0) for line in lines])
    return begins, vectors, np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])


def find_box(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Centre (2,) and sides (2,) of the box around some polylines."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, high - low


def simplify_line(line: np.ndarray, epsilon: float) -> np.ndarray:
    """Ramer-Douglas-Peucker of one polyline.

    Parameters
    ----------
    line : ndarray
        (K, 2).
    epsilon : float
        In units of the line: no point that is removed lies farther from what is left.

    Returns
    -------
    ndarray
        (M, 2), M at most K; the ends stay.

    References
    ----------
    See `sketch.simplify`. The compiled code is that of the package `simplification`.
    """
    return line if len(line) < 3 else simplify_coords(np.ascontiguousarray(line, np.float64), epsilon)


def simplify_as_official(line: np.ndarray, epsilon: float, work: float) -> tuple[np.ndarray, float]:
    """Ramer-Douglas-Peucker of a polyline (K, 2) as the official files were made, and the `work` that is left.

    Distances are measured from the infinite line through two kept points, where `simplify_line` measures from the
    segment between them. The two differ where a stroke turns back on itself, and only this one gives the official
    points.
    """
    keep = np.zeros(len(line), bool)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        work -= last - first
        if work < 0:
            raise ValueError("it turns back and forth more often than anyone can draw in 20 seconds")
        chord, away = line[last] - line[first], line[first + 1 : last] - line[first]
        length = np.hypot(*chord)
        distance = np.abs(away @ (-chord[1], chord[0])) / length if length else np.hypot(*away.T)
        farthest = int(distance.argmax())
        if distance[farthest] > epsilon:
            middle = first + 1 + farthest
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return line[keep], work
