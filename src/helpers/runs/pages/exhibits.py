"""Tables and images within a page: plain markup, boxes that scroll, words for every image, and downloads."""

from __future__ import annotations

import ast
import html
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from ..sequence import WRITERS, parse_code

PAGE_BYTES = 950_000  # a page stays under a megabyte
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


def link_runs(body: str, links: Mapping[str, str]) -> str:
    """A page's body with links to runs where their names begin the rows of a table that has them in its column run."""

    def link(row: re.Match[str]) -> str:
        address = links.get(html.unescape(row[2]), "")
        return f'{row[1]}<a href="{html.escape(address)}">{row[2]}</a>' if address else row[0]

    rows = r"(<tr>\s*<td[^>]*>)([^<]*)(?=</td>)"
    tables = r"<thead>(?:(?!<th\b).)*<th\b[^>]*>run</th>.*?</tbody>"
    return re.sub(tables, lambda table: re.sub(rows, link, table[0]), body, flags=re.DOTALL)


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


def embed_tables(page: str, tables: Path, beside: str = "../tables/") -> str:
    """The page with the file for each ``href="table:NAME"``, smallest first as long as the page stays light.

    A page that someone was sent alone then still holds its tables; the largest ones are links into the run's folder.

    Parameters
    ----------
    page : str
    tables : Path
        Folder of the tables.
    beside : str
        Its address as seen from the page.

    Returns
    -------
    str
    """
    size = len(page.encode())
    paths = [tables / f"{name}.csv" for name in set(re.findall(r'href="table:([\w-]+)"', page))]
    for path in sorted(paths, key=lambda path: (path.stat().st_size, path.name)):
        address = f"data:text/csv;charset=utf-8;base64,{b64encode(path.read_bytes()).decode()}"
        fits = size + len(address) <= PAGE_BYTES
        size += len(address) if fits else 0
        link = f'href="{address}"' if fits else f'class="beside" href="{beside}{path.name}"'
        page = page.replace(f'href="table:{path.stem}"', link)
    return page


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

    image = Image.open(BytesIO(content)).convert("RGB")
    size = (width, round(image.height * width / image.width))
    image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)
    light = BytesIO()
    image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(light, "PNG", optimize=True)
    return light.getvalue()
