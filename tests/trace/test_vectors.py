"""Vector files of our own making, as other programs write them, and as nobody should."""

import gzip

import numpy as np
import pytest

from helpers.export.svg import to_svg
from helpers.sketch.strokes import from_polylines, to_polylines
from helpers.trace.folder import trace_folder
from helpers.trace.vectors import MOST_BYTES, read_vectors

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
INK = 'stroke="#000" fill="none"'


def read(folder, text, suffix=".svg"):
    path = folder / f"drawing{suffix}"
    path.write_text(text, encoding="utf-8")
    return read_vectors(path)


def ends(lines):
    return [(line[0].round(2).tolist(), line[-1].round(2).tolist()) for line in lines]


# Other programs


def test_our_own_svg_comes_back_as_the_lines_it_was_made_of(tmp_path):
    sketch = from_polylines([[[0, 0], [100, 0], [100, 50]], [[20, 80], [60, 80]]])
    to_svg(sketch, tmp_path / "own.svg", switches=(2,), curves=False, names=["cloud", "camel"])
    lines, left_out = read_vectors(tmp_path / "own.svg")
    wanted = to_polylines(sketch)
    scale = np.ptp(lines[0], axis=0).max() / 100
    assert [len(line) for line in lines] == [3, 2] and left_out == []
    shift = lines[0][0] - wanted[0][0] * scale
    for line, want in zip(lines, wanted, strict=True):
        np.testing.assert_allclose(line, want * scale + shift, atol=0.02)


OTHERS = {
    # layers, one hidden, a transform on a layer, millimetres
    "inkscape": (
        SVG + 'xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" width="100mm" height="100mm" '
        'viewBox="0 0 100 100"><defs><path d="M0 0H99" style="stroke:#000"/></defs>'
        '<g inkscape:groupmode="layer" style="display:none"><path d="M0 0L9 9" style="fill:none;stroke:#000"/></g>'
        '<g inkscape:groupmode="layer" transform="translate(10,20)">'
        '<path d="m 0,0 25.4,0" style="fill:none;stroke:#000000;stroke-width:0.5"/></g></svg>',
        [([37.80, 75.59], [133.80, 75.59])],
    ),
    # centimetres, polylines in groups
    "vpype": (
        SVG
        + 'width="2.54cm" height="2.54cm" viewBox="0 0 96 96"><g id="layer1" '
        + f'{INK}><polyline points="1,2 3,4 5,6"/><line x1="9" y1="8" x2="7" y2="6"/></g></svg>',
        [([1, 2], [5, 6]), ([9, 8], [7, 6])],
    ),
    # a white page under everything, a mirrored group
    "figma": (
        SVG + 'width="90" height="90" viewBox="0 0 90 90" fill="none"><rect width="90" height="90" fill="white"/>'
        '<g clip-path="url(#clip0)" transform="matrix(-1 0 0 1 90 0)"><path d="M10 10V80" stroke="black"/></g>'
        '<defs><clipPath id="clip0"><rect width="90" height="90" fill="white"/></clipPath></defs></svg>',
        [([80, 10], [80, 80])],
    ),
    # style sheets, classes, text that is left out, <symbol> by <use>
    "excalidraw": (
        SVG + 'viewBox="0 0 100 100"><defs><style>.s{stroke:#1e1e1e;fill:none}</style></defs>'
        '<symbol id="a" viewBox="0 0 10 10"><path class="s" d="M0 5H10"/></symbol>'
        '<g transform="translate(10 10) rotate(90 10 0)"><path class="s" d="M0 0H20"/></g>'
        '<use href="#a" x="20" y="30" width="50" height="50"/><text x="3" y="4">hello</text></svg>',
        [([20, 0], [20, 20]), ([20, 55], [70, 55])],
    ),
    # namespaces as entities
    "illustrator": (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" '
        '[<!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">]>'
        + SVG
        + f'xmlns:i="&ns_ai;"><line {INK} x1="1" y1="2" x2="3" y2="4"/></svg>',
        [([1, 2], [3, 4])],
    ),
}


@pytest.mark.parametrize("program", OTHERS)
def test_svg_of_other_programs_is_the_lines_that_they_show(tmp_path, program):
    text, wanted = OTHERS[program]
    lines, left_out = read(tmp_path, text)
    for (begin, end), (a, b) in zip(ends(lines), wanted, strict=True):
        np.testing.assert_allclose([begin, end], [a, b], atol=0.01)
    assert left_out == (["text"] if program == "excalidraw" else [])


def test_curves_and_arcs_are_flattened_to_a_thousandth_of_the_drawing(tmp_path):
    lines, _ = read(tmp_path, SVG + f'viewBox="0 0 100 100"><circle cx="50" cy="50" r="40" {INK}/></svg>')
    (ring,) = lines
    middles = (ring[1:] + ring[:-1]) / 2
    for points in (ring, middles):
        assert np.abs(np.hypot(*(points - 50).T) - 40).max() < 0.08
    assert np.allclose(ring[0], ring[-1]) and len(ring) < 200
    (curve,), _ = read(tmp_path, SVG + f'><path d="M0 0Q50 100 100 0T200 0" {INK}/></svg>')
    assert np.abs(curve[:, 1]).max() == pytest.approx(50, abs=0.2)
    assert curve[:, 1].min() == pytest.approx(-50, abs=0.2)


def test_what_is_only_filled_is_traced_along_its_middle(tmp_path):
    """As brushes are exported: an outline of a stroke from (10, 52) to (90, 52)."""
    page = '<rect width="100" height="100" fill="#fff"/>'
    lines, _ = read(tmp_path, SVG + f'viewBox="0 0 100 100">{page}<path d="M10 50H90V54H10Z" fill="#111"/></svg>')
    (line,) = lines
    assert np.abs(line[:, 1] - 52).max() < 0.5
    assert sorted(line[[0, -1], 0]) == pytest.approx([11, 89], abs=2.5)


def test_what_is_hidden_is_no_line(tmp_path):
    hidden = ('display="none"', 'visibility="hidden"', 'opacity="0"', 'stroke-opacity="0"', 'style="display:none"')
    text = "".join(f'<g {how}><path d="M0 0H5" {INK}/></g>' for how in hidden)
    lines, _ = read(tmp_path, SVG + f'>{text}<path d="M1 1H5" {INK}/></svg>')
    assert ends(lines) == [([1, 1], [5, 1])]


@pytest.mark.parametrize("suffix", [".svgz", ".SVGZ", ".svg"])  # servers hand out packed files by either name
def test_packed_svg_is_read_like_any_other(tmp_path, suffix):
    text = SVG + f'viewBox="0 0 100 100"><path d="M10 50L90 50" {INK}/><path d="M1 2L3 4" {INK}/></svg>'
    folder = tmp_path / "own"
    folder.mkdir()
    path = folder / f"drawing{suffix}"
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    lines, left_out = read_vectors(path)
    assert ends(lines) == [([10, 50], [90, 50]), ([1, 2], [3, 4])] and left_out == []
    (folder / "phone.HEIC").write_bytes(b"ftypheic")
    for i in range(9):  # or, by the bytes that this zlib makes, the only drawing may not be one to learn from
        text = SVG + f'viewBox="0 0 100 100"><path d="M10 50L90 {i}" {INK}/></svg>'
        (folder / f"{i}{suffix}").write_bytes(gzip.compress(text.encode(), mtime=0))
    data = trace_folder(folder, jobs=1)
    assert sum(len(split.sketches) for split in (data.train, data.valid, data.test)) == 10
    report = (tmp_path / "own-traced" / "report.html").read_text()
    assert "&#39;.HEIC&#39; is not read; save it as a JPEG or PNG file" in report and "not a picture" not in report


# As nobody should


def test_packed_svg_that_grows_beyond_all_measure_or_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "drawing.svgz"
    path.write_bytes(gzip.compress(bytes(MOST_BYTES + 1)))
    with pytest.raises(ValueError, match=r"drawing\.svgz unpacks to more than 30,000,000 bytes"):
        read_vectors(path)
    for damaged in (gzip.compress(b"<svg/>" * 99)[:20], b"\x1f\x8bno gzip at all"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"drawing\.svgz is damaged, or cut off"):
            read_vectors(path)
    path.write_bytes(gzip.compress(b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'))
    with pytest.raises(ValueError, match="entity, 'b'"):
        read_vectors(path)


def grown(depth):
    groups = "".join(f'<g id="g{i}">{f"<use href={chr(34)}#g{i - 1}{chr(34)}/>" * 10}</g>' for i in range(1, depth))
    return f'><defs><path id="g0" d="M0 0H1" {INK}/>{groups}</defs><use href="#g{depth - 1}"/></svg>'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + SVG + "><text>&b;</text></svg>", "entity, 'b'"),
        ('<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SVG + "><text>&a;</text></svg>", "entity, 'a'"),
        (SVG + grown(12), "more than 50,000 elements"),
        (SVG + '><g id="a"><use href="#a"/></g></svg>', "shows itself"),
        (SVG + ">" + "<g>" * 5000 + "</g>" * 5000 + "</svg>", "too deep"),
        (SVG + f'><path d="M0 0L1e300 1e308" {INK}/></svg>', "absurdly far"),
        (SVG + "><text>only words</text></svg>", "no line in it, but text"),
        (SVG + "><path", "not an XML file"),
        ("<html/>", "its root is <html>"),
    ],
)
def test_hostile_and_damaged_svg_is_refused_with_its_path(tmp_path, text, complaint):
    with pytest.raises(ValueError, match=complaint) as told:
        read(tmp_path, text)
    assert "drawing.svg" in str(told.value)


# InkML and arrays


def test_inkml_is_read_by_its_channels_and_with_differences(tmp_path):
    channels = '<traceFormat><channel name="T"/><channel name="X"/><channel name="Y"/></traceFormat>'
    lines, _ = read(tmp_path, f"<ink>{channels}<trace>0 1 2, 1 3 4</trace><trace>2 5 6</trace></ink>", ".inkml")
    assert [line.tolist() for line in lines] == [[[1, 2], [3, 4]], [[5, 6]]]
    lines, _ = read(tmp_path, "<ink><trace>10 20, '1'2, \"1\"-1, 0 0</trace></ink>", ".inkml")
    assert lines[0].tolist() == [[10, 20], [11, 22], [13, 23], [15, 24]]
    with pytest.raises(ValueError, match="trace 1"):
        read(tmp_path, "<ink><trace>10 20, 5</trace></ink>", ".inkml")


def test_an_array_of_strokes_is_its_lines(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[[3, 0, 0], [0, 4, 1]], [[1, 1, 0], [2, 2, 1]]], np.int16))
    assert read_vectors(tmp_path / "a.npy", 1)[0][0].tolist() == [[0, 0], [1, 1], [3, 3]]


LINE = '<path d="M10 50L90 50" fill="none" stroke="{}"/>'


@pytest.mark.parametrize(
    ("shapes", "left_out"),
    [
        ('<rect width="100" height="100" fill="#111"/>' + LINE.format("white"), []),
        ('<path d="M0 0H100V100H0Z" fill="#ffe"/>' + LINE.format("#cc0"), []),
        (LINE.format("white"), []),  # for dark paper
        (LINE.format("#222") + '<path d="M0 9L90 9" stroke="#fff"/>', ["lines in the colour of the paper"]),
        (LINE.format("#222") + '<path d="M0 9L90 9" stroke="#000" stroke-width="0" fill="none"/>', []),
        (
            LINE.format("#222") + '<rect width="100" height="100" fill="navy"/>' + LINE.format("#fff"),
            [],
        ),  # a page over another
    ],
)
def test_what_has_the_colour_of_the_paper_is_no_line(tmp_path, shapes, left_out):
    lines, told = read(tmp_path, SVG + f'viewBox="0 0 100 100">{shapes}</svg>')
    assert told == left_out
    (line,) = lines
    np.testing.assert_allclose(line, [(10, 50), (90, 50)])


def test_a_brush_with_an_outline_in_its_colour_is_one_line(tmp_path):
    brush = '<path d="M10 48H90V52H10Z" fill="#222" stroke="#222" stroke-width="0.5"/>'
    lines, _ = read(tmp_path, SVG + f'viewBox="0 0 100 100">{brush}</svg>')
    (line,) = lines
    assert np.abs(line[:, 1] - 50).max() < 0.3 and np.ptp(line[:, 0]) > 70


def test_percentages_are_of_the_width_and_of_the_height(tmp_path):
    line = '<line x1="10%" y1="50%" x2="90%" y2="50%" stroke="black"/>'
    for box in ("", 'viewBox="0 0 200 100"'):
        (found,), _ = read(tmp_path, SVG + f'width="200" height="100" {box}>{line}</svg>')
        np.testing.assert_allclose(found, [(20, 50), (180, 50)])


# Clips

WHOLE = '<rect width="50" height="100"/>'
CLIPPED = {
    "by a rectangle": ('<clipPath id="c">' + WHOLE + '</clipPath><g clip-path="url(#c)">{}</g>', [(10, 50)]),
    "on the line": ('<clipPath id="c">' + WHOLE + "</clipPath>{on}", [(10, 50)]),
    "in a style": (
        '<clipPath id="c">' + WHOLE + "</clipPath><g style=\"fill:none;clip-path: url('#c')\">{}</g>",
        [(10, 50)],
    ),
    "in a style sheet": (
        '<defs><style>.a,.b{{fill:none;clip-path:url(#c);}}</style><clipPath id="c">'
        + WHOLE
        + '</clipPath></defs><g class="x b">{}</g>',
        [(10, 50)],
    ),
    "where it is moved": (
        '<clipPath id="c"><rect width="25" height="50"/></clipPath><g transform="scale(2) translate(10 0)">'
        '<g clip-path="url(#c)" transform="translate(-10 0)"><g transform="scale(.5)">{}</g></g></g>',
        [(10, 50)],
    ),
    "by a clip that is moved": (
        '<clipPath id="c" transform="translate(30 0)"><path d="M0 0H20V99H0"/></clipPath><g clip-path="url(#c)">{}</g>',
        [(30, 50)],
    ),
    "by a ring of two circles": (
        '<clipPath id="c"><path clip-rule="evenodd" d="M0 0H100V100H0ZM40 40H60V60H40Z"/></clipPath>'
        '<g clip-path="url(#c)">{}</g>',
        [(10, 40), (60, 90)],
    ),
    "by two shapes, one of them used": (
        '<defs><rect id="r" width="10" height="99"/></defs><clipPath id="c"><use href="#r" x="20"/>'
        '<circle cx="70" cy="50" r="10"/></clipPath><g clip-path="url(#c)">{}</g>',
        [(20, 30), (60, 80)],
    ),
    "one in another": (
        '<clipPath id="c">' + WHOLE + '</clipPath><clipPath id="d"><rect x="40" width="50" height="100"/></clipPath>'
        '<g clip-path="url(#c)"><g clip-path="url(#d)">{}</g></g>',
        [(40, 50)],
    ),
    "where it is used": (
        '<clipPath id="c">'
        + WHOLE
        + '</clipPath><defs><g id="l">{}</g></defs><use href="#l" x="20" clip-path="url(#c)"/>',
        [(30, 50)],
    ),
    "by a mask that is all white": (
        '<mask id="c">' + WHOLE.replace("/>", ' fill="#fff"/>') + '</mask><g mask="url(#c)">{}</g>',
        [(10, 50)],
    ),
    "by nothing": ('<g clip-path="url(#gone)" mask="none">{}</g>', [(10, 90)]),
}


@pytest.mark.parametrize("how", CLIPPED)
def test_lines_are_cut_off_where_a_clip_hides_them(tmp_path, how):
    shapes, wanted = CLIPPED[how]
    line = f'<path d="M10 50L90 50" {INK}/>'
    text = shapes.format(line, on=line.replace("/>", ' clip-path="url(#c)"/>'))
    lines, left_out = read(tmp_path, SVG + f'viewBox="0 0 100 100">{text}<path d="M1 2L3 4" {INK}/></svg>')
    assert left_out == []
    assert ends(lines[-1:]) == [([1, 2], [3, 4])]
    np.testing.assert_allclose(sorted(line[[0, -1], 0].tolist() for line in lines[:-1]), wanted, atol=0.05)


def test_a_ring_that_a_clip_cuts_is_one_line_wherever_it_starts(tmp_path):
    """The right half of a circle that starts in the middle of it."""
    clip = '<clipPath id="c"><rect x="50" width="50" height="100"/></clipPath>'
    (half,), _ = read(tmp_path, SVG + f'>{clip}<circle cx="50" cy="50" r="40" clip-path="url(#c)" {INK}/></svg>')
    np.testing.assert_allclose(half[[0, -1]], [(50, 10), (50, 90)], atol=0.1)
    assert half[:, 0].min() >= 50 - 1e-9 and half[:, 0].max() == pytest.approx(90)


@pytest.mark.parametrize(
    ("clip", "told"),
    [
        ('<clipPath id="c" clipPathUnits="objectBoundingBox"><rect width="1" height="1"/></clipPath>', "a clip path"),
        ('<clipPath id="c"><text>A</text></clipPath>', "a clip path"),
        (
            '<linearGradient id="g"/><mask id="c"><rect width="50" height="100" fill="url(#g)"/></mask>',
            "a mask",
        ),
        ('<mask id="c"><rect width="50" height="100" fill="#888"/></mask>', "a mask"),
    ],
)
def test_a_clip_that_is_not_cut_along_is_told(tmp_path, clip, told):
    name = "mask" if "mask" in told else "clip-path"
    shapes = clip + f'<g {name}="url(#c)">{LINE.format("#000")}</g>'
    (line,), left_out = read(tmp_path, SVG + f'viewBox="0 0 100 100">{shapes}</svg>')
    np.testing.assert_allclose(line, [(10, 50), (90, 50)])
    assert f"{told}, but what it hides is drawn" in left_out


def test_an_area_of_ink_is_cut_off_as_well_and_a_clip_that_clips_itself_is_refused(tmp_path):
    brush = '<path d="M-400 48H90V52H-400Z" fill="#222" clip-path="url(#c)"/>'
    clip = '<clipPath id="c"><rect x="40" width="90" height="100"/></clipPath>'
    (line,), _ = read(tmp_path, SVG + f'viewBox="0 0 100 100">{clip}{brush}</svg>')
    assert np.abs(line[:, 1] - 50).max() < 0.3
    assert sorted(line[[0, -1], 0]) == pytest.approx([41, 89], abs=2.5)
    loop = '<clipPath id="c"><g clip-path="url(#c)"><rect width="9" height="9"/></g></clipPath>'
    with pytest.raises(ValueError, match="is clipped by it"):
        read(tmp_path, SVG + f">{loop}{brush}</svg>")
    comb = " ".join(f"{i % 2 * 90} {i}" for i in range(5_000))
    many = (
        f'<clipPath id="c"><polygon points="{comb}"/></clipPath><polyline points="{comb}" {INK} clip-path="url(#c)"/>'
    )
    with pytest.raises(ValueError, match="too many corners"):
        read(tmp_path, SVG + f">{many}</svg>")
