"""Bitmaps to sketches: `trace`, along the middle of the lines; for comparison, the published method and the outline."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from scipy.sparse.csgraph import depth_first_order

from helpers.sketch.strokes import from_polylines, simplify_line
from helpers.trace.bridges import bridge
from helpers.trace.centerlines import Lines, refine, sharpen, simplify
from helpers.trace.contraction import contract
from helpers.trace.dense import IN_PIECES, is_in_pieces
from helpers.trace.ink import INK, even_ink, is_plain
from helpers.trace.junctions import join
from helpers.trace.skeleton import graph, thin
from helpers.trace.stroke_order import NEXT, OPEN, RING, human_order

WORK = 224  # pixels: a smaller drawing is enlarged to this before it is thinned, a larger one stays as it is
MARGIN = 3  # pixels of paper around the ink
FAINTEST = 64  # of 255: a bitmap with nothing above this is blank
EPSILON = 0.25  # pixels of the bitmap that simplification may lie off
VERTEX = 1.0  # pixels of the bitmap that a vertex may move to where its two lines cross


class Trace(NamedTuple):
    """A sketch, where its pen starts, and how wide its lines are.

    `origin` (2,) is x, y in pixels of the bitmap, whole numbers at pixel centres, so that
    `to_polylines(sketch, origin)` lies on the bitmap; `width` is the median line width in its pixels. `left_out` says
    in words what was seen there and is not in the sketch, as specks are; it is empty for a plain bitmap.
    """

    sketch: np.ndarray
    origin: np.ndarray
    width: float
    left_out: tuple[str, ...] = ()


def trace(bitmap: np.ndarray) -> Trace:
    """The pen strokes along the middle of a bitmap's lines, in the order and direction in which people draw.

    The bitmap is enlarged, thinned (Guo and Hall) and turned into a graph of branches with one node for each junction.
    Its lines are moved to the middle of the grey, joined by good continuation and across short gaps, and simplified to
    a quarter of a pixel. The same bitmap gives the same sketch, alone or in a batch.

    Parameters
    ----------
    bitmap : ndarray
        uint8 (H, W), ink 255 on paper 0, as `read_image` makes of any picture. Faint lines count as dark ones do.

    Returns
    -------
    Trace
        The sketch, where it lies on the bitmap, how wide its lines are, and what was left out.

    Raises
    ------
    ValueError
        For what is no such bitmap, a blank one, and one that is all ink.

    Examples
    --------
    >>> bitmap = np.zeros((64, 64), np.uint8)
    >>> bitmap[30:33, 10:50] = 255
    >>> len(trace(bitmap).sketch)
    2
    """
    bitmap, left_out = check_bitmap(bitmap), ()
    if not is_plain(bitmap):
        bitmap, left_out = even_ink(bitmap / np.float32(255))
    grey, corner, scale = enlarge(bitmap)
    ink = (grey > INK).view(np.uint8)
    skeleton = thin(ink)
    rough_width = max(1.0, np.count_nonzero(ink) / max(1, np.count_nonzero(skeleton)))
    branches = contract(graph(skeleton, ink), rough_width)
    widths = refine(branches, grey, rough_width)
    measured = widths[widths > 0]
    line_width = float(np.median(measured)) if len(measured) else rough_width
    lines = bridge(join(branches, widths, grey, line_width), grey, line_width)
    lines = sharpen(lines, grey, line_width)
    lines = human_order(simplify(lines, EPSILON * scale, VERTEX * scale), NEXT, OPEN, RING)
    polylines = [line / scale + (0.5 / scale - 0.5) + corner for line in split(lines)]
    if is_in_pieces(bitmap, polylines, line_width / scale):
        left_out += (IN_PIECES,)
    return Trace(from_polylines(polylines), polylines[0][0], line_width / scale, left_out)


def trace_batch(bitmaps: Sequence[np.ndarray]) -> list[Trace]:
    """`trace` of many bitmaps.

    Parameters
    ----------
    bitmaps : sequence of ndarray
        uint8 (H, W) each, ink 255 on paper 0.

    Returns
    -------
    list of Trace

    Raises
    ------
    ValueError
        As `trace`, with the number of the bitmap.
    """
    traces = []
    for number, bitmap in enumerate(bitmaps):
        try:
            traces.append(trace(bitmap))
        except ValueError as error:
            raise ValueError(f"bitmap {number}: {error}") from error
    return traces


def check_bitmap(bitmap: np.ndarray) -> np.ndarray:
    """The bitmap, contiguous, or a ValueError that says why there is nothing to trace."""
    bitmap = np.asarray(bitmap)
    if bitmap.ndim != 2 or bitmap.dtype != np.uint8:
        raise ValueError(
            f"a bitmap is uint8 (H, W), ink 255 on paper 0; this is {bitmap.dtype} {bitmap.shape}. "
            "trace.read_image and trace.clean make one of a picture"
        )
    if min(bitmap.shape) < 2:
        raise ValueError(f"a bitmap of {bitmap.shape[1]}x{bitmap.shape[0]} pixels has no room for a line")
    if bitmap.max() <= FAINTEST:
        raise ValueError(f"the bitmap is blank: its darkest ink is {bitmap.max()} of 255")
    if bitmap.min() > FAINTEST:
        raise ValueError("the bitmap is all ink: there is no paper in it. Ink is 255 and paper 0; is it inverted?")
    return np.ascontiguousarray(bitmap)


def enlarge(bitmap: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The ink's part of the bitmap, enlarged to WORK: grey float32 0..1, its corner in the bitmap, and the scale.

    Cubic interpolation puts the line's edges where they were before the bitmap was sampled. A point x of the grey
    is (x + 0.5) / scale - 0.5 + corner in the bitmap.
    """
    rows = np.flatnonzero(bitmap.max(axis=1) > FAINTEST)
    columns = np.flatnonzero(bitmap.max(axis=0) > FAINTEST)
    cut = bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    corner = np.array([columns[0] - MARGIN, rows[0] - MARGIN])
    grey = cv2.copyMakeBorder(cut, *[MARGIN] * 4, cv2.BORDER_CONSTANT, value=0).astype(np.float32)
    grey /= grey.max()
    scale = max(1.0, WORK / max(grey.shape))
    if scale > 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    return grey, corner, scale


def split(lines: Lines) -> list[np.ndarray]:
    """The lines as polylines, one array (K, 2) a stroke."""
    return [lines.points[a:b] for a, b in zip(lines.starts[:-1], lines.starts[1:], strict=True)]


def trace_reference(bitmap: np.ndarray, epsilon: float = 2.0) -> Trace:
    """The published method, faults included, for comparison.

    Threshold, Guo-Hall thinning, one stroke for each cluster of DBSCAN(5, 5), ordered by the "optimal path", then
    Ramer-Douglas-Peucker. Strokes nearer than 5 pixels come out as one; the path visits one component of the graph of
    two nearest neighbours and drops the rest; a path that is found early and cheap keeps out a longer one; dots
    (clusters under 3 pixels) vanish.

    Parameters
    ----------
    bitmap : ndarray
        uint8 (H, W), ink 255 on paper 0.
    epsilon : float
        Pixels, of the simplification: 2 in the write-up, 1 in the published code.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        As `trace`, and where no stroke is left.

    References
    ----------
    https://github.com/cynthiaxhua/vectorization
    """
    # take as long to import as all the rest: workers that only trace do not wait for them
    from skimage.morphology import thin as guo_hall
    from sklearn.cluster import DBSCAN

    ink = check_bitmap(bitmap) > 127
    pixels = np.argwhere(guo_hall(ink))[:, ::-1].astype(float)
    if not len(pixels):
        raise ValueError("nothing of the bitmap is left after thinning")
    labels = DBSCAN(eps=5, min_samples=5).fit_predict(pixels)
    clusters = [pixels[labels == label] for label in np.unique(labels)]  # noise, -1, is one like any other
    polylines = [simplify_line(_published_path(points), epsilon) for points in clusters if len(points) >= 3]
    if not polylines:
        raise ValueError("the published method drops strokes under 3 pixels, and this bitmap has no other")
    return Trace(from_polylines(polylines), polylines[0][0], float(ink.sum() / len(pixels)))


def _published_path(points: np.ndarray) -> np.ndarray:
    """Of the depth-first walks from every point, the one that the published code keeps."""
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=2).fit(points).kneighbors_graph()
    best, kept, longest = np.inf, points, 0
    for start in range(len(points)):
        walk = points[depth_first_order(neighbours, start, directed=False, return_predecessors=False)]
        cost = (np.diff(walk, axis=0) ** 2).sum()
        if cost < best and len(walk) >= longest:
            best, kept, longest = cost, walk, len(walk)
    return kept


def contour(bitmap: np.ndarray) -> list[np.ndarray]:
    """The outlines of the ink, as tracing tools without centre lines give them: every line is followed on both sides.

    Parameters
    ----------
    bitmap : ndarray
        uint8 (H, W), ink 255 on paper 0.

    Returns
    -------
    list of ndarray
        Polylines, float64 (K, 2), pixels, that end where they start.

    Raises
    ------
    ValueError
        As `trace`.

    References
    ----------
    Suzuki and Abe (1985), doi 10.1016/0734-189X(85)90016-7.
    """
    ink = (check_bitmap(bitmap) > 127).astype(np.uint8)
    found, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    return [np.concatenate([line[:, 0], line[:1, 0]]).astype(np.float64) for line in found]
