"""What a run says of where a series ends, and of a forecast: their figures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from .. import curves
from ..base.levels import quoted_level
from ..curves import Assessment, assess_ceiling
from ..curves.fit_tables import compare_estimates, profile_ceilings, trace_alternatives
from ..curves.verdict import NO_VERDICT
from ..forecast import Forecast, frames, later_shares
from ..forecast.scores import summarise_coverage
from ..indicators import AdoptionSeries, Data, Names, cite_series, name_series
from ..indicators.captions import find_last_limit, list_earlier, list_levels, list_newer
from ..say.facts import SUMMARISED, Facts, list_saturation_level
from ..say.sentences import write_page
from . import tables
from .figure_data import thin_alternatives, tidy_fits, tidy_forecast, tidy_profiles
from .figures.fit_curves import draw_fits, draw_intervals, draw_profiles
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
    share = series.share.tail(1).clip(upper=1).max()  # a rounded value may lie above its limit
    counted = later_shares(share, _LATER_YEARS, others).dropna().reset_index()
    later = counted[["years", "technologies", "series"]].assign(passed=100 * share)
    later[["low", "median", "high"]] = 100 * counted[[0.1, 0.5, 0.9]]
    return later


def assess_series(series: AdoptionSeries) -> Assessment:
    """The verdict on where growth ends, as in notebook 3: a newer figure that is read between two ends counts too."""
    read = series.use_readings()
    values, limit = read.values.dropna(), read.known_limit
    if values.empty:
        return NO_VERDICT
    return assess_ceiling(values, None, limit, read.errors, known_se=read.known_se, floor=read.highest)


class Ends(NamedTuple):
    """What the curves say of where a series ends: figures, their data and tables by name, and a table of estimates."""

    figures: dict[str, Figure | None]
    data: dict[str, pd.DataFrame]
    tables: dict[str, pd.DataFrame]
    estimates: Any


def assess(series: AdoptionSeries, data: Data, families: Sequence[str], names: Names) -> Ends:
    """Curves of a series, and the verdict on where it ends: figures and tables 03.

    Parameters
    ----------
    series : AdoptionSeries
    data : Data
    families : sequence of str
        Names in `curves.FAMILIES`.
    names : Names

    Returns
    -------
    Ends
    """
    read, verdict = series.use_readings(), assess_series(series)
    users, limit = read.values, find_last_limit(read)
    known: dict[str, Any] = {"errors": read.errors, "known_se": read.known_se, "floor": read.highest}
    fits = curves.fit_families(users, families, read.limit, **known)
    logistic = curves.fit_families(users, ["logistic"], **known)["logistic", "free"]
    ending, source = list_saturation_level(verdict, users, read.measure), cite_series(data, read, newer=False)
    alternatives, profiles = trace_alternatives(fits, limit), profile_ceilings(fits, limit)
    paths, likely = thin_alternatives(alternatives), tidy_profiles(profiles, read, limit, names)
    estimates = compare_estimates(fits)
    about = (ending.iloc[0], limit, names, source)
    drawn = {
        "03_fits": draw_fits(users, paths, *about),
        "03_profiles": draw_profiles(likely, *about),
        "03_intervals": draw_intervals(verdict.table, *about[1:]),
    }
    found = {
        "03_saturation_level": ending,
        "03_verdict": verdict.table,
        "03_odds": frames.odds_frame(ending["verdict"][0]),
        "03_parameters": estimates,
        "03_fit_quality": curves.compare_fits(fits),
        "03_newer": curves.compare_limits(logistic, read.censored),
        "03_profiles": profiles,
        "03_alternatives": alternatives,
    }
    note = f"Saturation level in {series.unit}; rates a year. {source}"
    shown = tables.show_parameters(estimates, "Estimates", note)
    return Ends(drawn, {"03_fits": tidy_fits(users, paths), "03_profiles": likely}, found, shown)


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
    found |= {"03_saturation_level": list_saturation_level(assess_series(series), series.values, series.measure)}
    found |= {"05_forecast": result.frame(), "05_limit": frames.limit_frame(result)}
    found |= {"05_coverage": summarise_coverage(outcomes), "05_alike": frames.alike_frame(result, outcomes)}
    found |= {"05_audit": frames.audit_frame(result)}
    facts = Facts(found, name_series(data, series), quoted_level(result.levels))
    date = facts.goal["date"] if facts.goal else None
    found["05_class"] = frames.class_frame(result, date, data.references(exclude=series))
    return facts
