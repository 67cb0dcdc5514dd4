"""What a run found in plain words: a headline, and a few sentences that need no statistics to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, band_columns, quoted_level
from ..base.numbers import lower_first
from ..base.wording import say_count, say_end, say_first
from .findings import (
    declines,
    find_year_before,
    is_refuted,
    own_scores,
    pick_ceiling,
    pick_published,
    say_base,
    say_basis,
    say_bound,
    say_month,
    say_number,
    tested_level,
)

SUMMARISED = ("02_growth", "02_newer", "02_countries", "03_ceiling", "04_scores", "05_forecast")
"""Tables of the run that the plain words are written from."""
MANY_TIMES = 1.5
"""From this ratio on growth is told as so many times as many, below it in percent."""


def state_plainly(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, Any], entity: str, levels: Sequence[float] = LEVELS
) -> pd.DataFrame:
    """Write the headline, and how much, among whom, where to and how sure in plain words.

    Parameters
    ----------
    tables : mapping
        Frames of the run by name, those of `SUMMARISED`.
    names : mapping
        title, unit, base, bound_title and cautions of the series, as from `indicators.name_series`.
    entity : str
    levels : sequence of float
        Those of the forecast's bands; one is quoted, see `helpers.base.levels.quoted_level`.

    Returns
    -------
    DataFrame
        order, part (headline, level, countries, forecast, end, caution), sentence.
    """
    growth, newer = tables["02_growth"], tables["02_newer"]
    parts = {
        "headline": _say_headline(growth, newer, names),
        "level": _say_level(growth, names),
        "countries": _say_countries(tables["02_countries"], entity, growth["indicator"].iloc[0]),
        "forecast": _say_forecast(tables, names, quoted_level(levels)),
        "end": _say_end(pick_ceiling(tables), pick_published(tables["05_forecast"]), names["unit"]),
        "caution": _say_caution(growth, names),
    }
    rows = [(part, sentence) for part, sentence in parts.items() if sentence]
    frame = pd.DataFrame(rows, columns=["part", "sentence"])
    return frame.assign(order=range(1, len(rows) + 1))[["order", "part", "sentence"]]


def _say_headline(growth: pd.DataFrame, newer: pd.DataFrame, names: Mapping[str, Any]) -> str:
    last, unit = growth.iloc[-1], names["unit"]
    level = f"{say_number(last['value'], unit)} in {say_month(last['date'])}"
    if len(newer) and _tells_more(newer.iloc[-1], last["value"]):
        row = newer.iloc[-1]
        after = f"{say_number(last['value'])} in {say_month(last['date'])}"
        return f"{names['title']}: {say_bound(row, names)} in {say_month(row['date'])}, after {after}"
    if declines(growth):
        peak = growth.loc[growth["value"].idxmax()]
        return f"{names['title']}: {level}, down from {say_number(peak['value'])} in {say_month(peak['date'])}"
    before = find_year_before(growth)
    if before is None:
        return f"{names['title']}: {level}"
    gain, ratio = last["value"] - before["value"], last["value"] / before["value"]
    if abs(gain) < 0.05 if unit.startswith("percent") else abs(ratio - 1) < 0.005:
        return f"{names['title']}: {level}, the same as a year before"
    if unit.startswith("percent"):
        word = "more" if gain >= 0 else "less"
        return f"{names['title']}: {level}, {say_number(abs(gain))} percentage points {word} than a year before"
    if ratio >= MANY_TIMES:
        return f"{names['title']}: {level}, {ratio:.1f} times as many as a year before"
    word = "more" if ratio >= 1 else "fewer"
    return f"{names['title']}: {level}, {abs(100 * (ratio - 1)):.0f} % {word} than a year before"


def _tells_more(bound: pd.Series, last: float) -> bool:
    """Whether a newer bound lies beyond the last figure."""
    return bool(bound["value"] > last if bound["bound"] == "at_least" else bound["value"] < last)


def _say_level(growth: pd.DataFrame, names: Mapping[str, Any]) -> str:
    last, unit, parts = growth.iloc[-1], names["unit"], []
    if np.isfinite(last["published_rate"]):
        parts.append(f"{say_number(last['published_rate'], 'percent')} of {say_base(names['base'])}")
    same = names["base"].lower() == names["bound_title"].lower() and parts
    if np.isfinite(last["share_of_bound"]) and not unit.startswith("percent") and not same:
        parts.append(f"{say_number(last['share_of_bound'], 'percent')} of {lower_first(names['bound_title'])}")
    text = f"In {say_month(last['date'])} it was {say_number(last['value'], unit)}"
    text += f": {' and '.join(parts)}." if parts else "."
    before = find_year_before(growth)
    return text + (f" A year before, it was {say_number(before['value'], unit)}." if before is not None else "")


def _say_countries(compared: pd.DataFrame, entity: str, indicator: str) -> str:
    """Where the entity stands in the measure that compares most countries."""
    compared = compared[compared["entity"] != "World"]
    own = compared[compared["measure"].isin(compared.loc[compared["entity"] == entity, "measure"])]
    sizes = own.groupby("measure", sort=False).size()
    if sizes.empty or sizes.max() < 3:
        return ""
    ranked = own[own["measure"] == sizes.idxmax()].sort_values("value", ascending=False, kind="stable")
    mine, top = ranked[ranked["entity"] == entity].iloc[0], ranked.iloc[0]
    place = int((ranked["value"] > mine["value"]).sum()) + 1
    text = f"{sizes.idxmax()}, which compares countries, puts {entity} at {say_number(mine['value'], 'percent')} in "
    text += f"{say_month(mine['date'])}, place {place} of {len(ranked)}"
    if top["entity"] != entity:
        text += f" (highest: {top['entity']}, {say_number(top['value'], 'percent')})"
    other = " It asks other people another question, so its level is not that of the figures above."
    return f"{text}.{other if mine['indicator'] != indicator else ''}"


def _say_forecast(tables: Mapping[str, pd.DataFrame], names: Mapping[str, Any], level: float) -> str:
    fan, growth = pick_published(tables["05_forecast"]), tables["02_growth"]
    if is_refuted(fan):
        return "The newest figure lies outside what the earlier ones let expect, so no forecast is given."
    ahead = (fan["date"] - growth["date"].iloc[-1]).dt.days / 365.25
    near, far = fan.loc[(ahead - 1).abs().idxmin()], fan.iloc[-1]
    low, high = band_columns(level)
    own = own_scores(tables["04_scores"], len(growth))
    tested = tested_level(own, level)
    year = own.loc[(own["horizon_years"] - 1).abs().idxmin()]
    text = say_basis(own)
    text += f"The figure for {say_month(near['date'])} will probably be between {say_number(near[low])} and "
    text += f"{say_number(near[high], names['unit'])}. Such ranges, made for earlier technologies in the same way "
    text += f"{say_count(year['horizon_years'], 'year')} ahead, contained the later figure in "
    text += f"{100 * year[f'coverage_{100 * tested:g}']:.0f} of 100 cases."
    if far["date"] > near["date"]:
        text += f" For {say_month(far['date'])} the range is {say_number(far[low])} to {say_number(far[high])}."
    return text


def _say_end(found: Any, fan: pd.DataFrame, unit: str) -> str:
    text = f"{say_first(say_end(found, unit))}."
    if found.verdict not in ("identified", "depends on the curve"):
        return text
    if pd.isna(found.bound):
        return f"{text} The ranges of the forecast do not rely on that."
    further = fan["q0.5"].iloc[-1] > found.high
    return f"{text} The forecast goes further: half of what it is made of knows no such end." if further else text


def _say_caution(growth: pd.DataFrame, names: Mapping[str, Any]) -> str:
    first, last = growth["date"].iloc[0], growth["date"].iloc[-1]
    told = [reason for date, reason in names["cautions"].items() if first < date <= last]
    return f"Part of the change may lie in what was asked or counted: {'; '.join(told)}." if told else ""
