"""What was observed: which series exist, levels, growth, alignment with other technologies, other countries."""

from __future__ import annotations

import textwrap
from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import blended_transform_factory

from ...base.dates import decimal_years
from ...base.numbers import lower_first, say, say_date, say_newer
from ...base.wording import say_count, say_day
from ...forecast.windows import PAST_PEAK
from .single import plot_newer
from .style import (
    BLUE,
    COLOURS,
    FAR,
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
    mark_breaks,
    open_canvas,
    shorten_label,
    size_marks,
    tell,
    tell_figures,
    use_dates,
    use_numbers,
)

MOST_BARS, NUMBERED_BARS = 60, 12
NAMED = 5  # references that are named beside a series
UNLIKE_ORANGE = tuple(colour for colour in COLOURS if colour != ORANGE)


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
    places = pd.Series(range(len(dates)), dates.index)
    own = dates.loc[indicator]
    figure, axes = open_canvas(1.5 + 0.21 * len(dates))
    axis = axes[0, 0]
    axis.hlines(places, dates["min"], dates["max"], color=PALE, lw=1, zorder=1)
    for mine, colour, marker in ((False, BLUE, "o"), (True, ORANGE, "D")):
        points = observations[(observations["indicator"] == indicator) == mine]
        axis.plot(points["date"], points["indicator"].map(places), marker, color=colour, ms=3.2, zorder=2)
    described = coverage.set_index("indicator").loc[dates.index]
    breaks = described["breaks"][described["breaks"] != ""].str.split("; ").explode()
    rows = places[breaks.index]
    axis.vlines(pd.to_datetime(breaks), rows - 0.42, rows + 0.42, color=INK, lw=1.6, zorder=3)
    titles = described["title"]
    axis.set_yticks(places, [f"{shorten_label(titles[name])}  {dates['size'][name]}" for name in dates.index], size=8)
    axis.tick_params("y", labelcolor=INK)
    axis.get_yticklabels()[places[indicator]].set(color=ORANGE, weight="bold")
    axis.set_ylim(len(dates) - 0.4, -0.6)
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
    title = f"{names['title']}: {say(last['value'], names['unit'])} in {say_date(last['date'])}"
    if np.isfinite(last["share_of_bound"]) and not names["unit"].startswith("percent"):
        title += f", {say(last['share_of_bound'])} % of {lower_first(names['bound_title'])}"
    title += say_newer(newer, last["value"]).replace(",", ";", 1)
    label_ends(axis, labels)
    units = names["unit"].capitalize() + "; upright bars: 95 % sampling error, as published" * sampled
    if bound is not None and far:
        units += f"; the bound, {lower_first(names['bound_title'])}, lies above at {say(bound.iloc[-1])}"
    return close_canvas(figure, title, units, source)


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
    axis, labels = axes[0, 0], []
    bases = list(dict.fromkeys(shares["base"]))
    for base, colour, dash, marker in zip(bases, COLOURS, LINES, MARKERS, strict=False):
        line = shares[shares["base"] == base]
        [drawn] = axis.plot(line["date"], line["share"], color=colour, ls=dash, marker=marker, ms=5, lw=1.8)
        tell(drawn, [f"{say_day(row.date)}: {say(row.share)} % of {lower_first(base)}" for row in line.itertuples()])
        end = line.iloc[-1]
        labels.append(Label(end["date"], end["share"], f"of {lower_first(base)}\n{say(end['share'])} %", colour))
    axis.set_ylim(0, 1.08 * max(100.0, shares["share"].max()) if shares["share"].max() > 60 else None)
    axis.set_ylim(bottom=0)
    use_dates(axis, pd.DatetimeIndex(shares["date"]))
    use_numbers(axis, suffix=" %")
    label_ends(axis, labels)
    last = shares[shares["date"] == shares["date"].max()]
    told = " and ".join(f"{say(row.share)} % of {lower_first(row.base)}" for row in last.itertuples())
    title = f"{names['title']} in {say_date(last['date'].iloc[0])}: {told}"
    units = "Percent of each population, computed from both figures; a published rate may differ in its last digit"
    return close_canvas(figure, title, units, source)


def draw_growth(growth: pd.DataFrame, names: dict[str, Any], source: str) -> Figure:
    """Change from one observation to the next, as bars over the time between them, with the growth written on.

    Parameters
    ----------
    growth : DataFrame
        A row a figure: date, value, and since the figure before: years, change, growth (percent).
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
        growth = growth.assign(change=growth["value"].diff(), growth=np.nan, years=years)
    rows = growth.dropna(subset=["change"])
    figure, axes = open_canvas(3.6)
    axis = axes[0, 0]
    unit = "percentage points" if names["unit"].startswith("percent") else names["unit"]
    dates = mdates.date2num(growth["date"])
    spans = np.diff(dates)
    widths = spans / spans.sum()
    sign = " %" if widths.min() > 0.09 else ""  # texts on narrow bars are short
    per_year = rows["change"].to_numpy() / rows["years"].to_numpy()
    biggest = int(np.argmax(per_year))
    colours = [ORANGE if i == biggest else BLUE for i in range(len(rows))]
    bars = axis.bar(dates[:-1], per_year, spans, align="edge", color=colours, edgecolor="white", linewidth=1.5)
    bars[biggest].set_hatch("//")
    for bar, before, row in zip(bars, growth["date"], rows.itertuples(), strict=False):
        tell(bar, [f"{say_day(before)} to {say_day(row.date)}: {row.change:+,.4g} {unit}"])
    if len(rows) <= NUMBERED_BARS:
        seen = rows["growth"].where(widths > 0.035)
        texts = [f"{percent:+.0f}{sign}" if np.isfinite(percent) else "" for percent in seen]
        axis.bar_label(bars, texts, padding=3, size=8.5, color=INK)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.margins(y=0.14)
    axis.xaxis_date()
    use_dates(axis, pd.DatetimeIndex(growth["date"]))
    use_numbers(axis)
    top, date = rows.iloc[biggest], growth["date"].iloc[biggest]
    share = top["change"] / (growth["value"].iloc[-1] - growth["value"].iloc[0])
    told = f", {100 * share:.0f} % of the whole rise shown" if 0 < share < 1 and len(rows) > 1 else ""
    name = say_day if say_date(date) == say_date(top["date"]) else say_date
    title = f"Fastest between {name(date)} and {name(top['date'])}: {top['change']:+,.3g} {unit}{told}"
    every = f"every {step} observations" if step > 1 else "observations"
    units = f"{names['title']}: change between {every}, {unit} a year"
    if len(rows) <= NUMBERED_BARS:
        units += f"; on the bars, growth over the interval{'' if sign else ', percent'}"
    return close_canvas(figure, title, units, source)


def draw_alignment(aligned: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """A series among reference technologies on a clock that starts at an equal share of the bound.

    Parameters
    ----------
    aligned : DataFrame
        A row a figure, the first of each series at 0 years: entity, indicator, technology, target (bool), start_share
        (percent), years (since the start), share (percent of the bound), years_to_target_share (infinity: not yet).
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
    pace = others.groupby(["entity", "indicator"])["years_to_target_share"].first().sort_values(kind="stable")
    labels = []
    for rank, key in enumerate(pace.index[:NAMED]):
        line = inside[(inside["entity"] == key[0]) & (inside["indicator"] == key[1])]
        if len(line) > 1:
            colour, last = UNLIKE_ORANGE[rank % len(UNLIKE_ORANGE)], line.iloc[-1]
            axis.plot(line["years"], line["share"], color=colour, ls=LINES[(rank + 1) % 6], lw=1.5)
            labels.append(Label(last["years"], last["share"], f"{last['technology']}, {last['entity']}", colour))
    [line] = axis.plot(target["years"], target["share"], "-o", color=ORANGE, lw=2.4, ms=5, zorder=5)
    tell(line, [f"After {row.years:.2g} years: {say(row.share)} % of the bound" for row in target.itertuples()])
    axis.set(xlim=(0, reach), ylim=(0, 105), ylabel="")
    axis.set_xlabel(f"Years since {say(end['start_share'])} % of the bound")
    use_numbers(axis, suffix=" %")
    if end["years"] > 0.5 * reach:
        labels.append(Label(end["years"], end["share"], names["title"], ORANGE))
    else:
        axis.annotate(
            shorten_label(names["title"]), (end["years"], end["share"]), xytext=(0, 9),
            textcoords="offset points", color=ORANGE,
            weight="bold", size=9, va="bottom", path_effects=[withStroke(linewidth=3, foreground="white")], zorder=6,
        )  # fmt: skip
    own, start, total = end["years_to_target_share"], say(end["start_share"]), len(pace)
    faster = int((pace <= own).sum())
    highest = say(target["share"].max())
    title = f"Never above the {start} % of its bound at which it begins; {total} other series passed that share"
    if own > 0:
        title = f"From {start} to {highest} % of its bound in {own:.1f} years: {faster or 'none'} of {total} series "
        title += "of other technologies did it as fast"
    if target["share"].min() >= PAST_PEAK * target["share"].max():
        title = f"Between {say(target['share'].min())} and {highest} % of its bound for {end['years']:.1f} years"
    units = (
        f"Share of each technology's bound, percent (here: {lower_first(names['bound_title'])}); "
        "grey: all other technologies, named: the fastest"
    )
    label_ends(axis, labels, size=8)
    return close_canvas(figure, title, units, source)


def draw_comparison(compared: pd.DataFrame, entity: str, source: str, most: int = 10) -> Figure | None:
    """The latest figure of each measure of the technology by country, one block a measure.

    Blocks do not share what they count, so nothing is ranked across them.

    Parameters
    ----------
    compared : DataFrame
        measure, entity, date, value, unit, standard_error (missing where not published); the highest of each measure
        first.
    entity : str
        Its figures stand out, and their measures come first.
    source : str
    most : int
        Of a longer block the highest figures are shown, and the entity's own. A measure of one other country alone is
        left out where there are others.

    Returns
    -------
    Figure or None
        None for fewer than two figures.
    """
    if len(compared) < 2:
        return None
    ranked = compared.assign(own=compared["entity"] == entity, rank=compared.groupby("measure").cumcount())
    ranked["others"] = ~ranked.groupby("measure")["own"].transform("any")
    apart = ranked["others"] & (ranked.groupby("measure")["rank"].transform("size") == 1)
    if not apart.all():  # what compares nothing is in the table
        ranked = ranked[~apart]
    shown = ranked[(ranked["rank"] < most) | ranked["own"]].sort_values("others", kind="stable", ignore_index=True)
    block, measures = pd.factorize(shown["measure"])
    shown["row"] = shown.index + 1.7 * (block + 1) - 1
    figure, axes = open_canvas(1.4 + 0.185 * (shown["row"].iloc[-1] + 1))
    axis = axes[0, 0]
    axis.hlines(shown["row"], 0, shown["value"], color=PALE, lw=1)
    half = 1.96 * shown["standard_error"]
    axis.hlines(shown["row"], shown["value"] - half, shown["value"] + half, color=INK, lw=2.2)
    sns.scatterplot(
        shown, x="value", y="row", hue="own", palette={False: BLUE, True: ORANGE}, style="measure",
        markers=dict(zip(measures, MARKERS * len(measures), strict=False)), s=26, linewidth=0, zorder=3,
        legend=False, ax=axis,
    )  # fmt: skip
    said = [f"{row.entity}, {say_date(row.date)}: {say(row.value)} %, {row.measure}" for row in shown.itertuples()]
    tell(axis.collections[-1], said)
    for row, right in zip(shown.itertuples(), shown["value"] + half.fillna(0), strict=True):
        axis.annotate(
            say(row.value), (right, row.row), xytext=(6, 0), textcoords="offset points", va="center", size=7.5,
            weight="bold" if row.own else "normal",
        )  # fmt: skip
    left = blended_transform_factory(figure.transFigure, axis.transData)
    for measure, rows in shown.groupby("measure", sort=False):
        unit = rows["unit"].iloc[0].removeprefix("percent").removeprefix(" of ")
        words = shorten_label(f"{measure}{': ' + unit if unit else ''}", 2 * LONGEST_LABEL)
        axis.text(0.01, rows["row"].iloc[0] - 1, words, size=8, va="center", weight="bold", transform=left,
                  in_layout=False)  # fmt: skip
    short = shown["entity"].map(lambda name: textwrap.shorten(name, 30, placeholder="…"))
    axis.set_yticks(shown["row"], short + shown["date"].dt.strftime(", %Y-%m"), size=7.5)
    axis.set(xlim=(0, 105), ylim=(shown["row"].iloc[-1] + 0.7, -0.9), xlabel="", ylabel="")
    axis.grid(False, axis="y")
    use_numbers(axis, "x", " %")
    units = "Percent of the people whom each measure covers; latest figure"
    units += "; dark bars: 95 % sampling error, as published" * bool(half.notna().any())
    if len(shown) < len(ranked):
        units += f"; of longer lists the {most} highest" + f", and {entity}" * bool(ranked["own"].any())
    if apart.any() and not apart.all():
        units += f"; {say_count(apart.sum(), 'measure')} of one other country alone left out"
    return close_canvas(figure, _say_measures(ranked, entity), units, source)


def _say_measures(compared: pd.DataFrame, entity: str) -> str:
    mine, measures, places = (
        compared.loc[compared["own"], "value"], compared["measure"].nunique(), compared["entity"].nunique()
    )  # fmt: skip
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    title = f"{'One measure' if measures == 1 else f'{measures} measures'} in {counted}"
    if len(mine) > 1:
        title = f"{entity} has {say(mine.min())} % by one measure and {say(mine.max())} % by another"
    return title + (": each measure asks other people another question" if measures > 1 else "")
