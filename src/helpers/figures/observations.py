"""What was observed: which series exist, levels, growth, alignment with other technologies, other countries."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from helpers.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    LINES,
    LONGEST_LABEL,
    MARKERS,
    ORANGE,
    PALE,
    Label,
    close_canvas,
    label_ends,
    lower_first,
    mark_breaks,
    open_canvas,
    say,
    say_date,
    shorten_label,
    use_dates,
    use_numbers,
)
from helpers.wording import say_count

MOST_BARS = 300
NAMED = 5  # references that are named beside a series


def draw_coverage(observations: pd.DataFrame, indicator: str, source: str) -> Figure:
    """When each series was observed, one line a series, with its breaks.

    Parameters
    ----------
    observations : DataFrame
        indicator, title, date, and kind: "exact", "at_least", "at_most" or "break".
    indicator : str
        The series to bring out.
    source : str
        The caption's text.

    Returns
    -------
    Figure
    """
    points = observations[observations["kind"] != "break"]
    order = points.groupby("indicator")["date"].min().sort_values(kind="stable").index
    rows = {name: row for row, name in enumerate(order)}
    figure, axes = open_canvas(1.5 + 0.21 * len(rows))
    axis = axes[0, 0]
    spans = points.groupby("indicator")["date"].agg(["min", "max"]).loc[order]
    axis.hlines(list(rows.values()), spans["min"], spans["max"], color=PALE, lw=1, zorder=1)
    for mine, colour, marker in ((False, BLUE, "o"), (True, ORANGE, "D")):
        chosen = points[(points["indicator"] == indicator) == mine]
        axis.plot(chosen["date"], chosen["indicator"].map(rows), marker, color=colour, ms=3.2, zorder=2)
    breaks = observations[observations["kind"] == "break"]
    places = breaks["indicator"].map(rows)
    axis.vlines(breaks["date"], places - 0.42, places + 0.42, color=INK, lw=1.6, zorder=3)
    titles = points.drop_duplicates("indicator").set_index("indicator")["title"]
    counts = points.groupby("indicator").size()
    axis.set_yticks(list(rows.values()), [f"{shorten_label(titles[name])}  {counts[name]}" for name in rows], size=8)
    for tick, name in zip(axis.get_yticklabels(), rows, strict=True):
        tick.set_color(ORANGE if name == indicator else INK)
        tick.set_weight("bold" if name == indicator else "normal")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.grid(False)
    use_dates(axis, pd.DatetimeIndex(points["date"]))
    span = observations[observations["indicator"] == indicator]
    span = span[span["kind"] != "break"]["date"]
    most = counts.drop(indicator, errors="ignore").max() if len(counts) > 1 else 0
    others = f"; the longest other series here has {most}" if most else ""
    own = say_count(counts[indicator], "observation")
    title = f"{titles[indicator]}: {own}, {span.min():%Y} to {span.max():%Y}{others}"
    units = "Dates of observation by series; the number after each name counts them; an upright bar marks a break"
    return close_canvas(figure, title, units, source)


def draw_levels(
    growth: pd.DataFrame, bound: pd.Series | None, names: dict[str, Any], breaks: pd.DataFrame, source: str
) -> Figure:
    """The series' level beneath its known upper bound.

    Parameters
    ----------
    growth : DataFrame
        From `describe.measure_growth`.
    bound : Series or None
        The known upper bound by date.
    names : dict
        title, unit, bound_title.
    breaks : DataFrame
        date, kind.
    source : str

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(4.0)
    axis = axes[0, 0]
    last = growth.iloc[-1]
    axis.plot(growth["date"], growth["value"], "-o", color=ORANGE, lw=1.8, ms=5, zorder=3)
    labels = [Label(last["date"], last["value"], f"{say(last['value'])}\n{say_date(last['date'])}", ORANGE)]
    if bound is not None:
        bound = bound[(bound.index >= growth["date"].min()) & (bound.index <= last["date"])]
        bound = bound if len(bound) > 1 else pd.Series(bound.iloc[-1:].tolist() * 2, index=growth["date"].iloc[[0, -1]])
        axis.plot(bound.index, bound, "--", color=BLUE, lw=1.4)
        text = f"Bound: {lower_first(names['bound_title'])}\n{say(bound.iloc[-1])}"
        labels.append(Label(bound.index[-1], bound.iloc[-1], text, BLUE))
    axis.set_ylim(0, max(growth["value"].max(), 0 if bound is None else bound.max()) * 1.08)
    use_dates(axis, pd.DatetimeIndex(growth["date"]))
    use_numbers(axis)
    mark_breaks(axis, breaks)
    of_bound = f", {say(last['share_of_bound'])} % of {lower_first(names['bound_title'])}"
    share = (
        of_bound if np.isfinite(last["share_of_bound"]) and bound is not None and names["unit"][:7] != "percent" else ""
    )
    title = f"{names['title']}: {say(last['value'], names['unit'])} in {say_date(last['date'])}{share}"
    label_ends(axis, labels)
    return close_canvas(figure, title, names["unit"].capitalize(), source)


def draw_growth(growth: pd.DataFrame, names: dict[str, Any], source: str) -> Figure:
    """Change from one observation to the next, as bars over the time between them, with the growth written on."""
    rows = growth.dropna(subset=["change"])
    figure, axes = open_canvas(3.6)
    axis = axes[0, 0]
    dates = mdates.date2num(growth["date"])
    spans = np.diff(dates)
    per_year = rows["change"].to_numpy() / rows["years"].to_numpy()
    biggest = int(np.argmax(per_year))
    if len(rows) <= MOST_BARS:
        colours = [ORANGE if i == biggest else BLUE for i in range(len(rows))]
        bars = axis.bar(
            dates[:-1], per_year, width=spans, align="edge", color=colours, edgecolor="white", linewidth=1.5
        )
        bars[biggest].set_hatch("//")
    else:  # one outline: a bar each would take minutes
        axis.stairs(per_year, dates, fill=True, color=BLUE)
    axis.axhline(0, color=GREY, lw=0.8)
    if len(rows) <= 12:
        for start, span, height, percent in zip(dates[:-1], spans, per_year, rows["growth"], strict=True):
            text = f"{percent:+.0f} %" if np.isfinite(percent) else ""
            offset = 3 if height >= 0 else -3
            axis.annotate(
                text, (start + span / 2, height), xytext=(0, offset), textcoords="offset points", ha="center",
                va="bottom" if height >= 0 else "top", size=8.5, color=INK,
            )  # fmt: skip
    axis.margins(y=0.14)
    axis.xaxis_date()
    use_dates(axis, pd.DatetimeIndex(growth["date"]))
    use_numbers(axis)
    unit = "percentage points" if names["unit"].startswith("percent") else names["unit"]
    top, date = rows.iloc[biggest], growth["date"].iloc[biggest]
    share = top["change"] / (growth["value"].iloc[-1] - growth["value"].iloc[0])
    told = f", {100 * share:.0f} % of the whole rise shown" if 0 < share < 1 and len(rows) > 1 else ""
    title = f"Fastest between {say_date(date)} and {say_date(top['date'])}: {top['change']:+,.3g} {unit}{told}"
    units = f"{names['title']}: change between observations, {unit} a year"
    written = "; on the bars, growth over the interval" if len(rows) <= 12 else ""
    return close_canvas(figure, title, units + written, source)


def draw_alignment(aligned: pd.DataFrame, names: dict[str, Any], source: str) -> Figure:
    """A series among reference technologies on a clock that starts at an equal share of the bound.

    Parameters
    ----------
    aligned : DataFrame
        From `describe.align_references`.
    names : dict
        title, bound_title.
    source : str

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(4.8)
    axis = axes[0, 0]
    target = aligned[aligned["target"]]
    others = aligned[~aligned["target"]]
    reach = max(1.5 * target["years"].max() + 3, 6)
    labels = []
    pace = others.groupby(["entity", "indicator"])["years_to_target_share"].first().sort_values(kind="stable")
    lines = dict(iter(others[others["years"] <= reach].groupby(["entity", "indicator"])))
    paths = [line[["years", "share"]].to_numpy() for line in lines.values()]
    axis.add_collection(LineCollection(paths, color=GREY, lw=0.9, alpha=0.55, zorder=1))
    for rank, key in enumerate(pace.index[:NAMED]):
        inside = lines[key]
        if len(inside) > 1:
            colour, dash = COLOURS[(rank + 2) % 6] if rank else BLUE, LINES[(rank + 1) % 6]
            axis.plot(inside["years"], inside["share"], color=colour, ls=dash, lw=1.5)
            end = inside.iloc[-1]
            labels.append(Label(end["years"], end["share"], f"{end['technology']}, {end['entity']}", colour))
    axis.plot(target["years"], target["share"], "-o", color=ORANGE, lw=2.4, ms=5, zorder=5)
    end = target.iloc[-1]
    axis.set_xlim(0, reach)
    axis.set_ylim(0, 105)
    axis.set_xlabel(f"Years since {say(target['start_share'].iloc[0])} % of the bound")
    use_numbers(axis, suffix=" %")
    if end["years"] > 0.5 * reach:
        labels.append(Label(end["years"], end["share"], names["title"], ORANGE))
    else:
        axis.annotate(
            shorten_label(names["title"]), (end["years"], end["share"]), xytext=(0, 9),
            textcoords="offset points", color=ORANGE,
            weight="bold", size=9, va="bottom", path_effects=[withStroke(linewidth=3, foreground="white")], zorder=6,
        )  # fmt: skip
    own = target["years_to_target_share"].iloc[0]
    faster, total = int((pace <= own).sum()), len(pace)
    first, highest = say(target["start_share"].iloc[0]), say(target["share"].max())
    title = (
        f"From {first} to {highest} % of its bound in {own:.1f} years: "
        f"{'none' if faster == 0 else faster} of {total} reference series did it as fast"
        if own > 0
        else f"Never above the {first} % of its bound at which it begins; {total} reference series passed that share"
    )
    units = (
        f"Share of each technology's bound, percent (here: {lower_first(names['bound_title'])}); "
        "grey: all references, named: the fastest"
    )
    label_ends(axis, labels, size=8)
    return close_canvas(figure, title, units, source)


def draw_comparison(compared: pd.DataFrame, entity: str, source: str, most: int = 10) -> Figure:
    """The latest figure of each measure of the technology by country, one block a measure.

    Blocks do not share what they count, so nothing is ranked across them. Long blocks keep the highest figures and
    the entity's own.
    """
    own_first = compared.assign(own=compared["entity"] == entity)
    order = own_first.groupby("measure")["own"].any().sort_values(ascending=False, kind="stable").index
    groups = [own_first[own_first["measure"] == name] for name in order]
    blocks = [pd.concat([whole.head(most), whole[most:][whole[most:]["own"]]]) for whole in groups]
    shown = pd.concat(blocks, ignore_index=True)
    block = np.repeat(np.arange(len(blocks)), [len(rows) for rows in blocks])
    shown["row"] = np.arange(len(shown)) + 1.7 * (block + 1) - 1
    figure, axes = open_canvas(1.4 + 0.185 * (shown["row"].iloc[-1] + 1))
    axis = axes[0, 0]
    for rows, whole, marker in zip(blocks, groups, MARKERS * 9, strict=False):
        _draw_dots(axis, shown[shown["measure"] == rows["measure"].iloc[0]], marker)
        more = f" ({len(rows)} of {len(whole)} shown)" if len(rows) < len(whole) else ""
        unit = rows["unit"].iloc[0].removeprefix("percent").removeprefix(" of ")
        first = shown.loc[shown["measure"] == rows["measure"].iloc[0], "row"].iloc[0]
        words = shorten_label(f"{rows['measure'].iloc[0]}{': ' + unit if unit else ''}", 2 * LONGEST_LABEL)
        axis.text(0, first - 1, words + more, size=8.5, va="center")
    short = shown["entity"].map(lambda name: textwrap.shorten(name, 30, placeholder="…"))
    labels = [f"{one}, {date:%Y-%m}" for one, date in zip(short, shown["date"], strict=True)]
    axis.set_yticks(shown["row"], labels, size=7.5)
    axis.set_ylim(shown["row"].iloc[-1] + 0.7, -0.9)
    axis.set_xlim(0, 105)
    axis.grid(False, axis="y")
    use_numbers(axis, "x", " %")
    mine = compared[compared["entity"] == entity]["value"]
    said = (
        f"{entity} has {say(mine.min())} % by one measure and {say(mine.max())} % by another" if len(mine) > 1 else ""
    )
    places = compared["entity"].nunique()
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    title = said or f"{'One measure' if len(groups) == 1 else f'{len(groups)} measures'} in {counted}"
    told = ": each measure asks other people another question" if len(groups) > 1 else ""
    return close_canvas(figure, title + told, "Percent of the people whom each measure covers; latest figure", source)


def _draw_dots(axis: Axes, rows: pd.DataFrame, marker: str) -> None:
    axis.hlines(rows["row"], 0, rows["value"], color=PALE, lw=1)
    axis.scatter(rows["value"], rows["row"], color=np.where(rows["own"], ORANGE, BLUE), marker=marker, s=26, zorder=3)
    for row, value, own in zip(rows["row"], rows["value"], rows["own"], strict=True):
        axis.annotate(
            say(value), (value, row), xytext=(6, 0), textcoords="offset points", va="center", size=7.5,
            weight="bold" if own else "normal",
        )  # fmt: skip
