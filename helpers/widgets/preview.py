"""A picture of how training goes, drawn again as it goes on."""

from collections.abc import Callable, Sequence

import numpy as np
from IPython.display import display

from helpers.draw.rereading import reconstruct
from helpers.figures.sheets import grid
from helpers.model.vae import SketchVAE


def live_preview(examples: Sequence[np.ndarray], seed: int = 0) -> Callable[[SketchVAE, int], None]:
    """Shows some drawings below the cell, and from then on what a network that is being trained makes of them.

    Parameters
    ----------
    examples : sequence of ndarray
        (n, 3) each: a row of drawings, best ones that the network does not learn from.
    seed : int
        Of what is drawn.

    Returns
    -------
    callable
        `show(model, step)`, as `train(preview=)` takes it: it draws the picture again, in its place.
    """
    examples = list(examples)
    picture = display(grid(examples, len(examples), row_labels=["drawing"]), display_id=True)

    def show(model: SketchVAE, step: int) -> None:
        drawn = reconstruct(model, examples, seed=seed, tries=1)
        picture.update(grid(examples + drawn, len(examples), row_labels=["drawing", f"step {step}"]))

    return show
