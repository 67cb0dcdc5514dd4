"""One technology by country: ranks only in a publisher's whole list, and what a figure shows of it."""

import pandas as pd
import pytest
from cells import run_cells

from adoption_curves import indicators
from adoption_curves.indicators.countries import format_missing, select_countries

MICROSOFT = "ai_user_share_microsoft"
COUNTRIES = ["China", "United States", "Japan", "South Korea", "Germany", "India"]


@pytest.fixture(scope="module")
def compared():
    return indicators.compare_entities(indicators.load(), "generative AI")


def test_the_whole_list_of_the_second_quarter_is_held_and_ranked(compared):
    ranked = compared[compared["place"].notna()]
    assert set(ranked["indicator"]) == {MICROSOFT}
    assert set(ranked["date"]) == {pd.Timestamp("2026-06-30")}
    assert len(ranked) == 145
    places = ranked.set_index("entity")["place"]
    assert (places["China"], places["United States"], places["United Arab Emirates"]) == (66, 20, 1)
    assert set(ranked["places"]) == {145}
    assert "World" not in places


def test_what_is_not_in_the_list_has_no_place_and_stays(compared):
    rows = compared[(compared["indicator"] == MICROSOFT) & compared["place"].isna()].set_index("entity")
    assert set(rows.index) == {"Taiwan", "French Guiana", "World"}
    assert rows["value"].to_dict() == {"Taiwan": 31.8, "French Guiana": 10.3, "World": 18.8}
    note = indicators.load().find_entry(MICROSOFT).note
    assert "without Taiwan (31.8 percent in March) and French Guiana" in note


@pytest.mark.parametrize(
    ("as_of", "period"),
    [("2025-12-31", None), ("2026-02-01", "2025-12-31"), ("2026-09-19", "2026-03-31"), ("2026-09-20", "2026-06-30")],
)
def test_a_list_is_ranked_once_all_of_it_was_public(as_of, period):
    """Five of the figures for the first half of 2025 became public with the second half."""
    compared = indicators.compare_entities(indicators.load(as_of=as_of), "generative AI")
    ranked = compared[compared["place"].notna()]
    assert set(ranked["date"]) == ({pd.Timestamp(period)} if period else set())
    if period is None:
        told = format_missing(compared, "generative AI", COUNTRIES)
        assert told.startswith("We rank no country by AI user share (Microsoft) or Use of generative AI (Eurostat)")
        assert told.count("whole list") == 1
        picked = select_countries(compared, "China", COUNTRIES)
        assert picked["named"].all(), "no highest of a part of a list"
        assert len(picked) > 6


def test_a_figure_shows_a_panel_a_kind_the_own_survey_first_and_the_three_highest(compared):
    picked = select_countries(compared, "China", COUNTRIES)
    assert picked["panel"].unique().tolist() == ["survey of the population", "online panel", "telemetry"]
    assert picked.iloc[0][["entity", "indicator", "value"]].tolist() == ["China", "genai_adoption_rate", 42.8]
    own = picked[picked["entity"] == "China"]
    assert own["value"].tolist() == [42.8, 93.6, 17.5]
    assert not picked.duplicated(["panel", "entity"]).any()
    assert picked.loc[~picked["named"], "entity"].tolist() == ["United Arab Emirates", "Singapore", "Ireland"]
    few = select_countries(compared, "Japan", ["Norway"])
    assert set(picked.loc[~picked["named"], "date"]) == {pd.Timestamp("2026-06-30")}, "the date by which they rank"
    assert picked.loc[~picked["named"], "place"].tolist() == [1, 2, 3]
    assert set(picked.loc[picked["entity"] == "Japan", "date"].dt.year) == {2026}, "others have their newest"
    assert set(few["entity"]) == {"Japan", "Norway", "United Arab Emirates", "Singapore", "Ireland"}
    assert few.set_index("entity")["named"].to_dict()["Norway"]


def test_a_figure_leaves_out_measures_that_the_country_has_not():
    compared = indicators.compare_entities(indicators.load(), "internet")
    picked = select_countries(compared, "Germany", COUNTRIES)
    assert set(picked["indicator"]) == {"internet_use_itu"}
    assert picked["entity"].tolist()[:3] == ["South Korea", "United States", "Germany"]
    assert len(set(select_countries(compared, "Atlantis", COUNTRIES)["indicator"])) > 1, "of none, all"


def test_a_country_that_no_measure_has_is_a_sentence(tmp_path, compared):
    told = format_missing(compared, "generative AI", ["Chna", "Japan"])
    assert told.startswith("No measure of generative AI has Chna (nearest: China")
    assert "Japan" not in told.split(".")[0]
    assert ") or Atlantis (nearest" in format_missing(compared, "generative AI", ["Chna", "Atlantis"])
    tables, drawn = run_cells("02", tmp_path, data="data", countries=["Atlantis"])
    assert "China" in set(tables["02_countries"]["entity"])
    assert len(drawn) == 3  # the levels stand in the chart of the forecast


def test_where_no_measure_is_in_percent_a_sentence_stands_for_the_figure():
    nothing = indicators.compare_entities(indicators.load(), "")  # as of own data
    assert nothing.empty
    assert select_countries(nothing, "China", COUNTRIES).empty
    told = format_missing(nothing, "no such technology", COUNTRIES)
    assert told == "The data hold no measure of no such technology in percent, so no countries are compared."


def test_every_measure_of_people_says_how_and_of_whom():
    about = indicators.load().indicators.set_index("indicator")
    measures = about[(about["role"] == "target") & about["technology"].str.contains("AI")]
    assert (measures[["kind", "people"]] != "").all(axis=None)
    assert about.loc["genai_users", "people"] == "residents aged 6 and over, by telephone"
    assert about.loc[MICROSOFT, "kind"] == "telemetry"
    marked = [entry.split() for entry in about.loc[MICROSOFT, "whole_lists"].split("; ")]
    rows = indicators.load().observations
    rows = rows[(rows["indicator"] == MICROSOFT) & (rows["entity"] != "World")]
    for date, size in marked:
        assert (rows["date"] == date).sum() == int(size) == (145 if date == "2026-06-30" else 147)
