"""Explore one series: choose it, a curve, a ceiling, a date and a horizon, and see what follows.

`Explorer` computes a `Result` of a `Selection` and keeps what is slow (the references as known on a date and the
calibration that rests on them), so that a move of a slider is a matter of milliseconds. `explore_panel` holds the
widgets, and `runs.explore` opens them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd

from .. import curves, forecast, indicators
from ..base.numbers import lower_first, say, say_date, say_range
from ..base.project import find_data
from ..base.wording import say_count, say_end, say_first, say_name
from ..forecast import NOT_REACHED
from ..forecast.windows import SHORTEST, SHORTEST_SPAN
from ..say.facts import Facts, list_ceiling

__all__ = ["CEILINGS", "Explorer", "Result", "Selection"]

CEILINGS = {
    "free": "free",
    "share": "a share of the bound",
    "bound": "the bound itself",
    "prior": "a prior on the share",
}
OTHERS = 7
"""Curves with other ceilings that are drawn beside a free fit."""
PAST_YEARS, PAST_PER_YEAR = 9.0, 3.0
"""Years of the past that are drawn: so many, and so many for each year of the horizon."""
POINTS = 101
BANDS = {95: ("q0.025", "q0.975"), 80: ("q0.1", "q0.9"), 50: ("q0.25", "q0.75")}
"""Columns of both ends of each prediction band, by its level in percent."""


@dataclass(frozen=True)
class Selection:
    """What is looked at. `share` counts with the ceilings "share" and "prior" (its median); `as_of` "" is all data."""

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
    problems : tuple of str
    """

    selection: Selection
    series: Any = None
    free: Any = None
    chosen: Any = None
    others: tuple[Any, ...] = ()
    forecast: Any = None
    ceiling: Any = None
    problems: tuple[str, ...] = ()

    @property
    def identified(self) -> bool:
        """Whether the data identify the ceiling, and the drawn curve has a voice in that."""
        found = self.ceiling
        return found is not None and found.verdict == "identified" and self.selection.family in found.voices.split(", ")

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
        self._references, self._free = cache(lambda as_of: self.known_on(as_of).references()), cache(self._fit_free)
        self.assess = cache(self._assess)

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

    def compute(self, selection: Selection) -> Result:
        """What follows from a selection; never raises for what the data can't carry."""
        problems: dict[str, None] = {}

        def attempt(make: Callable[..., Any], *arguments: Any) -> Any:
            try:
                return make(*arguments)
            except ValueError as error:  # what the data can't carry
                text = str(error).rstrip(".") + "."
                problems[text[:1].upper() + text[1:]] = None
                return None

        key, free, others = (selection.entity, selection.indicator, selection.as_of), None, ()
        series, forecast, chosen, ceiling = attempt(self.select, *key), None, None, None
        if series is not None:
            forecast = attempt(lambda: self.predict(*key).until(selection.horizon_years))
            ceiling = attempt(self.assess, *key)
            free, others = attempt(self._free, selection.family, *key) or (None, ())
            chosen = free
            if selection.ceiling != "free":
                chosen, others = attempt(fit_given, selection, series, forecast), ()
        return Result(selection, series, free, chosen, others, forecast, ceiling, tuple(problems))

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

    def _fit_free(self, family: str, *key: str) -> tuple[Any, tuple[Any, ...]]:
        """The fit with a free ceiling, and the fits with ceilings within its 80 % profile interval.

        They begin at the curve's own value at the last date, and an open interval ends at ten times the highest figure;
        without a degree of freedom to judge by there are none.
        """
        series = self.select(*key)
        free, highest = build_model(family, series).fit(), series.values.max()
        if free.df_resid <= 0 or free.params.isna().any():
            return free, ()
        low, high = free.conf_int(0.2, "profile").loc["ceiling"]
        reached = float(free.predict(series.values.index[-1:]).iloc[0])
        ends = max(low, 1.001 * reached), max(min(high, 10 * highest), 1.002 * reached)
        return free, tuple(build_model(family, series, ceiling).fit() for ceiling in np.geomspace(*ends, OTHERS))


def find_enough(values: pd.Series) -> list[str]:
    """ISO dates up to which there are figures enough for a forecast."""
    values = values[values > 0]
    years = curves.decimal_years(values.index)
    enough = (np.arange(len(years)) >= SHORTEST - 1) & (years - years[:1].sum() >= SHORTEST_SPAN)
    return [f"{date:%Y-%m-%d}" for date in values.index[enough]]


def build_model(family: str, series: Any, ceiling: Any = None) -> Any:
    """A family's model of the series, with its censored figures save beside a prior, which does not take them."""
    censored = series.censored if len(series.censored) and not isinstance(ceiling, curves.SharePrior) else None
    return curves.FAMILIES[family](series.values, ceiling=ceiling, censored=censored, errors=series.errors)


def fit_given(selection: Selection, series: Any, forecast: Any) -> Any:
    """The fit with a given ceiling, or with a prior on its share of the bound.

    As in the run's notebook: quasi-binomial where the curve is a generalised linear model, else least squares.

    Raises
    ------
    ValueError
        Without a bound, where the ceiling is already passed, or without a forecast whose prior tells the spread.
    """
    if series.bound is None:
        raise ValueError("this series has no known bound, so its ceiling can only be free")
    share, reached = 1.0 if selection.ceiling == "bound" else selection.share, f"{100 * series.share.max():.1f} %"
    if selection.ceiling == "prior":
        if forecast is None:
            raise ValueError("there is no forecast, so nothing to take the prior's spread from")
        prior = curves.SharePrior(series.bound, float(np.log(share / (1 - share))), forecast.at_origin.prior.sd)
        return build_model(selection.family, series, prior).fit()
    if series.share.max() >= share:
        sentence = f"{reached} of the bound has been reached, so the ceiling can't be {100 * share:g} % of it"
        raise ValueError(f"{sentence}: choose a higher share")
    model = build_model(selection.family, series, curves.Share(series.bound, share))
    shares = model.link is not None and model.censored is None and series.errors != "cumulative"
    return model.fit(noise="binomial" if shares else "level")


# ---- lines and words ------------------------------------------------------------------------------------------------


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


def describe(result: Result) -> str:
    """What the picture shows, for readers who can't see it."""
    series, selection = result.series, result.selection
    bound = "" if series.bound is None else f", the known bound ({lower_first(series.bound_title)})"
    curve = "" if result.chosen is None else f", a fitted {selection.curve}"
    ahead = f", the forecast {say_count(selection.horizon_years, 'year')} on with its bands" if result.forecast else ""
    return f"{series.title} of {series.entity} by date{bound}{curve}{ahead}"


def judge(result: Result) -> tuple[bool, str]:
    """Whether the data identify the ceiling, and the verdict with its sentence: "Open: where growth ends, ..."."""
    found = result.ceiling
    if found is None:
        return False, "Open: these figures carry no curve with a free ceiling."
    return found.verdict == "identified", f"{say_first(found.verdict)}: {say_end(found, result.series.unit)}."


def say_ceiling(result: Result) -> str:
    """What the ceiling of the drawn curve is, and how it came to be; a free one only where it is identified."""
    chosen, kind = result.chosen, result.selection.ceiling
    if chosen is None:
        return "no curve is drawn"
    if kind == "free" and not result.identified:
        return f"{'without a voice' if result.ceiling.verdict == 'identified' else 'not identified'}, so none is given"
    text, share = say(chosen.ceiling, result.series.unit), f"{100 * result.selection.share:g} %"
    if kind == "free":
        return text
    if kind == "prior":
        given = f"mostly the prior's (median {share}): {100 * chosen.params['share']:.0f} % of the bound"
    else:
        given = "given: the bound" if kind == "bound" else f"given: {share} of the bound"
    return f"{given}, {text} in {say_date(result.series.values.index[-1])}"


def list_numbers(result: Result) -> dict[str, str]:
    """The key numbers of a result as text, by what they are."""
    series, forecast, values, unit = result.series, result.forecast, result.series.values, result.series.unit
    numbers = {f"Last figure, {say_date(values.index[-1])}": say(values.iloc[-1], unit)}
    for date, row in series.newer.iterrows():
        numbers[f"Newer bound, {say_date(date)}"] = f"{say_name(row['bound'])} {say(row['value'], unit)}"
    if series.bound is not None and series.bound_title:
        share = say(100 * series.share.iloc[-1], "percent")
        numbers[f"Share of the bound ({lower_first(series.bound_title)})"] = share
    growth = Facts({"02_growth": pd.DataFrame({"date": values.index, "value": values.to_numpy()})}, vars(series), "")
    if growth.before is not None and growth.gain is not None:
        grown = say(growth.gain, "percentage points" if growth.is_share else "percent")
        numbers[f"Growth since {say_date(growth.before['date'])}"] = f"{'+' if growth.gain > 0 else ''}{grown}"
    numbers[f"Ceiling of the {result.selection.curve}"] = say_ceiling(result)
    if forecast is None:
        return numbers
    end, beyond = forecast.quantiles.iloc[-1], "" if forecast.tested[-1] else "; beyond what was tested"
    band = f"median {say(end[0.5])}, 80 % band {say_range(end[0.1], end[0.9], unit)}{beyond}"
    numbers[f"Forecast, {say_date(forecast.dates[-1])}"] = "refuted by the newer bound" if forecast.refuted else band
    if result.selection.ceiling != "free":
        numbers["Curve and forecast"] = "two things: the forecast weighs all ceilings, whichever is chosen"
    for row in forecast.milestones().itertuples():
        dates = [row.median, row.earliest, row.latest]
        median, early, late = (date if date == NOT_REACHED else say_date(date) for date in dates)
        text = f"{median} (80 % interval: {early} to {late})" if early != NOT_REACHED else early
        seen = f"passed, by the figures about {median}" if row.status == "reached" else text
        numbers[f"{100 * row.share:g} % of the bound"] = seen
    return numbers
