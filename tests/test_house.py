"""The house itself: its rooms, its floors, its dependencies, and notebooks that read well without being run."""

import ast
import importlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import helpers

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    *(
        "README.md",
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "LICENSE",
        ".gitignore",
        ".pre-commit-config.yaml",
    ),
    *("environment.yml", "pyproject.toml", "uv.lock", "Makefile"),
    *(".ci", "notebooks", "helpers", "tests", "benchmarks", "docs", "figures", "data"),
}
# lowest first; rooms on one storey leave each other alone
STOREYS = re.search(r"^\w+(,? <? ?\w+)+$", helpers.__doc__, re.MULTILINE)[0].split(" < ")
STOREYS = [storey.split(", ") for storey in STOREYS]
MODULES = sorted((ROOT / "helpers").rglob("*.py"))
CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")) or [
    pytest.param(None, marks=pytest.mark.skip("there is no chapter in notebooks/ yet"))
]
SLOW = pytest.mark.skipif(
    not os.environ.get("MIDSTROKE_SLOW_TESTS"), reason="downloads an environment of 3 GB; set MIDSTROKE_SLOW_TESTS=1"
)


def tracked() -> list[Path]:
    """What git keeps, or would if it were added now."""
    try:
        run = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("git is not installed")
    if run.returncode:
        pytest.skip("this is not a git checkout")
    return [Path(name) for name in run.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_nothing_stands_at_the_top_but_the_rooms():
    assert {path.parts[0] for path in tracked()} <= ROOMS


def test_no_file_is_larger_than_12_mb():
    assert [path for path in tracked() if (ROOT / path).stat().st_size > 12_000_000] == []


def imported(path: Path) -> set[str]:
    """The modules of helpers that a module imports, anywhere in it, and what the __init__ of a room gives."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name} imports relatively, in line {node.lineno}"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if node.module.count(".") < 2 else {node.module}
    return {name.removeprefix("helpers.") for name in found if name.startswith("helpers.")}


def inside(path: Path) -> str:
    """A module's name in helpers: room.module, or the room alone for its __init__."""
    return ".".join(path.relative_to(ROOT / "helpers").with_suffix("").parts).removesuffix("__init__").strip(".")


def test_helpers_is_rooms_and_each_has_its_storey():
    rooms = {path.parent.name for path in (ROOT / "helpers").glob("*/__init__.py")}
    assert sorted(room for storey in STOREYS for room in storey) == sorted(rooms)
    assert {path.stem for path in (ROOT / "helpers").glob("*.py")} == {"__init__", "paths"}


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_a_module_imports_only_from_rooms_on_storeys_below(path):
    room = inside(path).partition(".")[0]
    if room in ("", "paths"):
        assert imported(path) <= {"paths"}
        return
    (storey,) = (number for number, rooms in enumerate(STOREYS) if room in rooms)
    below = {"paths", "open_room", room, *(name for rooms in STOREYS[:storey] for name in rooms)}
    assert {name.partition(".")[0] for name in imported(path)} <= below


def test_inside_a_room_modules_import_each_other_in_one_direction():
    names = {inside(path) for path in MODULES}
    graph = {inside(path): imported(path) & names for path in MODULES}
    TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_no_private_name_is_used_in_another_module(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("helpers"):
            assert [alias.name for alias in node.names if alias.name.startswith("_")] == []


@pytest.mark.parametrize("room", sorted(room for storey in STOREYS for room in storey))
def test_a_room_gives_its_names_and_none_is_also_a_module_of_it(room):
    module = importlib.import_module(f"helpers.{room}")
    modules = {path.stem for path in MODULES if path.parent.name == room}
    assert modules & set(module.__all__) == set()
    for name in module.__all__:
        assert getattr(module, name).__doc__ or not callable(getattr(module, name))
    with pytest.raises(AttributeError, match="gives no 'nothing'"):
        module.nothing  # noqa: B018


def test_a_room_gives_its_modules_too():
    code = "from helpers import trace; print(trace.skeleton.__name__, trace.vectorize.__name__)"
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)
    assert run.stdout.split() == [b"helpers.trace.skeleton", b"helpers.trace.vectorize"], run.stderr


def is_typed(function: ast.FunctionDef) -> bool:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    named = [argument for argument in every if argument and argument.arg not in ("self", "cls")]
    return all(argument.annotation for argument in named) and bool(function.returns or function.name == "__init__")


@pytest.mark.parametrize("room", sorted({room for storey in STOREYS for room in storey} - {"model"}))
def test_what_a_room_gives_says_its_types(room):
    """All rooms but the network's: its functions take the tensors of three backends."""
    given = set(importlib.import_module(f"helpers.{room}").__all__)
    for path in MODULES:
        if path.parent.name == room:
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef) and node.name in given:
                    assert is_typed(node), node.name
                elif isinstance(node, ast.ClassDef) and node.name in given:
                    methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
                    public = [one for one in methods if one.name == "__init__" or not one.name.startswith("_")]
                    assert all(is_typed(one) for one in public), node.name


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_importing_a_module_reads_no_file(path):
    todo, calls = list(ast.parse(path.read_text()).body), set()
    while todo:
        node = todo.pop()
        if not isinstance(node, ast.FunctionDef | ast.Lambda):  # these run later
            calls |= {getattr(node.func, "attr", getattr(node.func, "id", ""))} if isinstance(node, ast.Call) else set()
            todo += ast.iter_child_nodes(node)
    assert calls & {"open", "read_text", "read_bytes", "load"} == set()


@pytest.mark.parametrize("path", MODULES, ids=inside)
def test_a_helper_says_what_lives_there(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


DRAWING = "np.array([[9, 0, 0], [0, 9, 1]], np.float32)"


@pytest.mark.parametrize(
    "use",
    [
        "import helpers.sketch; from helpers.sketch import closure, render, simplify",
        "import helpers.export; from helpers.export import by_travel, draw_figure, read_recipe, save_booklet, to_svg",
        f"import sys, numpy as np; from helpers.export import save_drawing; save_drawing({DRAWING}, sys.argv[1])",
    ],
)
def test_a_drawing_is_measured_and_saved_without_tensorflow_numba_or_scikit_learn(use, tmp_path):
    heavy = "keras", "tensorflow", "jax", "numba", "sklearn"
    code = f"{use}\nimport sys\nprint(sorted(set(sys.modules) & set({heavy!r})))"
    for suffix in (".svg", ".pdf", ".png", ".gif") if "argv" in use else ("",):
        command = [sys.executable, "-c", code, tmp_path / f"one{suffix}"]
        run = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
        assert run.stdout == "[]\n", run.stderr


@pytest.mark.parametrize("save", ["to_svg", "save_drawing"])
def test_an_svg_is_written_without_matplotlib(save, tmp_path):
    write = f"import sys, numpy as np; from helpers.export import {save}; {save}({DRAWING}, sys.argv[1])"
    command = [sys.executable, "-c", f"{write}\nprint('matplotlib' in sys.modules)", tmp_path / "one.svg"]
    run = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr


def test_colours_and_widths_of_figures_are_read_without_matplotlib():
    code = "import sys, helpers.figures.style; print(sorted({'matplotlib', 'numpy'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)
    assert run.stdout == b"[]\n", run.stderr


def test_the_chapters_are_run_with_the_helpers_beside_them_whichever_checkout_is_installed(tmp_path):
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); import helpers; print(helpers.__file__)"
    command = [sys.executable, "-c", code, ROOT / "notebooks" / "run.py"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert Path(run.stdout.strip()) == ROOT / "helpers" / "__init__.py", run.stderr


def test_every_dependency_is_given_once_with_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]
    listed = [*project["dependencies"], *extras["gpu"], *extras["dev"]]
    for requirement in [*listed, *extras["bench"], *extras["parquet"]]:
        assert re.search(rf'^\s*"{re.escape(requirement)}",\s*# \w.{{7,}}$', text, re.MULTILINE), requirement
    names = [(Requirement(line).name, tuple(Requirement(line).extras)) for line in listed]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", *sorted(path.as_posix() for path in ROOT.glob("docs/*.md"))]
)
def test_links_of_a_page_lead_somewhere(name):
    page = ROOT / name
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_citation_is_whole_and_of_this_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])


def environment() -> tuple[str, list[str]]:
    """The Python that environment.yml pins, and the lines of its pip half."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    python, pip, half = dependencies  # python and pip from conda, everything else from pip
    assert pip == "pip"
    assert list(half) == ["pip"]
    return python.removeprefix("python="), half["pip"]


def test_conda_brings_python_and_pip_and_pip_brings_the_rest():
    python, lines = environment()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert SpecifierSet(project["requires-python"]).contains(f"{python}.0")
    assert lines == ["-e ."]


@SLOW
def test_the_pip_command_that_conda_runs_makes_helpers_importable(tmp_path):
    version, lines = environment()
    python = shutil.which(f"python{version}")
    # a launcher may stand in the path for a Python that is not there
    if not python or subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip(f"there is no python{version} here")
    subprocess.run([python, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    requirements = ROOT / "condaenv.test.requirements.txt"  # conda puts it beside environment.yml, for `-e .`
    try:
        requirements.write_text("\n".join(lines))
        command = [python, "-m", "pip", "install", "-U", "-r", requirements, "--exists-action=b"]
        subprocess.run(command, cwd=ROOT, check=True)
    finally:
        requirements.unlink()
    code = "import helpers, keras; print(helpers.__file__)"
    run = subprocess.run([python, "-c", code], cwd="/", capture_output=True, text=True, check=True)
    assert Path(run.stdout.strip()) == ROOT / "helpers" / "__init__.py"


def test_the_table_of_contents_links_every_chapter_and_nothing_else():
    index = nbformat.read(ROOT / "notebooks" / "index.ipynb", as_version=4)
    links = re.findall(r"\]\(([^)]+\.ipynb)\)", "\n".join(cell.source for cell in index.cells))
    assert links == sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem if path else "none")
def chapter(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(chapter):
    return [cell for cell in chapter.cells if cell.cell_type == "code" and cell.source.strip()]


def test_a_chapter_is_committed_executed_from_top_to_bottom_without_errors(chapter):
    cells = code_cells(chapter)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output.evalue for output in outputs if output.output_type == "error"] == []
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []


def test_the_settings_of_a_chapter_are_tagged_so_that_papermill_can_set_them(chapter):
    tagged = [cell.source for cell in chapter.cells if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1 and tagged[0].startswith("QUICK =")


def test_a_chapter_is_small_and_holds_no_widget_state(chapter):
    assert "widgets" not in chapter.metadata
    for cell in code_cells(chapter):
        for output in cell.outputs:
            assert not any(kind.startswith("application/vnd.jupyter.widget") for kind in output.get("data", {}))
            assert len(str(output)) < 300_000, f"an output is too large, below: {cell.source}"


def test_a_chapter_names_no_place_of_one_machine(chapter):
    own = re.escape(ROOT.parts[1])
    place = re.compile(rf"(?<![\w.:/*])(/(home|root|Users|tmp|var|opt|mnt|{own})/|[A-Z]:\\)")
    for cell in chapter.cells:
        texts = [cell.source]
        for output in cell.get("outputs", []):
            texts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
            texts += [output.get("data", {}).get("text/html", "")]
        assert [text for text in texts if place.search(text)] == []


def test_the_short_form_of_a_chapter_changes_numbers_in_its_settings_and_nothing_else(chapter):
    cells = [cell.source for cell in code_cells(chapter)]
    (settings,) = (source for source in cells if re.search(r"\bMIDSTROKE_QUICK\b", source))
    assert [source for source in cells if source != settings and re.search("quick\\b", source, re.IGNORECASE)] == []
    first, *others = ast.parse(settings).body
    assert ast.unparse(first) == "QUICK = bool(os.environ.get('MIDSTROKE_QUICK'))"
    chosen = [node for other in others for node in ast.walk(other) if isinstance(node, ast.IfExp)]
    assert chosen, "the short form is as long as the full one"
    for node in chosen:
        assert ast.unparse(node.test) == "QUICK"
        assert numbers(node.body) and numbers(node.orelse), ast.unparse(node)
    named = [node for other in others for node in ast.walk(other) if isinstance(node, ast.Name) and node.id == "QUICK"]
    assert len(named) == len(chosen), "QUICK is used for more than to choose between numbers"


def numbers(node: ast.expr) -> bool:
    """Whether an expression is a number written out, or a list of such."""
    if isinstance(node, ast.List):
        return bool(node.elts) and all(map(numbers, node.elts))
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


@pytest.mark.parametrize(
    "settings",
    [
        "N = None if QUICK else 9",
        "N = 9 if not QUICK else 5",
        "N = [] if QUICK else [9]",
        "N = (2 if QUICK else 3) if QUICK else 4",
        "NAME = 'a' if QUICK else 'b'",
        "if QUICK:\n    N = 3",
        "N = 9 // (1 + QUICK)",
        "N = 4",
    ],
)
def test_a_short_form_that_changes_more_is_found(settings):
    first = 'QUICK = bool(os.environ.get("MIDSTROKE_QUICK"))'
    cells = [nbformat.v4.new_code_cell(f"{first}\n{settings}")]
    with pytest.raises(AssertionError):
        test_the_short_form_of_a_chapter_changes_numbers_in_its_settings_and_nothing_else(
            nbformat.v4.new_notebook(cells=cells)
        )


def test_a_chapters_cells_are_short_and_define_no_class(chapter):
    cells = code_cells(chapter)
    assert statistics.median(len(cell.source.splitlines()) for cell in cells) <= 8
    assert [cell.source for cell in cells if re.search(r"^\s*class ", cell.source, re.MULTILINE)] == []


# of these rooms the helpers come by name: a chapter calls what it loads data and model, and a drawing a sketch
NAMED = {"data", "figures", "model", "sketch"}


def test_a_chapter_imports_rooms_in_a_line_and_few_helpers_by_name(chapter):
    first, *others = [cell.source for cell in code_cells(chapter)]
    assert [source for source in others if "from helpers" in source] == []
    lines = [line for line in first.splitlines() if "helpers" in line]
    assert len(lines) <= 5
    rooms, *named = lines
    assert set(rooms.removeprefix("from helpers import ").split(", ")) <= {*sum(STOREYS, []), "paths"} - NAMED
    for line in named:
        room = re.fullmatch(r"from helpers\.(\w+) import \w+(, \w+)*", line)[1]
        names = line.partition(" import ")[2].split(", ")
        modules = {path.stem for path in MODULES if path.parent.name == room}
        assert room in NAMED and set(names) <= {*importlib.import_module(f"helpers.{room}").__all__, *modules}


SHOWN = {"02": {"step", "loss_of"}}  # functions that are what a chapter is about


def parsed(chapter):
    """The syntax of a chapter's cells, one after another."""
    return ast.parse("\n".join(cell.source.rstrip(";") for cell in code_cells(chapter)))


def test_a_chapter_defines_no_function_but_for_a_slider(request, chapter):
    functions = [node for node in ast.walk(parsed(chapter)) if isinstance(node, ast.FunctionDef)]
    own = {node.name for node in functions if not any("interact" in ast.unparse(one) for one in node.decorator_list)}
    assert own == SHOWN.get(request.node.callspec.params["chapter"].name[:2], set())


def test_each_figure_of_a_chapter_has_an_alternative_text(chapter):
    calls = [node for node in ast.walk(parsed(chapter)) if isinstance(node, ast.Call)]
    saved = [call for call in calls if getattr(call.func, "id", "") == "save_figure"]
    assert saved
    for call in saved:
        name = call.args[1].value
        assert "alt" in {keyword.arg for keyword in call.keywords}, f"{name} has no alternative text"
        words = ROOT / "figures" / f"{name}.md"
        assert re.search(r"^Alt text: \S.{30,}[.]$", words.read_text(), re.MULTILINE), words.name


def test_a_chapter_opens_with_prose_and_ends_with_something_to_try(chapter):
    assert chapter.cells[0].cell_type == "markdown"
    assert chapter.cells[0].source.startswith("# ")
    assert chapter.cells[-1].cell_type == "markdown"
    assert re.search(r"\btry\b", chapter.cells[-1].source, re.IGNORECASE)
