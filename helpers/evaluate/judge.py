"""Networks that say what a drawing shows: the judge, which counts recognised drawings, and what it is compared with."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from sklearn.metrics import confusion_matrix

from helpers.evaluate.histograms import BINS, CELL, histograms
from helpers.evaluate.inputs import SIZE, as_bitmaps, as_rows
from helpers.model import checkpoint
from helpers.model.compiled import compile_once, in_chunks
from helpers.model.layers import LAST

SURE = 0.5  # the probability from which a drawing counts as recognised
FORMAT = "midstroke classifier 1"
KINDS = {
    "cnn": "convolutional, from the bitmap",
    "rnn": "bidirectional LSTM, from the strokes",
    "hog": "a perceptron, from histograms of the directions of lines",
}


class Judge:
    """A classifier of drawings. `kind` "cnn" looks at the bitmap, "hog" at histograms of it, "rnn" reads the strokes in
    the order drawn.

    Three ship. `load_judge()`, a "cnn" of 32 classes, measures. `load_judge("chooser")`, a "cnn" of 18 trained from
    other weights, its examples in another order, chooses among drawings and measures nothing. `load_judge("second")`, a
    "hog", is a second opinion: it sees less and makes other mistakes. A drawing is a sketch or, unless the kind is
    "rnn", a bitmap of any size (uint8, ink on paper), whose ink is centred and brought to one size.
    """

    def __init__(self, classes: Sequence[str], kind: str = "cnn", dtype: str = "float32"):
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(KINDS)}")
        self.classes, self.kind = tuple(classes), kind
        self.network = make_network(kind, len(self.classes), dtype)
        self.facts: dict = {}  # what its card says of its training

    def probabilities(self, drawings: Sequence[np.ndarray]) -> np.ndarray:
        """(N, C) float32: how probable each class is for each drawing. Raises ValueError for one without ink."""
        return self._run("logits", drawings, len(self.classes), lambda x: ops.softmax(self.network(x)))

    def features(self, drawings: Sequence[np.ndarray]) -> np.ndarray:
        """(N, F) float32: each drawing as the last layer sees it. Similar drawings lie close together."""
        return self._run("features", drawings, self._body.output.shape[-1], self._body)

    @cached_property
    def _body(self) -> keras.Model:
        """The network without its last layer."""
        return keras.Model(self.network.input, self.network.layers[-2].input)

    def recognise(self, drawings: Sequence[np.ndarray]) -> list[str | None]:
        """The class of each drawing, where that is the most probable of all with at least `SURE`, else None."""
        probabilities = self.probabilities(drawings)
        best = probabilities.argmax(axis=1)
        sure = probabilities.max(axis=1, initial=0) >= SURE
        return [self.classes[c] if ok else None for c, ok in zip(best, sure, strict=True)]

    def _run(self, name: str, drawings: Sequence[np.ndarray], width: int, function) -> np.ndarray:
        seen = {"cnn": as_bitmaps, "rnn": as_rows, "hog": lambda part: histograms(as_bitmaps(part))}[self.kind]
        run = compile_once(self.network, name, function, (self.network.input.shape, self.network.input.dtype))
        return in_chunks(lambda part: np.asarray(run(ops.convert_to_tensor(seen(part)))), drawings, width)


def make_network(kind: str, classes: int, dtype: str) -> keras.Model:
    """Bitmaps (B, 48, 48) uint8, `histograms` of them, or `as_rows` (B, T, 5) to logits (B, classes)."""
    layer = keras.layers
    if kind == "cnn":
        x = seen = keras.Input((SIZE, SIZE), dtype="uint8")
        x = layer.Rescaling(1 / 255, dtype="float32")(layer.Reshape((SIZE, SIZE, 1))(x))
        for i, (filters, stride) in enumerate([(32, 2), (64, 2), (96, 1), (128, 2), (192, 1), (256, 2)]):
            x = layer.Conv2D(filters, 3, stride, "same", LAST, use_bias=False, dtype=dtype, name=f"conv{i}")(x)
            x = layer.ReLU(dtype=dtype)(layer.BatchNormalization(momentum=0.95, dtype=dtype, name=f"norm{i}")(x))
        x = layer.Dense(256, "relu", dtype=dtype, name="features")(layer.Flatten(LAST, dtype=dtype)(x))
    elif kind == "hog":
        x = seen = keras.Input((2 * BINS * (SIZE // CELL) ** 2,), dtype="float32")
        x = layer.BatchNormalization(momentum=0.95, dtype="float32", name="norm")(x)
        x = layer.Dense(512, "relu", dtype="float32", name="hidden")(layer.Dropout(0.2, seed=1, dtype="float32")(x))
        x = layer.Dense(256, "relu", dtype="float32", name="features")(layer.Dropout(0.3, seed=2, dtype="float32")(x))
    else:
        x = seen = keras.Input((None, 5), dtype="float32")
        x = layer.Masking(0.0, dtype="float32")(x)
        for i, every in enumerate((True, False)):
            lstm = layer.LSTM(128, return_sequences=every, dtype=dtype, name="lstm")
            x = layer.Bidirectional(lstm, dtype=dtype, name=f"both{i}")(x)
    x = layer.Activation("linear", dtype="float32")(x)
    x = layer.Dropout(0.3, seed=0, dtype="float32")(x)
    return keras.Model(seen, layer.Dense(classes, dtype="float32", name="logits")(x), name="judge")


def load_judge(name: Path | str = "judge") -> Judge:
    """A saved classifier. Runs no code from its file.

    Parameters
    ----------
    name : Path or str
        Of a classifier in `data/models`, or the path of an .npz file.

    Returns
    -------
    Judge

    Raises
    ------
    FileNotFoundError, ValueError
        As `model.load_model`.
    """
    header, arrays = checkpoint.read_checkpoint(name, FORMAT)
    path = checkpoint.locate(name)
    classes, kind = header.get("classes"), header.get("kind")
    named = isinstance(classes, list) and classes and all(isinstance(one, str) for one in classes)
    if not isinstance(kind, str) or kind not in KINDS or not named:
        raise ValueError(f"{path}: its header does not name a kind and classes")
    # before a network is made: one that the file's arrays do not fill could take all the memory there is
    checkpoint.take_array(arrays, "weight/logits/kernel", (256, len(classes)), path)
    judge = Judge(classes, kind)
    judge.facts = header.get("facts", {})
    checkpoint.assign(judge.network, arrays, path)
    return judge


def save_judge(judge: Judge, path: Path | str = "judge", facts: dict | None = None) -> Path:
    """Writes a classifier as one .npz, its weights as float16. The write is atomic.

    Parameters
    ----------
    judge : Judge
    path : Path or str
        A bare name goes to `data/models/<name>.npz`.
    facts : dict, optional
        What its card says of its training, whatever JSON can hold.

    Returns
    -------
    Path
        Of the file.
    """
    header = {"format": FORMAT, "classes": judge.classes, "kind": judge.kind, "facts": facts or {}}
    return checkpoint.write_checkpoint(path, header, judge.network)


def confusion(truth: ArrayLike, answers: ArrayLike, classes: int) -> np.ndarray:
    """How many drawings of each class were taken for each class.

    Parameters
    ----------
    truth, answers : array_like of int
        (N,) each, 0 to classes - 1.
    classes : int

    Returns
    -------
    ndarray
        int64 (classes, classes): in row i and column j, the drawings of class i that were taken for class j.

    Raises
    ------
    ValueError
        For numbers of no class, and where truth and answers differ in number.
    """
    truth, answers = np.asarray(truth), np.asarray(answers)
    if truth.shape != answers.shape:
        raise ValueError(f"{len(truth)} true classes and {len(answers)} answers")
    both = np.concatenate([truth, answers])
    if len(both) and not 0 <= both.min() <= both.max() < classes:
        raise ValueError(f"class numbers run from {both.min()} to {both.max()}; there are {classes} classes")
    return confusion_matrix(truth, answers, labels=np.arange(classes)) if len(both) else np.zeros((classes,) * 2, int)
