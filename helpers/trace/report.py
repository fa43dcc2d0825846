"""What became of a folder's pictures, as a page of HTML in one file that needs nothing else."""

import base64
import hashlib
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
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

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #22344a; max-width: 62rem; margin: 3rem auto; padding: 0 1.5rem }
h1 { font-weight: 600; font-size: 1.6rem } h2 { font-weight: 600; font-size: 1.1rem; margin-top: 2.5rem }
table { border-collapse: collapse } td, th { padding: .2rem 1.2rem .2rem 0; text-align: left; vertical-align: top }
th { font-weight: 500; color: #6b7280; border-bottom: 1px solid #c3c8cf } td.n, th.n { text-align: right }
.pages { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1.2rem }
figure { margin: 0; border: 1px solid #e5e7eb; border-radius: 6px; padding: .7rem }
figure div { display: flex; justify-content: space-around; align-items: center; height: 124px }
figcaption { color: #6b7280; font-size: .8rem; overflow-wrap: anywhere; margin-top: .4rem }
p { color: #6b7280 }
"""


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
    counts = "".join(
        f"<tr><td>{html.escape(name)}</td>"
        + "".join(f'<td class="n">{len(of_class[split]):,}</td>' for split in SPLITS)
        + "</tr>"
        for name, of_class in drawings.items()
    )
    heads = "".join(f'<th class="n">{split}</th>' for split in SPLITS)
    table = _table(skipped, "why") or "<p>Nothing was skipped.</p>"
    seen = _table(left_out, "what")
    seen = f"<h2>Left out</h2>\n<p>Seen on the page, and not in the drawing.</p>\n{seen}\n" if seen else ""
    # by hash: a fair choice, and the same one on every run
    shown = sorted(traced, key=lambda page: hashlib.sha256(f"{page.digest} {page.number}".encode()).digest())[:SHOWN]
    figures = "".join(_figure(folder, page, traced[page]) for page in sorted(shown))
    title = html.escape(folder.resolve().name)
    text = (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}, traced</title><style>{STYLE}</style>\n'
        f"<h1>{title}, traced</h1>\n<p>{len(traced):,} drawings, {len(skipped):,} files or pages skipped.</p>\n"
        f"<table><tr><th>class</th>{heads}</tr>{counts}</table>\n<h2>Skipped</h2>\n{table}\n{seen}"
        f"<h2>Some that were traced</h2>\n<p>Left the picture, right its strokes: the darker, the earlier.</p>\n"
        f'<div class="pages">{figures}</div>\n</html>\n'
    )
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _drawn(path: Path, number: int) -> np.ndarray:
    """What a vector file holds, dark on white."""
    return 255 - render(from_polylines(vectors.read_vectors(path, number)[0]), 2 * THUMBNAIL, 2)


def _table(rows: Sequence[tuple[str, str]], title: str) -> str:
    """Two columns, a page and what there is to say; empty where there is nothing."""
    cells = "".join(f"<tr><td>{html.escape(page)}</td><td>{html.escape(text)}</td></tr>" for page, text in rows)
    return f"<table><tr><th>file</th><th>{title}</th></tr>{cells}</table>" if rows else ""


def _figure(folder: Path, page: Any, drawing: list) -> str:
    path = folder / page.file
    grey = _drawn(path, page.number) if path.suffix.lower() in vectors.SUFFIXES else read_grey(path, page.number)
    scale = THUMBNAIL / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = 255 - small
    small = 255 - cv2.multiply(
        ink, max(1, 160 / max(1, int(ink.max())))
    )  # a thin line on a large page stays to be seen
    picture = base64.b64encode(cv2.imencode(".png", small)[1]).decode()
    colors = [RAMP[i * len(RAMP) // len(drawing)] for i in range(len(drawing))]
    lines = "".join(
        f'<polyline stroke="{color}" points="{" ".join(f"{x},{y}" for x, y in zip(*line, strict=True))}"/>'
        for color, line in zip(colors, drawing, strict=True)
    )
    label = html.escape(page.label)
    x, y = np.concatenate([np.array(line).T for line in drawing]).max(axis=0) / 2 - (BOX / 2 + 6)
    return (
        f'<figure><div><img alt="{label}" src="data:image/png;base64,{picture}">'
        f'<svg width="{THUMBNAIL}" height="{THUMBNAIL}" viewBox="{x:g} {y:g} {BOX + 12} {BOX + 12}" fill="none" '
        f'stroke-width="4" stroke-linecap="round" stroke-linejoin="round">{lines}</svg></div>'
        f"<figcaption>{label}</figcaption></figure>\n"
    )
