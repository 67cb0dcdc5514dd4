"""Figures of notebook 6: registered forecasts and their outcomes."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from ...base.project import PUBLISHED_MODEL
from ...base.words import say, say_count, say_date, say_day, say_first, spell
from .style import BLUE, GREY, ORANGE, SMALL, close_canvas, open_canvas, use_numbers


def draw_record(scored: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """The newest registered forecast of each date, and the outcomes.

    Parameters
    ----------
    scored : DataFrame
        ``06_register``, at least a row.
    names : dict
        title, unit.
    source : str

    Returns
    -------
    Figure or None
        None where nothing is registered.
    """
    if scored.empty:
        return None
    order = scored.assign(ours=scored["model_id"] == PUBLISHED_MODEL).sort_values(
        ["target_end_date", "published", "ours"]
    )
    rows = order.drop_duplicates("target_end_date", keep="last").sort_values("hindsight", kind="stable")
    figure, axes = open_canvas(0.9 + 0.5 * max(4, len(rows)))
    axis = axes[0, 0]
    for place, row in enumerate(rows.to_dict("records")):
        colour, ends = GREY if row["hindsight"] else BLUE, (row["q0.1"], row["q0.9"])
        axis.hlines(place, *ends, color=colour, lw=5, alpha=0.5)
        axis.plot(row["q0.5"], place, "|", color=colour, ms=11, mew=2)
        for end, right, side in zip(ends, (-4, 4), ("right", "left"), strict=True):
            axis.annotate(say(end, beside=row["q0.9"]), (end, place), (right, 0), textcoords="offset points",
                          ha=side, va="center", size=SMALL, color=GREY)  # fmt: skip
        if row["side"]:
            marker = {"exact": "D", "at_least": ">"}.get(row["side"], "<")
            axis.plot(row["outcome"], place, marker, color=ORANGE, ms=7, mec="white", zorder=6)
    if 0 < rows["hindsight"].sum() < len(rows):
        axis.axhline((~rows["hindsight"].astype(bool)).sum() - 0.5, color=GREY, lw=0.8)
    labels = [
        f"{say_date(row['target_end_date'])},\nmade {say_day(row['published'])}" for row in rows.to_dict("records")
    ]
    axis.set_yticks(range(len(rows)), labels, size=SMALL)
    axis.margins(x=0.12)
    use_numbers(axis, "x")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    counted = rows[rows["counted"] & (rows["side"] == "exact")]
    waiting = int(rows["came"].isna().sum())
    few, await_them = spell(waiting) if waiting else "none", "awaits its" if waiting == 1 else "await their"
    title = f"{say_first(few)} of {say_count(len(rows), 'registered forecast')} {await_them} outcome"
    if len(counted):
        inside = int((counted["inside"] == "yes").sum())
        title = f"The 80% range of registered forecasts contained {inside} of {say_count(len(counted), 'outcome')}"
    units = f"{names['title']}, {names['unit']}; bars: 80% range with its middle; diamonds: outcomes"
    units += "; arrows: outcomes printed as a limit" * bool(rows["side"].isin(["at_least", "at_most"]).any())
    units += "; below the line: registered after the outcome" * bool(rows["hindsight"].any())
    return close_canvas(figure, title, units, source)
