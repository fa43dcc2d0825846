"""What binds a page: holes punched along one side, and the dark strip where a page bends into the book's back.

Darkness is float32 (H, W), paper 0 and black 1.
"""

import cv2
import numpy as np

DARK = 0.25  # of full: a hole shows what is dark behind the page
BAND = 0.12  # of the page, along a side: holes lie in it
SMALLEST, LARGEST = 1 / 120, 1 / 16  # of the page's longer side: a hole's width
ROUND = 1.25  # times as long as wide, at most
FULL = (0.68, 0.9)  # of its box that a disc fills, pi / 4 but for the pixels at its edge
ALIKE = 1.3  # times the width of the smallest
IN_ROW = 0.6  # of a hole's width that it lies off the line through them
MIDDLE = 0.08  # of the side: holes lie as far from its one end as from its other
SPREAD = 0.15  # of the side that they lie on, at least
EDGE = 2  # pixels of a soft edge
ALONG = 0.97  # of a side that a strip is dark along
SMOOTH = 15  # pixels along the side: less than that is grain
DEEPEST = 0.1  # of the page: a wider dark part is no strip
THICK = 1.5  # times the width of the lines: a strip on paper of one tone, where a drawn line may end the picture
REST = 0.8  # of the other ink that does not touch the strip
LEAST = 0.02  # of the ink: if no more is left, it was the drawing


def without_binding(darkness: np.ndarray, floor: float, even: bool) -> tuple[np.ndarray, int, int]:
    """The darkness of a page without the marks of its binding; how many holes and how many strips there were.

    Holes are two or more dark discs of one size in a row at one side, as far from its one end as from its other,
    with nothing drawn beyond them. A strip is dark all along one side, and what is drawn hardly touches it.

    Parameters
    ----------
    darkness : (H, W) float32 array
        Of the page.
    floor : float
        What is fainter is paper.
    even : bool
        Whether the paper is all of one tone: the picture may then be cropped to its ink.
    """
    bare, strips = darkness, 0
    sides = [k for k in range(4) if (_from_side(darkness, k)[:, :2].max(axis=1) > floor).mean() > ALONG]
    if len(sides) in (1, 2):  # a drawn frame is on all four
        for k in sides:
            without = _without_strip(bare, k, floor, even)
            bare, strips = (bare, strips) if without is None else (without, strips + 1)
    found = [holes for k in range(4) if len(holes := _holes(bare, k, floor))]
    if len(found) != 1:
        return bare, 0, strips
    bare = bare.copy()
    for x, y, width in found[0]:
        cv2.circle(bare, (round(x), round(y)), round(0.6 * width) + EDGE, 0, -1)
    return bare, len(found[0]), strips


def _from_side(page: np.ndarray, side: int) -> np.ndarray:
    """The page as a view in which one of its sides, 0 to 3, is on the left."""
    return (page, page[:, ::-1], page.T, page[::-1].T)[side]


def _without_strip(darkness: np.ndarray, side: int, floor: float, even: bool) -> np.ndarray | None:
    """The page without a dark strip along a side, or None where that is drawn."""
    page = _from_side(darkness, side)
    room = max(2, int(DEEPEST * page.shape[1]))
    dark = cv2.blur(np.ascontiguousarray(page[:, : room + 1]), (3, SMOOTH)) > floor
    deep = np.where(dark.all(axis=1), room + 1, dark.argmin(axis=1))
    # where a line touches the strip it is no deeper than it is above and below
    usual = np.array([np.median(deep[max(0, i - room) : i + room + 1]) for i in range(0, len(deep), SMOOTH)])
    depth = np.interp(np.arange(len(deep)), np.arange(len(usual)) * SMOOTH, usual)
    if depth.max() > room or depth.min() < 1:
        return None
    ink = (darkness > floor).view(np.uint8)
    there = _from_side(ink, side)
    strip = np.arange(page.shape[1]) < depth[:, None] + EDGE
    rest = np.ascontiguousarray(there * ~strip)
    if cv2.countNonZero(rest) < LEAST * cv2.countNonZero(ink):
        return None
    _, labels = cv2.connectedComponents(rest, connectivity=8)
    beside = strip & (np.arange(page.shape[1]) >= depth[:, None] - 1)
    touching = np.unique(labels[cv2.dilate(beside.view(np.uint8), np.ones((3, 5), np.uint8)) > 0])
    if np.isin(labels[labels > 0], touching[touching > 0]).mean() > 1 - REST:
        return None
    if even and np.median(depth) < THICK * 4 * cv2.mean(cv2.distanceTransform(rest, cv2.DIST_L2, 3), rest)[0]:
        return None
    bare = darkness.copy()
    _from_side(bare, side)[strip] = 0
    return bare


def _holes(darkness: np.ndarray, side: int, floor: float) -> np.ndarray:
    """The holes at a side of the page, (N, 3): x, y and width; none where they are no row, or ink lies beyond them."""
    page = _from_side(darkness, side)
    length, longer = len(page), max(page.shape)
    band = np.ascontiguousarray(page[:, : int(BAND * page.shape[1])] > DARK).view(np.uint8)
    if not band.any():
        return np.zeros((0, 3))
    _, _, stats, centres = cv2.connectedComponentsWithStats(band, connectivity=8)
    short, long = stats[1:, 2:4].min(axis=1), stats[1:, 2:4].max(axis=1)
    full = stats[1:, cv2.CC_STAT_AREA] / (short * long)
    disc = (long < LARGEST * longer) & (short > SMALLEST * longer) & (long < ROUND * short)
    disc &= (full > FULL[0]) & (full < FULL[1])
    places, widths = centres[1:][disc], long[disc]
    if len(places) < 2 or widths.max() > ALIKE * widths.min():
        return np.zeros((0, 3))
    width, along = float(np.median(widths)), np.sort(places[:, 1])
    if np.ptp(along) < SPREAD * length:
        return np.zeros((0, 3))
    line = np.polyval(np.polyfit(places[:, 1], places[:, 0], 1), places[:, 1])
    ends = along[0] + along[-1] - (length - 1)
    if np.abs(places[:, 0] - line).max() > IN_ROW * width or np.ptp(line) > 2 * width:
        return np.zeros((0, 3))
    if abs(ends) > 2 * MIDDLE * length:
        return np.zeros((0, 3))
    # all else lies farther in than they are, by half of their width at least
    other = np.ascontiguousarray(page[:, : int(places[:, 0].max() + width) + 1] > floor).view(np.uint8)
    for x, y in places:
        cv2.circle(other, (round(x), round(y)), round(0.6 * width) + EDGE, 0, -1)
    if other.any() or not (page > floor)[:, other.shape[1] :].any():
        return np.zeros((0, 3))
    x, y = places.T
    height, across = darkness.shape
    x, y = ((x, y), (across - 1 - x, y), (y, x), (y, height - 1 - x))[side]
    return np.column_stack([x, y, widths])
