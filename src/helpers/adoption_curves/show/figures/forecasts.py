"""Forecasts: at first view and with all bands and scenarios, as made at earlier dates, side by side, on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...base.levels import LEVELS, band_columns, quoted_level, say_level
from ...base.project import PUBLISHED_MODEL
from ...base.words import (
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
from ...indicators import AdoptionSeries
from ...say.facts import find_goal
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

SMALL = 8.6
"""Points of the smallest letters: 11 pixels on a page."""
JOINED = " to ".replace(" ", "\N{NO-BREAK SPACE}")
"""Between the ends of a range: a label is not parted there."""
ENOUGH = 2
"""Later figures from which on it is said how many of them a band covered."""


def draw_forecast(
    fan: pd.DataFrame,
    ahead: pd.DataFrame,
    series: AdoptionSeries,
    names: dict[str, Any],
    source: str,
    levels: Sequence[float] = LEVELS,
    title: str = "",
    others: pd.DataFrame | None = None,
) -> Figure:
    """The published forecast: figures, median, ranges and upper limit, with the odds of the quoted range.

    Parameters
    ----------
    fan : DataFrame
        05_forecast; without rows the figures alone are drawn.
    ahead : DataFrame
        05_bound.
    series : AdoptionSeries
        With its bound, its breaks and its newer figures.
    names : dict
        title, unit, bound_title, and points where known: what is said of each figure, by date.
    source : str
    levels : sequence of float
        A range is drawn for each; one is quoted, see `adoption_curves.base.levels.quoted_level`.
    title : str
        By default the title of the series.
    others : DataFrame, optional
        05_class: the middle half of the entity's other services is drawn at its date.

    Returns
    -------
    Figure
    """
    title, fan = title or names["title"], fan[fan["q0.5"].notna()]
    if fan.empty:
        return _draw_figures(series, names, source, title)
    goal = find_goal(fan.to_dict("records"))
    if (fan["basis"] != "extrapolated").all():  # to the date of the headline, so that both give the same numbers
        fan = fan[fan["date"] <= goal["date"]]
    levels = [level for level in levels if fan[[*band_columns(level)]].notna().all(axis=None)]
    ahead = ahead[ahead["date"] <= fan["date"].iloc[-1]].set_index("date")
    figure, axes = open_canvas(5.0)
    axis, values, last = axes[0, 0], _show_values(series, fan), fan["date"].iloc[-1]
    known = series.use_readings().values  # a newer figure of which both ends are known is where the forecast starts
    earlier = known[known.index < fan["date"].iloc[0]]  # zeros may follow the last that is used
    start = (earlier.index[-1], earlier.iloc[-1])
    widest = band_columns(max(levels)) if levels else ["q0.5"]
    labels = plot_fan(axis, fan, start, levels, names["unit"])
    drawn = [values, series.newer["value"], *(fan[end] for end in widest)]
    told, more = _draw_bound(axis, series, ahead, (values.index[0], last), names, drawn)
    units = f"{say_first(names['unit'])}{told}{_draw_values(axis, series, values, names, drawn)}"
    use_dates(axis, pd.DatetimeIndex([values.index[0], last]))
    if levels and not (fan["basis"] == "refuted").any():
        labels = _name_odds(axis, labels, goal, last, names, quoted_level(levels))
        _name_fall(axis, fan, quoted_level(levels))
    elif labels:
        labels[-1] = replace(labels[-1], text=labels[-1].text.replace("median", "in the middle"))
    labels += _mark_class(axis, others, last)
    _mark_tested(axis, fan)
    axis.axvline(start[0], color=GREY, lw=0.8, zorder=1)
    note(axis, "forecast\nfrom here", [Spot(start[0], 0, right, 4, AT_EDGE) for right in (4, -4)], color=GREY)
    label_values(axis, values.iloc[-1:], names["unit"])
    if "population" in names:
        size, words = names["population"]
        axis.set_ylim(top=max(min(axis.get_ylim()[1], size), *(fan[end].max() for end in widest)))
        source += " " + _add_percent(axis, size, words)
    label_ends(axis, labels + more, size=SMALL)
    return close_canvas(figure, title, units, source)


def _draw_figures(series: AdoptionSeries, names: dict[str, Any], source: str, title: str) -> Figure:
    """The figures of a series that has no forecast."""
    figure, axes = open_canvas(5.0)
    axis, values = axes[0, 0], series.values
    units = f"{say_first(names['unit'])}{_draw_values(axis, series, values, names, [values])}"
    use_dates(axis, values.index)
    label_values(axis, values[sorted({values.idxmax(), values.index[-1]})], names["unit"])
    return close_canvas(figure, title, units, source)


def _draw_values(
    axis: Axes, series: AdoptionSeries, values: pd.Series, names: dict[str, Any], drawn: list[pd.Series]
) -> str:
    """Draw the published figures, with room for all that is `drawn`; words for the units."""
    parted = part_line(values, series.breaks)
    [line] = axis.plot(parted.index, parted, "o-", color=INK, ms=size_marks(5, values), lw=1.2, zorder=6)
    tell_figures(line, names, values.index)
    shown = pd.concat([pd.Series(each, dtype=float) for each in drawn])
    words = fit_room(axis, shown.min(), shown.max()) + _say_dropped(series.values, values)
    use_numbers(axis)
    mark_breaks(axis, series.breaks, values.index)
    plot_newer(axis, series.newer.join(series.readings))
    return words


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
    bound, title = _cut_bound(series.bound.values, *span), lower_first(names["bound_title"])
    ahead = ahead[ahead.index > bound.index[-1]]
    if bound.min() > FAR * max(each.max() for each in drawn):
        return f"; the limit, {title}, is above at {say(bound.iloc[-1])}", []
    drawn += [bound, ahead["mean"]]
    [label] = plot_bound(axis, bound, ahead["mean"])
    name = title.replace(" percent", "%") if title[:1].isdigit() else f"{title} {say(label.y)}"
    return "", [replace(label, text=f"upper limit:\n{name}")]


def _name_fall(axis: Axes, fan: pd.DataFrame, level: float) -> None:
    """A word where the lower end of the range falls, which a reader would not expect of adoption."""
    low = fan.set_index("date")[band_columns(level)[0]]
    if low.iloc[-1] < low.max():
        note(axis, "use may fall", [Spot(date, low[date], -4, -4) for date in low.index[:-4:-1]], color=GREY)


def _add_percent(axis: Axes, size: float, words: str) -> str:
    """An axis at the right in percent of a population of this size, before labels; returns its words."""
    right = axis.secondary_yaxis(
        "right", functions=(lambda value: 100 * value / size, lambda share: share * size / 100)
    )
    use_numbers(right, suffix="%")
    right.yaxis.set_major_locator(MaxNLocator(5, prune="upper"))  # whose place a label of the limit needs
    right.tick_params("y", length=0, pad=2, labelsize=SMALL, labelcolor=GREY)
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


def _name_odds(
    axis: Axes, labels: list[Label], row: dict[str, Any], last: pd.Timestamp, names: dict[str, Any], level: float
) -> list[Label]:
    """The quoted range at the date of the headline as an upright bar, with its odds and its middle as labels.

    Where the forecast is drawn further, the odds stand beside the bar, and the labels are those of the last date.
    """
    (low, high), measure = (row[name] for name in band_columns(level)), names.get("measure", "level")
    axis.vlines(row["date"], low, high, color=INK, lw=2.2, zorder=5)
    some, all_of = (spell(int(number)) for number in say_odds(level).split(" in "))
    odds = f"{some} {'chance' if some == 'one' else 'chances'} in {all_of}"
    if row["date"] < last:
        date = f"{say_at(measure)} {say_period(row['date'], measure)}"
        spots = [Spot(row["date"], low, -6, up) for up in (-6, 6)] + [Spot(row["date"], high, -6, 5), *EDGES]
        note(axis, f"{say_first(odds)}:\n{say_range(low, high, names['unit'])}\n{date}", spots, size=9, weight="bold")
        return labels
    middle = say(row["q0.5"], names["unit"], high, bare=True)
    ends = [Label(last, high, f"{say_first(odds)}:\n{say_range(low, high)}".replace(" to ", JOINED), INK)]
    return [*ends, Label(last, row["q0.5"], f"in the middle {middle}", BLUE)]


def _mark_class(axis: Axes, others: pd.DataFrame | None, last: pd.Timestamp) -> list[Label]:
    """The middle half of where the entity's other services stood, as a bar beside the forecast; its label."""
    if others is None or others.empty or others["date"].iloc[0] > last:
        return []
    value = others.set_index("quantile")["value"]
    date = others["date"].iloc[0] - 0.02 * (last - mdates.num2date(axis.get_xlim()[0]).replace(tzinfo=None))
    axis.vlines(date, value[0.25], value[0.75], color=ORANGE, lw=2.2, zorder=5)
    axis.plot(date, value[0.5], "o", color=ORANGE, ms=4.5, zorder=6)
    text = f"half of {int(others['series'].iloc[0])} other series:\n{say_range(value[0.25], value[0.75])}".replace(
        " to ", JOINED
    )
    return [Label(date, value[0.5], text, ORANGE)]


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
    values = series.values[series.values.index <= hindcasts["date"].max() + pd.Timedelta(days=190)]
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
    units = f"{names['title']}, {names['unit']}; line: known then; diamonds: outcomes; {_list_levels(levels)}"
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
    rows = order.drop_duplicates("target_end_date", keep="last").sort_values("hindsight", kind="stable")
    figure, axes = open_canvas(0.9 + 0.5 * max(4, len(rows)))
    axis = axes[0, 0]
    for place, row in enumerate(rows.to_dict("records")):
        colour, ends = GREY if row["hindsight"] else BLUE, (row["q0.1"], row["q0.9"])
        axis.hlines(place, *ends, color=colour, lw=5, alpha=0.5)
        axis.plot(row["q0.5"], place, "|", color=colour, ms=11, mew=2)
        for end, right, side in zip(ends, (-4, 4), ("right", "left"), strict=True):
            axis.annotate(say(end, beside=row["q0.9"]), (end, place), (right, 0), textcoords="offset points",
                          ha=side, va="center", size=SMALL, color=GREY)  # fmt: skip
        if row["side"]:
            marker = {"exact": "D", "at_least": ">"}.get(row["side"], "<")
            axis.plot(row["outcome"], place, marker, color=ORANGE, ms=7, mec="white", zorder=6)
    if 0 < rows["hindsight"].sum() < len(rows):
        axis.axhline((~rows["hindsight"].astype(bool)).sum() - 0.5, color=GREY, lw=0.8)
    labels = [
        f"{say_date(row['target_end_date'])},\nmade {say_day(row['published'])}" for row in rows.to_dict("records")
    ]
    axis.set_yticks(range(len(rows)), labels, size=SMALL)
    axis.margins(x=0.12)
    use_numbers(axis, "x")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    counted = rows[rows["counted"] & (rows["side"] == "exact")]
    waiting = int(rows["came"].isna().sum())
    few, await_them = spell(waiting) if waiting else "none", "awaits its" if waiting == 1 else "await their"
    title = f"{say_first(few)} of {say_count(len(rows), 'registered forecast')} {await_them} outcome"
    if len(counted):
        inside = int((counted["inside"] == "yes").sum())
        title = f"The 80% range of registered forecasts contained {inside} of {say_count(len(counted), 'outcome')}"
    units = f"{names['title']}, {names['unit']}; bars: 80% range with its middle; diamonds: outcomes"
    units += "; arrows: outcomes printed as a limit" * bool(rows["side"].isin(["at_least", "at_most"]).any())
    units += "; below the line: registered after the outcome" * bool(rows["hindsight"].any())
    return close_canvas(figure, title, units, source)
