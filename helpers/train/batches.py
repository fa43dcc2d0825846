"""The input pipeline: drawings varied, in batches of like length, in the form that `fit` takes."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np

from helpers.data.dataset import Split
from helpers.draw.decoding import as_strokes
from helpers.model import vae
from helpers.sketch.raster import render_batch
from helpers.sketch.stroke5 import to_stroke5_batch
from helpers.sketch.strokes import simplify, stroke_ends
from helpers.train.plan import Plan
from helpers.train.splices import splice

POOL = 50  # batches whose drawings are sorted by length together, so that a batch holds drawings of like length
VALID_BATCH = 100


def short_enough(split: Split, limit: int) -> Split:
    """The drawings of a split that have up to `limit` points; ValueError where none has."""
    keep = [i for i, sketch in enumerate(split.sketches) if len(sketch) <= limit]
    if not keep:
        raise ValueError(f"none of the {len(split.sketches)} drawings of a split has {limit} points or fewer")
    return Split([split.sketches[i] for i in keep], split.labels[keep])


def simplified(split: Split, epsilon: float) -> Split:
    """The split with its drawings simplified (Ramer-Douglas-Peucker) by `epsilon` pixels; as it is at 0."""
    return Split([simplify(sketch, epsilon) for sketch in split.sketches], split.labels) if epsilon else split


def check_splits(classes: Sequence[str], train: Split, valid: Split, limit: float = np.inf) -> None:
    """ValueError for labels that do not match their drawings, for a class of which there is nothing to learn, and where
    there is nothing to validate with."""
    for which, split in (("training", train), ("validation", valid)):
        labels = 0 if split.labels is None else len(split.labels)
        if labels != len(split.sketches):
            raise ValueError(f"{len(split.sketches)} {which} drawings have {labels} labels: each needs its class")
    missing = [name for label, name in enumerate(classes) if label not in train.labels]
    if missing:
        few = "" if limit == np.inf else f" of {limit} points or fewer"
        raise ValueError(f"there is no training drawing{few} of {', '.join(missing)}; leave the class out, or add some")
    if not valid.sketches:
        raise ValueError("there are no validation drawings: without them, no one can say when a network is best")


def batches(split: Split, settings: vae.Settings, plan: Plan, step: int = 0) -> Iterator[dict]:
    """The inputs of `model.SketchVAE` for every step from `step` on, without end.

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
        prefix = np.zeros(len(sketches), np.float32)
        if plan.splice:
            limit = min(settings.max_points, max(map(len, sketches)) + 8)  # few long ones would slow them all
            sketches, prefix = splice(sketches, labels, plan.splice, limit, rng)
            # half of the encoder's pictures of a spliced drawing are what it is now, half what it was to be
            for i in np.flatnonzero(prefix):
                seen[i] = sketches[i] if rng.random() < 0.5 else seen[i]
        for i in np.flatnonzero((rng.random(len(seen)) < plan.partial) & (prefix == 0)):
            seen[i] = _cut(seen[i], rng)
        keep = np.ones((len(sketches), settings.units), np.float32)
        if plan.dropout:
            keep = (rng.random(keep.shape, np.float32) >= plan.dropout) / np.float32(1 - plan.dropout)
        yield _inputs(sketches, labels, prefix, seen, noise, keep, plan.kl_weight * rise, plan.free_bits, settings)
        step += 1


def valid_batches(split: Split, settings: vae.Settings, plan: Plan) -> Iterator[dict]:
    """Every validation drawing, unchanged, decoded from the mean of its z; over and over, up to `VALID_BATCH` at a
    time.

    Batches are nearly equal in size, so that each of several devices gets a part of every one.
    """
    order = sorted(range(len(split.sketches)), key=lambda i: len(split.sketches[i]))
    for chosen in itertools.cycle(np.array_split(order, -(-len(order) // VALID_BATCH))):
        sketches = [split.sketches[i] for i in chosen]
        noise = np.zeros((len(sketches), settings.z_size), np.float32)
        prefix = np.zeros(len(sketches), np.float32)
        keep = np.ones((len(sketches), settings.units), np.float32)
        labels = split.labels[chosen]
        yield _inputs(sketches, labels, prefix, sketches, noise, keep, plan.kl_weight, plan.free_bits, settings)


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
    """Training drawings varied: stretched, turned, and without some of their points.

    As in sketch-rnn (Ha & Eck, section 4.1), but for the turns. All drawings at once, for this runs between training
    steps.

    Parameters
    ----------
    sketches : sequence of ndarray
        (n, 3) each.
    stretch : float
        x and y of each drawing are scaled independently, by 1 - stretch to 1 + stretch.
    turn : float
        Degrees: each drawing is turned by up to so much, either way.
    drop : float
        The share of points inside strokes that is left out, 0..1; the first and last of a stroke stay.
    rng : numpy.random.Generator

    Returns
    -------
    list of ndarray
        As many sketches, float32 (m, 3).
    """
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


def _cut(sketch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A drawing cut at a random point, or (half of the time) at the end of its stroke, unless that is the last."""
    cut = int(rng.integers(1, len(sketch))) if len(sketch) > 1 else 1
    ends = stroke_ends(sketch)
    end = int(ends[np.searchsorted(ends, cut)])
    return sketch[: end if end < len(sketch) and rng.random() < 0.5 else cut]


def _inputs(
    sketches: Sequence[np.ndarray],
    labels: np.ndarray,
    prefix: np.ndarray,
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
        "target": to_stroke5_batch(sketches, max(map(len, sketches)) // 8 * 8 + 8, settings.scale),
        "label": np.asarray(labels, np.int32),
        "prefix": prefix,
        "noise": noise,
        "keep": keep,
        "kl_weight": np.full(n, kl_weight, np.float32),
        "free_bits": np.full(n, free_bits, np.float32),
    }


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


def like(settings: vae.Settings) -> tuple:
    """What a batch is, as `feed` wants to know it."""
    bitmaps = ((None, settings.size, settings.size), "uint8")
    shapes = {
        "seen": bitmaps if settings.encoder == "cnn" else ((None, None, 5), "float32"),
        "target": ((None, None, 5), "float32"),
        "label": ((None,), "int32"),
        "prefix": ((None,), "float32"),
        "noise": ((None, settings.z_size), "float32"),
        "keep": ((None, settings.units), "float32"),
        "kl_weight": ((None,), "float32"),
        "free_bits": ((None,), "float32"),
    }
    return ({key: keras.KerasTensor(shape, dtype) for key, (shape, dtype) in shapes.items()},)
