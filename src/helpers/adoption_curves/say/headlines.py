"""What is said of each kind of series: the table ``said.toml``, filled with facts and phrases of a run."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.columns import UNNAMED
from ..base.fallen import LEAST_FALL
from ..base.fan import find_drawn
from ..base.words import (
    round_off,
    say,
    say_ahead,
    say_count,
    say_date,
    say_day,
    say_figure,
    say_first,
    say_limit,
    say_odds,
    say_outer,
    say_percent,
    say_unit,
    spell,
)
from .facts import Facts, Row

_FINE = 0.2
"""Numbers are rounded to a power of ten of at most this part of their range: by a tenth of it at most."""
_MOST_NAMED = 2
"""Comparison technologies that a sentence names."""
_LOST = 3
"""Percent that a technology must have lost since its highest share for that to be named."""
_MANY_TIMES = 1.5
"""From this ratio on growth is given as a multiple, below it in percent."""
_FEW = {0: "no exact one", 1: "one", 2: "two"}
"""How many exact figures there are."""
_SHOW = {0: "no exact figure shows a", 1: "one figure shows no", 2: "two figures are too few for a"}
"""What few figures show, before "trend"."""
_FIELD = re.compile(r"\{(\w+)((?:\[[^\]]+\])*)(?::(\w+))?\}")
"""A fact or phrase in a template: its name, columns, and form."""
_TITLED = re.compile(r"\{as_seen\}\{(name|latest|title)|\{title")
"""Beginning of a sentence whose first letter stays as it is."""
_SAID_FORMS: dict[str, Callable[[Facts, Any], str | None]] = {
    "if": lambda facts, value: "" if value else None,
    "figure": lambda facts, value: facts.say(value),  # as published
    "number": lambda facts, value: facts.say(value).removesuffix(say_unit(facts.unit)),
    "value": lambda facts, value: say(value, facts.unit),  # as computed
    "bare": lambda facts, value: say(value, facts.unit, bare=True),
    "gain": lambda facts, value: say(value, facts.points),
    "share": lambda facts, value: say(value, "percent"),
    "points": lambda facts, value: say(value, "percent", bare=True),
    "technologies": lambda facts, value: say_count(int(value), "other technology", "other technologies"),
    "percent": lambda facts, value: say_percent(value),
    "level": lambda facts, value: f"{100 * value:g}",
    "whole": lambda facts, value: f"{value:,.0f}",
    "ahead": lambda facts, value: say_ahead(round(float(value), 1)),
    "date": lambda facts, value: facts.date(value),
    "at": lambda facts, value: facts.when(value),
    "month": lambda facts, value: say_date(value["date"]),
    "key": lambda facts, value: f"{value['date']:%Y_%m}",
}
"""How a fact is said, by the name of the form; None where the sentence can't be said."""


def write(facts: Facts, part: str) -> str:
    """A cell of the table ``said.toml``, filled in: a part of the findings, or title or alt of the figure."""
    said, named, found = phrase(facts), read_said()["sentences"], []
    for entry in find_cell(facts, part):
        options = [named.get(each, each) for each in ([entry] if isinstance(entry, str) else entry)]
        text, template = next(((text, each) for each in options if (text := fill(each, facts, said))), ("", ""))
        found.append(text if _TITLED.match(template) else say_first(text))
    whole = " ".join(" ".join(found).split())
    return f"“{whole}”" if part == "quote" and whole else whole


def find_cell(facts: Facts, part: str) -> list[Any]:
    """A cell as it stands in the table."""
    return read_said()[facts.kind].get(part, read_said()["usual"][part])


@cache
def read_said() -> dict[str, dict[str, Any]]:
    """What is said of each kind of series."""
    return tomllib.loads((Path(__file__).parent / "said.toml").read_text(encoding="utf-8"))


def find_values(template: str, facts: Facts, said: Mapping[str, Any]) -> list[Any]:
    """The facts and phrases of a template, each in its form; None for one that isn't known."""
    found = []
    for name, columns, form in _FIELD.findall(template):
        value = said[name] if name in said else getattr(facts, name)
        for column in re.findall(r"\[([^\]]+)\]", columns):
            value = None if value is None else value[column]
        found.append(_SAID_FORMS[form](facts, value) if form and value is not None else value)
    return found


def fill(template: str, facts: Facts, said: Mapping[str, Any]) -> str:
    """A sentence with its facts and phrases; "" where one of them is not known."""
    values = find_values(template, facts, said)
    texts = ["" if isinstance(value, float) and np.isnan(value) else value for value in values]
    return "" if None in texts else _FIELD.sub("{}", template).format(*texts)


# ---- phrases ------------------------------------------------------------------------------------------------------


def phrase(facts: Facts) -> dict[str, Any]:
    """The words that take more than one fact, by name; None for what is not known."""
    found = _phrase_figures(facts) | _phrase_growth(facts) | _phrase_left(facts)
    return found | (_phrase_forecast(facts) if facts.goal else {})


def _phrase_figures(facts: Facts) -> dict[str, Any]:
    """What was published: the last figure, a newer limit, and the latest of both for a headline."""
    names, last, newer = facts.names, facts.last, facts.newer
    name, now = facts.title.replace(": ", ", "), facts.say(last["value"])
    known_by = say_day(pd.Timestamp(names["as_of"])) if names.get("as_of") else None
    past = f"From figures up to {facts.date(last)}: " if facts.goal and facts.goal["date"] <= names["known"] else ""
    drawn, _ = find_drawn([row["date"] for row in facts.growth] or [last["date"]], facts.fan)
    count = len(facts.growth)
    since = f" since {facts.date({'date': facts.earlier['break']})}" if facts.earlier else ""
    found = {
        "name": name,  # with a colon of its own it still reads as one name
        "figures": f"{name}: figures from {facts.date({'date': drawn})} to {facts.date(last)}",
        "known_by": known_by,
        "as_seen": f"As seen on {known_by}: " if known_by else past,
        "and_limit": " and its upper limit" * names["limit_is_series"],
        "place": say_place(names["entity"]),
        "now_base": _say_base(names, now),
        "now_did": _say_did(facts, now, last),
        "most_base": _say_base(names, facts.say(facts.standing["high"])),
        "share_of": f", {say(facts.share['value'], 'percent')} of {facts.share['of']}" if facts.share else "",
        "few_show": _SHOW.get(count, "figures so near each other show no"),
        "few_are": f"there {'are' if count > 1 else 'is'} {_FEW.get(count, 'none so far apart')}{since}",
        "anew": since.removeprefix(" since ") or None,
        "below_peak": facts.peak["lost"] >= 100 * LEAST_FALL,
        "source": f", according to {names['publisher_name']}" if names["publisher_name"] else "",
        "newer_said": None,
        "limits_said": ", ".join(_say_limits(facts)) or None,
        "share_untold": bool(facts.reading) or bool(facts.share and facts.share["base"] != facts.limit_name),
    }
    found["latest"] = found["now_did"] or f"{name}: {found['now_base']} {facts.when(last)}"
    if newer:
        found |= _phrase_newer(facts, name, newer)
        given = f"{found['newer_said']} for {facts.date(newer)}"
        found["figures"] = f"{found['figures']}, {given}" if facts.growth else f"{name}: {given}"
    return found


def _say_limits(facts: Facts) -> list[str]:
    """The newer limits that no other sentence has: at least 50% for 2023."""
    rows = [row for row in facts.list_rows("02_newer") if not facts.newer or row["date"] != facts.newer["date"]]
    return [f"{say_limit(pd.Series(row), facts.unit)} for {facts.date(row)}" for row in rows]


def _phrase_newer(facts: Facts, name: str, newer: Row) -> dict[str, Any]:
    """What a newer limit adds to what was published, and puts in its place."""
    text, value = say_limit(pd.Series(newer), facts.unit), newer["value"]
    low, high = (value, np.inf) if newer["bound"] == "at_least" else (0.0, value)
    latest = say_first(_say_did(facts, text, newer) or "")
    latest = latest or f"{name}: {_say_base(facts.names, text)} {facts.when(newer)}"
    return {"newer_said": text, "newer_low": low, "newer_high": high, "latest": latest}


def _phrase_growth(facts: Facts) -> dict[str, Any]:
    """Growth over a year, and which other series were as fast."""
    before, by_points = facts.before, facts.is_share or facts.measure == "cumulative"
    found: dict[str, Any] = dict.fromkeys(("grown", "change_value", "change_unit", "change_text"))
    found |= {"change": "", "of_limit": "" if facts.is_share else f" of {facts.limit_name}"}
    if before:
        gain, ratio = before["gain"], facts.last["value"] / before["value"]
        by = say(abs(gain), facts.points) if by_points else say_percent(abs(before["percent"]))
        side, words = ("above", "more than") if gain > 0 else ("below", "less than")
        grown, change = f"{by} {side}", f"{by} {words}"
        if not by_points and ratio >= _MANY_TIMES:
            grown = f"{ratio:.1f} times"
            change = f"{grown} as {'many' if facts.names.get('doing') else 'much'} as"
        if abs(gain) < (min(0.05, 5e-3 * facts.last["value"]) if facts.is_share else 5e-4 * facts.last["value"]):
            grown = change = "the same as"
        value, unit = (gain, facts.points) if facts.is_share else (before["percent"], "percent")
        found |= {"grown": grown, "change": "" if facts.newer else f", {change} {facts.when(before)}"}
        if not facts.share:  # which a page would rather have
            found |= {"change_value": value, "change_unit": unit, "change_text": say(value, unit)}
    return found | {"as_fast": _name_rivals(facts) if facts.pace else None}


def _name_rivals(facts: Facts) -> str:
    """The other series that rose as fast or faster, the fastest first."""
    rivals, pace, names = facts.rivals, facts.pace, []
    for row in rivals[:_MOST_NAMED]:
        whole = row["unit"].removeprefix("percent of ")
        sold = f" in {whole}" if whole.startswith("new ") else ""
        lost = f", down {row['lost']:.0f}% since" if row["lost"] > _LOST else ""
        names.append(f"{row['technology']}{sold} in {say_place(row['entity'])}{lost}")
    start, end = (say(pace[name], "percent") for name in ("start_share", "target_share"))
    text = f"Of {pace['of'] - 1:.0f} other series that passed {start}, {len(rivals) or 'none'} reached {end} as fast"
    return f"{text} or faster. The fastest: {'; '.join(names)}" if rivals else text


def _phrase_left(facts: Facts) -> dict[str, Any]:
    """What is left to the limit."""
    left, unit = facts.ceiling["sentence"].removeprefix("at most "), facts.unit
    return {
        "left": f"{left}{' points' if facts.is_share else say_unit(unit)} {'is' if left == '1' else 'are'}",
        "is_count": not facts.is_share,
        "is_level": facts.measure == "level",
    }


def _phrase_forecast(facts: Facts) -> dict[str, Any]:
    """The forecast for the date of the headline: its range, or without a limit a single number."""
    names, unit, goal, tested = facts.names, facts.unit, facts.goal, facts.tested
    when, own, middle = facts.date(goal), bool(names.get("own")), goal["q0.5"]
    [about], behind = round_off([middle], middle / 10, unit, own)
    on = say_count(tested["technologies"], "comparison technology", "comparison technologies") if tested else ""
    found = {
        "by_goal": f"by {when}" if facts.measure == "level" and middle > facts.newest["value"] else facts.when(goal),
        "figure_then": f"total {facts.when(goal)}" if facts.measure == "cumulative" else f"figure for {when}",
        "untested": read_said()["untested"].get(facts.measure),
        "outer": say_outer(facts.level),
        "chance": f"a chance of {say_odds(facts.level)}",
        "about": f"about {about}{behind}",
        "no_range": facts.range is None,
        "unlimited": facts.range is None and not facts.has_limit,
        "may_limit": facts.range is None and not facts.has_limit and facts.measure != "flow",
        "odds": say_odds(facts.level, "time"),
        "tested_on": on or None,
        "audited": _say_audit(facts),
        "is_sales": facts.measure == "flow" and facts.is_share,
        "held": _say_held(facts),
    } | dict.fromkeys(("between", "between_doing", "will", "will_doing", "ends_above", "begins_below", "above_limit"))
    if facts.range:
        low, high = facts.range["low"], facts.range["high"]
        (fewest, largest), behind = _round_range(low, high, unit, own)
        found["between"] = _say_base(names, f"{fewest} to {largest}{behind}")
        found["between_doing"] = _say_doing(names, f"between {fewest} and {largest}{behind}", "may ")
        exact = f"between {say(low, unit, high, bare=True)} and {say(high, unit)}"
        found |= {"will": _say_base(names, exact), "will_doing": _say_doing(names, exact, "will ")}
        found |= {"ends_above": high > facts.peak["value"], "begins_below": low < facts.last["value"]}
        found["above_limit"] = bool(facts.limit) and not facts.is_share and high > facts.limit["mean"]
    return found


def _say_audit(facts: Facts) -> str | None:
    """What the audit counted of such ranges, a sentence without its beginning a series; None without one."""
    parts = []
    for row in facts.audit:
        inside, figures = say_percent(row["inside_80"]), say_count(int(row["figures"]), "figure")
        parts.append(f"{inside} of the outcomes of {row['origins']:,.0f} forecasts from {figures} ({row['series']})")
    return ". They held ".join(parts) or None


def _say_held(facts: Facts) -> str | None:
    """How often such ranges held in all tests, in tenths: "seven to eight times in ten"; None without a test."""
    if not facts.held:
        return None
    least, most = (round(facts.held[name] / 10) for name in ("least", "most"))
    times = spell(least) if least == most else f"{spell(least)} to {spell(most)}"
    return f"{times} times in ten"


# ---- numbers and amounts ------------------------------------------------------------------------------------------


def _round_range(low: float, high: float, unit: str, own: bool = False) -> tuple[list[str], str]:
    """Both ends of a range for a headline, neither rounded by more than a tenth of it or of the lower, and the unit.

    >>> _round_range(816.2, 1162.4, "million people"), _round_range(124.6, 653.5, "thousand roofs")
    ((['0.82', '1.16'], ' billion people'), (['120', '650'], ' thousand roofs'))
    """
    fine = _FINE * (high - low) or high
    first = low / 10.0 ** math.floor(math.log10(fine))  # the first digit of the lower, where that is all that is left
    return round_off([low, high], fine / 10 if 1 <= first < 5 else fine, unit, own)


def say_place(entity: str) -> str:
    """An entity with its article: "the United States".

    >>> say_place("United Kingdom"), say_place("Dominican Republic"), say_place("China"), say_place("Europe")
    ('the United Kingdom', 'the Dominican Republic', 'China', 'Europe')
    """
    named = r"United |.* Republic\b|(Bahamas|Gambia|Maldives|Netherlands|Philippines|World|OECD)\b|(EU|Euro)\b"
    return f"the {entity}" if re.match(named, entity) else entity


def _say_doing(names: Mapping[str, Any], amount: str, ahead: str = "", past: bool = False) -> str | None:
    """An amount of people who do something: "602 million people in China use generative AI"; None without a verb."""
    doing = names.get("doing", "")
    if not doing:
        return None
    who = f"{amount} of {names['people']}" if names["unit"].startswith("percent") else amount
    where = "" if names["entity"] == UNNAMED else f" in {say_place(names['entity'])}"
    verb = re.sub("^use\\b", "used", doing) if past else f"{ahead}{doing}"
    return f"{who}{where} {verb}"


def _say_did(facts: Facts, amount: str, row: Row) -> str | None:
    """What people did at a date; in the present, with the date in brackets, where the past of the verb is not known."""
    did, do = (_say_doing(facts.names, amount, past=past) for past in (True, False))
    return do and (f"{do} ({facts.date(row)})" if did == do else f"{did} {facts.when(row)}")


def _say_base(names: Mapping[str, Any], amount: str) -> str:
    """An amount behind the title: of what the share is, unless the title says it; a count without what the title says.

    >>> homes = {"title": "Heat pumps", "unit": "percent of homes"}
    >>> _say_base(homes, "28%"), _say_base({"title": "Cars sold", "unit": "million cars"}, "1.4 million cars")
    ('28% of homes', '1.4 million')
    """
    unit, title = names["unit"], names["title"].lower()
    base = unit.removeprefix("percent of ")
    if unit.startswith("percent"):
        return amount if base == unit or base.lower() in title else f"{amount} of {base}"
    if unit.startswith("index"):
        return f"{amount} ({re.sub('[()]', '', unit)})"
    counted = re.sub("^(thousand|million|billion) ", "", unit)
    return amount.removesuffix(f" {counted}") if counted.lower() in title else amount


def say_users(names: Mapping[str, Any], value: float) -> str:
    """A level for a figure's title: "602 million people in China used generative AI"; "Heat pumps: 28% of homes"."""
    amount = say_figure(value, names["unit"], names.get("own", False))
    return _say_doing(names, amount, past=True) or f"{names['title']}: {_say_base(names, amount)}"
