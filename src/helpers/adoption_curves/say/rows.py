"""The fact sheet: a function for each kind of row, which reads tables and names the cells of its numbers.

No row depends on another, and each reads one table of the run beside the values and the forecast; only the saturation
level is set beside the median. Numbers stand in the text and in what it is of; the note is in the words of the data.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources

import numpy as np
import pandas as pd

from ..base.levels import band_columns
from ..base.project import PUBLISHED_MODEL
from ..base.words import lower_first, say, say_count, say_date, say_day, say_figure, say_first, say_percent, say_range
from ..curves.verdict import LEVELS_OFF, NEAR_LIMIT
from .run_tables import RunTables, TableRow


@dataclass(frozen=True)
class Row:
    """A row of the page.

    Attributes
    ----------
    key : str
        Of the glossary, which has its group and label.
    text, of, note, url : str
        The value as text, what it is of, what the data say about it, and its publication.
    value, low, high : float
    cells : str
        Table, row and columns of all numbers: ``05_forecast:8:q0.1,q0.9``; several are separated by spaces.
    """

    key: str
    text: str
    of: str = ""
    note: str = ""
    url: str = ""
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    cells: str = ""


def read_glossary() -> dict[str, dict[str, str]]:
    """Group, label and meaning of each kind of row by key, in the order of the page."""
    text = (resources.files(__package__) / "glossary.csv").read_text(encoding="utf-8")
    return {row["key"]: row for row in csv.DictReader(text.splitlines())}


def name_cells(row: TableRow, *columns: str) -> str:
    """The cells of some columns of a row."""
    return f"{row['place']}:{','.join(columns)}"


# ---- Is it true?


def _list_newest(run: RunTables) -> Iterator[Row]:
    row, names = run.newest, run.names
    said = [names.counted, names.asked.rstrip(".") or names.publisher]
    text, note = f"{run.format_published(row)}{run.base}", ". ".join(filter(None, said))
    yield Row("newest", text, run.format_date(row), note, row["url"], row["value"], cells=name_cells(row, "value"))


def _list_assumed(run: RunTables) -> Iterator[Row]:
    row = run.bound
    if row and np.isfinite(row["read_low"]):
        text, of = say_range(row["read_low"], row["read_high"], run.names.unit), run.format_date(row)
        cells = name_cells(row, "read_low", "read_high")
        yield Row("assumed", text, of, row["reason"], low=row["read_low"], high=row["read_high"], cells=cells)


def _list_exact(run: RunTables) -> Iterator[Row]:
    if run.bound and run.exact:
        row, cells = run.exact[-1], name_cells(run.exact[-1], "value")
        text, of = run.format_published(row), run.format_date(row)
        yield Row("exact", text, of, run.names.publisher, row["url"], row["value"], cells=cells)


def _list_change(run: RunTables) -> Iterator[Row]:
    if start := run.find_start():
        last = run.exact[-1]
        gain, growth = last["value"] - start["value"], "" if run.is_share else f" ({run.format_change(start)})"
        of = f"from {run.format_published(start)} in {run.format_date(start)} to {run.format_published(last)} in "
        cells = f"{name_cells(start, 'value')} {name_cells(last, 'value')}"
        text = f"{run.format_difference(gain)}{growth}"
        yield Row("change", text, of + run.format_date(last), value=gain, cells=cells)


def _list_rate(run: RunTables) -> Iterator[Row]:
    for row in run.exact[-1:]:
        if np.isfinite(row["published_rate"]):
            text = f"{say(row['published_rate'], 'percent')} of the {run.names.base}"
            of, cells = run.format_date(row), name_cells(row, "published_rate")
            yield Row("rate", text, of, "", row["rate_url"], row["published_rate"], cells=cells)


def _list_peak(run: RunTables) -> Iterator[Row]:
    row = max(run.exact, key=lambda each: float(each["value"]), default=None)
    if row and row["value"] > run.exact[-1]["value"]:
        cells = name_cells(row, "value")
        yield Row("peak", run.format_published(row), run.format_date(row), "", row["url"], row["value"], cells=cells)


# ---- How many?


def _list_forecast(run: RunTables) -> Iterator[Row]:
    if run.state:
        yield Row("forecast", "none", note=f"none is quoted, because {run.reason}")
    else:
        of = f"{run.format_date(run.goal)}, {100 * run.level:g}% interval"
        yield _write_interval(run, run.goal, "forecast", of)


def _write_interval(run: RunTables, row: TableRow, key: str, of: str, note: str = "") -> Row:
    """A row of one interval of a forecast with its median."""
    low, high = band_columns(run.level)
    cells, text = name_cells(row, low, high, "q0.5"), say_range(row[low], row[high], run.names.unit)
    return Row(key, text, of, note, "", row["q0.5"], row[low], row[high], cells)


def _list_median(run: RunTables) -> Iterator[Row]:
    if run.state in ("", "no limit"):
        text = say(run.goal["q0.5"], run.names.unit, run.goal["high"])
        cells = name_cells(run.goal, "q0.5")
        yield Row("median", text, run.format_date(run.goal), value=run.goal["q0.5"], cells=cells)


def _list_limit(run: RunTables) -> Iterator[Row]:
    for row in run.list_rows("03_saturation_level"):
        if np.isfinite(row["limit"]) and run.state != "decline":
            share = 100 * row["last"] / row["limit"]
            title = "" if run.names.limit_title[:1].isdigit() else f"{lower_first(run.names.limit_title)}; "
            of = f"{title}{say(row['last'], run.names.unit)} is {say(share, 'percent')} of it" if share > 0 else title
            of = title.removesuffix("; ") if run.is_share else of
            text, cells = say_figure(row["limit"], run.names.unit), name_cells(row, "limit", "last")
            yield Row("limit", text, of, value=row["limit"], cells=cells)


def _list_next(run: RunTables) -> Iterator[Row]:
    rows = [row for row in run.list_rows("06_register") if row["model"] == PUBLISHED_MODEL and pd.isna(row["came"])]
    rows = [] if run.names.as_of else sorted(rows, key=lambda row: (row["target_date"], -row["registered"].value))
    for row in rows[:1]:
        numbers = {"value": row["q0.5"], "low": row["q0.1"], "high": row["q0.9"]}
        of = f"{say_date(row['target_date'])}, 80% interval; median {say(row['q0.5'], '', row['q0.9'])}"
        note = f"Registered on {say_day(row['registered'])}"
        note += f"; publication expected: {run.expected}" if run.expected else ""
        text, cells = say_range(row["q0.1"], row["q0.9"], run.names.unit), name_cells(row, "q0.1", "q0.9", "q0.5")
        yield Row("next", text, of, note, **numbers, cells=cells)
    if run.expected and not rows:
        yield Row("next", run.expected, note="expected publication")


def _list_limit_then(run: RunTables) -> Iterator[Row]:
    row = run.limit_then
    if row and run.names.limit_is_series and run.state != "decline":
        text, of = say_range(row["q0.1"], row["q0.9"], run.names.unit), f"{run.format_date(row)}; expected: "
        of += say(row["mean"], "", row["q0.9"])
        numbers = {"value": row["mean"], "low": row["q0.1"], "high": row["q0.9"]}
        yield Row("limit_then", text, of, **numbers, cells=name_cells(row, "q0.1", "q0.9", "mean"))


# ---- How sure?


def _list_coverage(run: RunTables) -> Iterator[Row]:
    for row in run.list_tests("05_coverage", "horizon_years"):
        yield _write_test("coverage", row, "covered below above horizon_years technologies forecasts")


def _list_alike(run: RunTables) -> Iterator[Row]:
    for row in run.list_tests("05_alike", "horizon_years"):
        yield _write_test("alike", row, "covered below above horizon_years technologies forecasts")


def _list_external(run: RunTables) -> Iterator[Row]:
    for row in run.list_tests("05_audit", "years"):
        yield _write_test("external", row, "inside_80 below_80 above_80 years units origins", row["series"])


def _write_test(key: str, row: TableRow, columns: str, series: str = "technologies") -> Row:
    """A row on how often intervals contained the outcome, by the columns of a table of tests."""
    inside, below, above, years, count, forecasts = (row[name] for name in columns.split())
    whose = say_count(count, "technology", "technologies") if series == "technologies" else f"{series} ({count:g})"
    of = f"{say_count(years, 'year')} ahead, {whose}, {say_count(forecasts, 'forecast')}; "
    of += f"{say_percent(below)} below, {say_percent(above)} above"
    return Row(key, f"{say_percent(inside)} of outcomes", of, value=inside, cells=name_cells(row, *columns.split()))


def _list_break(run: RunTables) -> Iterator[Row]:
    if run.change_of_method:
        reason, before, after = run.change_of_method
        gain, of = after["value"] - before["value"], f"{run.format_date(before)} to {run.format_date(after)}"
        cells = f"{name_cells(before, 'value')} {name_cells(after, 'value')}"
        yield Row("break", run.format_difference(gain), of, say_first(reason), value=gain, cells=cells)
    earlier = run.list_rows("02_earlier")
    for row in earlier[-1:]:
        of = f"left out up to {run.format_date(row)}, the last of them {run.format_published(row)}"
        note, cells = say_first(row["reason"]), name_cells(row, "value")
        yield Row("break", say_count(len(earlier), "value"), of, note, value=row["value"], cells=cells)


def _list_level(run: RunTables) -> Iterator[Row]:
    for row in run.list_rows("03_saturation_level"):
        low, high = row["low"], row["high"]
        if row["verdict"] in (LEVELS_OFF, NEAR_LIMIT) and np.isfinite(high):
            of = f"95% interval; verdict: {row['verdict']}"
            if run.goal and run.state in ("", "no limit"):
                side = "above" if run.goal["q0.5"] > high else "below" if run.goal["q0.5"] < low else "within"
                of += f"; the median forecast lies {side} it"
            text, cells = say_range(low, high, run.names.unit), name_cells(row, "low", "high")
            yield Row("level", text, of, row["note"], low=low, high=high, cells=cells)


def _list_others(run: RunTables) -> Iterator[Row]:
    rows = {row["quantile"]: row for row in run.list_rows("05_class") if not run.state}
    if rows:
        low, high = rows[0.25], rows[0.75]
        of = f"the middle half of {say_count(low['technologies'], 'technology', 'technologies')}, "
        of += f"{low['years']:.1f} years after {say(low['passed'], 'percent')}"
        text = f"{say_range(low['share'], high['share'], 'percent')} of their limits"
        cells = f"{name_cells(low, 'share', 'technologies', 'years', 'passed')} {name_cells(high, 'share')}"
        yield Row("others", text, of, low=low["share"], high=high["share"], cells=cells)
    for row in run.list_rows("02_later")[-1:] if run.state == "few" else []:
        of = f"the middle eight tenths of {say_count(row['technologies'], 'technology', 'technologies')}, "
        of += f"{say_count(row['years'], 'year')} after {say(row['passed'], 'percent')}"
        text = f"{say_range(row['low'], row['high'], 'percent')} of their limits"
        cells = name_cells(row, "low", "high", "technologies", "years", "passed")
        yield Row("others", text, of, low=row["low"], high=row["high"], cells=cells)


def _list_unknown(run: RunTables) -> Iterator[Row]:
    for row in run.list_rows("01_wording"):
        if row["status"] == "not known" and row["date"] == run.newest["date"]:
            yield Row("unknown", "the question asked", run.format_date(row), url=row["url"])


# ---- What would change it?


def _list_otherwise(run: RunTables) -> Iterator[Row]:
    forms = {"without it": "without the newest value", "as published": "with the newest value as published"}
    rows = [(forms.get(row["form"]), row) for row in run.list_rows("05_newer")]
    rows += [(f"with the limit: {lower_first(row['limit'])}", row) for row in run.list_rows("05_other_limits")]
    low, high = band_columns(run.level)
    changes = []
    for of, row in rows if run.goal and not run.state else []:
        if of and row["date"] == run.goal["date"] and np.isfinite(row.get(low, np.nan)):
            changes.append((max(abs(row[end] - run.goal[end]) for end in (low, "q0.5", high)), of, row))
    for difference, of, row in sorted(changes, key=lambda change: -change[0]):
        if difference > 0:
            yield _write_interval(run, row, "otherwise", of, say(row["q0.5"], run.names.unit, row[high]))


ROWS: dict[str, Callable[[RunTables], Iterator[Row]]] = {
    "newest": _list_newest,
    "assumed": _list_assumed,
    "exact": _list_exact,
    "change": _list_change,
    "rate": _list_rate,
    "peak": _list_peak,
    "forecast": _list_forecast,
    "median": _list_median,
    "limit": _list_limit,
    "next": _list_next,
    "limit_then": _list_limit_then,
    "coverage": _list_coverage,
    "break": _list_break,
    "external": _list_external,
    "level": _list_level,
    "others": _list_others,
    "alike": _list_alike,
    "unknown": _list_unknown,
    "otherwise": _list_otherwise,
}
"""The function of each kind of row; the glossary has their order."""
