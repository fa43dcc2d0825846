"""Drawings in motion, frame by frame.

A frame is RGB, uint8 (H, W, 3). `pen_frames` shows one drawing being drawn, `frames_of` one drawing after another.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.colors import to_rgb

from helpers.figures.style import PALETTE
from helpers.sketch.raster import SHIFT
from helpers.sketch.strokes import absolute, bounds, check, minds_of_rows

MARGIN = 0.1  # of the frame, on each side
LINE = 1 / 80  # the pen's width, of the frame
FINER = 2  # a frame is drawn this many times as large and averaged down
AIR = 0.3  # the time a lifted pen takes, of what it takes to draw as far
HOLD = 1 / 5  # of the frames of a drawing: they show it finished


def pen_frames(
    sketch: np.ndarray,
    switches: Sequence[int] = (),
    size: int = 480,
    frames: int = 75,
    place: tuple[float, np.ndarray] | None = None,
    colors: Sequence[str] = PALETTE,
) -> list[np.ndarray]:
    """Frames of one drawing being drawn at an even pace; the last fifth of them show it finished.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    switches : sequence of int
        The rows at which the mind changed, as `figures.draw` takes them: there the line changes colour, and so does the
        dot that stands for the pen.
    size : int
        Pixels a side.
    frames : int
        How many, 2 or more.
    place : (float, ndarray), optional
        The scale, and where the pen starts, (2,) in pixels, so that another clip can go on from this one: see
        `fit_frame`. Without it the drawing fills the frame up to a margin.
    colors : sequence of str
        Of the minds.

    Returns
    -------
    list of ndarray
        `frames` pictures, uint8 (size, size, 3), RGB.

    Raises
    ------
    ValueError
        For a sketch that is none, for switches that are out of order or more than there are colours, and for fewer than
        two frames.
    """
    sketch = check(sketch)
    if frames < 2:
        raise ValueError(f"frames is {frames}; a drawing in motion has at least 2")
    if place is None:
        scale, (start,) = fit_frame([sketch], size=size)
    else:
        scale, start = place
    points = absolute(sketch) * scale + start
    minds, inks, travels = _minds(sketch, switches, colors), *inked(sketch)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    # a dot and a turn on the spot take a moment too
    clock = np.concatenate([[0], np.cumsum(np.where(travels, AIR * lengths, lengths) + LINE * size / 2)])
    moving = max(1, round(frames * (1 - HOLD)))
    canvas = _paper(size)
    pictures, row = [], 0
    for time in np.linspace(0, clock[-1], moving + 1)[1:]:
        while row < len(sketch) and clock[row + 1] <= time:
            if inks[row]:
                _line(canvas, points[row + travels[row]], points[row + 1], minds[row])
            row += 1
        if row == len(sketch):  # rounding may bring the end a frame early
            break
        share = (time - clock[row]) / (clock[row + 1] - clock[row])
        tip = points[row] + share * (points[row + 1] - points[row])
        begun = canvas.copy()
        if not travels[row] and lengths[row] > 0:
            _line(begun, points[row], tip, minds[row])
        pictures.append(_shrink(begun))
        _dot(pictures[-1], tip, minds[row])
    return pictures + [_shrink(canvas)] * (frames - len(pictures))


def frames_of(
    sketches: Sequence[np.ndarray],
    origins: Sequence[np.ndarray] | None = None,
    switches: Sequence | None = None,
    size: int = 480,
) -> list[np.ndarray]:
    """A frame for each sketch, all at one scale, so that what stays the same stands still.

    Parameters
    ----------
    sketches : sequence of ndarray
        (n, 3) each, N of them.
    origins : sequence, optional
        (N, 2), in the sketches' units, where each pen starts; without them each drawing is centred by its ink.
    switches : sequence, optional
        For each drawing the rows at which its mind changed.
    size : int
        Pixels a side.

    Returns
    -------
    list of ndarray
        N pictures, uint8 (size, size, 3), RGB. Their scale is the largest at which all the ink fits.

    Raises
    ------
    ValueError
        For no sketches, and where origins or switches do not match them in number.
    """
    sketches = [check(sketch) for sketch in sketches]
    for name, values in (("switches", switches), ("origins", origins)):
        if values is not None and len(values) != len(sketches):
            raise ValueError(f"{len(values)} {name} for {len(sketches)} drawings")
    scale, starts = fit_frame(sketches, origins, size)
    pictures = []
    for i, sketch in enumerate(sketches):
        canvas = _paper(size)
        points = absolute(sketch) * scale + starts[i]
        minds = _minds(sketch, () if switches is None else switches[i])
        for row, (inks, travels) in enumerate(zip(*inked(sketch), strict=True)):
            if inks:
                _line(canvas, points[row + travels], points[row + 1], minds[row])
        pictures.append(_shrink(canvas))
    return pictures


def fit_frame(
    sketches: Sequence[np.ndarray], origins: Sequence[np.ndarray] | None = None, size: int = 480
) -> tuple[float, np.ndarray]:
    """How `frames_of` lays drawings into one frame.

    Parameters
    ----------
    sketches : sequence of ndarray
        (n, 3) each, N of them.
    origins : sequence, optional
        (N, 2), in the sketches' units, where each pen starts; without them each is centred by its ink.
    size : int
        Pixels a side, 16 or more.

    Returns
    -------
    scale : float
        The largest at which all the ink fits.
    starts : ndarray
        (N, 2) pixels, where each pen starts.

    Raises
    ------
    ValueError
        For no drawings, and for a smaller frame.
    """
    if not sketches:
        raise ValueError("no drawings to make frames of")
    if size < 16:
        raise ValueError(f"size is {size}; a frame is at least 16 pixels wide")
    boxes = np.stack([bounds(sketch) for sketch in sketches])  # drawing, low or high, x or y
    origins = -boxes.mean(axis=1) if origins is None else np.asarray(origins, np.float64)
    boxes = boxes + origins[:, None]
    low, high = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    side = (high - low).max()
    scale = size * (1 - 2 * MARGIN) / side if side > 0 else 1.0
    # pixel centres are whole numbers in OpenCV: the middle of the picture is (size - 1) / 2
    return scale, (origins - (low + high) / 2) * scale + (size - 1) / 2


def inked(sketch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows leave ink, and which begin with a lifted pen: one that does both is a dot where it lands."""
    lift = sketch[:, 2] > 0.5
    travels = np.concatenate([[False], lift[:-1]])
    return ~travels | lift, travels


def _minds(sketch: np.ndarray, switches, colors: Sequence[str] = PALETTE) -> np.ndarray:
    """The colour of each row, (N, 3)."""
    inks = np.rint(np.array([to_rgb(color) for color in colors]) * 255)
    return inks[minds_of_rows(sketch, switches, len(colors))]


def _paper(size: int) -> np.ndarray:
    return np.full((size * FINER, size * FINER, 3), 255, np.uint8)


def _line(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, color: np.ndarray) -> None:
    """A line of the pen's width, with round ends, in the finer canvas; its ends in pixels of the frame."""
    a, b = (np.rint(((point + 0.5) * FINER - 0.5) * (1 << SHIFT)).astype(int).tolist() for point in (start, end))
    if a == b:  # OpenCV draws no line without length
        radius = round(LINE * len(canvas) / 2 * (1 << SHIFT))
        cv2.circle(canvas, a, radius, color.tolist(), cv2.FILLED, cv2.LINE_AA, SHIFT)
    else:
        cv2.line(canvas, a, b, color.tolist(), max(1, round(LINE * len(canvas))), cv2.LINE_AA, SHIFT)


def _dot(frame: np.ndarray, centre: np.ndarray, color: np.ndarray) -> None:
    """The pen itself."""
    at, radius = np.rint(centre * (1 << SHIFT)).astype(int).tolist(), round(1.1 * LINE * len(frame) * (1 << SHIFT))
    cv2.circle(frame, at, radius, color.tolist(), cv2.FILLED, cv2.LINE_AA, SHIFT)


def _shrink(canvas: np.ndarray) -> np.ndarray:
    size = len(canvas) // FINER
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
