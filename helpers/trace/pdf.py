"""The pages of a PDF, drawn by PDFium in a process of its own, which is ended when it takes too much time or memory.

PDFium sets no bounds: a page made for the purpose draws for ever, and a broken one may crash the process that draws it.
"""

import json
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pypdfium2 as pdfium

SECONDS = 2  # of the processor, for a page; a scan at 600 dpi takes a third of one
PATIENCE = 30  # seconds by the clock, on a busy machine or where the processor's time cannot be limited
MEMORY = 1 << 30  # bytes


def draw_page(path: str | Path, number: int, side: int) -> tuple[int, int, int, bytes]:
    """A page of a PDF, its longer side `side` pixels: how many pages there are, its height and width, its bytes in RGB.

    With number -1, or for a page that is not there, only the pages are counted. Raises ValueError for a file that is no
    PDF, for a page without extent, and for one that takes more time or memory than any drawing should.
    """
    Path(path).stat()  # FileNotFoundError
    # not as a module of the package, which would bring all that the package needs
    command = [sys.executable, "-P", __file__, str(Path(path).resolve()), str(number), str(side)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
        head, _, body = done.stdout.partition(b"\n")
        answer = json.loads(head)
    except (subprocess.TimeoutExpired, ValueError) as error:  # it was ended, or ended itself
        raise ValueError(
            f"{path}, page {number + 1}, takes longer to draw than {SECONDS} seconds, or more memory than "
            f"{MEMORY >> 20:,} MB; print it to a new PDF, or to a picture"
        ) from error
    if "error" in answer:
        raise ValueError(f"{path}{answer['error']}")
    return answer["pages"], answer["height"], answer["width"], body


def main() -> None:
    path, number, side = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with suppress(ImportError, ValueError, OSError):
        import resource  # not on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answer, body = {"height": 0, "width": 0}, b""
    try:
        with closing(pdfium.PdfDocument(path)) as document:
            answer["pages"] = len(document)
            if 0 <= number < len(document):
                with closing(document[number]) as page:
                    longer = max(page.get_size())
                    if not longer > 0:
                        raise ValueError(f": page {number + 1} has no extent")
                    with closing(page.render(scale=side / longer, rev_byteorder=True)) as picture:
                        answer |= {"height": picture.height, "width": picture.width}
                        lines = memoryview(picture.buffer).cast("B")
                        starts = range(0, picture.height * picture.stride, picture.stride)
                        body = b"".join(lines[start : start + 3 * picture.width] for start in starts)
    except pdfium.PdfiumError as error:
        answer = {"error": f" is not a PDF file that can be read: {error}"}
    except ValueError as error:
        answer = {"error": str(error)}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + body)


if __name__ == "__main__":
    main()
