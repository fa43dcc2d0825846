"""Clips as every browser plays them: any video to H.264 and AAC within bounds, upright, opaque, evenly loud.

What was made of a clip is kept by the clip's content, so that a film that is made again, or was interrupted, goes on.
"""

import hashlib
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import numpy as np

from helpers.export.video import ffmpeg, to_video
from helpers.paths import DATA, atomic

WIDEST, HIGHEST, FASTEST = 1280, 720, 30  # pixels and frames a second; upright clips turn the first two round
KEPT = DATA / "work" / "clips"
RECIPE = 1  # to be raised where what is made of a clip changes
THUMB = 320  # pixels of a poster's longer side
LOUD = "loudnorm=I=-16:TP=-1.5:LRA=11,aresample=48000"
AAC = ["-c:a", "aac", "-b:a", "128k", "-ac", 2, "-af", LOUD]
ALPHA = re.compile(r"\b(yuva|rgba|argb|bgra|abgr|gbrap|ya8|ya16|pal8)")
WHITE = "format=yuva444p,split[a][b];[a]drawbox=c=white@1:t=fill:replace=1[c];[c][b]overlay=format=auto,"


class Clip(NamedTuple):
    """An MP4, a JPEG of its middle, and whether it is to be heard."""

    video: Path
    poster: Path
    sound: bool


def prepare(clip: Sequence[np.ndarray] | str | Path, fps: float = 12) -> Clip:
    """A clip as every browser plays it.

    A file of H.264 in 4:2:0 within the bounds keeps its pictures as they are; others are turned upright, laid on white
    where they are transparent, made even-sided and no larger than 1280 by 720, at a constant rate of at most 30. Sound
    becomes AAC of -16 LUFS.

    Parameters
    ----------
    clip : sequence of ndarray, str or Path
        Frames, uint8 (height, width, 3), or a video file.
    fps : float
        Of frames.

    Returns
    -------
    Clip

    Raises
    ------
    ValueError
        For frames that are none, and a file that is no video.
    """
    if isinstance(clip, str | Path):
        own = Path(clip)
        with own.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    else:
        frames = [np.ascontiguousarray(frame) for frame in clip]
        digest = hashlib.sha256(repr((fps, [(frame.shape, frame.dtype.str) for frame in frames])).encode())
        for frame in frames:
            digest.update(frame)
    digest.update(str(RECIPE).encode())
    video, poster = (KEPT / f"{digest.hexdigest()[:32]}{ending}" for ending in (".mp4", ".jpg"))
    if not video.is_file():
        if isinstance(clip, str | Path):
            with atomic(video) as temporary:
                _convert(own, temporary)
        else:
            to_video(frames, video, fps)
    facts = _facts(video)
    if not poster.is_file():
        with atomic(poster) as temporary:
            size = f"scale='min({THUMB},iw)':'min({THUMB},ih)':force_original_aspect_ratio=decrease"
            one = ["-frames:v", 1, "-q:v", 5, "-fflags", "+bitexact", "-f", "image2", "-update", 1]
            middle = max(0.0, facts["seconds"] / 2 - 0.5)  # no later: a short clip may hold one frame
            ffmpeg(["-ss", f"{middle:.3f}", "-i", video, "-vf", size, *one, temporary])
    return Clip(video, poster, facts["sound"])


def prepare_sound(own: str | Path) -> Path:
    """A sound file as every browser plays it: AAC of -16 LUFS in an MP4, made once.

    Raises ValueError for a file without sound.
    """
    own = Path(own)
    with own.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(f"sound {RECIPE}".encode())
    made = KEPT / f"{digest.hexdigest()[:32]}.m4a"
    if not made.is_file():
        with atomic(made) as temporary:
            try:
                rest = ["-map", "0:a:0", "-map_metadata", -1, "-movflags", "+faststart", "-fflags", "+bitexact"]
                ffmpeg(["-i", own, *rest, *AAC, "-f", "mp4", temporary])
            except OSError as error:
                raise ValueError(f"{own} is not a sound that can be read: {error.strerror}") from error
    return made


def _convert(own: Path, made: Path) -> None:
    facts = _facts(own)
    try:
        if facts["plays"]:
            pictures: list = ["-c:v", "copy"]
        else:
            width, height = (WIDEST, HIGHEST) if facts["wide"] else (HIGHEST, WIDEST)
            fit = f"scale=w='min({width},iw)':h='min({height},ih)':force_original_aspect_ratio=decrease"
            even = "crop=trunc(iw/2)*2:trunc(ih/2)*2,setsar=1,format=yuv420p"
            rate = ["-r", FASTEST] if facts["fps"] > FASTEST else []
            pictures = ["-c:v", "libx264", "-preset", "veryfast", "-crf", 21, "-fps_mode", "cfr", *rate]
            pictures += ["-vf", f"{WHITE if facts['alpha'] else ''}scale=iw*sar:ih,{fit},{even}"]
        sound = AAC if facts["sound"] else []
        rest = ["-map", "0:v:0", "-map", "0:a:0?", "-sn", "-dn", "-map_metadata", -1, "-movflags", "+faststart"]
        ffmpeg([*facts["decoder"], "-i", own, *rest, *pictures, *sound, "-fflags", "+bitexact", "-f", "mp4", made])
    except OSError as error:
        raise ValueError(f"{own} could not be converted: {error.strerror}") from error


def _facts(path: Path) -> dict:
    """What ffmpeg says of a video; ValueError for a file that is none."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)]
    words = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).stderr.decode(errors="replace")
    video = re.search(r"Stream #0:\d+.*?: Video: (\w+).*?, (\d{1,5})x(\d{1,5})(.*)", words)
    if not video:
        raise ValueError(f"{path} is not a video that can be read, or it is damaged")
    codec, width, height = video[1], int(video[2]), int(video[3])
    turned = re.search(r"rotation of (-?\d+)", words)
    wide = (width >= height) != bool(turned and round(float(turned[1])) % 180)
    rate = re.search(r"([\d.]+)(k?) fps", video[4])
    fps = float(rate[1]) * (1000 if rate[2] else 1) if rate else 25.0
    time = re.search(r"Duration: (\d+):(\d+):([\d.]+)", words)
    alpha = bool(ALPHA.search(video[0])) or "alpha_mode" in words
    within = width * height <= WIDEST * HIGHEST and max(width, height) <= WIDEST and fps <= FASTEST
    even = not (width % 2 or height % 2)
    plays = codec == "h264" and "yuv420p" in video[0] and within and even and not turned and not alpha
    return {
        "plays": plays and "mp4" in words.partition("Input #0,")[2].partition(" from ")[0] and _steady(words),
        "wide": wide,
        "fps": fps,
        "alpha": alpha,
        # only these read what is transparent in WebM
        "decoder": ["-c:v", "libvpx-vp9" if codec == "vp9" else "libvpx"] if alpha and codec in ("vp8", "vp9") else [],
        "sound": "Audio:" in words,
        "seconds": int(time[1]) * 3600 + int(time[2]) * 60 + float(time[3]) if time else 0.0,
    }


def _steady(words: str) -> bool:
    """Whether frames come at a constant rate, as far as the file's header says."""
    rates = re.search(r"([\d.]+) fps, ([\d.]+) tbr", words)
    return rates is None or rates[1] == rates[2]
