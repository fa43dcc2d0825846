"""A graph of branches to lines: which branch goes on as which through a junction.

Compiled. Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
"""

import math

import numpy as np

from helpers.sketch.native import native
from helpers.trace.centerlines import Lines, border, grey_at
from helpers.trace.exits import BEND, find_meetings, turn, turn_through
from helpers.trace.ink import INK
from helpers.trace.loops import loop_kinds, open_loops
from helpers.trace.pairing import match
from helpers.trace.skeleton import Graph
from helpers.trace.walk import Joints, tip, walk

# radians
OPENING = 1.9  # lines that meet at a wider angle share no ink beyond their corner
ALIKE = 0.6  # a line that turns less where it meets another runs into it
# in line widths
ROUGH = 0.3  # a spur may be longer by that than the corner it stands for
BEHIND = 0.5  # where two lines cross is their corner, up to that far outside the junction's ink
ASIDE = 0.6  # the skeleton is not cut short where it lies farther off the straight way
BEYOND = 0.5  # a line is met up to that far past the junction's ink
REACH = 2.0  # from a junction, a line that ends there looks that far for the one it meets
OVER = 0.1  # ink that stands out more beyond the line that is met is the end of the line that meets it
# of black
DIP = 0.85  # a line that is paler on its way to a junction stops short of it
# of the distance from where two lines' middles meet to where their outer edges do
CORNER = 1.3  # a spur that is longer is a line
# of -1, the cosine of opposite directions
OPPOSITE = 0.7  # a spur turns at least so much away from the two lines whose corner it is
# of what a line that meets another at an angle has of its ink's edge
SLANT = 0.3  # the sine of the least angle


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
    is the least; the odd one out ends on the line it meets, or before it where paper shows between them. The distorted
    middle of a junction is cut out. A short spur that is the common ink of two lines at an acute angle becomes their
    corner; ink as broad as two lines becomes two.
    """
    exits, at, first, stop, joints, crossed = find_meetings(graph, widths, line_width)
    kinds = loop_kinds(graph, widths, joints.dropped, line_width)
    if kinds.any():
        graph, widths = open_loops(graph, widths, kinds, grey, line_width)
        exits, at, first, stop, joints, crossed = find_meetings(graph, widths, line_width)
    for node in range(len(graph.nodes)):
        here = at[first[node] : stop[node]]
        if len(here) < 2 or crossed[node]:
            continue
        if len(here) == 3 and _turn_at_spur(here, node, graph, exits, grey, joints, line_width):
            continue
        _pair(here, node, graph, exits, grey, joints, line_width)
        _meet(here, node, graph, exits, grey, joints, line_width)
    return walk(graph, joints, grey, line_width)


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
        opening = turn(exits[a, 2], exits[a, 3], exits[z, 2], exits[z, 3])
        if opening > OPENING:
            continue
        first, stop = (starts[b], starts[b + 1] - 1) if e % 2 else (starts[b + 1] - 1, starts[b])
        if _stops_short(exits, a, nodes, node, grey) or _stops_short(exits, z, nodes, node, grey):
            continue
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


@native
def _stops_short(exits: np.ndarray, e: int, nodes: np.ndarray, node: int, grey: np.ndarray) -> bool:
    """Whether paper shows between a junction and where a branch leaves its ink."""
    dx, dy = exits[e, 0] - nodes[node, 0], exits[e, 1] - nodes[node, 1]
    length = max(math.hypot(dx, dy), 1e-9)
    return not math.isnan(_dip(nodes[node, 0], nodes[node, 1], dx / length, dy / length, length, grey))


@native
def _dip(x: float, y: float, dx: float, dy: float, far: float, grey: np.ndarray) -> float:
    """How far along a way (a point, a unit vector, a length) it is palest, NaN where it is dark all the way."""
    palest, at, reach = DIP, np.nan, 0.0
    while reach < far:
        value = grey_at(grey, x + reach * dx, y + reach * dy)
        if value < palest:
            palest, at = value, reach
        reach += 0.5
    return at


@native(forceinline=True)
def _pair(
    here: np.ndarray,
    node: int,
    graph: Graph,
    exits: np.ndarray,
    grey: np.ndarray,
    joints: Joints,
    line_width: float,
) -> None:
    """Pairs a junction's branch ends so that they turn least, and puts corners where they turn much."""
    nodes = graph.nodes
    n = len(here)
    cost = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            cost[i, j] = turn_through(exits, here[i], here[j])
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
                near = math.hypot(x - nodes[node, 0], y - nodes[node, 1]) < nodes[node, 2] + line_width
                if near and grey_at(grey, x, y) > INK:
                    joints.corner[a, 0], joints.corner[a, 1] = x, y
        if a < z and math.isnan(joints.corner[a, 0]):
            _follow_skeleton(graph, exits, joints, a, z, ASIDE * line_width)


@native
def _follow_skeleton(graph: Graph, exits: np.ndarray, joints: Joints, a: int, z: int, most: float) -> None:
    """Gives a line that goes on from one branch end as another the points that were cut out between, if these lie
    farther off the straight way than thinning moves them: there the line itself bends."""
    points, starts = graph.points, graph.starts
    x, y = exits[a, 0], exits[a, 1]
    dx, dy = exits[z, 0] - x, exits[z, 1] - y
    length = math.hypot(dx, dy)
    off = 0.0
    for e in (a, z):
        b = e // 2
        first, stop, step = (starts[b], joints.low[b], 1) if e % 2 == 0 else (starts[b + 1] - 1, joints.high[b], -1)
        for i in range(first, stop, step):
            px, py = points[i, 0] - x, points[i, 1] - y
            off = max(off, abs(px * dy - py * dx) / length if length > 0 else math.hypot(px, py))
    if off <= most:
        return
    for e in (a, z):
        if e % 2 == 0:
            joints.low[e // 2] = starts[e // 2]
        else:
            joints.high[e // 2] = starts[e // 2 + 1] - 1


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
        least = ALIKE
        for a in here:
            if mate[a] >= 0 and turn_through(exits, e, a) < least:
                least = turn_through(exits, e, a)
                corner[e] = exits[a, :2]
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
                sine = max(SLANT, abs(dye * dx - dxe * dy) / length)
                x, y = xe - s * dxe, ye - s * dye
                over = border(grey, x, y, -dxe, -dye, 2 * line_width)
                past = over - line_width / 2 if over > line_width / 2 / sine + OVER * line_width else 0.0
                gap = _dip(xe, ye, -dxe, -dye, s, grey)
                if not math.isnan(gap):
                    back = 2 * (s - gap) + line_width / 2 - line_width / 2 / sine
                    past = -min(s, max(back, line_width / 2))
                corner[e, 0], corner[e, 1] = x - past * dxe, y - past * dye
