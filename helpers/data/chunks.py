"""Some drawings of a file at once: all their rows in one array, their limits, and which of them are damaged."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from helpers.sketch.strokes import from_points

SPLITS = ("train", "valid", "test")
MAX_OFFSET = 1000  # pixels; the box is 255 wide, and sketch-rnn too cuts at 1,000
MAX_POINTS = 5000  # a game lasts 20 seconds: no one draws more in it
BLOCK = 1 << 20  # bytes of .ndjson turned into sketches at once: about 2,500 drawings
BATCH = 4096  # drawings of the other formats


class Chunk(NamedTuple):
    """Some drawings of a file, in its order: the rows (M, 3) float32 of all good ones, and how many each has.

    `recognized` (n,) is False for drawings that the game did not recognise. `faults` are those left out: the number of
    a line or drawing, from 1 at the first of this chunk, and the reason; `place` puts a number into words. `passed` is
    how many lines or drawings went by, blank and damaged ones too.
    """

    rows: np.ndarray
    lengths: np.ndarray
    recognized: np.ndarray
    faults: list[tuple[int, str]]
    place: str
    passed: int


def make_chunk(
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


def unpack(packs: Sequence[tuple[bytes, list[int]]]) -> tuple[np.ndarray, np.ndarray]:
    """All rows (M, 3) of drawings from `ndjson.pack_strokes`, and of each how many (n,); 0 without points."""
    columns = np.fromiter(chain.from_iterable(lengths for _, lengths in packs), np.int64)
    numbers = np.frombuffer(b"".join(body for body, _ in packs), np.uint8)
    is_x = np.repeat(np.arange(len(columns)) % 2 == 0, columns)
    points = np.column_stack([numbers[is_x], numbers[~is_x]])
    count = np.array([len(lengths) // 2 for _, lengths in packs], np.int64)
    return from_points(points, columns[::2], count)


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
    """What is wrong with which drawing: `sketch.check`, and this module's limits, for all drawings at once."""
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
