"""Features of a face: found where they are, named as what they are, and drawn back where they were."""

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers.data.formats import read
from helpers.draw import decoding
from helpers.evaluate.judge import load_judge
from helpers.model import vae
from helpers.motion import faces, features, tweening
from helpers.motion.composing import box_overlap, compose_face
from helpers.motion.features import find_features
from helpers.sketch.strokes import bounds, from_polylines
from helpers.trace.images import read_image

SQUARE = from_polylines([[[0, 0], [40, 0], [40, 40], [0, 40], [0, 0]]])


@pytest.fixture(scope="module")
def judge():
    return load_judge()


@pytest.fixture(scope="module")
def parts(mirror):
    return {name: read(mirror / "sketchrnn" / f"{name}.npz", "test") for name in ("eye", "nose", "mouth", "face")}


def all_found(face, found):
    """Whether each feature of a composed face was found, rightly named, and nothing else was."""
    return len(found) == len(face.boxes) and all(
        feature.name == name and box_overlap(feature.box, box) > 0.5
        for feature, name, box in zip(found, face.names, face.boxes, strict=True)
    )


def test_a_composed_face_has_its_features_apart_at_their_places(parts):
    face = compose_face(parts, np.random.default_rng(1))
    assert face.names == ("eye", "eye", "nose", "mouth")
    assert face.bitmap.dtype == np.uint8 and face.bitmap.max() == 255 and face.bitmap.min() == 0
    for i, a in enumerate(face.boxes):
        x, y, w, h = a
        assert face.bitmap[y : y + h, x : x + w].max() == 255
        assert all(box_overlap(a, b) < 0.1 for b in face.boxes[:i])
    centres = [(x + w / 2, y + h / 2) for x, y, w, h in face.boxes]
    assert centres[0][0] < centres[2][0] < centres[1][0]
    assert max(centres[0][1], centres[1][1]) < centres[2][1] < centres[3][1]


def test_the_features_of_nearly_every_composed_face_are_found_and_named(judge, parts):
    rng = np.random.default_rng(0)
    faces = [compose_face(parts, rng) for _ in range(60)]
    assert sum(all_found(face, find_features(face.bitmap, judge)) for face in faces) >= 57


def test_a_crop_holds_the_features_own_ink(judge, parts):
    face = compose_face(parts, np.random.default_rng(0))
    for _, (x, y, w, h), crop in find_features(face.bitmap, judge):
        assert crop.shape == (h, w) and crop.dtype == np.uint8
        room = face.bitmap[y : y + h, x : x + w]
        assert ((crop == room) | (crop == 0)).all()
        assert (crop > 0).sum() > 0.9 * (room > 0).sum()


def test_a_photo_in_uneven_light_is_as_good(judge, parts, tmp_path):
    rng = np.random.default_rng(3)
    found = 0
    for number in range(4):
        face = compose_face(parts, rng, size=640)
        paper = 225 - 110 * np.linspace(0, 1, 640)[:, None] * np.linspace(0.3, 1, 640)[None]
        photo = paper * (1 - 0.75 * cv2.GaussianBlur(face.bitmap, None, 1.2) / 255) + rng.normal(0, 4, (640, 640))
        path = tmp_path / f"photo{number}.jpg"
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(path, quality=85)
        found += all_found(face, find_features(read_image(path), judge))
    assert found >= 3


def test_a_face_without_a_nose_has_the_other_features(judge, parts):
    face = compose_face(parts, np.random.default_rng(0))
    x, y, w, h = face.boxes[2]
    face.bitmap[y - 2 : y + h + 2, x - 2 : x + w + 2] = 0
    found = find_features(face.bitmap, judge)
    assert [feature.name for feature in found] == ["eye", "eye", "mouth"]
    model = vae.load_model("face-parts")
    with pytest.raises(ValueError, match="no nose was found in this face, only: eye, eye, mouth"):
        faces.animate_features(model, found, {"nose": np.negative})


def test_features_move_in_their_places_and_the_rest_stands_still(judge, parts):
    face = compose_face(parts, np.random.default_rng(0))
    found = find_features(face.bitmap, judge)
    model = vae.load_model("face-parts")
    z = decoding.encode(model, parts["eye"][:1])[0]
    animations = faces.animate_features(model, found, {"eye": lambda own: z}, steps=3)
    assert [animation is None for animation in animations] == [False, False, True, True]
    frames = faces.face_frames(face.bitmap, found, animations, size=320)
    assert len(frames) == 6 and all(frame.shape == (320, 320, 3) and frame.dtype == np.uint8 for frame in frames)
    moved = np.ptp(np.stack(frames).min(axis=3).astype(int), axis=0) > 40
    assert moved.any()
    near_eyes = np.zeros_like(moved)
    for x, y, w, h in (feature.box for feature in found[:2]):
        grow = 0.8 * max(w, h)
        low, high = (np.array([[y - grow, x - grow], [y + h + grow, x + w + grow]]) * 320 / 256).clip(0).astype(int)
        near_eyes[low[0] : high[0], low[1] : high[1]] = True
    assert not (moved & ~near_eyes).any()
    # the eye that was drawn is gone, the model's is there, about as large
    x, y, w, h = (np.array(found[0].box) * 320 / 256).astype(int)
    assert (frames[0][y : y + h, x : x + w].min(axis=2) < 128).any()


def test_an_eye_can_close_though_hardly_anyone_drew_one_that_is(parts):
    """In latent space, the way from wide eyes to narrow ones goes on."""
    model = vae.load_model("face-parts")

    def aspect(sketch):
        width, height = np.diff(bounds(sketch), axis=0)[0]
        return width / max(height, 1)

    ranked = sorted(parts["eye"], key=aspect)
    closing = np.subtract(*(decoding.encode(model, part).mean(axis=0) for part in (ranked[-25:], ranked[:25])))
    own = decoding.encode(model, ranked[100:120])
    opened, closed = (decoding.decode(model, own + k * closing, 0.1, [0] * 20) for k in (0, 2))
    assert np.median([aspect(eye) for eye in closed]) > 2.5 * np.median([aspect(eye) for eye in opened])


def test_the_choice_shares_no_ink_and_scores_most():
    # three pieces, 0 and 1 grow together to 3, then with 2 to 4
    merges, amounts = np.array([[0, 1], [3, 2]]), np.array([0.4, 0.4, 0.2])
    low = -50.0
    scores = np.full((5, 4), low)
    scores[3, 0] = -0.1  # 0 and 1 are an eye together
    scores[2, 3] = -0.2  # 2 is a mouth
    scores[0, 1] = -3  # or 0 an eye of its own
    assert features._choose(scores, merges, amounts) == {0: 3, 3: 2}
    scores[1, 2] = -0.1  # and 1 a nose: then it is better to part them
    assert features._choose(scores, merges, amounts) == {1: 0, 2: 1, 3: 2}
    assert features._choose(np.full((5, 4), low), merges, amounts) == {}


def test_overlap_is_intersection_over_union():
    assert box_overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert box_overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert box_overlap((0, 0, 10, 10), (20, 0, 10, 10)) == 0


def test_bad_input_is_refused_by_name(judge):
    blank, ring = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
    cv2.circle(ring, (32, 32), 28, 255, 2)
    corner = ring.copy()
    cv2.line(corner, (2, 2), (2, 6), 255, 1)
    feature = features.Feature("eye", (5, 5, 10, 10), np.full((10, 10), 255, np.uint8))
    still = tweening.Animation([SQUARE] * 3, np.zeros((3, 2)))
    for call, words in [
        (lambda: find_features(blank, judge), "blank"),
        (lambda: find_features(255 - blank, judge), "all ink"),
        (lambda: find_features(ring / 255, judge), "uint8"),
        (lambda: find_features(ring, judge), "nothing apart from it"),
        (lambda: find_features(corner, judge), "nothing looks like"),
        (lambda: faces.face_frames(ring, [feature], []), "0 animations for 1 features"),
        (lambda: faces.face_frames(ring, [feature], [None]), "no frames"),
        (
            lambda: faces.face_frames(ring, [feature] * 2, [still, tweening.Animation([SQUARE], np.zeros((1, 2)))]),
            r"\[1, 3\] frames",
        ),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
