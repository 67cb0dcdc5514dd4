"""The answer of a forecast: its main figure, and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from ..curves import NO_VERDICT, Assessment, assess_ceiling
from ..forecast import Forecast, frames, later_shares
from ..forecast.scores import summarise_coverage
from ..indicators import (
    AdoptionSeries,
    Data,
    cite_series,
    cite_sources,
    list_earlier,
    list_levels,
    list_newer,
    name_series,
)
from ..say.facts import Facts, list_ceiling
from ..say.headlines import write
from . import figures
from .drawn import tidy_forecast

_LATER_YEARS = (1, 2, 3)
"""After the share where a series stands: of what others did then it is told."""


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
        limits passed (the share), low, middle and high (quantiles 0.1, 0.5 and 0.9). No rows without a limit.
    """
    share = series.share.tail(1).max()
    counted = later_shares(share, _LATER_YEARS, others).dropna().reset_index()
    later = counted[["years", "technologies", "series"]].assign(passed=100 * share)
    later[["low", "middle", "high"]] = 100 * counted[[0.1, 0.5, 0.9]]
    return later


def assess_series(series: AdoptionSeries) -> Assessment:
    """The verdict on where growth ends, as in notebook 3: a newer figure that is read between two ends counts too."""
    read = series.use_readings()
    values, limit = read.values.dropna(), read.known_limit
    if values.empty:
        return NO_VERDICT
    return assess_ceiling(values, None, limit, read.errors, known_se=read.known_se, floor=read.highest)


class Answer(NamedTuple):
    """What a run says of a forecast."""

    figure: Figure
    alt: str
    data: pd.DataFrame  # of the figure
    tables: dict[str, pd.DataFrame]  # 05_forecast and those beside it, by name


def answer(result: Forecast, data: Data, rows: pd.DataFrame) -> Answer:
    """Answer of a forecast: the fan, with the range that sentences quote and the narrowest inside it, and its tables.

    Parameters
    ----------
    result : Forecast
    data : Data
    rows : DataFrame
        04_backtest: what such forecasts did on comparison technologies.

    Returns
    -------
    Answer
        Without a range the figure has the median alone.
    """
    facts, series = _collect_facts(result, data, rows), result.printed
    tables, levels = facts.tables, sorted({min(result.levels), result.level})
    source = cite_series(data, series, since=next(iter(result.used.index), None)) + facts.names["beside"]
    about = (series, dict(facts.names), source, levels if facts.range else [], write(facts, "title"))
    figure = figures.draw_forecast(tables["05_forecast"], tables["05_bound"], *about, tables["05_class"])
    kept = {name: each for name, each in tables.items() if name.startswith("05_")}
    kept |= {"05_scenarios": frames.scenario_frame(result), "05_ends": frames.end_frame(result)}
    kept |= {"05_record": frames.record_frame(result), "05_probabilities": result.probability()}
    drawn = tidy_forecast(kept["05_forecast"], kept["05_bound"], series, kept["05_scenarios"], result.levels)
    return Answer(figure, write(facts, "alt"), drawn, kept)


def _collect_facts(result: Forecast, data: Data, rows: pd.DataFrame) -> Facts:
    """Facts of a forecast: tables 05 and those of other notebooks that the title needs; ``beside`` cites the bar."""
    series, outcomes = result.printed, frames.list_outcomes(result, rows)
    found = {"02_growth": list_levels(data, series), "02_newer": list_newer(data, series)}
    found |= {"02_earlier": list_earlier(series)}
    found |= {"03_ceiling": list_ceiling(assess_series(series), series.values, series.measure)}
    found |= {"05_forecast": result.frame(), "05_bound": frames.limit_frame(result)}
    found |= {"05_coverage": summarise_coverage(outcomes), "05_alike": frames.alike_frame(result, outcomes)}
    found |= {"05_audit": frames.audit_frame(result)}
    names = name_series(data, series)
    facts = Facts(found, names, result.levels)
    names["beside"], date = "", facts.goal["date"] if facts.fan else None
    found["05_class"], counted = frames.class_frame(result, date, data.references(exclude=series))
    if facts.fan:
        names["beside"] = cite_sources(data, counted, bases=True).replace("Source:", " Other technologies:", 1)
    return facts
