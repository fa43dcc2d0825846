"""Quick, Draw! by class name: the 345 classes, their download, and data sets of several classes.

Drawings by players of Quick, Draw!, made available by Google under CC BY 4.0:
https://github.com/googlecreativelab/quickdraw-dataset
"""

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from helpers.download import DownloadError, fetch, verify
from helpers.formats import MAX_LINE, SPLITS, find_faults, flat, open_npz, read, read_arrays, unflat
from helpers.paths import DATA, atomic, memory_for

BUCKET = "https://storage.googleapis.com/quickdraw_dataset/"

# the 345 names in the order of the official categories.txt
CLASSES = tuple(
    " ".join(name.split())
    for name in """
    aircraft carrier, airplane, alarm clock, ambulance, angel, animal migration, ant, anvil, apple, arm, asparagus,
    axe, backpack, banana, bandage, barn, baseball, baseball bat, basket, basketball, bat, bathtub, beach, bear,
    beard, bed, bee, belt, bench, bicycle, binoculars, bird, birthday cake, blackberry, blueberry, book, boomerang,
    bottlecap, bowtie, bracelet, brain, bread, bridge, broccoli, broom, bucket, bulldozer, bus, bush, butterfly,
    cactus, cake, calculator, calendar, camel, camera, camouflage, campfire, candle, cannon, canoe, car, carrot,
    castle, cat, ceiling fan, cello, cell phone, chair, chandelier, church, circle, clarinet, clock, cloud, coffee
    cup, compass, computer, cookie, cooler, couch, cow, crab, crayon, crocodile, crown, cruise ship, cup, diamond,
    dishwasher, diving board, dog, dolphin, donut, door, dragon, dresser, drill, drums, duck, dumbbell, ear, elbow,
    elephant, envelope, eraser, eye, eyeglasses, face, fan, feather, fence, finger, fire hydrant, fireplace,
    firetruck, fish, flamingo, flashlight, flip flops, floor lamp, flower, flying saucer, foot, fork, frog, frying
    pan, garden, garden hose, giraffe, goatee, golf club, grapes, grass, guitar, hamburger, hammer, hand, harp, hat,
    headphones, hedgehog, helicopter, helmet, hexagon, hockey puck, hockey stick, horse, hospital, hot air balloon,
    hot dog, hot tub, hourglass, house, house plant, hurricane, ice cream, jacket, jail, kangaroo, key, keyboard,
    knee, knife, ladder, lantern, laptop, leaf, leg, light bulb, lighter, lighthouse, lightning, line, lion, lipstick,
    lobster, lollipop, mailbox, map, marker, matches, megaphone, mermaid, microphone, microwave, monkey, moon,
    mosquito, motorbike, mountain, mouse, moustache, mouth, mug, mushroom, nail, necklace, nose, ocean, octagon,
    octopus, onion, oven, owl, paintbrush, paint can, palm tree, panda, pants, paper clip, parachute, parrot,
    passport, peanut, pear, peas, pencil, penguin, piano, pickup truck, picture frame, pig, pillow, pineapple, pizza,
    pliers, police car, pond, pool, popsicle, postcard, potato, power outlet, purse, rabbit, raccoon, radio, rain,
    rainbow, rake, remote control, rhinoceros, rifle, river, roller coaster, rollerskates, sailboat, sandwich, saw,
    saxophone, school bus, scissors, scorpion, screwdriver, sea turtle, see saw, shark, sheep, shoe, shorts, shovel,
    sink, skateboard, skull, skyscraper, sleeping bag, smiley face, snail, snake, snorkel, snowflake, snowman, soccer
    ball, sock, speedboat, spider, spoon, spreadsheet, square, squiggle, squirrel, stairs, star, steak, stereo,
    stethoscope, stitches, stop sign, stove, strawberry, streetlight, string bean, submarine, suitcase, sun, swan,
    sweater, swing set, sword, syringe, table, teapot, teddy-bear, telephone, television, tennis racquet, tent, The
    Eiffel Tower, The Great Wall of China, The Mona Lisa, tiger, toaster, toe, toilet, tooth, toothbrush, toothpaste,
    tornado, tractor, traffic light, train, tree, triangle, trombone, truck, trumpet, t-shirt, umbrella, underwear,
    van, vase, violin, washing machine, watermelon, waterslide, whale, wheel, windmill, wine bottle, wine glass,
    wristwatch, yoga, zebra, zigzag
    """.split(",")
)


@dataclass(frozen=True)
class Split:
    """Drawings and the number of each one's class: a list of n sketches in pixels, int64 (n,)."""

    sketches: list[np.ndarray]
    labels: np.ndarray


@dataclass(frozen=True)
class DataSet:
    """Drawings of several classes, split as sketch-rnn splits them; label i means `classes[i]`.

    `scale` is the standard deviation of all dx and dy of the training drawings, in pixels: a model divides by it on
    the way in and multiplies on the way out (Ha & Eck, arXiv 1704.03477, section 3.1). The sketches stay in pixels.
    `source` is "quickdraw" for people's drawings, "sample" for those that a released model drew itself, "traced" for
    those from a folder of pictures.
    """

    classes: tuple[str, ...]
    train: Split
    valid: Split
    test: Split
    scale: float
    source: str


def load(classes: Sequence[str], source: str = "auto", allow_sample: bool = False, limit: int | None = None) -> DataSet:
    """The drawings of some of the 345 `CLASSES`, at most `limit` of each class in each split.

    `source` is "local" (`data/quickdraw/sketchrnn/<class>.npz`, where downloads lie too), "download" (fetched anew),
    "sample" (`data/sample`, drawn by a model), or "auto": local, and what is missing there is downloaded; where that
    fails and `allow_sample` is set, all classes come from the sample instead, and a printed notice says so.
    Raises ValueError for an unknown class or source, FileNotFoundError, and DownloadError.
    """
    classes = [classes] if isinstance(classes, str) else list(classes)
    _check_classes(classes)
    if source not in ("auto", "local", "download", "sample"):
        raise ValueError(f"source is {source!r}; it must be 'auto', 'local', 'download' or 'sample'")
    if source == "sample":
        return _load_sample(classes, limit)
    paths = [DATA / "quickdraw" / "sketchrnn" / f"{name}.npz" for name in classes]
    try:
        for name, path in zip(classes, paths, strict=True):
            if source == "download" or (source == "auto" and not path.exists()):
                download(name)
    except DownloadError as error:
        if not (source == "auto" and allow_sample):
            raise
        print(f"No Quick, Draw! drawings: {error}.")
        return _load_sample(classes, limit)
    drawings = {}
    for name, path in zip(classes, paths, strict=True):
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there; put it there, or load with source='auto' to download it")
        verify(path)
        drawings[name] = {split: read(path, split)[:limit] for split in SPLITS}
    return make_dataset(drawings, "quickdraw")


def download(name: str, form: str = "sketchrnn") -> Path:
    """Fetch one class into `data/quickdraw/<form>`, from `MIDSTROKE_QUICKDRAW_URL` if set. Anew if it is already there.

    `form` is "sketchrnn" (.npz, 75,000 drawings) or "simplified" (.ndjson, all of them). Raises ValueError for an
    unknown class or form, and as `download.fetch`.
    """
    _check_classes([name])
    forms = {"sketchrnn": ("sketchrnn", "npz", _check_zip), "simplified": ("full/simplified", "ndjson", _check_lines)}
    if form not in forms:
        raise ValueError(f"form is {form!r}; it must be 'sketchrnn' or 'simplified'")
    folder, suffix, check = forms[form]
    base = os.environ.get("MIDSTROKE_QUICKDRAW_URL") or BUCKET
    url = f"{base.rstrip('/')}/{folder}/{quote(name)}.{suffix}"
    return fetch(url, DATA / "quickdraw" / form / f"{name}.{suffix}", check)


def make_dataset(drawings: Mapping[str, Mapping[str, Sequence[np.ndarray]]], source: str) -> DataSet:
    """One data set of `{class: {split: sketches}}`, class after class in the order given."""
    splits = []
    for split in SPLITS:
        lengths = [len(of_class[split]) for of_class in drawings.values()]
        sketches = [sketch for of_class in drawings.values() for sketch in of_class[split]]
        splits.append(Split(sketches, np.repeat(np.arange(len(lengths)), lengths)))
    if not splits[0].sketches:
        raise ValueError("no training drawings: the scale of a data set is theirs")
    scale = float(np.concatenate([sketch[:, :2] for sketch in splits[0].sketches]).std(dtype=np.float64))
    if scale == 0:
        raise ValueError("all training drawings are dots: there is no scale to take from them")
    return DataSet(tuple(drawings), *splits, scale=scale, source=source)


# what a saved data set holds: the kinds of dtype and the number of dimensions of each array
ARRAYS = {"classes": ("U", 1), "scale": ("f", 0), "source": ("U", 0)} | {
    f"{split}_{part}": form
    for split in SPLITS
    for part, form in {"points": ("if", 2), "lengths": ("i", 1), "labels": ("i", 1)}.items()
}


def save_dataset(dataset: DataSet, path: str | Path) -> None:
    """Write a data set as one .npz of plain arrays, no pickle: per split all points, lengths and labels."""
    with memory_for(path):
        arrays = _to_arrays(dataset)
    with atomic(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def _to_arrays(dataset: DataSet) -> dict[str, np.ndarray]:
    arrays = {"classes": np.array(dataset.classes), "scale": dataset.scale, "source": dataset.source}
    for name in SPLITS:
        split = getattr(dataset, name)
        rows, lengths = flat(split.sketches)
        if faults := find_faults(rows, lengths):
            index, reason = min(faults.items())
            raise ValueError(f"{name} drawing {index + 1} cannot be saved: {reason}")
        whole = (rows == np.rint(rows)).all()  # most are: half the size
        arrays[f"{name}_points"] = rows.astype(np.int16) if whole else rows
        arrays[f"{name}_lengths"] = lengths.astype(np.int32)
        arrays[f"{name}_labels"] = split.labels.astype(np.int32)
    return arrays


def open_dataset(path: str | Path) -> DataSet:
    """The data set that `save_dataset` wrote. Raises ValueError for a file of another format, or a damaged one."""
    path = Path(path)
    arrays = dict(zip(ARRAYS, read_arrays(path, ARRAYS), strict=True))
    for name, (kinds, dimensions) in ARRAYS.items():
        if arrays[name].dtype.kind not in kinds or arrays[name].ndim != dimensions:
            raise ValueError(f"{path}: {name} is not what save_dataset writes; make the file anew")
    classes, scale = tuple(arrays["classes"].tolist()), float(arrays["scale"])
    if not 0 < scale < np.inf:
        raise ValueError(f"{path}: a scale of {scale} divides nothing; make the file anew")
    splits = []
    for split in SPLITS:
        points, lengths, labels = (arrays[f"{split}_{part}"] for part in ("points", "lengths", "labels"))
        fits = 0 <= lengths.min(initial=0) <= lengths.max(initial=0) <= len(points) == lengths.sum()
        if labels.shape != lengths.shape or not fits or points.shape[1] != 3:
            raise ValueError(f"{path}: the arrays of {split} do not fit each other; make the file anew")
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
            raise ValueError(f"{path}: {split} has labels outside its {len(classes)} classes; make the file anew")
        with memory_for(path):
            points = points.astype(np.float32)
            if faults := find_faults(points, lengths):
                index, reason = min(faults.items())
                raise ValueError(f"{path}: {split} drawing {index + 1}: {reason}; make the file anew")
            splits.append(Split(unflat(points, lengths), labels.astype(np.int64)))
    return DataSet(classes, *splits, scale=scale, source=str(arrays["source"]))


def _check_zip(path: Path) -> None:
    """Raises ValueError where a download is not a whole .npz: a login page, say, or pieces of two versions."""
    try:
        with open(path, "rb") as file:
            broken = open_npz(file).testzip()
    except Exception as error:  # a broken zip raises anything at all
        raise ValueError(f"it is not a .npz file: {error}") from error
    if broken:
        raise ValueError(f"{broken} in it is damaged")


def _check_lines(path: Path) -> None:
    """Raises ValueError where a download is not lines of drawings, or its last line is not whole."""
    with open(path, "rb") as file:
        first = file.readline(MAX_LINE)
        file.seek(-min(1, path.stat().st_size), os.SEEK_END)
        if not (first.startswith(b"{") and b'"drawing"' in first and file.read() == b"\n"):
            raise ValueError("it is not an .ndjson file of drawings, or not all of one")


def _load_sample(classes: Sequence[str], limit: int | None) -> DataSet:
    folder = DATA / "sample"
    missing = [name for name in classes if not (folder / f"{name}.npz").exists()]
    if missing:
        there = ", ".join(sorted(path.stem for path in folder.glob("*.npz"))) or "nothing"
        raise FileNotFoundError(f"the sample in {folder} has no {', '.join(missing)}; it has {there}")
    print(
        "These drawings are the SAMPLE: a released Midstroke model drew them, not people. "
        "They show how a chapter runs; no number measured on them says anything about people's drawings."
    )
    drawings = {}
    for name in classes:
        sample = open_dataset(folder / f"{name}.npz")
        drawings[name] = {split: getattr(sample, split).sketches[:limit] for split in SPLITS}
    return make_dataset(drawings, "sample")


def _check_classes(names: Sequence[str]) -> None:
    if not names:
        raise ValueError("no class is named; helpers.quickdraw.CLASSES lists the 345")
    if len(set(names)) < len(names):
        raise ValueError(f"a class is named twice in {', '.join(names)}")
    for name in names:
        if name not in CLASSES:
            lower = {known.lower(): known for known in CLASSES}
            near = [lower[match] for match in difflib.get_close_matches(str(name).lower(), lower, n=3, cutoff=0.5)]
            hint = f"did you mean {', '.join(near)}?" if near else "helpers.quickdraw.CLASSES lists the 345"
            raise ValueError(f"Quick, Draw! has no class {name!r}; {hint}")
