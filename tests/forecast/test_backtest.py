"""The backtest: nothing looks ahead, it is the forecast itself, and the published numbers hold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from simulated import disturb

from adoption_curves import forecast
from adoption_curves.base.decline import LEAST_APART, find_spaced
from adoption_curves.curves import decimal_years, is_in_decline
from adoption_curves.forecast import backtest, scores
from adoption_curves.forecast.backtest import DATE_TOLERANCE, LATEST, list_windows
from adoption_curves.forecast.benchmarks import BENCHMARKS
from adoption_curves.forecast.hindcasts import cut_series


@pytest.fixture(scope="module")
def rows(references):
    return backtest(references)


@pytest.fixture(scope="module")
def scored(rows):
    return scores.evaluate(rows)


def test_every_method_is_scored_at_every_window_and_horizon_and_technologies_weigh_the_same(scored):
    table = scores.score(scored)
    assert len(table) == (len(BENCHMARKS) + 1) * 4 * 5
    assert list(table["method"].unique()) == [scores.FORECAST, *BENCHMARKS]
    assert (table[table["method"] == scores.BASE]["wis_relative"] == 1).all()
    assert table.notna().all().all()
    row = "method == 'straight_line' and window == 4 and horizon_years == 2"
    rows, found = scored.query(row), table.query(row)["wis"].item()
    assert found == pytest.approx(np.mean([group["wis"].mean() for _, group in rows.groupby("technology")]))
    assert found != pytest.approx(rows["wis"].mean())


def test_origins_horizons_and_windows_are_as_said(references, rows):
    assert rows["share"].between(0.002, LATEST).all()
    assert ((rows["years"] - rows["horizon_years"]).abs() <= DATE_TOLERANCE).all()
    assert set(rows["window"]) == {3, 4, 6, 8}
    assert set(rows["horizon_years"]) == {0.5, 1, 2, 3, 5}
    assert (rows["date"] > rows["origin"]).all()
    assert rows["technology"].nunique() >= 20
    row = rows[(rows["indicator"] == "us_radio") & (rows["window"] == 4)].iloc[0]
    series = next(each for each in references if each.indicator == "us_radio").values
    window = series[series.index <= row["origin"]].iloc[-4:]
    assert row["no_change"] == row["last"] == window.iloc[-1]
    assert (row["first"], row["actual"]) == (window.iloc[0], series[row["date"]])


def test_a_window_that_has_fallen_is_no_row(references, rows):
    fallen, made = set(), rows[rows["window"] == 4]
    for series in references:
        for end in range(4, len(series.values)):
            used = find_spaced(decimal_years(series.values.index[:end]))[-4:]
            window = series.values.iloc[used]
            if len(used) == 4 and window.min() > 0 and is_in_decline(decimal_years(window.index), window):
                fallen.add((series.entity, series.indicator, window.index[-1]))
    assert len(fallen) > 3
    assert not fallen & set(zip(made["entity"], made["indicator"], made["origin"], strict=True))


def test_later_figures_change_no_forecast_made_before(references):
    """Figures of a technology after a date are altered: its forecasts from origins up to that date stay the same."""
    date = pd.Timestamp("2002-12-31")
    altered = [disturb(each, date, 2 / 3) if each.technology == "internet" else each for each in references]
    keys = ["entity", "indicator", "origin", "date"]
    columns = [*keys, "share", "limit", "limit_ahead", "limit_sd", "spread", "path", *BENCHMARKS]
    pair = []
    for each in (references, altered):
        found = backtest(each, windows=(4,)).query("technology == 'internet' and origin <= @date")
        pair.append(found[columns].sort_values(keys).reset_index(drop=True))
    assert len(pair[0]) > 50
    pd.testing.assert_frame_equal(*pair, check_exact=True)


def test_a_row_is_the_forecast_that_would_have_been_made(references, rows):
    """Of a technology with a fixed limit, and of one whose limit was known until then."""
    for indicator in ("us_radio", "online_education_users"):
        series = next(each for each in references if each.indicator == indicator)
        own = rows[(rows["indicator"] == indicator) & (rows["window"] == 4)]
        own = own[own["origin"] <= series.values.index[-2]]
        row = own.iloc[len(own) // 2]
        known = cut_series(series, row["origin"])
        made = forecast.forecast(known.values.iloc[find_spaced(decimal_years(known.values.index))[-4:]], known.limit)
        np.testing.assert_allclose(made.at([row["years"]], [0.5])[0, 0], row["path"], rtol=1e-9)


def test_figures_of_a_window_lie_as_far_apart_as_those_of_a_forecast(references):
    for found in list_windows(references):
        assert np.diff(found.t).min() >= LEAST_APART - 1e-9


def test_shares_of_sales_are_tested_on_shares_of_sales_alone(data, rows):
    sales = data.references(measure="flow")
    assert {series.unit for series in sales} == {"percent of new cars", "percent of new light vehicles"}
    assert not {series.indicator for series in sales} & {*rows["indicator"]}
    tested = scores.evaluate(backtest(sales, "sales"))
    marked = [replace(each, market="US cars") for each in sales]
    assert set(scores.cover_by_market(tested, marked)["market"]) == {"US cars"}
    assert scores.cover_by_market(tested, [replace(each, market="") for each in sales]).empty


def test_coverage_by_technology_counts_every_forecast_once(scored):
    assert scores.score(scored, ("method", "technology", "window", "horizon_years"))["n"].sum() == len(scored)


def test_an_outcome_is_inside_an_interval_below_or_above_it_and_wider_intervals_contain_more(scored):
    checked = scores.check_intervals(scored)
    assert len(checked) == 3 * len(scored)
    assert (checked[["below", "above", "covered"]].sum(axis=1) == 1).all()
    assert checked.groupby("level")["covered"].sum().is_monotonic_increasing
    wide = scored[scored["actual"] > scored["q0.9"] + 1e-6 * scored["limit"]]
    assert scores.check_intervals(wide, [0.8])["above"].all()


def test_the_targets_that_are_met_stay_met(rows, scored):
    """Bounds on the published numbers, with room for new data."""
    pooled = scores.score(scored, by=("method", "horizon_years")).set_index(["method", "horizon_years"])
    own = pooled.loc[scores.FORECAST]
    assert 0.78 <= own["coverage_80"].mean() <= 0.88
    assert 0.87 <= own["coverage_90"].mean() <= 0.96
    best = pooled.loc[list(BENCHMARKS)]["wis"].groupby("horizon_years").min()
    assert (own["wis"] <= 1.05 * best).all()
    four = scores.score(scored).query("method == 'forecast' and window == 4 and horizon_years == 3")
    assert four["wis_relative"].item() <= 0.82
    levels = [0.1, 0.3, 0.5, 0.8, 0.95]
    curve = scores.check_intervals(scores.evaluate(rows, levels, [scores.FORECAST]), levels)
    covered = scores.summarise_coverage(curve).query("horizon_years == 2").set_index("level")["covered"]
    assert covered.is_monotonic_increasing
    assert abs(covered[0.8] - 80) < 6


def test_without_windows_there_are_no_rows_and_no_scores(rows):
    none = backtest([])
    assert list(none) == list(rows)
    assert none.empty
    evaluated = scores.evaluate(none)
    for table in (scores.score(evaluated), scores.summarise_coverage(scores.check_intervals(evaluated))):
        assert table.empty
