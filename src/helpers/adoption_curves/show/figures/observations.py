"""What was observed: which series exist, levels, growth."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ...base.words import lower_first, say, say_at, say_count, say_date, say_day, say_figure, say_first, say_period
from ...say.words import say_users
from .labels import Label, label_ends, mark_breaks, part_line
from .single import plot_newer
from .style import (
    BLUE,
    FAR,
    GREY,
    INK,
    ORANGE,
    PALE,
    close_canvas,
    open_canvas,
    shorten_label,
    size_marks,
    tell,
    tell_figures,
    use_dates,
    use_numbers,
)

LONGEST_NAME = 44
"""Letters in a line of the name of a series, and its number."""
FEW = 2
"""Figures that are no line yet, and stand on their axis."""
MOST_BARS, NUMBERED_BARS, NARROWEST = 60, 12, 0.06
"""Bars of a figure, of one whose bars all have numbers, and the least of its width that such a bar takes."""


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
    titles = described["title"]
    names = [f"{shorten_label(titles[name], 2 * LONGEST_NAME)}  {dates['size'][name]}" for name in dates.index]
    named = [textwrap.fill(name, LONGEST_NAME) for name in names]
    tall = 0.27 if any("\n" in name for name in named) else 0.21
    figure, axes = open_canvas(1.5 + tall * len(dates))
    axis = axes[0, 0]
    axis.hlines(range(len(dates)), dates["min"], dates["max"], color=PALE, lw=1, zorder=1)
    sns.stripplot(
        observations, x="date", y="indicator", order=dates.index, hue=observations["indicator"] == indicator,
        palette={False: BLUE, True: ORANGE}, jitter=False, size=3.6, legend=False, ax=axis,
    )  # fmt: skip
    breaks = described["breaks"][described["breaks"] != ""].str.split("; ").explode()
    rows = dates.index.get_indexer(breaks.index)
    axis.vlines(pd.to_datetime(breaks), rows - 0.42, rows + 0.42, color=INK, lw=1.6, zorder=3)
    axis.set_yticks(range(len(dates)), named, size=8, color=INK, linespacing=1.0)
    axis.set(xlabel="", ylabel="", ylim=(len(dates) - 0.4, -0.6))
    axis.grid(False)
    use_dates(axis, pd.DatetimeIndex(observations["date"]))
    others = "The longest of the other series" if len(dates) > 1 else "The other series"
    title = f"{others} has {say_count(dates['size'].max(), 'observation')}"
    if indicator in dates.index:
        axis.get_yticklabels()[dates.index.get_loc(indicator)].set(color=ORANGE, weight="bold")
        own = dates.loc[indicator]
        title = f"{titles[indicator]}: {say_count(own['size'], 'observation')}, {own['min']:%Y} to {own['max']:%Y}"
    units = "Dates of observation by series; the number after each name counts them; an upright bar marks a break"
    return close_canvas(figure, title, units, source)


def draw_levels(
    growth: pd.DataFrame,
    bound: pd.Series | None,
    names: dict[str, Any],
    breaks: pd.DataFrame,
    newer: pd.DataFrame,
    source: str,
) -> Figure:
    """The series' level beneath its known upper bound.

    Parameters
    ----------
    growth : DataFrame
        A row a figure: date, value, share_of_bound (percent), standard_error (missing where not published).
    bound : Series or None
        The known upper bound by date.
    names : dict
        title, unit, bound_title, and points where known: what is said of each figure, by date.
    breaks : DataFrame
        date, kind.
    newer : DataFrame
        Figures after these that are bounds: index date; value, bound.
    source : str

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(4.0)
    axis, dates, last = axes[0, 0], pd.DatetimeIndex(growth["date"]), growth.iloc[-1]
    parted = part_line(growth.set_index("date")["value"], breaks)
    [line] = axis.plot(parted.index, parted, "-o", color=ORANGE, lw=1.8, ms=size_marks(5, dates), zorder=3)
    tell_figures(line, names, dates)
    if len(dates) <= FEW:
        axis.vlines(dates, 0, growth["value"], color=ORANGE, lw=1)
    sampled = bool(growth["standard_error"].notna().any())
    if sampled:
        axis.errorbar(dates, growth["value"], 1.96 * growth["standard_error"], fmt="none", ecolor=INK, capsize=3)
    date = say_period(last["date"], names.get("measure", "level"))
    labels = [
        Label(last["date"], last["value"], f"{say_figure(last['value'], '', names.get('own', False))}\n{date}", ORANGE)
    ]
    top = growth["value"].max()
    if bound is not None:  # to both ends of the series, as it is interpolated
        bound = bound.reindex(bound.index.union(dates)).interpolate("time").ffill().bfill().loc[dates[0] : dates[-1]]
        far = bound.min() > FAR * top
        if not far:
            axis.plot(bound.index, bound, "--", color=BLUE, lw=1.4)
            named, size = lower_first(names["bound_title"]), say(bound.iloc[-1])
            text = f"Limit: {named}" if named.startswith(size) else f"{names['bound_title']}\n{size}"
            labels.append(Label(bound.index[-1], bound.iloc[-1], text, BLUE))
            top = max(top, bound.max())
    plot_newer(axis, newer)
    axis.set_ylim(0, 1.08 * max([top, *newer["value"]]))
    use_dates(axis, dates.append(newer.index))
    use_numbers(axis)
    mark_breaks(axis, breaks, dates)
    label_ends(axis, labels)
    units = say_first(names["unit"]) + "; upright bars: 95% sampling error, as published" * sampled
    if bound is not None and far:
        units += f"; the limit, {lower_first(names['bound_title'])}, is above at {say(bound.iloc[-1])}"
    if np.isfinite(last["share_of_bound"]) and not names["unit"].startswith("percent"):
        units += f"; the last figure is {say(last['share_of_bound'], 'percent')} of {lower_first(names['bound_title'])}"
    at_date = say_at(names.get("measure", "level"))
    title = f"{say_first(say_users(names, last['value']))} {at_date} {date}"
    return close_canvas(figure, title, units, source)


def draw_growth(growth: pd.DataFrame, names: dict[str, Any], breaks: pd.DataFrame, source: str) -> Figure:
    """Changes as published from one observation to the next, as bars over the time between them.

    Parameters
    ----------
    growth : DataFrame
        A row a figure: date, value.
    names : dict
        title, unit.
    breaks : DataFrame
        date, kind.
    source : str

    Returns
    -------
    Figure
    """
    step = -(-len(growth) // MOST_BARS)  # from day to day there is little but noise
    values = growth.set_index("date")["value"].iloc[::-step].iloc[::-1]
    changes, dates = values.diff().iloc[1:], pd.DatetimeIndex(values.index)
    unit = "percentage points" if names["unit"].startswith("percent") else names["unit"]
    figure, axes = open_canvas(3.6)
    axis, spans, biggest = axes[0, 0], np.diff(mdates.date2num(dates)), int(np.argmax(np.abs(changes)))
    colours = [ORANGE if place == biggest else BLUE for place in range(len(changes))]
    bars = axis.bar(dates[:-1], changes, spans, align="edge", color=colours, edgecolor="white", linewidth=1.5)
    for bar, before, (date, change) in zip(bars, dates, changes.items(), strict=False):
        tell(bar, [f"{say_day(before)} to {say_day(date)}: {_say_change(change, unit)}"])
    if len(changes) <= NUMBERED_BARS and (spans / spans.sum()).min() > NARROWEST:
        most = float(changes.abs().max())
        texts = [_say_change(change, unit, most, bare=True) for change in changes]
        axis.bar_label(bars, texts, padding=3, size=8.5, color=INK)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.margins(y=0.14 if breaks.empty else 0.45)  # room for the name of a break
    axis.xaxis_date()
    use_dates(axis, dates)
    use_numbers(axis)
    mark_breaks(axis, breaks, dates)
    ends = dates[biggest : biggest + 2]
    name = say_day if say_date(ends[0]) == say_date(ends[1]) else say_date  # months would be the same
    title = f"{names['title']}: {_say_change(changes.iloc[biggest], unit)} between {name(ends[0])} and {name(ends[1])}"
    every = f"every {step} observations" if step > 1 else "one figure and the next"
    return close_canvas(figure, title, f"Change between {every}, {unit}, over the time between them", source)


def _say_change(change: float, unit: str, beside: float = 0.0, bare: bool = False) -> str:
    """A change with its sign."""
    return f"{'+' if change > 0 else ''}{say(change, unit, beside, bare=bare)}"
