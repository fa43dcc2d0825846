"""Which chapter made which figure: `figures/README.md`, for whoever finds one there."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from helpers.paths import atomic

FORMATS = (".svg", ".png", ".html", ".mp4", ".gif", ".csv")  # one of them is linked: PDFs are not in git


def write_index(chapters: Iterable[Path], figures: Path) -> Path:
    """Writes `README.md` into the folder of figures: each of them, the chapter and cell that make it, and the command.

    Parameters
    ----------
    chapters : iterable of Path
        The notebooks. A cell makes a figure where its name stands in it, as a text; f-strings count too.
    figures : Path

    Returns
    -------
    Path
    """
    cells = [(path, *cell) for path in sorted(chapters) for cell in _cells(path)]
    rows = []
    for stem in sorted({path.stem for path in figures.iterdir() if path.suffix in FORMATS}):
        file = next(figures / f"{stem}{suffix}" for suffix in FORMATS if (figures / f"{stem}{suffix}").exists())
        made = next(((path, number) for path, number, names in cells if names.fullmatch(stem)), None)
        link = f"[{stem}]({quote(file.name)})"
        if made is None:
            rows.append(f"| {link} | | |")
            continue
        path, number = made
        chapter = f"[{path.stem}](../notebooks/{quote(path.name)})"
        rows.append(f"| {link} | {chapter}, code cell {number} | `python notebooks/run.py {path.name[:2]}` |")
    head = (
        "# Figures\n\nWhat the chapters draw, for write-ups: of most there are SVG and PNG, and a PDF once their "
        "chapter has been run; in an .md of the same name is what is seen, in words, with the lines that include the "
        "figure. Written by `notebooks/run.py`."
    )
    text = f"{head}\n\n| figure | made in | by |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    with atomic(figures / "README.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    return figures / "README.md"


def _cells(path: Path) -> Iterator[tuple[int, re.Pattern]]:
    """Of each code cell of a chapter its number, from 1, and a pattern of the names that stand in it."""
    code = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        texts = re.findall(r'"(\d\d_[^"\n]*)"', "".join(cell["source"]))
        stems = (re.sub(r"\.\w+$", "", text) for text in texts)
        names = ("".join(".+" if i % 2 else re.escape(part) for i, part in enumerate(_parts(stem))) for stem in stems)
        yield number, re.compile("|".join(f"(?:{name})(?:-column|-page)?" for name in names) or r"(?!)")


def _parts(text: str) -> list[str]:
    """A text and, every second one, what stands in braces in it."""
    return re.split(r"\{([^{}]*)\}", text)
