"""The series that is forecast, in one form whatever the caller has: a pandas Series, or an `AdoptionSeries`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from helpers.curves import decimal_years
from helpers.forecast.windows import Windows, last_window
from helpers.indicators.series import AdoptionSeries

Series = TypeVar("Series", pd.Series, AdoptionSeries)
LONGEST_HORIZON = 100
"""Years; a run allows fewer."""


@dataclass(frozen=True)
class Subject:
    """What is forecast; `source` is the AdoptionSeries it came from, or None."""

    entity: str
    indicator: str
    title: str
    unit: str
    technology: str
    values: pd.Series
    bound: pd.Series | None
    source: AdoptionSeries | None = None

    @property
    def labels(self) -> dict[str, str]:
        """Technology, entity and indicator as a dict."""
        return {"technology": self.technology, "entity": self.entity, "indicator": self.indicator}

    def shares(self) -> pd.Series:
        """All its values as shares of the bound, by date."""
        values, bound = self.values.dropna().sort_index(), self.known_bound
        return values / np.interp(decimal_years(values.index), decimal_years(bound.index), bound.to_numpy(float))

    @property
    def known_bound(self) -> pd.Series:
        """The bound, for those who know that there is one."""
        assert self.bound is not None
        return self.bound

    def window(self) -> Windows:
        """The window of its last points (`windows.last_window`)."""
        return last_window(self.values, self.bound, self.labels)


def read_subject(series: pd.Series | AdoptionSeries, bound: pd.Series | float | None = None) -> Subject:
    """Bring a series and its bound into one form.

    Parameters
    ----------
    series : pandas.Series with a DatetimeIndex, or AdoptionSeries
        A pandas Series is called by its ``name``; its ``attrs`` may hold entity, title, unit and technology.
    bound : number, pandas.Series with a DatetimeIndex, or None
        None stands for the AdoptionSeries' own bound, or for none.

    Returns
    -------
    Subject

    Raises
    ------
    ValueError
        When the bound is neither, is not above 0, or the series is no series.
    """
    if isinstance(series, pd.Series):
        texts = {key: str(series.attrs.get(key, "")) for key in ("entity", "title", "unit", "technology")}
        indicator = str(series.name or "series")
        texts["title"] = texts["title"] or indicator
        subject = Subject(**texts, indicator=indicator, values=series, bound=None, source=None)
    elif hasattr(series, "values") and hasattr(series, "technology"):
        fields: dict[str, Any] = {
            key: getattr(series, key)
            for key in ("entity", "indicator", "title", "unit", "technology", "values", "bound")
        }
        subject = Subject(**fields, source=series)
    else:
        raise ValueError(f"forecast a pandas Series with dates, or an AdoptionSeries, not {type(series).__name__}")
    return subject if bound is None else replace(subject, bound=_read_bound(bound, subject.values))


def _read_bound(bound: Any, values: pd.Series) -> pd.Series:
    """The bound as a dated series; a number holds on every date of the series."""
    if isinstance(bound, pd.Series):
        found = bound.dropna().sort_index().astype(float)
        if not isinstance(found.index, pd.DatetimeIndex):
            raise ValueError("a bound that changes needs dates: pd.Series(values, index=pd.to_datetime(dates))")
    elif isinstance(bound, Real) and not isinstance(bound, bool):
        found = pd.Series(float(bound), index=values.index)
    else:
        raise ValueError(f"the bound is None, a number in the series' unit, or a dated pandas Series, not {bound!r}")
    if found.empty or not (found > 0).all():
        raise ValueError("the bound must be above 0 on every date")
    return found


def cut_series(series: Series, date: pd.Timestamp) -> Series:
    """The same series with nothing dated after `date`; values, bound, censored, breaks and observations alike."""
    if isinstance(series, pd.Series):
        return series[series.index <= date]
    bound = None if series.bound is None else series.bound[series.bound.index <= date]
    return replace(
        series,
        values=series.values[series.values.index <= date],
        bound=None if bound is None or bound.empty else bound,
        censored=series.censored[series.censored.index <= date],
        later=series.later[series.later.index <= date],
        breaks=series.breaks[series.breaks["date"] <= date],
        observations=series.observations[series.observations["date"] <= date],
    )


def next_dates(index: pd.DatetimeIndex, horizon_years: float) -> pd.DatetimeIndex:
    """Dates to forecast: ends of half-years, or the series' own day of the year when it is annual.

    Parameters
    ----------
    index : DatetimeIndex of the observations used
    horizon_years : number, at most `LONGEST_HORIZON`

    Raises
    ------
    ValueError
        When the horizon is no such number, or ends before the first of the dates.
    """
    if not 0 < horizon_years <= LONGEST_HORIZON:
        raise ValueError(f"horizon_years is {horizon_years}; it must be above 0 and at most {LONGEST_HORIZON}")
    last, gaps = index[-1], pd.Series(decimal_years(index)).diff().dropna()
    if len(gaps) and gaps.median() > 0.75:
        month_end = last.is_month_end
        dates = [last + pd.DateOffset(years=year) for year in range(1, int(horizon_years + 1e-9) + 1)]
        dates = [date + pd.offsets.MonthEnd(0) if month_end else date for date in dates]
    else:
        ends = pd.date_range(last, last + pd.DateOffset(months=round(12 * horizon_years) + 3), freq="QE")
        limit = last + pd.DateOffset(months=round(12 * horizon_years), days=16)
        dates = [date for date in ends if date.month in (6, 12) and last + pd.Timedelta(days=30) < date <= limit]
    if not dates:
        raise ValueError(
            f"horizon_years is {horizon_years} and ends before the next date of the series; give at least 1"
        )
    return pd.DatetimeIndex(dates, name="date")
