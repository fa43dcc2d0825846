"""Trains a network without a notebook:

python -m helpers.train --help
"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise

from helpers.data.dataset import DataSet, load_drawings, open_dataset
from helpers.draw.rereading import sample
from helpers.draw.switching import Switched, switch
from helpers.figures.saving import save_figure
from helpers.figures.sheets import grid
from helpers.model.vae import SketchVAE, load_model
from helpers.paths import FIGURES
from helpers.trace.own import load_own
from helpers.train import distribution
from helpers.train.distribution import pick_strategy
from helpers.train.plan import Plan, check_run_name
from helpers.train.vae import check_releasable, release, train

SHOWN = 8  # drawings of each of so many classes, once it is trained on somebody's own


def main() -> None:
    parser = _parser()
    arguments = vars(parser.parse_args())
    name, start, also, given, classes, source = (
        arguments.pop(key) for key in ("name", "start", "also", "data", "classes", "source")
    )
    settings = {key: arguments.pop(key) for key in ("encoder", "z_size", "units", "position", "view")}
    try:  # before hours of work
        check_run_name(name)
        plan = Plan(**arguments)
        data = _load(given, classes, source)
        check_releasable(data)
        own = [open_dataset(path) for path in also]
        if start:
            load_model(start)
        if min(settings["z_size"], settings["units"]) < 1:
            raise ValueError("z-size and units must be 1 or more")
    except (ValueError, ImportError, OSError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    command = shlex.join(["python", "-m", "helpers.train", *sys.argv[1:]])
    with distribution.rejoining():
        strategy = pick_strategy()
        model = train(data, name, plan, start=start, also=own, strategy=strategy, **settings)
        if distribution.is_chief(strategy):
            path = release(model, name, data, plan, command, start, own)
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, and its card beside it")
            if given:
                _show(model, name)
                print(f"In a chapter: load_model({name!r})")
        distribution.from_chief(strategy, 0)  # the others wait: a chief that is killed before it has written needs them


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.train",
        description="Train a network without a notebook; run again to resume. TF_CONFIG names several machines.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("name", help="of the run, and of the model in data/models")
    parser.add_argument(
        "--classes",
        nargs="+",
        metavar="CLASS",
        help="Quick, Draw! categories; with --data, those of its classes that are wanted",
    )
    parser.add_argument(
        "--data",
        metavar="PATH",
        help="drawings of your own: a data set, a file of drawings, a folder of these, of pictures or of vector files, "
        "shards, Parquet",
    )
    parser.add_argument(
        "--encoder", choices=("cnn", "rnn"), default="cnn", help="sees the bitmap, or reads the strokes"
    )
    parser.add_argument("--z-size", type=int, default=512, help="dimensions of the latent vector")
    parser.add_argument("--units", type=int, default=512, help="of the decoder's LSTM")
    parser.add_argument("--position", action="store_true", help="tells the decoder where the pen is")
    parser.add_argument("--view", action="store_true", help="shows the decoder the ink around the pen")
    parser.add_argument("--start", help="a model in data/models whose weights it begins with")
    parser.add_argument(
        "--also",
        nargs="+",
        metavar="FILE",
        default=(),
        help="data sets whose training drawings are learned from too, as rehearsal writes them",
    )
    parser.add_argument("--source", choices=("auto", "local", "download"), default="auto", help="of drawings")
    for setting in fields(Plan):
        name = f"--{setting.name.replace('_', '-')}"
        parser.add_argument(name, type=setting.type, default=setting.default, help=setting.metadata["help"])
    return parser


def _load(given: str | None, classes: Sequence[str] | None, source: str) -> DataSet:
    if given:
        return load_own(given, classes)
    if not classes:
        raise ValueError("--classes names Quick, Draw! categories, or --data gives drawings of your own: which?")
    return load_drawings(classes, source)


def _show(model: SketchVAE, name: str) -> None:
    """What a model made of somebody's own drawings: some of each class, and each class finished as the next."""
    classes, name = model.settings.classes[:SHOWN], name.replace(".", "-")  # a figure's name has no dots
    drawn = [sketch for label in classes for sketch in sample(model, SHOWN, classes=[label])]
    save_figure(grid(drawn, SHOWN, row_labels=classes), f"{name}_samples")
    print(f"{FIGURES / f'{name}_samples.svg'}: drawn from random z")
    if len(classes) > 1:
        pairs = list(pairwise([*classes, classes[0]]))
        turned = Switched.concat(switch(model, first, second, n=SHOWN) for first, second in pairs)
        labels = [f"{first} to {second}" for first, second in pairs]
        save_figure(grid(turned.sketches, SHOWN, row_labels=labels, switches=turned.switches), f"{name}_switched")
        print(f"{FIGURES / f'{name}_switched.svg'}: begun as one, finished as another")


if __name__ == "__main__":
    main()
