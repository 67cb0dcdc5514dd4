"""The explorer: a series, its upper limit, a curve, a date and a horizon; figure, verdict, forecast and numbers.

The figure comes first, with a word on what is still computed. A browser sends the next choice only after the answer to
the last one, so moves of a slider do not queue up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
from IPython.display import display

from .. import curves, forecast, indicators
from ..base.words import NO_FORECAST, lower_first, of_entity, say, say_date, say_end, say_first, say_name, say_range
from ..indicators.problems import suggest_names
from .figures import on_axes

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
    bound: str = "",
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
    bound : str
        Its upper limit, as a run takes it; where a series has no such limit, its own base or none.
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
    first, known_on = (entity, indicator), cache(data.known_on)
    offer = cache(lambda key, day: _list_limits(known_on(day), key, bound))
    predict = cache(
        lambda key, limit, day: forecast.forecast(offer(key, day)[limit], references=known_on(day).references())
    )
    offer(first, as_of)  # for its error, before anything is shown
    titles = {f"{key[0]}: {data.find_entry(key[1]).title}": key for key in [*indicators.list_studied(data), first]}
    [title] = [each for each, key in titles.items() if key == first]
    search, curve, ahead = _make_choices(title, sorted(titles), family, horizon_years)
    controls, shown = widgets.GridBox(layout=_GRID), widgets.HTML()

    def follow(change: Any = None) -> None:
        """Show what the controls say."""
        title, limit, day, family, years = (control.value for control in controls.children)
        key = titles[title]
        offered = offer(key, day)
        limit = limit if limit in offered else next(iter(offered))
        for each in _show_choice(offered[limit], family, years, lambda: predict(key, limit, day)):
            shown.value = each

    def open_series(change: Any = None) -> None:
        """Make the controls that depend on the series that the search box names; only the box where it names none."""
        found = _find_titles(search.value, titles)
        if search.value not in found:
            named = f"{len(found)} series have “{escape(search.value)}” in their name"
            shown.value = f"<p>{named}: pick one of the list.</p>"
            controls.children = (search,)
            if len(found) == 1:
                search.value = found[0]
            return
        key = titles[search.value]
        limit, known = _make_controls(offer(key, ""), as_of if key == first else "")
        controls.children = (search, limit, known, curve, ahead)
        limit.observe(follow, "value")
        known.observe(follow, "value")
        for control in controls.children:
            control.layout.width = "auto"
        follow()

    search.observe(open_series, "value")
    curve.observe(follow, "value")
    ahead.observe(follow, "value")
    display(widgets.VBox([controls, shown]))  # before anything is computed
    open_series()


def _find_titles(asked: str, titles: Collection[str]) -> list[str]:
    """The title that is asked for, or those that have all of its words."""
    words = asked.lower().split()
    return [asked] if asked in titles else [each for each in titles if all(word in each.lower() for word in words)]


def _make_choices(title: str, titles: list[str], family: str, years: int) -> tuple[Any, Any, Any]:
    """Controls that all series share: the series by its title, the curve, and the years ahead."""
    search = widgets.Combobox(value=title, options=titles, continuous_update=False, description="Series")
    search.layout.grid_column = "span 2"
    families = [(say_first(say_name(name)), name) for name in curves.FAMILIES]
    curve = widgets.Dropdown(options=families, value=family, description="Curve")
    most = max(_MAX_YEARS, years)
    return search, curve, widgets.IntSlider(years, 1, most, description="Years ahead", continuous_update=False)


def _list_limits(known: Any, key: tuple[str, str], bound: str) -> dict[str, Any]:
    """The series with each upper limit that it may have, by the limit's title; first `bound`, where that is one."""
    for wanted in (bound, key[1], ""):
        try:
            series = known.series(*key, wanted)
            break
        except indicators.DataError:
            if not wanted:
                raise
    return {title: series.with_bound(limit) for title, limit in known.offer_bounds(series).items()}


def _make_controls(offered: dict[str, Any], as_of: str) -> tuple[widgets.Dropdown, widgets.SelectionSlider]:
    """Controls of a series with its limits `offered`: the upper limit, and the days on which figures were published."""
    rows = next(iter(offered.values())).observations
    days = rows.loc[rows["bound"] == "exact", "published"].dt.strftime("%Y-%m-%d")
    dates = [(f"{pd.Timestamp(day):%-d %b %Y}", day) for day in sorted({*days, as_of} - {""})] + [("all data", "")]
    limit = widgets.Dropdown(options=[*offered], description="Upper limit")
    known = widgets.SelectionSlider(options=dates, value=as_of, description="Known on", continuous_update=False)
    return limit, known


def _show_choice(series: Any, family: str, years: int, predict: Callable[[], Any]) -> Iterator[str]:
    """HTML of the series and its curve; then of both with the forecast, the verdict and the numbers."""
    try:
        read = series.use_readings()
        fit = curves.FAMILIES[family](read.values, errors=read.errors, floor=read.highest).fit()
    except ValueError as error:  # what the data cannot carry
        yield _say_problem(error)
        return
    first = _draw_explored(series, fit, years)
    yield first + _COMPUTING
    try:
        found = predict().until(years)
        yield _draw_explored(series, fit, years, found) + _judge(series, found) + _tabulate(series, found)
    except ValueError as error:
        yield first + _say_problem(error) + _tabulate(series)


def _say_problem(error: ValueError) -> str:
    """A sentence on what the figures cannot carry, as HTML."""
    return f"<p role='alert'>{escape(say_first(str(error).rstrip('.')))}.</p>"


def _judge(series: Any, found: Any) -> str:
    """The forecast and the verdict on saturation, a sentence each, as HTML."""
    ceiling = found.assessed
    if found.kind == "fallen":
        ahead = f"{say_first(NO_FORECAST)}."
    elif found.refuted:
        ahead = "A newer figure refutes the forecast."
    else:
        end, date = found.quantiles.iloc[-1], say_date(found.dates[-1])
        ahead = f"{date}: median {say(end[0.5])}, 80% range {say_range(end[0.1], end[0.9], series.unit)}."
        ahead = f"{'What others did until' if found.kind == 'counted' else 'Forecast for'} {ahead}"
        if found.basis[-1] == "extrapolated":
            ahead += " No earlier technology has tested a range so far ahead."
    verdict = f"<b>{say_first(ceiling.verdict)}</b>: {escape(say_end(ceiling, series.unit, why=True))}."
    return f"<p>{escape(ahead)}<br>{verdict}</p>"


def _draw_explored(series: Any, fit: Any, years: int, found: Any = None) -> str:
    """The figure as an HTML image: figures, fitted curve, upper limit, and the forecast once there is one."""
    name, values = f"{say_name(fit.model.name)} curve", series.values
    end = values.index[-1] + pd.DateOffset(years=years) if found is None or not len(found.dates) else found.dates[-1]
    dates = pd.date_range(values.index[0], end, periods=_CURVE_POINTS)
    curve = pd.Series(np.asarray(fit.predict(dates)), dates)
    axis = on_axes.plot_course(series, on_axes.open_axes(200), found, (name, curve), _PAST)
    words = f"{of_entity(series.title, series.entity)} by date, with a fitted {name}"
    words += ", and the forecast" * (found is not None)
    return on_axes.embed(axis, escape(words), "width: 100%; max-width: 760px")


def _tabulate(series: Any, found: Any = None) -> str:
    """The last figures beside the forecast's numbers, as HTML tables."""
    values = series.values.iloc[-_ROWS:]
    given = pd.DataFrame({"Published": map(say_date, values.index), say_first(series.unit): map(say, values)})
    if series.bound is not None and not np.allclose(100 * series.share, series.values):
        shares = [say(100 * share, "percent") for share in series.share.iloc[-_ROWS:]]
        given[f"Share of {lower_first(series.bound.title)}"] = shares
    frames = [given]
    if found is not None and len(found.dates):
        fan = found.quantiles.iloc[np.unique(np.linspace(0, len(found.dates) - 1, _ROWS).round().astype(int))]
        ranges = [say_range(*ends) for ends in fan[[0.1, 0.9]].to_numpy()]
        medians = map(say, fan[0.5])
        frames.append(pd.DataFrame({"Forecast": map(say_date, fan.index), "Median": medians, "80% range": ranges}))
    tables = "".join(frame.to_html(index=False, border=0, justify="left", col_space=110) for frame in frames)
    return f'<div style="display: flex; flex-flow: wrap; align-items: start; gap: 3em; line-height: 1.3">{tables}</div>'
