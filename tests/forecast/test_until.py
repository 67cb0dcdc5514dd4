"""A forecast until a day, and when a number is reached."""

import pandas as pd
import pytest

from adoption_curves import indicators
from adoption_curves.forecast import forecast

YEARLY = pd.Series([5.0, 8, 12, 30, 41], pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)]))


@pytest.fixture(scope="module")
def china():
    return forecast(indicators.load().series("China", "genai_users"), until="2035-12-31")


def test_a_day_decides_and_is_the_last_date(china):
    assert china.dates[-1] == pd.Timestamp("2035-12-31")
    assert set(china.basis) == {"tested", "extrapolated"}
    between = forecast(YEARLY, limit=100, horizon_years=1, until="2028-06-30")
    assert [f"{date:%Y-%m}" for date in between.dates] == ["2026-12", "2027-12", "2028-06"]


@pytest.mark.parametrize(
    ("until", "message"),
    [
        ("2025-12-31", "the last value is of 2025-12-31: choose a later day"),
        ("2041-01-01", "at most 15 years after 2025-12-31"),
        ("next year", "it must be a day such as 2030-12-31"),
    ],
)
def test_impossible_days_are_refused(until, message):
    with pytest.raises(ValueError, match=message):
        forecast(YEARLY, limit=100, until=until)


def test_a_billion_is_reached_when_the_quantiles_say_so(china):
    row = china.milestones((), (1000,)).iloc[0]
    assert row["status"] == "expected"
    chances = china.probability((), (1000,)).set_index("date")["probability"]
    assert chances.is_monotonic_increasing
    assert row["probability"] == chances.iloc[-1]
    half = chances[chances >= 0.5].index[0]
    assert chances.index[chances.index.get_loc(half) - 1] < pd.Timestamp(row["median"]) <= half
    assert (china.quantiles[0.5] >= 1000).idxmax() >= half, "a path that has been above may be below again"


@pytest.mark.parametrize(
    ("value", "message"),
    [(700, "above the last value, 708 million"), (2000, "90% quantile"), ("a billion", "must be a number")],
)
def test_a_milestone_of_which_nothing_can_be_said_is_refused(china, value, message):
    with pytest.raises(ValueError, match=message):
        china.milestones((), (value,))
