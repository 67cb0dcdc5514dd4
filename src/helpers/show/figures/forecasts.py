"""Forecasts: the fan with its bound and scenarios, and the same forecast as it was made at earlier dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.levels import LEVELS, band_columns, quoted_level, say_level
from ...base.numbers import lower_first, say, say_date, say_newer, say_range
from ...indicators import AdoptionSeries
from .single import plot_bound, plot_newer, shade_bands
from .style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LINES,
    ORANGE,
    Label,
    close_canvas,
    label_ends,
    mark_breaks,
    open_canvas,
    shorten_label,
    size_marks,
    tell_figures,
    use_dates,
    use_numbers,
)

ENOUGH = 2
"""Later figures from which on it is said how many of them a band covered."""


def _fan(axis: Axes, forecast: pd.DataFrame, start: tuple[Any, ...], levels: Sequence[float]) -> list[Label]:
    """A band for each level and the median, from the last observation on; returns the labels of their ends."""
    dates = [start[0], *forecast["date"]]
    labels = []
    for level, low, high, alpha in shade_bands(levels):
        lower, upper = ([start[1], *forecast[end]] for end in (low, high))
        axis.fill_between(dates, lower, upper, color=BLUE, alpha=alpha, lw=0)
        axis.plot(dates, upper, color=BLUE, lw=0.5, alpha=0.8)
        axis.plot(dates, lower, color=BLUE, lw=0.5, alpha=0.8)
        labels.append(Label(dates[-1], upper[-1], f"{say_level(level)} band: {say_range(lower[-1], upper[-1])}", BLUE))
    axis.plot(dates, [start[1], *forecast["q0.5"]], "-", color=BLUE, lw=1.8)
    labels.append(Label(dates[-1], forecast["q0.5"].iloc[-1], f"median {say(forecast['q0.5'].iloc[-1])}", BLUE))
    return labels


def draw_forecast(
    rows: pd.DataFrame,
    series: AdoptionSeries,
    scenarios: pd.DataFrame,
    names: dict[str, Any],
    source: str,
    levels: Sequence[float] = LEVELS,
    on_record: pd.DataFrame | None = None,
) -> Figure:
    """The published forecast as a fan, with observations and their breaks, the known bound and the scenarios.

    Parameters
    ----------
    rows : DataFrame
        Those of 05_forecast of the method `combined`, and those of 05_bound, whose method is `bound`.
    series : AdoptionSeries
        With its bound, its breaks and its newer figures.
    scenarios : DataFrame
        From 05_scenarios: share, date, value.
    names : dict
        title, unit, bound_title, and points where known: what is said of each figure, by date.
    source : str
    levels : sequence of float
        A band is drawn for each; the title quotes one, see `helpers.base.levels.quoted_level`.
    on_record : DataFrame, optional
        From `helpers.say.next_figure.bands_on_record`: what the record says last of each date, drawn faintly.

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(5.0)
    forecast, bound_ahead = rows[rows["method"] != "bound"], rows[rows["method"] == "bound"]
    axis, values, newer, last = axes[0, 0], series.values, series.newer, forecast["date"].iloc[-1]
    earlier = values[values.index < forecast["date"].iloc[0]]  # zeros may follow the last figure that is forecast from
    start = (earlier.index[-1], earlier.iloc[-1])
    values = values[values.index >= start[0] - 2 * (last - start[0])]
    labels = _fan(axis, forecast, start, levels)
    labels += _draw_scenarios(axis, scenarios, start)
    if series.bound is not None:
        labels += _draw_bound(axis, series.bound, bound_ahead.set_index("date")["mean"], (values.index[0], last))
    end = _mark_tested(axis, forecast)
    [line] = axis.plot(values.index, values, "o-", color=INK, ms=size_marks(5, values), lw=1.2, zorder=6)
    tell_figures(line, names, values.index)
    plot_newer(axis, newer)
    recorded = _draw_on_record(axis, on_record, last)
    axis.set_ylim(bottom=0)
    use_dates(axis, pd.DatetimeIndex([values.index[0], last]))
    use_numbers(axis)
    mark_breaks(axis, series.breaks[series.breaks["date"].between(values.index[0], start[0])])
    low, high = band_columns(quoted_level(levels))
    after = say_newer(newer, start[1])
    title = (
        f"{names['title']} in {say_date(end['date'])}: {say_range(end[low], end[high], names['unit'])} "
        f"({say_level(quoted_level(levels))} band), after {say(start[1])} in {say_date(start[0])}{after}"
    )
    if (forecast["basis"] == "refuted").any():
        title = f"{names['title']}: the forecast after {say(start[1])} in {say_date(start[0])} is refuted"
        title += after.replace(",", ":", 1)
    bound = "" if series.bound is None else f"; grey: bound ({lower_first(names['bound_title'])}), dashed as forecast"
    units = f"{names['unit'].capitalize()}; points: published figures; fan: combined forecast{bound}{recorded}"
    label_ends(axis, labels, size=8)
    return close_canvas(figure, title, units, source)


def _draw_bound(axis: Axes, bound: pd.Series, ahead: pd.Series, span: tuple[Any, ...]) -> list[Label]:
    """The bound as known within the dates drawn, and as it is forecast after that."""
    shown = bound[span[0] :] if bound.index[-1] >= span[0] else bound.iloc[-1:]
    shown = shown[shown.index <= max(span[1], shown.index[0])]
    return plot_bound(axis, shown, ahead[ahead.index > shown.index[-1]])


def _mark_tested(axis: Axes, forecast: pd.DataFrame) -> pd.Series:
    """The last row as far ahead as bands were tested; a line where others follow."""
    tested = forecast[forecast["basis"] != "extrapolated"]
    end = tested.iloc[-1] if len(tested) else forecast.iloc[-1]
    if end["date"] < forecast["date"].iloc[-1]:
        axis.axvline(end["date"], color=GREY, lw=1, ls=":")
        axis.annotate(
            "tested to here,\nbeyond: extrapolated", (end["date"], 0.02), xycoords=("data", "axes fraction"),
            xytext=(3, 0), textcoords="offset points", size=7.5, color=GREY,
        )  # fmt: skip
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


def _draw_scenarios(axis: Axes, scenarios: pd.DataFrame, start: tuple[Any, ...]) -> list[Label]:
    """One line a saturation share; a share that the series has passed has none."""
    labels = []
    for (share, line), dash in zip(scenarios.dropna(subset=["value"]).groupby("share"), LINES[1:] * 3, strict=False):
        axis.plot([start[0], *line["date"]], [start[1], *line["value"]], ls=dash, color=GREEN, lw=1.2)
        text = f"scenario: {100 * share:.0f} % of the bound"
        labels.append(Label(line["date"].iloc[-1], line["value"].iloc[-1], text, GREEN))
    return labels


def draw_hindcasts(
    hindcasts: pd.DataFrame, values: pd.Series, names: dict[str, Any], source: str, levels: Sequence[float] = LEVELS
) -> Figure | None:
    """The same forecast as made at each earlier date, against what came.

    Parameters
    ----------
    hindcasts : DataFrame
        origin, date, q0.025 ... q0.975, and the ends of other levels.
    values : Series
        Observations by date.
    names : dict
        title, unit, points.
    source : str
    levels : sequence of float
        As for `draw_forecast`.

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
    values = values[values.index >= origins[0][0] - 2 * (values.index[-1] - origins[0][0])]
    figure, axes = open_canvas(3.6, (1, len(origins)), sharey=True, sharex=True)
    inside = total = 0
    for axis, (origin, forecast) in zip(axes[0], origins, strict=True):
        start = (origin, values[origin])
        _fan(axis, forecast, start, levels)
        earlier, later = values[values.index <= origin], values[values.index > origin]
        axis.plot(earlier.index, earlier, "o-", color=INK, ms=size_marks(4, earlier), lw=1.2, zorder=5)
        size = size_marks(6, later)
        [came] = axis.plot(later.index, later, "D", color=ORANGE, ms=size, mec="white", mew=size / 7.5, zorder=6)
        tell_figures(came, names, later.index)
        axis.set_title(f"made {say_date(origin)}", loc="left", size=9.5, weight="bold")
        use_dates(axis, pd.DatetimeIndex([values.index[0], forecast["date"].iloc[-1]]))
        use_numbers(axis)
        met = forecast.set_index("date").reindex(later.index).dropna(subset=["q0.5"])
        inside += int(((later[met.index] >= met[low]) & (later[met.index] <= met[high])).sum())
        total += len(met)
    lowest = min(values.min(), hindcasts[band_columns(max(levels))[0]].min())
    axes[0, 0].set_ylim(bottom=0 if lowest < 0.6 * values.max() else None)
    title = f"Made at earlier dates, the {say_level(quoted)} band covered {inside} of the {total} later figures"
    if total < ENOUGH:
        title = "The same forecast as made at earlier dates, and what came"
    units = f"{names['title']}, {names['unit']}; circles: known then, diamonds: what came; {_list_levels(levels)}"
    return close_canvas(figure, title, units, source)


def draw_fans(forecasts: Mapping[str, Any], columns: int, learnt: str) -> Figure:
    """Many forecasts side by side, each on its own scale.

    Parameters
    ----------
    forecasts : mapping of name to Forecast
    columns : int
    learnt : str
        What they were learnt from.

    Returns
    -------
    Figure
    """
    columns = max(1, min(columns, len(forecasts)))
    rows = -(-len(forecasts) // columns)
    figure, axes = open_canvas(1.0 + 1.9 * rows, (rows, columns))
    for axis in axes.flat[len(forecasts) :]:
        axis.set_visible(False)
    for axis, (name, forecast) in zip(axes.flat, forecasts.items(), strict=False):
        values, fan = forecast.target.values.dropna().sort_index(), forecast.fan
        _fan(axis, fan, (values.index[-1], values.iloc[-1]), forecast.levels)
        axis.plot(values.index, values, "o-", color=INK, ms=2.5, lw=1, zorder=5)
        plot_newer(axis, forecast.target.newer)
        axis.set_ylim(bottom=0)
        axis.set_title(shorten_label(name), loc="left", size=9, weight="bold", parse_math=False)
        use_dates(axis, pd.DatetimeIndex([values.index[0], fan["date"].iloc[-1]]))
        use_numbers(axis)
        axis.tick_params(labelsize=7.5)
    end = max((forecast.dates[-1] for forecast in forecasts.values()), default=None)
    title = f"Forecasts of {len(forecasts)} series" + (f" to {say_date(end)}" if end is not None else "")
    levels = next(iter(forecasts.values())).levels if forecasts else LEVELS
    return close_canvas(
        figure,
        title,
        f"Each on its own scale; points: figures, fan: forecast, {_list_levels(levels)}",
        f"Bands {learnt}.",
    )


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
