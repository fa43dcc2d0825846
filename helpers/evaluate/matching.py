"""Strokes found again: which stroke of one drawing is which of another, and which way it was drawn.

For drawings that lie on each other, as a finish lies on what a person drew, or a trace on what a pen wrote.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from helpers.sketch.polyline import measure_length, resample

POINTS = 32  # of a stroke that is compared
CLOSED = 0.12  # of its length: a stroke whose ends are nearer than that may have begun anywhere on it
TIMES = 1.5  # as long, at most, is a stroke that is the same


class Matches(NamedTuple):
    """Strokes found again: `truth` (M,) their numbers in one drawing, `found` (M,) in the other, and whether each
    is drawn the same way (`forward`, (M,) bool).
    """

    truth: np.ndarray
    found: np.ndarray
    forward: np.ndarray


def match_strokes(truth: Sequence[np.ndarray], found: Sequence[np.ndarray], near: float) -> Matches:
    """Pairs the strokes of two drawings, one to one, so that the sum of distances between pairs is least.

    A pair counts if its Chamfer distance (the mean of both mean distances to the nearest point) is at most `near`,
    its lengths differ by no more than half of the shorter (or by `near`), and its middles lie within twice `near`.

    Parameters
    ----------
    truth, found : sequence of ndarray
        (K, 2) points, an array a stroke, as `sketch.to_polylines` gives them, in the same place.
    near : float
        In units of the strokes.

    Returns
    -------
    Matches
        In the order of `truth`.

    Raises
    ------
    ValueError
        For a `near` that is not above 0.
    """
    if not near > 0:
        raise ValueError(f"near is {near}; it must be above 0")
    if not truth or not found:
        return Matches(np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool))
    points = [np.stack([resample(line, POINTS) for line in lines]) for lines in (truth, found)]
    lengths = [np.array([measure_length(line) for line in lines]) for lines in (truth, found)]
    distances = cdist(points[0].reshape(-1, 2), points[1].reshape(-1, 2))
    distances = distances.reshape(len(truth), POINTS, len(found), POINTS)
    chamfer = (distances.min(axis=3).mean(axis=1) + distances.min(axis=1).mean(axis=2)) / 2
    longer, shorter = np.maximum.outer(*lengths), np.minimum.outer(*lengths)
    alike = (chamfer <= near) & ((longer <= TIMES * shorter) | (longer - shorter <= near))
    alike &= cdist(*(group.mean(axis=1) for group in points)) <= 2 * near
    # one that is not alike costs more than all that are
    rows, columns = linear_sum_assignment(np.where(alike, chamfer, near * (len(truth) + 1)))
    kept = alike[rows, columns]
    rows, columns = rows[kept], columns[kept]
    forward = [_same_way(points[0][i], points[1][j], lengths[0][i]) for i, j in zip(rows, columns, strict=True)]
    return Matches(rows, columns, np.array(forward, bool))


def _same_way(truth: np.ndarray, found: np.ndarray, length: float) -> bool:
    """Whether two strokes are drawn the same way, by their points (POINTS, 2) in order; a ring may begin anywhere."""
    if np.hypot(*(truth[-1] - truth[0])) >= CLOSED * length:
        return bool(((truth - found) ** 2).sum() <= ((truth - found[::-1]) ** 2).sum())
    starts = range(POINTS)
    ways = [min(((truth - np.roll(line, s, axis=0)) ** 2).sum() for s in starts) for line in (found, found[::-1])]
    return bool(ways[0] <= ways[1])


def in_order(matches: Matches) -> float:
    """The share of pairs of strokes that are drawn in the same order in both drawings.

    Parameters
    ----------
    matches : Matches
        As `match_strokes` gives them.

    Returns
    -------
    float
        0..1, 0.5 by chance (where Kendall's tau is 0); NaN for fewer than two strokes.
    """
    later = np.subtract.outer(matches.found, matches.found)[np.triu_indices(len(matches.found), 1)]
    return float((later < 0).mean()) if len(later) else float("nan")
