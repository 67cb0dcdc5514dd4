"""The pages of a run: one for each notebook, and an index to begin with; and the page of any other notebook.

``exporter`` turns a notebook's cells into HTML, ``index`` writes the page that a reader opens first, ``charts`` has
drawings, ``exhibits`` tables, images and downloads, ``frame`` what all pages share: a page is made with its `render`,
from a template that extends ``sheet.html.j2``.
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

from ...base.files import MAX_TEXT, read_cells, read_json, write_file
from ...base.project import RECORD, RunError, shorten_path
from ...base.quoting import clean
from ..notebook import read_valid
from ..record import note_pages, read_unchanged
from .exhibits import embed_tables, link_runs
from .frame import render
from .index import build_index, describe_notebook

__all__ = ["PageWriter", "export_notebook", "export_run", "write_pages"]

OURS = '<meta name="generator" content="Adoption curves">'


class PageWriter:
    """Writes ``html/`` of a run: the page of each notebook as soon as it's asked for, the index at the end.

    Pages are written in a thread of their own, one after another. Use it in a ``with`` block.

    Parameters
    ----------
    folder : Path
        The run's folder.
    notebooks : sequence of Path
        All notebooks in order, executed or not: their titles lead from page to page.
    """

    def __init__(self, folder: Path, notebooks: Sequence[Path]):
        self.folder, self.pages, self.thread = folder, describe_pages(notebooks), ThreadPoolExecutor(1)
        self.written: dict[str, Future[dict[str, Any]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.thread.shutdown(cancel_futures=True)

    def write(self, name: str) -> None:
        """Have the page of the executed notebook `name` written."""
        self.written[name] = self.thread.submit(self._write, name)

    def finish(self) -> Path:
        """Wait for the pages, and write the index, which a reader opens first; returns its path.

        Raises
        ------
        RunError
            If an image in a notebook has no alternative text; the message names notebook and cell.
        """
        notebooks = [self.written[name].result() for name in self.pages]
        index = self.folder / "html" / "index.html"
        write_file(index, build_index(self.folder, notebooks).encode("utf-8"))
        return index

    def _write(self, name: str) -> dict[str, Any]:
        """Write one page; what the index tells of it is returned."""
        from .exporter import list_sections  # heavy, and not needed for other pages

        page, tables = self.pages[name], self.folder / "tables"
        body = set_executed(self.folder, name, "../figures/")
        made = render("notebook.html.j2", **page, run=self.folder.name, sections=list_sections(body), body=body)
        write_file(self.folder / "html" / page["href"], embed_tables(made, tables).encode("utf-8"))
        return describe_notebook(self.folder, page)


def set_executed(folder: Path, name: str, figures: str) -> Any:
    """Body of the page of an executed notebook in the folder of its tables and figures.

    Raises
    ------
    RunError
        If an image in it has no alternative text; the message names notebook and cell.
    """
    from .charts import set_chart
    from .exporter import set_body

    notebook = read_notebook(folder / "notebooks" / f"{name}.ipynb")
    names = {path.stem for path in (folder / "tables").glob("*.csv")}
    body, wordless = set_body(notebook, names, figures, partial(set_chart, folder / "figures"))
    if wordless:
        raise RunError(f"Notebook {name}, cell {wordless[0]}: {WORDLESS}")
    return body


def build_report(folder: Path, name: str, links: Mapping[str, str], command: str) -> str:
    """Page of an executed notebook on finished runs, for the folder that its table and figure will lie in too.

    Parameters
    ----------
    folder : Path
        With ``notebooks/``, ``tables/`` and ``figures/``.
    name : str
        Of the notebook.
    links : mapping
        Addresses of the runs' pages as seen from this one, by run; "" for none.
    command : str
        What makes the page again.

    Returns
    -------
    str
    """
    from .exporter import list_sections

    body = Markup(link_runs(set_executed(folder, name, "./"), links))  # noqa: S704  from the exporter; names escaped
    title = f"{read_opening(read_cells(folder / 'notebooks' / f'{name}.ipynb'))[0]} · {command}"
    page = render("notebook.html.j2", title=title, name=name, command=command, sections=list_sections(body), body=body)
    return embed_tables(page, folder / "tables", "")


WORDLESS = (
    "an image has no alternative text, and some readers can't see it. Save it with "
    'study.draw(name, figure, alt="What it shows.").'
)


def describe_pages(notebooks: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Name, link, title and question of each notebook's page, and the pages before and after it, by name."""
    pages = []
    for path in notebooks:
        title, question = read_opening(read_cells(path))
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
    RunError
        If it isn't there or is no notebook.
    """
    import nbformat

    try:
        return nbformat.reads(json.dumps(read_json(path, MAX_TEXT)), 4)
    except FileNotFoundError as error:
        raise RunError(f"There is no notebook {shorten_path(path)}.") from error
    except Exception as error:  # odd ones make nbformat raise anything
        problem = " ".join(str(error).split())[:200]
        raise RunError(f"{shorten_path(path)} can't be read as a notebook ({problem}).") from error


def write_pages(folder: Path) -> Path:
    """Write ``html/`` of the run in `folder` from its executed notebooks, tables, figures and record.

    Returns
    -------
    Path
        The index, which a reader opens first.

    Raises
    ------
    RunError
        If there is no such run, or it has no executed notebooks, or one has an image without alternative text.
    """
    paths = sorted((folder / "notebooks").glob("[0-9]*.ipynb"))
    notebooks = [path for path in paths if read_valid(folder, path.stem)]  # others are copies that someone made
    if not notebooks or not (folder / RECORD).is_file():
        raise RunError(
            f"There is no run '{folder.name}' with executed notebooks. Make it with: adoption run {folder.name}"
        )
    with PageWriter(folder, notebooks) as pages:
        for notebook in notebooks:
            pages.write(notebook.stem)
        return pages.finish()


@contextmanager
def explain_failure(what: str) -> Iterator[None]:
    """Turn whatever a stranger's files make the libraries raise into a `RunError`, also where their hashes agree."""
    try:
        yield
    except RunError:
        raise
    except Exception as error:
        problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise RunError(f"No page can be made of {what} ({problem}).") from error


def export_run(folder: Path) -> Path:
    """`write_pages`, of a run whose tables, figures and notebooks are as it made them; its record gets the hashes.

    Raises
    ------
    RunError
        If one of them is missing or was changed, or no page can be made of it.
    """
    read_unchanged(folder, "tables", "figures", "notebooks")
    with explain_failure(f"run '{folder.name}'"):
        index = write_pages(folder)
    note_pages(folder)
    return index


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
    while os.path.lexists(target) and not (target.is_file() and OURS in target.read_text("utf-8", "replace")):
        number += 1
        target = path.with_name(f"{path.stem}-{number}.html")
    write_file(target, page.encode("utf-8"))
    notes = [f"{path.stem}.html is no page of this package and was left as it is"] if number > 1 else []
    return target, notes + [f"cell {cell}: {WORDLESS}" for cell in wordless]
