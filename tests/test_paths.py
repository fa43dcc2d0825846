"""Files that are whole or not there, and what writing them leaves alone."""

import os

import pytest

from helpers import paths
from helpers.paths import atomic


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_file_has_the_rights_that_the_umask_leaves_and_the_umask_is_not_touched(umask, tmp_path, monkeypatch):
    before = os.umask(umask)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "umask", lambda mask: pytest.fail("the umask is the whole process's"))
            with atomic(tmp_path / "new" / "note.txt") as temporary:
                temporary.write_text("whole")
    finally:
        os.umask(before)
    path = tmp_path / "new" / "note.txt"
    assert path.read_text() == "whole" and path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert list(path.parent.iterdir()) == [path]


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "note.weights.h5"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        assert temporary.name.startswith(".note-") and temporary.name.endswith(".weights.h5")
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_installed_without_e_the_helpers_find_the_checkout_that_one_works_in(tmp_path):
    checkout, site = tmp_path / "midstroke", tmp_path / "site-packages"
    (checkout / "data" / "models").mkdir(parents=True)
    (checkout / "notebooks").mkdir()
    assert paths.find_root(checkout, tmp_path) == checkout
    assert paths.find_root(site, checkout / "notebooks") == checkout
    assert paths.find_root(site, tmp_path) == tmp_path  # where a model that is not there is told
