"""Pictures and the lines found in them, one above the other: how a bitmap becomes strokes.

A layer paints one thing on an axes, in pixels of the picture, y down: `picture`, `pixels`, `strokes`, `dots`, `discs`,
`lines_with_points`, `strokes_in_order`. `panels` shows groups of layers side by side, `close_up` the same layers whole
and enlarged.
"""

from collections.abc import Callable, Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from helpers.figures.rc import in_style
from helpers.figures.sheets import draw
from helpers.figures.style import PALETTE
from helpers.sketch.strokes import from_polylines, stroke_ends

Layer = Callable[[Axes], object]
COLORS = (*PALETTE[1:], "#3aa57c", "#8a4fa3", "#22344a", "#c06c84")  # one a stroke, again and again
EDGE = "#d5dae1"  # of a panel


def picture(image: np.ndarray, strength: float = 1.0, box: tuple[float, float, float, float] | None = None) -> Layer:
    """A picture, dark where its numbers are high.

    Parameters
    ----------
    image : ndarray
        (H, W), uint8 or float, ink high on paper 0.
    strength : float
        Below 1 it is paler.
    box : (float, float, float, float), optional
        Its left, right, bottom and top edge, where a pixel is not a unit.

    Returns
    -------
    Layer
    """
    most = 255 if image.dtype == np.uint8 else image.max()
    return lambda ax: ax.imshow(image * strength, cmap="gray_r", vmin=0, vmax=most, interpolation="nearest", extent=box)


def pixels(mask: np.ndarray, color: str = PALETTE[1]) -> Layer:
    """Some pixels in one colour; the others are left transparent.

    Parameters
    ----------
    mask : ndarray
        (H, W), not 0 where there is colour.
    color : str

    Returns
    -------
    Layer
    """

    def paint(ax: Axes) -> None:
        image = np.zeros((*mask.shape, 4))
        image[mask > 0] = to_rgba(color)
        ax.imshow(image, interpolation="nearest")

    return paint


def strokes(lines: Sequence[np.ndarray], colors: Sequence[str] = COLORS, width: float = 1.6, end: float = 0) -> Layer:
    """Polylines, each in the next of the colours.

    Parameters
    ----------
    lines : sequence of ndarray
        (K, 2) each.
    colors : sequence of str
    width : float
        Points.
    end : float
        The size of a dot at both ends of each line, points; 0 for none.

    Returns
    -------
    Layer
    """

    def paint(ax: Axes) -> None:
        for number, line in enumerate(lines):
            color = colors[number % len(colors)]
            ax.plot(*line.T, color=color, linewidth=width)
            if end:
                ax.plot(*line[[0, -1]].T, ".", color=color, markersize=end)

    return paint


def strokes_in_order(lines: Sequence[np.ndarray]) -> Layer:
    """Polylines as a pen drew them: dark is early, bright is late, and a ring is where the pen sets down.

    Parameters
    ----------
    lines : sequence of ndarray
        (K, 2) each, in the order in which they were drawn.

    Returns
    -------
    Layer
    """

    def paint(ax: Axes) -> None:
        colors = mpl.colormaps["viridis"](np.linspace(0, 0.88, len(lines)))
        for line, color in zip(lines, colors, strict=True):
            ax.plot(*line.T, color=color, linewidth=1.6)
            ax.plot(*line[0], "o", markersize=5, markeredgecolor=color, markerfacecolor="white", markeredgewidth=1.2)

    return paint


def dots(points: np.ndarray, color: str, size: float = 3, hollow: bool = False) -> Layer:
    """Dots with a white rim, so that they stand out from lines; or hollow rings.

    Parameters
    ----------
    points : ndarray
        (N, 2).
    color : str
    size : float
        Across, in points (1/72 inch).
    hollow : bool

    Returns
    -------
    Layer
    """
    look = (
        {"markerfacecolor": "none", "markeredgecolor": color}
        if hollow
        else {"color": color, "markeredgecolor": "white", "markeredgewidth": 0.1 * size}
    )
    return lambda ax: ax.plot(*points.T, "o", markersize=size, **look)


def lines_with_points(lines: Sequence[np.ndarray]) -> Layer:
    """Polylines in dark ink, and each of their points as a dot.

    Parameters
    ----------
    lines : sequence of ndarray
        (K, 2) each.

    Returns
    -------
    Layer
    """
    below = strokes(lines, [PALETTE[0]], 1.2)
    above = dots(np.concatenate(lines) if len(lines) else np.zeros((0, 2)), PALETTE[1])

    def paint(ax: Axes) -> None:
        below(ax)
        above(ax)

    return paint


def discs(circles: np.ndarray, color: str = PALETTE[1]) -> Layer:
    """Translucent discs.

    Parameters
    ----------
    circles : ndarray
        (N, 3), x, y and radius.
    color : str

    Returns
    -------
    Layer
    """

    def paint(ax: Axes) -> None:
        for x, y, radius in circles:
            ax.add_patch(Circle((x, y), radius, color=color, alpha=0.35, linewidth=0))

    return paint


@in_style
def panels(contents: Mapping[str, Sequence[Layer]], height: float = 2.5) -> Figure:
    """Panels side by side, each with its title above its layers; 7 inches across.

    Parameters
    ----------
    contents : mapping of str to sequence of Layer
        `{title: layers}`, the lowest first. The first layer sets how much is seen: the whole picture, or all the lines.
    height : float
        Inches.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(contents), figsize=(7, height), squeeze=False, layout="constrained")
    plt.close(fig)  # pyplot would show it a second time
    for ax, (title, layers) in zip(axes[0], contents.items(), strict=True):
        _paint(ax, layers)
        ax.set_title(title)
        ax.axis("off")
    return fig


@in_style
def close_up(
    shape: tuple[int, int],
    frame: tuple[float, float, float],
    layers: Sequence[Layer],
    closely: Sequence[Layer] | None = None,
) -> Figure:
    """On the left the whole of a picture, on the right what is in a frame, enlarged.

    Parameters
    ----------
    shape : (int, int)
        Height and width of the picture, pixels.
    frame : (float, float, float)
        The frame's left and upper edge and its side, pixels.
    layers : sequence of Layer
        What is seen, the lowest first.
    closely : sequence of Layer, optional
        What is seen in the frame, where that is something else.

    Returns
    -------
    Figure
    """
    (height, width), (x, y, side) = shape, frame
    fig, axes = plt.subplots(1, 2, figsize=(7, 7 / (1 + width / height) + 0.05), width_ratios=[width / height, 1])
    plt.close(fig)
    fig.subplots_adjust(0.004, 0.008, 0.996, 0.992, wspace=0.03)
    for ax, shown in zip(axes, (layers, layers if closely is None else closely), strict=True):
        _paint(ax, shown)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color=EDGE)
    axes[0].set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes[1].set(xlim=(x, x + side), ylim=(y + side, y))
    axes[0].add_patch(Rectangle((x, y), side, side, fill=False, edgecolor=PALETTE[1], linewidth=0.8))
    return fig


@in_style
def stroke_sheet(rows: Mapping[str, Sequence[Sequence[np.ndarray]]]) -> Figure:
    """The same drawings in several rows, a colour for each stroke; 7 inches across.

    Parameters
    ----------
    rows : mapping of str to sequence
        `{name of the row: drawings}`, a drawing a list of polylines (K, 2). One without lines leaves its place empty.

    Returns
    -------
    Figure
    """
    columns = max(map(len, rows.values()))
    fig, axes = plt.subplots(len(rows), columns, figsize=(7, 6.2 / columns * len(rows)), squeeze=False)
    plt.close(fig)
    fig.subplots_adjust(0.085, 0.005, 1, 0.995, wspace=0, hspace=0)
    for line, (name, drawings) in zip(axes, rows.items(), strict=True):
        line[0].text(-0.06, 0.5, name, ha="right", va="center", transform=line[0].transAxes)
        for ax, lines in zip(line, drawings, strict=True):
            ax.axis("off")
            if lines:
                sketch = from_polylines(lines)
                ends = stroke_ends(sketch)
                draw(ax, sketch, ends[:-1], [COLORS[i % len(COLORS)] for i in range(len(ends))], 0.8)
    return fig


def _paint(ax: Axes, layers: Sequence[Layer]) -> None:
    """The layers on an axes, which keeps to what the first one needs; y down."""
    for number, layer in enumerate(layers):
        layer(ax)
        if number == 0:
            limits = ax.get_xlim(), ax.get_ylim()
    (left, right), (low, high) = limits
    ax.set(aspect="equal", xlim=(left, right), ylim=(max(low, high), min(low, high)))
