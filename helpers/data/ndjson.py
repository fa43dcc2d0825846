"""Quick, Draw!'s .ndjson files, simplified and raw: a drawing a line, many lines at once."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from helpers.data.chunks import BLOCK, MAX_POINTS, Chunk, flat, make_chunk, unflat, unpack
from helpers.data.official import simplify_raw
from helpers.sketch import strokes
from helpers.sketch.strokes import from_polylines

WORK = 400  # points looked at to simplify a drawing, for each of its own: three times what real ones take, and
LEAST_WORK = 200_000  # however few it has. A zigzag made for the purpose would take half a minute
NOT_RECOGNIZED = ("false", "f", "no", "n", "0", "0.0")  # CSV and other detours leave text behind, in any case
MAX_LINE = 1 << 20  # bytes of one drawing: three times what 5,000 points with all their digits take


def read_ndjson(path: Path, begin: int, end: int) -> Iterator[Chunk]:
    with open(path, "rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise ValueError(f"{path} is written in UTF-16, as PowerShell does; save it as UTF-8")
    before = 0
    for lines, whole in read_lines(path, begin, end):
        packs, numbers, recognized, others, faults = [], [], [], {}, []
        for number, line in enumerate(lines, 1):
            if not line or line.isspace():
                continue
            try:
                record = _parse(line)
                pack = pack_strokes(record["drawing"]) if isinstance(record, dict) and "drawing" in record else None
                if pack is None:
                    others[len(numbers)] = from_json(record)
                    pack = b"", []
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                if not whole:
                    raise ValueError(
                        f"{path} ends in the middle of line {before + number}: it was cut off, or is no ndjson file, "
                        "which has a drawing a line. Download it again, or write it so"
                    ) from error
                faults.append((number, f"not JSON ({getattr(error, 'msg', error)})"))
                continue
            except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
                faults.append((number, str(error)))
                continue
            packs.append(pack)
            numbers.append(number)
            recognized.append(str(record.get("recognized")).strip().lower() not in NOT_RECOGNIZED)
        rows, lengths = unpack(packs)
        if others:
            sketches = dict(enumerate(unflat(rows, lengths))) | others
            rows, lengths = flat([sketches[index] for index in range(len(packs))])
        yield make_chunk(rows, lengths, numbers, recognized, faults, "line {}", len(lines))
        before += len(lines)


def read_lines(path: Path, begin: int, end: int) -> Iterator[tuple[list[bytes], bool]]:
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
    """Where lines of a file start, `size` bytes (and the rest of a line) apart: from 0 to the length of the file."""
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


def pack_strokes(drawn: object) -> tuple[bytes, list[int]] | None:
    """The columns x, y, x, y, ... of a drawing one after another, a byte a number, and how long each is.

    None for anything but strokes [[x, ...], [y, ...]] of whole numbers from 0 to 255, as all official simplified
    drawings are: the rest is left to `from_json`, which takes ten times as long.
    """
    try:
        columns = list(chain.from_iterable(drawn))
        lengths = list(map(len, columns))  # before bytes: of a number that would make as many zeros
        if set(map(len, drawn)) == {2} and lengths[::2] == lengths[1::2] and sum(lengths) <= 2 * MAX_POINTS:
            return b"".join(map(bytes, columns)), lengths
    except (TypeError, ValueError):
        pass
    return None


def from_json(record: object) -> np.ndarray:
    if isinstance(record, list):
        raise ValueError(
            "no 'drawing' in it but a list; one drawing a line belongs there, each of its items on its own"
        )
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
    return from_polylines(polylines)
