"""Sentences that go with a forecast, from its own numbers: what it rests on, and what would contradict it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from helpers.curves import Logistic
from helpers.curves.profiles import profile_interval
from helpers.forecast import bands
from helpers.levels import band_columns, band_ends, say_level
from helpers.wording import say_count

if TYPE_CHECKING:
    from helpers.forecast.model import Forecast


Statement: TypeAlias = tuple[str, dict[str, Any]]
"""A text and the numbers in it."""

ENOUGH = 10
"""Forecasts a technology must have before its coverage is quoted as the worst: one or two are 0 or 100 % by chance."""

FAST = 1.6
"""Last over first value of a window from which growth counts as fast."""


def state(forecast: Forecast, respondents: int | None = None) -> pd.DataFrame:
    """Statements (a) to (i) that accompany a forecast.

    Parameters
    ----------
    forecast : Forecast
    respondents : int, sample size of the survey if it is known; used for the sampling error only

    Returns
    -------
    DataFrame, a row per statement: key ("a" to "i"), topic, statement (plain English), numbers (JSON of the numbers in
    it).
    """
    free = fit_free_ceiling(forecast)
    made = [
        ("a", "ceiling", _state_ceiling(forecast, free)),
        ("b", "bound", _state_bound(forecast)),
        ("c", "noise", _state_noise(forecast, free, respondents)),
        ("d", "data", _state_data(forecast, free)),
        ("e", "calibration", _state_calibration(forecast)),
        ("f", "spread", _state_spread(forecast)),
        ("g", "question", _state_question(forecast)),
        ("h", "contradiction", _state_contradiction(forecast)),
        ("i", "horizon", _state_horizon(forecast)),
    ]
    rows = [(key, topic, text, json.dumps(_plain(numbers), sort_keys=True)) for key, topic, (text, numbers) in made]
    return pd.DataFrame(rows, columns=["key", "topic", "statement", "numbers"])


def fit_free_ceiling(forecast: Forecast) -> dict[str, Any]:
    """Logistic curve with a free ceiling: its 80 % profile interval, residual SD and degrees of freedom.

    Returns
    -------
    dict with low, high, identified, residual_sd (NaN without degrees of freedom), points, df.
    """
    points = forecast.windows.points
    found = {
        "low": np.nan,
        "high": np.inf,
        "identified": False,
        "residual_sd": np.nan,
        "points": points,
        "df": points - 3,
    }
    if points < 4:
        return found
    result = Logistic(forecast.windows.values[0], forecast.windows.years[0]).fit()
    low, high = profile_interval(result, "ceiling", alpha=0.2)
    residual_sd = float(np.sqrt(result.ssr / (points - 3)))
    return found | {
        "low": float(low),
        "high": float(high),
        "identified": bool(np.isfinite(high)),
        "residual_sd": residual_sd,
    }


def _state_ceiling(forecast: Forecast, free: dict[str, Any]) -> Statement:
    unit, prior = forecast.subject.unit, forecast.prior
    low = max(free["low"], float(forecast.windows.values.max())) if free["df"] > 0 else np.nan
    numbers = {
        "low": free["low"],
        "high": free["high"],
        "identified": free["identified"],
        "technologies": prior.technologies,
    }
    if free["identified"]:
        interval = f"{count(free['low'])} to {count(free['high'], unit)}"
        return f"A logistic curve with a free ceiling puts the ceiling at {interval} (80 % profile interval).", numbers
    fits = (
        "With three points any ceiling fits" if free["df"] < 1 else f"Any ceiling from {count(low, unit)} upwards fits"
    )
    interval = "" if free["df"] < 1 else " (80 % profile interval of a logistic curve, open above)"
    source = (
        f"a prior from {say_technologies(prior.technologies)}"
        if forecast.windows.bounded
        else "no part of this forecast"
    )
    return (
        f"The data do not identify a ceiling. {fits}{interval}. A saturation level is {source}, not a finding.",
        numbers,
    )


def _state_bound(forecast: Forecast) -> Statement:
    if not forecast.windows.bounded:
        return "No upper bound is known for this series, so nothing stops the forecast from growing.", {}
    shares = forecast.reached["share"]
    low, quarter, middle, three, high = (float(shares.quantile(at)) for at in (0, 0.25, 0.5, 0.75, 1))
    bound, title = (
        float(forecast.windows.bounds[0, -1]),
        getattr(forecast.subject.source, "bound_title", "") or "the bound",
    )
    text = (
        f"The bound ({title}, {count(bound, forecast.subject.unit)}) is a limit, not a ceiling to be expected: "
        f"{say_technologies(len(shares))} {'has' if len(shares) == 1 else 'have'} so far reached "
        f"{percent(low)} to {percent(high)} of theirs, half of them {percent(quarter)} to {percent(three)}."
    )
    return text, {
        "bound": bound,
        "technologies": len(shares),
        "low": low,
        "quarter": quarter,
        "median": middle,
        "three_quarters": three,
        "high": high,
    }


def _state_noise(forecast: Forecast, free: dict[str, Any], respondents: int | None) -> Statement:
    sd, unit = free["residual_sd"], forecast.subject.unit
    if not np.isfinite(sd):
        return "With three points a curve with a free ceiling fits exactly, so scatter about it cannot be measured.", {}
    numbers, text = (
        {"residual_sd": sd},
        f"The points scatter about the best logistic curve by {count(sd, unit)} (residual SD)",
    )
    if not forecast.windows.bounded:
        return text + "; without a base its sampling error cannot be worked out.", numbers
    share, base = float(forecast.windows.shares[0, -1]), float(forecast.windows.bounds[0, -1])
    variance = base**2 * share * (1 - share)
    if respondents:
        error = float(np.sqrt(variance / respondents))
        numbers |= {"sampling_error": error, "respondents": respondents}
        asked = say_count(respondents, "respondent")
        return f"{text}, against a sampling error of about {count(error, unit)} with {asked}.", numbers
    size = variance / sd**2 if sd > 0 else np.inf
    numbers |= {"equivalent_sample": size}
    return f"{text}; sampling alone would scatter so much only in a survey of {say_people(size)}.", numbers


def _state_data(forecast: Forecast, free: dict[str, Any]) -> Statement:
    window, available = forecast.windows, len(forecast.subject.values)
    span = f"{window.points} points" if available == window.points else f"{window.points} of {available} points"
    left = say_count(max(free["df"], 0), "degree")
    text = (
        f"The forecast rests on {span}, the last on {forecast.origin:%Y-%m-%d}. A curve with a free ceiling has three "
        f"parameters and leaves {left} of freedom; six to ten points past half of the curve are the practical minimum."
    )
    return text, {"points": window.points, "available": available, "degrees_of_freedom": free["df"]}


def measure_coverage(forecast: Forecast, level: float = 0.8, method: str = "combined") -> pd.DataFrame:
    """Whether a method's band covered each residual row, its technology left out: labels and ``covered``."""
    at = bands.quantiles_elsewhere(forecast.residuals, method, forecast.windows.link, forecast.windows.bounded)
    found = at(band_ends(level))
    actual = forecast.residuals["actual"].to_numpy(float)
    covered = (actual >= found[:, 0]) & (actual <= found[:, 1])
    return forecast.residuals[["technology", "horizon_years", "growth"]].assign(covered=covered)


def _state_calibration(forecast: Forecast) -> Statement:
    level = forecast.level
    rows = measure_coverage(forecast, level)
    by_horizon = rows.groupby(["horizon_years", "technology"])["covered"].mean().groupby("horizon_years").mean()
    at_two = rows[rows["horizon_years"] == 2].groupby("technology")["covered"].agg(["mean", "size"])
    at_two = at_two[at_two["size"] >= ENOUGH].sort_values("mean", kind="stable")
    mean, number = float(by_horizon.mean()), rows["technology"].nunique()
    text = (
        f"The bands are calibrated on {say_technologies(number)} ({say_count(len(rows), 'forecast')} "
        f"{by_horizon.index.min():g} to {say_count(by_horizon.index.max(), 'year')} ahead). Judged each time on the "
        f"technology left out, the {say_level(level)} band has covered {percent(mean)}"
    )
    numbers = {"technologies": number, "forecasts": len(rows), f"coverage_{100 * level:g}": mean}
    if len(at_two):
        worst, share, size = at_two.index[0], float(at_two["mean"].iloc[0]), int(at_two["size"].iloc[0])
        text += (
            f"; at two years the worst of those with {ENOUGH} or more forecasts is {worst}, {percent(share)} of {size}"
        )
        numbers |= {"worst_technology": worst, f"worst_coverage_{100 * level:g}": share, "worst_forecasts": size}
    first, last = forecast.windows.values[0, [0, -1]]
    growth = float(last / first) if first > 0 else np.inf
    fast = rows[rows["growth"] >= FAST].groupby("technology")["covered"].mean()
    if growth >= FAST and len(fast):
        numbers |= {"growth": growth, "technologies_fast": len(fast)}
        numbers |= {f"coverage_{100 * level:g}_fast": float(fast.mean())}
        text += f". After growth as fast as here (by a factor of {FAST:g} or more within the window) it has covered "
        text += f"{percent(fast.mean())} on {say_count(len(fast), 'technology', 'technologies')}"
    return text + ".", numbers


def _state_spread(forecast: Forecast) -> Statement:
    frame, unit = forecast.frame(), forecast.subject.unit
    date = forecast.dates[int(np.abs(forecast.years - 3).argmin())]
    last = frame[frame["date"] == date].set_index("method")
    curves = last.drop(index=["combined", "last_value"])["q0.5"]
    low, high, band = float(curves.min()), float(curves.max()), last.loc["combined"]
    least, most = (float(band[end]) for end in band_columns(forecast.level))
    text = (
        f"For {date:%Y-%m-%d} the single methods say {count(low)} ({curves.idxmin().replace('_', ' ')}) to "
        f"{count(high, unit)} "
        f"({curves.idxmax().replace('_', ' ')}); the {say_level(forecast.level)} band is {count(least)} to "
        f"{count(most, unit)}"
    )
    paths = forecast.scenarios()
    paths = paths[paths["date"] == date].dropna(subset=["value"])
    if len(paths):
        ends = paths.iloc[[0, -1]]
        text += (
            f"; saturation at {percent(ends['share'].iloc[0])} to {percent(ends['share'].iloc[-1])} of the bound gives "
        )
        text += f"{count(ends['value'].iloc[0])} to {count(ends['value'].iloc[-1], unit)}"
    numbers = {
        "date": f"{date:%Y-%m-%d}",
        "low": low,
        "high": high,
        "band_low": least,
        "band_high": most,
    }
    return text + ".", numbers | {
        f"scenario_{share:g}": value for share, value in zip(paths["share"], paths["value"], strict=True)
    }


def _state_question(forecast: Forecast) -> Statement:
    source = forecast.subject.source
    if source is None:
        return "The series comes without notes on its question; a change of wording would look like adoption.", {}
    start, parts = forecast.windows.years[0, 0], []
    for row in source.breaks.itertuples():
        verb = "splits the series" if row.kind == "break" else "may be inside the growth seen (the forecast crosses it)"
        parts.append(f"{row.date:%Y-%m-%d}: {row.reason.rstrip('.')}; this {verb}.")
    notes = [text for text in (getattr(source, "segment_note", ""), source.bound_note) if text]
    known = " ".join([*parts, *notes]) or "No break of question or method is recorded."
    base = f"The figures count {source.base}. " if source.base else ""
    return f"{base}{known}", {"breaks": len(source.breaks), "first_used": round(float(start), 2)}


def _state_contradiction(forecast: Forecast) -> Statement:
    date, unit = forecast.dates[0], forecast.subject.unit
    low, tenth, ninetieth, high = (
        float(value) for value in forecast.at(forecast.years[0], (0.025, 0.1, 0.9, 0.975))[0]
    )
    text = (
        f"A figure below {count(low)} or above {count(high, unit)} for {date:%Y-%m-%d} would contradict the "
        f"forecast (outside its 95 % band); one time in five it will be below {count(tenth)} or "
        f"above {count(ninetieth, unit)}."
    )
    return text, {"date": f"{date:%Y-%m-%d}", "low_95": low, "low_80": tenth, "high_80": ninetieth, "high_95": high}


def _state_horizon(forecast: Forecast) -> Statement:
    reach = float(forecast.residuals["horizon_years"].max())
    later = forecast.dates[forecast.years > reach + 0.26]
    text = f"The bands were tested up to {say_count(reach, 'year')} ahead; beyond two to three years they are "
    text += "scenarios that rest on the prior"
    text += f", and from {later[0]:%Y-%m-%d} they are extrapolated." if len(later) else "."
    return text, {"tested_years": reach, "extrapolated_dates": len(later)}


def count(value: float, unit: str = "") -> str:
    """A number for readers, three digits or whole, with its unit; per cent sticks to its number."""
    if not np.isfinite(value):
        return "no limit"
    return f"{value:,.0f} {unit}".strip() if abs(value) >= 100 else f"{value:.3g} {unit}".strip()


def say_technologies(number: int) -> str:
    """A number of earlier technologies."""
    return say_count(number, "earlier technology", "earlier technologies")


def say_people(number: float) -> str:
    """A number of persons, whole; what is less than one is said to be so."""
    return say_count(int(f"{number:.0f}"), "person") if np.isfinite(number) and number >= 1 else "less than one person"


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{100 * share:.0f} %"


def _plain(numbers: dict[str, Any]) -> dict[str, Any]:
    """Numbers that JSON can hold: infinite becomes the word, and floats have six digits."""
    return {key: _plain_one(value) for key, value in numbers.items()}


def _plain_one(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}") if np.isfinite(value) else "infinite" if value > 0 else None
    return int(value) if isinstance(value, np.integer) else bool(value) if isinstance(value, np.bool_) else value
