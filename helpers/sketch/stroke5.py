"""Stroke-5, the form in which the model sees a drawing (Ha & Eck, arXiv 1704.03477, section 3.1)."""

from collections.abc import Sequence

import numpy as np

from helpers.sketch.strokes import check_shape

DOWN, UP, END = 2, 3, 4  # the columns of the pen's states


def to_stroke5(sketch: np.ndarray, length: int) -> np.ndarray:
    """A drawing as the model reads it: Ha & Eck, arXiv 1704.03477, section 3.1.

    Parameters
    ----------
    sketch : ndarray
        (N, 3).
    length : int
        Rows of the result, N + 1 or more.

    Returns
    -------
    ndarray
        float32 (length, 5) rows `dx, dy, down, up, end`: the drawing, then end rows.

    Raises
    ------
    ValueError
        Where the drawing and its end do not fit.
    """
    return to_stroke5_batch([sketch], length)[0]


def to_stroke5_batch(sketches: Sequence[np.ndarray], length: int, scale: float = 1.0) -> np.ndarray:
    """`to_stroke5` of many drawings at once, (N, length, 5), their offsets divided by `scale`."""
    for sketch in sketches:
        check_shape(sketch)
    lengths = np.array([len(sketch) for sketch in sketches])
    if lengths.max(initial=0) >= length:
        raise ValueError(f"a drawing of {lengths.max()} points and its end need {lengths.max() + 1} rows, not {length}")
    rows = np.concatenate(sketches)
    batch = np.zeros((len(sketches), length, 5), np.float32)
    batch[..., END] = np.arange(length) >= lengths[:, None]
    real = batch[..., END] == 0
    batch[real, :2] = rows[:, :2] / scale
    batch[real, UP] = rows[:, 2]
    batch[real, DOWN] = 1 - rows[:, 2]
    return batch


def from_stroke5(rows: np.ndarray) -> np.ndarray:
    """The sketch before the first end row.

    Parameters
    ----------
    rows : ndarray
        (T, 5) rows `dx, dy, down, up, end`.

    Returns
    -------
    ndarray
        float32 (N, 3). Its last row lifts the pen, as every finished drawing's does.
    """
    ended = rows[:, END] > 0.5
    n = int(ended.argmax()) if ended.any() else len(rows)
    sketch = np.column_stack([rows[:n, :2], rows[:n, UP] > 0.5]).astype(np.float32)
    if n:
        sketch[-1, 2] = 1
    return sketch
