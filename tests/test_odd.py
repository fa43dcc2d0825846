"""Names of several words, very long drawings, very few drawings, and the same again from another process."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from helpers import export
from helpers.data.chunks import SPLITS
from helpers.data.dataset import make_dataset, open_dataset, save_dataset
from helpers.draw import decoding, interpolation, rereading, switching
from helpers.evaluate import metrics, perturb
from helpers.evaluate.classifier import train_judge
from helpers.evaluate.judge import Judge
from helpers.evaluate.metrics import best
from helpers.export import save
from helpers.export.booklet import Plate, save_booklet
from helpers.export.frames import pen_frames
from helpers.figures import charts, maps, sheets
from helpers.latent import clusters, nearest, tsne
from helpers.model import prior
from helpers.model.vae import Settings, SketchVAE, load_model, save_model
from helpers.motion import tweening
from helpers.sketch import cohesion, strokes
from helpers.sketch.raster import render
from helpers.sketch.summaries import measure
from helpers.trace.vectorize import trace
from helpers.train import loop, plan, vae
from helpers.widgets.pad import DrawPad
from helpers.widgets.studio import BlendStudio

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"
NAMES = ("The Eiffel Tower", "t-shirt")
TINY = {"z_size": 8, "units": 16, "components": 2, "size": 32, "max_points": 80}
PLAN = plan.Plan(steps=2, batch=4, anneal=2, epoch=2)


def drawn(name: str) -> list[np.ndarray]:
    sample = open_dataset(SAMPLE / f"{name}.npz")
    return [sketch for sketch in sample.train.sketches if len(sketch) <= 80]


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "DATA", tmp_path)
    return tmp_path


def few(*names: str) -> dict:
    """A data set's drawings: one of each class in each split."""
    sources = {name: drawn(source) for name, source in zip(names, ("cloud", "camel"), strict=False)}
    return {name: {split: [sketches[i]] for i, split in enumerate(SPLITS)} for name, sketches in sources.items()}


@pytest.fixture(scope="module", params=[NAMES, NAMES[:1]], ids=["two classes", "one class"])
def trained(request, tmp_path_factory):
    """A model trained on three drawings of each class, saved and loaded again."""
    folder = tmp_path_factory.mktemp("odd runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "DATA", folder)
        data = make_dataset(few(*request.param), "traced")
        save_dataset(data, folder / "The Eiffel Tower & t-shirt.npz")
        data = open_dataset(folder / "The Eiffel Tower & t-shirt.npz")
        model = vae.train(data, "The Eiffel Tower", PLAN, **TINY)
        model.facts = {}
        return load_model(save_model(model, folder / "The Eiffel Tower.npz")), data


def test_three_drawings_of_a_class_of_three_words_train_a_model_that_draws(trained):
    model, data = trained
    assert model.settings.classes == data.classes and data.classes[0] == "The Eiffel Tower"
    drawings = rereading.sample(model, 3, classes=["The Eiffel Tower"])
    z = decoding.encode(model, data.test.sketches)
    assert len(drawings) == 3 and np.isfinite(z).all()
    assert len(rereading.reconstruct(model, data.test.sketches)) == len(data.classes)
    assert len(interpolation.interpolate(model, z[0], z[-1], steps=4)) == 4
    assert len(interpolation.blend(model, np.repeat(z[:1], 4, axis=0), steps=2)) == 4
    assert len(tweening.tween(model, z[[0, -1]], steps=2, tries=2).sketches) == 3
    if len(data.classes) == 2:
        assert len(switching.switch(model, *data.classes, n=2).sketches) == 2
    assert len(switching.switch((model, model), data.classes[0], n=2).sketches) == 2
    with pytest.raises(ValueError, match="no class 'the eiffel tower'; it knows: The Eiffel Tower"):
        switching.switch(model, "The Eiffel Tower", "the eiffel tower")


def test_what_is_drawn_of_them_is_shown_and_taken_away(trained, tmp_path):
    model, data = trained
    names = list(data.classes)
    sketches, switches = switching.switch(model, names[0], names[-1], n=3)
    figure = sheets.grid(sketches, titles=[f"{names[0]} & <{names[-1]}> $x$"] * 3, switches=switches)
    figure.savefig(tmp_path / "grid.svg")
    export.to_svg(sketches[0], tmp_path / "a.svg", switches=switches[0], names=[names[0], names[-1]])
    assert "The Eiffel Tower" in (tmp_path / "a.svg").read_text()
    for suffix in save.FORMATS:
        path = export.save_drawing(sketches[0], tmp_path / f"The Eiffel Tower{suffix}", recipe={"of": names})
        assert export.read_recipe(path) == {"of": names}
    assert len(save_booklet([Plate(names[0], sketches, switches)], tmp_path / "b.pdf", names[0], {"of": names[0]})) > 2
    points = np.zeros((len(names), 2)) + np.arange(len(names))[:, None]
    maps.latent_map(points, data.test.sketches, data.test.labels, names)
    charts.confusion_plot({"one": np.eye(len(names), dtype=int)}, names)


def test_widgets_take_names_of_several_words(trained):
    model, data = trained
    pad = DrawPad(model, prefix=data.test.sketches[0])
    assert "The Eiffel Tower" in pad.finish("The Eiffel Tower").code
    assert "The Eiffel Tower" in BlendStudio(model).drawn.code


def test_too_few_drawings_for_a_map_or_a_measure_are_refused_in_words(trained):
    model, data = trained
    z = decoding.encode(model, [*data.train.sketches, *data.valid.sketches, *data.test.sketches])[:3]
    labels = np.zeros(3, int)
    for call, words in [
        (lambda: tsne.embed(z), "perplexity is 30; for 3 drawings"),
        (lambda: nearest.neighbours(z), "3 drawings have no 10 neighbours"),
        (lambda: nearest.separation(z, labels), "all drawings are of one class"),
        (lambda: clusters.kinds(z, data.test.sketches * 3, count=3), "3 drawings do not fall into 3 kinds"),
        (lambda: metrics.variety(Judge(NAMES), data.test.sketches, data.test.sketches), "take as many of both, above"),
        (lambda: best(data.test.sketches, [()] * 9, "t-shirt", Judge(NAMES)), "drawings to choose 12 from"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    assert tsne.principal(z).shape == (3, 2) and np.isfinite(tsne.principal(z)).all()
    assert np.isfinite(tsne.embed(z, perplexity=1)).all()


@pytest.mark.parametrize("learn", ["a model", "a judge"])
def test_an_empty_class_is_refused_before_anything_is_trained(learn, runs):
    drawings = few(*NAMES)
    data = make_dataset(drawings | {"yoga": {split: [] for split in SPLITS}}, "traced")
    unvalidated = make_dataset({name: of | {"valid": []} for name, of in drawings.items()}, "traced")
    for case, words in ((data, "no training drawing of yoga"), (unvalidated, "there are no validation drawings")):
        with pytest.raises(ValueError, match=words):
            if learn == "a model":
                vae.train(case, "run", PLAN, **TINY)
            else:
                train_judge(case, "run", plan.Schedule(steps=2, batch=4, epoch=2))
    assert not (runs / "work").exists()


def test_a_class_of_nothing_but_long_drawings_is_refused_before_anything_is_trained(runs):
    drawings = few(*NAMES)
    drawings["t-shirt"] = {split: [scribble()] for split in SPLITS}
    with pytest.raises(ValueError, match="no training drawing of 80 points or fewer of t-shirt"):
        vae.train(make_dataset(drawings, "traced"), "run", PLAN, **TINY)
    assert not (runs / "work").exists()


@pytest.mark.filterwarnings("ignore:You are using a softmax")
def test_a_judge_of_one_class_is_always_sure(runs):
    judge = train_judge(make_dataset(few(NAMES[0]), "traced"), "run", plan.Schedule(steps=2, batch=2, epoch=2))
    assert judge.recognise(few(NAMES[0])[NAMES[0]]["test"]) == ["The Eiffel Tower"]


# Ten thousand points


def scribble(points: int = 10_000, strokes_: int = 40) -> np.ndarray:
    """A long drawing: a spiral that wobbles, in strokes."""
    t = np.linspace(0, 1, points + 1)
    wobble = 8 * np.sin(900 * t)
    line = np.column_stack([(100 * t + wobble) * np.cos(60 * t), (100 * t + wobble) * np.sin(60 * t)])
    return strokes.from_polylines(np.array_split(line, strokes_))


LONG = scribble()
USES = {
    "encode": lambda model, path: decoding.encode(model, [LONG]),
    "reconstruct": lambda model, path: rereading.reconstruct(model, [LONG]),
    "switch": lambda model, path: switching.switch(model, [LONG], "The Eiffel Tower"),
    "read to switch": lambda model, path: switching.switch(model, "The Eiffel Tower", [LONG], n=2),
    "prefix": lambda model, path: strokes.prefix(LONG, 1 / 3),
    "simplify": lambda model, path: strokes.simplify(LONG),
    "render": lambda model, path: render(LONG, 256),
    "trace": lambda model, path: trace(render(LONG, 400, 2)),
    "retrace": lambda model, path: perturb.retrace([LONG]),
    "smooth": lambda model, path: perturb.smooth(LONG),
    "measure": lambda model, path: measure([LONG], [5000]),
    "sharpest turn": lambda model, path: cohesion.sharpest_turn(LONG),
    "recognise": lambda model, path: Judge(NAMES).recognise([LONG]),
    "recognise its strokes": lambda model, path: Judge(NAMES, "rnn").recognise([LONG]),
    "plot": lambda model, path: sheets.strip([LONG]).savefig(path / "a.svg"),
    "to_svg": lambda model, path: export.to_svg(LONG, path / "a.svg"),
    "to_svg, order of travel": lambda model, path: export.to_svg(LONG, path / "a.svg", shorten_travel=True),
    "save as PDF": lambda model, path: export.save_drawing(LONG, path / "a.pdf"),
    "save as GIF": lambda model, path: export.save_drawing(LONG, path / "a.gif"),
    "frames": lambda model, path: pen_frames(LONG, frames=20),
    "booklet": lambda model, path: save_booklet([Plate("long", [LONG], [(5000,)])], path / "a.pdf", "long", {}),
}


@pytest.fixture(scope="module")
def model():
    """A network that has learned nothing, and knows both names."""
    model = SketchVAE(Settings(NAMES, 20.0, 30.0, **TINY))
    model.prior = prior.fit_prior(np.random.default_rng(0).normal(size=(40, 8)), np.arange(40) % 2, 2)
    return model


@pytest.mark.parametrize("use", USES)
def test_a_drawing_of_ten_thousand_points_is_taken_in_seconds(use, model, tmp_path):
    began = time.process_time()
    USES[use](model, tmp_path)
    assert time.process_time() - began < 15


def test_a_drawing_of_ten_thousand_points_is_not_gone_on_from_and_not_saved(model, tmp_path):
    with pytest.raises(ValueError, match="prefix 0 has 10000 points; this model draws at most 80"):
        decoding.decode(model, np.zeros((1, 8)), prefixes=[LONG])
    data = make_dataset({"t-shirt": {split: [LONG] for split in SPLITS}}, "traced")
    with pytest.raises(ValueError, match="10,000 points, more than 5,000"):
        save_dataset(data, tmp_path / "set.npz")


# The same again

AGAIN = """
import sys
from pathlib import Path
import numpy as np
from helpers.draw import sample, switch
from helpers.export import Plate, save, save_booklet, save_drawing, to_svg
from helpers.figures import grid, save_figure, saving
from helpers.model import load_model
out = Path(sys.argv[1])
model = load_model("menagerie")
np.savez(out / "samples.npz", *sample(model, 6, seed=7))
sketches, switches = switch(model, "cloud", "camel", n=6, seed=3)
np.savez(out / "switched.npz", *sketches, *switches)
saving.FIGURES = out
save_figure(grid(sketches, switches=switches), "99_minds")
to_svg(sketches, out / "plot.svg", switches=switches, shorten_travel=True)
for suffix in save.FORMATS:
    save_drawing(sketches[0], out / f"one{suffix}", switches=switches[0], recipe={"seed": 3})
save_booklet([Plate("cloud, camel", sketches, switches)], out / "minds.pdf", "minds", {"seed": "3"})
"""


def test_a_seed_gives_the_same_drawings_figures_and_booklet_byte_for_byte_in_another_process(tmp_path):
    found = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        out.mkdir()
        environment = {**os.environ, "MIDSTROKE_ROOT": str(ROOT), "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        run = subprocess.run([sys.executable, "-c", AGAIN, out], env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr[-2000:]
        files = sorted(path for path in out.rglob("*") if path.is_file())
        found.append({str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files})
    assert len(found[0]) > 16
    assert found[0] == found[1]
