"""Forecasts: at first view and with all bands and scenarios, as made at earlier dates, side by side, on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.levels import LEVELS, band_columns, quoted_level, say_level
from ...base.words import (
    NO_RANGE,
    lower_first,
    say,
    say_at,
    say_count,
    say_date,
    say_day,
    say_first,
    say_odds,
    say_period,
    say_range,
    spell,
)
from ...forecast.register import PUBLISHED_MODEL
from ...indicators import AdoptionSeries
from ...say.facts import find_goal
from ...say.words import say_headline
from .labels import AT_EDGE, EDGES, Label, Spot, label_ends, label_values, mark_breaks, name_line, note, part_line
from .single import plot_bound, plot_fan, plot_newer
from .style import (
    BLUE,
    FAR,
    GREY,
    INK,
    ORANGE,
    close_canvas,
    fit_room,
    open_canvas,
    size_marks,
    tell_figures,
    use_dates,
    use_numbers,
)

ENOUGH = 2
"""Later figures from which on it is said how many of them a band covered."""


def draw_forecast(
    rows: pd.DataFrame, series: AdoptionSeries, names: dict[str, Any], source: str, levels: Sequence[float] = LEVELS
) -> Figure:
    """The published forecast: figures, median, ranges and upper limit, with the odds of the quoted range.

    Parameters
    ----------
    rows : DataFrame
        Those of 05_forecast of the method `combined`, and those of 05_bound, whose method is `bound`.
    series : AdoptionSeries
        With its bound, its breaks and its newer figures.
    names : dict
        title, unit, bound_title, and points where known: what is said of each figure, by date.
    source : str
    levels : sequence of float
        A range is drawn for each; one is quoted, see `adoption_curves.base.levels.quoted_level`.

    Returns
    -------
    Figure
    """
    goal = find_goal(rows[rows["method"] != "bound"].to_dict("records"))
    if (rows["basis"] != "extrapolated").all():  # to the date of the headline, so that both give the same numbers
        rows = rows[rows["date"] <= goal["date"]]
    fan, ahead = rows[rows["method"] != "bound"], rows[rows["method"] == "bound"].set_index("date")
    figure, axes = open_canvas(5.0)
    axis, values, last = axes[0, 0], _show_values(series, fan), fan["date"].iloc[-1]
    known = series.use_readings().values  # a newer figure of which both ends are known is where the forecast starts
    earlier = known[known.index < fan["date"].iloc[0]]  # zeros may follow the last that is used
    start = (earlier.index[-1], earlier.iloc[-1])
    unknown = (fan["basis"] == NO_RANGE).any()
    widest = ["q0.5"] if unknown else band_columns(max(levels))
    labels = plot_fan(axis, fan, start, [] if unknown else levels, names["unit"])
    drawn = [values, series.newer["value"], *(fan[end] for end in widest)]
    units = f"{say_first(names['unit'])}; black: published figures; blue: forecast, line: its middle"
    told, more = _draw_bound(axis, series, ahead, (values.index[0], last), names, drawn)
    labels, units = labels + more, units + told
    parted = part_line(values, series.breaks)
    [line] = axis.plot(parted.index, parted, "o-", color=INK, ms=size_marks(5, values), lw=1.2, zorder=6)
    tell_figures(line, names, values.index)
    shown = pd.concat([pd.Series(each, dtype=float) for each in drawn])
    units += fit_room(axis, shown.min(), shown.max()) + _say_dropped(series.values, values)
    use_dates(axis, pd.DatetimeIndex([values.index[0], last]))
    use_numbers(axis)
    mark_breaks(axis, series.breaks, values.index)
    plot_newer(axis, series.newer.join(series.readings))
    quoted = quoted_level(levels)
    if not fan["basis"].isin(["refuted", NO_RANGE]).any():
        _say_odds(axis, goal, names, quoted)
        _name_fall(axis, fan, quoted)
    _mark_tested(axis, fan)
    axis.axvline(start[0], color=GREY, lw=0.8, zorder=1)
    name_line(axis, start[0], "forecast\nfrom here")
    label_values(axis, values.iloc[[0, -1]] if len(values) > 1 else values, names["unit"])
    if "population" in names:
        size, words = names["population"]
        axis.set_ylim(top=max(min(axis.get_ylim()[1], size), *(fan[end].max() for end in widest)))
        source += " " + _add_percent(axis, size, words)
    label_ends(axis, labels, size=8)
    return close_canvas(figure, say_headline(names, goal, series.values.iloc[-1]), units, source)


def _draw_bound(
    axis: Axes,
    series: AdoptionSeries,
    ahead: pd.DataFrame,
    span: tuple[Any, ...],
    names: dict[str, Any],
    drawn: list[pd.Series],
) -> tuple[str, list[Label]]:
    """Draw the upper limit if it is near enough, and add it to what is drawn; words for the units, and labels."""
    if series.bound is None:
        return "", []
    bound, title = _cut_bound(series.bound, *span), lower_first(names["bound_title"])
    ahead = ahead[ahead.index > bound.index[-1]]
    if bound.min() > FAR * max(each.max() for each in drawn):
        return f"; the limit, {title}, is above at {say(bound.iloc[-1])}", []
    drawn += [bound, ahead["mean"]]
    labels = plot_bound(axis, bound, ahead["mean"])
    return f"; grey: {title}, the upper limit{', dashed as forecast' * (ahead['mean'].nunique() > 1)}", labels


def _name_fall(axis: Axes, fan: pd.DataFrame, level: float) -> None:
    """A word where the lower end of the range falls, which a reader would not expect of adoption."""
    low = fan.set_index("date")[band_columns(level)[0]]
    if low.iloc[-1] < low.max():
        spots = [Spot(date, low[date], -4, up) for date in low.index[:-4:-1] for up in (-4, 4)]
        note(axis, "use may fall", spots, size=7.5, color=GREY)


def _add_percent(axis: Axes, size: float, words: str) -> str:
    """An axis at the right in percent of a population of this size, before labels; returns its words."""
    right = axis.secondary_yaxis(
        "right", functions=(lambda value: 100 * value / size, lambda share: share * size / 100)
    )
    use_numbers(right, suffix="%")
    right.tick_params("y", length=0, pad=2, labelsize=8)
    right.spines["right"].set_visible(False)
    return words


def _show_values(series: AdoptionSeries, fan: pd.DataFrame) -> pd.Series:
    """The figures that a fan is drawn with: as far back as twice the way ahead."""
    values = series.values
    earlier = values[values.index < fan["date"].iloc[0]]
    return values[values.index >= earlier.index[-1] - 2 * (fan["date"].iloc[-1] - earlier.index[-1])]


def _say_dropped(values: pd.Series, shown: pd.Series) -> str:
    """What is not drawn, for the line of units."""
    left_out = len(values) - len(shown)
    return (
        f"; {say_count(left_out, 'earlier figure')}, from {say_date(values.index[0])} on, not drawn" if left_out else ""
    )


def _cut_bound(bound: pd.Series, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """The bound as known within the dates drawn."""
    shown = bound[first:] if bound.index[-1] >= first else bound.iloc[-1:]
    return shown[shown.index <= max(last, shown.index[0])]


def _say_odds(axis: Axes, row: dict[str, Any], names: dict[str, Any], level: float) -> None:
    """The quoted range at the date of the headline, as an upright bar and as odds."""
    low, high = (row[name] for name in band_columns(level))
    axis.vlines(row["date"], low, high, color=INK, lw=2.2, zorder=5)
    measure = names.get("measure", "level")
    when = f"{say_at(measure)} {say_period(row['date'], measure)}"
    words = f"{say_odds(level)}: {say_range(low, high, names['unit'])}\n{when}"
    spots = [Spot(row["date"], low, -6, up) for up in (-6, 6)]
    spots += [Spot(row["date"], high, right, 5) for right in (-6, 6)]
    spots += [Spot(row["date"], foot, -6, 4 - 8 * foot, AT_EDGE) for foot in (0, 1)]
    note(axis, words, [*spots, *EDGES], size=9, weight="bold")


def _mark_tested(axis: Axes, forecast: pd.DataFrame) -> pd.Series:
    """The last row as far ahead as bands were tested; a line where others follow."""
    tested = forecast[forecast["basis"] != "extrapolated"]
    end = tested.iloc[-1] if len(tested) else forecast.iloc[-1]
    if end["date"] < forecast["date"].iloc[-1]:
        axis.axvline(end["date"], color=GREY, lw=1, ls=":")
        name_line(axis, end["date"], "tested to here,\nbeyond: extrapolated")
    return end


def draw_hindcasts(
    hindcasts: pd.DataFrame,
    series: AdoptionSeries,
    names: dict[str, Any],
    source: str,
    levels: Sequence[float] = LEVELS,
) -> Figure | None:
    """The same forecast as made at each earlier date, against the outcome, also where that is printed as a limit.

    Parameters
    ----------
    hindcasts : DataFrame
        origin, made, date, q0.05 ... q0.95, and the ends of other levels.
    series : AdoptionSeries
    names : dict
        title, unit, points.
    source : str
    levels : sequence of float
        A band is drawn for each; the title quotes one, see `adoption_curves.base.levels.quoted_level`.

    Returns
    -------
    Figure or None
        None where none could be made.
    """
    if hindcasts.empty:
        return None
    quoted = quoted_level(levels)
    low, high = band_columns(quoted)
    origins = list(hindcasts.groupby("origin"))
    values = series.values
    shown = values[values.index >= origins[0][0] - 2 * (values.index[-1] - origins[0][0])]
    figure, axes = open_canvas(3.6, (1, len(origins)), sharey=True, sharex=True)
    inside = total = 0
    for axis, (origin, forecast) in zip(axes[0], origins, strict=True):
        plot_fan(axis, forecast, (origin, values[origin]), levels)
        earlier, later = shown[shown.index <= origin], shown[shown.index > origin]
        parted = part_line(earlier, series.breaks)
        axis.plot(parted.index, parted, "o-", color=INK, ms=size_marks(4, earlier), lw=1.2, zorder=5)
        size = size_marks(6, later)
        [came] = axis.plot(later.index, later, "D", color=ORANGE, ms=size, mec="white", mew=size / 7.5, zorder=6)
        tell_figures(came, names, later.index)
        plot_newer(axis, series.newer[series.newer.index <= forecast["date"].iloc[-1]])
        axis.set_title(f"made in {pd.Timestamp(forecast['made'].iloc[0]):%b %Y}", loc="left", size=9.5, weight="bold")
        use_dates(axis, pd.DatetimeIndex([shown.index[0], forecast["date"].iloc[-1]]))
        use_numbers(axis)
        met = forecast.set_index("date").reindex(later.index).dropna(subset=["q0.5"])
        inside += int(((later[met.index] >= met[low]) & (later[met.index] <= met[high])).sum())
        total += len(met)
    lowest, highest = (hindcasts[name] for name in band_columns(max(levels)))
    starts = fit_room(axes[0, 0], min(shown.min(), lowest.min()), max(shown.max(), highest.max()))
    title = f"Made at earlier dates, the {say_level(quoted)} range contained {inside} of {total} later figures"
    if total < ENOUGH:
        title = "What this method would have forecast earlier, and what happened"
    units = f"{names['title']}, {names['unit']}; black: known then; orange: outcomes; {_list_levels(levels)}"
    return close_canvas(figure, title, units + starts + _say_dropped(values, shown), source)


def _list_levels(levels: Sequence[float]) -> str:
    """``50, 80 and 95% ranges``."""
    *others, widest = [f"{100 * level:g}" for level in sorted(levels)]
    return f"{', '.join(others)} and {widest}% ranges" if others else f"{widest}% range"


def draw_record(scored: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """The newest registered forecast of each date, and the outcomes.

    Parameters
    ----------
    scored : DataFrame
        ``06_register``, at least a row.
    names : dict
        title, unit.
    source : str

    Returns
    -------
    Figure or None
        None where nothing is registered.
    """
    if scored.empty:
        return None
    order = scored.assign(ours=scored["model_id"] == PUBLISHED_MODEL).sort_values(
        ["target_end_date", "published", "ours"]
    )
    rows = order.drop_duplicates("target_end_date", keep="last")
    figure, axes = open_canvas(0.9 + 0.5 * max(4, len(rows)))
    axis = axes[0, 0]
    for place, row in enumerate(rows.to_dict("records")):
        colour = GREY if row["hindsight"] else BLUE
        axis.hlines(place, row["q0.1"], row["q0.9"], color=colour, lw=5, alpha=0.5)
        axis.plot(row["q0.5"], place, "|", color=colour, ms=11, mew=2)
        if row["side"] == "exact":
            axis.plot(row["outcome"], place, "D", color=ORANGE, ms=6, mec="white", zorder=6)
        elif row["side"]:
            marker = ">" if row["side"] == "at_least" else "<"
            axis.plot(row["outcome"], place, marker, color=ORANGE, ms=8, mec="white", zorder=6)
    labels = [
        f"{say_date(row['target_end_date'])},\nmade {say_day(row['published'])}" for row in rows.to_dict("records")
    ]
    axis.set_yticks(range(len(rows)), labels, size=8)
    use_numbers(axis, "x")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    counted = rows[rows["counted"] & (rows["side"] == "exact")]
    waiting = int(rows["came"].isna().sum())
    few, await_them = spell(waiting) if waiting else "none", "awaits its" if waiting == 1 else "await their"
    title = f"{say_first(few)} of {say_count(len(rows), 'registered forecast')} {await_them} outcome"
    if len(counted):
        inside = int((counted["inside"] == "yes").sum())
        title = f"The 80% range of registered forecasts contained {inside} of {say_count(len(counted), 'outcome')}"
    units = f"{names['title']}, {names['unit']}; bars: 80% range with its middle (grey: registered after the outcome); "
    units += "orange: outcomes, an arrow where one is printed as a limit"
    return close_canvas(figure, title, units, source)
