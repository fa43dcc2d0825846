"""Frames to files: MP4, GIF, and a sheet for print. A frame is RGB, uint8 (H, W, 3); `frames` makes them."""

import errno
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import imageio_ffmpeg
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from helpers.figures.rc import in_style
from helpers.figures.style import WIDTH
from helpers.paths import atomic

LONG = 100  # frames: more than these show a progress bar


@in_style
def contact_sheet(frames: Sequence[np.ndarray], columns: int = 10, titles: Sequence[str] | None = None) -> Figure:
    """Frames side by side, row by row, for print; at most 7 inches across.

    Parameters
    ----------
    frames : sequence of ndarray
        uint8 (height, width, 3), RGB, all of one size.
    columns : int
    titles : sequence of str, optional
        One above each frame.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For frames that are none or not all of one size, and where titles do not match them in number.
    """
    frames = _checked(frames)
    if titles is not None and len(titles) != len(frames):
        raise ValueError(f"{len(titles)} titles for {len(frames)} frames")
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    width = min(1.6, WIDTH / 72 / columns)  # inches
    height = width * frames[0].shape[0] / frames[0].shape[1] + (0.16 if titles is not None else 0)
    figure, grid = plt.subplots(rows, columns, figsize=(columns * width, rows * height), squeeze=False)
    plt.close(figure)  # pyplot would show it a second time
    for i, axes in enumerate(grid.flat):
        axes.axis("off")
        if i < len(frames):
            axes.imshow(frames[i], interpolation="antialiased")
            axes.set_title(titles[i] if titles is not None else "", pad=2)
    top = 0.16 / (rows * height) if titles is not None else 0
    figure.subplots_adjust(0.002, 0.002, 0.998, 0.998 - top, wspace=0.02, hspace=0.02 if titles is None else 0.16)
    return figure


def to_gif(frames: Iterable[np.ndarray], path: str | Path, fps: float = 5) -> Path:
    """Writes an animated GIF that repeats for ever, with one palette for all its frames.

    Parameters
    ----------
    frames : iterable of ndarray
        uint8 (height, width, 3), RGB, all of one size.
    path : str or Path
        Ends in .gif. The write is atomic.
    fps : float
        Above 0, up to 50: a GIF counts hundredths of a second, and browsers slow down what is faster.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        For frames that are none, or not all of one size, another ending, and fps outside 0..50.
    """
    path, frames = _target(path, ".gif"), _checked(frames)
    if not 0 < fps <= 50:
        raise ValueError(f"fps is {fps}; a GIF has more than 0 and at most 50 frames a second")
    with atomic(path) as temporary:
        _encode(frames, [*GIF, temporary], path.name, fps)
    return path


def to_video(frames: Iterable[np.ndarray], path: str | Path, fps: float = 5) -> Path:
    """Writes an H.264 MP4 that every browser plays, its index first, so that it starts before it is all there.

    Parameters
    ----------
    frames : iterable of ndarray
        uint8 (height, width, 3), RGB, all of one size. An odd side gets its last row or column twice.
    path : str or Path
        Ends in .mp4. The write is atomic.
    fps : float
        Above 0, up to 240.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        For frames that are none, or not all of one size, another ending, and fps outside 0..240.
    """
    path, frames = _target(path, ".mp4"), _checked(frames)
    if not 0 < fps <= 240:
        raise ValueError(f"fps is {fps}; a video has more than 0 and at most 240 frames a second")
    height, width = frames[0].shape[:2]
    if height % 2 or width % 2:
        frames = [np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") for frame in frames]
    with atomic(path) as temporary:
        _encode(frames, [*H264, temporary], path.name, fps)
    return path


# one palette from all the frames, and no dots to make up for it
GIF = ["-vf", "split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"]
# flat colours and thin lines; what the numbers mean is in the file, so that players do not guess; no version is
SRGB = "color_primaries=bt709:color_trc=iec61966-2-1"
H264 = [
    *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "fast", "-tune", "animation", "-crf", "18"),
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv,setparams=range=tv:colorspace=bt709:" + SRGB),
    *("-movflags", "+faststart", "-fflags", "+bitexact"),
]


def ffmpeg(arguments: Sequence, pixels: Iterable[bytes] = ()) -> None:
    """Runs ffmpeg on what is fed to it. Raises OSError with its last words where it fails."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-hide_banner", "-loglevel", "error", *map(str, arguments)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
        try:
            with process.stdin:
                for piece in pixels:
                    process.stdin.write(piece)
        except BrokenPipeError:
            pass  # it ended early; its exit code says so too
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
        if process.returncode:
            log.seek(0)
            words = log.read().decode(errors="replace").strip().splitlines() or ["it says no more"]
            raise OSError(errno.EIO, f"ffmpeg ended with {process.returncode}: {words[-1]}")


def _encode(frames: Sequence[np.ndarray], arguments: Sequence, name: str, fps: float) -> None:
    height, width = frames[0].shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", fps, "-i", "-"]
    bar = tqdm(frames, desc=name, unit="frame", disable=len(frames) < LONG)
    ffmpeg([*raw, *arguments], (frame.tobytes() for frame in bar))


def _target(path: str | Path, suffix: str) -> Path:
    path = Path(path).expanduser()
    if path.suffix.lower() != suffix:
        raise ValueError(f"{path} should end in {suffix}, for that is what will be in it")
    return path


def _checked(frames: Iterable[np.ndarray]) -> list[np.ndarray]:
    frames = list(frames)
    if not frames:
        raise ValueError("no frames: a video has at least one")
    for i, frame in enumerate(frames):
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            what = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise ValueError(f"frame {i} is {what}; a frame is RGB, uint8 (height, width, 3)")
        if frame.shape != frames[0].shape:
            (h, w), (h0, w0) = frame.shape[:2], frames[0].shape[:2]
            raise ValueError(f"frame {i} is {w}x{h} pixels, where the first is {w0}x{h0}; all must be of one size")
    if 0 in frames[0].shape:
        raise ValueError("the frames have no pixels")
    return frames
