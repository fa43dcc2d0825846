from itertools import pairwise

import numpy as np
import pytest

from helpers.draw import fit
from helpers.sketch.strokes import absolute, bounds, from_polylines, to_polylines


def fish():
    """A drawing without a symmetry: a body, a tail, a fin and an eye."""
    turn = np.linspace(0, 2 * np.pi, 40)
    body = np.column_stack([100 * np.cos(turn), 45 * np.sin(turn)])
    tail = np.array([[100, 0], [150, -55], [140, 40], [100, 0.0]])
    fin = np.array([[-20, -45], [0, -80], [40, -42.0]])
    eye = np.column_stack([-60 + 8 * np.cos(turn), -10 + 8 * np.sin(turn)])
    return [body, tail, fin, eye]


def other(seed):
    rng = np.random.default_rng(seed)
    return from_polylines([np.cumsum(rng.normal(scale=20, size=(8, 2)), axis=0) for _ in range(3)])


def in_box(lines, sketch):
    """Lines beside a sketch, in the box that it is matched in."""
    low, high = bounds(from_polylines(sketch))
    scale = (fit.BOX - 1) / (high - low).max()
    return [
        (line - (np.concatenate(sketch).min(axis=0) + np.concatenate(sketch).max(axis=0)) / 2) * scale
        + (fit.BOX - 1) / 2
        for line in lines
    ]


@pytest.mark.parametrize("mirror", [1, -1])
@pytest.mark.parametrize("drawn_at", [0.4, 1.0, 2.7])
def test_a_piece_cut_out_of_a_drawing_is_found_where_it_was(mirror, drawn_at):
    lines = fish()
    piece = lines[1:3]  # tail and fin: .68 of a box wide, not one of the scales; take it at one of them
    boxed = in_box(piece, lines)
    size = np.ptp(np.concatenate(boxed), axis=0).max() / (fit.BOX - 1)
    prefix = from_polylines([line * drawn_at * (mirror, 1) + (300, -70) for line in piece])
    shapes = fit.make_shapes([other(0), from_polylines(lines), other(1)])
    scales = (*fit.SCALES, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "SCALES", scales)
        poses = fit.find_poses(prefix, shapes.maps, 3)
    best = min(poses, key=lambda pose: pose.distance)
    assert best.drawing == 1 and best.mirror == mirror and best.distance < 0.8
    assert best.size == pytest.approx(size)
    for found, true in zip(fit.lay(prefix, best), boxed, strict=True):
        assert np.abs(found - true).max() < 1


def test_the_best_fit_comes_first_and_each_drawing_once():
    shapes = fit.make_shapes([other(i) for i in range(6)] + [from_polylines(fish())])
    prefix = from_polylines(fish())
    poses = fit.find_poses(prefix, shapes.maps, 5)
    assert poses[0].drawing == 6 and poses[0].size == 1 and poses[0].distance < 0.8
    assert len({pose.drawing for pose in poses}) == 5
    value = [pose.distance - fit.LARGE * pose.size for pose in poses]
    assert value == sorted(value)


def test_what_is_covered_is_left_out_and_the_rest_is_drawn():
    lines = fish()
    outline = fit.trace_outline(from_polylines(lines))
    prefix = from_polylines([lines[0]])
    pose = at_home(prefix, lines)
    rows = fit.complete(prefix, outline, pose)
    whole = to_polylines(np.concatenate([prefix, rows]))
    np.testing.assert_allclose(whole[0] - whole[0][0], lines[0] - lines[0][0], atol=1e-3)
    drawn = sum(length(line) for line in whole[1:])
    rest = sum(length(line) for line in lines[1:])
    assert 0.8 * rest < drawn < 1.05 * rest  # tail, fin and eye, without what of them touches the body
    own = np.concatenate(lines) - lines[0][0]
    for line in whole[1:]:  # in the prefix's pixels, where they belong
        away = np.linalg.norm((line - whole[0][0])[:, None] - dense(own)[None], axis=-1).min(axis=1)
        assert away.max() < 5


def test_where_everything_is_covered_there_is_no_finish():
    lines = fish()
    prefix = from_polylines(lines)
    assert fit.complete(prefix, fit.trace_outline(prefix), at_home(prefix, lines)) is None
    assert fit.put_together(prefix, prefix, at_home(prefix, lines), fit.trace_outline(prefix)) is None


@pytest.mark.parametrize("lifted", [0, 1])
def test_the_first_added_row_lifts_the_pen_where_the_prefix_ends_inside_a_stroke(lifted):
    lines = fish()
    prefix = from_polylines([lines[0][:25]])
    prefix[-1, 2] = lifted
    rows = fit.complete(prefix, fit.trace_outline(from_polylines(lines)), at_home(prefix, lines, [lines[0][:25]]))
    assert rows.dtype == np.float32 and rows[-1, 2] == 1
    assert (rows[0].tolist() == [0, 0, 1]) == (not lifted)
    travel = rows[1 - lifted]
    assert np.hypot(*travel[:2]) > 0 and travel[2] == 0


def test_a_drawing_put_together_keeps_its_own_pixels():
    lines = fish()
    sketch, prefix = from_polylines(lines), from_polylines([0.5 * lines[0]])
    whole = fit.put_together(
        sketch,
        prefix,
        at_home(from_polylines([lines[0]]), lines)._replace(scale=2 * at_home(from_polylines([lines[0]]), lines).scale),
        fit.trace_outline(sketch),
    )
    assert whole[len(prefix) - 1, 2] == 1  # the pen is lifted where the prefix ends
    assert np.ptp(absolute(whole)[:, 0]) == pytest.approx(np.ptp(np.concatenate(lines)[:, 0]), rel=0.03)


def test_odd_prefixes_are_laid_somewhere_and_an_empty_library_nowhere():
    shapes = fit.make_shapes([from_polylines(fish()), other(0)])
    rng = np.random.default_rng(0)
    dot = np.array([[0, 0, 1]], np.float32)
    long = np.column_stack([rng.normal(size=(2000, 2)), rng.random(2000) < 0.05]).astype(np.float32)
    for prefix in (dot, long):
        poses = fit.find_poses(prefix, shapes.maps, 2)
        assert len(poses) == 2
        for pose in poses:
            assert np.isfinite(pose.distance) and np.isfinite(pose.shift).all() and np.isfinite(pose.scale)
            rows = fit.complete(prefix, shapes.outlines[pose.drawing], pose)
            assert rows is None or np.isfinite(rows).all()
    assert fit.find_poses(dot, fit.make_shapes([]).maps, 3) == []


def at_home(prefix, lines, own=None):
    """The pose of a prefix that is a part of a drawing, where it lies in it."""
    own = [lines[0]] if own is None else own
    own = lines if len(to_polylines(prefix)) == len(lines) else own
    low, high = bounds(from_polylines(lines))
    scale = (fit.BOX - 1) / (high - low).max()
    shift = in_box(own, lines)[0][0] - to_polylines(prefix)[0][0] * scale
    return fit.Pose(0, 0.0, 1.0, 1, scale, shift)


def length(line):
    return np.hypot(*np.diff(line, axis=0).T).sum()


def dense(points):
    return np.concatenate([a + (b - a) * np.linspace(0, 1, 40)[:, None] for a, b in pairwise(points)])
