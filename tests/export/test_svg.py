"""SVG files: what a plotter's software reads of them, curves that stay with the line, and recipes that come back."""

import json
import os
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import vpype

from helpers.data.formats import read
from helpers.export.bezier import CORNER, fit_curves
from helpers.export.plotter import by_travel, travel, travel_saved
from helpers.export.svg import read_svg_recipe, to_svg
from helpers.sketch.strokes import from_polylines, stroke_ends, to_polylines

SVG = "{http://www.w3.org/2000/svg}"
LABEL = "{http://www.inkscape.org/namespaces/inkscape}label"
MM = 96 / 25.4  # vpype's pixels


@pytest.fixture(scope="module")
def camels(mirror):
    return read(mirror / "sketchrnn" / "camel.npz", "test")[:12]


def square(x=0.0, y=0.0):
    return np.array([(x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10), (x, y)])


def plotted(path):
    """What vpype reads: page in mm, and of each layer its name and its lines, in mm."""
    document = vpype.read_multilayer_svg(str(path), quantization=0.05 * MM, simplify=False)
    layers = {
        number: (layer.metadata["vp_name"], [np.column_stack([line.real, line.imag]) / MM for line in layer])
        for number, layer in document.layers.items()
    }
    return np.array(document.page_size) / MM, layers


def on_curves(controls, samples=50):
    """Points along cubic curves given by their control points (3 K + 1, 2)."""
    t = np.linspace(0, 1, samples)[:, None]
    points = []
    for i in range(0, len(controls) - 1, 3):
        a, b, c, d = controls[i : i + 4]
        points.append((1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d)
    return np.concatenate(points)


def gap(points, line):
    """From each point to the nearest piece of a polyline, the largest."""
    moves = (np.diff(line, axis=0) != 0).any(axis=1)
    a, way = line[:-1][moves][:, None], np.diff(line, axis=0)[moves][:, None]
    along = (((points - a) * way).sum(-1) / (way**2).sum(-1)).clip(0, 1)
    return np.hypot(*np.moveaxis(points - a - along[..., None] * way, -1, 0)).min(axis=0).max()


@pytest.mark.parametrize("curves", [True, False])
def test_vpype_reads_the_page_and_one_path_a_pen_stroke(camels, tmp_path, curves):
    page, layers = plotted(to_svg(camels, tmp_path / "camels.svg", page=(297, 210), curves=curves))
    np.testing.assert_allclose(page, (297, 210), atol=0.01)
    assert list(layers) == [1]
    assert len(layers[1][1]) == sum(len(stroke_ends(sketch)) for sketch in camels)
    points = np.concatenate(layers[1][1])
    assert points.min() > 9 and (points.max(axis=0) < page - 9).all()  # curves may swing out a little


def test_straight_pieces_are_the_sketch_itself(camels, tmp_path):
    _, layers = plotted(to_svg(camels[0], tmp_path / "camel.svg", curves=False))
    drawn, lines = to_polylines(camels[0]), layers[1][1]
    scale = np.ptp(np.concatenate(lines), axis=0).max() / np.ptp(np.concatenate(drawn), axis=0).max()
    for line, found in zip(drawn, lines, strict=True):
        np.testing.assert_allclose(found - lines[0][0], (line - drawn[0][0]) * scale, atol=0.06)  # a dot has a length


def test_a_single_drawing_fills_the_page_between_the_margins(camels, tmp_path):
    _, layers = plotted(to_svg(camels[0], tmp_path / "camel.svg", page=(100, 150), curves=False))
    points = np.concatenate(layers[1][1])
    assert np.ptp(points, axis=0).max() == pytest.approx(80, abs=0.02)
    np.testing.assert_allclose((points.min(axis=0) + points.max(axis=0)) / 2, (50, 75), atol=0.02)


def test_each_mind_has_a_layer_whose_label_begins_with_its_number(camels, tmp_path):
    switches = [[len(sketch) // 3] for sketch in camels]
    path = to_svg(camels, tmp_path / "minds.svg", switches=switches, names=["cloud", "camel"])
    _, layers = plotted(path)
    assert {number: name for number, (name, _) in layers.items()} == {1: "1 cloud", 2: "2 camel"}
    colors = [layer.get("stroke") for layer in ET.parse(path).getroot().findall(f"{SVG}g")]
    assert len(set(colors)) == 2


@pytest.mark.parametrize("curves", [True, False])
def test_a_stroke_stays_whole_where_the_mind_changes(tmp_path, curves):
    angles = np.linspace(0, np.pi, 13)
    arc = from_polylines([100 * np.column_stack([np.cos(angles), -np.sin(angles)])])
    _, layers = plotted(to_svg(arc, tmp_path / "arc.svg", switches=6, curves=curves))
    ((before,), (after,)) = (lines for _, lines in layers.values())
    np.testing.assert_allclose(before[-1], after[0], atol=1e-6)
    ways = before[-1] - before[-2], after[1] - after[0]
    turn = np.arccos(ways[0] @ ways[1] / np.prod([np.hypot(*way) for way in ways]))
    assert turn < (0.02 if curves else 0.3)


def test_lines_have_no_fill_and_round_ends(camels, tmp_path):
    path = to_svg(camels, tmp_path / "camels.svg", pen=0.7)
    root = ET.parse(path).getroot()
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("210mm", "297mm", "0 0 210 297")
    (layer,) = root.findall(f"{SVG}g")
    style = [layer.get(name) for name in ("fill", "stroke-linecap", "stroke-linejoin", "stroke-width")]
    assert style == ["none", "round", "round", "0.7"]


def test_a_dot_is_a_tiny_line(tmp_path):
    dots = from_polylines([np.array([(5.0, 5)]), square(20, 20), np.array([(50.0, 5)])])
    _, layers = plotted(to_svg(dots, tmp_path / "dots.svg"))
    lengths = [np.hypot(*np.diff(line, axis=0).T).sum() for line in layers[1][1]]
    assert len(lengths) == 3
    assert 0 < lengths[0] < 0.1 and 0 < lengths[2] < 0.1


def test_the_same_drawings_give_the_same_bytes(camels, tmp_path):
    options = {"shorten_travel": True, "recipe": {"seed": 7, "at": 1 / 3}}
    once, again = (to_svg(camels, tmp_path / name, **options).read_bytes() for name in ("a.svg", "b.svg"))
    assert once == again


def test_a_sheet_that_cannot_be_written_leaves_the_old_one(camels, tmp_path):
    path = to_svg(camels, tmp_path / "camels.svg")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="plain JSON"):
        to_svg(camels[:1], path, recipe={"model": object()})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["camels.svg"]


# Curves


def test_curves_on_a_circle_of_few_points_are_round():
    angles = np.linspace(0, 2 * np.pi, 13)
    line = 50 * np.column_stack([np.cos(angles), np.sin(angles)])
    line[-1] = line[0]
    controls = fit_curves(line, 2.0)
    assert (len(controls) - 1) // 3 < 8  # the polygon has 12 sides
    np.testing.assert_allclose(np.hypot(*on_curves(controls).T), 50, atol=0.5)


def test_corners_stay_and_straight_sides_stay_straight():
    controls = fit_curves(square(), 0.08)
    np.testing.assert_array_equal(controls[::3], square())
    assert gap(on_curves(controls), square()) < 1e-9


def test_a_long_straight_side_is_not_bent_by_a_curve_that_follows_it():
    angles = np.linspace(0, np.pi, 9)
    line = np.concatenate([[(-100.0, 10.0)], 10 * np.column_stack([np.sin(angles), np.cos(angles)])])
    swing = on_curves(fit_curves(line, 0.8))
    straight = swing[swing[:, 0] < -1]
    assert np.abs(straight[:, 1] - 10).max() < 2 * 0.8


def test_curves_stay_near_every_real_line_and_pass_its_ends(camels):
    for sketch in camels:
        for line in to_polylines(sketch):
            if (line != line[0]).any():
                controls = fit_curves(line, 2.0)
                np.testing.assert_array_equal(controls[[0, -1]], line[[0, -1]])
                points = on_curves(controls)
                assert gap(line, points) <= 2 / 4 + 0.1  # the points, from the curve
                assert gap(points, line) < 2 * 2.5  # the curve, from the straight pieces


def test_curves_do_not_turn_sharply_but_at_corners(camels):
    for line in to_polylines(camels[1]):
        controls = fit_curves(line, 2.0)
        ways = np.diff(on_curves(controls, 200), axis=0)
        ways = ways[np.hypot(*ways.T) > 1e-6]
        turns = np.abs(np.angle(np.exp(1j * np.diff(np.arctan2(ways[:, 1], ways[:, 0])))))
        sharp = np.count_nonzero(turns > CORNER / 2)
        chords = np.diff(line, axis=0)
        bends = np.abs(np.angle(np.exp(1j * np.diff(np.arctan2(chords[:, 1], chords[:, 0])))))
        assert sharp <= np.count_nonzero(bends > CORNER / 2)


@pytest.mark.parametrize("points", [[(3, 4)], [(3, 4), (3, 4)], [(3, 4), (3, 4), (9, 4)], [(0, 0), (5, 0), (0, 0)]])
def test_lines_that_hardly_move_have_curves_too(points):
    controls = fit_curves(np.array(points, float), 1.0)
    assert len(controls) % 3 == 1
    np.testing.assert_array_equal(controls[0], points[0])
    np.testing.assert_array_equal(controls[-1], points[-1])
    assert np.isfinite(controls).all()


# The order of strokes


def test_the_travel_order_draws_the_same_strokes_and_travels_less(mirror):
    cats = read(mirror / "sketchrnn" / "cat.npz", "test")[:30]
    saved = []
    for sketch in cats:
        strokes = to_polylines(sketch)
        ordered = by_travel(strokes)
        key = sorted(sorted([line.tolist(), line[::-1].tolist()])[0] for line in strokes)
        assert key == sorted(sorted([line.tolist(), line[::-1].tolist()])[0] for line in ordered)
        assert travel(ordered) <= travel(strokes) + 1e-6
        saved.append(1 - travel(ordered) / travel(strokes))
    assert np.median(saved) > 0.2


def test_strokes_in_a_row_are_drawn_along_the_row():
    row = [np.array([(10.0 * i + 1, 0), (10.0 * i + 9, 0)])[:: (-1) ** i] for i in (3, 0, 4, 1, 2)]
    ordered = by_travel(row)
    assert [line[0, 0] for line in ordered] == [1, 11, 21, 31, 41]
    assert travel(ordered) == pytest.approx(1 + 4 * 2)
    assert travel_saved(row) == pytest.approx(1 - 9 / travel(row))
    assert travel_saved([]) == 0


def test_a_file_with_short_travel_has_the_same_lines(camels, tmp_path):
    _, drawn = plotted(to_svg(camels, tmp_path / "drawn.svg"))
    _, short = plotted(to_svg(camels, tmp_path / "short.svg", shorten_travel=True))
    (_, drawn), (_, short) = drawn[1], short[1]
    assert len(short) == len(drawn)
    assert travel(short) < 0.7 * travel(drawn)
    assert sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in short) == pytest.approx(
        sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in drawn), rel=1e-3
    )


# Recipes

RECIPE = {"classes": ["cloud", "camel"], "at": 1 / 3, "seed": 7, "note": '<&> "quoted" \u00e4 \x00 ]]>'}


def test_a_recipe_comes_back_as_it_was(camels, tmp_path):
    path = to_svg(camels[0], tmp_path / "camel.svg", recipe=RECIPE)
    assert read_svg_recipe(path) == RECIPE
    (metadata,) = ET.parse(path).getroot().findall(f"{SVG}metadata")
    assert json.loads(metadata.text) == RECIPE


def with_metadata(folder, text, doctype=""):
    path = folder / "made.svg"
    path.write_text(
        f'{doctype}<svg xmlns="http://www.w3.org/2000/svg"><metadata id="midstroke-recipe">{text}</metadata></svg>'
    )
    return path


@pytest.mark.parametrize(
    "text, message",
    [
        ('{"a": ', "damaged"),
        ("[1, 2]", "no JSON object"),
        ('{"a": NaN}', "NaN"),
        ("[" * 100_000, "damaged"),
        ('{"a": 1', "damaged"),
        (" " * 2_000_000 + "{}", "no recipe in its first"),
        ("<b>", "not an SVG"),
    ],
    ids=["cut off", "a list", "NaN", "deep", "torn", "too large", "torn markup"],
)
def test_a_damaged_recipe_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_svg_recipe(with_metadata(tmp_path, text))


def test_entities_are_refused_before_they_are_expanded(tmp_path):
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(12))
    path = with_metadata(tmp_path, "&l11;", f"<!DOCTYPE svg [{laughs}]>")
    with pytest.raises(ValueError, match="declares an entity"):
        read_svg_recipe(path)
    path = with_metadata(tmp_path, "&x;", '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>')
    with pytest.raises(ValueError, match="declares an entity"):
        read_svg_recipe(path)


@pytest.mark.parametrize("content", [b"", b"not XML", b"<html></html>", b"\x89PNG\r\n"])
def test_what_is_no_svg_is_refused(tmp_path, content):
    (tmp_path / "a.svg").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.svg is not an SVG"):
        read_svg_recipe(tmp_path / "a.svg")


def test_an_svg_without_a_recipe_says_so(camels, tmp_path):
    with pytest.raises(ValueError, match="no recipe"):
        read_svg_recipe(to_svg(camels[0], tmp_path / "camel.svg"))


# What is refused


@pytest.mark.parametrize(
    "options, message",
    [
        ({"switches": [[3]]}, "1 switches for 2 drawings"),
        ({"switches": [[5, 3], ()]}, "drawing 0: switches must rise"),
        ({"switches": [[1, 2, 3, 4], ()]}, "need 5 colours"),
        ({"switches": [[3], ()], "names": ["cloud"]}, "2 minds need 2 names"),
        ({"page": (15, 200)}, "no room"),
        ({"page": (float("nan"), 200)}, "no room"),
        ({"pen": 0}, "no room"),
        ({"columns": 0}, "columns is 0"),
        ({"recipe": {"x": float("inf")}}, "plain JSON"),
        ({"recipe": [1]}, "a recipe is a dict"),
        ({"recipe": {"x": "y" * 2_000_000}}, "recipe takes"),
    ],
)
def test_what_does_not_fit_is_refused(camels, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        to_svg(camels[:2], tmp_path / "no.svg", **options)
    assert not (tmp_path / "no.svg").exists()


def test_no_drawings_and_no_sketch_are_refused(camels, tmp_path):
    with pytest.raises(ValueError, match="no drawings"):
        to_svg([], tmp_path / "no.svg")
    with pytest.raises(ValueError, match="drawing 1: the sketch has no points"):
        to_svg([camels[0], np.zeros((0, 3))], tmp_path / "no.svg")


@pytest.mark.parametrize(
    ("color", "attributes"),
    [
        ("tab:red", 'stroke="#d62728"'),
        ("C1", 'stroke="#ff7f0e"'),
        ((0.2, 0.4, 0.6), 'stroke="#336699"'),
        (np.array([0, 0, 0, 0.5]), 'stroke="#000000" stroke-opacity="0.5"'),
        ("#d8431f", 'stroke="#d8431f"'),
    ],
)
def test_colours_are_those_that_matplotlib_takes(tmp_path, color, attributes):
    text = to_svg(from_polylines([square()]), tmp_path / "a.svg", colors=[color]).read_text()
    assert f'fill="none" {attributes} stroke-width' in text


def test_a_colour_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="reddish"):
        to_svg(from_polylines([square()]), tmp_path / "a.svg", colors=["reddish"])


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert to_svg(from_polylines([square()]), "~/a.svg") == tmp_path / "a.svg"
    assert (tmp_path / "a.svg").exists()
