"""A figure as readers take it along: its data and drawings within the page, and a file of its own for other pages."""

from __future__ import annotations

import html
import re
import struct
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..record import DATA, locate
from .charts import set_chart
from .exhibits import embed_files, embed_image
from .frame import render

FORMS = {"PNG": "png", "SVG": "svg", "PDF": "pdf"}
FRAMES = {"narrow": (320, 200), "wide": (700, 125)}
"""Pixels that a frame is wide, and that the note below a chart takes there, by the drawing that it may show."""


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


def build_chart(folder: Path, written: Collection[str], figure: Mapping[str, Any], note: Mapping[str, Any]) -> str:
    """HTML of a figure alone, for other pages: it adapts to their width and colours.

    Parameters
    ----------
    folder : Path
        Of the run, or of a comparison, with ``figures/`` and ``tables/``.
    written : collection of str
        Paths of the files in it that its notebooks have written: no other is taken into the page.
    figure : mapping
        name, title, alt.
    note : mapping
        Texts below it: counted, citation; each may be missing.

    Returns
    -------
    str
    """
    name, alt, files = figure["name"], figure["alt"], list_forms(written, figure["name"])
    drawing = set_chart(folder, name, alt)
    picture = "" if drawing else embed_image(locate(folder, f"figures/{name}.png"))
    files = {form: path for form, path in files.items() if drawing or form != "PNG"}  # the picture is the PNG
    size = f'width="100%" height="{measure_frame(folder, name, alt)}"'
    line = f'<iframe src="{name}.html" title="{html.escape(figure["title"])}" {size} style="border:0"></iframe>'
    content = {"title": figure["title"], "alt": alt, "name": name, "files": files, "line": line, "note": note}
    return embed_files(render("chart.html.j2", **content, drawing=drawing, picture=picture), folder, files.values())
