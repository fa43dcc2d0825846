"""SVG to polylines. The file is not trusted.

A shape with a stroke is a pen stroke; a shape that is only filled, as brushes are exported, is an area of ink, and is
traced as a picture would be.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import svgelements as svg

from helpers.sketch.strokes import to_polylines
from helpers.trace.inkml import local_name
from helpers.trace.vectorize import trace

MOST_ELEMENTS = 50_000  # with what <use> repeats
SMOOTH = 1000  # a curve lies within the longer side over this of its polyline
FILLED = 512  # pixels of the longer side at which areas of ink are drawn, to be traced
CONTRAST = 0.25  # luma of 1: an area that differs less from the paper is no ink
UNSEEN = {"marker", "mask", "clipPath", "pattern", "filter", "linearGradient", "radialGradient", "foreignObject"}
LEFT = {"text": "text", "image": "an image inside it", "foreignObject": "text"}  # what is told where it is left out
SPACE = "{http://www.w3.org/2000/svg}"
HREF = ("href", "{http://www.w3.org/1999/xlink}href")


def read_svg(root: ElementTree.Element, path: Path) -> tuple[list[np.ndarray], list[str]]:
    """The pen strokes (K, 2) that an SVG shows, and what was seen in it and is not in them, in words.

    Raises ValueError, with the path, for what is no SVG or cannot be read as one.
    """
    if local_name(root) != "svg":
        raise ValueError(f"{path} is no SVG file: its root is <{local_name(root)}>")
    left_out: dict[str, None] = {}
    known = {element.get("id"): element for element in root.iter() if element.get("id")}
    try:
        plain = _plain(root, known, [MOST_ELEMENTS], (), left_out)
        if "viewBox" not in plain.attrib and (size := _size(plain)):  # without one svgelements swaps width and height
            plain.set("viewBox", f"0 0 {size[0]} {size[1]}")
        text = ElementTree.tostring(plain, encoding="unicode")
        # svgelements reads files; units become pixels of 96 an inch, and every shape a path where it stands
        shapes = list(_shapes(svg.SVG.parse(_File(text), reify=True)))
        lines, areas, unseen = _sorted(shapes)
    except RecursionError as error:
        raise ValueError(f"{path} cannot be read as SVG: its groups lie too deep in each other") from error
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as SVG: {error}") from error
    if areas:
        traced, told = _trace_areas(areas)
        lines += traced
        left_out |= dict.fromkeys(told)
    if not lines:  # white ink for a page of another colour
        lines = unseen
    elif unseen:
        left_out["lines in the colour of the paper"] = None
    return lines, list(left_out)


def _size(root: ElementTree.Element) -> tuple[float, float] | None:
    """The width and height of the page in pixels, where they are lengths."""
    try:
        width, height = (float(svg.Length(root.get(side)).value(ppi=96)) for side in ("width", "height"))
    except (TypeError, ValueError):  # a share of something
        return None
    return (width, height) if 0 < width < math.inf and 0 < height < math.inf else None


def _sorted(shapes: Sequence[svg.Path]) -> tuple[list[np.ndarray], list[list[np.ndarray]], list[np.ndarray]]:
    """The lines that shapes show, the outlines of areas of ink, and the lines that have the paper's colour."""
    side, paper = _side(shapes), svg.Color("white")
    lines, areas, unseen = [], [], []
    for shape in shapes:
        stroked = _is_paint(shape.stroke) and _opacity(shape, "stroke") > 0 and shape.stroke_width != 0
        filled = _is_paint(shape.fill) and _opacity(shape, "fill") > 0
        if filled and _is_ground(shape, shapes):  # it hides what was drawn before
            paper, filled, lines, areas, unseen = shape.fill, False, [], [], []
        same = stroked and filled and "fill" in shape.values and shape.fill == shape.stroke
        if same and any(isinstance(segment, svg.Close) for segment in shape):  # a brush with an outline of its colour
            stroked = False
        if stroked:
            (unseen if shape.stroke == paper else lines).extend(_flatten(shape, side))
        elif filled and abs(_luma(shape.fill) - _luma(paper)) > CONTRAST:
            areas.append(_flatten(shape, side))
    return lines, areas, unseen


def _is_ground(shape: svg.Path, shapes: Sequence[svg.Path]) -> bool:
    """Whether a shape is a rectangle that contains all others."""
    if len(shapes) < 2 or len(shape) > 6 or not all(isinstance(s, svg.Move | svg.Line | svg.Close) for s in shape):
        return False
    boxes = np.array([box for other in shapes if other is not shape and (box := other.bbox()) is not None], float)
    x0, y0, x1, y1 = shape.bbox()
    corners = {(point.x, point.y) for segment in shape if (point := segment.end) is not None}
    if not corners <= {(x, y) for x in (x0, x1) for y in (y0, y1)} or not len(boxes):
        return False
    return bool(np.all(boxes[:, :2].min(axis=0) >= (x0, y0)) and np.all(boxes[:, 2:].max(axis=0) <= (x1, y1)))


class _File:
    """What svgelements takes for a file: it reads a tree from it, a piece at a time."""

    def __init__(self, text: str) -> None:
        self.rest = text.encode()

    def read(self, size: int = -1) -> bytes:
        piece = self.rest if size < 0 else self.rest[:size]
        self.rest = self.rest[len(piece) :]
        return piece


def _plain(
    element: ElementTree.Element, known: dict, room: list[int], above: tuple[str, ...], left_out: dict[str, None]
) -> ElementTree.Element:
    """A copy with <use> replaced by what it shows, without what is never seen itself; `room` is for so many elements.

    svgelements follows a <use> however often it multiplies, and into itself.
    """
    room[0] -= 1
    if room[0] < 0:
        raise ValueError(f"it shows more than {MOST_ELEMENTS:,} elements")
    made = ElementTree.Element(element.tag, dict(element.attrib))
    made.text = element.text if local_name(element) == "style" else None
    if local_name(element) == "use":
        _put_used(made, element, known, room, above, left_out)
        return made
    for child in element:
        name = local_name(child)
        if name in LEFT:
            left_out[LEFT[name]] = None
        if not name or name in UNSEEN or name in LEFT or name in ("symbol", "defs", "script", "use"):
            if name == "defs":  # what is in it is shown by <use> alone, but its style sheets hold everywhere
                sheets = [
                    _plain(sheet, known, room, above, left_out) for sheet in child if local_name(sheet) == "style"
                ]
                made.extend(sheets)
            if name != "use":
                continue
        made.append(_plain(child, known, room, above, left_out))
    return made


def _put_used(made, element, known, room, above, left_out) -> None:
    """Makes of a copy of <use> a group that holds a copy of what it names."""
    target = next((element.get(key) for key in HREF if element.get(key)), "")
    for key in (*HREF, "x", "y", "width", "height", "id"):
        made.attrib.pop(key, None)
    made.tag = f"{SPACE}g"
    if not target.startswith("#"):
        left_out["what another file holds"] = None
        return
    if target in above:
        raise ValueError(f"<use> of {target} shows itself")
    if (shown := known.get(target[1:])) is None:
        return
    place = f"translate({element.get('x', '0')},{element.get('y', '0')})"
    made.set("transform", f"{element.get('transform', '')} {place}".strip())
    inner = _plain(shown, known, room, (*above, target), left_out)
    if local_name(inner) == "symbol":
        inner.tag = f"{SPACE}svg" if inner.get("viewBox") else f"{SPACE}g"
        for side in ("width", "height"):
            inner.set(side, element.get(side) or inner.get(side) or "100%")
    made.append(inner)


def _shapes(root: svg.SVG) -> Iterator[svg.Path]:
    for element in root.elements():
        if not isinstance(element, svg.Shape):
            continue
        values = element.values
        hidden = values.get("visibility") in ("hidden", "collapse") or str(values.get("opacity", "1")) in ("0", "0%")
        if not hidden:
            shape = svg.Path(element)
            shape.values = values
            yield shape


def _is_paint(color: svg.Color | None) -> bool:
    return color is not None and color.value is not None and color.alpha != 0


def _opacity(shape: svg.Path, what: str) -> float:
    try:
        return float(shape.values.get(f"{what}-opacity", 1))
    except (TypeError, ValueError):
        return 1.0


def _luma(color: svg.Color) -> float:
    return (0.299 * color.red + 0.587 * color.green + 0.114 * color.blue) / 255


def _cubics(shape: svg.Path) -> Iterator[list[np.ndarray]]:
    """The subpaths of a path, each a list of Bezier curves (4, 2), or (2, 2) for a straight line; (1, 2) for a dot."""
    for part in shape.as_subpaths():
        curves: list[np.ndarray] = []
        for segment in svg.Path(part):
            if isinstance(segment, svg.Move):
                if segment.end is not None:
                    curves.append(np.array([segment.end], float))
            elif isinstance(segment, svg.CubicBezier):
                points = (segment.start, segment.control1, segment.control2, segment.end)
                curves.append(np.array(points, float))
            elif isinstance(segment, svg.QuadraticBezier):
                a, b, c = (np.array(point, float) for point in (segment.start, segment.control, segment.end))
                curves.append(np.stack([a, (a + 2 * b) / 3, (2 * b + c) / 3, c]))
            elif isinstance(segment, svg.Arc):
                for cubic in segment.as_cubic_curves():
                    points = (cubic.start, cubic.control1, cubic.control2, cubic.end)
                    curves.append(np.array(points, float))
            elif segment.start is not None and segment.end is not None:  # a line, or the way back of a closed path
                curves.append(np.array([segment.start, segment.end], float))
        if curves:
            yield curves


def _side(shapes: Sequence[svg.Path]) -> float:
    """The longer side of the box of all control points."""
    points = [curve for shape in shapes for part in _cubics(shape) for curve in part]
    if not points:
        return 1.0
    side = float(np.ptp(np.concatenate(points), axis=0).max())
    if not side < np.inf:
        raise ValueError("a coordinate is not a finite number")
    return side or 1.0


def _flatten(shape: svg.Path, side: float) -> list[np.ndarray]:
    """A path's subpaths as polylines (K, 2) within `side / SMOOTH` of it."""
    lines = []
    for curves in _cubics(shape):
        points = [curves[0][:1]]
        for curve in curves:
            if len(curve) < 4:
                points.append(curve[1:])
                continue
            # the distance from a chord is an eighth of the second derivative times the step squared
            bend = 6 * np.hypot(*np.diff(curve, 2, axis=0).T).max()
            steps = min(500, max(1, math.ceil(math.sqrt(bend * SMOOTH / side / 8))))
            t = np.linspace(0, 1, steps + 1)[1:, None]
            weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])
            points.append(weights @ curve)
        line = np.concatenate(points)
        moves = np.r_[True, np.any(np.diff(line, axis=0) != 0, axis=1)]
        lines.append(line[moves])
    return lines


def _trace_areas(areas: Sequence[Sequence[np.ndarray]]) -> tuple[list[np.ndarray], Sequence[str]]:
    """The middle of areas of ink as polylines, where they are."""
    points = np.concatenate([line for area in areas for line in area])
    low, side = points.min(axis=0), float(np.ptp(points, axis=0).max()) or 1.0
    scale, margin = FILLED / side, 8
    bitmap = np.zeros((FILLED + 2 * margin, FILLED + 2 * margin), np.uint8)
    for area in areas:
        outlines = [np.rint(((line - low) * scale + margin) * 16).astype(np.int32) for line in area if len(line) > 2]
        cv2.fillPoly(bitmap, outlines, 255, cv2.LINE_AA, 4)
    if not bitmap.any():
        return [], []
    found = trace(bitmap)
    return [(line - margin) / scale + low for line in to_polylines(found.sketch, found.origin)], found.left_out
