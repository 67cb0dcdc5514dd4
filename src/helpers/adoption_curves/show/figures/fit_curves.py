"""Figures of notebook 3: residuals, likelihoods of ceilings, and every curve that fits as well."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.words import FLOW, lower_first, say, say_count, say_end, say_first, say_name
from . import style
from .labels import Label, Spot, label_ends, name_line, note
from .style import BLUE, GREY, INK, ORANGE, PALE, close_canvas, open_canvas, size_marks, use_dates, use_numbers

_UNLIKELY = 0.01  # likelihood below which no curve's ceiling is drawn
_CLOSING = 2.0  # times the limit: ceilings further away are not drawn where a profile closes
_FAR_LIMIT = 1.8  # times the highest point: a limit from there on would leave half of the panels empty


def draw_residuals(share: pd.Series, resid: pd.Series, names: Mapping[str, Any], source: str = "") -> Figure:
    """Pearson residuals of a binomial regression, by the share that was fitted.

    Parameters
    ----------
    share, resid : Series
        Fitted shares, 0 to 1, and residuals over the standard deviation that each would have.
    names : mapping
        title.
    source : str

    Returns
    -------
    Figure
    """
    figure, axis = open_canvas(3.0)
    axis.vlines(100 * share, 0, resid, color=PALE, lw=1.5)
    axis.plot(100 * share, resid, "o", color=BLUE, ms=size_marks(4.5, resid))
    axis.axhline(0, color=GREY, lw=0.9)
    use_numbers(axis, "x", "%")
    turns = int((np.diff(np.sign(resid)) != 0).sum())
    title = f"{names['title']}: {say_count(len(resid), 'residual')} that change side {say_count(turns, 'time')}"
    return close_canvas(figure, title, "Pearson residuals by the share of the limit that was fitted", source)


def draw_closing(profiles: pd.DataFrame, limit: float, names: Mapping[str, Any], source: str = "") -> Figure | None:
    """Likelihood of each ceiling as a series gets more figures, a line for each number of them.

    Parameters
    ----------
    profiles : DataFrame
        From `curves.profile_ceilings`, with points: how many figures.
    limit : float
        The upper limit.
    names : mapping
        title.
    source : str

    Returns
    -------
    Figure or None
        None where no number of figures leaves one to judge by.
    """
    if profiles.empty:
        return None
    figure, axis = open_canvas(4.0)
    near = profiles[profiles["ceiling"] <= _CLOSING * limit]
    lines = near.assign(ceiling=100 * near["ceiling"] / limit, name=near["points"].map("{} figures".format))
    _draw_likelihoods(axis, lines, (0, 100 * _CLOSING), 100, "limit")
    use_numbers(axis, "x", "%")
    title = f"{names['title']}: what its first figures said of its end"
    units = "How well each saturation level explains them (1: best), percent of the limit"
    return close_canvas(figure, title, units, source)


def _draw_likelihoods(
    axis: Axes, lines: pd.DataFrame, span: tuple[float, float], limit: float, limit_name: str
) -> None:
    """Likelihood (0 to 1) of each ceiling, a line for each name, with the limit as an upright line if it lies within.

    Parameters
    ----------
    axis : Axes
    lines : DataFrame
        name, ceiling, likelihood: of a name in the order of the ceilings.
    span : pair of float
        First and last ceiling drawn.
    limit : float
        In the unit of the ceilings; nan for none.
    limit_name : str
    """
    labels = []
    for place, (name, line) in enumerate(lines.groupby("name", sort=False)):
        colour = style.COLOURS[place % len(style.COLOURS)]
        axis.plot(line["ceiling"], line["likelihood"], color=colour, ls=style.LINES[place % 6], lw=1.8)
        axis.fill_between(line["ceiling"], 0, line["likelihood"], color=colour, alpha=0.05, lw=0)
        labels.append(Label(line["ceiling"].iloc[-1], line["likelihood"].iloc[-1], name, colour))
    axis.set(xlim=span, ylim=(0, 1.02))
    use_numbers(axis, "x")
    if span[0] < limit < span[1]:
        axis.axvline(limit, color=GREY, lw=1.2, ls=":")
        name_line(axis, limit, style.shorten_label(limit_name))
    label_ends(axis, labels)


def draw_fits(
    values: pd.Series, alternatives: pd.DataFrame, found: Any, bound: float, names: dict[str, Any], source: str
) -> Figure | None:
    """The fitted curves, one panel a family, with all ceilings that the data do not rule out.

    Parameters
    ----------
    values : Series
        Observations by date, in the unit of the series.
    alternatives : DataFrame
        From `curves.trace_alternatives`: family, ceiling and value (in that unit), date, best (bool), level.
    found : a row of `facts.list_ceiling`
    bound : float
        Known upper bound at the last observation, in that unit; nan for none.
    names : dict
        title, unit, measure, bound_title, and population where known: the axis ends there.
    source : str

    Returns
    -------
    Figure or None
        None where nothing was fitted.
    """
    if alternatives.empty:
        return None
    families = list(dict.fromkeys(alternatives["family"]))
    rows = -(-len(families) // 3)
    figure, axes = style.open_panels(1.2 + 2.7 * rows, rows, min(3, len(families)), sharey=True, sharex=True)
    top, shown = _find_top(values, alternatives, bound, names)
    for axis, family in zip(axes.flat, families, strict=False):
        _draw_family(axis, values, alternatives[alternatives["family"] == family], names["measure"])
        if shown:
            axis.axhline(bound, color=GREY, ls="--", lw=1)
            axis.axhspan(bound, max(bound, top), color=GREY, alpha=0.15, lw=0, zorder=0)
        axis.set_title(say_first(say_name(family)), **style.HEADING)
        axis.set_ylim(0, top)
    for axis in axes.flat[len(families) :]:
        axis.set_visible(False)
    if shown:
        spots = [Spot(x, bound, 4 - 8 * x, up, ("axes fraction", "data")) for x in (0, 1) for up in (2, -2)]
        note(axes[0, 0], textwrap.fill(style.shorten_label(names["bound_title"]), 24), spots, color=GREY)
    units = f"{say_first(names['unit'])}. Thick: least squares; "
    units += f"thin: other saturation levels inside the {100 * alternatives['level'].iloc[0]:.0f}% interval"
    if np.isfinite(bound) and not shown:
        units += f"; the limit, {lower_first(names['bound_title'])}, is above at {say(bound)}"
    return close_canvas(figure, f"{names['title']}: {say_end(found, names['unit'])}", units, source)


def _find_top(
    values: pd.Series, alternatives: pd.DataFrame, bound: float, names: Mapping[str, Any]
) -> tuple[float, bool]:
    """The highest value that the panels show, in the unit of the series, and whether the limit is among it."""
    highest = max(values.max(), alternatives.loc[alternatives["best"], "value"].max())
    shown = bound < _FAR_LIMIT * highest
    top = 1.08 * bound if highest < bound and shown else 1.3 * highest
    if names["unit"].startswith("percent"):
        top = min(top, 1.08 * style.WHOLE)
    if names.get("population"):
        top = max(min(top, names["population"][0]), values.max())
    return top, bool(shown)


def _draw_family(axis: Axes, values: pd.Series, curves: pd.DataFrame, measure: str) -> None:
    """One family's curves: thick the best, thin the others."""
    best, others = curves[curves["best"]], curves[~curves["best"]]
    for _, curve in others.groupby("ceiling"):
        axis.plot(curve["date"], curve["value"], "-", color=BLUE, lw=0.8, alpha=0.45)
    axis.plot(best["date"], best["value"], "-", color=ORANGE, lw=2)
    axis.plot(values.index, values, "o", color=INK, ms=size_marks(4, values), zorder=5)
    first, last = best["date"].min(), best["date"].max()
    axis.set_xlim(first - 0.03 * (last - first), last)
    use_dates(axis, first, last, measure)


def draw_profiles(
    profiles: pd.DataFrame, found: Any, bound: float, names: dict[str, Any], source: str
) -> Figure | None:
    """Profile likelihood of each ceiling, a line a family.

    Parameters
    ----------
    profiles : DataFrame
        From `curves.profile_ceilings`: family, ceiling, likelihood.
    found : a row of `facts.list_ceiling`
        The verdict.
    bound : float
        Known upper bound at the last observation; nan for none.
    names : dict
        title, unit, bound_title.
    source : str

    Returns
    -------
    Figure or None
        None where fewer than two ceilings are likely, or curves that rise do not apply.
    """
    likely = profiles.loc[profiles["likelihood"] > _UNLIKELY, "ceiling"]
    if likely.nunique() < 2 or found.verdict in ("fallen", FLOW):
        return None
    figure, axis = open_canvas(4.2)
    span = (likely.min(), likely.max())
    lines = profiles.assign(name=[say_first(say_name(family)) for family in profiles["family"]])
    _draw_likelihoods(axis, lines[lines["ceiling"].between(*span)], span, bound, names["bound_title"])
    title = f"{names['title']}: how well each saturation level explains the figures"
    units = f"Likelihood (1: the best) of each saturation level, {names['unit']}"
    return close_canvas(figure, title, units, source)
