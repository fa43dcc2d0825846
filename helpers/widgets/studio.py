"""The blend studio: two minds, and when one hands over to the other; or four corners, and a place between them."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from helpers.data.official import BOX
from helpers.draw.decoding import decode, encode
from helpers.draw.finishing import can_fit
from helpers.draw.interpolation import slerp
from helpers.draw.library import is_ready, warm
from helpers.draw.priors import sample_z
from helpers.draw.switching import Switched, second_z, switch
from helpers.export.webpage import RANGES
from helpers.figures.style import PALETTE
from helpers.model.vae import SketchVAE
from helpers.sketch.strokes import check, fit_box, from_polylines, to_polylines
from helpers.widgets.easel import (
    Drawn,
    Easel,
    as_code,
    number,
    read_strokes,
    simplify_lines,
    whole_seed,
    with_article,
)

MOST_MINES = 20  # drawings of the person's own that a studio keeps
FINISHES = 8  # of a beginning that is read as a part, so that the drawing keeps up with the slider
COOLER = 0.5  # of the temperature: the second mind has something to fit in with


class BlendStudio(Easel):
    """Hands on a model: what begins the drawing, what finishes it, when, and how much of each; or a blend of four.

    At full blend, and unless `fit` is False, the beginning is read as a part of what the model draws of the second
    class (see `draw.switch`). The model draws those first, which takes seconds for each class: `draw` waits for them; a
    slider does not, and shows the beginning finished the other way until they are there.

    Parameters
    ----------
    model : SketchVAE
    mines : sequence of ndarray
        Sketches (N, 3) of one's own, chosen as "mine 1", "mine 2", ... wherever a class can be; more can be drawn in
        the widget.
    **start
        Where it begins: `tab` ("switch" or "corners"), `first`, `second`, `at`, `blend`, `temperature`, `seed`, `fit`,
        `corners` (four classes), `x`, `y`. `draw` takes the same ones and is what a moved slider calls.

    Attributes
    ----------
    drawn : Drawn
        The drawing: its sketch, its switches, the code that makes it again.
    """

    _script = "studio.js"

    def __init__(self, model: SketchVAE, mines: Sequence[np.ndarray] = (), **start: Any):
        super().__init__(model)
        classes = model.settings.classes
        self.mines = {f"mine {i}": _as_mine(model, check(sketch)) for i, sketch in enumerate(mines, 1)}
        self.settings = {
            "tab": "switch",
            "first": classes[0],
            "second": classes[-1],
            "at": 0.33,
            "blend": 1.0,
            "temperature": 0.2,
            "seed": 7,
            "fit": True,
            "corners": [classes[i % len(classes)] for i in range(4)],
            "x": 0.5,
            "y": 0.5,
        }
        self.options = {"classes": list(classes), "ranges": RANGES}
        self._answers |= {"draw": self._draw, "mine": self._take}
        self._fits = False
        self._begun: tuple[Any, Any] = None, None  # the last first mind's drawing, and what it depends on
        self.draw(**start)

    def draw(self, **settings: Any) -> Drawn:
        """Changes some settings and draws. Raises ValueError, and draws nothing, where one does not fit."""
        return self._drawn(settings, "")

    def _ipython_display_(self) -> None:
        super()._ipython_display_()
        if can_fit(self.model, self.settings["second"]):  # before a hand is waiting
            warm(self.model, self.model.settings.classes)

    def _drawn(self, settings: Mapping, question: str, waits: bool = True) -> Drawn:
        """With `waits`, until the second class's library is made, if the drawing needs it."""
        wanted = _checked(self.model, self.settings | dict(settings), self.mines)
        second, note, making = wanted["second"], "", False
        if wanted["tab"] == "switch":
            fits = _fits(self.model, wanted, self.mines)
            making = fits and not waits and not is_ready(self.model, second)
            if making:
                warm(self.model, [second])
                note = f"Finished beside, until the model has drawn what {with_article(second)} can be made of …"
            fits = fits and not making
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always", UserWarning)
                drawn = _switched(self.model, wanted, self.mines, fits, self._begin(wanted))
            if any("prefixes fit no" in str(one.message) for one in told):
                note = f"It fits no {second} that the model draws, and is finished beside."
            self._fits = fits
        else:
            drawn = _between(self.model, wanted, self.mines)
        self.settings = wanted
        if len(drawn.sketch) >= self.model.settings.max_points and not self._fits:
            note = "It scribbled on until it was stopped."
        self._show(drawn, question, settings=wanted, note=note, mines=list(self.mines), making=making)
        return drawn

    def _begin(self, settings: Mapping) -> Switched:
        """The first mind's drawing, kept while nothing moves that it depends on."""
        name, temperature, seed = (settings[key] for key in ("first", "temperature", "seed"))
        if self._begun[0] != (name, temperature, seed):
            own = name in self.mines
            z = encode(self.model, [self.mines[name]]) if own else sample_z(self.model, 1, seed=seed, classes=[name])
            self._begun = (name, temperature, seed), Switched(decode(self.model, z, temperature, seed), [()])
        return self._begun[1]

    def recipe(self) -> dict:
        """All that made the drawing, for JSON: model, classes, z, seed, settings, and the code that makes it again.

        z is the second mind's; of a drawing begun as a part, which has none, what the model reads in all of it.
        """
        settings, drawn = self.settings, self._there()
        if settings["tab"] == "switch":
            used = ("first", "second", "at", "blend", "temperature", "seed")
            more = {"cooler": _cooler(settings), "fit": self._fits, "tries": _tries(self._fits)}
            name = settings["second"]
            second = [self.mines[name]] if name in self.mines else name
            if self._fits:
                (z,) = encode(self.model, [drawn.sketch])
            else:
                (z,) = second_z(self.model, [drawn.sketch[: drawn.switches[0]]], second, settings["blend"])
        else:
            used, more = ("corners", "x", "y", "temperature", "seed"), {}
            z = _z_between(self.model, settings, self.mines)
        chosen = {name: settings[name] for name in used}
        return self._recipe(z, chosen | more, _used(self.mines, settings))

    def _draw(self, message: dict, _) -> None:
        self._drawn(message.get("settings") or {}, message.get("id", ""), waits=False)

    def _take(self, message: dict, _) -> None:
        """A drawing of the person's own."""
        if len(self.mines) >= MOST_MINES:
            raise ValueError(f"the studio keeps {MOST_MINES} drawings of your own, and has them")
        sketch = _as_mine(self.model, from_polylines(read_strokes(message.get("strokes"))))
        name = f"mine {len(self.mines) + 1}"
        self.mines[name] = sketch
        self.send({"id": message.get("id", ""), "mine": name})


def _as_mine(model: SketchVAE, sketch: np.ndarray) -> np.ndarray:
    """A whole drawing at the training drawings' scale and simplified as they are, in hundredths of a pixel."""
    lines, _ = simplify_lines(to_polylines(fit_box(sketch, BOX)[0]), model.settings.max_points)
    return np.round(from_polylines(lines).astype(np.float64), 2).astype(np.float32)


def _checked(model: SketchVAE, settings: dict, mines: Mapping[str, np.ndarray]) -> dict:
    """The settings, every one of its kind and in its range, or a ValueError that says which is not."""
    known = {"tab", "first", "second", "seed", "fit", "corners", *RANGES}
    if set(settings) != known:
        raise ValueError(f"the studio has no setting {sorted(set(settings) ^ known)}; it has {sorted(known)}")
    if settings["tab"] not in ("switch", "corners"):
        raise ValueError(f'tab is {settings["tab"]!r}; it must be "switch" or "corners"')
    if not isinstance(settings["fit"], bool):
        raise ValueError(f"fit is {settings['fit']!r}; it must be True or False")
    corners = settings["corners"]
    if not isinstance(corners, list | tuple) or len(corners) != 4:
        raise ValueError(f"a blend has four corners; these are {corners!r}")
    for name in (settings["first"], settings["second"], *corners):
        if name not in mines and name not in model.settings.classes:
            known = ", ".join([*model.settings.classes, *mines])
            raise ValueError(f"this model knows no class {name!r}; it knows: {known}")
    numbers = {name: number(name, settings[name], low, high) for name, (low, high) in RANGES.items()}
    return settings | {"corners": list(corners), "seed": whole_seed(settings["seed"])} | numbers


def _fits(model: SketchVAE, settings: Mapping, mines: Mapping[str, np.ndarray]) -> bool:
    """Whether the beginning is read as a part."""
    second = settings["second"]
    return settings["fit"] and second not in mines and can_fit(model, second, settings["blend"])


def _tries(fits: bool) -> int:
    return FINISHES if fits else 1


def _switched(
    model: SketchVAE, settings: Mapping, mines: Mapping[str, np.ndarray], fits: bool, begun: Switched
) -> Drawn:
    """`begun` is the first mind's drawing, which the code makes anew."""
    names = settings["first"], settings["second"]
    second = [mines[names[1]]] if names[1] in mines else names[1]
    at, blend, temperature, seed = (settings[name] for name in ("at", "blend", "temperature", "seed"))
    cooler, tries = _cooler(settings), _tries(fits)
    drawn = switch(model, begun, second, at, 1, blend, temperature, cooler, seed, tries, fits)
    quoted = [f"[{_variable(name)}]" if name in mines else repr(name) for name in names]
    lines = [
        f"drawn = switch(model, {', '.join(quoted)}, at={at}, n=1, blend={blend},",
        f"               temperature={temperature}, cooler={cooler}, seed={seed}, tries={tries}, fit={fits})",
        "sketch, switches = drawn.sketches[0], drawn.switches[0]",
    ]
    code = as_code(model, ["switch"], lines, _used(mines, settings))
    caption = f"Begun as {_phrase(names[0], mines)}, finished as {_phrase(names[1], mines)}"
    return Drawn(drawn.sketches[0], drawn.switches[0], PALETTE, list(names), caption, code)


def _between(model: SketchVAE, settings: Mapping, mines: Mapping[str, np.ndarray]) -> Drawn:
    names, x, y = settings["corners"], settings["x"], settings["y"]
    temperature, seed = settings["temperature"], settings["seed"]
    classes = _sampled(model, names, mines)
    lines = [f"corners = sample_z(model, 4, seed={seed}, classes={classes})"]
    lines += [f"corners[{i}] = encode(model, [{_variable(names[i])}])[0]" for i in range(4) if names[i] in mines]
    lines += [
        f"z = slerp(slerp(corners[0], corners[2], {y}), slerp(corners[1], corners[3], {y}), {x})",
        f"sketch, switches = decode(model, z[None], temperature={temperature}, seed=[{seed}])[0], ()",
    ]
    (sketch,) = decode(model, _z_between(model, settings, mines)[None], temperature, [seed])
    used = ["decode", *["encode"] * any(name in mines for name in names), "sample_z", "slerp"]
    code = as_code(model, used, lines, _used(mines, settings))
    apart = list(dict.fromkeys(names))
    *others, last = (_phrase(name, mines) for name in apart)
    caption = f"Between {', '.join(others)} and {last}" if others else f"Among drawings of {last}"
    return Drawn(sketch, (), PALETTE, [" ".join(apart)], caption, code)


def _z_between(model: SketchVAE, settings: Mapping, mines: Mapping[str, np.ndarray]) -> np.ndarray:
    names, x, y = settings["corners"], settings["x"], settings["y"]
    corners = sample_z(model, 4, seed=settings["seed"], classes=_sampled(model, names, mines))
    for i in range(4):
        if names[i] in mines:
            corners[i] = encode(model, [mines[names[i]]])[0]
    return slerp(slerp(corners[0], corners[2], y), slerp(corners[1], corners[3], y), x)


def _sampled(model: SketchVAE, names: Sequence[str], mines: Mapping[str, np.ndarray]) -> list[str]:
    """The classes to sample; where a corner is the person's own, any will do."""
    return [model.settings.classes[0] if name in mines else name for name in names]


def _used(mines: Mapping[str, np.ndarray], settings: Mapping) -> dict[str, np.ndarray]:
    """The person's own drawings that these settings use, under their names in code."""
    names = settings["corners"] if settings["tab"] == "corners" else (settings["first"], settings["second"])
    return {_variable(name): mines[name] for name in names if name in mines}


def _variable(name: str) -> str:
    return name.replace(" ", "_")


def _cooler(settings: Mapping) -> float:
    return round(COOLER * settings["temperature"], 4)


def _phrase(name: str, mines: Mapping[str, np.ndarray]) -> str:
    return "a drawing of yours" if name in mines else with_article(name)
