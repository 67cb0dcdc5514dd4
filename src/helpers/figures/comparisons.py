"""Runs side by side: their forecasts over time, and their medians and bands at one date."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    LINES,
    MARKERS,
    PALE,
    Label,
    close_canvas,
    label_ends,
    lower_first,
    open_canvas,
    say,
    say_date,
    use_dates,
    use_numbers,
)

Key = TypeVar("Key")
MOST_LINES = 6
MOST_ROWS = 50
"""Rows of a figure that still get a name each."""
MOST_GROUPS = 30
LONGEST_NAME = 34


@dataclass(frozen=True)
class Forecast:
    """One run's forecast: date, low, median, high (80 % band), the series before it, and what's counted."""

    name: str
    subject: tuple[str, str]
    table: pd.DataFrame
    observations: pd.Series
    groups: tuple[str, ...] = field(default=())


def share_dates(forecasts: Sequence[Forecast]) -> pd.Timestamp | None:
    """The last date that all of them forecast; None if there's none."""
    common = set.intersection(*(set(each.table["date"]) for each in forecasts)) if forecasts else set()
    return max(common) if common else None


def draw_forecasts(forecasts: Sequence[Forecast], source: str) -> Figure:
    """Forecasts of a few runs over time, a panel for each indicator and unit.

    Parameters
    ----------
    forecasts : sequence of Forecast
        With at least one row each; at most `MOST_LINES` with one subject.
    source : str
    """
    panels = group_subjects(forecasts)
    figure, axes = open_canvas(1.3 + 3.1 * len(panels), (len(panels), 1))
    labels = [_draw_panel(axis, members) for axis, members in zip(axes[:, 0], panels.values(), strict=True)]
    if len(panels) > 1:
        for axis, (title, unit) in zip(axes[:, 0], panels, strict=True):
            axis.set_title(f"{title}, {unit}", loc="left", size=9.5, weight="bold")
    units = "Medians and, as bars, 80 % bands of the combined forecast; small points: published figures"
    unit = next(iter(panels))[1]
    units = units if len(panels) > 1 else f"{unit.capitalize()}; {lower_first(units)}"
    for axis, ends in zip(axes[:, 0], labels, strict=True):
        label_ends(axis, ends)
    return close_canvas(figure, say_forecasts(forecasts), units, source)


def group_subjects(forecasts: Sequence[Forecast]) -> dict[tuple[str, str], list[Forecast]]:
    """Forecasts by title and unit of the indicator, in the order in which they come."""
    return _group(forecasts, lambda each: each.subject)


def _group(forecasts: Sequence[Forecast], key: Callable[[Forecast], Key]) -> dict[Key, list[Forecast]]:
    groups: dict[Key, list[Forecast]] = {}
    for each in forecasts:
        groups.setdefault(key(each), []).append(each)
    return groups


def _draw_panel(axis: Axes, members: Sequence[Forecast]) -> list[Label]:
    """Medians as lines, bands as bars that stand side by side, and the series that they go on from."""
    first = min(each.table["date"].iloc[0] for each in members)
    last = max(each.table["date"].iloc[-1] for each in members)
    width = pd.Timedelta(days=max(6.0, (last - first).days / 60))
    labels, shown = [], [first, last]
    for position, each in enumerate(members):
        colour, shift = COLOURS[position % len(COLOURS)], (position - (len(members) - 1) / 2) * width
        dates, table = each.table["date"] + shift, each.table
        past = each.observations[each.observations.index < table["date"].iloc[0]]
        past = past[past.index >= first - max(last - first, pd.Timedelta(days=730))]
        if len(past):
            axis.plot(past.index, past, ".-", color=INK, ms=5, lw=0.8, zorder=3)
            axis.plot([past.index[-1], dates.iloc[0]], [past.iloc[-1], table["median"].iloc[0]], color=colour, lw=0.8)
            shown.append(past.index[0])
        axis.vlines(dates, table["low"], table["high"], color=colour, lw=2.2, alpha=0.45)
        style = {"ls": LINES[position % 6], "marker": MARKERS[position % 6], "color": colour}
        axis.plot(dates, table["median"], ms=4.5, lw=1.4, **style)
        labels.append(Label(dates.iloc[-1], table["median"].iloc[-1], _shorten(each.name), colour))
    axis.set_ylim(bottom=0)
    use_dates(axis, pd.DatetimeIndex([min(shown), last]))
    use_numbers(axis)
    return labels


def say_forecasts(forecasts: Sequence[Forecast]) -> str:
    """What the forecasts come to, in one sentence."""
    panels = group_subjects(forecasts)
    if len(panels) > 1:
        return f"The {len(forecasts)} runs forecast {len(panels)} different things, each in a panel of its own"
    date, unit = share_dates(forecasts), forecasts[0].subject[1]
    if date is None:
        return f"The {len(forecasts)} runs forecast no date together"
    rows = {each.name: each.table.set_index("date").loc[date] for each in forecasts}
    if len(rows) == 2:
        one, other = rows.values()
        names = list(rows)
        return (
            f"For {say_date(date)}, {names[0]} says {say(one['low'])} to {say(one['high'], unit)} and {names[1]} "
            f"{say(other['low'])} to {say(other['high'])} (80 % bands)"
        )
    medians = pd.Series({name: row["median"] for name, row in rows.items()})
    return say_medians(medians, date, unit)


def say_medians_of(forecasts: Sequence[Forecast]) -> str:
    """The medians at the last date that all forecast, run by run for a few; a sentence for each indicator and unit."""
    sentences = []
    for (title, unit), members in group_subjects(forecasts).items():
        date = share_dates(members)
        if date is None:
            sentences.append(f"{title}: no date that all runs forecast")
            continue
        medians = {each.name: each.table.set_index("date")["median"][date] for each in members}
        if len(medians) > MOST_LINES:
            sentences.append(say_medians(pd.Series(medians), date, unit))
        else:
            said = [f"{say(value)} in {name}" for name, value in medians.items()]
            many = "medians are" if len(said) > 1 else "median is"
            sentences.append(f"{title}, {unit}: the {many} {', '.join(said)} for {say_date(date)}")
    return ". ".join(sentences)


def say_medians(medians: pd.Series, date: pd.Timestamp, unit: str) -> str:
    """Smallest and largest of the medians in one sentence."""
    low, high = say(medians.min()), say(medians.max(), unit)
    if say(medians.min(), unit) == high:
        who = f"All {len(medians)} runs put" if len(medians) > 1 else "The run puts"
        return f"{who} the median for {say_date(date)} at {high}"
    return f"The median for {say_date(date)} goes from {low} to {high} over {len(medians)} runs"


def draw_runs(forecasts: Sequence[Forecast], title: str, source: str) -> Figure:
    """Median and 80 % band of many runs at the last date that all with one subject forecast.

    Runs are rows, in groups by the first of their `groups`; from `MOST_ROWS` on they are drawn without their names.
    A panel for each indicator and unit.
    """
    panels = {subject: members for subject, members in group_subjects(forecasts).items() if share_dates(members)}
    rows = [len(members) + len(_split(members)) for members in panels.values()]
    step = 0.2 if sum(rows) <= MOST_ROWS + 10 else min(0.2, 10 / sum(rows))
    figure, axes = open_canvas(
        1.5 + sum(max(1.2, step * count) + 0.3 for count in rows),
        (len(panels), 1),
        gridspec_kw={"height_ratios": [max(1.2, step * count) for count in rows]},
    )
    for axis, (subject, members) in zip(axes[:, 0], panels.items(), strict=True):
        _draw_rows(axis, members, named=sum(rows) <= MOST_ROWS + 10)
        date = say_date(share_dates(members))
        axis.set_title(f"{subject[0]}, {date}, {subject[1]}", loc="left", size=9.5, weight="bold")
    units = "A row is a run: median (point) and 80 % band (bar) of the combined forecast; grey line: median of the runs"
    return close_canvas(figure, title, units, source)


def _split(members: Sequence[Forecast]) -> dict[str, list[Forecast]]:
    """Members by the first of their groups."""
    return _group(members, lambda each: each.groups[0] if each.groups else "")


def _draw_rows(axis: Axes, members: Sequence[Forecast], named: bool) -> None:
    date, groups = share_dates(members), _split(members)
    place, ticks, medians, headings = 0, {}, [], set()
    for number, (group, runs) in enumerate(groups.items()):
        if group:
            ticks[place if named else place + len(runs) / 2] = _shorten(group)
            headings.add(_shorten(group))
            place += 1
        rows = pd.DataFrame([run.table.set_index("date").loc[date] for run in runs])
        places = np.arange(place, place + len(runs))
        colour = COLOURS[number % len(COLOURS)] if len(groups) <= len(COLOURS) else BLUE
        axis.hlines(places, rows["low"], rows["high"], color=colour, lw=2.2 if named else 1, alpha=0.45)
        marker = MARKERS[number % len(MARKERS)]
        axis.plot(rows["median"], places, ls="", marker=marker, color=colour, ms=4.5 if named else 2)
        if named:
            names = [_shorten(" · ".join(run.groups[1:]) or run.name) for run in runs]
            ticks |= dict(zip(places.tolist(), names, strict=True))
        medians += rows["median"].tolist()
        place += len(runs)
    axis.axvline(np.median(medians), color=GREY, lw=0.8, zorder=0)
    if not named:  # as many names of groups as stand apart
        ticks = dict(list(ticks.items())[:: -(-len(ticks) // MOST_GROUPS) or 1])
    axis.set_yticks(list(ticks), list(ticks.values()), size=7.5, color=INK)
    for label in axis.get_yticklabels():
        label.set_weight("bold" if label.get_text() in headings else "normal")
    axis.set_ylim(place - 0.3, -0.7)
    axis.grid(False, axis="y")
    axis.grid(True, axis="x", color=PALE, lw=0.6)
    use_numbers(axis, "x")


def find_effects(forecasts: Sequence[Forecast], names: Sequence[str]) -> dict[str, float]:
    """How far apart the mean medians of a parameter's values are, for each of a full grid's `names`."""
    date = share_dates(forecasts)
    medians = [each.table.set_index("date")["median"][date] for each in forecasts]
    effects = {}
    for place, name in enumerate(names if all(each.groups for each in forecasts) else ()):
        means = pd.Series(medians).groupby([each.groups[place] for each in forecasts]).mean()
        effects[name] = float(means.max() - means.min())
    return effects


def _shorten(name: str) -> str:
    return textwrap.shorten(name, LONGEST_NAME, placeholder=" …") if " " in name else _cut(name)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
