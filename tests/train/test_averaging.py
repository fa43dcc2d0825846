"""Means of networks."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from helpers.model import vae
from helpers.train import averaging

SETTINGS = vae.Settings(("cloud", "camel"), 20.0, 30.0, z_size=8, units=16, components=2, size=32, max_points=20)


@pytest.fixture(scope="module")
def models():
    return [vae.SketchVAE(SETTINGS), vae.SketchVAE(replace(SETTINGS, mean_points=31.0))]


def test_every_weight_is_the_mean(models):
    mean = averaging.average(models)
    for own, *others in zip(mean.get_weights(), *(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(own, np.mean(others, axis=0), atol=1e-7)
    assert mean.settings == SETTINGS


def test_one_network_and_networks_of_two_kinds_are_refused(models):
    with pytest.raises(ValueError, match="1 network has no mean"):
        averaging.average(models[:1])
    with pytest.raises(ValueError, match="differ in units"):
        averaging.average([models[0], vae.SketchVAE(replace(SETTINGS, units=8))])


def test_the_command_says_what_is_wrong_before_it_reads_drawings(models, tmp_path, monkeypatch, capsys):
    path = str(vae.save_model(models[0], tmp_path / "one.npz"))
    monkeypatch.setattr(sys, "argv", ["averaging", "mean", path])
    monkeypatch.setattr(averaging, "load_drawings", lambda *_: pytest.fail("read"))
    with pytest.raises(SystemExit):
        averaging.main()
    assert "name two or more" in capsys.readouterr().err


def test_a_card_says_whose_mean_a_model_is():
    plan = {"steps": 9, "batch": 2, "kl_weight": 0.1, "seed": 0}
    facts = {
        "source": "quickdraw", "drawings": {"train": 4, "valid": 2, "test": 2}, "plan": plan,
        "test": {"reconstruction": 1.0, "kl": 2.0}, "command": "averaging c a b", "mean of": ["a", "b"],
    }  # fmt: skip
    assert averaging.card_rows(SETTINGS, facts)["training"].startswith("the mean of `a` and `b`; the last: 9 steps")
