"""Tracing with people's own pens as the answer: pictures of which it is known how they were written.

Run: python benchmarks/pens.py, with the files there; they are not part of this project. In data/work/omniglot
`images_background_small1.zip` and `strokes_background_small1.zip` (github.com/brendenlake/omniglot, in python/; MIT):
characters of 20 people as pictures of 105 px, and their pens' timed strokes. In data/work/kanji `short_kanji.npz`
(github.com/hardmaru/sketch-rnn-datasets, folder kanji; KanjiVG, CC BY-SA 3.0): strokes in the order and direction that
schools teach, drawn here at 128 px in lines of 2 to 3 px.
"""

import argparse
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import centerlines
import cv2
import numpy as np

from helpers.data.formats import read
from helpers.evaluate.lines import line_distances, true_lines
from helpers.evaluate.matching import in_order, match_strokes
from helpers.paths import DATA

OMNIGLOT = DATA / "work" / "omniglot"
KANJI = DATA / "work" / "kanji" / "short_kanji.npz"
NEAR = 3.0  # pixels: how far off a stroke may be that counts as found
LARGEST = 100_000  # bytes of a file in the archives
COLUMNS = (
    *("pictures", "traced by", "n", "Chamfer, median", "Hausdorff, median"),
    *("strokes found", "pairs in order", "direction right"),
)
ABOUT = (
    f"Distances in pixels. A stroke is *found* where one line lies within {NEAR:g} px of it (Chamfer) and is as long, "
    "within a half; order is counted over pairs of found strokes, direction over found strokes, 50% by chance. The "
    "pens' own strokes have 100% of all three. *Chamfer* and *Hausdorff* hold what drawing the picture "
    "moved, too. Peers that are not installed, and pictures that are not there, have no row."
)

Example = tuple[np.ndarray, list[np.ndarray]]


def measure_all(n: int, seed: int) -> list[tuple[str, ...]]:
    """A row for each set of pictures that is there and each tracer that is installed."""
    tracers = [("ours", centerlines.ours), *centerlines.peers(), ("published method", centerlines.published)]
    rows = []
    for name, load in (("Omniglot", omniglot), ("KanjiVG", kanji)):
        examples = load(n, seed)
        if examples:
            rows += [(name, who, f"{len(examples)}", *measure(tracer, examples)) for who, tracer in tracers]
    return rows


def measure(tracer: Callable[[np.ndarray], list[np.ndarray]], examples: list[Example]) -> tuple[str, ...]:
    """Chamfer and Hausdorff distance, and shares of strokes found, of pairs in order, of directions."""
    apart, found, strokes, pairs, forward = [], 0, 0, [], []
    for bitmap, truth in examples:
        try:
            lines = tracer(bitmap)
        except ValueError:  # a picture that a tracer can make nothing of
            lines = []
        strokes += len(truth)
        if not lines:
            continue
        apart.append(line_distances(truth, lines))
        matches = match_strokes(truth, lines, NEAR)
        found += len(matches.truth)
        forward += matches.forward.tolist()
        count = len(matches.truth) * (len(matches.truth) - 1) // 2
        if count:
            pairs.append((in_order(matches) * count, count))
    chamfer, hausdorff = np.median(apart, axis=0) if apart else (np.nan, np.nan)
    ordered, of = np.sum(pairs, axis=0) if pairs else (np.nan, 1)
    right = np.mean(forward) if forward else np.nan
    return f"{chamfer:.2f}", f"{hausdorff:.2f}", f"{found / max(strokes, 1):.1%}", f"{ordered / of:.1%}", f"{right:.1%}"


def omniglot(n: int, seed: int, folder: Path = OMNIGLOT) -> list[Example]:
    """n characters, by chance: bitmaps, and the pens' strokes in their pixels. None where the files are not."""
    paths = [folder / f"{what}_background_small1.zip" for what in ("images", "strokes")]
    if missing := [path for path in paths if not path.exists()]:
        print(f"no {' and no '.join(map(str, missing))}: nothing is measured on Omniglot")
        return []
    with zipfile.ZipFile(paths[0]) as images, zipfile.ZipFile(paths[1]) as strokes:
        pictures = {_key(name): name for name in images.namelist() if name.endswith(".png")}
        texts = {_key(name): name for name in strokes.namelist() if name.endswith(".txt")}
        keys = sorted(pictures.keys() & texts.keys())
        chosen = np.random.default_rng(seed).choice(len(keys), min(n, len(keys)), replace=False)
        return [
            (
                255 - cv2.imdecode(np.frombuffer(_content(images, pictures[key]), np.uint8), cv2.IMREAD_GRAYSCALE),
                read_strokes(_content(strokes, texts[key]).decode("ascii")),
            )
            for key in (keys[i] for i in chosen)
        ]


def _key(name: str) -> tuple[str, ...]:
    """A file's place below the archive's folder, without its suffix."""
    return Path(name).with_suffix("").parts[1:]


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST:
        raise ValueError(f"{archive.filename}: {name} has more than {LARGEST:,} bytes: it is no character")
    return archive.read(name)


def read_strokes(text: str) -> list[np.ndarray]:
    """The strokes (K, 2) of one of Omniglot's files: lines `x,y,milliseconds` between START and BREAKs, y upward."""
    strokes: list[np.ndarray] = []
    for part in re.split(r"START|BREAK", text):
        points = [line.split(",")[:2] for line in part.split()]
        if points:
            strokes.append(np.array(points, float) * (1, -1))
    return strokes


def kanji(n: int, seed: int, path: Path = KANJI) -> list[Example]:
    """n kanji, by chance, drawn: bitmaps, and their strokes in their pixels. None where the file is not."""
    if not path.exists():
        print(f"no {path}: nothing is measured on KanjiVG")
        return []
    sketches = read(path, "test")
    rng = np.random.default_rng(seed)
    examples = []
    for i in rng.choice(len(sketches), min(n, len(sketches)), replace=False):
        width = rng.uniform(2, 3)
        truth = true_lines(sketches[i], centerlines.SIZE, width)
        examples.append((centerlines.draw(truth, centerlines.SIZE, width), truth))
    return examples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--drawings", type=int, default=500, help="of each set of pictures")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for row in (COLUMNS, ("---",) * len(COLUMNS), *measure_all(arguments.drawings, arguments.seed)):
        print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main()
