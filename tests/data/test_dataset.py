"""Data sets by class name: from disk, from a real server on loopback or from the sample, and saved without pickle."""

import re
import shutil
import socket
import time

import numpy as np
import pytest

from helpers.data.chunks import SPLITS
from helpers.data.classes import CLASSES, download_class
from helpers.data.dataset import DataSet, Split, load_drawings, make_dataset, open_dataset, save_dataset
from helpers.data.download import DownloadError, manifest
from helpers.sketch.strokes import from_polylines


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """An empty data folder, and no server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MIDSTROKE_QUICKDRAW_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
    for module in ("classes", "dataset"):
        monkeypatch.setattr(f"helpers.data.{module}.DATA", tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def official(bucket, mirror, monkeypatch):
    """A server over the mirror of the official bucket."""
    bucket.folder = mirror
    monkeypatch.setenv("MIDSTROKE_QUICKDRAW_URL", bucket.url)
    return bucket


@pytest.fixture
def local(data, mirror):
    """A data folder with three classes in it."""
    folder = data / "quickdraw" / "sketchrnn"
    folder.mkdir(parents=True)
    for name in ("ear", "nose", "cloud"):
        shutil.copyfile(mirror / "sketchrnn" / f"{name}.npz", folder / f"{name}.npz")
    return folder


@pytest.fixture
def sample(data):
    """A sample of two classes, in stand-ins for drawings."""
    for side, name in enumerate(["ear", "nose"], 3):
        corner = from_polylines([[[0, 0], [side, 0], [side, side + 0.5]]])
        drawings = {"train": [corner] * 5, "valid": [corner], "test": [corner] * 2}
        save_dataset(make_dataset({name: drawings}, "sample"), data / "sample" / f"{name}.npz")
    return data / "sample"


# Names


def test_there_are_345_classes_in_the_official_order():
    assert len(CLASSES) == len(set(CLASSES)) == 345
    assert CLASSES[:3] == ("aircraft carrier", "airplane", "alarm clock") and CLASSES[-1] == "zigzag"
    assert {"The Eiffel Tower", "t-shirt", "teddy-bear", "see saw", "coffee cup", "cell phone"} <= set(CLASSES)
    assert list(CLASSES) == sorted(CLASSES, key=lambda name: re.sub("[^a-z]", "", name.lower()))


def test_the_mirror_holds_no_class_of_another_name(mirror):
    names = {path.stem for path in mirror.rglob("*.*") if path.suffix in (".npz", ".ndjson", ".bin")}
    assert len(names) >= 32 and names <= set(CLASSES)


@pytest.mark.parametrize(
    "wrong, near", [("camle", "camel"), ("Nose", "nose"), ("eifel tower", "The Eiffel Tower"), ("tshirt", "t-shirt")]
)
def test_an_unknown_class_is_an_error_with_the_nearest_names(wrong, near):
    with pytest.raises(ValueError, match=f"no class '{wrong}'; did you mean .*{near}"):
        load_drawings(["ear", wrong])


@pytest.mark.parametrize(
    "classes, message",
    [
        (["xqzj"], r"no class 'xqzj'; helpers\.data\.CLASSES lists"),
        (["../../etc/passwd"], "no class"),
        ([], "no class is named"),
        (["ear", "nose", "ear"], "named twice"),
        ([3], "no class 3"),
    ],
)
def test_names_that_make_no_data_set_are_refused(classes, message):
    with pytest.raises(ValueError, match=message):
        load_drawings(classes)


def test_an_unknown_source_is_refused():
    with pytest.raises(ValueError, match="source is 'web'; it must be 'auto', 'local', 'download' or 'sample'"):
        load_drawings(["ear"], source="web")


# Sources


def test_auto_takes_what_is_local_without_asking_the_server(local, mirror):
    dataset = load_drawings(["nose", "cloud"])
    assert dataset.classes == ("nose", "cloud") and dataset.source == "quickdraw"
    with np.load(mirror / "sketchrnn" / "nose.npz", allow_pickle=True, encoding="latin1") as archive:
        nose = archive["valid"]
    assert len(dataset.valid.sketches) == len(dataset.valid.labels) == 500
    np.testing.assert_array_equal(dataset.valid.labels, np.repeat([0, 1], 250))
    assert dataset.valid.labels.dtype == np.int64
    for sketch, expected in zip(dataset.valid.sketches[:250], nose, strict=True):
        np.testing.assert_array_equal(sketch, expected)


def test_the_scale_is_the_deviation_of_all_training_offsets_and_nothing_else(local):
    dataset = load_drawings(["nose", "cloud"])
    values = np.concatenate([sketch[:, :2].ravel() for sketch in dataset.train.sketches]).astype(np.float64)
    assert dataset.scale == pytest.approx(np.sqrt(((values - values.mean()) ** 2).mean()), rel=1e-9)
    assert 20 < dataset.scale < 60


def test_a_limit_keeps_the_first_of_each_class_in_each_split(local):
    whole, some = load_drawings(["nose", "cloud"]), load_drawings(["nose", "cloud"], limit=100)
    for split in SPLITS:
        assert np.bincount(getattr(some, split).labels).tolist() == [100, 100]
    first_cloud = int(np.argmax(whole.train.labels == 1))
    np.testing.assert_array_equal(some.train.sketches[100], whole.train.sketches[first_cloud])


def test_auto_downloads_what_is_missing_and_only_that(official, local):
    load_drawings(["nose", "eye", "ear"])
    assert official.seen == [("/sketchrnn/eye.npz", None)]
    assert list(manifest(local)) == ["eye.npz"]
    load_drawings(["nose", "eye", "ear"])
    assert len(official.seen) == 1


def test_download_fetches_anew(official, local):
    load_drawings(["nose"], source="download", limit=1)
    assert official.seen == [("/sketchrnn/nose.npz", None)]


def test_a_name_with_a_space_is_asked_for_as_the_bucket_spells_it(bucket, mirror, monkeypatch):
    monkeypatch.setenv("MIDSTROKE_QUICKDRAW_URL", bucket.url + "/")
    bucket.put("sketchrnn/The Eiffel Tower.npz", (mirror / "sketchrnn" / "nose.npz").read_bytes())
    path = download_class("The Eiffel Tower")
    assert path.name == "The Eiffel Tower.npz"
    assert manifest(path.parent)[path.name]["url"] == f"{bucket.url}/sketchrnn/The%20Eiffel%20Tower.npz"


def test_a_download_cut_half_way_is_resumed_and_reads_as_the_original(official, mirror, data):
    official.cut, official.cuts = 140_000, 1
    assert load_drawings(["nose"]).classes == ("nose",)
    assert [asked is not None for _, asked in official.seen] == [False, True]
    got = data / "quickdraw" / "sketchrnn" / "nose.npz"
    assert got.read_bytes() == (mirror / "sketchrnn" / "nose.npz").read_bytes()


@pytest.mark.parametrize("share", [0, 0.5])
def test_half_a_file_or_a_login_page_from_the_server_is_never_taken_for_a_whole_one(
    bucket, mirror, data, monkeypatch, share
):
    monkeypatch.setenv("MIDSTROKE_QUICKDRAW_URL", bucket.url)
    content = (mirror / "sketchrnn" / "nose.npz").read_bytes()
    bucket.put("sketchrnn/nose.npz", content[: int(len(content) * share)] or b"<html>log in</html>")
    with pytest.raises(DownloadError, match=r"did not give the file that was wanted: it is not a \.npz file"):
        load_drawings(["nose"])
    assert not list(data.rglob("nose*"))


def test_a_class_that_the_server_lacks_is_an_error_with_its_url(official):
    with pytest.raises(DownloadError, match=r"sketchrnn/zigzag\.npz does not exist \(404\)"):
        load_drawings(["nose", "zigzag"])


def test_without_network_auto_fails_at_once_and_says_what_to_do(data):
    began = time.monotonic()
    with pytest.raises(DownloadError, match=r"sketchrnn/ear\.npz could not be fetched.*Is the network up\?"):
        load_drawings(["ear", "nose"])
    assert time.monotonic() - began < 2


def test_without_network_the_sample_stands_in_only_where_allowed_and_says_what_it_is(sample, capsys):
    with pytest.raises(DownloadError):
        load_drawings(["nose", "ear"])
    dataset = load_drawings(["nose", "ear"], allow_sample=True)
    said = capsys.readouterr().out
    assert "could not be fetched" in said and "SAMPLE" in said and "not people" in said
    assert dataset.source == "sample" and dataset.classes == ("nose", "ear")
    assert np.bincount(dataset.train.labels).tolist() == [5, 5]
    assert len(dataset.test.sketches) == 4


def test_real_drawings_and_the_sample_are_never_mixed(sample, local):
    shutil.move(local / "ear.npz", local.parent)
    dataset = load_drawings(["nose", "ear"], allow_sample=True)  # nose is there, and ear only in the sample
    assert dataset.source == "sample"
    assert len(dataset.train.sketches) == 10


def test_the_scale_of_merged_samples_is_that_of_all_their_training_offsets(sample):
    dataset = load_drawings(["ear", "nose"], source="sample")
    assert dataset.scale == pytest.approx(np.std([3, 0, 0, 3.5, 4, 0, 0, 4.5]))


def test_a_class_that_the_sample_lacks_is_an_error_with_what_it_has(sample):
    with pytest.raises(FileNotFoundError, match="has no camel, cloud; it has ear, nose"):
        load_drawings(["camel", "ear", "cloud"], source="sample")


def test_local_never_asks_the_server(official):
    with pytest.raises(FileNotFoundError, match=r"nose\.npz is not there; .*source='auto'"):
        load_drawings(["nose"], source="local")
    assert official.seen == []


def test_a_local_file_that_is_damaged_is_an_error_and_no_reason_for_the_sample(sample, local):
    content = (local / "nose.npz").read_bytes()
    (local / "nose.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"nose\.npz cannot be read: .*cut off"):
        load_drawings(["nose", "ear"], allow_sample=True)


def test_a_downloaded_file_that_changed_since_is_an_error(official):
    path = download_class("nose")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ValueError, match="is not the file that was downloaded"):
        load_drawings(["nose"])


def test_a_class_is_read_in_well_under_a_second(local):
    began = time.monotonic()
    load_drawings(["nose"])
    assert time.monotonic() - began < 1


# Data sets on disk


def same(a, b):
    assert (a.classes, a.scale, a.source) == (b.classes, b.scale, b.source)
    for split in SPLITS:
        ours, theirs = getattr(a, split), getattr(b, split)
        np.testing.assert_array_equal(ours.labels, theirs.labels)
        assert ours.labels.dtype == theirs.labels.dtype == np.int64
        for one, other in zip(ours.sketches, theirs.sketches, strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype == np.float32


def test_a_data_set_comes_back_the_same_from_disk_and_without_pickle(local, tmp_path):
    dataset = load_drawings(["nose", "cloud"], limit=300)
    save_dataset(dataset, tmp_path / "set.npz")
    same(dataset, open_dataset(tmp_path / "set.npz"))
    with np.load(tmp_path / "set.npz", allow_pickle=False) as archive:
        assert archive["train_points"].dtype == np.int16  # whole pixels take half the room
        assert all(archive[name].dtype != object for name in archive)


def a_split():
    """Two classes, three drawings of the first and one of the second, in another order; each has its number as dx."""
    sketches = [np.array([[number, 2, 1]], np.float32) for number in range(4)]
    return Split(sketches, np.array([0, 1, 0, 0]))


def test_a_split_gives_the_drawings_of_a_class_the_first_of_each_and_all_offsets():
    split = a_split()
    assert [sketch[0, 0] for sketch in split.of_class(0)] == [0, 2, 3]
    assert split.first_of_each(2).tolist() == [0, 2, 1]
    assert Split([], np.zeros(0, int)).first_of_each(2).tolist() == []
    np.testing.assert_array_equal(split.offsets(), [[0, 2], [1, 2], [2, 2], [3, 2]])


def test_drawings_of_a_class_are_picked_at_random_none_twice():
    split = a_split()
    dataset = DataSet(("ear", "eye"), split, split, split, 1.0, "own")
    picked = [sketch[0, 0] for sketch in dataset.pick("ear", 3, np.random.default_rng(0))]
    assert sorted(picked) == [0, 2, 3]
    again = [sketch[0, 0] for sketch in dataset.pick("ear", 3, np.random.default_rng(0))]
    assert picked == again
    with pytest.raises(ValueError):
        dataset.pick("eye", 2, np.random.default_rng(0))


def test_offsets_between_pixels_and_empty_splits_come_back_the_same(tmp_path):
    sketch = np.array([[0.25, -3.125, 0], [1e-3, 999, 1]], np.float32)
    dataset = make_dataset({"ear": {"train": [sketch], "valid": [], "test": []}}, "traced")
    save_dataset(dataset, tmp_path / "set.npz")
    same(dataset, open_dataset(tmp_path / "set.npz"))


def test_the_same_data_set_makes_the_same_bytes(sample, tmp_path):
    dataset = load_drawings(["ear"], source="sample")
    save_dataset(dataset, tmp_path / "a.npz")
    save_dataset(dataset, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    "sketch, message",
    [
        (np.zeros((0, 3), np.float32), "train drawing 2 cannot be saved: no points"),
        (np.array([[np.nan, 0, 1]], np.float32), "train drawing 2 cannot be saved: row 0 is .*not finite"),
        (np.array([[1, 0, 0.5]], np.float32), "train drawing 2 cannot be saved: row 0 is .*lift"),
    ],
)
def test_what_could_not_be_opened_again_is_not_saved(tmp_path, sketch, message):
    good = np.array([[1, 0, 1]], np.float32)
    dataset = make_dataset({"ear": {"train": [good, sketch], "valid": [], "test": []}}, "sample")
    with pytest.raises(ValueError, match=message):
        save_dataset(dataset, tmp_path / "set.npz")
    assert not (tmp_path / "set.npz").exists()


def test_a_data_set_without_training_drawings_is_refused():
    with pytest.raises(ValueError, match="no training drawings"):
        make_dataset({"ear": {"train": [], "valid": [], "test": []}}, "sample")
    with pytest.raises(ValueError, match="all training drawings are dots"):
        make_dataset({"ear": {"train": [np.array([[0, 0, 1]], np.float32)], "valid": [], "test": []}}, "sample")


def test_a_full_disk_leaves_the_old_data_set(local, small_disk):
    path = small_disk / "set.npz"
    save_dataset(load_drawings(["nose"], limit=50), path)
    before = path.read_bytes()
    with pytest.raises(OSError, match=r"could not write .*set\.npz: No space left"):
        save_dataset(load_drawings(["nose", "cloud", "ear"]), path)
    assert path.read_bytes() == before
    assert [item.name for item in small_disk.iterdir()] == ["set.npz"]


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_data_set_that_was_cut_off_is_an_error(sample, share):
    path = sample / "ear.npz"
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ValueError, match=r"ear\.npz cannot be read: .*cut off"):
        open_dataset(path)


def test_a_sketchrnn_file_is_not_a_data_set(local):
    with pytest.raises(ValueError, match=r"nose\.npz cannot be read: it has no array 'classes'"):
        open_dataset(local / "nose.npz")


@pytest.mark.parametrize(
    "name, value",
    [
        ("classes", np.array(["ear"], object)),
        ("classes", np.array([1])),
        ("classes", np.array("ear")),
        ("scale", np.array(0.0)),
        ("scale", np.array(np.nan)),
        ("scale", np.array(np.inf)),
        ("scale", np.array([1.0, 2.0])),
        ("source", np.array(3)),
        ("train_points", np.zeros((3, 3), np.int16)),
        ("train_points", np.full((10, 3), np.nan)),
        ("train_points", np.full((10, 3), "a")),
        ("train_points", np.array([None] * 10)),
        ("train_lengths", np.array([2, 2, 2, 2, 3])),
        ("train_lengths", np.array([12, -2, 0, 0, 0])),
        ("train_lengths", np.array([2.0] * 5)),
        ("train_lengths", np.array(10)),
        ("train_labels", np.array([0, 0, 0, 0])),
        ("train_labels", np.array([0, 0, 0, 0, 1])),
        ("train_labels", np.array([-1, 0, 0, 0, 0])),
    ],
)
def test_a_data_set_whose_parts_do_not_fit_is_an_error(sample, name, value):
    path = sample / "ear.npz"
    with np.load(path) as archive:
        arrays = {**archive, name: value}
    np.savez_compressed(path, **arrays)
    with pytest.raises(ValueError, match=r"ear\.npz"):
        open_dataset(path)
