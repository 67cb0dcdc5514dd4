"""Checks of a run's parameters against the data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..base import words
from ..base.dates import decimal_years
from ..base.fallen import LEAST_APART, has_fallen, pick_last
from ..base.project import RunError, Source, UserError
from .manifest import find_last, find_table, list_tables, locate
from .parameters import ParameterError, Parameters, complete_parameters, read_parameters, suggest
from .table_files import read_csv

MOST_NOTES = 12
_FAR_ABOVE = 1000
"""Times the highest figure from which on a limit is doubted."""
_SLIPPED, _MUCH_LARGER = 8, 5
"""Times the figure before, and times the largest step before, at which the newest figure may have slipped."""


def check_parameters(parameters: Parameters) -> Any:
    """Check the values against the data and the families, and return the data.

    Raises
    ------
    ParameterError
        If the data know no such entity, indicator or limit, or the curves no such family.
    adoption_curves.indicators.DataError
        If the data themselves are wrong.
    """
    from .. import indicators

    if not {*parameters.families} <= {*Parameters().families}:
        from ..curves import FAMILIES  # which imports statsmodels

        for family in parameters.families:
            if family not in FAMILIES:
                raise ParameterError(f"parameter 'families' has the unknown '{family}'{suggest(family, FAMILIES)}")
    source = parameters.source
    if not os.path.lexists(source.path):
        path = Source.read(parameters.data).path
        raise ParameterError(f"parameter 'data' is '{path}', but there is no such folder or file")
    data = indicators.load(str(source), as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, limit=parameters.limit)
    usable = series.values[series.values > 0].index
    if parameters.horizon_years < 1 and len(usable):  # a longer one reaches the next date of any series
        from ..forecast import next_dates

        try:
            next_dates(usable, parameters.horizon_years)
        except ValueError as error:
            raise ParameterError(f"parameter {error}") from error
    return data


def list_notes(data: Any, parameters: Parameters) -> list[str]:
    """Lines on a run: how own data were read, the limit and whose it is, first and last figure, what is left out."""
    notes = [*data.understood, *_list_series_facts(data, parameters)]
    # A run may be named after another entity than its own, as by `adoption run germany`.
    entities = {name.casefold(): name for name in data.observations["entity"].unique()}
    named = entities.get(parameters.run.replace("-", " ").casefold(), parameters.entity)
    if named != parameters.entity:
        only = f"'{parameters.run}' names only the run, of {parameters.entity}"
        notes.append(f"{only}; write -p entity '{named}' for that one.")
    return notes


def _list_series_facts(data: Any, parameters: Parameters) -> list[str]:
    """Lines on one series: if it is one's own its figures; its limit, and what would give a range; what is left out."""
    series, facts = data.series(parameters.entity, parameters.indicator, limit=parameters.limit), list[str]()
    if data.is_own(series.entity, series.indicator):
        rows = series.observations.sort_values("date")
        named = {"first": rows.iloc[0], "last": rows.iloc[-1], "highest": rows.loc[rows["value"].idxmax()]}
        parts = [f"{name} {_say_figure(row, series)}" for name, row in named.items()]
        facts.append(f"{series.full_title}: {', '.join(parts)}.")
        if slipped := _doubt_newest(series):
            facts.append(f"Is {slipped}?")
    return [*facts, _say_whose_limit(data, series, parameters), *_list_left_out(series), *_list_high_limits(series)]


def _say_figure(row: Any, series: Any) -> str:
    """A figure as it is read, with its date."""
    side = "" if row["qualifier"] == "exact" else f"{words.say_name(row['qualifier'])} "
    return f"{side}{words.say_amount(row['value'], series.unit)} {_say_when(row['date'], series)}"


def _say_when(date: Any, series: Any) -> str:
    """The month at whose end a date lies, of a flow the year, else the day."""
    if series.measure == "flow" or date.is_month_end:
        return f"{words.say_at(series.measure)} {words.say_period(date, series.measure)}"
    return f"on {words.say_day(date)}"


def _say_whose_limit(data: Any, series: Any, parameters: Parameters) -> str:
    """The limit of a series and whose it is; without one, what would give a range."""
    asked = parameters.limit != data.find_limit(series.indicator)
    if series.limit is not None:
        whose = "as asked" if asked else "that of the data"
        if not asked and data.is_own(series.entity, series.indicator) and series.unit.startswith("percent"):
            whose = "the whole of a percentage"
        return f"{series.full_title}: the limit is {words.lower_first(series.limit.title)}, {whose}."
    told = f"{series.full_title}: no limit{', as asked' if asked else ' in the data'}."
    if series.measure == "flow" and not series.is_share_of_sales:
        return told
    lost = "we quote no forecast" if series.cumulative else "a forecast has no range"
    return f"{told} Without one {lost}. {words.GIVES_RANGE.format('-p limit N')}"


def _list_high_limits(series: Any) -> list[str]:
    """Note on a limit so far above the last figure that it may be in another unit."""
    last, limit = series.highest, 0.0 if series.limit is None else series.limit.values.iloc[-1]
    if not limit > _FAR_ABOVE * last > 0:
        return []
    above = f"The limit, {words.say_amount(limit, series.unit)}, is more than {_FAR_ABOVE:,} times the highest figure"
    return [f"{above}, {words.say_amount(last, series.unit)}; a number is read in the unit of the file."]


def refuse_doubtful(data: Any, parameters: Parameters, folder: Path) -> None:
    """Refuse, for `--strict`, own data of which a cell or a row was left out, whose newest figure may have slipped.

    And those that have lost figures of the last whole run, which is in `folder`: a cut download.

    Raises
    ------
    RunError
    """
    series = data.series(parameters.entity, parameters.indicator)
    if left := [line for line in data.understood if "left out" in line]:
        raise RunError(f"{data.path.name} was not read whole, which --strict asks for: {'; '.join(left)}.")
    if slipped := _doubt_newest(series):
        raise RunError(f"{data.path.name}: is {slipped}? --strict refuses it. If it is right, run once without it.")
    # Dates of the figures of the last whole run, where it was of this series.
    record, now = find_last(folder), parameters.model_dump(include={"entity", "indicator", "as_of"})
    table = find_table(record, "observations") if record and now.items() <= record["parameters"].items() else ""
    if not table:
        return
    known = read_csv(locate(folder, f"tables/{table}.csv"), list_tables(record)[table]["columns"])["date"]
    if lost := sorted({*known} - {*series.observations["date"]}):
        days = f"{lost[0]:%Y-%m-%d}" + (f" to {lost[-1]:%Y-%m-%d}" if len(lost) > 1 else "")
        raise RunError(
            f"{data.path.name} has lost {words.say_count(len(lost), 'figure')} of the last whole run, of {days}, which "
            "--strict refuses. If that is right, run once without it."
        )


def _doubt_newest(series: Any) -> str:
    """What may be wrong with the newest figure, which may have slipped by a digit; "" where nothing is."""
    values, steps = series.values, series.values.diff().abs().to_numpy()[1:]
    times = values.iloc[-1] / values.iloc[-2] if len(values) > 1 and values.iloc[-2] > 0 else 1.0
    last = float(steps[-1] / steps[:-1].max()) if len(steps) > 1 and steps[:-1].max() > 0 else 0.0
    if last <= _MUCH_LARGER and 1 / _SLIPPED < times < _SLIPPED:
        return ""
    newest = f"the newest figure, {words.say_amount(values.iloc[-1], series.unit)}, right"
    return f"{newest}: {times:.2g} times the one before, with a step {last:.2g} times the largest before"


def _list_left_out(series: Any) -> list[str]:
    """Sentences on what curves and forecast leave out of a series, and on a series that has fallen."""
    what, notes = words.of_entity(series.indicator, series.entity), []
    if (last := series.last_break) is not None:
        figures = words.say_count(len(series.earlier), "figure")
        notes.append(f"{figures} of {what} before the break of {last['date']:%Y-%m-%d} ({last['reason']}) left out.")
    values = series.values[series.values > 0]
    if len(values) < len(series.values):
        zeros = words.say_count(len(series.values) - len(values), "figure")
        notes.append(f"{zeros} of 0 of {what} left out of curves and forecast: growth from nothing has no rate.")
    years = decimal_years(values.index)
    if series.few:
        notes.append(f"{series.full_title}: no forecast, because {series.few}.")
    if has_fallen(decimal_years(series.values.index), series.values):
        highest = f"{words.say_amount(series.values.max(), series.unit)} {_say_when(series.values.idxmax(), series)}"
        last = f"{words.say_amount(series.values.iloc[-1], series.unit)} {_say_when(series.values.index[-1], series)}"
        notes.append(
            f"{series.full_title}: no forecast, because the figures have fallen, from {highest} to {last}. "
            "Curves of adoption only rise and do not apply."
        )
    elif len(years) > 1 and np.diff(years).min() < LEAST_APART <= np.diff(years[pick_last(years)]).min():
        notes.append(f"The forecast of {what} leaves out figures nearer than {LEAST_APART} years to the next.")
    return notes


def find_refusals(data: Any, given: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Series of own data that a run would refuse, and lines on the others.

    Parameters
    ----------
    data : Data
    given : mapping
        Parameters that a run would have, among them `data`.

    Returns
    -------
    refused : list of str
        A sentence for each series, as the run would say it.
    notes : list of str
        How the file is read, and `_list_series_facts` of the first series.

    Raises
    ------
    adoption_curves.indicators.DataError
        If the data themselves refuse every series.
    """
    from .. import indicators

    refused, wrong, notes = list[str](), list[Any](), list[str]()
    pairs = indicators.list_studied(data)
    for entity, indicator in pairs:
        try:
            chosen = complete_parameters(read_parameters({**given, "entity": entity, "indicator": indicator}))
            notes += _list_series_facts(data, chosen) if len(notes) < MOST_NOTES else []
            check_parameters(chosen)
        except indicators.DataError as error:
            wrong += error.problems
            refused.append(str(error))
        except UserError as error:
            refused.append(str(error))
    if pairs and len(wrong) == len(pairs):
        raise indicators.DataError(wrong)
    return refused, [*data.understood, *notes[:MOST_NOTES]]
