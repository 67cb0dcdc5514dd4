"""The findings and the key numbers of a run, from its facts; `plain` says them without the words of the trade."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..base.levels import say_level
from ..base.words import (
    DECLINED,
    JOINED,
    lower_first,
    percent,
    say,
    say_count,
    say_date,
    say_end,
    say_range,
    say_span_of_end,
    say_unit,
)
from .facts import Facts, Row
from .plain import list_shares, say_base, say_bound

MOST_NAMED = 3
"""Other technologies that a sentence names."""
LOST = 3
"""Percent that a technology must have lost since its highest share for that to be told."""
FASTER = 1.5
"""From this ratio on a forecast is said to grow faster, or slower, than the figures did."""


# ---- key numbers --------------------------------------------------------------------------------------------------


def list_key_numbers(facts: Facts) -> pd.DataFrame:
    """Return the numbers that a reader should take away, with their intervals.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        key, label, value, low, high, unit, text (the number as a reader wants it), url (of the publication that prints
        it; "" for what is computed).
    """
    rows = [*_list_observed(facts), *_list_ceiling(facts), *_list_forecasts(facts), *_list_reached(facts)]
    rows += _list_coverage(facts)
    return pd.DataFrame(rows, columns=["key", "label", "value", "low", "high", "unit", "text", "url"])


def _one(key: str, label: str, value: Any, unit: str, url: str = "") -> tuple[Any, ...]:
    """The row of a single number."""
    return key, label, float(value), np.nan, np.nan, unit, say(value, unit), url if isinstance(url, str) else ""


def _list_observed(facts: Facts) -> list[tuple[Any, ...]]:
    last, names, when = facts.last, facts.names, say_date(facts.last["date"])
    rows = [_one("latest", f"{facts.title}, {when}", last["value"], facts.unit, last["url"])]
    if np.isfinite(last["share_of_bound"]):
        label = f"Share of the bound ({names['bound_title']}), {when}, computed"
        rows.append(_one("share_of_bound", label, last["share_of_bound"], "percent"))
    if facts.rate is not None:
        label = f"Share of {say_base(names['base'])}, {when}, as published"
        rows.append(_one("published_rate", label, facts.rate, "percent", last["rate_url"]))
    if facts.before is not None:
        grown = "Added" if facts.adds_up else "Growth"
        label = f"{grown} from {say_date(facts.before['date'])} to {when}, computed"
        rows.append(_one("growth_year", label, facts.gain, facts.gain_unit))
    for row in facts.list_rows("02_newer"):
        ends = (row["value"], np.inf) if row["bound"] == "at_least" else (0.0, row["value"])
        key, label = f"bound_{row['date']:%Y_%m_%d}", f"{facts.title}, {say_date(row['date'])}, a bound"
        rows.append((key, label, np.nan, *ends, facts.unit, say_bound(row, facts.unit), row["url"]))
    return rows


def _list_ceiling(facts: Facts) -> list[tuple[Any, ...]]:
    """The verdict on the ceiling, with the range that its text tells; none past a peak."""
    found, unit = facts.ceiling, facts.unit
    if found.verdict == DECLINED:
        return []
    low, high, text = np.nan, np.nan, found.sentence
    if found.verdict != "not known":
        low, high = found.printed_low, found.printed_high
        beyond = found.verdict == "beyond the limit"
        text = f"not known: {text}{say_unit(unit)}" if beyond else say_span_of_end(found, unit)
    return [("ceiling", "Where growth ends", np.nan, low, high, unit, text, "")]


def _list_forecasts(facts: Facts) -> list[tuple[Any, ...]]:
    if facts.refuted:
        return [("forecast", "Forecast", np.nan, np.nan, np.nan, facts.unit, "refuted by the newest figure", "")]
    if facts.no_range:
        return [("forecast", "Forecast", np.nan, np.nan, np.nan, facts.unit, "no range, below its peak", "")]
    rows = []
    for row in facts.fan:
        if row["date"].month == 12 or row is facts.fan[-1]:
            (low, high), middle = facts.band(row), row["q0.5"]
            text = f"{say_range(low, high, facts.unit)} ({say_level(facts.level)} band; median "
            text += f"{say(middle, facts.unit, beside=high, bare=True)})"
            key, label = f"forecast_{row['date']:%Y_%m}", f"Forecast for {say_date(row['date'])}"
            rows.append((key, label, middle, low, high, facts.unit, text, ""))
    return rows


def _list_reached(facts: Facts) -> list[tuple[Any, ...]]:
    """The probability that shares of the bound are reached by the date nearest to three years on."""
    listed = facts.list_rows("05_probabilities")
    dates = sorted({row["date"] for row in listed})
    chosen = min(dates, key=lambda date: abs((date - facts.last["date"]).days / 365.25 - 3), default=None)
    rows = []
    for row in listed:
        if row["date"] == chosen and row["probability"] < 1:
            share = f"{100 * row['share']:g}"
            label = f"Probability that {share} % of the bound is reached at some time until {say_date(chosen)}"
            text, value = percent(row["probability"]), 100 * row["probability"]
            rows.append((f"reached_{share}_{chosen:%Y_%m}", label, value, np.nan, np.nan, "percent", text, ""))
    return rows


def _list_coverage(facts: Facts) -> list[tuple[Any, ...]]:
    horizons, covered = facts.coverage[-1]["horizon_years"], [row["covered"] for row in facts.coverage]
    label = f"Later figures inside the {say_level(facts.level)} band, earlier technologies, up to "
    label += f"{say_count(horizons, 'year')} ahead"
    key = f"coverage_{100 * facts.level:g}"
    return [(key, label, np.mean(covered), min(covered), max(covered), "percent", _cite_coverage(facts), "")]


def _cite_coverage(facts: Facts) -> str:
    """The lowest and the highest coverage over horizons, or the one that they all are: "75 to 82 %"."""
    ends = [min(row["covered"] for row in facts.coverage), max(row["covered"] for row in facts.coverage)]
    words = [format(end, ".0f") for end in ends]
    return f"{words[0] if round(ends[0]) == round(ends[1]) else ' to '.join(words)} %"


# ---- findings -----------------------------------------------------------------------------------------------------


def state_findings(facts: Facts) -> pd.DataFrame:
    """Return the finding in four sentences: how far, how fast, whether an end is in sight, and where it could go.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        order, sentence.
    """
    sentences = [_state_level(facts), _state_pace(facts), _state_end(facts), _state_forecast(facts)]
    sentences = [sentence for sentence in sentences if sentence]
    return pd.DataFrame({"order": range(1, len(sentences) + 1), "sentence": sentences})


def _state_level(facts: Facts) -> str:
    last, newer = facts.last, facts.newer
    shares = list_shares(facts)
    text = f"{facts.title}: {say(last['value'], facts.unit)} {facts.at_date} {say_date(last['date'])}"
    text += f" ({'; '.join(shares)})" if shares else ""
    if facts.before is not None and facts.gain is not None:
        gain = f"{'+' if facts.gain > 0 else ''}{say(facts.gain, facts.gain_unit)}"
        text += f"; {'no change' if facts.unchanged else gain} since {say_date(facts.before['date'])}"
        text += ", computed from both figures" if facts.gain_unit == "percent" and not facts.unchanged else ""
    if newer is not None:
        text += f". For {say_date(newer['date'])} only a bound has been published: {say_bound(newer, facts.unit)}"
    return f"{text}."


def _state_pace(facts: Facts) -> str:
    unit, peak, least = facts.unit, facts.peak, facts.least
    if facts.course == "fallen":
        fall = f"{facts.title}: fallen since {say(peak['value'], unit)} in {say_date(peak['date'])}"
        return f"{fall}; whether they will rise above that again, adoption curves, which only rise, cannot say."
    if facts.course == "still":
        span = f"{say_range(least['value'], peak['value'], unit)} since {say_date(facts.growth[0]['date'])}"
        return f"{facts.title}: {span}, so there is no rise to measure."
    text = "" if facts.pace is None else _state_rivals(facts, facts.pace)
    if facts.step is not None:
        start, end = facts.step
        part = 100 * (end["value"] - start["value"]) / (facts.last["value"] - facts.growth[0]["value"])
        text += f"{format(part, '.0f')} % of the rise came between {say_date(start['date'])} and "
        text += f"{say_date(end['date'])}, from {say_range(start['value'], end['value'], unit)}"
        reasons = facts.cautions(start["date"], end["date"])
        text += f"; a suspected break lies between them ({reasons})." if reasons else "."
    return f"{facts.title}: {text}".strip() if text else ""


def _state_rivals(facts: Facts, pace: Row) -> str:
    """How fast it went through its shares of the bound, beside other technologies, and what became of these."""
    start, goal, years = pace["start_share"], pace["target_share"], pace["years_to_target_share"]
    faster, others, rivals = pace["place"] - 1, pace["of"] - 1, facts.rivals
    count = "none was" if not rivals else f"{format(faster, '.0f')} {'was' if faster == 1 else 'were'}"
    names = []
    for row in rivals[:MOST_NAMED]:
        lost = f", which later lost {format(row['lost'], '.0f')} %" if row["lost"] > LOST else ""
        sold = f", a share of {row['unit'].removeprefix('percent of ')}" if "of new " in row["unit"] else ""
        names.append(f"{row['technology']}{sold}{lost}")
    names += ["and others"] if len(rivals) > MOST_NAMED else []
    named = f" ({'; '.join(names)})" if names else ""
    between = "" if start <= facts.growth[0]["share_of_bound"] * 1.0001 else " (a level between two figures)"
    return (
        f"from {say(start, 'percent')}{between} to {say(goal, 'percent')} of the bound in "
        f"{format(years, '.1f')} years; of {format(others, '.0f')} series of other technologies "
        f"that passed the same start, {count} as fast or faster{named}. "
    )


def _state_end(facts: Facts) -> str:
    found, names = facts.ceiling, facts.names
    if found.verdict == DECLINED:
        return ""
    points = say_count(facts.points, "figure")
    if facts.from_others:
        return f"{facts.title}: {points} can't say where growth ends, so no ceiling is given."
    if found.verdict == "not known":
        kept = "; the bound is not one" if names["bound_title"] else ""
        return (
            f"{facts.title}: the {points} do not say where growth ends ({found.reason}), so no ceiling is given{kept}."
        )
    text = f"{facts.title}: {say_end(found, facts.unit)}."
    if found.verdict == "beyond the limit":
        return f"{text} Either the figures or the bound ({names['bound_title']}) are wrong, and no ceiling is given."
    return f"{text} {JOINED}"


def _state_forecast(facts: Facts) -> str:
    unit = facts.unit
    if facts.refuted:
        row = facts.list_rows("02_newer")[-1]
        lies = f"{say_bound(row, unit)} in {say_date(row['date'])} lies outside nearly all of its paths"
        return f"{facts.title}: the forecast from the exact figures is refuted, since {lies}. No forecast is given."
    if facts.no_range:
        return facts.no_range
    near, end = facts.at(1), facts.fan[-1]
    tested = [row for row in facts.fan if row["basis"] == "calibrated" and row["date"] > near["date"]]
    newer = [row for row in facts.list_rows("02_newer")[-1:] if np.isnan(row["read_low"])]  # others are figures to it
    which = [f", of the paths with {say_bound(row, unit)} in {say_date(row['date'])}," for row in newer]
    first = f"{lower_first(facts.from_others)} The" if facts.from_others else "the"
    text = f"{facts.title}: {first} combined forecast{''.join(which)} for {say_date(near['date'])} is "
    text += f"{say_range(*facts.band(near), unit)} ({say_level(facts.level)} band)"
    if tested:
        text += f", for {say_date(tested[-1]['date'])} {say_range(*facts.band(tested[-1]), unit)}"
    if end["basis"] != "calibrated":
        text += f" and, beyond what was tested, for {say_date(end['date'])} {say_range(*facts.band(end), unit)}"
    horizon = facts.coverage[-1]["horizon_years"]
    text += f". On earlier technologies, each left out in turn, {say_level(facts.level)} bands covered "
    text += f"{_cite_coverage(facts)} of later figures, up to {say_count(horizon, 'year')} on."
    return text + _state_course(facts, end)


def _state_course(facts: Facts, end: Row) -> str:
    """What a reader might not expect of it: another pace than the figures had, and ends above the bound of today."""
    text, ratio = "", facts.faster
    if ratio is not None and not 1 / FASTER < ratio < FASTER:
        words = format(ratio, ".1f")
        text += f" Over the next two years the median grows {words} times as fast as the figures did in the last two."
    if np.isfinite(facts.bound) and not facts.is_share and facts.band(end)[1] > facts.bound:
        text += f" The upper end passes the bound of today, {lower_first(facts.names['bound_title'])} "
        text += f"({say(facts.bound, facts.unit)}), since the bound is forecast to grow too."
    return text
