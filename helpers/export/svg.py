"""Drawings as SVG for pen plotters and for print: in mm, one path a pen stroke, one layer a mind.

The file carries its recipe, JSON in `<metadata>`: how the drawings were made, for whoever finds them on a wall.
"""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from helpers.export.bezier import SLACK, path_data, pen_strokes
from helpers.export.plotter import by_travel
from helpers.figures.style import PALETTE
from helpers.paths import atomic
from helpers.sketch.strokes import check, fit_box

A4 = (210, 297)  # mm
MARGIN_MM = 10  # mm of the page, on each side
GAP = 0.12  # between drawings, of a drawing's side
PEN = 0.4  # mm, a fineliner
SIDE = 90  # mm, of a drawing by itself: one column of a paper
LINE = 0.5  # mm, the width of its lines
MOST_BYTES = 1 << 20  # of a recipe, and of the file up to where it ends
RECIPE = "midstroke-recipe"


def to_svg(
    drawings: np.ndarray | Sequence[np.ndarray],
    path: str | Path,
    *,
    switches: Sequence | None = None,
    names: Sequence[str] | None = None,
    colors: Sequence[str] = PALETTE,
    columns: int | None = None,
    page: tuple[float, float] = A4,
    pen: float = PEN,
    curves: bool = True,
    shorten_travel: bool = False,
    recipe: dict | None = None,
) -> Path:
    """Writes a sketch, or several on a grid, to an SVG file in mm: the same bytes on every run.

    Parameters
    ----------
    drawings : ndarray or sequence of ndarray
        One sketch (N, 3), or several.
    path : str or Path
        The write is atomic.
    switches : sequence, optional
        The rows at which the mind changed, as `figures.draw` takes them: for a single sketch its own, else one entry a
        sketch. Each mind has a layer of its own, in its colour; a plotter stops between layers.
    names : sequence of str, optional
        Of the minds, for the layers' labels: "1 cloud", "2 camel".
    colors : sequence
        Of the minds, as matplotlib takes them: "#d8431f", "tab:red", (0.8, 0.2, 0.1), with a fourth number for
        what shows through.
    columns : int, optional
        Of the grid; without it as many as make the drawings large.
    page : (float, float)
        Width and height, mm.
    pen : float
        The width of the line, mm.
    curves : bool
        Cubic Bezier curves (see `fit_curves`) or straight pieces between the points.
    shorten_travel : bool
        Whether each layer is drawn in the order of `by_travel`, which shortens the way the pen goes through the air;
        else in the order in which the sketches were drawn.
    recipe : dict, optional
        How the drawings were made, whatever JSON can hold; `read_recipe` gives it back.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        For a sketch or a colour that is none, and for switches, names or a page that do not fit.
    """
    one = isinstance(drawings, np.ndarray) and drawings.dtype != object and drawings.ndim == 2
    sketches = [drawings] if one else list(drawings)
    switches = [()] * len(sketches) if switches is None else [switches] if one else list(switches)
    if not sketches:
        raise ValueError("no drawings to put on the page")
    if len(switches) != len(sketches):
        raise ValueError(f"{len(switches)} switches for {len(sketches)} drawings: give one entry a drawing")
    if pen <= 0 or not all(math.isfinite(side) and side > 2 * MARGIN_MM for side in page):
        raise ValueError(
            f"a page of {page[0]}x{page[1]} mm has no room within {MARGIN_MM} mm margins for a {pen} mm pen"
        )
    minds = 1 + max(np.size(of_one) for of_one in switches)
    if minds > len(colors):
        raise ValueError(f"{minds - 1} switches need {minds} colours, but there are {len(colors)}")
    if names is None:
        names = [f"mind {mind + 1}" for mind in range(minds)] if minds > 1 else ["drawing"]
    if len(names) < minds:
        raise ValueError(f"{minds} minds need {minds} names, but there are {len(names)}")

    paints = [_paint(color) for color in colors[:minds]]
    layers = [[] for _ in range(minds)]
    corners, side = _layout(len(sketches), columns, page)
    for number, (sketch, of_one, corner) in enumerate(zip(sketches, switches, corners, strict=True)):
        try:
            fitted, origin = fit_box(check(sketch), side)
            strokes = pen_strokes(fitted, of_one, origin + corner, SLACK * side if curves else None)
        except ValueError as error:
            raise ValueError(f"drawing {number}: {error}") from error
        for mind, stroke in strokes:
            layers[mind].append(stroke)
    if shorten_travel:
        layers = [by_travel(strokes) for strokes in layers]
    with atomic(path) as temporary:
        temporary.write_text(_document(layers, names, paints, page, pen, curves, recipe), encoding="utf-8")
    return Path(path).expanduser()


def _layout(count: int, columns: int | None, page: tuple[float, float]) -> tuple[np.ndarray, float]:
    """The upper left corners (count, 2) of the drawings' squares, and their side, in mm: a grid amid the page."""
    room = np.array(page) - 2 * MARGIN_MM

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


def _paint(color: object) -> str:
    """A colour of matplotlib's as SVG's attributes: browsers know neither "tab:red" nor tuples."""
    if isinstance(color, str) and re.fullmatch("#[0-9a-f]{6}", color):
        return f'stroke="{color}"'
    # takes longer to import than the file to write, and the palette does without
    from matplotlib.colors import to_hex, to_rgba

    opacity = to_rgba(color)[3]
    return f'stroke="{to_hex(color)}"' + (f' stroke-opacity="{opacity:.3g}"' if opacity < 1 else "")


def _document(layers, names, paints, page, pen, curves, recipe) -> str:
    width, height = (f"{side:g}" for side in page)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
        f'width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">',
    ]
    if recipe is not None:
        lines.append(f'<metadata id="{RECIPE}">{escape(_as_json(recipe))}</metadata>')
    for number, (strokes, name, paint) in enumerate(zip(layers, names, paints, strict=False), 1):
        lines.append(
            f'<g inkscape:groupmode="layer" id="layer{number}" inkscape:label={quoteattr(f"{number} {name}")} '
            f'fill="none" {paint} stroke-width="{pen:g}" stroke-linecap="round" '
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


def read_svg_recipe(path: str | Path) -> dict:
    """The recipe that `to_svg` stored in a file. The file is not trusted: no entities, a megabyte read at most.

    Raises ValueError for a file that is no SVG, has no recipe, or declares entities.
    """
    path = Path(path).expanduser()
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
    """The text of the element that holds the recipe, as expat comes by it; an entity is refused where it is declared.

    expat alone: defusedxml's parser, in Python, takes three times as long to get through a hostile megabyte, and
    refuses the same.
    """

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
