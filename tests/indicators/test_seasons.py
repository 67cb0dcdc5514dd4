"""Seasons of months and quarters: found, refused with the options, and taken out by them."""

import numpy as np
import pandas as pd
import pytest
from processes import call

from adoption_curves import indicators
from adoption_curves.base.source import Source
from adoption_curves.forecast import forecast
from adoption_curves.indicators.seasons import RARE, compare_periods, count_periods


def logistic(t, ceiling, rate, midpoint):
    return ceiling / (1 + np.exp(-rate * (t - midpoint)))


def make_months(season, seeds):
    """Monthly counts along logistic curves, errors of 3 %, with a yearly season of this amplitude."""
    t, dates = np.arange(48.0), pd.date_range("2021-01-31", periods=48, freq="ME")
    for seed in seeds:
        rng = np.random.default_rng(seed)
        level = logistic(t, rng.uniform(500, 5000), rng.uniform(0.06, 0.15), rng.uniform(18, 36))
        wave = 1 + season * np.sin(2 * np.pi * (t + rng.uniform(0, 12)) / 12)
        yield pd.Series(level * wave * (1 + 0.03 * rng.standard_normal(48)), dates)


def make_cars(quarters=23):
    """Cars sold in each quarter, with seasons, and what was expected of the quarter after the last."""
    t, factors = np.arange(quarters + 1), np.array([0.85, 0.97, 1.0, 1.18])
    level = (20_000 + logistic(t, 580_000, 0.25, 16)) * factors[t % 4]
    values = (level * (1 + 0.01 * np.random.default_rng(5).standard_normal(len(t)))).round()
    return pd.Series(values[:-1], pd.date_range("2020-03-31", periods=quarters, freq="QE")), level[-1]


def write(folder, values, name="sales.csv"):
    path = folder / name
    rows = [f"{date:%Y-%m-%d},{value}" for date, value in values.items()]
    path.write_text("\n".join(["date,Cars sold", *rows]) + "\n", encoding="utf-8")
    return path


def load_values(path, **choices):
    data = indicators.load(Source(path, choices))
    return data.series(*data.own[0]).values


@pytest.mark.parametrize(("season", "least", "most"), [(0.0, 0, 4), (0.15, 190, 200)])
def test_seasons_are_found_where_there_are_any(season, least, most):
    found = sum(compare_periods(values, 12) < RARE for values in make_months(season, range(3, 203)))
    assert least <= found <= most


def test_seasons_are_refused_with_the_options_that_take_them_out(tmp_path):
    with pytest.raises(indicators.DataError) as refusal:
        load_values(write(tmp_path, make_cars()[0]))
    assert "sales has seasons: growth differs by quarter; write --season same to keep one quarter" in str(refusal.value)
    assert "or --season sum for sums of whole years" in str(refusal.value)


@pytest.mark.parametrize("command", ["check", "run", "sweep"])
def test_commands_refuse_alike(tmp_path, capsys, command):
    path, grid = write(tmp_path, make_cars()[0]), tmp_path / "grid.yaml"
    grid.write_text(f"parameters: {{data: {path}}}\ngrid: {{horizon_years: [2, 3]}}\n", encoding="utf-8")
    words = {"check": [path], "run": ["-p", "data", path], "sweep": [grid, "--dry-run"]}[command]
    code, out, err = call(capsys, command, *map(str, words))
    assert code != 0
    assert "sales has seasons: growth differs by quarter" in " ".join((out + err).split())


def test_same_keeps_the_newest_quarter_of_each_year_and_sum_adds_up_whole_years(tmp_path):
    values, _ = make_cars()
    path = write(tmp_path, values)
    pd.testing.assert_series_equal(load_values(path, season="same"), values[2::4], check_names=False, check_freq=False)
    sums = values.iloc[3:].rolling(4).sum()[3::4]
    pd.testing.assert_series_equal(load_values(path, season="sum"), sums, check_names=False, check_freq=False)
    note = indicators.load(Source(path, {"season": "sum"})).understood[-1]
    assert note == "23 figures became 5: sums of whole years"


def test_the_next_fourth_quarter_lies_inside_the_range(tmp_path):
    values, expected = make_cars()
    path = write(tmp_path, values)
    data = indicators.load(Source(path, {"season": "sum"}))
    year = forecast(data.series(*data.own[0])).at([0.25], [0.1, 0.9])[0]
    low, high = year - values.iloc[-3:].sum()
    assert low < expected < high
    until = write(tmp_path, values[:"2024"], "until.csv")
    data = indicators.load(Source(until, {"season": "same"}))
    result = forecast(data.series(*data.own[0])).quantiles.loc["2025-12-31"]
    assert result[0.1] < expected < result[0.9]


def test_a_year_with_a_gap_has_no_sum(tmp_path):
    values = make_cars()[0].drop(pd.Timestamp("2022-06-30"))
    kept = load_values(write(tmp_path, values), season="sum")
    assert [f"{date:%Y-%m}" for date in kept.index] == ["2021-09", "2023-09", "2024-09", "2025-09"]


@pytest.mark.parametrize(
    ("values", "season", "unit", "message"),
    [
        (make_cars()[0][3::4], "sum", "cars", "needs 3 years of figures by month or quarter"),
        (make_cars()[0][-11:], "same", "cars", "needs 3 years of figures by month or quarter"),
        (make_cars()[0], "sum", "per 100 people", "is for what is counted in a period"),
        (make_cars()[0], "mean", "cars", "write same or sum"),
    ],
)
def test_a_choice_without_sense_is_refused(tmp_path, values, season, unit, message):
    with pytest.raises(indicators.DataError, match=message):
        load_values(write(tmp_path, values), season=season, unit=unit)


def test_fewer_than_three_years_are_asked_for_no_seasons(tmp_path):
    values = make_cars()[0][-11:]
    assert count_periods(values.index) == 0
    assert len(load_values(write(tmp_path, values))) == 11
