"""Figures of notebook 5: the forecast, and forecasts of earlier dates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...base import words
from ...base.fan import find_drawn, find_goal
from ...base.levels import LEVELS, band_columns, quoted_level, say_level
from ...base.words import say, say_count, say_period
from ...indicators import AdoptionSeries, Names
from . import style
from .labels import Label, Spot, label_ends, label_values, name_line, note, shade_breaks
from .on_axes import join_range, plot_earlier, plot_fan, plot_figures, plot_limit, plot_newer, say_counted
from .see_adoption import draw_levels
from .style import BLUE, GREY, HEADING, ORANGE, close_canvas, open_canvas, size_marks, tell, use_dates, use_numbers

_LEAST_OUTCOMES = 2  # later figures from which on it is said how many of them a range contained


def draw_forecast(
    fan: pd.DataFrame,
    ahead: pd.DataFrame,
    series: AdoptionSeries,
    names: Names,
    source: str,
    levels: Sequence[float] = LEVELS,
    title: str = "",
) -> Figure:
    """The published forecast: figures, ranges with their levels, median and limit.

    Parameters
    ----------
    fan : DataFrame
        05_forecast; without rows the figures alone are drawn.
    ahead : DataFrame
        05_limit.
    series : AdoptionSeries
        With its limit, its breaks and its newer figures.
    names : Names
    source : str
    levels : sequence of float
        A range is drawn for each; one is quoted, see `adoption_curves.base.levels.quoted_level`.
    title : str
        By default the title of the series.

    Returns
    -------
    Figure
    """
    title, fan = title or names.title, fan[fan["q0.5"].notna()]
    if fan.empty:
        return draw_levels(series, names, source, title)
    shown = _select_shown(fan, series, levels)
    figure, axis = open_canvas(5.0)
    plot_fan(axis, shown.fan, shown.start, shown.levels, "--" if shown.goal["basis"] == "untested" else "-")
    ends = shown.fan[[*band_columns(max(shown.levels))] if shown.levels else ["q0.5"]]
    heights = [*shown.values, *series.earlier, *series.newer["value"], *ends.min(), *ends.max()]
    ahead = ahead[ahead["date"] <= shown.last]
    limit, told = plot_limit(axis, series, shown.values.index, max(heights), ahead)
    heights += [label.y for label in limit]
    units = say_counted(names) + told + plot_earlier(axis, series, names.points)
    units += _draw_values(axis, series, shown.values, names, heights)
    use_dates(axis, min([shown.values.index[0], *series.earlier.index]), shown.last, names.measure)
    _name_start(axis, shown)
    label_values(axis, shown.values.iloc[-1:], names.unit, names.own)
    _name_ranges(axis, shown)
    source += _add_percent(axis, names, max([ends.max(axis=None), *(label.y for label in limit)]))
    label_ends(axis, [_label_fan(axis, shown, names), *limit])
    return close_canvas(figure, title, units, source)


class _Shown(NamedTuple):
    """What is drawn of a forecast, and of the figures before it."""

    fan: pd.DataFrame  # its rows
    last: pd.Timestamp  # the date of the last of them
    goal: dict[str, Any]  # the row of the headline
    levels: list[float]  # of the ranges
    values: pd.Series  # the figures by date, in the unit of the series
    start: tuple[pd.Timestamp, float]  # where the fan begins


def _select_shown(fan: pd.DataFrame, series: AdoptionSeries, levels: Sequence[float]) -> _Shown:
    """The rows until the date of the headline, or until the end where that is extrapolated; ranges that all have."""
    rows = fan.to_dict("records")
    first, last = find_drawn(series.values.index, rows)
    fan, goal = fan[fan["date"] <= last], find_goal(rows)
    whole = [level for level in levels if {*band_columns(level)} <= {*fan}]
    known = series.use_readings().values  # zeros may follow the last that is used; a newer one may have two ends
    known = known[known.index < fan["date"].iloc[0]]
    start = known.index[-1], known.iloc[-1]
    return _Shown(fan, last, goal, whole, series.values[first:], start)


def _draw_values(axis: Axes, series: AdoptionSeries, values: pd.Series, names: Names, heights: Iterable[float]) -> str:
    """Draw the published figures, with room for all the `heights` that are drawn; words for the units."""
    plot_figures(axis, values, series.breaks, names.points)
    told = style.fit_room(axis, min(heights), max(heights)) + _say_dropped(series.values, values, names.measure)
    plot_newer(axis, series.newer.join(series.readings), own=names.own)
    return told + shade_breaks(axis, series.breaks, pd.DatetimeIndex(values.index))


def _say_dropped(values: pd.Series, shown: pd.Series, measure: str) -> str:
    """What is not drawn, for the line of units."""
    count = len(values) - len(shown)
    if not count:
        return ""
    return f"; {say_count(count, 'earlier figure')}, from {say_period(values.index[0], measure)} on, not drawn"


def _label_fan(axis: Axes, shown: _Shown, names: Names) -> Label:
    """The label of the median and of the quoted range at the date of the headline, which is marked within the fan."""
    goal, measure = shown.goal, names.measure
    date, median = goal["date"], goal["q0.5"]
    if goal["basis"] == "refuted":
        return Label(date, median, "contradicted by\nthe newest figure", BLUE)
    if not shown.levels:
        kind = "untested" if goal["basis"] == "untested" else "forecast"
        [about], _ = words.round_off([median], median / 10)
        return Label(date, median, f"{kind}:\nabout {about}", BLUE)
    level = quoted_level(shown.levels)
    low, high = (goal[name] for name in band_columns(level))
    text = f"median {say(median, names.unit, high, bare=True)}\n{say_level(level)} range:\n{join_range(low, high)}"
    if date < shown.last:
        axis.vlines(date, low, high, color=BLUE, lw=2.2, zorder=5)
        text = f"{words.say_at(measure)} {say_period(date, measure)}:\n{text}"
    return Label(date, median, text, BLUE)


def _name_ranges(axis: Axes, shown: _Shown) -> None:
    """Write each level on its own part of the fan, where that is tallest and no other word stands."""
    inner = ["q0.5", "q0.5"]
    for level in sorted(shown.levels):
        outer = [*band_columns(level)]
        rows, spots = shown.fan.set_index("date"), []
        for one, other in zip(inner, outer, strict=True):
            tall = (rows[other] - rows[one]).abs()
            inside = tall.iloc[:-1] if len(tall) > 1 else tall  # the last date is beside the axis on the right
            spots += [(size, Spot(date, rows.loc[date, [one, other]].mean(), 0, 0)) for date, size in inside.items()]
        spots.sort(key=lambda spot: -spot[0])
        note(axis, say_level(level), [spot for _, spot in spots])
        inner = outer


def _name_start(axis: Axes, shown: _Shown) -> None:
    """Lines where the forecast begins and where tests of it end; a word where it may lie below its beginning."""
    fan, (date, value) = shown.fan, shown.start
    axis.axvline(date, color=GREY, lw=0.8, zorder=1)
    name_line(axis, date, "forecast\nfrom here")
    tested = fan.loc[fan["basis"] != "extrapolated", "date"]
    if 0 < len(tested) < len(fan):
        axis.axvline(tested.iloc[-1], color=GREY, lw=1, ls=":")
        name_line(axis, tested.iloc[-1], "tested to here,\nbeyond: extrapolated")
    if shown.levels:
        low = fan.set_index("date")[band_columns(quoted_level(shown.levels))[0]]
        if low.iloc[-1] < value:
            spots = [Spot(each, low[each], -4, -4) for each in low.index[:-4:-1]]
            note(axis, "a fall is\nin the range", spots, color=GREY)


def _add_percent(axis: Axes, names: Names, highest: float) -> str:
    """An axis at the right in percent of the population where that is known, before labels; returns its words.

    No axis goes above the population, unless the `highest` of ranges and limit does.
    """
    if not names.population:
        return ""
    size, told = names.population
    axis.set_ylim(top=max(min(axis.get_ylim()[1], size), highest))
    right = axis.secondary_yaxis("right", functions=(lambda value: 100 * value / size, lambda part: part * size / 100))
    use_numbers(right, suffix="%")
    right.yaxis.set_major_locator(MaxNLocator(5, prune="upper"))  # whose place a label of the limit needs
    right.tick_params("y", length=0, pad=2, labelcolor=GREY)
    right.spines["right"].set_visible(False)
    for name in right.get_yticklabels():
        name.set(style="italic", path_effects=[style.HALO])
    return f" {told}"


def draw_hindcasts(
    hindcasts: pd.DataFrame,
    series: AdoptionSeries,
    names: Names,
    source: str,
    levels: Sequence[float] = LEVELS,
) -> Figure | None:
    """The same forecast as made at each earlier date, against the outcome, also where that is printed as a limit.

    Parameters
    ----------
    hindcasts : DataFrame
        origin, made, date, q0.05 ... q0.95, and the ends of other levels.
    series : AdoptionSeries
    names : Names
    source : str
    levels : sequence of float
        A range is drawn for each; the title quotes one, see `adoption_curves.base.levels.quoted_level`.

    Returns
    -------
    Figure or None
        None where none could be made.
    """
    if hindcasts.empty:
        return None
    levels = [level for level in levels if {*band_columns(level)} <= {*hindcasts}]
    origins = list(hindcasts.groupby("origin"))
    values = series.values[series.values.index <= hindcasts["date"].max() + pd.Timedelta(days=190)]
    shown = values[values.index >= origins[0][0] - 2 * (values.index[-1] - origins[0][0])]
    figure, axes = style.open_panels(3.6, 1, len(origins), sharey=True, sharex=True)
    for axis, (origin, forecast) in zip(axes[0], origins, strict=True):
        plot_fan(axis, forecast, (origin, values[origin]), levels)
        _draw_outcomes(axis, origin, forecast["date"].iloc[-1], shown, series, names)
        axis.set_title(f"made in {pd.Timestamp(forecast['made'].iloc[0]):%b %Y}", **HEADING)
    lowest, highest = band_columns(max(levels)) if levels else ("q0.5", "q0.5")
    ends = min(shown.min(), hindcasts[lowest].min()), max(shown.max(), hindcasts[highest].max())
    starts = style.fit_room(axes[0, 0], *ends)
    units = f"{names.title}, {names.unit}; line: known then; diamonds: outcomes"
    units += f"; {_say_levels(levels)}" if levels else ""
    newer = series.newer[series.newer.index <= hindcasts["date"].max()].join(series.readings)
    printed = [words.say_limit(row, bare=True, own=names.own) for _, row in newer.iterrows()]
    units += f"; open circle: {', '.join(printed)}" if printed else ""
    units += starts + _say_dropped(values, shown, names.measure)
    return close_canvas(figure, _say_contained(hindcasts, values, levels), units, source)


def _draw_outcomes(
    axis: Axes,
    origin: pd.Timestamp,
    last: pd.Timestamp,
    shown: pd.Series,
    series: AdoptionSeries,
    names: Names,
) -> None:
    """The figures until the origin of a forecast, and apart from them those that were published later."""
    later = shown[shown.index > origin]
    plot_figures(axis, shown[shown.index <= origin], series.breaks, names.points, 4, zorder=5)
    size = size_marks(6, later)
    [outcomes] = axis.plot(later.index, later, "D", color=ORANGE, ms=size, mec="white", mew=size / 7.5, zorder=6)
    tell(outcomes, [names.points.get(date, "") for date in later.index])
    plot_newer(axis, series.newer[series.newer.index <= last].join(series.readings), named=False)
    use_dates(axis, shown.index[0], last, names.measure)


def _say_contained(hindcasts: pd.DataFrame, values: pd.Series, levels: Sequence[float]) -> str:
    """The title: how many later figures the quoted range contained, if there is one and there are enough."""
    met = hindcasts.assign(outcome=hindcasts["date"].map(values)).dropna(subset=["outcome", "q0.5"])
    if len(met) < _LEAST_OUTCOMES or not levels:
        return "What this method would have forecast earlier, and what happened"
    level = quoted_level(levels)
    low, high = band_columns(level)
    inside = int(met["outcome"].between(met[low], met[high]).sum())
    made = "an earlier date" if met["origin"].nunique() == 1 else "earlier dates"
    return f"Made at {made}, the {say_level(level)} range contained {inside} of {len(met)} later figures"


def _say_levels(levels: Sequence[float]) -> str:
    """``50, 80 and 95% ranges``; the median where there are none."""
    if not levels:
        return "the median alone"
    *others, widest = [f"{100 * level:g}" for level in sorted(levels)]
    return f"{', '.join(others)} and {widest}% ranges" if others else f"{widest}% range"
