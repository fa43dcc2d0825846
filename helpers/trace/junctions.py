"""A graph of branches to lines: which branch goes on as which through a junction.

Compiled. Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
A branch end has a number, see `walk.Joints`; its *exit* (x, y and a unit vector) is where the branch leaves the ink of
the junction, and the direction in which it does.
"""

import math

import numpy as np

from helpers.sketch.native import native
from helpers.trace.centerlines import Lines, border
from helpers.trace.pairing import match
from helpers.trace.skeleton import Graph, line_length
from helpers.trace.walk import Joints, along, tip, walk

# radians
BEND = 0.6  # a sharper turn across a junction gets a corner point
OPENING = 1.9  # lines that meet at a wider angle share no ink beyond their corner
# in line widths
DOUBLE = 1.15  # a branch that is wider holds two lines
WIDE = 2.0  # so many points as wide at most are taken for the junction's
DIRECTION = 1.0  # over that much of a branch its direction is measured
SHARED = 5.0  # two lines that cross share no more ink than that
ROUGH = 0.3  # a spur may be longer by that than the corner it stands for
BEHIND = 0.5  # where two lines cross is their corner, up to that far outside the junction's ink
BEYOND = 0.5  # a line is met up to that far past the junction's ink
REACH = 2.0  # from a junction, a line that ends there looks that far for the one it meets
OVER = 0.1  # ink that stands out more beyond the line that is met is the end of the line that meets it
# of the distance from where two lines' middles meet to where their outer edges do
CORNER = 1.3  # a spur that is longer is a line
# of -1, the cosine of opposite directions
OPPOSITE = 0.7  # a spur turns at least so much away from the two lines whose corner it is


@native
def _turn(ax: float, ay: float, bx: float, by: float) -> float:
    """The angle between two unit vectors."""
    return math.acos(min(1.0, max(-1.0, ax * bx + ay * by)))


@native
def _turn_through(exits: np.ndarray, a: int, z: int) -> float:
    """How much a line turns that comes out of one branch and goes on as the other."""
    return _turn(exits[a, 2], exits[a, 3], -exits[z, 2], -exits[z, 3])


@native
def _crossing(ax, ay, adx, ady, bx, by, bdx, bdy) -> tuple:
    """How far along two lines (a point and a unit vector each) they cross; infinite where they are parallel."""
    det = adx * bdy - ady * bdx
    if abs(det) < 0.05:
        return np.inf, np.inf
    along_a = ((bx - ax) * bdy - (by - ay) * bdx) / det
    along_b = ((bx - ax) * ady - (by - ay) * adx) / det
    return along_a, along_b


@native
def join(graph: Graph, widths: np.ndarray, grey: np.ndarray, line_width: float) -> Lines:
    """The fewest lines that follow every branch once and go straight on through junctions.

    Branch ends at a junction are paired so that the sum of the turning angles, measured outside the junction's ink,
    is the least; the odd one out ends on the line it meets. The distorted middle of a junction is cut out. A short
    spur that is the common ink of two lines at an acute angle becomes their corner.
    """
    branches = len(graph.ends)
    low, high = _outside(graph, widths, line_width)
    exits = _exits(graph, low, high, line_width)
    mate = np.full(2 * branches, -1, np.int32)
    corner = np.full((2 * branches, 2), np.nan)
    joints = Joints(low, high, mate, corner, np.zeros(branches, np.bool_))
    at, first, stop = _ends_of_nodes(graph)
    crossed = _cross(graph, widths, exits, at, first, joints, line_width)
    for node in range(len(graph.nodes)):
        here = at[first[node] : stop[node]]
        if len(here) < 2 or crossed[node]:
            continue
        if len(here) == 3 and _turn_at_spur(here, node, graph, exits, grey, joints, line_width):
            continue
        _pair(here, node, graph, exits, joints, line_width)
        _meet(here, node, graph, exits, grey, joints, line_width)
    return walk(graph, joints, grey, line_width)


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
                turns[i, j] = _turn_through(exits, arms[0, i], arms[1, j])
        flip = int(turns[0, 1] + turns[1, 0] < turns[0, 0] + turns[1, 1])
        if max(turns[0, flip], turns[1, 1 - flip]) < BEND:
            for i in range(2):
                e, f = arms[0, i], arms[1, i ^ flip]
                joints.mate[e], joints.mate[f] = f, e
            joints.dropped[b] = crossed[a] = crossed[z] = True
    return crossed


@native(forceinline=True)
def _turn_at_spur(
    here: np.ndarray,
    node: int,
    graph: Graph,
    exits: np.ndarray,
    grey: np.ndarray,
    joints: Joints,
    line_width: float,
) -> bool:
    """Joins two of a junction's three branches where the third is their common ink: whether it is.

    Two lines that meet at an acute angle overlap as far as their outer corner: thinning makes a spur of that.
    """
    points, starts, ends, nodes, degrees = graph
    for k in range(3):
        e, a, z = here[k], here[(k + 1) % 3], here[(k + 2) % 3]
        b = e // 2
        if degrees[ends[b, 1 - e % 2]] != 1:
            continue
        opening = _turn(exits[a, 2], exits[a, 3], exits[z, 2], exits[z, 3])
        if opening > OPENING:
            continue
        first, stop = (starts[b], starts[b + 1] - 1) if e % 2 else (starts[b + 1] - 1, starts[b])
        x, y, _ = tip(points, first, stop, grey, line_width)
        out = math.hypot(x - nodes[node, 0], y - nodes[node, 1])
        apart = line_width / 2 / max(math.sin(opening / 2), 0.1)
        bx, by = exits[a, 2] + exits[z, 2], exits[a, 3] + exits[z, 3]
        size = math.hypot(bx, by)
        straight = (x - nodes[node, 0]) * bx + (y - nodes[node, 1]) * by
        if out < CORNER * apart + ROUGH * line_width and straight < -OPPOSITE * out * size:
            joints.mate[a], joints.mate[z] = z, a
            joints.corner[a, 0], joints.corner[a, 1] = x, y
            joints.corner[z] = joints.corner[a]
            joints.dropped[b] = True
            return True
    return False


@native(forceinline=True)
def _pair(here: np.ndarray, node: int, graph: Graph, exits: np.ndarray, joints: Joints, line_width: float) -> None:
    """Pairs a junction's branch ends so that they turn least, and puts corners where they turn much."""
    nodes = graph.nodes
    n = len(here)
    cost = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            cost[i, j] = _turn_through(exits, here[i], here[j])
    pairs = match(cost)
    for i in range(n):
        if pairs[i] < 0:
            continue
        a, z = here[i], here[pairs[i]]
        joints.mate[a] = z
        if n > 2 and cost[i, pairs[i]] > BEND:
            xa, ya, dxa, dya = exits[a]
            s, t = _crossing(xa, ya, dxa, dya, exits[z, 0], exits[z, 1], exits[z, 2], exits[z, 3])
            if s < BEHIND * line_width and t < BEHIND * line_width:
                x, y = xa + s * dxa, ya + s * dya
                if math.hypot(x - nodes[node, 0], y - nodes[node, 1]) < nodes[node, 2] + line_width:
                    joints.corner[a, 0], joints.corner[a, 1] = x, y


@native(forceinline=True)
def _meet(
    here: np.ndarray,
    node: int,
    graph: Graph,
    exits: np.ndarray,
    grey: np.ndarray,
    joints: Joints,
    line_width: float,
) -> None:
    """Ends the branch of a junction that has no partner on the line it meets, or past it where its ink goes through."""
    nodes, mate, corner = graph.nodes, joints.mate, joints.corner
    for e in here:
        if mate[e] >= 0:
            continue
        best = nodes[node, 2] + REACH * line_width
        corner[e] = nodes[node, :2]
        xe, ye, dxe, dye = exits[e]
        for a in here:
            z = mate[a]
            if z < 0 or a > z:
                continue
            dx, dy = exits[z, 0] - exits[a, 0], exits[z, 1] - exits[a, 1]
            length = max(math.hypot(dx, dy), 1e-9)
            s, t = _crossing(xe, ye, -dxe, -dye, exits[a, 0], exits[a, 1], dx / length, dy / length)
            if 0 <= s < best and -BEYOND * line_width < t < length + BEYOND * line_width:
                best = s
                sine = max(0.3, abs(dye * dx - dxe * dy) / length)
                x, y = xe - s * dxe, ye - s * dye
                over = border(grey, x, y, -dxe, -dye, 2 * line_width)
                past = over - line_width / 2 if over > line_width / 2 / sine + OVER * line_width else 0.0
                corner[e, 0], corner[e, 1] = x - past * dxe, y - past * dye
