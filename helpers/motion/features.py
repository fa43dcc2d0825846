"""The parts of a drawn face: found, and named by the judge.

A feature is a few pieces of ink that lie close together. All groups of pieces that nearness suggests, from single
pieces to the whole face, are shown to the judge; of groups that share ink, those that look least like what they should
be are dropped.
"""

from collections.abc import Sequence
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

import cv2
import numpy as np
from matplotlib.colors import to_rgb
from scipy.cluster.hierarchy import linkage
from scipy.ndimage import find_objects
from scipy.spatial.distance import cdist

from helpers.evaluate.judge import Judge, load_judge
from helpers.figures.style import PALETTE
from helpers.trace.vectorize import check_bitmap

INK = 64  # of 255
NEAR = 1 / 150  # of the bitmap's longer side: pieces of ink with a smaller gap between them are one
MOST = 40  # pieces, the largest: a face has fewer
SOME = 150  # points of a piece, to measure gaps by
OUTLINE = 0.55  # of the width and of the height of all ink: a piece that is larger is the face's outline
# what is usual, and how much it varies: where a feature's middle is, x and y of the face's box; in octaves, its width
# over its height, and its longer side over the face's
PLACES = (
    ("eye", (0.30, 0.38, 0.6, -2.2), (0.11, 0.12, 0.8, 0.8)),
    ("eye", (0.70, 0.38, 0.6, -2.2), (0.11, 0.12, 0.8, 0.8)),
    ("nose", (0.50, 0.57, -0.4, -2.2), (0.08, 0.08, 0.8, 0.8)),
    ("mouth", (0.50, 0.78, 1.3, -1.4), (0.12, 0.11, 0.8, 0.8)),
)
DOUBT = 0.05  # the probability left to a name of which the judge thinks nothing: a circle may be an eye where eyes are
MISSING = 9.0  # nats that a face pays for a feature that it does not have; what scores less than that is none
UNUSED = 10.0  # nats that it pays for ink that is in no feature, if that is all of it


class Feature(NamedTuple):
    """A part of a face. `box` is x, y, width, height in whole pixels of the bitmap; `crop`, uint8 (height, width), is
    its own ink alone, without that of neighbours that reach into the box."""

    name: str
    box: tuple[int, int, int, int]
    crop: np.ndarray


def find_features(bitmap: np.ndarray, judge: Judge | None = None) -> list[Feature]:
    """The eyes (left, right), nose and mouth of a drawn face, in this order, as many of them as there are.

    The outline is left out: pieces of ink that span more than half of the drawing. What touches it, or another feature,
    is not found. A name is the judge's opinion, weighed with where eyes, noses and mouths are in a face, how wide and
    how large.

    Parameters
    ----------
    bitmap : ndarray
        uint8 (H, W), ink 255 on paper 0; `trace.read_image` makes one of any picture.
    judge : Judge, optional
        The one that ships, unless another is given.

    Returns
    -------
    list of Feature

    Raises
    ------
    ValueError
        For what is no bitmap, has no ink, or no feature in it.
    """
    bitmap = check_bitmap(bitmap)
    labels, boxes, face = _pieces(bitmap)
    if not len(boxes):
        raise ValueError("no feature was found: there is an outline, or one piece of ink, and nothing apart from it")
    groups, merges = _grow(labels, boxes)
    cuts = [_cut(bitmap, labels, boxes, group) for group in groups]
    amounts = np.bincount(labels.ravel(), minlength=len(boxes) + 1)[1:]
    scores = _scores([box for box, _ in cuts], [crop for _, crop in cuts], face, judge or _shipped())
    chosen = _choose(scores, merges, amounts / amounts.sum())
    if not chosen:
        raise ValueError("no feature was found: nothing looks like an eye, a nose or a mouth where a face has them")
    return [Feature(PLACES[place][0], *cuts[chosen[place]]) for place in sorted(chosen)]


@cache
def _shipped() -> Judge:
    return load_judge()


def _pieces(bitmap: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The connected pieces of ink, without the outline.

    Returns labels (H, W), where piece i has i + 1; their boxes (n, 4) as x0, y0, x1, y1; and the face's own.
    """
    ink = (bitmap > INK).astype(np.uint8)
    # dilated: lines that all but touch are one, and the grey beside a line is its own
    side = 3 + 2 * round(max(bitmap.shape) * NEAR / 2)
    _, labels = cv2.connectedComponents(cv2.dilate(ink, np.ones((side, side), np.uint8)))
    boxes = np.array([(x.start, y.start, x.stop, y.stop) for y, x in find_objects(labels * ink)])
    sides = boxes[:, 2:] - boxes[:, :2]
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    outline = (sides > OUTLINE * (high - low)).all(axis=1)
    if outline.any():
        face = boxes[np.argmax(sides.prod(axis=1) * outline)]
    else:  # features alone: a face would reach this far around them
        face = np.concatenate([low - 0.3 * (high - low), high + 0.3 * (high - low)])
    amounts = np.bincount(labels[ink > 0], minlength=len(boxes) + 1)[1:]
    keep = [i for i in np.argsort(-amounts, kind="stable") if not outline[i]][:MOST]
    renumber = np.zeros(len(boxes) + 1, int)
    renumber[np.array(keep, int) + 1] = np.arange(len(keep)) + 1
    return renumber[labels], boxes[keep], face


def _grow(labels: np.ndarray, boxes: np.ndarray) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """The n pieces alone and, by single linkage, the n - 1 groups that grow together from them, the last of all.

    `merges` (n - 1, 2) says of which two earlier groups each was made. Ink within another piece's box is near to it,
    as a pupil is to its eye.
    """
    groups: list[tuple[int, ...]] = [(i,) for i in range(len(boxes))]
    points = [np.argwhere(labels == i + 1) for i in range(len(boxes))]
    points = [own[:: max(1, len(own) // SOME)] for own in points]
    gaps = []
    for i, j in combinations(range(len(boxes)), 2):
        both = np.concatenate([np.minimum(boxes[i], boxes[j])[:2], np.maximum(boxes[i], boxes[j])[2:]])
        within = (both == boxes[i]).all() or (both == boxes[j]).all()
        gaps.append(0.0 if within else cdist(points[i], points[j]).min())
    merges = linkage(gaps, "single")[:, :2].astype(int) if gaps else np.empty((0, 2), int)
    for a, b in merges:
        groups.append(groups[a] + groups[b])
    return groups, merges


def _cut(
    bitmap: np.ndarray, labels: np.ndarray, boxes: np.ndarray, group: Sequence[int]
) -> tuple[tuple[int, int, int, int], np.ndarray]:
    """The box of a group, x, y, width, height, and its ink alone."""
    own = boxes[list(group)]
    (x0, y0), (x1, y1) = own[:, :2].min(axis=0).tolist(), own[:, 2:].max(axis=0).tolist()
    window = slice(y0, y1), slice(x0, x1)
    mine = np.isin(labels[window], np.array(group) + 1)
    return (x0, y0, x1 - x0, y1 - y0), np.where(mine, bitmap[window], np.uint8(0))


def _scores(boxes: Sequence[tuple], crops: Sequence[np.ndarray], face: np.ndarray, judge: Judge) -> np.ndarray:
    """(groups, places), nats: how much each group looks like what each place should have, and stands there."""
    probabilities = judge.probabilities(crops)
    boxes = np.array(boxes, float)
    middles = (boxes[:, :2] + boxes[:, 2:] / 2 - face[:2]) / (face[2:] - face[:2])
    aspects = np.log2(boxes[:, 2] / boxes[:, 3]).clip(-2, 2)  # a line has next to no height
    sizes = np.log2(boxes[:, 2:].max(axis=1) / (face[2:] - face[:2]).max()).clip(-4, 0)  # and an eye may be a dot
    scores = []
    for name, usual, spread in PLACES:
        off = (np.column_stack([middles, aspects, sizes]) - usual) / spread
        seen = probabilities[:, judge.classes.index(name)]
        scores.append(np.log((seen + DOUBT) / (1 + DOUBT)) - (off**2).sum(axis=1) / 2)
    return np.stack(scores, axis=1)


def _choose(scores: np.ndarray, merges: np.ndarray, amounts: np.ndarray) -> dict[int, int]:
    """Which group stands at which place, {place: group}, so that no two share ink and no other choice scores more.

    From the leaves of the tree to its root, the best choice within each group for each set of places that may be
    taken in it; a set is a number with a bit for each place. `amounts` (n,) is each piece's share of the ink.
    """
    tables = []
    for i, own in enumerate(scores):
        table = {}
        if i < len(amounts):
            table[0] = -UNUSED * amounts[i], {}
        else:
            left, right = (tables[part].items() for part in merges[i - len(amounts)])
            for (a, (score_a, chosen_a)), (b, (score_b, chosen_b)) in product(left, right):
                if not a & b and score_a + score_b > table.get(a | b, (-np.inf,))[0]:
                    table[a | b] = score_a + score_b, chosen_a | chosen_b
        for place, score in enumerate(own):
            if score > max(-MISSING, table.get(1 << place, (-np.inf,))[0]):
                table[1 << place] = score, {place: i}
        tables.append(table)
    whole = tables[-1]
    return whole[max(whole, key=lambda taken: whole[taken][0] + MISSING * taken.bit_count())][1]


def mark(bitmap: np.ndarray, features: Sequence[Feature]) -> np.ndarray:
    """The face as a frame, with a box around each feature, in a colour a name.

    Parameters
    ----------
    bitmap : ndarray
        uint8 (H, W).
    features : sequence of Feature

    Returns
    -------
    ndarray
        uint8 (H, W, 3), RGB.
    """
    depth = bitmap[..., None] / 255
    frame = (255 + depth * (as_rgb(PALETTE[0]) - 255)).round().astype(np.uint8)
    names = list(dict.fromkeys(name for name, _, _ in PLACES))
    for name, (x, y, w, h), _ in features:
        color = as_rgb(PALETTE[1 + names.index(name)]).tolist()
        cv2.rectangle(frame, (x - 3, y - 3), (x + w + 2, y + h + 2), color, max(1, round(max(bitmap.shape) / 200)))
    return frame


def as_rgb(color: str) -> np.ndarray:
    return np.rint(np.multiply(to_rgb(color), 255))
