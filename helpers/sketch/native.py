"""Compiled loops over points and pixels: numba's `njit`, kept on the disk where there is a place for it."""

from collections.abc import Callable
from functools import partial

from numba import njit


def native(function: Callable | None = None, **options) -> Callable:
    """The function, compiled when it is first called, and kept on the disk for the next process.

    Where numba can write neither beside the file nor in the home folder, as in many containers, it is compiled each
    time. Threads can run it side by side. `options` are those of `njit`.
    """
    if function is None:
        return partial(native, **options)
    try:
        return njit(cache=True, nogil=True, **options)(function)
    except RuntimeError:  # "no locator available": numba looks for a folder as soon as it is told to keep anything
        return njit(nogil=True, **options)(function)
