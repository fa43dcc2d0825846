"""Drawings on papers of other kinds than white: what is ink there comes whole, and what is none is told."""

import cv2
import numpy as np
import pytest
from test_pictures import as_picture, assert_traced, drawing, grey, inked, lines_of, stored
from test_vectorize import ring

from helpers.trace.binding import without_binding
from helpers.trace.drawing import find_drawing


def photo_of_paper(dark, light, tone, white=245, black=35, slope=0.2):
    """Lines of two inks on paper of a colour with fibres, in light that falls from one side, as a phone keeps it."""
    random = np.random.default_rng(0)
    fibres = cv2.GaussianBlur(random.normal(0, 1, (480, 480)), None, 1.2)
    photo = np.array(tone, float) + (fibres / fibres.std())[..., None]
    for lines, ink in ((light, white), (dark, black)):
        cover = inked(lines, 480, 4.5)[..., None] if lines else 0
        photo = photo * (1 - cover) + ink * cover
    photo = photo * (1 - slope * np.linspace(1, 0, 480))[None, :, None] + random.normal(0, 2, photo.shape)
    return stored(as_picture(photo), "JPEG", quality=88)


@pytest.mark.parametrize("white", [245, 205])
@pytest.mark.parametrize("tone", [(193, 160, 118), (128, 128, 128), (70, 80, 120)], ids=["kraft", "grey", "blue"])
@pytest.mark.parametrize("count", [1, 2])
def test_white_ink_and_black_ink_on_paper_between_them_both_come(count, tone, white):
    truth = drawing(2)
    photo = photo_of_paper(truth[:count], truth[count:], tone, white)
    assert_traced(lines_of(photo), truth)
    photo = photo_of_paper(truth[count:], truth[:count], tone, white)
    assert_traced(lines_of(photo), truth)


def test_white_ink_that_crosses_black_ink_leaves_no_gap():
    truth = [np.array([(60.0, 240), (420, 240)]), np.array([(240.0, 60), (240, 420)])]
    assert_traced(lines_of(photo_of_paper(truth[:1], truth[1:], (193, 160, 118))), truth)


def test_lines_hardly_lighter_than_the_paper_are_told():
    truth = drawing(2)
    found = find_drawing(photo_of_paper(truth[:1], truth[1:], (230, 225, 215)))
    assert "2 lines hardly lighter than the paper" in found.left_out


@pytest.mark.parametrize("radius", [2, 6])
def test_the_halo_that_sharpening_leaves_beside_ink_is_no_ink(radius):
    page = grey(inked(drawing(2), 480, 5), 40, 150) * (0.8 + 0.2 * np.linspace(0, 1, 480))
    sharp = page + 1.5 * (page - cv2.GaussianBlur(page, None, radius))
    photo = as_picture(sharp + np.random.default_rng(1).normal(0, 1.5, page.shape))
    assert_traced(lines_of(photo), drawing(2))
    assert find_drawing(photo).left_out == ()


def bound_page(places=(), strip=None, noise=1.5, radius=11, lines=None):
    """A page 560 wide and 700 high with a drawing, holes at some places, and what a book's back does to its edge."""
    page = grey(inked(drawing(2, 80, 120) if lines is None else lines, 700, 4.5), 35, 240)[:, :560].astype(float)
    for place in places:
        page += (40 - page) * inked([np.array([place, place], float)], 700, 2 * radius)[:, :560]
    x = np.arange(560)
    if strip == "soft":
        page *= 1 - 0.85 * np.exp(-x / 14)
    elif strip == "right":
        page *= 1 - 0.85 * np.exp((x - 559) / 10)
    elif strip == "hard":
        page[:, :14] = 40
    return as_picture(page + np.random.default_rng(0).normal(0, noise, page.shape))


HOLES = {
    "2 punched holes": [(28, 200), (28, 500)],
    "4 punched holes": [(532, y) for y in (95, 260, 440, 605)],
    "3 punched holes": [(x, 30) for x in (100, 280, 460)],
}


@pytest.mark.parametrize("noise", [0, 1.5])
@pytest.mark.parametrize("told", HOLES)
def test_holes_punched_in_a_page_are_no_drawing_and_are_told(told, noise):
    page = bound_page(HOLES[told], noise=noise)
    assert f"{told} at the edge of the page" in find_drawing(page).left_out
    assert_traced(lines_of(page), drawing(2, 80, 120))


@pytest.mark.parametrize("noise", [0, 1.5])
@pytest.mark.parametrize("strip", ["soft", "right", "hard"])
def test_the_dark_strip_where_a_page_bends_into_the_books_back_is_no_drawing_and_is_told(strip, noise):
    page = bound_page(strip=strip, noise=noise)
    assert "1 dark strip at the edge of the page" in find_drawing(page).left_out
    assert_traced(lines_of(page), drawing(2, 80, 120))


def test_a_line_that_runs_into_the_strip_stays():
    truth = [*drawing(2, 80, 120), np.array([(-5.0, 60), (300, 60)])]
    lines = lines_of(bound_page(strip="hard", lines=truth))
    assert len(lines) == 4
    assert min(line[:, 0].min() for line in lines) < 22


@pytest.mark.parametrize(
    "discs", [[(150, 400), (350, 400)], [(28, 120), (28, 300)], [(28, 200), (532, 200), (28, 500), (532, 500)]]
)
def test_discs_that_are_drawn_stay(discs):
    """In the middle of a page, out of the middle of its side, at both sides."""
    found = find_drawing(bound_page(discs))
    assert not any("hole" in note for note in found.left_out)
    for x, y in discs:
        assert found.bitmap[y, x] > 128


@pytest.mark.parametrize("shape", ["L", "frame", "wall"])
def test_lines_drawn_along_the_edge_of_a_picture_are_no_strip(shape):
    darkness = inked([ring(120, 120, 60)], 240, 3).astype(np.float32)
    darkness[:, :3] = 1
    if shape != "wall":
        darkness[-3:] = 1
    if shape == "frame":
        darkness[:3] = darkness[:, -3:] = 1
    bare, holes, strips = without_binding(darkness, 0.1, True)
    assert (holes, strips) == (0, 0) and bare is darkness
    darkness[:, :12] = 1  # as wide as no line
    assert without_binding(darkness, 0.1, True)[2] == (shape == "wall")
