"""Upper limit of a series: the most there could be, such as a population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from .dates import Times, decimal_years, read_days

# Smallest error of a fit, as a share of the limit: half a percentage point, to which values are published.
MEASUREMENT = 0.005
_FAR = 1_000_000


@dataclass(frozen=True, eq=False)
class Limit:
    """Upper limit of a series by date: the most there could be.

    Attributes
    ----------
    values : Series of float
        In the unit of the series; DatetimeIndex, increasing. In an index of whole years, texts or periods, each counts
        as its last day.
    name, title : str
        Name of the indicator, or the number as text; and its title.

    Examples
    --------
    >>> Limit(pd.Series([1000.0, 1100], index=[2024, 2025])).at(["2025-06-30"]).round(1).tolist()
    [1049.6]
    """

    values: pd.Series
    name: str = ""
    title: str = ""

    def __post_init__(self) -> None:
        if self.values.index.dtype.kind != "f" and not isinstance(self.values.index, pd.DatetimeIndex):
            days = read_days(self.values.index, "the limit")
            object.__setattr__(self, "values", pd.Series(self.values.to_numpy(), days, name=self.values.name))

    @cached_property
    def years(self) -> np.ndarray:
        """Its dates as decimal years."""
        return decimal_years(self.values.index)

    def at(self, times: Times, known: np.ndarray | None = None) -> np.ndarray:
        """Upper limit at given times: linear between its dates, constant before the first and after the last.

        Parameters
        ----------
        times : DatetimeIndex or array_like, shape (n,)
            Dates or decimal years.
        known : ndarray of float, shape (n,) or (1,), optional
            Decimal years; limit values of later dates are not used.

        Returns
        -------
        ndarray of float, shape (n,)
            In the unit of the series; NaN if `known` is before the first date.
        """
        years, values = decimal_years(times), self.values.to_numpy(float)
        if known is None:
            return np.interp(years, self.years, values)
        count = np.searchsorted(self.years, known + 1e-9)
        return np.where(count > 0, np.interp(np.minimum(years, self.years[count - 1]), self.years, values), np.nan)

    def highest_at(self, dates: Times) -> np.ndarray:
        """Highest possible limit: as `at`, but infinite after the last date if the limit has changed over time."""
        later = decimal_years(dates) > self.years[-1]
        return np.where(later & (self.values.nunique() > 1), np.inf, self.at(dates))

    def find_scale_fault(self, values: pd.Series) -> str:
        """Message on a limit more than a million times the highest observation; "" otherwise.

        Such a limit is in another unit, and curves cannot tell such shares from 0.
        """
        highest = float((values / self.at(values.index)).max()) if len(values) else 0.0
        if not 0 < highest < 1 / _FAR:
            return ""
        return f"is more than {_FAR:,} times the highest observation, {values.max():,.10g}. Write both in one unit"

    def known_by(self, day: pd.Timestamp) -> Limit | None:
        """Limit with only the values up to a day; None if no value is that early."""
        values = self.values[self.values.index <= day]
        return replace(self, values=values) if len(values) else None


def find_most(limits: Mapping[str, Limit | None]) -> float | None:
    """Highest of several upper limits, each at its last date.

    Parameters
    ----------
    limits : mapping of str to Limit or None
        By name; None for an unknown limit.

    Returns
    -------
    float or None
        In the unit of the limits; None if no limit is known.

    Examples
    --------
    >>> find_most({"users": Limit(pd.Series([900.0], index=[2025])), "none": None})
    900.0
    """
    return max((float(limit.values.iloc[-1]) for limit in limits.values() if limit is not None), default=None)
