"""The series among others: on a clock with other technologies, and beside the same technology in other countries."""

from __future__ import annotations

import textwrap
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.transforms import blended_transform_factory

from ...base.numbers import lower_first, say, say_date
from ...base.wording import say_count
from ...forecast.windows import PAST_PEAK
from .style import (
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
    open_canvas,
    shorten_label,
    tell,
    use_numbers,
)

NAMED = 5
"""References that are named beside a series."""
UNLIKE_ORANGE = tuple(colour for colour in COLOURS if colour != ORANGE)


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
    labels = _draw_fastest(axis, inside, pace.index[:NAMED])
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
    title = _say_pace(target, pace)
    units = (
        f"Share of each technology's bound, percent (here: {lower_first(names['bound_title'])}); "
        "grey: all other technologies, named: the fastest"
    )
    label_ends(axis, labels, size=8)
    return close_canvas(figure, title, units, source)


def _draw_fastest(axis: Axes, inside: pd.DataFrame, fastest: pd.MultiIndex) -> list[Label]:
    """The lines of the fastest other series, named."""
    labels = []
    for rank, key in enumerate(fastest):
        line = inside[(inside["entity"] == key[0]) & (inside["indicator"] == key[1])]
        if len(line) > 1:
            colour, last = UNLIKE_ORANGE[rank % len(UNLIKE_ORANGE)], line.iloc[-1]
            axis.plot(line["years"], line["share"], color=colour, ls=LINES[(rank + 1) % 6], lw=1.5)
            labels.append(Label(last["years"], last["share"], f"{last['technology']}, {last['entity']}", colour))
    return labels


def _say_pace(target: pd.DataFrame, pace: pd.Series) -> str:
    """The title: how long the series took, and how many others were as fast."""
    end = target.iloc[-1]
    own, start, total = end["years_to_target_share"], say(end["start_share"]), len(pace)
    faster = int((pace <= own).sum())
    highest = say(target["share"].max())
    title = f"Never above the {start} % of its bound at which it begins; {total} other series passed that share"
    if own > 0:
        title = f"From {start} to {highest} % of its bound in {own:.1f} years: {faster or 'none'} of {total} series "
        title += "of other technologies did it as fast"
    if target["share"].min() >= PAST_PEAK * target["share"].max():
        title = f"Between {say(target['share'].min())} and {highest} % of its bound for {end['years']:.1f} years"
    return title


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
        units += f"; of longer lists the {most} highest" + f", and {entity}" * bool(ranked["own"].any())
    if apart.any() and not apart.all():
        units += f"; {say_count(apart.sum(), 'measure')} of one other country alone left out"
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
    texts = [f"{row.entity}, {say_date(row.date)}: {say(row.value)} %, {row.measure}" for row in shown.itertuples()]
    tell(axis.collections[-1], texts)
    for row, right in zip(shown.itertuples(), shown["value"] + half.fillna(0), strict=True):
        axis.annotate(
            say(row.value), (right, row.row), xytext=(6, 0), textcoords="offset points", va="center", size=7.5,
            weight="bold" if row.own else "normal",
        )  # fmt: skip


def _say_measures(compared: pd.DataFrame, entity: str) -> str:
    mine, measures, places = (
        compared.loc[compared["own"], "value"], compared["measure"].nunique(), compared["entity"].nunique()
    )  # fmt: skip
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    title = f"{'One measure' if measures == 1 else f'{measures} measures'} in {counted}"
    if len(mine) > 1:
        title = f"{entity} has {say(mine.min())} % by one measure and {say(mine.max())} % by another"
    return title + (": each measure asks other people another question" if measures > 1 else "")
