"""The answer of a forecast: its facts, from tables that are not yet kept, and its main figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import pandas as pd
from matplotlib.figure import Figure

from ..base.levels import quoted_level
from ..curves import NO_VERDICT, Assessment, assess_ceiling
from ..forecast import Forecast, frames, later_shares
from ..forecast.scores import summarise_coverage
from ..indicators import AdoptionSeries, Data, cite_sources, list_earlier, list_levels, list_newer, name_series
from ..say.facts import Facts, Names, list_ceiling
from ..say.sentences import write_page
from . import figures

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


def collect_facts(result: Forecast, data: Data, rows: pd.DataFrame) -> Facts:
    """Facts of a forecast, with the tables 05 that sentences and figures are made of.

    Parameters
    ----------
    result : Forecast
    data : Data
    rows : DataFrame
        04_backtest: what such forecasts did on comparison technologies.

    Returns
    -------
    Facts
        Its ``tables`` are 05_forecast, 05_bound, 05_coverage, 05_alike, 05_audit and 05_class, and those of other
        notebooks that the main figure's title needs. Among its ``names``, ``beside`` has the publishers of the other
        technologies that the figure shows, for the line of sources.
    """
    series, outcomes = result.printed, frames.list_outcomes(result, rows)
    found = {"02_growth": list_levels(data, series), "02_newer": list_newer(data, series)}
    found |= {"02_earlier": list_earlier(series)}
    found |= {"03_ceiling": list_ceiling(assess_series(series), series.values, series.measure)}
    found |= {"05_forecast": result.frame(), "05_bound": frames.limit_frame(result)}
    found |= {"05_coverage": summarise_coverage(outcomes), "05_alike": frames.alike_frame(result, outcomes)}
    found |= {"05_audit": frames.audit_frame(result)}
    facts = Facts(found, Names(**name_series(data, series)), quoted_level(result.levels))
    date = facts.goal["date"] if facts.goal else None
    found["05_class"], counted = frames.class_frame(result, date, data.references(exclude=series))
    beside = cite_sources(data, counted, bases=True).replace("Source:", " Other technologies:", 1)
    return replace(facts, names=replace(facts.names, beside=beside if facts.goal else ""))


def draw_answer(facts: Facts, result: Forecast, source: str) -> Figure:
    """The forecast as a fan: the range that sentences quote, and the narrowest inside it; the middle alone without one.

    Parameters
    ----------
    facts : Facts
        From `collect_facts`.
    result : Forecast
    source : str

    Returns
    -------
    Figure
    """
    tables, levels = facts.tables, sorted({min(result.levels), result.level})
    fan = tables["05_forecast"] if facts.is_given else tables["05_forecast"].head(0)
    title, shown = write_page(facts).title, levels if facts.range else []
    about = (result.printed, asdict(facts.names), source + facts.names.beside, shown, title, tables["05_class"])
    return figures.draw_forecast(fan, tables["05_bound"], *about)
