"""Paths between two z, and the drawings along them."""

from collections.abc import Callable

import numpy as np

from helpers.draw.decoding import check_z, decode, encode
from helpers.model.vae import SketchVAE


def slerp(z0: np.ndarray, z1: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Spherical interpolation.

    Vectors that are (nearly) parallel, or one of which is zero, are joined by a straight line, which is the limit.
    Opposite ones have no unique arc between them: theirs goes by a fixed direction at right angles.

    Parameters
    ----------
    z0, z1 : ndarray
        (..., Z).
    t : float or ndarray
        0 is z0, 1 is z1; broadcast against all but the last axis.

    Returns
    -------
    ndarray
        float32 (..., Z).

    References
    ----------
    Shoemake (1985), doi 10.1145/325165.325242; for latent spaces White, arXiv 1609.04468.

    Examples
    --------
    >>> slerp([2, 0], [0, 2], 0.5)
    array([1.4142135, 1.4142135], dtype=float32)
    """
    z0, z1 = np.asarray(z0, np.float64), np.asarray(z1, np.float64)
    z0, z1 = np.broadcast_arrays(z0, z1)
    t = np.asarray(t, np.float64)[..., None]
    norms = np.linalg.norm(z0, axis=-1, keepdims=True) * np.linalg.norm(z1, axis=-1, keepdims=True)
    cosine = (z0 * z1).sum(axis=-1, keepdims=True) / np.where(norms > 0, norms, 1)
    omega = np.arccos(np.clip(np.where(norms > 0, cosine, 1), -1, 1))
    sine = np.sin(omega)
    straight, opposite = omega < 1e-4, omega > np.pi - 1e-4
    safe = np.where(straight | opposite, 1, sine)
    arc = (np.sin((1 - t) * omega) * z0 + np.sin(t * omega) * z1) / safe
    line = (1 - t) * z0 + t * z1
    around = line + np.sin(np.pi * t) * _perpendicular(z0)
    return np.where(straight, line, np.where(opposite, around, arc)).astype(np.float32)


def _perpendicular(z: np.ndarray) -> np.ndarray:
    """A vector as long as each z and at right angles to it: away from the axis along which z is smallest."""
    axis = np.eye(z.shape[-1])[np.abs(z).argmin(axis=-1)]
    square = (z * z).sum(axis=-1, keepdims=True)
    across = axis - (axis * z).sum(axis=-1, keepdims=True) / np.where(square > 0, square, 1) * z
    return across / np.linalg.norm(across, axis=-1, keepdims=True) * np.sqrt(square)


def about(center: np.ndarray, path: Callable = slerp) -> Callable:
    """A path between two z as seen from `center` instead of from the origin.

    The z of one class lie on a sphere about the class's own mean, not about the origin: an arc about that mean stays
    as far from it as its ends are, whereas an arc about the origin cuts through the sphere.

    Parameters
    ----------
    center : ndarray
        (Z,), as `class_mean` gives it.
    path : callable
        `slerp` or `lerp`.

    Returns
    -------
    callable
        `path(z0, z1, t)`, as `interpolate` and `motion.tween` take it.
    """
    center = np.asarray(center, np.float32)
    return lambda z0, z1, t: center + path(z0 - center, z1 - center, t)


def interpolate(
    model: SketchVAE,
    z0: np.ndarray,
    z1: np.ndarray,
    steps: int = 10,
    temperature: float = 0.1,
    seed: int = 0,
    path: Callable = slerp,
) -> list[np.ndarray]:
    """Drawings on the way from one z to another. All share their noise, so that neighbours differ only in z.

    Parameters
    ----------
    model : SketchVAE
    z0, z1 : ndarray
        (Z,).
    steps : int
        How many drawings, both ends included.
    temperature, seed
        As of `decode`.
    path : callable
        `slerp`, `lerp`, or one `about` another centre.

    Returns
    -------
    list of ndarray
        The sketches.

    Raises
    ------
    ValueError
        For fewer than 2 steps, and z of another size.
    """
    if steps < 2:
        raise ValueError(f"steps is {steps}; an interpolation has at least its two ends")
    z0, z1 = check_z(model, [z0, z1])
    return decode(model, path(z0, z1, np.linspace(0, 1, steps)), temperature, [seed] * steps)


def walk(
    model: SketchVAE,
    first: np.ndarray,
    last: np.ndarray,
    steps: int = 10,
    temperature: float = 0.1,
    seed: int = 0,
    path: Callable = slerp,
) -> list[np.ndarray]:
    """Two drawings, and between them those that the model draws on the way from one to the other.

    Parameters
    ----------
    model : SketchVAE
    first, last : ndarray
        Sketches (n, 3) or bitmaps (H, W); the encoder reads them.
    steps : int
        How many are drawn: the first of these is what the model makes of `first`, the last what it makes of `last`.
    temperature, seed, path
        As of `interpolate`.

    Returns
    -------
    list
        `first`, `steps` sketches, `last`.

    Raises
    ------
    ValueError
        For fewer than 2 steps.
    """
    z0, z1 = encode(model, [first, last])
    return [first, *interpolate(model, z0, z1, steps, temperature, seed, path), last]


def lerp(z0: np.ndarray, z1: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Linear interpolation.

    Parameters
    ----------
    z0, z1 : ndarray
        (..., Z).
    t : float or ndarray
        0 is z0, 1 is z1; broadcast against all but the last axis.

    Returns
    -------
    ndarray
        float32 (..., Z).
    """
    t = np.asarray(t, np.float32)[..., None]
    return (1 - t) * np.asarray(z0, np.float32) + t * np.asarray(z1, np.float32)


def blend(
    model: SketchVAE, corners: np.ndarray, steps: int = 7, temperature: float = 0.1, seed: int = 0
) -> list[np.ndarray]:
    """Drawings on a square between four z; all share their noise.

    Parameters
    ----------
    model : SketchVAE
    corners : ndarray
        (4, Z): top left, top right, bottom left, bottom right.
    steps : int
        Drawings on a side.
    temperature, seed
        As of `decode`.

    Returns
    -------
    list of ndarray
        steps x steps sketches, row by row.

    Raises
    ------
    ValueError
        For other than four corners, and z of another size.
    """
    corners = check_z(model, corners)
    if len(corners) != 4:
        raise ValueError(f"a blend has four corners; these are {len(corners)}")
    top_left, top_right, bottom_left, bottom_right = corners
    t = np.linspace(0, 1, steps)
    left, right = slerp(top_left, bottom_left, t), slerp(top_right, bottom_right, t)
    z = slerp(left[:, None], right[:, None], t[None].repeat(steps, axis=0))
    return decode(model, z.reshape(-1, z.shape[-1]), temperature, [seed] * steps**2)
