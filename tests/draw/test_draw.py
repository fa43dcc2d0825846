import numpy as np
import pytest
from scipy.stats import multivariate_normal

from helpers.draw import decoding, interpolation, priors, rereading, switching
from helpers.model import vae
from helpers.model.prior import fit_prior
from helpers.sketch.strokes import from_polylines

SETTINGS = vae.Settings(("cloud", "camel"), 20.0, 30.0, z_size=16, units=24, components=3, size=32, max_points=40)


def make_model(seed=0, settings=SETTINGS):
    """An untrained network with weights large enough that z and noise both show in what it draws."""
    model = vae.SketchVAE(settings)
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.normal(scale=0.4, size=weight.shape))
    bias = np.zeros(model.decoder.head.bias.shape)
    bias[-3:] = 2, 0, -1  # long strokes, now and then an end
    model.decoder.head.bias.assign(bias)
    z = rng.normal(size=(200, settings.z_size)) + np.repeat([[-1], [1]], 100, axis=0)
    classes = len(settings.classes)
    model.prior = fit_prior(z, np.repeat([0, classes - 1], 100), classes)
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def z():
    return np.random.default_rng(1).normal(size=(6, 16)).astype(np.float32)


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_seed_gives_the_same_drawings_again_and_another_others(model, z):
    assert same(decoding.decode(model, z, seed=3), decoding.decode(model, z, seed=3))
    assert not same(decoding.decode(model, z, seed=3), decoding.decode(model, z, seed=4))


def test_the_first_random_z_are_the_same_however_many_follow(model):
    for prior in ("fitted", "normal"):
        few, many = (priors.sample_z(model, n, prior, seed=3) for n in (4, 9))
        np.testing.assert_array_equal(few, many[:4])


def test_the_first_drawings_are_the_same_however_many_follow(model, z):
    few, many = decoding.decode(model, z[:2], seed=3), decoding.decode(model, z, seed=3)
    for a, b in zip(few, many, strict=False):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-3)


def test_drawings_of_one_seed_and_z_are_one_drawing(model, z):
    a, b, c = decoding.decode(model, z[[0, 0, 0]], seed=[5, 5, 6])
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


def test_drawings_end_with_the_pen_up_and_within_the_models_length(model):
    drawings = rereading.sample(model, 50, temperature=1.0)
    assert all(1 <= len(sketch) <= 40 and sketch[-1, 2] == 1 and np.isfinite(sketch).all() for sketch in drawings)
    assert min(map(len, drawings)) < 40  # some end by themselves


def test_temperature_is_the_spread_of_the_drawings(model, z):
    def spread(temperature):
        first = [sketch[0, :2] for sketch in decoding.decode(model, np.repeat(z[:1], 300, axis=0), temperature)]
        return np.std(first, axis=0).mean()

    assert spread(0.01) < spread(0.2) < spread(1.0)


def test_noise_is_uniform_and_normal():
    noise = decoding._noise(0, 200, 100).reshape(-1, 4)
    assert 0 <= noise[:, :2].min() and noise[:, :2].max() < 1
    np.testing.assert_allclose(noise[:, :2].mean(axis=0), 0.5, atol=0.01)
    np.testing.assert_allclose(noise[:, 2:].mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(noise[:, 2:].T), np.eye(2), atol=0.03)


def test_categories_are_picked_as_often_as_they_are_likely():
    p = np.array([0.1, 0.6, 0.3], np.float32)
    uniform = np.random.default_rng(0).random(20_000, np.float32)
    picked = np.asarray(decoding._inverse_cdf(np.tile(np.log(p), (20_000, 1)), uniform))
    np.testing.assert_allclose(picked.mean(axis=0), p, atol=0.015)


def test_a_beginning_comes_back_bit_for_bit_and_is_gone_on_with(model, z):
    prefixes = [np.array([[3.3, 0.1, 0], [0.7, 11, 1], [-5, 2, 0]], np.float32)[: n + 1] for n in (0, 1, 2, 0, 1, 2)]
    drawings = decoding.decode(model, z, prefixes=prefixes)
    for prefix, sketch in zip(prefixes, drawings, strict=True):
        np.testing.assert_array_equal(sketch[: len(prefix)], prefix)
    assert any(len(sketch) > len(prefix) + 1 for prefix, sketch in zip(prefixes, drawings, strict=True))


def test_going_on_from_a_beginning_is_what_would_have_been_drawn_anyway(model, z):
    """Re-running one's own beginning with the same z and noise leads to the same state, so to the same end."""
    whole = decoding.decode(model, z, seed=3)
    again = decoding.decode(model, z, seed=3, prefixes=[sketch[: len(sketch) // 2 + 1] for sketch in whole])
    for a, b in zip(whole, again, strict=True):
        assert len(a) == len(b)
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("second", ["camel", None, "z"])
def test_a_switch_keeps_the_first_minds_ink(model, z, second):
    if second == "z":
        second = z[::-1].copy()
    whole = decoding.decode(model, z, seed=2)
    sketches, switches = switching.switch(model, z, second, seed=2)
    for before, after, (row,) in zip(whole, sketches, switches, strict=True):
        assert 1 <= row <= len(before)
        np.testing.assert_array_equal(after[:row], before[:row])
    assert any(not np.array_equal(a, b) for a, b in zip(whole, sketches, strict=True))


def test_a_later_switch_keeps_more(model, z):
    rows = [np.array(switching.switch(model, z, "camel", at=at, fit=False).switches) for at in (0.1, 0.5, 0.9)]
    assert (rows[0] <= rows[1]).all() and (rows[1] <= rows[2]).all() and rows[0].sum() < rows[2].sum()


def test_more_tries_keep_the_ink_and_take_the_finish_that_is_most_like_the_class(model, z):
    (one, rows), (best, same_rows) = (
        switching.switch(model, z, "camel", cooler=0.5, tries=n, fit=False) for n in (1, 6)
    )
    assert rows == same_rows
    for a, b, (row,) in zip(one, best, rows, strict=True):
        np.testing.assert_array_equal(a[:row], b[:row])
    unlike = [priors.mahalanobis(model, decoding.encode(model, sketches), "camel") for sketches in (one, best)]
    assert (unlike[1] <= unlike[0] + 1e-3).all() and unlike[1].sum() < 0.99 * unlike[0].sum()
    again, _ = switching.switch(model, z[:2], "camel", cooler=0.5, tries=6, fit=False)
    for a, b in zip(again, best, strict=False):  # however many follow, but for the last bits
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-2)


def test_the_distance_from_a_class_is_that_of_its_gaussian(model, z):
    prior = model.prior
    normal = multivariate_normal(prior.mean[1], prior.factors[1].T @ prior.factors[1] + np.diag(prior.noise[1] ** 2))
    log_densities = normal.logpdf(prior.mean[1]) - normal.logpdf(z)
    np.testing.assert_allclose(priors.mahalanobis(model, z, "camel"), 2 * log_densities, rtol=1e-3)


def test_what_is_typical_of_a_class_lies_toward_its_mean_as_far_out_as_its_drawings(model):
    typical, mean = priors.typical_z(model, "camel"), priors.class_mean(model, "camel")
    np.testing.assert_allclose(typical / np.linalg.norm(typical), mean / np.linalg.norm(mean), rtol=1e-5)
    drawn = priors.sample_z(model, 4000, classes=["camel"])
    assert (typical**2).sum() == pytest.approx((drawn**2).sum(axis=1).mean(), rel=0.02)
    assert np.linalg.norm(mean) < 0.9 * np.linalg.norm(typical)


def test_three_minds_in_a_row(model):
    two = switching.switch(model, "cloud", "camel", n=5)
    three = switching.switch(model, two, "cloud", at=2 / 3)
    for before, after, (first,), rows in zip(*two[:1], three.sketches, two.switches, three.switches, strict=True):
        assert rows[0] == first <= rows[1] <= len(before)
        np.testing.assert_array_equal(after[: rows[1]], before[: rows[1]])


def test_two_models_each_with_a_mind_of_its_own():
    single = [vae.Settings((name,), 20.0, 30.0, z_size=16, units=24, size=32, max_points=40) for name in ("a", "b")]
    mind_a, mind_b = vae.SketchVAE(single[0]), vae.SketchVAE(single[1])
    z = np.zeros((2, 16), np.float32)
    whole = decoding.decode(mind_a, z)
    sketches, switches = switching.switch((mind_a, mind_b), z)
    prefixes = [before[:row] for before, (row,) in zip(whole, switches, strict=True)]
    assert same(sketches, decoding.decode(mind_b, decoding.encode(mind_b, prefixes), 0.1, 0, prefixes))


def test_minds_of_different_sizes_and_a_named_second_class(model):
    other = make_model(
        1, vae.Settings(("cloud",), 20.0, 30.0, z_size=8, units=24, components=3, size=32, max_points=40)
    )
    sketches, _ = switching.switch((other, model), "cloud", "camel", n=3)
    assert len(sketches) == 3


def test_nothing_is_compiled_again_for_another_switch_temperature_z_or_number(model, z, monkeypatch):
    decoding.decode(model, z)
    traced = []
    step = model.decoder.step  # called once a tracing
    monkeypatch.setattr(model.decoder, "step", lambda *inputs: traced.append(1) or step(*inputs))
    decoding.decode(model, z[:1] * 2, temperature=0.9, seed=9)
    switching.switch(model, z, "camel", at=0.7, cooler=0.3, fit=False)
    rereading.sample(model, 17)
    assert not traced
    vars(model).pop("_compiled_once")
    decoding.decode(model, z)
    assert traced


def test_the_loop_stops_when_the_last_drawing_has_ended(model, z, monkeypatch):
    lengths = [len(sketch) for sketch in decoding.decode(model, z, temperature=1.0, seed=range(6))]
    i, j = np.argsort(lengths)[:2]
    assert lengths[j] < model.settings.max_points
    steps = []
    step = model.decoder.step
    monkeypatch.setattr(model.decoder, "step", lambda *inputs: steps.append(1) or step(*inputs))
    monkeypatch.setattr(decoding, "compile_once", lambda model, name, function, *kinds: function)  # step by step
    decoding.decode(model, z[[i, j]], temperature=1.0, seed=[i, j])
    assert len(steps) == lengths[j] + 1  # at the last the longer one finds its end


def test_a_model_in_bfloat16_draws_the_same_again_and_nearly_what_float32_draws(model, z):
    low = vae.SketchVAE(SETTINGS, "mixed_bfloat16")
    low.set_weights(model.get_weights())
    drawings = decoding.decode(low, z, seed=3)
    assert same(drawings, decoding.decode(low, z, seed=3))
    first = np.array([sketch[0, :2] for sketch in decoding.decode(model, z, seed=3)])
    assert np.abs([sketch[0, :2] for sketch in drawings] - first).max() < 0.1 * np.abs(first).max()


def test_sampling_from_a_class_stays_in_that_class(model):
    z = priors.sample_z(model, 100, classes=["camel"])
    assert np.linalg.norm(z.mean(axis=0) - model.prior.mean[1]) < np.linalg.norm(z.mean(axis=0) - model.prior.mean[0])
    normal = priors.sample_z(model, 4000, prior="normal")
    np.testing.assert_allclose(normal.std(axis=0), 1, atol=0.1)


def test_slerp_keeps_the_length_and_goes_at_an_even_pace():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 7))
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    path = interpolation.slerp(a, b, np.linspace(0, 1, 11))
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-6)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)


def test_slerp_of_parallel_opposite_and_zero_vectors():
    a = np.array([1.0, 2.0, -1.0])
    np.testing.assert_allclose(interpolation.slerp(a, 3 * a, 0.5), 2 * a, rtol=1e-5)
    np.testing.assert_allclose(interpolation.slerp(a, 0 * a, 0.25), 0.75 * a, rtol=1e-5)
    path = interpolation.slerp(a, -a, np.linspace(0, 1, 5))
    np.testing.assert_allclose(path[[0, -1]], [a, -a], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(path[2]), np.linalg.norm(a), rtol=1e-5)
    assert np.isfinite(interpolation.slerp(0 * a, 0 * a, 0.5)).all()


def test_slerp_takes_many_vectors_at_once():
    a, b = np.random.default_rng(0).normal(size=(2, 5, 7))
    many = interpolation.slerp(a, b, np.full(5, 0.3))
    np.testing.assert_allclose(many[2], interpolation.slerp(a[2], b[2], 0.3), rtol=1e-5)


def test_an_interpolation_begins_and_ends_with_its_ends(model, z):
    frames = interpolation.interpolate(model, z[0], z[1], steps=5, seed=7)
    assert len(frames) == 5
    for frame, end in ((frames[0], z[:1]), (frames[-1], z[1:2])):
        expected = decoding.decode(model, end, 0.1, [7])[0]
        assert len(frame) == len(expected)
        np.testing.assert_allclose(frame, expected, rtol=1e-3, atol=1e-2)


def test_a_walk_stands_between_the_two_drawings_it_joins(model):
    first, last = from_polylines([[(0, 0), (40, 9)]]), from_polylines([[(0, 0), (3, 50)], [(9, 9), (20, 20)]])
    walked = interpolation.walk(model, first, last, steps=3, seed=7, path=interpolation.lerp)
    between = interpolation.interpolate(model, *decoding.encode(model, [first, last]), 3, 0.1, 7, interpolation.lerp)
    assert same(walked, [first, *between, last])


def test_a_blend_has_the_corners_in_its_corners(model, z):
    sheet = interpolation.blend(model, z[:4], steps=3, seed=7)
    assert len(sheet) == 9
    for i, corner in zip((0, 2, 6, 8), z[:4], strict=True):
        expected = decoding.decode(model, corner[None], 0.1, [7])[0]
        assert len(sheet[i]) == len(expected)
        np.testing.assert_allclose(sheet[i], expected, rtol=1e-3, atol=1e-2)


def test_bad_input_is_refused_by_name(model, z):
    for call, words in [
        (lambda: decoding.decode(model, z[:, :5]), r"\(N, 16\)"),
        (lambda: decoding.decode(model, z * np.nan), "not finite"),
        (lambda: decoding.decode(model, z, temperature=0), "temperature is 0"),
        (lambda: decoding.decode(model, z, temperature=float("nan")), "temperature is nan"),
        (lambda: decoding.decode(model, z, seed=[1, 2]), "2 seeds for 6"),
        (lambda: decoding.decode(model, z, prefixes=[np.zeros((3, 3), np.float32)]), "1 prefixes for 6"),
        (lambda: decoding.decode(model, z[:1], prefixes=[np.zeros((41, 3), np.float32)]), "at most 40"),
        (lambda: switching.switch(model, z, "camel", at=1.2), "at is 1.2"),
        (lambda: switching.switch(model, z, "camel", blend=-1), "blend is -1"),
        (lambda: switching.switch(model, z, "cow"), "no class 'cow'; it knows: cloud, camel"),
        (lambda: rereading.sample(model, 3, prior="gaussian"), "prior is 'gaussian'"),
        (lambda: decoding.decode(model, z[:1], prefixes=[np.full((2, 3), np.nan)]), "row 0"),
        (lambda: decoding.decode(model, z, temperature=float("inf")), "temperature is inf"),
        (lambda: switching.switch(model, z, blend=0.5), "blend goes between"),
        (lambda: switching.switch(model, z, "camel", tries=0), "tries is 0"),
        (lambda: switching.switch(model, z, z, tries=2), "tries is 2.*not named by class"),
        (lambda: switching.switch(model, z, tries=2), "tries is 2.*not named by class"),
        (lambda: interpolation.blend(model, z[:3]), "four corners"),
        (lambda: rereading.sample(model, 3, prior="normal", classes=["cloud"]), "knows no classes"),
        (lambda: interpolation.interpolate(model, z[0], z[1], steps=1), "steps is 1"),
        (lambda: decoding.encode(model, [np.zeros((0, 3))]), "no points"),
        (lambda: decoding.encode(model, [np.full((2, 3), np.nan)]), "row 0"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
