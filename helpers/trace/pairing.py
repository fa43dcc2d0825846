"""The cheapest way to pair up a few things. Compiled."""

import numpy as np

from helpers.sketch.native import native

MOST = 10  # things that are matched exactly; 2 ** MOST states


@native
def match(cost: np.ndarray) -> np.ndarray:
    """The partner of each of n, -1 for the one left where n is odd: the least sum of costs of all complete pairings.

    Exact up to MOST (dynamic programming over subsets); beyond that the cheapest pair goes first.
    """
    n = len(cost)
    mate = np.full(n, -1, np.int32)
    if n > MOST:
        for _ in range(n // 2):
            best, a, b = np.inf, 0, 0
            for i in range(n):
                for j in range(i):
                    if mate[i] < 0 and mate[j] < 0 and cost[i, j] < best:
                        best, a, b = cost[i, j], i, j
            mate[a], mate[b] = b, a
        return mate
    full = 1 << n
    best = np.full(full, np.inf)
    choice = np.zeros(full, np.int32)
    best[0] = 0.0
    for done in range(full):
        if best[done] == np.inf:
            continue
        i = 0
        while done >> i & 1:
            i += 1
        if i == n:
            continue
        skipped = 0
        for k in range(n):
            skipped += done >> k & 1
        for j in range(i, n):
            if done >> j & 1 or (j == i and (n % 2 == 0 or skipped % 2)):
                continue
            then = done | 1 << i | 1 << j
            value = best[done] + (0.0 if j == i else cost[i, j])
            if value < best[then]:
                best[then] = value
                choice[then] = i * n + j
    done = full - 1
    while done:
        i, j = choice[done] // n, choice[done] % n
        if i != j:
            mate[i], mate[j] = j, i
        done &= ~(1 << i | 1 << j)
    return mate
