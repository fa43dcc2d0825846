"""`make data`: what it brings, from a bucket like the official one, and what it says where there is none."""

import os
import subprocess
import sys
from pathlib import Path

import real_drawings

ROOT = Path(__file__).resolve().parents[1]


def make_data(root, url):
    environment = {**os.environ, "MIDSTROKE_ROOT": str(root), "MIDSTROKE_QUICKDRAW_URL": url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, ROOT / "tests" / "real_drawings.py"]
    return subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)


def test_the_files_that_chapters_and_tests_read_come_once(bucket, mirror, tmp_path):
    bucket.folder = mirror
    run = make_data(tmp_path, bucket.url)
    assert run.returncode == 0, run.stderr
    assert "48 files came" in run.stdout
    folder = tmp_path / "data" / "quickdraw"
    assert real_drawings.is_whole(folder)
    for path in [*folder.glob("full/*/*"), folder / "sketchrnn" / "nose.npz"]:
        assert path.read_bytes() == (mirror / path.relative_to(folder)).read_bytes()
    asked = len(bucket.seen)
    assert "all there" in make_data(tmp_path, bucket.url).stdout
    assert len(bucket.seen) == asked


def test_of_a_longer_file_the_first_drawings_come(mirror):
    for form, files, _ in real_drawings.FIRST:
        content = (mirror / "full" / form.format("nose")).read_bytes()
        few = real_drawings.cut(content, Path(form).suffix, 10)
        assert content.startswith(few) and 0 < len(few) < len(content) / 5
        assert real_drawings.cut(content, Path(form).suffix, files["nose"]) == content


def test_without_a_network_it_says_what_could_not_be_fetched(tmp_path):
    run = make_data(tmp_path, "http://127.0.0.1:9")
    assert run.returncode == 1
    assert "sketchrnn/backpack.npz could not be fetched" in run.stderr and "Is the network up?" in run.stderr
    assert "Traceback" not in run.stderr
