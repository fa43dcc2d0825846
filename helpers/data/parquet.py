"""Quick, Draw! as Parquet: the mirrors of the data set `google/quickdraw`, whose loading script no longer runs.

Of its configurations, the one named sketch_rnn is read: a row for each drawing, `drawing` a list of rows `dx, dy,
lift`, `word` the name of its class or a number in the list of names in the file's metadata. Needs pyarrow, an extra.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from helpers.data.chunks import BATCH, MAX_POINTS, SPLITS, find_faults, flat
from helpers.paths import memory_for

SPLIT_IN_NAME = re.compile(r"(?:^|[^a-z])(train|valid|val|test)(?:idation)?(?:[^a-z]|$)")


def read_parquet(
    paths: Sequence[Path], classes: Sequence[str] | None = None, limit: int | None = None
) -> dict[str, dict[str, list[np.ndarray]]]:
    """The drawings in Parquet files, by class and split; the split is in a file's name, as in `train-00000-of-00011`.

    Parameters
    ----------
    paths : sequence of Path
    classes : sequence of str, optional
        Those wanted; all 345 take 10 GB of memory.
    limit : int, optional
        Of each class in each split, at most.

    Returns
    -------
    dict
        `{class: {"train": sketches, "valid": sketches, "test": sketches}}`; damaged drawings are left out.

    Raises
    ------
    ImportError
        Without pyarrow.
    ValueError
        For files without the columns `word` and `drawing`, or with no drawing of these classes.
    """
    try:
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise ImportError(
            f'{paths[0]} is Parquet, and reading that needs pyarrow: pip install -e ".[parquet]" in the checkout'
        ) from error
    found: dict[str, dict[str, list[np.ndarray]]] = {}
    for path in paths:
        split = _split_of(path)
        with memory_for(path):
            try:
                file = parquet.ParquetFile(path)
                names = _names(file.schema_arrow)
                for batch in file.iter_batches(BATCH, columns=["word", "drawing"]):
                    _take(batch, names, split, classes, limit, found)
            except (OSError, LookupError, ValueError, TypeError) as error:  # pyarrow's own errors are among these
                raise ValueError(
                    f"{path} is no Parquet file of sketch_rnn's columns word and drawing: {error}"
                ) from error
    if not any(of_class[split] for of_class in found.values() for split in SPLITS):
        wanted = f" of {', '.join(classes)}" if classes else ""
        raise ValueError(f"{', '.join(map(str, paths))}: no drawings{wanted} can be read in it")
    return found


def _split_of(path: Path) -> str:
    where = SPLIT_IN_NAME.search(path.stem.lower()) or SPLIT_IN_NAME.search(path.parent.name.lower())
    return {"val": "valid"}.get(where[1], where[1]) if where else "train"


def _names(schema) -> list[str] | None:
    """The class names that numbers in `word` stand for, as the library `datasets` writes them; None for none."""
    try:
        known = json.loads(schema.metadata[b"huggingface"])["info"]["features"]["word"].get("names")
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return known if isinstance(known, list) else None


def _take(batch, names, split, classes, limit, found) -> None:
    words = batch.column("word").to_pylist()
    if names is None and words and not isinstance(words[0], str):
        raise ValueError("its words are numbers, and it does not say what they stand for")
    drawings = batch.column("drawing")
    for row, word in enumerate(words):
        name = names[word] if names is not None and isinstance(word, int) else word
        if name is None or (classes is not None and name not in classes):
            continue
        into = found.setdefault(name, {part: [] for part in SPLITS})[split]
        if limit is not None and len(into) >= limit:
            continue
        rows = np.array(drawings[row].as_py(), np.float32)
        if rows.ndim == 2 and rows.shape[1] == 3 and 0 < len(rows) <= MAX_POINTS and not find_faults(*flat([rows])):
            into.append(rows)
