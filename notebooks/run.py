"""Runs the notebooks, two side by side, each in its own kernel, and writes them back with what they printed and drew.

`python notebooks/run.py` is what `make run` calls. A chapter is written only when all of it ran, and without
anything that changes from run to run by itself: widget state, timings, versions. One that fails stops no other.
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
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple

import nbformat
from jupyter_client import BlockingKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.output_widget import OutputWidget
from nbformat import NotebookNode
from PIL import Image
from tqdm import tqdm

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT))  # the helpers beside it, as in the kernels, whichever checkout is installed

from helpers.data.dataset import SAMPLE_NOTICE  # noqa: E402
from helpers.figures.index import write_index  # noqa: E402
from helpers.paths import DATA, FIGURES, ROOT, atomic  # noqa: E402

NOTEBOOKS = CHECKOUT / "notebooks"
FAILED = DATA / "work" / "failed"
TOGETHER = 2  # chapters at a time: much of each keeps one core busy, and three would want more memory than many have
AFTER = {"02": "01"}  # what a chapter writes, another reads; where it failed, the other one loads the drawings itself
# begun in this order, so that the two lanes end together; then the rest
LONGEST = ("01", "03", "02", "10", "07", "08", "05", "11")
PATIENCE = 0.5  # seconds between looks at whether to stop
GRACE = 10  # seconds that an interrupted cell has to end
LOST = 20  # seconds between a kernel's answers to somebody else, three of which say that a reply was lost
WIDGET = "application/vnd.jupyter.widget-view+json"
BAR = re.compile(r"^.*\d+%\|.*\|.*\[.*\].*\n?", re.MULTILINE)  # a line that tqdm drew
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours and cursor moves, for terminals only
NEXT = """
Next:
  make lab      read the chapters, and turn what can be turned
  make studio   only the blend studio and the draw pad, as a page"""


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


class _Output(OutputWidget):
    """Takes what is shown in a widget from the cell, as a browser does, and sends nothing back.

    nbclient's sends every picture to the kernel again, unasked, and then often waits for a reply for ever.
    """

    def sync_state(self) -> None:
        pass


class ReplyLostError(Exception):
    """A kernel is done with a cell, and the word of it has not come."""


def execute(
    notebook: NotebookNode, folder: Path, threads: int, tick: Callable[[], None], stop: threading.Event
) -> None:
    """Runs every cell in a new kernel whose working folder is `folder`.

    Parameters
    ----------
    notebook : NotebookNode
        Keeps what was printed and drawn, also where it fails.
    folder : Path
        Where the kernel works.
    threads : int
        On how many the libraries in it may compute.
    tick : callable
        Called after each code cell that ran well.
    stop : threading.Event
        Once it is set, the cell that runs is interrupted, as Jupyter does it.

    Raises
    ------
    CellExecutionError
        nbclient's, where a cell fails or is interrupted.
    RuntimeError
        With the kernel's last words, where it dies.
    ReplyLostError
        Where a reply is lost on its way: without a word of it the chapter would wait for ever.
    """
    shared = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
    environment = {
        **dict.fromkeys((*shared, "LOKY_MAX_CPU_COUNT"), str(threads)),  # the last one is joblib's
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # the kernel beside it needs some of the GPU's memory too
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
        on_cell_executed=lambda execute_reply, **_: execute_reply["content"]["status"] == "ok" and tick(),
        # TensorFlow's C++ code logs to file descriptor 2 whatever the level: not into the notebook
        extra_arguments=["--IPKernelApp.capture_fd_output=False", "--IPKernelApp.log_level=ERROR"],
    )

    client.widget_registry = {"@jupyter-widgets/output": {"OutputModel": _Output}}

    async def run(log: BinaryIO) -> None:
        task = asyncio.create_task(client.async_execute(env=environment, stderr=log))
        lost = asyncio.create_task(_reply_lost(client))
        while not (await asyncio.wait([task], timeout=PATIENCE))[0]:
            if stop.is_set() and client.kc is not None:  # the kernel has begun
                await client.km.interrupt_kernel()
                await asyncio.wait([task], timeout=GRACE)  # a second interrupt on the heels of the first would kill it
            if lost.done() and not lost.exception():
                task.cancel()  # which ends its kernel too
                with suppress(asyncio.CancelledError, DeadKernelError, TimeoutError):
                    await asyncio.wait_for(task, GRACE)
                raise ReplyLostError("A reply of its kernel was lost on the way. Run it again.")
        lost.cancel()
        await task

    with tempfile.TemporaryFile() as log:
        try:
            asyncio.run(run(log))
        except DeadKernelError as error:
            log.seek(0)
            words = log.read().decode(errors="replace").splitlines()[-5:]
            raise RuntimeError("\n".join(["The kernel died, often for want of memory.", *words])) from error


async def _reply_lost(client: NotebookClient) -> None:
    """Ends when a reply of the kernel must have been lost.

    A kernel answers requests in order: what another client asks while a cell runs is answered after the cell. Where
    three such answers have come in a row and the notebook is still at the same cell, that cell is done.
    """
    while client.kc is None or not client.code_cells_executed:
        await asyncio.sleep(PATIENCE)
    other = BlockingKernelClient(connection_file=client.km.connection_file)
    other.load_connection_file()
    other.start_channels(iopub=False, stdin=False, hb=False, control=False)
    try:
        answers = at = 0
        while answers < 3:
            other.kernel_info()
            while not other.shell_channel.msg_ready():
                await asyncio.sleep(PATIENCE)
            other.shell_channel.get_msg()
            answers, at = answers + 1 if at == client.code_cells_executed else 0, client.code_cells_executed
            await asyncio.sleep(LOST)
    finally:
        other.stop_channels()


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


def run_one(
    path: Path, output: Path | None, people: bool, threads: int, tick: Callable[[], None], stop: threading.Event
) -> "Outcome":
    """Executes one chapter and writes it back, or into the folder `output`; see `run`."""
    begun = time.monotonic()

    def outcome(error: str = "", short: str = "", sample: bool = False) -> Outcome:
        return Outcome(path, time.monotonic() - begun, sample, error, short)

    try:
        notebook = nbformat.read(path, as_version=4)
    except ValueError as error:
        return outcome(f"{path} is not a notebook: {error}", "not a notebook")
    code = _code(notebook)
    done = []

    def begin() -> None:
        for cell in code:
            cell.outputs = []
        done.clear()
        execute(notebook, path.resolve().parent, threads, lambda: (done.append(1), tick()), stop)

    try:
        try:
            begin()
        except ReplyLostError:
            _say(f"{path.stem}: a reply of its kernel was lost; it runs once more")
            begin()
    except (CellExecutionError, RuntimeError, ReplyLostError) as error:
        clean(notebook)
        told = _report(path, code, len(done), error)
        try:
            _write(notebook, FAILED / path.name)
        except OSError as full:
            told += f"\n{full}"
        return outcome(told, _reason(error), _used_sample(code))
    clean(notebook)
    sample = _used_sample(code)
    if sample and people:
        short = "no drawings by people: it used the sample"
        return outcome(f"{path.stem} was not written: {short}. `make data` downloads people's", short, sample)
    try:
        _write(notebook, path if output is None else output / path.name)
    except OSError as error:
        return outcome(str(error), "not written", sample)
    return outcome(sample=sample)


def run(chapters: Sequence[Path], output: Path | None = None, people: bool = False) -> list["Outcome"]:
    """Executes the chapters, `TOGETHER` at a time, and writes each back when it has run.

    Where a chapter fails, it is left as it was, what it did goes to data/work/failed, where it stopped and why is
    printed, and the others go on. Ctrl-C interrupts the chapters that run and starts no other.

    Parameters
    ----------
    chapters : sequence of Path
        The notebooks. The longest are begun first (`LONGEST`); one that reads what another writes (`AFTER`) waits for
        its end.
    output : Path, optional
        The folder to write to; by default each goes where it was.
    people : bool
        Whether a chapter that had to use the sample counts as failed, and is not written.

    Returns
    -------
    list of Outcome
        Of each chapter that was begun, in the order given.
    """
    together = min(TOGETHER, os.cpu_count() or 1, len(chapters))
    threads = max(1, (os.cpu_count() or 1) // together)
    width = max(len(path.stem) for path in chapters)
    places = {name: place for place, name in enumerate(LONGEST)}
    waiting = sorted(chapters, key=lambda path: places.get(path.name[:2], len(places)))
    running, outcomes, stop = {}, {}, threading.Event()
    bar = tqdm(
        total=sum(map(_count, chapters)),
        bar_format="{desc} {bar} {n_fmt:>3}/{total_fmt} cells {elapsed:>8}",
        disable=not sys.stderr.isatty(),  # elsewhere a line a chapter is enough
    )

    def begin(path: Path) -> None:
        waiting.remove(path)
        running[pool.submit(run_one, path, output, people, threads, bar.update, stop)] = path
        bar.set_description_str(", ".join(path.name[:2] for path in running.values()))

    with ThreadPoolExecutor(together) as pool, bar:
        while waiting or running:
            try:
                open_yet = {path.name[:2] for path in [*waiting, *running.values()]}
                ready = [path for path in waiting if AFTER.get(path.name[:2]) not in open_yet]
                for path in ready[: together - len(running)]:
                    begin(path)
                for future in wait(running, PATIENCE, FIRST_COMPLETED).done:
                    ended = future.result()
                    outcomes[running.pop(future)] = ended
                    _say(f"{ended.path.stem:<{width}}  {_clock(ended.seconds):>6}  {ended.short or ''}".rstrip())
                    if ended.error:
                        _say(f"\n{ended.error}\n")
                bar.refresh()  # its clock goes on while a cell trains
            except KeyboardInterrupt:
                stop.set()
                waiting.clear()
    return [outcomes[path] for path in chapters if path in outcomes]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python notebooks/run.py", description="Run the notebooks, two side by side.")
    parser.add_argument("names", nargs="*", help="chapters to run, by the beginning of their names (03); default all")
    parser.add_argument("--output", type=Path, help="folder for the executed notebooks; default where they are")
    parser.add_argument("--people", action="store_true", help="fail where there are no drawings by people")
    options = parser.parse_args(arguments)
    before, start = _figures(), time.monotonic()
    try:
        chapters = find(options.names)
        if not chapters:
            raise ValueError(f"there is no chapter in {NOTEBOOKS}")
    except ValueError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    outcomes = run(chapters, options.output, options.people)
    failed = [outcome for outcome in outcomes if outcome.error]
    ran = len(outcomes) - len(failed)
    print(f"\n{ran} chapter{'s' * (ran != 1)} in {_clock(time.monotonic() - start)}.")
    _print_figures(before)
    if FIGURES.exists():
        write_index(find(), FIGURES)
    sample = [outcome.path.name[:2] for outcome in outcomes if outcome.sample]
    if sample:
        print(f"\nFor want of people's drawings, {', '.join(sample)} used data/sample, which a model drew.")
    print(NEXT)
    if sample:
        print("  make data     download people's drawings, for `make run` to use instead of the sample")
    if not failed and len(outcomes) == len(chapters):
        return 0
    sys.stdout.flush()
    left = len(chapters) - len(outcomes)
    begun = f", {left} {'was' if left == 1 else 'were'} not begun" if left else ""
    print(f"\nOf {len(chapters)} chapters {ran} ran, {len(failed)} failed{begun}:", file=sys.stderr)
    for outcome in failed:
        print(f"  {outcome.path.stem}: {outcome.short}", file=sys.stderr)
    return 1


class Outcome(NamedTuple):
    """How a chapter went: the seconds it took, whether it used the sample, and, where it failed, why: at length for
    the moment it does, and in a line for the end."""

    path: Path
    seconds: float
    sample: bool
    error: str
    short: str


def _print_figures(before: dict[Path, tuple[int, int]]) -> None:
    """The figures that have been written since, with their sizes."""
    written = [path for path, stat in _figures().items() if before.get(path) != stat]
    if written:
        print(f"Figures in {_near(FIGURES)}:")
    width = max((len(path.stem) for path in written), default=0)
    for stem, files in groupby(written, key=lambda path: path.with_suffix("")):
        sizes = "  ".join(f"{path.suffix} {-(-path.stat().st_size // 1000):>4} kB" for path in files)
        print(f"  {stem.relative_to(FIGURES)!s:<{width}}  {sizes}")


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


def _reason(error: Exception) -> str:
    """Why a chapter stopped, in a line."""
    why = f"{error.ename}: {error.evalue}" if isinstance(error, CellExecutionError) else str(error)
    return ESCAPES.sub("", why).strip().partition("\n")[0]


def _used_sample(code: Sequence[NotebookNode]) -> bool:
    return any(SAMPLE_NOTICE in output.get("text", "") for cell in code for output in cell.outputs)


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _count(path: Path) -> int:
    """The code cells of a notebook; none where it cannot be read, which is told when its turn comes."""
    try:
        return len(_code(nbformat.read(path, as_version=4)))
    except ValueError:
        return 0


def _say(text: str) -> None:
    tqdm.write(text, file=sys.stderr)


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02}"


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
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))  # as Ctrl-C
    sys.exit(main())
