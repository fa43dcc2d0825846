"""Where the scenes of a story stand on its map: in columns, so that few arrows cross."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from sklearn.isotonic import isotonic_regression

SWEEPS = 12  # to and fro over the columns
THIN = 0.5  # of a scene's height, that an arrow passing through a column takes

Node = str | tuple[str, str, int]  # a scene, or where the arrow from one to another passes a column


class Layout(NamedTuple):
    """Scenes and the ways of arrows: `places` (column, row) of scenes, `ways` the places that an arrow goes through."""

    places: Mapping[str, tuple[int, float]]
    ways: Mapping[tuple[str, str], Sequence[tuple[int, float]]]


def layered(edges: Mapping[str, Sequence[str]], start: str, last: Iterable[str] = ()) -> Layout:
    """Columns of a directed graph, each node right of those that lead to it but for what closes a circle.

    Parameters
    ----------
    edges : mapping of str to sequence of str
        Where each node leads; all can be reached from `start`.
    start : str
    last : iterable of str
        Nodes that stand in the last column.

    Returns
    -------
    Layout
        Rows are spaced by at least 1; an edge's way begins and ends in its nodes, and passes every column between.

    References
    ----------
    Sugiyama, Tagawa and Toda 1981, Methods for visual understanding of hierarchical system structures,
    https://doi.org/10.1109/TSMC.1981.4308636
    """
    order, back = _backward(edges, start)
    onward = {(b, a) if (a, b) in back else (a, b) for a in edges for b in edges[a] if a != b}
    rank = dict.fromkeys(order, 0)
    for a in order:
        for b in (to for one, to in onward if one == a):
            rank[b] = max(rank[b], rank[a] + 1)
    end = max(rank.values())
    rank |= {name: end for name in last if all(one != name for one, _ in onward)}
    columns: list[list[Node]] = [[] for _ in range(end + 1)]
    for name in order:
        columns[rank[name]].append(name)
    chains: dict[tuple[str, str], list[Node]] = {}
    for a, b in sorted(onward, key=lambda edge: (order.index(edge[0]), order.index(edge[1]))):
        passing: list[Node] = [(a, b, column) for column in range(rank[a] + 1, rank[b])]
        for column, one in enumerate(passing, rank[a] + 1):
            columns[column].append(one)
        chains[a, b] = [a, *passing, b]
    links = [link for chain in chains.values() for link in pairwise(chain)]
    columns = _fewest_crossings(columns, links)
    rows = _rows(columns, links)
    column_of = {one: column for column, names in enumerate(columns) for one in names}
    ways = {}
    for edge in ((a, b) for a in edges for b in edges[a] if a != b):
        ways[edge] = [(column_of[one], rows[one]) for one in chains.get(edge) or reversed(chains[edge[::-1]])]
    return Layout({name: (column_of[name], rows[name]) for name in order}, ways)


def _backward(edges: Mapping[str, Sequence[str]], start: str) -> tuple[list[str], set[tuple[str, str]]]:
    """The nodes, each before those it leads to, and the edges that lead back: to a node on the way that is walked."""
    done: list[str] = []
    back: set[tuple[str, str]] = set()
    way, left = [start], [iter(edges[start])]
    while way:
        for to in left[-1]:
            if to in way:
                back.add((way[-1], to))
            elif to not in done:
                way.append(to)
                left.append(iter(edges[to]))
                break
        else:
            done.append(way.pop())
            left.pop()
    return done[::-1], back


def _fewest_crossings(columns: list[list[Node]], links: Sequence[tuple[Node, Node]]) -> list[list[Node]]:
    """Each column by the middle of its neighbours in the one before, then in the one after, and on; the best."""
    before: dict[Node, list[Node]] = {one: [] for names in columns for one in names}
    after: dict[Node, list[Node]] = {one: [] for names in columns for one in names}
    for a, b in links:
        after[a].append(b)
        before[b].append(a)
    best, fewest = columns, _crossings(columns, links)
    for sweep in range(SWEEPS):
        columns = [list(names) for names in columns]
        neighbours = after if sweep % 2 else before
        for names in columns[::-1] if sweep % 2 else columns:
            place = {one: i for column in columns for i, one in enumerate(column)}
            middle = {one: np.mean([place[other] for other in neighbours[one]] or [place[one]]) for one in names}
            names.sort(key=middle.__getitem__)
        if (crossed := _crossings(columns, links)) < fewest:
            best, fewest = columns, crossed
    return best


def _crossings(columns: Sequence[Sequence[Node]], links: Sequence[tuple[Node, Node]]) -> int:
    place = {one: (column, i) for column, names in enumerate(columns) for i, one in enumerate(names)}
    ends = np.array([[*place[a], place[b][1]] for a, b in links]).reshape(-1, 3)
    column, first, second = ends.T
    crossed = (first[:, None] < first) & (second[:, None] > second) & (column[:, None] == column)
    return int(crossed.sum())


def _rows(columns: Sequence[Sequence[Node]], links: Sequence[tuple[Node, Node]]) -> dict[Node, float]:
    """Rows in the order given, as near to their neighbours' as their heights allow (least squares)."""
    near: dict[Node, list[Node]] = {one: [] for names in columns for one in names}
    for a, b in links:
        near[a].append(b)
        near[b].append(a)
    rows: dict[Node, float] = {}
    apart = []
    for names in columns:
        heights = np.array([1.0 if isinstance(one, str) else THIN for one in names])
        at = np.cumsum(heights) - heights / 2
        apart.append(at)
        rows |= dict(zip(names, (at - heights.sum() / 2).tolist(), strict=True))
    for _ in range(SWEEPS):
        for names, at in zip(columns, apart, strict=True):
            wanted = np.array([np.mean([rows[other] for other in near[one]] or [rows[one]]) for one in names])
            rows |= dict(zip(names, (isotonic_regression(wanted - at) + at).tolist(), strict=True))
    return rows
