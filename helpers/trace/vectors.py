"""Vector files to polylines: SVG, InkML and arrays of strokes. The files are not trusted."""

import gzip
import zlib
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from helpers.data.formats import read
from helpers.sketch.strokes import MAX_OFFSET, to_polylines
from helpers.trace.inkml import read_inkml
from helpers.trace.svg import read_svg

SUFFIXES = (".svg", ".svgz", ".inkml", ".npy")
MOST_BYTES = 30_000_000  # of a file, and of what is packed in it
PACKED = b"\x1f\x8b"  # how gzip begins
MOST_POINTS = 200_000
MOST_ENTITIES = 1_000  # letters of what entities stand for: namespaces, as Illustrator writes them


def count_drawings(path: Path) -> int:
    """How many drawings a vector file holds: of a .npy as many as its list is long."""
    return len(read(path)) if path.suffix.lower() == ".npy" else 1


def read_vectors(path: Path, number: int = 0) -> tuple[list[np.ndarray], list[str]]:
    """The pen strokes of a drawing in a vector file.

    Parameters
    ----------
    path : Path
        .svg, .svgz, .inkml or .npy.
    number : int
        Which drawing of a .npy, from 0.

    Returns
    -------
    lines : list of ndarray
        (K, 2) each, absolute points in the order of the file, y downward; curves within a thousandth of the longer
        side.
    left_out : list of str
        What was seen in the file and is not in the lines, in words.

    Raises
    ------
    ValueError
        For a file that is damaged, hostile (entities that grow, references that run in circles, numbers beyond all
        bounds) or has no line in it.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size:,} bytes; a drawing has {MOST_BYTES:,} at most")
    kind = path.suffix.lower()
    if kind == ".npy":
        return to_polylines(read(path)[number]), []
    root = _parse(path)
    lines, left_out = read_svg(root, path) if kind.startswith(".svg") else (read_inkml(root, path), [])
    if not lines:
        seen = f", but {', '.join(left_out)}" if left_out else ""
        raise ValueError(f"{path}: there is no line in it{seen}")
    points = np.concatenate(lines)
    if len(points) > MOST_POINTS:
        raise ValueError(f"{path} has {len(points):,} points, more than {MOST_POINTS:,}: this is no line drawing")
    if not (np.abs(points) <= MAX_OFFSET).all():  # NaN compares false
        raise ValueError(f"{path}: a point is not finite, or absurdly far away")
    return lines, left_out


def _unpacked(path: Path) -> bytes:
    """What is in a file, or packed in it by gzip, as in .svgz; ValueError for more than any drawing has."""
    with open(path, "rb") as file:
        if file.read(len(PACKED)) != PACKED:
            file.seek(0)
            return file.read()
        file.seek(0)
        try:
            with gzip.GzipFile(fileobj=file) as packed:
                content = packed.read(MOST_BYTES + 1)  # what packs well may unpack to more than there is memory
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} is damaged, or cut off: {error}") from error
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path} unpacks to more than {MOST_BYTES:,} bytes; no drawing has so many")
    return content


def _parse(path: Path) -> ElementTree.Element:
    """The tree of an XML file; ValueError for entities from elsewhere, or that stand for others, or for much."""
    room = MOST_ENTITIES

    def declared(name, is_parameter, value, base, system, public, notation) -> None:
        nonlocal room
        room -= len(value or "")
        if system is not None or public is not None or value is None or "&" in value or "%" in value or room < 0:
            raise ValueError(f"it declares an entity, {name!r}, that leads elsewhere or grows")

    content = _unpacked(path)
    scout = expat.ParserCreate()
    scout.EntityDeclHandler = declared
    try:
        scout.Parse(content, True)
        return ElementTree.fromstring(content)
    except (expat.ExpatError, ElementTree.ParseError, ValueError, LookupError, RecursionError) as error:
        raise ValueError(f"{path} is not an XML file that can be trusted: {error}") from error
