"""The network's layers: the encoders that see a bitmap or read strokes, and the LSTM decoder."""

import keras
import numpy as np
from keras import ops

from helpers.sketch.stroke5 import DOWN

WAVES = (512, 256, 128, 64)  # pixels: the lengths of the waves that say where the pen is
PLACE = 2 + 4 * len(WAVES)
CELLS = 8  # a side of the view
VIEW = CELLS**2
NEAR, FAR = 8.0, 256.0  # pixels from the pen: cells are about as wide as the first; the last lie at the second


def place(position, scale: float):
    """Where the pen is, (..., 2) in units of `scale` pixels from its start, in the form a decoder is told it, (...,
    18).

    x and y, and their sines and cosines at several wavelengths: a linear layer can tell near and far apart by them
    (Tancik et al., arXiv 2006.10739). An LSTM that sees only offsets has to add them up, and its sum drifts: long
    drawings come apart.
    """
    pixels = position * scale
    waves = [2 * np.pi / wave * pixels for wave in WAVES]
    return ops.concatenate([pixels / 128, *map(ops.sin, waves), *map(ops.cos, waves)], axis=-1)


def look(ink, places, here):
    """The ink around the pen, as a decoder sees it: (B, T, 64), how much of it lies in each of 8 x 8 cells.

    `ink` (B, T, S), in pixels, lies at `places` (B, S, 2) when the pen is at `here` (B, T, 2). The cells grow with the
    distance from the pen, like an eye's resolution, and ink between the middles of two cells is shared by both. A
    decoder that sees what it has drawn need not keep it in mind, and does not draw a third eye.
    """
    unit = (CELLS - 1) / 2 / np.arcsinh(FAR / NEAR)
    away = ops.arcsinh((places[:, None] - here[:, :, None]) / NEAR) * unit + (CELLS - 1) / 2
    away = ops.clip(away, 0, CELLS - 1)[..., None]
    shares = ops.relu(1 - ops.abs(away - np.arange(CELLS, dtype=np.float32)))  # (B, T, S, 2, 8)
    columns, rows = shares[..., 0, :], shares[..., 1, :] * ink[..., None]
    cells = ops.matmul(ops.swapaxes(rows, -1, -2), columns)
    return ops.log1p(ops.reshape(cells, (*ops.shape(cells)[:2], VIEW)) / 16)


def lay_ink(before, after, down):
    """The ink of N segments, (B, 2 N) in pixels, and where it lies, (B, 2 N, 2): half of it at the middle of each, half
    at its end. `before` and `after` (B, N, 2) are the ends in pixels, `down` (B, N) is 1 where the pen drew."""
    ink = ops.sqrt(ops.sum((after - before) ** 2, axis=-1)) * down / 2
    places = ops.stack([(before + after) / 2, after], axis=2)
    shape = ops.shape(places)
    return ops.repeat(ink, 2, axis=1), ops.reshape(places, (shape[0], 2 * shape[1], 2))


class Decoder(keras.layers.Layer):
    """z and the points so far to the parameters of the next point's mixture.

    One set of weights in the layout of Keras's LSTM, three paths: Keras's own layer (cuDNN) where TensorFlow has
    a GPU, `_lstm_loop` elsewhere, and `step` for drawing.
    """

    def __init__(
        self, units: int, z_size: int, components: int, scale: float, position: bool, view: bool = False, **kwargs
    ):
        super().__init__(autocast=False, **kwargs)
        self.units, self.z_size, self.scale, self.position, self.view = units, z_size, scale, position, view
        self.inputs = 5 + PLACE * position + VIEW * view  # a point's share of the kernel's rows; z's follow
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
        """The state before the first point, and what is the same at every step: z's share of the gates (B, 4H), and the
        recurrent kernel in the precision of the products.

        The state is h, c, the pen (B, 3), which is x and y in units of `scale` and 1 where it is on the paper, and the
        ink so far (B, S, 3), which is where it lies and how much it is, in pixels; S is 0 before the first point.
        """
        kernel, bias = self.lstm.cell.kernel, self.lstm.cell.bias
        gates = ops.cast(ops.matmul(self._low(z), self._low(kernel[self.inputs :])), "float32") + bias
        h, c = ops.split(self.initial(z), 2, axis=-1)
        return (h, c, ops.zeros_like(z[:, :3]), ops.zeros_like(z[:, None, :3])[:, :0]), (gates, self.recurrent_kernel())

    def recurrent_kernel(self):
        """The recurrent kernel (H, 4H) in the precision of the products."""
        return self._low(self.lstm.cell.recurrent_kernel)

    def call(self, points, z, keep=None):
        """points (B, T, 5), each the one before the point to be drawn; z (B, Z). Returns (B, T, 6M + 3) float32.

        `keep` (B, H) multiplies what the LSTM takes up anew: recurrent dropout without loss of memory (Semeniuta et
        al., arXiv 1603.05118), one mask a drawing.
        """
        (h, c, *_), (z_gates, recurrent) = self.start(z)
        where = ops.cumsum(points[..., :2], axis=1)
        inputs = [points]
        if self.position:
            inputs.append(place(where, self.scale))
        if self.view:
            after = where * self.scale
            before = ops.pad(after[:, :-1], [[0, 0], [1, 0], [0, 0]])
            ink, places = lay_ink(before, after, ops.pad(points[:, :-1, DOWN], [[0, 0], [1, 0]]))
            steps = ops.arange(ops.shape(points)[1])
            drawn = ops.cast(ops.repeat(steps, 2) <= steps[:, None], "float32")
            inputs.append(look(ink[:, None] * drawn, places, after))
        points = ops.concatenate(inputs, axis=-1)
        if has_tensorflow_gpu() and keep is None:
            tiled = ops.repeat(z[:, None], ops.shape(points)[1], axis=1)
            hidden, _, _ = self.lstm(ops.concatenate([points, tiled], axis=-1), initial_state=[h, c])
        else:
            point_kernel = self._low(self.lstm.cell.kernel[: self.inputs])
            gates = ops.cast(ops.matmul(self._low(points), point_kernel), "float32") + z_gates[:, None]
            hidden = _lstm_loop(gates, recurrent, h, c, keep)
        return ops.cast(self.head(hidden), "float32")

    def step(self, point, state, same):
        """One point (B, 5) further: the new state and the mixture's parameters (B, 6M + 3). See `start`. Of the ink the
        newest S stay: who goes on to draw N points makes room for 2 N, of zeros, before what there is."""
        (h, c, pen, trail), (z_gates, recurrent) = state, same
        where = pen[:, :2] + point[:, :2]
        inputs = [point]
        if self.position:
            inputs.append(place(where, self.scale))
        if self.view:
            before, after = pen[:, None, :2] * self.scale, where[:, None] * self.scale
            ink, places = lay_ink(before, after, pen[:, 2:])
            trail = ops.concatenate([trail[:, 2:], ops.concatenate([places, ink[..., None]], axis=-1)], axis=1)
            inputs.append(look(trail[:, None, :, 2], trail[..., :2], after)[:, 0])
        point, pen = ops.concatenate(inputs, axis=-1), ops.concatenate([where, point[:, DOWN : DOWN + 1]], axis=-1)
        gates = ops.matmul(point, self.lstm.cell.kernel[: self.inputs]) + z_gates
        gates = gates + ops.cast(ops.matmul(self._low(h), recurrent), "float32")
        h, c, _ = _cell(gates, c)
        return (h, c, pen, trail), ops.cast(self.head(h), "float32")

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

    `kernel`, the recurrent one, sets the precision of the matrix products; everything else is float32.

    The gradient is written out because that is a quarter faster: autodiff would add up one product for the recurrent
    kernel at every step, where one product over all steps does (and loses nothing in bfloat16).
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


LAST = "channels_last"  # whatever somebody's keras.json says: weights and a processor's convolutions are so


def cnn_layers(dtype) -> list[keras.layers.Layer]:
    layers = []
    for i, (filters, stride) in enumerate([(32, 2), (64, 2), (128, 2), (128, 1), (128, 2)]):
        layers += [
            keras.layers.Conv2D(filters, 3, stride, "same", LAST, use_bias=False, dtype=dtype, name=f"conv{i}"),
            # does not look at the rest of the batch: the same on one device and on many
            keras.layers.GroupNormalization(8, dtype=dtype, name=f"norm{i}"),
            keras.layers.ReLU(dtype=dtype),
        ]
    return [*layers, keras.layers.Flatten(LAST, dtype=dtype)]


def rnn_layers(dtype) -> list[keras.layers.Layer]:
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


def with_coordinates(bitmaps):
    """(B, S, S) to (B, S, S, 3): the ink, x and y from -1 to 1 (CoordConv, arXiv 1807.03247)."""
    size = bitmaps.shape[1]
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1)[None]
    tiles = ops.zeros_like(bitmaps)[..., None] + ops.convert_to_tensor(grid)
    return ops.concatenate([bitmaps[..., None], tiles], axis=-1)
