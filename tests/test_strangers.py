"""Files from strangers: whatever is in one, a reader gives what it holds or refuses it in words, soon, in little room.

`READERS` has every reader of files with small good files for it; Hypothesis makes bad ones of these, and of nothing.
MIDSTROKE_SLOW_TESTS=1 tries twenty times as many. `tests/fuzz` goes on for as long as one likes.
"""

import io
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers import export
from helpers.data import chunks, dataset, download, formats, preprocessing, shards
from helpers.data.ndjson import cut_lines
from helpers.evaluate import judge
from helpers.model import prior, vae
from helpers.sketch.raster import render
from helpers.sketch.strokes import check, from_polylines
from helpers.trace import images
from helpers.trace.folder import _read_journal
from helpers.trace.pdf import PATIENCE

MANY = 20 if os.environ.get("MIDSTROKE_SLOW_TESTS") else 1
SECONDS = 1.0  # of the processor: a busy machine does not fail the test
LONGER = {"pdf": 5}  # a page of millions of pixels, in which ink is looked for
SKETCH = np.array([[10, 0, 0], [0, 10, 0], [-10, 0, 0], [0, -10, 1]], np.int16)
CROSS = from_polylines([[[0, 0], [60, 60]], [[60, 0], [0, 60]]])


def tried(examples: int):
    """As many examples, the same on every run."""
    calm = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=examples * MANY, derandomize=True, deadline=None, database=None, suppress_health_check=calm
    )


class Reader(NamedTuple):
    """How a file is read, the name it goes by, and small good ones."""

    read: Callable[[Path], object]
    name: str
    good: Callable[[], list[bytes]]


def packed(**arrays) -> bytes:
    """A .npz whose arrays are these, or these bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in arrays.items():
            if not isinstance(content, bytes):
                buffer = io.BytesIO()
                np.save(buffer, content, allow_pickle=True)
                content = buffer.getvalue()
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def objects(items) -> np.ndarray:
    array = np.empty(len(items), object)
    array[:] = items
    return array


def pickled(payload: bytes, count: int = 1) -> bytes:
    """An .npy that announces objects and then holds any pickle at all."""
    return npy({"descr": "|O", "fortran_order": False, "shape": (count,)}, payload)


def npy(header: dict, body: bytes) -> bytes:
    text = repr(header).encode("latin1", "replace")
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


class Runs:
    """What a pickle of it does when it is read."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def written(write: Callable[[Path], object], suffix: str) -> bytes:
    """What a function writes to a file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"good{suffix}"
        write(path)
        return path.read_bytes()


@cache
def sketchrnn() -> list[bytes]:
    lists = dict.fromkeys(chunks.SPLITS, objects([SKETCH, SKETCH[1:]]))
    old = pickle.dumps(objects([SKETCH, SKETCH]), protocol=0)
    return [packed(**lists), packed(**dict.fromkeys(chunks.SPLITS, pickled(old, 2)))]


@cache
def ndjson() -> list[bytes]:
    simple = {"word": "nose", "key_id": "1", "drawing": [[[0, 10, 20], [0, 5, 0]], [[3], [4]]]}
    raw = {"word": "nose", "drawing": [[[0.5, 10, 99.25], [0, 5, 0], [0, 17, 33]], [[3], [4], [90]]]}
    return [lines(*[record] * 3) for record in (simple, raw)]


@cache
def binary() -> list[bytes]:
    head = struct.pack("<Q2sbIH", 1, b"DE", 1, 1_500_000_000, 2)
    return [(head + b"\x03\x00\x00\x0a\x14\x00\x05\x00" + b"\x01\x00\x03\x04") * 3]


@cache
def datasets() -> list[bytes]:
    splits = {split: [CROSS, CROSS[:2]] for split in chunks.SPLITS}
    made = [dataset.make_dataset({name: splits}, "sample") for name in ("ear", "The Eiffel Tower")]
    halves = dataset.make_dataset({"ear": {split: [CROSS + np.float32([0.5, 0, 0])] for split in splits}}, "traced")
    return [written(lambda path, one=one: dataset.save_dataset(one, path), ".npz") for one in [*made, halves]]


@cache
def pictures(*kinds: str) -> list[bytes]:
    grey = Image.fromarray(255 - render(CROSS, 48, 3))
    looks = [grey, grey.convert("RGB"), grey.convert("1"), grey.convert("P"), grey.convert("LA"), grey.convert("I;16")]
    found = []
    for kind in kinds:
        for look in looks if kind in ("png", "tiff") else looks[:2]:
            file = io.BytesIO()
            options = {"exif": grey.getexif().tobytes() or b"Exif\0\0MM\0*\0\0\0\x08\0\0"} if kind == "jpeg" else {}
            look.save(file, kind, **options)
            found.append(file.getvalue())
    return found


@cache
def recipes(suffix: str) -> list[bytes]:
    return [written(lambda path: export.save_drawing(CROSS, path, recipe={"seed": 7, "of": ["ear"]}), suffix)]


@cache
def models() -> list[bytes]:
    tiny = {"z_size": 3, "units": 4, "components": 1, "size": 16, "max_points": 20}
    found = []
    for encoder in ("cnn", "rnn")[:1]:
        model = vae.SketchVAE(vae.Settings(("cloud", "t-shirt"), 20.0, 30.0, encoder=encoder, **tiny))
        z = np.random.default_rng(0).normal(size=(20, 3))
        model.prior = prior.fit_prior(z, np.arange(20) % 2, 2)
        found.append(written(lambda path, model=model: vae.save_model(model, path, {"steps": 3}), ".npz"))
    return found


@cache
def judges() -> list[bytes]:
    return [written(lambda path: judge.save_judge(judge.Judge(("cloud", "t-shirt")), path), ".npz")]


@cache
def journals() -> list[bytes]:
    record = {"word": "cat", "file": "cat/0.png", "page": 0, "digest": "0f" * 16}
    lines = [record | {"drawing": [[[0, 1], [2, 3]]]}, record | {"page": 1, "skipped": "blank"}]
    return ["".join(json.dumps(line) + "\n" for line in lines).encode()]


@cache
def manifests() -> list[bytes]:
    return [json.dumps({"nose.npz": {"url": "http://x", "bytes": 3, "sha256": "0f" * 32, "time": "now"}}).encode()]


@cache
def shard() -> dict[str, bytes]:
    """The files of a shard of three drawings."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "nose.ndjson"
        source.write_bytes(ndjson()[0])
        preprocessing.preprocess(source, Path(folder) / "out", size=16, jobs=1)
        return {path.name: path.read_bytes() for path in (Path(folder) / "out" / "nose" / "00000").iterdir()}


def read_shards(path: Path) -> list[np.ndarray]:
    """The drawings of a folder of shards, in which one file is a stranger's."""
    for name, content in shard().items():
        if name != path.name:
            path.with_name(name).write_bytes(content)
    out = path.parents[2]
    shards.load_shards(out, limit=2)
    return [sketch for _, sketches, _ in shards.read_batches(out) for sketch in sketches]


def preprocessed(path: Path) -> list[np.ndarray]:
    """The drawings of a stranger's file after they were made into shards."""
    out = path.with_name("out")
    shutil.rmtree(out, ignore_errors=True)
    preprocessing.preprocess(path, out, size=8, jobs=1)
    return [sketch for _, sketches, _ in shards.read_batches(out) for sketch in sketches]


READERS = {
    "npz": Reader(formats.read, "nose.npz", sketchrnn),
    "ndjson": Reader(formats.read, "nose.ndjson", ndjson),
    "bin": Reader(formats.read, "nose.bin", binary),
    "dataset": Reader(dataset.open_dataset, "set.npz", datasets),
    "png": Reader(images.read_image, "a.png", lambda: pictures("png")),
    "jpeg": Reader(images.read_image, "a.jpg", lambda: pictures("jpeg")),
    "image": Reader(images.read_image, "a.tif", lambda: pictures("tiff", "gif", "bmp", "webp")),
    "pdf": Reader(images.read_image, "a.pdf", lambda: pictures("pdf")),
    "svg recipe": Reader(export.read_recipe, "a.svg", lambda: recipes(".svg")),
    "png recipe": Reader(export.read_recipe, "a.png", lambda: recipes(".png")),
    "gif recipe": Reader(export.read_recipe, "a.gif", lambda: recipes(".gif")),
    "pdf recipe": Reader(export.read_recipe, "a.pdf", lambda: recipes(".pdf")),
    "manifest": Reader(lambda path: download.manifest(path.parent), "manifest.json", manifests),
    "journal": Reader(_read_journal, "progress.ndjson", journals),
    "shard's strokes": Reader(read_shards, "out/nose/00000/strokes.npy", lambda: [shard()["strokes.npy"]]),
    "shard's starts": Reader(read_shards, "out/nose/00000/starts.npy", lambda: [shard()["starts.npy"]]),
    "shard's bitmaps": Reader(read_shards, "out/nose/00000/bitmaps.npy", lambda: [shard()["bitmaps.npy"]]),
    "shard's record": Reader(read_shards, "out/nose/00000/shard.json", lambda: [shard()["shard.json"]]),
    "preprocessed lines": Reader(preprocessed, "nose.ndjson", ndjson),
    "preprocessed bin": Reader(preprocessed, "nose.bin", binary),
    "preprocessed npz": Reader(preprocessed, "nose.npz", sketchrnn),
    "model": Reader(vae.load_model, "model.npz", models),
    "judge": Reader(judge.load_judge, "judge.npz", judges),
}
SLOWER = {kind: 3 for kind in READERS if kind.startswith("preprocessed")}
SLOWER |= {"model": 4, "judge": 6, "png recipe": 3, "pdf recipe": 3, "pdf": 8}  # a network is made, or much is written
every_reader = pytest.mark.parametrize("kind", READERS)


def put(kind: str, content: bytes, folder: Path) -> tuple[Path, str]:
    """Writes a file where its reader wants it; its path, and what a refusal has to name."""
    path = folder / READERS[kind].name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path, str(path.parent) if kind.startswith("shard's") else path.name


def read(kind: str, content: bytes, folder: Path) -> object:
    """What a reader makes of a file, or the ValueError, which names the file. Anything else fails the test."""
    path, named = put(kind, content, folder)
    began = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # damaged drawings that were skipped; what Pillow says
            return READERS[kind].read(path)
    except ValueError as error:
        assert named in str(error)
        return error
    finally:
        took = time.process_time() - began
        assert took < SECONDS * LONGER.get(kind, 1), f"{took:.1f} s for {len(content):,} bytes"


@every_reader
def test_the_good_files_are_read(kind, tmp_path):
    for content in READERS[kind].good():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            READERS[kind].read(put(kind, content, tmp_path)[0])  # the first of its kind, for which loops are compiled
        assert not isinstance(answer := read(kind, content, tmp_path), ValueError), answer


# Anything at all


@every_reader
def test_any_bytes_are_read_or_refused(kind, tmp_path):
    @tried(40 // SLOWER.get(kind, 1))
    @given(st.binary(max_size=300), st.integers(0, 40), st.data())
    def check(content, kept, data):
        head = data.draw(st.sampled_from(READERS[kind].good()))[:kept]  # signatures are not guessed
        read(kind, head + content, tmp_path)

    check()


@st.composite
def damaged(draw, good: list[bytes]) -> bytes:
    """A good file with a few changes: bytes written over, left out, put in, parts repeated, the end cut off."""
    content = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        size = draw(st.integers(1, 12))
        change = draw(st.sampled_from(["over", "bit", "out", "in", "again", "cut"]))
        if change == "over":
            content[at : at + size] = draw(st.binary(min_size=size, max_size=size))
        elif change == "bit" and at < len(content):
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif change == "out":
            del content[at : at + size]
        elif change == "in":
            content[at:at] = draw(st.sampled_from([b"\0", b"\xff" * 4, b"9" * 30, b"[", b"\x7f\xff\xff\xff"])) * size
        elif change == "again":
            content[at:at] = content[max(0, at - 40 * size) : at]
        elif change == "cut" and draw(st.booleans()):
            del content[at:]
    return bytes(content)


@every_reader
def test_a_good_file_that_was_damaged_is_read_or_refused(kind, tmp_path):
    @tried(80 // SLOWER.get(kind, 1))
    @given(damaged(READERS[kind].good()))
    def check(content):
        read(kind, content, tmp_path)

    check()


# Files that are well-formed outside and anything inside

WORDS = st.sampled_from("train drawing word bytes sha256 file page digest skipped settings".split())
NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**400, 1e308, 5e-324, float("nan")]))
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
COLUMN = st.lists(NUMBERS | st.floats(0, 300), max_size=5)
STROKES = st.lists(st.lists(COLUMN, min_size=2, max_size=3) | ANYTHING, max_size=4)


@tried(150)
@given(st.lists(ANYTHING | st.fixed_dictionaries({"drawing": STROKES}), min_size=1, max_size=3))
def test_any_json_is_read_or_refused_as_drawings(tmp_path, records):
    content = "".join(json.dumps(record) + "\n" for record in records).encode()
    answer = read("ndjson", content, tmp_path)
    if isinstance(answer, list):
        assert all(check(sketch).dtype == np.float32 for sketch in answer)


@tried(60)
@given(ANYTHING, st.sampled_from(["manifest", "journal"]))
def test_any_json_is_read_or_refused_as_a_record(tmp_path, record, kind):
    entry = {"nose.npz": record} if kind == "manifest" else {"file": "a", "page": 0, "word": "b", "digest": "c"}
    for content in (record, entry, {"nose.npz": {"bytes": record, "sha256": "0"}}):
        read(kind, json.dumps(content).encode() + b"\n", tmp_path)


SHAPES = st.lists(st.integers(-1, 4) | st.sampled_from([10**6, 10**12, 2**63 - 1, 2**63, 10**30]), max_size=3)
DTYPES = st.sampled_from("<i2 >i2 <i8 |i1 |b1 <f2 <f4 <f8 <f16 <c8 |O |S0 <U0 <U1 <U999999999 |V9 <M8[s] <m8 x".split())
DESCRIPTIONS = DTYPES | st.lists(st.tuples(st.sampled_from(["a", "b"]), DTYPES), max_size=2) | ANYTHING


@tried(100)
@given(st.data(), st.sampled_from(["npz", "dataset", "dataset", "model"]))
def test_arrays_of_any_shape_and_type_are_read_or_refused(tmp_path, data, kind):
    with np.load(io.BytesIO(READERS[kind].good()[0]), allow_pickle=True) as file:
        arrays = dict(file)
    for name in data.draw(st.lists(st.sampled_from(sorted(arrays)), min_size=1, max_size=2, unique=True)):
        if data.draw(st.booleans()):  # all of it as it pleases
            header = {"descr": data.draw(DESCRIPTIONS), "fortran_order": False, "shape": tuple(data.draw(SHAPES))}
            arrays[name] = npy(header, data.draw(st.binary(max_size=64)))
        elif arrays[name].dtype.kind in "if":  # a good array, with values that are not
            value = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, -1, 2**31 - 1, -(2**62), 1e300]))
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                changed = np.array(arrays[name].astype(data.draw(st.sampled_from(["i8", "f8", "f4"]))))
                changed.flat[data.draw(st.integers(0, max(0, changed.size - 1))) :] = np.float64(value)
            arrays[name] = changed
    read(kind, packed(**arrays), tmp_path)


@tried(100)
@given(st.data(), st.sampled_from(["strokes", "starts", "bitmaps"]))
def test_a_shards_arrays_of_any_shape_type_and_values_are_read_or_refused(tmp_path, data, part):
    if data.draw(st.booleans()):
        shape = st.lists(st.sampled_from([3, 4, 8, 16]), max_size=3) | SHAPES
        header = {"descr": data.draw(DESCRIPTIONS), "fortran_order": data.draw(st.booleans())}
        content = npy(header | {"shape": tuple(data.draw(shape))}, data.draw(st.binary(max_size=64)))
    else:
        array = np.load(io.BytesIO(shard()[f"{part}.npy"]))
        limits = np.iinfo(array.dtype)
        for _ in range(data.draw(st.integers(1, 3))):
            array.flat[data.draw(st.integers(0, array.size - 1))] = data.draw(st.integers(limits.min, limits.max))
        content = written(lambda path: np.save(path, array), ".npy")
    answer = read(f"shard's {part}", content, tmp_path)
    if isinstance(answer, list):
        assert all(len(check(sketch)) for sketch in answer) and answer


@pytest.mark.parametrize("starts", [[0, 2, 2, 9], [0, 5, 3, 9], [0, 2**63 - 1, 10 - 2**63, 9], [1, 3, 6, 9], [0, 9]])
def test_a_shard_whose_drawings_start_out_of_order_is_refused(starts, tmp_path):
    good = np.load(io.BytesIO(shard()["starts.npy"]))
    assert len(good) == 4 and good[-1] == 9
    content = written(lambda path: np.save(path, np.array(starts)), ".npy")
    assert "its arrays do not fit" in str(read("shard's starts", content, tmp_path))


@pytest.mark.parametrize("part", ["strokes.npy", "starts.npy", "bitmaps.npy", "shard.json"])
@pytest.mark.parametrize("to", ["the same elsewhere", "nothing", "a pipe", "zeros without end", "pickled objects"])
def test_a_shard_that_leads_elsewhere_or_holds_objects_is_refused(part, to, tmp_path):
    path = tmp_path / "out" / "nose" / "00000" / part
    path.parent.mkdir(parents=True)
    for name, content in shard().items():
        if name != part:
            path.with_name(name).write_bytes(content)
    elsewhere = tmp_path / part
    elsewhere.write_bytes(shard()[part])
    if to == "a pipe":
        os.mkfifo(path)
    elif to == "pickled objects":
        path.write_bytes(pickled(pickle.dumps(Runs(os.mkdir, str(tmp_path / "was-run")))))
    else:
        path.symlink_to({"the same elsewhere": elsewhere, "nothing": "gone"}.get(to, "/dev/zero"))
    with pytest.raises(ValueError, match=r"out/nose/00000 is damaged") as caught:
        list(shards.read_batches(tmp_path / "out", classes=["nose"]))
    assert to == "pickled objects" or f"{part} is no plain file" in str(caught.value)
    assert not (tmp_path / "was-run").exists()


@tried(40)
@given(st.data(), st.sampled_from(["model", "model", "judge"]))
def test_headers_that_promise_anything_are_read_or_refused(tmp_path, data, kind):
    with np.load(io.BytesIO(READERS[kind].good()[0])) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    part = data.draw(st.sampled_from([header, header.get("settings", header)]))
    absurd = st.sampled_from([0, -1, 1, 5, 10**9, 2**62, 1.5, "8", [], ["a"] * 5, [["a"]], True, None, "cnn", "rnn"])
    for key in data.draw(st.lists(st.sampled_from(sorted(part)), min_size=1, max_size=2)):
        part[key] = data.draw(absurd | ANYTHING)
    arrays["header"] = np.array(json.dumps(header))
    read(kind, packed(**arrays), tmp_path)


# every opcode that a pickle can have, a few with operands that matter, and what drawings are made of
PARTS = [bytes([code]) for code in range(256)] + [
    *(b"\x80\x04", b"K\x01", b"K\x03", b"M\xff\xff", b"J\xff\xff\xff\xff", b"h\x00", b"q\x00", b"C\x00", b"U\x01b"),
    *(b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n", b"c_codecs\nencode\n"),
    *(b"cposix\nsystem\n", b"ibuiltins\neval\n", b"Vi2\n", b"S'i2'\n", b"\x8c\x02i2", b"X\x02\x00\x00\x00i2"),
    *(b"r\xff\xff\xff\x7f", b"p999999999\n", b"\x95" + b"\xff" * 8, b"B\xff\xff\xff\xff", b"\x8e" + b"\xff" * 8),
    *(b"(lp1\n", b")R", b"\x85R", b"\x87R", b"tb", b"K\x01(K\x04K\x03\x86", b"N\x85b", b"\x94"),
]
WHOLE = pickle.dumps(objects([SKETCH, SKETCH[1:]]), protocol=2)


@tried(300)
@given(
    st.lists(st.sampled_from(PARTS) | st.binary(max_size=4), max_size=12),
    st.integers(0, len(WHOLE)),
    st.integers(0, len(WHOLE)),
)
def test_any_pickle_is_read_or_refused(tmp_path, parts, begin, end):
    payload = WHOLE[:begin] + b"".join(parts) + WHOLE[end:]
    answer = read("npz", packed(**dict.fromkeys(chunks.SPLITS, pickled(payload, 2))), tmp_path)
    if isinstance(answer, list):
        assert all(sketch.shape[1] == 3 and sketch.dtype == np.float32 for sketch in answer)


@pytest.mark.parametrize("kind", ["npz", "dataset", "model", "judge"])
@pytest.mark.parametrize("depth", [0, 3])
def test_no_reader_runs_what_a_pickle_asks_for(kind, depth, tmp_path):
    trap = Runs(os.mkdir, str(tmp_path / "was-run"))
    for _ in range(depth):
        trap = objects([[trap, SKETCH]])
    with np.load(io.BytesIO(READERS[kind].good()[0]), allow_pickle=True) as file:
        for name in file.files[:2]:
            whole = packed(**dict(file) | {name: pickled(pickle.dumps(trap))})
            answer = read(kind, whole, tmp_path)
            assert isinstance(answer, ValueError)
            assert kind != "npz" or "it asks for posix.mkdir" in str(answer) or "opcode" in str(answer)
    assert not (tmp_path / "was-run").exists()
    with np.load(io.BytesIO(whole), allow_pickle=True) as file:  # the trap works
        file[name]
    assert (tmp_path / "was-run").exists()


# Bombs: a megabyte or less that would take gigabytes, or minutes


def zeros(size: int, kind: int = zipfile.ZIP_DEFLATED, announced: int | None = None) -> bytes:
    """A .npz of one array of so many zero bytes, perhaps with another size announced."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", kind) as archive:
        archive.writestr("train.npy", npy({"descr": "|u1", "fortran_order": False, "shape": (size,)}, bytes(size)))
        true = archive.getinfo("train.npy").file_size
    content = file.getvalue()
    return content if announced is None else content.replace(struct.pack("<L", true), struct.pack("<L", announced))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, color: int, extra: bytes = b"") -> bytes:
    """A PNG of that size, all zeros as far as a tenth of a megabyte of them goes."""
    bits = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color] * depth
    row = 1 + -(-width * bits // 8)
    squeezed = zlib.compress(bytes(min(row * height, 10**8)), 6)
    head = struct.pack(">LLBBBBB", width, height, depth, color, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(768)) if color == 3 else b""
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + palette + chunk(b"IDAT", squeezed) + chunk(b"IEND", b"")
    )


def scans_of(side: int, count: int) -> bytes:
    """A progressive JPEG of one grey, whose last scan, which changes nothing, comes again and again."""
    file = io.BytesIO()
    Image.new("L", (side, side), 128).save(file, "jpeg", progressive=True)
    content = file.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + content[-2:]


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in records)


def zigzag(points: int, columns: int) -> dict:
    stroke = [[i / points for i in range(points)], [0, 255] * (points // 2), [0] * points]
    return {"drawing": [stroke[:columns]]}


def fed(payload: bytes, count: int = 1) -> bytes:
    return packed(train=pickled(payload, count), valid=objects([SKETCH]), test=objects([SKETCH]))


def promising(kind: str, **changes) -> bytes:
    """A network's file with other settings, and no larger for it."""
    with np.load(io.BytesIO(READERS[kind].good()[0])) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    header.get("settings", header).update(changes)
    return packed(**arrays | {"header": np.array(json.dumps(header))})


def compact(units: int) -> bytes:
    """A model of one latent dimension, whose largest matrix alone is missing."""
    arrays = {
        "weight/decoder/initial/kernel": np.zeros((1, 2 * units), np.int8),
        "weight/decoder/head/kernel": np.zeros((units, 9), np.int8),
        "weight/stats/kernel": np.zeros((512, 2), np.int8),
    }
    wish = {"classes": ["a"], "scale": 1, "mean_points": 1, "encoder": "rnn", "z_size": 1, "units": units}
    wish |= {"components": 1, "size": 16, "max_points": 9}
    return packed(header=np.array(json.dumps({"format": vae.FORMAT, "settings": wish})), **arrays)


def pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF of these objects, the first of which is its catalogue."""
    content, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(content))
    return content + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


def stream(head: bytes, content: bytes) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (head, len(content), content)


def squeezed(head: bytes, size: int) -> bytes:
    return stream(head + b"/Filter/FlateDecode", zlib.compress(bytes(size), 9))


def forms(depth: int, times: int) -> bytes:
    """A page of PDF that draws a form so many times, which draws another so many times, and so on."""
    forms = []
    for number in range(5, depth + 5):
        inside = b"/Resources<</XObject<</F %d 0 R>>>>" % number if number < depth + 4 else b""
        head = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]" + inside
        forms.append(stream(head, b"/F Do\n" * times if inside else b"0 0 m 90 90 l S"))
    page = b"/Resources<</XObject<</F 4 0 R>>>>/Contents %d 0 R" % (depth + 4)
    return pdf(*paged(page), *forms, stream(b"", b"/F Do\n" * times))


def paged(page: bytes) -> list[bytes]:
    kinds = [b"/Type/Catalog/Pages 2 0 R", b"/Type/Pages/Kids[3 0 R]/Count 1"]
    return [b"<<%s>>" % kind for kind in [*kinds, b"/Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]" + page]]


def cross_references(size: int) -> bytes:
    """A PDF whose table of objects is a stream of zeros."""
    head = b"/Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Info 1 0 R" % (size // 7)
    return b"%PDF-1.5\n1 0 obj\n" + squeezed(head, size) + b"\nendobj\nstartxref\n9\n%%EOF\n"


TEXT = b"X\x00\x00\x10\x00" + b"a" * (1 << 20) + b"q\x01"
ONE = pickle.dumps(objects([SKETCH]), protocol=2)
BOMBS = {
    "npz": {
        "zeros": lambda: zeros(10**8),
        "zeros that are not announced": lambda: zeros(10**8, announced=1000),
        "zeros in bzip2, not announced": lambda: zeros(3 * 10**8, zipfile.ZIP_BZIP2, 1000),
        "zeros in LZMA, not announced": lambda: zeros(10**8, zipfile.ZIP_LZMA, 1000),
        "8,000 arrays": lambda: packed(**{f"a{i}": b"" for i in range(8000)}),
        "a number in the memo": lambda: fed(b"\x80\x02]r\xff\xff\xff\x7f."),
        "a number in the memo, as text": lambda: fed(b"]p1999999999\n."),
        "sets": lambda: fed(b"\x80\x04(" + b"\x8f" * 15_000_000 + b"t."),
        "lists": lambda: fed(b"\x80\x04(" + b"]" * 15_000_000 + b"t."),
        "a tuple in a tuple": lambda: fed(b"\x80\x02N" + b"\x85" * 15_000_000 + b"."),
        "nothing, often": lambda: fed(b"\x80\x03(" + b"C\x00" * 7_000_000 + b"t."),
        "a text encoded again and again": lambda: fed(
            b"\x80\x02c_codecs\nencode\nq\x00"
            + TEXT
            + b"X\x06\x00\x00\x00latin1q\x02("
            + b"h\x00h\x01h\x02\x86R" * 9999
            + b"t."
        ),
        "numbers with one hash": lambda: fed(
            b"\x80\x02}("
            + b"".join(b"\x8a\x0d" + (i * (2**61 - 1)).to_bytes(13, "little") + b"N" for i in range(50_000))
            + b"u."
        ),
        "content that is not there": lambda: fed(b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"."),
        "a frame that is not there": lambda: fed(b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"."),
        "one drawing listed again and again": lambda: fed(
            pickle.dumps(objects([np.zeros((4000, 3), np.int8)] * 500_000), protocol=2), 500_000
        ),
        "a small drawing listed again and again": lambda: fed(
            pickle.dumps(objects([SKETCH] * 1_500_000), protocol=2), 1_500_000
        ),
        "a dtype with a long name": lambda: fed(
            ONE.replace(b"X\x02\x00\x00\x00i2", b"X\x00\x00\x10\x00" + b"i" * (1 << 20))
        ),
    },
    "dataset": {
        "texts without letters": lambda: packed(
            classes=npy({"descr": "<U0", "fortran_order": False, "shape": (10**9,)}, b"")
        ),
        "more than there is": lambda: packed(
            classes=npy({"descr": "<U4", "fortran_order": False, "shape": (10**12,)}, bytes(64))
        ),
    },
    "ndjson": {
        "lists in lists": lambda: b'{"drawing":' + b"[" * 900_000 + b"\n",
        "objects in objects": lambda: b'{"a":' * 200_000 + b"\n",
        "nothing on every line": lambda: b"{}\n" * 100_000,
        "back and forth": lambda: lines(*[zigzag(5000, 3)] * 18),
        "back and forth, seldom": lambda: lines(*[zigzag(60, 3)] * 200),
        "large and minute": lambda: lines({"drawing": [[[0, 5e-324], [0, 0], [0, 1]]]}),
        "a number of many digits": lambda: b'{"drawing":[[[' + b"9" * 900_000 + b"],[0]]]}\n",
    },
    "bin": {
        "strokes without points": lambda: (struct.pack("<Q2sbIH", 1, b"DE", 1, 0, 65535) + b"\0\0" * 65535) * 8,
        "strokes of one point": lambda: (struct.pack("<Q2sbIH", 1, b"DE", 1, 0, 65535) + b"\1\0ab" * 65535) * 4,
    },
    "png": {
        "as large as can be": lambda: png(2**31 - 1, 2**31 - 1, 16, 6),
        "large": lambda: png(13_000, 13_000, 8, 6),
        "large, of one bit": lambda: png(60_000, 60_000, 1, 0),
        "a text": lambda: png(64, 64, 8, 0, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8)))),
        "texts": lambda: png(64, 64, 8, 0, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**6))) * 500),
        "a profile": lambda: png(64, 64, 8, 0, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(10**8)))),
    },
    "pdf": {
        "form in form": lambda: forms(9, 30),
        "an endless line": lambda: pdf(*paged(b"/Contents 4 0 R"), squeezed(b"", 10**8)),
        "a large picture": lambda: pdf(
            *paged(b"/Resources<</XObject<</F 4 0 R>>>>/Contents 5 0 R"),
            squeezed(
                b"/Type/XObject/Subtype/Image/Width 30000/Height 30000/ColorSpace/DeviceRGB/BitsPerComponent 8", 10**8
            ),
            stream(b"", b"99 0 0 99 0 0 cm /F Do"),
        ),
        "a table of objects": lambda: cross_references(7 * 10**7),
    },
    "pdf recipe": {
        "a table of objects": lambda: cross_references(7 * 10**7),
        "a text": lambda: pdf(*paged(b""), squeezed(b"", 10**8), trailer=b"/Root 1 0 R/Info 4 0 R"),
        "pages of pages": lambda: pdf(b"<</Pages 1 0 R/Kids[1 0 R 1 0 R]/Count 9>>", trailer=b"/Root 1 0 R/Info 1 0 R"),
        "tables in a ring": lambda: pdf(*paged(b""), trailer=b"/Root 1 0 R/Prev 9"),
        "lists in lists": lambda: pdf(*paged(b""), b"[" * 900_000, trailer=b"/Root 1 0 R/Info 4 0 R"),
    },
    "jpeg": {"scan after scan": lambda: scans_of(6000, 3000)},
    "model": {
        "a large z": lambda: promising("model", z_size=10**9),
        "many units": lambda: promising("model", units=60_000),
        "many units, and what goes with them": lambda: compact(60_000),
        "a large picture": lambda: promising("model", size=10**6),
        "many Gaussians": lambda: promising("model", components=10**9),
        "long drawings": lambda: promising("model", max_points=10**9),
        "many classes": lambda: promising("model", classes=[""] * 10**6),
        "an encoder of another kind": lambda: promising("model", encoder="rnn"),
    },
    "judge": {
        "many classes": lambda: promising("judge", classes=[""] * 10**6),
        "zeros": lambda: zeros(10**8),
    },
}
MEASURE = """
import importlib, pathlib, resource, sys, time
module, function, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
read = getattr(importlib.import_module(module), function)
for path in sorted(folder.glob("good-*")):  # whatever is loaded and compiled once
    read(path)
resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
for path in sorted(folder.glob("bomb-*")):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak begins anew
    with open("/proc/self/status") as file:
        before = int(next(line for line in file if line.startswith("VmRSS")).split()[1])
    began, answer = time.process_time(), "was read"
    try:
        read(path)
    except ValueError:
        answer = "ValueError"
    except BaseException as error:
        answer = f"{type(error).__name__}: {error}"[:300]
    took = time.process_time() - began
    with open("/proc/self/status") as file:
        peak = int(next(line for line in file if line.startswith("VmHWM")).split()[1])
    print(path.stem, int(took * 1000), (peak - before) // 1024, answer, sep="\\t", flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="NEEDS LINUX: memory is measured in /proc")
@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_in_a_second_and_without_a_gigabyte(kind, tmp_path):
    reader, names = READERS[kind], dict(enumerate(BOMBS[kind]))
    (tmp_path / f"good-{reader.name}").write_bytes(reader.good()[0])
    for number, name in names.items():
        content = BOMBS[kind][name]()
        assert len(content) < (3_000_000 if kind == "judge" else 1_100_000), name  # its good ones are as large
        (tmp_path / f"bomb-{number:02}{Path(reader.name).suffix}").write_bytes(content)
    command = [sys.executable, "-W", "ignore", "-c", MEASURE, reader.read.__module__, reader.read.__name__, tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    rows = [row.split("\t") for row in run.stdout.splitlines()]
    assert len(rows) == len(names), f"{names.get(len(rows))} ended it: {run.stderr[-2000:]}"
    for (bomb, milliseconds, megabytes, answer), name in zip(rows, names.values(), strict=True):
        assert answer in ("ValueError", "was read"), (name, answer)
        assert int(milliseconds) < 1000 * SECONDS, (name, bomb, milliseconds)
        size = (tmp_path / f"{bomb}{Path(reader.name).suffix}").stat().st_size
        least = 200 if kind == "pdf recipe" else 60  # pypdf unpacks 75 MB of anything
        assert int(megabytes) < least + 900 * size / 1e6, (name, megabytes)


@tried(60)
@given(damaged(ndjson()), st.integers(1, 200))
def test_a_file_in_pieces_holds_what_it_does_as_a_whole(tmp_path, content, size):
    whole = read("ndjson", content, tmp_path)
    path = tmp_path / READERS["ndjson"].name
    cuts = cut_lines(path, size)
    assert cuts == sorted(set(cuts)) and (cuts[0], cuts[-1]) == (0, len(content))
    pieces = []
    for begin, end in pairwise(cuts):
        try:
            held = list(formats.read_chunks(path, None, begin, end))
        except ValueError:
            assert isinstance(whole, ValueError)
            return
        pieces += [sketch for chunk in held for sketch in chunks.unflat(chunk.rows, chunk.lengths)]
    if isinstance(whole, ValueError):
        assert not pieces
    else:
        assert [sketch.tobytes() for sketch in pieces] == [sketch.tobytes() for sketch in whole]


@pytest.mark.parametrize("depth, times", [(9, 30), (200, 2), (3, 3000)])
def test_a_pdf_that_would_draw_for_ever_is_refused_in_seconds_and_the_next_is_read(depth, times, tmp_path):
    began = time.monotonic()
    assert "takes longer to draw than 2 seconds, or more memory" in str(read("pdf", forms(depth, times), tmp_path))
    assert time.monotonic() - began < PATIENCE
    assert read("pdf", forms(2, 2), tmp_path).shape == (1500, 1500)


def test_a_picture_that_would_start_another_program_is_not_one(tmp_path):
    # Pillow hands PostScript to Ghostscript, whatever the file is called
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    assert "not an image" in str(read("png", content, tmp_path))
    with Image.open(tmp_path / "a.png") as image:  # and it would
        assert image.format == "EPS"


def test_an_encoding_that_no_one_knows_is_refused(tmp_path):
    answer = read("svg recipe", b'<?xml version="1.0" encoding="UTF-0"?>\n<svg></svg>\n', tmp_path)
    assert isinstance(answer, ValueError) and "UTF-0" in str(answer)
