"""How judges are trained, and released with their cards.

python -m helpers.evaluate.classifier --help
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

import keras
import numpy as np

from helpers.data.classes import JUDGED
from helpers.data.dataset import DataSet, Split, load_drawings
from helpers.evaluate.inputs import VALID_BATCH, batches, levelled, valid_batches
from helpers.evaluate.judge import KINDS, SURE, Judge, confusion, load_judge, make_network, save_judge
from helpers.model.card import ORIGIN, write_card
from helpers.train.batches import check_splits, feed
from helpers.train.loop import begin_run, fast_dtype, make_optimizer, run_plan, seeded
from helpers.train.plan import Schedule

PLAN = Schedule(steps=7_000, batch=200)
PICTURES = (128, 2.0), (96, 2.0), (192, 3.0)  # to trace: pixels a side, and of a line; the first is chapter 09's


def train_judge(
    data: DataSet,
    name: str = "judge",
    plan: Schedule = PLAN,
    kind: str = "cnn",
    start: str | None = None,
    redrawn: bool = False,
    average: bool = False,
    halfway: bool = False,
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
    halfway : bool
        Whether what is returned lies half-way between the weights that it began with and those that it learned.
    teachers : sequence of str
        Classifiers of these classes: half of what is learned is the mean of what they say of each training drawing.

    Returns
    -------
    Judge

    Raises
    ------
    ValueError
        As `train.train`, for teachers of other classes, and for `halfway` from a start of other classes or from none.

    References
    ----------
    Hinton et al., arXiv 1503.02531 (teachers); Izmailov et al., arXiv 1803.05407 (averaged weights); Wortsman et al.,
    arXiv 2109.01903 (half-way).
    """
    check_splits(data.classes, data.train, data.valid)
    first = load_judge(start) if start is not None else None
    if halfway and (first is None or (first.classes, first.kind) != (tuple(data.classes), kind)):
        raise ValueError("half-way is between the first weights and the last: start with a classifier of these classes")
    settings = {"classes": data.classes, "kind": kind, "start": start, "redrawn": redrawn, "average": average}
    run = begin_run(name, plan, settings | {"teachers": list(teachers)})
    with seeded(plan.seed):
        trained = Judge(data.classes, kind)
        network = make_network(kind, len(data.classes), fast_dtype())
    if first is not None:
        for own, other in zip(network.layers[:-1], first.network.layers[:-1], strict=True):
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
    weights = network.get_weights()
    if halfway:
        weights = [(a + b) / 2 for a, b in zip(first.network.get_weights(), weights, strict=True)]
    trained.network.set_weights(weights)
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
    write_card(path, _card(judge, facts), facts, "evaluate.load_judge", _class_by_class(judge, facts, table))
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
        "\n## Real test drawings\n\n"
        "Where people cannot tell two classes apart in these drawings, neither can a judge.\n\n"
        f"| class | drawings | recognised | right | most often taken for |\n|---|---|---|---|---|\n{body}\n"
    )


def _with_traced(split: Split, pictures: int) -> Split:
    """Every drawing, and every drawing again from each of the first of `PICTURES`, rendered and traced."""
    from helpers.evaluate.perturb import retrace  # the tracer, which nothing else here needs

    traced = [retrace(split.sketches, size=size, line_width=width) for size, width in PICTURES[:pictures]]
    return Split(sum(traced, list(split.sketches)), np.tile(split.labels, 1 + len(traced)))


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
    parser.add_argument("--halfway", action="store_true", help="end half-way between the first weights and the last")
    parser.add_argument(
        "--traced", type=int, nargs="?", const=1, default=0, choices=range(len(PICTURES) + 1), metavar="N",
        help="learn from every drawing also as it is traced, from a picture or from several of other sizes",
    )  # fmt: skip
    for setting in fields(Schedule):
        default, meaning = getattr(PLAN, setting.name), setting.metadata["help"]
        parser.add_argument(f"--{setting.name.replace('_', '-')}", type=setting.type, default=default, help=meaning)
    arguments = vars(parser.parse_args())
    name, classes, limit, traced = (arguments.pop(key) for key in ("name", "classes", "limit", "traced"))
    how = {key: arguments.pop(key) for key in ("kind", "start", "redrawn", "average", "halfway", "teachers")}
    plan = Schedule(**arguments)
    data = load_drawings(classes, limit=limit)
    if traced:
        data = replace(data, train=_with_traced(data.train, traced), valid=_with_traced(data.valid, 1))
    judge = train_judge(data, name, plan, **how)
    path = release_judge(
        judge, name, data, plan, shlex.join(["python", "-m", "helpers.evaluate.classifier", *sys.argv[1:]])
    )
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, and its card beside it")


if __name__ == "__main__":
    main()
