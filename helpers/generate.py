"""Everything drawn from a trained model: batched, seeded, and compiled once.

All of it comes down to `encode`, which reads drawings, and `decode`, one compiled loop that draws N drawings at
once. The loop can be given the beginning of each drawing: it then runs those points through the decoder, every
step conditioned on z, and goes on from the state it arrives at. That is z-switching.
"""

import argparse
import weakref
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from helpers.formats import SPLITS
from helpers.paths import DATA
from helpers.quickdraw import DataSet, make_dataset, save_dataset
from helpers.raster import render_batch
from helpers.strokes import DOWN, END, check, from_stroke5, prefix, to_stroke5
from helpers.vae import SketchVAE, load, mixture

CHUNK = 500  # drawings at a time: larger gains no speed, and memory stays bounded
_compiled: weakref.WeakKeyDictionary[keras.Model, dict[str, Callable]] = weakref.WeakKeyDictionary()


class Switched(NamedTuple):
    """Drawings and, for each, the rows at which another mind took over: rows before `switches[i][0]` are the
    first mind's, those from there to `switches[i][1]` the second's, and so on."""

    sketches: list[np.ndarray]
    switches: list[tuple[int, ...]]


def encode(model: SketchVAE, sketches: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of z, float32 (N, Z), of each sketch (N drawings, in pixels)."""
    sketches = [check(sketch) for sketch in sketches]
    return in_chunks(lambda part: _encode_chunk(model, part), sketches, model.settings.z_size)


def _encode_chunk(model: SketchVAE, sketches: Sequence[np.ndarray]) -> np.ndarray:
    size = model.settings.size
    if model.settings.encoder == "cnn":
        seen, kind = render_batch(sketches, size), ((None, size, size), "uint8")
    else:
        seen, kind = as_strokes(sketches, model.settings.scale), ((None, None, 5), "float32")
    return np.asarray(
        compile_once(model, "encode", lambda seen: model.encode(seen)[0], kind)(ops.convert_to_tensor(seen))
    )


def as_strokes(sketches: Sequence[np.ndarray], scale: float) -> np.ndarray:
    """What the RNN encoder reads: stroke-5 (N, T, 5), offsets divided by `scale`, rows of zeros behind."""
    length = max(len(sketch) for sketch in sketches)
    length += -length % 16 + 1  # few different lengths, so that JAX compiles few times
    rows = np.stack([to_stroke5(sketch, length) for sketch in sketches])
    rows[..., :2] /= scale
    after_end = np.cumsum(rows[..., END], axis=1) > 1
    rows[after_end] = 0
    return rows


def decode(
    model: SketchVAE,
    z: np.ndarray,
    temperature: float = 0.2,
    seed: int | Sequence[int] = 0,
    beginnings: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """A sketch for each row of z (N, Z), in pixels.

    `temperature` tau divides the logits of the mixture and multiplies the variances (Ha & Eck, equation 8). The pen's
    logits are divided by its root: cooled as much as the rest, a pen that ends a scribble once in ten points never
    would, and at 0.2 most eyes would not come to an end.
    `seed` is one number for the batch, so that the first drawings are the same however many follow; or one for
    each drawing, so that drawings with the same one share their chance, as frames of an animation should.
    `beginnings` are partial sketches that each drawing has to start with; they come back unchanged, bit for bit.
    A drawing that has not ended after the model's `max_points` ends there.

    Raises ValueError for z of another size or not finite, a temperature that is not positive, and beginnings
    that are too many, too few or too long.
    """
    z = _check_z(model, z)
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature is {temperature}; it must be above 0, and finite")
    if beginnings is not None and len(beginnings) != len(z):
        raise ValueError(f"{len(beginnings)} beginnings for {len(z)} drawings")
    chance = _chance(seed, len(z), model.settings.max_points)
    drawn = []
    for a in range(0, len(z), CHUNK):
        part = None if beginnings is None else beginnings[a : a + CHUNK]
        drawn += _decode_chunk(model, z[a : a + CHUNK], temperature, chance[a : a + CHUNK], part)
    return drawn


def _check_z(model: SketchVAE, z: np.ndarray) -> np.ndarray:
    z = np.asarray(z, np.float32)
    if z.ndim != 2 or z.shape[1] != model.settings.z_size:
        raise ValueError(f"z has shape {z.shape}; this model wants (N, {model.settings.z_size})")
    if not np.isfinite(z).all():
        raise ValueError(f"z of drawing {int((~np.isfinite(z)).any(axis=1).argmax())} is not finite")
    return z


def _chance(seed: int | Sequence[int], n: int, length: int) -> np.ndarray:
    """All the chance in n drawings, (n, length, 4): two uniform numbers (component, pen), two normal (dx, dy)."""
    if isinstance(seed, (int, np.integer)):
        uniform = np.random.default_rng(seed).random((n, length, 4), np.float32)
    else:
        if len(seed) != n:
            raise ValueError(f"{len(seed)} seeds for {n} drawings")
        uniform = np.empty((n, length, 4), np.float32)
        for row, one in zip(uniform, seed, strict=True):
            np.random.default_rng(one).random((length, 4), np.float32, out=row)
    # Box & Muller (1958), doi 10.1214/aoms/1177706645
    radius = np.sqrt(-2 * np.log1p(-uniform[..., 2]))
    angle = 2 * np.pi * uniform[..., 3]
    return np.stack([uniform[..., 0], uniform[..., 1], radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def _decode_chunk(
    model: SketchVAE, z: np.ndarray, temperature: float, chance: np.ndarray, beginnings: Sequence[np.ndarray] | None
) -> list[np.ndarray]:
    limit, scale = model.settings.max_points, model.settings.scale
    given = np.zeros((len(z), limit, 5), np.float32)
    lengths = np.zeros(len(z), np.int32)
    for i, sketch in enumerate(beginnings or ()):
        check(sketch)
        if len(sketch) > limit:
            raise ValueError(f"beginning {i} has {len(sketch)} points; this model draws at most {limit}")
        given[i, : len(sketch)] = to_stroke5(sketch, len(sketch) + 1)[:-1]
        lengths[i] = len(sketch)
    given[..., :2] /= scale
    draw = compile_once(
        model,
        "decode",
        _draw(model),
        ((None, z.shape[1]), "float32"),
        ((None, limit, 4), "float32"),
        ((None, limit, 5), "float32"),
        ((None,), "int32"),
        ((), "float32"),
    )
    rows = np.asarray(
        draw(*map(ops.convert_to_tensor, (z, chance, given, lengths, np.float32(temperature))))
    ).transpose(1, 0, 2)
    sketches = []
    for i, row in enumerate(rows):
        sketch = from_stroke5(row)
        sketch[:, :2] *= scale
        if lengths[i]:  # as given, not as it came back through the scale
            start = beginnings[i]
            sketch = np.concatenate([start, sketch[lengths[i] :]]).astype(np.float32)
        sketches.append(sketch)
    return sketches


def _draw(model: SketchVAE) -> Callable:
    """The sampling loop: z, chance, given points and how many of them, temperature, to rows (T, N, 5)."""

    def draw(z, chance, given, lengths, temperature):
        chance, given = ops.transpose(chance, (1, 0, 2)), ops.transpose(given, (1, 0, 2))
        limit = ops.shape(chance)[0]
        state, same = model.decoder.start(z)
        end = ops.one_hot(END, 5)
        blank = ops.zeros_like(given) + end
        first = ops.zeros_like(given[0]) + ops.one_hot(DOWN, 5)

        def unfinished(t, point, h, c, where, rows):
            return ops.logical_and(t < limit, ops.any(point[:, END] < 0.5))

        def step(t, point, h, c, where, rows):
            ended = point[:, END:] > 0.5
            (h, c, where), parameters = model.decoder.step(point, (h, c, where), same)
            now = ops.take(chance, t, axis=0)
            drawn = _pick(parameters, temperature, now, may_end=t > 0)
            point = ops.where(t < lengths[:, None], ops.take(given, t, axis=0), drawn)
            point = ops.where(ended, end, point)
            return t + 1, point, h, c, where, ops.where(ops.arange(limit)[:, None, None] == t, point[None], rows)

        return ops.while_loop(unfinished, step, (0, first, *state, blank))[-1]

    return draw


def _pick(parameters, temperature, chance, may_end):
    """A stroke-5 point (N, 5) from the mixture (N, 6M + 3) and its chance (N, 4). A drawing has at least one."""
    log_pi, mu, sigma, rho, log_pen = mixture(parameters)
    log_pen = ops.where(may_end, log_pen, log_pen - 1e9 * ops.one_hot(END - DOWN, 3))
    component = _inverse_cdf(log_pi / temperature, chance[:, 0])
    pen = _inverse_cdf(log_pen / ops.sqrt(temperature), chance[:, 1])

    def chosen(x):
        return ops.sum(x * component[..., None], axis=1)

    mu, sigma, rho = chosen(mu), chosen(sigma) * ops.sqrt(temperature), chosen(rho[..., None])
    dx, dy = chance[:, 2:3], chance[:, 3:4]
    normal = ops.concatenate([dx, rho * dx + ops.sqrt(1 - rho**2) * dy], axis=-1)
    # an end has no offset
    offset = (mu + sigma * normal) * (1 - pen[:, -1:])
    return ops.concatenate([offset, pen], axis=-1)


def _inverse_cdf(logits, uniform):
    """One-hot (N, K): the first category at which the running sum of probabilities passes the uniform number."""
    cumulative = ops.cumsum(ops.softmax(logits, axis=-1), axis=-1)
    # the sum may fall short of 1 by rounding; the last category catches that
    index = ops.sum(ops.cast(cumulative[:, :-1] <= uniform[:, None], "int32"), axis=-1)
    return ops.one_hot(index, logits.shape[-1])


def reconstruct(
    model: SketchVAE, sketches: Sequence[np.ndarray], temperature: float = 0.2, seed: int | Sequence[int] = 0
) -> list[np.ndarray]:
    """Each sketch read and drawn again."""
    return decode(model, encode(model, sketches), temperature, seed)


def sample_z(
    model: SketchVAE, n: int, prior: str = "fitted", seed: int = 0, classes: Sequence[str] | None = None
) -> np.ndarray:
    """n random z (n, Z): from N(0, I) ("normal"), or from the Gaussians fitted to encoded drawings ("fitted").

    "fitted" takes each class as often as training had it, or only the named `classes`, equally often.
    """
    # a generator for each purpose: the first drawings are the same however many follow, and none is `decode`'s
    of_class, of_factors, of_noise = (np.random.default_rng([seed, part]) for part in (1, 2, 3))
    if prior == "normal":
        if classes is not None:
            raise ValueError("N(0, I) knows no classes; leave them out, or take the fitted prior")
        return of_noise.standard_normal((n, model.settings.z_size), np.float32)
    if prior != "fitted":
        raise ValueError(f'prior is {prior!r}; it must be "fitted" or "normal"')
    if model.prior is None:
        raise ValueError("this model has no fitted prior yet; training fits one at its end, or see vae.fit_prior")
    mean, factors, noise, weight = model.prior
    if classes is None:
        which = of_class.choice(len(weight), n, p=weight / weight.sum())
    else:
        classes = [classes] if isinstance(classes, str) else classes
        which = np.resize([class_index(model, name) for name in classes], n)
    low_rank = np.einsum("nk,nkz->nz", of_factors.standard_normal((n, factors.shape[1])), factors[which], optimize=True)
    return (mean[which] + low_rank + noise[which] * of_noise.standard_normal((n, mean.shape[1]))).astype(np.float32)


def sample(
    model: SketchVAE,
    n: int,
    prior: str = "fitted",
    temperature: float = 0.2,
    seed: int = 0,
    classes: Sequence[str] | None = None,
) -> list[np.ndarray]:
    """n drawings of no one in particular; see `sample_z`."""
    return decode(model, sample_z(model, n, prior, seed, classes), temperature, seed)


def class_index(model: SketchVAE, name: str) -> int:
    """The number of a class in this model, or a ValueError with the ones it knows."""
    if name not in model.settings.classes:
        raise ValueError(f"this model knows no class {name!r}; it knows: {', '.join(model.settings.classes)}")
    return model.settings.classes.index(name)


def class_mean(model: SketchVAE, name: str) -> np.ndarray:
    """The mean z (Z,) of a class's training drawings."""
    index = class_index(model, name)
    if model.prior is None:
        raise ValueError("this model has no fitted prior, so no class means")
    return model.prior.mean[index]


def typical_z(model: SketchVAE, name: str) -> np.ndarray:
    """z (Z,) that is nothing but of the class: the mean of its drawings, made as long as their z are.

    In many dimensions a mean is far shorter than what it is the mean of, and lies where no drawing does (White,
    arXiv 1609.04468); what a decoder draws from there is less of the class.
    """
    mean, index = class_mean(model, name), class_index(model, name)
    spread = (model.prior.factors[index] ** 2).sum() + (model.prior.noise[index] ** 2).sum()
    return mean * np.sqrt(1 + spread / max((mean**2).sum(), 1e-12))


def switch(
    models: SketchVAE | tuple[SketchVAE, SketchVAE],
    first: str | np.ndarray | Sequence[np.ndarray] | Switched,
    second: str | np.ndarray | Sequence[np.ndarray] | None = None,
    at: float = 1 / 3,
    n: int = 10,
    blend: float = 1.0,
    temperature: float = 0.2,
    cooler: float = 0.1,
    seed: int | Sequence[int] = 0,
    tries: int = 1,
) -> Switched:
    """Begin one drawing, change your mind, finish another, in one picture.

    Each drawing is drawn by the first mind; its beginning (`at`, a fraction of its strokes, see
    `strokes.prefix`) is run through the decoder again, every step conditioned on the second mind's z, and the
    drawing goes on from there. The published way is two single-class models, each with a mind of its own:
    `switch((cloud, camel), "cloud")`; the second model reads the partial bitmap and finishes what it sees in it.
    With one model that knows both classes, the z it reads in the partial drawing gives way to what is typical of the
    second class: `switch(model, "cloud", "camel")`.

    Args:
        models: one model, or the first mind's and the second's.
        first: a class name (n drawings from its fitted Gaussian), z (N, Z), sketches to be read, or the result
            of an earlier switch, whose drawings are cut at `at` and change their mind once more.
        second: a class name, z (N, Z) or sketches (N) to be read; None reads the partial drawings and nothing else.
        at: where the mind changes, 0..1.
        blend: how much of the second mind: 0 leaves the partial drawing's own z, 1 is the whole way.
        temperature: of the first mind; `cooler` is the second's.
        tries: how often each drawing is finished, by other chance. The second mind reads all of them again and keeps
            the one that is most like the second class: nearest to it by the covariance of its fitted Gaussian.
            The first try is what 1 draws.
    """
    mind_a, mind_b = (models, models) if isinstance(models, SketchVAE) else models
    for name, value in (("at", at), ("blend", blend)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name} is {value}; it must lie between 0 and 1")
    if second is None and blend != 1:
        raise ValueError(
            "blend goes between the partial drawings' own z and a second one; name a second, or leave it out"
        )
    if tries < 1 or (tries > 1 and not isinstance(second, str)):
        raise ValueError(f"tries is {tries}; it must be at least 1, and just 1 where the second is not named by class")
    if isinstance(first, Switched):
        whole, earlier = first
    else:
        z_first = (
            sample_z(mind_a, n, seed=_one(seed), classes=[first]) if isinstance(first, str) else _read(mind_a, first)
        )
        whole = decode(mind_a, z_first, temperature, seed)
        earlier = [()] * len(whole)
    # the beginning holds every earlier change of mind, and leaves the last mind room for a point
    limit = mind_b.settings.max_points - 1
    lengths = [
        min(max(len(prefix(sketch, at)), rows[-1] + 1 if rows else 1), len(sketch), limit)
        for sketch, rows in zip(whole, earlier, strict=True)
    ]
    beginnings = [sketch[:length] for sketch, length in zip(whole, lengths, strict=True)]
    z = second_z(mind_b, beginnings, second, blend)
    finished = decode(mind_b, z, cooler, seed, beginnings)
    if tries > 1:
        count = len(finished)
        seeds = [(seed, i) for i in range(count)] if isinstance(seed, (int, np.integer)) else [(one,) for one in seed]
        others = [(*one, k) for k in range(1, tries) for one in seeds]
        finished += decode(mind_b, np.tile(z, (tries - 1, 1)), cooler, others, beginnings * (tries - 1))
        unlike = mahalanobis(mind_b, encode(mind_b, finished), second).reshape(tries, count)
        finished = [finished[k * count + i] for i, k in enumerate(unlike.argmin(axis=0))]
    return Switched(finished, [(*rows, length) for rows, length in zip(earlier, lengths, strict=True)])


def second_z(
    model: SketchVAE,
    beginnings: Sequence[np.ndarray],
    second: str | np.ndarray | Sequence[np.ndarray] | None,
    blend: float,
) -> np.ndarray:
    """z (N, Z) by which `switch` finishes N beginnings: `blend` of the way from what is read in them to the second."""
    z = encode(model, beginnings)
    if second is None:
        return z
    return slerp(z, typical_z(model, second) if isinstance(second, str) else _read(model, second, len(z)), blend)


def mahalanobis(model: SketchVAE, z: np.ndarray, name: str) -> np.ndarray:
    """The squared distance (N,) of each z (N, Z) from a class, by the covariance of its fitted Gaussian."""
    away = np.asarray(z, np.float64) - class_mean(model, name)
    index = class_index(model, name)
    factors, noise = (part[index].astype(np.float64) for part in (model.prior.factors, model.prior.noise))
    # in a file of float16 a small deviation may have become 0
    covariance = factors.T @ factors + np.diag(np.maximum(noise, 1e-3) ** 2)
    return (away * np.linalg.solve(covariance, away.T).T).sum(axis=1)


def _one(seed: int | Sequence[int]) -> int:
    return seed if isinstance(seed, (int, np.integer)) else seed[0]


def _read(model: SketchVAE, what: np.ndarray | Sequence[np.ndarray], n: int | None = None) -> np.ndarray:
    """z (N, Z) of z itself or of sketches; a single one serves all n drawings."""
    z = _check_z(model, what) if isinstance(what, np.ndarray) and what.dtype != object else encode(model, what)
    if n is not None and len(z) not in (1, n):
        raise ValueError(f"the second mind has {len(z)} drawings for {n}; give one, or one each")
    return z if n is None else np.broadcast_to(z, (n, z.shape[1]))


def slerp(z0: np.ndarray, z1: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Spherical interpolation of vectors (..., Z), t broadcast against all but the last axis.

    Shoemake (1985), doi 10.1145/325165.325242; for latent spaces White, arXiv 1609.04468. Vectors that are
    (nearly) parallel, or one of which is zero, are joined by a straight line, which is the limit. Opposite ones
    have no one arc between them: they go around by a fixed direction at right angles.
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


def interpolate(
    model: SketchVAE,
    z0: np.ndarray,
    z1: np.ndarray,
    steps: int = 10,
    temperature: float = 0.1,
    seed: int = 0,
    path: Callable = slerp,
) -> list[np.ndarray]:
    """`steps` drawings from z0 to z1, (Z,) each, both ends included. All share their chance, so that neighbours
    differ by z alone. `path(z0, z1, t)` is `slerp`, or `lerp`."""
    if steps < 2:
        raise ValueError(f"steps is {steps}; an interpolation has at least its two ends")
    z0, z1 = _check_z(model, [z0, z1])
    return decode(model, path(z0, z1, np.linspace(0, 1, steps)), temperature, [seed] * steps)


def lerp(z0: np.ndarray, z1: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """The straight line between vectors (..., Z), t broadcast against all but the last axis."""
    t = np.asarray(t, np.float32)[..., None]
    return (1 - t) * np.asarray(z0, np.float32) + t * np.asarray(z1, np.float32)


def blend(
    model: SketchVAE, corners: np.ndarray, steps: int = 7, temperature: float = 0.1, seed: int = 0
) -> list[np.ndarray]:
    """steps x steps drawings, row by row, between four corners (4, Z): top left, top right, bottom left, right."""
    corners = _check_z(model, corners)
    if len(corners) != 4:
        raise ValueError(f"a blend has four corners; these are {len(corners)}")
    top_left, top_right, bottom_left, bottom_right = corners
    t = np.linspace(0, 1, steps)
    left, right = slerp(top_left, bottom_left, t), slerp(top_right, bottom_right, t)
    z = slerp(left[:, None], right[:, None], t[None].repeat(steps, axis=0))
    return decode(model, z.reshape(-1, z.shape[-1]), temperature, [seed] * steps**2)


def draw_sample(model: SketchVAE, name: str, n: int, seed: int = 0) -> DataSet:
    """n drawings of one class by a model, in whole pixels, split 70 : 15 : 15, as the data set that ships.

    The first n that came to an end of themselves: some scribble on until they are stopped.
    """
    drawn = sample(model, 2 * n, temperature=0.3, seed=seed, classes=[name])
    sketches = [np.rint(sketch) for sketch in drawn if len(sketch) < model.settings.max_points][:n]
    if len(sketches) < n:
        raise ValueError(
            f"only {len(sketches)} of {2 * n} drawings of {name} came to an end; train the model for longer"
        )
    cuts = [round(0.7 * n), round(0.85 * n)]
    parts = (sketches[: cuts[0]], sketches[cuts[0] : cuts[1]], sketches[cuts[1] :])
    return make_dataset({name: dict(zip(SPLITS, parts, strict=True))}, "sample")


def main() -> None:
    parser = argparse.ArgumentParser(description="Let released models draw data/sample.")
    parser.add_argument("models", nargs="+", help="names in data/models")
    parser.add_argument("--drawings", type=int, default=400, help="of each class")
    arguments = parser.parse_args()
    for model in map(load, arguments.models):
        for name in model.settings.classes:
            save_dataset(draw_sample(model, name, arguments.drawings), DATA / "sample" / f"{name}.npz")


def in_chunks(function: Callable, sketches: Sequence[np.ndarray], width: int) -> np.ndarray:
    """function(sketches) (N, width), `CHUNK` sketches at a time."""
    parts = [function(sketches[a : a + CHUNK]) for a in range(0, len(sketches), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, width), np.float32)


def compile_once(model: keras.Model, name: str, function: Callable, *kinds: tuple[tuple, str]) -> Callable:
    """The function compiled for this model, once, for inputs of these shapes and dtypes (None: any size)."""
    compiled = _compiled.setdefault(model, {})
    if name not in compiled:
        if keras.backend.backend() == "jax":
            import jax

            # the weights are arguments: captured, they would stay as they were when it was compiled
            def stateless(weights, *inputs):
                with keras.StatelessScope(zip(model.variables, weights, strict=True)):
                    return function(*inputs)

            jitted = jax.jit(stateless)
            compiled[name] = lambda *inputs: jitted([variable.value for variable in model.variables], *inputs)
        else:
            import tensorflow as tf

            signature = [tf.TensorSpec(*kind) for kind in kinds]
            # concrete: TensorFlow would take another model's tracing for a tracing too many, and warn
            compiled[name] = tf.function(function, input_signature=signature).get_concrete_function()
    return compiled[name]


if __name__ == "__main__":
    main()
