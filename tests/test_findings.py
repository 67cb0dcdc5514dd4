"""Findings and key numbers agree with each other and with the tables they are written from."""

import re

import numpy as np
import pandas as pd
import pytest
from cells import SAMPLE

from helpers import curves, indicators
from helpers.base.wording import say_end
from helpers.say import findings, plain


def test_the_growth_of_a_year_is_rounded_alike_in_the_finding_and_the_key_numbers(whole_run):
    tables = {name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in ("06_findings", "06_key_numbers")}
    numbers = tables["06_key_numbers"].set_index("key")["text"]
    assert numbers["growth_year"] == "141.8 %"
    assert f"; +{numbers['growth_year']} since December 2024." in tables["06_findings"]["sentence"][0]


@pytest.mark.parametrize(
    ("unit", "days", "grown"),
    [
        ("million persons", ["2024-12-31", "2025-06-30", "2025-12-31"], 50.0),
        ("percent of adults", ["2024-12-31", "2025-06-30", "2025-12-31"], 10.0),
        ("million persons", ["2022-12-31", "2023-12-31", "2025-12-31"], None),
    ],
    ids=["a count grows by percent", "a share by points", "no figure a year before"],
)
def test_growth_over_the_last_year(unit, days, grown):
    growth = pd.DataFrame({"date": pd.to_datetime(days), "value": [20.0, 25.0, 30.0]})
    gain, start = findings.year_of_growth(growth, unit)
    assert (start is None) == (grown is None)
    assert start is None or (gain, start) == (grown, growth["date"][0])


def test_coverage_is_one_number_where_all_horizons_have_the_same(whole_run):
    published = indicators.load(SAMPLE)
    names = indicators.name_series(published, published.series("China", "genai_users", "internet_users"))
    tables = {name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in findings.SUMMARISED}
    for table in tables.values():
        table["date"] = pd.to_datetime(table.get("date"))
    row = {"method": "combined", "window": 3, "horizon_years": 1.0, "technologies": 1, "coverage_80": 0.754}
    numbers = findings.list_key_numbers(tables | {"04_scores": pd.DataFrame([row])}, names).iloc[-1]
    assert (numbers["key"], numbers["text"]) == ("coverage_80", "75 %")
    assert numbers["label"].endswith("up to 1 year ahead")
    other = findings.list_key_numbers(tables | {"04_scores": pd.DataFrame([row, row | {"coverage_80": 0.8}])}, names)
    assert other.iloc[-1]["text"] == "75 to 80 %"


def test_large_counts_are_said_in_words(whole_run):
    """Own data may count persons, not millions of them."""
    published = indicators.load(SAMPLE)
    names = indicators.name_series(published, published.series("China", "genai_users", "internet_users"))
    tables = {name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in findings.SUMMARISED}
    for table in tables.values():
        table["date"] = pd.to_datetime(table.get("date"))
    tables["02_growth"]["value"] *= 1e6
    numbers = findings.list_key_numbers(tables, names | {"unit": "persons"}).set_index("key")["text"]
    assert numbers["latest"] == "602 million persons"


def test_past_a_peak_no_ceiling_and_no_pace_is_told(whole_run):
    published = indicators.load(SAMPLE)
    names = indicators.name_series(published, published.series("China", "genai_users", "internet_users"))
    tables = {name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in findings.SUMMARISED}
    for table in tables.values():
        table["date"] = pd.to_datetime(table.get("date"))
    tables["02_growth"].loc[tables["02_growth"].index[-1], "value"] = 400.0
    values = tables["02_growth"].set_index("date")["value"]
    tables["03_ceiling"] = findings.list_ceiling(curves.assess_ceiling(values), values)
    keys = findings.list_key_numbers(tables, names)["key"]
    assert not keys.str.startswith("ceiling").any()
    told = " ".join(findings.state_findings(tables, names)["sentence"])
    assert "adoption curves, which only rise, cannot say" in told
    assert not any(word in told for word in ("of the rise", "of its bound in", "where it ends"))


NOTE = curves.Assessment.note


def give_verdict(verdict, low, high, reached, bound=np.nan, voices=("logistic", "gompertz"), doubt=""):
    return curves.Assessment(verdict, low, high, reached, voices, {}, pd.DataFrame(), bound, doubt)


@pytest.mark.parametrize(
    ("verdict", "told", "found", "plainly"),
    [
        (("identified", 61.2, 74.0, 62.0, 100.0), (62.0, 74.0), "it ends between 62.0 and 74 %: the end", ""),
        (("identified", 41.2, 74.0, 62.0, 100.0), (62.0, 74.0), "it ends between 62.0 and 74 %: the end", ""),
        (("identified", 70.2, 110.0, 62.0, 100.0), (70.2, 110.0), "70 and 110 % (in part beyond the bound): the", ""),
        (("depends on the curve", 52.0, 238.0, 50.0), (52.0, 238.0), "curve, somewhere between 52 and 240 %: the", ""),
        (("beyond the bound", 121.0, 148.0, 62.0, 100.0), (121.0, 148.0), "(adults) are wrong", "beyond the bound, be"),
        (("open", 27.7, np.inf, 26.0, 100.0), None, "interval for the ceiling is open), so", "the figures do not say."),
        (("open", np.nan, np.inf, np.nan, 100.0, ()), None, "no adoption curve describes them", "figures do not say."),
        (
            ("open", 27.7, 31.0, 26.0, 100.0, ("bass",), "they leave it"),
            None,
            "(they leave it), so",
            "(they leave it).",
        ),
    ],
)
def test_every_register_says_the_one_verdict(whole_run, verdict, told, found, plainly):
    """In the same words and ends, from the row that 03 keeps, and never as an end of all times."""
    names = {"title": "Users", "unit": "percent", "bound_title": "adults", "base": "adults", "cautions": {}}
    tables = {
        name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in {*plain.SUMMARISED, *findings.SUMMARISED}
    }
    for table in tables.values():
        table["date"] = pd.to_datetime(table.get("date"))
    rising = pd.Series(np.linspace(20, 60, len(tables["02_growth"])))
    tables["02_growth"] = tables["02_growth"].assign(value=rising, unit="percent", share_of_bound=rising)
    assessed = give_verdict(*verdict)
    tables["03_ceiling"] = findings.list_ceiling(assessed, rising)
    sentences = findings.state_findings(tables, names)["sentence"]
    [finding] = [text for text in sentences if found in text]
    end = plain.state_plainly(tables, names, "China").set_index("part")["sentence"]["end"]
    assert (plainly or found) in end
    row = findings.list_key_numbers(tables, names).set_index("key").loc["ceiling"]
    assert assessed.sentence in row["text"]
    for text in (finding, end, row["text"]):
        assert (NOTE in text) == (verdict[0] in ("identified", "depends on the curve")), text
        assert told or not re.search(r"27|inf", text)
    assert verdict[0] not in ("identified", "depends on the curve") or row["text"] in end
    assert (row["low"], row["high"]) == told if told else row[["low", "high"]].isna().all()


def test_a_series_past_its_peak_has_no_ceiling_whatever_curves_say():
    values = pd.Series([10.0, 30, 60, 80, 60])
    row = findings.list_ceiling(give_verdict("identified", 61.0, 64.0, 60.0), values).iloc[0]
    assert (row["verdict"], row["voices"], row["sentence"]) == ("below its peak", "", "not known")
    assert "61" not in say_end(row, "percent")


def test_a_series_that_stands_still_has_no_pace(whole_run):
    names = {"title": "Users", "unit": "percent", "bound_title": "adults", "base": "adults", "cautions": {}}
    tables = {
        name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in {*plain.SUMMARISED, *findings.SUMMARISED}
    }
    for table in tables.values():
        table["date"] = pd.to_datetime(table.get("date"))
    still = {"value": 41.2, "unit": "percent", "share_of_bound": 41.2, "change": 0.0}
    tables["02_growth"], tables["02_newer"] = tables["02_growth"].assign(**still), tables["02_newer"].iloc[:0]
    told = " ".join(findings.state_findings(tables, names)["sentence"])
    assert "It has stayed between 41.2 and 41.2 % since" in told
    assert "no change since December 2024" in told
    assert not any(word in told for word in ("about as fast", "one step"))
    assert plain.state_plainly(tables, names, "China")["sentence"][0].endswith(", the same as a year before")


@pytest.mark.parametrize(("indicator", "other"), [("genai_users", True), ("ai_share", False)])
def test_a_comparison_of_countries_in_the_same_measure_is_of_the_same_level(indicator, other):
    rows = [("United Arab Emirates", 70.1), ("China", 20.0), ("Japan", 31.3)]
    compared = pd.DataFrame(rows, columns=["entity", "value"])
    compared = compared.assign(measure="AI share", indicator="ai_share", date=pd.Timestamp("2026-03-31"))
    told = plain._say_countries(compared, "China", indicator)
    assert "place 3 of 3 (highest: United Arab Emirates, 70.1 %)" in told
    assert ("another question" in told) == other
