"""The forecast of one series as one object: its paths, and the tables, picture and statements made of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..base.levels import band_columns, band_ends, say_level
from ..base.numbers import say_limit
from ..curves import decimal_years, to_dates
from . import bands
from .bands import FAST, INTEGRATION_QUANTILES
from .ceilings import GOMPERTZ, LOGISTIC
from .coverage import judge, summarise_coverage
from .joint import JointForecast
from .lessons import Lessons
from .methods import fit_at_share
from .targets import LEAST_TECHNOLOGIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


NOT_REACHED = "not within the horizon"
HUB_QUANTILES = (0.01, 0.025, *(round(0.05 * step, 2) for step in range(1, 20)), 0.975, 0.99)
"""Levels of the forecasts on record: those of the forecast hubs."""
CURVES = (LOGISTIC, GOMPERTZ)
"""A scenario is their mean."""
ROUNDING = 0.005
"""Part of a figure by which a scenario may miss it."""
MILESTONES = (0.5, 0.6, 0.75)


class Forecast(JointForecast):
    """Quantiles by date of every method, and what is derived from them; made by `forecast.forecast`.

    Every number is one of the joint paths (`paths`): those that contradict a newer figure, one that is only a bound,
    are left out.
    """

    def frame(self) -> pd.DataFrame:
        """The forecast as a table.

        Returns
        -------
        DataFrame
            A row per method and date: entity, indicator, date, method, mean, a column ``q<level>`` per
            quantile, unit, and ``basis``: "calibrated" as far as the backtest reaches, "extrapolated" beyond;
            "refuted" where a newer figure refutes the method, whose numbers then know nothing of it.
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
        basis = "refuted" if self.is_refuted(method) else basis
        return pd.DataFrame(columns | {"unit": self.target.unit, "basis": basis})

    def prior(self) -> pd.DataFrame:
        """Where the references stand, the prior on where this series ends, and on how its growth goes on.

        Returns
        -------
        DataFrame
            One row: low, middle, high (percent of the bound; one standard deviation to each side), rate_ahead (with
            what a rate of 1 a year in the window is expected to go on, on the Gompertz scale). No rows where no curve
            is averaged over its ceiling, see `curved`.
        """
        columns = ["low", "middle", "high", "rate_ahead"]
        if not self.curved:
            return pd.DataFrame(columns=columns, dtype=float)
        prior = self.at_origin.prior
        ends = 100 * prior.shares(np.array([[-1.0, 0.0, 1.0]]))[0]
        return pd.DataFrame([[*ends, float(prior.expected_rate(1.0))]], columns=columns)

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

    def hub_frame(self) -> pd.DataFrame:
        """The forecast as rows of quantiles, in the columns of the hubverse, for the record of forecasts.

        Returns
        -------
        DataFrame
            target_end_date, output_type ("quantile"), output_type_id (level), value. No rows where a newer figure
            refutes the forecast. Levels beyond `bands.Calibration.widest`, as 0.01 and 0.99 with 31 technologies, end
            at the largest error on record.
        """
        rows = pd.DataFrame(self.at(self.years, HUB_QUANTILES), self.dates, HUB_QUANTILES)
        rows = rows.rename_axis("target_end_date").reset_index()
        rows = rows.melt("target_end_date", var_name="output_type_id").sort_values(
            ["target_end_date", "output_type_id"]
        )
        rows.insert(1, "output_type", "quantile")
        return rows.reset_index(drop=True).iloc[: 0 if self.refuted else None]

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
            where the series already stands above that ceiling, and the note says so, or which newer figure the path
            contradicts. No rows where curves are no part of the forecast, see `curved`.
        """
        shares = self.shares if shares is None else shares
        if not self.curved or not len(shares):
            return pd.DataFrame(columns=["entity", "indicator", "share", "date", "value", "unit", "note"])
        ahead, frames, reached = self.ahead_of(self.years), [], self.windows.shares.max()
        for share in shares:
            paths = [fit_at_share(family, self.windows, share).paths(ahead)[0, 0] for family in CURVES]
            value = np.where(reached < share, np.mean(paths, axis=0), np.nan)
            columns = self._labels | {"share": share, "date": self.dates, "value": value, "unit": self.target.unit}
            note = "already above this share" if np.isnan(value).any() else self._contradict(share)
            frames.append(pd.DataFrame(columns | {"note": note}))
        return pd.concat(frames, ignore_index=True)

    def _contradict(self, share: float) -> str:
        """Which newer figure the scenario of this share contradicts; "" where none."""
        newer = self.target.newer
        if newer.empty:
            return ""
        ahead = self.ahead_of(decimal_years(newer.index) - self.windows.years[0, -1])
        values = np.mean([fit_at_share(each, self.windows, share).paths(ahead)[0, 0] for each in CURVES], axis=0)
        room = ROUNDING * newer["value"]  # published figures are rounded
        short, over = newer["value"] - values > room, values - newer["value"] > room
        missed = np.where(newer["bound"] == "at_least", short, over)
        limits = [say_limit(date, row, self.target.unit) for date, row in newer[missed].iterrows()]
        return f"contradicts {' and '.join(limits)}" if limits else ""

    def milestones(self, shares: Sequence[float] = MILESTONES, level: float | None = None) -> pd.DataFrame:
        """Dates at which shares of the bound are reached.

        A path reaches a share where it first comes to that share of the bound as it is forecast; between its dates it
        runs straight. By the median half of the paths have, by the earliest and the latest as many as lie below both
        ends of the band.

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
        level, rows = self.level if level is None else level, []
        (low, high), newest = band_ends(level), decimal_years(self.target.newer.index)[-1:]
        for share, reached in self._reach(shares).items():
            years = np.sort(reached)[[int(np.ceil(part * len(reached))) - 1 for part in (0.5, low, high)]]
            dates = [f"{to_dates([year])[0]:%Y-%m-%d}" if np.isfinite(year) else NOT_REACHED for year in years]
            today = max([self.windows.years[0, -1], *newest])
            status = "reached" if reached.max() <= today else "expected" if np.isfinite(years[0]) else NOT_REACHED
            rows.append((*self._labels.values(), share, status, *dates, level, float(np.isfinite(reached).mean())))
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
        if not self.windows.bounded or self.declines:
            return {}
        seen, reached_in = self.target.shares(), {}
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

    def sensitivity(self) -> pd.DataFrame:
        """The published bands calibrated on all reference windows, and only on those that grew as fast (`FAST`).

        Returns
        -------
        DataFrame
            A row per calibration and date: calibration, technologies, forecasts, date, q0.1, q0.5, q0.9 and,
            where the quoted band is another, its ends; unit.
        """
        residuals, frames = self.residuals, []
        fast = residuals[residuals["growth"] >= FAST]
        ends = sorted({0.1, 0.5, 0.9, *band_ends(self.level)})
        for words, rows in (("all windows", residuals), (f"growth by {FAST:g} or more in the window", fast)):
            if rows["technology"].nunique() < LEAST_TECHNOLOGIES:  # of one figure nobody knows the growth
                continue
            quantiles = replace(self, lessons=Lessons(bands.Records(rows), self.lessons.reached)).at(self.years, ends)
            size = {"technologies": rows["technology"].nunique(), "forecasts": len(rows), "date": self.dates}
            values = {f"q{end:g}": column for end, column in zip(ends, quantiles.T, strict=True)}
            frames.append(pd.DataFrame({"calibration": words} | size | values | {"unit": self.target.unit}))
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def judged(self) -> pd.DataFrame:
        """How the bands of each level did on every forecast of the references, see `coverage.judge`."""
        return judge(self.residuals, self.method, sorted(self.levels))

    def coverage(self) -> pd.DataFrame:
        """How such bands did on the references, each technology left out in turn.

        Returns
        -------
        DataFrame
            A row per level and horizon: level, horizon_years, technologies, forecasts, and in percent, as means over
            technologies: covered, below and above (outcomes there), above_median.
        """
        return summarise_coverage(self.judged)

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
        from ..say.statements import state_forecast

        return state_forecast(self, respondents)

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
        from ..base.numbers import say, say_date, say_newer, say_range

        end, unit = self.quantiles.iloc[-1], self.target.unit
        low, high = band_ends(self.level)
        newer = say_newer(self.target.newer, self.windows.values[0, -1])
        return (
            f"<Forecast of {self.target.title}: {say(self.windows.values[0, -1], unit)} in {say_date(self.origin)}"
            f"{newer}{', which refutes it' if self.refuted else ''}; "
            f"forecast for {say_date(self.dates[-1])}: {say_range(end[low], end[high], unit)} "
            f"({say_level(self.level)} band, median {say(end[0.5])})>"
        )

    def _repr_html_(self) -> str:
        """The fan and a table of median and bands below it, as HTML for a notebook."""
        from ..base.numbers import say_range
        from ..show import figures, tables

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
