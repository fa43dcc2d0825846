"""Chapters: how they are run, on small notebooks made here; then every chapter of the workbook, as a reader runs it."""

import ast
import asyncio
import base64
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import real_drawings
import run as chapters
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = Path(__file__).resolve().parents[1]
WORKBOOK = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
NONE = pytest.param(Path("none"), marks=pytest.mark.skip("there is no chapter in notebooks/ yet"))
NOWHERE = "http://127.0.0.1:9/"  # the discard port: nobody answers


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A workbook of its own: `book(name, *cells)` adds a chapter to it."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(chapters, "NOTEBOOKS", folder)
    monkeypatch.setattr(chapters, "ROOT", tmp_path)
    monkeypatch.setattr(chapters, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(chapters, "FAILED", tmp_path / "data" / "work" / "failed")
    monkeypatch.chdir(tmp_path)

    def add(name, *cells):
        path = folder / f"{name}.ipynb"
        cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(cells)]
        nbformat.write(new_notebook(cells=[new_markdown_cell("# A chapter", id="title"), *cells]), path)
        return path

    return add


def outputs(path):
    return [cell.outputs for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_chapters_run_in_order_each_in_its_own_kernel_beside_the_notebook(book):
    second = book("02_read", "print(open('note.txt').read(), 'word' in globals())")
    first = book("01_write", "word = 'begun'", "open('note.txt', 'w').write(word);")
    assert chapters.main([]) == 0
    assert outputs(first) == [[], []]
    assert outputs(second)[0][0].text == "begun False\n"


def test_a_chapter_imports_the_same_helpers_and_writes_to_the_same_root(book):
    path = book("01_paths", "import helpers.paths as paths\nprint(paths.__file__, paths.ROOT)")
    assert chapters.main([]) == 0
    assert outputs(path)[0][0].text == f"{ROOT / 'helpers' / 'paths.py'} {chapters.ROOT}\n"


def test_a_chapter_that_fails_is_left_as_it_was_and_the_others_run(book, capfd):
    first = book("01_good", "print(1)")
    failing = book("02_bad", "print('so far')", "numbers = []\nnumbers[3]", "print('never')")
    after = book("03_after", "print(1)")
    before = failing.read_bytes()
    assert chapters.main([]) == 1
    assert failing.read_bytes() == before
    assert outputs(first)[0][0].text == outputs(after)[0][0].text == "1\n"
    printed, message = capfd.readouterr()
    assert "2 chapters in 0:" in printed
    assert message.endswith(
        "Of 3 chapters 2 ran, 1 failed:\n  02_bad: IndexError: list index out of range\n"  # at the end once more
    )
    assert "02_bad stopped in code cell 2 of 3" in message
    assert "    numbers[3]" in message
    assert "IndexError: list index out of range" in message
    assert "data/work/failed/02_bad.ipynb" in message
    assert "\x1b" not in message
    so_far, error, never = outputs(chapters.FAILED / "02_bad.ipynb")
    assert so_far[0].text == "so far\n"
    assert error[0].ename == "IndexError"
    assert never == []


def test_a_chapter_that_reads_what_another_writes_waits_for_its_end_and_runs_also_where_it_failed(book):
    assert chapters.AFTER == {"02": "01"}
    book("01_slow", "import time\ntime.sleep(3)\nopen('../note.txt', 'w').write('x')\nnonsense")
    second = book("02_read", "print(open('../note.txt').read())")
    third = book("03_other", "import os\nprint(os.path.exists('../note.txt'))")
    assert chapters.main([]) == 1
    assert outputs(second)[0][0].text == "x\n"
    if os.cpu_count() > 1:
        assert outputs(third)[0][0].text == "False\n"  # it ran beside the first


def test_chapters_side_by_side_share_the_cores(book):
    names = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    source = f"import os\nprint([os.environ[name] for name in {names}])"
    paths = [book("01_a", source), book("02_b", source)]
    assert chapters.main([]) == 0
    share = str(max(1, os.cpu_count() // min(2, os.cpu_count())))
    assert [outputs(path)[0][0].text for path in paths] == [f"{[share] * 4}\n"] * 2


def test_a_kernel_that_dies_is_reported_with_its_last_words(book, capfd):
    path = book("01_dies", "import os\nos.write(2, b'out of everything')\nos._exit(1)")
    before = path.read_bytes()
    assert chapters.main([]) == 1
    message = capfd.readouterr().err
    assert "01_dies stopped in code cell 1 of 1" in message
    assert "The kernel died" in message
    assert "out of everything" in message
    assert path.read_bytes() == before


def test_a_chapter_whose_kernel_is_done_but_whose_reply_is_lost_runs_once_more(book, monkeypatch, capsys):
    reply, times = NotebookClient._async_poll_for_reply, []

    async def lose_the_second(self, *arguments):
        times.append(1)
        if len(times) == 2:
            await asyncio.Event().wait()
        return await reply(self, *arguments)

    monkeypatch.setattr(NotebookClient, "_async_poll_for_reply", lose_the_second)
    monkeypatch.setattr(chapters, "LOST", 0.5)
    path = book("01_lost", "word = 'said'", "print(word)", "import time; time.sleep(4)")
    assert chapters.main([]) == 0
    assert outputs(path)[1][0].text == "said\n" and len(times) == 5  # long cells are no lost ones
    assert "01_lost: a reply of its kernel was lost; it runs once more" in capsys.readouterr().err


def test_pictures_in_widgets_do_not_stop_a_chapter(book, monkeypatch, capsys):
    show = (
        "import os\nfrom IPython.display import Image, display\nfrom ipywidgets import interact\n"
        "interact(lambda x: display(Image(b'\\x89PNG' + os.urandom(150_000), format='png')), x=(0, 2));"
    )
    for name in ("01_sliders", "02_sliders"):  # side by side it happens more often
        book(name, *[show, "1 + 1", "1 + 2"] * 12)
    monkeypatch.setattr(chapters, "LOST", 3)
    assert chapters.main([]) == 0
    assert "lost" not in capsys.readouterr().err


def test_an_executed_chapter_has_the_same_bytes_again_and_nothing_heavy(book):
    path = book(
        "01_busy",
        "from tqdm import tqdm\nfor _ in tqdm(range(100)): pass",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass",
        "import ipywidgets\nipywidgets.IntSlider()",
        "print('\\x1b[31mred\\x1b[0m')\nprint('50%', end='\\r')\nprint('done')",
        "from helpers import figures\nimport numpy as np\nwalk = np.random.default_rng(0).normal(size=(99, 3)) > 0\n"
        "figures.grid([walk.astype(np.float32)] * 100)",
    )
    assert chapters.main([]) == 0
    once = path.read_bytes()
    assert chapters.main([]) == 0
    assert path.read_bytes() == once
    bar, widget_bar, slider, text, figure = outputs(path)
    assert bar == widget_bar == slider == []
    assert [output.text for output in text] == ["red\ndone\n"]
    assert [list(output.data) for output in figure] == [["image/png", "text/plain"]]  # and only once
    assert len(base64.b64decode(figure[0].data["image/png"])) < 200_000
    metadata = nbformat.read(path, as_version=4).metadata
    assert set(metadata) == {"kernelspec", "language_info"}
    assert "version" not in metadata["language_info"]


def test_a_picture_with_transparency_is_kept_as_it_is(book):
    path = book(
        "01_glass",
        "from IPython.display import Image\nfrom PIL import Image as P\n"
        "P.new('RGBA', (9, 9), (200, 0, 0, 100)).save('glass.png')\nImage('glass.png')",
    )
    assert chapters.main([]) == 0
    png = base64.b64decode(outputs(path)[0][0].data["image/png"])
    assert png == (path.parent / "glass.png").read_bytes()


def test_what_compiled_code_logs_stays_out_of_the_notebook(book):
    path = book("01_log", "import os, sys\nos.write(2, b'I0000 a log line')\nprint('a warning', file=sys.stderr)")
    assert chapters.main([]) == 0
    assert [output.text for output in outputs(path)[0] if output.output_type == "stream"] == ["a warning\n"]


def test_what_compiled_code_logs_is_not_shown_to_a_reader_in_jupyter():
    if not (Path(sys.prefix) / "etc" / "ipython" / "ipython_kernel_config.py").exists():
        pytest.skip("NEEDS THE ENVIRONMENT of `make setup`, which tells its kernels so")
    notebook = new_notebook(cells=[new_code_cell("import os\nos.write(2, b'I0000 a log line\\n')\nprint('a word')")])
    NotebookClient(notebook, kernel_name="python3").execute()
    assert [output.text for output in notebook.cells[0].outputs] == ["a word\n"]


def test_a_run_ends_with_the_figures_it_wrote(book, capsys):
    chapters.FIGURES.mkdir()
    (chapters.FIGURES / "00_old.svg").write_text("old")
    source = "open('../figures/01_new.svg', 'w').write('x' * 1234)\nopen('../figures/01_new.png', 'w').write('y');"
    book("01_draw", source)
    assert chapters.main([]) == 0
    printed = capsys.readouterr().out
    assert "1 chapter in 0:" in printed
    assert "Figures in figures:\n  01_new  .png    1 kB  .svg    2 kB\n" in printed
    assert printed.endswith("as a page\n")  # what comes next
    assert "sample" not in printed and "make data" not in printed


def test_a_run_says_which_chapters_used_the_sample(book, capsys, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sample").symlink_to(ROOT / "data" / "sample")
    on_sample = book("01_sample", "from helpers.data import load_drawings\nload_drawings(['ear'], 'sample');")
    book("02_none", "print('people')")
    assert chapters.main([]) == 0
    printed = capsys.readouterr().out
    assert "For want of people's drawings, 01 used data/sample" in printed
    assert "make data " in printed
    before = on_sample.read_bytes()
    assert chapters.main(["--people"]) == 1
    assert on_sample.read_bytes() == before
    assert "01_sample: no drawings by people" in capsys.readouterr().err


def test_chapters_are_named_by_how_they_begin_or_by_their_files(book, capsys):
    paths = [book(name, "print(1)") for name in ("01_a", "02_b", "03_c")]
    assert chapters.find(["02", str(paths[0])]) == [paths[1], paths[0]]
    assert chapters.main(["07"]) == 1
    assert "no chapter begins with '07'. The chapters are: 01_a, 02_b, 03_c" in capsys.readouterr().err


def test_an_empty_workbook_and_a_file_that_is_no_notebook_are_refused(book, capsys, tmp_path):
    assert chapters.main([]) == 1
    assert "there is no chapter in" in capsys.readouterr().err
    (tmp_path / "notebooks" / "01_torn.ipynb").write_text('{"cells": [')
    assert chapters.main([]) == 1
    assert "01_torn.ipynb is not a notebook" in capsys.readouterr().err


def test_output_leaves_the_notebooks_alone(book, tmp_path):
    path = book("01_a", "print(1)")
    before = path.read_bytes()
    assert chapters.main(["--output", str(tmp_path / "elsewhere")]) == 0
    assert path.read_bytes() == before
    assert outputs(tmp_path / "elsewhere" / "01_a.ipynb")[0][0].text == "1\n"


def test_an_interrupt_stops_the_cells_that_run_and_begins_no_other_chapter(book, tmp_path):
    names = ("01_long", "03_long", "04_long")
    source = "import os, time\nopen('{}.pid', 'w').write(str(os.getpid()))\ntime.sleep(600)"
    paths = [book(name, source.format(name)) for name in names]
    before = [path.read_bytes() for path in paths]
    running = [path.with_suffix(".pid") for path in paths[: min(2, os.cpu_count())]]
    environment = {**os.environ, "MIDSTROKE_ROOT": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "notebooks" / "run.py"), *map(str, paths)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not all(pid.exists() and pid.read_text() for pid in running):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        message = process.communicate(timeout=300)[1]
    assert process.returncode == 1
    assert message.count("KeyboardInterrupt") >= 2 and "The kernel died" not in message
    left = 3 - len(running)
    assert f"Of 3 chapters 0 ran, {len(running)} failed, {left} {'was' if left == 1 else 'were'} not begun" in message
    assert "Traceback" not in message
    assert [path.read_bytes() for path in paths] == before
    for pid in running:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)


def saved_figures(notebook) -> set[str]:
    """The names given to `save_figure` in a notebook's cells."""
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    tree = ast.parse(TransformerManager().transform_cell(source))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    saves = [call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) == "save_figure"]
    return {call.args[1].value for call in saves if isinstance(call.args[1], ast.Constant)}


def traceback(failed: Path) -> str:
    """Of the chapter that failed, for whoever reads the test's report."""
    cells = outputs(failed) if failed.exists() else []
    return "\n".join(line for cell in cells for output in cell for line in output.get("traceback", []))


def run_chapter(path: Path, root: Path, **environment: str) -> None:
    """Runs a chapter in QUICK mode on the data under `root`, and checks what a reader would."""
    environment = {**os.environ, "MIDSTROKE_QUICK": "1", "MIDSTROKE_ROOT": str(root), **environment}
    command = [sys.executable, str(ROOT / "notebooks" / "run.py"), str(path), "--output", str(root / "executed")]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr + traceback(root / "data" / "work" / "failed" / path.name)
    cells = [output for cell in outputs(root / "executed" / path.name) for output in cell]
    assert [output.text for output in cells if output.get("name") == "stderr"] == []
    for name in saved_figures(nbformat.read(path, as_version=4)):
        for suffix in ("svg", "pdf", "png"):
            file = root / "figures" / f"{name}.{suffix}"
            assert file.is_file(), f"{path.name} says it saves {name}, but {file.name} is not there"
            assert file.stat().st_size < (1_000_000 if suffix == "svg" else 500_000)
        assert (root / "figures" / f"{name}.md").is_file(), f"{name} has no alternative text"


def fresh(root: Path) -> Path:
    """What a fresh clone holds of data, and nothing that another chapter has made."""
    (root / "data").mkdir(parents=True)
    for name in ("sample", "models", "story"):
        (root / "data" / name).symlink_to(ROOT / "data" / name)
    return root


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Where the chapters were run on the sample, by their paths."""
    return {}


@pytest.mark.slow
@pytest.mark.parametrize("path", WORKBOOK or [NONE], ids=lambda path: path.stem)
def test_a_chapter_runs_in_a_fresh_clone_without_a_network_and_without_the_others(path, alone, tmp_path):
    offline = {"MIDSTROKE_QUICKDRAW_URL": NOWHERE, "http_proxy": NOWHERE, "https_proxy": NOWHERE}
    run_chapter(path, fresh(tmp_path), **offline)
    alone[path] = tmp_path


@pytest.fixture(scope="module")
def bucket(mirror):
    """The address of a server on this machine that serves the mirror of the Quick, Draw! bucket."""
    with real_drawings.serve(mirror) as address:
        yield address


@pytest.mark.slow
@pytest.mark.skipif(len(WORKBOOK) < 2, reason="chapters 01 and 02 are not in notebooks/ yet")
def test_the_first_two_chapters_download_real_drawings_and_train_on_them(bucket, tmp_path):
    fresh(tmp_path)
    for path in WORKBOOK[:2]:
        run_chapter(path, tmp_path, MIDSTROKE_QUICKDRAW_URL=bucket)
    downloaded = {path.stem for path in (tmp_path / "data" / "quickdraw").rglob("*.npz")}
    assert downloaded >= {"ear", "eye", "mouth", "nose"}
    logs = [path.parent.name for path in (tmp_path / "data" / "work" / "runs").rglob("log.csv")]
    assert any("cnn-quickdraw" in name for name in logs) and any("rnn-quickdraw" in name for name in logs)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory):
    """The data/quickdraw of all chapters that run on real drawings."""
    return tmp_path_factory.mktemp("quickdraw")


@pytest.mark.slow
@pytest.mark.parametrize("path", WORKBOOK[2:] or [NONE], ids=lambda path: path.stem)
def test_a_chapter_runs_on_real_drawings_without_the_others(path, bucket, downloads, alone, tmp_path):
    (fresh(tmp_path) / "data" / "quickdraw").symlink_to(downloads)
    run_chapter(path, tmp_path, MIDSTROKE_QUICKDRAW_URL=bucket)
    assert "SAMPLE" not in printed(tmp_path / "executed" / path.name)
    if path in alone and "SAMPLE" not in printed(alone[path] / "executed" / path.name):  # it reads no drawings
        assert written(tmp_path) == written(alone[path])


def printed(path: Path) -> str:
    """What the cells of an executed chapter have printed."""
    return "".join(output.get("text", "") for cell in outputs(path) for output in cell)


def written(root: Path) -> dict[str, bytes]:
    """Every file that a chapter has made: figures, booklet, the notebook itself."""
    files = [path for path in root.rglob("*") if path.is_file()]  # not what is behind links
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(files)}
