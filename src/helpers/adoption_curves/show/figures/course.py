"""A series and its forecast: the chart of notebook 5."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ...base.formats import (
    capitalize_first,
    find_preposition,
    format_bound,
    format_count,
    format_long_date,
    format_newest,
    format_number,
    format_period,
    format_range,
    lower_first,
)
from ...base.headline import find_drawn, find_goal
from ...base.levels import LEVELS, band_columns, format_level
from ...indicators import AdoptionSeries, Names
from .style import (
    ACCENT,
    ALL,
    GHOST,
    GREY,
    HALF,
    INK,
    MOST,
    PAGE,
    STRIP,
    Chart,
    key_area,
    key_line,
    open_chart,
    size_marks,
    tag,
    use_numbers,
)

# Stands for 05_forecast and 05_limit of a series without a forecast.
NO_FORECAST = pd.DataFrame({"date": pd.DatetimeIndex([]), "q0.5": [], "mean": []})
FAR = 4  # a limit from this multiple of the highest value on is not drawn: the series would look flat
PAST = 2.0  # values are drawn for this multiple of the forecast's length before it


def draw_forecast(
    series: AdoptionSeries,
    names: Names,
    source: str,
    fan: pd.DataFrame = NO_FORECAST,
    ahead: pd.DataFrame = NO_FORECAST,
    levels: Sequence[float] = LEVELS,
    title: str = "",
) -> Chart:
    """Chart of a series with its limit and, if there is one, its forecast.

    Parameters
    ----------
    series : AdoptionSeries
        With its limit, its changes of method and its newer bounds.
    names : Names
    source : str
        Text of the line on sources below the chart.
    fan : DataFrame
        05_forecast; without rows only the values are drawn.
    ahead : DataFrame
        05_limit.
    levels : sequence of float
        An interval is drawn for each; one is quoted, see `adoption_curves.base.levels.quoted_level`.
    title : str
        The finding; by default the newest value.

    Returns
    -------
    Chart
    """
    figure, axis = open_chart(3.3)
    use_numbers(axis, suffix="%" * names.unit.startswith("percent"))
    fan = fan[fan["q0.5"].notna()]
    rows = fan.to_dict("records")
    since, last = find_drawn(series.values.index, rows) if rows else (None, series.dates[-1])
    drawn, ahead = fan[fan["date"] <= last], ahead[ahead["date"] <= last]
    key = plot_course(axis, series, drawn, ahead, levels, since, names.own)
    units = capitalize_first(names.unit) + (", total so far" if names.measure == "cumulative" else "")
    units += f": {lower_first(names.counted)}" if names.counted else ""
    if series.limit is not None and axis.get_ylim()[1] < min(series.limit.at(series.dates)):
        limit = format_number(series.limit.at(series.dates)[-1])
        units += f"; the limit, {lower_first(names.limit_title)}, is above at {limit}"
    dropped = series.values[: since or series.dates[0]].iloc[:-1]
    if since is not None and len(dropped):
        begun = format_period(dropped.index[0], names.measure)
        units += f"; {format_count(len(dropped), 'earlier value')}, from {begun} on, not drawn"
    if names.population:
        source += f" {_add_percent(axis, *names.population)}"
    return figure.close(title or _format_title(series, names), units, source, key)


def _format_title(series: AdoptionSeries, names: Names) -> str:
    """The last exact value; without one the newest "more than" or "less than"."""
    if series.values.empty:
        row, date = series.newer.iloc[-1], series.newer.index[-1]
        value = format_bound(row, names.unit, own=names.own)
    else:
        date, value = series.values.index[-1], format_newest(series.values.iloc[-1], names.unit, names.own)
    return f"{names.title}: {value} {find_preposition(names.measure)} {format_period(date, names.measure)}"


def plot_course(
    axis: Axes,
    series: AdoptionSeries,
    fan: pd.DataFrame,
    ahead: pd.DataFrame,
    levels: Sequence[float],
    since: pd.Timestamp | None = None,
    own: bool = True,
) -> list[Artist]:
    """Draw the values of a series, its limit and its forecast on axes that begin at 0; returns their key.

    Parameters
    ----------
    axis : Axes
    series : AdoptionSeries
    fan, ahead : DataFrame
        Rows of 05_forecast and of 05_limit that are drawn.
    levels : sequence of float
        An interval is drawn for each.
    since : Timestamp, optional
        Date of the first value drawn.
    own : bool
        Whether the values are a user's own data, see `adoption_curves.base.formats.format_bound`.

    Returns
    -------
    list of Artist
    """
    values = series.values.dropna()[since:]
    unused = values[values.index < series.start] if len(fan) else values.head(0)
    used = values[len(unused) :]
    key = plot_fan(axis, series, fan, levels) if len(fan) else []
    key += plot_values(axis, used, series.breaks)
    if len(unused):
        _plot_unused(axis, unused, used.index[0], series.breaks)
        before = f"before {format_long_date(series.start)}: not used by the forecast"
        key.append(key_line(before, GHOST, marker="o", mfc=PAGE))
    if series.last_break is not None:
        _plot_unused(axis, series.earlier, series.dates[0], series.breaks)
        key.append(key_area(f"before {format_long_date(series.last_break['date'])}: not comparable", STRIP))

    # The sampling errors of values, and the newer values that are only bounds, at the middle of what we assume.
    half = 1.96 * series.standard_error.reindex(values.index)
    if half.notna().any():
        axis.vlines(values.index, values - half, values + half, color=INK, lw=1, zorder=5)
        key.append(key_line("95% sampling error, as published", INK, lw=1))
    newer = series.newer.join(series.readings)
    places = newer[["read_low", "read_high"]].mean(axis=1).fillna(newer["value"])
    bound: dict[str, Any] = {"marker": "o", "mfc": PAGE, "mec": ACCENT, "mew": 1.6, "ms": 6, "ls": ""}
    axis.plot(places.index, places, zorder=6, **bound)
    for date, row in newer.tail(1).iterrows():
        key.append(key_line(f"{format_period(date, series.measure)}: {format_bound(row, bare=True, own=own)}", **bound))

    # The limit, unless it is so far above that the axes would press the series flat.
    top = max([*values, *places, *series.earlier, *fan.filter(regex="^q").max()])
    limit, limit_key = _plot_limit(axis, series, values.index.union(newer.index), ahead, top)
    axis.set_ylim(min([0, *1.05 * values]), 1.1 * max(top, limit) or 1)
    _tag_values(axis, series, values, own)
    return key + limit_key


def plot_values(axis: Axes, values: pd.Series, breaks: pd.DataFrame, **look: object) -> list[Artist]:
    """Draw published values as a line that is broken at each change of method, with a shaded strip there.

    Parameters
    ----------
    axis : Axes
    values : Series
        By date, in the unit of the series.
    breaks : DataFrame
        date, kind.
    **look
        Other keyword arguments of `Axes.plot`.

    Returns
    -------
    list of Artist
        Legend entry of the strip; empty if there is no change of method.
    """
    parts = np.searchsorted(breaks["date"].sort_values(), values.index, side="right")
    look = {"color": ACCENT, "lw": 1.8 if len(values) < 80 else 1, "ms": size_marks(len(values)), "zorder": 4} | look
    ends = []
    for _, part in values.groupby(parts):
        axis.plot(part.index, part, "-o", **look)
        ends.append((part.index[0], part.index[-1]))
    for (_, before), (after, _) in pairwise(ends):
        axis.axvspan(before, after, color=STRIP, lw=0, zorder=0)
    kind = "suspected change" if {*breaks["kind"]} == {"suspected"} else "change"
    return [key_area(f"{kind} of method", STRIP)] if len(ends) > 1 else []


def _plot_unused(axis: Axes, values: pd.Series, until: pd.Timestamp, breaks: pd.DataFrame) -> None:
    """Draw values that the forecast does not use as open grey circles, with a shaded strip up to the next value."""
    plot_values(axis, values, breaks, color=GHOST, mfc=PAGE)
    axis.axvspan(values.index[-1], until, color=STRIP, lw=0, zorder=0)


def plot_fan(axis: Axes, series: AdoptionSeries, fan: pd.DataFrame, levels: Sequence[float]) -> list[Artist]:
    """Draw the prediction intervals and the median of a forecast, from the last value on; returns their key.

    Parameters
    ----------
    axis : Axes
    series : AdoptionSeries
    fan : DataFrame
        A row per date: date, basis, q0.5 and the ends of each level, such as q0.1 and q0.9, in the unit of the series.
    levels : sequence of float
        An interval is drawn for each that all rows have.

    Returns
    -------
    list of Artist
    """
    levels = sorted(level for level in levels if {*band_columns(level)} <= {*fan})
    known = series.use_readings().values.dropna()
    known = known[known.index < fan["date"].iloc[0]]  # zeros may follow the last that the forecast uses
    dates, last, goal = [known.index[-1], *fan["date"]], known.iloc[-1], find_goal(fan.to_dict("records"))
    unit = "percent" if series.unit.startswith("percent") else ""
    high = goal[band_columns(levels[-1])[1]] if levels else 0
    date = "" if goal["date"] == fan["date"].iloc[-1] else f", {format_period(goal['date'], series.measure)}"
    median = f"median{date}: {format_number(goal['q0.5'], unit, high)}"
    key = [key_line(median, ls="--", lw=1.6)]
    tints = [HALF, MOST, *[ALL] * len(levels)] if len(levels) > 1 else [MOST]
    for level, colour in zip(levels, tints, strict=False):
        low, high = band_columns(level)
        axis.fill_between(dates, [last, *fan[low]], [last, *fan[high]], color=colour, lw=0, zorder=1 - 0.1 * level)
        ends = format_range(goal[low], goal[high], unit)
        key.append(key_area(f"{format_level(level)} interval: {ends}", colour))
    axis.plot(dates, [last, *fan["q0.5"]], color=ACCENT, lw=1.6, ls=(0, (4, 1.5)), zorder=3)
    for date in fan.loc[fan["basis"] == "extrapolated", "date"].head(1):
        axis.axvline(date, color=GREY, lw=1, ls=":")
        key.append(key_line("from here on not tested", GREY, ls=":", lw=1))
    return key


def _plot_limit(
    axis: Axes, series: AdoptionSeries, dates: pd.DatetimeIndex, ahead: pd.DataFrame, top: float
) -> tuple[float, list[Artist]]:
    """Draw the limit and its forecast, unless it is far above; returns its highest value and its key."""
    if series.limit is None or len(dates) == 0:
        return 0.0, []
    level = pd.Series(np.asarray(series.limit.at(dates), float), dates)
    if level.min() > FAR * top:
        return 0.0, []
    mean = ahead[ahead["date"] > dates[-1]].set_index("date")["mean"].dropna()
    line = pd.concat([level, mean])
    axis.plot(level.index, level, color=GREY, lw=1.1, zorder=2)
    axis.plot(line[dates[-1] :].index, line[dates[-1] :], color=GREY, lw=1.1, ls=":", zorder=2)
    return float(line.max()), [key_line(f"limit: {lower_first(series.limit.title)}", GREY, lw=1.1)]


def _tag_values(axis: Axes, series: AdoptionSeries, values: pd.Series, own: bool) -> None:
    """Write the last value at its point and, if it is printed differently, the highest."""
    if values.empty:
        return
    high = float(values.max())
    last, highest = (
        format_newest(value, "", own) if own else format_number(value, series.unit, high, bare=True)
        for value in (values.iloc[-1], high)
    )
    falls = len(values) > 1 and values.iloc[-1] < values.iloc[-2]
    rise = 4 if falls or values.iloc[-1] < 0.08 * axis.get_ylim()[1] else -4
    tag(axis, values.index[-1], values.iloc[-1], last, rise=rise, weight="bold")
    if len(values) > 2 and highest != last:
        tag(axis, values.idxmax(), high, highest, side="middle")


def _add_percent(axis: Axes, size: float, words: str) -> str:
    """Add a right axis in percent of the population; returns the words on it for the line on sources."""
    right = axis.secondary_yaxis("right", functions=(lambda value: 100 * value / size, lambda part: part * size / 100))
    use_numbers(right, suffix="%")
    right.tick_params("y", labelcolor=GREY)
    right.spines["right"].set_visible(False)
    return words
