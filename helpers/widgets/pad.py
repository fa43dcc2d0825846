"""The draw pad: begin by hand and let the model finish it as something, or take turns with it, stroke by stroke."""

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import traitlets

from helpers.data.official import BOX, EPSILON, simplify_raw
from helpers.data.preprocessing import JOURNAL
from helpers.draw.decoding import decode, encode
from helpers.draw.finishing import can_fit
from helpers.draw.library import is_ready, warm
from helpers.draw.priors import class_index, class_mean, typical_z
from helpers.draw.switching import Switched, switch
from helpers.evaluate.judge import Judge, load_judge
from helpers.export.bezier import fit_curves, path_data
from helpers.figures.style import PALETTE
from helpers.model.checkpoint import locate
from helpers.model.vae import SketchVAE
from helpers.paths import DATA, atomic
from helpers.sketch.strokes import absolute, check, fit_box, from_polylines, stroke_ends, to_polylines
from helpers.trace.images import read_image
from helpers.trace.vectorize import trace
from helpers.widgets.easel import (
    TEMPERATURE,
    Drawn,
    Easel,
    as_code,
    number,
    read_strokes,
    simplify_lines,
    whole_seed,
    with_article,
)

ROOM = 1000  # units along a side of the paper, as in easel.js
FILLED = 840  # of them that a whole drawing usually takes
SMALLEST = 1 / 3  # of a whole drawing's side: a third of the strokes is seldom smaller, so smaller ink is enlarged
SHARE = 0.75  # of the points that the model can hold, for the beginning: the rest is for what follows
CLOSED = 0.25  # of its size: a line whose ends are nearer is whole
MOST_TURNS = 40
TRIES = 16  # finishes, of which one is kept; see `draw.switch`
OWN = DATA / "own"  # drawings that were kept, a file a class
LARGEST_FILE = 20_000_000  # bytes
THOUGHTS = 3  # of the judge, that are shown
YOU, MACHINE = 0, 1


class DrawPad(Easel):
    """Paper to draw on with mouse, pen or finger; the model goes on where the hand stops.

    `finish` is what the button calls; unless its `fit` is False, what is on the paper is read as a part of a drawing of
    the class, and temperature has no effect (see `draw.switch`).

    Parameters
    ----------
    model : SketchVAE
    prefix : ndarray, optional
        (N, 3), a sketch that lies on the paper to start with.
    judge : Judge, optional
        Says what it takes the drawing for; by default the judge that ships, where its file is there.

    Attributes
    ----------
    strokes : list of dict
        What is on the paper, each {"mind": 0 for the person's or 1 for the machine's, "points": [[x, y], ...]} in
        thousandths of the paper.
    drawn : Drawn
        The drawing, as in `BlendStudio`.
    """

    _script = "pad.js"
    strokes = traitlets.List().tag(sync=True)

    def __init__(self, model: SketchVAE, prefix: np.ndarray | None = None, judge: Judge | None = None):
        super().__init__(model)
        self.judge = load_judge() if judge is None and locate("judge").exists() else judge
        classes = list(model.settings.classes)
        self.settings = {"target": classes[-1], "temperature": 0.15, "seed": 7, "fit": True}
        self.options = {"classes": classes, "judged": self.judge is not None, "temperature": TEMPERATURE}
        self.options |= {"fits": can_fit(model, classes[-1])}
        self.options |= {"keeps": True}
        self._answers |= {"look": self._look, "finish": self._finish, "import": self._import, "keep": self._keep}
        self._own, self._z, self._fits = None, None, False
        if prefix is not None:
            self.strokes = _on_paper(check(prefix))
        decode(model, class_mean(model, classes[0])[None])  # compiles, before a hand is waiting
        self._look_at(self.strokes)

    def _ipython_display_(self) -> None:
        super()._ipython_display_()
        if self.options["fits"]:  # before a hand is waiting
            warm(self.model, self.model.settings.classes)

    def finish(
        self,
        target: str,
        *,
        temperature: float = 0.15,
        seed: int = 7,
        strokes: int | None = None,
        fit: bool = True,
    ) -> Drawn:
        """Goes on as a class with what is on the paper.

        Parameters
        ----------
        target : str
            The class.
        temperature : float
            Of the decoder, 0 to 1.
        seed : int
        strokes : int, optional
            How many strokes are added at most; None goes on to the end.
        fit : bool
            Whether what is there is read as a part of the whole drawing, and not as its beginning.

        Returns
        -------
        Drawn
            The drawing, and what it takes to make it again.

        Raises
        ------
        ValueError
            Where there is nothing on the paper, and for a class that the model does not know.
        """
        settings = {"target": target, "temperature": temperature, "seed": seed, "fit": fit}
        return self._go_on(self.strokes, settings, strokes)

    def keep(self, name: str) -> Path:
        """Adds what the hand drew, and nothing of the machine's, to a class of one's own: `data/own/<name>.ndjson`.

        `python -m helpers.train mine --data data/own` trains on it. Returns the file. Raises ValueError where nothing
        on the paper is by hand, and for a name that no file can have.
        """
        return keep_drawing(name, self.strokes)

    def recipe(self) -> dict:
        """All that made the drawing, for JSON: model, classes, z, seed, settings, code, and the strokes by hand.

        z is what finished it; of a drawing finished as a whole of which it is a part, what the model reads in it.
        """
        return self._recipe(self._z, self.settings | {"tries": TRIES, "fit": self._fits}, {"mine": self._own})

    def _look(self, message: dict, _) -> None:
        self._look_at(message.get("strokes"), message.get("id", ""))

    def _look_at(self, strokes: object, question: str = "") -> None:
        """Takes what is on the paper, before the machine goes on."""
        if strokes == []:
            self.strokes = []
            self._show(None, question, settings=self.settings, note="", thoughts=[], added=[])
            return
        sketch, switches, _, _, note = _to_sketch(strokes, self.model)
        self.strokes = strokes
        self._own, self._z = sketch, encode(self.model, [sketch])[0]
        code = as_code(self.model, [], [f"sketch, switches = mine, {switches}"], {"mine": sketch}, two_hands=True)
        drawn = Drawn(sketch, switches, _colors(switches), _names(switches, "machine"), "A drawing of yours", code)
        self._show(drawn, question, settings=self.settings, note=note, thoughts=self._thoughts(sketch), added=[])

    def _finish(self, message: dict, _) -> None:
        settings = _checked(self.model, message.get("settings"))
        target = settings["target"]
        if _fits(self.model, settings) and not is_ready(self.model, target):
            warm(self.model, [target])
            text = f"The model draws what {with_article(target)} can be made of: a few seconds, this once …"
            self.send({"id": message.get("id", ""), "making": text})
            return
        self._go_on(message.get("strokes"), settings, message.get("count"), message.get("id", ""))

    def _keep(self, message: dict, _) -> None:
        path = keep_drawing(message.get("name"), message.get("strokes"))
        count = path.read_bytes().count(b"\n")
        self.send({"id": message.get("id", ""), "kept": f"{path.stem}: {count} kept in data/own"})

    def _go_on(self, strokes: object, settings: Mapping, count: int | None, question: str = "") -> Drawn:
        settings = _checked(self.model, settings)
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= MOST_TURNS):
            raise ValueError(f"{count!r} strokes at a time; it must be a whole number from 1 to {MOST_TURNS}")
        sketch, earlier, scale, origin, note = _to_sketch(strokes, self.model)
        fits = _fits(self.model, settings)
        if not fits and count is None and _goes_on(strokes):
            sketch[-1, 2] = 0
        target, begun = settings["target"], len(sketch)
        cool = {"cooler": settings["temperature"], "seed": settings["seed"], "tries": TRIES, "fit": fits}
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", UserWarning)
            drawn = switch(self.model, Switched([sketch], [earlier]), target, at=1, **cool)
        if any("prefixes fit no" in str(one.message) for one in told):
            note = f"It fits no {target} that the model draws, and is finished beside."
        whole, switches = drawn.sketches[0], drawn.switches[0]
        lines = [
            f"drawn = switch(model, Switched([mine], [{earlier}]), {target!r}, at=1,",
            f"               cooler={cool['cooler']}, seed={cool['seed']}, tries={TRIES}, fit={fits})",
            "sketch, switches = drawn.sketches[0], drawn.switches[0]",
        ]
        if len(whole) == begun:
            note = f"As {with_article(target)}, it takes the drawing for finished."
            whole, switches, lines = sketch, earlier, [f"sketch, switches = mine, {earlier}"]
        elif count is not None:
            ends = stroke_ends(whole)
            whole = whole[: ends[ends > begun][:count][-1]]
            lines.append(f"sketch = sketch[:{len(whole)}]  # so far")
        elif len(whole) >= self.model.settings.max_points and not fits:
            note = "It scribbled on until it was stopped."
        self._z = encode(self.model, [whole])[0] if fits else typical_z(self.model, target)
        self._own, self.strokes, self.settings, self._fits = sketch, strokes, settings, fits
        how = "Begun by you, finished as" if count is None else "Drawn in turns, as"
        code = as_code(self.model, ["Switched", "switch"], lines, {"mine": sketch}, two_hands=True)
        names, caption = _names(switches, target), f"{how} {with_article(target)}"
        made = Drawn(whole, switches, _colors(switches), names, caption, code)
        more = {"note": note, "thoughts": self._thoughts(whole), "added": _added(whole, begun, scale, origin)}
        self._show(made, question, settings=settings, **more)
        return made

    def _import(self, message: dict, buffers: Sequence[memoryview]) -> None:
        """A picture of a drawing, traced."""
        if not buffers or not 0 < buffers[0].nbytes <= LARGEST_FILE:
            raise ValueError(f"a picture has at most {LARGEST_FILE // 1_000_000} MB, and is not empty")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "picture"
            path.write_bytes(buffers[0])
            try:
                traced = trace(read_image(path))
            except ValueError as error:
                raise ValueError(str(error).replace(f"{path}: ", "").replace(str(path), "the file")) from error
        self.send({"id": message.get("id", ""), "strokes": _on_paper(traced.sketch)})

    def _thoughts(self, sketch: np.ndarray) -> list[list]:
        """The judge's first guesses, [class, probability]."""
        if self.judge is None:
            return []
        probabilities = self.judge.probabilities([sketch])[0]
        best = np.argsort(-probabilities)[:THOUGHTS]
        return [[self.judge.classes[i], round(float(probabilities[i]), 3)] for i in best]


def _to_sketch(strokes: object, model: SketchVAE) -> tuple[np.ndarray, tuple[int, ...], float, np.ndarray, str]:
    """What is on the paper at the model's scale: sketch, switches, scale, where the pen starts, and what to tell.

    The whole paper, but for a margin, is as large as the drawings that the model learned from; ink that is smaller
    than a beginning usually is gets enlarged. A hand's strokes are simplified, the machine's stay as they are.
    """
    if not isinstance(strokes, list) or not all(
        isinstance(one, dict) and one.get("mind") in (YOU, MACHINE) for one in strokes
    ):
        raise ValueError("strokes are a list of {mind, points}")
    lines = read_strokes([one.get("points") for one in strokes])
    minds = [one["mind"] for one in strokes]
    side = np.ptp(np.concatenate(lines), axis=0).max()
    scale = BOX / FILLED
    if side > 0:
        scale = min(max(scale, SMALLEST * BOX / side), BOX / side)
    else:
        raise ValueError("there is only a dot: draw a little more, so that there is something to go on from")
    limit = int(SHARE * model.settings.max_points)
    hand = [line * scale for line, mind in zip(lines, minds, strict=True) if mind == YOU]
    rest = sum(len(line) for line, mind in zip(lines, minds, strict=True) if mind == MACHINE)
    if rest + 2 * len(hand) > limit:
        raise ValueError("the paper is full: the model cannot hold more. Undo some strokes, or begin anew")
    simple, epsilon = simplify_lines(hand, limit - rest)
    note = ""
    if epsilon > EPSILON:
        counted = sum(map(len, hand))
        note = f"Your {counted:,} points were simplified to {sum(map(len, simple))}, which the model can hold."
    simple = iter(simple)
    whole = [next(simple) if mind == YOU else line * scale for line, mind in zip(lines, minds, strict=True)]
    if len(whole[0]) == 1:
        whole[0] = np.repeat(whole[0], 2, axis=0)
    starts = np.cumsum([0, *map(len, whole)])[:-1]
    switches = tuple(int(starts[i]) - 1 for i in range(1, len(minds)) if minds[i] != minds[i - 1])
    sketch = np.round(from_polylines(whole).astype(float), 2).astype(np.float32)
    return sketch, switches, scale, lines[0][0], note


def _goes_on(strokes: Sequence[dict]) -> bool:
    """Whether the machine should carry on the hand's last line instead of beginning one of its own.

    As `sketch.prefix` cuts drawings of one or two strokes: inside a line. A line that returns to its start is whole.
    """
    line = np.array(strokes[-1]["points"])
    apart = np.hypot(*(line[-1] - line[0]))
    return len(strokes) <= 2 and strokes[-1]["mind"] == YOU and apart > CLOSED * np.ptp(line, axis=0).max()


def _on_paper(sketch: np.ndarray) -> list[dict]:
    """A sketch as a hand's strokes, in the middle of the paper."""
    fitted, origin = fit_box(sketch, FILLED)
    lines = to_polylines(fitted, origin + (ROOM - FILLED) / 2)
    return [_stroke(YOU, line, EPSILON * FILLED / BOX) for line in lines]


def _stroke(mind: int, line: np.ndarray, tolerance: float) -> dict:
    """A stroke for the browser, with the curve to show it by."""
    return {"mind": mind, "points": line.round(1).tolist(), "d": path_data(fit_curves(line, tolerance), True)}


def _added(whole: np.ndarray, begun: int, scale: float, origin: np.ndarray) -> list[dict]:
    """The strokes from row `begun` on, as they lie on the paper."""
    if len(whole) == begun:
        return []
    paper = whole.copy()
    paper[:, :2] /= scale
    lines = to_polylines(paper[begun:], absolute(paper[:begun], origin)[-1])
    if whole[begun - 1, 2]:
        lines[0] = lines[0][1:]  # the way there, through the air
    return [_stroke(MACHINE, line, EPSILON / scale) for line in lines]


def _checked(model: SketchVAE, settings: object) -> dict:
    """The settings, every one of its kind and in its range, or a ValueError that says which is not."""
    known = {"target", "temperature", "seed", "fit"}
    if not isinstance(settings, Mapping) or set(settings) != known or not isinstance(settings["fit"], bool):
        raise ValueError(f"the pad's settings are {', '.join(sorted(known))}")
    class_index(model, settings["target"])
    return dict(settings) | {
        "temperature": number("temperature", settings["temperature"], *TEMPERATURE),
        "seed": whole_seed(settings["seed"]),
    }


def _fits(model: SketchVAE, settings: Mapping) -> bool:
    """Whether what is on the paper is read as a part."""
    return settings["fit"] and can_fit(model, settings["target"])


def _colors(switches: Sequence[int]) -> list[str]:
    return [PALETTE[i % 2] for i in range(len(switches) + 1)]


def _names(switches: Sequence[int], target: str) -> list[str]:
    return [("you", target)[i % 2] for i in range(len(switches) + 1)]


def keep_drawing(name: object, strokes: object) -> Path:
    """Adds what the hand drew of `strokes`, as a browser sends them, to a class of one's own; see `DrawPad.keep`."""
    if not isinstance(strokes, list) or not all(isinstance(stroke, dict) for stroke in strokes):
        raise ValueError("strokes are a list of {mind, points}")
    name = " ".join(name.split()) if isinstance(name, str) else ""
    if not name or name.startswith(".") or set(name) & set('/\\:*?"<>|') or not name.isprintable() or len(name) > 80:
        raise ValueError(f"a class of your own needs a plain name, like 'my cat'; this is {name!r}")
    if f"{name}.ndjson" == JOURNAL:
        raise ValueError(
            f"the tracer keeps its notes in {JOURNAL}, which is never read as a class; choose another name"
        )
    lines = read_strokes([stroke.get("points") for stroke in strokes if stroke.get("mind") == YOU])
    drawing = [line.T.astype(int).tolist() for line in simplify_raw(lines)]
    path = OWN / f"{name}.ndjson"
    before = path.read_bytes() if path.exists() else b""
    with atomic(path) as temporary:
        line = json.dumps({"word": name, "drawing": drawing}, ensure_ascii=False, separators=(",", ":"))
        temporary.write_bytes(before + line.encode() + b"\n")
    return path
