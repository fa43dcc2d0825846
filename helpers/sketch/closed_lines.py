"""Which lines of a drawing are closed, as outlines are."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from helpers.sketch.cohesion import size
from helpers.sketch.polyline import measure_length, segments
from helpers.sketch.strokes import check, to_polylines

MEET = 0.1  # of the size: ends so near to ink meet it; most outlines drawn by hand close as well as that


def closure(sketch: np.ndarray) -> float:
    """The share of the ink, by length, that lies on closed lines.

    A stroke's end meets ink, another stroke's or its own further along, that is at most `MEET` of the drawing's size
    away; if an end is that near, it meets the end. Strokes that meet form a graph whose edges are the pieces of stroke
    between meeting points. A piece is closed if it lies on a cycle of that graph, that is, if its ends stay connected
    without it. So a single stroke may be closed, two half circles close together, and of a 6 the bowl is closed and the
    tail is not. Weighing by length lets an outline count for more than an eyelash.

    Loops shorter than pi `MEET` sizes, the length of a circle of that width, cannot be told from dots and do not count.
    Nor do lines that cross away from their ends: a scribble is not closed. A line drawn there and back counts, though
    it has nothing inside.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).

    Returns
    -------
    float
        0..1: 0 for an open arc, 1 for a circle, and 0 where there is no line at all.

    References
    ----------
    The eye takes closed outlines for things: Elder and Zucker (1993), doi 10.1016/0042-6989(93)90080-G.
    """
    lines = to_polylines(check(sketch))
    tolerance = MEET * size(lines)
    lines = [line for line in lines if measure_length(line) > 0]
    if not lines:
        return 0.0
    meetings = _meetings(lines, tolerance)
    total = [measure_length(line) for line in lines]
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


def _meetings(lines: Sequence[np.ndarray], tolerance: float) -> list[tuple[tuple[int, float], int, float]]:
    """Where ends meet ink: (stroke, place) of an end, and the stroke and place that it meets; a place is a length
    along the stroke, from its beginning."""
    begins, vectors, stroke = segments(lines)
    lengths = np.hypot(*vectors.T)
    total = np.array([measure_length(line) for line in lines])
    before = np.cumsum(lengths) - lengths
    before -= before[np.searchsorted(stroke, stroke)]  # along its own stroke
    ends = np.array([line[i] for line in lines for i in (0, -1)])
    # the nearest point of every segment to every end
    offset = ends[:, None] - begins
    along = np.clip((offset * vectors).sum(axis=-1) / np.where(lengths > 0, lengths, 1) ** 2, 0, 1)
    distance = np.hypot(*np.moveaxis(offset - along[..., None] * vectors, -1, 0))
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
                if 2 * other + k != end and np.hypot(*(ends[2 * other + k] - ends[end])) <= tolerance:
                    where = its_end
            found.append(((own, at), int(other), float(where)))
    return found


def _on_cycle(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Which edges (E,) of a graph, given by the numbers of their nodes, lie on a cycle.

    An edge is a bridge exactly where its leverage, its effective resistance, is 1: all current between its ends
    has to take it. That takes a third of the time of networkx's `bridges` on a drawing's ten edges or so.
    """
    incidence = np.zeros((len(start), max(start.max(), end.max()) + 1))
    rows = np.arange(len(start))
    np.add.at(incidence, (rows, start), 1)
    np.add.at(incidence, (rows, end), -1)
    leverage = (incidence * np.linalg.pinv(incidence).T).sum(axis=1)
    return leverage < 1 - 1e-6
