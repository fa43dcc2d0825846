"""sketch-rnn's .npz files: pickles of arrays, of which nothing but the arrays is taken, and nothing is run."""

import io
import math
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from helpers.data.chunks import BATCH, Chunk, flat, make_chunk
from helpers.data.npz import MAX_BYTES, read_header, read_members, room_for
from helpers.paths import NoMemory, atomic, memory_for

DRAWING_BYTES = 200  # of memory for a drawing, beside its points


def read_npz(path: Path, splits: Sequence[str]) -> Iterator[Chunk]:
    whole = room_for(path.stat().st_size)
    for split, member in zip(splits, read_members(path, splits), strict=True):
        yield from _chunks(path, split, member, whole)


def read_npy(path: Path) -> Iterator[Chunk]:
    """Drawings in a .npy file: a list of them as in a sketch-rnn file, one array of many, or a single one."""
    try:
        with open(path, "rb") as file:
            shape, dtype, fortran = read_header(file)
            body = file.read(MAX_BYTES)
    except Exception as error:  # a broken header raises anything at all
        raise ValueError(f"{path} cannot be read: {error}. It was cut off or is of another format") from error
    if dtype.kind != "O" and len(shape) == 2 and shape[1] == 3:
        shape = (1, *shape)
    yield from _chunks(path, path.stem, (shape, dtype, fortran, body), room_for(path.stat().st_size))


def _chunks(path: Path, split: str, member: tuple, whole: int) -> Iterator[Chunk]:
    """The drawings of one array of a file; `whole` is how many bytes they may take."""
    shape, dtype, fortran, body = member
    place = f"drawing {{}} of {split}"
    if dtype.kind in "iuf" and len(shape) == 3 and shape[2] == 3:  # all of one length: numpy made one array of them
        if min(shape) < 0 or math.prod(shape) * dtype.itemsize > len(body):
            raise ValueError(f"{path}: {split} announces an array {shape}, and is cut off")
        items = np.ndarray(shape, dtype, body, order="F" if fortran else "C")
    else:
        items = _unpickle(path, split, shape, dtype, body, whole)
    room = whole
    for first in range(0, len(items), BATCH):
        batch = [item if isinstance(item, np.ndarray) else _rows(item) for item in items[first : first + BATCH]]
        room -= sum(DRAWING_BYTES + (0 if isinstance(rows, str) else 12 * len(rows)) for rows in batch)
        if room < 0:  # one array listed a million times takes no room in the file
            raise ValueError(f"{path}: {split} would take more than {whole:,} bytes, more than any class")
        good = [(number, rows) for number, rows in enumerate(batch, 1) if not isinstance(rows, str)]
        faults = [(number, reason) for number, reason in enumerate(batch, 1) if isinstance(reason, str)]
        numbers = [number for number, _ in good]
        rows, lengths = flat([rows for _, rows in good])
        yield make_chunk(rows, lengths, numbers, [True] * len(good), faults, place, len(batch))


def _unpickle(path: Path, split: str, shape: tuple, dtype: np.dtype, body: bytes, whole: int) -> Sequence | np.ndarray:
    """What an array of objects holds: stand-ins for arrays, or, where numpy made one of equal lengths, arrays."""
    if dtype.kind != "O" or len(shape) not in (1, 3):
        raise ValueError(
            f"{path}: {split} is an array {shape} of {dtype}, no list of drawings (N, 3) of dx, dy, lift; this is not "
            "a sketch-rnn file"
        )
    try:
        _check_opcodes(body, whole // 8)
        with memory_for(path):
            array = ArraysOnly(body, whole).load()
            items = array.items if array.shape == shape else None
            if isinstance(items, list) and len(shape) == 3 and math.prod(shape) == len(items):
                items = np.array(items, np.float64).reshape(shape)
    except NoMemory:
        raise
    except Exception as error:  # a broken pickle raises anything at all
        raise ValueError(f"{path}: {split} cannot be unpickled: {error}") from error
    if not isinstance(items, list | np.ndarray) or len(items) != shape[0]:
        raise ValueError(f"{path}: {split} does not hold the {shape} drawings it announces; download it again")
    return items


def write_npz(splits: Mapping[str, Sequence[np.ndarray]], path: Path) -> None:
    """A sketch-rnn file: an int16 array (N, 3) a drawing, in lists named train, valid and test, in whole pixels.

    The pickles in it name numpy's modules as numpy before 2 did, and so are read by the numpy that sketch-rnn runs on
    (1.21) and by every later one.
    """
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for split, sketches in splits.items():
            array = np.empty(len(sketches), object)
            for i, sketch in enumerate(sketches):
                array[i] = np.rint(sketch).astype(np.int16)
            with archive.open(zipfile.ZipInfo(f"{split}.npy"), "w", force_zip64=True) as file:  # of 1980, as numpy's
                head = {"descr": "|O", "fortran_order": False, "shape": array.shape}
                np.lib.format.write_array_header_1_0(file, head)
                # protocol 3 names a module in plain text, once, before all content
                file.write(pickle.dumps(array, 3).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n", 1))


# What a pickle of arrays consists of: opcodes alone, with operands of a fixed length, and with lines; and those that
# content follows, by the bytes that its length takes. Numbers in the memo stay below 2^24: Python makes room for all.
PLAIN = re.compile(
    rb"(?:[()\]NRtbaelo\x81\x85-\x89\x93\x94]|[Kqh\x80].|M..|[Jj].{4}|r.{3}\0|[G\x95].{8}"
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


class ArraysOnly(pickle.Unpickler):
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
            hint = "; columns of x, y without lift, or stroke-5, are other forms" if item.shape[1] in (2, 5) else ""
            return f"an array {item.shape} of {dtype} is no sketch (N, 3) of dx, dy, lift{hint}"
        if len(item.items) != item.shape[0] * 3 * dtype.itemsize:
            return f"{len(item.items)} bytes do not make an array {item.shape} of {dtype}"
        return np.ndarray(item.shape, dtype, item.items, order="F" if item.fortran else "C")
    except (AttributeError, TypeError, ValueError):
        return "not an array of numbers"
