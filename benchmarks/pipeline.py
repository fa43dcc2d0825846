"""What feeds training: how much of a step it takes, and whether `fit` comes back when the last step is done.

Run: python benchmarks/pipeline.py. Two minutes. The released size trains on real drawings by `fit`: on batches made
(augment, render, bucket, pad) while it trains, and on the same batches made beforehand; and on the first with the
tuning thread that tf.data starts if it is left alone. They take turns, and the table goes to
benchmarks/results/pipeline.md.
"""

import argparse
import itertools
import os
import statistics
import time
from pathlib import Path

import keras
import tensorflow as tf
from contenders.turns import medians, write

from helpers.data.dataset import load_drawings
from helpers.model import vae
from helpers.train import batches, loop
from helpers.train.plan import Plan

CLASSES = ["ear", "eye", "mouth", "nose"]
RESULT = Path(__file__).parent / "results" / "pipeline.md"


class Clock(keras.callbacks.Callback):
    """When the last step of a `fit` ended."""

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 0:
            self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.ended = time.perf_counter()


def left_alone(make, like):
    """`batches.feed` without its options."""
    signature = keras.tree.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), like)
    return tf.data.Dataset.from_generator(make, output_signature=signature).prefetch(tf.data.AUTOTUNE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30, help="of each fit")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: arguments.cores]))
    data, plan = load_drawings(CLASSES, allow_sample=True), Plan()
    sketches = data.train.sketches
    settings = vae.Settings(data.classes, data.scale, sum(map(len, sketches)) / len(sketches))
    split = batches.short_enough(data.train, settings.max_points)
    dtype = loop.fast_dtype()
    model = vae.SketchVAE(settings, dtype=dtype)
    model.compile(optimizer=loop.make_optimizer(model, plan))
    fresh = lambda: zip(batches.batches(split, settings, plan))  # noqa: E731
    made = list(itertools.islice(fresh(), arguments.steps))
    feeds = {
        "made while it trains": lambda: batches.feed(fresh, batches.like(settings)),
        "made beforehand": lambda: batches.feed(lambda: iter(made), batches.like(settings)),
        "made while it trains, tf.data left alone": lambda: left_alone(fresh, batches.like(settings)),
    }
    waits = {name: [] for name in feeds}

    def fit(name: str):
        def once() -> float:
            clock, drawings = Clock(), feeds[name]()
            model.fit(drawings, steps_per_epoch=arguments.steps, callbacks=[clock], shuffle=False, verbose=0)
            waits[name].append(time.perf_counter() - clock.ended)
            return (clock.ended - clock.began) / arguments.steps

        return once

    steps = medians({name: fit(name) for name in feeds}, arguments.rounds)
    began = time.perf_counter()
    for _ in itertools.islice(fresh(), arguments.steps):
        pass
    alone = (time.perf_counter() - began) / arguments.steps
    peer = steps["made beforehand"]
    lines = [
        f"`fit` on {plan.batch} drawings a step of {', '.join(CLASSES)} ({data.source}), {dtype}, {arguments.cores}",
        f"core(s), {arguments.steps} steps a round. Medians of {arguments.rounds} rounds in turn; load average",
        f"{os.getloadavg()[0]:.1f}. To make a batch, with nothing else to do, takes {alone * 1e3:.1f} ms, "
        f"{alone / peer:.1%} of a step.",
        "The wait is from the end of the last step until `fit` returns: median, and longest.",
        "Made by `python benchmarks/pipeline.py`.",
        "",
        "| batches | ms a step | against beforehand | wait at the end |",
        "|---|---:|---:|---:|",
    ]
    for name, seconds in steps.items():
        wait, longest = statistics.median(waits[name][1:]), max(waits[name][1:])
        waited = f"{wait * 1e3:.0f} ms, {longest * 1e3:.0f} ms"
        lines.append(f"| {name} | {seconds * 1e3:.1f} | {seconds / peer - 1:+.1%} | {waited} |")
    write(RESULT, lines)


if __name__ == "__main__":
    main()
