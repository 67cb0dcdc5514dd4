"""Charts as files: reproducible bytes, the alternative text inside, light and dark colours in one SVG."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot

from .style import COLOURS, Chart, compute_layout, draw_png

_PLACES = re.compile(r' (?:d|x|y|width|height|transform|points)="[^"]*"')


def draw_images(figure: Any, alt: str, narrow: bool = False) -> Iterator[tuple[str, bytes]]:
    """Draw every file of a figure, which is closed at the end.

    Parameters
    ----------
    figure : matplotlib Figure
        A `Chart` is laid out for each width; any other figure has one size.
    alt : str
        What the figure shows.
    narrow : bool
        Draw a `Chart` for a telephone too.

    Yields
    ------
    tuple of str and bytes
        The ending of the name and the content: "png" (150 dots per inch), "svg" at a page's width, and "narrow.svg" for
        a telephone.
    """
    is_chart, engine = isinstance(figure, Chart), figure.get_layout_engine()
    if not is_chart and engine is not None:
        compute_layout(figure, engine)
        figure.set_layout_engine("none")
    yield "png", draw_png(figure, alt)
    yield "svg", _draw_vector(figure, alt)
    if is_chart and narrow:
        yield "narrow.svg", _draw_vector(figure.lay_out("narrow"), alt)
    pyplot.close(figure)


def _draw_vector(figure: Any, alt: str) -> bytes:
    """The figure as SVG, without the date; text stays text."""
    content, paper = BytesIO(), None if isinstance(figure, Chart) else "tight"
    # SVG names its parts by random salt unless told otherwise
    with mpl.rc_context({"svg.hashsalt": "adoption", "svg.fonttype": "none"}):
        figure.savefig(content, format="svg", metadata={"Title": alt, "Date": None}, bbox_inches=paper)
    return _complete(content.getvalue().decode()).encode()


def _complete(drawing: str) -> str:
    """Dark colours for readers whose screens are dark; ids and rules that meet no others in one page.

    Places have two decimals, and letters are those of the reader's system.
    """
    drawing = re.sub(r"(?s)<metadata>.*?</metadata>", "", drawing)
    # a mark's own edge would keep its light colour, which rules for the dark do not reach inside <use>
    drawing = re.sub(r'(<defs>\s*<path [^>]*style=")stroke: #\w{6}', r"\1", drawing)
    drawing = re.sub(r"'DejaVu Sans'", "system-ui, sans-serif", drawing)
    drawing = _PLACES.sub(
        lambda part: re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", part[0]), drawing
    )
    name = f"chart-{hashlib.sha256(drawing.encode()).hexdigest()[:10]}"
    drawing = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>{name}-", drawing)
    rules = " ".join(
        f'#{name} :is([style*="{part}: {light}"], [{part}="{light}"]) {{ {part}: {dark} !important }}'
        for light, dark in COLOURS.values()
        for part in ("fill", "stroke")
    )
    drawing = drawing.replace('<style type="text/css">*{', f'<style type="text/css">#{name} *{{', 1)
    drawing = drawing.replace("</style>", f" @media (prefers-color-scheme: dark) {{ {rules} }}</style>", 1)
    return drawing.replace("<svg ", f'<svg id="{name}" ', 1)
