"""Quick, Draw! at its full size: official files become shards of strokes and bitmaps, which are memory-mapped, not
read.

50 million drawings fit in no memory and no single run: a file is read a block at a time and cut into pieces, each
piece becomes a folder of plain arrays (a shard), and a shard that is there is not made again.
"""

import argparse
import json
import shutil
import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from tqdm import tqdm

from helpers.data import shards
from helpers.data.chunks import SPLITS
from helpers.data.classes import CLASSES, download_class
from helpers.data.download import verify
from helpers.data.formats import DamagedDrawings, class_of, list_splits, origin_of, read_chunks, tell_damage
from helpers.data.ndjson import cut_lines
from helpers.paths import DATA, atomic, atomic_folder

PIECE = 1 << 24  # bytes of .ndjson in a shard: about 40,000 drawings, 90 MB of bitmaps, a second's work
OFFICIAL = (".ndjson", ".bin", ".npz")
JOURNAL = "progress.ndjson"  # of `trace.trace_folder`: no class
KEPT = 20  # faults that a shard names; it counts all


class Piece(NamedTuple):
    """What a shard is made from: a whole .bin, a split of an .npz, or an .ndjson's lines from byte `begin` to `end`."""

    path: Path
    name: str  # the class
    number: int  # the shard's, within its class
    split: str | None
    begin: int
    end: int


class Report(NamedTuple):
    """How many drawings are in the shards, how many were left out, how many shards there are, how many are new."""

    drawings: int
    unrecognized: int
    damaged: int
    shards: int
    made: int


def preprocess(
    source: str | Path | Sequence[str | Path],
    out: str | Path,
    size: int | None = 48,
    recognized_only: bool = False,
    jobs: int = -1,
) -> Report:
    """Turns official files into shards: `out/<class>/<number>/`, with `strokes.npy`, `starts.npy` and `bitmaps.npy`.

    Killed and run again, it goes on with the shards that are missing, and ends with the same bytes; the shards of a
    file that has changed are made anew. Only one run at a time may write to a folder.

    Parameters
    ----------
    source : str, Path or sequence of these
        A folder of .ndjson (simplified or raw), .bin or .npz files, or some such files: one for each class, named after
        it or as browsers save it.
    out : str or Path
        The folder for the shards.
    size : int, optional
        Of the bitmaps, pixels; None makes none.
    recognized_only : bool
        Whether drawings that the game did not recognise are left out. (A .npz does not say; all of its are kept.)
    jobs : int
        Shards made at a time, -1 on all cores; under `joblib.parallel_config(backend="dask")` on the cluster, which
        must see the same folders.

    Returns
    -------
    Report

    Warns
    -----
    DamagedDrawings
        For drawings that were left out, by file and line.

    Raises
    ------
    ValueError
        For settings other than those `out` was begun with, and, when all else is done, for files that are damaged as a
        whole.
    """
    out = Path(out).expanduser()
    if size is not None and size < 1:
        raise ValueError(f"size is {size}; it must be positive, or None for no bitmaps")
    files = find_files(source)
    settings = {"size": size, "recognized_only": recognized_only}
    _settle(out, settings)
    pieces = [piece for path in files for piece in _cut(path)]
    records = {piece: record for piece in pieces if (record := _read_record(out, piece)) is not None}
    left = [piece for piece in pieces if piece not in records]
    for folder in _stale(out, pieces):
        shutil.rmtree(folder, ignore_errors=True)
    broken, drawings = {}, sum(record["drawings"] for record in records.values())
    work = joblib.Parallel(n_jobs=jobs if len(left) > 1 else 1, return_as="generator")
    tasks = (joblib.delayed(_make)(piece, _folder(out, piece), **settings) for piece in left)
    total = sum(piece.end - piece.begin for piece in pieces)
    with tqdm(total=total, unit="B", unit_scale=True, desc=out.name, file=sys.stdout) as bar:
        bar.update(total - sum(piece.end - piece.begin for piece in left))
        for piece, record in zip(left, work(tasks), strict=True):
            if isinstance(record, str):
                broken.setdefault(piece.path, record)
            else:
                records[piece] = record
                drawings += record["drawings"]
            bar.set_postfix_str(f"{drawings:,} drawings", refresh=False)
            bar.update(piece.end - piece.begin)
    for path in files:
        if path not in broken:
            try:
                _report(path, [records[piece] for piece in pieces if piece.path == path])
            except ValueError as error:
                broken[path] = str(error)
    if broken:
        raise ValueError(
            f"{len(broken):,} of {len(files):,} files are damaged; the others are done. The first: "
            + next(iter(broken.values()))
        )
    counts = [sum(record[key] for record in records.values()) for key in ("drawings", "unrecognized", "damaged")]
    return Report(*counts, shards=len(pieces), made=len(left))


def find_files(source: str | Path | Sequence[str | Path]) -> list[Path]:
    """The official files in a folder, by name, or those given; ValueError where there are none, or two of one class."""
    if isinstance(source, str | Path):
        source = Path(source).expanduser()
        files = sorted(path for path in source.iterdir() if _is_official(path)) if source.is_dir() else [source]
    else:
        files = [Path(path).expanduser() for path in source]
    if not files:
        raise ValueError(f"{source} has no .ndjson, .bin or .npz files of Quick, Draw!")
    for path in files:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there")
        if not _is_official(path):
            raise ValueError(f"{path} is none of Quick, Draw!'s files: they are .ndjson, .bin and .npz")
    names = [class_of(path) for path in files]
    if twice := next((name for name in names if names.count(name) > 1), None):
        both = ", ".join(str(path) for path in files if class_of(path) == twice)
        raise ValueError(f"there is more than one file of the class {twice}: {both}; give one of them")
    return files


def _is_official(path: Path) -> bool:
    """A file of drawings; not what `trace_folder` keeps beside those it writes."""
    return path.suffix.lower() in OFFICIAL and not path.name.startswith(".") and path.name != JOURNAL


def _cut(path: Path) -> list[Piece]:
    name, length = class_of(path), path.stat().st_size
    if path.suffix.lower() == ".ndjson":
        cuts = cut_lines(path, PIECE)
        return [Piece(path, name, number, None, *span) for number, span in enumerate(pairwise(cuts))]
    splits = _splits_of(path) if path.suffix.lower() == ".npz" else [None]
    return [Piece(path, name, number, split, 0, length) for number, split in enumerate(splits)]


def _splits_of(path: Path) -> Sequence[str]:
    try:
        return list_splits(path)
    except ValueError:  # told when its turn comes, and the others are done
        return SPLITS


def _folder(out: Path, piece: Piece) -> Path:
    return out / piece.name / f"{piece.number:05}"


def _settle(out: Path, settings: dict) -> None:
    """One folder, one kind of shards: ValueError where it was begun with other settings, or holds something else."""
    path = out / "settings.json"
    if not path.exists():
        if out.exists() and any(out.iterdir()):
            raise ValueError(f"{out} holds something that is not from here; give a folder that is empty or not there")
        with atomic(path) as temporary:
            temporary.write_text(json.dumps(settings) + "\n", encoding="utf-8")
    elif (known := path.read_text(encoding="utf-8", errors="replace").strip()) != json.dumps(settings):
        raise ValueError(
            f"{out} was begun with {known[:200]}, not {json.dumps(settings)}; give another folder, or delete it"
        )


def _identity(piece: Piece) -> dict:
    """What a shard was made from, as its record keeps it."""
    known = piece.path.stat()
    source = {"file": piece.path.name, "bytes": known.st_size, "modified_ns": known.st_mtime_ns}
    source["origin"] = origin_of(piece.path)
    return source | {"split": piece.split, "begin": piece.begin, "end": piece.end}


def _read_record(out: Path, piece: Piece) -> dict | None:
    """The record of a shard that is done, from this very piece; else None."""
    try:
        record = json.loads((_folder(out, piece) / "shard.json").read_bytes())
        whole = record["source"] == _identity(piece) and isinstance(record["faults"], list)
        whole = whole and all(isinstance(record[key], int) for key in ("drawings", "unrecognized", "damaged", "passed"))
        return record if whole else None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _stale(out: Path, pieces: Sequence[Piece]) -> Iterator[Path]:
    """In these classes, what killed runs left half done, and shards beyond the last of a file that is shorter now."""
    wanted = {_folder(out, piece) for piece in pieces}
    for name in {piece.name for piece in pieces}:
        yield from (out / name).glob(".[0-9]*-*")
        yield from set((out / name).glob("[0-9]*")) - wanted


def _make(piece: Piece, folder: Path, size: int | None, recognized_only: bool) -> dict | str:
    """Make a shard; its record, or what is wrong with the file as a whole."""
    record = {"source": _identity(piece), "drawings": 0, "unrecognized": 0, "damaged": 0, "passed": 0, "faults": []}
    try:
        with atomic_folder(folder) as made:
            record["drawings"] = shards.write(made, _read_piece(piece, recognized_only, record), size)
            (made / "shard.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except ValueError as error:
        return str(error) if str(piece.path) in str(error) else f"{piece.path}: {error}"
    return record


def _read_piece(piece: Piece, recognized_only: bool, record: dict) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The drawings to keep, a chunk at a time; what is left out is noted in the record."""
    try:
        for chunk in read_chunks(piece.path, piece.split, piece.begin, piece.end):
            faults = [[chunk.place, record["passed"] + number, reason] for number, reason in chunk.faults]
            record["faults"] = (record["faults"] + faults)[:KEPT]
            record["damaged"] += len(faults)
            record["passed"] += chunk.passed
            keep = chunk.recognized if recognized_only else np.ones(len(chunk.lengths), bool)
            record["unrecognized"] += int(len(keep) - keep.sum())
            yield chunk.rows[np.repeat(keep, chunk.lengths)], chunk.lengths[keep]
    except OSError as error:  # else it would read as if the shard could not be written
        raise ValueError(f"{piece.path} could not be read: {error.strerror or error}") from error


def _report(path: Path, records: Sequence[dict]) -> None:
    """Warn of a file's damaged drawings, the first by its line in the whole file; ValueError where none is good."""
    first, before = [], 0
    for record in records:
        if record["faults"] and not first:
            place, number, reason = record["faults"][0]
            # the splits of an .npz count each from 1
            first = [(place.format(number + (0 if record["source"]["split"] else before)), reason)]
        before += record["passed"]
    good = sum(record["drawings"] + record["unrecognized"] for record in records)
    if report := tell_damage(path, good, sum(record["damaged"] for record in records), *first):
        warnings.warn(report, DamagedDrawings, stacklevel=3)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.data.preprocessing",
        description="Turn official Quick, Draw! files into shards of strokes and bitmaps; run again, it goes on.",
    )
    parser.add_argument("out", type=Path, help="the folder for the shards")
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--source", nargs="+", help="a folder of .ndjson, .bin or .npz files, or some such files")
    given.add_argument(
        "--classes", nargs="+", help="classes by name, or 'all' 345; simplified files that are missing are downloaded"
    )
    parser.add_argument("--size", type=int, default=48, help="of the bitmaps, in pixels; 0 makes none (default: 48)")
    parser.add_argument("--recognized-only", action="store_true", help="leave out what the game did not recognise")
    parser.add_argument("--jobs", type=int, default=-1, help="shards made at a time; -1: one a core (default)")
    chosen = parser.parse_args(arguments)
    if chosen.source:
        source = chosen.source[0] if len(chosen.source) == 1 else chosen.source
    else:
        source = [bring(name) for name in (CLASSES if chosen.classes == ["all"] else chosen.classes)]
    began = time.perf_counter()
    done = preprocess(source, chosen.out, chosen.size or None, chosen.recognized_only, chosen.jobs)
    print(
        f"{done.drawings:,} drawings in {done.shards:,} shards in {chosen.out}; {done.made:,} shards were made now, in "
        f"{time.perf_counter() - began:,.1f} s; left out: {done.damaged:,} damaged, {done.unrecognized:,} unrecognised"
    )


def bring(name: str) -> Path:
    """The simplified drawings of a class, `data/quickdraw/simplified/<class>.ndjson`, downloaded where missing.

    Raises ValueError for an unknown class, and for a file that was changed after it was downloaded.
    """
    path = DATA / "quickdraw" / "simplified" / f"{name}.ndjson"
    if not path.exists():
        return download_class(name, "simplified")
    verify(path)
    return path


if __name__ == "__main__":
    main()
