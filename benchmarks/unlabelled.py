"""Four clusters without labels: groups that are found in z stand in for the classes of the prior by class.

Run: python benchmarks/unlabelled.py PLAIN, with a network that was trained without labels: face-parts' by the first
command on its card. Groups of its z are looked for, and a data set that knows these groups and no class is written to
data/work/unlabelled.npz, with the command that trains on it. Then: python benchmarks/unlabelled.py MODEL --measure.
docs/training.md has the numbers.

The groups are communities (Blondel et al., arXiv 0803.0476) in the graph that joins each training drawing with the ten
nearest by the angle, in z whitened in its first 64 principal components. That groups be the classes to train by is the
idea of DeepCluster (Caron et al., arXiv 1807.05520). Labels are used to say how pure the groups are, and to measure.
"""

import argparse

import networkx as nx
import numpy as np
from sklearn.decomposition import PCA

from helpers.data.dataset import DataSet, load_drawings, make_dataset, save_dataset
from helpers.draw.decoding import encode
from helpers.draw.rereading import sample
from helpers.evaluate.classifier import load_judge
from helpers.evaluate.metrics import recognised, variety
from helpers.latent.nearest import by_angle, neighbours, probe, separation, strays
from helpers.latent.tsne import embed
from helpers.model import vae
from helpers.paths import DATA

PARTS = "ear", "eye", "mouth", "nose"
GROUPS = DATA / "work" / "unlabelled.npz"
NEAREST = 10
DIMENSIONS = 64
RESOLUTION = 0.3  # of modularity: at 1, as it was first defined, the groups are more and smaller
TRAIN = (
    "python -m helpers.train face-parts-unlabelled --data {file} --start {start} --position --prior class --radius 7 "
    "--kl-weight 0.1 --anneal 1 --learning-rate 0.0005 --steps 3000 --epoch 250"
)
ON_MAP, BANK = 50, 4000  # drawings of each class
TEMPERATURE = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", help="the network in whose z groups are looked for, or that is measured")
    parser.add_argument("--measure", action="store_true", help="measure the network, and look for no groups")
    parser.add_argument("--drawings", type=int, default=1000, help="samples that are measured")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model, data = vae.load_model(arguments.model), load_drawings(PARTS)
    if arguments.measure:
        tell(model, data, arguments.drawings, arguments.seed)
        return
    grouped = group(model, data, arguments.seed)
    save_dataset(grouped, GROUPS)
    for name, members in zip(grouped.classes, members_of(grouped, data), strict=True):
        print(f"{name}: {members.sum():,} training drawings; " + ", ".join(map(str, members)) + f" of {PARTS}")
    pure = sum(members.max() for members in members_of(grouped, data)) / len(data.train.labels)
    print(f"of the class that is most frequent in their group: {pure:.1%}")
    print("now:", TRAIN.format(file=GROUPS, start=arguments.model))


def group(model: vae.SketchVAE, data: DataSet, seed: int) -> DataSet:
    """The drawings by group in place of class, in the order that they had; the largest group first."""
    split = {name: getattr(data, name).sketches for name in ("train", "valid", "test")}
    z = {name: encode(model, sketches).astype(float) for name, sketches in split.items()}
    whitened = PCA(DIMENSIONS, whiten=True, random_state=seed).fit(z["train"])
    z = {name: by_angle(whitened.transform(each)) for name, each in z.items()}
    near = neighbours(z["train"], NEAREST)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(near)))
    graph.add_edges_from((i, int(j)) for i, row in enumerate(near) for j in row)
    found = sorted(nx.community.louvain_communities(graph, resolution=RESOLUTION, seed=seed), key=len, reverse=True)
    of = {"train": np.empty(len(near), int)}
    for number, members in enumerate(found):
        of["train"][list(members)] = number
    for name in ("valid", "test"):  # that of most of the ten nearest training drawings
        votes = of["train"][neighbours(z[name], NEAREST, z["train"])]
        of[name] = np.array([np.bincount(row, minlength=len(found)).argmax() for row in votes])
    return make_dataset(
        {
            f"group {number + 1}": {
                name: [sketches[i] for i in np.flatnonzero(of[name] == number)] for name, sketches in split.items()
            }
            for number in range(len(found))
        },
        data.source,
    )


def members_of(grouped: DataSet, data: DataSet) -> np.ndarray:
    """(groups, classes): how many training drawings of each class are in each group; drawings are known by content."""
    label = {sketch.tobytes(): int(c) for sketch, c in zip(data.train.sketches, data.train.labels, strict=True)}
    counts = np.zeros((len(grouped.classes), len(data.classes)), int)
    for sketch, number in zip(grouped.train.sketches, grouped.train.labels, strict=True):
        counts[number, label[sketch.tobytes()]] += 1
    return counts


def tell(model: vae.SketchVAE, data: DataSet, n: int, seed: int) -> None:
    """What `benchmarks/recognition.py` tells of face-parts, of a network that knows groups or nothing."""
    judge, rng = load_judge(), np.random.default_rng(seed)
    tests, bank = (
        np.concatenate([np.flatnonzero(labels == label)[:each] for label in range(len(PARTS))])
        for labels, each in ((data.test.labels, ON_MAP), (data.train.labels, BANK))
    )
    z = encode(model, data.test.sketches).astype(float)
    every = encode(model, [data.train.sketches[i] for i in bank]).astype(float)
    labels, bank_labels = data.test.labels[tests], data.train.labels[bank]
    alone = separation(by_angle(z[tests]), labels)
    banked = separation(by_angle(z[tests]), labels, bank=(by_angle(every), bank_labels))
    print(f"of the {NEAREST} nearest of its class, {len(tests)} alone: {alone.agreement:.1%}", end="; ")
    print(f"in a bank of {len(bank):,}: {banked.agreement:.1%}")
    print(f"t-SNE: {strays(embed(z[tests], seed=seed), labels).sum()} on another class's island", end="; ")
    print(f"linear probe: {probe(every, bank_labels, z, data.test.labels):.1%}")
    real = [data.test.sketches[i] for i in rng.permutation(len(data.test.sketches))[:n]]
    for prior in ("trained", "fitted"):
        drawn = sample(model, n, prior, TEMPERATURE, seed, tries=1)
        seen = recognised(judge, drawn, *PARTS).mean()
        print(f"{n:,} from the {prior} prior: {seen:.1%} recognised, recall {variety(judge, drawn, real).recall:.2f}")
    print(f"people's: {recognised(judge, real, *PARTS).mean():.1%}")


if __name__ == "__main__":
    main()
