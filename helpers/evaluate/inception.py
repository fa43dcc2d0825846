"""Inception's features of drawings, for a distance that can stand beside published FIDs where its weights are
available.

Published FIDs of drawings use three different networks (TensorFlow 1's pool_3, torchvision's, one trained on doodles).
So they compare with each other, and with those of `keras.applications`, only if all were given the same pictures.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import ops

from helpers.sketch.raster import render_batch

SIZE = 299  # of the pictures, pixels
LINE = 4.0  # their lines, pixels: a Quick, Draw! line at that size
BATCH = 32


def inception_features(sketches: Sequence[np.ndarray], weights: Path | str | None = "imagenet") -> np.ndarray:
    """The last layer but one of InceptionV3, averaged over the picture.

    Parameters
    ----------
    sketches : sequence of ndarray
        (N, 3) each; drawn black on white, centred, with a margin.
    weights : Path, str or None
        "imagenet" makes Keras download them (88 MB); else a file of them, or None for random ones.

    Returns
    -------
    ndarray
        float32 (len(sketches), 2048).

    Raises
    ------
    FileNotFoundError
        Where the file is not there.
    RuntimeError
        Where they could not be downloaded.

    References
    ----------
    Szegedy et al., arXiv 1512.00567.
    """
    if isinstance(weights, Path) or weights not in ("imagenet", None):
        if not Path(weights).is_file():
            raise FileNotFoundError(f'there are no weights {weights}; "imagenet" has Keras download them')
        weights = str(weights)
    try:
        network = keras.applications.InceptionV3(
            include_top=False, weights=weights, input_shape=(SIZE, SIZE, 3), pooling="avg"
        )
    except Exception as error:  # Keras raises whatever its downloads do
        if weights != "imagenet":
            raise
        raise RuntimeError(
            f"Inception's weights could not be downloaded ({error}). With them in a file, give its path: "
            "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 of keras.applications"
        ) from error
    features = [np.zeros((0, network.output.shape[-1]), np.float32)]
    for a in range(0, len(sketches), BATCH):
        paper = 255 - render_batch(sketches[a : a + BATCH], SIZE, LINE).astype(np.float32)
        pictures = np.repeat(paper[..., None] / 127.5 - 1, 3, axis=-1)
        features.append(ops.convert_to_numpy(network(pictures, training=False)))
    return np.concatenate(features)
