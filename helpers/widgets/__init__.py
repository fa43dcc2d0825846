"""Widgets: the blend studio, the draw pad and the latent map; and a picture of how training goes."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "studio": "BlendStudio",
        "pad": "DrawPad",
        "latent_map": "LatentMap",
        "preview": "live_preview",
    },
)
