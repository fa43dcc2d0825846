"""Where recall is lost: parts of a face from the prior, from z of people's drawings, and with odd ones among them.

Run: python benchmarks/recall.py [--model MODEL] [--seed SEED]. It needs real drawings of the model's classes
(data/quickdraw, or the network). The table is docs/training.md's.
"""

import argparse

import numpy as np
from field import as_table, deal

from helpers.data.dataset import load_drawings
from helpers.draw.decoding import decode, encode
from helpers.draw.priors import sample_z
from helpers.evaluate.distribution import overlap
from helpers.evaluate.judge import load_judge
from helpers.evaluate.metrics import recognised
from helpers.model import vae

N = 1000
ODD = 0.1  # share of the drawings whose z come from N(0, I), where most z show no class
TEMPERATURES = 0.2, 0.4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default="face-parts")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model, judge = vae.load_model(arguments.model), load_judge()
    data = load_drawings(model.settings.classes)
    people = {part: deal(data, part, N) for part in ("train", "valid", "test")}
    trained, fitted = (sample_z(model, N, prior, arguments.seed, data.classes) for prior in ("trained", "fitted"))
    odd = np.arange(N)[:, None] < ODD * N
    z = {
        "the prior it was trained toward": trained,
        f"the same, but {ODD:.0%} of N(0, I)": np.where(odd, sample_z(model, N, "normal", arguments.seed), trained),
        "the fitted Gaussians": fitted,
        "people's training drawings": encode(model, people["train"]),
        "the test drawings themselves": encode(model, people["test"]),
    }
    drawn = {
        (what, f"{temperature}"): decode(model, some, temperature, arguments.seed)
        for temperature in TEMPERATURES
        for what, some in z.items()
    }
    drawn["no network: people's validation drawings", ""] = people["valid"]
    real, rows = judge.features(people["test"]), []
    for what, group in drawn.items():
        shares = overlap(judge.features(group), real)
        known = recognised(judge, group, *data.classes).mean()
        rows.append((*what, f"{known:.1%}", *(f"{share:.2f}" for share in shares)))
    print(f"{N:,} drawings of {arguments.model}, each drawn once, seed {arguments.seed}, beside test drawings, k = 3")
    print(as_table(("z of", "temperature", "recognised", "precision", "recall", "density", "coverage"), rows))


if __name__ == "__main__":
    main()
