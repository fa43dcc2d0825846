"""What surrounds the page: a scanner's dark border, the desk a page was photographed on."""

from typing import NamedTuple

import cv2
import numpy as np

from helpers.trace.ground import SAME, luma

SMALL = 400  # pixels of the longer side that the page is looked for in
LEAST = 0.04  # of the picture: a smaller light patch is no page
MOST = 0.995  # a larger one is the picture
SURROUND = 0.12  # of the picture's edge that is dark where something surrounds the page
THICK = 0.025  # of the longer side: a thinner dark edge is a drawn frame
THIN = 0.008  # or no frame, where it is not all round, and the paper has a scanner's grain
APART = 0.14  # of full contrast, between page and surroundings
BESIDE = (3, 9)  # pixels of the small picture, from the page's outline
STEP = 0.07  # of full contrast, from one side of the outline to the other
STRAIGHT = 0.94  # of its four-sided or convex outline that a page fills
MOST_SIDES = 6  # straight ones: a page of which two corners are missing; a disc has more
PAPER = 0.75  # of a page that is light: less is a light drawing on dark paper
CLOSED = 0.8  # of it, without any blur: less is white hatching
INSET = 0.008  # of the longer side that goes with the surroundings: the page's own edge and shadow
TILTED = 1.5  # degrees: a page that is turned less, and is no trapezium, stays where it is
SIDE = 0.1  # of the picture's longer side: no side of a page is shorter
GROUND = "the dark surroundings of the page"


class Cleared(NamedTuple):
    """The picture of the page alone, where the page lies in it, and what was cut away, in words."""

    picture: np.ndarray
    box: tuple[slice, slice]
    left_out: tuple[str, ...]


def find_page(picture: np.ndarray) -> Cleared:
    """The page in a picture in which something dark surrounds it; otherwise the picture as it is.

    The page is the largest light patch, if it is convex. If it is tilted or seen at an angle, and has four corners, it
    is straightened; otherwise its surroundings take the page's colour, and the drawing stays where it was.
    """
    outline = _outline(luma(picture))
    if outline is None or _sides(outline) > MOST_SIDES:
        return Cleared(picture, np.s_[:, :], ())
    corners = _corners(outline)
    if corners is not None and _tilt(corners) > TILTED:
        return Cleared(_straightened(picture, corners), np.s_[:, :], (GROUND,))
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.rint(outline).astype(np.int32), 1)
    inset = 2 + int(INSET * max(mask.shape))
    # no inset where the page goes to the picture's own edge
    mask = np.pad(mask, 1, mode="edge")
    mask = cv2.erode(mask, np.ones((2 * inset + 1, 2 * inset + 1), np.uint8), borderValue=1)[1:-1, 1:-1]
    paper = np.median(picture[mask > 0], axis=0)
    alone = picture.copy()
    alone[mask == 0] = paper.round().astype(np.uint8)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Cleared(alone, np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], (GROUND,))


def _outline(grey: np.ndarray) -> np.ndarray | None:
    """The convex outline (K, 2) of the page in pixels of the picture, or None where nothing surrounds it."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.percentile(edge, 100 * SURROUND) > np.percentile(edge, 99) - 255 * APART and edge.min() > grey.mean():
        return None  # light all round
    scale = min(1, SMALL / max(grey.shape))
    sharp = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(sharp, 5)
    level, _ = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = (small > level).astype(np.uint8)
    opened = cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return None
    contour = max(contours, key=cv2.contourArea)
    area = cv2.contourArea(contour) + len(contour) / 2
    hull = cv2.convexHull(contour)
    page = np.zeros_like(light)
    cv2.fillConvexPoly(page, hull, 1)
    if not LEAST * light.size < area < MOST * light.size or area < STRAIGHT * page.sum():
        return None
    if (page & light).sum() < PAPER * page.sum() or (page & (sharp > level)).sum() < CLOSED * page.sum():
        return None
    around = 1 - page
    edge = np.concatenate([around[0], around[-1], around[:, 0], around[:, -1]])
    inside, outside = small[(page & light) > 0], small[around > 0]
    if edge.mean() < SURROUND or not len(outside) or np.median(inside) - np.median(outside) < 255 * APART:
        return None
    if np.mean(outside > level) > 0.15:
        return None
    if not _ends_at_once(small, page):
        return None
    thickness = cv2.distanceTransform(np.pad(around, 1, mode="edge"), cv2.DIST_L2, 3).max()
    if thickness < THIN * max(small.shape):
        return None
    if thickness < THICK * max(small.shape) and (_is_all_round(around) or _is_even(grey)):
        return None
    return (hull[:, 0].astype(float) + 0.5) / scale - 0.5


def _is_all_round(around: np.ndarray) -> bool:
    return min(side.mean() for side in (around[0], around[-1], around[:, 0], around[:, -1])) > 0.5


def _is_even(grey: np.ndarray) -> bool:
    """Whether most of a picture is of one tone, as a program makes it."""
    tones = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()
    tone = int(tones.argmax())
    return bool(tones[max(0, tone - 1) : tone + 2].sum() > SAME * grey.size)


def _ends_at_once(small: np.ndarray, page: np.ndarray) -> bool:
    """Whether it gets darker at the page's outline itself: light that fades over a whole page has no edge."""
    near, far = (np.ones((2 * reach + 1,) * 2, np.uint8) for reach in BESIDE)
    inner = cv2.erode(page, near) > cv2.erode(page, far)
    outer = cv2.dilate(page, far) > cv2.dilate(page, near)
    return bool(inner.any() and outer.any() and np.median(small[inner]) - np.median(small[outer]) > 255 * STEP)


def _sides(outline: np.ndarray) -> int:
    """How many straight sides there are."""
    hull = outline.astype(np.float32)[:, None]
    return len(cv2.approxPolyDP(hull, 0.02 * cv2.arcLength(hull, True), True))


def _corners(outline: np.ndarray) -> np.ndarray | None:
    """The four corners (4, 2) of the page, clockwise from the top left, if it has four."""
    hull = outline.astype(np.float32)[:, None]
    length = cv2.arcLength(hull, True)
    for share in (0.01, 0.015, 0.02, 0.03, 0.04, 0.06):
        corners = cv2.approxPolyDP(hull, share * length, True)[:, 0]
        if len(corners) <= 4:
            break
    if len(corners) != 4 or cv2.contourArea(corners) < STRAIGHT * cv2.contourArea(hull):
        return None
    first = int(corners.sum(axis=1).argmin())
    corners = np.roll(corners, -first, axis=0).astype(float)
    (ax, ay), (bx, by) = corners[1] - corners[0], corners[3] - corners[0]
    return corners if ax * by - ay * bx > 0 else corners[[0, 3, 2, 1]]


def _tilt(corners: np.ndarray) -> float:
    """How far the sides are from upright or level, at most, in degrees."""
    sides = np.roll(corners, -1, axis=0) - corners
    angles = np.degrees(np.arctan2(sides[:, 1], sides[:, 0])) % 90
    return float(np.minimum(angles, 90 - angles).max())


def _straightened(picture: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The page as if seen from above, as large as it is there."""
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    width, height = round((sides[0] + sides[2]) / 2), round((sides[1] + sides[3]) / 2)
    flat = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], np.float32)
    turn = cv2.getPerspectiveTransform(corners.astype(np.float32), flat)
    page = cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_CUBIC)
    inset = 2 + round(1.5 * INSET * max(width, height))
    return np.ascontiguousarray(page[inset:-inset, inset:-inset])
