"""Tables and figures within a page: boxes that scroll, images, downloads, and the page of a figure alone."""

from __future__ import annotations

import html
import re
import struct
from base64 import b64encode
from collections.abc import Collection, Mapping
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..manifest import DATA, locate
from .charts import render_chart
from .frame import render

_MAX_EMBEDDED = 500_000
"""Bytes of a file that a page takes in: a larger one is only named."""
_TYPES = {
    "csv": "data:text/csv;charset=utf-8;base64,",
    "png": "data:image/png;base64,",
    "svg": "data:image/svg+xml;base64,",
}
"""Beginning of the data address of a file, by the ending of its name."""
_PICTURE_ENDINGS = {"PNG": "png", "SVG": "svg"}
_FRAMES = {"narrow": (320, 200), "wide": (700, 125)}
"""Pixels of a frame's width, and of the note below a chart there, by the drawing that it may show."""
_MIN_LONG, _MIN_LONGEST = 50, 100
"""Letters from which a cell of a table needs room, and from which more of it: a high row is blank beside it."""
BOX = '<div class="scroll" tabindex="0" role="region" aria-label="Table">'


# ---- tables -------------------------------------------------------------------------------------------------------


def render_tables(text: str) -> str:
    """The tables of a piece of HTML as readers and their software want them.

    They stand in boxes that scroll; great_tables' title row becomes the caption that it stands for; headings have a
    scope, dates aren't broken, long cells get room.
    """
    text = re.sub(
        r'(<thead>\s*)<tr class="gt_heading">\s*<td[^>]*\bgt_title\b[^>]*>(.*?)</td>\s*</tr>(\s*<tr class="gt_heading">'
        r"\s*<td[^>]*\bgt_subtitle\b[^>]*>(.*?)</td>\s*</tr>)?",
        lambda found: f"<caption><span>{found[2]}{f'<br>{found[4]}' if found[4] else ''}</span></caption>{found[1]}",
        text,
        flags=re.DOTALL,
    )
    text = re.sub(r'\sstyle="text-align:\s*(\w+);?"', r' class="gt_\1"', text)  # of Markdown's tables
    text = re.sub(r">\s*(\d{4}-\d\d-\d\d)\s*</td>", r'><span class="date">\1</span></td>', text)
    for least, word in ((_MIN_LONGEST, "longest"), (_MIN_LONG, "long")):
        text = re.sub(
            rf'<td class="([^"]*)(?<!longest)">([^<]{{{least},}})</td>', rf'<td class="\1 {word}">\2</td>', text
        )
    text = re.sub(r"<th\b[^>]*>(?:\s|&nbsp;)*</th>", "<td></td>", text)
    text = re.sub(
        r"<thead>.*?</thead>",
        lambda head: re.sub(r"<th(?![a-z])(?![^>]*scope)", '<th scope="col"', head.group()),
        text,
        flags=re.DOTALL,
    )
    return text.replace("<table", f"{BOX}<table").replace("</table>", "</table></div>")


# ---- downloads ----------------------------------------------------------------------------------------------------


def find_saved(source: str) -> list[str]:
    """Names of the tables that the code of a cell keeps: ``study.keep("03_fits", ...)``, ``study.show(...)``."""
    return re.findall(r"""\.(?:keep|show)\(\s*["']([\w-]+)["']""", source)


def embed_file(folder: Path, written: Collection[str], path: str, label: str, words: str = "") -> Markup:
    """Link to a file with its content: a page that someone was sent alone still holds it.

    Parameters
    ----------
    folder : Path
        Of the run.
    written : collection of str
        Paths of the files that the run's record names: no other is taken in.
    path, label, words : str
        Path in the run's folder, text of the link, and a longer text that software reads aloud.

    Returns
    -------
    Markup
        The label alone for a file that is too large, gone, or not of the run.
    """
    kind = _TYPES.get(path.rpartition(".")[2], "")
    place = locate(folder, path) if path in written and kind else None
    if place is None or not place.is_file() or place.stat().st_size > _MAX_EMBEDDED:
        return Markup('<span class="beside">{}</span>').format(label)
    return _link_form(kind + b64encode(place.read_bytes()).decode(), path, label, words)


def link_file(path: str, label: str, words: str = "") -> Markup:
    """Link to a file of a run's folder, as a page in ``html/`` of the run has it."""
    return _link_form(f"../{path}", path, label, words)


def _link_form(address: str, path: str, label: str, words: str) -> Markup:
    told = Markup(' aria-label="{}"').format(words) if words else ""
    return Markup('<a href="{}" download="{}"{}>{}</a>').format(address, path.rpartition("/")[2], told, label)


def list_pictures(written: Collection[str], name: str) -> dict[str, str]:
    """Paths of a figure by what they are (data, PNG, SVG), of those that were written."""
    kept = f"figures/{name}.{DATA}"
    paths = {"data": kept if kept in written else f"tables/{name}.csv"}
    paths |= {form: f"figures/{name}.{kind}" for form, kind in _PICTURE_ENDINGS.items()}
    return {form: path for form, path in paths.items() if path in written}


# ---- images -------------------------------------------------------------------------------------------------------


def embed_image(path: Path, width: int | None = None) -> str:
    """Address of a PNG within the page; `width` pixels wide and with 256 colours if given."""
    content = path.read_bytes()
    return _TYPES["png"] + b64encode(_shrink_image(content, width) if width else content).decode()


@lru_cache(maxsize=256)  # the runs of a sweep share most of their figures
def _shrink_image(content: bytes, width: int) -> bytes:
    """A PNG, `width` pixels wide and with 256 colours, as PNG."""
    from PIL import Image

    image, light = Image.open(BytesIO(content), formats=["PNG"]).convert("RGB"), BytesIO()
    size = (width, round(image.height * width / image.width))
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)
    small.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(light, "PNG", optimize=True)
    return light.getvalue()


# ---- a figure alone -----------------------------------------------------------------------------------------------


def _measure_frame(folder: Path, name: str, alt: str) -> int:
    """Pixels that a frame must be high, so that a figure and its note have room in it whatever its width."""
    found = re.findall(r'viewbox="0 0 ([\d.]+) ([\d.]+)"[^>]* class="chart (\w+)"', render_chart(folder, name, alt))
    shapes = {form: float(height) / float(width) for width, height, form in found}
    if not shapes:
        width, height = struct.unpack(">II", locate(folder, f"figures/{name}.png").read_bytes()[16:24])
        shapes = {"wide": height / width}
    needed = [width * shapes.get(form, max(shapes.values())) + note for form, (width, note) in _FRAMES.items()]
    return round(max(needed) / 10) * 10


def render_figure(folder: Path, written: Collection[str], figure: Mapping[str, Any], note: Mapping[str, Any]) -> str:
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
    name, alt = figure["name"], figure["alt"]
    drawing = render_chart(folder, name, alt)
    files = {form: path for form, path in list_pictures(written, name).items() if drawing or form != "PNG"}
    size = f'width="100%" height="{_measure_frame(folder, name, alt)}"'
    return render(
        "chart.html.j2",
        title=figure["title"],
        alt=alt,
        name=name,
        files=files,
        link=partial(embed_file, folder, files.values()),
        line=f'<iframe src="{name}.html" title="{html.escape(figure["title"])}" {size} style="border:0"></iframe>',
        note=note,
        drawing=drawing,
        picture="" if drawing else embed_image(locate(folder, f"figures/{name}.png")),
    )
