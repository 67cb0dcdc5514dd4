"""Runs side by side: their forecasts over time, and their medians and bands at one date.

Forecasts are a frame with a row for each run and date: run, title and unit of the indicator, date, value (the median),
low and high (the band that the run quotes) and level (its coverage).
"""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.levels import say_level
from ...base.words import lower_first, say, say_date, say_range
from . import style
from .labels import Label, label_ends

MAX_LINES, MAX_ROWS, MAX_GROUPS, MAX_LETTERS = 6, 60, 30, 34
"""Runs that one panel can show over time; rows that still get a name each, names of groups, and letters of a name."""
SUBJECT = ["title", "unit"]
"""What runs must share to be drawn on one axis."""
SOURCE = "Source: the runs' tables of forecasts; each run's pages name the publishers of its data"


def last_shared(forecasts: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last date that all runs of one indicator forecast; none where there is no such date."""
    runs = forecasts.groupby(SUBJECT)["run"].transform("nunique")
    shared = forecasts[forecasts.groupby([*SUBJECT, "date"])["run"].transform("nunique") == runs]
    return shared[shared["date"] == shared.groupby(SUBJECT)["date"].transform("max")]


def say_bands(forecasts: pd.DataFrame) -> str:
    """Which bands the runs quote, in their order: "80 % bands", or "80 % and 90 % bands" where their levels differ."""
    if forecasts.empty:
        return "bands"
    levels = [say_level(level) for level in forecasts["level"].unique()]
    return f"{' and '.join(filter(None, (', '.join(levels[:-1]), levels[-1])))} bands"


def say_forecasts(forecasts: pd.DataFrame) -> str:
    """What the forecasts come to, in one sentence; "" where there are none."""
    count, panels = forecasts["run"].nunique(), forecasts.drop_duplicates(SUBJECT)
    if len(panels) > 1:
        return f"The {count} runs forecast {len(panels)} different things, each in a panel of its own"
    ends = last_shared(forecasts)
    if ends.empty:
        return f"The {count} runs forecast no date together" if count else ""
    date, unit = say_date(ends["date"].iloc[0]), ends["unit"].iloc[0]
    if count == 2:
        one, other = ends.itertuples()
        first, second = say_range(one.low, one.high, unit), say_range(other.low, other.high)
        return f"For {date}, {one.run} says {first} and {other.run} {second} ({say_bands(ends)})"
    low, high = ends["value"].min(), ends["value"].max()
    if say(low, unit) == say(high, unit):
        return f"{f'All {count} runs put' if count > 1 else 'The run puts'} the median for {date} at {say(high, unit)}"
    return f"The median for {date} ranges from {say_range(low, high, unit)} across {count} runs"


def _shorten(name: str) -> str:
    if " " in name:
        return textwrap.shorten(name, MAX_LETTERS, placeholder=" …")
    return name if len(name) <= MAX_LETTERS else f"{name[: MAX_LETTERS - 1]}…"


# ---- over time ----------------------------------------------------------------------------------------------------


def draw_forecasts(forecasts: pd.DataFrame, observations: pd.DataFrame) -> Figure | None:
    """Forecasts of a few runs over time, a panel for each indicator and unit; of many, as `draw_runs` does.

    Parameters
    ----------
    forecasts : DataFrame
    observations : DataFrame
        run, date and value: what the forecasts go on from.

    Returns
    -------
    Figure or None
        None where nothing is forecast.
    """
    panels = list(forecasts.groupby(SUBJECT, sort=False))
    if not panels:
        return None
    if max(panel["run"].nunique() for _, panel in panels) > MAX_LINES:
        return draw_runs(forecasts.assign(group="", name=forecasts["run"]), say_forecasts(forecasts))
    figure, axes = style.open_canvas(1.3 + 3.1 * len(panels), (len(panels), 1))
    units = f"Medians and, as bars, {say_bands(forecasts)} of the combined forecast; small points: published figures"
    for axis, ((title, unit), panel) in zip(axes[:, 0], panels, strict=True):
        labels = _draw_panel(axis, panel, observations)
        if len(panels) > 1:
            _name_panel(axis, f"{title}, {unit}", 36)
        else:
            units = f"{unit.capitalize()}; {lower_first(units)}"
        label_ends(axis, labels)
    return style.close_canvas(figure, say_forecasts(forecasts), units, SOURCE)


def _draw_panel(axis: Axes, panel: pd.DataFrame, observations: pd.DataFrame) -> list[Label]:
    """Medians as lines, bands as bars that stand side by side, and the series that they go on from."""
    first, last = panel["date"].min(), panel["date"].max()
    width = pd.Timedelta(days=max(6.0, (last - first).days / 60))
    labels, shown, count = [], [first, last], panel["run"].nunique()
    for position, (run, rows) in enumerate(panel.groupby("run", sort=False)):
        colour = style.COLOURS[position % len(style.COLOURS)]
        dates = rows["date"] + (position - (count - 1) / 2) * width
        past = observations[observations["run"] == run].set_index("date")["value"]
        past = past[past.index < rows["date"].iloc[0]]
        past = past[past.index >= first - max(last - first, pd.Timedelta(days=730))]
        if len(past):
            axis.plot(past.index, past, ".-", color=style.INK, ms=5, lw=0.8, zorder=3)
            axis.plot([past.index[-1], dates.iloc[0]], [past.iloc[-1], rows["value"].iloc[0]], color=colour, lw=0.8)
            shown.append(past.index[0])
        axis.vlines(dates, rows["low"], rows["high"], color=colour, lw=2.2, alpha=0.45)
        marks = {"ls": style.LINES[position % 6], "marker": style.MARKERS[position % 6], "color": colour}
        axis.plot(dates, rows["value"], ms=4.5, lw=1.4, **marks)
        own = "" if panel["level"].nunique() == 1 else f"\n{say_level(rows['level'].iloc[0])} band"
        labels.append(Label(dates.iloc[-1], rows["value"].iloc[-1], _shorten(run) + own, colour))
    axis.set_ylim(bottom=0)
    style.use_dates(axis, pd.DatetimeIndex([min(shown), last]))
    style.use_numbers(axis)
    return labels


# ---- at one date --------------------------------------------------------------------------------------------------


def draw_runs(forecasts: pd.DataFrame, title: str) -> Figure | None:
    """Median and quoted band of many runs at the last date that all of one indicator forecast.

    Runs are rows; beyond `MAX_ROWS` they are drawn without their names. A panel for each indicator and unit.

    Parameters
    ----------
    forecasts : DataFrame
        With two more columns: group, in which runs stand together ("" for none), and name of a row.
    title : str

    Returns
    -------
    Figure or None
        None where there is no such date.
    """
    panels = list(last_shared(forecasts).groupby(SUBJECT, sort=False))
    if not panels:
        return None
    rows = [len(panel) + panel["group"].nunique() for _, panel in panels]
    step = 0.2 if sum(rows) <= MAX_ROWS else min(0.2, 10 / sum(rows))
    heights = [max(1.2, step * count) for count in rows]
    size = 1.5 + sum(height + 0.3 for height in heights)
    figure, axes = style.open_canvas(size, (len(panels), 1), gridspec_kw={"height_ratios": heights})
    for axis, ((what, unit), panel) in zip(axes[:, 0], panels, strict=True):
        _draw_rows(axis, panel, named=sum(rows) <= MAX_ROWS)
        name = f"{what}, {say_date(panel['date'].iloc[0])}, {unit}"
        if len(panels) > 1:
            _name_panel(axis, name, 26)
    units = f"A row is a run: medians (points) and {say_bands(forecasts)} (bars) of the combined forecast"
    units = f"{units if len(panels) > 1 else f'{name}. {units}'}; grey line: median of the runs"
    return style.close_canvas(figure, title, units, SOURCE)


def _name_panel(axis: Axes, name: str, letters: int) -> None:
    """Set the name of a panel in lines that a telephone has room for."""
    axis.set_title(textwrap.fill(name, letters), loc="left", size=9.5, weight="bold")


def _draw_rows(axis: Axes, panel: pd.DataFrame, named: bool) -> None:
    place, ticks, headings, groups = 0, {}, set(), panel["group"].nunique()
    for position, (group, own) in enumerate(panel.groupby("group", sort=False)):
        colour = style.COLOURS[position % 6] if groups <= len(style.COLOURS) else style.BLUE
        if group:
            ticks[place if named else place + len(own) / 2] = _shorten(group)
            headings.add(_shorten(group))
            place += 1
        places = np.arange(place, place + len(own))
        axis.hlines(places, own["low"], own["high"], color=colour, lw=2.2 if named else 1, alpha=0.45)
        axis.plot(own["value"], places, ls="", marker=style.MARKERS[position % 6], color=colour, ms=4.5 if named else 2)
        if named:
            ticks |= dict(zip(places.tolist(), map(_shorten, own["name"]), strict=True))
        place += len(own)
    axis.axvline(panel["value"].median(), color=style.GREY, lw=0.8, zorder=0)
    if not named:  # as many names of groups as stand apart
        ticks = dict(list(ticks.items())[:: -(-len(ticks) // MAX_GROUPS) or 1])
    axis.set_yticks(list(ticks), list(ticks.values()), size=7.5, color=style.INK)
    for label in axis.get_yticklabels():
        label.set_weight("bold" if label.get_text() in headings else "normal")
    axis.set_ylim(place - 0.3, -0.7)
    axis.grid(False, axis="y")
    axis.grid(True, axis="x", color=style.PALE, lw=0.6)
    style.use_numbers(axis, "x")
