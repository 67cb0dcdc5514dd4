"""The newest figures of a technology by country, one panel a kind of measure."""

from __future__ import annotations

import re
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from ...base.words import say, say_count, say_date, say_range
from ...say.headlines import say_place
from .style import BLUE, GREY, INK, ORANGE, PALE, close_canvas, open_canvas, tell, use_numbers

LABEL_SIZE = 8.5
"""Points: eleven pixels on a page."""
PANELS = {
    "survey of the population": "Surveys of the population",
    "survey of firms": "Surveys of firms",
    "online panel": "Online panels: people who signed up for surveys",
    "telemetry": "Telemetry: estimated from devices, nobody is asked",
    "company figures": "Figures of companies",
}
"""Headings of the kinds of measures."""


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
        The caption's text.

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
    figure, axes = open_canvas(1.1 + 0.2 * sum(tall), (len(panels), 1), sharex=True, height_ratios=tall)
    for axis, (_, rows), head, step in zip(axes[:, 0], panels, heads, steps, strict=True):
        _draw_panel(axis, rows.assign(row=step * np.arange(len(rows)), own=rows["entity"] == entity), head, step)
    axes[-1, 0].set(xlim=(0, 108))
    use_numbers(axes[-1, 0], "x", "%")
    units = "Percent of those whom each measure covers; the newest figure of each country"
    units += "; bars: 95% sampling error, as published" * bool(picked["standard_error"].notna().any())
    return close_canvas(figure, _say_measures(picked, technology, entity), units, source)


def _say_panel(panel: str, rows: pd.DataFrame) -> str:
    """The heading of a panel: the kind of measure; of one measure whom it covers, and what is ranked."""
    title = PANELS.get(panel, panel)
    first = rows.iloc[0]
    if rows["indicator"].nunique() > 1:
        return f"{title}: each asks its own question"
    about = [_say_people(first)]
    if not rows["named"].all():
        about.append(f"with the three highest of all {first['list_size']:.0f} in {say_date(first['list_date'])}")
    return "\n".join([title, *about])


def _say_people(row: pd.Series) -> str:
    """Who publishes a measure, by the short name in brackets where there is one, and whom it covers."""
    short = [re.search(r"\(([A-Z][^()]*)\)", text) for text in (row["measure"], row["publisher"])]
    publisher = next((found[1] for found in short if found), str(row["publisher"]))
    return f"{publisher}: {_name_people(row)}"


def _name_people(row: pd.Series) -> str:
    """Whom a measure covers."""
    return str(row["people"] or row["unit"].removeprefix("percent of "))


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
            va="center", size=LABEL_SIZE, weight="bold" if row.own else "normal",
        )  # fmt: skip
    title, *about = head.split("\n")
    texts = [(place - len(about), words, {"color": GREY}) for place, words in enumerate(about)]
    if step > 1:
        texts += [(row["row"] - 0.95, _say_people(row), {"color": GREY}) for _, row in rows.iterrows()]
    left = blended_transform_factory(axis.figure.transFigure, axis.transData)
    for row, words, look in [(-len(about) - step, title, {"weight": "bold"}), *texts]:
        axis.text(0.011, row, words, size=LABEL_SIZE, va="center", transform=left, in_layout=False, **look)
    names = rows["entity"].map(lambda name: textwrap.shorten(name, 30, placeholder="…"))
    axis.set_yticks(rows["row"], names + rows["date"].dt.strftime(", %b %Y"), size=LABEL_SIZE)
    axis.set(ylim=(rows["row"].iloc[-1] + 0.7, -len(about) - step - 0.7), xlabel="", ylabel="")
    axis.grid(False, axis="y")


def _say_measures(picked: pd.DataFrame, technology: str, entity: str) -> str:
    """The title: the shares of the entity by its measures; where it has none, how many measures and countries."""
    mine, use = picked[picked["entity"] == entity], f"Use of {technology}"
    if len(mine) > 1:
        shares = say_range(mine["value"].min(), mine["value"].max(), "percent")
        return f"{use} in {say_place(entity)}: {shares}, depending on what is measured"
    if len(mine):
        row = mine.iloc[0]
        share = f"{say(row['value'], 'percent')} of {_name_people(row)}"
        return f"{use} in {say_place(entity)}: {share} in {say_date(row['date'])}"
    measures, places = picked["measure"].nunique(), picked["entity"].nunique()
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    return f"{use}: {say_count(measures, 'measure')} in {counted}"
