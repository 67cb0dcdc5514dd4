"""Faults of a page that someone has alone: what it loads, runs, leads to or leaves without words."""

import re

from bs4 import BeautifulSoup

ALONE = re.compile(r"#|https?://|mailto:|data:")
LOADING = ("src", "srcset", "poster", "data", "action", "formaction", "background", "ping", "manifest", "xlink:href")
ACTIVE = "script, iframe, object, embed, base, form, button, input:not([type=checkbox]), svg:not(.chart), main meta"


class Page:
    """Text, links and images of a page."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        page = BeautifulSoup(self.text, "html.parser")
        self.links = [tag["href"] for tag in page.find_all("a", href=True)]
        self.images = [{"alt": tag.get("aria-label"), **tag.attrs} for tag in page.select("img, svg.wide")]


def find_active(page):
    """What runs, loads or sends elsewhere in a page, or in a part of one."""
    faults = [f"<{tag.name}>" for tag in page.select(ACTIVE)]
    for tag in page.find_all(True):
        faults += [f"{name} of <{tag.name}>" for name in tag.attrs if re.fullmatch("on.*|style", name)]
        loads = [tag[name] for name in [*LOADING, *["href"] * (tag.name == "link")] if tag.has_attr(name)]
        faults += [load for load in loads if not load.startswith(("data:image/", "#"))]
        scheme = re.match(r"\s*([\w\s]*):", tag.get("href", "#"))
        given = tag.has_attr("download") and not tag["href"].startswith("data:text/html")
        known = ("http", "https", "mailto", *["data"] * (given or tag.name == "link"))
        faults += [tag["href"]] if scheme and scheme[1] not in known else []
    return faults


def find_faults(path, sent=False):
    """Each fault of a page: only a notebook's leads to files beside it; one that is `sent` has no way to any."""
    page = BeautifulSoup(path.read_bytes(), "html.parser")
    ways, tags = page.select("nav.folder"), page.find_all(True)
    addresses = [tag["id"] for tag in tags if tag.get("id")]
    faults = [f"{len(ways)} ways to other files"] if len(ways) > 1 else []
    faults += [f"{address} twice" for address in {*addresses} if addresses.count(address) > 1]
    faults += find_active(page)
    faults += re.findall(r"@import|url\([^#].*", page.style.text)
    [policy] = [tag["content"] for tag in page.select("meta[http-equiv]")]
    faults += [] if "default-src 'none'" in policy else [policy]
    wordless = [
        tag
        for tag in page.find_all(("img", "svg"))
        if not (tag.get("alt") or tag.get("aria-label") or "").strip() and not (tag.find_parent("a") and tag.parent.h3)
    ]
    faults += [f"<{tag.name}> without words" for tag in wordless]
    for tag in page.find_all("a", href=True):
        href = tag["href"]
        if href.startswith("#"):
            faults += [] if href[1:] in addresses or href == "#harmful-link" else [href]
        elif not ALONE.match(href):
            near = re.match(r"\d\d_", path.name) or tag.find_parent("nav", class_="folder")
            known = not sent and near and (path.parent / href).is_file()
            faults += [] if known else [href]
    return faults + ([f"{path.stat().st_size} bytes"] if not sent and path.stat().st_size > 3_000_000 else [])
