"""How true and how fast tracing is: `trace` beside the published method and what else finds centre lines.

Run: python benchmarks/centerlines.py. 640 real test drawings of 32 classes (20 each) at 128 pixels, in lines 1.5 to 3
pixels wide, drawn eight times as large and averaged down. Distances are in pixels of the bitmap: Chamfer is the mean
of both mean distances to the nearest line, Hausdorff the largest distance; IoU compares what is drawn again with
the true width. Time is the processor's, one core. Peers that are not installed (pip install pyautotrace sknw skan)
are named and left out. The table goes to benchmarks/results/centerlines.md.
"""

import argparse
import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from helpers.data.classes import JUDGED
from helpers.data.dataset import load_drawings
from helpers.evaluate.lines import line_distances, true_lines
from helpers.paths import atomic
from helpers.sketch.polyline import simplify_line
from helpers.sketch.strokes import to_polylines
from helpers.trace import clean
from helpers.trace.skeleton import thin
from helpers.trace.vectorize import trace, trace_reference

SIZE = 128
FINE = 8  # the truth is drawn this many times as large, then averaged down
SHIFT = 4
RESULT = Path(__file__).parent / "results" / "centerlines.md"


def draw(polylines: list[np.ndarray], size: int, line_width: float) -> np.ndarray:
    """Polylines, in pixels with whole numbers at pixel centres, as a bitmap with round caps and soft edges."""
    bitmap = np.zeros((size * FINE, size * FINE), np.uint8)
    fixed = [np.rint(((line + 0.5) * FINE - 0.5) * (1 << SHIFT)).astype(np.int32)[:, None] for line in polylines]
    # a line without length is nothing to OpenCV: a sixteenth of a fine pixel is
    fixed = [np.concatenate([line, line[-1:] + 1]) for line in fixed]
    thickness = max(1, round(line_width * FINE) - 1)  # OpenCV's lines come out a pixel wider
    cv2.polylines(bitmap, fixed, False, 255, thickness, cv2.LINE_8, SHIFT)
    return cv2.resize(bitmap, (size, size), interpolation=cv2.INTER_AREA)


def compare(truth: list[np.ndarray], found: list[np.ndarray], size: int, line_width: float) -> tuple:
    """Chamfer, Hausdorff, IoU, strokes too many or too few."""
    chamfer, hausdorff = line_distances(truth, found)
    a, b = draw(truth, size, line_width) > 127, draw(found, size, line_width) > 127
    iou = (a & b).sum() / (a | b).sum()
    return chamfer, hausdorff, iou, abs(len(found) - len(truth))


def ours(bitmap: np.ndarray) -> list[np.ndarray]:
    found = trace(bitmap)
    return to_polylines(found.sketch, found.origin)


def published(bitmap: np.ndarray) -> list[np.ndarray]:
    found = trace_reference(bitmap)
    return to_polylines(found.sketch, found.origin)


def with_autotrace(bitmap: np.ndarray) -> list[np.ndarray]:
    """Cubic curves as 8 straight pieces each; its y grows upward, and it wants black on white without greys."""
    from autotrace import Bitmap

    vector = Bitmap(np.repeat(np.where(bitmap > 127, 0, 255).astype(np.uint8)[..., None], 3, axis=2)).trace(
        centerline=True, error_threshold=0.5, filter_iterations=1, line_threshold=0.5
    )
    t = np.linspace(0, 1, 9)[:, None]
    lines = []
    for path in vector.paths:
        if (path.color.r, path.color.g, path.color.b) == (255, 255, 255):
            continue
        curves = []
        for spline in path.splines:
            p = np.array([(q.x, q.y) for q in spline.points])
            if spline.degree == 1:
                curves.append(p[[0, -1]])
            else:
                curves.append(
                    (1 - t) ** 3 * p[0] + 3 * (1 - t) ** 2 * t * p[1] + 3 * (1 - t) * t**2 * p[2] + t**3 * p[3]
                )
        line = np.concatenate(curves)
        lines.append(np.column_stack([line[:, 0], len(bitmap) - 1 - line[:, 1]]))
    return lines


def skeleton_of(bitmap: np.ndarray) -> np.ndarray:
    return thin(np.pad((bitmap > 127).astype(np.uint8), 1))[1:-1, 1:-1].copy()


def with_sknw(bitmap: np.ndarray) -> list[np.ndarray]:
    import sknw

    network = sknw.build_sknw(skeleton_of(bitmap).astype(np.uint16), multi=True, ring=True, iso=True)
    edges = [edge["pts"] for _, _, edge in network.edges(data=True)]
    alone = [network.nodes[node]["pts"] for node in network if not network.degree(node)]
    return [simplify_line(line[:, ::-1].astype(float), 0.5) for line in [*edges, *alone] if len(line)]


def with_skan(bitmap: np.ndarray) -> list[np.ndarray]:
    import skan

    network = skan.Skeleton(skeleton_of(bitmap).astype(bool))
    paths = [network.path_coordinates(i) for i in range(network.n_paths)]
    return [simplify_line(line[:, ::-1].astype(float), 0.5) for line in paths]


def peers() -> Iterator[tuple[str, Callable]]:
    """Those that are installed."""
    for name, package, method in (
        ("autotrace, tuned", "autotrace", with_autotrace),
        ("sknw, RDP 0.5", "sknw", with_sknw),
        ("skan, RDP 0.5", "skan", with_skan),
    ):
        if importlib.util.find_spec(package):
            yield name, method
        else:
            print(f"{name}: not installed, left out")


def photographed(bitmap: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The drawing as a photo: ink on paper, light from a side, blur, grain, JPEG."""
    size = len(bitmap)
    y, x = np.mgrid[:size, :size] / size - 0.5
    angle = random.uniform(0, 2 * np.pi)
    light = 0.75 + 0.35 * (x * np.cos(angle) + y * np.sin(angle))
    photo = cv2.GaussianBlur((1 - 0.8 * bitmap / 255) * light, None, 0.7) + random.normal(0, 0.02, bitmap.shape)
    _, file = cv2.imencode(".jpg", (photo.clip(0, 1) * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)


def measure(name: str, method: Callable, sketches: list, size: int, widths: np.ndarray, photo: bool = False) -> str:
    """A row of the table. What a method cannot trace at all is counted beside its name and left out."""
    random = np.random.default_rng(1)
    truths = [true_lines(sketch, size, line_width) for sketch, line_width in zip(sketches, widths, strict=True)]
    bitmaps = [draw(truth, size, line_width) for truth, line_width in zip(truths, widths, strict=True)]
    if photo:
        bitmaps = [clean(photographed(bitmap, random)) for bitmap in bitmaps]
    method(bitmaps[0])  # compiles
    results, times = [], []
    for bitmap in bitmaps:
        start = time.process_time()
        try:
            results.append(method(bitmap))
        except ValueError:
            results.append([])
        times.append((time.process_time() - start) * 1e3)
    failed = sum(not found for found in results)
    rows = [
        compare(truth, found, size, line_width)
        for truth, found, line_width in zip(truths, results, widths, strict=True)
        if found
    ]
    chamfer, hausdorff, iou, strokes = np.array(rows).T
    cells = [
        name + (f" ({failed} not traced)" if failed else ""),
        f"{np.median(chamfer):.3f} / {np.percentile(chamfer, 95):.2f}",
        f"{np.median(hausdorff):.2f} / {np.percentile(hausdorff, 95):.1f}",
        f"{np.median(iou):.3f} / {np.percentile(iou, 5):.2f}",
        f"{strokes.mean():.2f}",
        f"{np.median(times):.2f} / {np.percentile(times, 95):.2f}",
    ]
    row = "| " + " | ".join(cells) + " |"
    print(row, flush=True)
    return row


TITLES = (
    "method",
    "Chamfer, median / p95",
    "Hausdorff, median / p95",
    "IoU, median / p5",
    "strokes off",
    "ms, median / p95",
)
HEAD = f"| {' | '.join(TITLES)} |\n{'|---' * len(TITLES)}|"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure tracing beside its peers.")
    parser.add_argument("--drawings", type=int, default=20, help="of each of 32 classes")
    each = parser.parse_args().drawings
    cv2.setNumThreads(1)
    sketches = load_drawings(JUDGED, limit=each).test.sketches
    widths = np.random.default_rng(0).uniform(1.5, 3, len(sketches))
    text = [f"# Centre lines of {len(sketches)} real test drawings", "", *HEAD.split("\n")]
    print("\n".join(text))
    for name, method in [("ours", ours), *peers(), ("published method", published)]:
        text.append(measure(name, method, sketches, SIZE, widths))
    some = slice(None, None, 4)
    text += ["", f"Ours elsewhere, {len(sketches[some])} drawings:", "", *HEAD.split("\n")]
    for size, factor in ((48, 1), (64, 1), (256, 2)):
        text.append(
            measure(
                f"{size} px, lines {1.5 * factor:g} to {3 * factor:g} px",
                ours,
                sketches[some],
                size,
                factor * widths[some],
            )
        )
    text.append(measure("128 px, lines 8 px", ours, sketches[some], 128, np.full(len(sketches[some]), 8.0)))
    text.append(
        measure("256 px, simulated photos, lines 3 to 6 px", ours, sketches[some], 256, 2 * widths[some], photo=True)
    )
    load_average = os.getloadavg()[0]
    text += [
        "",
        f"{__doc__.split(chr(10) * 2)[1].strip()}",
        "",
        f"Load average at the end: {load_average:.1f} on {os.cpu_count()} cores.",
    ]
    with atomic(RESULT) as part:
        part.write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
