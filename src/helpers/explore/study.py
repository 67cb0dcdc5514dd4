"""What follows from a choice: the fit, whether it identifies the ceiling, and the forecast.

What is slow (the references as known on a date and the calibration that rests on them) is kept, so that after the
first view of a date every other choice is a matter of milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from helpers import curves, forecast, indicators, projection
from helpers.curves.model import AdoptionCurve
from helpers.forecast.windows import SHORTEST, SHORTEST_SPAN
from helpers.indicators.series import AdoptionSeries
from helpers.project import find_data

CEILINGS = {
    "free": "free",
    "share": "a share of the bound",
    "bound": "the bound itself",
    "prior": "a prior on the share",
}
OTHERS = 9
"""Curves with other ceilings that are drawn beside a free fit."""

Others: TypeAlias = tuple[projection.Batch, projection.Fit]


@dataclass(frozen=True)
class Choice:
    """What is looked at. `share` counts with the ceilings "share" and "prior" (its median); `as_of` "" is all data."""

    entity: str
    indicator: str
    family: str = "logistic"
    ceiling: str = "free"
    share: float = 0.75
    as_of: str = ""
    horizon_years: float = 5


@dataclass(frozen=True)
class View:
    """What follows from a choice; a part that can't be had is None, and `problems` says why.

    Attributes
    ----------
    choice : Choice
    series : AdoptionSeries or None
    growth : DataFrame or None
        date, value: the exact figures.
    free : Results or None
        The fit with a free ceiling: it tells whether the data identify it.
    chosen : Results or None
        The fit with the chosen ceiling.
    others : (Batch, Fit) or None
        Curves that fit about as well as a free fit: ceilings within its 80 % profile interval.
    made : Forecast or None
    problems : tuple of str
    """

    choice: Choice
    series: Any = None
    growth: pd.DataFrame | None = None
    free: Any = None
    chosen: Any = None
    others: Others | None = None
    made: Any = None
    problems: tuple[str, ...] = ()


class Study:
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
        self._kept: dict[tuple[Any, ...], Any] = {}

    def _keep(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    # ---- what can be chosen

    @cached_property
    def offers(self) -> dict[str, dict[str, str]]:
        """Indicators with data enough by entity: name -> title. Base populations are left out."""
        entries = {entry.indicator: entry for entry in self.data.indicators.itertuples(index=False)}
        offers: dict[str, dict[str, str]] = {}
        for entity, indicator in self.data.list_series():
            entry = entries[indicator]
            if entry.role != "base" and self._has_enough(entity, entry):
                offers.setdefault(entity, {})[indicator] = entry.title
        return offers

    def _has_enough(self, entity: str, entry: Any) -> bool:
        if entry.breaks:  # only one stretch of such a series counts
            return bool(self.list_dates(entity, entry.indicator))
        values = self.data.exact_values(entity, entry.indicator)
        return bool(find_enough(values[values > 0]).any())

    def list_dates(self, entity: str, indicator: str) -> list[str]:
        """ISO dates of the figures from which on there are enough for a forecast; the last one is "", all data."""
        values = self.select(entity, indicator).values
        values = values[values > 0]
        dates = [f"{date:%Y-%m-%d}" for date in values.index[find_enough(values)]]
        return [*dates[:-1], ""] if dates else []

    # ---- what follows

    def select(self, entity: str, indicator: str, as_of: str = "") -> Any:
        """The series as known on a date, with the bound of the study, its own base, or none."""
        return self._keep(("series", entity, indicator, as_of), lambda: self._select(entity, indicator, as_of))

    def _select(self, entity: str, indicator: str, as_of: str) -> Any:
        known = self._keep(("data", as_of), lambda: self.data.known_on(as_of))
        for bound in (self.bound, indicator):
            try:
                return known.series(entity, indicator, bound)
            except indicators.DataError:
                continue
        return known.series(entity, indicator)

    def look(self, choice: Choice) -> View:
        """What follows from a choice; never raises for what the data can't carry."""
        problems: list[str] = []
        key = (choice.entity, choice.indicator, choice.as_of)
        try:
            series = self.select(*key)
        except ValueError as error:
            return View(choice, problems=(str(error),))
        growth = self._keep(("growth", *key), lambda: self._measure(series))
        made = _attempt(problems, lambda: self.predict(choice).until(choice.horizon_years))
        free, others = _attempt(problems, lambda: self._fit_free(choice, series)) or (None, None)
        chosen = free
        if choice.ceiling != "free":
            others, chosen = None, _attempt(problems, lambda: fit_given(choice, series, made))
        return View(choice, series, growth, free, chosen, others, made, tuple(dict.fromkeys(problems)))

    def prepare(self, choice: Choice) -> bool:
        """Compute what is slow for one more date of the chosen series, the latest first; False if all is there."""
        key = (choice.entity, choice.indicator)
        for date in reversed(self.list_dates(*key)):
            if ("prepared", *key, date) not in self._kept:
                self._kept["prepared", *key, date] = True  # what fails isn't tried again
                self.look(replace(choice, as_of=date))
                return True
        return False

    def predict(self, choice: Choice) -> Any:
        """The forecast of the chosen series as known on the chosen date, to some horizon: see `Forecast.until`."""
        key = (choice.entity, choice.indicator, choice.as_of)
        return self._keep(("forecast", *key), lambda: self._predict(*key))

    def _predict(self, entity: str, indicator: str, as_of: str) -> Any:
        series = self.select(entity, indicator, as_of)
        references = [each for each in self._references(as_of) if each.technology != series.technology]
        bounded = series.bound is not None
        residuals = self._keep(
            ("residuals", series.technology, bounded, as_of),
            lambda: forecast.find_residuals(references, bounded=bounded),
        )
        return forecast.forecast(series, references=references, residuals=residuals)

    def _references(self, as_of: str) -> list[AdoptionSeries]:
        """All references as known on a date: cut, and left out where what remains shows no adoption."""
        everything = self._keep(("references",), self.data.references)
        return cut_references(everything, pd.Timestamp(as_of)) if as_of else everything

    def _measure(self, series: Any) -> pd.DataFrame:
        return series.values.rename("value").rename_axis("date").reset_index()

    def _fit_free(self, choice: Choice, series: Any) -> tuple[curves.Results, Others | None]:
        key = ("free", choice.entity, choice.indicator, choice.as_of, choice.family)

        def fit() -> tuple[curves.Results, Others | None]:
            results = build_model(choice.family, series, None).fit()
            return results, find_others(results)

        return self._keep(key, fit)


def find_enough(values: pd.Series) -> np.ndarray:
    """(n,) whether there are figures enough for a forecast up to each date."""
    years = curves.decimal_years(values.index)
    return (np.arange(len(years)) >= SHORTEST - 1) & (years - years[:1].sum() >= SHORTEST_SPAN)


def _attempt(problems: list[str], make: Callable[[], Any]) -> Any:
    """What `make` makes, or None and a sentence in `problems`: what the data can't carry is a ValueError."""
    try:
        return make()
    except ValueError as error:
        problems.append(f"{str(error)[:1].upper()}{str(error)[1:]}".rstrip(".") + ".")
        return None


def cut_references(references: list[AdoptionSeries], date: pd.Timestamp) -> list[AdoptionSeries]:
    """The references as `Data.references` would list them on an earlier date."""
    kept = []
    for series in references:
        assert series.bound is not None  # every reference has one
        values, bound = series.values[series.values.index <= date], series.bound[series.bound.index <= date]
        if len(values) >= SHORTEST and len(bound) and values.max() > values.iloc[0]:
            kept.append(replace(series, values=values, bound=bound))
    return kept


def build_model(family: str, series: AdoptionSeries, ceiling: Any) -> AdoptionCurve:
    """A family's model of the series, with its censored figures."""
    return curves.FAMILIES[family](
        series.values, ceiling=ceiling, censored=series.censored if len(series.censored) else None
    )


def fit_given(choice: Choice, series: AdoptionSeries, made: Any) -> curves.Results:
    """The fit with a given ceiling, or with a prior on its share of the bound.

    As in the run's notebook: quasi-binomial where the curve is a generalised linear model, else least squares.

    Raises
    ------
    ValueError
        Without a bound, where the ceiling is already passed, or without a forecast whose prior tells the spread.
    """
    if series.bound is None:
        raise ValueError("this series has no known bound, so its ceiling can only be free")
    share = 1.0 if choice.ceiling == "bound" else choice.share
    if choice.ceiling == "prior":
        if made is None:
            raise ValueError("there is no forecast, so nothing to take the prior's spread from")
        prior = curves.SharePrior(series.bound, float(np.log(share / (1 - share))), made.prior.sd)
        return build_model(choice.family, series, prior).fit()
    reached = float((series.values / series.bound_at(series.values.index)).max())
    if reached >= share:
        raise ValueError(
            f"{100 * reached:.1f} % of the bound has been reached, so the ceiling can't be {100 * share:g} % of it: "
            "choose a higher share"
        )
    as_share = choice.family in curves.GENERALISED_LINEAR and not len(series.censored)
    model = build_model(choice.family, series, curves.Share(series.bound, share))
    return model.fit(noise="binomial" if as_share else "level")


def find_others(results: curves.Results) -> Others | None:
    """Curves with other ceilings inside the 80 % profile interval of a free fit, all in one batch of the engine.

    Returns
    -------
    (Batch, Fit) for `projection.predict`, or None where no degree of freedom is left to judge by
        An open interval is cut at ten times the highest figure.
    """
    model = results.model
    if results.df_resid <= 0 or results.found.flat[0] or model.censored is not None:
        return None
    low, high = results.conf_int(0.2, "profile").loc["ceiling"]
    reached, order = model.endog.max(), model.order
    ceilings = np.geomspace(max(low, 1.001 * reached), max(min(high, 10 * reached), 1.002 * reached), OTHERS)
    values = np.repeat(model.endog[None, order], OTHERS, axis=0)
    batch = projection.prepare(model.shape, model.exog[order], values, ceiling=ceilings, launch=model.launch)
    return batch, projection.fit(batch)
