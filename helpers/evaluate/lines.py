"""How close the lines of a tracing are to those that the bitmap was drawn from."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from helpers.sketch.polyline import measure_length, resample
from helpers.sketch.raster import MARGIN, render
from helpers.sketch.strokes import fit_box, to_polylines

SPACING = 0.25  # pixels between the points whose distances are measured


def true_lines(sketch: np.ndarray, size: int, line_width: float) -> list[np.ndarray]:
    """The lines of a drawing where `sketch.render` puts them.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    size : int
        Pixels a side of the bitmap.
    line_width : float
        Pixels.

    Returns
    -------
    list of ndarray
        Polylines (K, 2), in pixels of the bitmap.
    """
    room = size * (1 - 2 * MARGIN) - line_width
    fitted, origin = fit_box(sketch, room)
    return to_polylines(fitted, origin + (size - room) / 2 - 0.5)


def line_distances(truth: Sequence[np.ndarray], found: Sequence[np.ndarray]) -> tuple[float, float]:
    """How far some lines lie from others, both ways.

    Parameters
    ----------
    truth, found : sequence of ndarray
        Polylines (K, 2), pixels.

    Returns
    -------
    chamfer : float
        The mean of both mean distances to the nearest line, pixels.
    hausdorff : float
        The largest distance, pixels.
    """
    there, back = _distances(_sampled(truth), found), _distances(_sampled(found), truth)
    return float(there.mean() + back.mean()) / 2, float(max(there.max(), back.max()))


def find_lines(method: Callable, bitmap: np.ndarray) -> list[np.ndarray]:
    """The lines that a way of tracing finds, whichever form it gives them.

    Parameters
    ----------
    method : callable
        `trace.trace`, `trace.contour`, or another that takes a bitmap and gives a `Trace` or polylines.
    bitmap : ndarray
        uint8 (S, S), ink 255 on paper 0.

    Returns
    -------
    list of ndarray
        Polylines (K, 2), in pixels of the bitmap; none where the method gives up with a ValueError.
    """
    try:
        found = method(bitmap)
    except ValueError:
        return []
    return found if isinstance(found, list) else to_polylines(found.sketch, found.origin)


def measure_tracing(method: Callable, sketches: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Renders drawings, with lines 1/64 of the bitmap wide, traces them, and compares with where their lines are.

    Parameters
    ----------
    method : callable
        As of `find_lines`.
    sketches : sequence of ndarray
        (n, 3) each.
    size : int
        Pixels a side of the bitmaps.

    Returns
    -------
    ndarray
        (N, 4): Chamfer and Hausdorff distance in pixels (`line_distances`), strokes too many or too few, milliseconds
        of the processor. A drawing in which the method finds nothing has no row.
    """
    rows = []
    for sketch in sketches:
        lines, image = true_lines(sketch, size, size / 64), render(sketch, size, size / 64)
        start = time.process_time()
        found = find_lines(method, image)
        took = 1e3 * (time.process_time() - start)
        if found:
            rows.append([*line_distances(lines, found), abs(len(found) - len(lines)), took])
    return np.array(rows).reshape(-1, 4)


def _sampled(lines: Sequence[np.ndarray]) -> np.ndarray:
    """Points along all the lines; a dot gives its place, twice."""
    return np.concatenate([resample(line, max(2, round(measure_length(line) / SPACING) + 1)) for line in lines])


def _distances(points: np.ndarray, lines: Sequence[np.ndarray]) -> np.ndarray:
    """From each point (P, 2) to the nearest line, exactly."""
    a = np.concatenate([line[:-1] if len(line) > 1 else line for line in lines])
    z = np.concatenate([line[1:] if len(line) > 1 else line for line in lines])
    step = z - a
    square = np.maximum((step**2).sum(axis=1), 1e-12)
    off = points[:, None] - a
    t = np.clip((off * step).sum(axis=2) / square, 0, 1)
    return np.sqrt(((off - t[..., None] * step) ** 2).sum(axis=2).min(axis=1))
