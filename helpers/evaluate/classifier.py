"""Networks that say what a drawing shows: the judge, which counts recognised drawings, and what it is compared with.

python -m helpers.evaluate.classifier --help
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike
from sklearn.metrics import confusion_matrix

from helpers.data.classes import JUDGED
from helpers.data.dataset import DataSet, Split, load_drawings
from helpers.evaluate.histograms import BINS, CELL, histograms
from helpers.evaluate.inputs import SIZE, VALID_BATCH, as_bitmaps, as_rows, batches, levelled, valid_batches
from helpers.model import checkpoint
from helpers.model.card import ORIGIN, write_card
from helpers.model.compiled import compile_once, in_chunks
from helpers.model.layers import LAST
from helpers.train.batches import check_splits, feed
from helpers.train.loop import begin_run, fast_dtype, make_optimizer, run_plan, seeded
from helpers.train.plan import Schedule

SURE = 0.5  # the probability from which a drawing counts as recognised
PLAN = Schedule(steps=7_000, batch=200)
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
        self.network = _network(kind, len(self.classes), dtype)
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


def _network(kind: str, classes: int, dtype: str) -> keras.Model:
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


def train_judge(
    data: DataSet,
    name: str = "judge",
    plan: Schedule = PLAN,
    kind: str = "cnn",
    start: str | None = None,
    redrawn: bool = False,
    average: bool = False,
    teachers: Sequence[str] = (),
) -> Judge:
    """Trains a classifier and returns the one with the lowest validation loss.

    The training drawings are stretched, turned, and lose points; bitmaps also change line width, size and place. Of a
    class with fewer drawings each is seen more often. The run is `data/work/runs/<name>/`, and is resumed as the runs
    of `train.train` are.

    Parameters
    ----------
    data : DataSet
        Its training drawings are learned from, its validation drawings choose.
    name : str
        Of the run.
    plan : Schedule
    kind : {"cnn", "hog", "rnn"}
        See `Judge`.
    start : str, optional
        A classifier of the same kind in `data/models`, whose weights it begins with, all but the last layer's.
    redrawn : bool
        Whether half of the training drawings are drawn in another way (`variations.redraw`).
    average : bool
        Whether weights are averaged over about the last 100 steps at each checkpoint, and learn on from there.
    teachers : sequence of str
        Classifiers of these classes: half of what is learned is the mean of what they say of each training drawing.

    Returns
    -------
    Judge

    Raises
    ------
    ValueError
        As `train.train`, and for teachers of other classes.

    References
    ----------
    Hinton et al., arXiv 1503.02531 (teachers); Izmailov et al., arXiv 1803.05407 (averaged weights).
    """
    check_splits(data.classes, data.train, data.valid)
    settings = {"classes": data.classes, "kind": kind, "start": start, "redrawn": redrawn, "average": average}
    run = begin_run(name, plan, settings | {"teachers": list(teachers)})
    with seeded(plan.seed):
        trained = Judge(data.classes, kind)
        network = _network(kind, len(data.classes), fast_dtype())
    if start is not None:
        for own, other in zip(network.layers[:-1], load_judge(start).network.layers[:-1], strict=True):
            own.set_weights(other.get_weights())
    network.compile(
        make_optimizer(network, plan, average=average),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",
    )
    train = levelled(data.train)
    targets = targets_of(train, data.classes, teachers)
    valid = np.eye(len(data.classes), dtype=np.float32)[data.valid.labels]
    like = (
        keras.KerasTensor(network.input.shape, network.input.dtype),
        keras.KerasTensor((None, len(data.classes)), "float32"),
    )
    run_plan(
        network,
        run,
        plan,
        lambda step: feed(lambda: batches(train, targets, kind, plan, step, redrawn), like),
        lambda: feed(lambda: valid_batches(data.valid, valid, kind), like),
        -(-len(valid) // VALID_BATCH),
    )
    trained.network.set_weights(network.get_weights())
    return trained


def targets_of(split: Split, classes: Sequence[str], teachers: Sequence[str]) -> np.ndarray:
    """(n, classes) float32: what to answer to each drawing: its label, or half that, half the teachers'."""
    truth = np.eye(len(classes), dtype=np.float32)[split.labels]
    if not teachers:
        return truth
    said = np.zeros_like(truth)
    for name in teachers:
        teacher = load_judge(name)
        if teacher.classes != tuple(classes):
            raise ValueError(
                f"the teacher {name} knows {', '.join(teacher.classes)}; it must know the classes to be learned, in "
                f"their order: {', '.join(classes)}"
            )
        said += teacher.probabilities(split.sketches) / len(teachers)
    return (truth + said) / 2


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


def release_judge(judge: Judge, name: str, data: DataSet, plan: Schedule, command: str) -> Path:
    """Saves a classifier to `data/models` with its card: what it was trained on, and what it makes of test drawings."""
    probabilities = judge.probabilities(data.test.sketches)
    best, n = probabilities.argmax(axis=1), len(data.classes)
    table = confusion(data.test.labels, best, n)
    right = best == data.test.labels
    recognised = right & (probabilities.max(axis=1) >= SURE)
    rates = [float(recognised[data.test.labels == c].mean()) for c in range(n)]
    facts = {
        "drawings": {part: len(getattr(data, part).sketches) for part in ("train", "valid", "test")},
        "plan": asdict(plan),
        "test": {"accuracy": float(right.mean()), "recognised": dict(zip(data.classes, rates, strict=True))},
        "command": command,
    }
    path = save_judge(judge, name, facts)
    write_card(path, _card(judge, facts), "evaluate.load_judge", _class_by_class(judge, facts, table))
    return path


def _card(judge: Judge, facts: dict) -> dict[str, str]:
    counts, plan, test = facts["drawings"], facts["plan"], facts["test"]
    return {
        "trained on": f"{counts['train']:,} drawings ({counts['valid']:,} more to choose the checkpoint) {ORIGIN}",
        "network": KINDS[judge.kind],
        "training": f"{plan['steps']:,} steps of {plan['batch']} drawings, seed {plan['seed']}; the checkpoint with "
        "the lowest validation loss",
        "right": f"{test['accuracy']:.1%} of {counts['test']:,} test drawings, {len(judge.classes)} classes",
        "recognised": f"{np.mean(list(test['recognised'].values())):.1%} of them: right, with a probability of {SURE} "
        "or more",
        "made by": f"`{facts['command']}`",
    }


def _class_by_class(judge: Judge, facts: dict, table: np.ndarray) -> str:
    lines = []
    for c, label in enumerate(judge.classes):
        others = [j for j in np.argsort(-table[c], kind="stable") if j != c and table[c, j]][:3]
        taken = ", ".join(f"{judge.classes[j]} {table[c, j]}" for j in others)
        recognised = facts["test"]["recognised"][label]
        lines.append(f"| {label} | {table[c].sum()} | {recognised:.1%} | {table[c, c]} | {taken} |")
    body = "\n".join(lines)
    return (
        "\n## Real test drawings\n\nA class no one can tell from another in these drawings, no judge can.\n\n"
        f"| class | drawings | recognised | right | most often taken for |\n|---|---|---|---|---|\n{body}\n"
    )


def _with_traced(split: Split) -> Split:
    """Every drawing, and every drawing once more, rendered and traced."""
    from helpers.evaluate.perturb import retrace  # the tracer, which nothing else here needs

    return Split(split.sketches + retrace(split.sketches), np.tile(split.labels, 2))


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Train the judge; run again to resume.", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("name", nargs="?", default="judge", help="of the run, and of the model in data/models")
    parser.add_argument("--classes", nargs="+", default=JUDGED, metavar="CLASS", help="Quick, Draw! categories")
    parser.add_argument("--kind", choices=KINDS, default="cnn", help="sees the bitmap, or reads the strokes")
    parser.add_argument("--start", metavar="NAME", help="a classifier in data/models to begin with")
    parser.add_argument("--redrawn", action="store_true", help="half of the training drawings in another way")
    parser.add_argument("--average", action="store_true", help="weights over about 100 steps")
    parser.add_argument("--teachers", nargs="+", default=[], metavar="NAME", help="classifiers to learn from too")
    parser.add_argument("--limit", type=int, default=4000, help="training drawings a class, to expect all alike")
    parser.add_argument("--traced", action="store_true", help="learn from every drawing twice, also as it is traced")
    for setting in fields(Schedule):
        default, meaning = getattr(PLAN, setting.name), setting.metadata["help"]
        parser.add_argument(f"--{setting.name.replace('_', '-')}", type=setting.type, default=default, help=meaning)
    arguments = vars(parser.parse_args())
    name, classes, limit, traced = (arguments.pop(key) for key in ("name", "classes", "limit", "traced"))
    how = {key: arguments.pop(key) for key in ("kind", "start", "redrawn", "average", "teachers")}
    plan = Schedule(**arguments)
    data = load_drawings(classes, limit=limit)
    if traced:
        data = replace(data, train=_with_traced(data.train), valid=_with_traced(data.valid))
    judge = train_judge(data, name, plan, **how)
    path = release_judge(
        judge, name, data, plan, shlex.join(["python", "-m", "helpers.evaluate.classifier", *sys.argv[1:]])
    )
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, and its card beside it")


if __name__ == "__main__":
    main()
