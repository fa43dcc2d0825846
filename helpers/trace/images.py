"""Pictures of drawings to bitmaps: any image file, a page of a PDF, a photo in uneven light, a screenshot, a scan."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from helpers.paths import NoMemory, memory_for
from helpers.trace.pdf import draw_page

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".pdf", ".tif", ".tiff", ".gif", ".bmp")

LARGEST = 1500  # pixels of the longer side that are kept: larger scans are averaged down, PDF pages drawn so large
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP")  # Pillow knows more; one of them starts another program
MOST_PIXELS = 170_000_000  # of a file: beyond this it is refused before it takes memory
ALWAYS_PIXELS = 40_000_000  # may be in a file of any size: more than a page at 600 dpi
PIXELS_A_BYTE = 50  # and this many in a larger one; a page of line art has a fifth of that
MOST_SCANS = 30  # of a JPEG; a progressive one has ten
CONTRAST = 0.15  # between paper and ink, of full: less is an empty page
SPECK = 1 / 150  # of the longer side: specks smaller than a square of this go


def read_image(path: str | Path, page: int = 0) -> np.ndarray:
    """The bitmap, uint8 (H, W), ink 255 on paper 0, of a drawing in a file of one of the `SUFFIXES`.

    Colour becomes grey, transparency white paper; 16 bits become 8; a photo's rotation tag is followed. A side
    longer than 1,500 pixels is averaged down to fit, whole pixels to one; `page` counts the pages of a PDF from 0.
    Then `clean`. Raises ValueError, with the path, for a file that is no image, is damaged or too large, and for a
    page without ink or without paper.
    """
    grey = read_grey(path, page)
    try:
        return clean(grey)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_grey(path: str | Path, page: int = 0) -> np.ndarray:
    """The picture in a file as `read_image` finds it before it is cleaned: uint8 (H, W), mostly ink 0 on paper 255."""
    path = Path(path)
    if path.suffix.lower() == ".pdf":
        return _draw_pdf(path, page)
    try:
        with Image.open(path, formats=FORMATS) as image:
            most = min(MOST_PIXELS, max(ALWAYS_PIXELS, PIXELS_A_BYTE * path.stat().st_size))
            if image.width * image.height > most:
                raise ValueError(
                    f"{image.width}x{image.height} pixels are too many for a file of its size; make it smaller than "
                    f"{most / 1e6:.0f} megapixels"
                )
            if image.format in ("JPEG", "MPO") and path.read_bytes().count(b"\xff\xda") > MOST_SCANS:
                raise ValueError("it has more scans than any JPEG needs, and each takes as long as the picture")
            image.draft(None, (LARGEST, LARGEST))  # a JPEG is decoded at a half, a quarter or an eighth
            with memory_for(path):
                return _to_grey(image)
    except Image.UnidentifiedImageError as error:
        raise ValueError(f"{path} is not an image that can be read; use a PNG or JPEG file") from error
    except (FileNotFoundError, PermissionError, IsADirectoryError, NoMemory):
        raise
    except (ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: {error}") from error
    except Exception as error:  # what Pillow raises for a broken file can be anything at all
        raise ValueError(f"{path} is damaged, or cut off: {error}") from error


def count_pages(path: str | Path) -> int:
    """The number of pictures in a file: the pages of a PDF, else 1. Raises ValueError for a PDF that is none."""
    path = Path(path)
    if path.suffix.lower() != ".pdf":
        return 1
    return draw_page(path, -1, LARGEST)[0]


def _draw_pdf(path: Path, number: int) -> np.ndarray:
    pages, height, width, pixels = draw_page(path, number, LARGEST)
    if not 0 <= number < pages:
        raise ValueError(f"{path} has {pages} pages; there is no page {number + 1}")
    return np.frombuffer(pixels, np.uint8).reshape(height, width)


def _to_grey(image: Image.Image) -> np.ndarray:
    """An image of any mode as uint8 (H, W) on white paper, at most LARGEST on a side."""
    factor = -(-max(image.size) // LARGEST)
    if image.mode.startswith(("I", "F")):  # 16 and 32 bits
        values = np.nan_to_num(np.array(image, np.float32), copy=False)
        top = 65535 if values.max() > 255 else 255
        values.clip(0, top, out=values)
        values *= 255 / top
        image = Image.fromarray(values.astype(np.uint8))
    elif image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if image.mode != "1" else "L")
    if factor > 1:
        image = image.reduce(factor)
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return np.asarray(image.convert("L"))


def clean(grey: np.ndarray) -> np.ndarray:
    """The bitmap, ink 255 on paper 0, of a grey picture, uint8 (H, W), of dark ink on light paper or light on dark.

    What most pixels are is paper. Where paper is one even tone, the levels are only stretched. Else the
    light is divided out: closing (the brightest within a window wider than a line) shows the paper without the ink;
    Otsu's threshold (1979), doi 10.1109/TSMC.1979.4310076, finds ink and paper, whose means become 255 and 0; specks
    go. Raises ValueError for a page without ink or without paper.
    """
    grey = np.asarray(grey)
    if grey.ndim != 2 or grey.dtype != np.uint8:
        raise ValueError(f"a grey picture is uint8 (H, W); this is {grey.dtype} {grey.shape}")
    if min(grey.shape) < 2:
        raise ValueError(f"a picture of {grey.shape[1]}x{grey.shape[0]} pixels has no room for a line")
    if np.median(grey) < 128:
        grey = 255 - grey
    tones = np.bincount(grey.ravel(), minlength=256)
    even = tones[max(0, tones.argmax() - 1) : tones.argmax() + 2].sum() > 0.5 * grey.size
    darkness = 1 - grey / np.float32(max(1, tones.argmax())) if even else _without_light(grey)
    scaled = (darkness.clip(0, 1) * 255).astype(np.uint8)
    level, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = scaled > level
    if not ink.any() or ink.all():
        raise ValueError(f"the page is {'blank: there is no ink on it' if not ink.any() else 'all ink'}")
    dark, light = float(np.median(darkness[ink])), float(np.median(darkness[~ink]))
    if dark - light < CONTRAST:
        raise ValueError(
            f"the page is blank, or too faint: ink and paper are {dark - light:.0%} apart, of full contrast"
        )
    if even:
        return (((darkness - light) / (darkness.max() - light)).clip(0, 1) * 255).round().astype(np.uint8)
    bitmap = (((darkness - light) / (dark - light)).clip(0, 1) * 255).round().astype(np.uint8)
    return _despeckle(bitmap)


def _without_light(grey: np.ndarray) -> np.ndarray:
    """How dark each pixel is against the paper around it, 0 to 1, float32."""
    side = max(grey.shape)
    small = cv2.resize(grey, None, fx=min(1, 256 / side), fy=min(1, 256 / side), interpolation=cv2.INTER_AREA)
    small = cv2.medianBlur(small, 3)  # grain would raise the brightest
    window = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, [2 * (max(small.shape) // 16) + 1] * 2)
    # beyond the picture's edge the light goes on as it came: else a dark corner would count as ink
    around = min(2 * len(window), min(small.shape) - 1)
    paper = np.pad(small.astype(np.float32), around, "reflect", reflect_type="odd")
    paper = cv2.morphologyEx(paper, cv2.MORPH_CLOSE, window)
    paper = cv2.GaussianBlur(paper, None, max(small.shape) / 40)[around:-around, around:-around]
    paper = cv2.resize(paper, grey.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return 1 - cv2.GaussianBlur(grey.astype(np.float32), (3, 3), 0) / np.maximum(paper, 1)


def _despeckle(bitmap: np.ndarray) -> np.ndarray:
    """Without the connected pieces of ink that are too small for a dot, and without the grain of the paper."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((bitmap > 64).astype(np.uint8), connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < max(4, (SPECK * max(bitmap.shape)) ** 2)
    large = np.flatnonzero(~small)
    if len(large) < 2:
        raise ValueError("the page is blank: there are only specks on it")
    small[0] = True
    keep = cv2.dilate((~small)[labels].astype(np.uint8), np.ones((5, 5), np.uint8))
    return bitmap * keep
