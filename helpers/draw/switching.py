"""z-switching: drawings begun with one z and finished with another, in one picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from helpers.draw.decoding import check_z, decode, encode
from helpers.draw.interpolation import slerp
from helpers.draw.priors import mahalanobis, sample_z, typical_z
from helpers.model.vae import SketchVAE
from helpers.sketch.strokes import prefix


class Switched(NamedTuple):
    """Drawings and, for each, the rows at which another mind took over: rows before `switches[i][0]` are the
    first mind's, those from there to `switches[i][1]` the second's, and so on."""

    sketches: list[np.ndarray]
    switches: list[tuple[int, ...]]


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
    tries: int = 1,
) -> Switched:
    """Begin one drawing, change your mind, finish another, in one picture.

    Each drawing is drawn by the first mind; its beginning (`at`, a fraction of its strokes, see
    `sketch.prefix`) is run through the decoder again, every step conditioned on the second mind's z, and the
    drawing goes on from there. The published way is two single-class models, each with a mind of its own:
    `switch((cloud, camel), "cloud")`; the second model reads the partial bitmap and finishes what it sees in it.
    With one model that knows both classes, the z it reads in the partial drawing gives way to what is typical of the
    second class: `switch(model, "cloud", "camel")`.

    Args:
        models: one model, or the first mind's and the second's.
        first: a class name (n drawings from its fitted Gaussian), z (N, Z), sketches to be read, or the result
            of an earlier switch, whose drawings are cut at `at` and change their mind once more.
        second: a class name, z (N, Z) or sketches (N) to be read; None reads the partial drawings and nothing else.
        at: where the mind changes, 0..1.
        blend: how much of the second mind: 0 leaves the partial drawing's own z, 1 is the whole way.
        temperature: of the first mind; `cooler` is the second's.
        tries: how often each drawing is finished, by other chance. The second mind reads all of them again and keeps
            the one that is most like the second class: nearest to it by the covariance of its fitted Gaussian.
            The first try is what 1 draws.
    """
    mind_a, mind_b = (models, models) if isinstance(models, SketchVAE) else models
    for name, value in (("at", at), ("blend", blend)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must lie between 0 and 1")
    if second is None and blend != 1:
        raise ValueError(
            "blend goes between the partial drawings' own z and a second one; name a second, or leave it out"
        )
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
    beginnings = [sketch[:length] for sketch, length in zip(whole, lengths, strict=True)]
    z = second_z(mind_b, beginnings, second, blend)
    finished = decode(mind_b, z, cooler, seed, beginnings)
    if tries > 1:
        count = len(finished)
        seeds = [(seed, i) for i in range(count)] if isinstance(seed, (int, np.integer)) else [(one,) for one in seed]
        others = [(*one, k) for k in range(1, tries) for one in seeds]
        finished += decode(mind_b, np.tile(z, (tries - 1, 1)), cooler, others, beginnings * (tries - 1))
        unlike = mahalanobis(mind_b, encode(mind_b, finished), second).reshape(tries, count)
        finished = [finished[k * count + i] for i, k in enumerate(unlike.argmin(axis=0))]
    return Switched(finished, [(*rows, length) for rows, length in zip(earlier, lengths, strict=True)])


def second_z(
    model: SketchVAE,
    beginnings: Sequence[np.ndarray],
    second: str | np.ndarray | Sequence[np.ndarray] | None,
    blend: float,
) -> np.ndarray:
    """z (N, Z) by which `switch` finishes N beginnings: `blend` of the way from what is read in them to the second."""
    z = encode(model, beginnings)
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
