"""What makes a drawing hold together, in numbers: closure, symmetry, complexity, and how a second mind uses the ink.

All of them are about ink, the lines that the pen leaves, not about its travels. Lengths are relative to the drawing's
size, the longest distance between two of its points (its diameter: unlike a box it stays the same when the drawing
is turned), so no measure depends on where a drawing stands, how large it is, or how it is turned, and units cancel.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.spatial.distance import pdist

from helpers.sketch.strokes import absolute, check, to_polylines

MEET = 0.1  # of the size: ends so near to ink meet it; most outlines drawn by hand close as well as that
NEAR = 0.03  # of the size: ink so near to ink lies on it, for symmetry and overlap
SAMPLES = 128  # points at even distances that stand for the ink of a drawing
ANGLES = np.arange(60) * np.pi / 60  # of the normals of mirror axes
UPRIGHT = np.radians(np.arange(-9, 10, 3))  # those of axes that stand, nearly
OFFSETS = np.linspace(-0.1, 0.1, 11)  # of mirror axes from the centre of the ink, of the size
PIXELS = 100  # a size, in the picture in which mirrored ink is looked up


class Complexity(NamedTuple):
    """`points`: rows of the sketch; `strokes`: how often the pen touched the paper; `ink`: length of the lines over
    the drawing's size (a straight line 1, a circle pi, a square the root of 8)."""

    points: int
    strokes: int
    ink: float


class Transition(NamedTuple):
    """How the ink after a switch lies to the ink before it.

    `overlap`: the share, 0..1, of the second mind's ink within `NEAR` of the first's. `distance`: how far the second's
    ink lies from the first's nearest, mean, in sizes of the larger of the two parts. `cohesion`: 1 - distance, each
    distance cut at 1; 1 is ink on ink, 0 is everything at least a size away. `baseline`: what cohesion would be had
    the two merely been placed side by side. Cohesion above baseline means that the second uses the first's place: no
    placing side by side would bring it so near.
    """

    overlap: float
    distance: float
    cohesion: float
    baseline: float


class Summary(NamedTuple):
    """A distribution in five numbers: how many, the mean, and the three quartiles."""

    n: int
    mean: float
    low: float
    median: float
    high: float


def closure(sketch: np.ndarray) -> float:
    """The share of the ink, by length, that lies on closed lines: 0 for an open arc, 1 for a circle.

    A stroke's end meets ink, another stroke's or its own further along, that is at most `MEET` of the drawing's size
    away; where it could meet an end, it does. Strokes that meet are one group, a graph whose edges are the pieces of
    stroke between meeting points. A piece is closed where it lies on a cycle of that graph, that is where taking it
    out would not part its ends; so one stroke may close alone, two half circles close together, and of a 6 the bowl
    closes and the tail does not. Weighing by length lets an outline count for more than a lash.

    Loops shorter than pi `MEET` sizes, the girth of a circle of that width, are not told from dots and do not count.
    Nor do lines that cross away from their ends: a scribble is not closed. A line drawn there and back counts, though
    it has nothing inside. 0 where there is no line at all.

    Closed outlines are what the eye takes for things: Elder and Zucker (1993), doi 10.1016/0042-6989(93)90080-G.
    """
    lines = to_polylines(check(sketch))
    tolerance = MEET * size(lines)
    lines = [line for line in lines if _length(line) > 0]
    if not lines:
        return 0.0
    meetings = _meetings(lines, tolerance)
    total = [_length(line) for line in lines]
    # the places on each stroke that matter: its ends, and where ends of others meet it
    places = [sorted({0.0, length, *(at for _, of, at in meetings if of == i)}) for i, length in enumerate(total)]
    number = {place: n for n, place in enumerate((i, at) for i, on in enumerate(places) for at in on)}
    links = np.array([(number[end], number[of, at]) for end, of, at in meetings]).reshape(-1, 2)
    graph = coo_array((np.ones(len(links)), links.T), (len(number), len(number)))
    node = connected_components(graph, directed=False)[1]
    pieces = [(node[number[i, a]], node[number[i, b]], b - a) for i, on in enumerate(places) for a, b in pairwise(on)]
    start, end = np.array([piece[:2] for piece in pieces]).T
    length = np.array([piece[2] for piece in pieces])
    closed = _on_cycle(start, end) & ((start != end) | (length > np.pi * tolerance))
    return float(length[closed].sum() / length.sum())


def symmetry(sketch: np.ndarray, angles: np.ndarray = ANGLES) -> float:
    """The share of the ink, 0..1, whose mirror image falls on ink, for the best of many mirror axes.

    Ink falls on ink where it is at most `NEAR` of the drawing's size away. The axes have 60 directions, 3 degrees
    apart, and 11 places, up to a tenth of the size from the centre of the ink, through which every true mirror axis
    goes; `angles` gives other directions, of their normals: `UPRIGHT` asks whether left mirrors right. 1 for whatever
    has a mirror axis; but a shape without one overlaps its image too, here and there, and a dense scribble falls on
    itself in any mirror: compare with real drawings, not with 0.

    The best overlap with the mirror image, over all axes: Marola (1989), doi 10.1109/34.23119.
    """
    lines = to_polylines(check(sketch))
    extent = size(lines)
    if extent == 0:
        return 1.0
    ink = _even(lines, SAMPLES)
    centre = ink.mean(axis=0)
    ink = ((ink - centre) / extent).astype(np.float32)
    # no image lies farther from the centre than the farthest ink, at most a size, and twice the largest offset
    middle = int(np.ceil((1 + 2 * OFFSETS.max() + NEAR) * PIXELS))
    paper = np.zeros((2 * middle + 1, 2 * middle + 1), np.uint8)
    fixed = [np.rint((line - centre) / extent * PIXELS + middle).astype(np.int32)[:, None] for line in lines]
    # OpenCV draws no line of one point
    drawn = [line if len(line) > 1 else line.repeat(2, axis=0) for line in fixed]
    cv2.polylines(paper, drawn, False, 1, thickness=round(2 * NEAR * PIXELS))
    # twice the distance of each point from each axis, (angles, offsets, points), takes it to the other side
    normal = np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    across = 2 * (OFFSETS.astype(np.float32)[:, None] - (normal.T @ ink.T)[:, None])
    x, y = (
        (PIXELS * (ink[:, i] + across * normal[i, :, None, None]) + (middle + 0.5)).astype(np.int32) for i in (0, 1)
    )
    return float(paper.take(y * len(paper) + x).mean(axis=-1, dtype=np.float32).max())


def complexity(sketch: np.ndarray) -> Complexity:
    """How much there is to a drawing: its points, its strokes, and the length of its lines over its size."""
    lines = to_polylines(check(sketch))
    extent = size(lines)
    ink = sum(map(_length, lines)) / extent if extent else 0.0
    return Complexity(len(sketch), len(lines), float(ink))


def transition(sketch: np.ndarray, switch: int | Sequence[int]) -> Transition:
    """Whether what was drawn after the switch uses the ink before it, and a baseline that does not.

    `switch` is the first row of the second mind, as `draw.Switched` has it; of several, the last. The distance of
    a piece of the second's ink is to the nearest ink of the first. The baseline takes the same two parts, unchanged,
    and puts the second beside the first, their boxes touching and their centres level, on the side, of four, where
    that brings them nearest. It is measured in the same size, that of the larger part. Where one of the minds drew
    nothing, there is nothing to compare, and all four are NaN. Raises ValueError for a switch outside 0..N.
    """
    sketch = check(sketch)
    row = int(np.atleast_1d(switch)[-1])
    if not 0 <= row <= len(sketch):
        raise ValueError(f"the switch is at row {row}, but this drawing has {len(sketch)} rows")
    first, second = parts(sketch, row)
    if not first or not second:
        return Transition(np.nan, np.nan, np.nan, np.nan)
    extent = max(size(first), size(second)) or 1.0
    tree, ink = KDTree(_even(first, 4 * SAMPLES)), _even(second, SAMPLES)
    distance = tree.query(ink)[0] / extent
    (centre, side), (own_centre, own_side) = _box(first), _box(second)
    sides = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) * (side + own_side) / 2
    beside = tree.query(ink + (centre - own_centre + sides)[:, None])[0] / extent
    return Transition(
        float((distance <= NEAR).mean()),
        float(distance.mean()),
        float(1 - np.minimum(distance, 1).mean()),
        float((1 - np.minimum(beside, 1)).mean(axis=-1).max()),
    )


def sharpest_turn(sketch: np.ndarray) -> float:
    """The sharpest turn of the drawing's longest stroke, in degrees: 0 for a straight line, 90 for a square's corner.

    A turn is between the lines to the points a tenth of the drawing's size behind and ahead along the stroke, so a
    curve has one as well: a circle's is about 11 degrees, of a smaller one as part of a drawing more.
    """
    lines = to_polylines(check(sketch))
    longest = max(lines, key=_length)
    steps = round(10 * _length(longest) / size(lines)) if size(lines) else 0
    if steps < 2:
        return 0.0
    points = _along(longest, 4 * steps + 1)
    back, ahead = points[4:-4] - points[:-8], points[8:] - points[4:-4]
    cosine = (back * ahead).sum(axis=1)
    sine = back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0]
    return float(np.degrees(np.abs(np.arctan2(sine, cosine)).max()))


def to_the_right(sketch: np.ndarray) -> float:
    """How far the drawing's longest stroke lies to the right of its ends, in sizes: a C below 0, the bow of a D above.

    From the middle of the two ends to the middle of the ink, along x.
    """
    lines = to_polylines(check(sketch))
    longest = max(lines, key=_length)
    extent = size(lines)
    return float((_even([longest], SAMPLES)[:, 0].mean() - longest[[0, -1], 0].mean()) / extent) if extent else 0.0


def measure(sketches: Sequence[np.ndarray], switches: Sequence | None = None) -> dict[str, np.ndarray]:
    """Every measure of many drawings, by name: arrays (N,) of closure, symmetry, points, strokes and ink; with the rows
    at which their minds changed, as `draw.Switched` has them, also overlap, distance, cohesion and baseline."""
    if switches is not None and len(switches) != len(sketches):
        raise ValueError(f"{len(switches)} switches for {len(sketches)} drawings")
    rows = [
        {"closure": closure(sketch), "symmetry": symmetry(sketch)} | complexity(sketch)._asdict() for sketch in sketches
    ]
    for row, sketch, switch in zip(rows, sketches, switches if switches is not None else (), strict=False):
        row |= transition(sketch, switch)._asdict()
    return {name: np.array([row[name] for row in rows], float) for name in (rows[0] if rows else ())}


def summarise(values: np.ndarray) -> Summary:
    """The distribution of some values (N,); NaN, where there was nothing to measure, is left out and not counted."""
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        raise ValueError("nothing to summarise: no value is a number")
    return Summary(len(values), float(values.mean()), *np.percentile(values, (25, 50, 75)).tolist())


def compare(groups: Mapping[str, Mapping[str, np.ndarray]]) -> str:
    """A table of measures, for print, of several groups of drawings: a row for each group, by name.

    Of each measure the mean and the quartiles; and, under the first group, each other's mean in relation to its mean.
    So real drawings go first. Groups may lack measures that others have.
    """
    first = next(iter(groups.values()))
    names = dict.fromkeys(name for group in groups.values() for name in group)
    width = max(map(len, groups))
    lines = [f"{'':{width + 10}}{'n':>6}{'mean':>9}{'25%':>9}{'50%':>9}{'75%':>9}{'of first':>10}"]
    for name in names:
        for label, group in groups.items():
            if name not in group:
                continue
            n, mean, *quartiles = summarise(group[name])
            share = ""
            if group is not first and name in first and summarise(first[name]).mean:
                share = f"{mean / summarise(first[name]).mean:.0%}"
            numbers = "".join(f"{value:9.3f}" for value in (mean, *quartiles))
            lines.append(f"{name:<10}{label:<{width}}{n:6}{numbers}{share:>10}".rstrip())
    return "\n".join(lines)


def size(lines: Sequence[np.ndarray]) -> float:
    """The longest distance between two points of some polylines, the diameter of the drawing; 0 for a lone dot."""
    points = np.concatenate(lines)
    return float(pdist(points).max()) if len(points) > 1 else 0.0


def parts(sketch: np.ndarray, row: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The polylines before a row and those from it on, in one place; a stroke that the row cuts is cut at its point."""
    first = to_polylines(sketch[:row]) if row else []
    if row == len(sketch):
        return first, []
    lines = to_polylines(sketch[row:], absolute(sketch)[row])
    # the pen starts down, unless the row before lifted it: then the way to the next stroke is no ink
    if row and sketch[row - 1, 2] > 0.5:
        lines[0] = lines[0][1:]
    return first, lines


def _length(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _box(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Centre (2,) and sides (2,) of the box around some polylines."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2, high - low


def _segments(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All segments of some polylines: where they begin (S, 2), their vectors (S, 2), the stroke (S,) each is of."""
    begins = np.concatenate([line[:-1] for line in lines])
    vectors = np.concatenate([np.diff(line, axis=0) for line in lines])
    return begins, vectors, np.repeat(np.arange(len(lines)), [len(line) - 1 for line in lines])


def _even(lines: Sequence[np.ndarray], n: int) -> np.ndarray:
    """The middles (n, 2) of n pieces of all the lines, of equal length; where there are but dots, their places."""
    begins, vectors, _ = _segments(lines)
    lengths = np.linalg.norm(vectors, axis=1)
    ends = np.cumsum(lengths)
    if not len(ends) or ends[-1] == 0:
        return np.unique(np.concatenate(lines), axis=0)
    at = (np.arange(n) + 0.5) / n * ends[-1]
    segment = np.searchsorted(ends, at)
    share = 1 - (ends[segment] - at) / lengths[segment]
    return begins[segment] + share[:, None] * vectors[segment]


def _along(line: np.ndarray, n: int) -> np.ndarray:
    """n points (n, 2) at even distances along a polyline, both its ends included."""
    at = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    even = np.linspace(0, at[-1], n)
    return np.column_stack([np.interp(even, at, line[:, 0]), np.interp(even, at, line[:, 1])])


def _meetings(lines: Sequence[np.ndarray], tolerance: float) -> list[tuple[tuple[int, float], int, float]]:
    """Where ends meet ink: (stroke, place) of an end, and the stroke and place that it meets; a place is a length
    along the stroke, from its beginning."""
    begins, vectors, stroke = _segments(lines)
    lengths = np.linalg.norm(vectors, axis=1)
    total = np.array([_length(line) for line in lines])
    before = np.cumsum(lengths) - lengths
    before -= before[np.searchsorted(stroke, stroke)]  # along its own stroke
    ends = np.array([line[i] for line in lines for i in (0, -1)])
    # the nearest point of every segment to every end
    offset = ends[:, None] - begins
    along = np.clip((offset * vectors).sum(axis=-1) / np.where(lengths > 0, lengths, 1) ** 2, 0, 1)
    distance = np.linalg.norm(offset - along[..., None] * vectors, axis=-1)
    place = before + along * lengths
    found = []
    for end in range(len(ends)):
        own, at = end // 2, (end % 2) * total[end // 2]
        # its own ink just behind it is no meeting
        near = (distance[end] <= tolerance) & ((stroke != own) | (np.abs(place[end] - at) > np.pi * tolerance))
        for other in np.unique(stroke[near]):
            candidates = np.flatnonzero(near & (stroke == other))
            where = place[end, candidates[distance[end, candidates].argmin()]]
            # an end where it can be one: what is left over beyond it would be a tail too short to see
            for k, its_end in enumerate((0.0, total[other])):
                if 2 * other + k != end and np.linalg.norm(ends[2 * other + k] - ends[end]) <= tolerance:
                    where = its_end
            found.append(((own, at), int(other), float(where)))
    return found


def _on_cycle(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Which edges (E,) of a graph, given by the numbers of their nodes, lie on a cycle.

    An edge is a bridge exactly where its leverage, its effective resistance, is 1: all current between its ends
    has to take it.
    """
    incidence = np.zeros((len(start), max(start.max(), end.max()) + 1))
    rows = np.arange(len(start))
    np.add.at(incidence, (rows, start), 1)
    np.add.at(incidence, (rows, end), -1)
    leverage = (incidence * np.linalg.pinv(incidence).T).sum(axis=1)
    return leverage < 1 - 1e-6
