"""The models: certified values, ceilings, intervals, censoring, degenerate data, and properties that must hold."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from courses import COURSES, METHOD, course, write_formulas
from scipy import stats
from scipy.special import expit
from snapshots import check_snapshot, check_text

from adoption_curves import curves
from adoption_curves.curves import (
    FAMILIES,
    AdoptionCurve,
    Bass,
    CurveError,
    Exponential,
    Gompertz,
    Logistic,
    Results,
    Richards,
    Share,
    Weibull,
    assess_ceiling,
    compare_fits,
    decimal_years,
    families,
    fit_families,
    to_dates,
)
from adoption_curves.curves.fit_tables import compare_estimates, profile_ceilings, trace_alternatives
from adoption_curves.runs.parameters import expected_value

REFERENCE = Path(__file__).parents[1] / "reference"
NIST = json.loads((REFERENCE / "nist_strd.json").read_text())
HALF_YEARS = pd.DatetimeIndex(["2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31"], name="date")
FOUR = pd.Series([230.0, 249.0, 515.0, 602.0], index=HALF_YEARS, name="users")
YEARS = np.arange(2010.0, 2018)
SERIES = pd.Series(100 / (1 + np.exp(-0.9 * (YEARS - 2014))) + [0.4, -0.7, 1.1, -0.3, 0.2, -1.2, 0.8, 0.1], YEARS)


def test_each_listed_family_is_promised_by_its_module():
    assert {family.__name__ for family in FAMILIES.values()} <= set(families.__all__)


@pytest.fixture(scope="module")
def logistic30():
    return pd.read_csv(REFERENCE / "logistic30.csv").set_index("t")["y"]


def simulate(name, noise=1.0, points=30, seed=0):
    """A series of the family that shows its whole course, with the parameters that made it, and its launch."""
    family, years = FAMILIES[name], np.linspace(2000.5, 2025.0, points)
    pairs = zip(family.parameters, COURSES[name][0], strict=True)
    truth = [100, *(value + 2000.0 if kind == "date" else value for (_, kind), value in pairs)]
    values = 100 * course(name, years) + np.random.default_rng(seed).normal(0, noise, points)
    return pd.Series(values, index=years), truth, 2000.0 if family.needs_launch else None


# ---- time


def test_the_end_of_a_day_counts_and_dates_come_back():
    assert decimal_years(HALF_YEARS) == pytest.approx([2024 + 182 / 366, 2025, 2025 + 181 / 365, 2026])
    assert list(to_dates(decimal_years(HALF_YEARS))) == list(HALF_YEARS)
    every_day = pd.date_range("1999-12-30", "2001-01-02")
    assert (to_dates(decimal_years(every_day)) == every_day).all()
    assert decimal_years([1, 2.5]).tolist() == [1, 2.5]
    assert decimal_years("2025-12-31") == 2026.0
    assert to_dates([np.inf, 2026.0]).isna().tolist() == [True, False]


# ---- certified values


@pytest.mark.parametrize("name", NIST)
def test_nist_problems_hold_to_eight_digits_and_errors_to_seven(name):
    problem = NIST[name]
    model = {"Rat42": Logistic, "Rat43": Richards}.get(name, Exponential)
    launch = 0.0 if model is Exponential else None
    results = model(problem["y"], problem["x"], launch=launch).fit()
    estimate, turn = results.params.to_numpy(), np.eye(problem["k"])
    if model is not Exponential:  # b2 = rate x midpoint, and log(shape) with it
        ceiling, rate, midpoint = estimate[:3]
        turn[1, 1:3] = midpoint, rate
        turn[2, 1:3] = 1, 0
        estimate = np.r_[ceiling, rate * midpoint, rate, estimate[3:]]
    if model is Richards:
        turn[1, 3] = 1 / estimate[3]
        estimate[1] += np.log(estimate[3])
    errors = np.sqrt(np.diag(turn @ results.cov_params().to_numpy() @ turn.T))
    np.testing.assert_allclose(estimate, problem["certified"], rtol=1e-8)
    np.testing.assert_allclose(errors, problem["certified_sd"], rtol=1e-7)
    assert results.ssr == pytest.approx(problem["rss"], rel=1e-9)
    assert np.sqrt(results.scale) == pytest.approx(problem["residual_sd"], rel=1e-9)


def test_reference_series_agrees_with_the_independent_program(logistic30):
    wanted = json.loads((REFERENCE / "logistic30_reference.json").read_text())
    results = Logistic(logistic30, errors="independent").fit()
    # The printed K stopped 3e-4 short of the minimum; its sum of squares and interval are those of the minimum.
    assert results.params["ceiling"] == pytest.approx(wanted["K"], abs=4e-4)
    assert results.bse["ceiling"] == pytest.approx(wanted["K_se_wald"], abs=5e-5)
    assert results.conf_int(method="profile").loc["ceiling"].tolist() == pytest.approx(
        wanted["K_profile_F95"], rel=1e-6
    )
    assert results.ssr == pytest.approx(wanted["rss"], abs=1e-6)
    assert results.identified
    assert results.flag == ""


def test_four_points_do_not_identify_the_ceiling():
    results = Logistic(FOUR).fit()
    assert results.params["ceiling"] == pytest.approx(920.398, abs=0.01)
    assert results.bse["ceiling"] > results.params["ceiling"]
    assert np.isinf(results.conf_int(0.2, "profile").loc["ceiling", 1])
    assert not results.identified
    assert "do not limit the ceiling" in str(results.summary())
    assert Gompertz(FOUR).fit().params["ceiling"] == pytest.approx(1910.9, abs=0.5)
    for family in (Bass, Weibull):  # the launch is free, so there are as many parameters as figures
        fit = family(FOUR).fit()
        assert (fit.df_resid, bool(fit.flag), fit.identified) == (0, True, False)


# ---- families


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_recovers_its_parameters(name):
    series, truth, launch = simulate(name, noise=1e-6)
    results = FAMILIES[name](series, launch=launch).fit()
    np.testing.assert_allclose(results.params, truth, rtol=1e-4)
    assert results.flag == ""
    assert results.param_names[0] == "ceiling"
    pd.testing.assert_series_equal(results.predict(series.index), results.fittedvalues, check_names=False)


def test_the_method_lists_every_family_with_its_formula(renew):
    check_text(METHOD, write_formulas(), renew)
    assert set(COURSES) == set(FAMILIES)


def test_a_launch_is_given_or_free():
    series, _, launch = simulate("bass")
    free = Bass(series).fit()
    assert free.param_names == ["ceiling", "innovation", "imitation", "launch"]
    assert free.ssr <= Bass(series, launch=launch).fit().ssr
    assert free.params["launch"] == pytest.approx(launch, abs=2)
    assert "given" in str(Bass(series, launch=launch).fit().summary())


# ---- ceilings


def test_kinds_of_ceiling_and_their_parameters():
    limit = pd.Series([1100.0, 1125.0], index=HALF_YEARS[[0, 3]])
    kinds = {
        "free": (None, ["ceiling", "rate", "midpoint"]),
        "known": (1405, ["rate", "midpoint"]),
        "share": (Share(limit, 0.75), ["rate", "midpoint"]),
    }
    for kind, (ceiling, names) in kinds.items():
        results = Logistic(FOUR, ceiling=ceiling).fit()
        assert results.model.ceiling.kind == kind
        assert results.param_names == names
        assert results.df_resid == 4 - (3 if kind == "free" else 2)
    assert Logistic(FOUR, ceiling=Share(limit, 0.75)).fit().ceiling == pytest.approx(0.75 * 1125)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_known_ceiling_is_the_free_fit_held_there(name):
    series, _, launch = simulate(name, seed=2)
    free = FAMILIES[name](series, launch=launch).fit()
    known = FAMILIES[name](series, launch=launch, ceiling=free.params["ceiling"]).fit()
    np.testing.assert_allclose(known.params, free.params.iloc[1:], rtol=1e-4)
    share = FAMILIES[name](series, launch=launch, ceiling=Share(200.0, free.params["ceiling"] / 200)).fit()
    np.testing.assert_allclose(share.params, known.params, rtol=1e-6)


# ---- noise and weights


def test_a_weight_of_two_is_the_observation_twice(logistic30):
    weights = np.where(np.arange(30) % 3 == 0, 2.0, 1.0)
    weighted = Logistic(logistic30, weights=weights).fit()
    twice = Logistic(pd.concat([logistic30, logistic30[weights == 2]])).fit()
    np.testing.assert_allclose(weighted.params, twice.params, rtol=1e-7)
    assert weighted.ssr == pytest.approx(twice.ssr)


# ---- results


def test_results_follow_statsmodels(logistic30, tmp_path):
    results = Logistic(logistic30).fit()
    assert list(results.params.index) == list(results.bse.index) == list(results.cov_params().columns)
    assert results.conf_int().columns.tolist() == [0, 1]
    frame = results.get_prediction([31.0, 40.0]).summary_frame(alpha=0.1)
    assert list(frame) == ["mean", "mean_se", "mean_ci_lower", "mean_ci_upper", "obs_ci_lower", "obs_ci_upper"]
    assert (frame["obs_ci_lower"] < frame["mean_ci_lower"]).all()
    assert results.resid.abs().sum() > 0
    assert results.df_resid + results.df_model == results.nobs
    np.testing.assert_allclose(results.aic, -2 * results.llf + 2 * 4)
    assert results.aicc > results.aic
    assert "profile" in results._repr_html_()
    assert "ceiling 100" in repr(results)
    assert repr(results.model) == "<Logistic of y: 30 observations, free ceiling>"
    assert results.durbin_watson == pytest.approx((np.diff(results.resid) ** 2).sum() / results.ssr)
    profile = results.profile("ceiling")
    assert profile["ssr"].min() == pytest.approx(results.ssr)
    assert profile["confidence"].max() > 0.95
    results.save(tmp_path / "fit.pickle")
    pd.testing.assert_series_equal(Results.load(tmp_path / "fit.pickle").params, results.params)


def test_summary_intervals_tests_predictions_and_residuals_are_those_of_the_textbook(logistic30):
    results = Logistic(logistic30).fit()
    estimate, error, t = results.params, results.bse, stats.t(results.df_resid)
    interval = np.stack([estimate - t.ppf(0.975) * error, estimate + t.ppf(0.975) * error], axis=1)
    np.testing.assert_allclose(results.conf_int(), interval, rtol=1e-9)
    tested = results.t_test("rate = 0.3")
    assert tested.tvalue.item() == pytest.approx((estimate["rate"] - 0.3) / error["rate"])
    np.testing.assert_allclose(tested.pvalue, 2 * t.sf(abs(tested.tvalue)))
    assert results.f_test("rate = 0.3").fvalue == pytest.approx(tested.tvalue.item() ** 2)
    assert results.wald_test("rate = 0.3, midpoint = 15", scalar=True).df_num == 2
    assert results.pvalues["ceiling"] == pytest.approx(results.t_test("ceiling").pvalue.item())
    years = np.array([5.0, 31.0])
    curve = estimate["ceiling"] / (1 + np.exp(-estimate["rate"] * (years - estimate["midpoint"])))
    np.testing.assert_allclose(results.predict(years), curve, rtol=1e-12)
    np.testing.assert_allclose(results.resid, logistic30 - results.predict(logistic30.index), atol=1e-9)
    printed = {
        row[0]: row[1] for row in map(str.split, results.summary().tables[1].as_text().splitlines()) if len(row) == 8
    }
    np.testing.assert_allclose([float(printed[name]) for name in estimate.index], estimate, rtol=1e-5)


def test_dates_in_dates_out():
    results = Logistic(FOUR, ceiling=1125).fit()
    later = pd.DatetimeIndex(["2026-12-31", "2030-12-31"])
    assert results.predict(later).index.equals(later)
    assert results.fittedvalues.index.equals(FOUR.index)
    frame = pd.DataFrame({"users": FOUR})
    pd.testing.assert_series_equal(Logistic(frame, ceiling=1125).fit().params, results.params)
    assert results.predict([2027.0]).iloc[0] == results.predict("2026-12-31").iloc[0]
    assert Logistic(SERIES.to_numpy(), pd.Index([*range(2010, 2018)], dtype=object)).fit().predict([2020]).size == 1


# ---- degenerate data, each with a stated outcome


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ([5, 5, 5, 5, 5, 5], "does not rise"),
        ([9, 8, 6, 5, 3, 2], "does not rise"),
        ([0, 0, 0, 0, 0, 0], "does not rise"),
        ([1, 2], "no curve is singled out"),
        ([4], "no curve is singled out"),
    ],
)
def test_hopeless_series_have_a_flag_and_no_estimate(name, values, outcome, recwarn):
    results = FAMILIES[name](values, np.arange(len(values))).fit()
    assert outcome in results.flag
    assert results.params.isna().all()
    assert not results.identified
    assert not np.isfinite(results.conf_int(method="profile").to_numpy()).all()
    str(results.summary()), results.profile(), results.predict([3.0])
    assert not recwarn.list


def test_no_bend_is_infinity_and_a_jump_is_said():
    growth = Logistic(np.exp(0.4 * np.arange(8)), np.arange(8)).fit()
    assert np.isinf(growth.params["ceiling"])
    assert growth.params["rate"] == pytest.approx(0.4, rel=1e-3)
    assert np.isinf(growth.params["midpoint"])
    assert growth.bse[["ceiling", "midpoint"]].isna().all()
    assert growth.bse["rate"] < 1e-3
    assert growth.conf_int(method="profile").loc["ceiling", 1] == np.inf
    noisy_jump = Logistic([0.1, -0.1, 0.1, -0.1, 9.9, 10.1, 10.0], np.arange(7)).fit()
    assert noisy_jump.flag
    assert not noisy_jump.identified


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "exponential"])
def test_a_perfect_jump_or_spike_is_no_estimate(name):
    for values in ([0, 0, 0, 10, 10, 10], [0, 0, 4, 10, 10, 10], [0, 0, 0, 10, 0, 0], [0.0, 0, 0, 0, 10, 10.0]):
        fit = FAMILIES[name](values, range(6)).fit()
        assert not fit.identified
        assert "runs to" in fit.flag
    for errors in ("independent", "cumulative"):
        assert "runs to" in FAMILIES[name]([0, 0, 0, 10, 10, 10], range(6), errors=errors).fit().flag


def test_short_series_are_honest():
    three = Logistic(FOUR.iloc[:3]).fit()
    assert three.df_resid == 0
    assert three.flag
    assert np.isnan(three.scale)
    two = Logistic(FOUR.iloc[[0, 3]], ceiling=1125).fit()
    np.testing.assert_allclose(two.fittedvalues, FOUR.iloc[[0, 3]], rtol=1e-6)
    assert "its error is unknown" in two.flag
    assert two.get_prediction(HALF_YEARS).summary_frame()["mean"].notna().all()


def test_what_cannot_be_fitted_is_refused_in_words(renew):
    def refuse(function, *given, **options):
        with pytest.raises(CurveError) as caught:
            function(*given, **options)
        print(caught.value)

    check_snapshot("curves", vars(curves) | globals() | locals(), renew)


def test_a_fit_with_a_limit_predicts_for_a_later_one_and_figures_a_little_above_a_ceiling_are_noted():
    share = Logistic(SERIES, ceiling=Share(120.0, 0.9)).fit()
    assert share.predict([2030], limit=[60.0]).iloc[0] == pytest.approx(share.predict([2030]).iloc[0] / 2)
    assert "An observation lies 4.23% above the given ceiling" in str(Logistic(SERIES, ceiling=90.0).fit().summary())


# ---- properties


@pytest.mark.parametrize(("factor", "shift", "stretch"), [(1e6, -50, 0.05), (1e-3, 2000, 20)])
@pytest.mark.parametrize("name", ["logistic", "gompertz", "bass", "weibull", "richards"])
def test_units_of_value_and_time_carry_over(name, factor, shift, stretch):
    series, _, launch = simulate(name, points=16)
    moved = pd.Series(series.to_numpy() * factor, index=series.index * stretch + shift)
    one = FAMILIES[name](series, launch=launch).fit()
    other = FAMILIES[name](moved, launch=None if launch is None else launch * stretch + shift).fit()
    assert not one.flag
    units = {"rate": 1 / stretch, "duration": stretch, "number": 1.0}
    for (parameter, kind), value in zip(one.model.parameters, one.params.iloc[1:], strict=True):
        wanted = value * stretch + shift if kind == "date" else value * units[kind]
        error = 1e-5 * stretch if kind == "date" else 0
        assert other.params[parameter] == pytest.approx(wanted, rel=1e-6, abs=error)
    assert other.params["ceiling"] == pytest.approx(one.params["ceiling"] * factor, rel=1e-6)
    assert other.bse["ceiling"] == pytest.approx(one.bse["ceiling"] * factor, rel=1e-4)


def test_the_order_of_rows_does_not_matter():
    series, _, _ = simulate("gompertz", points=12)
    weights = pd.Series(1.0 + np.arange(12) % 3, series.index)
    mixed = series.sample(frac=1, random_state=5)
    one = Gompertz(series, weights=weights).fit()
    other = Gompertz(mixed, weights=weights[mixed.index]).fit()
    pd.testing.assert_series_equal(other.params, one.params, rtol=1e-12)
    pd.testing.assert_series_equal(other.fittedvalues, one.fittedvalues)  # oldest first, whatever the order given


# ---- several families on one series


def test_a_fit_without_residuals_has_a_profile():
    values = pd.Series([99.999999, 100, 100, 100], pd.date_range("2010-12-31", periods=4, freq="YE"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fits = fit_families(values, ["logistic", "gompertz", "bass"], pd.Series(100.0, values.index))
        assert profile_ceilings(fits, 100.0)["confidence"].between(0, 100).all()


def test_fits_of_four_points_are_not_identified():
    limit = pd.Series([1100.0, 1125.0], index=HALF_YEARS[[0, 3]])
    fits = fit_families(FOUR, ["logistic", "gompertz", "bass"], limit)
    estimates = compare_estimates(fits)
    free = estimates[(estimates["saturation_level"] == "free") & (estimates["parameter"] == "saturation level")]
    assert not free["identified"].any()
    assert np.isinf(free["high_80"]).all()
    assert (free["low_95"] == 602).all()  # no interval reaches below what has been published
    assert set(free["family"]) == {"logistic", "gompertz"}  # for Bass there are as many parameters as figures
    traced = trace_alternatives(fits, 1125.0)
    assert traced.groupby("family")["best"].any().all()
    assert (
        traced[traced["family"] == "gompertz"].groupby("saturation_level")["value"].last().max() > 1.3 * FOUR.iloc[-1]
    )


def test_what_a_series_cannot_carry_is_said():
    short = compare_fits(fit_families(FOUR.iloc[:2], ["logistic"]))
    assert "no curve is singled out" in short["remark"].iloc[0]
    low = fit_families(FOUR, ["logistic"], pd.Series(500.0, index=HALF_YEARS))
    assert "the share of the limit lies below the figures" in compare_fits(low)["remark"].iloc[1]
    assert set(compare_estimates(low)["saturation_level"]) == {"free"}


def test_the_best_ceiling_is_not_rejected_and_others_the_more_the_further_away(logistic30):
    fits = fit_families(logistic30, ["logistic"])
    profile = profile_ceilings(fits).set_index("saturation_level")
    best = fits["logistic", "free"].params["ceiling"]
    assert profile.loc[best, "confidence"] == 0
    assert (np.diff(profile.loc[profile.index >= best, "confidence"]) >= 0).all()


# ---- one class a family


class Hill(AdoptionCurve):
    """A power of time that levels off, ``K / (1 + ((t - l) / s)^-n)``: a class without derivatives, and not listed."""

    name, latex = "hill", r"K / (1 + ((t - l) / s)^{-n})"
    parameters = (("scale", "duration"), ("shape", "number"))
    axes = (np.linspace(-3, 3, 24), np.linspace(-1, 4, 24))
    box = ((-9.0, 9.0), (-5.0, 6.0))
    needs_launch = True

    @staticmethod
    def share(times, log_scale, log_shape):
        power = np.exp(log_shape) * (np.log(np.maximum(times, 1e-300)) - log_scale)
        return expit(power)


def test_a_class_of_ones_own_is_fitted_compared_and_assessed_and_can_be_listed(monkeypatch):
    years = np.arange(2001.0, 2016)
    clean = 80 / (1 + ((years - 2000) / 5) ** -3.0)
    values = pd.Series(clean + 0.2 * np.sin(5 * years), years, name="v")
    fit = Hill(clean, years, launch=2000.0).fit()
    np.testing.assert_allclose(fit.params, [80, 5, 3], rtol=1e-6)
    fits = fit_families(values, [Hill, "logistic"])
    assert compare_fits(fits)["family"].tolist() == ["hill", "logistic"]
    assert compare_estimates(fits)["parameter"].tolist()[:3] == ["saturation level", "scale", "shape"]
    found = assess_ceiling(values, families=[Logistic, Hill])
    assert found.table["family"].tolist() == ["logistic", "logistic", "hill", "hill"]
    assert found.low < 80 < found.high
    monkeypatch.setitem(FAMILIES, Hill.name, Hill)
    assert Hill.name in compare_fits(fit_families(values, FAMILIES))["family"].tolist()
    assert Hill.name in expected_value("families")
    assert "Hill adoption curve" in str(fit.summary())
