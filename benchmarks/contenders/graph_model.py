"""Sketch-RNN as its paper describes it (Ha & Eck, arXiv 1704.03477), as a graph of TensorFlow 1 run in a session.

Written anew, of the released network's sizes: an encoder that is an LSTM of 256 in both directions, a decoder that is
one of 512 and is given z at every step, both by `dynamic_rnn`; 20 Gaussians; Adam, gradients cut off at 1. Magenta's
own code asks for versions of TensorFlow that these Pythons cannot install. Left out is what would only cost this
contender time: dropout inside the cells and layer normalisation.
"""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


class Cell:
    """A plain LSTM cell, in the form that `dynamic_rnn` takes: TensorFlow's own is gone where Keras is Keras 3."""

    def __init__(self, units: int, inputs: int, name: str):
        glorot = v1.keras.initializers.glorot_uniform()
        self.kernel = v1.get_variable(f"{name}/kernel", (inputs + units, 4 * units), initializer=glorot)
        self.bias = v1.get_variable(f"{name}/bias", (4 * units,), initializer=v1.zeros_initializer())
        self.output_size, self.state_size = units, (units, units)

    def zero_state(self, batch, dtype):
        return tuple(tf.zeros((batch, size), dtype) for size in self.state_size)

    def __call__(self, inputs, state, scope=None):
        c, h = state
        gates = tf.matmul(tf.concat([inputs, h], 1), self.kernel) + self.bias
        i, new, f, o = tf.split(gates, 4, 1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(new)
        h = tf.tanh(c) * tf.sigmoid(o)
        return h, (c, h)


def dense(x, inputs: int, outputs: int, name: str):
    kernel = v1.get_variable(f"{name}/kernel", (inputs, outputs), initializer=v1.keras.initializers.glorot_uniform())
    return tf.matmul(x, kernel) + v1.get_variable(f"{name}/bias", (outputs,), initializer=v1.zeros_initializer())


def make(folder: Path) -> SimpleNamespace:
    settings = json.loads((folder / "settings.json").read_text())
    units, z_size, components, reader = settings["units"], settings["z_size"], settings["components"], 256
    with tf.Graph().as_default() as graph:
        target = v1.placeholder(tf.float32, (None, None, 5))
        noise = v1.placeholder(tf.float32, (None, z_size))
        kl_weight = v1.placeholder(tf.float32, (None,))
        free_bits = v1.placeholder(tf.float32, (None,))
        batch, length = tf.shape(target)[0], tf.shape(target)[1]
        real = 1 - target[..., 4]
        lengths = tf.cast(tf.reduce_sum(real, 1), tf.int32) + 1
        cells = [Cell(reader, 5, name) for name in ("forward", "backward")]
        _, states = v1.nn.bidirectional_dynamic_rnn(*cells, target, sequence_length=lengths, dtype=tf.float32)
        read = tf.concat([h for _, h in states], 1)
        mean, log_variance = dense(read, 2 * reader, z_size, "mean"), dense(read, 2 * reader, z_size, "variance")
        z = mean + tf.exp(log_variance / 2) * noise
        c, h = tf.split(tf.tanh(dense(z, z_size, 2 * units, "initial")), 2, 1)
        start = tf.zeros((batch, 1, 5)) + tf.constant([0.0, 0, 1, 0, 0])
        tiled = tf.tile(z[:, None], (1, length, 1))
        inputs = tf.concat([start, target[:, :-1]], 1)
        inputs = tf.concat([inputs, tiled], 2)
        inputs.set_shape((None, None, 5 + z_size))
        hidden, _ = v1.nn.dynamic_rnn(
            Cell(units, 5 + z_size, "decoder"), inputs, initial_state=(c, h), swap_memory=True
        )
        parameters = dense(tf.reshape(hidden, (-1, units)), units, 6 * components + 3, "head")
        loss = _loss(tf.reshape(target, (-1, 5)), parameters, tf.reshape(_with_end(real), (-1,)), batch)
        kl = 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - 1 - log_variance, 1)
        loss += tf.reduce_mean(kl_weight * tf.maximum(kl, free_bits))
        loss /= settings["mean_points"]
        optimizer = v1.train.AdamOptimizer(1e-3)
        gradients = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in optimizer.compute_gradients(loss)]
        train = optimizer.apply_gradients(gradients)
        first = v1.global_variables_initializer()
        sides = [v1.placeholder(tf.float32, (None, None)) for _ in range(2)]
        squared = tf.reduce_max(tf.matmul(*sides))
    session = v1.Session(graph=graph)
    session.run(first)

    def step(fed: dict) -> float:
        return float(session.run([loss, train], fed)[0])

    return SimpleNamespace(
        version=f"TensorFlow {tf.__version__}'s graphs",
        prepare=lambda b: {
            target: b["target"],
            noise: b["noise"],
            kl_weight: b["kl_weight"],
            free_bits: b["free_bits"],
        },
        step=step,
        product=lambda n: session.run(squared, dict.fromkeys(sides, np.ones((n, n), np.float32))),
    )


def _with_end(real):
    return tf.concat([tf.ones_like(real[:, :1]), real[:, :-1]], 1)


def _loss(target, parameters, real_and_end, batch):
    """Nats a drawing: the mixture's (equation 9), and the pen's, with a tiny number in the logarithm."""
    pi, mu_x, mu_y, sigma_x, sigma_y, rho = tf.split(parameters[:, :-3], 6, 1)
    pi, rho = tf.nn.softmax(pi), tf.tanh(rho)
    sigma_x, sigma_y = tf.exp(sigma_x), tf.exp(sigma_y)
    dx, dy = (target[:, :1] - mu_x) / sigma_x, (target[:, 1:2] - mu_y) / sigma_y
    free = 1 - rho**2 + 1e-6
    distance = dx**2 + dy**2 - 2 * rho * dx * dy
    normal = tf.exp(-distance / (2 * free)) / (2 * math.pi * sigma_x * sigma_y * tf.sqrt(free))
    offsets = -tf.math.log(tf.reduce_sum(pi * normal, 1) + 1e-6) * (1 - target[:, 4])
    pen = tf.nn.softmax_cross_entropy_with_logits(target[:, 2:], parameters[:, -3:]) * real_and_end
    return tf.reduce_sum(offsets + pen) / tf.cast(batch, tf.float32)
