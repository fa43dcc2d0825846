"""A graph of branches to lines: which branch goes on as which through a junction, and where lines end.

Compiled. Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
"""

import math

import numpy as np

from helpers.sketch.native import native
from helpers.trace.centerlines import Lines, border
from helpers.trace.skeleton import Graph, line_length

MOST = 10  # branch ends at a junction that are matched exactly; 2 ** MOST states
BEND = 0.6  # radians: a sharper turn across a junction gets a corner point
# in line widths
DOUBLE = 1.15  # a branch that is wider holds two lines
SHARED = 5.0  # two lines that cross share no more ink than that
OVER = 0.1  # ink that stands out more beyond the line that is met is the end of the line that meets it
NEAR, FAR = 0.25, 0.7  # from the skeleton's tip: where the direction of a free end is measured


@native
def _along(points: np.ndarray, first: int, step: int, stop: int, distance: float) -> int:
    """The index of the point at that distance from `first` along the line, or `stop` where the line ends before."""
    i, walked = first, 0.0
    while i != stop and walked < distance:
        walked += math.hypot(points[i + step, 0] - points[i, 0], points[i + step, 1] - points[i, 1])
        i += step
    return i


@native
def _turn(ax: float, ay: float, bx: float, by: float) -> float:
    """The angle between two unit vectors."""
    return math.acos(min(1.0, max(-1.0, ax * bx + ay * by)))


@native
def _match(cost: np.ndarray) -> np.ndarray:
    """The partner of each of n, -1 for the one left where n is odd: the least sum of costs of all complete pairings.

    Exact up to MOST (dynamic programming over subsets); beyond that the cheapest pair goes first.
    """
    n = len(cost)
    mate = np.full(n, -1, np.int32)
    if n > MOST:
        for _ in range(n // 2):
            best, a, b = np.inf, 0, 0
            for i in range(n):
                for j in range(i):
                    if mate[i] < 0 and mate[j] < 0 and cost[i, j] < best:
                        best, a, b = cost[i, j], i, j
            mate[a], mate[b] = b, a
        return mate
    full = 1 << n
    best = np.full(full, np.inf)
    choice = np.zeros(full, np.int32)
    best[0] = 0.0
    for done in range(full):
        if best[done] == np.inf:
            continue
        i = 0
        while done >> i & 1:
            i += 1
        if i == n:
            continue
        skipped = 0
        for k in range(n):
            skipped += done >> k & 1
        for j in range(i, n):
            if done >> j & 1 or (j == i and (n % 2 == 0 or skipped % 2)):
                continue
            then = done | 1 << i | 1 << j
            value = best[done] + (0.0 if j == i else cost[i, j])
            if value < best[then]:
                best[then] = value
                choice[then] = i * n + j
    done = full - 1
    while done:
        i, j = choice[done] // n, choice[done] % n
        if i != j:
            mate[i], mate[j] = j, i
        done &= ~(1 << i | 1 << j)
    return mate


@native
def _tip(points: np.ndarray, first: int, stop: int, grey: np.ndarray, line_width: float) -> tuple:
    """Where a free end truly ends, half a line width inside the ink's border, and the index of the next point."""
    step = 1 if stop > first else -1
    near = _along(points, first, step, stop, NEAR * line_width)
    far = _along(points, near, step, stop, FAR * line_width)
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
    points, starts, ends, nodes, degrees = graph
    branches = len(ends)
    low, high = starts[:-1].copy(), starts[1:] - 1
    exits = np.zeros((2 * branches, 4))  # x, y and the direction away from the junction
    corner = np.full((2 * branches, 2), np.nan)
    mate = np.full(2 * branches, -1, np.int32)
    dropped = np.zeros(branches, np.bool_)
    for b in range(branches):
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
            while i != middle and wide < 2 * line_width:
                out = math.hypot(points[i, 0] - x, points[i, 1] - y) - radius
                if out > 0:
                    if 0 < widths[i] < 1.15 * line_width:
                        break
                    wide += 1
                i += step
            if side == 0:
                low[b] = i
            else:
                high[b] = i
        for side in range(2):
            first, stop, step = (low[b], high[b], 1) if side == 0 else (high[b], low[b], -1)
            far = _along(points, first, step, stop, 1.0 * line_width)
            e = 2 * b + side
            exits[e, :2] = points[first]
            dx, dy = points[far, 0] - points[first, 0], points[far, 1] - points[first, 1]
            if far == first:
                dx, dy = points[first, 0] - nodes[ends[b, side], 0], points[first, 1] - nodes[ends[b, side], 1]
            length = max(math.hypot(dx, dy), 1e-9)
            exits[e, 2], exits[e, 3] = dx / length, dy / length

    # the branch ends of each node, node after node
    first_end = np.zeros(len(nodes) + 1, np.int32)
    for node in range(len(nodes)):
        first_end[node + 1] = first_end[node] + degrees[node]
    fill = first_end[:-1].copy()
    ends_at = np.zeros(max(1, first_end[-1]), np.int32)
    for b in range(branches):
        if ends[b, 0] >= 0 and starts[b + 1] - starts[b] > 1:
            for side in range(2):
                ends_at[fill[ends[b, side]]] = 2 * b + side
                fill[ends[b, side]] += 1
    crossed = np.zeros(len(nodes), np.bool_)
    arms = np.empty((2, 2), np.int32)
    for b in range(branches):
        # two lines that cross at a shallow angle share ink for a while, and that branch is wider than one line
        a, z = ends[b]
        if a < 0 or a == z or degrees[a] != 3 or degrees[z] != 3 or crossed[a] or crossed[z]:
            continue
        line = points[starts[b] : starts[b + 1]]
        wide = 0
        for i in range(starts[b], starts[b + 1]):
            wide += widths[i] == 0 or widths[i] > DOUBLE * line_width
        if 2 * wide < len(line) or line_length(line) > SHARED * line_width:
            continue
        for side in range(2):
            k = 0
            for i in range(first_end[ends[b, side]], fill[ends[b, side]]):
                if ends_at[i] // 2 != b and k < 2:
                    arms[side, k] = ends_at[i]
                    k += 1
        turns = np.empty((2, 2))
        for i in range(2):
            for j in range(2):
                e, f = arms[0, i], arms[1, j]
                turns[i, j] = _turn(exits[e, 2], exits[e, 3], -exits[f, 2], -exits[f, 3])
        flip = int(turns[0, 1] + turns[1, 0] < turns[0, 0] + turns[1, 1])
        if max(turns[0, flip], turns[1, 1 - flip]) < BEND:
            for i in range(2):
                e, f = arms[0, i], arms[1, i ^ flip]
                mate[e], mate[f] = f, e
            dropped[b] = crossed[a] = crossed[z] = True
    for node in range(len(nodes)):
        here = ends_at[first_end[node] : fill[node]]
        n = len(here)
        if n < 2 or crossed[node]:
            continue
        if n == 3:
            for k in range(3):  # is k the common ink of the other two?
                e, a, z = here[k], here[(k + 1) % 3], here[(k + 2) % 3]
                b = e // 2
                if degrees[ends[b, 1 - e % 2]] != 1:
                    continue
                opening = _turn(exits[a, 2], exits[a, 3], exits[z, 2], exits[z, 3])
                bx, by = exits[a, 2] + exits[z, 2], exits[a, 3] + exits[z, 3]
                if opening > 1.9:
                    continue
                first, stop = (starts[b], starts[b + 1] - 1) if e % 2 else (starts[b + 1] - 1, starts[b])
                x, y, _ = _tip(points, first, stop, grey, line_width)
                out = math.hypot(x - nodes[node, 0], y - nodes[node, 1])
                apart = line_width / 2 / max(math.sin(opening / 2), 0.1)
                size = math.hypot(bx, by)
                straight = (x - nodes[node, 0]) * bx + (y - nodes[node, 1]) * by
                if out < 1.3 * apart + 0.3 * line_width and straight < -0.7 * out * size:
                    mate[a], mate[z] = z, a
                    corner[a, 0], corner[a, 1] = x, y
                    corner[z] = corner[a]
                    dropped[b] = True
                    break
            if mate[here[0]] >= 0 or mate[here[1]] >= 0:
                continue
        cost = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                a, z = here[i], here[j]
                cost[i, j] = _turn(exits[a, 2], exits[a, 3], -exits[z, 2], -exits[z, 3])
        pairs = _match(cost)
        for i in range(n):
            if pairs[i] < 0:
                continue
            a, z = here[i], here[pairs[i]]
            mate[a] = z
            if n > 2 and cost[i, pairs[i]] > BEND:
                s, t = _crossing(
                    exits[a, 0],
                    exits[a, 1],
                    exits[a, 2],
                    exits[a, 3],
                    exits[z, 0],
                    exits[z, 1],
                    exits[z, 2],
                    exits[z, 3],
                )
                if s < 0.5 * line_width and t < 0.5 * line_width:
                    x, y = exits[a, 0] + s * exits[a, 2], exits[a, 1] + s * exits[a, 3]
                    if math.hypot(x - nodes[node, 0], y - nodes[node, 1]) < nodes[node, 2] + line_width:
                        corner[a, 0], corner[a, 1] = x, y
        for i in range(n):
            if pairs[i] >= 0:
                continue
            e = here[i]
            best = nodes[node, 2] + 2 * line_width
            corner[e] = nodes[node, :2]
            for j in range(n):
                a, z = here[j], mate[here[j]]
                if z < 0 or a > z:
                    continue
                dx, dy = exits[z, 0] - exits[a, 0], exits[z, 1] - exits[a, 1]
                length = max(math.hypot(dx, dy), 1e-9)
                s, t = _crossing(
                    exits[e, 0],
                    exits[e, 1],
                    -exits[e, 2],
                    -exits[e, 3],
                    exits[a, 0],
                    exits[a, 1],
                    dx / length,
                    dy / length,
                )
                if 0 <= s < best and -line_width / 2 < t < length + line_width / 2:
                    best = s
                    sine = max(0.3, abs(exits[e, 3] * dx - exits[e, 2] * dy) / length)
                    x, y = exits[e, 0] - s * exits[e, 2], exits[e, 1] - s * exits[e, 3]
                    over = border(grey, x, y, -exits[e, 2], -exits[e, 3], 2 * line_width)
                    # where ink stands out beyond the line that is met, the pen went through it
                    past = over - line_width / 2 if over > line_width / 2 / sine + OVER * line_width else 0.0
                    corner[e, 0], corner[e, 1] = x - past * exits[e, 2], y - past * exits[e, 3]
    return _walk(graph, low, high, mate, corner, dropped, grey, line_width)


@native
def _walk(graph, low, high, mate, corner, dropped, grey, line_width) -> Lines:
    """The lines: from each end without a partner on through the partners, then the closed ones."""
    points, starts, ends, degrees = graph.points, graph.starts, graph.ends, graph.degrees
    branches = len(ends)
    out = np.empty((len(points) + 4 * branches + 4, 2))
    line_starts = np.zeros(branches + 1, np.int32)
    closed = np.zeros(branches, np.bool_)
    walked = dropped.copy()
    n = lines = 0
    for seed in range(4 * branches):
        e = seed % (2 * branches)
        if walked[e // 2] or (seed < 2 * branches and mate[e] >= 0):
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
            start = e
            while True:
                b, side = e // 2, e % 2
                walked[b] = True
                first, last, step = (low[b], high[b], 1) if side == 0 else (high[b], low[b], -1)
                free = degrees[ends[b, side]] == 1
                if free:
                    x, y, first = _tip(points, first, last, grey, line_width)
                    out[n, 0], out[n, 1] = x, y
                    n += 1
                elif e == start and mate[e] < 0 and not math.isnan(corner[e, 0]):
                    out[n] = corner[e]
                    n += 1
                e = 2 * b + 1 - side
                x = y = np.nan
                if degrees[ends[b, 1 - side]] == 1:
                    x, y, last = _tip(points, last, first, grey, line_width)
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
            if e >= 0 and e == start:
                out[n] = out[begin]
                n += 1
                closed[lines] = True
        if line_length(out[begin:n]) < 0.4 * line_width:
            for c in range(2):
                out[begin, c] = out[begin:n, c].mean()
            n = begin + 1
            closed[lines] = False
        lines += 1
        line_starts[lines] = n
    return Lines(out[:n].copy(), line_starts[: lines + 1].copy(), closed[:lines].copy())
