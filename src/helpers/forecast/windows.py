"""Windows: the last few points of a series, as they were known at the last of them, for all methods at once.

Every array has one row per window (N) and one column per point (n) or per date ahead (H). A *bounded* window knows an
upper bound and is measured in shares of it; an unbounded one is measured in multiples of its last value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Link, Log, LogLog

from helpers.curves import decimal_years

if TYPE_CHECKING:
    from helpers.indicators.series import AdoptionSeries


SHARE_LIMITS = (1e-6, 0.999)
"""Shares of a bound are held inside these limits before a logarithm is taken of them."""
STRETCH_SHARES = (0.01, 0.98)
"""Outside these shares one point of the bound counts as much as at them."""
LOWEST_RATIO = 0.01
"""The same for multiples of the last value, when there is no bound: a loss of 99 % is the end of the scale."""
ORIGIN_SHARES = (0.05, 0.60)
"""A reference window enters the backtest when its last value lies between these shares of its bound."""
DATE_TOLERANCE = 0.26
"""Years by which a figure may miss a nominal horizon; the forecast is made for the figure's own date."""
SHORTEST, LONGEST = 3, 8
"""Points a forecast needs at least (a slope and one degree of freedom to judge it), and uses at most."""
LABELS = ("technology", "entity", "indicator")
"""What a window is called by, besides its origin."""
SHORTEST_SPAN = 0.49
"""Years that the points must span."""
DAMPING = 0.9
"""Share of a trend that is left after each year: 0.95 a half-year, within the 0.8 to 0.98 of damped ETS."""


@dataclass
class Windows:
    """N windows of n points. `bounds` holds NaN when there is no bound."""

    years: np.ndarray  # (N, n) decimal years, increasing
    values: np.ndarray  # (N, n)
    bounds: np.ndarray  # (N, n) the bound as known at the origin
    labels: pd.DataFrame  # N rows: `LABELS` and origin

    @property
    def points(self) -> int:
        """Observations in each window."""
        return self.years.shape[1]

    @property
    def bounded(self) -> bool:
        """Whether the windows are shares of a known bound."""
        return bool(np.isfinite(self.bounds).all())

    @property
    def unit(self) -> np.ndarray:
        """(N, 1) what one unit of the share is worth at the origin: the bound, or the last value."""
        return (self.bounds if self.bounded else self.values)[:, -1:]

    @property
    def shares(self) -> np.ndarray:
        """(N, n) values as shares of the bound, or as multiples of the last value."""
        return self.values / (self.bounds if self.bounded else self.values[:, -1:])

    @property
    def link(self) -> Link:
        """The scale on which growth is close to straight: log-log (Gompertz) for shares of a bound, else the log."""
        return LogLog() if self.bounded else Log()


@dataclass
class Ahead:
    """H dates ahead of each of N windows; NaN where there is none."""

    years: np.ndarray  # (N, H) years after the origin
    bounds: np.ndarray  # (N, H) forecast of the bound, or of the unit when there is no bound


def bend(link: Link, shares: np.ndarray, bounded: bool = True) -> np.ndarray:
    """Shares on the link's scale, held inside `SHARE_LIMITS`, or above `LOWEST_RATIO` when there is no bound."""
    low, high = SHARE_LIMITS if bounded else (LOWEST_RATIO, None)
    return link(np.clip(shares, low, high))


def slope_of(years: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(N,) least-squares slope per year of each row."""
    centred = years - years.mean(axis=1, keepdims=True)
    return (centred * values).sum(axis=1) / (centred**2).sum(axis=1)


def mean_change(years: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(N,) change per year from the first to the last point: the drift."""
    return (values[:, -1] - values[:, 0]) / (years[:, -1] - years[:, 0])


def damp(years: np.ndarray) -> np.ndarray:
    """Years that a damped trend still runs within `years`: the integral of ``DAMPING ** t``."""
    return (DAMPING**years - 1) / np.log(DAMPING)


def describe(windows: Windows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rate, roughness and stretch of each window on its link's scale, (N,) each.

    The rate is the least-squares slope per year. The roughness is the standard deviation of the steps about their
    mean, per root of a year, as for a random walk with drift. The stretch is the link's slope at the last share.
    """
    bent = bend(windows.link, windows.shares, windows.bounded)
    gaps = np.diff(windows.years, axis=1)
    surprise = (np.diff(bent, axis=1) - mean_change(windows.years, bent)[:, None] * gaps) / np.sqrt(gaps)
    roughness = np.sqrt((surprise**2).sum(axis=1) / (windows.points - 2))
    share = np.clip(windows.shares[:, -1], *STRETCH_SHARES) if windows.bounded else windows.shares[:, -1]
    return slope_of(windows.years, bent), roughness, windows.link.deriv(share)


def look_ahead(windows: Windows, years: np.ndarray) -> Ahead:
    """`Ahead` for horizons `years` (N, H): the bound follows its own damped drift and never falls below nothing."""
    if not windows.bounded:
        return Ahead(years, np.broadcast_to(windows.unit, years.shape))
    drift = mean_change(windows.years, windows.bounds)[:, None] * damp(years)
    return Ahead(years, np.maximum(windows.bounds[:, -1:] + drift, 0.1 * windows.bounds[:, -1:]))


def known_bound(seen: np.ndarray, bound: np.ndarray, years: np.ndarray) -> np.ndarray:
    """The bound at `years` (..., n) from what was observed by the last of each n; NaN where nothing was.

    `seen` dates `bound`.
    """
    known = np.searchsorted(seen, years[..., -1:] + 1e-9)
    return np.where(known > 0, np.interp(np.minimum(years, seen[known - 1]), seen, bound), np.nan)


def thin(series: pd.Series) -> pd.Series:
    """Leave out figures closer than 0.4 years to the next one kept, from the last back.

    Where fewer than four would remain, the distance is a quarter, then an eighth of the span; else all are kept.
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


def last_window(values: pd.Series, bound: pd.Series | None, labels: dict[str, str]) -> Windows:
    """The window of the last (at most `LONGEST`) points of one series, N = 1; a figure of 0 is passed over.

    Parameters
    ----------
    values : pandas.Series with a DatetimeIndex
    bound : pandas.Series with a DatetimeIndex, or None
    labels : dict with technology, entity and indicator

    Raises
    ------
    ValueError
        With fewer than `SHORTEST` points above 0, points that span less than `SHORTEST_SPAN`, or values above the
        bound.
    """
    kept = thin(_checked(values)).iloc[-LONGEST:]
    years = decimal_years(kept.index)
    bounds = np.full(len(kept), np.nan)
    if bound is not None:
        if bound.index[0] > kept.index[-1]:
            raise ValueError(
                f"the bound starts on {bound.index[0]:%Y-%m-%d}, after the last observation: give earlier values of it"
            )
        bounds = known_bound(decimal_years(bound.index), bound.to_numpy(float), years)
    if (kept.to_numpy() > 1.02 * bounds).any():
        raise ValueError(
            f"values up to {kept.max():g} lie above the bound ({bounds.max():g}): a bound is an upper limit"
        )
    frame = pd.DataFrame([labels | {"origin": kept.index[-1]}])
    return Windows(years[None], kept.to_numpy(float)[None], np.asarray(bounds, float)[None], frame)


def _checked(values: pd.Series) -> pd.Series:
    """The series sorted by date, or an error that says what is wrong with it."""
    if not isinstance(values.index, pd.DatetimeIndex):
        raise ValueError("the series needs a DatetimeIndex: pd.Series(values, index=pd.to_datetime(dates))")
    values = values.dropna().sort_index().astype(float)
    if values.index.has_duplicates:
        raise ValueError(f"two values on {values.index[values.index.duplicated()][0]:%Y-%m-%d}: keep one per date")
    if (values < 0).any():
        raise ValueError(f"adoption cannot be negative: {values.min():g} on {values.idxmin():%Y-%m-%d}")
    values = values[values > 0]
    if len(values) < SHORTEST:
        raise ValueError(
            f"a forecast needs at least {SHORTEST} dated values above 0 (a slope and a way to judge it), "
            f"not {len(values)}"
        )
    years = decimal_years(values.index)
    if years[-1] - years[0] < SHORTEST_SPAN:
        span = 12 * (years[-1] - years[0])
        raise ValueError(f"the values span {span:.0f} months: half a year at least is needed to forecast half-years")
    return values


def roll_windows(
    references: Sequence[AdoptionSeries], points: int, bounded: bool = True
) -> tuple[Windows | None, np.ndarray]:
    """Every window of `points` observations of the references that ends inside `ORIGIN_SHARES`.

    Returns
    -------
    Windows, and (N,) for each window the position in `references` of the series it comes from; None when there is no
    window.
    """
    parts = [_windows_of(series, points) for series in references]
    numbers = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    if not len(numbers):
        return None, numbers
    years, values, bounds, origins = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    names = {name: np.array([getattr(series, name) for series in references])[numbers] for name in LABELS}
    windows = Windows(years, values, bounds, pd.DataFrame(names | {"origin": origins}))
    return (windows if bounded else replace(windows, bounds=np.full(bounds.shape, np.nan))), numbers


def _windows_of(series: AdoptionSeries, points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The windows of one reference series: years, values, bounds and origins."""
    years, values = decimal_years(series.values.index), series.values.to_numpy(float)
    assert series.bound is not None  # references without one are left out before
    seen, bound = decimal_years(series.bound.index), series.bound.to_numpy(float)
    last = np.arange(points - 1, len(values) - 1)
    at = last[:, None] + np.arange(1 - points, 1)
    bounds = known_bound(seen, bound, years[at])
    share = values[last] / bounds[:, -1]
    kept = (share >= ORIGIN_SHARES[0]) & (share <= ORIGIN_SHARES[1]) & (values[at].min(axis=1) > 0)
    return years[at][kept], values[at][kept], bounds[kept], series.values.index.to_numpy()[last[kept]]
