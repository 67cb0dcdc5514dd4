"""A few runs side by side: their forecasts over time.

Forecasts are a frame with a row for each run and date: run, title and unit of the indicator, date, basis, value (the
median), low and high (the range that the run quotes) and level (its coverage).
"""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.fan import find_goal
from ...base.levels import say_level
from ...base.words import lower_first, say_date, say_range
from . import style
from .labels import Label, label_ends

_MAX_LETTERS = 34  # of a run's name
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


def draw_forecasts(forecasts: pd.DataFrame, observations: pd.DataFrame) -> Figure | None:
    """Forecasts of a few runs over time, a panel for each indicator and unit.

    Parameters
    ----------
    forecasts : DataFrame
    observations : DataFrame
        run, date, value and qualifier: what the forecasts continue from.

    Returns
    -------
    Figure or None
        None where nothing is forecast.
    """
    panels = list(forecasts.groupby(_SHARED_NAMES, sort=False))
    if not panels:
        return None
    figure, axes = style.open_panels(1.3 + 3.1 * len(panels), len(panels), 1)
    units = (
        f"Medians and, as bars, {_say_ranges(forecasts)} of the forecast; points: published figures, open ones limits"
    )
    for axis, ((title, unit), panel) in zip(axes[:, 0], panels, strict=True):
        labels = _draw_run_panel(axis, panel, observations)
        if len(panels) > 1:
            axis.set_title(textwrap.fill(f"{title}, {unit}", 36), **style.HEADING)
        else:
            units = f"{unit.capitalize()}; {lower_first(units)}"
        label_ends(axis, labels)
    return style.close_canvas(figure, say_forecasts(forecasts), units, _SOURCE_TEXT)


def _draw_run_panel(axis: Axes, panel: pd.DataFrame, observations: pd.DataFrame) -> list[Label]:
    """Medians as lines, ranges as bars side by side, and the series that they continue."""
    first, last = panel["date"].min(), panel["date"].max()
    width = pd.Timedelta(days=max(6.0, (last - first).days / 60))
    labels, shown, count = [], [first, last], panel["run"].nunique()
    for position, (run, rows) in enumerate(panel.groupby("run", sort=False)):
        colour = style.COLOURS[position % len(style.COLOURS)]
        dates = rows["date"] + (position - (count - 1) / 2) * width
        past = observations[observations["run"] == run]
        begin = first - max(last - first, pd.Timedelta(days=730))
        past = past[(past["date"] >= begin) & (past["date"] < rows["date"].iloc[0])]
        if len(past):
            for is_exact, points in past.groupby(past["qualifier"] == "exact"):
                fill = style.INK if is_exact else "white"
                axis.plot(points["date"], points["value"], "o", color=style.INK, mfc=fill, ms=3, zorder=3)
            end = past.iloc[-1]
            axis.plot([end["date"], dates.iloc[0]], [end["value"], rows["value"].iloc[0]], color=colour, lw=0.8)
            shown.append(past["date"].iloc[0])
        axis.vlines(dates, rows["low"], rows["high"], color=colour, lw=2.2, alpha=0.45)
        axis.plot(dates, rows["value"], ls=style.LINES[position % 6], marker=style.MARKERS[position % 6], color=colour,
                  ms=4.5, lw=1.4)  # fmt: skip
        own = "" if panel["level"].nunique() == 1 else f"\n{say_level(rows['level'].iloc[0])} range"
        text = style.shorten_label(str(run).rpartition("/")[2], _MAX_LETTERS) + own
        labels.append(Label(dates.iloc[-1], rows["value"].iloc[-1], text, colour))
    axis.set_ylim(bottom=0)
    style.use_dates(axis, min(shown), last)
    return labels
