"""InkML, the traces of pens that handwriting software writes, to polylines."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

TOKEN = re.compile(r"([!'\"]?)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[TF])|(\*|\?)")


def local_name(element: ElementTree.Element) -> str:
    tag = element.tag if isinstance(element.tag, str) else ""  # comments have a function for a tag
    return tag.rpartition("}")[2]


def read_inkml(root: ElementTree.Element, path: Path) -> list[np.ndarray]:
    """https://www.w3.org/TR/InkML: traces of channels, X and Y the first two unless a traceFormat says otherwise."""
    if local_name(root) != "ink":
        raise ValueError(f"{path} is no InkML file: its root is <{local_name(root)}>")
    names = [
        channel.get("name") for element in root.iter() if local_name(element) == "traceFormat" for channel in element
    ]
    x, y = (names.index(name) if name in names else place for place, name in enumerate("XY"))
    lines = []
    for element in root.iter():
        if local_name(element) == "trace" and (element.text or "").strip() and element.get("type") != "penUp":
            try:
                lines.append(_points(element.text, x, y))
            except (ValueError, IndexError) as error:
                raise ValueError(f"{path}: trace {len(lines) + 1}: {error}") from error
    return lines


def _points(text: str, x: int, y: int) -> np.ndarray:
    """A trace's points (K, 2): values as they are, or, behind ' and ", differences of the first and second order."""
    order, value, speed, points = [0, 0], [0.0, 0.0], [0.0, 0.0], []
    for point in text.strip().strip(",").split(","):
        tokens = list(TOKEN.finditer(point))
        if any(token[3] for token in tokens):
            raise ValueError("values that are left open (* and ?) are not read")
        for axis, column in enumerate((x, y)):
            mark, number = tokens[column][1], float(tokens[column][2])
            order[axis] = {"!": 0, "'": 1, '"': 2}.get(mark, order[axis])
            if order[axis] == 0:
                speed[axis], value[axis] = number - value[axis], number
            else:
                speed[axis] = number if order[axis] == 1 else speed[axis] + number
                value[axis] += speed[axis]
        points.append(tuple(value))
    return np.array(points)
