"""Drawings as SVG for pen plotters and for print: in mm, one path a pen stroke, one layer a mind.

The file carries its recipe, JSON in `<metadata>`: how the drawings were made, for whoever finds them on a wall.
"""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from helpers.paths import atomic
from helpers.plots import MINDS
from helpers.strokes import absolute, check, fit

A4 = (210, 297)  # mm
MARGIN = 10  # mm of the page, on each side
GAP = 0.12  # between drawings, of a drawing's side
PEN = 0.4  # mm, a fineliner
DOT = 0.05  # mm: round caps make a dot of a line so short, and a plotter sets its pen down
SLACK = 2 / 255  # of a drawing's side that a curve may leave a straight piece by: Quick, Draw! is simplified by as much
CORNER = math.radians(75)  # a line that turns by more has a corner there
ROUNDS = 4  # of reparameterisation, as Schneider's
MOST_BYTES = 1 << 20  # of a recipe, and of the file up to where it ends
RECIPE = "midstroke-recipe"


def to_svg(
    drawings: np.ndarray | Sequence[np.ndarray],
    path: str | Path,
    *,
    switches: Sequence | None = None,
    names: Sequence[str] | None = None,
    colors: Sequence[str] = MINDS,
    columns: int | None = None,
    page: tuple[float, float] = A4,
    pen: float = PEN,
    curves: bool = True,
    shorten_travel: bool = False,
    recipe: dict | None = None,
) -> Path:
    """Writes a sketch, or several on a grid, to an SVG file in mm; returns its path. The same bytes on every run.

    Args:
        switches: the rows at which the mind changed, as `plots.draw` takes them: for a single sketch its own, else
            one entry a sketch. Each mind has a layer of its own, in its colour; a plotter stops between layers.
        names: of the minds, for the layers' labels: "1 cloud", "2 camel".
        columns: of the grid; without it as many as make the drawings large.
        page: width and height, mm; `pen` is the width of the line, mm.
        curves: cubic Bezier curves (see `fit_curves`) or, where False, straight pieces between the points.
        shorten_travel: draw each layer in the order of `by_travel`, which shortens the way the pen goes through
            the air; else in the order in which the sketches were drawn.
        recipe: how the drawings were made, a dict that JSON can hold; `read_recipe` gives it back.

    Raises ValueError for a sketch that is none, and for switches, names or a page that do not fit.
    """
    one = isinstance(drawings, np.ndarray) and drawings.dtype != object and drawings.ndim == 2
    sketches = [drawings] if one else list(drawings)
    switches = [()] * len(sketches) if switches is None else [switches] if one else list(switches)
    if not sketches:
        raise ValueError("no drawings to put on the page")
    if len(switches) != len(sketches):
        raise ValueError(f"{len(switches)} switches for {len(sketches)} drawings: give one entry a drawing")
    if pen <= 0 or not all(math.isfinite(side) and side > 2 * MARGIN for side in page):
        raise ValueError(f"a page of {page[0]}x{page[1]} mm has no room within {MARGIN} mm margins for a {pen} mm pen")
    minds = 1 + max(np.size(of_one) for of_one in switches)
    if minds > len(colors):
        raise ValueError(f"{minds - 1} switches need {minds} colours, but there are {len(colors)}")
    if names is None:
        names = [f"mind {mind + 1}" for mind in range(minds)] if minds > 1 else ["drawing"]
    if len(names) < minds:
        raise ValueError(f"{minds} minds need {minds} names, but there are {len(names)}")

    layers = [[] for _ in range(minds)]
    corners, side = _layout(len(sketches), columns, page)
    for number, (sketch, of_one, corner) in enumerate(zip(sketches, switches, corners, strict=True)):
        try:
            fitted, origin = fit(check(sketch), side)
            strokes = pen_strokes(fitted, of_one, origin + corner, SLACK * side if curves else None)
        except ValueError as error:
            raise ValueError(f"drawing {number}: {error}") from error
        for mind, stroke in strokes:
            layers[mind].append(stroke)
    if shorten_travel:
        layers = [by_travel(strokes) for strokes in layers]
    with atomic(path) as temporary:
        temporary.write_text(_document(layers, names, colors, page, pen, curves, recipe), encoding="utf-8")
    return Path(path)


def _layout(count: int, columns: int | None, page: tuple[float, float]) -> tuple[np.ndarray, float]:
    """The upper left corners (count, 2) of the drawings' squares, and their side, in mm: a grid amid the page."""
    room = np.array(page) - 2 * MARGIN

    def side_of(columns: int) -> float:
        cells = np.array([columns, -(-count // columns)])
        return float((room / (cells + GAP * (cells - 1))).min())

    if columns is None:
        columns = max(range(1, count + 1), key=side_of)
    elif columns < 1:
        raise ValueError(f"columns is {columns}; it must be 1 or more")
    columns = min(columns, count)
    side = side_of(columns)
    cells = np.array([columns, -(-count // columns)])
    corner = (page - (cells + GAP * (cells - 1)) * side) / 2
    rows, across = np.divmod(np.arange(count), columns)
    return corner + np.column_stack([across, rows]) * (1 + GAP) * side, side


def pen_strokes(
    sketch: np.ndarray, switches, origin: tuple[float, float], tolerance: float | None
) -> list[tuple[int, np.ndarray]]:
    """The mind and the line of each pen stroke; a stroke during which the mind changed is two, end to end.

    A line is the control points (3 K + 1, 2) of K cubic curves, or with `tolerance` None the points (K, 2) of
    straight pieces. A dot is one point. Raises ValueError for switches out of order.
    """
    switches = np.atleast_1d(np.asarray(switches, int))
    if len(switches) and (switches[0] < 0 or (np.diff(switches) < 0).any()):
        raise ValueError(f"switches must rise, from 0 or above; these are {switches.tolist()}")
    points = absolute(sketch, origin)
    minds = np.searchsorted(switches, np.arange(len(sketch)), side="right")
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
    """Cubic Bezier curves along a polyline (N, 2): control points (3 K + 1, 2), neighbours sharing one.

    Schneider, "An Algorithm for Automatically Fitting Digitized Curves", Graphics Gems (1990): least squares over
    two lengths of tangent, reparameterised by Newton's method, and split where the points are farthest off.
    `tolerance`, in units of the line, is what the line was simplified by: the pen then stayed within it of each
    straight piece, so a point where the line turns more than two arcs that rise by twice as much is a corner, and stays
    one. The curves pass the points at a quarter of it or less. A line that does not move is one point.
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
    steps = np.hypot(*np.diff(points, axis=0).T)
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


def travel(strokes: Sequence[np.ndarray], home: tuple[float, float] = (0, 0)) -> float:
    """How far the pen goes through the air from `home` to the first stroke and on to each next one."""
    if not len(strokes):
        return 0.0
    stops = np.array([home, *(stroke[-1] for stroke in strokes[:-1])])
    return float(np.hypot(*(np.array([stroke[0] for stroke in strokes]) - stops).T).sum())


def by_travel(strokes: Sequence[np.ndarray], home: tuple[float, float] = (0, 0)) -> list[np.ndarray]:
    """The strokes (N, 2) in an order, some of them backward, in which the pen travels little through the air.

    The nearest end next, then 2-opt (Croes, 1958, doi 10.1287/opre.6.6.791): runs of strokes are turned round, order
    and direction, as long as that shortens the way.
    """
    if not len(strokes):
        return []
    ends = np.array([[stroke[0], stroke[-1]] for stroke in strokes], np.float64)
    order, pen, left = [], np.array(home, np.float64), np.ones(len(ends), bool)
    for _ in range(len(ends)):
        ways = np.hypot(*np.moveaxis(ends - pen, -1, 0))
        ways[~left] = np.inf
        number, backward = divmod(int(ways.argmin()), 2)
        order.append((number, bool(backward)))
        left[number] = False
        pen = ends[number, 1 - backward]

    entry = np.array([ends[number, int(backward)] for number, backward in order])
    leave = np.array([ends[number, 1 - backward] for number, backward in order])
    shorter = True
    while shorter:
        shorter = False
        for i in range(len(order)):
            before = leave[i - 1] if i else np.array(home, np.float64)
            # turned round, i..j is entered where it was left; the last stroke leads nowhere
            gain = np.hypot(*(before - entry[i])) - np.hypot(*(leave[i:] - before).T)
            gain[:-1] += np.hypot(*(leave[i:-1] - entry[i + 1 :]).T) - np.hypot(*(entry[i + 1 :] - entry[i]).T)
            j = i + int(gain.argmax())
            if gain[j - i] > 1e-9:
                shorter = True
                order[i : j + 1] = [(number, not backward) for number, backward in order[i : j + 1][::-1]]
                entry[i : j + 1], leave[i : j + 1] = leave[i : j + 1][::-1].copy(), entry[i : j + 1][::-1].copy()
    return [strokes[number][::-1] if backward else strokes[number] for number, backward in order]


def path_data(line: np.ndarray, curves: bool) -> str:
    """The `d` of a path, in hundredths: of a polyline (N, 2), of curves' control points (3 K + 1, 2), or of a dot."""
    line = np.rint(np.asarray(line) * 100) / 100 + 0.0  # no negative zero
    if (line == line[0]).all():
        return f"M{_numbers(line[:1])}h{DOT}"
    return f"M{_numbers(line[:1])}{'C' if curves else 'L'}{_numbers(line[1:])}"


def _numbers(points: np.ndarray) -> str:
    return " ".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in points.ravel())


def _document(layers, names, colors, page, pen, curves, recipe) -> str:
    width, height = (f"{side:g}" for side in page)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
        f'width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">',
    ]
    if recipe is not None:
        lines.append(f'<metadata id="{RECIPE}">{escape(_as_json(recipe))}</metadata>')
    for number, (strokes, name, color) in enumerate(zip(layers, names, colors, strict=False), 1):
        lines.append(
            f'<g inkscape:groupmode="layer" id="layer{number}" inkscape:label={quoteattr(f"{number} {name}")} '
            f'fill="none" stroke={quoteattr(color)} stroke-width="{pen:g}" stroke-linecap="round" '
            'stroke-linejoin="round">'
        )
        lines += [f'<path d="{path_data(stroke, curves)}"/>' for stroke in strokes]
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _as_json(recipe: dict) -> str:
    if not isinstance(recipe, dict):
        raise ValueError(f"a recipe is a dict; this is a {type(recipe).__name__}")
    try:
        text = json.dumps(recipe, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the recipe is not plain JSON: {error}") from error
    if len(text) > MOST_BYTES // 8:  # escaping may make it longer
        raise ValueError(f"the recipe takes {len(text):,} bytes; at most {MOST_BYTES // 8:,} fit")
    return text


def read_recipe(path: str | Path) -> dict:
    """The recipe that `to_svg` stored in a file. The file is not trusted: no entities, a megabyte read at most.

    Raises ValueError for a file that is no SVG, has no recipe, or declares entities.
    """
    path = Path(path)
    with open(path, "rb") as file:
        start = file.read(MOST_BYTES)
    found = _Metadata()
    try:
        found.parser.Parse(start, len(start) < MOST_BYTES)
    except _Done:
        pass
    except (expat.ExpatError, ValueError, LookupError) as error:  # an encoding that no one knows is a LookupError
        raise ValueError(f"{path} is not an SVG file that can be trusted: {error}") from error
    if not found.done:
        raise ValueError(f"{path} holds no recipe in its first {MOST_BYTES:,} bytes: it was not made here, or changed")
    try:
        recipe = json.loads("".join(found.text), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the recipe in {path} is damaged: {error}") from error
    if not isinstance(recipe, dict):
        raise ValueError(f"the recipe in {path} is damaged: it is a {type(recipe).__name__}, no JSON object")
    return recipe


class _Done(Exception):
    """Enough was read."""


class _Metadata:
    """The text of the element that holds the recipe, as expat comes by it."""

    def __init__(self) -> None:
        self.text, self.inside, self.done, self.root = [], False, False, None
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.EntityDeclHandler = self.entity

    def start(self, name: str, attributes: dict) -> None:
        if self.root is None and name != "svg":
            raise ValueError(f"its root is <{name}>")
        self.root = "svg"
        self.inside = name == "metadata" and attributes.get("id") == RECIPE

    def end(self, name: str) -> None:
        if self.inside:
            self.done = True
            raise _Done

    def characters(self, text: str) -> None:
        if self.inside:
            self.text.append(text)

    def entity(self, name: str, *_) -> None:
        raise ValueError(f"it declares an entity, {name!r}")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
