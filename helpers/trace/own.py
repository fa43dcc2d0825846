"""Drawings of one's own, in whatever files, as a data set: what `python -m helpers.train --data` reads."""

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers.data.chunks import SPLITS
from helpers.data.dataset import DataSet, make_dataset, open_dataset
from helpers.data.formats import SUFFIXES, class_of, list_splits, origin_of, read
from helpers.data.npz import list_arrays
from helpers.data.official import BOX
from helpers.data.parquet import read_parquet
from helpers.data.preprocessing import JOURNAL, OFFICIAL
from helpers.data.shards import SMALL, list_classes, load_shards
from helpers.sketch.strokes import bounds
from helpers.trace import images, vectors
from helpers.trace.folder import trace_folder

WORD = re.compile(rb'"word"\s*:\s*"((?:[^"\\]|\\.)*)"')
LONG, FEW, MOSTLY = 6, 5, 0.9  # rows of a drawing, drawings of a class, and their share, that tell points from offsets
SHARE = 10  # one of so many drawings is for validation, and one for testing, where a file does not say


def load_own(path: str | Path, classes: Sequence[str] | None = None) -> DataSet:
    """Drawings of one's own as a data set.

    Parameters
    ----------
    path : str or Path
        A data set that `save_dataset` wrote; a file of one class as `data.read` takes it (.npz, .npy, .ndjson, .bin),
        or a folder of such files, as `trace_folder` leaves one; shards; Parquet; a folder of pictures or vector files,
        which are first traced, into a folder beside it.
    classes : sequence of str, optional
        Those wanted; all by default.

    Returns
    -------
    DataSet
        In pixels of a box of 255. Where a class has no drawings for validation, or for testing, a tenth of its training
        drawings become them, chosen by content. Its `source` says whose they are.

    Raises
    ------
    FileNotFoundError
        For a path that is not there.
    ValueError
        For what holds no drawings, and for a class that is not in it.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there")
    drawings, source = _read_folder(path, classes) if path.is_dir() else _read_file(path, classes)
    if unknown := [name for name in classes or () if name not in drawings]:
        near = difflib.get_close_matches(unknown[0], drawings, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"{path} has no drawings of {', '.join(unknown)}; it has {', '.join(drawings)}{hint}")
    chosen = {name: _in_three(drawings[name]) for name in classes or drawings}
    _check_offsets(chosen, path)
    return _in_pixels(make_dataset(chosen, source), path)


def _read_file(path: Path, classes: Sequence[str] | None) -> tuple[dict, str]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return read_parquet([path], classes), "quickdraw"
    if suffix == ".npz" and "classes" in list_arrays(path):
        return _by_class(data := open_dataset(path)), data.source
    if suffix not in SUFFIXES:
        kinds = ", ".join((*SUFFIXES, ".parquet"))
        raise ValueError(f"{path} is no file of drawings ({kinds}); of pictures and vector files, give their folder")
    if suffix == ".ndjson" and len(words := _words(path)) > 1:
        of_folder = (
            f"; give the folder, {path.parent}" if path.name == JOURNAL else "; give each class a file of its own"
        )
        raise ValueError(f"{path} has drawings of {len(words):,} classes, as {', '.join(words[:3])}{of_folder}")
    return {class_of(path): _read_one(path)}, origin_of(path)


def _words(path: Path) -> list[str]:
    """The classes that the lines of a file name, in the order in which they come."""
    with open(path, "rb") as file:
        found = {match[1]: None for line in file if (match := WORD.search(line))}
    return [_unescaped(word) for word in found]


def _unescaped(word: bytes) -> str:
    """What a text of JSON says: its escapes are letters."""
    try:
        return json.loads(b'"' + word + b'"')
    except ValueError:
        return word.decode(errors="replace")


def _read_one(path: Path) -> dict[str, list[np.ndarray]]:
    if path.suffix.lower() != ".npz":
        return {"train": read(path)}
    empty = f"{path} holds no drawings"  # what a small folder, traced, has in some split
    splits = {}
    for split in list_splits(path):
        try:
            splits[split] = read(path, split)
        except ValueError as error:
            if not str(error).startswith(empty):
                raise
    if not splits:
        raise ValueError(empty)
    return splits


def _read_folder(path: Path, classes: Sequence[str] | None) -> tuple[dict, str]:
    if there := list_classes(path):
        data = load_shards(path, [name for name in there if classes is None or name in classes] or there)
        return _by_class(data), data.source
    if tables := sorted(path.rglob("*.parquet")):
        return read_parquet(tables, classes), "quickdraw"
    if next(path.glob("[0-9]*/shard.json"), None):
        raise ValueError(f"{path} has the shards of one class; give the folder that it is in, {path.resolve().parent}")
    files = sorted(file for file in path.iterdir() if _is_of_class(file))
    if not files:
        data = trace_folder(path)
        return _by_class(data), data.source
    _tell_others(path, files)
    drawings, sources = {}, set()
    for file in files:
        found, source = _read_file(file, classes)
        if twice := set(found) & set(drawings):
            raise ValueError(f"{path} has more than one file of {', '.join(sorted(twice))}; leave one of them in it")
        drawings |= found
        sources |= {"traced"} if (path / JOURNAL).exists() else set(source.split("+"))
    return drawings, "+".join(sorted(sources))


def _is_of_class(file: Path) -> bool:
    """Whether a file holds the drawings of a class; a .npy may hold a single one, and is then as good as a picture."""
    if file.suffix.lower() == ".npy":
        try:
            return vectors.count_drawings(file) > 1
        except (OSError, ValueError):
            return False
    return file.suffix.lower() in OFFICIAL and file.name != JOURNAL


def _tell_others(path: Path, files: Sequence[Path]) -> None:
    """Says which drawings in a folder are left out, since there are files of whole classes in it."""
    kinds = {*SUFFIXES, *images.SUFFIXES, *vectors.SUFFIXES}
    others = sorted(file for file in path.rglob("*") if file.suffix.lower() in kinds and file.name != JOURNAL)
    others = [str(file.relative_to(path)) for file in others if file not in files and not file.name.startswith(".")]
    if others:
        print(
            f"{path}: only its files of whole classes are read; {len(others):,} other files are left out, {others[0]} "
            "first. Put those in a folder of their own"
        )


def _by_class(data: DataSet) -> dict[str, dict[str, list[np.ndarray]]]:
    parts = {split: getattr(data, split) for split in SPLITS}
    return {
        name: {split: [part.sketches[i] for i in np.flatnonzero(part.labels == label)] for split, part in parts.items()}
        for label, name in enumerate(data.classes)
    }


def _check_offsets(drawings: Mapping[str, Mapping[str, Sequence[np.ndarray]]], path: Path) -> None:
    """ValueError where what should be dx, dy is x, y: then hardly any drawing ever goes back left or up."""
    for name, of_class in drawings.items():
        long = [sketch for split in SPLITS for sketch in of_class.get(split, ()) if len(sketch) >= LONG]
        onward = [sketch for sketch in long if sketch[:, :2].min() >= 0]
        if len(long) >= FEW and len(onward) > MOSTLY * len(long):
            raise ValueError(
                f"{path}: {len(onward):,} of {len(long):,} drawings of {name} never go left or up, so these are no "
                "offsets dx, dy but points x, y; numpy.diff makes offsets of them"
            )


def _in_three(of_class: Mapping[str, Sequence[np.ndarray]]) -> dict[str, list[np.ndarray]]:
    """A class with drawings in each split, where there are three or more to share."""
    splits = {split: list(of_class.get(split, ())) for split in SPLITS}
    for split in ("valid", "test"):
        train = splits["train"]
        if not splits[split] and len(train) > 2:
            by_content = sorted(range(len(train)), key=lambda i: _key(split, train[i]))
            taken = set(by_content[: max(1, len(train) // SHARE)])
            splits[split] = [sketch for i, sketch in enumerate(train) if i in taken]
            splits["train"] = [sketch for i, sketch in enumerate(train) if i not in taken]
    return splits


def _key(split: str, sketch: np.ndarray) -> bytes:
    return hashlib.sha256(split.encode() + np.asarray(sketch, "<f4").tobytes()).digest()


def _in_pixels(data: DataSet, path: Path) -> DataSet:
    """Offsets that were divided by a scale, as sketch-rnn's are for its network, made as large as Quick, Draw!'s."""
    side = float(np.median([np.ptp(bounds(sketch), axis=0).max() for sketch in data.train.sketches]))
    if side >= SMALL:
        return data
    factor = np.float32([BOX / side, BOX / side, 1])
    print(f"{path}: drawings {side:.1f} wide or high are not in pixels; made {BOX / side:.1f} times as large")
    larger = {
        split: replace(part, sketches=[sketch * factor for sketch in part.sketches])
        for split in SPLITS
        for part in [getattr(data, split)]
    }
    return replace(data, **larger, scale=data.scale * BOX / side)
