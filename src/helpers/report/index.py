"""The page that a reader opens first: the finding, the main figure, key numbers, limits, and the way to everything."""

from __future__ import annotations

import csv
import json
import math
from itertools import groupby
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters
from helpers.report.exhibits import embed_image, embed_tables
from helpers.report.frame import render
from helpers.run import read_records, restore_text, write_argument

THUMBNAIL = 480  # pixels of width, shown at half of that
SECTIONS = (
    ("finding", "The finding"),
    ("numbers", "Key numbers"),
    ("limits", "How far to trust this"),
    ("notebooks", "The notebooks, their figures and tables"),
    ("made", "How this was made"),
)


def build_index(folder: Path, notebooks: list[dict[str, Any]]) -> str:
    """HTML of the index of the run in `folder`; everything that comes from the run is escaped.

    `notebooks` are as `describe_notebook` has them.
    """
    record = _read_run(folder)
    records = read_records(folder)
    parameters = record.get("parameters") or merge_parameters(records)
    subject = record.get("subject", {})
    figures = {name: entry for each in records.values() for name, entry in each["figures"].items()}
    what, entity = subject.get("title", parameters.get("indicator", "Run")), parameters.get("entity", folder.name)
    numbers, statements = read_rows(folder, "06_key_numbers"), read_rows(folder, "06_statements")
    empty = {name for name, rows in (("numbers", numbers), ("limits", statements)) if not rows}
    page = render(
        "index.html.j2",
        run=folder.name,
        title=f"{what}: {entity}",
        heading=(what, entity),
        sections=[(address, heading) for address, heading in SECTIONS if address not in empty],
        counted=subject.get("counted", ""),
        findings=[row["sentence"] for row in read_rows(folder, "06_findings")],
        figure=read_figure(folder, record.get("main_figure") or choose_figure(figures), figures),
        numbers=[set_number(row) for row in numbers],
        statements=statements,
        notebooks=notebooks,
        command=write_command(folder.name, parameters),
        parameters=describe_parameters(parameters),
        sources=group_sources(record.get("sources", [])),
        versions=list_facts(record),
    )
    return embed_tables(page, folder / "tables")


def describe_notebook(folder: Path, page: dict[str, str]) -> dict[str, Any]:
    """A notebook's page with what the notebook wrote: its figures, small, and its tables."""
    record = read_records(folder).get(page["name"], {"figures": {}, "tables": {}})
    figures = [
        {"name": name, **entry, "source": embed_image(folder / "figures" / f"{name}.png", THUMBNAIL)}
        for name, entry in sorted(record["figures"].items())
    ]
    tables = [{"name": name, **entry} for name, entry in sorted(record["tables"].items())]
    return {**page, "figures": figures, "tables": tables}


def _read_run(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def merge_parameters(records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Parameters as the notebooks' records have them, for a run that was made by hand."""
    return {name: value for record in records.values() for name, value in record["parameters"].items()}


def read_rows(folder: Path, table: str) -> list[dict[str, str]]:
    """Rows of a table of the run, all cells as text; none if the run has no such table."""
    path = folder / "tables" / f"{table}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: restore_text(text) for name, text in row.items()} for row in csv.DictReader(file)]


def choose_figure(figures: dict[str, dict[str, Any]]) -> str | None:
    """Name of the main figure: the first forecast."""
    return min((name for name in figures if name.startswith("05_forecast")), default=None)


def read_figure(folder: Path, name: str | None, figures: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The figure `name` with its image within the page."""
    if name not in figures:
        return None
    return {"name": name, **figures[name], "source": embed_image(folder / "figures" / f"{name}.png")}


def set_number(row: dict[str, str]) -> dict[str, str]:
    """Label and reading of a key number: the words that the notebook gave it, or its value, unit and interval."""
    low, high = format_number(row["low"]), format_number(row["high"])
    interval = f"({low} to {high})" if low and high else ""
    reading = row["text"] or " ".join(filter(None, (format_number(row["value"]), row["unit"], interval)))
    return {"label": row["label"], "reading": reading}


def format_number(text: str) -> str:
    """A number of a table with the digits that a reader needs; other text as it is."""
    try:
        number = float(text)
    except ValueError:
        return text
    if math.isinf(number):
        return "no limit"
    if math.isnan(number):
        return ""
    digits = 0 if abs(number) >= 100 or number == int(number) else 1 if abs(number) >= 10 else 2
    return f"{number:,.{digits}f}".replace("-", "−")


def describe_parameters(parameters: dict[str, Any]) -> list[dict[str, str]]:
    """Name, value and meaning of each parameter."""
    fields = Parameters.model_fields
    return [
        {"name": name, "value": set_value(value), "meaning": (fields[name].description or "") if name in fields else ""}
        for name, value in parameters.items()
    ]


def set_value(value: Any) -> str:
    """A parameter's value as a reader wants it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if value != "" else "–"


def write_command(run: str, parameters: dict[str, Any]) -> str:
    """The command that makes this run again."""
    usual = Parameters().model_dump()
    changed = {name: value for name, value in parameters.items() if name != "run" and value != usual.get(name, value)}
    return " ".join(["adoption run", run, *(f"-p {name} {write_argument(value)}" for name, value in changed.items())])


def group_sources(sources: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Sources by use, then by publisher and licence: one line each."""
    grouped: dict[str, list[dict[str, Any]]] = {"series": [], "reference": []}

    def key(item: dict[str, Any]) -> tuple[str, str, str]:
        return item["use"], item["publisher"], item["licence"]

    for (use, publisher, licence), items in groupby(sorted(sources, key=key), key):
        found = list(items)
        titles = [item["title"] for item in found]
        what = "; ".join(titles) if len(titles) <= 3 else f"{titles[0]} and {len(titles) - 1} more"
        url = found[0]["url"] if found[0]["url"].startswith(("https://", "http://")) else ""
        grouped[use].append({"publisher": publisher, "licence": licence, "what": what, "url": url})
    return grouped if sources else {}


def list_facts(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Commit, versions and hashes of the data, as pairs."""
    commit = record.get("git")
    facts = []
    if commit:
        facts.append(("commit", commit["commit"] + (" with changes" if commit["changed"] else "")))
    facts += list(record.get("versions", {}).items())
    return facts + [(f"sha256 of {name}", digest) for name, digest in record.get("data", {}).get("files", {}).items()]
