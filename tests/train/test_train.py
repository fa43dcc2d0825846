import os
import random
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from helpers.data.dataset import DataSet, Split
from helpers.model.vae import Settings, SketchVAE, load_model, save_model
from helpers.sketch.raster import render_batch
from helpers.sketch.stroke5 import to_stroke5
from helpers.sketch.strokes import absolute, from_polylines, to_polylines
from helpers.train import batches as train_batches
from helpers.train import loop, splices, vae
from helpers.train.plan import Plan

PLAN = Plan(steps=6, batch=8, anneal=4, epoch=3)
TINY = {"z_size": 8, "units": 16, "components": 2, "size": 32, "max_points": 60}


def make_data(n=40):
    """Rings and zigzags of different sizes, one to three strokes each."""
    rng = np.random.default_rng(0)

    def ring():
        t = np.linspace(0, 2 * np.pi, rng.integers(8, 20))
        return np.column_stack([np.cos(t), np.sin(t)]) * rng.uniform(20, 60) + rng.uniform(0, 99, 2)

    def zigzag():
        k = rng.integers(4, 12)
        return np.column_stack([np.arange(k) * 12, (np.arange(k) % 2) * 30]) + rng.uniform(0, 9, (k, 2))

    def split(m):
        labels = np.arange(m) % 2
        kinds = (ring, zigzag)
        return Split([from_polylines([kinds[c]() for _ in range(rng.integers(1, 4))]) for c in labels], labels)

    return DataSet(("circle", "zigzag"), split(n), split(10), split(10), 15.0, "made")


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "DATA", tmp_path)
    return make_data()


def test_augmentation_keeps_ends_of_strokes_and_moves_nothing_else():
    sketches = make_data().train.sketches
    for before, after in zip(
        sketches, train_batches.augment(sketches, 0.0, 0.0, 0.5, np.random.default_rng(0)), strict=True
    ):
        assert before[:, 2].sum() == after[:, 2].sum()  # as many strokes
        a, b = absolute(before), absolute(after)
        kept = {tuple(np.round(point, 2)) for point in a}
        assert {tuple(np.round(point, 2)) for point in b} <= kept
        ends = np.flatnonzero(before[:, 2]) + 1
        np.testing.assert_allclose(a[ends], b[np.flatnonzero(after[:, 2]) + 1], atol=1e-3)
        begins = ends[:-1] + 1
        np.testing.assert_allclose(a[begins], b[np.flatnonzero(after[:-1, 2]) + 2], atol=1e-3)
    share = sum(map(len, train_batches.augment(sketches, 0.0, 0.0, 0.5, np.random.default_rng(0)))) / sum(
        map(len, sketches)
    )
    assert 0.5 < share < 0.75


def test_augmentation_stretches_x_and_y_on_their_own():
    sketches = make_data().train.sketches
    stretched = train_batches.augment(sketches, 0.15, 0.0, 0.0, np.random.default_rng(0))
    ratios = np.array([b[:, :2].std(axis=0) / a[:, :2].std(axis=0) for a, b in zip(sketches, stretched, strict=True)])
    assert 0.85 <= ratios.min() < 0.9 and 1.1 < ratios.max() <= 1.15
    assert abs(np.corrcoef(ratios.T)[0, 1]) < 0.4


def test_no_drawing_is_changed_by_augmenting_it():
    sketches = make_data().train.sketches
    copies = [sketch.copy() for sketch in sketches]
    train_batches.augment(sketches, 0.15, 10.0, 0.1, np.random.default_rng(0))
    assert all(np.array_equal(a, b) for a, b in zip(sketches, copies, strict=True))


def test_a_batch_pads_as_stroke5_and_shows_what_it_asks_for():
    data = make_data()
    settings = Settings(data.classes, data.scale, 30.0, **TINY)
    plain = Plan(batch=8, stretch=0.0, drop=0.0, partial=0.0)
    batch = next(train_batches.batches(data.train, settings, plain))
    assert batch["target"].shape[1] % 8 == 0
    for seen, target in zip(batch["seen"], batch["target"], strict=True):
        n = int((1 - target[:, 4]).sum())
        rows = target[:n, :2] * data.scale
        match = [s for s in data.train.sketches if len(s) == n and np.allclose(s[:, :2], rows, atol=1e-3)]
        assert len(match) == 1
        np.testing.assert_allclose(target[:, 2:], to_stroke5(match[0], len(target))[:, 2:])
        np.testing.assert_array_equal(seen, render_batch(match, settings.size)[0])


def test_a_share_of_the_pictures_shows_only_a_beginning():
    data = make_data(400)
    settings = Settings(data.classes, data.scale, 30.0, **TINY)
    plan = Plan(batch=400, stretch=0.0, drop=0.0, partial=0.25)
    never = Plan(batch=400, stretch=0.0, drop=0.0, partial=0.0)
    shares = []
    for _, batch, whole in zip(
        range(8),
        train_batches.batches(data.train, settings, plan),
        train_batches.batches(data.train, settings, never),
        strict=False,
    ):
        np.testing.assert_array_equal(batch["target"], whole["target"])
        shares.append((batch["seen"] != whole["seen"]).any(axis=(1, 2)).mean())
    assert 0.22 < np.mean(shares) < 0.28


def test_augmentation_turns_each_drawing_by_its_own_angle():
    sketches = make_data().train.sketches
    turned = train_batches.augment(sketches, 0.0, 10.0, 0.0, np.random.default_rng(0))
    angles = []
    for before, after in zip(sketches, turned, strict=True):
        a, b = (rows[:, 0] + 1j * rows[:, 1] for rows in (before, after))
        moved = np.abs(a) > 1
        np.testing.assert_allclose(np.abs(b), np.abs(a), atol=1e-3)
        angles.append(np.degrees(np.angle(b[moved] / a[moved])))
        np.testing.assert_allclose(angles[-1], angles[-1].mean(), atol=0.1)
    means = np.array([angle.mean() for angle in angles])
    assert -10 <= means.min() < -5 and 5 < means.max() <= 10


def test_a_spliced_drawing_is_begun_by_a_part_of_another_class():
    split = make_data(60).train
    spliced, lengths = splices.splice(split.sketches, split.labels, 0.5, 128, np.random.default_rng(0))
    assert 0.1 < (lengths > 0).mean() <= 0.7
    for new, old, label, rows in zip(spliced, split.sketches, split.labels, lengths.astype(int), strict=True):
        if not rows:
            assert new is old
            continue
        assert rows < len(new) <= 128 and new[rows - 1, 2] == 1  # the pen is lifted where the other's ink ends
        heads = [
            other
            for other, sketch in zip(split.labels, split.sketches, strict=True)
            if len(sketch) >= rows and is_the_same_shape(new[:rows], sketch[:rows])
        ]
        assert heads and (rows < 4 or label not in heads)  # a point or two are of any drawing


def is_the_same_shape(a, b):
    """But for its place, its size and a mirror."""
    a, b = (points / np.linalg.norm(points) for points in (absolute(a), absolute(b)))
    return any(np.allclose(a, b * (side, 1), atol=1e-3) for side in (1, -1))


def test_ink_that_stands_for_a_stroke_is_used_and_not_drawn_again():
    turn = np.linspace(0, 2 * np.pi, 24)
    circle = 100 * np.column_stack([np.cos(turn), np.sin(turn)])
    rays = [np.array([[0, side * 120], [0, side * 160.0]]) for side in (-1, 1)]
    sun = from_polylines([circle, *rays])
    ring = from_polylines([0.3 * circle])  # smaller by far than the sun that it becomes
    spliced, lengths = splices.splice([sun, ring], np.array([0, 1]), 1.0, 128, np.random.default_rng(0))
    rows = int(lengths[0])
    assert rows and spliced[0] is not sun
    rest = to_polylines(spliced[0])[int((spliced[0][:rows, 2] > 0.5).sum()) :]
    lengths = [np.hypot(*np.diff(line, axis=0).T).sum() for line in rest]
    whole = 2 * np.pi * 100 + 80
    assert len(rest) >= 2 and 70 < sum(lengths) < 0.97 * whole


def test_neither_one_class_nor_drawings_that_would_be_too_long_are_spliced():
    split = make_data(40).train
    spliced, lengths = splices.splice(split.sketches, 0 * split.labels, 1.0, 128, np.random.default_rng(0))
    assert not lengths.any() and all(a is b for a, b in zip(spliced, split.sketches, strict=True))
    spliced, lengths = splices.splice(split.sketches, split.labels, 1.0, 30, np.random.default_rng(0))
    assert lengths.any() and all(len(new) <= 30 for new, rows in zip(spliced, lengths, strict=True) if rows)


def test_spliced_training_shows_the_encoder_the_whole_drawing_or_what_it_was_to_be():
    data = make_data(100)
    settings = Settings(data.classes, data.scale, 30.0, **TINY)
    plain, spliced = (Plan(batch=100, partial=0.0, splice=share) for share in (0.0, 1.0))
    before, after = (next(train_batches.batches(data.train, settings, plan)) for plan in (plain, spliced))
    begun = after["prefix"] > 0
    assert begun.any() and not before["prefix"].any()
    changed = (before["seen"] != after["seen"]).any(axis=(1, 2))
    assert not changed[~begun].any() and 0.2 < changed[begun].mean() < 0.8


def test_a_batch_says_each_drawings_class_and_what_the_decoder_keeps():
    data = make_data(200)
    settings = Settings(data.classes, data.scale, 30.0, **TINY)
    batch = next(train_batches.batches(data.train, settings, Plan(batch=200, stretch=0.0, drop=0.0)))
    np.testing.assert_array_equal(batch["keep"], 1)
    assert batch["label"].dtype == np.int32 and sorted(set(batch["label"])) == [0, 1]
    dropped = next(train_batches.batches(data.train, settings, Plan(batch=200, dropout=0.25)))["keep"]
    assert dropped.dtype == np.float32 and set(np.unique(dropped)) == {0, np.float32(1 / 0.75)}
    assert 0.2 < (dropped == 0).mean() < 0.3


def test_a_run_can_begin_with_the_weights_of_a_model(data, tmp_path, monkeypatch):
    first = vae.train(data, "first", PLAN, **TINY)
    path = save_model(first, tmp_path / "first.npz", {"command": "it"})
    still = Plan(steps=1, epoch=1, batch=8, learning_rate=1e-9)
    second = vae.train(data, "second", still, start=str(path), **TINY)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-3)  # it was saved as float16
    with pytest.raises(ValueError, match="no beginning"):
        vae.train(data, "third", still, start=str(path), **TINY | {"units": 8})


def test_a_run_can_begin_with_the_weights_of_a_model_of_other_classes(data, tmp_path):
    by_class = replace(PLAN, prior="class", radius=3.0)
    path = save_model(vae.train(data, "first", by_class, **TINY), tmp_path / "first.npz", {"command": "it"})
    others = replace(data, classes=("yak", "gnu"))
    still = replace(by_class, steps=1, epoch=1, learning_rate=1e-9, radius=2.0)
    second = vae.train(others, "second", still, start=str(path), **TINY)
    first = load_model(path)
    moved = [np.abs(a - b).max() for a, b in zip(first.get_weights(), second.get_weights(), strict=True)]
    assert sum(by > 2e-3 for by in moved) == 1  # the centres alone, which lie anew
    np.testing.assert_allclose(np.linalg.norm(second.centers, axis=1), 2, rtol=1e-5)


def test_a_model_of_own_drawings_credits_whoever_drew_for_the_weights_that_it_began_with(data, tmp_path):
    model, path = SketchVAE(Settings(data.classes, data.scale, 30.0, **TINY)), tmp_path / "first.npz"
    save_model(model, path, {"command": "it", "source": "quickdraw"})
    own = replace(data, source="own")
    for name, sources in (("second", ["quickdraw"]), ("third", ["quickdraw"])):  # and whoever begins with that one
        path = vae.release(model, tmp_path / f"{name}.npz", own, PLAN, f"train --start {path}", str(path))
        card = path.with_suffix(".md").read_text()
        assert load_model(path).facts["before"].split("+") == sources
        assert "which learned from drawings by players of *Quick, Draw!*" in card and "train --start" in card


def test_drawings_to_learn_from_too_are_learned_from_under_their_own_classes_number(data):
    own = DataSet(
        ("zigzag",), Split(data.train.sketches[1:4:2], np.zeros(2, int)), *[Split([], np.zeros(0, int))] * 2, 1, "x"
    )
    both = vae._all_together(data, [own])
    assert both.labels[-2:].tolist() == [1, 1] and both.sketches[-1] is data.train.sketches[3]
    assert len(both.sketches) == len(data.train.sketches) + 2
    vae.train(data, "too", PLAN, also=[own], **TINY)
    with pytest.raises(ValueError, match="begun otherwise"):  # as many drawings, and other ones
        vae.train(
            data, "too", PLAN, also=[replace(own, train=Split(data.train.sketches[5:8:2], own.train.labels))], **TINY
        )
    stranger = replace(own, classes=("cat",))
    with pytest.raises(ValueError, match="show cat: that is no class"):
        vae.train(data, "three", PLAN, also=[stranger], **TINY)


def test_a_pass_shows_a_drawing_at_most_once_and_no_drawing_is_never_shown():
    lengths = np.random.default_rng(0).integers(5, 100, 4050)
    passes = [train_batches.bucketed(lengths, 100, np.random.default_rng(seed)) for seed in range(8)]
    for batches in passes:
        shown = np.concatenate(batches)
        assert len(shown) == len(set(shown)) == 4000
    assert set(np.concatenate(sum(passes, []))) == set(range(4050))


def test_batches_hold_drawings_of_like_length():
    lengths = np.random.default_rng(0).integers(5, 100, 4000)
    batches = train_batches.bucketed(lengths, 100, np.random.default_rng(1))
    assert sum(lengths[batch].max() * 100 for batch in batches) < 1.05 * lengths.sum()


def test_what_a_step_sees_depends_on_the_step_alone():
    data = make_data()
    settings = Settings(data.classes, data.scale, 30.0, **TINY)
    stream = train_batches.batches(data.train, settings, PLAN)
    first = [next(stream) for _ in range(8)]  # more than one pass
    later = next(train_batches.batches(data.train, settings, PLAN, step=7))
    for key, value in later.items():
        np.testing.assert_array_equal(value, first[7][key])


@pytest.mark.parametrize("encoder", ["cnn", "rnn"])
def test_training_learns_and_fits_a_prior(data, encoder):
    plan = Plan(steps=60, batch=20, anneal=30, epoch=20)
    model = vae.train(data, "rings", plan, encoder=encoder, **TINY)
    with open(loop.DATA / "work/runs/rings/log.csv") as file:
        rows = np.genfromtxt(file, delimiter=",", names=True)
    assert rows["val_loss"][-1] < rows["val_loss"][0] - 0.2
    assert model.prior.mean.shape == (2, 8) and model.settings.scale == 15.0


BY_CLASS = replace(PLAN, prior="class", radius=3.0)


@pytest.mark.parametrize(
    "values, words",
    [
        ({"prior": "class", "radius": 0.0}, "radius is 0.0"),
        ({"prior": "class", "radius": -7.0}, "radius is -7.0"),
        ({"prior": "class", "radius": float("nan")}, "radius is nan"),
        ({"prior": "gaussian"}, "prior is 'gaussian'"),
    ],
)
def test_a_prior_that_cannot_be_is_refused_with_the_plan(values, words):
    with pytest.raises(ValueError, match=words):
        Plan(**values)


def test_a_prior_by_class_wants_two_classes_and_their_labels_before_a_run_is_begun(data):
    one = replace(data, classes=("circle",), train=alone(data.train), valid=alone(data.valid))
    for drawings, words in (
        (one, "at least 2 classes"),
        (replace(data, train=Split(data.train.sketches, None)), "40 training drawings have 0 labels"),
        (replace(data, train=Split(data.train.sketches, data.train.labels[:-1])), "40 training .* have 39 labels"),
        (replace(data, valid=Split(data.valid.sketches, data.valid.labels[:3])), "10 validation .* have 3 labels"),
    ):
        with pytest.raises(ValueError, match=words):
            vae.train(drawings, "refused", BY_CLASS, **TINY)
    assert not (loop.DATA / "work" / "runs" / "refused").exists()


def alone(split):
    """The drawings of the first class."""
    own = np.flatnonzero(split.labels == 0)
    return Split([split.sketches[i] for i in own], split.labels[own])


def test_a_network_begun_with_one_by_class_keeps_its_centres_and_no_other_radius(data, tmp_path):
    first = vae.train(data, "first", BY_CLASS, **TINY)
    np.testing.assert_allclose(np.linalg.norm(keras.ops.convert_to_numpy(first.centers), axis=1), 3, rtol=1e-5)
    path = save_model(first, tmp_path / "first.npz")
    second = vae.train(data, "second", BY_CLASS, start=str(path), **TINY)
    np.testing.assert_allclose(second.centers, first.centers, atol=1e-2)
    with pytest.raises(ValueError, match=r"radius is 7.0, but .* lie 3 from the origin"):
        vae.train(data, "third", replace(BY_CLASS, radius=7.0), start=str(path), **TINY)


def test_a_loss_by_class_without_labels_says_so(data):
    settings = Settings(data.classes, data.scale, 30.0, prior="class", **TINY)
    model = SketchVAE(settings)
    inputs = next(train_batches.batches(data.train, settings, BY_CLASS))
    inputs.pop("label")
    with pytest.raises(ValueError, match="each drawing needs its label"):
        model.compute_loss(inputs, y_pred=model(inputs))


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, aggregate=1.0)], ids=["plain", "aggregate"])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(data, plan):
    whole = vae.train(data, "whole", plan, **TINY)

    def stop(model, step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vae.train(data, "stopped", plan, preview=stop, **TINY)
    resumed = vae.train(data, "stopped", plan, **TINY)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    logs = [(loop.DATA / f"work/runs/{name}/log.csv").read_text().splitlines() for name in ("whole", "stopped")]
    assert [line.split(",")[0] for line in logs[0]] == [line.split(",")[0] for line in logs[1]] == ['"step"', "3", "6"]


def test_a_finished_run_is_not_trained_again(data, capsys):
    first = vae.train(data, "done", PLAN, **TINY)
    log = (loop.DATA / "work/runs/done/log.csv").stat().st_mtime_ns
    again = vae.train(data, "done", PLAN, **TINY)
    assert (loop.DATA / "work/runs/done/log.csv").stat().st_mtime_ns == log
    for a, b in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_run_begun_otherwise_is_not_resumed(data):
    vae.train(data, "run", PLAN, **TINY)
    with pytest.raises(ValueError, match=r"steps: 6 then, 9 now"):
        vae.train(data, "run", Plan(steps=9, batch=8, anneal=4, epoch=3), **TINY)


def test_a_run_that_cannot_be_is_refused(data):
    with pytest.raises(ValueError, match=r"must lie in \[1, inf\)"):
        vae.train(data, "run", Plan(steps=0), **TINY)
    with pytest.raises(FileNotFoundError, match="nosuch"):
        loop.read_log("nosuch")


def test_steps_and_epochs_have_to_fit(data):
    with pytest.raises(ValueError, match="multiple of epoch"):
        vae.train(data, "run", Plan(steps=10, epoch=3), **TINY)


def test_the_preview_sees_the_model_as_it_goes(data):
    seen = []
    vae.train(data, "run", PLAN, preview=lambda model, step: seen.append((step, model.settings.z_size)), **TINY)
    assert seen == [(3, 8), (6, 8)]


def test_the_command_explains_itself():
    command = [sys.executable, "-m", "helpers.train", "--help"]
    out = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ).stdout
    assert "--classes" in out and "--steps" in out


@pytest.mark.parametrize("text", ["", '{"plan": {"ste', "[]", '{"plan": [], "settings": {}}'])
def test_damaged_settings_of_a_run_are_named(data, tmp_path, text):
    path = tmp_path / "work" / "runs" / "one" / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ValueError, match=r"run\.json is damaged; delete .*one"):
        loop.begin_run("one", PLAN, {"z_size": 8})
    assert path.read_text() == text


def test_first_weights_come_from_the_seed_and_the_callers_random_numbers_go_on_as_before():
    def first_weights(seed):
        with loop.seeded(seed):
            layer = keras.layers.Dense(4)
            layer.build((None, 3))
        return keras.ops.convert_to_numpy(layer.kernel)

    random.seed(7)
    np.random.seed(7)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    np.testing.assert_array_equal(first_weights(1), first_weights(1))
    assert (first_weights(1) != first_weights(2)).any()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_held_out_losses_leave_the_callers_model_as_it_was_compiled():
    model = vae.vae.SketchVAE(Settings(("circle", "zigzag"), scale=15.0, mean_points=20.0, **TINY))
    model.compile("sgd")
    optimizer, before = model.optimizer, model.get_weights()
    losses = vae.evaluate(model, make_data().test)
    assert model.optimizer is optimizer and set(losses) == {"reconstruction", "kl"}
    assert float(model.reconstruction.result()) == 0
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
