"""Animations: that they pass through their keys, do not jump, and come back to where they began."""

from itertools import permutations, product

import numpy as np
import pytest

from helpers.data.formats import read
from helpers.draw import decoding
from helpers.model import vae
from helpers.motion import tweening
from helpers.sketch.strokes import from_polylines, to_polylines


@pytest.fixture(scope="module")
def model():
    return vae.load_model("face-parts")


@pytest.fixture(scope="module")
def keys(model, mirror):
    eyes = read(mirror / "sketchrnn" / "eye.npz", "test")
    return decoding.encode(model, [eyes[i] for i in (3, 40, 77)])


def test_an_animation_passes_through_its_keys_and_has_so_many_frames(model, keys):
    opened = tweening.tween(model, keys, steps=4, tries=1, seed=5)
    ends = decoding.decode(model, keys, 0.1, [5] * 3)
    assert len(opened.sketches) == len(opened.origins) == 9
    for frame, end in zip(opened.sketches[::4], ends, strict=True):
        np.testing.assert_allclose(frame, end, atol=0.1)
    closed = tweening.tween(model, keys, steps=4, tries=1, seed=5, closed=True)
    assert len(closed.sketches) == 12
    np.testing.assert_allclose(closed.sketches[8], ends[2], atol=0.1)


def test_choosing_among_tries_makes_steps_smaller(model, keys):
    plain = tweening.step_sizes(tweening.tween(model, keys, tries=1, closed=True), closed=True)
    chosen = tweening.step_sizes(tweening.tween(model, keys, closed=True), closed=True)
    assert len(plain) == len(chosen) == 30
    assert chosen.mean() < 0.9 * plain.mean()
    assert chosen.max() < 0.7 * plain.max()


def test_the_same_seed_gives_the_same_frames(model, keys):
    first, again = (tweening.tween(model, keys[:2], steps=3, tries=4, seed=2) for _ in range(2))
    for a, b in zip(first.sketches, again.sketches, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("closed", [False, True])
def test_the_sequence_taken_is_the_best_of_all(closed):
    seen = np.random.default_rng(0).random((4, 3, 5)).astype(np.float32)

    def cost(taken):
        frames = seen[np.arange(4), list(taken)]
        steps = np.diff([*frames, frames[0]] if closed else frames, axis=0)
        return ((steps**2).sum(axis=1) ** 2).sum()

    best = min((taken for taken in product(range(3), repeat=4) if taken[0] == 1 and taken[2] == 2), key=cost)
    assert tweening._steadiest(seen, {0: 1, 2: 2}, closed, np.ones((4, 3), bool)).tolist() == list(best)


@pytest.mark.parametrize("closed", [False, True])
def test_of_the_tries_only_those_accepted_are_taken(closed):
    seen = np.random.default_rng(0).random((4, 3, 5)).astype(np.float32)
    good = np.array([[0, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 1]], bool)
    taken = tweening._steadiest(seen, {0: 1, 2: 2}, closed, good)
    assert good[np.arange(4), taken].all()


def test_frames_that_are_not_accepted_are_drawn_otherwise(model, keys):
    """Of each frame the shorter half of its tries is accepted, and of the second frame none."""
    asked = []

    def accept(drawn):
        asked.append(drawn)
        lengths = np.array([len(sketch) for sketch in drawn]).reshape(-1, 6)
        good = lengths <= np.median(lengths, axis=1, keepdims=True)
        good[1] = False
        return good.ravel()

    frames = tweening.tween(model, keys[:2], steps=3, tries=6, accept=accept).sketches
    (drawn,) = asked
    of_frame = [drawn[6 * i : 6 * i + 6] for i in range(4)]
    for i, (frame, tries) in enumerate(zip(frames, of_frame, strict=True)):
        assert any(frame is one for one in tries)
        assert i == 1 or len(frame) <= np.median([len(one) for one in tries])


def test_animations_with_a_key_in_common_join(model, keys):
    first, second = (tweening.tween(model, pair, steps=3, tries=6) for pair in (keys[:2], keys[1:]))
    np.testing.assert_allclose(first.sketches[-1], second.sketches[0], atol=0.1)
    np.testing.assert_allclose(first.origins[-1], second.origins[0], atol=0.1)


def test_the_order_is_the_shortest_way_round():
    z = np.random.default_rng(1).normal(size=(6, 3))

    def length(tour):
        return sum(np.linalg.norm(z[a] - z[b]) for a, b in zip(tour, np.roll(tour, -1), strict=True))

    found = tweening.order(z)
    assert found[0] == 0 and sorted(found) == list(range(6))
    assert length(found) == pytest.approx(min(length((0, *rest)) for rest in permutations(range(1, 6))))


def test_a_drawing_is_centred_by_its_ink_not_by_its_travels():
    square = np.array([[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]])
    sketch = from_polylines([square, [[200, 5]]])  # and a dot far away
    (origin,) = tweening.centred([sketch])
    np.testing.assert_allclose(
        np.mean([line.mean(axis=0) for line in to_polylines(sketch, origin)[:1]], axis=0), [-1, -1], atol=1.2
    )
    dot = from_polylines([[[7, 7]]])
    np.testing.assert_allclose(tweening.centred([dot]), [[0, 0]], atol=1e-9)


def test_a_contact_sheet_draws_every_frame_in_its_cell():
    square = from_polylines([[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]])
    dot = from_polylines([[[0, 0], [10, 10]], [[5, 0]]])
    origins = np.array([[-5, -5], [-5, -5], [5, -5]])
    (patch,) = tweening.frame_sheet(tweening.Animation([square, dot, square], origins), columns=2).axes[0].patches
    path = patch.get_path()
    lines = np.split(path.vertices, np.flatnonzero(path.codes == path.MOVETO)[1:])
    assert [len(line) for line in lines] == [5, 2, 2, 5]
    cells = [np.floor(line.mean(axis=0) / (504 / 2)).tolist() for line in lines]
    assert cells == [[0, 0], [1, 0], [1, 0], [0, 1]]
    # the third square stands to the right of the first, by its own side
    np.testing.assert_allclose(
        lines[3].min(axis=0) - lines[0].min(axis=0) - (0, 252), np.ptp(lines[0], axis=0) * (1, 0), atol=0.1
    )


def test_a_step_is_nothing_where_nothing_moves_and_grows_with_what_does():
    line = from_polylines([[[0, 0], [100, 0]], [[0, 50], [100, 50]]])

    def step(by):
        moved = from_polylines([[[0, 0], [100, 0]], [[0, 50 + by], [100, 50 + by]]])
        origins = np.array([[-50, -25], [-50, -25]])
        return tweening.step_sizes(tweening.Animation([line, moved], origins))[0]

    assert step(0) == 0 < step(3) < step(8) < step(20)


def test_bad_input_is_refused_by_name(model, keys):
    for call, words in [
        (lambda: tweening.tween(model, keys[:1]), "at least two"),
        (lambda: tweening.tween(model, keys[0]), r"keys have shape \(512,\)"),
        (lambda: tweening.tween(model, keys, steps=0), "steps is 0"),
        (lambda: tweening.tween(model, keys, tries=0), "tries is 0"),
        (lambda: tweening.tween(model, keys[:, :5]), r"\(N, 512\)"),
        (lambda: tweening.order(np.zeros((9, 2))), "9 drawings"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
