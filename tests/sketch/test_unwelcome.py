"""Drawings that are not for a classroom: known by what they are, wherever they stand, and shown nowhere."""

import numpy as np
import pytest

from helpers.data.formats import read
from helpers.figures import sheets
from helpers.sketch import unwelcome
from helpers.widgets import latent_map

SKETCH = np.array([[5, 0, 0], [0, 7, 0], [-300, 2, 1]], np.float32)


@pytest.fixture
def hidden(monkeypatch):
    """`SKETCH` is unwelcome."""
    monkeypatch.setattr(unwelcome, "UNWELCOME", {unwelcome.digest(SKETCH)})


def test_a_drawing_is_known_by_its_rows_in_whatever_form_they_are_kept():
    known = unwelcome.digest(SKETCH)
    assert known == unwelcome.digest(SKETCH.astype(np.int16)) == unwelcome.digest(np.asfortranarray(SKETCH))
    assert len({known, unwelcome.digest(SKETCH[:2]), unwelcome.digest(SKETCH[::-1])}) == 3


def test_the_list_holds_digests():
    assert all(len(bytes.fromhex(digest)) == 32 for digest in unwelcome.UNWELCOME)


def test_a_figure_leaves_its_place_blank(hidden):
    blank, shown = sheets.grid([SKETCH, SKETCH[:2]]), sheets.grid([None, SKETCH[:2]])
    assert len(blank.axes[0].patches) == len(shown.axes[0].patches) == 1
    np.testing.assert_array_equal(blank.get_size_inches(), shown.get_size_inches())


def test_a_map_to_walk_on_leaves_its_place_blank(hidden):
    points, near, labels = np.zeros((2, 2)), np.zeros((2, 1), int), [0, 0]
    drawings = latent_map.LatentMap(points, [SKETCH, SKETCH[:2]], [SKETCH[:2]] * 2, near, labels, ["ear"]).drawings
    assert [bool(drawing["path"]) for drawing in drawings] == [False, True]


def test_the_real_one_is_found_among_real_mouths_and_no_other(mirror):
    mouths = read(mirror / "sketchrnn" / "mouth.npz")
    assert sum(map(unwelcome.is_unwelcome, mouths)) == 1
