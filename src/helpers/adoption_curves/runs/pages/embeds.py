"""A figure as readers take it along: its data and drawings within the page, and a file of its own for other pages."""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Collection, Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from ..parameters import ParameterError
from ..record import DATA, locate
from .charts import set_chart
from .exhibits import embed_files, embed_image, write_light
from .frame import render

FORMS = {"PNG": "png", "SVG": "svg", "PDF": "pdf"}
ADDRESS = r"https?://(?=[^/]*\w)[\w.-]+(:\d+)?(/[\w.~%+,@-]*)*(?<!\.html)"
"""Address of a folder on the web."""
CARD = (1200, 630)
"""Width and height of the picture that others show beside a link, as https://ogp.me has it."""
MARGIN = 24
FRAMES = {"narrow": (320, 200), "wide": (700, 125)}
"""Pixels that a frame is wide, and that the note below a chart takes there, by the drawing that it may show."""


def read_address(text: str) -> str:
    """The address under which the pages of a run will lie, with a slash at its end; "" where none is told.

    Raises
    ------
    ParameterError
        If that's no address of a folder on the web.
    """
    if text and not re.fullmatch(ADDRESS, text, re.ASCII):
        example = "https://example.org/adoption/"
        raise ParameterError(f"--url is the address of the folder that html/ becomes, such as {example}, not '{text}'")
    return f"{text.rstrip('/')}/" if text else ""


def describe_figure(folder: Path, written: Collection[str], name: str, alt: str, url: str = "") -> dict[str, Any]:
    """What a page offers below a figure.

    Parameters
    ----------
    folder : Path
        Of the run, or of a comparison, with ``figures/`` and ``tables/``.
    written : collection of str
        Paths of the files in it that its notebooks have written: no other is taken into a page.
    name, alt : str
        The figure's name, and what it shows.
    url : str
        Address of the folder with its chart, with a slash at its end; "" where it isn't known.

    Returns
    -------
    dict
        name and alt; files, from `list_forms`; iframe, the line that puts its chart into another page; url.
    """
    source, title = html.escape(f"{url}{name}.html"), html.escape(alt)
    size = f'width="100%" height="{measure_frame(folder, name, alt)}"'
    iframe = f'<iframe src="{source}" title="{title}" {size} style="border:0" loading="lazy"></iframe>'
    return {"name": name, "alt": alt, "files": list_forms(written, name), "iframe": iframe, "url": url}


def list_forms(written: Collection[str], name: str) -> dict[str, str]:
    """Paths of a figure by what they are (data, PNG, SVG, PDF), of those that were written."""
    kept = f"figures/{name}.{DATA}"
    paths = {"data": kept if kept in written else f"tables/{name}.csv"}
    paths |= {form: f"figures/{name}.{kind}" for form, kind in FORMS.items()}
    return {form: path for form, path in paths.items() if path in written}


def measure_frame(folder: Path, name: str, alt: str) -> int:
    """Pixels that a frame must be high, so that a figure and its note have room in it whatever its width."""
    found = re.findall(r'viewbox="0 0 ([\d.]+) ([\d.]+)"[^>]* class="chart (\w+)"', set_chart(folder, name, alt))
    shapes = {form: float(height) / float(width) for width, height, form in found}
    if not shapes:
        width, height = struct.unpack(">II", locate(folder, f"figures/{name}.png").read_bytes()[16:24])
        shapes = {"wide": height / width}
    needed = [width * shapes.get(form, max(shapes.values())) + note for form, (width, note) in FRAMES.items()]
    return round(max(needed) / 10) * 10


def build_chart(folder: Path, figure: Mapping[str, Any], note: Mapping[str, Any]) -> str:
    """HTML of a figure alone, to be put into other pages: it follows the width and the colours of where it stands.

    Parameters
    ----------
    folder : Path
    figure : mapping
        From `describe_figure`.
    note : mapping
        What is told with it: counted, citation, card (address of a picture of it); each may be missing.

    Returns
    -------
    str
    """
    name, alt = figure["name"], figure["alt"]
    drawing = set_chart(folder, name, alt)
    picture = "" if drawing else embed_image(locate(folder, f"figures/{name}.png"))
    content = {"title": alt, "figure": figure, "drawing": drawing, "picture": picture, "note": note}
    content["card"] = note.get("card", "")
    content["address"] = figure["url"] and f"{figure['url']}{name}.html"
    return embed_files(render("chart.html.j2", **content), folder, figure["files"].values())


@lru_cache(maxsize=16)
def draw_card(content: bytes) -> bytes:
    """A PNG in the middle of a white card, as PNG."""
    from PIL import Image

    image = Image.open(BytesIO(content), formats=["PNG"]).convert("RGB")
    image.thumbnail([side - 2 * MARGIN for side in CARD], Image.Resampling.LANCZOS)
    card = Image.new("RGB", CARD, "white")
    card.paste(image, tuple((side - own) // 2 for side, own in zip(CARD, image.size, strict=True)))
    return write_light(card)
