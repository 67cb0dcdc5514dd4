"""Charts of notebook 2: growth, pace among other technologies, other countries; the values stand in `course`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ...base import formats
from ...base.formats import format_count, format_long_date, format_number, format_period, format_range, lower_first
from ...indicators import AdoptionSeries, Names
from .style import (
    ACCENT,
    GHOST,
    GREY,
    HALF,
    INK,
    PAGE,
    SMALL,
    Chart,
    key_area,
    open_chart,
    open_rows,
)

_MAX_BARS, _LETTER = 60, 0.03  # bars; a letter's width in widths of narrow axes: numbers stand where they fit
_NEARLY_A_YEAR = pd.Timedelta(days=360)  # between the ends of the same month in two years there is more
_RANKED = 10  # series in the ranking
_PANELS = {  # headings of the kinds of measures
    "survey of the population": "Surveys of the population",
    "survey of firms": "Surveys of firms",
    "online panel": "Online panels: people who signed up for surveys",
    "telemetry": "Telemetry: estimated from devices, nobody is asked",
    "company figures": "Values of companies",
}


def draw_growth(series: AdoptionSeries, names: Names, source: str) -> Chart | None:
    """Changes as published from one value to the next, as bars over the time between them.

    Of single values from month to month most changes are noise, so the title has the change of a year.

    Parameters
    ----------
    series : AdoptionSeries
    names : Names
    source : str
        The caption's text.

    Returns
    -------
    Chart or None
        None for one value.
    """
    if len(series.values) < 2:
        return None
    step = -(-len(series.values) // _MAX_BARS)  # from day to day there is little but noise
    values = series.values.iloc[::-step].iloc[::-1]
    unit = "percentage points" if names.unit.startswith("percent") else names.unit
    figure, axis = open_chart(2.9)
    parts = np.searchsorted(series.breaks["date"].sort_values(), values.index, side="right")
    crossing = values.index[1:][np.diff(parts) > 0]
    _draw_changes(axis, values, crossing, unit)
    key = [key_area("across a change of method", PAGE, edgecolor=ACCENT, hatch="///")] if len(crossing) else []
    key += _draw_newest_change(axis, series, unit, names.own)
    changes = values.diff()
    biggest = changes.abs().idxmax()
    title = f"{names.title}: {_format_last_year(series.values, unit, names.measure)}"
    if biggest in crossing:
        title = f"The largest change, {_format_change(changes[biggest], unit)}, may be partly a change of method"
    every = f"every {step} values" if step > 1 else "one value and the next"
    return figure.close(title, f"Change between {every}, {unit}", source, key)


def _draw_changes(axis: Axes, values: pd.Series, crossing: Sequence[pd.Timestamp], unit: str) -> None:
    """A bar from each value to the next, hatched across a change of method, with its number where bars are wide."""
    changes, spans = values.diff().iloc[1:], np.diff(mdates.date2num(values.index))
    is_crossing = changes.index.isin(crossing)
    bars = axis.bar(
        values.index[:-1], changes, spans, align="edge", lw=1.2, color=np.where(is_crossing, PAGE, ACCENT),
        edgecolor=np.where(is_crossing, ACCENT, PAGE), hatch=np.where(is_crossing, "///", ""),
    )  # fmt: skip
    numbers = [_format_change(change, unit, float(changes.abs().max()), bare=True) for change in changes]
    if spans.min() / spans.sum() > _LETTER * max(map(len, numbers)):
        axis.bar_label(bars, numbers, padding=3, size=SMALL, color=INK)
    axis.axhline(0, color=GREY, lw=0.8)
    axis.margins(y=0.14)
    axis.xaxis_date()


def _draw_newest_change(axis: Axes, series: AdoptionSeries, unit: str, own: bool) -> list[Artist]:
    """A dashed bar from the last exact value to a newer one that is published as a bound beyond it; its key."""
    if series.newer.empty:
        return []
    start, date, row = series.values.index[-1], series.newer.index[-1], series.newer.iloc[-1]
    change = row["value"] - series.values.iloc[-1]
    if not change or (change > 0) != (row["qualifier"] == "at_least"):
        return []
    axis.bar(start, change, date - start, align="edge", color=PAGE, edgecolor=ACCENT, ls="--", lw=1.2)
    printed = f"to {format_long_date(date)}, published as “{formats.format_bound(row, bare=True, own=own)}”"
    number = _format_change(change, unit, series.values.diff().abs().max(), bare=True)
    return [key_area(f"{printed}: {number}", PAGE, edgecolor=ACCENT, ls="--")]


def _format_last_year(values: pd.Series, unit: str, measure: str) -> str:
    """The change to the last value from the newest that is a year older, or else from the first, with both dates."""
    last = values.index[-1]
    first = values[: last - _NEARLY_A_YEAR].index[-1] if values.index[0] <= last - _NEARLY_A_YEAR else values.index[0]
    ends = [format_period(each, measure) for each in (first, last)]
    if ends[0] == ends[1]:  # both in one month
        ends = [formats.format_day(each) for each in (first, last)]
    return f"{_format_change(values[last] - values[first], unit)} between {' and '.join(ends)}"


def _format_change(change: float, unit: str, beside: float = 0.0, bare: bool = False) -> str:
    """A change with its sign."""
    return f"{'+' if change > 0 else ''}{format_number(change, unit, beside, bare=bare)}"


def draw_alignment(aligned: pd.DataFrame, pace: pd.DataFrame, names: Names, source: str) -> Chart | None:
    """How long a series and the fastest others took between two shares of their limits, the fastest first.

    Parameters
    ----------
    aligned : DataFrame
        A row a value of each series: target (bool), start_share (percent), share (percent of the limit).
    pace : DataFrame
        02_pace: a row a series, the fastest first: entity, technology, target, years_to_target_share, place, of, unit.
    names : Names
    source : str
        The caption's text.

    Returns
    -------
    Chart or None
        None where nothing can be compared, or the series has not risen since.
    """
    own = pace[pace["target"]] if len(aligned) else pace.head(0)
    if own.empty or not own["years_to_target_share"].iloc[0] > 0:
        return None
    own, shares = own.iloc[0], aligned.loc[aligned["target"], "share"]
    rows = pace[np.isfinite(pace["years_to_target_share"])]
    rows = pd.concat([rows.head(_RANKED), rows.iloc[_RANKED:][rows["target"].iloc[_RANKED:]]])
    figure, _ = open_rows(
        rows.assign(
            name=(rows["technology"] + ", " + rows["entity"]).mask(rows["target"], names.title),
            value=rows["years_to_target_share"],
            printed=rows["years_to_target_share"].map("{:.1f}".format),
            colour=np.where(rows["target"], ACCENT, GHOST),
        )
    )
    faster, others = int(own["place"] - 1), int(own["of"] - 1)
    span = format_range(own["start_share"], shares.max(), "percent")
    limit = lower_first(names.limit_title).removeprefix("100 percent of ")
    units = f"Years from {span} of the limit, here {limit}; {len(rows)} of {others + 1} series"
    if faster and rows.loc[~rows["target"], "unit"].head(faster).str.contains("of new ").all():
        units += "; the faster ones count new sales"
    title = f"{names.title}: {faster or 'none'} of {others} other series rose as fast or faster"
    return figure.close(title, units, source)


def draw_comparison(picked: pd.DataFrame, technology: str, entity: str, source: str) -> Chart | None:
    """The newest value of a technology by country, under a heading a kind of measure.

    Kinds do not share what they measure, so nothing is ranked across them.

    Parameters
    ----------
    picked : DataFrame
        From `countries.select_countries`.
    technology : str
    entity : str
        Its values stand out.
    source : str
        The caption's text.

    Returns
    -------
    Chart or None
        None for fewer than two values.
    """
    if len(picked) < 2:
        return None
    error = [f" ±{1.96 * each:.1f}" if np.isfinite(each) else "" for each in picked["standard_error"]]
    people = [_format_people(row) for _, row in picked.iterrows()]
    repeated = pd.Series(people, picked.index) == pd.Series(people, picked.index).shift()
    headings = {panel: _format_panel(rows) for panel, rows in picked.groupby("panel", sort=False)}
    figure, _ = open_rows(
        picked.assign(
            name=picked["entity"] + picked["date"].dt.strftime(", %b %Y"),
            heading=picked["panel"].map(headings),
            above=pd.Series(people, picked.index).mask(repeated, ""),
            printed=[
                f"{format_number(value, 'percent', bare=True)}{half}"
                for value, half in zip(picked["value"], error, strict=True)
            ],
            colour=np.where(picked["entity"] == entity, ACCENT, np.where(picked["named"], HALF, GHOST)),
        )
    )
    key = [key_area(entity, ACCENT)] if (picked["entity"] == entity).any() else []
    key += [key_area("others named", HALF)] + ([] if picked["named"].all() else [key_area("the three highest", GHOST)])
    units = "Percent of those whom each measure covers; the newest value of each country"
    units += "; ±: 95% sampling error, as published" if any(error) else ""
    return figure.close(_format_measures(picked, technology, entity), units, source, key)


def _format_panel(rows: pd.DataFrame) -> str:
    """The heading of a kind of measure, and what is ranked."""
    first = rows.iloc[0]
    title = str(_PANELS.get(first["panel"], first["panel"]))
    if not rows["named"].all():
        title += f"; the three highest of {first['list_size']:.0f} in {format_long_date(first['list_date'])}"
    return title


def _format_people(row: pd.Series) -> str:
    """Who publishes a measure, by the short name in brackets where there is one, and whom it covers."""
    short = re.search(r"\(([A-Z][^()]*)\)", f"{row['measure']} {row['publisher']}")
    return f"{short[1] if short else row['publisher']}: {_name_people(row)}"


def _name_people(row: pd.Series) -> str:
    """Whom a measure covers."""
    return str(row["people"] or row["unit"].removeprefix("percent of "))


def _format_measures(picked: pd.DataFrame, technology: str, entity: str) -> str:
    """The title: the shares of the entity by its measures; where it has none, how many measures and countries."""
    mine, use = picked[picked["entity"] == entity], f"Use of {technology}"
    if len(mine) > 1:
        shares = format_range(mine["value"].min(), mine["value"].max(), "percent")
        return f"{use} in {formats.format_place(entity)}: {shares}, depending on what is measured"
    if len(mine):
        row = mine.iloc[0]
        share = f"{format_number(row['value'], 'percent')} of {_name_people(row)}"
        return f"{use} in {formats.format_place(entity)}: {share} in {format_long_date(row['date'])}"
    measures, places = picked["measure"].nunique(), picked["entity"].nunique()
    counted = "one country or region" if places == 1 else f"{places} countries and regions"
    return f"{use}: {format_count(measures, 'measure')} in {counted}"
