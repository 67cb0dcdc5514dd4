"""The series that is forecast, and windows of last points, as known at the last of them, for all methods at once.

Every array has one row per window (N) and one column per point (n) or per date ahead (H).

The bound has one name and one form: `bound`, its value at each of the `years` beside it, in the unit of the series. A
window has it as known at its origin, `Ahead` as it is forecast from there, an AdoptionSeries as a dated Series. All
shares are shares of it. Without a known upper limit (`bounded` is False) the last value replaces it: shares are
then multiples of the last value, and nothing is limited by it. In tables ``bound`` is the bound at the
origin, ``bound_ahead`` its forecast, ``bound_then`` its later value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Link, Log

from ..base import dates
from ..base.words import say_count
from ..curves import decimal_years
from .ceilings import GOMPERTZ

SHARE_LIMITS = (1e-6, 0.999)
"""Shares of a bound are held inside these limits before a logarithm is taken of them."""
STEEP_WITHIN = {True: (0.01, 0.95), False: (0.05, np.inf)}
"""With and without a bound: outside these shares one point counts as much as at them."""
LOWEST_RATIO = 0.01
"""Smallest multiple of the last value on the scale without a bound: a loss of 99%."""
DATE_TOLERANCE = 0.26
"""Years by which a figure may miss a nominal horizon; the forecast is made for the figure's own date."""
SHORTEST, SHORTEST_SPAN, LONGEST = dates.SHORTEST, dates.SHORTEST_SPAN, 8
"""Points that a forecast of its own needs (a slope and one degree of freedom to judge it), the years that they must
span, and points that it uses at most."""
FEW_YEARS = 3.0
"""Longest horizon in years for fewer than `SHORTEST` points, which need a bound."""
LONGEST_HORIZON = 100
"""Years; a run allows fewer."""
DAMPING = 0.8
"""Share of a trend that is left after each year: 0.89 a half-year, within the 0.8 to 0.98 of damped ETS."""
HALF_LIFE = 2.0
"""Half-life in years of the weight of a step without a bound, where only the steps show a slowdown."""
PAST_PEAK = 0.9
"""A window that ends below this part of its highest value is past its peak; after lesser falls the curves do better."""
BOUND_TOLERANCE = 0.02
"""Part by which figures may lie above the bound: both are rounded, and of different days."""


Levels: TypeAlias = Sequence[float] | np.ndarray
"""Quantile levels, or other numbers in a row."""


@dataclass
class Windows:
    """N windows of n points, to which curves are fitted, and on which rates, steps and spreads are measured."""

    years: np.ndarray  # (N, n) decimal years, increasing
    values: np.ndarray  # (N, n)
    bound: np.ndarray  # (N, n) as known at the origin; the last value where `bounded` is False
    labels: pd.DataFrame  # N rows: origin, and what the window is called by
    bounded: bool = True

    @property
    def points(self) -> int:
        """Observations in each window."""
        return self.years.shape[1]

    @property
    def shares(self) -> np.ndarray:
        """(N, n) values as shares of the bound, or as multiples of the last value."""
        return self.values / self.bound

    def without_bound(self) -> Windows:
        """Windows without their bound."""
        return replace(self, bound=np.broadcast_to(self.values[:, -1:], self.values.shape), bounded=False)

    @property
    def step_weights(self) -> np.ndarray:
        """Weights of the steps, (N, n - 1): equal with a bound, by `HALF_LIFE` without one."""
        middle = (self.years[:, 1:] + self.years[:, :-1]) / 2
        return np.ones_like(middle) if self.bounded else 0.5 ** ((self.years[:, -1:] - middle) / HALF_LIFE)

    @property
    def past_peak(self) -> np.ndarray:
        """(N,) whether the last value lies clearly below an earlier one: adoption curves only rise."""
        return self.values[:, -1] < PAST_PEAK * self.values.max(axis=1)

    @property
    def link(self) -> Link:
        """The scale on which growth is close to straight: log-log (Gompertz) for shares of a bound, else the log."""
        return GOMPERTZ.link if self.bounded else Log()


@dataclass
class Ahead:
    """H dates ahead of each of N windows; NaN where there is none."""

    years: np.ndarray  # (N, H) years after the origin
    bound: np.ndarray  # (N, H) as it is forecast
    bound_sd: np.ndarray  # (N, H) standard error of that forecast
    limit: np.ndarray | float = np.inf  # (N, H) what no value can pass: the bound, or a lower limit

    @classmethod
    def of(cls, windows: Windows, years: np.ndarray) -> Self:
        """Horizons `years` (N, H) of windows: the bound follows its own damped drift and never falls below nothing."""
        drift = mean_change(windows.years, windows.bound)[:, None] * damp(years)
        bound = np.maximum(windows.bound[:, -1:] + drift, 0.1 * windows.bound[:, -1:])
        limit = bound if windows.bounded else np.inf
        return cls(years, bound, drift_sd(windows.years, windows.bound, years), limit)

    def clip(self, values: np.ndarray) -> np.ndarray:
        """Values (N, H) held between 0 and the limit."""
        return np.clip(values, 0, self.limit)


def to_link(link: Link, shares: np.ndarray) -> np.ndarray:
    """Shares on the link's scale, held inside `SHARE_LIMITS`; multiples (with `Log`) above `LOWEST_RATIO`."""
    low, high = (LOWEST_RATIO, None) if isinstance(link, Log) else SHARE_LIMITS
    return link(np.clip(shares, low, high))


def approach(values: np.ndarray, last: np.ndarray | float, limit: np.ndarray | float) -> np.ndarray:
    """Values that no longer pass a limit: the nearer to it, the slower they rise above the last value."""
    rise, room = np.maximum(values - last, 0.0), np.maximum(limit - last, 0.0)
    return np.where(rise > 0, last + rise * room / np.maximum(np.hypot(rise, room), 1e-300), values)


def slope_of(years: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(N,) least-squares slope per year of each row."""
    centred = years - years.mean(axis=1, keepdims=True)
    return (centred * values).sum(axis=1) / (centred**2).sum(axis=1)


def mean_change(years: np.ndarray, values: np.ndarray, weights: np.ndarray | float = 1.0) -> np.ndarray:
    """(N,) mean change per year: of all steps alike, which is the drift, or by the steps' `weights` (N, n - 1).

    One point has no steps, and its change is 0.
    """
    steps, gaps = np.diff(values, axis=1), np.diff(years, axis=1)
    if not steps.size:
        return np.zeros(len(values))
    return (weights * steps).sum(axis=1) / (weights * gaps).sum(axis=1)


def damp(years: np.ndarray) -> np.ndarray:
    """Years that a damped trend still runs within `years`: the integral of ``DAMPING ** t``."""
    return (DAMPING**years - 1) / np.log(DAMPING)


def measure_growth(windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """Rate and standard deviation of the steps of each window on its link's scale, (N,) each.

    The rate is the least-squares slope per year, without a bound the mean of the steps by their weights. The steps'
    deviation is about their mean and per root of a year, as for a random walk with drift; without a bound about the
    step before, run down, where that is less: growth that slows smoothly is no scatter. Past a peak both are those of
    the fall alone, the steps about 0. Fewer than `SHORTEST` points tell no deviation, and one tells no rate: 0.
    """
    link_share, weights = to_link(windows.link, windows.shares), windows.step_weights
    if windows.points < SHORTEST:
        return mean_change(windows.years, link_share), np.zeros(len(link_share))
    gaps, mean = np.diff(windows.years, axis=1), mean_change(windows.years, link_share, weights)
    steps, freedom = np.diff(link_share, axis=1), (windows.points - 1) / (windows.points - 2)
    squares = (steps - mean[:, None] * gaps) ** 2 / gaps
    variance = (weights * squares).sum(axis=1) / weights.sum(axis=1)
    if not windows.bounded:
        apart, pace = (gaps[:, 1:] + gaps[:, :-1]) / 2, steps / gaps
        squares = (pace[:, 1:] - pace[:, :-1] * DAMPING**apart) ** 2 * gaps[:, 1:]
        variance = np.minimum(variance, (weights[:, 1:] * squares).sum(axis=1) / weights[:, 1:].sum(axis=1))
    step_sd = np.sqrt(variance * freedom)
    rate = slope_of(windows.years, link_share) if windows.bounded else mean
    fallen = np.flatnonzero(windows.past_peak)
    if len(fallen):
        peak = windows.values[fallen].argmax(axis=1)
        since = np.arange(windows.points - 1) >= peak[:, None]
        falls = np.where(since, steps[fallen], 0.0)
        rate[fallen] = falls.sum(axis=1) / np.where(since, gaps[fallen], 0.0).sum(axis=1)
        step_sd[fallen] = np.sqrt((falls**2 / gaps[fallen]).sum(axis=1) / since.sum(axis=1))
    return rate, step_sd


def drift_sd(seen: np.ndarray, values: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Standard error (N, H) of a random walk with drift `years` (N, H) after its values (N, n), `seen` at (N, n).

    Shocks to come, and the uncertain mean change; 0 with fewer than `SHORTEST` values, which tell neither.
    """
    if values.shape[1] < SHORTEST:
        return np.zeros_like(years)
    gaps, change = np.diff(seen, axis=1), mean_change(seen, values)[:, None]
    shocks = ((np.diff(values, axis=1) - change * gaps) ** 2 / gaps).sum(axis=1) / (values.shape[1] - 2)
    return np.sqrt(shocks[:, None] * years * (1 + years / (seen[:, -1:] - seen[:, :1])))


def describe(windows: Windows, ahead: Ahead, place: tuple[np.ndarray, ...]) -> pd.DataFrame:
    """Predictors of errors, a row for each of R dates ahead at `place`, the numbers of windows and dates.

    Returns
    -------
    DataFrame
        window (its points), years (ahead), share (last value / bound, NaN when unbounded), last, growth (last / first
        value), bound, bound_ahead (its forecast), bound_sd (its standard error), rate, roughness (standard deviation of
        the steps), stretch (derivative of the link at the last share), past_peak.
    """
    row = place[0]
    rate, step_sd = measure_growth(windows)
    last, first = windows.values[row, -1], windows.values[row, 0]
    columns = {"window": windows.points, "years": ahead.years[place], "last": last, "growth": last / first}
    columns |= {"share": windows.shares[row, -1] if windows.bounded else np.nan, "bound": windows.bound[row, -1]}
    columns |= {"bound_ahead": ahead.bound[place], "bound_sd": ahead.bound_sd[place]}
    steep = windows.link.deriv(np.clip(last / windows.bound[row, -1], *STEEP_WITHIN[windows.bounded]))
    columns |= {"rate": rate[row], "roughness": step_sd[row], "stretch": steep}
    return pd.DataFrame(columns | {"past_peak": windows.past_peak[row]})


def bound_at_origin(bound: pd.Series, years: np.ndarray) -> np.ndarray:
    """The bound at `years` (..., n) from what was observed by the last of each n; NaN where nothing was."""
    seen = decimal_years(bound.index)
    count = np.searchsorted(seen, years[..., -1:] + 1e-9)
    values = np.interp(np.minimum(years, seen[count - 1]), seen, bound.to_numpy(float))
    return np.where(count > 0, values, np.nan)


def interpolate_bound(bound: pd.Series, years: np.ndarray) -> np.ndarray:
    """The bound at decimal years, in the shape of `years`; before its first and after its last date it is constant."""
    return np.interp(years, decimal_years(bound.index), bound.to_numpy(float))


def find_double(series: pd.Series) -> pd.Timestamp:
    """First date that occurs twice."""
    return series.index[series.index.duplicated()][0]


def thin(series: pd.Series) -> pd.Series:
    """Leave out figures closer than 0.4 years to the next one kept, from the last back.

    If fewer than four would remain, the distance is a quarter, then an eighth of the span; else all are kept.
    """
    years = decimal_years(series.index)
    for least in (0.4, (years[-1] - years[0]) / 4, (years[-1] - years[0]) / 8):
        kept = [len(series) - 1]
        for position in range(len(series) - 2, -1, -1):
            if years[kept[-1]] - years[position] >= least - 1e-9:
                kept.append(position)
        if len(kept) >= 4:
            return series.iloc[sorted(kept)]
    return series


def last_window(values: pd.Series, bound: pd.Series | None = None) -> Windows:
    """The window of the last (at most `LONGEST`) points of one series, N = 1; a figure of 0 is passed over.

    Parameters
    ----------
    values : pandas.Series with a DatetimeIndex
    bound : pandas.Series with a DatetimeIndex, or None

    Returns
    -------
    Windows

    Raises
    ------
    ValueError
        Without a point above 0; with fewer than `SHORTEST` points that span `SHORTEST_SPAN`, without a bound; with
        values above the bound.
    """
    kept = thin(_check_values(values, bound is not None)).iloc[-LONGEST:]
    years, array = decimal_years(kept.index)[None], kept.to_numpy(float)[None]
    window = Windows(years, array, array, pd.DataFrame({"origin": kept.index[-1:]}))
    if bound is None:
        return window.without_bound()
    if bound.index[0] > kept.index[-1]:
        raise ValueError(
            f"the limit starts on {bound.index[0]:%Y-%m-%d}, after the last observation: give earlier values of it"
        )
    window = replace(window, bound=bound_at_origin(bound, years))
    if (window.values > (1 + BOUND_TOLERANCE) * window.bound).any():
        raise ValueError(
            f"values up to {kept.max():g} lie above the bound ({window.bound.max():g}), which is an upper limit"
        )
    return window


def _check_values(values: pd.Series, bounded: bool) -> pd.Series:
    """The values above 0, where they lie too close together the last; or an error that says what is wrong with them."""
    if values.index.has_duplicates:
        raise ValueError(f"two values on {find_double(values):%Y-%m-%d}: keep one per date")
    if (values < 0).any():
        raise ValueError(f"adoption cannot be negative: {values.min():g} on {values.idxmin():%Y-%m-%d}")
    values = values[values > 0]
    if values.empty or (len(values) < SHORTEST and not bounded):
        least, of = (1, "") if bounded else (SHORTEST, " (a slope and a way to judge it; with a bound one is enough)")
        raise ValueError(f"a forecast needs at least {say_count(least, 'dated value')} above 0{of}, not {len(values)}")
    span = np.ptp(decimal_years(values.index))
    if span >= SHORTEST_SPAN:
        return values
    if not bounded:
        raise ValueError(
            f"the values span {12 * span:.0f} months: half a year at least is needed to forecast half-years "
            "without a bound"
        )
    return values.iloc[-1:]


def next_dates(index: pd.DatetimeIndex, horizon_years: float) -> pd.DatetimeIndex:
    """Dates to forecast: ends of half-years, or the series' own day of the year when it is annual.

    Parameters
    ----------
    index : DatetimeIndex
        Of the observations used.
    horizon_years : number
        At most `LONGEST_HORIZON`; after fewer than `SHORTEST` observations no more than `FEW_YEARS` count.

    Returns
    -------
    DatetimeIndex

    Raises
    ------
    ValueError
        When the horizon is no such number, or ends before the first of the dates.
    """
    if not 0 < horizon_years <= LONGEST_HORIZON:
        raise ValueError(f"horizon_years is {horizon_years}; it must be above 0 and at most {LONGEST_HORIZON}")
    horizon_years = min(horizon_years, FEW_YEARS) if len(index) < SHORTEST else horizon_years
    last, gaps = index[-1], np.diff(decimal_years(index))
    if len(gaps) and np.median(gaps) > 0.75:
        day = pd.offsets.MonthEnd(0) if last.is_month_end else pd.DateOffset(0)
        dates = [last + pd.DateOffset(years=year) + day for year in range(1, int(horizon_years + 1e-9) + 1)]
    else:
        months = round(12 * horizon_years)
        ends = pd.date_range(last, last + pd.DateOffset(months=months + 3), freq="QE")
        limit = last + pd.DateOffset(months=months, days=16)
        dates = [date for date in ends if date.month in (6, 12) and last + pd.Timedelta(days=30) < date <= limit]
    if not dates:
        raise ValueError(
            f"horizon_years is {horizon_years} and ends before the next date of the series; give at least 1"
        )
    return pd.DatetimeIndex(dates, name="date")
