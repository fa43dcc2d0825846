"""Maps of drawings in print: as dots, as the drawings themselves, and with groups that stand out."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures.rc import in_style
from helpers.figures.sheets import check_counts, line_width_for, put_ink
from helpers.figures.style import MARKERS, PALETTE

THUMBNAIL = 0.05  # of a map's side: a drawing on it


@in_style
def latent_map(
    points: np.ndarray, sketches: Sequence[np.ndarray], labels: Sequence[int], names: Sequence[str]
) -> Figure:
    """A map of drawings: on the left dots, on the right the drawings themselves, on the same axes.

    Where the map is crowded, drawings are pushed apart just enough to be readable; dots stay where they are.

    Parameters
    ----------
    points : ndarray
        (N, 2), as `latent.embed` gives them.
    sketches : sequence of ndarray
        N drawings, (n, 3) each.
    labels : sequence of int
        (N,), the classes, shown by colour and shape.
    names : sequence of str
        Of the classes.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        Where the counts do not match, and for a label that has no name.
    """
    check_counts("drawings", sketches, len(points))
    colors = _class_colors(len(points), labels, names)
    fig, axes = plt.subplots(1, 2, figsize=(7, 3.66))
    plt.close(fig)
    fig.subplots_adjust(left=0.004, right=0.996, bottom=0.008, top=0.945, wspace=0.016)
    dots, drawn = axes
    _dots(dots, points, labels, names, 15)
    dots.legend(
        frameon=False,
        ncols=len(names),
        loc="lower left",
        bbox_to_anchor=(-0.01, 0.995),
        borderaxespad=0,
        handletextpad=0.1,
        columnspacing=1.2,
        labelcolor="linecolor",
        markerscale=1.2,
    )
    places = _apart(points, 0.9 * THUMBNAIL)
    for place, sketch, color in zip(places, sketches, colors, strict=True):
        put_ink(drawn, sketch, (), [color], 0.55, place - THUMBNAIL / 2, THUMBNAIL)
    for ax in axes:
        _map_axes(ax, np.concatenate([points, places]), 0.6 * THUMBNAIL)
    return fig


@in_style
def latent_maps(maps: Mapping[str, np.ndarray], labels: Sequence[int], names: Sequence[str]) -> Figure:
    """Small maps of the same drawings side by side, as dots; see `latent_map`.

    Parameters
    ----------
    maps : mapping of str to ndarray
        `{title: points (N, 2)}`.
    labels : sequence of int
        (N,).
    names : sequence of str
        Of the classes.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no maps, where the counts do not match, and for a label that has no name.
    """
    if not maps:
        raise ValueError("no maps to show")
    lines = max(title.count("\n") + 1 for title in maps)
    side, legend = 7 / max(3, len(maps)), 0.22
    height = side + legend + 0.13 * lines + 0.05
    fig, axes = plt.subplots(1, len(maps), figsize=(side * len(maps), height), squeeze=False)
    plt.close(fig)
    fig.subplots_adjust(
        left=0.004, right=0.996, bottom=legend / height, top=(side + legend) / height - 0.004, wspace=0.03
    )
    for ax, (title, points) in zip(axes.flat, maps.items(), strict=True):
        _class_colors(len(points), labels, names)
        _dots(ax, points, labels, names, 6)
        ax.set_title(title, loc="left", pad=3)
        _map_axes(ax, points, 0.03)
    marks, _ = axes.flat[0].get_legend_handles_labels()
    look = {"handletextpad": 0.1, "columnspacing": 1.2, "labelcolor": "linecolor", "markerscale": 1.8}
    fig.legend(marks, names, frameon=False, ncols=len(names), loc="lower left", borderaxespad=0, **look)
    return fig


@in_style
def latent_insets(
    points: np.ndarray, sketches: Sequence[np.ndarray], insets: Mapping[str, Sequence[int]], most: int = 7
) -> Figure:
    """A map of drawings in which some groups stand out: on the left the map, the rest in grey; on the right an inset
    for each group.

    Parameters
    ----------
    points : ndarray
        (N, 2).
    sketches : sequence of ndarray
        N drawings, (n, 3) each.
    insets : mapping of str to sequence of int
        `{title: numbers of the group's drawings}`; a colour and a shape for each group.
    most : int
        How many drawings an inset shows, the first of its group.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no group, more than there are colours, and where points and drawings differ in number.
    """
    if not 0 < len(insets) <= len(PALETTE):
        raise ValueError(f"{len(insets)} insets; latent_insets shows 1 to {len(PALETTE)}")
    check_counts("drawings", sketches, len(points))
    height = max(2.6, 0.86 * len(insets))
    fig = plt.figure(figsize=(7, height))
    plt.close(fig)
    ax = fig.add_axes((0.004, 0.008, (height * 0.984) / 7, 0.984))
    grouped = {int(i) for members in insets.values() for i in members}
    rest = [i for i in range(len(points)) if i not in grouped]
    ax.scatter(*points[rest].T, s=7, color="#d4d8dd", linewidths=0)
    _map_axes(ax, points, 0.03)
    left = height / 7 + 0.03
    room = (1 - left) * 7 / most  # inches, for a drawing
    for row, (title, members) in enumerate(insets.items()):
        color, marker = PALETTE[row], MARKERS[row]
        ax.scatter(*points[list(members)].T, s=16, color=color, marker=marker, linewidths=0.4, edgecolors="white")
        sheet = fig.add_axes((left, 1 - (row + 1) / len(insets), 1 - left, 1 / len(insets)))
        across, down = 7 * (1 - left), height / len(insets)
        sheet.set(xlim=(0, across), ylim=(down, 0))
        sheet.axis("off")
        sheet.scatter(0.05, 0.1, s=16, color=color, marker=marker, linewidths=0, clip_on=False)
        sheet.text(0.15, 0.1, title, va="center", color=color)
        side = min(room, down - 0.2)
        for i, member in enumerate(list(members)[:most]):
            put_ink(sheet, sketches[member], (), [color], line_width_for(72 * side), (i * room, 0.19), side)
    return fig


def _class_colors(n: int, labels: Sequence[int], names: Sequence[str]) -> list[str]:
    """The colour of each of n drawings, by its class."""
    check_counts("labels", labels, n)
    if len(names) > len(MARKERS):
        raise ValueError(f"{len(names)} classes; a map tells at most {len(MARKERS)} apart")
    if not all(0 <= label < len(names) for label in labels):
        raise ValueError(f"labels run from {min(labels)} to {max(labels)}, but there are {len(names)} names")
    return [PALETTE[label % len(PALETTE)] for label in labels]


def _dots(ax: Axes, points: np.ndarray, labels: Sequence[int], names: Sequence[str], area: float) -> None:
    """One mark a drawing; `area` is in square points."""
    for c, name in enumerate(names):
        own = points[np.asarray(labels) == c]
        color, marker = PALETTE[c % len(PALETTE)], MARKERS[c]
        ax.scatter(*own.T, s=area, color=color, marker=marker, linewidths=0.3, edgecolors="white", label=name)


def _apart(points: np.ndarray, distance: float) -> np.ndarray:
    """The points moved, in small steps, until (nearly) no two are nearer to each other than `distance`."""
    points = points + np.random.default_rng(0).normal(0, 1e-4, points.shape)  # equal ones part as well
    for _ in range(200):
        between = points[:, None] - points
        far = np.linalg.norm(between, axis=-1)
        np.fill_diagonal(far, np.inf)
        push = np.maximum(distance - far, 0) / far
        points = points + 0.25 * (between * push[..., None]).sum(axis=1)
    return points


def _map_axes(ax: Axes, points: np.ndarray, margin: float) -> None:
    """A square frame without scales, for those of a map mean nothing; y down, as in a drawing."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.ptp(points, axis=0).max() / 2 + margin
    ax.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] + half, middle[1] - half), aspect="equal")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
