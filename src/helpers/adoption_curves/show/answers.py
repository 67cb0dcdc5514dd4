"""What a run says of a forecast: its figure and its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from ..base.levels import quoted_level
from ..curves import assess_ceiling
from ..forecast import Forecast, frames, later_shares
from ..forecast.scores import summarise_coverage
from ..indicators import AdoptionSeries, Data, Names, cite_series, name_series
from ..indicators.captions import list_earlier, list_levels, list_newer
from ..say.facts import SUMMARISED, Facts
from ..say.sentences import write_page
from .figure_data import tidy_forecast
from .figures.forecast_adoption import draw_forecast

_LATER_YEARS = (1, 2, 3)
"""After the share where a series stands, for which we say what others did."""


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
    share = series.share.tail(1).max()
    counted = later_shares(share, _LATER_YEARS, others).dropna().reset_index()
    later = counted[["years", "technologies", "series"]].assign(passed=100 * share)
    later[["low", "median", "high"]] = 100 * counted[[0.1, 0.5, 0.9]]
    return later


def read_facts(study: Any) -> Facts:
    """Facts of a run, from the tables that its notebooks have written.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Facts
    """
    written = {name: study.read_table(name) for name in SUMMARISED}
    return Facts(written, study.names, quoted_level(study.parameters.levels))


class Answer(NamedTuple):
    """What a run says of a forecast."""

    figure: Figure
    alt: str
    data: pd.DataFrame  # of the figure
    names: Names  # titles and units, as from `indicators.name_series`
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
    found, levels, page = facts.tables, sorted({min(result.levels), result.level}), write_page(facts)
    fan = found["05_forecast"] if facts.is_given else found["05_forecast"].head(0)
    source = cite_series(data, series, since=next(iter(result.used.index), None))
    about = (series, facts.names, source, levels if facts.range else [], page.title)
    figure = draw_forecast(fan, found["05_limit"], *about)
    kept = {name: each for name, each in found.items() if name.startswith("05_")}
    kept |= {"05_scenarios": frames.scenario_frame(result), "05_ends": frames.end_frame(result)}
    kept |= {"05_quantiles": frames.quantile_frame(result), "05_probabilities": result.probability()}
    drawn = tidy_forecast(fan, kept["05_limit"], series, kept["05_scenarios"], result.levels)
    return Answer(figure, page.alt, drawn, facts.names, kept)


def _collect_facts(result: Forecast, data: Data, rows: pd.DataFrame) -> Facts:
    """Facts of a forecast: tables 05 and those of other notebooks that the title needs."""
    series, outcomes = result.printed, frames.list_outcomes(result, rows)
    found = {"02_growth": list_levels(data, series), "02_newer": list_newer(data, series)}
    found |= {"02_earlier": list_earlier(series)}
    found |= {"03_saturation_level": assess_ceiling(series).frame()}
    found |= {"05_forecast": result.frame(), "05_limit": frames.limit_frame(result)}
    found |= {"05_coverage": summarise_coverage(outcomes), "05_alike": frames.alike_frame(result, outcomes)}
    found |= {"05_audit": frames.audit_frame(result)}
    facts = Facts(found, name_series(data, series), quoted_level(result.levels))
    date = facts.goal["date"] if facts.goal else None
    found["05_class"] = frames.class_frame(result, date, data.references(exclude=series))
    return facts
