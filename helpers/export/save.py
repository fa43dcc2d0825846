"""One drawing to a file, and the recipe back out of it.

`save_drawing` writes one drawing in the format that its name ends in; `read_recipe` reads from any such file how the
drawing was made.
"""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdf
from PIL import Image, PngImagePlugin

from helpers.export import svg
from helpers.export.svg import LINE, RECIPE, SIDE, to_svg
from helpers.figures.style import PALETTE
from helpers.paths import atomic
from helpers.sketch.strokes import check

FORMATS = (".svg", ".pdf", ".png", ".gif")
FPS = 25
SECONDS = 3  # that a drawing takes to be drawn in a GIF


def save_drawing(
    sketch: np.ndarray,
    path: str | Path,
    *,
    switches: Sequence[int] = (),
    colors: Sequence[str] = PALETTE,
    names: Sequence[str] | None = None,
    recipe: dict | None = None,
) -> Path:
    """Writes one sketch to a file that holds its own recipe. For a plotter's page see `to_svg`.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    path : str or Path
        .svg, .pdf or .png is a square of 90 mm, for a write-up; .gif shows it being drawn. The write is atomic.
    switches, colors, names
        As of `to_svg`.
    recipe : dict, optional
        How it was made, whatever JSON can hold.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        For another ending, and for what is no sketch.
    """
    path, sketch = Path(path).expanduser(), check(sketch)
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise ValueError(f"{path.name}: a drawing is saved as {', '.join(FORMATS)}; a video as .mp4 by to_video")
    if kind == ".svg":
        look = {"switches": switches, "colors": colors, "names": names, "pen": LINE}
        return to_svg(sketch, path, page=(SIDE, SIDE), recipe=recipe, **look)
    # matplotlib takes longer to import than an SVG to write
    from helpers.export.figure import draw_figure
    from helpers.export.frames import pen_frames
    from helpers.export.video import to_gif
    from helpers.figures.saving import with_palette

    text = _text(recipe)
    with atomic(path) as temporary:
        if kind == ".gif":
            to_gif(pen_frames(sketch, switches, frames=FPS * SECONDS, colors=colors), temporary, FPS)
            temporary.write_bytes(_with_comment(temporary.read_bytes(), text))
        elif kind == ".pdf":
            nothing = {"CreationDate": None, "Creator": None, "Producer": None}
            draw_figure(sketch, switches, colors).savefig(
                temporary, format="pdf", metadata={**nothing, "Keywords": text}
            )
        else:
            draw_figure(sketch, switches, colors).savefig(temporary, format="png", dpi=300)
            inside = PngImagePlugin.PngInfo()
            inside.add_itxt(RECIPE, text)
            with_palette(temporary).save(temporary, format="png", optimize=True, dpi=(300, 300), pnginfo=inside)
    return path


def read_recipe(path: str | Path) -> dict:
    """The recipe inside a file that was saved here. The file is not trusted.

    Parameters
    ----------
    path : str or Path
        .svg, .pdf, .png or .gif.

    Returns
    -------
    dict
        A recipe from before drawings were read as parts gets `fit=False`, in its settings and its code.

    Raises
    ------
    ValueError
        For another ending, a damaged file, and one without a recipe.
    """
    path = Path(path).expanduser()
    kind = path.suffix.lower()
    if kind == ".svg":
        return _with_fit(svg.read_svg_recipe(path))
    if kind not in FORMATS:
        raise ValueError(f"{path.name}: a recipe is inside {', '.join(FORMATS)} files")
    try:
        if kind == ".pdf":
            text = (pypdf.PdfReader(path).metadata or {}).get("/Keywords")
        else:
            with Image.open(path, formats=("PNG", "GIF")) as image:
                text = image.info.get("comment" if kind == ".gif" else RECIPE)
    except FileNotFoundError:
        raise
    except Exception as error:  # each library has errors of its own for a damaged file
        raise ValueError(f"{path} is damaged, or no {path.suffix} file: {error}") from error
    try:
        recipe = json.loads(text) if text else None
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"the recipe in {path} is damaged: {error}") from error
    if not isinstance(recipe, dict):
        raise ValueError(f"{path} holds no recipe: it was not made here, or changed")
    return _with_fit(recipe)


def _with_fit(recipe: dict) -> dict:
    settings, code = recipe.get("settings"), recipe.get("code")
    if not isinstance(settings, dict) or "fit" in settings or not isinstance(code, str):
        return recipe
    head, call, rest = code.partition("drawn = switch(")
    if not call:
        return recipe
    return recipe | {
        "settings": settings | {"fit": False},
        "code": head + call + rest.replace(")\n", ", fit=False)\n", 1),
    }


def _text(recipe: dict | None) -> str:
    try:
        return json.dumps(recipe or {}, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the recipe is not plain JSON: {error}") from error


def _with_comment(gif: bytes, text: str) -> bytes:
    """A GIF with a comment extension (GIF89a, section 24) before its first block."""
    flags = gif[10]
    start = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)  # header, screen, and its colours
    data = text.encode("ascii")
    blocks = b"".join(
        struct.pack("B", len(part)) + part for part in (data[a : a + 255] for a in range(0, len(data), 255))
    )
    return gif[:start] + b"\x21\xfe" + blocks + b"\x00" + gif[start:]
