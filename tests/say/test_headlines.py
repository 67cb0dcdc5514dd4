"""Each cell of the table of what is said, on a series of its kind, read from a file and forecast."""

import re

import numpy as np
import pandas as pd
import pytest
from tell import make_facts, tell

from adoption_curves.say.facts import grows
from adoption_curves.say.headlines import find_cell, phrase, read_table, round_range, say_base, write

SPEAKERS = [3.7, 8.6, 15.5, 27.4, 39.9, 49.4, 54.1, 57.8, 60.0, 58.5, 60.4, 60.0]
PLAYERS = [61, 60.2, 57, 52.4, 47.1, 41.8, 36, 31.2, 26.9, 23, 19.8, 17.1, 15]
CARS = [0.31, 0.42, 0.48, 0.63, 0.71, 0.9, 1.02, 1.21, 1.4]
PANELS, READERS = [1.2, 2.1, 3.5, 5.6, 8.4, 11.9, 15.8], [120, 210, 380, 640, 1020, 1490]
MOVED, ONLINE = [10, 25, 12, 22, 15, 24, 11, 20], [62, 71, 79, 84, 88, 90.5, 92, 93, 93.5]
PUMPS, TINY = [3, 6, 11, 19, 29, 40], [0.0004, 0.0009, 0.0021, 0.0043, 0.008]
HOUSES = {"people": "households", "doing": "own a smart speaker"}
CASES = {
    "few": ([12.4], {"title": "Heat pumps"}, r"Heat pumps, one figure: 12\.4% of homes in 2025, and what others"),
    "few, with a verb": ([12.4], HOUSES, r"One figure: 12\.4% of households own a smart speaker, and what others did"),
    "fallen": (PLAYERS, {"title": "Homes with a DVD player"}, r"Homes with a DVD player: 15% in 2025, down from 61%"),
    "fallen, with a verb": (PLAYERS, HOUSES, r"15% of households own a smart speaker, down from 61% in 2013"),
    "still": (MOVED, {}, r"Things: 10 to 25% of homes since 2018, and no lasting growth"),
    "still, with a verb": (MOVED, HOUSES, r"20% of households own a smart speaker: 10 to 25% since 2018, and no"),
    "flow": (CARS, {"title": "Cars sold", "unit": "million cars", "measure": "flow"},
             r"Cars sold: 1\.4 million cars in 2025; no forecast was tested on what a year adds"),
    "cumulative": (PANELS, {"title": "Solar roofs", "unit": "thousand roofs", "measure": "cumulative"},
                   r"Solar roofs: about [\d.]+ thousand roofs by 2030, after 15\.8 thousand roofs by 2025"),
    "near": (ONLINE, {}, r"Things: 93\.5% of homes in 2025, and at most 6\.5 points are left"),
    "near, with a verb": (ONLINE, HOUSES, r"93\.5% of households own a smart speaker: at most 6\.5 points are left"),
    "levelled": (SPEAKERS, {"title": "Households with a smart speaker", "unit": "% of households"},
                 r"Households with a smart speaker: 57\.8 to 60\.4% since 2021"),
    "levelled, with a verb": (SPEAKERS, HOUSES, r"60% of households own a smart speaker: 57\.8 to 60\.4% since 2021"),
    "limited": (PUMPS, {"title": "Heat pumps"}, r"Heat pumps: (about \d+|\d+ to \d+)% of homes by 2030"),
    "limited, with a verb": (PUMPS, HOUSES, r"(About \d+|Between \d+ and \d+)% of households may own a"),
    "limited, early": (TINY, {}, r"Things: about 0\.\d+% of homes by 2030, and no range"),
    "open": (READERS, {"title": "Readers: weekly", "unit": "readers"}, r"Readers, weekly: about [\d,]+ by 2030"),
    "open, an index": ([100, 112, 131, 160, 188], {"unit": "index, 2021 = 100"},
                       r"Things: about \d+ \(index, 2021 = 100\) by 2030, and no range"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_cell_on_a_series(case, tmp_path):
    values, choices, headline = CASES[case]
    facts, said, numbers = tell(tmp_path, values, first=2026 - len(values), **choices)
    assert facts.kind == case.partition(",")[0]
    assert re.match(headline, said["headline"]), said["headline"]
    assert said["headline"][0].isupper() or said["headline"][0].isdigit()
    assert not said["headline"].endswith(".")
    parts = [write(facts, part) for part in ("deck", "title", "alt", "record", "quote", "quote_not")]
    assert all(parts[:3] + parts[4:])
    assert not [part for part in [said["headline"], *parts] if re.search(r"[{}]|nan|  |\.\.|no limit", part)]
    assert said["deck"] == parts[0]
    assert len(numbers) >= 2
    asked = set(find_cell(facts, "numbers"))
    assert len(numbers) <= min(5, len(asked))
    ranged = not facts.middles and facts.kind not in ("few", "fallen", "flow", "refuted")
    assert ("such ranges contained the outcome" in said.get("forecast", "")) == ranged
    assert numbers.index.str.startswith("coverage_").sum() == ranged
    if facts.kind == "fallen":
        assert "forecast" not in said
        assert "No forecast may be quoted" in said["quote_not"]


def test_a_figure_that_contradicts_the_forecast_leads(tmp_path):
    facts = make_facts(tmp_path, PUMPS, first=2020)
    newer = {"date": pd.Timestamp("2026-06-30"), "bound": "at_least", "value": 90.0, "read_low": np.nan, "url": ""}
    facts.tables["02_newer"] = pd.DataFrame([newer | {"read_high": np.nan, "reason": ""}])
    facts.tables["05_forecast"] = facts.tables["05_forecast"].assign(basis="refuted")
    assert facts.kind == "refuted"
    assert write(facts, "headline") == (
        "Things: at least 90.0% in June 2026, which the earlier figures did not let us expect"
    )
    assert "We give no forecast" in write(facts, "deck")
    assert all(write(facts, part) for part in ("title", "alt", "quote", "quote_not"))


def test_every_kind_has_a_case_and_every_cell_a_use():
    kinds = {case.partition(",")[0] for case in CASES} | {"refuted"}
    table = read_table()
    assert set(table) == kinds | {"usual", "middle"}
    parts = set(table["usual"])
    assert all(set(row) <= {*parts, "middle"} for row in table.values())
    assert set(table["middle"]) == parts


def test_the_range_leads_where_it_is_wide(tmp_path):
    """Wider than a third of its middle; the middle then stands in the deck."""
    facts = make_facts(tmp_path, PUMPS, first=2020, **HOUSES)
    fan = facts.tables["05_forecast"]
    facts.tables["05_forecast"] = fan.assign(**{"q0.1": 0.7 * fan["q0.5"], "q0.9": 1.2 * fan["q0.5"]})
    assert re.match(r"Between \d+ and \d+% of households may own a smart speaker by 2030", write(facts, "headline"))
    assert f"the middle of our forecast is {phrase(facts)['middle']}" in write(facts, "deck")


@pytest.mark.parametrize("size", [1e-3, 0.07, 1.0, 38.0, 1e3, 3.3e7])
@pytest.mark.parametrize("width", [0.02, 0.3, 0.9, 1.6])
def test_no_number_of_a_headline_is_rounded_by_more_than_a_tenth_of_its_range(size, width):
    low, high = size * (1 - width / 2), size * (1 + width / 2)
    for said, value in zip(round_range(low, size, high, "users", own=True)[:3], (low, size, high), strict=True):
        assert abs(float(said.replace(",", "")) - value) <= 0.1001 * (high - low)
    assert "0.0%" not in "".join(round_range(0.004, 0.01, 0.03, "percent of homes"))


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
    assert grows(pd.Series(values, pd.date_range("2015-12-31", periods=len(values), freq="YE"))) == growing


def test_what_the_title_says_is_not_said_again():
    assert say_base({"title": "Households with a lamp", "unit": "percent of households"}, "60%") == "60%"
    assert say_base({"title": "Lamps", "unit": "percent of households"}, "60%") == "60% of households"
    assert say_base({"title": "Units sold", "unit": "units"}, "1,200 units") == "1,200"
