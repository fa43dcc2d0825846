"""Drawing and reading, many at a time and one at a time, beside a loop that calls the model once a step.

Run: python benchmarks/sampling.py. A minute. The released network (LSTM 512, z 512) draws 64 points each: its pen is
kept from ending, so that all do the same work. The loop is the way of Sketch-RNN's own code: one drawing, a call of the
compiled model a step, and NumPy picks the next point. It has the same weights. The contenders take turns, and the table
has the medians and goes to benchmarks/results/sampling.md.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf
from contenders.turns import medians, write

from helpers.data.dataset import load_drawings
from helpers.draw import decoding, priors
from helpers.model import loss, vae
from helpers.model.card import fingerprints
from helpers.train.loop import fast_dtype

POINTS = 64
COUNTS = (1, 10, 100, 1000)
RESULT = Path(__file__).parent / "results" / "sampling.md"


def endless(dtype: str) -> vae.SketchVAE:
    """The released network, but all its drawings have 64 points."""
    released = vae.load_model("face-parts")
    model = vae.SketchVAE(replace(released.settings, max_points=POINTS), dtype)
    model.set_weights(released.get_weights())
    model.prior = released.prior
    bias = model.decoder.head.bias
    bias.assign(bias - 1e9 * np.eye(bias.shape[0], dtype=np.float32)[-1])
    return model


def with_a_call_a_step(model: vae.SketchVAE) -> Callable[[np.ndarray], None]:
    """Draws a row of z as Sketch-RNN's own code does."""
    start = tf.function(model.decoder.start).get_concrete_function(tf.TensorSpec((1, model.settings.z_size)))

    @tf.function
    def step(point, z, *state):
        # z goes in with every point
        _, same = model.decoder.start(z)
        state, parameters = model.decoder.step(point, state, same)
        return *state, *loss.mixture(parameters)

    rng = np.random.default_rng(0)

    def pick(logits: np.ndarray, temperature: float) -> int:
        p = np.exp((logits - logits.max()) / temperature)
        return rng.choice(len(p), p=p / p.sum())

    def draw(z: np.ndarray) -> None:
        state, _ = start(tf.constant(z))
        point, rows = np.array([[0, 0, 1, 0, 0]], np.float32), []
        for _ in range(POINTS):
            answer = step(tf.constant(point), tf.constant(z), *state)
            state = answer[:4]
            log_pi, mu, sigma, rho, log_pen = (np.asarray(part, np.float64)[0] for part in answer[4:])
            k = pick(log_pi, 0.2)
            cross = rho[k] * sigma[k].prod()
            covariance = 0.2 * np.array([[sigma[k, 0] ** 2, cross], [cross, sigma[k, 1] ** 2]])
            point = np.zeros((1, 5), np.float32)
            point[0, :2] = rng.multivariate_normal(mu[k], covariance)
            point[0, 2 + pick(log_pen, 0.2)] = 1
            rows.append(point)

    return draw


def timed(run: Callable[[], object], count: int) -> Callable[[], float]:
    """Seconds a drawing."""

    def once() -> float:
        began = time.perf_counter()
        run()
        return (time.perf_counter() - began) / count

    return once


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: arguments.cores]))
    models = {dtype.removeprefix("mixed_"): endless(dtype) for dtype in dict.fromkeys(["float32", fast_dtype()])}
    model = models["float32"]
    z = priors.sample_z(model, max(COUNTS), seed=1)
    drawings = load_drawings(model.settings.classes, allow_sample=True)
    sketches = (drawings.test.sketches * (1 + max(COUNTS) // len(drawings.test.sketches)))[: max(COUNTS)]
    loop = with_a_call_a_step(model)
    lines = [
        f"Drawings of {POINTS} points by face-parts (LSTM 512, z 512), and reading real ones ({drawings.source}),",
        f"{arguments.cores} core(s). Medians of {arguments.rounds} rounds in turn; load average before: "
        f"{os.getloadavg()[0]:.1f}.",
        "The loop calls the model once a step, in float32, for one drawing at a time, as Sketch-RNN's code does.",
        f"Made by `python benchmarks/sampling.py`. {fingerprints('face-parts')}",
        "",
        "| drawings at a time | | ms | a second | against the loop |",
        "|---:|---|---:|---:|---:|",
    ]
    for count in COUNTS:
        turns = {"drawn by the loop": timed(lambda: loop(z[:1]), 1)}
        for precision, own in models.items():
            turns[f"drawn, {precision}"] = timed(lambda own=own, n=count: decoding.decode(own, z[:n]), count)
            turns[f"read, {precision}"] = timed(lambda own=own, n=count: decoding.encode(own, sketches[:n]), count)
        # a single drawing is over too soon for a round of its own
        found = medians(turns, arguments.rounds * (4 if count == 1 else 1))
        peer = found.pop("drawn by the loop")
        if count == 1:
            lines.append(f"| 1 | drawn by the loop | {peer * 1e3:.1f} | {1 / peer:,.0f} | 1x |")
        for name, seconds in sorted(found.items()):
            ratio = f"{peer / seconds:.1f}x" if name.startswith("drawn") else ""
            lines.append(f"| {count:,} | {name} | {seconds * count * 1e3:,.1f} | {1 / seconds:,.0f} | {ratio} |")
    write(RESULT, lines)


if __name__ == "__main__":
    main()
