"""A network's own best drawings, to learn from beside people's.

python -m helpers.evaluate.rehearsal --help
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from helpers.data.dataset import DataSet, make_dataset, save_dataset
from helpers.draw.decoding import decode
from helpers.draw.library import read_margins
from helpers.draw.priors import class_index, sample_z
from helpers.evaluate.judge import Judge, load_judge
from helpers.evaluate.metrics import check_known
from helpers.model.vae import SketchVAE, load_model
from helpers.sketch.cohesion import count_small_strokes

BATCH = 500  # drawings of a class between looks at how many are good
TEMPERATURE = 0.25
LEAST = 0.5  # how probable its class is for the judge in a drawing that is kept: recognised
COST = 0.1  # what each small stroke takes from the logarithm of the probability


def rehearse(
    model: SketchVAE,
    judge: Judge,
    each: int = 1500,
    tries: int = 5,
    seed: int = 0,
    classes: Sequence[str] | None = None,
) -> DataSet:
    """A network's own drawings from which it may learn: those that end by themselves and show their class.

    From people's drawings alone a decoder learns what follows on what people drew, and goes astray on what it drew
    itself. Trained on those of its own drawings that went well, beside people's, it goes astray less. This is
    reinforced self-training (Gulcehre et al., arXiv 2308.08998); the reward comes from a judge that takes no part in
    measuring.

    Parameters
    ----------
    model : SketchVAE
        Draws each of its classes, from z as `draw.sample` takes them.
    judge : Judge
        Says how probable a drawing's class is. Kept are drawings that both it and the network itself recognise, the
        most probable first; small strokes count against a drawing, since a judge does not see that they are scribbles.
    each : int
        How many of each class are kept. Where fewer went well, they are repeated.
    tries : int
        How many drawings of each class are made, in multiples of `each`.
    seed : int
        Of the drawings.
    classes : sequence of str, optional
        Which of the network's classes; all of them by default.

    Returns
    -------
    DataSet
        Only training drawings; its source is "rehearsed".

    Raises
    ------
    ValueError
        For a class that the judge does not know, or of which no drawing went well.
    """
    classes = classes or model.settings.classes
    check_known(judge, classes)
    kept = {}
    with tqdm(total=each * tries * len(classes), unit="drawing") as bar:
        for name in classes:
            drawn = []
            for begin in range(0, each * tries, BATCH):
                one = seed + 1_000_000 * class_index(model, name) + begin
                n = min(BATCH, each * tries - begin)
                drawn += decode(model, sample_z(model, n, seed=one, classes=[name]), TEMPERATURE, one)
                bar.update(n)
            best = best_of(model, judge, drawn, name, each)
            bar.write(f"{name}: {len(best):,} of {len(drawn):,} drawings")
            kept[name] = {"train": [best[i] for i in np.resize(np.arange(len(best)), each)], "valid": [], "test": []}
    return make_dataset(kept, "rehearsed")


def best_of(model: SketchVAE, judge: Judge, drawn: Sequence[np.ndarray], name: str, n: int) -> list[np.ndarray]:
    """The n drawings of a class that went best, as `rehearse` defines it, in whole pixels; ValueError if none did."""
    ended = [np.rint(sketch) for sketch in drawn if len(sketch) < model.settings.max_points]
    if not ended:
        raise ValueError(f"of {len(drawn):,} drawings of {name} none came to an end: train the network longer")
    shown = judge.probabilities(ended)[:, judge.classes.index(name)]
    good = shown >= LEAST
    if len(model.settings.classes) > 1:
        good &= read_margins(model, ended, name) > 0
    if not good.any():
        raise ValueError(f"of {len(drawn):,} drawings of {name} the judge recognises none: train the network longer")
    went_well = [ended[i] for i in np.flatnonzero(good)]
    value = np.log(shown[good]) - COST * np.array([count_small_strokes(sketch) for sketch in went_well])
    return [went_well[i] for i in np.argsort(-value, kind="stable")[:n]]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.evaluate.rehearsal",
        description="Draw with a network, keep what went well, to train it on: python -m helpers.train --also FILE.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("model", help="in data/models, or a path")
    parser.add_argument("file", type=Path, help="to write, .npz")
    parser.add_argument("--judge", default="chooser", help="in data/models, who chooses; not the one who measures")
    parser.add_argument("--each", type=int, default=1500, help="drawings of a class that are kept")
    parser.add_argument("--tries", type=int, default=5, help="drawings of a class that are made, in --each")
    parser.add_argument("--seed", type=int, default=0, help="of the drawings")
    parser.add_argument("--classes", nargs="+", metavar="CLASS", help="of the model's; all of them if left out")
    arguments = parser.parse_args()
    drawn = rehearse(
        load_model(arguments.model),
        load_judge(arguments.judge),
        arguments.each,
        arguments.tries,
        arguments.seed,
        arguments.classes,
    )
    save_dataset(drawn, arguments.file)
    print(f"{arguments.file}: {len(drawn.train.sketches):,} drawings")


if __name__ == "__main__":
    main()
