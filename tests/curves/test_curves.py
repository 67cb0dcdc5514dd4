"""The curves: certified values, agreement with statsmodels' GLM, profiles, and verdicts on series with a known end."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adoption_curves.curves import FAMILIES, AdoptionCurve, CurveError, Gompertz, Logistic, assess_ceiling, fit_families
from adoption_curves.curves.fit_tables import compare_estimates, compare_fits, profile_ceilings, trace_alternatives

REFERENCE = Path(__file__).parents[1] / "reference"
NIST = json.loads((REFERENCE / "nist_strd.json").read_text())
YEARS = pd.Index(np.arange(2008.0, 2020))


def grow(ceiling=60.0, noise=0.4, count=12):
    place = np.arange(count)
    return pd.Series(ceiling / (1 + np.exp(-0.8 * (YEARS[:count] - 2013))) + noise * np.sin(5 * place), YEARS[:count])


class Exponential(AdoptionCurve):
    name, names = "exponential", ("rate",)

    def share(self, years, *params):
        return -np.expm1(-params[0] * np.maximum(years - self.launch, 0))

    def starts(self, share):
        return np.log([[[rate / (self.years[-1] - self.launch)]] for rate in (0.05, 1, 6)])


class Richards(AdoptionCurve):
    name, names = "richards", ("rate", "midpoint", "shape")

    def to_params(self, theta):
        return np.stack([np.exp(theta[0]), theta[1], np.exp(theta[2])])

    def share(self, years, *params):
        rate, midpoint, shape = params
        return np.exp(-np.logaddexp(0.0, np.log(shape) - rate * (years - midpoint)) / shape)

    def starts(self, share):
        places = [(rate, part, shape) for rate in (3, 10) for part in (0.3, 0.7) for shape in (0.2, 1, 4)]
        return np.array([[[np.log(r / self.span), self.years[0] + m * self.span, np.log(s)]] for r, m, s in places])


@pytest.mark.parametrize("name", NIST)
def test_nist_problems_hold_to_eight_digits_and_errors_to_seven(name):
    problem, family = NIST[name], {"Rat42": Logistic, "Rat43": Richards}.get(name, Exponential)
    results = family(pd.Series(problem["y"], problem["x"]), floor=0, launch=0.0).fit()
    estimate, turn = results.params.to_numpy(), np.eye(problem["k"])
    if family is not Exponential:  # b2 = rate x midpoint, and log(shape) with it
        ceiling, rate, midpoint = estimate[:3]
        turn[1, 1:3], turn[2, 1:3] = (midpoint, rate), (1, 0)
        estimate = np.r_[ceiling, rate * midpoint, rate, estimate[3:]]
    if family is Richards:
        turn[1, 3] = 1 / estimate[3]
        estimate[1] += np.log(estimate[3])
    np.testing.assert_allclose(estimate, problem["certified"], rtol=1e-8)
    errors = np.sqrt(np.diag(turn @ results.cov_params() @ turn.T))
    np.testing.assert_allclose(errors, problem["certified_sd"], rtol=1e-7)
    assert results.ssr == pytest.approx(problem["rss"], rel=1e-9)


def test_reference_series_agrees_with_the_independent_program():
    values = pd.read_csv(REFERENCE / "logistic30.csv").set_index("t")["y"]
    wanted, results = json.loads((REFERENCE / "logistic30_reference.json").read_text()), Logistic(values, floor=0).fit()
    assert results.params["ceiling"] == pytest.approx(wanted["K"], abs=4e-4)
    assert results.bse["ceiling"] == pytest.approx(wanted["K_se_wald"], abs=5e-5)
    assert results.ceiling_interval() == pytest.approx(wanted["K_profile_F95"], rel=1e-6)
    assert results.t_test("rate = 0.3").tvalue.item() == pytest.approx(
        (results.params["rate"] - 0.3) / results.bse["rate"]
    )
    assert "Profile interval of the ceiling: 99.15 to 101" in str(results.summary())


@pytest.mark.filterwarnings("ignore:The Log")
@pytest.mark.parametrize("family", [Logistic, Gompertz])
def test_a_curve_to_a_known_level_is_the_glm(family):
    series, limit = grow(), pd.Series([70.0, 80.0], [2008.0, 2019.0])
    results = family(series, ceiling=limit).fit()
    glm = results.model.glm()
    assert results.params["rate"] == pytest.approx(glm.params["years"], rel=1e-6)
    np.testing.assert_allclose(results.fittedvalues, glm.fittedvalues * np.interp(YEARS, limit.index, limit), rtol=1e-6)
    assert results.bse["rate"] == pytest.approx(glm.bse["years"], rel=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_recovers_its_parameters_and_is_the_minimum_of_its_profile(name):
    model = FAMILIES[name](grow(), floor=0)
    truth = {"bass": [60.0, 0.01, 0.7]}.get(name, [60.0, 0.8, 2013.0])
    exact = FAMILIES[name](pd.Series(model.curve(np.array(truth), model.years), YEARS), floor=0).fit()
    np.testing.assert_allclose(exact.params, truth, rtol=1e-5)
    results = model.fit()
    assert results.profile()["ssr"].min() >= results.ssr * (1 - 1e-9)
    low, high = results.ceiling_interval()
    inner = results.ceiling_interval(0.2)
    assert low <= inner[0] <= results.params["ceiling"] <= inner[1] <= high


def test_a_series_seen_to_its_end_levels_off_and_is_said_in_words():
    found = assess_ceiling(grow())
    assert (found.verdict, found.reason, len(found.table)) == ("levels off", "", 4)
    assert found.low <= 60 < found.high
    assert found.sentence.startswith("ends between ")


@pytest.mark.parametrize(
    ("values", "limit", "verdict", "reason"),
    [
        ([12, 19, 31, 44], 1e6, "not known", "is open"),
        ([5, 5, 5, 5, 5, 5], None, "not known", "do not rise"),
        ([0, 0, 0, 10, 10, 10, 10], None, "not known", "a jump at one date"),
        ([1, 2], None, "not known", "too few figures"),
        ([2, 20, 50, 59, 60], None, "depends on the curve", ""),
        ([2, 20, 50, 59, 60, 60.2], None, "levels off", ""),
        ([9, 7, 5, 3, 2, 1], 100, "fallen", ""),
        ([20, 40, 60, 80, 90, 95, 97], 100, "near its limit", ""),
        ([2, 20, 50, 70, 78, 80, 80.5, 80.6], 50, "beyond the limit", ""),
    ],
)
def test_a_verdict_of_each_kind(values, limit, verdict, reason):
    found = assess_ceiling(pd.Series(values, YEARS[: len(values)], dtype=float), limit)
    assert found.verdict == verdict
    assert reason in found.reason


def test_no_stated_end_lies_below_what_has_been_published_or_above_the_limit():
    found = assess_ceiling(pd.Series([12, 19, 31, 44, 52, 60, 66], index=range(2019, 2026)), limit=100)
    assert (found.low, found.high, found.sentence) == (66, 100, "somewhere between 66 and 100")
    assert assess_ceiling(grow(), floor=70.0).low == 70.0


@pytest.mark.parametrize("name", FAMILIES)
def test_hopeless_series_have_a_flag_or_are_refused(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in ([5] * 6, [9, 8, 6, 5, 3, 2], [0] * 6, [1, 2], [0, 0, 0, 1e9, 1e9, 1e9], [-1, -2, -3, -4, -5]):
            fit = FAMILIES[name](pd.Series(values, YEARS[: len(values)], dtype=float)).fit()
            assert fit.flag
            str(fit.summary()), fit.profile(), fit.predict([2030.0])
        with pytest.raises(CurveError):
            FAMILIES[name](pd.Series([np.nan, 1.0], YEARS[:2]))


def test_tables_of_several_families():
    fits = fit_families(grow(), FAMILIES, pd.Series(50.0, YEARS))
    assert set(compare_estimates(fits)["saturation_level"]) == {"free"}
    assert "lies below the figures" in compare_fits(fits)["remark"].iloc[1]
    assert profile_ceilings(fits).groupby("family")["confidence"].min().max() < 1
    assert trace_alternatives(fits).groupby("family")["best"].any().all()
