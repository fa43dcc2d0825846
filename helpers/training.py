"""The input pipeline, the strategy, checkpoints and resuming: `train`, and the same from a shell.

    python -m helpers.training --help

A run lives in `data/work/runs/<name>/`: `checkpoint.weights.h5` (weights, optimizer and step in one file, so that
it is whole or not there), `best.weights.h5`, `log.csv`, `run.json`. Run it again and it goes on where it was.
"""

import argparse
import csv
import importlib.util
import itertools
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import h5py
import keras
import numpy as np
from tqdm import tqdm

from helpers import fit, vae, workers
from helpers.generate import as_strokes, encode
from helpers.paths import DATA, atomic
from helpers.quickdraw import DataSet, Split, load
from helpers.raster import render_batch
from helpers.strokes import END, UP, prefix, simplify, stroke_ends
from helpers.workers import pick_strategy

POOL = 50  # batches whose drawings are sorted by length together, so that a batch holds drawings of like length
VALID_BATCH = 100
BEGUN = 6  # beginnings that are tried on a drawing
NEAR = 3.0  # pixels of `fit.BOX`: a beginning that lies farther off, on average, is no part of the drawing
MILESTONES = (500, 2_000, 8_000)  # steps whose weights a run keeps, to show how it learned


def _setting(default: float, meaning: str):
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Schedule:
    """How any network here is trained. Two runs of one schedule on one machine end alike."""

    steps: int = _setting(10_000, "of training")
    batch: int = _setting(100, "drawings a step, over all devices")
    learning_rate: float = _setting(1e-3, "of Adam at the start; it falls linearly to a hundredth")
    clip: float = _setting(1.0, "norm that the gradient of each weight array is clipped to")
    epoch: int = _setting(500, "steps between checkpoints")
    seed: int = _setting(0, "of everything drawn by chance")

    def __post_init__(self):
        if min(self.steps, self.epoch, self.batch) < 1:
            sizes = f"{self.steps}, {self.epoch}, {self.batch}"
            raise ValueError(f"steps, epoch and batch must be 1 or more; they are {sizes}")
        if self.steps % self.epoch:
            raise ValueError(f"steps ({self.steps}) must be a multiple of epoch ({self.epoch})")


@dataclass(frozen=True)
class Plan(Schedule):
    """How the variational autoencoder is trained, and what its training drawings go through."""

    kl_weight: float = _setting(0.06, "1 is the evidence lower bound, 0 a plain autoencoder")
    anneal: int = _setting(3_000, "steps over which the KL weight rises from a hundredth")
    free_bits: float = _setting(8.0, "nats a drawing that the KL term leaves alone (arXiv 1606.04934)")
    stretch: float = _setting(0.15, "x and y are scaled by up to this share, independently")
    drop: float = _setting(0.10, "share of the points inside strokes that is left out")
    partial: float = _setting(0.25, "share of the drawings of which the encoder sees only the beginning")
    turn: float = _setting(0.0, "degrees by which drawings are turned at most")
    simplify: float = _setting(0.0, "pixels: Ramer-Douglas-Peucker's epsilon, on top of the data set's own")
    dropout: float = _setting(0.0, "share of what the decoder's LSTM takes up anew that is dropped")
    splice: float = _setting(0.0, "share of the drawings begun by a part of another class's drawing, for z-switching")
    prior: str = _setting("normal", "z's: normal, N(0, I), or class, N(its class's centre, I)")
    radius: float = _setting(7.0, "of the classes' centres from the origin, where the prior is by class")


def train(
    data: DataSet,
    name: str,
    plan: Plan | None = None,
    *,
    start: str | None = None,
    strategy=None,
    preview: Callable[[vae.SketchVAE, int], None] | None = None,
    **settings,
) -> vae.SketchVAE:
    """Trains a network on `data` and returns the one with the lowest validation loss, its prior fitted.

    Args:
        data: what to learn from; its training offsets give the scale.
        name: of the run, `data/work/runs/<name>/`. If that was begun with the same plan and settings it is
            resumed; with others, refused.
        start: a model in `data/models`, of the same classes and sizes, whose weights it begins with.
        strategy: a `tf.distribute` strategy; None takes `pick_strategy()`. Of several workers each returns the same
            network, and the chief alone keeps the run.
        preview: called with the model and the step after every `plan.epoch` steps, to draw something.
        settings: of `vae.Settings` (encoder, z_size, units, position, ...).

    Raises ValueError for a class without a drawing to learn from, for no drawings to validate with, for a batch that
    the devices cannot share evenly, and for a run that was begun otherwise or whose checkpoint is damaged.
    """
    plan = plan or Plan()
    check_splits(data.classes, data.train, data.valid)
    first = vae.load(start) if start else None
    train_split, valid_split = (_simplified(split, plan.simplify) for split in (data.train, data.valid))
    settings = vae.Settings(
        classes=data.classes,
        scale=first.settings.scale if first else data.scale,
        mean_points=float(np.mean([len(sketch) for sketch in train_split.sketches])),
        prior=plan.prior,
        **settings,
    )
    train_split, valid_split = (_short(split, settings.max_points) for split in (train_split, valid_split))
    check_splits(data.classes, train_split, valid_split, settings.max_points)  # at its end would be late
    strategy = strategy or pick_strategy()
    replicas = strategy.num_replicas_in_sync if strategy else 1
    if plan.batch % replicas:
        raise ValueError(f"batch ({plan.batch}) must be a multiple of the {replicas} devices that share it")
    wanted = asdict(settings) | ({"start": start} if start else {})
    workers.check_agreement(strategy, asdict(plan), wanted, len(train_split.sketches), len(valid_split.sketches))
    run = begin_run(name, plan, wanted) if workers.is_chief(strategy) else None
    left_out, n = len(data.train.sketches) - len(train_split.sketches), len(data.train.sketches)
    print(f"{left_out:,} of {n:,} training drawings have over {settings.max_points} points: left out")
    keras.utils.set_random_seed(plan.seed)  # the first weights; all else has generators of its own
    with strategy.scope() if strategy else nullcontext():
        model = (workers.SharedVAE if replicas > 1 else vae.SketchVAE)(settings, dtype=fast_dtype())
        if first:
            begin_with(model, first, start)
        if plan.prior == "class" and not (first and first.settings.prior == "class"):
            model.centers.assign(_centers(first, settings, plan))
        model.compile(optimizer=make_optimizer(model, plan, replicas), jit_compile=keras.backend.backend() == "jax")
    run_plan(
        model,
        run,
        plan,
        lambda step: feed(lambda: zip(batches(train_split, settings, plan, step)), _like(settings)),
        lambda: feed(lambda: zip(valid_batches(valid_split, settings, plan)), _like(settings)),
        -(-len(valid_split.sketches) // VALID_BATCH),
        preview,
        strategy,
    )
    trained = vae.SketchVAE(settings)  # float32, for drawing
    trained.set_weights(model.get_weights())
    trained.prior = vae.fit_prior(encode(trained, train_split.sketches), train_split.labels, len(data.classes))
    return trained


def begin_with(model: vae.SketchVAE, first: vae.SketchVAE, name: str) -> None:
    """Gives a new network the weights of one of the same classes and sizes; what it alone is told begins at zero."""
    if first.settings.classes != model.settings.classes:
        raise ValueError(f"{name} knows {first.settings.classes}: its weights are no beginning for these classes")
    own = {variable.path.partition("/")[2]: variable for variable in model.weights}
    for variable in first.weights:
        path, value = variable.path.partition("/")[2], keras.ops.convert_to_numpy(variable)
        if path.endswith("decoder/lstm/lstm_cell/kernel") and model.settings.position and not first.settings.position:
            value = np.insert(value, [5] * vae.PLACE, 0, axis=0)  # where the pen is: no say in anything yet
        if path not in own or tuple(own[path].shape) != value.shape:
            raise ValueError(f"{name} is {first.settings}: its weights are no beginning for {model.settings}")
        own[path].assign(value)


def _centers(first: vae.SketchVAE | None, settings: vae.Settings, plan: Plan) -> np.ndarray:
    """Where the classes' z are to lie: near where a first network has them, or anywhere."""
    if first is not None and first.prior is not None:
        directions = first.prior.mean
    else:
        shape = len(settings.classes), settings.z_size
        directions = np.random.default_rng([plan.seed, 2]).standard_normal(shape)
    return vae.class_centers(directions, plan.radius)


def _simplified(split: Split, epsilon: float) -> Split:
    return Split([simplify(sketch, epsilon) for sketch in split.sketches], split.labels) if epsilon else split


def make_optimizer(network: keras.Model, plan: Schedule, replicas: int = 1) -> keras.optimizers.Optimizer:
    """Adam with the plan's learning rate and clipping, built for this network."""
    schedule = keras.optimizers.schedules.PolynomialDecay(plan.learning_rate, plan.steps, plan.learning_rate / 100)
    optimizer = (workers.Adam if replicas > 1 else keras.optimizers.Adam)(schedule, clipnorm=plan.clip)
    optimizer.build(network.trainable_variables)
    return optimizer


def run_plan(
    network: keras.Model,
    run: Path | None,
    plan: Schedule,
    train_feed: Callable[[int], object],
    valid_feed: Callable[[], object],
    valid_steps: int,
    preview: Callable[[keras.Model, int], None] | None = None,
    strategy=None,
) -> None:
    """Trains a compiled network to the end of its plan, from where the run was left, and gives it its best weights.

    `train_feed(step)` makes what `fit` reads from that step on, `valid_feed()` what the validation steps read. Of
    several workers only the chief has a `run`, and the others follow it.
    """
    step, callbacks = 0, [keras.callbacks.TerminateOnNaN()]
    if run:
        keeper = Keeper(run, plan, preview)
        keeper.set_model(network)
        step = keeper.resume()
        callbacks.insert(0, keeper)
        if keras.backend.backend() == "tensorflow" and importlib.util.find_spec("tensorboard"):
            callbacks.append(keras.callbacks.TensorBoard(run / "tensorboard", write_graph=False))
    step = int(workers.from_chief(strategy, step))
    workers.follow_chief(strategy, network)
    if step < plan.steps:
        network.fit(
            train_feed(step),
            initial_epoch=step // plan.epoch,
            epochs=plan.steps // plan.epoch,
            steps_per_epoch=plan.epoch,
            validation_data=valid_feed(),
            validation_steps=valid_steps,
            callbacks=callbacks,
            shuffle=False,  # the feed has done that
            verbose=0,
        )
    if run:
        if not (run / "best.weights.h5").exists():
            raise ValueError(
                f"{run} never had a finite validation loss: lower the learning rate, and take another name"
            )
        network.load_weights(run / "best.weights.h5")
    workers.follow_chief(strategy, network)


def evaluate(model: vae.SketchVAE, split: Split) -> dict[str, float]:
    """Held-out losses: `reconstruction`, nats a real point, and `kl`, nats a drawing, each decoded from its mean z.

    Drawings longer than the model's `max_points` are left out, as in training.
    """
    split = _short(_simplified(split, model.facts.get("plan", {}).get("simplify", 0)), model.settings.max_points)
    model.compile(jit_compile=keras.backend.backend() == "jax")
    drawings = feed(lambda: zip(valid_batches(split, model.settings, Plan())), _like(model.settings))
    steps = -(-len(split.sketches) // VALID_BATCH)
    losses = model.evaluate(drawings, steps=steps, return_dict=True, verbose=0)
    return {name: losses[name] for name in ("reconstruction", "kl")}


def read_log(name: str) -> dict[str, list[float]]:
    """The columns of a run's log, by name: step, loss, reconstruction, kl, and the same held out (val_...)."""
    path = DATA / "work" / "runs" / name / "log.csv"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: a run writes it after its first {Plan().epoch} steps or so")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, quoting=csv.QUOTE_NONNUMERIC))
    return {column: [row[column] for row in rows] for column in rows[0]}


def release(model: vae.SketchVAE, name: str, data: DataSet, plan: Plan, command: str, start: str | None = None) -> Path:
    """Saves the model to `data/models` with its card: what it was trained on, how, and its losses on test drawings."""
    if data.source != "quickdraw":
        raise ValueError(
            f"these drawings are of source {data.source!r}: a released model is trained, and its losses are measured, "
            "on people's drawings from Quick, Draw!, which its card credits. vae.save keeps any other model"
        )
    losses = evaluate(model, data.test)
    counts = {part: len(getattr(data, part).sketches) for part in ("train", "valid", "test")}
    facts = {"source": data.source, "drawings": counts, "plan": asdict(plan), "test": losses, "command": command}
    if start:
        facts["start"] = vae.load(start).facts["command"]
    path = vae.save(model, name, facts)
    with atomic(path.with_suffix(".md")) as temporary:
        temporary.write_text(_card(model.settings, name, facts))
    return path


def _card(settings: vae.Settings, name: str, facts: dict) -> str:
    counts, losses, plan = facts["drawings"], facts["test"], facts["plan"]
    origin = (
        "by players of *Quick, Draw!*, made available by Google under "
        "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"
    )
    reader = {"cnn": "convolutional, from the bitmap", "rnn": "bidirectional LSTM, from the strokes"}[settings.encoder]
    spliced = f", {plan['splice']:.0%} of them spliced" if plan.get("splice") else ""  # older plans have no splices
    begun = ", begun with the weights that the first command below makes" if "start" in facts else ""
    rows = {
        "classes": ", ".join(settings.classes),
        "trained on": f"{counts['train']:,} drawings ({counts['valid']:,} more to choose the checkpoint) {origin}",
        "encoder": reader,
        "z, decoder": f"{settings.z_size} dimensions; LSTM of {settings.units}, {settings.components} Gaussians a step",
        "training": f"{plan['steps']:,} steps of {plan['batch']} drawings{spliced}{begun}, "
        f"KL weight {plan['kl_weight']:g}, seed {plan['seed']}; the checkpoint with the lowest validation loss",
        "held-out loss": f"{losses['reconstruction']:.3f} nats a point, KL {losses['kl']:.1f} nats a drawing, on the "
        f"{counts['test']:,} test drawings (less those over {settings.max_points} points), offsets in units of "
        f"{settings.scale:.2f} px",
        "made by": " and then ".join(f"`{command}`" for command in (facts.get("start"), facts["command"]) if command),
    }
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return f"# {name}\n\n| | |\n|---|---|\n{table}\n\nRead it with `helpers.vae.load({name!r})`. Weights are float16.\n"


def fast_dtype() -> str:
    """ "mixed_bfloat16" where the processor multiplies bfloat16 faster than float32, else, and on a GPU, "float32".

    Weights, state, loss and optimizer stay float32 either way.
    """
    if vae.has_tensorflow_gpu():
        return "float32"
    flags = Path("/proc/cpuinfo")
    fast = flags.exists() and any(flag in flags.read_text() for flag in ("amx_bf16", "avx512_bf16"))
    return "mixed_bfloat16" if fast else "float32"


def _short(split: Split, limit: int) -> Split:
    keep = [i for i, sketch in enumerate(split.sketches) if len(sketch) <= limit]
    if not keep:
        raise ValueError(f"none of the {len(split.sketches)} drawings of a split has {limit} points or fewer")
    return Split([split.sketches[i] for i in keep], split.labels[keep])


def check_splits(classes: Sequence[str], train: Split, valid: Split, limit: float = np.inf) -> None:
    """ValueError for a class of which there is nothing to learn, and where there is nothing to validate with."""
    missing = [name for label, name in enumerate(classes) if label not in train.labels]
    if missing:
        few = "" if limit == np.inf else f" of {limit} points or fewer"
        raise ValueError(f"there is no training drawing{few} of {', '.join(missing)}; leave the class out, or add some")
    if not valid.sketches:
        raise ValueError("there are no validation drawings: without them, no one can say when a network is best")


def begin_run(name: str, plan: Schedule, settings: dict) -> Path:
    """The folder of a run. Plan and settings are written down at its start, and must be the same when it is resumed."""
    run = DATA / "work" / "runs" / name
    wanted = json.loads(json.dumps({"plan": asdict(plan), "settings": settings}))
    path = run / "run.json"
    if path.exists():
        try:
            begun = json.loads(path.read_text())
            differ = [
                f"{key}: {begun[part].get(key)!r} then, {value!r} now"
                for part in wanted
                for key, value in wanted[part].items()
                if begun[part].get(key) != value
            ]
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise ValueError(f"{path} is damaged; delete {run}, and the run begins again: {error}") from error
        if begun != wanted:
            raise ValueError(f"{run} was begun otherwise ({'; '.join(differ)}). Take another name, or delete it")
    else:
        with atomic(path) as temporary:
            temporary.write_text(json.dumps(wanted, indent=1))
    return run


def batches(split: Split, settings: vae.Settings, plan: Plan, step: int = 0) -> Iterator[dict]:
    """The inputs of `vae.SketchVAE` for every step from `step` on, without end.

    What a step sees depends on the plan's seed and the step alone, so a resumed run sees what an uninterrupted
    one would have seen.
    """
    lengths = np.array([len(sketch) for sketch in split.sketches])
    per_pass = max(1, len(lengths) // plan.batch)
    order, drawn = [], -1
    while True:
        if step // per_pass != drawn:
            drawn = step // per_pass
            order = bucketed(lengths, plan.batch, np.random.default_rng([plan.seed, 0, drawn]))
        chosen = order[step % per_pass]
        rng = np.random.default_rng([plan.seed, 1, step])
        sketches = augment([split.sketches[i] for i in chosen], plan.stretch, plan.turn, plan.drop, rng)
        labels = split.labels[chosen]
        seen = list(sketches)
        noise = rng.standard_normal((len(sketches), settings.z_size), np.float32)
        rise = min(1, 0.01 + step / plan.anneal) if plan.anneal else 1
        given = np.zeros(len(sketches), np.float32)
        if plan.splice:
            limit = min(settings.max_points, 5 * max(map(len, sketches)) // 4)  # few long ones would slow them all
            sketches, given = splice(sketches, labels, plan.splice, limit, rng)
            # half of the encoder's pictures of a spliced drawing are what it is now, half what it was to be
            for i in np.flatnonzero(given):
                seen[i] = sketches[i] if rng.random() < 0.5 else seen[i]
        for i in np.flatnonzero((rng.random(len(seen)) < plan.partial) & (given == 0)):
            seen[i] = _beginning(seen[i], rng)
        keep = np.ones((len(sketches), settings.units), np.float32)
        if plan.dropout:
            keep = (rng.random(keep.shape, np.float32) >= plan.dropout) / np.float32(1 - plan.dropout)
        yield _inputs(sketches, labels, given, seen, noise, keep, plan.kl_weight * rise, plan.free_bits, settings)
        step += 1


def valid_batches(split: Split, settings: vae.Settings, plan: Plan) -> Iterator[dict]:
    """Every validation drawing, as it is, decoded from the mean of its z; over and over, up to `VALID_BATCH` at a time.

    Batches are as large as each other, nearly, so that each of several devices has something of every one.
    """
    order = sorted(range(len(split.sketches)), key=lambda i: len(split.sketches[i]))
    for chosen in itertools.cycle(np.array_split(order, -(-len(order) // VALID_BATCH))):
        sketches = [split.sketches[i] for i in chosen]
        noise = np.zeros((len(sketches), settings.z_size), np.float32)
        given = np.zeros(len(sketches), np.float32)
        keep = np.ones((len(sketches), settings.units), np.float32)
        labels = split.labels[chosen]
        yield _inputs(sketches, labels, given, sketches, noise, keep, plan.kl_weight, plan.free_bits, settings)


def bucketed(lengths: np.ndarray, batch: int, rng: np.random.Generator) -> list[np.ndarray]:
    """All drawings in random batches of like length: shuffled, sorted inside pools, batches shuffled again."""
    order = rng.permutation(len(lengths))
    # what does not fill a batch sits out this pass: by chance, not by length
    order = np.resize(order, batch) if len(order) < batch else order[: len(order) // batch * batch]
    pools = [order[a : a + POOL * batch] for a in range(0, len(order), POOL * batch)]
    order = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    return list(rng.permutation(order.reshape(-1, batch)))


def augment(
    sketches: Sequence[np.ndarray], stretch: float, turn: float, drop: float, rng: np.random.Generator
) -> list[np.ndarray]:
    """x and y of each drawing scaled on their own, by up to `stretch`, turned by up to `turn` degrees, and a share
    `drop` of the points inside strokes left out (not the first or last of a stroke). All drawings at once: this runs
    between training steps. As sketch-rnn's, Ha & Eck, section 4.1, but for the turns."""
    lengths = np.array([len(sketch) for sketch in sketches])
    rows = np.concatenate(sketches)
    scale = 1 + rng.uniform(-stretch, stretch, (len(sketches), 2))
    rows[:, :2] *= np.repeat(scale, lengths, axis=0)
    if turn:
        angle = np.repeat(np.radians(rng.uniform(-turn, turn, len(sketches))), lengths)
        x, y = rows[:, 0].copy(), rows[:, 1].copy()
        rows[:, 0], rows[:, 1] = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
    lift = rows[:, 2] > 0.5
    firsts = np.cumsum(lengths) - lengths
    opens = np.concatenate([[True], lift[:-1]])  # the first point of a stroke
    opens[firsts] = False  # a drawing's first stroke begins at the origin, before its first row
    lasts = lift.copy()
    lasts[firsts[1:] - 1] = lasts[-1] = True
    keep = opens | lasts | (rng.random(len(rows)) >= drop)
    # a running sum over all drawings: differences between kept points are offsets, at borders taken from the origin
    position = np.cumsum(rows[:, :2], axis=0, dtype=np.float64)
    origin = np.repeat(position[firsts] - rows[firsts, :2], lengths, axis=0)
    position = (position - origin)[keep]
    kept = np.add.reduceat(keep, firsts)
    offsets = np.diff(position, axis=0, prepend=0)
    starts = np.cumsum(kept) - kept
    offsets[starts] = position[starts]
    out = np.column_stack([offsets, rows[keep, 2]]).astype(np.float32)
    return np.split(out, starts[1:])


def _beginning(sketch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A drawing cut at a random point, or half of the time at the end of that point's stroke, unless it is the last."""
    cut = int(rng.integers(1, len(sketch))) if len(sketch) > 1 else 1
    ends = stroke_ends(sketch)
    end = int(ends[np.searchsorted(ends, cut)])
    return sketch[: end if end < len(sketch) and rng.random() < 0.5 else cut]


def splice(
    sketches: Sequence[np.ndarray], labels: np.ndarray, share: float, limit: int, rng: np.random.Generator
) -> tuple[list[np.ndarray], np.ndarray]:
    """A share of the drawings begun by a part of another class: drawings, and how many rows the other drew (N,).

    Of `BEGUN` beginnings of the batch's other classes the one that lies best on a part of the drawing (`fit.match`)
    is laid there, and what of the drawing it stands for is left out. So the decoder learns to make what z says of what
    was begun in another mind, at any size and place, which is what z-switching asks of it. Left as they are: drawings
    that no beginning fits within `NEAR`, of which nothing would be left, or that get more than `limit` rows.
    """
    out, given = list(sketches), np.zeros(len(sketches), np.float32)
    for i in np.flatnonzero(rng.random(len(sketches)) < share):
        others = np.flatnonzero(labels != labels[i])
        if not len(others):
            continue
        others = rng.choice(others, min(BEGUN, len(others)), replace=False)
        begun = [prefix(sketches[j], rng.uniform(0.1, 0.6)) for j in others]
        field = fit.map_sketch(sketches[i])[None]
        found = [fit.match(start, field) for start in begun]
        # a large pose is preferred, for it stands for more of the drawing
        scores = np.stack([distance[0] - fit.LARGE * sizes[:, 0] for distance, _, sizes in found])
        which, variant = np.unravel_index(scores.argmin(), scores.shape)
        distance, affine, sizes = found[which]
        if distance[0, variant] > NEAR:
            continue
        spliced, rows = fit.put_together(sketches[i], begun[which], affine[0, variant], sizes[variant, 1])
        if spliced is not None and len(spliced) <= limit:
            out[i], given[i] = spliced, rows
    return out, given


def _inputs(
    sketches: Sequence[np.ndarray],
    labels: np.ndarray,
    given: np.ndarray,
    seen: Sequence[np.ndarray],
    noise: np.ndarray,
    keep: np.ndarray,
    kl_weight: float,
    free_bits: float,
    settings: vae.Settings,
) -> dict:
    n = len(sketches)
    if settings.encoder == "cnn":
        seen = render_batch(seen, settings.size)
    else:
        seen = as_strokes(seen, settings.scale)
    return {
        "seen": seen,
        "target": _pad(sketches, settings.scale),
        "label": np.asarray(labels, np.int32),
        "given": given,
        "noise": noise,
        "keep": keep,
        "kl_weight": np.full(n, kl_weight, np.float32),
        "free_bits": np.full(n, free_bits, np.float32),
    }


def _pad(sketches: Sequence[np.ndarray], scale: float) -> np.ndarray:
    """`strokes.to_stroke5` of a batch at once, (N, T, 5), offsets divided by scale, T the next multiple of 8."""
    lengths = np.array([len(sketch) for sketch in sketches])
    rows = np.concatenate(sketches)
    target = np.zeros((len(sketches), (lengths.max() // 8 + 1) * 8, 5), np.float32)
    target[..., END] = np.arange(target.shape[1]) >= lengths[:, None]
    real = target[..., END] == 0
    target[real, :2] = rows[:, :2] / scale
    target[real, UP] = rows[:, 2]
    target[real, UP - 1] = 1 - rows[:, 2]
    return target


def feed(make: Callable[[], Iterator[tuple]], like: tuple):
    """Batches in the form that `fit` takes on this backend, the next two made while one is trained on.

    `make()` yields tuples of arrays, or of dictionaries of them; `like` has a `keras.KerasTensor` for each array.
    """
    if keras.backend.backend() != "tensorflow":
        return make()
    import tensorflow as tf

    signature = keras.tree.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), like)
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread can hold up the end of `fit` for seconds
    # several workers: each makes every batch and takes its rows of it
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return tf.data.Dataset.from_generator(make, output_signature=signature).prefetch(2).with_options(options)


def _like(settings: vae.Settings) -> tuple:
    """What a batch is, as `feed` wants to know it."""
    bitmaps = ((None, settings.size, settings.size), "uint8")
    shapes = {
        "seen": bitmaps if settings.encoder == "cnn" else ((None, None, 5), "float32"),
        "target": ((None, None, 5), "float32"),
        "label": ((None,), "int32"),
        "given": ((None,), "float32"),
        "noise": ((None, settings.z_size), "float32"),
        "keep": ((None, settings.units), "float32"),
        "kl_weight": ((None,), "float32"),
        "free_bits": ((None,), "float32"),
    }
    return ({key: keras.KerasTensor(shape, dtype) for key, (shape, dtype) in shapes.items()},)


class Keeper(keras.callbacks.Callback):
    """Shows progress, and keeps what a run must not lose: checkpoint, best weights, log. Every write is atomic.

    Keras's BackupAndRestore keeps weights and epoch in two files, which can disagree after a kill; here the step
    is inside the checkpoint.
    """

    def __init__(self, run: Path, plan: Schedule, preview: Callable | None):
        super().__init__()
        self.run, self.plan, self.preview = run, plan, preview
        self.rows: list[dict] = []

    def resume(self) -> int:
        """Loads the last checkpoint, if there is one, and returns the step it was made at."""
        for kind in (".*.weights.h5", ".log-*.csv", ".run-*.json"):  # what a run was writing when it was killed
            for unfinished in self.run.glob(kind):
                unfinished.unlink()
        path = self.run / "checkpoint.weights.h5"
        if not path.exists():
            return 0
        try:
            self.model.load_weights(path)
            with h5py.File(path) as file:
                step = int(file.attrs["step"])
        except (OSError, LookupError) as error:  # what Keras and HDF5 raise where a file is not whole
            raise ValueError(f"{path} is damaged; delete it, and the run begins again: {error}") from error
        if (self.run / "log.csv").exists():
            with open(self.run / "log.csv", newline="") as file:
                rows = csv.DictReader(file, quoting=csv.QUOTE_NONNUMERIC)
                self.rows = [row | {"step": int(row["step"])} for row in rows if row["step"] <= step]
        return step

    def on_train_begin(self, logs=None):
        step = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        self.bar = tqdm(total=self.plan.steps, initial=step, unit="step", desc=self.run.name, file=sys.stdout)

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        step = (epoch + 1) * self.plan.epoch
        row = {"step": step} | {name: float(value) for name, value in logs.items()}
        best = min((old["val_loss"] for old in self.rows), default=np.inf)
        self.rows.append(row)
        if row["val_loss"] < best:
            self._save("best.weights.h5", step)
        with atomic(self.run / "log.csv") as temporary, open(temporary, "w", newline="") as file:
            writer = csv.DictWriter(file, row, quoting=csv.QUOTE_NONNUMERIC)
            writer.writeheader()
            writer.writerows(self.rows)
        if step in MILESTONES:
            self._save(f"step-{step}.weights.h5", step)
        self._save("checkpoint.weights.h5", step)  # last: what it says is done, is
        self.bar.set_postfix({"loss": f"{row['loss']:.3f}", "valid": f"{row['val_loss']:.3f}"})
        if self.preview:
            self.preview(self.model, step)

    def on_train_end(self, logs=None):
        self.bar.close()

    def _save(self, name: str, step: int) -> None:
        with atomic(self.run / name) as temporary:
            self.model.save_weights(temporary, overwrite=True)
            with h5py.File(temporary, "a") as file:
                file.attrs["step"] = step


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Train a network without a notebook; run again to resume. TF_CONFIG names several machines.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("name", help="of the run, and of the model in data/models")
    parser.add_argument(
        "--classes",
        nargs="+",
        required=True,
        metavar="CLASS",
        default=argparse.SUPPRESS,
        help="Quick, Draw! categories",
    )
    parser.add_argument(
        "--encoder", choices=("cnn", "rnn"), default="cnn", help="sees the bitmap, or reads the strokes"
    )
    parser.add_argument("--z-size", type=int, default=512, help="dimensions of the latent vector")
    parser.add_argument("--units", type=int, default=512, help="of the decoder's LSTM")
    parser.add_argument("--position", action="store_true", help="tells the decoder where the pen is")
    parser.add_argument("--start", help="a model in data/models whose weights it begins with")
    parser.add_argument("--source", choices=("auto", "local", "download"), default="auto", help="of drawings")
    for setting in fields(Plan):
        name = f"--{setting.name.replace('_', '-')}"
        parser.add_argument(name, type=setting.type, default=setting.default, help=setting.metadata["help"])
    arguments = vars(parser.parse_args())
    name, classes, source = (arguments.pop(key) for key in ("name", "classes", "source"))
    start = arguments.pop("start")
    settings = {key: arguments.pop(key) for key in ("encoder", "z_size", "units", "position")}
    plan = Plan(**arguments)
    data = load(classes, source)
    command = shlex.join(["python", "-m", "helpers.training", *sys.argv[1:]])
    with workers.rejoining():
        strategy = pick_strategy()
        model = train(data, name, plan, start=start, strategy=strategy, **settings)
        if workers.is_chief(strategy):
            path = release(model, name, data, plan, command, start)
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, and its card beside it")
        workers.from_chief(strategy, 0)  # the others wait: a chief that is killed before it has written needs them


if __name__ == "__main__":
    main()
