import numpy as np
import pytest

from helpers.evaluate.variations import redraw, vary
from helpers.sketch.raster import render_batch
from helpers.sketch.strokes import from_polylines, to_polylines


def face(seed):
    """A circle, two dots that are short lines, a mouth in two strokes that meet."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 24)
    ring = np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(60, 90, 2)
    eyes = [np.array([[x, -30], [x + 8, -30]]) for x in (-30, 22)]
    mouth = [np.array([[-30, 25], [-15, 35], [0, 38]]), np.array([[0, 38], [15, 35], [30, 25]])]
    return from_polylines([ring, *eyes, *mouth])


drawings = [face(seed) for seed in range(200)]


@pytest.fixture(scope="module")
def redrawn():
    rng = np.random.default_rng(0)
    return [redraw(sketch, rng) for sketch in drawings]


def test_a_drawing_drawn_in_another_way_is_the_same_picture(redrawn):
    before, after = (render_batch(group, 64) > 100 for group in (drawings, redrawn))
    alike = (before & after).sum(axis=(1, 2)) / (before | after).sum(axis=(1, 2))
    # one in ten has lost an eye or a half of the mouth
    assert 0.8 < (alike > 0.99).mean() < 0.97
    assert alike.min() > 0.6


def test_half_of_them_stay_as_they_were_drawn(redrawn):
    same = [len(a) == len(b) and (a == b).all() for a, b in zip(drawings, redrawn, strict=True)]
    assert 0.35 < np.mean(same) < 0.6


def test_strokes_are_joined_cut_reordered_and_begun_elsewhere(redrawn):
    counts = np.array([len(to_polylines(sketch)) for sketch in redrawn])
    assert (counts < 5).mean() > 0.15 and (counts > 5).any()  # a stroke is left out of a tenth only
    rings = [max(to_polylines(sketch), key=len) for sketch in redrawn]
    assert len({tuple(np.round(ring[0] - ring.mean(axis=0)).tolist()) for ring in rings}) > 20
    firsts = [len(to_polylines(sketch)[0]) for sketch in redrawn]
    assert np.mean(np.array(firsts) < 5) > 0.1  # another stroke than the ring is first


def test_the_only_stroke_is_never_left_out_and_dots_stay_drawings():
    rng = np.random.default_rng(1)
    for sketch in (drawings[0][:10], np.float32([[0, 0, 1]]), np.float32([[3, 0, 1], [0, 5, 1]])):
        lifted = np.array(sketch)
        lifted[-1, 2] = 1
        for _ in range(50):
            again = redraw(lifted, rng)
            assert len(again) >= 1 and again[-1, 2] == 1 and np.isfinite(again).all()


def test_the_same_random_numbers_vary_alike():
    one, two, other = (vary(drawings[:3], np.random.default_rng(seed)) for seed in (0, 0, 1))
    for a, b, c in zip(one, two, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.shape != c.shape or (a != c).any()
