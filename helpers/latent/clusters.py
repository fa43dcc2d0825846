"""Kinds of drawings within a class: clusters in z, and the words for what sets them apart."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans

from helpers.latent.nearest import one_thread
from helpers.sketch.closed_lines import closure
from helpers.sketch.cohesion import UPRIGHT, aspect, complexity, sharpest_turn, symmetry, to_the_right

TELLING = 1 / 3  # standard deviations: of a class's 250 drawings, a third of them differ so by chance in 1 case of 80
WIDE = 5.0  # an aspect beyond which nothing gets wider: flat lines would outweigh everything else

# what can be said of a kind of drawing: the words for little and for much of it, and how it is measured
TRAITS: Mapping[str, tuple[str, str, Callable[[np.ndarray], float]]] = {
    "aspect": ("tall", "wide", lambda sketch: min(aspect(sketch), WIDE)),
    "strokes": ("few strokes", "many strokes", lambda sketch: complexity(sketch).strokes),
    "ink": ("little ink", "much ink", lambda sketch: complexity(sketch).ink),
    "bulge": ("bulging left", "bulging right", to_the_right),
    "upright symmetry": ("lopsided", "symmetric", lambda sketch: symmetry(sketch, UPRIGHT)),
    "sharpest turn": ("round", "sharp", sharpest_turn),
    "closure": ("open lines", "closed lines", closure),
}


class Kind(NamedTuple):
    """A sub-cluster: the numbers of its drawings, the nearest to its centre first; the mean of each trait that is
    measured of them; and the words for what sets them apart from the rest of their class, the most telling first.
    """

    members: np.ndarray
    traits: dict[str, float]
    words: list[str]


@one_thread
def kinds(z: np.ndarray, sketches: Sequence[np.ndarray], count: int = 3, seed: int = 0) -> list[Kind]:
    """The sub-clusters of one class: k-means in z.

    k-means finds as many clusters as it is asked for, whether they are there or not. So each comes with what can be
    measured of its drawings, without z, and with the words for those of `TRAITS` in which its mean is at least a third
    of a standard deviation from the mean of the rest.

    Parameters
    ----------
    z : ndarray
        (N, Z), of drawings of one class.
    sketches : sequence of ndarray
        The N drawings, (n, 3) each.
    count : int
        How many, 2 to N - 1.
    seed : int

    Returns
    -------
    list of Kind
        The largest first.

    Raises
    ------
    ValueError
        For another count, and where z and drawings differ in number.
    """
    if not 1 < count < len(z):
        raise ValueError(f"{len(z)} drawings do not fall into {count} kinds; ask for 2 to {len(z) - 1}")
    if len(sketches) != len(z):
        raise ValueError(f"{len(sketches)} drawings for {len(z)} z")
    means = KMeans(count, n_init=20, random_state=seed).fit(z)
    distance = np.linalg.norm(z - means.cluster_centers_[means.labels_], axis=1)
    measured = {name: np.array([trait(sketch) for sketch in sketches]) for name, (*_, trait) in TRAITS.items()}
    found = []
    for c in np.argsort(-np.bincount(means.labels_, minlength=count), kind="stable"):
        own = means.labels_ == c
        gap = {name: _gap(values, own) for name, values in measured.items()}
        telling = sorted((name for name in gap if abs(gap[name]) >= TELLING), key=lambda name: -abs(gap[name]))
        members = np.flatnonzero(own)
        found.append(
            Kind(
                members[np.argsort(distance[members], kind="stable")],
                {name: float(values[own].mean()) for name, values in measured.items()},
                [TRAITS[name][int(gap[name] > 0)] for name in telling],
            )
        )
    return found


def _gap(values: np.ndarray, own: np.ndarray) -> float:
    """How far the mean of some lies from the mean of the rest, in standard deviations of them all."""
    spread = values.std()
    return float((values[own].mean() - values[~own].mean()) / spread) if spread > 0 else 0.0
