"""Steps of a forecast as pictures: the scale, the ends that are tried, the errors of such paths, and joint paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import t as student

from ...base.dates import decimal_years, to_dates
from ...base.words import say_count, say_first
from ...forecast import Forecast, model
from .labels import Label, label_ends
from .single import plot_newer
from .style import BLUE, GREY, INK, ORANGE, PALE, close_canvas, open_canvas, size_marks, use_dates, use_numbers

WIDEST = 6.0
"""Errors over their spread from so many on are drawn there."""
LEAST, MOST = 0.4, 4.0
"""Widths of the lines to the ends with the smallest and the largest weight."""


def _find_dates(seen: pd.DataFrame, years: np.ndarray) -> pd.DatetimeIndex:
    """Dates some years after the last figure."""
    return to_dates(decimal_years(seen["date"])[-1] + years)


def draw_scale(
    seen: pd.DataFrame, line: Sequence[float], years: np.ndarray, names: dict[str, Any], source: str
) -> Figure | None:
    """Figures on the scale of growth, and a straight line through them, carried on.

    Parameters
    ----------
    seen : DataFrame
        From `frames.window_frame`.
    line : pair of float
        Height at t = 0 and slope.
    years : (H,) array
        Years ahead of the forecast.
    names : dict
        title.
    source : str

    Returns
    -------
    Figure or None
        None for fewer than three figures.
    """
    if len(seen) < 3:
        return None
    figure, axes = open_canvas(3.4)
    axis, (height, slope) = axes[0, 0], line
    times = np.r_[seen["t"].iloc[0], 0, years]
    dates, heights = _find_dates(seen, times), height + slope * times
    axis.plot(dates, heights, "-", color=BLUE, lw=1.6)
    axis.plot(seen["date"], seen["g"], "o", color=INK, ms=size_marks(5, seen), zorder=6)
    use_dates(axis, dates)
    use_numbers(axis)
    label_ends(axis, [Label(dates[-1], heights[-1], "the line\ncarried on", BLUE)])
    title = f"{names['title']}: on the scale of growth a straight line of {slope:.2g} a year"
    return close_canvas(figure, title, "The scale of growth, g, on which the forecast is made", source)


def draw_ends(
    ends: pd.DataFrame, lines: Sequence[Sequence[float]], seen: pd.DataFrame, years: np.ndarray,
    names: dict[str, Any], source: str,
) -> Figure | None:  # fmt: skip
    """The curve to each end that is tried, the thicker the more weight it has.

    Parameters
    ----------
    ends : DataFrame
        05_ends: share of the limit, weight.
    lines : sequence of pairs
        Height at t = 0 and slope of the line to each end, on its scale.
    seen : DataFrame
        From `frames.window_frame`.
    years : (H,) array
        Years ahead of the forecast.
    names : dict
        title.
    source : str

    Returns
    -------
    Figure or None
        None where no end is tried.
    """
    if ends.empty:
        return None
    figure, axes = open_canvas(3.8)
    axis, shares, weights = axes[0, 0], 100 * ends["share"].to_numpy(), ends["weight"].to_numpy()
    times = np.linspace(seen["t"].iloc[0], years[-1], 80)
    widths = LEAST + (MOST - LEAST) * weights / weights.max()
    dates = _find_dates(seen, times)
    for share, (height, slope), width in zip(shares, lines, widths, strict=True):
        axis.plot(dates, share * model.back(height + max(slope, 0) * times), "-", color=BLUE, lw=width, alpha=0.6)
    axis.plot(seen["date"], 100 * seen["x"], "o", color=INK, ms=size_marks(5, seen), zorder=6)
    axis.axhline(100, color=GREY, lw=1.2, ls="--")
    axis.set_ylim(0, 105)
    use_dates(axis, dates)
    use_numbers(axis)
    middle = shares[(weights.cumsum() >= 0.5).argmax()]
    title = f"{names['title']}: half of the weight is on ends up to {middle:.0f}% of the limit"
    units = "Percent of the limit (dashed); a curve to each end that is tried, the thicker the better its line fits"
    return close_canvas(figure, title, units, source)


def draw_misses(ratios: np.ndarray, counts: np.ndarray, source: str) -> Figure:
    """Errors over their spread as a histogram, beside the density of Student's t.

    Parameters
    ----------
    ratios, counts : (R,) arrays
        Errors of the backtest over their spread, and how much each counts.
    source : str

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(3.4)
    axis, grid = axes[0, 0], np.linspace(-WIDEST, WIDEST, 241)
    held = np.clip(ratios, -WIDEST, WIDEST)
    axis.hist(held, np.linspace(-WIDEST, WIDEST, 49), weights=counts, density=True, color=BLUE, alpha=0.45)
    density = student(model.TAILS).pdf(grid)
    axis.plot(grid, density, "-", color=ORANGE, lw=2)
    use_numbers(axis)
    use_numbers(axis, "x")
    axis.set(xlabel="Error over spread", ylabel="")
    axis.annotate("Student's t", (1.2, student(model.TAILS).pdf(1.2)), (8, 4), textcoords="offset points", color=ORANGE)
    above = 100 * counts[ratios > 0].sum() / counts.sum()
    title = f"Of {len(ratios):,} forecasts of other technologies, {above:.0f}% were too low"
    return close_canvas(figure, title, "Density; each technology counts alike at each horizon", source)


def draw_paths(
    values: np.ndarray, kept: np.ndarray, result: Forecast, names: dict[str, Any], source: str
) -> Figure | None:
    """Some joint paths: those that satisfy the newer figures, and those that do not.

    Parameters
    ----------
    values : (M, H) array
    kept : (M, L) array of bool
        Which path satisfies which newer figure.
    result : Forecast
        Whose paths they are.
    names : dict
        title, unit.
    source : str

    Returns
    -------
    Figure or None
        None where there are no paths.
    """
    if not len(values):
        return None
    figure, axes = open_canvas(3.8)
    axis, used, held = axes[0, 0], result.used, kept.all(axis=1)
    dates = pd.DatetimeIndex([result.origin, *result.dates])
    for path, inside in zip(values, held, strict=True):
        axis.plot(dates, [used.iloc[-1], *path], "-", color=BLUE if inside else PALE, lw=1.2, zorder=2 + inside)
    axis.plot(used.index, used, "o-", color=INK, ms=size_marks(5, used), lw=1.2, zorder=6)
    axis.set_ylim(bottom=0)
    use_dates(axis, pd.DatetimeIndex([used.index[0], dates[-1]]))
    use_numbers(axis)
    plot_newer(axis, result.target.newer)
    units, title = say_first(names["unit"]), f"{names['title']}: {say_count(len(values), 'path')}, all equally likely"
    if kept.shape[1]:
        units += "; grey: paths that a newer figure rules out"
        title = f"{names['title']}: {held.sum()} of {say_count(len(values), 'path')} agree with all newer figures"
    return close_canvas(figure, title, units, source)
