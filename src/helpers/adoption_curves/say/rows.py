"""The fact sheet: a function for each kind of row, which reads tables and names the cells of its numbers.

No row depends on another, and each reads one table of the run beside the values and the forecast; only the saturation
level is set beside the median. Numbers stand in the text and in what it is of; the note is in the words of the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass

import numpy as np
import pandas as pd

from ..base.formats import (
    capitalize_first,
    format_count,
    format_day,
    format_long_date,
    format_newest,
    format_number,
    format_percent,
    format_range,
    lower_first,
)
from ..base.levels import band_columns
from ..base.project import PUBLISHED_MODEL, is_estimate
from ..curves.verdict import LEVELS_OFF, NEAR_LIMIT
from .run_tables import RunTables, TableRow

# Other technologies that a row names.
_MOST_NAMED = 4
_FORMS = {"without it": "without the newest value", "as published": "without the assumed value"}


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
    _: KW_ONLY
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    cells: str = ""

    @classmethod
    def read(cls, key: str, row: TableRow, columns: str, *texts: str, beside: str = "") -> Row:
        """A row whose numbers stand in columns of a table's row: value, or low, high and perhaps value.

        `texts` are text, of, note and url; columns `beside` these hold the other numbers of the text.
        """
        names = columns.split()
        fields = ("low", "high", "value") if names[1:] else ("value",)
        numbers = {field: row[name] for field, name in zip(fields, names, strict=False)}
        return cls(key, *texts, **numbers, cells=f"{row['place']}:{','.join(names + beside.split())}")

    @classmethod
    def compare(cls, key: str, start: TableRow, end: TableRow, *texts: str) -> Row:
        """A row on the difference of two published values; `texts` as of `read`."""
        gain, cells = end["value"] - start["value"], f"{start['place']}:value {end['place']}:value"
        return cls(key, *texts, value=gain, cells=cells)


# ---- Is it true?


def _list_newest(run: RunTables) -> Iterator[Row]:
    row, names, text = run.newest, run.names, f"{run.format_published(run.newest)}{run.base}"
    assumed = run.assumed and f"The forecast assumes {run.assumed}"
    note = ". ".join(filter(None, [names.counted, names.asked.rstrip(".") or names.publisher, assumed]))
    beside = "read_low read_high" if assumed else ""
    yield Row.read("newest", row, "value", text, run.format_date(row), note, row["url"], beside=beside)
    for later in [each for each in run.list_rows("02_newer") if each["date"] > row["date"]]:
        text = f"{run.format_published(later)}{run.base}"
        yield Row.read("newest", later, "value", text, run.format_date(later), "It says less than the one before.")


def _list_assumed(run: RunTables) -> Iterator[Row]:
    if run.assumed and (row := run.bound):
        texts = run.assumed, run.format_date(row), capitalize_first(row["reason"])
        yield Row.read("assumed", row, "read_low read_high", *texts)


def _list_exact(run: RunTables) -> Iterator[Row]:
    for row in run.exact[-1:] if run.bound else []:
        texts = run.format_published(row), run.format_date(row), run.names.publisher, row["url"]
        yield Row.read("exact", row, "value", *texts)


def _list_change(run: RunTables) -> Iterator[Row]:
    if start := run.find_start():
        last = run.exact[-1]
        text = run.format_difference(last["value"] - start["value"])
        text += "" if run.is_share else f" ({run.format_change(start)})"
        of = f"from {run.format_published(start)} in {run.format_date(start)} to {run.format_published(last)} in "
        yield Row.compare("change", start, last, text, of + run.format_date(last))


def _list_rate(run: RunTables) -> Iterator[Row]:
    for row in run.exact[-1:]:
        if np.isfinite(row["published_rate"]):
            text = f"{format_number(row['published_rate'], 'percent')} of the {run.names.base}"
            yield Row.read("rate", row, "published_rate", text, run.format_date(row), "", row["rate_url"])


def _list_peak(run: RunTables) -> Iterator[Row]:
    row = max(run.exact, key=lambda each: float(each["value"]), default=None)
    if row and row["value"] > run.exact[-1]["value"]:
        text = f"{run.format_published(row)}{run.base}"
        yield Row.read("peak", row, "value", text, run.format_date(row), "", row["url"])


# ---- How many?


def _list_forecast(run: RunTables) -> Iterator[Row]:
    if run.quoted:
        of = f"{run.format_date(run.quoted)}, {100 * run.level:g}% interval"
        yield _write_interval("forecast", run, run.quoted, of)


def _write_interval(key: str, run: RunTables, row: TableRow, of: str, note: str = "") -> Row:
    low, high = band_columns(run.level)
    return Row.read(key, row, f"{low} {high} q0.5", format_range(row[low], row[high], run.names.unit), of, note)


def _list_median(run: RunTables) -> Iterator[Row]:
    if run.quoted:
        text = format_number(run.quoted["q0.5"], run.names.unit, run.quoted["high"])
        yield Row.read("median", run.quoted, "q0.5", text, run.format_date(run.quoted))


def _list_chance(run: RunTables) -> Iterator[Row]:
    for row in run.list_rows("05_probabilities") if run.quoted else []:
        if np.isfinite(row["value"]) and row["date"] == run.quoted["date"]:
            of = f"of having reached {format_newest(row['value'], run.names.unit)} by {run.format_date(row)}"
            text = format_percent(100 * row["probability"])
            yield Row.read("chance", row, "probability", text, of, beside="value")


def _list_milestone(run: RunTables) -> Iterator[Row]:
    for row in run.list_rows("05_milestones") if run.quoted else []:
        if np.isfinite(row["value"]):
            of = f"the date by which half of the paths reach {format_newest(row['value'], run.names.unit)}; "
            of += f"{100 * run.level:g}% interval: from {row['earliest']} to {row['latest']}"
            yield Row("milestone", row["median"], of, value=row["value"], cells=f"{row['place']}:value")


def _list_trend(run: RunTables) -> Iterator[Row]:
    rows = {row["years"]: row for row in run.list_rows("05_audit") if run.state == "flow"}
    if rows:
        first, fifth = rows[1], rows[5]
        of = f"{run.format_date(run.goal)}. Of such numbers {format_factor(first)}, and {format_factor(fifth)}"
        cells = f"{run.goal['place']}:q0.5 {first['place']}:factor,inside_80 {fifth['place']}:factor,inside_80"
        median = run.goal["q0.5"]
        yield Row("trend", f"about {format_number(median, run.names.unit)}", of, value=median, cells=cells)


def format_factor(row: TableRow) -> str:
    """How often numbers lay between their trend over a factor and times it."""
    side = f"1/{row['factor']:g} and {row['factor']:g} times their trend {format_count(row['years'], 'year')} ahead"
    return f"{format_percent(row['inside_80'])} came to between {side}"


def _list_limit(run: RunTables) -> Iterator[Row]:
    for row in [run.limit_then] if run.quoted and run.limit_then else []:
        text, of, last = f"{format_newest(row['mean'], run.names.unit)}{run.base}", [], run.exact[-1]
        if run.names.limit_is_series:
            of.append(f"{lower_first(run.names.limit_title)} in {run.format_date(row)}")
        if row["q0.1"] < row["q0.9"]:
            of.append(f"a forecast, 80% interval {format_range(row['q0.1'], row['q0.9'], run.names.unit)}")
        if not run.is_whole:
            share = format_number(last["share_of_limit"], "percent")
            of.append(f"the last exact value was {share} of the limit of its date")
        cells = f"{row['place']}:mean,q0.1,q0.9 {last['place']}:share_of_limit"
        yield Row("limit", text, "; ".join(of), value=row["mean"], low=row["q0.1"], high=row["q0.9"], cells=cells)


def _list_next(run: RunTables) -> Iterator[Row]:
    rows = [row for row in run.list_rows("06_register") if row["model"] == PUBLISHED_MODEL and pd.isna(row["came"])]
    for row in sorted(rows, key=lambda row: (row["target_date"], -row["registered"].value))[:1]:
        low, median, high = (row[name] for name in ("q0.1", "q0.5", "q0.9"))
        middle = format_number(median, run.names.unit, high)
        of = f"{format_long_date(row['target_date'])}, 80% interval; median {middle}"
        what = "An estimate of a value not yet published, registered" if is_estimate(row) else "Registered"
        note = f"{what} on {format_day(row['registered'])}"
        if run.expected:
            note += f"; publication {'' if run.expected.startswith('was ') else 'expected: '}{run.expected}"
        yield Row.read("next", row, "q0.1 q0.9 q0.5", format_range(low, high, run.names.unit), of, note)
    if run.expected and not rows:
        yield Row("next", f"expected: {run.expected}", note="No forecast of it is registered")


# ---- How sure?


def _list_coverage(run: RunTables) -> Iterator[Row]:
    groups = [("coverage", "all"), ("same_publisher", "publisher"), ("same_market", "market")]
    tests = [(key, run.list_tests("05_coverage", group)) for key, group in groups]
    for key, rows in [*tests, ("alike", run.list_tests("05_alike"))]:
        for row in rows:
            series = format_count(row["technologies"], "technology", "technologies")
            yield _write_test(key, row, series, "covered below above horizon_years technologies forecasts")


def _list_external(run: RunTables) -> Iterator[Row]:
    for row in sorted(run.list_tests("05_audit"), key=lambda row: -row["origins"]):
        name, units = row["series"].replace(", by", " by"), format_count(row["units"], "series", "series")
        series = f"{name}, {units} with {row['figures']:g} values at {row['share_of_limit']}% of the limit"
        columns = "inside_80 below_80 above_80 years units origins figures share_of_limit"
        yield _write_test("external", row, series, columns)


def _write_test(key: str, row: TableRow, series: str, columns: str) -> Row:
    """How often intervals contained the outcome, by columns of a table of tests."""
    inside, below, above, years, _, forecasts, *_ = columns.split()
    of = f"{format_count(row[years], 'year')} ahead, {series}, {format_count(row[forecasts], 'forecast')}; "
    of += f"{format_percent(row[below])} were below the interval, {format_percent(row[above])} above"
    return Row.read(key, row, inside, f"{format_percent(row[inside])} of outcomes", of, beside=columns)


def _list_break(run: RunTables) -> Iterator[Row]:
    if run.change_of_method:
        reason, before, after = run.change_of_method
        text, of = run.format_difference(after["value"] - before["value"]), run.format_span(before, after)
        of += f"; the forecast uses the values since {run.since}" if run.since else ""
        yield Row.compare("break", before, after, text, of, capitalize_first(reason))
    earlier = run.list_rows("02_earlier")
    for row in earlier[-1:]:
        text = f"{format_count(len(earlier), 'value')} left out"
        of = f"the last of them is {run.format_published(row)} in {run.format_date(row)}"
        yield Row.read("break", row, "value", text, of, capitalize_first(row["reason"]))


def _list_level(run: RunTables) -> Iterator[Row]:
    for row in run.list_rows("03_saturation_level") if run.quoted else []:
        low, high, median = row["low"], row["high"], run.quoted["q0.5"]
        if row["verdict"] in (LEVELS_OFF, NEAR_LIMIT) and np.isfinite(high):
            side = "above" if median > high else "below" if median < low else "within"
            of = f"95% interval; notebook 3 finds: {row['verdict']}; the median forecast lies {side} it"
            yield Row.read(
                "level", row, "low high", format_range(low, high, run.names.unit), of, capitalize_first(row["note"])
            )


def _list_others(run: RunTables) -> Iterator[Row]:
    rows = run.list_rows("05_class") if not run.state else []
    if rows:
        first, last = rows[0], rows[-1]
        names = ", ".join(row["technology"] for row in rows)
        of = _format_after(first, ".1f") + (f": {names}" if len(rows) <= _MOST_NAMED else "")
        text = f"{format_range(first['share'], last['share'], 'percent')} of their limits"
        cells = f"{first['place']}:share,technologies,years,passed {last['place']}:share"
        yield Row("others", text, of, low=first["share"], high=last["share"], cells=cells)
    for row in run.list_rows("02_later")[-1:] if run.state == "few" else []:
        of = f"the middle 80% of {_format_after(row, 'g')}"
        text = f"{format_range(row['low'], row['high'], 'percent')} of their limits"
        yield Row.read("others", row, "low high", text, of, beside="technologies years passed")


def _format_after(row: TableRow, digits: str) -> str:
    """How many technologies, and so many years after which share of their limits."""
    technologies = format_count(row["technologies"], "technology", "technologies")
    return f"{technologies}, {row['years']:{digits}} years after they reached {format_number(row['passed'], 'percent')}"


def _list_unknown(run: RunTables) -> Iterator[Row]:
    for row in run.list_rows("01_wording"):
        if row["status"] == "not known" and row["date"] == run.newest["date"]:
            yield Row("unknown", "the question asked", run.format_date(row), url=row["url"])


# ---- What would change it?


def _list_otherwise(run: RunTables) -> Iterator[Row]:
    low, high = band_columns(run.level)
    rows = [(_FORMS.get(row["form"]), row) for row in run.list_rows("05_newer")]
    rows += [(row["form"], row) for row in run.list_rows("05_since")]
    rows += [(f"with {lower_first(row['limit'])} as the limit", row) for row in run.list_rows("05_other_limits")]
    changes = []
    for of, row in rows:
        if of and row["date"] == run.quoted.get("date") and np.isfinite(row.get(low, np.nan)):
            changes.append((max(abs(row[end] - run.quoted[end]) for end in (low, "q0.5", high)), of, row))
    for difference, of, row in sorted(changes, key=lambda change: -change[0]):
        if difference > 0:
            median = format_number(row["q0.5"], run.names.unit, row[high])
            yield _write_interval("otherwise", run, row, of, f"median {median}")


_PUBLISHED = (_list_newest, _list_assumed, _list_exact, _list_change, _list_rate, _list_peak, _list_break)
_FORECAST = (_list_forecast, _list_median, _list_chance, _list_milestone, _list_trend, _list_limit)
_AHEAD = (_list_next, _list_otherwise)
_TESTS = (_list_coverage, _list_external, _list_level, _list_others, _list_unknown)
# The function of each kind of row; the glossary has their order.
ROWS = (*_PUBLISHED, *_FORECAST, *_AHEAD, *_TESTS)
