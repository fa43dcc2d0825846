"""From a slider's move to the new picture, in a real browser: the blend studio beside `ipywidgets.interact`.

Run: python benchmarks/studio.py. Needs Chromium or Chrome. JupyterLab runs a notebook with both; a script in the page
moves each slider a hundred times, one move after the other's picture, and takes the time from the event to the frame
after the new picture is in the page. The peer is what a notebook does without a widget of its own: `interact` around
the same call and a matplotlib figure. The table goes to benchmarks/results/studio.md.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, sync_playwright

from helpers.paths import ROOT, atomic

MOVES = 100
PATIENCE = 600_000  # ms
RESULT = Path(__file__).parent / "results" / "studio.md"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CELLS = [
    "import ipywidgets\nimport tensorflow\nfrom helpers.draw import switch\nfrom helpers.figures import strip\n"
    "from helpers.model import load_model\nfrom helpers.widgets import BlendStudio",
    'BlendStudio(load_model("menagerie"))',
    'model = load_model("menagerie")\n\ndef draw(at):\n    drawn = switch(model, "cloud", "camel", at, n=1, seed=7)\n'
    "    return strip(drawn.sketches, switches=drawn.switches)\n\n"
    "ipywidgets.interact(draw, at=ipywidgets.FloatSlider(0.33, min=0.02, max=0.98, step=0.01));",
    "import statistics, time\n\ndef timed(at):\n    start = time.perf_counter()\n"
    '    switch(model, "cloud", "camel", at, n=1, seed=7)\n    return 1000 * (time.perf_counter() - start)\n\n'
    "print(statistics.median(timed(0.02 + 0.0096 * i) for i in range(100)))",
]
# both go up by hundredths and down again, and wait for the frame that shows the picture
MOVE = """async ([widget, moves]) => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const shown = {
        studio: () => document.querySelector(".ms-studio .ms-paper > svg").dataset.answers,
        interact: () => document.querySelector(".widget-interact img"),  // a new one each time
    }[widget];
    const changed = (before) => new Promise((done, fail) => {
        const watch = new MutationObserver(() => shown() && shown() !== before && (watch.disconnect(), done()));
        const node = document.querySelector(widget === "studio" ? ".ms-studio" : ".widget-interact");
        watch.observe(node, {childList: true, subtree: true, attributes: true});
        setTimeout(() => fail(new Error(`${widget}: no picture within a minute`)), 60000);
    });
    const times = [];
    for (let i = 0; i < moves; i++) {
        const up = i < moves / 2;
        const seen = changed(shown());
        const before = performance.now();
        if (widget === "studio") {
            const slider = document.querySelector(".ms-two");
            up ? slider.stepUp() : slider.stepDown();
            slider.dispatchEvent(new Event("input", {bubbles: true}));
        } else {
            const key = up ? "ArrowRight" : "ArrowLeft";
            const handle = document.querySelector(".widget-interact .noUi-handle");
            handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
        }
        await seen;
        await frame();
        times.push(performance.now() - before);
        await new Promise((done) => setTimeout(done, 50));
    }
    return times;
}"""
READY = """() => {
    const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
    return context?.isReady && context.session?.kernel?.status === "idle";
}"""


def start_lab(folder: Path) -> tuple[subprocess.Popen, str]:
    """A JupyterLab on loopback, with no settings from outside, that serves the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(folder / f".{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = os.environ | own | {"PYTHONPATH": str(ROOT.resolve()), "TF_CPP_MIN_LOG_LEVEL": "2"}
    options = ["allow_root=True", "root_dir=.", "ip=127.0.0.1", f"port={port}", "open_browser=False"]
    command = [sys.executable, "-m", "jupyterlab", *(f"--ServerApp.{option}" for option in options)]
    command += ["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=100).close()
            return process, url
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("JupyterLab did not start within two minutes")


def run_cell(page: Page, number: int) -> None:
    """Runs one cell and waits until the kernel rests."""
    page.wait_for_function(READY)
    page.evaluate("n => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = n }", number)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_function(READY)


def first_picture(page: Page) -> float:
    """Seconds from running the studio's cell (model load and compile included) to ink on its paper."""
    page.wait_for_function(READY)
    return page.evaluate(
        """async () => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
            const before = performance.now();
            window.jupyterapp.commands.execute("notebook:run-cell");
            while (!document.querySelector(".ms-studio .ms-drawing path")) await new Promise(requestAnimationFrame);
            return (performance.now() - before) / 1000;
        }"""
    )


def measure(page: Page) -> dict:
    run_cell(page, 0)
    first = first_picture(page)
    run_cell(page, 2)
    page.wait_for_selector(".widget-interact img")
    times = {"studio": [], "interact": []}
    for _ in range(4):  # in turns, so that what else the machine does falls on both
        for widget, rows in times.items():
            rows += page.evaluate(MOVE, [widget, MOVES // 4])
    run_cell(page, 3)
    kernel = float(page.locator(".jp-OutputArea-output pre").last.inner_text())
    return {"first": first, "kernel": kernel, **times}


def main() -> None:
    if BROWSER is None:
        sys.exit("This needs Chromium or Chrome; on Debian and Ubuntu: apt install chromium")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in CELLS], metadata=kernel)
        nbformat.write(notebook, Path(folder) / "bench.ipynb")
        server, url = start_lab(Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(viewport={"width": 1280, "height": 2600})
                page.set_default_timeout(PATIENCE)
                page.goto(f"{url}/lab/tree/bench.ipynb", wait_until="domcontentloaded")
                found = measure(page)
                browser.close()
        finally:
            server.terminate()
            server.wait()
    print(json.dumps(found))
    write(found, load)


def write(found: dict, load: float) -> None:
    rows = {"the blend studio": found["studio"], "ipywidgets.interact and a matplotlib figure": found["interact"]}
    slowest = statistics.median(found["interact"])
    lines = [
        f"{MOVES} moves of a slider, from the event in the browser to the frame after the new picture, each after the",
        f"last one's picture; cloud to camel, seed 7. {os.cpu_count()} cores, on which browser, server and kernel run;",
        f"load average before: {load:.1f}. The drawing itself takes the kernel {found['kernel']:.0f} ms (median of",
        f"{MOVES}). The first picture came {found['first']:.1f} s after its cell was run, with the model's load and",
        "compilation. Made by `python benchmarks/studio.py`.",
        "",
        "| | median | 95 of 100 within | against interact |",
        "|---|---:|---:|---:|",
    ]
    for name, times in rows.items():
        median, most = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        lines.append(f"| {name} | {median:.0f} ms | {most:.0f} ms | {slowest / median:.1f}x |")
    print("\n".join(lines))
    with atomic(RESULT) as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
