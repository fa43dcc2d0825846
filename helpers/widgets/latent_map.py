"""A map of drawings to explore, in JupyterLab."""

from collections.abc import Sequence
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from helpers.figures.style import MARKERS, PALETTE
from helpers.sketch.strokes import fit_box, to_polylines
from helpers.sketch.unwelcome import is_unwelcome

HERE = Path(__file__).parent


class LatentMap(anywidget.AnyWidget):
    """A map to explore in JupyterLab: hover over a dot, click it, or go from dot to dot with the arrow keys, and see
    its drawing, the drawing as the model draws it again, and its nearest neighbours in z, which can be clicked in turn.

    Parameters
    ----------
    points : ndarray
        (N, 2), as `latent.embed` gives them.
    sketches, again : sequence of ndarray
        The N drawings, (n, 3) each, and the N as the model draws them again.
    near : ndarray
        (N, k), the numbers of each one's neighbours, as `latent.neighbours` gives them.
    labels : sequence of int
        (N,), the class of each.
    names : sequence of str
        Of the classes.

    Attributes
    ----------
    selected : int
        The number of the drawing that is shown.

    Raises
    ------
    ValueError
        Where the counts do not match.
    """

    _esm = HERE / "latent_map.js"
    _css = HERE / "latent_map.css"
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
            classes=[{"name": name, "mark": MARKERS[c], "color": c % len(PALETTE)} for c, name in enumerate(names)],
        )

    @traitlets.validate("selected")
    def _within(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < len(self.drawings):
            raise ValueError(f"selected is {proposal['value']}; the map has drawings 0 to {len(self.drawings) - 1}")
        return proposal["value"]


def _path(sketch: np.ndarray) -> str:
    """A sketch as an SVG path in a square of 100, with a margin. A line of no length is a dot, given round caps.

    One that is not for a classroom's eyes is an empty path.
    """
    if is_unwelcome(sketch):
        return ""
    fitted, origin = fit_box(sketch, 84)
    lines = to_polylines(fitted, origin + 8)
    pairs = [line if len(line) > 1 else line.repeat(2, axis=0) for line in lines]
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) for line in pairs)
