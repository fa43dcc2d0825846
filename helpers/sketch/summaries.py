"""Measures of many drawings side by side: their distributions, and a table of several groups."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from helpers.sketch.closed_lines import closure
from helpers.sketch.cohesion import complexity, symmetry, transition


class Summary(NamedTuple):
    """A distribution in five numbers: how many, the mean, and the three quartiles."""

    n: int
    mean: float
    low: float
    median: float
    high: float


def measure(sketches: Sequence[np.ndarray], switches: Sequence | None = None) -> dict[str, np.ndarray]:
    """Every measure of many drawings.

    Parameters
    ----------
    sketches : sequence of ndarray
        N drawings, (n, 3) each.
    switches : sequence, optional
        The rows at which their minds changed, as `draw.Switched` has them.

    Returns
    -------
    dict of str to ndarray
        (N,) each: closure, symmetry, points, strokes and ink; with switches also overlap, distance, cohesion and
        baseline.

    Raises
    ------
    ValueError
        Where switches and drawings differ in number.
    """
    if switches is not None and len(switches) != len(sketches):
        raise ValueError(f"{len(switches)} switches for {len(sketches)} drawings")
    rows = [
        {"closure": closure(sketch), "symmetry": symmetry(sketch)} | complexity(sketch)._asdict() for sketch in sketches
    ]
    for row, sketch, switch in zip(rows, sketches, switches if switches is not None else (), strict=False):
        row |= transition(sketch, switch)._asdict()
    return {name: np.array([row[name] for row in rows], float) for name in (rows[0] if rows else ())}


def summarise(values: np.ndarray) -> Summary:
    """The distribution of some values.

    Parameters
    ----------
    values : array_like
        (N,). NaN, where there was nothing to measure, is left out and not counted.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError
        Where no value is a number.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        raise ValueError("nothing to summarise: no value is a number")
    return Summary(len(values), float(values.mean()), *np.percentile(values, (25, 50, 75)).tolist())


def compare(groups: Mapping[str, Mapping[str, np.ndarray]]) -> str:
    """A table, to be printed, of the measures of several groups of drawings.

    Parameters
    ----------
    groups : mapping of str to mapping
        `{group: measure(drawings)}`; real drawings go first. Groups may lack measures that others have.

    Returns
    -------
    str
        For each measure the mean and the quartiles, a row for each group; and for each group but the first, its mean
        relative to the first group's.
    """
    first = next(iter(groups.values()))
    names = dict.fromkeys(name for group in groups.values() for name in group)
    width = max(map(len, groups))
    lines = [f"{'':{width + 10}}{'n':>6}{'mean':>9}{'25%':>9}{'50%':>9}{'75%':>9}{'of first':>10}"]
    for name in names:
        for label, group in groups.items():
            if name not in group:
                continue
            n, mean, *quartiles = summarise(group[name])
            share = ""
            if group is not first and name in first and summarise(first[name]).mean:
                share = f"{mean / summarise(first[name]).mean:.0%}"
            numbers = "".join(f"{value:9.3f}" for value in (mean, *quartiles))
            lines.append(f"{name:<10}{label:<{width}}{n:6}{numbers}{share:>10}".rstrip())
    return "\n".join(lines)
