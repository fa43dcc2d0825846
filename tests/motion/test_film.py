"""The film, in a real browser: it opens from a disk, plays, and a choice changes the clip."""

import base64
import json
import re
import shutil
import time

import imageio_ffmpeg
import numpy as np
import pytest

from helpers.export import video
from helpers.motion import clips, film
from helpers.motion.film import Scene

SIZE = 96


def flat(color, frames=24):
    """A clip of one colour, with a block that moves, so that its frames differ."""
    pictures = np.full((frames, SIZE, SIZE, 3), color, np.uint8)
    for i, picture in enumerate(pictures):
        picture[:8, 3 * i : 3 * i + 8] = 0
    return list(pictures)


RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (30, 60, 200)


@pytest.fixture
def path(tmp_path):
    own = video.to_video(flat(BLUE), tmp_path / "own.mp4", fps=1)  # long: a busy machine looks seldom
    scenes = {
        "red": Scene(flat(RED), "A red one.", {"Turn green": "green", "Turn blue": "blue"}, fps=1),
        "green": Scene(flat(GREEN), "A green one.", {"Begin again": "red"}, fps=1),
        "blue": Scene(own, "A blue one, from a </script> file.", {"Begin again": "red"}),
    }
    return film.save_film(scenes, tmp_path / "film.html", "Three & more")


class Viewer:
    """A page that shows the film, and all that it said and asked for."""

    def __init__(self, browser, path, **context):
        self.page = browser.new_context(**context).new_page()
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def skip(self):
        """To the last moment of the clip that plays."""
        self.page.evaluate(
            "(video => { video.currentTime = video.duration - 0.1; })(document.querySelector('video.shown'))"
        )

    def until(self, what, seconds=120):
        """Waits for an expression of the page to be true."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(what):
            assert time.monotonic() < end, f"never came true: {what}; the page said {self.said}"
            time.sleep(0.05)

    def color(self):
        """The colour in the middle of what is shown."""
        return self.page.evaluate("""() => {
            const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
            canvas.width = canvas.height = 9;
            context.drawImage(document.querySelector("video.shown"), 0, 0, 9, 9);
            return [...context.getImageData(4, 4, 1, 1).data.slice(0, 3)];
        }""")


PLAYING = "(video => video && !video.paused && video.currentTime > 0.2)(document.querySelector('video.shown'))"
ENDED = "document.querySelector('video.shown')?.ended"


def scene(name):
    return f"document.body.dataset.scene === '{name}'"


def test_it_opens_from_a_disk_plays_and_a_choice_changes_the_clip(browser, path):
    viewer = Viewer(browser, path)
    viewer.until(PLAYING)
    assert viewer.color() == pytest.approx(RED, abs=8)
    assert viewer.page.title() == viewer.page.inner_text("h1") == "Three & more"
    assert viewer.page.inner_text("#caption") == "A red one."
    viewer.skip()
    viewer.until(ENDED)
    viewer.page.get_by_role("button", name="Turn blue").click()
    viewer.until(scene("blue"))
    viewer.until(PLAYING)
    assert viewer.color() == pytest.approx(BLUE, abs=8)
    assert viewer.page.inner_text("#caption") == "A blue one, from a </script> file."
    assert viewer.page.get_by_role("button", name="Begin again").count() == 1
    assert viewer.said == []
    assert [url for url in viewer.asked if not url.startswith(("blob:", "data:"))] == [path.as_uri()]


def test_keys_choose_halt_and_play_again(browser, path):
    viewer = Viewer(browser, path)
    viewer.until(PLAYING)
    viewer.page.keyboard.press("Space")
    viewer.until("document.querySelector('video.shown').paused")
    assert viewer.page.inner_text("#halt") == "Play on"
    viewer.page.keyboard.press("Space")
    viewer.skip()
    viewer.until(ENDED)
    viewer.until("document.querySelector('#halt').textContent === 'Play again'")
    viewer.page.keyboard.press("r")
    viewer.until(PLAYING)
    viewer.page.keyboard.press("7")  # no such choice
    viewer.page.keyboard.press("1")
    viewer.until(scene("green"))
    viewer.until(PLAYING)
    assert viewer.color() == pytest.approx(GREEN, abs=8)
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.press("Enter")
    viewer.until(scene("red"))
    assert viewer.said == []


def test_it_fits_a_phone_and_a_thumb(browser, path):
    viewer = Viewer(browser, path, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    viewer.until(PLAYING)
    assert viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert viewer.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    heights = viewer.page.evaluate(
        """[...document.querySelectorAll("button")]
            .filter((one) => one.offsetParent).map((one) => one.getBoundingClientRect().height)"""
    )
    assert min(heights) >= 44
    viewer.page.get_by_role("button", name="Turn green").tap()
    viewer.until(scene("green"))
    assert viewer.said == []


def test_where_motion_is_not_wanted_it_stands_at_the_end_until_asked(browser, path):
    viewer = Viewer(browser, path, reduced_motion="reduce")
    viewer.until("document.querySelector('video.shown')")
    state = "(video => [video.paused, video.currentTime / video.duration])(document.querySelector('video.shown'))"
    paused, done = viewer.page.evaluate(state)
    assert paused and done > 0.9
    viewer.page.get_by_role("button", name="Play again").click()
    viewer.until(PLAYING)
    assert viewer.said == []


def test_a_viewer_who_does_not_see_it_is_told(browser, path):
    viewer = Viewer(browser, path)
    viewer.until(PLAYING)
    assert viewer.page.get_attribute("#caption", "aria-live") == "polite"
    assert viewer.page.get_attribute("video.shown", "aria-label") == "A red one."
    assert viewer.page.get_by_role("navigation", name="What comes next").count() == 1
    assert viewer.page.get_attribute("html", "lang") == "en"


def test_it_is_one_file_without_addresses_and_the_same_bytes_each_time(path, tmp_path):
    text = path.read_text()
    assert not re.search(r"https?://(?!www.w3.org/2000/svg)|//cdn|src=[\"']", text)
    scenes = {"a": Scene(flat(RED), "A.", {"Again": "a"})}
    first = film.save_film(scenes, tmp_path / "a.html", "A").read_bytes()
    assert film.save_film(scenes, tmp_path / "b.html", "A").read_bytes() == first


@pytest.mark.parametrize("codec", ["mpeg4", "ffv1"])
def test_a_video_that_browsers_do_not_play_or_of_odd_size_is_converted(tmp_path, codec):
    own = tmp_path / "own.mkv"
    pixels = np.zeros((10, 47, 63, 3), np.uint8)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "63x47", "-r", 10, "-i", "-", "-c:v", codec]
    video.ffmpeg([*raw, own], [pixels.tobytes()])
    page = film.save_film({"a": Scene(own, "A.", {"Again": "a"})}, tmp_path / "a.html", "A").read_text()
    held = json.loads(re.search(r'type="application/json">(.*?)</script>', page)[1])["scenes"]["a"]["video"]

    (tmp_path / "held.mp4").write_bytes(base64.b64decode(held))
    facts = next(imageio_ffmpeg.read_frames(str(tmp_path / "held.mp4")))
    assert facts["codec"] == "h264" and facts["pix_fmt"].startswith("yuv420p")
    assert facts["size"] == (62, 46)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("alpha.webm", ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"]),
        ("vp8.webm", ["-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0"]),
        ("alpha.mov", ["-c:v", "png"]),
        ("alpha.gif", ["-filter_complex", "split[a][b];[a]palettegen[palette];[b][palette]paletteuse"]),
        ("-a:b.webm", ["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p"]),
    ],
)
def test_a_transparent_clip_lies_on_white_paper_whatever_its_container(tmp_path, name, how):
    """A red square amid nothing: 96 x 64 pixels, from 32 to 64."""
    source = "color=red@1:s=32x32:d=1:r=5,format=rgba,pad=96:64:32:16:color=black@0"
    video.ffmpeg(["-f", "lavfi", "-i", source, *how, tmp_path / name])
    page = film.save_film({"a": Scene(tmp_path / name, "A.", {"Again": "a"})}, tmp_path / "a.html", "A").read_text()
    made = tmp_path / "made.mp4"
    made.write_bytes(base64.b64decode(re.search(r'"video": "([^"]+)"', page)[1]))
    frames = imageio_ffmpeg.read_frames(str(made))
    width, height = next(frames)["size"]
    frame = np.frombuffer(next(frames), np.uint8).reshape(height, width, 3)
    frames.close()
    assert (width, height) == (96, 64)
    assert frame[0, 0].tolist() == [255, 255, 255] and frame[32, 48, 0] > 200 > 60 > frame[32, 48, 1]


def test_bad_films_are_refused_by_name(tmp_path):
    clip = flat(RED, 2)
    (tmp_path / "text.mp4").write_text("not a video")
    for scenes, error, words in [
        ({}, ValueError, "at least one scene"),
        ({"a": Scene(clip, "A.", {})}, ValueError, "scene 'a' is a dead end; .* back to 'a'"),
        ({"a": Scene(clip, "A.", {"On": "b"})}, ValueError, "scene 'a': 'On' leads to 'b', which is none of 'a'"),
        (
            {"a": Scene(clip, "A.", {"On": "a"}), "b": Scene(clip, "B.", {"On": "a"})},
            ValueError,
            "scene 'b': no choice leads to it",
        ),
        ({"a": Scene(clip, "A.", {str(i): "a" for i in range(10)})}, ValueError, "keys for 9"),
        ({"a": Scene([], "A.", {"On": "a"})}, ValueError, "scene 'a': no frames"),
        ({"a": Scene(tmp_path / "none.mp4", "A.", {"On": "a"})}, FileNotFoundError, r"scene 'a': .*none\.mp4"),
        ({"a": Scene(tmp_path / "text.mp4", "A.", {"On": "a"})}, ValueError, r"text\.mp4 is not a video"),
    ]:
        with pytest.raises(error, match=words):
            film.save_film(scenes, tmp_path / "film.html", "A")
    with pytest.raises(ValueError, match=r"should end in \.html"):
        film.save_film({"a": Scene(clip, "A.", {"On": "a"})}, tmp_path / "film.mp4", "A")
    assert not (tmp_path / "film.html").exists()


def test_a_film_of_forty_scenes_goes_on_after_an_interruption_and_shows_how_far_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(clips, "KEPT", tmp_path / "kept")
    write, made = clips.to_video, []

    def busy(frames, path, fps):
        if len(made) == 17:
            made.append(None)  # once
            raise KeyboardInterrupt
        made.append(path)
        return write(frames, path, fps)

    monkeypatch.setattr(clips, "to_video", busy)
    scenes = {str(i): Scene(flat((6 * i, 90, 30), 2), "A.", {"On": str((i + 1) % 40)}) for i in range(40)}
    for path in (tmp_path / "film.html", tmp_path / "film"):
        del made[:]
        with pytest.raises(KeyboardInterrupt):
            film.save_film(scenes, path, "A")
        assert len(made) == 18 and not path.with_suffix("").is_file() and not list(tmp_path.rglob("*.html"))
        page = film.save_film(scenes, path, "A")
        assert len(made) == 18 + 23 and len(set(made)) == 41
        assert "40/40" in capsys.readouterr().err
        page.unlink()
        shutil.rmtree(tmp_path / "kept")


def test_a_film_too_large_for_a_browser_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(film, "LARGEST", 1000)
    with pytest.raises(ValueError, match="make them smaller"):
        film.save_film({"a": Scene(flat(RED), "A.", {"On": "a"})}, tmp_path / "film.html", "A")


def test_a_drawing_is_drawn_on_the_way_to_its_scene_but_not_where_motion_is_unwanted(browser, tmp_path):
    sketch = np.array([[40, 0, 0], [0, 40, 1], [-40, 0, 0], [0, -30, 1]], np.float32)
    scenes = {
        "a": Scene(flat(RED), "A.", {"On": "b"}, fps=1),
        "b": Scene(flat(GREEN), "B.", {"Again": "a"}, fps=1, drawing=(sketch, [2])),
    }
    path = film.save_film(scenes, tmp_path / "film.html", "Drawn")
    viewer = Viewer(browser, path)
    viewer.until(PLAYING)
    viewer.page.keyboard.press("1")
    viewer.until("document.querySelectorAll('#stage path').length === 2")
    colors = viewer.page.eval_on_selector_all("#stage path", "paths => paths.map(path => path.getAttribute('stroke'))")
    assert colors == ["#22344a", "#d8431f"]
    viewer.until(scene("b"))
    viewer.until("!document.querySelector('#stage svg') && " + PLAYING)
    assert viewer.color() == pytest.approx(GREEN, abs=8)
    still = Viewer(browser, path, reduced_motion="reduce")
    still.until("document.querySelector('.shown')")
    still.page.keyboard.press("1")
    still.until(scene("b") + " && document.querySelector('.shown').currentTime > 1")
    assert still.page.locator("#stage svg").count() == 0
    assert viewer.said == still.said == []
