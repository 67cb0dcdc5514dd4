"""What a run says of a forecast: its chart and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from ..base.levels import quoted_level
from ..base.project import read_clock
from ..forecast import Forecast, later_shares, result_tables
from ..forecast.sensitivity import compare_since
from ..indicators import AdoptionSeries, Data, Names, cite_series, find_expected, find_labels, format_expected
from ..indicators.labels import list_earlier, list_levels, list_newer
from ..say.page import write_deck, write_headline, write_title
from ..say.run_tables import TABLES, RunTables
from .figure_data import tidy_forecast
from .figures.course import draw_forecast

# After the share where a series stands, for which we say what others did.
_LATER_YEARS = (1, 2, 3)


def count_later(series: AdoptionSeries, others: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """What other technologies did after they first passed the share where a series stands: the table ``02_later``.

    Parameters
    ----------
    series : AdoptionSeries
    others : sequence of AdoptionSeries

    Returns
    -------
    DataFrame
        A row for each of three years: years, technologies and series (how many are counted), and in percent of their
        limits passed (the share), low, median and high (quantiles 0.1, 0.5 and 0.9). No rows without a limit.
    """
    share = series.share.tail(1).clip(upper=1).max()  # a rounded value may lie above its limit
    counted = later_shares(share, _LATER_YEARS, others).dropna().reset_index()
    later = counted[["years", "technologies", "series"]].assign(passed=100 * share)
    later[["low", "median", "high"]] = 100 * counted[[0.1, 0.5, 0.9]]
    return later


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


class Answer(NamedTuple):
    """What a run says of a forecast."""

    figure: Figure
    alt: str
    data: pd.DataFrame  # of the figure
    names: Names  # titles and units, as from `indicators.find_labels`
    tables: dict[str, pd.DataFrame]  # 05_forecast and those beside it, by name


def answer(result: Forecast, data: Data, rows: pd.DataFrame, milestones: Sequence[float] = ()) -> Answer:
    """Answer of a forecast: the fan, with the range that sentences quote and the narrowest inside it, and its tables.

    Parameters
    ----------
    result : Forecast
    data : Data
    rows : DataFrame
        04_backtest: what such forecasts did on comparison technologies.
    milestones : sequence of float
        Whose chance is computed, beside that of the next round number.

    Returns
    -------
    Answer
        Without a range the chart has the median alone.
    """
    run, series = _collect_tables(result, data, rows), result.printed
    tables, levels = run.tables, sorted({min(result.levels), result.level})
    fan = tables["05_forecast"] if run.is_drawn else tables["05_forecast"].head(0)
    source = cite_series(data, series, since=next(iter(result.used.index), None))
    drawn_levels = levels if run.state in ("", "all") else []
    figure = draw_forecast(series, run.names, source, fan, tables["05_limit"], drawn_levels, write_title(run))
    kept = {name: each for name, each in tables.items() if name.startswith("05_")}
    values = sorted({*milestones, *filter(None, [result.next_milestone])})
    kept |= {"05_scenarios": result_tables.scenario_frame(result), "05_ends": result_tables.end_frame(result)}
    kept |= {
        "05_quantiles": result_tables.quantile_frame(result),
        "05_probabilities": result.probability(values=values),
    }
    drawn = tidy_forecast(fan, kept["05_limit"], series)
    return Answer(figure, f"{write_headline(run)}. {write_deck(run)}", drawn, run.names, kept)


def _collect_tables(result: Forecast, data: Data, rows: pd.DataFrame) -> RunTables:
    """Tables 05 of a forecast, and the published values, from which title and alternative text are written."""
    series, outcomes = result.printed, result_tables.list_outcomes(result, rows)
    references = data.references(exclude=series, measure="flow" if series.is_share_of_sales else "level")
    same = result_tables.list_same(data, series, references)
    tables = {"02_growth": list_levels(data, series), "02_newer": list_newer(data, series)}
    tables |= {"02_earlier": list_earlier(series)}
    tables |= {"05_forecast": result.frame(), "05_limit": result_tables.limit_frame(result)}
    tables |= {
        "05_coverage": result_tables.coverage_frame(outcomes, same),
        "05_alike": result_tables.alike_frame(result, outcomes),
    }
    tables |= {"05_audit": result_tables.audit_frame(result), "05_since": compare_since(result)}
    run = RunTables(tables, find_labels(data, series), quoted_level(result.levels))
    date = run.goal["date"] if run.goal else None
    tables["05_class"] = result_tables.class_frame(result, date, references)
    return run
