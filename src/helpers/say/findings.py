"""The findings and the key numbers of a run, written from its own tables; `plain` says them without the jargon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, QUOTED, band_columns, quoted_level, quoted_window, say_level
from ..base.wording import DECLINED, say_count, say_end, say_first, say_large, say_name, say_range, say_unit, say_voices
from ..curves import Assessment
from ..forecast.windows import PAST_PEAK

SUMMARISED = (
    "02_growth",
    "02_newer",
    "02_aligned",
    "03_ceiling",
    "04_scores",
    "05_forecast",
    "05_probabilities",
    "05_statements",
)
"""Tables of the run that the summary reads."""
ABOUT, MOST_NAMED = 1.2, 3
"""Who took at most this many times as long was about as fast; how many of them are named."""


def list_key_numbers(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, Any], levels: Sequence[float] = LEVELS
) -> pd.DataFrame:
    """Return the numbers that a reader should take away, with their intervals.

    Parameters
    ----------
    tables : mapping
        Frames of the run by name, those of `SUMMARISED`.
    names : mapping
        title, unit and bound_title of the series.
    levels : sequence of float
        Those of the forecast's bands; one is quoted, see `helpers.base.levels.quoted_level`.

    Returns
    -------
    DataFrame
        key, label, value, low, high, unit, text (the number as a reader wants it), url (of the publication behind an
        observed number; "" for others).
    """
    rows = [
        *_observed(tables["02_growth"], names),
        *_bounded(tables["02_newer"], names),
        *_ended(pick_ceiling(tables), names["unit"]),
    ]
    level = quoted_level(levels)
    rows += [
        *_forecasts(tables["05_forecast"], names, level),
        *_reached(tables["05_probabilities"], tables["02_growth"]),
        *_coverage(tables["04_scores"], level, len(tables["02_growth"])),
    ]
    numbers = pd.DataFrame(rows, columns=["key", "label", "value", "low", "high", "unit", "text"])
    last, newer = tables["02_growth"].iloc[-1], tables["02_newer"]
    urls = {"latest": last["url"], "growth_year": last["url"], "share_of_bound": last["bound_url"]}
    urls |= {"published_rate": last["rate_url"]}
    urls |= {f"bound_{date:%Y_%m_%d}": url for date, url in zip(newer["date"], newer["url"], strict=True)}
    found = pd.Series([urls.get(key, "") for key in numbers["key"]], dtype=object)
    return numbers.assign(url=found.fillna(""))


def say_number(value: float, unit: str = "") -> str:
    """A number and its unit in a sentence: one decimal, but none from 100 on save for percent, which get a sign.

    A number that would be 0.0 has two digits.
    """
    if not np.isfinite(value):
        return "no end"
    digits = 0 if abs(value) >= 100 and not unit.startswith("percent") else 1
    text = f"{value:,.{digits}f}" if value == 0 or abs(value) >= 0.05 else f"{value:.2g}"
    text = say_large(value) or text
    return f"{text}{say_unit(unit)}".replace("-", "−")


def say_month(date: object) -> str:
    """A date as month and year."""
    return f"{pd.Timestamp(date):%B %Y}"


def say_base(base: str) -> str:
    """A population in a sentence: "the total population", but "internet users"."""
    return base if base.endswith("s") else f"the {base}"


def gain_unit(unit: str) -> str:
    """A share grows by percentage points, anything else by percent."""
    return "percentage points" if unit.startswith("percent") else "percent"


def find_year_before(growth: pd.DataFrame) -> pd.Series | None:
    """The figure nearest to a year before the last one; None where there is none within a quarter, or it is 0."""
    last = growth.iloc[-1]
    gaps = (last["date"] - growth["date"]).dt.days / 365.25
    near = growth[(gaps - 1).abs() < 0.26]
    if near.empty or near["value"].iloc[-1] <= 0:
        return None
    return near.iloc[(near["date"] - (last["date"] - pd.DateOffset(years=1))).abs().argmin()]


def pick_published(forecast: pd.DataFrame) -> pd.DataFrame:
    """Rows of the published method in order of date."""
    return forecast[forecast["method"] == "combined"].sort_values("date").reset_index(drop=True)


def list_ceiling(found: Assessment, values: pd.Series) -> pd.DataFrame:
    """The verdict on where a series of `values` ends as a row, from which every notebook and page says it.

    Returns
    -------
    DataFrame
        verdict, low, high, reached, bound, voices (a text with commas), doubt, sentence, note: as `curves.Assessment`.
        Of a series past its peak the verdict is that, no family has a voice, and nothing is known.
    """
    names = ("verdict", "low", "high", "reached", "bound", "voices", "doubt", "sentence", "note")
    row = {name: getattr(found, name) for name in names} | {"voices": ", ".join(found.voices)}
    if declines(values.to_frame("value")):
        row |= {"verdict": DECLINED, "low": np.nan, "high": np.inf, "voices": "", "doubt": "", "sentence": "not known"}
    return pd.DataFrame([row])


def pick_ceiling(tables: Mapping[str, pd.DataFrame]) -> Any:
    """The row of 03_ceiling; what is blank in its file is no text."""
    texts = {"voices": "", "doubt": ""}
    return tables["03_ceiling"].astype(dict.fromkeys(texts, object)).fillna(texts).iloc[0]


def year_of_growth(growth: pd.DataFrame, unit: str, added: bool = False) -> tuple[float, pd.Timestamp | None]:
    """Return the growth over the last year and the date it is counted from; nan and None if there is none.

    A share grows by percentage points, anything else by percent, or by what was added (of cumulative figures).
    """
    start = find_year_before(growth)
    if start is None:
        return np.nan, None
    points = growth["value"].iloc[-1] - start["value"]
    return points if added or unit.startswith("percent") else 100 * points / start["value"], start["date"]


def _observed(growth: pd.DataFrame, names: Mapping[str, str]) -> list[tuple[Any, ...]]:
    last, unit, when = growth.iloc[-1], names["unit"], say_month(growth["date"].iloc[-1])
    rows = [
        ("latest", f"{names['title']}, {when}", last["value"], np.nan, np.nan, unit, say_number(last["value"], unit))
    ]
    if np.isfinite(last["share_of_bound"]):
        share = last["share_of_bound"]
        rows.append(("share_of_bound", f"Share of the bound ({names['bound_title']})", share, np.nan, np.nan, "percent",
                     say_number(share, "percent")))  # fmt: skip
    if np.isfinite(last["published_rate"]):
        rate = last["published_rate"]
        label = f"Share of {say_base(names['base'])}, as published"
        rows.append(("published_rate", label, rate, np.nan, np.nan, "percent", say_number(rate, "percent")))
    gain, start = year_of_growth(growth, unit, added := bool(names.get("cumulative")))
    if start is not None:
        label = f"{'Added' if added else 'Growth'} from {say_month(start)} to {when}"
        measure = unit if added else gain_unit(unit)
        rows.append(("growth_year", label, gain, np.nan, np.nan, measure, say_number(gain, measure)))
    return rows


def _bounded(newer: pd.DataFrame, names: Mapping[str, str]) -> list[tuple[Any, ...]]:
    """Rows for figures after the last exact one, which are bounds."""
    rows: list[tuple[Any, ...]] = []
    for row in newer.itertuples(index=False):
        low, high = (row.value, np.inf) if row.bound == "at_least" else (0.0, row.value)
        label = f"{names['title']}, {say_month(row.date)}, a bound"
        rows.append((f"bound_{row.date:%Y_%m_%d}", label, np.nan, low, high, names["unit"], say_bound(row, names)))
    return rows


def say_bound(row: Any, names: Mapping[str, str]) -> str:
    """A figure that is a bound: "at least 700 million persons"."""
    return f"{say_name(row.bound)} {say_number(row.value, names['unit'])}"


def _ended(found: Any, unit: str) -> list[tuple[Any, ...]]:
    """Row for the verdict on the ceiling, with the range that its text tells; none past a peak."""
    if found.verdict == DECLINED:
        return []
    low, high, text = np.nan, np.nan, found.sentence
    if found.verdict != "open":
        low, high = max(found.low, min(found.reached, found.high)), found.high
        beyond = found.verdict.startswith("beyond")
        text = f"not known: {text}{say_unit(unit)}" if beyond else say_range(found, unit)
    return [("ceiling", "Where it ends", np.nan, low, high, unit, text)]


def _forecasts(forecast: pd.DataFrame, names: Mapping[str, str], level: float) -> list[tuple[Any, ...]]:
    fan = pick_published(forecast)
    if is_refuted(fan):
        return [("forecast", "Forecast", np.nan, np.nan, np.nan, names["unit"], "refuted by the newest figure")]
    yearly = fan[(fan["date"].dt.month == 12) | (fan.index == len(fan) - 1)]
    rows, ends = [], band_columns(level)
    for row in yearly.to_dict("records"):
        low, middle, high = row[ends[0]], row["q0.5"], row[ends[1]]
        text = f"{say_number(low)} to {say_number(high, names['unit'])} "
        text += f"({say_level(level)} band; median {say_number(middle)})"
        label = f"Forecast for {say_month(row['date'])}"
        rows.append((f"forecast_{row['date']:%Y_%m}", label, middle, low, high, names["unit"], text))
    return rows


def is_refuted(fan: pd.DataFrame) -> bool:
    """Whether newer figures refute the forecast."""
    return bool((fan["basis"] == "refuted").any())


def _reached(probabilities: pd.DataFrame, growth: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows for the probability that shares of the bound are reached by the date nearest to three years on."""
    if probabilities.empty:
        return []
    ahead = (probabilities["date"] - growth["date"].iloc[-1]).dt.days / 365.25
    rows: list[tuple[Any, ...]] = []
    for row in probabilities[(ahead - 3).abs() == (ahead - 3).abs().min()].itertuples(index=False):
        if row.probability < 1:
            label = f"Probability that {100 * row.share:g} % of the bound is reached by {say_month(row.date)}"
            key, percent = f"reached_{100 * row.share:g}_{row.date:%Y_%m}", 100 * row.probability
            rows.append((key, label, percent, np.nan, np.nan, "percent", f"{percent:.0f} %"))
    return rows


def tested_level(scores: pd.DataFrame, level: float) -> float:
    """The level whose coverage is told: the quoted one where the backtest scored it, else the one it always scores."""
    return level if f"coverage_{100 * level:g}" in scores else QUOTED


def own_scores(scores: pd.DataFrame, points: int) -> pd.DataFrame:
    """Scores of the published method with the windows that are quoted for a series of so many points."""
    own = scores[scores["method"] == "combined"]
    return own[own["window"] == quoted_window(own["window"], points)]


def _coverage(scores: pd.DataFrame, level: float, points: int) -> list[tuple[Any, ...]]:
    tested = tested_level(scores, level)
    column = f"coverage_{100 * tested:g}"
    own = own_scores(scores, points)
    covered, horizons = 100 * own[column], own["horizon_years"]
    label = f"Outcomes inside the {say_level(tested)} band, up to {say_count(horizons.max(), 'year')} ahead"
    text = say_share_range(covered)
    return [(column, label, covered.mean(), covered.min(), covered.max(), "percent", text)]


def say_share_range(percent: pd.Series) -> str:
    """The lowest and the highest percentage of several, or the one that they all are: "75 to 82 %"."""
    low, high = f"{percent.min():.0f}", f"{percent.max():.0f}"
    return f"{low} %" if low == high else f"{low} to {high} %"


def state_findings(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, Any], levels: Sequence[float] = LEVELS
) -> pd.DataFrame:
    """Return the finding in four sentences: how far, how fast, whether an end is in sight, and where it could go.

    Parameters
    ----------
    tables, names, levels : as for `list_key_numbers`

    Returns
    -------
    DataFrame
        order, sentence.
    """
    sentences = [
        _state_level(tables["02_growth"], tables["02_newer"], names),
        _state_pace(tables["02_growth"], tables["02_aligned"], names),
        _state_end(pick_ceiling(tables), tables["02_growth"], names),
        _state_forecast(tables, names, quoted_level(levels)),
    ]
    kept = [sentence for sentence in sentences if sentence]
    return pd.DataFrame({"order": range(1, len(kept) + 1), "sentence": kept})


def _state_level(growth: pd.DataFrame, newer: pd.DataFrame, names: Mapping[str, str]) -> str:
    last = growth.iloc[-1]
    text = f"{names['title']}: {say_number(last['value'], names['unit'])} in {say_month(last['date'])}"
    if np.isfinite(last["published_rate"]):
        text += f", {say_number(last['published_rate'], 'percent')} of {say_base(names['base'])}"
    same = names["base"].lower() == names["bound_title"].lower() and np.isfinite(last["published_rate"])
    if np.isfinite(last["share_of_bound"]) and not names["unit"].startswith("percent") and not same:
        text += f", {say_number(last['share_of_bound'], 'percent')} of the known bound ({names['bound_title']})"
    gain, start = year_of_growth(growth, names["unit"], added := bool(names.get("cumulative")))
    if start is not None:
        grown = f"{'+' if gain > 0 else ''}{say_number(gain, names['unit'] if added else gain_unit(names['unit']))}"
        text += f"; {grown if abs(gain) >= 0.05 else 'no change'} since {say_month(start)}"
    if len(newer):
        row = newer.iloc[-1]
        text += f". For {say_month(row['date'])} only a bound has been published: {say_bound(row, names)}"
    return f"{text}."


def declines(growth: pd.DataFrame) -> bool:
    """Whether the last figure lies clearly below an earlier one, so that no adoption curve applies."""
    return bool(growth["value"].iloc[-1] < PAST_PEAK * growth["value"].max())


def _state_pace(growth: pd.DataFrame, aligned: pd.DataFrame, names: Mapping[str, Any]) -> str:
    peak, last = growth.loc[growth["value"].idxmax()], growth["value"].iloc[-1]
    if declines(growth):
        fall = f"It has fallen since {say_number(peak['value'], names['unit'])} in {say_month(peak['date'])}"
        return f"{fall}: past a peak an adoption curve does not apply."
    least = growth["value"].min()
    if least >= PAST_PEAK * peak["value"]:
        ends = f"{say_number(least)} and {say_number(peak['value'], names['unit'])}"
        return f"It has stayed between {ends} since {say_month(growth['date'].iloc[0])}: there is no rise to measure."
    text = _state_rivals(aligned) if len(aligned) else ""
    rises = growth["change"].fillna(0)
    whole = last - growth["value"].iloc[0]
    if len(growth) > 2 and whole > 0 and rises.max() / whole > 0.5:
        row, before = growth.loc[rises.idxmax()], growth.loc[rises.idxmax() - 1]
        text += (
            f"{100 * rises.max() / whole:.0f} % of the rise came in one step, from {say_number(before['value'])} to "
            f"{say_number(row['value'], names['unit'])} by {say_month(row['date'])}"
        )
        told = [reason for date, reason in names["cautions"].items() if before["date"] < date <= row["date"]]
        text += f"; a suspected break lies in it ({'; '.join(told)})." if told else "."
    return text.strip()


def _state_rivals(aligned: pd.DataFrame) -> str:
    """How fast it went through its shares of the bound, beside other technologies, and what became of these."""
    own = aligned[aligned["target"]]
    years, goal = own["years_to_target_share"].iloc[0], own["share"].max()
    others = aligned[~aligned["target"]].groupby(["technology", "entity", "indicator"], sort=False)
    rivals = others["years_to_target_share"].first()
    if not years > 0 or rivals.empty:
        return ""
    near = rivals[rivals <= ABOUT * years].sort_values(kind="stable")
    text = (
        f"It went from {say_number(own['start_share'].iloc[0], 'percent')} to {say_number(goal, 'percent')} of its "
        f"bound in {years:.1f} years; of {len(rivals)} series of other technologies that passed the same start, "
        f"{_count_some(len(near))} about as fast or faster"
    )
    told = []
    for key in near.index[:MOST_NAMED]:
        shares = others.get_group(key)["share"]
        lost = 100 * (1 - shares.iloc[-1] / shares.max())
        told.append(key[0] + (f", which later lost {lost:.0f} %" if lost > 100 * (1 - PAST_PEAK) else ""))
    named = f" ({'; '.join(told)}{'; and others' if len(near) > MOST_NAMED else ''})" if told else ""
    return f"{text}{named}. "


def _count_some(number: int) -> str:
    return "none was" if number == 0 else "1 was" if number == 1 else f"{number} were"


def _state_end(found: Any, growth: pd.DataFrame, names: Mapping[str, str]) -> str:
    if found.verdict == DECLINED:
        return ""
    if found.verdict == "open":
        why = "the 95 % interval for the ceiling is open" if found.voices else "no adoption curve describes them"
        why = found.doubt or why
        kept = "; the bound is not one" if names["bound_title"] else ""
        return f"The {len(growth)} points do not say where it ends ({why}), so no ceiling is given{kept}."
    text = f"{say_first(say_end(found, names['unit']))}."
    if found.verdict == "beyond the bound":
        return f"{text} Either they or the bound ({names['bound_title']}) are wrong, and no ceiling is given."
    return f"{text} {say_voices(found.voices.split(', '))}"


def _state_forecast(tables: Mapping[str, pd.DataFrame], names: Mapping[str, str], level: float) -> str:
    low, high = band_columns(level)
    fan = pick_published(tables["05_forecast"])
    start = tables["02_growth"]["date"].iloc[-1]
    if is_refuted(fan):
        row = tables["02_newer"].iloc[-1]
        refuted = f"{say_bound(row, names)} in {say_month(row['date'])} lie outside nearly all of its paths"
        return f"The forecast from the exact figures is refuted: {refuted}. No forecast is given."
    near = fan.iloc[((fan["date"] - start).dt.days / 365.25 - 1).abs().argmin()]
    tested = fan[fan["basis"] == "calibrated"]
    text = (
        f"The combined forecast{', of the paths that satisfy this bound,' if len(tables['02_newer']) else ''} for "
        f"{say_month(near['date'])} is {say_number(near[low])} to "
        f"{say_number(near[high], names['unit'])} ({say_level(level)} band)"
    )
    if len(tested) and tested["date"].iloc[-1] > near["date"]:
        far = tested.iloc[-1]
        text += f", for {say_month(far['date'])} {say_number(far[low])} to {say_number(far[high])}"
    end = fan.iloc[-1]
    if end["basis"] != "calibrated":
        text += f" and, beyond what was tested, for {say_month(end['date'])} {say_number(end[low])} to "
        text += say_number(end[high])
    own = own_scores(tables["04_scores"], len(tables["02_growth"]))
    scored_level = tested_level(own, level)
    covered = 100 * own[f"coverage_{100 * scored_level:g}"]
    return text + (
        f". On earlier technologies, each left out in turn, {say_level(scored_level)} bands covered "
        f"{say_share_range(covered)} of outcomes, "
        f"up to {say_count(own['horizon_years'].max(), 'year')} on."
    )
