"""Figures to files, for write-ups: SVG, PDF and PNG, the same bytes on every run."""

import matplotlib as mpl
from matplotlib.figure import Figure
from PIL import Image

from helpers.figures.style import STYLE
from helpers.paths import FIGURES, atomic


@mpl.rc_context(STYLE)
def save_figure(fig: Figure, name: str) -> Figure:
    """Writes figures/`name`.svg, .pdf and .png, the same bytes on every run, each whole or not at all.

    Returns the figure, so that `save_figure(fig, "03_switch-grid")` may be a cell's last line and shows it.
    """
    if not name or set(name) & set("./\\"):
        raise ValueError(f"a figure's name is plain, like '03_switch-grid'; this is {name!r}")
    # no date and no program's version in the files
    metadata = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    for suffix, nothing in metadata.items():
        with atomic(FIGURES / f"{name}.{suffix}") as path:
            fig.savefig(path, format=suffix, metadata=nothing)
            if suffix == "png":
                # few colours: a palette shows no difference and takes a quarter of the bytes; without k-means it does
                palette = Image.open(path).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1)
                palette.save(path, optimize=True)
    return fig
