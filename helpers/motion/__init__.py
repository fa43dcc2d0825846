"""Drawings that move: loops of drawings, the features of a face, films that branch."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "tweening": "Animation centred frame_sheet order step_sizes tween",
        "features": "Feature find_features mark",
        "faces": "animate_features face_frames",
        "composing": "compose_face",
        "story": "Choice Scene Story check_story",
        "twee": "read_story",
        "graph": "story_map",
        "film": "save_film",
    },
)
