"""Limits of a forecast for statisticians, from its own numbers: what it rests on, and what would contradict it.

`state_forecast` makes the table; each of the others gives a text and the numbers in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.levels import band_columns, say_level
from ..base.words import (
    JOINED,
    WHY_NO_RANGE,
    percent,
    say,
    say_ahead,
    say_count,
    say_day,
    say_end,
    say_first,
    say_limit,
    say_name,
    say_range,
)
from ..curves import Assessment, Logistic
from ..forecast.bands import FAST
from ..forecast.methods import NODES, Origin
from ..forecast.paths import LEAST_KEPT
from ..forecast.scores import MIN_FORECASTS, mean_by_technology
from ..forecast.windows import SHORTEST, Windows
from ..indicators.series import READ, AdoptionSeries
from .facts import say_from_others

if TYPE_CHECKING:
    from ..forecast import Forecast

Statement: TypeAlias = tuple[str, dict[str, Any]]
"""A text and the numbers in it."""
EARLY_END = -1.0
"""A series whose curves end so many standard deviations of the prior below its mean disagrees with the bound."""
Kind: TypeAlias = tuple[str, str]
"""The comparison set in words, one and several."""
TECHNOLOGIES, SERIES = ("comparison technology", "comparison technologies"), ("other series", "other series")
LIKE_WIDTH = 1.25
"""Ranges whose widths differ by no more than this factor count as about as wide."""


def state_forecast(forecast: Forecast, respondents: int | None = None) -> pd.DataFrame:
    """Rows of statements on a forecast; see `Forecast.statements`."""
    windows, target, level = forecast.windows, forecast.target, forecast.level
    found, scatter = forecast.assessed, measure_scatter(windows)
    kind = kind_of(forecast.residuals)
    judged, kept = forecast.judged[forecast.judged["level"] == level], forecast.share_kept()
    widest = min(member.band.widest for member in forecast.members.values())
    beyond = [each for each in forecast.levels if each > widest]
    far, later = int(np.abs(forecast.years - 3).argmin()), forecast.dates > max([forecast.origin, *target.newer.index])
    near = int(np.argmax(later)) if later.any() else len(later) - 1
    frame, paths = forecast.frame(), forecast.scenarios()
    frame, paths = frame[frame["date"] == forecast.dates[far]], paths[paths["date"] == forecast.dates[far]]
    end = np.nan if forecast.led is None else float(forecast.led.windows.bound[0, -1])
    statements = {
        "ceiling": state_ceiling(found, forecast.at_origin, target.unit, forecast.lessons.reached, kind, end),
        "bound": state_bound(forecast.at_origin, target, forecast.lessons.reached["share"], kind),
        "noise": state_noise(scatter, windows, target, respondents),
        "data": state_data(scatter, windows, target),
        "calibration": state_calibration(judged, windows, level, kind, beyond),
        "width": state_width(judged, forecast.fan.iloc[far], float(forecast.years[far]), windows, level, kind),
        "spread": state_spread(frame, paths, level),
        "question": state_question(windows, target),
        "contradiction": state_contradiction(
            forecast.fan.iloc[near], judged, float(forecast.years[near]), level, target, kind
        ),
        "horizon": state_horizon(
            forecast.lessons.furthest,
            forecast.dates[~forecast.tested],
            forecast.curved and found.verdict == "not known",
            kind,
        ),
        "paths": state_paths(forecast.lessons.correlations, target, kept, forecast.refuted, kind),
    }
    rows = []
    for place, (topic, (text, numbers)) in enumerate(statements.items()):
        told = json.dumps({key: _plain(numbers[key]) for key in sorted(numbers)})
        rows.append((chr(ord("a") + place), topic, say_first(text), told))
    return pd.DataFrame(rows, columns=["key", "topic", "statement", "numbers"])


def _plain(value: Any) -> Any:
    """A value that JSON can hold: infinite becomes the word, and floats have six digits."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else "infinite" if value > 0 else None
    return value


def kind_of(residuals: pd.DataFrame) -> Kind:
    """Whether technologies were left out of the backtest, or single series of one, see `read_references`."""
    names = (residuals["entity"] + " " + residuals["indicator"]).str.strip()
    return SERIES if (names == residuals["technology"]).all() else TECHNOLOGIES


def measure_scatter(windows: Windows) -> dict[str, float]:
    """Residual SD of a logistic curve with a free ceiling (NaN without degrees of freedom), and these degrees, df."""
    df = windows.points - 3
    sd = np.sqrt(Logistic(windows.values[0], windows.years[0]).fit().ssr / df) if df > 0 else np.nan
    return {"residual_sd": float(sd), "df": df}


def state_ceiling(
    found: Assessment, at_origin: Origin, unit: str, reached: pd.DataFrame, kind: Kind, end: float
) -> Statement:
    """Whether the data identify a ceiling; `found` is from `assess_ceiling`, `reached` from `last_shares`.

    The `end` is the limit of that half of the forecast which heeds the verdict, NaN where there is none.
    """
    windows, technologies = at_origin.windows, int(at_origin.prior.technologies)
    numbers: dict[str, Any] = {"verdict": found.verdict, "technologies": technologies}
    if windows.past_peak[0]:
        peak, last = windows.values.max(), windows.values[0, -1]
        as_far, part = reached[reached["fall"] >= 1 - last / peak], percent(1 - last / peak)
        numbers = {"technologies": len(as_far), "regained": int(as_far["regained"].sum()), "peak": peak, "last": last}
        numbers |= {"fall": 1 - last / peak, "references": len(reached)}
        others = f"{say_count(len(as_far), *kind)} once fell as far, and {numbers['regained']} of them later rose"
        others = (
            f"{others} above that peak" if len(as_far) else f"Of {say_count(len(reached), *kind)} none ever fell as far"
        )
        text = (
            f"The last figure is {part} below the peak ({say(peak, unit)}, now {say(last, unit)}). {others}. Adoption "
            "curves only rise and do not apply. The middle of the forecast is the last figure. We give no range, "
            f"{WHY_NO_RANGE}."
        )
        return text, numbers
    if windows.points < SHORTEST:
        numbers |= {"figures": windows.points}
        said = f"{say_from_others(windows.points)} No curve can be fitted to {say_count(windows.points, 'figure')}."
        return said, numbers
    if found.verdict != "not known":
        numbers |= dict(zip(("low", "high"), found.printed, strict=True))
        heeds = f" Half of the forecast has {say(end, unit)} as its upper limit." if np.isfinite(end) else ""
        return f"{say_first(say_end(found, unit, why=True))}. {JOINED}{heeds}", numbers | {"limit_of_half": end}
    prior = "This forecast assumes no saturation level."
    if windows.bounded:
        prior = f"Any saturation level used here is an assumption, taken from {say_count(technologies, *kind)}."
    return f"{say_first(say_end(found, unit, why=True))}. {prior}", numbers


def state_bound(at_origin: Origin, target: AdoptionSeries, reached: pd.Series, kind: Kind) -> Statement:
    """What the bound is, at which shares of theirs the references stand, `reached`, and whether the series agrees."""
    windows = at_origin.windows
    if not windows.bounded:
        text, limit = (
            f"No upper limit is known for this series. The range stops at the largest growth seen in {kind[1]}",
            target.limit,
        )
        if np.isfinite(limit):
            text += f", or at {say(limit, target.unit)}, which no value can pass"
            return f"{text}. Neither limit is a forecast of the saturation level.", {"limit": limit}
        return f"{text}. A population that the users are part of would be a limit.", {}
    names = ("low", "quarter", "median", "three_quarters", "high")
    numbers: dict[str, Any] = dict(zip(names, reached.quantile([0, 0.25, 0.5, 0.75, 1]), strict=True))
    numbers |= {"bound": float(windows.bound[0, -1]), "technologies": len(reached)}
    title = target.bound_title or "the number given"
    size = say(numbers["bound"], target.unit)
    named = title if title[:1].isdigit() else f"{title}, {size}"
    text = (
        f"The upper limit ({named}) is not a forecast of the saturation level. The latest figures of "
        f"{say_count(len(reached), *kind)} are at {percent(numbers['low'])} to {percent(numbers['high'])} of their "
        f"limits, the middle half {percent(numbers['quarter'])} to {percent(numbers['three_quarters'])}."
    )
    if windows.points < SHORTEST:
        return text, numbers
    curves = list(at_origin.curves.values())
    away = float(np.mean([(curve.weight @ NODES)[0] for curve in curves]))
    share = float(np.mean([(curve.weight * curve.fits.shares).sum() for curve in curves]))
    numbers |= {"expected_share": share, "prior_deviations": away}
    if away < EARLY_END and not windows.past_peak[0]:
        text += (
            f" The figures slow down already: with the prior, their curves put saturation at {percent(share)} of the "
            "limit on average."
        )
    return text, numbers


def state_noise(
    scatter: dict[str, float], windows: Windows, target: AdoptionSeries, respondents: int | None
) -> Statement:
    """How far the points scatter about a curve, beside the survey's own error or that of so many `respondents`."""
    sd, published = scatter["residual_sd"], target.standard_error
    unit = "percentage points" if target.unit.startswith("percent") else target.unit
    asked_last = target.sample_size.dropna()
    respondents = respondents or (int(asked_last.iloc[-1]) if len(asked_last) else None)
    if not np.isfinite(sd):
        return "Three figures or fewer cannot show scatter about a curve with a free saturation level.", {}
    numbers = {"residual_sd": sd, "points": windows.points}
    text = f"The {windows.points} figures scatter about the best logistic curve by {say(sd, unit)} (residual SD)"
    if published.notna().any():
        numbers |= {"standard_error": float(published.median())}
        return f"{text}, against a standard error of {say(numbers['standard_error'], unit)} as published.", numbers
    if not windows.bounded:
        return f"{text}. Without an upper limit we cannot compute a sampling error.", numbers
    shares = windows.shares  # each figure has a sampling variance of its own
    variance = float((windows.bound**2 * shares * (1 - shares)).mean())
    if respondents:
        error, asked = float(np.sqrt(variance / respondents)), say_count(respondents, "respondent")
        numbers |= {"sampling_error": error, "respondents": respondents}
        return f"{text}, against a sampling error of about {say(error, unit)} with {asked}.", numbers
    size = variance / sd**2 if sd > 0 else np.inf
    people = "fewer than one person"
    if np.isfinite(size) and size >= 1:
        people = say_count(round(size), "person", "people")
    numbers |= {"equivalent_sample": size}
    return f"{text}, as much as the sampling error of surveys that each asked {people}.", numbers


def state_data(scatter: dict[str, float], windows: Windows, target: AdoptionSeries) -> Statement:
    """Number of figures that the forecast uses, and those read from a figure printed as a limit."""
    points, origin, available = windows.points, windows.labels["origin"].iloc[0], len(target.values)
    said = say_count(points, "figure") if available == points else f"{points} of {available} figures"
    text = f"The forecast uses {said}, the last for {say_day(origin)}. A curve with a free saturation level has three "
    numbers: dict[str, Any] = {"points": points, "available": available}
    if scatter["df"] > 0:
        numbers |= {"degrees_of_freedom": scatter["df"]}
        text += f"parameters, which leaves {say_count(scatter['df'], 'degree')} of freedom."
    else:
        leaves = "figure leaves" if points == 1 else "figures leave"
        text += f"parameters, so {points} {leaves} no degrees of freedom."
    rows = target.observations.reindex(columns=["date", "bound", "value", *READ]).dropna(subset=[*READ])
    for row in rows[rows["date"].isin(target.values.index)].itertuples():
        text += f" The figure for {say_day(row.date)} was printed as “{say_limit(row, target.unit)}”; we read it as "
        text += f"{say_range(row.read_low, row.read_high, target.unit)} and use the middle."
        numbers |= {"printed": row.value, "read_low": row.read_low, "read_high": row.read_high}
    return text, numbers


def state_paths(
    correlations: pd.DataFrame, target: AdoptionSeries, kept: float, refuted: bool, kind: Kind
) -> Statement:
    """Share of the paths that newer limits leave, and the basis of the correlation of dates."""
    limits = (f"{say_limit(row, target.unit)} for {say_day(date)}" for date, row in target.newer.iterrows())
    said = "; ".join(limits)
    near = correlations.loc[correlations["horizon_years"] < 1, "technologies"].max()
    every = correlations["technologies"].max()
    numbers: dict[str, Any] = (
        {} if not said else {"kept": kept, "refuted": refuted, "newer": target.newer["value"].iloc[-1]}
    )
    text = f"Of the simulated paths, {percent(kept)} are consistent with the newest figure ({said})" if said else ""
    if refuted:
        text += f", fewer than {percent(LEAST_KEPT)}. This contradicts the forecast, whose numbers leave it out. "
    elif said:
        text += ", and we use only those. "
    if correlations.empty:
        return f"{text}We assume that errors at two dates are correlated as in a random walk.", numbers
    numbers |= {"technologies": int(every), "technologies_half_year": 0 if np.isnan(near) else int(near)}
    few = f"{'none' if np.isnan(near) else int(near)} with figures half a year apart"
    text += (
        f"We estimate the correlation of errors at two dates from {say_count(every, *kind)} ({few}), with one formula "
    )
    return f"{text}for all gaps.", numbers


def state_calibration(
    judged: pd.DataFrame, windows: Windows, level: float, kind: Kind, beyond: Sequence[float] = ()
) -> Statement:
    """Coverage of the range of `level` on the references; `judged` is from `scores.evaluate`.

    The technologies are too few to calibrate ranges of the levels `beyond`.
    """
    mean = float(judged.groupby("horizon_years").apply(mean_by_technology, "covered").mean())
    worst = judged.groupby("technology")["covered"].agg(["mean", "size"])
    worst = worst[worst["size"] >= MIN_FORECASTS].sort_values("mean", kind="stable")
    number, name = judged["technology"].nunique(), f"coverage_{100 * level:g}"
    horizons = judged["horizon_years"]
    text = (
        f"The ranges are calibrated on {say_count(number, *kind)} ({say_count(len(judged), 'forecast')} "
        f"{say_ahead(horizons.min())} to {say_ahead(horizons.max())} ahead). For {kind[1]} left out of the "
        f"calibration in turn, {say_level(level)} ranges contained {percent(mean)} of outcomes"
    )
    numbers = {"technologies": number, "forecasts": len(judged), name: mean}
    numbers |= {"nearest_years": horizons.min(), "furthest_years": horizons.max()}
    if len(worst):
        technology, (share, size) = worst.index[0], worst.iloc[0]
        text += f"; in the worst case, {technology}, {round(share * size)} of {size:.0f}"
        numbers |= {"worst_technology": technology, f"worst_{name}": share, "worst_forecasts": int(size)}
        numbers |= {"worst_held": round(share * size)}
    growth, fast = float(windows.values[0, -1] / windows.values[0, 0]), judged[judged["growth"] >= FAST]
    if growth >= FAST and len(fast):
        covered, others = mean_by_technology(fast, "covered"), fast["technology"].nunique()
        numbers |= {"growth": growth, f"{name}_fast": covered, "technologies_fast": others}
        text += f". After growth by a factor of {FAST:g} or more, as here ({growth:.1f}), they contained "
        text += f"{percent(covered)} of the outcomes of {say_count(others, *kind)}"
    if beyond:
        widest, wide = number / (number + 1), " and ".join(say_level(each) for each in beyond)
        numbers |= {"widest_level": widest}
        text += f". So many technologies can calibrate a range of {100 * widest:.1f}% at most, and the {wide} range "
        text += "stops at the largest error seen"
    return f"{text}.", numbers


def _pick_horizon(judged: pd.DataFrame, years: float) -> tuple[float, pd.DataFrame]:
    """The horizon of the backtest nearest to so many years ahead, and its rows."""
    horizon = min(judged["horizon_years"].unique(), key=lambda known: abs(known - years))
    return horizon, judged[judged["horizon_years"] == horizon]


def state_width(
    judged: pd.DataFrame, row: pd.Series, years: float, windows: Windows, level: float, kind: Kind
) -> Statement:
    """Coverage of ranges of `level` about as wide and as far ahead as this one; `row` is of the forecast."""
    low, high = row[list(band_columns(level))]
    width = float((high - low) / windows.bound[0, -1])
    horizon, near = _pick_horizon(judged, years)
    like = near[(near["width"] / width).between(1 / LIKE_WIDTH, LIKE_WIDTH)] if width > 0 else near.iloc[:0]
    numbers = {"width": width, "horizon_years": horizon, "forecasts": len(like), "of": len(near)}
    text = f"The {say_level(level)} range for {say_day(row['date'])} spans {percent(width)} of "
    text += f"{'the upper limit' if windows.bounded else 'the last figure'}. "
    if like.empty:
        text += f"Of {say_count(len(near), 'forecast')} of {kind[1]} {say_ahead(horizon)} ahead none had a range "
        return f"{text}of similar width, so we have no record of such ranges.", numbers
    covered, others = mean_by_technology(like, "covered"), like["technology"].nunique()
    numbers |= {"covered": covered, "technologies": others}
    text += f"Ranges of similar width {say_ahead(horizon)} ahead ({say_count(len(like), 'forecast')} of "
    return f"{text}{say_count(others, *kind)}) contained {percent(covered)} of the outcomes.", numbers


def state_spread(frame: pd.DataFrame, scenarios: pd.DataFrame, level: float) -> Statement:
    """Distance between the methods, the range of `level` and the scenarios; both frames hold one date."""
    date, unit, by_method = frame["date"].iloc[0], frame["unit"].iloc[0], frame.set_index("method")
    curves = by_method["q0.5"].drop(index=["combined", "last_value"])
    (least, most), band = curves.agg(["idxmin", "idxmax"]), by_method.loc["combined", list(band_columns(level))]
    lowest, highest = say(curves[least], unit, curves[most], bare=True), say(curves[most], unit)
    ends = f"{lowest} ({say_name(least)}) to {highest} ({say_name(most)})"
    if say(curves[least], unit) == highest:
        ends = highest
    text = f"For {say_day(date)} the medians of the single methods are {ends}; the {say_level(level)} range is "
    text += say_range(band.iloc[0], band.iloc[1], unit)
    numbers = {"date": f"{date:%Y-%m-%d}", "low": curves[least], "high": curves[most]}
    numbers |= {"band_low": band.iloc[0], "band_high": band.iloc[1]}
    paths = scenarios.dropna(subset=["value"]).set_index("share")["value"]
    if len(paths):
        text += f". Growth that stops at {percent(paths.index[0])} to {percent(paths.index[-1])} of the upper limit "
        text += f"would then give {say_range(paths.iloc[0], paths.iloc[-1], unit)}"
        numbers |= {f"scenario_{share:g}": value for share, value in paths.items()}
        numbers |= {"lowest_share": paths.index[0], "highest_share": paths.index[-1]}
    return f"{text}.", numbers


def state_question(windows: Windows, target: AdoptionSeries) -> Statement:
    """What the figures count, and the breaks of question or method."""
    if target.observations.empty:
        return "The question of this series is not known; a change of wording would look like adoption.", {}
    base = target.base if target.base.endswith("s") else f"the {target.base}"
    parts = [f"The base is {base}."] if target.base else []
    notes = [note for note in (target.segment_note, target.bound_note) if note]
    for row in target.breaks.itertuples():
        sure = row.kind == "break"
        changed = "changed" if sure else "may have changed"
        crossed = "This splits the series." if sure else "The forecast uses figures from before and after that date."
        parts.append(
            f"On {say_day(row.date)} the question or the method {changed} ({row.reason.rstrip('.')}). {crossed}"
        )
    if not len(target.breaks) and not notes:
        notes = ["We know of no change of question or method."]
    first_used = round(float(windows.years[0, 0]), 2)
    return " ".join([*parts, *notes]), {"breaks": len(target.breaks), "first_used": first_used}


def state_contradiction(
    row: pd.Series, judged: pd.DataFrame, years: float, level: float, target: AdoptionSeries, kind: Kind
) -> Statement:
    """Which next figure would be unlikely, and how often such figures were published; `row` is of its fan."""
    low, high = row[["q0.05", "q0.95"]]
    near, far = row[list(band_columns(level))]
    horizon, at_horizon = _pick_horizon(judged, years)
    below, above = (mean_by_technology(at_horizon, name) for name in ("below", "above"))
    date, unit = f"{row['date']:%Y-%m-%d}", target.unit
    outside = f"below {say(low, unit, high, bare=True)} or above {say(high, unit)}"
    text = (
        f"A figure {outside} for {say_day(row['date'])} has a chance of one in ten by this forecast. The "
        f"{say_level(level)} range for that date is {say_range(near, far, unit)}. Of the outcomes of {kind[1]} "
        f"{say_ahead(horizon)} ahead, {percent(below)} were below their {say_level(level)} range and "
        f"{percent(above)} above."
    )
    numbers = {"date": date, "low_90": low, "low": near, "high": far, "high_90": high}
    return text, numbers | {"horizon_years": horizon, "share_below": below, "share_above": above}


def state_horizon(tested_years: float, extrapolated: pd.DatetimeIndex, curved: bool, kind: Kind) -> Statement:
    """Furthest horizon tested, and the dates beyond; `curved` where curves are part of the forecast."""
    text = f"We tested such ranges up to {say_ahead(tested_years)} ahead"
    text += f"; from {say_day(extrapolated[0])} on they are extrapolated." if len(extrapolated) else "."
    if curved:
        text += f" Beyond two to three years the median depends largely on the latest shares of {kind[1]}."
    return text, {"tested_years": tested_years, "extrapolated_dates": len(extrapolated)}
