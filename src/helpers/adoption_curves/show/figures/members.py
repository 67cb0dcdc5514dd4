"""What the forecast is the mean of: a panel a member, and the weights of the ceilings of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.levels import LEVELS, band_columns, quoted_level, say_level
from ...base.words import say, say_at, say_date, say_first, say_name
from .fits import NEAR
from .labels import Label, label_ends
from .style import BLUE, GREY, INK, ORANGE, close_canvas, fit_room, open_canvas, size_marks, use_dates, use_numbers

COLUMNS = 3
"""Panels side by side."""


def draw_members(
    quantiles: pd.DataFrame,
    paths: pd.DataFrame,
    limits: pd.DataFrame,
    values: pd.Series,
    names: dict[str, Any],
    source: str,
    levels: Sequence[float] = LEVELS,
) -> Figure:
    """One panel a member with its path, its range, the last figure and its limit, and one with the mean of all.

    Parameters
    ----------
    quantiles : DataFrame
        05_members: index member and date, columns q0.1, q0.5 ...; the mean is called combined, and comes last.
    paths, limits : DataFrame
        By date, a column a member; `limits` has none where no limit is known.
    values : Series
        The figures that the forecast sees.
    names : dict
        title, unit.
    source : str
    levels : sequence of float
        The range of one is drawn, see `adoption_curves.base.levels.quoted_level`.

    Returns
    -------
    Figure
    """
    level = quoted_level(levels)
    low, high = band_columns(level)
    panels = list(quantiles.groupby(level="member", sort=False))
    dates = quantiles.loc["combined"].index
    shown = values[values.index >= values.index[-1] - (dates[-1] - values.index[-1])]
    highest = max(shown.max(), quantiles[high].max())
    limits = limits.loc[:, limits.iloc[-1] <= NEAR * highest]
    rows = -(-len(panels) // COLUMNS)
    figure, axes = open_canvas(1.2 + 2.5 * rows, (rows, min(COLUMNS, len(panels))), sharey=True)
    for axis, (name, band) in zip(axes.flat, panels, strict=False):
        own = band.droplevel("member")[[low, "q0.5", high]]
        line = paths[name] if name in paths else own["q0.5"]
        _draw_member(axis, shown, own, line, ORANGE if name == "combined" else BLUE, names["unit"])
        if name in limits:
            axis.plot(dates, limits[name], "--", color=GREY, lw=1)
        axis.set_title(_name(name), loc="left", size=9, weight="bold")
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    starts = fit_room(axes[0, 0], min(shown.min(), quantiles[low].min()), max(highest, *limits.max(), 0))
    units = f"{names['title']}, {names['unit']}; points: figures; line: path, of the mean its median; shaded: "
    units += f"{say_level(level)} range, with its ends and its median as numbers; dashed: limit, if near{starts}"
    mean = say(quantiles.loc["combined", "q0.5"].iloc[-1], names["unit"])
    title = f"The mean of the members is {mean} {say_at(names.get('measure', 'level'))} {say_date(dates[-1])}"
    return close_canvas(figure, title, units, source)


def _draw_member(axis: Axes, values: pd.Series, band: pd.DataFrame, line: pd.Series, colour: str, unit: str) -> None:
    """Figures, path and range of one panel, with the range's ends and its median as numbers."""
    begin, last = [values.index[-1], *band.index], values.iloc[-1]
    low, _, high = ([last, *band[end]] for end in band)
    axis.fill_between(begin, low, high, color=colour, alpha=0.25, lw=0)
    axis.plot(begin, [last, *line], "-", color=colour, lw=1.8)
    axis.plot(values.index, values, "o-", color=INK, ms=size_marks(3.5, values), lw=1)
    ends = zip(band.iloc[-1], (colour, INK, colour), strict=True)
    beside = band.iloc[-1, -1]
    labels = [Label(band.index[-1], end, say(end, unit, beside, bare=True), ink) for end, ink in ends]
    label_ends(axis, labels, size=7.5)
    use_dates(axis, pd.DatetimeIndex([values.index[0], band.index[-1]]))
    use_numbers(axis)


def _name(member: str) -> str:
    """A member for the head of its panel."""
    if member == "combined":
        return "Mean of the members"
    return say_first(say_name(member.removesuffix("_led"))) + ", led" * member.endswith("_led")


def draw_ceilings(ceilings: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """Prior, likelihood and weight of each ceiling over which a curve is averaged: the first times the second.

    Parameters
    ----------
    ceilings : DataFrame
        05_ceilings: share of the limit, prior, likelihood, weight.
    names : dict
        title.
    source : str

    Returns
    -------
    Figure or None
        None where no curve is averaged.
    """
    if ceilings.empty:
        return None
    figure, axes = open_canvas(3.2, (1, 3), sharex=True)
    heads = {"prior": "prior, percent", "likelihood": "likelihood, best is 1", "weight": "weight, percent"}
    for axis, (column, head), colour in zip(axes[0], heads.items(), (GREY, BLUE, ORANGE), strict=True):
        values = ceilings[column] * (1 if column == "likelihood" else 100)
        axis.vlines(100 * ceilings["share"], 0, values, color=colour, lw=1.2, alpha=0.6)
        axis.plot(100 * ceilings["share"], values, "o", color=colour, ms=4)
        axis.set_ylim(0, 1.1 * values.max())
        axis.set_title(head, loc="left", size=9.5, weight="bold")
        axis.set_xlim(0, 103)
        use_numbers(axis)
        use_numbers(axis, "x")
    sums, upper = ceilings["weight"].cumsum(), ceilings["share"]
    middle = 100 * upper[(sums >= 0.5).idxmax()]
    title = f"{names['title']}: half of the weight is on ceilings up to {middle:.0f}% of the limit"
    units = "By the ceiling of the logistic curve, percent of the limit; prior times likelihood is the weight"
    return close_canvas(figure, title, units, source)
