"""What the data hold: the coverage of each series, and the expected day of its next figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.words import say_day
from .data import Data
from .problems import DataError, Problem

_COVERAGE = [
    "entity",
    "indicator",
    "title",
    "role",
    "technology",
    "unit",
    "n",
    "inexact",
    "first",
    "last",
    "last_value",
]
_COVERAGE += ["spacing_years", "segments", "longest", "high_confidence", "breaks", "suspected_breaks"]


def describe_coverage(data: Data) -> pd.DataFrame:
    """Coverage of each series: its length and its quality.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        One row per entity and indicator: title, role, technology, unit, n (exact figures), inexact (figures printed as
        "more than" or "less than"), first, last (dates), last_value, spacing_years (median), segments, longest (exact
        figures in the longest unbroken segment), high_confidence (share of rows, 0 to 1), breaks and
        suspected_breaks (dates).
    """
    key = ["entity", "indicator"]
    rows = data.observations.sort_values("date", kind="stable")
    exact = rows[rows["qualifier"] == "exact"]
    exact = exact.assign(gap=exact.groupby(key)["date"].diff().dt.days / 365.25)
    found = exact.groupby(key).agg(
        n=("date", "size"),
        first=("date", "min"),
        last=("date", "max"),
        last_value=("value", "last"),
        spacing_years=("gap", "median"),
    )
    whole = rows.assign(high=rows["confidence"] == "high").groupby(key)
    found = found.join(
        whole.agg(size=("date", "size"), high_confidence=("high", "mean"), begin=("date", "min"), end=("date", "max")),
        how="right",
    )
    about = data.indicators.drop_duplicates("indicator").set_index("indicator")
    found = found.join(about[["title", "role", "technology", "unit"]], on="indicator")

    # the breaks of each series: those of all entities, and its own
    breaks = found.reset_index().merge(data.breaks, on="indicator", suffixes=("", "_of_break"))
    breaks = breaks[breaks["entity_of_break"].isin([""]) | (breaks["entity_of_break"] == breaks["entity"])]

    # a figure belongs to the segment that begins with the last break before it; a suspected break splits nothing
    hard = breaks.loc[breaks["kind"] == "break", [*key, "date"]].sort_values("date")
    parts = pd.merge_asof(exact, hard.assign(begins=hard["date"]), on="date", by=key)
    sizes = parts.groupby([*key, "begins"], dropna=False).size().groupby(key)
    found["segments"], found["longest"] = sizes.size(), sizes.max()

    inside = breaks[(breaks["date"] > breaks["begin"]) & (breaks["date"] <= breaks["end"])]
    days = inside["date"].dt.strftime("%Y-%m-%d").groupby([inside[name] for name in (*key, "kind")]).agg("; ".join)
    days = days.unstack("kind").reindex(columns=["break", "suspected"])
    found = found.join(days.set_axis(["breaks", "suspected_breaks"], axis=1))

    counts, texts = ["n", "segments", "longest"], ["breaks", "suspected_breaks"]
    found[counts], found[texts] = found[counts].fillna(0).astype(int), found[texts].astype("str").fillna("")
    found = found.assign(inexact=found["size"] - found["n"]).round({"spacing_years": 2, "high_confidence": 3})
    return found.reset_index()[_COVERAGE]


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
        entity, indicator, title, unit, n (exact figures), first, last (dates), last_value, limit (that of the data: an
        indicator, a number, or "none").
    """
    found = describe_coverage(data)
    own = set(data.own)
    found = found[[pair in own for pair in zip(found["entity"], found["indicator"], strict=True)]]
    texts = found[["entity", "indicator", "title", "unit"]].agg(" ".join, axis=1).str.casefold()
    for word in words:
        found = found[texts.loc[found.index].str.contains(word.casefold(), regex=False)]
    about = data.indicators.drop_duplicates("indicator").set_index("indicator")
    usual = np.where(found["unit"].str.startswith("percent"), "100", "none")
    limit = found["indicator"].map(about["limit"]).replace("", np.nan).fillna(pd.Series(usual, found.index))
    found = found.assign(limit=limit.astype("str")).sort_values(["entity", "indicator"], ignore_index=True)
    return found[["entity", "indicator", "title", "unit", "n", "first", "last", "last_value", "limit"]]


def say_expected(text: str) -> str:
    """Expected day of a figure in words.

    Parameters
    ----------
    text : str
        ``2026-12-09``, ``2026-12``, or ``2027-01/2027-02``, a span of months; or "".

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
        As `say_expected` takes it; "" where nothing is expected, where the expected figure is there, for data as they
        were known on an earlier day.

    Raises
    ------
    DataError
        If the table names no day or month of the calendar.
    """
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
