"""Networks as bytes for a page, small: what its JavaScript draws and reads with.

A matrix has a row for each of its outputs. In int8 each row has a scale of its own, so that a row's largest
weight is 127 steps; small matrices stay float16, very small ones float32.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from keras.ops import convert_to_numpy

from helpers.draw.finishing import can_fit
from helpers.draw.library import library
from helpers.draw.priors import read_classes, typical_z
from helpers.model.vae import SketchVAE

PRECISIONS = ("int8", "float16")
SMALL = 100_000  # numbers: a matrix of fewer stays float16
EXACT = ("gates/point", "head")  # so do those next to a drawn point, whatever their size
TINY = 10_000  # numbers: one of fewer stays float32
PARTS = 150  # of the drawings that a model makes of a class, those that a page takes along to find parts in


def pack(networks: Sequence[tuple[SketchVAE, Mapping[str, str]]], precision: str = "int8") -> bytes:
    """Networks in the form that a page unpacks.

    Parameters
    ----------
    networks : sequence of (SketchVAE, mapping of str to str)
        Each with the classes to offer: what the page calls each, and its name in the network.
    precision : {"int8", "float16"}
        Of the large matrices; "int8" has a scale for each row.

    Returns
    -------
    bytes
        Gzip of the length of a header (uint32), the header in JSON, and the arrays that it names, little-endian.

    Raises
    ------
    ValueError
        For another precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; it must be one of {', '.join(PRECISIONS)}")
    headers, body = [], bytearray()
    for model, offered in networks:
        places = {}
        for name, array in _arrays(model, list(offered.values())).items():
            kind, content = _encode(array, "float16" if name in EXACT else precision)
            places[name] = {"at": len(body), "kind": kind, "shape": list(array.shape)}
            body += content + bytes(-len(content) % 4)  # typed arrays begin where they may
        classes = {shown: model.settings.classes.index(name) for shown, name in offered.items()}
        headers.append({"settings": asdict(model.settings), "offers": classes, "arrays": places})
    header = json.dumps({"networks": headers}).encode()
    header += b" " * (-len(header) % 4)
    return gzip.compress(len(header).to_bytes(4, "little") + header + body, 9, mtime=0)


def _encode(array: np.ndarray, precision: str) -> tuple[str, bytes]:
    """An array's kind in the page, and its bytes."""
    if array.dtype == np.int16:
        return "int16", array.astype("<i2").tobytes()
    if array.ndim == 1 or array.size < TINY:
        return "float32", array.astype("<f4").tobytes()
    if precision == "float16" or array.size < SMALL:
        return "float16", array.astype("<f2").tobytes()
    scales = np.abs(array).max(axis=1) / 127
    steps = np.rint(array / np.where(scales > 0, scales, 1)[:, None])
    return "int8", scales.astype("<f4").tobytes() + steps.astype(np.int8).tobytes()


def _arrays(model: SketchVAE, offered: Sequence[str]) -> dict[str, np.ndarray]:
    """All that a page needs of a network, matrices with a row for each number that they make."""
    decoder, settings = model.decoder, model.settings
    kernel = convert_to_numpy(decoder.lstm.cell.kernel)
    arrays = _encoder(model) | {
        "stats": convert_to_numpy(model.stats.kernel)[:, : settings.z_size].T,
        "stats/bias": convert_to_numpy(model.stats.bias)[: settings.z_size],
        "initial": convert_to_numpy(decoder.initial.kernel).T,
        "initial/bias": convert_to_numpy(decoder.initial.bias),
        "gates/point": kernel[: decoder.inputs].T,
        "gates/z": kernel[decoder.inputs :].T,
        "gates/bias": convert_to_numpy(decoder.lstm.cell.bias),
        "recurrent": convert_to_numpy(decoder.lstm.cell.recurrent_kernel).T,
        "head": convert_to_numpy(decoder.head.kernel).T,
        "head/bias": convert_to_numpy(decoder.head.bias),
    }
    if settings.prior == "class":
        arrays["centers"] = convert_to_numpy(model.centers)
    if model.prior is None:
        return arrays
    arrays["typical"] = np.stack([typical_z(model, name) for name in settings.classes])
    if settings.prior != "class":
        mean, factors, noise, _ = model.prior
        arrays |= {"mean": mean, "factors": factors.reshape(-1, settings.z_size), "noise": noise}
    # what reads the classes is linear in z
    bias = read_classes(model, np.zeros((1, settings.z_size)))
    arrays |= {"classes": (read_classes(model, np.eye(settings.z_size)) - bias).T, "classes/bias": bias[0]}
    for name in offered:
        if can_fit(model, name):
            arrays |= _parts(model, name)
    return arrays


def _encoder(model: SketchVAE) -> dict[str, np.ndarray]:
    """The layers before z."""
    if model.settings.encoder == "rnn":
        arrays = {}
        for way, lstm in zip(("forward", "backward"), model.body.layers[0].lstms, strict=True):
            arrays[f"{way}/input"] = convert_to_numpy(lstm.cell.kernel).T
            arrays[f"{way}/recurrent"] = convert_to_numpy(lstm.cell.recurrent_kernel).T
            arrays[f"{way}/bias"] = convert_to_numpy(lstm.cell.bias)
        return arrays
    arrays = {}
    for layer in model.body.layers:
        if layer.name.startswith("conv"):
            filters = convert_to_numpy(layer.kernel)
            arrays[layer.name] = filters.reshape(-1, filters.shape[-1]).T
        elif layer.name.startswith("norm"):
            arrays |= {
                f"{layer.name}/gamma": convert_to_numpy(layer.gamma),
                f"{layer.name}/beta": convert_to_numpy(layer.beta),
            }
    return arrays


def _parts(model: SketchVAE, name: str) -> dict[str, np.ndarray]:
    """Drawings of a class among which the page looks for what a prefix can be a part of, in whole pixels."""
    own = library(model, name)
    sketches = own.sketches[:PARTS]
    if not sketches:
        return {}
    number = model.settings.classes.index(name)
    return {
        f"parts/{number}": np.concatenate(sketches).astype(np.int16),
        f"parts/{number}/lengths": np.array([len(sketch) for sketch in sketches], np.int16),
        f"parts/{number}/clarity": np.array([own.clarity]),
    }
