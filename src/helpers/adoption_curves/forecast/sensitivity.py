"""Forecasts of one series under other assumptions: another upper limit, other observations, other assumed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from ..base.dates import decimal_years
from ..base.formats import format_long_date
from ..base.levels import band_ends
from ..base.limit import Limit
from ..indicators.series import READ, AdoptionSeries
from .forecasting import Forecast, forecast

_NO_FORMS = pd.DataFrame(columns=["form", "date", "q0.1", "q0.5", "q0.9", "unit"])


def _vary(result: Forecast, others: Mapping[str, AdoptionSeries], by: str) -> pd.DataFrame:
    """Forecasts of variants of the series, by name, at the same dates and with the same largest possible value."""
    frames, ends = [], sorted({0.1, 0.5, 0.9, *band_ends(result.level)})
    most = result.target.most if np.isfinite(result.target.most) else None
    for name, series in others.items():
        other = result if series is result.printed else forecast(series, most=most)
        dates = result.dates if other.kind == "forecast" else result.dates[:0]
        years = decimal_years(dates) - decimal_years(other.used.index)[-1] if len(dates) else np.empty(0)
        available = [end for end in ends if end == 0.5 or other.has_range]
        quantiles = pd.DataFrame(other.at(years, available), columns=available).reindex(columns=ends)
        columns = {f"q{end:g}": quantiles[end].to_numpy() for end in ends}
        frames.append(pd.DataFrame({by: name, "date": dates} | columns | {"unit": result.target.unit}))
    return pd.concat(frames, ignore_index=True)


def compare_limits(result: Forecast, limits: Mapping[str, Limit | None]) -> pd.DataFrame:
    """Repeat the forecast with other upper limits.

    Parameters
    ----------
    result : Forecast
    limits : mapping of str to Limit or None
        Upper limits by name, in the unit of the series; None for a forecast without one.

    Returns
    -------
    DataFrame
        One row per limit and date: ``limit`` (its name), ``date``, ``q0.1``, ``q0.5``, ``q0.9`` and both ends of the
        quoted interval, in the unit of the series, and ``unit``. Without a limit only the median is available.

    Examples
    --------
    >>> users = pd.Series([12, 19, 31, 44, 52], index=range(2021, 2026))
    >>> rows = compare_limits(forecast(users, limit=100), {"none": None})
    >>> bool(rows["q0.5"].notna().all()), bool(rows["q0.1"].notna().any())
    (True, False)
    """
    series = result.printed
    return _vary(result, {name: replace(series, limit=limit) for name, limit in limits.items()}, "limit")


def compare_since(result: Forecast) -> pd.DataFrame:
    """Repeat the forecast with the observations before a suspected change of method, which it leaves out.

    Parameters
    ----------
    result : Forecast

    Returns
    -------
    DataFrame
        As from `compare_limits`, with ``form`` instead of ``limit``. Empty if the forecast uses all observations.
    """
    if pd.isna(result.since):
        return _NO_FORMS.copy()
    name = f"with the values before {format_long_date(result.since)}"
    return _vary(result, {name: replace(result.printed, since="all")}, "form")


def _as_printed(series: AdoptionSeries) -> AdoptionSeries:
    """The series with its newer bounds as published, without our assumed values.

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    AdoptionSeries
    """
    return replace(series, observations=series.observations.drop(columns=[*READ], errors="ignore"))


def compare_newer(result: Forecast) -> pd.DataFrame:
    """Repeat the forecast without the newer bounds, with the bounds as published, and with our assumed values.

    Without an assumed value, fewer than three values may remain since a suspected change of method. The forecast then
    uses earlier values too.

    Parameters
    ----------
    result : Forecast

    Returns
    -------
    DataFrame
        As from `compare_limits`, with ``form`` instead of ``limit``. Empty if no value is newer than the last exact
        one, or there is no forecast.
    """
    series = result.printed
    if series.newer.empty or result.kind != "forecast":
        return _NO_FORMS.copy()
    before = replace(_as_printed(series), censored=series.censored.iloc[:0])
    forms = {"without it": before, "as published": series}
    if len(series.readings):
        forms |= {"as published": _as_printed(series), "our reading": series}
    return _vary(result, forms, "form")
