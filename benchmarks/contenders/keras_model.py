"""The project's own network, with its own LSTM loop or with Keras's LSTM layer in the loop's place."""

import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf

from helpers.model import layers, vae


def make(folder: Path, dtype: str, own_loop: bool) -> SimpleNamespace:
    settings = json.loads((folder / "settings.json").read_text())
    model = vae.SketchVAE(vae.Settings(**settings | {"classes": tuple(settings["classes"])}), dtype=dtype)
    with np.load(folder / "weights.npz") as weights:
        for variable in model.weights:
            variable.assign(weights[variable.path])
    optimizer = keras.optimizers.Adam(1e-3, clipnorm=1.0)
    optimizer.build(model.trainable_variables)

    def step(inputs):
        with tf.GradientTape() as tape:
            loss = model.compute_loss(inputs, y_pred=model(inputs))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        return loss

    size, z_size = settings["size"], settings["z_size"]
    numbers = tf.TensorSpec([None], "float32")
    signature = {
        "seen": tf.TensorSpec([None, size, size], "uint8"),
        "target": tf.TensorSpec([None, None, 5], "float32"),
        "noise": tf.TensorSpec([None, z_size], "float32"),
        **dict.fromkeys(("prefix", "kl_weight", "free_bits"), numbers),
    }
    layers.has_tensorflow_gpu = lambda: not own_loop  # a GPU takes Keras's layer
    compiled = tf.function(step, input_signature=[signature]).get_concrete_function()
    precision = model.decoder.compute_dtype
    matrices = {}

    @tf.function
    def multiply(a, b):
        return tf.matmul(a, b)

    def product(n):
        if n not in matrices:
            matrices[n] = tf.cast(tf.random.normal((2, n, n)), precision)
        multiply(*tf.unstack(matrices[n])).numpy()

    return SimpleNamespace(
        version=f"Keras {keras.__version__} on TensorFlow {tf.__version__}",
        prepare=lambda batch: {name: tf.constant(batch[name]) for name in signature},
        step=lambda batch: float(compiled(batch)),
        product=product,
    )
