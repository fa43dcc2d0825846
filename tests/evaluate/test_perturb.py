import numpy as np
import pytest

from helpers.data.formats import read
from helpers.evaluate import perturb
from helpers.sketch.raster import render
from helpers.sketch.strokes import bounds, from_polylines, to_polylines
from helpers.trace.vectorize import trace_reference

HOUSE = from_polylines([[(0, 100), (0, 0), (100, 0), (100, 100), (0, 100)], [(0, 0), (50, -60), (100, 0)], [(50, 50)]])


def lines_of(sketch):
    lines = to_polylines(sketch)
    return [line - lines[0].min(axis=0) for line in lines]


def test_a_retraced_drawing_shows_the_same_in_the_size_of_quick_draw():
    (traced,) = perturb.retrace([HOUSE])
    assert (bounds(traced)[1] - bounds(traced)[0]).max() == pytest.approx(255, abs=1)
    a, b = render(HOUSE, 64, 3) > 100, render(traced, 64, 3) > 100
    assert (a & b).sum() / (a | b).sum() > 0.9


def test_a_drawing_that_cannot_be_traced_is_named_by_its_number():
    dot = from_polylines([[(0, 0)]])
    with pytest.raises(ValueError, match="drawing 1: "):
        perturb.retrace([HOUSE, dot], trace_reference)


def test_shuffled_strokes_are_the_same_strokes():
    orders = set()
    for seed in range(20):
        shuffled = perturb.shuffle_order(HOUSE, np.random.default_rng(seed))
        lengths = [len(line) for line in to_polylines(shuffled)]
        orders.add(tuple(lengths))
        assert sorted(max(n, 2) for n in lengths) == [2, 3, 5]
        a, b = render(HOUSE, 64, 3) > 100, render(shuffled, 64, 3) > 100
        assert (a & b).sum() / (a | b).sum() > 0.95
    assert len(orders) > 3


def test_turned_strokes_keep_their_order_and_their_place():
    turned = [perturb.shuffle_directions(HOUSE, np.random.default_rng(seed)) for seed in range(40)]
    for sketch in turned:
        assert [len(line) for line in to_polylines(sketch)] == [5, 3, 1]
        assert (render(sketch, 64, 3) == render(HOUSE, 64, 3)).mean() > 0.99
    assert len({sketch.tobytes() for sketch in turned}) == 4


def test_cut_corners_turn_less_sharply_and_ends_stay():
    smooth = perturb.smooth(HOUSE)
    for before, after in zip(lines_of(HOUSE), lines_of(smooth), strict=True):
        np.testing.assert_allclose(after[[0, -1]], before[[0, -1]], atol=1e-3)
    roof = to_polylines(smooth)[1]
    steps = np.diff(roof, axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))))
    assert turns.max() < 1.0 < 1.7  # the ridge turned by about 100 degrees before
    assert len(roof) > 3


@pytest.mark.parametrize("name", ["nose", "eye"])
def test_real_drawings_look_the_same_after_every_change(name, mirror):
    rng = np.random.default_rng(0)
    for sketch in read(mirror / "sketchrnn" / f"{name}.npz", "test")[:40]:
        before = render(sketch, 64, 4) > 100
        for changed in (
            perturb.retrace([sketch])[0],
            perturb.shuffle_order(sketch, rng),
            perturb.shuffle_directions(sketch, rng),
            perturb.smooth(sketch),
        ):
            after = render(changed, 64, 4) > 100
            assert (before & after).sum() / (before | after).sum() > 0.6
