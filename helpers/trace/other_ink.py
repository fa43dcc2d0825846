"""Ink on both sides of the paper's tone: white pencil or chalk beside black ink on grey, brown or coloured paper."""

from typing import NamedTuple

import cv2
import numpy as np

from helpers.trace.ink import counted

WINDOW = 8  # a part of the longer side: the paper is the middle tone of so much around each pixel
CONTRAST = 0.13  # of full: ink of the lighter tone stands out so much at least
TOLD = 0.06  # of full: a line that stands out so much is told
CLEARLY = 5.0  # deviations of the grain that it stands out by too
LOWER = 0.5  # of that: what is lighter goes on from there
STRONG = 0.3  # of a line's pixels that stand out so much
BESIDE = 4  # pixels: so near dark ink, what is lighter is its halo, which sharpening and JPEG leave
LONGER = 6.0  # times as long as wide: a line
WIDEST = 0.03  # of the longer side: wider than any pen or chalk
LEAST = 1 / 30  # of the longer side: a shorter line says nothing
EVERY = 4  # pixels that the grain is measured at
ACROSS = 2  # pixels between two inks that cross, where the tone passes through that of the paper


class Other(NamedTuple):
    """Lines lighter than the paper: how light, float32 (H, W) up to 1; the picture without them; what is told.

    `lightness` is None where there are none, and the picture is as it was.
    """

    lightness: np.ndarray | None
    picture: np.ndarray
    left_out: tuple[str, ...]


def find_other_ink(picture: np.ndarray, small: np.ndarray) -> Other:
    """Lines that are lighter than the paper on a page where other lines are darker.

    The paper is the middle tone of what is around each pixel, whatever is drawn there: the brightest, which shows it
    under dark ink, would be the light ink.

    Parameters
    ----------
    picture : (H, W) or (H, W, 3) uint8 array
        Grey or RGB.
    small : (h, w) or (h, w, 3) uint8 array
        The same, a few hundred pixels large.

    Returns
    -------
    Other
        Nothing in it where the page has ink of one kind only.
    """
    size = max(3, 2 * (max(small.shape) // WINDOW // 2) + 1)
    paper = cv2.resize(cv2.medianBlur(small, size), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    tones = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) if p.ndim == 3 else p for p in (picture, paper)]
    grey, ground = cv2.GaussianBlur(tones[0], (3, 3), 0).astype(np.float32), tones[1].astype(np.float32)
    apart = (grey - ground) / np.maximum(ground, 255 - ground)
    grain = 1.4826 * float(np.median(np.abs(apart[::EVERY, ::EVERY])))
    told = max(TOLD, CLEARLY * grain)
    least = LEAST * max(grey.shape)
    light = apart > told
    if np.count_nonzero(light) < least:
        return Other(None, picture, ())
    dark, light = (apart < -told).view(np.uint8), light.view(np.uint8)
    near = np.ones((2 * BESIDE + 1,) * 2, np.uint8)
    reach = cv2.dilate(dark, near) > 0
    lines, spots = _lines(apart, max(CONTRAST, told), reach, least)
    fainter, _ = _lines(np.where(lines, 0, apart), told, reach | lines, least)
    if not _lines(-apart, told, cv2.dilate(light, near) > 0, least)[0].any():
        return Other(None, picture, ())
    count = cv2.connectedComponents(fainter.view(np.uint8), connectivity=8)[0] - 1
    left_out = [(spots, "spot", " lighter than the paper"), (count, "line", " hardly lighter than the paper")]
    notes = tuple(counted(*note) for note in left_out if note[0])
    if not lines.any():
        return Other(None, picture, notes)
    there = cv2.dilate(lines.view(np.uint8), np.ones((3, 3), np.uint8))
    covered = cv2.dilate(there, np.ones((5, 5), np.uint8)) > 0
    covered &= dark == 0
    without = picture.copy()
    without[covered] = paper[covered]
    return Other(apart.clip(0, 1) * there, without, notes)


def with_other_ink(darkness: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Both inks as one: where they meet there is ink, though the tone between them is that of the paper."""
    reach = np.ones((2 * ACROSS + 1,) * 2, np.uint8)
    between = np.minimum(*(cv2.dilate(ink, reach) for ink in (darkness, lightness)))
    return np.maximum.reduce([darkness, lightness, between])


def _lines(apart: np.ndarray, sure: float, beside: np.ndarray, least: float) -> tuple[np.ndarray, int]:
    """Where lines stand out, bool (H, W), but for what is beside other ink; and how many spots do that are no lines."""
    maybe = (apart > LOWER * sure).view(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(maybe, connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA].astype(float)
    strong = np.bincount(labels[apart > sure], minlength=count) > STRONG * area
    there = maybe > 0  # most of a page is not: there is nothing to count
    free = np.bincount(labels[there & ~beside], minlength=count) > 0.5 * area
    width = 4 * np.bincount(labels[there], cv2.distanceTransform(maybe, cv2.DIST_L2, 3)[there], count) / area
    seen = strong & free & (area > least * np.maximum(width, 1) / 2)
    seen[0] = False
    lines = seen & (area > LONGER * width**2) & (area > least * width) & (width < WIDEST * max(apart.shape))
    return lines[labels], int((seen & ~lines & (area > least**2 / 9)).sum())
