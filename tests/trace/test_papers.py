"""Drawings on papers of other kinds than white: what is ink there comes whole, and what is none is told."""

import cv2
import numpy as np
import pytest
from test_pictures import as_picture, assert_traced, drawing, grey, inked, lines_of, stored

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
