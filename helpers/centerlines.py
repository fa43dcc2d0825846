"""A graph of branches to pen lines: sub-pixel refinement, pairing at junctions, trails, ends, simplification.

Compiled. Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from helpers.skeleton import Graph, line_length

FAINT = 0.08  # a line's cross-section ends where the grey falls below this
WIDE = 1.3  # a cross-section this many times the line width is of more than one line
MOST = 10  # branch ends at a junction that are matched exactly; 2 ** MOST states
CORNER = 0.6  # radians of turn over a line width or so: worth looking for a corner
SHIFT = 0.12  # line widths: a corner that is nearer stays
DOUBLE = 1.15  # line widths: a branch that is wider holds two lines
SHARED = 5.0
ARM = 1.2  # line widths on both sides of a corner that show its angle
LIMIT = 1.2
OVER = 0.1
NEAR = 0.25
FAR = 0.7
ZONE = 1.5  # how much line around a corner goes, in units of the corner's shift
BEND = 0.6  # radians: a sharper turn across a junction gets a corner point


class Lines(NamedTuple):
    """Pen lines. Line i is `points[starts[i]:starts[i + 1]]`, of one point where it is a dot; closed where `closed`."""

    points: np.ndarray
    starts: np.ndarray
    closed: np.ndarray


@njit(cache=True)
def sample(grey: np.ndarray, x: float, y: float) -> float:
    """The grey at a point, linear between pixel centres, the border's outside."""
    height, width = grey.shape
    x = min(max(x, 0.0), width - 1.001)
    y = min(max(y, 0.0), height - 1.001)
    column, row = int(x), int(y)
    x -= column
    y -= row
    above = grey[row, column] + x * (grey[row, column + 1] - grey[row, column])
    below = grey[row + 1, column] + x * (grey[row + 1, column + 1] - grey[row + 1, column])
    return above + y * (below - above)


@njit(cache=True)
def refine(graph: Graph, grey: np.ndarray, line_width: float) -> np.ndarray:
    """Moves the graph's points to the middle of the ink across the line, in place; the ink's width there (P,).

    Each point goes to the centroid of the grey along its normal, then [1 2 1] / 4 along the line; both twice. The
    width is the integral of the grey, or 0 where the cross-section does not end, as in a junction.
    """
    points, starts, ends = graph.points, graph.starts, graph.ends
    widths = np.zeros(len(points))
    moved = np.empty_like(points)
    reach = math.ceil(WIDE * line_width) + 1
    for b in range(len(ends)):
        first, last = starts[b], starts[b + 1] - 1
        if last - first < 2:
            continue
        ring = ends[b, 0] < 0
        size = last - first
        for turn in range(3):  # the first only smooths the staircase of pixels
            for i in range(first, last + 1):
                x, y = points[i]
                if turn:
                    if ring:
                        fore = first + (i - first + 3) % size
                        back = first + (i - first - 3 + size) % size
                    else:
                        fore, back = min(i + 3, last), max(i - 3, first)
                    dx, dy = points[fore, 0] - points[back, 0], points[fore, 1] - points[back, 1]
                    length = math.hypot(dx, dy)
                    if length > 0:
                        across_x, across_y = -dy / length, dx / length
                        here = sample(grey, x, y)
                        total, moment = here, 0.0
                        for side in (-1, 1):
                            before = here
                            over = True
                            for s in range(1, reach + 1):
                                value = sample(grey, x + side * s * across_x, y + side * s * across_y)
                                if value < FAINT or (value > before + 0.05 and before < 0.5):
                                    over = False
                                    break
                                total += value
                                moment += side * s * value
                                before = value
                            if over:
                                total = 0.0
                                break
                        widths[i] = total
                        if 0 < total < WIDE * line_width:
                            shift = moment / total
                            if abs(shift) < line_width / 2:
                                x += shift * across_x
                                y += shift * across_y
                moved[i, 0], moved[i, 1] = x, y
            for i in range(first, last + 1):
                if i > first and i < last:
                    fore, back = i + 1, i - 1
                elif ring:
                    fore, back = first + 1, last - 1
                else:
                    points[i] = moved[i]
                    continue
                for c in range(2):
                    points[i, c] = (moved[back, c] + 2 * moved[i, c] + moved[fore, c]) / 4
    return widths


@njit(cache=True)
def _along(points: np.ndarray, first: int, step: int, stop: int, distance: float) -> int:
    """The index of the point at that distance from `first` along the line, or `stop` where the line ends before."""
    i, walked = first, 0.0
    while i != stop and walked < distance:
        walked += math.hypot(points[i + step, 0] - points[i, 0], points[i + step, 1] - points[i, 1])
        i += step
    return i


@njit(cache=True)
def _turn(ax: float, ay: float, bx: float, by: float) -> float:
    """The angle between two unit vectors."""
    return math.acos(min(1.0, max(-1.0, ax * bx + ay * by)))


@njit(cache=True)
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


@njit(cache=True)
def _border(grey: np.ndarray, x: float, y: float, dx: float, dy: float, most: float) -> float:
    """How far the ink reaches from a point in a direction (a unit vector), at most about `most`."""
    reach, before = 0.0, sample(grey, x, y)
    while reach < most:
        value = sample(grey, x + (reach + 0.5) * dx, y + (reach + 0.5) * dy)
        if value < 0.5:
            return reach + 0.5 * max(0.0, before - 0.5) / max(before - value, 1e-9)
        before = value
        reach += 0.5
    return reach


@njit(cache=True)
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
    reach = _border(grey, points[near, 0], points[near, 1], dx, dy, 3 * line_width)
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


@njit(cache=True)
def _crossing(ax, ay, adx, ady, bx, by, bdx, bdy) -> tuple:
    """How far along two lines (a point and a unit vector each) they cross; infinite where they are parallel."""
    det = adx * bdy - ady * bdx
    if abs(det) < 0.05:
        return np.inf, np.inf
    along_a = ((bx - ax) * bdy - (by - ay) * bdx) / det
    along_b = ((bx - ax) * ady - (by - ay) * adx) / det
    return along_a, along_b


@njit(cache=True)
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
                    over = _border(grey, x, y, -exits[e, 2], -exits[e, 3], 2 * line_width)
                    # where ink stands out beyond the line that is met, the pen went through it
                    past = over - line_width / 2 if over > line_width / 2 / sine + OVER * line_width else 0.0
                    corner[e, 0], corner[e, 1] = x - past * exits[e, 2], y - past * exits[e, 3]
    return _walk(graph, low, high, mate, corner, dropped, grey, line_width)


@njit(cache=True)
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


@njit(cache=True)
def sharpen(lines: Lines, grey: np.ndarray, line_width: float) -> Lines:
    """Puts corners back where the pen turned: thinning and refinement cut them.

    At each sharpest point the ink's outer border is half a line width away from the true corner, along the
    bisector, whatever the angle; a line that bends gently stays where it is.
    """
    points, starts, closed = lines
    turns = np.zeros(len(points))
    keep = np.ones(len(points), np.bool_)
    out = points.copy()
    new_starts = np.zeros_like(starts)
    for line in range(len(starts) - 1):
        first, size = starts[line], starts[line + 1] - starts[line]
        period = size - 1 if closed[line] else size
        if size < 5:
            continue
        reach = np.empty((size, 2), np.int32)
        count = min(period // 2, math.ceil(ARM * line_width))  # points are about a pixel apart
        for i in range(period):
            for side in range(2):
                k = i + count * (1 - 2 * side)
                reach[i, side] = k % period if closed[line] else min(max(k, 0), size - 1)
            a, z = first + reach[i, 1], first + reach[i, 0]
            ax, ay = points[first + i, 0] - points[a, 0], points[first + i, 1] - points[a, 1]
            zx, zy = points[z, 0] - points[first + i, 0], points[z, 1] - points[first + i, 1]
            sizes = math.hypot(ax, ay) * math.hypot(zx, zy)
            if sizes > 0 and min(math.hypot(ax, ay), math.hypot(zx, zy)) > 0.5 * line_width:
                turns[first + i] = math.acos(min(1.0, max(-1.0, (ax * zx + ay * zy) / sizes)))
        for i in range(period):
            at = first + i
            if turns[at] < CORNER:
                continue
            k = reach[i, 1]
            highest = True
            while True:
                if turns[first + k] > turns[at] or (turns[first + k] == turns[at] and k < i):
                    highest = False
                    break
                if k == reach[i, 0]:
                    break
                k = (k + 1) % period
            if not highest:
                continue
            x, y = points[at]
            a, z = first + reach[i, 1], first + reach[i, 0]
            al, zl = math.hypot(points[a, 0] - x, points[a, 1] - y), math.hypot(points[z, 0] - x, points[z, 1] - y)
            dx = -(points[a, 0] - x) / al - (points[z, 0] - x) / zl
            dy = -(points[a, 1] - y) / al - (points[z, 1] - y) / zl
            length = math.hypot(dx, dy)
            if length < 1e-6:
                continue
            dx /= length
            dy /= length
            shift = _border(grey, x, y, dx, dy, 3 * line_width) - line_width / 2
            # two lines at this angle part at that distance from their corner
            apart = line_width / 2 / max(0.1, math.cos(turns[at] / 2))
            if shift < SHIFT * line_width or shift > LIMIT * apart:
                continue
            out[at, 0], out[at, 1] = x + shift * dx, y + shift * dy
            zone = ZONE * shift + 0.5 * line_width
            for side in range(2):
                k = i
                while k != reach[i, side]:
                    k = (k + 1 - 2 * side) % period
                    if math.hypot(points[first + k, 0] - x, points[first + k, 1] - y) > zone:
                        break
                    if not closed[line] and (k == 0 or k == size - 1):
                        break
                    keep[first + k] = False
        if closed[line]:
            out[first + period] = out[first]
            if not keep[first]:  # the seam is cut away: the ring closes at its first point that is left
                for i in range(period):
                    if keep[first + i]:
                        out[first + period] = out[first + i]
                        keep[first + period] = True
                        break
    n = 0
    for line in range(len(starts) - 1):
        for i in range(starts[line], starts[line + 1]):
            if keep[i]:
                out[n] = out[i]
                n += 1
        new_starts[line + 1] = n
    return Lines(out[:n].copy(), new_starts, closed)


@njit(cache=True)
def simplify(lines: Lines, epsilon: float, most: float) -> Lines:
    """Ramer-Douglas-Peucker, then each piece is the line that fits its points best and each vertex their crossing.

    No vertex moves further than `most`. The fit (total least squares) takes back what cutting at points costs.
    """
    points, starts, closed = lines
    out = np.empty_like(points)
    out_starts = np.zeros_like(starts)
    n = 0
    keep = np.zeros(len(points), np.bool_)
    stack = np.empty((len(points) + 1, 2), np.int32)
    for line in range(len(starts) - 1):
        first, last = starts[line], starts[line + 1] - 1
        keep[first] = keep[last] = True
        stack[0, 0], stack[0, 1] = first, last
        depth = 1
        while depth:
            depth -= 1
            a, z = stack[depth]
            dx, dy = points[z, 0] - points[a, 0], points[z, 1] - points[a, 1]
            length = math.hypot(dx, dy)
            worst, at = epsilon, -1
            for i in range(a + 1, z):
                x, y = points[i, 0] - points[a, 0], points[i, 1] - points[a, 1]
                t = (x * dx + y * dy) / length if length > 0 else 0.0
                if length == 0 or t < 0:
                    off = math.hypot(x, y)
                elif t > length:
                    off = math.hypot(points[i, 0] - points[z, 0], points[i, 1] - points[z, 1])
                else:
                    off = abs(x * dy - y * dx) / length
                if off > worst:
                    worst, at = off, i
            if at >= 0:
                keep[at] = True
                stack[depth, 0], stack[depth, 1] = a, at
                stack[depth + 1, 0], stack[depth + 1, 1] = at, z
                depth += 2
        kept = first + np.flatnonzero(keep[first : last + 1])
        fits = np.empty((len(kept), 4))  # a point of the line that fits, and its normal
        for k in range(len(kept) - 1):
            a, z = kept[k], kept[k + 1]
            x, y = points[a : z + 1, 0].mean(), points[a : z + 1, 1].mean()
            xx = yy = xy = 0.0
            for i in range(a, z + 1):
                dx, dy = points[i, 0] - x, points[i, 1] - y
                xx += dx * dx
                yy += dy * dy
                xy += dx * dy
            angle = 0.5 * math.atan2(2 * xy, xx - yy)
            fits[k, 0], fits[k, 1], fits[k, 2], fits[k, 3] = x, y, -math.sin(angle), math.cos(angle)
        for k in range(len(kept)):
            x, y = points[kept[k]]
            before, after = k - 1, k
            if closed[line] and len(kept) > 2:
                before, after = (k - 1) % (len(kept) - 1), k % (len(kept) - 1)
            # least squares: on both lines, and lightly where it was
            xx = yy = 0.02
            xy = px = py = 0.0
            for f in (before, after):
                if 0 <= f < len(kept) - 1:
                    nx, ny = fits[f, 2], fits[f, 3]
                    off = (fits[f, 0] - x) * nx + (fits[f, 1] - y) * ny
                    xx += nx * nx
                    xy += nx * ny
                    yy += ny * ny
                    px += off * nx
                    py += off * ny
            det = xx * yy - xy * xy
            dx, dy = (yy * px - xy * py) / det, (xx * py - xy * px) / det
            size = math.hypot(dx, dy)
            shrink = min(1.0, most / size) if size > 0 else 1.0
            out[n, 0], out[n, 1] = x + shrink * dx, y + shrink * dy
            n += 1
        out_starts[line + 1] = n
    return Lines(out[:n].copy(), out_starts, closed)
