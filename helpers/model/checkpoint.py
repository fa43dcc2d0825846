"""Networks in a file: float16 arrays and a header in JSON, in one .npz. Nothing is pickled, no code is run.

`helpers.model.vae` and `helpers.evaluate.judge` say what stands in the header and which arrays there are.
safetensors would keep the same arrays as safely and in as many bytes; numpy reads these without one more package.
"""

import json
import re
from pathlib import Path

import keras
import numpy as np

from helpers.data.npz import list_arrays, read_arrays
from helpers.paths import MODELS, atomic

# files of 0.1.0 tell the commands that made them by the modules' old names
RENAMED = {"-m helpers.training": "-m helpers.train", "-m helpers.classifier": "-m helpers.evaluate.classifier"}
COMMANDS = re.compile(rf"(?:{'|'.join(map(re.escape, RENAMED))})\b")


def write_checkpoint(
    path: Path | str, header: dict, network: keras.Model, arrays: dict[str, np.ndarray] | None = None
) -> Path:
    """Writes header, the network's weights and other `arrays` (as float16). A bare name goes to `data/models/`.

    The write is atomic. Returns the path.
    """
    path = locate(path)
    own = {f"weight/{_key(network, variable)}": keras.ops.convert_to_numpy(variable) for variable in network.weights}
    with atomic(path) as temporary:
        with open(temporary, "wb") as file:  # given a name, numpy adds an ending to it
            halves = {key: value.astype(np.float16) for key, value in (own | (arrays or {})).items()}
            np.savez(file, header=np.array(json.dumps(header)), **halves)
    return path


def read_checkpoint(name: Path | str, kind: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Header and arrays of `data/models/<name>.npz`, or of a path, where the header's `format` is `kind`.

    Raises FileNotFoundError with the names there are, and ValueError where the file is of another kind, is damaged, or
    would take far more room in memory than on the disk.
    """
    path = locate(name)
    if not path.exists():
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.npz"))) or "none"
        if not path.parent.is_dir():
            there += (
                ". The helpers may be installed without -e, and lie apart from data/: work in the checkout, or set "
                "MIDSTROKE_ROOT to it, or install with `pip install -e .`"
            )
        raise FileNotFoundError(f"no model {path.stem!r} in {path.parent}; there: {there}")
    try:
        names = list_arrays(path)
        arrays = dict(zip(names, read_arrays(path, names), strict=True))
        header = json.loads(COMMANDS.sub(lambda found: RENAMED[found[0]], str(arrays.pop("header"))))
    except (ValueError, LookupError, RecursionError) as error:
        raise ValueError(f"{path} is not a model file, or a damaged one: {error}") from error
    if not isinstance(header, dict) or header.get("format") != kind or not isinstance(header.get("facts", {}), dict):
        raise ValueError(f"{path} is not a {kind!r} file")
    return header, arrays


def assign(network: keras.Model, arrays: dict[str, np.ndarray], path: Path) -> None:
    """Gives the network the weights among `arrays`; ValueError, naming `path` and array, where they do not fit."""
    for variable in network.weights:
        key = f"weight/{_key(network, variable)}"
        variable.assign(take_array(arrays, key, tuple(variable.shape), path))


def take_array(arrays: dict[str, np.ndarray], key: str, shape: tuple[int | None, ...], path: Path) -> np.ndarray:
    """One of the arrays as float32, of this shape (None: of any length), or a ValueError, naming `path` and `key`."""
    value = arrays.get(key)
    fits = value is not None and value.ndim == len(shape)
    if not fits or any(want not in (None, got) for want, got in zip(shape, value.shape, strict=True)):
        found = "missing" if value is None else f"of shape {value.shape}"
        raise ValueError(f"{path}: {key} is {found}; the settings ask for {shape}")
    if value.dtype.kind not in "fiu":
        raise ValueError(f"{path}: {key} holds no numbers, but {value.dtype}")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is found as such
        value = value.astype(np.float32)
    if not np.isfinite(value).all():
        raise ValueError(f"{path}: {key} holds values that are not finite")
    return value


def locate(name: Path | str) -> Path:
    """The file of a model: `data/models/<name>.npz` for a bare name, else the path, which ends in .npz."""
    path = Path(name).expanduser()
    if path.suffix == ".npz":
        return path
    if path.parent != Path("."):
        raise ValueError(f"a model's path ends in .npz; this is {str(name)!r}")
    return MODELS / f"{name}.npz"


def _key(network: keras.Model, variable: keras.Variable) -> str:
    """A weight's path, without the name of the network where that stands first."""
    return variable.path.removeprefix(f"{network.name}/")
