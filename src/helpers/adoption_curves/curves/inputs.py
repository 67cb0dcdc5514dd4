"""Check and convert the series, ceilings and dates that are passed to curves."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import OBSERVED_YEARS, REAL, CurveError, decimal_years, read_days
from ..base.limit import Limit
from ..base.numbers import read_numbers
from ..indicators.series import AdoptionSeries

Array: TypeAlias = np.ndarray
# Kinds of errors; "ar1" is a first-order autoregression.
ERRORS = ("independent", "ar1")


def read_values(series: Any) -> tuple[pd.Series, Array]:
    """Values of a series in order of their dates, and the dates as decimal years.

    Parameters
    ----------
    series : Series
        Indexed by dates. A whole year, a text or a period counts as its last day. An index of floats is used as it is:
        decimal years, or any other numbers. Missing values are left out.

    Returns
    -------
    values : Series of float, length n
        In order of date.
    years : ndarray of float, shape (n,)
        Decimal years.

    Raises
    ------
    CurveError
        If `series` is not a Series, a value is not a number, or an index item is not a date.
    """
    if not isinstance(series, pd.Series):
        raise CurveError(f"pass a pandas Series with dates as index, got {type(series).__name__}")
    what, series = str(series.name or "the series"), series.dropna()
    values = read_numbers(series, what)
    if series.index.dtype.kind == "f":
        index, years = series.index, series.index.to_numpy()
        if not np.isfinite(years).all():
            raise CurveError(f"{what} has a value without a date. Add the date, or remove the value.")
    else:
        index = read_days(series.index, what).tz_localize(None)
        years = decimal_years(index)
    order = np.argsort(years, kind="stable")
    return pd.Series(values[order], index[order], name=series.name), years[order]


def read_known(series: Any) -> tuple[pd.Series, float | None, tuple[str, ...]]:
    """Values of a series, the highest published value, and the kinds of errors that it may have.

    Parameters
    ----------
    series : Series or AdoptionSeries
        A newer "more than" value of an AdoptionSeries is included if we assume a value for it.

    Returns
    -------
    values : Series
    highest : float or None
        Highest published value, which may be only a "more than" value; None if it is the highest of `values`.
    kinds : tuple of str
        The kind of errors if it is known, otherwise all of `ERRORS`.
    """
    if not isinstance(series, AdoptionSeries):
        return series, None, ERRORS
    published = series.use_readings()
    return published.values, published.highest, ERRORS if series.errors is None else (series.errors,)


def read_ceiling(ceiling: Any, is_dated: bool, what: str = "the ceiling") -> Limit:
    """Known ceiling as a Limit.

    Parameters
    ----------
    ceiling : float, Series or Limit
        In the unit of the series.
    is_dated : bool
        Whether the index of the series has dates.
    what : str
        Name of the ceiling, for the message.

    Returns
    -------
    Limit
        For a number, one that is the same at all times.

    Raises
    ------
    CurveError
        If a value is not a number above 0, or if the ceiling has dates and the series has only decimal years.
    """
    if isinstance(ceiling, Limit):
        ceiling = ceiling.values
    if not isinstance(ceiling, pd.Series):
        if isinstance(ceiling, bool) or not isinstance(ceiling, REAL):
            raise CurveError(f"{what} must be a number above 0 or a Series with dates as index, got {ceiling!r}")
        ceiling = pd.Series([ceiling], [0.0])
    values, _ = read_values(ceiling.rename(what))
    if isinstance(values.index, pd.DatetimeIndex) and not is_dated:
        raise CurveError(f"{what} has dates, but the observations have decimal years; use the same for both")
    if values.empty or not (values > 0).all():
        raise CurveError(f"{what} must be above 0 on every date, got {values.min():g}")
    return Limit(values)


def read_times(times: Any, is_dated: bool, what: str) -> Array:
    """Dates at which a curve is evaluated, as decimal years.

    Parameters
    ----------
    times : array_like, shape (n,), or a single one
        Dates, whole years or decimal years; only decimal years for a series that has them.
    is_dated : bool
        Whether the index of the series has dates.
    what : str
        Name of the dates, for the message.

    Returns
    -------
    ndarray of float, shape (n,)

    Raises
    ------
    CurveError
        If an item is not a date, or may mean two different dates.
    """
    index = times if isinstance(times, pd.Index) else pd.Index(np.atleast_1d(np.asarray(times)))
    is_whole, is_number = index.dtype.kind in "iu", index.dtype.kind in "iuf"
    if not is_dated and index.dtype.kind != "f":  # 2027 could be the end of 2026 or of 2027
        raise CurveError(
            f"{what} {index[0]} is ambiguous, because the observations have numbers as dates. Write the end of 2026 as "
            "2027.0, or index the observations by dates."
        )
    if is_dated and is_number and (index < OBSERVED_YEARS[0]).any():
        raise CurveError(f"{what} {index.min():g} is not a year; write dates such as 2030 or '2030-12-31'")
    return decimal_years(read_days(index, what) if is_whole else index)
