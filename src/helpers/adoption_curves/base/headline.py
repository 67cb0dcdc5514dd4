"""Rows of a forecast that a page's words and its figure both need: the date of the headline, and what is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def find_goal(fan: Sequence[Mapping[str, Any]]) -> Any:
    """The row of a forecast for the last December that was tested, else for the last date.

    Parameters
    ----------
    fan : sequence of mapping
        Rows of 05_forecast, at least one: date, basis.

    Returns
    -------
    mapping
    """
    near = [row for row in fan if row["basis"] in ("tested", "untested")] or list(fan)
    return [*near[-1:], *(row for row in near if row["date"].month == 12)][-1]


def find_drawn(dates: Sequence[pd.Timestamp], fan: Sequence[Mapping[str, Any]]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Dates of the first figure and of the last forecast that the figure of a forecast draws.

    It is drawn to the date of the headline, or to its end where it is extrapolated; and figures twice as far back.

    Parameters
    ----------
    dates : sequence of Timestamp
        Of all figures, in order.
    fan : sequence of mapping
        Rows of 05_forecast: date, basis; without a forecast every figure is drawn.

    Returns
    -------
    tuple of Timestamp
    """
    if not fan:
        return dates[0], dates[-1]
    extrapolated = any(row["basis"] == "extrapolated" for row in fan)
    last = fan[-1]["date"] if extrapolated else find_goal(fan)["date"]
    start = max(date for date in dates if date < fan[0]["date"])
    return next(date for date in dates if date >= start - 2 * (last - start)), last
