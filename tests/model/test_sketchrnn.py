"""Google's decoders, from files of our own making in their format."""

import base64
import json

import numpy as np
import pytest

from helpers.draw import decode, switch
from helpers.model import load_model, load_sketchrnn, save_model
from helpers.model.sketchrnn import OUTPUTS, STEP
from helpers.model.vae import Settings, SketchVAE
from helpers.sketch.stroke5 import DOWN

UNITS = 12
SHAPES = [[UNITS, OUTPUTS], [OUTPUTS], [5, 4 * UNITS], [UNITS, 4 * UNITS], [4 * UNITS]]
INFO = {"mode": 2, "name": "cat", "scale_factor": 40.5, "max_seq_len": 60, "version": 6, "r_loss": 0.1, "kl_loss": 0}


def steps(seed=0):
    """The arrays of a decoder, as the format holds them."""
    rng = np.random.default_rng(seed)
    return [np.rint(rng.normal(scale=0.5, size=shape) / STEP).astype("<i2") for shape in SHAPES]


def write(path, info=INFO, shapes=SHAPES, arrays=None):
    texts = [base64.b64encode(array.tobytes()).decode() for array in (steps() if arrays is None else arrays)]
    path.write_text(json.dumps([info, shapes, texts]))
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path / "cat.gen.json")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def original(points):
    """The outputs of the decoder as Ha & Eck's code has it, after each of the points (T, 5)."""
    head, head_bias, kernel, recurrent, bias = (array * (10 / 32767) for array in steps())
    h = c = np.zeros(UNITS)
    outputs = []
    for point in points:
        i, new, forget, out = np.split(point @ kernel + h @ recurrent + bias, 4)
        c = c * sigmoid(forget + 1) + sigmoid(i) * np.tanh(new)
        h = np.tanh(c) * sigmoid(out)
        outputs.append(h @ head + head_bias)
    return np.array(outputs)


def test_it_computes_what_the_original_does(path):
    model = load_sketchrnn(path)
    points = np.random.default_rng(1).normal(size=(9, 5)).astype(np.float32)
    ours = np.asarray(model.decoder(points[None], np.zeros((1, 1), np.float32)))[0]
    theirs = original(points)  # the pen states first
    np.testing.assert_allclose(ours, np.roll(theirs, -3, axis=1), rtol=1e-4, atol=1e-4)
    assert model.settings.classes == ("cat",) and model.settings.scale == 40.5 and model.settings.max_points == 60


def test_it_draws_reads_nothing_and_can_be_saved(path, tmp_path):
    model = load_sketchrnn(path)
    drawings = decode(model, np.zeros((5, 1)), seed=2)
    assert all(1 <= len(sketch) <= 60 and np.isfinite(sketch).all() for sketch in drawings)
    assert not np.array_equal(drawings[0], drawings[1])
    again = load_model(save_model(model, tmp_path / "cat.npz"))
    assert again.settings == model.settings
    assert [len(sketch) for sketch in decode(again, np.zeros((5, 1)), 0.01, seed=2)]


@pytest.mark.parametrize("second", ["cat", None])
def test_it_is_the_second_of_a_switch(path, second):
    first = SketchVAE(Settings(("cloud",), 20.0, 30.0, z_size=4, units=8, components=3, size=16, max_points=30))
    z = np.random.default_rng(0).normal(size=(3, 4))
    drawn = switch((first, load_sketchrnn(path)), z, second, seed=1)
    begun = decode(first, z, 0.2, 1)
    for sketch, (row,), before in zip(drawn.sketches, drawn.switches, begun, strict=True):
        np.testing.assert_array_equal(sketch[:row], before[:row])
        assert len(sketch) > row


def with_(**more):
    return INFO | more


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01", "not a decoder of sketch-rnn-js"),
        (b"[1, 2]", "not a decoder"),
        (b'{"a": 1}', "not a decoder"),
        (b"[" * 100_000, "not a decoder"),
        (json.dumps([INFO, SHAPES[:4], [""] * 4]).encode(), "five arrays"),
        (
            json.dumps([INFO, [[1 << 40, OUTPUTS], *[[1 << 40, 4]] * 4], [""] * 5]).encode(),
            "LSTM of 1099511627776 units",
        ),
        (json.dumps([INFO, SHAPES, ["!"] * 5]).encode(), "not in base64"),
        (json.dumps([INFO, SHAPES, ["AAAA"] * 5]).encode(), "has 3 bytes"),
        (json.dumps([INFO, SHAPES, [3] * 5]).encode(), "not in base64"),
        (json.dumps([INFO, [[OUTPUTS, UNITS], *SHAPES[1:]], [""] * 5]).encode(), "array 0 has shape"),
        (json.dumps([with_(mode=0), SHAPES, [""] * 5]).encode(), "its mode is '0'"),
        (json.dumps([with_(name=""), SHAPES, [""] * 5]).encode(), "no name"),
        (json.dumps([with_(scale_factor=float("nan")), SHAPES, [""] * 5]).encode(), "scale_factor is nan"),
        (json.dumps([with_(max_seq_len=10**9), SHAPES, [""] * 5]).encode(), "max_seq_len is 1000000000"),
        (json.dumps([None, SHAPES, [""] * 5]).encode(), "model's facts"),
    ],
)
def test_what_is_no_decoder_is_refused_by_name(tmp_path, content, words):
    path = tmp_path / "odd.gen.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as told:
        load_sketchrnn(path)
    assert "odd.gen.json" in str(told.value)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_sketchrnn(tmp_path / "none.gen.json")


def test_the_start_of_a_drawing_is_the_pen_on_the_paper(path):
    """The first input is what training began with: nothing moved, pen down."""
    model = load_sketchrnn(path)
    start = np.eye(5)[[DOWN]]
    state, same = model.decoder.start(np.zeros((1, 1), np.float32))
    _, parameters = model.decoder.step(start.astype(np.float32), state, same)
    np.testing.assert_allclose(np.roll(np.asarray(parameters)[0], 3), original(start)[0], rtol=1e-4, atol=1e-4)
