"""Training: plan, batches, a loop that can be resumed, one device or several machines."""

from helpers import open_room

__getattr__, __dir__, __all__ = open_room(
    __name__,
    {
        "plan": "Plan Schedule",
        "vae": "evaluate release train",
        "loop": "MILESTONES read_log",
        "batches": "augment",
        "splices": "splice",
        "distribution": "pick_strategy",
    },
)
