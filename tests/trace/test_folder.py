"""A folder of pictures to a data set: every kind of file, killed and taken up again, on a cluster, what is skipped."""

import base64
import html
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster
from PIL import Image

from helpers.data.chunks import SPLITS
from helpers.data.formats import read
from helpers.sketch.raster import render
from helpers.sketch.strokes import bounds, to_polylines
from helpers.trace import folder
from helpers.trace.folder import Page, split_of, trace_folder
from helpers.trace.images import LARGEST, count_pages, read_grey, read_image
from helpers.trace.vectorize import trace

ROOT = Path(__file__).resolve().parents[2]
EACH = 24


@pytest.fixture(scope="module")
def drawings(mirror):
    return {name: read(mirror / "sketchrnn" / f"{name}.npz", "test")[:EACH] for name in ("camel", "cat")}


@pytest.fixture(scope="module")
def pictures(drawings, tmp_path_factory):
    """A folder of PNGs of two classes, real drawings in black on white."""
    folder = tmp_path_factory.mktemp("pictures") / "animals"
    for name, sketches in drawings.items():
        (folder / name).mkdir(parents=True)
        for number, sketch in enumerate(sketches):
            page(sketch).save(folder / name / f"{number:03}.png")
    return folder


@pytest.fixture(scope="module")
def traced(pictures):
    """The data set of that folder, and the folder it was written to."""
    return trace_folder(pictures, jobs=1), pictures.with_name("animals-traced")


def page(sketch, size=200):
    return Image.fromarray(255 - render(sketch, size, 3))


def contents(out):
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.name != "progress.ndjson"}


def test_folders_are_classes_and_every_picture_is_in_one_split(traced):
    data, out = traced
    assert data.classes == ("camel", "cat")
    assert data.source == "traced"
    labels = np.concatenate([getattr(data, split).labels for split in SPLITS])
    assert np.bincount(labels).tolist() == [EACH, EACH]
    assert len(data.train.sketches) > EACH
    assert sorted(contents(out)) == ["camel.npz", "cat.npz", "report.html"]


def test_the_files_are_sketchrnn_files_of_the_same_drawings(traced):
    data, out = traced
    for label, name in enumerate(data.classes):
        with np.load(out / f"{name}.npz", allow_pickle=True, encoding="latin1") as file:
            assert {split: file[split].dtype for split in file} == dict.fromkeys(SPLITS, np.dtype(object))
            assert {sketch.dtype for split in SPLITS for sketch in file[split]} == {np.dtype(np.int16)}
        for split in SPLITS:
            held = getattr(data, split)
            expected = [held.sketches[i] for i in np.flatnonzero(held.labels == label)]
            found = read(out / f"{name}.npz", split) if expected else []
            assert len(found) == len(expected)
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_array_equal(a, b)


def test_drawings_come_in_the_box_of_quickdraw_and_look_as_drawn(traced, pictures):
    records = [json.loads(line) for line in (traced[1] / "progress.ndjson").read_text().splitlines()]
    overlap = []
    for record, sketch in zip(records, read(traced[1] / "progress.ndjson"), strict=True):
        assert 250 <= np.ptp(bounds(sketch), axis=0).max() <= 255
        drawn = 255 - np.asarray(Image.open(pictures / record["file"]))
        again = render(sketch, 200, 3)
        overlap.append(((drawn > 127) & (again > 127)).sum() / ((drawn > 127) | (again > 127)).sum())
    assert np.median(overlap) > 0.7  # simplified to 2 of 255 pixels, as Quick, Draw!'s are


def test_a_second_run_traces_nothing_and_writes_the_same_bytes(traced, pictures):
    data, out = traced
    before, progress = contents(out), (out / "progress.ndjson").read_bytes()
    again = trace_folder(pictures, jobs=1)
    assert contents(out) == before
    assert (out / "progress.ndjson").read_bytes() == progress
    assert again.scale == data.scale


KILLED = "from helpers.trace import trace_folder; trace_folder({!r}, {!r}, jobs=1)"


def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_bytes(traced, pictures, tmp_path):
    out = tmp_path / "out"
    command = [sys.executable, "-c", KILLED.format(str(pictures), str(out))]
    journal = out / "progress.ndjson"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not (journal.exists() and journal.stat().st_size):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    done = journal.read_bytes()
    assert 0 < done.count(b"\n")
    journal.write_bytes(done + b'{"word":"cat","file":"cat/0')  # killed in the middle of a line
    trace_folder(pictures, out, jobs=1)
    assert contents(out) == contents(traced[1])
    assert journal.read_bytes().startswith(done)
    assert len(read(journal)) == 2 * EACH


def test_workers_of_a_dask_cluster_give_the_same_bytes(traced, pictures, tmp_path):
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        trace_folder(pictures, tmp_path / "out")
        ran = client.run(lambda: "helpers.trace.vectorize" in sys.modules)
    assert any(ran.values())  # it was they who traced
    assert contents(tmp_path / "out") == contents(traced[1])


def test_a_new_picture_moves_no_other_to_another_split(traced, pictures, drawings, tmp_path):
    folder = tmp_path / "animals"
    shutil.copytree(pictures, folder)
    out = folder.with_name("animals-traced")
    shutil.copytree(traced[1], out)
    before = {split: len(getattr(traced[0], split).sketches) for split in SPLITS}
    page(drawings["cat"][0], 180).save(folder / "cat" / "000-new.png")
    (folder / "camel" / "007.png").rename(folder / "camel" / "renamed.png")
    data = trace_folder(folder, jobs=1)
    after = {split: len(getattr(data, split).sketches) for split in SPLITS}
    assert sum(after.values()) == sum(before.values()) + 1
    assert sum(after[split] != before[split] for split in SPLITS) == 1
    same = {split: {sketch.tobytes() for sketch in getattr(traced[0], split).sketches} for split in SPLITS}
    for split in SPLITS:
        assert same[split] <= {sketch.tobytes() for sketch in getattr(data, split).sketches}


def test_copies_of_a_picture_come_into_one_split(drawings, tmp_path):
    folder = tmp_path / "copies"
    for name in "abcdefgh":
        (folder / name).mkdir(parents=True)
        page(drawings["cat"][0]).save(folder / name / f"{name}.png")
    try:
        data = trace_folder(folder, jobs=1)
        counts = [len(getattr(data, split).sketches) for split in SPLITS]
    except ValueError as error:  # all to valid, or all to test
        assert "no training drawings" in str(error)
        counts = [0, 8]
    assert sorted(counts)[-1] == 8


def test_a_tenth_goes_to_valid_and_a_tenth_to_test():
    splits = [split_of(Page("a.png", number, "a", "0f" * 16)) for number in range(10_000)]
    assert [splits.count(split) / 10_000 for split in SPLITS] == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


@pytest.fixture(scope="module")
def mixed(drawings, tmp_path_factory):
    """A folder of nearly everything that is found in folders."""
    folder = tmp_path_factory.mktemp("mixed") / "mixed"
    folder.mkdir()
    cats = [page(sketch) for sketch in drawings["cat"][:8]]
    for number, suffix in enumerate(("png", "jpg", "jpeg", "webp", "tif", "bmp", "gif", "PNG")):
        cats[number].save(folder / f"cat{number}.{suffix}")
    blank = Image.new("L", (200, 200), 255)
    cats[0].save(folder / "book.pdf", save_all=True, append_images=[blank, *cats[1:4]])
    alpha = Image.merge("LA", (Image.new("L", blank.size, 0), Image.fromarray(255 - np.asarray(cats[1]))))
    alpha.save(folder / "alpha.png")
    Image.merge("RGB", (blank, cats[2], cats[2])).save(folder / "colour.png")
    Image.fromarray(np.asarray(cats[3]).astype(np.uint16) * 257).save(folder / "16-bit.png")
    page(drawings["cat"][4], 6000).save(folder / "scan.png")
    blank.save(folder / "blank.png")
    Image.new("L", (64, 64), 0).save(folder / "all ink.png")
    Image.new("L", (1, 1), 0).save(folder / "pixel.png")
    (folder / "text.png").write_text("not a picture")
    (folder / "text.pdf").write_text("not a PDF")
    (folder / "cut.png").write_bytes((folder / "cat0.png").read_bytes()[:-300])
    (folder / "gone.png").symlink_to(folder / "nowhere.png")
    (folder / "notes <1>.txt").write_text("a note")
    (folder / ".hidden.png").write_text("left alone")
    (folder / "folder.png").mkdir()
    return folder


SKIPPED = {
    "all ink.png": "there is no ink on it",
    "blank.png": "blank",
    "book.pdf, page 2": "blank",
    "cut.png": "damaged, or cut off",
    "gone.png": "No such file",
    "notes <1>.txt": "not a picture",
    "pixel.png": "1x1",
    "text.pdf": "not a PDF file",
    "text.png": "not an image",
}


@pytest.fixture(scope="module")
def report(mixed):
    data = trace_folder(mixed, mixed.with_name("out"), jobs=1)
    return data, (mixed.with_name("out") / "report.html").read_text()


def test_whatever_is_in_the_folder_the_run_finishes_and_says_what_it_skipped(report, mixed):
    data, text = report
    assert data.classes == ("mixed",)
    assert sum(len(getattr(data, split).sketches) for split in SPLITS) == 8 + 4 + 4
    rows = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td></tr>", text.split("<h2>Left out</h2>")[0])
    found = {html.unescape(file): html.unescape(why) for file, why in rows}
    assert sorted(found) == sorted(SKIPPED)
    for file, why in SKIPPED.items():
        assert why in found[file], file
    assert str(mixed) not in text  # it can be shown around
    assert "<1>" not in text


def test_the_report_shows_pictures_and_their_strokes(report):
    _, text = report
    pictures = re.findall(r"data:image/png;base64,([^\"]+)", text)
    assert len(pictures) == text.count("<svg") == 8 + 4 + 4
    for picture in pictures:
        image = Image.open(io.BytesIO(base64.b64decode(picture)))
        assert max(image.size) == 120
        assert np.asarray(image).min() < 200


def test_the_pages_of_a_pdf_are_pictures(mixed):
    assert count_pages(mixed / "book.pdf") == 5
    grey = read_grey(mixed / "book.pdf", 3)
    assert max(grey.shape) == LARGEST
    small = np.asarray(Image.fromarray(read_image(mixed / "book.pdf", 3)).resize((200, 200), Image.Resampling.BOX))
    there = 255 - np.asarray(Image.open(mixed / "cat2.jpeg").convert("L"))
    assert ((small > 127) & (there > 127)).sum() / ((small > 127) | (there > 127)).sum() > 0.8
    with pytest.raises(ValueError, match="there is no page 6"):
        read_image(mixed / "book.pdf", 5)


def test_a_page_on_which_the_tracer_fails_is_skipped_and_the_others_are_not(mixed, tmp_path, monkeypatch):
    def fragile(bitmap):
        if max(bitmap.shape) > 1000:
            raise IndexError("too large for me")
        return trace(bitmap)

    monkeypatch.setattr(folder, "trace", fragile)
    trace_folder(mixed, tmp_path / "out", 1)
    records = [json.loads(line) for line in (tmp_path / "out" / "progress.ndjson").read_text().splitlines()]
    failed = [record["file"] for record in records if "too large for me" in record.get("skipped", "")]
    assert "scan.png" in failed
    assert sum("drawing" in record for record in records) == 8 + 3


def test_a_folder_without_pictures_and_one_that_is_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match="has no pictures"):
        trace_folder(tmp_path)
    (tmp_path / "a.png").write_text("x")
    with pytest.raises(ValueError, match=r"nothing in .* could be traced; 1 files were skipped, the first, a\.png"):
        trace_folder(tmp_path)
    with pytest.raises(NotADirectoryError):
        trace_folder(tmp_path / "a.png")


def test_a_damaged_record_of_progress_is_named(pictures, tmp_path):
    (tmp_path / "progress.ndjson").write_text('{"word": 3}\n')
    with pytest.raises(ValueError, match=r"line 1 of .*progress\.ndjson is damaged; delete"):
        trace_folder(pictures, tmp_path)


def test_results_inside_the_folder_are_not_taken_for_pictures(drawings, tmp_path):
    for number, sketch in enumerate(drawings["cat"][:12]):
        page(sketch).save(tmp_path / f"{number}.png")
    first = trace_folder(tmp_path, tmp_path / "out", jobs=1)
    again = trace_folder(tmp_path, tmp_path / "out", jobs=1)
    assert len(first.train.sketches) == len(again.train.sketches)
    assert "Nothing was skipped" in (tmp_path / "out" / "report.html").read_text()
    assert all(len(to_polylines(sketch)) for sketch in first.train.sketches)
    assert os.listdir(tmp_path / "out")
