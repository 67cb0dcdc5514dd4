"""Figures per 100 people that stand low and grow, without a limit: their ranges learn from phones and fixed lines."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adoption_curves.forecast import forecast, lessons

ROOT = Path(__file__).parents[2]
PHONES = pd.Series([0.2, 0.4, 0.9, 1.6, 3.1, 5.2], pd.date_range("1996-12-31", periods=6, freq="YE"))


def forecast_phones(unit, values=PHONES, **more):
    values = values.copy()
    values.attrs = {"unit": unit, "technology": more.pop("technology", "")}
    return forecast(values, **more)


def test_ten_rows_of_the_table_are_made_anew(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    early = importlib.import_module("benchmarks.bench_early")
    ten = pd.read_csv(ROOT / "data" / "early_phones.csv", parse_dates=["origin"]).sample(10, random_state=1)
    names = set(ten["entity"])
    made = early.list_rows({key: series for key, series in early.read_panel().items() if key[1] in names})
    key = [*early.ORIGIN, "horizon_years"]
    both = ten.merge(made, on=key, suffixes=("", "_anew"))
    assert len(both) == 10
    for name in set(early.EARLY_COLUMNS) - set(key):
        np.testing.assert_allclose(both[name].astype(float), both[f"{name}_anew"].astype(float), rtol=1e-4, atol=1e-9)


def test_a_series_that_stands_low_per_100_people_has_a_wider_range():
    wide, usual = (forecast_phones(unit).quantiles[0.9].iloc[-1] for unit in ("per 100 people", "devices"))
    assert wide > 2 * usual


@pytest.mark.parametrize(
    ("unit", "values", "bound"),
    [
        ("per 100 people", PHONES * 4, None),
        ("per 100 people", PHONES.iloc[::-1].set_axis(PHONES.index), None),
        ("per 1000 people", PHONES, None),
        ("per 100 people", PHONES, 100.0),
    ],
    ids=["not low", "not growing", "of another scale", "with a limit"],
)
def test_no_other_range_learns_from_them(unit, values, bound):
    found, usual = (forecast_phones(each, values, bound=bound).quantiles for each in (unit, "devices"))
    pd.testing.assert_frame_equal(found, usual)


def test_a_technology_that_is_forecast_teaches_nothing():
    errors = forecast_phones("per 100 people", technology="mobile phone").lessons.errors
    assert set(errors.residuals["technology"]) == {lessons.COMPARED, *(f"landline telephone, {n}" for n in range(4))}


def test_the_record_of_such_ranges_is_counted():
    covered = forecast_phones("per 100 people").coverage()
    assert covered["covered"].between(0, 100).all()
    assert set(covered.loc[covered["horizon_years"] >= 1, "technologies"]) == {9}
