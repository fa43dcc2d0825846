"""Ink to a graph of branches: thinning, the pixel graph, junctions as one node each. Compiled; coordinates are x, y."""

import math
from typing import NamedTuple

import numpy as np

from helpers.sketch.native import native

# the eight neighbours, clockwise from the one above; bit k of a neighbour code stands for neighbour k
DX = np.array([0, 1, 1, 1, 0, -1, -1, -1])
DY = np.array([-1, -1, 0, 1, 1, 1, 0, -1])
CONTRACT = 1.0  # two junctions are one where the branch between them is shorter than this times their radii's sum
SPUR = 0.12  # of the line width: a branch that sticks out less is roughness of the line's edge
RING = 2.5  # line widths: a loop that is shorter around encloses no paper that anybody meant
THICK = 1.5  # half line widths: no junction's disc counts as larger


class Graph(NamedTuple):
    """Branches between nodes. Branch b holds `points[starts[b]:starts[b + 1]]`, its nodes' pixels first and last.

    `ends` (B, 2) are the nodes at both ends, -1 for a ring without nodes; `nodes` (N, 3) are x, y and the radius
    of the largest disc of ink around; `degrees` (N,) count the branch ends at a node.
    """

    points: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    nodes: np.ndarray
    degrees: np.ndarray


def _guo_hall(code: int, second: bool) -> bool:
    """Whether the pixel with these neighbours goes: Guo and Hall (1989), doi 10.1145/62065.62074, algorithm A1."""
    p2, p3, p4, p5, p6, p7, p8, p9 = (bool(code >> k & 1) for k in range(8))
    crossings = (not p2 and (p3 or p4)) + (not p4 and (p5 or p6)) + (not p6 and (p7 or p8)) + (not p8 and (p9 or p2))
    ones = (p9 or p2) + (p3 or p4) + (p5 or p6) + (p7 or p8)
    others = (p2 or p3) + (p4 or p5) + (p6 or p7) + (p8 or p9)
    held = ((p2 or p3 or not p5) and p4) if second else ((p6 or p7 or not p9) and p8)
    return crossings == 1 and 2 <= min(ones, others) <= 3 and not held


def _without_corners(code: int) -> int:
    """The neighbours that a path needs: a diagonal one is left out where an upright one leads there too."""
    for k in (1, 3, 5, 7):
        if code >> (k - 1) & 1 or code >> (k + 1) % 8 & 1:
            code &= ~(1 << k)
    return code


GOES = np.array([[_guo_hall(code, second) for code in range(256)] for second in (False, True)])
PATHS = np.array([_without_corners(code) for code in range(256)])


@native
def thin(ink: np.ndarray) -> np.ndarray:
    """The skeleton (H, W), 1 on 0, of ink (H, W), not 0 on 0 with a border of paper: Guo-Hall, both passes in turn.

    The tables are those of `skimage.morphology.thin`, which a test compares it with; that takes 3.7 ms for a drawing
    at 128 pixels, this 0.14. A queue holds the pixels whose neighbours have changed since they were last looked at, so
    that the time goes with the ink and not with the image and the number of passes.
    """
    height, width = ink.shape
    step = DY * width + DX
    skeleton = np.zeros(height * width, np.uint8)
    flat = ink.ravel()
    codes = np.zeros(height * width, np.uint8)
    due = np.zeros(height * width, np.int32)
    count = 0
    for y in range(1, height - 1):
        for at in range(y * width + 1, (y + 1) * width - 1):
            if flat[at]:
                skeleton[at] = 1
                count += 1
    queue = np.empty(count, np.int32)
    gone = np.empty(count, np.int32)
    queued = 0
    for y in range(1, height - 1):
        for at in range(y * width + 1, (y + 1) * width - 1):
            if skeleton[at]:
                code = 0
                for k in range(8):
                    code |= int(skeleton[at + step[k]]) << k
                codes[at] = code
                if code != 255:
                    queue[queued] = at
                    queued += 1
                    due[at] = 2
    turn = 0
    while queued:
        turn += 1
        lost = kept = 0
        for i in range(queued):
            at = queue[i]
            if GOES[1 - turn % 2, codes[at]]:
                gone[lost] = at
                lost += 1
                skeleton[at] = 0
            elif due[at] > turn:
                queue[kept] = at
                kept += 1
            else:
                due[at] = 0
        for i in range(lost):
            for k in range(8):
                at = gone[i] + step[k]
                codes[at] &= ~(1 << (k + 4) % 8)
                if skeleton[at]:
                    if due[at] <= turn:
                        queue[kept] = at
                        kept += 1
                    due[at] = turn + 2
        queued = kept
    return skeleton.reshape(height, width)


@native
def graph(skeleton: np.ndarray, ink: np.ndarray) -> Graph:
    """The branches of a skeleton: nodes are the pixels that do not have exactly two neighbours on a path."""
    height, width = skeleton.shape
    step = DY * width + DX
    flat = skeleton.ravel()
    pixels = np.flatnonzero(flat)
    paths = np.zeros(height * width, np.uint8)
    number = np.full(height * width, -1, np.int32)  # of a node; -2 - its branch where a path has been
    count = room = 0
    for at in pixels:
        code = 0
        for k in range(8):
            code |= int(flat[at + step[k]]) << k
        paths[at] = PATHS[code]
        degree = 0
        for k in range(8):
            degree += PATHS[code] >> k & 1
        if degree != 2:
            number[at] = count
            count += 1
            room += degree
    nodes = np.empty((count, 3))
    degrees = np.zeros(count, np.int32)
    most = room + len(pixels) // 4 + 1  # branches: a ring has four pixels or more
    points = np.empty((len(pixels) + 2 * room + most, 2))  # a ring ends with its first pixel once more
    starts = np.zeros(most + 1, np.int32)
    ends = np.full((most, 2), -1, np.int32)
    branches = n = 0
    for ring in (False, True):  # first what hangs on nodes; what is left then are rings
        for first in pixels:
            if (not ring and number[first] < 0) or (ring and number[first] != -1):
                continue
            if not ring:
                node = number[first]
                nodes[node, 0], nodes[node, 1] = first % width, first // width
                nodes[node, 2] = _radius(ink, first % width, first // width)
                if paths[first] == 0:  # a pixel alone: a branch of one point
                    points[n, 0], points[n, 1] = first % width, first // width
                    ends[branches, :] = node
                    branches += 1
                    n += 1
                    starts[branches] = n
            for k in range(8):
                if not paths[first] >> k & 1:
                    continue
                at = first + step[k]
                if number[at] < -1 or (number[at] >= 0 and at < first):
                    continue  # walked from its other end
                points[n, 0], points[n, 1] = first % width, first // width
                n += 1
                back = (k + 4) % 8
                while at != first and number[at] < 0:
                    points[n, 0], points[n, 1] = at % width, at // width
                    n += 1
                    number[at] = -2 - branches
                    for j in range(8):
                        if j != back and paths[at] >> j & 1:
                            at += step[j]
                            back = (j + 4) % 8
                            break
                points[n, 0], points[n, 1] = at % width, at // width
                n += 1
                if not ring:
                    ends[branches, 0], ends[branches, 1] = number[first], number[at]
                    degrees[number[first]] += 1
                    degrees[number[at]] += 1
                else:
                    number[first] = -2 - branches
                branches += 1
                starts[branches] = n
                if ring:
                    break
    return Graph(points[:n].copy(), starts[: branches + 1].copy(), ends[:branches].copy(), nodes, degrees)


@native
def _radius(ink: np.ndarray, x: int, y: int) -> float:
    """The radius of the largest disc of ink around a pixel of it: squares grow until no paper can be nearer."""
    height, width = ink.shape
    best = 1 << 30
    reach = 1
    while reach * reach <= best and reach < height + width:
        for row in range(y - reach, y + reach + 1):
            # whole rows above and below, only the two sides between
            stride = 1 if abs(row - y) == reach else 2 * reach
            for column in range(x - reach, x + reach + 1, stride):
                outside = row < 0 or column < 0 or row >= height or column >= width
                if outside or not ink[row, column]:
                    best = min(best, (row - y) ** 2 + (column - x) ** 2)
        reach += 1
    return math.sqrt(best) - 0.5


@native
def line_length(points: np.ndarray) -> float:
    """The length of a polyline (K, 2)."""
    total = 0.0
    for i in range(1, len(points)):
        total += math.hypot(points[i, 0] - points[i - 1, 0], points[i, 1] - points[i - 1, 1])
    return total


@native
def contract(graph: Graph, line_width: float) -> Graph:
    """The graph with each junction one node: what thinning split is joined, tiny loops and spurs are gone.

    Two junctions whose discs of ink overlap (Liao and Huang (1990), doi 10.1016/0031-3203(90)90017-H) are one, in
    the middle of both, with a radius that covers them. Junctions left with two branches only pass them through.
    """
    points, starts, ends, nodes, degrees = graph
    count, branches = len(nodes), len(ends)
    radii = np.minimum(nodes[:, 2], THICK * line_width / 2)
    root = np.arange(count)
    lengths = np.empty(branches)
    keep = np.ones(branches, np.bool_)
    for b in range(branches):
        lengths[b] = line_length(points[starts[b] : starts[b + 1]])
        a, z = ends[b]
        if a < 0 or a == z or degrees[a] < 3 or degrees[z] < 3:
            continue
        if lengths[b] < CONTRACT * (radii[a] + radii[z]):
            while root[a] != a:
                a = root[a]
            while root[z] != z:
                z = root[z]
            root[max(a, z)] = min(a, z)
            keep[b] = False
    for node in range(count):
        root[node] = root[root[node]]  # roots are smaller than what hangs on them
    members = np.zeros(count)
    merged = np.zeros((count, 3))
    for node in range(count):
        members[root[node]] += 1
        merged[root[node], :2] += nodes[node, :2]
    for node in range(count):
        if members[node]:
            merged[node, :2] /= members[node]
    for node in range(count):
        r = root[node]
        off = math.hypot(nodes[node, 0] - merged[r, 0], nodes[node, 1] - merged[r, 1])
        merged[r, 2] = max(merged[r, 2], off + radii[node])
    degree = np.zeros(count, np.int32)
    for b in range(branches):
        a, z = ends[b]
        if a < 0 or not keep[b]:
            continue
        if root[a] == root[z] and degrees[a] >= 3 and lengths[b] < RING * line_width:
            keep[b] = False
        else:
            degree[root[a]] += 1
            degree[root[z]] += 1
    # the shortest spur of a junction goes first, and only while more than two branches are left
    for b in np.argsort(lengths, kind="mergesort"):
        if not keep[b] or ends[b, 0] < 0:
            continue
        for side in range(2):
            tip, hub = ends[b, side], root[ends[b, 1 - side]]
            if degrees[tip] != 1 or degree[hub] < 3:
                continue
            out = math.hypot(nodes[tip, 0] - merged[hub, 0], nodes[tip, 1] - merged[hub, 1])
            if out + nodes[tip, 2] - merged[hub, 2] < SPUR * line_width:
                keep[b] = False
                degree[hub] -= 1
                degree[tip] -= 1
                break
    kept = np.flatnonzero(keep)
    new_points = np.empty_like(points)
    new_starts = np.zeros(len(kept) + 1, np.int32)
    new_ends = np.full((len(kept), 2), -1, np.int32)
    n = 0
    for i, b in enumerate(kept):
        size = starts[b + 1] - starts[b]
        new_points[n : n + size] = points[starts[b] : starts[b + 1]]
        n += size
        new_starts[i + 1] = n
        if ends[b, 0] >= 0:
            new_ends[i, 0], new_ends[i, 1] = root[ends[b, 0]], root[ends[b, 1]]
    return Graph(new_points[:n].copy(), new_starts, new_ends, merged, degree)
