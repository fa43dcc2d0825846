"""Pictures to strokes: one bitmap, any image file or PDF page, a folder of them."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "vectorize": "Trace contour trace trace_batch trace_reference",
        "drawing": "clean find_drawing",
        "images": "read_drawing read_image",
        "folder": "trace_folder",
        "own": "load_own",
    },
)
