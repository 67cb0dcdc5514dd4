"""One technology by country: ranks only in a publisher's whole list, and what a figure shows of it."""

import pandas as pd
import pytest
from cells import run_notebook

from adoption_curves import indicators

MICROSOFT = "ai_user_share_microsoft"


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


def test_a_chart_has_one_value_of_a_country_by_each_kind_of_measure_and_the_three_highest(tmp_path, capsys):
    names, tables, figures = run_notebook("02", tmp_path, data="data", countries=["Japan", "Atlantis"])
    picked = names["picked"]
    assert not picked.duplicated(["kind", "entity"]).any()
    assert picked.loc[picked["entity"] == "China", "value"].tolist() == [17.5, 42.8, 93.6]
    assert set(picked["entity"]) == {"China", "Japan", "United Arab Emirates", "Singapore", "Ireland"}
    assert picked.loc[picked["place"] <= 3, "entity"].tolist() == ["United Arab Emirates", "Singapore", "Ireland"]
    assert "We have no measure of generative AI for Atlantis." in capsys.readouterr().out
    assert "China" in set(tables["02_countries"]["entity"])
    assert [*figures] == ["02_levels", "02_growth", "02_aligned", "02_countries"]
    pace = tables["02_pace"]
    row = pace[pace["target"]].iloc[0]
    assert (row["place"], row["of"]) == (3, 40), "no technology is followed through a change of method"
    assert pace.loc[pace["years_to_target_share"] == float("inf"), "place"].isna().all()


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
