"""The released models: what ships is whole, small, attributed, and as good as its card says."""

import re
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from helpers.data.dataset import Split, load_drawings
from helpers.data.formats import read
from helpers.draw.decoding import encode
from helpers.draw.priors import class_mean
from helpers.draw.rereading import sample
from helpers.draw.switching import switch
from helpers.evaluate.judge import load_judge
from helpers.evaluate.metrics import recognised
from helpers.model.card import fingerprints
from helpers.model.vae import load_model
from helpers.train import vae

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "data" / "models").glob("*.npz"))
TABLES = [path for path in sorted((ROOT / "benchmarks" / "results").glob("*.md")) if "Models: " in path.read_text()]
CLASSIFIERS = [path for path in FILES if path.stem in ("judge", "second", "chooser") or path.stem.startswith("parts-")]
RELEASED = [path for path in FILES if path not in CLASSIFIERS]


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_released_model_loads_and_draws(path):
    model = load_model(path)
    for name in model.settings.classes:
        drawings = sample(model, 100, seed=1, classes=[name])
        assert all(np.isfinite(sketch).all() for sketch in drawings)
        assert encode(model, drawings).shape == (100, model.settings.z_size)
        ended = np.mean([len(sketch) < model.settings.max_points for sketch in drawings])
        assert ended > 0.5, f"only {ended:.0%} of the drawings of {name} come to an end"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_card_says_where_the_drawings_came_from_and_how_to_make_the_model(path):
    card = path.with_suffix(".md").read_text()
    assert "Quick, Draw!" in card and "Google" in card and "creativecommons.org/licenses/by/4.0" in card
    assert f"python -m helpers.{'evaluate.classifier' if path in CLASSIFIERS else 'train'} {path.stem}" in card


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_table_was_measured_with_the_models_that_ship(table):
    (told,) = re.findall(r"Models: ([^.\n]*)\.", table.read_text())
    assert f"Models: {told}." == fingerprints(*(one.split()[0] for one in told.split(", "))), (
        f"run {table.stem}.py again"
    )


def test_released_models_are_small_together():
    assert RELEASED and CLASSIFIERS, "data/models is empty"
    assert sum(path.stat().st_size for path in FILES) < 45e6


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_cards_held_out_loss_is_what_real_test_drawings_give(path, carded):
    model = load_model(path)
    tests = [read(carded / "sketchrnn" / f"{name}.npz", "test") for name in model.settings.classes]
    split = Split(
        [sketch for own in tests for sketch in own], np.repeat(np.arange(len(tests)), [len(own) for own in tests])
    )
    loss = vae.evaluate(model, split)
    assert loss["reconstruction"] == pytest.approx(model.facts["test"]["reconstruction"], abs=0.01)
    assert f"{model.facts['test']['reconstruction']:.3f} nats a point" in path.with_suffix(".md").read_text()


@pytest.mark.parametrize("path", CLASSIFIERS, ids=lambda path: path.stem)
def test_a_classifiers_card_says_how_many_real_test_drawings_it_gets_right(path, carded):
    judge = load_judge(path)
    tests = [read(carded / "sketchrnn" / f"{name}.npz", "test") for name in judge.classes]
    answers = judge.probabilities([sketch for own in tests for sketch in own]).argmax(axis=1)
    right = (answers == np.repeat(np.arange(len(tests)), [len(own) for own in tests])).mean()
    assert right == pytest.approx(judge.facts["test"]["accuracy"], abs=0.005)
    assert f"{judge.facts['test']['accuracy']:.1%}" in path.with_suffix(".md").read_text()


def test_the_sample_has_four_hundred_drawings_of_every_class_that_the_models_know():
    for path in RELEASED:
        for name in load_model(path).settings.classes:
            data = load_drawings([name], "sample")
            assert data.source == "sample"
            drawings = [sketch for split in (data.train, data.valid, data.test) for sketch in split.sketches]
            assert len(drawings) == 400
            assert max(map(len, drawings)) < 128  # none was stopped in the middle


def test_a_cloud_that_ends_as_a_camel_is_read_as_one():
    """In the model's own latent space: after the switch a drawing lies nearer to the camels than its cloud did."""
    model = load_model("menagerie")
    axis = class_mean(model, "camel") - class_mean(model, "cloud")
    clouds = switch(model, "cloud", "camel", n=40, blend=0.0, seed=3)
    camels = switch(model, "cloud", "camel", n=40, seed=3)
    toward = [(encode(model, drawn.sketches) @ axis).mean() for drawn in (clouds, camels)]
    assert toward[1] > toward[0] + 0.5 * axis @ axis


@pytest.mark.parametrize("name", ["face-parts", "face-parts-rnn", "cloud", "camel"])
def test_a_cards_judged_numbers_are_what_its_drawings_give(name):
    model, told = load_model(name), judged(name)
    classes = model.settings.classes
    by_class = model.settings.prior == "class"
    of_several = ("trained", "fitted", "normal") if by_class else ("normal", "fitted")
    for prior, share in zip(of_several if len(classes) > 1 else ("fitted",), told, strict=False):
        drawn = sample(model, 300, prior, seed=0, classes=None if prior == "normal" else classes)
        seen = recognised(load_judge(), drawn, *classes).mean()
        assert abs(seen - share) < 0.01 + 3 * (share * (1 - share) / 300) ** 0.5, (
            f"{prior}: {seen:.1%}, told {share:.1%}"
        )


def test_the_menageries_card_tells_how_its_drawings_are_judged_with_and_without_a_switch():
    model, judge = load_model("menagerie"), load_judge()
    own, _, *told = judged("menagerie")
    classes = model.settings.classes
    drawn = np.mean([recognised(judge, sample(model, 30, classes=[name]), name).mean() for name in classes])
    assert drawn == pytest.approx(own, abs=0.07)
    for tries, shares in {1: told[:2], 16: told[2:]}.items():
        switched = [
            (recognised(judge, sketches, *pair).mean(), recognised(judge, sketches, pair[1]).mean())
            for pair in permutations(classes, 2)
            for sketches in [switch(model, *pair, n=3, tries=tries, fit=False).sketches]
        ]
        np.testing.assert_allclose(np.mean(switched, axis=0), shares, atol=0.08)


def judged(name):
    """The shares in a card's line on what the judge said."""
    card = (ROOT / "data" / "models" / f"{name}.md").read_text()
    (line,) = (line for line in card.splitlines() if line.startswith("| judged "))
    return [float(share) / 100 for share in re.findall(r"([\d.]+)%", line)]
