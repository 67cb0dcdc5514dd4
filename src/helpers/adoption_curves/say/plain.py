"""What a run found in plain words: a headline, and a few sentences that need no statistics to be read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..base.levels import band_columns
from ..base.words import lower_first, percent, say, say_count, say_date, say_end, say_name, say_range
from .facts import PASSED, Facts, Row

MANY_TIMES = 1.5
"""From this ratio on growth is told as so many times as many, below it in percent."""
UNEVEN = 65
"""Percent of later figures above the median, or below it, from which on that is told."""


def state_plainly(facts: Facts) -> pd.DataFrame:
    """Write the headline, and how much, among whom, where to and how sure in plain words.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        order, part (headline, level, countries, forecast, end, caution), sentence (each names its subject, so that it
        stands alone).
    """
    parts = {
        "headline": _say_headline(facts),
        "level": _say_level(facts),
        "countries": _say_countries(facts),
        "forecast": _say_forecast(facts),
        "end": _say_end(facts),
        "caution": _say_caution(facts),
    }
    rows = [(part, sentence) for part, sentence in parts.items() if sentence]
    frame = pd.DataFrame(rows, columns=["part", "sentence"])
    return frame.assign(order=range(1, len(rows) + 1))[["order", "part", "sentence"]]


def say_bound(row: Row, unit: str, bare: bool = False) -> str:
    """A figure that is a bound: "at least 700 million people"."""
    return f"{say_name(row['bound'])} {say(row['value'], unit, bare=bare)}"


def say_base(base: str) -> str:
    """A population in a sentence: "the total population", but "internet users"."""
    return base if base.endswith("s") else f"the {base}"


def list_shares(facts: Facts) -> list[str]:
    """What the last figure is a share of: as published, and of the bound as computed."""
    shares = []
    if facts.rate is not None:
        shares.append(f"{say(facts.rate, 'percent')} of {say_base(facts.names['base'])} as published")
    if facts.share is not None:
        bound = lower_first(facts.names["bound_title"])
        shares.append(f"{say(facts.share, 'percent')} of {bound}, computed from both figures")
    return shares


def _say_headline(facts: Facts) -> str:
    last, before, unit, newer = facts.last, facts.before, facts.unit, facts.newer
    level = f"{facts.title}: {say(last['value'], unit)} {facts.at_date} {say_date(last['date'])}"
    if newer is not None:
        after = f"after {say(last['value'], unit, bare=True)} {facts.at_date} {say_date(last['date'])}"
        return f"{facts.title}: {say_bound(newer, unit)} {facts.at_date} {say_date(newer['date'])}, {after}"
    if facts.course == "fallen":
        return f"{level}, down from {say(facts.peak['value'], unit)} in {say_date(facts.peak['date'])}"
    if before is None or facts.gain is None:
        return level
    if facts.unchanged:
        return f"{level}, the same as in {say_date(before['date'])}"
    if facts.is_share:
        points, word = say(abs(facts.gain), "percentage points"), "more" if facts.gain > 0 else "less"
        return f"{level}, {points} {word} than in {say_date(before['date'])}"
    if facts.adds_up:
        return f"{level}, {say(facts.gain, unit)} added since {say_date(before['date'])}"
    ratio = last["value"] / before["value"]
    if ratio >= MANY_TIMES:
        return f"{level}, {format(ratio, '.1f')} times as many as in {say_date(before['date'])}"
    word, form = "more" if facts.gain > 0 else "fewer", ".0f" if abs(facts.gain) >= 0.5 else ".1f"
    return f"{level}, {format(abs(facts.gain), form)} % {word} than in {say_date(before['date'])}"


def _say_level(facts: Facts) -> str:
    last, before, shares = facts.last, facts.before, list_shares(facts)
    text = f"{facts.title}, {facts.at_date} {say_date(last['date'])}: {say(last['value'], facts.unit)}"
    text += f" ({'; '.join(shares)})" if shares else ""
    if before is not None:
        text += f", after {say(before['value'], facts.unit)} {facts.at_date} {say_date(before['date'])}"
    return f"{text}. {facts.names.get('asked', '')}".strip()


def _say_countries(facts: Facts) -> str:
    """What the measure with the longest whole list says of the country, and its place in that list."""
    if facts.country is None:
        return ""
    newest, ranked, top = facts.country
    people = ranked["people"] or ranked["unit"].removeprefix("percent of ")
    how = ", which estimates use from telemetry and asks nobody," if ranked["kind"] == "telemetry" else ""
    text = f"{ranked['publisher']}{how} puts {facts.entity} at {say(newest['value'], 'percent')} of {people} in "
    text += f"{say_date(newest['date'])}."
    place, places = (format(ranked[name], ".0f") for name in ("place", "places"))
    text += f" {facts.entity} is number {place} of all {places} economies on its list for {say_date(ranked['date'])}"
    text += f", with {say(ranked['value'], 'percent')}" if newest["date"] > ranked["date"] else ""
    if ranked["place"] > 1:
        text += f" (highest: {top['entity']}, {say(top['value'], 'percent')})"
    other = " This and the figures above measure different things, so the levels are not comparable."
    return f"{text}.{other if ranked['indicator'] != facts.last['indicator'] else ''}"


def _say_forecast(facts: Facts) -> str:
    if facts.refuted:
        return (
            f"{facts.title}: the newest figure lies outside what the earlier ones let expect, so no forecast is given."
        )
    near, far, tested = facts.at(1), facts.fan[-1], facts.tested
    text = f"{facts.title}: {lower_first(facts.from_others)} " if facts.from_others else ""
    text += f"{facts.title}, forecast for {say_date(near['date'])}: {say_range(*facts.band(near), facts.unit)}. "
    others = say_count(tested["technologies"], "earlier technology", "earlier technologies")
    text += f"Such a range is meant to hold in {100 * facts.level:g} of 100 cases; made in the same way for {others} "
    text += f"{say_count(tested['horizon_years'], 'year')} ahead, it held in {format(tested['covered'], '.0f')} "
    text += "(the mean of these technologies)."
    if facts.as_printed is not None and facts.newer is not None:
        newer, low, high = facts.newer, *band_columns(facts.level)
        text += f" It reads the newest figure, {say_bound(newer, facts.unit)} in {say_date(newer['date'])}, as "
        text += (
            f"{say_range(newer['read_low'], newer['read_high'], facts.unit)}; if it may be any number from there on, "
        )
        text += f"the range is {say_range(facts.as_printed[low], facts.as_printed[high], facts.unit)}."
    above = tested["above_median"]
    if max(above, 100 - above) >= UNEVEN:
        part, side = (above, "above") if above > 50 else (100 - above, "below")
        text += f" In {format(part, '.0f')} of 100 cases the figure lay {side} the middle of the forecast."
    if far["date"] > near["date"]:
        text += f" For {say_date(far['date'])} the range is {say_range(*facts.band(far), facts.unit)}."
    return text


def _say_end(facts: Facts) -> str:
    found = facts.ceiling
    text = f"{facts.title}: {say_end(found, facts.unit)}."
    if found.verdict not in ("levels off", "depends on the curve"):
        return text
    counted = [
        f"{format(row['above_printed'], '.0f')} of {format(row['figures'], '.0f')} for {row['kind']}"
        if np.isfinite(row["figures"])
        else f"{percent(row['passed'])} for {row['kind']}"
        for row in facts.odds
    ]
    if counted:
        text += f" Later figures passed such ends within {say_count(PASSED, 'year')}: {', '.join(counted)}."
    if facts.goes_further:
        text += " The middle of the forecast lies above that range: half of it is made without such an end."
    return text


def _say_caution(facts: Facts) -> str:
    reasons = facts.cautions(facts.growth[0]["date"], facts.last["date"])
    return f"{facts.title}: part of the change may lie in what was asked, or of whom: {reasons}." if reasons else ""
