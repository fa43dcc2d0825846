"""The parts of a drawn face: found, named by the judge, set in motion, and drawn back in their place.

A feature is a few pieces of ink that lie close together. All groups of pieces that nearness suggests are shown to the
judge, from single pieces to the whole face; of groups that share ink, the ones that look least like what they should
be are suppressed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

import cv2
import numpy as np
from matplotlib.colors import to_rgb
from scipy.cluster.hierarchy import linkage
from scipy.ndimage import find_objects
from scipy.spatial.distance import cdist

from helpers.draw.decoding import encode
from helpers.evaluate.classifier import Judge, load_judge
from helpers.figures.style import PALETTE
from helpers.model.vae import SketchVAE
from helpers.motion.tweening import Animation, tween
from helpers.sketch.strokes import bounds, from_polylines, to_polylines
from helpers.trace.skeleton import thin
from helpers.trace.vectorize import check, trace

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

    The bitmap is uint8 (H, W), ink 255 on paper 0; `trace.read_image` makes one of any picture. The outline is left
    out: pieces of ink that span more than half of the drawing. What touches it, or another feature, is not found.
    A name is the judge's opinion, weighed with where eyes, noses and mouths are in a face, how wide and how large.
    `judge` is the one that ships, unless another is given. Raises ValueError for what is no bitmap, has no ink, or no
    feature in it.
    """
    bitmap = check(bitmap)
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


def animate_features(
    model: SketchVAE,
    features: Sequence[Feature],
    toward: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    steps: int = 8,
    seed: int = 0,
) -> list[Animation | None]:
    """Of each feature an animation of 2 * steps frames: from its own z to another, and back.

    Each is traced, and read by the encoder; `toward[name]` makes of its own z (Z,) the one that it goes to. A feature
    whose name is not in `toward` stays as it is: None. Raises ValueError where `toward` names what this face does not
    have.
    """
    have = [feature.name for feature in features]
    for name in toward:
        if name not in have:
            raise ValueError(f"no {name} was found in this face, only: {', '.join(have) or 'nothing'}")
    moving = [feature for feature in features if feature.name in toward]
    own = encode(model, [trace(np.pad(feature.crop, 2)).sketch for feature in moving])
    ways = (np.stack([z, toward[feature.name](z)]) for z, feature in zip(own, moving, strict=True))
    return [tween(model, next(ways), steps, closed=True, seed=seed) if name in toward else None for name in have]


def face_frames(
    bitmap: np.ndarray, features: Sequence[Feature], animations: Sequence[Animation | None], size: int = 480
) -> list[np.ndarray]:
    """Pictures, RGB, `size` pixels on the longer side, of a face whose features are drawn anew in their places.

    Each animation's first frame gets its feature's box, as far as its own aspect lets it, and the other frames keep
    its scale; None leaves the feature as it was drawn. Raises ValueError for animations that are none, too many or
    too few, or of different lengths.
    """
    if len(animations) != len(features):
        raise ValueError(f"{len(animations)} animations for {len(features)} features; give one each, or None")
    lengths = {len(animation.sketches) for animation in animations if animation is not None}
    if len(lengths) != 1:
        raise ValueError(f"the animations have {sorted(lengths) or 'no'} frames; they have to be equally long")
    rest = bitmap.copy()
    for (_, (x, y, w, h), crop), animation in zip(features, animations, strict=True):
        if animation is not None:
            # the crop's ink and the grey beside it, but nothing of a neighbour
            own = cv2.dilate((np.pad(crop, 2) > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
            room = np.pad(rest, 2)[y : y + h + 4, x : x + w + 4]
            padded = np.pad(rest, 2)
            padded[y : y + h + 4, x : x + w + 4] = np.where(own, 0, room)
            rest = padded[2:-2, 2:-2]
    scale = size / max(bitmap.shape)
    sides = [max(1, round(side * scale)) for side in bitmap.shape]
    ground = cv2.resize(rest, sides[::-1], interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    # ink over length is width; of a line of pixels, one step in two or so is a diagonal
    length = 1.2 * thin((bitmap > INK).astype(np.uint8)).sum()
    # and OpenCV's antialiased lines are wider than they are said to be
    width = max(1, round(scale * bitmap.sum() / 255 / length / 1.6))
    frames = []
    for i in range(lengths.pop()):
        picture = ground.copy()
        for (_, box, _), animation in zip(features, animations, strict=True):
            if animation is not None:
                lines = [np.rint(line * scale * 16).astype(np.int32) for line in _in_box(animation, i, box)]
                cv2.polylines(picture, lines, False, 255, width, cv2.LINE_AA, 4)
        depth = picture[..., None] / 255
        frames.append((255 + depth * (_rgb(PALETTE[0]) - 255)).round().astype(np.uint8))
    return frames


def _in_box(animation: Animation, frame: int, box: tuple[int, int, int, int]) -> list[np.ndarray]:
    """The polylines of one frame, in pixels of the bitmap, where the first frame fills the box."""
    x, y, w, h = box
    low, high = bounds(animation.sketches[0]) + animation.origins[0]
    scale = max(w, h) / max(*(high - low), 1e-6)
    middle = np.array([x + (w - 1) / 2, y + (h - 1) / 2])
    lines = to_polylines(animation.sketches[frame], animation.origins[frame])
    return [(line - (low + high) / 2) * scale + middle for line in lines]


def mark(bitmap: np.ndarray, features: Sequence[Feature]) -> np.ndarray:
    """The face as a frame, RGB (H, W, 3), with a box around each feature, in a colour a name."""
    depth = bitmap[..., None] / 255
    frame = (255 + depth * (_rgb(PALETTE[0]) - 255)).round().astype(np.uint8)
    names = list(dict.fromkeys(name for name, _, _ in PLACES))
    for name, (x, y, w, h), _ in features:
        color = _rgb(PALETTE[1 + names.index(name)]).tolist()
        cv2.rectangle(frame, (x - 3, y - 3), (x + w + 2, y + h + 2), color, max(1, round(max(bitmap.shape) / 200)))
    return frame


def _rgb(color: str) -> np.ndarray:
    return np.rint(np.multiply(to_rgb(color), 255))


class Composed(NamedTuple):
    """A face made of drawings at known places: the bitmap, and name and box (x, y, width, height) of each feature."""

    bitmap: np.ndarray
    names: tuple[str, ...]
    boxes: list[tuple[int, int, int, int]]


ROOM = {"eye": (0.27, 0.21), "nose": (0.20, 0.20), "mouth": (0.36, 0.17)}  # of the outline's box, width and height


def compose_face(parts: Mapping[str, Sequence[np.ndarray]], rng: np.random.Generator, size: int = 256) -> Composed:
    """A face with a known answer: two eyes, a nose and a mouth, sketches drawn from `parts`, in an outline's first
    stroke ("face"; an oval where there are none), each at its place, give or take a little. Drawn again from `rng`
    until no two touch.
    """
    turn = np.linspace(0, 2 * np.pi, 40)
    oval = from_polylines([np.column_stack([0.8 * np.sin(turn), -np.cos(turn)])])
    outlines = parts.get("face") or [oval]
    while True:
        outline = outlines[rng.integers(len(outlines))]
        (line,) = _placed([to_polylines(outline)[0]], (size / 2, size / 2), (0.92 * size, 0.92 * size))
        low, high = line.min(axis=0), line.max(axis=0)
        drawn = [[line]]
        for name, usual, _ in PLACES:
            sketch = parts[name][rng.integers(len(parts[name]))]
            room = (high - low) * ROOM[name] * rng.uniform(0.8, 1.1)
            middle = low + (high - low) * (np.array(usual[:2]) + rng.normal(0, 0.015, 2))
            drawn.append(_placed(to_polylines(sketch), middle, room))
        layers = []
        for lines in drawn:
            layer = np.zeros((size, size), np.uint8)
            fixed = [np.rint(line * 16).astype(np.int32) for line in lines]
            cv2.polylines(layer, fixed, False, 255, 2, cv2.LINE_AA, 4)
            layers.append(layer)
        # with a gap between them
        thick = sum((cv2.dilate(layer, np.ones((7, 7), np.uint8)) > 0).astype(int) for layer in layers)
        if thick.max() == 1:
            boxes = [cv2.boundingRect((layer > INK).astype(np.uint8)) for layer in layers[1:]]
            return Composed(np.max(layers, axis=0), tuple(name for name, _, _ in PLACES), boxes)


def _placed(lines: Sequence[np.ndarray], middle: np.ndarray, room: Sequence[float]) -> list[np.ndarray]:
    """Polylines scaled into a room of width and height around its middle, aspect kept."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (np.asarray(room) / np.maximum(high - low, 1e-6)).min()
    return [(line - (low + high) / 2) * scale + middle for line in lines]


def overlap(a: Sequence[int], b: Sequence[int]) -> float:
    """Intersection over union of two boxes x, y, width, height."""
    a, b = (np.array([x, y, x + w, y + h], float) for x, y, w, h in (a, b))
    sides = np.maximum(0, np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]))
    areas = [(box[2:] - box[:2]).prod() for box in (a, b)]
    return float(sides.prod() / (sum(areas) - sides.prod()))
