"""How the two released networks learned: drawings of their first steps before the judge, for chapter 02.

Run: python benchmarks/early_steps.py --help. It needs the networks' runs (data/work/runs), trained by the commands in
their model cards, and real drawings. What it finds goes to data/models/early-steps.json. About 10 minutes on 2 cores.
"""

import argparse
import json

import numpy as np

from helpers.data.dataset import DataSet, load_drawings
from helpers.draw.decoding import encode
from helpers.draw.rereading import sample
from helpers.evaluate.judge import Judge, load_judge
from helpers.evaluate.metrics import recognised
from helpers.model import prior, vae
from helpers.paths import DATA, MODELS, atomic
from helpers.sketch.summaries import measure, summarise
from helpers.train.loop import MILESTONES, make_optimizer
from helpers.train.plan import Plan

RUNS = {"CNN": "face-parts", "RNN": "face-parts-rnn"}
TEMPERATURE = 0.2
SHOWN = 12  # drawings of each step that are kept to be shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--drawings", type=int, default=1000, help="of each measure")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    judge, found = load_judge(), {}
    for encoder, name in RUNS.items():
        last = vae.load_model(name)
        data = load_drawings(last.settings.classes)
        steps = [*MILESTONES, last.facts["plan"]["steps"]]
        networks = [*(at_step(last, name, step, data) for step in MILESTONES), last]
        rows = [
            {"step": step} | looked_at(judge, network, arguments) for step, network in zip(steps, networks, strict=True)
        ]
        found[encoder] = rows
    real = data.test.sketches
    metrics = measure(real)
    people = {
        "recognised": float(recognised(judge, real, *data.classes).mean()),
        **{key: float(summarise(metrics[key]).mean) for key in ("closure", "symmetry")},
    }
    facts = {"drawings": arguments.drawings, "seed": arguments.seed, "temperature": TEMPERATURE}
    with atomic(MODELS / "early-steps.json") as temporary:
        temporary.write_text(json.dumps({"facts": facts, "people": people, "networks": found}))
    for encoder, rows in found.items():
        for row in rows:
            print(encoder, {key: value for key, value in row.items() if key != "sketches"})
    print("people", people)


def at_step(model: vae.SketchVAE, run: str, step: int, data: DataSet) -> vae.SketchVAE:
    """The network of a run as it was at a step, with the prior that it had then."""
    network = vae.SketchVAE(model.settings)
    network.compile(make_optimizer(network, Plan(**model.facts["plan"])))  # what was saved had one
    network.load_weights(DATA / "work" / "runs" / run / f"step-{step}.weights.h5")
    short = [i for i, sketch in enumerate(data.train.sketches) if len(sketch) <= model.settings.max_points]
    z = encode(network, [data.train.sketches[i] for i in short])
    network.prior = prior.fit_prior(z, data.train.labels[short], len(data.classes))
    return network


def looked_at(judge: Judge, network: vae.SketchVAE, arguments: argparse.Namespace) -> dict:
    """What 1,000 samples of a network are worth, and the first of them, points rounded to whole pixels."""
    n, seed, classes = arguments.drawings, arguments.seed, network.settings.classes
    normal = sample(network, n, "normal", TEMPERATURE, seed)
    fitted = sample(network, n, "fitted", TEMPERATURE, seed, classes, tries=1)
    metrics = measure(fitted)
    return {
        "normal": float(recognised(judge, normal, *classes).mean()),
        "fitted": float(recognised(judge, fitted, *classes).mean()),
        "closure": float(summarise(metrics["closure"]).mean),
        "symmetry": float(summarise(metrics["symmetry"]).mean),
        "sketches": [np.rint(sketch).astype(int).tolist() for sketch in fitted[:SHOWN]],
    }


if __name__ == "__main__":
    main()
