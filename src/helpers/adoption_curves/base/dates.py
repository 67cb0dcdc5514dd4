"""Dates as decimal years and back: the end of a day counts, so 2025-12-31 is 2026.0. `CurveError` is for curves."""

from __future__ import annotations

import re
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
_EITHER = re.compile(r"\s*(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4})")
"""A text in which a day and a month come before the year."""


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
        numbers, each = np.asarray(dates), np.ravel(np.asarray(dates, object))
        if numbers.dtype.kind in "cm" or any(isinstance(one, bool | np.bool_) for one in each):
            raise CurveError(f"these are neither dates nor numbers: {numbers.dtype}; write dates as 2025-12-31")
        return numbers.astype(float)
    wrong = "these are neither dates nor numbers: {}; write dates as 2025-12-31"
    index = dates if isinstance(dates, pd.DatetimeIndex) else _parse_dates(dates, wrong)
    years = (index.year + index.day_of_year / (365 + index.is_leap_year)).to_numpy(float)
    return years if np.ndim(dates) or isinstance(dates, pd.Index) else years[0]


def _parse_dates(dates: Times, wrong: str) -> pd.DatetimeIndex:
    """Dates of any form as an index; a text is read by `_read_text`. `wrong` is the error with {} for its reason."""
    if isinstance(dates, pd.Series) and dates.dtype.kind == "M":
        return pd.DatetimeIndex(dates)
    cells = np.atleast_1d(np.asarray(dates))
    try:
        if cells.dtype.kind != "M":
            cells = [_read_text(cell) if isinstance(cell, str) else cell for cell in cells.astype(object)]
            if numbers := [cell for cell in cells if isinstance(cell, REAL) and not pd.isna(cell)]:
                raise ValueError(f"{numbers[0]} is a number among dates")  # which pandas takes for parts of a second
        return pd.DatetimeIndex(pd.to_datetime(cells))
    except CurveError:
        raise
    except (ValueError, TypeError) as error:
        raise CurveError(wrong.replace("{}", str(error))) from None


def _read_text(text: str) -> pd.Timestamp:
    """The day that a text means: of a year, a quarter or a month the last one.

    >>> [f"{_read_text(text):%Y-%m-%d}" for text in ("2021", "2021Q2", "Jun 2021", "2021-06-15", "31/12/2021")]
    ['2021-12-31', '2021-06-30', '2021-06-30', '2021-06-15', '2021-12-31']

    Raises
    ------
    CurveError
        Where day and month may be each other.
    ValueError
        Where it is no date, or has no year of four digits.
    """
    if found := _EITHER.match(text):
        first, second, year = map(int, found.groups())
        if first != second and max(first, second) <= 12:
            meant = f"write {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}"
            raise CurveError(f"the date {text!r} may be either of two days: {meant}")
    if not re.search(r"\d{4}", text):
        raise ValueError(f"{text!r} has no year of four digits")
    if re.fullmatch(r"\s*\d{4}\.\d+\s*", text):
        raise ValueError(f"{text!r} may be a month or a part of a year")
    return pd.Period(text).end_time.normalize()


def read_days(dates: Dates, what: str) -> pd.DatetimeIndex:
    """Dates of figures as days; of a year, written as a whole number or a text, or of another period the last day.

    Parameters
    ----------
    dates : DatetimeIndex, PeriodIndex, or index of whole years, texts or dates
    what : str
        Name of the dated values, for the message.

    Returns
    -------
    DatetimeIndex

    Raises
    ------
    CurveError
        For anything else; and for dates of more than one figure all within a day, which are years that were read as
        parts of a second.

    Examples
    --------
    >>> read_days(pd.Index([2020, 2021]), "x").equals(read_days(pd.Index(["2020", "2021"]), "x"))
    True
    """
    index = pd.Index(dates)
    if isinstance(index, pd.PeriodIndex):
        index = index.to_timestamp(how="end").normalize()
    elif not isinstance(index, pd.DatetimeIndex):
        whole = all(isinstance(each, int | np.integer) and not isinstance(each, bool) for each in index)
        texts = [f"{each:04}" for each in index] if whole else index.to_numpy(object)
        wrong = f"{what} has no dates as index ({{}}): write years as 2025 or days as 2025-12-31"
        index = _parse_dates(texts, wrong)
    days = index[index.notna()].normalize()
    shifted = days.nunique() == 1 and (index.dropna() != days).any()
    if shifted and (index.nunique() > 1 or days[0].year == 1970):
        raise CurveError(
            f"{what} has all its figures on one day, {days[0]:%Y-%m-%d}: pd.to_datetime([2020, 2021]) takes years for "
            "parts of a second; write pd.Series(values, index=[2020, 2021])"
        )
    return index


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
    start, end = ((year - epoch).astype("datetime64[Y]").astype("datetime64[D]") for epoch in (1970, 1969))
    dates = start + np.rint((safe - year) * (end - start).astype(int)).astype(int) - 1
    return pd.DatetimeIndex(np.where(valid, dates, np.datetime64("NaT")).astype("datetime64[s]"))
