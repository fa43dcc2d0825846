"""Clip paths of SVG: which shapes they are, and lines cut off where they leave them.

In the tree that svgelements is given, a clip's shapes stand where the clipped element stands, so that they are
transformed alike: CLIP and its number marks all that is clipped by it, SHAPE the shapes of the clip.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.etree import ElementTree

import cv2
import numpy as np

from helpers.trace.inkml import local_name

CLIP, SHAPE = "data-clip-", "data-shape-of"
CLIPPING, MASKING = "c", "m"  # what a number begins with
NOT_CUT = {
    CLIPPING: "a clip path, but what it hides is drawn",
    MASKING: "a mask, but what it hides is drawn",
}  # where it is no shape, or lets ink through in part
AT_ONCE = 2_000_000  # pairs of a line's segment and an edge
MOST_PAIRS = 20_000_000  # of a drawing: some seconds
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
WANTED = {name: re.compile(rf"(?:^|[;\s]){name}\s*:\s*([^;]+)") for name in ("clip-path", "mask")}
NAMED = re.compile(r"""^url\(\s*["']?#([^"')]+)["']?\s*\)$""")


class Outline(NamedTuple):
    """A shape of a clip: its subpaths, polygons (K, 2), and whether what two of them enclose is outside."""

    polygons: Sequence[np.ndarray]
    even_odd: bool


def read_sheets(root: ElementTree.Element) -> dict[str, dict[str, str]]:
    """Of the style sheets of a file the rules that clip: by selector, for each property its value."""
    rules: dict[str, dict[str, str]] = {}
    for sheet in root.iter():
        if local_name(sheet) == "style":
            for selectors, body in RULE.findall(sheet.text or ""):
                if found := _declared(body):
                    for selector in selectors.split(","):
                        rules.setdefault(selector.strip(), {}).update(found)
    return rules


def _declared(style: str) -> dict[str, str]:
    return {name: match[1].strip() for name, pattern in WANTED.items() if (match := pattern.search(style))}


def clips_of(element: ElementTree.Element, sheets: Mapping[str, Mapping[str, str]]) -> dict[str, str | None]:
    """What an element is clipped by: for "clip-path" and "mask" the id, or None where it is no reference."""
    found = {name: element.get(name, "").strip() for name in WANTED}
    names = [f".{name}" for name in element.get("class", "").split()]
    for selector in (local_name(element), *names, f"#{element.get('id')}"):
        found |= sheets.get(selector, {})
    found |= _declared(element.get("style", ""))
    ids = {name: NAMED.match(value) for name, value in found.items() if value not in ("", "none")}
    return {name: match[1] if match else None for name, match in ids.items()}


def cut(lines: Sequence[np.ndarray], clips: Sequence[Sequence[Outline]], room: list[int]) -> list[np.ndarray]:
    """The pieces of polylines (K, 2) that lie inside of every clip, each a list of outlines that it is the union of.

    `room` is for so many pairs of a point and an edge, and is made smaller; ValueError where it is full.
    """
    found = list(lines)
    for clip in clips:
        edges = [_edges(outline) for outline in clip]
        room[0] -= sum(map(len, found)) * sum(map(len, edges))
        if room[0] < 0:
            raise ValueError("its clip paths have too many corners")
        found = [piece for line in found for piece in _inside(line, clip, edges)]
    return found


def _edges(outline: Outline) -> np.ndarray:
    """All edges of an outline's polygons, (E, 2, 2); a polygon that is open is closed."""
    edges = [np.stack([line, np.roll(line, -1, axis=0)], axis=1) for line in outline.polygons if len(line) > 2]
    return np.concatenate(edges) if edges else np.zeros((0, 2, 2))


def _inside(line: np.ndarray, clip: Sequence[Outline], edges: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The pieces of one polyline inside of a clip; those of a closed one go on over its start."""
    if len(line) == 1:
        return [line] if _covered(line, clip, edges)[0] else []
    points = _with_crossings(line, np.concatenate([*edges, np.zeros((0, 2, 2))]))
    inside = _covered((points[1:] + points[:-1]) / 2, clip, edges).astype(np.int8)
    steps = np.flatnonzero(np.diff(inside, prepend=0, append=0))
    pieces = [points[a : b + 1] for a, b in zip(steps[::2], steps[1::2], strict=True)]
    if len(pieces) > 1 and inside[0] and inside[-1] and np.array_equal(points[0], points[-1]):
        pieces = [np.concatenate([pieces[-1], pieces[0][1:]]), *pieces[1:-1]]
    return pieces


def _with_crossings(line: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """A polyline with a point wherever it crosses an edge."""
    chunk = max(1, AT_ONCE // max(1, len(edges)))
    made = [line[:1]]
    b, edge = edges[:, 0], edges[:, 1] - edges[:, 0]
    for first in range(0, len(line) - 1, chunk):
        a, way = line[first : first + chunk + 1][:-1], np.diff(line[first : first + chunk + 1], axis=0)
        turn = way[:, None, 0] * edge[None, :, 1] - way[:, None, 1] * edge[None, :, 0]
        apart = b[None] - a[:, None]
        with np.errstate(all="ignore"):  # parallel ones never cross
            along = (apart[..., 0] * edge[None, :, 1] - apart[..., 1] * edge[None, :, 0]) / turn
            across = (apart[..., 0] * way[:, None, 1] - apart[..., 1] * way[:, None, 0]) / turn
            crossing = (along > 0) & (along < 1) & (across >= 0) & (across <= 1)
        which, edge_of = np.nonzero(crossing)
        share = np.concatenate([along[which, edge_of], np.ones(len(a))])
        which = np.concatenate([which, np.arange(len(a))])
        order = np.lexsort([share, which])
        at_end = share[order, None] == 1
        made.append(np.where(at_end, line[first + 1 + which[order]], (a[which] + share[:, None] * way[which])[order]))
    return np.concatenate(made)


def _covered(points: np.ndarray, clip: Sequence[Outline], edges: Sequence[np.ndarray]) -> np.ndarray:
    """Which points lie inside of any of the outlines: by their winding number, or by whether it is odd."""
    inside = np.zeros(len(points), bool)
    for outline, around in zip(clip, edges, strict=True):
        (x0, y0), (x1, y1) = around[:, 0].T, around[:, 1].T
        chunk = max(1, AT_ONCE // max(1, len(around)))
        for first in range(0, len(points), chunk):
            x, y = points[first : first + chunk, :, None].transpose(1, 0, 2)
            left = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
            winding = ((y0 <= y) & (y1 > y) & (left > 0)).sum(axis=1) - ((y0 > y) & (y1 <= y) & (left < 0)).sum(axis=1)
            inside[first : first + chunk] |= winding % 2 == 1 if outline.even_odd else winding != 0
    return inside


def clip_box(clips: Sequence[Sequence[Outline]]) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest x, y that all clips let through; without a limit where there is no clip."""
    low, high = np.full(2, -np.inf), np.full(2, np.inf)
    for clip in clips:
        points = np.concatenate([line for outline in clip for line in outline.polygons] or [np.zeros((1, 2))])
        low, high = np.maximum(low, points.min(axis=0)), np.minimum(high, points.max(axis=0))
    return low, np.maximum(low, high)


def cut_area(
    bitmap: np.ndarray, clips: Sequence[Sequence[Outline]], low: np.ndarray, scale: float, margin: int
) -> None:
    """Takes off a bitmap, in place, what lies outside of the clips; x is at (x - low) * scale + margin in it."""
    for clip in clips:
        seen = np.zeros_like(bitmap)
        for outline in clip:
            drawn = np.zeros_like(bitmap)
            fixed = [np.rint(((line - low) * scale + margin) * 16).astype(np.int32) for line in outline.polygons]
            turns = {cv2.contourArea(line.astype(np.float32), oriented=True) > 0 for line in fixed}
            for part in [fixed] if outline.even_odd or len(turns) > 1 else [[line] for line in fixed]:
                cv2.fillPoly(drawn, part, 255, cv2.LINE_AA, 4)
            np.maximum(seen, drawn, out=seen)
        np.minimum(bitmap, seen, out=bitmap)
