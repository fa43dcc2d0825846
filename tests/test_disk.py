"""A full disk and a folder that cannot be written: one message with the path and what to do, the last good file kept.

Small file systems are mounted for it, which takes the rights to; where they are missing, the tests are skipped.
"""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import export, plots, quickdraw, training, vae, video
from helpers.booklet import Plate, booklet
from helpers.raster import render
from helpers.strokes import from_polylines
from helpers.vectorize import trace_folder

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
CROSS = from_polylines([[[0, 0], [60, 60]], [[60, 0], [0, 60]]])
TINY = {"z_size": 8, "units": 16, "components": 2, "size": 32, "max_points": 80}
PLAN = training.Plan(steps=4, batch=8, anneal=4, epoch=2)


@contextmanager
def disk(folder: Path, size: str):
    """The folder, on a file system of that size."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"NEEDS TO MOUNT a small file system: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)


def fill(folder: Path, spare: int = 0) -> Path:
    """Takes all the room but a few bytes."""
    free = os.statvfs(folder)
    path = folder / "much"
    path.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - spare)))
    return path


@pytest.fixture
def data():
    parts = [quickdraw.open_dataset(SAMPLE / f"{name}.npz") for name in ("cloud", "camel")]
    drawings = {
        part.classes[0]: {split: getattr(part, split).sketches[:30] for split in quickdraw.SPLITS} for part in parts
    }
    return quickdraw.make_dataset(drawings, "sample")


# HDF5 cannot close what it could not write
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_training_on_a_disk_that_fills_up_keeps_its_checkpoint_and_goes_on_when_there_is_room(
    data, tmp_path, monkeypatch
):
    with disk(tmp_path / "small", "40m") as folder:
        monkeypatch.setattr(training, "DATA", folder)
        run = folder / "work" / "runs" / "tiny"
        whole = training.train(data, "other", PLAN, **TINY)

        def crowd(model, step):
            if step == 2:
                fill(folder, 1_000_000)  # no room for the next checkpoint

        with pytest.raises(OSError, match=r"could not write .*\.weights\.h5: No space left.*free some space") as caught:
            training.train(data, "tiny", PLAN, preview=crowd, **TINY)
        assert str(run) in str(caught.value)
        assert sorted(path.name for path in run.iterdir()) == [
            "best.weights.h5",
            "checkpoint.weights.h5",
            "log.csv",
            "run.json",
        ]
        (folder / "much").unlink()
        steps = []
        resumed = training.train(data, "tiny", PLAN, preview=lambda model, step: steps.append(step), **TINY)
        assert steps == [4]  # the checkpoint of step 2 was good
        for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def tiny_model() -> vae.SketchVAE:
    return vae.SketchVAE(vae.Settings(("cloud", "t-shirt"), 20.0, 30.0, **TINY))


def save_figure(folder: Path) -> None:
    plots.FIGURES = folder
    plots.save_figure(plots.strip([CROSS] * 4), "99_crosses")


def save_dataset(folder: Path) -> None:
    data = quickdraw.make_dataset({"ear": dict.fromkeys(quickdraw.SPLITS, [CROSS] * 500)}, "sample")
    quickdraw.save_dataset(data, folder / "set.npz")


WRITERS = {
    "a data set": (save_dataset, "set.npz"),
    "a figure": (save_figure, "99_crosses.svg"),
    "a model": (lambda folder: vae.save(tiny_model(), folder / "model.npz"), "model.npz"),
    "a drawing": (lambda folder: export.save_drawing(CROSS, folder / "a.pdf"), "a.pdf"),
    "a plotter's file": (lambda folder: export.to_svg(CROSS, folder / "a.svg"), "a.svg"),
    "a GIF": (lambda folder: video.to_gif(video.pen_frames(CROSS, frames=5), folder / "a.gif"), "a.gif"),
    "a video": (lambda folder: video.to_video(video.pen_frames(CROSS, frames=5), folder / "a.mp4"), "a.mp4"),
    "a booklet": (lambda folder: booklet([Plate("a", [CROSS], [()])], folder / "a.pdf", "minds", {}), "a.pdf"),
}


@pytest.mark.parametrize("what", WRITERS)
def test_a_full_disk_leaves_the_last_good_file_and_says_so_once(what, tmp_path, monkeypatch):
    write, name = WRITERS[what]
    monkeypatch.setattr(plots, "FIGURES", plots.FIGURES)
    with disk(tmp_path / "small", "30m") as folder:
        write(folder)
        good = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        much = fill(folder)
        with pytest.raises(OSError, match=rf"could not write .*{re.escape(name)}: .*free some space") as caught:
            write(folder)
        assert str(caught.value).count("could not write") == 1
        much.unlink()
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == good


@pytest.mark.parametrize("what", WRITERS)
def test_a_folder_that_cannot_be_written_is_named(what, tmp_path, monkeypatch):
    write, name = WRITERS[what]
    monkeypatch.setattr(plots, "FIGURES", plots.FIGURES)
    with disk(tmp_path / "small", "30m") as folder:
        write(folder)
        remount(folder, "ro")  # a mode would not stop the superuser
        with pytest.raises(OSError, match=rf"could not write .*{re.escape(name)}: Read-only file system"):
            write(folder)


def test_training_and_downloads_name_a_data_folder_that_cannot_be_written(data, bucket, tmp_path, monkeypatch):
    with disk(tmp_path / "small", "1m") as folder:
        remount(folder, "ro")
        monkeypatch.setattr(training, "DATA", folder)
        monkeypatch.setattr(quickdraw, "DATA", folder)
        monkeypatch.setenv("MIDSTROKE_QUICKDRAW_URL", bucket.url)
        with pytest.raises(OSError, match=r"could not write .*run\.json: Read-only file system.* can be written"):
            training.train(data, "tiny", PLAN, **TINY)
        with pytest.raises(OSError, match=r"could not write .*nose\.npz: Read-only file system.* can be written"):
            quickdraw.download("nose")


@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_tracing_into_a_folder_that_cannot_be_written_names_it_and_goes_on_when_it_can(trouble, tmp_path):
    pictures = tmp_path / "crosses"
    pictures.mkdir()
    for number, size in enumerate((64, 80, 96, 112, 128, 144)):
        Image.fromarray(255 - render(CROSS, size, 3)).save(pictures / f"{number}.png")
    expected = trace_folder(pictures, tmp_path / "expected", jobs=1)
    with disk(tmp_path / "small", "1m") as folder:
        much = fill(folder)
        if trouble == "read-only":
            remount(folder, "ro")
        with pytest.raises(OSError, match=r"could not write .*small/out.*: .* can be written"):
            trace_folder(pictures, folder / "out", jobs=1)
        if trouble == "read-only":
            remount(folder, "rw")
        much.unlink()
        assert len(trace_folder(pictures, folder / "out", jobs=1).train.sketches) == len(expected.train.sketches)
        for path in (tmp_path / "expected").glob("*.npz"):
            assert (folder / "out" / path.name).read_bytes() == path.read_bytes()
