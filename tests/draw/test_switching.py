"""z-switching with a fit: the beginning is read as a part of what the model itself draws."""

import numpy as np
import pytest
from test_draw import SETTINGS, make_model, same

from helpers.draw import decoding, finishing, priors, switching
from helpers.draw import library as libraries
from helpers.model import vae
from helpers.model.prior import class_centers


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libraries, "DATA", tmp_path_factory.mktemp("data"))
        patch.setattr(libraries, "DRAWN", 40)
        model = make_model()
        for name in SETTINGS.classes:
            libraries.library(model, name)
    return model


class Likes:
    """A judge that likes drawings of many rows, or of few."""

    classes = ("camel", "cloud")

    def __init__(self, sign):
        self.sign, self.asked = sign, 0

    def probabilities(self, drawings):
        self.asked += len(drawings)
        p = 1 / (1 + np.exp(self.sign * (np.array([len(sketch) for sketch in drawings]) - 30) / 10))
        return np.column_stack([p, 1 - p])


def test_one_model_of_several_classes_fits_by_itself_and_nothing_else_does(model, monkeypatch):
    z = np.random.default_rng(0).normal(size=(2, 16)).astype(np.float32)
    single = make_model(1, vae.Settings(("cloud",), 20.0, 30.0, z_size=16, units=24, size=32, max_points=40))
    asked = []
    monkeypatch.setattr(
        switching, "finish", lambda *inputs, **more: asked.append(1) or np.float32([[1, 1, 0], [2, 3, 1]])
    )
    fitted = switching.switch(model, "cloud", "camel", n=3, seed=2)
    assert len(asked) == 3 and all(np.array_equal(s[-2:], [[1, 1, 0], [2, 3, 1]]) for s in fitted.sketches)
    asked.clear()
    for models, first, second, more in (
        (model, "cloud", "camel", {"fit": False}),
        (model, "cloud", "camel", {"blend": 0.5}),
        (model, "cloud", None, {}),
        (model, "cloud", z[:1], {}),
        (single, "cloud", "cloud", {}),
        ((model, single), "cloud", "cloud", {}),
    ):
        switching.switch(models, first, second, n=2, **more)
        assert not asked
        if more.get("fit") is None:
            with pytest.raises(ValueError, match="fit needs one model of several classes"):
                switching.switch(models, first, second, n=2, fit=True, **more)


def test_a_fit_keeps_the_first_minds_ink_bit_for_bit_also_over_several_switches(model):
    plain = priors.sample_z(model, 4, seed=5, classes=["cloud"])
    whole = decoding.decode(model, plain, 0.2, 5)
    two = switching.switch(model, "cloud", "camel", n=4, seed=5, tries=4)
    three = switching.switch(model, two, "cloud", at=0.8, seed=5, tries=4)
    for before, after, last, rows, more in zip(
        whole, *two[:1], three.sketches, two.switches, three.switches, strict=True
    ):
        (row,) = rows
        assert after.dtype == np.float32 and after[:row].tobytes() == before[:row].tobytes() and len(after) > row
        assert more[0] == row <= more[1] and last[: more[1]].tobytes() == after[: more[1]].tobytes()


def test_the_decoder_can_draw_on_from_where_the_beginning_was_laid(model):
    whole = decoding.decode(model, priors.sample_z(model, 3, seed=5, classes=["cloud"]), 0.2, 5)
    drawn = switching.switch(model, "cloud", "camel", n=3, seed=5, tries=4, fit="decoder")
    taken = switching.switch(model, "cloud", "camel", n=3, seed=5, tries=4)
    for before, after, other, (row,) in zip(whole, drawn.sketches, taken.sketches, drawn.switches, strict=True):
        assert after.dtype == np.float32 and after[:row].tobytes() == before[:row].tobytes() and len(after) > row
        assert np.isfinite(after).all() and not np.array_equal(after, other)
    again = switching.switch(model, "cloud", "camel", n=3, seed=5, tries=4, fit="decoder")
    assert all(np.array_equal(a, b) for a, b in zip(drawn.sketches, again.sketches, strict=True))
    with pytest.raises(ValueError, match="fit is 'yes'"):
        switching.switch(model, "cloud", "camel", fit="yes")


def test_a_seed_gives_the_same_finishes_again_and_another_others(model):
    z = priors.sample_z(model, 3, seed=1)
    whole = decoding.decode(model, z)
    a, b, c = (switching.switch(model, whole, "camel", seed=seed, tries=3).sketches for seed in (4, 4, 5))
    assert same(a, b) and not same(a, c)
    few = switching.switch(model, z[:2], "camel", seed=[7, 8], tries=3).sketches
    many = switching.switch(model, z, "camel", seed=[7, 8, 9], tries=3).sketches
    assert [len(x) for x in few] == [len(x) for x in many[:2]]
    for x, y in zip(few, many, strict=False):
        np.testing.assert_allclose(x, y, atol=1e-3)


def test_a_judge_chooses_among_the_finishes(model):
    start = decoding.decode(model, priors.sample_z(model, 1, seed=3))[0][:8]
    found = finishing.find_finishes(model, start, "camel", 12, 0)
    assert len(found) > 3 and len({len(rows) for rows in found}) > 1
    for judge in (Likes(1), Likes(-1)):
        kept = finishing.finish(model, start, "camel", 12, 0, judge)
        value = finishing.score(model, "camel", [start] * len(found), found, judge)
        assert judge.asked and np.array_equal(kept, found[int(value.argmax())])
    own = finishing.finish(model, start, "camel", 12, 0)
    value = finishing.score(model, "camel", [start] * len(found), found)
    assert np.array_equal(own, found[int(value.argmax())]) and np.abs(value).max() <= 1.5 * finishing.ENOUGH + 1e-9


def test_what_is_no_fit_is_refused_by_name(model):
    for call, words in (
        (
            lambda: switching.switch(model, "cloud", "camel", fit=False, judge=Likes(1)),
            "a judge chooses among finishes",
        ),
        (
            lambda: switching.switch(model, "cloud", "camel", blend=0.5, judge=Likes(1)),
            "a judge chooses among finishes",
        ),
        (lambda: switching.switch(model, "cloud", "camel", tries=0), "tries is 0"),
        (lambda: switching.switch(model, "cloud", "cow"), "no class 'cow'"),
        (lambda: switching.illusion(model, "cow", "camel"), "no class 'cow'"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_an_illusion_is_begun_by_the_models_own_drawings_each_once(model):
    found = switching.illusion(model, "cloud", "camel", n=5, seed=0)
    own = libraries.library(model, "cloud").sketches
    heads = []
    for sketch, (row,) in zip(*found, strict=True):
        (head,) = {i for i, one in enumerate(own) if len(one) >= row and np.array_equal(one[:row], sketch[:row])} or {
            None
        }
        heads.append(head)
    assert 1 <= len(heads) <= 5 and None not in heads and len(set(heads)) == len(heads)
    assert same(found.sketches, switching.illusion(model, "cloud", "camel", n=5, seed=0).sketches)


def test_odd_beginnings_are_finished_and_an_empty_library_is_finished_the_old_way(model, monkeypatch):
    rng = np.random.default_rng(0)
    long = np.column_stack([rng.normal(size=(2000, 2)), rng.random(2000) < 0.05]).astype(np.float32)
    for start in (np.float32([[0, 0, 1]]), long):
        rows = finishing.finish(model, start, "camel", 3)
        assert rows is None or np.isfinite(rows).all()
    old = switching.switch(model, "cloud", "camel", n=2, seed=1, fit=False)
    empty = libraries.Library([], libraries.make_shapes([]), 1.0)
    for module in (finishing, switching):
        monkeypatch.setattr(module, "library", lambda model, name: empty)
    new = switching.switch(model, "cloud", "camel", n=2, seed=1)
    assert new.switches == old.switches and same(new.sketches, old.sketches)
    with pytest.raises(ValueError, match="no drawing of cloud of its own"):
        switching.illusion(model, "cloud", "camel")


def test_a_library_is_read_again_as_it_was_made(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "DATA", tmp_path)
    monkeypatch.setattr(libraries, "DRAWN", 40)
    first = libraries.library(make_model(), "camel")
    assert len(list((tmp_path / "work" / "libraries").iterdir())) == 1
    monkeypatch.setattr(libraries, "_make", lambda *_: pytest.fail("made again"))
    again = libraries.library(make_model(), "camel")
    assert first.sketches and same(first.sketches, again.sketches) and first.clarity == again.clarity
    np.testing.assert_array_equal(first.shapes.maps, again.shapes.maps)
    assert all(len(sketch) < SETTINGS.max_points for sketch in first.sketches)  # they came to an end


def test_a_library_that_cannot_be_kept_is_drawn_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "work").write_text("a file, where a folder would have to be")
    monkeypatch.setattr(libraries, "DATA", tmp_path)
    monkeypatch.setattr(libraries, "DRAWN", 20)
    assert libraries.library(make_model(), "cloud").sketches


def test_drawings_do_not_depend_on_who_leaves_the_batch(model, monkeypatch):
    z = priors.sample_z(model, 60, seed=2)
    left = decoding.decode(model, z, 1.0, 3)
    assert min(map(len, left)) < 16 < max(map(len, left))
    sizes = []
    who = decoding._who_stays
    monkeypatch.setattr(
        decoding, "_who_stays", lambda ended, n: sizes.append(len(who(ended, n))) or np.arange(len(ended))
    )
    stayed = decoding.decode(model, z, 1.0, 3)
    assert min(sizes) < 60  # some would have left
    for a, b in zip(left, stayed, strict=True):
        assert len(a) == len(b)
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_a_prior_by_class_is_sampled_about_its_centers():
    model = make_model(0, vae.Settings(("cloud", "camel"), 20.0, 30.0, z_size=16, units=24, size=32, prior="class"))
    centers = class_centers(np.random.default_rng(0).normal(size=(2, 16)), 7.0)
    model.centers.assign(centers)
    for prior in ("trained", None):
        z = priors.sample_z(model, 3000, prior, classes=["camel"])
        np.testing.assert_allclose(z.mean(axis=0), centers[1], atol=0.1)
        np.testing.assert_allclose(z.std(axis=0), 1, atol=0.1)
    plain = make_model()
    np.testing.assert_array_equal(priors.sample_z(plain, 5, "trained"), priors.sample_z(plain, 5, "normal"))
    with pytest.raises(ValueError, match="knows no classes"):
        priors.sample_z(plain, 5, "trained", classes=["cloud"])
