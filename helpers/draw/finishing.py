"""Prefixes finished as parts: where a prefix fits a drawing of another class, and which finish is kept."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from helpers.draw.decoding import decode, encode
from helpers.draw.fit import BOX, Pose, complete, find_poses
from helpers.draw.library import library, read_margins
from helpers.model.vae import SketchVAE
from helpers.sketch.strokes import added_ink, bounds

FINISHES = 48  # of each drawing, of which one is kept
ENOUGH = 0.6  # of the margin of the model's own drawings: what reads as a class so clearly does read as it
ALONE = 0.3  # what the added ink counts beside the whole; tried with ENOUGH on 264 drawings of another seed


class Judge(Protocol):
    """Whatever can say what a drawing shows: `evaluate.load_judge()`, or anything with these two members."""

    classes: Sequence[str]

    def probabilities(self, drawings: Sequence[np.ndarray]) -> np.ndarray:
        """(N, C): how probable each class is for each drawing."""


def can_fit(model: SketchVAE, second: object, blend: float = 1.0) -> bool:
    """Whether `switch` can read a prefix as a part: one model of several classes, and all the way to one of them."""
    return isinstance(second, str) and blend == 1 and len(model.settings.classes) > 1 and model.prior is not None


def finish(
    model: SketchVAE,
    prefix: np.ndarray,
    second: str,
    tries: int,
    seed: object = 0,
    judge: Judge | None = None,
    find: Callable | None = None,
) -> np.ndarray | None:
    """The rows that finish a prefix as a drawing of the second class of which it is a part.

    Of `tries` finishes, made by `find` (by default `find_finishes`), the one with the highest `score`. None where the
    prefix fits nothing.
    """
    found = (find or find_finishes)(model, prefix, second, tries, seed)
    if not found:
        return None
    return found[int(score(model, second, [prefix] * len(found), found, judge).argmax())]


def find_finishes(model: SketchVAE, prefix: np.ndarray, second: str, tries: int, seed: object = 0) -> list[np.ndarray]:
    """Up to `tries` ways to finish a prefix as the second class, the best fits first: rows to follow it.

    Each takes one of the model's own drawings, from a randomly chosen half of them, and leaves out what the prefix
    stands for.
    """
    shapes = library(model, second).shapes
    found = [
        complete(prefix, shapes.outlines[pose.drawing], pose) for pose in _poses(model, prefix, second, tries, seed)
    ]
    return [rows for rows in found if rows is not None]


def redraw(
    model: SketchVAE, prefix: np.ndarray, second: str, tries: int, seed: object = 0, temperature: float = 0.1
) -> list[np.ndarray]:
    """As `find_finishes`, but the decoder draws on: from the prefix, at the size at which it was laid on each of the
    model's own drawings, by that drawing's z.
    """
    poses = _poses(model, prefix, second, tries, seed)
    if not poses or len(prefix) >= model.settings.max_points:
        return []
    own = [library(model, second).sketches[pose.drawing] for pose in poses]
    sizes = [
        pose.scale * np.ptp(bounds(sketch), axis=0).max() / (BOX - 1) for pose, sketch in zip(poses, own, strict=True)
    ]
    scales = [np.float32([size * pose.mirror, size, 1]) for pose, size in zip(poses, sizes, strict=True)]
    lifted = prefix.copy()
    lifted[-1, 2] = 1  # or it would go on with the first object's line
    chance = int(np.random.default_rng(seed).integers(1 << 31))
    drawn = decode(model, encode(model, own), temperature, chance, [lifted * scale for scale in scales])
    lift = lifted[-1:] * (0, 0, 1) if prefix[-1, 2] < 0.5 else lifted[:0]
    added = [
        sketch[len(prefix) :] / scale
        for sketch, scale in zip(drawn, scales, strict=True)
        if added_ink(sketch, len(prefix)) is not None
    ]
    return [np.concatenate([lift, rows]).astype(np.float32) for rows in added]


def _poses(model: SketchVAE, prefix: np.ndarray, second: str, tries: int, seed: object) -> list[Pose]:
    """Where a prefix lies best, on a randomly chosen half of the model's own drawings of a class."""
    own = library(model, second)
    half = np.sort(np.random.default_rng(seed).permutation(len(own.sketches))[: -(-len(own.sketches) // 2)])
    found = find_poses(prefix, own.shapes.maps[half], tries)
    return [pose._replace(drawing=int(half[pose.drawing])) for pose in found]


def score(
    model: SketchVAE,
    second: str,
    prefixes: Sequence[np.ndarray],
    added: Sequence[np.ndarray],
    judge: Judge | None = None,
) -> np.ndarray:
    """How well each finish (N,) makes one drawing out of two: the whole reads as the second class, the added ink does
    not.

    A judge's score is concealment, p(second | whole) - p(second | added ink). The model's own is the same difference of
    its margins, each relative to that of its own drawings of the class and cut off at `ENOUGH`; the added ink's counts
    `ALONE` times.
    """
    whole = [np.concatenate(parts) for parts in zip(prefixes, added, strict=True)]
    inks = [added_ink(sketch, len(start)) for sketch, start in zip(whole, prefixes, strict=True)]
    alone = [ink for ink in inks if ink is not None]
    if len(alone) < len(whole):
        raise ValueError(f"{len(whole) - len(alone)} of {len(whole)} finishes add no ink: there is nothing to score")
    if judge is not None:
        index = judge.classes.index(second)
        return judge.probabilities(whole)[:, index] - judge.probabilities(alone)[:, index]
    margins = read_margins(model, [*whole, *alone], second) / library(model, second).clarity
    of_whole, of_alone = np.split(np.clip(margins, -ENOUGH, ENOUGH), 2)
    return of_whole - ALONE * of_alone
