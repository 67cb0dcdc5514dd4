"""Backtests that a process computes once: in memory alone, and again for every other state of the references."""

import sys
from dataclasses import replace

import pandas as pd
import pytest

from adoption_curves import forecast, indicators
from adoption_curves.indicators import Limit

USERS = pd.Series([12.0, 19, 31, 44, 52], pd.date_range("2021-12-31", periods=5, freq="YE"))


@pytest.fixture(scope="module")
def few():
    return indicators.load_references()[:8]


@pytest.fixture
def calls(monkeypatch):
    """How often a backtest was computed, in a process that has not yet computed any."""
    calls = []
    kept = sys.modules["adoption_curves.forecast.backtest"]
    monkeypatch.setattr(kept, "_KEPT", {})
    monkeypatch.setattr(kept, "backtest", lambda *a, **k: calls.append(k["bounded"]) or forecast.backtest(*a, **k))
    return calls


def test_a_forecast_is_the_same_computed_and_remembered(few, calls):
    made = [forecast.forecast(USERS, 100, few) for _ in range(2)]
    assert len({each.frame().to_csv() + each.milestones().to_csv() for each in made}) == 1
    assert calls == [True]
    assert made[0].calibration is made[1].calibration


@pytest.mark.parametrize("change", ["value", "bound", "date", "technology", "fewer", "unbounded"])
def test_another_state_of_the_references_is_another_backtest(few, calls, change):
    forecast.reuse_references(few).calibrate(True)
    first, *others = few
    changed = {
        "value": replace(first, values=first.values * 1.001),
        "bound": replace(first, bound=Limit(first.bound.values * 1.001)),
        "date": replace(first, values=first.values.set_axis(first.values.index + pd.DateOffset(days=1))),
        "technology": replace(first, technology="another"),
    }
    given = others if change == "fewer" else [changed.get(change, first), *others]
    forecast.reuse_references(given).calibrate(change != "unbounded")
    assert len(calls) == 2


def test_only_the_references_used_last_stay_in_memory(few, calls):
    for count in range(3, 9):
        forecast.reuse_references(few[:count])
    kept = sys.modules["adoption_curves.forecast.backtest"]
    assert len(kept._KEPT) == kept._MOST_KEPT
    assert forecast.reuse_references(few).series == few


def test_nothing_is_written(few, calls, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    forecast.forecast(USERS, 100, few).quantiles  # noqa: B018
    assert calls == [True]
    assert not list(tmp_path.iterdir())
