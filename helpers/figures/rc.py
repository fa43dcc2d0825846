"""matplotlib's settings while a figure is drawn or saved: its defaults and `STYLE`, whatever a matplotlibrc says."""

import matplotlib as mpl
from matplotlib.font_manager import fontManager

from helpers.figures.style import STYLE

# families that have what DejaVu Sans has not (Chinese, Japanese, Korean and more), as systems bring them
MORE_LETTERS = (
    *("Noto Sans CJK JP", "Noto Sans JP", "Source Han Sans JP", "Hiragino Sans", "Yu Gothic", "Meiryo", "MS Gothic"),
    *("IPAexGothic", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "Apple SD Gothic Neo", "Malgun Gothic"),
    *("Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Thai", "Arial Unicode MS"),
)
NOT_LOOKS = (
    "backend",
    "interactive",
    "toolbar",
    "webagg",
    "timezone",
    "date",
    "docstring",
    "tk",
    "keymap",
    "animation",
)


def _settings() -> dict:
    there = {font.name for font in fontManager.ttflist}
    family = [STYLE["font.family"], *(name for name in MORE_LETTERS if name in there)]
    looks = {key: value for key, value in mpl.rcParamsDefault.items() if key.partition(".")[0] not in NOT_LOOKS}
    return {**looks, **STYLE, "font.family": family}


in_style = mpl.rc_context(_settings())  # a decorator
