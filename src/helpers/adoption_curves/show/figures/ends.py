"""The ends that a forecast tries, and how well each fits."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from .style import BLUE, close_canvas, open_canvas, use_numbers


def draw_ends(ends: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """The weight of each end that is tried.

    Parameters
    ----------
    ends : DataFrame
        05_ends: share of the limit, weight.
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
    figure, axes = open_canvas(3.2)
    axis, shares, weights = axes[0, 0], 100 * ends["share"], 100 * ends["weight"]
    axis.vlines(shares, 0, weights, color=BLUE, lw=1.2, alpha=0.6)
    axis.plot(shares, weights, "o", color=BLUE, ms=4)
    axis.set_ylim(0, 1.1 * weights.max())
    axis.set_xlim(0, 103)
    use_numbers(axis)
    use_numbers(axis, "x")
    middle = shares[(ends["weight"].cumsum() >= 0.5).idxmax()]
    title = f"{names['title']}: half of the weight is on ends up to {middle:.0f}% of the limit"
    units = "Percent of the weight, by the end of the curve in percent of the limit: how well its line fits"
    return close_canvas(figure, title, units, source)
