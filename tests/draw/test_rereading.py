"""Drawings that the model reads again: what is kept, what is drawn anew, and what is said of it."""

import numpy as np
import pytest

from helpers.draw import decoding, priors, rereading
from helpers.model.vae import load_model

NAMES = ("cloud", "pig", "sheep")  # what its own drawings are least often read as


@pytest.fixture(scope="module")
def model():
    return load_model("menagerie")


def misread(model, drawings) -> np.ndarray:
    meant = np.resize([model.settings.classes.index(name) for name in NAMES], len(drawings))
    return priors.read_classes(model, decoding.encode(model, drawings)).argmax(axis=1) != meant


def test_only_what_it_misreads_is_drawn_anew(model):
    once, again = (rereading.sample(model, 90, seed=2, classes=NAMES, tries=tries) for tries in (1, 3))
    others = np.array([not np.array_equal(a, b) for a, b in zip(once, again, strict=True)])
    ended = np.array([len(sketch) < model.settings.max_points for sketch in once])
    np.testing.assert_array_equal(others, misread(model, once) | ~ended)
    assert misread(model, again).sum() < misread(model, once).sum()


def test_once_is_what_the_decoder_makes_of_random_z(model):
    once = rereading.sample(model, 20, seed=2, classes=NAMES, tries=1)
    plain = decoding.decode(model, priors.sample_z(model, 20, seed=2, classes=NAMES), seed=2)
    assert all(np.array_equal(a, b) for a, b in zip(once, plain, strict=True))


def test_the_first_are_the_same_however_many_follow(model):
    few, many = (rereading.sample(model, n, seed=2, classes=NAMES) for n in (30, 90))
    for a, b in zip(few, many, strict=False):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)


def test_a_reconstruction_in_which_it_sees_another_class_is_drawn_anew_from_the_same_z(model):
    shown = rereading.sample(model, 60, seed=4, classes=NAMES)
    once, again = (rereading.reconstruct(model, shown, temperature=1.0, tries=tries) for tries in (1, 3))
    seen = priors.read_classes(model, decoding.encode(model, shown)).argmax(axis=1)
    before, after = (
        (priors.read_classes(model, decoding.encode(model, drawn)).argmax(axis=1) != seen).sum()
        for drawn in (once, again)
    )
    assert before > 0 and after < before


def test_the_same_drawing_and_seed_give_the_same_next_try_too(model):
    shown = rereading.sample(model, 24, seed=4, classes=NAMES)
    twice, seeds = [*shown, *shown], [*range(24)] * 2
    once, again = (rereading.reconstruct(model, twice, 1.0, seeds, tries) for tries in (1, 3))
    others = [i for i in range(24) if not np.array_equal(once[i], again[i])]
    assert others  # some were drawn again
    for i in others:
        np.testing.assert_allclose(again[i], again[i + 24], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "way", [rereading.sample, lambda model, n, tries: rereading.reconstruct(model, [], tries=tries)]
)
def test_no_try_is_refused(model, way):
    with pytest.raises(ValueError, match="tries is 0; it must be 1 or more"):
        way(model, 2, tries=0)


def test_a_model_of_one_class_has_nothing_to_tell_apart():
    model = load_model("cloud")
    once, again = (rereading.sample(model, 10, seed=1, tries=tries) for tries in (1, 3))
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))
