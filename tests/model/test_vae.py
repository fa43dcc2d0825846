import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from helpers.model import layers, vae
from helpers.model.loss import AggregatedPosterior, mixture, reconstruction_loss
from helpers.model.prior import class_centers, fit_prior

# before TensorFlow starts: two devices, so that MirroredStrategy has something to mirror
_processor = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(_processor, [tf.config.LogicalDeviceConfiguration()] * 2)

SMALL = vae.Settings(("cloud", "camel"), scale=20.0, mean_points=30.0, z_size=16, units=24, components=3, size=32)
NONE = np.zeros(1, np.float32)  # rows of a prefix


def randomised(layer, seed=0):
    rng = np.random.default_rng(seed)
    for weight in layer.weights:
        weight.assign(rng.normal(scale=0.3, size=weight.shape))
    return layer


def stroke5(points, length):
    rows = np.zeros((length, 5), np.float32)
    rows[: len(points)] = points
    rows[len(points) :, 4] = 1
    return rows


def test_the_loop_and_keras_own_lstm_agree_on_outputs_and_gradients(monkeypatch):
    decoder = layers.Decoder(24, 16, 3, 20.0, False)
    decoder.build()
    randomised(decoder)
    rng = np.random.default_rng(1)
    points, z = tf.constant(rng.normal(size=(4, 9, 5)), tf.float32), tf.constant(rng.normal(size=(4, 16)), tf.float32)

    def run():
        with tf.GradientTape() as tape:
            tape.watch((points, z))
            out = decoder(points, z)
            total = tf.reduce_sum(tf.sin(out))
        return [out, *tape.gradient(total, [points, z, *decoder.trainable_variables])]

    ours = tf.function(run)()
    monkeypatch.setattr(layers, "has_tensorflow_gpu", lambda: True)
    for a, b in zip(ours, run(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize(("position", "view"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 0.05)])
def test_drawing_step_by_step_gives_what_the_loop_gives(dtype, tolerance, position, view):
    decoder = layers.Decoder(24, 16, 3, 20.0, position, view, dtype=dtype)
    decoder.build()
    randomised(decoder)
    rng = np.random.default_rng(1)
    points, z = rng.normal(size=(4, 9, 5)).astype("f"), rng.normal(size=(4, 16)).astype("f")
    points[..., 2:] = np.eye(3)[rng.integers(0, 2, (4, 9))]
    (h, c, pen, ink), same = decoder.start(z)
    state = h, c, pen, np.zeros((4, 2 * 9, 3), "f") if view else ink
    steps = []
    for t in range(9):
        state, parameters = decoder.step(points[:, t], state, same)
        steps.append(parameters)
    np.testing.assert_allclose(decoder.call(points, z), np.stack(steps, axis=1), atol=tolerance)


def test_a_decoder_that_is_told_where_the_pen_is_tells_places_apart():
    decoder = layers.Decoder(24, 16, 3, 20.0, True)
    decoder.build()
    randomised(decoder)
    z = np.zeros((1, 16), "f")
    (h, c, _, ink), same = decoder.start(z)
    here, there = (decoder.step(np.zeros((1, 5), "f"), (h, c, np.float32([[x, 0, 0]]), ink), same)[1] for x in (0, 2))
    assert np.abs(here - there).max() > 0.01
    assert layers.place(np.zeros((3, 2), "f"), 20.0).shape == (3, layers.PLACE)


def test_the_view_has_the_ink_where_it_lies_and_no_more():
    path = np.float32([[[0, 0], [30, 0], [30, 40]]])
    ink, places = layers.lay_ink(path[:, :-1], path[:, 1:], np.float32([[1, 0]]))
    np.testing.assert_array_equal(ink, [[15, 15, 0, 0]])
    np.testing.assert_array_equal(places, [[[15, 0], [30, 0], [30, 20], [30, 40]]])
    here = np.float32([[[30, 0], [-500, 0]]])
    seen = np.asarray(layers.look(np.repeat(ink[:, None], 2, 1), places, here)).reshape(2, 8, 8)
    ink = 16 * np.expm1(seen)
    np.testing.assert_allclose(ink.sum(axis=(1, 2)), 30, rtol=1e-4)  # shared, never lost, however far it is
    np.testing.assert_allclose(ink[0, :, 4:].sum(), 7.5, rtol=1e-4)  # of what lies under the pen, half is on each side
    np.testing.assert_allclose(ink[1, :, 7].sum(), 30, rtol=1e-4)
    assert not ink[:, [0, 1, 2, 5, 6, 7]].any()


def test_recurrent_dropouts_gradient_is_that_of_a_plain_loop():
    rng = np.random.default_rng(0)
    gates, kernel, h, c = (
        tf.constant(rng.normal(scale=0.5, size=size), tf.float32) for size in ((3, 5, 16), (4, 16), (3, 4), (3, 4))
    )
    keep = tf.constant(rng.choice([0, 1.25], (3, 4)), tf.float32)

    def plain(gates, kernel, h, c, keep):
        hidden = []
        for t in range(5):
            i, f, n, o = tf.split(gates[:, t] + h @ kernel, 4, axis=-1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(n) * keep
            h = tf.sigmoid(o) * tf.tanh(c)
            hidden.append(h)
        return tf.stack(hidden, axis=1)

    def run(loop):
        with tf.GradientTape() as tape:
            tape.watch([gates, kernel, h, c])
            out = loop(gates, kernel, h, c, keep)
            total = tf.reduce_sum(tf.sin(3 * out))
        return [out, *tape.gradient(total, [gates, kernel, h, c])]

    for ours, theirs in zip(run(layers._lstm_loop), run(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(run(plain)[0] - plain(gates, kernel, h, c, 1.0)).max() > 0.01  # what is dropped shows


def test_the_loss_is_the_mixtures_likelihood():
    rng = np.random.default_rng(0)
    parameters = rng.normal(size=(1, 3, 6 * 2 + 3)).astype(np.float32)
    target = stroke5([[0.3, -0.2, 1, 0, 0], [0.5, 0.1, 0, 1, 0]], 3)[None]
    log_pi, mu, sigma, rho, log_pen = (np.asarray(part, np.float64) for part in mixture(parameters))
    expected = 0
    for t in range(3):
        expected -= log_pen[0, t] @ target[0, t, 2:]
        if t < 2:
            density = 0
            for m in range(2):
                sx, sy = sigma[0, t, m]
                cross = rho[0, t, m] * sx * sy
                covariance = np.array([[sx**2, cross], [cross, sy**2]])
                off = target[0, t, :2] - mu[0, t, m]
                normal = np.exp(-off @ np.linalg.inv(covariance) @ off / 2) / np.sqrt(
                    np.linalg.det(2 * np.pi * covariance)
                )
                density += np.exp(log_pi[0, t, m]) * normal
            expected -= np.log(density)
    np.testing.assert_allclose(reconstruction_loss(target, parameters, NONE), [expected], rtol=1e-4)


def test_rows_behind_the_first_end_do_not_count():
    parameters = np.random.default_rng(0).normal(size=(1, 8, 15)).astype(np.float32)
    points = [[0.3, -0.2, 1, 0, 0], [0.5, 0.1, 0, 1, 0]]
    short = reconstruction_loss(stroke5(points, 3)[None], parameters[:, :3], NONE)
    padded = reconstruction_loss(stroke5(points, 8)[None], parameters, NONE)
    np.testing.assert_allclose(short, padded, rtol=1e-6)


def test_a_prefixs_rows_do_not_count():
    rng = np.random.default_rng(0)
    parameters = rng.normal(size=(2, 8, 15)).astype(np.float32)
    target = np.stack([stroke5(np.column_stack([rng.normal(size=(6, 2)), np.eye(3)[[0] * 6]]), 8)] * 2)
    changed = target.copy()
    changed[:, :4, :2] += 1
    for prefix, same in ((np.float32([4, 4]), True), (np.float32([3, 3]), False)):
        losses = [reconstruction_loss(x, parameters, prefix) for x in (target, changed)]
        assert np.allclose(*losses) == same
    by_drawing = reconstruction_loss(target, parameters[:1].repeat(2, axis=0), np.float32([0, 4]))
    assert by_drawing[0] > by_drawing[1]


def test_the_loss_stays_finite_far_from_the_mixture():
    parameters = np.zeros((1, 2, 15), np.float32)
    parameters[..., 6:10] = -30  # sigma at its least
    far = stroke5([[1e4, -1e4, 1, 0, 0]], 2)[None]
    assert np.isfinite(reconstruction_loss(far, parameters, NONE)).all()


def test_an_encoder_reads_each_drawing_whatever_is_beside_it():
    for encoder in ("cnn", "rnn"):
        model = vae.SketchVAE(vae.Settings(("cloud",), 20.0, 30.0, encoder=encoder, z_size=16, units=24, size=32))
        rng = np.random.default_rng(0)
        if encoder == "cnn":
            seen = rng.integers(0, 256, (3, 32, 32)).astype(np.uint8)
        else:
            seen = np.stack([stroke5(rng.normal(size=(n, 5)), 10) for n in (3, 9, 5)])
            seen[np.cumsum(seen[..., 4] == 1, axis=1) > 1] = 0
        whole, _ = model.encode(seen)
        alone, _ = model.encode(seen[:1])
        np.testing.assert_allclose(whole[:1], alone, atol=1e-5)


def test_kl_is_zero_only_at_the_standard_normal_and_free_bits_are_free():
    model = vae.SketchVAE(SMALL)
    inputs = {
        "seen": np.zeros((1, 32, 32), np.uint8),
        "target": stroke5([[0.1, 0.1, 0, 1, 0]], 2)[None],
        "prefix": NONE,
        "noise": np.zeros((1, 16), np.float32),
        "kl_weight": np.ones(1, np.float32),
        "free_bits": np.zeros(1, np.float32),
    }
    parameters = np.zeros((1, 2, 21), np.float32)

    def loss(mean, free):
        x = inputs | {"free_bits": np.array([free], np.float32)}
        y_pred = (parameters, np.full((1, 16), mean, np.float32), np.zeros((1, 16), np.float32))
        return float(model.compute_loss(x, y_pred=y_pred)) * SMALL.mean_points

    base = loss(0.0, 0.0)
    assert loss(1.0, 0.0) == pytest.approx(base + 8, rel=1e-5)  # 16 dimensions, half a nat each
    assert loss(1.0, 5.0) == pytest.approx(base + 8, rel=1e-5)
    assert loss(0.5, 5.0) == pytest.approx(base + 5, rel=1e-5)


def test_all_z_together_are_drawn_to_the_prior_and_no_further():
    rng = np.random.default_rng(0)
    mean = tf.Variable(rng.normal(size=(400, 3)) * [3, 1, 0.2] + [2, 0, 0], dtype=tf.float32)
    variance = tf.constant(np.tile(np.float32([0.1, 0.2, 0.96]), (400, 1)))
    aggregated = AggregatedPosterior(3, 1.0)
    assert np.abs(aggregated.penalty(mean, variance)).max() == 0  # it has seen nothing yet
    distances = []
    for _ in range(600):
        aggregated.update_state(mean, variance)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(aggregated.penalty(mean, variance))
        mean.assign_sub(2 * tape.gradient(loss, mean))  # 400 drawings share a step
        distances.append(float(aggregated.result()))
    assert distances[-1] < 0.01 < 1 < max(distances)
    moment = mean.numpy().T @ mean.numpy() / 400 + np.diag([0.1, 0.2, 0.96])
    np.testing.assert_allclose(moment, np.eye(3), atol=0.1)
    aggregated.reset_state()
    assert float(aggregated.result()) == 0


@pytest.mark.parametrize("devices", [1, 2])
def test_training_weighs_how_z_lie_together_and_validation_does_not(devices):
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]) if devices == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        model = randomised(vae.SketchVAE(SMALL, aggregate=0.5))
        model.compile(optimizer=keras.optimizers.SGD(0.0))
    rng = np.random.default_rng(0)
    inputs = {
        "seen": rng.integers(0, 256, (8, 32, 32)).astype(np.uint8),
        "target": np.stack([stroke5(np.tile([0.1 * n, 0.2, 1, 0, 0], (n, 1)), 9) for n in range(1, 9)]),
        "prefix": np.zeros(8, np.float32),
        "label": np.zeros(8, np.int32),
        "keep": np.ones((8, SMALL.units), np.float32),
        "noise": np.zeros((8, 16), np.float32),
        "kl_weight": np.ones(8, np.float32),
        "free_bits": np.zeros(8, np.float32),
    }
    data = tf.data.Dataset.from_tensors(inputs).repeat(4)
    logs = model.fit(
        data, steps_per_epoch=4, validation_data=data, validation_steps=4, shuffle=False, verbose=0
    ).history
    assert logs["aggregate"][0] > 0
    assert logs["loss"][0] != pytest.approx(logs["val_loss"][0], rel=1e-3)
    assert logs["reconstruction"][0] == pytest.approx(logs["val_reconstruction"][0], rel=1e-5)


def test_two_replicas_take_the_step_that_one_takes():
    def trained(strategy):
        with strategy.scope():
            model = randomised(vae.SketchVAE(SMALL))
            model.compile(optimizer=keras.optimizers.SGD(0.01))
        rng = np.random.default_rng(0)
        inputs = {
            "seen": rng.integers(0, 256, (8, 32, 32)).astype(np.uint8),
            "target": np.stack([stroke5(np.tile([0.1 * n, 0.2, 1, 0, 0], (n, 1)), 9) for n in range(1, 9)]),
            "prefix": np.zeros(8, np.float32),
            "label": np.zeros(8, np.int32),
            "keep": np.ones((8, SMALL.units), np.float32),
            "noise": rng.normal(size=(8, 16)).astype(np.float32),
            "kl_weight": np.ones(8, np.float32),
            "free_bits": np.zeros(8, np.float32),
        }
        data = tf.data.Dataset.from_tensors(inputs).repeat(3)
        history = model.fit(data, epochs=1, steps_per_epoch=3, shuffle=False, verbose=0).history
        return history["loss"][0], model.get_weights()

    loss, weights = trained(tf.distribute.get_strategy())
    loss2, weights2 = trained(tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]))
    assert loss2 == pytest.approx(loss, rel=1e-4)
    for a, b in zip(weights, weights2, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)


def test_a_fitted_prior_has_the_mean_and_spread_of_what_it_was_fitted_to():
    rng = np.random.default_rng(0)
    basis = rng.normal(size=(5, 200))
    z = rng.normal(size=(4000, 5)) @ basis + 0.1 * rng.normal(size=(4000, 200)) + np.arange(200)
    prior = fit_prior(z, np.zeros(4000, int), 1)
    covariance = prior.factors[0].T @ prior.factors[0] + np.diag(prior.noise[0] ** 2)
    np.testing.assert_allclose(prior.mean[0], z.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(covariance, np.cov(z.T), atol=0.02 * np.abs(np.cov(z.T)).max())
    with pytest.raises(ValueError, match="class number 1"):
        fit_prior(z, np.zeros(4000, int), 2)


def test_the_centers_of_a_prior_by_class_are_orthogonal_and_near_where_they_were():
    directions = np.random.default_rng(0).normal(size=(5, 16))
    centers = class_centers(directions, 3.0)
    np.testing.assert_allclose(centers @ centers.T, 9 * np.eye(5), atol=1e-4)
    np.testing.assert_allclose(class_centers(centers, 3.0), centers, atol=1e-4)
    assert ((centers * directions).sum(axis=1) > 0).all()
    for shape, radius, words in (((1, 16), 3, "at least 2"), ((17, 16), 3, "at most 16"), ((2, 16), 0, "radius")):
        with pytest.raises(ValueError, match=words):
            class_centers(np.ones(shape), radius)


def test_a_prior_by_class_travels_with_its_centers_and_is_refused_without(tmp_path):
    settings = replace(SMALL, classes=("cloud", "camel"), prior="class")
    model = vae.SketchVAE(settings)
    model.centers.assign(class_centers(np.random.default_rng(0).normal(size=(2, 16)), 4.0))
    path = vae.save_model(model, tmp_path / "by_class.npz")
    np.testing.assert_allclose(vae.load_model(path).centers, model.centers, atol=1e-2)
    with np.load(path) as file:
        arrays = {key: value for key, value in file.items() if not key.endswith("centers")}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"by_class\.npz.*centers is missing"):
        vae.load_model(path)


def test_a_file_with_half_a_fitted_prior_is_refused(tmp_path):
    model = vae.SketchVAE(SMALL)
    model.prior = fit_prior(np.random.default_rng(0).normal(size=(50, 16)), np.arange(50) % 2, 2)
    path = vae.save_model(model, tmp_path / "half.npz")
    for part in ("mean", "factors", "noise", "weight"):
        with np.load(path) as file:
            arrays = {key: value for key, value in file.items() if key != f"prior/{part}"}
        np.savez(tmp_path / "less.npz", **arrays)
        with pytest.raises(ValueError, match=rf"less\.npz: prior/{part} is missing"):
            vae.load_model(tmp_path / "less.npz")


def test_files_of_before_there_were_position_pen_and_prior_are_read(tmp_path):
    path = vae.save_model(vae.SketchVAE(SMALL), tmp_path / "old.npz")
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    for name in ("position", "view", "pen", "prior"):
        header["settings"].pop(name)
    np.savez(path, **arrays | {"header": np.array(json.dumps(header))})
    settings = vae.load_model(path).settings
    assert (settings.position, settings.view, settings.pen, settings.prior) == (False, False, 0.5, "normal")


def test_a_model_comes_back_as_it_was_saved(tmp_path):
    model = randomised(vae.SketchVAE(SMALL))
    model.prior = fit_prior(np.random.default_rng(0).normal(size=(50, 16)), np.arange(50) % 2, 2)
    path = vae.save_model(model, tmp_path / "small.npz", {"steps": 3})
    again = vae.load_model(path)
    assert again.settings == SMALL and again.facts == {"steps": 3}
    for a, b in zip(model.weights, again.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-6)  # float16
    np.testing.assert_allclose(again.prior.factors, model.prior.factors, rtol=1e-3, atol=1e-6)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no model 'cow'"):
        vae.load_model(tmp_path / "cow.npz")
    path = tmp_path / "text.npz"
    path.write_text("hello")
    with pytest.raises(ValueError, match="not a model file"):
        vae.load_model(path)
    whole = vae.save_model(vae.SketchVAE(SMALL), tmp_path / "whole.npz").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        vae.load_model(path)
    np.savez(path, header=np.array({"a": 1}, dtype=object))  # a pickle inside
    with pytest.raises(ValueError, match="not a model file"):
        vae.load_model(path)
    np.savez(path, header=np.array(json.dumps({"format": "another"})))
    with pytest.raises(ValueError, match="midstroke model"):
        vae.load_model(path)


def test_weights_that_do_not_fit_are_named(tmp_path):
    path = vae.save_model(vae.SketchVAE(SMALL), tmp_path / "model.npz")
    with np.load(path) as file:
        arrays = dict(file)
    kernel = "weight/decoder/head/kernel"
    np.savez(path, **arrays | {kernel: np.zeros((2, 2), np.float16)})
    with pytest.raises(ValueError, match=r"decoder/head/kernel is of shape \(2, 2\)"):
        vae.load_model(path)
    np.savez(path, **arrays | {kernel: np.full_like(arrays[kernel], np.nan)})
    with pytest.raises(ValueError, match="not finite"):
        vae.load_model(path)
    del arrays[kernel]
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="is missing"):
        vae.load_model(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"classes": ["ear"]}, r"prior/mean is of shape \(2, 16\); the settings ask for \(1, 16\)"),
        ({"z_size": 32}, r"stats/kernel is of shape \(\d+, 32\); the settings ask for \(\d+, 64\)"),
        ({"encoder": "rnn"}, r"encoder/both/forward_lstm/lstm_cell/kernel is missing"),
        ({"classes": []}, "its classes are not a list of names"),
        ({"units": "many"}, "its units is many; it must be a whole number"),
    ],
)
def test_a_header_that_does_not_fit_its_weights_says_where(tmp_path, change, told):
    model = vae.SketchVAE(SMALL)
    model.prior = fit_prior(np.random.default_rng(0).normal(size=(50, 16)), np.arange(50) % 2, 2)
    path = vae.save_model(model, tmp_path / "model.npz")
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    header["settings"] |= change
    np.savez(path, **arrays | {"header": np.array(json.dumps(header))})
    with pytest.raises(ValueError, match=told):
        vae.load_model(path)


def test_an_unknown_encoder_is_refused():
    with pytest.raises(ValueError, match="encoder is 'transformer'"):
        vae.SketchVAE(vae.Settings(("cloud",), 20.0, 30.0, encoder="transformer"))
