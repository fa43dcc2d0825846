"""Where a prefix lies in another drawing: pose by pose, drawing by drawing, by partial shape matching.

A prefix need not be the first strokes of the drawing that it becomes part of: half a cloud is a sheep's fleece, a bus
is a pig's snout. So its ink is laid on each drawing of a library, what the model itself draws of a class, at several
scales, mirrored too, at shifts all over the drawing's box, and scored by how near it lies to ink that is there (chamfer
matching: Barrow et al., IJCAI 1977). What of the drawing the posed prefix stands for is then left out, and the rest is
what remains to be drawn.

All of it happens in a box of `BOX` pixels: a drawing is scaled so that its longer side fills it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from helpers.sketch.native import native
from helpers.sketch.strokes import bounds, from_polylines, to_polylines

BOX = 64  # pixels of the box in which shapes are matched
FAR = 8.0  # distances are capped here, pixels: ink with nothing near is as bad at 8 pixels as at 30
UNIT = 16  # steps of a pixel in which distances are stored
POINTS = 40  # along a prefix's ink
# any first few of a prefix's points are spread over all of it: a bad shift is given up after a few
ORDER = np.argsort(np.arange(POINTS) * 0.6180339887 % 1)
SCALES = (1.0, 0.8, 0.62, 0.48, 0.36)  # of a prefix's longer side, in boxes
STRIDE = 3  # pixels between the shifts that are tried first
LARGE = 1.5  # pixels of distance that a pose a whole box larger may have more: it stands for more of the drawing
COVER = 3.2  # pixels within which ink of the drawing is taken to be there already
CRUMB = 6.0  # pixels of ink below which a piece that is left over is not worth drawing


class Shapes(NamedTuple):
    """Drawings as `find_poses` and `complete` want them: made once, matched against many prefixes."""

    maps: np.ndarray  # (K, BOX, BOX) uint8: the distance from each drawing's ink, see `distance_map`
    outlines: list["Outline"]


class Outline(NamedTuple):
    """A drawing's ink in its box, sampled at every pixel or closer; every point of its strokes is among the samples."""

    points: np.ndarray  # (P, 2) float32, pixels of the box
    strokes: np.ndarray  # (P,) which stroke each is of
    corners: np.ndarray  # (P,) whether it is a point of the stroke, or only lies between two


class Pose(NamedTuple):
    """How a prefix is laid on a drawing: its point (x, y) lies at `scale * (mirror * x, y) + shift` in the box."""

    drawing: int  # number of the drawing in the library
    distance: float  # mean distance of the prefix's ink from the drawing's, pixels of the box
    size: float  # of the prefix's longer side, in boxes
    mirror: int  # 1, or -1 where the prefix is seen in a mirror
    scale: float
    shift: np.ndarray  # (2,) pixels of the box


def make_shapes(sketches: Sequence[np.ndarray]) -> Shapes:
    """Distance maps and outlines of drawings."""
    outlines = [trace_outline(sketch) for sketch in sketches]
    maps = [distance_map(_lines(outline)) for outline in outlines]
    return Shapes(np.stack(maps) if maps else np.zeros((0, BOX, BOX), np.uint8), outlines)


def trace_outline(sketch: np.ndarray) -> Outline:
    """The ink of a sketch, scaled into the middle of the box."""
    low, high = bounds(sketch)
    scale = (BOX - 1) / max((high - low).max(), 1e-6)
    shift = (BOX - 1) / 2 - (low + high) / 2 * scale
    lines = [line * scale + shift for line in to_polylines(sketch)]
    counts = [np.maximum(np.ceil(np.hypot(*np.diff(line, axis=0).T)).astype(int), 1) for line in lines]
    points, corners = [], []
    for line, count in zip(lines, counts, strict=True):
        places = np.concatenate([np.arange(n) / n + i for i, n in enumerate(count)] + [[len(line) - 1.0]])
        points.append(np.column_stack([np.interp(places, np.arange(len(line)), axis) for axis in line.T]))
        corners.append(places % 1 == 0)
    strokes = np.repeat(np.arange(len(points)), [len(some) for some in points])
    return Outline(np.concatenate(points).astype(np.float32), strokes, np.concatenate(corners))


def _lines(outline: Outline) -> list[np.ndarray]:
    return np.split(outline.points, np.flatnonzero(np.diff(outline.strokes)) + 1)


def distance_map(lines: Sequence[np.ndarray], margin: int = 0) -> np.ndarray:
    """The distance of each pixel of the box, and of `margin` around it, from the ink of polylines (K, 2).

    uint8 (BOX + 2 margin, BOX + 2 margin), in steps of 1 / `UNIT` pixel, up to `FAR`.
    """
    paper = np.full((BOX + 2 * margin,) * 2, 255, np.uint8)
    fixed = [np.rint((line + margin) * 16).astype(np.int32)[:, None] for line in lines]
    cv2.polylines(paper, fixed, False, 0, 1, cv2.LINE_8, 4)
    return np.minimum(cv2.distanceTransform(paper, cv2.DIST_L2, 3) * UNIT, FAR * UNIT).astype(np.uint8)


def spread(lines: Sequence[np.ndarray], n: int) -> np.ndarray:
    """n points (n, 2) at even distances along strokes (K, 2), as float32."""
    points = np.concatenate(lines)
    length = np.hypot(*np.diff(points, axis=0).T)
    length[np.cumsum([len(line) for line in lines[:-1]], dtype=int) - 1] = 0  # the pen travels
    length = np.concatenate([[0], np.cumsum(length)])
    places = (np.arange(n) + 0.5) / n * length[-1]
    return np.column_stack([np.interp(places, length, axis) for axis in points.T]).astype(np.float32)


@native
def _sum(field, corner, offsets, least):
    """The sum of a map's distances under a shape's points, or of the first of them that reach `least`."""
    total = np.int32(0)
    for i in range(len(offsets)):
        total += field[corner + offsets[i]]
        if total >= least:
            break
    return total


@native
def _match(maps, side, shapes, sizes, stride):
    """The best shift of each shape, whole pixels from its box's corner, on each map (K, side * side), row by row.

    `shapes` (V, P) are the places of points in such a map, as uint32: of a signed one numba asks at each look whether
    it counts from the end. `sizes` (V, 2): width and height of each. Shifts a `stride` apart are tried first, then
    those around the best. Returns the sums of distances (K, V) and the shifts (K, V, 2).
    """
    best = np.empty((len(maps), len(shapes)), np.int64)
    where = np.zeros((len(maps), len(shapes), 2), np.int64)
    for k in range(len(maps)):
        for v in range(len(shapes)):
            room_x, room_y = max(1, side - sizes[v, 0]), max(1, side - sizes[v, 1])
            least = np.int32(1 << 30)
            for step in (stride, 1):
                x0 = y0 = 0
                x1, y1 = room_x, room_y
                if step == 1:
                    x0, x1 = max(0, where[k, v, 0] - stride + 1), min(room_x, where[k, v, 0] + stride)
                    y0, y1 = max(0, where[k, v, 1] - stride + 1), min(room_y, where[k, v, 1] + stride)
                for top in range(y0, y1, step):
                    for left in range(x0, x1, step):
                        total = _sum(maps[k], np.uint32(top * side + left), shapes[v], least)
                        if total < least:
                            least = total
                            where[k, v, 0], where[k, v, 1] = left, top
            best[k, v] = least
    return best, where


def find_poses(prefix: np.ndarray, maps: np.ndarray, n: int) -> list[Pose]:
    """The n best poses of a prefix, each on another drawing of a library's maps (K, BOX, BOX), best first.

    A pose is better the nearer the prefix's ink lies to the drawing's, and the larger the prefix is.
    """
    if not len(maps):
        return []
    low, high = bounds(prefix)
    size = np.repeat(SCALES, 2)
    mirror = np.tile([1, -1], len(SCALES))
    scale = size * (BOX - 1) / max((high - low).max(), 1e-6)
    points = spread(to_polylines(prefix), POINTS) * np.stack([scale * mirror, scale], axis=1)[:, None]
    corners = points.min(axis=1)
    shapes = np.rint(points - corners[:, None]).astype(np.int64)[:, ORDER]
    places = (shapes[..., 1] * BOX + shapes[..., 0]).astype(np.uint32)
    total, where = _match(np.reshape(maps, (len(maps), -1)), BOX, places, shapes.max(axis=1), STRIDE)
    distance = total / (POINTS * UNIT)
    score = distance - LARGE * size
    variant = score.argmin(axis=1)
    chosen = np.argsort(score.min(axis=1), kind="stable")[:n]
    return [
        Pose(
            int(k),
            float(distance[k, v]),
            float(size[v]),
            int(mirror[v]),
            float(scale[v]),
            where[k, v] - corners[v],
        )
        for k, v in zip(chosen, variant[chosen], strict=True)
    ]


def lay(prefix: np.ndarray, pose: Pose) -> list[np.ndarray]:
    """The polylines of a prefix, in the box of the drawing that it is laid on."""
    return [line * (pose.mirror, 1) * pose.scale + pose.shift for line in to_polylines(prefix)]


def rest(outline: Outline, laid: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The polylines (K, 2) of a drawing that are still to be drawn where the ink `laid` on it is there already.

    What lies within `COVER` of that ink is left out, and so are pieces shorter than `CRUMB` that this leaves.
    Each piece reaches into the covered part by a pixel, so that new ink meets the old.
    """
    margin = BOX // 2
    covered = distance_map(laid, margin) <= COVER * UNIT
    pixels = np.clip(np.rint(outline.points).astype(int) + margin, 0, len(covered) - 1)
    free = ~covered[pixels[:, 1], pixels[:, 0]]
    # runs of free samples of one stroke
    joined = free[1:] & free[:-1] & (outline.strokes[1:] == outline.strokes[:-1])
    starts = np.flatnonzero(free & ~np.concatenate([[False], joined]))
    stops = np.flatnonzero(free & ~np.concatenate([joined, [False]]))
    pieces = []
    for a, b in zip(starts, stops, strict=True):
        before = a > 0 and outline.strokes[a - 1] == outline.strokes[a]
        after = b + 1 < len(free) and outline.strokes[b + 1] == outline.strokes[b]
        a, b = a - before, b + after
        piece = outline.points[a : b + 1]
        if (before or after) and np.hypot(*np.diff(piece, axis=0).T).sum() < CRUMB:
            continue
        keep = outline.corners[a : b + 1].copy()
        keep[0] = keep[-1] = True
        pieces.append(piece[keep].astype(np.float64))
    return pieces


def complete(prefix: np.ndarray, outline: Outline, pose: Pose) -> np.ndarray | None:
    """The rows that finish a prefix as the drawing that it is laid on, in the prefix's own pixels.

    They draw what the prefix does not stand for. Where the prefix ends inside a stroke, the first row lifts the pen and
    goes nowhere. None where nothing is left.
    """
    pieces = rest(outline, lay(prefix, pose))
    if not pieces:
        return None
    lines = [(piece - pose.shift) / pose.scale * (pose.mirror, 1) for piece in pieces]
    points = np.concatenate([prefix[:, :2].sum(axis=0, dtype=np.float64)[None], *lines])
    lift = np.zeros(len(points) - 1)
    lift[np.cumsum([len(line) for line in lines]) - 1] = 1
    rows = np.column_stack([np.diff(points, axis=0), lift])
    return np.concatenate([[[0, 0, 1]] if prefix[-1, 2] < 0.5 else np.zeros((0, 3)), rows]).astype(np.float32)


def put_together(sketch: np.ndarray, prefix: np.ndarray, pose: Pose, outline: Outline) -> np.ndarray | None:
    """A sketch, in its own pixels, begun by the prefix laid on it, and finished with what that does not stand for.

    The pen lifts at the prefix's end. None where nothing of the sketch would be left.
    """
    laid = lay(prefix, pose)
    pieces = rest(outline, laid)
    if not pieces:
        return None
    low, high = bounds(sketch)
    return from_polylines([line * max((high - low).max(), 1e-6) / (BOX - 1) for line in [*laid, *pieces]])
