"""The latent space: neighbours, how well classes stay apart, maps for the eye."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "nearest": "by_angle follows neighbours probe separation strays whiten",
        "tsne": "embed principal",
        "clusters": "kinds",
    },
)
