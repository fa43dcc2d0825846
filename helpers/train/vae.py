"""The variational autoencoder, trained, measured and released with its card.

A run lives in `data/work/runs/<name>/`: `checkpoint.weights.h5` (weights, optimizer and step in one file, so that
it is whole or not there), `best.weights.h5`, `log.csv`, `run.json`. Run it again and it goes on where it was.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np

from helpers.data.chunks import SPLITS
from helpers.data.dataset import DataSet, Split
from helpers.draw.decoding import encode
from helpers.model import prior, vae
from helpers.model.card import ORIGINS, commands, write_card
from helpers.model.layers import PLACE, VIEW
from helpers.sketch.unwelcome import digest
from helpers.train import distribution
from helpers.train.batches import (
    VALID_BATCH,
    batches,
    check_splits,
    feed,
    like,
    short_enough,
    simplified,
    valid_batches,
)
from helpers.train.distribution import pick_strategy
from helpers.train.loop import begin_run, fast_dtype, make_optimizer, run_plan, seeded
from helpers.train.plan import Plan, check_run_name

PLACED = 500  # drawings of a class, whose mean z says where its centre is to lie


def train(
    data: DataSet,
    name: str,
    plan: Plan | None = None,
    *,
    start: str | None = None,
    also: Sequence[DataSet] = (),
    strategy: Any = None,
    preview: Callable[[vae.SketchVAE, int], None] | None = None,
    **settings: Any,
) -> vae.SketchVAE:
    """Trains a network and returns the one with the lowest validation loss, its prior fitted.

    Parameters
    ----------
    data : DataSet
        What to learn from; its training offsets give the scale.
    name : str
        Of the run, `data/work/runs/<name>/`. A run that was begun with the same plan and settings is resumed; one begun
        with others is refused.
    plan : Plan, optional
    start : str, optional
        A model in `data/models`, of the same sizes, whose weights it begins with; its classes may be others.
    also : sequence of DataSet
        Of the same classes, or some of them: their training drawings are learned from too.
    strategy : tf.distribute.Strategy, optional
        None takes `pick_strategy()`. Of several workers each returns the same network, and the chief alone keeps the
        run.
    preview : callable, optional
        Called with the model and the step after every `plan.epoch` steps, to draw something.
    **settings
        Of `model.Settings` (encoder, z_size, units, position, view, ...).

    Returns
    -------
    SketchVAE
        In float32.

    Raises
    ------
    ValueError
        For a class without a drawing to learn from, labels that do not match their drawings, no drawings to validate
        with, a prior by class of a single class, a batch that the devices cannot share evenly, and a run that was begun
        otherwise or whose checkpoint is damaged.
    """
    plan = plan or Plan()
    check_run_name(name)
    check_splits(data.classes, data.train, data.valid)
    first = vae.load_model(start) if start else None
    drawings = _all_together(data, also)
    train_split, valid_split = (simplified(split, plan.simplify) for split in (drawings, data.valid))
    settings = vae.Settings(
        classes=data.classes,
        scale=first.settings.scale if first else data.scale,
        mean_points=float(np.mean([len(sketch) for sketch in train_split.sketches])),
        prior=plan.prior,
        **settings,
    )
    train_split, valid_split = (short_enough(split, settings.max_points) for split in (train_split, valid_split))
    check_splits(data.classes, train_split, valid_split, settings.max_points)  # at its end would be late
    centers = _centers(first, settings, plan, train_split) if plan.prior == "class" else None
    strategy = strategy or pick_strategy()
    replicas = strategy.num_replicas_in_sync if strategy else 1
    if plan.batch % replicas:
        raise ValueError(f"batch ({plan.batch}) must be a multiple of the {replicas} devices that share it")
    wanted = asdict(settings) | ({"start": start} if start else {})
    if also:  # or a run could be resumed with other drawings
        wanted["also"] = [_digest(more.train) for more in also]
    if data.source != "quickdraw":  # whose drawings a name does not tell
        wanted["drawings"] = _digest(data.train)
    distribution.check_agreement(strategy, asdict(plan), wanted, len(train_split.sketches), len(valid_split.sketches))
    run = begin_run(name, plan, wanted) if distribution.is_chief(strategy) else None
    left_out, n = len(drawings.sketches) - len(train_split.sketches), len(drawings.sketches)
    print(f"{left_out:,} of {n:,} training drawings have over {settings.max_points} points: left out")
    with seeded(plan.seed), strategy.scope() if strategy else nullcontext():
        model = (distribution.SharedVAE if replicas > 1 else vae.SketchVAE)(settings, fast_dtype(), plan.aggregate)
        if first:
            begin_with(model, first, start)
        if centers is not None:
            model.centers.assign(centers)
        model.compile(optimizer=make_optimizer(model, plan, replicas), jit_compile=keras.backend.backend() == "jax")
    run_plan(
        model,
        run,
        plan,
        lambda step: feed(lambda: zip(batches(train_split, settings, plan, step)), like(settings)),
        lambda: feed(lambda: zip(valid_batches(valid_split, settings, plan)), like(settings)),
        -(-len(valid_split.sketches) // VALID_BATCH),
        preview,
        strategy,
    )
    trained = vae.SketchVAE(settings)  # float32, for drawing
    trained.set_weights(model.get_weights())
    trained.prior = prior.fit_prior(encode(trained, train_split.sketches), train_split.labels, len(data.classes))
    return trained


def _all_together(data: DataSet, also: Sequence[DataSet]) -> Split:
    """The training drawings of all, numbered as the first one's classes."""
    sketches, labels = list(data.train.sketches), [data.train.labels]
    for more in also:
        if unknown := sorted(set(more.classes) - set(data.classes)):
            raise ValueError(f"drawings to learn from too show {', '.join(unknown)}: that is no class of this network")
        sketches += more.train.sketches
        labels.append(np.array([data.classes.index(name) for name in more.classes])[more.train.labels])
    return Split(sketches, np.concatenate(labels))


def _digest(split: Split) -> str:
    """A hash of drawings in their order."""
    known_by = "".join(f"{label} {digest(sketch)} " for sketch, label in zip(split.sketches, split.labels, strict=True))
    return hashlib.sha256(known_by.encode()).hexdigest()[:16]


def begin_with(model: vae.SketchVAE, first: vae.SketchVAE, name: str) -> None:
    """Gives a new network the weights of one of the same sizes; what only the new one is told begins at zero."""
    own = {variable.path.partition("/")[2]: variable for variable in model.weights}
    for variable in first.weights:
        path, value = variable.path.partition("/")[2], keras.ops.convert_to_numpy(variable)
        if path == "centers":  # of its own classes; `_centers` says where those of the new one's lie
            continue
        if path.endswith("decoder/lstm/lstm_cell/kernel"):  # what it is told anew has no say in anything yet
            if model.settings.position and not first.settings.position:
                value = np.insert(value, [5] * PLACE, 0, axis=0)
            if model.settings.view and not first.settings.view:
                value = np.insert(value, [5 + PLACE * model.settings.position] * VIEW, 0, axis=0)
        if path not in own or tuple(own[path].shape) != value.shape:
            raise ValueError(f"{name} is {first.settings}: its weights are no beginning for {model.settings}")
        own[path].assign(value)


def _centers(first: vae.SketchVAE | None, settings: vae.Settings, plan: Plan, drawings: Split) -> np.ndarray:
    """Where the classes' z are to lie: where a first network of these classes has its centres, near where a first
    network has its drawings of them, or anywhere. ValueError for one class alone, and for another radius than the first
    network's."""
    known = first is not None and first.settings.classes == settings.classes
    if known and first.settings.prior == "class":
        own = keras.ops.convert_to_numpy(first.centers)
        radius = float(np.linalg.norm(own, axis=1).mean())
        if not np.isclose(radius, plan.radius, rtol=0.01):  # a file's are float16
            raise ValueError(
                f"radius is {plan.radius}, but the centres of its first network lie {radius:.3g} from the origin"
            )
        return own
    if known and first.prior is not None:
        directions = first.prior.mean
    elif first is not None:
        of_class = [np.flatnonzero(drawings.labels == label)[:PLACED] for label in range(len(settings.classes))]
        directions = np.stack([encode(first, [drawings.sketches[i] for i in some]).mean(axis=0) for some in of_class])
    else:
        shape = len(settings.classes), settings.z_size
        directions = np.random.default_rng([plan.seed, 2]).standard_normal(shape)
    return prior.class_centers(directions, plan.radius)


def evaluate(model: vae.SketchVAE, split: Split) -> dict[str, float]:
    """Held-out losses, each drawing decoded from the mean of its z.

    Drawings longer than the model's `max_points` are left out, as in training.

    Parameters
    ----------
    model : SketchVAE
        It is left as it is, and as it was compiled.
    split : Split
        The drawings, in pixels.

    Returns
    -------
    dict of str to float
        `reconstruction`, nats a point, and `kl`, nats a drawing.
    """
    split = short_enough(split, model.settings.max_points)
    # a copy: what the caller's model was compiled for, its optimizer and its metrics stay as they are
    copy = vae.SketchVAE(model.settings, model.dtype_policy.name)
    copy.set_weights(model.get_weights())
    copy.compile(jit_compile=keras.backend.backend() == "jax")
    drawings = feed(lambda: zip(valid_batches(split, model.settings, Plan())), like(model.settings))
    steps = -(-len(split.sketches) // VALID_BATCH)
    losses = copy.evaluate(drawings, steps=steps, return_dict=True, verbose=0)
    return {name: losses[name] for name in ("reconstruction", "kl")}


def check_releasable(data: DataSet) -> None:
    """ValueError for drawings that a card cannot vouch for: a model's own, and too few to test with."""
    if drawn := {"sample", "rehearsed"} & set(data.source.split("+")):
        raise ValueError(
            f"these drawings are of source {', '.join(drawn)!r}: a model drew them. A released model is trained and "
            "measured on people's drawings. model.save_model keeps any other model"
        )
    if not data.test.sketches:
        raise ValueError("there are no drawings to test with, and a model's card gives its loss on some; bring more")


def release(
    model: vae.SketchVAE,
    name: str,
    data: DataSet,
    plan: Plan,
    command: str,
    start: str | None = None,
    also: Sequence[DataSet] = (),
) -> Path:
    """Saves a model to `data/models` with its card: what it was trained on, how, and its losses on test drawings.

    Parameters
    ----------
    model : SketchVAE
    name : str
        Of the file.
    data : DataSet
        What it was trained on; its test drawings are what the card reports on.
    plan : Plan
    command : str
        That made it.
    start : str, optional
        The model in `data/models` that it began with.
    also : sequence of DataSet
        As of `train`.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    ValueError
        For a model's own drawings, and for too few to test with.
    """
    check_releasable(data)
    losses = evaluate(model, data.test)
    counts = {part: len(getattr(data, part).sketches) for part in ("train", "valid", "test")}
    facts = {"source": data.source, "drawings": counts, "plan": asdict(plan), "test": losses, "command": command}
    for more in also:
        counts[more.source] = counts.get(more.source, 0) + len(more.train.sketches)
    if start:
        first = vae.load_model(start).facts
        facts["start"] = "\n".join(commands(first))
        known = (first.get("source", "quickdraw") + "+" + first.get("before", "")).split("+")
        if others := sorted(set(known) - {"", *data.source.split("+")}):
            facts["before"] = "+".join(others)  # whose drawings its first weights come from
    path = vae.save_model(model, name, facts)
    write_card(path, _card(model.settings, facts), facts, "model.load_model")
    return path


def _card(settings: vae.Settings, facts: dict) -> dict[str, str]:
    counts, losses, plan = facts["drawings"], facts["test"], facts["plan"]
    reader = {"cnn": "convolutional, from the bitmap", "rnn": "bidirectional LSTM, from the strokes"}[settings.encoder]
    spliced = f", {plan['splice']:.0%} of them spliced" if plan.get("splice") else ""  # older plans have no splices
    coarser = f", simplified by {plan['simplify']:g} px" if plan.get("simplify") else ""
    whose = " and ".join(ORIGINS.get(source, f"of source {source!r}") for source in facts["source"].split("+"))
    origins = ORIGINS | {
        "rehearsed": "that earlier states of it drew, repeats counted",
        "quickdraw": "from more of these",
    }
    more = "".join(
        f", and {count:,} {origins.get(source, f'of source {source!r}')}"
        for source, count in counts.items()
        if source not in SPLITS
    )
    together = f", {plan['aggregate']:g} on the aggregated posterior" if plan.get("aggregate") else ""
    first = re.search(r"--start (\S+)", facts["command"])
    begun = f", begun with the weights of `{first[1]}`" if first else ""
    if "before" in facts:
        learned = " and ".join(ORIGINS.get(source, f"of source {source!r}") for source in facts["before"].split("+"))
        begun += f", which learned from drawings {learned}"
    return {
        "classes": ", ".join(settings.classes),
        "trained on": f"{counts['train']:,} drawings ({counts['valid']:,} more to choose the checkpoint) {whose}{more}",
        "encoder": reader,
        "z, decoder": f"{settings.z_size} dimensions; LSTM of {settings.units}, {settings.components} Gaussians a "
        f"step{', told where the pen is' if settings.position else ''}"
        f"{', sees the ink around it' if settings.view else ''}",
        "prior of z": f"by class: N(its class's centre, I), centres orthogonal, {plan['radius']:g} from the origin"
        if settings.prior == "class"
        else "N(0, I)",
        "training": f"{plan['steps']:,} steps of {plan['batch']} drawings{spliced}{coarser}{begun}, "
        f"KL weight {plan['kl_weight']:g}{together}, seed {plan['seed']}; the checkpoint with the lowest validation "
        "loss",
        "held-out loss": f"{losses['reconstruction']:.3f} nats a point, KL {losses['kl']:.1f} nats a drawing, on the "
        f"{counts['test']:,} test drawings (less those over {settings.max_points} points), offsets in units "
        f"of {settings.scale:.2f} px",
    }
