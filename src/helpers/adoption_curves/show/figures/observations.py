"""What was observed: which series exist, levels, growth."""

from __future__ import annotations

from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ...base.dates import decimal_years
from ...base.words import lower_first, say, say_at, say_count, say_date, say_day, say_newer
from .labels import Label, label_ends, mark_breaks
from .single import plot_newer
from .style import (
    BLUE,
    COLOURS,
    FAR,
    GREY,
    INK,
    ORANGE,
    PALE,
    WHOLE,
    close_canvas,
    open_canvas,
    shorten_label,
    size_marks,
    tell,
    tell_figures,
    use_dates,
    use_numbers,
)

FEW = 2
"""Figures that are no line yet, and stand on their axis."""
MOST_BARS, NUMBERED_BARS, NARROWEST = 60, 12, 0.06
"""Bars of a figure, of one whose bars all have numbers, and the least of its width that such a bar takes."""


def draw_coverage(observations: pd.DataFrame, coverage: pd.DataFrame, indicator: str, source: str) -> Figure:
    """When each series was observed, one line a series, with its breaks.

    Parameters
    ----------
    observations : DataFrame
        indicator, date.
    coverage : DataFrame
        From `indicators.describe_coverage`, the rows of these series: indicator, title, breaks.
    indicator : str
        The series to bring out.
    source : str
        The caption's text.

    Returns
    -------
    Figure
    """
    dates = observations.groupby("indicator")["date"].agg(["min", "max", "size"]).sort_values("min", kind="stable")
    own = dates.loc[indicator]
    figure, axes = open_canvas(1.5 + 0.21 * len(dates))
    axis = axes[0, 0]
    axis.hlines(range(len(dates)), dates["min"], dates["max"], color=PALE, lw=1, zorder=1)
    sns.stripplot(
        observations, x="date", y="indicator", order=dates.index, hue=observations["indicator"] == indicator,
        palette={False: BLUE, True: ORANGE}, jitter=False, size=3.6, legend=False, ax=axis,
    )  # fmt: skip
    described = coverage.set_index("indicator").loc[dates.index]
    breaks = described["breaks"][described["breaks"] != ""].str.split("; ").explode()
    rows = dates.index.get_indexer(breaks.index)
    axis.vlines(pd.to_datetime(breaks), rows - 0.42, rows + 0.42, color=INK, lw=1.6, zorder=3)
    titles = described["title"]
    named = [f"{shorten_label(titles[name])}  {dates['size'][name]}" for name in dates.index]
    axis.set_yticks(range(len(dates)), named, size=8, color=INK)
    axis.get_yticklabels()[dates.index.get_loc(indicator)].set(color=ORANGE, weight="bold")
    axis.set(xlabel="", ylabel="", ylim=(len(dates) - 0.4, -0.6))
    axis.grid(False)
    use_dates(axis, pd.DatetimeIndex(observations["date"]))
    most = dates["size"].drop(indicator).max()
    others = f"; the longest other series here has {most:.0f}" if len(dates) > 1 else ""
    count = say_count(own["size"], "observation")
    title = f"{titles[indicator]}: {count}, {own['min']:%Y} to {own['max']:%Y}{others}"
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
    [line] = axis.plot(dates, growth["value"], "-o", color=ORANGE, lw=1.8, ms=size_marks(5, dates), zorder=3)
    tell_figures(line, names, dates)
    if len(dates) <= FEW:
        axis.vlines(dates, 0, growth["value"], color=ORANGE, lw=1)
    sampled = bool(growth["standard_error"].notna().any())
    if sampled:
        axis.errorbar(dates, growth["value"], 1.96 * growth["standard_error"], fmt="none", ecolor=INK, capsize=3)
    labels = [Label(last["date"], last["value"], f"{say(last['value'])}\n{say_date(last['date'])}", ORANGE)]
    top = growth["value"].max()
    if bound is not None:  # to both ends of the series, as it is interpolated
        bound = bound.reindex(bound.index.union(dates)).interpolate("time").ffill().bfill().loc[dates[0] : dates[-1]]
        far = bound.min() > FAR * top
        if not far:
            axis.plot(bound.index, bound, "--", color=BLUE, lw=1.4)
            named, size = lower_first(names["bound_title"]), say(bound.iloc[-1])
            text = f"Bound: {named}" if named.startswith(size) else f"Bound: {named}\n{size}"
            labels.append(Label(bound.index[-1], bound.iloc[-1], text, BLUE))
            top = max(top, bound.max())
    plot_newer(axis, newer)
    axis.set_ylim(0, 1.08 * max([top, *newer["value"]]))
    use_dates(axis, dates.append(newer.index))
    use_numbers(axis)
    mark_breaks(axis, breaks)
    label_ends(axis, labels)
    units = names["unit"].capitalize() + "; upright bars: 95 % sampling error, as published" * sampled
    if bound is not None and far:
        units += f"; the bound, {lower_first(names['bound_title'])}, lies above at {say(bound.iloc[-1])}"
    return close_canvas(figure, _say_level(last, newer, names), units, source)


def _say_level(last: pd.Series, newer: pd.DataFrame, names: dict[str, Any]) -> str:
    """The title: the last figure, its share of the bound, and a newer figure that is a bound."""
    at_date = say_at(names.get("cumulative", False))
    title = f"{names['title']}: {say(last['value'], names['unit'])} {at_date} {say_date(last['date'])}"
    if np.isfinite(last["share_of_bound"]) and not names["unit"].startswith("percent"):
        title += f", {say(last['share_of_bound'], 'percent')} of {lower_first(names['bound_title'])}"
    return title + say_newer(newer, last["value"], at_date).replace(",", ";", 1)


def draw_shares(shares: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """The series as a share of each population that its users are part of.

    Parameters
    ----------
    shares : DataFrame
        base (in words), date, share (percent).
    names : dict
        title.
    source : str

    Returns
    -------
    Figure or None
        None for fewer than two populations.
    """
    if shares["base"].nunique() < 2:
        return None
    figure, axes = open_canvas(3.4)
    axis, colours = axes[0, 0], dict(zip(dict.fromkeys(shares["base"]), COLOURS, strict=False))
    sns.lineplot(
        shares, x="date", y="share", hue="base", palette=colours, style="base", markers=True, markersize=6,
        markeredgewidth=0, lw=1.8, legend=False, ax=axis,
    )  # fmt: skip
    labels = []
    for drawn, base in zip(axis.lines, colours, strict=False):
        line = shares[shares["base"] == base]
        tell(drawn, [f"{say_day(row.date)}: {say(row.share, 'percent')} of {lower_first(base)}"
                     for row in line.itertuples()])  # fmt: skip
        words = f"of {lower_first(base)}\n{say(line['share'].iloc[-1], 'percent')}"
        labels.append(Label(line["date"].iloc[-1], line["share"].iloc[-1], words, colours[base]))
    axis.set(xlabel="", ylabel="")
    top = shares["share"].max()
    axis.set_ylim(0, 1.03 * WHOLE if top > 0.6 * WHOLE else 1.05 * top)
    use_dates(axis, pd.DatetimeIndex(shares["date"]))
    use_numbers(axis, suffix=" %")
    label_ends(axis, labels)
    last = shares[shares["date"] == shares["date"].max()]
    told = " and ".join(f"{say(row.share, 'percent')} of {lower_first(row.base)}" for row in last.itertuples())
    title = f"{names['title']} {say_at(names.get('cumulative', False))} {say_date(last['date'].iloc[0])}: {told}"
    units = "Percent of each population, computed from both figures; a published rate may differ in its last digit"
    return close_canvas(figure, title, units, source)


def draw_growth(growth: pd.DataFrame, names: dict[str, Any], source: str) -> Figure:
    """Change a year from one observation to the next, as bars over the time between them.

    Parameters
    ----------
    growth : DataFrame
        A row a figure: date, value, and since the figure before: years, change.
    names : dict
        title, unit.
    source : str

    Returns
    -------
    Figure
    """
    step = -(-len(growth) // MOST_BARS)
    if step > 1:  # from day to day there is little but noise
        growth = growth.iloc[::-step].iloc[::-1].reset_index(drop=True)
        years = np.diff(decimal_years(growth["date"]), prepend=np.nan)
        growth = growth.assign(change=growth["value"].diff(), years=years)
    rows = growth.dropna(subset=["change"])
    figure, axes = open_canvas(3.6)
    axis = axes[0, 0]
    unit = "percentage points" if names["unit"].startswith("percent") else names["unit"]
    dates = mdates.date2num(growth["date"])
    spans = np.diff(dates)
    widths = spans / spans.sum()
    per_year = rows["change"].to_numpy() / rows["years"].to_numpy()
    biggest = int(np.argmax(per_year))
    colours = [ORANGE if i == biggest else BLUE for i in range(len(rows))]
    bars = axis.bar(dates[:-1], per_year, spans, align="edge", color=colours, edgecolor="white", linewidth=1.5)
    bars[biggest].set_hatch("//")
    for bar, before, row in zip(bars, growth["date"], rows.itertuples(), strict=False):
        tell(bar, [f"{say_day(before)} to {say_day(row.date)}: {'+' if row.change > 0 else ''}{say(row.change, unit)}"])
    numbered = len(rows) <= NUMBERED_BARS and widths.min() > NARROWEST
    if numbered:
        most = float(np.abs(per_year).max())
        texts = [f"{'+' if one > 0 else ''}{say(one, unit, most, bare=True)}" for one in per_year]
        axis.bar_label(bars, texts, padding=3, size=8.5, color=INK)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.margins(y=0.14)
    axis.xaxis_date()
    use_dates(axis, pd.DatetimeIndex(growth["date"]))
    use_numbers(axis)
    ends = growth.iloc[biggest : biggest + 2]
    title = f"{names['title']}: {_say_fastest(ends['date'], per_year[biggest], unit)}"
    every = f"every {step} observations" if step > 1 else "observations"
    return close_canvas(figure, title, f"Change between {every}, {unit} a year", source)


def _say_fastest(ends: pd.Series, per_year: float, unit: str) -> str:
    """The interval between two dates, as its bar is drawn; days are named where months would be the same."""
    start, end = ends
    name = say_day if say_date(start) == say_date(end) else say_date
    return f"fastest between {name(start)} and {name(end)}, {'+' if per_year > 0 else ''}{say(per_year, unit)} a year"
