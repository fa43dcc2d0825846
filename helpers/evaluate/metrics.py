"""How good drawings are, in numbers: how many the judge recognises, how varied they are.

Every share is meant to stand beside the same share of real test drawings.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist, pdist

from helpers.draw.switching import Switched
from helpers.evaluate.classifier import Judge
from helpers.sketch.cohesion import transition
from helpers.sketch.strokes import added_ink

SURE = 0.5  # the probability from which a drawing is recognised, as of `Judge.recognise`
NEIGHBOURS = 3  # the k of improved precision and recall, as its authors recommend


class Variety(NamedTuple):
    """How a group of drawings lies to real ones in the judge's features.

    `distance`: mean distance of two of its drawings over that of two real ones. `precision`: share of its drawings
    that lie among the real ones; `recall`: share of the real ones that lie among its own. A point lies among others
    if for one of them it is no further away than that one's third neighbour (Kynkäänniemi et al., arXiv 1904.06991).
    """

    distance: float
    precision: float
    recall: float


def recognised(judge: Judge, drawings: Sequence[np.ndarray], *any_of: str) -> np.ndarray:
    """(N,) bool: whether the judge recognises each drawing as one of the named classes.

    Raises ValueError for a class that the judge does not know.
    """
    check_classes(judge, any_of)
    return np.array([answer in any_of for answer in judge.recognise(drawings)], bool)


def recognised_as_own(judge: Judge, drawings: Sequence[np.ndarray], classes: Sequence[str]) -> np.ndarray:
    """(N,) bool: whether the judge recognises each drawing as its own class, one of `classes` (N)."""
    check_classes(judge, classes)
    answers = judge.recognise(drawings)
    return np.array([answer == own for answer, own in zip(answers, classes, strict=True)], bool)


def concealment(judge: Judge, switched: Switched, name: str) -> np.ndarray:
    """How much of a class is there only because of the ink that was there before: p(whole) - p(added ink alone).

    Above 0 where the beginning is a part of what it became, below where the two stand side by side. Structural
    concealment, after Stroke of Surprise (arXiv 2602.12280).

    Parameters
    ----------
    judge : Judge
        Who is asked how probable the class is.
    switched : Switched
        The drawings; what the last mind drew is the added ink, a drawing of its own. Without ink its p is 0.
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
    """Whether each drawing is recognised as a class as a whole, and its added ink alone is not.

    Recognised is, as everywhere, a probability of at least 0.5. After Stroke of Surprise (arXiv 2602.12280).

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
    check_classes(judge, [name])
    index, count = judge.classes.index(name), len(switched.sketches)
    inks = [added_ink(sketch, rows[-1]) for sketch, rows in zip(*switched, strict=True)]
    inked = [i for i, ink in enumerate(inks) if ink is not None]
    p = np.zeros((2, count))
    if count:
        p[0] = judge.probabilities(switched.sketches)[:, index]
    if inked:
        p[1, inked] = judge.probabilities([inks[i] for i in inked])[:, index]
    return p[0], p[1]


def check_classes(judge: Judge, classes: Sequence[str]) -> None:
    """ValueError for classes that the judge does not know."""
    if unknown := sorted(set(classes) - set(judge.classes)):
        raise ValueError(f"the judge knows no {', '.join(unknown)}; it knows: {', '.join(judge.classes)}")


def variety(judge: Judge, drawings: Sequence[np.ndarray], real: Sequence[np.ndarray]) -> Variety:
    """`drawings` beside as many `real` ones: precision and recall depend on how many there are.

    Raises ValueError where there are not as many of both, or too few.
    """
    if len(drawings) != len(real) or len(real) <= NEIGHBOURS:
        raise ValueError(f"{len(drawings)} drawings beside {len(real)}: take as many of both, above {NEIGHBOURS}")
    ours, theirs = (judge.features(group).astype(np.float64) for group in (drawings, real))
    return Variety(
        float(pdist(ours).mean() / pdist(theirs).mean()), float(_among(ours, theirs)), float(_among(theirs, ours))
    )


def _among(points: np.ndarray, others: np.ndarray) -> float:
    """The share of the points that lie among the others."""
    radius = np.partition(cdist(others, others), NEIGHBOURS, axis=1)[:, NEIGHBOURS]  # the nearest of all is itself
    return (cdist(points, others) <= radius).any(axis=1).mean()


def best(sketches: Sequence[np.ndarray], switches: Sequence, name: str, judge: Judge, n: int = 12) -> list[int]:
    """The numbers of the n best drawings that were to end as class `name`, best first.

    A drawing scores the probability that the judge gives to that class, times its cohesion: how near the second
    mind's ink lies to the first's (`sketch.transition`); one in which one of the minds drew nothing scores 0.
    Raises ValueError for fewer drawings than n, and a class that the judge does not know.
    """
    if name not in judge.classes:
        raise ValueError(f"the judge knows no {name!r}; it knows: {', '.join(judge.classes)}")
    if len(sketches) < n:
        raise ValueError(f"{len(sketches)} drawings to choose {n} from")
    seen = judge.probabilities(sketches)[:, judge.classes.index(name)]
    held = [transition(sketch, switch).cohesion for sketch, switch in zip(sketches, switches, strict=True)]
    return np.argsort(-seen * np.nan_to_num(held), kind="stable")[:n].tolist()
