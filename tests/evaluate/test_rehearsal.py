import numpy as np
import pytest

from helpers.data.dataset import open_dataset, save_dataset
from helpers.evaluate import rehearsal
from helpers.evaluate.rehearsal import best_of, rehearse
from helpers.model.vae import load_model
from helpers.sketch.cohesion import count_small_strokes
from helpers.sketch.strokes import from_polylines


class Picky:
    """A judge that takes every third drawing for a cloud, and none for anything else."""

    classes = ("camel", "cloud")

    def __init__(self, share=3):
        self.share = share

    def probabilities(self, drawings):
        sure = np.arange(len(drawings)) % self.share == 0
        return np.column_stack([~sure, sure]).astype(np.float32)


@pytest.fixture
def cloud(monkeypatch):
    monkeypatch.setattr(rehearsal, "BATCH", 30)
    return load_model("cloud")


def test_what_the_judge_sees_in_it_is_kept_and_nothing_that_did_not_end(cloud, tmp_path):
    kept = rehearse(cloud, Picky(), 25, 5)
    assert kept.classes == ("cloud",) and kept.source == "rehearsed" and len(kept.train.sketches) == 25
    assert max(map(len, kept.train.sketches)) < cloud.settings.max_points and not kept.valid.sketches
    save_dataset(kept, tmp_path / "own.npz")
    back = open_dataset(tmp_path / "own.npz").train.sketches
    assert all(np.array_equal(a, b) for a, b in zip(back, kept.train.sketches, strict=True))
    few = rehearse(cloud, Picky(20), 25, 2).train.sketches  # fewer went well than are wanted: again and again
    assert len(few) == 25 > len({sketch.tobytes() for sketch in few}) > 2
    again = rehearse(cloud, Picky(), 25, 5)
    assert all(np.array_equal(a, b) for a, b in zip(again.train.sketches, kept.train.sketches, strict=True))


def test_a_class_that_never_goes_well_and_one_that_the_judge_does_not_know_are_told(cloud):
    judge = Picky()
    judge.probabilities = lambda drawings: np.zeros((len(drawings), 2))
    with pytest.raises(ValueError, match="of 40 drawings of cloud the judge recognises none"):
        rehearse(cloud, judge, 20, 2)
    judge.classes = ("camel", "bus")
    with pytest.raises(ValueError, match="knows no cloud"):
        rehearse(cloud, judge, 20, 2)


def test_of_two_that_the_judge_is_as_sure_of_the_one_with_fewer_small_strokes_is_kept(cloud):
    outline = np.array([[0, 0], [200, 0], [200, 150], [0, 0]], float)
    dots = [np.array([[x, 40], [x + 5, 46]], float) for x in range(60, 160, 20)]
    plain, scribbled = from_polylines([outline]), from_polylines([outline, *dots])
    assert (count_small_strokes(plain), count_small_strokes(scribbled)) == (0, 5)
    for drawn in ([plain, scribbled], [scribbled, plain]):
        (best,) = best_of(cloud, Picky(1), drawn, "cloud", 1)
        assert np.array_equal(best, plain)
