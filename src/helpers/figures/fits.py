"""Fitted curves: the fits, and every curve that fits as well."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.figures.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    close_canvas,
    open_canvas,
    say,
    shorten_label,
    use_dates,
    use_numbers,
)


def draw_fits(
    values: pd.Series, alternatives: pd.DataFrame, bound: float, names: dict[str, Any], source: str
) -> Figure:
    """The fitted curves, one panel a family, with all ceilings that the data do not rule out.

    Parameters
    ----------
    values : Series
        Observations by date.
    alternatives : DataFrame
        From `curves.trace_alternatives`: family, ceiling, date, value, best (bool), level.
    bound : float
        Known upper bound at the last observation; nan for none.
    names : dict
        title, unit, bound_title.
    source : str

    Returns
    -------
    Figure
    """
    families = list(dict.fromkeys(alternatives["family"]))
    rows = -(-len(families) // 3)
    figure, axes = open_canvas(1.2 + 2.7 * rows, (rows, min(3, len(families))), sharey=True, sharex=True)
    top = max(values.max(), 0 if np.isnan(bound) else bound) * 1.3
    for axis, family in zip(axes.flat, families, strict=False):
        curves = alternatives[alternatives["family"] == family]
        others = curves[~curves["best"]]
        for _, curve in others.groupby("ceiling"):
            axis.plot(curve["date"], curve["value"], "-", color=BLUE, lw=0.8, alpha=0.45)
        best = curves[curves["best"]]
        axis.plot(best["date"], best["value"], "-", color=ORANGE, lw=2)
        axis.plot(values.index, values, "o", color=INK, ms=4, zorder=5)
        if np.isfinite(bound):
            axis.axhline(bound, color=GREY, ls="--", lw=1)
        axis.set_title(family.replace("_", " "), loc="left", size=9.5, weight="bold")
        axis.set_ylim(0, top)
        axis.set_xlim(best["date"].min() - 0.03 * (best["date"].max() - best["date"].min()), best["date"].max())
        use_dates(axis, pd.DatetimeIndex(curves["date"]))
        use_numbers(axis)
    for axis in axes.flat[len(families) :]:
        axis.set_visible(False)
    if np.isfinite(bound):
        axes[0, 0].annotate(
            shorten_label(names["bound_title"]), (0.02, bound), xycoords=("axes fraction", "data"), xytext=(0, 3),
            textcoords="offset points", size=7.5, color=GREY,
        )  # fmt: skip
    ends = alternatives.groupby(["family", "ceiling"])["value"].last()
    beyond = np.isfinite(bound) and ends.max() > bound
    title = (
        f"In {alternatives['date'].max():%Y}, curves that the data do not rule out lie anywhere "
        f"from {say(ends.min())} to "
        f"{'beyond the bound' if beyond else say(ends.max(), names['unit'])}"
    )
    level = 100 * alternatives["level"].iloc[0]
    units = (
        f"{names['title']}, {names['unit']}. Thick: least squares; "
        f"thin: other ceilings inside the {level:.0f} % profile interval"
    )
    return close_canvas(figure, title, units, source)
