"""Lines printed on the paper, as on ruled and squared pages: evenly spaced, from edge to edge, and no part of a
drawing.

Darkness is float32 (H, W), paper 0 and black 1.
"""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np

STRIPS = 16  # that the page is cut into across its rules
COVERED = 0.6  # of a strip's width that a rule fills
MISSING = 2  # strips in which a rule may be covered by ink
DRIFT = 0.08  # of a strip's width that a rule may go up or down from one to the next
MARGIN = 0.015  # of the page: a rule goes nearer to its edges than that
THICKEST = 0.01  # of the page: a thicker line is drawn
FEWEST, SURELY = 3, 5  # rules; fewer than the second must be fainter than the ink
FAINTER = 0.75  # times the ink's darkness
REGULAR = 0.7  # of the distances between rules are the least one, or twice or three times it
OFF = 0.2  # of that distance, at most
NEAR = 7  # pixels: ink that is nearer to a rule is beside it
DARKER = 1.6  # times a rule: what is darker there is ink that crosses it


class Rule(NamedTuple):
    """A line from edge to edge: its row at each column, its half thickness, how dark it is."""

    rows: np.ndarray
    half: int
    darkness: float


def without_rules(darkness: np.ndarray, floor: float) -> tuple[np.ndarray, int]:
    """The darkness of a page without the rules printed on it, and how many there were.

    Ink that crosses a rule stays: it is darker than the rule, or goes on above or below it. A page of nothing but
    rules is a drawing of lines, and stays as it is.
    """
    families = [_rules(darkness, floor), _rules(darkness.T, floor)]
    units = [_spacing(family) for family in families]
    if not any(units):
        return darkness, 0
    for k, unit in enumerate(units):
        if unit:
            families[k] += _missing(families[k], unit, darkness.T if k else darkness, floor)
        elif len(families[k]) > 2:  # one or two across regular ones are the margin
            families[k] = []
    bare = darkness.copy()
    for rule in families[0]:
        _erase(bare, darkness, rule)
    for rule in families[1]:
        _erase(bare.T, bare.T.copy(), rule)
    ink = bare[bare > floor]
    if len(ink) < max(4, 0.02 * np.count_nonzero(darkness > floor)):
        return darkness, 0
    rules = [*families[0], *families[1]]
    strong = np.percentile(ink, 90)
    if max(len(family) for family in families) < SURELY and np.median([r.darkness for r in rules]) > FAINTER * strong:
        return darkness, 0
    return bare, len(rules)


def _rules(darkness: np.ndarray, floor: float) -> list[Rule]:
    """The thin lines that go from the left edge to the right one, nearly level."""
    height, width = darkness.shape
    if min(height, width) < 4 * STRIPS:
        return []
    # a rule may go up or down a row within a strip
    tolerant = cv2.dilate((darkness > floor).view(np.uint8), np.ones((3, 1), np.uint8))
    sums = cv2.reduce(tolerant[:, width // 2 : width // 2 + width // STRIPS], 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    if sums.max() <= COVERED * (width // STRIPS):
        return []
    bounds = np.linspace(0, width, STRIPS + 1).astype(int)
    runs = []
    for left, right in pairwise(bounds):
        sums = cv2.reduce(tolerant[:, left:right], 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
        covered = (sums > COVERED * (right - left)).astype(np.int8)
        steps = np.flatnonzero(np.diff(covered, prepend=0, append=0))
        starts, stops = steps[::2], steps[1::2]
        thin = stops - starts - 2 <= max(3, THICKEST * max(height, width))
        runs.append(np.column_stack([(starts + stops - 1) / 2, (stops - starts - 2) / 2])[thin])
    drift = max(2.0, DRIFT * width / STRIPS)
    found = []
    for seed in runs[STRIPS // 2]:
        rows, halves = np.full(STRIPS, np.nan), []
        for strips in (range(STRIPS // 2, STRIPS), range(STRIPS // 2 - 1, -1, -1)):
            row, gap = seed[0], 1
            for strip in strips:
                off = np.abs(runs[strip][:, 0] - row)
                if len(off) and off.min() <= gap * drift:
                    row, half = runs[strip][off.argmin()]
                    rows[strip], gap = row, 1
                    halves.append(half)
                else:
                    gap += 1
        hit = np.flatnonzero(~np.isnan(rows))
        if len(hit) < STRIPS - MISSING:
            continue
        middles = (bounds[:-1] + bounds[1:] - 1) / 2
        hit = hit[_smooth(middles[hit], rows[hit])]
        line = _through(np.arange(width), middles[hit], rows[hit])
        on_line = np.rint(line).astype(int).clip(0, height - 1), np.arange(width)
        margin = 1 + int(MARGIN * width)
        if min(tolerant[on_line][:margin].mean(), tolerant[on_line][-margin:].mean()) < COVERED:
            continue
        there = np.max([darkness[(on_line[0] + off).clip(0, height - 1), on_line[1]] for off in (-1, 0, 1)], axis=0)
        found.append(Rule(line, max(1, int(np.ceil(np.median(halves)))), float(np.median(there))))
    return found


def _smooth(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points lie on one gentle curve: where ink covers a rule in part, its middle is found beside it."""
    keep = np.ones(len(x), bool)
    for _ in range(3):
        off = np.abs(y - np.polyval(np.polyfit(x[keep], y[keep], 2), x))
        keep = off <= max(1.0, 2.5 * float(np.median(off)))
    return keep


def _through(at: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The polyline through points at some places, its first and last pieces prolonged."""
    line = np.interp(at, x, y)
    for beyond, a, b in ((at < x[0], 0, min(3, len(x) - 1)), (at > x[-1], -1, -min(4, len(x)))):
        line[beyond] = y[a] + (at[beyond] - x[a]) * (y[b] - y[a]) / (x[b] - x[a])
    return line


def _spacing(rules: list[Rule]) -> float:
    """The distance between lines that lie at even distances, some of them perhaps missing; 0 where they do not."""
    if len(rules) < FEWEST:
        return 0.0
    steps = np.diff(sorted(float(rule.rows[len(rule.rows) // 2]) for rule in rules))
    steps = steps[steps > 2]
    if len(steps) < FEWEST - 1:
        return 0.0
    unit = float(np.percentile(steps, 25))
    times = np.rint(steps / unit).clip(1, 3)
    even = np.abs(steps - times * unit) < OFF * unit
    return float(np.median((steps / times)[even])) if even.mean() >= REGULAR else 0.0


def _missing(rules: list[Rule], unit: float, darkness: np.ndarray, floor: float) -> list[Rule]:
    """The rules between others that ink covers in part, and the next ones out, which leave the page at its edge."""
    rules = sorted(rules, key=lambda rule: rule.rows[len(rule.rows) // 2])
    places = [(rules[0], -unit), (rules[-1], unit)]
    for rule, after in pairwise(rules):
        apart = float(after.rows[len(after.rows) // 2] - rule.rows[len(rule.rows) // 2])
        steps = round(apart / unit)
        places += [(rule, apart * step / steps) for step in range(1, steps)]
    columns = np.arange(darkness.shape[1])
    found = []
    for rule, way in places:
        rows = rule.rows + way
        inside = (rows >= 0) & (rows < len(darkness))
        if inside.sum() < len(columns) // STRIPS:
            continue
        ink = cv2.dilate((darkness > floor).view(np.uint8), np.ones((2 * rule.half + 3, 1), np.uint8))
        if ink[np.rint(rows[inside]).astype(int).clip(0, len(darkness) - 1), columns[inside]].mean() > COVERED:
            found.append(rule._replace(rows=rows, half=rule.half + 1))
    return found


def _erase(bare: np.ndarray, darkness: np.ndarray, rule: Rule) -> None:
    """Takes a rule off the page, in place, but for the ink that crosses it."""
    height, width = darkness.shape
    columns = np.arange(width)
    middle = np.rint(rule.rows).astype(int)
    reach = rule.half + 1
    room = reach + NEAR
    padded = np.pad(darkness, ((room, room), (0, 0)))  # beyond the page there is no ink
    at = (middle + room).clip(room, height + room - 1)
    tones = [padded[at + off, columns] for off in range(-room, room + 1)]
    # ink no darker than the rule goes on above or below it; beside darker ink, what is no darker is the rule
    beside = np.max(tones[NEAR - 3 : NEAR] + tones[-NEAR : 3 - NEAR], axis=0)
    crossed = (beside > 0.5 * rule.darkness) & (np.max(tones, axis=0) < DARKER * rule.darkness)
    for offset in range(-reach, reach + 1):
        rows = middle + offset
        inside = (rows >= 0) & (rows < height)
        rows = rows.clip(0, height - 1)
        gone = inside & ~crossed & (darkness[rows, columns] < DARKER * rule.darkness)
        bare[rows[gone], columns[gone]] = 0
