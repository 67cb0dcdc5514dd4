"""Fitted curves: the fits, and every curve that fits as well."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ...base.numbers import say
from ...base.wording import say_end, say_first, say_name
from .style import (
    BLUE,
    COLOURS,
    FAR,
    GREY,
    INK,
    LINES,
    ORANGE,
    Label,
    close_canvas,
    label_ends,
    open_canvas,
    shorten_label,
    size_marks,
    use_dates,
    use_numbers,
)


def draw_fits(
    values: pd.Series, alternatives: pd.DataFrame, found: Any, bound: float, names: dict[str, Any], source: str
) -> Figure | None:
    """The fitted curves, one panel a family, with all ceilings that the data do not rule out.

    A family without a voice in the verdict, which is the title, is named so.

    Parameters
    ----------
    values : Series
        Observations by date.
    alternatives : DataFrame
        From `curves.trace_alternatives`: family, ceiling, date, value, best (bool), level.
    found : a row of `facts.list_ceiling`
    bound : float
        Known upper bound at the last observation; nan for none.
    names : dict
        title, unit, bound_title.
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
    figure, axes = open_canvas(1.2 + 2.7 * rows, (rows, min(3, len(families))), sharey=True, sharex=True)
    top = max(values.max(), alternatives.loc[alternatives["best"], "value"].max())
    top = 1.3 * (bound if top < bound < FAR * top else top)
    for axis, family in zip(axes.flat, families, strict=False):
        _draw_family(axis, values, alternatives[alternatives["family"] == family])
        if bound < top:
            axis.axhline(bound, color=GREY, ls="--", lw=1)
        axis.set_title(_name_family(family, found), loc="left", size=9.5, weight="bold")
        axis.set_ylim(0, top)
    for axis in axes.flat[len(families) :]:
        axis.set_visible(False)
    if bound < top:
        axes[0, 0].annotate(
            shorten_label(names["bound_title"]), (0.02, bound), xycoords=("axes fraction", "data"), xytext=(0, 3),
            textcoords="offset points", size=7.5, color=GREY,
        )  # fmt: skip
    title = f"{names['title']}: {say_end(found, names['unit'])}"
    level = 100 * alternatives["level"].iloc[0]
    units = (
        f"{names['unit'].capitalize()}. Thick: least squares; "
        f"thin: other ceilings inside the {level:.0f} % profile interval"
    )
    return close_canvas(figure, title, units, source)


def _draw_family(axis: Axes, values: pd.Series, curves: pd.DataFrame) -> None:
    """One family's curves: thick the best, thin the others."""
    best, others = curves[curves["best"]], curves[~curves["best"]]
    for _, curve in others.groupby("ceiling"):
        axis.plot(curve["date"], curve["value"], "-", color=BLUE, lw=0.8, alpha=0.45)
    axis.plot(best["date"], best["value"], "-", color=ORANGE, lw=2)
    axis.plot(values.index, values, "o", color=INK, ms=size_marks(4, values), zorder=5)
    axis.set_xlim(best["date"].min() - 0.03 * (best["date"].max() - best["date"].min()), best["date"].max())
    use_dates(axis, pd.DatetimeIndex(curves["date"]))
    use_numbers(axis)


def draw_profiles(
    profiles: pd.DataFrame, found: Any, bound: float, names: dict[str, Any], source: str
) -> Figure | None:
    """The confidence at which each ceiling is rejected, a line a family.

    Parameters
    ----------
    profiles : DataFrame
        From `curves.profile_ceilings`: family, ceiling, confidence and confidence_independent (percent).
    found : a row of `facts.list_ceiling`
        The verdict, which is the title.
    bound : float
        Known upper bound at the last observation; nan for none.
    names : dict
        title, unit, bound_title.
    source : str

    Returns
    -------
    Figure or None
        None where no fit leaves a point to judge by.
    """
    if profiles.empty:
        return None
    figure, axes = open_canvas(4.2)
    axis, labels = axes[0, 0], []
    for place, (family, line) in enumerate(profiles.groupby("family", sort=False)):
        colour, dash = COLOURS[place % len(COLOURS)], LINES[place % len(LINES)]
        axis.plot(line["ceiling"], line["confidence"], color=colour, ls=dash, lw=1.8)
        axis.plot(line["ceiling"], line["confidence_independent"], color=colour, ls=dash, lw=0.7)
        labels.append(Label(line["ceiling"].iloc[-1], line["confidence"].iloc[-1], _name_family(family, found), colour))
    low, high = profiles["ceiling"].min(), profiles["ceiling"].max()
    for level in (80, 95):
        axis.axhline(level, color=GREY, lw=0.9, ls="--")
        labels.append(Label(high, level, f"{level} % interval ends", GREY))
    if low < bound < high:
        axis.axvline(bound, color=GREY, lw=1.2, ls=":")
        axis.annotate(
            shorten_label(names["bound_title"]), (bound, 1), xycoords=("data", "axes fraction"), xytext=(3, -2),
            textcoords="offset points", size=7.5, color=GREY, va="top",
        )  # fmt: skip
    axis.set(xscale="log", xlim=(low, high), ylim=(0, 114))
    axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.xaxis.set_major_formatter(FuncFormatter(lambda tick, _: say(tick)))
    axis.set_yticks(range(0, 101, 20), [f"{tick} %" for tick in range(0, 101, 20)])
    label_ends(axis, labels)
    units = f"Confidence at which each ceiling is rejected, by ceiling ({names['unit']}, log scale); "
    units += "thin: if errors are independent"
    return close_canvas(figure, f"{names['title']}: {say_end(found, names['unit'])}", units, source)


def _name_family(family: str, found: Any) -> str:
    """A family, and whether it has a voice in the verdict."""
    voice = "" if family in found.voices.split(", ") else " (no voice)"
    return say_first(say_name(family)) + voice
