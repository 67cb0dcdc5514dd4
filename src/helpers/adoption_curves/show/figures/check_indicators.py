"""Figures of notebook 1: when each series was observed."""

from __future__ import annotations

import textwrap

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ...base.words import say_count
from .labels import darken
from .style import BLUE, INK, ORANGE, PALE, SMALL, close_canvas, open_canvas, shorten_label, use_dates

_MAX_TITLE_LETTERS = 32  # letters in a line of the name of a series, and its number


def draw_coverage(observations: pd.DataFrame, coverage: pd.DataFrame, indicator: str, source: str) -> Figure | None:
    """When each series was observed, one line a series, with its breaks.

    Parameters
    ----------
    observations : DataFrame
        indicator, date.
    coverage : DataFrame
        From `indicators.describe_coverage`, the rows of these series: indicator, title, breaks.
    indicator : str
        The series to bring out, if it is among them.
    source : str
        The caption's text.

    Returns
    -------
    Figure or None
        None where there is no series.
    """
    if observations.empty:
        return None
    dates = observations.groupby("indicator")["date"].agg(["min", "max", "size"]).sort_values("min", kind="stable")
    described = coverage.set_index("indicator").loc[dates.index]
    short = described["title"].map(lambda title: shorten_label(title, 2 * _MAX_TITLE_LETTERS))
    named = short + "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}" + dates["size"].astype(str)
    named = named.map(lambda name: textwrap.fill(name, _MAX_TITLE_LETTERS))
    figure, axis = open_canvas(1.5 + (0.29 if named.str.contains("\n").any() else 0.21) * len(dates))
    axis.hlines(range(len(dates)), dates["min"], dates["max"], color=PALE, lw=1, zorder=1)
    sns.stripplot(
        observations, x="date", y="indicator", order=dates.index, hue=observations["indicator"] == indicator,
        palette={False: BLUE, True: ORANGE}, jitter=False, size=3.6, legend=False, ax=axis,
    )  # fmt: skip
    breaks = described["breaks"][described["breaks"] != ""].str.split("; ").explode()
    rows = dates.index.get_indexer(breaks.index)
    axis.vlines(pd.to_datetime(breaks), rows - 0.42, rows + 0.42, color=INK, lw=1.6, zorder=2)  # below the dot
    axis.set_yticks(range(len(dates)), named, size=SMALL, color=INK, linespacing=1.0)
    axis.set(xlabel="", ylabel="", ylim=(len(dates) - 0.4, -0.6))
    axis.grid(False)
    use_dates(axis, dates["min"].min(), dates["max"].max())
    title = "How far back our series go"
    if indicator in dates.index:
        axis.get_yticklabels()[dates.index.get_loc(indicator)].set(color=darken(ORANGE), weight="bold")
        own = dates.loc[indicator]
        count = say_count(own["size"], "figure")
        title = f"{described['title'][indicator]}: {count}, {own['min']:%Y} to {own['max']:%Y}"
    units = "Dates of the figures of each series, whose number follows its name"
    if len(breaks):
        units += "; an upright bar: a break"
    return close_canvas(figure, title, units, source)
