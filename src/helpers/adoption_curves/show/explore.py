"""The explorer: a series, its upper limit, a curve, a date and a horizon; figure, verdict, forecast and numbers.

The figure comes first, with a word on what is still computed. A browser sends the next choice only after the answer to
the last one, so moves of a slider do not queue up.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from html import escape
from io import BytesIO
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from .. import curves, forecast, indicators
from ..base.words import NO_FORECAST, lower_first, of_entity, say, say_date, say_end, say_first, say_name, say_range
from . import figures

MAX_YEARS = 15
"""The furthest horizon of the slider."""
PAST = 3
"""Horizons of the past that are drawn."""
ROWS = 5
"""Rows of each table."""
POINTS = 121
COMPUTING = "<p role='status'>Computing the forecast and the verdict …</p>"


class Explorer(widgets.VBox):
    """Controls, figure, verdict and numbers of one series at a time.

    Parameters
    ----------
    data : Data
    key : tuple of str
        Entity and indicator of the first series.
    bound : str
        Its upper limit, as a run takes it; where a series has no such limit, its own base or none.
    family : str
    as_of : str
        Only figures that were public on this day exist; "" for all.
    horizon_years : int

    Raises
    ------
    DataError
        For an unknown series, or one without a figure on that day.
    """

    def __init__(self, data: Any, key: tuple[str, str], bound: str, family: str, as_of: str, horizon_years: int):
        self.bound, self.known_on = bound, cache(data.known_on)
        self.limits, self.predict = cache(self._list_limits), cache(self._predict)
        self.limits(key, as_of)  # for its error, before anything is shown
        keys = sorted({*indicators.list_studied(data), key})
        titles = [(f"{entity}: {data.find_entry(name).title}", (entity, name)) for entity, name in keys]
        families = [(say_first(say_name(name)), name) for name in curves.FAMILIES]
        years = {"value": horizon_years, "min": 1, "max": max(MAX_YEARS, horizon_years)}
        self.controls = {
            "series": widgets.Dropdown(options=titles, value=key, description="Series"),
            "limit": widgets.Dropdown(description="Upper limit"),
            "family": widgets.Dropdown(options=families, value=family, description="Curve"),
            "as_of": widgets.SelectionSlider(options=[""], description="Known on", continuous_update=False),
            "years": widgets.IntSlider(**years, description="Years ahead", continuous_update=False),
        }
        self.picture, self.verdict, self.numbers = (widgets.HTML() for _ in range(3))
        place = {"grid_template_columns": "repeat(auto-fit, minmax(270px, 1fr))", "grid_gap": "0 12px"}
        grid = widgets.GridBox([*self.controls.values()], layout=place)
        super().__init__([grid, self.picture, self.verdict, self.numbers])
        self._offer(as_of)
        for control in self.controls.values():
            control.layout.width = "auto"
            control.observe(self._follow, "value")

    def _follow(self, change: dict[str, Any]) -> None:
        if not self.busy:  # what `_offer` changes is one change
            if change["owner"] is self.controls["series"]:
                self._offer()
            self.update()

    def _offer(self, as_of: str = "") -> None:
        """Offer the upper limits of the chosen series, and the days on which its figures were published."""
        self.busy = True
        known = self.limits(self.controls["series"].value, "")
        rows = next(iter(known.values())).observations
        days = rows.loc[rows["bound"] == "exact", "published"].dt.strftime("%Y-%m-%d")
        days = sorted({*days, as_of} - {""})
        self.controls["limit"].options = [*known]
        self.controls["limit"].index = 0  # which it would leave open where it had no options before
        self.controls["as_of"].options = [*((f"{pd.Timestamp(day):%-d %b %Y}", day) for day in days), ("all data", "")]
        self.controls["as_of"].value = as_of
        self.busy = False

    def _list_limits(self, key: tuple[str, str], as_of: str) -> dict[str, Any]:
        """The series with each upper limit that it may have, by the limit's title."""
        known = self.known_on(as_of)
        for bound in (self.bound, key[1], ""):
            try:
                series = known.series(*key, bound)
                break
            except indicators.DataError:
                if not bound:
                    raise
        offered = known.offer_bounds(series)
        return {
            title: known.series(*key) if values is None else series.with_bound(values, series.bound_name, title)
            for title, values in offered.items()
        }

    def _predict(self, key: tuple[str, str], limit: str, as_of: str) -> Any:
        """The forecast of a series, to some horizon."""
        return forecast.forecast(self.limits(key, as_of)[limit], references=self.known_on(as_of).references())

    def update(self) -> None:
        """Draw the series and its curve; then compute the forecast and the verdict, and draw all."""
        key, limit, family, as_of, years = (control.value for control in self.controls.values())
        self.verdict.value, self.numbers.value = COMPUTING, ""
        try:
            offered = self.limits(key, as_of)
            series = offered.get(limit) or next(iter(offered.values()))
            read = series.use_readings()
            fit = curves.FAMILIES[family](read.values, errors=read.errors, floor=read.highest).fit()
        except ValueError as error:  # what the data cannot carry
            self.picture.value, self.verdict.value = "", say_problem(error)
            return
        self.picture.value = draw(series, fit, years)
        try:
            found = self.predict(key, series.bound_title or "none", as_of).until(years)
            self.picture.value = draw(series, fit, years, found)
            self.verdict.value = judge(series, found)
            self.numbers.value = tabulate(series, found)
        except ValueError as error:
            self.verdict.value, self.numbers.value = say_problem(error), tabulate(series)


def say_problem(error: ValueError) -> str:
    """A sentence on what the figures cannot carry, as HTML."""
    return f"<p role='alert'>{escape(say_first(str(error).rstrip('.')))}.</p>"


def judge(series: Any, found: Any) -> str:
    """The forecast and the verdict on saturation, a sentence each, as HTML."""
    ceiling = found.assessed
    if found.kind == "fallen":
        ahead = f"{say_first(NO_FORECAST)}."
    elif found.refuted:
        ahead = "A newer figure refutes the forecast."
    else:
        end, date = found.quantiles.iloc[-1], say_date(found.dates[-1])
        ahead = f"Forecast for {date}: median {say(end[0.5])}, 80% range {say_range(end[0.1], end[0.9], series.unit)}."
    if found.kind == "forecast" and not found.refuted and not found.tested[-1]:
        ahead += " No earlier technology has tested a range so far ahead."
    verdict = f"<b>{say_first(ceiling.verdict)}</b>: {escape(say_end(ceiling, series.unit, why=True))}."
    return f"<p>{escape(ahead)}<br>{verdict}</p>"


def draw(series: Any, fit: Any, years: int, found: Any = None) -> str:
    """The figure as an HTML image: figures, fitted curve, upper limit, and the forecast once there is one."""
    axis, values = figures.open_axes(200), series.values
    end = values.index[-1] + pd.DateOffset(years=years) if found is None or not len(found.dates) else found.dates[-1]
    values = values[values.index >= values.index[-1] - PAST * (end - values.index[-1])]
    dates = pd.date_range(values.index[0], end, periods=POINTS)
    labels, shown = [], [values, series.newer["value"]]
    if found is not None and len(found.dates):
        known = found.target.values  # with a newer figure of which both ends are known
        fan = found.quantiles.rename(columns="q{:g}".format).reset_index()
        labels += figures.plot_forecast(axis, fan, known[known.index >= values.index[0]], found.levels)
        shown.append(found.quantiles.max())
    if series.bound is not None:
        known = series.bound[series.bound.index.slice_indexer(values.index[0], end)]
        known = known if len(known) else series.bound.iloc[-1:]
        ahead = known.iloc[:0] if found is None else pd.Series(found.limit_ahead(found.years)[0], found.dates)
        labels += figures.plot_bound(axis, known, ahead[ahead.index > known.index[-1]])
        shown += [known, ahead]
    top = 1.05 * max(np.nanmax(each) for each in shown if len(each))
    curve = pd.Series(np.asarray(fit.predict(dates)), dates)
    name = f"{say_name(fit.model.name)} curve"
    labels += figures.plot_fit(axis, values, curve[curve <= top], name if curve.iloc[-1] <= top else f"{name} goes on")
    figures.plot_newer(axis, series.newer)
    figures.finish_axes(axis, labels, (values.index[0], end), top, f"{series.full_title}, {series.unit}")
    picture = BytesIO()
    axis.figure.savefig(picture, format="png")
    words = f"{of_entity(series.title, series.entity)} by date, with a fitted {name}" + ", and the forecast" * bool(
        found
    )
    source = b64encode(picture.getvalue()).decode()
    return f'<img alt="{escape(words)}" style="width: 100%; max-width: 760px" src="data:image/png;base64,{source}">'


def tabulate(series: Any, found: Any = None) -> str:
    """The last figures beside the forecast's numbers, as HTML tables."""
    values = series.values.iloc[-ROWS:]
    given = pd.DataFrame({"Published": map(say_date, values.index), say_first(series.unit): map(say, values)})
    if series.bound is not None and not np.allclose(100 * series.share, series.values):
        shares = [say(100 * share, "percent") for share in series.share.iloc[-ROWS:]]
        given[f"Share of {lower_first(series.bound_title)}"] = shares
    frames = [given]
    if found is not None and len(found.dates):
        fan = found.quantiles.iloc[np.unique(np.linspace(0, len(found.dates) - 1, ROWS).round().astype(int))]
        ranges = [say_range(*ends) for ends in fan[[0.1, 0.9]].to_numpy()]
        medians = map(say, fan[0.5])
        frames.append(pd.DataFrame({"Forecast": map(say_date, fan.index), "Median": medians, "80% range": ranges}))
    tables = "".join(frame.to_html(index=False, border=0, justify="left", col_space=110) for frame in frames)
    return f'<div style="display: flex; flex-flow: wrap; align-items: start; gap: 3em; line-height: 1.3">{tables}</div>'
