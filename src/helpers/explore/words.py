"""A view in words: whether the data identify the ceiling, and the key numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.explore.study import View
from helpers.figures.style import lower_first, say, say_date, say_range
from helpers.findings import year_of_growth
from helpers.forecast import NOT_REACHED


def judge(view: View) -> tuple[bool, str]:
    """Whether the data identify the ceiling of the chosen family, and a sentence that says why."""
    free = view.free
    if free is None:
        return False, "Not identified: these figures carry no curve with a free ceiling."
    if free.flag:
        return False, f"Not identified: {free.flag}."
    reached, unit = view.series.values.max(), view.series.unit
    low, high = free.conf_int(0.05, "profile").loc["ceiling"]
    low = max(low, reached) if free.ceiling >= reached else low
    if not free.identified:
        end = say(high, unit) if np.isfinite(high) else f"no upper end ({unit})"
        return False, f"Not identified: the 95 % profile interval of a free ceiling runs from {say(low)} to {end}."
    text = f"Identified: the 95 % profile interval of a free ceiling runs from {say(low)} to {say(high, unit)}"
    return True, text + ("." if high >= reached else ", below the last figure: this curve doesn't describe the series.")


def say_ceiling(view: View) -> str:
    """What the ceiling of the drawn curve is, and how it came to be; a free one only where it is identified."""
    chosen, choice = view.chosen, view.choice
    if chosen is None:
        return "no curve is drawn"
    if choice.ceiling == "free":
        return say(chosen.ceiling, view.series.unit) if chosen.identified else "not identified, so none is given"
    when = f"{say(chosen.ceiling, view.series.unit)} in {say_date(view.series.values.index[-1])}"
    if choice.ceiling == "bound":
        return f"given: the bound, {when}"
    if choice.ceiling == "share":
        return f"given: {100 * choice.share:g} % of the bound, {when}"
    share = chosen.params["share"]
    return f"mostly the prior's (median {100 * choice.share:g} %): {100 * share:.0f} % of the bound, {when}"


def list_numbers(view: View) -> pd.DataFrame:
    """Return the key numbers of a view.

    Returns
    -------
    DataFrame
        what, number (both text).
    """
    rows = [*_observed(view), (f"Ceiling of the {view.choice.family.replace('_', '-')} curve", say_ceiling(view))]
    if view.made is not None:
        rows += [_forecast(view), *_milestones(view)]
    return pd.DataFrame(rows, columns=["what", "number"])


def _observed(view: View) -> list[tuple[str, str]]:
    series = view.series
    last, date = series.values.iloc[-1], series.values.index[-1]
    rows = [(f"Last figure, {say_date(date)}", say(last, series.unit))]
    if series.bound is not None and series.bound_title:
        share = 100 * series.penetration.iloc[-1]
        rows.append((f"Share of the bound ({lower_first(series.bound_title)})", say(share, "percent")))
    gain, start = year_of_growth(view.growth, series.unit)
    if start is not None:
        unit = "percentage points" if series.unit.startswith("percent") else "%"
        rows.append((f"Growth since {say_date(start)}", f"{gain:+,.1f} {unit}"))
    return rows


def _forecast(view: View) -> tuple[str, str]:
    made = view.made
    end = made.quantiles.iloc[-1]
    beyond = "" if made.tested[-1] else "; beyond what was tested"
    band = f"80 % band {say_range(end[0.1], end[0.9], view.series.unit)}"
    return f"Forecast, {say_date(made.dates[-1])}", f"median {say(end[0.5])}, {band}{beyond}"


def _milestones(view: View) -> list[tuple[str, str]]:
    rows = []
    for row in view.made.milestones().itertuples(index=False):
        label = f"{100 * row.share:g} % of the bound"
        if row.status == "reached":
            rows.append((label, f"reached in {say_date(row.median)}"))
            continue
        median, early, late = (
            NOT_REACHED if date == NOT_REACHED else say_date(date) for date in (row.median, row.earliest, row.latest)
        )
        if early == NOT_REACHED:
            rows.append((label, NOT_REACHED))
        else:
            rows.append((label, f"{median} (80 % interval: {early} to {late})"))
    return rows


def say_choice(view: View) -> str:
    """One line for the head of a file: what was looked at, and what a run of it will show."""
    choice = view.choice
    curve = f"{choice.family.replace('_', '-')} curve"
    return (
        f"Explored: {view.series.title}, {choice.entity}, {curve}, ceiling: {say_ceiling(view)}. "
        "A run fits the curve with a free ceiling and with the ceiling at the bound."
    )
