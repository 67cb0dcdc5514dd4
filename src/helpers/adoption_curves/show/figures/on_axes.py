"""One series, fit or forecast on given axes: what `.plot()` shows, and the explorer; and the parts of such a drawing.

Nothing here lays a figure out, so a drawing takes milliseconds.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...base.levels import LEVELS, band_columns, band_ends, quoted_level, say_level
from ...base.words import lower_first, say, say_date, say_first, say_limit, say_range
from ...forecast import Forecast
from ...forecast.frames import limit_frame
from ...indicators import AdoptionSeries, Names
from .labels import Label, Spot, find_gaps, label_ends, note, shade_breaks
from .style import BLUE, FAR, GREY, INK, ORANGE, SMALL, size_marks, tell, use_dates, use_numbers

_SIZE = (7.6, 4.2)  # inches
_AHEAD, _DRAWN_POINTS = 0.5, 121  # length of a drawn curve past the last figure, in spans of the series, and its points
_AXES_PLACE = (0.115, 0.115, 0.63, 0.78)  # of the axes within the figure; the labels stand to the right
# Levels of ranges, and how opaque the fan is just inside each: a level looks the same whatever others lie around it.
_SHADES = ((0, 0.5, 0.8, 0.9, 1), (0.72, 0.62704, 0.3784, 0.16, 0.1))


def open_axes(dots_per_inch: float = 100) -> Axes:
    """Axes in a figure of their own, which no window and no notebook shows by itself."""
    figure = Figure(_SIZE, dpi=dots_per_inch)
    FigureCanvasAgg(figure)
    return figure.add_axes(_AXES_PLACE)


def embed(axis: Axes, words: str, style: str = "") -> str:
    """The figure of these axes as an HTML image; `words`, as HTML, say what it shows."""
    picture = BytesIO()
    axis.figure.savefig(picture, format="png")
    source = b64encode(picture.getvalue()).decode()
    return f'<img alt="{words}" style="{style}" src="data:image/png;base64,{source}">'


def _shade_ranges(levels: Sequence[float]) -> list[tuple[float, str, str, float]]:
    """Level, columns of both ends and opacity of each range, the widest first: narrower ones are laid on it."""
    shaded, below = [], 0.0
    for level in sorted(levels, reverse=True):
        shade = float(np.interp(level, *_SHADES))
        shaded.append((level, *band_columns(level), round((shade - below) / (1 - below), 4)))
        below = shade
    return shaded


def plot_fan(
    axis: Axes, fan: pd.DataFrame, start: tuple[Any, float], levels: Sequence[float] = LEVELS, dashes: str = "-"
) -> None:
    """Draw a forecast's ranges and median from the last figure on.

    Parameters
    ----------
    axis : Axes
    fan : DataFrame
        A row per date: date, q0.5 and the ends of each level, such as q0.1 and q0.9, in the unit of the series.
    start : pair of date and value
        The last figure.
    levels : sequence of float
        A range is drawn for each.
    dashes : str
        Of the median's line, as matplotlib names it.
    """
    dates = [start[0], *fan["date"]]
    for _, low, high, alpha in _shade_ranges(levels):
        axis.fill_between(dates, [start[1], *fan[low]], [start[1], *fan[high]], color=BLUE, alpha=alpha, lw=0)
    axis.plot(dates, [start[1], *fan["q0.5"]], dashes, color=BLUE, lw=1.8)


def plot_figures(
    axis: Axes,
    values: pd.Series,
    breaks: pd.DataFrame,
    points: Mapping[pd.Timestamp, str],
    size: float = 5,
    **look: Any,
) -> None:
    """Draw published figures by date as marks, joined but across no break.

    Parameters
    ----------
    axis : Axes
    values : Series
        Figures by date, in the unit of the series.
    breaks : DataFrame
        date, kind.
    points : mapping
        What is said of each figure, by date; empty where nothing is.
    size : float
        Diameter of the marks, in points.
    **look
        What else `Axes.plot` takes.
    """
    gaps = find_gaps(pd.DatetimeIndex(values.index), breaks)
    middles = pd.DatetimeIndex([start + (end - start) / 2 for start, end in gaps]).unique()
    parted = pd.concat([values, pd.Series(np.nan, middles)]).sort_index()
    look = {"color": INK, "lw": 1.2, "zorder": 6} | look
    [line] = axis.plot(parted.index, parted, "o-" if len(values) > 2 else "o", ms=size_marks(size, values), **look)
    if points:
        tell(line, [points.get(date, "") for date in values.index])


def plot_earlier(axis: Axes, series: AdoptionSeries, points: Mapping[pd.Timestamp, str]) -> str:
    """Draw the figures before the last break of a series, hollow and grey behind a strip; words for the line of units.

    Parameters
    ----------
    axis : Axes
    series : AdoptionSeries
    points : mapping
        What is said of each figure, by date.

    Returns
    -------
    str
        "" where no figure lies before a break.
    """
    if (parted := series.last_break) is None:
        return ""
    plot_figures(axis, series.earlier, series.breaks, points, color=GREY, mfc="white", lw=0.8, zorder=2)
    first, last, new = series.earlier.index[0], series.earlier.index[-1], series.dates[0]
    axis.axvspan(max(last, new - (new - first) / 2), new, color=GREY, alpha=0.15, lw=0, zorder=0)
    return f"; left of the strip: before {say_date(parted['date'])}, perhaps not comparable"


def say_counted(names: Names) -> str:
    """The unit, and what is counted where the data say it."""
    unit, counted = say_first(names.unit), names.counted
    unit += ", total so far" if names.measure == "cumulative" else ""
    return f"{unit}: {lower_first(counted)}" if counted else unit


def plot_newer(axis: Axes, newer: pd.DataFrame, own: bool = True, named: bool = True) -> None:
    """Draw figures that are printed as limits (index date; value, limit) as open circles with the words of the limit.

    One that is read between two ends (read_low, read_high) is drawn at their mean.

    Parameters
    ----------
    axis : Axes
    newer : DataFrame
        By date: value, and where known read_low and read_high (in the unit of the series), limit.
    own : bool
        Whether they are of one's own data, see `words.say_limit`.
    named : bool
        Without their words where those stand elsewhere, as within a fan.
    """
    for date, row in newer.iterrows():
        ends = [row.get("read_low", np.nan), row.get("read_high", np.nan)]
        value = np.mean(ends) if np.isfinite(ends).all() else row["value"]
        axis.plot(date, value, ls="", marker="o", color=INK, mfc="white", ms=5.5, mew=1.4, zorder=6)
        places = ((0, 7), (0, -7), (-7, 4), (-7, -4), (7, 4), (7, -4))
        words = say_limit(row, bare=True, own=own).replace(" than ", "\nthan ")
        if named:
            note(axis, words, [Spot(date, value, right, up) for right, up in places])


def plot_limit(
    axis: Axes, series: AdoptionSeries, dates: pd.DatetimeIndex, highest: float, ahead: pd.DataFrame | None = None
) -> tuple[list[Label], str]:
    """Draw the limit of a figure unless it is far above.

    Parameters
    ----------
    axis : Axes
    series : AdoptionSeries
    dates : DatetimeIndex
        Of the figures that are drawn.
    highest : float
        Of what is drawn, in the unit of the series.
    ahead : DataFrame, optional
        05_limit: the limit as it is forecast.

    Returns
    -------
    list of Label
        One, or none.
    str
        Words for the line of units.
    """
    if series.limit is None:
        return [], ""
    title, known = lower_first(series.limit.title), pd.Series(series.limit.at(dates), dates)
    if known.min() > FAR * highest:
        return [], f"; the limit, {title}, is above at {say(known.iloc[-1])}"
    published = known[known.index <= series.limit.values.index[-1]]
    known = published if len(published) else known  # a limit of an earlier day still stands
    ahead = pd.DataFrame({"date": pd.DatetimeIndex([]), "mean": []}) if ahead is None else ahead
    ahead = ahead[ahead["date"] > known.index[-1]].set_index("date")
    line = pd.concat([known.tail(1), ahead["mean"]])
    axis.plot(known.index, known, "-", color=GREY, lw=1.4)
    axis.plot(line.index, line, "--", color=GREY, lw=1.4)
    last = line.iloc[-1]
    name = f"limit:\n{title.replace(' percent', '%')}"
    if not title[:1].isdigit():
        name += f" {say(last)}"
    if len(ahead) and ahead["q0.1"].iloc[-1] < ahead["q0.9"].iloc[-1]:  # a forecast itself, which is no limit
        name = f"{title}, expected:\n{say(last)}, 80% range:\n{join_range(*ahead[['q0.1', 'q0.9']].iloc[-1])}"
    return [Label(line.index[-1], last, name, GREY)], ""


def join_range(low: float, high: float) -> str:
    """A range that no line parts."""
    return say_range(low, high).replace(" to ", " to ".replace(" ", "\N{NO-BREAK SPACE}"))


def plot_course(
    series: AdoptionSeries,
    ax: Axes | None = None,
    found: Forecast | None = None,
    curve: tuple[str, pd.Series] | None = None,
    past: float = 2.0,
) -> Axes:
    """Draw a series with its limit, and a forecast and a fitted curve where they are given.

    Parameters
    ----------
    series : AdoptionSeries
    ax : matplotlib Axes, optional
        By default new ones in a figure of their own.
    found : Forecast, optional
        Of the series, with its limit ahead.
    curve : pair of str and Series, optional
        What the curve is, and its values by date.
    past : float
        Lengths of the way ahead for which figures are drawn.

    Returns
    -------
    matplotlib Axes
    """
    if ax is None:
        ax = pyplot.figure(figsize=_SIZE).add_axes(_AXES_PLACE)
    # What lies ahead of the figures: the quantiles of a forecast, the values of a curve, or nothing.
    values, newer = series.values.dropna().sort_index(), series.newer.join(series.readings)
    fan, line, ahead = pd.DataFrame(), pd.Series(dtype=float), None
    if found is not None:
        fan, ahead = found.quantiles.dropna(axis=1, how="all"), limit_frame(found)
    if curve is not None:
        line = curve[1]
    # The span: with nothing ahead all figures are drawn, with room for the words of a newer one.
    last = max([*values.index, *newer.index, *fan.index, *line.index])
    if len(fan) or len(line):
        values = values[values.index >= values.index[-1] - past * (last - values.index[-1])]
    begins = pd.DatetimeIndex(values.index if len(values) else newer.index)
    if not len(fan) and not len(line):
        last += 0.1 * (last - begins[0])
    # The forecast, the limit, and the curve as far as these leave room for it.
    labels, highest = list[Label](), max([*values, *newer["value"], *series.earlier])
    if found is not None and len(fan):
        labels, highest = _plot_forecast(ax, found, fan), max(highest, np.nanmax(fan))
    limit, told = plot_limit(ax, series, begins, highest, ahead)
    labels += limit
    top = 1.05 * max([highest, *(label.y for label in limit)])
    if curve is not None:
        line = line[values.index[0] :]
        inside = line[line <= top]
        ax.plot(inside.index, inside, "--", color=ORANGE, lw=1.8)
        name = curve[0] if line.iloc[-1] <= top else f"{curve[0]} goes on"
        labels.append(Label(inside.index[-1], inside.iloc[-1], name, ORANGE))
    # The figures, the breaks between them, and what all is called.
    told += plot_earlier(ax, series, {})
    plot_figures(ax, values, series.breaks, {}, 4.5, clip_on=False)
    told += shade_breaks(ax, series.breaks, begins)
    title = ", ".join(filter(None, [series.full_title, series.unit]))
    _finish_axes(ax, labels, (min([begins[0], *series.earlier.index]), last), top, title + told)
    plot_newer(ax, newer)  # its words look for room within the limits of the axes
    return ax


def _plot_forecast(axis: Axes, found: Forecast, fan: pd.DataFrame) -> list[Label]:
    """Draw the fan of a forecast (quantiles by date); labels of its median and of the quoted range."""
    rows, end = fan.rename(columns="q{:g}".format).reset_index(names="date"), fan.iloc[-1]
    levels = [level for level in found.levels if {*band_ends(level)} <= {*fan}]
    plot_fan(axis, rows, (found.used.index[-1], found.used.iloc[-1]), levels)
    median = Label(fan.index[-1], end[0.5], f"forecast: median {say(end[0.5])}", BLUE)
    if not levels:
        return [median]
    level = quoted_level(levels)
    low, high = (end[each] for each in band_ends(level))
    return [median, Label(fan.index[-1], high, f"{say_level(level)} range:\n{say_range(low, high)}", BLUE)]


def plot_result(result: Forecast, ax: Axes | None = None) -> Axes:
    """Draw a forecast with its figures and its limit; see `Forecast.plot`.

    Parameters
    ----------
    result : Forecast
    ax : Axes, optional
        None opens a figure.

    Returns
    -------
    Axes
    """
    return plot_course(result.printed, ax, result)


def show_result(result: Forecast, words: str) -> str:
    """A forecast's picture, and a table of its median and ranges, as HTML for a notebook; `words` describe it.

    Parameters
    ----------
    result : Forecast
    words : str
        Alternative text of the picture.

    Returns
    -------
    str
        HTML.
    """
    from .. import tables

    quantiles = result.quantiles
    shown = pd.DataFrame({"date": quantiles.index, "median": quantiles[0.5].array})
    for level in sorted(result.levels) if result.has_range else ():
        ends = (quantiles[end] for end in band_ends(level))
        shown[f"{say_level(level)} range"] = [say_range(low, high) for low, high in zip(*ends, strict=True)]
    shown["basis"] = result.frame()["basis"]
    note = f"Unit: {result.target.unit or 'that of the series'}."
    if result.has_range:
        note += " Tested: as far ahead as the ranges were tested."
    table = tables.show(shown, f"{result.target.title}: forecast", note)
    return f"{embed(plot_result(result, open_axes()), words)}\n{table.as_raw_html()}"


def _finish_axes(
    axis: Axes, labels: Sequence[Label], span: tuple[Any, ...], top: float, title: str, bottom: float = 0.0
) -> Axes:
    """Set limits, ticks and title, and write the labels at the right end.

    Parameters
    ----------
    axis : Axes
    labels : sequence of Label
        Those above `top` are left out.
    span : pair of dates, or of decimal years
    top, bottom : float
        Highest and lowest value shown.
    title : str

    Returns
    -------
    Axes
        The same.
    """
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(left=False, labelsize=SMALL, colors=GREY)
    axis.set_axisbelow(True)
    axis.set_ylim(bottom, top if top > bottom else bottom + 1)
    first, last = (float(axis.convert_xunits(end)) for end in span)
    axis.set_xlim(first - 0.02 * (last - first), last if last > first else first + 1)
    axis.set_title(title, loc="left", size=9.5, color=GREY, parse_math=False, wrap=True)
    if isinstance(span[0], pd.Timestamp):
        use_dates(axis, *span)
    use_numbers(axis)
    axis.grid(True, axis="y", color="#ececec")
    label_ends(axis, [label for label in labels if np.isfinite(label.y) and label.y <= top])
    return axis
