"""The graph of a skeleton made simpler: junctions as one node each, without tiny loops and spurs. Compiled."""

import math

import numpy as np

from helpers.sketch.native import native
from helpers.trace.skeleton import Graph, line_length

CONTRACT = 0.5  # two junctions are one where the branch between them is shorter than this times their radii's sum
SPUR = 0.12  # of the line width: a branch that sticks out less is roughness of the line's edge
RING = 2.5  # line widths: a loop that is shorter around encloses no paper that anybody meant
GRID = 1.5  # pixels that a junction's disc may be wider than the line, for it is measured on the grid


@native
def contract(graph: Graph, line_width: float) -> Graph:
    """The graph with each junction one node: what thinning split is joined, tiny loops and spurs are gone.

    Two junctions whose discs of ink overlap (Liao and Huang (1990), doi 10.1016/0031-3203(90)90017-H) are one, in
    the middle of both, with a radius that covers them. Junctions left with two branches only pass them through.
    """
    points, starts, ends, nodes, degrees = graph
    lengths = np.empty(len(ends))
    for b in range(len(ends)):
        lengths[b] = line_length(points[starts[b] : starts[b + 1]])
    radii = np.minimum(nodes[:, 2], (line_width + GRID) / 2)
    keep = np.ones(len(ends), np.bool_)
    root = _overlapping(ends, degrees, lengths, radii, keep)
    merged = _middles(root, nodes, radii)
    degree = _cut_rings(ends, degrees, lengths, root, line_width, keep)
    _cut_spurs(ends, degrees, lengths, root, nodes, merged, line_width, degree, keep)
    return _only(graph, np.flatnonzero(keep), root, merged, degree)


@native
def _overlapping(
    ends: np.ndarray, degrees: np.ndarray, lengths: np.ndarray, radii: np.ndarray, keep: np.ndarray
) -> np.ndarray:
    """For each node the first of those that it is one junction with; branches within a junction are not kept."""
    root = np.arange(len(degrees))
    for b in range(len(ends)):
        a, z = ends[b]
        if a < 0 or a == z or degrees[a] < 3 or degrees[z] < 3:
            continue
        if lengths[b] < CONTRACT * (radii[a] + radii[z]):
            while root[a] != a:
                a = root[a]
            while root[z] != z:
                z = root[z]
            root[max(a, z)] = min(a, z)
            keep[b] = False
    for node in range(len(root)):
        root[node] = root[root[node]]  # roots are smaller than what hangs on them
    return root


@native
def _middles(root: np.ndarray, nodes: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Nodes (x, y, radius): the middle of those with one root, and the radius that covers their discs."""
    members = np.zeros(len(nodes))
    merged = np.zeros((len(nodes), 3))
    for node in range(len(nodes)):
        members[root[node]] += 1
        merged[root[node], :2] += nodes[node, :2]
    for node in range(len(nodes)):
        if members[node]:
            merged[node, :2] /= members[node]
    for node in range(len(nodes)):
        r = root[node]
        off = math.hypot(nodes[node, 0] - merged[r, 0], nodes[node, 1] - merged[r, 1])
        merged[r, 2] = max(merged[r, 2], off + radii[node])
    return merged


@native
def _cut_rings(
    ends: np.ndarray, degrees: np.ndarray, lengths: np.ndarray, root: np.ndarray, line_width: float, keep: np.ndarray
) -> np.ndarray:
    """Takes out tiny loops from a junction to itself; the number of branches that is left at each root."""
    degree = np.zeros(len(root), np.int32)
    for b in range(len(ends)):
        a, z = ends[b]
        if a < 0 or not keep[b]:
            continue
        if root[a] == root[z] and degrees[a] >= 3 and lengths[b] < RING * line_width:
            keep[b] = False
        else:
            degree[root[a]] += 1
            degree[root[z]] += 1
    return degree


@native
def _cut_spurs(
    ends: np.ndarray,
    degrees: np.ndarray,
    lengths: np.ndarray,
    root: np.ndarray,
    nodes: np.ndarray,
    merged: np.ndarray,
    line_width: float,
    degree: np.ndarray,
    keep: np.ndarray,
) -> None:
    """Takes out spurs, the shortest of a junction first, and only while more than two branches are left at it."""
    for b in np.argsort(lengths, kind="mergesort"):
        if not keep[b] or ends[b, 0] < 0:
            continue
        for side in range(2):
            tip, hub = ends[b, side], root[ends[b, 1 - side]]
            if degrees[tip] != 1 or degree[hub] < 3:
                continue
            out = math.hypot(nodes[tip, 0] - merged[hub, 0], nodes[tip, 1] - merged[hub, 1])
            if out + nodes[tip, 2] - merged[hub, 2] < SPUR * line_width:
                keep[b] = False
                degree[hub] -= 1
                degree[tip] -= 1
                break


@native
def _only(graph: Graph, kept: np.ndarray, root: np.ndarray, merged: np.ndarray, degree: np.ndarray) -> Graph:
    """The graph of the branches that are kept, between the roots of their ends."""
    points, starts, ends = graph.points, graph.starts, graph.ends
    new_points = np.empty_like(points)
    new_starts = np.zeros(len(kept) + 1, np.int32)
    new_ends = np.full((len(kept), 2), -1, np.int32)
    n = 0
    for i, b in enumerate(kept):
        size = starts[b + 1] - starts[b]
        new_points[n : n + size] = points[starts[b] : starts[b + 1]]
        n += size
        new_starts[i + 1] = n
        if ends[b, 0] >= 0:
            new_ends[i, 0], new_ends[i, 1] = root[ends[b, 0]], root[ends[b, 1]]
    return Graph(new_points[:n].copy(), new_starts, new_ends, merged, degree)
