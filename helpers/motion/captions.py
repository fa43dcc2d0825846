"""Timed captions: WebVTT and SRT files as cues of plain text."""

import html
import re
from pathlib import Path
from typing import NamedTuple

TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
TIMES = re.compile(rf"\s*{TIME}\s*-->\s*{TIME}(\s.*)?")
SPEAKER = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]*)>")
TAG = re.compile(r"</?[a-zA-Z0-9][^<>]*>|\{\\[^{}]*\}")
MOST_BYTES = 4_000_000  # of a text


class Cue(NamedTuple):
    """What is said from `start` to `end`, seconds."""

    start: float
    end: float
    text: str


def read_text_lines(path: Path, wrong: str) -> list[str]:
    """The lines of a text file; ValueError, with what is `wrong`, for one that is too long or not in UTF-8."""
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} has more than {MOST_BYTES // 1_000_000} MB: {wrong}")
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8: save it so") from error


def read_captions(path: str | Path) -> list[Cue]:
    """The cues of a WebVTT or SRT file, in the order of their times.

    Speakers (`<v Ana>`) are written before what they say; all other markup is left out.

    Parameters
    ----------
    path : str or Path
        UTF-8.

    Returns
    -------
    list of Cue

    Raises
    ------
    ValueError
        For a file without cues, and for a cue that ends before it begins; with the line.
    """
    path = Path(path)
    lines = read_text_lines(path, "these are no captions")
    cues: list[Cue] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if "-->" not in line:
            continue
        if not (found := TIMES.fullmatch(line)):
            raise ValueError(f"{path}, line {number}: {line.strip()[:60]!r} should be such as 00:01.500 --> 00:04.000")
        start, end = _seconds(found.groups()[:4]), _seconds(found.groups()[4:8])
        if end <= start:
            raise ValueError(f"{path}, line {number}: the caption ends before it begins")
        text = []
        while number < len(lines) and lines[number].strip():
            text.append(lines[number])
            number += 1
        if said := _plain("\n".join(text)):
            cues.append(Cue(start, end, said))
    if not cues:
        raise ValueError(f"{path} holds no captions, neither as WebVTT nor as SRT has them")
    return sorted(cues)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return 3600 * int(hours) + 60 * int(minutes) + int(seconds) + int(fraction.ljust(3, "0")) / 1000


def _plain(text: str) -> str:
    named = SPEAKER.sub(lambda found: f"{found[1].strip()}: ", text)
    return html.unescape(TAG.sub("", named)).strip()
