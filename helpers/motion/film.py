"""A film that branches: one HTML file that plays clips and lets the viewer choose what comes next.

The file holds everything, its clips too, and asks no network for anything; it opens from a disk, a stick or a server.
"""

import base64
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import jinja2
import numpy as np
from tqdm.auto import tqdm

from helpers.export.video import ffmpeg, to_video
from helpers.figures.style import PALETTE, QUIET
from helpers.paths import atomic

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, keep_trailing_newline=True
)
SEES_THROUGH = {"vp8": "libvpx", "vp9": "libvpx-vp9"}  # ffmpeg's own decoders of these leave transparency out
ON_PAPER = (  # white under what is transparent, and even sides, which H.264 asks for
    "[0:v]format=rgba,split[clip][under];[under]drawbox=color=white:t=fill:replace=1[paper];"
    "[paper][clip]overlay=format=auto,crop=trunc(iw/2)*2:trunc(ih/2)*2"
)
LARGEST = 200e6  # bytes of clips in a film: browsers hold them all in memory


class Scene(NamedTuple):
    """A clip and what can be chosen after it.

    `clip` is frames, as `export.frames` makes them, shown at `fps`; or the path of a video file. `choices` says for
    each caption which scene it leads to. `caption` says what is to be seen: it is shown below, and read aloud to those
    who do not see it.
    """

    clip: Sequence[np.ndarray] | str | Path
    caption: str
    choices: Mapping[str, str]
    fps: float = 12


def save_film(scenes: Mapping[str, Scene], path: str | Path, title: str) -> Path:
    """Writes a film that branches, one HTML file; it begins with the first scene.

    The viewer chooses by click, touch or number key; the space bar halts a clip, R plays it again. Where motion is not
    wanted (`prefers-reduced-motion`), each clip stands still at its end, and plays when it is asked to.

    Parameters
    ----------
    scenes : mapping of str to Scene
        A video file goes in as it is where every browser can play it (H.264 and 4:2:0 in an MP4), else it is converted
        to that; of an odd side one pixel is cut off then.
    path : str or Path
        Ends in .html. The write is atomic.
    title : str

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        For a film without scenes, a dead end, a choice that leads nowhere, a scene that no choice leads to, a file that
        is no video, another ending, and more than 200 MB.
    FileNotFoundError
        For a missing clip.
    """
    path = Path(path).expanduser()
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
    data = data.replace("<", "\\u003c")  # a caption may hold what would end the script
    page = TEMPLATES.get_template("film.html").render(
        title=title, ink=PALETTE[0], accent=PALETTE[1], quiet=QUIET, data=data
    )
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
        own = (
            Path(scene.clip).expanduser().resolve()
        )  # a name that begins with - or has a : in it is no file for ffmpeg
        try:
            stream = imageio_ffmpeg.read_frames(str(own))
            facts = next(stream)
            stream.close()
        except (OSError, RuntimeError, StopIteration) as error:
            raise ValueError(f"{own} is not a video that can be read, or it is damaged") from error
        container = own.read_bytes()[4:8] == b"ftyp" and own.suffix.lower() != ".mov"
        if container and facts["codec"].startswith("h264") and facts["pix_fmt"].startswith(("yuv420p(", "yuv420p,")):
            return own.read_bytes()
        convert = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20", "-filter_complex", ON_PAPER]
        sound = ["-c:a", "aac", "-movflags", "+faststart", "-fflags", "+bitexact"]
        try:
            codec = facts["codec"].rstrip(",")
            decoder = ["-c:v", SEES_THROUGH[codec]] if codec in SEES_THROUGH else []
            ffmpeg([*decoder, "-i", own, *convert, *sound, made])
        except OSError as error:
            raise ValueError(f"{own} could not be converted: {error.strerror}") from error
        return made.read_bytes()
