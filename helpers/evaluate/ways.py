"""Ways between two drawings of one class, as the judge sees them: whether every frame still shows the class."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from helpers.draw.decoding import decode, encode
from helpers.draw.interpolation import slerp
from helpers.draw.priors import class_mean
from helpers.draw.rereading import reconstruct
from helpers.evaluate.judge import Judge
from helpers.evaluate.metrics import check_known, recognised
from helpers.model.vae import SketchVAE

COOL = 0.1  # the temperature of frames
SURE = 0.95  # the probability of its class that a frame which is not drawn again has
PULL = 0.8  # of the way to the mean of their class, from where frames are drawn again at last


class Ways(NamedTuple):
    """The frames of P ways, lists of sketches; and of each frame, (P, steps) bool: whether it is recognised as the
    class (`own`), as another of the model's classes (`other`), and whether it was drawn more than once (`redrawn`)."""

    frames: list[list[np.ndarray]]
    own: np.ndarray
    other: np.ndarray
    redrawn: np.ndarray


class Nodes(NamedTuple):
    """The numbers of drawings that the judge recognises, their z (n, Z), and how many were passed over before them."""

    numbers: list[int]
    z: np.ndarray
    passed: int


def recogniser(judge: Judge, *any_of: str) -> Callable[[Sequence[np.ndarray]], np.ndarray]:
    """Who says of drawings whether they may be shown, as `motion.tween(accept=)` takes it.

    Parameters
    ----------
    judge : Judge
    *any_of : str
        The classes.

    Returns
    -------
    callable
        `recognised` by this judge as one of these classes: N drawings to (N,) bool.

    Raises
    ------
    ValueError
        For a class that the judge does not know.
    """
    check_known(judge, any_of)
    return lambda drawings: recognised(judge, drawings, *any_of)


def ways_between(
    judge: Judge,
    model: SketchVAE,
    sketches: Sequence[np.ndarray],
    name: str,
    pairs: int = 25,
    steps: int = 10,
    path: Callable = slerp,
    choosers: Sequence[Judge] = (),
    tries: int = 12,
) -> Ways:
    """Ways between drawings of a class, each frame drawn coolly and shown to the judge.

    Parameters
    ----------
    judge : Judge
        Who recognises.
    model : SketchVAE
    sketches : sequence of ndarray
        Way i goes from drawing 2i to drawing 2i + 1.
    name : str
        Their class.
    pairs, steps : int
        How many ways, and how many frames in each, both ends included. The frames of a way share their noise.
    path : callable
        Between two z: `draw.slerp`, `draw.lerp`, or one `draw.about` another centre.
    choosers : sequence of Judge
        Other judges than `judge`, for a judge cannot measure what it chose. A frame of whose class one of them is not
        sure (0.95) is drawn again with other noise, each time from nearer to the mean of its class: from four fifths
        of the way at the last. Kept is the first drawing of which all are sure, or the one of which they are surest.
    tries : int
        How often a frame is drawn at most, the first time included.

    Returns
    -------
    Ways

    Raises
    ------
    ValueError
        For too few drawings, a class that a judge does not know, and choosers of what a model without a fitted prior
        draws.
    """
    if len(sketches) < 2 * pairs:
        raise ValueError(f"{pairs} pairs need {2 * pairs} drawings; these are {len(sketches)}")
    if steps < 2 or tries < 1:
        raise ValueError(f"steps is {steps} and tries {tries}; a way has two ends, and is drawn once at least")
    for one in (judge, *choosers):
        check_known(one, [name])
    ends = encode(model, sketches[: 2 * pairs])
    z = path(ends[::2, None], ends[1::2, None], np.linspace(0, 1, steps)).reshape(pairs * steps, -1)
    of_way = np.repeat(np.arange(pairs), steps)
    frames = decode(model, z, COOL, of_way.tolist())
    redrawn = np.zeros(len(z), bool)
    if choosers:
        _draw_again(choosers, model, frames, redrawn, z, of_way, name, tries)
    answers = judge.recognise(frames)
    others = set(model.settings.classes) - {name}
    own, other = (np.array([answer in of for answer in answers]).reshape(pairs, steps) for of in ({name}, others))
    return Ways([frames[i * steps : (i + 1) * steps] for i in range(pairs)], own, other, redrawn.reshape(pairs, steps))


def _draw_again(
    choosers: Sequence[Judge],
    model: SketchVAE,
    frames: list[np.ndarray],
    redrawn: np.ndarray,
    z: np.ndarray,
    of_way: np.ndarray,
    name: str,
    tries: int,
) -> None:
    """Puts, in the place of frames of which a chooser is not sure, others of which all are, or are surest."""

    def least_sure(drawn: Sequence[np.ndarray]) -> np.ndarray:
        return np.min([one.probabilities(drawn)[:, one.classes.index(name)] for one in choosers], axis=0)

    shown = least_sure(frames)
    left = np.flatnonzero(shown < SURE)
    redrawn[left] = True
    mean = class_mean(model, name)
    for k in range(1, tries):
        if not len(left):
            return
        nearer = z[left] + PULL * k / (tries - 1) * (mean - z[left])
        drawn = decode(model, nearer, COOL, [int(seed) + k * (of_way[-1] + 1) for seed in of_way[left]])
        for i, one, probable in zip(left, drawn, least_sure(drawn), strict=True):
            if probable > shown[i]:
                frames[i], shown[i] = one, probable
        left = left[shown[left] < SURE]


def find_nodes(
    judge: Judge, model: SketchVAE, sketches: Sequence[np.ndarray], name: str, count: int, seed: int = 0
) -> Nodes:
    """The first drawings of a class that can be nodes of a loop: the judge recognises both them and what the model
    draws of them.

    Parameters
    ----------
    judge : Judge
    model : SketchVAE
    sketches : sequence of ndarray
        In the order in which they are tried.
    name : str
        Their class.
    count : int
        Nodes wanted.
    seed : int
        Of the drawings drawn again.

    Returns
    -------
    Nodes

    Raises
    ------
    ValueError
        Where there are fewer, and for a class that the judge does not know.
    """
    found: list[int] = []
    for first in range(0, len(sketches), 2 * count):
        some = sketches[first : first + 2 * count]
        again = reconstruct(model, some, COOL, [seed] * len(some), tries=1)
        good = recognised(judge, some, name) & recognised(judge, again, name)
        found += (first + np.flatnonzero(good)).tolist()
        if len(found) >= count:
            found = found[:count]
            return Nodes(found, encode(model, [sketches[i] for i in found]), found[-1] + 1 - count)
    raise ValueError(f"of {len(sketches)} drawings of class {name} {len(found)} are recognised; {count} are asked for")
