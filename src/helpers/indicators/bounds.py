"""Find the upper bound that was asked for, and attach it to a series."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.indicators.explanations import LARGEST, NUMBER, SMALLEST
from helpers.indicators.plausibility import BASE_TOLERANCE, interpolate_values
from helpers.indicators.problems import blame_parameter

if TYPE_CHECKING:
    from helpers.indicators.selection import Data
    from helpers.indicators.series import AdoptionSeries


@dataclass(frozen=True)
class Bound:
    """An upper bound: a number or a dated series in the unit of the series that it bounds, and how to name it."""

    values: float | pd.Series
    name: str
    title: str
    note: str = ""


def read_bound(bound: str | float | None) -> str | float:
    """Return "" for none, a positive float, or the name of an indicator.

    Raises
    ------
    DataError
        For a number with a thousands separator, and for one that is not finite and above zero.
    """
    text = "" if bound is None else str(bound).strip()
    if isinstance(bound, bool):
        raise blame_parameter("bound", text, "is no bound; write a positive number, an indicator or ''")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        raise blame_parameter("bound", text, f"has a thousands separator; write {text.replace(',', '')}")
    numeric = isinstance(bound, (int, float, np.number)) or re.fullmatch(NUMBER, text)
    if not numeric and text.lower().lstrip("+-") not in ("nan", "inf", "infinity"):
        return text
    number = float(text)
    if not SMALLEST <= number <= LARGEST:
        raise blame_parameter("bound", text, "is no upper bound; write a positive number, an indicator or ''")
    return number


def resolve_bound(data: Data, entry: Any, entity: str, bound: str | float | None) -> Bound | None:
    """Find the bound of one series.

    Parameters
    ----------
    data : Data
    entry : row of indicators.csv (named tuple) of the series
    entity : str
    bound : "", number, or name of an indicator; see ``Data.series``

    Returns
    -------
    Bound or None

    Raises
    ------
    DataError
    """
    name = read_bound(bound)
    if name == "":
        return None
    if not isinstance(name, str):
        return _bound_by_number(entry, name)
    note = ""
    if name == entry.indicator:
        note = f"{name} cannot bound itself: its own base ({entry.base or 'none'}) is the bound."
        name = entry.base_indicator or ("100" if is_percentage(entry) else "")
        if name == "100":
            return _bound_by_number(entry, 100.0, note)
        if name == "":
            raise blame_parameter("bound", entry.indicator, "has no base of its own; write a number, or '' for none")
    base = data.find_entry(name, "bound")
    values = data.exact_values(entity, name)
    if base.unit == entry.unit and not values.empty:
        return Bound(values, name, base.title, note)
    why = f"is in {base.unit}" if base.unit != entry.unit else f"has no figure of {entity}{data.until()}"
    if is_percentage(entry):
        return _bound_by_number(entry, 100.0, f"{name} {why}; {entry.indicator} is in {entry.unit}: the bound is 100.")
    raise blame_parameter("bound", name, f"{why}; {_list_bounds(data, entry, entity)}")


def is_percentage(entry: Any) -> bool:
    """Say whether an indicator is a percentage: its base is 100 in the same unit."""
    return entry.unit.startswith("percent")


def attach_bound(series: AdoptionSeries, bound: Bound | None) -> AdoptionSeries:
    """Return the series with its bound.

    Raises
    ------
    DataError
        When an observation lies more than half a percent above the bound on its date.
    """
    if bound is None:
        return series
    values = bound.values
    if not isinstance(values, pd.Series):
        values = pd.Series(values, index=series.values.index, name=bound.name, dtype=float)
    limits = interpolate_values(values, series.values.index)
    if (limits <= 0).any():
        day = series.values.index[limits <= 0][0]
        raise blame_parameter("bound", bound.name, f"is 0 on {day:%Y-%m-%d}; choose a bound that is above 0")
    above = series.values > limits * (1 + BASE_TOLERANCE)
    if above.any():
        worst = above.idxmax()
        message = (
            f"is below an observation: {series.indicator} of {series.entity} is {series.values[worst]:.6g} "
            f"{series.unit} on {worst:%Y-%m-%d}, the bound {limits[above.argmax()]:.6g}; "
            "choose a bound that is never below the series"
        )
        raise blame_parameter("bound", bound.name, message)
    return replace(series, bound=values, bound_name=bound.name, bound_title=bound.title, bound_note=bound.note)


def _bound_by_number(entry: Any, number: float, note: str = "") -> Bound:
    text = f"{number:.10g}"
    if is_percentage(entry) and number > 100:
        message = f"is above 100, but {entry.indicator} is in {entry.unit}; write 100 or less"
        raise blame_parameter("bound", text, message)
    whole = is_percentage(entry) and number == 100 and entry.base
    return Bound(number, text, f"100 percent of {entry.base}" if whole else f"{text} {entry.unit}", note)


def _list_bounds(data: Data, entry: Any, entity: str) -> str:
    """Say what would be a bound of a count."""
    same_unit = data.indicators.loc[data.indicators["unit"] == entry.unit, "indicator"]
    rows = data.observations
    rows = rows[(rows["entity"] == entity) & (rows["bound"] == "exact") & rows["indicator"].isin(same_unit)]
    largest = rows[rows["indicator"] != entry.indicator].groupby("indicator")["value"].max()
    ranked = sorted(largest.index, key=lambda name: (-largest[name], same_unit.index[same_unit == name][0]))[:5]
    named = f"an indicator of {entity} in {entry.unit} ({', '.join(ranked)}), " if ranked else ""
    return f"write {named}a number in {entry.unit}, or '' for none"
