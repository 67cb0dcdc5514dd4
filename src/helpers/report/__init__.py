"""The pages of a run: one for each notebook, and an index to begin with. The only room that knows nbconvert.

The parts: ``pages`` turns an executed notebook into a page, ``index`` writes the page that a reader opens first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from helpers.project import RunError, write_file
from helpers.report.index import build_index, format_number
from helpers.report.pages import TEMPLATES, describe_pages, export_pages

__all__ = ["format_number", "render_page", "write_pages"]


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


def render_page(template: str, **content: Any) -> str:
    """HTML of a page that stands alone, from one of our templates and the look of all pages; `content` is escaped."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return environment.get_template(template).render(style=style, **content)
