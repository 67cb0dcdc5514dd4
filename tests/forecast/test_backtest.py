"""The backtest: nothing looks ahead, the published numbers hold, and a process makes it once for the same figures."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from simulated import disturb

from adoption_curves import forecast, indicators
from adoption_curves.curves import decimal_years, has_fallen
from adoption_curves.forecast import Calibration, backtest, can_calibrate, scores
from adoption_curves.forecast.backtest import DATE_TOLERANCE, ORIGIN_SHARES
from adoption_curves.forecast.forecasting import REPORTED_QUANTILES
from adoption_curves.forecast.rivals import NEED_LIMIT, RIVALS
from adoption_curves.indicators import Limit


@pytest.fixture(scope="module")
def rows(references):
    return backtest(references, rivals=True)


@pytest.fixture(scope="module")
def calibrated(rows):
    return scores.calibrate(rows)


@pytest.fixture(scope="module")
def scored(calibrated):
    return scores.evaluate(calibrated)


def test_every_method_is_scored_at_every_window_and_horizon_and_technologies_weigh_the_same(scored):
    table = scores.score(scored)
    assert len(table) == (len(RIVALS) + 1) * 4 * 5
    assert list(table["method"].unique()) == [scores.FORECAST, *RIVALS]
    assert (table[table["method"] == scores.BASE]["wis_relative"] == 1).all()
    assert table.notna().all().all()
    row = "method == 'straight_line' and window == 4 and horizon_years == 2"
    rows, found = scored.query(row), table.query(row)["wis"].item()
    assert found == pytest.approx(np.mean([group["wis"].mean() for _, group in rows.groupby("technology")]))
    assert found != pytest.approx(rows["wis"].mean())


def test_origins_horizons_and_windows_are_as_said(references, rows):
    assert rows["share"].between(*ORIGIN_SHARES).all()
    assert ((rows["years"] - rows["horizon_years"]).abs() <= DATE_TOLERANCE).all()
    assert set(rows["window"]) == {3, 4, 6, 8}
    assert set(rows["horizon_years"]) == {0.5, 1, 2, 3, 5}
    assert (rows["date"] > rows["origin"]).all()
    assert rows["technology"].nunique() >= 20
    row = rows[(rows["indicator"] == "us_radio") & (rows["window"] == 4)].iloc[0]
    series = next(each for each in references if each.indicator == "us_radio").values
    window = series[series.index <= row["origin"]].iloc[-4:]
    assert row["last_value"] == row["last"] == window.iloc[-1]
    assert (row["first"], row["actual"]) == (window.iloc[0], series[row["date"]])
    change = (window.iloc[-1] - window.iloc[0]) / ((window.index[-1] - window.index[0]).days / 365.25)
    assert row["straight_line"] == pytest.approx(min(window.iloc[-1] + change * row["years"], 100), rel=1e-3)


def test_a_window_that_has_fallen_is_no_row(references, rows):
    fallen, made = set(), rows[rows["window"] == 4]
    for series in references:
        for end in range(4, len(series.values)):
            window = series.values.iloc[end - 4 : end]
            if window.min() > 0 and has_fallen(decimal_years(window.index), window):
                fallen.add((series.entity, series.indicator, window.index[-1]))
    assert len(fallen) > 3
    assert not fallen & set(zip(made["entity"], made["indicator"], made["origin"], strict=True))


def test_later_figures_change_no_forecast_made_before(references):
    """Figures of a technology after a date are altered: its forecasts from origins up to that date stay the same."""
    date = pd.Timestamp("2002-12-31")
    altered = [disturb(each, date, 2 / 3) if each.technology == "internet" else each for each in references]
    keys = ["entity", "indicator", "origin", "date"]
    columns = [*keys, "share", "limit", "limit_ahead", "limit_sd", "walk", "trend", "common", "path", *RIVALS]
    pair = []
    for each in (references, altered):
        found = backtest(each, windows=(4,), rivals=True).query("technology == 'internet' and origin <= @date")
        pair.append(found[columns].sort_values(keys).reset_index(drop=True))
    assert len(pair[0]) > 50
    pd.testing.assert_frame_equal(*pair, check_exact=True)


def test_quantiles_of_a_technology_know_nothing_of_its_outcomes(rows):
    """Whatever came of radio, its weights and edge stay the same; `up` and `down` know it by others' weights."""
    own = (rows["technology"] == "radio").to_numpy()
    altered = rows.assign(actual=rows["actual"].where(~own, rows["actual"] * 0.5))
    before, after = (Calibration(each) for each in (rows, altered))
    np.testing.assert_array_equal(before.weights["radio"], after.weights["radio"])
    assert before.without("radio").edge == after.without("radio").edge
    found = [each.quantiles(REPORTED_QUANTILES) for each in (before, after)]
    np.testing.assert_allclose(found[0][own], found[1][own], rtol=0.1)
    assert not np.array_equal(found[0][~own], found[1][~own])


def test_the_kept_table_teaches_the_same_weights(tmp_path, rows):
    rows.to_csv(tmp_path / "rows.csv", index=False, float_format="%.10g")
    read = pd.read_csv(tmp_path / "rows.csv", parse_dates=["origin", "date"])
    np.testing.assert_allclose(Calibration(read).weights[""], Calibration(rows).weights[""], rtol=1e-5)
    few = Calibration(rows[rows["technology"].isin(["radio", "internet", "tablet"])])
    assert few.without()[1:3] == (1.3, 1.0)


def test_what_is_learnt_cannot_be_written_to(rows):
    calibration = Calibration(rows)
    given = calibration.frame
    given["path"] = 0
    assert (calibration.frame["path"] > 0).all()


def test_without_a_limit_a_rival_that_needs_one_is_left_out(references):
    found = backtest(references[:12], windows=(4,), bounded=False, rivals=True)
    assert set(RIVALS) - set(found) == set(NEED_LIMIT)
    assert found["share"].isna().all()


def test_comparison_is_paired_and_the_same_again(scored):
    table = scores.compare_methods(scored)
    assert ((table["low"] <= table["wis_relative"]) & (table["wis_relative"] <= table["high"])).all()
    pd.testing.assert_frame_equal(table, scores.compare_methods(scored), check_exact=True)
    assert list(table["benchmark"].unique()) == list(RIVALS)


def test_coverage_by_technology_and_stage_counts_every_forecast_once(scored):
    once = scored[scored["level"] == 0.8]
    assert scores.cover_by_technology(scored)["n"].sum() == len(once)
    stages = scores.cover_by_stage(scored)
    assert stages[~stages["stage"].str.startswith("growth")]["n"].sum() == len(once)


def test_sides_and_coverage_add_up_and_the_interval_holds_the_coverage(scored):
    table = scores.count_sides(scored)
    covered = 100 - table["below"] - table["above"]
    assert (table["low_covered"] < covered).all()
    assert (covered < table["high_covered"]).all()
    assert (covered[table["level"] == 0.9].to_numpy() > covered[table["level"] == 0.8].to_numpy()).all()


def test_the_targets_that_are_met_stay_met(calibrated, scored):
    """Bounds on the published numbers, with room for new data."""
    pooled = scores.score(scored, by=("method", "horizon_years")).set_index(["method", "horizon_years"])
    own = pooled.loc[scores.FORECAST]
    assert 0.75 <= own["coverage_80"].mean() <= 0.85
    assert 0.85 <= own["coverage_90"].mean() <= 0.94
    best = pooled.loc[list(RIVALS)]["wis"].groupby("horizon_years").min()
    assert (own["wis"] <= 1.02 * best).all()
    four = scores.score(scored).query("method == 'forecast' and window == 4 and horizon_years == 3")
    assert four["wis_relative"].item() <= 0.82
    curve = scores.check_calibration(calibrated).query("method == 'forecast' and horizon_years == 2")
    assert curve["actual"].is_monotonic_increasing
    assert abs(curve.set_index("nominal")["actual"][0.8] - 0.8) < 0.06


def test_too_few_references_are_named(references):
    with pytest.raises(ValueError, match="none of the 0 reference series"):
        backtest([])
    radio = [each for each in references if each.technology == "radio"]
    with pytest.raises(ValueError, match="two technologies"):
        backtest(radio)
    assert (can_calibrate(references), can_calibrate(radio)) == (True, False)
    assert not can_calibrate([])


@pytest.fixture(scope="module")
def few():
    return indicators.load_references()[:8]


def test_a_forecast_is_the_same_computed_and_remembered(few):
    users = pd.Series([12.0, 19, 31, 44, 52], pd.date_range("2021-12-31", periods=5, freq="YE"))
    made = [forecast.forecast(users, 100, few) for _ in range(2)]
    assert len({each.frame().to_csv() + each.milestones().to_csv() for each in made}) == 1
    assert made[0].calibration is made[1].calibration


@pytest.mark.parametrize("change", ["value", "bound", "date", "technology", "fewer"])
def test_another_state_of_the_references_is_another_backtest(few, change):
    first, *others = few
    changed = {
        "value": replace(first, values=first.values * 1.001),
        "bound": replace(first, bound=Limit(first.bound.values * 1.001)),
        "date": replace(first, values=first.values.set_axis(first.values.index + pd.DateOffset(days=1))),
        "technology": replace(first, technology="another"),
    }
    given = others if change == "fewer" else [changed[change], *others]
    assert forecast.reuse_references(given) is not forecast.reuse_references(few)


def test_only_the_references_used_last_stay_in_memory(few):
    first, second = forecast.reuse_references(few[:1]), forecast.reuse_references(few[:2])
    for count in range(3, 9):
        forecast.reuse_references(few[:count])
        assert forecast.reuse_references(few[:1]) is first
    assert forecast.reuse_references(few[:2]) is not second
