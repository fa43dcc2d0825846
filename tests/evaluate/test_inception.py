import numpy as np
import pytest

from helpers.evaluate.inception import inception_features
from helpers.sketch.strokes import from_polylines

ANGLE = from_polylines([[[0, 0], [30, 0], [30, 50]]])
CROSS = from_polylines([[[0, 0], [50, 50]], [[50, 0], [0, 50]]])


def test_features_of_random_weights_are_of_the_drawing():
    features = inception_features([ANGLE, CROSS, ANGLE * (3, 3, 1)], weights=None)
    assert features.shape == (3, 2048) and np.isfinite(features).all()
    np.testing.assert_allclose(features[0], features[2], atol=1e-5)  # as large as it is drawn
    assert np.abs(features[0] - features[1]).max() > 10 * np.abs(features[0] - features[2]).max()


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no weights .*none\.h5"):
        inception_features([ANGLE], tmp_path / "none.h5")
