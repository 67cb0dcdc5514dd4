"""Safe markup of a notebook's cells: it runs nothing, loads nothing and links to no file. Pages tell no one's folders.

Whatever comes from a cell and isn't escaped goes through `clean_html`: Markdown, equations, attachments, outputs.
"""

from __future__ import annotations

import html
import re
import signal
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import product
from pathlib import Path

import nh3
from markupsafe import escape

from ...base.project import Source

_HEADING_TAGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_TEXT = nh3.ALLOWED_TAGS - _HEADING_TAGS - {"area", "map"} | {"section", "tfoot"}
_EQUATIONS = {  # what latex2mathml writes
    *("math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts"),
    *("mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr"),
    *("munder", "munderover", "none"),
}
_LOOKS = {
    *("accent", "accentunder", "alttext", "columnalign", "columnlines", "columnspacing", "depth", "display"),
    *("displaystyle", "fence", "form", "framespacing", "height", "largeop", "linebreak", "linethickness", "lspace"),
    *("mathbackground", "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation"),
    *("rowlines", "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width"),
    "xmlns",
}
"""Attributes of equations: how they look, and no address."""
_ATTRIBUTES = {
    **{tag: {"class"} for tag in _TEXT},
    **{tag: {"id"} for tag in _HEADING_TAGS},
    **dict.fromkeys(_EQUATIONS, _LOOKS),
    "a": {"class", "href", "id"},
    "img": {"alt", "src", "width"},
    **{tag: {"class", "colspan", "rowspan", "scope", "style"} for tag in ("col", "colgroup", "td", "th")},
}
PAGE_IDS = ("content", "pages", "show-code")
"""Addresses that the frame of a page has itself."""
_ALLOWED_VALUES = {
    ("a", "href"): r"https?://|mailto:|#",
    ("a", "id"): rf"(?!({'|'.join(PAGE_IDS)})$)",
    ("img", "src"): r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]",
}
"""Beginnings of addresses that a page may have."""


@lru_cache(maxsize=256)  # the runs of a sweep share most of what they show
def clean_html(source: str, addressed: bool = False) -> str:
    """A piece of HTML from a cell without anything that runs, loads, sends on, or brings a style of its own.

    Parameters
    ----------
    source : str
    addressed : bool
        True if its headings and anchors keep their addresses: those of Markdown cells are parts of the page.

    Returns
    -------
    str
        Well-formed. Links lead to the web, to a mail address or to a place within the page; images are in the page.
    """

    def keep(tag: str, name: str, value: str) -> str | None:
        kept = (addressed or name != "id") and re.match(_ALLOWED_VALUES.get((tag, name), ""), value, re.IGNORECASE)
        return value if kept else None

    # nh3 drops what is raised in `keep`, so Ctrl-C waits until it has ended
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        plain = nh3.clean(
            source,
            tags=_TEXT | _HEADING_TAGS | _EQUATIONS,
            attributes=_ATTRIBUTES,
            attribute_filter=keep,
            url_schemes={"http", "https", "mailto", "data"},
            filter_style_properties={"text-align"},  # of Markdown's tables
            link_rel=None,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
    return re.sub(r"<img\b(?![^>]*\ssrc=)[^>]*>", "", plain)


_WRITTEN: tuple[Callable[[str], str], ...] = (
    str,
    lambda path: repr(path)[1:-1],
    lambda path: path.replace("'", "'\"'\"'"),
    lambda path: path.replace('"', '""'),
)
"""Four spellings of a path: plain, as a Python string, quoted for a shell, quoted in a CSV."""
_ESCAPED: tuple[Callable[[str], str], ...] = (str, html.escape, partial(html.escape, quote=False), escape)


def hide_place(text: str, *data: str) -> str:
    """A page or table with the names of own data in the place of their paths on this machine, which no reader needs."""
    names = {}
    for path in filter(Path.is_absolute, (Source.read(each).path for each in data)):
        for write, mark in product(_WRITTEN, _ESCAPED):
            names[str(mark(write(str(path))))] = str(mark(write(path.name)))
    pattern = "|".join(map(re.escape, sorted(names, reverse=True)))
    return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w/-])", lambda found: names[found[0]], text) if names else text
