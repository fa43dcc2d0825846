"""Ink to a graph of branches: thinning, then the graph of the pixels left. Compiled; coordinates are x, y."""

import math
from typing import NamedTuple

import numpy as np

from helpers.sketch.native import native

# the eight neighbours, clockwise from the one above; bit k of a neighbour code stands for neighbour k
DX = np.array([0, 1, 1, 1, 0, -1, -1, -1])
DY = np.array([-1, -1, 0, 1, 1, 1, 0, -1])


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
    """The skeleton (H, W), 1 on 0, of ink (H, W), not 0 on 0, with a border of paper: Guo-Hall, both passes in turn.

    The tables are those of `skimage.morphology.thin`, with which a test compares it: for a drawing of 128 pixels that
    takes 3.7 ms, this 0.14. A queue holds the pixels whose neighbours have changed since they were last looked at, so
    the time depends on the amount of ink and not on the size of the image and the number of passes.
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
    width = skeleton.shape[1]
    step = DY * width + DX
    flat = skeleton.ravel()
    pixels = np.flatnonzero(flat)
    paths, number, count, room = _neighbours(flat, pixels, step)
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
                    number[at] = -2 - branches  # walked
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
def _neighbours(flat: np.ndarray, pixels: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, int]:
    """For each pixel the neighbours that its paths lead to, in bits, and its number if it is a node (-1 if not).

    Then how many nodes there are, and how many paths lead from them.
    """
    paths = np.zeros(len(flat), np.uint8)
    number = np.full(len(flat), -1, np.int32)
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
            room += max(1, degree)  # a lone pixel is a branch too
    return paths, number, count, room


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
