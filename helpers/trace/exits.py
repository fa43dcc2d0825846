"""Where branches leave the ink of junctions, and which lines only cross. Compiled.

Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
A branch end has a number, see `walk.Joints`; its *exit* (x, y and a unit vector) is where the branch leaves the ink of
the junction, and the direction in which it does.
"""

import math
from typing import NamedTuple

import numpy as np

from helpers.sketch.native import native
from helpers.trace.skeleton import Graph, line_length
from helpers.trace.walk import Joints, along

# radians
BEND = 0.4  # a line that turns more where it passes a junction has a corner there
# in line widths
DOUBLE = 1.2  # a branch that is wider holds two lines
WIDE = 0.5  # so many points as wide at most are taken for the junction's
DIRECTION = 0.7  # over that much of a branch its direction is measured
SHARED = 5.0  # two lines that cross share no more ink than that


class Meetings(NamedTuple):
    """Where branches meet: the `exits` (2B, 4) of all branch ends; the ends at node i, `at[first[i]:stop[i]]`; how they
    go on, `joints`, so far only through crossings; and which nodes are `crossed`.
    """

    exits: np.ndarray
    at: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    joints: Joints
    crossed: np.ndarray


@native
def find_meetings(graph: Graph, widths: np.ndarray, line_width: float) -> Meetings:
    """Where branches leave the ink of junctions, and the lines that cross at a shallow angle, joined."""
    branches = len(graph.ends)
    low, high = _outside(graph, widths, line_width)
    exits = _exits(graph, low, high, line_width)
    mate = np.full(2 * branches, -1, np.int32)
    corner = np.full((2 * branches, 2), np.nan)
    joints = Joints(low, high, mate, corner, np.zeros(branches, np.bool_))
    at, first, stop = _ends_of_nodes(graph)
    crossed = _cross(graph, widths, exits, at, first, joints, line_width)
    return Meetings(exits, at, first, stop, joints, crossed)


@native
def turn(ax: float, ay: float, bx: float, by: float) -> float:
    """The angle between two unit vectors."""
    return math.acos(min(1.0, max(-1.0, ax * bx + ay * by)))


@native
def turn_through(exits: np.ndarray, a: int, z: int) -> float:
    """How much a line turns that comes out of one branch and goes on as the other."""
    return turn(exits[a, 2], exits[a, 3], -exits[z, 2], -exits[z, 3])


@native
def _outside(graph: Graph, widths: np.ndarray, line_width: float) -> tuple:
    """The first and the last point of each branch outside its junctions' ink, or its middle point where none is."""
    points, starts, ends, nodes, degrees = graph
    low, high = starts[:-1].copy(), starts[1:] - 1
    for b in range(len(ends)):
        if ends[b, 0] < 0:
            continue
        middle = (starts[b] + starts[b + 1] - 1) // 2
        for side in range(2):
            node = ends[b, side]
            if degrees[node] < 3:
                continue
            step, i = (1, low[b]) if side == 0 else (-1, high[b])
            x, y, radius = nodes[node]
            wide = 0.0
            while i != middle and wide < WIDE * line_width:
                out = math.hypot(points[i, 0] - x, points[i, 1] - y) - radius
                if out > 0:
                    if 0 < widths[i] < DOUBLE * line_width:
                        break
                    wide += 1
                i += step
            if side == 0:
                low[b] = i
            else:
                high[b] = i
    return low, high


@native
def _exits(graph: Graph, low: np.ndarray, high: np.ndarray, line_width: float) -> np.ndarray:
    """The exit of each branch end, (2B, 4): x, y and the direction away from the junction."""
    points, ends, nodes = graph.points, graph.ends, graph.nodes
    exits = np.zeros((2 * len(ends), 4))
    for b in range(len(ends)):
        if ends[b, 0] < 0:
            continue
        for side in range(2):
            first, stop, step = (low[b], high[b], 1) if side == 0 else (high[b], low[b], -1)
            far = along(points, first, step, stop, DIRECTION * line_width)
            dx, dy = points[far, 0] - points[first, 0], points[far, 1] - points[first, 1]
            if far == first:
                dx, dy = points[first, 0] - nodes[ends[b, side], 0], points[first, 1] - nodes[ends[b, side], 1]
            length = max(math.hypot(dx, dy), 1e-9)
            e = 2 * b + side
            exits[e, :2] = points[first]
            exits[e, 2], exits[e, 3] = dx / length, dy / length
    return exits


@native
def _ends_of_nodes(graph: Graph) -> tuple:
    """The branch ends node after node, and where each node's begin and stop; dots and rings have none."""
    starts, ends, degrees = graph.starts, graph.ends, graph.degrees
    first = np.zeros(len(degrees) + 1, np.int32)
    for node in range(len(degrees)):
        first[node + 1] = first[node] + degrees[node]
    stop = first[:-1].copy()
    at = np.zeros(max(1, first[-1]), np.int32)
    for b in range(len(ends)):
        if ends[b, 0] >= 0 and starts[b + 1] - starts[b] > 1:
            for side in range(2):
                at[stop[ends[b, side]]] = 2 * b + side
                stop[ends[b, side]] += 1
    return at, first, stop


@native
def _cross(
    graph: Graph,
    widths: np.ndarray,
    exits: np.ndarray,
    at: np.ndarray,
    first: np.ndarray,
    joints: Joints,
    line_width: float,
) -> np.ndarray:
    """Joins lines that cross at a shallow angle: whether each node is one of the two where such lines meet and part.

    They share ink for a while, and that branch is wider than one line. It is dropped.
    """
    points, starts, ends, nodes, degrees = graph
    crossed = np.zeros(len(nodes), np.bool_)
    arms = np.empty((2, 2), np.int32)  # the two other branch ends on either side
    turns = np.empty((2, 2))
    for b in range(len(ends)):
        a, z = ends[b]
        if a < 0 or a == z or degrees[a] != 3 or degrees[z] != 3 or crossed[a] or crossed[z]:
            continue
        wide = 0
        for i in range(starts[b], starts[b + 1]):
            wide += widths[i] == 0 or widths[i] > DOUBLE * line_width
        line = points[starts[b] : starts[b + 1]]
        if 2 * wide < len(line) or line_length(line) > SHARED * line_width:
            continue
        for side in range(2):
            k = 0
            for i in range(first[ends[b, side]], first[ends[b, side]] + 3):
                if at[i] // 2 != b:
                    arms[side, k] = at[i]
                    k += 1
        for i in range(2):
            for j in range(2):
                turns[i, j] = turn_through(exits, arms[0, i], arms[1, j])
        flip = int(turns[0, 1] + turns[1, 0] < turns[0, 0] + turns[1, 1])
        if max(turns[0, flip], turns[1, 1 - flip]) < BEND:
            for i in range(2):
                e, f = arms[0, i], arms[1, i ^ flip]
                joints.mate[e], joints.mate[f] = f, e
            joints.dropped[b] = crossed[a] = crossed[z] = True
    return crossed
