"""Figures as files: the same bytes each time, with the alternative text inside."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot

from helpers.figures.style import DOTS_PER_INCH, WIDTHS, Exhibit


def draw_images(figure: Any, alt: str) -> Iterator[tuple[str, bytes]]:
    """Every file of a figure, which is closed at the end.

    Parameters
    ----------
    figure : matplotlib Figure
        An `Exhibit` is laid out anew for print; any other figure has one size.
    alt : str
        What the figure shows.

    Yields
    ------
    tuple of str and bytes
        The ending of the name and the content: "png" (200 dots per inch) and "svg" at a page's width, "pdf" at that
        of print.
    """
    _settle(figure)
    yield "png", draw_png(figure, alt)
    yield "svg", draw_vector(figure, "svg", {"Title": alt, "Date": None})
    if isinstance(figure, Exhibit):
        figure.lay_out(WIDTHS["print"])
    yield "pdf", draw_vector(figure, "pdf", {"Title": alt, "CreationDate": None})
    pyplot.close(figure)


def draw_png(figure: Any, alt: str = "") -> bytes:
    """The figure as PNG with 256 colours: a third of the bytes, and no eye sees the difference."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    image = _render(figure).quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    told, content = PngInfo(), BytesIO()
    told.add_itxt("Description", alt)
    image.save(content, "PNG", pnginfo=told, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return content.getvalue()


def _render(figure: Any) -> Any:
    """The figure as an image; one that isn't ours may stick out of its paper."""
    from PIL import Image

    if isinstance(figure, Exhibit):
        figure.canvas.draw()
        return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    plain = BytesIO()
    figure.savefig(plain, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight")
    return Image.open(plain).convert("RGB")


def draw_vector(figure: Any, kind: str, metadata: dict[str, Any]) -> bytes:
    """The figure as SVG or PDF, without the date; text stays text."""
    content = BytesIO()
    # SVG names its parts by random salt unless told otherwise
    with mpl.rc_context({"svg.hashsalt": "adoption", "svg.fonttype": "none"}):
        figure.savefig(
            content, format=kind, metadata=metadata, bbox_inches=None if isinstance(figure, Exhibit) else "tight"
        )
    return content.getvalue()


def _settle(figure: Any) -> None:
    """Lay a figure that isn't ours out once, and round the places: the solver's last digit differs from run to run."""
    engine = figure.get_layout_engine()
    if isinstance(figure, Exhibit) or engine is None:
        return
    engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.get_axes():
        axes.set_position([round(edge, 6) for edge in axes.get_position(original=True).bounds])
