"""Files that people take away: what is in them, and the recipe inside."""

import cv2
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from helpers import export
from helpers.data.formats import read
from helpers.export import save
from helpers.sketch.raster import render

RECIPE = {"model": "menagerie", "classes": ["cloud", "camel"], "seed": 7, "z": [0.25, -1.5e-9], "note": "é 象 <&\n"}


@pytest.fixture(scope="module")
def cat(mirror):
    return read(mirror / "sketchrnn" / "cat.npz", "test")[0]


@pytest.mark.parametrize("suffix", save.FORMATS)
def test_a_file_gives_its_recipe_back(cat, tmp_path, suffix):
    path = export.save_drawing(cat, tmp_path / f"cat{suffix}", switches=(9,), recipe=RECIPE)
    assert export.read_recipe(path) == RECIPE


@pytest.mark.parametrize("suffix", save.FORMATS)
def test_a_long_recipe_survives(cat, tmp_path, suffix):
    recipe = {"z": np.random.default_rng(0).normal(size=1024).tolist()}
    assert export.read_recipe(export.save_drawing(cat, tmp_path / f"cat{suffix}", recipe=recipe)) == recipe


@pytest.mark.parametrize("suffix", save.FORMATS)
def test_a_file_is_the_same_on_every_run(cat, tmp_path, suffix):
    a, b = (export.save_drawing(cat, tmp_path / f"{n}{suffix}", switches=(9,), recipe=RECIPE) for n in "ab")
    assert a.read_bytes() == b.read_bytes()


def to_its_box(bitmap):
    """Where there is ink, in a square of 64 pixels that the ink fills."""
    x, y, width, height = cv2.boundingRect(bitmap)
    return cv2.resize(bitmap[y : y + height, x : x + width], (64, 64), interpolation=cv2.INTER_AREA) > 40


def test_a_png_shows_the_drawing_in_the_colours_of_its_minds(cat, tmp_path):
    path = export.save_drawing(cat, tmp_path / "cat.png", switches=(len(cat) // 2,))
    picture = np.asarray(Image.open(path).convert("RGB")).astype(int)
    assert picture.shape[0] == picture.shape[1] == int(90 / 25.4 * 300)
    ink = picture.sum(axis=2) < 600
    seen, drawn = (to_its_box(bitmap) for bitmap in (ink.astype(np.uint8) * 255, render(cat, 1000, line_width=16)))
    assert (seen & drawn).sum() > 0.85 * seen.sum() > 0.4 * drawn.sum()  # its line is the thinner one
    red = picture[..., 0] - picture[..., 2]
    assert (red > 100).sum() > 500 and (red[ink] < 0).sum() > 500


def test_a_pdf_is_one_square_page_of_lines(cat, tmp_path):
    (page,) = PdfReader(export.save_drawing(cat, tmp_path / "cat.pdf")).pages
    assert [float(side) for side in page.mediabox[2:]] == pytest.approx([255.1, 255.1], abs=0.1)
    assert page.get_contents().get_data().count(b" c\n") > 5  # curves
    assert not page.images


def test_a_gif_draws_the_drawing_in_three_seconds(cat, tmp_path):
    with Image.open(export.save_drawing(cat, tmp_path / "cat.gif", recipe=RECIPE)) as gif:
        assert gif.n_frames > 20
        ink, seconds = [], 0
        for frame in range(gif.n_frames):
            gif.seek(frame)
            ink.append((np.asarray(gif.convert("L")) < 200).sum())
            seconds += gif.info["duration"] / 1000
    assert seconds == pytest.approx(3, abs=0.2)
    assert ink[0] < 0.2 * ink[-1]


def test_other_endings_are_refused(cat, tmp_path):
    with pytest.raises(ValueError, match=r"\.svg, \.pdf, \.png, \.gif"):
        export.save_drawing(cat, tmp_path / "cat.jpg")
    with pytest.raises(ValueError, match=r"\.svg, \.pdf, \.png, \.gif"):
        export.read_recipe(tmp_path / "cat.jpg")


@pytest.mark.parametrize("suffix", [".pdf", ".png", ".gif"])
def test_a_file_without_a_recipe_or_damaged_says_so(cat, tmp_path, suffix):
    plain, damaged = tmp_path / f"plain{suffix}", tmp_path / f"damaged{suffix}"
    if suffix == ".pdf":
        export.draw_figure(cat).savefig(plain)
    else:
        Image.new("L", (8, 8)).save(plain)
    damaged.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="no recipe"):
        export.read_recipe(plain)
    with pytest.raises(ValueError, match="damaged"):
        export.read_recipe(damaged)


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_recipe_from_before_drawings_were_read_as_parts_keeps_its_way(cat, tmp_path, suffix):
    lines = ["drawn = switch(model, Switched([mine], [(3, 7)]), 'camel', at=1,", "               cooler=0.1, seed=7)"]
    recipe = {"settings": {"at": 0.5}, "code": "\n".join([*lines, "sketch = drawn.sketches[0]", "draw(sketch)", ""])}
    again = export.read_recipe(export.save_drawing(cat, tmp_path / f"cat{suffix}", recipe=recipe))
    assert again["settings"] == {"at": 0.5, "fit": False}
    assert again["code"] == recipe["code"].replace("seed=7)", "seed=7, fit=False)")
    later = recipe | {"settings": {"at": 0.5, "fit": True}}
    assert export.read_recipe(export.save_drawing(cat, tmp_path / f"cat{suffix}", recipe=later)) == later


def test_a_recipe_that_json_cannot_hold_writes_no_file(cat, tmp_path):
    for suffix in save.FORMATS:
        with pytest.raises(ValueError, match="JSON"):
            export.save_drawing(cat, tmp_path / f"cat{suffix}", recipe={"z": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".SVG", ".Png"])
def test_an_ending_in_capitals_is_the_same_ending(cat, tmp_path, suffix):
    path = export.save_drawing(cat, tmp_path / f"cat{suffix}", recipe={"seed": 1})
    assert path.name == f"cat{suffix}" and export.read_recipe(path) == {"seed": 1}
