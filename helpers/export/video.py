"""Drawings in motion: frames, and the MP4 and GIF files made of them.

A frame is RGB, uint8 (H, W, 3). `pen_frames` shows one drawing being drawn, `frames_of` one drawing after another.
"""

import errno
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import imageio_ffmpeg
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from tqdm.auto import tqdm

from helpers.figures.rc import in_style
from helpers.figures.style import PALETTE, WIDTH
from helpers.paths import atomic
from helpers.sketch.strokes import absolute, bounds, check, minds_of_rows

MARGIN = 0.1  # of the frame, on each side
LINE = 1 / 80  # the pen's width, of the frame
FINER = 2  # a frame is drawn this many times as large and averaged down
SHIFT = 4  # fractional bits of the coordinates that OpenCV takes
AIR = 0.3  # the time a lifted pen takes, of what it takes to draw as far
HOLD = 1 / 5  # of the frames of a drawing: they show it finished
LONG = 100  # frames: more than these show a progress bar


def pen_frames(
    sketch: np.ndarray,
    switches: Sequence[int] = (),
    size: int = 480,
    frames: int = 75,
    place: tuple[float, np.ndarray] | None = None,
    colors: Sequence[str] = PALETTE,
) -> list[np.ndarray]:
    """`frames` pictures (size, size, 3) of one drawing being drawn at an even pace; a fifth of them hold the end.

    `switches` are the rows at which the mind changed, as `figures.grid` takes them: the line changes colour there, and
    so does the dot that stands for the pen. The drawing fills the frame up to a margin, unless `place` gives its scale
    and where its pen starts, x and y in pixels, so that another clip can go on from it: see `fit_frame`.
    Raises ValueError for a sketch that is none, switches out of order or more than there are colours, and for fewer
    than two frames.
    """
    sketch = check(sketch)
    if frames < 2:
        raise ValueError(f"frames is {frames}; a drawing in motion has at least 2")
    if place is None:
        scale, (start,) = fit_frame([sketch], size=size)
    else:
        scale, start = place
    points = absolute(sketch) * scale + start
    minds, inks, travels = _minds(sketch, switches, colors), *inked(sketch)
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    # a dot and a turn on the spot take a moment too
    clock = np.concatenate([[0], np.cumsum(np.where(travels, AIR * lengths, lengths) + LINE * size / 2)])
    moving = max(1, round(frames * (1 - HOLD)))
    canvas = _paper(size)
    pictures, row = [], 0
    for time in np.linspace(0, clock[-1], moving + 1)[1:]:
        while row < len(sketch) and clock[row + 1] <= time:
            if inks[row]:
                _line(canvas, points[row + travels[row]], points[row + 1], minds[row])
            row += 1
        if row == len(sketch):  # rounding may bring the end a frame early
            break
        share = (time - clock[row]) / (clock[row + 1] - clock[row])
        tip = points[row] + share * (points[row + 1] - points[row])
        begun = canvas.copy()
        if not travels[row] and lengths[row] > 0:
            _line(begun, points[row], tip, minds[row])
        pictures.append(_shrink(begun))
        _dot(pictures[-1], tip, minds[row])
    return pictures + [_shrink(canvas)] * (frames - len(pictures))


def frames_of(
    sketches: Sequence[np.ndarray],
    origins: Sequence[np.ndarray] | None = None,
    switches: Sequence | None = None,
    size: int = 480,
) -> list[np.ndarray]:
    """One picture (size, size, 3) of each sketch, all at one scale, so that what stays the same stands still.

    `origins` (N, 2), in the sketches' units, is where each pen starts; without them every drawing is centred by its
    ink. The scale is the largest at which all the ink fits. `switches` holds for each drawing the rows at which its
    mind changed. Raises ValueError for no sketches, and where origins or switches do not match them in number.
    """
    sketches = [check(sketch) for sketch in sketches]
    for name, values in (("switches", switches), ("origins", origins)):
        if values is not None and len(values) != len(sketches):
            raise ValueError(f"{len(values)} {name} for {len(sketches)} drawings")
    scale, starts = fit_frame(sketches, origins, size)
    pictures = []
    for i, sketch in enumerate(sketches):
        canvas = _paper(size)
        points = absolute(sketch) * scale + starts[i]
        minds = _minds(sketch, () if switches is None else switches[i])
        for row, (inks, travels) in enumerate(zip(*inked(sketch), strict=True)):
            if inks:
                _line(canvas, points[row + travels], points[row + 1], minds[row])
        pictures.append(_shrink(canvas))
    return pictures


@in_style
def contact_sheet(frames: Sequence[np.ndarray], columns: int = 10, titles: Sequence[str] | None = None) -> Figure:
    """Frames side by side, row by row, for print; at most 7 inches across. `titles` stand one above each.

    Raises ValueError for frames that are none or not all of one size, and where titles do not match them in number.
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


def fit_frame(
    sketches: Sequence[np.ndarray], origins: Sequence[np.ndarray] | None = None, size: int = 480
) -> tuple[float, np.ndarray]:
    """How `frames_of` lays drawings into one frame.

    Parameters
    ----------
    sketches : sequence of ndarray
        (n, 3) each, N of them.
    origins : sequence, optional
        (N, 2), in the sketches' units, where each pen starts; without them each is centred by its ink.
    size : int
        Pixels a side, 16 or more.

    Returns
    -------
    scale : float
        The largest at which all the ink fits.
    starts : ndarray
        (N, 2) pixels, where each pen starts.

    Raises
    ------
    ValueError
        For no drawings, and for a smaller frame.
    """
    if not sketches:
        raise ValueError("no drawings to make frames of")
    if size < 16:
        raise ValueError(f"size is {size}; a frame is at least 16 pixels wide")
    boxes = np.stack([bounds(sketch) for sketch in sketches])  # drawing, low or high, x or y
    origins = -boxes.mean(axis=1) if origins is None else np.asarray(origins, np.float64)
    boxes = boxes + origins[:, None]
    low, high = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    side = (high - low).max()
    scale = size * (1 - 2 * MARGIN) / side if side > 0 else 1.0
    # pixel centres are whole numbers in OpenCV: the middle of the picture is (size - 1) / 2
    return scale, (origins - (low + high) / 2) * scale + (size - 1) / 2


def inked(sketch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which rows leave ink, and which begin with a lifted pen: one that does both is a dot where it lands."""
    lift = sketch[:, 2] > 0.5
    travels = np.concatenate([[False], lift[:-1]])
    return ~travels | lift, travels


def _minds(sketch: np.ndarray, switches, colors: Sequence[str] = PALETTE) -> np.ndarray:
    """The colour of each row, (N, 3)."""
    inks = np.rint(np.array([to_rgb(color) for color in colors]) * 255)
    return inks[minds_of_rows(sketch, switches, len(colors))]


def _paper(size: int) -> np.ndarray:
    return np.full((size * FINER, size * FINER, 3), 255, np.uint8)


def _line(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, color: np.ndarray) -> None:
    """A line of the pen's width, with round ends, in the finer canvas; its ends in pixels of the frame."""
    a, b = (np.rint(((point + 0.5) * FINER - 0.5) * (1 << SHIFT)).astype(int).tolist() for point in (start, end))
    if a == b:  # OpenCV draws no line without length
        radius = round(LINE * len(canvas) / 2 * (1 << SHIFT))
        cv2.circle(canvas, a, radius, color.tolist(), cv2.FILLED, cv2.LINE_AA, SHIFT)
    else:
        cv2.line(canvas, a, b, color.tolist(), max(1, round(LINE * len(canvas))), cv2.LINE_AA, SHIFT)


def _dot(frame: np.ndarray, centre: np.ndarray, color: np.ndarray) -> None:
    """The pen itself."""
    at, radius = np.rint(centre * (1 << SHIFT)).astype(int).tolist(), round(1.1 * LINE * len(frame) * (1 << SHIFT))
    cv2.circle(frame, at, radius, color.tolist(), cv2.FILLED, cv2.LINE_AA, SHIFT)


def _shrink(canvas: np.ndarray) -> np.ndarray:
    size = len(canvas) // FINER
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA)
