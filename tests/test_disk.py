"""A full disk, a folder that cannot be written, no memory: one message with the path and what to do, the last good
file kept.

Small file systems are mounted for it, which takes the rights to; where they are missing, the tests are skipped. Memory
is taken away with a limit on a process's address space.
"""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers import export
from helpers.data import chunks, classes, dataset
from helpers.export import video
from helpers.export.booklet import Plate, save_booklet
from helpers.export.frames import pen_frames
from helpers.figures import saving, sheets
from helpers.model.vae import Settings, SketchVAE, save_model
from helpers.sketch.raster import render
from helpers.sketch.strokes import from_polylines
from helpers.trace.folder import trace_folder
from helpers.train import loop, plan, vae

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
CROSS = from_polylines([[[0, 0], [60, 60]], [[60, 0], [0, 60]]])
TINY = {"z_size": 8, "units": 16, "components": 2, "size": 32, "max_points": 80}
PLAN = plan.Plan(steps=4, batch=8, anneal=4, epoch=2)


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
    parts = [dataset.open_dataset(SAMPLE / f"{name}.npz") for name in ("cloud", "camel")]
    drawings = {
        part.classes[0]: {split: getattr(part, split).sketches[:30] for split in chunks.SPLITS} for part in parts
    }
    return dataset.make_dataset(drawings, "sample")


# HDF5 cannot close what it could not write
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_training_on_a_disk_that_fills_up_keeps_its_checkpoint_and_goes_on_when_there_is_room(
    data, tmp_path, monkeypatch
):
    with disk(tmp_path / "small", "40m") as folder:
        monkeypatch.setattr(loop, "DATA", folder)
        run = folder / "work" / "runs" / "tiny"
        whole = vae.train(data, "other", PLAN, **TINY)

        def crowd(model, step):
            if step == 2:
                fill(folder, 1_000_000)  # no room for the next checkpoint

        with pytest.raises(OSError, match=r"could not write .*\.weights\.h5: No space left.*free some space") as caught:
            vae.train(data, "tiny", PLAN, preview=crowd, **TINY)
        assert str(run) in str(caught.value)
        assert sorted(path.name for path in run.iterdir()) == [
            "best.weights.h5",
            "checkpoint.weights.h5",
            "log.csv",
            "run.json",
        ]
        (folder / "much").unlink()
        steps = []
        resumed = vae.train(data, "tiny", PLAN, preview=lambda model, step: steps.append(step), **TINY)
        assert steps == [4]  # the checkpoint of step 2 was good
        for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def tiny_model() -> SketchVAE:
    return SketchVAE(Settings(("cloud", "t-shirt"), 20.0, 30.0, **TINY))


def save_figure(folder: Path) -> None:
    saving.FIGURES = folder
    saving.save_figure(sheets.strip([CROSS] * 4), "99_crosses")


def save_dataset(folder: Path) -> None:
    data = dataset.make_dataset({"ear": dict.fromkeys(chunks.SPLITS, [CROSS] * 500)}, "sample")
    dataset.save_dataset(data, folder / "set.npz")


WRITERS = {
    "a data set": (save_dataset, r"set\.npz"),
    "a figure": (save_figure, r"99_crosses\.svg"),
    "a model": (lambda folder: save_model(tiny_model(), folder / "model.npz"), r"model\.npz"),
    "a drawing": (lambda folder: export.save_drawing(CROSS, folder / "a.pdf"), r"a\.pdf"),
    "a plotter's file": (lambda folder: export.to_svg(CROSS, folder / "a.svg"), r"a\.svg"),
    "a GIF": (lambda folder: video.to_gif(pen_frames(CROSS, frames=5), folder / "a.gif"), r"a\.gif"),
    "a video": (lambda folder: video.to_video(pen_frames(CROSS, frames=5), folder / "a.mp4"), r"a\.mp4"),
    "a booklet": (
        lambda folder: save_booklet([Plate("a", [CROSS], [()])], folder / "a.pdf", "minds", {}),
        r"a(-to-fold)?\.pdf",
    ),
}


@pytest.mark.parametrize("what", WRITERS)
def test_a_full_disk_leaves_the_last_good_file_and_says_so_once(what, tmp_path, monkeypatch):
    write, name = WRITERS[what]
    monkeypatch.setattr(saving, "FIGURES", saving.FIGURES)
    with disk(tmp_path / "small", "30m") as folder:
        write(folder)
        good = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        much = fill(folder)
        with pytest.raises(OSError, match=rf"could not write .*{name}: .*free some space") as caught:
            write(folder)
        assert str(caught.value).count("could not write") == 1
        much.unlink()
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == good


@pytest.mark.parametrize("what", WRITERS)
def test_a_folder_that_cannot_be_written_is_named(what, tmp_path, monkeypatch):
    write, name = WRITERS[what]
    monkeypatch.setattr(saving, "FIGURES", saving.FIGURES)
    with disk(tmp_path / "small", "30m") as folder:
        write(folder)
        remount(folder, "ro")  # a mode would not stop the superuser
        with pytest.raises(OSError, match=rf"could not write .*{name}: Read-only file system"):
            write(folder)


def test_training_and_downloads_name_a_data_folder_that_cannot_be_written(data, bucket, tmp_path, monkeypatch):
    with disk(tmp_path / "small", "1m") as folder:
        remount(folder, "ro")
        monkeypatch.setattr(loop, "DATA", folder)
        monkeypatch.setattr(classes, "DATA", folder)
        monkeypatch.setenv("MIDSTROKE_QUICKDRAW_URL", bucket.url)
        with pytest.raises(OSError, match=r"could not write .*run\.json: Read-only file system.* can be written"):
            vae.train(data, "tiny", PLAN, **TINY)
        with pytest.raises(OSError, match=r"could not write .*nose\.npz: Read-only file system.* can be written"):
            classes.download_class("nose")


@pytest.mark.parametrize("error", ["full", "read-only"])
def test_tracing_into_a_folder_that_cannot_be_written_names_it_and_goes_on_when_it_can(error, tmp_path):
    pictures = tmp_path / "crosses"
    pictures.mkdir()
    for number, size in enumerate((64, 80, 96, 112, 128, 144)):
        Image.fromarray(255 - render(CROSS, size, 3)).save(pictures / f"{number}.png")
    expected = trace_folder(pictures, tmp_path / "expected", jobs=1)
    with disk(tmp_path / "small", "1m") as folder:
        much = fill(folder)
        if error == "read-only":
            remount(folder, "ro")
        with pytest.raises(OSError, match=r"could not write .*small/out.*: .* can be written"):
            trace_folder(pictures, folder / "out", jobs=1)
        if error == "read-only":
            remount(folder, "rw")
        much.unlink()
        assert len(trace_folder(pictures, folder / "out", jobs=1).train.sketches) == len(expected.train.sketches)
        for path in (tmp_path / "expected").glob("*.npz"):
            assert (folder / "out" / path.name).read_bytes() == path.read_bytes()


# No memory

SCARCE = """
import os, resource, shutil, sys, warnings
from pathlib import Path
from PIL import Image
from helpers.data import SPLITS, make_dataset, open_dataset, preprocessing, read, save_dataset, shards
from helpers.trace import images
from helpers.paths import NoMemory

folder, sample = Path(sys.argv[1]), open_dataset(sys.argv[2])
warnings.simplefilter("ignore")  # tqdm has a thread too few
much = make_dataset({"cloud": {split: sample.train.sketches * 30 for split in SPLITS}}, "sample")
Image.linear_gradient("L").resize((4000, 4000)).save(folder / "page.png")
line = '{"drawing":[[%s,%s]]}' % (list(range(250)) * 2, list(range(250, 0, -1)) * 2)
(folder / "nose.ndjson").write_text((line + chr(10)) * 3000)
USES = {
    "set.npz": lambda: save_dataset(much, folder / "set.npz"),
    "set.npz ": lambda: open_dataset(folder / "set.npz"),
    "nose.ndjson": lambda: read(folder / "nose.ndjson"),
    "shards": lambda: preprocessing.preprocess(folder / "nose.ndjson", folder / "shards", jobs=1),
    "page.png": lambda: images.read_grey(folder / "page.png"),
}


def contents():
    files = [path for path in sorted(folder.glob("[!.]*")) if path.is_file()]
    return {path: path.read_bytes() for path in files}


for name, use in USES.items():
    use()  # what is loaded and compiled once; and the last good file
    before, ends = contents(), []
    for spare in [*range(0, 24, 2), *range(24, 160, 8)]:
        shutil.rmtree(folder / "shards", ignore_errors=True)
        child = os.fork()  # for compiled code may end its process
        if not child:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            limit = pages * resource.getpagesize() + (spare << 20)
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            code = 1
            try:
                use()
                code = 0
            except NoMemory as error:
                code = 3 if f"not enough memory for {folder / name.strip()}" in str(error) else 4
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        ends.append({0: "done", 3: "told"}.get(code, "ended" if code < 0 else "another error"))
        if contents() != before or (code >= 0 and list(folder.rglob(".*-*"))):
            ends.append("a file is not as it was")
        for rest in folder.glob(".*-*"):
            rest.unlink()
        if ends[-3:] == ["done"] * 3:
            break
    print("end", name, *ends, sep=chr(9), flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="NEEDS LINUX: memory is measured in /proc")
def test_too_little_memory_is_told_with_the_file_and_leaves_the_last_good_one(tmp_path):
    command = [sys.executable, "-c", SCARCE, tmp_path, SAMPLE / "cloud.npz"]
    # what is freed goes to the system, and no thread has room of its own
    given_back = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_ARENA_MAX": "1"}
    environment = {**os.environ, **given_back}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    found = [line.split("\t")[1:] for line in re.findall(r"end\t.*", run.stdout)]
    assert len(found) == 5
    for name, *ends in found:
        assert {"told", "done"} <= set(ends) <= {"told", "done", "ended"}, (name, ends)
        assert ends.count("ended") < ends.count("told"), (name, ends)
