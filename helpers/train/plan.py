"""How a network is trained: the numbers of a run."""

from dataclasses import dataclass, field


def _setting(default: float, meaning: str):
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Schedule:
    """How any network here is trained. Two runs of one schedule on one machine end alike."""

    steps: int = _setting(10_000, "of training")
    batch: int = _setting(100, "drawings a step, over all devices")
    learning_rate: float = _setting(1e-3, "of Adam at the start; it falls linearly to a hundredth")
    clip: float = _setting(1.0, "norm that the gradient of each weight array is clipped to")
    epoch: int = _setting(500, "steps between checkpoints")
    seed: int = _setting(0, "of everything random")

    def __post_init__(self):
        if min(self.steps, self.epoch, self.batch) < 1:
            sizes = f"{self.steps}, {self.epoch}, {self.batch}"
            raise ValueError(f"steps, epoch and batch must be 1 or more; they are {sizes}")
        if self.steps % self.epoch:
            raise ValueError(f"steps ({self.steps}) must be a multiple of epoch ({self.epoch})")


@dataclass(frozen=True)
class Plan(Schedule):
    """How the variational autoencoder is trained, and what its training drawings go through."""

    kl_weight: float = _setting(0.06, "1 is the evidence lower bound, 0 a plain autoencoder")
    anneal: int = _setting(3_000, "steps over which the KL weight rises from a hundredth")
    free_bits: float = _setting(8.0, "nats a drawing that the KL term leaves alone (arXiv 1606.04934)")
    stretch: float = _setting(0.15, "x and y are scaled by up to this share, independently")
    drop: float = _setting(0.10, "share of the points inside strokes that is left out")
    partial: float = _setting(0.25, "share of the drawings of which the encoder sees only the beginning")
    turn: float = _setting(0.0, "degrees by which drawings are turned at most")
    simplify: float = _setting(0.0, "pixels: Ramer-Douglas-Peucker's epsilon, on top of the data set's own")
    dropout: float = _setting(0.0, "share of what the decoder's LSTM takes up anew that is dropped")
    splice: float = _setting(0.0, "share of the drawings begun by a part of another class's drawing, for z-switching")
    prior: str = _setting("normal", "z's: normal, N(0, I), or class, N(its class's centre, I)")
    radius: float = _setting(7.0, "of the classes' centres from the origin, where the prior is by class")
