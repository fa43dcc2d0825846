"""Charts of numbers: training curves, distributions, shares, confusion, in the style of all figures."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.figures.rc import in_style
from helpers.figures.style import PALETTE, QUIET, WIDTH
from helpers.sketch.summaries import summarise


@in_style
def curves(logs: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """How one training run or several went.

    On the left the reconstruction loss, nats a point, on the right the KL divergence, nats a drawing. Training (which
    sees changed and partial drawings) is a thin line, validation a strong one. The legend gives the best validation
    value.

    Parameters
    ----------
    logs : mapping of str to mapping
        `{name of the run: log}`, a log as `train.read_log` gives it; a colour for each run.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no run, or more than there are colours.
    """
    if not 0 < len(logs) <= len(PALETTE):
        raise ValueError(f"{len(logs)} runs; curves shows 1 to {len(PALETTE)}")
    panels = {"reconstruction": "reconstruction, nats a point (thin: training)", "kl": "KL divergence, nats a drawing"}
    fig, axes = plt.subplots(1, 2, figsize=(7, 2.4), layout="constrained")
    plt.close(fig)
    for ax, (column, title) in zip(axes, panels.items(), strict=True):
        for color, (name, log) in zip(PALETTE, logs.items(), strict=False):
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


@in_style
def progress(
    runs: Mapping[str, Mapping[str, Sequence[float]]], real: Mapping[str, float], shares: Sequence[str] = ()
) -> Figure:
    """How the drawings of several networks changed with training: a panel for each measure, steps on a logarithmic
    axis.

    Parameters
    ----------
    runs : mapping of str to mapping
        `{network: {"step": steps, measure: values}}`, a colour for each network.
    real : mapping of str to float
        Each measure of people's own drawings, a grey line.
    shares : sequence of str
        The measures that are shown as percentages from 0 to 100.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no network, or more than there are colours.
    """
    if not 0 < len(runs) <= len(PALETTE):
        raise ValueError(f"{len(runs)} runs; progress shows 1 to {len(PALETTE)}")
    metrics = [name for name in next(iter(runs.values())) if name != "step"]
    fig, axes = plt.subplots(1, len(metrics), figsize=(7, 2.1), squeeze=False, layout="constrained")
    plt.close(fig)
    for ax, name in zip(axes[0], metrics, strict=True):
        for color, shape, (label, run) in zip(PALETTE, "osD^", runs.items(), strict=False):
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


@in_style
def distributions(groups: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """How measures of several groups of drawings are spread: a panel for each measure, in it a row for each group.

    A row is a histogram (heights are shares of the group); below it the quartiles as a bar, the median as a gap in it
    and the mean as a ring; beside it the mean in figures. Values beyond the 99th percentile of all stand in the last
    bar.

    Parameters
    ----------
    groups : mapping of str to mapping
        `{group: {measure: values (N,)}}`, as `sketch.measure` gives them. Real drawings go first.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no group, or more than there are colours.
    """
    if not 0 < len(groups) <= len(PALETTE):
        raise ValueError(f"{len(groups)} groups; distributions shows 1 to {len(PALETTE)}")
    metrics = list(dict.fromkeys(name for group in groups.values() for name in group))
    columns = min(5, len(metrics))
    rows = -(-len(metrics) // columns)
    fig, axes = plt.subplots(
        rows, columns, figsize=(7, rows * (0.45 + 0.42 * len(groups))), squeeze=False, layout="constrained"
    )
    plt.close(fig)
    for ax in axes.flat[len(metrics) :]:
        ax.remove()
    for i, (ax, name) in enumerate(zip(axes.flat, metrics, strict=False)):
        shown = {label: np.asarray(group[name], float) for label, group in groups.items() if name in group}
        edges = _bins(np.concatenate(list(shown.values())))
        heights = {
            label: np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / max(1, np.isfinite(values).sum())
            for label, values in shown.items()
        }
        highest = max(height.max() for height in heights.values())
        for row, (label, color) in enumerate(zip(groups, PALETTE, strict=False)):
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
            ax.plot(mean, floor - 0.11, marker="o", color="white", markeredgecolor=color, markersize=3.4, clip_on=False)
            text = f"{summary.mean:.2f}" if summary.mean < 10 else f"{summary.mean:.0f}"
            ax.text(1.03, floor + 0.02, text, color=color, transform=ax.get_yaxis_transform())
        ax.set_title(name, loc="left")
        ax.set(ylim=(0.3 - len(groups), 0.75), xlim=(edges[0], edges[-1]), yticks=[])
        ax.spines["left"].set_visible(False)
        if i % columns == 0:
            ax.set_yticks(-np.arange(len(groups)) + 0.2, list(groups))
            ax.tick_params(axis="y", length=0)
            for label, color in zip(ax.get_yticklabels(), PALETTE, strict=False):
                label.set_color(color)
    return fig


@in_style
def confusion_plot(tables: Mapping[str, np.ndarray], classes: Sequence[str]) -> Figure:
    """What was taken for what, several classifiers side by side.

    A row for each true class, a column for each answer; the shade is the share of the row, the figure the count. With
    more than ten classes only shades are shown, the small shares darker than they are.

    Parameters
    ----------
    tables : mapping of str to ndarray
        `{classifier: table (C, C)}`, see `evaluate.confusion`.
    classes : sequence of str
        C names.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For a table that does not fit the classes.
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
    shades = mpl.colors.LinearSegmentedColormap.from_list("ink", ["white", PALETTE[0]])
    for ax in axes.flat[len(tables) :]:
        ax.remove()
    for i, (ax, (name, table)) in enumerate(zip(axes.flat, tables.items(), strict=False)):
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        # without numbers the shades must tell rare answers too
        ax.imshow(shares, cmap=shades, norm=mpl.colors.PowerNorm(1 if few else 0.4, 0, 1))
        ax.set_xticks(range(count), classes, rotation=0 if few else 90)
        ax.set_yticks(range(count), classes if i % columns == 0 else [])
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.set_title(f"{name}, {np.trace(table) / table.sum():.1%} right")
        for (row, column), share in np.ndenumerate(shares if few else np.zeros((0, 0))):
            if table[row, column]:
                color = "white" if share > 0.35 else PALETTE[1] if row != column else QUIET
                ax.text(column, row, f"{table[row, column]:,}", color=color, ha="center", va="center")
    fig.supylabel("drawn", fontsize=7)
    fig.supxlabel("taken for", fontsize=7)
    return fig


@in_style
def shares(rows: Mapping[str, Mapping[str, float]], lowest: float = 0.0) -> Figure:
    """Shares as dots on lines: a line for each row, a colour for each group, the numbers beside.

    Parameters
    ----------
    rows : mapping of str to mapping
        `{row: {group: share}}`, shares 0..1.
    lowest : float
        Where the axis begins; a share below it stands at the edge.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For no group, or more than there are colours.
    """
    groups = list(dict.fromkeys(name for row in rows.values() for name in row))
    if not 0 < len(groups) <= len(PALETTE):
        raise ValueError(f"{len(groups)} groups; shares shows 1 to {len(PALETTE)}")
    fig, ax = plt.subplots(figsize=(7, 0.55 + 0.24 * len(rows)), layout="constrained")
    plt.close(fig)
    for y, row in enumerate(rows.values()):
        ax.axhline(y, color="#e5e7eb", linewidth=0.6, zorder=0)
        for k, (group, color, shape) in enumerate(zip(groups, PALETTE, "osD^", strict=False)):
            if group in row:  # a little above or below the line, so that equal shares do not hide each other
                place = y + 0.16 * (k - (len(groups) - 1) / 2)
                ax.plot(max(row[group], lowest), place, shape, color=color, markersize=4, clip_on=False)
    for k, (group, color, shape) in enumerate(zip(groups, PALETTE, "osD^", strict=False)):
        ax.plot([], [], shape, color=color, markersize=4.5, label=group)
        for y, row in enumerate(rows.values()):
            if group in row:
                place = 1.03 + 0.085 * k
                ax.text(place, y, f"{row[group]:.1%}", color=color, va="center", transform=ax.get_yaxis_transform())
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(xlim=(lowest, 1), ylim=(len(rows) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(steps=[1, 2, 5, 10]))  # whole percents
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    ax.legend(frameon=False, labelcolor="linecolor", loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0)
    return fig


@in_style
def bands(panels: Mapping[str, Mapping[str, Sequence[np.ndarray]]], x: Sequence[float], label: str) -> Figure:
    """How measures grow with a size, on logarithmic axes: the median, and a band from the 10th to the 90th percentile.

    Parameters
    ----------
    panels : mapping
        Of each panel, by its title, `{name: for each x the values measured (n,)}`: a colour each name.
    x : sequence of float
    label : str
        What x is.

    Returns
    -------
    Figure
    """
    fig, axes = plt.subplots(1, len(panels), figsize=(7, 2.5), squeeze=False, layout="constrained")
    plt.close(fig)
    for ax, (title, measured) in zip(axes[0], panels.items(), strict=True):
        for color, (name, values) in zip(PALETTE, measured.items(), strict=False):
            low, middle, high = np.transpose([np.percentile(some, [10, 50, 90]) for some in values])
            ax.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
            ax.plot(x, middle, "o-", color=color, linewidth=1.2, markersize=3)
            ax.annotate(name, (x[-1], middle[-1]), (4, 0), textcoords="offset points", va="center", color=color)
        ax.set(xscale="log", yscale="log", xlabel=label, title=title)
        ax.set_xticks(x, x)
        ax.yaxis.set_major_formatter("{x:g}")  # powers of ten would be formulas, which no label is
        ax.minorticks_off()
    return fig


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
