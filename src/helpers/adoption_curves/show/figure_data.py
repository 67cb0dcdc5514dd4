"""Tidy frame of what a chart shows, if no table of a run has it: pages offer it under the chart."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..base.levels import LEVELS, band_columns
from ..indicators import AdoptionSeries

__all__ = ["tidy_forecast", "tidy_series"]


def tidy_series(series: AdoptionSeries) -> pd.DataFrame:
    """A series with its limit, a row a date.

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        date, stage (earlier, before the last break; observed; at_least or at_most for a newer one that is not exact),
        observed and limit (as far as it is known) in ``unit``, unit.
    """
    earlier = series.earlier.rename("observed").rename_axis("date").to_frame().assign(stage="earlier")
    values = series.values.rename("observed").rename_axis("date").to_frame().assign(stage="observed")
    newer = series.newer.rename(columns={"value": "observed", "qualifier": "stage"}).rename_axis("date")
    frame = pd.concat([earlier, values, newer[["observed", "stage"]]]).reset_index()
    frame["limit"] = float("nan")
    if series.limit is not None:  # after its last date it is not known, but forecast
        known = frame["date"] <= series.limit.values.index[-1]
        frame["limit"] = pd.Series(series.limit.at(frame["date"])).where(known)
    return frame.assign(unit=series.unit)[["date", "stage", "observed", "limit", "unit"]]


def tidy_forecast(
    rows: pd.DataFrame,
    ahead: pd.DataFrame,
    series: AdoptionSeries,
    scenarios: pd.DataFrame,
    levels: Sequence[float] = LEVELS,
) -> pd.DataFrame:
    """A series, its forecast with ranges, limit and scenarios, a row a date: what `draw_forecast` draws.

    Parameters
    ----------
    rows : DataFrame
        05_forecast.
    ahead : DataFrame
        05_limit.
    series : AdoptionSeries
    scenarios : DataFrame
        From 05_scenarios: share, date, value.
    levels : sequence of float
        Of the ranges that are drawn.

    Returns
    -------
    DataFrame
        As from `tidy_series`, with the stage forecast, whose limit is the limit's mean as forecast; median, and
        lower_80, upper_80 and so on for each level, where the forecast has ranges; a column such as scenario_50 for
        each share of the limit, in percent. All in ``unit``.
    """
    limit = ahead.set_index("date")["mean"]
    made = rows[["date"]].assign(stage="forecast", limit=rows["date"].map(limit), median=rows["q0.5"])
    for level in sorted(level for level in levels if {*band_columns(level)} <= {*rows}):
        for end, column in zip(("lower", "upper"), band_columns(level), strict=True):
            if column in rows:
                made[f"{end}_{100 * level:g}"] = rows[column]
    for share, courses in scenarios.groupby("share", sort=False):
        made[f"scenario_{100 * share:g}"] = made["date"].map(courses.set_index("date")["value"])
    columns = ["date", "stage", "observed", "limit", *made.columns.drop(["date", "stage", "limit"]), "unit"]
    return pd.concat([tidy_series(series), made.assign(unit=series.unit)], ignore_index=True)[columns]
