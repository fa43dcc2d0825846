"""Dots printed on the paper, as in dotted notebooks: many small marks of one size, all over the page, in rows.

Darkness is float32 (H, W), paper 0 and black 1.
"""

import cv2
import numpy as np
from scipy.spatial import cKDTree

LARGEST = 1 / 60  # of the page's longer side: no printed dot is wider
FEWEST = 50  # dots
LIKE = 2.0  # times the median area, or its inverse
EVEN = 0.15  # of the distance between dots, that they may be off
IN_ROWS = 0.7  # of the dots have another where the next one should be
FILLED = 0.4  # of the page that they are all over
LEAST = 0.02  # of what the dots have: ink that is there beside them
DARKER = 1.3  # times a dot: what is darker there is ink


def without_dots(darkness: np.ndarray, floor: float) -> tuple[np.ndarray, int]:
    """The darkness of a page without the dots printed on it, and how many there were.

    Where ink touches a dot, whatever is no darker than the dots is taken out. A page with nothing but dots is taken for
    a drawing of dots.
    """
    _, labels, stats, centres = cv2.connectedComponentsWithStats((darkness > floor).view(np.uint8), connectivity=8)
    sides, areas = stats[:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1], stats[:, cv2.CC_STAT_AREA]
    small = (sides.max(axis=1) <= LARGEST * max(darkness.shape)) & (sides.max(axis=1) <= 2 * sides.min(axis=1))
    small[0] = False
    if np.count_nonzero(small) < FEWEST:
        return darkness, 0
    area = np.median(areas[small])
    dots = small & (areas < LIKE * area) & (areas > area / LIKE)
    places = centres[dots]
    if len(places) < FEWEST:
        return darkness, 0
    tree = cKDTree(places)
    apart = float(np.median(tree.query(places, k=2)[0][:, 1]))
    steps = np.array([(apart, 0), (0, apart), (-apart, 0), (0, -apart)])
    rows = max(np.mean(tree.query(places + step)[0] < EVEN * apart) for step in steps[:2])
    if rows < IN_ROWS or len(places) * apart**2 < FILLED * darkness.size:
        return darkness, 0
    alone = dots[labels]
    bare = np.where(cv2.dilate(alone.view(np.uint8), np.ones((3, 3), np.uint8)) & (labels == 0) | alone, 0, darkness)
    ink = darkness[(labels > 0) & ~alone]
    if len(ink) < LEAST * np.count_nonzero(alone):
        return darkness, 0
    tone = DARKER * float(np.median(darkness[np.rint(places[:, 1]).astype(int), np.rint(places[:, 0]).astype(int)]))
    if np.percentile(ink, 90) > tone:
        between = (places[:, None] + steps).reshape(-1, 2)
        spots = np.zeros_like(alone, np.uint8)
        for x, y in np.rint(between[tree.query(between)[0] > EVEN * apart]).astype(int).tolist():
            cv2.circle(spots, (x, y), round(np.sqrt(area / np.pi) + 1), 1, -1)
        bare[(spots > 0) & (darkness < tone)] = 0
    return bare, len(places)
