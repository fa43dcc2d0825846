"""Forms of a sketch: each turn and back again, prefixes, simplification, and what is refused."""

import re

import numpy as np
import pytest

from helpers.data.formats import read
from helpers.sketch import stroke5, strokes
from helpers.sketch.raster import render

SQUARE = np.array([[10, 0, 0], [0, 10, 0], [-10, 0, 0], [0, -10, 1]], np.float32)


@pytest.fixture(scope="module")
def drawings(mirror):
    return read(mirror / "sketchrnn" / "pig.npz", "test")


def segment_distance(points, line):
    """The distance of each point (n, 2) from the nearest segment of a polyline (K, 2)."""
    start, end = line[:-1], line[1:]
    along = end - start
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    t = np.clip(((points[:, None] - start) * along).sum(axis=2) / length, 0, 1)
    return np.linalg.norm(points[:, None] - (start + t[..., None] * along), axis=2).min(axis=1)


def test_polylines_become_offsets_from_the_first_point_and_the_pen_lifts_after_each():
    sketch = strokes.from_polylines([[[5, 5], [8, 9]], [[1, 1], [1, 4]]])
    np.testing.assert_array_equal(sketch, [[3, 4, 1], [-7, -8, 0], [0, 3, 1]])
    assert sketch.dtype == np.float32


def test_real_drawings_come_back_whole_from_polylines(drawings):
    for sketch in drawings:
        polylines = strokes.to_polylines(sketch, origin=(30, 40))
        np.testing.assert_array_equal(polylines[0][0], (30, 40))
        assert len(polylines) == sketch[:, 2].sum()
        np.testing.assert_array_equal(strokes.from_polylines(polylines), sketch)


def test_a_dot_after_the_first_stroke_is_one_point_and_comes_back():
    polylines = strokes.to_polylines(strokes.from_polylines([[[0, 0], [9, 0]], [[4, 4]], [[6, 6], [7, 7]]]))
    assert [line.tolist() for line in polylines] == [[[0, 0], [9, 0]], [[4, 4]], [[6, 6], [7, 7]]]


def test_a_dot_that_begins_a_drawing_is_two_equal_points():
    sketch = strokes.from_polylines([[[4, 4]], [[6, 6], [7, 7]]])
    np.testing.assert_array_equal(sketch[0], [0, 0, 1])
    assert [len(line) for line in strokes.to_polylines(sketch)] == [2, 2]


def test_strokes_without_points_are_left_out_and_nothing_but_them_is_refused():
    np.testing.assert_array_equal(strokes.from_polylines([[], [[0, 0], [1, 2]], []]), [[1, 2, 1]])
    with pytest.raises(ValueError, match="no points"):
        strokes.from_polylines([[], []])


def test_stroke5_has_one_pen_state_a_row_and_ends_with_end_rows():
    rows = stroke5.to_stroke5(SQUARE, 7)
    np.testing.assert_array_equal(rows[:, 2:].sum(axis=1), np.ones(7))
    np.testing.assert_array_equal(rows[:, stroke5.END], [0, 0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(rows[4:, :2], np.zeros((3, 2)))


def test_real_drawings_come_back_whole_from_stroke5(drawings):
    for sketch in drawings:
        for length in (len(sketch) + 1, 300):
            np.testing.assert_array_equal(stroke5.from_stroke5(stroke5.to_stroke5(sketch, length)), sketch)


def test_stroke5_refuses_a_length_without_room_for_the_end():
    with pytest.raises(ValueError, match="4 points and its end need 5 rows, not 4"):
        stroke5.to_stroke5(SQUARE, 4)


def test_stroke5_without_an_end_row_is_taken_whole_and_lifts_the_pen_at_last():
    sketch = stroke5.from_stroke5(stroke5.to_stroke5(SQUARE, 5)[:3])
    np.testing.assert_array_equal(sketch[:, 2], [0, 0, 1])


def test_no_point_that_simplify_removes_lies_more_than_epsilon_from_what_is_left(drawings):
    removed = 0
    for sketch in drawings:
        before, after = strokes.to_polylines(sketch), strokes.to_polylines(strokes.simplify(sketch, 4.0))
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            removed += len(old) - len(new)
            if len(new) > 1:
                assert segment_distance(old, new).max() <= 4 + 1e-9
            np.testing.assert_array_equal(old[[0, -1]], new[[0, -1]])
    assert removed > 1000


def test_simplify_keeps_a_corner_and_drops_what_lies_on_a_line():
    sketch = strokes.from_polylines([[[0, 0], [5, 0.5], [10, 0], [10, 5], [10, 10]]])
    np.testing.assert_array_equal(strokes.simplify(sketch, 1.0), [[10, 0, 0], [0, 10, 1]])


@pytest.mark.parametrize("fraction, kept", [(0, 0), (1 / 3, 1), (0.5, 2), (2 / 3, 2), (1, 3)])
def test_a_prefix_is_the_first_whole_strokes(fraction, kept):
    sketch = strokes.from_polylines([[[0, 0], [1, 0], [2, 0]], [[3, 3], [4, 4]], [[5, 5], [6, 6]]])
    begun = strokes.prefix(sketch, fraction)
    np.testing.assert_array_equal(begun, sketch[: [0, 2, 4, 6][kept]])


def test_a_prefix_of_one_stroke_is_cut_inside_it_with_the_pen_still_down():
    begun = strokes.prefix(SQUARE, 0.5)
    np.testing.assert_array_equal(begun, SQUARE[:2])
    assert begun[-1, 2] == 0
    assert len(strokes.prefix(SQUARE, 0.01)) == 1


def test_a_prefix_of_two_strokes_is_cut_inside_one_unless_it_ends_between_them():
    line = np.column_stack([np.arange(10), np.arange(10)])
    sketch = strokes.from_polylines([line, line + 20])  # 9 rows, then 10
    assert len(strokes.prefix(sketch, 1 / 3)) == 6
    assert len(strokes.prefix(sketch, 0.5)) == 9
    assert len(strokes.prefix(sketch, 0.75)) == 14


def test_every_prefix_of_a_real_drawing_has_points_and_leaves_some(drawings):
    for sketch in drawings:
        for fraction in (0.1, 1 / 3, 0.5, 0.9):
            begun = strokes.prefix(sketch, fraction)
            assert 0 < len(begun) < len(sketch)
            np.testing.assert_array_equal(begun, sketch[: len(begun)])


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_prefix_outside_nought_to_one_is_refused(fraction):
    with pytest.raises(ValueError, match="between 0 and 1"):
        strokes.prefix(SQUARE, fraction)


def test_fit_fills_the_longer_side_and_centres_the_ink(drawings):
    for sketch in drawings:
        fitted, origin = strokes.fit_box(sketch, 100)
        points = strokes.absolute(fitted, origin)
        low, high = points.min(axis=0), points.max(axis=0)
        np.testing.assert_allclose((high - low).max(), 100, atol=1e-3)
        np.testing.assert_allclose((low + high) / 2, (50, 50), atol=1e-3)
        box = np.diff(strokes.bounds(sketch), axis=0)[0]
        np.testing.assert_allclose(high - low, box * 100 / box.max(), atol=1e-3)  # the aspect is kept
        np.testing.assert_array_equal(fitted[:, 2], sketch[:, 2])


def test_fit_centres_a_dot_and_leaves_its_scale():
    fitted, origin = strokes.fit_box(np.array([[0, 0, 1]], np.float32), 48)
    np.testing.assert_array_equal(fitted, [[0, 0, 1]])
    np.testing.assert_array_equal(origin, [24, 24])


@pytest.mark.parametrize(
    "wrong, message",
    [
        (np.zeros((4, 2)), r"\(N, 3\).*\(4, 2\)"),
        (np.zeros((0, 3)), "no points"),
        (np.array([["a", "b", "c"]]), "holds numbers"),
        ([[1, 1, 0], [np.nan, 1, 1]], "row 1 moves by"),
        ([[1, 1, 0], [1, np.inf, 1]], "row 1 moves by"),
        ([[2e5, 1, 1]], "row 0 moves by.*absurdly far"),
        ([[1, 1, 0.5]], "row 0 has lift 0.5"),
    ],
)
def test_check_says_what_is_wrong_and_in_which_row(wrong, message):
    with pytest.raises(ValueError, match=message):
        strokes.check(wrong)


def test_check_gives_a_good_sketch_back_as_float32():
    checked = strokes.check(SQUARE.astype(np.int64))
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, SQUARE)


def test_many_drawings_at_once_are_those_that_each_alone_would_be():
    rng = np.random.default_rng(0)
    drawings = [
        [rng.integers(0, 256, (rng.choice([0, 1, 1, 2, 9]), 2)).astype(np.uint8) for _ in range(rng.integers(0, 6))]
        for _ in range(500)
    ]
    lines = [line for drawing in drawings for line in drawing]
    rows, lengths = strokes.from_points(
        np.concatenate(lines), np.array([len(line) for line in lines]), np.array([len(drawing) for drawing in drawings])
    )
    assert rows.dtype == np.float32 and len(lengths) == 500
    for drawing, sketch in zip(drawings, np.split(rows, np.cumsum(lengths)[:-1]), strict=True):
        if any(map(len, drawing)):
            np.testing.assert_array_equal(sketch, strokes.from_polylines(drawing))
        else:
            assert len(sketch) == 0


def test_of_no_drawings_there_are_no_rows():
    rows, lengths = strokes.from_points(np.zeros((0, 2)), np.zeros(0, int), np.zeros(0, int))
    assert rows.shape == (0, 3) and lengths.shape == (0,)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([[1, 2, 0], [3, 4, 1]], "is a list"),
        (np.zeros((4, 5)), "has shape (4, 5)"),
        (np.zeros((4, 2)), "has shape (4, 2)"),
        (np.zeros(3), "has shape (3,)"),
    ],
)
@pytest.mark.parametrize("use", [strokes.to_polylines, render, strokes.bounds, lambda x: stroke5.to_stroke5(x, 9)])
def test_what_is_no_sketch_is_refused_with_its_shape_and_makes_no_wrong_picture(given, told, use):
    with pytest.raises(ValueError, match=re.escape(told)):
        use(given)
