"""The page that draws by itself, in a real browser: its size, its first picture, and a drawing.

Run: python benchmarks/page.py. Needs Chromium or Chrome. The menagerie's page is opened from the disk; a script in it
presses "Another" and moves the slider, one after the other's picture, and takes the time from the event to the frame
after the new picture is there. All the drawing is one thread's, a worker's. The table goes to
benchmarks/results/page.md.
"""

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from helpers.export import page
from helpers.model.card import fingerprints
from helpers.paths import atomic

MOVES = 60
OPENED = 5
PATIENCE = 600_000  # ms
RESULT = Path(__file__).parent / "results" / "page.md"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FIRST = """new Promise((done) => {
    const there = () => document.querySelector(".ms-studio .ms-paper path");
    const look = () => there() ? done(performance.now()) : requestAnimationFrame(look);
    look();
})"""
MOVE = """async ([what, moves]) => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const paper = document.querySelector(".ms-studio .ms-paper > svg"), slider = document.querySelector(".ms-two");
    const times = [];
    for (let i = 0; i < moves; i++) {
        const shown = paper.dataset.answers;
        const seen = new Promise((done) => {
            const watch = new MutationObserver(() => paper.dataset.answers !== shown && (watch.disconnect(), done()));
            watch.observe(paper, {attributes: true});
        });
        const before = performance.now();
        if (what === "another") document.querySelector(".ms-another").click();
        else {
            i < moves / 2 ? slider.stepUp() : slider.stepDown();
            slider.dispatchEvent(new Event("input", {bubbles: true}));
        }
        await seen;
        await frame();
        times.push(performance.now() - before);
        await new Promise((done) => setTimeout(done, 50));
    }
    return times;
}"""


def measure(path: Path) -> tuple[list[float], dict[str, list[float]]]:
    """Seconds to the first picture, of several visits; and milliseconds of each drawing."""
    first, times = [], {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(OPENED):
            visit = browser.new_context(reduced_motion="reduce").new_page()
            visit.set_default_timeout(PATIENCE)
            visit.goto(path.as_uri(), wait_until="commit")
            first.append(visit.evaluate(FIRST) / 1000)
        for what in ("another", "slider"):
            visit.evaluate(MOVE, [what, 10])  # compiled by then
            times[what] = visit.evaluate(MOVE, [what, MOVES])
        browser.close()
    return first, times


def main() -> None:
    if BROWSER is None:
        sys.exit("This needs Chromium or Chrome; on Debian and Ubuntu: apt install chromium")
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        path = page("menagerie", Path(folder) / "page.html")
        size = path.stat().st_size / 1e6
        first, times = measure(path)
    lines = [
        f"The menagerie's page, {size:.2f} MB, in Chromium from a disk; {os.cpu_count()} cores, load average before:",
        f"{load:.1f}. {OPENED} visits, {MOVES} drawings each. Made by `python benchmarks/page.py`.",
        fingerprints("menagerie"),
        "",
        "| | median | best | 95 of 100 within |",
        "|---|---:|---:|---:|",
        f"| first picture | {statistics.median(first):.2f} s | {min(first):.2f} s | |",
    ]
    names = {"another": "another drawing, begun and finished", "slider": "the slider moved: finished anew"}
    for what, name in names.items():
        median, most = statistics.median(times[what]), statistics.quantiles(times[what], n=20)[-1]
        lines.append(f"| {name} | {median:.0f} ms | {min(times[what]):.0f} ms | {most:.0f} ms |")
    print("\n".join(lines))
    with atomic(RESULT) as result:
        result.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
