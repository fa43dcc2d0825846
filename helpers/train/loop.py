"""Training itself: the optimizer, runs that are resumed, checkpoints, logs."""

import csv
import ctypes
import importlib.util
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import h5py
import keras
import numpy as np
from tqdm import tqdm

from helpers.model import layers
from helpers.paths import DATA, atomic
from helpers.train import distribution
from helpers.train.plan import Plan, Schedule, check_run_name

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # glibc's malloc.h
MILESTONES = (500, 2_000, 8_000)  # steps whose weights a run keeps, to show how it learned


def make_optimizer(
    network: keras.Model, plan: Schedule, replicas: int = 1, average: bool = False
) -> keras.optimizers.Optimizer:
    """Adam with the plan's learning rate and clipping, built for this network.

    `average`: at each checkpoint the weights become their exponential average, and learn on from there.
    """
    schedule = keras.optimizers.schedules.PolynomialDecay(plan.learning_rate, plan.steps, plan.learning_rate / 100)
    averaged = {"use_ema": True, "ema_momentum": 0.99, "ema_overwrite_frequency": plan.epoch} if average else {}
    optimizer = (distribution.Adam if replicas > 1 else keras.optimizers.Adam)(schedule, clipnorm=plan.clip, **averaged)
    optimizer.build(network.trainable_variables)
    return optimizer


def keep_memory() -> None:
    """From here on glibc keeps the memory that the process frees, and takes all of it from one heap; elsewhere nothing.

    A step frees and takes hundreds of megabytes. By default glibc gives large blocks back to the system each time,
    which then clears every page anew: on a virtual machine that took as long as the step itself.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        for parameter, value in ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, -1), (M_ARENA_MAX, 1)):
            mallopt(parameter, value)


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
    keep_memory()
    step, callbacks = 0, [keras.callbacks.TerminateOnNaN()]
    if run:
        keeper = Keeper(run, plan, preview)
        keeper.set_model(network)
        step = keeper.resume()
        callbacks.insert(0, keeper)
        if keras.backend.backend() == "tensorflow" and importlib.util.find_spec("tensorboard"):
            callbacks.append(keras.callbacks.TensorBoard(run / "tensorboard", write_graph=False))
    step = int(distribution.from_chief(strategy, step))
    distribution.follow_chief(strategy, network)
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
    distribution.follow_chief(strategy, network)


def read_log(name: str) -> dict[str, list[float]]:
    """The log of a run.

    Parameters
    ----------
    name : str
        Of the run, `data/work/runs/<name>/`.

    Returns
    -------
    dict of str to list of float
        By column: step, loss, reconstruction, kl, and the same on validation drawings (val_...).

    Raises
    ------
    FileNotFoundError
        Where there is none yet.
    """
    path = DATA / "work" / "runs" / name / "log.csv"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: a run writes it after its first {Plan().epoch} steps or so")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, quoting=csv.QUOTE_NONNUMERIC))
    return {column: [row[column] for row in rows] for column in rows[0]}


def fast_dtype() -> str:
    """ "mixed_bfloat16" where the processor multiplies bfloat16 faster than float32, else, and on a GPU, "float32".

    Weights, state, loss and optimizer stay float32 either way.
    """
    if layers.has_tensorflow_gpu():
        return "float32"
    flags = Path("/proc/cpuinfo")
    fast = flags.exists() and any(flag in flags.read_text() for flag in ("amx_bf16", "avx512_bf16"))
    return "mixed_bfloat16" if fast else "float32"


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """In the block, networks get their first weights from this seed; the caller's random numbers go on as before.

    Everything else in training has generators of its own.
    """
    before = random.getstate()
    random.seed(seed)  # what Keras takes the seeds of its initializers from
    try:
        yield
    finally:
        random.setstate(before)


def begin_run(name: str, plan: Schedule, settings: dict) -> Path:
    """The folder of a run. Plan and settings are written down at its start, and must be the same when it is resumed."""
    check_run_name(name)
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
