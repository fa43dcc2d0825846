"""The widgets without a browser: what they draw, the code they give, and how their kernel answers."""

import base64
import io
import json
import queue
import time
from types import SimpleNamespace

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel
from PIL import Image

from helpers.data.formats import read
from helpers.draw.decoding import decode, encode
from helpers.draw.priors import typical_z
from helpers.draw.switching import Switched, switch
from helpers.export import read_recipe
from helpers.model.vae import load_model
from helpers.sketch.raster import render
from helpers.sketch.strokes import bounds, from_polylines, to_polylines
from helpers.trace.own import load_own
from helpers.widgets import pad as pad_module
from helpers.widgets import preview
from helpers.widgets.pad import DrawPad
from helpers.widgets.preview import live_preview
from helpers.widgets.studio import BlendStudio


@pytest.fixture(scope="module")
def model():
    return load_model("menagerie")


@pytest.fixture(scope="module")
def cloud(mirror):
    """Someone's cloud, and not the shortest."""
    return max(read(mirror / "sketchrnn" / "cloud.npz", "test")[:20], key=len)


def hand(*lines):
    """Strokes as the browser sends them."""
    return [{"mind": 0, "points": np.asarray(line, float).tolist()} for line in lines]


def wave(points=40, left=150, right=850):
    """A bumpy line across the paper."""
    x = np.linspace(left, right, points)
    return np.column_stack([x, 500 - 120 * np.abs(np.sin(x / 90))])


def made_by(code):
    names = {}
    exec(code, names)
    return names["sketch"], tuple(names["switches"])


WAYS = {
    "switch": {},
    "as a neighbour": {"fit": False},
    "late, half and warm": {
        "first": "camel",
        "second": "cloud",
        "at": 0.71,
        "blend": 0.5,
        "temperature": 0.6,
        "seed": 12,
    },
    "begun as mine": {"first": "mine 1", "second": "camel"},
    "finished as mine": {"first": "camel", "second": "mine 1", "blend": 0.8},
    "between four": {"tab": "corners", "x": 0.31, "y": 0.8},
    "mine in a corner": {"tab": "corners", "corners": ["cloud", "mine 1", "camel", "cloud"], "x": 0.9, "y": 0.2},
}


@pytest.mark.parametrize("settings", WAYS.values(), ids=WAYS)
def test_the_studios_code_makes_the_same_drawing(model, cloud, settings):
    drawn = BlendStudio(model, [cloud], **settings).drawn
    sketch, switches = made_by(drawn.code)
    np.testing.assert_array_equal(sketch, drawn.sketch)
    assert switches == tuple(drawn.switches)


@pytest.mark.parametrize("settings", WAYS.values(), ids=WAYS)
def test_the_z_of_the_studios_recipe_is_the_one_that_drew(model, cloud, settings):
    studio = BlendStudio(model, [cloud], **settings)
    sketch, switches = studio.drawn.sketch, studio.drawn.switches
    recipe = json.loads(json.dumps(studio.recipe()))
    z = np.array([recipe["z"]], np.float32)
    assert recipe["settings"].get("fit", False) == ("fit=True" in recipe["code"])
    if recipe["settings"].get("fit"):  # no z drew it; it is the one that the model reads in it
        np.testing.assert_allclose(z, encode(model, [sketch]), atol=1e-6)
        return
    if switches:
        prefix = [sketch[: switches[0]]]
        drawn = decode(model, z, recipe["settings"]["cooler"], recipe["seed"], prefix)
    else:
        drawn = decode(model, z, recipe["settings"]["temperature"], [recipe["seed"]])
    assert len(drawn[0]) == len(sketch)
    np.testing.assert_allclose(drawn[0], sketch, atol=0.05)


def test_moving_the_switch_leaves_the_beginning_as_it_was(model):
    studio = BlendStudio(model, seed=3)
    early, late = studio.draw(at=0.2), studio.draw(at=0.6)
    shared = early.switches[0]
    assert shared < late.switches[0]
    np.testing.assert_array_equal(early.sketch[:shared], late.sketch[:shared])
    assert not np.array_equal(early.sketch, late.sketch)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"first": "zebra"}, "knows no class 'zebra'; it knows: cloud, camel"),
        ({"corners": ["cloud"]}, "four corners"),
        ({"at": 1.2}, "at is 1.2; it must be a number from 0 to 1"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"blend": "all"}, "blend is 'all'"),
        ({"seed": -1}, "seed is -1; it must be a whole number"),
        ({"tab": "other"}, "tab is 'other'"),
        ({"colour": "red"}, "no setting"),
    ],
)
def test_a_setting_that_does_not_fit_is_named_and_the_drawing_stays(model, settings, complaint):
    studio = BlendStudio(model)
    before = studio.drawn
    with pytest.raises(ValueError, match=complaint):
        studio.draw(**settings)
    assert studio.drawn is before
    assert studio.settings["first"] == "cloud"


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png", ".gif"])
def test_a_saved_file_holds_the_recipe_whose_code_makes_the_drawing(model, tmp_path, suffix):
    studio = BlendStudio(model, seed=5)
    recipe = read_recipe(studio.save(tmp_path / f"drawing{suffix}"))
    assert recipe == json.loads(json.dumps(studio.recipe()))
    assert (recipe["model"], recipe["classes"], recipe["seed"]) == ("menagerie", list(model.settings.classes), 5)
    assert len(recipe["z"]) == model.settings.z_size
    np.testing.assert_array_equal(made_by(recipe["code"])[0], studio.drawn.sketch)


def test_a_pad_goes_on_from_what_is_on_it(model):
    pad = DrawPad(model)
    pad._look_at(hand(wave()))
    prefix = pad.drawn.sketch
    drawn = pad.finish("camel")
    rows = len(prefix)
    np.testing.assert_array_equal(drawn.sketch[:rows, :2], prefix[:, :2])
    assert len(drawn.sketch) > rows and drawn.switches == (rows,)
    assert {stroke["mind"] for stroke in pad.picture["added"]} == {1}


def test_the_z_of_a_pads_recipe_is_the_one_that_finished_the_drawing(model):
    pad = DrawPad(model)
    pad._look_at(hand(wave()))
    drawn = pad.finish("camel", temperature=0.1, seed=4, fit=False)
    recipe = pad.recipe()
    mine, z, settings = (recipe[key] for key in ("mine", "z", "settings"))
    np.testing.assert_array_equal(np.array(z, np.float32), typical_z(model, "camel"))
    begun = Switched([np.array(mine, np.float32)], [()])
    used = {"tries": settings["tries"], "fit": settings["fit"]}
    (again,), _ = switch(model, begun, "camel", 1, cooler=0.1, seed=recipe["seed"], **used)
    assert len(again) == len(drawn.sketch)
    np.testing.assert_allclose(again, drawn.sketch, atol=0.05)


def test_what_the_machine_adds_lies_on_the_paper_where_the_drawing_has_it(model):
    pad = DrawPad(model)
    own = wave()
    pad._look_at(hand(own))
    drawn = pad.finish("camel", fit=False).sketch
    points = np.concatenate([np.array(stroke["points"]) for stroke in pad.picture["added"]])
    assert np.hypot(*(points[0] - own[-1])) < 1  # an open line is carried on
    scale = 255 / 840
    expected = np.concatenate(to_polylines(drawn, own[0] * scale)) / scale
    np.testing.assert_allclose(points[-1], expected[-1], atol=1)


def test_a_drawing_by_hand_is_kept_and_becomes_a_part(model, cloud):
    pad = DrawPad(model, cloud)
    own = pad.drawn.sketch
    drawn = pad.finish("sheep", seed=2)
    assert drawn.sketch[: len(own)].tobytes() == own.tobytes()
    recipe = pad.recipe()
    assert recipe["settings"]["fit"] is True and recipe["settings"]["tries"] == 16
    np.testing.assert_array_equal(made_by(recipe["code"])[0], drawn.sketch)
    points = np.concatenate([np.array(stroke["points"]) for stroke in pad.picture["added"]])
    first = np.array(pad.strokes[0]["points"][0])
    lines = to_polylines(drawn.sketch, first * 255 / 840)
    np.testing.assert_allclose(points[-1], lines[-1][-1] * 840 / 255, atol=1)


def test_a_hand_does_not_wait_for_the_models_own_drawings(model, monkeypatch):
    studio, asked = BlendStudio(model), []
    monkeypatch.setattr("helpers.widgets.studio.is_ready", lambda model, name: False)
    monkeypatch.setattr("helpers.widgets.studio.warm", lambda model, names: asked.extend(names))
    studio._draw({"settings": {"second": "owl"}, "id": "q"}, [])
    assert asked == ["owl"] and studio.picture["making"] and "until" in studio.picture["note"]
    recipe = studio.recipe()
    assert recipe["settings"]["fit"] is False
    np.testing.assert_array_equal(made_by(recipe["code"])[0], studio.drawn.sketch)
    monkeypatch.undo()
    studio.draw()
    assert not studio.picture["making"] and studio.recipe()["settings"]["fit"] is True


def test_what_fits_nothing_says_so_and_is_finished_beside(model, monkeypatch):
    monkeypatch.setattr("helpers.draw.switching.find_finishes", lambda *_: [])
    studio = BlendStudio(model, second="camel")
    assert "fits no camel" in studio.picture["note"]
    np.testing.assert_array_equal(studio.drawn.sketch, BlendStudio(model, second="camel", fit=False).drawn.sketch)


def test_a_whole_drawing_on_the_pad_reaches_the_model_at_its_own_scale(model, cloud):
    for size in (840, 300):
        line = wave(left=500 - size / 2, right=500 + size / 2)
        pad = DrawPad(model)
        pad._look_at(hand(line))
        assert np.ptp(bounds(pad.drawn.sketch)[:, 0]) == pytest.approx(max(255 * size / 840, 85), rel=0.02)
    whole = DrawPad(model, cloud).drawn.sketch
    assert np.ptp(bounds(whole), axis=0).max() == pytest.approx(255, rel=0.02)


def test_small_ink_is_enlarged_to_the_size_of_a_beginning(model):
    pad = DrawPad(model)
    pad._look_at(hand(wave(left=500, right=540) * [1, 0.3]))
    assert np.ptp(bounds(pad.drawn.sketch), axis=0).max() == pytest.approx(85, rel=0.05)


def test_a_pads_code_makes_the_same_drawing(model, cloud):
    pad = DrawPad(model, cloud)
    for _ in range(2):
        np.testing.assert_array_equal(made_by(pad.drawn.code)[0], pad.drawn.sketch)
        pad.finish("camel", seed=3)
    turn = DrawPad(model)
    turn._look_at(hand(wave()))
    turn.finish("camel", strokes=1)
    np.testing.assert_array_equal(made_by(turn.drawn.code)[0], turn.drawn.sketch)


def test_turns_alternate_and_both_keep_their_lines(model):
    pad = DrawPad(model)
    strokes = hand(wave())
    for turn in range(3):
        pad._look_at(strokes)
        before = pad.drawn.sketch
        drawn = pad.finish("camel", strokes=1, seed=turn)
        np.testing.assert_array_equal(drawn.sketch[: len(before)], before)
        added = pad.picture["added"]
        assert len(added) <= 1
        strokes = [*strokes, *added, *hand(wave(10, 300, 700) + np.array([0, 60 * (turn + 1)]))]
        sketch, switches = made_by(drawn.code)
        np.testing.assert_array_equal(sketch, drawn.sketch)
        assert switches == tuple(drawn.switches)
    minds = np.searchsorted(drawn.switches, np.arange(len(drawn.sketch)), side="right") % 2
    assert 0 < minds.sum() < len(minds)
    assert set(drawn.colors) == {"#22344a", "#d8431f"}


def test_a_drawing_made_in_many_turns_is_saved_in_two_colours(model, tmp_path):
    pad = DrawPad(model)
    line = wave(6, 300, 700)
    # more changes of mind than there are colours
    strokes = [{"mind": i % 2, "points": (line + np.array([0, 20 * i])).tolist()} for i in range(7)]
    pad._look_at(strokes)
    for suffix in (".svg", ".gif", ".png"):
        assert pad.save(tmp_path / f"turns{suffix}").stat().st_size > 1000
    svg = (tmp_path / "turns.svg").read_text()
    assert "#22344a" in svg and "#d8431f" in svg and "#3f9bd1" not in svg


def test_a_scribble_of_5000_points_is_simplified_to_what_the_model_can_hold(model):
    t = np.linspace(0, 60, 5000)
    scribble = np.column_stack([500 + 400 * np.sin(t) * np.cos(0.13 * t), 500 + 400 * np.cos(1.7 * t)])
    pad = DrawPad(model)
    pad._look_at(hand(scribble))
    assert len(pad.drawn.sketch) <= 0.75 * model.settings.max_points
    assert "5,000 points were simplified" in pad.picture["note"]
    assert len(pad.finish("cloud").sketch) > len(pad.drawn.sketch) - model.settings.max_points
    assert len(pad.strokes[0]["points"]) == 5000  # the person's own stays


BAD = {
    "empty": ([], "paper is empty"),
    "a dot": (hand([[500, 500]]), "only a dot"),
    "points without a mind": ([{"points": [[1, 2], [3, 4]]}], "mind"),
    "no list": ("strokes", "list"),
    "an empty stroke": ([{"mind": 0, "points": []}], "none empty"),
    "three numbers": ([{"mind": 0, "points": [[1, 2, 3], [3, 4, 5]]}], "two numbers"),
    "words": ([{"mind": 0, "points": [["a", "b"], ["c", "d"]]}], "two numbers"),
    "not finite": ([{"mind": 0, "points": [[1, float("nan")], [3, 4]]}], "nowhere"),
    "far away": ([{"mind": 0, "points": [[1, 1e9], [3, 4]]}], "far away"),
    "far too many": (hand(np.zeros((30000, 2))), "too many"),
    "too many strokes": (hand(*[[[i, 0], [i, 900]] for i in range(200)]), "full"),
}


@pytest.mark.parametrize(("strokes", "complaint"), BAD.values(), ids=BAD)
def test_bad_strokes_are_refused_and_the_drawing_stays(model, strokes, complaint):
    pad = DrawPad(model)
    pad._look_at(hand(wave()))
    before = pad.drawn
    with pytest.raises(ValueError, match=complaint):
        pad._go_on(strokes, pad.settings, None)
    assert pad.drawn is before and len(pad.strokes) == 1


def test_a_class_the_model_does_not_know_is_named(model):
    pad = DrawPad(model)
    pad._look_at(hand(wave()))
    with pytest.raises(ValueError, match="no class 'piano'; it knows: cloud, camel"):
        pad.finish("piano")


def test_a_model_that_comes_from_no_file_is_not_named_in_code(model):
    pad = DrawPad(model)
    pad._look_at(hand(wave()))
    name, model.saved_as = model.saved_as, None
    try:
        pad.finish("camel")
    finally:
        model.saved_as = name
    assert "load(" not in pad.drawn.code and "let `model` be it" in pad.drawn.code


# with a kernel of its own, as in a notebook, but without a browser


class Kernel:
    """A kernel and the widgets' side of its conversation."""

    def __init__(self):
        self.manager, self.client = start_new_kernel(extra_arguments=["--IPKernelApp.capture_fd_output=False"])

    def run(self, code):
        return self._until_idle(self.client.execute(code))

    def ask(self, widget, content, buffers=()):
        """What the kernel says to a custom message."""
        wrapped = {"comm_id": widget, "data": {"method": "custom", "content": content}}
        message = self.client.session.msg("comm_msg", wrapped)
        self.client.session.send(self.client.shell_channel.socket, message, buffers=list(buffers))
        return self._until_idle(message["header"]["msg_id"])

    def _until_idle(self, asked):
        heard = []
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=120)
            except queue.Empty:
                raise AssertionError(f"the kernel is silent; so far {heard}") from None
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return heard
            heard.append(message)


def said(messages, key):
    """The custom messages in an answer that have this key."""
    contents = [m["content"]["data"].get("content", {}) for m in messages if m["msg_type"] == "comm_msg"]
    return [content for content in contents if key in content]


def pictures(messages):
    states = [m["content"]["data"].get("state", {}) for m in messages if m["msg_type"] == "comm_msg"]
    return [state["picture"] for state in states if "picture" in state]


@pytest.fixture(scope="module")
def kernel():
    kernel = Kernel()
    code = "from helpers.model import load_model\nfrom helpers.widgets import BlendStudio, DrawPad\n"
    code += "model = load_model('menagerie')\n"
    code += "import pathlib, tempfile\nfrom helpers.widgets import easel\n"
    code += "easel.FIGURES = figures = pathlib.Path(tempfile.mkdtemp()) / 'figures'"  # not the checkout's
    assert [m for m in kernel.run(code) if m["msg_type"] == "error"] == []
    yield kernel
    kernel.client.stop_channels()
    kernel.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def studio(kernel):
    """The widget's id, and the display messages of the cell that showed it."""
    shown = [m for m in kernel.run("studio = BlendStudio(model)\nstudio") if m["msg_type"] == "display_data"]
    view = shown[0]["content"]["data"]["application/vnd.jupyter.widget-view+json"]
    return view["model_id"], shown


@pytest.fixture(scope="module")
def pad(kernel):
    shown = [m for m in kernel.run("pad = DrawPad(model)\npad") if m["msg_type"] == "display_data"]
    return shown[0]["content"]["data"]["application/vnd.jupyter.widget-view+json"]["model_id"]


def still(message):
    return Image.open(io.BytesIO(base64.b64decode(message["content"]["data"]["image/png"]))).convert("L")


def test_beside_the_widget_stands_a_small_picture_for_where_no_kernel_runs(studio):
    _, (view, alone) = studio
    assert "application/vnd.jupyter.widget-view+json" not in alone["content"]["data"]
    assert len(json.dumps(alone["content"]["data"])) < 30_000
    assert (np.asarray(still(alone)) < 128).sum() > 200
    assert "BlendStudio: Begun as a cloud" in view["content"]["data"]["text/plain"]
    assert "midstroke-still" in alone["content"]["data"]["text/html"]


def test_a_drawn_question_is_answered_by_a_picture_and_rest_renews_the_still(kernel, studio):
    widget, (_, alone) = studio
    (picture,) = pictures(kernel.ask(widget, {"kind": "draw", "id": "q1", "settings": {"seed": 11, "at": 0.5}}))
    assert picture["id"] == "q1" and picture["settings"]["seed"] == 11
    assert {mind for mind, _ in picture["ink"]} == {0, 1}
    (update,) = [m for m in kernel.ask(widget, {"kind": "rest"}) if m["msg_type"] == "update_display_data"]
    assert update["content"]["transient"]["display_id"] == alone["content"]["transient"]["display_id"]
    assert still(update).tobytes() != still(alone).tobytes()


def test_the_widget_says_what_is_wrong_and_goes_on(kernel, studio):
    widget, _ = studio
    for content, complaint in [
        ({"kind": "draw", "settings": {"first": "zebra"}}, "no class 'zebra'"),
        ({"kind": "draw", "settings": {"at": None}}, "at is None"),
        ({"kind": "mine", "strokes": []}, "paper is empty"),
        ({"kind": "mine", "strokes": [[[1, "x"]]]}, "two numbers"),
        ({"kind": "save", "format": "exe"}, "not as 'exe'"),
        ({"kind": "dance"}, "no answer to 'dance'"),
        ({}, "no answer to None"),
    ]:
        messages = kernel.ask(widget, {"id": "q2"} | content)
        (answer,) = said(messages, "error")
        assert answer["id"] == "q2" and complaint in answer["error"]
        assert [m for m in messages if m["msg_type"] in ("stream", "error")] == []
    assert pictures(kernel.ask(widget, {"kind": "draw", "settings": {"seed": 1}}))


def test_a_drawing_of_ones_own_joins_the_minds(kernel, studio):
    widget, _ = studio
    (answer,) = said(kernel.ask(widget, {"kind": "mine", "strokes": [wave().tolist()]}), "mine")
    settings = {"first": answer["mine"], "second": "camel", "tab": "switch"}
    (picture,) = pictures(kernel.ask(widget, {"kind": "draw", "settings": settings}))
    assert picture["caption"] == "Begun as a drawing of yours, finished as a camel"
    assert answer["mine"] in picture["mines"]


def test_a_second_drawing_of_the_same_name_overwrites_none(kernel, studio):
    widget, _ = studio
    kept = []
    for temperature in (0.1, 0.9, 0.9):
        settings = {"first": "cloud", "second": "camel", "seed": 5, "fit": False, "temperature": temperature}
        kernel.ask(widget, {"kind": "draw", "settings": settings})
        (message,) = [m for m in kernel.ask(widget, {"kind": "save", "format": "svg"}) if m["buffers"]]
        kept.append(message["content"]["data"]["content"]["kept"])
    assert kept == ["figures/cloud-camel-5.svg", "figures/cloud-camel-5-2.svg", "figures/cloud-camel-5-2.svg"]


@pytest.mark.parametrize("kind", ["svg", "plotter", "pdf", "png", "gif"])
def test_export_sends_the_file_to_the_browser(kernel, studio, tmp_path, kind):
    widget, _ = studio
    kernel.ask(widget, {"kind": "draw", "settings": {"first": "cloud", "second": "camel", "seed": 4}})
    (message,) = [m for m in kernel.ask(widget, {"kind": "save", "format": kind, "id": "q3"}) if m["buffers"]]
    answer = message["content"]["data"]["content"]
    path = tmp_path / answer["name"]
    path.write_bytes(message["buffers"][0])
    assert answer["id"] == "q3" and path.name.startswith("cloud-camel-4")
    assert answer["kept"] == f"figures/{path.name}"  # where a write-up looks
    assert read_recipe(path)["seed"] == 4
    if kind == "plotter":
        assert 'width="210mm"' in path.read_text()


def test_the_pad_finishes_and_says_what_is_wrong(kernel, pad):
    settings = {"target": "camel", "temperature": 0.15, "seed": 7, "fit": True}
    for _ in range(60):  # until the kernel has drawn its own camels
        answer = kernel.ask(pad, {"kind": "finish", "id": "p1", "strokes": hand(wave()), "settings": settings})
        if pictures(answer):
            break
        assert "camel" in said(answer, "making")[0]["making"]
        time.sleep(1)
    (picture,) = pictures(answer)
    assert picture["id"] == "p1" and picture["added"]
    for content, complaint in [
        ({"strokes": [], "settings": settings}, "paper is empty"),
        ({"strokes": hand([[5, 5]]), "settings": settings}, "only a dot"),
        ({"strokes": hand(wave()), "settings": settings | {"target": "piano"}}, "no class 'piano'"),
        ({"strokes": hand(wave()), "settings": None}, "settings are"),
        ({"strokes": hand(wave()), "settings": settings, "count": 0}, "whole number"),
    ]:
        (answer,) = said(kernel.ask(pad, {"kind": "finish", "id": "p2"} | content), "error")
        assert complaint in answer["error"]


def test_a_dropped_picture_is_traced_onto_the_pad(kernel, pad, cloud):
    file = io.BytesIO()
    Image.fromarray(255 - render(cloud, 300, line_width=4)).save(file, "png")
    (answer,) = said(kernel.ask(pad, {"kind": "import", "id": "p3"}, [file.getvalue()]), "strokes")
    traced = from_polylines([np.array(stroke["points"]) for stroke in answer["strokes"]])
    a, b = render(traced, 48, line_width=2) > 64, render(cloud, 48, line_width=2) > 64
    assert (a & b).sum() > 0.8 * b.sum()
    for content in (b"", b"no picture", base64.b64decode("iVBORw0KGgo=")):
        (answer,) = said(kernel.ask(pad, {"kind": "import"}, [content]), "error")
        assert "/tmp" not in answer["error"]


def test_what_the_hand_drew_is_kept_in_a_class_of_its_own_and_trains(tmp_path, monkeypatch):
    monkeypatch.setattr(pad_module, "OWN", tmp_path)
    strokes = [{"mind": 0, "points": [[10, 10], [500, 10], [500, 260]]}, {"mind": 1, "points": [[0, 0], [9, 9]]}]
    for _ in range(3):
        path = pad_module.keep_drawing(" St.  Bernard ", strokes)
    assert path == tmp_path / "St. Bernard.ndjson"
    (sketch, *more) = read(path)
    assert len(more) == 2 and to_polylines(sketch)[0].tolist() == [[0, 0], [255, 0], [255, 130]]
    data = load_own(tmp_path)
    assert data.classes == ("St. Bernard",) and data.source == "own"
    for name, given, complaint in [
        ("../cat", strokes, "needs a plain name"),
        ("", strokes, "needs a plain name"),
        (None, strokes, "needs a plain name"),
        ("progress", strokes, "never read as a class"),
        ("cat", strokes[1:], "the paper is empty"),
        ("cat", [3], "strokes are a list"),
        ("cat", [{"mind": 0, "points": [["x", 1]]}], "two numbers"),
    ]:
        with pytest.raises(ValueError, match=complaint):
            pad_module.keep_drawing(name, given)
    assert [file.name for file in tmp_path.iterdir()] == ["St. Bernard.ndjson"]


def test_a_preview_shows_the_drawings_and_then_what_the_network_makes_of_them(model, monkeypatch):
    shown = []
    picture = SimpleNamespace(update=shown.append)
    monkeypatch.setattr(preview, "display", lambda figure, display_id: shown.append(figure) or picture)
    examples = [from_polylines([wave(9)]), from_polylines([wave(5)])]
    show = live_preview(examples)
    assert len(shown) == 1
    show(model, 60)
    assert [[text.get_text() for text in figure.axes[0].texts] for figure in shown] == [
        ["drawing"],
        ["drawing", "step 60"],
    ]
