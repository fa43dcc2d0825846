"""Quick, Draw!'s four file formats to sketches, for files that nobody vouches for.

The formats: https://github.com/googlecreativelab/quickdraw-dataset. What is damaged inside a large file is skipped,
counted and reported as a `DamagedDrawings` warning; a file that is damaged as a whole is a ValueError.
"""

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from helpers.data.binary import read_binary
from helpers.data.chunks import SPLITS, Chunk, unflat
from helpers.data.ndjson import read_ndjson
from helpers.data.pickles import read_npz
from helpers.paths import memory_for


class DamagedDrawings(UserWarning):
    """Drawings in a file could not be read and were skipped: which file, how many, the first one, and why."""


def read(path: str | Path, split: str | None = None) -> list[np.ndarray]:
    """The sketches of one official file, in the order of the file. No file is trusted.

    Parameters
    ----------
    path : str or Path
        By suffix: `.npz` (sketch-rnn; of its pickles only arrays are taken), `.ndjson` (raw or simplified, which the
        content tells; raw drawings are simplified the official way) or `.bin`.
    split : {"train", "valid", "test"}, optional
        Of an .npz; without it all three, one after another.

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
    if path.suffix not in (".npz", ".ndjson", ".bin"):
        raise ValueError(f"{path}: no reader for '{path.suffix}'; Quick, Draw! has .npz, .ndjson and .bin")
    if split is not None and (path.suffix != ".npz" or split not in SPLITS):
        raise ValueError(f"{path} has no split {split!r}; a sketch-rnn .npz has {', '.join(SPLITS)}")
    size = path.stat().st_size
    if size == 0:
        raise ValueError(f"{path} is empty; delete it and download it again")
    if path.suffix == ".npz":
        return read_npz(path, [split] if split else SPLITS)
    return read_ndjson(path, begin, size if end is None else end) if path.suffix == ".ndjson" else read_binary(path)
