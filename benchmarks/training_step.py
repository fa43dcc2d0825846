"""One training step of the released size (batch 100, LSTM 512, z 512, 48x48), beside Keras's own LSTM layer.

Run: python benchmarks/training_step.py. The same model, weights and batches; the contenders take turns, and the table
has the medians and goes to benchmarks/results/training_step.md. Real drawings (the sample where there is no network).
"""

import itertools
import statistics
import time
from pathlib import Path

import keras
import tensorflow as tf

from helpers import training, vae
from helpers.paths import atomic
from helpers.quickdraw import load

CLASSES = ["ear", "eye", "mouth", "nose"]
ROUNDS = 5
STEPS = 8  # a round
RESULT = Path(__file__).parent / "results" / "training_step.md"


def make_step(settings: vae.Settings, example: dict, dtype: str, own_loop: bool):
    """A compiled step on one batch: forward, backward, Adam."""
    model = vae.SketchVAE(settings, dtype=dtype)
    optimizer = keras.optimizers.Adam(1e-3, clipnorm=1.0)
    optimizer.build(model.trainable_variables)

    def step(inputs):
        with tf.GradientTape() as tape:
            loss = model.compute_loss(inputs, y_pred=model(inputs))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        return loss

    signature = {name: tf.TensorSpec([None] * value.ndim, value.dtype) for name, value in example.items()}
    signature["seen"] = tf.TensorSpec([None, settings.size, settings.size], "uint8")
    signature["target"] = tf.TensorSpec([None, None, 5], "float32")
    signature["noise"] = tf.TensorSpec([None, settings.z_size], "float32")
    has_gpu, vae.has_tensorflow_gpu = vae.has_tensorflow_gpu, lambda: not own_loop  # a GPU takes Keras's layer
    compiled = tf.function(step, input_signature=[signature]).get_concrete_function()
    vae.has_tensorflow_gpu = has_gpu
    return lambda inputs: float(compiled(inputs))


def main() -> None:
    dataset = load(CLASSES, allow_sample=True)
    plan = training.Plan()
    sketches = dataset.train.sketches
    settings = vae.Settings(dataset.classes, dataset.scale, sum(map(len, sketches)) / len(sketches))
    split = training._short(dataset.train, settings.max_points)
    stream = training.batches(split, settings, plan)
    began = time.perf_counter()
    batches = list(itertools.islice(stream, STEPS + 40))[-STEPS:]
    pipeline = (time.perf_counter() - began) / (STEPS + 40)
    points = statistics.mean(batch["target"].shape[1] for batch in batches)
    batches = [{name: tf.constant(value) for name, value in batch.items()} for batch in batches]
    kinds = dict.fromkeys(["float32", training.fast_dtype()])
    steps = {
        f"{name}, {dtype.removeprefix('mixed_')}": make_step(settings, batches[0], dtype, own_loop)
        for dtype in kinds
        for name, own_loop in (("Keras's LSTM layer", False), ("Midstroke's loop", True))
    }
    times = {name: [] for name in steps}
    for _ in range(ROUNDS + 1):
        for name, step in steps.items():
            began = time.perf_counter()
            for batch in batches:
                step(batch)
            times[name].append((time.perf_counter() - began) / len(batches))
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}  # the first round warms up
    peer = medians["Keras's LSTM layer, float32"]
    lines = [
        f"A step on {plan.batch} drawings of {', '.join(CLASSES)} ({dataset.source}), padded to {points:.0f} points on",
        f"average: LSTM 512, z 512, bitmaps 48x48. Medians of {ROUNDS} rounds of {STEPS} steps, in turn, on the CPU.",
        f"Making a batch (augment, render, pad) takes {pipeline * 1e3:.1f} ms.",
        "Made by `python benchmarks/training_step.py`.",
        "",
        "| | ms a step | drawings a second | against Keras's layer |",
        "|---|---:|---:|---:|",
    ]
    for name, seconds in medians.items():
        lines.append(f"| {name} | {seconds * 1e3:.0f} | {plan.batch / seconds:.0f} | {peer / seconds:.2f}x |")
    print("\n".join(lines))
    with atomic(RESULT) as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
