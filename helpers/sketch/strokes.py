"""The forms of a sketch, and conversions between them.

A sketch is a float32 array (N, 3) of rows `dx, dy, lift` (stroke-3, Ha & Eck, arXiv 1704.03477, section 3.1):
the pen starts at the origin, already down, so row 0 draws a segment; lift is 1 where the pen leaves the paper
after this row's point, so that the next row moves without drawing. y grows downward. A row that follows a lift
and lifts again is a dot.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from helpers.sketch.polyline import simplify_line

MAX_OFFSET = 1e5  # beyond this an offset, in pixels, is not a drawing but damage


def check(sketch: np.ndarray) -> np.ndarray:
    """The sketch as float32, once it is known to be one.

    Parameters
    ----------
    sketch : array_like
        (N, 3) rows `dx, dy, lift`, N at least 1.

    Returns
    -------
    ndarray
        The same numbers, float32 (N, 3); the same array if it was one already.

    Raises
    ------
    ValueError
        For another shape, no rows, no numbers, offsets that are not finite or beyond `MAX_OFFSET` pixels, and a lift
        that is neither 0 nor 1. It names the row.
    """
    sketch = np.asarray(sketch)
    if sketch.ndim != 2 or sketch.shape[1] != 3:
        raise ValueError(f"a sketch is an array (N, 3) of dx, dy, lift; this has shape {sketch.shape}")
    if len(sketch) == 0:
        raise ValueError("the sketch has no points")
    if sketch.dtype.kind not in "fiub":
        raise ValueError(f"a sketch holds numbers; this has dtype {sketch.dtype}")
    sketch = sketch.astype(np.float32, copy=False)
    # NaN compares false, so "not <=" finds it too
    bad = ~(np.abs(sketch[:, :2]) <= MAX_OFFSET).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"row {row} moves by {sketch[row, :2].tolist()}: not finite, or absurdly far")
    bad = (sketch[:, 2] != 0) & (sketch[:, 2] != 1)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"row {row} has lift {sketch[row, 2]:g}; it must be 0 or 1")
    return sketch


def check_shape(sketch: np.ndarray) -> None:
    """The part of `check` that costs next to nothing: stroke-5 or points, taken for a sketch, would make a wrong
    picture.

    Raises ValueError for anything but an array (N, 3), and says what it is.
    """
    if not isinstance(sketch, np.ndarray) or sketch.ndim != 2 or sketch.shape[1] != 3:
        form = f"has shape {sketch.shape}" if isinstance(sketch, np.ndarray) else f"is a {type(sketch).__name__}"
        hint = "; from_stroke5 makes one of stroke-5, from_polylines of points"
        raise ValueError(f"a sketch is an array (N, 3) of dx, dy, lift; this {form}{hint}")


def from_polylines(polylines: Sequence[np.ndarray]) -> np.ndarray:
    """A sketch from absolute points.

    Parameters
    ----------
    polylines : sequence of array_like
        (K, 2) points x, y, an array a pen stroke; y grows downward. One point is a dot, none is left out.

    Returns
    -------
    ndarray
        float32 (N, 3). The first point of the first stroke is the origin.

    Raises
    ------
    ValueError
        Where there is no point at all.

    Examples
    --------
    >>> from_polylines([[[5, 5], [8, 5]], [[8, 9]]])
    array([[3., 0., 1.],
           [0., 4., 1.]], dtype=float32)
    """
    polylines = [np.asarray(line, np.float64).reshape(-1, 2) for line in polylines]
    polylines = [line for line in polylines if len(line)]
    if not polylines:
        raise ValueError("no points: a sketch needs at least one stroke")
    if len(polylines[0]) == 1:
        polylines[0] = np.repeat(polylines[0], 2, axis=0)
    points = np.concatenate(polylines)
    lift = np.zeros(len(points))
    lift[np.cumsum([len(line) for line in polylines]) - 1] = 1
    return np.column_stack([np.diff(points, axis=0), lift[1:]]).astype(np.float32)


def from_points(points: np.ndarray, strokes: np.ndarray, drawings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What `from_polylines` gives, of many drawings at once.

    Parameters
    ----------
    points : ndarray
        (P, 2) absolute points, stroke after stroke, drawing after drawing.
    strokes : ndarray
        (S,) how many points each stroke has; those without any are left out.
    drawings : ndarray
        (n,) how many strokes each drawing has.

    Returns
    -------
    rows : ndarray
        float32 (M, 3), the sketches one after another.
    lengths : ndarray
        int64 (n,), how many rows each has; 0 for a drawing without points.
    """
    owner = np.repeat(np.arange(len(drawings)), drawings)[strokes > 0]
    strokes = strokes[strokes > 0]
    first = np.diff(owner, prepend=-1) > 0  # of its drawing
    dots = first & (strokes == 1)
    again = np.ones(len(points), np.int64)
    again[(np.cumsum(strokes) - strokes)[dots]] = 2
    points, strokes = np.repeat(points.astype(np.float32), again, axis=0), strokes + dots
    ends = np.cumsum(strokes)
    rows = np.zeros((len(points), 3), np.float32)
    rows[1:, :2] = np.diff(points, axis=0)
    rows[ends - 1, 2] = 1
    is_row = np.ones(len(points), bool)
    is_row[(ends - strokes)[first]] = False  # the origin
    lengths = np.bincount(owner, strokes, len(drawings)).astype(np.int64)
    return rows[is_row], lengths - (lengths > 0)


def absolute(sketch: np.ndarray, origin: tuple[float, float] = (0, 0)) -> np.ndarray:
    """The points that the pen visits.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    origin : (float, float)
        Where the pen starts.

    Returns
    -------
    ndarray
        float64 (N + 1, 2), so that long sums stay exact; the origin first.

    Raises
    ------
    ValueError
        For all but an array (N, 3).
    """
    check_shape(sketch)
    points = np.empty((len(sketch) + 1, 2))
    points[0] = 0
    np.cumsum(sketch[:, :2], axis=0, dtype=np.float64, out=points[1:])
    return points + origin


def to_polylines(sketch: np.ndarray, origin: tuple[float, float] = (0, 0)) -> list[np.ndarray]:
    """The pen strokes as absolute points; the inverse of `from_polylines` up to where it starts.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    origin : (float, float)
        Where the pen starts.

    Returns
    -------
    list of ndarray
        float64 (K, 2), one a pen stroke. A dot is one point, or two equal ones where it is the first stroke: row 0
        always draws.
    """
    points = absolute(sketch, origin)
    ends = np.flatnonzero(sketch[:, 2] > 0.5) + 2  # a stroke runs from the point after a lift to the next lift
    return [line for line in np.split(points, ends) if len(line)]


def simplify(sketch: np.ndarray, epsilon: float = 2.0) -> np.ndarray:
    """Fewer points, each stroke alone: Ramer-Douglas-Peucker.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    epsilon : float
        Pixels: no point removed lies farther from what is left. Quick, Draw! takes 2 of 255.

    Returns
    -------
    ndarray
        float32 (M, 3), M at most N.

    References
    ----------
    Ramer (1972), doi 10.1016/S0146-664X(72)80017-0; Douglas and Peucker (1973), doi 10.3138/FM57-6770-U75U-7727.
    """
    return from_polylines([simplify_line(line, epsilon) for line in to_polylines(sketch)])


def stroke_ends(sketch: np.ndarray) -> np.ndarray:
    """Where the strokes of a sketch end.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).

    Returns
    -------
    ndarray
        The number of rows up to and with each stroke's last: `sketch[:stroke_ends(sketch)[0]]` is the first stroke.
    """
    ends = np.flatnonzero(sketch[:, 2] > 0.5) + 1
    return ends if len(ends) and ends[-1] == len(sketch) else np.append(ends, len(sketch))


def minds_of_rows(sketch: np.ndarray, switches: ArrayLike, most: int | None = None) -> np.ndarray:
    """Which mind drew each row (N,), counted from 0, of a drawing that changes its mind at these rows.

    Raises ValueError for switches that do not rise, and for more minds than `most`, the number of colours there are.
    """
    switches = np.atleast_1d(np.asarray(switches, int))
    if len(switches) and (switches[0] < 0 or (np.diff(switches) < 0).any()):
        raise ValueError(f"switches must rise, from 0 or above; these are {switches.tolist()}")
    if most is not None and len(switches) >= most:
        raise ValueError(f"{len(switches)} switches need {len(switches) + 1} colours, but there are {most}")
    return np.searchsorted(switches, np.arange(len(sketch)), side="right")


def prefix(sketch: np.ndarray, fraction: float) -> np.ndarray:
    """The beginning of a drawing.

    Of a drawing of three strokes or more, whole strokes, rounded to the nearest number. Where that would be none or all
    of them, and in a drawing of one or two strokes, where rounding would change too much, a stroke is cut inside, pen
    still down: a third of two strokes is two thirds of the first one's points.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    fraction : float
        Of its strokes, 0..1.

    Returns
    -------
    ndarray
        (M, 3), the first M rows, a view; between 1 and N - 1 of them unless `fraction` is 0 or 1.

    Raises
    ------
    ValueError
        For a fraction outside 0..1.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction is {fraction}; it must lie between 0 and 1")
    if fraction in (0, 1):
        return sketch[: len(sketch) if fraction else 0]
    ends = np.concatenate([[0], stroke_ends(sketch)])
    strokes = fraction * (len(ends) - 1)
    if len(ends) > 3 and 0 < round(strokes) < len(ends) - 1:
        return sketch[: ends[round(strokes)]]
    cut = round(float(np.interp(strokes, np.arange(len(ends)), ends)))
    return sketch[: min(max(cut, 1), max(len(sketch) - 1, 1))]


def added_ink(sketch: np.ndarray, row: int) -> np.ndarray | None:
    """The ink that was added from a row on, as a drawing of its own.

    A stroke that goes on begins where the row before left off. A row that only lifts the pen there ends the stroke, and
    is no ink.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    row : int
        The first row of the added ink.

    Returns
    -------
    ndarray or None
        float32 (M, 3), without the way to it; None where no ink was added.
    """
    ends = np.flatnonzero(sketch[:, 2] > 0.5) + 2
    points = absolute(sketch)
    points, ends = (points[row:], ends[ends > row] - row) if row else (points, ends)
    lines = [line for line in np.split(points, ends) if len(line)]
    if row:  # the first holds the point that was there already
        goes_on = sketch[row - 1, 2] < 0.5 and np.ptp(lines[0], axis=0).any()
        lines = lines if goes_on else lines[1:] if len(lines[0]) == 1 or sketch[row - 1, 2] < 0.5 else lines
    return from_polylines(lines) if lines else None


def bounds(sketch: np.ndarray) -> np.ndarray:
    """The box of the ink; the pen starts at the origin.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).

    Returns
    -------
    ndarray
        ((x0, y0), (x1, y1)).
    """
    points = absolute(sketch)
    return np.stack([points.min(axis=0), points.max(axis=0)])


def fit_box(sketch: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """A sketch scaled to a size, and where its pen has to start so that the drawing is centred.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    size : float
        Of the longer side; the aspect is kept. A drawing without extent (a dot) keeps its scale.

    Returns
    -------
    fitted : ndarray
        float32 (N, 3).
    origin : ndarray
        (2,), in a square of that size.

    Examples
    --------
    >>> lines = to_polylines(*fit_box(sketch, 100))
    """
    low, high = bounds(sketch)
    side = (high - low).max()
    scale = size / side if side > 0 else 1.0
    fitted = sketch.astype(np.float32)
    fitted[:, :2] *= scale
    return fitted, size / 2 - (low + high) / 2 * scale
