"""Facts of a series of one's own, through the reader, the verdict and the forecast, without a run."""

from functools import cache

import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.base.project import Source
from adoption_curves.forecast import frames
from adoption_curves.forecast.inputs import assess_series
from adoption_curves.say.facts import SUMMARISED, Facts, list_ceiling
from adoption_curves.say.findings import list_key_numbers, write_findings

COLUMNS = {
    "02_pace": ["target", "years_to_target_share", "place", "of"],
    "02_countries": ["entity", "indicator", "place", "places"],
    "05_alike": ["horizon_years"],
}


@cache
def load_references():
    return forecast.reuse_references(indicators.load().references())


OUTCOMES = {}


def judge(bounded, result):
    """Outcomes of the backtest, once for each kind."""
    if bounded not in OUTCOMES:
        OUTCOMES[bounded] = frames.evaluate_all(result)
    return OUTCOMES[bounded]


def make_facts(folder, values, first=2015, bound="", **choices):
    """Facts of yearly figures; `choices` are options of the reader, such as unit, measure, title, people and doing."""
    path = folder / "series.csv"
    rows = (f"{year},{value}\n" for year, value in enumerate(values, first))
    path.write_text("Year,Figure\n" + "".join(rows), encoding="utf-8")
    data = indicators.load(Source(path, {"title": "Things", "unit": "% of homes", "measure": "level", **choices}))
    series = data.series(*data.own[0], bound or ("100" if choices.get("unit", "%").startswith("%") else "none"))
    result = forecast.forecast(series, references=load_references().series)
    outcomes = judge(result.bounded, result)
    goal = result.dates[-1] if len(result.dates) else None
    tables = {name: pd.DataFrame(columns=COLUMNS.get(name)) for name in SUMMARISED}
    tables |= {"02_growth": indicators.list_levels(data, series), "02_newer": indicators.list_newer(data, series)}
    tables |= {"03_ceiling": list_ceiling(assess_series(series), series.values, series.measure)}
    tables["03_odds"] = frames.odds_frame(tables["03_ceiling"]["verdict"].iloc[0])
    tables |= {"05_forecast": result.frame(), "05_bound": frames.limit_frame(result)}
    tables |= {"05_coverage": frames.coverage_frame(result, outcomes), "05_class": frames.class_frame(result, goal)}
    tables["05_middle"] = frames.middle_frame(result)
    tables["05_alike"] = frames.alike_frame(result, outcomes) if result.bounded else tables["05_alike"]
    return Facts(tables, indicators.name_series(data, series))


def tell(folder, values, **choices):
    """The sentences of such a series by part, and its key numbers by name."""
    facts = make_facts(folder, values, **choices)
    said, numbers = write_findings(facts), list_key_numbers(facts)
    return facts, said.set_index("part")["sentence"], numbers.set_index("key")["text"]
