"""The forecast of one series as joint paths: its members, their mean, and the paths that newer figures leave."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd

from ..base.levels import band_ends, quoted_level
from ..curves import decimal_years, to_dates
from . import bands
from .bands import REPORTED_QUANTILES
from .lessons import Lessons
from .methods import PUBLISHED, Origin, forecast_points, members_of, methods_for
from .paths import PATHS, keep, levels_left, refutes, sift
from .targets import Target
from .windows import DATE_TOLERANCE, SHORTEST, Ahead, Levels, Windows, approach, describe, next_dates

EVERY_RANK = (np.arange(PATHS) + 0.5) / PATHS
"""The ranks that paths have at each date."""
RANK_STEP = 128
"""Ranks that are passed over where the rank of a figure is looked for."""


@dataclass
class Member:
    """One of the forecasters whose mean is the published forecast: a path from the last observation, and its band."""

    forecast: JointForecast
    name: str

    @property
    def band(self) -> bands.Calibration:
        """Its own record: floor, quotients and the widest band that they vouch for."""
        return self.forecast.lessons.calibration(self.name)

    def quantiles(self, dates: pd.DatetimeIndex | None = None, levels: Levels | None = None) -> pd.DataFrame:
        """Quantiles of the member, among the paths of the forecast that newer figures leave.

        Parameters
        ----------
        dates : DatetimeIndex, optional
            Those of the forecast unless others are given.
        levels : sequence of float, optional
            The same.

        Returns
        -------
        DataFrame
            Index date, a column per level. In the unit of the series.
        """
        forecast = self.forecast
        dates = forecast.dates if dates is None else pd.DatetimeIndex(dates, name="date")
        levels = list(forecast.quantile_levels if levels is None else levels)
        years = decimal_years(dates) - forecast.windows.years[0, -1]
        within = forecast.within(years, levels)
        return pd.DataFrame(forecast.part(self.name, *forecast.look(years), within), dates, levels)


@dataclass(repr=False)
class JointForecast:
    """Quantiles by date of every method; made of the window of last points, the prior, and a calibration per method."""

    target: Target
    at_origin: Origin
    lessons: Lessons
    dates: pd.DatetimeIndex
    levels: tuple[float, ...]
    shares: tuple[float, ...]
    method: str = PUBLISHED

    @property
    def residuals(self) -> pd.DataFrame:
        """Errors of the references' own forecasts, from `backtest`."""
        return self.lessons.residuals

    @property
    def windows(self) -> Windows:
        """The window of last points, N = 1."""
        return self.at_origin.windows

    @property
    def level(self) -> float:
        """The level of the band that is quoted, see `helpers.base.levels.quoted_level`."""
        return quoted_level(self.levels)

    @property
    def origin(self) -> pd.Timestamp:
        """Date of the last observation."""
        return self.windows.labels["origin"].iloc[0]

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that apply to the series."""
        return methods_for(self.windows.bounded, self.windows.points)

    @property
    def few(self) -> bool:
        """Whether the series says only where it stands: fewer than `SHORTEST` points."""
        return self.windows.points < SHORTEST

    @property
    def curved(self) -> bool:
        """Whether curves are part of the forecast: with a bound, before a peak, from three points on."""
        return self.windows.bounded and not self.declines and not self.few

    @property
    def declines(self) -> bool:
        """Whether the series is past its peak, so that no adoption curve applies."""
        return bool(self.windows.past_peak[0])

    @property
    def quantile_levels(self) -> tuple[float, ...]:
        """Quantiles given: both ends of each level, and always those of `bands.REPORTED_QUANTILES`."""
        return tuple(sorted({*REPORTED_QUANTILES, *(end for level in self.levels for end in band_ends(level))}))

    @property
    def years(self) -> np.ndarray:
        """(H,) years from the origin to each date."""
        return decimal_years(self.dates) - self.windows.years[0, -1]

    @property
    def tested(self) -> np.ndarray:
        """(H,) whether the backtest reaches as far ahead as each date."""
        return self.years <= self.lessons.furthest + DATE_TOLERANCE

    @property
    def quantiles(self) -> pd.DataFrame:
        """Quantiles of the forecast's method: index date, a column per level."""
        levels = list(self.quantile_levels)
        return pd.DataFrame(self.at(self.years, levels), index=self.dates, columns=levels)

    @property
    def fan(self) -> pd.DataFrame:
        """The same as figures take them: date and a column ``q<level>`` each."""
        return self.quantiles.rename(columns=lambda level: f"q{level:g}").reset_index()

    @property
    def _labels(self) -> dict[str, str]:
        return {"entity": self.target.entity, "indicator": self.target.indicator}

    @property
    def _years_of_bound(self) -> float:
        """Years from the origin to the last figure of the bound; 0 where it ends with the series, or there is none."""
        if self.target.bound is None:
            return 0.0
        return max(0.0, float(decimal_years(self.target.bound.index)[-1] - self.windows.years[0, -1]))

    def ahead_of(self, years: Levels) -> Ahead:
        """`Ahead` for any years after the origin, an array (H,); the bound is as known, then drifts on."""
        years = np.atleast_1d(np.asarray(years, float))[None]
        ahead, until = Ahead.of(self.windows, years), self._years_of_bound
        if until > 0:
            bound = self.target.bound_at(self.windows.years[0, -1] + years)
            at_last = Ahead.of(self.windows, np.array([[until]])).bound
            beyond = Ahead.of(self.windows, np.maximum(years - until, 0))
            bound = np.where(years <= until, bound, bound * ahead.bound / at_last)
            ahead = replace(ahead, bound=bound, bound_sd=beyond.bound_sd, limit=bound)
        return replace(ahead, limit=np.minimum(ahead.limit, self.target.limit)) if self.windows.bounded else ahead

    @property
    def members(self) -> dict[str, Member]:
        """The forecasters whose quantiles the forecast is the plain mean of: ``sum(...) / len(result.members)``.

        Examples
        --------
        >>> from helpers.forecast import forecast
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), bound=100, horizon_years=2)
        >>> mean = sum(member.quantiles() for member in result.members.values()) / len(result.members)
        >>> bool((mean == result.quantiles).all(axis=None))
        True
        """
        return {name: Member(self, name) for name in members_of(self.method, self.methods)}

    def at(self, years: Levels, levels: Levels, method: str = "") -> np.ndarray:
        """Quantiles (H, Q) of the forecast's method, or of another one, at any years after the origin."""
        return self._margins(years, self.within(years, levels, method), method)

    def within(self, years: Levels, levels: Levels, method: str = "") -> Levels:
        """Levels (Q,) or (H, Q) at which quantiles of the paths lie that newer figures leave."""
        if not len(self.target.newer):
            return levels
        return levels_left(np.atleast_1d(years).tolist(), self.lessons.decay, self._limits(method), levels)

    def _margins(self, years: Levels, levels: Levels, method: str = "") -> np.ndarray:
        """Calibrated quantiles (H, Q) that know of no newer figure, at levels (Q,) or (H, Q)."""
        method = method or self.method
        names, ahead = members_of(method, self.methods), self.look(years)
        return sum(self.part(name, *ahead, levels) for name in names) / len(names)

    def look(self, years: Levels) -> tuple[Ahead, bands.Cases]:
        """What is known of some years after the origin, and what bands depend on there: the same for all members."""
        ahead = self.ahead_of(years)
        count = ahead.years.shape[1]
        return ahead, bands.Cases.of(describe(self.windows, ahead, (np.zeros(count, int), np.arange(count))))

    def part(self, name: str, ahead: Ahead, cases: bands.Cases, levels: Levels) -> np.ndarray:
        """The same of one member of a method, with its own path and band.

        What counts all so far (`Target.cumulative`) never falls from one date to the next, nor below its last value.
        """
        point, last = forecast_points(self.at_origin, ahead, (name,))[name][0], float(self.windows.values[0, -1])
        quantiles, limit = self.lessons.calibration(name).quantiles(cases, point, levels), self.target.limit
        if self.target.cumulative:
            quantiles = np.maximum.accumulate(np.maximum(quantiles, last), axis=0)
        if self.windows.bounded or not np.isfinite(limit):
            return np.minimum(quantiles, limit)
        return approach(quantiles, last, limit)

    @cached_property
    def _limits_by_method(self) -> dict[str, tuple[tuple[float, float, float], ...]]:
        """`_limits` by method, computed when first asked for."""
        return {}

    def _limits(self, method: str = "") -> tuple[tuple[float, float, float], ...]:
        """Year, lowest and highest rank that each newer figure allows."""
        if method not in self._limits_by_method:
            newer, limits = self.target.newer, []
            on = decimal_years(newer.index) - self.windows.years[0, -1]
            for year, value, bound in zip(on.tolist(), newer["value"], newer["bound"], strict=True):
                side = "left" if bound == "at_least" else "right"
                rough = np.searchsorted(self._margins([year], EVERY_RANK[::RANK_STEP], method)[0], value, side)
                first = max(int(rough) - 1, 0) * RANK_STEP  # then among those between, as if among all at once
                among = self._margins([year], EVERY_RANK[first : first + RANK_STEP], method)[0]
                below = (first + np.searchsorted(among, value, side)) / PATHS
                limits.append((year, below, 1.0) if bound == "at_least" else (year, 0.0, below))
            self._limits_by_method[method] = tuple(limits)
        return self._limits_by_method[method]

    def share_kept(self, method: str = "") -> float:
        """Share of the paths that satisfy the newer figures."""
        return keep(self.lessons.decay, self._limits(method)).share if len(self.target.newer) else 1.0

    def is_refuted(self, method: str = "") -> bool:
        """Whether newer figures refute a method, see `paths.refutes`; then its numbers know nothing of them."""
        return refutes(self._limits(method), self.share_kept(method))

    @property
    def refuted(self) -> bool:
        """Whether newer figures refute the forecast."""
        return self.is_refuted()

    @property
    def paths(self) -> pd.DataFrame:
        """Values by date, a row per path, all as likely; any event's probability is the share of paths in which it is.

        Examples
        --------
        >>> from helpers.forecast import forecast
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), bound=100, horizon_years=2)
        >>> bool((result.paths["2027-12-31"] > 60).mean() > 0.5)
        True
        """
        ranks, _ = sift(tuple(self.years.tolist()), self.lessons.decay, self._limits())
        return pd.DataFrame(self._margins(self.years, ranks.T).T, columns=self.dates)

    def until(self, horizon_years: float) -> Self:
        """The same forecast to another horizon, without fitting or calibrating anything again."""
        return replace(self, dates=next_dates(pd.DatetimeIndex(to_dates(self.windows.years[0])), horizon_years))
