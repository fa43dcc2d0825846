"""Drawings that are not for a classroom's eyes.

Millions of people drew, and not all of them drew what they were asked for. Such a drawing is known by its content, the
SHA-256 of its rows, so that it is found in any file, order or split, and need not be in any. Figures leave its place
blank (`helpers.figures.sheets`); it is counted like any other.
"""

import hashlib

import numpy as np

UNWELCOME = frozenset(
    {
        "96d772f8ba9bbb759cdecaff0c7093a2c7625b969838bc2a6fb58943d39a4a63",  # a mouth
    }
)


def digest(sketch: np.ndarray) -> str:
    """The name of a drawing by its content.

    Parameters
    ----------
    sketch : ndarray, shape (N, 3)
        Rows `dx, dy, lift`. People's are whole pixels; others are rounded to them.

    Returns
    -------
    str
        The SHA-256 of the rows as little-endian int32, in hexadecimal.
    """
    return hashlib.sha256(np.rint(sketch).astype("<i4").tobytes()).hexdigest()


def is_unwelcome(sketch: np.ndarray) -> bool:
    """Whether a drawing, rows `dx, dy, lift`, is one of those that are not shown."""
    return digest(sketch) in UNWELCOME
