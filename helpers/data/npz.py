"""Arrays out of .npz files that are not trusted: no more memory than announced, no pickle, no pointers."""

import io
import math
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from helpers.paths import NoMemory, memory_for

MAX_BYTES = 1 << 30  # of the arrays in a .npz: ten times what 70,000 drawings of 250 points take
ALWAYS_BYTES = 1 << 24  # that they may take however small the file is
MAX_RATIO = 30  # times the file's size that they may take: official files unpack to two and a half times theirs
MAX_MEMBERS = 1000  # arrays in a .npz: a network has a few dozen


def room_for(size: int) -> int:
    """How many bytes the contents of a .npz of `size` bytes may take when unpacked."""
    return min(MAX_BYTES, max(ALWAYS_BYTES, MAX_RATIO * size))


def read_arrays(path: Path, names: Iterable[str]) -> Iterator[np.ndarray]:
    """Plain arrays of a .npz; ValueError where one is of objects or not all there."""
    for name, (shape, dtype, fortran, body) in zip(names, read_members(path, names), strict=True):
        try:
            if dtype.hasobject:  # numpy would take the bytes for pointers
                raise ValueError("it is of objects")
            if math.prod(shape) > len(body):  # of a dtype without bytes, numpy would make any number
                raise ValueError(f"an array {shape} in {len(body):,} bytes")
            yield np.ndarray(shape, dtype, body, order="F" if fortran else "C")
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{path}: {name} is not an array of numbers or text: {error}") from error


def list_arrays(path: Path) -> list[str]:
    """The names of the arrays in a .npz. Raises ValueError as `read_arrays`."""
    with open(path, "rb") as file, _told(path):
        return [name.removesuffix(".npy") for name in open_npz(file).namelist()]


def read_members(path: Path, names: Iterable[str]) -> Iterator[tuple[tuple[int, ...], np.dtype, bool, bytes]]:
    """Of each array in a .npz: its shape, dtype, whether it is in Fortran order, and the bytes after the header."""
    with open(path, "rb") as file, _told(path):
        archive = open_npz(file)
        for name in names:
            yield _member(archive, name)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        with memory_for(path):
            yield
    except NoMemory:
        raise
    except Exception as error:  # a broken zip or header raises anything at all
        raise ValueError(f"{path} cannot be read: {error}. It was cut off or is of another format") from error


def open_npz(file: BinaryIO) -> zipfile.ZipFile:
    """The archive, not yet read, or a ValueError where what is in it would take more room than any drawings do."""
    room = room_for(file.seek(0, io.SEEK_END))
    archive = zipfile.ZipFile(file)
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"it has {len(members):,} arrays")
    for info in members:
        name = info.filename.removesuffix(".npy")
        room -= info.file_size
        if room < 0:
            raise ValueError(f"its array '{name}' would take {info.file_size:,} bytes, more than any class")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"its array '{name}' is packed otherwise than numpy does")  # and unpacked without bounds
    return archive


def _member(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype, bool, bytes]:
    try:
        info = archive.getinfo(f"{name}.npy")
    except KeyError as error:
        raise ValueError(f"it has no array '{name}'") from error
    with archive.open(info) as member:  # asked for all there is, it would unpack more than is announced
        file = io.BytesIO(member.read(info.file_size))
    return *read_header(file), file.read()


def read_header(file: BinaryIO) -> tuple[tuple[int, ...], np.dtype, bool]:
    """The shape and dtype that a .npy file announces, and whether it is in Fortran order; `file` is left just behind
    it.

    A bad header raises some exception, whichever, other than a MemoryError.
    """
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, fortran, dtype = header(file)
    except MemoryError as error:  # so Python's parser has it, for brackets in brackets
        raise ValueError("its header is none that numpy writes") from error
    return shape, dtype, fortran
