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
from helpers.draw.priors import sample_z
from helpers.evaluate.classifier import Judge, load_judge
from helpers.evaluate.metrics import check_classes
from helpers.model.vae import SketchVAE, load_model

BATCH = 500  # drawings of a class between looks at how many are good
TEMPERATURE = 0.25
SURE = 0.8  # how probable a drawing's class should be for the judge
LEAST = 0.5  # how probable it is at least in one that is kept: recognised


def rehearse(
    model: SketchVAE,
    judge: Judge,
    each: int = 1500,
    tries: int = 5,
    seed: int = 0,
    classes: Sequence[str] | None = None,
) -> DataSet:
    """Drawings of a network's own from which it may learn: those that come to an end and show their class.

    A decoder learns from people's drawings alone what follows on what people drew, and goes astray on what it drew
    itself. Trained on those of its own drawings that went well, beside people's, it goes astray less. Reinforced
    self-training (Gulcehre et al., arXiv 2308.08998), the reward a judge that takes no part in measuring.

    Parameters
    ----------
    model : SketchVAE
        Draws each of its classes, from z as `draw.sample` takes them.
    judge : Judge
        Keeps the drawings in which their class is the most probable for it, of `SURE` and more if there are enough,
        of `LEAST` and more if not, and in which the network itself reads it too.
    each : int
        How many are kept of a class. Where fewer went well, these are in it several times over.
    tries : int
        How many are drawn of a class at most, in `each`.
    seed : int
        Of the drawings.
    classes : sequence of str, optional
        Which of the network's classes; all of them by default.

    Returns
    -------
    DataSet
        Training drawings alone, its source "rehearsed".

    Raises
    ------
    ValueError
        For a class that the judge does not know, or of which no drawing went well.
    """
    classes = classes or model.settings.classes
    check_classes(judge, classes)
    kept = {}
    with tqdm(total=each * len(classes), unit="drawing") as bar:
        for number, name in enumerate(classes):
            good, sure, drawn = [], [], 0
            while np.sum(np.array(sure) >= SURE) < each and drawn < tries * each:
                one = seed + 1_000_000 * number + drawn
                sketches = decode(model, sample_z(model, BATCH, seed=one, classes=[name]), TEMPERATURE, one)
                sketches = [np.rint(sketch) for sketch in sketches if len(sketch) < model.settings.max_points]
                shown = judge.probabilities(sketches)[:, judge.classes.index(name)]
                if len(model.settings.classes) > 1:
                    shown = np.where(read_margins(model, sketches, name) > 0, shown, 0)
                good += [sketches[i] for i in np.flatnonzero(shown >= LEAST)]
                sure += shown[shown >= LEAST].tolist()
                drawn += BATCH
            if not good:
                raise ValueError(f"of {drawn:,} drawings of {name} the judge recognises none: train the network longer")
            best = np.argsort(-np.array(sure), kind="stable")[:each]
            bar.write(f"{name}: {len(best):,} of {drawn:,} drawings")
            bar.update(each)
            kept[name] = {"train": [good[i] for i in np.resize(best, each)], "valid": [], "test": []}
    return make_dataset(kept, "rehearsed")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.evaluate.rehearsal",
        description="Draw with a network, keep what went well, to train it on: python -m helpers.train --also FILE.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("model", help="in data/models, or a path")
    parser.add_argument("file", type=Path, help="to write, .npz")
    parser.add_argument("--judge", default="second", help="in data/models, who chooses; not the one who measures")
    parser.add_argument("--each", type=int, default=1500, help="drawings of a class that are kept at most")
    parser.add_argument("--tries", type=int, default=5, help="drawings of a class that are made at most, in --each")
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
