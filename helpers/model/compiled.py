"""Functions of a model, compiled once and run over many drawings in chunks."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

CHUNK = 500  # drawings at a time: larger gains no speed, and memory stays bounded


def in_chunks(function: Callable, sketches: Sequence[np.ndarray], width: int) -> np.ndarray:
    """function(sketches) (N, width), `CHUNK` sketches at a time."""
    parts = [function(sketches[a : a + CHUNK]) for a in range(0, len(sketches), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, width), np.float32)


def compile_once(model: keras.Model, name: str, function: Callable, *kinds: tuple[tuple, str]) -> Callable:
    """The function compiled for this model, once, for inputs of these shapes and dtypes (None: any size).

    Kept in the model, so that it goes when the model goes.
    """
    compiled = model.__dict__.setdefault("_compiled_once", {})  # past Keras, which would take it for a part to save
    if name not in compiled:
        if keras.backend.backend() == "jax":
            import jax

            # the weights are arguments: captured, they would stay as they were when it was compiled
            def stateless(weights, *inputs):
                with keras.StatelessScope(zip(model.variables, weights, strict=True)):
                    return function(*inputs)

            jitted = jax.jit(stateless)
            compiled[name] = lambda *inputs: jitted([variable.value for variable in model.variables], *inputs)
        else:
            import tensorflow as tf

            signature = [tf.TensorSpec(*kind) for kind in kinds]
            # concrete: TensorFlow would take another model's tracing for a tracing too many, and warn
            compiled[name] = tf.function(function, input_signature=signature).get_concrete_function()
    return compiled[name]
