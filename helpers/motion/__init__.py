"""Drawings that move: loops of drawings, the features of a face, films that branch."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "tweening": "Animation centred order step_sizes tween",
        "features": "Feature animate_features compose_face face_frames find_features mark",
        "film": "Scene save_film",
    },
)
