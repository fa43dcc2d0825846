"""What hands touch: the front door of the blend studio, which lives in `studio`, and the draw pad, in `drawpad`."""

from helpers.drawpad import DrawPad
from helpers.studio import BlendStudio

__all__ = ["BlendStudio", "DrawPad"]
