"""Loops over points and pixels, compiled: numba's `njit`, kept on the disk where there is a place for it."""

from collections.abc import Callable
from functools import partial

from numba import njit


def native(function: Callable | None = None, **options) -> Callable:
    """The function, compiled when it is first called, and found on the disk by the next process.

    Where numba may write neither beside the file nor in the home, as in many a container, it is compiled each time.
    Threads run it side by side. `options` are `njit`'s.
    """
    if function is None:
        return partial(native, **options)
    try:
        return njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:  # "no locator available": numba looks for a folder as soon as it is told to keep anything
        return njit(nogil=True, **options)(function)
