"""A clip made ready for a film, beside plain ffmpeg: seconds, CPU seconds, and how that compares with real time.

Run: python benchmarks/film.py. The clip is made here: a minute of 720p at 25 frames a second, MPEG-4 as older cameras
write it, a picture with fine grain that moves, and sound. A film's clip also has its loudness evened out, its rate
held and its poster made. The table goes to benchmarks/results/film.md.
"""

import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from helpers.export.video import ffmpeg
from helpers.motion import clips
from helpers.paths import atomic

SECONDS, FPS, WIDTH, HEIGHT = 60, 25, 1280, 720
SEED = 0
RESULT = Path(__file__).parent / "results" / "film.md"
PLAIN = "-c:v libx264 -preset veryfast -crf 21 -pix_fmt yuv420p -c:a aac -b:a 128k".split()


def record(path: Path) -> None:
    """The clip: a grainy picture, larger than the frame, over which the camera moves, and noise to be heard."""
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(0, 256, (HEIGHT // 16, WIDTH // 8, 3), np.uint8)
    still = coarse.repeat(32, axis=0).repeat(16, axis=1)
    still = np.clip(still + rng.normal(0, 6, still.shape), 0, 255).astype(np.uint8)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", FPS, "-i", "-"]
    sound = ["-f", "lavfi", "-i", f"anoisesrc=amplitude=0.1:seed={SEED}:duration={SECONDS}"]

    def moved(frame: int) -> bytes:
        row, column = (int(a * (1 + np.sin(frame / b)) / 2) for a, b in ((HEIGHT, 90), (WIDTH, 130)))
        return still[row : row + HEIGHT, column : column + WIDTH].tobytes()

    ffmpeg([*raw, *sound, "-c:v", "mpeg4", "-q:v", 4, "-c:a", "pcm_s16le", path], map(moved, range(SECONDS * FPS)))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, of this process and those it starts."""

    def cpu() -> float:
        both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in both)

    begun, spent = time.monotonic(), cpu()
    work()
    return time.monotonic() - begun, cpu() - spent


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips.KEPT = folder / "kept"
        record(folder / "own.mov")
        plain = timed(lambda: ffmpeg(["-i", folder / "own.mov", *PLAIN, folder / "plain.mp4"]))
        ours = timed(lambda: clips.prepare(folder / "own.mov"))
    lines = [f"{SECONDS} s of {WIDTH} x {HEIGHT}, {FPS} frames a second, with sound; {os.cpu_count()} cores.", ""]
    lines += ["| | s | CPU s | times real time | by CPU time, 2 cores |", "|---|---|---|---|---|"]
    for what, (wall, cpu) in {"a film's clip": ours, "plain ffmpeg": plain}.items():
        lines.append(f"| {what} | {wall:.1f} | {cpu:.1f} | {SECONDS / wall:.1f} | {2 * SECONDS / cpu:.1f} |")
    lines += ["", f"In CPU time the film takes {ours[1] / plain[1]:.2f} times as much as plain ffmpeg."]
    print("\n".join(lines))
    with atomic(RESULT) as temporary:
        temporary.write_text("\n".join(["# A film's clip", "", *lines, "", "Made by `python benchmarks/film.py`.", ""]))


if __name__ == "__main__":
    main()
