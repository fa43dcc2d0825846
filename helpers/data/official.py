"""How Quick, Draw! simplifies what was drawn: from raw points to the lines of its files."""

from collections.abc import Sequence

import numpy as np

from helpers.sketch.polyline import resample_every, simplify_as_official, step_lengths

BOX = 255  # the longer side of a Quick, Draw! drawing, in pixels
EPSILON = 2.0  # of those, that its simplification may lie off


def simplify_raw(polylines: Sequence[np.ndarray], work: float = np.inf) -> list[np.ndarray]:
    """The official simplification: aligned to the top left, scaled to 255, resampled at 1 px, RDP at 2 px.

    https://github.com/googlecreativelab/quickdraw-dataset#preprocessed-dataset. In whole pixels, as in the official
    files. Raises ValueError where more than `work` points would have to be looked at.
    """
    polylines = [line for line in polylines if len(line)]
    points = np.concatenate([*polylines, np.zeros((0, 2))])
    low = points.min(axis=0, initial=np.inf)
    side = (points - low).max(initial=0)
    scale = BOX / side if side > 0 else 1
    ink = sum(step_lengths(line).sum() for line in polylines) * scale
    if not ink < np.inf:
        raise ValueError("it is too small to be enlarged")
    if ink > work / 10:  # each is looked at ten times or so; this before memory goes into it
        raise ValueError(f"{ink:,.0f} pixels of line: no one draws so much in 20 seconds")
    simplified = []
    for line in polylines:
        line, work = simplify_as_official(resample_every((line - low) * scale, 1), EPSILON, work)
        simplified.append(np.rint(line))
    return simplified
