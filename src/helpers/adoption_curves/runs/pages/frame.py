"""Frame of all pages: style, templates, charts, and the policy that forbids requests and scripts."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from ...base.formats import mark_chinese
from ..manifest import DATA, locate

TEMPLATES = Path(__file__).parent / "templates"
# Control characters and marks of the direction of writing, which could hide or move other text of a page; surrogates,
# which cannot be written to a file.
_STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render(template: str, **content: Any) -> str:
    """HTML of a page from a template; every variable is escaped.

    Parameters
    ----------
    template : str
        File name in ``templates/``.
    **content
        Variables of the template; ``sheet.html.j2`` itself needs ``title`` and, on the pages of a run, ``run``.

    Returns
    -------
    str
        A page that makes no request and runs no script. Control characters, marks of the direction of writing and
        surrogates are replaced by U+FFFD.
    """
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    content |= {"style": Markup(style), "policy": Markup(policy)}  # noqa: S704  our own
    page = _open_templates().get_template(template).render(content)
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", page)


@cache
def _open_templates() -> Environment:
    """Environment of the templates, which escape every variable."""
    templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    templates.filters |= {"list_sections": _list_sections, "mark_chinese": mark_chinese}
    return templates


def _list_sections(content: str) -> list[tuple[str, str]]:
    """Address and plain text of each heading of the second level, for the list of contents."""
    headings = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', content)
    return [(html.unescape(address), html.unescape(re.sub(r"<[^>]+>", "", text))) for address, text in headings]


def render_chart(folder: Path, name: str, alt: str) -> Markup:
    """HTML of a chart, with its drawings for wide and for narrow screens.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    name : str
        Name of the chart, such as ``05_forecast``.
    alt : str
        Alternative text: what the chart shows.

    Returns
    -------
    Markup
        The drawings are part of it, as images. "" if the run has no such chart.
    """
    places = [locate(folder, f"figures/{name}.{ending}") for ending in ("svg", "narrow.svg")]
    wide, *narrow = (
        f"data:image/svg+xml;base64,{b64encode(path.read_bytes()).decode()}" if path.is_file() else ""
        for path in places
    )
    image = Markup('<img class="chart" alt="{}" src="{}">').format(alt, wide)
    source = Markup('<source media="(max-width: 36em)" srcset="{}">').format(*narrow)
    return Markup("<picture>{}{}</picture>").format(source if narrow[0] else "", image) if wide else Markup("")


def list_chart_files(folder: Path, name: str) -> dict[str, str]:
    """Relative links from a page of the run in `folder` to the data, the PNG and the SVG of a chart."""
    kept = f"figures/{name}.{DATA}"
    paths = {"data": kept if locate(folder, kept).is_file() else f"tables/{name}.csv"}
    paths |= {ending.upper(): f"figures/{name}.{ending}" for ending in ("png", "svg")}
    return {label: f"../{path}" for label, path in paths.items() if locate(folder, path).is_file()}
