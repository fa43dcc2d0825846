"""The latent space as a map: where drawings lie, how well classes and kinds within a class stay together, a widget.

The numbers are measured in z, with all its dimensions. The map, two dimensions of it, is for the eye: t-SNE keeps
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
    """How well classes stay together in z, of which each drawing's own class is the judge.

    `agreement`: the share of the k nearest neighbours that are of a drawing's own class, mean. `vote`: the share of
    drawings of whose neighbours more are of their own class than of any other. `silhouette`: -1..1, mean over drawings
    of (b - a) / max(a, b), a the mean distance to its own class, b to the nearest other one; above 0, a drawing lies
    nearer to its own. Rousseeuw (1987), doi 10.1016/0377-0427(87)90125-7.
    """

    agreement: float
    vote: float
    silhouette: float


def by_angle(z: np.ndarray) -> np.ndarray:
    """z scaled to length 1: straight distance between the results is, in order, the angle between the z.

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
    """z as the fitted prior measures it: where drawings of one class differ counts for less.

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
    """Which drawings lie on another class's island: where the map around them belongs to it.

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
    """How much of the classes a linear classifier reads in z, the linear probe.

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
    """Of the neighbours `near` (N, k), how many are of a drawing's own class (N,), and of the most frequent other."""
    votes = (near_labels[near][..., None] == np.arange(max(labels.max(), near_labels.max()) + 1)).sum(axis=1)
    own = votes[np.arange(len(labels)), labels]
    votes[np.arange(len(labels)), labels] = -1
    return own, votes.max(axis=1)


def follows(z: np.ndarray, values: np.ndarray, k: int = 5) -> float:
    """How well z knows something measured of its drawings.

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
        The correlation, -1..1, of each drawing's own value with the mean of its k nearest neighbours': 0 where it is
        spread over z by chance, 1 where neighbours agree.

    Raises
    ------
    ValueError
        Where all values are the same.
    """
    values = np.asarray(values, float)
    if values.std() == 0:
        raise ValueError("all values are the same: nothing varies that z could follow")
    return float(np.corrcoef(values, values[neighbours(z, k)].mean(axis=1))[0, 1])
