"""Figures as files: the same bytes each time, with the alternative text inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib import pyplot
from matplotlib.text import Text

from .style import HALO, HALO_WIDTH, Exhibit, draw_png, settle_layout

_SVG = "{http://www.w3.org/2000/svg}"
ElementTree.register_namespace("", _SVG[1:-1])
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


def draw_images(figure: Any, alt: str, narrow: bool = False) -> Iterator[tuple[str, bytes]]:
    """Draw every file of a figure, which is closed at the end.

    Parameters
    ----------
    figure : matplotlib Figure
        An `Exhibit`, or any other figure, which has one size.
    alt : str
        What the figure shows.
    narrow : bool
        Draw an `Exhibit` for a telephone too.

    Yields
    ------
    tuple of str and bytes
        The ending of the name and the content: "png" (150 dots per inch) and "svg" at a page's width, and
        "narrow.svg" for a telephone.
    """
    ours, engine = isinstance(figure, Exhibit), figure.get_layout_engine()
    if not ours and engine is not None:
        settle_layout(figure, engine)
        figure.set_layout_engine("none")
    yield "png", draw_png(figure, alt)
    yield "svg", _draw_vector(figure, alt)
    if ours and narrow:
        yield "narrow.svg", _draw_vector(figure.narrow(), alt)
    pyplot.close(figure)


def _draw_vector(figure: Any, alt: str) -> bytes:
    """The figure as SVG, without the date; text stays text."""
    content, paper = BytesIO(), None if isinstance(figure, Exhibit) else "tight"
    # matplotlib would write each letter with a halo as two shapes of some hundred bytes
    haloed = [text for text in figure.findobj(Text) if HALO in text.get_path_effects()]
    for place, text in enumerate(haloed):
        text.set(path_effects=[], gid=f"halo_{place}")
    # SVG names its parts by random salt unless told otherwise
    with mpl.rc_context({"svg.hashsalt": "adoption", "svg.fonttype": "none"}):
        figure.savefig(content, format="svg", metadata={"Title": alt, "Date": None}, bbox_inches=paper)
    for text in haloed:
        text.set(path_effects=[HALO])
    return _complete(content.getvalue(), getattr(figure, "told", {}))


def _complete(content: bytes, told: Mapping[str, Sequence[str]]) -> bytes:
    """Give the marks of a drawing what `style.tell` has said of them as titles, which browsers show; halos to words.

    Places have two decimals, and letters a fallback where there is no DejaVu Sans.
    """
    content = re.sub(rb' transform="rotate\(-0 [^"]*"|(?s:<metadata>.*?</metadata>)|(?<=\n) +', b"", content)
    content = content.replace(b"'DejaVu Sans'", b"'DejaVu Sans', sans-serif")
    drawing = ElementTree.fromstring(content)  # noqa: S314  matplotlib's own
    for part in drawing.iter():
        for name, value in part.attrib.items():  # and never in words
            part.set(name, re.sub(r"\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", value))
    look = f"paint-order: stroke; stroke: #ffffff; stroke-width: {HALO_WIDTH}; stroke-linejoin: round"
    for group in drawing.iter(f"{_SVG}g"):
        name = group.get("id", "")
        for words in group.iter(f"{_SVG}text") if name.startswith("halo_") else ():
            words.set("style", f"{words.get('style', '')}; {look}")
        if name in told:
            marks = list(group.iter(f"{_SVG}use")) or list(group.iter(f"{_SVG}path"))
            for mark, text in zip(marks, told[name], strict=True):
                title = ElementTree.Element(f"{_SVG}title")
                title.text = text
                if text:
                    mark.insert(0, title)
    return ElementTree.tostring(drawing, encoding="utf-8", xml_declaration=True)
