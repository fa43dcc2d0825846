"""The way of a plotter's pen through the air, and how to shorten it."""

from collections.abc import Sequence

import numpy as np


def travel(strokes: Sequence[np.ndarray], home: tuple[float, float] = (0, 0)) -> float:
    """How far a pen goes through the air.

    Parameters
    ----------
    strokes : sequence of ndarray
        (N, 2) each, in the order in which they are drawn.
    home : (float, float)
        Where the pen waits.

    Returns
    -------
    float
        From `home` to the first stroke and on to each next one.
    """
    if not len(strokes):
        return 0.0
    stops = np.array([home, *(stroke[-1] for stroke in strokes[:-1])])
    return float(np.hypot(*(np.array([stroke[0] for stroke in strokes]) - stops).T).sum())


def travel_saved(strokes: Sequence[np.ndarray]) -> float:
    """The share of a pen's way through the air that `by_travel` saves.

    Parameters
    ----------
    strokes : sequence of ndarray
        (N, 2) each, in the order in which they were drawn.

    Returns
    -------
    float
        0 for nothing, 1 for all of it.
    """
    before = travel(strokes)
    return 1 - travel(by_travel(strokes)) / before if before else 0.0


def by_travel(strokes: Sequence[np.ndarray], home: tuple[float, float] = (0, 0)) -> list[np.ndarray]:
    """The strokes reordered, some of them reversed, so that the pen travels little through the air.

    Nearest end first, then 2-opt: runs of strokes are reversed, order and direction, as long as that shortens the way.

    Parameters
    ----------
    strokes : sequence of ndarray
        (N, 2) each.
    home : (float, float)
        Where the pen waits.

    Returns
    -------
    list of ndarray

    References
    ----------
    Croes (1958), doi 10.1287/opre.6.6.791.
    """
    if not len(strokes):
        return []
    ends = np.array([[stroke[0], stroke[-1]] for stroke in strokes], np.float64)
    order, pen, left = [], np.array(home, np.float64), np.ones(len(ends), bool)
    for _ in range(len(ends)):
        ways = np.hypot(*np.moveaxis(ends - pen, -1, 0))
        ways[~left] = np.inf
        number, backward = divmod(int(ways.argmin()), 2)
        order.append((number, bool(backward)))
        left[number] = False
        pen = ends[number, 1 - backward]

    entry = np.array([ends[number, int(backward)] for number, backward in order])
    leave = np.array([ends[number, 1 - backward] for number, backward in order])
    shorter = True
    while shorter:
        shorter = False
        for i in range(len(order)):
            before = leave[i - 1] if i else np.array(home, np.float64)
            # turned round, i..j is entered where it was left; the last stroke leads nowhere
            gain = np.hypot(*(before - entry[i])) - np.hypot(*(leave[i:] - before).T)
            gain[:-1] += np.hypot(*(leave[i:-1] - entry[i + 1 :]).T) - np.hypot(*(entry[i + 1 :] - entry[i]).T)
            j = i + int(gain.argmax())
            if gain[j - i] > 1e-9:
                shorter = True
                order[i : j + 1] = [(number, not backward) for number, backward in order[i : j + 1][::-1]]
                entry[i : j + 1], leave[i : j + 1] = leave[i : j + 1][::-1].copy(), entry[i : j + 1][::-1].copy()
    return [strokes[number][::-1] if backward else strokes[number] for number, backward in order]
