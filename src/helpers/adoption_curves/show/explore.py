"""The explorer: a series, its limit, a curve, a date and a horizon; figure, verdict, forecast and numbers.

The figure comes first, with a word on what is still computed. A browser sends the next choice only after the answer to
the last one, so moves of a slider do not queue up.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import display

from .. import curves, forecast, indicators
from ..base.project import import_extra
from ..base.words import (
    GIVES_RANGE,
    NO_FORECAST,
    TOO_FEW,
    lower_first,
    of_entity,
    say,
    say_date,
    say_end,
    say_first,
    say_name,
    say_range,
)
from ..indicators.problems import suggest_names
from .answers import assess_series
from .figures import on_axes

widgets = import_extra("ipywidgets", "lab", "The explorer")

_MAX_YEARS = 15  # the furthest horizon of the slider
_PAST = 3  # horizons of the past that are drawn
_ROWS = 5  # rows of each table
_CURVE_POINTS = 241  # of a curve
_GRID = {"grid_template_columns": "repeat(auto-fit, minmax(270px, 1fr))", "grid_gap": "0 12px"}  # of the controls
_COMPUTING = "<p role='status'>Computing the forecast and the verdict …</p>"


def explore(
    data: Any,
    entity: str,
    indicator: str,
    limit: str = "",
    family: str = "logistic",
    as_of: str = "",
    horizon_years: int = 5,
) -> None:
    """Display the explorer: controls, figure, verdict and numbers of one series at a time.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        The first series.
    limit : str
        Its limit, as a run takes it; any other series has that of the data first.
    family : str
        The first curve.
    as_of : str
        Only figures that were public on this day (YYYY-MM-DD) exist; "" for all.
    horizon_years : int

    Raises
    ------
    DataError
        For an unknown series, or one without a figure on that day.
    ValueError
        For an unknown family.
    """
    if family not in curves.FAMILIES:
        raise ValueError(f"families has the unknown {family!r}; {suggest_names(family, curves.FAMILIES)}")
    explorer = _Explorer(data, (entity, indicator), limit, family, as_of, horizon_years)
    display(widgets.VBox([explorer.controls, explorer.shown]))  # before anything is computed
    explorer.open_series()


class _Explorer:
    """The controls of the explorer and what is shown below them; parameters as for `explore`."""

    def __init__(self, data: Any, first: tuple[str, str], limit: str, family: str, as_of: str, years: int):
        self.first, self.limit, self.as_of = first, limit, as_of
        self.known_on, self.predict = cache(data.known_on), cache(self._predict)
        self.offer(first, as_of)  # for its error, before anything is shown
        keys = [*indicators.list_studied(data), first]
        self.keys = {f"{entity}: {data.find_entry(name).title}": (entity, name) for entity, name in keys}
        [title] = [title for title, key in self.keys.items() if key == first]
        options = sorted(self.keys)
        self.search = widgets.Combobox(value=title, options=options, continuous_update=False, description="Series")
        families = [(say_first(say_name(name)), name) for name in curves.FAMILIES]
        self.curve = widgets.Dropdown(options=families, value=family, description="Curve")
        most = max(_MAX_YEARS, years)
        self.ahead = widgets.IntSlider(years, 1, most, description="Years ahead", continuous_update=False)
        self.controls, self.shown = widgets.GridBox(layout=_GRID), widgets.HTML()
        self.search.layout.grid_column = "span 2"
        self.search.observe(self.open_series, "value")
        self.curve.observe(self.show_choice, "value")
        self.ahead.observe(self.show_choice, "value")

    def offer(self, key: tuple[str, str], day: str) -> dict[str, Any]:
        """The series as known on a day with each limit that it may have, by the limit's title; first ours."""
        known = self.known_on(day)
        series = known.series(*key, self.limit if key == self.first else "")
        return {title: series.with_limit(limit) for title, limit in known.offer_limits(series).items()}

    def _predict(self, key: tuple[str, str], limit: str, day: str) -> Any:
        """The forecast that a run with one of its limits makes of a series, from what was known on a day."""
        known, series = self.known_on(day), self.offer(key, day)[limit]
        most = forecast.find_most(known.offer_limits(series))
        return forecast.forecast(series, most=most)

    def open_series(self, change: Any = None) -> None:
        """Make the controls that depend on the series that the search box names; only the box where it names none."""
        asked = self.search.value
        if asked not in self.keys:
            found = [title for title in self.keys if all(word in title.lower() for word in asked.lower().split())]
            named = f"{len(found)} series have “{escape(asked)}” in their name"
            self.shown.value = f"<p>{named}: pick one of the list.</p>"
            self.controls.children = (self.search,)
            if len(found) == 1:
                self.search.value = found[0]  # which opens it
            return
        key = self.keys[asked]
        limit, known = _make_controls(self.offer(key, ""), self.as_of if key == self.first else "")
        self.controls.children = (self.search, limit, known, self.curve, self.ahead)
        limit.observe(self.show_choice, "value")
        known.observe(self.show_choice, "value")
        for control in self.controls.children:
            control.layout.width = "auto"
        self.show_choice()

    def show_choice(self, change: Any = None) -> None:
        """Show the series and its curve as the controls say; then both with the forecast, verdict and numbers."""
        title, limit, day, family, years = (control.value for control in self.controls.children)
        key = self.keys[title]
        offered = self.offer(key, day)
        limit = limit if limit in offered else next(iter(offered))
        series = offered[limit]
        try:
            read = series.use_readings()
            fit = curves.FAMILIES[family](read.values, errors=read.errors, floor=read.highest).fit()
        except ValueError as error:  # what the data cannot carry
            self.shown.value = _say_problem(error) + _tabulate(series)
            return
        first = _draw_explored(series, fit, years)
        self.shown.value = first + _COMPUTING
        try:
            found = self.predict(key, limit, day).until(years)
            numbers = _judge(series, found) + _tabulate(series, found)
            self.shown.value = _draw_explored(series, fit, years, found) + numbers
        except ValueError as error:
            self.shown.value = first + _say_problem(error) + _tabulate(series)


def _make_controls(offered: dict[str, Any], as_of: str) -> tuple[Any, Any]:
    """Controls of a series with its limits `offered`: the limit, and the days on which figures were published."""
    rows = next(iter(offered.values())).observations
    days = rows.loc[rows["qualifier"] == "exact", "published"].dt.strftime("%Y-%m-%d")
    dates = [(f"{pd.Timestamp(day):%-d %b %Y}", day) for day in sorted({*days, as_of} - {""})] + [("all data", "")]
    limit = widgets.Dropdown(options=[*offered], description="Limit")
    known = widgets.SelectionSlider(options=dates, value=as_of, description="Known on", continuous_update=False)
    return limit, known


def _say_problem(error: ValueError) -> str:
    """A sentence on what the figures cannot carry, as HTML."""
    return f"<p role='alert'>{escape(say_first(str(error).rstrip('.')))}.</p>"


def _judge(series: Any, found: Any) -> str:
    """The forecast and the verdict on saturation, a sentence each, as HTML."""
    ends = assess_series(series)
    if found.kind != "forecast":
        ahead = f"{say_first(NO_FORECAST if found.kind == 'fallen' else TOO_FEW)}."
    elif found.refuted:
        ahead = "A newer figure refutes the forecast."
    else:
        end, date = found.quantiles.iloc[-1], say_date(found.dates[-1])
        ahead = f"Forecast for {date}: median {say(end[0.5], series.unit)}, without a range."
        if found.has_range:
            ahead = f"Forecast for {date}: median {say(end[0.5])}, "
            ahead += f"80% range {say_range(end[0.1], end[0.9], series.unit)}."
        elif not found.has_limit and series.measure != "flow":
            ahead += f" {GIVES_RANGE.format('Another limit')}"
        if found.basis[-1] == "extrapolated":
            ahead += " No earlier technology has tested a forecast so far ahead."
    verdict = f"<b>{say_first(ends.verdict)}</b>: {escape(say_end(ends, series.unit, why=True))}."
    return f"<p>{escape(ahead)}<br>{verdict}</p>"


def _draw_explored(series: Any, fit: Any, years: int, found: Any = None) -> str:
    """The figure as an HTML image: figures, fitted curve, limit, and the forecast once there is one."""
    held = ", held at the highest figure" if fit.best.held else ""
    name, values = f"{say_name(fit.model.name)} curve{held}", series.values
    end = values.index[-1] + pd.DateOffset(years=years) if found is None or not len(found.dates) else found.dates[-1]
    dates = pd.date_range(values.index[0], end, periods=_CURVE_POINTS)
    curve = pd.Series(np.asarray(fit.predict(dates)), dates)
    axis = on_axes.open_axes(200)
    axis.plot(curve.index, curve, color="black", lw=1)
    on_axes.plot_course(series, axis, found)
    words = f"{of_entity(series.title, series.entity)} by date, with a fitted {name}"
    if found is not None:
        words += ", and the forecast"
    return on_axes.embed(axis, escape(words), "width: 100%; max-width: 760px")


def _tabulate(series: Any, found: Any = None) -> str:
    """The last figures beside the forecast's numbers, as HTML tables."""
    values = series.values.iloc[-_ROWS:]
    given = pd.DataFrame({"Published": map(say_date, values.index), say_first(series.unit): map(say, values)})
    if series.limit is not None and not np.allclose(100 * series.share, series.values):
        shares = [say(100 * share, "percent") for share in series.share.iloc[-_ROWS:]]
        given[f"Share of {lower_first(series.limit.title)}"] = shares
    frames = [given]
    if found is not None and len(found.dates):
        fan = found.quantiles.iloc[np.unique(np.linspace(0, len(found.dates) - 1, _ROWS).round().astype(int))]
        shown = pd.DataFrame({"Forecast": map(say_date, fan.index), "Median": map(say, fan[0.5])})
        if found.has_range:
            shown["80% range"] = [say_range(*ends) for ends in fan[[0.1, 0.9]].to_numpy()]
        frames.append(shown)
    tables = "".join(frame.to_html(index=False, border=0, justify="left", col_space=110) for frame in frames)
    return f'<div style="display: flex; flex-flow: wrap; align-items: start; gap: 3em; line-height: 1.3">{tables}</div>'
