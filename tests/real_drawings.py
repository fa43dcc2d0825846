"""`make data`: people's drawings for the chapters and the tests, into data/quickdraw, from the official bucket.

Of each class that they read, the whole `sketchrnn` file, about 10 MB; and the first drawings of a few files of the
other official forms, which only tests read, and which are up to 600 MB long. What is there is not downloaded again.
The bucket is MIDSTROKE_QUICKDRAW_URL where that is set. Where a mirror of it lies in ../shared/quickdraw beside the
checkout, the drawings come from there, through a server on loopback and the same code.
"""

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import requests

from helpers.data.classes import BUCKET, download_class
from helpers.data.download import TIMEOUT, DownloadError
from helpers.paths import DATA, atomic

MIRROR = Path(__file__).resolve().parents[2] / "shared" / "quickdraw"
SHORT = {
    "apple": 100,
    "cat": 10,
    "coffee cup": 10,
    "ear": 10,
    "eye": 100,
    "mouth": 100,
    "nose": 100,
}  # how many of each
# the form, its files, the most bytes that so many drawings take
FIRST = [
    ("simplified/{}.ndjson", SHORT, 200_000),
    ("binary/{}.bin", SHORT, 50_000),
    ("raw/{}.ndjson", {"nose": 100, "pig": 100}, 2_000_000),
]
LAST = "full/raw/pig.ndjson"  # comes when all else is there


def is_whole(folder: Path) -> bool:
    """Whether a folder with the layout of the bucket holds all that the tests read."""
    return (folder / LAST).exists()


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a server on loopback over a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def download_all(classes: tuple[str, ...]) -> int:
    """Downloads what is missing of the classes and of `FIRST`; how many files that were."""
    folder, came = DATA / "quickdraw", 0
    for name in classes:
        if not (folder / "sketchrnn" / f"{name}.npz").exists():
            download_class(name)
            came += 1
    for form, files, most in FIRST:
        for name, count in files.items():
            path = folder / "full" / form.format(name)
            if not path.exists():
                beginning = cut(fetch_beginning(f"full/{form.format(name)}", most), path.suffix, count)
                with atomic(path) as temporary:
                    temporary.write_bytes(beginning)
                came += 1
    return came


def fetch_beginning(name: str, most: int) -> bytes:
    """The first `most` bytes of a file in the bucket, or all of one that has fewer."""
    url = f"{(os.environ.get('MIDSTROKE_QUICKDRAW_URL') or BUCKET).rstrip('/')}/{quote(name)}"
    headers = {"Range": f"bytes=0-{most - 1}", "Accept-Encoding": "identity"}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            answer.raise_for_status()
            return answer.raw.read(most)
    except requests.RequestException as error:
        raise DownloadError(f"{url} could not be fetched: {error}. Is the network up?") from error


def cut(content: bytes, suffix: str, count: int) -> bytes:
    """The first `count` drawings of a beginning of an .ndjson or a .bin file."""
    if suffix == ".ndjson":
        return b"".join(content.splitlines(keepends=True)[:count])
    end = 0
    for _ in range(count):
        (strokes,) = struct.unpack_from("<H", content, end + 15)  # after key, country, recognized and time
        end += 17
        for _ in range(strokes):
            (points,) = struct.unpack_from("<H", content, end)
            end += 2 + 2 * points
    return content[:end]


def main() -> int:
    from helpers.data.classes import JUDGED

    mirrored = MIRROR.is_dir() and not os.environ.get("MIDSTROKE_QUICKDRAW_URL")
    with serve(MIRROR) if mirrored else nullcontext() as address:
        if mirrored:
            os.environ["MIDSTROKE_QUICKDRAW_URL"] = address
        try:
            came = download_all(JUDGED)
        except OSError as error:
            print(f"\n{error}", file=sys.stderr)
            return 1
    where = f"from the mirror in {MIRROR}" if mirrored else "from the official bucket"
    print(f"{came} files came {where} to {DATA / 'quickdraw'}." if came else "People's drawings are all there.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
