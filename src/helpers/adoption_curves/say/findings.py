"""Sentences and key numbers of a run, from its facts."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import SHORTEST
from ..base.words import say, say_percent
from .facts import Facts, Row
from .sentences import say_about, say_ends, say_gain, say_newer, say_span, write_page
from .users import say_base

_PARTS = ("headline", "deck", "known", "now", "speed", "forecast", "caution", "quote", "quote_not")
"""Parts of the findings: the headline, what stands below it, on which day what was known, four paragraphs, quotes."""
_KEY_NUMBER_COLUMNS = ["key", "label", "value", "low", "high", "unit", "text", "url"]


def write_findings(facts: Facts) -> pd.DataFrame:
    """Headline, deck, what was known on the day of the run, four paragraphs, and what may be quoted.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        part (one of `_PARTS`), sentence; a part without anything to say is left out.
    """
    page = write_page(facts)
    rows = [(part, sentence) for part in _PARTS if (sentence := getattr(page, part))]
    return pd.DataFrame(rows, columns=["part", "sentence"])


def say_few(points: int, since: str = "") -> str:
    """First sentence on a series of fewer than three usable figures `since` a break, if there is one; else ""."""
    if points >= SHORTEST:
        return ""
    known = {0: "no exact figure", 1: "one figure"}.get(points, "two figures")
    return f"This series has {known}{since and f' since {since}'}: too few for a forecast."


def list_key_numbers(facts: Facts) -> pd.DataFrame:
    """The numbers that a reader should take away, those that the kind of series asks for.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        key, label, value, low, high, unit, text (as a reader wants it), url (of the publication that prints it; "" for
        what is computed).
    """
    rows = _list_published(facts) | _list_forecast(facts)
    found = [rows[name] for name in write_page(facts).numbers if name in rows]
    return pd.DataFrame(found, columns=_KEY_NUMBER_COLUMNS)


def _make_row(facts: Facts, key: str, label: str, text: str, value: float = np.nan, **cells: Any) -> Row:
    """A row of `list_key_numbers`, in the unit of the series unless another is given."""
    blank = {"low": np.nan, "high": np.nan, "unit": facts.names.unit, "url": ""}
    url = {"url": cells["url"]} if isinstance(cells.get("url"), str) else {"url": ""}
    return {"key": key, "label": label, "text": text, "value": value, **blank, **cells, **url}


def _list_published(facts: Facts) -> dict[str, Row]:
    """The key numbers on figures that the facts have, by name."""
    make, last, newer, share, before = partial(_make_row, facts), facts.last, facts.newer, facts.share, facts.before
    title, date, peak, rows = facts.names.title, facts.date(facts.last), facts.peak, dict[str, Row]()
    if facts.growth:
        text = say_base(facts.names, facts.say(last["value"]))
        rows["latest"] = make("latest", f"{title}, {date}", text, last["value"], url=last["url"])
    if newer:
        low, high = (newer["value"], np.inf) if newer["qualifier"] == "at_least" else (0.0, newer["value"])
        label, text = f"{title}, {facts.date(newer)}", say_newer(facts)
        rows["newest"] = make("newest", label, text, low=low, high=high, url=newer["url"])
    if share:
        cells, text = {"unit": "percent", "url": share["url"]}, say(share["value"], "percent")
        rows["share"] = make(share["key"], f"Share of {share['base']}, {date}", text, share["value"], **cells)
    if before:
        change, unit = (before["gain"], facts.points) if facts.is_share else (before["percent"], "percent")
        since, added = f"since {facts.date(before)}", facts.say_step(before["gain"])
        text = added if facts.is_share else say_gain(facts, change)
        rows["added"] = make("added_year", f"Added {since}", added, before["gain"], unit=facts.points)
        rows["change"] = make("change_year", f"Change {since}", text, change, unit=unit)
    if share:  # which a page would rather have
        rows.pop("change", None)
    span = {name: facts.standing[name] for name in ("low", "high")}
    said = " to ".join(say_span(facts))
    rows["span"] = make("span", f"Lowest and highest since {facts.date(facts.standing)}", said, **span)
    rows["peak"] = make("peak", f"Highest figure, {facts.date(peak)}", facts.say(peak["value"]), peak["value"])
    text = say_percent(peak["lost"])
    return rows | {"fall": make("fall", f"Down since {facts.date(peak)}", text, peak["lost"], unit="percent")}


def _list_forecast(facts: Facts) -> dict[str, Row]:
    """The key numbers on the forecast that the facts have, by name."""
    make, goal, found, left = partial(_make_row, facts), facts.goal, facts.range, facts.saturation_level["left"]
    label = f"Short of {facts.limit_name}, {facts.date(facts.last)}"
    rows = {"left": make("left", label, say(left, facts.points), left, unit=facts.points)}
    if not facts.is_given:
        return rows
    when, about, key = facts.date(goal), say_about(facts), f"{goal['date']:%Y_%m}"
    if not found:
        label = f"Forecast for {when}, without a range"
        return rows | {"median": make(f"median_{key}", label, about, goal["q0.5"])}
    ends = {name: found[name] for name in ("low", "high")}
    label = f"Forecast for {when}: median and {100 * facts.level:g}% range"
    text = f"{say_ends(facts)}, median {say(found['median'], '', found['high'])}"
    return rows | {"forecast": make(f"forecast_{key}", label, text, found["median"], **ends)}
