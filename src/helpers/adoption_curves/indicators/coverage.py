"""What the data hold: the coverage of each series, and the expected day of its next value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from ..base.formats import format_day, quote
from .data import Data
from .problems import DataError, Problem


def describe_coverage(data: Data) -> pd.DataFrame:
    """Coverage of each series: its length and its quality.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        One row per entity and indicator: title, role, technology, unit, n (exact observations), inexact (values printed
        as "more than" or "less than"), first, last (dates), last_value, spacing_years (median), segments, longest
        (exact values in the longest unbroken segment), high_confidence (share of rows, 0 to 1), breaks and
        suspected_breaks (dates).
    """
    key = ["entity", "indicator"]
    rows = data.observations.sort_values("date", kind="stable")
    exact = rows[rows["qualifier"] == "exact"]
    by_series, of_exact = rows.groupby(key), exact.groupby(key)
    about = data.indicators.drop_duplicates("indicator").set_index("indicator")
    coverage = by_series.agg(begin=("date", "min"), end=("date", "max"))
    coverage = coverage.join(about[["title", "role", "technology", "unit"]], on="indicator")
    coverage["n"] = of_exact.size().reindex(coverage.index, fill_value=0)
    coverage["inexact"] = by_series.size() - coverage["n"]
    coverage["first"], coverage["last"] = of_exact["date"].min(), of_exact["date"].max()
    coverage["last_value"] = of_exact["value"].last()
    years = (of_exact["date"].diff().dt.days / 365.25).groupby([exact[name] for name in key])
    coverage["spacing_years"] = years.median().round(2)

    # the breaks of each series: those of all entities, and its own
    breaks = coverage.reset_index().merge(data.breaks, on="indicator", suffixes=("", "_of_break"))
    breaks = breaks[breaks["entity_of_break"].isin([""]) | (breaks["entity_of_break"] == breaks["entity"])]

    # a value belongs to the segment that begins with the last break before it; a suspected break splits nothing
    hard = breaks.loc[breaks["kind"] == "break", [*key, "date"]].sort_values("date")
    parts = pd.merge_asof(exact, hard.assign(begins=hard["date"]), on="date", by=key)
    sizes = parts.groupby([*key, "begins"], dropna=False).size().groupby(key)
    coverage["segments"] = sizes.size().reindex(coverage.index, fill_value=0)
    coverage["longest"] = sizes.max().reindex(coverage.index, fill_value=0)
    high = (rows["confidence"] == "high").groupby([rows[name] for name in key])
    coverage["high_confidence"] = high.mean().round(3)

    inside = breaks[(breaks["date"] > breaks["begin"]) & (breaks["date"] <= breaks["end"])]
    for kind, column in (("break", "breaks"), ("suspected", "suspected_breaks")):
        days = (
            inside[inside["kind"] == kind]
            .groupby(key)["date"]
            .agg(lambda dates: "; ".join(dates.dt.strftime("%Y-%m-%d")))
        )
        coverage[column] = days.astype("str").reindex(coverage.index, fill_value="")
    return coverage.drop(columns=["begin", "end"]).reset_index()


def list_series(data: Data, words: Sequence[str] = ()) -> pd.DataFrame:
    """Series of ``data.path`` itself, with the facts that a run needs.

    Parameters
    ----------
    data : Data
    words : sequence of str
        Only series that have all of them in entity, indicator, title or unit, in whatever case.

    Returns
    -------
    DataFrame
        entity, indicator, title, unit, n (exact observations), first, last (dates), last_value, limit (that of the
        data: an indicator, a number, or "none").
    """
    series = describe_coverage(data)
    own = set(data.own)
    series = series[[pair in own for pair in zip(series["entity"], series["indicator"], strict=True)]]
    texts = series[["entity", "indicator", "title", "unit"]].agg(" ".join, axis=1).str.casefold()
    for word in words:
        series = series[texts.loc[series.index].str.contains(word.casefold(), regex=False)]
    series = series.assign(limit=series["indicator"].map(data.find_limit).astype("str"))
    series = series.sort_values(["entity", "indicator"], ignore_index=True)
    return series[["entity", "indicator", "title", "unit", "n", "first", "last", "last_value", "limit"]]


def format_expected(text: str, today: date | None = None) -> str:
    """Expected day of a value in words.

    Parameters
    ----------
    text : str
        ``2026-12-09``, ``2026-12``, or ``2027-01/2027-02``, a span of months; or "".
    today : date, optional
        A day after it is said to be past.

    Returns
    -------
    str
        "" for "".

    Raises
    ------
    ValueError
        For any other text.

    Examples
    --------
    >>> format_expected("2026-12-09"), format_expected("2026-12"), format_expected("2027-01/2027-02")
    ('9 December 2026', 'December 2026', 'January or February 2027')
    >>> format_expected("2026-11", date(2026, 12, 2))
    'was expected in November 2026'
    """
    if not text:
        return ""
    try:
        parts = [pd.Period(part, "D" if len(part) == 10 else "M") for part in text.split("/")]
    except ValueError as error:
        raise ValueError(f"{quote(text)} is no day or month: write 2026-12-09, 2026-12 or 2027-01/2027-02") from error
    last = parts[-1]
    dates = [format_day(part.start_time) if part.freqstr == "D" else f"{part.start_time:%B %Y}" for part in parts]
    words = dates[0]
    if len(dates) > 1:
        between = "or" if (last - parts[0]).n == 1 else "to"
        words = f"{dates[0].removesuffix(f' {last.year}')} {between} {dates[1]}"
    if today is None or last.end_time >= pd.Timestamp(today):
        return words
    return f"was expected {'on' if last.freqstr == 'D' else 'in'} {words}"


def find_expected(data: Data, entity: str, indicator: str) -> str:
    """Find when the next value of a series is expected.

    Parameters
    ----------
    data : Data
    entity, indicator : str

    Returns
    -------
    str
        As `format_expected` takes it; "" where nothing is expected, where the expected value is there, and for data as
        they were known on an earlier day.

    Raises
    ------
    DataError
        For a name that the data do not have, and if the table names no day or month of the calendar.
    """
    data.check_entity(entity)
    text, rows = data.find_entry(indicator).next_expected, data.find_rows(entity, indicator)
    if not text or data.as_of or rows.empty:
        return ""
    newest = rows.loc[rows["date"] == rows["date"].max(), "published"].min()
    try:
        first, *_ = [pd.Period(part).start_time for part in text.split("/")]
    except ValueError as error:
        message = "names no day or month of the calendar; write one that exists"
        raise DataError([Problem("indicators.csv", None, "next_expected", text, message)]) from error
    return text if newest < first else ""
