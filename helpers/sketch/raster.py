"""Sketches to bitmaps: uint8 (size, size), ink 255 on paper 0, antialiased, aspect kept, centred, with a margin."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from helpers.sketch.strokes import check_shape

SHIFT = 4  # fractional bits of the coordinates that OpenCV takes: a sixteenth of a pixel
MARGIN = 1 / 16  # of the size, on each side, plus half the line


def render(sketch: np.ndarray, size: int = 48, line_width: float = 1.0) -> np.ndarray:
    """The bitmap of one sketch, scaled so that its ink fills the frame up to the margin.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    size : int
        Pixels a side.
    line_width : float
        Pixels of the bitmap. At 1 OpenCV's antialiased line is drawn straight away; any other width is drawn four
        times as large and averaged down, so quarter pixels count.

    Returns
    -------
    ndarray
        uint8 (size, size), ink 255 on paper 0.

    Raises
    ------
    ValueError
        For a sketch without points, what is no array (N, 3), offsets that are not finite, a width that is not positive.
    """
    return render_batch([sketch], size, line_width)[0]


def render_batch(sketches: Sequence[np.ndarray], size: int = 48, line_width: float = 1.0) -> np.ndarray:
    """The bitmaps of many sketches, at a fraction of what as many calls of `render` cost.

    Parameters
    ----------
    sketches : sequence of ndarray
        (N, 3) each.
    size, line_width
        As of `render`.

    Returns
    -------
    ndarray
        uint8 (len(sketches), size, size).

    Raises
    ------
    ValueError
        As `render`; it names the drawing.
    """
    if line_width <= 0:
        raise ValueError(f"line_width is {line_width}; it must be positive")
    if not len(sketches):
        return np.zeros((0, size, size), np.uint8)
    if line_width == 1:
        return np.stack(list(_drawn(sketches, size, 1)))
    large = _drawn(sketches, 4 * size, max(1, round(4 * line_width)))
    return np.stack([cv2.resize(bitmap, (size, size), interpolation=cv2.INTER_AREA) for bitmap in large])


def _drawn(sketches: Sequence[np.ndarray], size: int, thickness: int) -> Iterator[np.ndarray]:
    """One bitmap after another. All but the drawing itself is done for the whole batch at once, which makes it fast."""
    for sketch in sketches:
        check_shape(sketch)
    lengths = np.array([len(sketch) for sketch in sketches])
    if not lengths.all():
        raise ValueError(f"drawing {int(lengths.argmin())} has no points")
    # one array of all points, a row for each drawing's origin before its offsets
    starts = np.concatenate([[0], np.cumsum(lengths + 1)])
    rows = np.concatenate(sketches)
    finite = np.isfinite(rows[:, :2]).all(axis=1)
    if not finite.all():  # one running sum goes through all the drawings
        drawing = int(np.searchsorted(np.cumsum(lengths), finite.argmin(), side="right"))
        raise ValueError(f"drawing {drawing} has offsets that are not finite")
    points = np.zeros((starts[-1], 2))
    is_row = np.ones(starts[-1], bool)
    is_row[starts[:-1]] = False
    points[is_row] = rows[:, :2]
    # a running sum over all drawings; each drawing's own origin is then taken off with the centring
    np.cumsum(points, axis=0, out=points)
    low = np.minimum.reduceat(points, starts[:-1])
    high = np.maximum.reduceat(points, starts[:-1])
    side = (high - low).max(axis=1)
    room = size - 2 * MARGIN * size - thickness
    scale = np.where(side > 0, room / np.where(side > 0, side, 1), 1)
    # pixel centres are whole numbers in OpenCV: the middle of the picture is (size - 1) / 2
    origin = (size - 1) / 2 - (low + high) / 2 * scale[:, None]
    which = np.repeat(np.arange(len(sketches)), lengths + 1)
    fixed = np.rint((points * scale[which, None] + origin[which]) * (1 << SHIFT)).astype(np.int32)
    # a stroke ends at each lift and at each drawing's last point
    last = np.zeros(starts[-1], bool)
    last[is_row] = rows[:, 2] > 0.5
    last[starts[1:] - 1] = True
    ends = np.flatnonzero(last) + 1
    begins = np.concatenate([[0], ends[:-1]])
    # a stroke shorter than the pen is wide is a dot: OpenCV draws nothing, or next to nothing, for a line so short
    near, far = np.minimum.reduceat(fixed, begins), np.maximum.reduceat(fixed, begins)
    dots = np.flatnonzero((far - near < thickness << SHIFT).all(axis=1))
    stops = np.searchsorted(ends, starts[1:], side="right").tolist()
    dot_stops = np.searchsorted(dots, stops).tolist()
    centres = ((near[dots] + far[dots]) // 2).tolist()
    fixed = fixed[:, None]  # the (K, 1, 2) that OpenCV wants
    lines = [fixed[a:b] for a, b in zip(begins.tolist(), ends.tolist(), strict=True)]
    first = first_dot = 0
    for stop, dot_stop in zip(stops, dot_stops, strict=True):
        bitmap = np.zeros((size, size), np.uint8)
        cv2.polylines(bitmap, lines[first:stop], False, 255, thickness, cv2.LINE_AA, SHIFT)
        for centre in centres[first_dot:dot_stop]:
            cv2.circle(bitmap, centre, thickness << SHIFT - 1, 255, cv2.FILLED, cv2.LINE_AA, SHIFT)
        yield bitmap
        first, first_dot = stop, dot_stop
