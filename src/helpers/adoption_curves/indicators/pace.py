"""Series on a clock: how long each took from one share of its limit to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.dates import decimal_years
from .data import Data
from .series import AdoptionSeries


def list_shares(series: AdoptionSeries, references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Return the shares of the limit of a series and of comparison series as one table, a row a value.

    A change of method, certain or suspected, parts a series in two: nothing is drawn or ranked through one.

    Parameters
    ----------
    series : AdoptionSeries
        Of it the values since the last change count. Without a limit, or with a single one of these, it has no rows.
    references : sequence of AdoptionSeries
        Each with its own limit.

    Returns
    -------
    DataFrame
        number (of the part of a series, 0 is of `series`), entity, indicator, technology, target (bool: `series`),
        year (with decimals), share (of the limit, 0 to 1).
    """
    columns = {"number": int, "entity": str, "indicator": str, "technology": str, "target": bool}
    columns |= {"year": float, "share": float}
    parts = [(series, _part_shares(series)[-1])]
    parts += [(one, part) for one in references for part in _part_shares(one)]
    rows = [
        (number, one.entity, one.indicator, one.technology, number == 0, year, share)
        for number, (one, part) in enumerate(parts)
        if one.limit is not None and len(part) > 1
        for year, share in zip(decimal_years(part.index), part, strict=True)
    ]
    return pd.DataFrame(rows, columns=[*columns]).astype(columns)


def _part_shares(series: AdoptionSeries) -> list[pd.Series]:
    """The shares of a series before, between and after its changes of method, at least one part."""
    changes = series.breaks["date"].to_numpy("datetime64[s]")
    sides = np.searchsorted(np.sort(changes), series.values.index.to_numpy("datetime64[s]"), side="right")
    return [part for _, part in series.share.groupby(sides)] or [series.share]


def crossing_years(shares: pd.DataFrame, level: float) -> pd.Series:
    """Return when each series first rises through a share of its limit, linear between values.

    Parameters
    ----------
    shares : DataFrame
        From `list_shares`.
    level : float
        Share of the limit, 0 to 1.

    Returns
    -------
    Series
        Year with decimals, for each row that of its series; nan where a series begins above `level` or never reaches
        it.
    """
    before = shares.groupby("number")[["year", "share"]].shift()
    part = (level - before["share"]) / (shares["share"] - before["share"])
    years = before["year"] + part * (shares["year"] - before["year"])
    years = years.where(before["share"].notna(), shares["year"].where(shares["share"] <= level * 1.0001))
    above = shares["share"] >= level
    first = shares.loc[above, "number"].drop_duplicates().index
    return shares["number"].map(pd.Series(years[first].to_numpy(), shares.loc[first, "number"]))


def align_shares(shares: pd.DataFrame) -> pd.DataFrame:
    """Return every series from the time on at which it began, with a first point at 0 years.

    Parameters
    ----------
    shares : DataFrame
        From `list_shares`, with start_share (percent, the same for all), began (the year in which it was crossed, see
        `crossing_years`; missing: left out) and years_to_target_share.

    Returns
    -------
    DataFrame
        number, entity, indicator, technology, target, start_share, years (since the start), share (percent of the
        limit) and years_to_target_share. It has no rows where the series in question did not begin.
    """
    begun = shares[shares["began"].notna()]
    if not begun["target"].any():
        begun = begun.iloc[:0]
    after = begun.assign(years=begun["year"] - begun["began"], share=100 * begun["share"])
    starts = after.drop_duplicates("number").assign(years=0.0, share=after["start_share"])
    lines = pd.concat([starts, after[after["years"] > 1e-9]])  # a value at the start itself is the first point
    columns = ["number", "entity", "indicator", "technology", "target", "start_share", "years", "share"]
    lines = lines[[*columns, "years_to_target_share"]]
    return lines.sort_values(["number", "years"], ignore_index=True)


def rank_pace(data: Data, aligned: pd.DataFrame, goal: float) -> pd.DataFrame:
    """Rank series by the years that they took from the start to a share of their limit.

    Parameters
    ----------
    data : Data
    aligned : DataFrame
        From `align_shares`; of years_to_target_share infinity is not yet.
    goal : float
        Share that was to be reached, 0 to 1.

    Returns
    -------
    DataFrame
        A row a series, the fastest first: entity, indicator, technology, target, start_share,
        years_to_target_share, unit, target_share (percent), lost (percent of its highest share, until its last
        value), place (of equals the last) and of (the number of those that reached it; others have no place).
    """
    columns = ["entity", "indicator", "technology", "target", "start_share", "years_to_target_share"]
    pace = aligned.drop_duplicates("number").set_index("number")[columns]
    pace["unit"] = pace["indicator"].map(data.indicators.set_index("indicator")["unit"])
    shares = aligned.groupby("number")["share"]
    pace["target_share"], pace["lost"] = 100 * goal, 100 * (1 - shares.last() / shares.max())
    reached = np.isfinite(pace["years_to_target_share"])
    pace["place"], pace["of"] = pace["years_to_target_share"].where(reached).rank(method="max"), reached.sum()
    return pace.sort_values("years_to_target_share", kind="stable", ignore_index=True)
