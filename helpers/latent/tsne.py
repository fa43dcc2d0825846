"""Two dimensions of z for the eye: t-SNE, and principal components beside it."""

import numpy as np
from sklearn.manifold import TSNE

from helpers.latent.nearest import one_thread


@one_thread
def embed(z: np.ndarray, perplexity: float = 30, seed: int = 0) -> np.ndarray:
    """A map of z: t-SNE on the cosine of the angles between the z, started from their two principal components.

    Its directions mean nothing; the map is turned so that it fills its square.

    Parameters
    ----------
    z : ndarray
        (N, Z).
    perplexity : float
        About how many neighbours each drawing tries to keep; at least 1 and below N.
    seed : int

    Returns
    -------
    ndarray
        float64 (N, 2), in a square from 0 to 1, aspect kept.

    Raises
    ------
    ValueError
        For another perplexity.

    References
    ----------
    Van der Maaten and Hinton (2008), https://www.jmlr.org/papers/v9/vandermaaten08a.html. The code is scikit-learn's.
    """
    if not 1 <= perplexity < len(z):
        raise ValueError(f"perplexity is {perplexity}; for {len(z)} drawings it must be at least 1 and below {len(z)}")
    tsne = TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed)
    points = tsne.fit_transform(np.asarray(z, np.float32)).astype(np.float64)
    angles = np.arange(90) * np.pi / 180
    turns = np.array([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]])
    turned = np.einsum("nd,dea->ane", points, turns)  # the map at each angle
    return _in_square(turned[np.ptp(turned, axis=1).max(axis=1).argmin()])


def principal(z: np.ndarray) -> np.ndarray:
    """A map of z by its first two principal components, for comparison with `embed`.

    Parameters
    ----------
    z : ndarray
        (N, Z).

    Returns
    -------
    ndarray
        (N, 2), in a square from 0 to 1, aspect kept.
    """
    # not scikit-learn's PCA, which turns the axes round: these three lines keep the map as it was
    centred = z - z.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return _in_square(u[:, :2] * s[:2])


def _in_square(points: np.ndarray) -> np.ndarray:
    low, high = points.min(axis=0), points.max(axis=0)
    return 0.5 + (points - (low + high) / 2) / max((high - low).max(), 1e-12)
