"""What the chapters are built from, in rooms, lowest first. A room imports only from rooms before it.

sketch: the one form of a drawing, and what is measured on it alone
data: Quick, Draw! and people's own drawings to data sets
figures: sheets, charts and maps in one style
model: the network, its prior and its files
trace: pictures to strokes
draw: everything drawn from a trained model
train: training, without a notebook too
export: files to take away, each with its recipe inside
evaluate: classifiers, and measures of how good drawings are
latent: z as a map
motion: drawings that move
widgets: the studio, the draw pad and the map

`paths`, where files are, lies below them all. Rooms that share a storey do not import from each other:
sketch < data, figures < model, trace < draw < train, export < evaluate, latent < motion < widgets
"""

from importlib import import_module
from importlib.util import find_spec


def open_room(room: str, gives: dict[str, str]) -> tuple:
    """`__getattr__`, `__dir__` and `__all__` of a room: each name is imported from its module when it is asked for.

    So a module can be used without what its neighbours need: a drawing is saved without TensorFlow. A room gives its
    modules in the same way: after `from helpers import trace` there is `trace.skeleton`.
    """
    homes = {name: module for module, names in gives.items() for name in names.split()}

    def get(name: str) -> object:
        if name in homes:
            return getattr(import_module(f"{room}.{homes[name]}"), name)
        if not name.startswith("_") and find_spec(f"{room}.{name}"):
            return import_module(f"{room}.{name}")
        raise AttributeError(f"{room} gives no {name!r}; it gives {', '.join(sorted(homes))}")

    return get, lambda: sorted(homes), sorted(homes)
