"""Pen lines in grey: moved to the middle of the ink, sharpened at corners, simplified.

Compiled. Coordinates are x, y in pixels of the image at work; `line_width` and every length are in its pixels too.
"""

import math
from typing import NamedTuple

import numpy as np

from helpers.sketch.native import native
from helpers.trace.skeleton import Graph

FAINT = 0.08  # a line's cross-section ends where the grey falls below this
WIDE = 1.3  # a cross-section this many times the line width is of more than one line
# of corners, in line widths but for the first
CORNER = 0.6  # radians that the line turns there
ARM = 1.2  # how much line on both sides shows the angle
SHIFT = 0.12  # a corner that is nearer stays
LIMIT = 1.2  # of what two lines at this angle can be cut by: farther out is other ink
ZONE = 1.5  # how much line around the corner goes, in units of its shift


class Lines(NamedTuple):
    """Pen lines. Line i is `points[starts[i]:starts[i + 1]]`, of one point where it is a dot; closed where `closed`."""

    points: np.ndarray
    starts: np.ndarray
    closed: np.ndarray


@native
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


@native
def border(grey: np.ndarray, x: float, y: float, dx: float, dy: float, most: float) -> float:
    """How far the ink reaches from a point in a direction (a unit vector), at most about `most`."""
    reach, before = 0.0, sample(grey, x, y)
    while reach < most:
        value = sample(grey, x + (reach + 0.5) * dx, y + (reach + 0.5) * dy)
        if value < 0.5:
            return reach + 0.5 * max(0.0, before - 0.5) / max(before - value, 1e-9)
        before = value
        reach += 0.5
    return reach


@native
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


@native
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
            shift = border(grey, x, y, dx, dy, 3 * line_width) - line_width / 2
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


@native
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
