"""Forecasts: at first view and with all bands and scenarios, as made at earlier dates, side by side, on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.levels import LEVELS, band_columns, quoted_level, say_level
from ...base.words import NO_RANGE, lower_first, say, say_at, say_count, say_date, say_newer, say_odds, say_range
from ...indicators import AdoptionSeries
from .labels import EDGES, Label, Spot, label_ends, label_values, mark_breaks, name_line, note, part_line
from .single import plot_bound, plot_fan, plot_newer
from .style import (
    BLUE,
    FAR,
    GREY,
    INK,
    LINES,
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
ALIKE = 0.02
"""Of the highest value: lines that nowhere lie further apart are named together."""


def draw_forecast(
    rows: pd.DataFrame,
    series: AdoptionSeries,
    names: dict[str, Any],
    source: str,
    levels: Sequence[float] = LEVELS,
    scenarios: pd.DataFrame | None = None,
    on_record: pd.DataFrame | None = None,
) -> Figure:
    """The published forecast: figures, median, bands and bound; with one level also numbers, and odds a year on.

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
        A band is drawn for each.
    scenarios : DataFrame, optional
        From 05_scenarios: share, date, value.
    on_record : DataFrame, optional
        From `adoption_curves.say.next_figure.bands_on_record`: what the record says last of each date, drawn faintly.

    Returns
    -------
    Figure
    """
    fan, ahead = rows[rows["method"] != "bound"], rows[rows["method"] == "bound"].set_index("date")
    figure, axes = open_canvas(5.0)
    axis, values, last = axes[0, 0], _show_values(series, fan), fan["date"].iloc[-1]
    known = series.use_readings().values  # a newer figure of which both ends are known is where the forecast starts
    earlier = known[known.index < fan["date"].iloc[0]]  # zeros may follow the last that is used
    start = (earlier.index[-1], earlier.iloc[-1])
    unknown = (fan["basis"] == NO_RANGE).any()
    labels = plot_fan(axis, fan, start, [] if unknown else levels, names["unit"])
    widest = ["q0.5"] if unknown else band_columns(max(levels))
    drawn = [values, series.newer["value"], *(fan[end] for end in widest)]
    units = f"{names['unit'].capitalize()}; points: published figures; blue: combined forecast"
    units += _draw_bound(axis, series, ahead, (values.index[0], last), levels, names, drawn, labels)
    parted = part_line(values, series.breaks)
    [line] = axis.plot(parted.index, parted, "o-", color=INK, ms=size_marks(5, values), lw=1.2, zorder=6)
    tell_figures(line, names, values.index)
    shown = pd.concat([pd.Series(each, dtype=float) for each in drawn])
    units += fit_room(axis, shown.min(), shown.max()) + _say_dropped(series.values, values)
    use_dates(axis, pd.DatetimeIndex([values.index[0], last]))
    use_numbers(axis)
    mark_breaks(axis, series.breaks, values.index)
    labels = labels if scenarios is None else _draw_scenarios(axis, scenarios, fan, start, labels)
    units += _draw_on_record(axis, on_record, last)
    plot_newer(axis, series.newer)
    if len(levels) == 1 and not fan["basis"].isin(["refuted", NO_RANGE]).any():
        _say_odds(axis, fan, start, names, levels[0])
    end = _mark_tested(axis, fan)
    if len(levels) == 1:
        axis.axvline(start[0], color=GREY, lw=0.8, zorder=1)
        name_line(axis, start[0], "forecast\nfrom here")
        label_values(axis, values, names["unit"])
        if "population" in names:
            source += " " + _add_percent(axis, *names["population"])
    label_ends(axis, labels, size=8)
    named = levels if len(levels) == 1 else (min(levels), max(levels))
    return close_canvas(figure, _say_forecast(fan, end, start, series.newer, names, named), units, source)


def _add_percent(axis: Axes, size: float, words: str) -> str:
    """An axis at the right in percent of a population of this size, before labels; returns its words."""
    right = axis.secondary_yaxis(
        "right", functions=(lambda value: 100 * value / size, lambda share: share * size / 100)
    )
    use_numbers(right, suffix=" %")
    right.tick_params("y", length=0, pad=2, labelsize=8)
    right.spines["right"].set_visible(False)
    return words


def _draw_bound(
    axis: Axes,
    series: AdoptionSeries,
    ahead: pd.DataFrame,
    span: tuple[Any, ...],
    levels: Sequence[float],
    names: dict[str, Any],
    drawn: list[pd.Series],
    labels: list[Label],
) -> str:
    """Draw the bound if it is near enough, and add to what is drawn and labelled; returns the words for the units."""
    if series.bound is None:
        return ""
    widest, bound = list(band_columns(max(levels))), _cut_bound(series.bound, *span)
    ahead = ahead[ahead.index > bound.index[-1]]
    title = lower_first(names["bound_title"])
    if bound.min() > FAR * max(each.max() for each in drawn):
        return f"; the bound, {title}, lies above at {say(bound.iloc[-1])}"
    known = widest[0] in ahead and bool((ahead[widest[1]] > ahead[widest[0]]).any())
    labels += plot_bound(axis, bound, ahead["mean"], ahead[widest] if known else None)
    drawn += [bound, *(ahead[end] for end in widest if known)]
    return f"; grey: bound ({title}), dashed as forecast" + f" with its own {say_level(max(levels))} band" * known


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


def _say_forecast(
    fan: pd.DataFrame,
    end: pd.Series,
    start: tuple[Any, ...],
    newer: pd.DataFrame,
    names: dict[str, Any],
    levels: Sequence[float],
) -> str:
    """The title: one band or two as far ahead as they were tested, and the figures that they go on from."""
    at_date, unit = say_at(names.get("cumulative", False)), names["unit"]
    last = f"after {say(start[1], unit, bare=True)} {at_date} {say_date(start[0])}"
    after = say_newer(newer, start[1], at_date)
    if (fan["basis"] == "refuted").any():
        return f"{names['title']}: the forecast {last} is refuted{after.replace(',', ':', 1)}"
    if (fan["basis"] == NO_RANGE).any():
        return f"{names['title']}: no range {last}, well below its peak"
    bands = [(level, *end[[*band_columns(level)]]) for level in levels]
    said = [f"{say(low, unit, high, bare=True)} to {say(high, unit, bare=True)} ({say_level(level)} band) or "
            for level, low, high in bands[:-1]]  # fmt: skip
    level, low, high = bands[-1]
    said.append(f"{say_range(low, high, unit)} ({say_level(level)} band)")
    return f"{names['title']} {at_date} {say_date(end['date'])}: {''.join(said)}, {last}{after}"


def _say_odds(axis: Axes, fan: pd.DataFrame, start: tuple[Any, ...], names: dict[str, Any], level: float) -> None:
    """The quoted band nearest to a year after the last figure, as an upright bar and as odds."""
    row = fan.loc[(fan["date"] - start[0] - pd.Timedelta(days=365)).abs().idxmin()]
    low, high = (row[name] for name in band_columns(level))
    axis.vlines(row["date"], low, high, color=INK, lw=2.2, zorder=5)
    at_date = say_at(names.get("cumulative", False))
    words = f"{say_odds(level)}: {say_range(low, high, names['unit'])}\n{at_date} {say_date(row['date'])}"
    spots = [Spot(row["date"], low, right, -5) for right in (6, -6)]
    spots += [Spot(row["date"], high, right, 5) for right in (-6, 6)]
    note(axis, words, [*spots, *EDGES], size=9, weight="bold")


def _mark_tested(axis: Axes, forecast: pd.DataFrame) -> pd.Series:
    """The last row as far ahead as bands were tested; a line where others follow."""
    tested = forecast[forecast["basis"] != "extrapolated"]
    end = tested.iloc[-1] if len(tested) else forecast.iloc[-1]
    if end["date"] < forecast["date"].iloc[-1]:
        axis.axvline(end["date"], color=GREY, lw=1, ls=":")
        name_line(axis, end["date"], "tested to here,\nbeyond: extrapolated")
    return end


def _draw_on_record(axis: Axes, on_record: pd.DataFrame | None, end: pd.Timestamp) -> str:
    """The bands on record for dates up to `end`, a pale bar with a stroke each; returns the words for that."""
    shown = pd.DataFrame() if on_record is None else on_record[on_record["target_end_date"] <= end]
    if shown.empty:
        return ""
    axis.vlines(shown["target_end_date"], shown["q0.1"], shown["q0.9"], color=GREY, lw=4, alpha=0.3, zorder=4)
    axis.plot(
        shown["target_end_date"], shown["q0.5"], ls="", marker="_", ms=8, mew=1.5, color=GREY, alpha=0.7, zorder=4
    )
    return "; pale bars: 80 % bands on record"


def _draw_scenarios(
    axis: Axes, scenarios: pd.DataFrame, fan: pd.DataFrame, start: tuple[Any, ...], labels: list[Label]
) -> list[Label]:
    """One line a saturation share that is not passed; those that lie on each other, or on the median, share a label."""
    median = fan.set_index("date")["q0.5"]
    groups: list[tuple[pd.Series, list[str]]] = [(median, [])]
    for share, rows in scenarios.dropna(subset=["value"]).groupby("share"):
        line = rows.set_index("date")["value"]
        alike = [shares for other, shares in groups if (line - other).abs().max() <= ALIKE * median.max()]
        if alike:
            alike[0].append(f"{100 * share:.0f}")
        else:
            groups.append((line, [f"{100 * share:.0f}"]))
    for (line, shares), dash in zip(groups[1:], LINES[1:] * 3, strict=False):
        axis.plot([start[0], *line.index], [start[1], *line], ls=dash, color=INK, lw=1.1)
        text = f"scenario: {' and '.join(shares)} % of the bound"
        labels.append(Label(line.index[-1], line.iloc[-1], text, INK))
    if groups[0][1]:
        own = next(place for place, label in enumerate(labels) if label.text.startswith("median"))
        text = f"{labels[own].text} and scenario:\n{' and '.join(groups[0][1])} % of the bound"
        labels[own] = replace(labels[own], text=text)
    return labels


def draw_hindcasts(
    hindcasts: pd.DataFrame,
    series: AdoptionSeries,
    names: dict[str, Any],
    source: str,
    levels: Sequence[float] = LEVELS,
) -> Figure | None:
    """The same forecast as made at each earlier date, against what came, newer figures that are bounds among it.

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
        axis.plot(earlier.index, earlier, "o-", color=INK, ms=size_marks(4, earlier), lw=1.2, zorder=5)
        size = size_marks(6, later)
        [came] = axis.plot(later.index, later, "D", color=ORANGE, ms=size, mec="white", mew=size / 7.5, zorder=6)
        tell_figures(came, names, later.index)
        plot_newer(axis, series.newer[series.newer.index <= forecast["date"].iloc[-1]])
        axis.set_title(f"made in {say_date(forecast['made'].iloc[0])}", loc="left", size=9.5, weight="bold")
        use_dates(axis, pd.DatetimeIndex([shown.index[0], forecast["date"].iloc[-1]]))
        use_numbers(axis)
        met = forecast.set_index("date").reindex(later.index).dropna(subset=["q0.5"])
        inside += int(((later[met.index] >= met[low]) & (later[met.index] <= met[high])).sum())
        total += len(met)
    lowest, highest = (hindcasts[name] for name in band_columns(max(levels)))
    starts = fit_room(axes[0, 0], min(shown.min(), lowest.min()), max(shown.max(), highest.max()))
    title = f"Made at earlier dates, the {say_level(quoted)} band covered {inside} of the {total} later figures"
    if total < ENOUGH:
        title = "The same forecast as made at earlier dates, and what came"
    units = f"{names['title']}, {names['unit']}; circles: known then, diamonds: what came; {_list_levels(levels)}"
    return close_canvas(figure, title, units + starts + _say_dropped(values, shown), source)


def _list_levels(levels: Sequence[float]) -> str:
    """``bands 50, 80 and 95 %``."""
    *others, widest = [f"{100 * level:g}" for level in sorted(levels)]
    return f"bands {', '.join(others)} and {widest} %" if others else f"band {widest} %"


def draw_record(scored: pd.DataFrame, names: dict[str, Any], source: str) -> Figure | None:
    """The forecasts on record of a series, and the figures that came.

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
        None where nothing is on record.
    """
    if scored.empty:
        return None
    figure, axes = open_canvas(0.9 + 0.42 * max(4, len(scored)))
    axis, rows = axes[0, 0], scored.sort_values(["target_end_date", "origin_date", "model_id"])
    for place, row in enumerate(rows.to_dict("records")):
        colour = GREY if row["hindsight"] else BLUE
        axis.hlines(place, row["q0.1"], row["q0.9"], color=colour, lw=5, alpha=0.5)
        axis.plot(row["q0.5"], place, "|", color=colour, ms=11, mew=2)
        if row["side"] == "exact":
            axis.plot(row["outcome"], place, "D", color=ORANGE, ms=6, mec="white", zorder=6)
        elif row["side"]:
            marker = ">" if row["side"] == "at_least" else "<"
            axis.plot(row["outcome"], place, marker, color=ORANGE, ms=8, mec="white", zorder=6)
    labels = [f"{say_date(row['target_end_date'])}, {row['model_id'].partition('-')[2].replace('_', ' ')},\n"
              f"known on {row['origin_date']:%Y-%m-%d}" for row in rows.to_dict("records")]  # fmt: skip
    axis.set_yticks(range(len(rows)), labels, size=8)
    use_numbers(axis, "x")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    counted = rows[rows["counted"] & (rows["side"] == "exact")]
    title = f"Forecasts on record: {int(rows['came'].isna().sum())} of {len(rows)} to come"
    if len(counted):
        title += (
            f"; the 80 % band covered {int((counted['inside'] == 'yes').sum())} of the {len(counted)} figures that came"
        )
    units = f"{names['title']}, {names['unit']}; bars: 80 % band with median (grey: put on record in hindsight); "
    units += "diamonds: what came; arrows: what came is a bound"
    return close_canvas(figure, title, units, source)
