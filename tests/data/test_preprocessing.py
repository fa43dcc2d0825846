"""Official files to shards: every format, piece by piece, killed and taken up again, on a cluster, in flat memory."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest
from dask.distributed import Client, LocalCluster

from helpers.data import classes
from helpers.data import preprocessing as module
from helpers.data.download import DownloadError
from helpers.data.formats import DamagedDrawings, read
from helpers.data.preprocessing import Report, bring, main, preprocess
from helpers.data.shards import list_classes, open_shards, read_batches
from helpers.sketch.raster import render_batch

ROOT = Path(__file__).resolve().parents[2]
GOOD = '{"word":"nose","recognized":true,"drawing":[[[0,10,20],[0,5,0]]]}\n'


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(module, "PIECE", 10_000)  # some 25 lines


def repeat(mirror, folder, names, count):
    """Simplified files of `count` lines: the mirror's, over and over."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        lines = (mirror / "full" / "simplified" / f"{name}.ndjson").read_bytes().splitlines(keepends=True)
        (folder / f"{name}.ndjson").write_bytes(b"".join(islice(cycle(lines), count)))
    return folder


def put_lines(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def contents(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def flattened(out, part):
    return b"".join(getattr(shard, part).tobytes() for shard in open_shards(out))


# Every format


@pytest.mark.parametrize(
    "form, suffix", [("full/simplified", "ndjson"), ("full/binary", "bin"), ("full/raw", "ndjson")]
)
def test_every_drawing_of_a_folder_is_in_the_shards_in_its_order_with_its_bitmap(mirror, tmp_path, form, suffix):
    done = preprocess(mirror / form, tmp_path, jobs=1)
    files = sorted((mirror / form).glob(f"*.{suffix}"))
    assert list_classes(tmp_path) == [path.stem for path in files]
    expected = [sketch for path in files for sketch in read(path)]
    sketches = [sketch for _, batch, _ in read_batches(tmp_path) for sketch in batch]
    assert done == Report(len(expected), 0, 0, shards=len(files), made=len(files))
    for sketch, other in zip(sketches, expected, strict=True):
        np.testing.assert_array_equal(sketch, other)
        assert sketch.dtype == np.float32
    bitmaps = np.concatenate([bitmaps for _, _, bitmaps in read_batches(tmp_path)])
    np.testing.assert_array_equal(bitmaps, render_batch(expected, 48))


def test_the_splits_of_a_sketchrnn_file_stay_apart(mirror, tmp_path):
    preprocess(mirror / "sketchrnn" / "nose.npz", tmp_path, size=28, jobs=1)
    shards = list(open_shards(tmp_path))
    assert [shard.split for shard in shards] == ["train", "valid", "test"]
    for shard in shards:
        expected = read(mirror / "sketchrnn" / "nose.npz", shard.split)
        np.testing.assert_array_equal(shard.strokes, np.concatenate(expected))
        np.testing.assert_array_equal(shard.bitmaps, render_batch(expected, 28))
        assert shard.strokes.dtype == np.int16


def test_simplified_and_binary_files_give_the_same_arrays(mirror, tmp_path):
    for form in ("simplified", "binary"):
        preprocess(mirror / "full" / form, tmp_path / form, jobs=1)
    arrays = [
        {name: content for name, content in contents(tmp_path / form).items() if name.endswith(".npy")}
        for form in ("simplified", "binary")
    ]
    assert arrays[0] == arrays[1] and len(arrays[0]) == 3 * 7


def test_strokes_alone_where_no_bitmaps_are_wanted(mirror, tmp_path):
    preprocess(mirror / "full" / "simplified" / "cat.ndjson", tmp_path, size=None, jobs=1)
    assert not list(tmp_path.rglob("bitmaps.npy"))
    assert next(open_shards(tmp_path)).bitmaps is None
    assert next(read_batches(tmp_path))[2] is None


def test_pieces_hold_together_what_one_piece_would(mirror, tmp_path, monkeypatch):
    source = repeat(mirror, tmp_path / "in", ["ear", "nose"], 700)
    whole = preprocess(source, tmp_path / "whole", jobs=1)
    assert whole.shards == 2
    for size in (3_000, 77_777):
        monkeypatch.setattr(module, "PIECE", size)
        done = preprocess(source, tmp_path / str(size), jobs=1)
        assert done.shards > whole.shards and done.drawings == whole.drawings == 1400
        for part in ("strokes", "bitmaps"):
            assert flattened(tmp_path / str(size), part) == flattened(tmp_path / "whole", part)


def test_what_the_game_did_not_recognise_is_left_out_where_asked(mirror, tmp_path):
    files = sorted((mirror / "full" / "simplified").glob("*.ndjson"))
    known = sum(json.loads(line)["recognized"] for path in files for line in open(path))
    unknown = preprocess(mirror / "full" / "simplified", tmp_path / "all", jobs=1).drawings - known
    assert unknown > 0
    for form in ("simplified", "binary"):
        done = preprocess(mirror / "full" / form, tmp_path / form, recognized_only=True, jobs=1)
        assert (done.drawings, done.unrecognized) == (known, unknown)
    assert flattened(tmp_path / "simplified", "bitmaps") == flattened(tmp_path / "binary", "bitmaps")


# Killed, and taken up again


def test_what_is_done_is_not_made_again(mirror, tmp_path, small_pieces):
    source, out = repeat(mirror, tmp_path / "in", ["ear", "nose"], 300), tmp_path / "out"
    first = preprocess(source, out, jobs=1)
    assert first.made == first.shards > 10
    before, inodes = contents(out), {path: path.stat().st_ino for path in out.rglob("*")}
    assert preprocess(source, out, jobs=1) == first._replace(made=0)
    assert {path: path.stat().st_ino for path in out.rglob("*")} == inodes
    for path in (out / "nose" / "00002").iterdir():
        path.unlink()
    (out / "ear" / "00001" / "shard.json").write_text("{")
    assert preprocess(source, out, jobs=1) == first._replace(made=2)
    assert contents(out) == before


# Dies after so many shards; alone, in the middle of the next: at so many files that it opens, renames or makes.
# With workers it is the master that dies.
RUN = """
import os, signal, sys
from helpers.data import preprocessing

source, out, (jobs, shards, files) = sys.argv[1], sys.argv[2], map(int, sys.argv[3:])

class Bar(preprocessing.tqdm):
    def update(self, n=1):
        global shards
        shards -= 1
        if shards < 0 and jobs > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().update(n)

def watch(event, args):
    global files
    if shards < 0 and event in ("open", "os.rename", "os.mkdir"):
        files -= 1
        if files < 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
preprocessing.tqdm, preprocessing.PIECE = Bar, 2_000
preprocessing.preprocess(source, out, jobs=jobs)
"""


def kill_all(group):
    """Kills every process of a group, and waits until they are gone."""
    while True:
        members = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, ProcessLookupError):
                if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                    members.append(process)
        if not members:
            return
        for process in members:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.02)


def test_a_run_killed_again_and_again_ends_with_the_same_bytes(mirror, tmp_path, monkeypatch):
    source, out = repeat(mirror, tmp_path / "in", ["ear", "eye", "nose"], 600), tmp_path / "out"
    monkeypatch.setattr(module, "PIECE", 2_000)
    total = preprocess(source, tmp_path / "whole", jobs=1).shards
    assert total > 300
    chance = random.Random()
    kills = 20 if os.environ.get("MIDSTROKE_SLOW_TESTS") else 3
    done = 0
    for jobs in islice(cycle([1, 2]), kills):
        moment = chance.randint(1, total // (kills + 2)), chance.randint(0, 12)
        command = [sys.executable, "-c", RUN, str(source), str(out), *map(str, (jobs, *moment))]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
        ended = process.wait()
        time.sleep(chance.uniform(0, 0.2))  # its workers are left to themselves
        kill_all(process.pid)
        before, done = done, len(list(out.glob("*/[0-9]*")))
        # where the workers before had left too little, it ended
        assert ended == -signal.SIGKILL or total - before <= moment[0] + 2
        assert done >= min(before + moment[0], total)
    assert done > 0
    assert preprocess(source, out, jobs=1).made == total - done
    assert preprocess(source, out, jobs=1).made == 0
    assert contents(out) == contents(tmp_path / "whole")
    assert not [path for path in out.rglob(".*")]


def test_a_file_that_has_changed_is_done_anew_and_no_other(mirror, tmp_path, small_pieces):
    source, out = repeat(mirror, tmp_path / "in", ["ear", "nose"], 300), tmp_path / "out"
    first = preprocess(source, out, jobs=1)
    kept = {path: path.stat().st_ino for path in (out / "nose").rglob("*")}
    repeat(mirror, source, ["ear"], 90)
    second = preprocess(source, out, jobs=1)
    assert second.drawings == 390 and second.made < second.shards < first.shards
    assert {path: path.stat().st_ino for path in (out / "nose").rglob("*")} == kept
    assert sum(len(shard.starts) - 1 for shard in open_shards(out, ["ear"])) == 90


def test_classes_can_be_added_one_by_one(mirror, tmp_path):
    for name in ("nose", "ear"):
        preprocess(mirror / "full" / "simplified" / f"{name}.ndjson", tmp_path, jobs=1)
    assert list_classes(tmp_path) == ["ear", "nose"]
    assert sum(len(shard.starts) - 1 for shard in open_shards(tmp_path)) == 110


def test_a_folder_begun_with_other_settings_or_of_something_else_is_left_alone(mirror, tmp_path):
    source = mirror / "full" / "simplified" / "cat.ndjson"
    preprocess(source, tmp_path / "out", jobs=1)
    before = contents(tmp_path / "out")
    for other in ({"size": 28}, {"recognized_only": True}, {"size": None}):
        with pytest.raises(ValueError, match=r'out was begun with \{"size": 48, .* give another folder'):
            preprocess(source, tmp_path / "out", jobs=1, **other)
    assert contents(tmp_path / "out") == before
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("dear")
    with pytest.raises(ValueError, match="letters holds something that is not from here"):
        preprocess(source, tmp_path / "letters", jobs=1)
    assert contents(tmp_path / "letters") == {"mine.txt": b"dear"}


def test_a_full_disk_is_told_and_what_is_done_stays(mirror, tmp_path, small_disk, small_pieces):
    source, out = repeat(mirror, tmp_path / "in", ["nose"], 300), small_disk / "out"
    with pytest.raises(OSError, match=r"could not write .*nose.*No space left.*free some space"):
        preprocess(source, out, jobs=1)
    shards = list(open_shards(out))
    assert shards and not list(out.rglob(".*"))
    preprocess(source, tmp_path / "elsewhere", jobs=1)
    for shard, other in zip(shards, open_shards(tmp_path / "elsewhere"), strict=False):
        np.testing.assert_array_equal(shard.bitmaps, other.bitmaps)


# In parallel, on a cluster, in flat memory


def test_workers_of_this_machine_and_of_a_dask_cluster_give_the_same_bytes(mirror, tmp_path, small_pieces):
    source = repeat(mirror, tmp_path / "in", ["ear", "nose"], 500)
    preprocess(source, tmp_path / "one", jobs=1)
    preprocess(source, tmp_path / "two", jobs=2)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        preprocess(source, tmp_path / "cluster")
        ran = client.run(lambda: "helpers.data.shards" in sys.modules)
    assert any(ran.values())  # it was they who worked
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "cluster")


# Linux counts in ru_maxrss what the parent held when it started this process; VmHWM is this program's own
PEAK = """
import re, resource
from pathlib import Path
from helpers.data import preprocess
preprocess({!r}, {!r}, jobs=1)
status = Path("/proc/self/status")
own = re.search(r"VmHWM:\\s+(\\d+)", status.read_text()) if status.exists() else None
print("peak", own[1] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_is_flat_however_many_drawings_there_are(mirror, tmp_path):
    peaks = []
    for count in (5_000, 50_000):
        source = repeat(mirror, tmp_path / f"in{count}", ["nose"], count)
        code = PEAK.format(str(source), str(tmp_path / f"out{count}"))
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        unit = 1 if sys.platform == "darwin" else 1024
        peaks.append(int(run.stdout.rpartition("peak ")[2]) * unit)
    assert peaks[1] - peaks[0] < 0.15 * 45_000 * 48 * 48  # of the bitmaps that the larger one has more


# Damage


def test_damaged_lines_are_reported_by_file_and_line_whatever_piece_they_are_in(tmp_path, small_pieces):
    lines = [GOOD] * 2000
    lines[1234] = GOOD[:-5] + "\n"
    lines[1300] = "\n"
    lines[1811] = '{"drawing": 3}\n'
    path = put_lines(tmp_path / "in" / "nose.ndjson", lines)
    message = r"nose.ndjson: skipped 2 of 1,999 drawings; the first, line 1235: not JSON"
    for made in (True, False):  # told again where nothing is made
        with pytest.warns(DamagedDrawings, match=message):
            done = preprocess(path, tmp_path / "out", jobs=1)
        assert (done.drawings, done.damaged, done.made > 0) == (1997, 2, made)
    assert sum(len(shard.starts) - 1 for shard in open_shards(tmp_path / "out")) == 1997


def test_a_file_that_is_damaged_as_a_whole_is_told_when_the_others_are_done(mirror, tmp_path, small_pieces):
    source = repeat(mirror, tmp_path / "in", ["ear", "nose"], 100)
    with open(source / "nose.ndjson", "r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) - 50)
    (source / "eye.ndjson").touch()
    (source / "mouth.bin").write_bytes((mirror / "full" / "binary" / "mouth.bin").read_bytes()[:-1])
    put_lines(source / "cat.ndjson", ["{}\n"] * 9)
    with pytest.raises(ValueError, match=r"4 of 5 files are damaged; the others are done. The first: .*in") as error:
        preprocess(source, tmp_path / "out", jobs=1)
    assert "ends in the middle" in str(error.value) or "not whole" in str(error.value)
    assert sum(len(shard.starts) - 1 for shard in open_shards(tmp_path / "out", ["ear"])) == 100
    assert "mouth" not in list_classes(tmp_path / "out")
    repeat(mirror, source, ["nose", "eye", "cat"], 100)
    (source / "mouth.bin").unlink()
    assert preprocess(source, tmp_path / "out", jobs=1).drawings == 400


def test_a_line_without_end_is_skipped_and_fills_no_memory(tmp_path, small_pieces):
    path = put_lines(tmp_path / "in" / "nose.ndjson", [GOOD, "[" * 30_000_000 + "\n", GOOD])
    with pytest.warns(DamagedDrawings, match="skipped 1 of 3 drawings; the first, line 2: longer than 1,048,576 bytes"):
        assert preprocess(path, tmp_path / "out", jobs=1).drawings == 2


def test_good_files_give_no_warning(mirror, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        preprocess(mirror / "full" / "simplified", tmp_path, jobs=1)


def test_sources_that_cannot_be_meant_are_refused(mirror, tmp_path):
    with pytest.raises(ValueError, match=r"has no \.ndjson"):
        preprocess(tmp_path, tmp_path / "out")
    with pytest.raises(FileNotFoundError, match=r"gone\.bin is not there"):
        preprocess([tmp_path / "gone.bin"], tmp_path / "out")
    with pytest.raises(ValueError, match="more than one file of the class nose"):
        preprocess([mirror / "sketchrnn" / "nose.npz", mirror / "full" / "raw" / "nose.ndjson"], tmp_path / "out")
    (tmp_path / "nose.csv").touch()
    with pytest.raises(ValueError, match=r"nose.csv is none of Quick, Draw!'s files"):
        preprocess(tmp_path / "nose.csv", tmp_path / "out")
    with pytest.raises(ValueError, match="size is 0"):
        preprocess(mirror / "full" / "simplified", tmp_path / "out", size=0)
    assert not (tmp_path / "out").exists()


# From the web and the command line


@pytest.fixture
def official(bucket, mirror, monkeypatch, tmp_path):
    """A server over the mirror of the official bucket, and an empty data folder."""
    bucket.folder = mirror
    monkeypatch.setenv("MIDSTROKE_QUICKDRAW_URL", bucket.url)
    for place in (module, classes):
        monkeypatch.setattr(place, "DATA", tmp_path / "data")
    return bucket


def test_classes_by_name_are_downloaded_once_and_become_shards(official, mirror, tmp_path, capsys):
    for _ in range(2):
        main([str(tmp_path / "out"), "--classes", "coffee cup", "nose", "--size", "28", "--jobs", "1"])
    assert [path for path, _ in official.seen] == ["/full/simplified/coffee cup.ndjson", "/full/simplified/nose.ndjson"]
    assert "110 drawings in 2 shards" in capsys.readouterr().out
    expected = read(mirror / "full" / "simplified" / "nose.ndjson")
    (nose,) = open_shards(tmp_path / "out", ["nose"])
    np.testing.assert_array_equal(nose.bitmaps, render_batch(expected, 28))
    with open(module.DATA / "quickdraw" / "simplified" / "nose.ndjson", "a") as file:
        file.write(GOOD)
    with pytest.raises(ValueError, match=r"nose\.ndjson is not the file that was downloaded"):
        bring("nose")


def test_a_download_that_is_no_file_of_drawings_is_refused(official, tmp_path):
    official.folder = tmp_path / "bucket"
    for content in (b"<!DOCTYPE html>\n<title>Log in</title>\n", GOOD.encode() + GOOD[:-9].encode()):
        official.put("full/simplified/nose.ndjson", content)
        with pytest.raises(DownloadError, match="did not give the file that was wanted: it is not an"):
            bring("nose")
    with pytest.raises(ValueError, match="no class 'nosey'"):
        bring("nosey")
    with pytest.raises(ValueError, match="form is 'raw'; it must be"):
        classes.download_class("nose", "raw")
    assert not list((tmp_path / "data").rglob("*.ndjson"))


def test_the_command_runs_with_workers(mirror, tmp_path):
    source = mirror / "full" / "simplified"
    command = [
        sys.executable,
        "-m",
        "helpers.data.preprocessing",
        str(tmp_path / "out"),
        "--source",
        str(source),
        "--jobs",
        "2",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "430 drawings in 7 shards" in run.stdout and "0 damaged, 0 unrecognised" in run.stdout
    assert run.stderr == ""
