"""z-switching: drawings begun with one z and finished with another, in one picture."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from helpers.draw.decoding import check_z, decode, encode
from helpers.draw.finishing import ENOUGH, FINISHES, Judge, can_fit, find_finishes, finish, redraw, score
from helpers.draw.interpolation import slerp
from helpers.draw.library import library, read_margins
from helpers.draw.priors import mahalanobis, sample_z, typical_z
from helpers.model.vae import SketchVAE
from helpers.sketch.strokes import prefix

CUTS = (1 / 4, 1 / 3, 1 / 2)  # shares of its strokes at which `illusion` cuts a drawing
SEARCHED = 24  # drawings of the first class among which it looks


class Switched(NamedTuple):
    """Drawings and, for each, the rows at which another mind took over: rows before `switches[i][0]` are the
    first mind's, those from there to `switches[i][1]` the second's, and so on.
    """

    sketches: list[np.ndarray]
    switches: list[tuple[int, ...]]

    @classmethod
    def concat(cls, parts: Iterable["Switched"]) -> "Switched":
        """Several, one after another."""
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

    Each drawing is drawn by the first mind; its prefix (`at`, a fraction of its strokes, see `sketch.prefix`) is run
    through the decoder again, every step conditioned on the second mind's z, and the drawing goes on from there. The
    published way is two single-class models, each with a mind of its own: `switch((cloud, camel), "cloud")`; the second
    model reads the partial bitmap and finishes what it sees in it. With one model that knows both classes,
    `switch(model, "cloud", "camel")`, the prefix is read as a *part*: it is laid where it fits what the model itself
    draws of the second class (`draw.fit`), and what it does not stand for is drawn. With `fit=False` it is read as a
    neighbour: the z of the partial drawing gives way to one typical of the second class, and the decoder goes on from
    there.

    Parameters
    ----------
    models : SketchVAE or (SketchVAE, SketchVAE)
        One model, or the first mind's and the second's.
    first : str, ndarray, sequence of ndarray or Switched
        A class name (n drawings from its fitted Gaussian), z (N, Z), sketches to be read, or the result of an earlier
        switch, whose drawings are cut at `at` and change their mind once more.
    second : str, ndarray or sequence of ndarray, optional
        A class name, z (N, Z) or sketches (N) to be read; without it z is only what is read in the partial drawings.
    at : float
        Where the mind changes, 0..1.
    n : int
        How many drawings, where the first is a class name.
    blend : float
        How much of the second mind: 0 leaves the partial drawing's own z, 1 is the whole way.
    temperature, cooler : float
        Of the first mind, and of the second.
    seed : int or sequence of int
        As of `decode`.
    tries : int, optional
        How many finishes are made of each drawing, of which one is kept; `FINISHES` with fit, else 1. With fit the one
        is kept that reads as the second class when the whole is seen, and not when only the added ink is seen; else the
        one nearest to the second class by the covariance of its fitted Gaussian.
    fit : bool or "decoder", optional
        Whether the prefix is read as a part. The default is True where one model knows both classes, the second is
        given by name and `blend` is 1. With "decoder" the decoder draws on from the prefix where it was laid, instead
        of completing the drawing that it was laid on. A prefix that fits nothing is finished as with False, with a
        warning.
    judge : Judge, optional
        Who reads the finishes; by default the model's own encoder.

    Returns
    -------
    Switched
        The drawings, and the rows at which their minds changed.

    Raises
    ------
    ValueError
        For shares outside 0..1, classes that a model does not know, and a fit, tries or a judge where there is nothing
        to choose from.

    Examples
    --------
    >>> camels = switch(load_model("menagerie"), "cloud", "camel", n=20, seed=7)  # doctest: +SKIP
    >>> grid(camels.sketches, switches=camels.switches)  # doctest: +SKIP
    """
    mind_a, mind_b = (models, models) if isinstance(models, SketchVAE) else models
    fits = isinstance(models, SketchVAE) and can_fit(mind_b, second, blend)
    _check(at, blend, second, fit, fits, judge)
    fit = fits if fit is None else fit
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
        find = partial(redraw, temperature=cooler) if fit == "decoder" else find_finishes
        finished = _finish_as_part(mind_b, prefixes, second, tries, cooler, seed, find, judge)
    else:
        z = second_z(mind_b, prefixes, second, blend)
        finished = _finish_by_z(mind_b, prefixes, z, second, tries, cooler, seed)
    return Switched(finished, [(*rows, length) for rows, length in zip(earlier, lengths, strict=True)])


def _check(at: float, blend: float, second: object, fit: object, fits: bool, judge: Judge | None) -> None:
    """ValueError for what `switch` cannot do."""
    for name, value in (("at", at), ("blend", blend)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must lie between 0 and 1")
    if second is None and blend != 1:
        raise ValueError(
            "blend goes between the partial drawings' own z and a second one; name a second, or leave it out"
        )
    if fit not in (None, True, False, "decoder"):
        raise ValueError(f'fit is {fit!r}; it must be True, False, "decoder" or None')
    if fit and not fits:
        raise ValueError(
            "fit needs one model of several classes with its prior fitted, a second named by class, and a blend of 1"
        )
    if judge is not None and not (fits if fit is None else fit):
        raise ValueError("a judge chooses among finishes of a fit; leave it out where there is none")


def _finish_as_part(
    model: SketchVAE,
    prefixes: Sequence[np.ndarray],
    second: str,
    tries: int,
    temperature: float,
    seed: int | Sequence[int],
    find: Callable,
    judge: Judge | None,
) -> list[np.ndarray]:
    """Drawings that begin with the prefixes, each finished as what it is a part of; else, with a warning, by z."""
    seeds = [(seed, i) for i in range(len(prefixes))] if isinstance(seed, (int, np.integer)) else seed
    added = [finish(model, start, second, tries, one, judge, find) for start, one in zip(prefixes, seeds, strict=True)]
    missing = [i for i, rows in enumerate(added) if rows is None]
    if missing:
        warnings.warn(
            f"{len(missing)} of {len(added)} prefixes fit no {second} that this model draws; finished without",
            stacklevel=3,
        )
        left = [prefixes[i] for i in missing]
        drawn = decode(model, second_z(model, left, second, 1), temperature, seed, left)
        for i, sketch in zip(missing, drawn, strict=True):
            added[i] = sketch[len(prefixes[i]) :]
    return [np.concatenate(parts).astype(np.float32) for parts in zip(prefixes, added, strict=True)]


def _finish_by_z(
    model: SketchVAE,
    prefixes: Sequence[np.ndarray],
    z: np.ndarray,
    second: object,
    tries: int,
    temperature: float,
    seed: int | Sequence[int],
) -> list[np.ndarray]:
    """Drawings that begin with the prefixes and go on by z (N, Z); of several tries, the one most like the class."""
    finished = decode(model, z, temperature, seed, prefixes)
    if tries > 1:
        count = len(finished)
        seeds = [(seed, i) for i in range(count)] if isinstance(seed, (int, np.integer)) else [(one,) for one in seed]
        others = [(*one, k) for k in range(1, tries) for one in seeds]
        finished += decode(model, np.tile(z, (tries - 1, 1)), temperature, others, [*prefixes] * (tries - 1))
        unlike = mahalanobis(model, encode(model, finished), second).reshape(tries, count)
        finished = [finished[k * count + i] for i, k in enumerate(unlike.argmin(axis=0))]
    return finished


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
    """The best of many drawings that begin as one class and end as another: a search over prefixes.

    `SEARCHED` of the model's own drawings of the first class are cut at each of `CUTS`, and each prefix is finished in
    `FINISHES` // 6 ways. The best finishes by `finishing.score` come first, no two of the same drawing. Prefixes in
    which the model no longer reads the first class come last.

    Parameters
    ----------
    model : SketchVAE
        Of both classes.
    first, second : str
        The classes.
    n : int
        At most; there are fewer where fewer of the prefixes fit.
    seed : int
    judge : Judge, optional
        Who reads the finishes; by default the model's own encoder.

    Returns
    -------
    Switched

    Raises
    ------
    ValueError
        For a class that the model does not know, or of which no drawing ends by itself, and where no prefix fits.
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
