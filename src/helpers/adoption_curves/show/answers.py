"""What a run says of where a series ends, and of a forecast: their figures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from .. import curves
from ..base.levels import quoted_level
from ..base.words import FLOW
from ..curves import Assessment, assess_ceiling
from ..curves.fit_tables import compare_estimates, profile_ceilings, trace_alternatives
from ..curves.verdict import NO_VERDICT
from ..forecast import Forecast, frames, later_shares
from ..forecast.scores import summarise_coverage
from ..indicators import AdoptionSeries, Data, Names, cite_series, find_expected, name_series, say_expected
from ..indicators.captions import find_last_limit, list_earlier, list_levels, list_newer
from ..say.page import write_deck, write_headline, write_title
from ..say.run_tables import TABLES, RunTables
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
    share = series.share.tail(1).max()
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


def read_run(study: Any) -> RunTables:
    """Read what the first page of a run needs: the tables of its notebooks, with notes by hand on its series.

    Parameters
    ----------
    study : Study

    Returns
    -------
    RunTables
    """
    chosen, data = study.parameters, study.data
    expected = say_expected(find_expected(data, chosen.entity, chosen.indicator))
    tables = {name: study.read_table(name) for name in (*TABLES, "06_register")}
    register = tables["06_register"]  # a forecast under another limit would contradict the page's
    tables["06_register"] = register.where(register["limit"] == chosen.limit)
    notes = data.find_notes(chosen.entity, chosen.indicator)
    return RunTables(tables, study.names, quoted_level(chosen.levels), notes, expected)


def list_saturation_level(found: Assessment, values: pd.Series, measure: str = "level") -> pd.DataFrame:
    """The table ``03_saturation_level``: verdict on where a series of `values` ends; of a flow no end is known.

    Parameters
    ----------
    found : Assessment
    values : Series of float
        In the unit of the series.
    measure : {"level", "cumulative", "flow"}

    Returns
    -------
    DataFrame
        One row: verdict, low, high, last, limit and left in the unit, reason, sentence, note, points.
    """
    names = ("verdict", "low", "high", "last", "limit", "left", "reason", "sentence", "note")
    row = {name: getattr(found, name) for name in names} | {"points": len(values)}
    if measure == "flow":
        row |= {"verdict": FLOW, "low": np.nan, "high": np.inf, "reason": "", "sentence": "not known"}
    return pd.DataFrame([row])


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
    run, series = _collect_tables(result, data, rows), result.printed
    tables, levels = run.tables, sorted({min(result.levels), result.level})
    fan = tables["05_forecast"] if run.is_drawn else tables["05_forecast"].head(0)
    source = cite_series(data, series, since=next(iter(result.used.index), None))
    about = (series, run.names, source, levels if run.state in ("", "all") else [], write_title(run))
    figure = draw_forecast(fan, tables["05_limit"], *about)
    kept = {name: each for name, each in tables.items() if name.startswith("05_")}
    kept |= {"05_scenarios": frames.scenario_frame(result), "05_ends": frames.end_frame(result)}
    kept |= {"05_quantiles": frames.quantile_frame(result), "05_probabilities": result.probability()}
    drawn = tidy_forecast(fan, kept["05_limit"], series, kept["05_scenarios"], result.levels)
    return Answer(figure, f"{write_headline(run)}. {write_deck(run)}", drawn, run.names, kept)


def _collect_tables(result: Forecast, data: Data, rows: pd.DataFrame) -> RunTables:
    """Tables 05 of a forecast, and the published values, from which title and alternative text are written."""
    series, outcomes = result.printed, frames.list_outcomes(result, rows)
    tables = {"02_growth": list_levels(data, series), "02_newer": list_newer(data, series)}
    tables |= {"02_earlier": list_earlier(series)}
    tables |= {"05_forecast": result.frame(), "05_limit": frames.limit_frame(result)}
    tables |= {"05_coverage": summarise_coverage(outcomes), "05_alike": frames.alike_frame(result, outcomes)}
    tables |= {"05_audit": frames.audit_frame(result)}
    run = RunTables(tables, name_series(data, series), quoted_level(result.levels))
    date = run.goal["date"] if run.goal else None
    tables["05_class"] = frames.class_frame(result, date, data.references(exclude=series))
    return run
