"""Shards: written some drawings at a time, mapped, read back as batches or as a data set; a damaged one is named."""

import io

import numpy as np
import pytest

from helpers.data.chunks import SPLITS, flat
from helpers.data.formats import read
from helpers.data.preprocessing import preprocess
from helpers.data.shards import load_shards, open_shards, read_batches, take_sketches, to_whole, write
from helpers.sketch.raster import render_batch
from helpers.sketch.strokes import absolute


@pytest.fixture(scope="module")
def out(mirror, tmp_path_factory):
    """Shards of two classes from simplified files and of one from a sketch-rnn file."""
    out = tmp_path_factory.mktemp("shards")
    full = mirror / "full" / "simplified"
    preprocess([full / "eye.ndjson", full / "nose.ndjson", mirror / "sketchrnn" / "ear.npz"], out, size=28, jobs=1)
    return out


def test_a_shard_is_mapped_and_not_read(out):
    for shard in open_shards(out):
        assert all(isinstance(array, np.memmap) for array in (shard.strokes, shard.starts, shard.bitmaps))
        assert not shard.strokes.flags.writeable


def test_a_shard_of_no_drawings_can_be_written_and_its_arrays_read(tmp_path):
    assert write(tmp_path, [], 48) == 0
    assert np.load(tmp_path / "bitmaps.npy", mmap_mode="r").shape == (0, 48, 48)
    assert np.load(tmp_path / "strokes.npy", mmap_mode="r").shape == (0, 3)
    assert np.load(tmp_path / "starts.npy").tolist() == [0]


def test_what_is_written_some_at_a_time_has_the_bytes_that_numpy_saves(mirror, tmp_path):
    sketches = read(mirror / "full" / "simplified" / "eye.ndjson")
    count = write(tmp_path, [flat(sketches[first : first + 7]) for first in range(0, 100, 7)], 48)
    assert count == 100
    rows, lengths = flat(sketches)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    arrays = {"strokes": rows.astype(np.int16), "bitmaps": render_batch(sketches, 48), "starts": starts}
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, array)
        assert (tmp_path / f"{name}.npy").read_bytes() == buffer.getvalue()


@pytest.mark.parametrize("batch", [1, 30, 1000])
def test_batches_give_every_drawing_once_in_order(out, mirror, batch):
    eyes = [pair for pair in read_batches(out, batch, ["eye", "nose"]) if pair[0] == "eye"]
    assert max(len(sketches) for _, sketches, _ in eyes) <= batch
    expected = read(mirror / "full" / "simplified" / "eye.ndjson")
    for sketch, other in zip([sketch for _, sketches, _ in eyes for sketch in sketches], expected, strict=True):
        np.testing.assert_array_equal(sketch, other)
    np.testing.assert_array_equal(np.concatenate([bitmaps for _, _, bitmaps in eyes]), render_batch(expected, 28))


def test_a_data_set_keeps_given_splits_and_makes_the_others_by_place(out, mirror):
    dataset = load_shards(out, ["nose", "ear"])
    assert dataset.classes == ("nose", "ear") and "quickdraw" in dataset.source.split("+")
    noses, ears = read(mirror / "full" / "simplified" / "nose.ndjson"), mirror / "sketchrnn" / "ear.npz"
    wanted = {
        "train": [nose for number, nose in enumerate(noses) if number % 20 < 18],
        "valid": noses[18::20],
        "test": noses[19::20],
    }
    for name in SPLITS:
        split = getattr(dataset, name)
        expected = wanted[name] + read(ears, name)
        assert np.bincount(split.labels).tolist() == [len(wanted[name]), len(read(ears, name))]
        for sketch, other in zip(split.sketches, expected, strict=True):
            np.testing.assert_array_equal(sketch, other)


def test_a_limit_holds_for_each_class_in_each_split(out):
    dataset = load_shards(out, limit=4)
    assert dataset.classes == ("ear", "eye", "nose")
    for name in SPLITS:
        assert np.bincount(getattr(dataset, name).labels).tolist() == [4, 4, 4]
    whole = load_shards(out)
    np.testing.assert_array_equal(dataset.train.sketches[0], whole.train.sketches[0])
    assert len(whole.train.sketches) > 4000


def test_a_class_that_is_not_there_is_named_with_those_that_are(out):
    with pytest.raises(FileNotFoundError, match="has no shards of owl; it has ear, eye, nose"):
        load_shards(out, ["eye", "owl"])


def test_rounding_to_whole_pixels_adds_no_error_up():
    rng = np.random.default_rng(0)
    sketches = [np.float32(np.column_stack([rng.normal(0, 3, (n, 2)), np.ones(n)])) for n in (1, 300, 40)]
    rows, lengths = flat(sketches)
    whole = to_whole(rows, lengths)
    assert whole.dtype == np.int16
    for sketch, other in zip(sketches, np.split(whole, np.cumsum(lengths)[:-1]), strict=True):
        assert np.abs(absolute(sketch) - absolute(other)).max() <= 0.5001
        np.testing.assert_array_equal(sketch[:, 2], other[:, 2])


@pytest.mark.parametrize("part", ["strokes.npy", "starts.npy", "bitmaps.npy", "shard.json"])
@pytest.mark.parametrize("damage", ["cut", "gone", "other", "pickle"])
def test_a_damaged_shard_is_named(mirror, tmp_path, part, damage):
    if (part, damage) == ("bitmaps.npy", "gone"):
        pytest.skip("that is a shard without bitmaps")
    preprocess(mirror / "full" / "simplified" / "cat.ndjson", tmp_path, jobs=1)
    path = tmp_path / "cat" / "00000" / part
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[:-20])
    elif damage == "other":
        np.save(path.with_suffix(".npy"), np.zeros((3, 2)))
        path.with_suffix(".npy").replace(path)
    elif damage == "pickle":
        with open(path, "wb") as file:
            np.save(file, np.array([print, None]), allow_pickle=True)
    with pytest.raises((ValueError, FileNotFoundError), match=r"cat.*damaged|has no shards"):
        list(open_shards(tmp_path, ["cat"]))


def test_taking_drawings_copies_them(out):
    shard = next(open_shards(out, ["eye"]))
    first, last = take_sketches(shard, [0, 99])
    first[:] = 0
    assert shard.strokes[:3].any()
    assert len(last) == shard.starts[100] - shard.starts[99]
