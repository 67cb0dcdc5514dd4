"""Sentences and key numbers of a run, from its facts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..base.levels import say_level
from ..base.words import (
    NO_END,
    lower_first,
    percent,
    say,
    say_ahead,
    say_count,
    say_date,
    say_end,
    say_first,
    say_limit,
    say_percent,
    say_range,
    say_unit,
)
from ..curves.verdict import DEPENDS
from .facts import PASSED, RISING, Facts, Row
from .headlines import find_cell, phrase, say_doing, say_place, write

TABLES = {
    "headline": ("02_growth", "02_newer", "03_ceiling", "05_forecast"),
    "deck": ("02_growth", "02_newer", "05_forecast"),
    "now": ("02_growth", "02_newer"),
    "speed": ("02_growth", "02_newer", "02_pace", "05_forecast"),
    "forecast": ("03_ceiling", "03_odds", "05_alike", "05_class", "05_coverage", "05_forecast", "05_middle"),
    "caution": ("02_growth", "02_countries", "03_ceiling", "05_bound"),
    "quote": ("05_forecast", "02_growth"),
    "quote_not": ("03_ceiling", "05_middle"),
}
"""The parts of the findings, and the tables in which the numbers of each are found."""
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
    """Headline, deck, four paragraphs, and what may be quoted.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        part (headline, deck, now, speed, forecast, caution, quote, quote_not), sentence; a part without anything to say
        is left out.
    """
    parts = {
        "headline": write(facts, "headline"),
        "deck": write(facts, "deck"),
        "now": _write_now(facts),
        "speed": _write_speed(facts),
        "forecast": _write_forecast(facts),
        "caution": _write_caution(facts),
        "quote": write(facts, "quote"),
        "quote_not": write(facts, "quote_not"),
    }
    rows = [(part, " ".join(sentence.split())) for part, sentence in parts.items() if sentence]
    return pd.DataFrame(rows, columns=["part", "sentence"])


def say_from_others(points: int) -> str:
    """First sentence on a series of one figure or two; else ""."""
    if points > 2:
        return ""
    known = "two figures" if points > 1 else "one figure"
    return f"This series has only {known}, so we show what other technologies, most of them successes, did from there."


# ---- now, how fast ------------------------------------------------------------------------------------------------


def _write_now(facts: Facts) -> str:
    """Who reported what, as a share of whom, and whom they asked."""
    last, names, unit = facts.last, facts.names, facts.unit
    if not (names.get("publisher") or facts.newer or (np.isfinite(last["share_of_bound"]) and not facts.is_share)):
        return ""  # headline and deck say it
    publisher, base, amount = names.get("publisher", ""), names.get("base", ""), facts.say(last["value"])
    did = say_doing(names, amount, past=True)
    if did:
        text = f"{publisher} reported that {did} {facts.when(last)}" if publisher else f"{did} {facts.when(last)}"
    else:
        text = f"{f'{publisher} reported' if publisher else 'The last figure is'} {amount} for {facts.date(last)}"
    if facts.rate is not None:
        text += f", {say(facts.rate, 'percent')} of {base if base.endswith('s') else f'the {base}'}"
    elif np.isfinite(last["share_of_bound"]) and not facts.is_share:
        text += f", {say(last['share_of_bound'], 'percent')} of {lower_first(names['bound_title'])}"
    text += "."
    if (newer := facts.newer) is not None:
        gave = f"{publisher} gave only" if publisher else "there is only"
        text += f" For {facts.date(newer)} {gave} “{say_limit(pd.Series(newer), unit)}”."
        if np.isfinite(newer["read_low"]):
            why = f", because {newer['reason']}" if newer.get("reason") else ""
            text += f" We read it as {say_range(newer['read_low'], newer['read_high'], unit)}{why}."
    return f"{text} {names.get('asked', '')}"


def _write_speed(facts: Facts) -> str:
    """Growth over a year, the pace beside other technologies, and the pace of the forecast."""
    unit, peak, standing = facts.unit, facts.peak, facts.standing
    if facts.kind == "fallen":
        lost = percent(1 - facts.last["value"] / peak["value"])
        return f"The last figure is {lost} below the highest, {facts.say(peak['value'])} for {facts.date(peak)}."
    if facts.kind in ("still", "levelled"):
        since, span = facts.date({"date": standing.index[0]}), (standing.min(), standing.max())
        return f"The figures have been {facts.say(span[0], bare=True)} to {facts.say(span[1])} since {since}."
    text = _say_growth(facts)
    if facts.pace is not None:
        text += _say_rivals(facts, facts.pace)
    if facts.paces is not None:
        past, start, coming, end = facts.paces
        if not 1 / PACES < coming / past < PACES:
            points = "percentage points" if facts.is_share else unit
            text += f" We forecast growth of {say(coming, points, past)} a year until {facts.date(end)}; "
            text += f"it was {say(past, points, coming)} a year since {facts.date(start)}."
    return text


def _say_growth(facts: Facts) -> str:
    before, last, unit = facts.before, facts.last, facts.unit
    if before is None or facts.kind == "few":
        return ""
    text = f"The figure for {facts.date(last)} is"
    then = f"that for {facts.date(before)} ({facts.say(before['value'])})"
    gain, ratio = last["value"] - before["value"], last["value"] / before["value"]
    if abs(gain) < (min(0.05, 5e-3 * last["value"]) if facts.is_share else 5e-4 * last["value"]):
        return f"{text} the same as {then}."
    side = "above" if gain > 0 else "below"
    if facts.is_share or facts.measure == "cumulative":
        return f"{text} {say(abs(gain), 'percentage points' if facts.is_share else unit)} {side} {then}."
    if ratio >= MANY_TIMES:
        return f"{text} {ratio:.1f} times {then}."
    return f"{text} {say_percent(100 * abs(ratio - 1))} {side} {then}."


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
    names, new = [], all("of new " in row["unit"] for row in rivals)
    for row in rivals[:MOST_NAMED]:
        sold = f" in {row['unit'].removeprefix('percent of ')}" if "of new " in row["unit"] and not new else ""
        lost = f", down {row['lost']:.0f}% since" if row["lost"] > LOST else ""
        names.append(f"{row['technology']}{sold}{lost}")
    more = "; and others" if len(rivals) > MOST_NAMED else ""
    only = ", all of them shares of what was newly sold" if new else ""
    return f"{text}{len(rivals)} rose as fast or faster{only} ({'; '.join(names)}{more})."


# ---- where to, and how sure ---------------------------------------------------------------------------------------


def _write_forecast(facts: Facts) -> str:
    """The record of such ranges, windows like this one, the country's other services, and where growth ends."""
    record = write(facts, "record")
    if not record:
        return "" if facts.kind in ("fallen", "refuted") else "These shares are counted, not forecast."
    if facts.kind == "flow":
        return record
    return f"{record} {_say_alike(facts)} {_say_others(facts)} {_say_ending(facts)}"


def _say_alike(facts: Facts) -> str:
    """On which side of such forecasts the outcomes were."""
    row = facts.alike
    if facts.middles:
        return ""
    if row is None:
        above = facts.tested["above_median"]
        part, side = (above, "above") if above > 50 else (100 - above, "below")
        return f"The outcome was {side} the middle {say_percent(part)} of the time." if part >= UNEVEN else ""
    return (
        f"After about the same share and pace, on {row['technologies']:.0f} of them, "
        f"{say_percent(row['above_median'])} of outcomes were above the middle "
        f"and {say_percent(row['below'])} below the range."
    )


def _say_others(facts: Facts) -> str:
    """Where the country's other services stood as long after the same share."""
    rows = facts.others
    if rows is None or 0.25 not in rows:
        return ""
    low, high = rows[0.25], rows[0.75]
    text = f"Of {int(low['series'])} other series for {say_place(facts.names['entity'])} that had reached this share, "
    text += f"half were at {say_range(low['share'], high['share'], 'percent')} of their limit "
    text += f"{say_ahead(round(low['years'], 1))} later or when last counted"
    if not facts.is_share:
        text += f". That would be {say_range(low['value'], high['value'], facts.unit)} for {facts.date(facts.goal)}"
    return f"{text}."


def _say_ending(facts: Facts) -> str:
    """Where growth ends, how often such ends were passed, and whether the forecast goes further."""
    found = facts.ceiling
    if facts.kind in ("near", "still"):
        return ""
    text = f"{say_first(say_end(found, facts.unit))}."
    if found["verdict"] == DEPENDS and found["high"] > facts.bound:  # which no share can be
        text = f"{say_first(NO_END)}; our curves put the end at {say(found['low'], facts.unit)} or above."
    counted = [
        f"{row['above']:.0f} of {row['figures']:.0f} tests on {row['kind'].replace(' by country', '').replace(',', '')}"
        for row in facts.odds
        if np.isfinite(row["above"])
    ]
    if facts.kind == "levelled" and counted:
        text += f" Within {say_count(PASSED, 'year')}, later figures passed such an end in {' and '.join(counted)}."
    if facts.goes_further:
        text += " The middle of our forecast is above that end."
    return text


# ---- what could be wrong ------------------------------------------------------------------------------------------


def _write_caution(facts: Facts) -> str:
    """Doubts, the largest first."""
    parts = []
    if facts.kind == "few":
        parts.append("Most of the technologies that we counted succeeded; one that fails may end below their range.")
    if facts.kind in ("still", "levelled") and not facts.middles and facts.range[1] > facts.peak["value"]:
        parts.append(
            "Our range ends above every figure so far, because most technologies that we learn from rose further."
        )
    if facts.kind == "near" and facts.range[0] < facts.last["value"]:
        parts.append("Our range begins below the last figure: it allows for a fall.")
    if facts.kind in RISING:
        parts.append(
            "Most technologies that we learn from succeeded; if this one fails, it will end below our "
            f"{'forecast' if facts.middles else 'range'}."
        )
    if facts.jump is not None:
        reason, before, after = facts.jump
        points = "percentage points" if facts.is_share else facts.unit
        change = say(abs(after["value"] - before["value"]), points)
        when = f"between {facts.date(before)} and {facts.date(after)}"
        parts.append(f"The change of {change} {when} may be partly one of the survey: {reason}.")
    if facts.country is not None:
        newest, ranked = facts.country
        people = ranked["people"] or ranked["unit"].removeprefix("percent of ")
        how = ", which estimates use from telemetry," if ranked["kind"] == "telemetry" else ""
        text = f"{ranked['publisher']}{how} puts {say_place(facts.names['entity'])} at "
        text += f"{say(newest['value'], 'percent')} of {people} in {say_date(newest['date'])}."
        if ranked["indicator"] != facts.last["indicator"]:
            ours = f"{facts.names['publisher']}'s" if facts.names.get("publisher") else "Your"
            text += f" {ours} and {ranked['publisher']}'s figures measure different things."
        parts.append(text)
    if facts.kind in ("limited", "near") and facts.limit_then is not None:
        text = (
            f"Our range ends above today's {lower_first(facts.names['bound_title'])}, {say(facts.bound, facts.unit)}; "
        )
        parts.append(f"{text}we expect {say(facts.limit_then, facts.unit)} in {facts.date(facts.goal)}.")
    if facts.kind in ("open", "cumulative") and np.isnan(facts.bound):
        parts.append("We know of no upper limit for this series.")
    return " ".join(parts)


# ---- key numbers --------------------------------------------------------------------------------------------------


def list_key_numbers(facts: Facts) -> pd.DataFrame:
    """The numbers that a reader should take away, five at most, those that the kind of series asks for.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        key, label, value, low, high, unit, text (as a reader wants it), url (of the publication that prints it; "" for
        what is computed).
    """
    makers = _make_observed(facts) | (_make_forecast(facts) if facts.fan and facts.kind != "refuted" else {})
    rows = [makers[name] for name in find_cell(facts, "numbers") if makers.get(name)]
    columns = ["key", "label", "value", "low", "high", "unit", "text", "url"]
    return pd.DataFrame(rows[: NUMBERS - 2] + rows[-2:] if len(rows) > NUMBERS else rows, columns=columns)


def _one(key: str, label: str, value: Any, unit: str, url: Any = "", text: str = "") -> tuple[Any, ...]:
    """The row of a single number."""
    return key, label, float(value), np.nan, np.nan, unit, text or say(value, unit), url if isinstance(url, str) else ""


def _two(key: str, label: str, low: float, high: float, unit: str, text: str = "", url: str = "") -> tuple[Any, ...]:
    """The row of a range."""
    return key, label, np.nan, low, high, unit, text or say_range(low, high, unit), url


def _make_observed(facts: Facts) -> dict[str, tuple[Any, ...] | None]:
    """Rows of what was published, and of where growth ends, by name; None where there is no such number."""
    last, unit, before, standing = facts.last, facts.unit, facts.before, facts.standing
    points, when = "percentage points" if facts.is_share else unit, facts.date(last)
    printed = facts.say(last["value"])
    rows: dict[str, Any] = {
        "latest": _one("latest", f"{facts.title}, {when}", last["value"], unit, last["url"], printed)
    }
    peak = facts.say(facts.peak["value"])
    rows["peak"] = _one("peak", f"Highest figure, {facts.date(facts.peak)}", facts.peak["value"], unit, "", peak)
    lost = 100 * (1 - last["value"] / facts.peak["value"])
    rows["fall"] = _one("fall", "Below the highest figure", lost, "percent", "", say_percent(lost))
    span, since = (standing.min(), standing.max()), facts.date({"date": standing.index[0]})
    text = f"{facts.say(span[0], bare=True)} to {facts.say(span[1])}"
    rows["span"] = _two("span", f"Lowest and highest since {since}", span[0], span[1], unit, text)
    rows["left"] = _one("left", "Left to the limit, at most", facts.ceiling["left"], points)
    if (newer := facts.newer) is not None:
        low, high = (newer["value"], np.inf) if newer["bound"] == "at_least" else (0.0, newer["value"])
        label, text = f"{facts.title}, {facts.date(newer)}", say_limit(pd.Series(newer), unit)
        rows["newest"] = _two("newest", label, low, high, unit, text, newer["url"])
    if facts.rate is not None:
        label = f"Share of {facts.names['base']}, {when}"
        rows["share"] = _one("published_rate", label, facts.rate, "percent", last["rate_url"])
    elif np.isfinite(last["share_of_bound"]) and not facts.is_share:
        label = f"Share of {lower_first(facts.names['bound_title'])}, {when}"
        rows["share"] = _one("share_of_bound", label, last["share_of_bound"], "percent")
    if before is not None:
        gain, since = last["value"] - before["value"], facts.date(before)
        rows["added"] = _one("added_year", f"Added since {since}", gain, points)
        change = (gain, points) if facts.is_share else (100 * gain / before["value"], "percent")
        if "share" not in rows:
            rows["change"] = _one("change_year", f"Change since {since}", *change)
    if facts.kind == "levelled":
        low, high = facts.ceiling["low"], facts.ceiling["high"]
        text = facts.ceiling["sentence"].removeprefix("ends between ") + say_unit(unit)
        rows["end"] = _two("ceiling", "Growth would stop between", low, high, unit, text)
    return rows


def _make_forecast(facts: Facts) -> dict[str, tuple[Any, ...]]:
    """Rows of the forecast, and of how often such ranges held."""
    goal, unit, (low, high) = facts.goal, facts.unit, facts.range
    said = phrase(facts)
    text = f"{said['middle']}; range {said['low']} to {said['high']}"
    when, rows = facts.date(goal), {}
    labels = {
        "forecast": f"Forecast for {when}, middle and range",
        "untested": f"Untested forecast for {when}, middle and range",
        "counted": f"What other technologies did by {when}, middle and {say_level(facts.level)} range",
    }
    if facts.middles:
        row = min(facts.middles, key=lambda row: abs(row["years"] - facts.ahead))
        above, ahead = 100 * row["above"] / row["figures"], say_ahead(float(row["years"]))
        rows["above"] = _one(
            "above", f"Phones above such a middle, {ahead} on", above, "percent", "", say_percent(above)
        )
        low, high, text = np.nan, np.nan, said["middle"]
        labels = {"middle": f"Forecast for {when}, middle", "untested": f"Untested forecast for {when}, middle"}
    for name, label in labels.items():
        rows[name] = (f"{name}_{goal['date']:%Y_%m}", label, goal["q0.5"], low, high, unit, text, "")
    if facts.kind not in ("few", "flow"):
        tested = facts.tested
        label = f"Outcomes inside such ranges, in tests {say_ahead(tested['horizon_years'])} ahead"
        key, covered = f"coverage_{100 * facts.level:g}", tested["covered"]
        rows["covered"] = _one(key, label, covered, "percent", "", say_percent(covered))
    return rows
