"""The pages of a run: an index to begin with, one for each notebook, one on how it was made; and that of any notebook.

``cells`` turns a notebook's cells into HTML; ``provenance`` writes the page on how a run was made and how to cite it.
``frame`` has what all pages share: a page is made with its `render`, from a template that extends ``sheet.html.j2``,
and shows a chart with its `render_chart`.

Each page is one file that opens alone: its charts are in it. Links lead to the files of the run beside it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from markupsafe import Markup

from ...base.columns import UNNAMED
from ...base.files import MAX_TEXT, read_json, write_file
from ...base.formats import clean, format_day, quote
from ...base.project import RECORD, RunError, UserError, find_shipped, shorten_path
from ...say.glossary import GLOSSARY, join_rows
from ..fingerprint import hash_citation, read_sources
from ..manifest import DATA, list_tables, locate, write_manifest
from ..table_files import read_rows
from .cleaning import hide_place, keep_address
from .frame import list_chart_files, render, render_chart
from .provenance import cite_run, format_axis_value, render_provenance

__all__ = ["export_notebook", "format_axis_value", "render", "render_executed", "write_pages"]

# Part of the generator's tag of our pages.
_OURS = 'content="Adoption curves"'
# Tables with rows of the page, after the number of their notebook: 06_key_numbers, 07_page.
_ROWS = ("key_numbers", "page")
_WORDLESS = (
    "an image has no alternative text, and some readers can't see it. Save it with "
    'study.draw(name, figure, alt="What it shows.").'
)


def render_executed(folder: Path, name: str) -> Markup:
    """Body of the page of an executed notebook.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    name : str
        Name of the notebook, such as ``03_fit_curves``.

    Returns
    -------
    Markup

    Raises
    ------
    RunError
        If an image in it has no alternative text; the message names notebook and cell.
    """
    from .cells import render_body  # heavy, and not needed for other pages

    body, wordless = render_body(_read_notebook(locate(folder, f"notebooks/{name}.ipynb")), folder)
    if wordless:
        raise RunError(f"Notebook {name}, cell {quote(wordless[0])}: {_WORDLESS}")
    return body


def write_pages(folder: Path, record: dict[str, Any], bodies: Mapping[str, Markup]) -> None:
    """Write all pages of a run, and ``run.json`` with their hashes.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    record : dict
        From `adoption_curves.runs.manifest.describe_run`.
    bodies : mapping of str to Markup
        From `render_executed`, by the name of the notebook.
    """
    notebooks, shared = _describe_notebooks(folder, record), {"run": folder.name, **cite_run(record, folder.name)}
    pages = {
        page["href"]: render("notebook.html.j2", **page, **shared, body=bodies[page["name"]]) for page in notebooks
    }
    pages["made.html"] = render_provenance(record, notebooks, shared)
    pages["try.html"] = find_shipped("try.html", "docs").read_text(encoding="utf-8")
    pages["index.html"] = _render_index(folder, record, notebooks, shared)
    files = {}
    for name, text in pages.items():
        path, page = f"html/{name}", hide_place(text, record["parameters"]["data"])
        files[path] = write_file(locate(folder, path), page.encode(), sync=False)
    write_manifest(folder, {**record, "files": files, "citation": hash_citation()})


def _describe_notebooks(folder: Path, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Describe each notebook's page: name, link, title, question, results, and the pages before and after it."""
    pages = []
    for name, entry in content["notebooks"].items():
        title, question = _read_opening(read_sources(locate(folder, f"notebooks/{name}.ipynb")))
        page: dict[str, Any] = {"name": name, "href": f"{name}.html", "title": title or name, "question": question}
        page["figures"] = entry["figures"]
        page["tables"] = sorted((table, about["rows"]) for table, about in entry["tables"].items())
        pages.append(page)
    index = {"href": "index.html", "title": "Index"}
    for page, before, after in zip(pages, [index, *pages[:-1]], [*pages[1:], index], strict=True):
        page |= {"before": before, "after": after}
    return pages


def _render_index(
    folder: Path, record: Mapping[str, Any], notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> str:
    """HTML of the index of a run; everything that comes from the run is escaped.

    `notebooks` is from `_describe_notebooks`; `shared` has what all pages of the run need.
    """
    names = [name for name in sorted(list_tables(record)) if name.partition("_")[2] in _ROWS]
    rows = _read_rows(folder, names)
    main, figures = record["main_figure"], dict[str, Any]()
    for page in notebooks:
        figures |= page["figures"]
    series = [record["subject"].get("title", record["parameters"]["indicator"]), record["parameters"]["entity"]]
    name = ": ".join(part for part in series if part != UNNAMED)
    texts, cautions = {row["key"]: row for row in rows[""]}, [row for row in rows[""] if row["key"] == "do_not_quote"]
    groups = {group: listed for group, listed in rows.items() if group}
    shown = {row["key"] for listed in groups.values() for row in listed}
    return render(
        "index.html.j2",
        **shared,
        subject=record["subject"],
        title=texts["headline"]["text"] if texts else name,
        texts=texts,
        cautions=cautions,
        groups=groups,
        glossary=[entry for key, entry in GLOSSARY.items() if key in shown],
        tables=names,
        made=format_day(pd.Timestamp(record["made"])),
        as_of=record["parameters"].get("as_of"),
        chart=render_chart(folder, main, figures[main]["alt"]) if main in figures else "",
        chart_files=list_chart_files(folder, main) if main in figures else {},
        try_link=f"try.html{_write_fragment(folder, record, name)}",
        notebooks=notebooks,
    )


def _write_fragment(folder: Path, record: Mapping[str, Any], name: str) -> str:
    """Fragment of the address of ``try.html`` with values and limit; "" unless all are exact and the limit is fixed."""
    subject, path = record["subject"], locate(folder, f"figures/{record['main_figure']}.{DATA}")
    rows = read_rows(path) if path.is_file() else []
    if not rows or not {"date", "stage", "observed", "limit", "since"} <= {*rows[0]}:  # a notebook of one's own
        return ""
    ahead = [row for row in rows if row["stage"] == "forecast"]
    since = ahead[0]["since"] if ahead else ""
    used = [row for row in rows if row["stage"] not in ("earlier", "forecast") and row["date"] >= since]
    limits = {row["limit"] for row in (*used, *ahead)}
    exact = ahead and all(row["stage"] == "observed" for row in used)
    if not exact or len(limits) > 1 or "" in limits or subject.get("measure") == "cumulative":
        return ""
    [limit] = limits
    kind = "people"
    if limit == "100" and subject["unit"].startswith("percent"):
        kind = "sales" if subject.get("measure") == "flow" else "percent"
    values = "\n".join(f"{row['date']} {row['observed']}" for row in used)
    fields = {"kind": kind, "name": name, "limit": limit, "unit": subject["unit"], "values": values}
    return f"#{urlencode(fields)}"


def _read_rows(folder: Path, names: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """Rows of the index by group, from the tables of these names; headline and quotation are in the group ""."""
    tables = [pd.DataFrame(read_rows(locate(folder, f"tables/{name}.csv"))) for name in names]
    rows = join_rows(tables).to_dict("records") if tables else []
    grouped: dict[str, list[dict[str, str]]] = {"": []}
    for row in rows:
        url = keep_address(row["url"], "01_check_indicators.html")
        grouped.setdefault(row["group"], []).append({**row, "url": url})
    return grouped


def _read_opening(cells: Sequence[tuple[str, str, list[str]]]) -> tuple[str, str]:
    """Heading and first paragraph of a notebook's first Markdown cell, as plain text."""
    text = next((source for kind, source, _ in cells if kind == "markdown"), "")
    title, _, rest = text.strip().partition("\n")
    paragraph = rest.strip().split("\n\n")[0]
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[*_`]{1,2}([^*_`]+)[*_`]{1,2}", r"\1\2", " ".join(paragraph.split()))
    return clean(title.lstrip("# ").strip()), clean(plain) if not plain.startswith("#") else ""


def _read_notebook(path: Path) -> Any:
    """Read a notebook, in version 4 of nbformat.

    Raises
    ------
    UserError
        If there is no such file, or it isn't a notebook.
    """
    import nbformat

    try:
        return nbformat.reads(json.dumps(read_json(path, MAX_TEXT)), 4)
    except FileNotFoundError as error:
        raise UserError(f"There is no notebook {shorten_path(path)}.") from error
    except Exception as error:  # odd ones make nbformat raise anything
        problem = " ".join(str(error).split())[:200]
        raise UserError(f"{shorten_path(path)} can't be read as a notebook ({problem}).") from error


def export_notebook(path: Path) -> tuple[Path, list[str]]:
    """Write a page of any notebook, next to it, with the outputs that are saved in it.

    Parameters
    ----------
    path : Path
        A notebook.

    Returns
    -------
    Path and list of str
        The page, and a line for each image without alternative text.

    Raises
    ------
    UserError
        If it belongs to a run, which already has a page for it; if there is no such notebook; or if it can't be read.
    RunError
        If its outputs can't be rendered, or a file with the page's name was not written by this package.
    """
    from .cells import render_body

    run = path.parent.parent
    page_of_run = run / "html" / f"{path.stem}.html"
    if path.parent.name == "notebooks" and (run / RECORD).exists() and page_of_run.exists():
        raise UserError(f"This notebook of a run has its page: {shorten_path(page_of_run)}")
    notebook = _read_notebook(path)
    try:
        body, wordless = render_body(notebook)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # what a cell holds may make the libraries raise anything
        problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise RunError(f"Nothing can be made of {shorten_path(path)} ({problem}).") from error
    title = _read_opening([(cell.cell_type, cell.source, []) for cell in notebook.cells])[0] or path.stem
    page = render("notebook.html.j2", title=title, name=path.stem, body=body)
    target = path.with_suffix(".html")
    if os.path.lexists(target) and not (target.is_file() and _OURS in target.read_text("utf-8", "replace")):
        raise RunError(f"{shorten_path(target)} is no page of this package, and was left as it is. Move it away.")
    write_file(target, page.encode("utf-8"))
    return target, [f"cell {quote(cell)}: {_WORDLESS}" for cell in wordless]
