"""What on a page is ink: decided line by line, against the paper beside it, and each line made as dark as any other.

A pen line counts by how it stands out where it is, not by how dark something else on the page is. Coordinates are
pixels of the picture; darkness is 0 for paper and 1 for black.

scikit-image's `threshold_sauvola` compares with what is around as well, in a tenth of the time: 23 ms where this takes
234, in a photo of 960 pixels with one line in ink and two in faint pencil. But of those three lines `trace` makes 26 to
599 strokes by its mask, whatever the window, and 5 by this ink (`benchmarks/local_threshold.py`).
"""

from typing import NamedTuple

import cv2
import numpy as np

from helpers.trace.skeleton import thin

INK = 0.55  # of a line's darkness: above is line, below is its soft edge
FLOOR = 0.055  # fainter ink than this nobody sees on white paper
STEP = 0.75  # from one level of darkness to the next one down
EDGE = 0.12  # of full darkness: an edge has ended where most of what is around the ink is below this
MOST_AROUND = 50  # percent; faint lines that meet the ink are less
WIDEST_EDGE = 20  # pixels
BLURRED = 3  # pixels: an edge that is as wide may be wider in places
STANDS_OUT = 0.35  # of its darkness: what stands out less from its surroundings is a shadow
AREA = 4.0  # line widths: fainter ink that is wider than this, and about as long as wide, is a coloured area
LONG = 3.0  # widths: what is longer is a line, however wide
TEXTURE = 4.5  # deviations of the grain: what is no darker, on average, may be a patch of rough ground
SHORT = 4.0  # line widths: a longer mark is a line, however faint
EVEN = 0.75  # of the darkest: where nine tenths of the lines are darker than this, they stay as they are
HIDDEN = 0.6  # of the floor: what is darker, and large, is told though it may be grain
AROUND = 6  # pixels from other ink: nearer it is not told
DOUBTFUL = 24  # pixels: large
THIN = 2.5  # pixels: no line that is thinner is smoothed
ALONG = (9, 9)  # pixels around a point of a line that its darkness is compared with
GRAINY = 0.07  # of full ink, by which a quarter of the points differ: pencil on rough paper
CLOSES = 1.15  # times the ink when gaps of a pixel or two are closed: they are the paper between hatching
DENSE = 0.1  # of the page: so much ink may be hatching
SPREADS = 1.4  # times as much of that when its grain is blurred: it runs together
GRAIN_BLUR = 0.3  # line widths
STEP_BLUR = 0.7  # pixels
LARGE_DISC = 4  # pixels: beyond this the distance to the mask takes less time than its dilation
FULL = "the page is covered with ink: too little paper is left between the lines to trace them"
SURE = 0.62  # of full ink: what every pixel of a line counts at least


class Ink(NamedTuple):
    """A bitmap, uint8 (H, W), in which every line's middle is 255, and what was seen and left out, in words."""

    bitmap: np.ndarray
    left_out: tuple[str, ...]


def is_plain(bitmap: np.ndarray) -> bool:
    """Whether all ink of a bitmap, uint8 (H, W), is about as dark as its darkest, apart from the lines' soft edges."""
    faint, dark = int(FLOOR * 255), bitmap.max() * INK
    near = cv2.dilate((bitmap > dark).view(np.uint8), np.ones((5, 5), np.uint8))
    return not ((bitmap > faint) > near).any()


def full_ink(darkness: np.ndarray, floor: float = FLOOR) -> float:
    """The darkness of full ink: the median of what is about as dark as the darkest, a few odd pixels apart."""
    ink = darkness[darkness > floor]
    if not len(ink):
        return 0.0
    return float(np.median(ink[ink >= INK * np.percentile(ink, 99)]))


def even_ink(
    darkness: np.ndarray, floor: float = FLOOR, smallest: int = 1, smallest_faint: int = 1, grain: float = 0.0
) -> Ink:
    """Every line on a page made equally dark, however faint it is and whatever else is on the page.

    From the darkest ink down, level by level: each level adds the ink that lies farther from what was found before than
    a line's soft edge reaches. Then the darkness is divided by that of the nearest line's middle.

    Parameters
    ----------
    darkness : ndarray
        float32 (H, W), 0 for paper, 1 for black.
    floor : float
        What is fainter is grain of the paper.
    smallest, smallest_faint : int
        Pixels of the smallest mark that is not a speck, where it is dark and where it is faint.
    grain : float
        The deviation of the paper's darkness: short marks that are no clearer than its texture are part of it.

    Returns
    -------
    Ink
        The bitmap, 0 all over where there is no ink, and what was left out.

    Raises
    ------
    ValueError
        Where there is ink all over.
    """
    darkness = np.ascontiguousarray(darkness, np.float32)
    top = full_ink(darkness, floor)
    if top <= floor:
        nothing = np.zeros(darkness.shape, np.uint8)
        return Ink(nothing, _left_out(darkness, nothing, nothing, 1, floor, smallest_faint))
    darkness, top = _smoothed(darkness, top, floor)
    mask = _marks((darkness > INK * top).view(np.uint8), smallest)[0]
    if mask.all():
        raise ValueError(FULL)
    edge = _edge(darkness, mask)
    near, areas = _grown(mask, edge), np.zeros_like(mask)
    if not mask.any() or not ((darkness > floor).view(np.uint8) > near).any():
        told = _left_out(darkness, mask, areas, edge, floor, smallest_faint) if floor > FLOOR else ()
        return Ink(_levelled(darkness, mask, edge, top, False), told)
    added, level = False, INK * top
    while level > floor:
        level = max(floor, level * STEP)
        faint = (darkness > level).view(np.uint8)
        far = (faint > near).view(np.uint8)
        if not far.any():
            continue
        lines, more = _lines(far, darkness, mask, edge, smallest_faint, TEXTURE * grain)
        areas |= more
        if lines.any():
            added = True
            mask |= lines | (_grown(lines, edge + 1) & faint)
        near = _grown(mask | areas, edge)
    return Ink(
        _levelled(darkness, mask, edge, top, added), _left_out(darkness, mask, areas, edge, floor, smallest_faint)
    )


def _smoothed(darkness: np.ndarray, top: float, floor: float) -> tuple[np.ndarray, float]:
    """Pencil lines without the grain of the paper that shows through them, and lines of one bit without their steps.

    Grain is how the darkness changes along the middle of the lines; a blur of a fraction of the line's width closes the
    gaps that are shorter than that. Returns the darkness of full ink anew.
    """
    ink = (darkness > INK * top).view(np.uint8)
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    if cv2.countNonZero(closed) > CLOSES * cv2.countNonZero(ink):
        closed = ink
    width = _line_width(closed)
    if width < THIN or closed.all():
        return darkness, top
    skeleton = _skeleton(closed)
    along = cv2.GaussianBlur(darkness, (3, 3), 0) * skeleton
    count = cv2.boxFilter(skeleton.astype(np.float32), -1, ALONG, normalize=False)
    changes = np.abs(along - cv2.boxFilter(along, -1, ALONG, normalize=False) / np.maximum(1, count))[skeleton > 0]
    if np.percentile(changes, 75) > GRAINY * top:
        blurred = cv2.GaussianBlur(darkness, None, GRAIN_BLUR * width)
        full = full_ink(blurred, floor)
        sparse = cv2.countNonZero(ink) < DENSE * ink.size
        if sparse or np.count_nonzero(blurred > INK * full) < SPREADS * cv2.countNonZero(ink):
            return blurred, full
        return darkness, top  # else the paper between the lines would be gone
    if cv2.countNonZero(cv2.inRange(darkness, floor, top * 0.98)) == 0:
        return cv2.GaussianBlur(darkness, None, STEP_BLUR), top
    return darkness, top


def _skeleton(mask: np.ndarray) -> np.ndarray:
    return thin(np.pad(mask, 1))[1:-1, 1:-1].copy()


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _grown(mask: np.ndarray, radius: int) -> np.ndarray:
    if radius <= LARGE_DISC:
        return cv2.dilate(mask, _disc(radius))
    return (cv2.distanceTransform((mask == 0).view(np.uint8), cv2.DIST_L2, 3) <= radius).view(np.uint8)


def _marks(mask: np.ndarray, smallest: int) -> tuple[np.ndarray, int]:
    """The connected pieces of so many pixels and more, and how many smaller ones there were."""
    if smallest <= 1 or not cv2.countNonZero(mask):
        return mask.copy(), 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    keep = stats[:, cv2.CC_STAT_AREA] >= smallest
    keep[0] = False
    return keep[labels].astype(np.uint8), count - 1 - int(keep.sum())


def _edge(darkness: np.ndarray, mask: np.ndarray) -> int:
    """How many pixels wide the soft edge of the ink is: until most of what is around it is paper. Faint lines that meet
    the ink do not count, since they are the smaller part of what is around.
    """
    before = mask
    for radius in range(1, WIDEST_EDGE):
        grown = cv2.dilate(before, np.ones((3, 3), np.uint8))
        around = darkness[(grown > before)]
        if not len(around) or np.percentile(around, MOST_AROUND) < EDGE * darkness.max():
            return radius
        before = grown
    return WIDEST_EDGE


def _lines(far: np.ndarray, darkness: np.ndarray, mask: np.ndarray, edge: int, smallest: int, texture: float) -> tuple:
    """Which of the new faint ink are lines, and which are coloured areas; specks and shadows are neither."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(far, connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA].astype(float)
    there = far > 0
    own = np.bincount(labels[there], darkness[there], count) / area
    # what lies around each: beyond its own soft edge, and not the soft edge of other ink
    far_off, nearest = cv2.distanceTransformWithLabels(1 - far, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_CCOMP)
    names = np.zeros(int(nearest.max()) + 1, np.int32)
    names[nearest[far > 0]] = labels[far > 0]
    near = names[nearest] * (far_off <= edge + 3)
    around = (near > 0) & (_grown(far | mask, edge) == 0)
    near = near[around]
    ground = np.bincount(near, darkness[around], count) / np.maximum(1, np.bincount(near, minlength=count))
    # in a blurred picture, what lies close to other ink as a whole is a wide part of its edge
    reaches = np.full(count, edge < BLURRED)
    reaches[np.unique(labels[_grown(mask, 2 * edge + 1) == 0])] = True
    line = reaches & (area >= smallest) & (own - ground > STANDS_OUT * own)
    width = 4 * np.bincount(labels[there], cv2.distanceTransform(far, cv2.DIST_L2, 3)[there], count) / area
    line_width = _line_width(mask)
    line &= (own > texture) | (area > SHORT * line_width**2)
    wide = AREA * line_width
    flat = line & (width > wide) & (area < LONG * width**2)
    line[0] = flat[0] = False
    return (line & ~flat)[labels].astype(np.uint8), flat[labels].astype(np.uint8)


def _line_width(mask: np.ndarray) -> float:
    """The mean width of the lines: the distance to the paper is, on average over a line, a quarter of it."""
    return 4 * cv2.mean(cv2.distanceTransform(mask, cv2.DIST_L2, 3), mask)[0]


def _levelled(darkness: np.ndarray, mask: np.ndarray, edge: int, top: float, added: bool) -> np.ndarray:
    """The darkness over that of the nearest line's middle, as uint8."""
    if not mask.any():
        return mask
    whole = darkness / top
    if not added and _line_width(mask) <= 2:  # the greys of thin lines are where their edges run
        return (whole * _grown(mask, max(edge, 2)) * 255).clip(0, 255).round().astype(np.uint8)
    skeleton = _skeleton(mask)
    # a skeleton may run a pixel beside the middle, but a neighbour that is far darker belongs to another line
    middle = np.minimum(cv2.dilate(darkness, np.ones((3, 3), np.uint8)), 1.5 * darkness) * skeleton
    reach = 2 * max(1, int(_line_width(mask) / 3)) + 1  # across the line, in a picture that was enlarged
    darkest = cv2.dilate(darkness, np.ones((reach, reach), np.uint8))
    if added or np.percentile(darkest[skeleton > 0], 10) < EVEN * top:
        # along the line; where a faint one meets a dark one the faint one counts for more
        weight = cv2.boxFilter(np.where(skeleton, 1 / np.maximum(middle, 1e-3), 0).astype(np.float32), -1, (5, 5))
        share = cv2.boxFilter(skeleton.astype(np.float32), -1, (5, 5))
        _, nearest = cv2.distanceTransformWithLabels(1 - skeleton, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        strength = np.zeros(nearest.max() + 1, np.float32)
        strength[nearest[skeleton > 0]] = (share / np.maximum(weight, 1e-9))[skeleton > 0]
        whole = darkness / np.maximum(strength[nearest], 1e-3)
        whole = np.maximum(whole, SURE * mask)
    return (whole * _grown(mask, max(edge, 2)) * 255).clip(0, 255).round().astype(np.uint8)


def _left_out(darkness, mask, areas, edge, floor, smallest) -> tuple[str, ...]:
    """What else is darker than white paper, in words."""
    notes = []
    if count := cv2.connectedComponents(areas, connectivity=8)[0] - 1:
        notes.append(counted(count, "pale area", ", wider than any line"))
    near = mask | areas
    rest = (darkness > floor).view(np.uint8) & ~_grown(near, 2 * edge + 1) & 1
    marks, specks = _marks(rest, max(smallest, 4))
    if shadows := cv2.connectedComponents(marks, connectivity=8)[0] - 1:
        notes.append(counted(shadows, "soft shadow"))
    if specks:
        notes.append(counted(specks, "speck"))
    if floor > FLOOR:
        faint = (darkness > max(FLOOR, HIDDEN * floor)).view(np.uint8) & ~_grown(near | rest, AROUND + edge) & 1
        marks, _ = _marks(faint, max(smallest, DOUBTFUL))
        if doubtful := cv2.connectedComponents(marks, connectivity=8)[0] - 1:
            notes.append(counted(doubtful, "mark", " as faint as the grain of the picture"))
    return tuple(notes)


def counted(count: int, what: str, more: str = "") -> str:
    """So many of something, in words."""
    return f"{count} {what}{'' if count == 1 else 's'}{more}"
