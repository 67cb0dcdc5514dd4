"""Figures of notebook 2: levels below the limit, growth, pace among other technologies, other countries."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from operator import attrgetter

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from ...base import words
from ...base.words import lower_first, say, say_count, say_date, say_period, say_range
from ...indicators import AdoptionSeries, Names
from ...say.page import format_claim
from . import style
from .labels import Label, find_gaps, label_ends, label_values, shade_breaks
from .on_axes import plot_earlier, plot_figures, plot_limit, plot_newer, say_counted
from .style import BLUE, GREY, INK, ORANGE, PALE, SMALL, close_canvas, open_canvas, tell, use_dates, use_numbers

_NO_LINE = 2  # figures that are no line yet, and stand on their axis
_MAX_BARS, _LETTER = 60, 0.014  # bars of a figure; a letter's width in widths of the axes: numbers stand where they fit
_NEARLY_A_YEAR = pd.Timedelta(days=360)  # between the ends of the same month in two years there is more
_NAMED = 5  # other series that are named: the fastest
_STEADY_PART = 0.9  # shares that all lie within this part of the highest neither rise nor fall
_PANELS = {  # headings of the kinds of measures
    "survey of the population": "Surveys of the population",
    "survey of firms": "Surveys of firms",
    "online panel": "Online panels: people who signed up for surveys",
    "telemetry": "Telemetry: estimated from devices, nobody is asked",
    "company figures": "Figures of companies",
}


def draw_levels(series: AdoptionSeries, names: Names, source: str, title: str = "") -> Figure:
    """The figures of a series beneath its limit.

    Parameters
    ----------
    series : AdoptionSeries
    names : Names
    source : str
        The caption's text.
    title : str
        By default the last figure.

    Returns
    -------
    Figure
    """
    figure, axis = open_canvas(4.0)
    values, dates = series.values, series.days
    errors, measure, newer = series.standard_error, names.measure, series.newer.join(series.readings)
    told = plot_earlier(axis, series, names.points)
    plot_figures(axis, values, series.breaks, names.points, color=ORANGE, lw=1.8, zorder=3)
    if len(values) <= _NO_LINE:
        axis.vlines(values.index, 0, values, color=ORANGE, lw=1)
    units = say_counted(names) + told
    if errors.notna().any():
        axis.errorbar(values.index, values, 1.96 * errors, fmt="none", ecolor=INK, capsize=3)
        units += "; upright bars: 95% sampling error, as published"
    labels, told = plot_limit(axis, series, dates, max([*values, *series.newer["value"]]))
    date = f"{dates[-1]:%Y}" if (dates.month == 12).all() else say_period(dates[-1], measure)
    when = f"{words.say_at(measure)} {date}"
    if len(values):
        last = values.iloc[-1]
        title = title or format_claim(names, words.say_figure(last, names.unit, names.own), when)
        if series.limit is not None and not names.unit.startswith("percent"):
            share = say(100 * last / series.limit.at(dates[-1:])[0], "percent")
            exact = " exact" if len(series.newer) else ""
            units += f"; the last{exact} figure is {share} of {lower_first(names.limit_title)}"
        printed = f"{words.say_figure(last, '', names.own)} {words.say_at(measure)}"
        labels.append(Label(dates[-1], last, f"{printed}\n{date}", ORANGE))
    else:
        title = title or f"{names.title}: {words.say_limit(newer.iloc[-1], names.unit, own=names.own)} {when}"
    plot_newer(axis, newer, own=names.own)
    axis.set_ylim(0, 1.08 * axis.dataLim.y1)
    use_dates(axis, min([dates[0], *series.earlier.index]), max([dates[-1], *newer.index]), measure)
    label_ends(axis, labels)
    if len(values) and values.idxmax() != values.index[-1]:
        label_values(axis, values[[values.idxmax()]], names.unit, names.own)
    units += told + shade_breaks(axis, series.breaks, dates)
    return close_canvas(figure, title, units, source)


def draw_growth(series: AdoptionSeries, names: Names, source: str) -> Figure | None:
    """Changes as published from one figure to the next, as bars over the time between them.

    A bar across a suspected break is hatched, and one to a newer figure that is printed as a limit dashed. Of single
    figures from month to month most are noise, so the title has the change of a year.

    Parameters
    ----------
    series : AdoptionSeries
    names : Names
    source : str
        The caption's text.

    Returns
    -------
    Figure or None
        None for one figure.
    """
    if len(series.values) < 2:
        return None
    step = -(-len(series.values) // _MAX_BARS)  # from day to day there is little but noise
    values, measure = series.values.iloc[::-step].iloc[::-1], names.measure
    unit = "percentage points" if names.unit.startswith("percent") else names.unit
    figure, axis = open_canvas(3.6)
    crossing = [end for _, end in find_gaps(values.index, series.breaks)]
    _draw_changes(axis, values, crossing, unit, measure)
    told = _draw_newest_change(axis, series, unit, names.own)
    use_dates(axis, values.index[0], max([values.index[-1], *series.newer.index]), measure)
    changes = values.diff()
    biggest = changes.abs().idxmax()
    title = f"{names.title}: {_say_last_year(series.values, unit, measure)}"
    if biggest in crossing:
        title = f"The largest change, {_say_change(changes[biggest], unit)}, may be partly a change of method"
    every = f"every {step} figures" if step > 1 else "one figure and the next"
    units = f"Change between {every}, {unit}"
    if crossing:
        units += "; hatched: figures before and after may not be comparable"
    return close_canvas(figure, title, units + told, source)


def _draw_newest_change(axis: Axes, series: AdoptionSeries, unit: str, own: bool) -> str:
    """A dashed bar from the last exact figure to a newer one that is printed as a limit beyond it; words for the units.

    Parameters
    ----------
    axis : Axes
    series : AdoptionSeries
    unit : str
        Of the changes.
    own : bool
        Whether the figures are of one's own data.

    Returns
    -------
    str
        "" where no such figure lies beyond the last exact one.
    """
    if series.newer.empty:
        return ""
    start, date, row = series.values.index[-1], series.newer.index[-1], series.newer.iloc[-1]
    change = row["value"] - series.values.iloc[-1]
    if not change or (change > 0) != (row["qualifier"] == "at_least"):
        return ""
    bars = axis.bar(
        start, change, date - start, align="edge", color="white", edgecolor=ORANGE, linestyle="--", linewidth=1.2
    )
    printed = words.say_limit(row, bare=True, own=own)  # more than 700
    largest = series.values.diff().abs().max()  # whose decimals all changes have
    label = f"{printed.rpartition(' ')[0]}\n{_say_change(change, unit, largest, bare=True)}"
    axis.bar_label(bars, [label], padding=3, size=SMALL, color=INK)
    return f"; dashed: to {say_date(date)}, printed as “{printed}”"


def _draw_changes(axis: Axes, values: pd.Series, crossing: Sequence[pd.Timestamp], unit: str, measure: str) -> None:
    """A bar from each figure to the next, hatched across a break, with its number where the bars are wide enough.

    Parameters
    ----------
    axis : Axes
    values : Series
        Figures by date, in `unit`.
    crossing : sequence of Timestamp
        Ends of the intervals in which a break lies.
    unit : str
        Of the changes.
    measure : str
        Of the series: of a flow the ends of a bar are years.
    """
    changes, spans = values.diff().iloc[1:], np.diff(mdates.date2num(values.index))
    bars = axis.bar(values.index[:-1], changes, spans, align="edge", color=ORANGE, edgecolor="white", linewidth=1.5)
    days = [say_period(each, measure) if measure == "flow" else words.say_day(each) for each in values.index]
    for place, (bar, (date, change)) in enumerate(zip(bars, changes.items(), strict=True)):
        tell(bar, [f"{days[place]} to {days[place + 1]}: {_say_change(change, unit)}"])
        if date in crossing:
            bar.set(facecolor="white", edgecolor=ORANGE, hatch="///", linewidth=1.2)
    numbers = [_say_change(change, unit, float(changes.abs().max()), bare=True) for change in changes]
    if spans.min() / spans.sum() > _LETTER * max(map(len, numbers)):
        axis.bar_label(bars, numbers, padding=3, size=SMALL, color=INK)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.margins(y=0.14)
    axis.xaxis_date()


def _say_last_year(values: pd.Series, unit: str, measure: str) -> str:
    """The change to the last figure from the newest that is a year older, or else from the first, with both dates."""
    last = values.index[-1]
    first = values[: last - _NEARLY_A_YEAR].index[-1] if values.index[0] <= last - _NEARLY_A_YEAR else values.index[0]
    ends = [say_period(each, measure) for each in (first, last)]
    if ends[0] == ends[1]:  # both in one month
        ends = [words.say_day(each) for each in (first, last)]
    return f"{_say_change(values[last] - values[first], unit)} between {' and '.join(ends)}"


def _say_change(change: float, unit: str, beside: float = 0.0, bare: bool = False) -> str:
    """A change with its sign."""
    return f"{'+' if change > 0 else ''}{say(change, unit, beside, bare=bare)}"


def draw_alignment(aligned: pd.DataFrame, pace: pd.DataFrame, names: Names, source: str) -> Figure | None:
    """A series among other technologies on a clock that starts at an equal share of the limit.

    Parameters
    ----------
    aligned : DataFrame
        A row a figure, the first of each series at 0 years: entity, indicator, technology, target (bool), start_share
        (percent), years (since the start), share (percent of the limit).
    pace : DataFrame
        02_pace: a row a series, the fastest first: entity, indicator, target, start_share, years_to_target_share, unit,
        place, of.
    names : Names
    source : str
        The caption's text.

    Returns
    -------
    Figure or None
        None where nothing can be set on the clock.
    """
    if aligned.empty:
        return None
    figure, axis = open_canvas(4.8)
    target, others = aligned[aligned["target"]], aligned[~aligned["target"]]
    reach, start = max(1.5 * target["years"].max() + 3, 6), say(target["start_share"].iloc[0], "percent")
    inside = others[others["years"] <= reach].assign(line=(others["years"] == 0).cumsum())
    if len(inside):
        sns.lineplot(
            inside, x="years", y="share", units="line", estimator=None, legend=False, ax=axis,
            color=GREY, lw=0.9, alpha=0.55, zorder=1,
        )  # fmt: skip
    labels = _draw_fastest(axis, inside, pace[~pace["target"]].head(_NAMED))
    labels.append(Label(target["years"].iloc[-1], target["share"].iloc[-1], names.title, ORANGE))
    [own] = axis.plot(target["years"], target["share"], "-o", color=ORANGE, lw=2.4, ms=5, zorder=5)
    tell(own, [f"After {row.years:.2g} years: {say(row.share, 'percent')} of the limit" for row in target.itertuples()])
    axis.set(xlim=(0, reach), ylim=(0, 105), ylabel="", xlabel=f"Years since {start} of the limit")
    use_numbers(axis, suffix="%")
    label_ends(axis, sorted(labels, key=attrgetter("x")))  # of ends at one height the later stands above
    limit = lower_first(names.limit_title).removeprefix("100 percent of ")
    units = f"Percent of the limit, here {limit}; the fastest are named"
    ahead = pace.loc[~pace["target"], "unit"].head(int(pace.loc[pace["target"], "place"].iloc[0] - 1))
    if len(ahead) and ahead.str.contains("of new ").all():
        units += "; the faster ones count new sales"
    return close_canvas(figure, _say_pace(pace, target["share"], names), units, source)


def _draw_fastest(axis: Axes, inside: pd.DataFrame, fastest: pd.DataFrame) -> list[Label]:
    """Draw the series of these (entity, indicator) apart from the others; their labels."""
    labels, colours = [], [colour for colour in style.COLOURS if colour != ORANGE]
    for rank, row in enumerate(fastest.itertuples()):
        line = inside[(inside["entity"] == row.entity) & (inside["indicator"] == row.indicator)]
        if len(line) > 1:
            end = line.iloc[-1]
            axis.plot(line["years"], line["share"], color=colours[rank], ls=style.LINES[rank + 1], lw=1.5)
            labels.append(Label(end["years"], end["share"], f"{end['technology']}, {end['entity']}", colours[rank]))
    return labels


def _say_pace(pace: pd.DataFrame, shares: pd.Series, names: Names) -> str:
    """The title: how many others were as fast, as the finding says it."""
    own = pace[pace["target"]].iloc[0]
    low, others, faster = shares.min(), int(own["of"] - 1), int(own["place"] - 1)
    if low >= _STEADY_PART * shares.max():
        return f"{names.title}: {say_range(low, shares.max(), 'percent')} of the limit all the time"
    if own["years_to_target_share"] > 0:
        return f"{names.title}: {faster or 'none'} of {others} other series rose as fast or faster"
    return f"{names.title}: never above the {say(own['start_share'], 'percent')} of the limit at the beginning"


def draw_comparison(picked: pd.DataFrame, technology: str, entity: str, source: str) -> Figure | None:
    """The newest figure of a technology by country, one panel a kind of measure.

    Panels do not share what they measure, so nothing is ranked across them.

    Parameters
    ----------
    picked : DataFrame
        From `countries.pick_countries`.
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
    picked = picked.assign(own=picked["entity"] == entity)
    panels = [rows for _, rows in picked.groupby("panel", sort=False)]
    steps = [1.0 if rows["indicator"].nunique() == 1 else 2.0 for rows in panels]  # lines that a figure takes
    heads = [_say_panel(rows) for rows in panels]
    tall = [step * len(rows) + len(head) + 0.7 for step, rows, head in zip(steps, panels, heads, strict=True)]
    figure, axes = style.open_panels(1.1 + 0.2 * sum(tall), len(panels), 1, sharex=True, height_ratios=tall)
    for axis, rows, head, step in zip(axes[:, 0], panels, heads, steps, strict=True):
        _draw_measure_panel(axis, rows.assign(row=step * np.arange(len(rows))), head, step)
    axes[-1, 0].set(xlim=(0, 108))
    use_numbers(axes[-1, 0], "x", "%")
    units = "Percent of those whom each measure covers; the newest figure of each country"
    if picked["standard_error"].notna().any():
        units += "; bars: 95% sampling error, as published"
    return close_canvas(figure, _say_measures(picked, technology, entity), units, source)


def _say_panel(rows: pd.DataFrame) -> list[str]:
    """The lines above a panel: the kind of measure; of one measure whom it covers, and what is ranked."""
    first = rows.iloc[0]
    title = _PANELS.get(first["panel"], first["panel"])
    if rows["indicator"].nunique() > 1:
        return [f"{title}: each asks its own question"]
    lines = [title, _say_people(first)]
    if not rows["named"].all():
        lines.append(f"with the three highest of all {first['list_size']:.0f} in {say_date(first['list_date'])}")
    return lines


def _say_people(row: pd.Series) -> str:
    """Who publishes a measure, by the short name in brackets where there is one, and whom it covers."""
    short = re.search(r"\(([A-Z][^()]*)\)", f"{row['measure']} {row['publisher']}")
    return f"{short[1] if short else row['publisher']}: {_name_people(row)}"


def _name_people(row: pd.Series) -> str:
    """Whom a measure covers."""
    return str(row["people"] or row["unit"].removeprefix("percent of "))


def _draw_measure_panel(axis: Axes, rows: pd.DataFrame, head: list[str], step: float) -> None:
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
            va="center", size=SMALL, weight="bold" if row.own else "normal",
        )  # fmt: skip
    title, *about = head
    texts = [(place - len(about), text, {"color": GREY}) for place, text in enumerate(about)]
    if step > 1:
        texts += [(row["row"] - 0.95, _say_people(row), {"color": GREY}) for _, row in rows.iterrows()]
    left = blended_transform_factory(axis.figure.transFigure, axis.transData)
    for row, text, look in [(-len(about) - step, title, {"weight": "bold"}), *texts]:
        axis.text(0.011, row, text, size=SMALL, va="center", transform=left, in_layout=False, **look)
    names = rows["entity"].map(lambda name: textwrap.shorten(name, 30, placeholder="…"))
    axis.set_yticks(rows["row"], names + rows["date"].dt.strftime(", %b %Y"), size=SMALL)
    axis.set(ylim=(rows["row"].iloc[-1] + 0.7, -len(about) - step - 0.7), xlabel="", ylabel="")
    axis.grid(False, axis="y")


def _say_measures(picked: pd.DataFrame, technology: str, entity: str) -> str:
    """The title: the shares of the entity by its measures; where it has none, how many measures and countries."""
    mine, use = picked[picked["entity"] == entity], f"Use of {technology}"
    if len(mine) > 1:
        shares = say_range(mine["value"].min(), mine["value"].max(), "percent")
        return f"{use} in {words.say_place(entity)}: {shares}, depending on what is measured"
    if len(mine):
        row = mine.iloc[0]
        share = f"{say(row['value'], 'percent')} of {_name_people(row)}"
        return f"{use} in {words.say_place(entity)}: {share} in {say_date(row['date'])}"
    measures, places = picked["measure"].nunique(), picked["entity"].nunique()
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    return f"{use}: {say_count(measures, 'measure')} in {counted}"
