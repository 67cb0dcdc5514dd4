"""A series among others: other technologies on one clock, other countries by measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.curves import decimal_years

if TYPE_CHECKING:
    from helpers.indicators.selection import Data
    from helpers.indicators.series import AdoptionSeries


def _cross(years: np.ndarray, share: np.ndarray, level: float) -> float:
    """When a series first rises through a level, linear between observations; nan if it never does."""
    above = np.flatnonzero(share >= level)
    if not len(above) or (above[0] == 0 and share[0] > level * 1.0001):
        return np.nan
    i = above[0]
    if i == 0:
        return years[0]
    part = (level - share[i - 1]) / (share[i] - share[i - 1])
    return years[i - 1] + part * (years[i] - years[i - 1])


def align_references(series: AdoptionSeries, references: Sequence[AdoptionSeries], level: float = 0.1) -> pd.DataFrame:
    """Return a series and reference technologies on one clock that starts at an equal share of the bound.

    The clock starts at `level`, or at the series' first observation where that is already higher. A reference whose
    observations begin above the start, or never reach it, has no place on the clock and is left out; a series that
    never reaches `level` has none either.

    Parameters
    ----------
    series : AdoptionSeries
        With a bound; without one, or always below `level`, the result is empty.
    references : list of AdoptionSeries
        Each with its own bound.
    level : float
        Share of the bound, 0 to 1.

    Returns
    -------
    DataFrame
        entity, indicator, technology, target (bool), start_share (percent), years (since the start), share (percent
        of the bound), years_to_target_share (how long it took to reach the target's highest share; infinity if it
        has not, so far). The target comes first.
    """
    columns = ["entity", "indicator", "technology", "target", "start_share", "years", "share", "years_to_target_share"]
    if series.bound is None or len(series.values) < 2:
        return pd.DataFrame(columns=columns)
    start = max(level, float(series.penetration.iloc[0]))
    goal = float(series.penetration.max())
    if goal < start:
        return pd.DataFrame(columns=columns)
    rows = []
    for one in (series, *references):
        years, share = decimal_years(one.values.index), one.penetration.to_numpy()
        begin = _cross(years, share, start)
        if not np.isfinite(begin):
            continue
        reached = _cross(years, share, goal)
        frame = pd.DataFrame({"years": years - begin, "share": 100 * share})
        frame = pd.concat([pd.DataFrame({"years": [0.0], "share": [100 * start]}), frame[frame["years"] > 1e-9]])
        rows.append(
            frame.assign(
                entity=one.entity,
                indicator=one.indicator,
                technology=one.technology,
                target=one is series,
                start_share=100 * start,
                years_to_target_share=reached - begin if np.isfinite(reached) else np.inf,
            )
        )
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def compare_countries(data: Data, series: AdoptionSeries) -> pd.DataFrame:
    """Return the latest figure of every survey of the same technology, in every country.

    Surveys differ in whom they ask and in what counts as use, so the measure stands in every row and figures of
    different measures are not to be ranked together.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries
        Its technology is looked for.

    Returns
    -------
    DataFrame
        measure (the indicator's title), indicator, entity, date, value, unit; sorted by measure and value. Only
        percentages, which alone compare across countries.
    """
    described = data.indicators.reset_index() if data.indicators.index.name else data.indicators
    same = described[(described["technology"] == series.technology) & described["unit"].str.startswith("percent")]
    rows = data.observations[data.observations["indicator"].isin(same["indicator"])]
    rows = rows[rows["bound"] == "exact"].sort_values("date").groupby(["indicator", "entity"], as_index=False).last()
    rows = rows.merge(same[["indicator", "title", "unit"]], on="indicator").rename(columns={"title": "measure"})
    rows = rows.sort_values(["measure", "value", "entity"], ascending=[True, False, True])
    return rows[["measure", "indicator", "entity", "date", "value", "unit"]].reset_index(drop=True)


def rank_pace(aligned: pd.DataFrame) -> pd.DataFrame:
    """Return, fastest first, how long each technology took from the start to the target's highest share.

    Parameters
    ----------
    aligned : DataFrame
        From `align_references`.

    Returns
    -------
    DataFrame
        technology, entity, indicator, target, years_to_target_share (infinity: not reached so far).
    """
    columns = ["technology", "entity", "indicator", "target", "years_to_target_share"]
    ranked = aligned[columns].drop_duplicates()
    return ranked.sort_values("years_to_target_share", kind="stable").reset_index(drop=True)


def list_references(references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Return the reference series, one row each: how long, and how far they have come by the last figure.

    Returns
    -------
    DataFrame
        technology, entity, indicator, points, first, last (dates), last_share (percent of the bound), highest_share.
    """
    rows = [
        (one.technology, one.entity, one.indicator, len(one.values), one.values.index[0], one.values.index[-1],
         100 * one.penetration.iloc[-1], 100 * one.penetration.max())
        for one in references
    ]  # fmt: skip
    columns = ["technology", "entity", "indicator", "points", "first", "last", "last_share", "highest_share"]
    return pd.DataFrame(rows, columns=columns).sort_values(["technology", "entity", "first"], ignore_index=True)
