"""The sample that ships: released models draw data/sample.

python -m helpers.draw.samples --help
"""

import argparse

import numpy as np

from helpers.data.chunks import SPLITS
from helpers.data.dataset import DataSet, make_dataset, save_dataset
from helpers.draw.rereading import sample
from helpers.model.vae import SketchVAE, load_model
from helpers.paths import DATA


def draw_sample(model: SketchVAE, name: str, n: int, seed: int = 0) -> DataSet:
    """n drawings of one class by a model, in whole pixels, split 70 : 15 : 15, as the data set that ships.

    The first n that ended by themselves: some scribble on until they are stopped.
    """
    drawn = sample(model, 2 * n, temperature=0.3, seed=seed, classes=[name], tries=1)
    sketches = [np.rint(sketch) for sketch in drawn if len(sketch) < model.settings.max_points][:n]
    if len(sketches) < n:
        raise ValueError(
            f"only {len(sketches)} of {2 * n} drawings of {name} came to an end; train the model for longer"
        )
    cuts = [round(0.7 * n), round(0.85 * n)]
    parts = (sketches[: cuts[0]], sketches[cuts[0] : cuts[1]], sketches[cuts[1] :])
    return make_dataset({name: dict(zip(SPLITS, parts, strict=True))}, "sample")


def main() -> None:
    parser = argparse.ArgumentParser(description="Let released models draw data/sample.")
    parser.add_argument("models", nargs="+", help="names in data/models")
    parser.add_argument("--drawings", type=int, default=400, help="of each class")
    arguments = parser.parse_args()
    for model in map(load_model, arguments.models):
        for name in model.settings.classes:
            save_dataset(draw_sample(model, name, arguments.drawings), DATA / "sample" / f"{name}.npz")


if __name__ == "__main__":
    main()
