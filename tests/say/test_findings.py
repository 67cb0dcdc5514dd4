"""Sentences of a run: one verdict, and nothing about what a series does not have."""

import golden
import numpy as np
import pandas as pd
import pytest

from adoption_curves import curves
from adoption_curves.base.levels import band_columns
from adoption_curves.base.words import NO_FORECAST
from adoption_curves.say import facts, words

NAMES = {
    "title": "Users, China",
    "entity": "China",
    "unit": "million people",
    "base": "total population",
    "cautions": {},
}
NAMES |= {"bound_title": "Internet users", "publisher": "Office", "doing": "use tools", "people": "adults"}
SHARES = NAMES | {"unit": "percent of adults", "bound_title": "adults", "base": "adults"}


def read_kept(**changed):
    kept = {name: pd.read_csv(golden.BASELINE / f"{name}.csv") for name in facts.SUMMARISED}
    for table in kept.values():
        if "date" in table:
            table["date"] = pd.to_datetime(table["date"])
    return kept | changed


def gather(names=NAMES, levels=(0.5, 0.8, 0.9), **changed):
    return facts.Facts(read_kept(**changed), names, levels)


def say(*arguments, **changed):
    """The sentences of a run by part."""
    found = words.write_findings(gather(*arguments, **changed))
    return found.set_index("part")["sentence"].reindex(list(words.TABLES), fill_value="")


def list_numbers(*arguments, **changed):
    return words.list_key_numbers(gather(*arguments, **changed)).set_index("key")


def grow(values, dates=("2023-12-31", "2024-12-31", "2025-12-31"), **columns):
    frame = read_kept()["02_growth"].iloc[: len(values)].reset_index(drop=True)
    return {"02_growth": frame.assign(value=values, date=pd.to_datetime(list(dates)), **columns), "02_newer": NONE}


NONE = read_kept()["02_newer"].iloc[:0]


@pytest.mark.parametrize(
    ("names", "days", "grown"),
    [
        (NAMES, ["2024-12-31", "2025-06-30", "2025-12-31"], 50.0),
        (SHARES, ["2024-12-31", "2025-06-30", "2025-12-31"], 10.0),
        (NAMES, ["2022-12-31", "2023-12-31", "2025-12-31"], None),
    ],
    ids=["a count grows by percent", "a share by points", "no figure a year before"],
)
def test_growth_over_the_last_year(names, days, grown):
    assert gather(names, **grow([20.0, 25.0, 30.0], days)).gain == grown


@pytest.mark.parametrize(
    ("names", "values", "now", "speed"),
    [
        (NAMES, [100.0, 200.0, 500.0], "Office reported that 500 million people in China used tools in December 2025",
         "is 2.5 times that for December 2024 (200 million people)."),
        (NAMES, [100.0, 200.0, 220.0], "220 million people", "is 10% above that for December 2024"),
        (NAMES, [100.0, 200.0, 198.0], "198 million people", "is 1% below that for December 2024"),
        (NAMES, [800.0, 1000.0, 1003.0], "1,003 million people", "is 0.3% above that for"),
        (NAMES, [800.0, 1000.0, 1000.2], "1,000 million people", "is the same as that for December 2024"),
        (NAMES, [100.0, 400.0, 200.0], "200 million people", "fallen from a peak of 400 million people in December"),
        (NAMES | {"doing": "", "publisher": ""}, [100.0, 200.0, 500.0], "Users, China stood at 500 million", ""),
        (SHARES, [10.0, 20.0, 26.0], "26.0% of adults in China used tools", "6.0 percentage points above that for"),
        (SHARES, [41.2, 41.2, 41.2], "41.2%", "The figures have stayed at 41.2 to 41.2% since December 2023"),
    ],
)  # fmt: skip
def test_who_does_what_now_and_how_fast(names, values, now, speed):
    said = say(names, **grow(values))
    assert now in said["now"]
    assert speed in said["speed"]
    assert said["headline"].endswith("by December 2030") or "may be at" in said["headline"]


def test_the_headline_is_the_middle_of_the_forecast_with_may():
    said, goal = say(), gather().goal
    assert said["headline"] == "About 1.1 billion people in China may use tools by December 2030"
    assert f"{goal['q0.5']:.2g}" == "1.1e+03"
    assert f"is {goal['q0.1']:,.0f} to {goal['q0.9']:,.0f} million people (four chances in five)" in said["deck"]
    refuted = say(**{"05_forecast": read_kept()["05_forecast"].assign(basis="refuted")})
    assert "no forecast" in refuted["headline"]
    assert "range" not in refuted["deck"] + refuted["forecast"]


def test_a_newer_limit_leads_where_it_says_more():
    assert say()["deck"].startswith("More than 700 million people did in June 2026.")
    for kept in (600.0, 602.0):
        less = read_kept()["02_newer"].assign(value=kept, read_low=np.nan, read_high=np.nan)
        assert "more than" not in " ".join(say(**{"02_newer": less})).lower()


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
def test_a_range_has_its_own_record_once(level):
    """Of its level and about as far ahead; above the middle or below it where most outcomes were."""
    own = read_kept()["05_coverage"].query("level == @level").set_index("horizon_years")["covered"]
    ends = dict(zip(band_columns(level), (700.0, 1100.0), strict=True))
    bounds = {"05_bounds": read_kept()["05_bounds"].assign(**ends)}
    said = say(NAMES, [level], **bounds)["forecast"]
    assert f"5 years ahead, such ranges contained the outcome {own[5]:.0f}% of the time" in said
    assert said.count("contained the outcome") == 1
    assert list_numbers(NAMES, [level], **bounds).loc[f"coverage_{100 * level:g}", "value"] == own[5]
    assert "the middle of the forecast" not in said
    for above, told in ((74.6, "above the middle of the forecast 75%"), (20.0, "below the middle of the forecast 80%")):
        assert told in say(**{"05_coverage": read_kept()["05_coverage"].assign(above_median=above)})["forecast"]


def test_of_one_or_two_figures_others_make_the_forecast():
    scores = read_kept()["04_scores"].assign(window=1)
    assert "This series has only one figure, so the forecast rests on" in say(**{"04_scores": scores})["forecast"]
    assert "only one figure" not in say()["forecast"]


@pytest.mark.parametrize(("growing", "told"), [([10.0, 11.0, 12.0], True), ([202.0, 402.0, 602.0], False)])
def test_a_forecast_at_another_pace_than_the_figures_says_so(growing, told):
    assert ("times the pace of the last two" in say(**grow(growing))["speed"]) == told


def test_past_a_peak_there_is_no_end_and_no_pace():
    tables = grow([500.0, 602.0, 500.0, 400.0], ("2022-12-31", "2023-12-31", "2024-12-31", "2025-12-31"))
    tables["05_forecast"] = gather().tables["05_forecast"].iloc[:0]
    values = tables["02_growth"].set_index("date")["value"]
    tables["03_ceiling"] = facts.list_ceiling(curves.assess_ceiling(values), values)
    assert "ceiling" not in list_numbers(**tables).index
    assert tables["03_ceiling"]["verdict"][0] == "fallen"
    said = say(**tables)
    assert "have fallen from a peak of 602" in said["speed"]
    assert " rose from " not in said["speed"]


def test_of_figures_that_have_fallen_no_forecast_is_told_anywhere():
    tables = grow([249.0, 602.0, 400.0])
    tables["05_forecast"] = gather().tables["05_forecast"].iloc[:0]
    said, numbers = say(**tables), list_numbers(**tables)
    assert said["headline"].endswith(NO_FORECAST)
    assert said["forecast"] == "No forecast: it has fallen."
    assert numbers.loc["forecast", "text"] == NO_FORECAST
    assert not numbers.index.str.startswith("forecast_").any()
    assert "Adoption curves only rise" in said["caution"]


NOTE = curves.Assessment.note


def give_verdict(verdict, low, high, last, bound=np.nan, reason=""):
    return curves.Assessment(verdict, low, high, last, last, pd.DataFrame(), bound, reason)


@pytest.mark.parametrize(
    ("verdict", "told", "said"),
    [
        (("levels off", 62.0, 74.0, 62.0, 100.0), True, "growth ends between 62 and 74%;"),
        (("depends on the curve", 52.0, 238.0, 50.0), True, "somewhere between 52 and 240%;"),
        (("beyond the limit", 121.0, 148.0, 62.0, 100.0), False, "the curves put the end beyond the limit"),
        (("near its limit", 93.5, 109.0, 93.5, 100.0), False, "near their limit: at most 6.5 points are left."),
        (("fallen", np.nan, np.inf, 60.0, 100.0), False, "have fallen from a peak"),
        (("not known", 27.7, np.inf, 26.0, 100.0, "it is open"), False, "do not show where growth will stop."),
    ],
)
def test_sentence_and_key_number_say_the_one_verdict(verdict, told, said):
    """In the same words and ends, from the row that notebook 3 keeps, and never as an end of all times."""
    assessed, rising = give_verdict(*verdict), pd.Series([20.0, 40, 60])
    tables = grow(rising, unit="percent", share_of_bound=rising)
    tables["03_ceiling"] = facts.list_ceiling(assessed, rising)
    end, numbers = say(SHARES, **tables)["forecast"], list_numbers(SHARES, **tables)
    assert said in end
    assert (NOTE in end) == (verdict[0] in ("levels off", "depends on the curve"))
    assert ("ceiling" in numbers.index) == told
    if told:
        row = numbers.loc["ceiling"]
        assert row["text"] == f"{assessed.sentence}%"
        assert (row["low"], row["high"]) == verdict[1:3]
    goes = gather(SHARES, **tables).goes_further
    assert ("is above that range, because" in end) == goes


@pytest.mark.parametrize(("indicator", "other"), [("genai_users", True), ("ai_share", False)])
def test_another_measure_is_named_and_not_compared(indicator, other):
    row = {"entity": "China", "value": 21.0, "publisher": "Office", "indicator": "ai_share", "kind": "telemetry"}
    row |= {"date": pd.Timestamp("2026-06-30"), "people": "adults", "place": 3.0, "places": 3.0}
    compared, growth = pd.DataFrame([row, row | {"entity": "Japan", "place": 1.0}]), read_kept()["02_growth"]
    said = say(**{"02_countries": compared, "02_growth": growth.assign(indicator=indicator)})["caution"]
    assert "Office, which estimates use from telemetry, puts China at 21.0% of adults in June 2026." in said
    assert ("measure different things" in said) == other
    unranked = compared.assign(place=np.nan, places=np.nan)  # the whole list is not held
    assert "Office" not in say(**{"02_countries": unranked})["caution"]


def test_where_no_range_is_given_the_middle_stands_beside_what_phones_did():
    counts = {"years": [1, 5], "units": 20, "figures": [40, 30], "above": [30, 27]}
    counted = pd.DataFrame({"kind": "without a limit"} | counts)
    said, numbers = say(**{"05_middle": counted}), list_numbers(**{"05_middle": counted})
    assert "above the middle in 30 of 40 cases 1 year on, 27 of 30 cases 5 years on" in said["forecast"]
    assert "range" not in said["forecast"]
    assert "range is" not in said["deck"]
    assert numbers.loc["above", "value"] == 90
    assert numbers.filter(like="coverage", axis=0).empty
