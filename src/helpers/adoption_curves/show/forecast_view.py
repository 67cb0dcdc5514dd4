"""What a run says of a forecast: its chart and its tables."""

from __future__ import annotations

from typing import Any

from IPython.display import Image

from ..base.levels import quoted_level
from ..base.project import read_clock
from ..forecast import Forecast, compare_limits, compare_newer, hindcast, result_tables
from ..forecast.sensitivity import compare_since
from ..indicators import cite_series, find_expected, format_expected
from ..indicators.labels import list_earlier, list_levels, list_newer
from ..say.page import write_deck, write_headline, write_title
from ..say.run_tables import TABLES, RunTables
from .figure_data import tidy_forecast
from .figures.course import draw_forecast


def read_run(study: Any) -> RunTables:
    """Read what the first page of a run needs: the tables of its notebooks, with notes by hand on its series.

    Parameters
    ----------
    study : Study

    Returns
    -------
    RunTables
    """
    parameters, data = study.parameters, study.data
    expected = format_expected(find_expected(data, parameters.entity, parameters.indicator), read_clock().date())
    tables = {name: study.read_table(name) for name in (*TABLES, "06_register")}
    register = tables["06_register"]  # a forecast under another limit would contradict the page's
    tables["06_register"] = register.where(register["limit"] == parameters.limit)
    notes = data.find_notes(parameters.entity, parameters.indicator)
    return RunTables(tables, study.names, quoted_level(parameters.levels), notes, expected)


def write_forecast(study: Any, result: Forecast) -> Image | None:
    """Write what a run says of a forecast: the tables 05, and the chart with the interval that sentences quote.

    Parameters
    ----------
    study : Study
        Of notebook 5, which reads the tables of notebook 4. The chance of its `milestone` is computed beside that of
        the next round number.
    result : Forecast

    Returns
    -------
    IPython.display.Image or None
        The chart, see `Study.draw`. Without an interval it has the median alone.
    """
    data, series, chosen = study.data, result.printed, study.parameters
    references = data.references(exclude=series, measure="flow" if series.is_share_of_sales else "level")
    outcomes = result_tables.list_outcomes(result, study.read_table("04_backtest"))
    milestones = [float(chosen.milestone)] if chosen.milestone else []
    tables = {
        "02_growth": list_levels(data, series),
        "02_newer": list_newer(data, series),
        "02_earlier": list_earlier(series),
        "05_forecast": result.frame(),
        "05_limit": result_tables.limit_frame(result),
        "05_coverage": result_tables.coverage_frame(outcomes, result_tables.list_same(data, series, references)),
        "05_alike": result_tables.alike_frame(result, outcomes),
        "05_audit": result_tables.audit_frame(result),
        "05_since": compare_since(result),
        "05_scenarios": result_tables.scenario_frame(result),
        "05_ends": result_tables.end_frame(result),
        "05_quantiles": result_tables.quantile_frame(result),
        "05_probabilities": result.probability(values=sorted({*milestones, *filter(None, [result.next_milestone])})),
        "05_newer": compare_newer(result),
        "05_other_limits": compare_limits(result, data.offer_limits(study.series)),
        "05_milestones": result.milestones(values=milestones),
        "05_hindcasts": hindcast(study.series, levels=result.levels),
    }
    run = RunTables(tables, study.names, result.level)
    tables["05_class"] = result_tables.class_frame(result, run.goal["date"] if run.goal else None, references)
    for name, table in tables.items():
        if name.startswith("05_"):
            study.keep(name, table)
    levels = sorted({min(result.levels), result.level}) if run.state in ("", "all") else []
    fan = tables["05_forecast"] if run.is_drawn else tables["05_forecast"].head(0)
    source = cite_series(data, series, since=next(iter(result.used.index), None))
    figure = draw_forecast(series, run.names, source, fan, tables["05_limit"], levels, write_title(run))
    drawn = tidy_forecast(fan, tables["05_limit"], series)
    return study.draw("05_forecast", figure, f"{write_headline(run)}. {write_deck(run)}", drawn)
