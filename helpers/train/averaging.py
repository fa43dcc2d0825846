"""The mean of networks that came of one: python -m helpers.train.averaging --help"""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers.data.dataset import load_drawings
from helpers.draw.decoding import encode
from helpers.model import prior, vae
from helpers.model.card import commands, write_card
from helpers.train.batches import short_enough, simplified
from helpers.train.vae import card_rows, evaluate


def average(models: Sequence[vae.SketchVAE]) -> vae.SketchVAE:
    """A network whose weights are the mean of others', which began with the same ones and learned on apart.

    Where two stages of training have each gained something and lost something else, their mean often has most of both
    (Wortsman et al., arXiv 2203.05482).

    Parameters
    ----------
    models : sequence of SketchVAE
        Of the same settings, but for the mean length of what they learned from.

    Returns
    -------
    SketchVAE
        Without a fitted prior.

    Raises
    ------
    ValueError
        For fewer than two, and for networks that are not of one kind.
    """
    if len(models) < 2:
        raise ValueError(f"{len(models)} network has no mean: name two or more")
    first = models[0]
    for other in models[1:]:
        apart = [name for name, own in vars(first.settings).items() if getattr(other.settings, name) != own]
        if apart and apart != ["mean_points"]:
            raise ValueError(f"the networks differ in {', '.join(apart)}: their mean would be none of them")
    mean = vae.SketchVAE(first.settings)
    mean.set_weights([np.mean(weights, axis=0) for weights in zip(*(m.get_weights() for m in models), strict=True)])
    return mean


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m helpers.train.averaging",
        description="Release the mean of models in data/models that were trained on from the same one.",
    )
    parser.add_argument("name", help="of the model in data/models that is written")
    parser.add_argument("models", nargs="+", metavar="model", help="the others; two or more")
    arguments = parser.parse_args()
    models = [vae.load_model(name) for name in arguments.models]
    try:
        mean = average(models)
    except ValueError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    command = shlex.join(["python", "-m", "helpers.train.averaging", *sys.argv[1:]])
    print(_release(mean, arguments.name, arguments.models, models, command))


def _release(
    mean: vae.SketchVAE, name: str, names: Sequence[str], models: Sequence[vae.SketchVAE], command: str
) -> Path:
    """Saves the mean of models to `data/models` with its card, its prior fitted to people's drawings."""
    data = load_drawings(mean.settings.classes)
    facts = models[-1].facts
    split = short_enough(simplified(data.train, facts["plan"].get("simplify", 0)), mean.settings.max_points)
    mean.prior = prior.fit_prior(encode(mean, split.sketches), split.labels, len(data.classes))
    before = dict.fromkeys(line for model in models for line in commands(model.facts))
    facts = facts | {"start": "\n".join(before), "command": command, "mean of": list(names)}
    facts["test"] = evaluate(mean, data.test)
    path = vae.save_model(mean, name, facts)
    write_card(path, card_rows(mean.settings, facts), facts, "model.load_model")
    return path


if __name__ == "__main__":
    main()
