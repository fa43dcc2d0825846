"""Quick, Draw!'s .bin files: drawings one after another, their coordinates a byte each."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from helpers.data.chunks import BATCH, BLOCK, MAX_POINTS, Chunk, make_chunk, unpack

HEAD = struct.Struct("<Q2sbIH")  # key, country, recognized, time, number of strokes
COUNT = struct.Struct("<H")


def read_binary(path: Path) -> Iterator[Chunk]:
    before = 0
    with open(path, "rb") as file:
        while passed := _next_drawings(path, file, before):
            numbers = [number for number, (pack, _) in enumerate(passed, 1) if not isinstance(pack, str)]
            faults = [(number, pack) for number, (pack, _) in enumerate(passed, 1) if isinstance(pack, str)]
            packs, recognized = zip(*(passed[number - 1] for number in numbers), strict=True) if numbers else ((), ())
            yield make_chunk(*unpack(packs), numbers, recognized, faults, "drawing {}", len(passed))
            before += len(passed)


def _next_drawings(path: Path, file: BinaryIO, before: int) -> list[tuple[tuple | str, bool]]:
    """Up to BATCH drawings or BLOCK bytes: each as `ndjson.pack_strokes` gives it, or the reason why it cannot be read;
    and whether it was recognised.
    """
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
