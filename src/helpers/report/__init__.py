"""The pages of a run: one for each notebook, and an index to begin with. The only room that knows nbconvert.

The parts: ``pages`` turns an executed notebook into a page, ``index`` writes the page that a reader opens first;
``frame`` holds what all pages share, ``exhibits`` their tables, images and downloads, ``equations`` their equations.
Another page of the project is made with `render`, from a template that extends ``sheet.html.j2``.
"""

from __future__ import annotations

from pathlib import Path

from helpers.project import RunError, write_file
from helpers.report.exhibits import embed_image, embed_tables
from helpers.report.frame import render
from helpers.report.index import build_index, format_number
from helpers.report.pages import describe_pages, export_pages

__all__ = ["embed_image", "embed_tables", "format_number", "render", "write_pages"]


def write_pages(folder: Path) -> Path:
    """Write ``html/`` of the run in `folder` from its executed notebooks, tables, figures and record.

    Returns
    -------
    Path
        The index, which a reader opens first.

    Raises
    ------
    RunError
        If there is no such run, or it has no executed notebooks.
    """
    pages = describe_pages(folder)
    if not pages:
        raise RunError(
            f"There is no run '{folder.name}' with executed notebooks. Make it with: adoption run {folder.name}"
        )
    for page, content in export_pages(folder, pages):
        write_file(folder / "html" / page["href"], content.encode("utf-8"))
    index = folder / "html" / "index.html"
    write_file(index, build_index(folder, pages).encode("utf-8"))
    return index
