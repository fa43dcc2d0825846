"""A Gaussian for each class, fitted to encoded drawings: where z of real drawings lie."""

from typing import NamedTuple

import numpy as np

PRIOR_RANK = 64  # directions kept of each class's covariance


class Prior(NamedTuple):
    """A Gaussian for each class, fitted to encoded training drawings: mean, main directions and what is left over.

    `mean` (C, Z); `factors` (C, K, Z), eigenvectors times the root of what their eigenvalues have above the rest;
    `noise` (C, Z), the standard deviation of the rest; `weight` (C,), the class's share of the drawings. This is
    probabilistic PCA with separate noise for each dimension.

    References
    ----------
    Tipping and Bishop (1999), doi 10.1111/1467-9868.00196.
    """

    mean: np.ndarray
    factors: np.ndarray
    noise: np.ndarray
    weight: np.ndarray


def class_centers(directions: np.ndarray, radius: float) -> np.ndarray:
    """The centres of a class-conditional prior: orthogonal, equally far from 0.

    Parameters
    ----------
    directions : ndarray
        (C, Z), what they lie near.
    radius : float
        How far from 0.

    Returns
    -------
    ndarray
        float32 (C, Z).

    Raises
    ------
    ValueError
        For a single class, more classes than dimensions, and a radius that is not above 0.
    """
    classes, size = directions.shape
    if not 1 < classes <= size:
        raise ValueError(f"a prior by class needs at least 2 classes and at most {size}, the size of z; got {classes}")
    if not 0 < radius < np.inf:
        raise ValueError(f"the radius of a prior by class is {radius}; it must be above 0")
    # the orthonormal directions nearest to the given ones together (Procrustes), where QR favours the first
    u, _, vt = np.linalg.svd(directions.astype(np.float64), full_matrices=False)
    return (radius * u @ vt).astype(np.float32)


def fit_prior(z: np.ndarray, labels: np.ndarray, classes: int) -> Prior:
    """The Gaussian of each class's encoded drawings.

    Parameters
    ----------
    z : ndarray
        (N, Z), see `draw.encode`.
    labels : ndarray
        (N,), 0 to classes - 1.
    classes : int

    Returns
    -------
    Prior

    Raises
    ------
    ValueError
        For a class without drawings.
    """
    size = z.shape[1]
    rank = min(PRIOR_RANK, size - 1)
    mean, factors, noise = np.zeros((classes, size)), np.zeros((classes, rank, size)), np.zeros((classes, size))
    for c in range(classes):
        own = z[labels == c].astype(np.float64)
        if len(own) == 0:
            raise ValueError(f"no drawing of class number {c} to fit a prior to")
        mean[c] = own.mean(axis=0)
        centred = own - mean[c]
        values, vectors = np.linalg.eigh(centred.T @ centred / len(own))
        rest = values[: size - rank].mean()
        factors[c] = (vectors[:, size - rank :] * np.sqrt(np.maximum(values[size - rank :] - rest, 0))).T
        noise[c] = np.sqrt(np.maximum((centred**2).mean(axis=0) - (factors[c] ** 2).sum(axis=0), 0))
    weight = np.bincount(labels, minlength=classes) / len(labels)
    return Prior(*(part.astype(np.float32) for part in (mean, factors, noise, weight)))
