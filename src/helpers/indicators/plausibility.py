"""Check that figures can be what they say: percentages, users within their base, one scale and one spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from helpers.indicators.problems import Problem, list_problems
from helpers.quoting import quote

BASE_TOLERANCE = 0.005  # users and base are rounded apart: half a percent above the base is still rounding
PERCENT = r"(%|percentage|per cent|percent|pct)(\s+\S.*|)"
FRACTION = r"(fraction|proportion|share)s?(\s+(of|in)\s.*|)"


def read_unit(text: str) -> str:
    """Write the unit as the project does: percentages begin with ``percent``, whichever way they were written."""
    match = re.fullmatch(PERCENT, text.strip(), flags=re.IGNORECASE)
    return f"percent{match[2]}" if match else text


def check_units(file: str, table: pd.DataFrame) -> list[Problem]:
    """Report percentages that are not written as such, and fractions of 1: the bound of both would be unknown."""
    units = table.loc[:, ["row", "unit"]].drop_duplicates("unit")
    fraction = units["unit"].str.fullmatch(FRACTION, flags=re.IGNORECASE)
    other = units["unit"].map(read_unit) != units["unit"]
    problems = list_problems(
        units[other], lambda e: Problem(file, int(e.row), "unit", e.unit, f"is a percentage; write {read_unit(e.unit)}")
    )
    message = "is a fraction of 1; write percentages: values times 100, and a unit that begins with percent"
    return problems + list_problems(units[fraction], lambda e: Problem(file, int(e.row), "unit", e.unit, message))


def check_spellings(file: str, observations: pd.DataFrame) -> list[Problem]:
    """Report an entity that is spelled in two ways."""
    names = observations["entity"].value_counts().index
    usual: dict[str, str] = {}
    for name in names:
        usual.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
    spelled = pd.Series([usual[unicodedata.normalize("NFKC", name).casefold()] for name in names], index=names)
    wrong = observations.loc[:, ["row", "entity"]].drop_duplicates("entity")
    wrong = wrong.assign(usual=wrong["entity"].map(spelled))
    return list_problems(
        wrong[wrong["entity"] != wrong["usual"]],
        lambda e: Problem(file, int(e.row), "entity", e.entity, f"is spelled {quote(e.usual)} elsewhere"),
    )


def check_percentages(file: str, observations: pd.DataFrame, indicators: pd.DataFrame) -> list[Problem]:
    """Report percentages above 100."""
    percent = indicators.loc[indicators["unit"].str.startswith("percent"), "indicator"]
    wrong = observations[observations["indicator"].isin(percent) & (observations["value"] > 100)]
    message = "is a percentage above 100; write a value from 0 to 100"
    return list_problems(wrong, lambda entry: Problem(file, entry.row, "value", f"{entry.value:g}", message))


def check_scale(file: str, observations: pd.DataFrame, indicators: pd.DataFrame) -> list[Problem]:
    """Report a figure that falls to about a hundredth or thousandth of the one before it.

    A percentage of 0.15 after 12 is a fraction; 1.125 after 990 has a point that separates thousands. No technology is
    given up like that between two figures.
    """
    rows = observations[(observations["bound"] == "exact") & (observations["value"] > 0)]
    rows = rows.dropna(subset="date").sort_values(["entity", "indicator", "date"], kind="stable")
    before = rows.groupby(["entity", "indicator"])[["date", "value"]].shift()
    rows = rows.assign(before=before["value"], before_date=before["date"])
    percent = rows["indicator"].isin(indicators.loc[indicators["unit"].str.startswith("percent"), "indicator"])
    hundredth = percent & (rows["value"] <= 1) & (100 * rows["value"] / rows["before"]).between(0.5, 2)
    thousandth = (rows["precision"].sub(0.0005).abs() < 1e-9) & (1000 * rows["value"] / rows["before"]).between(0.5, 2)
    wrong = [
        (hundredth, 100, "is about a hundredth of the figure before it, {}; write {:g} if it is a fraction"),
        (
            thousandth,
            1000,
            "is about a thousandth of the figure before it, {}; write {:g} if the point parts thousands",
        ),
    ]
    problems: list[Problem] = []
    for chosen, factor, message in wrong:
        explain = partial(_explain_fall, file, factor, message)
        problems += list_problems(rows[chosen].sort_values("row"), explain)
    return problems


def _explain_fall(file: str, factor: int, message: str, entry: Any) -> Problem:
    before = f"{entry.before:g} on {entry.before_date:%Y-%m-%d}"
    return Problem(file, entry.row, "value", f"{entry.value:g}", message.format(before, factor * entry.value))


def check_users_within_base(
    file: str, observations: pd.DataFrame, indicators: pd.DataFrame, only: set[tuple[str, str]] | None = None
) -> list[Problem]:
    """Report users above their base population, and a base of 0; of all series, or of those in ``only``.

    Parameters
    ----------
    only : set of (entity, indicator), optional
    """
    usable = observations.dropna(subset=["date", "value"])
    unit = indicators.drop_duplicates("indicator").set_index("indicator")["unit"]
    comparable = indicators["base_indicator"].map(unit) == indicators["unit"]
    base_of = indicators[comparable].drop_duplicates("indicator").set_index("indicator")["base_indicator"]
    usable = usable[usable["indicator"].isin({*base_of.index, *base_of})].sort_values("date", kind="stable")
    exact = usable[usable["bound"] == "exact"]
    bases, places = exact.groupby(["entity", "indicator"]).indices, usable.groupby(["entity", "indicator"]).indices
    limits, names = np.full(len(usable), np.inf), np.full(len(usable), "", dtype=object)
    days = pd.DatetimeIndex(usable["date"]).as_unit("s").asi8
    exact_days, values = pd.DatetimeIndex(exact["date"]).as_unit("s").asi8, exact["value"].to_numpy(float)
    for (entity, indicator), chosen in places.items():
        name = base_of.get(indicator)
        if (entity, name) in bases and (only is None or (entity, indicator) in only):
            base = bases[entity, name]
            limits[chosen], names[chosen] = np.interp(days[chosen], exact_days[base], values[base]), name
    return _explain_above(file, usable.assign(limit=limits, base=names))


def _explain_above(file: str, rows: pd.DataFrame) -> list[Problem]:
    """Report the rows whose base is 0 on their date, or whose value is above it."""
    zero = rows[rows["limit"] <= 0].sort_values("row")
    above = (rows["value"] > rows["limit"] * (1 + BASE_TOLERANCE)) & (rows["bound"] != "at_most") & (rows["limit"] > 0)
    none = "has the base {}, which is 0 on {:%Y-%m-%d}; a base is above 0"
    many = "is above its base {}, {:.6g} on {:%Y-%m-%d}; check value, unit and base"
    return list_problems(
        zero, lambda e: Problem(file, int(e.row), "value", f"{e.value:g}", none.format(e.base, e.date))
    ) + list_problems(
        rows[above].sort_values("row"),
        lambda e: Problem(file, int(e.row), "value", f"{e.value:g}", many.format(e.base, e.limit, e.date)),
    )


def interpolate_values(values: pd.Series, dates: Any) -> np.ndarray:
    """Interpolate a dated series linearly in time at ``dates``; before and after it the end values hold.

    Returns
    -------
    ndarray of float, one per date, in the unit of ``values``
    """
    values = values.sort_index()
    days = pd.DatetimeIndex(dates).as_unit("s").asi8
    return np.interp(days, values.index.as_unit("s").asi8, values.to_numpy(float))
