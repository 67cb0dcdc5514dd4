"""Backtests that a process computes once: in memory alone, and again for every other state of the references."""

from dataclasses import replace

import pandas as pd
import pytest

from adoption_curves import forecast, indicators
from adoption_curves.forecast import lessons

USERS = pd.Series([12.0, 19, 31, 44, 52], pd.date_range("2021-12-31", periods=5, freq="YE"))


@pytest.fixture(scope="module")
def few():
    return indicators.load_references()[:8]


@pytest.fixture
def calls(monkeypatch):
    """How often a backtest was computed, in a process that has not yet computed any."""
    calls = []
    monkeypatch.setattr(lessons, "_TAUGHT", {})
    monkeypatch.setattr(lessons, "backtest", lambda *a, **k: calls.append(k["bounded"]) or forecast.backtest(*a, **k))
    return calls


def test_a_forecast_is_the_same_computed_remembered_and_given(few, calls):
    made = [forecast.forecast(USERS, 100, few) for _ in range(2)]
    made += [forecast.forecast(USERS, 100, few, residuals=forecast.backtest(few))]
    assert calls == [True]
    assert len({each.frame().to_csv() + each.milestones().to_csv() for each in made}) == 1
    assert made[0].lessons is made[1].lessons


@pytest.mark.parametrize("change", ["value", "bound", "date", "technology", "fewer", "unbounded"])
def test_another_state_of_the_references_is_another_backtest(few, calls, change):
    forecast.recall(few).residuals(True)
    first, *others = few
    changed = {
        "value": replace(first, values=first.values * 1.001),
        "bound": replace(first, bound=first.bound * 1.001),
        "date": replace(first, values=first.values.set_axis(first.values.index + pd.DateOffset(days=1))),
        "technology": replace(first, technology="another"),
    }
    given = others if change == "fewer" else [changed.get(change, first), *others]
    forecast.recall(given).residuals(change != "unbounded")
    assert len(calls) == 2


def test_only_the_references_used_last_stay_in_memory(few, calls):
    for count in range(3, 9):
        forecast.recall(few[:count])
    assert len(lessons._TAUGHT) == lessons.MOST_TAUGHT
    assert forecast.recall(few).series == few


def test_nothing_is_written(few, calls, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    forecast.forecast(USERS, 100, few)
    assert calls == [True]
    assert not list(tmp_path.iterdir())
