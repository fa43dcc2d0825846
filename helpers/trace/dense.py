"""Lines drawn so close together that the paper between them is a pixel or two wide: whether they came out whole."""

from collections.abc import Sequence

import cv2
import numpy as np

from helpers.sketch.polyline import measure_length
from helpers.trace.ink import INK

CLOSE = np.ones((5, 5), np.uint8)  # lines and the paper between them are narrower than that
CLEAR = 0.2  # of the contrast: so much a narrow line stands out from what is beside it
COVERED = 0.1  # of a picture that is narrow lines, and as much that is the paper between them
LOST = 0.5  # times as much of the bitmap: the rest has run together
GAPS = 0.2  # of the ink that is rather the paper between lines
FEWEST = 20  # strokes
SHORT = 3.0  # line widths
CRUMBS = 0.09  # of the strokes that are so short
RUN_TOGETHER = "lines too close together to be told apart"
IN_PIECES = "parts of lines so close together that they came in pieces"


def has_run_together(picture: np.ndarray, bitmap: np.ndarray) -> bool:
    """Whether close lines that a grey picture, uint8 (H, W), is full of are missing from its bitmap."""
    there = _close_share(picture)
    return there > COVERED and _close_share(bitmap) < LOST * there


def _close_share(grey: np.ndarray) -> float:
    """How much of a picture is narrow lines with gaps as narrow between them: the lesser of both shares."""
    low, high = np.percentile(grey[::4, ::4], (1, 99))
    narrow = (cv2.morphologyEx(grey, kind, CLOSE) for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    return min(cv2.countNonZero((part > CLEAR * (high - low)).view(np.uint8)) for part in narrow) / grey.size


def is_in_pieces(bitmap: np.ndarray, polylines: Sequence[np.ndarray], line_width: float) -> bool:
    """Whether many of the strokes found on a bitmap are crumbs, and much of its ink lies close together."""
    if len(polylines) < FEWEST:
        return False
    short = sum(measure_length(line) < SHORT * line_width for line in polylines)
    if short < CRUMBS * len(polylines):
        return False
    closed = cv2.morphologyEx(bitmap, cv2.MORPH_CLOSE, CLOSE)
    ink = closed > INK * closed.max()
    return bool(((closed - bitmap > CLEAR * closed.max()) & ink).sum() > GAPS * ink.sum())
