"""In which order and direction people draw: a model learned from real drawings gives it to lines that have neither.

Two conditional logits (McFadden, 1974): which line is next among those left, then where on it the pen starts and
which way it goes. Their weights were fitted to training drawings by `python -m helpers.trace.stroke_order`, which
prints them anew, with what they predict on validation drawings: the next line right in 55 % (chance 26 %, least travel
47 %), the direction in 73 % (50 %, 55 %), a ring's start and direction in 27 % (4 %, 9 %).
"""

import argparse
import math
from collections.abc import Iterable, Sequence

import numpy as np
from scipy.optimize import minimize

from helpers.data.classes import JUDGED
from helpers.data.dataset import load_drawings
from helpers.sketch.native import native
from helpers.sketch.strokes import to_polylines
from helpers.trace.centerlines import Lines
from helpers.trace.skeleton import line_length

NEAR = 0.1  # of the drawing's longer side
# in the order of the features below
NEXT = np.array([-4.19, -0.82, -0.04, -0.52, -0.66, 1.08, 0.03, -0.13, 0.82, -0.57])
OPEN = np.array([1.31, 1.53, 0.05, -1.56, -0.9, -0.92])
RING = np.array([-1.12, -1.63, -1.82, 1.58, 0.56, -6.42])


@native
def human_order(lines: Lines, next_weights: np.ndarray, open_weights: np.ndarray, ring_weights: np.ndarray) -> Lines:
    """The lines in the order and direction, and closed ones from the point, that people most probably choose."""
    points, starts, closed = lines
    table = describe(points, starts, closed)
    count = len(table)
    out = np.empty_like(points)
    out_starts = np.zeros_like(starts)
    out_closed = np.zeros_like(closed)
    drawn = np.zeros(count, np.bool_)
    pen = np.full(2, np.nan)
    last = -1
    n = 0
    for turn in range(count):
        left, features = next_features(table, drawn, last)
        last = left[np.argmax(features @ next_weights)]
        line = points[starts[last] : starts[last + 1]]
        size = len(line)
        ring = closed[last] and size > 2
        features = start_features(line, ring, table[last], pen)
        choice = np.argmax(features @ (ring_weights if ring else open_weights))
        if ring:
            first, step = choice // 2, 1 - 2 * (choice % 2)
            for i in range(size):
                out[n + i] = line[(first + step * i) % (size - 1)]
        else:
            for i in range(size):
                out[n + i] = line[size - 1 - i if choice else i]
        n += size
        for c in range(2):
            pen[c] = out[n - 1, c]
            table[last, 7 + c] = table[last, 5 + c] + (pen[c] - line[0, c]) / table[last, 10]
        drawn[last] = True
        out_starts[turn + 1] = n
        out_closed[turn] = ring
    return Lines(out, out_starts, out_closed)


@native
def describe(points: np.ndarray, starts: np.ndarray, closed: np.ndarray) -> np.ndarray:
    """A row a line: its length, its box (x0, y0, x1, y1), both ends, whether closed; and the drawing's longer side."""
    table = np.empty((len(starts) - 1, 11))
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for i in range(len(points)):
        for c in range(2):
            low[c], high[c] = min(low[c], points[i, c]), max(high[c], points[i, c])
    side = max(high[0] - low[0], high[1] - low[1], 1e-6)
    for s in range(len(table)):
        first, last = starts[s], starts[s + 1] - 1
        table[s, 0] = line_length(points[first : last + 1]) / side
        table[s, 1:3], table[s, 3:5] = np.inf, -np.inf
        for i in range(first, last + 1):
            for c in range(2):
                table[s, 1 + c] = min(table[s, 1 + c], (points[i, c] - low[c]) / side)
                table[s, 3 + c] = max(table[s, 3 + c], (points[i, c] - low[c]) / side)
        for c in range(2):
            table[s, 5 + c] = (points[first, c] - low[c]) / side
            table[s, 7 + c] = (points[last, c] - low[c]) / side
        table[s, 9] = closed[s]
        table[s, 10] = side
    return table


@native
def next_features(table: np.ndarray, drawn: np.ndarray, last: int) -> tuple:
    """The lines left and, a row each: way there, whether near, length, middle, first things, inside, around, alike."""
    left = np.flatnonzero(~drawn)
    features = np.zeros((len(left), 10))
    for row, s in enumerate(left):
        length = math.log(table[s, 0] + 0.02)
        x, y = (table[s, 1] + table[s, 3]) / 2, (table[s, 2] + table[s, 4]) / 2
        if last >= 0:
            way = min(
                math.hypot(table[s, 5] - table[last, 7], table[s, 6] - table[last, 8]),
                math.hypot(table[s, 7] - table[last, 7], table[s, 8] - table[last, 8]),
            )
            features[row, 0] = way
            features[row, 1] = min(way / NEAR, 1.0)
            features[row, 2] = length
            features[row, 3] = x
            features[row, 4] = y
            features[row, 9] = abs(length - math.log(table[last, 0] + 0.02))
        else:
            features[row, 5] = length
            features[row, 6] = y
        for k in left:
            if k != s:
                inside = table[s, 1] >= table[k, 1] and table[s, 3] <= table[k, 3]
                around = table[s, 1] <= table[k, 1] and table[s, 3] >= table[k, 3]
                features[row, 7] += inside and table[s, 2] >= table[k, 2] and table[s, 4] <= table[k, 4]
                features[row, 8] += around and table[s, 2] <= table[k, 2] and table[s, 4] >= table[k, 4]
        features[row, 7] /= max(1, len(left) - 1)
        features[row, 8] /= max(1, len(left) - 1)
    return left, features


@native
def start_features(line: np.ndarray, closed: bool, row: np.ndarray, pen: np.ndarray) -> np.ndarray:
    """What tells apart the ways to draw a line: (2, 6) forward and back; where closed, (2 (K - 1), 6), from each point.

    Open: rightward, downward, counter-clockwise, way there, and the first two again where the line is straight.
    Closed: the start's place in the box, how sharp the corner there is, counter-clockwise, way there.
    """
    size, side = len(line), row[10]
    length = max(row[0] * side, 1e-6)
    area = 0.0
    for i in range(size):
        j = (i + 1) % size
        area += (line[i, 0] * line[j, 1] - line[j, 0] * line[i, 1]) / 2
    turning = -area * 4 * math.pi / length**2  # y grows downward: positive is counter-clockwise as people see it
    far = not math.isnan(pen[0])
    if not closed:
        features = np.zeros((2, 6))
        dx, dy = (line[size - 1, 0] - line[0, 0]) / length, (line[size - 1, 1] - line[0, 1]) / length
        straight = math.hypot(dx, dy) > 0.9
        for way in range(2):
            sign = 1 - 2 * way
            features[way, 0], features[way, 1], features[way, 2] = sign * dx, sign * dy, sign * turning
            start = line[0] if way == 0 else line[size - 1]
            if far:
                features[way, 3] = math.hypot(start[0] - pen[0], start[1] - pen[1]) / side
            if straight:
                features[way, 4], features[way, 5] = sign * dx, sign * dy
        return features
    features = np.zeros((2 * (size - 1), 6))
    x0, y0 = line[:, 0].min(), line[:, 1].min()
    width, height = max(line[:, 0].max() - x0, 1e-6), max(line[:, 1].max() - y0, 1e-6)
    for i in range(size - 1):
        before, after = line[i - 1 if i else size - 2], line[i + 1]
        ax, ay, bx, by = line[i, 0] - before[0], line[i, 1] - before[1], after[0] - line[i, 0], after[1] - line[i, 1]
        sizes = math.hypot(ax, ay) * math.hypot(bx, by)
        bend = math.acos(min(1.0, max(-1.0, (ax * bx + ay * by) / sizes))) if sizes > 0 else 0.0
        for way in range(2):
            row_of = features[2 * i + way]
            row_of[0], row_of[1] = (line[i, 0] - x0) / width, (line[i, 1] - y0) / height
            row_of[2] = abs(row_of[0] - 0.5)
            row_of[3] = bend
            row_of[4] = turning * (1 - 2 * way)
            if far:
                row_of[5] = math.hypot(line[i, 0] - pen[0], line[i, 1] - pen[1]) / side
    return features


# Fitting the weights.

CLOSED = 0.12  # of its length: a stroke whose ends are nearer is a ring


def as_lines(sketch: np.ndarray) -> Lines:
    """A real drawing's strokes as lines, rings closed."""
    polylines, closed = [], []
    for line in to_polylines(sketch):
        length = line_length(line)
        ring = len(line) > 3 and np.hypot(*(line[-1] - line[0])) < CLOSED * length
        polylines.append(np.concatenate([line[:-1], line[:1]]) if ring else line)
        closed.append(ring)
    starts = np.concatenate([[0], np.cumsum([len(line) for line in polylines])]).astype(np.int32)
    return Lines(np.concatenate(polylines), starts, np.array(closed))


def choices(sketches: Sequence[np.ndarray]) -> tuple[list, list, list]:
    """What people chose: for each of the three models a list of features (options, F), the choice first."""
    following, openings, rings = [], [], []
    for sketch in sketches:
        lines = as_lines(sketch)
        table = describe(*lines)
        drawn, pen = np.zeros(len(table), bool), np.full(2, np.nan)
        for s in range(len(table)):
            left, features = next_features(table, drawn, s - 1)
            if len(left) > 1:
                following.append(features)
            line = lines.points[lines.starts[s] : lines.starts[s + 1]]
            if len(line) > 1:
                (rings if lines.closed[s] else openings).append(start_features(line, lines.closed[s], table[s], pen))
            drawn[s], pen = True, line[-1]
    return following, openings, rings


def fit(options: Sequence[np.ndarray]) -> np.ndarray:
    """The weights that make the first option of each choice most probable, with a light pull to 0."""
    rows = np.concatenate(options)
    firsts = np.concatenate([[0], np.cumsum([len(features) for features in options])])[:-1]
    which = np.repeat(np.arange(len(options)), [len(features) for features in options])

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = rows @ weights
        score -= np.maximum.reduceat(score, firsts)[which]
        total = np.add.reduceat(np.exp(score), firsts)
        share = np.exp(score) / total[which]
        value = (np.log(total) - score[firsts]).mean() + 1e-4 * weights @ weights
        return value, (share @ rows - rows[firsts].sum(axis=0)) / len(options) + 2e-4 * weights

    return minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x


def share_right(scores: Iterable[np.ndarray]) -> float:
    """How often the first option has the highest score; where several have, it counts for its share."""
    return float(np.mean([(score[0] == score.max()) / (score == score.max()).sum() for score in scores]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit the weights of the stroke order to real training drawings.")
    parser.add_argument("--drawings", type=int, default=250, help="of each class")
    drawings = parser.parse_args().drawings
    data = load_drawings(JUDGED, limit=drawings)
    names = ("NEXT", "OPEN", "RING")
    for name, options, held_out in zip(names, choices(data.train.sketches), choices(data.valid.sketches), strict=True):
        weights = fit(options)
        print(f"{name} = np.array({np.round(weights, 2).tolist()})")
        right = share_right(features @ weights for features in held_out)
        chance = share_right(np.zeros(len(features)) for features in held_out)
        way = {"NEXT": 0, "OPEN": 3, "RING": 5}[name]
        nearest = share_right(-features[:, way] for features in held_out)
        print(f"  # {right:.0%} of {len(held_out):,} right, {chance:.0%} by chance, {nearest:.0%} by least travel")


if __name__ == "__main__":
    main()
