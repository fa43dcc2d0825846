"""A rule printed on the paper taken off the page, and the ink that lies on it left there.

Ink on a rule lets it shine through: the light that comes back is that of the rule times that of the ink. So the rule's
own darkness, measured along its course where nothing is drawn on it, is divided out. Darkness is float32 (H, W), paper
0 and black 1.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

BLOCKS = 48  # parts along a rule in which its middle is measured
LEAST_BLOCK = 12  # columns of a part
SLOW = 5  # parts of a rule, in each of which its darkness changes little
ROUND = 3  # pixels beyond its thickness that are looked at
BIN = 0.25  # pixels across a rule, of its profile
OFTEN = 0.05  # of the columns that a place across it is seen in, at least
LEAST_ALONE, MOST_ALONE = 0.5, 1.3  # times the usual darkness across a rule: nothing else lies there
FEW = 3  # columns: fewer say nothing of a rule's middle
BENDS = 4  # the degree of the curve that a rule follows on a page that is bent
ASIDE = 0.2  # pixels from that curve: farther off is the middle of something else
SPREAD = 3.0  # deviations of what is left of a rule where nothing is drawn
LIGHT = 0.05  # of full that comes back from the darkest rule
UNSURE = 0.15  # pixels, that the middle of a rule may be off
DARKER = 1.6  # times a rule: what is darker at the page's edge is ink
GONE = 0.5  # of the floor: what is fainter of a rule's edge is paper
SLOPES = 9  # to either side, at which ink may cross a rule
SHALLOW = 3.0  # columns a row: no crossing is shallower
CLEARER = 1.2  # times the rule's own darkness that ink which crosses it at a shallow angle has
STEEP = 0.5  # columns a row
THERE = 0.85  # of the ink above and below that is there on the rule, if the ink goes on

CRUMB = 0.6  # times the ink beside the rules: what is fainter and lies on rules alone is left of them
SOLID = 0.3  # of a mark that is so dark: a dot drawn on a rule
OUTSIDE = 0.25  # of a mark that lies beside the rules


class Rule(NamedTuple):
    """A line from edge to edge: its row at each column, its half thickness, how dark it is."""

    rows: np.ndarray
    half: int
    darkness: float


class Place(NamedTuple):
    """Where a rule was: its rows (2 reach + 1, W) at some columns; how dark the page was there, and the rule itself."""

    columns: slice
    rows: np.ndarray
    tones: np.ndarray
    own: np.ndarray


def erase(bare: np.ndarray, rules: Sequence[Rule], floor: float) -> list[Place]:
    """Divides rules out of the page, in place; says where they were."""
    places = []
    for rule in rules:
        inside = np.flatnonzero((rule.rows > -rule.half - 2) & (rule.rows < len(bare) + rule.half + 1))
        if len(inside) < LEAST_BLOCK:
            continue
        columns = slice(int(inside[0]), int(inside[-1]) + 1)
        page = bare[:, columns]
        room = rule.half + ROUND
        offsets = np.arange(-room, room + 1)[:, None]
        rows = rule.rows[columns]
        for _ in range(2):
            at = np.rint(rows).astype(int)
            rows = _middles(rows, at, _tones(page, at + offsets), offsets)
        at = np.rint(rows).astype(int)
        tones = _tones(page, at + offsets)
        own = _profile(tones, offsets - (rows - at), rule.half)
        reach = _reach(own, floor, rule.half)
        cut = (at < reach + 1) | (at > len(bare) - 2 - reach)  # at the page's edge, where a part of it cannot be seen
        if own.max() < GONE * floor and not cut.any():  # it is gone already
            continue
        inner = slice(room - reach, room + reach + 1)
        tones, own = tones[inner], own[inner]
        left = (tones - own) / np.maximum(LIGHT, 1 - own)
        there = own > floor
        spread = 1.4826 * float(np.median(np.abs(left[there]))) if there.any() else 0.0
        steep = np.abs(np.gradient(own, axis=0))
        left[left < np.maximum(floor, SPREAD * spread) + UNSURE * steep] = 0
        left[cut & (tones < DARKER * rule.darkness)] = 0
        place = Place(columns, at + offsets[inner], tones, own)
        _put(page, place.rows, np.minimum(left, tones))
        places.append(place)
    return places


def bridge_over(bare: np.ndarray, places: Sequence[Place], floor: float) -> None:
    """Ink that goes on above and below a rule, in line, goes on over it too, in place, where the page was that dark.

    A pen that covers what is printed leaves less than its darkness when that of the rule is divided out.
    """
    for place in places:
        page = bare[:, place.columns]
        was = _tones(page, place.rows)
        _put(page, place.rows, np.maximum(was, _bridged(page, place, floor)))


def _put(page: np.ndarray, rows: np.ndarray, tones: np.ndarray) -> None:
    inside = (rows >= 0) & (rows < len(page))
    page[rows[inside], np.broadcast_to(np.arange(page.shape[1]), rows.shape)[inside]] = tones[inside]


def _tones(page: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The darkness at some rows, (K, W), of each column; beyond the page there is paper."""
    tones = page[rows.clip(0, len(page) - 1), np.arange(page.shape[1])]
    tones[(rows < 0) | (rows >= len(page))] = 0
    return tones


def _middles(rows: np.ndarray, at: np.ndarray, tones: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The rule's row at each column to a fraction of a pixel: the middle of its darkness, where nothing is on it."""
    width = len(rows)
    mass = tones.sum(axis=0)
    usual = np.median(mass)
    alone = (mass > LEAST_ALONE * usual) & (mass < MOST_ALONE * usual)
    middle = at + (tones * offsets).sum(axis=0) / np.maximum(mass, 1e-6)
    bounds = np.linspace(0, width, max(4, min(BLOCKS, width // LEAST_BLOCK)) + 1).astype(int)
    number = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))[alone]
    known = middle[alone][np.lexsort((middle[alone], number))]
    counts = np.bincount(number, minlength=len(bounds) - 1)
    enough = counts > FEW
    if np.count_nonzero(enough) < len(bounds) // 3:
        return rows
    places = ((bounds[:-1] + bounds[1:] - 1) / 2)[enough]
    found = known[(np.cumsum(counts) - counts + counts // 2)[enough]]  # of an even number of them, the upper one
    scaled = 2 * places / width - 1
    keep = np.ones(len(places), bool)
    for _ in range(4):
        smooth = np.polyfit(scaled[keep], found[keep], BENDS if len(places) > 4 * BENDS else 1)
        off = found - np.polyval(smooth, scaled)
        before, keep = keep, np.abs(off) <= max(ASIDE, 2.5 * _median(np.abs(off)))
        if (keep == before).all():
            break
    course = np.polyval(smooth, 2 * np.arange(width) / width - 1)
    return course + np.interp(np.arange(width), places[keep], off[keep])


def _median(values: np.ndarray) -> float:
    """Much faster than numpy's for the few numbers of a part; of an even number of them, the upper one."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _profile(tones: np.ndarray, across: np.ndarray, half: int) -> np.ndarray:
    """How dark the rule is by itself at each of those pixels."""
    width = tones.shape[1]
    near = np.abs(across) <= half + 1.5
    mass = (tones * near).sum(axis=0)
    typical = max(1e-6, float(np.median(mass)))
    mass = np.where((mass < MOST_ALONE * typical) & (mass > 0), mass, np.nan)
    bounds = np.linspace(0, width, 2 * SLOW + 1).astype(int)
    # each part overlaps the next: a line that runs along the rule covers less than half of it
    parts = [mass[a:b][~np.isnan(mass[a:b])] for a, b in zip(bounds[:-2], bounds[2:], strict=True)]
    strength = [_median(part) if len(part) > FEW else typical for part in parts]
    strength = np.interp(np.arange(width), bounds[1:-1], strength)
    share = tones / np.maximum(strength / typical, 0.1)
    bins = np.rint(across / BIN).astype(int)
    first = bins.min()
    numbers = (bins - first).ravel().astype(np.int16)  # numbers so short are sorted by their digits
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers)
    ends = np.cumsum(counts)
    values = share.ravel()[order]
    parts = [values[end - count : end] for count, end in zip(counts, ends, strict=True)]
    level = np.array([_median(part) if len(part) > OFTEN * width else np.nan for part in parts])
    known = ~np.isnan(level)
    places = (np.arange(len(level)) + first) * BIN
    own = np.interp(across, places[known], level[known])
    return (own * (strength / typical)).clip(0, 0.95).astype(np.float32)


def _reach(own: np.ndarray, floor: float, half: int) -> int:
    """How many rows above and below its middle a rule is darker than paper."""
    room = len(own) // 2
    dark = own.max(axis=1) > GONE * floor
    far = np.flatnonzero(dark)
    return int(np.clip(np.abs(far - room).max() if len(far) else half + 1, half + 1, room))


def _bridged(page: np.ndarray, place: Place, floor: float) -> np.ndarray:
    """The darkness of the ink that goes on over a rule."""
    _, rows, tones, own = place
    width, reach = page.shape[1], len(rows) // 2
    beyond = [_tones(page, rows[-1 if side > 0 else 0] + side * np.array([[1], [2]])).max(axis=0) for side in (-1, 1)]
    found = np.zeros_like(tones)
    span = 2 * reach + 2
    most = int(SHALLOW * span)
    near = np.ones((1, 2 * most + 1), np.uint8)
    inked = [cv2.dilate((ink > floor).astype(np.uint8)[None], near)[0] > 0 for ink in beyond]
    columns = np.flatnonzero(inked[0] & inked[1])
    if not len(columns):
        return found
    slopes = np.unique(np.rint(np.linspace(-most, most, 2 * SLOPES + 1)).astype(int))[:, None, None]
    share = np.arange(1, span)[None, :, None] / span
    above = beyond[0][(columns - np.rint(slopes * share).astype(int)).clip(0, width - 1)]
    below = beyond[1][(columns + np.rint(slopes * (1 - share)).astype(int)).clip(0, width - 1)]
    ink = np.minimum(above, below)
    least = np.where(np.abs(slopes) > STEEP * span, CLEARER * own[:, columns], 0)
    ink[(ink <= np.maximum(floor, least)) | (tones[:, columns] < THERE * ink)] = 0
    found[:, columns] = ink.max(axis=0)
    return found


def mark(band: np.ndarray, places: Sequence[Place]) -> None:
    """Writes 1 where rules were, in place."""
    for place in places:
        _put(band[:, place.columns], place.rows, np.ones_like(place.tones))


def tidy(bare: np.ndarray, band: np.ndarray, floor: float) -> None:
    """Takes away, in place, what was left of rules: pinholes in ink, and marks on them alone, fainter than the ink.

    `band` is 1 where rules were, uint8 (H, W).
    """
    holes = cv2.morphologyEx(bare, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    np.copyto(bare, holes, where=band > 0)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((bare > floor).view(np.uint8), connectivity=8)
    beside = labels[(band == 0) & (labels > 0)]
    if not len(beside):
        return
    outside = np.bincount(beside, minlength=count)
    ink = np.percentile(bare[(band == 0) & (bare > floor)], 90)
    dark = np.bincount(labels[bare > CRUMB * ink], minlength=count)
    gone = (outside < OUTSIDE * stats[:, cv2.CC_STAT_AREA]) & (dark < SOLID * stats[:, cv2.CC_STAT_AREA])
    gone[0] = False
    bare[gone[labels]] = 0
