"""A page that draws by itself, without a notebook: python -m helpers.export page --help"""

import argparse
import sys
from pathlib import Path

from helpers.export.packing import PRECISIONS
from helpers.export.webpage import TEXT, TITLE, page


def main() -> None:
    """Writes what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m helpers.export", description="Files to take away.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    about = "A page that draws by itself: one HTML file with trained networks inside."
    of_page = kinds.add_parser("page", help=about, description=about)
    of_page.add_argument("models", nargs="+", help="names in data/models, paths of .npz, or Google's .gen.json")
    of_page.add_argument("--out", type=Path, help="the page; without it, the first model's name, ending in .html")
    of_page.add_argument("--title", default=TITLE)
    of_page.add_argument("--text", default=TEXT, help="above the widgets")
    of_page.add_argument("--classes", nargs="+", help="to offer, in this order; without it, all")
    of_page.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0], help="of the weights")
    arguments = parser.parse_args()
    path = arguments.out or Path(Path(arguments.models[0]).name.partition(".")[0] + ".html")
    look = {"title": arguments.title, "text": arguments.text, "classes": arguments.classes}
    try:
        made = page(arguments.models, path, precision=arguments.precision, **look)
    except (ValueError, OSError) as error:
        sys.exit(f"{error}")
    print(f"{made}: {made.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
