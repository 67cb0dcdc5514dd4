"""The forecast of one series as one object: its paths, and the tables and picture made of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from ..base.levels import band_columns, band_ends, quoted_level, say_level
from ..base.words import NO_RANGE, WHY_NO_RANGE
from ..curves import Assessment, decimal_years, to_dates
from ..indicators.series import AdoptionSeries
from . import bands
from .added import sum_up
from .bands import INTEGRATION_QUANTILES, REPORTED_QUANTILES
from .ceilings import GOMPERTZ, LOGISTIC
from .lessons import Lessons, read_counts
from .methods import PUBLISHED, Origin, fit_at_share, forecast_points, members_of, methods_for
from .paths import PATHS, keep, levels_within, refutes, sift
from .scores import evaluate, summarise_coverage
from .targets import assess_series
from .windows import DATE_TOLERANCE, SHORTEST, Ahead, Levels, Windows, approach, describe, interpolate_bound, next_dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes


NOT_REACHED = "not within the horizon"
CURVES = (LOGISTIC, GOMPERTZ)
"""A scenario is their mean."""
MILESTONES = (0.5, 0.6, 0.75)
EARLY = 0.1
"""Share of the bound below which a series counts as early: there ranges held less often."""
EVERY_RANK = (np.arange(PATHS) + 0.5) / PATHS
"""The ranks that paths have at each date."""


@dataclass
class Member:
    """Member of the published forecast: a path from the last observation, and its prediction interval.

    Attributes
    ----------
    forecast : Forecast
        The published one, whose paths newer figures sift.
    own : Forecast
        The same, or that of the series with the end of its verdict as the bound.
    name : str
        Its method.
    weight : float
        Part that its quantiles have in the mean.
    """

    forecast: Forecast
    own: Forecast
    name: str
    weight: float

    @property
    def band(self) -> bands.Band:
        """Distribution of its errors on other technologies: floor, quotients, and the widest band that these allow."""
        return self.own.lessons.errors.band(self.name)

    def path(self) -> pd.Series:
        """Path of the member from the last observation, by the dates of the forecast; in the unit of the series."""
        ahead = self.own.ahead_of(self.forecast.years)
        return pd.Series(forecast_points(self.own.at_origin, ahead, (self.name,))[self.name][0], self.forecast.dates)

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
        return pd.DataFrame(self.own.part(self.name, *self.own.look(years), within), dates, levels)


@dataclass(repr=False)
class Forecast:
    """Quantiles by date of every method, and what is derived from them; made by `forecast.forecast`.

    Every number is one of the joint paths (`paths`): those that contradict a newer figure, one that is only a bound,
    are left out. Where the figures level off, `led` is the forecast of the same series with the upper end of that
    verdict as its bound, and every quantile is the mean of both. Where the series counts all so far, `added` is the
    forecast of what each period adds, and every quantile without a bound is one of its sums.
    """

    target: AdoptionSeries
    at_origin: Origin
    lessons: Lessons
    dates: pd.DatetimeIndex
    levels: tuple[float, ...]
    shares: tuple[float, ...]
    method: str
    printed: AdoptionSeries  # its figures as they were printed, without readings
    led: Forecast | None = None
    added: Forecast | None = None
    _limits_by_method: dict[str, tuple[tuple[float, float, float], ...]] = field(default_factory=dict, init=False)

    @cached_property
    def assessed(self) -> Assessment:
        """Verdict on the ceiling of the printed figures."""
        return assess_series(self.printed)

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
        """The level of the band that is quoted, see `adoption_curves.base.levels.quoted_level`."""
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
        """True if the series says only where it stands: fewer than `SHORTEST` points."""
        return self.windows.points < SHORTEST

    @property
    def curved(self) -> bool:
        """True if curves are part of the forecast: with a bound, before a peak, from three points on."""
        return self.windows.bounded and not self.declines and not self.few

    @property
    def declines(self) -> bool:
        """True if the series is past its peak, so that no adoption curve applies."""
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
        """Quantiles for figures: date and a column ``q<level>`` each."""
        return self.quantiles.rename(columns=lambda level: f"q{level:g}").reset_index()

    @property
    def _labels(self) -> dict[str, str]:
        return {"entity": self.target.entity, "indicator": self.target.indicator}

    def ahead_of(self, years: Levels) -> Ahead:
        """`Ahead` for any years after the origin, an array (H,); the bound is as known, then drifts on."""
        years = np.atleast_1d(np.asarray(years, float))[None]
        ahead, origin, known = Ahead.of(self.windows, years), self.windows.years[0, -1], self.target.bound
        if known is not None and (until := decimal_years(known.index)[-1] - origin) > 0:
            bound = interpolate_bound(known, origin + years)
            at_last = Ahead.of(self.windows, np.array([[until]])).bound
            beyond = Ahead.of(self.windows, np.maximum(years - until, 0))
            bound = np.where(years <= until, bound, bound * ahead.bound / at_last)
            ahead = replace(ahead, bound=bound, bound_sd=beyond.bound_sd, limit=bound)
        return replace(ahead, limit=np.minimum(ahead.limit, self.target.limit)) if self.windows.bounded else ahead

    @property
    def members(self) -> dict[str, Member]:
        """The forecasters whose quantiles, each by its weight, add up to the forecast's; those of `led` end in "_led".

        Examples
        --------
        >>> from adoption_curves.forecast import forecast
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), bound=100, horizon_years=2)
        >>> mean = sum(member.weight * member.quantiles() for member in result.members.values())
        >>> bool((mean == result.quantiles).all(axis=None))
        True
        """
        found: dict[str, Member] = {}
        sets = {"": self} | ({} if self.led is None else {"_led": self.led})
        for ending, own in sets.items():
            names = members_of(self.method, own.methods)
            found |= {name + ending: Member(self, own, name, 1 / len(sets) / len(names)) for name in names}
        return found

    def at(self, years: Levels, levels: Levels, method: str = "") -> np.ndarray:
        """Quantiles (H, Q) of the forecast's method, or of another one, at any years after the origin."""
        return self.margins(years, self.within(years, levels, method), method)

    def within(self, years: Levels, levels: Levels, method: str = "") -> Levels:
        """Levels (Q,) or (H, Q) at which quantiles of the paths lie that newer figures leave."""
        if not len(self.target.newer):
            return levels
        ranks, _ = sift(tuple(np.atleast_1d(years).tolist()), self.lessons.decay, self._limits(method))
        return levels_within(ranks, levels)

    def margins(self, years: Levels, levels: Levels, method: str = "") -> np.ndarray:
        """Calibrated quantiles (H, Q) that know of no newer figure, at levels (Q,) or (H, Q)."""
        method = method or self.method
        names, ahead = members_of(method, self.methods), self.look(years)
        own = sum(self.part(name, *ahead, levels) for name in names) / len(names)
        return own if self.led is None or method != PUBLISHED else (own + self.led.margins(years, levels)) / 2

    def look(self, years: Levels) -> tuple[Ahead, bands.Cases]:
        """Look-ahead at some years after the origin, with the predictors of errors there; the same for all members."""
        ahead = self.ahead_of(years)
        count = ahead.years.shape[1]
        return ahead, bands.Cases.of(describe(self.windows, ahead, (np.zeros(count, int), np.arange(count))))

    def part(self, name: str, ahead: Ahead, cases: bands.Cases, levels: Levels) -> np.ndarray:
        """Quantiles of one member, with its own path and interval.

        A cumulative count (`Target.cumulative`) never falls from one date to the next, nor below its last value.
        """
        last, limit = float(self.windows.values[0, -1]), self.target.limit
        if self.added is None:
            point = forecast_points(self.at_origin, ahead, (name,))[name][0]
            quantiles = self.lessons.errors.band(name).quantiles(cases, point, levels)
        else:
            quantiles = sum_up(self.added, name, last, ahead.years[0], levels)
        if self.target.cumulative:
            quantiles = np.maximum.accumulate(np.maximum(quantiles, last), axis=0)
        if self.windows.bounded or not np.isfinite(limit):
            return np.minimum(quantiles, limit)
        return approach(quantiles, last, limit)

    def _limits(self, method: str = "") -> tuple[tuple[float, float, float], ...]:
        """Year, lowest and highest rank that each newer figure allows."""
        if method not in self._limits_by_method:
            newer, limits = self.target.newer, []
            on = decimal_years(newer.index) - self.windows.years[0, -1]
            for year, value, bound in zip(on.tolist(), newer["value"], newer["bound"], strict=True):
                side = "left" if bound == "at_least" else "right"
                below = np.searchsorted(self.margins([year], EVERY_RANK, method)[0], value, side) / PATHS
                limits.append((year, below, 1.0) if bound == "at_least" else (year, 0.0, below))
            self._limits_by_method[method] = tuple(limits)
        return self._limits_by_method[method]

    def share_kept(self, method: str = "") -> float:
        """Share of the paths that satisfy the newer figures."""
        return keep(self.lessons.decay, self._limits(method)).share if len(self.target.newer) else 1.0

    def is_refuted(self, method: str = "") -> bool:
        """True if newer figures refute a method, see `paths.refutes`; then its numbers know nothing of them."""
        return refutes(self._limits(method), self.share_kept(method))

    @property
    def refuted(self) -> bool:
        """True if newer figures refute the forecast."""
        return self.is_refuted()

    @property
    def paths(self) -> pd.DataFrame:
        """Values by date, a row per path, all as likely; any event's probability is the share of paths in which it is.

        Examples
        --------
        >>> from adoption_curves.forecast import forecast
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), bound=100, horizon_years=2)
        >>> bool((result.paths["2027-12-31"] > 60).mean() > 0.5)
        True
        """
        ranks, _ = sift(tuple(self.years.tolist()), self.lessons.decay, self._limits())
        return pd.DataFrame(self.margins(self.years, ranks.T).T, columns=self.dates)

    def until(self, horizon_years: float) -> Self:
        """Forecast to another horizon, without fitting or calibrating anything again."""
        return replace(self, dates=next_dates(pd.DatetimeIndex(to_dates(self.windows.years[0])), horizon_years))

    def frame(self) -> pd.DataFrame:
        """The forecast as a table.

        Returns
        -------
        DataFrame
            A row per method and date: entity, indicator, date, method, mean, a column ``q<level>`` per
            quantile, unit, and ``basis``: "calibrated" as far as the backtest reaches, "extrapolated" beyond;
            "refuted" where a newer figure refutes the method, whose numbers then know nothing of it; `NO_RANGE` past
            a peak.
        """
        return pd.concat([self.method_frame(each) for each in self.methods], ignore_index=True)

    def method_frame(self, method: str) -> pd.DataFrame:
        """The rows of `frame` for one method.

        Parameters
        ----------
        method : str

        Returns
        -------
        DataFrame
        """
        levels = self.quantile_levels
        quantiles = self.at(self.years, [*levels, *INTEGRATION_QUANTILES], method)
        mean = quantiles[:, len(levels) :].mean(axis=1)
        columns = self._labels | {"date": self.dates, "method": method, "mean": mean}
        columns |= {f"q{level:g}": quantiles[:, place] for place, level in enumerate(levels)}
        basis = np.where(self.tested, "calibrated", "extrapolated")
        basis = NO_RANGE if self.declines else "refuted" if self.is_refuted(method) else basis
        return pd.DataFrame(columns | {"unit": self.target.unit, "basis": basis})

    def prior(self) -> pd.DataFrame:
        """Prior of this series: its saturation share and its later growth, from shares of the references.

        Returns
        -------
        DataFrame
            One row: low, middle, high (percent of the bound; two standard deviations to each side), intercept and slope
            (of the rate ahead as a straight line of that in the window, on the Gompertz scale). No rows where no curve
            is averaged over its ceiling, see `curved`.
        """
        columns = ["low", "middle", "high", "intercept", "slope"]
        if not self.curved:
            return pd.DataFrame(columns=columns, dtype=float)
        prior = self.at_origin.prior
        ends = 100 * prior.shares(np.array([[-2.0, 0.0, 2.0]]))[0]
        return pd.DataFrame([[*ends, prior.rate_intercept, prior.rate_slope]], columns=columns)

    def ceilings(self) -> pd.DataFrame:
        """The ceilings over which the member `logistic_prior` is averaged, by prior times likelihood.

        Returns
        -------
        DataFrame
            A row per ceiling: share (of the bound), prior (adds up to 1), likelihood (1 at its highest; errors
            independent), and the path with that ceiling, a column per date, in the unit of the series. No rows where
            there is no such curve, see `curved`.
        """
        if not self.curved:
            return pd.DataFrame(columns=["share", "prior", "likelihood", *self.dates], dtype=float)
        curve = self.at_origin.curves["logistic_prior"]
        paths = pd.DataFrame(curve.paths(self.ahead_of(self.years))[0], columns=self.dates)
        return pd.concat([curve.frame()[["share", "prior", "likelihood"]], paths], axis=1)

    def scenarios(self, shares: Sequence[float] | None = None) -> pd.DataFrame:
        """Paths to saturation at given shares of the bound: mean of a Gompertz and a logistic curve, anchored.

        Parameters
        ----------
        shares : sequence of float, optional
            Those of the forecast unless others are given.

        Returns
        -------
        DataFrame
            A row per share and date: entity, indicator, share, date, value, unit, note. The value is missing
            where the series already stands above that ceiling, and the note says so. No rows where curves are no part
            of the forecast, see `curved`.
        """
        shares = self.shares if shares is None else shares
        if not self.curved or not len(shares):
            return pd.DataFrame(columns=["entity", "indicator", "share", "date", "value", "unit", "note"])
        ahead, frames, reached = self.ahead_of(self.years), [], self.windows.shares.max()
        for share in shares:
            paths = [fit_at_share(family, self.windows, share).paths(ahead)[0, 0] for family in CURVES]
            value = np.where(reached < share, np.mean(paths, axis=0), np.nan)
            columns = self._labels | {"share": share, "date": self.dates, "value": value, "unit": self.target.unit}
            note = "already above this share" if np.isnan(value).any() else ""
            frames.append(pd.DataFrame(columns | {"note": note}))
        return pd.concat(frames, ignore_index=True)

    def milestones(self, shares: Sequence[float] = MILESTONES) -> pd.DataFrame:
        """Dates at which shares of the bound are reached.

        A path reaches a share at its first crossing of that share of the forecast bound; it is linear between its
        dates. Half of the paths reach it by the median. The earliest and the latest date are the quantiles of the
        quoted interval.

        Parameters
        ----------
        shares : sequence of float

        Returns
        -------
        DataFrame
            A row per share: entity, indicator, share, status ("reached", "expected", or "not within the horizon"),
            median, earliest, latest (ISO dates, or "not within the horizon"), level, probability (of reaching it within
            the horizon). No rows when there is no bound, or the series is past its peak.
        """
        names = ["entity", "indicator", "share", "status", "median", "earliest", "latest", "level", "probability"]
        rows, (low, high), newest = [], band_ends(self.level), decimal_years(self.target.newer.index)[-1:]
        for share, reached in self._reach(shares).items():
            years = np.sort(reached)[[int(np.ceil(part * len(reached))) - 1 for part in (0.5, low, high)]]
            dates = [f"{to_dates([year])[0]:%Y-%m-%d}" if np.isfinite(year) else NOT_REACHED for year in years]
            today = max([self.windows.years[0, -1], *newest])
            status = "reached" if reached.max() <= today else "expected" if np.isfinite(years[0]) else NOT_REACHED
            rows.append((*self._labels.values(), share, status, *dates, self.level, float(np.isfinite(reached).mean())))
        return pd.DataFrame(rows, columns=names)

    def probabilities(self, shares: Sequence[float] = MILESTONES) -> pd.DataFrame:
        """Probability that a share of the bound is reached by each date: the share of paths that have.

        Returns
        -------
        DataFrame
            A row per share and date: entity, indicator, share, date, probability. No rows when there is no bound, or
            the series is past its peak.
        """
        years, names = decimal_years(self.dates), ["entity", "indicator", "share", "date", "probability"]
        frames = [
            pd.DataFrame(self._labels | {"share": share, "date": self.dates})
            .assign(probability=(reached[:, None] <= years).mean(axis=0))
            for share, reached in self._reach(shares).items()
        ]  # fmt: skip
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=names)

    def _reach(self, shares: Sequence[float]) -> dict[float, np.ndarray]:
        """Decimal year (M,) in which each path first reaches each share; infinite where it doesn't."""
        if self.target.bound is None or self.declines:
            return {}
        values, reached_in = self.target.values, {}
        seen = values / interpolate_bound(self.target.bound, decimal_years(values.index))
        paths = self.paths.to_numpy() / self.ahead_of(self.years).bound[0]
        paths = np.c_[np.full(len(paths), self.windows.shares[0, -1]), paths]
        years = np.r_[self.windows.years[0, -1], decimal_years(self.dates)]
        for share in shares:
            if (seen >= share).any():
                first = decimal_years(seen.index[(seen >= share).to_numpy()][:1])
                reached_in[share] = np.repeat(first, len(paths))
                continue
            after = np.maximum((paths >= share).argmax(axis=1), 1)
            before, value = (np.take_along_axis(paths, place[:, None], 1)[:, 0] for place in (after - 1, after))
            part = (share - before) / (value - before)
            reached = years[after - 1] + part * (years[after] - years[after - 1])
            reached_in[share] = np.where((paths >= share).any(axis=1), reached, np.inf)
        return reached_in

    def bound_frame(self) -> pd.DataFrame:
        """The bound itself: as known, then forecast by its damped drift with the spread of its own past steps.

        Returns
        -------
        DataFrame
            A row per date: entity, indicator, date, method ("bound"), mean, quantiles, unit. No rows without a
            bound.
        """
        if not self.windows.bounded:
            return self.method_frame(self.method).iloc[:0].drop(columns="basis")
        names = [f"q{level:g}" for level in self.quantile_levels]
        ahead = self.ahead_of(self.years)
        centre = ahead.bound[0]
        quantiles = bands.normal_quantiles(centre, ahead.bound_sd[0], self.quantile_levels)
        columns: dict[str, Any] = self._labels | {"date": self.dates, "method": "bound", "mean": centre}
        return pd.DataFrame(columns | dict(zip(names, quantiles.T, strict=True)) | {"unit": self.target.unit})

    @cached_property
    def judged(self) -> pd.DataFrame:
        """Outcomes of the references beside the bands of each level, see `scores.evaluate`.

        With a bound those from below a tenth of it count for a series that stands there, and the others for any other.
        """
        errors = self.lessons.errors
        rows = evaluate(errors.residuals, [self.method], sorted(self.levels), errors, scored=False)
        alike = (rows["share"] < EARLY) == (self.windows.shares[0, -1] < EARLY)
        return rows[alike] if self.windows.bounded and alike.any() else rows

    def coverage(self) -> pd.DataFrame:
        """Coverage of such intervals on the references, each technology left out in turn.

        If the figures level off, only series that did so too are counted (`lessons.read_counts`).

        Returns
        -------
        DataFrame
            A row per level and horizon: level, horizon_years, technologies, forecasts, and in percent, as means over
            technologies: covered, below and above (outcomes there), above_median.
        """
        usual = summarise_coverage(self.judged)
        if self.led is None:
            return usual
        counted = read_counts("levelled_ranges")
        found = [usual[~usual["level"].isin(counted["level"])], counted[counted["level"].isin(self.levels)]]
        return pd.concat([part for part in found if len(part)], ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the fan of the published method with observations and bound.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            By default new ones in a figure of their own.

        Returns
        -------
        matplotlib Axes
        """
        from matplotlib import pyplot

        from ..show import figures

        ax = pyplot.figure(figsize=figures.SIZE).add_axes(figures.ROOM) if ax is None else ax
        values, fan = self.target.values.dropna().sort_index(), self.fan
        values = values[values.index >= self.origin - 2 * (self.dates[-1] - self.origin)]
        labels = figures.plot_forecast(ax, fan, values, self.levels)
        top = max(values.max(), fan[band_columns(max(self.levels))[1]].max())
        if self.target.bound is not None:
            bound, ahead = self.target.bound, pd.Series(self.ahead_of(self.years).bound[0], self.dates)
            bound = bound[bound.index >= self.target.values.index[0]] if len(bound) > 1 else bound
            ahead = ahead[ahead.index > bound.index[-1]]
            labels += figures.plot_bound(ax, bound, ahead)
            top = max(top, bound.max(), ahead.max())
        figures.plot_newer(ax, self.target.newer)
        return figures.finish_axes(ax, labels, (values.index[0], self.dates[-1]), 1.05 * top, self.target.title)

    def __repr__(self) -> str:
        from ..base.words import say, say_date, say_newer, say_range

        end, unit = self.quantiles.iloc[-1], self.target.unit
        low, high = band_ends(self.level)
        newer = say_newer(self.target.newer, self.windows.values[0, -1])
        found = f"{say_range(end[low], end[high], unit)} ({say_level(self.level)} range, median {say(end[0.5])})"
        found = f"{NO_RANGE}, {WHY_NO_RANGE}" if self.declines else found
        return (
            f"<Forecast of {self.target.title}: {say(self.windows.values[0, -1], unit)} in {say_date(self.origin)}"
            f"{newer}{', which refutes it' if self.refuted else ''}; forecast for {say_date(self.dates[-1])}: {found}>"
        )

    def _repr_html_(self) -> str:
        """The fan and a table of median and bands below it, as HTML for a notebook."""
        from ..base.words import say_range
        from ..show import figures, tables

        picture, fan = BytesIO(), self.fan
        self.plot(figures.open_axes()).figure.savefig(picture, format="png")
        shown = fan[["date"]].assign(median=fan["q0.5"])
        for level in sorted(self.levels):
            ends = (fan[name] for name in band_columns(level))
            shown[f"{say_level(level)} range"] = [say_range(low, high) for low, high in zip(*ends, strict=True)]
        shown["basis"] = np.where(self.tested, "calibrated", "extrapolated")
        note = f"Unit: {self.target.unit or 'that of the series'}. Calibrated: as far ahead as the ranges were tested."
        table = tables.show(shown, f"{self.target.title}: combined forecast", note)
        source = b64encode(picture.getvalue()).decode()
        return f'<img alt="{escape(repr(self))}" src="data:image/png;base64,{source}">\n{table.as_raw_html()}'
