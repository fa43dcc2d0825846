"""Figures in one style, fit for a paper. `style` imports nothing, so that files can use its colours."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "style": "MARKERS PALETTE QUIET STYLE WIDTH",
        "sheets": "draw grid strip",
        "charts": "bands confusion_plot curves distributions progress shares",
        "maps": "latent_insets latent_map latent_maps",
        "layers": "close_up discs dots lines_with_points panels picture pixels stroke_sheet strokes strokes_in_order",
        "saving": "save_figure save_table",
    },
)
