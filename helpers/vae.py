"""The network: a convolutional (or recurrent) encoder, an LSTM decoder and its mixture density loss.

Sketch-RNN (Ha & Eck, arXiv 1704.03477) with the encoder that sees the drawing as a picture. Written in
`keras.ops`, so that the same file trains under `fit` on TensorFlow and on JAX.
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from helpers import weights
from helpers.formats import MAX_POINTS
from helpers.strokes import DOWN, END

LOG_2PI = float(np.log(2 * np.pi))
# Offsets are whole pixels, a thirtieth of a unit or so. A Gaussian much narrower than a pixel would be paid for
# guessing the rounding, not the drawing.
SIGMA_MIN = 0.01
RHO_MAX = 0.95  # keeps 1 - rho^2, a divisor, away from 0
WAVES = (512, 256, 128, 64)  # pixels: the lengths of the waves that say where the pen is
PLACE = 2 + 4 * len(WAVES)
PRIOR_RANK = 64  # directions kept of each class's covariance
FORMAT = "midstroke model 1"


@dataclass(frozen=True)
class Settings:
    """What a network is, apart from its weights. It travels with them."""

    classes: tuple[str, ...]
    scale: float  # standard deviation of the training offsets, pixels: the model sees offsets divided by it
    mean_points: float  # points of a training drawing: what a drawing's summed loss is divided by
    encoder: str = "cnn"  # "cnn" reads the bitmap, "rnn" the strokes
    z_size: int = 512
    units: int = 512  # of the decoder's LSTM
    components: int = 20  # bivariate Gaussians a step
    size: int = 48  # of the bitmap, pixels
    max_points: int = 128  # longest drawing trained on, and drawn
    position: bool = False  # whether the decoder is told where the pen is, beside how it came there
    prior: str = "normal"  # what z is trained towards: "normal", N(0, I), or "class", N(its class's centre, I)


class Prior(NamedTuple):
    """A Gaussian a class, fitted to encoded training drawings: mean, main directions and what is left over.

    `mean` (C, Z); `factors` (C, K, Z), eigenvectors times the root of what their eigenvalues have above the
    rest; `noise` (C, Z), standard deviation of the rest; `weight` (C,), share of the drawings. Probabilistic
    PCA with a noise of its own for each dimension: Tipping & Bishop (1999), doi 10.1111/1467-9868.00196.
    """

    mean: np.ndarray
    factors: np.ndarray
    noise: np.ndarray
    weight: np.ndarray


def place(position, scale: float):
    """Where the pen is, (..., 2) in units of `scale` pixels from its start, as a decoder is told it, (..., 18).

    x and y, and their sines and cosines: near and far, as a linear layer can tell them apart (Tancik et al., arXiv
    2006.10739). An LSTM that sees offsets alone has to add them up, and its sum drifts: long drawings come apart.
    """
    pixels = position * scale
    waves = [2 * np.pi / wave * pixels for wave in WAVES]
    return ops.concatenate([pixels / 128, *map(ops.sin, waves), *map(ops.cos, waves)], axis=-1)


class Decoder(keras.layers.Layer):
    """z and the points so far to the parameters of the next point's mixture.

    One set of weights in the layout of Keras's LSTM, three paths: Keras's own layer (cuDNN) where TensorFlow has
    a GPU, `_lstm_loop` elsewhere, and `step` for drawing.
    """

    def __init__(self, units: int, z_size: int, components: int, scale: float, position: bool, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.units, self.z_size, self.scale, self.position = units, z_size, scale, position
        self.inputs = 5 + PLACE * position  # a point's share of the kernel's rows; z's follow
        self.initial = keras.layers.Dense(2 * units, activation="tanh", dtype="float32", name="initial")
        self.lstm = keras.layers.LSTM(
            units, return_sequences=True, return_state=True, dtype=self.dtype_policy, name="lstm"
        )
        # pi, mu_x, mu_y, sigma_x, sigma_y, rho of each component, then three pen states
        self.head = keras.layers.Dense(6 * components + 3, dtype=self.dtype_policy, name="head")

    def build(self, *_):
        self.initial.build((None, self.z_size))
        self.lstm.build((None, None, self.inputs + self.z_size))
        self.head.build((None, self.units))
        self.built = True

    def start(self, z):
        """The state before the first point (h, c, where the pen is), and what is the same at every step: z's share of
        the gates (B, 4H), and the recurrent kernel in the precision of the products."""
        kernel, bias = self.lstm.cell.kernel, self.lstm.cell.bias
        gates = ops.cast(ops.matmul(self._low(z), self._low(kernel[self.inputs :])), "float32") + bias
        return (*ops.split(self.initial(z), 2, axis=-1), ops.zeros_like(z[:, :2])), (gates, self._low(self.lstm.cell.recurrent_kernel))

    def call(self, points, z, keep=None):
        """points (B, T, 5), each the one before the point to be drawn; z (B, Z). Returns (B, T, 6M + 3) float32.

        `keep` (B, H) multiplies what the LSTM takes up anew: recurrent dropout without loss of memory (Semeniuta et
        al., arXiv 1603.05118), one mask a drawing.
        """
        (h, c, _), (z_gates, recurrent) = self.start(z)
        if self.position:
            points = ops.concatenate([points, place(ops.cumsum(points[..., :2], axis=1), self.scale)], axis=-1)
        if has_tensorflow_gpu() and keep is None:
            tiled = ops.repeat(z[:, None], ops.shape(points)[1], axis=1)
            hidden, _, _ = self.lstm(ops.concatenate([points, tiled], axis=-1), initial_state=[h, c])
        else:
            point_kernel = self._low(self.lstm.cell.kernel[: self.inputs])
            gates = ops.cast(ops.matmul(self._low(points), point_kernel), "float32") + z_gates[:, None]
            hidden = _lstm_loop(gates, recurrent, h, c, keep)
        return ops.cast(self.head(hidden), "float32")

    def step(self, point, state, same):
        """One point (B, 5) further: the new state and the mixture's parameters (B, 6M + 3). See `start`."""
        (h, c, where), (z_gates, recurrent) = state, same
        where = where + point[:, :2]
        if self.position:
            point = ops.concatenate([point, place(where, self.scale)], axis=-1)
        gates = ops.matmul(point, self.lstm.cell.kernel[: self.inputs]) + z_gates
        gates = gates + ops.cast(ops.matmul(self._low(h), recurrent), "float32")
        h, c, _ = _cell(gates, c)
        return (h, c, where), ops.cast(self.head(h), "float32")

    def _low(self, tensor):
        return ops.cast(tensor, self.compute_dtype)


def has_tensorflow_gpu() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def _cell(gates, c, keep=1.0):
    """An LSTM cell after its matrix products; also its activated gates in Keras's order: input, forget, new, output."""
    i, f, n, o = ops.split(gates, 4, axis=-1)
    i, f, n, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(n), ops.sigmoid(o)
    c = f * c + i * n * keep
    return o * ops.tanh(c), c, ops.concatenate([i, f, n, o], axis=-1)


def _lstm_loop(gates, kernel, h, c, keep=None):
    """Hidden states (B, T, H) of an LSTM whose input's share of the gates (B, T, 4H) is known. `keep`: `Decoder.call`.

    `kernel`, the recurrent one, sets the precision of the matrix products; all else is float32.

    The gradient is written out because that is faster by a quarter: autodiff would add up one product for the
    recurrent kernel at every step, where one product over all steps does (and loses nothing in bfloat16).
    """

    @ops.custom_gradient
    def loop(gates, kernel, h0, c0, keep):
        def low(x):
            return ops.cast(x, kernel.dtype)

        def times(x, matrix):
            return ops.cast(ops.matmul(low(x), matrix), "float32")

        def forward(carry, gates):
            h, c, _ = carry
            carry = _cell(gates + times(h, kernel), c, keep)
            return carry, carry

        _, (hs, cs, activated) = ops.scan(forward, (h0, c0, ops.zeros_like(gates[0])), gates)

        def gradient(*args, upstream=None):
            (d_hs,) = args if upstream is None else (upstream,)
            h_before = ops.concatenate([h0[None], hs[:-1]], axis=0)
            c_before = ops.concatenate([c0[None], cs[:-1]], axis=0)
            transposed = ops.transpose(kernel)

            def backward(carry, t):
                d_h, d_c, _ = carry
                i, f, n, o = ops.split(ops.take(activated, t, axis=0), 4, axis=-1)
                tanh_c = ops.tanh(ops.take(cs, t, axis=0))
                d_h = d_h + ops.take(d_hs, t, axis=0)
                d_c = d_c + d_h * o * (1 - tanh_c * tanh_c)
                d_gates = ops.concatenate(
                    [
                        d_c * keep * n * i * (1 - i),
                        d_c * ops.take(c_before, t, axis=0) * f * (1 - f),
                        d_c * keep * i * (1 - n * n),
                        d_h * tanh_c * o * (1 - o),
                    ],
                    axis=-1,
                )
                carry = (times(d_gates, transposed), d_c * f, d_gates)
                return carry, carry

            start = (ops.zeros_like(h0), ops.zeros_like(c0), ops.zeros_like(gates[0]))
            # over indices: Keras's scan takes several sequences only where their length is static
            steps = ops.arange(ops.shape(hs)[0])
            (d_h, d_c, _), (_, _, d_gates) = ops.scan(backward, start, steps, reverse=True)
            rows = low(ops.reshape(h_before, (-1, ops.shape(h0)[-1])))
            d_kernel = ops.matmul(ops.transpose(rows), low(ops.reshape(d_gates, (-1, ops.shape(gates)[-1]))))
            return d_gates, d_kernel, d_h, d_c, ops.zeros_like(keep)

        return hs, gradient

    # not a variable as it is: TensorFlow would want its gradient apart
    keep = ops.ones_like(h) if keep is None else keep
    hidden = loop(ops.transpose(gates, (1, 0, 2)), kernel * 1, h, c, keep)
    return ops.transpose(hidden, (1, 0, 2))


def _cnn(dtype) -> list[keras.layers.Layer]:
    layers = []
    for i, (filters, stride) in enumerate([(32, 2), (64, 2), (128, 2), (128, 1), (128, 2)]):
        layers += [
            keras.layers.Conv2D(filters, 3, stride, padding="same", use_bias=False, dtype=dtype, name=f"conv{i}"),
            # does not look at the rest of the batch: the same on one device and on many
            keras.layers.GroupNormalization(8, dtype=dtype, name=f"norm{i}"),
            keras.layers.ReLU(dtype=dtype),
        ]
    return [*layers, keras.layers.Flatten(dtype=dtype)]


def _rnn(dtype) -> list[keras.layers.Layer]:
    return [BothWays(256, dtype=dtype, name="both")]


class BothWays(keras.layers.Layer):
    """A bidirectional LSTM: (B, T, 5) with zeros behind each drawing to its last state in both directions, (B, 2H)."""

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.lstms = [
            keras.layers.LSTM(units, return_sequences=True, dtype=self.dtype_policy, name=f"{way}_lstm")
            for way in ("forward", "backward")
        ]

    def build(self, shape):
        for lstm in self.lstms:
            lstm.build(shape)
        self.built = True

    def call(self, rows):
        real = ops.any(ops.not_equal(rows, 0), axis=-1)
        lengths = ops.sum(ops.cast(real, "int32"), axis=1, keepdims=True)
        steps = ops.arange(ops.shape(rows)[1])[None]
        backwards = ops.where(steps < lengths, lengths - 1 - steps, steps)
        reverse = ops.take_along_axis(rows, backwards[..., None], axis=1)
        last = []
        for lstm, x in zip(self.lstms, (rows, reverse), strict=True):
            # nothing that stands behind a drawing's last row has a say in its state there
            last.append(ops.take_along_axis(self._hidden(lstm, x), lengths[..., None] - 1, axis=1)[:, 0])
        return ops.concatenate(last, axis=-1)

    def _hidden(self, lstm, rows):
        if has_tensorflow_gpu():
            return lstm(rows)
        kernel, recurrent = (ops.cast(x, self.compute_dtype) for x in (lstm.cell.kernel, lstm.cell.recurrent_kernel))
        gates = ops.cast(ops.matmul(rows, kernel), "float32") + lstm.cell.bias
        zeros = ops.zeros_like(gates[:, 0, : self.units])
        return _lstm_loop(gates, recurrent, zeros, zeros)


class SketchVAE(keras.Model):
    """The variational autoencoder. `settings` say what it is; `prior` is set once training has fitted one.

    Inputs of a training step, a dictionary:

    - `seen`: what the encoder sees, uint8 bitmaps (B, S, S) or, for the RNN encoder, stroke-5 (B, T', 5) with
      rows of zeros behind each drawing;
    - `target`: stroke-5 (B, T, 5), offsets divided by `settings.scale`, at least one end row a drawing;
    - `given` (B,): how many of its first rows are there already, and not to be predicted;
    - `label` (B,): the number of its class;
    - `noise` (B, Z): standard normal, or zeros to decode the mean;
    - `keep` (B, H): recurrent dropout, see `Decoder.call`; ones to drop nothing;
    - `kl_weight` (B,) and `free_bits` (B,): the KL term is `kl_weight * max(kl, free_bits)`, in nats a drawing.
    """

    def __init__(self, settings: Settings, dtype: str = "float32"):
        super().__init__(name="sketch_vae", dtype=dtype, autocast=False)  # losses and z stay float32
        if settings.encoder not in ("cnn", "rnn"):
            raise ValueError(f'encoder is {settings.encoder!r}; it must be "cnn" or "rnn"')
        self.settings = settings
        self.prior: Prior | None = None
        self.facts: dict = {}  # what its card says of its training
        self.saved_as: str | None = None  # what `load` was given: a name or a path
        body = _cnn(dtype) if settings.encoder == "cnn" else _rnn(dtype)
        self.body = keras.Sequential(body, name="encoder")
        self.stats = keras.layers.Dense(2 * settings.z_size, dtype="float32", name="stats")
        self.decoder = Decoder(
            settings.units,
            settings.z_size,
            settings.components,
            settings.scale,
            settings.position,
            dtype=dtype,
            name="decoder",
        )
        self.reconstruction = keras.metrics.Mean("reconstruction")  # nats a real point
        self.kl = keras.metrics.Mean("kl")  # nats a drawing
        self._reduce = MeanLoss()
        self.build()

    def build(self, *_):
        if self.settings.encoder == "cnn":
            shape = (None, self.settings.size, self.settings.size, 3)
        else:
            shape = (None, None, 5)
        self.body.build(shape)
        self.stats.build(self.body.output_shape)
        self.decoder.build()
        if self.settings.prior == "class":  # where each class's z are trained to lie; set once, see `class_centers`
            shape = (len(self.settings.classes), self.settings.z_size)
            self.centers = self.add_weight(shape, "zeros", "float32", trainable=False, name="centers")
        self.built = True

    def encode(self, seen):
        """What the encoder sees to the mean and the log variance of z, (B, Z) each."""
        if self.settings.encoder == "cnn":
            seen = _with_coordinates(ops.cast(seen, "float32") / 255)
        mean, log_variance = ops.split(self.stats(self.body(seen)), 2, axis=-1)
        return mean, ops.clip(log_variance, -10.0, 10.0)

    def call(self, inputs):
        mean, log_variance = self.encode(inputs["seen"])
        z = mean + ops.exp(0.5 * log_variance) * inputs["noise"]
        target = inputs["target"]
        start = ops.zeros_like(target[:, :1]) + ops.one_hot(DOWN, 5)
        return self.decoder(ops.concatenate([start, target[:, :-1]], axis=1), z, inputs["keep"]), mean, log_variance

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean over the drawings of (reconstruction + kl_weight max(kl, free_bits)) / mean_points."""
        parameters, mean, log_variance = y_pred
        target = x["target"]
        reconstruction = reconstruction_loss(target, parameters, x["given"])
        if self.settings.prior == "class":
            mean = mean - ops.take(self.centers, x["label"], axis=0)
        kl = 0.5 * ops.sum(mean**2 + ops.exp(log_variance) - 1 - log_variance, axis=-1)
        points = ops.sum(1 - target[..., END], axis=-1) - x["given"]
        self.reconstruction.update_state(reconstruction / points, sample_weight=points)
        self.kl.update_state(kl)
        total = reconstruction + x["kl_weight"] * ops.maximum(kl, x["free_bits"])
        return self._reduce(ops.zeros_like(total), total / self.settings.mean_points)


class MeanLoss(keras.losses.Loss):
    """Per-drawing values to their mean; Keras's base class divides by the replicas, as tf.distribute needs."""

    def call(self, y_true, y_pred):
        return y_pred


def _with_coordinates(bitmaps):
    """(B, S, S) to (B, S, S, 3): the ink, x and y from -1 to 1 (CoordConv, arXiv 1807.03247)."""
    size = bitmaps.shape[1]
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)[None]
    tiles = ops.zeros_like(bitmaps)[..., None] + ops.convert_to_tensor(grid)
    return ops.concatenate([bitmaps[..., None], tiles], axis=-1)


def mixture(parameters):
    """The head's (..., 6M + 3) as log pi, mu (.., M, 2), sigma (.., M, 2), rho and the pen states' log-probabilities.

    Ha & Eck, equations 3 to 6, but sigma and rho are kept from their singular ends.
    """
    parts = ops.split(parameters[..., :-3], 6, axis=-1)
    log_pi = ops.log_softmax(parts[0], axis=-1)
    mu = ops.stack(parts[1:3], axis=-1)
    sigma = SIGMA_MIN + ops.exp(ops.minimum(ops.stack(parts[3:5], axis=-1), 5.0))
    rho = RHO_MAX * ops.tanh(parts[5])
    return log_pi, mu, sigma, rho, ops.log_softmax(parameters[..., -3:], axis=-1)


def reconstruction_loss(target, parameters, given):
    """Negative log-likelihood of each drawing, (B,), nats, summed over its real points but the first `given` (B,).

    Offsets (equation 9 of Ha & Eck, by log-sum-exp) count at the n real points, pen states (the second part of
    equation 9) at those and at the end that follows them: where to stop has to be learned too.
    """
    log_pi, mu, sigma, rho, log_pen = mixture(parameters)
    deviation = (target[..., None, :2] - mu) / sigma
    dx, dy = deviation[..., 0], deviation[..., 1]
    free = 1 - rho**2
    distance = (dx**2 + dy**2 - 2 * rho * dx * dy) / free
    log_normal = -0.5 * distance - LOG_2PI - ops.sum(ops.log(sigma), axis=-1) - 0.5 * ops.log(free)
    offsets = -ops.logsumexp(log_pi + log_normal, axis=-1)
    pen = -ops.sum(target[..., DOWN:] * log_pen, axis=-1)
    real = 1 - target[..., END]
    real_and_end = ops.concatenate([ops.ones_like(real[:, :1]), real[:, :-1]], axis=1)
    asked = ops.cast(ops.arange(ops.shape(target)[1])[None] >= ops.cast(given, "int32")[:, None], "float32")
    return ops.sum(asked * (offsets * real + pen * real_and_end), axis=-1)


def class_centers(directions: np.ndarray, radius: float) -> np.ndarray:
    """The centres (C, Z) of a class-conditional prior: orthogonal, `radius` from the origin, near the directions (C, Z).

    Raises ValueError for a single class, for more classes than dimensions and for a radius that is not above 0.
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
    """The Gaussian of each class's encoded drawings z (N, Z), labels (N,) in 0..classes-1."""
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


def save(model: SketchVAE, path: Path | str, facts: dict | None = None) -> Path:
    """Writes `<path>.npz`: weights and prior as float16, settings and `facts` (for the card) as JSON. No pickle.

    A bare name goes to `data/models/`. The write is atomic.
    """
    prior = {} if model.prior is None else {f"prior/{name}": part for name, part in model.prior._asdict().items()}
    header = {"format": FORMAT, "settings": asdict(model.settings), "facts": facts or {}}
    return weights.save(path, header, model, prior)


def load(name: Path | str, dtype: str = "float32") -> SketchVAE:
    """The model saved as `data/models/<name>.npz`, or at a path. Runs no code from the file.

    `dtype` "mixed_bfloat16" draws hundreds at a time faster where the processor multiplies bfloat16 (see
    `training.fast_dtype`), a few at a time more slowly. Its drawings are others than float32's of the same seed.

    Raises FileNotFoundError with the names there are, and ValueError where the file is no model of this kind or
    its weights do not fit its settings.
    """
    header, arrays = weights.load(name, FORMAT)
    path = weights.locate(name)
    settings = _settings(header.get("settings"), path)
    # before a network is made: one that the file's arrays do not fill could take all the memory there is
    z_size, units, side = settings.z_size, settings.units, -(-settings.size // 16)
    for key, shape in {
        "stats/kernel": (128 * side * side if settings.encoder == "cnn" else 512, 2 * z_size),
        "decoder/initial/kernel": (z_size, 2 * units),
        "decoder/lstm/lstm_cell/recurrent_kernel": (units, 4 * units),
        "decoder/head/kernel": (units, 6 * settings.components + 3),
    }.items():
        weights.take(arrays, f"weight/{key}", shape, path)
    model = SketchVAE(settings, dtype)
    model.facts = header.get("facts", {})
    model.saved_as = str(name)
    weights.assign(model, arrays, path)
    if "prior/mean" in arrays:
        model.prior = _prior(arrays, model.settings, path)
    return model


def _prior(arrays: dict, settings: Settings, path: Path) -> Prior:
    """The saved prior, float32, or a ValueError that names the part that does not fit."""
    classes, size = len(settings.classes), settings.z_size
    shapes = {"mean": (classes, size), "factors": (classes, None, size), "noise": (classes, size), "weight": (classes,)}
    prior = Prior(**{name: weights.take(arrays, f"prior/{name}", shape, path) for name, shape in shapes.items()})
    if prior.weight.min() < 0 or not prior.weight.sum() > 0:
        raise ValueError(f"{path}: the prior's weights are no shares of the classes")
    return prior


def _settings(values: object, path: Path) -> Settings:
    names = {field.name for field in fields(Settings)}
    if isinstance(values, dict):  # files of before there were these
        values = {"position": False, "prior": "normal"} | values
    if not isinstance(values, dict) or set(values) != names:
        raise ValueError(f"{path}: its settings are not those of a model: expected {sorted(names)}")
    classes, largest = values["classes"], {"z_size": 1 << 16, "units": 1 << 16, "components": 1000, "size": 1024}
    if not isinstance(classes, list) or not classes or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"{path}: its classes are not a list of names")
    for name, most in (largest | {"max_points": MAX_POINTS}).items():
        if type(values[name]) is not int or not 1 <= values[name] <= most:
            raise ValueError(
                f"{path}: its {name} is {str(values[name])[:99]}; it must be a whole number up to {most:,}"
            )
    for name in ("scale", "mean_points"):
        if type(values[name]) not in (int, float) or not 0 < values[name] < np.inf:
            raise ValueError(f"{path}: its {name} is {str(values[name])[:99]}; it must be a number above 0")
    if values["encoder"] not in ("cnn", "rnn"):
        raise ValueError(f'{path}: its encoder is {str(values["encoder"])[:99]!r}; it must be "cnn" or "rnn"')
    if values["prior"] not in ("normal", "class"):
        raise ValueError(f'{path}: its prior is {str(values["prior"])[:99]!r}; it must be "normal" or "class"')
    if type(values["position"]) is not bool:
        raise ValueError(f"{path}: its position is {str(values['position'])[:99]}; it must be true or false")
    return Settings(**values | {"classes": tuple(classes)})
