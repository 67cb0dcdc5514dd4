"""What a run finds is decided once: each register says the one verdict, and what a series doesn't have is not said."""

import re

import golden
import numpy as np
import pandas as pd
import pytest

from adoption_curves import curves
from adoption_curves.base.words import NO_RANGE, WHY_NO_RANGE, say_end
from adoption_curves.say import facts, findings, plain

NAMES = {"title": "Users, China", "unit": "million people", "base": "total population", "cautions": {}}
NAMES |= {"bound_title": "Internet users"}
SHARES = NAMES | {"unit": "percent of adults", "bound_title": "adults", "base": "adults"}


def read_kept(**changed):
    kept = {name: pd.read_csv(golden.BASELINE / f"{name}.csv") for name in facts.SUMMARISED}
    for table in kept.values():
        if "date" in table:
            table["date"] = pd.to_datetime(table["date"])
    return kept | changed


def gather(names=NAMES, entity="China", levels=(0.5, 0.8, 0.9), **changed):
    return facts.Facts(read_kept(**changed), names, entity, levels)


def say_plainly(*arguments, **changed):
    return plain.state_plainly(gather(*arguments, **changed)).set_index("part")["sentence"]


def find(*arguments, **changed):
    return findings.state_findings(gather(*arguments, **changed))["sentence"].tolist()


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
    ("names", "values", "expected"),
    [
        (NAMES, [100.0, 200.0, 500.0], "500 million people in December 2025, 2.5 times as many as in December 2024"),
        (NAMES, [100.0, 200.0, 220.0], "220 million people in December 2025, 10 % more than in December 2024"),
        (NAMES, [100.0, 200.0, 198.0], "198 million people in December 2025, 1 % fewer than in December 2024"),
        (NAMES, [100.0, 400.0, 200.0], "200 million people in December 2025, down from 400 million people in"),
        (NAMES, [100.0, 200.0, 200.0], "200 million people in December 2025, the same as in December 2024"),
        (NAMES | {"unit": "persons"}, [1e8, 2e8, 6.02e8], "602 million people in December 2025, 3.0 times as many"),
        (SHARES, [10.0, 20.0, 26.0], "26.0 % in December 2025, 6.0 percentage points more than in December 2024"),
    ],
)
def test_headlines(names, values, expected):
    assert say_plainly(names, **grow(values))["headline"].startswith(f"Users, China: {expected}")


def test_a_newer_bound_leads_where_it_says_more():
    assert say_plainly()["headline"].startswith("Users, China: at least 700 million people in June 2026, after 602 in")
    for kept in (600.0, 602.0):
        less = read_kept()["02_newer"].assign(value=kept)
        assert "at least" not in say_plainly(**{"02_newer": less})["headline"]


def test_plain_words_name_place_odds_and_what_is_not_known():
    said = say_plainly()
    place = (
        r"Microsoft, which estimates use from telemetry and asks nobody, puts China at [\d.]+ % of people aged 15 to "
        r"64 in \w+ \d{4}\. China is number \d+ of all 147 economies on its list for \w+ \d{4}, with [\d.]+ % "
        r"\(highest: United Arab Emirates, [\d.]+ %\)"
    )
    assert re.search(place, said["countries"])
    assert said["end"] == "Users, China: where growth ends, the figures do not say."
    assert "caution" not in said
    assert "countries" not in say_plainly(NAMES, "World")
    refuted = read_kept()["05_forecast"].assign(basis="refuted")
    assert "no forecast is given" in say_plainly(**{"05_forecast": refuted})["forecast"]


def test_a_level_is_told_with_its_own_tested_coverage():
    coverage = read_kept()["05_coverage"]
    for level in (0.5, 0.8, 0.9):
        own = coverage[coverage["level"] == level]
        said, year = say_plainly(NAMES, "China", [level])["forecast"], own[own["horizon_years"] == 1]
        assert f"meant to hold in {100 * level:g} of 100" in said
        assert f"it held in {year['covered'].iloc[0]:.0f} " in said
        row = findings.list_key_numbers(gather(NAMES, "China", [level])).iloc[-1]
        assert (row["key"], row["low"], row["high"]) == (
            f"coverage_{100 * level:g}",
            *own["covered"].agg(["min", "max"]),
        )


def test_coverage_is_one_number_where_all_horizons_have_the_same():
    same = read_kept()["05_coverage"].assign(covered=75.4)
    assert findings.list_key_numbers(gather(**{"05_coverage": same})).iloc[-1]["text"] == "75 %"


def test_outcomes_that_lie_mostly_on_one_side_are_told():
    high = read_kept()["05_coverage"].assign(above_median=74.6)
    assert "In 75 of 100 cases the figure lay above the middle" in say_plainly(**{"05_coverage": high})["forecast"]
    assert "the middle of the forecast" not in say_plainly()["forecast"]
    low = gather(**{"05_coverage": read_kept()["05_coverage"].assign(above_median=20.0)})
    told = plain.state_plainly(low).set_index("part").loc["forecast"]
    assert "In 80 of 100 cases the figure lay below the middle" in told["sentence"]


def test_a_change_too_small_for_whole_percent_is_one_number_in_both_registers():
    for last, told in ((1003.0, "0.3 % more than"), (1000.2, "the same as")):
        tables = grow([800.0, 1000.0, last])
        assert told in say_plainly(**tables)["headline"]
        assert ("no change since" in find(**tables)[0]) == (told == "the same as")


def test_of_one_or_two_figures_that_count_it_is_said_that_others_make_the_forecast():
    """As the windows that it learnt from say, whatever zeros stand before or figures within half a year."""
    scores = read_kept()["04_scores"].assign(window=1)
    assert "says only where it stands. " in say_plainly(**{"04_scores": scores})["forecast"]
    assert "from other technologies" in find(**{"04_scores": scores})[-1]
    assert "from other technologies" not in say_plainly()["forecast"] + find()[-1]


@pytest.mark.parametrize(("growing", "told"), [([10.0, 11.0, 12.0], " times as fast"), ([202.0, 402.0, 602.0], "")])
def test_a_forecast_that_grows_at_another_pace_than_the_figures_says_so(growing, told):
    sentence = find(**grow(growing))[-1]
    assert (" times as fast as the figures did in the last two" in sentence) == bool(told), sentence


def test_past_a_peak_no_ceiling_and_no_pace_is_told():
    tables = grow([249.0, 602.0, 400.0])
    values = tables["02_growth"].set_index("date")["value"]
    tables["03_ceiling"] = facts.list_ceiling(curves.assess_ceiling(values), values)
    assert not findings.list_key_numbers(gather(**tables))["key"].str.startswith("ceiling").any()
    told = " ".join(find(**tables))
    assert "fallen since 602 million people in December 2024; whether they will rise above that again" in told
    assert not any(word in told for word in ("of the rise", "of the bound in", "where growth ends"))


def test_past_a_peak_no_range_is_told_anywhere():
    tables = grow([249.0, 602.0, 400.0])
    tables["05_forecast"] = read_kept()["05_forecast"].assign(basis=NO_RANGE)
    said = say_plainly(**tables)["forecast"]
    assert said == f"Users, China: we give no range, {WHY_NO_RANGE}."
    assert said in find(**tables)
    numbers = findings.list_key_numbers(gather(**tables)).set_index("key")
    assert numbers.loc["forecast", "text"] == "no range, below its peak"
    assert not numbers.index.str.startswith("forecast_").any()


def test_a_series_that_stands_still_has_no_pace():
    told = " ".join(find(SHARES, **grow([41.2, 41.2, 41.2], share_of_bound=41.2)))
    assert "41.2 to 41.2 % since December 2023, so there is no rise to measure" in told
    assert "no change since December 2024" in told
    assert not any(word in told for word in ("as fast or faster", "of the rise"))


NOTE = curves.Assessment.note


def give_verdict(verdict, low, high, reached, bound=np.nan, reason=""):
    return curves.Assessment(verdict, low, high, reached, pd.DataFrame(), bound, reason)


@pytest.mark.parametrize(
    ("verdict", "told", "found", "plainly"),
    [
        (("levels off", 61.2, 74.0, 62.0, 100.0), (62.0, 74.0), "growth ends between 62.0 and 74 %: the end", ""),
        (("levels off", 41.2, 74.0, 62.0, 100.0), (62.0, 74.0), "growth ends between 62.0 and 74 %: the end", ""),
        (("levels off", 70.2, 110.0, 62.0, 100.0), (70.2, 110.0), "70 and 110 % (in part beyond the bound): the", ""),
        (("depends on the curve", 52.0, 238.0, 50.0), (52.0, 238.0), "curve, somewhere between 52 and 240 %: the", ""),
        (("beyond the limit", 121.0, 148.0, 62.0, 100.0), (121.0, 148.0), "(adults) are wrong", "beyond the limit, be"),
        (("not known", 27.7, np.inf, 26.0, 100.0, "it is open"), None, "(it is open), so", "the figures do not say."),
        (("not known", 27.7, 31.0, 26.0, 100.0, "it is wide"), None, "(it is wide), so", "the figures do not say."),
    ],
)
def test_every_register_says_the_one_verdict(verdict, told, found, plainly):
    """In the same words and ends, from the row that 03 keeps, and never as an end of all times."""
    assessed, rising = give_verdict(*verdict), pd.Series([20.0, 40, 60])
    tables = grow(rising, unit="percent", share_of_bound=rising)
    tables["03_ceiling"] = facts.list_ceiling(assessed, rising)
    [finding] = [text for text in find(SHARES, **tables) if found in text]
    end = say_plainly(SHARES, **tables)["end"]
    assert (plainly or found) in end
    row = findings.list_key_numbers(gather(SHARES, **tables)).set_index("key").loc["ceiling"]
    assert assessed.sentence in row["text"]
    for text in (finding, end, row["text"]):
        assert (NOTE in text) == (verdict[0] in ("levels off", "depends on the curve")), text
        assert told or not re.search(r"27|inf", text)
    assert verdict[0] not in ("levels off", "depends on the curve") or row["text"] in end
    assert (row["low"], row["high"]) == told if told else row[["low", "high"]].isna().all()


def test_a_series_past_its_peak_has_no_ceiling_whatever_curves_say():
    values = pd.Series([10.0, 30, 60, 80, 60])
    row = facts.list_ceiling(give_verdict("levels off", 61.0, 64.0, 60.0), values).iloc[0]
    assert (row["verdict"], row["reason"], row["sentence"]) == ("below its peak", "", "not known")
    assert "61" not in say_end(row, "percent")


@pytest.mark.parametrize(("indicator", "other"), [("genai_users", True), ("ai_share", False)])
def test_a_comparison_of_countries_in_the_same_measure_is_of_the_same_level(indicator, other):
    rows = [("United Arab Emirates", 70.1, 1), ("Japan", 31.3, 2), ("China", 20.0, 3)]
    compared = pd.DataFrame(rows, columns=["entity", "value", "place"]).assign(places=3, publisher="Office")
    compared = compared.assign(indicator="ai_share", date=pd.Timestamp("2026-03-31"), kind="telemetry", people="adults")
    newer = {"entity": "China", "value": 21.0, "publisher": "Office", "indicator": "ai_share", "kind": "telemetry"}
    newer |= {"date": pd.Timestamp("2026-06-30"), "people": "adults"}
    compared = pd.concat([compared, pd.DataFrame([newer])], ignore_index=True)
    growth = read_kept()["02_growth"].assign(indicator=indicator)
    told = say_plainly(**{"02_countries": compared, "02_growth": growth})["countries"]
    assert told.startswith(
        "Office, which estimates use from telemetry and asks nobody, puts China at 21.0 % of adults in June"
    )
    list_of = (
        "number 3 of all 3 economies on its list for March 2026, with 20.0 % (highest: United Arab Emirates, 70.1 %)"
    )
    assert list_of in told
    assert ("different things" in told) == other
    unranked = compared.assign(place=np.nan, places=np.nan)  # the whole list is not held
    assert "countries" not in say_plainly(**{"02_countries": unranked, "02_growth": growth})
