"""The page that a reader opens first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ...base.columns import UNNAMED
from ...base.words import say_day
from ...say.registered import list_registered
from ..manifest import find_table, locate
from ..table_files import read_rows
from .cleaning import keep_address
from .frame import render, render_chart

_USE_FIGURES = ("07_who", "07_purposes", "07_products", "07_firms")
"""Figures for the part "Who uses it", the first that there is."""


def render_index(
    folder: Path, record: Mapping[str, Any], notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> str:
    """HTML of the index of the run in `folder`; everything that comes from the run is escaped.

    `notebooks` describes each notebook's page, what it wrote included; `shared` is what all pages of the run are given.
    """
    told = _read_told(folder, record)
    figures = {figure["name"]: figure for page in notebooks for figure in page["figures"]}
    series = [record["subject"].get("title", record["parameters"]["indicator"]), record["parameters"]["entity"]]
    return render(
        "index.html.j2",
        **shared,
        **told,
        subject=record["subject"],
        title=told["said"].get("headline") or ": ".join(part for part in series if part != UNNAMED),
        made=say_day(pd.Timestamp(record["made"])),
        as_of=record["parameters"].get("as_of"),
        figure=figures.get(record["main_figure"]),
        use_figure=next((figures[name] for name in _USE_FIGURES if name in figures), None),
        render_chart=partial(render_chart, folder),
        notebooks=notebooks,
    )


def _read_told(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Sentences of a run, its sources and its registered forecasts, and the names of their tables."""
    tables = {part: find_table(record, part) for part in ("findings", "key_numbers", "register", "use")}
    rows = {part: read_rows(locate(folder, f"tables/{name}.csv")) for part, name in tables.items()}
    use = [{**row, "url": keep_address(row.get("url", ""))} for row in rows["use"]]
    published = [row for row in rows["key_numbers"] if keep_address(row.get("url", ""))]
    limit = str(record["parameters"].get("limit", ""))  # a forecast under another limit would contradict the page's
    return {
        "tables": tables,
        "said": {row["part"]: row["sentence"] for row in rows["findings"]},
        "sources": {row["url"]: row["label"].rpartition(", ")[2] for row in published},
        "doubt": next((row for row in use if row["part"] == "doubt"), None),  # which stands beside the figure itself
        "use": [row for row in use if row["part"] != "doubt"],
        "registered": list_registered([row for row in rows["register"] if row["limit"] == limit]),
    }
