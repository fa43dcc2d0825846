"""How a network is trained: the numbers of a run."""

from dataclasses import dataclass, field, fields


def _setting(default: float | str, meaning: str, range: str = ""):
    """A number of an interval, as mathematics writes it: [0, 1) is 0, and all up to 1 but not 1 itself."""
    return field(default=default, metadata={"help": meaning, "range": range})


def is_in(value: float, interval: str) -> bool:
    """Whether a number lies in an interval like "(0, 1]" or "[0, inf)"."""
    low, high = map(float, interval[1:-1].split(","))
    above = low <= value if interval[0] == "[" else low < value
    return above and (value <= high if interval[-1] == "]" else value < high)


@dataclass(frozen=True)
class Schedule:
    """How any network here is trained. Two runs of one schedule on one machine end alike.

    Raises ValueError, naming the setting, for a number that cannot train anything.
    """

    steps: int = _setting(10_000, "of training", "[1, inf)")
    batch: int = _setting(100, "drawings a step, over all devices", "[1, inf)")
    learning_rate: float = _setting(1e-3, "of Adam at the start; it falls linearly to a hundredth", "(0, 1]")
    clip: float = _setting(1.0, "norm that the gradient of each weight array is clipped to", "(0, inf)")
    epoch: int = _setting(500, "steps between checkpoints", "[1, inf)")
    seed: int = _setting(0, "of everything random", "[0, inf)")

    def __post_init__(self):
        for setting in fields(self):
            value, interval = getattr(self, setting.name), setting.metadata["range"]
            if interval and not is_in(value, interval):
                raise ValueError(f"{setting.name} is {value!r}; it must lie in {interval}")
        if self.steps % self.epoch:
            fits = max(epoch for epoch in range(1, self.epoch) if self.steps % epoch == 0)
            raise ValueError(
                f"steps ({self.steps}) must be a multiple of epoch ({self.epoch}); an epoch of {fits} would do"
            )


@dataclass(frozen=True)
class Plan(Schedule):
    """How the variational autoencoder is trained, and what its training drawings go through."""

    kl_weight: float = _setting(0.06, "1 is the evidence lower bound, 0 a plain autoencoder", "[0, inf)")
    anneal: int = _setting(3_000, "steps over which the KL weight rises from a hundredth", "[0, inf)")
    free_bits: float = _setting(8.0, "nats a drawing that the KL term leaves alone (arXiv 1606.04934)", "[0, inf)")
    stretch: float = _setting(0.15, "x and y are scaled by up to this share, independently", "[0, 1)")
    drop: float = _setting(0.10, "share of the points inside strokes that is left out", "[0, 1)")
    partial: float = _setting(0.25, "share of the drawings of which the encoder sees only the beginning", "[0, 1]")
    turn: float = _setting(0.0, "degrees by which drawings are turned at most", "[0, 180]")
    simplify: float = _setting(0.0, "pixels: Ramer-Douglas-Peucker's epsilon, on top of the data set's own", "[0, inf)")
    dropout: float = _setting(0.0, "share of what the decoder's LSTM takes up anew that is dropped", "[0, 1)")
    splice: float = _setting(
        0.0, "share of the drawings begun by a part of another class's drawing, for z-switching", "[0, 1]"
    )
    prior: str = _setting("normal", "z's: normal, N(0, I), or class, N(its class's centre, I)")
    radius: float = _setting(7.0, "of the classes' centres from the origin, where the prior is by class", "(0, inf)")
    aggregate: float = _setting(0.0, "weight of how far all z together lie from the prior", "[0, inf)")

    def __post_init__(self):
        super().__post_init__()
        if self.prior not in ("normal", "class"):
            raise ValueError(f"prior is {self.prior!r}; it must be 'normal' or 'class'")


def check_run_name(name: str) -> None:
    """ValueError for a name that cannot be that of a folder and of a model's file."""
    if name != name.strip(". ") or not name or set(name) & set('/\\:*?"<>|') or not name.isprintable():
        raise ValueError(f"a run's name is plain, like 'zoo': it names a folder and a file; this is {name!r}")
    if name.endswith(".npz"):
        raise ValueError(f"a run's name has no ending: call it {name.removesuffix('.npz')!r}, not {name!r}")
