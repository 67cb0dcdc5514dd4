"""Faults of a page that someone has alone: what it loads, runs, leads to or leaves without words."""

import re

from bs4 import BeautifulSoup

ALONE = re.compile(r"#|https?://|mailto:|data:")
LOADING = ("src", "srcset", "poster", "data", "action", "formaction", "background", "ping", "manifest", "xlink:href")
ACTIVE = "script, svg, iframe, object, embed, base, form, button, input:not([type=checkbox]), main meta"


class Page:
    """Text, links and images of a page."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        page = BeautifulSoup(self.text, "html.parser")
        self.links = [tag["href"] for tag in page.find_all("a", href=True)]
        self.images = [tag.attrs for tag in page.select("img")]


def find_active(page):
    """What runs, loads, has a style or sends elsewhere in a page, or in a part of one."""
    faults = [f"<{tag.name}>" for tag in page.select(ACTIVE)]
    for tag in page.find_all(True):
        faults += [f"{name} of <{tag.name}>" for name in tag.attrs if name.startswith("on")]
        faults += [tag["style"]] if tag.get("style") else []
        loads = [tag[name] for name in [*LOADING, *["href"] * (tag.name == "link")] if tag.has_attr(name)]
        faults += [load for load in loads if not load.startswith(("data:image/", "#"))]
        scheme = re.match(r"\s*([\w\s]*):", tag.get("href", "#"))
        known = ("http", "https", "mailto", *["data"] * (tag.name == "link"))
        faults += [tag["href"]] if scheme and scheme[1] not in known else []
    return faults


def find_faults(path):
    """Each fault of a page, which may lead to files beside it."""
    page = BeautifulSoup(path.read_bytes(), "html.parser")
    addresses = [tag["id"] for tag in page.find_all(id=True)]
    faults = [f"{address} twice" for address in {*addresses} if addresses.count(address) > 1]
    faults += find_active(page)
    faults += re.findall(r"@import|url\([^#].*", page.style.text)
    [policy] = [tag["content"] for tag in page.select("meta[http-equiv]")]
    faults += [] if "default-src 'none'" in policy else [policy]
    faults += [f"{tag.name} without words" for tag in page.find_all("img") if not tag.get("alt", "").strip()]
    for href in [tag["href"] for tag in page.find_all("a", href=True)]:
        if href.startswith("#"):
            faults += [] if href[1:] in addresses or href == "#harmful-link" else [href]
        elif not ALONE.match(href):
            faults += [] if (path.parent / href.partition("#")[0]).is_file() else [href]
    return faults + ([f"{path.stat().st_size} bytes"] if path.stat().st_size > 3_000_000 else [])
