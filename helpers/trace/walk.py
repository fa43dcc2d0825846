"""Branches, once it is known which goes on as which, to lines: walked from end to end. Compiled.

Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
"""

import math
from typing import NamedTuple

import numpy as np

from helpers.sketch.native import native
from helpers.trace.centerlines import Lines, border
from helpers.trace.skeleton import Graph, line_length

# in line widths
NEAR, FAR = 0.25, 0.7  # from the skeleton's tip: where the direction of a free end is measured
DOT = 0.4  # a line that is shorter is a dot


class Joints(NamedTuple):
    """How branches go on. Branch b has the ends 2b, where its points begin, and 2b + 1.

    Of its points, those from `low[b]` to `high[b]` lie outside the ink of junctions. `mate` is the end that an end
    goes on as, -1 for none; `corner` (2B, 2) a point that is put between them, NaN for none. A branch that is
    `dropped` is only the common ink of others.
    """

    low: np.ndarray
    high: np.ndarray
    mate: np.ndarray
    corner: np.ndarray
    dropped: np.ndarray


@native
def along(points: np.ndarray, first: int, step: int, stop: int, distance: float) -> int:
    """The index of the point at that distance from `first` along the line, or `stop` where the line ends before."""
    i, walked = first, 0.0
    while i != stop and walked < distance:
        walked += math.hypot(points[i + step, 0] - points[i, 0], points[i + step, 1] - points[i, 1])
        i += step
    return i


@native
def tip(points: np.ndarray, first: int, stop: int, grey: np.ndarray, line_width: float) -> tuple:
    """Where a free end truly ends, half a line width inside the ink's border, and the index of the next point."""
    step = 1 if stop > first else -1
    near = along(points, first, step, stop, NEAR * line_width)
    far = along(points, near, step, stop, FAR * line_width)
    if far == near:
        near = first
    dx, dy = points[near, 0] - points[far, 0], points[near, 1] - points[far, 1]
    length = math.hypot(dx, dy)
    if length == 0:
        return points[near, 0], points[near, 1], near
    dx /= length
    dy /= length
    reach = border(grey, points[near, 0], points[near, 1], dx, dy, 3 * line_width)
    reach -= line_width / 2
    if reach < 0:  # the skeleton ran further than the pen
        while near != stop and reach < 0:
            reach += math.hypot(points[near + step, 0] - points[near, 0], points[near + step, 1] - points[near, 1])
            near += step
        if near == stop:
            return points[near, 0], points[near, 1], near
        reach = max(reach, 0.0)
        dx, dy = points[near - step, 0] - points[near, 0], points[near - step, 1] - points[near, 1]
        length = max(math.hypot(dx, dy), 1e-9)
        reach = min(reach, length)
        return points[near, 0] + reach * dx / length, points[near, 1] + reach * dy / length, near
    return points[near, 0] + reach * dx, points[near, 1] + reach * dy, near


@native
def walk(graph: Graph, joints: Joints, grey: np.ndarray, line_width: float) -> Lines:
    """The lines: from each end without a partner on through the partners, then the closed ones."""
    points, starts, ends = graph.points, graph.starts, graph.ends
    branches = len(ends)
    out = np.empty((len(points) + 4 * branches + 4, 2))
    line_starts = np.zeros(branches + 1, np.int32)
    closed = np.zeros(branches, np.bool_)
    walked = joints.dropped.copy()
    n = lines = 0
    for seed in range(4 * branches):
        e = seed % (2 * branches)
        if walked[e // 2] or (seed < 2 * branches and joints.mate[e] >= 0):
            continue
        begin = n
        b = e // 2
        if ends[b, 0] < 0 or starts[b + 1] - starts[b] == 1:  # a ring, or a dot
            walked[b] = True
            for i in range(starts[b], starts[b + 1]):
                out[n] = points[i]
                n += 1
            closed[lines] = n - begin > 1
        else:
            n, closed[lines] = _follow(e, graph, joints, grey, line_width, walked, out, n)
        if line_length(out[begin:n]) < DOT * line_width:
            for c in range(2):
                out[begin, c] = out[begin:n, c].mean()
            n = begin + 1
            closed[lines] = False
        lines += 1
        line_starts[lines] = n
    return Lines(out[:n].copy(), line_starts[: lines + 1].copy(), closed[:lines].copy())


@native(forceinline=True)
def _follow(
    start: int, graph: Graph, joints: Joints, grey: np.ndarray, line_width: float, walked: np.ndarray, out, n: int
) -> tuple:
    """One line, from a branch end on through its partners, into `out` from n on; where it stops, and if it closes."""
    points, ends, degrees = graph.points, graph.ends, graph.degrees
    low, high, mate, corner = joints.low, joints.high, joints.mate, joints.corner
    begin = n
    e = start
    while True:
        b, side = e // 2, e % 2
        walked[b] = True
        first, last, step = (low[b], high[b], 1) if side == 0 else (high[b], low[b], -1)
        if degrees[ends[b, side]] == 1:
            x, y, first = tip(points, first, last, grey, line_width)
            out[n, 0], out[n, 1] = x, y
            n += 1
        elif e == start and mate[e] < 0 and not math.isnan(corner[e, 0]):
            out[n] = corner[e]
            n += 1
        e = 2 * b + 1 - side
        x = y = np.nan
        if degrees[ends[b, 1 - side]] == 1:
            x, y, last = tip(points, last, first, grey, line_width)
        if (last - first) * step >= 0:
            for i in range(first, last + step, step):
                out[n] = points[i]
                n += 1
        if not math.isnan(x):
            out[n, 0], out[n, 1] = x, y
            n += 1
        elif not math.isnan(corner[e, 0]):
            out[n] = corner[e]
            n += 1
        elif mate[e] >= 0 and not math.isnan(corner[mate[e], 0]):
            out[n] = corner[mate[e]]
            n += 1
        e = mate[e]
        if e < 0 or walked[e // 2]:
            break
    if e != start:
        return n, False
    out[n] = out[begin]
    return n + 1, True
