"""Say how long and how sound each series is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.indicators.breaks import list_breaks
from helpers.indicators.series import SHORTEST_SEGMENT, number_segments
from helpers.wording import say_count

if TYPE_CHECKING:
    from helpers.indicators.selection import Data


COLUMNS = ["entity", "indicator", "title", "role", "technology", "unit", "n", "bounds", "first", "last", "last_value"]
COLUMNS += ["spacing_years", "segments", "longest", "high_confidence", "breaks", "suspected_breaks"]


def describe_coverage(data: Data) -> pd.DataFrame:
    """Say for each series how long and how sound it is.

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
    rows = data.observations.sort_values("date", kind="stable")
    found = _measure(rows, data.list_series())
    about = data.indicators.drop_duplicates("indicator").set_index("indicator")
    for column in ("title", "role", "technology", "unit"):
        found[column] = found["indicator"].map(about[column])
    found[["breaks", "suspected_breaks"]] = ""
    broken = about.index[(about["breaks"] + about["suspected_breaks"]) != ""]
    for place in np.flatnonzero(found["indicator"].isin(broken)):
        entity, name = found.loc[place, ["entity", "indicator"]]
        for column, value in _describe_breaks(entity, about.loc[name], data).items():
            found.loc[place, column] = value
    return found[COLUMNS]


def _measure(rows: pd.DataFrame, series: list[tuple[str, str]]) -> pd.DataFrame:
    """Measure each series as if it had no breaks."""
    exact = rows[rows["bound"] == "exact"]
    all_of, exact_of = rows.groupby(["entity", "indicator"]), exact.groupby(["entity", "indicator"])
    gaps = exact_of["date"].diff().dt.days / 365.25
    found = pd.DataFrame(
        {
            "n": exact_of.size(),
            "first": exact_of["date"].min(),
            "last": exact_of["date"].max(),
            "last_value": exact_of["value"].last(),
            "spacing_years": gaps.groupby([exact["entity"], exact["indicator"]]).median().round(2),
        },
        index=pd.MultiIndex.from_tuples(series, names=["entity", "indicator"]),
    )
    found["n"] = found["n"].fillna(0).astype(int)
    found["bounds"] = all_of.size() - found["n"]
    found["segments"], found["longest"] = (found["n"] > 0).astype(int), found["n"]
    found["high_confidence"] = (
        (rows["confidence"] == "high").groupby([rows["entity"], rows["indicator"]]).mean().round(3)
    )
    return found.reset_index()


def summarise_data(data: Data) -> str:
    """Say in one line what ``data.path`` itself holds: "x.csv holds 1 series of 1 entity, 6 figures, ..."."""
    if not data.own:
        return f"{data.path.name} holds no exact figure, so there is nothing to fit"
    entities = len({entity for entity, _ in data.own})
    exact = data.observations[data.observations["bound"] == "exact"]
    exact = exact.set_index(["entity", "indicator"])["date"]
    dates = exact[exact.index.isin(data.own)]
    enough = (dates.groupby(level=[0, 1]).size() >= SHORTEST_SEGMENT).sum()
    return (
        f"{data.path.name} holds {len(data.own):,} series of {say_count(entities, 'entity', 'entities')}, "
        f"{say_count(len(dates), 'exact figure')} from {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}; "
        f"{enough:,} with the {SHORTEST_SEGMENT} figures that a run needs"
    )


def _describe_breaks(entity: str, about: pd.Series, data: Data) -> dict[str, Any]:
    """Describe the segments of a series that has breaks."""
    rows = data.find_rows(entity, about.name)
    breaks = list_breaks(about["breaks"], about["suspected_breaks"], entity, data.limit())
    numbers = number_segments(rows.loc[rows["bound"] == "exact", "date"], breaks)
    return {
        "segments": len(np.unique(numbers)),
        "longest": int(np.bincount(numbers).max()) if len(numbers) else 0,
        "breaks": _list_dates(breaks, "break", rows["date"]),
        "suspected_breaks": _list_dates(breaks, "suspected", rows["date"]),
    }


def list_doubts(data: Data, series: list[tuple[str, str]] | None = None) -> list[str]:
    """List what is allowed but probably a mistake: percentages that are all 1 or less look like fractions.

    Parameters
    ----------
    data : Data
    series : list of (entity, indicator), optional
        By default those that ``data.path`` itself holds.

    Returns
    -------
    list of str
        One sentence for each series, at most twelve.
    """
    percent = data.indicators.loc[data.indicators["unit"].str.startswith("percent"), "indicator"]
    rows = data.observations[data.observations["indicator"].isin(percent) & (data.observations["bound"] == "exact")]
    largest = rows.groupby(["entity", "indicator"])["value"].max()
    small = set(largest.index[(largest <= 1) & (largest > 0)])
    return [
        f"All figures of {indicator} of {entity} are 1 or less, in percent; multiply them by 100 if they are fractions."
        for entity, indicator in (series or data.own)
        if (entity, indicator) in small
    ][:12]


def _list_dates(breaks: pd.DataFrame, kind: str, dates: pd.Series) -> str:
    """List the breaks of one kind that fall inside the series."""
    if breaks.empty:
        return ""
    inside = (breaks["kind"] == kind) & (breaks["date"] > dates.min()) & (breaks["date"] <= dates.max())
    return "; ".join(f"{date:%Y-%m-%d}" for date in breaks.loc[inside, "date"])
