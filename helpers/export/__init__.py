"""Files to take away, for write-ups, plotters and screens, each with its recipe inside."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "save": "read_recipe save_drawing",
        "figure": "draw_figure",
        "svg": "to_svg",
        "bezier": "fit_curves",
        "plotter": "by_travel travel travel_saved",
        "booklet": "Plate page_images save_booklet",
        "webpage": "page",
        "frames": "fit_frame frames_of pen_frames",
        "video": "contact_sheet to_gif to_video",
    },
)
