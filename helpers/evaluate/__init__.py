"""How good drawings are: classifiers, what they count, and drawings changed on purpose."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "baselines": "accuracy name_by_clusters",
        "judge": "Judge confusion load_judge save_judge",
        "classifier": "train_judge",
        "completion": "first_ink likeness",
        "distribution": "frechet_distance overlap",
        "inception": "inception_features",
        "matching": "in_order match_strokes",
        "metrics": "best concealment illusions rec_at_1 recognised recognised_as_own ret_at_1 variety",
        "lines": "find_lines line_distances measure_tracing true_lines",
        "topology": "geometry_score",
        "ways": "find_nodes recogniser ways_between",
        "perturb": "retrace shuffle_directions shuffle_order smooth",
    },
)
