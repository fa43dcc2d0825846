"""A page that draws by itself: one HTML file with trained networks inside, for a browser and nothing else.

It needs no Python, no server and no network. The widgets in it are those of the notebooks; a worker that draws in
plain JavaScript answers them in the kernel's place.
"""

import base64
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path

import helpers
from helpers.export.packing import pack
from helpers.figures.style import PALETTE
from helpers.model.sketchrnn import load_sketchrnn
from helpers.model.vae import SketchVAE, load_model
from helpers.paths import atomic

HERE = Path(__file__).parent / "browser"
WIDGETS = Path(helpers.__file__).parent / "widgets"  # their JavaScript, not their Python
WORKER = ("senses", "network", "raster", "parts", "curves", "minds", "answers")
LARGEST = 24_000_000  # bytes of a page: more is slow to open on a phone, and too much to send
TITLE = "Drawings that change their mind"
TEXT = (
    "Begun as one thing, finished as another, in one drawing. Choose two minds and move the slider; or begin something "
    "below with mouse, pen or finger, and let the network finish it."
)
SEEDS = (
    "The network that draws is in this page, which asks nothing of the internet: keep it, copy it, hand it on. Its "
    "seeds are its own: the same number draws something else in the workbook."
)
CREDIT = (
    "It learned from drawings by players of Quick, Draw!, which Google, Inc. makes available as The Quick, Draw! "
    "Dataset under CC BY 4.0."
)
# of the sliders; temperature is from near certain to wild
RANGES = {"at": (0, 1), "blend": (0, 1), "temperature": (0.02, 1), "x": (0, 1), "y": (0, 1)}
WORDS = {
    "dull": "Drawing …",
    "lost": "This takes long on this device; it is still drawing.",
    "gone": "The page has stopped drawing. Open it again.",
}


def page(
    models: str | Path | SketchVAE | Sequence[str | Path | SketchVAE],
    path: str | Path,
    *,
    title: str = TITLE,
    text: str = TEXT,
    classes: Sequence[str] | None = None,
    precision: str = "int8",
) -> Path:
    """Writes a page that draws by itself.

    Parameters
    ----------
    models : str, Path, SketchVAE, or sequence of these
        A model, its name in `data/models` or its path; or a decoder of sketch-rnn-js, a path that ends in
        `.gen.json`; or several of these. The first reads the drawings that people make in the page.
    path : str or Path
        Ends in .html. The write is atomic.
    title, text : str
        Above the widgets; each line of the text is a paragraph.
    classes : sequence of str, optional
        To offer, in this order; all of them where None.
    precision : {"int8", "float16"}
        Of the weights: "int8", with a scale for each row, or "float16", twice as large.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    ValueError
        For another ending, a file that is no model, a class that none of the models knows, and models too large.
    FileNotFoundError
        For a model that is not there.

    Examples
    --------
    >>> page("menagerie", "zoo.html", classes=["cloud", "camel", "sheep"])  # doctest: +SKIP
    """
    path = Path(path).expanduser()
    if path.suffix.lower() != ".html":
        raise ValueError(f"{path} should end in .html, for that is what will be in it")
    models = [models] if isinstance(models, str | Path | SketchVAE) else list(models)
    loaded = [_load(model) for model in models]
    offered = _offered(loaded, classes)
    kept = [(model, names) for model, names in zip(loaded, offered, strict=True) if names]
    networks = base64.b64encode(pack(kept, precision)).decode()
    if len(networks) > LARGEST:
        less = "fewer models, or smaller ones" if precision == "int8" else 'precision="int8", or fewer models'
        raise ValueError(
            f"with these models the page has {len(networks) / 1e6:.0f} MB, and {LARGEST / 1e6:.0f} MB are what a phone "
            f"opens: take {less}"
        )
    names = [name for names in offered for name in names]
    if classes is not None:
        names = [name for name in classes if name in names]
    parts = {
        "TITLE": html.escape(title),
        "TEXT": _paragraphs(text),
        "FOOTER": _paragraphs(f"{SEEDS}\n{CREDIT}"),
        "STYLE": _read(WIDGETS / "easel.css") + _read(HERE / "page.css"),
        # a name may hold what would end the script
        "FACTS": json.dumps(_facts(names, kept), ensure_ascii=False).replace("<", "\\u003c"),
        "NETWORKS": networks,
        "WORKER": "".join(_read(HERE / f"{name}.js") for name in WORKER),
        "PAGE": _widget("studio") + _widget("pad") + _read(HERE / "page.js"),
    }
    content = re.sub("%([A-Z]+)%", lambda found: parts[found[1]], _read(HERE / "page.html"))
    with atomic(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
    return path


def _load(model: str | Path | SketchVAE) -> SketchVAE:
    if isinstance(model, SketchVAE):
        return model
    return load_sketchrnn(model) if str(model).endswith(".json") else load_model(model)


def _offered(models: Sequence[SketchVAE], classes: Sequence[str] | None) -> list[dict[str, str]]:
    """The classes to offer of each model: what the page calls each, and its name in the model."""
    offered: list[dict[str, str]] = []
    seen: dict[str, None] = {}  # in their order
    for number, model in enumerate(models, 1):
        names = {}
        for name in model.settings.classes:
            shown = name if name not in seen else f"{name} ({number})"
            seen[shown] = None
            if classes is None or shown in classes:
                names[shown] = name
        offered.append(names)
    unknown = sorted(set(classes or ()) - set(seen))
    if unknown or not any(offered):
        missing = ", ".join(map(repr, unknown)) or "of none"
        raise ValueError(f"these models know no class {missing}; they know: {', '.join(seen)}")
    return offered


def _facts(names: Sequence[str], kept: Sequence[tuple[SketchVAE, dict[str, str]]]) -> dict:
    """What the page's scripts are told: the classes, where the widgets begin, and what they can do without a kernel."""
    first, second = names[0], names[1 % len(names)]
    of_one = [name for name in names if name in kept[0][1]]
    fits = any(len(model.settings.classes) > 1 and model.prior is not None for model, _ in kept)
    settings = {"temperature": 0.2, "seed": 7, "fit": True}
    where = {"at": 0.33, "blend": 1, "x": 0.5, "y": 0.5}
    corners = [of_one[i % len(of_one)] for i in range(4)]
    return {
        "classes": list(names),
        "ranges": RANGES,
        "inks": PALETTE,
        "studio": {"tab": "switch", "first": first, "second": second, "corners": corners, **where, **settings},
        "pad": {"target": second, **settings, "temperature": 0.15},
        "options": {"fits": fits, "judged": False, "traces": False, "files": ["svg", "plotter", "png"], "words": WORDS},
    }


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines() if line.strip())


def _widget(name: str) -> str:
    """A widget's module as a value: it exports one object, and each has names of its own."""
    module = _read(WIDGETS / "easel.js") + _read(WIDGETS / f"{name}.js")
    body, exported, after = module.partition("export default ")
    assert exported and after.strip() == "{ render };", f"{name}.js exports something else than render"
    return f"const {name} = (() => {{\n{body}return {after}}})();\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
