"""The page that a reader opens first, and the page on how the run was made."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from ...base.columns import UNNAMED
from ...base.words import say_day
from ...say.on_record import list_registered
from ..parameters import Parameters, write_argument
from ..record import Entry, Record, locate
from ..table_files import read_rows
from .charts import set_chart
from .citation import read_citation
from .embeds import list_forms
from .exhibits import embed_files, embed_image
from .frame import render

THUMBNAIL = 510  # pixels of width, shown at 340
HEADINGS = {
    "now": "Now",
    "speed": "How fast",
    "forecast": "Where to, and how sure",
    "caution": "What could be wrong",
}
"""Headings of the paragraphs, by the parts of the table of findings."""


def build_index(folder: Path, record: Record, notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> str:
    """HTML of the index of the run in `folder`; everything that comes from the run is escaped.

    `notebooks` are as `describe_notebook` has them, `shared` is what all pages of the run are given.
    """
    written = record.written
    figures = {figure["name"]: figure for page in notebooks for figure in page["figures"]}
    tables = {part: find_table(record.tables, part) for part in ("findings", "key_numbers", "register")}
    rows = {part: read_rows(locate(folder, f"tables/{name}.csv")) for part, name in tables.items()}
    said = {row["part"]: row["sentence"] for row in rows["findings"]}
    limit = record.parameters.get("bound") or "none"  # a forecast under another limit would contradict the page's
    registered = list_registered([row for row in rows["register"] if row["bound"] == limit])
    numbers = list_numbers(rows["key_numbers"])
    authors, _, _, contact = read_citation(record)
    page = render(
        "index.html.j2",
        **shared,
        title=said.get("headline") or name_series(record),
        said=said,
        paragraphs=[(title, said[part]) for part, title in HEADINGS.items() if part in said],
        sections=list_sections({"finding": said, "quote": "quote" in said, "numbers": numbers, "register": registered}),
        made=say_day(pd.Timestamp(record.made)),
        as_of=say_as_of(record.parameters.get("as_of")),
        authors=authors,
        contact=keep_address(contact, "mailto:"),
        expected=record.subject.get("next", ""),
        reading=record.subject.get("reading", "").splitlines(),
        figure=figures.get(record.main_figure),
        embed=lambda name: embed_image(locate(folder, f"figures/{name}.png")),
        set_chart=partial(set_chart, folder),
        list_data=lambda name: {form: path for form, path in list_forms(written, name).items() if form == "data"},
        numbers=numbers,
        registered=registered,
        unit=record.subject.get("unit", ""),
        tables=tables,
        notebooks=notebooks,
    )
    return embed_files(page, folder, written)


def name_series(record: Record) -> str:
    """Title and entity of the series of a run."""
    heading = [record.subject.get("title", record.parameters["indicator"]), record.parameters["entity"]]
    return ": ".join(part for part in heading if part != UNNAMED)


def list_sections(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Address and title of each section of the index, of `parts` those that hold something."""
    titles = {"finding": "The finding", "quote": "What may be quoted", "numbers": "Key numbers"}
    titles |= {"register": "Registered forecasts"}
    there = [(part, title) for part, title in titles.items() if parts[part]]
    return [*there, ("notebooks", "The notebooks"), ("cite", "How to cite it")]


def say_as_of(given: Any) -> str:
    """The parameter `as_of` in words; "" for none, and for what is no day in a stranger's record."""
    day = pd.to_datetime(given or None, errors="coerce")
    return "" if pd.isna(day) else say_day(day)


def build_made(folder: Path, record: Record, notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> str:
    """HTML of the page on how the run was made; arguments as of `build_index`."""
    sources = group_sources(record.sources)
    parts = {"parameters": "Parameters", "files": "Figures and tables"}
    parts |= {"sources": "Data and their licences"} if sources else {}
    return render(
        "made.html.j2",
        **shared,
        title="How this was made",
        sections=[*parts.items(), ("versions", "Versions and hashes")],
        counted=record.subject.get("counted", ""),
        notebooks=notebooks,
        command=write_command(folder.name, record),
        parameters=[(name, set_value(value), describe_parameter(name)) for name, value in record.parameters.items()],
        sources=sources,
        facts=list_facts(record),
    )


def list_numbers(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Key numbers as a reader wants them: label, reading, address."""
    return [
        {
            "label": row["label"],
            "reading": row["text"] or set_reading(row, row["unit"]),
            "url": keep_address(row.get("url", "")),
        }
        for row in rows
    ]


def find_table(names: Iterable[str], part: str) -> str:
    """Full name of the last table of `names` that is called `part` after its number; "" if there is none."""
    return max((name for name in names if name.partition("_")[2] == part), default="")


def describe_notebook(folder: Path, page: Mapping[str, str], written: Entry) -> dict[str, Any]:
    """A notebook's page with what the notebook wrote: its figures, small, and its tables."""
    figures = []
    for name, entry in sorted(written.figures.items()):
        source = embed_image(locate(folder, f"figures/{name}.png"), THUMBNAIL)
        figures.append({"name": name, **entry.model_dump(), "source": source})
    tables = sorted((name, each.rows) for name, each in written.tables.items())
    return {**page, "figures": figures, "tables": tables}


def set_reading(row: Mapping[str, Any], unit: str) -> str:
    """Value, unit and interval of a row with value, low and high, as a reader wants them."""
    value, low, high = (format_number(str(row[name])) for name in ("value", "low", "high"))
    return " ".join(filter(None, (value, unit if value else "", f"({low} to {high})" if low and high else "")))


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


def describe_parameter(name: str) -> str:
    """What a parameter means; "" for one that isn't known any more."""
    return (Parameters.model_fields[name].description or "") if name in Parameters.model_fields else ""


def set_value(value: Any) -> str:
    """A parameter's value as a reader wants it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if value != "" else "–"


def write_command(run: str, record: Record) -> str:
    """The command that makes the run of this record again."""
    given, usual = record.parameters, Parameters().model_dump()
    changed = {name: value for name, value in given.items() if name != "run" and value != usual.get(name, value)}
    words = ["adoption run", run, *(f"-p {name} {write_argument(value)}" for name, value in changed.items())]
    return " ".join([*words, *(["--pdf"] if record.pdf else [])])


def group_sources(sources: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Sources by use, then by publisher and licence: one line each."""
    grouped: dict[str, list[dict[str, Any]]] = {"series": [], "compared": [], "reference": []}

    def key(item: dict[str, Any]) -> tuple[str, str, str]:
        return item["use"], item["publisher"], item["licence"]

    for (use, publisher, licence), items in groupby(sorted(sources, key=key), key):
        found = list(items)
        titles = [item["title"] for item in found]
        what = "; ".join(titles) if len(titles) <= 3 else f"{titles[0]} and {len(titles) - 1} more"
        url = keep_address(found[0]["url"])
        grouped[use].append({"publisher": publisher, "licence": licence, "what": what, "url": url})
    return grouped if sources else {}


def keep_address(text: str, *others: str) -> str:
    """An address that a page may link to, of the web or of one of the schemes in `others`; "" for anything else."""
    return text if text.startswith(("https://", "http://", *others)) else ""


def list_facts(record: Record) -> list[tuple[str, str]]:
    """Commit or why there is none, versions, and hashes of the data, as pairs."""
    commit = record.git
    facts = [("commit", commit.commit + (" with changes" if commit.changed else ""))] if commit else []
    facts += [("commit", f"none: {record.no_git}")] if record.no_git else []
    facts += list(record.versions.items())
    return facts + [(f"sha256 of {name}", digest) for name, digest in record.data.files.items()]
