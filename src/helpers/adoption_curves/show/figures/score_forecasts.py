"""Charts of notebook 4: errors, skill against benchmark methods, and coverage of the intervals."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ...base.formats import capitalize_first, format_horizon, format_name, spell
from ...base.levels import format_level
from ...forecast.scores import BASE, FORECAST, MIN_FORECASTS, QUOTED
from .style import (
    ACCENT,
    ALL,
    GHOST,
    GREY,
    HALF,
    INK,
    MOST,
    Chart,
    key_area,
    key_line,
    open_chart,
    open_panels,
    open_rows,
    tag,
    use_numbers,
)


def _format_horizon(years: float) -> str:
    """``Three years``, ``Half a year``, ``1.5 years``."""
    return capitalize_first(re.sub(r"^\d+(?= )", lambda number: spell(int(number[0])), format_horizon(years)))


def draw_errors(rows: pd.DataFrame, source: str) -> Chart:
    """Errors of forecasts by years ahead, as bands of quantiles from the last value on.

    Parameters
    ----------
    rows : DataFrame
        Of 04_backtest, of one window: horizon_years, window, actual, path, limit.
    source : str

    Returns
    -------
    Chart
    """
    error = 100 * (rows["actual"] - rows["path"]) / rows["limit"]
    bands = error.groupby(rows["horizon_years"]).quantile([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]).unstack()
    bands.loc[0.0] = 0.0
    bands = bands.sort_index()
    figure, axis = open_chart(2.9)
    key = [key_line("median", lw=1.8)]
    for low, high, colour in ((0.05, 0.95, ALL), (0.1, 0.9, MOST), (0.25, 0.75, HALF)):
        axis.fill_between(bands.index, bands[low], bands[high], color=colour, lw=0)
        key.insert(1, key_area(f"{100 * (high - low):.0f}% of outcomes", colour))
    axis.plot(bands.index, bands[0.5], color=ACCENT, lw=1.8)
    axis.axhline(0, color=GREY, lw=0.8)
    years, last = bands.index[-1], bands.iloc[-1]
    for quantile, rise in ((0.1, -3), (0.9, 3)):
        tag(axis, years, last[quantile], f"{last[quantile]:+.0f}".replace("-", "−"), side="in", rise=rise, bbox=None)
    axis.set_xticks(bands.index, [f"{year:g}" for year in bands.index])
    axis.set(xlabel="Years ahead", xlim=(0, years))
    ends = f"{-last[0.1]:.0f} points below to {last[0.9]:.0f} above"
    units = f"Outcome less forecast from {rows['window'].iloc[0]} values, points of the limit; "
    units += f"the furthest, {error.min():.0f} and {error.max():+.0f}, are not drawn".replace("-", "−")
    return figure.close(f"{_format_horizon(years)} ahead, 80% of outcomes lay {ends} the forecast", units, source, key)


def draw_skill(scores: pd.DataFrame, source: str, compared: pd.DataFrame) -> Chart:
    """Weighted interval score of each method relative to a straight line's, at the furthest horizon, the best first.

    Parameters
    ----------
    scores : DataFrame
        04_scores: method, window, horizon_years, wis_relative.
    source : str
    compared : DataFrame
        04_skill: benchmark, window, horizon_years, wis_relative, low, high. The chart is of the furthest horizon whose
        interval excludes 1; else of the furthest.

    Returns
    -------
    Chart
    """
    window = scores.loc[scores["window"] <= QUOTED, "window"].max()
    own = compared[(compared["window"] == window) & (compared["benchmark"] == BASE)].sort_values("horizon_years")
    certain = own[(own["low"] > 1) | (own["high"] < 1)]
    row = (own if certain.empty else certain).iloc[-1]
    rows = scores[(scores["window"] == window) & (scores["horizon_years"] == row["horizon_years"])]
    rows = (
        rows[["method", "wis_relative"]].dropna().sort_values("wis_relative").rename(columns={"wis_relative": "value"})
    )
    is_own = rows["method"] == FORECAST
    printed = rows["value"].map("{:.2f}".format)
    printed = printed.mask(is_own, f"{row['wis_relative']:.2f} ({row['low']:.2f} to {row['high']:.2f})")
    names = rows["method"].map(format_name).mask(rows["method"] == BASE, "straight line")
    colours = np.where(is_own, ACCENT, GHOST)
    figure, _ = open_rows(rows.assign(name=names, printed=printed, colour=colours))
    ahead = _format_horizon(row["horizon_years"])
    title = f"{ahead} ahead, the scores do not tell the forecast from a straight line"
    if len(certain):
        better = f"{100 * abs(1 - row['wis_relative']):.0f}% {'better' if row['high'] < 1 else 'worse'}"
        title = f"{ahead} ahead, the forecast scores {better} than a straight line"
    units = f"Weighted interval score over that of a straight line, from {window} values: below 1 is better"
    units += "; in brackets the 95% interval"
    return figure.close(title, units, source)


def draw_calibration(calibration: pd.DataFrame, by_technology: pd.DataFrame, source: str) -> Chart:
    """Coverage of the 50, 80 and 90% intervals by years ahead, and of each technology's 80% interval.

    Parameters
    ----------
    calibration : DataFrame
        horizon_years, nominal, actual (0 to 1).
    by_technology : DataFrame
        Over all horizons: method, technology, n, coverage_80 (0 to 1); those with few forecasts are left out.
    source : str

    Returns
    -------
    Chart
    """
    rows = by_technology[(by_technology["method"] == FORECAST) & (by_technology["n"] >= MIN_FORECASTS)]
    rows = rows.assign(name=rows["technology"], value=100 * rows["coverage_80"], mark="o").sort_values("value")
    wide = calibration.pivot(index="horizon_years", columns="nominal", values="actual").rename(
        columns=lambda x: round(x, 2)
    )
    tints = {level: tint for level, tint in ((0.5, HALF), (0.8, ACCENT), (0.9, GREY)) if level in wide}
    ahead = pd.DataFrame({"name": wide.index.map(format_horizon), "value": 100 * wide[0.8].to_numpy(), "mark": "o"})
    figure, axes = open_rows(ahead, rows, columns=2)
    for level, colour in tints.items():
        axes[0].scatter(100 * wide[level], axes[0].get_yticks(), s=36, color=colour, zorder=4)
        axes[0].axvline(100 * level, color=colour, ls=":", lw=1.2)
    axes[1].axvline(80, color=ACCENT, ls=":", lw=1.2)
    for axis, heading in zip(axes, ("By years ahead", "80% interval, by technology"), strict=True):
        axis.set_title(heading)
        axis.set_xlim(0, 102)
        use_numbers(axis, "x", "%")
    at_80 = wide[0.8]
    title = (
        f"{_format_horizon(at_80.index[-1])} ahead, the 80% intervals contained {100 * at_80.iloc[-1]:.0f}% of outcomes"
    )
    units = f"Percent of outcomes inside; dotted: as claimed; technologies with {MIN_FORECASTS} forecasts or more"
    key = [key_line(f"{format_level(level)} interval", colour, ls="", marker="o") for level, colour in tints.items()]
    return figure.close(title, units, source, key)


def draw_sides(sides: pd.DataFrame, source: str) -> Chart:
    """Outcomes below and above the 80% and the 90% interval by horizon, on one scale.

    Parameters
    ----------
    sides : DataFrame
        level, horizon_years, below, above (percent).
    source : str

    Returns
    -------
    Chart
    """
    levels = (0.8, 0.9)
    figure, axes = open_panels([2.4] * len(levels), len(levels), share=True)
    for axis, level in zip(axes, levels, strict=True):
        use_numbers(axis, suffix="%")
        rows = sides[sides["level"] == level].sort_values("horizon_years")
        places = np.arange(len(rows))
        axis.bar(places - 0.2, rows["below"], 0.4, color=HALF)
        axis.bar(places + 0.2, rows["above"], 0.4, color=ACCENT)
        axis.axhline(50 * (1 - level), color=INK, ls=":", lw=1)
        axis.set_xticks(places, rows["horizon_years"].map("{:g}".format))
        axis.set_title(f"Outside the {format_level(level)} interval")
        axis.set_xlabel("Years ahead")
    outside = sides.melt(["level", "horizon_years"], ["below", "above"], "side", "percent")
    claimed = 50 * (1 - outside["level"])  # half of what lies outside on each side
    worst = outside.loc[(outside["percent"] - claimed).idxmax()]
    title = f"{_format_horizon(worst['horizon_years'])} ahead, {worst['percent']:.1f}% of outcomes were "
    title += f"{worst['side']} the {format_level(worst['level'])} interval (claimed: {50 * (1 - worst['level']):.0f}%)"
    key = [key_area("below", HALF), key_area("above", ACCENT), key_line("claimed", INK, ls=":", lw=1)]
    return figure.close(title, "Percent of outcomes", source, key)
