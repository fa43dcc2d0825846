"""Other people's machines: a keras.json that is not ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
DRAWS = """
import sys
import numpy as np
from helpers.draw.rereading import sample
from helpers.evaluate.judge import load_judge
from helpers.model.vae import load_model
from helpers.draw.decoding import encode

model = load_model("cloud")
drawn = sample(model, 4, seed=3)
judges = [load_judge(name).probabilities(drawn) for name in ("judge", "second", "parts-rnn")]
np.savez(sys.argv[1], encode(model, drawn), *judges, *drawn)
"""


def run(code, *arguments, **environment):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"} | environment
    return subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ours")
    run(DRAWS, str(folder / "ours.npz"), KERAS_HOME=str(folder))
    return folder / "ours.npz"


@pytest.mark.slow
@pytest.mark.parametrize("floats", ["float16", "float64"])
def test_a_keras_json_with_other_floats_and_channels_first_changes_nothing(ours, tmp_path, floats):
    """The same drawings, z and judgements as without one, bit for bit."""
    settings = {"floatx": floats, "epsilon": 1e-7, "backend": "tensorflow", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    run(DRAWS, str(tmp_path / "theirs.npz"), KERAS_HOME=str(tmp_path))
    with np.load(tmp_path / "theirs.npz") as theirs, np.load(ours) as own:
        assert theirs.files == own.files and len(own.files) == 8
        for name in own.files:
            np.testing.assert_array_equal(theirs[name], own[name])
