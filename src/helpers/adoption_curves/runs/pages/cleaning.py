"""Safe markup: what comes from a cell runs nothing, loads nothing and links to no file.

Whatever comes from a cell and isn't escaped goes through `clean_html`: Markdown, equations, attachments, outputs.
Charts are images, in which nothing runs. No page tells anyone's folders: see `hide_place`.
"""

from __future__ import annotations

import html
import re
import signal
from functools import partial

import nh3
from markupsafe import escape

from ...base.project import Source

# Text, tables and what latex2mathml writes.
_TAGS = nh3.ALLOWED_TAGS - {"area", "map"} | {
    *("section", "tfoot", "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded"),
    *("mphantom", "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable"),
    *("mtd", "mtext", "mtr", "munder", "munderover", "none"),
}
_ATTRIBUTES = {
    *("alt", "aria-label", "class", "colspan", "href", "id", "role", "rowspan", "scope", "src", "tabindex", "width"),
    *("accent", "accentunder", "alttext", "columnalign", "columnlines", "columnspacing", "depth", "display"),
    *("displaystyle", "fence", "form", "framespacing", "height", "largeop", "linebreak", "linethickness", "lspace"),
    *("mathbackground", "mathcolor", "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation"),
    *("rowlines", "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "xmlns"),
}
# Addresses that the frame of a page has itself.
PAGE_IDS = ("content", "pages", "show-code")
# How addresses that a page may have begin, by attribute.
_ADDRESSES = {
    "href": r"https?://|mailto:|#",
    "src": r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]",
}
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

    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        plain = nh3.clean(
            source,
            attribute_filter=keep,
            link_rel=None,
            tags=_TAGS,
            attributes={"*": _ATTRIBUTES, "td": {"style"}, "th": {"style"}},
            url_schemes={"http", "https", "mailto", "data"},
            filter_style_properties={"text-align"},  # of Markdown's tables
        )
    finally:  # nh3 drops what is raised in `keep`, so Ctrl-C waits until it has ended
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    plain = re.sub(r"<img\b(?![^>]*\ssrc=)[^>]*>", "", plain)
    plain = re.sub(r'\sstyle="text-align:\s*(\w+);?"', r' class="gt_\1"', plain)
    title = r'(<thead>\s*)<tr class="gt_heading">\s*<td[^>]*>(.*?)</td>\s*</tr>'
    plain = re.sub(title, r"<caption><span>\2</span></caption>\1", plain, flags=re.DOTALL)
    return plain.replace("<table", f"{BOX}<table").replace("</table>", "</table></div>")


def keep_address(text: str, *others: str) -> str:
    """An address that a page may link to, of the web or of one of the schemes in `others`; "" for anything else."""
    return text if text.startswith(("https://", "http://", *others)) else ""


def hide_place(text: str, data: str) -> str:
    """A page or table with the name of own data in the place of their path on this machine, which no reader needs."""
    path, ways = Source.read(data).path, (str, html.escape, partial(html.escape, quote=False), escape)
    if not path.is_absolute():
        return text
    names = {str(write(str(path))): str(write(path.name)) for write in ways}
    pattern = "|".join(map(re.escape, sorted(names, reverse=True)))
    return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w/-])", lambda match: names[match[0]], text)
