"""Frames and the files made of them: what they show, and that a player gets back what went in."""

from itertools import pairwise

import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from helpers.data.formats import read
from helpers.export import video
from helpers.export.frames import frames_of, pen_frames
from helpers.figures.style import PALETTE

SQUARE = np.array([[40, 0, 0], [0, 40, 0], [-40, 0, 0], [0, -40, 1]], np.float32)
# a square, then a dot at its centre, then a line inside
FACE = np.array([*SQUARE, [20, 20, 1], [-8, 12, 0], [16, 0, 1]], np.float32)
INK, RED = (np.rint(np.multiply(to_rgb(color), 255)) for color in PALETTE[:2])


def ink(frame):
    """Where a frame is not paper."""
    return frame.min(axis=2) < 200


def near(frame, color):
    """How many pixels have that colour."""
    return int((np.abs(frame.astype(int) - color).max(axis=2) < 24).sum())


def decoded(path):
    """The frames of a video as a player sees them, and what it says of itself."""
    stream = imageio_ffmpeg.read_frames(str(path))
    facts = next(stream)
    width, height = facts["size"]
    return [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in stream], facts


def test_a_drawing_grows_to_the_whole_and_rests_there(mirror):
    sketch = read(mirror / "sketchrnn" / "camel.npz", "test")[3]
    frames = pen_frames(sketch, size=240, frames=50)
    assert len(frames) == 50
    assert all(frame.shape == (240, 240, 3) and frame.dtype == np.uint8 for frame in frames)
    (whole,) = frames_of([sketch], size=240)
    np.testing.assert_array_equal(frames[40:], [frames[-1]] * 10)
    np.testing.assert_array_equal(frames[-1], whole)
    amounts = [ink(frame).sum() for frame in frames[:40]]
    assert amounts[0] < 0.15 * amounts[-1]
    assert all(b > a - 60 for a, b in pairwise(amounts))  # the pen's own dot is lifted off
    # an even pace: half the time, half the ink
    assert 0.35 < amounts[20] / amounts[-1] < 0.65


def test_the_pen_does_not_draw_where_it_travels_and_a_dot_has_ink():
    (frame,) = frames_of([FACE], size=200)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink(frame).astype(np.uint8))
    assert count == 4  # paper, the square, the dot, the line
    assert stats[:, cv2.CC_STAT_AREA].min() > 3
    last = pen_frames(FACE, size=200)[-1]
    assert cv2.connectedComponents(ink(last).astype(np.uint8))[0] == 4


def test_the_line_changes_colour_where_the_mind_changed():
    frames = pen_frames(SQUARE, (2,), size=200, frames=40)
    assert near(frames[8], RED) == 0 < near(frames[8], INK)
    assert near(frames[-1], RED) == pytest.approx(near(frames[-1], INK), rel=0.1)
    (still,) = frames_of([SQUARE], switches=[(2,)], size=200)
    np.testing.assert_array_equal(still, frames[-1])


def test_pictures_share_one_scale_and_stand_where_their_pens_start():
    half = SQUARE * [0.5, 0.5, 1]
    big, small = (ink(frame) for frame in frames_of([SQUARE, half.astype(np.float32)], size=200))
    assert np.ptp(np.nonzero(big)[0]) == pytest.approx(160, abs=4)
    assert np.ptp(np.nonzero(small)[0]) == pytest.approx(80, abs=4)
    assert np.mean(np.nonzero(small), axis=1) == pytest.approx([99.5, 99.5], abs=1)  # centred by its ink
    together = frames_of([SQUARE, half.astype(np.float32)], size=200, origins=[(0, 0), (0, 0)])
    corners = [np.array(np.nonzero(ink(frame))).min(axis=1) for frame in together]
    np.testing.assert_allclose(corners[0], corners[1], atol=1)


def test_a_contact_sheet_shows_every_frame_and_fits_the_page():
    frames = pen_frames(FACE, size=60, frames=12)
    figure = video.contact_sheet(frames, columns=5, titles=[str(i) for i in range(12)])
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == [str(i) for i in range(12)]
    np.testing.assert_array_equal(shown[11].images[0].get_array(), frames[11])
    assert figure.get_size_inches()[0] <= 7
    with pytest.raises(ValueError, match="1 titles for 12"):
        video.contact_sheet(frames, titles=["one"])


@pytest.mark.parametrize("size", [(160, 120), (161, 121)])
def test_an_mp4_is_h264_that_browsers_play_and_shows_what_went_in(tmp_path, size):
    frames = [cv2.resize(frame, size) for frame in pen_frames(FACE, (4,), size=200, frames=20)]
    path = video.to_video(frames, tmp_path / "face.mp4", fps=5)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # the index first
    shown, facts = decoded(path)
    assert facts["codec"] == "h264" and facts["pix_fmt"].startswith("yuv420p(tv, bt709")
    assert facts["fps"] == 5 and facts["duration"] == pytest.approx(4)
    assert facts["size"] == tuple(side + side % 2 for side in size)
    assert len(shown) == 20
    for a, b in zip(frames, shown, strict=True):
        assert np.abs(a.astype(int) - b[: size[1], : size[0]]).mean() < 2


def test_colours_survive_the_video(tmp_path):
    flat = [np.full((64, 64, 3), np.rint(np.multiply(to_rgb(color), 255)), np.uint8) for color in PALETTE]
    shown, _ = decoded(video.to_video(flat, tmp_path / "colours.mp4"))
    for a, b in zip(flat, shown, strict=True):
        assert np.abs(a.astype(int) - b).max() <= 4


def test_a_gif_repeats_at_its_pace_and_shows_what_went_in(tmp_path):
    frames = pen_frames(FACE, (4,), size=120, frames=30)
    path = video.to_gif(frames, tmp_path / "face.gif", fps=12)
    with Image.open(path) as gif:
        assert gif.info["loop"] == 0
        total, last = 0, None
        for i in range(gif.n_frames):
            gif.seek(i)
            total += gif.info["duration"]
            last = np.asarray(gif.convert("RGB"))
    assert total == 2500
    assert np.abs(last.astype(int) - frames[-1]).mean() < 1
    assert near(last, RED) > 20


def test_the_same_frames_give_the_same_bytes(tmp_path):
    frames = pen_frames(FACE, size=96, frames=10)
    for write, name in ((video.to_gif, "a.gif"), (video.to_video, "a.mp4")):
        first = write(frames, tmp_path / name).read_bytes()
        assert write(frames, tmp_path / "again" / name).read_bytes() == first


def test_a_long_video_shows_how_far_it_is(tmp_path, capsys):
    frames = pen_frames(FACE, size=32, frames=120)
    video.to_video(frames, tmp_path / "long.mp4")
    assert "120/120" in capsys.readouterr().err
    video.to_video(frames[:20], tmp_path / "short.mp4")
    assert capsys.readouterr().err == ""


def test_what_fails_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "face.mp4"
    frames = pen_frames(FACE, size=32, frames=4)
    before = video.to_video(frames, path).read_bytes()
    monkeypatch.setattr(video, "H264", ["-no-such-option"])
    with pytest.raises(OSError, match=r"face\.mp4"):
        video.to_video(frames, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["face.mp4"]


def test_bad_input_is_refused_by_name(tmp_path):
    frame = np.zeros((20, 30, 3), np.uint8)
    for call, words in [
        (lambda: video.to_video([], tmp_path / "a.mp4"), "no frames"),
        (lambda: video.to_video([frame], tmp_path / "a.avi"), r"a\.avi should end in \.mp4"),
        (lambda: video.to_gif([frame], tmp_path / "a.mp4"), r"should end in \.gif"),
        (lambda: video.to_video([frame, frame[:, :, 0]], tmp_path / "a.mp4"), r"frame 1 is uint8 \(20, 30\)"),
        (lambda: video.to_video([frame, frame[:10]], tmp_path / "a.mp4"), "frame 1 is 30x10 pixels, where the first"),
        (lambda: video.to_video([frame / 255], tmp_path / "a.mp4"), "frame 0 is float64"),
        (lambda: video.to_video([frame[:0]], tmp_path / "a.mp4"), "no pixels"),
        (lambda: video.to_video([frame], tmp_path / "a.mp4", fps=0), "fps is 0"),
        (lambda: video.to_gif([frame], tmp_path / "a.gif", fps=60), "at most 50"),
        (lambda: pen_frames(np.zeros((0, 3))), "no points"),
        (lambda: pen_frames(FACE, frames=1), "frames is 1"),
        (lambda: pen_frames(FACE, (5, 2)), "must rise"),
        (lambda: pen_frames(FACE, (1, 2, 3, 4)), "need 5 colours"),
        (lambda: pen_frames(FACE, size=4), "size is 4"),
        (lambda: frames_of([]), "no drawings"),
        (lambda: frames_of([FACE], origins=[]), "0 origins for 1"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    assert list(tmp_path.iterdir()) == []
