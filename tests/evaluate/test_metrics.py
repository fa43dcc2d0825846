import numpy as np
import pytest

from helpers.data.formats import read
from helpers.draw.rereading import sample
from helpers.draw.switching import Switched
from helpers.evaluate.judge import Judge, load_judge
from helpers.evaluate.metrics import (
    concealment,
    illusions,
    rec_at_1,
    recognised,
    recognised_as_own,
    ret_at_1,
    variety,
)
from helpers.model import vae
from helpers.sketch.strokes import added_ink


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


def test_features_do_not_depend_on_the_company(judge, clouds):
    assert isinstance(judge, Judge)
    np.testing.assert_allclose(judge.features(clouds)[7], judge.features(clouds[7:8])[0], atol=1e-4)


@pytest.mark.parametrize("stroke", ["a new one", "goes on", "cut off"])
def test_added_ink_is_what_came_after_the_switch_without_the_way_there(stroke):
    first = np.float32([[5, 0, 0], [0, 5, 1 if stroke == "a new one" else 0]])
    later = np.float32([[3, 0, 0], [0, 4, 1], [9, 9, 0], [1, 0, 1]])
    if stroke == "goes on":
        sketch, expected = np.concatenate([first, later]), later
    else:
        lift = np.float32([[0, 0, 1]]) if stroke == "cut off" else np.zeros((0, 3), np.float32)
        way = np.float32([[40, -20, 0]])
        sketch, expected = np.concatenate([first, lift, way, later]), later
    np.testing.assert_allclose(added_ink(sketch, 2), expected)


def test_added_dots_are_ink_and_a_lift_or_nothing_is_none():
    first, lift = np.float32([[5, 0, 0], [0, 5, 1]]), np.float32([[0, 0, 1]])
    assert added_ink(first, 2) is None
    open_ended = np.float32([[5, 0, 0], [0, 5, 0]])
    assert added_ink(np.concatenate([open_ended, lift]), 2) is None
    dots = added_ink(np.concatenate([first, np.float32([[8, 8, 1], [3, 1, 1]])]), 2)
    np.testing.assert_allclose(dots, [[0, 0, 1], [3, 1, 1]])
    np.testing.assert_allclose(
        added_ink(np.concatenate([open_ended, lift, np.float32([[8, 8, 1], [3, 1, 1]])]), 2), dots
    )
    np.testing.assert_allclose(added_ink(first, 0), first)  # all of it is the last mind's


class Counting:
    """Says 1 of a drawing of more than three rows, 0.6 of three, and 0 of fewer."""

    classes = ("bus", "cloud")

    def probabilities(self, drawings):
        p = np.array([np.interp(len(sketch), [2, 3, 4], [0, 0.6, 1]) for sketch in drawings])
        return np.column_stack([1 - p, p])


def test_concealment_is_what_the_beginning_adds_and_an_illusion_needs_it():
    line = np.float32([[5, 0, 0], [0, 5, 0], [0, 5, 1]])
    way = np.float32([[40, 0, 0]])
    short, long = np.concatenate([line, way, line[1:]]), np.concatenate([line, way, line, way, line])
    drawn = Switched([short, long, line, long], [(3,), (3,), (3,), (3, 7)])
    np.testing.assert_allclose(concealment(Counting(), drawn, "cloud"), [1, 0, 0.6, 0.4])
    assert illusions(Counting(), drawn, "cloud").tolist() == [True, False, True, False]
    np.testing.assert_allclose(concealment(Counting(), drawn, "bus"), [-1, 0, 0.4, -0.4])
    assert concealment(Counting(), Switched([], []), "cloud").shape == (0,)
    for measure in (concealment, illusions):
        with pytest.raises(ValueError, match="knows no unicorn"):
            measure(Counting(), drawn, "unicorn")


def test_rec_at_1_asks_only_for_the_best_of_the_data_sets_classes(judge, clouds):
    names = ["cloud"] * len(clouds)
    assert rec_at_1(judge, clouds, names, ["cloud"]).all()
    among = rec_at_1(judge, clouds, names, ["bus", "cloud"])
    assert (among >= recognised(judge, clouds, "cloud")).all()
    assert rec_at_1(judge, clouds, ["bus"] * len(clouds), ["bus", "cloud"]).tolist() == (~among).tolist()
    with pytest.raises(ValueError, match="cloud: none of the data set's classes, bus"):
        rec_at_1(judge, clouds, names, ["bus"])


def test_ret_at_1_finds_each_code_among_the_originals():
    originals = np.float32([[0, 0], [10, 0], [0, 10], [10, 10]])
    assert ret_at_1(originals + 1, originals).all()
    assert ret_at_1(originals[[0, 1, 3, 2]], originals).tolist() == [True, True, False, False]
    with pytest.raises(ValueError, match=r"these are \(3, 2\) and \(4, 2\)"):
        ret_at_1(originals[:3], originals)
