"""The ground a drawing lies on: which tone is paper, what light falls on it, how dark each pixel is against it.

A picture is uint8, grey (H, W) or RGB (H, W, 3). What counts is how far a pixel is from the paper in whichever channel
it is farthest: yellow on white is ink.
"""

from typing import NamedTuple

import cv2
import numpy as np

from helpers.trace.other_ink import find_other_ink, with_other_ink

TWO_TONES = 0.85  # of the variance: where two tones explain so much, there is no light to speak of
SAME = 0.5  # of the picture is one tone, and one up or down: the paper is even
SAME_PAPER = 0.9  # or so much of the lighter or darker half
SPARSE = 0.75  # of the picture: with more paper than that, what is beside the ink is little of it
LEAST_INSIDE = 0.02  # of the picture
BOLDER = 3.0  # times as long for its width: the majority is ink, against its tone and its edge
GRAIN = 4.5  # deviations of the paper's grain: what is darker is ink
MAYBE = 2.5  # what is darker than this is ink where it goes on from ink
SMALL = 256  # pixels of the longer side that the light is looked at in
SHADE = 25.0  # of 255: where the light changes by more at once, a shadow has its edge
MOST_OFF = 0.2  # of the light: the paper is no darker than the brightest pixels around it
BLEED = 9  # pixels: so far JPEG's ripples reach from a line
SLIGHT = 0.03  # darker than paper is what JPEG does
RIPPLED = 0.04  # of the pixels near lines are so slightly dark in a JPEG
HIGHEST = 9.0  # times their median: the darkest of the ripples
HALVES = 32  # parts of the longer side: what is narrower than two of them is a line, and what is wider an area
LARGE_AREA = 0.1  # of the picture: an area may be a shadow, or what it leaves
LINES_SKEW = 2.0  # the skewness of an area's tones from which there are lines on it
LINE_LIKE = 0.5  # times as long for its width as what is drawn on it: then the opaque part is itself the drawing


class Ground(NamedTuple):
    """How dark each pixel is against the paper: float32 (H, W), at most 1; what is no darker than its grain is 0.

    `even` where the paper is one tone, as a program makes it; `grain` is the deviation of the paper's darkness, and
    `ripples` how dark JPEG's ripples beside lines may be. Ink on the other side of the paper's tone counts as dark;
    what else is there is told in `left_out`. `grainy` is the darkness with the paper's grain, where there is one.
    """

    darkness: np.ndarray
    even: bool
    grain: float
    ripples: float
    left_out: tuple[str, ...] = ()
    grainy: np.ndarray | None = None


def flatten(rgba: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) without transparency, or grey (H, W) where the opacity is the drawing.

    What is transparent becomes the commonest colour of what is not, where that is a page; where the opaque part is
    lines, whatever their colour, they are ink.
    """
    colour, alpha = rgba[..., :3], rgba[..., 3]
    if alpha.min() > 250 or alpha.max() < 5:
        return np.ascontiguousarray(colour)
    opaque = (alpha > 127).astype(np.uint8)
    if not opaque.any():
        return 255 - alpha
    share = alpha[..., None] / np.float32(255)
    solid = colour[opaque > 0]
    page = solid[np.abs(solid.astype(int) - np.median(solid, axis=0)).max(axis=1) < 24].mean(axis=0)
    on_white = (colour * share + 255 * (1 - share)).astype(np.uint8)
    if _elongation(opaque) < LINE_LIKE * max(1.0, _elongation(_dark(on_white) if np.ptp(solid) > 60 else 1 - opaque)):
        varied = np.abs(solid.astype(int) - page).max(axis=1) > 60
        if varied.mean() > 0.002:  # something is drawn on the opaque part: it is the page
            return (colour * share + page * (1 - share)).round().astype(np.uint8)
    return 255 - alpha


def _dark(picture: np.ndarray) -> np.ndarray:
    grey = luma(picture)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return (grey <= level).astype(np.uint8)


def luma(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def measure_ground(picture: np.ndarray) -> Ground:
    """How dark each pixel of a picture is against the paper around it, and how light, where both are ink."""
    ground = _measured(picture)
    if ground.even:
        return ground
    other = find_other_ink(picture, _small(picture))
    if other.lightness is None:
        return ground._replace(left_out=other.left_out)
    ground = _measured(other.picture)
    both = with_other_ink(ground.darkness, other.lightness)
    return ground._replace(darkness=both, even=False, left_out=other.left_out, grainy=None)


def _measured(picture: np.ndarray) -> Ground:
    """How dark each pixel of a picture is against the paper around it, where all ink is of one kind.

    Otsu's threshold (1979), doi 10.1109/TSMC.1979.4310076, parts light from dark; their shares and shapes say which of
    them is paper. Where the paper is one even tone, the darkness is the distance from it. Otherwise the light is
    divided out: closing (the brightest within a window wider than a line) shows the paper without the ink.
    """
    grey = luma(picture)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = (grey <= level).astype(np.uint8)
    light_paper = _paper_is_light(grey, dark)
    paper = dark == (0 if light_paper else 1)
    if not paper.any():
        paper = ~paper
    inner = _inside(paper)
    tones = _tones(grey, paper)
    tone = int(tones.argmax())
    same = tones[max(0, tone - 1) : tone + 2].sum()
    even = same > SAME * grey.size or same > SAME_PAPER * paper.sum()
    if not even and inner is not paper:
        even = (np.abs(grey[inner].astype(np.int16) - tone) <= 1).mean() > SAME_PAPER
    if even:
        darkness = _apart(picture, np.atleast_1d(np.median(picture[grey == tone], axis=0)))
        return Ground(darkness, True, 0.0, _ripples(darkness))
    if not light_paper:
        picture = 255 - picture
    if picture.ndim == 3:
        channels = cv2.split(picture)
        colour = np.array([_median_tone(channel, paper) for channel in channels], np.float32).clip(1)
        tables = np.minimum(255, np.arange(256, dtype=np.float32)[:, None] * (colour.max() / colour)).astype(np.uint8)
        picture = np.minimum.reduce([cv2.LUT(*both) for both in zip(channels, tables.T.copy(), strict=True)])
    darkness, light = _without_light(picture)
    if inner is not paper and (between := float(np.median(darkness[inner]))) < 0:  # so much ink counted as light
        darkness = (darkness - between) / (1 - between)
    # grain is as strong where there is little light, and counts for more there
    level = 1.4826 * float(np.median(np.abs((darkness * light)[inner])))
    clear = np.where(_clear(darkness * light, level), darkness, np.float32(0))
    return Ground(clear, False, level / float(np.median(light)), 0.0, (), darkness)


def _tones(grey: np.ndarray, where: np.ndarray) -> np.ndarray:
    """How many pixels there have each of the 256 tones; many times as fast as numpy's `bincount`."""
    return cv2.calcHist([grey], [0], where.view(np.uint8), [256], [0, 256]).ravel().astype(np.int64)


def _median_tone(grey: np.ndarray, where: np.ndarray) -> float:
    """The median of the tones there."""
    below = np.cumsum(_tones(grey, where))
    middle = np.searchsorted(below, [(below[-1] - 1) // 2, below[-1] // 2], "right")
    return float(middle.mean())


def _inside(paper: np.ndarray) -> np.ndarray:
    """The paper but for the soft edges of the ink, where most of it is such edges, as between hatching."""
    if paper.mean() > SPARSE:
        return paper
    inner = cv2.erode(paper.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return inner if inner.mean() > LEAST_INSIDE else paper


def _apart(picture: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """How far each pixel is from the colour of the paper, relative to the farthest possible."""
    levels = np.arange(256, dtype=np.float32)
    apart = np.zeros(picture.shape[:2], np.float32)
    for channel, tone in zip(cv2.split(picture), paper, strict=True):
        table = np.abs(levels - np.float32(tone)) / np.float32(max(tone, 255 - tone))
        np.maximum(apart, cv2.LUT(channel, table), out=apart)
    return apart


def _clear(depth: np.ndarray, grain: float) -> np.ndarray:
    """What is far darker than the grain, and what is darker than the grain and connected to it."""
    maybe = (depth > MAYBE * grain).astype(np.uint8)
    count, labels = cv2.connectedComponents(maybe, connectivity=8)
    clear = np.zeros(count, bool)
    clear[np.unique(labels[depth > GRAIN * grain])] = True
    clear[0] = False
    return clear[labels]


def _paper_is_light(grey: np.ndarray, dark: np.ndarray) -> bool:
    """Whether the lighter of two tones is the paper.

    Paper is what most pixels are, and most at the edge. Where those two disagree, or the ink is bold, lines are
    longer for their width than paper is. In uneven light the lesser part is the one that stands out more (the
    third moment of what is left when the light is taken away). Lines on both sides of a shadow's edge say it at once.
    """
    if skew := _skew(grey, dark):
        return skew < 0
    share = float(dark.mean())
    variance = float(grey.var())
    between = share * (1 - share) * float(grey[dark > 0].mean() - grey[dark == 0].mean()) ** 2 if 0 < share < 1 else 0
    if between < TWO_TONES * variance:
        tones = np.bincount(grey.ravel(), minlength=256)
        tone = int(tones.argmax())
        if tones[max(0, tone - 1) : tone + 2].sum() > SAME * grey.size:
            return not dark[grey == tone].any()
        small = _small(grey).astype(np.float32)
        beside = small - cv2.GaussianBlur(small, None, max(small.shape) / 16)
        return float((beside**3).mean()) <= 0
    edge = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]]).mean()
    if share <= 0.5 and edge <= 0.5:
        return True
    longer = _elongation(dark) / max(1e-6, _elongation(1 - dark))
    return longer > (BOLDER if share > 0.5 and edge > 0.5 else 1.0)


def _skew(grey: np.ndarray, dark: np.ndarray) -> float:
    """How far thin lines on both a light and a dark area make their tones skew, below 0 where the lines are darker.

    0 where one of the two is no large area, and where the lines are not the same on both.
    """
    small = _small(grey)
    areas = cv2.resize(dark * 255, small.shape[::-1], interpolation=cv2.INTER_AREA)
    areas = cv2.medianBlur((areas > 127).astype(np.uint8), 2 * (max(small.shape) // HALVES) + 1)
    if not 1 - LARGE_AREA > areas.mean() > LARGE_AREA:
        return 0.0
    reach = np.ones([2 * (max(small.shape) // HALVES) + 1] * 2, np.uint8)
    inside = [(cv2.erode(mask, reach) > 0) for mask in (areas, 1 - areas)]
    if not all(mask.any() for mask in inside):
        return 0.0
    tones = [small[mask] - np.median(small[mask]).astype(np.float32) for mask in inside]
    skews = [float((beside**3).mean() / max(1e-9, (beside**2).mean() ** 1.5)) for beside in tones]
    # of two tones alone, what is on the dark one is lighter, and what is on the light one darker
    return skews[0] if min(np.abs(skews)) > LINES_SKEW and skews[0] * skews[1] > 0 else 0.0


def _elongation(mask: np.ndarray) -> float:
    """How many times as long as wide a shape is: a line is 4 times as wide as the mean distance to its edge."""
    mask = np.pad(mask, 1, mode="edge")
    if not mask.any() or mask.all():
        return 0.0
    width = 4 * float(cv2.distanceTransform(mask, cv2.DIST_L2, 3)[mask > 0].mean())
    return float(mask.sum()) / width**2


def _small(grey: np.ndarray) -> np.ndarray:
    scale = min(1, SMALL / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.medianBlur(small, 3)  # grain would raise the brightest


def _window(small: np.ndarray) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, [2 * (max(small.shape) // 16) + 1] * 2)


def _without_light(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How dark each pixel is against the paper around it, up to 1, and how light that is, 1 to 255, float32."""
    small = _small(grey)
    window = _window(small)
    # beyond the picture's edge the light goes on as it came: else a dark corner would count as ink
    around = min(2 * len(window), min(small.shape) - 1)
    paper = np.pad(small.astype(np.float32), around, "reflect", reflect_type="odd")
    paper = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, window)
    # smooth, but for the edge of a shadow
    paper = cv2.bilateralFilter(paper, 0, SHADE, max(small.shape) / 40)[around:-around, around:-around]
    paper = cv2.resize(paper, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    paper = np.maximum(paper, 1)
    darkness = 1 - cv2.GaussianBlur(grey.astype(np.float32), (3, 3), 0) / paper
    # the brightest is brighter than paper: what the middle one of many pixels has is none of the ink's darkness
    small = cv2.resize(darkness.clip(0, MOST_OFF), small.shape[::-1], interpolation=cv2.INTER_AREA)
    off = cv2.medianBlur((small * (255 / MOST_OFF)).astype(np.uint8), 2 * (max(small.shape) // 20) + 1)
    off = cv2.GaussianBlur(off.astype(np.float32) * (MOST_OFF / 255), None, max(small.shape) / 80)
    off = cv2.resize(off, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return (darkness - off) / (1 - off), paper


def _ripples(darkness: np.ndarray) -> float:
    """How dark JPEG's ripples beside the lines of an even page are: 0 where there are none, as in a PNG."""
    if cv2.countNonZero(cv2.inRange(darkness, 1e-6, SLIGHT)) < RIPPLED * cv2.countNonZero(darkness):
        return 0.0
    ink = (darkness > 0.25 * darkness.max()).astype(np.uint8)
    inner, outer = (cv2.dilate(ink, np.ones((2 * r + 1, 2 * r + 1), np.uint8)) for r in (2, BLEED))
    beside = darkness[outer > inner]
    ripples = beside[(beside > 0) & (beside < 0.1)]
    if (ripples < SLIGHT).sum() < RIPPLED * max(1, len(beside)):
        return 0.0
    return float(HIGHEST * np.median(ripples))
