"""Dates as decimal years and back: the end of a day counts, so 2025-12-31 is 2026.0. `CurveError` is for curves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Dates: TypeAlias = pd.Index | pd.Series | np.ndarray | Sequence[Any]
"""Dates in any form that pandas reads, or decimal years."""
Times: TypeAlias = Dates | str | date | float
"""The same, or a single one."""
FARTHEST_YEAR = 9999


class CurveError(ValueError):
    """The data or the arguments cannot be fitted; the message says what is wrong and what would be right."""


def is_dated(times: Times) -> bool:
    """Whether times are dates, in contrast to numbers."""
    if isinstance(times, pd.DatetimeIndex | pd.PeriodIndex):
        return True
    kind = np.asarray(times).dtype.kind
    return kind == "M" or (kind in "OUST" and len(np.atleast_1d(np.asarray(times, object))) > 0)


def decimal_years(dates: Times) -> np.ndarray:
    """Dates as decimal years.

    Parameters
    ----------
    dates : DatetimeIndex, Series, list of dates or ISO strings, one date, or numbers (which pass through)

    Returns
    -------
    ndarray of float, shape (n,); a scalar date gives shape ()

    Raises
    ------
    CurveError
        If something is neither a date nor a number.
    """
    if isinstance(dates, pd.PeriodIndex):
        dates = dates.to_timestamp(how="end")
    if not is_dated(dates):
        return np.asarray(dates, float)
    try:
        dated = isinstance(dates, pd.DatetimeIndex)
        index = pd.DatetimeIndex(dates if dated else np.atleast_1d(np.asarray(pd.to_datetime(dates))))
    except (ValueError, TypeError) as error:
        raise CurveError(f"these are neither dates nor numbers: {error}; write dates as 2025-12-31") from None
    days = index.tz_localize(None).to_numpy("datetime64[D]")
    year = days.astype("datetime64[Y]")
    first, next_first = (start.astype("datetime64[D]") for start in (year, year + 1))
    years = 1970 + year.astype(int) + (days - first + 1) / (next_first - first)
    return years if np.ndim(dates) or isinstance(dates, pd.Index) else years[0]


def to_dates(years: float | np.ndarray) -> pd.DatetimeIndex:
    """Decimal years as dates, to the nearest day; years that are not finite or beyond 9999 become NaT.

    Parameters
    ----------
    years : float or (n,) decimal years

    Returns
    -------
    DatetimeIndex
    """
    years = np.atleast_1d(np.asarray(years, float))
    valid = np.isfinite(years) & (np.abs(years) < FARTHEST_YEAR)
    safe = np.where(valid, years, 2000.0)
    year = np.ceil(safe).astype(int) - 1
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    day = np.rint((safe - year) * np.where(leap, 366, 365)).astype(int)
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    dates = (start + (day - 1).astype("timedelta64[D]")).astype("datetime64[s]")
    return pd.DatetimeIndex(np.where(valid, dates, np.datetime64("NaT")))
