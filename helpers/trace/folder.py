"""A folder of pictures to a data set of strokes: in parallel, resumed where it was killed, with a report.

What is done is kept line by line in `progress.ndjson`, in the form of Quick, Draw!'s own simplified drawings.
"""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from tqdm import tqdm

from helpers.data.chunks import MAX_POINTS, SPLITS
from helpers.data.dataset import DataSet, make_dataset
from helpers.data.official import simplify_raw
from helpers.data.pickles import write_npz
from helpers.paths import writing
from helpers.sketch.strokes import from_polylines, to_polylines
from helpers.trace import vectors
from helpers.trace.images import SUFFIXES, count_pages, read_drawing
from helpers.trace.report import write_report
from helpers.trace.vectorize import trace

CHUNK = 16  # pages a task: few enough to lose little, many enough that handing them over costs little
OF_PHONES = (".heic", ".heif", ".avif")  # pictures that need a decoder which is not here
VALID, TEST = 0.1, 0.1  # share of the pages
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}


class Page(NamedTuple):
    """A drawing: its file, relative to the folder, its page (else 0), its class and the hash of the file's bytes."""

    file: str
    number: int
    name: str
    digest: str
    split: str | None = None

    @property
    def label(self) -> str:
        numbered = self.number or self.file.lower().endswith(".pdf")
        return f"{self.file}, page {self.number + 1}" if numbered else self.file


def trace_folder(folder: str | Path, out: str | Path | None = None, jobs: int = -1) -> DataSet:
    """Traces every picture in a folder into a data set of strokes, split into train, valid and test.

    Read are PNG, JPEG, WebP, GIF, BMP and PNM files and the pages of PDF and TIFF files; and SVG, InkML and .npy files,
    whose lines are taken as they are. A picture in a subfolder has the subfolder's name for its class, others have the
    name of `folder`. Folders named train, valid (val, dev) and test that hold folders are splits, and those inside them
    the classes. Where no folder says, the split goes by a picture's content: each picture stays in its split when
    others are added, and copies of one come together.

    A run that was killed goes on where it was when it is started again, and ends with the same bytes; over a folder
    that has grown, it traces only what is new.

    Parameters
    ----------
    folder : str or Path
    out : str or Path, optional
        By default `<folder>-traced`, beside the folder. In it come, for each class, `<class>.npz`, a sketch-rnn file
        that `data.read` reads, in the 255 pixels and the simplification of Quick, Draw!; `report.html`: what was
        skipped and why, what was left out, and some of what was traced; and `progress.ndjson`: what is done.
    jobs : int
        Processes that work at once, -1 for one on each core. Inside `joblib.parallel_config(backend="dask")` the
        workers of a Dask cluster do the work; they must see the folder under the same path.

    Returns
    -------
    DataSet

    Raises
    ------
    NotADirectoryError
        For what is no folder.
    ValueError
        Where there is no picture, or none that can be traced. A single picture that cannot be is skipped and reported.
    """
    folder = Path(folder).expanduser()
    beside = folder.resolve()  # "." has no name
    out = beside.with_name(f"{beside.name}-traced") if out is None else Path(out).expanduser()
    pages, skipped = find_pages(folder, out)
    if not pages:
        kinds = ", ".join(suffix[1:].upper() for suffix in (*SUFFIXES, *vectors.SUFFIXES))
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
        write_npz(of_class, out / f"{name}.npz")
    left_out = [(page.label, ", ".join(done[page]["left_out"])) for page in traced if "left_out" in done[page]]
    write_report(out / "report.html", folder, drawings, traced, skipped, left_out)
    print(_summary(drawings, skipped, left_out, out))
    return make_dataset(drawings, "traced")


def find_pages(folder: Path, out: Path) -> tuple[list[Page], list[tuple[str, str]]]:
    """The pictures in a folder, by name, and the files that are none, each with the reason.

    A picture in a subfolder is of the class that the subfolder names, others of the class that `folder` names. Hidden
    files are left alone, and so is `out`. A link to a folder is a folder.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    pages, skipped = [], []
    files = _files(folder, out)
    splits = _split_folders(folder, files)
    for path in files:
        inside = path.relative_to(folder)
        above = inside.parts[1:-1] if inside.parts[0] in splits else inside.parts[:-1]
        name = above[0] if above else folder.resolve().name
        is_vector = path.suffix.lower() in vectors.SUFFIXES
        if path.suffix.lower() not in SUFFIXES and not is_vector:
            why = f"'{path.suffix or path.name}' is not read"
            is_photo = path.suffix.lower() in OF_PHONES
            why = f"{why}; save it as a JPEG or PNG file" if is_photo else f"not a picture: {why}"
            skipped.append((inside.as_posix(), why))
            continue
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
            count = vectors.count_drawings(path) if is_vector else count_pages(path)
            split = SPLIT_NAMES[inside.parts[0].lower()] if inside.parts[0] in splits else None
            pages += [Page(inside.as_posix(), number, name, digest, split) for number in range(count)]
        except (OSError, ValueError) as error:
            skipped.append((inside.as_posix(), _reason(error, path)))
    return pages, skipped


def _files(folder: Path, out: Path) -> list[Path]:
    """The files in a folder and its subfolders, by name; links to folders are followed, but never in a circle."""
    found = []
    for top, folders, files in os.walk(folder, followlinks=True):
        here = Path(top)
        around = {parent.resolve() for parent in (here, *here.parents)}
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and not (here / name).is_relative_to(out)
            and not ((here / name).is_symlink() and (here / name).resolve() in around)
        ]
        found += [here / name for name in files if not name.startswith(".")]
    return sorted(found)


def _split_folders(folder: Path, files: Sequence[Path]) -> set[str]:
    """The folders directly in `folder` that are splits: named as such, and with all their pictures in subfolders."""
    depths: dict[str, set[int]] = {}
    for path in files:
        inside = path.relative_to(folder).parts
        if inside[0].lower() in SPLIT_NAMES and path.suffix.lower() in (*SUFFIXES, *vectors.SUFFIXES):
            depths.setdefault(inside[0], set()).add(len(inside))
    return {name for name, found in depths.items() if min(found) > 2}  # else it is a class of trains, or of tests


def split_of(page: Page) -> str:
    """Train, valid or test: as its folder says, else by the picture's content alone.

    So a new file moves no other, and copies stay together.
    """
    if page.split:
        return page.split
    digest = hashlib.sha256(f"{page.digest} {page.number}".encode()).digest()
    chance = int.from_bytes(digest[:4]) / 2**32
    return "test" if chance < TEST else "valid" if chance < TEST + VALID else "train"


def _trace_chunk(folder: Path, pages: Sequence[Page]) -> list[dict]:
    return [_trace_page(folder, page) for page in pages]


def _trace_page(folder: Path, page: Page) -> dict:
    """The page's record: its drawing, simplified as Quick, Draw!'s are, or the reason why there is none."""
    record = {"word": page.name, "file": page.file, "page": page.number, "digest": page.digest}
    record |= {"split": page.split} if page.split else {}
    path = folder / page.file
    try:
        if path.suffix.lower() in vectors.SUFFIXES:
            drawn, left_out = vectors.read_vectors(path, page.number)
        else:
            bitmap, left_out = read_drawing(path, page.number)
            found = trace(bitmap)
            drawn, left_out = to_polylines(found.sketch, found.origin), [*left_out, *found.left_out]
        lines = simplify_raw(drawn)
        points = sum(map(len, lines))
        if points > MAX_POINTS:
            raise ValueError(f"{points:,} points, more than {MAX_POINTS:,}: this is no line drawing")
        if max(np.ptp(np.concatenate(lines), axis=0)) == 0:
            raise ValueError("there is nothing but a dot on it")
        record["drawing"] = [line.T.astype(int).tolist() for line in lines]
        return record | ({"left_out": left_out} if left_out else {})
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
            page = Page(record["file"], record["page"], record["word"], record["digest"], record.get("split"))
            done[page] = record if "skipped" in record else record | {"drawing": record["drawing"]}
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ValueError(f"line {number} of {path} is damaged; delete the file, and all is traced anew") from error
    return done


def _reasons(skipped: Sequence[tuple[str, str]]) -> str:
    if not skipped:
        return ""
    return f"; {len(skipped):,} files were skipped, the first, {skipped[0][0]}: {skipped[0][1]}"


def _summary(drawings: dict, skipped: Sequence, left_out: Sequence, out: Path) -> str:
    lines = []
    for name, of_class in drawings.items():
        counts = {split: len(of_class[split]) for split in SPLITS}
        lines.append(f"{name}: " + ", ".join(f"{count:,} {split}" for split, count in counts.items()))
        if empty := [split for split, count in counts.items() if not count]:
            lines[-1] += f" (none fell to {' and '.join(empty)}: the folder is small)"
    if left_out:
        lines.append(f"on {len(left_out):,} something that was seen is left out, as specks and areas of colour are")
    return "\n".join([*lines, f"{len(skipped):,} skipped; why, and how the others look: {out.name}/report.html"])
