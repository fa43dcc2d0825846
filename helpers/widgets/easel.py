"""What the widgets share: a drawing on paper, messages between browser and kernel, and files to download.

The browser asks, one question at a time, and the kernel answers; so no outdated question ever waits. What goes wrong is
said in the widget. Where no kernel runs, a still picture of the last drawing stands in the widget's place.
"""

import base64
import html
import io
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

import anywidget
import numpy as np
import traitlets
from IPython.display import display

from helpers.data.official import BOX, EPSILON
from helpers.export import draw_figure, save_drawing, to_svg
from helpers.export.bezier import path_data, pen_strokes
from helpers.export.webpage import RANGES
from helpers.figures.saving import with_palette
from helpers.figures.style import PALETTE
from helpers.model.vae import SketchVAE
from helpers.paths import FIGURES, atomic
from helpers.sketch.strokes import bounds, simplify_line

HERE = Path(__file__).parent
MOST_POINTS = 20_000  # from a browser: beyond this it is no drawing
WIDEST = 1e4  # nor is it where a coordinate is larger than this
TEMPERATURE = RANGES["temperature"]
STILL = 76  # mm, of the picture that stands in for the widget
KINDS = {
    "svg": "image/svg+xml",
    "plotter": "image/svg+xml",
    "pdf": "application/pdf",
    "png": "image/png",
    "gif": "image/gif",
}


class Drawn(NamedTuple):
    """One drawing, and all there is to say about how it came about."""

    sketch: np.ndarray
    switches: tuple[int, ...]
    colors: Sequence[str]  # of its minds
    names: Sequence[str]
    caption: str
    code: str  # the Python that makes the same drawing


class Easel(anywidget.AnyWidget):
    """A widget that holds one drawing, `drawn`. Subclasses say in `_answers` what they answer, by kind of question."""

    _css = HERE / "easel.css"
    _script: str  # the subclass's own half in the browser
    options = traitlets.Dict().tag(sync=True)  # what there is to choose from
    picture = traitlets.Dict().tag(sync=True)  # the drawing, as the browser needs it

    @property
    def _esm(self) -> str:
        """What runs in the browser, read when a widget is made: the easel's JavaScript and the subclass's own."""
        return "".join((HERE / name).read_text(encoding="utf-8") for name in ("easel.js", self._script))

    def __init__(self, model: SketchVAE):
        super().__init__()
        self.model = model
        self.drawn: Drawn | None = None
        self._still = None
        self._answers: dict[str, Callable] = {"save": self._save, "rest": self._rest}
        self.on_msg(self._hear)

    def save(self, path: str | Path) -> Path:
        """Writes the drawing as .svg, .pdf, .png or .gif, with its recipe inside; see `export.read_recipe`.

        `studio.save(FIGURES / "mine.svg")`, with `FIGURES` from `helpers.paths`, puts it among the chapters' figures.
        """
        drawn = self._there()
        look = {"switches": drawn.switches, "colors": drawn.colors, "names": drawn.names}
        return save_drawing(drawn.sketch, path, recipe=self.recipe(), **look)

    def _recipe(self, z: np.ndarray, settings: dict, mines: Mapping[str, np.ndarray]) -> dict:
        recipe = {
            "made by": f"midstroke, helpers.widgets.{type(self).__name__}",
            "model": self.model.saved_as,
            "classes": list(self.model.settings.classes),
            "z": [float(f"{value:.9g}") for value in z],  # nine digits say which float32 it is
            "settings": settings,
            "seed": settings["seed"],
            "code": self._there().code,
        }
        return recipe | {name: np.round(sketch.astype(float), 2).tolist() for name, sketch in mines.items()}

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.drawn.caption if self.drawn else 'empty'}"

    def _ipython_display_(self) -> None:
        display(self._repr_mimebundle_()[0], raw=True)
        self._still = display(self._picture_alone(), raw=True, display_id=True)

    def _there(self) -> Drawn:
        if self.drawn is None:
            raise ValueError("there is no drawing yet")
        return self.drawn

    def _show(self, drawn: Drawn | None, question: str = "", **more) -> None:
        """Puts a drawing on the paper; with it goes the question that it answers."""
        self.drawn = drawn
        ink = {"ink": [], "box": [0, 0, BOX, BOX], "caption": "", "code": ""} if drawn is None else _ink(drawn)
        self.picture = {"id": question, **ink, **more}

    def _hear(self, _, message: dict, buffers: Sequence[memoryview]) -> None:
        question = message.get("id", "")
        try:
            answer = self._answers.get(message.get("kind"))
            if answer is None:
                raise ValueError(f"there is no answer to {message.get('kind')!r}")
            answer(message, buffers)
        except (ValueError, OSError) as error:
            self.send({"id": question, "error": str(error)})
        except Exception as error:  # nobody would see it in the kernel's log
            self.send({"id": question, "error": f"{type(error).__name__}: {error}"})
            raise

    def _save(self, message: dict, _) -> None:
        kind = message.get("format")
        if kind not in KINDS:
            raise ValueError(f"a drawing is saved as {', '.join(KINDS)}, not as {kind!r}")
        drawn = self._there()
        stem = "-".join([*dict.fromkeys(map(_in_a_name, drawn.names)), str(self.recipe()["seed"])])
        name = f"{stem}-plotter.svg" if kind == "plotter" else f"{stem}.{kind}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            if kind == "plotter":
                look = {"switches": drawn.switches, "colors": drawn.colors, "names": drawn.names}
                to_svg(drawn.sketch, path, recipe=self.recipe(), shorten_travel=True, **look)
            else:
                self.save(path)
            content = path.read_bytes()
        kept = ""  # beside what the browser puts among its downloads: where a write-up looks
        try:
            there = _beside_others(FIGURES / name, content)
            with atomic(there) as path:
                path.write_bytes(content)
            kept = f"{FIGURES.name}/{there.name}"
        except OSError:  # a folder that cannot be written keeps nobody from taking the drawing away
            pass
        self.send({"id": message.get("id", ""), "name": name, "type": KINDS[kind], "kept": kept}, [content])

    def _rest(self, *_) -> None:
        """The hands are off the widget for a moment: time to renew the still picture."""
        if self._still is not None:
            self._still.update(self._picture_alone(), raw=True)

    def _picture_alone(self) -> dict:
        """The drawing where no kernel runs: a PNG, in HTML that the living widget hides (see easel.css)."""
        if self.drawn is None:
            return {"text/plain": "", "text/html": '<span class="midstroke-still"></span>'}
        file = io.BytesIO()
        draw_figure(self.drawn.sketch, self.drawn.switches, self.drawn.colors, STILL).savefig(
            file, format="png", dpi=120
        )
        small = io.BytesIO()
        with_palette(file, 16).save(small, "png", optimize=True)
        png = base64.b64encode(small.getvalue()).decode()
        alt = html.escape(self.drawn.caption)  # a class may be named as anybody likes
        still = f'<img class="midstroke-still" width="300" alt="{alt}" src="data:image/png;base64,{png}">'
        return {"text/html": still, "image/png": png, "text/plain": self.drawn.caption}


def read_strokes(strokes: object) -> list[np.ndarray]:
    """The strokes that a browser sent, a list of lists of [x, y], as polylines (K, 2). They are not trusted.

    Raises ValueError for what is no such list, coordinates that are not finite or absurd, and far too many.
    """
    if not isinstance(strokes, list) or not all(isinstance(stroke, list) and stroke for stroke in strokes):
        raise ValueError("strokes are a list of lists of points, none empty")
    if not strokes:
        raise ValueError("the paper is empty: draw something first")
    if sum(map(len, strokes)) > MOST_POINTS:
        raise ValueError(f"{sum(map(len, strokes)):,} points are too many; take some strokes back")
    try:
        polylines = [np.array(stroke, np.float64).reshape(len(stroke), 2) for stroke in strokes]
    except (TypeError, ValueError) as error:
        raise ValueError("a point is two numbers, x and y") from error
    if not all((np.abs(line) <= WIDEST).all() for line in polylines):  # NaN compares false
        raise ValueError("a point lies absurdly far away, or nowhere")
    return polylines


def number(name: str, value: object, low: float, high: float) -> float:
    """A setting that a browser sent, rounded, so that code can say exactly what was used; or a ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}; it must be a number from {low} to {high}")
    return round(float(value), 4)


def whole_seed(value: object) -> int:
    """A seed, or a ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise ValueError(f"seed is {value!r}; it must be a whole number from 0 to 4294967295")
    return value


def simplify_lines(lines: Sequence[np.ndarray], limit: int) -> tuple[list[np.ndarray], float]:
    """Polylines in pixels simplified as the training drawings are, or by as much more as brings them to `limit` points.

    Also the epsilon that it took. Raises ValueError where even straight lines have more points.
    """
    epsilon = EPSILON
    while True:
        simple = [simplify_line(line, epsilon) for line in lines]
        points = sum(map(len, simple))
        if points <= limit:
            return simple, epsilon
        if epsilon > BOX:
            raise ValueError(
                f"{len(lines)} strokes come to {points} points, and the model can hold {limit}. Take some strokes back"
            )
        epsilon *= 1.25


def as_code(
    model: SketchVAE,
    used: Sequence[str],
    lines: Sequence[str],
    mines: Mapping[str, np.ndarray],
    two_hands: bool = False,
) -> str:
    """The Python that makes a drawing again: `used` names what it takes from helpers.draw; `lines` end with
    `sketch` and `switches`. `mines`, sketches in hundredths of a pixel, go in as they are, each under its name.
    With `two_hands` the minds take turns with two colours."""
    head = ["import numpy as np", ""] if mines else []
    head.append("from helpers.export import draw_figure")
    if used:
        head.append(f"from helpers.draw import {', '.join(used)}")
    if two_hands:
        head.append("from helpers.figures import PALETTE")
    if used:  # else there is nothing but the person's own drawing
        own = "# this model was not loaded from a file: let `model` be it"
        head += [
            "from helpers.model import load_model",
            "",
            own if model.saved_as is None else f"model = load_model({model.saved_as!r})",
        ]
    else:
        head.append("")
    for name, sketch in mines.items():
        rows = ", ".join(f"[{x:.2f}, {y:.2f}, {lift:.0f}]" for x, y, lift in sketch.tolist())
        head.append(f"{name} = np.array([{rows}], np.float32)")
    shown = f"draw_figure(sketch, switches{', PALETTE[:2]' * two_hands})"
    return "\n".join([*head, *lines, shown]) + "\n"


def _in_a_name(text: str) -> str:
    """A class's name in a file's: letters and numbers of any script, and - for all else."""
    return "-".join(re.findall(r"\w+", text))


def with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _ink(drawn: Drawn) -> dict:
    """The drawing for the browser: a path a pen stroke, in its own pixels, where the pen starts at the origin."""
    strokes = pen_strokes(drawn.sketch, drawn.switches, (0, 0), EPSILON)
    paths = [[PALETTE.index(drawn.colors[mind]), path_data(curve, True)] for mind, curve in strokes]
    box = bounds(drawn.sketch).ravel().round(1).tolist()
    return {"ink": paths, "box": box, "caption": drawn.caption, "code": drawn.code}


def _beside_others(path: Path, content: bytes) -> Path:
    """The path, or one with a number where another drawing has that name: two drawings by hand may have one seed."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(free for free in chain([path], numbered) if not free.exists() or free.read_bytes() == content)
