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
from ...say.glossary import GLOSSARY, join_rows
from ..manifest import Manifest, locate
from ..parameters import Parameters, write_argument
from ..table_files import read_rows
from .charts import render_chart
from .citation import read_citation
from .embeds import embed_file, embed_image, list_pictures
from .frame import render

_ROWS = ("key_numbers", "page")
"""Tables with rows of the page, after the number of their notebook: 06_key_numbers, 07_page."""


def render_index(
    folder: Path, record: Manifest, notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> str:
    """HTML of the index of the run in `folder`; everything that comes from the run is escaped.

    `notebooks` describes each notebook's page, what it wrote included; `shared` is what all pages of the run are given.
    """
    names = [name for name in sorted(record.tables) if name.partition("_")[2] in _ROWS]
    rows = _read_rows(folder, names)
    figures = {figure["name"]: figure for page in notebooks for figure in page["figures"]}
    series = [record.subject.get("title", record.parameters["indicator"]), record.parameters["entity"]]
    authors, _, _, contact = read_citation(record)
    texts, cautions = {row["key"]: row for row in rows[""]}, [row for row in rows[""] if row["key"] == "do_not_quote"]
    groups = {group: listed for group, listed in rows.items() if group}
    shown = {row["key"] for listed in groups.values() for row in listed}
    return render(
        "index.html.j2",
        **shared,
        subject=record.subject,
        title=texts["headline"]["text"] if texts else ": ".join(part for part in series if part != UNNAMED),
        texts=texts,
        cautions=cautions,
        groups=groups,
        glossary=[entry for key, entry in GLOSSARY.items() if key in shown],
        tables=names,
        made=say_day(pd.Timestamp(record.made)),
        as_of=record.parameters.get("as_of"),
        authors=authors,
        contact=_keep_address(contact, "mailto:"),
        figure=figures.get(record.main_figure),
        data=list_pictures(record.written, record.main_figure or "").get("data"),
        embed=lambda name, width=None: embed_image(locate(folder, f"figures/{name}.png"), width),
        render_chart=partial(render_chart, folder),
        link=partial(embed_file, folder, record.written),
        notebooks=notebooks,
    )


def _read_rows(folder: Path, names: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    """Rows of the page by group, from the tables of these names; headline and quotation are in the group ""."""
    tables = [pd.DataFrame(read_rows(locate(folder, f"tables/{name}.csv"))) for name in names]
    rows = join_rows(tables).to_dict("records") if tables else []
    grouped: dict[str, list[dict[str, str]]] = {"": []}
    for row in rows:
        grouped.setdefault(row["group"], []).append({**row, "url": _keep_address(row["url"])})
    return grouped


def render_made(
    folder: Path, record: Manifest, notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> str:
    """HTML of the page on how the run was made; arguments as of `render_index`."""
    return render(
        "made.html.j2",
        **shared,
        subject=record.subject,
        title="Method, data and citation",
        notebooks=notebooks,
        command=_write_command(folder.name, record),
        parameters=[
            (
                name,
                Source.read(value).say() if name == "data" else say_value(value),
                Parameters.model_fields[name].description,
            )
            for name, value in record.parameters.items()
        ],
        sources=_group_sources(record.sources),
        facts=_list_run_facts(record),
    )


def say_value(value: Any) -> str:
    """A parameter's value as a reader wants it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if value != "" else "–"


def _write_command(run: str, record: Manifest) -> str:
    """The command that makes the run of this record again."""
    given, usual = record.parameters, Parameters().model_dump()
    changed = {name: value for name, value in given.items() if name != "run" and value != usual.get(name, value)}
    words = ["adoption run", run, *(f"-p {name} {write_argument(value)}" for name, value in changed.items())]
    return " ".join([*words, *(["--pdf"] if record.pdf else [])])


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


def _list_run_facts(record: Manifest) -> list[tuple[str, str]]:
    """Commit or why there is none, versions, and hashes of the data, as pairs."""
    if record.git:
        commit = record.git.commit + (" with changes" if record.git.changed else "")
    else:
        commit = f"none: {record.no_git}"
    facts = [("commit", commit), *record.versions.items()]
    return facts + [(f"sha256 of {name}", digest) for name, digest in record.data.files.items()]
