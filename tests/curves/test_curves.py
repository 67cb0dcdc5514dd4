"""The curves: certified values, agreement with statsmodels' GLM, profiles, and verdicts on series with a known end."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from conftest import ROOT
from snapshots import check_part, write_rows
from statsmodels.genmod.families import Gaussian

from adoption_curves import indicators
from adoption_curves.base.formats import format_name
from adoption_curves.curves import (
    FAMILIES,
    AdoptionCurve,
    Bass,
    CurveError,
    Gompertz,
    Logistic,
    assess_ceiling,
    compare_estimates,
    compare_fits,
    fit_families,
    read_odds,
)

REFERENCE = Path(__file__).parents[1] / "reference"
NIST = json.loads((REFERENCE / "nist_strd.json").read_text())
YEARS = pd.Index(np.arange(2008.0, 2020))
USERS = pd.Series([12, 19, 31, 44, 52, 60, 66], index=range(2019, 2026), name="users")


def grow(noise=0.4):
    return pd.Series(60 / (1 + np.exp(-0.8 * (YEARS - 2013))) + noise * np.sin(5 * np.arange(12)), YEARS)


class Exponential(AdoptionCurve):
    name, names = "exponential", ("rate",)

    def share(self, years, *params):
        return -np.expm1(-params[0] * np.maximum(years, 0))

    def starts(self, share):
        return np.log([[[rate / self.years[-1]]] for rate in (0.05, 1, 6)])


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
    results = family(pd.Series(problem["y"], np.array(problem["x"], float)), floor=0).fit()
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
    expected = json.loads((REFERENCE / "logistic30_reference.json").read_text())
    results = Logistic(values.set_axis(values.index.astype(float)), floor=0).fit()
    assert results.params["ceiling"] == pytest.approx(expected["K"], abs=4e-4)
    assert results.bse["ceiling"] == pytest.approx(expected["K_se_wald"], abs=5e-5)
    assert results.ceiling_interval() == pytest.approx(expected["K_profile_F95"], rel=1e-6)
    tvalue = (results.params["rate"] - 0.3) / results.bse["rate"]
    assert results.t_test("rate = 0.3").tvalue.item() == pytest.approx(tvalue)
    assert results.wald_test("rate = 0.3", scalar=True).statistic == pytest.approx(tvalue**2)
    assert "Profile interval of the ceiling: 99.15 to 101" in str(results.summary())


@pytest.mark.filterwarnings("ignore:The Log")
@pytest.mark.parametrize("values", [grow(), grow()[::-1].set_axis(YEARS), 1e6 * grow(noise=3.0)], ids=str)
@pytest.mark.parametrize("family", [Logistic, Gompertz])
@pytest.mark.parametrize("moves", [False, True])
def test_a_curve_to_a_known_level_is_the_glm(values, family, moves):
    limit = pd.Series([1.2, 1.2 + 0.3 * moves], [2008.0, 2019.0]) * values.max()
    results, level = family(values, ceiling=limit).fit(), np.interp(YEARS, limit.index, limit)
    link = Gaussian(family.link, check_link=False)
    exog = sm.add_constant(YEARS - 2019)
    glm = sm.GLM(values / level, exog, family=link, var_weights=level**2).fit(use_t=True)
    np.testing.assert_allclose(results.params["rate"], glm.params["x1"], rtol=1e-6)
    np.testing.assert_allclose(results.params["midpoint"], 2019 - glm.params["const"] / glm.params["x1"], rtol=1e-6)
    np.testing.assert_allclose(results.fittedvalues, glm.fittedvalues * level, rtol=1e-6)
    np.testing.assert_allclose(results.bse["rate"], glm.bse["x1"], rtol=1e-5)
    np.testing.assert_allclose(results.conf_int().loc["rate"], glm.conf_int().loc["x1"], rtol=1e-5)
    np.testing.assert_allclose(results.glm.params, glm.params, rtol=1e-6)
    assert results.scale == pytest.approx(glm.scale, rel=1e-6)
    assert results.glm.summary().tables[1]


def test_a_level_that_is_estimated_is_no_glm():
    free = Logistic(grow()).fit()
    known = Logistic(grow(), ceiling=free.params["ceiling"]).fit()
    assert known.bse["rate"] == pytest.approx(known.glm.bse["years"], rel=1e-5)
    assert known.bse["rate"] < 0.9 * free.bse["rate"]
    for results in (free, Bass(grow(), ceiling=70.0).fit(), Logistic(grow(), ceiling=70.0, errors="ar1").fit()):
        with pytest.raises(AttributeError, match="to a known ceiling"):
            results.glm  # noqa: B018


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


def test_the_bass_curve_is_that_of_bass_1969():
    model, p, q = Bass(grow(), floor=0), 0.01, 0.7
    left = np.exp(-(p + q) * (model.years - model.launch))
    np.testing.assert_allclose(model.curve(np.array([60.0, p, q]), model.years), 60 * (1 - left) / (1 + q / p * left))


def test_the_interval_of_values_that_jump_late_begins_at_the_highest():
    """At 71 a search from the fitted line alone ends in a flatter curve, with 16% more squares: 76.4."""
    years = [1860, 1880, 1890, 1900, 1920, 1931, 1940, 1950]
    flush = pd.Series([1, 7, 13, 15, 20, 51, 60, 71], years)
    assert Gompertz(flush).fit().ceiling_interval() == (71, np.inf)


@pytest.mark.parametrize(
    ("values", "limit", "verdict", "reason"),
    [
        ([12, 19, 31, 44], 1e6, "not known", "is open"),
        ([5, 5, 5, 5, 5, 5], None, "no growth beyond its scatter", ""),
        ([50, 62, 47, 60, 52, 61, 49, 63], 100, "no growth beyond its scatter", ""),
        ([0, 0, 0, 10, 10, 10, 10], None, "not known", "a jump at one date"),
        ([1, 2], None, "not known", "too few values"),
        ([2, 1, 2], None, "not known", "too few values"),
        ([np.nan], None, "not known", "no exact value"),
        ([2, 20, 50, 59, 60], None, "depends on the curve", ""),
        ([2, 20, 50, 59, 60, 60.2], None, "levels off", "such ends of other series"),
        ([9, 7, 5, 3, 2, 1], 100, "fallen", ""),
        ([20, 40, 60, 80, 90, 95, 97], 100, "near its limit", ""),
        ([2, 20, 50, 70, 78, 80, 80.5, 80.6], 50, "beyond the limit", ""),
    ],
)
def test_a_verdict_of_each_kind(values, limit, verdict, reason):
    assessment = assess_ceiling(pd.Series(values, YEARS[: len(values)], dtype=float), limit)
    assert assessment.verdict == verdict
    assert reason in assessment.reason
    assert assessment.frame().loc[0, "verdict"] == verdict
    assert (assessment.interval == (assessment.low, assessment.high)) or np.isnan(assessment.low)


def test_a_series_seen_to_its_end_levels_off_and_says_how_often_such_ends_were_passed():
    verdict = assess_ceiling(grow())
    assert (verdict.verdict, len(verdict.table)) == ("levels off", 4)
    assert verdict.low <= 60 < verdict.high
    counts = read_odds().query("years == 5")[["figures", "above"]].sum()
    assert verdict.reason.startswith(f"{counts['above']} of {counts['figures']} such ends")


def test_no_stated_end_lies_below_what_has_been_published_or_above_the_limit():
    verdict = assess_ceiling(USERS, limit=100)
    assert (verdict.low, verdict.high, verdict.sentence) == (66, 100, "somewhere between 66.0 and 100")


def test_a_whole_year_is_its_last_day_and_decimal_years_stay():
    dated = USERS.set_axis(pd.to_datetime([f"{year}-12-31" for year in USERS.index]))
    fits = [Logistic(series).fit() for series in (USERS, dated, USERS.set_axis(USERS.index + 1.0))]
    for results in fits[1:]:
        np.testing.assert_allclose(results.params, fits[0].params, rtol=1e-9)
    expected = fits[0].predict("2030-12-31").item()
    assert [fits[0].predict(date).item() for date in (2030, "2030", 2031.0)] == [expected] * 3
    assert fits[2].predict(2031.0).item() == pytest.approx(expected)
    for results, date, words in (
        (fits[0], 5, "is not a year"),
        (fits[0], 5.0, "is not a year"),
        (fits[2], 5, r"Write the end of 2026 as 2027\.0"),
    ):
        with pytest.raises(CurveError, match=words):
            results.predict(date)


def test_a_series_of_the_data_has_one_verdict_by_either_door():
    data = indicators.load()
    series = data.series("China", "genai_users")
    read = series.use_readings()
    verdict, plain = assess_ceiling(series), assess_ceiling(read.values, read.limit)
    assert (verdict.verdict, verdict.low, verdict.reason) == (plain.verdict, max(plain.low, read.highest), plain.reason)
    survey = data.series("United States", "genai_nonwork_use_rps")
    assert assess_ceiling(survey).table["errors"].unique().tolist() == ["independent"]
    assert Logistic(survey).floor == survey.highest


@pytest.mark.parametrize("name", FAMILIES)
def test_hopeless_series_have_a_flag_and_every_question_an_answer(name):
    shapes = [
        [5] * 6,
        [9, 8, 6, 5, 3, 2],
        [0] * 6,
        [1, 2],
        [0, 0, 0, 1e9, 1e9, 1e9],
        [-1, -2, -3, -4, -5],
        [7e-59, 0, 0],
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for values in shapes:
            for errors in ("independent", "ar1"):
                fit = FAMILIES[name](pd.Series(values, YEARS[: len(values)], dtype=float), errors=errors).fit()
                assert fit.flag
                assert np.isfinite(fit.predict([2030.0])).all()
                str(fit.summary()), fit.profile(), fit.intervals()


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: Logistic([1, 2, 3]), "pass a pandas Series with dates as index, got list"),
        (lambda: Logistic(pd.Series([np.nan, 1.0], YEARS[:2])), "needs values on at least two dates"),
        (lambda: Logistic(pd.Series([1.0, np.inf], YEARS[:2])), "has an infinite value"),
        (lambda: Logistic(pd.Series(["a", "b"], YEARS[:2])), "must be numbers"),
        (lambda: Logistic(pd.Series([1.0, 2.0], [2020.0, np.nan])), "a value without a date"),
        (lambda: Logistic(pd.Series([1.0, 2.0, 3.0])), "write years as 2025 or days as 2025-12-31"),
        (lambda: Logistic(USERS, ceiling=0), "must be above 0"),
        (lambda: Logistic(USERS, ceiling="many"), "must be a number above 0 or a Series with dates as index"),
        (lambda: Logistic(USERS, ceiling=50), "is below the highest value, 66"),
        (lambda: Logistic(grow(), ceiling=pd.Series(80.0, pd.to_datetime(["2020-12-31"]))), "has dates, but"),
        (lambda: Logistic(USERS, errors="white"), "must be 'independent' or 'ar1'"),
        (lambda: Logistic(grow()).fit().predict("2026-12-31"), "the observations have numbers as dates"),
        (lambda: Logistic(USERS).fit().predict("03/04/2010"), "2010-04-03 or 2010-03-04"),
        (lambda: fit_families(USERS, ["weibull"]), "available: logistic, gompertz, bass"),
        (lambda: assess_ceiling(USERS, limit=-1), "the limit must be above 0 on every date, got -1"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(ask, words):
    with pytest.raises(CurveError, match=words):
        ask()


def test_tables_of_several_families_join_both_kinds_of_errors():
    fits = fit_families(grow(), FAMILIES, pd.Series(50.0, YEARS))
    estimates = compare_estimates(fits).set_index(["family", "parameter"])
    assert set(estimates["saturation_level"]) == {"free"}
    assert "is below the highest value" in compare_fits(fits)["remark"].iloc[1]
    alone, other = (Gompertz(grow(), errors=kind).fit().intervals() for kind in ("independent", "ar1"))
    for name, row in {"rate": "rate", "ceiling": "saturation level"}.items():
        ends = estimates.loc[("gompertz", row), ["low_95", "high_95"]].tolist()
        assert ends == [
            min(alone.loc[name, "low"], other.loc[name, "low"]),
            max(alone.loc[name, "high"], other.loc[name, "high"]),
        ]


def test_the_method_lists_every_family_with_its_formula(renew):
    formulas = [(format_name(name), rf"$\displaystyle {family.latex}$") for name, family in FAMILIES.items()]
    check_part(ROOT / "docs" / "method.md", "families", write_rows(("family", "curve"), *formulas), renew)
