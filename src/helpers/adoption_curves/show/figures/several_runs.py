"""A few runs side by side: their forecasts over time.

Forecasts are a frame with a row for each run and date: run, title and unit of the indicator, date, basis, value (the
median), low and high (the range that the run quotes) and level (its coverage).
"""

from __future__ import annotations

import pandas as pd

from ...base.fan import find_goal
from ...base.levels import say_level
from ...base.words import say_date, say_range
from .style import MOST, Chart, name_area, name_line, open_rows

_SHARED_NAMES = ["title", "unit"]  # what runs must share to be drawn on one axis
_SOURCE_TEXT = "Source: the runs' tables of forecasts; each run's pages name the publishers of its data"


def pick_shared(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The rows of a headline's date among those that all runs of one indicator forecast; none where there are none."""
    runs = forecasts.groupby(_SHARED_NAMES)["run"].transform("nunique")
    shared = forecasts[forecasts.groupby([*_SHARED_NAMES, "date"])["run"].transform("nunique") == runs]
    picked = [shared.iloc[:0]]
    for _, panel in shared.groupby(_SHARED_NAMES):
        goals = [find_goal(rows.to_dict("records"))["date"] for _, rows in panel.groupby("run")]
        picked.append(panel[panel["date"] == min(goals)])
    return pd.concat(picked).sort_index()


def _say_ranges(forecasts: pd.DataFrame) -> str:
    """The ranges that the runs quote, in their order: "80% ranges"; "80% and 90% ranges" where levels differ."""
    return f"{' and '.join(map(say_level, forecasts['level'].unique()))} ranges".strip()


def say_forecasts(forecasts: pd.DataFrame) -> str:
    """A sentence on how far the forecasts lie apart; "" where there are none."""
    count, panels = forecasts["run"].nunique(), forecasts.drop_duplicates(_SHARED_NAMES)
    if len(panels) > 1:
        return f"The {count} runs forecast {len(panels)} different things, each in a panel of its own"
    ends = pick_shared(forecasts)
    if ends.empty:
        return f"The {count} runs forecast no date together" if count else ""
    date, unit = say_date(ends["date"].iloc[0]), ends["unit"].iloc[0]
    if count == 2:
        one, other = ends.itertuples()
        first, second = say_range(one.low, one.high, unit), say_range(other.low, other.high)
        return f"For {date}, {one.run} says {first} and {other.run} {second} ({_say_ranges(ends)})"
    low, high = ends["low"].min(), ends["high"].max()
    whose = f"Of {count} runs the" if count > 1 else "The"
    return f"{whose} {_say_ranges(ends)} for {date} lie within {say_range(low, high, unit)}"


def draw_forecasts(forecasts: pd.DataFrame) -> Chart | None:
    """Forecasts of a few runs for a date that they share, a row a run, a heading for each indicator and unit.

    Parameters
    ----------
    forecasts : DataFrame

    Returns
    -------
    Chart or None
        None where no date is shared.
    """
    rows = pick_shared(forecasts).sort_values(_SHARED_NAMES, kind="stable")
    if rows.empty:
        return None
    dates, units = rows["date"].map(say_date), rows["title"] + ", " + rows["unit"]
    printed = [say_range(low, high) for low, high in zip(rows["low"], rows["high"], strict=True)]
    heading = units + ", " + dates if units.nunique() > 1 else ""
    names = rows["run"].map(str).str.rpartition("/")[2]
    figure, _ = open_rows(rows.assign(name=names, mark="|", printed=printed, heading=heading))
    levels = " and ".join(map(say_level, rows["level"].unique()))
    key = [name_area(f"{levels} interval", MOST), name_line("median", ls="", marker="|", ms=9, mew=2)]
    return figure.close(say_forecasts(forecasts), f"{units.iloc[0]}, {dates.iloc[0]}", _SOURCE_TEXT, key)
