"""A training step of the released size (batch 100, LSTM 512, z 512, 48x48), beside the ways that others take.

Run: python benchmarks/training_step.py --help. About 5 minutes. Real drawings (the sample where there is no network).
Each contender is a process of its own on the same cores; they take turns, and the tables have the medians. PyTorch is
a peer where an interpreter has it, which need not be this one: --torch PYTHON, or MIDSTROKE_TORCH_PYTHON. The tables go
to benchmarks/results/training_step.md, those of another number of cores than one to training_step_N.md.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
from contenders.turns import Contender, medians, write

from helpers.data.dataset import DataSet, load_drawings
from helpers.model import vae
from helpers.train import batches as train_batches
from helpers.train import loop, plan

SETS = {
    "parts of a face": ["ear", "eye", "mouth", "nose"],
    "long drawings": ["bear", "cat", "crab", "elephant", "flower", "owl", "pig", "rabbit"],
}
LENGTH = 64  # of the batches of equal length
STEPS = 3  # a round
SPREAD = 10  # batches that stand for all lengths
# glibc keeps large blocks instead of giving them back to the system after every step
TUNED = {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 32)}
RESULTS = Path(__file__).parent / "results"

OURS, KERAS = "Midstroke", "Keras's LSTM layer"
TORCH, TUNED_TORCH, GRAPH = (
    "PyTorch's nn.LSTM",
    "PyTorch's nn.LSTM, allocator tuned",
    "Sketch-RNN as a TensorFlow 1 graph",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch", default=os.environ.get("MIDSTROKE_TORCH_PYTHON", sys.executable), metavar="PYTHON")
    parser.add_argument("--without", nargs="*", default=[], choices=("graph", "torch"), help="peers to leave out")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: arguments.cores]))
    data = {name: load_drawings(classes, allow_sample=True) for name, classes in SETS.items()}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        settings, sets = prepare(folder, data)
        contenders = start(folder, arguments)
        print(f"{len(contenders)} contenders are ready", flush=True)
        try:
            measure(contenders, settings, sets, data, arguments)
        finally:
            for contender in contenders.values():
                contender.close()


def prepare(folder: Path, data: dict[str, DataSet]) -> tuple[vae.Settings, dict[str, list[str]]]:
    """Settings, first weights and batches, written down for the contenders: what each set of batches is called."""
    parts = next(iter(data.values()))
    settings = vae.Settings(parts.classes, parts.scale, float(np.mean([len(s) for s in parts.train.sketches])))
    (folder / "settings.json").write_text(json.dumps(asdict(settings)))
    keras.utils.set_random_seed(0)
    np.savez(folder / "weights.npz", **{w.path: w.numpy() for w in vae.SketchVAE(settings).weights})
    sets = {"equal": list(itertools.islice(at_random(parts, settings, LENGTH), STEPS))}
    for name, dataset in data.items():
        own = replace(settings, scale=dataset.scale)
        split = train_batches.short_enough(dataset.train, own.max_points)
        longest = -(-(max(map(len, split.sketches)) + 1) // 8) * 8
        sets[f"{name}, padded"] = list(itertools.islice(at_random(dataset, own, longest), STEPS))
        stream = train_batches.batches(split, own, plan.Plan())
        pool = sorted(itertools.islice(stream, train_batches.POOL), key=lambda batch: batch["target"].shape[1])
        sets[f"{name}, in buckets"] = pool[train_batches.POOL // SPREAD // 2 :: train_batches.POOL // SPREAD]
    for i, (name, batches) in enumerate(sets.items()):
        for j, batch in enumerate(batches):
            np.savez(folder / f"{i}-{j}.npz", **batch)
        lengths = [batch["target"].shape[1] for batch in batches]
        print(f"{name}: {len(batches)} batches of {statistics.mean(lengths):.0f} points", flush=True)
        sets[name] = [f"{i}-{j}" for j in range(len(batches))], lengths
    return settings, sets


def at_random(data: DataSet, settings: vae.Settings, length: int) -> Iterator[dict]:
    """Batches of drawings as they come, padded to `length` rows; those that are longer are left out."""
    split = train_batches.short_enough(data.train, min(length - 1, settings.max_points))
    pool, train_batches.POOL = train_batches.POOL, 1  # a pool of one batch is not sorted
    try:
        for batch in train_batches.batches(split, settings, plan.Plan()):
            target = np.zeros((len(batch["target"]), length, 5), np.float32)
            target[..., -1] = 1
            target[:, : batch["target"].shape[1]] = batch["target"]
            yield batch | {"target": target}
    finally:
        train_batches.POOL = pool


def start(folder: Path, arguments: argparse.Namespace) -> dict[tuple[str, str], Contender]:
    """By name and precision."""
    precisions = dict.fromkeys(["float32", loop.fast_dtype()])
    contenders = {}
    for dtype in precisions:
        short = dtype.removeprefix("mixed_")
        contenders[OURS, short] = Contender("keras_model", folder, dtype=dtype, own_loop=True)
        contenders[KERAS, short] = Contender("keras_model", folder, dtype=dtype, own_loop=False)
    if "graph" not in arguments.without:
        contenders[GRAPH, "float32"] = Contender("graph_model", folder)
    if "torch" in arguments.without:
        return contenders
    probe = subprocess.run([arguments.torch, "-c", "import torch"], capture_output=True, text=True)
    if probe.returncode:
        print(f"{arguments.torch} has no PyTorch: its rows are left out; see --torch", flush=True)
    else:
        for dtype in precisions:
            short = dtype.removeprefix("mixed_")
            for name, environment in ((TORCH, {}), (TUNED_TORCH, TUNED)):
                contenders[name, short] = Contender(
                    "torch_model", folder, arguments.torch, environment, dtype=dtype, threads=arguments.cores
                )
    return contenders


def operations(settings: vae.Settings, length: int) -> float:
    """Floating-point operations that a step on 100 drawings cannot do without: twice its multiplications, thrice for
    forward and backward. z's share of the gates counts once a drawing, as it is the same at every point."""
    side, channels, encoder = settings.size, 3, 0
    for filters, stride in ((32, 2), (64, 2), (128, 2), (128, 1), (128, 2)):
        side = -(-side // stride)
        encoder += side**2 * 9 * channels * filters
        channels = filters
    z, units = settings.z_size, settings.units
    once = encoder + side**2 * channels * 2 * z + z * 2 * units + z * 4 * units
    point = (5 + units) * 4 * units + units * (6 * settings.components + 3)
    return 6 * plan.Plan().batch * (once + length * point)


def measure(
    contenders: dict[tuple[str, str], Contender],
    settings: vae.Settings,
    sets: dict[str, tuple[list[str], list[int]]],
    data: dict[str, DataSet],
    arguments: argparse.Namespace,
) -> None:
    batches, _ = sets["equal"]
    first = {key: contender.run(batches[:1])["losses"][0] for key, contender in contenders.items()}
    same = {key: loss for key, loss in first.items() if key[0] != GRAPH}
    apart = {
        precision: max(abs(loss / first[OURS, "float32"] - 1) for (_, own), loss in same.items() if own == precision)
        for precision in {precision for _, precision in same}
    }
    if apart["float32"] > 1e-4:
        raise RuntimeError(f"the contenders are not one model: their first losses are {same}")
    peaks: dict[str, float] = {}
    for (_, precision), contender in contenders.items():
        peaks[precision] = max(peaks.get(precision, 0), contender.peak())
    equal = medians({key: timed(contender, batches) for key, contender in contenders.items()}, arguments.rounds)
    peer = equal[KERAS, "float32"]
    source = next(iter(data.values())).source
    versions = ", ".join(dict.fromkeys(contender.version for contender in contenders.values()))
    lines = [
        f"A step on {plan.Plan().batch} drawings: LSTM 512, z 512, bitmaps 48x48, {arguments.cores} core(s). "
        f"Medians of {arguments.rounds} rounds in turn.",
        f"{versions}. Load average: {os.getloadavg()[0]:.1f}.",
        "With the same weights and batch the first losses differ by "
        + ", ".join(f"{share:.0e} in {precision}" for precision, share in sorted(apart.items(), reverse=True))
        + f" (all but {GRAPH}, whose encoder is another).",
        "The peak is the fastest product of two 1024x1024 matrices in any of these libraries: "
        + ", ".join(f"{peak / 1e9:.0f} GFLOP/s in {precision}" for precision, peak in peaks.items())
        + ". Its share counts only what a step cannot do without.",
        "Made by `python benchmarks/training_step.py`.",
        "",
        f"Equal length: {', '.join(SETS['parts of a face'])} ({source}), all padded to {LENGTH} points.",
        "",
        "| | ms a step | drawings a second | against Keras's layer, float32 | of the peak |",
        "|---|---:|---:|---:|---:|",
    ]
    flops = operations(settings, LENGTH)
    for (name, precision), seconds in sorted(equal.items(), key=lambda item: -item[1]):
        # the graph reads strokes: its operations are others
        share = "" if name == GRAPH else f"{flops / seconds / peaks[precision]:.0%}"
        lines.append(row(f"{name}, {precision}", seconds, peer, share))
    for name in SETS:
        padded, lengths = sets[f"{name}, padded"]
        bucketed, own_lengths = sets[f"{name}, in buckets"]
        turns = {
            (who, how, precision): timed(contender, padded if how == "padded" else bucketed)
            for (who, precision), contender in contenders.items()
            for how in ("padded", "in buckets")
            if (who, how) == (OURS, "in buckets") or (who, how, precision) == (KERAS, "padded", "float32")
        }
        found = medians(turns, min(3, arguments.rounds))
        peer = found[KERAS, "padded", "float32"]
        lines += [
            "",
            f"{name.capitalize()}: {', '.join(SETS[name])} ({data[name].source}), padded to the longest, "
            f"{lengths[0]} points, or in buckets, {statistics.mean(own_lengths):.0f} points in the mean.",
            "",
            "| | ms a step | drawings a second | against Keras's layer |",
            "|---|---:|---:|---:|",
        ]
        for (who, how, precision), seconds in sorted(found.items(), key=lambda item: -item[1]):
            lines.append(row(f"{who}, {how}, {precision}", seconds, peer))
    write(RESULTS / ("training_step.md" if arguments.cores == 1 else f"training_step_{arguments.cores}.md"), lines)


def timed(contender: Contender, batches: list[str]):
    return lambda: contender.run(batches)["seconds"]


def row(name: str, seconds: float, peer: float, *more: str) -> str:
    cells = (name, f"{seconds * 1e3:.0f}", f"{plan.Plan().batch / seconds:.0f}", f"{peer / seconds:.2f}x", *more)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
