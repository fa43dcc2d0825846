"""Where a network trains: on one device, on all GPUs of a machine, or on several machines, which `TF_CONFIG` names.

In any case a batch is shared out, and every device takes the step that a single device would have taken. The first of
several workers is the chief: it alone reads and writes a run, so they need no disk in common.
"""

import json
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from helpers.model.vae import SketchVAE

EXAMPLE = '{"cluster": {"worker": ["one:12345", "two:12345"]}, "task": {"type": "worker", "index": 0}}'


def pick_strategy() -> Any:
    """How this process shares the training with other devices.

    Several workers have to meet before TensorFlow is used for anything.

    Returns
    -------
    tf.distribute.Strategy or None
        `MultiWorkerMirroredStrategy` where `TF_CONFIG` names several workers (it waits for all of them),
        `MirroredStrategy` over all GPUs where there are several, else the default; None on JAX.

    Raises
    ------
    ValueError
        For a `TF_CONFIG` that no one can follow.
    """
    count = count_workers()
    if keras.backend.backend() != "tensorflow":
        if count > 1:
            raise ValueError(f"TF_CONFIG names {count} workers, but Keras runs on {keras.backend.backend()}: unset one")
        return None
    import tensorflow as tf

    if count > 1:
        print(f"Waiting for all {count} workers", flush=True)
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def count_workers() -> int:
    """How many workers `TF_CONFIG` names; 1 without one. ValueError where no one can follow it."""
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(text)
        cluster = {job: list(addresses) for job, addresses in config.get("cluster", {}).items()}
        if cluster and int(config["task"]["index"]) not in range(len(cluster[config["task"]["type"]])):
            raise ValueError("there is no such task")
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise ValueError(f"TF_CONFIG is {text}. On the first of two machines it would be {EXAMPLE}") from error
    if not set(cluster) <= {"chief", "worker"}:
        raise ValueError(f"TF_CONFIG names a {', a '.join(cluster)}; only a chief and workers take part here")
    return max(1, sum(map(len, cluster.values())))


def are_several(strategy) -> bool:
    """Whether a strategy is of several processes."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def is_chief(strategy) -> bool:
    """Whether this process reads and writes the run: of several workers only the first does."""
    return strategy is None or strategy.extended.should_checkpoint


def from_chief(strategy, value):
    """The chief's number or array, on every worker."""
    if not are_several(strategy):
        return value
    import tensorflow as tf

    value = np.asarray(value)
    shares = strategy.experimental_distribute_values_from_function(
        lambda device: tf.identity(np.zeros_like(value) if device.replica_id_in_sync_group else value)
    )
    return strategy.reduce("SUM", shares, axis=None).numpy()


def follow_chief(strategy, network: keras.Model) -> None:
    """Gives a network and its optimizer the chief's weights, on every worker."""
    if not are_several(strategy):
        return
    variables = [*network.weights, *network.optimizer.variables]
    own = [variable.numpy() for variable in variables]
    # float64 holds what is float32, and the count of the steps too
    chiefs = from_chief(strategy, np.concatenate([value.ravel().astype(np.float64) for value in own]))
    parts = np.split(chiefs, np.cumsum([value.size for value in own])[:-1])
    for variable, value, part in zip(variables, own, parts, strict=True):
        variable.assign(part.reshape(value.shape))


def check_agreement(strategy, *facts) -> None:
    """ValueError where a worker was started with another plan, settings or drawings than the chief."""
    mark = zlib.crc32(json.dumps(facts).encode())
    if from_chief(strategy, mark) != mark:
        raise ValueError(f"the chief's plan, settings or drawings are others than this worker's: {facts}")


@contextmanager
def rejoining() -> Iterator[None]:
    """Where another worker is lost in the block, this program restarts itself, and so waits for that worker."""
    if count_workers() == 1:
        yield
        return
    import tensorflow as tf

    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError):  # TensorFlow has said which, in its log
        print("Lost another worker. Starting again, from the last checkpoint, once all are back.", flush=True)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


class Adam(keras.optimizers.Adam):
    """Adam that sums the replicas' gradients and then clips the sum. Keras clips each replica's own, then sums."""

    def _clip_gradients(self, grads):
        import tensorflow as tf

        return super()._clip_gradients(tf.distribute.get_replica_context().all_reduce("SUM", grads))

    def _all_reduce_sum_gradients(self, grads_and_vars):
        return list(grads_and_vars)  # they are summed


class SharedVAE(SketchVAE):
    """A `SketchVAE` whose `fit` runs on several devices and workers: github.com/keras-team/keras/issues/20585."""

    def _maybe_symbolic_build(self, *_, **__):
        """Nothing: it is built. Keras would average a batch over its shares to see its shape, and often cannot."""

    def get_metrics_result(self):
        """In a step, rows of one number: Keras averages them over the workers, and over the rows too."""
        import tensorflow as tf

        results = super().get_metrics_result()
        if not tf.distribute.has_strategy():  # not in a step
            return results
        return {name: keras.ops.reshape(value, (1,)) for name, value in results.items()}
