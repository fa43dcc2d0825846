"""What several tests share: the mirror of real drawings, and a real HTTP server on loopback."""

import hashlib
import os
import re
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import pytest
import real_drawings

if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # tests side by side share the cores; before TensorFlow starts
    share = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, str(share))

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DOWNLOADED = Path(__file__).resolve().parents[1] / "data" / "quickdraw"


@pytest.fixture(scope="session")
def mirror() -> Path:
    """A folder with the layout of the official Quick, Draw! bucket, and some of its drawings."""
    for folder in (real_drawings.MIRROR, DOWNLOADED):
        if real_drawings.is_whole(folder):
            return folder
    pytest.skip("NEEDS REAL DRAWINGS: type `make data`, which downloads them (about 300 MB), and test again")


@pytest.fixture(scope="session")
def carded() -> Path:
    """The drawings that the models' cards were measured on."""
    if not real_drawings.is_whole(real_drawings.MIRROR):
        pytest.skip("NEEDS THE SPLIT of ../shared/quickdraw: the official files, split otherwise, give other numbers")
    return real_drawings.MIRROR


# of a module, not of the session: while it is open, its event loop is everyone's
@pytest.fixture(scope="module")
def browser():
    """A real browser. Without one the test is skipped, or fails where MIDSTROKE_NEEDS_BROWSER is set."""
    if BROWSER is None:
        say = pytest.fail if os.environ.get("MIDSTROKE_NEEDS_BROWSER") else pytest.skip
        say("NEEDS A BROWSER: there is no Chromium or Chrome here; on Debian and Ubuntu: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def bucket(tmp_path) -> "Bucket":
    """A server over an empty folder; `bucket.put(name, bytes)` fills it."""
    server = Bucket(tmp_path / "bucket")
    yield server
    server.close()


@pytest.fixture
def small_disk(tmp_path) -> Path:
    """A folder on a file system of 256 kB."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"NEEDS TO MOUNT a small file system: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # a process of joblib's may still be looking at it


class Bucket:
    """An HTTP server on loopback over a folder, with Range, If-Range and ETag as in a cloud bucket.

    `cuts` is how many answers break off, each after `cut` bytes of its body; without `ranges` it ignores Range.
    `seen` lists (path, Range or None) of each request in order.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.seen, self.cut, self.cuts, self.ranges = folder, [], 0, 0, True
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.bucket.seen.append((unquote(self.path), asked))
        path = self.bucket.folder / unquote(self.path).lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        tag = f'"{hashlib.md5(content).hexdigest()}"'
        start = 0
        if asked and self.bucket.ranges and self.headers.get("If-Range", tag) == tag:
            start = int(re.fullmatch(r"bytes=(\d+)-\d*", asked)[1])
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", tag)
        self.end_headers()
        body = content[start:]
        if self.bucket.cuts:
            self.bucket.cuts -= 1
            body = body[: self.bucket.cut]
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass
