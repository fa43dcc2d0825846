"""The page that draws by itself, in a real browser, from a disk: what it draws, shows, says and asks for."""

import base64
import json
import re
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from helpers.draw import decode, encode, sample_z
from helpers.evaluate import load_judge, recognised_as_own
from helpers.export import page, read_recipe, webpage
from helpers.model.prior import fit_prior
from helpers.model.sketchrnn import OUTPUTS
from helpers.model.vae import Settings, SketchVAE, load_model, save_model
from helpers.sketch import absolute, render

DRAWN = 200  # drawings of the released network that a page makes too
CLASSES = ("cloud", "camel", "ice cream")
SETTINGS = Settings(CLASSES, 20.0, 30.0, z_size=16, units=24, components=3, size=32, max_points=40)
KINDS = {
    "cnn": SETTINGS,
    "position": replace(SETTINGS, position=True, pen=0.5),
    "view": replace(SETTINGS, position=True, view=True),
    "rnn": replace(SETTINGS, encoder="rnn"),
    "one class": replace(SETTINGS, classes=("cloud",), size=33),
}


def make_model(settings=SETTINGS, seed=0):
    """An untrained network, its weights such as float16 holds, and so large that z and noise show in what it draws."""
    model = SketchVAE(settings)
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(rng.normal(scale=0.3, size=weight.shape).astype(np.float16))
    bias = np.zeros(model.decoder.head.bias.shape)
    bias[-3:] = 2, 0, -1  # long strokes, now and then an end
    model.decoder.head.bias.assign(bias)
    classes = len(settings.classes)
    labels = np.arange(60 * classes) % classes
    z = rng.normal(size=(60 * classes, settings.z_size)) + labels[:, None]
    model.prior = fit_prior(z, labels, classes)
    return model


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    return page(model, tmp_path_factory.mktemp("page") / "page.html", title="Clouds & <camels>", precision="float16")


class Visit:
    """A page in a browser, and all that it said and asked for."""

    def __init__(self, browser, path, script="", **context):
        self.page = browser.new_context(**context).new_page()
        self.page.set_default_timeout(120_000)
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.add_init_script(script)
        self.page.goto(path.as_uri())

    def ready(self):
        self.page.wait_for_selector("html[data-ready]")
        return self

    def ask(self, kind, **content):
        script = "async ([kind, content]) => Array.from(await midstroke.ask(kind, content))"
        return np.array(self.page.evaluate(script, [kind, content]))

    def caption(self):
        return self.page.inner_text(".ms-studio .ms-caption")

    def until(self, what, *arguments):
        """Waits for a function of the page to say that it is true. The page lets nobody evaluate a string in it."""
        end = time.monotonic() + 120
        while not self.page.evaluate(what, list(arguments)):
            assert time.monotonic() < end, f"never came true: {what}; the page said {self.said}"
            time.sleep(0.05)

    def draw(self, points):
        """A stroke on the pad with the mouse; points in shares of the paper."""
        paper = self.page.locator(".ms-drawpad .ms-paper > svg")
        paper.scroll_into_view_if_needed()
        box = paper.bounding_box()
        for i, (x, y) in enumerate(points):
            self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if i == 0:
                self.page.mouse.down()
        self.page.mouse.up()

    def save(self, widget, kind, folder):
        with self.page.expect_download() as download:
            self.page.wait_for_timeout(500)  # a double click saves once
            self.page.click(f"{widget} [data-format={kind}]")
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path


def noise_of(seed, n, length):
    """What `decode` makes of a seed: two uniform numbers, component and pen, and two normal ones."""
    uniform = np.random.default_rng(seed).random((n, length, 4), np.float32)
    radius, angle = np.sqrt(-2 * np.log1p(-uniform[..., 2])), 2 * np.pi * uniform[..., 3]
    return np.stack([uniform[..., 0], uniform[..., 1], radius * np.cos(angle), radius * np.sin(angle)], axis=-1)


def draw_there(visit, network, z, noise, temperature=0.2, prefixes=None):
    """The page's drawings of z with this noise. Noise goes as base64: it is a megabyte."""
    script = """async ([network, z, noise, temperature, prefixes]) => {
        const bytes = Uint8Array.from(atob(noise), (letter) => letter.charCodeAt(0));
        const all = new Float32Array(bytes.buffer), sketches = [];
        for (let i = 0; i < z.length; i++) {
            const own = all.slice(i * all.length / z.length, (i + 1) * all.length / z.length);
            const more = { noise: own, temperature, prefix: prefixes?.[i] };
            sketches.push(await midstroke.ask("decode", { network, z: z[i], ...more }));
        }
        return sketches;
    }"""
    text = base64.b64encode(noise.astype(np.float32).tobytes()).decode()
    own = None if prefixes is None else [prefix.tolist() for prefix in prefixes]
    return [np.array(rows) for rows in visit.page.evaluate(script, [network, z.tolist(), text, temperature, own])]


def farthest(theirs, ours):
    """How far the points of each drawing lie from each other's, pixels; infinite where their numbers differ."""
    pairs = zip(theirs, ours, strict=True)
    return np.array([abs(absolute(a) - absolute(b)).max() if len(a) == len(b) else np.inf for a, b in pairs])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_z_and_noise_give_pythons_drawing_and_a_drawing_pythons_z(browser, tmp_path, kind):
    model = make_model(KINDS[kind])
    visit = Visit(browser, page(model, tmp_path / "page.html", precision="float16")).ready()
    z = np.random.default_rng(1).normal(size=(6, 16)).astype(np.float32)
    ours = decode(model, z, 0.3, seed=4)
    theirs = draw_there(visit, "cloud", z, noise_of(4, 6, 40), 0.3)
    assert farthest(theirs, ours).max() < 0.5
    prefixes = [sketch[: 1 + len(sketch) // 2] for sketch in ours]
    begun = decode(model, z[::-1], 0.3, 5, prefixes)
    assert farthest(draw_there(visit, "cloud", z[::-1], noise_of(5, 6, 40), 0.3, prefixes), begun).max() < 0.5
    for sketch, read in zip(ours, encode(model, ours), strict=True):
        there = visit.ask("encode", network="cloud", sketch=sketch.tolist())
        assert np.corrcoef(there, read)[0, 1] > 0.98  # its lines are antialiased by code of its own
    assert visit.said == []


def test_its_renderer_puts_the_ink_where_opencv_does(browser, path):
    visit = Visit(browser, path).ready()
    rng = np.random.default_rng(3)
    for _ in range(8):
        sketch = np.column_stack([rng.normal(scale=30, size=(9, 2)), rng.random(9) < 0.3]).astype(np.float32)
        there = visit.ask("render", sketch=sketch.tolist(), size=48).reshape(48, 48).astype(float)
        here = render(sketch).astype(float)
        assert abs(there - here).mean() < 2
        assert np.corrcoef(there.ravel(), here.ravel())[0, 1] > 0.98


def test_it_opens_from_a_disk_draws_and_asks_for_nothing(browser, path, tmp_path):
    visit = Visit(browser, path, viewport={"width": 1100, "height": 1400}).ready()
    assert visit.page.inner_text("h1") == "Clouds & <camels>"
    assert visit.caption() == "Begun as a cloud, finished as a camel · seed 7"
    before = visit.page.get_attribute(".ms-studio .ms-paper path:last-child", "d")
    visit.page.click(".ms-studio .ms-another")
    visit.until(
        "([d]) => document.querySelector('.ms-studio .ms-paper path:last-child').getAttribute('d') !== d", before
    )
    slider = visit.page.get_by_label("Changes its mind")
    slider.focus()
    for _ in range(9):
        slider.press("ArrowRight")
    visit.until("() => document.querySelector('.ms-two').getAttribute('aria-valuetext') === 'after 42 %'")
    visit.page.locator(".ms-studio .ms-tab").nth(1).click()
    visit.page.locator(".ms-puck").press("Shift+ArrowLeft")
    visit.until("() => document.querySelector('.ms-studio .ms-caption').textContent.startsWith('Between')")
    visit.draw([(0.2 + 0.1 * i, 0.5 - 0.1 * (i % 2)) for i in range(6)])
    visit.page.get_by_role("radio", name="ice cream").check(force=True)
    visit.page.click("text=Finish it as an ice cream")
    visit.page.wait_for_selector(".ms-drawpad .ms-paper path.ms-mind-1")
    assert visit.said == []
    assert [url for url in visit.asked if not url.startswith("blob:")] == [path.as_uri()]


def test_a_drawing_of_ones_own_can_be_a_mind(browser, path):
    visit = Visit(browser, path).ready()
    visit.page.select_option(".ms-first select", label="draw one …")
    desk = visit.page.locator(".ms-desk svg")
    box = desk.bounding_box()
    visit.page.mouse.move(box["x"] + 50, box["y"] + 60)
    visit.page.mouse.down()
    for x, y in [(150, 50), (160, 150), (60, 160)]:
        visit.page.mouse.move(box["x"] + x, box["y"] + y)
    visit.page.mouse.up()
    visit.page.click("text=Use it")
    visit.until("() => document.querySelector('.ms-studio .ms-caption').textContent.includes('drawing of yours')")
    assert visit.said == []


def test_drawings_are_taken_away(browser, path, tmp_path):
    visit = Visit(browser, path).ready()
    svg = visit.save(".ms-studio", "svg", tmp_path)
    text = svg.read_text()
    assert svg.name == "cloud-camel-7.svg" and 'width="90mm"' in text and text.count("<path") >= 2
    assert read_recipe(svg)["seed"] == 7
    assert 'width="210mm"' in visit.save(".ms-studio", "plotter", tmp_path).read_text()
    png = visit.save(".ms-studio", "png", tmp_path).read_bytes()
    assert png.startswith(b"\x89PNG") and len(png) > 3000
    assert visit.page.locator("[data-format=pdf], [data-format=gif]").count() == 0
    code = visit.page.evaluate("midstroke && document.querySelector('.ms-studio [data-format=code]') && 1")
    assert code == 1 and visit.said == []


def test_it_fits_a_phone_and_a_thumb(browser, path):
    visit = Visit(browser, path, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True).ready()
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = visit.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, .ms-tab, .ms-chip")]
            .filter(one => one.offsetParent && !one.matches(".ms-switch, [type=radio], [type=file]"))
            .map(one => [one.outerHTML.slice(0, 90), one.getBoundingClientRect().height])
            .filter(([, height]) => height < 44)"""
    )
    assert small == []
    visit.page.locator(".ms-studio .ms-another").tap()
    visit.until("() => !document.querySelector('.ms-studio .ms-caption').textContent.endsWith('seed 7')")


def test_it_is_dark_still_and_has_names_where_these_are_wanted(browser, path):
    visit = Visit(browser, path, color_scheme="dark", reduced_motion="reduce").ready()
    visit.until("() => document.querySelectorAll('.midstroke.ms-dark').length === 2")
    assert visit.page.evaluate("document.getAnimations().length") == 0
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 19, 23)"
    nameless = visit.page.evaluate(
        """() => [...document.querySelectorAll(":is(button, input, select, section, [role=img])")]
            .filter(one => one.offsetParent !== null && !one.getAttribute("aria-label") && !one.labels?.length
                           && !one.textContent.trim()).map(one => one.outerHTML)"""
    )
    assert nameless == [] and visit.page.get_attribute("html", "lang") == "en"
    visit.page.emulate_media(color_scheme="light")
    visit.until("() => document.querySelectorAll('.midstroke.ms-dark').length === 0")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("delete window.DecompressionStream", "it lacks DecompressionStream. It takes Chrome or Edge 103"),
        ("delete window.Worker; delete Object.hasOwn", "it lacks web workers and JavaScript of 2022"),
        (
            "window.Worker = class { constructor() { throw new Error('no workers from files'); } }",
            "no workers from files",
        ),
    ],
)
def test_an_old_browser_is_told_what_the_page_needs(browser, path, script, words):
    visit = Visit(browser, path, script)
    visit.page.wait_for_selector(".needs:not([hidden])")
    assert words in visit.page.locator(".needs:not([hidden])").inner_text()
    assert visit.page.locator("#waiting").is_hidden()


def test_a_damaged_page_says_so(browser, path, tmp_path):
    damaged = tmp_path / "damaged.html"
    damaged.write_text(re.sub('(id="networks"[^>]*>.{400}).{8}', r"\1AAAAAAAA", path.read_text()))
    visit = Visit(browser, damaged)
    visit.page.wait_for_selector("#error:not([hidden])")
    assert "could not begin to draw" in visit.page.inner_text("#error")


def test_it_is_one_file_without_addresses_and_the_same_bytes_each_time(model, path, tmp_path):
    text = path.read_text()
    names = re.findall(r"https?://[^\s\"'`<]+", text)
    assert set(names) <= {"http://www.w3.org/2000/svg", "http://www.inkscape.org/namespaces/inkscape"}
    assert "default-src 'none'" in text and not re.search(r"(src|href)=[\"'](?!data:,)", text)
    first, second = (page(model, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second and len(first) < path.stat().st_size


@pytest.fixture(scope="module")
def menagerie():
    """The released network, some z of each of its classes in turn, and what Python draws of them."""
    model = load_model("menagerie")
    z = sample_z(model, DRAWN, seed=3, classes=model.settings.classes)
    return model, z, decode(model, z, 0.2, seed=5)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_the_released_network_draws_in_a_page_as_in_python(browser, menagerie, tmp_path, precision):
    model, z, ours = menagerie
    path = page(model, tmp_path / "page.html", precision=precision)
    names = [model.settings.classes[i % len(model.settings.classes)] for i in range(DRAWN)]
    visit = Visit(browser, path).ready()
    theirs = draw_there(visit, names[0], z, noise_of(5, DRAWN, model.settings.max_points))
    away = farthest(theirs, ours)
    judge = load_judge()
    known = [recognised_as_own(judge, drawings, names).mean() for drawings in (theirs, ours)]
    print(f"{precision}: {path.stat().st_size / 1e6:.2f} MB; {(away < 0.5).sum()} of {DRAWN} within half a pixel")
    print(f"recognised {known[0]:.1%}, in Python {known[1]:.1%}")
    if precision == "float16":
        assert (away < 0.5).sum() >= DRAWN - 1  # one number may fall on the border of two choices
    else:
        # rounding must not cost more than a point; these are other drawings, and may by chance be better ones.
        # Counted: as shares, .86 - .85 is more than .01
        assert round(DRAWN * (known[1] - known[0])) <= DRAWN // 100
        assert path.stat().st_size <= 6_000_000


def write_decoder(path, units=8):
    rng = np.random.default_rng(0)
    shapes = [[units, OUTPUTS], [OUTPUTS], [5, 4 * units], [units, 4 * units], [4 * units]]
    arrays = [rng.integers(-2000, 2000, shape).astype("<i2").tobytes() for shape in shapes]
    info = {"mode": 2, "name": "cloud", "scale_factor": 40.0, "max_seq_len": 50}
    path.write_text(json.dumps([info, shapes, [base64.b64encode(array).decode() for array in arrays]]))
    return path


def test_a_decoder_of_googles_is_a_mind_beside_ours(browser, model, tmp_path):
    google = write_decoder(tmp_path / "cloud.gen.json")
    made = page([model, google], tmp_path / "page.html", classes=["camel", "cloud (2)"])
    visit = Visit(browser, made).ready()
    assert visit.caption() == "Begun as a camel, finished as a cloud (2) · seed 7"
    assert visit.page.locator(".ms-chip").all_inner_texts() == ["camel", "cloud (2)"]
    alone = Visit(browser, page(google, tmp_path / "alone.html")).ready()
    assert alone.caption() == "Begun as a cloud, finished as a cloud · seed 7"
    assert visit.said == alone.said == []


def test_what_cannot_be_a_page_is_refused_in_words(model, path, tmp_path, monkeypatch):
    out = tmp_path / "out.html"
    (tmp_path / "text.npz").write_text("no model")
    for models, more, words in [
        (model, {"path": tmp_path / "out.htm"}, "should end in .html"),
        (model, {"classes": ["cloud", "unicorn"]}, "know no class 'unicorn'; they know: cloud, camel, ice cream"),
        (model, {"classes": []}, "know no class"),
        (model, {"precision": "int4"}, "it must be one of int8, float16"),
        (tmp_path / "text.npz", {}, "text.npz is not a model file"),
        (tmp_path / "none.gen.json", {}, "none.gen.json"),
    ]:
        with pytest.raises((ValueError, OSError), match=words):
            page(models, **({"path": out} | more))
    monkeypatch.setattr(webpage, "LARGEST", 1000)
    with pytest.raises(ValueError, match='are what a phone opens: take precision="int8"'):
        page(model, out, precision="float16")
    assert not out.exists()


def test_it_is_made_without_a_notebook(model, tmp_path):
    saved = save_model(model, tmp_path / "mine.npz")
    command = [sys.executable, "-m", "helpers.export", "page", saved, "--title", "Mine", "--classes", "camel", "cloud"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("mine.html: ")
    assert "<title>Mine</title>" in (tmp_path / "mine.html").read_text()
    run = subprocess.run([*command[:4], "nothing"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1 and "no model 'nothing'" in run.stderr and "Traceback" not in run.stderr


def test_the_pad_says_what_it_cannot_take(browser, path):
    visit = Visit(browser, path).ready()
    visit.draw([(0.5, 0.5), (0.5, 0.5)])
    said = "([words]) => document.querySelector('.ms-drawpad .ms-say').textContent.includes(words)"
    visit.until(said, "only a dot")
    visit.page.get_by_role("button", name="Clear").click()
    visit.page.locator(".ms-drawpad .ms-row .ms-primary").click()
    visit.until(said, "The paper is empty")
    assert visit.said == []
