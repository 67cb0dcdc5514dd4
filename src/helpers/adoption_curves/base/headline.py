"""Date that the headline of a page quotes, and dates that its chart shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def find_goal(fan: Sequence[Mapping[str, Any]]) -> Any:
    """Row of a forecast for the last December within the tested horizon, or for the last date within it if none is.

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
    """First and last date that the chart of a forecast shows.

    The chart ends at the date of the headline, or at the last date if any is extrapolated, and goes twice as far back.

    Parameters
    ----------
    dates : sequence of Timestamp
        Dates of all observations, increasing.
    fan : sequence of mapping
        Rows of 05_forecast: date, basis. If it is empty, all observations are shown.

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
