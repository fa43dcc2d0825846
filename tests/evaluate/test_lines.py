"""Distances between lines: by hand where they are known, and from what `render` draws."""

import numpy as np
import pytest

from helpers.evaluate.lines import line_distances, true_lines
from helpers.sketch.raster import render

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
