"""Files to pictures and bitmaps: any image file, every page of a PDF or a TIFF, the end of an animation."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from helpers.paths import NoMemory, memory_for
from helpers.trace.drawing import Drawing, find_drawing
from helpers.trace.ground import flatten, luma
from helpers.trace.pdf import draw_page

SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".pdf", ".tif", ".tiff", ".gif", ".bmp"),
    *(".pgm", ".ppm", ".pbm", ".pnm", ".apng"),
)

LARGEST = 1500  # pixels of the longer side that are kept: larger scans are averaged down, PDF pages drawn so large
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "PPM")  # Pillow knows more; one of them starts another program
ANIMATED = ("GIF", "WEBP", "PNG")  # formats whose frames are one drawing that grows; a TIFF's are pages
MOST_PIXELS = 170_000_000  # of a file: beyond this it is refused before it takes memory
ALWAYS_PIXELS = 40_000_000  # may be in a file of any size: more than a page at 600 dpi
PIXELS_A_BYTE = 50  # and this many in a larger one; a page of line art has a fifth of that
MOST_SCANS = 30  # of a JPEG; a progressive one has ten
MOST_OF_ALL_FRAMES = 1_000_000_000  # pixels of an animation: some seconds
MOST_PAGES = 10_000  # of a TIFF
TOPS = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)  # white in the depths that cameras and scanners have
NEW = 0.05  # of a frame's ink that is not in another frame, at least: else it shows a part of that
BLANK = 12  # of 255: a frame whose pixels differ by less shows nothing
SAMPLES = TiffImagePlugin.SAMPLEFORMAT
UNSIGNED, FLOATS = 1, 3  # the sample format of a TIFF
SMALLER, MASK = 1, 4  # bits of a TIFF's tag for what a page is: a page once more, or where it is transparent
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # what each orientation tag asks for


def read_image(path: str | Path, page: int = 0) -> np.ndarray:
    """The drawing in a file as a bitmap.

    Parameters
    ----------
    path : str or Path
        A file of one of the `SUFFIXES`. A camera's orientation tag is followed, any depth becomes 8 bits; where a side
        is longer than 1,500 pixels, the picture is averaged down to fit, by a whole factor. Of an animation it is the
        last frame that shows anything.
    page : int
        Which page of a PDF or a TIFF, from 0.

    Returns
    -------
    ndarray
        uint8 (H, W), ink 255 on paper 0, as `clean` finds it; `read_drawing` also says what was left out.

    Raises
    ------
    ValueError
        With the path, for a file that is no image, is damaged or too large, and a page without ink or paper.

    Examples
    --------
    >>> found = trace(read_image("scan.png"))  # doctest: +SKIP
    """
    return read_drawing(path, page).bitmap


def read_drawing(path: str | Path, page: int = 0) -> Drawing:
    """The drawing in a file, as `read_image` finds it, and what was seen on the page and left out.

    Parameters
    ----------
    path, page
        As of `read_image`.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        As `read_image`.
    """
    picture = read_picture(path, page)
    try:
        return find_drawing(picture)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_grey(path: str | Path, page: int = 0) -> np.ndarray:
    """The picture in a file in grey, uint8 (H, W), before it is cleaned."""
    return luma(read_picture(path, page))


def read_picture(path: str | Path, page: int = 0) -> np.ndarray:
    """The picture in a file before it is cleaned, uint8: RGB (H, W, 3), or grey (H, W) where it has no colours."""
    path = Path(path).expanduser()
    if path.suffix.lower() == ".pdf":
        return _draw_pdf(path, page)
    with _opened(path) as image:
        frames = _pages(image)
        if not 0 <= page < len(frames):
            raise ValueError(f"it has {len(frames)} pages; there is no page {page + 1}")
        _check_size(image.size, path)
        _check_scans(image, path)
        with memory_for(path):
            if image.format in ANIMATED and getattr(image, "n_frames", 1) > 1:
                return _last_frame(image)
            if frames[page]:
                image.seek(frames[page])
                _check_size(image.size, path)
            image.draft(None, (LARGEST, LARGEST))  # a JPEG is decoded at a half, a quarter or an eighth
            return _to_picture(image)


def count_pages(path: str | Path) -> int:
    """How many drawings a file holds: the pages of a PDF or a TIFF, else 1. Raises ValueError for a damaged one."""
    path = Path(path).expanduser()
    if path.suffix.lower() == ".pdf":
        return draw_page(path, -1, LARGEST)[0]
    if path.suffix.lower() not in (".tif", ".tiff"):
        return 1
    with _opened(path) as image:
        return len(_pages(image))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The image in a file; whatever goes wrong with it becomes a ValueError with the path."""
    try:
        # as a file: from a path Pillow maps an uncompressed TIFF into memory, and forgets which way up it is
        with open(path, "rb") as file, _open(file, path) as image:
            yield image
    except Image.UnidentifiedImageError as error:
        raise ValueError(f"{path} is not an image that can be read; use a PNG or JPEG file") from error
    except (FileNotFoundError, PermissionError, IsADirectoryError, NoMemory):
        raise
    except (ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: {error}") from error
    except Exception as error:  # what Pillow raises for a broken file can be anything at all
        raise ValueError(f"{path} is damaged, or cut off: {error}") from error


def _open(file: BinaryIO, path: Path) -> Image.Image:
    try:
        return Image.open(file, formats=FORMATS)
    except Image.UnidentifiedImageError:
        file.seek(0)
        if (size := _size_of_floats(file)) is None:
            raise
        _check_size(size, path)
        file.seek(0)
        values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
        if values is None:
            raise
        values = _eight_bits(values.astype(np.float32))
        return Image.fromarray(values if values.ndim == 2 else np.ascontiguousarray(values[..., 2::-1]))


def _size_of_floats(file: BinaryIO) -> tuple[int, int] | None:
    """The width and height of a TIFF of floats; None for other files. Pillow reads neither doubles nor floats in
    colour.
    """
    with suppress(SyntaxError, ValueError, TypeError, LookupError, struct.error):
        tags = TiffImagePlugin.ImageFileDirectory_v2(file.read(8))
        file.seek(tags.next)
        tags.load(file)
        if set(tags[SAMPLES]) == {FLOATS}:
            return int(tags[TiffImagePlugin.IMAGEWIDTH]), int(tags[TiffImagePlugin.IMAGELENGTH])
    return None


def _check_size(size: tuple[int, int], path: Path) -> None:
    width, height = size
    most = min(MOST_PIXELS, max(ALWAYS_PIXELS, PIXELS_A_BYTE * path.stat().st_size))
    if width * height > most:
        raise ValueError(
            f"{width}x{height} pixels are too many for a file of its size; make it smaller than "
            f"{most / 1e6:.0f} megapixels"
        )


def _check_scans(image: Image.Image, path: Path) -> None:
    if image.format in ("JPEG", "MPO") and path.read_bytes().count(b"\xff\xda") > MOST_SCANS:
        raise ValueError("it has more scans than any JPEG needs, and each takes as long as the picture")


def _pages(image: Image.Image) -> list[int]:
    """The frames that are pages of their own: of a TIFF, all but smaller copies and masks; of others the first."""
    if image.format != "TIFF":
        return [0]
    pages = []
    for number in range(MOST_PAGES):
        try:
            image.seek(number)
        except EOFError:
            break
        if not int(image.tag_v2.get(254, 0)) & (SMALLER | MASK):
            pages.append(number)
    image.seek(0)
    return pages or [0]


def _last_frame(image: Image.Image) -> np.ndarray:
    """The drawing that an animation ends with.

    The last frame that shows anything, unless it shows only a part of the fullest frame, or the same more faintly: a
    drawing that grows is complete at the end, one that fades out is complete before.
    """
    count = image.n_frames
    if count * image.width * image.height > MOST_OF_ALL_FRAMES:
        raise ValueError(f"it is an animation of {count:,} frames, which are too many; save its last one as a PNG file")
    fullest, last, most = None, None, 0.0
    for number in range(count):
        image.seek(number)
        picture = _to_picture(image)
        if np.ptp(picture) >= BLANK:
            last, ink = picture, float(_ink(picture[::3, ::3]).mean())
            if ink >= most:
                fullest, most = picture, ink
    if fullest is None or last is None:
        raise ValueError(f"it is an animation, and each of its {count} frames is blank: there is no ink on it")
    there, before = _ink(last), _ink(fullest)
    new = np.count_nonzero(cv2.subtract(there, before) > BLANK)
    return last if new > NEW * np.count_nonzero(there > BLANK) else fullest


def _ink(picture: np.ndarray) -> np.ndarray:
    grey = luma(picture)
    return cv2.absdiff(grey, np.full_like(grey, np.median(grey)))


def _draw_pdf(path: Path, number: int) -> np.ndarray:
    pages, height, width, pixels = draw_page(path, number, LARGEST)
    if not 0 <= number < pages:
        raise ValueError(f"{path} has {pages} pages; there is no page {number + 1}")
    return _without_colours(np.frombuffer(pixels, np.uint8).reshape(height, width, 3))


def _to_picture(image: Image.Image) -> np.ndarray:
    """An image of any mode as grey or RGB, upright, opaque, at most LARGEST on a side."""
    # a TIFF is turned as it is read
    turn = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1)) if image.format != "TIFF" else None
    image.load()
    if image.mode.startswith(("I", "F")):  # 16 and 32 bits
        values = np.array(image)
        if image.mode == "I" and image.format == "TIFF" and set(image.tag_v2.get(SAMPLES, (1,))) == {UNSIGNED}:
            values = values.view(np.uint32)  # Pillow has no such mode
        image = Image.fromarray(_eight_bits(values.astype(np.float32)))
    elif image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    if (factor := -(-max(image.size) // LARGEST)) > 1:
        image = image.reduce(factor)
    if turn is not None:
        image = image.transpose(turn)
    if image.has_transparency_data:
        return flatten(np.asarray(image.convert("RGBA")))
    if image.mode == "L":
        return np.asarray(image)
    return _without_colours(np.asarray(image.convert("RGB")))


def _without_colours(colour: np.ndarray) -> np.ndarray:
    """The picture (H, W, 3) in grey (H, W) where that is all it is."""
    plain = not (cv2.absdiff(colour[..., 0], colour[..., 1]).any() or cv2.absdiff(colour[..., 1], colour[..., 2]).any())
    return np.ascontiguousarray(colour[..., 0]) if plain else colour


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Numbers of any depth as uint8: white is the smallest of the usual maxima that no number exceeds."""
    values = np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    if values.min() < 0:
        values -= values.min()
        top = float(values.max())
    else:
        top = next((top for top in TOPS if values.max() <= top), float(values.max()))
    values *= 255 / max(top, 1e-30)
    return values.round().astype(np.uint8)
