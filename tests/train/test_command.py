"""`python -m helpers.train`: refused before it trains, and from drawings of one's own to a model with its card."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.train import __main__ as command

ROOT = Path(__file__).resolve().parents[2]


def put_own(folder, names, count=12):
    rng = np.random.default_rng(0)
    folder.mkdir()
    for name in names:
        lines = []
        for _ in range(count):
            turn = np.linspace(0, 6, 16)
            ring = np.stack([np.cos(turn), np.sin(turn)]) * rng.uniform(50, 120) + 125
            lines.append(json.dumps({"word": name, "drawing": [ring.round().tolist(), [[90, 120], [10, 200]]]}) + "\n")
        (folder / f"{name}.ndjson").write_text("".join(lines))
    return folder


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["my/cat", "--data", "OWN"], "a run's name is plain"),
        (["../outside", "--data", "OWN"], "a run's name is plain"),
        (["a", "--data", "OWN", "--drop", "1.5"], r"drop is 1.5; it must lie in \[0, 1\)"),
        (["a", "--data", "OWN", "--learning-rate", "0"], r"learning_rate is 0.0; it must lie in \(0, 1\]"),
        (["a", "--data", "OWN", "--units", "0"], "units must be 1 or more"),
        (["a", "--data", "OWN", "--classes", "dog"], "no drawings of dog; it has ring"),
        (["a", "--data", "OWN", "--start", "gone"], "no model 'gone'"),
        (["a", "--data", "NOWHERE"], "NOWHERE is not there"),
        (["a"], "--data gives drawings of your own"),
        (["a", "--classes", "catt"], "did you mean cat"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence_before_it_is(
    tmp_path, monkeypatch, capsys, arguments, complaint
):
    own = put_own(tmp_path / "own", ["ring"])
    places = {"OWN": str(own), "NOWHERE": str(tmp_path / "NOWHERE")}
    monkeypatch.setattr(sys, "argv", ["train", *(places.get(argument, argument) for argument in arguments)])
    monkeypatch.setattr(command, "train", lambda *_, **__: pytest.fail("it trains"))
    with pytest.raises(SystemExit) as ended:
        command.main()
    told = capsys.readouterr().err
    assert ended.value.code == 2 and len(told.splitlines()) == 1
    assert re.search(complaint, told), told


@pytest.mark.slow
def test_drawings_of_ones_own_become_a_model_a_card_and_figures(tmp_path):
    own = put_own(tmp_path / "own", ["ring", "St. Bernard"])
    root = tmp_path / "root"
    tiny = "--units 16 --z-size 8 --steps 4 --epoch 2 --batch 4".split()
    environment = os.environ | {"MIDSTROKE_ROOT": str(root), "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    call = [sys.executable, "-m", "helpers.train", "my.own", "--data", str(own), *tiny]
    subprocess.run(call, env=environment, check=True, capture_output=True)
    card = (root / "data" / "models" / "my.own.md").read_text()
    assert "none of *Quick, Draw!*'s" in card and "license" not in card and "St. Bernard, ring" in card
    assert (root / "figures" / "my-own_samples.svg").exists() and (root / "figures" / "my-own_switched.svg").exists()
    assert "drawings" in json.loads((root / "data" / "work" / "runs" / "my.own" / "run.json").read_text())["settings"]
