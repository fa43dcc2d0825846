"""A folder of pictures to a data set of strokes: in parallel, resumed where it was killed, with a report.

What is done is kept line by line in `progress.ndjson`, in the form of Quick, Draw!'s own simplified drawings.
"""

import base64
import hashlib
import html
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import joblib
import numpy as np
from tqdm import tqdm

from helpers.data.chunks import MAX_POINTS, SPLITS
from helpers.data.dataset import DataSet, make_dataset
from helpers.data.official import BOX, simplify_raw
from helpers.paths import atomic, writing
from helpers.sketch.strokes import from_polylines, to_polylines
from helpers.trace.images import SUFFIXES, clean, count_pages, read_grey
from helpers.trace.vectorize import trace

CHUNK = 16  # pages a task: few enough to lose little, many enough that handing them over costs little
VALID, TEST = 0.1, 0.1  # share of the pages
SHOWN = 24  # pages in the report
THUMBNAIL = 120  # pixels
RAMP = ("#22344a", "#28707d", "#3aa57c", "#c9b832")  # the order of strokes, dark to light


class Page(NamedTuple):
    """A picture: its file, relative to the folder, the page of a PDF (else 0), its class and the hash of its bytes."""

    file: str
    number: int
    name: str
    digest: str

    @property
    def label(self) -> str:
        return f"{self.file}, page {self.number + 1}" if self.file.lower().endswith(".pdf") else self.file


def trace_folder(folder: str | Path, out: str | Path | None = None, jobs: int = -1) -> DataSet:
    """Traces every picture in a folder into a data set of strokes, split into train, valid and test.

    PNG, JPEG, WebP, TIFF, GIF and BMP files and the pages of PDF files. A picture in a folder inside it has that
    folder's name for its class, others have the name of `folder`. In `out` (by default beside the folder, named
    `<folder>-traced`) come for each class `<class>.npz`, a sketch-rnn file that `data.read` reads, in the 255 pixels
    and the simplification of Quick, Draw!; `report.html`, what was skipped and why, with some of what was traced; and
    `progress.ndjson`, what is done. A run that was killed goes on from there when it is started again, and ends with
    the same bytes; one over a folder that has grown traces what is new. The split goes by a picture's content: each
    picture stays where it was, and copies of one come together.

    `jobs` processes work at once, -1 is one for each core; inside `joblib.parallel_config(backend="dask")` the workers
    of a Dask cluster do, who must see the folder under the same path. Raises NotADirectoryError, and ValueError where
    there is no picture, or none that can be traced; a picture that cannot is skipped, and reported.
    """
    folder = Path(folder)
    out = folder.with_name(f"{folder.resolve().name}-traced") if out is None else Path(out)
    pages, skipped = find_pages(folder, out)
    if not pages:
        kinds = ", ".join(suffix[1:].upper() for suffix in SUFFIXES)
        raise ValueError(f"{folder} has no pictures that can be read; it takes {kinds} files" + _reasons(skipped))
    journal = out / "progress.ndjson"
    done = _read_journal(journal)
    left = [page for page in pages if page not in done]
    chunks = [left[i : i + CHUNK] for i in range(0, len(left), CHUNK)]
    work = joblib.Parallel(n_jobs=jobs if len(chunks) > 1 else 1, return_as="generator")
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    bar = tqdm(total=len(pages), unit="page", desc=folder.name, file=sys.stdout)
    with bar, writing(journal), open(journal, "ab") as file:
        bar.update(len(pages) - len(left))
        tasks = (joblib.delayed(_trace_chunk)(folder, chunk) for chunk in chunks)
        for chunk, records in zip(chunks, work(tasks), strict=True):
            file.write("".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records).encode())
            file.flush()
            done |= zip(chunk, records, strict=True)
            bar.update(len(chunk))
    skipped += [(page.label, done[page]["skipped"]) for page in pages if "skipped" in done[page]]
    skipped.sort()
    traced = {page: done[page]["drawing"] for page in pages if "skipped" not in done[page]}
    if not traced:
        raise ValueError(f"nothing in {folder} could be traced" + _reasons(skipped))
    drawings = {page.name: {split: [] for split in SPLITS} for page in traced}
    for page, drawing in traced.items():
        lines = [np.array(line, np.float64).T for line in drawing]
        drawings[page.name][split_of(page)].append(from_polylines(lines))
    for name, of_class in drawings.items():
        write_sketchrnn(of_class, out / f"{name}.npz")
    with atomic(out / "report.html") as temporary:
        temporary.write_text(_report(folder, drawings, traced, skipped), encoding="utf-8")
    print(_summary(drawings, skipped, out))
    return make_dataset(drawings, "traced")


def find_pages(folder: Path, out: Path) -> tuple[list[Page], list[tuple[str, str]]]:
    """The pictures in a folder, by name, and the files that are none, each with the reason.

    A picture in a folder inside it is of the class that this is named after, others of the one that `folder` is.
    Hidden files are left alone, and so is `out`.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    pages, skipped = [], []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_dir() or any(part.startswith(".") for part in inside.parts) or path.is_relative_to(out):
            continue
        name = inside.parts[0] if len(inside.parts) > 1 else folder.resolve().name
        if path.suffix.lower() not in SUFFIXES:
            skipped.append((inside.as_posix(), f"not a picture: '{path.suffix or path.name}' is not read"))
            continue
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
            pages += [Page(inside.as_posix(), number, name, digest) for number in range(count_pages(path))]
        except (OSError, ValueError) as error:
            skipped.append((inside.as_posix(), _reason(error, path)))
    return pages, skipped


def split_of(page: Page) -> str:
    """Train, valid or test, by the picture's content alone: a new file moves no other, and copies stay together."""
    digest = hashlib.sha256(f"{page.digest} {page.number}".encode()).digest()
    chance = int.from_bytes(digest[:4]) / 2**32
    return "test" if chance < TEST else "valid" if chance < TEST + VALID else "train"


def write_sketchrnn(splits: dict[str, Sequence[np.ndarray]], path: Path) -> None:
    """A sketch-rnn file: an int16 array (N, 3) a drawing, in lists named train, valid and test, in whole pixels."""
    arrays = {}
    for split in SPLITS:
        arrays[split] = np.empty(len(splits[split]), object)
        for i, sketch in enumerate(splits[split]):
            arrays[split][i] = np.rint(sketch).astype(np.int16)
    with atomic(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def _trace_chunk(folder: Path, pages: Sequence[Page]) -> list[dict]:
    return [_trace_page(folder, page) for page in pages]


def _trace_page(folder: Path, page: Page) -> dict:
    """The page's record: its drawing, simplified as Quick, Draw!'s are, or the reason why there is none."""
    record = {"word": page.name, "file": page.file, "page": page.number, "digest": page.digest}
    path = folder / page.file
    try:
        sketch, origin, _ = trace(clean(read_grey(path, page.number)))
        lines = simplify_raw(to_polylines(sketch, origin))
        points = sum(map(len, lines))
        if points > MAX_POINTS:
            raise ValueError(f"{points:,} points, more than {MAX_POINTS:,}: this is no line drawing")
        if max(np.ptp(np.concatenate(lines), axis=0)) == 0:
            raise ValueError("there is nothing but a dot on it")
        return record | {"drawing": [line.T.astype(int).tolist() for line in lines]}
    except (ValueError, OSError) as error:
        return record | {"skipped": _reason(error, path)}
    except Exception as error:  # whatever one page does, the others are traced
        return record | {"skipped": f"the tracer failed on it: {type(error).__name__}: {error}"}


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).replace(f"{path}: ", "").replace(str(path), "it")


def _read_journal(path: Path) -> dict[Page, dict]:
    """What earlier runs did. A last line that was not written whole goes, from the file too."""
    if not path.exists():
        return {}
    whole, newline, torn = path.read_bytes().rpartition(b"\n")
    if torn:
        with open(path, "r+b") as file:
            file.truncate(len(whole) + len(newline))
    done = {}
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            record = json.loads(line)
            page = Page(record["file"], record["page"], record["word"], record["digest"])
            done[page] = record if "skipped" in record else record | {"drawing": record["drawing"]}
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ValueError(f"line {number} of {path} is damaged; delete the file, and all is traced anew") from error
    return done


def _reasons(skipped: Sequence[tuple[str, str]]) -> str:
    if not skipped:
        return ""
    return f"; {len(skipped):,} files were skipped, the first, {skipped[0][0]}: {skipped[0][1]}"


def _summary(drawings: dict, skipped: Sequence, out: Path) -> str:
    lines = []
    for name, of_class in drawings.items():
        counts = {split: len(of_class[split]) for split in SPLITS}
        lines.append(f"{name}: " + ", ".join(f"{count:,} {split}" for split, count in counts.items()))
        if empty := [split for split, count in counts.items() if not count]:
            lines[-1] += f" (none fell to {' and '.join(empty)}: the folder is small)"
    return "\n".join([*lines, f"{len(skipped):,} skipped; why, and how the others look: {out.name}/report.html"])


# The report is one file that needs nothing else.

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #22344a; max-width: 62rem; margin: 3rem auto; padding: 0 1.5rem }
h1 { font-weight: 600; font-size: 1.6rem } h2 { font-weight: 600; font-size: 1.1rem; margin-top: 2.5rem }
table { border-collapse: collapse } td, th { padding: .2rem 1.2rem .2rem 0; text-align: left; vertical-align: top }
th { font-weight: 500; color: #6b7280; border-bottom: 1px solid #c3c8cf } td.n, th.n { text-align: right }
.pages { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1.2rem }
figure { margin: 0; border: 1px solid #e5e7eb; border-radius: 6px; padding: .7rem }
figure div { display: flex; justify-content: space-around; align-items: center; height: 124px }
figcaption { color: #6b7280; font-size: .8rem; overflow-wrap: anywhere; margin-top: .4rem }
p { color: #6b7280 }
"""


def _report(folder: Path, drawings: dict, traced: dict[Page, list], skipped: Sequence[tuple[str, str]]) -> str:
    counts = "".join(
        f"<tr><td>{html.escape(name)}</td>"
        + "".join(f'<td class="n">{len(of_class[split]):,}</td>' for split in SPLITS)
        + "</tr>"
        for name, of_class in drawings.items()
    )
    heads = "".join(f'<th class="n">{split}</th>' for split in SPLITS)
    rows = "".join(f"<tr><td>{html.escape(file)}</td><td>{html.escape(why)}</td></tr>" for file, why in skipped)
    table = f"<table><tr><th>file</th><th>why</th></tr>{rows}</table>" if rows else "<p>Nothing was skipped.</p>"
    # by hash: a fair choice, and the same one on every run
    shown = sorted(traced, key=lambda page: hashlib.sha256(f"{page.digest} {page.number}".encode()).digest())[:SHOWN]
    figures = "".join(_figure(folder, page, traced[page]) for page in sorted(shown))
    title = html.escape(folder.resolve().name)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}, traced</title><style>{STYLE}</style>\n'
        f"<h1>{title}, traced</h1>\n<p>{len(traced):,} drawings, {len(skipped):,} files or pages skipped.</p>\n"
        f"<table><tr><th>class</th>{heads}</tr>{counts}</table>\n<h2>Skipped</h2>\n{table}\n"
        f"<h2>Some that were traced</h2>\n<p>Left the picture, right its strokes: the darker, the earlier.</p>\n"
        f'<div class="pages">{figures}</div>\n</html>\n'
    )


def _figure(folder: Path, page: Page, drawing: list) -> str:
    grey = read_grey(folder / page.file, page.number)
    scale = THUMBNAIL / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = 255 - small
    small = 255 - cv2.multiply(
        ink, max(1, 160 / max(1, int(ink.max())))
    )  # a thin line on a large page stays to be seen
    picture = base64.b64encode(cv2.imencode(".png", small)[1]).decode()
    colors = [RAMP[i * len(RAMP) // len(drawing)] for i in range(len(drawing))]
    lines = "".join(
        f'<polyline stroke="{color}" points="{" ".join(f"{x},{y}" for x, y in zip(*line, strict=True))}"/>'
        for color, line in zip(colors, drawing, strict=True)
    )
    label = html.escape(page.label)
    x, y = np.concatenate([np.array(line).T for line in drawing]).max(axis=0) / 2 - (BOX / 2 + 6)
    return (
        f'<figure><div><img alt="{label}" src="data:image/png;base64,{picture}">'
        f'<svg width="{THUMBNAIL}" height="{THUMBNAIL}" viewBox="{x:g} {y:g} {BOX + 12} {BOX + 12}" fill="none" '
        f'stroke-width="4" stroke-linecap="round" stroke-linejoin="round">{lines}</svg></div>'
        f"<figcaption>{label}</figcaption></figure>\n"
    )
