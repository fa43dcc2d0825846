"""A picture to a bitmap: its page, its ground and its ink, in turn."""

from typing import NamedTuple

import cv2
import numpy as np

from helpers.trace.binding import without_binding
from helpers.trace.dense import RUN_TOGETHER, has_run_together
from helpers.trace.dots import without_dots
from helpers.trace.ground import luma, measure_ground
from helpers.trace.ink import FLOOR, FULL, counted, even_ink, full_ink
from helpers.trace.page import find_page
from helpers.trace.rules import without_rules

FAINT = 0.08  # of full contrast: the faintest ink on paper that is not even
CONTRAST = 0.1  # of full, that the darkest ink there must have
CLEARLY = 6.0  # deviations of the paper's grain that it must have too: less is an empty page
AROUND = 1 / 40  # of the longer side, around each pixel
HATCHED = 20.0  # of 255, that the pixels differ from what is around them, on average, where lines are all over
SPECK = 1 / 150  # of the longer side: specks smaller than a square of this go, on paper that is not even
BLOCK = 3  # pixels, the least side of the blocks that a picture enlarged pixel by pixel is made of
SHRUNK = 5  # pixels of a block at which the ink is found
FEWEST_BLOCKS = 10  # along each side
REMNANT = 16  # pixels: smaller faint marks may be JPEG's, or what is left of a rule where ink crosses it


class Drawing(NamedTuple):
    """The drawing on a picture as a bitmap, uint8 (H, W), ink 255 on paper 0; and what was seen there and left out, in
    words.
    """

    bitmap: np.ndarray
    left_out: tuple[str, ...]


def clean(picture: np.ndarray) -> np.ndarray:
    """The drawing on a picture as a bitmap.

    Parameters
    ----------
    picture : ndarray
        uint8, grey (H, W) or RGB (H, W, 3): ink of any colours on paper of another, dark on light or light on dark, in
        any light.

    Returns
    -------
    ndarray
        uint8 (H, W), ink 255 on paper 0; every line is as dark as the others.

    Raises
    ------
    ValueError
        For what is no such picture, and for a page without ink or without paper.
    """
    return find_drawing(picture).bitmap


def _found_small(picture: np.ndarray, block: float) -> Drawing:
    """The drawing on an enlarged picture: found at the size at which its blocks are few pixels wide and their steps
    smooth.
    """
    height, width = picture.shape[:2]
    factor = max(1, int(block / SHRUNK))
    small = cv2.resize(picture, (max(2, width // factor), max(2, height // factor)), interpolation=cv2.INTER_AREA)
    found = find_drawing(cv2.GaussianBlur(small, None, block / factor / 2))
    return Drawing(cv2.resize(found.bitmap, (width, height), interpolation=cv2.INTER_CUBIC), found.left_out)


def _block(picture: np.ndarray) -> float:
    """The side of the blocks in a picture that was enlarged pixel by pixel; 0 for any other picture."""
    grey = luma(picture)
    if len(np.unique(grey[:: max(1, len(grey) // 64)])) < 3:  # of one bit: its edges are where they are
        return 0.0
    sides = []
    for axis in (0, 1):
        changes = np.flatnonzero((np.diff(grey.astype(np.int16), axis=axis) != 0).any(axis=1 - axis))
        steps = np.diff(changes)
        if len(steps) < FEWEST_BLOCKS or steps.min() < BLOCK:
            return 0.0
        sides.append(float(np.percentile(steps, 25)))
    return max(sides)


def _is_covered(picture: np.ndarray) -> bool:
    """Whether dark and light are close together all over, as in dense hatching: such a page is not blank."""
    grey = luma(picture)
    around = cv2.GaussianBlur(grey, None, max(1.0, AROUND * max(grey.shape)))
    return cv2.mean(cv2.absdiff(grey, around))[0] > HATCHED


def find_drawing(picture: np.ndarray) -> Drawing:
    """The drawing on a picture, as `clean` finds it, and what was seen on the page and left out.

    Parameters
    ----------
    picture : ndarray
        uint8, grey (H, W) or RGB (H, W, 3).

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        For what is no such picture, and for a page that is blank, too faint, or covered with ink.
    """
    picture = np.asarray(picture)
    if picture.dtype != np.uint8 or not (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)):
        raise ValueError(f"a picture is uint8, grey (H, W) or RGB (H, W, 3); this is {picture.dtype} {picture.shape}")
    if min(picture.shape[:2]) < 2:
        raise ValueError(f"a picture of {picture.shape[1]}x{picture.shape[0]} pixels has no room for a line")
    if block := _block(picture):
        return _found_small(picture, block)
    page = find_page(picture)
    darkness, even, grain, ripples, seen, grainy = measure_ground(page.picture)
    floor = max(FLOOR, ripples) if even else FAINT
    bare, rules = without_rules(darkness[page.box], floor, None if grainy is None else grainy[page.box])
    if rules:
        darkness[page.box] = bare
    bare, dots = without_dots(darkness[page.box], floor)
    if dots:
        darkness[page.box] = bare
    bare, holes, strips = without_binding(darkness[page.box], floor, even)
    if holes or strips:
        darkness[page.box] = bare
    faint = REMNANT if rules or ripples else 1
    if even:
        ink = even_ink(darkness, floor, smallest_faint=faint)
    else:
        top = full_ink(darkness, floor)
        smallest = max(4, int((SPECK * max(darkness.shape)) ** 2))
        if top < max(CONTRAST, CLEARLY * grain):
            if _is_covered(page.picture):
                raise ValueError(FULL)
            raise ValueError(f"the page is blank, or too faint: its ink is {top:.0%} of full contrast from the paper")
        ink = even_ink(darkness, floor, smallest, max(faint, smallest), grain)
    if not ink.bitmap.any():
        raise ValueError(FULL if _is_covered(page.picture) else "the page is blank: there is no ink on it")
    printed = {"rule": rules, "dot": dots}
    told = tuple(counted(count, what, " printed on the paper") for what, count in printed.items() if count)
    bound = {"punched hole": holes, "dark strip": strips}
    told += tuple(counted(count, what, " at the edge of the page") for what, count in bound.items() if count)
    if has_run_together(luma(page.picture[page.box]), ink.bitmap[page.box]):
        told += (RUN_TOGETHER,)
    return Drawing(ink.bitmap, page.left_out + seen + told + ink.left_out)
