"""Everything drawn from a trained model: from a prior, from another drawing, from both, and along paths between."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "decoding": "decode encode",
        "priors": "class_index class_mean mahalanobis read_classes sample_z typical_z",
        "rereading": "reconstruct sample",
        "interpolation": "about blend interpolate lerp slerp walk",
        "switching": "Switched illusion switch",
    },
)
