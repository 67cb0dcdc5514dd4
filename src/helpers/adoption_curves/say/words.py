"""Headline, four sentences and five key numbers of a run, from its facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..base.words import (
    NO_FORECAST,
    UNSTATED,
    lower_first,
    say,
    say_about,
    say_ahead,
    say_count,
    say_date,
    say_end,
    say_first,
    say_limit,
    say_odds,
    say_percent,
    say_range,
    spell,
)
from .facts import PASSED, Facts, Row

TABLES = {
    "headline": ("05_forecast",),
    "deck": ("02_growth", "02_newer", "03_ceiling", "05_forecast"),
    "now": ("02_growth", "02_newer"),
    "speed": ("02_growth", "02_pace", "05_forecast"),
    "forecast": ("02_newer", "03_ceiling", "03_odds", "05_bounds", "05_coverage", "05_forecast"),
    "caution": ("02_countries", "03_ceiling", "05_bound", "05_coverage"),
}
"""The tables in which the numbers of each part are found."""
MOST_NAMED = 3
"""Comparison technologies that a sentence names."""
LOST = 3
"""Percent that a technology must have lost since its highest share for that to be named."""
MANY_TIMES = 1.5
"""From this ratio on growth is given as a multiple, below it in percent."""
PACES = 1.5
"""From this ratio on, or below its inverse, forecast growth is compared with past growth."""
UNEVEN = 65
"""Percent of later figures on one side of the median from which on that is named."""
MONTHS = 2.5
"""Years below which a time is given in months."""
NUMBERS = 5
"""Key numbers."""


def write_findings(facts: Facts) -> pd.DataFrame:
    """Headline, deck and four sentences of a run.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        part (headline, deck, now, speed, forecast, caution), sentence; a part without anything to say is left out.
    """
    writers = (_write_headline, _write_deck, _write_now, _write_speed, _write_forecast, _write_caution)
    parts = {part: write(facts) for part, write in zip(TABLES, writers, strict=True)}
    parts["now"] = "" if parts["deck"].startswith(parts["now"].strip()) else parts["now"]  # said already
    rows = [(part, " ".join(sentence.split())) for part, sentence in parts.items() if sentence]
    return pd.DataFrame(rows, columns=["part", "sentence"])


# ---- who does what ------------------------------------------------------------------------------------------------


def say_place(entity: str) -> str:
    """An entity with its article: "the United States".

    >>> say_place("United Kingdom"), say_place("China")
    ('the United Kingdom', 'China')
    """
    return f"the {entity}" if re.match("United |Netherlands|Philippines|OECD|EU|European|World", entity) else entity


def say_users(names: Mapping[str, Any], value: float, may: bool = False) -> str:
    """A level as a clause: "602 million people in China used generative AI"; "Sales stood at 12 million"."""
    doing, unit = names.get("doing", ""), names["unit"]
    amount = f"about {say_about(value, unit)}" if may else say(value, unit)
    if not doing:
        return f"{names['title']} {'may reach' if may else 'stood at'} {amount}"
    who = f"{amount} of {names['people']}" if unit.startswith("percent") else amount
    did = f"may {doing}" if may else f"used{doing.removeprefix('use')}"
    return f"{who} in {say_place(names['entity'])} {did}"


def _say_when(facts: Facts, row: Row) -> str:
    return f"{facts.at_date} {say_date(row['date'])}"


STILL = 0.005
"""A middle that is not above the last figure by more than this part of it is no rise."""


def say_headline(names: Mapping[str, Any], goal: Row | None, last: float) -> str:
    """The middle of a forecast for one date as a clause, which is also the title of its figure.

    Parameters
    ----------
    names : mapping
        title, unit and, where known, doing, people and entity; see `indicators.name_series`.
    goal : dict
        From `find_goal`; None where the figures have fallen.
    last : float
        The last exact figure.

    Returns
    -------
    str
    """
    if goal is None:
        return f"{names['title']}: {NO_FORECAST}"
    if goal["basis"] == "refuted":
        return f"{names['title']}: no forecast, because the newest figure contradicts the earlier ones"
    middle, date = goal["q0.5"], say_date(goal["date"])
    if middle <= (1 + STILL) * last and not names.get("doing"):
        return f"{names['title']} may be at about {say_about(middle, names['unit'])} in {date}"
    return say_first(f"{say_users(names, middle, may=True)} {'by' if middle > last else 'in'} {date}")


def _write_headline(facts: Facts) -> str:
    return say_headline(facts.names, facts.goal if facts.fan else None, facts.last["value"])


def _write_deck(facts: Facts) -> str:
    """The range, its chance, and what it is made from."""
    newest, did = facts.newer, " did" if facts.names.get("doing") else ""
    if newest is None:
        now = f"{say_first(say_users(facts.names, facts.last['value']))} {_say_when(facts, facts.last)}."
    else:
        now = f"{say_first(say_limit(pd.Series(newest), facts.unit))}{did} {_say_when(facts, newest)}."
    if facts.refuted:
        return now
    if facts.no_forecast:
        return f"{now} {facts.no_forecast}"
    if facts.middles:
        return f"{now} We give no range: as early as this, or without a limit, ranges held too seldom."
    number = int(facts.points)
    figures = f"{spell(number)} figure{'s' * (number != 1)}"
    chance = re.sub(r"\d+", lambda digits: spell(int(digits[0])), say_odds(facts.level).replace(" in", " chances in"))
    by = f" of {facts.names['publisher']}" if facts.names.get("publisher") else ""
    span = say_range(*facts.band(facts.goal), facts.unit)
    return f"{now} Our range for {say_date(facts.goal['date'])} is {span} ({chance}), from {figures}{by}."


# ---- now, how fast ------------------------------------------------------------------------------------------------


def _write_now(facts: Facts) -> str:
    last, publisher, base = facts.last, facts.names.get("publisher", ""), facts.names.get("base", "")
    by = f"{publisher} reported that " if publisher else ""
    clause = say_users(facts.names, last["value"])
    text = f"{by}{clause if publisher else say_first(clause)} {_say_when(facts, last)}"
    if facts.rate is not None:
        text += f", {say(facts.rate, 'percent')} of {base if base.endswith('s') else f'the {base}'}"
    elif np.isfinite(last["share_of_bound"]) and not facts.is_share:
        text += f", {say(last['share_of_bound'], 'percent')} of {lower_first(facts.names['bound_title'])}"
    text += "."
    if facts.newer is not None:
        said = f"{say_limit(pd.Series(facts.newer), facts.unit)} {_say_when(facts, facts.newer)}"
        text += f" The newest figure is {said}."
    return f"{text} {facts.names.get('asked', '')}"


def _write_speed(facts: Facts) -> str:
    """Growth over a year, the pace beside other technologies, and the pace of the forecast."""
    unit, peak, least = facts.unit, facts.peak, facts.least
    if facts.course == "fallen":
        return f"The figures have fallen from a peak of {say(peak['value'], unit)} in {say_date(peak['date'])}."
    if facts.course == "still":
        span = say_range(least["value"], peak["value"], unit)
        return f"The figures have stayed at {span} since {say_date(facts.growth[0]['date'])}, so there is no growth."
    text = _say_growth(facts)
    if facts.pace is not None:
        text += _say_rivals(facts, facts.pace)
    ratio = facts.faster
    if ratio is not None and not 1 / PACES < ratio < PACES:
        times = {"0.5": "half", "2.0": "twice"}.get(f"{ratio:.1f}", f"{ratio:.1f} times")
        text += f" We forecast growth over the next two years at {times} the pace of the last two."
    return text


def _say_growth(facts: Facts) -> str:
    before, last = facts.before, facts.last
    if before is None or facts.gain is None:
        return ""
    text = f"The figure for {say_date(last['date'])} is"
    then = f"that for {say_date(before['date'])} ({say(before['value'], facts.unit)})"
    if facts.unchanged:
        return f"{text} the same as {then}."
    side = "above" if facts.gain > 0 else "below"
    if facts.is_share or facts.adds_up:
        return f"{text} {say(abs(facts.gain), facts.gain_unit)} {side} {then}."
    ratio = last["value"] / before["value"]
    if ratio >= MANY_TIMES:
        return f"{text} {ratio:.1f} times {then}."
    return f"{text} {abs(facts.gain):.{0 if abs(facts.gain) >= 0.5 else 1}f}% {side} {then}."


def _say_rivals(facts: Facts, pace: Row) -> str:
    """How fast it went through its shares of the upper limit, and which comparison series were as fast."""
    years, others, rivals = pace["years_to_target_share"], int(pace["of"] - 1), facts.rivals
    time = say_count(round(12 * years), "month") if years < MONTHS else say_count(round(years, 1), "year")
    of = f" of {lower_first(facts.names['bound_title'])}" if not facts.is_share else ""
    text = f" {'Use' if facts.names.get('doing') else 'The share'} rose from {say(pace['start_share'], 'percent')} "
    text += f"to {say(pace['target_share'], 'percent')}{of} in {time}."
    text += f" Of {others} comparison series that passed the same level, "
    if not rivals:
        return f"{text}none rose as fast."
    names = []
    for row in rivals[:MOST_NAMED]:
        sold = f" in {row['unit'].removeprefix('percent of ')}" if "of new " in row["unit"] else ""
        lost = f", down {row['lost']:.0f}% since" if row["lost"] > LOST else ""
        names.append(f"{row['technology']}{sold}{lost}")
    more = "; and others" if len(rivals) > MOST_NAMED else ""
    return f"{text}{int(pace['place'] - 1)} rose as fast or faster ({'; '.join(names)}{more})."


# ---- where to, and how sure ---------------------------------------------------------------------------------------


def _write_forecast(facts: Facts) -> str:
    unit = facts.unit
    if facts.refuted:
        return "The newest figure is outside what the earlier ones let us expect, so we give no forecast."
    if facts.no_forecast:
        return facts.no_forecast
    if facts.middles and not facts.counted:
        return f"{_say_middle(facts)} {_say_ending(facts)}"
    near, goal = facts.at(1), facts.goal
    text = f"{facts.from_others} We forecast "
    if near["date"] < goal["date"]:
        text += f"{say_range(*facts.band(near), unit)} for {say_date(near['date'])} and "
    text += f"{say_range(*facts.band(goal), unit)} for {say_date(goal['date'])}. {_say_record(facts)}"
    if facts.as_printed is not None and facts.newer is not None:
        newer = facts.newer
        read = say_range(newer["read_low"], newer["read_high"], unit)
        text += f" We read “{say_limit(pd.Series(newer), unit)}” as {read}. If it is any number from "
        text += f"{say(newer['value'], bare=True)} on, the range for {say_date(goal['date'])} is "
        text += f"{say_range(*facts.band(facts.as_printed), unit)}."
    return f"{text} {_say_ending(facts)}"


def _say_middle(facts: Facts) -> str:
    """The middle alone, and how often later figures of phones that stood as low were above it."""
    near, goal, unit = facts.at(1), facts.goal, facts.unit
    text = "The middle of our forecast is "
    if near["date"] < goal["date"]:
        text += f"{say(near['q0.5'], unit)} for {say_date(near['date'])} and "
    text += f"{say(goal['q0.5'], unit)} for {say_date(goal['date'])}. Of mobile phones by country that were below 10 "
    text += f"per 100 people, forecast {facts.middles[0]['kind']}, later figures were above the middle in "
    counts = (
        f"{row['above']:.0f} of {row['figures']:.0f} cases {say_ahead(float(row['years']))} on" for row in facts.middles
    )
    return f"{text}{', '.join(counts)}."


def _say_record(facts: Facts) -> str:
    """How often ranges of this kind, as far ahead, held the outcome."""
    if facts.counted:
        number = say_count(int(facts.goal["technologies"]), "technology", "technologies")
        return f"We counted what {number} did after they first stood there."
    row = facts.tested
    others = say_count(row["technologies"], "comparison technology", "comparison technologies")
    text = f"In tests on {others}, {say_ahead(row['horizon_years'])} ahead, such ranges contained the outcome "
    text += f"{say_percent(row['covered'])} of the time."
    above = row["above_median"]
    if max(above, 100 - above) >= UNEVEN:
        part, side = (above, "above") if above > 50 else (100 - above, "below")
        text += f" The outcome was {side} the middle of the forecast {say_percent(part)} of the time."
    return text


def _say_ending(facts: Facts) -> str:
    """Where growth ends, how often such ends were passed, and whether the forecast goes further."""
    found = facts.ceiling
    text = f"{say_first(say_end(found, facts.unit))}."
    if found.verdict not in ("levels off", "depends on the curve"):
        return text
    counted = [f"{row['above']:.0f} of {row['figures']:.0f} tests on {row['kind']}" for row in facts.odds]
    if counted:
        text += f" Within {say_count(PASSED, 'year')}, later figures passed such an end in {' and '.join(counted)}."
    if facts.goes_further:
        text += " The middle of our forecast is above that range, because half of the forecast is made without an end."
    return text


# ---- what could be wrong ------------------------------------------------------------------------------------------


def _write_caution(facts: Facts) -> str:
    parts = []
    reasons = facts.cautions(facts.growth[0]["date"], facts.last["date"])
    if reasons:
        parts.append(f"Some of the change may reflect a change in what was asked, or of whom: {reasons}.")
    if facts.country is not None:
        newest, ranked, _ = facts.country
        people = ranked["people"] or ranked["unit"].removeprefix("percent of ")
        how = ", which estimates use from telemetry," if ranked["kind"] == "telemetry" else ""
        text = f"{ranked['publisher']}{how} puts {say_place(facts.names['entity'])} at "
        text += f"{say(newest['value'], 'percent')} of {people} in {say_date(newest['date'])}."
        other = ranked["indicator"] != facts.last["indicator"]
        parts.append(f"{text}{' The two figures measure different things and cannot be compared.' * other}")
    if facts.limit_then is not None and not facts.refuted:
        low, high = facts.band(facts.limit_then)
        text = f"Our range ends above today's upper limit, {lower_first(facts.names['bound_title'])} "
        text += f"({say(facts.bound, facts.unit)}). Our range of the upper limit for {say_date(facts.goal['date'])} is "
        parts.append(f"{text}{say_range(low, high, facts.unit)}.")
    if np.isnan(facts.bound) and not facts.no_forecast:
        parts.append("This forecast has no upper limit.")
    if not facts.refuted and not facts.middles and facts.course != "fallen":
        parts.append("Technologies that failed early are not among those compared; one could end below our range.")
    if facts.course == "fallen":
        parts.append("Adoption curves only rise, so they do not apply to falling figures.")
    return " ".join(parts)


# ---- key numbers --------------------------------------------------------------------------------------------------


def list_key_numbers(facts: Facts) -> pd.DataFrame:
    """The five numbers that a reader should take away, with their intervals.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        key, label, value, low, high, unit, text (as a reader wants it), url (of the publication that prints it; "" for
        what is computed).
    """
    rows = [*_list_observed(facts), *_list_end(facts), *_list_forecast(facts)]
    columns = ["key", "label", "value", "low", "high", "unit", "text", "url"]
    return pd.DataFrame(rows[: NUMBERS - 2] + rows[-2:] if len(rows) > NUMBERS else rows, columns=columns)


def _one(key: str, label: str, value: Any, unit: str, url: Any = "", text: str = "") -> tuple[Any, ...]:
    """The row of a single number."""
    return key, label, float(value), np.nan, np.nan, unit, text or say(value, unit), url if isinstance(url, str) else ""


def _list_observed(facts: Facts) -> list[tuple[Any, ...]]:
    last, when, newer = facts.last, say_date(facts.last["date"]), facts.newer
    rows = [_one("latest", f"{facts.title}, {when}", last["value"], facts.unit, last["url"])]
    if newer is not None:
        ends = (newer["value"], np.inf) if newer["bound"] == "at_least" else (0.0, newer["value"])
        label, text = f"{facts.title}, {say_date(newer['date'])}", say_limit(pd.Series(newer), facts.unit)
        rows.append(("newest", label, np.nan, *ends, facts.unit, text, newer["url"]))
    if facts.rate is not None:
        label = f"Share of {facts.names['base']}, {when}"
        rows.append(_one("published_rate", label, facts.rate, "percent", last["rate_url"]))
    elif np.isfinite(last["share_of_bound"]) and not facts.is_share:
        label = f"Share of {lower_first(facts.names['bound_title'])}, {when}"
        rows.append(_one("share_of_bound", label, last["share_of_bound"], "percent"))
    elif facts.before is not None:
        label = f"{'Added' if facts.adds_up else 'Growth'} since {say_date(facts.before['date'])}"
        rows.append(_one("growth_year", label, facts.gain, facts.gain_unit))
    return rows


def _list_end(facts: Facts) -> list[tuple[Any, ...]]:
    """The range of the end of growth, where the figures show one."""
    found = facts.ceiling
    if found.verdict not in ("levels off", "depends on the curve"):
        return []
    text = f"{found.sentence}{'%' if facts.is_share else '' if facts.unit == UNSTATED else f' {facts.unit}'}"
    return [("ceiling", "Where growth stops", np.nan, found.low, found.high, facts.unit, text, "")]


def _list_forecast(facts: Facts) -> list[tuple[Any, ...]]:
    if facts.refuted:
        return [("forecast", "Forecast", np.nan, np.nan, np.nan, facts.unit, "contradicted by the newest figure", "")]
    if facts.no_forecast:
        return [("forecast", "Forecast", np.nan, np.nan, np.nan, facts.unit, NO_FORECAST, "")]
    if facts.middles:
        row, count = facts.goal, facts.middles[-1]
        key, label = f"forecast_{row['date']:%Y_%m}", f"Forecast for {say_date(row['date'])}, middle"
        above, ahead = 100 * count["above"] / count["figures"], say_ahead(float(count["years"]))
        counted = _one("above", f"Phones above such a middle, {ahead} on", above, "percent", "", say_percent(above))
        return [_one(key, label, row["q0.5"], facts.unit), counted]
    row = facts.goal
    (low, high), middle = facts.band(row), row["q0.5"]
    text = f"{say(middle, facts.unit, beside=high)}; range {say_range(low, high)}{'%' * facts.is_share}"
    if facts.counted:
        label = f"What other technologies did by {say_date(row['date'])}, middle and 80% range"
        return [(f"counted_{row['date']:%Y_%m}", label, middle, low, high, facts.unit, text, "")]
    record = facts.tested
    forecast = (f"forecast_{row['date']:%Y_%m}", f"Forecast for {say_date(row['date'])}, middle and range", middle)
    label = f"Outcomes inside such ranges, in tests {say_ahead(record['horizon_years'])} ahead"
    key, covered = f"coverage_{100 * facts.level:g}", record["covered"]
    held = _one(key, label, covered, "percent", "", say_percent(covered))
    return [(*forecast, low, high, facts.unit, text, ""), held]
