"""Cohesion on shapes whose answer is known, turned, moved and scaled, and on real drawings."""

import time

import numpy as np
import pytest

from helpers.data.formats import read
from helpers.sketch.closed_lines import closure
from helpers.sketch.cohesion import NEAR, aspect, complexity, symmetry, transition
from helpers.sketch.strokes import from_polylines, to_polylines
from helpers.sketch.summaries import compare, measure, summarise

TURN = np.linspace(0, 2 * np.pi, 97)
CIRCLE = 50 * np.column_stack([np.cos(TURN), np.sin(TURN)])
SQUARE = np.array([[0, 0], [100, 0], [100, 100], [0, 100], [0, 0]], float)
ARC = CIRCLE[:73]  # three quarters
L = np.array([[0, 0], [0, 100], [40, 100]], float)
SCALENE = np.array([[0, 0], [100, 0], [30, 60], [0, 0]], float)
KITE = np.array([[0, 0], [30, 40], [0, 100], [-30, 40], [0, 0], [0, 100]], float)


def moved(polylines, turn=0.0, scale=1.0, shift=(0, 0)):
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return [scale * line @ rotation.T + shift for line in polylines]


def sketch(*polylines, **motion):
    return from_polylines(moved(polylines, **motion))


# closure


@pytest.mark.parametrize(
    "lines, share",
    [
        ([CIRCLE], 1),
        ([SQUARE], 1),
        ([ARC], 0),
        ([L], 0),
        ([CIRCLE[:94]], 1),  # a gap of a tenth of the size at most
        ([CIRCLE[:-10]], 0),  # a gap three times as wide
        ([CIRCLE[:49], CIRCLE[48:]], 1),  # two half circles
        ([CIRCLE[:49], CIRCLE[48:][::-1]], 1),  # whichever way they were drawn
        ([SQUARE[i : i + 2] for i in (2, 0, 3, 1)], 1),  # four strokes in any order
        ([CIRCLE[:49], np.add(CIRCLE[48:], [0, 200])], 0),  # apart
        ([SQUARE[:3], np.add(SQUARE[1:3], [60, 0])], 0),
        ([SQUARE[:4], np.array([[0, 50], [100, 50]])], 0),  # a bar that meets one side only
        ([np.roll(SQUARE[:4], 1, axis=0), np.array([[0, 50], [100, 50]])], 3 / 4),  # one that halves two
    ],
)
def test_closure_of_shapes_whose_answer_is_known(lines, share):
    assert closure(sketch(*lines)) == pytest.approx(share, abs=0.01)


def test_an_aspect_is_width_over_height_wherever_and_however_large():
    assert aspect(sketch(L)) == pytest.approx(0.4)
    assert aspect(sketch(L, scale=0.5, shift=(70, 9))) == pytest.approx(0.4)
    assert aspect(sketch(SQUARE, 2 * CIRCLE + 100)) == pytest.approx(1)
    assert aspect(sketch(np.array([[0, 0], [80, 0.2]]))) == pytest.approx(80)  # flat: less than a pixel is one


def test_a_tail_does_not_close_but_the_bowl_of_a_six_does():
    six = np.concatenate([[[50, -150]], CIRCLE])
    assert closure(sketch(six)) == pytest.approx(np.pi * 100 / (np.pi * 100 + 150), abs=0.01)


def test_a_bar_between_two_circles_does_not_close_and_they_do():
    lines = CIRCLE, np.add(CIRCLE, [200, 0]), np.array([[50, 0], [150, 0]])
    assert closure(sketch(*lines)) == pytest.approx(2 * np.pi / (2 * np.pi + 1), abs=0.01)


def test_dots_and_ticks_are_not_closed_outlines():
    line, dot, tick = np.array([[0, 0], [100, 0]]), np.array([[50, 40]]), np.array([[20, 40], [24, 40]])
    assert closure(sketch(line, dot, tick)) == 0
    assert closure(sketch(dot)) == 0
    assert closure(sketch(CIRCLE, dot)) == pytest.approx(1)


# symmetry


@pytest.mark.parametrize("turn", np.radians([0, 1.5, 17, 33.3, 45, 76.4, 120, 161]))
def test_a_mirrored_shape_is_symmetric_at_any_angle(turn):
    assert symmetry(sketch(KITE, turn=turn)) > 0.97
    # a scribble and its image are, too, wherever the axis lies
    walk = np.random.default_rng(5).normal(0, 20, (25, 2)).cumsum(axis=0)
    assert symmetry(sketch(walk, walk * [-1, 1] + [150, 0], turn=turn)) > 0.97


@pytest.mark.parametrize("lines", [[CIRCLE], [SQUARE], [ARC], [np.array([[0, 0], [50, 20]])]])
def test_shapes_with_an_axis_are_symmetric(lines):
    assert symmetry(sketch(*lines)) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("line", [L, SCALENE, np.array([[0, 0], [60, 0], [60, 30], [80, 100], [30, 70]])])
def test_shapes_without_an_axis_are_not(line):
    assert symmetry(sketch(line)) < 0.9


def test_symmetry_falls_as_one_side_departs_from_the_other():
    right = np.column_stack([40 + 15 * np.sin(TURN), np.linspace(-60, 60, len(TURN))])
    scores = [symmetry(sketch(right, right * [-1, 1] + [0, shift])) for shift in (0, 6, 14)]
    assert scores[0] > 0.97
    assert scores[0] > scores[1] > scores[2]


def test_a_lone_dot_is_symmetric_and_two_dots_are():
    assert symmetry(sketch(np.array([[3, 4]]))) == 1
    assert symmetry(sketch(np.array([[3, 4]]), np.array([[30, 40]]))) == 1


# complexity


@pytest.mark.parametrize(
    "lines, answer",
    [
        ([CIRCLE], (96, 1, np.pi)),
        ([SQUARE], (4, 1, np.sqrt(8))),
        ([np.array([[0, 0], [30, 40]])], (1, 1, 1)),
        ([np.array([[0, 0], [100, 0]]), np.array([[0, 50], [100, 50]])], (3, 2, 200 / np.hypot(100, 50))),
        ([np.array([[0, 0]])], (1, 1, 0)),
    ],
)
def test_complexity_counts_points_and_strokes_and_measures_ink(lines, answer):
    measured = complexity(sketch(*lines))
    assert measured[:2] == answer[:2]
    assert measured.ink == pytest.approx(answer[2], abs=0.01)


def test_where_a_drawing_stands_how_large_and_how_turned_it_is_does_not_matter(mirror):
    drawings = read(mirror / "sketchrnn" / "flower.npz", "test")[:20]
    for drawing in drawings:
        lines = to_polylines(drawing)
        before = closure(drawing), symmetry(drawing), *complexity(drawing)
        again = sketch(*lines, scale=3.7, shift=(500, -90), turn=0.8)
        after = closure(again), symmetry(again), *complexity(again)
        # mirror axes are three degrees apart, so turning by another angle finds another nearest one
        np.testing.assert_allclose(after, before, atol=0.04)
        exact = sketch(*lines, scale=0.5, turn=np.pi / 2)
        np.testing.assert_allclose((closure(exact), *complexity(exact)), (before[0], *before[2:]), atol=1e-4)


# transition


def switched(first, second):
    """One drawing of two parts, and the row at which the second begins."""
    return from_polylines([*first, *second]), len(from_polylines(first))


def test_ink_on_ink_is_all_overlap_and_ink_beside_ink_is_no_more_than_the_baseline():
    on = transition(*switched([SQUARE], [SQUARE]))
    assert (on.overlap, on.distance, on.cohesion) == pytest.approx((1, 0, 1), abs=0.01)
    assert on.cohesion > on.baseline
    beside = transition(*switched([SQUARE], [np.add(SQUARE, [100, 0])]))
    # a square's sides are alike: beside it is what the baseline is on every side
    assert beside.cohesion == pytest.approx(beside.baseline, abs=1e-3)
    assert beside.baseline == pytest.approx(on.baseline, abs=1e-3)
    apart = transition(*switched([SQUARE], [np.add(SQUARE, [300, 0])]))
    assert apart.cohesion < apart.baseline
    assert apart.overlap == 0


def test_distance_is_measured_in_the_size_of_the_larger_part():
    size = np.sqrt(2) * 100
    short = np.array([[30, -40], [70, -40]])  # a bar 40 above the square's upper side
    found = transition(*switched([SQUARE], [short]))
    assert found.distance == pytest.approx(40 / size, abs=0.005)
    assert found.cohesion == pytest.approx(1 - 40 / size, abs=0.005)
    assert found.overlap == 0
    touching = transition(*switched([SQUARE], [np.add(short, [0, 40 - 0.9 * NEAR * size])]))
    assert touching.overlap == 1


def test_a_switch_inside_a_stroke_cuts_it_there_and_travelling_is_no_ink():
    drawing = sketch(SQUARE)
    second = transition(drawing, 2)  # two sides, each point nearest to the side that it starts from or that it faces
    assert second.distance == pytest.approx(50 / np.hypot(100, 100), abs=0.01)
    far = from_polylines([SQUARE, np.add(SQUARE, [1000, 0])])
    assert transition(far, 4).overlap == 0


def test_where_a_mind_drew_nothing_there_is_nothing_to_compare():
    drawing = sketch(SQUARE)
    assert np.isnan(transition(drawing, 4)).all()
    assert np.isnan(transition(drawing, 0)).all()
    for row in -1, 5:
        with pytest.raises(ValueError, match=f"the switch is at row {row}, but this drawing has 4 rows"):
            transition(drawing, row)


def test_of_several_switches_the_last_counts():
    drawing, row = switched([SQUARE, np.add(SQUARE, [20, 20])], [CIRCLE])
    assert transition(drawing, (4, row)) == transition(drawing, row)


@pytest.mark.parametrize("function", [closure, symmetry, complexity, lambda sketch: transition(sketch, 0)])
def test_what_is_no_sketch_is_refused(function):
    with pytest.raises(ValueError, match="the sketch has no points"):
        function(np.zeros((0, 3), np.float32))
    with pytest.raises(ValueError, match="row 1 moves by"):
        function(np.array([[0, 1, 0], [np.nan, 0, 1]]))


# many drawings


def real(mirror, name, n=100):
    return read(mirror / "sketchrnn" / f"{name}.npz", "test")[:n]


def test_real_clouds_close_and_lightning_and_noses_mostly_do_not(mirror):
    share = {name: measure(real(mirror, name))["closure"].mean() for name in ("cloud", "lightning", "nose")}
    assert share["cloud"] > 0.8
    assert share["lightning"] < 0.6 * share["cloud"]
    assert share["nose"] < 0.3 * share["cloud"]


def test_real_eyes_and_mouths_are_more_symmetric_than_camels_and_lightning(mirror):
    mean = {name: measure(real(mirror, name))["symmetry"].mean() for name in ("eye", "mouth", "camel", "lightning")}
    assert min(mean["eye"], mean["mouth"]) > max(mean["camel"], mean["lightning"]) + 0.1


def test_a_camel_begun_on_a_clouds_ink_coheres_and_one_beside_it_does_not(mirror):
    """Two real drawings as one: laid over each other, and side by side, where the baseline says they would be."""
    cohesive, sides = [], []
    for cloud, camel in zip(real(mirror, "cloud"), real(mirror, "camel"), strict=True):
        first, second = to_polylines(cloud), to_polylines(camel)
        box = [(np.concatenate(lines).min(axis=0), np.concatenate(lines).max(axis=0)) for lines in (first, second)]
        over = sum(box[0]) / 2 - sum(box[1]) / 2
        side = np.sum([high - low for low, high in box], axis=0) / 2
        shifts = [over + side * way for way in ([0, 0], [1, 0], [-1, 0], [0, 1], [0, -1])]
        found = [transition(*switched(first, [line + shift for line in second])) for shift in shifts]
        middle, *four = [measured.cohesion - measured.baseline for measured in found]
        cohesive.append(middle)
        sides.append(four)
    assert np.mean(np.array(cohesive) > 0) > 0.99
    np.testing.assert_allclose(np.max(sides, axis=1), 0, atol=1e-3)


def test_a_thousand_drawings_take_a_few_seconds(mirror):
    drawings = [drawing for name in ("eye", "cloud", "camel", "bicycle") for drawing in real(mirror, name, 250)]
    start = time.process_time()
    measured = measure(drawings, [len(drawing) // 2 for drawing in drawings])
    assert time.process_time() - start < 8
    assert {name: values.shape for name, values in measured.items()} == dict.fromkeys(
        ("closure", "symmetry", "points", "strokes", "ink", "overlap", "distance", "cohesion", "baseline"), (1000,)
    )
    shares = np.stack([measured[name] for name in ("closure", "symmetry", "overlap", "cohesion", "baseline")])
    assert (shares >= 0).all() and (shares <= 1).all()


def test_switches_have_to_be_as_many_as_drawings():
    with pytest.raises(ValueError, match="1 switches for 2 drawings"):
        measure([sketch(SQUARE)] * 2, [1])


def test_a_summary_is_mean_and_quartiles_and_leaves_out_what_is_not_a_number():
    assert summarise([1, 2, 3, 4, 10, np.nan]) == (5, 4, 2, 3, 4)
    with pytest.raises(ValueError, match="nothing to summarise"):
        summarise([np.nan])


def test_groups_stand_beside_each_other_in_a_table_with_their_share_of_the_first():
    table = compare({"real": {"ink": np.array([2.0, 4])}, "drawn": {"ink": np.array([3.0, 3]), "overlap": np.ones(2)}})
    header, real_row, drawn_row, only = table.splitlines()
    assert header.split() == ["n", "mean", "25%", "50%", "75%", "of", "first"]
    assert real_row.split() == ["ink", "real", "2", "3.000", "2.500", "3.000", "3.500"]
    assert drawn_row.split()[-1] == "100%"
    assert only.split()[:3] == ["overlap", "drawn", "2"]
