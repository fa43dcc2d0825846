"""Preprocessing at Quick, Draw!'s full size: drawings a second on a core, peak memory, and what 50 million would take.

Run: python benchmarks/preprocessing.py (3 GB of disk in the folder for temporary files, 5 minutes on two cores). Real
simplified .ndjson files, their lines repeated where there are fewer than wanted. On one core the contenders take turns,
seven rounds; each parses the same lines and writes strokes (stroke-3, int16) and 48x48 bitmaps as .npy. Peak memory is
what all processes hold together, asked 50 times a second; what they share counts in each. The tables go to
benchmarks/results/preprocessing.md.
"""

import argparse
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from itertools import cycle, islice
from pathlib import Path

import joblib
import numpy as np
import orjson
import psutil
from dask.distributed import Client, LocalCluster
from PIL import Image, ImageDraw

from helpers.data.chunks import flat
from helpers.data.dataset import load_drawings
from helpers.data.preprocessing import bring, preprocess
from helpers.data.shards import open_shards
from helpers.paths import DATA, ROOT, atomic
from helpers.sketch.raster import MARGIN, render_batch
from helpers.sketch.strokes import fit_box, from_polylines, to_polylines

CLASSES = ["apple", "cat", "coffee cup", "ear", "eye", "mouth", "nose"]
SIZE = 48
ROUNDS = 7
EACH = 20_000  # drawings a round
COUNTS = (10_000, 100_000, 1_000_000)
WHOLE = 50_426_266  # drawings in Quick, Draw!
RESULT = Path(__file__).parent / "results" / "preprocessing.md"


def repeated(folder: Path, lines: dict[str, list[bytes]], count: int) -> Path:
    """A folder of files of `count` lines together, the same number of each class."""
    folder.mkdir()
    for name, of_class in lines.items():
        with open(folder / f"{name}.ndjson", "wb") as file:
            file.writelines(islice(cycle(of_class), count // len(lines)))
    return folder


def lines_of_sketches() -> dict[str, list[bytes]]:
    """The drawings of sketch-rnn's files as simplified lines: every one another."""
    names = sorted(path.stem for path in (DATA / "quickdraw" / "sketchrnn").glob("*.npz"))
    lines = []
    for sketch in load_drawings(names, limit=-(-EACH // len(names))).train.sketches if names else []:
        polylines = to_polylines(sketch)
        low = np.concatenate(polylines).min(axis=0)
        drawing = [(line - low).T.astype(int).tolist() for line in polylines]
        head = {"word": "x", "countrycode": "XX", "timestamp": "2017-03-02 23:25:10.07453 UTC", "recognized": True}
        record = head | {"key_id": "5201136883597312", "drawing": drawing}
        lines.append(json.dumps(record, separators=(",", ":")).encode() + b"\n")
    np.random.default_rng(0).shuffle(lines)
    return {"sketch-rnn": lines} if lines else {}


def ours(source: Path, out: Path) -> None:
    with redirect_stdout(io.StringIO()):
        preprocess(source, out, SIZE, jobs=1)


def drawing_by_drawing(source: Path, out: Path) -> None:
    """The same steps with the standard library's json, and numpy for one drawing after another."""
    for path in sorted(source.iterdir()):
        with open(path, "rb") as file:
            drawings = (json.loads(line)["drawing"] for line in file)
            sketches = [from_polylines([np.array(stroke, np.float64).T for stroke in drawing]) for drawing in drawings]
        _save(out / path.stem, sketches, render_batch(sketches, SIZE))


def with_pillow(source: Path, out: Path) -> None:
    """As one would write it first: json, numpy, and Pillow for the bitmaps, four times as large and averaged down."""
    for path in sorted(source.iterdir()):
        sketches, bitmaps = [], []
        with open(path, "rb") as file:
            for line in file:
                polylines = [np.array(stroke, np.float64).T for stroke in json.loads(line)["drawing"]]
                sketches.append(from_polylines(polylines))
                image = Image.new("L", (4 * SIZE, 4 * SIZE))
                draw = ImageDraw.Draw(image)
                fitted, origin = fit_box(sketches[-1], 4 * (SIZE * (1 - 2 * MARGIN) - 1))
                for stroke in to_polylines(fitted, origin + 4 * SIZE * MARGIN):
                    draw.line(stroke.ravel().tolist(), fill=255, width=4)
                bitmaps.append(np.asarray(image.reduce(4)))
        _save(out / path.stem, sketches, np.stack(bitmaps))


def _save(out: Path, sketches: list[np.ndarray], bitmaps: np.ndarray) -> None:
    out.mkdir(parents=True)
    rows, lengths = flat(sketches)
    arrays = {"strokes": rows.astype(np.int16), "starts": np.concatenate([[0], np.cumsum(lengths)]), "bitmaps": bitmaps}
    for name, array in arrays.items():
        np.save(out / f"{name}.npy", array)
        with open(out / f"{name}.npy", "rb") as file:
            os.fsync(file.fileno())  # as ours: what is done is on the disk


def timed(work: Callable[[Path, Path], None], source: Path, out: Path) -> tuple[float, float]:
    """Seconds of the processor, and on the clock."""
    shutil.rmtree(out, ignore_errors=True)
    began, started = time.perf_counter(), time.process_time()
    work(source, out)
    return time.process_time() - started, time.perf_counter() - began


def one_core(scratch: Path, lines: dict[str, list[bytes]]) -> tuple[list[str], float]:
    """The table of the contenders, and our drawings a second."""
    source = repeated(scratch / "one", lines, EACH)
    contenders = {
        "`helpers.data.preprocessing`": (ours, source),
        "json, numpy drawing by drawing, `render_batch`": (drawing_by_drawing, source),
        "json, numpy drawing by drawing, Pillow": (with_pillow, source),
    }
    if other := lines_of_sketches():
        distinct = len(other["sketch-rnn"])
        name = f"`helpers.data.preprocessing`, {min(EACH, distinct):,} drawings all different"
        contenders[name] = (ours, repeated(scratch / "other", other, EACH))
    times = {name: [] for name in contenders}
    core = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if core:
        os.sched_setaffinity(0, {min(core)})
    for turn in range(ROUNDS + 1):
        for number, (name, (work, folder)) in enumerate(contenders.items()):
            seconds = timed(work, folder, scratch / f"out{number}")
            if turn:  # the first warms up
                times[name].append(seconds)
    if core:
        os.sched_setaffinity(0, core)
    same = [
        np.array_equal(shard.strokes, np.load(scratch / "out1" / shard.name / "strokes.npy"))
        and np.array_equal(shard.bitmaps, np.load(scratch / "out1" / shard.name / "bitmaps.npy"))
        for shard in open_shards(scratch / "out0")
    ]
    assert all(same) and len(same) == len(lines)
    rows = [
        "| one core | drawings a second of the processor | lowest to highest | on the clock, disk and all |",
        "|---|---:|---:|---:|",
    ]
    count = EACH // len(lines) * len(lines)
    for name, seconds in times.items():
        rates = [[count / value for value in column] for column in zip(*seconds, strict=True)]
        rows.append(
            f"| {name} | {statistics.median(rates[0]):,.0f} | {min(rates[0]):,.0f} to {max(rates[0]):,.0f} "
            f"| {statistics.median(rates[1]):,.0f} |"
        )
    return rows, statistics.median(count / processor for processor, _ in times["`helpers.data.preprocessing`"])


def tree_memory(process: psutil.Process) -> int:
    """Bytes in memory of a process and all below it."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for each in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                total += each.memory_info().rss
    return total


def whole_run(source: Path, out: Path, jobs: int) -> tuple[int, float, float]:
    """The command as a user gives it: peak bytes of all its processes, seconds on the clock, and of the processors."""
    command = [
        sys.executable,
        "-m",
        "helpers.data.preprocessing",
        str(out),
        "--source",
        str(source),
        "--jobs",
        str(jobs),
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began, peak = time.perf_counter(), 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, tree_memory(watched))
            time.sleep(0.02)
    took = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return peak, took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def on_dask(source: Path, out: Path, jobs: int) -> float:
    """Seconds on the clock on a cluster of this machine, its workers started and warm."""
    with (
        LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.run(lambda: __import__("helpers.data.preprocessing"))
        began = time.perf_counter()
        with joblib.parallel_config(backend="dask"), redirect_stdout(io.StringIO()):
            preprocess(source, out, SIZE)
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS, help="drawings of the memory runs")
    counts = parser.parse_args().counts
    lines = {name: bring(name).read_bytes().splitlines(keepends=True) for name in CLASSES}
    jobs = os.cpu_count()
    at_first = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        table, rate = one_core(scratch, lines)
        print("\n".join(table), flush=True)
        head = f"| {jobs} processes | peak memory | seconds | drawings a second | a core's seconds |"
        table += ["", head, "|---|---:|---:|---:|---:|"]
        for count in counts:
            source, out = repeated(scratch / f"{count}", lines, count), scratch / "out"
            real = count // len(lines) * len(lines)
            peak, took, processors = whole_run(source, out, jobs)
            stored = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / real
            shutil.rmtree(out)
            table.append(
                f"| {real:,} drawings | {peak / 1e6:,.0f} MB | {took:,.1f} | {real / took:,.0f} | {processors:,.1f} |"
            )
            print(table[-1], flush=True)
        dask = on_dask(source, out, jobs)
        table.append(f"| {real:,}, workers of a Dask LocalCluster | | {dask:,.1f} | {real / dask:,.0f} | |")
        print(table[-1], flush=True)
    distinct = sum(map(len, lines.values()))
    size = statistics.mean(statistics.mean(map(len, of_class)) for of_class in lines.values())
    alone, together = WHOLE / rate / 60, WHOLE / (real / took) / 60
    text = [
        f"Simplified .ndjson to stroke-3 and {SIZE}x{SIZE} bitmaps, on the disk. {distinct:,} different drawings of",
        f"{', '.join(CLASSES)}, {size:,.0f} bytes a drawing,",
        f"repeated to {EACH:,} and more. Medians of {ROUNDS} rounds in turn; orjson {orjson.__version__}, "
        f"numpy {np.__version__}, {jobs} cores,",
        f"load average {at_first:.1f} before and {os.getloadavg()[0]:.1f} after.",
        "Made by `python benchmarks/preprocessing.py`.",
        "",
        *table,
        "",
        f"All {WHOLE:,} drawings of Quick, Draw! would take {alone:,.0f} minutes of one core's time. At the",
        f"{real / took:,.0f} a second of the largest run, {jobs} processes need {together:,.0f} minutes. The shards",
        f"take {WHOLE * stored / 1e9:,.0f} GB of disk, {WHOLE * (stored - SIZE * SIZE) / 1e9:,.0f} GB without bitmaps.",
    ]
    print("\n" + "\n".join(text[-3:]))
    with atomic(RESULT) as path:
        path.write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
