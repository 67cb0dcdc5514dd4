"""Checks of a run's parameters against the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.dates import SHORTEST, SHORTEST_SPAN, decimal_years
from ..base.project import RunError, UserError, shorten_path
from ..base.words import NO_FORECAST, of_entity, say_amount, say_count, say_day
from .parameters import ParameterError, Parameters, complete_parameters, read_parameters, suggest

MOST_NOTES = 12
FAR_ABOVE = 1000
"""Times the last figure from which on a limit is doubted."""


def count_figures(series: Any) -> int:
    """Number of usable figures: those above 0, up to 3; figures all within half a year count as one."""
    dates = series.values.index[series.values > 0]
    near = len(dates) > 0 and np.ptp(decimal_years(dates)) < SHORTEST_SPAN
    return 1 if near else min(len(dates), SHORTEST)


def check_parameters(
    parameters: Parameters, load: Callable[..., Any] | None = None, calibrated: set[str] | None = None
) -> Any:
    """Check the values against the data and the families, and return the data.

    `load` is `adoption_curves.indicators.load` by default, or one that remembers; `calibrated` are technologies whose
    forecast can be calibrated on the others there, and gets that of the series.

    Raises
    ------
    ParameterError
        If the data know no such entity, indicator or bound, or too few figures, or the curves no such family.
    adoption_curves.indicators.DataError
        If the data themselves are wrong.
    """
    from .. import indicators

    if set(parameters.families) - set(Parameters().families):
        from ..curves import FAMILIES

        for family in parameters.families:
            if family not in FAMILIES:
                raise ParameterError(f"parameter 'families' has the unknown '{family}'{suggest(family, FAMILIES)}")
    source = parameters.source
    if not os.path.lexists(source.path):
        missing = f"there is no such folder or file: {shorten_path(source.path)}"
        raise ParameterError(f"parameter 'data' is '{parameters.data}', but {missing}")
    data = (load or indicators.load)(str(source), as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    _check_figures(data, series, parameters)
    if parameters.as_of or parameters.data != Parameters().data:  # with its own data as of today it does
        from ..forecast import LEAST_TECHNOLOGIES, can_calibrate

        known = calibrated is not None and series.technology in calibrated
        if not known and not can_calibrate(data.references(exclude=series)):
            name = "as_of" if parameters.as_of else "data"
            raise ParameterError(
                f"parameter '{name}' is '{getattr(parameters, name)}', and fewer than {LEAST_TECHNOLOGIES} other "
                "technologies have enough figures there to calibrate a forecast on. Choose a later as_of, or data with "
                "more references"
            )
        if calibrated is not None:
            calibrated.add(series.technology)
    if parameters.horizon_years < 1:  # a longer one reaches the next date of any series
        from ..forecast import next_dates

        try:
            next_dates(series.values[series.values > 0].index, parameters.horizon_years)
        except ValueError as error:
            raise ParameterError(f"parameter {error}") from error
    return data


def _check_figures(data: Any, series: Any, parameters: Parameters) -> None:
    """Refuse a series of too few figures, which without a bound are fewer than three."""
    values, what = series.values[series.values > 0], of_entity(parameters.indicator, parameters.entity)
    if count_figures(series) < (SHORTEST if series.bound is None else 1):
        figures = say_count(len(values), "exact figure")
        until = data.until()
        hard = series.breaks[series.breaks["kind"] == "break"]
        before = hard[hard["date"] <= series.values.index[0]].tail(1)
        parting = before if len(before) else hard.head(1 if len(series.later) else 0)
        for at in parting.itertuples():
            side = "after" if len(before) else "before"
            until = f" {side} the break of {at.date:%Y-%m-%d} ({at.reason}), which no fit crosses{until}"
        day = data.public_on(parameters.entity, parameters.indicator, SHORTEST) if data.until() else ""
        hint = f"a later as_of: the third became public on {day}" if day > parameters.as_of else "a later as_of"
        raise ParameterError(
            f"{what} has {figures} above 0{until}; a forecast without an upper limit needs {SHORTEST}, half a year "
            "apart: a slope, and a way to judge it. With an upper limit one is enough. Give one (-p bound), or choose "
            f"another indicator or {hint}"
        )


def list_notes(data: Any, parameters: Parameters) -> list[str]:
    """Lines on own data: how the file was read, its unit, and what of the series is doubtful or left out."""
    from .. import indicators

    pair = parameters.entity, parameters.indicator
    units = [indicators.say_units(data, [pair])] if data.is_beside else []
    series = data.series(*pair, bound=parameters.bound)
    if data.is_beside and parameters.bound not in ("", "100"):
        units.append(f"limit: {series.bound_title}")
    notes = indicators.list_warnings(data, [pair]) + list_left_out(series) + list_high_limits(series)
    return [*(f"understood: {one}" for one in data.understood), *units, *(f"note: {note}" for note in notes)]


def list_high_limits(series: Any) -> list[str]:
    """Note on a limit so far above the last figure that it may be in another unit."""
    last, limit = series.values.iloc[-1], 0.0 if series.bound is None else series.bound.iloc[-1]
    if limit <= FAR_ABOVE * last or last <= 0:
        return []
    words = f"The limit, {say_amount(limit, series.unit)}, is more than {FAR_ABOVE:,} times the last figure"
    return [f"{words}, {say_amount(last, series.unit)}; a number is read in the unit that the file prints."]


def refuse_left_out(data: Any) -> None:
    """Refuse own data of which a cell or a row was left out, as `--strict` asks.

    Raises
    ------
    RunError
    """
    if left := [line for line in data.understood if "left out" in line]:
        raise RunError(f"{data.path.name} was not read whole, which --strict asks for: {'; '.join(left)}.")


def list_left_out(series: Any) -> list[str]:
    """Sentences on what curves and forecast leave out of a series, and on a series that has fallen."""
    from ..curves import has_fallen

    what, notes = of_entity(series.indicator, series.entity), []
    if len(series.earlier):
        hard = series.breaks[series.breaks["kind"] == "break"]
        last = hard[hard["date"] <= series.values.index[0]].iloc[-1]
        figures = say_count(len(series.earlier), "figure")
        notes.append(f"{figures} of {what} before the break of {last['date']:%Y-%m-%d} ({last['reason']}) left out.")
    notes += [f"{what}: {series.segment_note}"] if series.segment_note else []
    values = series.values[series.values > 0]
    if len(values) < len(series.values):
        zeros = say_count(len(series.values) - len(values), "figure")
        notes.append(f"{zeros} of 0 of {what} left out of curves and forecast: growth from nothing has no rate.")
    past = has_fallen(decimal_years(values.index), values)
    if past:
        highest = f"{say_amount(values.max(), series.unit)} on {say_day(values.idxmax())}"
        last = f"{say_amount(values.iloc[-1], series.unit)} on {say_day(values.index[-1])}"
        notes.append(f"{what}: {NO_FORECAST}, from {highest} to {last}. Curves of adoption only rise and do not apply.")
    if not past and len(values) > 1 and values.max() <= values.iloc[0]:
        first = f"{say_amount(values.iloc[0], series.unit)} on {say_day(values.index[0])}"
        said = "no curve says where it ends, and the forecast continues it."
        notes.append(f"{what} never rises above its first figure, {first}; {said}")
    return notes


def find_refusals(data: Any, source: str) -> tuple[list[str], list[str]]:
    """Series of own data that a run would refuse, and notes on what it would leave out of the others.

    Parameters
    ----------
    data : Data
    source : str
        The parameter `data` that a run would have.

    Returns
    -------
    refused : list of str
        A sentence for each series, as the run would say it.
    notes : list of str
    """
    from .. import indicators

    refused, notes, calibrated = list[str](), list[str](), set[str]()

    def load(path: str, as_of: str = "") -> Any:
        return data

    for entity, indicator in indicators.list_studied(data):
        try:
            given = read_parameters({"data": source, "entity": entity, "indicator": indicator})
            chosen = complete_parameters(given, load)
            check_parameters(chosen, load, calibrated)
        except UserError as error:
            refused.append(str(error))
        else:
            notes += list_left_out(data.series(entity, indicator, chosen.bound)) if len(notes) < MOST_NOTES else []
    return refused, notes[:MOST_NOTES]
