"""Where files are, and how they are written.

`ROOT` is the folder that holds `data/` and `figures/`: the checkout, or `MIDSTROKE_ROOT` where that is set
(the tests set it, so that they never write into the checkout). When the helpers are
installed without -e and so lie elsewhere, it is the checkout around the current folder.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_root(beside: Path, here: Path) -> Path:
    """The folder that holds `data/`: `beside`, where the helpers are, or else `here` or the nearest one around it."""
    for folder in (beside, here, *here.parents):
        if (folder / "data" / "models").is_dir():
            return folder
    return here


ROOT = (
    Path(os.environ["MIDSTROKE_ROOT"]).expanduser()
    if os.environ.get("MIDSTROKE_ROOT")
    else find_root(Path(__file__).resolve().parents[1], Path.cwd())
)
DATA = ROOT / "data"
FIGURES = ROOT / "figures"
MODELS = DATA / "models"


class NotWritten(OSError):
    """A file could not be written: which, why, and what to do."""


class NoMemory(MemoryError):
    """There was not enough memory for a file: which, and what to do."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """An `OSError` in the block (a full disk, a folder that cannot be written) is raised again as `NotWritten`.

    What `memory_for` does, this does too.
    """
    try:
        with memory_for(path):
            yield
    except NotWritten:
        raise
    except OSError as error:
        raise NotWritten(
            error.errno,
            # by its number: HDF5 has half a page of words of its own
            f"could not write {path}: {os.strerror(error.errno) if error.errno else error}. What was there is as it "
            "was; free some space or choose a folder that can be written, then run it again",
        ) from error


@contextmanager
def memory_for(path: Path) -> Iterator[None]:
    """A `MemoryError` in the block is raised again as `NoMemory`, so that it is not taken for a fault of the file."""
    try:
        yield
    except NoMemory:
        raise
    except MemoryError as error:
        much = str(error).partition(" for an array")[0] or "no more to be had"
        raise NoMemory(
            f"not enough memory for {path} ({much}). What is on the disk is as it was; close other programs, or take "
            "fewer drawings, then run it again"
        ) from error


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well and vanishes when it does not.

    A reader sees the old file or the new one, never half of either. An `OSError` is raised as by `writing`.
    """
    path = Path(path).expanduser()
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # the suffixes stay last: numpy and Keras look at them
        suffix = "".join(path.suffixes)
        temporary = path.with_name(f".{path.name.removesuffix(suffix)}-{uuid.uuid4().hex[:12]}{suffix}")
        temporary.touch(exist_ok=False)
        try:
            yield temporary
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """As `atomic`, for a folder of files: it is there when all of them are.

    A folder that stood there before is removed just before: for a moment there is none.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    with writing(path):
        try:
            temporary.mkdir(parents=True)
            yield temporary
            for file in temporary.iterdir():
                with open(file, "rb") as opened:
                    os.fsync(opened.fileno())
            if path.exists():
                shutil.rmtree(path)
            temporary.replace(path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
