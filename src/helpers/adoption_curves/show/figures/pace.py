"""The series among other technologies, on a clock that starts at the same share of the upper limit."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ...base.words import lower_first, say, say_range
from .labels import Label, label_ends
from .style import COLOURS, GREY, LINES, ORANGE, close_canvas, open_canvas, tell, use_numbers

NAMED = 5
"""Other series that are named: the fastest."""
UNLIKE_ORANGE = tuple(colour for colour in COLOURS if colour != ORANGE)

LEVEL = 0.9
"""Shares that all lie within this part of the highest neither rise nor fall."""


def draw_alignment(aligned: pd.DataFrame, pace: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """A series among other technologies on a clock that starts at an equal share of the upper limit.

    Parameters
    ----------
    aligned : DataFrame
        A row a figure, the first of each series at 0 years: entity, indicator, technology, target (bool), start_share
        (percent), years (since the start), share (percent of the upper limit).
    pace : DataFrame
        02_pace: a row a series, the fastest first: entity, indicator, target, start_share, years_to_target_share, unit,
        place, of.
    names : dict
        title, bound_title.
    source : str
        The caption's text.

    Returns
    -------
    Figure or None
        None where nothing can be set on the clock.
    """
    if aligned.empty:
        return None
    figure, axes = open_canvas(4.8)
    axis = axes[0, 0]
    target, others = aligned[aligned["target"]], aligned[~aligned["target"]]
    reach, start = max(1.5 * target["years"].max() + 3, 6), say(target["start_share"].iloc[0], "percent")
    inside = others[others["years"] <= reach].assign(line=(others["years"] == 0).cumsum())
    if len(inside):
        sns.lineplot(
            inside, x="years", y="share", units="line", estimator=None, legend=False, ax=axis,
            color=GREY, lw=0.9, alpha=0.55, zorder=1,
        )  # fmt: skip
    labels = [Label(target["years"].iloc[-1], target["share"].iloc[-1], names["title"], ORANGE)]
    fastest = pace.loc[~pace["target"], ["entity", "indicator"]].head(NAMED)
    for rank, (entity, indicator) in enumerate(fastest.itertuples(index=False, name=None)):
        line = inside[(inside["entity"] == entity) & (inside["indicator"] == indicator)]
        if len(line) > 1:
            colour, end = UNLIKE_ORANGE[rank % len(UNLIKE_ORANGE)], line.iloc[-1]
            axis.plot(line["years"], line["share"], color=colour, ls=LINES[rank + 1], lw=1.5)
            labels.append(Label(end["years"], end["share"], f"{end['technology']}, {end['entity']}", colour))
    [own] = axis.plot(target["years"], target["share"], "-o", color=ORANGE, lw=2.4, ms=5, zorder=5)
    tell(own, [f"After {row.years:.2g} years: {say(row.share, 'percent')} of the limit" for row in target.itertuples()])
    axis.set(xlim=(0, reach), ylim=(0, 105), ylabel="", xlabel=f"Years since {start} of the upper limit")
    use_numbers(axis, suffix="%")
    label_ends(axis, sorted(labels, key=attrgetter("x")))  # of ends at one height the later stands above
    limit = lower_first(names["bound_title"]).removeprefix("100 percent of ")
    units = f"Percent of the upper limit, here {limit}; the fastest are named"
    return close_canvas(figure, _say_pace(pace, target["share"], names), units + _say_sold(pace), source)


def _say_pace(pace: pd.DataFrame, shares: pd.Series, names: dict[str, Any]) -> str:
    """The title: how many others were as fast, as the finding says it."""
    own = pace[pace["target"]].iloc[0]
    low, others, faster = shares.min(), int(own["of"] - 1), int(own["place"] - 1)
    if low >= LEVEL * shares.max():
        return f"{names['title']}: {say_range(low, shares.max(), 'percent')} of the limit all the time"
    if own["years_to_target_share"] > 0:
        return f"{names['title']}: {faster or 'none'} of {others} other series rose as fast or faster"
    return f"{names['title']}: never above the {say(own['start_share'], 'percent')} of the limit at the beginning"


def _say_sold(pace: pd.DataFrame) -> str:
    """For the line of units: that all faster series count what is newly sold."""
    ahead = pace.loc[~pace["target"], "unit"].head(int(pace.loc[pace["target"], "place"].iloc[0] - 1))
    sold = len(ahead) and ahead.str.contains("of new ").all()
    return "; the faster ones count new sales" if sold else ""
