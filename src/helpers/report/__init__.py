"""The pages of a run: one for each notebook, and an index to begin with. The only room that knows nbconvert.

The parts: ``pages`` turns an executed notebook into a page, ``index`` writes the page that a reader opens first;
``frame`` holds what all pages share, ``exhibits`` their tables, images and downloads, ``equations`` their equations.
Another page of the project is made with `render`, from a template that extends ``sheet.html.j2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

from helpers.project import RunError, write_file
from helpers.report.exhibits import embed_image, embed_tables
from helpers.report.frame import render
from helpers.report.index import build_index, describe_notebook, format_number
from helpers.run import read_valid

__all__ = ["PageWriter", "embed_image", "embed_tables", "format_number", "render", "write_pages"]


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
        from helpers.report.pages import describe_pages  # heavy, and not needed for other pages

        self._folder, self._notebooks, self._pages = folder, notebooks, describe_pages(notebooks)
        self._thread = ThreadPoolExecutor(1)
        self._writing: dict[str, Future[dict[str, Any]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def rehearse(self) -> None:
        """Make ready what pages need, while there's nothing to write yet."""
        from helpers.report.pages import rehearse

        self._thread.submit(rehearse, tuple(self._notebooks))

    def write(self, name: str) -> None:
        """Have the page of the executed notebook `name` written."""
        self._writing[name] = self._thread.submit(self._write, name)

    def finish(self) -> Path:
        """Wait for the pages, and write the index, which a reader opens first; returns its path.

        Raises
        ------
        RunError
            If an image in a notebook has no alternative text; the message names notebook and cell.
        """
        notebooks = [self._writing[page["name"]].result() for page in self._pages]
        index = self._folder / "html" / "index.html"
        write_file(index, build_index(self._folder, notebooks).encode("utf-8"))
        return index

    def _write(self, name: str) -> dict[str, Any]:
        """Write one page; what the index tells of it is returned."""
        from helpers.report.pages import export_page

        place = [page["name"] for page in self._pages].index(name)
        notebook = self._folder / "notebooks" / f"{name}.ipynb"
        content = export_page(notebook, self._folder, self._pages, place)
        write_file(self._folder / "html" / self._pages[place]["href"], content.encode("utf-8"))
        return describe_notebook(self._folder, self._pages[place])


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
    if not notebooks:
        raise RunError(
            f"There is no run '{folder.name}' with executed notebooks. Make it with: adoption run {folder.name}"
        )
    with PageWriter(folder, notebooks) as pages:
        for notebook in notebooks:
            pages.write(notebook.stem)
        return pages.finish()
