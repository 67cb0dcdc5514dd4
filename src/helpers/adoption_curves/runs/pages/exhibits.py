"""Tables and images within a page: plain markup, boxes that scroll, words for every image, and downloads."""

from __future__ import annotations

import ast
import json
import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from markupsafe import escape

from ..ingredients import WRITERS, parse_code
from ..record import locate
from .frame import MARK

PAGE_BYTES = 2_900_000  # a page stays below three megabytes
TYPES = {
    "csv": "data:text/csv;charset=utf-8;base64,",
    "png": "data:image/png;base64,",
    "svg": "data:image/svg+xml;base64,",
    "pdf": "data:application/pdf;base64,",
}
"""Beginning of the data address of a file, by the ending of its name."""
LONG = 50  # letters from which a cell needs room
BOX = '<div class="scroll" tabindex="0" role="region" aria-label="Table">'


# ---- tables -------------------------------------------------------------------------------------------------------


def set_tables(text: str) -> str:
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
    text = re.sub(rf'<td class="([^"]*)">([^<]{{{LONG},}})</td>', r'<td class="\1 long">\2</td>', text)
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
    try:
        nodes = list(ast.walk(parse_code(source)))
    except SyntaxError:  # IPython's own commands
        return []
    calls = [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in WRITERS]
    names = [call.args[0] for call in calls if len(call.args) > 1]
    return [name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)]


def embed_files(page: str, folder: Path, written: Collection[str], most: int = PAGE_BYTES) -> str:
    """The page with a link to the file itself in the place of each mark that `frame.mark_file` made.

    A page that someone was sent alone then still holds them. What is too large, or not of the run, is only named.

    Parameters
    ----------
    page : str
    folder : Path
        Of the run.
    written : collection of str
        Paths of the files that the run's record names: no other is taken in.
    most : int
        Bytes that the page may have.

    Returns
    -------
    str
    """
    pieces = page.split(MARK)
    marked: list[tuple[str, str, str]] = [tuple(json.loads(b64decode(piece))) for piece in pieces[1::2]]
    bare = len("".join([*pieces[::2], *(link_file(*each, "-") for each in marked)]).encode())
    addresses = choose_files(Counter(path for path, *_ in marked), folder, written, most - bare)
    pieces[1::2] = [link_file(*each, addresses.get(each[0], "")) for each in marked]
    return "".join(pieces)


def link_files(page: str, written: Collection[str]) -> str:
    """The page with a link to the file beside it in the run's folder in the place of each mark."""
    pieces = page.split(MARK)
    marked: list[tuple[str, str, str]] = [tuple(json.loads(b64decode(piece))) for piece in pieces[1::2]]
    pieces[1::2] = [link_file(*each, f"../{each[0]}" if each[0] in written else "") for each in marked]
    return "".join(pieces)


def choose_files(counts: Mapping[str, int], folder: Path, written: Collection[str], room: int) -> dict[str, str]:
    """Data addresses of the files of a run, figures first, then small ones, up to a limit.

    Parameters
    ----------
    counts : mapping
        Number of links to each path.
    folder, written : as for `embed_files`
    room : int
        Bytes.

    Returns
    -------
    dict of str to str
        By path; without those that do not fit, are gone, or are not `written`.
    """
    kinds = {path: TYPES.get(path.rpartition(".")[2], "") for path in counts}
    places = {path: locate(folder, path) for path in counts if path in written and kinds[path]}
    weights = {path: place.stat().st_size for path, place in places.items() if place.is_file()}
    addresses = {}
    for path in sorted(weights, key=lambda path: (not path.startswith("figures/"), weights[path], path)):
        added = counts[path] * (4 * -(-weights[path] // 3) + len(kinds[path]))
        if added <= room:
            room -= added
            addresses[path] = kinds[path] + b64encode(places[path].read_bytes()).decode()
    return addresses


def link_file(path: str, label: str, words: str, address: str) -> str:
    """Link to a file, or with its content; without an address only its label."""
    if not address:
        return f'<span class="beside">{escape(label)}</span>'
    told = f' aria-label="{escape(words)}"' if words else ""
    return f'<a href="{address}" download="{escape(path.rpartition("/")[2])}"{told}>{escape(label)}</a>'


# ---- images -------------------------------------------------------------------------------------------------------


def embed_image(path: Path, width: int | None = None) -> str:
    """Address of a PNG within the page; `width` pixels wide and with 256 colours if given."""
    content = path.read_bytes()
    image = b64encode(shrink_image(content, width) if width else content).decode()
    return f"data:image/png;base64,{image}"


@lru_cache(maxsize=256)  # the runs of a sweep share most of their figures
def shrink_image(content: bytes, width: int) -> bytes:
    """A PNG, `width` pixels wide and with 256 colours, as PNG."""
    from PIL import Image

    image = Image.open(BytesIO(content), formats=["PNG"]).convert("RGB")
    size = (width, round(image.height * width / image.width))
    return write_light(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5))


def write_light(image: Any) -> bytes:
    """An image of Pillow's as PNG with 256 colours."""
    from PIL.Image import Dither, Quantize

    light = BytesIO()
    image.quantize(256, Quantize.FASTOCTREE, dither=Dither.NONE).save(light, "PNG", optimize=True)
    return light.getvalue()
