"""Figures and tables to files, for write-ups: SVG, PDF and PNG, CSV and LaTeX, the same bytes on every run."""

import csv
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import pypdf
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from helpers.figures.rc import in_style
from helpers.figures.style import WIDTH
from helpers.paths import FIGURES, atomic

WIDTHS = {"column": 3.35, "page": WIDTH / 72}  # inches: one column of most papers, and their text width
LEAST = 5  # points: smaller letters no publisher takes
DPI = 600  # of a PNG for print: what publishers ask for where there are lines


@in_style
def save_figure(fig: Figure, name: str, width: str | None = None, *, alt: str = "", caption: str = "") -> Figure:
    """Writes a figure for a write-up: the same bytes on every run, each file whole or not at all.

    Parameters
    ----------
    fig : Figure
    name : str
        Plain, like "03_switch-grid": the files are figures/`name`.svg, .pdf and .png.
    width : {"column", "page"}, optional
        For print: scaled to one column (3.35 inches) or to the width of the text (7 inches), the PNG with 600 dots per
        inch; the files are figures/`name`-column.svg and so on. Without it the figure keeps its size, the PNG has 200.
    alt, caption : str
        A description for readers who cannot see the figure, and what stands below it. Both go to `name`.md beside the
        files, with the lines of LaTeX and Markdown that include it.

    Returns
    -------
    Figure
        The same, so that `save_figure(fig, name)` can be a cell's last line and show it.

    Warns
    -----
    UserWarning
        Where letters become too small to be read.

    Raises
    ------
    ValueError
        For a name with dots or slashes, and another width.
    """
    check_figure_name(name)
    if width is not None and width not in WIDTHS:
        raise ValueError(f"width is {width!r}; it must be one of {', '.join(WIDTHS)}, or None")
    scale = WIDTHS[width] / fig.get_size_inches()[0] if width else 1
    name = f"{name}-{width}" if width else name
    if width and (least := min(_letters(fig), default=LEAST / scale) * scale) < LEAST:
        warnings.warn(f"{name}: letters become {least:.1f} points high; draw fewer columns", stacklevel=3)
    # no date and no program's version in the files
    metadata = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    dpi = {"dpi": DPI * scale} if width else {}
    for suffix, nothing in metadata.items():
        with atomic(FIGURES / f"{name}.{suffix}") as path:
            fig.savefig(path, format=suffix, metadata=nothing, **dpi)
            if suffix == "png":
                with_palette(path).save(path, optimize=True, **({"dpi": (DPI, DPI)} if width else {}))
            elif width:
                (_scale_svg if suffix == "svg" else _scale_pdf)(path, scale)
    if alt or caption:
        write_words(name, alt, caption)
    return fig


def _letters(fig: Figure) -> Iterator[float]:
    """The heights, in points, of the texts that are shown: axes that are off keep the labels of their ticks."""
    for text in fig.findobj(Text):
        axes = text.axes
        if text.get_text().strip() and text.get_visible() and (axes is None or axes.axison or text in axes.texts):
            yield text.get_fontsize()


def _scale_svg(path: Path, scale: float) -> None:
    """The same drawing in another size: its coordinates are those of the viewBox."""
    text = path.read_text(encoding="utf-8")
    for side in ("width", "height"):
        text = re.sub(
            rf'(<svg [^>]*?\b{side}=")([\d.]+)pt"', lambda m: f'{m[1]}{float(m[2]) * scale:.6g}pt"', text, count=1
        )
    path.write_text(text, encoding="utf-8")


def _scale_pdf(path: Path, scale: float) -> None:
    writer = pypdf.PdfWriter()
    writer.add_page(pypdf.PdfReader(path).pages[0]).scale_by(scale)
    writer.metadata = None
    writer.write(path)


def check_figure_name(name: str) -> None:
    """ValueError for what is no plain name of a figure."""
    if not name or set(name) & set('./\\:*?"<>|%#{}') or not name.isprintable():
        raise ValueError(f"a figure's name is plain, like '03_switch-grid'; this is {name!r}")


def write_words(name: str, alt: str, caption: str) -> None:
    """`figures/<name>.md`: a figure's alternative text, its caption, and the lines that include it."""
    alt, caption = " ".join(alt.split()), " ".join(caption.split())
    wide = "\\columnwidth" if name.endswith("-column") else "\\textwidth"
    latex = [
        "\\begin{figure}",
        f"  \\includegraphics[width={wide}, alt={{{escape_latex(alt or caption)}}}]{{figures/{name}.pdf}}",
        *([f"  \\caption{{{escape_latex(caption)}}}"] if caption else []),
        "\\end{figure}",
    ]
    marks = str.maketrans({"[": "\\[", "]": "\\]"})
    markdown = f"![{(alt or caption).translate(marks)}](figures/{name}.svg)" + (f"\n\n*{caption}*" if caption else "")
    text = f"# {name}\n\nAlt text: {alt or caption}\n\nCaption: {caption or 'none'}\n\n"
    text += "```latex\n" + "\n".join(latex) + f"\n```\n\n```markdown\n{markdown}\n```\n"
    with atomic(FIGURES / f"{name}.md") as path:
        path.write_text(text, encoding="utf-8")


def save_table(columns: Mapping[str, Sequence], name: str, caption: str = "") -> None:
    """Writes a table for a write-up: figures/`name`.csv, and .tex in the style of booktabs.

    Parameters
    ----------
    columns : mapping
        `{title: values}`, all of one length; a value is written as `str` gives it.
    name : str
        Plain, like "09_confusion".
    caption : str
        Goes into the LaTeX.

    Raises
    ------
    ValueError
        For a name with dots or slashes, no columns, and columns that are not of one length.
    """
    check_figure_name(name)
    if not columns or len({len(values) for values in columns.values()}) != 1:
        lengths = {title: len(values) for title, values in columns.items()}
        raise ValueError(f"a table has columns of one length; these are {lengths}")
    rows = [list(map(str, row)) for row in zip(*columns.values(), strict=True)]
    with atomic(FIGURES / f"{name}.csv") as path, open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    aligned = "".join("r" if all(map(_is_number, values)) else "l" for values in columns.values())
    lines = [" & ".join(map(escape_latex, row)) + r" \\" for row in [list(columns), *rows]]
    body = [f"\\begin{{tabular}}{{{aligned}}}", r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule"]
    table = [*body, r"\end{tabular}"]
    if caption:
        table = [r"\begin{table}", f"\\caption{{{escape_latex(caption)}}}", *table, r"\end{table}"]
    with atomic(FIGURES / f"{name}.tex") as path:
        path.write_text("\n".join(["% needs \\usepackage{booktabs}", *table, ""]), encoding="utf-8")


def _is_number(value: object) -> bool:
    try:
        float(str(value).rstrip("%"))
    except ValueError:
        return False
    return True


def escape_latex(text: str) -> str:
    """Text as LaTeX takes it."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(special.get(letter, f"\\{letter}" if letter in "&%$#_{}" else letter) for letter in text)


def with_palette(file: str | Path | BinaryIO, colors: int = 256) -> Image.Image:
    """A drawn picture in few colours: a palette makes no visible difference, and takes a quarter of a PNG's bytes."""
    # without k-means it does show one
    return Image.open(file).convert("RGB").quantize(colors, Image.Quantize.MAXCOVERAGE, kmeans=1)
