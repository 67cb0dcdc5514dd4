"""Checks of a run's parameters against the data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base import formats
from ..base.dates import decimal_years
from ..base.decline import LEAST_APART, find_newest, is_in_decline
from ..base.project import RunError, Source, UserError, find_shipped
from .fingerprint import read_declared
from .manifest import find_last, find_table, list_tables, locate
from .parameters import ParameterError, Parameters, complete_parameters, read_parameters, suggest
from .table_files import read_csv

MOST_NOTES = 12
# The newest observation is doubted if it is this many times the value before it (or that part of it), or if its step is
# this many times the largest step before.
_SLIPPED, _MUCH_LARGER = 8, 5


def check_parameters(parameters: Parameters) -> Any:
    """Check parameters against the data and the families of curves; returns the data.

    Raises
    ------
    ParameterError
        If the data have no such country or region, indicator or limit, there is no such family, the milestone has been
        reached, or the horizon ends before the next date.
    adoption_curves.indicators.DataError
        If the data themselves are wrong.
    """
    from .. import indicators

    _check_families(parameters)
    source = parameters.source
    if not os.path.lexists(source.path):
        path = Source.read(parameters.data).path
        raise ParameterError(f"parameter 'data' is '{path}', but there is no such folder or file")
    data = indicators.load(str(source), as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, parameters.limit, parameters.since)
    _check_horizon(series, parameters)
    if parameters.milestone:
        _check_milestone(series, parameters)
    return data


def _check_families(parameters: Parameters) -> None:
    if not {*parameters.families} <= {*Parameters().families}:
        from ..curves import FAMILIES  # which imports statsmodels

        for family in parameters.families:
            if family not in FAMILIES:
                raise ParameterError(f"parameter 'families' has the unknown '{family}'{suggest(family, FAMILIES)}")


def _check_horizon(series: Any, parameters: Parameters) -> None:
    """Raise an error if no date of the forecast lies within the horizon."""
    usable = series.use_readings().values[lambda values: values > 0].index
    if (parameters.until or parameters.horizon_years < 1) and len(usable):  # a longer one reaches the next date
        from ..forecast import next_dates

        try:
            next_dates(usable, parameters.horizon_years, parameters.until)
        except ValueError as error:
            raise ParameterError(f"parameter {error}") from error


def _check_milestone(series: Any, parameters: Parameters) -> None:
    """Raise an error if the milestone has been reached, or is beyond what the limit allows."""
    from ..forecast import forecast

    if not float(parameters.milestone) > series.highest:
        highest = formats.format_number(series.highest, series.unit)
        raise ParameterError(f"parameter 'milestone' is {parameters.milestone}, and {highest} has been reached")
    result = forecast(series, horizon_years=parameters.horizon_years, until=parameters.until)
    try:
        result.check_milestone(float(parameters.milestone))
    except ValueError as error:
        raise ParameterError(f"parameter {error}") from error


def list_left_out(data: Any, parameters: Parameters, sources: Sequence[Path]) -> dict[str, str]:
    """Notebooks that a run leaves out, each with the reason: those on all countries, if there are no data for that.

    Raises
    ------
    ParameterError
        If the indicator in `across` does not cover enough countries.
    RunError
        If no notebook is left.
    """
    from ..indicators.countries import find_list

    technology = data.find_entry(parameters.indicator).technology
    reason = find_list(data, technology, parameters.across)[1]
    if reason and parameters.across:
        raise ParameterError(f"parameter 'across' is '{parameters.across}', but {reason}")
    left_out = {source.stem: reason for source in sources if reason and "across" in read_declared(source)}
    if len(left_out) == len(sources):
        raise RunError(f"No notebook of this folder applies: {reason}.")
    return left_out


def list_notes(data: Any, parameters: Parameters) -> list[str]:
    """Messages on a run: how a user's data were read, the limit, the first and last value, and what is left out."""
    notes = [*data.understood, *_list_series_facts(data, parameters)]
    # The name of a run may be that of another country than its own, as in `adoption run germany`.
    entities = {name.casefold(): name for name in data.observations["entity"].unique()}
    named = entities.get(parameters.run.replace("-", " ").casefold(), parameters.entity)
    if named != parameters.entity:
        only = f"'{parameters.run}' names only the run, of {parameters.entity}"
        notes.append(f"{only}; write -p entity '{named}' for that one.")
    return notes


def _list_series_facts(data: Any, parameters: Parameters) -> list[str]:
    """Messages on one series: a user's own values, the limit, what would give an interval, and what is left out."""
    series = data.series(parameters.entity, parameters.indicator, limit=parameters.limit)
    title, facts = series.full_title, list[str]()
    if data.is_own(series.entity, series.indicator):
        rows = series.observations.sort_values("date")
        named = {"first": rows.iloc[0], "last": rows.iloc[-1], "highest": rows.loc[rows["value"].idxmax()]}
        facts.append(f"{title}: {', '.join(f'{name} {_format_value(row, series)}' for name, row in named.items())}.")
        if doubt := _doubt_newest(series):
            facts.append(f"Is {doubt}?")
    choice = ", as asked" if parameters.limit != data.find_limit(series.indicator) else ""
    if series.limit is not None:
        facts.append(f"{title}: the limit is {formats.lower_first(series.limit.title)}{choice}.")
    elif series.measure == "flow" and not series.is_share_of_sales:
        facts.append(f"{title}: no limit{choice}. {_explain_flow()}")
    else:
        lost = "we quote no forecast" if series.cumulative else "a forecast has only a median"
        facts.append(f"{title}: no limit{choice}. Without one {lost}. {formats.GIVES_RANGE.format('-p limit N')}")
    return [*facts, *_list_left_out(series)]


def _explain_flow() -> str:
    """Sentences on a forecast of what a year sells or adds: how far off outcomes were, and what gives an interval."""
    from ..say.rows import format_factor  # which loads all that pages need

    rows = pd.read_csv(find_shipped("audit.csv")).dropna(subset=["factor", "origins"]).to_dict("records")
    groups = formats.format_count(int(rows[0]["units"]), "group")
    counts = "; ".join(
        f"{format_factor(row)} ({formats.format_count(int(row['origins']), 'forecast')})" for row in rows
    )
    return (
        f"We forecast one year, without an interval. Of such numbers ({groups}) {counts}. "
        "Divide them by all sales of the kind to get a share, which has an interval."
    )


def _format_value(row: Any, series: Any) -> str:
    """A value with its period: the year of a flow, the month if the day is the end of one, otherwise the day."""
    side, day = "" if row["qualifier"] == "exact" else f"{formats.format_name(row['qualifier'])} ", row["date"]
    is_period = series.measure == "flow" or day.is_month_end
    amount = formats.format_amount(row["value"], series.unit)
    if not is_period:
        return f"{side}{amount} on {formats.format_day(day)}"
    return f"{side}{amount} {formats.find_preposition(series.measure)} {formats.format_period(day, series.measure)}"


def raise_for_doubtful(data: Any, parameters: Parameters, folder: Path) -> None:
    """Raise an error, for `--strict`, if the data look damaged.

    That is so if cells or rows were left out, the latest observation looks wrong, or values of the last whole run in
    `folder` are missing, as after an incomplete download.

    Raises
    ------
    RunError
    """
    series = data.series(parameters.entity, parameters.indicator)
    if left := [line for line in data.understood if "left out" in line]:
        raise RunError(f"{data.path.name} was not read whole, which --strict asks for: {'; '.join(left)}.")
    if slipped := _doubt_newest(series):
        raise RunError(f"{data.path.name}: is {slipped}? --strict refuses it. If it is right, run once without it.")
    # Compare the dates with those of the last whole run, if that was of the same series.
    record, now = find_last(folder), parameters.model_dump(include={"entity", "indicator", "as_of"})
    table = find_table(record, "observations") if record and now.items() <= record["parameters"].items() else ""
    if not table:
        return
    known = read_csv(locate(folder, f"tables/{table}.csv"), list_tables(record)[table]["columns"])["date"]
    if lost := sorted({*known} - {*series.observations["date"]}):
        what = f"{formats.format_count(len(lost), 'value')} of the last whole run, the first of {lost[0]:%Y-%m-%d}"
        raise RunError(f"{data.path.name} has lost {what}; --strict refuses it. If it is right, run once without it.")


def _doubt_newest(series: Any) -> str:
    """Question about the newest observation if it may have a digit too many or too few; "" otherwise."""
    values, steps = series.values, series.values.diff().abs().to_numpy()[1:]
    times = values.iloc[-1] / values.iloc[-2] if len(values) > 1 and values.iloc[-2] > 0 else 1.0
    last = float(steps[-1] / steps[:-1].max()) if len(steps) > 1 and steps[:-1].max() > 0 else 0.0
    if last <= _MUCH_LARGER and 1 / _SLIPPED < times < _SLIPPED:
        return ""
    newest = f"the newest value, {formats.format_amount(values.iloc[-1], series.unit)}, right"
    return f"{newest}: {times:.2g} times the one before, with a step {last:.2g} times the largest before"


def _list_left_out(series: Any) -> list[str]:
    """Sentences on the values that curves and forecast leave out, and on why there is no forecast."""
    what, notes = formats.of_entity(series.indicator, series.entity), list[str]()
    if (last := series.last_break) is not None:
        count = formats.format_count(len(series.earlier), "value")
        notes.append(f"{count} of {what} before the break of {last['date']:%Y-%m-%d} ({last['reason']}) left out.")
    values = series.values[series.values > 0]
    if zeros := len(series.values) - len(values):
        count = formats.format_count(zeros, "value")
        notes.append(f"{count} of 0 of {what} left out of curves and forecast: growth from nothing has no rate.")
    if series.few:
        notes.append(f"{series.full_title}: no forecast, because {series.few}.")
    years = decimal_years(values.index)
    if is_in_decline(decimal_years(series.values.index), series.values):
        notes.append(f"{series.full_title}: no forecast, because the series is in decline.")
    elif len(years) > 1 and np.diff(years).min() < LEAST_APART <= np.diff(years[find_newest(years)]).min():
        notes.append(f"The forecast of {what} leaves out values nearer than {LEAST_APART} years to the next.")
    return notes


def find_refusals(data: Any, choices: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Reasons why a run of a user's data would fail, and notes on the series.

    Parameters
    ----------
    data : Data
    choices : mapping
        Parameters of the run, including `data`.

    Returns
    -------
    refused : list of str
        The run's message for each series for which it would fail.
    notes : list of str
        How the file is read, and messages on the first series.

    Raises
    ------
    adoption_curves.indicators.DataError
        If the data are wrong for every series.
    """
    from .. import indicators

    refused, wrong, notes = list[str](), list[Any](), list[str]()
    pairs = indicators.list_studied(data)
    for entity, indicator in pairs:
        try:
            one = complete_parameters(read_parameters({**choices, "entity": entity, "indicator": indicator}))
            notes += _list_series_facts(data, one) if len(notes) < MOST_NOTES else []
            check_parameters(one)
        except indicators.DataError as error:
            wrong += error.problems
            refused.append(str(error))
        except UserError as error:
            refused.append(str(error))
    if pairs and len(wrong) == len(pairs):
        raise indicators.DataError(wrong)
    return refused, [*data.understood, *notes[:MOST_NOTES]]
