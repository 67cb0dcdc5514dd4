"""One series, fit or forecast on matplotlib axes: the charts of `.plot()`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from matplotlib import pyplot
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...base.levels import band_columns
from ...forecast import Forecast
from ...forecast.result_tables import limit_frame
from ...indicators import AdoptionSeries
from . import course
from .style import GREY, GRID, SMALL, draw_png, use_dates, use_numbers

_SIZE = (7.6, 4.2)  # of a figure, in inches


def plot_course(series: AdoptionSeries, ax: Axes | None = None, result: Forecast | None = None) -> Axes:
    """Draw a series with its upper limit and, if there is one, its forecast; see `AdoptionSeries.plot`.

    Parameters
    ----------
    series : AdoptionSeries
    ax : matplotlib Axes, optional
        Axes to draw on; by default those of a new figure.
    result : Forecast, optional
        Forecast of the series.

    Returns
    -------
    matplotlib Axes
    """
    fan, ahead, since = course.NO_FORECAST, course.NO_FORECAST, None
    levels: tuple[float, ...] = ()
    if result is not None and len(result.dates):
        fan, ahead, levels = result.frame().dropna(axis=1, how="all"), limit_frame(result), result.levels
        before = series.values[series.values.index < fan["date"].iloc[0]].index
        since = before[before >= before[-1] - course.PAST * (fan["date"].iloc[-1] - before[-1])][0]
    ax = pyplot.figure(figsize=_SIZE, layout="constrained").add_subplot() if ax is None else ax
    key = course.plot_course(ax, series, fan, ahead, levels, since)
    return _finish_axes(ax, ", ".join(filter(None, [series.full_title, series.unit])), key)


def _finish_axes(axis: Axes, title: str, key: Sequence[Artist]) -> Axes:
    """Set title, key and ticks of axes, independently of the user's style."""
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.grid(True, axis="y", color=GRID)
    axis.set_axisbelow(True)
    axis.set_title(title, loc="left", size=9.5, color=GREY, parse_math=False, wrap=True)
    use_numbers(axis)
    if axis.xaxis.get_converter() is not None:
        use_dates(axis, axis.get_window_extent().width / axis.figure.dpi)
    if key:
        axis.legend(handles=list(key), fontsize=SMALL, frameon=False)
    return axis


def show_result(result: Forecast, words: str) -> str:
    """Chart of a forecast with a table of its median and intervals, as HTML for a notebook.

    Parameters
    ----------
    result : Forecast
    words : str
        Alternative text of the chart, as HTML.

    Returns
    -------
    str
        HTML.
    """
    from .. import tables

    figure = Figure(_SIZE, layout="constrained")  # notebooks would also display a figure of pyplot
    FigureCanvasAgg(figure)
    plot_course(result.printed, figure.add_subplot(), result)
    picture = b64encode(draw_png(figure)).decode()
    ends = [end for level in sorted(result.levels) for end in band_columns(level)]
    rows = result.frame().filter(["date", "q0.5", *ends, "basis"])
    note = f"Unit: {result.target.unit or 'that of the series'}."
    if result.has_range:
        note += " Tested: within the horizon for which the intervals were tested."
    table = tables.show(rows, f"{result.target.title}: forecast", note)
    return f'<img alt="{words}" width="730" src="data:image/png;base64,{picture}">\n{table.as_raw_html()}'
