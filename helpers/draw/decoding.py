"""Everything drawn from a trained model: batched, seeded, and compiled once.

All of it comes down to `encode`, which reads drawings, and `decode`, one compiled loop that draws N drawings at
once. The loop can be given the beginning of each drawing: it then runs those points through the decoder, every
step conditioned on z, and goes on from the state it arrives at. That is z-switching.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from helpers.model.compiled import CHUNK, compile_once, in_chunks
from helpers.model.loss import mixture
from helpers.model.vae import SketchVAE
from helpers.sketch.raster import render_batch
from helpers.sketch.stroke5 import DOWN, END, from_stroke5, to_stroke5, to_stroke5_batch
from helpers.sketch.strokes import check

BLOCK = 16  # rows that are drawn between looks at which drawings have come to an end
TILE = 24  # a multiple of the rows that matrix products take at a time


def encode(model: SketchVAE, sketches: Sequence[np.ndarray]) -> np.ndarray:
    """What the model reads in drawings.

    Parameters
    ----------
    model : SketchVAE
    sketches : sequence of ndarray
        (n, 3) each, N of them, in pixels.

    Returns
    -------
    ndarray
        float32 (N, Z), the mean of z of each.

    Raises
    ------
    ValueError
        For a sketch that is none, see `sketch.check`.
    """
    sketches = [check(sketch) for sketch in sketches]
    order = np.arange(len(sketches))
    if model.settings.encoder == "rnn":  # which reads as many rows of each as the longest of a chunk has
        order = np.argsort([len(sketch) for sketch in sketches], kind="stable")
    z = np.empty((len(sketches), model.settings.z_size), np.float32)
    z[order] = in_chunks(lambda part: _encode_chunk(model, part), [sketches[i] for i in order], model.settings.z_size)
    return z


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
    rows = to_stroke5_batch(sketches, length, scale)
    after_end = np.cumsum(rows[..., END], axis=1) > 1
    rows[after_end] = 0
    return rows


def decode(
    model: SketchVAE,
    z: np.ndarray,
    temperature: float = 0.2,
    seed: int | Sequence[int] = 0,
    prefixes: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """A drawing for each z. One that has not ended after the model's `max_points` ends there.

    Parameters
    ----------
    model : SketchVAE
    z : ndarray
        (N, Z).
    temperature : float
        Divides the logits of the mixture and multiplies the variances (Ha & Eck, arXiv 1704.03477, equation 8). The pen
        keeps its own probabilities (`model.Settings.pen`): if it were cooled, a pen that ends a scribble once in ten
        points would never end it.
    seed : int or sequence of int
        One number for the batch, so that the first drawings are the same however many follow; or one for each
        drawing, so that drawings with the same seed share their noise, as frames of an animation should.
    prefixes : sequence of ndarray, optional
        Partial sketches (n, 3) that each drawing has to start with; they come back unchanged, bit for bit.

    Returns
    -------
    list of ndarray
        N sketches, float32 (n, 3), in pixels.

    Raises
    ------
    ValueError
        For z of another size or not finite, a temperature that is not positive, and prefixes that are too many, too
        few or too long.

    Examples
    --------
    >>> model = load_model("menagerie")  # doctest: +SKIP
    >>> grid(decode(model, sample_z(model, 20, classes=["owl"]), seed=1))  # doctest: +SKIP
    """
    z = check_z(model, z)
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature is {temperature}; it must be above 0, and finite")
    if prefixes is not None and len(prefixes) != len(z):
        raise ValueError(f"{len(prefixes)} prefixes for {len(z)} drawings")
    noise = _noise(seed, len(z), model.settings.max_points)
    drawn = []
    for a in range(0, len(z), CHUNK):
        part = None if prefixes is None else prefixes[a : a + CHUNK]
        drawn += _decode_chunk(model, z[a : a + CHUNK], temperature, noise[a : a + CHUNK], part)
    return drawn


def check_z(model: SketchVAE, z: np.ndarray) -> np.ndarray:
    """z as float32 (N, Z), or a ValueError for another shape and numbers that are not finite."""
    z = np.asarray(z, np.float32)
    if z.ndim != 2 or z.shape[1] != model.settings.z_size:
        raise ValueError(f"z has shape {z.shape}; this model wants (N, {model.settings.z_size})")
    if not np.isfinite(z).all():
        raise ValueError(f"z of drawing {int((~np.isfinite(z)).any(axis=1).argmax())} is not finite")
    return z


def _noise(seed: int | Sequence[int], n: int, length: int) -> np.ndarray:
    """All the noise in n drawings, (n, length, 4): two uniform numbers (component, pen), two normal (dx, dy)."""
    if isinstance(seed, (int, np.integer)):
        uniform = np.random.default_rng(seed).random((n, length, 4), np.float32)
    else:
        if len(seed) != n:
            raise ValueError(f"{len(seed)} seeds for {n} drawings: give one seed, or one for each drawing")
        uniform = np.empty((n, length, 4), np.float32)
        for row, one in zip(uniform, seed, strict=True):
            np.random.default_rng(one).random((length, 4), np.float32, out=row)
    # Box & Muller (1958), doi 10.1214/aoms/1177706645
    radius = np.sqrt(-2 * np.log1p(-uniform[..., 2]))
    angle = 2 * np.pi * uniform[..., 3]
    return np.stack([uniform[..., 0], uniform[..., 1], radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def _decode_chunk(
    model: SketchVAE, z: np.ndarray, temperature: float, noise: np.ndarray, prefixes: Sequence[np.ndarray] | None
) -> list[np.ndarray]:
    limit, scale = model.settings.max_points, model.settings.scale
    prefix = np.zeros((len(z), limit, 5), np.float32)
    lengths = np.zeros(len(z), np.int32)
    for i, sketch in enumerate(prefixes or ()):
        check(sketch)
        if len(sketch) > limit:
            raise ValueError(f"prefix {i} has {len(sketch)} points; this model draws at most {limit}")
        prefix[i, : len(sketch)] = to_stroke5(sketch, len(sketch) + 1)[:-1]
        lengths[i] = len(sketch)
    prefix[..., :2] /= scale
    rows = _draw(model, z, np.float32(temperature), noise, prefix, lengths)
    sketches = []
    for i, row in enumerate(rows):
        sketch = from_stroke5(row)
        sketch[:, :2] *= scale
        if lengths[i]:  # as it was, not as it came back through the scale
            start = prefixes[i]
            sketch = np.concatenate([start, sketch[lengths[i] :]]).astype(np.float32)
        sketches.append(sketch)
    return sketches


def _draw(
    model: SketchVAE, z: np.ndarray, temperature: float, noise: np.ndarray, prefix: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """The rows (N, T, 5) of N drawings, `BLOCK` at a time; after each block the finished drawings leave the batch."""
    n, limit, _ = noise.shape
    units, size = model.settings.units, z.shape[1]
    start = compile_once(model, "decode start", lambda z: _flat(*model.decoder.start(z)), ((None, size), "float32"))
    block = compile_once(
        model,
        "decode block",
        _block(model),
        ((None, 5), "float32"),
        *[((None, width), "float32") for width in (units, units, 3)],
        ((None, None, 3), "float32"),
        ((None, 4 * units), "float32"),
        *[((None, None, width), "float32") for width in (4, 5)],
        ((None,), "int32"),
        ((), "int32"),
        ((), "float32"),
    )
    rows = np.zeros((n, limit, 5), np.float32)
    rows[..., END] = 1
    point = ops.zeros((n, 5), "float32") + ops.one_hot(DOWN, 5, dtype="float32")
    state = start(ops.convert_to_tensor(z))
    going = np.arange(n)
    for t in range(0, limit, BLOCK):
        here = slice(t, min(t + BLOCK, limit))
        if model.settings.view:  # room for the ink of the rows to come
            state = (*state[:3], ops.pad(state[3], [[0, 0], [2 * (here.stop - t), 0], [0, 0]]), state[-1])
        chunk = noise[going, here], prefix[going, here], lengths[going], np.int32(t), np.float32(temperature)
        drawn, point, *moved = block(point, *state, *map(ops.convert_to_tensor, chunk))
        rows[going, here] = np.asarray(drawn).transpose(1, 0, 2)
        ended = rows[going, here.stop - 1, END] > 0.5
        if ended.all():
            break
        state = (*moved, state[-1])
        stay = _who_stays(ended, n)
        # JAX would compile the block anew for every other number of drawings
        if len(stay) < len(going) and keras.backend.backend() != "jax":
            going = going[stay]
            point, *state = (ops.take(part, stay, axis=0) for part in (point, *state))
    return rows


def _who_stays(ended: np.ndarray, n: int) -> np.ndarray:
    """The places in a batch, begun with n drawings, of those that stay in it: the unfinished, and some that have ended.

    A matrix product takes rows `TILE` at a time, and the rows left over at its end by other code, whose last bits
    differ. So whole tiles leave, and the end stays: each drawing comes out as if none had left.
    """
    over = n % TILE
    body, tail = np.arange(len(ended) - over), np.arange(len(ended) - over, len(ended))
    going, done = body[~ended[body]], body[ended[body]]
    return np.concatenate([np.sort(np.concatenate([going, done[: -len(going) % TILE]])), tail])


def _flat(state: tuple, same: tuple) -> tuple:
    return (*state, same[0])


def _block(model: SketchVAE) -> Callable:
    """The sampling loop for some rows: from the last point, state, noise, given points, how many of these there are,
    the number of the first row and the temperature to the rows (T, N, 5), the last point and the state after it."""

    def block(point, h, c, pen, ink, gates, noise, prefix, lengths, begin, temperature):
        noise, prefix = ops.transpose(noise, (1, 0, 2)), ops.transpose(prefix, (1, 0, 2))
        count = ops.shape(noise)[0]
        same = (gates, model.decoder.recurrent_kernel())
        end = ops.one_hot(END, 5, dtype="float32")

        def unfinished(t, point, h, c, pen, ink, rows):
            return ops.logical_and(t < count, ops.any(point[:, END] < 0.5))

        def step(t, point, h, c, pen, ink, rows):
            ended = point[:, END:] > 0.5
            (h, c, pen, ink), parameters = model.decoder.step(point, (h, c, pen, ink), same)
            drawn = _pick(parameters, temperature, ops.take(noise, t, axis=0), begin + t > 0, model.settings.pen)
            point = ops.where(begin + t < lengths[:, None], ops.take(prefix, t, axis=0), drawn)
            point = ops.where(ended, end, point)
            return t + 1, point, h, c, pen, ink, ops.where(ops.arange(count)[:, None, None] == t, point[None], rows)

        start = (0, point, h, c, pen, ink, ops.zeros_like(prefix) + end)
        _, point, h, c, pen, ink, rows = ops.while_loop(unfinished, step, start)
        return rows, point, h, c, pen, ink

    return block


def _pick(parameters, temperature, noise, may_end, cooling):
    """A stroke-5 point (N, 5) from the mixture (N, 6M + 3) and its noise (N, 4). A drawing has at least one."""
    log_pi, mu, sigma, rho, log_pen = mixture(parameters)
    log_pen = ops.where(may_end, log_pen, log_pen - 1e9 * ops.one_hot(END - DOWN, 3, dtype="float32"))
    component = _inverse_cdf(log_pi / temperature, noise[:, 0])
    pen = _inverse_cdf(log_pen / temperature**cooling, noise[:, 1])

    def chosen(x):
        return ops.sum(x * component[..., None], axis=1)

    mu, sigma, rho = chosen(mu), chosen(sigma) * ops.sqrt(temperature), chosen(rho[..., None])
    dx, dy = noise[:, 2:3], noise[:, 3:4]
    normal = ops.concatenate([dx, rho * dx + ops.sqrt(1 - rho**2) * dy], axis=-1)
    # an end has no offset
    offset = (mu + sigma * normal) * (1 - pen[:, -1:])
    return ops.concatenate([offset, pen], axis=-1)


def _inverse_cdf(logits, uniform):
    """One-hot (N, K): the first category at which the running sum of probabilities passes the uniform number."""
    cumulative = ops.cumsum(ops.softmax(logits, axis=-1), axis=-1)
    # the sum may fall short of 1 by rounding; the last category catches that
    index = ops.sum(ops.cast(cumulative[:, :-1] <= uniform[:, None], "int32"), axis=-1)
    return ops.one_hot(index, logits.shape[-1], dtype="float32")
