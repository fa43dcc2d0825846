"""Paths of SVG to polylines: Bezier curves and arcs flattened to a tolerance."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import svgelements as svg

SMOOTH = 1000  # a curve lies within the longer side over this of its polyline


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


def side_of(shapes: Sequence[svg.Path]) -> float:
    """The longer side of the box of all control points."""
    points = [curve for shape in shapes for part in _cubics(shape) for curve in part]
    if not points:
        return 1.0
    side = float(np.ptp(np.concatenate(points), axis=0).max())
    if not side < np.inf:
        raise ValueError("a coordinate is not a finite number")
    return side or 1.0


def flatten(shape: svg.Path, side: float) -> list[np.ndarray]:
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
