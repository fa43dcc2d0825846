"""Drawings on papers of other kinds than white: what is ink there comes whole, and what is none is told."""

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree
from test_pictures import as_picture, assert_traced, drawing, grey, inked, lines_of, stored
from test_vectorize import ring, sampled

from helpers.sketch.strokes import to_polylines
from helpers.trace.binding import without_binding
from helpers.trace.drawing import find_drawing
from helpers.trace.images import read_drawing
from helpers.trace.vectorize import trace


def photo_of_paper(dark, light, tone, white=245, black=35, slope=0.2):
    """Lines of two inks on paper of a colour with fibres, in light that falls from one side, as a phone keeps it."""
    random = np.random.default_rng(0)
    fibres = cv2.GaussianBlur(random.normal(0, 1, (480, 480)), None, 1.2)
    photo = np.array(tone, float) + (fibres / fibres.std())[..., None]
    for lines, ink in ((light, white), (dark, black)):
        cover = inked(lines, 480, 4.5)[..., None] if lines else 0
        photo = photo * (1 - cover) + ink * cover
    photo = photo * (1 - slope * np.linspace(1, 0, 480))[None, :, None] + random.normal(0, 2, photo.shape)
    return stored(as_picture(photo), "JPEG", quality=88)


@pytest.mark.parametrize("white", [245, 205])
@pytest.mark.parametrize("tone", [(193, 160, 118), (128, 128, 128), (70, 80, 120)], ids=["kraft", "grey", "blue"])
@pytest.mark.parametrize("count", [1, 2])
def test_white_ink_and_black_ink_on_paper_between_them_both_come(count, tone, white):
    truth = drawing(2)
    photo = photo_of_paper(truth[:count], truth[count:], tone, white)
    assert_traced(lines_of(photo), truth)
    photo = photo_of_paper(truth[count:], truth[:count], tone, white)
    assert_traced(lines_of(photo), truth)


def test_white_ink_that_crosses_black_ink_leaves_no_gap():
    truth = [np.array([(60.0, 240), (420, 240)]), np.array([(240.0, 60), (240, 420)])]
    assert_traced(lines_of(photo_of_paper(truth[:1], truth[1:], (193, 160, 118))), truth)


def test_lines_hardly_lighter_than_the_paper_are_told():
    truth = drawing(2)
    found = find_drawing(photo_of_paper(truth[:1], truth[1:], (230, 225, 215)))
    assert "2 lines hardly lighter than the paper" in found.left_out


@pytest.mark.parametrize("radius", [2, 6])
def test_the_halo_that_sharpening_leaves_beside_ink_is_no_ink(radius):
    page = grey(inked(drawing(2), 480, 5), 40, 150) * (0.8 + 0.2 * np.linspace(0, 1, 480))
    sharp = page + 1.5 * (page - cv2.GaussianBlur(page, None, radius))
    photo = as_picture(sharp + np.random.default_rng(1).normal(0, 1.5, page.shape))
    assert_traced(lines_of(photo), drawing(2))
    assert find_drawing(photo).left_out == ()


def bound_page(places=(), strip=None, noise=1.5, radius=11, lines=None):
    """A page 560 wide and 700 high with a drawing, holes at some places, and what a book's back does to its edge."""
    page = grey(inked(drawing(2, 80, 120) if lines is None else lines, 700, 4.5), 35, 240)[:, :560].astype(float)
    for place in places:
        page += (40 - page) * inked([np.array([place, place], float)], 700, 2 * radius)[:, :560]
    x = np.arange(560)
    if strip == "soft":
        page *= 1 - 0.85 * np.exp(-x / 14)
    elif strip == "right":
        page *= 1 - 0.85 * np.exp((x - 559) / 10)
    elif strip == "hard":
        page[:, :14] = 40
    return as_picture(page + np.random.default_rng(0).normal(0, noise, page.shape))


HOLES = {
    "2 punched holes": [(28, 200), (28, 500)],
    "4 punched holes": [(532, y) for y in (95, 260, 440, 605)],
    "3 punched holes": [(x, 30) for x in (100, 280, 460)],
}


@pytest.mark.parametrize("noise", [0, 1.5])
@pytest.mark.parametrize("told", HOLES)
def test_holes_punched_in_a_page_are_no_drawing_and_are_told(told, noise):
    page = bound_page(HOLES[told], noise=noise)
    assert f"{told} at the edge of the page" in find_drawing(page).left_out
    assert_traced(lines_of(page), drawing(2, 80, 120))


@pytest.mark.parametrize("noise", [0, 1.5])
@pytest.mark.parametrize("strip", ["soft", "right", "hard"])
def test_the_dark_strip_where_a_page_bends_into_the_books_back_is_no_drawing_and_is_told(strip, noise):
    page = bound_page(strip=strip, noise=noise)
    assert "1 dark strip at the edge of the page" in find_drawing(page).left_out
    assert_traced(lines_of(page), drawing(2, 80, 120))


def test_a_line_that_runs_into_the_strip_stays():
    truth = [*drawing(2, 80, 120), np.array([(-5.0, 60), (300, 60)])]
    lines = lines_of(bound_page(strip="hard", lines=truth))
    assert len(lines) == 4
    assert min(line[:, 0].min() for line in lines) < 22


@pytest.mark.parametrize(
    "discs", [[(150, 400), (350, 400)], [(28, 120), (28, 300)], [(28, 200), (532, 200), (28, 500), (532, 500)]]
)
def test_discs_that_are_drawn_stay(discs):
    """In the middle of a page, out of the middle of its side, at both sides."""
    found = find_drawing(bound_page(discs))
    assert not any("hole" in note for note in found.left_out)
    for x, y in discs:
        assert found.bitmap[y, x] > 128


@pytest.mark.parametrize("shape", ["L", "frame", "wall"])
def test_lines_drawn_along_the_edge_of_a_picture_are_no_strip(shape):
    darkness = inked([ring(120, 120, 60)], 240, 3).astype(np.float32)
    darkness[:, :3] = 1
    if shape != "wall":
        darkness[-3:] = 1
    if shape == "frame":
        darkness[:3] = darkness[:, -3:] = 1
    bare, holes, strips = without_binding(darkness, 0.1, True)
    assert (holes, strips) == (0, 0) and bare is darkness
    darkness[:, :12] = 1  # as wide as no line
    assert without_binding(darkness, 0.1, True)[2] == (shape == "wall")


# Pencil on ruled and squared paper

RULES = {"blue": (150, 180, 225), "grey": (185, 185, 185), "faint": (190, 210, 235), "red": (225, 170, 170)}


def turned(line, angle, size):
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return (np.array(line, float) - size / 2) @ [[cosine, sine], [-sine, cosine]] + size / 2


def pencil_on_rules(seed, squared, size=700):
    """Soft pencil on printed rules, both of which the light goes through: a scan or a photo. And the true lines."""
    random = np.random.default_rng(seed)
    spacing, angle = random.uniform(30, 40), random.uniform(-2, 2) * (seed % 4 > 0)
    rules = []
    for at in np.arange(random.uniform(0, spacing) - 60, size + 60, spacing):
        rules.append(turned([(-80, at), (size + 80, at)], angle, size))
        if squared:
            rules.append(turned([(at, -80), (at, size + 80)], angle, size))
    colour = np.array(list(RULES.values())[seed % 4], float)
    paper = 245 + (colour - 245) * inked(rules, size, random.uniform(1, 2))[..., None]
    truth = drawing(random.uniform(1.7, 2.1), random.uniform(60, 140), random.uniform(70, 160))
    grain = cv2.GaussianBlur(random.normal(0, 1, (size, size)), None, 0.7)
    grain = 1 - random.uniform(0, 0.35) * np.clip(grain / grain.std(), -1, 1.5)
    tone = random.uniform(110, 150)
    photo = paper * (1 - (1 - tone / 245) * inked(truth, size, random.uniform(3, 4)) * grain).clip(0, 1)[..., None]
    if seed % 2:
        photo *= (1 - random.uniform(0.1, 0.3) * np.linspace(0, 1, size))[None, :, None]
        photo = cv2.GaussianBlur(photo, None, 0.6)
    photo = as_picture(photo + random.normal(0, random.uniform(0, 3), photo.shape))
    return (stored(photo, "JPEG", quality=int(random.integers(70, 96))) if seed % 3 else photo), truth


@pytest.mark.parametrize("squared", [False, True], ids=["ruled", "squared"])
@pytest.mark.parametrize("seed", range(8))
def test_pencil_that_crosses_rules_is_neither_cut_nor_are_crumbs_of_rules_left(seed, squared):
    photo, truth = pencil_on_rules(seed, squared)
    assert_traced(lines_of(photo), truth)
    assert "rules printed on the paper" in find_drawing(photo).left_out[0]


def test_ink_that_hides_the_rules_it_crosses_goes_on_over_them():
    """No darker there than without them, and hardly darker than they are."""
    rules = [np.array([(-5.0, at), (705, at + 4)]) for at in range(20, 700, 35)]
    truth = drawing(2, 100, 120)
    page = 245 - np.maximum(70 * inked(rules, 700, 2), 110 * inked(truth, 700, 4))
    photo = as_picture(page + np.random.default_rng(0).normal(0, 1.5, page.shape))
    assert_traced(lines_of(photo), truth)


def test_a_dot_drawn_on_a_rule_stays():
    rules = [np.array([(-5.0, at), (705, at)]) for at in range(20, 700, 35)]
    dot = np.array([(300.0, 370), (300, 370)])
    page = grey(inked([*drawing(2), dot], 700, 6), 40, 245) * (1 - 0.3 * inked(rules, 700, 2))
    assert_traced(lines_of(as_picture(page)), [*drawing(2), dot])


def test_light_that_fades_over_a_page_is_not_taken_for_the_end_of_the_page():
    rules = [np.array([(-5.0, at), (705, at)]) for at in range(20, 700, 20)]
    page = 235 * (1 - 0.35 * inked(rules, 700, 2)) * (1 - 0.5 * inked(drawing(2, 100, 100), 700, 4))
    page = page * np.linspace(1, 0.7, 700)
    assert not any("surroundings" in note for note in find_drawing(as_picture(page)).left_out)
    assert_traced(lines_of(as_picture(page)), drawing(2, 100, 100))


# Chalk, and white ink that fills the page


def chalk(seed, depth, size=600):
    """Chalk full of grain on a ground that is rough and cloudy, and the true lines."""
    random = np.random.default_rng(seed)
    clouds = [cv2.GaussianBlur(random.normal(0, 1, (size, size)), None, scale) for scale in (0.8, 3, 20)]
    ground = sum(weight * cloud / cloud.std() for weight, cloud in zip((1, 0.6, 0.8), clouds, strict=True))
    board = np.array([(40, 60, 50), (35, 35, 40), (30, 45, 80)][seed % 3]) + depth * (ground / ground.std())[..., None]
    grain = cv2.GaussianBlur(random.normal(0, 1, (size, size)), None, 1)
    cover = inked(drawing(1.8, 60, 60), size, random.uniform(6.5, 9))
    cover = 0.7 * cover * np.clip(1 - 0.3 * (grain / grain.std() + 0.3), 0.1, 1)
    photo = board + (230 - board) * cover[..., None]
    return stored(as_picture(photo + random.normal(0, 1, photo.shape)), "JPEG", quality=85), drawing(1.8, 60, 60)


@pytest.mark.parametrize("depth", [4, 8])
@pytest.mark.parametrize("seed", range(3))
def test_the_grain_of_chalk_and_of_the_ground_makes_no_strokes(seed, depth):
    photo, truth = chalk(seed, depth)
    assert_traced(lines_of(photo), truth)


def hatching(spacing, size=300):
    """Slanting lines that cover the page, up to a margin."""
    lines = []
    for at in np.arange(20 - size, size - 20, spacing * np.sqrt(2)):
        start = np.array([8 + max(0, at), 8 + max(0, -at)])
        lines.append(np.array([start, start + size - 8 - start.max()]))
    return lines


@pytest.mark.parametrize("spacing", [9, 7, 6])
@pytest.mark.parametrize("kind", ["black", "photo", "transparent"])
def test_white_hatching_all_over_the_page_is_traced(kind, spacing, tmp_path):
    truth = hatching(spacing)
    cover = inked(truth, 300, 4)
    if kind == "transparent":
        image = Image.new("RGBA", (300, 300), "white")
        image.putalpha(Image.fromarray(as_picture(255 * cover)))
        image.save(tmp_path / "a.png")
        found = trace(read_drawing(tmp_path / "a.png").bitmap)
        lines = to_polylines(found.sketch, found.origin)
    else:
        noise = np.random.default_rng(0).normal(0, 3, cover.shape)
        lines = lines_of(as_picture(255 * cover if kind == "black" else 20 + 215 * cover + noise))
    there = cKDTree(sampled(lines)).query(sampled(truth))[0] < 1.5
    assert there.mean() > 0.97 and abs(len(lines) - len(truth)) <= 2


def test_hatching_that_leaves_too_little_paper_is_refused_by_name():
    cover = inked(hatching(6), 300, 5)
    with pytest.raises(ValueError, match="covered with ink"):
        find_drawing(as_picture(20 + 215 * cover + np.random.default_rng(0).normal(0, 3, cover.shape)))


def parallel(spacing, angle, size=160, margin=20):
    """Lines at any angle that fill a square but for a margin."""
    way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    lines = []
    for off in np.arange(-size, size, spacing):
        points = size / 2 + off * np.array([-way[1], way[0]]) + np.linspace(-size, size, 4 * size)[:, None] * way
        inside = points[((points > margin) & (points < size - margin)).all(axis=1)]
        if len(inside) > 10:
            lines.append(inside[[0, -1]])
    return lines


def is_traced_or_told(bitmap, truth, left_out=()):
    """Whether most lines are there, nearly all whole, or else what is told says why not."""
    found = trace(bitmap)
    lines = to_polylines(found.sketch, found.origin)
    there = (cKDTree(sampled(lines)).query(sampled(truth))[0] < 1.5).mean()
    return (there > 0.9 and len(lines) < 1.35 * len(truth)) or "close together" in " ".join(left_out + found.left_out)


@pytest.mark.parametrize("angle", [0, 10, 30, 45, 80])
@pytest.mark.parametrize("line_width", [2, 3, 4, 6])
def test_lines_a_pixel_apart_are_traced(line_width, angle):
    truth = parallel(line_width + 1, angle)
    bitmap = as_picture(255 * inked(truth, 160, line_width))
    found = trace(bitmap)
    lines = to_polylines(found.sketch, found.origin)
    assert (cKDTree(sampled(lines)).query(sampled(truth))[0] < 1).mean() > 0.97
    assert abs(len(lines) - len(truth)) <= 1
    assert found.left_out == ()


@pytest.mark.parametrize("angle", [0, 30, 45, 80])
@pytest.mark.parametrize("line_width", [2, 3, 4])
def test_lines_less_than_a_pixel_apart_are_traced_or_it_is_told(line_width, angle):
    truth = parallel(line_width + 0.7, angle)
    assert is_traced_or_told(as_picture(255 * inked(truth, 160, line_width)), truth)


@pytest.mark.parametrize("angle", [0, 10, 30, 45, 80])
@pytest.mark.parametrize("line_width", [1.5, 2, 3, 4])
def test_photos_of_lines_a_pixel_apart_are_traced_refused_or_it_is_told(line_width, angle):
    truth = parallel(line_width + 1, angle)
    noise = np.random.default_rng(0).normal(0, 3, (160, 160))
    try:
        found = find_drawing(as_picture(235 - 200 * inked(truth, 160, line_width) + noise))
    except ValueError as error:
        assert "covered with ink" in str(error)
        return
    assert is_traced_or_told(found.bitmap, truth, found.left_out)
