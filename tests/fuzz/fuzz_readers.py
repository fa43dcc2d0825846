"""Coverage-guided fuzzing of every reader of files, for as long as one likes: `tests/test_strangers.py` goes on.

    uv pip install atheris            # Linux, Python 3.11 to 3.13; no dependency of the project: it is for one evening
    python tests/fuzz/fuzz_readers.py -max_total_time=600 -timeout=20 -rss_limit_mb=4000

It ends at the first file that a reader answers with anything but what it holds or a ValueError that names it, and
leaves that file's bytes beside it as `crash-...`; `python tests/fuzz/fuzz_readers.py crash-...` tries it again. Without
a corpus folder, the small good files of the tests are where it begins. `-help=1` lists what else can be set.

What it found so far, in 129,000 files on one busy core: an SVG file in an encoding that no one knows.

An input is a byte that says which reader, and then the file; or, for a .npz, a byte that says which array, and then
that array's bytes: a fuzzer that had to get a ZIP file's checksums right would never come inside.
"""

import contextlib
import io
import sys
import tempfile
import time
import warnings
from pathlib import Path

import atheris
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

with atheris.instrument_imports(
    include=["helpers", "zipfile", "pickle", "PIL", "pypdf"],
):
    import test_strangers

# a network takes a tenth of a second to make: of those, only what is read before; a PDF is drawn by another process
SLOW = ("model", "judge", "pdf", "preprocessed lines", "preprocessed bin", "preprocessed npz")
FILES = [kind for kind in test_strangers.READERS if kind not in SLOW]
INSIDES = ["npz", "dataset", "model"]
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
counts = dict.fromkeys(["tried", "read", "refused"], 0)


def good_arrays(kind: str) -> dict[str, bytes]:
    """The arrays of a reader's first good file, as .npy bytes."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(test_strangers.READERS[kind].good()[0])) as archive:
        return {name.removesuffix(".npy"): archive.read(name) for name in archive.namelist()}


ARRAYS = {kind: good_arrays(kind) for kind in INSIDES}


def inputs() -> list[bytes]:
    """Where fuzzing begins."""
    found = [bytes([FILES.index(kind)]) + good for kind in FILES for good in test_strangers.READERS[kind].good()]
    for number, kind in enumerate(INSIDES, len(FILES)):
        found += [bytes([number, i]) + content for i, content in enumerate(ARRAYS[kind].values()) if i < 4]
    return found


def try_one(data: bytes) -> None:
    if not data:
        return
    number = data[0] % (len(FILES) + len(INSIDES))
    if number < len(FILES):
        kind, content = FILES[number], data[1:]
    else:
        kind = INSIDES[number - len(FILES)]
        arrays = dict(ARRAYS[kind])
        arrays[list(arrays)[(data[1] if len(data) > 1 else 0) % len(arrays)]] = data[2:]
        content = test_strangers.packed(**arrays)
    path, named = test_strangers.put(kind, content, FOLDER)
    counts["tried"] += 1
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            test_strangers.READERS[kind].read(path)
        counts["read"] += 1
    except ValueError as error:
        assert named in str(error), f"{kind}: {error!r} does not name its file"
        counts["refused"] += 1
    if counts["tried"] % 10_000 == 0:
        print(time.strftime("%H:%M:%S"), counts, flush=True)


def main() -> None:
    np.seterr(all="ignore")
    arguments = list(sys.argv)
    if all(one.startswith("-") for one in arguments[1:]):
        corpus = FOLDER / "corpus"
        corpus.mkdir()
        for number, content in enumerate(inputs()):
            (corpus / f"good-{number}").write_bytes(content)
        arguments.append(str(corpus))
    atheris.Setup(arguments, try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
