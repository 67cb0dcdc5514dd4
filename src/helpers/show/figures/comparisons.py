"""Runs side by side: their forecasts over time, and their medians and bands at one date."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.numbers import lower_first, say, say_date
from . import style
from .style import Label

MAX_LINES, MAX_ROWS, MAX_GROUPS, MAX_LETTERS = 6, 60, 30, 34
"""Runs that one panel can show over time; rows that still get a name each, names of groups, and letters of a name."""


@dataclass(frozen=True)
class Forecast:
    """One run's forecast: date, low, median, high (80 % band), the series before it, and what's counted.

    In a sweep, ``groups`` are the values of what is varied, in words.
    """

    name: str
    subject: tuple[str, str]
    table: pd.DataFrame
    observations: pd.Series
    groups: tuple[str, ...] = ()

    def at(self, date: pd.Timestamp | None) -> pd.Series:
        """The row of a date that it forecasts."""
        return self.table.set_index("date").loc[date]


def group_subjects(forecasts: Sequence[Forecast]) -> dict[tuple[str, str], list[Forecast]]:
    """Forecasts by title and unit of the indicator, in the order in which they come."""
    groups: dict[tuple[str, str], list[Forecast]] = {}
    for each in forecasts:
        groups.setdefault(each.subject, []).append(each)
    return groups


def share_dates(forecasts: Sequence[Forecast]) -> pd.Timestamp | None:
    """The last date that all of them forecast; None if there's none."""
    common = set.intersection(*(set(each.table["date"]) for each in forecasts)) if forecasts else set()
    return max(common) if common else None


# ---- over time ----------------------------------------------------------------------------------------------------


def fit_lines(forecasts: Sequence[Forecast]) -> bool:
    """Whether the forecasts are few enough for `draw_forecasts`."""
    return max(map(len, group_subjects(forecasts).values())) <= MAX_LINES


def draw_forecasts(forecasts: Sequence[Forecast], title: str, source: str) -> Figure:
    """Forecasts of a few runs over time, with at least one row each; a panel for each indicator and unit."""
    panels = group_subjects(forecasts)
    figure, axes = style.open_canvas(1.3 + 3.1 * len(panels), (len(panels), 1))
    ends = [_draw_panel(axis, members) for axis, members in zip(axes[:, 0], panels.values(), strict=True)]
    units = "Medians and, as bars, 80 % bands of the combined forecast; small points: published figures"
    if len(panels) == 1:
        units = f"{forecasts[0].subject[1].capitalize()}; {lower_first(units)}"
    for axis, (what, unit), labels in zip(axes[:, 0], panels, ends, strict=True):
        if len(panels) > 1:
            axis.set_title(f"{what}, {unit}", loc="left", size=9.5, weight="bold")
        style.label_ends(axis, labels)
    return style.close_canvas(figure, title, units, source)


def _draw_panel(axis: Axes, members: Sequence[Forecast]) -> list[Label]:
    """Medians as lines, bands as bars that stand side by side, and the series that they go on from."""
    first = min(each.table["date"].iloc[0] for each in members)
    last = max(each.table["date"].iloc[-1] for each in members)
    width = pd.Timedelta(days=max(6.0, (last - first).days / 60))
    labels, shown = [], [first, last]
    for position, each in enumerate(members):
        colour, table = style.COLOURS[position % len(style.COLOURS)], each.table
        dates = table["date"] + (position - (len(members) - 1) / 2) * width
        past = each.observations[each.observations.index < table["date"].iloc[0]]
        past = past[past.index >= first - max(last - first, pd.Timedelta(days=730))]
        if len(past):
            axis.plot(past.index, past, ".-", color=style.INK, ms=5, lw=0.8, zorder=3)
            axis.plot([past.index[-1], dates.iloc[0]], [past.iloc[-1], table["median"].iloc[0]], color=colour, lw=0.8)
            shown.append(past.index[0])
        axis.vlines(dates, table["low"], table["high"], color=colour, lw=2.2, alpha=0.45)
        marks = {"ls": style.LINES[position % 6], "marker": style.MARKERS[position % 6], "color": colour}
        axis.plot(dates, table["median"], ms=4.5, lw=1.4, **marks)
        labels.append(Label(dates.iloc[-1], table["median"].iloc[-1], _shorten(each.name), colour))
    axis.set_ylim(bottom=0)
    style.use_dates(axis, pd.DatetimeIndex([min(shown), last]))
    style.use_numbers(axis)
    return labels


def _shorten(name: str) -> str:
    if " " in name:
        return textwrap.shorten(name, MAX_LETTERS, placeholder=" …")
    return name if len(name) <= MAX_LETTERS else f"{name[: MAX_LETTERS - 1]}…"


# ---- in words -----------------------------------------------------------------------------------------------------


def say_forecasts(forecasts: Sequence[Forecast]) -> str:
    """What the forecasts come to, in one sentence."""
    panels = len(group_subjects(forecasts))
    if panels > 1:
        return f"The {len(forecasts)} runs forecast {panels} different things, each in a panel of its own"
    date, unit = share_dates(forecasts), forecasts[0].subject[1]
    if date is None:
        return f"The {len(forecasts)} runs forecast no date together"
    if len(forecasts) != 2:
        return say_medians(forecasts, date)
    one, other = (each.at(date) for each in forecasts)
    return (
        f"For {say_date(date)}, {forecasts[0].name} says {say(one['low'])} to {say(one['high'], unit)} and "
        f"{forecasts[1].name} {say(other['low'])} to {say(other['high'])} (80 % bands)"
    )


def say_medians(forecasts: Sequence[Forecast], date: pd.Timestamp) -> str:
    """Smallest and largest of the medians at a date in one sentence."""
    medians, unit = [each.at(date)["median"] for each in forecasts], forecasts[0].subject[1]
    low, high = say(min(medians), unit), say(max(medians), unit)
    if low == high:
        who = f"All {len(medians)} runs put" if len(medians) > 1 else "The run puts"
        return f"{who} the median for {say_date(date)} at {high}"
    return f"The median for {say_date(date)} goes from {say(min(medians))} to {high} over {len(medians)} runs"


def say_each_median(forecasts: Sequence[Forecast]) -> str:
    """The medians at the last date that all forecast, run by run for a few; a sentence for each indicator and unit."""
    sentences = []
    for (title, unit), members in group_subjects(forecasts).items():
        date = share_dates(members)
        if date is None:
            sentences.append(f"{title}: no date that all runs forecast")
        elif len(members) > MAX_LINES:
            sentences.append(say_medians(members, date))
        else:
            said = ", ".join(f"{say(each.at(date)['median'])} in {each.name}" for each in members)
            many = "medians are" if len(members) > 1 else "median is"
            sentences.append(f"{title}, {unit}: the {many} {said} for {say_date(date)}")
    return ". ".join(sentences)


# ---- at one date --------------------------------------------------------------------------------------------------


def draw_runs(forecasts: Sequence[Forecast], title: str, source: str) -> Figure:
    """Median and 80 % band of many runs at the last date that all with one subject forecast.

    Runs are rows, in groups by the first of their `groups`; beyond `MAX_ROWS` they are drawn without their names.
    A panel for each indicator and unit.
    """
    panels = {subject: members for subject, members in group_subjects(forecasts).items() if share_dates(members)}
    rows = [len(members) + len({each.groups[:1] for each in members}) for members in panels.values()]
    step = 0.2 if sum(rows) <= MAX_ROWS else min(0.2, 10 / sum(rows))
    heights = [max(1.2, step * count) for count in rows]
    size = 1.5 + sum(height + 0.3 for height in heights)
    figure, axes = style.open_canvas(size, (len(panels), 1), gridspec_kw={"height_ratios": heights})
    for axis, ((what, unit), members) in zip(axes[:, 0], panels.items(), strict=True):
        _draw_rows(axis, members, named=sum(rows) <= MAX_ROWS)
        axis.set_title(f"{what}, {say_date(share_dates(members))}, {unit}", loc="left", size=9.5, weight="bold")
    units = "A row is a run: median (point) and 80 % band (bar) of the combined forecast; grey line: median of the runs"
    return style.close_canvas(figure, title, units, source)


def _draw_rows(axis: Axes, members: Sequence[Forecast], named: bool) -> None:
    rows = pd.DataFrame([each.at(share_dates(members)) for each in members])
    groups: dict[str, list[int]] = {}
    for number, each in enumerate(members):
        groups.setdefault("".join(each.groups[:1]), []).append(number)
    place, ticks, headings = 0, {}, set()
    for position, (group, numbers) in enumerate(groups.items()):
        colour = style.COLOURS[position % 6] if len(groups) <= len(style.COLOURS) else style.BLUE
        if group:
            ticks[place if named else place + len(numbers) / 2] = _shorten(group)
            headings.add(_shorten(group))
            place += 1
        places, own = np.arange(place, place + len(numbers)), rows.iloc[numbers]
        axis.hlines(places, own["low"], own["high"], color=colour, lw=2.2 if named else 1, alpha=0.45)
        axis.plot(
            own["median"], places, ls="", marker=style.MARKERS[position % 6], color=colour, ms=4.5 if named else 2
        )
        if named:
            names = [_shorten(" · ".join(members[number].groups[1:]) or members[number].name) for number in numbers]
            ticks |= dict(zip(places.tolist(), names, strict=True))
        place += len(numbers)
    axis.axvline(rows["median"].median(), color=style.GREY, lw=0.8, zorder=0)
    if not named:  # as many names of groups as stand apart
        ticks = dict(list(ticks.items())[:: -(-len(ticks) // MAX_GROUPS) or 1])
    axis.set_yticks(list(ticks), list(ticks.values()), size=7.5, color=style.INK)
    for label in axis.get_yticklabels():
        label.set_weight("bold" if label.get_text() in headings else "normal")
    axis.set_ylim(place - 0.3, -0.7)
    axis.grid(False, axis="y")
    axis.grid(True, axis="x", color=style.PALE, lw=0.6)
    style.use_numbers(axis, "x")
