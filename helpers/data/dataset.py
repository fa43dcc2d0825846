"""Data sets: drawings of several classes in three splits, from Quick, Draw! or from the sample, loaded and saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers.data.chunks import SPLITS, find_faults, flat, unflat
from helpers.data.classes import check_classes, download_class
from helpers.data.download import DownloadError, verify
from helpers.data.formats import read
from helpers.data.npz import read_arrays
from helpers.paths import DATA, atomic, memory_for

SAMPLE_NOTICE = (
    "These drawings are the SAMPLE: a released Midstroke model drew them, not people. "
    "They show how a chapter runs; no number measured on them says anything about people's drawings."
)


@dataclass(frozen=True)
class Split:
    """Drawings and the number of each one's class: a list of n sketches in pixels, int64 (n,)."""

    sketches: list[np.ndarray]
    labels: np.ndarray

    def of_class(self, label: int) -> list[np.ndarray]:
        """The drawings of one class, in their order."""
        return [self.sketches[i] for i in np.flatnonzero(self.labels == label)]

    def first_of_each(self, count: int) -> np.ndarray:
        """The numbers, int64 (n,), of the first drawings of each class, `count` of each at most, class after class."""
        each = [np.flatnonzero(self.labels == label)[:count] for label in np.unique(self.labels)]
        return np.concatenate([np.zeros(0, int), *each])

    def offsets(self) -> np.ndarray:
        """dx and dy of all the drawings, (M, 2), in pixels."""
        return np.concatenate([sketch[:, :2] for sketch in self.sketches])


@dataclass(frozen=True)
class DataSet:
    """Drawings of several classes, split as sketch-rnn splits them; label i means `classes[i]`.

    `scale` is the standard deviation of all dx and dy of the training drawings, in pixels: a model divides by it on
    the way in and multiplies on the way out (Ha & Eck, arXiv 1704.03477, section 3.1). The sketches stay in pixels.
    `source` says whose drawings they are: "quickdraw" for its players', "sample" for those that a released model drew,
    "rehearsed" for a network's own best, "traced" for those from a folder of pictures, "own" for others that somebody
    brought; joined by + where there are several.
    """

    classes: tuple[str, ...]
    train: Split
    valid: Split
    test: Split
    scale: float
    source: str

    def pick(self, name: str, count: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Some test drawings of a class, at random and none of them twice.

        Parameters
        ----------
        name : str
            Of the class.
        count : int
        rng : numpy.random.Generator

        Returns
        -------
        list of ndarray
            (n, 3) each.

        Raises
        ------
        ValueError
            For a class that is not among the data set's, and for more drawings than it has.
        """
        if name not in self.classes:
            raise ValueError(f"these drawings are of {', '.join(self.classes)}: there is no {name!r}")
        own = self.test.of_class(self.classes.index(name))
        return [own[i] for i in rng.choice(len(own), count, replace=False)]


def load_drawings(
    classes: Sequence[str], source: str = "auto", allow_sample: bool = False, limit: int | None = None
) -> DataSet:
    """The drawings of some of the 345 `CLASSES`.

    Parameters
    ----------
    classes : sequence of str
        Names of classes; label i of the data set means `classes[i]`.
    source : {"auto", "local", "download", "sample"}
        "local" is `data/quickdraw/sketchrnn/<class>.npz`, where downloads lie too; "download" fetches anew; "sample"
        is `data/sample`, drawn by a model; "auto" is local, and what is missing there is downloaded.
    allow_sample : bool
        With "auto", whether all classes may come from the sample where a download fails; a printed notice says so.
    limit : int, optional
        Of each class in each split, at most.

    Returns
    -------
    DataSet

    Raises
    ------
    ValueError
        For an unknown class or source.
    FileNotFoundError
        For drawings that are not there.
    DownloadError
        Where a download fails.
    """
    classes = [classes] if isinstance(classes, str) else list(classes)
    check_classes(classes)
    if source not in ("auto", "local", "download", "sample"):
        raise ValueError(f"source is {source!r}; it must be 'auto', 'local', 'download' or 'sample'")
    if source == "sample":
        return _load_sample(classes, limit)
    paths = [DATA / "quickdraw" / "sketchrnn" / f"{name}.npz" for name in classes]
    try:
        for name, path in zip(classes, paths, strict=True):
            if source == "download" or (source == "auto" and not path.exists()):
                download_class(name)
    except DownloadError as error:
        if not (source == "auto" and allow_sample):
            raise
        print(f"No Quick, Draw! drawings: {error}.")
        return _load_sample(classes, limit)
    drawings = {}
    for name, path in zip(classes, paths, strict=True):
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there; put it there, or load with source='auto' to download it")
        verify(path)
        drawings[name] = {split: read(path, split)[:limit] for split in SPLITS}
    return make_dataset(drawings, "quickdraw")


def make_dataset(drawings: Mapping[str, Mapping[str, Sequence[np.ndarray]]], source: str) -> DataSet:
    """One data set of several classes, one after another.

    Parameters
    ----------
    drawings : mapping
        `{class: {"train": sketches, "valid": sketches, "test": sketches}}`.
    source : str
        What the data set says of where its drawings come from.

    Returns
    -------
    DataSet
        Its scale is that of the training drawings' offsets.

    Raises
    ------
    ValueError
        For no training drawing, and for nothing but dots.
    """
    splits = []
    for split in SPLITS:
        lengths = [len(of_class[split]) for of_class in drawings.values()]
        sketches = [
            np.asarray(sketch, np.float32) for of_class in drawings.values() for sketch in of_class[split]
        ]  # whole numbers too: training stretches them
        splits.append(Split(sketches, np.repeat(np.arange(len(lengths)), lengths)))
    if not splits[0].sketches:
        raise ValueError("no training drawings: the scale of a data set is theirs")
    scale = float(splits[0].offsets().std(dtype=np.float64))
    if scale == 0:
        raise ValueError("all training drawings are dots: there is no scale to take from them")
    return DataSet(tuple(drawings), *splits, scale=scale, source=source)


# what a saved data set holds: the kinds of dtype and the number of dimensions of each array
ARRAYS = {"classes": ("U", 1), "scale": ("f", 0), "source": ("U", 0)} | {
    f"{split}_{part}": form
    for split in SPLITS
    for part, form in {"points": ("if", 2), "lengths": ("i", 1), "labels": ("i", 1)}.items()
}


def save_dataset(dataset: DataSet, path: str | Path) -> None:
    """Writes a data set as one .npz of plain arrays, no pickle: for each split all points, lengths and labels.

    Parameters
    ----------
    dataset : DataSet
    path : str or Path
        Ends in .npz. The write is atomic.

    Raises
    ------
    ValueError
        For a drawing that is none, by its number.
    """
    with memory_for(path):
        arrays = _to_arrays(dataset)
    with atomic(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def _to_arrays(dataset: DataSet) -> dict[str, np.ndarray]:
    arrays = {
        "classes": np.array(dataset.classes),
        "scale": np.array(dataset.scale),
        "source": np.array(dataset.source),
    }
    for name in SPLITS:
        split = getattr(dataset, name)
        rows, lengths = flat(split.sketches)
        if faults := find_faults(rows, lengths):
            index, reason = min(faults.items())
            raise ValueError(f"{name} drawing {index + 1} cannot be saved: {reason}")
        whole = (rows == np.rint(rows)).all()  # most are: half the size
        arrays[f"{name}_points"] = rows.astype(np.int16) if whole else rows
        arrays[f"{name}_lengths"] = lengths.astype(np.int32)
        arrays[f"{name}_labels"] = split.labels.astype(np.int32)
    return arrays


def open_dataset(path: str | Path) -> DataSet:
    """The data set that `save_dataset` wrote.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    DataSet

    Raises
    ------
    ValueError
        For a file of another format, or a damaged one.
    """
    path = Path(path).expanduser()
    arrays = dict(zip(ARRAYS, read_arrays(path, ARRAYS), strict=True))
    for name, (kinds, dimensions) in ARRAYS.items():
        if arrays[name].dtype.kind not in kinds or arrays[name].ndim != dimensions:
            raise ValueError(f"{path}: {name} is not what save_dataset writes; make the file anew")
    classes, scale = tuple(arrays["classes"].tolist()), float(arrays["scale"])
    if not 0 < scale < np.inf:
        raise ValueError(f"{path}: a scale of {scale} divides nothing; make the file anew")
    splits = []
    for split in SPLITS:
        points, lengths, labels = (arrays[f"{split}_{part}"] for part in ("points", "lengths", "labels"))
        fits = 0 <= lengths.min(initial=0) <= lengths.max(initial=0) <= len(points) == lengths.sum()
        if labels.shape != lengths.shape or not fits or points.shape[1] != 3:
            raise ValueError(f"{path}: the arrays of {split} do not fit each other; make the file anew")
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
            raise ValueError(f"{path}: {split} has labels outside its {len(classes)} classes; make the file anew")
        with memory_for(path):
            points = points.astype(np.float32)
            if faults := find_faults(points, lengths):
                index, reason = min(faults.items())
                raise ValueError(f"{path}: {split} drawing {index + 1}: {reason}; make the file anew")
            splits.append(Split(unflat(points, lengths), labels.astype(np.int64)))
    return DataSet(classes, *splits, scale=scale, source=str(arrays["source"]))


def _load_sample(classes: Sequence[str], limit: int | None) -> DataSet:
    folder = DATA / "sample"
    missing = [name for name in classes if not (folder / f"{name}.npz").exists()]
    if missing:
        there = ", ".join(sorted(path.stem for path in folder.glob("*.npz"))) or "nothing"
        raise FileNotFoundError(f"the sample in {folder} has no {', '.join(missing)}; it has {there}")
    print(SAMPLE_NOTICE)
    drawings = {}
    for name in classes:
        sample = open_dataset(folder / f"{name}.npz")
        drawings[name] = {split: getattr(sample, split).sketches[:limit] for split in SPLITS}
    return make_dataset(drawings, "sample")
