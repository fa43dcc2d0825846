"""Quick, Draw!'s four file formats to sketches, for files that nobody vouches for.

The formats: https://github.com/googlecreativelab/quickdraw-dataset. What is damaged inside a large file is skipped,
counted and reported as a `DamagedDrawings` warning; a file that is damaged as a whole is a ValueError.
"""

import io
import json
import pickle
import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import orjson

from helpers.data.npz import read_members, room_for
from helpers.paths import NoMemory, memory_for
from helpers.sketch import strokes
from helpers.sketch.polyline import resample_every, simplify_as_official, step_lengths

SPLITS = ("train", "valid", "test")
BOX = 255  # the longer side of a Quick, Draw! drawing, in pixels
EPSILON = 2.0  # of those, that its simplification may lie off
MAX_OFFSET = 1000  # pixels; the box is 255 wide, and sketch-rnn too cuts at 1,000
MAX_POINTS = 5000  # a game lasts 20 seconds: no one draws more in it
WORK = 400  # points looked at to simplify a drawing, for each of its own: three times what real ones take, and
LEAST_WORK = 200_000  # however few it has. A zigzag made for the purpose would take half a minute
DRAWING_BYTES = 200  # of memory for a drawing, beside its points
MAX_LINE = 1 << 20  # bytes of one drawing in a .ndjson: three times what 5,000 points with all their digits take
BLOCK = 1 << 20  # bytes of .ndjson turned into sketches at once: about 2,500 drawings
BATCH = 4096  # drawings of the other formats


class DamagedDrawings(UserWarning):
    """Drawings in a file could not be read and were skipped: which file, how many, the first one, and why."""


class Chunk(NamedTuple):
    """Some drawings of a file, in its order: the rows (M, 3) float32 of all good ones, and of each how many it has.

    `recognized` (n,) is False for what the game did not recognise. `faults` are those left out: the number of a line or
    drawing, from 1 at the first of this chunk, and the reason; `place` puts a number into words. `passed` is how many
    lines or drawings went by, blank and damaged ones too.
    """

    rows: np.ndarray
    lengths: np.ndarray
    recognized: np.ndarray
    faults: list[tuple[int, str]]
    place: str
    passed: int


def read(path: str | Path, split: str | None = None) -> list[np.ndarray]:
    """The sketches of one official file, as a list in the order of the file.

    By suffix: `.npz` (sketch-rnn: one `split`, or train, valid and test one after another), `.ndjson` (raw or
    simplified, which the content tells; raw drawings are simplified the official way) and `.bin`. No file is trusted:
    of a pickle only arrays are taken. Damaged drawings are skipped with a `DamagedDrawings` warning. Raises ValueError
    for a file that is empty, cut off, of another format, or has no drawing that can be read.
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

    Of an .ndjson, only the bytes from `begin` to `end`; both must be starts of lines (`cut_lines`).
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
        return _read_npz(path, [split] if split else SPLITS)
    return _read_ndjson(path, begin, size if end is None else end) if path.suffix == ".ndjson" else _read_binary(path)


def _chunk(
    rows: np.ndarray,
    lengths: np.ndarray,
    numbers: Sequence[int],
    recognized: Sequence[bool],
    faults: list[tuple[int, str]],
    place: str,
    passed: int,
) -> Chunk:
    """A chunk without the drawings in which `find_faults` finds any; `numbers` (n,) are theirs in the chunk."""
    recognized = np.array(recognized, bool)
    if found := find_faults(rows, lengths):
        faults = sorted(faults + [(numbers[index], reason) for index, reason in found.items()])
        good = np.ones(len(lengths), bool)
        good[list(found)] = False
        rows, lengths, recognized = rows[np.repeat(good, lengths)], lengths[good], recognized[good]
    return Chunk(rows, lengths, recognized, faults, place, passed)


def _read_npz(path: Path, splits: Sequence[str]) -> Iterator[Chunk]:
    whole = room_for(path.stat().st_size)
    for split, (shape, dtype, _, body) in zip(splits, read_members(path, splits), strict=True):
        if dtype.kind != "O" or len(shape) != 1:
            raise ValueError(f"{path}: {split} is no list of drawings; this is not a sketch-rnn file")
        try:
            _check_opcodes(body, whole // 8)
            with memory_for(path):
                array = _ArraysOnly(body, whole).load()
            items = array.items if array.shape == shape else None
        except NoMemory:
            raise
        except Exception as error:  # a broken pickle raises anything at all
            raise ValueError(f"{path}: {split} cannot be unpickled: {error}") from error
        if not isinstance(items, list) or len(items) != shape[0]:
            raise ValueError(f"{path}: {split} does not hold the {shape} drawings it announces; download it again")
        room = whole
        for first in range(0, len(items), BATCH):
            batch = [_rows(item) for item in items[first : first + BATCH]]
            room -= sum(DRAWING_BYTES + (0 if isinstance(rows, str) else 12 * len(rows)) for rows in batch)
            if room < 0:  # one array listed a million times takes no room in the file
                raise ValueError(f"{path}: {split} would take more than {whole:,} bytes, more than any class")
            good = [(number, rows) for number, rows in enumerate(batch, 1) if not isinstance(rows, str)]
            faults = [(number, reason) for number, reason in enumerate(batch, 1) if isinstance(reason, str)]
            numbers = [number for number, _ in good]
            rows, lengths = flat([rows for _, rows in good])
            place = f"drawing {{}} of {split}"
            yield _chunk(rows, lengths, numbers, [True] * len(good), faults, place, len(batch))


# What a pickle of arrays consists of: opcodes alone, with operands of a fixed length, and with lines; and those that
# content follows, by the bytes that its length takes. Numbers in the memo stay below 2^24: Python makes room for all.
PLAIN = re.compile(
    rb"(?:[()\]NRtbaelo\x81\x85-\x89\x93\x94]|[Kqh\x80].|M..|[Jj].{4}|r.{3}\0|\x95.{8}"
    rb"|[ci][^\n]*\n[^\n]*\n|g\d+\n|p\d{1,7}\n|[IL]-?\d{1,20}L?\n)*+",
    re.DOTALL,
)
TEXT_LINE = re.compile(rb"[SV][^\n]*\n")
CONTENT = {b"U": 1, b"C": 1, b"\x8c": 1, b"\x8a": 1, b"T": 4, b"B": 4, b"X": 4, b"\x8d": 8, b"\x8e": 8}


def _check_opcodes(body: bytes, most: int) -> None:
    """ValueError for a pickle with opcodes that arrays do not need, or more than `most` bytes of opcodes.

    A byte of them can take fifty in memory (a tuple in a tuple in ...), others a thousand; content takes what it is.
    """
    at = 0
    while True:
        start, at = at, PLAIN.match(body, at).end()
        most -= 8 + at - start
        if most < 0:
            raise ValueError("it is made of more small parts than drawings are")
        opcode = body[at : at + 1]
        if opcode == b".":
            return
        if opcode in CONTENT:
            content = at + 1 + CONTENT[opcode]
            at = content + int.from_bytes(body[at + 1 : content], "little")
        elif line := TEXT_LINE.match(body, at):
            at = line.end()
        else:
            raise ValueError(f"opcode {opcode!r} at byte {at:,} is none that arrays need, or it is cut off")


class _Dtype:
    """Stands in for numpy.dtype in a pickle: its name and byte order."""

    def __init__(self, name: str | bytes, *_) -> None:
        self.name, self.order = _short(name), "="

    def __setstate__(self, state: tuple) -> None:
        self.order = _short(state[1])


def _short(name: str | bytes) -> str:
    """A dtype's name: a long one, shared by all drawings, would be looked at for each."""
    if len(name) > 16:
        raise ValueError(f"a dtype with a name of {len(name):,} letters")
    return name.decode() if isinstance(name, bytes) else name


class _Array:
    """Stands in for numpy.ndarray in a pickle: shape, dtype, order and content, still to be checked.

    numpy's own __setstate__ methods believe what they are given, down to flags and pointers; these only keep it.
    """

    def __setstate__(self, state: tuple) -> None:
        _, self.shape, self.dtype, self.fortran, self.items = state


STAND_INS = {
    ("numpy.core.multiarray", "_reconstruct"): lambda *_: _Array(),
    ("numpy._core.multiarray", "_reconstruct"): lambda *_: _Array(),
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
}


class _ArraysOnly(pickle.Unpickler):
    """Builds arrays' stand-ins and nothing else: a pickle that asks for anything more is refused before it gets it.

    Official files were pickled by Python 2 (strings are bytes, `numpy.core`), newer ones by Python 3.
    """

    def __init__(self, body: bytes, room: int) -> None:
        super().__init__(io.BytesIO(body), encoding="bytes")
        self.room = room

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("_codecs", "encode"):
            return self.encode
        if (module, name) not in STAND_INS:
            raise pickle.UnpicklingError(
                f"it asks for {f'{module}.{name}'[:99]}, and drawings need only numpy arrays. "
                "Nothing in it was run; do not trust where it came from"
            )
        return STAND_INS[module, name]

    def encode(self, text: str, *_) -> bytes:
        """Bytes, as Python 3 puts them in protocol 2."""
        self.room -= len(text)
        if self.room < 0:  # one text encoded a million times takes no room in the file
            raise pickle.UnpicklingError("its content takes more room than any class's")
        return text.encode("latin1")


def _rows(item: Any) -> np.ndarray | str:
    """A stand-in's content as rows (N, 3), or what is wrong with it: the pickle may have put anything in it."""
    try:
        dtype = np.dtype(item.dtype.order + item.dtype.name)
        if len(item.shape) != 2 or not all(type(side) is int and abs(side) < 1 << 40 for side in item.shape):
            return "an array of another shape is no sketch (N, 3)"  # of which nothing is printed: it may be anything
        if dtype.kind not in "iuf" or item.shape[1] != 3:
            return f"an array {item.shape} of {dtype} is no sketch (N, 3)"
        if len(item.items) != item.shape[0] * 3 * dtype.itemsize:
            return f"{len(item.items)} bytes do not make an array {item.shape} of {dtype}"
        return np.ndarray(item.shape, dtype, item.items, order="F" if item.fortran else "C")
    except (AttributeError, TypeError, ValueError):
        return "not an array of numbers"


def _read_ndjson(path: Path, begin: int, end: int) -> Iterator[Chunk]:
    before = 0
    for lines, whole in _lines(path, begin, end):
        packs, numbers, recognized, others, faults = [], [], [], {}, []
        for number, line in enumerate(lines, 1):
            if not line or line.isspace():
                continue
            try:
                record = _parse(line)
                pack = _pack(record["drawing"]) if isinstance(record, dict) and "drawing" in record else None
                if pack is None:
                    others[len(numbers)] = _from_json(record)
                    pack = b"", []
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                if not whole:
                    raise ValueError(
                        f"{path} ends in the middle of line {before + number}: it was cut off, or is no ndjson file. "
                        "Delete it and download it again"
                    ) from error
                faults.append((number, f"not JSON ({getattr(error, 'msg', error)})"))
                continue
            except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
                faults.append((number, str(error)))
                continue
            packs.append(pack)
            numbers.append(number)
            recognized.append(record.get("recognized") is not False)
        rows, lengths = _unpack(packs)
        if others:
            sketches = dict(enumerate(unflat(rows, lengths))) | others
            rows, lengths = flat([sketches[index] for index in range(len(packs))])
        yield _chunk(rows, lengths, numbers, recognized, faults, "line {}", len(lines))
        before += len(lines)


def _lines(path: Path, begin: int, end: int) -> Iterator[tuple[list[bytes], bool]]:
    """The lines from byte `begin` to `end`, some at a time, and whether they ended as lines do: the last may not."""
    with open(path, "rb") as file:
        file.seek(begin)
        tail = b""
        while block := file.read(min(BLOCK, end - file.tell())):
            *lines, tail = (tail + block).split(b"\n")
            tail = tail[: MAX_LINE + 1]  # what is too long stays so, and fills no memory
            if lines:
                yield lines, True
        if tail:
            yield [tail], False


def cut_lines(path: Path, size: int) -> list[int]:
    """Where lines of a file start, `size` bytes and the rest of a line apart: from 0 to the length of the file."""
    total = path.stat().st_size
    cuts = [0]
    with open(path, "rb") as file:
        while cuts[-1] + size < total:
            file.seek(cuts[-1] + size - 1)
            while (piece := file.readline(BLOCK)) and not piece.endswith(b"\n"):
                pass
            cuts.append(file.tell())
    return cuts if cuts[-1] == total else [*cuts, total]


def _parse(line: bytes) -> Any:
    if len(line) > MAX_LINE:
        raise ValueError(f"longer than {MAX_LINE:,} bytes")
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line)  # says better what is wrong, and takes NaN, which is then found as such


def _pack(drawn: object) -> tuple[bytes, list[int]] | None:
    """The columns x, y, x, y, ... of a drawing one after another, a byte a number, and how long each is.

    None where it is anything but strokes [[x, ...], [y, ...]] in whole numbers from 0 to 255, as all official
    simplified drawings are: what that means is left to `_from_json`, which takes ten times as long.
    """
    try:
        columns = list(chain.from_iterable(drawn))
        lengths = list(map(len, columns))  # before bytes: of a number that would make as many zeros
        if set(map(len, drawn)) == {2} and lengths[::2] == lengths[1::2] and sum(lengths) <= 2 * MAX_POINTS:
            return b"".join(map(bytes, columns)), lengths
    except (TypeError, ValueError):
        pass
    return None


def _unpack(packs: Sequence[tuple[bytes, list[int]]]) -> tuple[np.ndarray, np.ndarray]:
    """All rows (M, 3) of drawings from `_pack`, and the number of rows (n,) of each; 0 where it has no points."""
    columns = np.fromiter(chain.from_iterable(lengths for _, lengths in packs), np.int64)
    numbers = np.frombuffer(b"".join(body for body, _ in packs), np.uint8)
    is_x = np.repeat(np.arange(len(columns)) % 2 == 0, columns)
    points = np.column_stack([numbers[is_x], numbers[~is_x]])
    count = np.array([len(lengths) // 2 for _, lengths in packs], np.int64)
    return strokes.from_points(points, columns[::2], count)


def _from_json(record: object) -> np.ndarray:
    drawn = record.get("drawing") if isinstance(record, dict) else None
    if not isinstance(drawn, list):
        raise ValueError("no 'drawing', a list of strokes, in it")
    for stroke in drawn:
        if len(stroke) not in (2, 3) or len({len(column) for column in stroke}) != 1:
            raise ValueError("a stroke is not [[x, ...], [y, ...]] or [[x, ...], [y, ...], [t, ...]] of one length")
    points = sum(len(stroke[0]) for stroke in drawn)
    if points > MAX_POINTS:  # before time and memory go into it
        raise ValueError(f"{points:,} points, more than {MAX_POINTS:,}")
    polylines = [np.array(stroke[:2], np.float64).T for stroke in drawn if len(stroke[0])]
    if not all(line.ndim == 2 and (np.abs(line) <= strokes.MAX_OFFSET).all() for line in polylines):
        raise ValueError("a coordinate is not a finite number, or absurdly far away")
    if any(len(stroke) == 3 for stroke in drawn):
        polylines = simplify_raw(polylines, max(LEAST_WORK, WORK * points))
    return strokes.from_polylines(polylines)


def simplify_raw(polylines: Sequence[np.ndarray], work: float = np.inf) -> list[np.ndarray]:
    """The official simplification: aligned to the top left, scaled to 255, resampled at 1 px, RDP at 2 px.

    https://github.com/googlecreativelab/quickdraw-dataset#preprocessed-dataset. In whole pixels, as the
    official files. Raises ValueError where more than `work` points would have to be looked at.
    """
    polylines = [line for line in polylines if len(line)]
    points = np.concatenate([*polylines, np.zeros((0, 2))])
    low = points.min(axis=0, initial=np.inf)
    side = (points - low).max(initial=0)
    scale = BOX / side if side > 0 else 1
    ink = sum(step_lengths(line).sum() for line in polylines) * scale
    if not ink < np.inf:
        raise ValueError("it is too small to be enlarged")
    if ink > work / 10:  # each is looked at ten times or so; this before memory goes into it
        raise ValueError(f"{ink:,.0f} pixels of line: no one draws so much in 20 seconds")
    simplified = []
    for line in polylines:
        line, work = simplify_as_official(resample_every((line - low) * scale, 1), EPSILON, work)
        simplified.append(np.rint(line))
    return simplified


HEAD = struct.Struct("<Q2sbIH")  # key, country, recognized, time, number of strokes
COUNT = struct.Struct("<H")


def _read_binary(path: Path) -> Iterator[Chunk]:
    before = 0
    with open(path, "rb") as file:
        while passed := _next_drawings(path, file, before):
            numbers = [number for number, (pack, _) in enumerate(passed, 1) if not isinstance(pack, str)]
            faults = [(number, pack) for number, (pack, _) in enumerate(passed, 1) if isinstance(pack, str)]
            packs, recognized = zip(*(passed[number - 1] for number in numbers), strict=True) if numbers else ((), ())
            yield _chunk(*_unpack(packs), numbers, recognized, faults, "drawing {}", len(passed))
            before += len(passed)


def _next_drawings(path: Path, file: BinaryIO, before: int) -> list[tuple[tuple | str, bool]]:
    """Up to BATCH drawings or BLOCK bytes: each as from `_pack`, or the reason why not; whether it was recognised."""
    drawings, begin = [], file.tell()
    while len(drawings) < BATCH and (start := file.tell()) - begin < BLOCK:
        try:
            if not (head := file.read(HEAD.size)):
                break
            _, _, recognized, _, count = HEAD.unpack(head)
            columns, lengths, total = [], [], 0
            for _ in range(count):
                (points,) = COUNT.unpack(file.read(COUNT.size))
                column = file.read(2 * points)
                if len(column) < 2 * points:
                    raise ValueError(f"a stroke has {len(column)} of its {2 * points} bytes")
                total += points
                if total <= MAX_POINTS:
                    columns.append(column)
                    lengths += [points, points]
            if recognized not in (0, 1):
                raise ValueError("recognized is neither true nor false")
        except (struct.error, ValueError) as error:
            raise ValueError(
                f"{path}: drawing {before + len(drawings) + 1}, at byte {start:,}, is not whole ({error}): the file "
                "was cut off, or is no Quick, Draw! .bin file. Delete it and download it again"
            ) from error
        too_many = f"{total:,} points, more than {MAX_POINTS:,}"
        drawings.append(((b"".join(columns), lengths) if total <= MAX_POINTS else too_many, bool(recognized)))
    return drawings


def flat(sketches: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """All rows (M, 3) in one float32 array, and the number of rows (n,) of each sketch."""
    lengths = np.array([len(sketch) for sketch in sketches], np.int64)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is found as such
        return np.concatenate([*sketches, np.zeros((0, 3))], dtype=np.float32, casting="unsafe"), lengths


def unflat(rows: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """The sketches of `flat`, as views."""
    ends = np.cumsum(lengths).tolist()
    return [rows[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def find_faults(rows: np.ndarray, lengths: np.ndarray) -> dict[int, str]:
    """What is wrong with which drawing. `sketch.check`, and this module's limits, for all drawings at once."""
    faults = {int(index): "no points" for index in np.flatnonzero(lengths <= 0)}
    for index in np.flatnonzero(lengths > MAX_POINTS):
        faults[int(index)] = f"{lengths[index]:,} points, more than {MAX_POINTS:,}"
    ends = np.cumsum(lengths)
    # NaN compares false, so "not <=" finds it too
    far = ~(np.abs(rows[:, :2]) <= MAX_OFFSET).all(axis=1)
    torn = (rows[:, 2] != 0) & (rows[:, 2] != 1)
    for bad, what in (far, f"not finite, or more than {MAX_OFFSET:,} pixels"), (torn, "its lift is neither 0 nor 1"):
        at = np.flatnonzero(bad)
        owners, first = np.unique(np.searchsorted(ends, at, side="right"), return_index=True)
        for index, row in zip(owners.tolist(), at[first].tolist(), strict=True):
            number = row - int(ends[index] - lengths[index])
            faults.setdefault(index, f"row {number} is {rows[row].tolist()}: {what}")
    return faults
