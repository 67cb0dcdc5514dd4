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
"""Dates or decimal years, or a single one."""
_FARTHEST_YEAR = 9999
OBSERVED_YEARS = (1800, 2100)
"""First and last year of dated observations, in files too; other years are typing errors or ends of calendars."""
SHORTEST, SHORTEST_SPAN = 3, 0.49
"""Figures, and years that they must span, for a forecast from a series' own growth."""
LEAST_FIGURES = 6
"""Fewest figures for the verdict "levels off"."""
REAL = (int, float, np.integer, np.floating)


class CurveError(ValueError):
    """The data or the arguments cannot be fitted; the message says what is wrong and what would be right."""


def is_dated(times: Times) -> bool:
    """True if times are dates, in contrast to numbers."""
    if isinstance(times, pd.DatetimeIndex | pd.PeriodIndex):
        return True
    kind = np.asarray(times).dtype.kind
    if kind not in "OUST":
        return kind == "M"
    return not all(isinstance(part, REAL) for part in np.ravel(np.asarray(times, object)))


def decimal_years(dates: Times) -> np.ndarray:
    """Dates as decimal years, the end of the day; numbers are an axis of their own and stay what they are.

    Parameters
    ----------
    dates : DatetimeIndex, Series, list of dates or ISO strings, one date, or numbers (which pass through)

    Returns
    -------
    ndarray of float, shape (n,); a scalar date gives shape (), NaT gives NaN

    Raises
    ------
    CurveError
        If something is neither a date nor a number.
    """
    if isinstance(dates, pd.PeriodIndex):
        dates = dates.to_timestamp(how="end")
    if not is_dated(dates):
        numbers = np.asarray(dates)
        if numbers.dtype.kind in "cm":
            raise CurveError(f"these are neither dates nor numbers: {numbers.dtype}; write dates as 2025-12-31")
        return numbers.astype(float)
    try:
        if isinstance(dates, pd.DatetimeIndex):
            index = dates
        else:
            index = pd.DatetimeIndex(np.atleast_1d(np.asarray(pd.to_datetime(dates))))
    except (ValueError, TypeError) as error:
        raise CurveError(f"these are neither dates nor numbers: {error}; write dates as 2025-12-31") from None
    days = (index if index.tz is None else index.tz_localize(None)).to_numpy("datetime64[D]")
    year = days.astype("datetime64[Y]")
    first, next_first = (start.astype("datetime64[D]") for start in (year, year + np.timedelta64(1, "Y")))
    passed = (days - first + np.timedelta64(1, "D")) / (next_first - first)
    years = np.where(np.isnat(days), np.nan, 1970 + year.astype(int) + passed)
    return years if np.ndim(dates) or isinstance(dates, pd.Index) else years[0]


def years_among(times: Times, dated: bool, what: str) -> np.ndarray:
    """Decimal years of times that are asked of observations, which have dates themselves or numbers.

    Parameters
    ----------
    times : as in `decimal_years`
    dated : bool, whether the observations have dates
    what : what the times are, for the message

    Returns
    -------
    ndarray of float, as from `decimal_years`

    Raises
    ------
    CurveError
        For dates asked of numbers: whether 2027 is the end of 2026 or of 2027 only those who counted can say.
    """
    years = decimal_years(times)
    if not dated and is_dated(times):
        first, year = np.ravel(np.asarray(times, object))[0], np.ravel(years)[0]
        first = f"{pd.Timestamp(first):%Y-%m-%d}" if isinstance(first, date | np.datetime64) else first
        raise CurveError(
            f"{what} is the date {first}, but the observations have numbers for dates: write {year:.10g}, or give the "
            "observations dates too (2026-12-31 or 2027.0)"
        )
    return years


def check_observed(years: np.ndarray, what: str) -> None:
    """Refuse dates on which nothing can have been observed.

    Parameters
    ----------
    years : ndarray of float, shape (n,)
        Decimal years of dates, from `decimal_years`.
    what : str
        Name of the dated values, for the message.

    Raises
    ------
    CurveError
        If one is missing, or outside `OBSERVED_YEARS`.
    """
    first, last = OBSERVED_YEARS
    missing, outside = np.isnan(years), (years < first) | (years > last + 1)
    if missing.any():
        raise CurveError(f"{what} has a figure without a date: give it one, or leave it out")
    if outside.any():
        year = np.ceil(years[outside][0]) - 1
        raise CurveError(f"{what} has a date in the year {year:.0f}: dates lie from {first} to {last}; is it right?")


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
    valid = np.isfinite(years) & (np.abs(years) < _FARTHEST_YEAR)
    safe = np.where(valid, years, 2000.0)
    year = np.ceil(safe).astype(int) - 1
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    day = np.rint((safe - year) * np.where(leap, 366, 365)).astype(int)
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    dates = (start + (day - 1).astype("timedelta64[D]")).astype("datetime64[s]")
    return pd.DatetimeIndex(np.where(valid, dates, np.datetime64("NaT", "s")))
