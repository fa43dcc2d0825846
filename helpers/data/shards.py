"""Shards: folders of plain arrays that hold more drawings than fit in memory. They are memory-mapped, not read.

A shard is `<class>/<number>/` with `strokes.npy`, `starts.npy`, `bitmaps.npy` and `shard.json`; `preprocessing`
makes them. Nothing in them is pickled. They are not trusted: what is in them is checked when it is mapped and taken.
"""

import io
import json
import math
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.data.chunks import MAX_POINTS, SPLITS, unflat
from helpers.data.dataset import DataSet, make_dataset
from helpers.data.npz import read_header
from helpers.sketch.raster import render_batch

MAX_RECORD = 1 << 20  # bytes of a shard.json: twenty faults and a few numbers take 5,000
SMALL = 20  # pixels: drawings whose offsets are divided by their deviation are 5 to 15 wide, others 255
EVERY = 20  # of a class's drawings, one is for validation and one for testing


class Shard(NamedTuple):
    """A shard, mapped into memory: only what is used is read.

    Drawing i of class `name` is rows `starts[i]` to `starts[i + 1]` of `strokes`, int16 (M, 3) in whole pixels, and
    `bitmaps[i]`, uint8 (size, size); `bitmaps` is None where none were made. `split` is None where the file had none.
    `origin` says whose drawings they are: "quickdraw", or "own" for all that somebody brought.
    """

    name: str
    split: str | None
    strokes: np.memmap
    starts: np.ndarray
    bitmaps: np.ndarray | None
    origin: str = "own"


def write(folder: Path, drawings: Iterable[tuple[np.ndarray, np.ndarray]], size: int | None) -> int:
    """Writes the arrays of a shard; returns how many drawings there were.

    The drawings come some at a time, rows (M, 3) and lengths (n,), and no more than those are in memory. Bitmaps are of
    the strokes as written, rounded to whole pixels.
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
    """Rows of many drawings in whole pixels, int16: the pen's position is rounded, so that errors do not add up.

    Raises ValueError for offsets that were divided by their standard deviation, as models take them: rounding would
    leave little of these drawings.
    """
    whole = np.rint(rows)
    if (whole == rows).all() or not len(rows):
        return whole.astype(np.int16)
    at = np.cumsum(rows[:, :2], axis=0, dtype=np.float64)
    first = np.cumsum(lengths) - lengths
    at -= np.repeat(at[first] - rows[first, :2], lengths, axis=0)  # from the drawing's own origin
    sides = (np.maximum.reduceat(at, first) - np.minimum.reduceat(at, first)).max(axis=1)
    if (side := np.median(sides)) < SMALL:
        raise ValueError(
            f"its drawings are {side:.1f} wide or high: their offsets are no pixels, but divided by a scale, and "
            "rounding would destroy them. Multiply them by that scale first (drawings are 255 pixels wide or high)"
        )
    at = np.rint(at)
    whole[:, :2] = np.diff(at, axis=0, prepend=0)
    whole[first, :2] = at[first]
    return whole.astype(np.int16)


def open_shards(out: str | Path, classes: Sequence[str] | None = None) -> Iterator[Shard]:
    """The shards of some classes, mapped one after another.

    Parameters
    ----------
    out : str or Path
        The folder that `preprocess` filled.
    classes : sequence of str, optional
        All of them by default, in the order of their names.

    Yields
    ------
    Shard

    Raises
    ------
    FileNotFoundError
        For a class that is not there.
    ValueError
        For a shard that is damaged.
    """
    for name in list_classes(out) if classes is None else classes:
        folders = sorted(path for path in (Path(out).expanduser() / name).glob("[0-9]*") if path.is_dir())
        if not folders:
            raise FileNotFoundError(f"{out} has no shards of {name}; it has {', '.join(list_classes(out)) or 'none'}")
        yield from map(_open_shard, folders)


def list_classes(out: str | Path) -> list[str]:
    """The classes of which there are shards, by name."""
    return sorted({path.parent.parent.name for path in Path(out).expanduser().glob("*/[0-9]*/shard.json")})


def _open_shard(folder: Path) -> Shard:
    try:
        record = json.loads(_find(folder / "shard.json").read_bytes()[:MAX_RECORD])
        split, count = record["source"]["split"], record["drawings"]
        origin = record["source"].get("origin", "own")
        parts = ("strokes", "starts", "bitmaps") if _is_there(folder / "bitmaps.npy") else ("strokes", "starts")
        arrays = [_map(_find(folder / f"{part}.npy")) for part in parts]
        strokes, starts, bitmaps = arrays if len(arrays) == 3 else (*arrays, None)
        fits = (
            (strokes.dtype, starts.dtype, strokes.shape[1:], starts.ndim) == (np.int16, np.int64, (3,), 1)
            and split in (None, *SPLITS)
            and origin in ("quickdraw", "own")
            and (int(starts[0]), int(starts[-1]), len(starts) - 1) == (0, len(strokes), count)
            and (starts[1:] > starts[:-1]).all()  # before any difference is taken, which could overflow
            and (starts[1:] - starts[:-1] <= MAX_POINTS).all()
            and (bitmaps is None or (bitmaps.dtype, bitmaps.ndim, len(bitmaps)) == (np.uint8, 3, len(starts) - 1))
            and (bitmaps is None or bitmaps.shape[1] == bitmaps.shape[2])
        )
    except Exception as error:  # a broken header raises anything at all
        raise ValueError(f"{folder} is damaged ({error}); delete it and run the preprocessing again") from error
    if not fits:
        raise ValueError(f"{folder} is damaged: its arrays do not fit; delete it and run the preprocessing again")
    return Shard(folder.parent.name, split, strokes, starts, bitmaps, origin)


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _find(path: Path) -> Path:
    """The path, where it is a plain file in its folder: a link leads anywhere, and a pipe never ends."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(f"{path.name} is no plain file")
    return path


def _map(path: Path) -> np.ndarray:
    """A .npy file's array, mapped. np.load would take archives and pickles too, and multiply its sides past 64 bits."""
    with open(path, "rb") as file:
        shape, dtype, fortran = read_header(file)
        begin = file.tell()
        rest = file.seek(0, io.SEEK_END) - begin
    if dtype.hasobject or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != rest:
        raise ValueError(f"{path.name} announces {shape} of {dtype}, and holds {rest:,} bytes")
    return np.memmap(path, dtype, "r", begin, shape, "F" if fortran else "C")


def take_sketches(shard: Shard, chosen: Iterable[int]) -> list[np.ndarray]:
    """Some of a shard's drawings as sketches, float32 (N, 3), read from the disk.

    Raises ValueError for a row whose lift is neither 0 nor 1.
    """
    sketches = []
    for i in chosen:
        rows = shard.strokes[shard.starts[i] : shard.starts[i + 1]]
        if rows[:, 2].view(np.uint16).max() > 1:
            folder = Path(shard.strokes.filename).parent
            raise ValueError(f"drawing {i} of {folder} is damaged; delete the folder and run the preprocessing again")
        sketches.append(rows.astype(np.float32))
    return sketches


def read_batches(
    out: str | Path, batch: int = 1024, classes: Sequence[str] | None = None
) -> Iterator[tuple[str, list[np.ndarray], np.ndarray | None]]:
    """All drawings of shards, some at a time.

    Parameters
    ----------
    out, classes
        As of `open_shards`.
    batch : int
        Drawings at a time, at most.

    Yields
    ------
    name : str
        Their class.
    sketches : list of ndarray
        float32 (N, 3).
    bitmaps : ndarray or None
        uint8 (k, size, size); None where none were made.
    """
    for shard in open_shards(out, classes):
        count = len(shard.starts) - 1
        for first in range(0, count, batch):
            last = min(first + batch, count)
            bitmaps = None if shard.bitmaps is None else np.array(shard.bitmaps[first:last])
            yield shard.name, take_sketches(shard, range(first, last)), bitmaps


def load_shards(out: str | Path, classes: Sequence[str] | None = None, limit: int | None = None) -> DataSet:
    """The sketches of some classes, or of all, as a data set: at most `limit` of each class in each split.

    Drawings from an .npz keep their split. Of others, the 19th of every 20 in a class is for validation, the 20th for
    testing. Without a `limit` all drawings of the classes come into memory. Its source is that of the files.
    """
    drawings, origins = {}, set()
    for name in list_classes(out) if classes is None else classes:
        found, before = {split: [] for split in SPLITS}, 0
        for shard in open_shards(out, [name]):
            origins.add(shard.origin)
            count = len(shard.starts) - 1
            numbers = np.arange(before, before + count) % EVERY
            number_of = {"train": numbers < EVERY - 2, "valid": numbers == EVERY - 2, "test": numbers == EVERY - 1}
            for split, sketches in found.items():
                ours = number_of[split] if shard.split is None else np.full(count, shard.split == split)
                room = None if limit is None else limit - len(sketches)
                sketches += take_sketches(shard, np.flatnonzero(ours)[:room])
            before += count
            if limit is not None and all(len(sketches) == limit for sketches in found.values()):
                break
        drawings[name] = found
    return make_dataset(drawings, "+".join(sorted(origins)))
