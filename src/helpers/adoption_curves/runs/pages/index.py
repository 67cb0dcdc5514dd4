"""The page that a reader opens first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ...base.columns import UNNAMED
from ...base.words import say_day
from ...say.glossary import GLOSSARY, join_rows
from ..manifest import list_tables, locate
from ..parameters import Parameters
from ..table_files import read_rows
from .cleaning import keep_address
from .frame import render, render_chart

_ROWS = ("key_numbers", "page")
"""Tables with rows of the page, after the number of their notebook: 06_key_numbers, 07_page."""


def render_index(
    folder: Path, record: Mapping[str, Any], notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> str:
    """HTML of the index of the run in `folder`; everything that comes from the run is escaped.

    `notebooks` describes each notebook's page, what it wrote included; `shared` is what all pages of the run are given.
    """
    names = [name for name in sorted(list_tables(record)) if name.partition("_")[2] in _ROWS]
    rows = _read_rows(folder, names, record["run"] == Parameters.model_fields["run"].default)
    figures = {figure["name"]: figure for page in notebooks for figure in page["figures"]}
    series = [record["subject"].get("title", record["parameters"]["indicator"]), record["parameters"]["entity"]]
    texts, cautions = {row["key"]: row for row in rows[""]}, [row for row in rows[""] if row["key"] == "do_not_quote"]
    groups = {group: listed for group, listed in rows.items() if group}
    shown = {row["key"] for listed in groups.values() for row in listed}
    return render(
        "index.html.j2",
        **shared,
        subject=record["subject"],
        title=texts["headline"]["text"] if texts else ": ".join(part for part in series if part != UNNAMED),
        texts=texts,
        cautions=cautions,
        groups=groups,
        glossary=[entry for key, entry in GLOSSARY.items() if key in shown],
        tables=names,
        made=say_day(pd.Timestamp(record["made"])),
        as_of=record["parameters"].get("as_of"),
        figure=figures.get(record["main_figure"]),
        render_chart=partial(render_chart, folder),
        notebooks=notebooks,
    )


def _read_rows(folder: Path, names: Sequence[str], is_default: bool) -> dict[str, list[dict[str, str]]]:
    """Rows of the page by group, from the tables of these names; headline and quotation are in the group ""."""
    tables = [pd.DataFrame(read_rows(locate(folder, f"tables/{name}.csv"))) for name in names]
    rows = join_rows(tables, is_default).to_dict("records") if tables else []
    grouped: dict[str, list[dict[str, str]]] = {"": []}
    for row in rows:
        grouped.setdefault(row["group"], []).append({**row, "url": keep_address(row["url"])})
    return grouped
