"""Findings and key numbers agree with each other and with the tables they are written from."""

import numpy as np
import pandas as pd
import pytest
from cells import SAMPLE

from helpers import findings, indicators, plain


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
    keys = findings.list_key_numbers(tables, names)["key"]
    assert not keys.str.startswith("ceiling").any()
    told = " ".join(findings.state_findings(tables, names)["sentence"])
    assert "past a peak an adoption curve does not apply" in told
    assert not any(word in told for word in ("of the rise", "of its bound in", "where it ends"))


@pytest.mark.parametrize(
    ("low", "high", "found", "plainly"),
    [
        (70.0, 90.0, "run from 70.0 to 90.0 %: the data bound it", "it ends between 70.0 and 90.0 %."),
        (
            70.0,
            150.0,
            "run from 70.0 % to beyond the bound (adults)",
            "may end anywhere from 70.0 % on, up to the bound",
        ),
        (
            60.0,
            150.0,
            "run from 60.0 % to beyond the bound (adults)",
            "anywhere from here on, up to the bound (adults).",
        ),
        (110.0, 150.0, "lie beyond the bound (adults): the data do not say", "the curves put it beyond the bound."),
        (50.0, 55.0, "below the last figure: these curves do not", "the curves put it below what has been reached."),
        (60.0, np.inf, "open (logistic), so no ceiling is given; the bound is not one.", "the figures do not say."),
    ],
)
def test_no_ceiling_is_told_that_lies_beyond_the_bound(whole_run, low, high, found, plainly):
    """Nobody can read that a share may end at 150 %: what lies beyond the bound is only the curve's."""
    names = {"title": "Users", "unit": "percent", "bound_title": "adults", "base": "adults", "cautions": {}}
    tables = {name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in plain.SUMMARISED}
    tables |= {name: pd.read_csv(whole_run / "tables" / f"{name}.csv") for name in findings.SUMMARISED}
    for table in tables.values():
        table["date"] = pd.to_datetime(table.get("date"))
    rising = {"value": np.linspace(20, 60, len(tables["02_growth"])), "unit": "percent"}
    tables["02_growth"] = tables["02_growth"].assign(**rising, share_of_bound=rising["value"])
    ceiling = {"family": "logistic", "ceiling": "free", "parameter": "ceiling", "estimate": low, "errors": "not known"}
    tables["03_parameters"] = pd.DataFrame(
        [ceiling | {"low_95": low, "high_95": high, "identified": np.isfinite(high)}]
    )
    assert found in " ".join(findings.state_findings(tables, names)["sentence"])
    assert plainly in plain.state_plainly(tables, names, "China").set_index("part")["sentence"]["end"]
    numbers = findings.list_key_numbers(tables, names).set_index("key")["text"]
    assert "150" not in numbers.get("ceiling_logistic", "")


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
    assert plain.state_plainly(tables, names, "China")["sentence"][0].endswith(", as a year before")


@pytest.mark.parametrize(("indicator", "other"), [("genai_users", True), ("ai_share", False)])
def test_a_comparison_of_countries_in_the_same_measure_is_of_the_same_level(indicator, other):
    rows = [("United Arab Emirates", 70.1), ("China", 20.0), ("Japan", 31.3)]
    compared = pd.DataFrame(rows, columns=["entity", "value"])
    compared = compared.assign(measure="AI share", indicator="ai_share", date=pd.Timestamp("2026-03-31"))
    told = plain._say_countries(compared, "China", indicator)
    assert "place 3 of 3 (highest: United Arab Emirates, 70.1 %)" in told
    assert ("another question" in told) == other
