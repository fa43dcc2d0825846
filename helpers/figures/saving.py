"""Figures to files, for write-ups: SVG, PDF and PNG, the same bytes on every run."""

from pathlib import Path
from typing import BinaryIO

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from helpers.figures.style import STYLE
from helpers.paths import FIGURES, atomic


@mpl.rc_context(STYLE)
def save_figure(fig: Figure, name: str) -> Figure:
    """Writes a figure for a write-up: the same bytes on every run, each file whole or not at all.

    Parameters
    ----------
    fig : Figure
    name : str
        Plain, like "03_switch-grid": the files are figures/`name`.svg, .pdf and .png.

    Returns
    -------
    Figure
        The same, so that `save_figure(fig, name)` may be a cell's last line and shows it.

    Raises
    ------
    ValueError
        For a name with dots or slashes.
    """
    if not name or set(name) & set("./\\"):
        raise ValueError(f"a figure's name is plain, like '03_switch-grid'; this is {name!r}")
    # no date and no program's version in the files
    metadata = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    for suffix, nothing in metadata.items():
        with atomic(FIGURES / f"{name}.{suffix}") as path:
            fig.savefig(path, format=suffix, metadata=nothing)
            if suffix == "png":
                with_palette(path).save(path, optimize=True)
    return fig


def with_palette(file: str | Path | BinaryIO, colors: int = 256) -> Image.Image:
    """A drawn picture in few colours: a palette shows no difference, and takes a quarter of a PNG's bytes."""
    # without k-means it does show one
    return Image.open(file).convert("RGB").quantize(colors, Image.Quantize.MAXCOVERAGE, kmeans=1)
