"""Safe HTML: nothing that comes from a cell runs a script, makes a request or links to a file.

`clean_html` cleans all HTML of a cell that is not escaped: Markdown, equations, attachments and outputs. Charts are
images, in which no script runs. `hide_place` removes the folders of the user's machine.
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
# Ids that the frame of a page uses.
PAGE_IDS = ("content", "pages", "show-code")
# Beginnings of the addresses that a page may have, by attribute.
_ADDRESSES = {
    "href": r"https?://|mailto:|#",
    "src": r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]",
}
BOX = '<div class="scroll" tabindex="0" role="group" aria-label="Table">'


def clean_html(source: str) -> str:
    """HTML of a cell without scripts, requests, forms and styles; its tables are in boxes that scroll.

    Links lead to the web, to a mail address or to a heading of the page; images are data URIs. The title row of a table
    of great_tables becomes its caption.
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
    """An address of the web, or one that begins with one of `others`; "" for any other text."""
    return text if text.startswith(("https://", "http://", *others)) else ""


def hide_place(text: str, data: str) -> str:
    """Text of a page or table in which the path of a user's data is replaced by the name of the file."""
    path, ways = Source.read(data).path, (str, html.escape, partial(html.escape, quote=False), escape)
    if not path.is_absolute():
        return text
    names = {str(write(str(path))): str(write(path.name)) for write in ways}
    pattern = "|".join(map(re.escape, sorted(names, reverse=True)))
    return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w/-])", lambda match: names[match[0]], text)
