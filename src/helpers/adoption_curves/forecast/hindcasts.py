"""Forecasts at earlier dates: `hindcast`, how a series is cut for one, and series that serve as examples."""

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
    """The forecast as it would have been made on the days on which earlier observations were published.

    It knows nothing of the series dated later than the observation.

    Parameters
    ----------
    series, limit : as for `forecast`
    origins : DatetimeIndex, optional
        Dates of observations; by default those of `_find_origins`.
    levels : as for `forecast`

    Returns
    -------
    DataFrame
        The rows of `Forecast.frame`, up to half a year beyond the last observation, with
        ``origin`` and ``made`` (the day on which the value of that date was published) first, and ``actual``, the
        value observed on that date or missing.
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
    """Series cut at `date`; of it the last `points`.

    Before its last break the series is the values since the break before that.

    Parameters
    ----------
    series : AdoptionSeries
    date : Timestamp
        Values after it are left out.
    points : int, optional
        How many values are kept, the last ones; None keeps all.

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
    """A series that rises, and the date of it from which its forecast is an example.

    Of windows of four observations that all rise, and have a value after each horizon, it is the one whose last share
    is nearest to `_EXAMPLE`.

    Parameters
    ----------
    references : sequence of AdoptionSeries

    Returns
    -------
    AdoptionSeries, Timestamp

    Raises
    ------
    ValueError
        If there is no such window.
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
    """The values, from a twentieth of its limit on, of a technology that has since nearly reached its limit.

    It is the one with twelve such values, none of them lower than the one before, whose eighth is nearest to half of
    the limit.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        One at least with a limit.

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
    """Three earlier dates at most, evenly spread over the last 3.2 years, with enough points before each.

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
    """Dates of the first observations after each break of a series that is not merely suspected."""
    return pd.DatetimeIndex(series.breaks.loc[series.breaks["kind"] == "break", "date"])
