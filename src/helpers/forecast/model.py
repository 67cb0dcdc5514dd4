"""The forecast of one series: one object that tables, figures, milestones and statements read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Logit, LogLog

from helpers import indicators
from helpers.curves import decimal_years, to_dates
from helpers.curves.dates import Times
from helpers.forecast import bands
from helpers.forecast.methods import Prior, curve_at, forecast_points, methods_for
from helpers.forecast.picture import draw_html, plot_forecast, say_forecast
from helpers.forecast.residuals import HORIZONS, WINDOWS, find_residuals, learn_prior, saturation_shares
from helpers.forecast.statements import FAST, state
from helpers.forecast.subject import Subject, cut_series, next_dates, read_subject
from helpers.forecast.windows import DATE_TOLERANCE, SHORTEST, Ahead, Windows, describe, last_window, look_ahead
from helpers.levels import LEVELS, band_ends, quoted_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.indicators.series import AdoptionSeries


PUBLISHED = "combined"
NOT_REACHED = "not within the horizon"
MILESTONES = (0.5, 0.6, 0.75)


@dataclass(repr=False)
class Forecast:
    """Quantiles by date of every method, and what is derived from them; made by `forecast`.

    Every number is a function of the window of last points, the prior, and one calibration per method, so any date
    between the last observation and the horizon can be asked for (`at`).
    """

    subject: Subject
    windows: Windows
    prior: Prior
    calibrations: dict[str, bands.Calibration]
    residuals: pd.DataFrame
    reached: pd.DataFrame
    dates: pd.DatetimeIndex
    levels: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def level(self) -> float:
        """The level of the band that is quoted, see `helpers.levels.quoted_level`."""
        return quoted_level(self.levels)

    @property
    def origin(self) -> pd.Timestamp:
        """Date of the last observation."""
        return self.windows.labels["origin"].iloc[0]

    @property
    def quantile_levels(self) -> tuple[float, ...]:
        """Quantiles given: both ends of each level, and always the seven of `bands.SEVEN`."""
        return tuple(sorted({*bands.SEVEN, *(end for level in self.levels for end in band_ends(level))}))

    def ahead_of(self, years: np.ndarray | Sequence[float]) -> Ahead:
        """`Ahead` for any years after the origin, an array (H,); the bound is as known, then drifts on."""
        years = np.atleast_1d(np.asarray(years, float))[None]
        ahead = look_ahead(self.windows, years)
        if self.bound_ahead <= 0:
            return ahead
        dates = decimal_years(self.subject.known_bound.index) - self.windows.years[0, -1]
        known = np.interp(years, dates, self.subject.known_bound.to_numpy(float))
        at_last = look_ahead(self.windows, np.array([[self.bound_ahead]])).bounds
        return replace(ahead, bounds=np.where(years <= self.bound_ahead, known, known * ahead.bounds / at_last))

    @property
    def bound_ahead(self) -> float:
        """Years from the origin to the last figure of the bound; 0 where it ends with the series, or there is none."""
        if not self.windows.bounded:
            return 0.0
        return max(0.0, float(decimal_years(self.subject.known_bound.index)[-1] - self.windows.years[0, -1]))

    def at(
        self, years: np.ndarray | Sequence[float], levels: Sequence[float] | np.ndarray, method: str = PUBLISHED
    ) -> np.ndarray:
        """Quantiles (H, Q) of one method at any years after the origin."""
        ahead = self.ahead_of(years)
        point = forecast_points(self.windows, ahead, self.prior, (method,))[method][0]
        return self._spread_out(method, point, ahead, levels)

    def _spread_out(
        self, method: str, point: np.ndarray, ahead: Ahead, levels: Sequence[float] | np.ndarray
    ) -> np.ndarray:
        rate, roughness, stretch = describe(self.windows)
        calibration = self.calibrations[method]
        spread = calibration.spread(ahead.years[0], rate[0], roughness[0], self.windows.points, stretch[0])
        bounded = self.windows.bounded
        return bands.spread_out(point, ahead.bounds[0], spread, calibration.reach(levels), self.windows.link, bounded)

    @property
    def years(self) -> np.ndarray:
        """(H,) years from the origin to each date."""
        return decimal_years(self.dates) - self.windows.years[0, -1]

    @property
    def tested(self) -> np.ndarray:
        """(H,) whether the backtest reaches as far ahead as each date."""
        return self.years <= self.residuals["horizon_years"].max() + DATE_TOLERANCE

    def until(self, horizon_years: float) -> Forecast:
        """The same forecast to another horizon, without fitting or calibrating anything again."""
        used = pd.DatetimeIndex(to_dates(self.windows.years[0]))
        return replace(self, dates=next_dates(used, horizon_years))

    @property
    def quantiles(self) -> pd.DataFrame:
        """Quantiles of the published method: index date, a column per level."""
        found = self.at(self.years, self.quantile_levels)
        return pd.DataFrame(found, index=self.dates, columns=list(self.quantile_levels))

    def frame(self) -> pd.DataFrame:
        """The forecast as a table.

        Returns
        -------
        DataFrame, a row per method and date: entity, indicator, date, method, mean, a column ``q<level>`` per
        quantile, unit, and ``basis``: "calibrated" as far as the backtest reaches, "extrapolated" beyond.
        """
        ahead = self.ahead_of(self.years)
        points = forecast_points(self.windows, ahead, self.prior)
        return pd.concat([self._rows_of(name, points[name][0], ahead) for name in points], ignore_index=True)

    def _rows_of(self, method: str, point: np.ndarray, ahead: Ahead) -> pd.DataFrame:
        """Rows of `frame` for one method."""
        levels = self.quantile_levels
        found = self._spread_out(method, point, ahead, levels)
        mean = self._spread_out(method, point, ahead, bands.FINE).mean(axis=1)
        return pd.DataFrame(
            {
                "entity": self.subject.entity,
                "indicator": self.subject.indicator,
                "date": self.dates,
                "method": method,
                "mean": mean,
            }
            | {f"q{level:g}": found[:, position] for position, level in enumerate(levels)}
            | {"unit": self.subject.unit, "basis": np.where(self.tested, "calibrated", "extrapolated")}
        )

    def scenarios(self, shares: Sequence[float] | None = None) -> pd.DataFrame:
        """Paths to saturation at given shares of the bound: mean of a Gompertz and a logistic curve, anchored.

        Returns
        -------
        DataFrame, a row per share and date: entity, indicator, share, date, value, unit, note. The value is missing
        where the series already stands above that ceiling, and the note says so. No rows when there is no bound.
        """
        ahead, rows = self.ahead_of(self.years), []
        for share in self.shares if shares is None else shares:
            if not self.windows.bounded:
                continue
            paths = [curve_at(link, self.windows, ahead, share)[0] for link in (Logit(), LogLog())]
            note = "already above this share" if np.isnan(paths[0]).any() else ""
            labels = {"entity": self.subject.entity, "indicator": self.subject.indicator, "share": share}
            rows.append(pd.DataFrame(labels | {"date": self.dates, "value": np.mean(paths, axis=0), "note": note}))
        columns = ["entity", "indicator", "share", "date", "value", "unit", "note"]
        return (
            pd.concat(rows, ignore_index=True).assign(unit=self.subject.unit)[columns]
            if rows
            else pd.DataFrame(columns=columns)
        )

    def milestones(self, shares: Sequence[float] = MILESTONES, level: float | None = None) -> pd.DataFrame:
        """Dates at which shares of the bound are reached, with the interval that the bands give.

        A date is where a quantile path first reaches the share of the bound as it is forecast for that date. The
        earliest date belongs to the upper quantile, the latest to the lower, of the band of `level`: the quoted one
        unless another is given.

        Returns
        -------
        DataFrame, a row per share: entity, indicator, share, status ("reached", "expected", or "not within the
        horizon"), median, earliest, latest (ISO dates, or "not within the horizon"), level, probability (of reaching
        it within the horizon).
        """
        if not self.windows.bounded:
            return pd.DataFrame(
                columns=[
                    "entity",
                    "indicator",
                    "share",
                    "status",
                    "median",
                    "earliest",
                    "latest",
                    "level",
                    "probability",
                ]
            )
        rows = [self._milestone(share, self.level if level is None else level) for share in shares]
        return pd.DataFrame(rows)

    def _milestone(self, share: float, level: float) -> dict[str, Any]:
        """One row of `milestones`."""
        labels = {"entity": self.subject.entity, "indicator": self.subject.indicator, "share": share}
        seen = self.subject.shares()
        if (seen >= share).any():
            date = f"{seen.index[(seen >= share).to_numpy()][0]:%Y-%m-%d}"
            found = {"status": "reached", "median": date, "earliest": date, "latest": date, "level": level}
            return labels | found | {"probability": 1.0}
        years = np.linspace(0, self.years[-1], 12 * int(np.ceil(self.years[-1])) + 1)[1:]
        bounds = self.ahead_of(years).bounds[0]
        paths = self.at(years, (0.5, (1 + level) / 2, (1 - level) / 2)) / bounds[:, None] - share
        median, earliest, latest = (self._crossing(years, path, share) for path in paths.T)
        chance = 1 - self._level_at(years[-1], share)
        status = NOT_REACHED if median == NOT_REACHED else "expected"
        return labels | {
            "status": status,
            "median": median,
            "earliest": earliest,
            "latest": latest,
            "level": level,
            "probability": round(chance, 3),
        }

    def _crossing(self, years: np.ndarray, gap: np.ndarray, share: float) -> str:
        """ISO date at which a path first reaches a share, or `NOT_REACHED`; `gap` is path less share at `years`."""
        if (gap < 0).all():
            return NOT_REACHED
        years, gap = np.r_[0, years], np.r_[self.windows.shares[0, -1] - share, gap]
        first = int(np.argmax(gap >= 0))
        part = -gap[first - 1] / (gap[first] - gap[first - 1])
        year = years[first - 1] + part * (years[first] - years[first - 1])
        return f"{to_dates([self.windows.years[0, -1] + year])[0]:%Y-%m-%d}"

    def _level_at(self, year: float, share: float) -> float:
        """Quantile level at which the forecast for `year` equals a share of the bound."""
        shares = self.at([year], bands.FINE)[0] / self.ahead_of([year]).bounds[0, 0]
        return float(np.interp(share, shares, bands.FINE, left=0, right=1))

    def bound_frame(self) -> pd.DataFrame:
        """The bound itself: as known, then forecast by its damped drift with the spread of its own past steps.

        Returns
        -------
        DataFrame, a row per date: entity, indicator, date, method ("bound"), mean, quantiles, unit. No rows without a
        bound.
        """
        names = [f"q{level:g}" for level in self.quantile_levels]
        if not self.windows.bounded:
            return pd.DataFrame(columns=["entity", "indicator", "date", "method", "mean", *names, "unit"])
        centre = self.ahead_of(self.years).bounds[0]
        history, unknown = self.subject.known_bound, np.maximum(self.years - self.bound_ahead, 0)
        sd = np.zeros(len(centre))
        if len(history) >= SHORTEST and history.nunique() > 1:
            sd = bands.drift_sd(last_window(history, None, self.subject.labels), unknown[None])[0]
        found = bands.normal_quantiles(centre, sd, self.quantile_levels)
        labels = {
            "entity": self.subject.entity,
            "indicator": self.subject.indicator,
            "date": self.dates,
            "method": "bound",
        }
        return pd.DataFrame(
            labels | {"mean": centre} | dict(zip(names, found.T, strict=True)) | {"unit": self.subject.unit}
        )

    def sensitivity(self) -> pd.DataFrame:
        """The published bands calibrated on all reference windows, and only on those that grew as fast (`FAST`).

        Returns
        -------
        DataFrame, a row per calibration and date: calibration, technologies, forecasts, date, q0.1, q0.5, q0.9 and,
        where the quoted band is another, its ends; unit.
        """
        fast, frames = self.residuals[self.residuals["growth"] >= FAST], []
        ends = sorted({0.1, 0.5, 0.9, *band_ends(self.level)})
        for words, rows in (("all windows", self.residuals), (f"growth by {FAST:g} or more in the window", fast)):
            calibrations = {PUBLISHED: bands.calibrate(rows, PUBLISHED, self.windows.link, self.windows.bounded)}
            found = replace(self, calibrations=calibrations).at(self.years, ends)
            size = {"technologies": rows["technology"].nunique(), "forecasts": len(rows), "date": self.dates}
            values = {f"q{end:g}": column for end, column in zip(ends, found.T, strict=True)}
            frames.append(pd.DataFrame({"calibration": words} | size | values | {"unit": self.subject.unit}))
        return pd.concat(frames, ignore_index=True)

    def statements(self, respondents: int | None = None) -> pd.DataFrame:
        """What must be said beside the forecast, from its own numbers: see `helpers.forecast.statements.state`."""
        return state(self, respondents)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the fan, on new Axes or given ones: see `helpers.forecast.picture.plot_forecast`."""
        return plot_forecast(self, ax)

    def __repr__(self) -> str:
        return f"<Forecast of {say_forecast(self)}>"

    def _repr_html_(self) -> str:
        return draw_html(self)


def forecast(
    series: pd.Series | AdoptionSeries,
    bound: pd.Series | float | None = None,
    references: Sequence[AdoptionSeries] | None = None,
    horizon_years: float = 5,
    levels: Sequence[float] = LEVELS,
    shares: Sequence[float] = (0.5, 0.75, 0.9),
    residuals: pd.DataFrame | None = None,
) -> Forecast:
    """Forecast an adoption series with bands calibrated on earlier technologies.

    The published method, ``combined``, is the mean of three curves anchored at the last observation: a Gompertz curve
    at the bound whose rate is pulled towards what followed in the references, and a Gompertz and a logistic curve
    averaged over the references' saturation shares. Bands are normalised split conformal (`helpers.forecast.bands`).
    Without a bound it is damped drift. Sources: Meade and Islam 2006 (diffusion forecasts), Gardner 2006 (damped
    trends), Lei et al. 2018 (bands).

    Parameters
    ----------
    series : pandas.Series with a DatetimeIndex, or AdoptionSeries
        At least three values. The last eight are used; values closer together than 0.4 years are thinned.
    bound : number, pandas.Series with a DatetimeIndex, or None
        A known upper limit in the unit of `series`. None stands for an AdoptionSeries' own, or for none.
    references : list of AdoptionSeries, optional
        By default those of the project's data folder. The technology of `series` is left out.
    horizon_years : number
        Beyond three years the bands are extrapolated and labelled so.
    levels : sequence of float
        Coverage of the bands, each between 0 and 1; sentences and milestones quote the one nearest to 0.8.
    shares : sequence of float
        Saturation shares of the scenarios, each between 0 and 1.
    residuals : DataFrame, optional
        From `backtest.run_backtest`; by default it is computed from the references, with the same numbers.

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        With fewer than three values, values above the bound, fewer than two reference technologies, or no level.

    Examples
    --------
    >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
    >>> made = forecast(pd.Series([12, 19, 31, 44, 52], index=dates, name="users"), bound=100, horizon_years=2)
    >>> made
    <Forecast of users: 52.0 in December 2025; forecast for December 2027: 57.2 to 75.7 (80 % band, median 67.4)>
    >>> made.quantiles[[0.1, 0.5, 0.9]].round().loc["2026-12-31"].tolist()
    [55.0, 61.0, 66.0]
    >>> axes = made.plot()
    """
    subject = read_subject(series, bound)
    windows = subject.window()
    levels, shares = _check_shares("levels", levels), _check_shares("shares", shares)
    if references is None:
        references = indicators.load().references()
    references = [each for each in references if not subject.technology or each.technology != subject.technology]
    if residuals is None or residuals["share"].notna().all() != windows.bounded:
        residuals = find_residuals(references, WINDOWS, HORIZONS, windows.bounded)
    residuals = bands.leave_out(residuals, subject.technology)
    reached = saturation_shares(references)
    names = methods_for(windows.bounded)
    calibrations = {name: bands.calibrate(residuals, name, windows.link, windows.bounded) for name in names}
    used = pd.DatetimeIndex(to_dates(windows.years[0]))
    return Forecast(
        subject=subject,
        windows=windows,
        prior=learn_prior(reached, residuals) if windows.bounded else Prior(0.0, 1.0),
        calibrations=calibrations,
        residuals=residuals,
        reached=reached,
        dates=next_dates(used, horizon_years),
        levels=levels,
        shares=shares,
    )


def _check_shares(name: str, shares: Sequence[float]) -> tuple[float, ...]:
    """The shares as a tuple, or an error when one is not between 0 and 1."""
    if name == "levels" and not len(shares):
        raise ValueError("levels is empty; give one level at least, such as 0.8")
    wrong = [share for share in shares if not 0 < share < 1]
    if wrong:
        raise ValueError(f"{name} are shares between 0 and 1, such as 0.8, not {wrong[0]:g}")
    return tuple(float(share) for share in shares)


def hindcast(
    series: pd.Series | AdoptionSeries,
    bound: pd.Series | float | None = None,
    references: Sequence[AdoptionSeries] | None = None,
    origins: Times | None = None,
    **settings: Any,
) -> pd.DataFrame:
    """The same forecast as it would have been made at earlier observations, with nothing dated later.

    Parameters
    ----------
    series, bound, references : as for `forecast`
    origins : dates of observations, by default every one from the third on but the last
    **settings : horizon_years, levels, shares as for `forecast`

    Returns
    -------
    DataFrame: the rows of `Forecast.frame` with ``origin`` first and ``actual``, the value observed on that date or
    missing.
    """
    subject = read_subject(series, bound)
    values = subject.values.dropna().sort_index()
    if references is None:
        references = indicators.load().references()
    frames = []
    for origin in pd.DatetimeIndex(values.index[SHORTEST - 1 : -1] if origins is None else origins):
        earlier = [cut_series(each, origin) for each in references]
        past = cut_series(series, origin)
        known = cut_series(subject.bound, origin) if subject.bound is not None else None
        made = forecast(past, known, [each for each in earlier if len(each.values) >= SHORTEST], **settings)
        frame = made.frame()
        frame.insert(0, "origin", origin)
        frame["actual"] = values.reindex(frame["date"]).to_numpy()
        frames.append(frame)
    if not frames:
        raise ValueError(f"a hindcast needs at least {SHORTEST + 1} values, not {len(values)}")
    return pd.concat(frames, ignore_index=True)
