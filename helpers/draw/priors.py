"""z from nothing: random z of a class, its mean, a z typical of it, and how far other z lie from it."""

from collections.abc import Sequence

import numpy as np
from keras import ops

from helpers.model.vae import SketchVAE


def sample_z(
    model: SketchVAE, n: int, prior: str | None = None, seed: int = 0, classes: Sequence[str] | None = None
) -> np.ndarray:
    """Random z.

    Parameters
    ----------
    model : SketchVAE
    n : int
    prior : {"normal", "trained", "fitted"}, optional
        "normal" is N(0, I); "trained" the prior that the model was trained towards, which is N(0, I) or, for a model
        with a prior by class, N(its class's centre, I); "fitted" the Gaussians fitted to encoded drawings. The default
        is "trained" where that is by class, else "fitted".
    seed : int
        The first z are the same however many follow.
    classes : sequence of str, optional
        Each as often as the others; without it each class as often as in training. Not with N(0, I), which knows none.

    Returns
    -------
    ndarray
        float32 (n, Z).

    Raises
    ------
    ValueError
        For another prior, one that the model does not have, and classes that it does not know.
    """
    which, by_class = classes_of(model, n, prior, seed, classes)
    return z_of(model, which, by_class, n, seed)


def classes_of(
    model: SketchVAE, n: int, prior: str | None, seed: int, classes: Sequence[str] | None
) -> tuple[np.ndarray | None, bool]:
    """The class of each of n z, None for N(0, I), and whether the prior is the one by class."""
    prior = prior or ("trained" if model.settings.prior == "class" else "fitted")
    if prior not in ("fitted", "trained", "normal"):
        raise ValueError(f'prior is {prior!r}; it must be "fitted", "trained" or "normal"')
    by_class = prior == "trained" and model.settings.prior == "class"
    if prior != "fitted" and not by_class:
        if classes is not None:
            raise ValueError("N(0, I) knows no classes; leave them out, or take the fitted prior")
        return None, False
    if model.prior is None:
        raise ValueError("this model has no fitted prior yet; training fits one at its end, or see model.fit_prior")
    if classes is None:
        weight = model.prior.weight
        return np.random.default_rng([seed, 1]).choice(len(weight), n, p=weight / weight.sum()), by_class
    classes = [classes] if isinstance(classes, str) else classes
    return np.resize([class_index(model, name) for name in classes], n), by_class


def z_of(model: SketchVAE, which: np.ndarray | None, by_class: bool, n: int, *seed: int) -> np.ndarray:
    """n random z of these classes; others with every further number in the seed."""
    # a generator for each purpose: the first drawings are the same however many follow, and none is `decode`'s
    of_factors, of_noise = (np.random.default_rng([seed[0], part, *seed[1:]]) for part in (2, 3))
    if which is None:
        return of_noise.standard_normal((n, model.settings.z_size), np.float32)
    mean, factors, noise, _ = model.prior
    if by_class:
        centers = ops.convert_to_numpy(model.centers)
        return centers[which] + of_noise.standard_normal((n, mean.shape[1]), np.float32)
    low_rank = np.einsum("nk,nkz->nz", of_factors.standard_normal((n, factors.shape[1])), factors[which], optimize=True)
    return (mean[which] + low_rank + noise[which] * of_noise.standard_normal((n, mean.shape[1]))).astype(np.float32)


def class_index(model: SketchVAE, name: str) -> int:
    """The number of a class in this model.

    Parameters
    ----------
    model : SketchVAE
    name : str
        The class.

    Returns
    -------
    int
        Its place in `model.settings.classes`.

    Raises
    ------
    ValueError
        For a class that the model does not know; the message lists those it does.
    """
    if name not in model.settings.classes:
        raise ValueError(f"this model knows no class {name!r}; it knows: {', '.join(model.settings.classes)}")
    return model.settings.classes.index(name)


def class_mean(model: SketchVAE, name: str) -> np.ndarray:
    """The mean z of a class's training drawings.

    Parameters
    ----------
    model : SketchVAE
    name : str
        The class.

    Returns
    -------
    ndarray
        float32 (Z,).

    Raises
    ------
    ValueError
        For a class that the model does not know, and for a model without a fitted prior.
    """
    index = class_index(model, name)
    if model.prior is None:
        raise ValueError("this model has no fitted prior, so no class means")
    return model.prior.mean[index]


def typical_z(model: SketchVAE, name: str) -> np.ndarray:
    """A z typical of a class: the mean of its drawings, made as long as their z are.

    In many dimensions a mean is far shorter than the vectors it averages, and lies where no drawing does; what a
    decoder draws from there shows less of the class.

    Parameters
    ----------
    model : SketchVAE
    name : str
        The class.

    Returns
    -------
    ndarray
        (Z,).

    Raises
    ------
    ValueError
        As `class_mean`.

    References
    ----------
    White, Sampling Generative Networks, arXiv 1609.04468.
    """
    mean, index = class_mean(model, name), class_index(model, name)
    spread = (model.prior.factors[index] ** 2).sum() + (model.prior.noise[index] ** 2).sum()
    return mean * np.sqrt(1 + spread / max((mean**2).sum(), 1e-12))


def read_classes(model: SketchVAE, z: np.ndarray) -> np.ndarray:
    """Which class the model reads in drawings, by its fitted Gaussians alone: no other network is asked.

    Linear discriminant analysis, with the covariances of the classes averaged.

    Parameters
    ----------
    model : SketchVAE
    z : ndarray
        (N, Z), see `encode`.

    Returns
    -------
    ndarray
        float64 (N, C), a logit for each of its classes.

    Raises
    ------
    ValueError
        For a model without a fitted prior.

    References
    ----------
    Fisher (1936), doi 10.1111/j.1469-1809.1936.tb02137.x; Hastie et al., The Elements of Statistical Learning, 4.3.
    """
    if model.prior is None:
        raise ValueError("this model has no fitted prior, so it cannot tell its classes apart")
    made_of, kernel, bias = model.__dict__.get("_discriminant", (None, None, None))
    if made_of is not model.prior:
        mean, factors, noise, _ = (part.astype(np.float64) for part in model.prior)
        covariance = np.einsum("ckz,cky->zy", factors, factors, optimize=True) / len(mean)
        covariance[np.diag_indices_from(covariance)] += (np.maximum(noise, 1e-3) ** 2).mean(axis=0)
        kernel = np.linalg.solve(covariance, mean.T)
        bias = -0.5 * (mean.T * kernel).sum(axis=0)
        model.__dict__["_discriminant"] = model.prior, kernel, bias
    return np.asarray(z, np.float64) @ kernel + bias


def mahalanobis(model: SketchVAE, z: np.ndarray, name: str) -> np.ndarray:
    """How far each z lies from a class, by the covariance of the class's fitted Gaussian.

    Parameters
    ----------
    model : SketchVAE
    z : ndarray
        (N, Z).
    name : str
        The class.

    Returns
    -------
    ndarray
        float64 (N,), squared distances.

    Raises
    ------
    ValueError
        As `class_mean`.
    """
    away = np.asarray(z, np.float64) - class_mean(model, name)
    index = class_index(model, name)
    factors, noise = (part[index].astype(np.float64) for part in (model.prior.factors, model.prior.noise))
    # in a file of float16 a small deviation may have become 0
    covariance = factors.T @ factors + np.diag(np.maximum(noise, 1e-3) ** 2)
    return (away * np.linalg.solve(covariance, away.T).T).sum(axis=1)
