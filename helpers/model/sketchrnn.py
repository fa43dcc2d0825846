"""Decoders of sketch-rnn-js, Google's Sketch-RNN for browsers: files that end in .gen.json, each of one class.

Such a file is a list in JSON of three: facts of the model, the shape of each array, and each array in base64, int16
steps of 10 / 32767. A decoder has no z: as a network of this project it has one of a single number that nothing depends
on, and an encoder that sees nothing. It differs from the original where all networks here do: its pen keeps its own
probabilities at any temperature, sigma has 0.01 more and rho is 5% smaller.
"""

import base64
import binascii
import json
from pathlib import Path

import numpy as np

from helpers.data.chunks import MAX_POINTS
from helpers.model.prior import Prior
from helpers.model.vae import Settings, SketchVAE

STEP = 10 / 32767  # of a weight
COMPONENTS = 20
OUTPUTS = 3 + 6 * COMPONENTS  # three pen states, then the mixture
MOST_UNITS = 4096
MOST_BYTES = 512_000_000  # of a file; those of 2017 have 3 and 30 million
FORGET = 1.0  # that the original adds to the forget gate's bias


def load_sketchrnn(path: Path | str) -> SketchVAE:
    """A decoder of sketch-rnn-js as a network of one class.

    Parameters
    ----------
    path : Path or str
        A `.gen.json` file.

    Returns
    -------
    SketchVAE
        A network that draws, serves `draw.switch` as the second mind, and can be saved by `save_model`. It reads
        nothing: its z is always 0.

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    ValueError
        For a file that is not such a decoder, or is damaged.

    References
    ----------
    Ha and Eck, A Neural Representation of Sketch Drawings, arXiv 1704.03477. The format is that of sketch-rnn-js in
    magenta-demos.

    Examples
    --------
    >>> cat = load_sketchrnn("cat.gen.json")  # doctest: +SKIP
    >>> switch((load_model("menagerie"), cat), "cloud", "cat")  # doctest: +SKIP
    """
    path = Path(path).expanduser()
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} has more than {MOST_BYTES // 1_000_000} MB: it is no decoder of sketch-rnn-js")
    try:
        info, shapes, texts = json.loads(path.read_bytes())
        settings = _settings(info)
        arrays = _arrays(shapes, texts)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} is not a decoder of sketch-rnn-js (.gen.json), or a damaged one: {error}") from error
    units = len(arrays[3])
    model = SketchVAE(Settings(**settings, units=units, components=COMPONENTS, z_size=1, size=16))
    for variable in model.weights:
        variable.assign(np.zeros(variable.shape))
    head, head_bias, kernel, recurrent, bias = arrays
    bias[2 * units : 3 * units] += FORGET
    cell, decoder = model.decoder.lstm.cell, model.decoder
    cell.kernel.assign(np.concatenate([_as_keras(kernel), np.zeros((1, 4 * units))]))  # z's row is the last
    cell.recurrent_kernel.assign(_as_keras(recurrent))
    cell.bias.assign(_as_keras(bias))
    decoder.head.kernel.assign(np.roll(head, -3, axis=1))  # the pen states go last
    decoder.head.bias.assign(np.roll(head_bias, -3))
    nothing = np.zeros((1, 1), np.float32)
    model.prior = Prior(nothing, nothing[None], nothing, np.ones(1, np.float32))
    return model


def _settings(info: object) -> dict:
    if not isinstance(info, dict):
        raise ValueError("it does not begin with the model's facts")
    if info.get("mode") not in (2, "gen"):
        raise ValueError(f"its mode is {str(info.get('mode'))[:99]!r}; a decoder's is 2 or 'gen'")
    name, scale, limit = info.get("name"), info.get("scale_factor"), info.get("max_seq_len")
    if not isinstance(name, str) or not 0 < len(name) < 100:
        raise ValueError("it has no name of a class")
    if type(scale) not in (int, float) or not 0 < scale < 1e4:
        raise ValueError(f"its scale_factor is {str(scale)[:99]}; it must be a number above 0")
    if type(limit) is not int or not 1 <= limit <= MAX_POINTS:
        raise ValueError(f"its max_seq_len is {str(limit)[:99]}; it must be a whole number up to {MAX_POINTS}")
    return {"classes": (name,), "scale": float(scale), "mean_points": float(limit), "max_points": limit}


def _arrays(shapes: object, texts: object) -> list[np.ndarray]:
    """Weights and bias of the output, weights of input and state and bias of the LSTM; float32, of shapes that fit."""
    if not isinstance(shapes, list) or not isinstance(texts, list) or len(shapes) != 5 or len(texts) != 5:
        raise ValueError("a decoder has five arrays")
    units = shapes[3][0]
    if type(units) is not int or not 1 <= units <= MOST_UNITS:
        raise ValueError(f"an LSTM of {str(units)[:99]} units; it has up to {MOST_UNITS}")
    wanted = [(units, OUTPUTS), (OUTPUTS,), (5, 4 * units), (units, 4 * units), (4 * units,)]
    arrays = []
    for number, (shape, text, want) in enumerate(zip(shapes, texts, wanted, strict=True)):
        # a vector may be given as a matrix of one row
        if shape not in (list(want), [1, *want]):
            raise ValueError(f"array {number} has shape {str(shape)[:99]}; it should have {list(want)}")
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError) as error:
            raise ValueError(f"array {number} is not in base64: {error}") from error
        if len(content) != 2 * np.prod(want):
            raise ValueError(f"array {number} has {len(content)} bytes; its shape asks for {2 * np.prod(want)}")
        arrays.append(np.frombuffer(content, "<i2").astype(np.float32).reshape(want) * np.float32(STEP))
    return arrays


def _as_keras(array: np.ndarray) -> np.ndarray:
    """Gates in Keras's order, input, forget, new, output, of those in TensorFlow's: input, new, forget, output."""
    i, n, f, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, f, n, o], axis=-1)
