"""Figures: what they show, that colours follow the minds, and that files are the same on every run."""

import hashlib
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.path import Path
from PIL import Image

from helpers.figures import charts, layers, maps, saving, sheets, style

SQUARE = np.array([[10, 0, 0], [0, 10, 0], [-10, 0, 0], [0, -10, 1]], np.float32)
# a square, then a dot at its centre (a row that lifts after a lift), then a line inside
FACE = np.array([*SQUARE, [5, 5, 1], [-2, 3, 0], [4, 0, 1]], np.float32)


def pieces(ax) -> list[tuple[str, np.ndarray]]:
    """(colour, points) of each line drawn: what stands between one MOVETO and the next."""
    found = []
    for patch in ax.patches:
        path = patch.get_path()
        starts = np.flatnonzero(path.codes == Path.MOVETO)
        found += [(to_hex(patch.get_edgecolor()), line) for line in np.split(path.vertices, starts[1:])]
    return found


def new_axes():
    fig, ax = plt.subplots()
    plt.close(fig)
    return ax


def test_a_sketch_is_drawn_once_in_one_colour_with_its_aspect_inside_its_margin():
    ax = new_axes()
    wide = SQUARE * [2, 1, 1]
    sheets.draw(ax, wide.astype(np.float32))
    ((color, line),) = pieces(ax)
    assert color == style.PALETTE[0]
    assert len(line) == 5
    low, high = line.min(axis=0), line.max(axis=0)
    np.testing.assert_allclose(high - low, [1 - 2 * sheets.MARGIN, (1 - 2 * sheets.MARGIN) / 2], atol=2e-3)
    np.testing.assert_allclose((low + high) / 2, [0.5, 0.5], atol=2e-3)
    assert ax.yaxis_inverted()
    assert ax.get_aspect() == 1


def test_the_pen_does_not_draw_where_it_travels_and_a_dot_has_ink():
    ax = new_axes()
    sheets.draw(ax, FACE)
    lines = [line for _, line in pieces(ax)]
    assert [len(line) for line in lines] == [5, 2, 2]
    dot = lines[1]
    assert 0 < np.ptp(dot, axis=0).max() < 0.002  # a line of no length gets no round caps
    np.testing.assert_allclose(dot[1], [0.5, 0.5], atol=2e-3)


def test_each_mind_draws_its_rows_in_its_colour_and_the_line_stays_whole_where_they_meet():
    ax = new_axes()
    sheets.draw(ax, FACE, switches=(2, 4))
    drawn = pieces(ax)
    assert [color for color, _ in drawn] == [style.PALETTE[0], style.PALETTE[1], style.PALETTE[2], style.PALETTE[2]]
    first, second = drawn[0][1], drawn[1][1]
    assert len(first) == len(second) == 3
    np.testing.assert_array_equal(first[-1], second[0])


@pytest.mark.parametrize("switches, minds", [((), 1), (0, 1), (1, 2), ((1, 1), 2), (7, 1), ((2, 3, 4), 4)])
def test_a_mind_that_had_no_rows_leaves_no_ink(switches, minds):
    ax = new_axes()
    sheets.draw(ax, FACE, switches)
    assert len({color for color, _ in pieces(ax)}) == minds


def test_switches_out_of_order_or_too_many_are_refused():
    with pytest.raises(ValueError, match=r"must rise.*\[3, 1\]"):
        sheets.draw(new_axes(), FACE, (3, 1))
    with pytest.raises(ValueError, match="4 switches need 5 colours, but there are 4"):
        sheets.draw(new_axes(), FACE, (1, 2, 3, 4))


def test_a_grid_puts_drawing_i_in_row_and_column_and_leaves_none_empty():
    fig = sheets.grid([SQUARE, None, SQUARE, SQUARE, SQUARE], columns=3)
    width, height = fig.get_size_inches() * 72
    assert (width, height) == (3 * sheets.LARGEST_CELL, 2 * sheets.LARGEST_CELL)
    centres = [
        ((line.min(axis=0) + line.max(axis=0)) / 2 / sheets.LARGEST_CELL).round(2) for _, line in pieces(fig.axes[0])
    ]
    np.testing.assert_allclose(centres, [[0.5, 0.5], [2.5, 0.5], [0.5, 1.5], [1.5, 1.5]])


def test_a_wide_grid_is_seven_inches_across_labels_included():
    fig = sheets.grid([SQUARE] * 24, columns=12, row_labels=["a long label", "b"])
    assert fig.get_size_inches()[0] == 7
    ink = np.concatenate([line for _, line in pieces(fig.axes[0])])
    assert ink[:, 0].min() > sheets._text_width("a long label")
    assert ink[:, 0].max() < 504


def test_titles_stand_above_columns_or_above_each_drawing():
    columns = sheets.grid([SQUARE] * 6, columns=3, titles=["a", "b", "c"])
    assert [text.get_text() for text in columns.axes[0].texts] == ["a", "b", "c"]
    each = sheets.grid([SQUARE] * 6, columns=3, titles=list("abcdef"))
    assert [text.get_text() for text in each.axes[0].texts] == list("abcdef")
    assert len({text.get_position()[1] for text in each.axes[0].texts}) == 2


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"titles": ["a", "b"]}, "2 titles, where there should be 6 or 3"),
        ({"row_labels": ["a"]}, "1 row_labels, where there should be 2"),
        ({"switches": [1]}, "1 switches, where there should be 6"),
        ({"colors": ["red"]}, "1 colors, where there should be 6"),
        ({"colors": ["red"] * 6, "switches": [1] * 6}, "switches or colors"),
    ],
)
def test_a_grid_says_what_does_not_match_its_drawings(wrong, message):
    with pytest.raises(ValueError, match=message):
        sheets.grid([SQUARE] * 6, columns=3, **wrong)


def test_an_empty_grid_is_refused():
    with pytest.raises(ValueError, match="no drawings"):
        sheets.grid([])


def test_a_strip_is_one_row_in_the_colours_given():
    fig = sheets.strip([SQUARE] * 3, ["0", "½", "1"], colors=["#22344a", "#7d3c35", "#d8431f"])
    drawn = pieces(fig.axes[0])
    assert len({line[:, 1].min() for _, line in drawn}) == 1
    assert [drawn[0][0], drawn[2][0]] == list(style.PALETTE[:2])
    assert drawn[1][0] not in style.PALETTE


def test_a_bitmap_stands_beside_its_sketch_as_dark_ink_on_white():
    bitmap = np.zeros((48, 48), np.uint8)
    bitmap[10:20, 30:40] = 255
    fig = sheets.strip([SQUARE, bitmap])
    file = BytesIO()
    fig.savefig(file, dpi=144)
    pixels = np.asarray(Image.open(file).convert("L"))
    assert pixels.shape == (144, 288)
    ink = np.argwhere(pixels[:, 150:] < 100) / 144  # the bitmap's half, without the sketch
    np.testing.assert_allclose(ink.min(axis=0), np.array([10, 30]) / 48 - [0, 6 / 144], atol=0.03)
    np.testing.assert_allclose(ink.max(axis=0), np.array([20, 40]) / 48 - [0, 6 / 144], atol=0.03)
    assert pixels[2, 200] == 255


def test_the_minds_colours_stay_apart_in_grey():
    linear = [
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        for c in map(np.array, map(to_rgb, style.PALETTE))
    ]
    lightness = [116 * np.cbrt(rgb @ [0.2126, 0.7152, 0.0722]) - 16 for rgb in linear]
    assert (np.diff(lightness) > 10).all()
    assert max(lightness) < 75  # still visible on white paper


LOG = {
    "step": [1, 2, 3],
    "reconstruction": [3, 2, 1],
    "val_reconstruction": [4, 1.25, 2],
    "kl": [0, 1, 2],
    "val_kl": [5, 6, 7],
}


def test_curves_show_training_and_validation_and_name_the_best():
    fig = charts.curves({"CNN": LOG, "RNN": LOG})
    reconstruction, kl = fig.axes
    assert [tuple(line.get_ydata()) for line in reconstruction.lines] == [(3, 2, 1), (4, 1.25, 2)] * 2
    assert [tuple(line.get_ydata()) for line in kl.lines] == [(0, 1, 2), (5, 6, 7)] * 2
    labels = [text.get_text() for text in reconstruction.get_legend().get_texts()]
    assert labels == ["CNN, 1.250 at step 2", "RNN, 1.250 at step 2"]
    with pytest.raises(ValueError, match="0 runs"):
        charts.curves({})


def test_figures_are_let_go_of_and_leave_the_readers_style_alone():
    before = mpl.rcParams.copy()
    sheets.strip([SQUARE])
    charts.curves({"a": LOG})
    assert plt.get_fignums() == []
    assert {k: v for k, v in mpl.rcParams.items() if k != "backend"} == {
        k: v for k, v in before.items() if k != "backend"
    }


SCRIPT = """
import numpy as np
from helpers.figures import grid, save_figure
rng = np.random.default_rng(0)
walks = [np.column_stack([rng.normal(size=(60, 2)), rng.random(60) < 0.1]).astype(np.float32) for _ in range(100)]
fig = grid([*walks, np.eye(48, dtype=np.uint8) * 255], titles=list("abcdefghij"), switches=[(20, 40)] * 101)
assert save_figure(fig, "99_walks") is fig
"""


def test_a_saved_figure_is_three_small_files_with_the_same_bytes_on_every_run(tmp_path):
    digests = []
    for seed in "1", "2":
        root = tmp_path / seed
        environment = {**os.environ, "MIDSTROKE_ROOT": str(root), "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", SCRIPT], env=environment, check=True)
        files = sorted((root / "figures").iterdir())
        assert [file.name for file in files] == ["99_walks.pdf", "99_walks.png", "99_walks.svg"]
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
    assert digests[0] == digests[1]
    pdf, png, svg = files
    assert pdf.read_bytes().startswith(b"%PDF")
    assert svg.stat().st_size < 400_000
    assert not ElementTree.parse(svg).findall(".//{http://www.w3.org/2000/svg}text")  # outlines: no font needed
    with Image.open(png) as image:
        assert image.width == 1400
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert (pixels == 255).all(axis=1).mean() > 0.5  # white paper
    for color in style.PALETTE[:3]:  # the palette keeps the minds' colours
        assert np.abs(pixels - np.round(np.multiply(to_rgb(color), 255))).max(axis=1).min() <= 1
    assert png.stat().st_size < 400_000


@pytest.mark.parametrize("name", ["", "../03_grid", "03_grid.svg"])
def test_a_figure_name_with_a_folder_or_a_suffix_is_refused(name):
    with pytest.raises(ValueError, match="a figure's name is plain"):
        saving.save_figure(sheets.strip([SQUARE]), name)


def test_distributions_are_small_multiples_with_a_row_a_group_and_its_mean():
    rng = np.random.default_rng(0)
    real = {"closure": rng.uniform(0, 1, 50), "strokes": rng.integers(1, 9, 50).astype(float)}
    fig = charts.distributions({"real": real, "drawn": {"closure": np.array([0.5, 0.7, np.nan])}})
    closure, strokes = fig.axes
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["closure", "strokes"]
    assert [text.get_text() for text in closure.texts] == [f"{real['closure'].mean():.2f}", "0.60"]
    assert [text.get_text() for text in strokes.texts] == [f"{real['strokes'].mean():.2f}"]
    assert [label.get_text() for label in closure.get_yticklabels()] == ["real", "drawn"]
    assert closure.get_xlim() == (0, 1)
    # whole numbers stand in the middle of their bars
    edges = strokes.patches[0].get_data().edges
    np.testing.assert_array_equal(edges, np.arange(0.5, 9))
    heights = strokes.patches[0].get_data().values
    np.testing.assert_allclose(heights / heights.sum(), np.bincount(real["strokes"].astype(int))[1:] / 50)


def test_distributions_of_nothing_or_of_too_much_are_refused():
    with pytest.raises(ValueError, match="0 groups"):
        charts.distributions({})
    with pytest.raises(ValueError, match="5 groups"):
        charts.distributions({key: {"ink": np.ones(3)} for key in "abcde"})
    with pytest.raises(ValueError, match="no value is a number"):
        charts.distributions({"a": {"ink": np.full(3, np.nan)}})


def test_a_confusion_plot_has_a_panel_a_classifier_with_its_share_and_its_counts():
    tables = {"RNN": np.array([[9, 1], [0, 10]]), "CNN": np.array([[5, 5], [2, 8]])}
    fig = charts.confusion_plot(tables, ["ear", "eye"])
    assert [ax.get_title() for ax in fig.axes] == ["RNN, 95.0% right", "CNN, 65.0% right"]
    assert [text.get_text() for text in fig.axes[0].texts] == ["9", "1", "10"]  # zeros stay empty
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["ear", "eye"]
    np.testing.assert_allclose(fig.axes[1].images[0].get_array(), [[0.5, 0.5], [0.2, 0.8]])


def test_a_confusion_plot_of_many_classes_shows_shades_alone():
    fig = charts.confusion_plot({"judge": np.eye(32, dtype=int)}, [f"class {i}" for i in range(32)])
    assert not fig.axes[0].texts and len(fig.axes[0].get_xticks()) == 32


def test_a_confusion_table_that_does_not_fit_its_classes_is_refused():
    with pytest.raises(ValueError, match=r"RNN has shape \(2, 2\); there are 3 classes"):
        charts.confusion_plot({"RNN": np.eye(2)}, ["a", "b", "c"])


def test_shares_stand_as_dots_on_a_line_a_row_and_in_figures():
    fig = charts.shares({"as drawn": {"RNN": 0.985, "CNN": 0.99}, "traced": {"RNN": 0.2}}, lowest=0.5)
    ax = fig.axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["as drawn", "traced"]
    assert [text.get_text() for text in ax.texts] == ["98.5%", "20.0%", "99.0%"]
    dots = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert dots == [0.985, 0.99, 0.5]  # what lies below the axis stands at its edge
    with pytest.raises(ValueError, match="5 groups"):
        charts.shares({"row": dict.fromkeys("abcde", 0.5)})


NAMES = ["ear", "eye", "mouth"]
PLACES = np.array([[0.0, 0], [0.5, 0.5], [0.52, 0.5], [1, 0.2], [0.3, 1]])


def marks(ax) -> dict[str, np.ndarray]:
    """The points of each class's marks, by the class's name."""
    return {dots.get_label(): np.asarray(dots.get_offsets()) for dots in ax.collections}


def test_a_map_shows_dots_and_drawings_on_the_same_axes_and_classes_by_colour_and_shape():
    fig = maps.latent_map(PLACES, [SQUARE] * 5, [0, 1, 1, 2, 0], NAMES)
    dots, drawn = fig.axes
    assert (dots.get_xlim(), dots.get_ylim()) == (drawn.get_xlim(), drawn.get_ylim())
    assert dots.yaxis_inverted()
    assert {name: len(own) for name, own in marks(dots).items()} == {"ear": 2, "eye": 2, "mouth": 1}
    np.testing.assert_array_equal(marks(dots)["eye"], PLACES[1:3])
    assert len({len(own.get_paths()[0].vertices) for own in dots.collections}) == 3
    assert [text.get_text() for text in dots.get_legend().get_texts()] == NAMES
    drawings = pieces(drawn)
    assert [color for color, _ in drawings] == [style.PALETTE[c] for c in (0, 1, 1, 2, 0)]
    centres = np.array([(line.min(axis=0) + line.max(axis=0)) / 2 for _, line in drawings])
    np.testing.assert_allclose(centres[[0, 3, 4]], PLACES[[0, 3, 4]], atol=2e-3)
    # two that lay on each other were pushed apart, along the line between them
    assert centres[2, 0] - centres[1, 0] > 0.8 * maps.THUMBNAIL
    np.testing.assert_allclose(centres[1:3].mean(axis=0), [0.51, 0.5], atol=5e-3)
    assert np.ptp(drawings[0][1], axis=0).max() == pytest.approx(maps.THUMBNAIL * (1 - 2 * sheets.MARGIN), rel=0.01)


def test_small_maps_stand_side_by_side_with_their_titles_and_one_legend():
    fig = maps.latent_maps({"t-SNE": PLACES, "principal\ncomponents": PLACES[::-1]}, [0, 1, 1, 2, 0], NAMES)
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["t-SNE", "principal\ncomponents"]
    np.testing.assert_array_equal(marks(fig.axes[1])["mouth"], PLACES[1:2])
    assert [text.get_text() for text in fig.legends[0].get_texts()] == NAMES


def test_insets_show_the_first_drawings_of_each_group_in_the_colour_it_has_on_the_map():
    fig = maps.latent_insets(PLACES, [SQUARE] * 5, {"sharp": [3], "round": [1, 2, 4]}, most=2)
    chart, sharp, round_ = fig.axes
    rest, *groups = chart.collections
    np.testing.assert_array_equal(rest.get_offsets(), PLACES[:1])
    np.testing.assert_array_equal(groups[1].get_offsets(), PLACES[[1, 2, 4]])
    assert [text.get_text() for ax in (sharp, round_) for text in ax.texts] == ["sharp", "round"]
    assert [color for color, _ in pieces(sharp)] == [style.PALETTE[0]]
    assert [color for color, _ in pieces(round_)] == [style.PALETTE[1]] * 2
    assert to_hex(groups[1].get_facecolor()[0]) == style.PALETTE[1]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: maps.latent_map(PLACES, [SQUARE], [0] * 5, NAMES), "1 drawings, where there should be 5"),
        (lambda: maps.latent_map(PLACES, [SQUARE] * 5, [0], NAMES), "1 labels, where there should be 5"),
        (lambda: maps.latent_map(PLACES, [SQUARE] * 5, [0, 1, 2, 3, 0], NAMES), "labels run from 0 to 3"),
        (lambda: maps.latent_map(PLACES, [SQUARE] * 5, [0] * 5, list("abcdefghijklm")), "13 classes"),
        (lambda: maps.latent_maps({}, [], NAMES), "no maps"),
        (lambda: maps.latent_insets(PLACES, [SQUARE] * 5, {}), "0 insets"),
    ],
)
def test_a_map_says_what_does_not_match(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_row_may_go_without_a_label():
    labels = [text.get_text() for text in sheets.grid([SQUARE] * 4, columns=2, row_labels=["", "b"]).axes[0].texts]
    assert labels == ["", "b"]


def test_progress_has_a_panel_for_each_measure_a_line_for_each_network_and_one_for_people():
    runs = {
        name: {"step": [500, 2_000], "recognised": [0.1 * k, 0.5], "closure": [0.2, 0.3]}
        for k, name in enumerate(("CNN", "RNN"))
    }
    fig = charts.progress(runs, {"recognised": 0.9}, shares=["recognised"])
    recognised, closure = fig.axes
    assert [len(ax.lines) for ax in fig.axes] == [3, 2]
    np.testing.assert_allclose(recognised.lines[1].get_ydata(), [0.1, 0.5])
    np.testing.assert_allclose(recognised.lines[2].get_ydata(), [0.9, 0.9])
    assert recognised.get_ylim() == (0, 1)
    assert [label.get_text() for label in closure.get_xticklabels()] == ["500", "2,000"]
    with pytest.raises(ValueError, match="0 runs"):
        charts.progress({}, {})


def test_bands_have_a_line_and_a_band_a_name_on_logarithmic_axes():
    values = {"fast": [np.array([1.0, 2, 3]), np.array([4.0])], "slow": [np.arange(1.0, 12), np.arange(10.0, 21)]}
    (ax,) = charts.bands({"time": values}, [10, 100], "size").axes
    np.testing.assert_allclose([line.get_ydata() for line in ax.lines], [[2, 4], [6, 15]])
    assert (ax.get_xscale(), ax.get_yscale(), ax.get_title()) == ("log", "log", "time")
    low, high = (extreme(path.vertices[:, 1]) for path in ax.collections[1].get_paths() for extreme in (np.min, np.max))
    np.testing.assert_allclose([low, high], [2, 19])  # the 10th percentile of the small ones, the 90th of the large
    assert [label.get_text() for label in ax.get_xticklabels()] == ["10", "100"]
    assert ax.yaxis.get_major_formatter()(0.1) == "0.1"  # no formula, which would be shown as its source


BARS = np.zeros((20, 30), np.uint8)
BARS[5, 3:25] = 255
LINES = [np.array([[3.0, 5], [24, 5]]), np.array([[7.0, 9], [7, 15], [12, 15]])]


def test_a_close_up_shows_the_picture_whole_and_the_frame_enlarged_with_all_layers_in_both():
    fig = layers.close_up(BARS.shape, (4, 2, 8), [layers.picture(BARS), layers.strokes(LINES, end=4)])
    whole, close = fig.axes
    assert (whole.get_xlim(), whole.get_ylim()) == ((-0.5, 29.5), (19.5, -0.5))
    assert (close.get_xlim(), close.get_ylim()) == ((4, 12), (10, 2))
    for ax in (whole, close):
        assert len(ax.images) == 1
        assert [line.get_color() for line in ax.lines[::2]] == list(layers.COLORS[:2])
        np.testing.assert_array_equal(ax.lines[0].get_xydata(), LINES[0])
    (frame,) = whole.patches
    assert (*frame.get_xy(), frame.get_width(), frame.get_height()) == (4, 2, 8, 8)
    assert not layers.close_up(BARS.shape, (4, 2, 8), [layers.picture(BARS)], [layers.strokes(LINES)]).axes[1].images


def test_panels_keep_to_what_their_first_layer_shows_and_y_grows_downward():
    contents = {"picture": [layers.picture(BARS), layers.strokes([np.array([[-9.0, -9], [99, 99]])])]}
    first, second = layers.panels({**contents, "lines": [layers.strokes_in_order(LINES)]}).axes
    assert (first.get_xlim(), first.get_ylim()) == ((-0.5, 29.5), (19.5, -0.5))
    assert second.yaxis_inverted()
    assert [ax.get_title() for ax in (first, second)] == ["picture", "lines"]
    # the first stroke is the darkest, and a ring stands where the pen sets down
    dark, bright = (sum(to_rgb(line.get_color())) for line in second.lines[::2])
    assert dark < bright
    np.testing.assert_array_equal([line.get_xydata()[0] for line in second.lines[1::2]], [[3, 5], [7, 9]])


def test_marked_pixels_nodes_and_discs_lie_where_they_are():
    ax = new_axes()
    layers.pixels(BARS, "#ff0000")(ax)
    layers.dots(np.array([[1.0, 2]]), "#00ff00", hollow=True)(ax)
    layers.discs(np.array([[4.0, 5, 6]]))(ax)
    marked = ax.images[0].get_array()
    np.testing.assert_array_equal(marked[..., 3] > 0, BARS > 0)
    np.testing.assert_array_equal(marked[5, 3], [1, 0, 0, 1])
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[1, 2]])
    (disc,) = ax.patches
    assert (*disc.center, disc.radius) == (4, 5, 6)


def test_lines_with_points_have_a_dot_at_every_point():
    ax = new_axes()
    layers.lines_with_points(LINES)(ax)
    *lines, points = ax.lines
    assert len(lines) == len(LINES)
    np.testing.assert_array_equal(points.get_xydata(), np.concatenate(LINES))
    assert points.get_linestyle() == "None"
    layers.lines_with_points([])(ax)


def test_a_stroke_sheet_has_a_row_a_name_a_colour_a_stroke_and_room_for_what_was_not_found():
    fig = layers.stroke_sheet({"ours": [LINES, LINES[:1]], "other": [[], LINES]})
    assert [[len(ax.patches) for ax in fig.axes[:2]], [len(ax.patches) for ax in fig.axes[2:]]] == [[2, 1], [0, 2]]
    assert [text.get_text() for ax in fig.axes for text in ax.texts] == ["ours", "other"]
    assert [color for color, _ in pieces(fig.axes[0])] == list(layers.COLORS[:2])
