"""Quick, Draw! by class name: the 345 classes, and their download.

Drawings by players of Quick, Draw!, made available by Google under CC BY 4.0:
https://github.com/googlecreativelab/quickdraw-dataset
"""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from helpers.data.download import fetch
from helpers.data.ndjson import MAX_LINE
from helpers.data.npz import open_npz
from helpers.paths import DATA

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

# the 32 that the judge tells apart, chapters draw, and the tracer has learned the order of strokes from
JUDGED = tuple(
    """
    backpack bear bicycle bird bus camel car cat cloud crab dog ear elephant eye eyeglasses face fish flower hat house
    lightning mosquito mouth nose owl pig rabbit sheep shoe sun tree yoga
    """.split()
)


def download_class(name: str, form: str = "sketchrnn") -> Path:
    """Fetches one class, anew if it is already there.

    Parameters
    ----------
    name : str
        Of the 345.
    form : {"sketchrnn", "simplified"}
        75,000 drawings as .npz, or all of them as .ndjson.

    Returns
    -------
    Path
        In `data/quickdraw/<form>`. It comes from `MIDSTROKE_QUICKDRAW_URL` where that is set.

    Raises
    ------
    ValueError
        For an unknown class or form.
    DownloadError
        As `download.fetch`.
    """
    check_classes([name])
    forms = {"sketchrnn": ("sketchrnn", "npz", _check_zip), "simplified": ("full/simplified", "ndjson", _check_lines)}
    if form not in forms:
        raise ValueError(f"form is {form!r}; it must be 'sketchrnn' or 'simplified'")
    folder, suffix, check = forms[form]
    base = os.environ.get("MIDSTROKE_QUICKDRAW_URL") or BUCKET
    url = f"{base.rstrip('/')}/{folder}/{quote(name)}.{suffix}"
    return fetch(url, DATA / "quickdraw" / form / f"{name}.{suffix}", check)


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


def check_classes(names: Sequence[str]) -> None:
    """ValueError for no class, one named twice, and one that Quick, Draw! does not have, with those most like it."""
    if not names:
        raise ValueError("no class is named; helpers.data.CLASSES lists the 345")
    if len(set(names)) < len(names):
        raise ValueError(f"a class is named twice in {', '.join(names)}")
    for name in names:
        if name not in CLASSES:
            lower = {known.lower(): known for known in CLASSES}
            near = [lower[match] for match in difflib.get_close_matches(str(name).lower(), lower, n=3, cutoff=0.5)]
            hint = f"did you mean {', '.join(near)}?" if near else "helpers.data.CLASSES lists the 345"
            raise ValueError(f"Quick, Draw! has no class {name!r}; {hint}")
