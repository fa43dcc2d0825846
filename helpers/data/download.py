"""One file from the web to the disk: a progress bar, resume, checks, and a manifest of what was fetched.

While it is under way a file is `<name>.part`; only a whole and checked one takes its own name. Beside the files,
`manifest.json` keeps for each its URL, size, SHA-256 and the time it came.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import requests
from tqdm.auto import tqdm

from helpers.paths import atomic, writing

try:
    import fcntl
except ImportError:  # Windows: there nothing keeps two downloads apart
    fcntl = None

TIMEOUT = (5, 30)  # seconds to connect, and between two pieces of the answer
TRIES = 5  # a cut connection is taken up again this often, as long as each try brings something
CHUNK = 1 << 13  # bytes; of a piece that breaks off, requests gives nothing


class DownloadError(OSError):
    """A file could not be fetched. The message says from where, why, and what to do."""


def fetch(url: str, path: Path, check: Callable[[Path], None]) -> Path:
    """Download `url` to `path`, replacing what is there, and note it in the folder's manifest.

    A `.part` left by an earlier try is taken up where it ends (HTTP Range, with If-Range so that a file that has
    changed on the server starts again). `check` gets the whole `.part` and raises ValueError where it is not what
    was wanted. Raises DownloadError where the server cannot be reached, does not have the file, or breaks off, and
    OSError where the disk cannot be written; then nothing stands at `path` that did not before.
    """
    part = path.with_name(f"{path.name}.part")
    tag = path.with_name(f"{path.name}.tag.part")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / ".lock").touch()
    with _alone(path.parent):
        _bring(url, part, tag)
        tag.unlink(missing_ok=True)
        try:
            check(part)
        except ValueError as error:
            part.unlink()
            raise DownloadError(f"{url} did not give the file that was wanted: {error}. Nothing was kept") from error
        _note(path, part, url)
        part.replace(path)
    return path


def verify(path: Path) -> None:
    """Raises ValueError where the manifest knows `path` and its size or SHA-256 is another now."""
    known = manifest(path.parent).get(path.name)
    if known is None:
        return
    if _size(path) != known["bytes"] or _sha256(path) != known["sha256"]:
        raise ValueError(
            f"{path} is not the file that was downloaded: it has {_size(path):,} bytes, {known['bytes']:,} came, "
            "or its SHA-256 differs. Delete it and it is fetched again"
        )


def manifest(folder: Path) -> dict[str, dict]:
    """What was fetched into a folder: {file name: {url, bytes, sha256, time}}."""
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    try:
        known = json.loads(path.read_bytes())
        if not all(isinstance(entry["bytes"], int) and isinstance(entry["sha256"], str) for entry in known.values()):
            raise ValueError("an entry has no size or no SHA-256")
        return known
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it: the files it lists stay good") from error


def _bring(url: str, part: Path, tag: Path) -> None:
    """`_transfer`, again where the connection is cut, and with its failures told in words."""
    for attempt in range(1, TRIES + 1):
        before = _size(part)
        try:
            return _transfer(url, part, tag)
        except DownloadError:
            raise
        except requests.RequestException as error:
            reason = _innermost(error)
            if _size(part) == before:
                raise DownloadError(
                    f"{url} could not be fetched: {reason}. Is the network up? "
                    "A mirror can be named in MIDSTROKE_QUICKDRAW_URL"
                ) from error
            if attempt == TRIES:
                raise DownloadError(
                    f"{url} broke off {TRIES} times, at last after {_size(part):,} bytes: {reason}. "
                    "They are kept; run it again and it goes on from there"
                ) from error
        except OSError as error:
            raise OSError(
                error.errno,
                f"could not write {part}: {error.strerror or error}. What came is kept; free some space "
                "or choose a folder that can be written, then run it again and it goes on from there",
            ) from error


def _transfer(url: str, part: Path, tag: Path) -> None:
    """Bring `part` to the file's full length. `tag` holds the version (ETag or date) that `part` is a piece of."""
    have = _size(part) if _size(tag) else 0  # killed while it wrote the tag, it left an empty one
    # compressed on the way, a range would count other bytes than the ones on the disk
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": tag.read_text()}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:  # nothing lies beyond what is here: it is not a piece of that file
            tag.unlink()
            return _transfer(url, part, tag)
        if response.status_code == 404:
            raise DownloadError(f"{url} does not exist (404). Is MIDSTROKE_QUICKDRAW_URL right, if it is set?")
        if response.status_code not in (200, 206):
            raise DownloadError(f"{url} answered {response.status_code} {response.reason}; try again later")
        spans = response.headers.get("Content-Range", "")
        if response.status_code == 206 and not spans.startswith(f"bytes {have}-"):
            raise DownloadError(f"{url} sent {spans or 'an unnamed piece'} where bytes {have}- was asked for")
        if response.status_code == 200:  # the whole file: the server knows no ranges, or has a new version
            have = 0
        length = response.headers.get("Content-Length")
        total = None if length is None else have + int(length)
        version = response.headers.get("ETag", "")
        if not version or version.startswith("W/"):  # a weak tag does not promise the same bytes
            version = response.headers.get("Last-Modified", "")
        with open(part, "ab" if have else "wb") as file:
            if version:
                tag.write_text(version)
            else:
                tag.unlink(missing_ok=True)
            name = part.stem
            with tqdm(total=total, initial=have, desc=name, unit="B", unit_scale=True, unit_divisor=1024) as bar:
                for chunk in response.iter_content(CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())
    if total is not None and _size(part) != total:
        raise requests.ConnectionError(f"{_size(part):,} of {total:,} bytes came")


def _note(path: Path, part: Path, url: str) -> None:
    """The manifest with `path` in it, written before the file takes its name, so that no file is there unlisted."""
    entry = {
        "url": url,
        "bytes": _size(part),
        "sha256": _sha256(part),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    known = manifest(path.parent) | {path.name: entry}
    with atomic(path.parent / "manifest.json") as temporary:
        temporary.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _innermost(error: Exception) -> object:
    """What went wrong at the bottom: requests wraps urllib3's errors, which wrap the system's."""
    inner = getattr(error, "reason", None) or next(iter(error.args), error)
    return _innermost(inner) if isinstance(inner, Exception) and inner is not error else inner


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One download at a time in a folder, across processes: two would mix their bytes, or lose a manifest line."""
    with open(folder / ".lock", "w") as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)  # goes when the process does
        yield


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
