"""What makes a drawing hold together, in numbers: symmetry, complexity, and how a second mind uses the ink.

All of them, and closure (`closed_lines`), measure ink, the lines that the pen leaves, and not the way the pen travels
through the air. Lengths are relative to the drawing's size, the longest distance between two of its points (its
diameter, which unlike a box stays the same when the drawing is turned). So no measure depends on where a drawing
stands, how large it is, how it is turned, or in which unit it is given.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from scipy.spatial import KDTree
from scipy.spatial.distance import pdist

from helpers.sketch.polyline import find_box, measure_length, resample, spread_evenly
from helpers.sketch.strokes import absolute, bounds, check, to_polylines

NEAR = 0.03  # of the size: ink so near to ink lies on it, for symmetry and overlap
SAMPLES = 128  # points at even distances that stand for the ink of a drawing
ANGLES = np.arange(60) * np.pi / 60  # of the normals of mirror axes
UPRIGHT = np.radians(np.arange(-9, 10, 3))  # those of axes that stand, nearly
OFFSETS = np.linspace(-0.1, 0.1, 11)  # of mirror axes from the centre of the ink, of the size
SMALL = 0.06  # of a drawing's longer side: a stroke with none that is longer is small
PIXELS = 100  # a size, in the picture in which mirrored ink is looked up


class Complexity(NamedTuple):
    """`points`: rows of the sketch; `strokes`: how often the pen touched the paper; `ink`: length of the lines over
    the drawing's size (a straight line 1, a circle pi, a square the root of 8)."""

    points: int
    strokes: int
    ink: float


class Transition(NamedTuple):
    """How the ink after a switch lies to the ink before it.

    `overlap`: the share, 0..1, of the second mind's ink within `NEAR` of the first's. `distance`: the mean distance of
    the second's ink from the nearest ink of the first, in sizes of the larger of the two parts. `cohesion`: 1 -
    distance, each distance cut off at 1; 1 is ink on ink, 0 is everything at least a size away. `baseline`: the
    cohesion that the two would have if they had merely been placed side by side. Cohesion above the baseline means that
    the second uses the first's place: side by side, it would not come so near.
    """

    overlap: float
    distance: float
    cohesion: float
    baseline: float


def symmetry(sketch: np.ndarray, angles: np.ndarray = ANGLES) -> float:
    """The share of the ink whose mirror image falls on ink, for the best of many mirror axes.

    Ink falls on ink where it is at most `NEAR` of the drawing's size away. The axes have 11 places each, up to a tenth
    of the size from the centre of the ink, through which every true mirror axis goes.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    angles : ndarray
        Radians, of the axes' normals; by default 60, 3 degrees apart. `UPRIGHT` asks whether left mirrors right.

    Returns
    -------
    float
        0..1: 1 for whatever has a mirror axis; but a shape without one overlaps its image too, here and there, and a
        dense scribble falls on itself in any mirror: compare with real drawings, not with 0.

    References
    ----------
    The best overlap with the mirror image, over all axes: Marola (1989), doi 10.1109/34.23119.
    """
    lines = to_polylines(check(sketch))
    extent = size(lines)
    if extent == 0:
        return 1.0
    ink = spread_evenly(lines, SAMPLES)
    centre = ink.mean(axis=0)
    ink = ((ink - centre) / extent).astype(np.float32)
    # no image lies farther from the centre than the farthest ink, at most a size, and twice the largest offset
    middle = int(np.ceil((1 + 2 * OFFSETS.max() + NEAR) * PIXELS))
    paper = np.zeros((2 * middle + 1, 2 * middle + 1), np.uint8)
    fixed = [np.rint((line - centre) / extent * PIXELS + middle).astype(np.int32)[:, None] for line in lines]
    # OpenCV draws no line of one point
    drawn = [line if len(line) > 1 else line.repeat(2, axis=0) for line in fixed]
    cv2.polylines(paper, drawn, False, 1, thickness=round(2 * NEAR * PIXELS))
    # twice the distance of each point from each axis, (angles, offsets, points), takes it to the other side
    normal = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    across = 2 * (OFFSETS.astype(np.float32)[:, None] - (normal.T @ ink.T)[:, None])
    x, y = (
        (PIXELS * (ink[:, i] + across * normal[i, :, None, None]) + (middle + 0.5)).astype(np.int32) for i in (0, 1)
    )
    return float(paper.take(y * len(paper) + x).mean(axis=-1, dtype=np.float32).max())


def complexity(sketch: np.ndarray) -> Complexity:
    """How much there is to a drawing.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).

    Returns
    -------
    Complexity
        Its points, its strokes, and the length of its lines over its size.
    """
    lines = to_polylines(check(sketch))
    extent = size(lines)
    ink = sum(map(measure_length, lines)) / extent if extent else 0.0
    return Complexity(len(sketch), len(lines), float(ink))


def count_small_strokes(sketch: np.ndarray) -> int:
    """How many strokes of a drawing are small (`SMALL`): eyes and dots, and scribbles where a network lost its way."""
    low, high = bounds(sketch)
    return sum(np.ptp(line, axis=0).max() < SMALL * (high - low).max() for line in to_polylines(sketch))


def transition(sketch: np.ndarray, switch: int | Sequence[int]) -> Transition:
    """Whether what was drawn after the switch uses the ink before it, and a baseline that does not.

    Each piece of the second's ink is measured to the nearest ink of the first. The baseline takes the same two parts,
    unchanged, and puts the second beside the first, their boxes touching and their centres level, on whichever of the
    four sides brings them nearest. It is measured in the same size, that of the larger part.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    switch : int or sequence of int
        The first row of the second mind, as `draw.Switched` has it; of several, the last.

    Returns
    -------
    Transition
        All four numbers are NaN where one of the minds drew nothing: there is nothing to compare.

    Raises
    ------
    ValueError
        For a switch outside 0..N.
    """
    sketch = check(sketch)
    row = int(np.atleast_1d(switch)[-1])
    if not 0 <= row <= len(sketch):
        raise ValueError(f"the switch is at row {row}, but this drawing has {len(sketch)} rows")
    first, second = parts(sketch, row)
    if not first or not second:
        return Transition(np.nan, np.nan, np.nan, np.nan)
    extent = max(size(first), size(second)) or 1.0
    tree, ink = KDTree(spread_evenly(first, 4 * SAMPLES)), spread_evenly(second, SAMPLES)
    distance = tree.query(ink)[0] / extent
    (centre, side), (own_centre, own_side) = find_box(first), find_box(second)
    sides = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) * (side + own_side) / 2
    beside = tree.query(ink + (centre - own_centre + sides)[:, None])[0] / extent
    return Transition(
        float((distance <= NEAR).mean()),
        float(distance.mean()),
        float(1 - np.minimum(distance, 1).mean()),
        float((1 - np.minimum(beside, 1)).mean(axis=-1).max()),
    )


def sharpest_turn(sketch: np.ndarray) -> float:
    """The sharpest turn of the drawing's longest stroke, in degrees: 0 for a straight line, 90 for a square's corner.

    A turn is measured between the lines to the points a tenth of the drawing's size behind and ahead along the stroke,
    so curves turn too: a circle by about 11 degrees, a smaller circle that is only part of the drawing by more.
    """
    lines = to_polylines(check(sketch))
    longest = max(lines, key=measure_length)
    steps = round(10 * measure_length(longest) / size(lines)) if size(lines) else 0
    if steps < 2:
        return 0.0
    points = resample(longest, 4 * steps + 1)
    back, ahead = points[4:-4] - points[:-8], points[8:] - points[4:-4]
    cosine = (back * ahead).sum(axis=1)
    sine = back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0]
    return float(np.degrees(np.abs(np.arctan2(sine, cosine)).max()))


def to_the_right(sketch: np.ndarray) -> float:
    """How far the drawing's longest stroke lies to the right of its ends, in sizes: a C below 0, the bow of a D above.

    From the middle of the two ends to the middle of the ink, along x.
    """
    lines = to_polylines(check(sketch))
    longest = max(lines, key=measure_length)
    extent = size(lines)
    if not extent:
        return 0.0
    return float((spread_evenly([longest], SAMPLES)[:, 0].mean() - longest[[0, -1], 0].mean()) / extent)


def aspect(sketch: np.ndarray) -> float:
    """How wide a drawing is for its height.

    Parameters
    ----------
    sketch : ndarray
        (N, 3), in pixels.

    Returns
    -------
    float
        The width of its box over the height, above 1 wide, below 1 tall. A height below one pixel counts as one.
    """
    _, (width, height) = find_box(to_polylines(check(sketch)))
    return float(width / max(height, 1))


def size(lines: Sequence[np.ndarray]) -> float:
    """The longest distance between two points of some polylines, the diameter of the drawing; 0 for a lone dot."""
    points = np.concatenate(lines)
    return float(pdist(points).max()) if len(points) > 1 else 0.0


def parts(sketch: np.ndarray, row: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The polylines before a row and those from it on, in place; a stroke that the row cuts is cut at its point."""
    first = to_polylines(sketch[:row]) if row else []
    if row == len(sketch):
        return first, []
    lines = to_polylines(sketch[row:], absolute(sketch)[row])
    # the pen starts down, unless the row before lifted it: then the way to the next stroke is no ink
    if row and sketch[row - 1, 2] > 0.5:
        lines[0] = lines[0][1:]
    return first, lines
