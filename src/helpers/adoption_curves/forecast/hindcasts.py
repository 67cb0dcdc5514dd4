"""Forecasts made at earlier dates, how a series is cut for one, and series that serve as examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ..base.dates import LEAST_OBSERVATIONS, LEAST_SPAN, decimal_years
from ..base.levels import LEVELS
from ..base.limit import Limit
from ..indicators.from_pandas import read_series
from ..indicators.series import AdoptionSeries
from .backtest import EARLY, list_windows
from .forecasting import REPORTED_QUANTILES, Forecast, forecast

_EXAMPLE = 0.3  # share of its limit from which the forecast of a technology is shown as an example
_EXAMPLE_OBSERVATIONS = 4  # values from which that is made
_FINISHED = 0.9  # share of its limit that a technology has reached that is shown as finished
_FINISHED_OBSERVATIONS = 12  # first observations of it, of which none is below the one before
_BACK, _MOST_ORIGINS = 3.2, 3  # years before the last observation, and how many, of dates of hindcasts


def hindcast(
    series: pd.Series | AdoptionSeries,
    limit: Limit | pd.Series | float | None = None,
    origins: pd.DatetimeIndex | None = None,
    levels: Sequence[float] = LEVELS,
) -> pd.DataFrame:
    """Repeat the forecast at earlier dates.

    Each forecast uses only observations up to its starting date.

    Parameters
    ----------
    series : pandas.Series or AdoptionSeries
        Observations, as in `forecast`.
    limit : float, Limit, pandas.Series or None
        Upper limit, in the unit of `series`, as in `forecast`.
    origins : DatetimeIndex, optional
        Starting dates, each that of an observation. By default up to three from the last 3.2 years.
    levels : sequence of float
        Levels of the prediction intervals, each between 0 and 1.

    Returns
    -------
    DataFrame
        The rows of `Forecast.frame` up to half a year after the last observation, in the unit of the series, with
        ``origin`` (starting date), ``made`` (day on which its observation was published) and ``actual`` (the outcome,
        missing if there is none).

    Examples
    --------
    >>> users = pd.Series([12.0, 19, 31, 44, 52, 57, 60], index=range(2019, 2026))
    >>> rows = hindcast(users, limit=100)
    >>> rows["origin"].dt.year.unique().tolist()
    [2022, 2023, 2024]
    """
    target = read_series(series, limit)
    last = target.days[-1]
    frames: list[pd.DataFrame] = []
    for origin in _find_origins(target) if origins is None else pd.DatetimeIndex(origins):
        published = max([origin, *target.published.reindex([origin]).dropna()])
        years = max(1.0, (last - origin).days / 365.25 + 0.5)  # which reaches the next date of any series
        result = forecast(cut_series(target, origin), None, years, levels)
        if result.kind != "forecast":
            continue
        frames.append(_frame_outcomes(result, target, published))
    if not frames:
        quantiles = [f"q{level:g}" for level in REPORTED_QUANTILES]
        columns = ["origin", "made", "entity", "indicator", "date", *quantiles, "unit", "basis"]
        return pd.DataFrame(columns=[*columns, "actual"])
    rows = pd.concat(frames, ignore_index=True)
    return rows[rows["date"] <= last + pd.Timedelta(days=190)].reset_index(drop=True)


def _frame_outcomes(result: Forecast, whole: AdoptionSeries, day: pd.Timestamp) -> pd.DataFrame:
    """A forecast made on a day beside the values of the whole series that followed; see `hindcast`.

    The outcome is missing where there is no value on that date, or one after a certain change of method.
    """
    rows = result.frame()
    rows.insert(0, "origin", result.origin)
    rows.insert(1, "made", day)
    values, later = pd.concat([whole.earlier, whole.values]), _list_hard(whole)
    values = values[values.index < min([*later[later > result.origin], pd.Timestamp.max])]
    return rows.assign(actual=values.reindex(rows["date"]).to_numpy())


def cut_series(series: AdoptionSeries, date: pd.Timestamp, points: int | None = None) -> AdoptionSeries:
    """Series as it was on an earlier date.

    Parameters
    ----------
    series : AdoptionSeries
    date : Timestamp
        Later values are left out. If it is before the last change of method, the values are those since the change
        before.
    points : int, optional
        Number of values to keep, the last ones; by default all.

    Returns
    -------
    AdoptionSeries
    """
    values = pd.concat([series.earlier, series.values])
    values, hard = values[values.index <= date], _list_hard(series)
    since = max([*hard[hard <= date], pd.Timestamp.min])
    return replace(
        series,
        values=values[values.index >= since].iloc[-points if points else 0 :],
        earlier=values[values.index < since],
        censored=series.censored[series.censored.index <= date],
        breaks=series.breaks[series.breaks["date"] <= date],
        observations=series.observations[series.observations["date"] <= date],
        limit=None if series.limit is None else series.limit.known_by(date),
    )


def find_example(references: Sequence[AdoptionSeries]) -> tuple[AdoptionSeries, pd.Timestamp]:
    """Comparison technology, and a starting date, for an example of a forecast and its outcome.

    Among windows of four observations that all rise and are followed by a value at each horizon, it is the one whose
    last share is closest to 30% of the limit.

    Parameters
    ----------
    references : sequence of AdoptionSeries

    Returns
    -------
    AdoptionSeries, Timestamp

    Raises
    ------
    ValueError
        If there is no window.
    """
    windows = list_windows(references, [_EXAMPLE_OBSERVATIONS])
    if not windows:
        raise ValueError(
            f"none of the references has {_EXAMPLE_OBSERVATIONS} values and a later one at 0.2 to 98% of its limit"
        )
    [window] = windows
    rising = (np.diff(window.y) > 0).all(axis=1) & np.isfinite(window.h).all(axis=1)
    place = (np.abs(window.y[:, -1] / window.limit[:, -1] - _EXAMPLE) + 9 * ~rising).argmin()
    one = next(each for each in references if [each.entity, each.indicator] == window.labels[place, 1:].tolist())
    return one, pd.Timestamp(window.origin[place])


def find_finished(references: Sequence[AdoptionSeries]) -> AdoptionSeries:
    """Comparison technology that has almost reached its upper limit, from 5% of it on.

    Among those with twelve values from there that never decrease, it is the one whose eighth value is closest to half
    of the limit.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        At least one has a limit.

    Returns
    -------
    AdoptionSeries
    """
    shares = {place: each.share for place, each in enumerate(references) if each.limit is not None}
    early = {place: share[share >= EARLY].iloc[:_FINISHED_OBSERVATIONS] for place, share in shares.items()}

    def misses(place: int) -> float:
        share, whole = early[place], shares[place]
        if not len(share):
            return np.inf
        missed = abs(share.iloc[2 * len(share) // 3 - 1] - 0.5)
        fits = len(share) == _FINISHED_OBSERVATIONS and share.is_monotonic_increasing and _FINISHED <= whole.max() < 1
        return missed if fits else missed + 9

    example = min(early, key=misses)
    return replace(references[example], values=references[example].values[early[example].index[0] :])


def _find_origins(series: AdoptionSeries) -> pd.DatetimeIndex:
    """Up to three earlier dates, evenly spread over the last 3.2 years, with enough observations before each.

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    DatetimeIndex
    """
    values = series.values[series.values > 0]  # a forecast passes over a value of 0
    if values.empty:
        return pd.DatetimeIndex(values.index)
    years = decimal_years(values.index)
    enough = (np.arange(len(years)) >= LEAST_OBSERVATIONS - 1) & (years - years[0] >= LEAST_SPAN)
    dates = values.index[enough][:-1]
    dates = dates[dates >= series.values.index[-1] - pd.Timedelta(days=365.25 * _BACK)]
    step = max(1, -(-len(dates) // _MOST_ORIGINS))
    return dates[::-1][::step][::-1]


def _list_hard(series: AdoptionSeries) -> pd.DatetimeIndex:
    """Dates of the first observations after each certain change of method."""
    return pd.DatetimeIndex(series.breaks.loc[series.breaks["kind"] == "break", "date"])
