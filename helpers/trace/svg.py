"""SVG to polylines. The file is not trusted.

A shape with a stroke is a pen stroke; a shape that is only filled, as brushes are exported, is an area of ink, and is
traced as a picture would be.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import cv2
import numpy as np
import svgelements as svg

from helpers.sketch.strokes import to_polylines
from helpers.trace.clips import CLIP, CLIPPING, MOST_PAIRS, NOT_CUT, SHAPE, Outline, clip_box, cut, cut_area
from helpers.trace.curves import flatten, side_of
from helpers.trace.inkml import local_name
from helpers.trace.svg_tree import plain_tree
from helpers.trace.vectorize import trace

FILLED = 512  # pixels of the longer side at which areas of ink are drawn, to be traced
FAR = 1 << 26  # sixteenths of a pixel
WHITE = 0.99  # luma of 1: what a mask has in this colour is seen
CONTRAST = 0.25  # luma of 1: an area that differs less from the paper is no ink


class Area(NamedTuple):
    """An area of ink: its outlines, polylines (K, 2), and what it is clipped by."""

    outlines: list[np.ndarray]
    clips: Sequence[Sequence[Outline]]


def read_svg(root: ElementTree.Element, path: Path) -> tuple[list[np.ndarray], list[str]]:
    """The pen strokes (K, 2) that an SVG shows, and what was seen in it and is not in them, in words.

    Raises ValueError, with the path, for what is no SVG or cannot be read as one.
    """
    if local_name(root) != "svg":
        raise ValueError(f"{path} is no SVG file: its root is <{local_name(root)}>")
    left_out: dict[str, None] = {}
    try:
        plain = plain_tree(root, left_out)
        if "viewBox" not in plain.attrib and (size := _size(plain)):  # without one svgelements swaps width and height
            plain.set("viewBox", f"0 0 {size[0]} {size[1]}")
        text = ElementTree.tostring(plain, encoding="unicode")
        # svgelements reads files; units become pixels of 96 an inch, and every shape a path where it stands
        shapes, clips = _with_clips(list(_shapes(svg.SVG.parse(_File(text), reify=True))), left_out)
        lines, areas, unseen = _sorted(shapes, clips)
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


def _with_clips(
    shapes: Sequence[svg.Path], left_out: dict[str, None]
) -> tuple[list[svg.Path], list[list[list[Outline]]]]:
    """The shapes that are seen, and for each what it is clipped by."""
    side, outlines, vain = side_of(shapes), {}, {}
    for shape in shapes:
        if (mark := shape.values.get(SHAPE)) is None:
            continue
        rule = shape.values.get("clip-rule" if mark.startswith(CLIPPING) else "fill-rule")
        outlines.setdefault(mark, []).append(Outline(flatten(shape, side), rule == "evenodd"))
        white = _is_paint(shape.fill) and _luma(shape.fill) > WHITE and _opacity(shape, "fill") == 1
        if not mark.startswith(CLIPPING) and not white:  # a mask with tones
            vain[mark] = True
    seen = [shape for shape in shapes if SHAPE not in shape.values]
    clips = []
    for shape in seen:
        marks = [value for key, value in shape.values.items() if str(key).startswith(CLIP)]
        clips.append([outlines[mark] for mark in marks if mark in outlines and mark not in vain])
        for mark in marks:
            if mark not in outlines or mark in vain:
                left_out[NOT_CUT[mark[:1]]] = None
    return seen, clips


def _sorted(
    shapes: Sequence[svg.Path], clips: Sequence[Sequence[Sequence[Outline]]]
) -> tuple[list[np.ndarray], list[Area], list[np.ndarray]]:
    """The lines that shapes show, the areas of ink, and the lines that have the paper's colour."""
    boxes = [_box(shape, of) for shape, of in zip(shapes, clips, strict=True)]
    side, paper, room = side_of(shapes), svg.Color("white"), [MOST_PAIRS]
    lines, areas, unseen = [], [], []
    for number, (shape, of_shape) in enumerate(zip(shapes, clips, strict=True)):
        stroked = _is_paint(shape.stroke) and _opacity(shape, "stroke") > 0 and shape.stroke_width != 0
        filled = _is_paint(shape.fill) and _opacity(shape, "fill") > 0
        if filled and _is_ground(shape, boxes, number):  # it hides what was drawn before
            paper, filled, lines, areas, unseen = shape.fill, False, [], [], []
        same = stroked and filled and "fill" in shape.values and shape.fill == shape.stroke
        if same and any(isinstance(segment, svg.Close) for segment in shape):  # a brush with an outline of its colour
            stroked = False
        if stroked:
            (unseen if shape.stroke == paper else lines).extend(cut(flatten(shape, side), of_shape, room))
        elif filled and abs(_luma(shape.fill) - _luma(paper)) > CONTRAST:
            areas.append(Area(flatten(shape, side), of_shape))
    return lines, areas, unseen


def _box(shape: svg.Path, clips: Sequence[Sequence[Outline]]) -> list[float] | None:
    """The least x and y and the greatest of what a shape shows."""
    if (box := shape.bbox()) is None:
        return None
    low, high = clip_box(clips)
    return [*np.clip(box[:2], low, high), *np.clip(box[2:], low, high)]


def _is_ground(shape: svg.Path, boxes: Sequence[list[float] | None], number: int) -> bool:
    """Whether a shape is a rectangle that contains all others."""
    if len(boxes) < 2 or len(shape) > 6 or not all(isinstance(s, svg.Move | svg.Line | svg.Close) for s in shape):
        return False
    others = np.array([box for i, box in enumerate(boxes) if i != number and box is not None], float)
    x0, y0, x1, y1 = shape.bbox()
    corners = {(point.x, point.y) for segment in shape if (point := segment.end) is not None}
    if not corners <= {(x, y) for x in (x0, x1) for y in (y0, y1)} or not len(others):
        return False
    return bool(np.all(others[:, :2].min(axis=0) >= (x0, y0)) and np.all(others[:, 2:].max(axis=0) <= (x1, y1)))


class _File:
    """What svgelements takes for a file: it reads a tree from it, a piece at a time."""

    def __init__(self, text: str) -> None:
        self.rest = text.encode()

    def read(self, size: int = -1) -> bytes:
        piece = self.rest if size < 0 else self.rest[:size]
        self.rest = self.rest[len(piece) :]
        return piece


def _shapes(root: svg.SVG) -> Iterator[svg.Path]:
    for element in root.elements():
        if not isinstance(element, svg.Shape):
            continue
        values = element.values
        clear = str(values.get("opacity", "1")) in ("0", "0%") and SHAPE not in values
        hidden = values.get("visibility") in ("hidden", "collapse") or clear
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


def _trace_areas(areas: Sequence[Area]) -> tuple[list[np.ndarray], Sequence[str]]:
    """The middle of areas of ink as polylines, where they are."""
    points = np.concatenate([np.clip(line, *clip_box(area.clips)) for area in areas for line in area.outlines])
    low, side = points.min(axis=0), float(np.ptp(points, axis=0).max()) or 1.0
    scale, margin = FILLED / side, 8
    bitmap = np.zeros((FILLED + 2 * margin, FILLED + 2 * margin), np.uint8)
    for area in areas:
        drawn = np.zeros_like(bitmap) if area.clips else bitmap
        fixed = [np.rint(((line - low) * scale + margin) * 16) for line in area.outlines if len(line) > 2]
        # OpenCV draws what lies far outside wrongly
        cv2.fillPoly(drawn, [line.clip(-FAR, FAR).astype(np.int32) for line in fixed], 255, cv2.LINE_AA, 4)
        if area.clips:
            cut_area(drawn, area.clips, low, scale, margin)
            np.maximum(bitmap, drawn, out=bitmap)
    if not bitmap.any():
        return [], []
    found = trace(bitmap)
    return [(line - margin) / scale + low for line in to_polylines(found.sketch, found.origin)], found.left_out
