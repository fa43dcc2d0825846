"""Any clip as every browser plays it: its size, its ground, its rate and its sound; and what is kept of it."""

import re
import subprocess

import cv2
import imageio_ffmpeg
import numpy as np
import pytest

from helpers.export.video import ffmpeg
from helpers.motion import clips


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "KEPT", tmp_path / "kept")


def write(path, size, codec, *more, pixels="rgb24", color=(200, 30, 30), frames=10, before=()):
    """A video of one colour, its upper half black."""
    picture = np.full((size[1], size[0], len(color)), color, np.uint8)
    picture[: size[1] // 2, :, :3] = 0
    raw = ["-f", "rawvideo", "-pix_fmt", pixels, "-s", f"{size[0]}x{size[1]}", "-r", 10, "-i", "-"]
    ffmpeg([*raw, *before, "-c:v", codec, *more, path], [picture.tobytes()] * frames)
    return path


def first(path):
    """The first frame of what was made, RGB, and what ffmpeg says of it."""
    facts = (stream := imageio_ffmpeg.read_frames(str(path))) and next(stream)
    frame = np.frombuffer(next(stream), np.uint8).reshape(facts["size"][1], facts["size"][0], 3)
    stream.close()
    return frame, facts


def test_a_large_one_comes_within_the_bounds(tmp_path):
    made = clips.prepare(write(tmp_path / "a.mkv", (1930, 1090), "ffv1", frames=2))
    frame, facts = first(made.video)
    assert facts["codec"] == "h264" and facts["pix_fmt"].startswith("yuv420p")
    assert frame.shape[1] <= 1280 and frame.shape[0] <= 720 and frame.shape[0] % 2 == frame.shape[1] % 2 == 0
    assert frame.shape[1] / frame.shape[0] == pytest.approx(1930 / 1090, rel=0.01)
    assert not made.sound


def test_a_transparent_one_lies_on_white(tmp_path):
    own = write(tmp_path / "a.mov", (64, 48), "png", pixels="rgba", color=(200, 30, 30, 0))
    assert first(clips.prepare(own).video)[0].min() > 245
    webm = write(
        tmp_path / "a.webm", (64, 48), "libvpx-vp9", "-pix_fmt", "yuva420p", pixels="rgba", color=(200, 30, 30, 0)
    )
    assert first(clips.prepare(webm).video)[0].min() > 245


def test_a_turned_one_is_upright(tmp_path):
    plain = write(tmp_path / "plain.mp4", (64, 48), "libx264", "-pix_fmt", "yuv420p")
    ffmpeg(["-display_rotation", 90, "-i", plain, "-c", "copy", tmp_path / "turned.mp4"])
    frame, _ = first(clips.prepare(tmp_path / "turned.mp4").video)
    assert frame.shape == (64, 48, 3)
    sides = [frame[:, :12].mean(), frame[:, -12:].mean()]  # what was above is at a side now
    assert min(sides) < 20 < 60 < max(sides)


def test_frames_that_come_as_they_like_come_at_a_constant_rate(tmp_path):
    plain = write(tmp_path / "plain.mp4", (64, 48), "libx264", "-pix_fmt", "yuv420p", frames=60)
    uneven = ["-vf", "select='lt(n,20)+not(mod(n,4))'", "-fps_mode", "vfr", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    ffmpeg(["-i", plain, *uneven, tmp_path / "phone.mp4"])
    made = clips.prepare(tmp_path / "phone.mp4")

    def steps(path):
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", path, "-vf", "showinfo", "-f", "null", "-"]
        words = subprocess.run(command, capture_output=True, text=True).stderr
        return np.diff([float(time) for time in re.findall(r"pts_time:([\d.]+)", words)])

    assert np.ptp(steps(tmp_path / "phone.mp4")) > 0.2 and np.ptp(steps(made.video)) < 0.002
    assert steps(made.video).sum() == pytest.approx(6, abs=0.5)


def test_sound_is_evened_out_and_good_pictures_stay(tmp_path):
    plain = write(tmp_path / "plain.mp4", (64, 48), "libx264", "-pix_fmt", "yuv420p", frames=60)
    tone = ["-f", "lavfi", "-i", "sine=440:duration=6,volume=0.03", "-i", plain, "-map", "1:v", "-map", "0:a"]
    ffmpeg([*tone, "-c:v", "copy", "-c:a", "pcm_s16le", tmp_path / "quiet.mov"])
    ffmpeg(["-i", tmp_path / "quiet.mov", "-c:v", "copy", "-c:a", "libmp3lame", tmp_path / "quiet.mp4"])
    made = clips.prepare(tmp_path / "quiet.mp4")
    assert made.sound
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", made.video, "-af", "ebur128", "-f", "null", "-"]
    words = subprocess.run(command, capture_output=True, text=True).stderr
    assert "Audio: aac" in words
    assert float(words.rsplit("I:", 1)[1].split()[0]) == pytest.approx(-16, abs=2)
    packets = [imageio_ffmpeg.count_frames_and_secs(str(path))[0] for path in (plain, made.video)]
    assert packets[0] == packets[1]


def test_a_description_becomes_as_loud_as_the_clips_and_must_be_a_sound(tmp_path):
    ffmpeg(["-f", "lavfi", "-i", "sine=440:duration=6,volume=0.03", tmp_path / "a.wav"])
    made = clips.prepare_sound(tmp_path / "a.wav")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", made, "-af", "ebur128", "-f", "null", "-"]
    words = subprocess.run(command, capture_output=True, text=True).stderr
    assert "Audio: aac" in words and "Video:" not in words
    assert float(words.rsplit("I:", 1)[1].split()[0]) == pytest.approx(-16, abs=2)
    (tmp_path / "b.mp3").write_text("words")
    with pytest.raises(ValueError, match=r"b\.mp3 is not a sound"):
        clips.prepare_sound(tmp_path / "b.mp3")


def test_a_clip_is_made_once_and_its_poster_shows_it(tmp_path, monkeypatch):
    own = write(tmp_path / "a.avi", (640, 480), "mpeg4")
    made = clips.prepare(own)
    poster = cv2.imread(str(made.poster))
    assert max(poster.shape) == 320 and poster[-5, 160].tolist() == pytest.approx([30, 30, 200], abs=12)
    monkeypatch.setattr(clips, "ffmpeg", lambda *_: pytest.fail("made again"))
    own.rename(tmp_path / "b.avi")  # by its content, not by its name
    assert clips.prepare(tmp_path / "b.avi") == made
    frames = [np.zeros((16, 16, 3), np.uint8)]
    monkeypatch.undo()
    monkeypatch.setattr(clips, "KEPT", tmp_path / "kept")
    first_made, other = clips.prepare(frames, 5), clips.prepare(frames, 6)
    assert clips.prepare(frames, 5) == first_made != other


def test_one_that_was_interrupted_leaves_nothing_half_made(tmp_path, monkeypatch):
    own = write(tmp_path / "a.avi", (64, 48), "mpeg4")

    def interrupted(arguments):
        arguments[-1].write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(clips, "ffmpeg", interrupted)
    with pytest.raises(KeyboardInterrupt):
        clips.prepare(own)
    assert list((tmp_path / "kept").iterdir()) == []
