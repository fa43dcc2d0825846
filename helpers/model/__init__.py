"""The network: its layers and its loss, the prior fitted to what it reads, and the files it is kept in."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "vae": "Settings SketchVAE load_model save_model",
        "sketchrnn": "load_sketchrnn",
        "prior": "Prior fit_prior",
        "layers": "Decoder",
        "loss": "mixture reconstruction_loss",
    },
)
