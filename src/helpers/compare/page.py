"""The page of a comparison: the point, the figure, and tables with a column a run."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.compare.differences import describe_origins, write_value
from helpers.compare.reading import FinishedRun
from helpers.figures.comparisons import Forecast, say_forecasts, say_medians_of
from helpers.report import format_number, render

SECTIONS = [
    ("parameters", "Parameters that differ"),
    ("numbers", "Key numbers"),
    ("ceilings", "Do the data identify the ceiling?"),
    ("forecasts", "Forecasts by date"),
    ("made", "How this was made"),
]


def build_page(
    runs: Sequence[FinishedRun],
    differences: pd.DataFrame,
    forecasts: Sequence[Forecast],
    image: bytes | None,
    folder: Path,
) -> str:
    """HTML of the comparison that will stand in `folder`; everything that comes from the runs is escaped.

    Parameters
    ----------
    runs : sequence of FinishedRun
    differences : DataFrame
        From `helpers.compare.differences.list_differences`.
    forecasts : sequence of Forecast
        What the figure draws.
    image : bytes or None
        PNG of the figure.
    folder : Path
    """
    names, units = [run.name for run in runs], sorted({run.subject[1] for run in runs})
    own = differences[~differences["item"].str.match("forecast_|ceiling_")]  # they have tables of their own
    return render(
        "page.html.j2",
        Path(__file__).parent,
        run=" and ".join(names) if len(names) < 4 else f"{len(names)} runs",
        sections=SECTIONS,
        names=names,
        runs=[{"name": run.name, "href": link_run(run, folder), "subject": describe(run)} for run in runs],
        finding=say_medians_of(forecasts) if forecasts else "",
        title="Comparison",
        caption=say_forecasts(forecasts) if forecasts else "",
        notices=describe_origins(runs),
        picture=embed(image),
        changed=[row for row in list_parameters(runs) if row["differs"]],
        same=[row for row in list_parameters(runs) if not row["differs"]],
        numbers=list_rows(own, "key number", names),
        forecasts=list_rows(own, "forecast", names, len(units) > 1),
        ceilings=list_rows(own, "ceiling", names, len(units) > 1),
        units=units,
    )


def describe(run: FinishedRun) -> str:
    """Who and what, in a few words."""
    title, unit = run.subject
    return ", ".join(filter(None, [title, str(run.parameters.get("entity", "")), unit]))


def link_run(run: FinishedRun, folder: Path) -> str:
    """Address of the run's page as seen from `folder`; none when they don't lie beside each other."""
    page = run.folder / "html" / "index.html"
    outputs = run.folder.parents[run.name.count("/")]
    near = folder.parent == outputs or folder.is_relative_to(outputs)
    return Path(os.path.relpath(page, folder)).as_posix() if near and page.exists() else ""


def embed(image: bytes | None) -> dict[str, Any] | None:
    """The image within the page, and its width on the screen."""
    if image is None:
        return None
    width = round(int.from_bytes(image[16:20], "big") / 200 * 96)
    return {"source": f"data:image/png;base64,{b64encode(image).decode()}", "width": width}


def list_parameters(runs: Sequence[FinishedRun]) -> list[dict[str, Any]]:
    """Parameters with a cell for each run."""
    rows = []
    for name in dict.fromkeys(name for run in runs for name in run.parameters):
        cells = [write_value(run.parameters[name]) if name in run.parameters else "–" for run in runs]
        rows.append({"name": name, "cells": cells, "differs": len(set(cells)) > 1})
    return rows


def list_rows(
    differences: pd.DataFrame, part: str, names: Sequence[str], with_unit: bool = True
) -> list[dict[str, Any]]:
    """Items of one part with a cell for each run, and in the cell the item's label where the runs differ in it."""
    rows = []
    for item, entries in differences[differences["part"] == part].groupby("item", sort=False):
        labels, found = list(dict.fromkeys(entries["label"])), entries.set_index("run").to_dict("index")
        own = part == "key number" and len(labels) > 1
        cells = [
            {
                "reading": read_cell(found.get(name), with_unit),
                "label": found[name]["label"] if own and name in found else "",
            }
            for name in names
        ]
        title = item if part == "forecast" else share_words(labels) or item.replace("_", " ").capitalize()
        rows.append({"title": title, "cells": cells, "differs": bool(entries["differs"].any())})
    return rows


def share_words(labels: Sequence[str]) -> str:
    """The words that all labels begin with.

    >>> share_words(["Growth from May to June", "Growth from May to July"])
    'Growth from May to'
    """
    places = zip(*(label.split() for label in labels), strict=False)
    return " ".join(words[0] for words in takewhile(lambda words: len(set(words)) == 1, places)).rstrip(",")


def read_cell(entry: dict[str, Any] | None, with_unit: bool = True) -> str:
    """Value, unit and interval as a reader wants them; the run's own words where there is no value."""
    if entry is None:
        return "–"
    low, high = (format_number(str(entry[name])) for name in ("low", "high"))
    interval = f"({low} to {high})" if low and high else ""
    value = format_number(str(entry["value"]))
    unit = "%" if entry["unit"] == "percent" else entry["unit"]
    reading = " ".join(filter(None, [value, unit if with_unit else "", interval])) if value else interval
    if entry["part"] == "ceiling":
        return f"{entry['text']}: {reading}"
    return reading if value else entry["text"] or "–"
