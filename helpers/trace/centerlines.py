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
ARM = 0.9  # how much line on both sides shows the angle
SHIFT = 0.12  # a corner that is nearer stays
LIMIT = 1.0  # of what two lines at this angle can be cut by: farther out is other ink
ZONE = 1.5  # how much line around the corner goes, in units of its shift


class Lines(NamedTuple):
    """Pen lines. Line i is `points[starts[i]:starts[i + 1]]`, of one point where it is a dot; closed where `closed`."""

    points: np.ndarray
    starts: np.ndarray
    closed: np.ndarray


@native
def grey_at(grey: np.ndarray, x: float, y: float) -> float:
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
    reach, before = 0.0, grey_at(grey, x, y)
    while reach < most:
        value = grey_at(grey, x + (reach + 0.5) * dx, y + (reach + 0.5) * dy)
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
                        here = grey_at(grey, x, y)
                        total, moment = here, 0.0
                        for side in (-1, 1):
                            before = here
                            over = True
                            for s in range(1, reach + 1):
                                value = grey_at(grey, x + side * s * across_x, y + side * s * across_y)
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

    At a corner the ink's outer border is half a line width away from the true corner, along the bisector, whatever the
    angle; a line that bends gently stays where it is.
    """
    points, starts, closed = lines
    keep = np.ones(len(points), np.bool_)
    out = points.copy()
    for line in range(len(starts) - 1):
        a, z = starts[line], starts[line + 1]
        if z - a >= 5:
            _sharpen_line(points[a:z], closed[line], grey, line_width, out[a:z], keep[a:z])
    new_starts = np.zeros_like(starts)
    n = 0
    for line in range(len(starts) - 1):
        for i in range(starts[line], starts[line + 1]):
            if keep[i]:
                out[n] = out[i]
                n += 1
        new_starts[line + 1] = n
    return Lines(out[:n].copy(), new_starts, closed)


@native
def _sharpen_line(
    points: np.ndarray, closed: bool, grey: np.ndarray, line_width: float, out: np.ndarray, keep: np.ndarray
) -> None:
    """Moves a line's corners in `out` and takes the points around them, which cut the corner, out of `keep`."""
    size = len(points)
    period = size - 1 if closed else size
    reach = _arms(size, period, closed, line_width)
    turns = _turns(points, reach, period, line_width)
    for i in range(period):
        if turns[i] < CORNER or not _is_sharpest(turns, reach, i, period):
            continue
        x, y = points[i]
        dx, dy, shift = _shift(points, reach, i, turns[i], grey, line_width)
        if shift == 0:
            continue
        out[i, 0], out[i, 1] = x + shift * dx, y + shift * dy
        zone = ZONE * shift
        for side in range(2):
            k = i
            while k != reach[i, side]:
                k = (k + 1 - 2 * side) % period
                if math.hypot(points[k, 0] - x, points[k, 1] - y) > zone:
                    break
                if not closed and (k == 0 or k == size - 1):
                    break
                keep[k] = False
    if closed:
        out[period] = out[0]
        if not keep[0]:  # the seam is cut away: the ring closes at its first point that is left
            for i in range(period):
                if keep[i]:
                    out[period] = out[i]
                    keep[period] = True
                    break


@native
def _arms(size: int, period: int, closed: bool, line_width: float) -> np.ndarray:
    """The points (period, 2) between which a line's turn at each point is measured: the one after, the one before."""
    reach = np.empty((period, 2), np.int32)
    count = min(period // 2, math.ceil(ARM * line_width))  # points are about a pixel apart
    for i in range(period):
        for side in range(2):
            k = i + count * (1 - 2 * side)
            reach[i, side] = k % period if closed else min(max(k, 0), size - 1)
    return reach


@native
def _turns(points: np.ndarray, reach: np.ndarray, period: int, line_width: float) -> np.ndarray:
    """How much a line turns at each point (period,), radians; 0 near its ends."""
    turns = np.zeros(period)
    for i in range(period):
        a, z = reach[i, 1], reach[i, 0]
        ax, ay = points[i, 0] - points[a, 0], points[i, 1] - points[a, 1]
        zx, zy = points[z, 0] - points[i, 0], points[z, 1] - points[i, 1]
        sizes = math.hypot(ax, ay) * math.hypot(zx, zy)
        if sizes > 0 and min(math.hypot(ax, ay), math.hypot(zx, zy)) > 0.5 * line_width:
            turns[i] = math.acos(min(1.0, max(-1.0, (ax * zx + ay * zy) / sizes)))
    return turns


@native
def _is_sharpest(turns: np.ndarray, reach: np.ndarray, i: int, period: int) -> bool:
    """Whether no point within a point's arms turns more; of equals the first counts."""
    k = reach[i, 1]
    while True:
        if turns[k] > turns[i] or (turns[k] == turns[i] and k < i):
            return False
        if k == reach[i, 0]:
            return True
        k = (k + 1) % period


@native
def _shift(points: np.ndarray, reach: np.ndarray, i: int, turn: float, grey: np.ndarray, line_width: float) -> tuple:
    """Where the true corner lies from a point: a unit vector and how far; 0 where it is to stay."""
    x, y = points[i]
    a, z = reach[i, 1], reach[i, 0]
    al, zl = math.hypot(points[a, 0] - x, points[a, 1] - y), math.hypot(points[z, 0] - x, points[z, 1] - y)
    dx = -(points[a, 0] - x) / al - (points[z, 0] - x) / zl
    dy = -(points[a, 1] - y) / al - (points[z, 1] - y) / zl
    length = math.hypot(dx, dy)
    if length < 1e-6:
        return 0.0, 0.0, 0.0
    dx /= length
    dy /= length
    shift = border(grey, x, y, dx, dy, 3 * line_width) - line_width / 2
    # two lines at this angle part at that distance from their corner
    apart = line_width / 2 / max(0.1, math.cos(turn / 2))
    if shift < SHIFT * line_width or shift > LIMIT * apart:
        return dx, dy, 0.0
    return dx, dy, shift


@native
def simplify(lines: Lines, epsilon: float, most: float) -> Lines:
    """Ramer-Douglas-Peucker, then each piece is replaced by the line that fits its points best, each vertex by their
    crossing.

    No vertex moves further than `most`. The fit (total least squares) makes up for the error of cutting at points.
    """
    points, starts, closed = lines
    out = np.empty_like(points)
    out_starts = np.zeros_like(starts)
    n = 0
    for line in range(len(starts) - 1):
        own = points[starts[line] : starts[line + 1]]
        kept = _vertices(own, epsilon)
        fits = _fit_pieces(own, kept)
        pieces = len(kept) - 1
        for k in range(len(kept)):
            before, after = k - 1, k
            if closed[line] and pieces > 1:
                before, after = (k - 1) % pieces, k % pieces
            out[n, 0], out[n, 1] = _crossing(own[kept[k], 0], own[kept[k], 1], fits, before, after, most)
            n += 1
        out_starts[line + 1] = n
    return Lines(out[:n].copy(), out_starts, closed)


@native
def _vertices(points: np.ndarray, epsilon: float) -> np.ndarray:
    """The numbers of the points of a line that Ramer-Douglas-Peucker keeps."""
    keep = np.zeros(len(points), np.bool_)
    keep[0] = keep[-1] = True
    stack = np.empty((len(points) + 1, 2), np.int32)
    stack[0, 0], stack[0, 1] = 0, len(points) - 1
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
    return np.flatnonzero(keep)


@native
def _fit_pieces(points: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """The line that fits each piece between two kept points best, (K - 1, 4): a point of it, and its normal."""
    fits = np.empty((len(kept) - 1, 4))
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
    return fits


@native
def _crossing(x: float, y: float, fits: np.ndarray, before: int, after: int, most: float) -> tuple:
    """Where a vertex goes: by least squares onto both lines (where there are two), lightly pulled to its old place."""
    xx = yy = 0.02
    xy = px = py = 0.0
    for f in (before, after):
        if 0 <= f < len(fits):
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
    return x + shrink * dx, y + shrink * dy
