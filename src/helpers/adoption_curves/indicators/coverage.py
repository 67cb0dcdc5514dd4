"""What the data hold: the coverage of each series, and the expected day of its next value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from ..base.formats import format_day, quote
from .data import Data
from .problems import DataError, Problem


def describe_coverage(data: Data) -> pd.DataFrame:
    """Observations available for each series: their number, dates, spacing and changes of method.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        One row per entity and indicator. ``n`` counts exact observations, ``inexact`` the others, ``segments`` the
        parts between certain changes of method, and ``longest`` the observations of the longest part. ``first``,
        ``last``, ``last_value``, ``spacing_years`` (median years between exact observations), ``high_confidence``
        (share of observations, 0 to 1), ``breaks`` and ``suspected_breaks`` (dates) describe the observations;
        ``title``, ``role``, ``technology`` and ``unit`` are those of the indicator.
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
    """Series of your own data, or of the project's, with the facts that a run needs.

    Parameters
    ----------
    data : Data
    words : sequence of str
        Only series with all of these words in entity, indicator, title or unit, in upper or lower case.

    Returns
    -------
    DataFrame
        One row per series with an exact observation: ``entity``, ``indicator``, ``title``, ``unit``, ``n`` (number of
        exact observations), ``first`` and ``last`` (dates), ``last_value``, and ``limit`` (the upper limit of the data:
        an indicator, a number, or "none").

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> list_series(load(), ["china", "internet_users"])["indicator"].tolist()
    ['internet_users', 'mobile_internet_users']
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
    """Expected publication date of a value as text.

    Parameters
    ----------
    text : str
        A day (``2026-12-09``), a month (``2026-12``), a span of months (``2027-01/2027-02``), or "".
    today : date, optional
        After the expected date, the text says that the value was expected then.

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
    """Expected publication date of the next value of a series.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        Names as in observations.csv.

    Returns
    -------
    str
        In the form that `format_expected` reads. "" if no value is expected, if the expected value has been published,
        or if the data are those known on an earlier day.

    Raises
    ------
    DataError
        If a name is unknown, or the table has a date that does not exist.
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
