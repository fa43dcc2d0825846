"""What a model itself draws of a class: the drawings in which a prefix is given a place. Made once, and kept."""

import hashlib
from collections.abc import Sequence
from threading import Lock, Thread, main_thread
from typing import NamedTuple

import numpy as np

from helpers.data.npz import read_arrays
from helpers.draw.decoding import decode, encode
from helpers.draw.fit import Shapes, make_shapes
from helpers.draw.priors import class_index, read_classes, sample_z
from helpers.model.vae import SketchVAE
from helpers.paths import DATA, NotWritten, atomic
from helpers.sketch.cohesion import count_small_strokes

DRAWN = 600  # drawings of a class that the model makes
KEPT = 0.75  # share of those that came to an end which is kept: what shows the class best
SCRIBBLE = 0.1  # what a small stroke takes from how clearly a drawing shows its class, in units of the median
MAKING = Lock()  # one library at a time
QUEUE = Lock()


class Library(NamedTuple):
    """A class's drawings, in pixels, their shapes, and how clearly the model reads the class in them, on average."""

    sketches: list[np.ndarray]
    shapes: Shapes
    clarity: float


def library(model: SketchVAE, name: str) -> Library:
    """The model's own drawings of a class that show it best: read clearly by the model, and not scribbled.

    The first call for a class draws them, in a second or two, and keeps them in `data/work/libraries`.
    """
    kept = _kept(model)
    if name not in kept:
        with MAKING:
            if name not in kept:
                kept[name] = _load(model, name)
    return kept[name]


def is_ready(model: SketchVAE, name: str) -> bool:
    """Whether `library` would answer at once."""
    return name in _kept(model)


def warm(model: SketchVAE, names: Sequence[str]) -> None:
    """Makes the libraries of classes in the background, ahead of any that are waiting already."""
    waiting = model.__dict__.setdefault("_waiting", [])
    with QUEUE:
        idle = not waiting
        waiting[:] = list(dict.fromkeys([name for name in names if not is_ready(model, name)] + waiting))
        if idle and waiting:
            Thread(target=_make_waiting, args=(model, waiting), name="libraries").start()


def _make_waiting(model: SketchVAE, waiting: list[str]) -> None:
    name = waiting[0]
    try:
        while name is not None and main_thread().is_alive():
            library(model, name)
            with QUEUE:
                waiting.remove(name)
                name = waiting[0] if waiting else None
    except BaseException:
        with QUEUE:
            waiting.clear()
        raise


def _kept(model: SketchVAE) -> dict[str, Library]:
    return model.__dict__.setdefault("_libraries", {})  # past Keras, which would take it for a part to save


def _load(model: SketchVAE, name: str) -> Library:
    path = DATA / "work" / "libraries" / f"{_digest(model)}-{class_index(model, name)}.npz"
    sketches = _read(path) if path.exists() else _make(model, name)
    if not path.exists():
        _write(path, sketches)
    margins = read_margins(model, sketches, name) if sketches else np.ones(1)
    return Library(sketches, make_shapes(sketches), max(float(np.median(margins)), 1e-3))


def read_margins(model: SketchVAE, sketches: list[np.ndarray], name: str) -> np.ndarray:
    """How much more clearly the model reads a class in each sketch (N,) than any other: a difference of logits."""
    logits = read_classes(model, encode(model, sketches))
    index = class_index(model, name)
    if logits.shape[1] == 1:
        raise ValueError("this model knows one class alone, and has nothing to tell it from")
    return logits[:, index] - np.delete(logits, index, axis=1).max(axis=1)


def _make(model: SketchVAE, name: str) -> list[np.ndarray]:
    drawn = decode(model, sample_z(model, DRAWN, classes=[name]), 0.2)
    drawn = [np.rint(sketch) for sketch in drawn if len(sketch) < model.settings.max_points]
    if not drawn:
        return []
    margins = read_margins(model, drawn, name)
    small = np.array([count_small_strokes(sketch) for sketch in drawn])
    value = margins / max(float(np.median(margins)), 1e-3) - SCRIBBLE * small
    best = np.argsort(-value, kind="stable")[: max(1, int(KEPT * len(drawn)))]
    return [drawn[i] for i in np.sort(best)]


def _digest(model: SketchVAE) -> str:
    """What the drawings depend on: weights and prior, and how they are chosen."""
    digest = hashlib.sha256(repr((DRAWN, KEPT, SCRIBBLE)).encode())
    for array in (*model.get_weights(), *model.prior):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _write(path, sketches: list[np.ndarray]) -> None:
    rows = np.concatenate(sketches) if sketches else np.zeros((0, 3))
    try:
        with atomic(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(
                file, rows=rows.astype(np.int16), lengths=np.array([len(s) for s in sketches], np.int32)
            )
    except NotWritten:  # a library that cannot be kept is made again next time
        pass


def _read(path) -> list[np.ndarray]:
    rows, lengths = read_arrays(path, ["rows", "lengths"])
    return np.split(rows.astype(np.float32), np.cumsum(lengths)[:-1]) if len(lengths) else []
