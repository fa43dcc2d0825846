"""Smooth curves through a drawing's points: cubic Bezier curves, corners kept."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from helpers.sketch.polyline import step_lengths
from helpers.sketch.strokes import absolute, minds_of_rows

DOT = 0.05  # mm: round caps make a dot of a line so short, and a plotter sets its pen down
SLACK = 2 / 255  # of a drawing's side that a curve may leave a straight piece by: Quick, Draw! is simplified by as much
CORNER = math.radians(75)  # a line that turns by more has a corner there
ROUNDS = 4  # of reparameterisation, as Schneider's


def pen_strokes(
    sketch: np.ndarray, switches, origin: tuple[float, float], tolerance: float | None
) -> list[tuple[int, np.ndarray]]:
    """The mind and the line of each pen stroke; a stroke during which the mind changed is two, end to end.

    A line is the control points (3 K + 1, 2) of K cubic curves, or with `tolerance` None the points (K, 2) of
    straight pieces. A dot is one point. Raises ValueError for switches out of order.
    """
    points = absolute(sketch, origin)
    minds = minds_of_rows(sketch, switches)
    lifts = np.flatnonzero(sketch[:, 2] > 0.5) + 2
    strokes = []
    for first, stop in zip([0, *lifts], [*lifts, len(points)], strict=True):
        if stop - first == 1:
            strokes.append((int(minds[first - 1]), points[first:stop]))
        elif stop > first:
            of_rows = minds[first : stop - 1]  # row i draws from point i to point i + 1
            changes = (np.flatnonzero(np.diff(of_rows)) + 1).tolist()
            lines = _cut(points[first:stop], changes, tolerance)
            strokes += zip(of_rows[[0, *changes]].tolist(), lines, strict=True)
    return strokes


def _cut(line: np.ndarray, at: Sequence[int], tolerance: float | None) -> list[np.ndarray]:
    """A polyline in pieces, cut at some of its points, as polylines or as curves that go on smoothly at the cuts."""
    borders = [0, *at, len(line) - 1]
    if tolerance is None:
        return [line[a : z + 1] for a, z in pairwise(borders)]
    moved = np.concatenate([[True], (np.diff(line, axis=0) != 0).any(axis=1)])
    kept = np.cumsum(moved) - 1  # where each point stands without those that do not move
    curves, knots = _fit(line[moved], set(kept[list(at)].tolist()), tolerance)
    stops = np.searchsorted(knots, kept[borders])
    pieces = []
    for a, z in pairwise(stops):
        pieces.append(np.concatenate([curves[a][:1], *(curve[1:] for curve in curves[a:z])]) if z > a else line[:1])
    return pieces


def fit_curves(line: np.ndarray, tolerance: float) -> np.ndarray:
    """Cubic Bezier curves along a polyline.

    Least squares over two lengths of tangent, reparameterised by Newton's method, and split where the points are
    farthest off. The curves pass the points at a quarter of the tolerance or less.

    Parameters
    ----------
    line : ndarray
        (N, 2).
    tolerance : float
        In units of the line, the tolerance to which it was simplified. The pen stayed within it of each straight piece;
        so a point where the line turns by more than two arcs of twice that rise is a corner, and stays one.

    Returns
    -------
    ndarray
        (3 K + 1, 2) control points of K curves, neighbours sharing one. A line that does not move is one point.

    References
    ----------
    Schneider, "An Algorithm for Automatically Fitting Digitized Curves", Graphics Gems (1990).
    """
    line = np.asarray(line, np.float64)
    return _cut(line, (), tolerance)[0]


def _fit(points: np.ndarray, joints: set[int], tolerance: float) -> tuple[list[np.ndarray], list[int]]:
    """The curves (4, 2) along points that all differ from the one before, and the points' numbers where they meet."""
    last = len(points) - 1
    if last < 1:
        return [], [0]
    chords = np.diff(points, axis=0)
    lengths = np.hypot(*chords.T)
    ways = chords / lengths[:, None]
    ring = last > 2 and (points[0] == points[-1]).all()
    # how far the way at a point may be off each of its two pieces: an arc that rises by h over L turns by 4 h / L
    bends = 4 * 2 * tolerance / lengths
    turns = np.arctan2(ways[:-1, 0] * ways[1:, 1] - ways[:-1, 1] * ways[1:, 0], (ways[:-1] * ways[1:]).sum(axis=1))
    tangents = np.empty((2, last + 1, 2))  # where a curve ends at a point, where one begins there

    def smooth(before: int, after: int, turn: float) -> np.ndarray | None:
        """The way at a point between two pieces: as on the arc through three points, where both can bend so far."""
        if abs(turn) > min(CORNER, bends[before] + bends[after]):
            return None
        share = lengths[before] / (lengths[before] + lengths[after])
        off = np.clip(abs(turn) * share, abs(turn) - bends[after], bends[before]) * np.sign(turn)
        return _rotate(ways[before], off)

    corners = {0, last}
    for i in range(1, last):
        way = smooth(i - 1, i, turns[i - 1])
        if way is None:
            corners.add(i)
            tangents[:, i] = ways[i - 1], ways[i]
        else:
            tangents[:, i] = way
    # an open end bends as its neighbour does: the arc goes on
    for end, piece, inner in ((0, 0, 1), (last, last - 1, last - 1)):
        off = 0.0
        if inner not in corners:
            ahead = tangents[0, inner]
            off = math.atan2(ways[piece, 0] * ahead[1] - ways[piece, 1] * ahead[0], float(ways[piece] @ ahead))
        tangents[:, end] = _rotate(ways[piece], -np.clip(off, -bends[piece] / 2, bends[piece] / 2))
    if ring:
        turn = math.atan2(ways[-1, 0] * ways[0, 1] - ways[-1, 1] * ways[0, 0], float(ways[-1] @ ways[0]))
        way = smooth(last - 1, 0, turn)
        if way is not None:
            tangents[1, 0] = tangents[0, last] = way

    curves, knots = [], [0]
    borders = sorted(corners | joints)
    spans = list(pairwise(borders))[::-1]
    while spans:
        a, z = spans.pop()
        curve, worst = _fit_one(points[a : z + 1], tangents[1, a], tangents[0, z], tolerance)
        if worst is None:
            curves.append(curve)
            knots.append(z)
        else:
            spans += [(a + worst, z), (a, a + worst)]
    return curves, knots


def _rotate(way: np.ndarray, angle: float) -> np.ndarray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([c * way[0] - s * way[1], s * way[0] + c * way[1]])


def _fit_one(points: np.ndarray, left: np.ndarray, right: np.ndarray, tolerance: float):
    """The cubic (4, 2) that leaves and arrives along these ways; or where to split it, if it does not come near."""
    steps = step_lengths(points)
    length = float(steps.sum())
    if len(points) == 2:
        return np.stack([points[0], points[0] + left * length / 3, points[1] - right * length / 3, points[1]]), None
    u = np.concatenate([[0], np.cumsum(steps)]) / length
    for _ in range(ROUNDS + 1):
        curve = _least_squares(points, u, left, right, length)
        off = _at(curve, u) - points
        apart = np.hypot(*off.T)
        if apart.max() <= tolerance / 4 and _bulge(points, curve, u) <= tolerance:
            return curve, None
        first = 3 * np.diff(curve, axis=0)
        second = 2 * np.diff(first, axis=0)
        speed = (1 - u[:, None]) ** 2 * first[0] + 2 * ((1 - u) * u)[:, None] * first[1] + u[:, None] ** 2 * first[2]
        change = (1 - u[:, None]) * second[0] + u[:, None] * second[1]
        slope = (speed**2).sum(axis=1) + (off * change).sum(axis=1)
        move = (off * speed).sum(axis=1) / np.where(np.abs(slope) > 1e-12, slope, np.inf)
        u = np.maximum.accumulate((u - move).clip(0, 1))
        u[0], u[-1] = 0, 1
    return None, 1 + int(apart[1:-1].argmax())


def _weights(u: np.ndarray) -> np.ndarray:
    """Bernstein's polynomials of degree 3, (N, 4)."""
    v = 1 - u
    return np.stack([v**3, 3 * u * v**2, 3 * u**2 * v, u**3], axis=1)


def _at(curve: np.ndarray, u: np.ndarray) -> np.ndarray:
    return _weights(u) @ curve


def _least_squares(points: np.ndarray, u: np.ndarray, left: np.ndarray, right: np.ndarray, length: float) -> np.ndarray:
    """Schneider's system for the lengths of the two tangents; a third of the way where it has no good answer."""
    weights = _weights(u)
    a, z = weights[:, 1:2] * left, -weights[:, 2:3] * right
    rest = points - (weights[:, :2].sum(axis=1)[:, None] * points[0] + weights[:, 2:].sum(axis=1)[:, None] * points[-1])
    aa, az, zz, ar, zr = ((x * y).sum() for x, y in ((a, a), (a, z), (z, z), (a, rest), (z, rest)))
    det = aa * zz - az * az
    out, into = ((ar * zz - zr * az) / det, (aa * zr - az * ar) / det) if det > 1e-12 else (0, 0)
    if not (0.05 * length < out < length and 0.05 * length < into < length):
        out = into = length / 3
    return np.stack([points[0], points[0] + out * left, points[-1] - into * right, points[-1]])


def _bulge(points: np.ndarray, curve: np.ndarray, u: np.ndarray) -> float:
    """How far the curve is from the middle of the straight pieces, at most, counted across them."""
    ways = np.diff(points, axis=0)
    away = _at(curve, (u[:-1] + u[1:]) / 2) - points[:-1]
    return float((np.abs(ways[:, 0] * away[:, 1] - ways[:, 1] * away[:, 0]) / np.hypot(*ways.T)).max())


def path_data(line: np.ndarray, curves: bool) -> str:
    """The `d` of a path, in hundredths: of a polyline (N, 2), of curves' control points (3 K + 1, 2), or of a dot."""
    line = np.rint(np.asarray(line) * 100) / 100 + 0.0  # no negative zero
    if (line == line[0]).all():
        return f"M{_numbers(line[:1])}h{DOT}"
    return f"M{_numbers(line[:1])}{'C' if curves else 'L'}{_numbers(line[1:])}"


def _numbers(points: np.ndarray) -> str:
    return " ".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in points.ravel())
