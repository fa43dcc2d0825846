"""Where the beginning of one drawing lies in another: pose by pose, drawing by drawing, by partial shape matching.

A prefix need not be the first strokes of the drawing that it ends up in: half a cloud is a sheep's fleece, a bus is a
pig's snout. So its ink is laid on each drawing of a library at several scales, mirrored too, at shifts all over the
drawing's box, and scored by how near it lies to ink that is there (chamfer matching: Barrow et al., IJCAI 1977). What
of the drawing the posed prefix stands for is then left out, and the rest is what remains to be drawn.

All of it happens in a box of `BOX` pixels: a drawing is scaled so that its longer side fills it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numba
import numpy as np

from helpers.strokes import bounds, from_polylines, to_polylines

BOX = 64  # pixels of the box in which shapes are matched
FAR = 8.0  # distances are capped here, pixels: ink with nothing near is as bad at 8 pixels as at 30
UNIT = 16  # steps of a pixel in which distances are stored
POINTS = 40  # along a prefix's ink
SCALES = (1.0, 0.8, 0.62, 0.48, 0.36)  # of a prefix's longer side, in boxes
LARGE = 1.5  # pixels of distance that a pose a whole box larger may have more: it stands for more of the drawing
STRIDE = 3  # pixels between the shifts that are tried first
COVER = 3.2  # pixels within which ink of the drawing is taken to be there already
# any first few of a prefix's points are spread over all of it: a bad shift is given up after a few
ORDER = np.argsort(np.arange(POINTS) * 0.6180339887 % 1)
CRUMB = 6.0  # pixels of ink below which a piece that is left over is not worth drawing


class Pose(NamedTuple):
    """How a prefix is laid on a drawing: pixels of the drawing = `scale` times pixels of the prefix, plus `shift`.

    `mirror` is 1 or -1, what x is multiplied by. `scale` and `shift` (2,) take a prefix's absolute points (its pen
    starts at the origin) to the drawing's (its pen starts at the origin too).
    """

    drawing: int
    mirror: int
    scale: float
    shift: np.ndarray
    distance: float  # mean distance of the prefix's ink from the drawing's, pixels of the box
    size: float  # the prefix's longer side, in boxes


def spread(lines: Sequence[np.ndarray], n: int) -> np.ndarray:
    """n points (n, 2) at even distances along strokes (K, 2), as float32."""
    points = np.concatenate(lines)
    length = np.hypot(*np.diff(points, axis=0).T)
    length[np.cumsum([len(line) for line in lines[:-1]], dtype=int) - 1] = 0  # the pen travels
    length = np.concatenate([[0], np.cumsum(length)])
    places = (np.arange(n) + 0.5) / n * length[-1]
    return np.column_stack([np.interp(places, length, axis) for axis in points.T]).astype(np.float32)


def to_box(sketch: np.ndarray) -> tuple[float, np.ndarray]:
    """The scale and shift (2,) that take a sketch's absolute points into the middle of the box."""
    low, high = bounds(sketch)
    scale = (BOX - 1) / max((high - low).max(), 1e-6)
    return scale, (BOX - 1) / 2 - (low + high) / 2 * scale


def distance_map(lines: Sequence[np.ndarray], size: int = BOX) -> np.ndarray:
    """The distance of each pixel of the box from the ink of polylines (K, 2), uint8 (size, size), `UNIT` a pixel."""
    paper = np.full((size, size), 255, np.uint8)
    cv2.polylines(paper, [np.rint(line * 16).astype(np.int32)[:, None] for line in lines], False, 0, 1, cv2.LINE_8, 4)
    away = cv2.distanceTransform(paper, cv2.DIST_L2, 3)
    return np.minimum(away * UNIT, FAR * UNIT).astype(np.uint8)


def map_sketch(sketch: np.ndarray) -> np.ndarray:
    """The `distance_map` of a sketch in its box."""
    scale, shift = to_box(sketch)
    return distance_map([line * scale + shift for line in to_polylines(sketch)])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _match(maps, shapes, sizes, stride):
    """The best shift of each shape (V, P, 2) of whole pixels, its box at the origin, on each map (K, S, S).

    Returns the sum of distances (K, V) and the shifts (K, V, 2). `sizes` (V, 2) are the widths and heights.
    """
    k, side = maps.shape[0], maps.shape[1]
    v, p = shapes.shape[0], shapes.shape[1]
    best = np.empty((k, v), np.int32)
    where = np.zeros((k, v, 2), np.int32)
    for a in range(k):
        field = maps[a]
        for b in range(v):
            least = np.int32(1 << 30)
            for top in range(0, max(1, side - sizes[b, 1]), stride):
                for left in range(0, max(1, side - sizes[b, 0]), stride):
                    total = np.int32(0)
                    for i in range(p):
                        total += field[shapes[b, i, 1] + top, shapes[b, i, 0] + left]
                        if total >= least:
                            break
                    if total < least:
                        least = total
                        where[a, b, 0], where[a, b, 1] = left, top
            # the last few pixels, around the best of the coarse shifts
            left0, top0 = where[a, b, 0], where[a, b, 1]
            for top in range(max(0, top0 - stride + 1), min(max(1, side - sizes[b, 1]), top0 + stride)):
                for left in range(max(0, left0 - stride + 1), min(max(1, side - sizes[b, 0]), left0 + stride)):
                    total = np.int32(0)
                    for i in range(p):
                        total += field[shapes[b, i, 1] + top, shapes[b, i, 0] + left]
                        if total >= least:
                            break
                    if total < least:
                        least = total
                        where[a, b, 0], where[a, b, 1] = left, top
            best[a, b] = least
    return best, where


def match(
    prefix: np.ndarray, maps: np.ndarray, scales: Sequence[float] = SCALES, mirrors: Sequence[int] = (1, -1)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best shift of a prefix on each of K drawings, for each scale and mirror.

    Returns the mean distance (K, V), pixels of the box; the affine (K, V, 3) as scale, x and y, that takes the
    prefix's absolute points (mirrored first) into each drawing's box; and the variants (V, 2) as size and mirror.
    """
    lines = to_polylines(prefix)
    ink = spread(lines, POINTS)
    low, high = bounds(prefix)
    side = max((high - low).max(), 1e-6)
    variants = np.array([(scale, mirror) for scale in scales for mirror in mirrors])
    factors = variants[:, 0] * (BOX - 1) / side
    points = ink * np.stack([factors * variants[:, 1], factors], axis=1)[:, None]
    corners = points.min(axis=1)
    shapes = np.rint(points - corners[:, None]).astype(np.int32)[:, ORDER]
    sizes = shapes.max(axis=1)
    total, where = _match(maps, shapes, sizes, STRIDE)
    affine = np.concatenate(
        [np.broadcast_to(factors[None, :, None], (*total.shape, 1)), where - corners[None]], axis=2
    )
    return total / (POINTS * UNIT), affine, variants


def rest(lines: Sequence[np.ndarray], ink: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What of a drawing's polylines (K, 2) is still to be drawn where `ink`, polylines too, is there: in box pixels.

    Parts within `COVER` of that ink are left out, and so are pieces shorter than `CRUMB` that this leaves behind.
    """
    margin = BOX // 2
    size = 2 * BOX
    paper = np.full((size, size), 255, np.uint8)
    cv2.polylines(
        paper, [np.rint((line + margin) * 16).astype(np.int32)[:, None] for line in ink], False, 0, 1, cv2.LINE_8, 4
    )
    away = cv2.distanceTransform(paper, cv2.DIST_L2, 3)
    out = []
    for line in lines:
        steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        if steps[-1] < 1e-9:
            column, row = np.clip(np.rint(line[0] + margin).astype(int), 0, size - 1)
            if away[row, column] > COVER:
                out.append(line)
            continue
        places = np.linspace(0, steps[-1], max(2, int(np.ceil(steps[-1])) + 1))
        dense = np.column_stack([np.interp(places, steps, axis) for axis in line.T])
        pixels = np.clip(np.rint(dense + margin).astype(int), 0, size - 1)
        free = away[pixels[:, 1], pixels[:, 0]] > COVER
        if free.all():
            out.append(line)
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], free, [0]]).astype(int)))
        for a, b in edges.reshape(-1, 2):
            # up to the covered sample on either side: the new ink meets the old
            a, b = max(a - 1, 0), min(b, len(places) - 1)
            if places[b] - places[a] < CRUMB:
                continue
            inside = (steps > places[a]) & (steps < places[b])
            out.append(np.concatenate([dense[a : a + 1], line[inside], dense[b : b + 1]]))
    return out


def put_together(
    sketch: np.ndarray, prefix: np.ndarray, affine: np.ndarray, mirror: float
) -> tuple[np.ndarray | None, int]:
    """A sketch with a prefix in place of what it stands for, in the sketch's own pixels, and the prefix's rows.

    `affine` (scale, x, y) takes the prefix's absolute points, mirrored first, into the sketch's box, as `match` finds
    it. The pen lifts at the prefix's end. None where nothing of the sketch would be left.
    """
    to_scale, to_shift = to_box(sketch)
    posed = [line * (mirror, 1) * affine[0] + affine[1:] for line in to_polylines(prefix)]
    left = rest([line * to_scale + to_shift for line in to_polylines(sketch)], posed)
    if not left:
        return None, 0
    lines = [(line - to_shift) / to_scale for line in [*posed, *left]]
    return from_polylines(lines), len(prefix)
