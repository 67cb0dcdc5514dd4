"""Figures of notebook 4: skill against a straight line, and coverage of the ranges."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.levels import quoted_window
from ...base.words import say_ahead, say_first, say_name, spell
from ...forecast.scores import BASE, FORECAST, MIN_FORECASTS, QUOTED
from . import style
from .labels import Label, Spot, label_ends, note
from .style import BLUE, GREY, HEADING, INK, ORANGE, PALE, close_canvas, open_canvas, open_panels, use_numbers

_CAP = 2.0  # scores from so many times that of the straight line on are drawn there


def draw_skill(scores: pd.DataFrame, source: str, compared: pd.DataFrame) -> Figure:
    """Weighted interval score relative to a straight line by horizon, with its interval, beside the other rivals.

    Parameters
    ----------
    scores : DataFrame
        04_scores: method, window, horizon_years, wis_relative.
    source : str
    compared : DataFrame
        04_skill: benchmark, window, horizon_years, wis_relative, low, high. The title is of the furthest horizon whose
        interval excludes 1.

    Returns
    -------
    Figure
    """
    window = quoted_window(scores["window"], QUOTED)
    rows = scores[(scores["window"] == window) & ~scores["method"].isin([FORECAST, BASE])]
    others = rows.pivot(index="horizon_years", columns="method", values="wis_relative").clip(upper=_CAP)
    own = compared[(compared["window"] == window) & (compared["benchmark"] == BASE)].set_index("horizon_years")
    own = own[["wis_relative", "low", "high"]].sort_index()
    drawn = own.clip(upper=_CAP)
    figure, axis = open_canvas(4.0)
    last = own.index[-1]
    for name, dash in zip(others, style.LINES, strict=False):
        axis.plot(others.index, others[name], ls=dash, color=BLUE, lw=1, alpha=0.8)
    axis.axhline(1, color=GREY, lw=1.2)
    ends = (drawn["wis_relative"] - drawn["low"], drawn["high"] - drawn["wis_relative"])
    axis.errorbar(
        drawn.index, drawn["wis_relative"], ends, fmt="o-", color=ORANGE, lw=2.4, elinewidth=1.4, capsize=4, ms=5
    )
    labels = [
        Label(last, drawn["wis_relative"].iloc[-1], f"forecast {own['wis_relative'].iloc[-1]:.2f}", ORANGE),
        Label(last, 1.0, "straight line", GREY),
        *(Label(last, others[name].iloc[-1], say_name(name), BLUE) for name in others),
    ]
    label_ends(axis, labels)
    axis.set_xticks(own.index, [f"{horizon:g}" for horizon in own.index])
    axis.set(xlabel="Horizon, years", ylabel="")
    axis.grid(False, axis="x")
    units = f"Weighted interval score against a straight line's, from {window} figures; below 1 is better; "
    capped = max(own.max(axis=None), rows["wis_relative"].max()) > _CAP
    units += "bars: 95% interval"
    if capped:
        units += f"; drawn up to {_CAP:g}"
    return close_canvas(figure, _say_skill(own), units, source)


def _say_skill(own: pd.DataFrame) -> str:
    """The title: the score at the furthest horizon whose interval excludes 1."""
    certain = own[(own["low"] > 1) | (own["high"] < 1)]
    if certain.empty:
        return "Scores do not tell the forecast from a straight line: every 95% interval includes 1"
    row = certain.iloc[-1]
    better = f"{100 * abs(1 - row['wis_relative']):.0f}% {'better' if row['high'] < 1 else 'worse'}"
    return f"{_say_horizon(row.name)} ahead the forecast scores {better} than a straight line"


def _say_horizon(years: float) -> str:
    """``Three years``, ``Half a year``, ``1.5 years``."""
    return say_first(re.sub(r"^\d+(?= )", lambda number: spell(int(number[0])), say_ahead(years)))


def draw_calibration(calibration: pd.DataFrame, by_technology: pd.DataFrame, source: str) -> Figure:
    """Calibration of the ranges: nominal against actual coverage, and the coverage of each technology's 80% range.

    Parameters
    ----------
    calibration : DataFrame
        horizon_years, nominal, actual (0 to 1).
    by_technology : DataFrame
        Over all horizons: method, technology, n, coverage_80 (0 to 1); those with few forecasts are left out.
    source : str

    Returns
    -------
    Figure
    """
    rows = by_technology[(by_technology["method"] == FORECAST) & (by_technology["n"] >= MIN_FORECASTS)]
    figure, axes = open_panels(max(3.8, 1.2 + 0.16 * len(rows)), 1, 2)
    claimed = calibration.assign(claimed=100 * calibration["nominal"], actual=100 * calibration["actual"])
    _draw_reliability(axes[0, 0], claimed)
    _draw_technologies(axes[0, 1], rows.assign(covered=100 * rows["coverage_80"]).sort_values("covered"))
    at_80 = calibration[np.isclose(calibration["nominal"], 0.8)].set_index("horizon_years")["actual"].sort_index()
    title = f"{_say_horizon(at_80.index[-1])} ahead the 80% ranges contained {100 * at_80.iloc[-1]:.0f}% of outcomes"
    units = "Coverage, percent; dotted: as claimed; shaded: all horizons, line: their median; "
    units += f"a point: a technology with {MIN_FORECASTS} or more forecasts"
    return close_canvas(figure, title, units, source)


def _draw_reliability(axis: Axes, own: pd.DataFrame) -> None:
    """Claimed against actual coverage: the range of the horizons, their median, and the horizon furthest from it."""
    sns.lineplot(own, x="claimed", y="actual", estimator="median", errorbar=("pi", 100), color=BLUE, lw=2, ax=axis)
    axis.plot([0, 100], [0, 100], color=INK, ls=":", lw=1)
    worst = (own["actual"] - own["claimed"]).abs().groupby(own["horizon_years"]).mean().idxmax()
    line = own[own["horizon_years"] == worst].sort_values("claimed")
    axis.plot(line["claimed"], line["actual"], "--", color=ORANGE, lw=1.4)
    place = line.iloc[len(line) // 2]
    spots = [Spot(place["claimed"], place["actual"], 8 * side, -6 * side) for side in (1, -1)]
    note(axis, f"{say_ahead(worst)} ahead,\nthe furthest off", spots, color=ORANGE)
    axis.set(xlim=(0, 100), ylim=(0, 102), xlabel="Claimed, percent", ylabel="")
    axis.set_title("all ranges", **HEADING)
    use_numbers(axis, "x")


def _draw_technologies(axis: Axes, rows: pd.DataFrame) -> None:
    """A point a technology beside its name, the worst at the head."""
    axis.hlines(range(len(rows)), 0, rows["covered"], color=PALE, lw=1, zorder=1)
    axis.scatter(rows["covered"], range(len(rows)), color=BLUE, s=22, linewidth=0)
    axis.axvline(80, color=INK, ls=":", lw=1)
    axis.set_yticks(range(len(rows)), [style.shorten_label(name, 28) for name in rows["technology"]], size=style.SMALL)
    axis.set(xlim=(0, 102), ylim=(len(rows) - 0.4, -0.6), xlabel="Contained, percent", ylabel="")
    axis.grid(False)
    axis.set_title("80% range by technology", **HEADING)
    use_numbers(axis, "x")


def draw_sides(sides: pd.DataFrame, source: str) -> Figure:
    """Outcomes below and above the 80% and the 90% range by horizon, on one scale.

    Parameters
    ----------
    sides : DataFrame
        level, horizon_years, below, above (percent).
    source : str

    Returns
    -------
    Figure
    """
    figure, axes = open_panels(3.4, 1, 2, sharey=True)
    rows = sides.melt(["level", "horizon_years"], ["below", "above"], "side", "percent")
    for axis, level in zip(axes[0], (0.8, 0.9), strict=True):
        sns.barplot(
            rows[rows["level"] == level], x="horizon_years", y="percent", hue="side", palette=[BLUE, ORANGE],
            saturation=1, formatter="{:g}".format, legend=level == 0.8, ax=axis,
        )  # fmt: skip
        for bar in axis.containers[-1]:
            bar.set_hatch("//")
        axis.axhline(50 * (1 - level), color=INK, ls=":", lw=1)
        axis.set_title(f"outside the {100 * level:g}% range", **HEADING)
        axis.set(xlabel="Horizon, years", ylabel="")
    axes[0, 0].legend(title=None, loc="upper left", ncols=2, frameon=False, fontsize=style.SMALL)
    axes[0, 0].set_ylim(0, 1.35 * max(rows["percent"].max(), 10))
    # the most above what is claimed, half of what lies outside on each side
    claimed = 50 * (1 - rows["level"])
    worst = rows.loc[(rows["percent"] - claimed).idxmax()]
    title = f"{_say_horizon(worst['horizon_years'])} ahead, {worst['percent']:.1f}% of outcomes were "
    title += f"{worst['side']} the {100 * worst['level']:.0f}% range (claimed: {50 * (1 - worst['level']):.0f}%)"
    units = "Outcomes outside the range, percent; hatched: above; dotted: as claimed"
    return close_canvas(figure, title, units, source)
