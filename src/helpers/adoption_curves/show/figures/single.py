"""One fit or one forecast on given axes: what `.plot()` shows, and the explorer where nobody can move it.

Nothing here lays a figure out, so a drawing takes milliseconds.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...base.dates import to_dates
from ...base.levels import LEVELS, band_columns, band_ends, quoted_level, say_level
from ...base.words import say, say_first, say_limit, say_name, say_range
from .labels import Label, Spot, label_ends, note
from .style import BLUE, GREEN, GREY, INK, ORANGE, size_marks, use_dates, use_numbers

if TYPE_CHECKING:
    from ...curves import Results
    from ...forecast import Forecast
    from ...indicators import AdoptionSeries

SIZE = (7.6, 4.2)  # inches
AHEAD, POINTS = 0.5, 121
"""Length of a drawn curve past the last figure, in spans of the series, and its points."""
ROOM = (0.085, 0.085, 0.66, 0.83)  # of the axes within the figure; the labels stand to the right

SHADES = ((0, 0.5, 0.8, 0.9, 1), (0.72, 0.62704, 0.3784, 0.16, 0.1))
"""Levels of bands, and how opaque the fan is just inside each: a level looks the same whatever others lie around it."""


def shade_bands(levels: Sequence[float]) -> list[tuple[float, str, str, float]]:
    """Level, columns of both ends and opacity of each band, the widest first: narrower ones are laid on it."""
    shaded, below = [], 0.0
    for level in sorted(levels, reverse=True):
        shade = float(np.interp(level, *SHADES))
        shaded.append((level, *band_columns(level), round((shade - below) / (1 - below), 4)))
        below = shade
    return shaded


def open_axes(dots_per_inch: float = 100) -> Axes:
    """Axes in a figure of their own, which no window and no notebook shows by itself."""
    figure = Figure(SIZE, dpi=dots_per_inch)
    FigureCanvasAgg(figure)
    return figure.add_axes(ROOM)


def plot_forecast(axis: Axes, fan: pd.DataFrame, values: pd.Series, levels: Sequence[float] = LEVELS) -> list[Label]:
    """Draw a forecast's bands and median from the last observation on, and the observations before.

    Parameters
    ----------
    axis : Axes
    fan : DataFrame
        date, q0.5 and the ends of each level.
    values : Series
        Observations by date.
    levels : sequence of float
        A band is drawn for each.

    Returns
    -------
    list of Label
        For `finish_axes`.
    """
    *named, median = plot_fan(axis, fan, (values.index[-1], values.iloc[-1]), levels)
    _plot_values(axis, values)
    quoted = named[sorted(levels, reverse=True).index(quoted_level(levels))]
    return [replace(median, text=f"forecast: {median.text}"), quoted]


def plot_result(result: Forecast, ax: Axes | None = None) -> Axes:
    """Draw a forecast with its figures and its limit; see `Forecast.plot`."""
    ax = pyplot.figure(figsize=SIZE).add_axes(ROOM) if ax is None else ax
    values, labels = result.target.values.dropna().sort_index(), []
    last = result.dates[-1] if len(result.dates) else values.index[-1]
    values = values[values.index >= result.origin - 2 * (last - result.origin)] if len(result.dates) else values
    top = values.max()
    if len(result.dates):
        quantiles = result.quantiles.dropna(axis=1, how="all")
        fan = quantiles.rename(columns="q{:g}".format).reset_index()
        levels = [level for level in result.levels if {*band_columns(level)} <= {*fan}]
        labels, top = plot_forecast(ax, fan, values, levels), max(top, np.nanmax(quantiles.to_numpy()))
    else:
        _plot_values(ax, values)
    if result.target.bound is not None:
        bound, ahead = result.target.bound.values, pd.Series(result.limit_ahead(result.years)[0], result.dates)
        bound = bound[bound.index >= result.target.values.index[0]] if len(bound) > 1 else bound
        ahead = ahead[ahead.index > bound.index[-1]]
        labels += plot_bound(ax, bound, ahead)
        top = max([top, bound.max(), *ahead])
    finish_axes(ax, labels, (values.index[0], last), 1.05 * top, result.target.title)
    plot_newer(ax, result.target.newer)  # its words look for room within the limits of the axes
    return ax


def plot_series(series: AdoptionSeries, ax: Axes | None = None) -> Axes:
    """Draw a series with its limit; see `AdoptionSeries.plot`."""
    ax = pyplot.figure(figsize=SIZE).add_axes(ROOM) if ax is None else ax
    values, newer, labels = series.values, series.newer.join(series.readings), list[Label]()
    shown = [*values, *newer["value"]]
    _plot_values(ax, values)
    if series.bound is not None:
        labels = plot_bound(ax, series.bound.values, series.bound.values[:0])
        shown += [*series.bound.values]
    first, last = values.index[0], max([values.index[-1], *newer.index])
    span = (first, last + 0.1 * (last - first))  # room for the words of a newer figure
    finish_axes(ax, labels, span, 1.05 * max(shown), f"{series.full_title}, {series.unit}")
    plot_newer(ax, newer)  # its words look for room within the limits of the axes
    return ax


def show_result(result: Forecast, words: str) -> str:
    """A forecast's picture, and a table of its median and ranges, as HTML for a notebook; `words` describe it."""
    from .. import tables

    picture, quantiles = BytesIO(), result.quantiles
    plot_result(result, open_axes()).figure.savefig(picture, format="png")
    shown = pd.DataFrame({"date": quantiles.index, "median": quantiles[0.5].array})
    for level in sorted(result.levels):
        ends = (quantiles[end] for end in band_ends(level))
        shown[f"{say_level(level)} range"] = [say_range(low, high) for low, high in zip(*ends, strict=True)]
    shown["basis"] = result.frame()["basis"]
    note = f"Unit: {result.target.unit or 'that of the series'}. Tested: as far ahead as the ranges were tested."
    table = tables.show(shown, f"{result.target.title}: forecast", note)
    source = b64encode(picture.getvalue()).decode()
    return f'<img alt="{words}" src="data:image/png;base64,{source}">\n{table.as_raw_html()}'


def plot_fan(
    axis: Axes, fan: pd.DataFrame, start: tuple[Any, float], levels: Sequence[float], unit: str = ""
) -> list[Label]:
    """Draw a forecast's bands and median from the last observation on.

    Parameters
    ----------
    axis : Axes
    fan : DataFrame
        As for `plot_forecast`.
    start : pair of date and value
        The last observation.
    levels : sequence of float
    unit : str
        Decides the decimals, which all labels share.

    Returns
    -------
    list of Label
        The bands, the widest first, and the median, at their last date.
    """
    dates, labels, end = [start[0], *fan["date"]], [], fan.iloc[-1]
    tell = partial(say, unit=unit, beside=float(end["q0.5"]), bare=True)
    for level, low, high, alpha in shade_bands(levels):
        lower, upper = [start[1], *fan[low]], [start[1], *fan[high]]
        axis.fill_between(dates, lower, upper, color=BLUE, alpha=alpha, lw=0)
        text = f"{say_level(level)} range: {tell(end[low])} to {tell(end[high])}"
        labels.append(Label(dates[-1], end[high], text, BLUE))
    axis.plot(dates, [start[1], *fan["q0.5"]], "-", color=BLUE, lw=1.8)
    return [*labels, Label(dates[-1], end["q0.5"], f"median {tell(end['q0.5'])}", BLUE)]


def plot_curve(results: Results, ax: Axes | None = None) -> Axes:
    """Draw the figures and a fitted curve, half the span of the series further on.

    A ceiling is drawn where it is given or where the data identify it, never where they leave it open.

    Parameters
    ----------
    results : Results
        Of `AdoptionCurve.fit`.
    ax : matplotlib Axes
        None: new ones in a figure of their own.

    Returns
    -------
    matplotlib Axes
    """
    model, name, problem = results.model, say_first(say_name(results.model.name)), results.problem
    values = pd.Series(model.endog, model.index).sort_index()
    times = np.linspace(problem.origin, problem.origin + (1 + AHEAD) * problem.span, POINTS)
    curve = pd.Series(np.asarray(results.predict(times)), to_dates(times) if model.is_dated else times)
    ax = pyplot.figure(figsize=SIZE).add_axes(ROOM) if ax is None else ax
    labels = plot_fit(ax, values, curve, f"{name} curve")
    if np.isfinite(results.ceiling) and (not model.ceiling.name or results.identified):
        level = pd.Series(results.best.ceiling * model.ceiling.bound_at(times), curve.index)
        labels += plot_ceiling(ax, level, "ceiling" if model.ceiling.name else "given ceiling")
    verdict = f"the ceiling is {'identified' if results.identified else 'not identified'}"
    if results.flag:
        verdict = f"no estimate, {results.flag}"
    elif not model.ceiling.name:
        verdict = "the ceiling is given"
    shown = [0.0, *values, *curve, *(label.y for label in labels)]
    low, high = 1.05 * np.nanmin(shown), 1.05 * np.nanmax(shown)
    title = f"{name} curve of {model.endog_name}: {verdict}"
    return finish_axes(ax, labels, (curve.index[0], curve.index[-1]), high, title, low)


def plot_fit(
    axis: Axes, values: pd.Series, curve: pd.Series, name: str, others: Sequence[pd.Series] = ()
) -> list[Label]:
    """Draw observations, a fitted curve, and thinly the curves that fit about as well.

    Parameters
    ----------
    axis : Axes
    values, curve : Series
        By date, or by decimal year.
    name : str
        What the curve is.
    others : sequence of Series

    Returns
    -------
    list of Label
        For `finish_axes`.
    """
    for other in others:
        axis.plot(other.index, other, "-", color=ORANGE, lw=0.7, alpha=0.4)
    axis.plot(curve.index, curve, "--", color=ORANGE, lw=1.8)
    _plot_values(axis, values)
    return [Label(curve.index[-1], curve.iloc[-1], name, ORANGE)]


def _plot_values(axis: Axes, values: pd.Series) -> None:
    axis.plot(values.index, values, "o", color=INK, ms=size_marks(4.5, values), zorder=6, clip_on=False)


def plot_newer(axis: Axes, newer: pd.DataFrame) -> None:
    """Draw figures that are printed as limits (index date; value, bound) as open circles with the words of the limit.

    One that is read between two ends (read_low, read_high) is drawn in the middle between them.
    """
    for date, row in newer.iterrows():
        ends = [row.get("read_low", np.nan), row.get("read_high", np.nan)]
        value = np.mean(ends) if np.isfinite(ends).all() else row["value"]
        axis.plot(date, value, ls="", marker="o", color=INK, mfc="white", ms=5.5, mew=1.4, zorder=6)
        places = ((0, 7), (0, -7), (-7, 4), (-7, -4), (7, 4), (7, -4))
        words = say_limit(row, bare=True).replace(" than ", "\nthan ")
        note(axis, words, [Spot(date, value, right, up) for right, up in places], size=8.5)


def plot_ceiling(axis: Axes, line: pd.Series, name: str) -> list[Label]:
    """Draw a ceiling that is given, or that the data identify; one that they leave open has no place in a figure."""
    axis.plot(line.index, line, "-.", color=GREEN, lw=1.4)
    return [Label(line.index[-1], line.iloc[-1], f"{name}: {say(line.iloc[-1])}", GREEN)]


def plot_bound(axis: Axes, bound: pd.Series, ahead: pd.Series) -> list[Label]:
    """Draw the known upper limit, dashed where it is forecast."""
    axis.plot(bound.index, bound, "-", color=GREY, lw=1.4)
    axis.plot([*bound.index[-1:], *ahead.index], [*bound.iloc[-1:], *ahead], "--", color=GREY, lw=1.4)
    line = ahead if len(ahead) else bound
    return [Label(line.index[-1], line.iloc[-1], f"upper limit {say(line.iloc[-1])}", GREY)]


def finish_axes(
    axis: Axes, labels: Sequence[Label], span: tuple[Any, ...], top: float, title: str = "", bottom: float = 0.0
) -> Axes:
    """Set limits, ticks and title, and write the labels at the right end.

    Parameters
    ----------
    axis : Axes
    labels : sequence of Label
        Those above `top` are left out.
    span : pair of dates, or of decimal years
    top : float
        Highest value shown.
    title : str
    bottom : float
        Lowest value shown.

    Returns
    -------
    Axes
        The same.
    """
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(left=False, labelsize=8.5, colors=GREY)
    axis.set_axisbelow(True)
    axis.set_ylim(bottom, top if top > bottom else bottom + 1)
    first, last = (float(axis.convert_xunits(end)) for end in span)
    axis.set_xlim(first - 0.02 * (last - first), last if last > first else first + 1)
    axis.set_title(title, loc="left", size=9.5, color=GREY, parse_math=False)
    if isinstance(span[0], pd.Timestamp):
        use_dates(axis, pd.DatetimeIndex(span))
    use_numbers(axis)
    axis.grid(True, axis="y", color="#ececec")
    label_ends(axis, [label for label in labels if np.isfinite(label.y) and label.y <= top], size=8.6)
    return axis
