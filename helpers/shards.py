"""Shards: folders of plain arrays that hold more drawings than memory does. They are mapped, not read.

A shard is `<class>/<number>/` with `strokes.npy`, `starts.npy`, `bitmaps.npy` and `shard.json`; `helpers.preprocess`
makes them. Nothing in them is pickled.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.formats import SPLITS, unflat
from helpers.quickdraw import DataSet, make_dataset
from helpers.raster import render_batch

EVERY = 20  # of a class's drawings, one is for validation and one for testing


class Shard(NamedTuple):
    """A shard, mapped into memory: what is not touched is not read.

    Drawing i of class `name` is rows `starts[i]` to `starts[i + 1]` of `strokes`, int16 (M, 3) in whole pixels, and
    `bitmaps[i]`, uint8 (size, size); `bitmaps` is None where none were made. `split` is None where the file had none.
    """

    name: str
    split: str | None
    strokes: np.ndarray
    starts: np.ndarray
    bitmaps: np.ndarray | None


def write(folder: Path, drawings: Iterable[tuple[np.ndarray, np.ndarray]], size: int | None) -> int:
    """Write the arrays of a shard, of drawings that come some at a time: rows (M, 3), lengths (n,). How many they were.

    No more than those are in memory. Bitmaps are of the strokes as written, rounded to whole pixels.
    """
    starts = [np.zeros(1, np.int64)]
    with ExitStack() as files:
        add_strokes = files.enter_context(_growing(folder / "strokes.npy", (3,), np.int16))
        if size:
            add_bitmaps = files.enter_context(_growing(folder / "bitmaps.npy", (size, size), np.uint8))
        for rows, lengths in drawings:
            rows = to_whole(rows, lengths)
            add_strokes(rows)
            if size:
                add_bitmaps(render_batch(unflat(rows, lengths), size))
            starts.append(starts[-1][-1] + np.cumsum(lengths))
    starts = np.concatenate(starts)
    np.save(folder / "starts.npy", starts)
    return len(starts) - 1


@contextmanager
def _growing(path: Path, shape: tuple[int, ...], dtype: type) -> Iterator[Callable[[np.ndarray], None]]:
    """A .npy file (n, *shape) of which n is known only at the end; gives the function that appends to it."""
    form = {"descr": np.dtype(dtype).str, "fortran_order": False}
    count = 0
    with open(path, "wb") as file:

        def append(array: np.ndarray) -> None:
            nonlocal count
            count += len(array)
            file.write(np.ascontiguousarray(array, dtype).data)

        np.lib.format.write_array_header_1_0(file, form | {"shape": (0, *shape)})
        yield append
        file.seek(0)  # numpy leaves room in the header for n to grow
        np.lib.format.write_array_header_1_0(file, form | {"shape": (count, *shape)})


def to_whole(rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Rows of many drawings in whole pixels, int16: where the pen is gets rounded, so that no error adds up."""
    whole = np.rint(rows)
    if (whole == rows).all() or not len(rows):
        return whole.astype(np.int16)
    at = np.cumsum(rows[:, :2], axis=0, dtype=np.float64)
    first = np.cumsum(lengths) - lengths
    at -= np.repeat(at[first] - rows[first, :2], lengths, axis=0)  # from the drawing's own origin
    at = np.rint(at)
    whole[:, :2] = np.diff(at, axis=0, prepend=0)
    whole[first, :2] = at[first]
    return whole.astype(np.int16)


def open_shards(out: str | Path, classes: Sequence[str] | None = None) -> Iterator[Shard]:
    """The shards of some classes, or of all in the order of their names, mapped one after another.

    Raises FileNotFoundError for a class that is not there, and ValueError for a shard that is damaged.
    """
    for name in list_classes(out) if classes is None else classes:
        folders = sorted(path for path in (Path(out) / name).glob("[0-9]*") if path.is_dir())
        if not folders:
            raise FileNotFoundError(f"{out} has no shards of {name}; it has {', '.join(list_classes(out)) or 'none'}")
        yield from map(_open_shard, folders)


def list_classes(out: str | Path) -> list[str]:
    """The classes of which there are shards, by name."""
    return sorted({path.parent.parent.name for path in Path(out).glob("*/[0-9]*/shard.json")})


def _open_shard(folder: Path) -> Shard:
    try:
        record = json.loads((folder / "shard.json").read_text(encoding="utf-8"))
        strokes, starts, bitmaps = (
            np.load(path, mmap_mode="r", allow_pickle=False) if path.exists() else None
            for path in (folder / f"{part}.npy" for part in ("strokes", "starts", "bitmaps"))
        )
        fits = (
            (strokes.dtype, starts.dtype, strokes.shape[1:], starts.ndim) == (np.int16, np.int64, (3,), 1)
            and (starts[0], starts[-1], len(starts) - 1) == (0, len(strokes), record["drawings"])
            and (np.diff(starts) > 0).all()
            and (bitmaps is None or (bitmaps.dtype, bitmaps.ndim, len(bitmaps)) == (np.uint8, 3, len(starts) - 1))
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError) as error:
        raise ValueError(f"{folder} is damaged ({error}); delete it and run the preprocessing again") from error
    if not fits:
        raise ValueError(f"{folder} is damaged: its arrays do not fit; delete it and run the preprocessing again")
    return Shard(folder.parent.name, record["source"]["split"], strokes, starts, bitmaps)


def take(shard: Shard, chosen: Iterable[int]) -> list[np.ndarray]:
    """Some of a shard's drawings as sketches, float32 (N, 3), read from the disk."""
    return [shard.strokes[shard.starts[i] : shard.starts[i + 1]].astype(np.float32) for i in chosen]


def read_batches(
    out: str | Path, batch: int = 1024, classes: Sequence[str] | None = None
) -> Iterator[tuple[str, list[np.ndarray], np.ndarray | None]]:
    """All drawings, at most `batch` at a time: their class, their sketches, their bitmaps (k, size, size)."""
    for shard in open_shards(out, classes):
        count = len(shard.starts) - 1
        for first in range(0, count, batch):
            last = min(first + batch, count)
            bitmaps = None if shard.bitmaps is None else np.array(shard.bitmaps[first:last])
            yield shard.name, take(shard, range(first, last)), bitmaps


def load(out: str | Path, classes: Sequence[str] | None = None, limit: int | None = None) -> DataSet:
    """The sketches of some classes, or of all, as a data set: at most `limit` of each class in each split.

    Drawings from an .npz keep their split. Of others, the 19th of every 20 in a class is for validation, the 20th for
    testing. Without a `limit` all drawings of the classes come into memory.
    """
    drawings = {}
    for name in list_classes(out) if classes is None else classes:
        found, before = {split: [] for split in SPLITS}, 0
        for shard in open_shards(out, [name]):
            count = len(shard.starts) - 1
            numbers = np.arange(before, before + count) % EVERY
            number_of = {"train": numbers < EVERY - 2, "valid": numbers == EVERY - 2, "test": numbers == EVERY - 1}
            for split, sketches in found.items():
                ours = number_of[split] if shard.split is None else np.full(count, shard.split == split)
                room = None if limit is None else limit - len(sketches)
                sketches += take(shard, np.flatnonzero(ours)[:room])
            before += count
            if limit is not None and all(len(sketches) == limit for sketches in found.values()):
                break
        drawings[name] = found
    return make_dataset(drawings, "quickdraw")
