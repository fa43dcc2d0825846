import numpy as np
import pytest

from helpers.sketch import polyline, stroke5, strokes

SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], float)


def test_lengths_and_boxes_of_a_square_and_of_a_dot():
    assert polyline.step_lengths(SQUARE).tolist() == [10, 10, 10, 10]
    assert polyline.measure_length(SQUARE) == 40 and polyline.measure_length(SQUARE[:1]) == 0
    assert polyline.distances_along(SQUARE).tolist() == [0, 10, 20, 30, 40]
    centre, sides = polyline.find_box([SQUARE, SQUARE + 10])
    assert centre.tolist() == [10, 10] and sides.tolist() == [20, 20]


def test_points_at_even_distances_keep_the_ends():
    np.testing.assert_allclose(polyline.resample(SQUARE, 9)[:3], [[0, 0], [5, 0], [10, 0]])
    every = polyline.resample_every(SQUARE[:2], 3)
    np.testing.assert_allclose(every[:, 0], [0, 3, 6, 9, 10])


def test_even_points_are_the_middles_of_pieces_over_all_lines():
    lines = [np.array([[0, 0], [2, 0]], float), np.array([[5, 5], [5, 7]], float)]
    np.testing.assert_allclose(polyline.spread_evenly(lines, 4), [[0.5, 0], [1.5, 0], [5, 5.5], [5, 6.5]])
    np.testing.assert_allclose(polyline.spread_evenly([SQUARE[:1], SQUARE[1:2]], 4), SQUARE[:2])  # dots: their places


def test_the_two_simplifications_agree_but_where_a_stroke_turns_back_on_itself():
    wave = np.column_stack([np.arange(60), 4 * np.sin(np.arange(60) / 5)])
    official, left = polyline.simplify_as_official(wave, 1.0, 10_000)
    np.testing.assert_array_equal(official, polyline.simplify_line(wave, 1.0))
    assert 0 < left < 10_000
    back = np.array([[0, 0], [30, 0], [10, 0]], float)  # the tip lies on the endless line, and not on the segment
    assert len(polyline.simplify_line(back, 1.0)) == 3
    assert len(polyline.simplify_as_official(back, 1.0, 100)[0]) == 2
    with pytest.raises(ValueError, match="turns back and forth"):
        polyline.simplify_as_official(wave, 0.1, 50)


def test_rows_belong_to_the_mind_that_drew_them():
    sketch = np.zeros((5, 3), np.float32)
    assert strokes.minds_of_rows(sketch, ()).tolist() == [0] * 5
    assert strokes.minds_of_rows(sketch, 2).tolist() == [0, 0, 1, 1, 1]
    assert strokes.minds_of_rows(sketch, (1, 1, 4), 4).tolist() == [0, 2, 2, 2, 3]
    with pytest.raises(ValueError, match="switches must rise"):
        strokes.minds_of_rows(sketch, (3, 2))
    with pytest.raises(ValueError, match="2 switches need 3 colours, but there are 2"):
        strokes.minds_of_rows(sketch, (1, 2), 2)


def test_stroke5_of_a_batch_is_that_of_each():
    sketches = [np.array([[3, 0, 0], [0, 4, 1]], np.float32), np.array([[1, 1, 1]], np.float32)]
    batch = stroke5.to_stroke5_batch(sketches, 4)
    np.testing.assert_array_equal(batch, [stroke5.to_stroke5(sketch, 4) for sketch in sketches])
    np.testing.assert_array_equal(stroke5.to_stroke5_batch(sketches, 4, 2.0)[0, :2, :2], [[1.5, 0], [0, 2]])
    with pytest.raises(ValueError, match="a drawing of 2 points and its end need 3 rows, not 2"):
        stroke5.to_stroke5_batch(sketches, 2)
