"""Facts of a series of one's own, through the reader, the verdict and the forecast, without a run."""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from adoption_curves import forecast, indicators
from adoption_curves.base.project import Source
from adoption_curves.curves import assess_ceiling
from adoption_curves.forecast import frames, scores
from adoption_curves.indicators.captions import list_levels, list_newer
from adoption_curves.say.facts import SUMMARISED, Facts
from adoption_curves.say.findings import list_key_numbers, write_findings

COLUMNS = {"02_countries": ["entity", "indicator", "period"]}
CASES = yaml.safe_load((Path(__file__).parents[1] / "say" / "headlines.yaml").read_text(encoding="utf-8"))
"""A series of each kind that a page can have."""


@cache
def load_references():
    return indicators.load().references()


@cache
def load_backtest(kind):
    """The backtest of levels, or of shares of sales."""
    return forecast.backtest(indicators.load().references(measure="flow" if kind == "sales" else "level"), kind)


def make_facts(folder, values, first=2015, limit="", **choices):
    """Facts of yearly figures; `choices` are options of the reader, such as unit, measure, title, people and doing."""
    path = folder / "series.csv"
    rows = (f"{year},{value}\n" for year, value in enumerate(values, first))
    path.write_text("Year,Figure\n" + "".join(rows), encoding="utf-8")
    data = indicators.load(Source(path, {"title": "Things", "unit": "% of homes", "measure": "level", **choices}))
    series = data.series(*data.own[0], limit or ("100" if choices.get("unit", "%").startswith("%") else "none"))
    result = forecast.forecast(series)
    outcomes = frames.list_outcomes(result, load_backtest("sales" if series.is_share_of_sales else "limit"))
    goal = result.dates[-1] if len(result.dates) else None
    tables = {name: pd.DataFrame(columns=COLUMNS.get(name)) for name in SUMMARISED}
    levels = list_levels(data, series)
    tables["02_growth"] = levels.assign(
        change=levels["value"].diff(), growth=100 * levels["value"].pct_change()
    )  # as notebook 2 does
    tables |= {"02_newer": list_newer(data, series)}
    tables |= {"03_saturation_level": assess_ceiling(series).frame()}
    tables |= {"05_forecast": result.frame(), "05_limit": frames.limit_frame(result)}
    tables |= {
        "05_coverage": scores.summarise_coverage(outcomes),
        "05_class": frames.class_frame(result, goal, load_references()),
    }
    tables |= {"05_alike": frames.alike_frame(result, outcomes), "05_audit": frames.audit_frame(result)}
    return Facts(tables, indicators.name_series(data, series))


def make_case(folder, case):
    """Facts of a series of `CASES`."""
    values = CASES[case]["values"]
    choices = {name: value for name, value in CASES[case].items() if name not in ("values", "says")}
    return make_facts(folder, values, first=2026 - len(values), **choices)


def tell(facts):
    """The sentences of a series by part, and its key numbers by name."""
    said, numbers = write_findings(facts), list_key_numbers(facts)
    return said.set_index("part")["sentence"], numbers.set_index("key")["text"]
