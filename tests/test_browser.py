"""The widgets in a real browser: in JupyterLab, in chapter 03, and on a page of their own."""

import math
import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
from served import PATIENCE, Server, run_all, serve_lab

from helpers.export import read_recipe
from helpers.sketch.strokes import bounds

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
STUDIO, PAD = ".ms-studio", ".ms-drawpad"


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "03_switch-z-midway.ipynb", folder / "notebooks")
    server = serve_lab(folder)
    yield server
    server.close()


class Page:
    """A page, every error it reported, every module that did not fit, and every address that it asked."""

    def __init__(self, browser, url):
        self.page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.errors, self.unfit, self.asked = [], [], []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("console", lambda message: "satisf" in message.text and self.unfit.append(message.text))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.goto(url, wait_until="domcontentloaded", timeout=PATIENCE)

    def command(self, name, **arguments):
        """Starts a JupyterLab command, and does not wait for its end."""
        self.page.evaluate("([name, a]) => { window.jupyterapp.commands.execute(name, a) }", [name, arguments])

    def run_all(self):
        run_all(self.page, f"{PAD} .ms-primary")

    def until(self, what, *arguments):
        self.page.wait_for_function(what, arg=list(arguments), timeout=PATIENCE)

    def drawing(self, widget=STUDIO):
        return self.page.locator(f"{widget} .ms-paper path").evaluate_all(
            "all => all.map(one => one.getAttribute('d'))"
        )

    def said(self, widget):
        return self.page.locator(f"{widget} .ms-say").inner_text()

    def until_said(self, widget, text):
        self.until("([w, t]) => document.querySelector(w + ' .ms-say').textContent.includes(t)", widget, text)

    def answered(self, widget):
        """The number of the last question that the paper shows the answer to."""
        answers = self.page.locator(f"{widget} .ms-paper > svg").first.get_attribute("data-answers") or "-0"
        return int(answers.split("-")[-1] or 0)

    def until_answered(self, widget, number):
        script = (
            "([w, n]) => +(document.querySelector(w + ' .ms-paper > svg').dataset.answers ?? '').split('-')[1] >= n"
        )
        self.until(script, widget, number)

    def draw(self, points):
        """A stroke on the pad with the mouse; points in shares of the paper."""
        paper = self.page.locator(f"{PAD} .ms-paper > svg")
        paper.scroll_into_view_if_needed()
        box = paper.bounding_box()
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:100]:
            self.page.mouse.move(*place)
        # the mouse moves once a frame; of a fast hand the browser tells the places in between all at once
        self.page.evaluate(
            """([places]) => {
                const move = ([clientX, clientY], more) => new PointerEvent("pointermove", {clientX, clientY, ...more});
                const between = places.map((place) => move(place));
                if (!places.length) return;
                const paper = document.querySelector(".ms-drawpad .ms-paper > svg");
                paper.dispatchEvent(move(places.at(-1), {coalescedEvents: between}));
            }""",
            [places[100:]],
        )
        self.page.mouse.up()

    def save(self, widget, kind, clicks=1):
        with self.page.expect_download() as download:
            self.page.locator(f"{widget} [data-format={kind}]").click(click_count=clicks)
        return download.value


BUMPS = [(0.2 + 0.5 * i / 40, 0.5 - 0.12 * abs(math.sin(3 * math.pi * i / 40))) for i in range(41)]


@pytest.fixture(scope="module")
def chapter(browser, lab):
    """Chapter 03 in JupyterLab, all its cells run."""
    page = Page(browser, f"{lab.url}/lab/tree/notebooks/03_switch-z-midway.ipynb")
    page.page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.until("() => window.jupyterapp !== undefined")
    page.run_all()
    return page


def test_the_parts_of_jupyterlab_fit_each_other(chapter):
    assert chapter.unfit == []


def test_a_slider_moved_by_the_keyboard_shows_another_drawing(chapter):
    before, asked = chapter.drawing(), chapter.answered(STUDIO)
    slider = chapter.page.get_by_label("Changes its mind")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    chapter.until("() => document.querySelector('.ms-two').getAttribute('aria-valuetext') === 'after 53 %'")
    chapter.until_answered(STUDIO, asked + 1)
    chapter.until(
        "d => document.querySelector('.ms-studio .ms-paper path:last-child').getAttribute('d') !== d", before[-1]
    )
    assert len(chapter.drawing()) > 0
    chapter.until("() => document.querySelectorAll('.ms-studio .ms-frame').length >= 2")
    assert chapter.errors == []


def test_a_storm_of_moves_ends_on_the_last_one_and_skips_the_stale(chapter):
    asked = chapter.answered(STUDIO)
    chapter.page.evaluate(
        """() => {
            const slider = document.querySelector(".ms-two");
            for (let i = 10; i <= 90; i++) {
                slider.value = i / 100;
                slider.dispatchEvent(new Event("input", {bubbles: true}));
            }
            slider.dispatchEvent(new Event("change", {bubbles: true}));
        }"""
    )
    chapter.until_answered(STUDIO, asked + 2)
    time.sleep(1)
    assert chapter.answered(STUDIO) - asked == 2  # the first move of 81, and the last
    with_code = chapter.save(STUDIO, "svg")
    assert read_recipe(with_code.path().rename(with_code.path().with_suffix(".svg")))["settings"]["at"] == 0.9


def test_a_result_on_the_filmstrip_comes_back(chapter):
    caption = "([seven]) => document.querySelector('.ms-studio .ms-caption').textContent.endsWith('seed 7') === seven"
    chapter.until(caption, True)
    before = chapter.drawing()
    chapter.page.get_by_role("button", name="Another").first.click()
    chapter.until(caption, False)
    assert chapter.drawing() != before
    chapter.page.locator(f"{STUDIO} .ms-frame").nth(1).click()
    chapter.until(caption, True)
    assert chapter.drawing() == before


def test_between_four_the_ring_moves_by_arrow_keys(chapter):
    chapter.page.locator(f"{STUDIO} .ms-tab").nth(1).click()
    ring = chapter.page.get_by_role("slider", name="The place between the four")
    ring.focus()
    asked = chapter.answered(STUDIO)
    for _ in range(5):
        ring.press("Shift+ArrowLeft")
    assert ring.get_attribute("aria-valuetext").startswith("0 % across")
    chapter.until_answered(STUDIO, asked + 1)
    chapter.page.locator(f"{STUDIO} .ms-tab").first.click()
    assert chapter.errors == []


def test_a_drawing_by_hand_is_finished_exported_and_read_back(chapter, tmp_path):
    chapter.page.get_by_role("button", name="Clear").click()
    assert chapter.drawing(PAD) == []
    chapter.draw(BUMPS)
    assert len(chapter.drawing(PAD)) == 1
    chapter.page.locator(f"{PAD} .ms-chip", has_text="camel").click()
    chapter.page.get_by_role("button", name="Finish it as a camel").click()
    chapter.page.wait_for_selector(f"{PAD} .ms-paper path.ms-mind-1")
    path = tmp_path / "drawing.svg"
    chapter.save(PAD, "svg").save_as(path)
    recipe = read_recipe(path)
    names = {}
    exec(recipe["code"], names)
    rows = names["switches"][0]
    assert np.ptp(bounds(names["sketch"][:rows])[:, 0]) == pytest.approx(0.5 * 255 / 0.84, rel=0.02)
    assert len(names["sketch"]) > rows
    assert path.read_text().count("<path") >= 2
    assert chapter.errors == []


def test_turns_draw_a_stroke_for_a_stroke(chapter):
    chapter.page.get_by_role("button", name="Clear").click()
    chapter.page.get_by_label("Take turns").check()
    chapter.draw([(0.3, 0.3), (0.5, 0.25), (0.7, 0.3)])
    chapter.until(
        "() => document.querySelectorAll('.ms-drawpad .ms-paper path').length === 2 "
        "|| document.querySelector('.ms-drawpad .ms-say').textContent.includes('finished')"
    )
    chapter.page.get_by_label("Take turns").uncheck()
    assert chapter.errors == []


def test_a_double_click_on_export_saves_once(chapter):
    downloads = []
    chapter.page.on("download", lambda download: downloads.append(download))
    chapter.save(STUDIO, "png", clicks=2)
    chapter.until_said(STUDIO, "Saved")
    time.sleep(1)
    assert len(downloads) == 1


def test_bad_input_is_named_in_the_widget_and_the_drawing_stays(chapter):
    chapter.page.get_by_role("button", name="Clear").click()
    chapter.page.get_by_role("button", name="Finish it as").click()
    assert "The paper is empty" in chapter.said(PAD)
    chapter.draw([(0.5, 0.5), (0.5, 0.5)])
    chapter.until_said(PAD, "only a dot")
    assert len(chapter.drawing(PAD)) == 1
    turns = [t / 30 for t in range(5000)]
    chapter.draw([(0.5 + 0.4 * math.sin(1.3 * t), 0.5 + 0.4 * math.cos(1.7 * t)) for t in turns])
    chapter.until_said(PAD, "were simplified")
    chapter.page.get_by_role("button", name="Finish it as").click()
    chapter.until("() => !document.querySelector('.ms-drawpad .ms-say').classList.contains('ms-error')")
    assert len(chapter.drawing(PAD)) >= 2
    chapter.page.get_by_role("button", name="Undo").click()
    seed = chapter.page.get_by_role("spinbutton", name="Seed")
    seed.fill("-4")
    seed.press("Enter")
    chapter.until_said(STUDIO, "whole number")
    assert chapter.errors == []


def test_copy_as_code_fills_the_clipboard(chapter):
    chapter.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chapter.page.locator(f"{STUDIO} [data-format=code]").click()
    chapter.until_said(STUDIO, "Copied")
    assert "from helpers.draw import switch" in chapter.page.evaluate("navigator.clipboard.readText()")


def test_everything_a_hand_can_reach_has_a_name(chapter):
    nameless = chapter.page.evaluate(
        """() => [...document.querySelectorAll(".midstroke :is(button, input, select, [role=img])")]
            .filter(one => one.offsetParent !== null && !one.getAttribute("aria-label") && !one.labels?.length
                           && !one.textContent.trim())
            .map(one => one.outerHTML)"""
    )
    assert nameless == []


def test_the_widgets_follow_the_dark_theme(chapter):
    contrast = """() => {
        const light = (color) => {
            const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            const [r, g, b] = color.match(/[\\d.]+/g).map((v) => linear(v / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        };
        const ground = light(getComputedStyle(document.querySelector(".ms-studio")).backgroundColor);
        return [...document.querySelectorAll(".ms-studio label, .ms-studio .ms-value, .ms-studio .ms-caption")]
            .filter(one => one.offsetParent && !one.matches(".ms-tab"))
            .map(one => light(getComputedStyle(one).color)).map(l => Math.max(l, ground) / Math.min(l, ground));
    }"""
    lowest = {}
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        chapter.command("apputils:change-theme", theme=theme)
        dark = theme.endswith("Dark")
        chapter.until("([d]) => document.querySelector('.ms-studio').classList.contains('ms-dark') === d", dark)
        lowest[theme] = min(chapter.page.evaluate(contrast))
    assert min(lowest.values()) > 4.5, lowest  # WCAG AA


def test_a_saved_notebook_keeps_a_still_picture_of_the_last_drawing(chapter, lab):
    path = lab.log.parent / "notebooks" / "03_switch-z-midway.ipynb"
    chapter.page.get_by_role("button", name="Another").first.click()
    chapter.until("() => document.querySelectorAll('.ms-studio .ms-frame').length >= 3")
    time.sleep(3)  # the hands are at rest
    chapter.command("docmanager:save")
    for _ in range(100):
        notebook = nbformat.read(path, as_version=4)
        outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
        stills = [o for o in outputs if "midstroke-still" in o.get("data", {}).get("text/html", "")]
        if len(stills) == 2:
            break
        time.sleep(0.2)
    assert len(stills) == 2
    assert len(str(stills[0])) < 20_000  # the pad's may hold a scribble, which is more
    assert sum(len(str(still)) for still in stills) < 150_000
    assert "widgets" not in notebook.metadata
    assert chapter.page.locator(".midstroke-still").first.is_hidden()  # while the widget lives


def test_after_a_restart_the_widgets_say_so_and_the_drawing_comes_back(chapter):
    chapter.page.get_by_role("button", name="Clear").click()
    chapter.draw(BUMPS)
    chapter.command("kernelmenu:restart")
    chapter.page.click(".jp-Dialog .jp-mod-accept")
    chapter.page.wait_for_selector(".jp-Dialog", state="detached")
    time.sleep(2)
    chapter.page.get_by_role("button", name="Finish it as").click()
    chapter.until_said(PAD, "kernel is gone")
    assert len(chapter.drawing(PAD)) == 1
    chapter.run_all()
    chapter.until_said(PAD, "is back")
    chapter.page.get_by_role("button", name="Finish it as").click()
    chapter.page.wait_for_selector(f"{PAD} .ms-paper path.ms-mind-1")


def test_the_studio_is_served_as_a_page_without_code(browser, tmp_path):
    shutil.copy(ROOT / "notebooks" / "studio.ipynb", tmp_path)
    options = ("--template=midstroke", "--Voila.ip=127.0.0.1")
    assert options[0] in (ROOT / "Makefile").read_text()
    server = Server(tmp_path / "served", "voila", str(tmp_path / "studio.ipynb"), *options)
    try:
        page = Page(browser, server.url)
        page.page.wait_for_selector(f"{PAD} .ms-primary")
        assert page.page.locator(".jp-CodeCell .jp-InputArea").count() == 0
        assert "from helpers" not in page.page.content()
        asked = page.answered(STUDIO)
        page.page.get_by_label("How much of the second").press("Home")
        page.until_answered(STUDIO, asked + 1)
        page.draw(BUMPS)
        page.page.get_by_role("button", name="Finish it as").click()
        page.page.wait_for_selector(f"{PAD} .ms-paper path.ms-mind-1")
        assert page.errors == page.unfit == []
        own = ("127.0.0.1", None)  # None: what is made in the page itself, data: and blob:
        assert [address for address in page.asked if urlsplit(address).hostname not in own] == []
    finally:
        server.close()
