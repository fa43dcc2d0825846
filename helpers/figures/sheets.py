"""Drawings on sheets, fit for a paper, in one colour for each mind.

Every function returns a Figure that pyplot has let go of, so a notebook shows it once, where it is a cell's last
expression. The style holds for these figures only. Sheets are laid out in points (1/72 inch), y down. A drawing that
is not for a classroom's eyes (`helpers.sketch.unwelcome`) is left blank.
"""

from collections.abc import Sequence
from typing import cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from helpers.figures.rc import in_style
from helpers.figures.style import PALETTE, STYLE, WIDTH, pen
from helpers.sketch.strokes import absolute, fit_box, minds_of_rows
from helpers.sketch.unwelcome import is_unwelcome

LARGEST_CELL = 72  # points
MARGIN = 0.09  # of a cell, on each side


def draw(
    ax: Axes, sketch: np.ndarray, switches: Sequence[int] = (), colors: Sequence = PALETTE, line_width: float = 1.2
) -> None:
    """One sketch on an axes of its own, as vector lines, centred by its ink, aspect kept, y down.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    sketch : ndarray
        (N, 3).
    switches : sequence of int
        The rows at which the mind changed, rising: rows [0, s0) are drawn in the first colour, [s0, s1) in the second,
        ... (one number stands for one switch). The line stays whole where its colour changes.
    colors : sequence
        Of the minds.
    line_width : float
        Points.

    Raises
    ------
    ValueError
        For switches out of order or more minds than colours.
    """
    ax.set(xlim=(0, 1), ylim=(1, 0), aspect="equal")
    ax.axis("off")
    put_ink(ax, sketch, switches, colors, line_width, (0, 0), 1)


@in_style
def grid(
    drawings: Sequence[np.ndarray | None],
    columns: int = 10,
    titles: Sequence[str] | None = None,
    row_labels: Sequence[str] | None = None,
    switches: Sequence | None = None,
    colors: Sequence | None = None,
) -> Figure:
    """A sheet of drawings, row by row; at most 7 inches across.

    Parameters
    ----------
    drawings : sequence
        Sketches (N, 3), bitmaps (uint8, ink on paper), or None for an empty cell.
    columns : int
    titles : sequence of str, optional
        One above each drawing, or one above each column.
    row_labels : sequence of str, optional
        One left of each row.
    switches : sequence, optional
        For each drawing the rows at which its mind changed, as `draw` takes them.
    colors : sequence, optional
        One a drawing, for sheets without switches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Where these do not match the drawings in number.
    """
    drawings = list(drawings)
    if not drawings:
        raise ValueError("no drawings to put on a sheet")
    if switches is not None and colors is not None:
        raise ValueError("give switches or colors: with switches, a line's colour says which mind drew it")
    columns = min(columns, len(drawings))
    rows = -(-len(drawings) // columns)
    check_counts("titles", titles, len(drawings), columns)
    check_counts("row_labels", row_labels, rows)
    check_counts("switches", switches, len(drawings))
    check_counts("colors", colors, len(drawings))

    left = max(map(_text_width, row_labels)) + 6 if row_labels else 0
    cell = min(LARGEST_CELL, (WIDTH - left) / columns)
    each = titles is not None and len(titles) == len(drawings)
    title = 11 if titles is not None else 0
    pitch = cell + title if each else cell
    top = 0 if each else title
    ax = _sheet(left + columns * cell, top + rows * pitch)
    for i, drawing in enumerate(drawings):
        row, column = divmod(i, columns)
        x, y = left + column * cell, top + row * pitch + (title if each else 0)
        if titles is not None and (each or row == 0):
            ax.text(x + cell / 2, y - 2, titles[i], ha="center", va="baseline")
        if row_labels and column == 0:
            ax.text(left - 4, y + cell / 2, row_labels[row], ha="right", va="center")
        if drawing is None:
            continue
        ink = PALETTE if colors is None else [colors[i]]
        if drawing.dtype == np.uint8:
            _bitmap(ax, drawing, ink[0], (x, y), cell)
        else:
            put_ink(ax, drawing, () if switches is None else switches[i], ink, line_width_for(cell), (x, y), cell)
    return cast(Figure, ax.figure)


def strip(
    drawings: Sequence[np.ndarray | None],
    labels: Sequence[str] | None = None,
    switches: Sequence | None = None,
    colors: Sequence | None = None,
) -> Figure:
    """One row of drawings: the steps of an interpolation, the frames of a film.

    Parameters
    ----------
    drawings, switches, colors
        As of `grid`.
    labels : sequence of str, optional
        One above each.

    Returns
    -------
    Figure
    """
    return grid(drawings, len(drawings), labels, switches=switches, colors=colors)


def _sheet(width: float, height: float) -> Axes:
    """An empty axes that fills a figure of its own; its units are points, y down."""
    width, height = int(np.ceil(width)), int(np.ceil(height))
    fig = plt.figure(figsize=(width / 72, height / 72))
    plt.close(fig)  # pyplot would show it a second time
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return ax


def put_ink(
    ax: Axes, sketch: np.ndarray, switches, colors: Sequence, line_width: float, at: tuple, size: float
) -> None:
    """The lines of a sketch in the square of side `size` whose upper left corner is `at`: one path a mind."""
    minds = minds_of_rows(sketch, switches, len(colors))
    if is_unwelcome(sketch):
        return
    fitted, origin = fit_box(sketch, size * (1 - 2 * MARGIN))
    points = absolute(fitted, origin + np.add(at, size * MARGIN))
    # a thousandth of a cell is finer than any printer, and short numbers keep the SVG small
    grain = size / 1000 if size < 10 else 0.05
    points = np.rint(points / grain) * grain
    lift = sketch[:, 2] > 0.5
    after_lift = np.concatenate([[False], lift[:-1]])
    for mind in np.unique(minds):
        vertices, codes = [], []
        for row in np.flatnonzero(minds == mind):
            end = points[row + 1]
            if after_lift[row]:
                if not lift[row]:
                    continue  # the pen travels; what it draws begins with the next row
                start = end
            else:
                start = points[row]
            if np.array_equal(start, end):
                start = end - (grain / 2, 0)  # round caps make a dot of it, but only where it has some length
            if not vertices or not np.array_equal(vertices[-1], start):
                vertices.append(start)
                codes.append(Path.MOVETO)
            vertices.append(end)
            codes.append(Path.LINETO)
        if vertices:
            ax.add_patch(PathPatch(Path(vertices, codes), clip_on=False, **pen(colors[mind], line_width)))


def _bitmap(ax: Axes, bitmap: np.ndarray, color: str, at: tuple, size: float) -> None:
    """A bitmap as ink of that colour on paper, in a square of side `size`; `imshow` may not move the sheet's limits."""
    paper = bitmap[..., None] / 255
    limits = ax.get_xlim(), ax.get_ylim()
    (x, y), inner, room = np.add(at, size * 0.02), size * 0.96, paper * to_rgb(color) + 1 - paper
    ax.imshow(room, extent=(x, x + inner, y + inner, y), interpolation="none", aspect="auto")
    ax.set(xlim=limits[0], ylim=limits[1])


def line_width_for(cell: float) -> float:
    """In points: a pen that suits the size of the drawing, never a hairline."""
    return max(0.6, 0.35 + cell / 75)


def _text_width(text: str) -> float:
    """In points, at the style's size."""
    lines = [line for line in text.split("\n") if line.strip()]  # a blank has no outline
    return max((TextPath((0, 0), line, size=STYLE["font.size"]).get_extents().width for line in lines), default=0.0)


def check_counts(name: str, values: Sequence | None, *counts: int) -> None:
    if values is not None and len(values) not in counts:
        raise ValueError(f"{len(values)} {name}, where there should be {' or '.join(map(str, dict.fromkeys(counts)))}")
