"""Tracing: known shapes come back as they were drawn, real drawings nearly so, and bad input is refused clearly."""

import shutil
import time

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree
from skimage.morphology import thin as guo_hall

from helpers.data.formats import read
from helpers.sketch.raster import render
from helpers.sketch.strokes import fit_box, to_polylines
from helpers.trace.centerlines import Lines
from helpers.trace.contraction import contract
from helpers.trace.drawing import clean
from helpers.trace.images import LARGEST, read_image
from helpers.trace.skeleton import graph, thin
from helpers.trace.stroke_order import NEXT, OPEN, RING, human_order
from helpers.trace.vectorize import contour, trace, trace_batch, trace_reference

FINE = 8
CLASSES = ("cat", "ear", "eye", "house", "mouth", "nose")


def draw(polylines, size=128, line_width=2.0):
    """Polylines as a bitmap with round caps: drawn eight times as large, averaged down."""
    bitmap = np.zeros((size * FINE, size * FINE), np.uint8)
    for line in polylines:
        fixed = np.rint(((np.asarray(line, float) + 0.5) * FINE - 0.5) * 16).astype(np.int32)
        fixed = np.concatenate([fixed, fixed[-1:] + 1])  # OpenCV draws no line without length
        cv2.polylines(bitmap, [fixed], False, 255, round(line_width * FINE) - 1, cv2.LINE_8, 4)
    return cv2.resize(bitmap, (size, size), interpolation=cv2.INTER_AREA)


def traced(bitmap):
    found = trace(bitmap)
    return to_polylines(found.sketch, found.origin)


def ring(x, y, radius):
    angles = np.linspace(0, 2 * np.pi, 200)
    return np.column_stack([x + radius * np.cos(angles), y + radius * np.sin(angles)])


def sampled(polylines, spacing=0.25):
    """Points along the lines, and one for a dot."""
    points = []
    for line in polylines:
        walked = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        at = np.linspace(0, walked[-1], int(walked[-1] / spacing) + 2)
        points.append(np.column_stack([np.interp(at, walked, line[:, 0]), np.interp(at, walked, line[:, 1])]))
    return np.concatenate(points)


def gaps(truth, found):
    """From each point of either to the nearest of the other: mean both ways, and the largest."""
    a, b = sampled(truth), sampled(found)
    there, back = cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]
    return (there.mean() + back.mean()) / 2, max(there.max(), back.max())


@pytest.fixture(scope="module")
def drawings(mirror):
    return [s for name in CLASSES for s in read(mirror / "sketchrnn" / f"{name}.npz", "test")[:10]]


def placed(sketch, size, margin=10):
    fitted, origin = fit_box(sketch, size - 2 * margin)
    return to_polylines(fitted, origin + margin - 0.5)


@pytest.mark.parametrize("line_width", [1.5, 2, 3])
@pytest.mark.parametrize("end", [(110, 64), (100, 100), (64, 110), (90, 20)])
def test_a_line_comes_back_as_one_stroke_between_its_ends(end, line_width):
    lines = traced(draw([[(20, 30), end]], line_width=line_width))
    assert len(lines) == 1
    ends = lines[0][[0, -1]]
    ends = ends if np.hypot(*(ends[0] - (20, 30))) < 20 else ends[::-1]
    np.testing.assert_allclose(ends, [(20, 30), end], atol=0.5)
    assert gaps([np.array([(20, 30), end])], lines)[0] < 0.2


@pytest.mark.parametrize("line_width", [1.5, 2, 3, 6])
def test_the_line_width_is_measured(line_width):
    bitmap = draw([[(20, 20), (100, 30), (90, 100)]], line_width=line_width)
    assert trace(bitmap).width == pytest.approx(line_width, abs=0.3)


def test_a_ring_comes_back_as_one_closed_stroke():
    (line,) = traced(draw([ring(64, 64, 40)]))
    np.testing.assert_allclose(line[0], line[-1], atol=1e-3)
    np.testing.assert_allclose(np.hypot(*(line - 64).T), 40, atol=0.4)


def test_two_rings_come_back_as_two():
    lines = traced(draw([ring(64, 64, 45), ring(64, 64, 20)]))
    assert len(lines) == 2
    assert gaps([ring(64, 64, 45), ring(64, 64, 20)], lines)[0] < 0.15


@pytest.mark.parametrize("angle", [30, 60, 90, 120])
def test_two_lines_that_cross_come_back_as_two_that_cross(angle):
    dx, dy = 45 * np.cos(np.radians(angle)), 45 * np.sin(np.radians(angle))
    truth = [np.array([(19.0, 64), (109, 64)]), np.array([(64 - dx, 64 - dy), (64 + dx, 64 + dy)])]
    lines = traced(draw(truth))
    assert len(lines) == 2
    for line in lines:  # each runs straight from end to end
        assert np.hypot(*(line[-1] - line[0])) == pytest.approx(90, abs=1)
    assert gaps(truth, lines)[0] < 0.15


def test_a_tee_is_a_bar_and_a_stem_that_ends_on_it():
    lines = traced(draw([[(20, 40), (110, 40)], [(64, 40), (64, 110)]]))
    lengths = sorted(np.hypot(*(line[-1] - line[0])) for line in lines)
    assert len(lines) == 2
    assert lengths == pytest.approx([70, 90], abs=1)


def test_a_figure_eight_comes_back_as_one_stroke():
    t = np.linspace(0.3, 2 * np.pi + 0.3, 300)
    eight = np.column_stack([64 + 45 * np.sin(t), 64 + 35 * np.sin(2 * t)])
    lines = traced(draw([eight]))
    assert len(lines) == 1
    assert gaps([eight], lines)[0] < 0.15


@pytest.mark.parametrize("line_width", [2, 4])
def test_a_dot_comes_back_as_a_dot_where_it_was(line_width):
    lines = traced(draw([[(20, 20), (100, 20)], [(70.3, 80.6), (70.3, 80.6)]], line_width=line_width))
    (dot,) = [line for line in lines if line[0, 1] > 50]
    assert np.ptp(dot, axis=0).max() < 0.5
    np.testing.assert_allclose(dot.mean(axis=0), (70.3, 80.6), atol=0.35)


def test_a_dot_alone_comes_back_where_it_was():
    (dot,) = traced(draw([[(70.3, 80.6), (70.3, 80.6)]], line_width=3))
    np.testing.assert_allclose(dot.mean(axis=0), (70.3, 80.6), atol=0.35)


def test_pixels_that_stand_alone_are_a_branch_each():
    """Their room was not counted: beyond some number they were written past an array's end."""
    dots = np.zeros((400, 400), np.uint8)
    dots[2:-2:3, 2:-2:3] = 1
    found = graph(dots, dots)
    assert len(found.ends) == len(found.points) == len(found.nodes) == dots.sum() > 10_000


@pytest.mark.parametrize("opening", [25, 45, 90, 130])
def test_a_sharp_corner_stays_sharp_and_in_one_stroke(opening):
    half = np.radians(opening / 2)
    corner = [
        (64 - 70 * np.sin(half), 30 + 70 * np.cos(half)),
        (64, 30),
        (64 + 70 * np.sin(half), 30 + 70 * np.cos(half)),
    ]
    lines = traced(draw([corner]))
    assert len(lines) == 1
    assert np.hypot(*(lines[0] - (64, 30)).T).min() < 0.6


def test_a_corner_between_curves_does_not_sharpen_the_curves():
    (line,) = traced(draw([ring(64, 64, 8)]))
    np.testing.assert_allclose(np.hypot(*(line - 64).T), 8, atol=0.5)


@pytest.mark.parametrize("size, line_width, mean, largest", [(48, 1.5, 0.16, 2), (128, 2, 0.11, 2.6), (256, 4, 0.2, 5)])
def test_real_drawings_come_back_where_they_were(drawings, size, line_width, mean, largest):
    truths = [placed(sketch, size, size // 12) for sketch in drawings]
    apart = np.array([gaps(truth, traced(draw(truth, size, line_width))) for truth in truths])
    # a quarter of a pixel between samples adds about 0.04 to the mean
    assert np.median(apart[:, 0]) < mean
    assert np.median(apart[:, 1]) < largest


def test_what_is_traced_looks_like_what_was_drawn(drawings):
    overlap = []
    for sketch in drawings:
        truth = placed(sketch, 128)
        before = draw(truth) > 127
        after = draw(traced(draw(truth))) > 127
        overlap.append((before & after).sum() / (before | after).sum())
    assert np.median(overlap) > 0.92
    assert np.percentile(overlap, 5) > 0.8


def test_thick_lines_are_traced_too(drawings):
    overlap, apart = [], []
    for sketch in drawings:
        truth = placed(sketch, 128, 14)
        before = draw(truth, 128, 8)
        lines = traced(before)
        after = draw(lines, 128, 8)
        overlap.append(((before > 127) & (after > 127)).sum() / ((before > 127) | (after > 127)).sum())
        apart.append(gaps(truth, lines)[0])
    assert np.median(overlap) > 0.9
    assert np.median(apart) < 0.6


def test_our_own_bitmaps_are_traced(drawings):
    strokes = [(len(traced(render(sketch, 96))), len(to_polylines(sketch))) for sketch in drawings]
    assert np.median([abs(found - drawn) for found, drawn in strokes]) <= 1


def test_the_same_bitmap_gives_the_same_sketch_alone_and_in_a_batch(drawings):
    bitmaps = [draw(placed(sketch, 128)) for sketch in drawings[::6]]
    for bitmap, of_batch in zip(bitmaps, trace_batch(bitmaps), strict=True):
        for again in (trace(bitmap), trace(bitmap.copy())):
            np.testing.assert_array_equal(again.sketch, of_batch.sketch)
            np.testing.assert_array_equal(again.origin, of_batch.origin)
            assert again.width == of_batch.width


def test_a_drawing_that_moves_moves_its_trace(drawings):
    bitmap = np.pad(draw(placed(drawings[0], 128)), 20)
    moved = trace(np.roll(bitmap, (7, -11), axis=(0, 1)))
    there = trace(bitmap)
    np.testing.assert_array_equal(moved.sketch, there.sketch)
    np.testing.assert_allclose(moved.origin - there.origin, (-11, 7))


def test_thinning_leaves_lines_of_one_pixel_with_the_same_pieces_and_holes(drawings):
    ink = np.pad((draw(placed(drawings[3], 128), 128, 4) > 127).astype(np.uint8), 2)
    skeleton = thin(ink)
    assert (skeleton <= ink).all()
    assert cv2.connectedComponents(skeleton, connectivity=8)[0] == cv2.connectedComponents(ink, connectivity=8)[0]
    paper = [cv2.connectedComponents(1 - image, connectivity=4)[0] for image in (skeleton, ink)]
    assert paper[0] == paper[1]
    block = skeleton[:-1, :-1] & skeleton[1:, :-1] & skeleton[:-1, 1:] & skeleton[1:, 1:]
    assert not block.any()


def test_thinning_is_that_of_scikit_image_turned_by_half(drawings):
    for sketch in drawings[::7]:
        ink = np.pad((draw(placed(sketch, 128), 128, 3) > 127).astype(np.uint8), 1)
        turned = np.ascontiguousarray(ink[::-1, ::-1])  # its two passes come in the other order
        np.testing.assert_array_equal(thin(turned)[::-1, ::-1], guo_hall(ink))


def test_rings_alone_have_room_for_all_their_points():
    ink = np.zeros((9, 42), np.uint8)
    for left in range(2, 42, 8):
        cv2.circle(ink, (left + 2, 4), 2, 1)
    found = graph(thin(ink), ink)
    assert len(found.ends) == 5 and (found.ends == -1).all()
    assert len(found.points) == found.starts[-1]  # beyond the array there is whatever was there


def test_a_crossing_that_thinning_splits_is_one_node_again():
    ink = (draw([[(20, 30), (110, 90)], [(20, 90), (110, 30)]], line_width=5) > 127).astype(np.uint8)
    branches = contract(graph(thin(ink), ink), 5.0)
    assert sorted(branches.degrees[branches.degrees > 0]) == [1, 1, 1, 1, 4]


def as_lines(polylines, closed):
    starts = np.concatenate([[0], np.cumsum([len(line) for line in polylines])]).astype(np.int32)
    return Lines(np.concatenate(polylines).astype(float), starts, np.array(closed))


def test_the_order_draws_every_line_once_and_closes_what_was_closed(drawings):
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)])
    given = as_lines([np.array([(50, 50), (60, 70)]), square, np.array([(30.0, 5)])], [False, True, False])
    ordered = human_order(given, NEXT, OPEN, RING)
    sizes = np.diff(ordered.starts)
    assert sorted(sizes) == [1, 2, 5]
    (which,) = np.flatnonzero(ordered.closed)
    line = ordered.points[ordered.starts[which] : ordered.starts[which + 1]]
    np.testing.assert_array_equal(line[0], line[-1])
    assert {tuple(point) for point in line} == {tuple(point) for point in square}


def test_people_draw_open_lines_rightward_and_downward():
    for line in ([(90, 10), (10, 12)], [(10, 90), (12, 10)]):
        found = human_order(as_lines([np.array(line)], [False]), NEXT, OPEN, RING).points
        np.testing.assert_array_equal(found, line[::-1])


def test_the_published_method_merges_strokes_that_are_near():
    bitmap = draw([[(20, 60), (60, 60)], [(63, 60), (110, 60)]], line_width=1.5)
    assert len(traced(bitmap)) == 2
    found = trace_reference(bitmap)
    assert len(to_polylines(found.sketch, found.origin)) == 1


def test_the_published_method_follows_a_plain_line():
    found = trace_reference(draw([[(20, 30), (110, 80)]]))
    assert gaps([np.array([(20.0, 30), (110, 80)])], to_polylines(found.sketch, found.origin))[0] < 1


def test_an_outline_follows_a_line_on_both_sides():
    (line,) = contour(draw([[(20, 30), (110, 30)]], line_width=4))
    np.testing.assert_array_equal(line[0], line[-1])
    assert np.hypot(*np.diff(line, axis=0).T).sum() == pytest.approx(2 * 90, abs=15)


@pytest.mark.parametrize(
    "bitmap, message",
    [
        (np.zeros((48, 48), np.uint8), "blank"),
        (np.full((48, 48), 255, np.uint8), "all ink"),
        (np.full((1, 1), 255, np.uint8), "1x1"),
        (np.zeros((48, 48, 3), np.uint8), "uint8"),
        (np.zeros((48, 48)), "float64"),
        (np.zeros((0, 0), np.uint8), "0x0"),
    ],
    ids=["blank", "all ink", "1x1", "colour", "float", "nothing"],
)
@pytest.mark.parametrize("tracer", [trace, trace_reference, contour])
def test_what_cannot_be_traced_is_refused_with_the_reason(tracer, bitmap, message):
    with pytest.raises(ValueError, match=message):
        tracer(bitmap)


def test_a_bad_bitmap_in_a_batch_is_named_by_its_number():
    good = draw([[(20, 30), (110, 80)]])
    with pytest.raises(ValueError, match=r"bitmap 1: .*blank"):
        trace_batch([good, np.zeros_like(good), good])


# What follows reads pictures from files.


def page(truth, tone=255):
    """A drawing in black on paper, as people see it."""
    return (255 - draw(truth, 256, 4)) // (255 // tone)


CROSS = [np.array([(40.0, 50), (210, 200)]), np.array([(50.0, 190), (200, 60)])]


def saved_as(kind, folder):
    """The same picture in one of the forms that files have; its path."""
    grey = page(CROSS)
    image = Image.fromarray(grey)
    path = folder / f"{kind}.png"
    if kind == "colour":
        image = Image.merge("RGB", (Image.new("L", image.size, 255), image, image))
    elif kind == "alpha":
        image = Image.merge("LA", (Image.new("L", image.size, 0), Image.fromarray(255 - grey)))
    elif kind == "16-bit":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    elif kind == "palette":
        image = image.quantize(16)
    elif kind == "inverted":
        image = Image.fromarray(255 - grey)
    elif kind in ("jpg", "webp"):
        path = folder / f"drawing.{kind}"
    image.save(path)
    return path


@pytest.mark.parametrize("kind", ["grey", "colour", "alpha", "16-bit", "palette", "inverted", "jpg", "webp"])
def test_a_picture_is_read_whatever_its_form(kind, tmp_path):
    lines = traced(read_image(saved_as(kind, tmp_path)))
    assert len(lines) == 2
    assert gaps(CROSS, lines)[0] < 0.4


def test_a_photo_in_uneven_light_is_cleaned():
    random = np.random.default_rng(0)
    y, x = np.mgrid[:256, :256] / 256
    light = 0.9 - 0.45 * x - 0.2 * y
    photo = page(CROSS) / 255 * 0.8 + 0.2
    photo = cv2.GaussianBlur(photo * light, None, 0.8) + random.normal(0, 0.02, light.shape)
    lines = traced(clean((photo.clip(0, 1) * 255).astype(np.uint8)))
    assert len(lines) == 2
    assert gaps(CROSS, lines)[0] < 0.5


@pytest.mark.parametrize("tone", [0, 128, 255])
def test_a_blank_page_is_refused(tmp_path, tone):
    path = tmp_path / "blank.png"
    Image.fromarray(np.full((64, 64), tone, np.uint8)).save(path)
    with pytest.raises(ValueError, match=r"blank\.png.*blank"):
        read_image(path)


def test_a_noisy_page_without_ink_is_refused():
    noise = np.random.default_rng(1).normal(200, 4, (128, 128)).astype(np.uint8)
    with pytest.raises(ValueError, match="blank"):
        clean(noise)


def test_a_single_pixel_is_refused(tmp_path):
    Image.new("L", (1, 1)).save(tmp_path / "pixel.png")
    with pytest.raises(ValueError, match=r"pixel\.png.*1x1"):
        read_image(tmp_path / "pixel.png")


def test_a_text_file_called_png_is_refused(tmp_path):
    (tmp_path / "note.png").write_text("not a picture")
    with pytest.raises(ValueError, match=r"note\.png is not an image"):
        read_image(tmp_path / "note.png")


def test_a_picture_that_was_cut_off_is_refused(tmp_path):
    path = saved_as("grey", tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ValueError, match=r"grey\.png is damaged"):
        read_image(path)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")


def test_a_large_scan_is_read_and_traced_in_seconds(tmp_path):
    trace(draw(CROSS, 256))  # compiled before the clock starts
    large = cv2.resize(page(CROSS), (6000, 6000), interpolation=cv2.INTER_LINEAR)
    cv2.imwrite(str(tmp_path / "scan.png"), large)
    start = time.process_time()
    bitmap = read_image(tmp_path / "scan.png")
    lines = traced(bitmap)
    assert time.process_time() - start < 3
    assert max(bitmap.shape) <= LARGEST
    assert len(lines) == 2
    scale = bitmap.shape[0] / 256
    assert gaps([(line + 0.5) * scale - 0.5 for line in CROSS], lines)[0] < 1.5
    shutil.rmtree(tmp_path)
