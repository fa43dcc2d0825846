"""How good drawings are, in numbers: how many the judge recognises, how varied they are.

Every share is meant to stand beside the same share of real test drawings.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.metrics import pairwise_distances_argmin

from helpers.draw.switching import Switched
from helpers.evaluate.distribution import overlap
from helpers.evaluate.judge import SURE, Judge
from helpers.sketch.cohesion import transition
from helpers.sketch.strokes import added_ink

NEIGHBOURS = 3  # the k of improved precision and recall, as its authors recommend


class Variety(NamedTuple):
    """How a group of drawings compares with real ones in the judge's features.

    `distance`: the mean distance between two of its drawings over that between two real ones. `precision`: the share of
    its drawings that lie among the real ones; `recall`: the share of the real ones that lie among its own. A point lies
    among others if it is no further from some one of them than that one's third neighbour is (Kynkäänniemi et al.,
    arXiv 1904.06991).
    """

    distance: float
    precision: float
    recall: float


def recognised(judge: Judge, drawings: Sequence[np.ndarray], *any_of: str) -> np.ndarray:
    """Whether the judge recognises each drawing as one of the named classes.

    Parameters
    ----------
    judge : Judge
    drawings : sequence of ndarray
        Sketches (n, 3) or bitmaps (H, W), N of them.
    *any_of : str
        The classes.

    Returns
    -------
    ndarray
        (N,) bool.

    Raises
    ------
    ValueError
        For a class that the judge does not know.
    """
    check_known(judge, any_of)
    return np.array([answer in any_of for answer in judge.recognise(drawings)], bool)


def recognised_as_own(judge: Judge, drawings: Sequence[np.ndarray], classes: Sequence[str]) -> np.ndarray:
    """Whether the judge recognises each drawing as its own class.

    Parameters
    ----------
    judge : Judge
    drawings : sequence of ndarray
        Sketches (n, 3) or bitmaps (H, W), N of them.
    classes : sequence of str
        (N,), the class of each.

    Returns
    -------
    ndarray
        (N,) bool.

    Raises
    ------
    ValueError
        For a class that the judge does not know, and where drawings and classes differ in number.
    """
    check_known(judge, classes)
    answers = judge.recognise(drawings)
    return np.array([answer == own for answer, own in zip(answers, classes, strict=True)], bool)


def concealment(judge: Judge, switched: Switched, name: str) -> np.ndarray:
    """How much of a class is there only because of the ink that was there before: p(whole) - p(added ink alone).

    Above 0 where the prefix is a part of what it became, below where the two stand side by side. Structural
    concealment, after Stroke of Surprise (arXiv 2602.12280).

    Parameters
    ----------
    judge : Judge
        Who is asked how probable the class is.
    switched : Switched
        The drawings; what the last mind drew is the added ink, a drawing of its own. Where there is none, its p is 0.
    name : str
        The class that the drawings became.

    Returns
    -------
    ndarray
        (N,) differences of probabilities, -1..1.

    Raises
    ------
    ValueError
        For a class that the judge does not know.
    """
    whole, alone = _whole_and_added(judge, switched, name)
    return whole - alone


def illusions(judge: Judge, switched: Switched, name: str) -> np.ndarray:
    """Whether each drawing is recognised as a class, and its added ink alone is not.

    As everywhere, recognised means a probability of at least 0.5. After Stroke of Surprise (arXiv 2602.12280).

    Parameters
    ----------
    judge, switched, name
        As of `concealment`.

    Returns
    -------
    ndarray
        (N,) bool.

    Raises
    ------
    ValueError
        For a class that the judge does not know.
    """
    whole, alone = _whole_and_added(judge, switched, name)
    return (whole >= SURE) & (alone < SURE)


def _whole_and_added(judge: Judge, switched: Switched, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The probability (N,) of a class for each drawing, and for its added ink alone."""
    check_known(judge, [name])
    index, count = judge.classes.index(name), len(switched.sketches)
    inks = [added_ink(sketch, rows[-1]) for sketch, rows in zip(*switched, strict=True)]
    inked = [i for i, ink in enumerate(inks) if ink is not None]
    p = np.zeros((2, count))
    if count:
        p[0] = judge.probabilities(switched.sketches)[:, index]
    if inked:
        p[1, inked] = judge.probabilities([inks[i] for i in inked])[:, index]
    return p[0], p[1]


def check_known(judge: Judge, classes: Sequence[str]) -> None:
    """ValueError for classes that the judge does not know."""
    if unknown := sorted(set(classes) - set(judge.classes)):
        raise ValueError(f"the judge knows no {', '.join(unknown)}; it knows: {', '.join(judge.classes)}")


def variety(judge: Judge, drawings: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> Variety:
    """How varied drawings are beside real ones, in the judge's features.

    Precision and recall depend on how many drawings there are, so both groups have to be of one size.

    Parameters
    ----------
    judge : Judge
    drawings, real : sequence of ndarray
        Sketches (n, 3) or bitmaps (H, W), N of each.

    Returns
    -------
    Variety

    Raises
    ------
    ValueError
        Where the groups differ in number, and for three drawings or fewer.
    """
    if len(drawings) != len(real) or len(real) <= NEIGHBOURS:
        raise ValueError(f"{len(drawings)} drawings beside {len(real)}: take as many of both, above {NEIGHBOURS}")
    ours, theirs = (judge.features(group).astype(np.float64) for group in (drawings, real))
    among = overlap(ours, theirs, NEIGHBOURS)
    return Variety(float(pdist(ours).mean() / pdist(theirs).mean()), among.precision, among.recall)


def rec_at_1(judge: Judge, drawings: Sequence[np.ndarray], names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Rec@1: whether each drawing's own class is the most probable of a data set's classes.

    Parameters
    ----------
    judge : Judge
        Who is asked.
    drawings : sequence of ndarray
        (N, 3) each; reconstructions, for the published measure.
    names : sequence of str
        The class of each drawing.
    classes : sequence of str
        The data set's classes, among which the judge has to choose. Unlike in `recognised`, no probability is too low.

    Returns
    -------
    ndarray
        (N,) bool.

    Raises
    ------
    ValueError
        For a class that the judge does not know, and a name that is not among the classes.

    References
    ----------
    Zang et al., Sketch-HARP, arXiv 2511.07889.
    """
    check_known(judge, classes)
    if foreign := sorted(set(names) - set(classes)):
        raise ValueError(f"{', '.join(foreign)}: none of the data set's classes, {', '.join(classes)}")
    p = judge.probabilities(drawings)[:, [judge.classes.index(name) for name in classes]]
    return np.array([classes[best] == own for best, own in zip(p.argmax(axis=1), names, strict=True)], bool)


def ret_at_1(codes: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """Ret@1: whether each reconstruction's own original is the nearest of all, code to code.

    Parameters
    ----------
    codes : ndarray
        (N, Z), of the reconstructions: what `draw.encode` reads in them.
    originals : ndarray
        (N, Z), of the drawings that were reconstructed, in the same order.

    Returns
    -------
    ndarray
        (N,) bool. By chance 1 in N.

    Raises
    ------
    ValueError
        For codes that do not pair up.

    References
    ----------
    As of `rec_at_1`.
    """
    codes, originals = np.asarray(codes), np.asarray(originals)
    if codes.shape != originals.shape or codes.ndim != 2:
        raise ValueError(f"codes are (N, Z), of as many originals; these are {codes.shape} and {originals.shape}")
    return pairwise_distances_argmin(codes, originals) == np.arange(len(codes))


def best(sketches: Sequence[np.ndarray], switches: Sequence, name: str, judge: Judge, n: int = 12) -> list[int]:
    """The best of some drawings that were to end as a class.

    A drawing scores the probability that the judge gives to the class, times its cohesion: how near the second mind's
    ink lies to the first's (`sketch.transition`). A drawing in which one of the minds drew nothing scores 0.

    Parameters
    ----------
    sketches : sequence of ndarray
        (n, 3) each.
    switches : sequence
        For each the rows at which its mind changed, as `draw.Switched` has them.
    name : str
        The class.
    judge : Judge
    n : int
        How many.

    Returns
    -------
    list of int
        The numbers of the n best, best first.

    Raises
    ------
    ValueError
        For fewer drawings than n, and for a class that the judge does not know.
    """
    check_known(judge, [name])
    if len(sketches) < n:
        raise ValueError(f"{len(sketches)} drawings to choose {n} from")
    seen = judge.probabilities(sketches)[:, judge.classes.index(name)]
    held = [transition(sketch, switch).cohesion for sketch, switch in zip(sketches, switches, strict=True)]
    return np.argsort(-seen * np.nan_to_num(held), kind="stable")[:n].tolist()
