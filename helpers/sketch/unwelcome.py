"""Drawings that are not for a classroom's eyes.

Millions of people drew, and not all of them what they were asked for. A drawing is known here by what it is, the
SHA-256 of its rows, so that it is found in any file, order or split, and no file has to have it. Figures leave the
place of such a drawing blank (`plots`); it is counted like any other.
"""

import hashlib

import numpy as np

UNWELCOME = frozenset(
    {
        "96d772f8ba9bbb759cdecaff0c7093a2c7625b969838bc2a6fb58943d39a4a63",  # a mouth
    }
)


def digest(sketch: np.ndarray) -> str:
    """What a drawing is known by.

    Parameters
    ----------
    sketch : ndarray, shape (N, 3)
        Rows `dx, dy, lift`. People's are whole pixels; any other is rounded to them.

    Returns
    -------
    str
        The SHA-256 of the rows as little-endian int32, in hexadecimal.
    """
    return hashlib.sha256(np.rint(sketch).astype("<i4").tobytes()).hexdigest()


def is_unwelcome(sketch: np.ndarray) -> bool:
    """Whether a drawing, rows `dx, dy, lift`, is one of those that are not shown."""
    return digest(sketch) in UNWELCOME
