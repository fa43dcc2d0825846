"""Other people's machines: a keras.json, a matplotlibrc and a home that are not ours."""

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
from helpers.draw.priors import sample
from helpers.evaluate.classifier import load_judge
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


@pytest.mark.parametrize("floats", ["float16", "float64"])
def test_a_keras_json_with_other_floats_and_channels_first_changes_nothing(tmp_path, floats):
    """The same drawings, z and judgements as without one, to the last bits that an order of sums can change."""
    settings = {"floatx": floats, "epsilon": 1e-7, "backend": "tensorflow", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    (tmp_path / "plain").mkdir()
    run(DRAWS, str(tmp_path / "theirs.npz"), KERAS_HOME=str(tmp_path))
    run(DRAWS, str(tmp_path / "ours.npz"), KERAS_HOME=str(tmp_path / "plain"))
    with np.load(tmp_path / "theirs.npz") as theirs, np.load(tmp_path / "ours.npz") as ours:
        assert theirs.files == ours.files and len(ours.files) == 8
        for name in ours.files:
            np.testing.assert_allclose(theirs[name], ours[name], atol=1e-4)
