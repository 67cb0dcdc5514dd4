"""The limit of a series: what none of its figures can pass, such as a population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from .dates import Times, decimal_years, read_days

MEASUREMENT = 0.005
"""Half a point of the limit: no fit is believed to be closer than figures are published."""
_FAR = 1_000_000


@dataclass(frozen=True, eq=False)
class Limit:
    """Limit of a series by date.

    Attributes
    ----------
    values : Series of float
        In the unit of the series; DatetimeIndex, increasing. An index of whole years, texts or periods is read as
        their last days.
    name, title : str
        The indicator, or the number, as text; and the same in words.
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
        """Limit at some times: linear in decimal years between its dates, constant before the first, after the last.

        Parameters
        ----------
        times : dates, or ndarray of decimal years
        known : ndarray of decimal years, optional
            One for all times or one for each, as numpy broadcasts: values of later dates are not used.

        Returns
        -------
        ndarray of float, one per time, in the unit of the series
            NaN where `known` is before the first date.
        """
        years, values = decimal_years(times), self.values.to_numpy(float)
        if known is None:
            return np.interp(years, self.years, values)
        count = np.searchsorted(self.years, known + 1e-9)
        return np.where(count > 0, np.interp(np.minimum(years, self.years[count - 1]), self.years, values), np.nan)

    def highest_at(self, dates: Times) -> np.ndarray:
        """Highest that the limit can be: as `at`, but infinite after the last date of one that has changed."""
        later = decimal_years(dates) > self.years[-1]
        return np.where(later & (self.values.nunique() > 1), np.inf, self.at(dates))

    def find_scale_fault(self, values: pd.Series) -> str:
        """What is wrong with a limit that is a million times the highest of some dated values; "" for a lower one.

        No curve tells such shares from 0, and it is in another unit.
        """
        highest = float((values / self.at(values.index)).max()) if len(values) else 0.0
        if not 0 < highest < 1 / _FAR:
            return ""
        return f"is more than {_FAR:,} times the highest figure, {values.max():,.10g}: write both in one unit"

    def known_by(self, day: pd.Timestamp) -> Limit | None:
        """Limit of which only values up to a day are known; None where none is."""
        values = self.values[self.values.index <= day]
        return replace(self, values=values) if len(values) else None


def find_most(limits: Mapping[str, Limit | None]) -> float | None:
    """The highest of some limits by name at their last dates; None where none is known.

    Parameters
    ----------
    limits : mapping of str to Limit or None

    Returns
    -------
    float or None
        In the unit of the limits.
    """
    return max((float(limit.values.iloc[-1]) for limit in limits.values() if limit is not None), default=None)
