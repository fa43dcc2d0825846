"""Distances between lines: by hand where they are known, and from what `render` draws."""

import numpy as np
import pytest

from helpers.evaluate.lines import find_lines, line_distances, measure_tracing, true_lines
from helpers.sketch.raster import render
from helpers.trace import contour, trace

LINE = [np.array([[0.0, 0], [10, 0]])]
SKETCH = np.array([[40, 0, 0], [0, 30, 1], [-20, 0, 0], [0, 10, 1]], np.float32)


def test_a_line_and_its_parallel_are_as_far_apart_as_they_are():
    assert line_distances(LINE, [LINE[0] + (0, 2)]) == pytest.approx((2, 2))
    assert line_distances(LINE, LINE) == (0, 0)


def test_chamfer_is_the_mean_both_ways_and_hausdorff_the_largest():
    # half of the line is missed: 0 to 5 pixels off there, and nothing the other way
    chamfer, hausdorff = line_distances(LINE, [np.array([[0.0, 0], [5, 0]])])
    assert chamfer == pytest.approx(5 / 8, abs=0.03)
    assert hausdorff == 5
    assert line_distances([np.array([[0.0, 0], [5, 0]])], LINE) == (chamfer, hausdorff)


def test_a_dot_is_a_place():
    assert line_distances([np.array([[3.0, 4]])], [np.array([[0.0, 0]])]) == (5, 5)


@pytest.mark.parametrize(("size", "line_width"), [(64, 1), (128, 2.5)])
def test_true_lines_run_along_the_middle_of_what_is_drawn(size, line_width):
    bitmap = render(SKETCH, size, line_width)
    lines = true_lines(SKETCH, size, line_width)
    assert [len(line) for line in lines] == [3, 2]
    rows, columns = np.nonzero(bitmap > 127)
    points = np.concatenate(lines)
    middle = np.add((columns.min(), rows.min()), (columns.max(), rows.max())) / 2
    np.testing.assert_allclose(middle, (points.min(axis=0) + points.max(axis=0)) / 2, atol=0.5)
    np.testing.assert_allclose(
        np.ptp(np.stack([columns, rows], axis=1), axis=0), np.ptp(points, axis=0) + line_width - 1, atol=1
    )


def nothing(bitmap):
    raise ValueError("no ink")


def test_lines_are_found_in_whichever_form_a_method_gives_them():
    bitmap = render(SKETCH, 96, 3)
    found = find_lines(trace, bitmap)
    assert len(found) == 2
    assert line_distances(true_lines(SKETCH, 96, 3), found)[0] < 0.5
    assert all(line.shape[1] == 2 for line in find_lines(contour, bitmap))
    assert find_lines(nothing, bitmap) == []


def test_tracing_is_measured_a_row_for_each_drawing_in_which_something_is_found():
    rows = measure_tracing(lambda bitmap: true_lines(SKETCH, 128, 2)[:1], [SKETCH, SKETCH], 128)
    assert rows.shape == (2, 4)
    assert (rows[:, 2] == 1).all()  # one of two strokes
    chamfer, hausdorff = line_distances(true_lines(SKETCH, 128, 2), true_lines(SKETCH, 128, 2)[:1])
    np.testing.assert_allclose(rows[0, :2], [chamfer, hausdorff])
    assert measure_tracing(nothing, [SKETCH], 64).shape == (0, 4)
