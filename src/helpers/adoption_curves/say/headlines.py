"""What is said of each kind of series: the table ``said.toml``, and the phrases of its templates."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.columns import UNNAMED
from ..base.levels import say_level
from ..base.words import (
    lower_first,
    say,
    say_ahead,
    say_count,
    say_figure,
    say_first,
    say_limit,
    say_odds,
    say_percent,
    say_unit,
    spell,
)
from .facts import Facts

WIDE = 0.3
"""A range wider than this part of its middle leads the headline; the middle then stands in the deck."""
FINE = 0.2
"""Numbers are rounded to a power of ten of at most this part of their range: by a tenth of it at most."""


def write(facts: Facts, part: str) -> str:
    """A cell of the table ``said.toml``, filled in: headline, deck, title, alt, record, quote or quote_not."""
    form = "plain" if part == "headline" and not facts.names.get("doing") else part
    cell = find_cell(facts, form)
    text = " ".join(cell.format_map(phrase(facts)).split())
    return text if cell.startswith(("{name}", "{title}")) else say_first(text)


def find_cell(facts: Facts, part: str) -> Any:
    """A cell as it stands in the table."""
    table = read_table()
    own, usual = table[facts.kind], table["usual"]
    if facts.middles:
        own, usual = own.get("middle", {}), table["middle"]
    return own.get(part, usual.get(part))


@cache
def read_table() -> dict[str, dict[str, Any]]:
    """What is said of each kind of series."""
    return tomllib.loads((Path(__file__).parent / "said.toml").read_text(encoding="utf-8"))


def phrase(facts: Facts) -> dict[str, str]:
    """The phrases of the templates that the facts of a run have words for."""
    names, unit, standing = facts.names, facts.unit, facts.standing
    now, most = facts.say(facts.last["value"]), facts.say(standing.max())
    found = {
        "title": facts.title,
        "name": facts.title.replace(": ", ", "),  # with a colon of its own it still reads as one name
        "now": say_base(names, now),
        "now_doing": say_doing(names, now),
        "now_did": say_did(facts),
        "when": facts.date(facts.last),
        "in_when": facts.when(facts.last),
        "first": facts.date(facts.growth[0]),
        "s": "s" * (len(facts.growth) == 1),
        "limit": lower_first(names["bound_title"]).replace(" percent", "%"),
        "count": f"{spell(len(facts.growth))} figure{'s' * (len(facts.growth) > 1)}",
        "since": facts.date({"date": standing.index[0]}),
        "least": facts.say(standing.min(), bare=True),
        "most": most,
        "most_of": say_base(names, most),
        "peak": facts.say(facts.peak["value"]),
        "peak_when": facts.date(facts.peak),
        "now_sentence": f"The newest figure is {now}, for {facts.date(facts.last)}.",
    }
    if facts.kind == "near":
        left = facts.ceiling["sentence"].removeprefix("at most ")
        found["left"] = f"{left}{' points' if facts.is_share else say_unit(unit)} {'is' if left == '1' else 'are'}"
    if facts.newer is not None:
        found["newest"], found["in_newest"] = say_limit(pd.Series(facts.newer), unit), facts.when(facts.newer)
        did = " did" * bool(names.get("doing"))
        found["now_sentence"] = f"{say_first(found['newest'])}{did} {found['in_newest']}."
    return found | (_phrase_forecast(facts) if facts.fan else {})


def _phrase_forecast(facts: Facts) -> dict[str, str]:
    """Phrases of the forecast for the date of the headline."""
    names, unit, goal, (low, high) = facts.names, facts.unit, facts.goal, facts.range
    middle, when = goal["q0.5"], facts.date(goal)
    some, all_of = map(int, say_odds(facts.level).split(" in "))
    odds = f"{spell(some)} {'time' if some == 1 else 'times'} in {spell(all_of)}"
    fewest, about, largest, behind = round_range(low, middle, high, unit, names.get("own", False))
    wide, beside = high - low > WIDE * middle, high if low > high / 100 else 0.0  # else each has its own digits
    found = {} if facts.kind in ("few", "refuted") else _phrase_tests(facts)
    return found | {
        "goal_when": when,
        "ahead": say_ahead(round(facts.ahead, 1)),
        "by_goal": f"{'by' if middle > facts.newest['value'] else 'in'} {when}",
        "low": say(low, unit, beside, bare=True),
        "high": say(high, unit),
        "middle": say(middle, unit, beside),
        "level": say_level(facts.level),
        "odds": odds,
        "Odds": say_first(odds),
        "technologies": say_count(int(goal["technologies"]), "other technology", "other technologies"),
        "about": say_base(names, f"{about}{behind}"),
        "about_doing": say_doing(names, f"{about}{behind}", may=True),
        "outlook": say_base(names, f"{fewest} to {largest}{behind}" if wide else f"about {about}{behind}"),
        "outlook_doing": say_doing(
            names, f"between {fewest} and {largest}{behind}" if wide else f"about {about}{behind}", may=True
        ),
    }


def _phrase_tests(facts: Facts) -> dict[str, str]:
    """Phrases of how often such ranges held, or outcomes were above such a middle."""
    tested, found = facts.tested, {}
    if facts.middles:
        row = min(facts.middles, key=lambda row: abs(row["years"] - facts.ahead))
        cases = f"{row['above']:.0f} of {row['figures']:.0f} cases {say_ahead(float(row['years']))} ahead"
        found["middles_short"] = f"in {cases}, figures of mobile phones were above such a middle."
        found["middles"] = (
            "Of mobile phones by country below 10 per 100 people, later figures were above the middle of "
        )
        found["middles"] += f"a forecast {row['kind']} in {cases}."
    return found | {
        "why_no_range": "without a limit" if np.isnan(facts.bound) else "as early as this",
        "tested_on": say_count(tested["technologies"], "comparison technology", "comparison technologies"),
        "tested_ahead": say_ahead(tested["horizon_years"]),
        "covered": say_percent(tested["covered"]),
    }


def round_range(low: float, middle: float, high: float, unit: str, own: bool = False) -> tuple[str, str, str, str]:
    """Both ends and the middle of a range for a headline, none rounded by more than a tenth of it, and the unit.

    Millions are said as billions where that is shorter, but never for a unit that is somebody's `own` label.

    >>> round_range(816.2, 1077.4, 1162.4, "million people"), round_range(0.0041, 0.0102, 0.0307, "percent of homes")
    (('0.82', '1.08', '1.16', ' billion people'), ('0.004', '0.010', '0.031', '%'))
    """
    place = int(np.floor(np.log10(FINE * (high - low)))) if high > low else int(np.floor(np.log10(high or 1.0))) - 2
    scale, behind = 0, say_unit(unit)
    if unit.startswith("million ") and not own and high >= 1000:
        scale, behind = 3, unit.replace("million", " billion", 1)
    digits = max(0, scale - place)
    ends = [f"{round(each, -place) / 10**scale:,.{digits}f}" for each in (low, middle, high)]
    first, about, last = (  # what is small beside the range is not rounded to nothing
        say(each / 10**scale, unit, bare=True) if 0 < each < 10.0**place else end
        for each, end in zip((low, middle, high), ends, strict=True)
    )
    return first, about, last, behind


def say_place(entity: str) -> str:
    """An entity with its article: "the United States".

    >>> say_place("United Kingdom"), say_place("Dominican Republic"), say_place("China")
    ('the United Kingdom', 'the Dominican Republic', 'China')
    """
    named = (
        r"United |.* Republic\b|(Bahamas|Gambia|Maldives|Netherlands|Philippines|World|OECD|Euro area)\b|EU|European"
    )
    return f"the {entity}" if re.match(named, entity) else entity


def say_doing(names: Mapping[str, Any], amount: str, may: bool = False, past: bool = False) -> str:
    """An amount of people who do something: "602 million people in China use generative AI"; "" without a verb."""
    doing = names.get("doing", "")
    if not doing:
        return ""
    who = f"{amount} of {names['people']}" if names["unit"].startswith("percent") else amount
    where = "" if names["entity"] == UNNAMED else f" in {say_place(names['entity'])}"
    verb = f"may {doing}" if may else re.sub("^use\\b", "used", doing) if past else doing
    return f"{who}{where} {verb}"


def say_did(facts: Facts) -> str:
    """What people did at the last date; without a date in the present, where the past of the verb is not known."""
    now = facts.say(facts.last["value"])
    did, do = (say_doing(facts.names, now, past=past) for past in (True, False))
    return do if did == do else f"{did} {facts.when(facts.last)}"


def say_base(names: Mapping[str, Any], amount: str) -> str:
    """An amount behind the title: of what the share is, unless the title says it; a count without what the title says.

    >>> homes = {"title": "Heat pumps", "unit": "percent of homes"}
    >>> say_base(homes, "28%"), say_base({"title": "Units sold", "unit": "units"}, "1,200 units")
    ('28% of homes', '1,200')
    """
    unit, title = names["unit"], names["title"].lower()
    base = unit.removeprefix("percent of ")
    if unit.startswith("percent"):
        return amount if base == unit or base.lower() in title else f"{amount} of {base}"
    if unit.startswith("index"):
        return f"{amount} ({unit})"
    return amount.removesuffix(f" {unit}") if unit.lower() in title else amount


def say_users(names: Mapping[str, Any], value: float) -> str:
    """A level for a figure's title: "602 million people in China used generative AI"; "Heat pumps: 28% of homes"."""
    amount = say_figure(value, names["unit"], names.get("own", False))
    return say_doing(names, amount, past=True) or f"{names['title']}: {say_base(names, amount)}"
