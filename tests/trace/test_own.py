"""Drawings that somebody brings: every form that they come in, whose they are said to be, and what is refused."""

import json
import zipfile

import numpy as np
import pytest

from helpers.data.dataset import make_dataset, save_dataset
from helpers.data.pickles import write_npz
from helpers.data.preprocessing import preprocess
from helpers.data.shards import load_shards
from helpers.sketch.strokes import from_polylines
from helpers.trace.folder import trace_folder
from helpers.trace.own import load_own

QUICKDRAW = {"countrycode": "US", "timestamp": "2017-03-10", "key_id": "64", "recognized": True}


def zigzag(seed, n=8):
    rng = np.random.default_rng(seed)
    return np.column_stack([np.linspace(0, 255, n), rng.integers(0, 200, n)]).round()


def put_lines(path, count, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"word": "x", "drawing": [zigzag(i).T.tolist()]} | more) for i in range(count)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def counts(data):
    return [len(split.sketches) for split in (data.train, data.valid, data.test)]


def test_a_folder_of_files_is_a_data_set_of_ones_own_with_classes_named_after_them(tmp_path):
    put_lines(tmp_path / "mine" / "St. Bernard.ndjson", 20)
    put_lines(tmp_path / "mine" / "cat (1).ndjson", 30)
    data = load_own(tmp_path / "mine")
    assert data.classes == ("St. Bernard", "cat") and data.source == "own"
    assert counts(data) == [18 - 1 + 27 - 2, 2 + 3, 1 + 2]  # a tenth for validation, then a tenth of the rest
    again = load_own(tmp_path / "mine")
    assert all(map(np.array_equal, data.test.sketches, again.test.sketches))
    assert load_own(tmp_path / "mine", ["cat"]).classes == ("cat",)
    with pytest.raises(ValueError, match="no drawings of dog; it has St"):
        load_own(tmp_path / "mine", ["dog"])


@pytest.mark.parametrize(
    ("form", "source"),
    [
        ("ndjson", "own"),
        ("quickdraw", "quickdraw"),
        ("npz", "own"),
        ("npy", "own"),
        ("dataset", "traced"),
        ("shards", "own"),
        ("both", "own+quickdraw"),
    ],
)
def test_every_form_says_whose_drawings_it_holds(tmp_path, form, source):
    """Nothing but Quick, Draw!'s is credited to its players: its keys tell its files, and no format does."""
    sketches = [from_polylines([zigzag(i)]) for i in range(12)]
    path = tmp_path / "cat"
    if form in ("ndjson", "quickdraw"):
        path = put_lines(tmp_path / "cat.ndjson", 12, **(QUICKDRAW if form == "quickdraw" else {}))
    elif form == "npz":
        path = tmp_path / "cat.npz"
        write_npz({"train": sketches, "valid": [], "test": []}, path)
    elif form == "npy":
        path = tmp_path / "cat.npy"
        np.save(path, np.stack(sketches))
    elif form == "dataset":
        path = tmp_path / "saved.npz"
        save_dataset(make_dataset({"cat": {"train": sketches, "valid": [], "test": []}}, "traced"), path)
    else:
        files = [put_lines(tmp_path / "files" / "cat.ndjson", 12)]
        files += [put_lines(tmp_path / "files" / "dog.ndjson", 12, **QUICKDRAW)] if form == "both" else []
        preprocess(files, path, jobs=1)
    data = load_own(path)
    assert data.source == source and data.classes == (("cat", "dog") if form == "both" else ("cat",))
    assert sum(counts(data)) == 12 * len(data.classes) and min(counts(data)) >= 1
    whole = {sketch.tobytes() for split in (data.train, data.valid, data.test) for sketch in split.sketches}
    assert whole == {sketch.tobytes() for sketch in sketches}


def test_arrays_of_many_drawings_are_classes_and_what_is_left_beside_them_is_told(tmp_path, capsys):
    sketches = [from_polylines([zigzag(i)]) for i in range(12)]
    for name in ("cat", "dog"):
        np.save(tmp_path / f"{name}.npy", np.stack(sketches))
    assert load_own(tmp_path).classes == ("cat", "dog")
    assert capsys.readouterr().out == ""
    put_lines(tmp_path / "owl.ndjson", 12)
    np.save(tmp_path / "one.npy", sketches[0])
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.png").write_bytes(b"a picture")
    assert load_own(tmp_path).classes == ("cat", "dog", "owl")
    assert "2 other files are left out, more" in capsys.readouterr().out


def test_arrays_of_one_drawing_each_are_a_class_together(tmp_path):
    for i in range(12):
        np.save(tmp_path / f"{i}.npy", from_polylines([zigzag(i)]))
    data = load_own(tmp_path)
    assert data.classes == (tmp_path.name,) and sum(counts(data)) == 12


def test_the_shards_of_one_class_are_refused_with_the_folder_to_give(tmp_path):
    preprocess([put_lines(tmp_path / "cat.ndjson", 12)], tmp_path / "out", jobs=1)
    with pytest.raises(ValueError, match=r"the shards of one class; give the folder that it is in, .*out"):
        load_own(tmp_path / "out" / "cat")


def test_files_as_browsers_and_machines_name_them_become_shards_of_their_class(tmp_path):
    folder = tmp_path / "downloads"
    put_lines(folder / "full_simplified_owl.ndjson", 2)
    put_lines(folder / "cat (1).ndjson", 2)
    put_lines(folder / "DOG.NDJSON", 2)
    put_lines(folder / "St. Bernard.ndjson", 2)
    put_lines(folder / "progress.ndjson", 2)  # what trace_folder keeps
    assert preprocess(folder, tmp_path / "out", jobs=1).drawings == 8
    assert load_shards(tmp_path / "out").classes == ("St. Bernard", "cat", "dog", "owl")


def test_offsets_divided_by_a_scale_are_refused_by_shards_and_made_pixels_for_training(tmp_path):
    sketches = [from_polylines([zigzag(i) / 60]) for i in range(12)]
    path = tmp_path / "cat.npz"
    arrays = np.empty(12, object)
    arrays[:] = sketches
    np.savez(path, train=arrays)
    with pytest.raises(ValueError, match=r"cat\.npz: its drawings are .* wide or high: .*no pixels"):
        preprocess(path, tmp_path / "out", jobs=1)
    data = load_own(path)
    sides = [np.ptp(np.cumsum(sketch[:, :2], axis=0), axis=0)[0] for sketch in data.train.sketches]
    assert data.scale > 15 and np.median(sides) > 180


def test_points_that_are_no_offsets_are_refused(tmp_path):
    offsets = [from_polylines([zigzag(i)]) for i in range(20)]
    np.savez(tmp_path / "fine.npz", train=np.stack(offsets))
    points = [np.column_stack([zigzag(i), np.arange(8) == 7]) for i in range(20)]
    np.savez(tmp_path / "points.npz", train=np.stack(points))
    assert len(load_own(tmp_path / "fine.npz").train.sketches) == 17
    with pytest.raises(ValueError, match="20 of 20 drawings of points never go left or up"):
        load_own(tmp_path / "points.npz")


def test_a_file_of_several_classes_is_refused(tmp_path):
    path = put_lines(tmp_path / "zoo.ndjson", 5)
    path.write_text(path.read_text() + put_lines(tmp_path / "cats.ndjson", 5, word="猫").read_text())
    with pytest.raises(ValueError, match="2 classes, as x, 猫; give each"):
        load_own(path)


def test_whole_numbers_train_as_fractions_do():
    whole = np.array([[10, 0, 0], [0, 10, 1]], np.int16)
    data = make_dataset({"a": {"train": [whole], "valid": [], "test": []}}, "own")
    assert data.train.sketches[0].dtype == np.float32


# Vectors, as a folder


def test_a_folder_of_vector_files_becomes_a_data_set_as_pictures_do(tmp_path, monkeypatch):
    """`train`, `val` and `test` are splits where they hold folders; a class of trains is a class."""
    for split, count in (("train", 4), ("val", 2), ("test", 1)):
        for name in ("ring", "train"):
            folder = tmp_path / "drawn" / split / name
            folder.mkdir(parents=True)
            for i in range(count):
                points = " ".join(f"{x:g},{y:g}" for x, y in zigzag(i + 10 * len(split)))
                svg = f'<svg xmlns="http://www.w3.org/2000/svg"><polyline points="{points}" stroke="#000"/></svg>'
                (folder / f"{i}.svg").write_text(svg)
    monkeypatch.chdir(tmp_path / "drawn")
    data = trace_folder(".", jobs=1)
    assert data.classes == ("ring", "train") and counts(data) == [8, 4, 2] and data.source == "traced"
    assert (tmp_path / "drawn-traced" / "report.html").exists()
    again = load_own(tmp_path / "drawn-traced")
    assert again.source == "traced" and again.classes == data.classes and counts(again) == [8, 4, 2]
    with zipfile.ZipFile(tmp_path / "drawn-traced" / "ring.npz") as archive:
        assert b"numpy._core" not in archive.read("train.npy")  # which numpy 1.21 lacks
    with np.load(tmp_path / "drawn-traced" / "ring.npz", allow_pickle=True, encoding="latin1") as arrays:
        assert [arrays[split].shape for split in ("train", "valid", "test")] == [(4,), (2,), (1,)]


def test_a_folder_named_train_that_holds_pictures_is_a_class(tmp_path):
    for name in ("train", "bus"):
        (tmp_path / "x" / name).mkdir(parents=True)
        for i in range(12):
            points = " ".join(f"{x:g},{y:g}" for x, y in zigzag(i + len(name)))
            svg = f'<svg xmlns="http://www.w3.org/2000/svg"><polyline points="{points}" stroke="#000"/></svg>'
            (tmp_path / "x" / name / f"{i}.svg").write_text(svg)
    assert trace_folder(tmp_path / "x", jobs=1).classes == ("bus", "train")


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "dev", "Testing")])
def test_a_table_beside_the_classes_leaves_a_folder_a_split(names, tmp_path):
    for i, name in enumerate(names):
        (tmp_path / "x" / name / "bus").mkdir(parents=True)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 {i}H50V40" stroke="#000" fill="none"/></svg>'
        (tmp_path / "x" / name / "bus" / "1.svg").write_text(svg)
        (tmp_path / "x" / name / "labels.csv").write_text("1.svg,bus\n")
    data = trace_folder(tmp_path / "x", jobs=1)
    assert data.classes == ("bus",) and counts(data) == [1, 1, 1]


# Parquet


def test_parquet_mirrors_are_read_by_class_and_split(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    known = {"info": {"features": {"word": {"names": ["ear", "eye"], "_type": "ClassLabel"}}}}
    folder = tmp_path / "sketch_rnn"
    folder.mkdir()
    for split, count in (("train", 6), ("validation", 2), ("test", 2)):
        rows = [zigzag(i).astype(int) for i in range(count)]
        drawings = [[[int(x), int(y), 0] for x, y in np.diff(row, axis=0)] for row in rows]
        columns = {"word": arrow.array([i % 2 for i in range(count)]), "drawing": arrow.array(drawings)}
        table = arrow.table(columns).replace_schema_metadata({"huggingface": json.dumps(known)})
        parquet.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    data = load_own(folder)
    assert set(data.classes) == {"ear", "eye"} and data.source == "quickdraw" and counts(data) == [6, 2, 2]
    first = np.diff(zigzag(0), axis=0)
    assert any(np.array_equal(sketch[:, :2], first) for sketch in data.train.sketches)
    assert load_own(folder, ["eye"]).classes == ("eye",)


def test_parquet_without_its_library_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(ImportError, match=r"\[parquet\]"):
        load_own(tmp_path / "train.parquet")


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [("a.csv", b"x", "no file of drawings"), ("gone", None, "not there"), ("t.parquet", b"PAR1", "no Parquet file")],
)
def test_what_holds_no_drawings_is_refused_with_its_path(tmp_path, name, content, complaint):
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises((ValueError, OSError), match=complaint) as told:
        load_own(tmp_path / name)
    assert name in str(told.value)
