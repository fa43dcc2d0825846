import numpy as np
import pytest

from helpers.evaluate.completion import Likeness, best_and_mean, first_ink, likeness
from helpers.sketch.strokes import from_polylines, to_polylines

SQUARE = [[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]]
ROOF = [[0, 0], [50, -60], [100, 0]]
DOOR = [[40, 100], [40, 60], [60, 60], [60, 100]]
HOUSE = from_polylines([SQUARE, ROOF, DOOR])
GIVEN = 4  # rows of the square


def test_what_the_person_drew_is_wholly_alike():
    assert likeness(HOUSE, HOUSE, GIVEN) == (1, 1)
    assert likeness(HOUSE, HOUSE, 2) == (1, 1)


def test_the_beginning_alone_finds_no_stroke_and_its_ink_is_part_of_all():
    alone = likeness(HOUSE[:GIVEN], HOUSE, GIVEN)
    assert alone.recall == 0
    # about the square's share of the length of all lines
    assert alone.iou == pytest.approx(400 / (400 + 156 + 100), abs=0.1)


def test_one_stroke_of_two_is_found_wherever_it_comes_and_whichever_way():
    finished = from_polylines([SQUARE, [[300, 0], [300, 90]], ROOF[::-1]])
    assert likeness(finished, HOUSE, GIVEN).recall == 0.5


def test_ink_far_away_counts_against():
    far = from_polylines([SQUARE, ROOF, DOOR, [[130, 0], [130, 100]]])
    assert likeness(far, HOUSE, GIVEN).iou < 0.9 and likeness(far, HOUSE, GIVEN).recall == 1


def test_a_beginning_that_was_cut_inside_a_stroke_is_finished_by_its_rest():
    whole = from_polylines([SQUARE, ROOF])
    rest = from_polylines([SQUARE[:3], SQUARE[2:], ROOF])
    assert likeness(whole, whole, 2).recall == 1
    # the same ink by a pen that was lifted where the beginning ends
    assert likeness(rest, whole, 2) == (1, 1)
    assert likeness(from_polylines([SQUARE]), whole, 2).recall == 0.5


def test_there_must_be_something_left_to_draw():
    with pytest.raises(ValueError, match="9 rows were given of a drawing of 9"):
        likeness(HOUSE[:9], HOUSE[:9], 9)


@pytest.mark.parametrize("share, length", [(0.1, 10), (0.5, 50), (0.75, 75), (1, 100)])
def test_so_much_of_the_ink_is_drawn(share, length):
    sketch = from_polylines([[[0, 0], [40, 0]], [[0, 50], [60, 50]]])
    lines = to_polylines(first_ink(sketch, share))
    assert sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines) == pytest.approx(length)
    assert len(lines) == 1 + (share > 0.4)


def test_all_of_the_ink_is_the_drawing_itself_and_none_is_refused():
    np.testing.assert_allclose(first_ink(HOUSE, 1), HOUSE, atol=1e-4)
    assert len(first_ink(from_polylines([[[5, 5]]]), 0.3)) == 1
    with pytest.raises(ValueError, match="share is 0"):
        first_ink(HOUSE, 0)


def test_the_best_of_each_number_and_the_mean():
    best, mean = best_and_mean([[Likeness(0.2, 1), Likeness(0.6, 0)], [Likeness(0.4, 0), Likeness(0.4, 0)]])
    assert best == pytest.approx((0.5, 0.5)) and mean == pytest.approx((0.4, 0.25))
