"""Killed with SIGKILL at any moment, and run again: training, preprocessing, tracing and downloads lose nothing.

A process kills itself: after so many seconds, or at the n-th file that it opens, renames or removes in its folder, so
that the moments around a write are met too. MIDSTROKE_SLOW_TESTS=1 kills training at 20 moments instead of 3.
"""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from helpers.data import dataset
from helpers.data.download import manifest, verify
from helpers.sketch.raster import render

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
SLOW = bool(os.environ.get("MIDSTROKE_SLOW_TESTS"))
WATCH = """
import os, signal, sys, threading
folder, moment = sys.argv[1], sys.argv[2]
seen = 0

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def watch(event, args):
    global seen
    if event in ("open", "os.rename", "os.remove", "os.truncate") and str(args[0]).startswith(folder):
        seen += 1
        if seen == 1 and moment.startswith("after "):
            threading.Timer(float(moment.removeprefix("after ")), die).start()
        if moment == f"file {seen}":
            die()

sys.addaudithook(watch)
"""
END = "\nprint('files', seen)\n"


def begin(script: str, folder: Path, moment: str, *arguments) -> subprocess.CompletedProcess:
    """Runs a script that works in `folder` and is killed at a moment, "never", "after 0.3" or "file 12"."""
    # one thread: its sums come out the same, whatever else the machine does
    one = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment = {**os.environ, **one, "MIDSTROKE_ROOT": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-c", WATCH + script + END, str(folder), moment, *map(str, arguments)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, cwd=folder)
    died = run.returncode == -signal.SIGKILL
    assert died or run.returncode == 0, run.stderr[-3000:]
    assert not (died and moment == "never")
    return run


def files_of(run: subprocess.CompletedProcess) -> int:
    """How many files the script opened, renamed or removed."""
    return int(re.search(r"^files (\d+)$", run.stdout, re.MULTILINE)[1])


def contents(folder: Path, *but: str) -> dict[str, bytes]:
    """Every file in a folder that is not hidden."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in but)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if not path.name.startswith(".")}


# Training

EPOCH, STEPS = 2, 12
TRAIN = f"""
from pathlib import Path
from helpers.train import Plan, train
from helpers.data import make_dataset, open_dataset
parts = [open_dataset(Path(sys.argv[3]) / f"{{name}}.npz") for name in ("cloud", "camel")]
drawings = {{part.classes[0]: {{split: getattr(part, split).sketches[:40] for split in ("train", "valid", "test")}}
            for part in parts}}
plan = Plan(steps={STEPS}, batch=8, anneal=4, epoch={EPOCH})
model = train(make_dataset(drawings, "sample"), "tiny", plan, preview=lambda model, step: print("kept", step),
    z_size=8, units=16, components=2, size=32, max_points=80)
"""


def run_of(folder: Path) -> Path:
    return folder / "data" / "work" / "runs" / "tiny"


def weights(path: Path) -> dict[str, np.ndarray]:
    """Every array of a checkpoint, by name, and its step."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
        found["step"] = np.array(file.attrs["step"])
    return found


def check_run(run: Path, shown: str) -> int:
    """What a killed run has left is whole; returns the step of its checkpoint, not far behind what it had shown."""
    for path in run.glob("[!.]*.weights.h5"):
        arrays = weights(path)
        assert len(arrays) > 20 and all(np.isfinite(array).all() for array in arrays.values())
    if (run / "run.json").exists():
        json.loads((run / "run.json").read_text())
    if (run / "log.csv").exists():
        with open(run / "log.csv", newline="") as file:
            rows = list(csv.DictReader(file, quoting=csv.QUOTE_NONNUMERIC, strict=True))
        assert [row["step"] for row in rows] == list(range(EPOCH, EPOCH * len(rows) + 1, EPOCH))
        assert all(np.isfinite(list(row.values())).all() for row in rows)
    checkpoint = run / "checkpoint.weights.h5"
    kept = int(weights(checkpoint)["step"]) if checkpoint.exists() else 0
    announced = [int(step) for step in re.findall(r"^.*kept (\d+)", shown, re.MULTILINE)]
    counted = [int(step) for step in re.findall(rf"(\d+)/{STEPS}", shown)]
    assert kept >= max(announced, default=0)
    assert max(counted, default=0) - kept <= EPOCH
    return kept


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The folder of a run that was never killed, and how many files it opened, renamed or removed."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    return folder, files_of(begin(TRAIN, folder, "never", SAMPLE))


# one whole run at first, so 20 moments take a few minutes
@pytest.mark.parametrize("series", range(5 if SLOW else 1))
def test_training_killed_anywhere_ends_with_the_weights_of_an_uninterrupted_run(series, uninterrupted, tmp_path):
    whole, files = uninterrupted
    rng = np.random.default_rng([11, series])
    # a moment in a step or wherever it may be, and moments at a file, in a run that each time has less left to do
    moments = [
        f"file {rng.integers(3, files // 2)}",
        f"after {rng.uniform(0.5, 12):.2f}",
        f"file {rng.integers(8, 20)}",
    ]
    moments += [f"after {rng.uniform(3, 12):.2f}"] if SLOW else []
    run, kept, killed = run_of(tmp_path), 0, 0
    for moment in moments:
        process = begin(TRAIN, tmp_path, moment, SAMPLE)
        killed += process.returncode != 0
        before, kept = kept, check_run(run, process.stdout)
        assert kept >= before  # no run takes back what another had done
    assert killed >= 2
    begin(TRAIN, tmp_path, "never", SAMPLE)
    assert check_run(run, "") == STEPS
    assert sorted(path.name for path in run.iterdir()) == sorted(path.name for path in run_of(whole).iterdir())
    same_weights(run, run_of(whole))


def same_weights(run: Path, other: Path) -> None:
    for name in ("checkpoint.weights.h5", "best.weights.h5"):
        ours, theirs = weights(run / name), weights(other / name)
        assert ours.keys() == theirs.keys()
        for key in theirs:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)


def test_a_checkpoint_that_is_damaged_is_named_and_not_gone_on_from(uninterrupted, tmp_path):
    folder, _ = uninterrupted
    run = run_of(tmp_path)
    run.mkdir(parents=True)
    for path in run_of(folder).iterdir():
        (run / path.name).write_bytes(path.read_bytes())
    checkpoint = run / "checkpoint.weights.h5"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-5000])
    with pytest.raises(AssertionError, match=r"ValueError: .*checkpoint\.weights\.h5 is damaged; delete it"):
        begin(TRAIN, tmp_path, "never", SAMPLE)


HOG = """
import resource
hog = []

def print(*words):  # at step 4 all memory goes, to the last page
    __builtins__.print(*words, flush=True)
    if words == ("kept", 4):
        pages = int(open("/proc/self/statm").read().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (64 << 20), resource.RLIM_INFINITY))
        size = 1 << 24
        while size > 1 << 9:
            try:
                hog.append(bytearray(size))
            except MemoryError:
                size //= 2
"""


@pytest.mark.skipif(sys.platform != "linux", reason="NEEDS LINUX: memory is measured in /proc")
def test_training_that_runs_out_of_memory_goes_on_from_its_checkpoint(uninterrupted, tmp_path):
    whole, _ = uninterrupted
    with pytest.raises(AssertionError) as caught:  # TensorFlow ends the process, or Python raises
        begin(HOG + TRAIN, tmp_path, "never", SAMPLE)
    print(caught.value)
    assert check_run(run_of(tmp_path), "") == 4
    begin(TRAIN, tmp_path, "never", SAMPLE)
    assert check_run(run_of(tmp_path), "") == STEPS
    same_weights(run_of(tmp_path), run_of(whole))


# Preprocessing

SAVE = """
from helpers.data import open_dataset, save_dataset
save_dataset(open_dataset(sys.argv[3]), folder + "/set.npz")
"""


def test_preprocessing_killed_at_every_file_leaves_the_old_data_set_or_the_new(tmp_path):
    old, new = (SAMPLE / f"{name}.npz" for name in ("cloud", "camel"))
    files = files_of(begin(SAVE, tmp_path, "never", old))
    before = contents(tmp_path)
    begin(SAVE, tmp_path, "never", new)
    after = contents(tmp_path)
    assert files > 3 and before != after
    rng = np.random.default_rng(0)
    moments = [f"file {n}" for n in range(1, files + 1)] + [f"after {rng.uniform(0, 0.05):.4f}" for _ in range(3)]
    ends = []
    for moment in moments:
        (tmp_path / "set.npz").write_bytes(before["set.npz"])
        begin(SAVE, tmp_path, moment, new)
        ends.append(contents(tmp_path))
        assert ends[-1] in (before, after)
        begin(SAVE, tmp_path, "never", new)
        assert contents(tmp_path) == after
    assert before in ends


# Tracing a folder

TRACE = """
from helpers.trace import trace_folder
trace_folder(sys.argv[3], folder + "/out", jobs=1)
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """40 pictures of two classes, drawn by the model that ships."""
    folder = tmp_path_factory.mktemp("pictures") / "two words"
    for name in ("cloud", "camel"):
        (folder / name).mkdir(parents=True)
        for number, sketch in enumerate(dataset.open_dataset(SAMPLE / f"{name}.npz").train.sketches[:20]):
            Image.fromarray(255 - render(sketch, 128, 3)).save(folder / name / f"{number}.png")
    return folder


def test_tracing_killed_anywhere_ends_with_the_same_bytes(pictures, tmp_path):
    whole, again = tmp_path / "whole", tmp_path / "again"
    for folder in (whole, again):
        folder.mkdir()
    files = files_of(begin(TRACE, whole, "never", pictures))
    rng = np.random.default_rng(0)
    moments = [f"after {seconds:.2f}" for seconds in rng.uniform(0.05, 1.5, 10 if SLOW else 2)]
    moments += [f"file {n}" for n in (range(1, files + 1) if SLOW else (4, files - 1))]
    killed, lines = 0, b""
    for moment in moments:
        killed += begin(TRACE, again, moment, pictures).returncode != 0
        progress = again / "out" / "progress.ndjson"
        done = progress.read_bytes() if progress.exists() else b""
        assert done.startswith(lines)  # what was traced stays traced
        lines = done[: done.rfind(b"\n") + 1]
    assert killed >= 2
    begin(TRACE, again, "never", pictures)
    assert contents(again) == contents(whole)


# Downloads

FETCH = """
from pathlib import Path
from helpers.data.download import fetch
fetch(sys.argv[3], Path(folder) / "The Eiffel Tower.npz", lambda path: None)
"""


def test_a_download_killed_anywhere_goes_on_and_ends_with_the_same_bytes(bucket, tmp_path):
    content = np.random.default_rng(0).bytes(3_000_000)
    bucket.put("The Eiffel Tower.npz", content)
    url = f"{bucket.url}/The%20Eiffel%20Tower.npz"
    folder = tmp_path / "first"
    folder.mkdir()
    files = files_of(begin(FETCH, folder, "never", url))
    rng = np.random.default_rng(0)
    moments = [f"file {n}" for n in (range(2, files + 1) if SLOW else (4, 6, files - 1))]
    moments += [f"after {seconds:.3f}" for seconds in rng.uniform(0.01, 0.3, 8 if SLOW else 2)]
    for number, moment in enumerate(moments):
        folder = tmp_path / str(number)
        folder.mkdir()
        begin(FETCH, folder, moment, url)
        path = folder / "The Eiffel Tower.npz"
        if path.exists():  # under its own name only what is whole, and listed
            assert path.read_bytes() == content
            assert manifest(folder)[path.name]["bytes"] == len(content)
        begin(FETCH, folder, "never", url)
        assert path.read_bytes() == content
        verify(path)
        assert set(contents(folder)) == {path.name, "manifest.json"}
