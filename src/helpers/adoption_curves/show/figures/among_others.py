"""The series among others: on a clock with other technologies, and beside the same technology in other countries."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from ...base.words import lower_first, say, say_count, say_date, say_range
from ...forecast.windows import PAST_PEAK
from .labels import Label, label_ends
from .style import (
    BLUE,
    COLOURS,
    GREY,
    HALO,
    INK,
    LINES,
    LONGEST_LABEL,
    MARKERS,
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
UNLIKE_ORANGE = tuple(colour for colour in COLOURS if colour != ORANGE)


def draw_alignment(aligned: pd.DataFrame, pace: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """A series among reference technologies on a clock that starts at an equal share of the bound.

    Parameters
    ----------
    aligned : DataFrame
        A row a figure, the first of each series at 0 years: entity, indicator, technology, target (bool), start_share
        (percent), years (since the start), share (percent of the bound), years_to_target_share (infinity: not yet).
    pace : DataFrame
        02_pace: a row a series, the fastest first: entity, indicator, target, start_share, target_share,
        years_to_target_share, place, of.
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
        line, [f"After {row.years:.2g} years: {say(row.share, 'percent')} of the bound" for row in target.itertuples()]
    )
    axis.set(xlim=(0, reach), ylim=(0, 105), ylabel="")
    axis.set_xlabel(f"Years since {say(end['start_share'], 'percent')} of the bound")
    use_numbers(axis, suffix=" %")
    if end["years"] > 0.5 * reach:
        labels.append(Label(end["years"], end["share"], names["title"], ORANGE))
    else:
        axis.annotate(
            shorten_label(names["title"]), (end["years"], end["share"]), xytext=(0, 9),
            textcoords="offset points", color=ORANGE,
            weight="bold", size=9, va="bottom", path_effects=[HALO], zorder=6,
        )  # fmt: skip
    title = _say_pace(pace[pace["target"]].iloc[0], target["share"], names)
    units = (
        f"Share of each technology's bound, percent (here: {lower_first(names['bound_title'])}); "
        "grey: all other technologies, named: the fastest"
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


def _say_pace(own: pd.Series, shares: pd.Series, names: dict[str, Any]) -> str:
    """The title: how long the series took, and how many others were as fast, as the finding says it."""
    low, high, others, faster = shares.min(), own["target_share"], int(own["of"] - 1), int(own["place"] - 1)
    if low >= PAST_PEAK * shares.max():
        return f"{names['title']}: {say_range(low, shares.max(), 'percent')} of the bound all the time"
    if own["years_to_target_share"] > 0:
        span = f"from {say_range(own['start_share'], high, 'percent')} of the bound"
        title = f"{names['title']}: {span} in {own['years_to_target_share']:.1f} years"
        return f"{title}; {faster or 'none'} of {others} other series as fast or faster"
    start = say(own["start_share"], "percent")
    return f"{names['title']}: never above the {start} of the bound at the beginning; {others} other series passed it"


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
    shown["row"] = shown.index + 1.7 * (pd.factorize(shown["measure"])[0] + 1) - 1
    figure, axes = open_canvas(1.4 + 0.185 * (shown["row"].iloc[-1] + 1))
    axis = axes[0, 0]
    _draw_bars(axis, shown)
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
    units += "; dark bars: 95 % sampling error, as published" * bool(shown["standard_error"].notna().any())
    if len(shown) < len(ranked):
        units += f"; of longer lists only the {most} highest" + f", and {entity}" * bool(ranked["own"].any())
    if apart.any() and not apart.all():
        units += f"; left out: {say_count(apart.sum(), 'measure')} of a single other country"
    return close_canvas(figure, _say_measures(ranked, entity), units, source)


def _draw_bars(axis: Axes, shown: pd.DataFrame) -> None:
    """A line to each figure, its sampling error, a mark by measure, and the number."""
    measures = shown["measure"].unique()
    axis.hlines(shown["row"], 0, shown["value"], color=PALE, lw=1)
    half = 1.96 * shown["standard_error"]
    axis.hlines(shown["row"], shown["value"] - half, shown["value"] + half, color=INK, lw=2.2)
    sns.scatterplot(
        shown, x="value", y="row", hue="own", palette={False: BLUE, True: ORANGE}, style="measure",
        markers=dict(zip(measures, MARKERS * len(measures), strict=False)), s=26, linewidth=0, zorder=3,
        legend=False, ax=axis,
    )  # fmt: skip
    texts = [
        f"{row.entity}, {say_date(row.date)}: {say(row.value, 'percent')}, {row.measure}" for row in shown.itertuples()
    ]
    tell(axis.collections[-1], texts)
    for row, right in zip(shown.itertuples(), shown["value"] + half.fillna(0), strict=True):
        axis.annotate(
            say(row.value, "percent", bare=True), (right, row.row), xytext=(6, 0), textcoords="offset points",
            va="center", size=7.5, weight="bold" if row.own else "normal",
        )  # fmt: skip


def _say_measures(compared: pd.DataFrame, entity: str) -> str:
    mine, measures, places = (
        compared.loc[compared["own"], "value"], compared["measure"].nunique(), compared["entity"].nunique()
    )  # fmt: skip
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    title = f"{'One measure' if measures == 1 else f'{measures} measures'} in {counted}"
    if len(mine) > 1:
        title = f"{entity} has {say(mine.min(), 'percent')} by one measure and {say(mine.max(), 'percent')} by another"
    return title + (": each measure asks other people another question" if measures > 1 else "")
