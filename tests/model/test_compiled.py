"""Functions compiled once for a model: they go when it goes."""

import gc
import weakref

import numpy as np

from helpers.draw.decoding import decode, encode
from helpers.evaluate.judge import Judge
from helpers.model.vae import Settings, SketchVAE

CROSS = np.array([[9, 9, 1], [-9, 0, 0], [9, -9, 1]], np.float32)


def test_a_model_that_has_drawn_and_a_judge_that_has_looked_are_let_go():
    model = SketchVAE(Settings(("cross",), 9.0, 3.0, z_size=4, units=8, components=2, size=32, max_points=8))
    decode(model, encode(model, [CROSS]))
    judge = Judge(("cross", "dot"), "rnn")
    judge.probabilities([CROSS])
    gone = weakref.ref(model), weakref.ref(judge.network)
    del model, judge
    gc.collect()
    assert [found() for found in gone] == [None, None]
