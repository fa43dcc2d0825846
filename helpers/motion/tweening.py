"""Drawings that turn into one another, frame by frame, and do not jump.

Each frame of an animation is decoded from its own z. That neighbours look alike is not guaranteed: a decoder that
decides otherwise about one stroke draws another picture. Three things keep a drawing steady: frames share their noise,
they are aligned by the centre of their ink, and each frame is drawn several times, and those drawings are taken that
make the steps small.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, permutations
from typing import NamedTuple

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from scipy.spatial.distance import cdist

from helpers.draw.decoding import decode
from helpers.draw.interpolation import slerp
from helpers.export.frames import fit_frame, inked
from helpers.figures.rc import in_style
from helpers.figures.style import PALETTE, WIDTH, pen
from helpers.model.vae import SketchVAE
from helpers.sketch.strokes import absolute, bounds, to_polylines

SIZE = 64  # pixels, of the pictures whose distance is a step
BLUR = 2.0  # pixels: a line that moves by less than it is wide is then a small step
LARGEST = 8  # drawings that `order` can put in order


class Animation(NamedTuple):
    """The frames as sketches, and where the pen of each starts, (N, 2), so that they lie over each other.
    `export.frames_of(*animation)` gives their pictures.
    """

    sketches: list[np.ndarray]
    origins: np.ndarray


def tween(
    model: SketchVAE,
    keys: np.ndarray,
    steps: int = 10,
    closed: bool = False,
    temperature: float = 0.1,
    seed: int = 0,
    tries: int = 16,
    path: Callable = slerp,
    accept: Callable[[list[np.ndarray]], np.ndarray] | None = None,
) -> Animation:
    """Frames from each key z to the next.

    Every frame is drawn `tries` times, with the same noise as every other frame. A key is shown as the one of its tries
    that is most like the others: the same drawing in every animation with this seed, so that animations join. Between
    keys, those tries are taken whose steps, to the fourth power, have the smallest sum: large steps hurt most. With a
    single try all frames share the same noise, as in `draw.interpolate`, and nothing is chosen.

    Parameters
    ----------
    model : SketchVAE
    keys : ndarray
        (M, Z).
    steps : int
        From a key to the next.
    closed : bool
        Whether it goes back to the first: M * steps frames, the last one step from the first; else
        (M - 1) * steps + 1.
    temperature : float
    seed : int
    tries : int
    path : callable
        Between two z: `draw.slerp`, `draw.lerp`, or one `draw.about` another centre.
    accept : callable, optional
        Says which of some drawings may be shown, (N,) bool: `evaluate.recogniser(judge, "eye")`. Only those are taken
        of a frame's tries; where it accepts none of them, all are.

    Returns
    -------
    Animation

    Raises
    ------
    ValueError
        For fewer than two keys, or steps or tries below 1.

    References
    ----------
    Viterbi (1967), doi 10.1109/TIT.1967.1054010.
    """
    keys = np.asarray(keys)
    if keys.ndim != 2 or len(keys) < 2:
        raise ValueError(f"keys have shape {keys.shape}; an animation goes between at least two z, (M, Z)")
    for name, value in (("steps", steps), ("tries", tries)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1")
    legs = pairwise([*keys, keys[0]] if closed else keys)
    z = np.concatenate([path(a, b, np.arange(steps) / steps) for a, b in legs] + ([] if closed else [keys[-1:]]))
    seeds = [seed * tries + k for k in range(tries)] * len(z)
    drawn = decode(model, np.repeat(z, tries, axis=0), temperature, seeds)
    origins = centred(drawn)
    if tries > 1:
        good = np.ones((len(z), tries), bool) if accept is None else np.reshape(accept(drawn), (len(z), tries))
        good |= ~good.any(axis=1, keepdims=True)
        fixed = {i: _most_typical(drawn[i * tries : (i + 1) * tries], good[i]) for i in range(0, len(z), steps)}
        seen = pictures(drawn, origins).reshape(len(z), tries, -1)
        taken = np.arange(len(z)) * tries + _steadiest(seen, fixed, closed, good)
        drawn, origins = [drawn[i] for i in taken], origins[taken]
    return Animation(drawn, origins)


def order(z: np.ndarray) -> np.ndarray:
    """The order in which a round trip through all z is shortest.

    Parameters
    ----------
    z : ndarray
        (M, Z), M up to 8: all orders are tried.

    Returns
    -------
    ndarray
        (M,) numbers, beginning with the first.

    Raises
    ------
    ValueError
        For no z, and for more.
    """
    z = np.asarray(z)
    if not 1 <= len(z) <= LARGEST:
        raise ValueError(f"{len(z)} drawings; order tries all orders of 1 to {LARGEST}")
    far = np.linalg.norm(z[:, None] - z[None], axis=-1)
    tours = np.array([(0, *rest) for rest in permutations(range(1, len(z)))])
    return tours[far[tours, np.roll(tours, -1, axis=1)].sum(axis=1).argmin()]


def centred(sketches: Sequence[np.ndarray]) -> np.ndarray:
    """Where each pen has to start so that the centre of the drawing's ink is at 0, 0.

    Parameters
    ----------
    sketches : sequence of ndarray
        (n, 3) each, N of them.

    Returns
    -------
    ndarray
        (N, 2).
    """
    origins = []
    for sketch in sketches:
        points = absolute(sketch)
        inks, travels = inked(sketch)
        # a dot has some ink too
        length = np.linalg.norm(np.diff(points, axis=0), axis=1) * ~travels + 1e-3 * inks
        origins.append(-(points[:-1] + points[1:]).T @ length / (2 * length.sum()))
    return np.array(origins)


def pictures(sketches: Sequence[np.ndarray], origins: np.ndarray) -> np.ndarray:
    """The drawings aligned, float32 (N, 64, 64), 0 to 1, blurred: what steps are measured in.

    The drawing of middle size fills two thirds of the frame; what is larger by more than half is cut off.
    """
    boxes = np.stack([bounds(sketch) for sketch in sketches]) + np.asarray(origins)[:, None]
    reach = np.median(np.abs(boxes).max(axis=(1, 2)))
    scale = SIZE / 3 / reach if reach > 0 else 1.0
    seen = np.zeros((len(sketches), SIZE, SIZE), np.float32)
    for picture, sketch, origin in zip(seen, sketches, origins, strict=True):
        bitmap = np.zeros((SIZE, SIZE), np.uint8)
        lines = [np.rint((line * scale + (SIZE - 1) / 2) * 16) for line in to_polylines(sketch, origin)]
        cv2.polylines(bitmap, [line.astype(np.int32) for line in lines], False, 255, 1, cv2.LINE_AA, 4)
        cv2.GaussianBlur(bitmap.astype(np.float32) / 255, None, BLUR, picture)
    return seen


@in_style
def frame_sheet(animation: Animation, columns: int = 10) -> Figure:
    """All the frames of an animation, row by row, as vector lines; 7 inches across.

    Parameters
    ----------
    animation : Animation
    columns : int

    Returns
    -------
    Figure
        Every frame lies in its cell at the same place and scale as all others.
    """
    cell = WIDTH / columns
    scale, starts = fit_frame(*animation, size=100)
    vertices, codes = [], []
    for i, (sketch, start) in enumerate(zip(animation.sketches, starts, strict=True)):
        corner = np.multiply(divmod(i, columns)[::-1], cell)
        for line in to_polylines(sketch):
            points = np.round((line * scale + start) * cell / 100 + corner, 2)
            if len(points) == 1:  # round caps make a dot of a line, but only where it has some length
                points = points + np.array([[0, 0], [0.05, 0]])
            vertices.append(points)
            codes += [Path.MOVETO] + [Path.LINETO] * (len(points) - 1)
    height = -(-len(starts) // columns) * cell
    figure = plt.figure(figsize=(WIDTH / 72, height / 72))
    plt.close(figure)  # pyplot would show it a second time
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height, 0))
    axes.axis("off")
    axes.add_patch(PathPatch(Path(np.concatenate(vertices), codes), **pen(PALETTE[0], 0.4 + cell / 120)))
    return figure


def step_sizes(animation: Animation, closed: bool = False) -> np.ndarray:
    """How far each frame is from the one before.

    Parameters
    ----------
    animation : Animation
    closed : bool
        Whether the step from the last frame back to the first counts too.

    Returns
    -------
    ndarray
        The root mean square of the difference of their `pictures`; one less than there are frames, or as many.
    """
    seen = pictures(*animation)
    following = np.concatenate([seen, seen[:1]])[1:] if closed else seen[1:]
    return np.sqrt(((following - seen[: len(following)]) ** 2).mean(axis=(1, 2)))


def _most_typical(sketches: Sequence[np.ndarray], good: np.ndarray) -> int:
    """The medoid: which of the good drawings has the smallest sum of distances to the others."""
    seen = pictures(sketches, centred(sketches)).reshape(len(sketches), -1)
    return int(np.where(good, cdist(seen, seen).sum(axis=1), np.inf).argmin())


def _steadiest(seen: np.ndarray, fixed: Mapping[int, int], closed: bool, good: np.ndarray) -> np.ndarray:
    """Which try of each frame, (N,), makes the sum of the steps' fourth powers smallest; `seen` is (N, tries, P).

    `fixed` says which try it is of some frames, the first among them; of the others only those that are `good`,
    (N, tries) bool, are taken.
    """
    n, tries, _ = seen.shape
    cost = np.where(good[0], 0, np.inf)
    came_from = []
    for here, there in enumerate([*range(1, n), 0] if closed else range(1, n)):
        if here in fixed:
            cost[np.arange(tries) != fixed[here]] = np.inf
        whole = cost[:, None] + cdist(seen[here], seen[there], "sqeuclidean") ** 2
        whole[:, ~good[there]] = np.inf
        came_from.append(whole.argmin(axis=0))
        cost = whole.min(axis=0)
    taken = [fixed[0] if closed else fixed.get(n - 1, cost.argmin())]
    for back in reversed(came_from):
        taken.append(back[taken[-1]])
    return np.array(taken[::-1][:n])
