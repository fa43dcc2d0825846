"""What became of a folder's pictures, as a page of HTML in one file that needs nothing else."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np

from helpers.data.chunks import SPLITS
from helpers.data.official import BOX
from helpers.paths import atomic
from helpers.sketch.raster import render
from helpers.sketch.strokes import from_polylines
from helpers.trace import vectors
from helpers.trace.images import read_grey

SHOWN = 24  # pages
THUMBNAIL = 120  # pixels
RAMP = ("#22344a", "#28707d", "#3aa57c", "#c9b832")  # the order of strokes, dark to light

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, keep_trailing_newline=True
)


def write_report(
    path: Path,
    folder: Path,
    drawings: Mapping[str, Mapping[str, Sequence]],
    traced: Mapping[Any, list],
    skipped: Sequence[tuple[str, str]],
    left_out: Sequence[tuple[str, str]],
) -> None:
    """Writes what became of a folder's pictures.

    Parameters
    ----------
    path : Path
        Of the file.
    folder : Path
        Of the pictures.
    drawings : mapping
        `{class: {split: sketches}}`.
    traced : mapping
        `{page: its lines}`, for each page that was traced.
    skipped : sequence of (str, str)
        Each page that has no drawing, and the reason.
    left_out : sequence of (str, str)
        Each page on which something was seen that is not in its drawing, and what.
    """
    # by hash: a fair choice, and the same one on every run
    shown = sorted(traced, key=lambda page: hashlib.sha256(f"{page.digest} {page.number}".encode()).digest())[:SHOWN]
    text = TEMPLATES.get_template("report.html").render(
        title=folder.resolve().name,
        splits=SPLITS,
        drawings=drawings,
        traced=len(traced),
        skipped=skipped,
        left_out=left_out,
        figures=[_figure(folder, page, traced[page]) for page in sorted(shown)],
        side=THUMBNAIL,
    )
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _drawn(path: Path, number: int) -> np.ndarray:
    """What a vector file holds, dark on white."""
    return 255 - render(from_polylines(vectors.read_vectors(path, number)[0]), 2 * THUMBNAIL, 2)


def _figure(folder: Path, page: Any, drawing: list) -> dict:
    """What the page shows of a drawing: its label, its picture, and its strokes in a box of their own."""
    path = folder / page.file
    grey = _drawn(path, page.number) if path.suffix.lower() in vectors.SUFFIXES else read_grey(path, page.number)
    scale = THUMBNAIL / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = 255 - small
    # a thin line on a large page stays to be seen
    small = 255 - cv2.multiply(ink, max(1, 160 / max(1, int(ink.max()))))
    colors = [RAMP[i * len(RAMP) // len(drawing)] for i in range(len(drawing))]
    points = [" ".join(f"{x},{y}" for x, y in zip(*line, strict=True)) for line in drawing]
    x, y = np.concatenate([np.array(line).T for line in drawing]).max(axis=0) / 2 - (BOX / 2 + 6)
    return {
        "label": page.label,
        "picture": base64.b64encode(cv2.imencode(".png", small)[1]).decode(),
        "box": f"{x:g} {y:g} {BOX + 12} {BOX + 12}",
        "lines": list(zip(colors, points, strict=True)),
    }
