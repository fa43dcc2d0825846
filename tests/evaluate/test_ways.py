"""Ways between drawings and nodes of loops, by judges whose answers are known."""

import numpy as np
import pytest

from helpers.draw import about, lerp
from helpers.draw.decoding import decode, encode
from helpers.evaluate import ways
from helpers.model import vae
from helpers.model.prior import fit_prior
from helpers.sketch.strokes import from_polylines

SETTINGS = vae.Settings(("cloud", "camel"), 20.0, 30.0, z_size=8, units=16, components=2, size=32, max_points=20)


class Says:
    """A judge that answers by a function of a drawing, and remembers how many it has seen."""

    classes = ("bus", "camel", "cloud")

    def __init__(self, answer):
        self.answer, self.seen = answer, 0

    def recognise(self, drawings):
        self.seen += len(drawings)
        return [self.answer(sketch) for sketch in drawings]

    def probabilities(self, drawings):
        return np.array([[answer == name for name in self.classes] for answer in self.recognise(drawings)], float)


@pytest.fixture(scope="module")
def model():
    model = vae.SketchVAE(SETTINGS)
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(scale=0.4, size=weight.shape))
    model.prior = fit_prior(rng.normal(size=(20, 8)), np.arange(20) % 2, 2)
    return model


@pytest.fixture(scope="module")
def sketches():
    rng = np.random.default_rng(1)
    return [from_polylines([rng.uniform(0, 100, (6, 2))]) for _ in range(8)]


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_way_goes_from_one_drawing_to_the_next_by_its_path_with_noise_in_common(model, sketches):
    found = ways.ways_between(Says(lambda sketch: "cloud"), model, sketches, "cloud", pairs=2, steps=3, path=lerp)
    z = encode(model, sketches[:4])
    middle = (z[2] + z[3]) / 2
    assert [len(way) for way in found.frames] == [3, 3]
    for frame, expected in zip(found.frames[1], decode(model, [z[2], middle, z[3]], 0.1, [1] * 3), strict=True):
        np.testing.assert_allclose(frame, expected, atol=1e-3)
    assert found.own.all() and found.own.shape == (2, 3)
    assert not found.other.any() and not found.redrawn.any()


def test_frames_of_another_class_are_those_of_the_models_other_classes(model, sketches):
    answers = iter(["cloud", "camel", "bus", None, "cloud", "camel"])
    found = ways.ways_between(Says(lambda sketch: next(answers)), model, sketches, "cloud", pairs=2, steps=3)
    assert found.own.tolist() == [[True, False, False], [False, True, False]]
    assert found.other.tolist() == [[False, True, False], [False, False, True]]


def test_only_frames_of_which_a_chooser_is_not_sure_are_drawn_again(model, sketches):
    judge = Says(lambda sketch: "cloud")
    once = ways.ways_between(judge, model, sketches, "cloud", pairs=2, steps=3)
    bad = once.frames[1][2].tobytes()
    picky = Says(lambda sketch: "camel" if sketch.tobytes() == bad else "cloud")
    again = ways.ways_between(judge, model, sketches, "cloud", pairs=2, steps=3, choosers=[picky])
    assert again.redrawn.tolist() == [[False] * 3, [False, False, True]]
    assert picky.seen == 6 + 1  # the first other drawing of it will do
    assert same(again.frames[0] + again.frames[1][:2], once.frames[0] + once.frames[1][:2])
    assert again.frames[1][2].tobytes() != bad


def test_all_choosers_must_be_sure_and_the_last_try_is_from_near_the_mean(model, sketches, monkeypatch):
    tried = []
    monkeypatch.setattr(ways, "decode", lambda model, z, *rest: tried.append(z) or decode(model, z, *rest))
    judge, never = Says(lambda sketch: "cloud"), Says(lambda sketch: None)
    found = ways.ways_between(judge, model, sketches, "cloud", pairs=1, steps=2, choosers=[judge, never], tries=3)
    assert found.redrawn.all()
    mean = model.prior.mean[0]
    for z, share in zip(tried[1:], (0.4, 0.8), strict=True):
        np.testing.assert_allclose(z, tried[0] + share * (mean - tried[0]), atol=1e-5)


def test_a_frame_that_no_try_mends_stays_as_it_was_and_tries_end(model, sketches):
    judge, never = Says(lambda sketch: None), Says(lambda sketch: None)
    once = ways.ways_between(judge, model, sketches, "cloud", pairs=1, steps=2)
    again = ways.ways_between(judge, model, sketches, "cloud", pairs=1, steps=2, choosers=[never], tries=3)
    assert same(once.frames[0], again.frames[0]) and again.redrawn.all()
    assert never.seen == 2 * 3


def test_where_no_drawing_will_do_the_one_of_which_the_choosers_are_surest_is_kept(model, sketches):
    judge = Says(lambda sketch: None)
    drawn, sure = [], [0.1, 0.2, 0.3, 0.6, 0.5, 0.4]  # of two frames, each drawn three times

    class Unsure(Says):
        def probabilities(self, group):
            drawn.extend(group)
            answers = np.zeros((len(group), len(self.classes)))
            answers[:, self.classes.index("cloud")] = [sure.pop(0) for _ in group]
            return answers

    unsure = Unsure(lambda sketch: None)
    found = ways.ways_between(judge, model, sketches, "cloud", pairs=1, steps=2, choosers=[unsure], tries=3)
    assert same(found.frames[0], [drawn[4], drawn[3]]) and found.redrawn.all()


def test_nodes_are_recognised_as_drawn_and_as_drawn_again_and_what_is_passed_over_is_counted(model, sketches):
    z = encode(model, sketches)
    again = decode(model, z, 0.1, [5] * 8)
    refused = sketches[0], again[2]

    def answer(sketch):  # in a batch of another size the last bits differ
        same = [len(sketch) == len(one) and np.allclose(sketch, one, atol=0.1) for one in refused]
        return None if any(same) else "cloud"

    judge = Says(answer)
    found = ways.find_nodes(judge, model, sketches, "cloud", 3, seed=5)
    assert found.numbers == [1, 3, 4] and found.passed == 2
    np.testing.assert_allclose(found.z, z[[1, 3, 4]], atol=1e-5)
    with pytest.raises(ValueError, match="of 8 drawings of class cloud 6 are recognised; 7 are asked for"):
        ways.find_nodes(judge, model, sketches, "cloud", 7, seed=5)


def test_a_recogniser_says_which_drawings_are_recognised_as_any_of_its_classes(sketches):
    judge = Says(lambda sketch: "cloud" if sketch is sketches[0] else "bus" if sketch is sketches[1] else None)
    assert ways.recogniser(judge, "cloud", "bus")(sketches[:3]).tolist() == [True, True, False]
    with pytest.raises(ValueError, match="knows no cow"):
        ways.recogniser(judge, "cow")


def test_an_arc_about_a_centre_stays_as_far_from_it_as_its_ends():
    center = np.array([5.0, 0, 0])
    path = about(center)
    way = path(np.array([5.0, 2, 0]), np.array([5.0, 0, 2]), np.array([0, 0.5, 1]))
    np.testing.assert_allclose(way, [[5, 2, 0], [5, np.sqrt(2), np.sqrt(2)], [5, 0, 2]], atol=1e-5)
    np.testing.assert_allclose(about(0 * center, lerp)(center, -center, 0.25), center / 2)


def test_what_cannot_be_judged_is_refused_by_name(model, sketches):
    judge = Says(lambda sketch: "cloud")
    for call, words in [
        (lambda: ways.ways_between(judge, model, sketches, "cloud"), "25 pairs need 50 drawings; these are 8"),
        (lambda: ways.ways_between(judge, model, sketches, "cloud", 2, steps=1), "steps is 1"),
        (lambda: ways.ways_between(judge, model, sketches, "cloud", 2, tries=0), "tries 0"),
        (lambda: ways.ways_between(judge, model, sketches, "unicorn", 2), "knows no unicorn"),
        (lambda: ways.find_nodes(judge, model, sketches, "unicorn", 2), "knows no unicorn"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
