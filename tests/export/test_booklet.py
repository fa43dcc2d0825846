"""The booklet: its pages hold what they should, and come in order when the sheet is printed and folded."""

import re

import numpy as np
import pypdfium2
import pytest

from helpers.data.formats import read
from helpers.evaluate import metrics
from helpers.evaluate.judge import load_judge
from helpers.export import booklet
from helpers.export.booklet import Plate

FACTS = {"model": "menagerie", "seed": "7", "command": "python -m somewhere --with <options> & $signs"}
A4, A6 = (595.3, 841.9), (297.6, 420.9)  # points


def plate(title, n=3, points=8):
    """A zigzag that changes its mind in the middle, n times."""
    zigzag = np.array([[10, 10 * (-1) ** i, 0] for i in range(points)], np.float32)
    zigzag[-1, 2] = 1
    return Plate(title, [zigzag] * n, [(points // 2,)] * n)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("booklet") / "minds.pdf"
    return booklet.save_booklet([plate(f"plate {i}", n=i + 1) for i in range(6)], path, "changed minds", FACTS)


def words(page):
    """The text of a page, with single spaces."""
    return " ".join(page.get_textpage().get_text_bounded().split())


def pages(path):
    """Grey pictures and texts of a PDF's pages, and their sizes in points."""
    with pypdfium2.PdfDocument(path) as pdf:
        return [(page.render(scale=1).to_numpy().min(axis=2), words(page), page.get_size()) for page in pdf]


def test_it_has_a_cover_a_page_each_plate_and_a_colophon_at_the_back(made):
    found = pages(made[0])
    assert len(found) == 8
    assert all(size == pytest.approx(A6, abs=0.5) for _, _, size in found)
    texts = [text for _, text, _ in found]
    assert "changed minds" in texts[0]
    for i in range(6):
        assert f"plate {i}" in texts[i + 1]
    for what, how in FACTS.items():
        assert what in texts[7] and how in texts[7]
    assert "Quick, Draw!" in texts[7] and "CC BY 4.0" in texts[7]
    ink = [(picture < 200).sum() for picture, _, _ in found]
    assert ink[1] < ink[2] < ink[3] < ink[5]  # one drawing, two, three, ...


def test_the_colours_are_the_minds_and_the_margins_are_kept(made):
    with pypdfium2.PdfDocument(made[0]) as pdf:
        page = pdf[3].render(scale=2).to_numpy().astype(int)
    assert (np.abs(page[..., :3] - (0x1F, 0x43, 0xD8)).max(axis=2) < 30).sum() > 50  # blue, green, red
    assert (np.abs(page[..., :3] - (0x4A, 0x34, 0x22)).max(axis=2) < 30).sum() > 50
    rows, columns = np.nonzero(page.min(axis=2) < 200)
    margin = 8 * 2 * 72 / 25.4
    assert margin < columns.min() and columns.max() < page.shape[1] - margin
    assert margin < rows.min() and rows.max() < page.shape[0] - margin


def test_a_folded_sheet_reads_from_the_first_page_to_the_last(made):
    (front, _, size), (back, _, _) = pages(made[1])
    assert size == pytest.approx(A4, abs=0.5)
    height, width = (side // 2 for side in front.shape)

    def quarter(side, row, column):
        part = side[row * height : (row + 1) * height, column * width : (column + 1) * width]
        return part[::-1, ::-1] if row == 0 else part

    # flipped on the long edge, what is left in front is right at the back; each leaf is (front page, back page)
    leaf = {place: (quarter(front, *place), quarter(back, place[0], 1 - place[1])) for place in np.ndindex(2, 2)}
    # the upper half goes back, then the left half: the lower right leaf is on top, behind it the upper right one,
    # seen from its back, then the left ones the other way round
    order = [*leaf[1, 1], *leaf[0, 1][::-1], *leaf[0, 0], *leaf[1, 0][::-1]]
    singles = [picture for picture, _, _ in pages(made[0])]
    for found, single in zip(order, singles, strict=True):
        difference = np.abs(found[: single.shape[0], : single.shape[1]].astype(int) - single[:height, :width])
        assert difference.mean() < 3
        others = [np.abs(found.astype(int) - other[:height, :width]).mean() for other in singles if other is not single]
        assert difference.mean() < 0.5 * min(others)


def test_pages_can_be_looked_at(made):
    images = booklet.page_images(made[0], width=210)
    assert len(images) == 8
    for image in images:
        assert image.dtype == np.uint8 and image.shape[2] == 3
        assert image.shape[:2] == pytest.approx((297, 210), abs=1)
    assert (np.abs(images[3].astype(int) - (0xD8, 0x43, 0x1F)).max(axis=2) < 60).any()  # red, not blue


def test_pages_are_there_as_svg_too(made):
    svgs = made[2:]
    assert [path.name for path in svgs] == [f"{i:02}.svg" for i in range(1, 9)]
    for path in svgs:
        text = path.read_text()
        width, height = re.search(r'<svg[^>]* width="([\d.]+)pt" height="([\d.]+)pt"', text[:1500] + text).groups()
        assert (float(width), float(height)) == pytest.approx(A6, abs=0.5)
        assert "<text" not in text  # the type is outlines: the same on a machine without the typeface


def test_the_same_drawings_give_the_same_bytes(made, tmp_path):
    again = booklet.save_booklet(
        [plate(f"plate {i}", n=i + 1) for i in range(6)], tmp_path / "minds.pdf", "changed minds", FACTS
    )
    for a, b in zip(made, again, strict=True):
        assert a.read_bytes() == b.read_bytes()


def test_empty_pages_fill_the_sheet_before_the_colophon(tmp_path):
    files = booklet.save_booklet([plate("only one")], tmp_path / "one.pdf", "one", FACTS)
    found = pages(files[0])
    assert len(found) == 8 and len(pages(files[1])) == 2
    assert all(picture.min() == 255 for picture, _, _ in found[2:7])
    files = booklet.save_booklet([plate(f"{i}") for i in range(7)], tmp_path / "more.pdf", "more", FACTS)
    assert len(pages(files[0])) == 16 and len(pages(files[1])) == 4


def test_the_best_end_as_they_should_and_hold_together(mirror):
    judge = load_judge()
    camels = [read(mirror / "sketchrnn" / "camel.npz", "test")[i] for i in range(30)]
    clouds = [read(mirror / "sketchrnn" / "cloud.npz", "test")[i] for i in range(30)]
    switches = [(max(1, len(sketch) // 3),) for sketch in camels + clouds]
    chosen = metrics.best(camels + clouds, switches, "camel", judge, n=12)
    assert len(set(chosen)) == 12 and max(chosen) < 30
    # the second mind far away
    torn = camels[chosen[0]].copy()
    torn[switches[chosen[0]][0], :2] += 400
    torn[switches[chosen[0]][0] - 1, 2] = 1
    assert metrics.best([torn, camels[chosen[0]]], [switches[chosen[0]]] * 2, "camel", judge, n=1) == [1]
    # nothing of the second mind's
    assert metrics.best(camels[:2], [(len(camels[0]),), switches[1]], "camel", judge, n=1) == [1]
    with pytest.raises(ValueError, match="knows no unicorn"):
        metrics.best(camels, switches[:30], "unicorn", judge)
    with pytest.raises(ValueError, match="3 drawings to choose 12 from"):
        metrics.best(camels[:3], switches[:3], "camel", judge)


def test_bad_input_is_refused_by_name(tmp_path):
    good = plate("good")
    for plates, title, name, facts, words in [
        ([], "t", "a.pdf", FACTS, "no plates"),
        ([good], "t", "a.svg", FACTS, r"should end in \.pdf"),
        ([plate("much", 13)], "t", "a.pdf", FACTS, "plate 'much' has 13 drawings"),
        ([good._replace(switches=[])], "t", "a.pdf", FACTS, "plate 'good' has 0 switches for 3"),
        ([good._replace(sketches=[np.zeros((0, 3))] * 3)], "t", "a.pdf", FACTS, "no points"),
        ([good], "t" * 80, "a.pdf", FACTS, "too long for a page"),
        ([good], "t", "a.pdf", {"command": "word " * 900}, "say less"),
    ]:
        with pytest.raises(ValueError, match=words):
            booklet.save_booklet(plates, tmp_path / name, title, facts)
    assert list(tmp_path.iterdir()) == []
