"""One drawing: its forms, its bitmap, and what can be measured on it alone."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "strokes": (
            "absolute added_ink bounds check fit_box from_points from_polylines prefix simplify stroke_ends "
            "to_polylines"
        ),
        "stroke5": "from_stroke5 to_stroke5",
        "polyline": "simplify_line",
        "raster": "render render_batch",
        "cohesion": "aspect complexity symmetry transition",
        "closed_lines": "closure",
        "summaries": "compare measure summarise",
    },
)
