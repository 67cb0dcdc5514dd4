"""The backtest: skill against drift by horizon, and the coverage of the bands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.words import say_count, say_first, say_name
from .labels import Label, Spot, label_ends, note
from .style import BLUE, COLOURS, GREY, INK, ORANGE, close_canvas, open_canvas, shorten_label, use_numbers

CAP = 2.0
"""Errors from so many times that of drift on are drawn there."""


def draw_skill(scores: pd.DataFrame, window: int, source: str, compared: pd.DataFrame) -> Figure:
    """Weighted interval score relative to drift, by horizon, one line a method.

    Parameters
    ----------
    scores : DataFrame
        04_scores: method, window, horizon_years, n, technologies, wis_relative.
    window : int
        Which window length to draw.
    source : str
    compared : DataFrame
        04_skill: benchmark, window, horizon_years, technologies, wis_relative, low, high. The title is of the furthest
        horizon whose interval excludes 1.

    Returns
    -------
    Figure
    """
    rows = scores[scores["window"] == window].sort_values("horizon_years")
    rows = rows.assign(main=rows["method"] == "combined", drawn=rows["wis_relative"].clip(upper=CAP))
    others = [name for name in dict.fromkeys(rows["method"]) if name not in ("combined", "drift")]
    colours = {"combined": ORANGE, "drift": GREY} | dict(zip(others, [BLUE, *COLOURS[2:]] * 2, strict=False))
    figure, axes = open_canvas(4.4)
    axis = axes[0, 0]
    sns.lineplot(
        rows, x="horizon_years", y="drawn", hue="method", palette=colours, style="method", markers=True, size="main",
        sizes={True: 2.4, False: 1.2}, markersize=5, markeredgewidth=0, legend=False, ax=axis,
    )  # fmt: skip
    ends = rows.groupby("method", sort=False).last()
    label_ends(
        axis,
        [
            Label(end.horizon_years, end.drawn, f"{say_name(end.Index)} {end.wis_relative:.2f}", colours[end.Index])
            for end in ends.itertuples()
        ],
        size=8,
    )
    _name_horizons(axis, sorted(rows["horizon_years"].unique()))
    units = (
        f"Weighted interval score relative to drift (below 1 is better; drawn up to {CAP:g}); "
        f"windows of {window} observations"
    )
    return close_canvas(figure, _say_skill(compared, window), units, source)


def _say_skill(compared: pd.DataFrame, window: int) -> str:
    """The title: the score against drift at the furthest horizon at which the record tells the two apart."""
    rows = compared[(compared["window"] == window) & (compared["benchmark"] == "drift")].sort_values("horizon_years")
    certain = rows[(rows["low"] > 1) | (rows["high"] < 1)]
    if certain.empty:
        return "The record does not tell the combined forecast from drift: every 95 % interval includes 1"
    row = certain.iloc[-1]
    ahead = say_count(row["horizon_years"], "year")
    few, many = (100 * abs(1 - end) for end in sorted((row["low"], row["high"]), key=lambda end: abs(1 - end)))
    better = f"{100 * abs(1 - row['wis_relative']):.0f} % {'better' if row['high'] < 1 else 'worse'}"
    title = f"{say_first(ahead)} ahead the combined forecast scores {better} than drift"
    return f"{title} (95 % interval: {few:.0f} to {many:.0f} %)"


def _name_horizons(axis: Axes, horizons: list[float], places: Any = None) -> None:
    axis.set_xticks(horizons if places is None else places, [f"{horizon:g}" for horizon in horizons])
    axis.set(xlabel="Horizon, years", ylabel="")
    axis.grid(False, axis="x")


def draw_calibration(
    calibration: pd.DataFrame, by_technology: pd.DataFrame, sides: pd.DataFrame, enough: int, source: str
) -> Figure:
    """Calibration of the bands: nominal against actual coverage, each technology's 80 % band, and misses by side.

    Parameters
    ----------
    calibration : DataFrame
        method, horizon_years, nominal, actual (0 to 1).
    by_technology : DataFrame
        Over all horizons: method, technology, n, coverage_80 (0 to 1).
    sides : DataFrame
        level, horizon_years, below, above (percent).
    enough : int
        Technologies with fewer forecasts say nothing and are left out of the second panel.
    source : str

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(6.6, (2, 2))
    own = calibration[calibration["method"] == "combined"]
    _draw_reliability(axes[0, 0], own.assign(claimed=100 * own["nominal"], actual=100 * own["actual"]))
    rows = by_technology[(by_technology["method"] == "combined") & (by_technology["n"] >= enough)]
    _draw_technologies(axes[0, 1], rows.assign(covered=100 * rows["coverage_80"]).sort_values("covered"))
    for axis, level in zip(axes[1], (0.8, 0.9), strict=True):
        _draw_sides(axis, sides[sides["level"] == level], level)
    at_80 = 100 * own.loc[np.isclose(own["nominal"], 0.8), "actual"]
    title = f"The 80 % band covered {at_80.min():.0f} to {at_80.max():.0f} % of outcomes on average by horizon"
    if len(rows):
        worst = rows.loc[rows["coverage_80"].idxmin()]
        title += f"; worst technology over all horizons: {worst['technology']}, {100 * worst['coverage_80']:.0f} %"
    units = (
        "Above: actual coverage, percent; below: outcomes outside the band, percent, hatched those above it; dotted: "
        f"as claimed; a point is a technology with {enough} or more forecasts"
    )
    return close_canvas(figure, title, units, source)


def _draw_reliability(axis: Axes, own: pd.DataFrame) -> None:
    """Claimed against actual coverage, a line a horizon."""
    horizons = sorted(own["horizon_years"].unique())
    colours = dict(zip(horizons, COLOURS * 2, strict=False))
    sns.lineplot(
        own, x="claimed", y="actual", hue="horizon_years", palette=colours, style="horizon_years", errorbar=None,
        legend=False, ax=axis,
    )  # fmt: skip
    axis.plot([0, 100], [0, 100], color=INK, ls=":", lw=1)
    ends = own.groupby("horizon_years")[["claimed", "actual"]].last()
    label_ends(
        axis,
        [Label(row.claimed, row.actual, say_count(row.Index, "year"), colours[row.Index]) for row in ends.itertuples()],
        size=7.5,
    )
    axis.set(xlim=(0, 100), ylim=(0, 102), xlabel="Claimed, percent", ylabel="")
    axis.set_title("all bands", loc="left", size=9.5, weight="bold")
    use_numbers(axis)
    use_numbers(axis, "x")


def _draw_technologies(axis: Axes, rows: pd.DataFrame) -> None:
    """A point a technology, the worst first and named."""
    sns.scatterplot(rows, x=np.arange(len(rows)), y="covered", color=BLUE, s=22, linewidth=0, ax=axis)
    axis.axhline(80, color=INK, ls=":", lw=1)
    for place, row in enumerate(rows.head(3).itertuples()):
        spots = [Spot(place, row.covered, 6, up) for up in (-1, 1)]
        note(axis, f"{shorten_label(row.technology, 24)} {row.covered:.0f}", spots, size=7.5, color=GREY)
    axis.set(xticks=[], ylim=(0, 102), xlabel="Technologies, worst first", ylabel="")
    axis.set_title("80 % band by technology", loc="left", size=9.5, weight="bold")
    use_numbers(axis)


def _draw_sides(axis: Axes, sides: pd.DataFrame, level: float) -> None:
    """Two bars a horizon: outcomes below and above the band."""
    rows = sides.melt("horizon_years", ["below", "above"], "side", "percent")
    sns.barplot(rows, x="horizon_years", y="percent", hue="side", palette=[BLUE, ORANGE], saturation=1, ax=axis,
                legend=level == 0.8)  # fmt: skip
    for bar in axis.containers[-1]:
        bar.set_hatch("//")
    if axis.get_legend():
        axis.legend(title=None, loc="upper left", ncols=2, frameon=False, fontsize=8)
    axis.axhline(50 * (1 - level), color=INK, ls=":", lw=1)
    axis.set_ylim(0, max(1.35 * rows["percent"].max(), 60 * (1 - level)))
    axis.set_title(f"outside the {100 * level:g} % band", loc="left", size=9.5, weight="bold")
    _name_horizons(axis, [*sides["horizon_years"]], range(len(sides)))
    use_numbers(axis)
