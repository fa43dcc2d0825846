import sys

import numpy as np
import pytest

from helpers.evaluate.topology import geometry_score, living_times


def ring(inner, outer, seed, n=800, aside=0.0):
    """Points spread evenly over a ring: a circle where both radii are one, a disc where the inner is 0."""
    rng = np.random.default_rng(seed)
    radius, turn = np.sqrt(rng.uniform(inner**2, outer**2, n)), rng.uniform(0, 2 * np.pi, n)
    return np.column_stack([radius * np.cos(turn) + aside, radius * np.sin(turn)])


two = np.concatenate([ring(1, 1, 0, 400), ring(1, 1, 1, 400, 3.0)])
SHAPES = {"disc": ring(0, 1, 0), "annulus": ring(0.6, 1, 0), "circle": ring(1, 1, 0), "two circles": two}


@pytest.mark.parametrize(
    ("shape", "loops", "share"),
    [("disc", 0, 0.65), ("annulus", 1, 0.75), ("circle", 1, 0.95), ("two circles", 2, 0.95)],
)
def test_shapes_have_as_many_loops_as_everyone_knows(shape, loops, share):
    pytest.importorskip("gudhi", reason="gudhi is missing: it comes with the extra bench")
    times = living_times(SHAPES[shape], gamma=1 / 8, samples=8)
    assert times.argmax() == loops and times[loops] > share
    assert times.sum() == pytest.approx(1, abs=0.01)


def test_the_score_tells_a_circle_from_a_disc_and_not_from_another_circle():
    pytest.importorskip("gudhi", reason="gudhi is missing: it comes with the extra bench")
    score = {name: geometry_score(SHAPES[name], ring(1, 1, 5), 1 / 8, samples=8) for name in SHAPES}
    assert score["circle"] < 0.001 < score["annulus"] < score["disc"]
    assert score["disc"] > 1 and score["two circles"] > 1
    flat = np.zeros((800, 5))  # neither place, size nor features without news matter
    flat[:, [1, 4]] = 7 * ring(1, 1, 6) + 20
    assert geometry_score(flat, flat @ np.eye(5), 1 / 8, samples=8) < 0.001


def test_a_seed_gives_the_same_score_again_and_no_group_is_measured_by_the_landmarks_of_the_other():
    pytest.importorskip("gudhi", reason="gudhi is missing: it comes with the extra bench")
    first, again, other = (geometry_score(SHAPES["disc"], SHAPES["disc"], 1 / 8, 4, seed) for seed in (3, 3, 4))
    assert first == again != other
    assert first > 0


def test_without_gudhi_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gudhi", None)
    with pytest.raises(ImportError, match=r"needs gudhi: pip install -e '\.\[bench\]'"):
        geometry_score(SHAPES["disc"], SHAPES["disc"])


def test_groups_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="64"):
        geometry_score(np.zeros((64, 2)), np.zeros((64, 2)))
    with pytest.raises(ValueError, match="finite"):
        living_times(np.full((70, 2), np.nan))
