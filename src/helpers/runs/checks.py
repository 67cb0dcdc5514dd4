"""What of a run's parameters can only be checked against the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ..base.choices import split_choices
from ..base.project import find_data, shorten_path
from ..base.wording import say_count
from .parameters import ParameterError, Parameters, suggest

FEWEST_POINTS, FEWEST_DAYS = 3, 179


def count_figures(series: Any) -> int:
    """How many figures above 0 a forecast has of a series, at most three; within half a year only the last counts."""
    dates = series.values.index[series.values > 0]
    near = len(dates) > 0 and (dates[-1] - dates[0]).days < FEWEST_DAYS
    return 1 if near else min(len(dates), FEWEST_POINTS)


def check_parameters(parameters: Parameters, load: Callable[..., Any] | None = None) -> Any:
    """Check the values against the data and the families, and return the data.

    `load` is `helpers.indicators.load` by default, or one that remembers.

    Raises
    ------
    ParameterError
        If the data know no such entity, indicator or bound, or too few figures, or the curves no such family.
    helpers.indicators.DataError
        If the data themselves are wrong.
    """
    from .. import indicators

    if set(parameters.families) - set(Parameters().families):
        from ..curves import FAMILIES

        for family in parameters.families:
            if family not in FAMILIES:
                raise ParameterError(f"parameter 'families' has the unknown '{family}'{suggest(family, FAMILIES)}")
    source = find_data(parameters.data)
    path, _ = split_choices(source)
    if not os.path.lexists(path):
        missing = f"there is no such folder or file: {shorten_path(path)}"
        raise ParameterError(f"parameter 'data' is '{parameters.data}', but {missing}")
    data = (load or indicators.load)(str(source), as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    _check_figures(data, series, parameters)
    if parameters.as_of or parameters.data != Parameters().data:  # with its own data as of today it does
        from ..forecast import LEAST_TECHNOLOGIES, can_calibrate

        if not can_calibrate(data.references(exclude=series)):
            name = "as_of" if parameters.as_of else "data"
            raise ParameterError(
                f"parameter '{name}' is '{getattr(parameters, name)}', and fewer than {LEAST_TECHNOLOGIES} other "
                "technologies have enough figures there to calibrate a forecast on. Choose a later as_of, or data with "
                "more references"
            )
    if parameters.horizon_years < 1:  # a longer one reaches the next date of any series
        from ..forecast import next_dates

        try:
            next_dates(series.values[series.values > 0].index, parameters.horizon_years)
        except ValueError as error:
            raise ParameterError(f"parameter {error}") from error
    return data


def _check_figures(data: Any, series: Any, parameters: Parameters) -> None:
    """Refuse a series of too few figures, which without a bound are fewer than three, or one in which nothing rises."""
    values, what = series.values[series.values > 0], f"{parameters.indicator} of {parameters.entity}"
    if count_figures(series) < (FEWEST_POINTS if series.bound is None else 1):
        figures = say_count(len(values), "exact figure")
        until = data.until()
        day = data.public_on(parameters.entity, parameters.indicator, FEWEST_POINTS) if until else ""
        hint = f"a later as_of: the third became public on {day}" if day > parameters.as_of else "a later as_of"
        raise ParameterError(
            f"{what} has {figures} above 0{until}; a forecast without a bound needs {FEWEST_POINTS}, half a year "
            "apart: a slope, and a way to judge it. With a bound one is enough. Give a bound, or choose another "
            f"indicator or {hint}"
        )
    if len(values) > 1 and values.max() <= values.iloc[0]:
        first = f"{what} never rises above its first figure above 0, {values.iloc[0]:g} on {values.index[0]:%Y-%m-%d}"
        raise ParameterError(f"{first}: there is no adoption to fit. Choose another indicator")


def print_warnings(data: Any, parameters: Parameters) -> None:
    """Tell how a file of own data was read, and what is doubtful in the data of the series in question."""
    from .. import indicators

    for understood in data.understood:
        print(f"understood: {understood}", flush=True)
    for doubt in indicators.list_warnings(data, [(parameters.entity, parameters.indicator)]):
        print(f"note: {doubt}", flush=True)
