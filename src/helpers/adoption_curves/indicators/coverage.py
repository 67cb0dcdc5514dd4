"""What the data hold: the coverage of each series, and the expected day of its next figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.words import say_day
from .data import Data
from .problems import DataError, Problem

_COVERAGE = ["entity", "indicator", "title", "role", "technology", "unit", "n", "bounds", "first", "last", "last_value"]
_COVERAGE += ["spacing_years", "segments", "longest", "high_confidence", "breaks", "suspected_breaks"]


def describe_coverage(data: Data) -> pd.DataFrame:
    """Coverage of each series: its length and its quality.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        One row per entity and indicator: title, role, technology, unit, n (exact figures), bounds (figures that are
        bounds), first, last (dates), last_value, spacing_years (median), segments, longest (exact figures in the
        longest unbroken segment), high_confidence (share of rows, 0 to 1), breaks, suspected_breaks (dates).
    """
    key = ["entity", "indicator"]
    rows = data.observations.sort_values("date", kind="stable")
    groups, exact = rows.groupby(key), rows[rows["bound"] == "exact"].groupby(key)
    gaps = (exact["date"].diff().dt.days / 365.25).rename("gap")
    about = data.indicators.drop_duplicates("indicator").set_index("indicator")
    found = pd.DataFrame(index=pd.MultiIndex.from_tuples(data.list_series(), names=key))
    found["n"] = exact.size().reindex(found.index, fill_value=0)
    found["bounds"] = groups.size() - found["n"]
    found["first"], found["last"], found["last_value"] = exact["date"].min(), exact["date"].max(), exact["value"].last()
    found["spacing_years"] = rows[key].join(gaps, how="right").groupby(key)["gap"].median().round(2)
    found["segments"], found["longest"] = (found["n"] > 0).astype(int), found["n"]  # as if there were no breaks
    found["high_confidence"] = rows.assign(high=rows["confidence"] == "high").groupby(key)["high"].mean().round(3)
    found = found.reset_index().assign(breaks="", suspected_breaks="")
    found = found.join(about[["title", "role", "technology", "unit"]], on="indicator")
    # a break inside a series splits it, a suspected one does not; arrays, since pandas takes a second for 200 series
    columns = {name: found[name].to_list() for name in ("segments", "longest", "breaks", "suspected_breaks")}
    dates, is_exact, places = rows["date"].to_numpy(), (rows["bound"] == "exact").to_numpy(), groups.indices
    for place, (entity, name) in enumerate(zip(found["entity"], found["indicator"], strict=True)):
        breaks = data.find_breaks(entity, name)
        if breaks.empty:
            continue
        own, days, hard = places[entity, name], breaks["date"].to_numpy(), breaks["kind"].to_numpy(str) == "break"
        numbers = np.searchsorted(days[hard], dates[own][is_exact[own]], side="right")
        columns["segments"][place] = len(np.unique(numbers))
        columns["longest"][place] = np.bincount(numbers).max(initial=0)
        inside = (days > dates[own[0]]) & (days <= dates[own[-1]])
        for column, which in (("breaks", hard), ("suspected_breaks", ~hard)):
            columns[column][place] = "; ".join(np.datetime_as_string(days[inside & which], "D"))
    found = found.assign(**columns)
    return found[_COVERAGE]


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
        entity, indicator, title, unit, n (exact figures), first, last (dates), last_value, bound (the base indicator,
        if the entity has it; "100" for percentages; or "").
    """
    found = describe_coverage(data)
    own = set(data.own)
    found = found[[pair in own for pair in zip(found["entity"], found["indicator"], strict=True)]]
    texts = found[["entity", "indicator", "title", "unit"]].agg(" ".join, axis=1).str.casefold()
    for word in words:
        found = found[texts.loc[found.index].str.contains(word.casefold(), regex=False)]
    about = data.indicators.drop_duplicates("indicator").set_index("indicator")
    base = found["indicator"].map(about["base_indicator"])
    known = [pair in own for pair in zip(found["entity"], base, strict=True)]
    bound = base.where(known, np.where(found["unit"].str.startswith("percent"), "100", ""))
    found = found.assign(bound=bound.astype("str")).sort_values(["entity", "indicator"], ignore_index=True)
    return found[["entity", "indicator", "title", "unit", "n", "first", "last", "last_value", "bound"]]


def _read_expected(text: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day of a day, a month, or a span from one to another.

    Parameters
    ----------
    text : str
        ``2026-12-09``, ``2026-12`` or ``2027-01/2027-02``.

    Returns
    -------
    tuple of Timestamp

    Raises
    ------
    DataError
        If there is no such day or month, or the span ends before it begins.

    Examples
    --------
    >>> [f"{day:%Y-%m-%d}" for day in _read_expected("2027-01/2027-02")]
    ['2027-01-01', '2027-02-28']
    """
    begin, _, end = text.partition("/")
    message = "ends before it begins; write the earlier one first"
    try:
        first, last = pd.Period(begin).start_time, pd.Period(end or begin).end_time.normalize()
        if first <= last:
            return first, last
    except ValueError:
        message = "names no day or month of the calendar; write one that exists"
    raise DataError([Problem("indicators.csv", None, "next_expected", text, message)])


def say_expected(text: str) -> str:
    """Expected day of a figure in words.

    Parameters
    ----------
    text : str
        As `_read_expected` takes it, or "".

    Returns
    -------
    str
        "" for "".

    Examples
    --------
    >>> say_expected("2026-12-09"), say_expected("2026-12"), say_expected("2027-01/2027-02")
    ('9 December 2026', 'December 2026', 'January or February 2027')
    """
    if not text:
        return ""
    parts = text.split("/")
    said = [say_day(pd.Timestamp(part)) if len(part) == 10 else f"{pd.Timestamp(part):%B %Y}" for part in parts]
    if len(said) == 1:
        return said[0]
    first, last = (pd.Period(part, "M") for part in parts)
    between = "or" if (last - first).n == 1 else "to"
    return f"{said[0].removesuffix(f' {last.year}')} {between} {said[1]}"


def find_expected(data: Data, entity: str, indicator: str) -> str:
    """Find when the next figure of a series is expected.

    Parameters
    ----------
    data : Data
    entity, indicator : str

    Returns
    -------
    str
        As `_read_expected` takes it; "" where nothing is expected, where the expected figure is there, for data
        as they were known on an earlier day.
    """
    text, rows = data.find_entry(indicator).next_expected, data.find_rows(entity, indicator)
    if not text or data.as_of or rows.empty:
        return ""
    newest = rows.loc[rows["date"] == rows["date"].max(), "published"].min()
    return text if newest < _read_expected(text)[0] else ""
