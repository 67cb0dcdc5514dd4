"""The pages of a run: an index to begin with, one for each notebook, one on how it was made; and that of any notebook.

``exporter`` turns a notebook's cells into HTML, ``index`` writes the page that a reader opens first, ``charts`` has
drawings, ``embeds`` what is offered below them and the figures alone, ``exhibits`` tables, images and downloads,
``citation`` how all is cited, ``frame`` what all pages share: a page is made with its `render`, from a template that
extends ``sheet.html.j2``.

The index, and each figure alone, hold all that they link to within the folder, so that they can be sent: only the
index's one navigation block leads to other files. A notebook's page leads to the tables and figures beside it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

from markupsafe import Markup

from ...base.files import MAX_TEXT, read_json, write_file
from ...base.project import RECORD, RunError, UserError, describe_refusal, shorten_path
from ...base.words import clean, quote
from ..ingredients import hash_citation, read_sources
from ..record import (
    Entry,
    Record,
    entry_path,
    hide_place,
    locate,
    name_pages,
    read_entry,
    read_part,
    read_run,
    read_unchanged,
    write_record,
)
from .charts import set_chart
from .citation import cite_run
from .embeds import build_chart, list_forms
from .exhibits import embed_files, link_files
from .frame import render
from .index import build_index, build_made, describe_notebook

__all__ = ["PageWriter", "export_notebook", "export_run", "write_pages"]

OF_SERIES = ("levels", "shares", "growth", "fits", "residuals", "forecast", "bands", "hindcasts", "register")
"""Figures, by their names after the number, of the series alone: the wording below them is theirs."""
OURS = 'content="Adoption curves"'  # of the generator, whose attributes may stand in either order


def is_foreign(path: Path) -> bool:
    """True if a path exists and isn't a page of this package."""
    return os.path.lexists(path) and not (path.is_file() and OURS in path.read_text("utf-8", "replace"))


class PageWriter:
    """Writes ``html/`` of a run: each notebook's body is made as soon as it's asked for, all else at the end.

    Bodies are made in a thread of their own, one after another. Use it in a ``with`` block.

    Parameters
    ----------
    folder : Path
        The run's folder.
    notebooks : sequence of Path
        All notebooks in order, executed or not: their titles lead from page to page.
    """

    def __init__(self, folder: Path, notebooks: Sequence[Path]):
        self.folder, self.pages = folder, describe_pages(notebooks)
        self.thread, self.bodies = ThreadPoolExecutor(1), dict[str, Future[Markup]]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.thread.shutdown(cancel_futures=True)

    def write(self, name: str) -> None:
        """Have the page of the executed notebook `name` made."""
        self.bodies[name] = self.thread.submit(set_executed, self.folder, name)

    def finish(self, record: Record) -> dict[str, str]:
        """Write all pages, and each figure alone, from the run's record; returns the hash of each by its name.

        Raises
        ------
        RunError
            If an image in a notebook has no alternative text; the message names notebook and cell.
        """
        from .exporter import list_sections  # heavy, and not needed for other pages

        written = record.written
        shared = {"run": self.folder.name, "citation": cite_run(record, self.folder.name)}
        pages = {}
        for name, page in self.pages.items():
            body = self.bodies[name].result()
            text = render("notebook.html.j2", **page, **shared, sections=list_sections(body), body=body)
            pages[page["href"]] = link_files(text, written)
        notebooks = [describe_notebook(self.folder, page, record.notebooks[name]) for name, page in self.pages.items()]
        uncommitted = cite_run(record.model_copy(update={"git": None}), self.folder.name)
        for figure in (figure for page in notebooks for figure in page["figures"]):
            counted = record.subject.get("counted", "") if figure["name"].partition("_")[2] in OF_SERIES else ""
            note = {"counted": counted, "citation": uncommitted}
            pages[f"charts/{figure['name']}.html"] = build_chart(self.folder, written, figure, note)
        pages["made.html"] = build_made(self.folder, record, notebooks, shared)
        pages["index.html"] = build_index(self.folder, record, notebooks, shared)
        hidden = {name: hide_place(text, record.parameters["data"]).encode() for name, text in pages.items()}
        return {name: write_file(locate(self.folder, f"html/{name}"), text) for name, text in hidden.items()}


def set_executed(folder: Path, name: str) -> Markup:
    """Body of the page of an executed notebook in the folder of its tables and figures.

    Parameters
    ----------
    folder : Path
    name : str
        Of the notebook.

    Returns
    -------
    Markup

    Raises
    ------
    RunError
        If an image in it has no alternative text; the message names notebook and cell.
    """
    from .exporter import set_body

    notebook = read_notebook(locate(folder, f"notebooks/{name}.ipynb"))
    entry = read_entry(folder, name) or Entry()
    body, wordless = set_body(
        notebook, entry.tables, list(entry.figures), partial(set_chart, folder), partial(list_forms, entry.files)
    )
    if wordless:
        raise RunError(f"Notebook {name}, cell {quote(wordless[0])}: {WORDLESS}")
    return body


def build_report(folder: Path, name: str, links: Mapping[str, str], command: str) -> dict[str, str]:
    """Pages of an executed notebook on finished runs: ``index.html``, and each of its figures alone.

    Parameters
    ----------
    folder : Path
        With ``notebooks/``, ``tables/`` and ``figures/``.
    name : str
        Of the notebook.
    links : mapping
        Addresses of the runs' pages as seen from this one, by run; "" for none.
    command : str
        Command that makes the page again.

    Returns
    -------
    dict of str
    """
    from .exporter import list_sections

    body, known = set_executed(folder, name), {run: address for run, address in links.items() if address}
    opening = read_opening(read_sources(locate(folder, f"notebooks/{name}.ipynb")))
    sections = [*list_sections(body), *([("pages", "The pages of the runs")] if known else [])]
    told = {
        "title": f"{opening[0]} · {command}",
        "name": name,
        "command": command,
        "sections": sections,
        "links": known,
        "body": body,
    }
    pages, entry, note = {}, read_part(entry_path(folder, name), Entry), {"citation": f"Made with: {command}"}
    for each, figure in entry.figures.items():
        pages[f"{each}.html"] = build_chart(folder, entry.files, {"name": each, **figure.model_dump()}, note)
    return {**pages, "index.html": embed_files(render("notebook.html.j2", **told), folder, entry.files)}


WORDLESS = (
    "an image has no alternative text, and some readers can't see it. Save it with "
    'study.draw(name, figure, alt="What it shows.").'
)


def describe_pages(notebooks: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Name, link, title and question of each notebook's page, and the pages before and after it, by name."""
    pages = []
    for path in notebooks:
        title, question = read_opening(read_sources(path))
        page = {"name": path.stem, "href": f"{path.stem}.html"}
        pages.append(page | {"title": title or path.stem, "question": question})
    index = {"href": "index.html", "title": "Index"}
    beside = zip([index, *pages], pages, [*pages[1:], index], strict=False)
    return {page["name"]: {**page, "before": before, "after": after} for before, page, after in beside}


def read_opening(cells: Sequence[tuple[str, str, list[str]]]) -> tuple[str, str]:
    """Heading and first paragraph of a notebook's first cell of text, as plain text."""
    text = next((source for kind, source, _ in cells if kind == "markdown"), "")
    title, _, rest = text.strip().partition("\n")
    paragraph = rest.strip().split("\n\n")[0]
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[*_`]{1,2}([^*_`]+)[*_`]{1,2}", r"\1\2", " ".join(paragraph.split()))
    return clean(title.lstrip("# ").strip()), clean(plain) if not plain.startswith("#") else ""


def read_notebook(path: Path) -> Any:
    """A notebook in nbformat's fourth version.

    Raises
    ------
    UserError
        If it isn't there or is no notebook.
    """
    import nbformat

    try:
        return nbformat.reads(json.dumps(read_json(path, MAX_TEXT)), 4)
    except FileNotFoundError as error:
        raise UserError(f"There is no notebook {shorten_path(path)}.") from error
    except Exception as error:  # odd ones make nbformat raise anything
        problem = " ".join(str(error).split())[:200]
        raise UserError(f"{shorten_path(path)} can't be read as a notebook ({problem}).") from error


def write_pages(folder: Path) -> Path:
    """Write ``html/`` of the run in `folder` from its executed notebooks, tables, figures and record.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        The index, which a reader opens first. The record gets the hashes of the pages.

    Raises
    ------
    RunError
        If there is no such run, or it has no executed notebooks, or one has an image without alternative text.
    """
    paths = sorted(locate(folder, "notebooks").glob("[0-9]*.ipynb"))
    notebooks = [path for path in paths if read_entry(folder, path.stem)]  # others are copies that someone made
    if not notebooks or not locate(folder, RECORD).is_file():
        raise RunError(
            f"There is no run '{folder.name}' with executed notebooks. Make it with: adoption run {folder.name}"
        )
    record = read_run(folder)
    with PageWriter(folder, [path for path in notebooks if path.stem in record.notebooks]) as pages:
        for name in pages.pages:
            pages.write(name)
        written = pages.finish(record)
    write_record(folder, record.model_copy(update={"pages": written, "citation": hash_citation()}))
    return locate(folder, "html/index.html")


@contextmanager
def explain_failure(what: str) -> Iterator[None]:
    """Turn whatever a stranger's files make the libraries raise into a `RunError`, also where their hashes agree."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if refused := describe_refusal(error):
            raise RunError(f"Nothing was made of {what}: {refused}.") from error
        problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise RunError(f"Nothing can be made of {what} ({problem}).") from error


def export_run(folder: Path) -> Path:
    """`write_pages`, of a run whose tables, figures and notebooks are as it made them; its record gets the hashes.

    Raises
    ------
    RunError
        If one of them is missing or was changed, no page can be made of it, or a file of somebody else has the name of
        a page.
    """
    record = read_unchanged(folder, "tables", "figures", "notebooks")
    for name in {*name_pages(record)} - record.pages.keys():
        if os.path.lexists(place := locate(folder, f"html/{name}")):
            raise RunError(
                f"{shorten_path(place)} is no page of run '{folder.name}', but has the name of one. Move it."
            )
    with explain_failure(f"run '{folder.name}'"):
        return write_pages(folder)


def export_notebook(path: Path) -> tuple[Path, list[str]]:
    """Write the page of any notebook beside it, as it is stored: with its outputs if it was saved with them.

    A file of the page's name that isn't a page of this package stays, and the page gets a number.

    Returns
    -------
    Path and list of str
        The page, and what is to be told of it: another name, images without alternative text.

    Raises
    ------
    RunError
        If there is no such notebook, or it can't be read.
    """
    from .exporter import list_sections, set_body

    notebook = read_notebook(path)
    with explain_failure(shorten_path(path)):
        body, wordless = set_body(notebook)
    title = read_opening([(cell.cell_type, cell.source, []) for cell in notebook.cells])[0] or path.stem
    page = render("notebook.html.j2", title=title, name=path.stem, sections=list_sections(body), body=body)
    target, number = path.with_suffix(".html"), 1
    while is_foreign(target):
        number += 1
        target = path.with_name(f"{path.stem}-{number}.html")
    write_file(target, page.encode("utf-8"))
    notes = [f"{path.stem}.html is no page of this package and was left as it is"] if number > 1 else []
    return target, notes + [f"cell {quote(cell)}: {WORDLESS}" for cell in wordless]
