"""Drawings begun by a part of another class's drawing, for a decoder that is to go on from what is there."""

from collections.abc import Sequence

import numpy as np

from helpers.draw import fit
from helpers.sketch.strokes import prefix

PREFIXES = 6  # prefixes that are tried on a drawing
NEAR = 3.0  # pixels of `fit.BOX`: a prefix that lies farther off, on average, is no part of the drawing


def splice(
    sketches: Sequence[np.ndarray], labels: np.ndarray, share: float, limit: int, rng: np.random.Generator
) -> tuple[list[np.ndarray], np.ndarray]:
    """Drawings of which a share is begun by a part of another class's drawing.

    For each, `PREFIXES` prefixes are taken from the batch's other classes. The one that lies best on a part of the
    drawing (`fit.find_poses`) is laid there, and what it stands for is left out. So the decoder learns to make what z
    says of something begun in another mind, at any size and place, which is what z-switching asks of it. Left as they
    are: drawings that no prefix fits within `NEAR`, of which nothing would be left, or that would get more than `limit`
    rows.

    Parameters
    ----------
    sketches : sequence of ndarray
        N drawings, (n, 3) each, in pixels.
    labels : ndarray
        (N,), their classes.
    share : float
        0..1.
    limit : int
        Rows.
    rng : numpy.random.Generator

    Returns
    -------
    sketches : list of ndarray
        N drawings.
    rows : ndarray
        float32 (N,), how many rows of each the other class drew; 0 where it was left as it is.
    """
    out, rows = list(sketches), np.zeros(len(sketches), np.float32)
    for i in np.flatnonzero(rng.random(len(sketches)) < share):
        others = np.flatnonzero(labels != labels[i])
        if not len(others):
            continue
        others = rng.choice(others, min(PREFIXES, len(others)), replace=False)
        prefixes = [prefix(sketches[j], rng.uniform(0.1, 0.6)) for j in others]
        shape = fit.make_shapes([sketches[i]])
        poses = [fit.find_poses(start, shape.maps, 1)[0] for start in prefixes]
        which = int(np.argmin([pose.distance - fit.LARGE * pose.size for pose in poses]))
        if poses[which].distance > NEAR:
            continue
        spliced = fit.put_together(sketches[i], prefixes[which], poses[which], shape.outlines[0])
        if spliced is not None and len(spliced) <= limit:
            out[i], rows[i] = spliced, len(prefixes[which])
    return out, rows
