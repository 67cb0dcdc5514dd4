"""Tables of a series of one's own, or of the data, through the reader, verdict and forecast, without a run."""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from adoption_curves import forecast, indicators
from adoption_curves.base.project import Source
from adoption_curves.curves import assess_ceiling
from adoption_curves.forecast import compare_limits, compare_newer, result_tables
from adoption_curves.forecast.sensitivity import compare_since
from adoption_curves.indicators.labels import list_earlier, list_levels, list_newer
from adoption_curves.say.run_tables import RunTables

CASES = yaml.safe_load((Path(__file__).parents[1] / "say" / "series.yaml").read_text(encoding="utf-8"))
"""A series of each kind that a page can have: its rows, and what the reader is told."""


@cache
def load_references():
    return indicators.load().references()


@cache
def load_backtest(kind):
    """The backtest of levels, or of shares of sales."""
    return forecast.backtest(indicators.load().references(measure="flow" if kind == "sales" else "level"), kind)


def count_later(series):
    """As notebook 2 does."""
    share = series.share.tail(1).clip(upper=1).max()
    counted = forecast.later_shares(share, [1, 2, 3], load_references()).dropna().reset_index()
    later = counted[["years", "technologies", "series"]].assign(passed=100 * share)
    later[["low", "median", "high"]] = 100 * counted[[0.1, 0.5, 0.9]]
    return later


def read_case(folder, case):
    """The tables of a series of `CASES`."""
    choices = {"title": "Things", "unit": "% of homes", "measure": "level", **CASES[case]}
    rows, limit = choices.pop("rows", None), choices.pop("limit", "")
    if values := choices.pop("values", None):
        rows = "".join(f"{year},{value}\n" for year, value in enumerate(values, 2026 - len(values)))
    path = folder / "series.csv"
    path.write_text(f"date,value{',qualifier,break' if rows.partition(chr(10))[0].count(',') > 1 else ''}\n{rows}")
    data = indicators.load(Source(path, choices))
    series = data.series(*data.own[0], limit or ("100" if choices["unit"].startswith("%") else "none"))
    return make_tables(data, series)


def make_tables(data, series):
    """The tables of a series from which its first page is written, without those of its profile and register."""
    result = forecast.forecast(series)
    outcomes = result_tables.list_outcomes(result, load_backtest("sales" if series.is_share_of_sales else "limit"))
    tables = {
        "02_growth": list_levels(data, series),
        "02_newer": list_newer(data, series),
        "02_earlier": list_earlier(series),
        "02_later": count_later(series),
        "03_saturation_level": assess_ceiling(series).frame(),
        "05_forecast": result.frame(),
        "05_limit": result_tables.limit_frame(result),
        "05_newer": compare_newer(result),
        "05_other_limits": compare_limits(result, data.offer_limits(series)),
        "05_coverage": result_tables.coverage_frame(outcomes, []),
        "05_since": compare_since(result),
        "05_probabilities": result.probability(values=[*filter(None, [result.next_milestone])]),
        "05_milestones": result.milestones(),
        "05_alike": result_tables.alike_frame(result, outcomes),
        "05_audit": result_tables.audit_frame(result),
        "05_class": pd.DataFrame(),
    }
    run = RunTables(tables, indicators.find_labels(data, series))
    tables["05_class"] = result_tables.class_frame(result, run.goal["date"] if run.goal else None, load_references())
    return run
