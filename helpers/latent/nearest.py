"""The latent space as a map: where drawings lie, how well classes and kinds within a class stay together, a widget.

The numbers are measured in z, with all its dimensions. The map, two dimensions of it, is for the eye: t-SNE keeps
neighbours together and nothing else, so neither distances between groups nor their sizes mean anything in it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import anywidget
import numpy as np
import traitlets
from sklearn.cluster import KMeans
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from helpers.cohesion import UPRIGHT, closure, sharpest_turn, symmetry, to_the_right
from helpers.plots import MARKERS, MINDS
from helpers.strokes import fit, to_polylines

HERE = Path(__file__).parent
# a few hundred points gain nothing by more, and sums then come out the same on any number of cores
one_thread = threadpool_limits.wrap(limits=1)
# what can be said of a kind of drawing: the words for little and for much of it, and how it is measured
TRAITS: Mapping[str, tuple[str, str, Callable[[np.ndarray], float]]] = {
    "bulge": ("bulging left", "bulging right", to_the_right),
    "upright symmetry": ("lopsided", "symmetric", lambda sketch: symmetry(sketch, UPRIGHT)),
    "sharpest turn": ("round", "sharp", sharpest_turn),
    "closure": ("open", "closed", closure),
}


class Separation(NamedTuple):
    """How well classes stay together in z, of which each drawing's own class is the judge.

    `agreement`: the share of the k nearest neighbours that are of a drawing's own class, mean. `vote`: the share of
    drawings of whose neighbours more are of their own class than of any other. `silhouette`: -1..1, mean over drawings
    of (b - a) / max(a, b), a the mean distance to its own class, b to the nearest other one; above 0, a drawing lies
    nearer to its own. Rousseeuw (1987), doi 10.1016/0377-0427(87)90125-7.
    """

    agreement: float
    vote: float
    silhouette: float


class Kind(NamedTuple):
    """A sub-cluster: the numbers of its drawings, the nearest to its centre first; what is measured of them, mean by
    trait; and the words for what sets them apart from the rest of their class, the most telling first."""

    members: np.ndarray
    traits: dict[str, float]
    words: list[str]


class LatentMap(anywidget.AnyWidget):
    """A map to walk on, in JupyterLab: hover over a dot, click it, or go from dot to dot with the arrow keys, and see
    its drawing, the drawing as the model draws it again, and its nearest neighbours in z, which can be clicked in turn.

    points (N, 2) as `embed` gives them, the drawings and those drawn again (N each), the numbers of each one's
    neighbours (N, k) as `neighbours` gives them, and the classes: labels (N,) of `names`. `selected` is the number of
    the drawing that is shown. Raises ValueError where the counts do not match.
    """

    _esm = HERE / "maps.js"
    _css = HERE / "maps.css"
    drawings = traitlets.List().tag(sync=True)
    classes = traitlets.List().tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        points: np.ndarray,
        sketches: Sequence[np.ndarray],
        again: Sequence[np.ndarray],
        near: np.ndarray,
        labels: Sequence[int],
        names: Sequence[str],
    ) -> None:
        counts = {"drawings": sketches, "drawings drawn again": again, "rows of neighbours": near, "labels": labels}
        for what, values in counts.items():
            if len(values) != len(points):
                raise ValueError(f"{len(values)} {what} for {len(points)} points")
        if len(names) > len(MARKERS):
            raise ValueError(f"{len(names)} classes; a map tells at most {len(MARKERS)} apart")
        rows = zip(points, sketches, again, near, labels, strict=True)
        super().__init__(
            drawings=[
                {
                    "at": np.round(point, 4).tolist(),
                    "path": _path(sketch),
                    "again": _path(redrawn),
                    "near": [int(i) for i in its],
                    "label": int(label),
                }
                for point, sketch, redrawn, its, label in rows
            ],
            classes=[{"name": name, "mark": MARKERS[c], "color": c % len(MINDS)} for c, name in enumerate(names)],
        )

    @traitlets.validate("selected")
    def _within(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < len(self.drawings):
            raise ValueError(f"selected is {proposal['value']}; the map has drawings 0 to {len(self.drawings) - 1}")
        return proposal["value"]


def _path(sketch: np.ndarray) -> str:
    """A sketch as an SVG path in a square of 100, with a margin. A line of no length is a dot, given round caps."""
    fitted, origin = fit(sketch, 84)
    lines = to_polylines(fitted, origin + 8)
    pairs = [line if len(line) > 1 else line.repeat(2, axis=0) for line in lines]
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) for line in pairs)


def by_angle(z: np.ndarray) -> np.ndarray:
    """z (N, Z) scaled to length 1: straight distance between the results is, in order, the angle between the z."""
    return z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12)


@one_thread
def whiten(z: np.ndarray, prior: Sequence[np.ndarray]) -> np.ndarray:
    """z (N, Z) as the fitted prior (a `vae.Prior`) measures it: where drawings of one class differ counts for less.

    A linear map, after which the covariance within classes, as the prior has it of the training drawings, is nearly
    a sphere: straight distance is then Mahalanobis'. The covariance is first drawn halfway toward its mean variance,
    the target of Ledoit and Wolf (2004), doi 10.1016/S0047-259X(03)00096-4, so that directions that z does not use
    are not blown up. The prior knows the classes of its training drawings, so this measure does too.
    """
    mean, factors, noise, weight = (np.asarray(part, np.float64) for part in prior)
    if z.shape[1] != mean.shape[1]:
        raise ValueError(f"z has {z.shape[1]} dimensions, the prior {mean.shape[1]}")
    weight = weight / weight.sum()
    within = np.einsum("c,ckz,cky->zy", weight, factors, factors, optimize=True) + np.diag(weight @ noise**2)
    values, vectors = np.linalg.eigh(within)
    return (z - weight @ mean) @ (vectors / np.sqrt(values + values.mean()))


@one_thread
def neighbours(z: np.ndarray, k: int = 10) -> np.ndarray:
    """The numbers (N, k) of the k drawings nearest to each z (N, Z), nearest first, itself left out."""
    if not 0 < k < len(z):
        raise ValueError(f"{len(z)} drawings have no {k} neighbours each")
    # without an argument kneighbors leaves each point out of its own neighbours, also where another is equal to it
    return NearestNeighbors(n_neighbors=k).fit(z).kneighbors(return_distance=False)


@one_thread
def separation(z: np.ndarray, labels: np.ndarray, k: int = 10) -> Separation:
    """How well classes, labels (N,) in 0..C-1, stay together in z (N, Z), by k nearest neighbours and silhouette."""
    labels = np.asarray(labels)
    if len(labels) != len(z):
        raise ValueError(f"{len(labels)} labels for {len(z)} drawings")
    if len(np.unique(labels)) < 2:
        raise ValueError("all drawings are of one class: there is nothing to separate")
    votes = (labels[neighbours(z, k)][..., None] == np.arange(labels.max() + 1)).sum(axis=1)
    own = votes[np.arange(len(z)), labels]
    votes[np.arange(len(z)), labels] = -1
    return Separation(
        float(own.mean() / k), float((own > votes.max(axis=1)).mean()), float(silhouette_score(z, labels))
    )


@one_thread
def embed(z: np.ndarray, perplexity: float = 20, seed: int = 0) -> np.ndarray:
    """A map (N, 2) of z (N, Z), in a square from 0 to 1, aspect kept: t-SNE, begun at the two principal components.

    Its directions mean nothing; it is turned so that it fills its square. `perplexity` is about how many neighbours
    each drawing tries to keep. Van der Maaten and Hinton (2008), https://www.jmlr.org/papers/v9/vandermaaten08a.html;
    scikit-learn's.
    """
    if not 1 <= perplexity < len(z):
        raise ValueError(f"perplexity is {perplexity}; for {len(z)} drawings it must be at least 1 and below {len(z)}")
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    points = tsne.fit_transform(np.asarray(z, np.float32)).astype(np.float64)
    angles = np.arange(90) * np.pi / 180
    turns = np.array([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]])
    turned = np.einsum("nd,dea->ane", points, turns)  # the map at each angle
    return _in_square(turned[np.ptp(turned, axis=1).max(axis=1).argmin()])


def principal(z: np.ndarray) -> np.ndarray:
    """A map (N, 2) of z (N, Z), in a square as `embed`'s, of its first two principal components, for comparison."""
    centred = z - z.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    return _in_square(u[:, :2] * s[:2])


@one_thread
def kinds(z: np.ndarray, sketches: Sequence[np.ndarray], count: int = 3, seed: int = 0) -> list[Kind]:
    """The sub-clusters of one class, z (N, Z) and its drawings: k-means in z, the largest first.

    k-means finds as many clusters as it is asked for, whether they are there or not; so each comes with what can be
    measured of its drawings, without z, and with the words for those of `TRAITS` in which its mean is at least half a
    standard deviation from the mean of the rest.
    """
    if not 1 < count < len(z):
        raise ValueError(f"{len(z)} drawings do not fall into {count} kinds; ask for 2 to {len(z) - 1}")
    if len(sketches) != len(z):
        raise ValueError(f"{len(sketches)} drawings for {len(z)} z")
    means = KMeans(count, n_init=20, random_state=seed).fit(z)
    distance = np.linalg.norm(z - means.cluster_centers_[means.labels_], axis=1)
    measured = {name: np.array([trait(sketch) for sketch in sketches]) for name, (*_, trait) in TRAITS.items()}
    found = []
    for c in np.argsort(-np.bincount(means.labels_, minlength=count), kind="stable"):
        own = means.labels_ == c
        gap = {name: _gap(values, own) for name, values in measured.items()}
        telling = sorted((name for name in gap if abs(gap[name]) >= 0.5), key=lambda name: -abs(gap[name]))
        members = np.flatnonzero(own)
        found.append(
            Kind(
                members[np.argsort(distance[members], kind="stable")],
                {name: float(values[own].mean()) for name, values in measured.items()},
                [TRAITS[name][int(gap[name] > 0)] for name in telling],
            )
        )
    return found


def follows(z: np.ndarray, values: np.ndarray, k: int = 5) -> float:
    """How well z knows something measured of its drawings, values (N,): the correlation, -1..1, of each drawing's own
    with the mean of its k nearest neighbours'. 0 where it is spread over z by chance, 1 where neighbours agree."""
    values = np.asarray(values, float)
    if values.std() == 0:
        raise ValueError("all values are the same: nothing varies that z could follow")
    return float(np.corrcoef(values, values[neighbours(z, k)].mean(axis=1))[0, 1])


def _gap(values: np.ndarray, own: np.ndarray) -> float:
    """How far the mean of some lies from the mean of the rest, in standard deviations of them all."""
    spread = values.std()
    return float((values[own].mean() - values[~own].mean()) / spread) if spread > 0 else 0.0


def _in_square(points: np.ndarray) -> np.ndarray:
    low, high = points.min(axis=0), points.max(axis=0)
    return 0.5 + (points - (low + high) / 2) / max((high - low).max(), 1e-12)
