"""z-switching: drawings begun with one z and finished with another, in one picture."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from helpers.draw.decoding import check_z, decode, encode
from helpers.draw.fit import BOX, Pose, complete, find_poses
from helpers.draw.interpolation import slerp
from helpers.draw.library import library, read_margins
from helpers.draw.priors import mahalanobis, sample_z, typical_z
from helpers.model.vae import SketchVAE
from helpers.sketch.strokes import added_ink, bounds, prefix

CUTS = (1 / 4, 1 / 3, 1 / 2)  # shares of its strokes at which `illusion` cuts a drawing
SEARCHED = 24  # drawings of the first class among which it looks
FINISHES = 48  # of each drawing, of which one is kept
ENOUGH = 0.6  # of the margin of the model's own drawings: what reads as a class so clearly does read as it
ALONE = 0.3  # what the added ink counts beside the whole; tried with ENOUGH on 264 drawings of another seed


class Judge(Protocol):
    """Who can be asked what a drawing is: `evaluate.load_judge()`, or any other with these two."""

    classes: Sequence[str]

    def probabilities(self, drawings: Sequence[np.ndarray]) -> np.ndarray:
        """(N, C): how probable each class is for each drawing."""


class Switched(NamedTuple):
    """Drawings and, for each, the rows at which another mind took over: rows before `switches[i][0]` are the
    first mind's, those from there to `switches[i][1]` the second's, and so on."""

    sketches: list[np.ndarray]
    switches: list[tuple[int, ...]]

    @classmethod
    def concat(cls, parts: Iterable["Switched"]) -> "Switched":
        """Several one after another."""
        parts = list(parts)
        return cls([s for part in parts for s in part.sketches], [rows for part in parts for rows in part.switches])


def switch(
    models: SketchVAE | tuple[SketchVAE, SketchVAE],
    first: str | np.ndarray | Sequence[np.ndarray] | Switched,
    second: str | np.ndarray | Sequence[np.ndarray] | None = None,
    at: float = 1 / 3,
    n: int = 10,
    blend: float = 1.0,
    temperature: float = 0.2,
    cooler: float = 0.1,
    seed: int | Sequence[int] = 0,
    tries: int | None = None,
    fit: bool | str | None = None,
    judge: Judge | None = None,
) -> Switched:
    """Begin one drawing, change your mind, finish another, in one picture.

    Each drawing is drawn by the first mind; its beginning (`at`, a fraction of its strokes, see
    `sketch.prefix`) is run through the decoder again, every step conditioned on the second mind's z, and the
    drawing goes on from there. The published way is two single-class models, each with a mind of its own:
    `switch((cloud, camel), "cloud")`; the second model reads the partial bitmap and finishes what it sees in it.
    With one model that knows both classes, `switch(model, "cloud", "camel")`, the beginning is read as a *part*: it is
    laid where it fits what the model itself draws of the second class (`draw.fit`), and what it does not stand for is
    drawn. With `fit=False` it is read as a neighbour: the z of the partial drawing gives way to what is typical of the
    second class, and the decoder goes on from there.

    Args:
        models: one model, or the first mind's and the second's.
        first: a class name (n drawings from its fitted Gaussian), z (N, Z), sketches to be read, or the result
            of an earlier switch, whose drawings are cut at `at` and change their mind once more.
        second: a class name, z (N, Z) or sketches (N) to be read; None reads the partial drawings and nothing else.
        at: where the mind changes, 0..1.
        blend: how much of the second mind: 0 leaves the partial drawing's own z, 1 is the whole way.
        temperature: of the first mind; `cooler` is the second's.
        tries: how many finishes are made of each drawing, of which one is kept; None is `FINISHES` with fit, else 1.
            With fit it is the one that reads as the second class when all of it is seen, and not when the added ink is
            seen alone; else the one nearest to the second class by the covariance of its fitted Gaussian.
        fit: whether the beginning is read as a part; None does where one model knows both classes, the second is
            named and `blend` is 1. "decoder" has the decoder draw on from the beginning where it was laid, instead of
            taking up the drawing that it was laid on.
        judge: who reads the finishes; None is the model's own encoder.

    A beginning that fits nothing is finished as with `fit=False`, and a warning says so.
    """
    mind_a, mind_b = (models, models) if isinstance(models, SketchVAE) else models
    for name, value in (("at", at), ("blend", blend)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must lie between 0 and 1")
    if second is None and blend != 1:
        raise ValueError(
            "blend goes between the partial drawings' own z and a second one; name a second, or leave it out"
        )
    if fit not in (None, True, False, "decoder"):
        raise ValueError(f'fit is {fit!r}; it must be True, False, "decoder" or None')
    fits = isinstance(models, SketchVAE) and can_fit(mind_b, second, blend)
    if fit and not fits:
        raise ValueError(
            "fit needs one model of several classes with its prior fitted, a second named by class, and a blend of 1"
        )
    fit = fits if fit is None else fit
    if judge is not None and not fit:
        raise ValueError("a judge chooses among finishes of a fit; leave it out where there is none")
    tries = (FINISHES if fit else 1) if tries is None else tries
    if tries < 1 or (tries > 1 and not isinstance(second, str)):
        raise ValueError(f"tries is {tries}; it must be at least 1, and just 1 where the second is not named by class")
    if isinstance(first, Switched):
        whole, earlier = first
    else:
        z_first = (
            sample_z(mind_a, n, seed=_one(seed), classes=[first]) if isinstance(first, str) else _read(mind_a, first)
        )
        whole = decode(mind_a, z_first, temperature, seed)
        earlier = [()] * len(whole)
    # the beginning holds every earlier change of mind, and leaves the last mind room for a point
    limit = mind_b.settings.max_points - 1
    lengths = [
        min(max(len(prefix(sketch, at)), rows[-1] + 1 if rows else 1), len(sketch), limit)
        for sketch, rows in zip(whole, earlier, strict=True)
    ]
    prefixes = [sketch[:length] for sketch, length in zip(whole, lengths, strict=True)]
    if fit:
        seeds = [(seed, i) for i in range(len(whole))] if isinstance(seed, (int, np.integer)) else seed
        ways = {"find": partial(redraw, temperature=cooler) if fit == "decoder" else find_finishes, "judge": judge}
        added = [finish(mind_b, start, second, tries, one, **ways) for start, one in zip(prefixes, seeds, strict=True)]
        missing = [i for i, rows in enumerate(added) if rows is None]
        if missing:
            warnings.warn(
                f"{len(missing)} of {len(added)} prefixes fit no {second} that this model draws; finished without",
                stacklevel=2,
            )
            z = second_z(mind_b, [prefixes[i] for i in missing], second, 1)
            for i, sketch in zip(missing, decode(mind_b, z, cooler, seed, [prefixes[i] for i in missing]), strict=True):
                added[i] = sketch[lengths[i] :]
        finished = [np.concatenate(parts).astype(np.float32) for parts in zip(prefixes, added, strict=True)]
        return Switched(finished, [(*rows, length) for rows, length in zip(earlier, lengths, strict=True)])
    z = second_z(mind_b, prefixes, second, blend)
    finished = decode(mind_b, z, cooler, seed, prefixes)
    if tries > 1:
        count = len(finished)
        seeds = [(seed, i) for i in range(count)] if isinstance(seed, (int, np.integer)) else [(one,) for one in seed]
        others = [(*one, k) for k in range(1, tries) for one in seeds]
        finished += decode(mind_b, np.tile(z, (tries - 1, 1)), cooler, others, prefixes * (tries - 1))
        unlike = mahalanobis(mind_b, encode(mind_b, finished), second).reshape(tries, count)
        finished = [finished[k * count + i] for i, k in enumerate(unlike.argmin(axis=0))]
    return Switched(finished, [(*rows, length) for rows, length in zip(earlier, lengths, strict=True)])


def can_fit(model: SketchVAE, second: object, blend: float = 1.0) -> bool:
    """Whether `switch` can read a beginning as a part: one model of several classes, the whole way to one of them."""
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

    Of `tries` finishes, made by `find` (None: `find_finishes`), the one of the highest `score`. None where the prefix
    fits nothing.
    """
    found = (find or find_finishes)(model, prefix, second, tries, seed)
    if not found:
        return None
    return found[int(score(model, second, [prefix] * len(found), found, judge).argmax())]


def find_finishes(model: SketchVAE, prefix: np.ndarray, second: str, tries: int, seed: object = 0) -> list[np.ndarray]:
    """Up to `tries` ways to finish a prefix as the second class, the best fits first: rows to follow it.

    Each is what the prefix does not stand for of one of the model's own drawings, of one half of them by chance.
    """
    shapes = library(model, second).shapes
    found = [
        complete(prefix, shapes.outlines[pose.drawing], pose) for pose in _poses(model, prefix, second, tries, seed)
    ]
    return [rows for rows in found if rows is not None]


def redraw(
    model: SketchVAE, prefix: np.ndarray, second: str, tries: int, seed: object = 0, temperature: float = 0.1
) -> list[np.ndarray]:
    """As `find_finishes`, but the decoder draws on: from the prefix as large as it was laid on each of the model's own
    drawings, by that drawing's z."""
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
    """Where a prefix lies best, on one half of the model's own drawings of a class, by chance."""
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
    """How much each finish (N,) makes one drawing of two: it reads as the second class whole, and not by itself.

    A judge's is p(second | whole) - p(second | added ink), concealment. The model's own is the same of its margins,
    each over what its own drawings of the class have, up to `ENOUGH`; the added ink counts `ALONE`.
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


def second_z(
    model: SketchVAE,
    prefixes: Sequence[np.ndarray],
    second: str | np.ndarray | Sequence[np.ndarray] | None,
    blend: float,
) -> np.ndarray:
    """z (N, Z) by which `switch` finishes N prefixes: `blend` of the way from what is read in them to the second."""
    z = encode(model, prefixes)
    if second is None:
        return z
    return slerp(z, typical_z(model, second) if isinstance(second, str) else _read(model, second, len(z)), blend)


def _one(seed: int | Sequence[int]) -> int:
    return seed if isinstance(seed, (int, np.integer)) else seed[0]


def _read(model: SketchVAE, what: np.ndarray | Sequence[np.ndarray], n: int | None = None) -> np.ndarray:
    """z (N, Z) of z itself or of sketches; a single one serves all n drawings."""
    z = check_z(model, what) if isinstance(what, np.ndarray) and what.dtype != object else encode(model, what)
    if n is not None and len(z) not in (1, n):
        raise ValueError(f"the second mind has {len(z)} drawings for {n}; give one, or one each")
    return z if n is None else np.broadcast_to(z, (n, z.shape[1]))


def illusion(
    model: SketchVAE, first: str, second: str, n: int = 10, seed: int = 0, judge: Judge | None = None
) -> Switched:
    """The n best drawings that begin as the first class and are the second, of a search over beginnings and cuts.

    `SEARCHED` drawings of the first class, the clearest of twice as many, are cut at each of `CUTS`; each beginning is
    finished in `FINISHES` // 6 ways, and the best finishes of all, by `score`, each of another drawing, come first.
    Beginnings in which the model does not read the first class any more come last.
    """
    own = library(model, first)
    if not own.sketches:
        raise ValueError(f"the model has no drawing of {first} of its own that came to an end")
    chosen = np.random.default_rng(seed).permutation(len(own.sketches))[:SEARCHED]
    prefixes, added, sources = [], [], []
    for i in chosen:
        for at in CUTS:
            start = prefix(own.sketches[i], at)
            found = find_finishes(model, start, second, FINISHES // 6, (seed, int(i)))
            prefixes += [start] * len(found)
            added += found
            sources += [i] * len(found)
    if not added:
        raise ValueError(f"no beginning of {first} fits a drawing of {second}; finish one with switch(fit=False)")
    value = score(model, second, prefixes, added, judge)
    begun = read_margins(model, prefixes, first) / own.clarity
    order = np.argsort(-(value + np.clip(begun, -ENOUGH, 0)), kind="stable")
    _, best = np.unique(np.array(sources)[order], return_index=True)
    kept = order[np.sort(best)[:n]]
    sketches = [np.concatenate([prefixes[i], added[i]]).astype(np.float32) for i in kept]
    return Switched(sketches, [(len(prefixes[i]),) for i in kept])
