"""Sentences that go with a forecast, from its own numbers: what it rests on, and what would contradict it.

Each function gives a text and the numbers in it; `Forecast.statements` calls them.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from helpers.curves import Logistic
from helpers.forecast.bands import FAST, MIN_FORECASTS
from helpers.forecast.windows import Target, Windows
from helpers.levels import band_columns, say_level
from helpers.wording import say_count

Statement: TypeAlias = tuple[str, dict[str, Any]]
"""A text and the numbers in it."""


def list_statements(statements: dict[str, Statement]) -> pd.DataFrame:
    """Statements by topic as a table.

    Returns
    -------
    DataFrame
        A row per statement: key ("a", "b", ...), topic, statement (plain English), numbers (JSON).
    """
    rows = [
        (chr(ord("a") + place), topic, text, json.dumps({key: _plain(numbers[key]) for key in sorted(numbers)}))
        for place, (topic, (text, numbers)) in enumerate(statements.items())
    ]
    return pd.DataFrame(rows, columns=["key", "topic", "statement", "numbers"])


def _plain(value: Any) -> Any:
    """A value that JSON can hold: infinite becomes the word, and floats have six digits."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else "infinite" if value > 0 else None
    return value


def fit_free_ceiling(windows: Windows, errors: str | None = None) -> dict[str, Any]:
    """Logistic curve with a free ceiling: its 80 % profile interval, residual SD and degrees of freedom.

    Returns
    -------
    dict with low, high, identified, residual_sd (NaN without degrees of freedom), df.
    """
    df = windows.points - 3
    if df < 1:
        return {"low": np.nan, "high": np.inf, "identified": False, "residual_sd": np.nan, "df": df}
    results = Logistic(windows.values[0], windows.years[0], errors=errors).fit()
    low, high = results.conf_int(0.2, method="profile").loc["ceiling"]
    residual_sd = float(np.sqrt(results.ssr / df))
    return {"low": low, "high": high, "identified": np.isfinite(high), "residual_sd": residual_sd, "df": df}


def state_ceiling(free: dict[str, Any], windows: Windows, unit: str, technologies: int) -> Statement:
    """Whether the data identify a ceiling; `free` is from `fit_free_ceiling`."""
    numbers = {key: free[key] for key in ("low", "high", "identified")} | {"technologies": technologies}
    if free["identified"]:
        interval = f"{count(free['low'])} to {count(free['high'], unit)}"
        return f"A logistic curve with a free ceiling puts the ceiling at {interval} (80 % profile interval).", numbers
    fits = "With three points any ceiling fits"
    if free["df"] > 0:
        fits = f"Any ceiling from {count(max(free['low'], windows.values.max()), unit)} upwards fits "
        fits += "(80 % profile interval of a logistic curve, open above)"
    prior = f"a prior from {say_technologies(technologies)}" if windows.bounded else "no part of this forecast"
    text = f"The data do not identify a ceiling. {fits}. A saturation level is {prior}, not a finding."
    return text, numbers


def state_bound(windows: Windows, target: Target, reached: pd.Series) -> Statement:
    """What the bound is, and which shares of theirs the references have `reached`."""
    if not windows.bounded:
        return "No upper bound is known for this series, so nothing stops the forecast from growing.", {}
    names = ("low", "quarter", "median", "three_quarters", "high")
    numbers: dict[str, Any] = dict(zip(names, reached.quantile([0, 0.25, 0.5, 0.75, 1]), strict=True))
    numbers |= {"bound": float(windows.bounds[0, -1]), "technologies": len(reached)}
    title = getattr(target.source, "bound_title", "") or "the bound"
    text = (
        f"The bound ({title}, {count(numbers['bound'], target.unit)}) is a limit, not a ceiling to be expected: "
        f"{say_technologies(len(reached))} {'has' if len(reached) == 1 else 'have'} so far reached "
        f"{percent(numbers['low'])} to {percent(numbers['high'])} of theirs, half of them "
        f"{percent(numbers['quarter'])} to {percent(numbers['three_quarters'])}."
    )
    return text, numbers


def state_noise(free: dict[str, Any], windows: Windows, target: Target, respondents: int | None) -> Statement:
    """How far the points scatter about a curve, beside the survey's own error or that of so many `respondents`."""
    sd, unit, published = free["residual_sd"], target.unit, getattr(target.source, "standard_error", pd.Series())
    asked_last = getattr(target.source, "sample_size", pd.Series()).dropna()
    respondents = respondents or (int(asked_last.iloc[-1]) if len(asked_last) else None)
    if not np.isfinite(sd):
        return "With three points a curve with a free ceiling fits exactly, so scatter about it cannot be measured.", {}
    numbers = {"residual_sd": sd}
    text = f"The points scatter about the best logistic curve by {count(sd, unit)} (residual SD)"
    if published.notna().any():
        numbers |= {"standard_error": float(published.median())}
        return f"{text}, against a standard error of {count(numbers['standard_error'], unit)} as published.", numbers
    if not windows.bounded:
        return f"{text}; without a base its sampling error cannot be worked out.", numbers
    share, base = float(windows.shares[0, -1]), float(windows.bounds[0, -1])
    variance = base**2 * share * (1 - share)
    if respondents:
        error, asked = float(np.sqrt(variance / respondents)), say_count(respondents, "respondent")
        numbers |= {"sampling_error": error, "respondents": respondents}
        return f"{text}, against a sampling error of about {count(error, unit)} with {asked}.", numbers
    size = variance / sd**2 if sd > 0 else np.inf
    people = "less than one person"
    if np.isfinite(size) and size >= 1:
        people = say_count(round(size), "person")
    numbers |= {"equivalent_sample": size}
    return f"{text}; sampling alone would scatter so much only in a survey of {people}.", numbers


def state_data(free: dict[str, Any], windows: Windows, available: int) -> Statement:
    """How many of the points `available` the forecast rests on."""
    points, origin = windows.points, windows.labels["origin"].iloc[0]
    text = (
        f"The forecast rests on {points if available == points else f'{points} of {available}'} points, the last on "
        f"{origin:%Y-%m-%d}. A curve with a free ceiling has three parameters and leaves "
        f"{say_count(max(free['df'], 0), 'degree')} of freedom; six to ten points past half of the curve are the "
        "practical minimum."
    )
    return text, {"points": points, "available": available, "degrees_of_freedom": free["df"]}


def state_calibration(covered: pd.DataFrame, windows: Windows, level: float) -> Statement:
    """How the band of `level` did on the references: technology, horizon_years, growth and covered of each forecast."""
    by_horizon = covered.groupby(["horizon_years", "technology"])["covered"].mean().groupby("horizon_years").mean()
    at_two = covered[covered["horizon_years"] == 2].groupby("technology")["covered"].agg(["mean", "size"])
    at_two = at_two[at_two["size"] >= MIN_FORECASTS].sort_values("mean", kind="stable")
    mean, number, name = float(by_horizon.mean()), covered["technology"].nunique(), f"coverage_{100 * level:g}"
    text = (
        f"The bands are calibrated on {say_technologies(number)} ({say_count(len(covered), 'forecast')} "
        f"{by_horizon.index.min():g} to {say_count(by_horizon.index.max(), 'year')} ahead). Judged each time on the "
        f"technology left out, the {say_level(level)} band has covered {percent(mean)} of outcomes"
    )
    numbers = {"technologies": number, "forecasts": len(covered), name: mean}
    if len(at_two):
        worst, (share, size) = at_two.index[0], at_two.iloc[0]
        text += f"; at two years the worst of those with {MIN_FORECASTS} or more forecasts is {worst}, "
        text += f"{percent(share)} of {size:.0f}"
        numbers |= {"worst_technology": worst, f"worst_{name}": share, "worst_forecasts": int(size)}
    growth = float(windows.values[0, -1] / windows.values[0, 0])
    fast = covered[covered["growth"] >= FAST].groupby("technology")["covered"].mean()
    if growth >= FAST and len(fast):
        numbers |= {"growth": growth, f"{name}_fast": fast.mean(), "technologies_fast": len(fast)}
        text += f". After growth as fast as here (by a factor of {FAST:g} or more within the window) it has covered "
        text += f"{percent(fast.mean())} of outcomes on {say_count(len(fast), 'technology', 'technologies')}"
    return f"{text}.", numbers


def state_spread(frame: pd.DataFrame, scenarios: pd.DataFrame, level: float) -> Statement:
    """How far the methods, the band of `level` and the scenarios lie apart; both frames hold one date."""
    date, unit, by_method = frame["date"].iloc[0], frame["unit"].iloc[0], frame.set_index("method")
    curves = by_method["q0.5"].drop(index=["combined", "last_value"])
    (least, most), band = curves.agg(["idxmin", "idxmax"]), by_method.loc["combined", list(band_columns(level))]
    text = (
        f"For {date:%Y-%m-%d} the single methods say {count(curves[least])} ({least.replace('_', ' ')}) to "
        f"{count(curves[most], unit)} ({most.replace('_', ' ')}); the {say_level(level)} band is "
        f"{count(band.iloc[0])} to {count(band.iloc[1], unit)}"
    )
    numbers = {"date": f"{date:%Y-%m-%d}", "low": curves[least], "high": curves[most]}
    numbers |= {"band_low": band.iloc[0], "band_high": band.iloc[1]}
    paths = scenarios.dropna(subset=["value"]).set_index("share")["value"]
    if len(paths):
        text += f"; saturation at {percent(paths.index[0])} to {percent(paths.index[-1])} of the bound gives "
        text += f"{count(paths.iloc[0])} to {count(paths.iloc[-1], unit)}"
        numbers |= {f"scenario_{share:g}": value for share, value in paths.items()}
    return f"{text}.", numbers


def state_question(windows: Windows, target: Target) -> Statement:
    """What the figures count, and the breaks of question or method."""
    source = target.source
    if source is None:
        return "The series comes without notes on its question; a change of wording would look like adoption.", {}
    parts = [f"The figures count {source.base}."] if source.base else []
    notes = [note for note in (source.segment_note, source.bound_note) if note]
    for row in source.breaks.itertuples():
        verb = "splits the series" if row.kind == "break" else "may be inside the growth seen (the forecast crosses it)"
        parts.append(f"{row.date:%Y-%m-%d}: {row.reason.rstrip('.')}; this {verb}.")
    if not len(source.breaks) and not notes:
        notes = ["No break of question or method is recorded."]
    first_used = round(float(windows.years[0, 0]), 2)
    return " ".join([*parts, *notes]), {"breaks": len(source.breaks), "first_used": first_used}


def state_contradiction(quantiles: pd.Series, unit: str) -> Statement:
    """Which next figure would contradict the forecast; `quantiles` by level, named by its date."""
    low, tenth, ninetieth, high = quantiles[[0.025, 0.1, 0.9, 0.975]]
    date = f"{quantiles.name:%Y-%m-%d}"
    text = (
        f"A figure below {count(low)} or above {count(high, unit)} for {date} would contradict the forecast (outside "
        f"its 95 % band); one time in five it will be below {count(tenth)} or above {count(ninetieth, unit)}."
    )
    return text, {"date": date, "low_95": low, "low_80": tenth, "high_80": ninetieth, "high_95": high}


def state_horizon(tested_years: float, extrapolated: pd.DatetimeIndex) -> Statement:
    """How far ahead the bands were tested, and the dates beyond."""
    text = f"The bands were tested up to {say_count(tested_years, 'year')} ahead; beyond two to three years they are "
    text += "scenarios that rest on the prior"
    text += f", and from {extrapolated[0]:%Y-%m-%d} they are extrapolated." if len(extrapolated) else "."
    return text, {"tested_years": tested_years, "extrapolated_dates": len(extrapolated)}


def count(value: float, unit: str = "") -> str:
    """A number for readers, three digits or whole, with its unit; per cent sticks to its number."""
    if not np.isfinite(value):
        return "no limit"
    return f"{value:,.0f} {unit}".strip() if abs(value) >= 100 else f"{value:.3g} {unit}".strip()


def say_technologies(number: int) -> str:
    """A number of earlier technologies."""
    return say_count(number, "earlier technology", "earlier technologies")


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{100 * share:.0f} %"
