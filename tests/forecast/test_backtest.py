"""The backtest: scores are what their sources define, nothing looks ahead, and the published numbers hold."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from adoption_curves import forecast
from adoption_curves.forecast import NAMES, backtest, bands, can_calibrate, methods, rolling, scores, windows


@pytest.fixture(scope="module")
def scored(residuals):
    return scores.evaluate(residuals)


def test_wis_is_that_of_bracher_et_al():
    actual, quantiles, levels = np.array([12.0]), np.array([[8.0, 10.0, 11.0]]), np.array([0.1, 0.5, 0.9])
    interval_score = (11 - 8) + 2 / 0.2 * (12 - 11)
    wis = (0.5 * abs(12 - 10) + 0.2 / 2 * interval_score) / 1.5
    assert scores.quantile_score(actual, quantiles, levels)[0] == pytest.approx(wis)


def test_crps_is_close_to_that_of_a_normal_distribution():
    levels = scores.CRPS_QUANTILES
    found = scores.quantile_score(np.array([0.7]), norm.ppf(levels)[None], levels)[0]
    exact = 0.7 * (2 * norm.cdf(0.7) - 1) + 2 * norm.pdf(0.7) - 1 / np.sqrt(np.pi)
    assert found == pytest.approx(exact, rel=0.03)


def test_every_method_is_scored_at_every_window_and_horizon_and_technologies_weigh_the_same(scored):
    table = scores.score(scored)
    assert len(table) == (len(NAMES) + 1) * 4 * 5
    assert list(table["method"].unique()) == [*NAMES, scores.NORMAL_DRIFT]
    assert (table[table["method"] == "drift"]["wis_relative"] == 1).all()
    assert (table[table["method"] == scores.NORMAL_DRIFT]["wis_relative_normal"] == 1).all()
    assert table.notna().all().all()
    row = "method == 'drift' and window == 4 and horizon_years == 2"
    rows, found = scored.query(row), table.query(row)["wis"].item()
    assert found == pytest.approx(np.mean([group["wis"].mean() for _, group in rows.groupby("technology")]))
    assert found != pytest.approx(rows["wis"].mean())


def test_origins_horizons_and_windows_are_as_said(references, residuals):
    assert residuals["share"].between(*rolling.ORIGIN_SHARES).all()
    assert ((residuals["years"] - residuals["horizon_years"]).abs() <= windows.DATE_TOLERANCE).all()
    assert set(residuals["window"]) == {3, 4, 6, 8}
    assert set(residuals["horizon_years"]) == {0.5, 1, 2, 3, 5}
    assert (residuals["date"] > residuals["origin"]).all()
    assert residuals["technology"].nunique() >= 20
    row = residuals[(residuals["indicator"] == "us_radio") & (residuals["window"] == 4)].iloc[0]
    series = next(each for each in references if each.indicator == "us_radio").values
    window = series[series.index <= row["origin"]].iloc[-4:]
    assert row["last_value"] == row["last"] == window.iloc[-1]
    assert row["actual"] == series[row["date"]]
    change = (window.iloc[-1] - window.iloc[0]) / ((window.index[-1] - window.index[0]).days / 365.25)
    assert row["drift"] == pytest.approx(min(window.iloc[-1] + change * row["years"], 100), rel=1e-3)


def test_later_figures_change_no_forecast_made_before(references):
    """Figures of a technology after a date are altered: its forecasts from origins up to that date stay the same."""
    date = pd.Timestamp("2002-12-31")
    altered = [disturb(each, date) if each.technology == "internet" else each for each in references]
    keys = ["entity", "indicator", "origin", "date"]
    columns = [*keys, "share", "bound", "bound_ahead", "rate", "roughness", *NAMES]
    pair = []
    for each in (references, altered):
        rows = backtest(each, windows=(4,)).query("technology == 'internet' and origin <= @date")
        pair.append(rows[columns].sort_values(keys).reset_index(drop=True))
    assert len(pair[0]) > 50
    pd.testing.assert_frame_equal(*pair, check_exact=True)


def disturb(series, date):
    """The series with every later figure, and later figures of its bound, lowered to two thirds."""
    later = series.values.index > date
    bound = series.bound.where(series.bound.index <= date, series.bound * 2 / 3)
    return replace(series, values=series.values.where(~later, series.values * 2 / 3), bound=bound)


def test_bands_of_a_technology_know_nothing_of_its_outcomes(residuals):
    """Whatever came of radio, the bands of radio stay the same; those of the others may move."""
    own = residuals["technology"] == "radio"
    altered = residuals.assign(actual=residuals["actual"].where(~own, residuals["actual"] * 0.5))
    before, after = (scores.quantiles_of(each, "combined", bands.REPORTED_QUANTILES) for each in (residuals, altered))
    np.testing.assert_array_equal(before[own], after[own])
    assert not np.array_equal(before[~own], after[~own])


def test_the_same_again_also_from_a_csv_file(tmp_path, references, residuals):
    assert backtest(references).to_csv() == residuals.to_csv()
    residuals.to_csv(tmp_path / "residuals.csv", index=False, float_format="%.10g")
    read = pd.read_csv(tmp_path / "residuals.csv", parse_dates=["origin", "date"])
    pd.testing.assert_frame_equal(read, residuals, check_exact=True, check_dtype=False)


def test_a_new_method_is_one_function_and_one_line(monkeypatch, references):
    """It is then in the scores and in the tables of a forecast, and only where its kind of series is forecast."""

    def half_way(origin, ahead):
        return (origin.windows.values[:, -1:] + ahead.bound) / 2

    added = methods.Method("half_way", half_way, member=True, needs_bound=True, figures=3)
    monkeypatch.setattr(methods, "METHODS", (*methods.METHODS, added))
    residuals = backtest(references, windows=(4,), horizons=(1.0,))
    assert scores.score(residuals).set_index("method").loc["half_way", "wis_relative"] > 1
    series = next(each for each in references if each.indicator == "us_radio")
    result = forecast.forecast(series, references=references, residuals=residuals)
    frame = result.frame()
    assert frame[frame["method"] == "half_way"]["q0.5"].notna().all()
    quantiles = [member.quantiles() for member in result.members.values()]
    names = [each.name for each in methods.METHODS if each.member]
    assert list(result.members) == [*names, *(f"{name}_led" for name in names)]
    pd.testing.assert_frame_equal(sum(quantiles) / 10, result.quantiles)
    assert "half_way" not in methods.methods_for(bounded=False)


def test_comparison_is_paired_and_the_same_again(scored):
    table = scores.compare(scored)
    assert ((table["low"] <= table["wis_relative"]) & (table["wis_relative"] <= table["high"])).all()
    pd.testing.assert_frame_equal(table, scores.compare(scored), check_exact=True)
    itself = scores.compare(scored, "drift", ("drift",))
    assert (itself[["wis_relative", "low", "high"]] == 1).all().all()


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


def test_the_targets_that_are_met_stay_met(residuals, scored):
    """Bounds on the published numbers, with room for new data."""
    pooled = scores.score(scored, by=("method", "horizon_years")).set_index(["method", "horizon_years"])
    own = pooled.loc["combined"]
    assert 0.75 <= own["coverage_80"].mean() <= 0.85
    assert 0.87 <= own["coverage_90"].mean() <= 0.94
    best = pooled.loc[list(scores.BENCHMARKS)]["wis"].groupby("horizon_years").min()
    assert (own["wis"] <= 1.02 * best).all()
    four = scores.score(scored).query("method == 'combined' and window == 4 and horizon_years == 3")
    assert four["wis_relative"].item() <= 0.82
    assert four["wis_relative_normal"].item() <= 0.82
    curve = scores.check_calibration(residuals).query("method == 'combined' and horizon_years == 2")
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
