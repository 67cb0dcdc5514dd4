"""Which values a forecast uses where the method may have changed, and what bad days are answered with."""

from dataclasses import replace

import pandas as pd
import pytest

from adoption_curves import indicators
from adoption_curves.forecast import backtest, forecast
from adoption_curves.indicators import DataError

DAYS = pd.to_datetime([f"{year}-12-31" for year in range(2019, 2026)])
USERS = pd.Series([5.0, 8, 12, 30, 41, 50, 57], DAYS, name="users")
CHANGE = pd.DataFrame({"date": [pd.Timestamp("2022-12-31")], "kind": ["suspected"], "reason": ["a wider question"]})


@pytest.fixture(scope="module")
def china():
    return indicators.load().series("China", "genai_users")


@pytest.fixture
def changed(china):
    """A percentage whose method may have changed in 2022."""
    rows = pd.DataFrame({"date": DAYS, "value": USERS, "qualifier": "exact"})
    none = china.censored.iloc[:0]
    return replace(china, values=USERS, limit=None, earlier=USERS[:0], breaks=CHANGE, observations=rows, censored=none)


def test_values_since_a_suspected_change_are_used_where_three_remain(changed):
    assert forecast(changed, limit=100).used.index[0] == pd.Timestamp("2022-12-31")
    two = replace(changed, values=USERS[:"2023"])
    assert list(forecast(two, limit=100).used) == [5, 8, 12, 30, 41]
    assert list(forecast(changed, limit=100, since="all").used) == list(USERS)


def test_the_limit_keeps_the_values_of_dates_that_are_left_out(china):
    used, whole = forecast(china), forecast(china, since="all")
    assert (len(used.used), len(whole.used)) == (3, 5)
    pd.testing.assert_index_equal(used.limit_dates, whole.used.index)
    for mine, other in zip(used.limit_ahead(used.years), whole.limit_ahead(whole.years), strict=True):
        assert mine == pytest.approx(other, rel=1e-12)


def test_a_day_before_the_first_value_changes_nothing():
    plain = forecast(USERS, limit=100)
    pd.testing.assert_frame_equal(forecast(USERS, limit=100, since="2000-01-01").quantiles, plain.quantiles)


@pytest.mark.parametrize(
    ("since", "message"),
    [
        ("2026-01-01", "leaves no usable values; a forecast needs three"),
        ("2024-06-01", "leaves two usable values; a forecast needs three"),
        ("soon", "is no day; write YYYY-MM-DD, all, or nothing"),
    ],
)
def test_a_day_that_leaves_too_few_values_is_refused(since, message):
    with pytest.raises(DataError, match=message):
        forecast(USERS, limit=100, since=since)


def test_no_window_of_the_backtest_crosses_a_suspected_change_that_it_need_not(changed):
    rows = backtest([changed.with_limit(forecast(USERS, limit=100).target.limit)])
    after = rows[rows["origin"] >= "2024-12-31"]
    assert set(after["window"]) == {3}
    assert set(rows.loc[rows["origin"] == "2023-12-31", "window"]) == {3, 4}
