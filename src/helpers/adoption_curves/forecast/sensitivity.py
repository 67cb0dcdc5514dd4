"""Forecasts of one series in other forms: under another limit, with figures counted or read in another way."""

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
    """The forecast of other forms of the series by name, at its dates; its largest value is that of all."""
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
    """The forecast with each of some limits.

    Parameters
    ----------
    result : Forecast
    limits : mapping of str to Limit or None
        In the unit of the series.

    Returns
    -------
    DataFrame
        A row per limit and date: limit (its name), date, q0.1, q0.5, q0.9 and the ends of the quoted range, unit. Of a
        form without a range only the median is there.
    """
    series = result.printed
    return _vary(result, {name: replace(series, limit=limit) for name, limit in limits.items()}, "limit")


def compare_since(result: Forecast) -> pd.DataFrame:
    """The forecast with the values before a change of method that it leaves out.

    Parameters
    ----------
    result : Forecast

    Returns
    -------
    DataFrame
        As `compare_limits`, by form; no rows where it uses all values.
    """
    if pd.isna(result.since):
        return _NO_FORMS.copy()
    name = f"with the values before {format_long_date(result.since)}"
    return _vary(result, {name: replace(result.printed, since="all")}, "form")


def _as_printed(series: AdoptionSeries) -> AdoptionSeries:
    """The series with its newer figures as they were printed, without our closer reading.

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    AdoptionSeries
    """
    return replace(series, observations=series.observations.drop(columns=[*READ], errors="ignore"))


def compare_newer(result: Forecast) -> pd.DataFrame:
    """The forecast before and after a newer figure: without it, as published, and as our reading.

    Parameters
    ----------
    result : Forecast

    Returns
    -------
    DataFrame
        As `compare_limits`, by form; no rows where no figure is newer than the last exact one, or there is no forecast.
    """
    series = result.printed
    if series.newer.empty or result.kind != "forecast":
        return _NO_FORMS.copy()
    before = replace(_as_printed(series), censored=series.censored.iloc[:0])
    forms = {"without it": before, "as published": series}
    if len(series.readings):
        forms |= {"as published": _as_printed(series), "our reading": series}
    return _vary(result, forms, "form")
