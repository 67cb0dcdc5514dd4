"""Tidy frame of what a chart shows, if no table of a run has it: pages offer it under the chart."""

from __future__ import annotations

import pandas as pd

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


def tidy_forecast(rows: pd.DataFrame, ahead: pd.DataFrame, series: AdoptionSeries) -> pd.DataFrame:
    """A series, its limit and its forecast, a row a date: what `draw_forecast` draws.

    Parameters
    ----------
    rows : DataFrame
        05_forecast.
    ahead : DataFrame
        05_limit.
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        As from `tidy_series`, with the stage forecast, whose limit is the mean of the limit's forecast; and basis and
        the quantiles of 05_forecast, in ``unit``.
    """
    limit = rows["date"].map(ahead.set_index("date")["mean"])
    later = rows.drop(columns=["entity", "indicator"]).assign(stage="forecast", limit=limit)
    return pd.concat([tidy_series(series), later], ignore_index=True)
