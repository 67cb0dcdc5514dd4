"""The forecast of one series: `forecast` makes it, and `Forecast` has quantiles, paths, milestones and probabilities.

Read `forecast` first, then `Forecast.margins`: the limit ahead, the path, its spread, quantiles.
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
    """A path, its spread, and what follows from both; made by `forecast.forecast`.

    Attributes
    ----------
    kind : str
        "forecast"; "few" for fewer than three usable values (`AdoptionSeries.few`), and "fallen" for a series that has
        fallen: these have no forecast and so no dates.
    target, printed : AdoptionSeries
        The series, with a newer figure that can be read between two ends as one more; and as it was printed.
    used : Series
        The values that the forecast uses.
    limit_dates : DatetimeIndex
        Dates whose values of the limit tell its drift: also those of values that `since` leaves out.
    dates : DatetimeIndex
    levels, shares : tuple of float
        Of the ranges, and of the scenarios.
    added : Forecast
        Of a count of all so far without a limit: the forecast of what each period adds, which is summed up.
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
        """Whether it is made with a limit; numbers sold or added in a year have none."""
        return self.constants in ("limit", "sales")

    @property
    def constants(self) -> str:
        """The row of `model.CONSTANTS` by which it is made."""
        if self.target.measure == "flow" and not self.target.is_share_of_sales:
            return "flow"
        if self.target.limit is None:
            return "free"
        return "sales" if self.target.is_share_of_sales else "limit"

    @property
    def has_range(self) -> bool:
        """Whether intervals were tested for such a series: with a limit, and from the share that `model.CONSTANTS` has.

        A forecast that a newer value refutes has none.
        """
        return self.kind == "forecast" and self.share >= model.CONSTANTS[self.constants].tested and not self.refuted

    @property
    def since(self) -> pd.Timestamp:
        """The day since which values are used, where that leaves out some that would be used else; or NaT."""
        return self.target.start if len(self.dates) and self.limit_dates[0] < self.used.index[0] else pd.NaT

    @property
    def level(self) -> float:
        """The level of the range that is quoted, see `adoption_curves.base.levels.quoted_level`."""
        return quoted_level(self.levels)

    @property
    def origin(self) -> pd.Timestamp:
        """Date of the last figure."""
        return self.used.index[-1]

    @property
    def years(self) -> np.ndarray:
        """(H,) years from the last figure to each date."""
        if not len(self.dates):
            return np.empty(0)
        return decimal_years(self.dates) - decimal_years(self.used.index)[-1]

    @property
    def share(self) -> float:
        """The last figure over the limit of its day; 1 without one."""
        return float(self.window()[1][0, -1])

    @property
    def basis(self) -> np.ndarray:
        """(H,) what the quantiles of each date rest on.

        "tested" where the backtest has been, "extrapolated" further ahead; "untested" without an interval; "refuted"
        where a newer value refutes the forecast.
        """
        if not self.has_range:
            return np.full(len(self.dates), "refuted" if self.refuted else "untested")
        return np.where(self.years <= HORIZONS[-1] + DATE_TOLERANCE, "tested", "extrapolated")

    @property
    def quantile_levels(self) -> tuple[float, ...]:
        """Quantiles given: both ends of each level, and always those of `REPORTED_QUANTILES`; without a range 0.5."""
        if not self.has_range:
            return (0.5,)
        return tuple(sorted({*REPORTED_QUANTILES, *(end for level in self.levels for end in band_ends(level))}))

    @property
    def quantiles(self) -> pd.DataFrame:
        """Quantiles: index date, a column per level; no rows where nothing is forecast."""
        return pd.DataFrame(self.at(self.years, self.quantile_levels), self.dates, list(self.quantile_levels))

    def at(self, years: Sequence[float] | np.ndarray, levels: Sequence[float]) -> np.ndarray:
        """Quantiles (H, Q) at any years after the last figure.

        They are those of the formula; after a newer figure that is only a limit, those of the paths that satisfy it.

        Parameters
        ----------
        years : array-like (H,)
            Years after the last figure, 0 or more.
        levels : sequence of float (Q,)
            Of the quantiles, between 0 and 1; without a range only 0.5.

        Returns
        -------
        ndarray (H, Q)
            In the unit of the series.

        Raises
        ------
        ValueError
            Where nothing is forecast, or no range and another level is asked for; for years before the last figure,
            and levels that are none.
        """
        years, asked = np.atleast_1d(read_numbers(years, "years")), np.array(read_shares("levels", levels))
        if not (years >= 0).all():
            raise ValueError(f"years are counted from the last figure on, 0 or more, not {quote(float(years.min()))}")
        if self.kind != "forecast":
            if len(years):
                raise ValueError(self._format_none())
            return np.empty((0, len(asked)))
        if not self.has_range and (asked != 0.5).any():
            raise ValueError(f"this forecast has no range, only the median, 0.5.{self._format_gives_range()}")
        if len(years) and len(self.target.newer):
            return np.quantile(self._select(years), asked, axis=0).T
        return self.margins(years, asked)

    def _format_none(self) -> str:
        """Why there is no forecast."""
        return NO_FORECAST if self.kind == "fallen" else f"no forecast: {self.printed.few}"

    def _format_gives_range(self) -> str:
        """What would give a range, behind a blank; "" where nothing does."""
        return "" if self.constants != "free" else f" {GIVES_RANGE.format('limit=...')}"

    def limit_ahead(self, years: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The limit at years after the last figure, and its standard error.

        As long as it is known it is as published; then it follows its own damped drift. Without a limit the last figure
        stands in.

        Parameters
        ----------
        years : ndarray (H,)
            Years after the last figure.

        Returns
        -------
        tuple of ndarray (H,)
            Limit and standard error, in the unit of the series.
        """
        seen, limit = decimal_years(self.used.index), self.target.limit
        if limit is None or not self.has_limit:
            return np.full(len(years), self.used.iloc[-1]), np.zeros(len(years))
        published = limit.at(seen[-1] + years)
        # after its last date: drift and error of its values at the figures, from that date on
        seen = decimal_years(self.limit_dates)
        t, known = (seen - seen[-1])[None], limit.at(seen, seen[-1])[None]
        until = max(0.0, limit.years[-1] - seen[-1])
        drifted = model.forecast_limit(t, known, np.r_[until, years][None])[0][0]
        error = model.forecast_limit(t, known, np.maximum(years - until, 0)[None])[1][0]
        return np.where(years <= until, published, published * drifted[1:] / drifted[0]), error

    def window(self) -> tuple[np.ndarray, np.ndarray]:
        """Years before the last figure, and shares of the limit as known then, (1, n) each."""
        seen, values, limit = decimal_years(self.used.index), self.used.to_numpy(float), self.target.limit
        known = limit.at(seen, seen[-1]) if limit is not None and self.has_limit else values[-1]
        return (seen - seen[-1])[None], (values / known)[None]

    def margins(self, years: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Quantiles (H, Q) that know of no newer figure, at levels (Q,) or, where each date has its own, (H, Q).

        Parameters
        ----------
        years : ndarray (H,)
            Years after the last figure.
        levels : ndarray (Q,) or (H, Q)
            Of the quantiles, 0 to 1.

        Returns
        -------
        ndarray (H, Q)
            In the unit of the series.
        """
        last, most, row = float(self.used.iloc[-1]), self.target.most, self.constants
        if self.added is not None:
            found = sum_up(self.added, last, years, levels)
        else:
            (t, x), h = self.window(), years[None]
            path = model.find_path(t, x, h, row)[0]
            spread = np.sqrt(model.variances(t, x, h, row).sum(axis=-1))[0]
            if self.has_limit:
                limit, limit_sd = self.limit_ahead(years)
                found, median = model.quantiles(path, spread, levels, limit, limit_sd, x[0, -1], row), limit * path
            else:
                found, median = last * model.free_quantiles(path, spread, levels, years), last * path
            if self.target.cumulative:
                found = model.total_quantiles(found, median, last)
        if self.has_limit or not np.isfinite(most):
            return np.minimum(found, max(most, last))
        return model.approach(found, last, most)

    @cached_property
    def _newer(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Years after the last figure, value, and +1 for at least or -1 for at most, of each newer figure."""
        newer = self.target.newer
        years = decimal_years(newer.index) - decimal_years(self.used.index)[-1]
        return years, newer["value"].to_numpy(float), np.where(newer["qualifier"] == "at_least", 1, -1)

    def _draw(self, years: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values (M, H) of all paths, and which of them satisfy which newer figure (M, L); also without a range."""
        on, value, side = self._newer
        dates = np.unique(np.r_[years, on])
        ranks = ndtr(draw_scores(dates))
        values = self.margins(dates, ranks.T).T
        kept = side * (values[:, np.searchsorted(dates, on)] - value) >= 0
        return values[:, np.searchsorted(dates, years)], kept

    def _select(self, years: np.ndarray) -> np.ndarray:
        """Values of the paths that satisfy the newer figures; of all, where these refute the forecast."""
        values, kept = self._draw(years)
        return values if _refutes(kept) else values[kept.all(axis=1)]

    @cached_property
    def refuted(self) -> bool:
        """True if newer figures refute the forecast, whose numbers then know nothing of them."""
        return self.kind == "forecast" and len(self.target.newer) > 0 and _refutes(self._draw(np.empty(0))[1])

    @property
    def paths(self) -> pd.DataFrame:
        """Values by date, a row per path, all as likely; any event's probability is the part of paths in which it is.

        None without a range.

        Examples
        --------
        >>> from adoption_curves.forecast import forecast
        >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
        >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates), limit=100, horizon_years=2)
        >>> bool((result.paths["2027-12-31"] > 60).mean() > 0.5)
        True
        """
        return pd.DataFrame(self._select(self.years) if self.has_range else None, columns=self.dates)

    def extend(self, horizon_years: float, until: str = "") -> Self:
        """Forecast to another horizon, or day; of numbers sold or added in a year at most one year ahead."""
        if self.kind != "forecast":
            return self
        index = pd.DatetimeIndex(self.used.index)
        dates = next_dates(index, horizon_years, until)
        if self.constants == "flow":
            dates = dates[dates <= index[-1] + pd.DateOffset(years=1)]
        return replace(self, dates=dates)

    def frame(self) -> pd.DataFrame:
        """The forecast as a table: 05_forecast of a run.

        Returns
        -------
        DataFrame
            A row per date: entity, indicator, date, a column ``q<level>`` per quantile, unit, ``basis``, as above, and
            `since`.
        """
        quantiles = self.quantiles
        labels = {"entity": self.target.entity, "indicator": self.target.indicator, "date": self.dates}
        columns = {f"q{level:g}": quantiles[level].to_numpy() for level in self.quantile_levels}
        rows = pd.DataFrame(labels | columns)
        return rows.assign(unit=self.target.unit, basis=self.basis, since=self.since)

    def milestones(self, shares: Sequence[float] = _MILESTONES, values: Sequence[float] = ()) -> pd.DataFrame:
        """Dates at which shares of the limit, and values, are reached.

        A path reaches a share at its first crossing of that share of the limit ahead, and a value at its first crossing
        of it; it is linear between its dates. Half of the paths reach it by the median; the earliest and the latest
        date are the ends of the quoted interval.

        Parameters
        ----------
        shares : sequence of float
            Of the limit, each between 0 and 1; not those of the scenarios.
        values : sequence of float
            In the unit of the series, see `check_milestone`.

        Returns
        -------
        DataFrame
            A row per share and per value: entity, indicator, share and value (one of them missing), status ("reached",
            "expected", or "not within the horizon"), median, earliest, latest (ISO dates, or "not within the horizon"),
            level, probability (of reaching it within the horizon). No rows without an interval.

        Raises
        ------
        ValueError
            For shares that do not lie between 0 and 1, and impossible values.
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
        """Probability that a share of the limit, or a value, is reached by each date: the part of the paths that have.

        Parameters
        ----------
        shares, values : as for `milestones`

        Returns
        -------
        DataFrame
            A row per share or value and date: entity, indicator, share and value (one of them missing), date,
            probability. No rows without an interval.

        Raises
        ------
        ValueError
            For shares that do not lie between 0 and 1, and impossible values.
        """
        years, names = decimal_years(self.dates), ["entity", "indicator", "share", "value", "date", "probability"]
        rows = [
            (self.target.entity, self.target.indicator, share, value, date, float((reached <= year).mean()))
            for share, value, reached in self._reach(shares, values)
            for date, year in zip(self.dates, years, strict=True)
        ]
        return pd.DataFrame(rows, columns=names)

    def check_milestone(self, value: float) -> None:
        """Refuse a milestone that is no number, or of which nothing can be said.

        Parameters
        ----------
        value : number
            In the unit of the series, above its last value and at most the 90% quantile of the limit on the last date.

        Raises
        ------
        ValueError
        """
        if isinstance(value, bool) or not isinstance(value, REAL) or not np.isfinite(value):
            raise ValueError(f"milestone is {quote(value)}; it must be a number in the unit of the series")
        if not self.has_range:
            return
        last, (limit, limit_sd) = float(self.used.iloc[-1]), self.limit_ahead(self.years[-1:])
        most = min(float(limit[0] + limit_sd[0] * ndtri(0.9)), self.target.most)
        if value <= last:
            raise ValueError(f"milestone is {value:g}, and the last value is {last:g}: choose a higher one")
        if value > most:
            raise ValueError(
                f"milestone is {value:g}, and the limit is at most {most:.10g} in {format_long_date(self.dates[-1])} "
                "(90% quantile): choose a lower one"
            )

    @property
    def next_milestone(self) -> float | None:
        """The next round number above the newest value of which there is a chance; None where there is none.

        Of percentages it is 25, 50, 75 or 90, of anything else 1, 2 or 5 times a power of ten.
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
        """Share, value, and the decimal year (M,) in which each path first reaches it; infinite where it doesn't."""
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
        for share, value, seen, above, ahead in goals:
            if seen.any():
                reached = np.repeat(decimal_years(seen.index[seen.to_numpy()][:1]), len(paths))
            else:
                after = np.maximum(above.argmax(axis=1), 1)
                before, past = (np.take_along_axis(ahead, place[:, None], 1)[:, 0] for place in (after - 1, after))
                with np.errstate(divide="ignore", invalid="ignore"):  # of paths that never reach it
                    reached = years[after - 1] - before / (past - before) * (years[after] - years[after - 1])
                reached = np.where(above.any(axis=1), reached, np.inf)
            reached_in.append((share, value, reached))
        return reached_in

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw figures, median and ranges, and the limit.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            By default new ones in a figure of their own.

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
            found = f"{format_range(low, high, unit)} ({format_level(self.level)} range, median {median})"
        else:
            found = f"{format_number(goal['q0.5'], unit)}, without a range.{self._format_gives_range()}"
        return f"{where}{newer}; forecast for {format_long_date(goal['date'])}: {found}>"

    def _repr_html_(self) -> str:
        """The picture, and a table of median and ranges below it."""
        from ..show.figures.on_axes import show_result

        return show_result(self, escape(repr(self)))


def _refutes(kept: np.ndarray) -> bool:
    """True if too few of the paths satisfy one of the newer figures (M, L), or all together.

    A narrow interval leaves few paths and refutes nothing: each end is asked alone.
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
    """Forecast of an adoption series, by a formula whose constants are round and fixed.

    With a limit the path from the last figure is the mean of two: a Gompertz curve up to the limit, and the curves to
    five ends, each by how well it fits (`model.find_path`). About it lies a Student's t on the scale of growth
    (`model.quantiles`). Shares of sales have ranges of their own width. Without a limit there is no range: the path is
    damped drift, and of a count of all so far what each period adds is forecast and summed up. Fewer than
    three figures, and a series that has fallen (`adoption_curves.curves.is_in_decline`), have no forecast.

    Parameters
    ----------
    series : pandas.Series with dates, whole years or periods as index, or AdoptionSeries
        The forecast uses the last eight values above 0 that lie 0.4 years apart. A year or a period is its last day.
    limit : number, Limit, pandas.Series with a DatetimeIndex, or None
        A known limit in the unit of `series`. None stands for an AdoptionSeries' own, or for none.
    horizon_years : number
        Beyond five years the ranges are extrapolated and labelled so.
    levels : sequence of float
        Coverage of the ranges, each between 0 and 1 and no two so near that tables would write them alike; sentences
        and milestones quote the one nearest to 0.8.
    shares : sequence of float
        Saturation shares of the scenarios, each between 0 and 1.
    most : number, optional
        Largest possible value of any date, such as a population; no figure may lie above it. Of percent it is 100,
        but for a higher limit, or higher figures of an AdoptionSeries. Without a limit the median approaches it and is
        not cut there.
    censored : DataFrame, optional
        Figures that are not exact: dates as index, columns value and qualifier ("at_least" or "at_most"). None stands
        for an AdoptionSeries' own, or for none. Those after the last exact figure condition the forecast: only paths
        that satisfy them are used.
    since : str, optional
        "" for the values since the last suspected change of method, if three of them are usable, else all; "all"; or
        an ISO day. None stands for an AdoptionSeries' own, or for "". The limit's drift is that of all its values.
    until : str
        An ISO day at most fifteen years after the last value, which decides in the place of `horizon_years`; or "".
    measure : {"level", "flow", "cumulative"}, optional
        What is in use on a day; what a year adds, such as sales; or all so far, which cannot fall. None stands for an
        AdoptionSeries' own, or for a level. A flow with ``limit=100`` is a share of sales in percent, whose ranges are
        wider than those of a level.

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        Without a figure, with figures above the limit or `most`, dates outside 1800 to 2100 or all within a day,
        numbers outside 1e-60 to 1e60, no level, or another measure; where `since` leaves fewer than three usable
        values; `until` a day that is none, past, or too far.
    TypeError
        If `series` is neither.

    Warns
    -----
    UserWarning
        For the ``values`` of an AdoptionSeries without `limit`: they have lost it.

    Examples
    --------
    >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
    >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates, name="users"), limit=100, horizon_years=2)
    >>> result
    <Forecast of users: 52.0 in December 2025; forecast for December 2027: ... (80% range, median ...)>
    >>> result.quantiles.loc["2026-12-31"].is_monotonic_increasing
    True
    >>> axes = result.plot()
    """
    printed = read_series(series, limit, most, censored, measure)
    # a newer figure that is read between two ends counts as one more figure
    target = printed if printed.censored.empty else printed.use_readings()
    target = target if since is None else target.with_since(since)
    whole = select_values(target.values, target.limit)
    target = replace(target, values=target.values[target.values.index >= target.start])
    used = select_values(target.values, target.limit)
    check_limits(target)
    check_horizon(horizon_years)
    no_dates = pd.DatetimeIndex([], name="date")
    made = Forecast(
        "few", target, printed, used, whole.index, no_dates, check_levels(levels), read_shares("shares", shares)
    )
    if len(used) < LEAST_OBSERVATIONS:
        return made
    if is_in_decline(decimal_years(target.values.index), target.values.to_numpy(float)):
        return replace(made, kind="fallen")
    made = replace(made, kind="forecast").extend(horizon_years, until)
    increments = compute_increments(target) if target.cumulative and target.limit is None else None
    if increments is not None:
        figures = select_values(increments.values)
        made.added = replace(made, target=increments, printed=increments, used=figures, limit_dates=figures.index)
    return made


def _format_newer(newer: pd.DataFrame, last: float) -> str:
    """The newest figure that is printed as a limit, as in ", more than 700 in June 2026"; "" if it adds nothing.

    `newer` has the columns qualifier, value and read_low by date. "At least" the last figure or less adds nothing.
    """
    if newer.empty or (newer["qualifier"].iloc[-1] == "at_least" and newer["value"].iloc[-1] <= last):
        return ""
    return f", {format_bound(newer.iloc[-1])} in {format_long_date(newer.index[-1])}"
