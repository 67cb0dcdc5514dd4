"""What is said of the errors: estimates against direct likelihoods, intervals that cover, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from adoption_curves.curves import FAMILIES, Bass, Gompertz, Logistic, Share
from adoption_curves.curves.errors import KINDS
from adoption_curves.curves.profile import is_narrow

YEARS = np.array([2012.0, 2013.0, 2013.5, 2015.0, 2016.0, 2017.0, 2019.0, 2020.0, 2021.0, 2022.0])
STEP = 1.0  # the median of their distances


def course(years, rate=0.8, midpoint=2016.0):
    return 100 / (1 + np.exp(-rate * (years - midpoint)))


def draw(kind, count, years, size=2.0, seed=0):
    """Series (n, count) around the course with errors of a kind; those cumulated since the curve was at 5 % of 95."""
    random, n = np.random.default_rng(seed), len(years)
    new, errors = random.normal(0, size, (count, n)), np.zeros((count, n))
    if kind == "in proportion":
        errors = new * course(years) / 60
    elif kind == "cumulated":
        before = max(0.0, (years[0] - (2016 + np.log(0.0475 / 0.9525) / 0.8)) / (years[1] - years[0]))
        errors = np.cumsum(new, axis=1) + random.normal(0, size, (count, 1)) * np.sqrt(before)
    else:
        rho = {"independent": 0.0, "ar .9": 0.9}[kind]
        errors[:, 0] = new[:, 0]
        for place in range(1, n):
            errors[:, place] = rho * errors[:, place - 1] + np.sqrt(1 - rho**2) * new[:, place]
    return pd.DataFrame((course(years) + errors).T, index=years)


@pytest.fixture(scope="module")
def series():
    return draw("cumulated", 1, YEARS, seed=4)[0]


def check_minimum(results, square):
    """The fit is the minimum of a sum of squares (of the errors, in its own way) that the search knows nothing of."""
    series = results.model.endog

    def loss(p):
        return square(series - p[0] * 100 / (1 + np.exp(-p[1] * (YEARS - 2016 - p[2]))))

    found, simplex = np.array([1.0, 0.8, 0.0]), {"maxiter": 5000, "xatol": 1e-9, "fatol": 1e-13}
    for method, options in (("Nelder-Mead", simplex), ("BFGS", {"maxiter": 5000}), ("Nelder-Mead", simplex)):
        found = minimize(loss, found, method=method, options=options).x
    assert results.ssr == pytest.approx(loss(found), rel=1e-8)
    np.testing.assert_allclose(results.params, [100 * found[0], found[1], 2016 + found[2]], rtol=1e-5)


def test_cumulative_errors_are_least_squares_of_increments_on_irregular_dates(series):
    results = Logistic(series, errors="cumulative").fit()
    level = Logistic(series, errors="independent").fit().params
    begin = (
        level["midpoint"] + np.log(0.05 * series.iloc[-1] / (level["ceiling"] - 0.05 * series.iloc[-1])) / level["rate"]
    )
    first = max(1.0, (YEARS[0] - begin) / STEP)
    check_minimum(
        results, lambda errors: errors[0] ** 2 / first + (np.diff(errors) ** 2 / (np.diff(YEARS) / STEP)).sum()
    )


@pytest.mark.parametrize("name", ["logistic", "exponential"])  # the second begins at a launch
def test_every_ceiling_takes_every_kind(name, series):
    for ceiling in (None, 130.0, Share(pd.Series([120.0, 140.0], index=[2012.0, 2022.0]), 0.9)):
        fits = {kind: FAMILIES[name](series, ceiling=ceiling, errors=kind).fit() for kind in KINDS}
        ends = {kind: fit.conf_int(method="profile") for kind, fit in fits.items()}
        np.testing.assert_allclose(fits[None].params, fits["independent"].params)
        assert [*fits[None].by_errors] == ["independent", "persistent"]
        for kind, fit in fits[None].by_errors.items():
            own = fit.intervals(fits[None].param_names, 0.05).T
            assert (ends[None][0] <= own[0]).all()
            assert (ends[None][1] >= own[1]).all()
            np.testing.assert_allclose(own.T, ends[kind], rtol=1e-6)
        assert (ends["cumulative"][1] > fits["cumulative"].params).all() or fits["cumulative"].flag


def test_where_errors_are_not_known_intervals_are_the_hull_and_the_profile_agrees_with_them(series):
    results = Logistic(series).fit()
    low, high = results.conf_int(method="profile").loc["ceiling"]
    frame = results.profile("ceiling", values=[low, high])
    np.testing.assert_allclose(frame["confidence"], 0.95, atol=1e-4)
    assert {"independent", "persistent"} < set(frame)
    assert (frame["confidence"] <= frame[["independent", "persistent"]].min(axis=1) + 1e-12).all()


def test_persistent_errors_are_an_autoregression(series):
    """Against the likelihood with its whole covariance: .98 to the power of the distance in median steps."""
    results = Logistic(series, errors="persistent").fit()
    covariance = 0.98 ** np.abs(np.subtract.outer(YEARS, YEARS) / STEP)
    check_minimum(results, lambda errors: errors @ np.linalg.solve(covariance, errors))
    assert results.llf == pytest.approx(
        -0.5 * (10 * (np.log(2 * np.pi * results.ssr / 10) + 1) + np.linalg.slogdet(covariance)[1]), rel=1e-9
    )


def test_a_moving_limit_is_part_of_the_increments():
    limit = pd.Series([100.0, 160.0], index=[2012.0, 2022.0])
    values = pd.Series(0.8 * np.interp(YEARS, limit.index, limit) * course(YEARS) / 100, index=YEARS)
    results = Logistic(values, ceiling=Share(limit), errors="cumulative").fit()
    np.testing.assert_allclose(results.params, [0.8, 0.8, 2016.0], rtol=1e-6)


def test_an_interval_ends_where_the_profile_says_that_it_does(series):
    for model in (Logistic(series, ceiling=120.0, errors="independent"), Gompertz(series, errors="independent")):
        results = model.fit()
        for parameter, ends in results.conf_int(method="profile").iterrows():
            kept = ends[np.isfinite(ends)]
            np.testing.assert_allclose(results.profile(parameter, values=kept)["confidence"], 0.95, atol=2e-3)


def test_known_standard_errors_are_variances_and_the_rest_is_the_models():
    random, known = np.random.default_rng(3), np.where(np.arange(30) % 2, 0.5, 4.0)
    years = np.linspace(2008, 2024, 30)
    values = course(years) + random.normal(0, np.hypot(known, 2.0))
    results = Logistic(values, exog=years, known_se=known, errors="independent").fit()
    error = results.model.model_error
    assert 1.2 < error < 3.0
    assert results.scale == 1
    weights = 1 / (known**2 + error**2)
    assert (weights * results.resid.to_numpy() ** 2).sum() == pytest.approx(results.df_resid, rel=1e-6)
    np.testing.assert_allclose(results.params, Logistic(values, exog=years, weights=weights).fit().params, rtol=1e-7)
    ahead = results.get_prediction([2030.0])
    assert np.sqrt(ahead.se_obs**2 - ahead.se_mean**2).iloc[0] == pytest.approx(np.hypot(error, known[-1]))
    far = Logistic(values, exog=years, known_se=known, errors="independent", ceiling=900.0).fit()
    assert far.model.model_error > np.std(values) / 4
    wide = Logistic(values, exog=years, known_se=10 * known, errors="independent").fit()
    assert wide.model.model_error == 0
    assert wide.bse["ceiling"] > 2 * results.bse["ceiling"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["independent", "in proportion", "ar .9", "cumulated"])
@pytest.mark.parametrize("points", [6, 16])
def test_intervals_cover_or_are_open_whatever_the_errors(kind, points):
    """The benchmark's simulation in small, at series that begin at 4 and at 20 % of their ceiling."""
    for start in (0.04, 0.2):
        first, last = 2016 + np.log([start / (1 - start), 19.0]) / 0.8
        frame = draw(kind, 60, np.linspace(first, last, points))
        ends = [Logistic(frame[name]).fit().intervals(["ceiling"], 0.05)[0] for name in frame]
        covered = np.array([low <= 100 <= high for low, high in ends])
        identified = np.array([is_narrow(low, high) for low, high in ends])
        assert covered.mean() >= (0.8 if kind == "cumulated" else 0.89)  # these are no autoregression
        assert (identified & ~covered).mean() <= (0.2 if kind == "cumulated" else 0.1)
        if kind == "independent":
            assert identified.mean() >= {6: 0.1, 16: 0.4}[points]


def test_the_summary_says_what_the_verdict_rests_on(series):
    text = str(Logistic(series).fit().summary())
    assert "Durbin-Watson" in text
    assert "profile [0.025" in text
    assert "Errors are not known" in text
    four = Bass([230, 249, 515, 602], exog=[2024.5, 2025.0, 2025.5, 2026.0])
    assert "open" in str(four.fit().summary())
    tight = draw("independent", 1, np.linspace(2008, 2020, 8), seed=1)[0]
    says = [str(Logistic(tight, errors=errors).fit().summary()) for errors in (None, "independent")]
    assert "under independent errors" in says[1]
    assert "if they are independent" in says[0]
    wide = str(Logistic([12, 19, 31, 44], exog=range(2021, 2025)).fit().summary())
    assert "do not limit the ceiling: its 95% interval is open" in wide


def test_a_filing_adds_up_and_a_survey_does_not(data):
    assert data.series("China", "genai_services_filed").errors == "cumulative"
    assert data.series("United States", "genai_use_rps").errors == "independent"
    assert data.series("China", "genai_users").errors is None
