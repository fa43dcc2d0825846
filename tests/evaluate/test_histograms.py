import numpy as np
from skimage.feature import hog

from helpers.evaluate.histograms import BINS, CELL, histograms
from helpers.sketch.raster import render_batch
from helpers.sketch.strokes import from_polylines


def test_a_line_counts_in_the_direction_that_it_has_and_where_it_lies():
    bitmaps = np.zeros((2, 48, 48), np.uint8)
    bitmaps[0, 9, 4:44] = 255  # across: its gradient points down
    bitmaps[1, 4:44, 39] = 255
    first = histograms(bitmaps).reshape(2, 8, 8, 2, BINS)[:, :, :, 1]
    assert first[0].sum(axis=(0, 1)).argmax() == BINS // 2 and first[1].sum(axis=(0, 1)).argmax() == 0
    assert set(np.flatnonzero(first[0].sum(axis=(1, 2)))) <= {1, 2} and first[0, 1].any()
    assert set(np.flatnonzero(first[1].sum(axis=(0, 2)))) <= {6, 7} and first[1, :, 6].any()
    assert not histograms(np.zeros((1, 48, 48), np.uint8)).any()


def test_drawings_lie_to_each_other_as_in_scikit_images_histograms():
    rng = np.random.default_rng(0)
    bitmaps = render_batch([from_polylines([rng.uniform(0, 90, (6, 2)) for _ in range(2)]) for _ in range(40)])
    theirs = np.stack([hog(bitmap, BINS, (CELL, CELL), (1, 1), "L1-sqrt") for bitmap in bitmaps])
    ours = histograms(bitmaps)

    def apart(features):
        return np.hypot.reduce(features[:, None] - features[None], axis=2)[np.triu_indices(40, 1)]

    assert np.corrcoef(apart(ours), apart(theirs))[0, 1] > 0.9
