"""Ink as broad as two lines, opened again: a loop whose inside is filled, two lines side by side. Compiled.

Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
"""

import math

import numpy as np

from helpers.sketch.native import native
from helpers.trace.skeleton import Graph, line_length
from helpers.trace.walk import tip

# in line widths
BROAD = 1.2  # ink that is wider holds two lines
BROADEST = 2.3  # ink that is wider may hold any number
SHORTEST = 0.8  # what is shorter is a blot
LONG = 2.0  # what is shorter is no stroke of a broader pen
# of a branch's width
EVEN = 0.1  # a fifth of its points are wider, and a fifth narrower, by more than that together where it is two lines
# of a branch's points
MOST = 0.6  # so many are broad where there are two lines
# points
BESIDE = 3  # from a point to those that tell the line's direction
KNOWN = 3  # so many widths at least tell how broad a branch is

# what a broad branch lies between: two free ends, a free one and a junction, two junctions
FREE, HANGING, BETWEEN = 1, 2, 3


@native
def loop_kinds(graph: Graph, widths: np.ndarray, dropped: np.ndarray, line_width: float) -> np.ndarray:
    """For each branch (B,) what it lies between if it is as broad as two lines and not dropped, else 0."""
    points, starts, ends, degrees = graph.points, graph.starts, graph.ends, graph.degrees
    kinds = np.zeros(len(ends), np.int32)
    for b in range(len(ends)):
        e, f = ends[b]
        if e < 0 or e == f or dropped[b]:
            continue
        broad = known = 0
        for i in range(starts[b], starts[b + 1]):
            known += widths[i] > 0
            broad += BROAD * line_width < widths[i] < BROADEST * line_width
        if known < KNOWN or broad < MOST * (starts[b + 1] - starts[b]):
            continue
        length = line_length(points[starts[b] : starts[b + 1]])
        if length < SHORTEST * line_width:
            continue
        if length < LONG * line_width or not _is_even(widths[starts[b] : starts[b + 1]]):
            kinds[b] = FREE + (degrees[e] != 1) + (degrees[f] != 1)
    return kinds


@native
def _is_even(widths: np.ndarray) -> bool:
    """Whether a branch is as wide everywhere, as one stroke of a broader pen is; two lines are seldom parallel."""
    known = np.sort(widths[widths > 0])
    low, middle, high = known[len(known) // 5], known[len(known) // 2], known[len(known) - 1 - len(known) // 5]
    return high - low < EVEN * middle


@native
def open_loops(graph: Graph, widths: np.ndarray, kinds: np.ndarray, grey: np.ndarray, line_width: float) -> tuple:
    """The graph, and its widths, with every broad branch as the two lines that its ink holds.

    Between two junctions these are two branches; from a junction, one that goes around and comes back; else a ring.
    """
    points, starts, ends, nodes, degrees = graph
    more = np.count_nonzero(kinds == BETWEEN)
    room = 2 * len(points) + 3 * len(ends)
    new = Graph(
        np.empty((room, 2)),
        np.zeros(len(starts) + more, np.int32),
        np.empty((len(ends) + more, 2), np.int32),
        nodes,
        degrees.copy(),
    )
    new_widths = np.zeros(room)
    n = made = 0
    for b in range(len(ends)):
        own = points[starts[b] : starts[b + 1]]
        begin = n
        new.ends[made] = ends[b]
        if kinds[b] == 0:
            n += len(own)
            new.points[begin:n] = own
            new_widths[begin:n] = widths[starts[b] : starts[b + 1]]
        else:
            off = _halves(widths[starts[b] : starts[b + 1]], line_width)
            if kinds[b] == BETWEEN:
                n = _beside(own, off, new.points, n)
                made += 1
                new.starts[made] = n
                new.ends[made] = ends[b]
                n = _beside(own, -off, new.points, n)
                new.degrees[ends[b, 0]] += 1
                new.degrees[ends[b, 1]] += 1
            else:
                n = _around(own, off, ends[b], kinds[b], grey, line_width, new, made, n)
            new_widths[begin:n] = line_width
        made += 1
        new.starts[made] = n
    return Graph(new.points[:n].copy(), new.starts, new.ends, nodes, new.degrees), new_widths[:n].copy()


@native
def _around(
    points: np.ndarray,
    off: np.ndarray,
    ends: np.ndarray,
    kind: int,
    grey: np.ndarray,
    line_width: float,
    new: Graph,
    made: int,
    n: int,
) -> int:
    """Puts a broad branch with a free end into a new graph, from point n on, as a line around it; where that stops."""
    hub, free = ends
    if kind == HANGING and new.degrees[hub] == 1:
        hub, free = free, hub
        points, off = points[::-1], off[::-1]
    begin, last = n, len(points) - 1
    if kind == FREE:
        x, y, _ = tip(points, 0, last, grey, line_width)
        new.points[n, 0], new.points[n, 1] = x, y
        n += 1
    n = _beside(points, off, new.points, n)
    x, y, _ = tip(points, last, 0, grey, line_width)
    new.points[n, 0], new.points[n, 1] = x, y
    n = _beside(points[::-1], off[::-1], new.points, n + 1)
    new.degrees[free] = 0
    if kind == FREE:
        new.points[n] = new.points[begin]
        new.degrees[hub] = 0
        new.ends[made] = -1
        return n + 1
    new.degrees[hub] += 1
    new.ends[made] = hub
    return n


@native
def _halves(widths: np.ndarray, line_width: float) -> np.ndarray:
    """How far from a broad branch's points its two lines lie; where the width is not known, as far as before."""
    off = np.zeros(len(widths))
    known = -1
    for i in range(len(widths)):
        if widths[i] > 0:
            off[i] = max(0.0, (widths[i] - line_width) / 2)
            if known < 0:
                off[:i] = off[i]
            known = i
        elif known >= 0:
            off[i] = off[known]
    return off


@native
def _beside(points: np.ndarray, off: np.ndarray, out: np.ndarray, n: int) -> int:
    """Puts a line beside another into `out` from n on, so far to its left; where it stops."""
    last = len(points) - 1
    for i in range(last + 1):
        fore, back = min(i + BESIDE, last), max(i - BESIDE, 0)
        dx, dy = points[fore, 0] - points[back, 0], points[fore, 1] - points[back, 1]
        length = max(math.hypot(dx, dy), 1e-9)
        out[n, 0], out[n, 1] = points[i, 0] - off[i] * dy / length, points[i, 1] + off[i] * dx / length
        n += 1
    return n
