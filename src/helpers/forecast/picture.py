"""A forecast as a picture and a table.

The only part of `forecast` that knows `figures` and `tables`, and only when it's asked to draw.
"""

from __future__ import annotations

from base64 import b64encode
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.levels import band_columns, band_ends, say_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.forecast.model import Forecast


def plot_forecast(made: Forecast, ax: Axes | None = None) -> Axes:
    """Draw the fan of the published method with observations and bound.

    Parameters
    ----------
    made : Forecast
    ax : matplotlib Axes, or None for new ones in a figure of their own

    Returns
    -------
    matplotlib Axes
    """
    from matplotlib import pyplot

    from helpers import figures

    ax = pyplot.figure(figsize=figures.SIZE).add_axes(figures.ROOM) if ax is None else ax
    values, fan = made.subject.values.dropna().sort_index(), list_fan(made)
    values = values[values.index >= made.origin - 2 * (made.dates[-1] - made.origin)]
    labels = figures.plot_forecast(ax, fan, values, made.levels)
    top = max(values.max(), fan[band_columns(max(made.levels))[1]].max())
    bound = bound_ahead(made)
    if bound is not None:
        labels += figures.plot_bound(ax, *bound)
        top = max(top, bound[0].max(), bound[1].max())
    return figures.finish_axes(ax, labels, (values.index[0], made.dates[-1]), 1.05 * top, made.subject.title)


def list_fan(made: Forecast) -> pd.DataFrame:
    """Quantiles of the published method: date and a column ``q<level>`` each."""
    return made.quantiles.rename(columns=lambda level: f"q{level:g}").reset_index()


def bound_ahead(made: Forecast) -> tuple[pd.Series, pd.Series] | None:
    """The bound as known at the observations, and as forecast at the dates ahead, two Series; None without one."""
    if not made.windows.bounded:
        return None
    known = made.subject.known_bound
    known = known[known.index >= made.subject.values.index[0]] if len(known) > 1 else known
    ahead = pd.Series(made.ahead_of(made.years).bounds[0], made.dates)
    return known, ahead[ahead.index > known.index[-1]]


def draw_html(made: Forecast) -> str:
    """The fan and the table below it, as HTML for a notebook."""
    from helpers import figures, tables

    picture = BytesIO()
    plot_forecast(made, figures.open_axes()).figure.savefig(picture, format="png")
    shown = list_bands(made)
    note = f"Unit: {made.subject.unit or 'that of the series'}. Calibrated: as far ahead as the bands were tested."
    table = tables.show(shown, f"{made.subject.title}: combined forecast", note)
    source = b64encode(picture.getvalue()).decode()
    return f'<img alt="{escape(repr(made))}" src="data:image/png;base64,{source}">\n{table.as_raw_html()}'


def list_bands(made: Forecast) -> pd.DataFrame:
    """Median and bands by date, each band as one text.

    Returns
    -------
    DataFrame
        date, median, a column for each level (from the narrowest), basis.
    """
    from helpers.figures.style import say_range

    found = made.quantiles
    frame = pd.DataFrame({"date": made.dates, "median": found[0.5].to_numpy()})
    for level in sorted(made.levels):
        ends = [found[end] for end in band_ends(level)]
        frame[f"{say_level(level)} band"] = [say_range(low, high) for low, high in zip(*ends, strict=True)]
    return frame.assign(basis=np.where(made.tested, "calibrated", "extrapolated"))


def say_forecast(made: Forecast) -> str:
    """One line: whose forecast, from where, to when, and the quoted band."""
    from helpers.figures.style import say, say_date, say_range

    end = made.quantiles.iloc[-1]
    start = made.windows.values[0, -1]
    low, high = band_ends(made.level)
    return (
        f"{made.subject.title}: {say(start, made.subject.unit)} in {say_date(made.origin)}; forecast for "
        f"{say_date(made.dates[-1])}: {say_range(end[low], end[high], made.subject.unit)} ({say_level(made.level)} "
        f"band, median {say(end[0.5])})"
    )
