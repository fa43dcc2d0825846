"""A story as a map: its scenes, and which leads to which."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Curve

from helpers.figures.style import PALETTE, QUIET, STYLE, WIDTH
from helpers.motion.clips import prepare
from helpers.motion.layout import Layout, layered
from helpers.motion.story import Scene, as_choice, check_story

LETTERS = 14  # of a name, in a line
SIZE = 7  # points
MARGIN = 0.12  # inches, around the map
WIDEST, LINE, AIR = 0.95, 0.13, 0.22  # inches: of a scene, of a line of its name, and between scenes
PORT = 0.1  # inches between the ends of arrows
ROUND, DOUBLE = 0.06, 0.03  # inches: of a frame's corners, and from an ending's one frame to its other


@mpl.rc_context(STYLE)
def story_map(scenes: Mapping[str, Scene], start: str | None = None, pictures: bool = False) -> Figure:
    """The scenes of a film from left to right, and the choices between them; 7 inches across.

    The first scene has a thick edge. Endings have a double frame in the second colour; a choice that appears only after
    other scenes is a dashed arrow. A choice that leads to its own scene is not drawn.

    Parameters
    ----------
    scenes : mapping of str to Scene
    start : str, optional
        The first scene; the first of the mapping where None.
    pictures : bool
        Whether each scene shows the middle of its clip, which is prepared as for the film.

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
    start = next(iter(scenes)) if start is None else start
    leads: dict[str, dict[str, bool]] = {name: {} for name in scenes}  # to which scenes, and whether on a condition
    for name, scene in scenes.items():
        for choice in map(as_choice, scene.choices.values()):
            leads[name][choice.to] = bool(choice.after) and leads[name].get(choice.to, True)
    posters = {name: imread(prepare(scene.clip, scene.fps).poster) for name, scene in scenes.items() if pictures}
    layout = layered({name: list(to) for name, to in leads.items()}, start, [n for n in scenes if scenes[n].ending])
    columns = 1 + max(column for column, _ in layout.places.values())
    span = (WIDTH / 72 - 2 * MARGIN) / columns
    width = min(WIDEST, 0.72 * span)
    names = {name: textwrap.fill(name, LETTERS) for name in scenes}
    lines = max(text.count("\n") + 1 for text in names.values())
    height = lines * LINE + 2 * ROUND + (0.75 * width if pictures else 0)
    step = height + AIR

    def at(place: tuple[int, float]) -> np.ndarray:
        return np.array([MARGIN + (place[0] + 0.5) * span, -place[1] * step])

    figure, axes = _paper(layout, step, height)
    ends = _ends(layout.ways, height)
    for (name, to), way in layout.ways.items():
        points = [at(place) for place in way]
        side = np.array([width / 2 * (1 if way[-1][0] > way[0][0] else -1), 0])
        points[0] = points[0] + side + (0, ends[name, to][0])
        points[-1] = points[-1] - side + (0, ends[name, to][1])
        _arrow(axes, points, width, leads[name][to])
    for name, place in layout.places.items():
        _scene(axes, at(place), (width, height), names[name], scenes[name].ending, name == start, posters.get(name))
    return figure


def _paper(layout: Layout, step: float, height: float) -> tuple[Figure, Axes]:
    """A figure as high as scenes and arrows need it; its axes count inches."""
    scenes = [-row * step for _, row in layout.places.values()]
    arrows = [-row * step for way in layout.ways.values() for _, row in way]
    top = max([*arrows, max(scenes) + height / 2]) + MARGIN
    low = min([*arrows, min(scenes) - height / 2]) - MARGIN
    figure = plt.figure(figsize=(WIDTH / 72, top - low))
    plt.close(figure)  # pyplot would show it a second time
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set(xlim=(0, WIDTH / 72), ylim=(low, top))
    return figure, axes


def _ends(ways: Mapping[tuple[str, str], Sequence[tuple[int, float]]], height: float) -> dict:
    """How far from the middle of its scene's side each arrow begins and ends, inches, so that none lies on another."""
    sides: dict[tuple[str, bool], list] = {}  # of a scene, left or right: (where it goes, which arrow, which end)
    for edge, way in ways.items():
        onward = way[-1][0] > way[0][0]
        sides.setdefault((edge[0], onward), []).append((way[1][1], edge, 0))
        sides.setdefault((edge[1], not onward), []).append((way[-2][1], edge, 1))
    ends: dict = {edge: [0.0, 0.0] for edge in ways}
    for found in sides.values():
        apart = min(PORT, 0.8 * height / len(found))
        for i, (_, edge, end) in enumerate(sorted(found)):
            ends[edge][end] = ((len(found) - 1) / 2 - i) * apart
    return ends


def _arrow(axes: Axes, points: Sequence[np.ndarray], width: float, dashed: bool) -> None:
    """An arrow from scene to scene, level where it begins, where it passes a column, and where it ends."""
    way = [points[0]]
    codes = [Curve.MOVETO]
    for i, (a, b) in enumerate(pairwise(points)):
        reach = np.array([width / 2 * np.sign(b[0] - a[0]), 0])
        begin = a + reach if 0 < i else a
        end = b - reach if i < len(points) - 2 else b
        if 0 < i:  # straight through the column
            way.append(begin)
            codes.append(Curve.LINETO)
        bend = np.array([(end[0] - begin[0]) / 2, 0])
        way += [begin + bend, end - bend, end]
        codes += [Curve.CURVE4] * 3
    axes.add_patch(
        FancyArrowPatch(
            path=Curve(way, codes),
            arrowstyle="-|>,head_length=3.2,head_width=1.7",
            mutation_scale=1,
            linestyle=(0, (4, 2.5)) if dashed else "-",
            linewidth=0.8,
            color=QUIET,
            capstyle="butt",
            shrinkA=0,
            shrinkB=0,
        )
    )


def _scene(
    axes: Axes,
    middle: np.ndarray,
    size: tuple[float, float],
    name: str,
    ending: bool,
    first: bool,
    poster: np.ndarray | None,
) -> None:
    """A scene's frame, its name, and what it shows."""
    color = PALETTE[1] if ending else PALETTE[0]
    (x, y), (width, height) = middle, size
    for inset in (0.0, DOUBLE) if ending else (0.0,):
        frame = FancyBboxPatch(
            (x - width / 2 + inset, y - height / 2 + inset),
            width - 2 * inset,
            height - 2 * inset,
            boxstyle=f"round,pad=0,rounding_size={ROUND - inset}",
            facecolor="white",
            edgecolor=color,
            linewidth=1.8 if first else 0.8,
        )
        axes.add_patch(frame)
    low = y
    if poster is not None:
        tall = 0.75 * width
        high, wide = poster.shape[:2]
        scale = min(0.85 * width / wide, tall / high) / 2
        center = y + height / 2 - ROUND - tall / 2
        box = (x - wide * scale, x + wide * scale, center - high * scale, center + high * scale)
        axes.imshow(poster, extent=box, aspect="auto", interpolation="antialiased", zorder=2)
        low = y - (tall + ROUND / 2) / 2
    axes.text(x, low, name, ha="center", va="center", size=SIZE, color=color, linespacing=1.1)
