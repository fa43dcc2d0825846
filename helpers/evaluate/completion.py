"""How good finishes are: a person's drawing, finished by someone else, beside what the person drew.

The protocol is SketchRevive's (CVPR 2026): the first 10, 30 and 50% of the strokes are given. The paper does not say
precisely when a stroke counts as found, or how wide lines are when overlap is measured; those choices are ours.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from helpers.evaluate.matching import match_strokes
from helpers.sketch.polyline import distances_along
from helpers.sketch.raster import SHIFT
from helpers.sketch.strokes import bounds, from_polylines, to_polylines

SIZE = 64  # of the pictures that are laid on each other, pixels
LINE = 3  # their lines, pixels
NEAR = 0.1  # of the drawing's longer side: how far off a stroke may be that counts as found


class Likeness(NamedTuple):
    """How alike a finish and the person's own drawing are: `iou` of all their ink; `recall`, the share of the strokes
    left to draw that were found.
    """

    iou: float
    recall: float


def likeness(finished: np.ndarray, original: np.ndarray, given: int) -> Likeness:
    """How much a finish is what the person drew.

    Parameters
    ----------
    finished, original : ndarray
        (N, 3) and (M, 3); their first `given` rows are the same, which puts them in the same place.
    given : int
        Rows that were given, fewer than the original has.

    Returns
    -------
    Likeness
        0..1 both.

    Raises
    ------
    ValueError
        Where the original has nothing left to draw.
    """
    if not 0 <= given < len(original):
        raise ValueError(f"{given} rows were given of a drawing of {len(original)}: nothing is left to draw")
    low, high = bounds(original)
    side = float(max((high - low).max(), 1e-6))
    ink = [_ink(to_polylines(sketch), low, high, side) for sketch in (finished, original)]
    left = [_after(sketch, given) for sketch in (original, finished)]
    found = match_strokes(left[0], left[1], NEAR * side)
    recall = len(found.truth) / len(left[0]) if left[0] else 1.0
    return Likeness(float((ink[0] & ink[1]).sum() / (ink[0] | ink[1]).sum()), recall)


def _after(sketch: np.ndarray, given: int) -> list[np.ndarray]:
    """The strokes that follow the given rows, where they lie in the drawing; the rest of one that was cut is one."""
    after, row = [], 0
    for number, line in enumerate(to_polylines(sketch)):
        rows = len(line) - (number == 0)  # the first stroke has the origin before its rows
        cut = given - row
        if 0 < cut < rows:
            rest = line[cut - (number > 0) :]
            if np.ptp(rest, axis=0).any():  # else only the pen is lifted
                after.append(rest)
        elif cut <= 0:
            after.append(line)
        row += rows
    return after


def _ink(lines: list[np.ndarray], low: np.ndarray, high: np.ndarray, side: float) -> np.ndarray:
    """Lines as ink, (3 SIZE, 3 SIZE) bool, the box from low to high in the middle third: beyond that, none is seen."""
    scale = (SIZE - LINE - 1) / side
    origin = (3 * SIZE - 1) / 2 - (low + high) / 2 * scale
    ink = np.zeros((3 * SIZE, 3 * SIZE), np.uint8)
    fixed = [np.rint((line * scale + origin) * (1 << SHIFT)).astype(np.int32)[:, None] for line in lines]
    # a line without length is nothing to OpenCV
    fixed = [line if np.ptp(line, axis=0).any() else np.concatenate([line[:1], line[:1] + 1]) for line in fixed]
    cv2.polylines(ink, fixed, False, 1, LINE, cv2.LINE_8, SHIFT)
    return ink > 0


def first_ink(sketch: np.ndarray, share: float) -> np.ndarray:
    """The beginning of a drawing by its ink: what there is when that share of the length of all lines is drawn.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    share : float
        Above 0, up to 1. A line that is not yet whole is cut; dots have no length, and come with what is before them.

    Returns
    -------
    ndarray
        float32 (M, 3).

    Raises
    ------
    ValueError
        For another share.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; it must lie above 0, and not above 1")
    lines = to_polylines(sketch)
    left = share * sum(distances_along(line)[-1] for line in lines)
    begun: list[np.ndarray] = []
    for line in lines:
        along = distances_along(line)
        if left < along[-1] * (1 - 1e-9):
            if left > 0 or not begun:
                end = [np.interp(left, along, line[:, c]) for c in range(2)]
                begun.append(np.concatenate([line[along < left], [end]]))
            break
        begun.append(line)
        left -= along[-1]
    return from_polylines(begun)


def best_and_mean(likenesses: Sequence[Sequence[Likeness]]) -> tuple[Likeness, Likeness]:
    """Over drawings with several finishes each: the mean of the best of each, and the mean of all, number by number."""
    values = np.array(likenesses, float)
    return Likeness(*values.max(axis=1).mean(axis=0)), Likeness(*values.mean(axis=(0, 1)))
