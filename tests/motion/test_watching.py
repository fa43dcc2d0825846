"""A film of twelve scenes in two languages, watched in a real browser: from a disk and over HTTP, on every path."""

import shutil
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from helpers.export.video import ffmpeg, to_video
from helpers.motion import read_story, save_film

MARKUP = "<img src=x onerror=alert(1)> <b>&amp;</b> </script><script>alert(2)</script>"
GRAPH = {  # an ending leads nowhere
    "Quay": ["Boat", "Market", "Bus"],
    "Boat": ["Storm", "Island"],
    "Market": ["Aunt", "Bus"],
    "Bus": ["Border", "Village"],
    "Storm": ["Island", "Lost"],
    "Island": ["Village"],
    "Aunt": ["Village", "Bus"],
    "Border": ["Village", "Turned back"],
    "Village": ["Home"],
    "Lost": [],
    "Turned back": [],
    "Home": [],
}
ARABIC = "العودة"
PHONE = {"viewport": {"width": 360, "height": 740}}


def write_story(folder, markup=MARKUP):
    """The story, its translation, clips (with sound for the first) and captions."""
    clips = folder / "clips"
    clips.mkdir()
    frames = [np.full((48, 64, 3), 40 * i, np.uint8) for i in range(5)]
    plain = to_video(frames, folder / "plain.mp4", 5)
    for name in GRAPH:
        shutil.copy(plain, clips / f"{name}.mp4")
    tone = ["-f", "lavfi", "-i", "sine=440:duration=1", "-i", plain, "-map", "1:v", "-map", "0:a", "-c:v", "copy"]
    ffmpeg([*tone, "-shortest", clips / "Quay.mp4"])
    (clips / "Quay.vtt").write_text(f"WEBVTT\n\n00:00.000 --> 01:00.000\nHello {markup}\n", encoding="utf-8")
    (clips / "Quay.ar.srt").write_text("1\n00:00:00,000 --> 00:01:00,000\nمرحبا\n", encoding="utf-8")
    for name in ("Boat.described.wav", "Boat.ar.described.wav"):  # longer than the clip
        ffmpeg(["-f", "lavfi", "-i", f"sine={300 + len(name)}:duration=4", clips / name])
    more = {"Boat": f'<<choices "end">><<chapter "At sea {markup}">>', "Storm": '<<choices 0.5>><<default "Island" 2>>'}

    def twee(text, caption):
        passages = [f":: StoryTitle\n{text} & {markup}\n:: StoryData\n" + '{"start": "Quay"}\n']
        for name, targets in GRAPH.items():
            links = [f"[[{caption} {to}->{to}]]" for to in targets]
            if name == "Village":
                links.append(f'<<if visited("Boat")>>[[{caption} the sea->Lost]]<</if>>')
            head = f":: {name}" + ("" if targets else " [ending]")
            passages.append("\n".join([head, f"{text}: {name} {markup}", more.get(name, ""), *links]))
        return "\n\n".join(passages)

    (folder / "story.twee").write_text(twee("The crossing", "Go to"), encoding="utf-8")
    (folder / "story.ar.twee").write_text(twee(ARABIC, "إلى"), encoding="utf-8")
    return folder / "story.twee"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """The film as one file and as a folder."""
    folder = tmp_path_factory.mktemp("story")
    story = write_story(folder)
    return save_film(story, folder / "film.html"), save_film(story, folder / "film")


@pytest.fixture(scope="module")
def server(films):
    """The addresses of both over HTTP."""
    handler = partial(SimpleHTTPRequestHandler, directory=films[0].parent)
    handler.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Viewer:
    """A page that shows the film, and all that it said and asked for."""

    def __init__(self, browser, address, **context):
        self.context = browser.new_context(**context)
        self.said, self.asked = [], []
        self.open(address)

    def open(self, address):
        self.page = self.context.new_page()
        self.page.set_default_timeout(120_000)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)

    def until(self, what, argument=None, seconds=120):
        end = time.monotonic() + seconds
        while not self.page.evaluate(what, argument):
            assert time.monotonic() < end, f"never came true: {what} {argument}; the page said {self.said}"
            time.sleep(0.05)

    def at(self, name):
        """Waits until a scene plays, or has."""
        self.until("name => document.body.dataset.scene === name", name)
        self.until("() => (video => video && (video.ended || video.currentTime > 0))(document.querySelector('.shown'))")

    def choose(self, to):
        self.page.locator("nav button", has_text=f"Go to {to}").first.click()
        self.until("name => document.body.dataset.scene === name", to)

    def end(self):
        """To the end of the clip that plays."""
        self.page.evaluate("(video => { video.currentTime = video.duration; })(document.querySelector('.shown'))")


def paths(name="Quay", way=()):
    """Every way from the first scene to an ending."""
    way = (*way, name)
    if not GRAPH[name]:
        yield way
    for to in GRAPH[name]:
        yield from paths(to, way)


@pytest.mark.parametrize("kind", ["file", "http", "folder", "http folder"])
def test_every_path_is_walked_without_an_error(browser, films, server, kind):
    one, folder = films
    address = server + ("film/index.html" if "folder" in kind else "film.html")
    if "http" not in kind:
        address = (folder if kind == "folder" else one).as_uri()
    viewer = Viewer(browser, address, reduced_motion="reduce")  # choices are there at once
    viewer.until("() => document.querySelector('.shown')")
    for way in paths() if kind in ("file", "http folder") else list(paths())[::6]:
        assert viewer.page.evaluate("document.body.dataset.scene") == "Quay"
        for to in way[1:]:
            viewer.choose(to)
        assert viewer.page.locator("nav").inner_text().startswith("The end.")
        viewer.page.get_by_role("button", name="Begin again").click()
        viewer.until("() => document.body.dataset.scene === 'Quay'")
    viewer.until("() => document.querySelector('.shown').readyState >= 2")
    assert viewer.said == []
    beside = [url for url in viewer.asked if not url.startswith(("blob:", "data:"))]
    clips = (address.rsplit("/", 1)[0] + "/clips/") if "folder" in kind else address
    assert beside[0] == address and all(url.startswith(clips) for url in beside[1:])


def test_markup_in_every_text_is_text_in_both_languages(browser, films):
    viewer = Viewer(browser, films[0].as_uri())
    viewer.at("Quay")
    assert viewer.page.title() == viewer.page.inner_text("h1") == f"The crossing & {MARKUP}"
    assert viewer.page.inner_text("#caption") == f"The crossing: Quay {MARKUP}"
    viewer.until("() => document.querySelector('#said').textContent.startsWith('Hello')")
    viewer.page.select_option("#language select", "ar")
    assert viewer.page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    assert viewer.page.inner_text("#caption").startswith(ARABIC)
    assert viewer.page.locator("nav button").first.inner_text().endswith("إلى Boat")
    assert viewer.page.inner_text("#overview") == "المشاهد"
    viewer.page.select_option("#captions select", "ar")
    viewer.until("() => document.querySelector('#said').textContent === 'مرحبا'")
    assert viewer.page.get_attribute("#said", "dir") == "rtl"
    viewer.page.click("#transcript summary")
    assert viewer.page.inner_text("#transcript div") == "مرحبا"
    viewer.page.select_option("#captions select", "")
    viewer.until("() => document.querySelector('#said').hidden")
    assert viewer.page.locator("img[src=x], b").count() == 0 and viewer.said == []


def test_scenes_have_addresses_and_the_browser_goes_back_and_forward(browser, films):
    viewer = Viewer(browser, films[0].as_uri() + "#Turned%20back")
    viewer.at("Turned back")
    viewer.page.get_by_role("button", name="Begin again").click()
    viewer.at("Quay")
    viewer.choose("Bus")
    assert viewer.page.url.endswith("#Bus")
    viewer.page.go_back()
    viewer.at("Quay")
    viewer.page.keyboard.press("ArrowRight")
    viewer.at("Bus")
    viewer.page.keyboard.press("ArrowLeft")
    viewer.at("Quay")
    viewer.page.evaluate("location.hash = '#nowhere%'")
    time.sleep(0.3)
    assert viewer.page.evaluate("document.body.dataset.scene") == "Quay"
    assert viewer.said == []


def test_it_goes_on_where_one_left_and_knows_what_was_seen(browser, films):
    viewer = Viewer(browser, films[0].as_uri())
    viewer.at("Quay")
    viewer.choose("Boat")
    viewer.at("Boat")
    viewer.page.close()
    viewer.open(films[0].as_uri())
    viewer.at("Boat")
    assert viewer.page.inner_text("#note") == "You are where you left."
    viewer.page.keyboard.press("s")
    assert viewer.page.inner_text("#count") == "2 of 12 scenes seen, 0 of 3 endings"
    assert viewer.page.locator("#scenes h3").all_inner_texts() == [f"At sea {MARKUP}"]
    assert viewer.page.locator("#scenes ol").last.locator("button").count() == 1
    assert viewer.page.locator("#scenes li button").count() == 2
    viewer.page.locator("#scenes li button").first.click()
    viewer.at("Quay")
    viewer.page.keyboard.press("s")
    viewer.page.click("#forget")
    viewer.page.keyboard.press("s")
    assert viewer.page.inner_text("#count").startswith("1 of 12")
    assert viewer.said == []


def test_a_browser_that_keeps_nothing_shows_the_film_all_the_same(browser, films):
    viewer = Viewer(browser, "about:blank")
    viewer.page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})")
    viewer.page.goto(films[0].as_uri())
    viewer.at("Quay")
    viewer.choose("Market")
    viewer.at("Market")
    assert viewer.said == []


def test_choices_come_at_their_time_by_default_and_after_what_was_seen(browser, films):
    viewer = Viewer(browser, films[0].as_uri() + "#Village")
    viewer.at("Village")
    assert viewer.page.locator("nav button").count() == 1
    viewer.until("() => shown.ended")
    # Village's clip has ended, and is still shown while that of Boat is loaded
    early = "now === 'Boat' && choices.children.length > 0 && !(staged === 'Boat' && shown.ended)"
    viewer.page.evaluate(f"window.early = false; setInterval(() => window.early ||= {early}, 5)")
    viewer.page.evaluate("location.hash = '#Boat'")
    viewer.until("() => document.querySelector('.shown').ended && document.querySelectorAll('nav button').length === 2")
    assert viewer.page.evaluate("window.early") is False
    viewer.choose("Storm")
    viewer.until("() => document.querySelectorAll('nav button').length === 2")
    viewer.until("() => document.querySelector('#timer').hidden === false")
    assert "Go to Island" in viewer.page.inner_text("#timer")
    viewer.page.click("#timer button")
    time.sleep(2.5)
    assert viewer.page.evaluate("document.body.dataset.scene") == "Storm"
    viewer.page.keyboard.press("r")
    viewer.until("() => document.body.dataset.scene === 'Island'")
    viewer.choose("Village")
    viewer.until("() => document.querySelectorAll('nav button').length === 2")
    assert viewer.said == []


def test_sound_is_off_and_says_so_until_it_is_wanted(browser, films):
    viewer = Viewer(browser, films[0].as_uri())
    viewer.at("Quay")
    assert viewer.page.evaluate("document.querySelector('.shown').muted")
    assert viewer.page.inner_text("#note") == "The sound is off: browsers begin so."
    viewer.page.get_by_role("button", name="Turn the sound on").click()
    assert not viewer.page.evaluate("document.querySelector('.shown').muted")
    viewer.choose("Market")
    viewer.at("Market")
    assert not viewer.page.evaluate("document.querySelector('.shown').muted")
    viewer.page.keyboard.press("m")
    assert viewer.page.evaluate("document.querySelector('.shown').muted")
    assert viewer.said == []


@pytest.mark.parametrize("kind", ["film.html", "film/index.html"])
def test_a_description_is_heard_in_place_of_the_clip_and_the_choices_wait_for_its_end(browser, server, kind):
    viewer = Viewer(browser, f"{server}{kind}#Boat")
    viewer.at("Boat")
    switch = viewer.page.get_by_label("Audio description")
    assert not switch.is_checked() and viewer.page.evaluate("!told()")
    viewer.until("() => over() && choices.children.length === 2")
    switch.check()
    assert viewer.page.inner_text("#sound") == "Turn the sound off"
    viewer.page.keyboard.press("Tab")
    viewer.page.keyboard.press("r")
    viewer.until("() => !voice.paused && voice.currentTime > 0.1")
    apart = "Math.abs(voice.currentTime - shown.currentTime)"
    assert viewer.page.evaluate(f"[voice.muted, shown.muted, {apart} < 0.5]") == [False, True, True]
    first = viewer.page.evaluate("voice.currentSrc")
    viewer.page.reload()
    viewer.at("Boat")
    assert switch.is_checked() and viewer.page.evaluate("told()")
    # the browser may want to be touched before it plays sound
    viewer.until("() => shown.ended && !over() && halt.textContent === 'Pause' && choices.children.length === 0")
    viewer.page.click("#halt")
    viewer.until("() => voice.paused && halt.textContent !== 'Pause'")
    viewer.page.keyboard.press("r")
    viewer.until("() => shown.ended && !over() && voice.currentTime > 2")
    viewer.until("() => voice.ended && choices.children.length === 2")
    viewer.page.select_option("#language select", "ar")
    viewer.until("url => voice.currentSrc && voice.currentSrc !== url", first)
    viewer.page.select_option("#language select", "en")
    viewer.choose("Island")
    viewer.at("Island")
    assert viewer.page.evaluate("[told(), voice.paused]") == [False, True]
    assert viewer.said == []


def test_it_fits_a_phone_and_single_keys_can_be_turned_off(browser, films):
    phone = {**PHONE, "is_mobile": True, "has_touch": True}
    viewer = Viewer(browser, films[0].as_uri(), **phone)
    viewer.at("Quay")
    assert viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = """() => [...document.querySelectorAll("button, select, summary")].filter(one => one.offsetParent)
        .map(one => [one.outerHTML, one.getBoundingClientRect().height]).filter(([, height]) => height < 44)"""
    assert viewer.page.evaluate(small) == []
    viewer.page.locator("#overview").tap()
    assert viewer.page.evaluate(small) == []
    viewer.page.locator("#keys input").uncheck()
    viewer.page.locator("#close").tap()
    viewer.page.keyboard.press("2")
    time.sleep(0.3)
    assert viewer.page.evaluate("document.body.dataset.scene") == "Quay"
    assert viewer.said == []


def test_the_same_story_gives_the_same_bytes(films):
    folder = films[0].parent
    again = save_film(folder / "story.twee", folder / "again.html", clips=folder / "clips")
    assert again.read_bytes() == films[0].read_bytes()
    assert read_story(folder / "story.twee", Path(folder / "clips")).start == "Quay"


@pytest.mark.parametrize("context", [{}, PHONE, {"locale": "ar"}, {"color_scheme": "dark"}])
def test_it_keeps_the_rules_for_accessible_pages(browser, films, context):
    from axe_playwright_python.sync_playwright import Axe

    # for the rules' own script, which the film's policy would not let in
    viewer = Viewer(browser, films[0].as_uri(), bypass_csp=True, **context)
    viewer.at("Quay")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    for overview in (False, True):
        if overview:
            viewer.page.click("#overview")
        found = Axe().run(viewer.page, options=rules).response
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
        assert len(found["passes"]) > 15
    assert viewer.said == []
