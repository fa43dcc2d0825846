"""The tree of an SVG file made plain: <use> is replaced by what it shows, clips stand where they clip."""

from typing import NamedTuple
from xml.etree import ElementTree

from helpers.trace.clips import CLIP, CLIPPING, MASKING, NOT_CUT, SHAPE, clips_of, read_sheets
from helpers.trace.inkml import local_name

MOST_ELEMENTS = 50_000  # with what <use> and clips repeat
UNSEEN = {"marker", "mask", "clipPath", "pattern", "filter", "linearGradient", "radialGradient", "foreignObject"}
LEFT = {"text": "text", "image": "an image inside it", "foreignObject": "text"}  # what is told where it is left out
SPACE = "{http://www.w3.org/2000/svg}"
HREF = ("href", "{http://www.w3.org/1999/xlink}href")


class _File(NamedTuple):
    """Of one file: its elements by id, its rules that clip, for how many elements there is room, what is left out."""

    known: dict[str, ElementTree.Element]
    sheets: dict[str, dict[str, str]]
    room: list[int]
    left_out: dict[str, None]
    clips: list[str]


def plain_tree(root: ElementTree.Element, left_out: dict[str, None]) -> ElementTree.Element:
    """A copy of the tree with <use> replaced by what it shows, without what is never seen itself.

    svgelements follows a <use> however often it multiplies, and into itself; and it knows no clips.

    Parameters
    ----------
    root : Element
        Of an SVG file.
    left_out : dict
        What is left out is added to its keys, in words.

    Raises
    ------
    ValueError
        For more than `MOST_ELEMENTS`, and for what shows itself.
    """
    known = {element.get("id", ""): element for element in root.iter() if element.get("id")}
    file = _File(known, read_sheets(root), [MOST_ELEMENTS], left_out, [])
    return _plain(root, file, ())


def _plain(element: ElementTree.Element, file: _File, above: tuple[str, ...]) -> ElementTree.Element:
    file.room[0] -= 1
    if file.room[0] < 0:
        raise ValueError(f"it shows more than {MOST_ELEMENTS:,} elements")
    made = ElementTree.Element(element.tag, dict(element.attrib))
    made.text = element.text if local_name(element) == "style" else None
    if local_name(element) == "use":
        _put_used(made, element, file, above)
        return _clipped(made, element, file, above)
    for child in element:
        name = local_name(child)
        if name in LEFT:
            file.left_out[LEFT[name]] = None
        if not name or name in UNSEEN or name in LEFT or name in ("symbol", "defs", "script", "use"):
            if name == "defs":  # what is in it is shown by <use> alone, but its style sheets hold everywhere
                made.extend([_plain(sheet, file, above) for sheet in child if local_name(sheet) == "style"])
            if name != "use":
                continue
        made.append(_plain(child, file, above))
    return _clipped(made, element, file, above)


def _put_used(made: ElementTree.Element, element: ElementTree.Element, file: _File, above: tuple[str, ...]) -> None:
    """Makes of a copy of <use> a group that holds a copy of what it names."""
    target = next((element.get(key, "") for key in HREF if element.get(key)), "")
    for key in (*HREF, "x", "y", "width", "height", "id"):
        made.attrib.pop(key, None)
    made.tag = f"{SPACE}g"
    if not target.startswith("#"):
        file.left_out["what another file holds"] = None
        return
    if target in above:
        raise ValueError(f"<use> of {target} shows itself")
    if (shown := file.known.get(target[1:])) is None:
        return
    inner = _plain(shown, file, (*above, target))
    if local_name(inner) == "symbol":
        inner.tag = f"{SPACE}svg" if inner.get("viewBox") else f"{SPACE}g"
        for side in ("width", "height"):
            inner.set(side, element.get(side) or inner.get(side) or "100%")
    place = ElementTree.SubElement(
        made, f"{SPACE}g", transform=f"translate({element.get('x', '0')},{element.get('y', '0')})"
    )
    place.append(inner)


def _clipped(
    made: ElementTree.Element, element: ElementTree.Element, file: _File, above: tuple[str, ...]
) -> ElementTree.Element:
    """A copy of an element, in a group with the shapes that it is clipped by; the group has its transform."""
    for what, name in clips_of(element, file.sheets).items():
        kind = CLIPPING if what == "clip-path" else MASKING
        clip = file.known.get(name or "")
        if name and clip is None:  # nothing has that name: browsers clip nothing
            continue
        units = "clipPathUnits" if kind == CLIPPING else "maskContentUnits"
        simple = clip is not None and clip.get(units, "userSpaceOnUse") == "userSpaceOnUse"
        if not simple or local_name(element) in ("svg", "symbol") or clips_of(clip, file.sheets):
            file.left_out[NOT_CUT[kind]] = None
            continue
        if f"#{name}" in above:
            raise ValueError(f"what clips by #{name} is clipped by it")
        mark = f"{kind}{len(file.clips)}"
        file.clips.append(mark)
        group = ElementTree.Element(f"{SPACE}g", {f"{CLIP}{mark}": mark})
        if "transform" in made.attrib:
            group.set("transform", made.attrib.pop("transform"))
        shapes = _plain(clip, file, (*above, f"#{name}"))
        shapes.tag = f"{SPACE}g"
        shapes.set(SHAPE, mark)
        shapes.attrib.pop("id", None)
        group.extend([shapes, made])
        made = group
    return made
