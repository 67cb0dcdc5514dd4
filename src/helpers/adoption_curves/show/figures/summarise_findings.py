"""Figures of notebook 6: registered forecasts and their outcomes."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from ...base.project import PUBLISHED_MODEL, WITHDRAWN
from ...base.words import lower_first, say_count, say_date, say_day, say_first, say_range, spell
from ...indicators import Names
from .style import BLUE, GREY, ORANGE, SMALL, close_canvas, open_canvas, use_numbers


def draw_register(scored: pd.DataFrame, names: Names, source: str) -> Figure | None:
    """The newest registered forecast of each date by a method that was not withdrawn, and the outcomes.

    Parameters
    ----------
    scored : DataFrame
        ``06_register``.
    names : Names
    source : str

    Returns
    -------
    Figure or None
        None where nothing is registered.
    """
    scored = scored[~scored["model"].isin(WITHDRAWN)]
    if scored.empty:
        return None
    order = scored.assign(ours=scored["model"] == PUBLISHED_MODEL)
    order = order.sort_values(["target_date", "registered", "ours"])
    rows = order.drop_duplicates("target_date", keep="last").sort_values("hindsight", kind="stable")
    figure, axis = open_canvas(0.9 + 0.5 * max(4, len(rows)))
    for place, row in enumerate(rows.to_dict("records")):
        colour = GREY if row["hindsight"] else BLUE
        axis.hlines(place, row["q0.1"], row["q0.9"], color=colour, lw=5, alpha=0.5)
        axis.plot(row["q0.5"], place, "|", color=colour, ms=11, mew=2)
        axis.annotate(
            say_range(row["q0.1"], row["q0.9"]), (row["q0.1"], place), (0, 7), textcoords="offset points",
            size=SMALL, color=GREY,
        )  # fmt: skip
        if row["side"]:
            marker = {"exact": "D", "at_least": ">"}.get(row["side"], "<")
            axis.plot(row["outcome"], place, marker, color=ORANGE, ms=7, mec="white", zorder=6)
    early = int((~rows["hindsight"].astype(bool)).sum())
    if 0 < early < len(rows):
        axis.axhline(early - 0.5, color=GREY, lw=0.8)
    named = rows["target_date"].map(say_date) + ",\nmade " + rows["registered"].map(say_day)
    limits = "limit: " + rows["limit_title"].map(lower_first)
    alike = limits.nunique() == 1
    named += "" if alike else ",\n" + limits
    axis.set_yticks(range(len(rows)), named, size=SMALL)
    axis.margins(x=0.12)
    use_numbers(axis, "x")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    units = f"{names.title}, {names.unit}; bars: 80% range with its median; diamonds: outcomes"
    units += f"; {limits.iloc[0]}" if alike else ""
    if rows["side"].isin(["at_least", "at_most"]).any():
        units += "; arrows: outcomes printed as “more than” or “less than”"
    if early < len(rows):
        units += "; below the line: registered after the outcome"
    return close_canvas(figure, _say_outcomes(rows), units, source)


def _say_outcomes(rows: pd.DataFrame) -> str:
    """The title: how many outcomes the ranges contained, or how many forecasts await theirs."""
    counted, waiting = rows[rows["counted"] & (rows["side"] == "exact")], int(rows["came"].isna().sum())
    if len(counted):
        inside = int((counted["inside"] == "yes").sum())
        return f"The 80% range of registered forecasts contained {inside} of {say_count(len(counted), 'outcome')}"
    if waiting == len(rows):
        all_of_them = {1: "The registered forecast awaits its", 2: "Both registered forecasts await their"}
        return f"{all_of_them.get(waiting, f'All {waiting} registered forecasts await their')} outcome"
    few, await_them = spell(waiting) if waiting else "none", "awaits its" if waiting == 1 else "await their"
    return f"{say_first(few)} of {say_count(len(rows), 'registered forecast')} {await_them} outcome"
