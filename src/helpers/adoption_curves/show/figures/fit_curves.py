"""Figures of notebook 3: every curve that fits as well, p-values of saturation levels, and their intervals."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.words import FLOW, lower_first, say, say_count, say_end, say_first, say_name
from ...indicators import Names
from . import style
from .labels import Label, Spot, label_ends, name_line, note
from .style import BLUE, GREY, INK, ORANGE, close_canvas, open_canvas, size_marks, use_dates, use_numbers

_UNLIKELY, _REJECTED = 0.01, 0.05  # p-values: below the one nothing is drawn, below the other a level is rejected
_FAR_LIMIT = 1.8  # times the highest point: a limit from there on would leave half of the panels empty


def draw_fits(
    values: pd.Series, alternatives: pd.DataFrame, found: Any, limit: float, names: Names, source: str
) -> Figure | None:
    """The fitted curves, one panel a family, with all saturation levels that the data do not rule out.

    Parameters
    ----------
    values : Series
        Observations by date, in the unit of the series.
    alternatives : DataFrame
        From `fit_tables.trace_alternatives`: family, saturation_level, value (in that unit), date, best (bool), level.
    found : a row of `facts.list_saturation_level`
    limit : float
        Known limit at the last figure, in that unit; nan for none.
    names : Names
        The axis ends at its population, where known.
    source : str

    Returns
    -------
    Figure or None
        None where nothing was fitted.
    """
    if alternatives.empty:
        return None
    read = values[~values.index.isin([*names.points])]  # published as a limit: no point of the series
    families = list(dict.fromkeys(alternatives["family"]))
    rows = -(-len(families) // 3)
    figure, axes = style.open_panels(1.2 + 2.7 * rows, rows, min(3, len(families)), sharey=True, sharex=True)
    top, shown = _find_top(values, alternatives, limit, names)
    for axis, family in zip(axes.flat, families, strict=False):
        _draw_family(axis, values, alternatives[alternatives["family"] == family], names.measure)
        axis.plot(read.index, read, "o", color=INK, mfc="white", ms=5, mew=1.2, zorder=6)
        if shown:
            axis.axhline(limit, color=GREY, ls="--", lw=1)
            axis.axhspan(limit, max(limit, top), color=GREY, alpha=0.15, lw=0, zorder=0)
        axis.set_title(say_first(say_name(family)), **style.HEADING)
        axis.set_ylim(0, top)
    for axis in axes.flat[len(families) :]:
        axis.set_visible(False)
    if shown:
        spots = [Spot(x, limit, 4 - 8 * x, up, ("axes fraction", "data")) for x in (0, 1) for up in (2, -2)]
        note(axes[0, 0], textwrap.fill(style.shorten_label(names.limit_title), 24), spots, color=GREY)
    units = f"{say_first(names.unit)}. Thick: least squares; "
    units += f"thin: other saturation levels inside the {100 * alternatives['level'].iloc[0]:.0f}% interval"
    if len(read):
        units += "; open circle: our reading"
    if np.isfinite(limit) and not shown:
        units += f"; the limit, {lower_first(names.limit_title)}, is above at {say(limit)}"
    return close_canvas(figure, f"{names.title}: {say_end(found, names.unit)}", units, source)


def _find_top(values: pd.Series, alternatives: pd.DataFrame, limit: float, names: Names) -> tuple[float, bool]:
    """The highest value that the panels show, in the unit of the series, and whether the limit is among it."""
    highest = max(values.max(), alternatives.loc[alternatives["best"], "value"].max())
    shown = limit < _FAR_LIMIT * highest
    top = 1.08 * limit if highest < limit and shown else 1.3 * highest
    if names.unit.startswith("percent"):
        top = min(top, 1.08 * style.WHOLE)
    if names.population:
        top = max(min(top, names.population[0]), values.max())
    return top, bool(shown)


def _draw_family(axis: Axes, values: pd.Series, curves: pd.DataFrame, measure: str) -> None:
    """One family's curves: thick the best, thin the others."""
    best, others = curves[curves["best"]], curves[~curves["best"]]
    for _, curve in others.groupby("saturation_level"):
        axis.plot(curve["date"], curve["value"], "-", color=BLUE, lw=0.8, alpha=0.45)
    axis.plot(best["date"], best["value"], "-", color=ORANGE, lw=2)
    axis.plot(values.index, values, "o", color=INK, ms=size_marks(4, values), zorder=5)
    first, last = best["date"].min(), best["date"].max()
    axis.set_xlim(first - 0.03 * (last - first), last)
    use_dates(axis, first, last, measure)


def draw_profiles(profiles: pd.DataFrame, found: Any, limit: float, names: Names, source: str) -> Figure | None:
    """P-value of each saturation level, a line a family.

    Parameters
    ----------
    profiles : DataFrame
        From `fit_tables.profile_ceilings`: family, saturation_level, confidence.
    found : a row of `facts.list_saturation_level`
        The verdict.
    limit : float
        Known limit at the last figure; nan for none.
    names : Names
    source : str

    Returns
    -------
    Figure or None
        None where fewer than two levels are likely, or curves that rise do not apply.
    """
    likely = profiles.loc[profiles["confidence"] < 100 * (1 - _UNLIKELY), "saturation_level"]
    if likely.nunique() < 2 or found.verdict in ("fallen", FLOW):
        return None
    figure, axis = open_canvas(4.2)
    span, labels = (likely.min(), likely.max()), []
    shown = profiles[profiles["saturation_level"].between(*span)]
    for place, (family, line) in enumerate(shown.groupby("family", sort=False)):
        colour, p_value = style.COLOURS[place % len(style.COLOURS)], 1 - line["confidence"] / 100
        axis.plot(line["saturation_level"], p_value, color=colour, ls=style.LINES[place % 6], lw=1.8)
        axis.fill_between(line["saturation_level"], 0, p_value, color=colour, alpha=0.05, lw=0)
        labels.append(Label(line["saturation_level"].iloc[-1], p_value.iloc[-1], say_first(say_name(family)), colour))
    axis.axhline(_REJECTED, color=GREY, lw=0.9)
    axis.set(xlim=span, ylim=(0, 1.02))
    use_numbers(axis, "x")
    if span[0] < limit < span[1]:
        axis.axvline(limit, color=GREY, lw=1.2, ls=":")
        name_line(axis, limit, style.shorten_label(names.limit_title))
    label_ends(axis, labels)
    title = f"{names.title}: how well each saturation level explains the figures"
    units = f"P-value of each saturation level, {names.unit}; below the line it lies outside the 95% interval"
    return close_canvas(figure, title, units, source)


def draw_intervals(table: pd.DataFrame, limit: float, names: Names, source: str) -> Figure | None:
    """The intervals that a verdict joins as bars, with an arrow where one is open.

    Parameters
    ----------
    table : DataFrame
        From `curves.assess_ceiling`: family, errors, low, high.
    limit : float
        Known limit at the last figure; nan for none.
    names : Names
    source : str

    Returns
    -------
    Figure or None
        None without an interval.
    """
    if table.empty:
        return None
    figure, axis = open_canvas(3.2)
    ends, places = table[["low", "high"]].to_numpy(), np.arange(len(table))[::-1]
    known = [*ends[np.isfinite(ends)], *([limit] if np.isfinite(limit) else [])]
    most = 1.15 * max(known)
    for place, (low, high) in zip(places, ends, strict=True):
        axis.plot([low, min(high, most)], [place, place], color=BLUE, lw=6, solid_capstyle="butt")
        if high > most:
            axis.plot(most, place, ">", color=BLUE, ms=11)
    said = [f"{say_first(say_name(row.family))},\n{row.errors} errors" for row in table.itertuples()]
    axis.set_yticks(places, said)
    axis.set(xlim=(0.9 * min(known), 1.03 * most or 1), ylim=(-0.6, len(table) + 0.2))
    use_numbers(axis, "x")
    if np.isfinite(limit):
        axis.axvline(limit, color=GREY, lw=1.2, ls=":")
        name_line(axis, limit, style.shorten_label(names.limit_title))
    open_ones = int((~np.isfinite(ends[:, 1])).sum())
    title = f"{names.title}: {say_count(open_ones, 'interval')} of {len(table)} without an upper end"
    units = f"95% intervals of the saturation level, {names.unit}; arrow: no upper end"
    return close_canvas(figure, title, units, source)
