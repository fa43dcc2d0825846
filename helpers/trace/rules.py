"""Lines printed on the paper, as on ruled and squared pages: evenly spaced, from edge to edge, and no part of a
drawing.

Darkness is float32 (H, W), paper 0 and black 1.
"""

from itertools import pairwise

import cv2
import numpy as np

from helpers.trace.erasing import Rule, bridge_over, erase, mark, tidy

STRIPS = 16  # that the page is cut into across its rules
COVERED = 0.6  # of a strip's width that a rule fills
SEEN = 0.35  # of a rule that lies where the next one should be
SHORTEST = 8  # pixels: a shorter piece of a rule, in a corner, is a speck
MISSING = 2  # strips in which a rule may be covered by ink
DRIFT = 0.08  # of a strip's width that a rule may go up or down from one to the next
MARGIN = 0.015  # of the page: a rule goes nearer to its edges than that
THICKEST = 0.01  # of the page: a thicker line is drawn
EDGE = 4  # pixels
FEWEST, SURELY = 3, 5  # rules; fewer than the second must be fainter than the ink
FAINTER = 0.75  # times the ink's darkness
REGULAR = 0.7  # of the distances between rules are the least one, or twice or three times it
OFF = 0.2  # of that distance, at most
FAINT = 0.6  # of the faintest ink, that a rule has in the mean of many columns


def without_rules(darkness: np.ndarray, floor: float, grainy: np.ndarray | None = None) -> tuple[np.ndarray, int]:
    """The darkness of a page without the rules printed on it, and how many there were.

    Ink that lies on a rule stays: the rule's own darkness is divided out. A page of nothing but rules is a drawing of
    lines, and stays as it is.

    Parameters
    ----------
    darkness : (H, W) float32 array
        Of the page.
    floor : float
        What is fainter is paper.
    grainy : (H, W) float32 array, optional
        The same before what is no clearer than the paper's grain was set to 0: a faint rule is whole there.
    """
    page, least = darkness if grainy is None else grainy, FAINT * floor
    families = [_rules(page, least), _rules(page.T, least)]
    units = [_spacing(family) for family in families]
    # squares are as wide as high
    units = [
        unit or _spacing(family, units[1 - k]) for k, (unit, family) in enumerate(zip(units, families, strict=True))
    ]
    if not any(units):
        return darkness, 0
    for k, unit in enumerate(units):
        if unit:
            families[k] += _missing(families[k], unit, _seen(page.T if k else page, least))
        elif len(families[k]) > 2:  # one or two across regular ones are the margin
            families[k] = []
    bare, count = page.copy(), sum(map(len, families))
    band = np.ones(bare.shape, np.uint8)
    band[EDGE:-EDGE, EDGE:-EDGE] = 0  # a rule that leaves the page may run along its edge
    places = [erase(bare.T if k else bare, family, floor) for k, family in enumerate(families)]
    for k, of_family in enumerate(places):
        bridge_over(bare.T if k else bare, of_family, floor)
        mark(band.T if k else band, of_family)
    if grainy is not None:
        bare[darkness == 0] = 0
    tidy(bare, band, floor)
    ink = bare[bare > floor]
    if len(ink) < max(4, 0.02 * np.count_nonzero(darkness > floor)):
        return darkness, 0
    strong = np.percentile(ink, 90)
    usual = np.median([rule.darkness for family in families for rule in family])
    if max(map(len, families)) < SURELY and usual > FAINTER * strong:
        return darkness, 0
    return bare, count


def _seen(page: np.ndarray, least: float) -> np.ndarray:
    """Where there may be a rule: the mean of a few columns is so dark, whatever the paper's grain; 1 or 0, uint8."""
    few = cv2.blur(np.ascontiguousarray(page), (max(1, page.shape[1] // STRIPS // 4), 1))
    return (few > least).view(np.uint8)


def _rules(page: np.ndarray, least: float) -> list[Rule]:
    """The thin lines that go from the left edge to the right one, nearly level."""
    height, width = page.shape
    if min(height, width) < 4 * STRIPS:
        return []
    # a rule may go up or down a row within a strip
    higher = np.ones((3, 1), np.uint8)
    middle = _seen(page[:, width // 2 : width // 2 + width // STRIPS], least)
    sums = cv2.reduce(cv2.dilate(middle, higher), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    if sums.max() <= COVERED * (width // STRIPS):
        return []
    tolerant = cv2.dilate(_seen(page, least), higher)
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
        there = np.max([page[(on_line[0] + off).clip(0, height - 1), on_line[1]] for off in (-1, 0, 1)], axis=0)
        # the ink beside a rule may lead to the same one
        apart = np.median(np.abs(line - [other.rows for other in found]), axis=1) if found else []
        if all(far > 2 * (other.half + 1) for far, other in zip(apart, found, strict=True)):
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


def _spacing(rules: list[Rule], unit: float = 0.0) -> float:
    """The distance between lines that lie at even distances, some of them perhaps missing; 0 where they do not.

    `unit` is what it may be, where that is known.
    """
    if len(rules) < FEWEST:
        return 0.0
    steps = np.diff(sorted(float(rule.rows[len(rule.rows) // 2]) for rule in rules))
    steps = steps[steps > 2]
    if len(steps) < FEWEST - 1:
        return 0.0
    unit = unit or float(np.percentile(steps, 25))
    times = np.rint(steps / unit).clip(1, 3)
    even = np.abs(steps - times * unit) < OFF * unit
    return float(np.median((steps / times)[even])) if even.mean() >= REGULAR else 0.0


def _missing(rules: list[Rule], unit: float, seen: np.ndarray) -> list[Rule]:
    """The rules between others that ink covers in part, and those farther out, which leave the page at its edge."""
    rules = sorted(rules, key=lambda rule: rule.rows[len(rule.rows) // 2])
    places = []
    for rule, after in pairwise(rules):
        apart = float(after.rows[len(after.rows) // 2] - rule.rows[len(rule.rows) // 2])
        steps = round(apart / unit)
        # the two may not be quite parallel, in a photo
        places += [(rule, (after.rows - rule.rows) * step / steps) for step in range(1, steps)]
    for rule, way in ((rules[0], -unit), (rules[-1], unit)):
        room = rule.rows.max() if way < 0 else len(seen) - rule.rows.min()
        places += [(rule, np.full(len(rule.rows), way * step)) for step in range(1, int(room / unit) + 2)]
    columns = np.arange(seen.shape[1])
    found = []
    for rule, way in places:
        rows = rule.rows + way
        inside = (rows > -rule.half - 2) & (rows < len(seen) + rule.half + 1)
        if inside.sum() < SHORTEST:
            continue
        ink = cv2.dilate(seen, np.ones((2 * rule.half + 3, 1), np.uint8))
        if ink[np.rint(rows[inside]).astype(int).clip(0, len(seen) - 1), columns[inside]].mean() > SEEN:
            found.append(rule._replace(rows=rows, half=rule.half + 1))
    return found
