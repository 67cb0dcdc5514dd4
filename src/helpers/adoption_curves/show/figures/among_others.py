"""The series among others: on a clock with other technologies, and beside the same technology in other countries."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from ...base.words import lower_first, say, say_count, say_date, say_range
from .labels import Label, label_ends
from .style import (
    BLUE,
    COLOURS,
    GREY,
    HALO,
    INK,
    LINES,
    ORANGE,
    PALE,
    close_canvas,
    open_canvas,
    shorten_label,
    tell,
    use_numbers,
)

NAMED = 5
"""References that are named beside a series."""
PANELS = {
    "survey of the population": "Surveys of the population",
    "survey of firms": "Surveys of firms",
    "online panel": "Online panels: people who signed up for surveys",
    "telemetry": "Telemetry: estimated from devices, nobody is asked",
    "company figures": "Figures of companies",
}
SAID = {
    "survey of the population": "in a survey of the population",
    "survey of firms": "in a survey of firms",
    "online panel": "in an online panel",
    "telemetry": "by telemetry",
    "company figures": "in figures of companies",
}
"""The kinds of measures as a heading, and in a sentence."""
UNLIKE_ORANGE = tuple(colour for colour in COLOURS if colour != ORANGE)
LEVEL = 0.9
"""Shares that all lie within this part of the highest neither rise nor fall."""


def draw_alignment(aligned: pd.DataFrame, pace: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """A series among reference technologies on a clock that starts at an equal share of the bound.

    Parameters
    ----------
    aligned : DataFrame
        A row a figure, the first of each series at 0 years: entity, indicator, technology, target (bool), start_share
        (percent), years (since the start), share (percent of the bound), years_to_target_share (infinity: not yet).
    pace : DataFrame
        02_pace: a row a series, the fastest first: entity, indicator, target, start_share, target_share,
        years_to_target_share, unit, place, of.
    names : dict
        title, bound_title.
    source : str

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
    reach, end = max(1.5 * target["years"].max() + 3, 6), target.iloc[-1]
    inside = others[others["years"] <= reach].assign(line=(others["years"] == 0).cumsum())
    if len(inside):
        style = {"units": "line", "estimator": None, "legend": False, "ax": axis}
        sns.lineplot(inside, x="years", y="share", color=GREY, lw=0.9, alpha=0.55, zorder=1, **style)
    fastest = pace.loc[~pace["target"], ["entity", "indicator"]].head(NAMED)
    labels = _draw_fastest(axis, inside, [*fastest.itertuples(index=False, name=None)])
    [line] = axis.plot(target["years"], target["share"], "-o", color=ORANGE, lw=2.4, ms=5, zorder=5)
    tell(
        line, [f"After {row.years:.2g} years: {say(row.share, 'percent')} of the limit" for row in target.itertuples()]
    )
    axis.set(xlim=(0, reach), ylim=(0, 105), ylabel="")
    axis.set_xlabel(f"Years since {say(end['start_share'], 'percent')} of the limit")
    use_numbers(axis, suffix="%")
    if end["years"] > 0.5 * reach:
        labels.append(Label(end["years"], end["share"], names["title"], ORANGE))
    else:
        axis.annotate(
            shorten_label(names["title"]), (end["years"], end["share"]), xytext=(0, 9),
            textcoords="offset points", color=ORANGE,
            weight="bold", size=9, va="bottom", path_effects=[HALO], zorder=6,
        )  # fmt: skip
    title = _say_pace(pace, target["share"], names)
    units = (
        f"Share of each technology's limit, percent (here: {lower_first(names['bound_title'])}); "
        f"grey: all other series, named: the fastest{_say_sold(pace)}"
    )
    label_ends(axis, labels, size=8)
    return close_canvas(figure, title, units, source)


def _draw_fastest(axis: Axes, inside: pd.DataFrame, fastest: Sequence[tuple[str, str]]) -> list[Label]:
    """The lines of the fastest other series, named."""
    labels = []
    for rank, key in enumerate(fastest):
        line = inside[(inside["entity"] == key[0]) & (inside["indicator"] == key[1])]
        if len(line) > 1:
            colour, last = UNLIKE_ORANGE[rank % len(UNLIKE_ORANGE)], line.iloc[-1]
            axis.plot(line["years"], line["share"], color=colour, ls=LINES[(rank + 1) % 6], lw=1.5)
            labels.append(Label(last["years"], last["share"], f"{last['technology']}, {last['entity']}", colour))
    return labels


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
    return "; those faster are shares of what is newly sold, not of users" if sold else ""


def draw_comparison(picked: pd.DataFrame, technology: str, entity: str, source: str) -> Figure | None:
    """The newest figure of a technology by country, one panel a kind of measure.

    Panels do not share what they measure, so nothing is ranked across them.

    Parameters
    ----------
    picked : DataFrame
        From `indicators.pick_countries`.
    technology : str
    entity : str
        Its figures stand out.
    source : str

    Returns
    -------
    Figure or None
        None for fewer than two figures.
    """
    if len(picked) < 2:
        return None
    panels = list(picked.groupby("panel", sort=False))
    steps = [1.0 if rows["indicator"].nunique() == 1 else 2.0 for _, rows in panels]
    heads = [_say_panel(panel, rows) for panel, rows in panels]
    tall = [
        step * len(rows) + head.count("\n") + 1.7 for step, (_, rows), head in zip(steps, panels, heads, strict=True)
    ]
    figure, axes = open_canvas(1.1 + 0.19 * sum(tall), (len(panels), 1), sharex=True, height_ratios=tall)
    for axis, (_, rows), head, step in zip(axes[:, 0], panels, heads, steps, strict=True):
        _draw_panel(axis, rows.assign(row=step * np.arange(len(rows)), own=rows["entity"] == entity), head, step)
    axes[-1, 0].set(xlim=(0, 108))
    use_numbers(axes[-1, 0], "x", "%")
    units = "Percent of the people whom each measure covers; the newest figure of each country"
    units += "; dark bars: 95% sampling error, as published" * bool(picked["standard_error"].notna().any())
    return close_canvas(figure, _say_measures(picked, technology, entity), units, source)


def _say_panel(panel: str, rows: pd.DataFrame) -> str:
    """The heading of a panel: the kind of measure; of one measure whom it covers, and what is ranked."""
    title = PANELS.get(panel, panel)
    first = rows.iloc[0]
    if rows["indicator"].nunique() > 1:
        return f"{title}: each asks its own question"
    about = [_say_people(first)]
    if not rows["named"].all():
        about.append(f"grey: the three highest of all {first['list_size']:.0f} in {say_date(first['list_date'])}")
    return "\n".join([title, *about])


def _say_people(row: pd.Series) -> str:
    """Who publishes a measure, by the short name in brackets where there is one, and whom it covers."""
    short = [re.search(r"\(([^()]+)\)", text) for text in (row["measure"], row["publisher"])]
    publisher = next((found[1] for found in short if found), str(row["publisher"]))
    return f"{publisher}: {row['people'] or row['unit'].removeprefix('percent of ')}"


def _draw_panel(axis: Axes, rows: pd.DataFrame, head: str, step: float) -> None:
    """The figures of a kind of measure below its heading: a line to each, its sampling error, a mark and the number."""
    colours = np.where(rows["own"], ORANGE, np.where(rows["named"], BLUE, GREY))
    half = 1.96 * rows["standard_error"]
    axis.hlines(rows["row"], 0, rows["value"], color=PALE, lw=1)
    axis.hlines(rows["row"], rows["value"] - half, rows["value"] + half, color=INK, lw=2.2)
    marks = axis.scatter(rows["value"], rows["row"], color=colours, s=26, linewidth=0, zorder=3)
    tell(marks, [f"{row.entity}, {say_date(row.date)}: {say(row.value, 'percent')}, {row.measure}"
                 for row in rows.itertuples()])  # fmt: skip
    for row, right in zip(rows.itertuples(), rows["value"] + half.fillna(0), strict=True):
        axis.annotate(
            say(row.value, "percent", bare=True), (right, row.row), xytext=(6, 0), textcoords="offset points",
            va="center", size=7.5, weight="bold" if row.own else "normal",
        )  # fmt: skip
    title, *about = head.split("\n")
    texts = [(place - len(about), words, {"color": GREY}) for place, words in enumerate(about)]
    if step > 1:
        texts += [(row["row"] - 0.95, _say_people(row), {"color": GREY}) for _, row in rows.iterrows()]
    left = blended_transform_factory(axis.figure.transFigure, axis.transData)
    for row, words, look in [(-len(about) - step, title, {"weight": "bold"}), *texts]:
        axis.text(0.011, row, words, size=8, va="center", transform=left, in_layout=False, **look)
    names = rows["entity"].map(lambda name: textwrap.shorten(name, 30, placeholder="…"))
    axis.set_yticks(rows["row"], names + rows["date"].dt.strftime(", %b %Y"), size=7.5)
    axis.set(ylim=(rows["row"].iloc[-1] + 0.7, -len(about) - step - 0.7), xlabel="", ylabel="")
    axis.grid(False, axis="y")


def _say_measures(picked: pd.DataFrame, technology: str, entity: str) -> str:
    """The title: each kind of measure of the entity with its share, or how many countries are compared."""
    mine = picked[(picked["entity"] == entity) & (picked["kind"] != "")]
    if len(mine) > 1:
        shares = [f"{say(row.value, 'percent')} {SAID[row.kind]}" for row in mine.itertuples()]
        return (
            f"Use of {technology} in {entity}: {', '.join(shares[:-1])} and {shares[-1]}; they measure different things"
        )
    measures, places = picked["measure"].nunique(), picked["entity"].nunique()
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    return f"Use of {technology}: {say_count(measures, 'measure')} in {counted}"
