"""Two devices, and two workers on loopback, train as one does; a worker that is killed and started again rejoins.

The devices are logical CPUs. The drawings are the sample's.
"""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import h5py
import numpy as np
import pytest

from helpers.train import distribution

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SLOW = bool(os.environ.get("MIDSTROKE_SLOW_TESTS"))
STEPS, CLIP = 20, 0.05
BEGIN = f"""
import os, signal, sys
from helpers.data import load_drawings
from helpers.model import save_model
from helpers.train import __main__, batches, vae

vae.fast_dtype = lambda: "float32"
__main__.load_drawings = lambda classes, source: load_drawings(classes, "sample", limit=45)
__main__.release = lambda model, name, *_: save_model(model, name)  # the real ones want people's drawings
__main__.check_releasable = lambda data: None
# does not divide by two, nor do the drawings by it
vae.VALID_BATCH = batches.VALID_BATCH = 29
# at a higher rate Adam blows up the last digit that a sum's order leaves open
sys.argv[1:] = "one --classes cloud camel --steps {STEPS} --batch 12 --clip {CLIP} --learning-rate 1e-4".split()
sys.argv += "--units 32 --z-size 16 --anneal 10 --epoch".split() + [os.environ.get("EPOCH", "1")]
"""
TRAIN = """
real, last = batches.batches, int(os.environ.get("LAST", 0))

def until_killed(*arguments):
    for step, batch in enumerate(real(*arguments), 1):
        yield batch
        if step == last:
            os.kill(os.getpid(), signal.SIGKILL)

vae.batches = until_killed
__main__.main()
"""
TWO_DEVICES = """
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
__main__.main()
sys.argv[1] = "two"
__main__.pick_strategy = lambda: tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
__main__.main()
sys.argv[sys.argv.index("12")] = "13"
try:
    __main__.main()
except ValueError as error:
    print(error)
"""


class Program:
    """A Python program whose data lie in a folder of its own, and go from there."""

    def __init__(self, folder: Path, code: str, **environment: str):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        if not (folder / "data" / "sample").exists():
            (folder / "data" / "sample").symlink_to(ROOT / "data" / "sample")
        # one thread: its sums come out the same, whatever else the machine does
        one = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        own = {"MIDSTROKE_ROOT": str(folder), "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
        self.shown = folder / "shown.txt"
        with open(self.shown, "a") as shown:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", BEGIN + code],
                env={**os.environ, **one, **own, **environment},
                stdout=shown,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def ends(self) -> int:
        """Waits for it, and returns its exit status."""
        try:
            return self.process.wait(timeout=600)
        except subprocess.TimeoutExpired:
            pytest.fail(self.shown.read_text()[-3000:])


def cluster() -> list[str]:
    """The `TF_CONFIG` of two workers, on ports of this machine that were free a moment ago."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    return [json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}) for i in range(2)]


def log(folder: Path, name: str = "one") -> list[dict[str, float]]:
    with open(folder / "data/work/runs" / name / "log.csv", newline="") as file:
        return list(csv.DictReader(file, quoting=csv.QUOTE_NONNUMERIC))


def checkpoint(folder: Path, name: str = "one") -> dict[str, np.ndarray]:
    """Every array of a run's last checkpoint, by name."""
    found = {}
    with h5py.File(folder / "data/work/runs" / name / "checkpoint.weights.h5") as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def check_close(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], tolerance: float) -> None:
    """Each array differs by no more than that share of its norm."""
    assert ours.keys() == theirs.keys()
    for key, array in theirs.items():
        assert np.linalg.norm(ours[key] - array) <= tolerance * np.linalg.norm(array), key


def check_same_learning(ours: list[dict], theirs: list[dict]) -> None:
    assert [row["step"] for row in ours] == [row["step"] for row in theirs] == list(range(1, STEPS + 1))
    for a, b in zip(ours, theirs, strict=True):
        for key in ("loss", "reconstruction", "val_loss", "val_reconstruction"):
            assert a[key] == pytest.approx(b[key], rel=1e-4), f"{key} at step {a['step']:.0f}"


@pytest.fixture(scope="module")
def one_process(tmp_path_factory) -> Path:
    """The folder of a process that trained on one device, and then the same on two."""
    folder = tmp_path_factory.mktemp("one-process")
    with Program(folder, TWO_DEVICES) as program:
        assert program.ends() == 0, program.shown.read_text()[-3000:]
    return folder


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory) -> tuple[Path, Path]:
    """The folders of two workers that trained together."""
    folders = [tmp_path_factory.mktemp(name) for name in ("chief", "worker")]
    with ExitStack() as stack:
        programs = [
            stack.enter_context(Program(folder, TRAIN, TF_CONFIG=config))
            for folder, config in zip(folders, cluster(), strict=True)
        ]
        for program in programs:
            assert program.ends() == 0, program.shown.read_text()[-3000:]
    return tuple(folders)


def test_two_devices_learn_as_one_does(one_process):
    check_same_learning(log(one_process, "two"), log(one_process))
    one, two = checkpoint(one_process), checkpoint(one_process, "two")
    moments = [key for key in one if key.startswith("optimizer")]
    # the order of sums differs, and where it turns a ReLU's sign, Adam's moments, which are small, feel it most
    check_close({key: two.pop(key) for key in moments}, {key: one.pop(key) for key in moments}, 0.1)
    check_close(two, one, 1e-2)


def test_gradients_are_clipped_when_they_are_summed(one_process):
    # Adam's mean square of a gradient that was clipped at every step
    limit = CLIP**2 * (1 - 0.999**STEPS)
    for name in ("one", "two"):
        squares = [array.sum() for key, array in checkpoint(one_process, name).items() if key.startswith("optimizer")]
        assert np.isclose(squares, limit, rtol=1e-3).sum() > 5, squares


def test_a_batch_that_cannot_be_shared_evenly_is_refused(one_process):
    assert "batch (13) must be a multiple of the 2 devices" in (one_process / "shown.txt").read_text()


def test_two_workers_learn_as_one_does(one_process, two_workers):
    chief, _ = two_workers
    check_same_learning(log(chief), log(one_process))
    assert (chief / "data/models/one.npz").exists()


def test_only_the_chief_writes(two_workers):
    _, worker = two_workers
    assert sorted(path.name for path in worker.rglob("*")) == ["data", "sample", "shown.txt"]


# of a killed chief the others lose more: it leads them
@pytest.mark.parametrize("killed", [1, pytest.param(0, marks=pytest.mark.skipif(not SLOW, reason="takes a minute"))])
def test_a_worker_that_is_killed_and_started_again_rejoins(killed, two_workers, tmp_path):
    folders, configs = (tmp_path / "chief", tmp_path / "worker"), cluster()
    with ExitStack() as stack:

        def begin(index, **environment):
            program = Program(folders[index], TRAIN, TF_CONFIG=configs[index], EPOCH="4", **environment)
            return stack.enter_context(program)

        programs = [begin(index, **({"LAST": "14"} if index == killed else {})) for index in range(2)]
        assert programs[killed].ends() == -signal.SIGKILL, programs[killed].shown.read_text()[-3000:]
        steps = [row["step"] for row in log(folders[0])]
        assert steps and steps[-1] < STEPS
        programs[killed] = begin(killed)
        for program in programs:
            assert program.ends() == 0, program.shown.read_text()[-3000:]
    assert "Lost another worker" in programs[1 - killed].shown.read_text()
    assert [row["step"] for row in log(folders[0])] == [4, 8, 12, 16, 20]
    check_close(checkpoint(folders[0]), checkpoint(two_workers[0]), 1e-6)
    assert not (folders[1] / "data/work").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker 0 of 2", "TF_CONFIG is worker 0 of 2. On the first of two machines"),
        ("[]", "TF_CONFIG is"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}}', "TF_CONFIG is"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker"}}', "TF_CONFIG is"),
        ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}', "TF_CONFIG is"),
        ('{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}, "task": {"type": "ps", "index": 0}}', "a ps; only a chief"),
    ],
)
def test_a_tf_config_that_no_one_can_follow_is_refused(text, said, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=said):
        distribution.pick_strategy()


def test_a_tf_config_of_one_worker_is_like_none(monkeypatch):
    for text in ("", "{}", '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}'):
        monkeypatch.setenv("TF_CONFIG", text)
        assert not distribution.are_several(distribution.pick_strategy())


def test_the_example_in_the_message_can_be_followed(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", distribution.EXAMPLE)
    assert distribution.count_workers() == 2
