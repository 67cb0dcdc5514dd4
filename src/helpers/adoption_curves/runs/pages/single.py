"""All pages of a run in one file, to send by mail; and its folder as one archive."""

from __future__ import annotations

import os
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from ...base.files import format_json, pack_files, write_file
from ...base.project import RECORD, RunError, shorten_path
from ..record import LOG, list_files, locate, note_exports, read_run, read_unchanged
from . import export_run, is_foreign
from .exhibits import choose_files

MOST_BYTES = 4_900_000
"""Files stay within the pages as long as the whole is below this."""
MARK = b"Adoption curves"
"""Comment of our archives."""


def write_single(folder: Path, url: str = "") -> Path:
    """Write ``RUN.html`` into the folder of a run: its index, and below it the page of each notebook.

    Nothing in it leads out of it but links to the web: those between pages lead within the file, which holds figures
    and tables as the pages do, save the largest where it would be heavier than five megabytes.

    Parameters
    ----------
    folder : Path
    url : str
        As for `export_run`.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If there is no such run, or a file of another kind has the name.
    """
    target = locate(folder, f"{folder.name}.html")
    _refuse_foreign(target, is_foreign)
    index = export_run(folder, url)
    whole: Any = BeautifulSoup(index.read_bytes(), "html.parser")
    names = {path.name: path.stem for path in sorted(index.parent.glob("*.html"))}
    for name, stem in names.items():
        if name != index.name:
            part: Any = BeautifulSoup((index.parent / name).read_bytes(), "html.parser").find("main")
            _set_addresses(part, f"{stem}-")
            section = whole.new_tag("section", id=stem)
            section.extend(list(part.contents))
            whole.find("main").append(section)
    _lead_within(whole, names)
    for line in [] if url else whole.select(".embed"):  # the file that it names isn't sent
        line.decompose()
    _take_in(whole, folder)
    note_exports(folder, {target.name: write_file(target, str(whole).encode())})
    return target


def _take_in(whole: Any, folder: Path) -> None:
    """Put the files that the pages hold into the whole, which has more room, or only their names."""
    paths = {path.rpartition("/")[2]: path for path in list_files(read_run(folder))}
    links = [(tag, paths[tag["download"]]) for tag in whole.select("a[download]")]
    for tag, _ in links:
        tag["href"] = ""
    room = MOST_BYTES - len(str(whole).encode())
    addresses = choose_files(Counter(path for _, path in links), folder, paths.values(), room)
    for tag, path in links:
        tag["href"] = addresses.get(path, "")
        if path not in addresses:
            tag.name, tag.attrs = "span", {"class": "beside"}


def _set_addresses(part: Any, prefix: str) -> None:
    """Give the addresses within a page a prefix, so that no two pages share one."""
    for tag in part.find_all(id=True):
        tag["id"] = prefix + tag["id"]
    for name in ("href", "for", "aria-labelledby", "aria-describedby"):
        for tag in part.find_all(attrs={name: True}):
            value = tag[name]
            if name != "href":
                tag[name] = prefix + value
            elif value.startswith("#"):
                tag["href"] = f"#{prefix}{value[1:]}"
    for name in ("clip-path", "fill"):
        for tag in part.find_all(attrs={name: re.compile(r"^url\(#")}):
            tag[name] = tag[name].replace("#", f"#{prefix}")


def _lead_within(whole: Any, names: dict[str, str]) -> None:
    """Let links between pages lead within the file, and take out what only the run's folder has, or it has below."""
    for tag in whole.select("nav.folder .gallery, nav.folder .saved, section > .cite"):
        tag.decompose()
    for tag in whole.select("nav.folder a[href]"):
        tag["href"] = f"#{names[tag['href']]}"


def write_archive(folder: Path) -> Path:
    """Write the files of a run as ``RUN.zip`` beside its folder; the same run makes the same bytes.

    They are those that its record names, pages included, no exports and no others that lie there.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If an archive of somebody else has the name, there is no such run, or a file of it is missing or was changed.
    """
    target = folder.with_name(f"{folder.name}.zip")
    _refuse_foreign(target, _is_foreign_archive)
    record, files = read_unchanged(folder), dict[str, bytes]()
    for name in sorted(list_files(record)):
        if name != LOG or ((folder / LOG).is_file() and not (folder / LOG).is_symlink()):  # the only one without a hash
            content = format_json(record) if name == RECORD else locate(folder, name).read_bytes()
            files[f"{folder.name}/{name}"] = content
    write_file(target, pack_files(files, MARK))
    return target


def _refuse_foreign(target: Path, is_foreign: Callable[[Path], bool]) -> None:
    """Refuse to write over a file that is not one of ours."""
    if is_foreign(target):
        raise RunError(f"{shorten_path(target)} is a file of another kind and was left as it is. Move it away.")


def _is_foreign_archive(path: Path) -> bool:
    if not os.path.lexists(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment != MARK
    except (OSError, zipfile.BadZipFile):
        return True
