"""Bitmaps: ink where the pen drew and nowhere else, one scale for both sides, and the same alone as in a batch."""

import numpy as np
import pytest

from helpers.data.formats import read
from helpers.sketch.raster import MARGIN, render, render_batch
from helpers.sketch.strokes import from_polylines


@pytest.fixture(scope="module")
def drawings(mirror):
    return read(mirror / "sketchrnn" / "cat.npz", "test")


def ink_box(bitmap, above=64):
    rows, columns = np.nonzero(bitmap > above)
    return columns.min(), rows.min(), columns.max(), rows.max()


def test_a_bitmap_is_uint8_with_ink_255_on_paper_0():
    bitmap = render(from_polylines([[[0, 0], [10, 0]]]), 48, 2)
    assert bitmap.shape == (48, 48)
    assert bitmap.dtype == np.uint8
    assert (bitmap.min(), bitmap.max()) == (0, 255)


def test_a_level_line_puts_its_ink_on_the_middle_rows_from_margin_to_margin():
    bitmap = render(from_polylines([[[0, 0], [10, 0]]]), 48)
    assert (bitmap[23:25, 4:44] > 100).all()
    assert bitmap[:23].max() < 16 and bitmap[25:].max() < 16
    assert not bitmap[:, :3].any() and not bitmap[:, 46:].any()


def test_y_grows_downward():
    bitmap = render(from_polylines([[[0, 0], [10, 10]]]), 48)
    assert bitmap[6, 6] and bitmap[41, 41]
    assert not bitmap[6, 41] and not bitmap[41, 6]


def test_the_pen_leaves_no_ink_where_it_travels():
    # two uprights; the pen goes from the foot of the first to the head of the second
    bitmap = render(from_polylines([[[0, 0], [0, 10]], [[10, 0], [10, 10]]]), 48)
    assert not bitmap[:, 8:40].any()
    assert bitmap[10:38, :8].any(axis=1).all() and bitmap[10:38, 40:].any(axis=1).all()


@pytest.mark.parametrize("line_width", [1, 2, 3.5])
def test_dots_are_visible_alone_first_and_last(line_width):
    alone = render(from_polylines([[[7, 7]]]), 48, line_width)
    assert alone[23:25, 23:25].max() > 100
    assert (alone > 0).sum() <= (line_width + 3) ** 2
    eyes = render(from_polylines([[[0, 0]], [[0, 10], [10, 10]], [[10, 0]]]), 48, line_width)
    assert eyes[:10, :10].max() > 100 and eyes[:10, 38:].max() > 100


@pytest.mark.parametrize("length", [0, 0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("angle", [0, 0.8, 2.5])
def test_a_stroke_shorter_than_the_pen_is_wide_is_as_dark_as_a_dot(length, angle):
    # the frame is 41 pixels wide between the margins
    dash = np.array([[20, 20], [20 + length * np.cos(angle), 20 + length * np.sin(angle)]])
    bitmap = render(from_polylines([[[0, 0], [41, 0]], [[0, 41], [41, 41]], dash]), 48)
    assert bitmap[10:38, 10:38].max() == 255
    assert 3.5 < bitmap[10:38, 10:38].sum() / 255 < 6.5


@pytest.mark.parametrize("width, height", [(20, 10), (10, 20), (300, 20), (0.02, 0.01)])
def test_one_scale_serves_both_sides_whatever_the_size(width, height):
    corners = [[0, 0], [width, 0], [width, height], [0, height], [0, 0]]
    x0, y0, x1, y1 = ink_box(render(from_polylines([corners]), 96), 100)
    longer = 96 - 2 * MARGIN * 96 - 1
    assert abs((x1 - x0) - longer * width / max(width, height)) <= 2
    assert abs((y1 - y0) - longer * height / max(width, height)) <= 2


@pytest.mark.parametrize("size, line_width", [(28, 1), (48, 1), (48, 3), (128, 2)])
def test_real_drawings_are_centred_with_an_empty_margin(drawings, size, line_width):
    margin = round(MARGIN * size - 1)  # OpenCV's antialiasing reaches a pixel further, faintly
    for bitmap in render_batch(drawings, size, line_width):
        assert max(bitmap[:margin].max(), bitmap[-margin:].max()) < 32
        assert max(bitmap[:, :margin].max(), bitmap[:, -margin:].max()) < 32
        x0, y0, x1, y1 = ink_box(bitmap)
        assert abs(x0 + x1 - size + 1) <= 3 and abs(y0 + y1 - size + 1) <= 3


@pytest.mark.parametrize("line_width", [1, 2.5])
def test_a_drawing_looks_the_same_alone_as_in_a_batch(drawings, line_width):
    batch = render_batch(drawings, 48, line_width)
    assert batch.shape == (len(drawings), 48, 48)
    for sketch, bitmap in zip(drawings, batch, strict=True):
        np.testing.assert_array_equal(render(sketch, 48, line_width), bitmap)


def test_where_a_drawing_starts_and_how_large_it_is_do_not_matter(drawings):
    large = [sketch * np.float32([4, 4, 1]) for sketch in drawings]
    np.testing.assert_array_equal(render_batch(drawings, 48), render_batch(large, 48))


def test_ink_grows_with_the_line_width_and_stays_as_dark(drawings):
    ink = [render_batch(drawings, 64, width).mean() for width in (0.5, 1, 2, 3)]
    assert ink[0] < ink[1] < ink[2] < ink[3]
    upright = from_polylines([[[0, 0], [0, 10]]])
    for width in (2, 3, 4):
        assert abs(render(upright, 64, width)[32].sum() / 255 - width) < 0.6


def test_a_batch_of_none_is_an_empty_stack():
    assert render_batch([], 48).shape == (0, 48, 48)


def test_a_drawing_without_points_is_refused_by_its_number():
    good = from_polylines([[[0, 0], [1, 1]]])
    with pytest.raises(ValueError, match="drawing 700 has no points"):
        render_batch([good] * 700 + [np.zeros((0, 3), np.float32)], 48)


@pytest.mark.parametrize("line_width", [0, -1])
def test_a_line_of_no_width_is_refused(line_width):
    with pytest.raises(ValueError, match="must be positive"):
        render(from_polylines([[[0, 0], [1, 1]]]), 48, line_width)


def test_a_drawing_that_is_not_finite_is_named_and_harms_no_other():
    line = np.array([[10, 0, 1]], np.float32)
    with pytest.raises(ValueError, match="drawing 1 has offsets that are not finite"):
        render_batch([line, line * np.nan, line], 16)
