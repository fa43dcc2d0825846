"""The house itself: its rooms, its floors, its dependencies, and notebooks that read well without being run."""

import ast
import os
import re
import shutil
import statistics
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import helpers

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    *("README.md", "LICENSE", ".gitignore", "environment.yml", "pyproject.toml", "uv.lock", "Makefile"),
    *(".ci", "notebooks", "helpers", "tests", "benchmarks", "figures", "data"),
}
# lowest first; a module imports only from modules before it
FLOORS = re.search(r"^\w+( <\s\w+)+$", helpers.__doc__, re.MULTILINE)[0].replace("\n", " ").split(" < ")
MODULES = sorted(path for path in (ROOT / "helpers").glob("*.py") if path.stem != "__init__")
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
    """The modules of helpers that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name} imports relatively, in line {node.lineno}"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if node.module == "helpers" else {node.module}
    return {name.removeprefix("helpers.") for name in found if name.startswith("helpers.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_helper_imports_only_from_floors_below(path):
    assert path.stem in FLOORS, f"name the floor of {path.name} in the docstring of helpers"
    assert imported(path) <= set(FLOORS[: FLOORS.index(path.stem)])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_helper_says_what_lives_there(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_dependency_is_given_once_with_its_reason():
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"]
    listed = [*project["dependencies"], *extras["gpu"], *extras["dev"]]
    for requirement in listed:
        assert re.search(rf'^\s*"{re.escape(requirement)}",\s*# \w.{{7,}}$', text, re.MULTILINE), requirement
    names = [(Requirement(line).name, tuple(Requirement(line).extras)) for line in listed]
    assert len(names) == len(set(names))


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
    assert lines == ["-e .[dev]"]


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
    code = "import helpers, keras, pytest; print(helpers.__file__)"
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


def test_a_chapters_cells_are_short_and_define_no_class(chapter):
    cells = code_cells(chapter)
    assert statistics.median(len(cell.source.splitlines()) for cell in cells) <= 8
    assert [cell.source for cell in cells if re.search(r"^\s*class ", cell.source, re.MULTILINE)] == []


def test_a_chapter_opens_with_prose_and_ends_with_something_to_try(chapter):
    assert chapter.cells[0].cell_type == "markdown"
    assert chapter.cells[0].source.startswith("# ")
    assert chapter.cells[-1].cell_type == "markdown"
    assert re.search(r"\btry\b", chapter.cells[-1].source, re.IGNORECASE)
