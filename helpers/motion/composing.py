"""Faces with a known answer, composed from drawings, and how far a found box is from the true one."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from helpers.motion.features import INK, PLACES
from helpers.sketch.polyline import find_box
from helpers.sketch.strokes import from_polylines, to_polylines


class Composed(NamedTuple):
    """A face made of drawings at known places: the bitmap, and name and box (x, y, width, height) of each feature."""

    bitmap: np.ndarray
    names: tuple[str, ...]
    boxes: list[tuple[int, int, int, int]]


ROOM = {"eye": (0.27, 0.21), "nose": (0.20, 0.20), "mouth": (0.36, 0.17)}  # of the outline's box, width and height


def compose_face(parts: Mapping[str, Sequence[np.ndarray]], rng: np.random.Generator, size: int = 256) -> Composed:
    """A face with a known answer: two eyes, a nose and a mouth in an outline, each near its usual place.

    Drawn again from `rng` until no two touch.

    Parameters
    ----------
    parts : mapping of str to sequence of ndarray
        Sketches of "eye", "nose" and "mouth". With sketches of "face", the first stroke of one is the outline; without
        them, it is an oval.
    rng : numpy.random.Generator
    size : int
        Pixels a side.

    Returns
    -------
    Composed
    """
    turn = np.linspace(0, 2 * np.pi, 40)
    oval = from_polylines([np.column_stack([0.8 * np.sin(turn), -np.cos(turn)])])
    outlines = parts.get("face") or [oval]
    while True:
        outline = outlines[rng.integers(len(outlines))]
        (line,) = _placed([to_polylines(outline)[0]], (size / 2, size / 2), (0.92 * size, 0.92 * size))
        low, high = line.min(axis=0), line.max(axis=0)
        drawn = [[line]]
        for name, usual, _ in PLACES:
            sketch = parts[name][rng.integers(len(parts[name]))]
            room = (high - low) * ROOM[name] * rng.uniform(0.8, 1.1)
            middle = low + (high - low) * (np.array(usual[:2]) + rng.normal(0, 0.015, 2))
            drawn.append(_placed(to_polylines(sketch), middle, room))
        layers = []
        for lines in drawn:
            layer = np.zeros((size, size), np.uint8)
            fixed = [np.rint(line * 16).astype(np.int32) for line in lines]
            cv2.polylines(layer, fixed, False, 255, 2, cv2.LINE_AA, 4)
            layers.append(layer)
        # with a gap between them
        thick = sum((cv2.dilate(layer, np.ones((7, 7), np.uint8)) > 0).astype(int) for layer in layers)
        if thick.max() == 1:
            boxes = [cv2.boundingRect((layer > INK).astype(np.uint8)) for layer in layers[1:]]
            return Composed(np.max(layers, axis=0), tuple(name for name, _, _ in PLACES), boxes)


def _placed(lines: Sequence[np.ndarray], middle: np.ndarray, room: Sequence[float]) -> list[np.ndarray]:
    """Polylines scaled into a room of width and height around its middle, aspect kept."""
    centre, sides = find_box(lines)
    scale = (np.asarray(room) / np.maximum(sides, 1e-6)).min()
    return [(line - centre) * scale + middle for line in lines]


def box_overlap(a: Sequence[int], b: Sequence[int]) -> float:
    """Intersection over union of two boxes x, y, width, height."""
    a, b = (np.array([x, y, x + w, y + h], float) for x, y, w, h in (a, b))
    sides = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))
    areas = [(box[2:] - box[:2]).prod() for box in (a, b)]
    return float(sides.prod() / (sum(areas) - sides.prod()))
