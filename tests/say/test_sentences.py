"""What a page of each kind says, on a series of its kind, read from a file and forecast."""

import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
import simulated
from tell import CASES, make_case, make_facts, tell

from adoption_curves.base.fallen import has_grown
from adoption_curves.base.words import say_percent, say_place
from adoption_curves.indicators import Names
from adoption_curves.say.facts import KINDS
from adoption_curves.say.findings import write_findings
from adoption_curves.say.sentences import write_page
from adoption_curves.say.users import say_base, say_users

USED = ("limited", "levelled", "fallen", "limited, early", "flow")
PUMPS, SPEAKERS, PLAYERS, TINY, CARS = (CASES[case]["values"] for case in USED)
SHAPES, FALLEN = dict(simulated.shapes()), {"falls from the first", "fell of late"}
HOUSES = {"people": "households", "doing": "own a smart speaker"}


@pytest.mark.parametrize("case", CASES)
def test_each_part_on_a_series(case, tmp_path):
    facts, headline = make_case(tmp_path, case), CASES[case]["says"]
    said, numbers = tell(facts)
    assert facts.kind == case.partition(",")[0]
    assert re.match(headline, said["headline"]), said["headline"]
    assert said["headline"][0].isupper() or said["headline"][0].isdigit()
    assert not said["headline"].endswith(".")
    parts = asdict(write_page(facts))
    most = parts.pop("numbers")
    assert not parts.pop("known")
    blank = {
        "few": ["speed", "forecast"],
        "still": ["speed"],
        "levelled": ["speed"],
        "flow": ["speed", "forecast"],
        "fallen": ["speed", "forecast"],
        "cumulative": ["speed", "forecast"],
        "open": ["speed", "forecast"],
    }
    may_be_blank = {*blank.get(facts.kind, []), "now", "caution"}
    assert all(text for part, text in parts.items() if part not in may_be_blank)
    assert not [
        text
        for text in parts.values()
        if re.search(r"[{}]|nan|  |\.\.|None|no limit|\bmiddle\b|such ranges|times in five", text)
    ]
    assert said["deck"] == parts["deck"]
    assert 2 - (facts.kind == "few") <= len(numbers) <= min(5, len(most))
    ranged = facts.range is not None and facts.kind not in ("few", "flow")
    assert ("80% ranges 5 years ahead contained" in said.get("forecast", "")) == ranged
    assert ("80% range" in said["deck"]) == ("In tests 80% ranges contained" in said["deck"]) == ranged
    assert ("80% prediction interval" in said["quote"]) == ranged
    assert ("we give no range" in said["deck"]) == ("Our forecast for" in said["deck"]) == (facts.kind == "open")
    if facts.kind in ("flow", "cumulative"):
        assert not numbers.index.str.contains("forecast|median").any()
        assert "orecast for" not in parts["alt"] + parts["title"] + said["deck"]
    assert re.fullmatch("“[^“”]+[.]”", said["quote"])
    assert ": " not in said["quote"], "it is a sentence"


@pytest.mark.parametrize("unit", ["% of households", pytest.param("households", marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_plain_shape_has_its_sentences_or_one_that_refuses_it(shape, unit, tmp_path):
    series = SHAPES[shape] if unit.startswith("%") else (1000 * SHAPES[shape]).round()
    facts = make_facts(tmp_path, series, series.index[0].year, unit=unit)
    said, rows = tell(facts)[0], facts.tables["05_forecast"]
    assert (facts.kind == "fallen") == (shape in FALLEN) == ("down from" in said["headline"])
    assert (facts.kind == "few") == (len(series) < 3)
    assert (facts.kind in ("few", "fallen")) == rows.empty == ("We give no forecast" in said["deck"])
    median = rows["q0.5"].dropna() if len(rows) else series
    assert "reach" not in said["headline"] or median.iloc[-1] > 1.005 * series.iloc[-1]


def test_a_figure_that_contradicts_the_forecast_leads(tmp_path):
    facts = make_facts(tmp_path, PUMPS, first=2020)
    newer = {"date": pd.Timestamp("2026-06-30"), "qualifier": "at_least", "value": 90.0, "read_low": np.nan, "url": ""}
    newer = pd.DataFrame([newer | {"read_high": np.nan, "reason": ""}])
    fan = facts.tables["05_forecast"].assign(basis="refuted")
    facts = replace(facts, tables=facts.tables | {"02_newer": newer, "05_forecast": fan})
    assert facts.kind == "refuted"
    assert write_page(facts).headline == (
        "Things: at least 90% in June 2026, which the earlier figures did not let us expect"
    )
    assert "We give no forecast" in write_page(facts).deck
    assert all(getattr(write_page(facts), part) for part in ("title", "alt", "quote", "quote_not"))


def test_every_kind_has_a_case():
    assert {case.partition(",")[0] for case in CASES} | {"refuted"} == set(KINDS)


def test_a_page_as_of_an_earlier_day_says_so_in_its_headline(tmp_path):
    facts = make_facts(tmp_path, PUMPS, first=2020, **HOUSES)
    then = replace(facts, names=replace(facts.names, as_of="2025-12-31", reckoned=False))
    assert re.match(
        r"Between [\d.]+ and [\d.]+% of households may own .* \(from figures known by 31 December 2025\)$",
        write_page(then).headline,
    )
    assert write_page(then).title.endswith(" (from figures known by 31 December 2025)")
    assert "of this series we use only figures published by 31 December 2025. Comp" in write_page(then).known
    moving = replace(then, names=replace(then.names, limit_is_series=True, reckoned=True))
    told = "of this series and its limit we use only figures published by 31 December 2025. Some days of"
    assert told in write_page(moving).known


def test_numbers_sold_in_a_year_were_not_tested_and_shares_of_sales_were(tmp_path):
    facts = make_facts(tmp_path, CARS, first=2017, unit="million cars", measure="flow")
    page = write_page(facts)
    told = "We quote no forecast: we forecast shares of sales, not how many are sold or added in a year."
    assert (page.deck, page.forecast) == (told, "")
    assert "we forecast shares of sales" in page.quote_not
    sales = write_page(make_facts(tmp_path, PUMPS, first=2020, unit="% of new cars", measure="flow"))
    assert "If a newer technology replaces this one, the share may fall below our range." in sales.caution
    assert "80% ranges 5 years ahead contained" in sales.forecast
    assert sales.forecast.count("In a second test, on other series") == 1


def test_a_flow_that_stands_still_has_no_forecast_either(tmp_path):
    facts = make_facts(tmp_path, [10, 25, 12, 22, 15, 24, 11, 20], first=2018, unit="million cars", measure="flow")
    said, numbers = tell(facts)
    assert facts.kind == "still"
    assert "We quote no forecast" in said["deck"]
    assert list(numbers.index) == ["latest", "span"]
    assert "caution" not in said


def test_a_series_has_levelled_off_only_if_it_stands(tmp_path):
    """The verdict may be sure of an end that the figures are still on their way to."""
    facts = make_facts(tmp_path, [3, 8, 15.5, 27, 39, 48.2, 54.1], first=2018)
    assert facts.saturation_level["verdict"] == "levels off"
    assert facts.kind == "limited"
    assert "growth ends" not in " ".join(write_findings(facts)["sentence"]), "no first page says where growth ends"


def test_a_picture_in_words_has_the_years_that_are_drawn(tmp_path):
    """Twice as far back as the forecast goes ahead; every figure where there is no forecast."""
    assert "Things: figures from 2016 to 2025," in write_page(make_facts(tmp_path, SPEAKERS, first=2014)).alt
    assert (
        "Things: figures from 2013 to 2025, down from 61%" in write_page(make_facts(tmp_path, PLAYERS, first=2013)).alt
    )


def test_a_total_without_a_limit_has_no_record(tmp_path):
    """Its forecast is made of what each period adds, of which nothing was tested."""
    added = [2, 5, 12, 22, 37, 62, 91, 121, 137, 151, 162, 156]
    choices = {"unit": "thousand cars", "measure": "cumulative"}
    facts = make_facts(tmp_path, np.cumsum(added).tolist(), first=2014, **choices)
    assert facts.saturation_level["verdict"] == "depends on the curve"  # under either kind of errors
    said = write_page(facts).forecast
    assert facts.goal["basis"] == "untested"
    assert said == "", "an end of a total was not tested either"
    assert "total of" not in write_page(facts).now, "nobody is known to have counted it"
    named = replace(facts, names=replace(facts.names, publisher="Office", publisher_name="Office"))
    assert write_page(named).now == "Things: 958 thousand cars by the end of 2025 (source: Office)."
    assert "156 thousand cars more than by the end of 2024" in write_page(named).headline


def test_a_fall_from_the_highest_figure_is_said(tmp_path):
    facts = make_facts(tmp_path, [10, 16, 24, 45, 33, 42], first=2020)
    assert facts.kind == "limited"
    assert "The last figure is 3 points below the highest, 45%, for 2023." in write_page(facts).speed
    last = make_facts(tmp_path, [10, 16, 24, 33, 45, 42], first=2020)
    assert write_page(last).speed == "The figure for 2025 is 3 points below that for 2024 (45%)."


@pytest.mark.parametrize(
    ("values", "growing"),
    [
        ([10, 25, 12, 22, 15, 24, 11], False),
        ([41.2, 41.2, 41.2], False),
        ([60, 58.5, 60.4, 60], False),
        ([10, 13, 11, 16, 17, 19, 22], True),
        ([230, 249, 515, 602], True),
        ([92, 92.5, 93, 93.5], True),
        ([99, 97, 95], False),
    ],
)
def test_growth_is_more_than_its_scatter(values, growing):
    assert has_grown(np.arange(2016.0, 2016 + len(values)), np.array(values, float)) == growing


def test_a_share_says_of_what():
    assert say_base(Names("Households with a lamp", "percent of households"), "60%") == "60% of households"
    assert say_base(Names("Units sold", "units"), "1,200 units") == "1,200 units"


def test_places_percentages_and_users_are_said_as_people_do():
    places = {"Gambia": "the Gambia", "Central African Republic": "the Central African Republic"}
    places |= {"Euro area": "the Euro area", "Norway": "Norway"}
    assert {name: say_place(name) for name in places} == places
    said = {99.97: "more than 99.9%", 99.94: "99.9%", 100: "100%", 0.04: "less than 0.1%", 0.05: "0.1%", 0: "0%"}
    assert {value: say_percent(value) for value in said} == said
    adults = {"doing": "shop online", "unit": "percent of adults", "people": "adults", "entity": "China", "title": ""}
    users = {"unit": "million people", "entity": "China", "doing": "use tools", "people": "people", "title": "Users"}
    pumps = {"title": "Heat pumps", "unit": "percent of homes", "entity": "own data", "own": True}
    index = {"title": "Robots", "unit": "index (2018 = 100)", "entity": "Poland"}
    assert say_users(Names(**index), 498) == "Robots: 498 (index 2018 = 100)"
    assert say_users(Names(**adults), 40.0) == "40% of adults in China shop online"
    assert say_users(Names(**users), 602.0) == "602 million people in China used tools"
    assert say_users(Names(**pumps), 12.4) == "Heat pumps: 12.4% of homes", "which needs no verb"
