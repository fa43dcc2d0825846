"""A film that branches: one HTML file that plays clips and lets the viewer choose what comes next.

The file holds everything, its clips too, and asks no network for anything; it opens from a disk, a stick or a server.
"""

import base64
import html
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import numpy as np
from tqdm.auto import tqdm

from helpers.export.video import ffmpeg, to_video
from helpers.figures.style import PALETTE, QUIET
from helpers.paths import atomic

LARGEST = 200e6  # bytes of clips in a film: browsers hold them all in memory


class Scene(NamedTuple):
    """A clip and what can be chosen after it.

    `clip` is frames, as `video` makes them, shown at `fps`; or the path of a video file. `choices` says for each
    caption which scene it leads to. `caption` says what is to be seen: it is shown below, and read aloud to those who
    do not see it.
    """

    clip: Sequence[np.ndarray] | str | Path
    caption: str
    choices: Mapping[str, str]
    fps: float = 12


def save_film(scenes: Mapping[str, Scene], path: str | Path, title: str) -> Path:
    """Writes a film that branches, one HTML file; it begins with the first scene. The path.

    The viewer chooses by click, touch or number key; the space bar halts a clip, R plays it again. Where motion is not
    wanted (`prefers-reduced-motion`), each clip stands still at its end, and plays when it is asked to. A video file
    goes in as it is where every browser can play it (H.264 and 4:2:0 in an MP4), else it is converted to that; of an
    odd side one pixel is cut off then.

    Raises ValueError for a film without scenes, a dead end, a choice that leads nowhere, a scene that no choice leads
    to, a file that is no video, another ending than .html, and more than 200 MB; FileNotFoundError for a missing clip.
    """
    path = Path(path)
    if path.suffix.lower() != ".html":
        raise ValueError(f"{path} should end in .html, for that is what will be in it")
    _check_graph(scenes)
    for name, scene in scenes.items():  # before the work begins
        if isinstance(scene.clip, str | Path) and not Path(scene.clip).is_file():
            raise FileNotFoundError(f"scene {name!r}: there is no video file {scene.clip}")
    clips, total = {}, 0
    for name, scene in tqdm(scenes.items(), desc=path.name, unit="clip"):
        try:
            clip = _clip(scene)
        except ValueError as error:
            raise ValueError(f"scene {name!r}: {error}") from error
        total += len(clip)
        if total > LARGEST:
            raise ValueError(f"scene {name!r}: with it the clips are over {LARGEST / 1e6:.0f} MB; make them smaller")
        clips[name] = {
            "caption": scene.caption,
            "choices": [{"caption": caption, "to": to} for caption, to in scene.choices.items()],
            "video": base64.b64encode(clip).decode(),
        }
    data = json.dumps({"first": next(iter(scenes)), "scenes": clips}, ensure_ascii=False)
    parts = {"TITLE": html.escape(title), "INK": PALETTE[0], "ACCENT": PALETTE[1], "QUIET": QUIET}
    page = PAGE
    for key, value in parts.items():
        page = page.replace(f"%{key}%", value)
    # a caption may hold what would end the script
    page = page.replace("%DATA%", data.replace("<", "\\u003c"))
    with atomic(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _check_graph(scenes: Mapping[str, Scene]) -> None:
    if not scenes:
        raise ValueError("a film has at least one scene")
    first = next(iter(scenes))
    for name, scene in scenes.items():
        if not scene.choices:
            raise ValueError(f"scene {name!r} is a dead end; give it a choice, if only back to {first!r}")
        if len(scene.choices) > 9:
            raise ValueError(f"scene {name!r} has {len(scene.choices)} choices; there are keys for 9")
        for caption, to in scene.choices.items():
            if to not in scenes:
                known = ", ".join(map(repr, scenes))
                raise ValueError(f"scene {name!r}: {caption!r} leads to {to!r}, which is none of {known}")
    reached, new = set(), {first}
    while new:
        reached |= new
        new = {to for name in new for to in scenes[name].choices.values()} - reached
    if unseen := [name for name in scenes if name not in reached]:
        raise ValueError(f"no choice leads to {', '.join(map(repr, unseen))}")


def _clip(scene: Scene) -> bytes:
    """An MP4 that every browser plays."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "clip.mp4"
        if not isinstance(scene.clip, str | Path):
            return to_video(scene.clip, made, scene.fps).read_bytes()
        own = Path(scene.clip)
        try:
            stream = imageio_ffmpeg.read_frames(str(own))
            facts = next(stream)
            stream.close()
        except (OSError, RuntimeError, StopIteration) as error:
            raise ValueError(f"{own} is not a video that can be read, or it is damaged") from error
        container = own.read_bytes()[4:8] == b"ftyp" and own.suffix.lower() != ".mov"
        if container and facts["codec"].startswith("h264") and facts["pix_fmt"].startswith(("yuv420p(", "yuv420p,")):
            return own.read_bytes()
        convert = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20", "-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2"]
        sound = ["-c:a", "aac", "-movflags", "+faststart", "-fflags", "+bitexact"]
        try:
            ffmpeg(["-i", own, *convert, *sound, made])
        except OSError as error:
            raise ValueError(f"{own} could not be converted: {error.strerror}") from error
        return made.read_bytes()


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; media-src blob:; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>%TITLE%</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light; --ink: %INK%; --accent: %ACCENT%; --quiet: %QUIET%;
  --type: "DejaVu Sans Mono", "Courier Prime", ui-monospace, Menlo, Consolas, monospace; }
* { box-sizing: border-box; }
html, body { margin: 0; background: #f3f4f6; color: var(--ink); font-family: var(--type); }
body { min-height: 100vh; min-height: 100dvh; display: flex; }
main { width: min(100%, 60rem); margin: auto; display: grid; justify-items: center; gap: clamp(.7rem, 2.4vh, 1.4rem);
  padding: clamp(.8rem, 3vh, 2rem) max(1rem, env(safe-area-inset-right)) clamp(.8rem, 3vh, 2rem)
    max(1rem, env(safe-area-inset-left)); }
h1 { margin: 0; font-size: clamp(.95rem, 2.6vmin, 1.2rem); font-weight: 400; letter-spacing: .12em;
  text-align: center; }
#stage { position: relative; width: min(100%, 66vh); width: min(100%, 66dvh); aspect-ratio: var(--ratio, 1);
  background: #fff; box-shadow: 0 0 0 1px #e3e6ea, 0 1.2rem 3rem -1.6rem rgb(34 52 74 / .35); overflow: hidden; }
video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; visibility: hidden; }
video.shown { visibility: visible; }
#bar { position: absolute; left: 0; bottom: 0; height: 3px; width: 100%; background: var(--accent);
  transform: scaleX(0); transform-origin: left; transition: transform .25s linear; }
#caption { margin: 0; min-height: 1.5em; line-height: 1.5; font-size: clamp(1rem, 2.8vmin, 1.25rem);
  text-align: center; }
nav { width: 100%; display: flex; flex-wrap: wrap; justify-content: center; gap: .6rem; }
button { font: inherit; color: inherit; cursor: pointer; background: #fff; border: 1px solid #c3c8cf;
  border-radius: 2px; }
nav button { min-height: 3rem; padding: .55rem 1.1rem .55rem .8rem; font-size: 1rem; text-align: left;
  display: flex; align-items: center; gap: .7rem; transition: border-color .15s, color .15s; }
nav kbd { font: inherit; font-size: .75rem; color: var(--quiet); border: 1px solid #dfe2e6; border-radius: 2px;
  padding: .05rem .38rem; }
button:hover { border-color: var(--accent); color: var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#halt { min-height: 2.75rem; padding: .3rem .9rem; border-color: transparent; background: none; font-size: .85rem;
  color: var(--quiet); }
#halt:hover { color: var(--accent); }
@media (max-width: 34rem) {
  nav { flex-direction: column; }
  nav button { width: 100%; }
  nav kbd { display: none; }
}
@media (max-height: 30rem) and (orientation: landscape) {
  main { grid-template-columns: auto 1fr; align-items: center; justify-items: start; column-gap: 1.5rem; width: 100%; }
  h1 { grid-column: 2; }
  #stage { grid-column: 1; grid-row: 1 / span 4; width: auto; height: 88vh; height: 88dvh; }
  #caption, nav, #halt { grid-column: 2; justify-content: start; text-align: left; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
</style>
</head>
<body>
<main>
<h1>%TITLE%</h1>
<div id="stage"><video playsinline></video><video playsinline></video><div id="bar"></div></div>
<p id="caption" aria-live="polite"></p>
<nav aria-label="What comes next"></nav>
<button id="halt" type="button" aria-keyshortcuts="Space">Play</button>
<noscript>This film needs JavaScript, which is switched off in this browser.</noscript>
</main>
<script id="film" type="application/json">%DATA%</script>
<script>
"use strict";
const film = JSON.parse(document.getElementById("film").textContent);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const [stage, caption, choices, bar, halt] =
  ["#stage", "#caption", "nav", "#bar", "#halt"].map((name) => document.querySelector(name));
let [shown, hidden] = document.querySelectorAll("video");
let call = 0;

// a blob, for some browsers play no video from a data: URI
function source(scene) {
  if (!scene.url) {
    const bytes = Uint8Array.from(atob(scene.video), (letter) => letter.charCodeAt(0));
    scene.url = URL.createObjectURL(new Blob([bytes], {type: "video/mp4"}));
    scene.video = null;
  }
  return scene.url;
}

function event(target, name) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, {once: true});
    target.addEventListener("error", reject, {once: true});
  });
}

// browsers let a clip with sound play once the viewer has touched something; until then it plays without
function play(video) {
  video.muted = false;
  return video.play().catch((error) => {
    if (error.name !== "NotAllowedError") return;
    video.muted = true;
    return video.play().catch(() => {});
  });
}

async function show(name) {
  const scene = film.scenes[name], mine = ++call, next = hidden;
  document.body.dataset.scene = name;
  caption.textContent = scene.caption;
  choices.replaceChildren(...scene.choices.map(({caption, to}, i) => {
    const button = document.createElement("button"), key = document.createElement("kbd");
    button.type = "button";
    key.textContent = i + 1;
    key.ariaHidden = "true";
    button.setAttribute("aria-keyshortcuts", i + 1);
    button.append(key, caption);
    button.addEventListener("click", () => show(to));
    return button;
  }));
  shown.pause();
  next.src = source(scene);
  next.setAttribute("aria-label", scene.caption);
  try {
    await event(next, "loadeddata");
    if (mine !== call) return;
    stage.style.setProperty("--ratio", next.videoWidth / next.videoHeight);
    if (still.matches) {
      next.currentTime = next.duration;
      await event(next, "seeked");
    }
  } catch {
    if (mine === call) caption.textContent = scene.caption + " (This browser cannot play the clip.)";
    return;
  }
  if (mine !== call) return;
  [shown, hidden] = [next, shown];
  shown.classList.add("shown");
  hidden.classList.remove("shown");
  shown.removeAttribute("aria-hidden");
  hidden.setAttribute("aria-hidden", "true");
  report();
  if (!still.matches) play(shown);
  // the clips that may come next are made ready while this one plays
  for (const {to} of scene.choices) source(film.scenes[to]);
}

function replay() {
  shown.currentTime = 0;
  play(shown);
}

function pause() {
  if (shown.paused) play(shown);
  else shown.pause();
}

halt.addEventListener("click", pause);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const choice = choices.children[Number(event.key) - 1];
  if (choice) choice.click();
  else if (event.key.toLowerCase() === "r") replay();
  else if (event.key === " " && event.target.tagName !== "BUTTON") pause();
  else return;
  event.preventDefault();
});

// a clip that has ended plays from its beginning, as browsers have it
function report() {
  halt.textContent = !shown.paused ? "Pause" : shown.ended || still.matches ? "Play again" : "Play on";
  const done = shown.duration && !shown.ended ? shown.currentTime / shown.duration : 0;
  bar.style.transform = "scaleX(" + done + ")";
}

for (const video of [shown, hidden]) {
  for (const name of ["play", "pause", "ended", "timeupdate", "seeked"]) video.addEventListener(name, report);
}
show(film.first);
</script>
</body>
</html>
"""
