"""Drawings that the model reads again when it has drawn them, and draws again where it sees something else in them."""

from collections.abc import Callable, Sequence

import numpy as np

from helpers.draw.decoding import decode, encode
from helpers.draw.priors import classes_of, read_classes, z_of
from helpers.model.vae import SketchVAE


def sample(
    model: SketchVAE,
    n: int,
    prior: str | None = None,
    temperature: float = 0.2,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    tries: int = 3,
) -> list[np.ndarray]:
    """Drawings of nothing in particular, or of a class: `sample_z`, decoded, and read again.

    A model of several classes reads what it has drawn (`read_classes`). Where it sees another class than the one that
    it set out to draw, or where it came to no end, it draws another in its place, from another z.

    Parameters
    ----------
    model : SketchVAE
    n : int
    temperature : float
        As of `decode`.
    prior, seed, classes
        As of `sample_z`.
    tries : int
        How often each is drawn at most. With 1, and from N(0, I), which knows no classes, each is kept as it comes.

    Returns
    -------
    list of ndarray
        n sketches, in pixels.

    Raises
    ------
    ValueError
        As `sample_z` and `decode`, and for `tries` below 1.

    Examples
    --------
    >>> grid(sample(load_model("menagerie"), 20, classes=["sheep", "owl"]))  # doctest: +SKIP
    """
    _check(tries)
    which, by_class = classes_of(model, n, prior, seed, classes)
    drawn = decode(model, z_of(model, which, by_class, n, seed), temperature, seed)
    if which is None:
        return drawn

    def again(some: np.ndarray, attempt: int) -> list[np.ndarray]:
        z = z_of(model, which, by_class, n, seed, attempt)[some]
        return decode(model, z, temperature, [(seed, attempt, i) for i in some])

    return _read_again(model, drawn, which, again, tries)


def reconstruct(
    model: SketchVAE,
    sketches: Sequence[np.ndarray],
    temperature: float = 0.2,
    seed: int | Sequence[int] = 0,
    tries: int = 3,
) -> list[np.ndarray]:
    """Each sketch read by the encoder, drawn again by the decoder, and read again.

    Where a model of several classes sees another class in its own drawing than in the one that it was shown, or where
    it came to no end, it draws from the same z anew.

    Parameters
    ----------
    model : SketchVAE
    sketches : sequence of ndarray
        (n, 3) each, N of them, in pixels.
    temperature, seed
        As of `decode`.
    tries : int
        How often each is drawn at most. With 1 it is ``decode(model, encode(model, sketches), temperature, seed)``.

    Returns
    -------
    list of ndarray
        N sketches, float32 (n, 3), in pixels.

    Raises
    ------
    ValueError
        As `encode` and `decode`, and for `tries` below 1.
    """
    _check(tries)
    z = encode(model, sketches)
    drawn = decode(model, z, temperature, seed)
    if model.prior is None:
        return drawn

    def again(some: np.ndarray, attempt: int) -> list[np.ndarray]:
        # drawings with the same seed go on sharing their noise
        seeds = [(seed, attempt, i) if np.ndim(seed) == 0 else (seed[i], attempt) for i in some]
        return decode(model, z[some], temperature, seeds)

    return _read_again(model, drawn, read_classes(model, z).argmax(axis=1), again, tries)


def _check(tries: int) -> None:
    if tries < 1:
        raise ValueError(f"tries is {tries}; it must be 1 or more")


def _read_again(
    model: SketchVAE,
    drawn: list[np.ndarray],
    meant: np.ndarray,
    again: Callable[[np.ndarray, int], list[np.ndarray]],
    tries: int,
) -> list[np.ndarray]:
    """The drawings, those in which the model does not see what was meant (N,), or that came to no end, replaced by
    what `again` draws of their numbers."""
    if len(model.settings.classes) < 2:
        return drawn
    amiss = np.arange(len(drawn))
    for attempt in range(1, tries):
        seen = read_classes(model, encode(model, [drawn[i] for i in amiss])).argmax(axis=1)
        ended = [len(drawn[i]) < model.settings.max_points for i in amiss]
        amiss = amiss[(seen != meant[amiss]) | ~np.array(ended, bool)]
        if not len(amiss):
            break
        for i, sketch in zip(amiss, again(amiss, attempt), strict=True):
            drawn[i] = sketch
    return drawn
