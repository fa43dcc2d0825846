import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
# a cross, the horizontal first, as Omniglot has it: y upward, and milliseconds
WRITTEN = "START\n20,-50,0\n50,-50,90\n80,-50,210\nBREAK\n50,-20,700\n50,-80,900\nBREAK\n"


@pytest.fixture
def pens(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import pens

    yield pens
    for name in ("pens", "centerlines"):
        sys.modules.pop(name)


@pytest.fixture
def archives(tmp_path):
    """Two archives with one character, of our own making, in the layout of Omniglot's."""
    picture = np.full((105, 105), 255, np.uint8)
    picture[49:52, 20:81] = picture[20:81, 49:52] = 0
    png = cv2.imencode(".png", picture)[1].tobytes()
    for what, content, suffix in (("images", png, "png"), ("strokes", WRITTEN, "txt")):
        with zipfile.ZipFile(tmp_path / f"{what}_background_small1.zip", "w") as archive:
            archive.writestr(f"{what}_background_small1/Ours/character01/0001_01.{suffix}", content)
            archive.writestr(f"__MACOSX/{what}_background_small1/Ours/._0001_01", b"")
    return tmp_path


def test_strokes_are_read_as_they_lie_in_the_picture(pens):
    across, down = pens.read_strokes(WRITTEN)
    assert across.tolist() == [[20, 50], [50, 50], [80, 50]] and down.tolist() == [[50, 20], [50, 80]]


def test_what_a_pen_wrote_is_found_where_it_lies(pens, archives):
    ((bitmap, truth),) = pens.omniglot(5, 0, archives)
    assert bitmap[50, 50] == 255 and bitmap[0, 0] == 0
    chamfer, _, found, ordered, right = pens.measure(pens.centerlines.ours, [(bitmap, truth)])
    assert float(chamfer) < 0.7 and (found, ordered, right) == ("100.0%", "100.0%", "100.0%")


def test_the_pens_own_strokes_are_all_found_and_turned_ones_told(pens, archives):
    examples = pens.omniglot(1, 0, archives)
    truth = examples[0][1]
    assert pens.measure(lambda bitmap: truth, examples) == ("0.00", "0.00", "100.0%", "100.0%", "100.0%")
    turned = [line[::-1] for line in truth[::-1]]
    assert pens.measure(lambda bitmap: turned, examples)[2:] == ("100.0%", "0.0%", "0.0%")
    assert pens.measure(lambda bitmap: truth[:1], examples)[2:] == ("50.0%", "nan%", "100.0%")


def test_files_that_are_not_there_are_named_and_nothing_is_measured(pens, tmp_path, capsys):
    assert pens.omniglot(5, 0, tmp_path) == [] and pens.kanji(5, 0, tmp_path / "none.npz") == []
    told = capsys.readouterr().out
    assert "images_background_small1.zip" in told and "none.npz" in told


def test_a_file_too_large_for_a_character_is_refused(pens, archives):
    with zipfile.ZipFile(archives / "strokes_background_small1.zip", "w") as archive:
        archive.writestr("strokes_background_small1/Ours/character01/0001_01.txt", "0,0,0\n" * 20_000)
    with pytest.raises(ValueError, match="more than 100,000 bytes"):
        pens.omniglot(1, 0, archives)
