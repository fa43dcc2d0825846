"""How alike two groups of features are in shape: the geometry score, which counts the loops that they form.

It needs `gudhi`, which nothing else does: `pip install -e '.[bench]'`.
"""

import numpy as np
from scipy.spatial.distance import cdist

from helpers.evaluate.distribution import checked

LANDMARKS = 64  # points drawn from a group, between which loops are looked for
SAMPLES = 1000  # how often they are drawn
MOST = 100  # loops at a time that are told apart


def geometry_score(
    drawn: np.ndarray, real: np.ndarray, gamma: float | None = None, samples: int = SAMPLES, seed: int = 0
) -> float:
    """The squared distance between the two groups' mean relative living times of loops.

    Parameters
    ----------
    drawn, real : ndarray
        (N, F) and (M, F) features, more rows than 64 each; take as many of both.
    gamma, samples, seed
        As of `living_times`; `real` takes the next seed, so that the two are drawn on their own.

    Returns
    -------
    float
        0 where both have as many loops for as long. Papers multiply it by 1,000.

    Raises
    ------
    ImportError
        Where gudhi is missing.
    ValueError
        For other shapes, too few rows, and features that are not finite.

    References
    ----------
    Khrulkov and Oseledets, arXiv 1802.02664, algorithm 2; github.com/KhrulkovV/geometry-score.
    """
    drawn, real = checked(drawn, real, LANDMARKS)
    of_drawn, of_real = (living_times(group, gamma, samples, seed + k) for k, group in enumerate((drawn, real)))
    return float(((of_drawn - of_real) ** 2).sum())


def living_times(points: np.ndarray, gamma: float | None = None, samples: int = SAMPLES, seed: int = 0) -> np.ndarray:
    """For which share of the scales looked at there is no loop, one loop, two ... in the shape that points form.

    Parameters
    ----------
    points : ndarray
        (N, F), more than 64.
    gamma : float, optional
        The largest scale, over the largest distance from a point to a landmark. The paper's N / 5000 / 128, unless
        given.
    samples : int
        How often landmarks are drawn, over which the mean is taken.
    seed : int
        Of which points they are.

    Returns
    -------
    ndarray
        float64 (100,), its sum 1 where there are never more loops.

    Raises
    ------
    ImportError
        Where gudhi is missing.
    ValueError
        As `geometry_score`.

    References
    ----------
    Khrulkov and Oseledets, arXiv 1802.02664, algorithm 1, with landmarks that differ from each other.
    """
    points, _ = checked(points, points, LANDMARKS)
    gamma = len(points) / 5000 / 128 if gamma is None else gamma
    rng = np.random.default_rng(seed)
    total = np.zeros(MOST)
    for _ in range(samples):
        landmarks = points[rng.choice(len(points), LANDMARKS, replace=False)]
        total += _living_times(points, landmarks, gamma)
    return total / samples


def _living_times(points: np.ndarray, landmarks: np.ndarray, gamma: float) -> np.ndarray:
    distances = cdist(points, landmarks)
    largest = gamma * distances.max()
    order = np.argsort(distances, axis=1)
    table = np.dstack([order, np.take_along_axis(distances, order, axis=1)])
    complex_ = _gudhi().WitnessComplex(table)
    # distances where gudhi speaks of squares: the scale is only looked through from 0 to the largest, as the paper does
    tree = complex_.create_simplex_tree(max_alpha_square=largest, limit_dimension=2)
    tree.compute_persistence(homology_coeff_field=2)
    born, gone = np.minimum(np.reshape(tree.persistence_intervals_in_dimension(1), (-1, 2)), largest).T
    scales = np.unique(np.concatenate([[0, largest], born, gone]))
    middles = (scales[:-1] + scales[1:]) / 2
    loops = ((born[:, None] <= middles) & (middles < gone[:, None])).sum(axis=0)
    few = loops < MOST
    return np.bincount(loops[few], np.diff(scales)[few], MOST) / largest


def _gudhi():
    try:
        import gudhi
    except ImportError as error:
        raise ImportError("the geometry score needs gudhi: pip install -e '.[bench]'") from error
    return gudhi
