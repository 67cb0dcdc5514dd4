"""Descriptive frames: growth, alignment, comparison and fits say what hand computation says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import describe, indicators
from helpers.describe import summary

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(scope="module")
def data():
    return indicators.load(SAMPLE)


@pytest.fixture(scope="module")
def genai(data):
    return data.series("China", "genai_users", "internet_users")


def test_growth_of_the_published_figures(data, genai):
    growth = describe.measure_growth(data, genai)
    assert growth["change"].tolist()[1:] == [19, 266, 87]
    np.testing.assert_allclose(growth["growth"].iloc[2], 100 * (515 / 249 - 1))
    np.testing.assert_allclose(growth["share_of_bound"].iloc[3], 100 * 602 / 1125)
    np.testing.assert_allclose(growth["years"].iloc[3], 184 / 365)
    assert growth["published_rate"].tolist() == [16.4, 17.7, 36.5, 42.8]


def test_alignment_starts_all_at_the_same_share(data, genai):
    aligned = describe.align_references(genai, data.references(exclude=genai))
    starts = aligned.groupby(["entity", "indicator"]).first()
    np.testing.assert_allclose(starts["years"], 0)
    np.testing.assert_allclose(starts["share"], 100 * 230 / 1099.67)
    assert aligned["target"].iloc[0]
    assert not aligned["indicator"].isin(["genai_adoption_rate"]).any()


def test_alignment_clock_by_hand(data, genai):
    """Germany's internet use crosses the start and the goal between two years; linear in between."""
    germany = data.series("Germany", "internet_use_itu", 100)
    aligned = describe.align_references(genai, [germany])
    pace = aligned.loc[aligned["entity"] == "Germany", "years_to_target_share"].iloc[0]
    share, years = germany.share.to_numpy(), germany.values.index.year.to_numpy() + 1.0
    by_hand = np.interp([230 / 1099.67, 602 / 1125], share[:20], years[:20])
    assert np.all(np.diff(share[:13]) >= 0)
    np.testing.assert_allclose(pace, by_hand[1] - by_hand[0], atol=1e-9)


def test_alignment_without_bound_is_empty(data):
    assert describe.align_references(data.series("China", "genai_users", ""), data.references()).empty


def test_comparison_keeps_measures_apart_and_takes_the_latest(data, genai):
    compared = describe.compare_countries(data, genai)
    assert set(compared["indicator"]) == {
        "genai_adoption_rate",
        "genai_use_eurostat",
        "genai_use_msit",
        "genai_use_rps",
    }
    own = compared[compared["entity"] == "China"].iloc[0]
    assert (own["value"], own["date"]) == (42.8, pd.Timestamp("2025-12-31"))
    assert compared["unit"].str.startswith("percent").all()


def test_the_growth_of_a_year_is_rounded_alike_in_the_finding_and_the_key_numbers(data, genai):
    growth = describe.measure_growth(data, genai)
    names = describe.name_series(genai)
    numbers = {row[0]: row[-1] for row in summary._observed(growth, names)}
    assert numbers["growth_year"] == "141.8 %"
    assert f"; +{numbers['growth_year']} since December 2024." in summary._state_level(growth, names)


def test_the_coverage_of_a_band_one_year_ahead_is_said_in_the_singular():
    row = {"method": "combined", "window": 3, "horizon_years": 1.0, "technologies": 1, "coverage_80": 0.754}
    [(key, label, *_)] = summary._coverage(pd.DataFrame([row]), 0.8)
    assert (key, label) == ("coverage_80_1", "Coverage of the 80 % band 1 year ahead, 1 other technology")
