"""Safe markup: what comes from a cell or a chart runs nothing, loads nothing and links to no file.

Whatever comes from a cell and isn't escaped goes through `clean_html`: Markdown, equations, attachments, outputs. The
charts go through `clean_chart`. No page tells anyone's folders: see `hide_place`.
"""

from __future__ import annotations

import html
import re
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import nh3
from markupsafe import Markup, escape

from ...base.project import Source

_TAGS = nh3.ALLOWED_TAGS - {"area", "map"} | {
    *("section", "tfoot", "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded"),
    *("mphantom", "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable"),
    *("mtd", "mtext", "mtr", "munder", "munderover", "none"),
}
"""Text, tables and what latex2mathml writes."""
_ATTRIBUTES = {
    *("alt", "aria-label", "class", "colspan", "href", "id", "role", "rowspan", "scope", "src", "tabindex", "width"),
    *("accent", "accentunder", "alttext", "columnalign", "columnlines", "columnspacing", "depth", "display"),
    *("displaystyle", "fence", "form", "framespacing", "height", "largeop", "linebreak", "linethickness", "lspace"),
    *("mathbackground", "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation"),
    *("rowlines", "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "xmlns"),
}
_CHART_TAGS = {"svg", "g", "path", "use", "text", "tspan", "title", "defs", "clipPath", "rect", "pattern", "image"}
_CHART_PLACES = {"x", "y", "width", "height", "viewBox", "transform", "d", "href", "clip-path", "fill", "id"}
_CHART_ATTRIBUTES = {tag: _CHART_PLACES | {"patternUnits", "style"} for tag in _CHART_TAGS} | {"svg": _CHART_PLACES}
_OUTER_LINK = re.compile(r"url\s*\((?!#)", re.IGNORECASE)
PAGE_IDS = ("content", "pages", "show-code")
"""Addresses that the frame of a page has itself."""
_ADDRESSES = {
    "href": r"https?://|mailto:|#",
    "src": r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]",
}
"""How addresses that a page may have begin, by attribute."""
BOX = '<div class="scroll" tabindex="0" role="group" aria-label="Table">'


def clean_html(source: str) -> str:
    """HTML of a cell without what runs, loads, sends on or has a style of its own; its tables in boxes that scroll.

    Links lead to the web, to a mail address or to a place within the page; images are in the page. The title row of a
    table of great_tables becomes its caption.
    """

    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "id":
            return value if re.fullmatch(r"h\d", tag) or (tag == "a" and value not in PAGE_IDS) else None
        return value if re.match(_ADDRESSES.get(name, ""), value, re.IGNORECASE) else None

    plain = _clean(
        source,
        keep,
        tags=_TAGS,
        attributes={"*": _ATTRIBUTES, "td": {"style"}, "th": {"style"}},
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties={"text-align"},  # of Markdown's tables
    )
    plain = re.sub(r"<img\b(?![^>]*\ssrc=)[^>]*>", "", plain)
    plain = re.sub(r'\sstyle="text-align:\s*(\w+);?"', r' class="gt_\1"', plain)
    title = r'(<thead>\s*)<tr class="gt_heading">\s*<td[^>]*>(.*?)</td>\s*</tr>'
    plain = re.sub(title, r"<caption><span>\2</span></caption>\1", plain, flags=re.DOTALL)
    return plain.replace("<table", f"{BOX}<table").replace("</table>", "</table></div>")


def clean_chart(drawing: str, prefix: str, form: str, alt: str) -> Markup:
    """SVG as part of a page: shapes and text alone, with `alt` as its alternative text; "" if it is no SVG.

    Its ids begin with `prefix`, because a page has many drawings; `form` is the class that a style shows or hides.
    """

    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "href":
            return (
                f"#{prefix}{value[1:]}"
                if value.startswith("#")
                else value
                if value.startswith("data:image/png;")
                else None
            )
        return None if _OUTER_LINK.search(value) else value.replace("url(#", f"url(#{prefix}")

    source = re.sub(r"<title>.*?</title>", "", drawing, count=1, flags=re.DOTALL)  # it would cover those of the points
    svg = _clean(
        source[max(0, source.find("<svg")) :],
        keep,
        tags=_CHART_TAGS,
        clean_content_tags={"metadata", "script", "style"},
        attributes=_CHART_ATTRIBUTES,
        url_schemes={"data"},
        id_prefix=prefix,
    )
    head = Markup('<svg class="chart {}" role="img" aria-label="{}" ').format(form, alt)
    return head + Markup(svg[5:]) if svg.startswith("<svg ") else Markup("")  # noqa: S704  cleaned


def _clean(source: str, keep: Callable[[str, str, str], str | None], **rules: Any) -> str:
    """`nh3.clean`; it drops what is raised in `keep`, so Ctrl-C waits until it has ended."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        return nh3.clean(source, attribute_filter=keep, link_rel=None, **rules)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def keep_address(text: str, *others: str) -> str:
    """An address that a page may link to, of the web or of one of the schemes in `others`; "" for anything else."""
    return text if text.startswith(("https://", "http://", *others)) else ""


def hide_place(text: str, *data: str) -> str:
    """A page or table with the names of own data in the place of their paths on this machine, which no reader needs."""
    names = {}
    for path in filter(Path.is_absolute, (Source.read(each).path for each in data)):
        for write in (str, html.escape, partial(html.escape, quote=False), escape):
            names[str(write(str(path)))] = str(write(path.name))
    pattern = "|".join(map(re.escape, sorted(names, reverse=True)))
    return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w/-])", lambda found: names[found[0]], text) if names else text
