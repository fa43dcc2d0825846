"""A booklet of drawings that changed their mind, to print and to give away.

A6 pages: a cover, grids of drawings with a typewritten plate below each, and a colophon that says how they were made.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from pypdf import PageObject, PdfReader, PdfWriter, Transformation
from pypdfium2 import PdfDocument

from helpers.export.bezier import DOT, SLACK, pen_strokes
from helpers.figures.style import PALETTE, QUIET, STYLE, pen
from helpers.paths import atomic
from helpers.sketch.strokes import check, fit_box

PAGE = (105.0, 148.5)  # mm, A6: a quarter of the sheet
SHEET = (210.0, 297.0)  # mm, A4
MARGIN_MM = 11.0  # mm of a page
COLUMNS, ROWS = 3, 4  # drawings on a page, at most
FILL = 0.78  # of a cell that its drawing takes
PLATE = 133.0  # mm from the top: where titles stand
PEN = 0.36  # mm
TYPE = "DejaVu Sans Mono"  # the typewriter that matplotlib ships, so that every machine has it
POINT = 72 / 25.4  # points in a mm
# a sheet of eight pages, seen as it is printed: rows from the top, whose pages stand on their heads, and the foot
FRONT, BACK = ((5, 4), (8, 1)), ((3, 6), (2, 7))
CREDIT = (
    "The model learned to draw from drawings by players of Quick, Draw!, made available by Google, Inc. under "
    "CC BY 4.0. None of those is in this booklet: the model drew what you see."
)


class Plate(NamedTuple):
    """A page: the title below the drawings, at most 12 sketches, and the rows at which their minds changed."""

    title: str
    sketches: Sequence[np.ndarray]
    switches: Sequence


@mpl.rc_context({**STYLE, "font.family": TYPE})
def save_booklet(plates: Sequence[Plate], path: str | Path, title: str, colophon: Mapping[str, str]) -> list[Path]:
    """Writes a booklet: the same bytes on every run.

    The PDF has A6 pages: the cover, with the first drawing of the first plate; a page for each plate; and the colophon
    at the back. The number of pages is a multiple of eight: empty ones stand before the colophon where needed, so six
    plates fill a sheet. Beside the PDF, `<name>-pages/` holds the pages as SVG, and `<name>-to-fold.pdf` puts them on
    A4 sheets: print both sides, flipped on the long edge; fold the upper half back, then the left half; staple the
    spine and cut the top open. Sheets follow each other in the order of their pages.

    Parameters
    ----------
    plates : sequence of Plate
        At least one, each with 1 to 12 drawings.
    path : str or Path
        Ends in .pdf. The write is atomic.
    title : str
        On the cover.
    colophon : mapping of str to str
        How the drawings were made: `{what: how}`, a paragraph each.

    Returns
    -------
    list of Path
        The files: pages, sheets, then each page as SVG.

    Raises
    ------
    ValueError
        For no plates, a plate without drawings or with more than 12, a title too long for its page, and another ending
        than .pdf.
    """
    path = Path(path).expanduser()
    if path.suffix.lower() != ".pdf":
        raise ValueError(f"{path} should end in .pdf, for that is what will be in it")
    if not plates:
        raise ValueError("no plates: a booklet has at least one page of drawings")
    grids = [_page(plate) for plate in plates]
    figures = [_cover(title, plates[0]), *grids]
    figures += [_sheet()[0] for _ in range(-(len(figures) + 1) % 8)]
    figures.append(_colophon(colophon))
    files = [path, path.with_name(f"{path.stem}-to-fold.pdf")]
    with atomic(files[0]) as pages, atomic(files[1]) as sheets:
        with PdfPages(pages, metadata={"CreationDate": None, "Creator": None, "Producer": None}) as pdf:
            for figure in figures:
                pdf.savefig(figure)
        _impose(pages, sheets)
    for number, figure in enumerate(figures, 1):
        files.append(path.with_name(f"{path.stem}-pages") / f"{number:02}.svg")
        with atomic(files[-1]) as page:
            figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
    return files


def page_images(path: str | Path, width: int = 420) -> list[np.ndarray]:
    """The pages of a PDF as frames with a thin line at the edge: a preview.

    For PDFs of `save_booklet` only: they are drawn in this process. A PDF from elsewhere may take for ever or crash the
    process that draws it; `trace.pdf` uses a separate one.

    Parameters
    ----------
    path : str or Path
    width : int
        Of a page, in pixels.

    Returns
    -------
    list of ndarray
        uint8 (H, width, 3), RGB, one a page.
    """
    with PdfDocument(path) as pdf:
        pages = [page.render(scale=width / page.get_width(), rev_byteorder=True).to_numpy() for page in pdf]
    return [np.pad(page[1:-1, 1:-1, :3], ((1, 1), (1, 1), (0, 0)), constant_values=220) for page in pages]


def _sheet() -> tuple[Figure, Axes]:
    """An empty page; its units are mm, y down."""
    figure = plt.figure(figsize=(PAGE[0] / 25.4, PAGE[1] / 25.4))
    plt.close(figure)  # pyplot would show it in a notebook
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, PAGE[0]), ylim=(PAGE[1], 0))
    axes.axis("off")
    return figure, axes


def _cover(title: str, plate: Plate) -> Figure:
    figure, axes = _sheet()
    _draw(axes, plate.sketches[0], plate.switches[0], (PAGE[0] / 2, 60), 68, 0.6)
    _type(axes, title, 112, 11, PALETTE[0])
    return figure


def _page(plate: Plate) -> Figure:
    title, sketches, switches = plate
    if not 0 < len(sketches) <= COLUMNS * ROWS:
        raise ValueError(f"plate {title!r} has {len(sketches)} drawings; a page has room for 1 to {COLUMNS * ROWS}")
    if len(switches) != len(sketches):
        raise ValueError(f"plate {title!r} has {len(switches)} switches for {len(sketches)} drawings")
    figure, axes = _sheet()
    columns = min(COLUMNS, len(sketches))
    rows = -(-len(sketches) // columns)
    cell = (PAGE[0] - 2 * MARGIN_MM) / COLUMNS
    top = MARGIN_MM + (ROWS - rows) * cell / 2
    for i, (sketch, switch) in enumerate(zip(sketches, switches, strict=True)):
        row, column = divmod(i, columns)
        in_row = min(columns, len(sketches) - row * columns)
        x = PAGE[0] / 2 + (column - (in_row - 1) / 2) * cell
        try:
            _draw(axes, sketch, switch, (x, top + (row + 0.5) * cell), FILL * cell, PEN)
        except ValueError as error:
            raise ValueError(f"plate {title!r}, drawing {i}: {error}") from error
    _type(axes, title, PLATE, 9, PALETTE[0])
    return figure


def _colophon(facts: Mapping[str, str]) -> Figure:
    figure, axes = _sheet()
    size, line = 6.2, 3.3  # points, mm
    room = int((PAGE[0] - 2 * MARGIN_MM) * POINT / (0.602 * size))  # every letter is as wide
    paragraphs = [[(what, QUIET), *((part, PALETTE[0]) for part in wrap(how, room))] for what, how in facts.items()]
    paragraphs.append([(part, QUIET) for part in wrap(CREDIT, room)])
    height = sum(len(paragraph) + 0.8 for paragraph in paragraphs) * line
    y = PAGE[1] - MARGIN_MM - height
    if y < MARGIN_MM:
        raise ValueError("the colophon has more words than its page has room for; say less")
    for paragraph in paragraphs:
        for text, color in paragraph:
            y += line
            axes.text(MARGIN_MM, y, text, size=size, color=color, va="baseline", parse_math=False)
        y += 0.8 * line
    return figure


def _type(axes: Axes, text: str, y: float, size: float, color: str) -> None:
    """A line of type, in the middle."""
    if len(text) * 0.602 * size > (PAGE[0] - MARGIN_MM) * POINT:
        raise ValueError(f"the title {text!r} is too long for a page; it has room for {int(94 * POINT / 0.602 / size)}")
    axes.text(PAGE[0] / 2, y, text, size=size, color=color, ha="center", va="baseline", parse_math=False)


def _draw(axes: Axes, sketch: np.ndarray, switches, middle: tuple[float, float], side: float, width: float) -> None:
    """A drawing as smooth curves, a colour a mind, in the square around its middle, in mm."""
    fitted, origin = fit_box(check(sketch), side)
    strokes = pen_strokes(fitted, switches, np.array(origin) + middle - side / 2, SLACK * side)
    for mind, points in strokes:
        if len(points) == 1:  # round caps make a dot of a line, but only where it has some length
            points = points + np.array([[0, 0], [DOT, 0]])
        codes = [Outline.MOVETO] + [Outline.LINETO if len(points) == 2 else Outline.CURVE4] * (len(points) - 1)
        path = Outline(np.round(points, 3), codes)
        axes.add_patch(PathPatch(path, clip_on=False, **pen(PALETTE[mind], width * POINT)))


def _impose(pages: Path, sheets: Path) -> None:
    """Eight pages to a sheet of A4, four a side, so that folding it twice puts them in order."""
    reader, writer = PdfReader(pages), PdfWriter()
    width, height = (side * POINT for side in PAGE)
    for first in range(0, len(reader.pages), 8):
        for side in (FRONT, BACK):
            sheet = PageObject.create_blank_page(width=SHEET[0] * POINT, height=SHEET[1] * POINT)
            for row, numbers in enumerate(side):
                for column, number in enumerate(numbers):
                    turn = Transformation().rotate(180).translate(width, height) if row == 0 else Transformation()
                    place = turn.translate(column * width, (1 - row) * height)
                    sheet.merge_transformed_page(reader.pages[first + number - 1], place)
            writer.add_page(sheet)
    writer.metadata = None
    writer.compress_identical_objects()
    writer.write(sheets)
