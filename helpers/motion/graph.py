"""A story as a map: its scenes, and which leads to which."""

import textwrap
from collections.abc import Mapping

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from helpers.figures.style import PALETTE, QUIET, STYLE, WIDTH
from helpers.motion.story import Scene, as_choice, check_story

LETTERS = 12  # of a name, in a line
ROW = 0.62  # inches
SIZE = 7  # points


@mpl.rc_context(STYLE)
def story_map(scenes: Mapping[str, Scene], start: str | None = None) -> Figure:
    """The scenes of a film, those that take as many choices one below another; 7 inches across.

    Endings are in the second colour; a choice that is there only after other scenes is a dashed arrow.

    Parameters
    ----------
    scenes : mapping of str to Scene
    start : str or None
        The first scene; the first of the mapping where None.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For what `check_story` finds.
    """
    if wrong := check_story(scenes, start):
        raise ValueError("\n".join(wrong))
    columns = _columns(scenes, next(iter(scenes)) if start is None else start)
    height = max(map(len, columns))
    places = {
        name: (column, (len(names) - 1) / 2 - row)
        for column, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    figure = plt.figure(figsize=(WIDTH / 72, ROW * (height + 0.3)))
    plt.close(figure)  # pyplot would show it a second time
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-height / 2 - 0.15, height / 2 + 0.15))
    boxes = {}
    for name, place in places.items():
        color = PALETTE[1] if scenes[name].ending else PALETTE[0]
        frame = {"boxstyle": "round,pad=0.4", "facecolor": "white", "edgecolor": color, "linewidth": 0.8}
        text = axes.text(*place, textwrap.fill(name, LETTERS), ha="center", va="center", size=SIZE, color=color)
        text.set_bbox(frame)
        boxes[name] = text
    for name, scene in scenes.items():
        for choice in map(as_choice, scene.choices.values()):
            back = places[choice.to][0] <= places[name][0]
            arrow = FancyArrowPatch(
                places[name],
                places[choice.to],
                patchA=boxes[name].get_bbox_patch(),
                patchB=boxes[choice.to].get_bbox_patch(),
                connectionstyle=f"arc3,rad={0.28 if back else 0.06}",
                arrowstyle="-|>,head_length=4,head_width=2",
                linestyle="--" if choice.after else "-",
                linewidth=0.7,
                color=QUIET,
                zorder=4,  # drawn after the boxes, which have their sizes only then
            )
            axes.add_patch(arrow)
    return figure


def _columns(scenes: Mapping[str, Scene], start: str) -> list[list[str]]:
    """The scenes by how many choices they take; in a column, by the middle of those that lead to them."""
    columns, seen = [[start]], {start}
    while True:
        before = columns[-1]
        leading: dict[str, list[int]] = {}
        for row, name in enumerate(before):
            for choice in map(as_choice, scenes[name].choices.values()):
                if choice.to not in seen:
                    leading.setdefault(choice.to, []).append(row)
        if not leading:
            return columns
        columns.append(sorted(leading, key=lambda name: sum(leading[name]) / len(leading[name])))
        seen.update(leading)
