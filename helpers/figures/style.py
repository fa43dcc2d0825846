"""What figures look like: the palette, the markers, the widths and matplotlib's settings. Imports nothing."""

# one colour a mind: ink, vermilion, sky, ochre. They stay apart for colour-blind readers and, dark to light, in grey
PALETTE = ("#22344a", "#d8431f", "#3f9bd1", "#e2a72e")
QUIET = "#6b7280"  # labels and axes
WIDTH = 504  # points: 7 inches, the text width of most papers
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "p", "h")  # one a class: shapes say what colours say
STYLE = {
    "font.family": "DejaVu Sans",  # the one sans that matplotlib ships, so every machine has it
    "font.size": 7,
    "text.usetex": False,
    "text.parse_math": False,  # a class may be named with a $, and no label here is a formula
    "text.color": QUIET,
    "axes.labelcolor": QUIET,
    "axes.titlecolor": QUIET,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "axes.edgecolor": "#c3c8cf",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": "#c3c8cf",
    "ytick.color": "#c3c8cf",
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "figure.dpi": 144,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",  # text as outlines: the same on a machine without the typeface
    "svg.hashsalt": "midstroke",  # element names that do not change from run to run
    "pdf.fonttype": 42,  # TrueType, which publishers ask for
}


def pen(color: object, width: float) -> dict:
    """How matplotlib's patches draw a line of ink: `width` in points, round ends and corners, no fill."""
    return {"fill": False, "edgecolor": color, "linewidth": width, "capstyle": "round", "joinstyle": "round"}
