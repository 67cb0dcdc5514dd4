"""The forecast of one series: `forecast` makes it, and `Forecast` has quantiles, paths, milestones and probabilities.

Read `forecast` first, then `Forecast.margins`, which computes the limit, the path, its spread and the quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from ..base.dates import LEAST_OBSERVATIONS, REAL, decimal_years, to_dates
from ..base.decline import is_in_decline
from ..base.formats import GIVES_RANGE, NO_FORECAST, format_bound, format_long_date, format_number, format_range, quote
from ..base.headline import find_goal
from ..base.levels import LEVELS, band_columns, band_ends, check_levels, format_level, quoted_level, read_shares
from ..base.limit import Limit
from ..base.numbers import read_numbers
from ..indicators.from_pandas import read_series
from ..indicators.series import AdoptionSeries
from . import model
from .backtest import DATE_TOLERANCE, HORIZONS
from .cumulative import compute_increments, sum_up
from .inputs import check_horizon, check_limits, next_dates, select_values
from .paths import LEAST_KEPT, LEAST_LEFT, draw_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REPORTED_QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)  # of every forecast
_NOT_REACHED = "not within the horizon"
_MILESTONES = (0.5, 0.6, 0.75)


@dataclass(repr=False)
class Forecast:
    """Result of `forecast`: quantiles by date, simulated paths, milestones and probabilities.

    Attributes
    ----------
    kind : str
        "forecast" if a forecast was made. "few": fewer than three usable observations (`AdoptionSeries.few`). "fallen":
        the series is in decline. The last two have no dates.
    target, printed : AdoptionSeries
        The series being forecast, with the assumed value of a newer bound as an observation; and the series as
        published.
    used : Series
        Observations that the forecast uses.
    limit_dates : DatetimeIndex
        Dates of the observations from which the trend of the upper limit is estimated; `since` leaves none of them out.
    dates : DatetimeIndex, length H
        Forecast dates.
    levels, shares : tuple of float
        Levels of the prediction intervals, and shares of the limit in scenarios.
    added : Forecast or None
        For a cumulative total without a limit, the forecast of the amounts added per period.
    """

    kind: str
    target: AdoptionSeries
    printed: AdoptionSeries
    used: pd.Series
    limit_dates: pd.DatetimeIndex
    dates: pd.DatetimeIndex
    levels: tuple[float, ...]
    shares: tuple[float, ...]
    added: Forecast | None = None

    @property
    def has_limit(self) -> bool:
        """Whether the forecast uses an upper limit; one of numbers sold or added in a year does not."""
        return self.constants in ("limit", "sales")

    @property
    def constants(self) -> str:
        """Name of the row of `model.CONSTANTS` that the forecast uses."""
        if self.target.measure == "flow" and not self.target.is_share_of_sales:
            return "flow"
        if self.target.limit is None:
            return "free"
        return "sales" if self.target.is_share_of_sales else "limit"

    @property
    def has_range(self) -> bool:
        """Whether prediction intervals are available.

        They were tested only for series with an upper limit, and from the share of it in `model.CONSTANTS` on. They are
        also withheld if a newer value contradicts the forecast.
        """
        return self.kind == "forecast" and self.share >= model.CONSTANTS[self.constants].tested and not self.refuted

    @property
    def since(self) -> pd.Timestamp:
        """First day of the observations used, if earlier ones are left out because of `since`; otherwise NaT."""
        return self.target.start if len(self.dates) and self.limit_dates[0] < self.used.index[0] else pd.NaT

    @property
    def level(self) -> float:
        """Level of the prediction interval that is quoted, see `adoption_curves.base.levels.quoted_level`."""
        return quoted_level(self.levels)

    @property
    def origin(self) -> pd.Timestamp:
        """Date of the last observation used."""
        return self.used.index[-1]

    @property
    def years(self) -> np.ndarray:
        """Years from the last observation to each forecast date, shape (H,)."""
        if not len(self.dates):
            return np.empty(0)
        return decimal_years(self.dates) - decimal_years(self.used.index)[-1]

    @property
    def share(self) -> float:
        """Last observation as a share of the upper limit on its date; 1 without a limit."""
        return float(self.window()[1][0, -1])

    @property
    def basis(self) -> np.ndarray:
        """What the quantiles of each date are based on, shape (H,).

        "tested" within the horizon of the backtest, "extrapolated" beyond it, "untested" without prediction intervals,
        and "refuted" if a newer value contradicts the forecast.
        """
        if not self.has_range:
            return np.full(len(self.dates), "refuted" if self.refuted else "untested")
        return np.where(self.years <= HORIZONS[-1] + DATE_TOLERANCE, "tested", "extrapolated")

    @property
    def quantile_levels(self) -> tuple[float, ...]:
        """Levels of `quantiles`: both ends of each interval and `REPORTED_QUANTILES`; without intervals only 0.5."""
        if not self.has_range:
            return (0.5,)
        return tuple(sorted({*REPORTED_QUANTILES, *(end for level in self.levels for end in band_ends(level))}))

    @property
    def quantiles(self) -> pd.DataFrame:
        """Quantiles in the unit of the series: a row per date, a column per level; no rows without a forecast."""
        return pd.DataFrame(self.at(self.years, self.quantile_levels), self.dates, list(self.quantile_levels))

    def at(self, years: Sequence[float] | np.ndarray, levels: Sequence[float]) -> np.ndarray:
        """Quantiles at any time after the last observation.

        If a newer value is known only as a bound, they are those of the simulated paths that satisfy it.

        Parameters
        ----------
        years : array_like, shape (h,)
            Years after the last observation, 0 or more.
        levels : sequence of float, length q
            Probabilities between 0 and 1; without prediction intervals only 0.5.

        Returns
        -------
        ndarray of float, shape (h, q)
            In the unit of the series.

        Raises
        ------
        ValueError
            If no forecast was made, a year is negative, or a level is not available.

        Examples
        --------
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), limit=100)
        >>> result.at([0.5, 1.0], [0.1, 0.5, 0.9]).shape
        (2, 3)
        """
        years, wanted = np.atleast_1d(read_numbers(years, "years")), np.array(read_shares("levels", levels))
        if not (years >= 0).all():
            raise ValueError(
                f"years must be 0 or more (counted from the last observation), got {quote(float(years.min()))}"
            )
        if self.kind != "forecast":
            if len(years):
                raise ValueError(self._format_none())
            return np.empty((0, len(wanted)))
        if not self.has_range and (wanted != 0.5).any():
            raise ValueError(f"this forecast has no interval, only the median (level 0.5).{self._format_gives_range()}")
        if len(years) and len(self.target.newer):
            return np.quantile(self._select(years), wanted, axis=0).T
        return self.margins(years, wanted)

    def _format_none(self) -> str:
        """Reason why there is no forecast."""
        return NO_FORECAST if self.kind == "fallen" else f"no forecast: {self.printed.few}"

    def _format_gives_range(self) -> str:
        """Advice on how to get prediction intervals, after a space; "" if it is not possible."""
        return "" if self.constants != "free" else f" {GIVES_RANGE.format('limit=...')}"

    def limit_ahead(self, years: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Upper limit after the last observation, and its standard error.

        As far as it has been published, it is the published limit. Then it is extrapolated with a damped trend. Without
        a limit the last observation stands for it.

        Parameters
        ----------
        years : ndarray of float, shape (h,)
            Years after the last observation.

        Returns
        -------
        tuple of ndarray, shape (h,)
            Limit and standard error, in the unit of the series.
        """
        observed, limit = decimal_years(self.used.index), self.target.limit
        if limit is None or not self.has_limit:
            return np.full(len(years), self.used.iloc[-1]), np.zeros(len(years))
        published = limit.at(observed[-1] + years)
        # after its last date: its drift and error, from its values on the dates of the observations used
        observed = decimal_years(self.limit_dates)
        t, known = (observed - observed[-1])[None], limit.at(observed, observed[-1])[None]
        until = max(0.0, limit.years[-1] - observed[-1])
        drifted = model.forecast_limit(t, known, np.r_[until, years][None])[0][0]
        error = model.forecast_limit(t, known, np.maximum(years - until, 0)[None])[1][0]
        return np.where(years <= until, published, published * drifted[1:] / drifted[0]), error

    def window(self) -> tuple[np.ndarray, np.ndarray]:
        """Years before the last observation, and shares of the limit as known then; shape (1, n) each."""
        times, values, limit = decimal_years(self.used.index), self.used.to_numpy(float), self.target.limit
        known = limit.at(times, times[-1]) if limit is not None and self.has_limit else values[-1]
        return (times - times[-1])[None], (values / known)[None]

    def margins(self, years: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Quantiles that do not use newer bounds.

        Parameters
        ----------
        years : ndarray of float, shape (h,)
            Years after the last observation.
        levels : ndarray of float, shape (q,) or (h, q)
            Probabilities, the same for all years or one row per year.

        Returns
        -------
        ndarray of float, shape (h, q)
            In the unit of the series.
        """
        last, most, row = float(self.used.iloc[-1]), self.target.most, self.constants
        if self.added is not None:
            values = sum_up(self.added, last, years, levels)
        else:
            (t, x), h = self.window(), years[None]
            path = model.find_path(t, x, h, row)[0]
            spread = np.sqrt(model.variances(t, x, h, row).sum(axis=-1))[0]
            if self.has_limit:
                limit, limit_sd = self.limit_ahead(years)
                values, median = model.quantiles(path, spread, levels, limit, limit_sd, x[0, -1], row), limit * path
            else:
                values, median = last * model.free_quantiles(path, spread, levels, years), last * path
            if self.target.cumulative:
                values = model.total_quantiles(values, median, last)
        if self.has_limit or not np.isfinite(most):
            return np.minimum(values, max(most, last))
        return model.approach(values, last, most)

    @cached_property
    def _newer(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Years after the last observation, value, and +1 ("at_least") or -1 ("at_most"), of each newer bound."""
        newer = self.target.newer
        years = decimal_years(newer.index) - decimal_years(self.used.index)[-1]
        return years, newer["value"].to_numpy(float), np.where(newer["qualifier"] == "at_least", 1, -1)

    def _draw(self, years: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values of all simulated paths, shape (M, h), and whether each satisfies each newer bound, shape (M, L)."""
        on, value, side = self._newer
        dates = np.unique(np.r_[years, on])
        ranks = ndtr(draw_scores(dates))
        values = self.margins(dates, ranks.T).T
        kept = side * (values[:, np.searchsorted(dates, on)] - value) >= 0
        return values[:, np.searchsorted(dates, years)], kept

    def _select(self, years: np.ndarray) -> np.ndarray:
        """Values of the simulated paths that satisfy the newer bounds; of all, if these contradict the forecast."""
        values, kept = self._draw(years)
        return values if _refutes(kept) else values[kept.all(axis=1)]

    @cached_property
    def refuted(self) -> bool:
        """Whether newer bounds contradict the forecast, which then does not use them."""
        return self.kind == "forecast" and len(self.target.newer) > 0 and _refutes(self._draw(np.empty(0))[1])

    @property
    def paths(self) -> pd.DataFrame:
        """Simulated paths: one per row, by date, in the unit of the series; empty without prediction intervals.

        All paths are equally likely, so the probability of an event is the share of paths in which it occurs.

        Examples
        --------
        >>> from adoption_curves.forecast import forecast
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), limit=100, horizon_years=2)
        >>> round(float((result.paths["2027-12-31"] > 60).mean()), 2)
        0.86
        """
        return pd.DataFrame(self._select(self.years) if self.has_range else None, columns=self.dates)

    def extend(self, horizon_years: float, until: str = "") -> Self:
        """The same forecast with another horizon or last day; one of a flow without limit reaches one year at most."""
        if self.kind != "forecast":
            return self
        index = pd.DatetimeIndex(self.used.index)
        dates = next_dates(index, horizon_years, until)
        if self.constants == "flow":
            dates = dates[dates <= index[-1] + pd.DateOffset(years=1)]
        return replace(self, dates=dates)

    def frame(self) -> pd.DataFrame:
        """The forecast as a table, ``05_forecast`` of a run.

        Returns
        -------
        DataFrame
            One row per date: ``entity``, ``indicator``, ``date``, a column ``q<level>`` per quantile, ``unit``, and
            ``basis`` and ``since`` as the properties.
        """
        quantiles = self.quantiles
        labels = {"entity": self.target.entity, "indicator": self.target.indicator, "date": self.dates}
        columns = {f"q{level:g}": quantiles[level].to_numpy() for level in self.quantile_levels}
        rows = pd.DataFrame(labels | columns)
        return rows.assign(unit=self.target.unit, basis=self.basis, since=self.since)

    def milestones(self, shares: Sequence[float] = _MILESTONES, values: Sequence[float] = ()) -> pd.DataFrame:
        """Dates on which shares of the upper limit, or values, are reached.

        A simulated path reaches a share when it first crosses that share of the future limit; between forecast dates it
        is a straight line.

        Parameters
        ----------
        shares : sequence of float
            Shares of the upper limit, each between 0 and 1.
        values : sequence of float
            Values in the unit of the series, see `check_milestone`.

        Returns
        -------
        DataFrame
            One row per share and value: ``entity``, ``indicator``, ``share`` and ``value`` (one of them missing),
            ``status`` ("reached", "expected" or "not within the horizon"), ``median``, ``earliest`` and ``latest`` (ISO
            dates; the last two are the ends of the quoted interval), ``level``, and ``probability`` of reaching it
            within the horizon. Empty without prediction intervals.

        Raises
        ------
        ValueError
            If a share is not between 0 and 1, or a value is not possible.

        Examples
        --------
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), limit=100, horizon_years=2)
        >>> result.milestones([0.5, 0.6])[["share", "status", "median"]].to_numpy().tolist()
        [[0.5, 'reached', '2025-12-31'], [0.6, 'expected', '2026-11-19']]
        """
        names = ["entity", "indicator", "share", "value", "status", "median", "earliest", "latest", "level"]
        rows, parts = [], [0.5, *band_ends(self.level)]
        today = decimal_years(self.used.index)[-1] + max([0.0, *self._newer[0]]) if self.has_range else 0.0
        for share, value, reached in self._reach(shares, values):
            years = np.sort(reached)[[int(np.ceil(part * len(reached))) - 1 for part in parts]]
            dates = [f"{to_dates([year])[0]:%Y-%m-%d}" if np.isfinite(year) else _NOT_REACHED for year in years]
            status = "reached" if reached.max() <= today else "expected" if np.isfinite(years[0]) else _NOT_REACHED
            chance = float(np.isfinite(reached).mean())
            labels = (self.target.entity, self.target.indicator, share, value)
            rows.append((*labels, status, *dates, self.level, chance))
        return pd.DataFrame(rows, columns=[*names, "probability"])

    def probability(self, shares: Sequence[float] = _MILESTONES, values: Sequence[float] = ()) -> pd.DataFrame:
        """Probability that a share of the upper limit, or a value, is reached by each date.

        Parameters
        ----------
        shares : sequence of float
            Shares of the upper limit, each between 0 and 1.
        values : sequence of float
            Values in the unit of the series, see `check_milestone`.

        Returns
        -------
        DataFrame
            One row per share or value and date: ``entity``, ``indicator``, ``share`` and ``value`` (one of them
            missing), ``date`` and ``probability``, the share of simulated paths. Empty without prediction intervals.

        Raises
        ------
        ValueError
            If a share is not between 0 and 1, or a value is not possible.
        """
        years, names = decimal_years(self.dates), ["entity", "indicator", "share", "value", "date", "probability"]
        rows = [
            (self.target.entity, self.target.indicator, share, value, date, float((reached <= year).mean()))
            for share, value, reached in self._reach(shares, values)
            for date, year in zip(self.dates, years, strict=True)
        ]
        return pd.DataFrame(rows, columns=names)

    def check_milestone(self, value: float) -> None:
        """Raise an error for a milestone that is not a number or cannot be forecast.

        Parameters
        ----------
        value : float
            In the unit of the series, above its last value, and at most the 90% quantile of the limit on the last date.

        Raises
        ------
        ValueError
        """
        if isinstance(value, bool) or not isinstance(value, REAL) or not np.isfinite(value):
            raise ValueError(f"milestone is {quote(value)}; it must be a number in the unit of the series")
        if not self.has_range:
            return
        last, (limit, limit_sd) = float(self.used.iloc[-1]), self.limit_ahead(self.years[-1:])
        most, unit = min(float(limit[0] + limit_sd[0] * ndtri(0.9)), self.target.most), self.target.unit
        asked = format_number(value, unit)
        if value <= last:
            raise ValueError(f"milestone is {asked}: choose one above the last value, {format_number(last, unit)}")
        if value > most:
            raise ValueError(
                f"milestone is {asked}: choose one below the 90% quantile of the limit in "
                f"{format_long_date(self.dates[-1])}, {format_number(most, unit)}"
            )

    @property
    def next_milestone(self) -> float | None:
        """Next round number above the latest value that the forecast can reach; None if there is none.

        For percentages 25, 50, 75 or 90, otherwise 1, 2 or 5 times a power of ten.
        """
        if not self.has_range:
            return None
        newest = float(max(self.used.iloc[-1], self.target.highest))
        power = 10.0 ** np.floor(np.log10(newest))
        steps = (25.0, 50.0, 75.0, 90.0) if self.target.unit.startswith("percent") else power * np.array([1, 2, 5, 10])
        for value in [float(step) for step in steps if step > newest][:1]:
            try:
                self.check_milestone(value)
            except ValueError:
                return None
            return value
        return None

    def _reach(self, shares: Sequence[float], values: Sequence[float]) -> list[tuple[float, float, np.ndarray]]:
        """Share, value, and the decimal year in which each path first reaches it, shape (M,); infinite if never."""
        shares = read_shares("shares", shares)
        for value in values:
            self.check_milestone(value)
        if not self.has_range:
            return []
        target, paths = self.target, self.paths.to_numpy()
        years = np.r_[decimal_years(self.used.index)[-1], decimal_years(self.dates)]
        last = np.full((len(paths), 1), self.used.iloc[-1])
        as_shares = np.c_[last / self.used.iloc[-1] * self.share, paths / self.limit_ahead(self.years)[0]]
        goals = [(share, np.nan, target.share >= share, as_shares >= share, as_shares - share) for share in shares]
        as_values = np.c_[last, paths]
        goals += [(np.nan, value, target.values >= value, as_values >= value, as_values - value) for value in values]
        reached_in = []
        for share, value, observed, above, ahead in goals:
            if observed.any():
                reached = np.repeat(decimal_years(observed.index[observed.to_numpy()][:1]), len(paths))
            else:
                after = np.maximum(above.argmax(axis=1), 1)
                before, past = (np.take_along_axis(ahead, place[:, None], 1)[:, 0] for place in (after - 1, after))
                with np.errstate(divide="ignore", invalid="ignore"):  # of paths that never reach it
                    reached = years[after - 1] - before / (past - before) * (years[after] - years[after - 1])
                reached = np.where(above.any(axis=1), reached, np.inf)
            reached_in.append((share, value, reached))
        return reached_in

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw observations, median, prediction intervals and the upper limit.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        matplotlib Axes
        """
        from ..show.figures.on_axes import plot_course

        return plot_course(self.printed, ax, self)

    def __repr__(self) -> str:
        unit, last = self.target.unit, float(self.target.values.iloc[-1]) if len(self.target.values) else -np.inf
        where = f"<Forecast of {self.target.title}"
        if np.isfinite(last):
            day = self.target.values.index[-1]
            shown = format_number(last, unit)
            if day in self.printed.readings.index:
                row = self.printed.newer.join(self.printed.readings).loc[day]
                shown = f"{format_bound(row, unit)}, assumed {format_number(last, '', row['value'])},"
            where += f": {shown} in {format_long_date(day)}"
        newer = _format_newer(self.target.newer, last)
        if self.kind != "forecast":
            return f"{where}{newer}; {self._format_none()}>"
        if self.refuted:
            newer += ", which refutes it"
        goal = find_goal(self.frame().to_dict("records"))
        if self.has_range:
            low, high = (goal[name] for name in band_columns(self.level))
            median = format_number(goal["q0.5"])
            text = f"{format_range(low, high, unit)} ({format_level(self.level)} interval, median {median})"
        else:
            text = f"{format_number(goal['q0.5'], unit)}, without an interval.{self._format_gives_range()}"
        return f"{where}{newer}; forecast for {format_long_date(goal['date'])}: {text}>"

    def _repr_html_(self) -> str:
        """Chart, with a table of the median and the intervals below it."""
        from ..show.figures.on_axes import show_result

        return show_result(self, escape(repr(self)))


def _refutes(kept: np.ndarray) -> bool:
    """Whether too few simulated paths satisfy one of the newer bounds, or all of them; `kept` has shape (M, L).

    Each bound is tested separately, because two bounds that are close leave few paths without contradicting the
    forecast.
    """
    return kept.shape[1] > 0 and bool(kept.mean(axis=0).min() < LEAST_KEPT or kept.all(axis=1).mean() < LEAST_LEFT)


def forecast(
    series: pd.Series | AdoptionSeries,
    limit: Limit | pd.Series | float | None = None,
    horizon_years: float = 5,
    levels: Sequence[float] = LEVELS,
    shares: Sequence[float] = (0.5, 0.75, 0.9),
    most: float | None = None,
    censored: pd.DataFrame | None = None,
    since: str | None = None,
    until: str = "",
    measure: str | None = None,
) -> Forecast:
    r"""Forecast an adoption series.

    The constants of the formula are the same for every series; see Notes. A series with fewer than three usable
    observations, or in decline (`adoption_curves.curves.is_in_decline`), gives a `Forecast` without dates.

    Parameters
    ----------
    series : pandas.Series or AdoptionSeries
        Observations, indexed by dates, whole years or periods; a year or a period counts as its last day. The forecast
        uses the last eight values above 0 that are at least 0.4 years apart.
    limit : float, Limit, pandas.Series or None
        Upper limit, in the unit of `series`. By default that of an AdoptionSeries, otherwise none. Without a limit
        there is a median but no prediction interval.
    horizon_years : float
        Length of the forecast. Intervals beyond five years are labelled as extrapolated.
    levels : sequence of float
        Levels of the prediction intervals, each between 0 and 1. Sentences and milestones quote the one closest to 0.8.
    shares : sequence of float
        Shares of the limit for scenarios, each between 0 and 1.
    most : float, optional
        Largest possible value, such as the population. By default 100 for percentages, unless the limit or a value of
        an AdoptionSeries is higher. Without a limit the median approaches it.
    censored : DataFrame, optional
        Values known only as bounds, by date, with columns ``value`` and ``qualifier`` ("at_least" or "at_most"). If
        they are later than the last exact value, only simulated paths that satisfy them are used. By default those of
        an AdoptionSeries.
    since : str, optional
        Observations to use: "all", those since an ISO day, or, for "", those since the last suspected change of method
        if three of them are usable, otherwise all. By default that of an AdoptionSeries, or "". The trend of the limit
        is estimated from all observations.
    until : str
        ISO day, at most fifteen years after the last value, on which the forecast ends, instead of `horizon_years`.
    measure : {"level", "flow", "cumulative"}, optional
        What a value counts: those in use on a date, the amount of a year, or the total so far, which cannot decrease.
        By default that of an AdoptionSeries, or "level". A flow with ``limit=100`` is a share of sales in percent.

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        If there is no observation, values exceed `limit` or `most`, dates are outside 1800 to 2100, or another argument
        is not allowed.
    TypeError
        If `series` has another type.

    Warns
    -----
    UserWarning
        If `series` is the ``values`` of an AdoptionSeries and `limit` is not given, because the values have no limit.

    See Also
    --------
    hindcast : The same forecast, made at earlier dates.
    adoption_curves.curves.assess_ceiling : Whether the observations show where growth will stop.

    Notes
    -----
    On the Gompertz scale, :math:`g(x) = -\log(-\log x)`, let :math:`x_n` be the last observation as a share of the
    limit, and :math:`r` the growth rate. The median, as a share of the limit after :math:`h` years, is the mean of

    .. math:: g^{-1}(g(x_n) + r h) \quad\text{and}\quad x_n + \sum_k w_k K_k [F_k(h) - F_k(0)]

    where :math:`F_k` is the Gompertz curve fitted with saturation level :math:`K_k`, one of five, and :math:`w_k` its
    weight, which depends on how well it fits. Around the median, errors on the Gompertz scale follow Student's t
    distribution with four degrees of freedom. Without a limit the median is a damped trend; for a cumulative total, the
    amounts added per period are forecast and summed up. See ``docs/method.md``.

    Examples
    --------
    >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
    >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates, name="users"), limit=100, horizon_years=2)
    >>> result
    <Forecast of users: 52.0 in December 2025; forecast for December 2027: ... (80% interval, median ...)>
    >>> result.quantiles[[0.1, 0.5, 0.9]].round(1).to_numpy().tolist()
    [[54.4, 61.0, 68.4], [57.9, 68.5, 78.8]]
    """
    printed = read_series(series, limit, most, censored, measure)
    # a newer bound with an assumed value counts as an observation
    target = printed if printed.censored.empty else printed.use_readings()
    target = target if since is None else target.with_since(since)
    whole = select_values(target.values, target.limit)
    target = replace(target, values=target.values[target.values.index >= target.start])
    used = select_values(target.values, target.limit)
    check_limits(target)
    check_horizon(horizon_years)
    no_dates = pd.DatetimeIndex([], name="date")
    result = Forecast(
        "few", target, printed, used, whole.index, no_dates, check_levels(levels), read_shares("shares", shares)
    )
    if len(used) < LEAST_OBSERVATIONS:
        return result
    if is_in_decline(decimal_years(target.values.index), target.values.to_numpy(float)):
        return replace(result, kind="fallen")
    result = replace(result, kind="forecast").extend(horizon_years, until)
    increments = compute_increments(target) if target.cumulative and target.limit is None else None
    if increments is not None:
        rates = select_values(increments.values)
        result.added = replace(result, target=increments, printed=increments, used=rates, limit_dates=rates.index)
    return result


def _format_newer(newer: pd.DataFrame, last: float) -> str:
    """The latest newer bound as text, such as ", more than 700 in June 2026"; "" if it adds nothing.

    `newer` has the columns qualifier, value and read_low by date. "At least" a number up to the last value adds
    nothing.
    """
    if newer.empty or (newer["qualifier"].iloc[-1] == "at_least" and newer["value"].iloc[-1] <= last):
        return ""
    return f", {format_bound(newer.iloc[-1])} in {format_long_date(newer.index[-1])}"
