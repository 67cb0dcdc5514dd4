"""What was observed: which series exist, levels, growth."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from ...base.words import lower_first, say, say_at, say_count, say_date, say_day, say_figure, say_first, say_period
from ...indicators import AdoptionSeries
from ...say.headlines import say_users
from .labels import Label, find_gaps, label_ends, part_line
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

LABEL_SIZE = 8.5
"""Points: eleven pixels on a page."""
LONGEST_NAME = 32
"""Letters in a line of the name of a series, and its number."""
FEW = 2
"""Figures that are no line yet, and stand on their axis."""
MAX_BARS, LETTER = 60, 0.014
"""Bars of a figure, and the width of a letter in widths of the axes: numbers stand where the longest fits its bar."""
YEAR = pd.Timedelta(days=360)
"""Between the ends of the same month in two years there is more."""


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
    short = [shorten_label(title, 2 * LONGEST_NAME) for title in titles]
    named = [
        textwrap.fill(f"{name}\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}{count}", LONGEST_NAME)
        for name, count in zip(short, dates["size"], strict=True)
    ]
    tall = 0.29 if any("\n" in name for name in named) else 0.21
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
    axis.set_yticks(range(len(dates)), named, size=LABEL_SIZE, color=INK, linespacing=1.0)
    axis.set(xlabel="", ylabel="", ylim=(len(dates) - 0.4, -0.6))
    axis.grid(False)
    use_dates(axis, pd.DatetimeIndex(observations["date"]))
    title = "How far back our series go"
    if indicator in dates.index:
        axis.get_yticklabels()[dates.index.get_loc(indicator)].set(color=ORANGE, weight="bold")
        own = dates.loc[indicator]
        title = f"{titles[indicator]}: {say_count(own['size'], 'figure')}, {own['min']:%Y} to {own['max']:%Y}"
    units = "Dates of the figures of each series; behind its name their number"
    units += "; an upright bar: a break" * bool(len(breaks))
    return close_canvas(figure, title, units, source)


def draw_levels(series: AdoptionSeries, names: dict[str, Any], source: str) -> Figure:
    """The figures of a series beneath its upper limit.

    Parameters
    ----------
    series : AdoptionSeries
    names : dict
        title, unit, bound_title, and points where known: what is said of each figure, by date.
    source : str
        The caption's text.

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(4.0)
    axis, values, dates = axes[0, 0], series.values, pd.DatetimeIndex(series.values.index)
    last, errors = values.iloc[-1], series.standard_error
    parted = part_line(values, series.breaks)
    [line] = axis.plot(parted.index, parted, "-o", color=ORANGE, lw=1.8, ms=size_marks(5, dates), zorder=3)
    tell_figures(line, names, dates)
    if len(dates) <= FEW:
        axis.vlines(dates, 0, values, color=ORANGE, lw=1)
    sampled = bool(errors.notna().any())
    if sampled:
        axis.errorbar(dates, values, 1.96 * errors, fmt="none", ecolor=INK, capsize=3)
    measure = names.get("measure", "level")
    labels, told = _plot_limit(axis, series, names)
    printed = say_figure(last, "", names.get("own", False))
    labels.append(Label(dates[-1], last, f"{printed}\n{say_period(dates[-1], measure)}", ORANGE))
    plot_newer(axis, series.newer.join(series.readings))
    axis.set_ylim(0, 1.08 * axis.dataLim.y1)
    use_dates(axis, dates.append(series.newer.index))
    use_numbers(axis)
    label_ends(axis, labels)
    sampling = "; upright bars: 95% sampling error, as published" * sampled
    units = say_first(names["unit"]) + sampling + told + shade_breaks(axis, series.breaks, dates)
    title = f"{say_first(say_users(names, last))} {say_at(measure)} {say_period(dates[-1], measure)}"
    return close_canvas(figure, title, units, source)


def _plot_limit(axis: Axes, series: AdoptionSeries, names: dict[str, Any]) -> tuple[list[Label], str]:
    """Draw the upper limit unless it is far above; returns its label, and words for the line of units."""
    if series.bound is None:
        return [], ""
    dates, name = series.values.index, lower_first(names["bound_title"])
    limit, labels, told = series.bound.at(dates), [], ""
    if limit.min() > FAR * series.values.max():
        told = f"; the upper limit, {name}, is above at {say(limit[-1])}"
    else:
        axis.plot(dates, limit, "--", color=BLUE, lw=1.4)
        named = "Upper limit" if name[0].isdigit() else names["bound_title"]
        labels = [Label(dates[-1], limit[-1], f"{named}\n{say(limit[-1])}", BLUE)]
    if not names["unit"].startswith("percent"):
        told += f"; the last exact figure is {say(100 * series.values.iloc[-1] / limit[-1], 'percent')} of {name}"
    return labels, told


def shade_breaks(axis: Axes, breaks: pd.DataFrame, dates: pd.DatetimeIndex) -> str:
    """Shade each interval between two figures in which a break (date, kind) lies; returns words for the line of units.

    The words stand there, since most intervals are narrower than their name.
    """
    gaps = find_gaps(dates, breaks)
    for _, start, end in gaps:
        axis.axvspan(start, end, color=GREY, alpha=0.15, lw=0, zorder=0)
    kinds = dict.fromkeys("a break" if kind == "break" else "a suspected break" for kind, *_ in gaps)
    return f"; shaded: {' or '.join(kinds)}" if gaps else ""


def draw_growth(series: AdoptionSeries, names: dict[str, Any], source: str) -> Figure | None:
    """Changes as published from one figure to the next, as bars over the time between them.

    A bar across a suspected break is hatched. Of single figures from month to month most are noise, so the title has
    the change of a year.

    Parameters
    ----------
    series : AdoptionSeries
    names : dict
        title, unit.
    source : str
        The caption's text.

    Returns
    -------
    Figure or None
        None for one figure.
    """
    if len(series.values) < 2:
        return None
    step = -(-len(series.values) // MAX_BARS)  # from day to day there is little but noise
    values = series.values.iloc[::-step].iloc[::-1]
    changes, dates = values.diff().iloc[1:], pd.DatetimeIndex(values.index)
    unit = "percentage points" if names["unit"].startswith("percent") else names["unit"]
    figure, axes = open_canvas(3.6)
    axis, spans = axes[0, 0], np.diff(mdates.date2num(dates))
    bars = axis.bar(dates[:-1], changes, spans, align="edge", color=ORANGE, edgecolor="white", linewidth=1.5)
    crossing = [end for *_, end in find_gaps(dates, series.breaks)]
    for bar, before, (date, change) in zip(bars, dates, changes.items(), strict=False):
        tell(bar, [f"{say_day(before)} to {say_day(date)}: {_say_change(change, unit)}"])
        if date in crossing:
            bar.set(facecolor="white", edgecolor=ORANGE, hatch="///", linewidth=1.2)
    _number_bars(axis, bars, changes, unit)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.margins(y=0.14)
    axis.xaxis_date()
    use_dates(axis, dates)
    use_numbers(axis)
    biggest = changes.abs().idxmax()
    title = f"{names['title']}: {_say_last_year(series.values, unit)}"
    if biggest in crossing:
        title = f"The largest change, {_say_change(changes[biggest], unit)}, may be partly a change of method"
    every = f"every {step} figures" if step > 1 else "one figure and the next"
    units = f"Change between {every}, {unit}" + "; hatched: across a suspected break" * bool(crossing)
    return close_canvas(figure, title, units, source)


def _number_bars(axis: Axes, bars: BarContainer, changes: pd.Series, unit: str) -> None:
    """Write the changes at their bars if the longest number is no wider than the thinnest bar."""
    widths, most = np.array([bar.get_width() for bar in bars]), float(changes.abs().max())
    texts = [_say_change(change, unit, most, bare=True) for change in changes]
    if widths.min() / widths.sum() > LETTER * max(map(len, texts)):
        axis.bar_label(bars, texts, padding=3, size=LABEL_SIZE, color=INK)


def _say_last_year(values: pd.Series, unit: str) -> str:
    """The change to the last figure from the newest that is a year older, or else from the first, with both dates."""
    last = values.index[-1]
    first = values[: last - YEAR].index[-1] if values.index[0] <= last - YEAR else values.index[0]
    name = say_day if say_date(first) == say_date(last) else say_date  # months would be the same
    return f"{_say_change(values[last] - values[first], unit)} between {name(first)} and {name(last)}"


def _say_change(change: float, unit: str, beside: float = 0.0, bare: bool = False) -> str:
    """A change with its sign."""
    return f"{'+' if change > 0 else ''}{say(change, unit, beside, bare=bare)}"
