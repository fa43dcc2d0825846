"""Short gaps in lines, where the paper broke them, are closed between ends that lie in line with each other.

Compiled. Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
"""

import math

import numpy as np

from helpers.sketch.native import native
from helpers.trace.centerlines import Lines, grey_at

GAP = 0.8  # line widths of paper between two ends that are bridged at most
REACH = 1.5  # line widths of line that say where an end points to
ASIDE = 0.35  # radians that either end may point beside the other


@native
def bridge(lines: Lines, grey: np.ndarray, line_width: float) -> Lines:
    """The lines, those joined whose ends face each other across a gap shorter than about a line's width."""
    ends = _ends(lines, line_width)
    mate = _mates(ends, grey, line_width)
    for e in range(len(mate)):
        if mate[e] >= 0:
            return _joined(lines, mate)
    return lines


@native
def _ends(lines: Lines, line_width: float) -> np.ndarray:
    """For the first and the last point of each line x, y and where it points to, a unit vector; NaN where none may
    be bridged: at rings, dots, and lines too short to say where they go."""
    points, starts, closed = lines
    ends = np.full((2 * len(closed), 4), np.nan)
    for line in range(len(closed)):
        first, last = starts[line], starts[line + 1] - 1
        if closed[line] or last == first:
            continue
        for side in range(2):
            i, stop, step = (first, last, 1) if side == 0 else (last, first, -1)
            x, y = points[i]
            while i != stop and math.hypot(points[i, 0] - x, points[i, 1] - y) < REACH * line_width:
                i += step
            length = math.hypot(x - points[i, 0], y - points[i, 1])
            if length > 0.5 * line_width:
                ends[2 * line + side] = x, y, (x - points[i, 0]) / length, (y - points[i, 1]) / length
    return ends


@native
def _mates(ends: np.ndarray, grey: np.ndarray, line_width: float) -> np.ndarray:
    """The end that each is bridged to, or -1: both are each other's nearest, and there is paper between them."""
    count = len(ends)
    nearest = np.full(count, -1, np.int32)
    most, straight = (1 + GAP) * line_width, math.cos(ASIDE)
    for e in range(count):
        best = most
        for f in range(count):
            dx, dy = ends[f, 0] - ends[e, 0], ends[f, 1] - ends[e, 1]
            if e == f or not (abs(dx) < best and abs(dy) < best):
                continue
            length = math.hypot(dx, dy)
            if length < 1e-6 or length >= best:
                continue
            along_e = (ends[e, 2] * dx + ends[e, 3] * dy) / length
            along_f = -(ends[f, 2] * dx + ends[f, 3] * dy) / length
            if along_e < straight or along_f < straight:
                continue
            if grey_at(grey, ends[e, 0] + dx / 2, ends[e, 1] + dy / 2) < 0.5:
                best, nearest[e] = length, f
    mate = np.full(count, -1, np.int32)
    for e in range(count):
        if nearest[e] >= 0 and nearest[nearest[e]] == e:
            mate[e] = nearest[e]
    return mate


@native
def _joined(lines: Lines, mate: np.ndarray) -> Lines:
    """The lines followed from each end without a mate through the mates, then those that close."""
    points, starts, closed = lines
    count = len(closed)
    out = np.empty((len(points) + count, 2))
    out_starts = np.zeros(count + 1, np.int32)
    out_closed = np.zeros(count, np.bool_)
    done = np.zeros(count, np.bool_)
    n = made = 0
    for seed in range(4 * count):
        e = seed % (2 * count)
        if done[e // 2] or (seed < 2 * count and mate[e] >= 0):
            continue
        begin = e
        while e >= 0 and not done[e // 2]:
            line, side = e // 2, e % 2
            done[line] = True
            size = starts[line + 1] - starts[line]
            for i in range(size):
                out[n] = points[starts[line] + i if side == 0 else starts[line + 1] - 1 - i]
                n += 1
            last = 2 * line + 1 - side
            e = mate[last]
        out_closed[made] = closed[begin // 2] or e == begin
        if e == begin:
            out[n] = out[out_starts[made]]
            n += 1
        made += 1
        out_starts[made] = n
    return Lines(out[:n].copy(), out_starts[: made + 1].copy(), out_closed[:made].copy())
