"""Say how long and how sound each series is."""

import math

import numpy as np
import pandas as pd

from helpers.indicators.breaks import list_breaks
from helpers.indicators.series import SHORTEST_SEGMENT, number_segments


def describe_coverage(data):
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
    entries = {entry.indicator: entry for entry in data.indicators.itertuples(index=False)}
    groups = sorted(data.group_rows().items())
    return pd.DataFrame([_describe(entity, entries[name], rows, data.limit()) for (entity, name), rows in groups])


def summarise_data(data):
    """Say in one line what ``data.path`` itself holds: "x.csv holds 1 series of 1 entity, 6 figures, ..."."""
    if not data.own:
        return f"{data.path.name} holds no exact figure, so there is nothing to fit"
    entities = len({entity for entity, _ in data.own})
    values = pd.concat([data.exact_values(*pair) for pair in data.own])
    enough = sum(len(data.exact_values(*pair)) >= SHORTEST_SEGMENT for pair in data.own)
    return (
        f"{data.path.name} holds {len(data.own):,} series of {entities:,} {'entity' if entities == 1 else 'entities'}, "
        f"{len(values):,} exact figures from {values.index.min():%Y-%m-%d} to {values.index.max():%Y-%m-%d}; "
        f"{enough:,} with the {SHORTEST_SEGMENT} figures that a run needs"
    )


def _describe(entity, entry, rows, limit):
    breaks = list_breaks(entry.breaks, entry.suspected_breaks, entity, limit)
    exact = rows[rows["bound"] == "exact"].sort_values("date")
    numbers = number_segments(exact["date"], breaks)
    gaps = exact["date"].diff().dt.days.dropna() / 365.25
    return {
        "entity": entity,
        "indicator": entry.indicator,
        "title": entry.title,
        "role": entry.role,
        "technology": entry.technology,
        "unit": entry.unit,
        "n": len(exact),
        "bounds": len(rows) - len(exact),
        "first": exact["date"].min(),
        "last": exact["date"].max(),
        "last_value": exact["value"].iloc[-1] if len(exact) else math.nan,
        "spacing_years": round(gaps.median(), 2) if len(gaps) else math.nan,
        "segments": len(np.unique(numbers)),
        "longest": int(np.bincount(numbers).max()) if len(numbers) else 0,
        "high_confidence": round(float((rows["confidence"] == "high").mean()), 3),
        "breaks": _list_dates(breaks, "break", rows["date"]),
        "suspected_breaks": _list_dates(breaks, "suspected", rows["date"]),
    }


def _list_dates(breaks, kind, dates):
    """List the breaks of one kind that fall inside the series."""
    if breaks.empty:
        return ""
    inside = (breaks["kind"] == kind) & (breaks["date"] > dates.min()) & (breaks["date"] <= dates.max())
    return "; ".join(f"{date:%Y-%m-%d}" for date in breaks.loc[inside, "date"])
