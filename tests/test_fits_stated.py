"""Fits that say what they are: one answer a series, axes of dates or numbers, mistakes refused in words."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from conftest import further
from snapshots import check_snapshot
from statsmodels.regression.linear_model import OLS

from helpers import curves
from helpers.curves import FAMILIES, CurveError, Gompertz, Logistic, Share, SharePrior, fit_many, to_dates

YEARS = np.arange(2010.0, 2018)
SERIES = pd.Series(100 / (1 + np.exp(-0.9 * (YEARS - 2014))) + [0.4, -0.7, 1.1, -0.3, 0.2, -1.2, 0.8, 0.1], YEARS)
DATED = pd.Series(SERIES.to_numpy(), to_dates(YEARS))


# ---- one answer per series


def draw_any(count, seed=0):
    """A frame of series of several kinds, 4 to 30 points between gaps: smooth, noisy and hopeless ones."""
    random, rows = np.random.default_rng(seed), np.full((count, 30), np.nan)
    for row, kind in zip(rows, random.integers(0, 8, count), strict=True):
        size = random.integers(4, 31)
        place = np.sort(random.choice(30, size, replace=False))
        clean = 100 / (1 + np.exp(-random.uniform(0.1, 1.5) * (place - random.uniform(-5, 35))))
        noise = random.normal(0, 1, size)
        jump = 10.0 * (place > 15)
        kinds = clean, clean + 2 * noise, clean + 15 * noise, 5 + 0 * clean, noise, np.exp(0.3 * place), jump, 0 * clean
        row[place] = kinds[kind]
    return pd.DataFrame(rows.T, index=np.arange(2000.0, 2030)).add_prefix("s")


def check_same(found, expected):
    """Estimates, flags and intervals agree to 1e-9."""
    pd.testing.assert_frame_equal(found.reset_index(drop=True), expected.reset_index(drop=True), rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["logistic", *map(further, [name for name in FAMILIES if name != "logistic"])])
def test_a_series_has_one_answer_alone_and_among_others(name):
    alpha = 0.05 if name == "logistic" else None  # to search the intervals of some families takes minutes
    frame, fit = draw_any(40), partial(fit_many, families=name, alpha=alpha, progress=False)
    whole = fit(frame)
    for size, count in ((1, 8), (10, 40)):
        parts = [fit(frame.iloc[:, begin : begin + size]) for begin in range(0, count, size)]
        check_same(pd.concat(parts), whole.iloc[:count])
    for column in frame.columns[:8]:
        single, row = FAMILIES[name](frame[column].dropna()).fit(), whole[whole["series"] == column].iloc[0]
        assert bool(single.flag) == (bool(row["flag"]) or single.df_resid == 0)
        assert not alpha or single.identified == row["identified"]
        np.testing.assert_allclose(row[single.param_names].to_numpy(float), single.params, rtol=1e-9)


@pytest.mark.slow
def test_a_series_has_one_answer_among_thousands():
    """More than are fitted together."""
    frame = draw_any(5000, seed=1)
    whole = fit_many(frame, "logistic", progress=False, alpha=None)
    for begin in range(0, 5000, 250):
        part = fit_many(frame.iloc[:, begin : begin + 10], "logistic", progress=False, alpha=None)
        check_same(part, whole.iloc[begin : begin + 10])


def test_bootstrap_refits_are_the_fits_of_the_drawn_series():
    results = Logistic(SERIES).fit()
    few, many = results.resample(3), results.resample(1200)
    root = results.resid.to_numpy() * np.sqrt(8 / 5)
    drawn = np.random.default_rng(0).choice(root - root.mean(), size=(3, 8))
    for row, errors in enumerate(drawn):
        single = Logistic(results.fittedvalues + errors).fit().params
        np.testing.assert_allclose(few.iloc[row], single, rtol=1e-9)
    assert len(many) == 1200
    prior = SharePrior(120.0, 1.0, 0.5)
    alone = fit_many(SERIES.to_frame("a"), "logistic", prior, progress=False)
    beside = fit_many(pd.DataFrame({"a": SERIES, "b": SERIES + 9 * np.sin(YEARS)}), "logistic", prior, progress=False)
    check_same(beside.iloc[:1], alone)


# ---- fit_many


def test_fit_many_takes_one_name_adoptions_per_period_and_shares():
    frame = pd.DataFrame({"a": SERIES, "b": SERIES.where(SERIES.index != 2013)})
    shares = fit_many(frame, "logistic", Share(pd.Series([100.0, 120.0], [2010.0, 2017.0])), progress=False)
    single = Logistic(SERIES, ceiling=Share(pd.Series([100.0, 120.0], [2010.0, 2017.0]))).fit()
    row = shares.iloc[0]
    assert (row["share"], row["ceiling"]) == pytest.approx((single.params["share"], single.ceiling), rel=1e-9)
    ends = single.conf_int(method="profile").loc["share"].to_numpy() * 120
    assert row[["ceiling_lower", "ceiling_upper"]].tolist() == pytest.approx(ends.tolist(), rel=1e-6)
    assert fit_many(frame, "logistic", Share(120, 0.9), progress=False)["ceiling"].tolist() == [108.0, 108.0]
    steps = frame.diff().iloc[1:]
    table = fit_many(steps, "bass", per_period=True, launch=2009.0, progress=False, alpha=None)
    assert "identified" not in table
    for column in "ab":
        alone = FAMILIES["bass"](steps[column].dropna(), launch=2009.0, per_period=True).fit()
        estimate = table[table["series"] == column].iloc[0][alone.param_names].to_numpy(float)
        np.testing.assert_allclose(estimate, alone.params, rtol=1e-9)
    low = fit_many(frame, ["logistic", "bass"], 50.0, launch=2012.0, progress=False, alpha=None)
    assert set(low["flag"]) == {"above the ceiling"}
    assert set(fit_many(frame, "bass", launch=2012.0, progress=False)["flag"]) == {"before the launch"}


# ---- dates and numbers


def test_numbers_are_never_dates():
    dated = Logistic(DATED).fit()
    assert dated.predict([2027.0]).iloc[0] == dated.predict("2026-12-31").iloc[0]
    assert Logistic(SERIES.to_numpy(), pd.Index([*range(2010, 2018)], dtype=object)).fit().predict([2020]).size == 1


# ---- results


def test_forecasts_go_on_at_the_spacing_of_the_data():
    fit = Logistic(DATED).fit()
    assert fit.forecast(2).index.tolist() == [pd.Timestamp("2017-12-31"), pd.Timestamp("2018-12-31")]
    pd.testing.assert_series_equal(fit.forecast(["2020-12-31"]), fit.predict(["2020-12-31"]))
    assert Logistic(SERIES).fit().forecast(2).index.tolist() == [2018.0, 2019.0]
    halves = pd.Series([1.0, 4, 9, 12], pd.to_datetime(["2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31"]))
    assert Logistic(halves).fit().forecast(3).index[-1] == pd.Timestamp("2027-06-30")


def test_simulated_series_have_the_curve_and_the_spread():
    fit = Logistic(DATED).fit()
    drawn = fit.simulate(3, 4000, seed=1)
    pd.testing.assert_frame_equal(drawn, fit.simulate(3, 4000, seed=1))
    np.testing.assert_allclose(drawn.mean(axis=1), fit.forecast(3), atol=0.1)
    np.testing.assert_allclose(drawn.std(axis=1), np.sqrt(fit.scale), rtol=0.05)


def test_serial_correlation_is_tested_as_in_a_linear_model():
    """At the optimum a fit is a linear model of its derivatives, and this the test of a lagged residual there."""
    fit = Logistic(SERIES).fit()
    found = fit.test_serial_correlation()
    slopes = [
        (Logistic.share(YEARS, *(place + move)) - Logistic.share(YEARS, *(place - move))) / 2e-6
        for place in [np.array([np.log(fit.params["rate"]), fit.params["midpoint"]])]
        for move in 1e-6 * np.eye(2)
    ]
    lagged = np.r_[0.0, fit.resid.iloc[:-1]]
    linear = OLS(fit.resid.to_numpy(), np.column_stack([fit.fittedvalues, *slopes, lagged])).fit()
    assert found["f_statistic"] == pytest.approx(linear.tvalues[-1] ** 2, rel=1e-4)
    assert found["p_value"] == pytest.approx(linear.pvalues[-1], rel=1e-4)
    assert found["durbin_watson"] == pytest.approx((np.diff(fit.resid) ** 2).sum() / fit.ssr)
    assert fit.rsquared == pytest.approx(1 - fit.ssr / ((SERIES - SERIES.mean()) ** 2).sum())


def test_models_and_results_show_what_they_are():
    model = Logistic(DATED.rename("users"))
    assert repr(model) == "<Logistic of users: 8 observations, free ceiling>"
    names, of_model = dir(model.fit()), dir(model)
    assert {"params", "conf_int", "forecast", "simulate", "rsquared"} < set(names)
    assert {"fit", "endog", "launch"} < set(of_model)
    assert not [name for name in (*names, *of_model) if name.startswith("_") or name in ("likelihood", "batch", "axes")]


def test_a_prior_from_the_mean_of_the_share_has_that_mean():
    random = np.random.default_rng(0)
    for mean, sd in ((0.75, 0.1), (0.5, 0.3), (0.03, 0.02), (0.9, 0.2)):
        prior = SharePrior.from_mean(100, mean=mean, sd=sd)
        drawn = 1 / (1 + np.exp(-random.normal(prior.mean_logit, prior.sd_logit, 400_000)))
        assert (drawn.mean(), drawn.std()) == pytest.approx((mean, sd), rel=0.01)
    assert np.isfinite(Logistic(SERIES, ceiling=SharePrior.from_mean(130, mean=0.75, sd=0.1)).fit().params).all()


# ---- stated outcomes


def test_what_cannot_be_fitted_is_refused_in_words(renew):
    def censor(value, at, bound="at_least"):
        return pd.DataFrame({"value": [value], "bound": [bound]}, index=[at])

    def refuse(function, *given, **options):
        with pytest.raises(CurveError) as caught:
            function(*given, **options)
        print(caught.value)

    check_snapshot("curves", vars(curves) | globals() | locals(), renew)


def test_an_observation_a_little_above_the_ceiling_is_noted():
    assert "An observation lies 4.23% above the given ceiling" in str(Logistic(SERIES, ceiling=90.0).fit().summary())


@pytest.mark.parametrize("alpha", [95, 0, -0.1, np.nan, "0.05"])
def test_alpha_is_one_minus_a_level(alpha):
    fit = Logistic(SERIES).fit()
    prediction = fit.get_prediction([2020.0])
    calls = (fit.conf_int, fit.summary, fit.derived, fit.outliers, prediction.conf_int, prediction.summary_frame)
    for call in (*calls, lambda alpha: fit_many(SERIES.to_frame("a"), alpha=alpha)):
        with pytest.raises(CurveError, match="one minus the level"):
            call(alpha=alpha)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "exponential"])
def test_a_perfect_jump_or_spike_is_no_estimate(name):
    family = FAMILIES[name]
    for values in ([0, 0, 0, 10, 10, 10], [0, 0, 4, 10, 10, 10], [0, 0, 0, 10, 0, 0], [0.0, 0, 0, 0, 10, 10.0]):
        fit = family(values, range(6)).fit()
        assert not fit.identified
        assert "runs to" in fit.flag
    later = pd.DataFrame({"value": [8.0], "bound": ["at_least"]}, [7.0])
    for errors in (None, "independent", "cumulative"):
        assert "runs to" in family([0, 0, 0, 10, 10, 10], range(6), censored=later, errors=errors).fit().flag
    spike = family([0, 0, 0, 10, 0, 0], range(6), per_period=True).fit()
    assert "runs to" in spike.flag
    if family.link is not None:
        known = family([0, 0, 0, 10, 10, 10], range(6), ceiling=10).fit(noise="binomial")
        assert not known.identified


def test_without_data_a_fit_answers_or_says_why_not():
    fit = Gompertz(DATED).fit()
    whole = Gompertz(DATED).fit()
    fit.remove_data()
    fit.remove_data()
    assert str(fit.summary()) == str(whole.summary())
    for method in ("wald", "profile"):
        pd.testing.assert_frame_equal(fit.conf_int(method=method), whole.conf_int(method=method))
    pd.testing.assert_series_equal(fit.forecast(2), whole.forecast(2))
    assert fit.rsquared == whole.rsquared
    for call in (fit.derived, fit.outliers, fit.profile, fit.resample, fit.test_serial_correlation, lambda: fit.resid):
        with pytest.raises(CurveError, match="remove_data"):
            call()
    with pytest.raises(CurveError, match="remove_data"):
        fit.conf_int(0.1, "profile")
