"""What hands touch: the blend studio and the draw pad. They live in `studio` and `drawpad`; this is their front door."""

from helpers.drawpad import DrawPad
from helpers.studio import BlendStudio

__all__ = ["BlendStudio", "DrawPad"]
