"""How true and how fast tracing is: `trace` beside the published method and what else finds centre lines.

Run: python benchmarks/centerlines.py
"""

import argparse
import time

import cv2
import numpy as np

from helpers.quickdraw import load
from helpers.raster import MARGIN
from helpers.strokes import fit, to_polylines

SIZE = 128
FINE = 8  # the truth is drawn this many times as large, then averaged down
SHIFT = 4


def draw(polylines: list[np.ndarray], size: int, line_width: float) -> np.ndarray:
    """Polylines, in pixels with whole numbers at pixel centres, as a bitmap with round caps and soft edges."""
    bitmap = np.zeros((size * FINE, size * FINE), np.uint8)
    fixed = [np.rint(((line + 0.5) * FINE - 0.5) * (1 << SHIFT)).astype(np.int32)[:, None] for line in polylines]
    # a line without length is nothing to OpenCV: a sixteenth of a fine pixel is
    fixed = [np.concatenate([line, line[-1:] + 1]) for line in fixed]
    thickness = max(1, round(line_width * FINE) - 1)  # OpenCV's lines come out a pixel wider
    cv2.polylines(bitmap, fixed, False, 255, thickness, cv2.LINE_8, SHIFT)
    return cv2.resize(bitmap, (size, size), interpolation=cv2.INTER_AREA)


def place(sketch, size, line_width):
    room = size - 2 * MARGIN * size - line_width
    fitted, origin = fit(sketch, room)
    return to_polylines(fitted, origin + (size - room) / 2 - 0.5)


def resample(polylines: list[np.ndarray], spacing: float = 0.25) -> np.ndarray:
    out = []
    for line in polylines:
        steps = np.hypot(*np.diff(line, axis=0).T) if len(line) > 1 else np.zeros(0)
        walked = np.concatenate([[0], np.cumsum(steps)])
        at = np.linspace(0, walked[-1], max(2, round(walked[-1] / spacing) + 1))
        out.append(np.column_stack([np.interp(at, walked, line[:, 0]), np.interp(at, walked, line[:, 1])]))
    return np.concatenate(out)


def distances(points: np.ndarray, polylines: list[np.ndarray]) -> np.ndarray:
    """From each point to the nearest line, exactly."""
    a = np.concatenate([line[:-1] if len(line) > 1 else line for line in polylines])
    z = np.concatenate([line[1:] if len(line) > 1 else line for line in polylines])
    step = z - a
    square = np.maximum((step**2).sum(axis=1), 1e-12)
    off = points[:, None] - a
    t = np.clip((off * step).sum(axis=2) / square, 0, 1)
    return np.sqrt(((off - t[..., None] * step) ** 2).sum(axis=2).min(axis=1))


def compare(truth, found, size, line_width):
    there = distances(resample(truth), found)
    back = distances(resample(found), truth)
    a, b = draw(truth, size, line_width) > 127, draw(found, size, line_width) > 127
    return (there.mean() + back.mean()) / 2, max(there.max(), back.max()), (a & b).sum() / (a | b).sum(), len(found)
