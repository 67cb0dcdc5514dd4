"""The page that a reader opens first, and the page on how the run was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from ...base.columns import UNNAMED
from ...base.project import Source
from ...base.words import say_day
from ...say.registered import list_registered
from ..manifest import find_table, find_written, locate
from ..parameters import Parameters, write_argument
from ..table_files import read_rows
from .charts import render_chart, render_thumbnail
from .citation import read_citation
from .embeds import embed_file, embed_image, list_pictures
from .frame import render

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
    authors, _, _, contact = read_citation(record)
    return render(
        "index.html.j2",
        **shared,
        **told,
        subject=record["subject"],
        title=told["said"].get("headline") or ": ".join(part for part in series if part != UNNAMED),
        made=say_day(pd.Timestamp(record["made"])),
        as_of=record["parameters"].get("as_of"),
        authors=authors,
        contact=_keep_address(contact, "mailto:"),
        figure=figures.get(record["main_figure"]),
        use_figure=next((figures[name] for name in _USE_FIGURES if name in figures), None),
        data=list_pictures(find_written(record), record["main_figure"] or "").get("data"),
        embed=lambda name, width=None: embed_image(locate(folder, f"figures/{name}.png"), width),
        render_chart=partial(render_chart, folder),
        render_thumbnail=partial(render_thumbnail, folder),
        link=partial(embed_file, folder, find_written(record)),
        notebooks=notebooks,
    )


def _read_told(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Sentences of a run, its sources and its registered forecasts, and the names of their tables."""
    tables = {part: find_table(record, part) for part in ("findings", "key_numbers", "register", "use")}
    rows = {part: read_rows(locate(folder, f"tables/{name}.csv")) for part, name in tables.items()}
    use = [{**row, "url": _keep_address(row.get("url", ""))} for row in rows["use"]]
    published = [row for row in rows["key_numbers"] if _keep_address(row.get("url", ""))]
    limit = str(record["parameters"].get("limit", ""))  # a forecast under another limit would contradict the page's
    return {
        "tables": tables,
        "said": {row["part"]: row["sentence"] for row in rows["findings"]},
        "sources": {row["url"]: row["label"].rpartition(", ")[2] for row in published},
        "doubt": next((row for row in use if row["part"] == "doubt"), None),  # which stands beside the figure itself
        "use": [row for row in use if row["part"] != "doubt"],
        "registered": list_registered([row for row in rows["register"] if row["limit"] == limit]),
    }


def render_made(
    folder: Path, record: Mapping[str, Any], notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> str:
    """HTML of the page on how the run was made; arguments as of `render_index`."""
    return render(
        "made.html.j2",
        **shared,
        subject=record["subject"],
        title="Method, data and citation",
        notebooks=notebooks,
        command=_write_command(folder.name, record),
        parameters=[
            (
                name,
                Source.read(value).say() if name == "data" else say_value(value),
                Parameters.model_fields[name].description,
            )
            for name, value in record["parameters"].items()
        ],
        sources=_group_sources(record["sources"]),
        facts=_list_run_facts(record),
    )


def say_value(value: Any) -> str:
    """A parameter's value as a reader wants it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if value != "" else "–"


def _write_command(run: str, record: Mapping[str, Any]) -> str:
    """The command that makes the run of this record again."""
    given, usual = record["parameters"], Parameters().model_dump()
    changed = {name: value for name, value in given.items() if name != "run" and value != usual.get(name, value)}
    words = ["adoption run", run, *(f"-p {name} {write_argument(value)}" for name, value in changed.items())]
    return " ".join(words)


def _group_sources(sources: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Sources by use, then by publisher and licence: one line each."""
    grouped: dict[str, list[dict[str, Any]]] = {"series": [], "compared": [], "reference": []}

    def key(item: dict[str, Any]) -> tuple[str, str, str]:
        return item["use"], item["publisher"], item["licence"]

    for (use, publisher, licence), items in groupby(sorted(sources, key=key), key):
        found = list(items)
        titles = [item["title"] for item in found]
        what = "; ".join(titles) if len(titles) <= 3 else f"{titles[0]} and {len(titles) - 1} more"
        shown = {"url": _keep_address(found[0]["url"]), "day": found[-1].get("accessed", "")}
        grouped[use].append({"publisher": publisher, "licence": licence, "what": what, **shown})
    return grouped if sources else {}


def _keep_address(text: str, *others: str) -> str:
    """An address that a page may link to, of the web or of one of the schemes in `others`; "" for anything else."""
    return text if text.startswith(("https://", "http://", *others)) else ""


def _list_run_facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Commit or why there is none, versions, and hashes of the data, as pairs."""
    if record["git"]:
        commit = record["git"]["commit"] + (" with changes" if record["git"]["changed"] else "")
    else:
        commit = f"none: {record['no_git']}"
    facts = [("commit", commit), *record["versions"].items()]
    return facts + [(f"sha256 of {name}", digest) for name, digest in record["data"]["files"].items()]
