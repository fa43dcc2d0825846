"""Bitmaps to sketches: `trace` along the middle of the lines; the published method and the outline beside it."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from helpers import centerlines, skeleton
from helpers.strokes import from_polylines

WORK = 224  # pixels: a smaller drawing is enlarged to this before it is thinned
INK = 0.55  # of full ink: above is line, below is paper
EPSILON = 0.25  # pixels of the bitmap
PAPER = 3  # pixels around the ink


class Trace(NamedTuple):
    """A sketch, where its pen starts (x, y in pixels of the bitmap, whole numbers at pixel centres), its line width."""

    sketch: np.ndarray
    origin: np.ndarray
    width: float


def trace(bitmap: np.ndarray) -> Trace:
    """The pen strokes along the middle of a bitmap's lines."""
    lines, width = trace_lines(bitmap)
    polylines = [lines.points[a:b] for a, b in zip(lines.starts[:-1], lines.starts[1:], strict=True)]
    return Trace(from_polylines(polylines), polylines[0][0], width)


def trace_lines(bitmap):
    grey, corner, scale = enlarge(bitmap)
    ink = (grey > INK).view(np.uint8)
    thinned = skeleton.thin(ink)
    graph = skeleton.graph(thinned, ink)
    rough = max(1.0, np.count_nonzero(ink) / max(1, np.count_nonzero(thinned)))
    graph = skeleton.contract(graph, rough)
    widths = centerlines.refine(graph, grey, rough, 2)
    good = widths[widths > 0]
    line_width = float(np.median(good)) if len(good) else rough
    lines = centerlines.join(graph, widths, grey, line_width)
    lines = centerlines.sharpen(lines, grey, line_width)
    lines = centerlines.simplify(lines, EPSILON * scale, scale)
    points = (lines.points + 0.5) / scale - 0.5 + corner
    return centerlines.Lines(points, lines.starts, lines.closed), line_width / scale


def enlarge(bitmap):
    rows, columns = np.flatnonzero(bitmap.max(axis=1) > 64), np.flatnonzero(bitmap.max(axis=0) > 64)
    top, left, bottom, right = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    cut = bitmap[top:bottom, left:right]
    cut = cv2.copyMakeBorder(cut, PAPER, PAPER, PAPER, PAPER, cv2.BORDER_CONSTANT, value=0)
    scale = max(1.0, WORK / max(cut.shape))
    if scale > 1:
        size = (round(cut.shape[1] * scale), round(cut.shape[0] * scale))
        grey = cv2.resize(cut.astype(np.float32), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    else:
        grey = cut.astype(np.float32)
    grey *= 1 / 255
    return grey, np.array([left - PAPER, top - PAPER]), scale
