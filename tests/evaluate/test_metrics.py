import numpy as np
import pytest

from helpers.data.formats import read
from helpers.draw.priors import sample
from helpers.evaluate.classifier import Judge, load_judge
from helpers.evaluate.metrics import recognised, recognised_as_own, recognised_on_the_way, variety
from helpers.model import vae


@pytest.fixture(scope="module")
def judge():
    return load_judge()


@pytest.fixture(scope="module")
def clouds():
    return sample(vae.load_model("cloud"), 60, seed=5)


def test_what_counts_as_recognised_depends_on_the_classes_asked_for(judge, clouds):
    as_cloud = recognised(judge, clouds, "cloud")
    assert as_cloud.mean() > 0.5
    assert (recognised(judge, clouds, "cloud", "sheep") >= as_cloud).all()
    assert recognised(judge, clouds, "bus").mean() < 0.1
    mixed = recognised_as_own(judge, clouds, ["cloud", "bus"] * 30)
    assert mixed[::2].tolist() == as_cloud[::2].tolist() and mixed[1::2].mean() < 0.1


def test_a_class_that_the_judge_does_not_know_is_named(judge, clouds):
    with pytest.raises(ValueError, match=r"knows no unicorn; it knows: .*cloud"):
        recognised(judge, clouds, "cloud", "unicorn")


def test_variety_is_one_for_the_drawings_themselves_and_falls_when_all_are_alike(judge, clouds):
    same = variety(judge, clouds, clouds)
    assert same == (pytest.approx(1), 1, 1)
    alike = variety(judge, clouds[:1] * 60, clouds)
    assert alike.distance == pytest.approx(0, abs=1e-6) and alike.precision == 1 and alike.recall < 0.2


def test_drawings_of_another_class_lie_elsewhere(judge, clouds, mirror):
    buses = read(mirror / "sketchrnn" / "bus.npz", "test")[:60]
    other = variety(judge, buses, clouds)
    assert other.precision < 0.1 and other.recall < 0.1


def test_unequal_numbers_are_refused(judge, clouds):
    with pytest.raises(ValueError, match="60 drawings beside 59"):
        variety(judge, clouds, clouds[1:])


def test_ways_between_drawings_are_judged_frame_by_frame(judge, clouds):
    ways = recognised_on_the_way(judge, vae.load_model("cloud"), clouds, "cloud", pairs=3, steps=4)
    assert ways.shape == (3, 4) and ways.mean() > 0.5
    with pytest.raises(ValueError, match="25 pairs need 50 drawings"):
        recognised_on_the_way(judge, vae.load_model("cloud"), clouds[:49], "cloud")


def test_features_do_not_depend_on_the_company(judge, clouds):
    assert isinstance(judge, Judge)
    np.testing.assert_allclose(judge.features(clouds)[7], judge.features(clouds[7:8])[0], atol=1e-4)
