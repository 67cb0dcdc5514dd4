"""Tidy tables of the data in a chart, for the download below it."""

from __future__ import annotations

import pandas as pd

from ..indicators import AdoptionSeries

__all__ = ["tidy_forecast", "tidy_series"]


def tidy_series(series: AdoptionSeries) -> pd.DataFrame:
    """Convert a series and its upper limit to a tidy table.

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        One row per date: ``date``, ``stage`` ("earlier" before the last certain change of method, "observed", or
        "at_least" or "at_most" for a newer bound), ``observed``, ``limit`` (where it has been published) and ``unit``.
    """
    earlier = series.earlier.rename("observed").rename_axis("date").to_frame().assign(stage="earlier")
    values = series.values.rename("observed").rename_axis("date").to_frame().assign(stage="observed")
    newer = series.newer.rename(columns={"value": "observed", "qualifier": "stage"}).rename_axis("date")
    frame = pd.concat([earlier, values, newer[["observed", "stage"]]]).reset_index()
    frame["limit"] = float("nan")
    if series.limit is not None:  # after its last date the limit is only forecast
        known = frame["date"] <= series.limit.values.index[-1]
        frame["limit"] = pd.Series(series.limit.at(frame["date"])).where(known)
    return frame.assign(unit=series.unit)[["date", "stage", "observed", "limit", "unit"]]


def tidy_forecast(rows: pd.DataFrame, ahead: pd.DataFrame, series: AdoptionSeries) -> pd.DataFrame:
    """Convert a series, its upper limit and its forecast to a tidy table, the data of `draw_forecast`.

    Parameters
    ----------
    rows : DataFrame
        Table 05_forecast.
    ahead : DataFrame
        Table 05_limit.
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        As from `tidy_series`, with rows of the stage "forecast", whose limit is the mean of the limit's forecast, and
        with the basis and quantiles of 05_forecast, in ``unit``.
    """
    limit = rows["date"].map(ahead.set_index("date")["mean"])
    later = rows.drop(columns=["entity", "indicator"]).assign(stage="forecast", limit=limit)
    return pd.concat([tidy_series(series), later], ignore_index=True)
