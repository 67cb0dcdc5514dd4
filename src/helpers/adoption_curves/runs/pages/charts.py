"""Charts as parts of a page: sharp at every size, with words at each point, and laid out anew for a telephone."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from ..manifest import locate

_SVG = "{http://www.w3.org/2000/svg}"
_UNDRAWN_TAGS = {f"{_SVG}metadata", f"{_SVG}style"}
_WORDS = {f"{_SVG}text", f"{_SVG}title"}
_TAGS = {"svg", "g", "path", "use", "text", "tspan", "title", "defs", "clippath", "rect", "pattern"}
_PLACES = {"d", "x", "y", "width", "height", "transform", "id", "href", "clip-path", "viewbox", "patternunits"}
_LOOK = re.compile(r"fill|stroke|opacity|(fill|stroke)-[a-z]+|paint-order|text-anchor|font-(size|weight|style)")
_INNER_LINK = re.compile(r"#[\w.-]+|url\(#[\w.-]+\)")
"""Attributes that link one part of a drawing to another."""
_DRAWN_ENDINGS = {"wide": "svg", "narrow": "narrow.svg"}
"""Endings of the names of drawings, by the width of the page."""
_MARGIN = 6
"""Points around the axes of a thumbnail."""
_HEAVIEST = 100_000
"""Bytes of a drawing that a page takes in: with thousands of marks its picture is lighter, and nobody points at one."""


def render_chart(folder: Path, name: str, alt: str) -> Markup:
    """The drawing of a figure for wide and for narrow pages.

    Parameters
    ----------
    folder : Path
        Of the run.
    name, alt : str
        The figure's name, and what it shows.

    Returns
    -------
    Markup
        Empty where there is no drawing, it is heavy, or holds anything but shapes and letters: then its PNG will do.
    """
    paths = {form: locate(folder, f"figures/{name}.{kind}") for form, kind in _DRAWN_ENDINGS.items()}
    found = {form: path.read_bytes() for form, path in paths.items() if path.is_file()}
    if any(len(content) > _HEAVIEST for content in found.values()):
        return Markup("")
    charts = [_render_drawing(content, f"{name}-{form}-", alt, form) for form, content in found.items()]
    return Markup("").join(charts) if charts and all(charts) else Markup("")


def render_thumbnail(folder: Path, name: str) -> Markup:
    """The axes of a figure without its words, which would be too small to read; empty as `render_chart`."""
    path = locate(folder, f"figures/{name}.svg")
    content = path.read_bytes() if path.is_file() else b""
    return _render_drawing(content, f"{name}-small-", "", "small") if 0 < len(content) <= _HEAVIEST else Markup("")


@lru_cache(maxsize=512)  # the runs of a sweep share most of their figures
def _render_drawing(content: bytes, prefix: str, alt: str, form: str) -> Markup:
    """SVG of matplotlib as part of a page, without styles, which the policy forbids; empty if it has more.

    Its ids get a prefix, since a page has many drawings. A `form` that is small has its axes alone, without words.
    """
    try:  # without what stands before it, where entities would be declared
        drawing = ElementTree.fromstring(content[max(0, content.find(b"<svg")) :])  # noqa: S314
    except ElementTree.ParseError:
        return Markup("")
    width = re.fullmatch(r"([\d.]+)pt", drawing.get("width", ""))
    if not width or not drawing.get("viewBox"):
        return Markup("")
    small, box = form == "small", drawing.attrib["viewBox"]
    if small:
        box = _find_axes(drawing) or box
    for tag in list(drawing.iter()):
        for part in list(tag):  # the title of the whole would cover those of its points
            whole = part.tag == f"{_SVG}title" and tag is drawing
            if whole or part.tag in _UNDRAWN_TAGS or (small and part.tag in _WORDS):
                tag.remove(part)
    if not all(_keep_known(tag) and _rename(tag, prefix) for tag in drawing.iter()):
        return Markup("")
    pixels = round(float(width[1]) * 4 / 3)
    drawing.attrib = {
        "viewbox": box,
        "width": str(pixels),
        "class": f"chart {form}",
        "preserveaspectratio": "xMidYMid" if small else "xMinYMin",
        "stroke-linejoin": "round",
    }
    drawing.attrib |= {"aria-hidden": "true"} if small else {"role": "img", "aria-label": alt}
    drawing.tail = None
    return Markup(ElementTree.tostring(drawing, encoding="unicode", short_empty_elements=False))  # noqa: S704


def _find_axes(drawing: ElementTree.Element) -> str:
    """The box around all axes of a drawing of matplotlib, whose groups begin with their ground; "" without axes."""
    groups = [group for group in drawing.iter(f"{_SVG}g") if re.fullmatch(r"axes_\d+", group.get("id", ""))]
    grounds = [ground.get("d", "") for group in groups if (ground := group.find(f"{_SVG}g/{_SVG}path")) is not None]
    corners = [float(number) for ground in grounds for number in re.findall(r"[\d.]+", ground)]
    if not corners:
        return ""
    left, top = min(corners[::2]) - _MARGIN, min(corners[1::2]) - _MARGIN
    right, bottom = max(corners[::2]) + _MARGIN, max(corners[1::2]) + _MARGIN
    return f"{left:.2f} {top:.2f} {right - left:.2f} {bottom - top:.2f}"


def _keep_known(tag: ElementTree.Element) -> bool:
    """Leave a tag the attributes that we know, its style among them as attributes; False for an unknown tag."""
    look = [part.split(":", 1) for part in tag.attrib.pop("style", "").split(";") if ":" in part]
    given = tag.attrib | {name.strip(): value.strip() for name, value in look}
    given = {name.rpartition("}")[2].lower(): value for name, value in given.items()}
    tag.tag = tag.tag.rpartition("}")[2].lower()
    tag.attrib = {name: value for name, value in given.items() if name in _PLACES or _LOOK.fullmatch(name)}
    tag.text, tag.tail = ("\n" if text and text.isspace() else text for text in (tag.text, tag.tail))
    return tag.tag in _TAGS


def _rename(tag: ElementTree.Element, prefix: str) -> bool:
    """Put the prefix before a tag's id and those that it leads to; False where it leads out of the drawing."""
    leads = [name for name, value in tag.attrib.items() if name == "href" or "url" in value.lower()]
    if not all(_INNER_LINK.fullmatch(tag.attrib[name]) for name in leads):
        return False
    tag.attrib |= {name: tag.attrib[name].replace("#", f"#{prefix}") for name in leads}
    if name := tag.attrib.pop("id", ""):
        tag.attrib |= {} if tag.tag == "g" else {"id": prefix + name}  # nothing leads to a group
    return True
