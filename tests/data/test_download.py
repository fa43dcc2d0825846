"""Downloads from a real server on loopback: whole, resumed, or an error and nothing half-written."""

import errno
import hashlib
import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.data import download
from helpers.data.download import DownloadError, fetch, manifest, verify

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes: several pieces


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def get(bucket, folder, name="nose.npz", check=lambda path: None):
    return fetch(f"{bucket.url}/{name}", folder / name, check)


def left(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_a_file_comes_whole_and_the_manifest_says_what_it_is(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    path = get(bucket, folder)
    assert path.read_bytes() == CONTENT
    assert left(folder) == ["manifest.json", "nose.npz"]
    entry = manifest(folder)["nose.npz"]
    assert entry["url"] == f"{bucket.url}/nose.npz"
    assert (entry["bytes"], entry["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert entry["time"].endswith("+00:00")
    verify(path)


def test_progress_is_shown_with_the_name_of_the_file(bucket, folder, capsys):
    bucket.put("nose.npz", CONTENT)
    get(bucket, folder)
    shown = capsys.readouterr().err
    assert "nose.npz" in shown and "100%" in shown


def test_a_cut_connection_is_taken_up_by_range_where_it_broke(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    bucket.cut, bucket.cuts = 20 * download.CHUNK, 2
    assert get(bucket, folder).read_bytes() == CONTENT
    assert bucket.seen == [("/nose.npz", None), ("/nose.npz", "bytes=163840-"), ("/nose.npz", "bytes=327680-")]
    assert left(folder) == ["manifest.json", "nose.npz"]


def test_a_connection_that_keeps_breaking_is_an_error_and_the_next_run_goes_on_from_there(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    bucket.cut, bucket.cuts = download.CHUNK, download.TRIES
    with pytest.raises(DownloadError, match=r"broke off 5 times, at last after 40,960 bytes.*run it again"):
        get(bucket, folder)
    assert left(folder) == ["nose.npz.part", "nose.npz.tag.part"]
    assert get(bucket, folder).read_bytes() == CONTENT
    assert bucket.seen[-1] == ("/nose.npz", "bytes=40960-")


def test_a_connection_that_brings_nothing_is_not_tried_again(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    bucket.cut, bucket.cuts = 0, 1
    with pytest.raises(DownloadError, match="could not be fetched"):
        get(bucket, folder)
    assert len(bucket.seen) == 1


def test_a_file_that_changed_on_the_server_is_not_spliced_onto_the_old_part(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    bucket.cut, bucket.cuts = download.CHUNK, download.TRIES
    with pytest.raises(DownloadError):
        get(bucket, folder)
    bucket.put("nose.npz", CONTENT[::-1])
    assert get(bucket, folder).read_bytes() == CONTENT[::-1]
    assert bucket.seen[-1] == ("/nose.npz", "bytes=40960-")


def test_a_server_without_ranges_starts_again(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    bucket.ranges = False
    bucket.cut, bucket.cuts = 200_000, 1
    assert get(bucket, folder).read_bytes() == CONTENT
    assert len(bucket.seen) == 2


def test_a_part_of_unknown_version_is_not_resumed(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    folder.mkdir()
    (folder / "nose.npz.part").write_bytes(b"x" * 1000)
    assert get(bucket, folder).read_bytes() == CONTENT
    assert bucket.seen == [("/nose.npz", None)]


@pytest.mark.parametrize("extra", [b"", b"more"])
def test_a_part_as_long_as_the_file_or_longer_starts_again(bucket, folder, extra):
    bucket.put("nose.npz", CONTENT)
    folder.mkdir()
    (folder / "nose.npz.part").write_bytes(b"x" * len(CONTENT) + extra)
    (folder / "nose.npz.tag.part").write_text(f'"{hashlib.md5(CONTENT).hexdigest()}"')
    assert get(bucket, folder).read_bytes() == CONTENT


def test_a_missing_file_is_an_error_with_its_url(bucket, folder):
    with pytest.raises(DownloadError, match=rf"{bucket.url}/nose.npz does not exist \(404\)"):
        get(bucket, folder)
    assert left(folder) == []


def test_what_is_not_the_wanted_file_is_an_error_and_the_old_one_stays(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    get(bucket, folder)
    bucket.put("nose.npz", b"<html>log in</html>")

    def refuse(path):
        raise ValueError(f"{path.stat().st_size} bytes of something else")

    with pytest.raises(DownloadError, match="did not give the file that was wanted: 19 bytes of something else"):
        get(bucket, folder, check=refuse)
    assert (folder / "nose.npz").read_bytes() == CONTENT
    verify(folder / "nose.npz")


def test_no_server_fails_at_once_with_the_url_and_what_to_do(folder):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/nose.npz"
    began = time.monotonic()
    with pytest.raises(DownloadError, match=f"{url} could not be fetched: .*refused.*MIDSTROKE_QUICKDRAW_URL"):
        fetch(url, folder / "nose.npz", lambda path: None)
    assert time.monotonic() - began < 2


def test_a_file_that_changed_after_its_download_is_an_error(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    path = get(bucket, folder)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(ValueError, match="511,999 bytes, 512,000 came"):
        verify(path)
    path.write_bytes(b"x" + CONTENT[1:])
    with pytest.raises(ValueError, match="or its SHA-256 differs"):
        verify(path)


def test_a_file_that_was_put_there_by_hand_is_taken_as_it_is(tmp_path):
    path = tmp_path / "own.npz"
    path.write_bytes(b"anything")
    verify(path)


@pytest.mark.parametrize("content", ["", "[]", '{"nose.npz": 3}', '{"nose.npz": {"bytes": 3}}'])
def test_a_damaged_manifest_is_an_error_that_names_it(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValueError, match=r"manifest.json is damaged .*delete it"):
        manifest(tmp_path)


def test_several_processes_at_once_lose_no_line_of_the_manifest(bucket, folder):
    names = [f"class {i}.npz" for i in range(4)]
    for name in names:
        bucket.put(name, CONTENT)
    code = (
        "import sys; from pathlib import Path; from helpers.data.download import fetch\n"
        "fetch(sys.argv[1], Path(sys.argv[2]), lambda path: None)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, f"{bucket.url}/{name}", folder / name], stderr=subprocess.DEVNULL)
        for name in [*names, names[0]]
    ]
    assert [process.wait(600) for process in running] == [0] * 5
    assert json.loads((folder / "manifest.json").read_text()).keys() == set(names)
    for name in names:
        verify(folder / name)


def test_a_disk_that_refuses_is_an_error_and_a_later_run_goes_on(bucket, folder):
    bucket.put("nose.npz", CONTENT)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(OSError, match=r"could not write .*nose.npz.part: .*free some space") as caught:
            get(bucket, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not isinstance(caught.value, DownloadError)
    assert "nose.npz" not in left(folder)
    assert get(bucket, folder).read_bytes() == CONTENT
    assert bucket.seen[-1][1] is not None


def test_a_full_disk_is_an_error_and_leaves_nothing_under_the_files_name(bucket, small_disk):
    bucket.put("nose.npz", CONTENT)
    with pytest.raises(OSError, match=r"could not write .*nose.npz.part: No space left") as caught:
        get(bucket, small_disk)
    assert caught.value.errno == errno.ENOSPC
    assert not (small_disk / "nose.npz").exists()


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(bucket, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        get(bucket, Path(os.path.join(tmp_path, "file", "data")))
