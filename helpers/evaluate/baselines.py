"""What a classifier is measured beside: clusters named after most of their drawings; and how often it is right."""

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans

from helpers.evaluate.judge import Judge


def accuracy(judge: Judge, drawings: Sequence[np.ndarray], labels: np.ndarray) -> float:
    """The share of drawings whose own class a judge finds the most probable.

    Parameters
    ----------
    judge : Judge
        Or anything else with `probabilities(drawings)`.
    drawings : sequence of ndarray
        Sketches (n, 3) or bitmaps (H, W), N of them.
    labels : ndarray
        (N,), the number of each one's class among the judge's.

    Returns
    -------
    float
        0..1.
    """
    return float((judge.probabilities(drawings).argmax(axis=1) == labels).mean())


def name_by_clusters(
    known: np.ndarray, labels: np.ndarray, unknown: np.ndarray, clusters: int, seed: int = 0
) -> np.ndarray:
    """Names drawings by k-means, which sees no labels: each cluster is named after the class of most in it.

    Parameters
    ----------
    known : ndarray
        (N, D), one vector a drawing: what the clusters are made of.
    labels : ndarray
        (N,), the number of each one's class, from 0; they only name the clusters.
    unknown : ndarray
        (M, D), of the drawings to be named.
    clusters, seed : int
        How many clusters, and the seed of where they begin.

    Returns
    -------
    ndarray
        (M,), a class for each of the unknown ones: that of the cluster in which it lies.
    """
    means = KMeans(clusters, n_init=4, random_state=seed).fit(known)
    names = [np.bincount(labels[means.labels_ == cluster]).argmax() for cluster in range(clusters)]
    return np.array(names)[means.predict(unknown)]
