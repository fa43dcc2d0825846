"""Maps of the latent space: points whose answer is known, real drawings, and the widget in a real browser."""

import json
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from served import PATIENCE, run_all, serve_lab

from helpers.data.formats import read
from helpers.draw.decoding import encode
from helpers.figures.style import MARKERS
from helpers.latent.clusters import kinds
from helpers.latent.nearest import by_angle, follows, neighbours, probe, separation, strays, whiten
from helpers.latent.tsne import embed, principal
from helpers.model.prior import Prior
from helpers.model.vae import load_model
from helpers.sketch.cohesion import to_the_right
from helpers.sketch.strokes import from_polylines
from helpers.widgets.latent_map import LatentMap

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["ear", "eye", "mouth", "nose"]


def clouds(n=40, apart=8.0, classes=3, size=16, seed=0):
    """Points (classes * n, size) in balls of radius about 1, `apart` from each other, and their labels."""
    rng = np.random.default_rng(seed)
    centres = apart / np.sqrt(2) * np.eye(classes, size)
    return np.repeat(centres, n, axis=0) + rng.normal(0, 1 / np.sqrt(size), (classes * n, size)), np.repeat(
        np.arange(classes), n
    )


# numbers


def test_classes_far_apart_agree_in_everything_and_classes_on_top_of_each_other_by_chance():
    far = separation(*clouds())
    assert far[:2] == (1, 1)
    assert far.silhouette > 0.8
    z, labels = clouds(n=300, apart=0)
    none = separation(z, labels)
    assert none.agreement == pytest.approx(1 / 3, abs=0.03)
    assert none.silhouette == pytest.approx(0, abs=0.02)


def test_agreement_and_votes_are_counted_by_hand_on_a_line():
    z = np.array([[0], [1], [2.1], [10], [11], [12.1]])
    labels = np.array([0, 0, 1, 1, 1, 1])
    assert neighbours(z, 2).tolist() == [[1, 2], [0, 2], [1, 0], [4, 5], [3, 5], [4, 3]]
    measured = separation(z, labels, k=2)
    # 1/2, 1/2, 0, 1, 1, 1 of the neighbours; one of two is no majority
    assert measured[:2] == pytest.approx((4 / 6, 3 / 6))


def test_in_a_bank_the_bank_answers_and_alone_the_drawings_do():
    z, labels = np.array([[0.0], [1], [10], [11]]), np.array([0, 1, 0, 1])
    bank, of_bank = np.array([[0.1], [0.2], [0.9], [9.9], [10.2], [11.2]]), np.array([0, 0, 1, 0, 0, 1])
    assert neighbours(z, 2, bank).tolist() == [[0, 1], [2, 1], [3, 4], [5, 4]]
    measured = separation(z, labels, 2, (bank, of_bank))
    # 2/2, 1/2, 2/2, 1/2 of the neighbours in the bank; alone 0/1 for each
    assert measured[:2] == pytest.approx((0.75, 0.5))
    alone = separation(z, labels, 1)
    assert alone.agreement == 0 and alone.silhouette == measured.silhouette
    # a drawing that lies in the bank too is its own neighbour there, and nowhere else
    assert neighbours(z, 1, z).tolist() == [[0], [1], [2], [3]]


def test_a_stray_lies_where_the_map_is_anothers():
    island = np.array([[0, 0], [0, 1], [1, 0], [1, 1.1], [0.5, 0.4]])
    points = np.concatenate([island, island + 20, [[20.4, 20.5]]])
    labels = np.array([0] * 5 + [1] * 5 + [0])
    assert np.flatnonzero(strays(points, labels, 3)).tolist() == [10]
    assert not strays(points[:-1], labels[:-1], 3).any()
    # two of four are its own, one and one of two others: most are not another's
    line = np.array([[0.0], [1], [-1.1], [2.2], [-2.3]])
    assert not strays(line, np.array([0, 0, 0, 1, 2]), 4)[0]


def test_a_linear_probe_reads_what_a_line_parts_and_not_what_none_does():
    z = np.random.default_rng(0).normal(size=(400, 5))
    side, crossed = (z[:, 0] + z[:, 1] > 0).astype(int), (z[:, 0] * z[:, 1] > 0).astype(int)
    assert probe(z[:200], side[:200], z[200:], side[200:]) > 0.94
    assert 0.35 < probe(z[:200], crossed[:200], z[200:], crossed[200:]) < 0.65
    three, of_three = clouds(n=60)
    assert probe(three[::2], of_three[::2], three[1::2], of_three[1::2]) == 1


def test_a_drawing_is_not_its_own_neighbour_even_where_another_is_the_same():
    z = np.zeros((5, 3))
    assert all(i not in row for i, row in enumerate(neighbours(z, 4)))


def test_by_angle_neighbours_are_those_of_the_cosine():
    z = np.random.default_rng(1).normal(0, 1, (60, 8)) * np.random.default_rng(2).uniform(0.1, 10, (60, 1))
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    similar = unit @ unit.T - 2 * np.eye(60)
    np.testing.assert_array_equal(neighbours(by_angle(z), 5), np.argsort(-similar, axis=1)[:, :5])


def test_the_priors_measure_finds_classes_that_differ_where_drawings_of_one_class_hardly_do():
    """Two classes apart along x by 1, each spread by 10 along y: in z neighbours mix, in the prior's measure not."""
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1], 100)
    z = np.column_stack([labels + rng.normal(0, 0.1, 200), rng.normal(0, 10, 200)])
    prior = Prior(np.array([[0.0, 0], [1, 0]]), np.array([[[0.0, 10]]] * 2), np.full((2, 2), 0.1), np.array([0.5, 0.5]))
    plain, measured = separation(z, labels), separation(whiten(z, prior), labels)
    assert measured.agreement > plain.agreement + 0.05
    # a linear map: the line between two stays a line
    middle = whiten((z[:1] + z[1:2]) / 2, prior)
    np.testing.assert_allclose(middle, (whiten(z[:1], prior) + whiten(z[1:2], prior)) / 2, atol=1e-9)
    with pytest.raises(ValueError, match="z has 3 dimensions, the prior 2"):
        whiten(np.zeros((4, 3)), prior)


def test_values_that_neighbours_share_are_followed_and_shuffled_ones_are_not():
    z = np.random.default_rng(4).uniform(0, 1, (300, 2))
    assert follows(z, z[:, 0]) > 0.95
    assert abs(follows(z, np.random.default_rng(5).permutation(z[:, 0]))) < 0.2
    with pytest.raises(ValueError, match="all values are the same"):
        follows(z, np.ones(300))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda z, labels: neighbours(z, len(z)), "have no 120 neighbours"),
        (lambda z, labels: separation(z, labels[:-1]), "119 labels for 120 drawings"),
        (lambda z, labels: separation(z, 0 * labels), "all drawings are of one class"),
        (lambda z, labels: separation(z, labels, 10, (z[:9], labels[:9])), "all drawings are of one class"),
        (lambda z, labels: separation(z, labels, 10, (z, labels[:-1])), "119 labels for 120 drawings"),
        (lambda z, labels: neighbours(z, 10, z[:9]), "a bank of 9 drawings holds no 10 neighbours"),
        (lambda z, labels: strays(z[:, :2], 0 * labels), "all drawings are of one class"),
        (lambda z, labels: probe(z, 0 * labels, z, labels), "all drawings are of one class"),
        (lambda z, labels: probe(z, labels, z, labels[1:]), "119 labels for 120 drawings"),
        (lambda z, labels: embed(z, 120), "perplexity is 120; for 120 drawings"),
        (lambda z, labels: kinds(z, [None] * 120, 1), "do not fall into 1 kinds"),
        (lambda z, labels: kinds(z, [None], 2), "1 drawings for 120 z"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call(*clouds())


# maps


def test_a_map_keeps_groups_apart_fills_its_square_and_comes_out_the_same_again():
    z, labels = clouds()
    points = embed(z, perplexity=15, seed=3)
    assert points.shape == (120, 2)
    assert separation(points, labels).agreement > 0.99
    np.testing.assert_allclose([points.min(), points.max()], [0, 1], atol=1e-9)
    np.testing.assert_array_equal(points, embed(z, perplexity=15, seed=3))


def test_a_map_goes_by_the_angle_and_not_by_the_length():
    """Two classes a tenth of a radian apart, of all lengths: straight distance is to those of like length."""
    rng, labels = np.random.default_rng(7), np.repeat([0, 1], 60)
    angle = 0.1 * labels + rng.normal(0, 0.01, 120)
    z = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(120)]) * rng.uniform(1, 100, (120, 1))
    assert separation(z, labels).agreement < 0.8
    assert separation(embed(z, perplexity=15), labels).agreement > 0.99


def test_principal_components_are_the_directions_of_largest_spread():
    rng = np.random.default_rng(6)
    flat = rng.normal(0, 1, (100, 2)) * [10, 3]
    points = principal(np.column_stack([flat, rng.normal(0, 0.01, (100, 6))]))
    for i in (0, 1):  # by chance the two are a little correlated, and principal components are not
        assert abs(np.corrcoef(points[:, i], flat[:, i])[0, 1]) > 0.95
    assert np.corrcoef(points.T)[0, 1] == pytest.approx(0, abs=1e-9)
    # seen flat: distances stay what they were, in one scale
    ratio = np.linalg.norm(points[1:] - points[:-1], axis=1) / np.linalg.norm(flat[1:] - flat[:-1], axis=1)
    np.testing.assert_allclose(ratio, ratio[0], rtol=0.01)


# kinds


def test_kinds_are_found_in_z_and_named_after_what_is_measured_of_their_drawings():
    corner = from_polylines([np.array([[100, 0], [0, 50], [100, 100]])])  # sharp, its tip to the left
    turn = np.linspace(-np.pi / 2, np.pi / 2, 40)
    bow = from_polylines([100 * np.column_stack([np.cos(turn), np.sin(turn)])])  # round, to the right
    rng = np.random.default_rng(0)
    order = rng.permutation(30)
    sharp = order < 20
    z = np.where(sharp[:, None], 5, -5) + rng.normal(0, 0.5, (30, 4))
    first, second = kinds(z, [corner if is_sharp else bow for is_sharp in sharp], 2)
    assert set(first.members) == set(np.flatnonzero(sharp))
    assert {"bulging left", "sharp"} <= set(first.words)
    assert {"bulging right", "round"} <= set(second.words)
    assert first.traits["sharpest turn"] > 100 > 40 > second.traits["sharpest turn"]
    # nearest to the centre first
    centre = z[first.members].mean(axis=0)
    assert (np.diff(np.linalg.norm(z[first.members] - centre, axis=1)) >= 0).all()


@pytest.fixture(scope="module")
def face_parts(mirror):
    """The released model, 50 real test drawings a class, their z and labels."""
    model = load_model("face-parts")
    sketches = [sketch for name in NAMES for sketch in read(mirror / "sketchrnn" / f"{name}.npz", "test")[:50]]
    return model, sketches, encode(model, sketches).astype(np.float64), np.repeat(np.arange(4), 50)


def test_classes_of_real_drawings_lie_apart_in_the_released_models_z(face_parts):
    model, _, z, labels = face_parts
    plain, angle, prior = (separation(x, labels) for x in (z, by_angle(z), by_angle(whiten(z, model.prior))))
    assert min(plain.agreement, angle.agreement) > 0.65
    assert min(angle.vote, prior.vote) > 0.85
    assert prior.agreement > plain.agreement
    assert min(plain.silhouette, angle.silhouette, prior.silhouette) > 0.03


def test_real_noses_fall_into_kinds_that_point_to_different_sides(face_parts):
    _, sketches, z, labels = face_parts
    noses = np.flatnonzero(labels == 3)
    found = kinds(by_angle(z[noses]), [sketches[i] for i in noses], 3)
    words = {word for kind in found for word in kind.words}
    assert {"bulging left", "bulging right"} <= words
    assert sorted(np.concatenate([kind.members for kind in found])) == list(range(50))
    assert follows(by_angle(z[noses]), [to_the_right(sketches[i]) for i in noses]) > 0.5


# the widget


SHAPES = [
    from_polylines([np.array([[0, 0], [10, 0], [10, 10]])]),
    from_polylines([np.array([[0, 0], [10, 10]]), np.array([[5, 0]])]),
    from_polylines([np.array([[0, 0], [10, 5]])]),
]


def test_the_widget_holds_every_drawing_as_a_path_inside_its_square():
    widget = LatentMap(np.eye(3, 2), SHAPES, SHAPES[::-1], [[1, 2], [0, 2], [1, 0]], [0, 1, 1], ["line", "dot"])
    one, two, _ = widget.drawings
    assert one["path"] == "M8.0 8.0L92.0 8.0L92.0 92.0"
    assert two["path"] == "M8.0 8.0L92.0 92.0M50.0 8.0L50.0 8.0"
    assert one["again"] == widget.drawings[2]["path"]
    assert one["near"] == [1, 2]
    assert [kind["mark"] for kind in widget.classes] == ["o", "s"]
    json.dumps(widget.drawings)
    with pytest.raises(ValueError, match="selected is 3; the map has drawings 0 to 2"):
        widget.selected = 3
    with pytest.raises(ValueError, match="2 drawings drawn again for 3 points"):
        LatentMap(np.eye(3, 2), SHAPES, SHAPES[:2], [[1]] * 3, [0, 1, 1], ["line", "dot"])


def test_the_map_in_the_browser_has_a_mark_for_every_class_that_a_figure_has():
    marks = re.search(
        r"const MARKS = \{(.*?)\n\};", (ROOT / "helpers" / "widgets" / "latent_map.js").read_text(), re.DOTALL
    )[1]
    assert set(re.findall(r'^ {2}"?([^":]+)"?:', marks, re.MULTILINE)) == set(MARKERS)


# bitmaps for z, and simplified drawings for those drawn again: a kernel with TensorFlow in it starts slowly
NOTEBOOK = """
from helpers.widgets import LatentMap
from helpers.latent import embed, neighbours
from helpers.data import load_drawings
from helpers.sketch import render_batch
from helpers.sketch import simplify
names = ["eye", "nose"]
test = load_drawings(names, "sample", limit=15).test
z = render_batch(test.sketches, 16).reshape(30, -1) / 255.0
again = [simplify(sketch, 10) for sketch in test.sketches]
widget = LatentMap(embed(z, 8), test.sketches, again, neighbours(z, 6), test.labels, names)
widget
"""


@pytest.fixture
def page(browser, tmp_path, request):
    """JupyterLab with one notebook open."""
    cells = [nbformat.v4.new_code_cell(NOTEBOOK.strip()), nbformat.v4.new_code_cell("widget.selected")]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "map.ipynb")
    lab = serve_lab(tmp_path)
    request.addfinalizer(lab.close)
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{lab.url}/lab/tree/map.ipynb", wait_until="domcontentloaded")
    yield page
    page.close()


def test_a_dot_clicked_in_jupyterlab_shows_its_drawing_and_its_neighbours(page):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    run_all(page, ".midstroke-map")
    widget = page.locator(".midstroke-map")
    assert widget.get_by_role("option").count() == 30

    # hovering shows a drawing for as long as it lasts
    title, field = widget.locator("h3"), widget.get_by_role("listbox")
    assert title.inner_text() == "eye 1"
    widget.get_by_role("option", name="nose 7", exact=True).hover()
    assert title.inner_text() == "nose 7"
    title.hover()
    assert title.inner_text() == "eye 1"

    # a click chooses it: its drawing, drawn again, and six neighbours that the map points out
    widget.get_by_role("option", name="nose 7", exact=True).click()
    assert title.inner_text() == "nose 7"
    assert widget.locator("figure svg[role=img]").count() == 2
    assert all(
        len(path) > 20 for path in widget.locator("figure path").evaluate_all("p => p.map(x => x.getAttribute('d'))")
    )
    near = widget.get_by_role("button")
    assert near.count() == widget.locator(".midstroke-map-near").count() == 6
    own = sum("nose" in name for name in near.evaluate_all("b => b.map(x => x.title)"))
    assert re.fullmatch(
        rf"Of its 6 nearest in z, {own} (is|are) of class nose\.", widget.locator("p").first.inner_text()
    )

    # a neighbour is a button, and from there the arrow keys go on
    name = near.first.get_attribute("title")
    near.first.click()
    assert title.inner_text() == name
    places = {}
    for key, axis, way in (("ArrowRight", "x", 1), ("ArrowLeft", "x", -1), ("ArrowDown", "y", 1), ("ArrowUp", "y", -1)):
        before = middle(field.locator("[aria-selected=true]"), axis)
        page.keyboard.press(key)
        chosen = field.locator("[aria-selected=true]")
        moved = way * (middle(chosen, axis) - before)
        assert moved > -0.5  # at an edge it stays
        places[key] = moved
        assert chosen.evaluate("dot => dot === document.activeElement")
    assert max(places.values()) > 0

    # the kernel knows what was chosen
    last = widget.locator("[aria-selected=true]").get_attribute("aria-label")
    number = int(last.split()[1]) - 1 + (15 if last.startswith("nose") else 0)
    page.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        f"[...document.querySelectorAll('.jp-CodeCell')].at(1).querySelector('.jp-OutputArea-output')?.innerText.trim()"
        f" === '{number}'"
    )

    # in the dark theme ink is light on dark
    assert (
        luminance(page, ".midstroke-map-ink", "stroke")
        < 0.4
        < luminance(page, ".midstroke-map-field", "backgroundColor")
    )
    if folder := os.environ.get("MIDSTROKE_SCREENSHOTS"):
        widget.screenshot(path=Path(folder) / "map-light.png")
    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    assert luminance(page, ".midstroke-map-field", "backgroundColor") < 0.1
    for part, what in (
        (".midstroke-map-ink", "stroke"),
        (".midstroke-map-says", "color"),
        (".midstroke-map-help", "color"),
    ):
        assert luminance(page, part, what) > 0.3, part
    if folder:
        widget.screenshot(path=Path(folder) / "map-dark.png")
    assert errors == []


def middle(dot, axis: str) -> float:
    """Where a dot lies, whichever size the chosen one has."""
    box = dot.bounding_box()
    return box[axis] + box[{"x": "width", "y": "height"}[axis]] / 2


def luminance(page, selector: str, style: str) -> float:
    """Of the colour of an element, 0..1."""
    color = page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{style}")
    r, g, b = (int(part) / 255 for part in re.findall(r"\d+", color)[:3])
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
