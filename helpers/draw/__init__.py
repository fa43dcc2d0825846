"""Everything drawn from a trained model: from a prior, from another drawing, from both, and along paths between."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "decoding": "decode encode reconstruct",
        "priors": "class_index class_mean mahalanobis read_classes sample sample_z typical_z",
        "interpolation": "about blend interpolate lerp slerp walk",
        "switching": "Switched illusion switch",
    },
)
