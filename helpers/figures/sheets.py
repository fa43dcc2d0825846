"""Figures in one style, fit for a paper: drawings on sheets, in one colour a mind, and curves of training.

Every function returns a Figure that pyplot has let go of, so a notebook shows it once, where it is a cell's last
expression. The style holds for these figures only. Sheets are laid out in points (1/72 inch), y down.
"""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from PIL import Image

from helpers.cohesion import summarise
from helpers.paths import FIGURES, atomic
from helpers.strokes import absolute, fit

# one colour a mind: ink, vermilion, sky, ochre. They stay apart for colour-blind readers and, dark to light, in grey
MINDS = ("#22344a", "#d8431f", "#3f9bd1", "#e2a72e")
QUIET = "#6b7280"  # labels and axes
WIDTH = 504  # points: 7 inches, the text width of most papers
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")  # one a class: shapes say what colours say
LARGEST_CELL = 72  # points
THUMBNAIL = 0.05  # of a map's side: a drawing on it
MARGIN = 0.09  # of a cell, on each side
STYLE = {
    "font.family": "DejaVu Sans",  # the one sans that matplotlib ships, so every machine has it
    "font.size": 7,
    "text.color": QUIET,
    "axes.labelcolor": QUIET,
    "axes.titlecolor": QUIET,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "axes.edgecolor": "#c3c8cf",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#c3c8cf",
    "ytick.color": "#c3c8cf",
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "figure.dpi": 144,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # text as outlines: the same on a machine without the typeface
    "svg.hashsalt": "midstroke",  # element names that do not change from run to run
    "pdf.fonttype": 42,  # TrueType, which publishers ask for
}


def draw(ax: Axes, sketch: np.ndarray, switches=(), colors: Sequence = MINDS, line_width: float = 1.2) -> None:
    """One sketch on an axes of its own, as vector lines, centred by its ink, aspect kept, y down.

    `switches` are the rows at which the mind changed, rising: rows [0, s0) are drawn in the first colour, [s0, s1)
    in the second, ... (one number stands for one switch). The line stays whole where its colour changes.
    `line_width` is in points. Raises ValueError for switches out of order or more minds than colours.
    """
    ax.set(xlim=(0, 1), ylim=(1, 0), aspect="equal")
    ax.axis("off")
    _ink(ax, sketch, switches, colors, line_width, (0, 0), 1)


@mpl.rc_context(STYLE)
def grid(
    drawings: Sequence[np.ndarray | None],
    columns: int = 10,
    titles: Sequence[str] | None = None,
    row_labels: Sequence[str] | None = None,
    switches: Sequence | None = None,
    colors: Sequence | None = None,
) -> Figure:
    """A sheet of drawings, row by row, `columns` wide; at most 7 inches across.

    A drawing is a sketch, a bitmap (uint8, ink on paper), or None for an empty cell. `titles` stand one above each
    drawing, or one above each column; `row_labels` one left of each row. `switches` holds for each drawing the rows
    at which its mind changed, as `draw` takes them; `colors`, one a drawing, are for sheets without switches.
    Raises ValueError where these do not match the drawings in number.
    """
    drawings = list(drawings)
    if not drawings:
        raise ValueError("no drawings to put on a sheet")
    if switches is not None and colors is not None:
        raise ValueError("give switches or colors: with switches, a line's colour says which mind drew it")
    columns = min(columns, len(drawings))
    rows = -(-len(drawings) // columns)
    _match("titles", titles, len(drawings), columns)
    _match("row_labels", row_labels, rows)
    _match("switches", switches, len(drawings))
    _match("colors", colors, len(drawings))

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
        ink = MINDS if colors is None else [colors[i]]
        if drawing.dtype == np.uint8:
            _bitmap(ax, drawing, ink[0], (x, y), cell)
        else:
            _ink(ax, drawing, () if switches is None else switches[i], ink, _line_width(cell), (x, y), cell)
    return ax.figure


def strip(
    drawings: Sequence[np.ndarray | None],
    labels: Sequence[str] | None = None,
    switches: Sequence | None = None,
    colors: Sequence | None = None,
) -> Figure:
    """One row of drawings (the steps of an interpolation, the frames of a film), a label above each; see `grid`."""
    return grid(drawings, len(drawings), labels, switches=switches, colors=colors)


@mpl.rc_context(STYLE)
def curves(logs: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """How one training run or several went, by name, a colour each: `training.read_log` gives a run's log.

    Left the reconstruction, nats a point, right the KL divergence, nats a drawing; training (which sees changed and
    partial drawings) is a thin line, validation a strong one. The best validation value stands in the legend.
    """
    if not 0 < len(logs) <= len(MINDS):
        raise ValueError(f"{len(logs)} runs; curves shows 1 to {len(MINDS)}")
    panels = {"reconstruction": "reconstruction, nats a point (thin: training)", "kl": "KL divergence, nats a drawing"}
    fig, axes = plt.subplots(1, 2, figsize=(7, 2.4), layout="constrained")
    plt.close(fig)
    for ax, (column, title) in zip(axes, panels.items(), strict=True):
        for color, (name, log) in zip(MINDS, logs.items(), strict=False):
            best = int(np.argmin(log["val_reconstruction"]))
            label = f"{name}, {log['val_reconstruction'][best]:.3f} at step {log['step'][best]:,.0f}"
            ax.plot(log["step"], log[column], color=color, linewidth=0.6, alpha=0.45)
            ax.plot(log["step"], log[f"val_{column}"], color=color, linewidth=1.2, label=label)
        ax.set_title(title, loc="left")
        ax.set_xlabel("step")
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        ax.margins(x=0.01)
    axes[0].legend(frameon=False, labelcolor="linecolor", handlelength=1.2, loc="upper right")
    return fig


@mpl.rc_context(STYLE)
def progress(
    runs: Mapping[str, Mapping[str, Sequence[float]]], real: Mapping[str, float], shares: Sequence[str] = ()
) -> Figure:
    """How the drawings of several networks changed with training: `{network: {"step": steps, measure: values}}`.

    One panel a measure, steps on a logarithmic axis, a colour each network; `real` is people's own drawings, a grey
    line. Measures named in `shares` are shown as percentages from 0 to 100.
    """
    if not 0 < len(runs) <= len(MINDS):
        raise ValueError(f"{len(runs)} runs; progress shows 1 to {len(MINDS)}")
    measures = [name for name in next(iter(runs.values())) if name != "step"]
    fig, axes = plt.subplots(1, len(measures), figsize=(7, 2.1), squeeze=False, layout="constrained")
    plt.close(fig)
    for ax, name in zip(axes[0], measures, strict=True):
        for color, shape, (label, run) in zip(MINDS, "osD^", runs.items(), strict=False):
            ax.plot(run["step"], run[name], f"{shape}-", color=color, linewidth=1, markersize=3.5, label=label)
        if name in real:
            ax.axhline(real[name], color="#9ca3af", linewidth=0.8, linestyle=(0, (3, 2)), label="people", zorder=0)
        ax.set_title(name, loc="left")
        ax.set_xscale("log")
        steps = sorted({int(step) for run in runs.values() for step in run["step"]})
        ax.set_xticks(steps, [f"{step:,}" for step in steps])
        ax.minorticks_off()
        ax.set_xlabel("step")
        if name in shares:
            ax.set_ylim(0, 1)
            ax.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes[0, 0].legend(frameon=False, labelcolor="linecolor", handlelength=1.6, loc="best")
    return fig


@mpl.rc_context(STYLE)
def distributions(groups: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """How measures of several groups of drawings are spread: `{group: {measure: values (N,)}}`, as `cohesion.measure`
    gives them. Real drawings go first.

    One panel a measure; in it, one row a group: a histogram (heights are shares of the group), under it the quartiles
    as a bar, the median as a gap in it and the mean as a ring; beside it the mean in figures. Values beyond the 99th
    percentile of all stand in the last bar. Raises ValueError for no group, or more than there are colours.
    """
    if not 0 < len(groups) <= len(MINDS):
        raise ValueError(f"{len(groups)} groups; distributions shows 1 to {len(MINDS)}")
    measures = list(dict.fromkeys(name for group in groups.values() for name in group))
    columns = min(5, len(measures))
    rows = -(-len(measures) // columns)
    fig, axes = plt.subplots(
        rows, columns, figsize=(7, rows * (0.45 + 0.42 * len(groups))), squeeze=False, layout="constrained"
    )
    plt.close(fig)
    for ax in axes.flat[len(measures) :]:
        ax.remove()
    for i, (ax, name) in enumerate(zip(axes.flat, measures, strict=False)):
        shown = {label: np.asarray(group[name], float) for label, group in groups.items() if name in group}
        edges = _bins(np.concatenate(list(shown.values())))
        heights = {
            label: np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / max(1, np.isfinite(values).sum())
            for label, values in shown.items()
        }
        highest = max(height.max() for height in heights.values())
        for row, (label, color) in enumerate(zip(groups, MINDS, strict=False)):
            if label not in shown:
                continue
            summary = summarise(shown[label])
            floor = -row
            ax.stairs(floor + 0.6 * heights[label] / highest, edges, baseline=floor, fill=True, color=color, alpha=0.35)
            ax.stairs(floor + 0.6 * heights[label] / highest, edges, baseline=floor, color=color, linewidth=0.6)
            quartiles = np.clip([summary.low, summary.median, summary.high], edges[0], edges[-1])
            ax.plot(quartiles[[0, 2]], [floor - 0.11] * 2, color=color, linewidth=2.2, solid_capstyle="butt")
            ax.plot(quartiles[1], floor - 0.11, marker="|", color="white", markersize=4, markeredgewidth=1)
            mean = np.clip(summary.mean, edges[0], edges[-1])
            ax.plot(mean, floor - 0.11, marker="o", color="white", markeredgecolor=color, markersize=3.4)
            text = f"{summary.mean:.2f}" if summary.mean < 10 else f"{summary.mean:.0f}"
            ax.text(1.03, floor + 0.02, text, color=color, transform=ax.get_yaxis_transform())
        ax.set_title(name, loc="left")
        ax.set(ylim=(0.3 - len(groups), 0.75), xlim=(edges[0], edges[-1]), yticks=[])
        ax.spines["left"].set_visible(False)
        if i % columns == 0:
            ax.set_yticks(-np.arange(len(groups)) + 0.2, list(groups))
            ax.tick_params(axis="y", length=0)
            for label, color in zip(ax.get_yticklabels(), MINDS, strict=False):
                label.set_color(color)
    return fig


@mpl.rc_context(STYLE)
def latent_map(
    points: np.ndarray, sketches: Sequence[np.ndarray], labels: Sequence[int], names: Sequence[str]
) -> Figure:
    """A map of drawings, points (N, 2) as `maps.embed` gives them: left as dots, right the drawings themselves, on the
    same axes. `labels` (N,) number the classes called `names`, by colour and shape.

    Where the map is crowded, drawings are pushed apart, as little as makes them readable; dots stay where they are.
    Raises ValueError where the counts do not match, or for a label that has no name.
    """
    _match("drawings", sketches, len(points))
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
        _ink(drawn, sketch, (), [color], 0.55, place - THUMBNAIL / 2, THUMBNAIL)
    for ax in axes:
        _map_axes(ax, np.concatenate([points, places]), 0.6 * THUMBNAIL)
    return fig


@mpl.rc_context(STYLE)
def latent_maps(maps: Mapping[str, np.ndarray], labels: Sequence[int], names: Sequence[str]) -> Figure:
    """Small maps of the same drawings side by side, `{title: points (N, 2)}`, as dots; see `latent_map`."""
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


@mpl.rc_context(STYLE)
def latent_insets(
    points: np.ndarray, sketches: Sequence[np.ndarray], insets: Mapping[str, Sequence[int]], most: int = 7
) -> Figure:
    """A map of drawings in which some groups stand out: left the map, points (N, 2), the rest in grey; right an inset
    a group, `{title: numbers of its drawings}`, with its first `most` drawings, in the group's colour and shape."""
    if not 0 < len(insets) <= len(MINDS):
        raise ValueError(f"{len(insets)} insets; latent_insets shows 1 to {len(MINDS)}")
    _match("drawings", sketches, len(points))
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
        color, marker = MINDS[row], MARKERS[row]
        ax.scatter(*points[list(members)].T, s=16, color=color, marker=marker, linewidths=0.4, edgecolors="white")
        sheet = fig.add_axes((left, 1 - (row + 1) / len(insets), 1 - left, 1 / len(insets)))
        across, down = 7 * (1 - left), height / len(insets)
        sheet.set(xlim=(0, across), ylim=(down, 0))
        sheet.axis("off")
        sheet.scatter(0.05, 0.1, s=16, color=color, marker=marker, linewidths=0, clip_on=False)
        sheet.text(0.15, 0.1, title, va="center", color=color)
        side = min(room, down - 0.2)
        for i, member in enumerate(list(members)[:most]):
            _ink(sheet, sketches[member], (), [color], _line_width(72 * side), (i * room, 0.19), side)
    return fig


@mpl.rc_context(STYLE)
def confusion_plot(tables: Mapping[str, np.ndarray], classes: Sequence[str]) -> Figure:
    """What was taken for what, several classifiers side by side: `{name: table (C, C)}`, see `classifier.confusion`.

    A row for each true class, a column for each answer; the shade is the share of the row, the figure the count. Of
    more than ten classes only shades are shown. Raises ValueError for a table that does not fit the classes.
    """
    count = len(classes)
    for name, table in tables.items():
        if np.shape(table) != (count, count):
            raise ValueError(f"the table of {name} has shape {np.shape(table)}; there are {count} classes")
    few = count <= 10
    columns = min(4, len(tables)) if few else 1
    rows = -(-len(tables) // columns)
    side = (WIDTH - 40) / columns / 72 if few else 5
    fig, axes = plt.subplots(
        rows, columns, figsize=(7 if few else 5.6, rows * (side + 0.25)), squeeze=False, layout="constrained"
    )
    plt.close(fig)
    shades = mpl.colors.LinearSegmentedColormap.from_list("ink", ["white", MINDS[0]])
    for ax in axes.flat[len(tables) :]:
        ax.remove()
    for i, (ax, (name, table)) in enumerate(zip(axes.flat, tables.items(), strict=False)):
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        ax.imshow(shares, cmap=shades, vmin=0, vmax=1)
        ax.set_xticks(range(count), classes, rotation=0 if few else 90)
        ax.set_yticks(range(count), classes if i % columns == 0 else [])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_title(f"{name}, {np.trace(table) / table.sum():.1%} right")
        for (row, column), share in np.ndenumerate(shares if few else np.zeros((0, 0))):
            if table[row, column]:
                color = "white" if share > 0.5 else MINDS[1] if row != column else QUIET
                ax.text(column, row, f"{table[row, column]:,}", color=color, ha="center", va="center")
    fig.supylabel("drawn", fontsize=7)
    fig.supxlabel("taken for", fontsize=7)
    return fig


@mpl.rc_context(STYLE)
def shares(rows: Mapping[str, Mapping[str, float]], lowest: float = 0.0) -> Figure:
    """Shares (0..1) as dots on lines: `{row: {group: share}}`, a line each row, a colour each group, figures beside.

    `lowest` is where the axis begins; a share below it stands at the edge.
    """
    groups = list(dict.fromkeys(name for row in rows.values() for name in row))
    if not 0 < len(groups) <= len(MINDS):
        raise ValueError(f"{len(groups)} groups; shares shows 1 to {len(MINDS)}")
    fig, ax = plt.subplots(figsize=(7, 0.55 + 0.24 * len(rows)), layout="constrained")
    plt.close(fig)
    for y, row in enumerate(rows.values()):
        ax.axhline(y, color="#e5e7eb", linewidth=0.6, zorder=0)
        for group, color, shape in zip(groups, MINDS, "osD^", strict=False):
            if group in row:
                ax.plot(max(row[group], lowest), y, shape, color=color, markersize=4.5, clip_on=False)
    for k, (group, color, shape) in enumerate(zip(groups, MINDS, "osD^", strict=False)):
        ax.plot([], [], shape, color=color, markersize=4.5, label=group)
        for y, row in enumerate(rows.values()):
            if group in row:
                place = 1.03 + 0.085 * k
                ax.text(place, y, f"{row[group]:.1%}", color=color, va="center", transform=ax.get_yaxis_transform())
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlim=(lowest, 1), ylim=(len(rows) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.legend(frameon=False, labelcolor="linecolor", loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0)
    return fig


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


def _class_colors(n: int, labels: Sequence[int], names: Sequence[str]) -> list[str]:
    """The colour of each of n drawings, by its class."""
    _match("labels", labels, n)
    if len(names) > len(MARKERS):
        raise ValueError(f"{len(names)} classes; a map tells at most {len(MARKERS)} apart")
    if not all(0 <= label < len(names) for label in labels):
        raise ValueError(f"labels run from {min(labels)} to {max(labels)}, but there are {len(names)} names")
    return [MINDS[label % len(MINDS)] for label in labels]


def _dots(ax: Axes, points: np.ndarray, labels: Sequence[int], names: Sequence[str], area: float) -> None:
    """One mark a drawing; `area` is in square points."""
    for c, name in enumerate(names):
        own = points[np.asarray(labels) == c]
        color, marker = MINDS[c % len(MINDS)], MARKERS[c]
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


def _bins(values: np.ndarray) -> np.ndarray:
    """Edges of a histogram's bars: of shares, twentieths from 0 to 1; of counts, each number in the middle of its bar,
    as far as they fit; else 24 bars. Up to the 99th percentile."""
    values = values[np.isfinite(values)]
    if not len(values):
        raise ValueError("nothing to show: no value is a number")
    if values.min() >= 0 and values.max() <= 1:
        return np.linspace(0, 1, 21)
    low, high = values.min(), np.percentile(values, 99)
    if (values == np.rint(values)).all() and high - low <= 30:
        return np.arange(low - 0.5, np.ceil(high) + 1)
    return np.linspace(low, high if high > low else low + 1, 25)


def _sheet(width: float, height: float) -> Axes:
    """An empty axes that fills a figure of its own; its units are points, y down."""
    width, height = int(np.ceil(width)), int(np.ceil(height))
    fig = plt.figure(figsize=(width / 72, height / 72))
    plt.close(fig)  # pyplot would show it a second time
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return ax


def _ink(ax: Axes, sketch: np.ndarray, switches, colors: Sequence, line_width: float, at: tuple, size: float) -> None:
    """The lines of a sketch in the square of side `size` whose upper left corner is `at`: one path a mind."""
    switches = np.atleast_1d(np.asarray(switches, int))
    if len(switches) and (switches[0] < 0 or (np.diff(switches) < 0).any()):
        raise ValueError(f"switches must rise, from 0 or above; these are {switches.tolist()}")
    if len(switches) >= len(colors):
        raise ValueError(f"{len(switches)} switches need {len(switches) + 1} colours, but there are {len(colors)}")
    fitted, origin = fit(sketch, size * (1 - 2 * MARGIN))
    points = absolute(fitted, origin + np.add(at, size * MARGIN))
    # a thousandth of a cell is finer than any printer, and short numbers keep the SVG small
    grain = size / 1000 if size < 10 else 0.05
    points = np.rint(points / grain) * grain
    lift = sketch[:, 2] > 0.5
    after_lift = np.concatenate([[False], lift[:-1]])
    minds = np.searchsorted(switches, np.arange(len(sketch)), side="right")
    for mind in range(len(switches) + 1):
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
            pen = {"edgecolor": colors[mind], "linewidth": line_width, "capstyle": "round", "joinstyle": "round"}
            ax.add_patch(PathPatch(Path(vertices, codes), fill=False, clip_on=False, **pen))


def _bitmap(ax: Axes, bitmap: np.ndarray, color: str, at: tuple, size: float) -> None:
    """A bitmap as ink of that colour on paper, in a square of side `size`; `imshow` may not move the sheet's limits."""
    paper = bitmap[..., None] / 255
    limits = ax.get_xlim(), ax.get_ylim()
    (x, y), inner, room = np.add(at, size * 0.02), size * 0.96, paper * to_rgb(color) + 1 - paper
    ax.imshow(room, extent=(x, x + inner, y + inner, y), interpolation="none", aspect="auto")
    ax.set(xlim=limits[0], ylim=limits[1])


def _line_width(cell: float) -> float:
    """In points: a pen that suits the size of the drawing, never a hairline."""
    return max(0.6, 0.35 + cell / 75)


def _text_width(text: str) -> float:
    """In points, at the style's size."""
    lines = [line for line in text.split("\n") if line.strip()]  # a blank has no outline
    return max((TextPath((0, 0), line, size=STYLE["font.size"]).get_extents().width for line in lines), default=0.0)


def _match(name: str, values: Sequence | None, *counts: int) -> None:
    if values is not None and len(values) not in counts:
        raise ValueError(f"{len(values)} {name}, where there should be {' or '.join(map(str, dict.fromkeys(counts)))}")
