"""Where drawings lie in the latent space: neighbours, how well classes stay together, what z knows of a drawing.

The numbers are measured in z, in all its dimensions. A map of z in two dimensions (`tsne`) is for the eye: t-SNE keeps
neighbours together and nothing else, so neither distances between groups nor their sizes mean anything in it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

# a few hundred points gain nothing by more, and sums then come out the same on any number of cores
one_thread = threadpool_limits.wrap(limits=1)


class Separation(NamedTuple):
    """How well classes stay together in z.

    `agreement`: the mean share of a drawing's k nearest neighbours that are of its own class. `vote`: the share of
    drawings with more neighbours of their own class than of any other. `silhouette`: -1..1, the mean over drawings of
    (b - a) / max(a, b), with a the mean distance to its own class and b that to the nearest other one; above 0, a
    drawing lies nearer to its own. Rousseeuw (1987), doi 10.1016/0377-0427(87)90125-7.
    """

    agreement: float
    vote: float
    silhouette: float


def by_angle(z: np.ndarray) -> np.ndarray:
    """z scaled to length 1: straight distances between the results are in the order of the angles between the z.

    Parameters
    ----------
    z : ndarray
        (N, Z).

    Returns
    -------
    ndarray
        (N, Z); a z of length 0 stays as it is.
    """
    return normalize(z)


@one_thread
def whiten(z: np.ndarray, prior: Sequence[np.ndarray]) -> np.ndarray:
    """z as the fitted prior measures it: directions along which drawings of one class differ count for less.

    A linear map, after which the covariance within classes, as the prior has it of the training drawings, is nearly a
    sphere: straight distance is then Mahalanobis'. The covariance is first drawn halfway toward its mean variance, so
    that directions that z does not use are not blown up. The prior knows the classes of its training drawings, so this
    measure does too.

    Parameters
    ----------
    z : ndarray
        (N, Z).
    prior : model.Prior

    Returns
    -------
    ndarray
        (N, Z).

    Raises
    ------
    ValueError
        Where z and prior differ in dimensions.

    References
    ----------
    Ledoit and Wolf (2004), doi 10.1016/S0047-259X(03)00096-4.
    """
    mean, factors, noise, weight = (np.asarray(part, np.float64) for part in prior)
    if z.shape[1] != mean.shape[1]:
        raise ValueError(f"z has {z.shape[1]} dimensions, the prior {mean.shape[1]}")
    weight = weight / weight.sum()
    within = np.einsum("c,ckz,cky->zy", weight, factors, factors, optimize=True) + np.diag(weight @ noise**2)
    values, vectors = np.linalg.eigh(within)
    return (z - weight @ mean) @ (vectors / np.sqrt(values + values.mean()))


@one_thread
def neighbours(z: np.ndarray, k: int = 10, bank: np.ndarray | None = None) -> np.ndarray:
    """The drawings nearest to each: of these drawings, or of a bank of others.

    Parameters
    ----------
    z : ndarray
        (N, Z).
    k : int
    bank : ndarray, optional
        (M, Z): where the neighbours are looked for.

    Returns
    -------
    ndarray
        (N, k) numbers, nearest first; without a bank, itself left out.

    Raises
    ------
    ValueError
        For fewer than k others.
    """
    if bank is not None:
        if not 0 < k <= len(bank):
            raise ValueError(f"a bank of {len(bank)} drawings holds no {k} neighbours")
        return NearestNeighbors(n_neighbors=k).fit(bank).kneighbors(z, return_distance=False)
    if not 0 < k < len(z):
        raise ValueError(f"{len(z)} drawings have no {k} neighbours each")
    # without an argument kneighbors leaves each point out of its own neighbours, also where another is equal to it
    return NearestNeighbors(n_neighbors=k).fit(z).kneighbors(return_distance=False)


@one_thread
def separation(
    z: np.ndarray, labels: np.ndarray, k: int = 10, bank: tuple[np.ndarray, np.ndarray] | None = None
) -> Separation:
    """How well classes stay together in z, by k nearest neighbours and silhouette.

    Parameters
    ----------
    z : ndarray
        (N, Z).
    labels : ndarray
        (N,) in 0..C-1.
    k : int
    bank : tuple of ndarray, optional
        z (M, Z) and labels (M,) of other drawings, mostly of training: then the neighbours are looked for among these,
        as is usual where representations are compared (Wu et al., arXiv 1805.01978). The silhouette stays that of
        the N drawings alone.

    Returns
    -------
    Separation

    Raises
    ------
    ValueError
        For one class alone, and labels that do not match in number.
    """
    labels = _check_labels(z, labels)
    bank_z, bank_labels = (None, labels) if bank is None else (bank[0], _check_labels(*bank))
    own, other = _votes(labels, neighbours(z, k, bank_z), bank_labels)
    return Separation(float(own.mean() / k), float((own > other).mean()), float(silhouette_score(z, labels)))


def strays(points: np.ndarray, labels: np.ndarray, k: int = 10) -> np.ndarray:
    """Which drawings lie on another class's island: most of their neighbours on the map belong to that class.

    Parameters
    ----------
    points : ndarray
        (N, 2), the map.
    labels : ndarray
        (N,) in 0..C-1.
    k : int

    Returns
    -------
    ndarray
        (N,) bool: of the k nearest on the map, more are of one other class than of its own.

    Raises
    ------
    ValueError
        As `separation`.
    """
    labels = _check_labels(points, labels)
    own, other = _votes(labels, neighbours(points, k), labels)
    return other > own


def probe(z: np.ndarray, labels: np.ndarray, test_z: np.ndarray, test_labels: np.ndarray) -> float:
    """The linear probe: how much of the classes a linear classifier reads in z.

    Ridge regression on the labels, the weight of the ridge chosen by leaving one out. Alain and Bengio (2016),
    arXiv 1610.01644.

    Parameters
    ----------
    z, labels
        (N, Z) and (N,): what the classifier is fitted to.
    test_z, test_labels
        (M, Z) and (M,): what it is asked.

    Returns
    -------
    float
        The share of the test drawings whose class it names.

    Raises
    ------
    ValueError
        For one class alone, and labels that do not match in number.
    """
    linear = RidgeClassifierCV(alphas=np.logspace(-1, 4, 6)).fit(z, _check_labels(z, labels))
    if len(test_labels) != len(test_z):
        raise ValueError(f"{len(test_labels)} labels for {len(test_z)} drawings")
    return float(linear.score(test_z, test_labels))


def _check_labels(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    if len(labels) != len(z):
        raise ValueError(f"{len(labels)} labels for {len(z)} drawings")
    if len(np.unique(labels)) < 2:
        raise ValueError("all drawings are of one class: there is nothing to separate")
    return labels


def _votes(labels: np.ndarray, near: np.ndarray, near_labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many of the neighbours `near` (N, k) are of a drawing's own class (N,), and of the most frequent other."""
    votes = (near_labels[near][..., None] == np.arange(max(labels.max(), near_labels.max()) + 1)).sum(axis=1)
    own = votes[np.arange(len(labels)), labels]
    votes[np.arange(len(labels)), labels] = -1
    return own, votes.max(axis=1)


def follows(z: np.ndarray, values: np.ndarray, k: int = 5) -> float:
    """How well z knows something that was measured of its drawings.

    Parameters
    ----------
    z : ndarray
        (N, Z).
    values : ndarray
        (N,), what was measured.
    k : int

    Returns
    -------
    float
        The correlation, -1..1, of each drawing's own value with the mean of its k nearest neighbours': 0 where the
        value is spread over z by chance, 1 where neighbours agree.

    Raises
    ------
    ValueError
        Where all values are the same.
    """
    values = np.asarray(values, float)
    if values.std() == 0:
        raise ValueError("all values are the same: nothing varies that z could follow")
    return float(np.corrcoef(values, values[neighbours(z, k)].mean(axis=1))[0, 1])
