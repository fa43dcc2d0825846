"""Trains a network without a notebook:

python -m helpers.train --help
"""

import argparse
import shlex
import sys
from dataclasses import fields

from helpers.data.dataset import load_drawings, open_dataset
from helpers.train import distribution
from helpers.train.distribution import pick_strategy
from helpers.train.plan import Plan
from helpers.train.vae import release, train


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.train",
        description="Train a network without a notebook; run again to resume. TF_CONFIG names several machines.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("name", help="of the run, and of the model in data/models")
    parser.add_argument(
        "--classes",
        nargs="+",
        required=True,
        metavar="CLASS",
        default=argparse.SUPPRESS,
        help="Quick, Draw! categories",
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
    arguments = vars(parser.parse_args())
    name, classes, source = (arguments.pop(key) for key in ("name", "classes", "source"))
    start, also = arguments.pop("start"), arguments.pop("also")
    settings = {key: arguments.pop(key) for key in ("encoder", "z_size", "units", "position", "view")}
    plan = Plan(**arguments)
    data = load_drawings(classes, source)
    own = [open_dataset(path) for path in also]
    command = shlex.join(["python", "-m", "helpers.train", *sys.argv[1:]])
    with distribution.rejoining():
        strategy = pick_strategy()
        model = train(data, name, plan, start=start, also=own, strategy=strategy, **settings)
        if distribution.is_chief(strategy):
            path = release(model, name, data, plan, command, start, own)
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, and its card beside it")
        distribution.from_chief(strategy, 0)  # the others wait: a chief that is killed before it has written needs them


if __name__ == "__main__":
    main()
