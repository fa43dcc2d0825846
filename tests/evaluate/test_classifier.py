import json

import cv2
import numpy as np
import pytest

from helpers.data.chunks import SPLITS
from helpers.data.dataset import Split, make_dataset
from helpers.data.formats import read
from helpers.evaluate import classifier, inputs
from helpers.evaluate.classifier import train_judge
from helpers.evaluate.judge import Judge, confusion, load_judge, save_judge
from helpers.sketch.raster import render, render_batch
from helpers.sketch.strokes import from_polylines
from helpers.train.plan import Schedule


def shapes(kind, n, seed):
    """Wobbly circles or zigzags: classes that a network tells apart in seconds."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 12)
    drawings = []
    for _ in range(n):
        if kind == "circle":
            line = np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(40, 80, 2)
        else:
            line = np.column_stack([np.arange(8) * 20, np.arange(8) % 2 * rng.uniform(40, 90)])
        drawings.append(from_polylines([np.rint(line + rng.normal(0, 3, line.shape))]))
    return drawings


@pytest.fixture(scope="module")
def data():
    parts = dict(zip(SPLITS, (200, 40, 40), strict=True))
    drawings = {
        kind: {part: shapes(kind, n, [i, j]) for j, (part, n) in enumerate(parts.items())}
        for i, kind in enumerate(("circle", "zigzag"))
    }
    return make_dataset(drawings, "sample")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.train.loop.DATA", tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["cnn", "rnn", "hog"])
def test_a_classifier_learns_two_shapes_and_reads_back_as_it_was(kind, data, runs):
    plan = Schedule(steps=160, batch=32, epoch=80)
    judge = train_judge(data, "shapes", plan, kind)
    answers = judge.recognise(data.test.sketches)
    assert (
        np.mean([answer == data.classes[label] for answer, label in zip(answers, data.test.labels, strict=True)]) > 0.95
    )
    back = load_judge(save_judge(judge, runs / "shapes.npz"))
    assert back.classes == data.classes and back.kind == kind
    np.testing.assert_allclose(
        back.probabilities(data.test.sketches), judge.probabilities(data.test.sketches), atol=0.02
    )


def test_a_pupil_is_told_half_by_the_labels_and_half_by_the_mean_of_its_teachers(data, tmp_path):
    paths = []
    for number, bias in enumerate(([3.0, 0.0], [0.0, 1.0])):
        teacher = Judge(data.classes)
        teacher.network.get_layer("logits").set_weights([np.zeros((256, 2)), np.array(bias)])
        paths.append(save_judge(teacher, tmp_path / f"{number}.npz"))
    said = classifier.targets_of(data.valid, data.classes, paths)
    mean = (1 / (1 + np.exp(-3)) + 1 / (1 + np.exp(1))) / 2
    np.testing.assert_allclose(said[data.valid.labels == 0], [[(1 + mean) / 2, (1 - mean) / 2]] * 40, atol=2e-3)
    np.testing.assert_allclose(classifier.targets_of(data.valid, data.classes, ()), np.eye(2)[data.valid.labels])
    stranger = save_judge(Judge(("circle", "square")), tmp_path / "stranger.npz")
    with pytest.raises(ValueError, match=r"knows circle, square; it must know .*: circle, zigzag"):
        classifier.targets_of(data.valid, data.classes, [stranger])


def test_drawings_of_rarer_classes_come_more_often():
    labels = np.array([0] * 9 + [1] * 3 + [2] * 4)
    again = inputs.levelled(Split([np.float32([[i, 0, 1]]) for i in range(16)], labels))
    assert np.bincount(again.labels).tolist() == [9, 9, 8]
    assert {int(sketch[0, 0]) for sketch in again.sketches} == set(range(16))
    for sketch, label in zip(again.sketches, again.labels, strict=True):
        assert labels[int(sketch[0, 0])] == label


def test_averaged_weights_are_those_that_are_kept(data, runs):
    plan = Schedule(steps=8, batch=8, epoch=4, learning_rate=0.01)
    plain, averaged = (
        train_judge(data, f"{average}", plan, "hog", average=average).network.get_layer("logits").get_weights()[0]
        for average in (False, True)
    )
    begun = train_judge(data, "begun", Schedule(steps=1, batch=8, epoch=1, learning_rate=1e-9), "hog")
    start = begun.network.get_layer("logits").get_weights()[0]
    # of few steps the mean lies near where they began
    assert 0 < np.abs(averaged - start).mean() < 0.5 * np.abs(plain - start).mean()


def test_half_way_is_between_the_first_weights_and_the_last(data, runs):
    plan = Schedule(steps=4, batch=8, epoch=4, learning_rate=0.01)
    start = save_judge(Judge(data.classes, "hog"), runs / "start.npz")
    whole, half = (train_judge(data, f"{half}", plan, "hog", str(start), halfway=half) for half in (False, True))
    for first, last, kept in zip(*(x.network.get_weights() for x in (load_judge(start), whole, half)), strict=True):
        np.testing.assert_allclose(kept, (first + last) / 2, atol=1e-6)
        assert (first != last).any()
    stranger = save_judge(Judge(("circle", "square"), "hog"), runs / "stranger.npz")
    for other in (None, str(stranger)):
        with pytest.raises(ValueError, match="start with a classifier of these classes"):
            train_judge(data, "none", plan, "hog", other, halfway=True)


def test_drawings_are_traced_from_as_many_pictures_as_are_asked_for(data):
    split = Split(data.test.sketches[:3], data.test.labels[:3])
    more = classifier._with_traced(split, 3)
    assert len(more.sketches) == 12 and more.labels.tolist() == split.labels.tolist() * 4
    assert more.sketches[:3] == split.sketches  # as they are
    for sketches in zip(*(more.sketches[3 * k : 3 * k + 3] for k in range(1, 4)), strict=True):
        assert len({sketch.tobytes() for sketch in sketches}) == 3  # other pictures, other traces


def test_probabilities_add_up_and_do_not_depend_on_company_or_place(data):
    judge = Judge(("circle", "zigzag", "other"))
    drawings = data.test.sketches[:6]
    probabilities = judge.probabilities(drawings)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(judge.probabilities(drawings[2:3])[0], probabilities[2], atol=1e-5)
    larger = [sketch * np.float32([3, 3, 1]) for sketch in drawings]
    np.testing.assert_allclose(judge.probabilities(larger), probabilities, atol=0.01)
    assert judge.features(drawings).shape == (6, 256)
    assert judge.probabilities([]).shape == (0, 3)


def test_a_bitmap_is_seen_as_the_sketch_it_shows(data):
    sketch = data.test.sketches[0]
    seen = inputs.as_bitmaps([sketch])[0].astype(float)
    wide = np.zeros((300, 500), np.uint8)  # in a corner of a large sheet
    wide[20:148, 340:468] = render(sketch, 128, 128 / 48)
    for bitmap in (render(sketch, 48), wide):
        framed = inputs.as_bitmaps([bitmap])[0]
        assert framed.shape == (48, 48) and framed.dtype == np.uint8
        near = cv2.dilate(seen, np.ones((3, 3)))
        assert (framed * (near > 0)).sum() > 0.95 * framed.sum()


@pytest.mark.parametrize(
    ("drawing", "message"),
    [
        (np.zeros((20, 20), np.uint8), "drawing 0 has no ink"),
        (np.zeros((20, 20, 3), np.uint8), r"shape \(20, 20, 3\)"),
        (np.zeros((0, 3), np.float32), "point"),
        (np.float32([[np.nan, 0, 1]]), "finite"),
    ],
)
def test_what_shows_nothing_is_refused(drawing, message):
    with pytest.raises(ValueError, match=message):
        Judge(("a", "b")).probabilities([drawing])


def test_a_drawing_counts_as_recognised_from_a_half(data):
    judge = Judge(("a", "b", "c"))
    head = judge.network.get_layer("logits")
    for bias, answer in (((0.0, 0.0, 0.0), None), ((0.68, 0.0, 0.0), None), ((0.0, 0.8, 0.0), "b")):
        head.set_weights([np.zeros((256, 3)), np.array(bias)])
        assert judge.recognise(data.test.sketches[:2]) == [answer] * 2


def test_rows_hold_offsets_and_places_in_units_of_the_drawing():
    sketch = from_polylines([[(0, 0), (100, 0)], [(100, 50), (0, 50)]])
    rows = inputs.as_rows([sketch, sketch[:1]])
    assert rows.shape == (2, 16, 5)
    np.testing.assert_allclose(rows[0, 0], [2, 0, 1, -0.5, 1])
    np.testing.assert_allclose(rows[0, 2], [-2, 0, -1, 0.5, 1])
    assert not rows[0, 3:].any() and not rows[1, 1:].any()


def test_features_make_their_network_once(monkeypatch):
    judge = Judge(("circle", "zigzag"))
    drawings = shapes("circle", 2, 0)
    before = judge.features(drawings)
    monkeypatch.setattr(classifier.keras, "Model", lambda *_: pytest.fail("made again"))
    np.testing.assert_array_equal(judge.features(drawings), before)


def test_commands_in_files_of_the_first_release_are_read_by_todays_names(tmp_path):
    facts = {"command": "python -m helpers.classifier judge", "start": "python -m helpers.training zoo --steps 9"}
    back = load_judge(save_judge(Judge(("circle", "zigzag")), tmp_path / "judge.npz", facts))
    assert back.facts == {
        "command": "python -m helpers.evaluate.classifier judge",
        "start": "python -m helpers.train zoo --steps 9",
    }


def test_confusion_counts_and_refuses_what_does_not_fit():
    assert confusion([0, 0, 1, 2], [0, 1, 1, 0], 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    with pytest.raises(ValueError, match="2 true classes and 1 answers"):
        confusion([0, 1], [0], 2)
    with pytest.raises(ValueError, match="there are 2 classes"):
        confusion([0, 2], [0, 1], 2)


@pytest.mark.parametrize("change", ["format", "classes", "shape", "kind"])
def test_a_file_that_does_not_fit_is_refused(change, tmp_path):
    path = save_judge(Judge(("a", "b")), tmp_path / "judge.npz")
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    header = json.loads(str(arrays["header"]))
    if change == "shape":
        arrays["weight/logits/kernel"] = np.zeros((3, 3))
    else:
        header[change] = {"format": "another", "classes": ["a", 7], "kind": "oracle"}[change]
    arrays["header"] = np.array(json.dumps(header))
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"judge\.npz"):
        load_judge(path)


@pytest.mark.parametrize("kind", ["cnn", "rnn"])
def test_two_runs_of_one_schedule_end_alike(kind, data, runs):
    plan = Schedule(steps=4, batch=8, epoch=2)
    one, two = (train_judge(data, name, plan, kind).network.get_weights() for name in ("one", "two"))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("name", ["cat", "nose"])
def test_the_judge_that_ships_knows_real_drawings(name, mirror):
    judge = load_judge()
    drawings = read(mirror / "sketchrnn" / f"{name}.npz", "test")
    answers = judge.recognise(drawings)
    recognised = np.mean([answer == name for answer in answers])
    assert recognised > 0.8
    assert recognised == pytest.approx(judge.facts["test"]["recognised"][name], abs=0.01)
    bitmaps = list(render_batch(drawings[:100], 128, 3.0))
    assert np.mean([answer == name for answer in judge.recognise(bitmaps)]) > recognised - 0.12
