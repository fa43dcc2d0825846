"""The network: a convolutional (or recurrent) encoder, an LSTM decoder and its mixture density loss.

Sketch-RNN (Ha & Eck, arXiv 1704.03477) with the encoder that sees the drawing as a picture. Written in
`keras.ops`, so that the same file trains under `fit` on TensorFlow and on JAX.
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import keras
import numpy as np
from keras import ops

from helpers.data.chunks import MAX_POINTS
from helpers.model import checkpoint
from helpers.model.layers import Decoder, cnn_layers, rnn_layers, with_coordinates
from helpers.model.loss import AggregatedPosterior, MeanLoss, reconstruction_loss
from helpers.model.prior import Prior
from helpers.sketch.stroke5 import DOWN, END

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
    view: bool = False  # whether it sees the ink around the pen
    pen: float = 0.0  # power of the temperature that the pen's logits are divided by: 0 leaves its probabilities alone
    prior: str = "normal"  # what z is trained towards: "normal", N(0, I), or "class", N(its class's centre, I)


class SketchVAE(keras.Model):
    """The variational autoencoder. `settings` say what it is; `prior` is set once training has fitted one.

    Inputs of a training step, a dictionary:

    - `seen`: what the encoder sees, uint8 bitmaps (B, S, S) or, for the RNN encoder, stroke-5 (B, T', 5) with
      rows of zeros behind each drawing;
    - `target`: stroke-5 (B, T, 5), offsets divided by `settings.scale`, at least one end row a drawing;
    - `prefix` (B,): how many of its first rows are there already, and not to be predicted;
    - `label` (B,): the number of its class;
    - `noise` (B, Z): standard normal, or zeros to decode the mean;
    - `keep` (B, H): recurrent dropout, see `Decoder.call`; ones to drop nothing;
    - `kl_weight` (B,) and `free_bits` (B,): the KL term is `kl_weight * max(kl, free_bits)`, in nats a drawing.

    With `aggregate` above 0, training also weighs how far the z of all drawings together lie from the prior, see
    `AggregatedPosterior`.
    """

    def __init__(self, settings: Settings, dtype: str = "float32", aggregate: float = 0.0):
        super().__init__(name="sketch_vae", dtype=dtype, autocast=False)  # losses and z stay float32
        if settings.encoder not in ("cnn", "rnn"):
            raise ValueError(f'encoder is {settings.encoder!r}; it must be "cnn" or "rnn"')
        self.settings = settings
        self.prior: Prior | None = None
        self.facts: dict = {}  # what its card says of its training
        self.saved_as: str | None = None  # what `load_model` was asked for: a name or a path
        body = cnn_layers(dtype) if settings.encoder == "cnn" else rnn_layers(dtype)
        self.body = keras.Sequential(body, name="encoder")
        self.stats = keras.layers.Dense(2 * settings.z_size, dtype="float32", name="stats")
        self.decoder = Decoder(
            settings.units,
            settings.z_size,
            settings.components,
            settings.scale,
            settings.position,
            settings.view,
            dtype=dtype,
            name="decoder",
        )
        self.reconstruction = keras.metrics.Mean("reconstruction", "float32")  # nats a real point
        self.kl = keras.metrics.Mean("kl", "float32")  # nats a drawing
        self.aggregated = AggregatedPosterior(settings.z_size, aggregate) if aggregate else None
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
            seen = with_coordinates(ops.cast(seen, "float32") / 255)
        mean, log_variance = ops.split(self.stats(self.body(seen)), 2, axis=-1)
        return mean, ops.clip(log_variance, -10.0, 10.0)

    def call(self, inputs):
        mean, log_variance = self.encode(inputs["seen"])
        z = mean + ops.exp(0.5 * log_variance) * inputs["noise"]
        target = inputs["target"]
        start = ops.zeros_like(target[:, :1]) + ops.one_hot(DOWN, 5, dtype="float32")
        return self.decoder(ops.concatenate([start, target[:, :-1]], axis=1), z, inputs["keep"]), mean, log_variance

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean over the drawings of (reconstruction + kl_weight max(kl, free_bits)) / mean_points."""
        parameters, mean, log_variance = y_pred
        target = x["target"]
        reconstruction = reconstruction_loss(target, parameters, x["prefix"])
        if self.settings.prior == "class":
            if "label" not in x:
                raise ValueError("the prior is by class, so each drawing needs its label; these inputs have none")
            mean = mean - ops.take(self.centers, x["label"], axis=0)
        kl = 0.5 * ops.sum(mean**2 + ops.exp(log_variance) - 1 - log_variance, axis=-1)
        points = ops.sum(1 - target[..., END], axis=-1) - x["prefix"]
        self.reconstruction.update_state(reconstruction / points, sample_weight=points)
        self.kl.update_state(kl)
        total = reconstruction + x["kl_weight"] * ops.maximum(kl, x["free_bits"])
        if self.aggregated is not None and training:
            total = total + self.aggregated.penalty(mean, ops.exp(log_variance))
            self.aggregated.update_state(mean, ops.exp(log_variance))
        return self._reduce(ops.zeros_like(total), total / self.settings.mean_points)


def save_model(model: SketchVAE, path: Path | str, facts: dict | None = None) -> Path:
    """Writes a model: weights and prior as float16, settings and facts as JSON, in one .npz. No pickle.

    Parameters
    ----------
    model : SketchVAE
    path : Path or str
        A bare name goes to `data/models/<name>.npz`. The write is atomic.
    facts : dict, optional
        What its card says of its training, whatever JSON can hold.

    Returns
    -------
    Path
        Of the file.
    """
    prior = {} if model.prior is None else {f"prior/{name}": part for name, part in model.prior._asdict().items()}
    header = {"format": FORMAT, "settings": asdict(model.settings), "facts": facts or {}}
    return checkpoint.write_checkpoint(path, header, model, prior)


def load_model(name: Path | str, dtype: str = "float32") -> SketchVAE:
    """A saved model. Runs no code from its file.

    Parameters
    ----------
    name : Path or str
        Of a model in `data/models`, or the path of an .npz file.
    dtype : str
        "mixed_bfloat16" draws hundreds of drawings at a time faster where the processor multiplies bfloat16 (see
        `train.loop.fast_dtype`), and a few more slowly. The same seed then gives other drawings than in float32.

    Returns
    -------
    SketchVAE

    Raises
    ------
    FileNotFoundError
        With the names there are.
    ValueError
        Where the file is no model of this kind, or its weights do not fit its settings.

    Examples
    --------
    >>> load_model("menagerie").settings.classes[:2]  # doctest: +SKIP
    ('cloud', 'camel')
    """
    header, arrays = checkpoint.read_checkpoint(name, FORMAT)
    path = checkpoint.locate(name)
    settings = _settings(header.get("settings"), path)
    # before a network is made: one that the file's arrays do not fill could take all the memory there is
    z_size, units, side = settings.z_size, settings.units, -(-settings.size // 16)
    for key, shape in {
        "stats/kernel": (128 * side * side if settings.encoder == "cnn" else 512, 2 * z_size),
        "decoder/initial/kernel": (z_size, 2 * units),
        "decoder/lstm/lstm_cell/recurrent_kernel": (units, 4 * units),
        "decoder/head/kernel": (units, 6 * settings.components + 3),
    }.items():
        checkpoint.take_array(arrays, f"weight/{key}", shape, path)
    model = SketchVAE(settings, dtype)
    model.facts = header.get("facts", {})
    model.saved_as = str(name)
    checkpoint.assign(model, arrays, path)
    if any(key.startswith("prior/") for key in arrays):
        model.prior = _prior(arrays, model.settings, path)
    return model


def _prior(arrays: dict, settings: Settings, path: Path) -> Prior:
    """The saved prior, float32, or a ValueError that names the part that does not fit."""
    classes, size = len(settings.classes), settings.z_size
    shapes = {"mean": (classes, size), "factors": (classes, None, size), "noise": (classes, size), "weight": (classes,)}
    prior = Prior(
        **{name: checkpoint.take_array(arrays, f"prior/{name}", shape, path) for name, shape in shapes.items()}
    )
    if prior.weight.min() < 0 or not prior.weight.sum() > 0:
        raise ValueError(f"{path}: the prior's weights are no shares of the classes")
    return prior


def _settings(values: object, path: Path) -> Settings:
    names = {field.name for field in fields(Settings)}
    if isinstance(values, dict):  # files of before there were these
        values = {"position": False, "view": False, "pen": 0.5, "prior": "normal"} | values
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
    if type(values["pen"]) not in (int, float) or not 0 <= values["pen"] <= 1:
        raise ValueError(f"{path}: its pen is {str(values['pen'])[:99]}; it must be a number from 0 to 1")
    for name in ("position", "view"):
        if type(values[name]) is not bool:
            raise ValueError(f"{path}: its {name} is {str(values[name])[:99]}; it must be true or false")
    return Settings(**values | {"classes": tuple(classes)})
