"""What people bring: faint ink, any ground and polarity, files with more in them. Every line comes whole."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from matplotlib.figure import Figure
from PIL import Image
from scipy.spatial import cKDTree
from test_vectorize import draw, ring, sampled

from helpers.export import save_drawing
from helpers.sketch.strokes import from_polylines, stroke_ends, to_polylines
from helpers.trace.drawing import find_drawing
from helpers.trace.folder import trace_folder
from helpers.trace.images import count_pages, read_drawing, read_image, read_picture
from helpers.trace.ink import is_plain
from helpers.trace.vectorize import trace

FELT_TIPS = ["black", "#dc2828", "#2850dc", "#3caa4b", "#00bcd4", "#f58230", "#fa78aa", "#ffe119", "#969696"]
PASTELS = ["#c8dcff", "#ffc8c8", "#d2f0c8", "#fffab4", "#e6d2fa", "black", "#e1e1e1", "#b4b4ff", "#ffd2a0"]


def drawing(scale=1.0, x=0.0, y=0.0):
    """A ring and two lines."""
    lines = [ring(90, 100, 50), np.array([(30.0, 200), (210, 170)]), np.array([(170.0, 30), (200, 140)])]
    return [line * scale + (x, y) for line in lines]


def inked(polylines, size=240, line_width=4.4):
    """How much of each pixel is ink, 0 to 1."""
    return draw(polylines, size, line_width) / 255.0


def as_picture(values):
    return np.clip(values, 0, 255).round().astype(np.uint8)


def grey(ink, tone=0, paper=255):
    return as_picture(paper + (tone - paper) * ink)


def stored(picture, kind, **options):
    """The picture as it comes out of a file of that kind."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return np.asarray(Image.open(file).convert("L" if picture.ndim == 2 else "RGB"))


def lines_of(picture):
    found = trace(find_drawing(picture).bitmap)
    return to_polylines(found.sketch, found.origin)


def assert_traced(lines, truth, count=None, within=2.5):
    """Every true line is there, in one piece, and nothing else."""
    assert len(lines) == (len(truth) if count is None else count)
    there = cKDTree(sampled(lines)).query(sampled(truth))[0] < within
    back = cKDTree(sampled(truth)).query(sampled(lines))[0] < within
    assert there.mean() > 0.99
    assert back.mean() > 0.98


def felt_tips(colours, line_width, paper="white"):
    ground = np.array(Image.new("RGB", (240, 240), paper), np.float64)
    truth = [np.array([(20.0, 20 + 24 * i), (220, 20 + 24 * i)]) for i in range(len(colours))]
    for line, colour in zip(truth, colours, strict=True):
        ink = inked([line], 240, line_width)[..., None]
        ground = ground * (1 - ink) + np.array(Image.new("RGB", (1, 1), colour))[0, 0] * ink
    return as_picture(ground), truth


@pytest.mark.parametrize("line_width", [1.5, 3, 4.4, 8])
@pytest.mark.parametrize("colours", [FELT_TIPS, PASTELS], ids=["felt-tips", "pastels"])
def test_lines_of_every_colour_come_whole(colours, line_width):
    picture, truth = felt_tips(colours, line_width)
    assert_traced(lines_of(picture), truth)


@pytest.mark.parametrize("kind, quality", [("JPEG", 75), ("JPEG", 95), ("WEBP", 80)])
def test_lines_of_every_colour_come_whole_out_of_lossy_files(kind, quality):
    picture, truth = felt_tips(FELT_TIPS, 4.4)
    assert_traced(lines_of(stored(picture, kind, quality=quality)), truth)


@pytest.mark.parametrize("paper, colours", [("black", ["white", "yellow", "#6cf"]), ("#faf0d7", FELT_TIPS[:6])])
def test_lines_of_several_colours_on_coloured_paper(paper, colours):
    picture, truth = felt_tips(colours, 4.4, paper)
    assert_traced(lines_of(picture), truth)


@pytest.mark.parametrize("tone", [60, 140, 210, 235])
@pytest.mark.parametrize("line_width", [1.5, 4.4])
def test_pencil_comes_whole_beside_a_black_speck_and_beside_ink(tone, line_width):
    picture = grey(inked(drawing(), 240, line_width), tone)
    picture[10:16, 10:16] = 0
    assert_traced(lines_of(picture), [*drawing(), np.full((2, 2), 12.5)])
    first, *others = drawing()
    both = 255 * (1 - inked([first], 240, line_width)) * (1 - (255 - tone) / 255 * inked(others, 240, line_width))
    assert_traced(lines_of(as_picture(both)), drawing())


@pytest.mark.parametrize("least", [120, 180, 225])
def test_a_ring_drawn_with_less_and_less_pressure_is_one_closed_stroke(least):
    tone = np.linspace(40, least, 240)[None]
    truth = [ring(120, 120, 80)]
    (line,) = lines_of(as_picture(255 - (255 - tone) * inked(truth)))
    np.testing.assert_allclose(line[0], line[-1], atol=1e-3)
    assert_traced([line], truth)


@pytest.mark.parametrize("fade", [30, 120])
def test_a_line_that_fades_out_comes_whole_and_crosses_a_dark_one(fade):
    truth = [np.array([(25.0, 120), (215, 120)]), np.array([(120.0, 30), (120, 220)])]
    pressure = np.clip((215 - np.arange(240)) / fade, 0.12, 1)[None]
    ink = np.maximum(inked(truth[:1], 240, 4) * pressure, inked(truth[1:], 240, 4))
    assert_traced(lines_of(grey(ink)), truth)


@pytest.mark.parametrize("frame", [8, 30])
@pytest.mark.parametrize("line_width", [1, 1.5, 3])
def test_thin_lines_come_whole_beside_a_thick_frame(frame, line_width):
    edge = [np.array([(60.0, 60), (540, 60), (540, 540), (60, 540), (60, 60)])]
    inner = drawing(1.6, 90, 90)
    bitmap = np.maximum(draw(edge, 600, frame), draw(inner, 600, line_width))
    assert_traced(lines_of(255 - bitmap), edge + inner, within=frame / 2)
    found = trace(bitmap)  # a bitmap that was not cleaned, too
    assert_traced(to_polylines(found.sketch, found.origin), edge + inner, within=frame / 2)


def test_a_plain_bitmap_is_plain_and_one_with_faint_lines_is_not():
    assert is_plain(draw(drawing(), 240, 4.4))
    assert is_plain(draw(drawing(0.4), 96, 1.5))
    assert not is_plain(np.maximum(draw(drawing()[:1], 240), draw(drawing()[1:], 240) // 4))


def test_every_mind_of_our_own_png_comes_back(tmp_path):
    sketch = from_polylines([np.array([(20.0, 20 + 60 * i), (220, 20 + 60 * i)]) for i in range(4)])
    path = save_drawing(sketch, tmp_path / "minds.png", switches=stroke_ends(sketch)[:3])
    found = trace(read_image(path))
    assert len(to_polylines(found.sketch)) == 4


@pytest.mark.parametrize("line_width", [3, 4.5])
@pytest.mark.parametrize("light", [False, True], ids=["scan", "photo"])
def test_soft_pencil_comes_whole(line_width, light):
    random = np.random.default_rng(2)
    grain = cv2.GaussianBlur(random.normal(0, 1, (480, 480)), None, 0.7)
    cover = 0.35 * inked(drawing(1.6, 40, 40), 480, line_width) * (1 - 0.35 * np.clip(grain / grain.std(), -1, 1.5))
    picture = 250 * (1 - cover.clip(0, 1))
    if light:
        picture = picture * (0.8 + 0.2 * np.linspace(0, 1, 480)) + random.normal(0, 2, picture.shape)
    assert_traced(lines_of(stored(as_picture(picture), "JPEG", quality=88)), drawing(1.6, 40, 40))


def test_what_is_left_out_is_told():
    ink = inked(drawing())
    picture = 255 * (1 - ink)
    coloured = cv2.circle(np.zeros((240, 240)), (90, 100), 40, 1, -1) * 60
    found = find_drawing(as_picture(np.minimum(picture, 255 - coloured)))
    assert found.left_out == ("1 pale area, wider than any line",)
    bitmap = np.where(ink > 0.5, 255, 0).astype(np.uint8)
    bitmap[cv2.circle(np.zeros((240, 240), np.uint8), (90, 100), 40, 1, -1) > 0] = 60
    assert trace(bitmap).left_out == ("1 pale area, wider than any line",)
    assert trace(np.where(ink > 0.5, 255, 0).astype(np.uint8)).left_out == ()


@pytest.mark.parametrize("colour", ["white", "#f0f0e6", "black", "#3060ff"])
@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_on_transparent_paper_the_alpha_is_the_ink(colour, mode, tmp_path):
    image = Image.new("RGBA", (240, 240), colour)
    image.putalpha(Image.fromarray(draw(drawing(), 240, 4.4)))
    path = tmp_path / "a.png"
    (image.quantize(32) if mode == "P" else image).save(path)
    found = trace(read_image(path))
    assert_traced(to_polylines(found.sketch, found.origin), drawing())


def test_a_page_with_transparent_surroundings_is_a_page(tmp_path):
    page = np.full((240, 240, 4), 255, np.uint8)
    page[..., :3] = grey(inked(drawing()))[..., None]
    page[:8] = page[-8:] = page[:, :8] = page[:, -8:] = 0
    Image.fromarray(page).save(tmp_path / "a.png")
    found = trace(read_image(tmp_path / "a.png"))
    assert_traced(to_polylines(found.sketch, found.origin), drawing())


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("radius, width", [(40, 40), (40, 50), (100, 90)])
def test_a_bold_ring_cropped_to_its_ink_is_one_ring(radius, width, inverted):
    middle = radius + width / 2 - 0.5
    picture = grey(inked([ring(middle, middle, radius)], 2 * radius + width, width))
    (line,) = lines_of(255 - picture if inverted else picture)
    np.testing.assert_allclose(np.hypot(*(line - middle).T), radius, atol=2)


@pytest.mark.parametrize("dark", [10, 95])
@pytest.mark.parametrize("border", [(0, 20, 0, 30), (40, 40, 40, 40), (60, 0, 25, 0)])
def test_a_scanners_dark_border_is_no_ink(dark, border):
    random = np.random.default_rng(3)
    top, bottom, left, right = border
    page = grey(inked(drawing(1.8, 40, 60), 500, 4.6), 25, 244)
    scan = cv2.copyMakeBorder(page, top, bottom, left, right, cv2.BORDER_CONSTANT, value=dark)
    scan = as_picture(scan + random.normal(0, 2, scan.shape))
    found = find_drawing(scan)
    assert found.left_out[0] == "the dark surroundings of the page"
    assert_traced(lines_of(scan), drawing(1.8, 40 + left, 60 + top))


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("width", [6, 10])
def test_a_thin_dark_strip_that_a_scanner_left_at_one_side_is_no_ink(width, side):
    scan = grey(inked(drawing(1.8, 40, 60), 500, 4.6), 25, 244)
    np.rot90(scan, side)[:, :width] = 15
    scan = as_picture(scan + np.random.default_rng(3).normal(0, 3, scan.shape))
    assert find_drawing(scan).left_out[0] == "the dark surroundings of the page"
    assert_traced(lines_of(scan), drawing(1.8, 40, 60))


@pytest.mark.parametrize("blur", [3, 12])
@pytest.mark.parametrize("light", [0.5, 0.7])
def test_the_edge_of_a_shadow_is_no_ink_and_hides_none(blur, light):
    y, x = np.mgrid[:480, :480]
    shadow = cv2.GaussianBlur(np.where(x + y < 470, 1, light), None, blur)
    photo = grey(inked(drawing(2), 480, 6), 40, 220) * shadow + np.random.default_rng(7).normal(0, 3, x.shape)
    assert_traced(lines_of(as_picture(photo)), drawing(2))


def test_a_light_drawing_on_dark_paper_is_no_page():
    square = np.array([(60.0, 60), (180, 60), (180, 180), (60, 180), (60, 60)])
    diagonal = np.array([(60.0, 60), (180, 180)])
    picture = grey(inked([square, diagonal], 240, 16), 240, 20)
    assert find_drawing(picture).left_out == ()
    assert len(lines_of(picture)) == 2


@pytest.mark.parametrize("block", [4, 7, 10])
def test_a_picture_enlarged_pixel_by_pixel_has_no_steps(block):
    small = grey(inked(drawing(0.14, 2, 2), 36, 2))
    lines = lines_of(np.kron(small, np.ones((block, block), np.uint8)))
    assert_traced(lines, [(line + 0.5) * block - 0.5 for line in drawing(0.14, 2, 2)], within=block)


@pytest.mark.parametrize("angle", [-9, 4, 11])
def test_a_page_on_a_dark_desk_is_found_and_straightened(angle):
    random = np.random.default_rng(4)
    page = grey(inked(drawing(2, 60, 80), 700, 5), 30, 235)[:, :560]
    turn = cv2.getRotationMatrix2D((280, 350), angle, 0.9)
    corners = np.array([(0, 0), (559, 0), (559, 699), (0, 699)], np.float32)
    seen = corners @ turn[:, :2].T + turn[:, 2] + (220, 200) + random.uniform(-12, 12, (4, 2))
    view = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    y, x = np.mgrid[:1050, :1000]
    desk = 60 + 18 * np.sin(y / 9 + 3 * np.sin(x / 60))
    there = cv2.warpPerspective(np.ones((700, 560), np.float32), view, (1000, 1050)) > 0.5
    photo = np.where(there, cv2.warpPerspective(page, view, (1000, 1050)), desk) * (0.75 + 0.25 * x / 1000)
    photo = stored(as_picture(photo + random.normal(0, 3, photo.shape)), "JPEG", quality=85)
    found = find_drawing(photo)
    assert found.left_out[0] == "the dark surroundings of the page"
    lines = lines_of(photo)
    assert len(lines) == 3
    (circle,) = [line for line in lines if np.hypot(*(line[0] - line[-1])) < 1]
    assert np.ptp(circle[:, 0]) == pytest.approx(np.ptp(circle[:, 1]), rel=0.08)  # a circle again


@pytest.mark.parametrize("side", [180, 260])
def test_a_page_that_is_a_small_part_of_the_photo_is_found(side):
    x = np.arange(800)
    photo = 30 + x / 10 + np.random.default_rng(5).normal(0, 4, (600, 800))
    page = cv2.resize(grey(inked(drawing(2), 480, 9), 50, 240), (side, side), interpolation=cv2.INTER_AREA)
    photo[200 : 200 + side, 300 : 300 + side] = page
    assert find_drawing(as_picture(photo)).left_out == ("the dark surroundings of the page",)
    assert_traced(lines_of(as_picture(photo)), drawing(side / 240, 300, 200))


def test_a_page_on_a_desk_little_darker_than_it_is_found():
    x = np.arange(720)
    there = cv2.fillConvexPoly(
        np.zeros((720, 720), np.uint8), np.array([(90, 60), (620, 90), (600, 660), (70, 640)]), 1
    )
    page = grey(inked(drawing(2, 130, 140), 720, 5), 35, 235)
    photo = np.where(there, page, 183) * (0.8 + 0.2 * x / 720)
    photo = as_picture(photo + np.random.default_rng(4).normal(0, 3, photo.shape))
    assert find_drawing(photo).left_out[0] == "the dark surroundings of the page"
    assert len(lines_of(photo)) == 3


@pytest.mark.parametrize("spacing", [28, 50])
@pytest.mark.parametrize("squared", [False, True])
def test_rules_printed_on_the_paper_are_no_drawing(spacing, squared):
    paper = np.full((700, 700, 3), 246.0)
    for at in range(50, 690, spacing):
        for line in ([(-5.0, at), (705, at + 3)], [(at, -5.0), (at, 705)])[: 1 + squared]:
            paper += (np.array((160, 185, 220)) - paper) * inked([line], 700, 1.5)[..., None]
    paper *= 1 - inked(drawing(2, 100, 120), 700, 5)[..., None] * 0.88
    picture = as_picture(paper + np.random.default_rng(5).normal(0, 1, paper.shape))
    assert_traced(lines_of(picture), drawing(2, 100, 120))
    assert "rules printed on the paper" in find_drawing(picture).left_out[0]


@pytest.mark.parametrize("tone", [90, 190])
@pytest.mark.parametrize("turn", [0, 1])
def test_dots_printed_on_the_paper_are_no_drawing(tone, turn):
    angle = np.radians(turn)
    places = np.mgrid[-20:740:26, -20:740:26].reshape(2, -1).T @ [
        [np.cos(angle), np.sin(angle)],
        [-np.sin(angle), np.cos(angle)],
    ]
    dots = draw([np.array([place, place]) for place in places], 720, 4) / 255
    picture = as_picture((255 - (255 - tone) * dots) * (1 - inked(drawing(3), 720, 5)))
    assert find_drawing(picture).left_out[0].endswith("dots printed on the paper")
    assert_traced(lines_of(picture), drawing(3), within=3.5)


@pytest.mark.parametrize("count", [7, 9])
def test_dots_that_are_drawn_stay(count):
    places = [np.array([(20.0 + 25 * i, 20.0 + 25 * j)] * 2) for i in range(count) for j in range(count)]
    assert len(lines_of(grey(inked(places)))) == count**2


def test_a_drawing_of_lines_from_edge_to_edge_is_not_taken_for_rules():
    truth = [np.array([(-5.0, at), (305, at)]) for at in range(30, 300, 40)]
    assert len(lines_of(grey(inked(truth, 300, 3)))) == len(truth)


@pytest.mark.parametrize("mean, deviation", [(60, 4), (200, 1), (200, 10), (240, 4)])
def test_noise_is_no_drawing(mean, deviation):
    noise = np.random.default_rng(6).normal(mean, deviation, (200, 300))
    with pytest.raises(ValueError, match="blank"):
        find_drawing(as_picture(noise))


# Files with more in them.


def pages(radii=(30, 60, 90)):
    return [Image.fromarray(grey(inked([ring(120, 120, radius)]))) for radius in radii]


def test_every_page_of_a_tiff_is_a_drawing_and_smaller_copies_are_not(tmp_path):
    folder = tmp_path / "rings"
    folder.mkdir()
    first, *others = pages()
    first.save(folder / "scan.tif", save_all=True, append_images=others)
    assert count_pages(folder / "scan.tif") == 3
    for page, radius in enumerate((30, 60, 90)):
        found = trace(read_image(folder / "scan.tif", page))
        (line,) = to_polylines(found.sketch, found.origin)
        np.testing.assert_allclose(np.hypot(*(line - 120).T), radius, atol=0.5)
    with pytest.raises(ValueError, match=r"scan\.tif.*there is no page 4"):
        read_image(folder / "scan.tif", 3)
    small = first.resize((60, 60))
    small.encoderinfo = {}
    first.save(tmp_path / "a.tif", save_all=True, append_images=[small], tiffinfo={254: 0})
    data = trace_folder(folder, jobs=1)
    assert sum(len(split.sketches) for split in (data.train, data.valid, data.test)) == 3


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_an_animation_is_the_drawing_it_ends_with(suffix, tmp_path):
    blank = Image.new("L", (240, 240), 255)
    frames = [Image.fromarray(grey(inked(drawing()[:count]))) for count in (1, 2, 3)]
    path = tmp_path / f"lapse.{suffix}"
    options = {"lossless": True} if suffix == "webp" else {}
    blank.save(path, save_all=True, append_images=[*frames, blank], duration=100, **options)
    found = trace(read_image(path))
    assert_traced(to_polylines(found.sketch, found.origin), drawing())
    other = Image.fromarray(np.pad(np.full((230, 240), 255, np.uint8), ((0, 10), (0, 0)), constant_values=253))
    blank.save(path, save_all=True, append_images=[other], duration=100, **options)
    with pytest.raises(ValueError, match=r"lapse.*frames is blank|lapse.*blank"):
        read_image(path)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
@pytest.mark.parametrize("last", ["erased", "faded"])
def test_an_animation_that_fades_out_is_the_drawing_before(suffix, last, tmp_path):
    inks = [inked(drawing()[:n]) for n in (1, 2, 3)]
    end = [inked(drawing()[:1])] if last == "erased" else [inks[-1] * share for share in (0.3, 0.1)]
    frames = [Image.fromarray(grey(ink)) for ink in (*inks, *end, inks[0] * 0)]
    path = tmp_path / f"film.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert_traced(lines_of(read_picture(path)), drawing())


@pytest.mark.parametrize("top, dtype", [(1023, np.uint16), (4095, np.uint16), (65535, np.uint16), (1, np.float32)])
@pytest.mark.parametrize("suffix", ["tif", "png", "pgm"])
def test_every_depth_is_read(top, dtype, suffix, tmp_path):
    if dtype == np.float32 and suffix != "tif":
        pytest.skip("no such file")
    values = ((1 - inked(drawing())) * top).astype(dtype)
    path = tmp_path / f"deep.{suffix}"
    if suffix == "pgm":
        path.write_bytes(b"P5\n240 240\n%d\n" % top + values.astype(">u2").tobytes())
    else:
        Image.fromarray(values).save(path)
    found = trace(read_image(path))
    assert_traced(to_polylines(found.sketch, found.origin), drawing())


def test_a_tiff_of_32_bits_without_sign_is_read(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", ((1 - inked(drawing())) * 0xFFFFFFFF).astype(np.uint32))
    found = trace(read_image(tmp_path / "a.tif"))
    assert_traced(to_polylines(found.sketch, found.origin), drawing())


@pytest.mark.parametrize("low, high", [(0, 255), (0, 40_000), (-1, 1)])
def test_floats_of_any_range_are_read(low, high, tmp_path):
    Image.fromarray((low + (1 - inked(drawing())) * (high - low)).astype(np.float32)).save(tmp_path / "a.tif")
    found = trace(read_image(tmp_path / "a.tif"))
    assert_traced(to_polylines(found.sketch, found.origin), drawing())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_tiffs_of_floats_in_colour_and_of_doubles_are_read(dtype, channels, tmp_path):
    picture = (grey(inked(drawing())) / 255).astype(dtype)
    path = tmp_path / "scan.tif"
    assert cv2.imwrite(str(path), cv2.merge([picture] * channels))
    assert count_pages(path) == 1
    assert_traced(lines_of(read_picture(path)), drawing())


@pytest.mark.parametrize("colours", [("#fffab4", "#c8dcff", "#e6d2fa"), ("#ffe119", "black", "#dc2828")])
def test_lines_of_every_colour_come_out_of_a_pdf(colours, tmp_path):
    fig = Figure((4, 4))
    axes = fig.add_axes((0, 0, 1, 1), xlim=(0, 240), ylim=(240, 0))
    axes.set_axis_off()
    for line, colour in zip(drawing(), colours, strict=True):
        axes.plot(*line.T, color=colour, linewidth=4, solid_capstyle="round")
    fig.savefig(tmp_path / "page.pdf")
    assert_traced(lines_of(read_picture(tmp_path / "page.pdf")), drawing(1500 / 240), within=8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_orientation_tags_are_followed_in_every_format(orientation, suffix, tmp_path):
    truth = [np.array([(40.0, 30), (40, 200), (140, 200)])]
    upright = Image.fromarray(grey(inked(truth, 240))[:, :180])
    T = Image.Transpose
    turns = {2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE}
    turns |= {6: T.ROTATE_90, 7: T.TRANSVERSE, 8: T.ROTATE_270}
    as_stored = upright.transpose(turns[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x112] = orientation
    for name, image in (
        (f"a.{suffix}", as_stored),
        (f"big.{suffix}", as_stored.resize([8 * s for s in as_stored.size])),
    ):
        options = {"tiffinfo": {0x112: orientation}} if suffix == "tif" else {"exif": exif}
        image.save(tmp_path / name, **options)
        bitmap = read_image(tmp_path / name)
        scale = bitmap.shape[0] / 240
        assert bitmap.shape == (240 * scale, 180 * scale)
        found = trace(bitmap)
        assert_traced(to_polylines(found.sketch, found.origin), [(truth[0] + 0.5) * scale - 0.5])


@pytest.mark.parametrize("suffix", ["jfif", "jpe", "pgm", "ppm", "pbm", "pnm"])
def test_other_suffixes_are_read_from_folders(suffix, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    image = Image.fromarray(grey(inked(drawing())))
    kind = "JPEG" if suffix.startswith("j") else "PPM"
    (image.convert("1") if suffix == "pbm" else image).save(folder / f"a.{suffix}", kind)
    data = trace_folder(folder, jobs=1)
    assert sum(len(split.sketches) for split in (data.train, data.valid, data.test)) == 1


def test_class_folders_that_are_links_are_classes_and_circles_end(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "classes"
    (folder / "plain").mkdir(parents=True)
    for number, image in enumerate(pages()):
        image.save(elsewhere / f"{number}.png")
        image.transpose(Image.Transpose.ROTATE_90).resize((200, 200)).save(folder / "plain" / f"{number}.png")
    (folder / "linked").symlink_to(elsewhere, target_is_directory=True)
    (folder / "plain" / "again").symlink_to(folder, target_is_directory=True)
    data = trace_folder(folder, jobs=1)
    assert data.classes == ("linked", "plain")
    assert sum(len(split.sketches) for split in (data.train, data.valid, data.test)) == 6


def test_the_report_says_what_was_left_out(tmp_path, capsys):
    folder = tmp_path / "own"
    folder.mkdir()
    area = cv2.circle(np.zeros((240, 240)), (90, 100), 40, 60, -1)
    Image.fromarray(as_picture(np.minimum(255 * (1 - inked(drawing())), 255 - area))).save(folder / "a.png")
    try:
        trace_folder(folder, jobs=1)
    except ValueError:  # one drawing alone may fall to no split that trains
        pass
    report = (tmp_path / "own-traced" / "report.html").read_text()
    assert "Left out" in report
    assert "1 pale area, wider than any line" in report


TRIALS = Path(__file__).resolve().parents[3] / "shared" / "trials"
STROKES = {
    "01-white-ink-on-transparent": 3,
    "02-lines-of-several-colours/felt-tips.png": 9,
    "04-twelve-bit-and-float-tiff": 3,
    "05-scan-with-dark-border": 3,
    "06-ink-is-the-majority": 1,
    "07-orientation-tags": 1,
    "08-animation-first-frame-blank": 3,
    "10-thin-lines-on-a-large-page": 3,
    "11-pencil-and-one-black-speck/ink-and-pencil.png": 3,
    "12-own-exports-traced-again/four-minds.png": 4,
    "14-photo-of-a-page-on-a-desk": 3,
    "35-faint-part-of-a-line/ring-40-120.png": 1,
}


@pytest.mark.skipif(not TRIALS.exists(), reason="these files are not part of the project")
@pytest.mark.parametrize("name, count", STROKES.items())
def test_files_that_people_brought(name, count):
    paths = [TRIALS / name] if (TRIALS / name).is_file() else sorted((TRIALS / name).iterdir())
    for path in paths:
        found = trace(read_drawing(path).bitmap)
        assert len(to_polylines(found.sketch)) == count, path
