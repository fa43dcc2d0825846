"""Runs the notebooks in order, each in a kernel of its own, and writes them back with what they printed and drew.

`python notebooks/run.py` is what `make run` calls. A chapter is written only when all of it ran, and without
anything that changes from run to run by itself: widget state, timings, versions.
"""

import argparse
import asyncio
import base64
import io
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from PIL import Image
from tqdm import tqdm

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))  # the helpers beside it, as in the kernels, whichever checkout is installed

from helpers.paths import DATA, FIGURES, ROOT, atomic  # noqa: E402

NOTEBOOKS = CHECKOUT / "notebooks"
FAILED = DATA / "work" / "failed"
WIDGET = "application/vnd.jupyter.widget-view+json"
BAR = re.compile(r"^.*\d+%\|.*\|.*\[.*\].*\n?", re.MULTILINE)  # a line that tqdm drew
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours and cursor moves, for terminals only


def find(names: Sequence[str] = ()) -> list[Path]:
    """The chapters in order; with `names`, those that begin so (`03`), or the notebook files named.

    Raises ValueError for a name that fits no chapter.
    """
    chapters = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if not names:
        return chapters
    found = []
    for name in names:
        fits = [Path(name)] if Path(name).is_file() else [path for path in chapters if path.name.startswith(name)]
        if not fits:
            known = ", ".join(path.stem for path in chapters) or "none"
            raise ValueError(f"no chapter begins with {name!r}. The chapters are: {known}")
        found += fits
    return found


def execute(notebook: NotebookNode, folder: Path, bar: tqdm) -> None:
    """Runs every cell in a new kernel whose working folder is `folder`; `bar` counts the code cells done.

    Raises nbclient's CellExecutionError where a cell fails, and RuntimeError with the kernel's last words where it
    dies. The notebook keeps what was printed until then. Ctrl-C interrupts the cell, as it does in Jupyter.
    """
    environment = {
        **os.environ,
        "MIDSTROKE_ROOT": str(ROOT.resolve()),  # the kernel works in another folder
        "PYTHONPATH": os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")])),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    client = NotebookClient(
        notebook,
        timeout=None,  # training may take hours
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,  # of a line drawn again and again, the last state
        on_notebook_start=lambda **_: listen(),
        on_cell_executed=lambda execute_reply, **_: bar.update(execute_reply["content"]["status"] == "ok"),
        # TensorFlow's C++ code logs to file descriptor 2 whatever the level: not into the notebook
        extra_arguments=["--IPKernelApp.capture_fd_output=False", "--IPKernelApp.log_level=ERROR"],
    )

    def listen() -> None:
        # nbclient would kill the kernel under itself
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, lambda: asyncio.ensure_future(client.km.interrupt_kernel()))

    async def run(log: BinaryIO) -> None:
        task = asyncio.create_task(client.async_execute(env=environment, stderr=log))
        while not task.done():
            await asyncio.wait([task], timeout=1 if sys.stderr.isatty() else None)
            bar.refresh()  # the clock goes on while a cell trains
        await task

    with tempfile.TemporaryFile() as log:
        try:
            asyncio.run(run(log))
        except DeadKernelError as error:
            log.seek(0)
            words = log.read().decode(errors="replace").splitlines()[-5:]
            raise RuntimeError("\n".join(["The kernel died, often for want of memory.", *words])) from error


def clean(notebook: NotebookNode) -> None:
    """Takes out, in place, what makes an executed notebook heavy or different on each run.

    Widgets (dead without their kernel), finished progress bars and terminal colours go; PNGs without transparency get
    a palette of 256 colours, a quarter of the bytes; metadata says Python 3 and no more.
    """
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        for key in ("execution", "ExecuteTime", "collapsed", "scrolled"):
            cell.metadata.pop(key, None)
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text = BAR.sub("", ESCAPES.sub("", output.text))
            elif "image/png" in output.get("data", {}):
                output.data["image/png"] = _smaller(output.data["image/png"])
        cell.outputs = [
            output
            for output in cell.outputs
            if WIDGET not in output.get("data", {}) and not (output.output_type == "stream" and not output.text.strip())
        ]


def run(chapters: Sequence[Path], output: Path | None = None) -> None:
    """Executes the chapters one after another and writes each back, or into the folder `output`, when it has run.

    Where a chapter fails, it is left as it was, what it did goes to data/work/failed, and RuntimeError says where it
    stopped and why. The chapters after it are not run, for they may need what it writes.
    """
    width = max(len(path.stem) for path in chapters)
    for path in chapters:
        try:
            notebook = nbformat.read(path, as_version=4)
        except ValueError as error:
            raise RuntimeError(f"{path} is not a notebook: {error}") from error
        code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        for cell in code:
            cell.outputs = []
        form = "{desc} {bar} {n_fmt:>3}/{total_fmt} cells {elapsed:>8}"
        with tqdm(total=len(code), desc=path.stem.ljust(width), bar_format=form, ncols=width + 52) as bar:
            try:
                execute(notebook, path.resolve().parent, bar)
            except (CellExecutionError, RuntimeError) as error:
                bar.close()
                clean(notebook)
                _write(notebook, FAILED / path.name)
                raise RuntimeError(_report(path, code, bar.n, error)) from error
        clean(notebook)
        _write(notebook, path if output is None else output / path.name)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python notebooks/run.py", description="Run the notebooks in order.")
    parser.add_argument("names", nargs="*", help="chapters to run, by the beginning of their names (03); default all")
    parser.add_argument("--output", type=Path, help="folder for the executed notebooks; default where they are")
    options = parser.parse_args(arguments)
    before, start = _figures(), time.monotonic()
    try:
        chapters = find(options.names)
        if not chapters:
            raise ValueError(f"there is no chapter in {NOTEBOOKS}")
        run(chapters, options.output)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Chapters that had finished are written.", file=sys.stderr)
        return 130
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    print(f"\n{len(chapters)} chapter{'s' * (len(chapters) != 1)} in {minutes}:{seconds:02}.")
    written = [path for path, stat in _figures().items() if before.get(path) != stat]
    if written:
        print(f"Figures in {_near(FIGURES)}:")
    width = max((len(path.stem) for path in written), default=0)
    for stem, files in groupby(written, key=lambda path: path.with_suffix("")):
        sizes = "  ".join(f"{path.suffix} {-(-path.stat().st_size // 1000):>4} kB" for path in files)
        print(f"  {stem.relative_to(FIGURES)!s:<{width}}  {sizes}")
    return 0


def _report(path: Path, code: Sequence[NotebookNode], done: int, error: Exception) -> str:
    """Where a chapter stopped, and why, for the terminal."""
    raised = [i for i, cell in enumerate(code) if any(output.output_type == "error" for output in cell.outputs)]
    number = raised[-1] if raised else min(done, len(code) - 1)
    source = "\n".join(f"    {line}" for line in code[number].source.splitlines())
    why = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
    return (
        f"{path.stem} stopped in code cell {number + 1} of {len(code)}:\n\n{source}\n\n{ESCAPES.sub('', why)}\n\n"
        f"{_near(path)} was left as it was. How far it came, with the whole traceback: {_near(FAILED / path.name)}"
    )


def _near(path: Path) -> Path:
    """The path from where the reader stands, where that is shorter."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _write(notebook: NotebookNode, path: Path) -> None:
    with atomic(path) as temporary:
        nbformat.write(notebook, temporary)


def _smaller(png: str) -> str:
    """A base64 PNG with a palette of 256 colours, or as it was where it has transparency or would not shrink."""
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "P" or image.convert("RGBA").getchannel("A").getextrema()[0] < 255:
        return png
    file = io.BytesIO()
    image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1).save(file, "png", optimize=True)
    small = base64.b64encode(file.getvalue()).decode()
    return min(png, small, key=len)


def _figures() -> dict[Path, tuple[int, int]]:
    """(time of writing, bytes) of each file in figures."""
    files = sorted(path for path in FIGURES.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files}


if __name__ == "__main__":
    sys.exit(main())
