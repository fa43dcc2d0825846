"""One drawing as a figure, to be shown or saved."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Curve

from helpers.export.bezier import SLACK, pen_strokes
from helpers.export.svg import LINE, SIDE
from helpers.figures.rc import in_style
from helpers.figures.style import PALETTE, pen
from helpers.sketch.strokes import fit_box

MARGIN = 0.06  # of the side


@in_style
def draw_figure(
    sketch: np.ndarray, switches: Sequence[int] = (), colors: Sequence[str] = PALETTE, side: float = SIDE
) -> Figure:
    """One drawing as a figure, its lines the curves that `to_svg` draws.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    switches : sequence of int
        The rows at which the mind changed.
    colors : sequence of str
        Of the minds; they repeat where there are more minds than colours.
    side : float
        mm.

    Returns
    -------
    Figure
    """
    fig = plt.figure(figsize=(side / 25.4, side / 25.4))
    plt.close(fig)  # pyplot would show it a second time
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, side), ylim=(side, 0))
    ax.axis("off")
    room = side * (1 - 2 * MARGIN)
    fitted, origin = fit_box(sketch, room)
    width = LINE * side / SIDE * 72 / 25.4
    for mind, line in pen_strokes(fitted, switches, origin + side * MARGIN, SLACK * room):
        if len(line) == 1:  # round caps make a dot of it, but only where it has some length
            line = np.repeat(line, 4, axis=0) + np.array([[0, 0], [0, 0], [0.01, 0], [0.01, 0]])
        codes = [Curve.MOVETO] + [Curve.CURVE4] * (len(line) - 1)
        ax.add_patch(PathPatch(Curve(line, codes), clip_on=False, **pen(colors[mind % len(colors)], width)))
    return fig
