"""How good drawings are: classifiers, what they count, and drawings changed on purpose."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "classifier": "Judge confusion load_judge save_judge train_judge",
        "metrics": "best concealment illusions recognised recognised_as_own variety",
        "lines": "line_distances true_lines",
        "ways": "find_nodes ways_between",
        "perturb": "retrace shuffle_directions shuffle_order smooth",
    },
)
