"""Figures and tables as papers take them, an index of them, and settings of matplotlib that are somebody else's."""

import json
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pypdf
import pytest
from PIL import Image

from helpers.figures import saving
from helpers.figures.index import write_index
from helpers.figures.sheets import grid
from helpers.sketch.strokes import from_polylines

SQUARE = from_polylines([[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]])


@pytest.fixture
def figures(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "FIGURES", tmp_path)
    return tmp_path


def test_a_figure_for_a_column_is_as_wide_and_sharp_as_papers_ask_and_stays_as_it_was(figures):
    fig = grid([SQUARE] * 4, 4)
    before = fig.get_size_inches().tolist()
    saving.save_figure(fig, "99_squares", "column", alt="Four squares & 100% ink", caption="Squares [1], $x_1$.")
    with Image.open(figures / "99_squares-column.png") as picture:
        assert picture.width == pytest.approx(3.35 * 600, abs=1)
        assert picture.info["dpi"] == pytest.approx((600, 600), abs=1)
    assert 'width="241.2pt"' in (figures / "99_squares-column.svg").read_text()
    page = pypdf.PdfReader(figures / "99_squares-column.pdf").pages[0]
    assert float(page.mediabox.width) == pytest.approx(241.2, abs=0.01)
    content = {path.name: path.read_bytes() for path in figures.iterdir()}
    saving.save_figure(fig, "99_squares", "column", alt="Four squares & 100% ink", caption="Squares [1], $x_1$.")
    assert content == {path.name: path.read_bytes() for path in figures.iterdir()}
    assert fig.get_size_inches().tolist() == before
    words = (figures / "99_squares-column.md").read_text()
    assert (
        r"\includegraphics[width=\columnwidth, alt={Four squares \& 100\% ink}]{figures/99_squares-column.pdf}" in words
    )
    assert r"\caption{Squares [1], \$x\_1\$.}" in words
    assert "![Four squares & 100% ink](figures/99_squares-column.svg)" in words
    with pytest.raises(ValueError, match="width is 'wide'"):
        saving.save_figure(fig, "99_squares", "wide")


def test_letters_too_small_to_be_read_are_told(figures):
    with pytest.warns(UserWarning, match=r"99_wide-column: letters become 3\.\d points"):
        saving.save_figure(grid([SQUARE] * 14, 14, titles=["a"] * 14), "99_wide", "column")


def test_a_table_goes_to_csv_and_to_latex(figures):
    saving.save_table({"class": ["cat & dog", "owl"], "share": ["91.5%", "7%"]}, "99_shares", "By class")
    assert (figures / "99_shares.csv").read_text() == "class,share\ncat & dog,91.5%\nowl,7%\n"
    latex = (figures / "99_shares.tex").read_text().splitlines()
    assert r"\begin{tabular}{lr}" in latex and r"cat \& dog & 91.5\% \\" in latex and r"\caption{By class}" in latex
    for columns in ({}, {"a": [1], "b": [1, 2]}):
        with pytest.raises(ValueError, match="columns of one length"):
            saving.save_table(columns, "99_none")


def test_the_index_names_the_chapter_cell_and_command_of_each_figure(tmp_path):
    def code(source):
        return {"cell_type": "code", "source": [source]}

    cells = [code("import numpy"), {"cell_type": "markdown", "source": ["x"]}]
    cells += [code('save_figure(grid(a), "03_grid")'), code('for k in "ab":\n    save_figure(b, f"03_loop-{k}")')]
    chapter = tmp_path / "03_switch.ipynb"
    chapter.write_text(json.dumps({"cells": cells}))
    figures = tmp_path / "figures"
    figures.mkdir()
    for name in ("03_grid.svg", "03_grid.png", "03_loop-a.gif", "mine.svg"):
        (figures / name).touch()
    rows = write_index([chapter], figures).read_text().splitlines()[-3:]
    assert "[03_grid](03_grid.svg)" in rows[0] and "code cell 2 | `python notebooks/run.py 03`" in rows[0]
    assert "[03_loop-a](03_loop-a.gif)" in rows[1] and "code cell 3" in rows[1]
    assert rows[2] == "| [mine](mine.svg) | | |"


def test_somebodys_matplotlibrc_changes_no_byte(figures):
    """Not even `text.usetex`, which needs a LaTeX that few have."""
    saving.save_figure(grid([SQUARE], titles=["a"]), "99_ours")
    theirs = {"text.usetex": True, "axes.grid": True, "font.size": 20, "savefig.bbox": "tight", "lines.linewidth": 9}
    with mpl.rc_context(theirs | {"figure.autolayout": True, "axes.facecolor": "black", "savefig.transparent": True}):
        saving.save_figure(grid([SQUARE], titles=["a"]), "99_theirs")
    for suffix in ("svg", "png"):
        assert (figures / f"99_ours.{suffix}").read_bytes() == (figures / f"99_theirs.{suffix}").read_bytes()


@pytest.mark.parametrize("name", ["猫", "قطة", "$5 cat", "a_$b$^c", r"\alpha$", "<b>&"])
def test_classes_of_any_name_stand_in_figures_as_they_are(figures, name):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a machine without such a typeface
        fig = saving.save_figure(grid([SQUARE], titles=[name], row_labels=[name]), "99_named")
    (label, *_) = fig.axes[0].texts
    assert label.get_text() == name and not label.get_parse_math() and (figures / "99_named.png").exists()


def test_every_committed_figure_is_in_the_index():
    folder = Path(__file__).resolve().parents[2] / "figures"
    index = (folder / "README.md").read_text()
    assert [path.stem for path in sorted(folder.glob("*.svg")) if f"[{path.stem}](" not in index] == []
    assert np.all([line.count("|") == 4 for line in index.splitlines() if line.startswith("| [")])
