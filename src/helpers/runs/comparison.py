"""Finished runs side by side: a table of all that differs, a figure of their forecasts, and a page."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.files import hash_file, write_file
from ..base.folders import claim_folder, follow_link, lock_folder, recover, swap_in
from ..base.project import RECORD, RunError, find_outputs, shorten_path
from ..base.quoting import clean
from ..show.figures import comparisons
from ..show.figures.comparisons import Forecast
from ..show.figures.images import draw_images
from ..show.figures.style import DOTS_PER_INCH
from .notebook import restore_text, write_csv
from .pages.exhibits import embed_content
from .pages.frame import render
from .pages.index import find_table, set_reading, set_value
from .parameters import ParameterError
from .record import SEE, find_run, hide_place, load_record

FILES = {"index.html", "comparison.csv", "comparison.png", "comparison.svg", "comparison.pdf"}
SOURCE = "Source: the runs' tables of forecasts and key numbers; each run's pages name the publishers of its data"
TABLES = {  # the columns that a comparison needs; only the first table must be there
    "key_numbers": ["key", "label", "value", "low", "high", "unit", "text"],
    "forecast": ["date", "method", "q0.1", "q0.5", "q0.9", "unit"],
    "observations": ["date", "value"],
}
KINDS: dict[str, Callable[[pd.Series], pd.Series]] = {  # of columns that aren't numbers
    **dict.fromkeys(("key", "label", "unit", "text", "method"), pd.Series.copy),
    "date": pd.to_datetime,
}
to_numbers = partial(pd.to_numeric, errors="coerce")
PARTS = {  # of a comparison: address and heading on the page
    "parameter": ("parameters", "Parameters that differ"),
    "key number": ("numbers", "Key numbers"),
    "forecast": ("forecasts", "Forecasts by date"),
}
NEEDED = ("parameter", "key number")


# ---- finished runs ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FinishedRun:
    """What one finished run says.

    Attributes
    ----------
    name : str
        As it was asked for: ``RUN``, or ``SWEEP/RUN``.
    folder : Path
    record : mapping
        Content of ``run.json``.
    parameters : mapping
        The run's parameters, but its name.
    subject : tuple of str
        Title and unit of the indicator: runs that share them may be drawn on one axis.
    numbers : DataFrame
        Key numbers by key: label, value, low, high, unit, text.
    forecast : Forecast
        Of the combined method.
    edited : tuple of str
        Tables that aren't as the run's record says.
    """

    name: str
    folder: Path
    record: Mapping[str, Any]
    parameters: Mapping[str, Any]
    subject: tuple[str, str]
    numbers: pd.DataFrame
    forecast: Forecast
    edited: tuple[str, ...]


def read_finished(name: str, folder: Path) -> FinishedRun:
    """Read a finished run.

    Raises
    ------
    RunError
        If it isn't there, isn't finished, or can't be read; the message says what to do.
    """
    record = _read_record(name, folder)
    written = {table: entry for each in record["notebooks"].values() for table, entry in each["tables"].items()}
    tables, edited = {}, []
    for part, columns in TABLES.items():
        table = find_table(record, part)
        path = folder / "tables" / f"{table or part}.csv"
        if table or part == "key_numbers":
            tables[part] = _read_table(name, path, columns)
            edited += [table] if table and hash_file(path) != written[table]["sha256"] else []
        else:
            tables[part] = pd.DataFrame(columns=columns)
    parameters = {key: value for key, value in record["parameters"].items() if key != "run"}
    told = record.get("subject", {})
    subject = str(told.get("title", parameters.get("indicator", ""))), str(told.get("unit", ""))
    forecast, observed = tables["forecast"], tables["observations"].dropna()
    combined = forecast[forecast["method"] == "combined"].sort_values("date").reset_index(drop=True)
    combined = combined.rename(columns={"q0.1": "low", "q0.5": "median", "q0.9": "high"})
    return FinishedRun(
        name,
        folder,
        record,
        parameters,
        subject,
        tables["key_numbers"].drop_duplicates("key").set_index("key"),
        Forecast(name, subject, combined, observed.set_index("date")["value"].sort_index()),
        tuple(edited),
    )


def _read_record(name: str, folder: Path) -> dict[str, Any]:
    again = f"adoption run {name}" if "/" not in name else f"the sweep {name.split('/', maxsplit=1)[0]} again"
    if (folder / "sweep.json").exists():
        raise RunError(f"'{name}' is a sweep, not a run. Name its runs: {name}/RUN")
    try:
        return load_record(folder / RECORD)
    except FileNotFoundError as error:
        begun = folder.is_dir() or (folder.parent / f"{folder.name}.partial").is_dir()
        state = f"Run '{name}' isn't finished" if begun else f"There is no run '{name}'"
        raise RunError(f"{state}. Make it with: {again} ({SEE})") from error
    except (OSError, ValueError) as error:
        raise RunError(f"run.json of run '{name}' can't be read. Make the run again: {again}") from error


def _read_table(name: str, path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The columns as texts, numbers, dates and truths, whatever else they hold."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        missing = [column for column in columns if column not in frame]
        if missing:
            raise ValueError(f"it has no column {missing[0]}")
        kinds = {column: KINDS.get(column, to_numbers) for column in columns}
        return pd.DataFrame(
            {column: kind(frame[column].map(restore_text).map(clean)) for column, kind in kinds.items()}
        )
    except FileNotFoundError as error:
        raise RunError(f"Run '{name}' isn't whole: it has no table {path.stem}. Make it again.") from error
    except (OSError, ValueError) as error:  # pandas' own errors are of the latter kind
        problem = " ".join(str(error).split())
        raise RunError(f"Table {path.stem} of run '{name}' can't be read ({problem}). Make the run again.") from error


# ---- the comparison -----------------------------------------------------------------------------------------------


def compare_runs(names: Sequence[str], into: Path | None = None) -> Path:
    """Compare finished runs, and write ``comparison.csv``, a figure and ``index.html``, whole or not at all.

    Parameters
    ----------
    names : sequence of str
        Two runs or more, each ``RUN`` or ``SWEEP/RUN``.
    into : Path, optional
        Folder to write to; by default ``outputs/compare-<names>``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ParameterError
        If fewer than two runs are named, or one twice.
    RunError
        If a run isn't finished or can't be read, or the folder holds something else than a comparison.
    """
    names = [name.strip("/") for name in names]
    folders = {name: find_run(name) for name in names}
    if len(names) < 2:
        raise ParameterError("a comparison needs two runs or more, as in: adoption compare baseline other")
    if len(folders) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ParameterError(f"run '{twice}' is named twice; name each run once")
    runs = [read_finished(name, folder) for name, folder in folders.items()]
    final = into or find_outputs() / name_comparison(names)
    with lock_folder(final, "comparison"):
        recover(final)
        if final.exists() and not (final.is_dir() and {path.name for path in final.iterdir()} <= FILES):
            raise RunError(
                f"{shorten_path(final)} exists and doesn't look like a comparison. Move it away, or choose another "
                "folder with --into."
            )
        with claim_folder(follow_link(final).parent, f".{final.name}.new-") as place:
            differences, (images, alt) = list_differences(runs), draw_comparison(runs)
            page = build_page(runs, differences, images.get("png"), alt, final)
            data = {run.parameters["data"] for run in runs}
            write_report(place / final.name, "comparison", differences, images, page, data)
            swap_in(final, place / final.name, list_own, last="index.html")
    return final


def write_report(
    folder: Path, name: str, table: pd.DataFrame, images: Mapping[str, bytes], page: str, data: Iterable[str]
) -> None:
    """Write table, figure and page of several runs, without the paths of their `data` on this machine."""
    write_file(folder / f"{name}.csv", hide_place(write_csv(name, table)[0].decode(), *data).encode())
    for kind in ("png", "svg", "pdf"):
        (folder / f"{name}.{kind}").unlink(missing_ok=True)  # of an earlier time
        if kind in images:
            write_file(folder / f"{name}.{kind}", images[kind])
    write_file(folder / "index.html", hide_place(page, *data).encode())


def name_comparison(names: Sequence[str]) -> str:
    """Name of the folder for a comparison of these runs, at most 64 characters."""
    name = "compare-" + "-".join(names).replace("/", "-")
    return name if len(name) <= 64 else f"{name[:55]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def list_own(*_: Path) -> set[str]:
    """The files of a comparison."""
    return FILES


def list_differences(runs: Sequence[FinishedRun]) -> pd.DataFrame:
    """Everything that can be compared, a row for each item and run.

    Returns
    -------
    DataFrame
        part (``parameter``, ``key number``, ``forecast``), item, label, run, value, low, high, unit,
        text, and differs (whether the item isn't the same in all runs). Bands of forecasts are of 80 %, those of key
        numbers of the level that their text says.
    """
    columns = ["part", "item", "label", "run", "value", "low", "high", "unit", "text"]
    rows = [(part, item, label, run.name, *told) for run in runs for part, item, label, *told in _list_items(run)]
    table = pd.DataFrame(rows, columns=columns)
    items = table.groupby(["part", "item"], sort=False)
    told = table[["label", *columns[4:]]].astype(object).where(lambda cell: cell.notna(), "").apply(tuple, axis=1)
    several = told.groupby(items.ngroup()).transform("nunique") > 1
    table["differs"] = several | (items["run"].transform("size") < len(runs))
    part, item = table["part"].map(["parameter", "key number", "forecast"].index), items.ngroup()
    date = table["item"].where(table["part"] == "forecast", "")  # runs forecast different dates
    return table.iloc[np.lexsort((item, date, part))]


def _list_items(run: FinishedRun) -> Iterator[tuple[Any, ...]]:
    """What one run says: part, item, label, value, low, high, unit and text."""
    for name, value in run.parameters.items():
        yield "parameter", name, name, np.nan, np.nan, np.nan, "", set_value(value)
    for key, row in run.numbers.iterrows():
        yield "key number", key, *row[["label", "value", "low", "high", "unit", "text"]]
    for _, row in run.forecast.table.iterrows():
        yield "forecast", f"{row.date:%Y-%m-%d}", run.subject[0], *row[["median", "low", "high", "unit"]], ""


def list_warnings(runs: Sequence[FinishedRun]) -> list[str]:
    """Sentences about what else differs: versions of the data, of the package or its libraries, edited tables."""
    first, *others = (run.record for run in runs)
    code = [
        (each["helpers"], each["versions"], {name: entry["source"] for name, entry in each["notebooks"].items()})
        for each in (first, *others)
    ]
    doubts = []
    if any(each["data"]["path"] != first["data"]["path"] for each in others):
        doubts.append("The runs are of different data: see the parameter data.")
    elif any(each["data"]["files"] != first["data"]["files"] for each in others):
        doubts.append(
            "The runs were made from different versions of the data: a difference below may come from a changed "
            "figure, not from a parameter. Make the older run again to tell."
        )
    if any(each != code[0] for each in code):
        doubts.append(
            "The runs were made with different versions of the notebooks, the helpers or the libraries: make the older "
            "run again to compare parameters alone."
        )
    edited = [run for run in runs if run.edited]
    return doubts + [f"In run {run.name}, {' and '.join(run.edited)} changed after the run was made." for run in edited]


def draw_comparison(runs: Sequence[FinishedRun]) -> tuple[dict[str, bytes], str]:
    """The files of the figure by kind, and what it says: over time for a few runs, at one date for many.

    Nothing where no run has a forecast.
    """
    forecasts = [run.forecast for run in runs if len(run.forecast.table)]
    if not forecasts:
        return {}, ""
    title, few = comparisons.say_forecasts(forecasts), comparisons.fit_lines(forecasts)
    draw = comparisons.draw_forecasts if few else comparisons.draw_runs
    alt = f"Forecasts of {', '.join(each.name for each in forecasts)}. {title}."
    return dict(draw_images(draw(forecasts, title, SOURCE), alt)), alt


# ---- its page -----------------------------------------------------------------------------------------------------


def build_page(
    runs: Sequence[FinishedRun], differences: pd.DataFrame, image: bytes | None, alt: str, folder: Path
) -> str:
    """HTML of the comparison that will stand in `folder`; everything that comes from the runs is escaped.

    Parameters
    ----------
    runs : sequence of FinishedRun
    differences : DataFrame
        From `list_differences`.
    image : bytes or None
        PNG of the figure, whose alternative text is `alt`.
    alt : str
    folder : Path

    Returns
    -------
    str
    """
    names, units = [run.name for run in runs], sorted({run.subject[1] for run in runs})
    shown = differences[~differences["item"].str.match("forecast_")]  # they have a table of their own
    rows = {part: list_rows(shown[shown["part"] == part], names, len(units) > 1) for part in PARTS}
    sections = [(address, heading) for part, (address, heading) in PARTS.items() if rows[part] or part in NEEDED]
    subjects = [(*run.subject[:1], str(run.parameters.get("entity", "")), *run.subject[1:]) for run in runs]
    return render(
        "compare.html.j2",
        title="Comparison",
        run=" and ".join(names) if len(names) < 4 else f"{len(names)} runs",
        sections=[*sections, ("made", "How this was made")],
        names=names,
        runs=[
            (run.name, link_run(run, folder), ", ".join(filter(None, subject)))
            for run, subject in zip(runs, subjects, strict=True)
        ],
        finding=comparisons.say_each_median([run.forecast for run in runs if len(run.forecast.table)]),
        alt=alt,
        notices=list_warnings(runs),
        picture=embed_figure(image),
        rows=rows,
        units=units,
    )


def link_run(run: FinishedRun, folder: Path) -> str:
    """Address of the run's page as seen from `folder`; none when they don't lie beside each other."""
    page = run.folder / "html" / "index.html"
    outputs = run.folder.parents[run.name.count("/")]
    near = folder.parent == outputs or folder.is_relative_to(outputs)
    return Path(os.path.relpath(page, folder)).as_posix() if near and page.exists() else ""


def embed_figure(image: bytes | None) -> dict[str, Any] | None:
    """The PNG of a figure within the page, and its width on the screen."""
    if image is None:
        return None
    width = round(int.from_bytes(image[16:20], "big") / DOTS_PER_INCH * 96)
    return {"source": embed_content(image), "width": width}


def list_rows(differences: pd.DataFrame, names: Sequence[str], with_unit: bool) -> list[dict[str, Any]]:
    """Items of one part with a cell for each run, and in the cell the item's label where the runs differ in it."""
    rows = []
    for item, entries in differences.groupby("item", sort=False):
        part, labels = entries["part"].iloc[0], list(dict.fromkeys(entries["label"]))
        found = entries.set_index("run").to_dict("index")
        own = part == "key number" and len(labels) > 1
        cells = dict.fromkeys(names, ("–", ""))
        for name, entry in found.items():
            cells[name] = read_cell(entry, with_unit or part == "key number"), entry["label"] if own else ""
        title = item if part == "forecast" else share_words(labels) or item.replace("_", " ").capitalize()
        rows.append({"title": title, "cells": list(cells.values()), "differs": bool(entries["differs"].any())})
    return rows


def share_words(labels: Sequence[str]) -> str:
    """The words that all labels begin with.

    >>> share_words(["Growth from May to June", "Growth from May to July"])
    'Growth from May to'
    """
    places = zip(*(label.split() for label in labels), strict=False)
    return " ".join(words[0] for words in takewhile(lambda words: len(set(words)) == 1, places)).rstrip(",")


def read_cell(entry: Mapping[str, Any], with_unit: bool = True) -> str:
    """Value, unit and interval as a reader wants them; the run's own words where there is no value."""
    unit = "%" if entry["unit"] == "percent" else entry["unit"]
    reading = set_reading(entry, unit if with_unit else "")
    return reading if pd.notna(entry["value"]) else entry["text"] or "–"
