"""Quick, Draw!'s four file formats to sketches. The files are not trusted.

The formats: https://github.com/googlecreativelab/quickdraw-dataset. What is damaged inside a large file is skipped,
counted and reported as a `DamagedDrawings` warning; a file that is damaged as a whole is a ValueError.
"""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from helpers.data.binary import read_binary
from helpers.data.chunks import SPLITS, Chunk, unflat
from helpers.data.classes import CLASSES
from helpers.data.ndjson import MAX_LINE, read_ndjson
from helpers.data.npz import list_arrays
from helpers.data.pickles import read_npy, read_npz
from helpers.paths import DATA, memory_for

SUFFIXES = (".npz", ".npy", ".ndjson", ".bin")
OFFICIAL_KEYS = (b'"key_id"', b'"countrycode"', b'"timestamp"')
# what browsers make of the bucket's folders before a name, and what they and desktops make of a second copy
SAVED_AS = re.compile(r"^(?:.*/|(?:quickdraw_dataset_)?(?:full_(?:simplified|raw|binary)|sketchrnn)_|Copy of )")
COPY = re.compile(r"(?: ?\(\d+\)| ?\[\d+\]| - Copy| copy(?: \d+)?)+$", re.IGNORECASE)
SPLIT_ARRAYS = {"train": ("train",), "valid": ("validation", "val", "valid"), "test": ("test",)}


class DamagedDrawings(UserWarning):
    """Drawings in a file could not be read and were skipped: which file, how many, the first one, and why."""


def read(path: str | Path, split: str | None = None) -> list[np.ndarray]:
    """The sketches of one official file, in the order of the file. No file is trusted.

    Parameters
    ----------
    path : str or Path
        By suffix: `.npz` (sketch-rnn; of its pickles only arrays are taken), `.npy` (the same of a list of drawings, or
        one), `.ndjson` (raw or simplified, which the content tells; raw drawings are simplified the official way) or
        `.bin`.
    split : {"train", "valid", "test"}, optional
        Of an .npz; without it all that are there, one after another.

    Returns
    -------
    list of ndarray
        float32 (N, 3), in pixels.

    Warns
    -----
    DamagedDrawings
        For drawings that were skipped: how many, the first one, and why.

    Raises
    ------
    ValueError
        For a file that is empty, cut off, of another format, or has no drawing that can be read.

    References
    ----------
    https://github.com/googlecreativelab/quickdraw-dataset
    """
    path = Path(path).expanduser()
    sketches, faults, passed = [], [], {}
    with memory_for(path):
        for chunk in read_chunks(path, split):
            before = passed.get(chunk.place, 0)
            passed[chunk.place] = before + chunk.passed
            faults += [(chunk.place.format(before + number), reason) for number, reason in chunk.faults]
            sketches += unflat(chunk.rows, chunk.lengths)
    if report := tell_damage(path, len(sketches), len(faults), *faults[:1]):
        warnings.warn(report, DamagedDrawings, stacklevel=2)
    return sketches


def tell_damage(path: str | Path, good: int, damaged: int, first: tuple[str, str] = ("", "")) -> str:
    """What is to be said of a file's damaged drawings, or ""; ValueError where none is good."""
    if not good + damaged:
        raise ValueError(f"{path} holds no drawings; delete it and download it again")
    where = f"the first, {first[0]}: {first[1]}"
    if not good:
        raise ValueError(f"{path}: none of its {damaged:,} drawings can be read; {where}")
    return f"{path}: skipped {damaged:,} of {good + damaged:,} drawings; {where}" if damaged else ""


def read_chunks(path: str | Path, split: str | None = None, begin: int = 0, end: int | None = None) -> Iterator[Chunk]:
    """As `read`, a chunk at a time: of .ndjson and .bin no more is in memory, of a .npz one split.

    Of an .ndjson, only the bytes from `begin` to `end`; both must be starts of lines (`ndjson.cut_lines`).
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"{path}: no reader for '{path.suffix}'; Quick, Draw! has .npz, .ndjson and .bin")
    if split is not None and (suffix != ".npz" or split not in SPLITS):
        raise ValueError(f"{path} has no split {split!r}; a sketch-rnn .npz has {', '.join(SPLITS)}")
    size = path.stat().st_size
    if size == 0:
        raise ValueError(f"{path} is empty; delete it and download it again")
    if suffix == ".npz":
        arrays = _find_splits(path) if split is None else {split: _find_splits(path).get(split, split)}
        return read_npz(path, list(arrays.values()))
    if suffix == ".npy":
        return read_npy(path)
    return read_ndjson(path, begin, size if end is None else end) if suffix == ".ndjson" else read_binary(path)


def list_splits(path: Path) -> list[str]:
    """Which of the three splits a sketch-rnn file has: some have only drawings to train with."""
    return list(_find_splits(path))


def _find_splits(path: Path) -> dict[str, str]:
    """The name of each split's array, which for "valid" may be "val"."""
    there = list_arrays(path)
    if found := {split: name for split, names in SPLIT_ARRAYS.items() for name in names if name in there}:
        return found
    has = ", ".join(there[:9]) or "nothing"
    raise ValueError(
        f"{path} has no array 'train', 'valid' or 'test', but {has}; this is not a sketch-rnn file. In a file of your "
        "own, call the list of drawings 'train'"
    )


def class_of(path: Path) -> str:
    """The class that a file is named after, however a browser saved it: `cat` of `full_simplified_cat (1).ndjson`.

    One of the 345 is spelt as Quick, Draw! spells it, `ice_cream` too.
    """
    name = unquote(path.stem)
    if path.suffix.lower() == ".npz":
        name = name.removesuffix(".full")  # sketch-rnn has cat.full.npz too
    name = COPY.sub("", SAVED_AS.sub("", name)).strip()
    return {_plain(known): known for known in CLASSES}.get(_plain(name), name)


def _plain(name: str) -> str:
    return re.sub("[ _-]+", " ", name.lower())


def origin_of(path: Path) -> str:
    """Whose drawings a file holds: "quickdraw", where it lies in `data/quickdraw` or its lines have Google's keys.

    All else is "own", what somebody brought: a format says nothing about who drew.
    """
    if path.resolve().is_relative_to((DATA / "quickdraw").resolve()):
        return "quickdraw"
    if path.suffix.lower() == ".ndjson":
        with open(path, "rb") as file:
            first = file.readline(MAX_LINE)
        if all(key in first for key in OFFICIAL_KEYS):
            return "quickdraw"
    return "own"
