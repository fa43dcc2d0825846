import numpy as np
import pytest

from helpers.evaluate.matching import in_order, match_strokes

ACROSS = np.array([[0.0, 0], [40, 0]])
DOWN = np.array([[0.0, 20], [0, 60]])
TICK = np.array([[50.0, 50], [60, 60], [80, 20]])
angle = np.linspace(0, 2 * np.pi, 41)
RING = np.column_stack([100 + 10 * np.cos(angle), 10 * np.sin(angle)])


def test_a_drawing_is_found_in_itself_in_order_and_the_right_way():
    strokes = [ACROSS, DOWN, TICK, RING]
    matches = match_strokes(strokes, strokes, 1)
    assert matches.truth.tolist() == matches.found.tolist() == [0, 1, 2, 3]
    assert matches.forward.all() and in_order(matches) == 1


def test_turned_and_shuffled_strokes_are_found_and_told():
    later_start = np.roll(RING[:-1], 13, axis=0)
    again = [np.concatenate([later_start, later_start[:1]]), TICK[::-1] + 0.5, DOWN, ACROSS]
    matches = match_strokes([ACROSS, DOWN, TICK, RING], again, 1)
    assert matches.found.tolist() == [3, 2, 1, 0] and in_order(matches) == 0
    assert matches.forward.tolist() == [True, True, False, True]
    assert not match_strokes([RING], [RING[::-1]], 1).forward.any()


def test_half_of_the_pairs_in_order():
    # 0 before 1 and 0 before 2 hold, 1 before 2 does not
    assert in_order(match_strokes([ACROSS, DOWN, TICK], [ACROSS, TICK, DOWN], 1)) == pytest.approx(2 / 3)


@pytest.mark.parametrize("other", [ACROSS + 5, ACROSS * 2, np.array([[0.0, 0], [20, 0]]), TICK])
def test_strokes_elsewhere_or_of_another_length_are_not_found(other):
    assert not len(match_strokes([ACROSS], [other], 2).truth)


def test_each_stroke_is_found_once():
    twice = match_strokes([ACROSS, ACROSS + 1], [ACROSS + 1], 3)
    assert twice.truth.tolist() == [1] and twice.found.tolist() == [0]


def test_nothing_is_found_in_nothing_and_a_dot_in_a_dot():
    assert not len(match_strokes([ACROSS], [], 1).truth)
    assert np.isnan(in_order(match_strokes([ACROSS], [ACROSS], 1)))
    dot = np.array([[3.0, 4]])
    assert len(match_strokes([dot], [dot + 0.5], 1).truth) == 1
    with pytest.raises(ValueError, match="near is 0"):
        match_strokes([dot], [dot], 0)
