"""The features of a drawn face set in motion: each goes to another z and back, and is drawn again in its place."""

from collections.abc import Callable, Mapping, Sequence

import cv2
import numpy as np

from helpers.draw.decoding import encode
from helpers.figures.style import PALETTE
from helpers.model.vae import SketchVAE
from helpers.motion.features import INK, Feature, as_rgb
from helpers.motion.tweening import Animation, tween
from helpers.sketch.strokes import bounds, to_polylines
from helpers.trace.skeleton import thin
from helpers.trace.vectorize import trace


def animate_features(
    model: SketchVAE,
    features: Sequence[Feature],
    toward: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    steps: int = 8,
    seed: int = 0,
) -> list[Animation | None]:
    """For each feature an animation of 2 * steps frames: from its own z to another, and back.

    Each feature is traced, and read by the encoder.

    Parameters
    ----------
    model : SketchVAE
    features : sequence of Feature
    toward : mapping of str to callable
        `toward[name]` takes a feature's own z (Z,) and gives the z that it goes to.
    steps : int
        Frames each way.
    seed : int

    Returns
    -------
    list
        An `Animation` for each feature; None for one whose name is not in `toward`, which stays as it is.

    Raises
    ------
    ValueError
        Where `toward` names what this face does not have.
    """
    have = [feature.name for feature in features]
    for name in toward:
        if name not in have:
            raise ValueError(f"no {name} was found in this face, only: {', '.join(have) or 'nothing'}")
    moving = [feature for feature in features if feature.name in toward]
    own = encode(model, [trace(np.pad(feature.crop, 2)).sketch for feature in moving])
    ways = (np.stack([z, toward[feature.name](z)]) for z, feature in zip(own, moving, strict=True))
    return [tween(model, next(ways), steps, closed=True, seed=seed) if name in toward else None for name in have]


def face_frames(
    bitmap: np.ndarray, features: Sequence[Feature], animations: Sequence[Animation | None], size: int = 480
) -> list[np.ndarray]:
    """Pictures of a face whose features are drawn again in their places.

    The first frame of each animation fills its feature's box, as far as its own aspect lets it, and the other frames
    keep its scale.

    Parameters
    ----------
    bitmap : ndarray
        uint8 (H, W), the face.
    features : sequence of Feature
    animations : sequence
        As `animate_features` gives them, one for each feature; None leaves it as it was drawn.
    size : int
        Pixels on the longer side.

    Returns
    -------
    list of ndarray
        uint8 (h, w, 3), RGB.

    Raises
    ------
    ValueError
        For animations that are none, too many or too few, or of different lengths.
    """
    if len(animations) != len(features):
        raise ValueError(f"{len(animations)} animations for {len(features)} features; give one each, or None")
    lengths = {len(animation.sketches) for animation in animations if animation is not None}
    if len(lengths) != 1:
        raise ValueError(f"the animations have {sorted(lengths) or 'no'} frames; they have to be equally long")
    rest = bitmap.copy()
    for (_, (x, y, w, h), crop), animation in zip(features, animations, strict=True):
        if animation is not None:
            # the crop's ink and the grey beside it, but nothing of a neighbour
            own = cv2.dilate((np.pad(crop, 2) > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
            room = np.pad(rest, 2)[y : y + h + 4, x : x + w + 4]
            padded = np.pad(rest, 2)
            padded[y : y + h + 4, x : x + w + 4] = np.where(own, 0, room)
            rest = padded[2:-2, 2:-2]
    scale = size / max(bitmap.shape)
    sides = [max(1, round(side * scale)) for side in bitmap.shape]
    ground = cv2.resize(rest, sides[::-1], interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    # ink over length is width; of a line of pixels, one step in two or so is a diagonal
    length = 1.2 * thin((bitmap > INK).astype(np.uint8)).sum()
    # and OpenCV's antialiased lines are wider than they are said to be
    width = max(1, round(scale * bitmap.sum() / 255 / length / 1.6))
    frames = []
    for i in range(lengths.pop()):
        picture = ground.copy()
        for (_, box, _), animation in zip(features, animations, strict=True):
            if animation is not None:
                lines = [np.rint(line * scale * 16).astype(np.int32) for line in _in_box(animation, i, box)]
                cv2.polylines(picture, lines, False, 255, width, cv2.LINE_AA, 4)
        depth = picture[..., None] / 255
        frames.append((255 + depth * (as_rgb(PALETTE[0]) - 255)).round().astype(np.uint8))
    return frames


def _in_box(animation: Animation, frame: int, box: tuple[int, int, int, int]) -> list[np.ndarray]:
    """The polylines of one frame, in pixels of the bitmap, where the first frame fills the box."""
    x, y, w, h = box
    low, high = bounds(animation.sketches[0]) + animation.origins[0]
    scale = max(w, h) / max(*(high - low), 1e-6)
    middle = np.array([x + (w - 1) / 2, y + (h - 1) / 2])
    lines = to_polylines(animation.sketches[frame], animation.origins[frame])
    return [(line - (low + high) / 2) * scale + middle for line in lines]
