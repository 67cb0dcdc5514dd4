"""The forecast of one series as one object: its fan of quantiles, and the tables, picture and statements made of it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.curves import Gompertz, Logistic, decimal_years, to_dates
from helpers.forecast import bands, statements
from helpers.forecast.bands import FAST, INTEGRATION_QUANTILES, REPORTED_QUANTILES
from helpers.forecast.methods import Origin, fit_at_share, forecast_points
from helpers.forecast.windows import (
    DATE_TOLERANCE,
    Ahead,
    Levels,
    Target,
    Windows,
    describe,
    look_ahead,
    next_dates,
)
from helpers.levels import band_columns, band_ends, quoted_level, say_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes


PUBLISHED = "combined"
NOT_REACHED = "not within the horizon"
MILESTONES = (0.5, 0.6, 0.75)


@dataclass(repr=False)
class Forecast:
    """Quantiles by date of every method, and what is derived from them; made by `forecast.forecast`.

    Every number is a function of the window of last points, the prior, and one calibration per method, so any date
    between the last observation and the horizon can be asked for (`at`).
    """

    target: Target
    known: Origin
    calibrations: bands.Calibrations
    residuals: pd.DataFrame
    reached: pd.DataFrame
    dates: pd.DatetimeIndex
    levels: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def windows(self) -> Windows:
        """The window of last points, N = 1."""
        return self.known.windows

    @property
    def level(self) -> float:
        """The level of the band that is quoted, see `helpers.levels.quoted_level`."""
        return quoted_level(self.levels)

    @property
    def origin(self) -> pd.Timestamp:
        """Date of the last observation."""
        return self.windows.labels["origin"].iloc[0]

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
        return self.years <= self.residuals["horizon_years"].max() + DATE_TOLERANCE

    @property
    def quantiles(self) -> pd.DataFrame:
        """Quantiles of the published method: index date, a column per level."""
        found = self.at(self.years, self.quantile_levels)
        return pd.DataFrame(found, index=self.dates, columns=list(self.quantile_levels))

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
        if not self.windows.bounded:
            return 0.0
        return max(0.0, float(decimal_years(self.target.known_bound.index)[-1] - self.windows.years[0, -1]))

    def ahead_of(self, years: Levels) -> Ahead:
        """`Ahead` for any years after the origin, an array (H,); the bound is as known, then drifts on."""
        years = np.atleast_1d(np.asarray(years, float))[None]
        ahead, until = look_ahead(self.windows, years), self._years_of_bound
        if until > 0:
            bound = self.target.known_bound
            known = np.interp(years, decimal_years(bound.index) - self.windows.years[0, -1], bound.to_numpy(float))
            at_last = look_ahead(self.windows, np.array([[until]])).bounds
            beyond = look_ahead(self.windows, np.maximum(years - until, 0))
            bounds = np.where(years <= until, known, known * ahead.bounds / at_last)
            ahead = replace(ahead, bounds=bounds, bound_sd=beyond.bound_sd, top=bounds)
        return replace(ahead, top=np.minimum(ahead.top, self.target.limit))

    def at(self, years: Levels, levels: Levels, method: str = PUBLISHED) -> np.ndarray:
        """Quantiles (H, Q) of one method at any years after the origin."""
        ahead = self.ahead_of(years)
        point = forecast_points(self.known, ahead, (method,))[method][0]
        return self._band_quantiles(method, point, ahead, levels)

    def _band_quantiles(self, method: str, point: np.ndarray, ahead: Ahead, levels: Levels) -> np.ndarray:
        cases = bands.Cases.of(describe(self.windows, ahead, (np.zeros(len(point), int), np.arange(len(point)))))
        return np.minimum(self.calibrations[method].quantiles(cases, point, levels), self.target.limit)

    def until(self, horizon_years: float) -> Forecast:
        """The same forecast to another horizon, without fitting or calibrating anything again."""
        return replace(self, dates=next_dates(pd.DatetimeIndex(to_dates(self.windows.years[0])), horizon_years))

    def frame(self) -> pd.DataFrame:
        """The forecast as a table.

        Returns
        -------
        DataFrame
            A row per method and date: entity, indicator, date, method, mean, a column ``q<level>`` per
            quantile, unit, and ``basis``: "calibrated" as far as the backtest reaches, "extrapolated" beyond.
        """
        ahead, frames = self.ahead_of(self.years), []
        for method, (point,) in forecast_points(self.known, ahead).items():
            found = self._band_quantiles(method, point, ahead, self.quantile_levels)
            mean = self._band_quantiles(method, point, ahead, INTEGRATION_QUANTILES).mean(axis=1)
            columns = self._labels | {"date": self.dates, "method": method, "mean": mean}
            columns |= {f"q{level:g}": found[:, place] for place, level in enumerate(self.quantile_levels)}
            basis = np.where(self.tested, "calibrated", "extrapolated")
            frames.append(pd.DataFrame(columns | {"unit": self.target.unit, "basis": basis}))
        return pd.concat(frames, ignore_index=True)

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
            where the series already stands above that ceiling, and the note says so. No rows when there is no bound,
            or the series is past its peak.
        """
        shares = self.shares if shares is None else shares
        if not self.windows.bounded or not len(shares) or self.declines:
            return pd.DataFrame(columns=["entity", "indicator", "share", "date", "value", "unit", "note"])
        ahead, frames, reached = self.ahead_of(self.years), [], self.windows.shares.max()
        for share in shares:
            paths = [fit_at_share(family, self.windows, share).paths(ahead)[0, 0] for family in (Logistic, Gompertz)]
            value = np.where(reached < share, np.mean(paths, axis=0), np.nan)
            columns = self._labels | {"share": share, "date": self.dates, "value": value, "unit": self.target.unit}
            note = "already above this share" if np.isnan(value).any() else ""
            frames.append(pd.DataFrame(columns | {"note": note}))
        return pd.concat(frames, ignore_index=True)

    def milestones(self, shares: Sequence[float] = MILESTONES, level: float | None = None) -> pd.DataFrame:
        """Dates at which shares of the bound are reached, with the interval that the bands give.

        A date is where a quantile path first reaches the share of the bound as it is forecast for that date. The
        earliest date belongs to the upper quantile, the latest to the lower.

        Parameters
        ----------
        shares : sequence of float
        level : float, optional
            Coverage of the band; the quoted one unless another is given.

        Returns
        -------
        DataFrame
            A row per share: entity, indicator, share, status ("reached", "expected", or "not within the horizon"),
            median, earliest, latest (ISO dates, or "not within the horizon"), level, probability (of reaching it within
            the horizon). No rows when there is no bound, or the series is past its peak.
        """
        names = ["entity", "indicator", "share", "status", "median", "earliest", "latest", "level", "probability"]
        level = self.level if level is None else level
        rows = [self._milestone(share, level) for share in shares] if self.windows.bounded and not self.declines else []
        return pd.DataFrame([[*self._labels.values(), *row] for row in rows], columns=names)

    def _milestone(self, share: float, level: float) -> tuple[float | str, ...]:
        """A row of `milestones` from the share on."""
        seen = self.target.shares()
        if (seen >= share).any():
            date = f"{seen.index[(seen >= share).to_numpy()][0]:%Y-%m-%d}"
            return share, "reached", date, date, date, level, 1.0
        years = np.linspace(0, self.years[-1], 12 * int(np.ceil(self.years[-1])) + 1)[1:]
        bounds, (low, high) = self.ahead_of(years).bounds[0], ((1 - level) / 2, (1 + level) / 2)
        paths = self.at(years, (0.5, high, low)) / bounds[:, None] - share
        dates = [self._crossing(years, path, share) for path in paths.T]
        at_end = self.at(years[-1:], INTEGRATION_QUANTILES)[0] / bounds[-1]
        chance = 1 - float(np.interp(share, at_end, INTEGRATION_QUANTILES, left=0, right=1))
        return share, NOT_REACHED if dates[0] == NOT_REACHED else "expected", *dates, level, round(chance, 3)

    def _crossing(self, years: np.ndarray, gap: np.ndarray, share: float) -> str:
        """ISO date at which a path first reaches a share, or `NOT_REACHED`; `gap` is path less share at `years`."""
        if (gap < 0).all():
            return NOT_REACHED
        years, gap = np.r_[0, years], np.r_[self.windows.shares[0, -1] - share, gap]
        first = int(np.argmax(gap >= 0))
        part = -gap[first - 1] / (gap[first] - gap[first - 1])
        year = years[first - 1] + part * (years[first] - years[first - 1])
        return f"{to_dates([self.windows.years[0, -1] + year])[0]:%Y-%m-%d}"

    def bound_frame(self) -> pd.DataFrame:
        """The bound itself: as known, then forecast by its damped drift with the spread of its own past steps.

        Returns
        -------
        DataFrame
            A row per date: entity, indicator, date, method ("bound"), mean, quantiles, unit. No rows without a
            bound.
        """
        names = [f"q{level:g}" for level in self.quantile_levels]
        if not self.windows.bounded:
            return pd.DataFrame(columns=["entity", "indicator", "date", "method", "mean", *names, "unit"])
        ahead = self.ahead_of(self.years)
        centre = ahead.bounds[0]
        found = bands.normal_quantiles(centre, ahead.bound_sd[0], self.quantile_levels)
        columns: dict[str, Any] = self._labels | {"date": self.dates, "method": "bound", "mean": centre}
        return pd.DataFrame(columns | dict(zip(names, found.T, strict=True)) | {"unit": self.target.unit})

    def sensitivity(self) -> pd.DataFrame:
        """The published bands calibrated on all reference windows, and only on those that grew as fast (`FAST`).

        Returns
        -------
        DataFrame
            A row per calibration and date: calibration, technologies, forecasts, date, q0.1, q0.5, q0.9 and,
            where the quoted band is another, its ends; unit.
        """
        fast, frames = self.residuals[self.residuals["growth"] >= FAST], []
        ends = sorted({0.1, 0.5, 0.9, *band_ends(self.level)})
        for words, rows in (("all windows", self.residuals), (f"growth by {FAST:g} or more in the window", fast)):
            found = replace(self, calibrations=bands.Calibrations(rows)).at(self.years, ends)
            size = {"technologies": rows["technology"].nunique(), "forecasts": len(rows), "date": self.dates}
            values = {f"q{end:g}": column for end, column in zip(ends, found.T, strict=True)}
            frames.append(pd.DataFrame({"calibration": words} | size | values | {"unit": self.target.unit}))
        return pd.concat(frames, ignore_index=True)

    def statements(self, respondents: int | None = None) -> pd.DataFrame:
        """What must be said beside the forecast, from its own numbers.

        Parameters
        ----------
        respondents : int, optional
            Sample size of the survey, for its sampling error; by default the one that it published, if it did.

        Returns
        -------
        DataFrame
            A row per statement: key ("a" to "i"), topic, statement (plain English), numbers (JSON of the
            numbers in it).
        """
        windows, target, level = self.windows, self.target, self.level
        free = statements.fit_free_ceiling(windows, getattr(target.source, "errors", None))
        judged = bands.judge(self.residuals, PUBLISHED, level)
        far = int(np.abs(self.years - 3).argmin())
        there = replace(self, dates=self.dates[[far]])
        frame, first = there.frame(), replace(self, dates=self.dates[:1]).fan.iloc[0]
        made = {
            "ceiling": statements.state_ceiling(free, self.known, target.unit),
            "bound": statements.state_bound(self.known, target, self.reached["share"]),
            "noise": statements.state_noise(free, windows, target, respondents),
            "data": statements.state_data(free, windows, len(target.values)),
            "calibration": statements.state_calibration(judged, windows, level),
            "width": statements.state_width(judged, frame.iloc[0], float(self.years[far]), self.windows, level),
            "spread": statements.state_spread(frame, there.scenarios(), level),
            "question": statements.state_question(windows, target),
            "contradiction": statements.state_contradiction(first, judged, float(self.years[0]), level, target),
            "horizon": statements.state_horizon(
                self.residuals["horizon_years"].max(), self.dates[~self.tested], windows.bounded and not self.declines
            ),
        }
        return statements.list_statements(made)

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

        from helpers import figures

        ax = pyplot.figure(figsize=figures.SIZE).add_axes(figures.ROOM) if ax is None else ax
        values, fan = self.target.values.dropna().sort_index(), self.fan
        values = values[values.index >= self.origin - 2 * (self.dates[-1] - self.origin)]
        labels = figures.plot_forecast(ax, fan, values, self.levels)
        top = max(values.max(), fan[band_columns(max(self.levels))[1]].max())
        if self.windows.bounded:
            known, ahead = self.target.known_bound, pd.Series(self.ahead_of(self.years).bounds[0], self.dates)
            known = known[known.index >= self.target.values.index[0]] if len(known) > 1 else known
            ahead = ahead[ahead.index > known.index[-1]]
            labels += figures.plot_bound(ax, known, ahead)
            top = max(top, known.max(), ahead.max())
        return figures.finish_axes(ax, labels, (values.index[0], self.dates[-1]), 1.05 * top, self.target.title)

    def __repr__(self) -> str:
        from helpers.figures.style import say, say_date, say_range

        end, unit = self.quantiles.iloc[-1], self.target.unit
        low, high = band_ends(self.level)
        return (
            f"<Forecast of {self.target.title}: {say(self.windows.values[0, -1], unit)} in {say_date(self.origin)}; "
            f"forecast for {say_date(self.dates[-1])}: {say_range(end[low], end[high], unit)} "
            f"({say_level(self.level)} band, median {say(end[0.5])})>"
        )

    def _repr_html_(self) -> str:
        """The fan and a table of median and bands below it, as HTML for a notebook."""
        from helpers import figures, tables
        from helpers.figures.style import say_range

        picture, fan = BytesIO(), self.fan
        self.plot(figures.open_axes()).figure.savefig(picture, format="png")
        shown = fan[["date"]].assign(median=fan["q0.5"])
        for level in sorted(self.levels):
            ends = (fan[name] for name in band_columns(level))
            shown[f"{say_level(level)} band"] = [say_range(low, high) for low, high in zip(*ends, strict=True)]
        shown["basis"] = np.where(self.tested, "calibrated", "extrapolated")
        note = f"Unit: {self.target.unit or 'that of the series'}. Calibrated: as far ahead as the bands were tested."
        table = tables.show(shown, f"{self.target.title}: combined forecast", note)
        source = b64encode(picture.getvalue()).decode()
        return f'<img alt="{escape(repr(self))}" src="data:image/png;base64,{source}">\n{table.as_raw_html()}'
