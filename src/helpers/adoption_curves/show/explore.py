"""Explore one series: choose it, a curve, a ceiling, a date and a horizon, and see what follows.

`Explorer` computes a `Result` of a `Selection` and keeps what is slow (what the references teach, the verdict and the
milestones), so that a move of a slider is a matter of milliseconds. The figure comes first: whoever does not `wait`
gets the verdict later. `explore_words` says a result, `explore_panel` holds the widgets, and `runs.explore` opens them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd

from .. import curves, forecast, indicators
from ..base.project import find_data
from ..base.words import say_name
from ..forecast import NOT_REACHED
from ..forecast.windows import SHORTEST, SHORTEST_SPAN
from ..say.facts import list_ceiling

__all__ = ["CEILINGS", "Explorer", "Result", "Selection"]

CEILINGS = {
    "free": "free",
    "share": "a share of the bound",
    "bound": "the bound itself",
}
OTHERS = 7
"""Curves with other ceilings that are drawn beside a free fit."""
MAX_YEARS = 15
"""The furthest horizon that a slider offers, to which milestones are looked for."""
PAST_YEARS, PAST_PER_YEAR = 9.0, 3.0
"""Years of the past that are drawn: so many, and so many for each year of the horizon."""
POINTS = 101
BANDS = {95: ("q0.025", "q0.975"), 80: ("q0.1", "q0.9"), 50: ("q0.25", "q0.75")}
"""Columns of both ends of each prediction band, by its level in percent."""


@dataclass(frozen=True)
class Selection:
    """What is looked at. `share` counts with the ceiling "share"; `as_of` "" is all data."""

    entity: str
    indicator: str
    family: str = "logistic"
    ceiling: str = "free"
    share: float = 0.75
    as_of: str = ""
    horizon_years: float = 5

    @property
    def curve(self) -> str:
        """The family in words."""
        return f"{say_name(self.family)} curve"


@dataclass(frozen=True)
class Result:
    """What follows from a selection; a part that can't be had is None, and `problems` says why.

    Attributes
    ----------
    selection : Selection
    series : AdoptionSeries or None
    free : Results or None
        The fit with a free ceiling.
    chosen : Results or None
        The fit with the chosen ceiling.
    others : tuple of Results
        Fits with ceilings within the 80 % profile interval of a free fit: they describe the data about as well.
    forecast : Forecast or None
    ceiling : row of `facts.list_ceiling`, or None
        The verdict on where the series ends, whichever curve is drawn.
    milestones : DataFrame or None
        From `Forecast.milestones`.
    problems : tuple of str
    waits : bool
        Whether others, ceiling and milestones are still to be computed.
    """

    selection: Selection
    series: Any = None
    free: Any = None
    chosen: Any = None
    others: tuple[Any, ...] = ()
    forecast: Any = None
    ceiling: Any = None
    milestones: Any = None
    problems: tuple[str, ...] = ()
    waits: bool = False

    @property
    def identified(self) -> bool:
        """Whether growth levels off, and the data identify the ceiling of the drawn curve."""
        found = self.ceiling
        return found is not None and found.verdict == "levels off" and self.free is not None and self.free.identified

    @property
    def names(self) -> tuple[str, str]:
        """What the curve and its ceiling are, in a legend."""
        kind = "identified" if self.selection.ceiling == "free" else "given"
        return self.selection.curve.capitalize() + ", one of many that fit" * bool(self.others), f"ceiling ({kind})"


# ---- compute --------------------------------------------------------------------------------------------------------


class Explorer:
    """The data of one folder or file, and what has been computed from them.

    Parameters
    ----------
    source : str
        Folder or file of the data, as the parameter ``data`` of a run.
    bound : str
        Known upper bound as for a run; where a series has no such bound its own base serves, or none.
    """

    def __init__(self, source: str = "data", bound: str = "internet_users"):
        self.source, self.bound = source, bound
        self.data = indicators.load(find_data(source))
        self.known_on, self.select, self.predict = cache(self.data.known_on), cache(self._select), cache(self._predict)
        self._references, self.assess = cache(lambda as_of: self.known_on(as_of).references()), cache(self._assess)
        self._fit, self._list_others, self._reach = cache(self._fit_free), cache(self._fit_others), cache(self._find)
        self._complete: set[tuple[str, ...]] = set()

    @cached_property
    def offers(self) -> dict[str, list[tuple[str, str]]]:
        """Title and name of the indicators with data enough, by entity. Base populations are left out."""
        entries = {entry.indicator: entry for entry in self.data.indicators.itertuples(index=False)}
        offers: dict[str, list[tuple[str, str]]] = {}
        for entity, indicator in self.data.list_series():
            entry = entries[indicator]
            found = self.select(entity, indicator).values if entry.breaks else self.data.exact_values(entity, indicator)
            if entry.role != "base" and find_enough(found):  # of a series with breaks only one stretch counts
                offers.setdefault(entity, []).append((entry.title, indicator))
        return offers

    def list_dates(self, entity: str, indicator: str) -> list[str]:
        """Days on which figures came out, once there were enough for a forecast; the last one is "", all data."""
        series = self.select(entity, indicator)
        known = series.observations.set_index("date")["published"].cummax()
        dates = [f"{known[date]:%Y-%m-%d}" for date in find_enough(series.values)]
        return [*dict.fromkeys(dates[:-1]), ""] if dates else []

    def compute(self, selection: Selection, wait: bool = True) -> Result:
        """What follows from a selection; never raises for what the data can't carry.

        Without `wait` others, ceiling and milestones are left out where they have not been computed before.
        """
        problems: dict[str, None] = {}

        def attempt(make: Callable[..., Any], *arguments: Any) -> Any:
            try:
                return make(*arguments)
            except ValueError as error:  # what the data can't carry
                text = str(error).rstrip(".") + "."
                problems[text[:1].upper() + text[1:]] = None
                return None

        key, family = (selection.entity, selection.indicator, selection.as_of), selection.family
        series = attempt(self.select, *key)
        if series is None:
            return Result(selection, problems=tuple(problems))
        forecast = attempt(lambda: self.predict(*key).until(selection.horizon_years))
        free = chosen = attempt(self._fit, family, *key)
        if selection.ceiling != "free":
            chosen = attempt(fit_given, selection, series)
        known = Result(selection, series, free, chosen, forecast=forecast, waits=True)
        if wait or (family, *key) in self._complete:
            others = attempt(self._list_others, family, *key) if selection.ceiling == "free" and free else None
            ceiling = attempt(self.assess, *key)
            furthest = max(MAX_YEARS, selection.horizon_years)
            reached = None if forecast is None else cut_milestones(self._reach(furthest, *key), forecast.dates[-1])
            self._complete |= {(family, *key)} if selection.ceiling == "free" else set()
            known = replace(known, others=others or (), ceiling=ceiling, milestones=reached, waits=False)
        return replace(known, problems=tuple(problems))

    def _select(self, entity: str, indicator: str, as_of: str = "") -> Any:
        """The series as known on a date, with the bound of the explorer, its own base, or none."""
        for bound in (self.bound, indicator):
            try:
                return self.known_on(as_of).series(entity, indicator, bound)
            except indicators.DataError:
                continue
        return self.known_on(as_of).series(entity, indicator)

    def _predict(self, *key: str) -> Any:
        """The forecast of a series as known on a date, to some horizon: see `Forecast.until`."""
        series = self.select(*key)
        return forecast.forecast(series, references=self._references(key[-1]))

    def _assess(self, *key: str) -> Any:
        """The verdict on the ceiling of a series as known on a date, as notebook 03 has it."""
        series = self.select(*key)
        given = {"bound": series.bound, "errors": series.errors, "known_se": series.known_se}
        return list_ceiling(curves.assess_ceiling(series.values, **given), series.values).iloc[0]

    def _find(self, furthest: float, *key: str) -> pd.DataFrame:
        """Milestones within the furthest horizon: those of a nearer one are the same, as far as it goes."""
        return self.predict(*key).until(furthest).milestones()

    def _fit_free(self, family: str, *key: str) -> Any:
        return build_model(family, self.select(*key)).fit()

    def _fit_others(self, family: str, *key: str) -> tuple[Any, ...]:
        """The fits with ceilings within the 80 % profile interval of the free one.

        They begin at the curve's own value at the last date, and an open interval ends at ten times the highest figure;
        without a degree of freedom to judge by there are none.
        """
        series, free = self.select(*key), self._fit(family, *key)
        if free.df_resid <= 0 or free.params.isna().any():
            return ()
        low, high = free.conf_int(0.2, "profile").loc["ceiling"]
        reached = float(free.predict(series.values.index[-1:]).iloc[0])
        ends = max(low, 1.001 * reached), max(min(high, 10 * series.values.max()), 1.002 * reached)
        return tuple(build_model(family, series, ceiling).fit() for ceiling in np.geomspace(*ends, OTHERS))


def cut_milestones(found: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Milestones as a forecast to the date `end` has them, of those of a longer one."""
    dates = found[["median", "earliest", "latest"]]
    dates = dates.mask(dates > f"{end:%Y-%m-%d}", NOT_REACHED)  # ISO dates, and words that come after them
    status = found["status"].mask(dates["median"] == NOT_REACHED, NOT_REACHED)
    return found.assign(status=status, **dates)


def find_enough(values: pd.Series) -> list[str]:
    """ISO dates up to which there are figures enough for a forecast."""
    values = values[values > 0]
    years = curves.decimal_years(values.index)
    enough = (np.arange(len(years)) >= SHORTEST - 1) & (years - years[:1].sum() >= SHORTEST_SPAN)
    return [f"{date:%Y-%m-%d}" for date in values.index[enough]]


def build_model(family: str, series: Any, ceiling: Any = None) -> Any:
    """A family's model of the series."""
    return curves.FAMILIES[family](series.values, ceiling=ceiling, errors=series.errors)


def fit_given(selection: Selection, series: Any) -> Any:
    """The fit with a given ceiling.

    Raises
    ------
    ValueError
        Without a bound, or where the ceiling is already passed.
    """
    if series.bound is None:
        raise ValueError("this series has no known bound, so its ceiling can only be free")
    share, reached = 1.0 if selection.ceiling == "bound" else selection.share, f"{100 * series.share.max():.1f} %"
    if series.share.max() >= share:
        sentence = f"{reached} of the bound has been reached, so the ceiling can't be {100 * share:g} % of it"
        raise ValueError(f"{sentence}: choose a higher share")
    return build_model(selection.family, series, curves.Share(series.bound, share)).fit()


# ---- lines ----------------------------------------------------------------------------------------------------------


def trace_lines(result: Result) -> pd.DataFrame:
    """Everything that is drawn.

    Returns
    -------
    DataFrame
        By date: observations, newer (figures after these that are bounds), bound, ceiling (where
        given or identified: one that the data leave open is no line),
        curve, other_1 and so on, and the forecast's quantiles, named as in its table (q0.5). What isn't there is NaN,
        and so is a curve where it runs far above the rest.
    """
    series, forecast, selection, values = result.series, result.forecast, result.selection, result.series.values
    seen, ahead = curves.decimal_years(values.index), selection.horizon_years
    start = max(seen[0], seen[-1] - PAST_YEARS - PAST_PER_YEAR * ahead)
    dates = pd.DatetimeIndex(curves.to_dates(np.linspace(start, seen[-1] + ahead, POINTS)))
    dates = dates.union(values.index[seen >= start]).union(forecast.dates if forecast else []).union(series.newer.index)
    names = ["q0.5", *(name for ends in BANDS.values() for name in ends)]
    others = [f"other_{number}" for number, _ in enumerate(result.others, start=1)]
    columns = ["observations", "newer", "bound", "ceiling", "curve", *others, *names]
    lines = pd.DataFrame(index=dates, columns=columns, dtype=float).assign(observations=values.reindex(dates))
    lines["newer"] = series.newer["value"][~series.newer.index.duplicated(keep="last")].reindex(dates)
    if series.bound is not None:
        lines["bound"] = series.bound_at(dates)
    if forecast is not None:
        lines.loc[forecast.origin, names] = values.iloc[-1]
        lines.loc[forecast.dates, names] = forecast.quantiles[[float(name[1:]) for name in names]].to_numpy()
        if series.bound is not None:
            after = dates > forecast.origin
            years = curves.decimal_years(dates[after]) - curves.decimal_years([forecast.origin])
            lines.loc[after, "bound"] = forecast.ahead_of(years).bound[0]
    if result.chosen is not None:
        top = np.nanmax(lines.to_numpy())
        bound = None if series.bound is None else lines["bound"].to_numpy()
        for name, fit in zip(["curve", *others], [result.chosen, *result.others], strict=True):
            curve = np.asarray(fit.predict(dates, bound))
            top = max(top, min(curve.max(), 1.5 * top)) if name == "curve" else top
            lines[name] = np.where(curve <= top, curve, np.nan)
        if selection.ceiling in ("share", "bound"):
            lines["ceiling"] = lines["bound"] * (1.0 if selection.ceiling == "bound" else selection.share)
        elif selection.ceiling == "free" and result.identified:
            lines["ceiling"] = result.chosen.ceiling
    return lines
