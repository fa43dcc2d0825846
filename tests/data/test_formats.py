"""The four official formats read the same drawings; damage is skipped and reported, and nothing foreign is run."""

import io
import json
import os
import pickle
import pickletools
import re
import struct
import warnings
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from helpers.data import binary, chunks, formats, ndjson, npz, pickles
from helpers.data.formats import DamagedDrawings, class_of, read, read_chunks
from helpers.data.pickles import write_npz
from helpers.sketch.strokes import absolute, from_polylines, stroke_ends, to_polylines

SKETCH = np.array([[10, 0, 0], [0, 10, 0], [-10, 0, 0], [0, -10, 1]], np.int16)


def put_npz(path, **arrays):
    """A .npz whose arrays are these bytes, or arrays."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in arrays.items():
            if not isinstance(content, bytes):
                buffer = io.BytesIO()
                np.save(buffer, content, allow_pickle=True)
                content = buffer.getvalue()
            archive.writestr(f"{name}.npy", content)
    return path


def objects(items):
    array = np.empty(len(items), object)
    array[:] = items
    return array


def pickled(payload, shape=(1,)):
    """An .npy member that announces objects and then holds any pickle at all."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|O", "fortran_order": False, "shape": shape})
    return buffer.getvalue() + payload


def put_lines(path, lines):
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def drawing(*lines):
    return json.dumps({"word": "nose", "drawing": lines})


GOOD = drawing([[0, 10, 20], [0, 5, 0]])


# Four formats, one drawing


@pytest.mark.parametrize("name", ["apple", "cat", "coffee cup", "ear", "eye", "mouth", "nose"])
def test_a_drawing_is_the_same_sketch_from_simplified_and_from_binary(mirror, name):
    simplified = read(mirror / "full" / "simplified" / f"{name}.ndjson")
    binary = read(mirror / "full" / "binary" / f"{name}.bin")
    assert len(simplified) == len(binary) >= 10
    for a, b in zip(simplified, binary, strict=True):
        np.testing.assert_array_equal(a, b)


def test_raw_drawings_that_the_sketchrnn_files_hold_too_are_the_same_sketch_to_the_point(mirror):
    # of the mirror's 200 raw drawings three; the official .npz files hold more of them
    found = 0
    for name in ("nose", "pig"):
        official = {sketch.tobytes() for sketch in read(mirror / "sketchrnn" / f"{name}.npz")}
        found += sum(sketch.tobytes() in official for sketch in read(mirror / "full" / "raw" / f"{name}.ndjson"))
    assert found >= 3


@pytest.mark.parametrize("name", ["nose", "pig"])
def test_raw_drawings_keep_every_stroke_and_its_ends_in_a_box_of_255(mirror, name):
    path = mirror / "full" / "raw" / f"{name}.ndjson"
    for line, sketch in zip(open(path), read(path), strict=True):
        polylines = [np.array(stroke[:2]).T for stroke in json.loads(line)["drawing"]]
        points = np.concatenate(polylines)
        low = points.min(axis=0)
        scale = 255 / (points - low).max()
        ends = np.array([line[-1] - polylines[0][0] for line in polylines]) * scale
        np.testing.assert_allclose(absolute(sketch)[stroke_ends(sketch)], ends, atol=1)
        assert np.ptp(absolute(sketch), axis=0).max() <= 255
        assert len(sketch) < len(points)


def test_a_raw_stroke_goes_straight_where_no_point_is_two_pixels_off(tmp_path):
    x = np.linspace(0, 510, 200)
    bow = 1.9 * 2 * np.sin(x / 510 * np.pi)  # the box of 255 halves it
    raw = drawing([x.tolist(), bow.tolist(), list(range(200))], [[0, 510], [510, 510], [0, 1]])
    (sketch,) = read(put_lines(tmp_path / "raw.ndjson", [raw]))
    assert [len(line) for line in to_polylines(sketch)] == [2, 2]
    wider = drawing([x.tolist(), (2 * bow).tolist(), list(range(200))], [[0, 510], [510, 510], [0, 1]])
    (sketch,) = read(put_lines(tmp_path / "raw.ndjson", [wider]))
    assert len(to_polylines(sketch)[0]) == 3


def test_a_raw_dot_is_a_dot(tmp_path):
    path = put_lines(tmp_path / "dot.ndjson", [drawing([[700.5], [30.25], [0]])])
    np.testing.assert_array_equal(read(path)[0], [[0, 0, 1]])


def test_npz_gives_one_split_or_all_in_order_and_what_numpy_itself_would_give(mirror):
    path = mirror / "sketchrnn" / "nose.npz"
    everything = read(path)
    train, valid, test = (read(path, split) for split in chunks.SPLITS)
    assert (len(train), len(valid), len(test)) == (4263, 250, 250)
    with np.load(path, allow_pickle=True, encoding="latin1") as archive:
        expected = [sketch for split in chunks.SPLITS for sketch in archive[split]]
    for sketch, part, reference in zip(everything, [*train, *valid, *test], expected, strict=True):
        np.testing.assert_array_equal(sketch, reference)
        np.testing.assert_array_equal(sketch, part)
        assert sketch.dtype == np.float32


class Python2Pickler(pickle._Pickler):
    """Pickles as Python 2 did, and with it numpy 1: strings are bytes. The official files are of this kind."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, content):
        self.write(b"T" + struct.pack("<i", len(content)) + content)
        self.memoize(content)

    def save_str(self, text):
        self.save_bytes(text.encode("latin1"))

    dispatch[bytes] = save_bytes
    dispatch[str] = save_str


def test_npz_pickled_by_python_2_is_read(tmp_path):
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol=2).dump(objects([SKETCH, SKETCH[1:]]))
    old = buffer.getvalue().replace(b"numpy._core", b"numpy.core")
    assert b"cnumpy.core.multiarray\n_reconstruct" in old and b"_codecs" not in old
    first, second = read(put_npz(tmp_path / "old.npz", train=pickled(old, (2,))), "train")
    np.testing.assert_array_equal(first, SKETCH)
    np.testing.assert_array_equal(second, SKETCH[1:])


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<i4", "<f4", "<f8"])
def test_npz_pickled_by_python_3_is_read_whatever_the_protocol_and_dtype(tmp_path, protocol, dtype):
    payload = pickle.dumps(objects([SKETCH.astype(dtype), np.asfortranarray(SKETCH[:2].astype(dtype))]), protocol)
    first, second = read(put_npz(tmp_path / "new.npz", train=pickled(payload, (2,))), "train")
    np.testing.assert_array_equal(first, SKETCH)
    np.testing.assert_array_equal(second, SKETCH[:2])


def test_drawings_of_one_length_in_one_array_and_a_file_of_train_alone_are_read(tmp_path):
    """numpy makes one array (n, N, 3) of sketches that are all N points long, of numbers or of objects."""
    both = np.stack([SKETCH, SKETCH + np.float32([1, 1, 0])])
    for name, array in ("numbers", both), ("whole", both.astype(np.int16)), ("objects", both.astype(object)):
        np.savez(tmp_path / f"{name}.npz", train=array)
        np.testing.assert_array_equal(read(tmp_path / f"{name}.npz"), both)
        with pytest.raises(ValueError, match="no array 'valid'"):
            read(tmp_path / f"{name}.npz", "valid")
    np.save(tmp_path / "several.npy", both)
    np.save(tmp_path / "one.npy", SKETCH)
    (tmp_path / "one.npy").rename(tmp_path / "one.NPY")
    np.testing.assert_array_equal(read(tmp_path / "several.npy"), both)
    np.testing.assert_array_equal(read(tmp_path / "one.NPY"), [SKETCH])


@pytest.mark.parametrize("shape", [(7, 5), (7, 2), (4, 7, 5), (784, 10)])
def test_an_array_of_another_form_is_refused_with_its_shape(tmp_path, shape):
    np.save(tmp_path / "a.npy", np.zeros(shape))
    with pytest.raises(ValueError, match=re.escape(f"{shape} of float64, no list of drawings (N, 3)")):
        read(tmp_path / "a.npy")


def test_a_file_is_written_that_numpy_before_2_reads(tmp_path):
    """What unpickles it there finds `numpy.core`, which later ones still know, and no name that came with numpy 2."""
    write_npz({"train": [SKETCH, SKETCH[:2]], "valid": [], "test": []}, tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        asked = globals_of(archive.read("train.npy"))
    assert asked == {"numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype"}
    np.testing.assert_array_equal(read(tmp_path / "a.npz", "train")[0], SKETCH)


def globals_of(member):
    """The modules and names that the pickle in a .npy asks for."""
    file = io.BytesIO(member)
    np.lib.format.read_magic(file)
    np.lib.format.read_array_header_1_0(file)
    return {asked for opcode, asked, _ in pickletools.genops(file.read()) if opcode.name == "GLOBAL"}


@pytest.mark.parametrize("told", ["false", "0", '"False"', '"false"', '"FALSE"', '"0"', '"no"'])
def test_a_drawing_is_not_recognised_however_that_is_written(tmp_path, told):
    line = '{"word":"nose","recognized":%s,"drawing":[[[0,10,20],[0,5,0]]]}\n'
    (tmp_path / "nose.ndjson").write_text(line % told + line % "true" + line % '"True"')
    (chunk,) = read_chunks(tmp_path / "nose.ndjson")
    assert chunk.recognized.tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("cat.ndjson", "cat"),
        ("full_simplified_cat.ndjson", "cat"),
        ("cat (1).ndjson", "cat"),
        ("CAT.NDJSON", "cat"),
        ("sketchrnn_cat.full.npz", "cat"),
        ("The%20Eiffel%20Tower.bin", "The Eiffel Tower"),
        ("St. Bernard.ndjson", "St. Bernard"),
        ("猫.npz", "猫"),
        ("full%2Fsimplified%2Fcat.ndjson", "cat"),
        ("quickdraw_dataset_full_simplified_ice_cream.ndjson", "ice cream"),
        ("Copy of teddy bear.ndjson", "teddy-bear"),
        ("cat - Copy (2).ndjson", "cat"),
        ("cat copy 2.ndjson", "cat"),
        ("cat[1].ndjson", "cat"),
        ("my_thing.ndjson", "my_thing"),
    ],
)
def test_the_class_is_what_the_file_was_named_before_it_was_saved(file, name):
    assert class_of(Path(file)) == name


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"drawing":[[[0,10],[0,5]]]}\n'.encode("utf-16"), "UTF-16"),
        (b'[{"drawing":[[[0,10],[0,5]]]}]\n', "one drawing a line belongs there"),
        (b'{\n "drawing": [[[0,10],[0,5]]]\n}', "a drawing a line"),
    ],
)
def test_json_of_another_make_is_refused_with_what_to_do(tmp_path, content, told):
    (tmp_path / "cat.ndjson").write_bytes(content)
    with pytest.raises(ValueError, match=told):
        read(tmp_path / "cat.ndjson")


@pytest.mark.parametrize("name", ["valid", "val", "validation"])
def test_drawings_for_validation_are_found_under_each_of_its_names(tmp_path, name):
    drawings = {part: np.zeros((count, 4, 3), np.int16) for part, count in (("train", 5), (name, 3), ("test", 2))}
    for array in drawings.values():
        array[:, :, 0], array[:, -1, 2] = 7, 1
    np.savez(tmp_path / "cat.npz", **drawings)
    assert len(read(tmp_path / "cat.npz")) == 10
    assert len(read(tmp_path / "cat.npz", "valid")) == 3


# A block, a batch, a piece at a time


def lines_of(mirror):
    return [line for path in sorted(mirror.glob("full/*/*.ndjson")) for line in path.read_bytes().splitlines()]


def test_the_fast_way_to_read_a_line_gives_what_the_careful_way_gives(mirror, tmp_path):
    lines = lines_of(mirror)
    path = tmp_path / "all.ndjson"
    path.write_bytes(b"\n".join(lines))
    simplified = 0
    for line, sketch in zip(lines, read(path), strict=True):
        record = json.loads(line)
        np.testing.assert_array_equal(sketch, ndjson.from_json(record))
        simplified += ndjson.pack_strokes(record["drawing"]) is not None
    assert simplified == 430


@pytest.mark.parametrize(
    "lines",
    [
        [[[7], [9]]],
        [[[7], [9]], [[7, 8], [9, 9]]],
        [[[], []], [[7], [9]], [[], []], [[255, 0, 255], [0, 255, 0]]],
        [[[1, 2], [3, 4]], [[5], [6]], [[7], [8]]],
        [[[True, 2], [3, False]]],
        [[[0.5, 2], [3, 4]]],
        [[[-1, 256], [3, 4]]],
        [[[1, 2], [3, 4]], [[5.25], [600]]],
    ],
)
def test_strokes_that_are_odd_but_good_are_read_alone_and_among_others(tmp_path, lines):
    expected = from_polylines([np.array(line, float).T for line in lines])
    path = put_lines(tmp_path / "odd.ndjson", [drawing(*lines), GOOD, drawing(*lines)])
    first, good, last = read(path)
    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(last, expected)
    np.testing.assert_array_equal(good, [[10, 5, 0], [10, -5, 1]])


def test_chunks_join_to_the_whole_file_whatever_their_size(mirror, tmp_path, monkeypatch):
    lines = tmp_path / "all.ndjson"
    lines.write_bytes(b"\n".join(lines_of(mirror)[:200]))
    for path in (lines, mirror / "full" / "binary" / "eye.bin", mirror / "sketchrnn" / "ear.npz"):
        whole = read(path)
        for size in (1, 7, 5000):
            for module in (binary, ndjson):
                monkeypatch.setattr(module, "BLOCK", size * 100)
            for module in (binary, pickles):
                monkeypatch.setattr(module, "BATCH", size)
            if size == 1 and path.suffix == ".npz":
                continue  # 4,500 chunks
            chunks = list(formats.read_chunks(path))
            assert len(chunks) > 1 or size == 5000
            np.testing.assert_array_equal(np.concatenate([chunk.rows for chunk in chunks]), np.concatenate(whole))
            assert sum(chunk.passed for chunk in chunks) == len(whole)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\n\n\n"])
def test_pieces_of_a_file_hold_every_line_once(mirror, tmp_path, ending):
    lines = lines_of(mirror)[:40]
    path = tmp_path / "nose.ndjson"
    path.write_bytes(b"\n".join(lines) + ending)
    whole = read(path)
    for size in (1, 100, 333, 2000, path.stat().st_size - 1, path.stat().st_size, 1 << 24):
        cuts = ndjson.cut_lines(path, size)
        assert cuts[0] == 0 and cuts[-1] == path.stat().st_size and cuts == sorted(set(cuts))
        chunks = [chunk for span in pairwise(cuts) for chunk in formats.read_chunks(path, None, *span)]
        assert sum(chunk.passed for chunk in chunks) == len(lines) + ending.count(b"\n") - (1 if ending else 0)
        np.testing.assert_array_equal(np.concatenate([chunk.rows for chunk in chunks]), np.concatenate(whole))


def test_lines_are_numbered_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(ndjson, "BLOCK", 200)
    path = put_lines(tmp_path / "nose.ndjson", [*[GOOD] * 500, "{}", *[GOOD] * 10, "[", GOOD])
    with pytest.warns(DamagedDrawings, match="skipped 2 of 513 drawings; the first, line 501: no 'drawing'"):
        read(path)
    path.write_text(path.read_text() + GOOD[:-3])
    with pytest.raises(ValueError, match="ends in the middle of line 514"):
        read(path)


def test_what_was_not_recognised_is_marked(mirror):
    path = mirror / "full" / "simplified" / "apple.ndjson"
    told = [json.loads(line)["recognized"] for line in open(path)]
    assert 0 < sum(told) < len(told)
    for file in (path, mirror / "full" / "binary" / "apple.bin"):
        assert [mark for chunk in formats.read_chunks(file) for mark in chunk.recognized] == told


# Hostile files


def test_a_number_where_a_list_belongs_makes_no_list_of_that_length(tmp_path):
    path = put_lines(tmp_path / "nose.ndjson", [GOOD, '{"drawing": [[9000000000, 9000000000]]}'])
    with pytest.warns(DamagedDrawings, match="line 2: .*int"):
        assert len(read(path)) == 1


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_line_longer_than_any_drawing_is_skipped_without_being_kept(tmp_path, monkeypatch, end):
    monkeypatch.setattr(ndjson, "MAX_LINE", 5_000)
    monkeypatch.setattr(ndjson, "BLOCK", 1_000)
    path = tmp_path / "nose.ndjson"
    path.write_text(f"{GOOD}\n{GOOD[:-2]},{' ' * 100_000}9]]}}\n{GOOD}\n{'[' * 50_000}{end}")
    for lines, _ in ndjson.read_lines(path, 0, path.stat().st_size):
        assert max(map(len, lines)) <= 5_000 + 1_000 + 1
    with pytest.warns(DamagedDrawings, match="skipped 2 of 4 drawings; the first, line 2: longer than 5,000 bytes"):
        assert len(read(path)) == 2


def test_a_binary_drawing_of_too_many_points_is_skipped_and_not_kept(mirror, tmp_path):
    content = (mirror / "full" / "binary" / "nose.bin").read_bytes()
    stroke = struct.pack("<H", 60_000) + bytes(120_000)
    endless = struct.pack("<Q2sbIH", 1, b"DE", 1, 0, 100) + stroke * 100
    path = tmp_path / "nose.bin"
    path.write_bytes(content + endless + content)
    with pytest.warns(DamagedDrawings, match=r"skipped 1 of 201 drawings; the first, drawing 101: 6,000,000 points"):
        assert len(read(path)) == 200
    empty = struct.pack("<Q2sbIH", 1, b"DE", 1, 0, 65_535) + bytes(2 * 65_535)
    path.write_bytes(empty * 20 + content)
    assert max(len(chunk.faults) for chunk in formats.read_chunks(path)) <= 9  # a batch is bounded in bytes, too
    with pytest.warns(DamagedDrawings, match=r"skipped 20 of 120 drawings; the first, drawing 1: no points"):
        read(path)


class Runs:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("where", ["whole", "one drawing"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_runs_code_is_refused_by_name_and_does_not_run(tmp_path, where, protocol):
    trap = Runs(os.mkdir, str(tmp_path / "was-run"))
    payload = pickle.dumps(trap if where == "whole" else objects([SKETCH, trap]), protocol)
    path = put_npz(tmp_path / "trap.npz", train=pickled(payload, (2,)))
    with pytest.raises(ValueError, match=r"trap.npz: train cannot be unpickled: it asks for (posix|nt)\.mkdir"):
        read(path, "train")
    assert not (tmp_path / "was-run").exists()
    with np.load(path, allow_pickle=True) as archive:  # the trap works
        archive["train"]
    assert (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    "name", ["builtins.eval", "numpy.load", "numpy._core.multiarray.scalar", "numpy.ndarray.tofile"]
)
def test_a_pickle_may_name_nothing_beyond_arrays_not_even_in_numpy(tmp_path, name):
    module, _, function = name.rpartition(".")
    payload = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(s)]) + s.encode() for s in (module, function)) + b"\x93."
    with pytest.raises(ValueError, match=name):
        read(put_npz(tmp_path / "trap.npz", train=pickled(payload)), "train")


def test_no_real_numpy_object_is_built_from_a_pickle():
    # numpy's own __setstate__ takes flags and pointers on trust: an object array out of plain bytes crashes it
    payload = pickle.dumps(objects([SKETCH]))
    built = pickles.ArraysOnly(payload, 1000).load()
    assert not isinstance(built, np.ndarray) and not isinstance(built.items[0].dtype, np.dtype)


@pytest.mark.parametrize(
    "state",
    [
        (1, (4, 3), "not a dtype", False, b""),
        (1, (4, 3), np.dtype("O"), False, SKETCH.tobytes()),
        (1, (4, 3), np.dtype("U4"), False, SKETCH.tobytes()),
        (1, (-4, 3), np.dtype("i2"), False, SKETCH.tobytes()),
        (1, (10**12, 3), np.dtype("i2"), False, SKETCH.tobytes()),
        (1, "ab", np.dtype("i2"), False, SKETCH.tobytes()),
        (1, (4, 3), np.dtype("i2"), False, None),
    ],
)
def test_an_array_whose_parts_do_not_fit_is_a_damaged_drawing(tmp_path, state):
    class Bad:
        def __reduce__(self):
            return (*SKETCH.__reduce__()[:2], state)

    payload = pickle.dumps(objects([SKETCH, Bad()]))
    with pytest.warns(DamagedDrawings, match="skipped 1 of 2 drawings; the first, drawing 2 of train"):
        (sketch,) = read(put_npz(tmp_path / "bad.npz", train=pickled(payload, (2,))), "train")
    np.testing.assert_array_equal(sketch, SKETCH)


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "MAX_BYTES", 1 << 20)
    path = put_npz(tmp_path / "bomb.npz", train=bytes(2 << 20))
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match="'train' would take 2,097,152 bytes"):
        read(path, "train")
    path = put_npz(tmp_path / "echo.npz", train=objects([np.zeros((3000, 3), np.int16)] * 3000))
    with pytest.raises(ValueError, match="train would take more than 1,048,576 bytes"):
        read(path, "train")


# Files that are damaged as a whole


@pytest.mark.parametrize("suffix", [".npz", ".ndjson", ".bin"])
def test_an_empty_file_is_an_error_that_names_it(tmp_path, suffix):
    path = tmp_path / f"nose{suffix}"
    path.touch()
    with pytest.raises(ValueError, match=f"nose{suffix} is empty; delete it and download it again"):
        read(path)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("name", ["sketchrnn/nose.npz", "full/raw/nose.ndjson", "full/binary/nose.bin"])
def test_a_file_that_was_cut_off_is_an_error_that_names_it(mirror, tmp_path, name, share):
    content = (mirror / name).read_bytes()
    path = tmp_path / os.path.basename(name)
    path.write_bytes(content[: max(1, int(len(content) * share))])
    with pytest.raises(ValueError, match=f"{path.name}.*(cut off)"):
        read(path)


@pytest.mark.parametrize("suffix", [".npz", ".ndjson", ".bin"])
@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html>\n<title>Log in</title>\n", os.urandom(5000), b"\x93NUMPY\x01\x00v\x00", b"{}\n" * 9]
)
def test_a_file_of_another_format_is_an_error_that_names_it(tmp_path, suffix, content):
    path = tmp_path / f"other{suffix}"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"other{suffix}"):
        read(path)


def test_an_npz_of_something_else_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no array 'train'"):
        read(put_npz(tmp_path / "a.npz", images=np.zeros((2, 2))))
    with pytest.raises(ValueError, match="no list of drawings"):
        read(put_npz(tmp_path / "a.npz", train=np.zeros((2, 2))), "train")
    with pytest.raises(ValueError, match="train does not hold"):
        read(put_npz(tmp_path / "a.npz", train=pickled(pickle.dumps(objects([SKETCH])), (5,))), "train")
    with pytest.raises(ValueError, match="holds no drawings"):
        read(put_npz(tmp_path / "a.npz", train=objects([])), "train")


def test_an_unknown_suffix_or_split_is_an_error(mirror, tmp_path):
    with pytest.raises(ValueError, match=r"no reader for '.csv'"):
        read(tmp_path / "a.csv")
    with pytest.raises(ValueError, match="no split 'dev'"):
        read(mirror / "sketchrnn" / "nose.npz", "dev")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nowhere.npz")


# Damaged drawings in a good file


def test_wrong_json_on_line_812_is_skipped_and_reported(tmp_path):
    lines = [GOOD] * 1000
    lines[811] = GOOD[:-5]
    with pytest.warns(
        DamagedDrawings, match=r"nose.ndjson: skipped 1 of 1,000 drawings; the first, line 812: not JSON"
    ):
        sketches = read(put_lines(tmp_path / "nose.ndjson", lines))
    assert len(sketches) == 999


@pytest.mark.parametrize(
    "line, reason",
    [
        ('{"word": "nose"}', "no 'drawing'"),
        ("[1, 2]", "no 'drawing'"),
        (drawing(), "no points"),
        (drawing([[], []]), "no points"),
        (drawing([[1, 2, 3], [1, 2]]), "of one length"),
        (drawing([1, 2]), "int"),
        (drawing({"x": [1], "y": [2]}), "'?0'?|KeyError|length"),
        (drawing([["a", "b"], ["c", "d"]]), "could not convert"),
        (drawing([[[1, 2], [3, 4]], [[1, 2], [3, 4]]]), "not a finite number"),
        ('{"drawing": [[[0, NaN], [0, 1]]]}', "not a finite number"),
        ('{"drawing": [[[0, 1e999], [0, 1]]]}', "not a finite number"),
        ('{"drawing": [[[0, null], [0, 1]]]}', "not a finite number"),
        (drawing([[0, 10**400], [0, 1]]), "too large|not a finite"),
        (drawing([[0, 90_000], [0, 1]]), r"row 0 is \[90000.0, 1.0, 1.0\].*more than 1,000 pixels"),
        (drawing([list(range(10_000))] * 2), "10,000 points, more than 5,000"),
        (drawing([list(range(10_000))] * 3), "10,000 points, more than 5,000"),
        ("\xff\xfe", "not JSON"),
        ("[" * 100_000, "not JSON|recursion"),
    ],
)
def test_a_damaged_line_is_skipped_with_its_number_and_the_reason(tmp_path, line, reason):
    path = put_lines(tmp_path / "nose.ndjson", [GOOD, "", line, GOOD])
    with pytest.warns(DamagedDrawings, match=rf"skipped 1 of 3 drawings; the first, line 3: .*({reason})"):
        sketches = read(path)
    np.testing.assert_array_equal(sketches, [[[10, 5, 0], [10, -5, 1]]] * 2)


@pytest.mark.parametrize(
    "bad, reason",
    [
        (np.array([[1, 1, 0], [np.nan, 2, 1]]), "row 1 is .*not finite"),
        (np.array([[1, 1, 0], [1e300, 2, 1]]), "row 1 is .*not finite"),
        (np.array([[1, -32768, 1]], np.int16), "row 0 is .*more than 1,000 pixels"),
        (np.array([[1, 1, 0], [1, 1, 2]]), "row 1 is .*lift is neither 0 nor 1"),
        (np.zeros((0, 3), np.int16), "no points"),
        (np.zeros((10_000, 3), np.int16), "10,000 points, more than 5,000"),
        (np.zeros((5, 2), np.int16), r"\(5, 2\).*no sketch"),
        (np.array([["a", "b", "c"]]), "no sketch"),
        (7, "not an array"),
        (None, "not an array"),
        ([[1, 2, 3]], "not an array"),
    ],
)
def test_a_damaged_drawing_in_an_npz_is_skipped_with_its_number_and_the_reason(tmp_path, bad, reason):
    good = [SKETCH, SKETCH[2:], SKETCH[1:]]
    path = put_npz(tmp_path / "nose.npz", train=objects([good[0], good[1], bad, good[2]]))
    with pytest.warns(DamagedDrawings, match=rf"skipped 1 of 4 drawings; the first, drawing 3 of train: .*{reason}"):
        sketches = read(path, "train")
    for sketch, expected in zip(sketches, good, strict=True):
        np.testing.assert_array_equal(sketch, expected)


def test_damage_is_counted_and_the_first_one_named(tmp_path):
    drawings = [SKETCH] * 50
    for index in (41, 7, 23):
        drawings[index] = np.zeros((0, 3), np.int16)
    drawings[30] = np.full((2, 3), np.inf)
    with pytest.warns(DamagedDrawings, match="skipped 4 of 50 drawings; the first, drawing 8 of train: no points"):
        assert len(read(put_npz(tmp_path / "nose.npz", train=objects(drawings)), "train")) == 46


def test_a_binary_drawing_without_points_is_skipped(mirror, tmp_path):
    content = (mirror / "full" / "binary" / "nose.bin").read_bytes()
    empty = struct.pack("<Q2sbIH", 1, b"DE", 1, 0, 0)
    path = tmp_path / "nose.bin"
    path.write_bytes(empty + content)
    with pytest.warns(DamagedDrawings, match="skipped 1 of 101 drawings; the first, drawing 1: no points"):
        assert len(read(path)) == 100


def test_a_file_without_one_good_drawing_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="none of its 2 drawings can be read; the first, line 1: no 'drawing'"):
        read(put_lines(tmp_path / "nose.ndjson", ["{}", "{}"]))


def test_good_files_give_no_warning(mirror):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in [*mirror.glob("full/*/*.*"), mirror / "sketchrnn" / "eye.npz"]:
            assert len(read(path)) >= 10


def test_the_longest_official_drawing_length_is_kept(tmp_path):
    zigzag = [list(range(250)) * 20, [0, 255] * 2500]
    (sketch,) = read(put_lines(tmp_path / "long.ndjson", [drawing(zigzag)]))
    np.testing.assert_array_equal(sketch, from_polylines([np.array(zigzag).T]))
