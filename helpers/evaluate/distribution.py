"""How the distribution of a group of drawings compares with another's, in a network's features: Fréchet distance,
precision, recall, density, coverage.

All of these depend on how many drawings there are and on whose features are used, so they mean something only beside
the same numbers of as many real drawings. In the features of `Judge.features` the distance is reported as FD of the
judge's features. It is not an FID, which uses one particular Inception network (see `inception_features`).
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

CHUNK = 1000  # rows of a matrix of distances held at a time


class Overlap(NamedTuple):
    """How two groups overlap, by balls around each point that reach to its k-th neighbour in its group.

    `precision`: the share of generated drawings inside a ball of a real one; `recall`: the share of real drawings
    inside a ball of a generated one; `density`: in how many real balls a generated drawing lies on average, divided by
    k; `coverage`: the share of real drawings whose ball contains a generated one. All are 0..1 but the density, which
    is 1 where both groups have one distribution.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def frechet_distance(drawn: np.ndarray, real: np.ndarray) -> float:
    """The Fréchet distance between the Gaussians fitted to two groups of features.

    Parameters
    ----------
    drawn, real : ndarray
        (N, F) and (M, F) features, at least two rows each.

    Returns
    -------
    float
        |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)), in squared units of the features; 0 where mean and covariance are the
        same. Two samples of one distribution come out above 0, further the smaller they are.

    Raises
    ------
    ValueError
        For other shapes, and features that are not finite.

    References
    ----------
    Heusel et al., arXiv 1706.08500; Dowson and Landau (1982), doi 10.1016/0047-259X(82)90077-X.
    """
    drawn, real = checked(drawn, real, 1)
    covariances = [np.atleast_2d(np.cov(group, rowvar=False)) for group in (drawn, real)]
    # tr (C C')^(1/2) is the sum of the roots of the eigenvalues of R C' R, R the root of C: symmetric, so never complex
    values, vectors = np.linalg.eigh(covariances[0])
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ covariances[1] @ root), 0)).sum()
    apart = ((drawn.mean(axis=0) - real.mean(axis=0)) ** 2).sum()
    return float(max(apart + sum(np.trace(matrix) for matrix in covariances) - 2 * shared, 0))


def overlap(drawn: np.ndarray, real: np.ndarray, k: int = 3) -> Overlap:
    """Precision and recall, density and coverage of features, compared with real ones.

    The numbers are those of the package `prdc`, of Naeem et al., except that a point at exactly a ball's radius counts
    as inside.

    Parameters
    ----------
    drawn, real : ndarray
        (N, F) and (M, F) features, more rows than k each; take as many of both.
    k : int
        Up to which neighbour a ball reaches.

    Returns
    -------
    Overlap

    Raises
    ------
    ValueError
        For other shapes, too few rows, and features that are not finite.

    References
    ----------
    Kynkäänniemi et al., arXiv 1904.06991 (precision and recall, k = 3); Naeem et al., arXiv 2002.09797.
    """
    drawn, real = checked(drawn, real, k)
    of_drawn, of_real = _radii(drawn, k), _radii(real, k)
    balls = np.zeros(len(drawn), int)  # real ones around each drawn one
    recalled, covered = 0, 0
    for a in range(0, len(real), CHUNK):
        distances = euclidean_distances(real[a : a + CHUNK], drawn)
        inside = distances <= of_real[a : a + CHUNK, None]
        balls += inside.sum(axis=0)
        covered += inside.any(axis=1).sum()
        recalled += (distances <= of_drawn).any(axis=1).sum()
    return Overlap(
        float((balls > 0).mean()), float(recalled / len(real)), float(balls.mean() / k), float(covered / len(real))
    )


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    """The distance of each point to its k-th neighbour; the point itself is the nearest of all, and is not counted."""
    return np.concatenate(
        [
            np.partition(euclidean_distances(points[a : a + CHUNK], points), k, axis=1)[:, k]
            for a in range(0, len(points), CHUNK)
        ]
    )


def checked(drawn: np.ndarray, real: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Two groups of features as float64, once they are known to fit each other and to have more rows than k."""
    drawn, real = np.asarray(drawn, np.float64), np.asarray(real, np.float64)
    if drawn.ndim != 2 or real.ndim != 2 or drawn.shape[1] != real.shape[1]:
        raise ValueError(f"features are (N, F) and (M, F); these have shapes {drawn.shape} and {real.shape}")
    if k < 1 or min(len(drawn), len(real)) <= k:
        raise ValueError(
            f"{len(drawn)} drawings beside {len(real)}: k is {k}, which takes more of each, and is above 0"
        )
    if not (np.isfinite(drawn).all() and np.isfinite(real).all()):
        raise ValueError("the features are not all finite")
    return drawn, real
