"""Level shifts: a date from which on the same people count as more or fewer."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from helpers import indicators
from helpers.curves import (
    FAMILIES,
    LevelShift,
    Logistic,
    Results,
    Share,
    SharePrior,
    compare_estimates,
    fit_families,
)
from helpers.curves.shifts import shift_family

YEARS = np.arange(2001.0, 2025.0)
SHIFT = LevelShift(2014.0, sd=0.5)


def draw(delta=0.4, seed=0, sd=1.0, years=YEARS, at=2014.0):
    """A logistic course that counts exp(delta) times as much from 2014 on, its ceiling 100 after that."""
    clean = 100 / (1 + np.exp(-0.4 * (years - 2011))) * np.where(years < at, np.exp(-delta), 1)
    return pd.Series(clean + np.random.default_rng(seed).normal(0, sd, len(years)), years, name="users")


@pytest.mark.parametrize("name", FAMILIES)
def test_slopes_of_a_shifted_family_are_derivatives(name):
    base = FAMILIES[name]
    shape = shift_family(base, np.array([0.4, 0.7]), (0.3, 0.2))
    times, place = np.linspace(0.05, 1.0, 9), np.array([0.5 * axis[-1] for axis in base.axes] + [0.3, -0.2])
    share = shape.share(times, *place)
    np.testing.assert_allclose(share[times >= 0.7], base.share(times, *place[:-2])[times >= 0.7])
    np.testing.assert_allclose(share[0] * np.exp(0.1), base.share(times, *place[:-2])[0])
    for row, slope in enumerate(shape.slopes(times, share, *place)):
        moves = 1e-6 * np.eye(len(place))[row]
        rise = (shape.share(times, *(place + moves)) - shape.share(times, *(place - moves))) / 2e-6
        np.testing.assert_allclose(slope, rise, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("errors", ["independent", None, "cumulative"])
def test_a_shift_is_found_and_the_ceiling_with_it(errors):
    fit = Logistic(draw(), shifts=SHIFT, errors=errors).fit()
    assert fit.param_names == ["ceiling", "rate", "midpoint", "shift"]
    assert fit.params["shift"] == pytest.approx(0.4, abs=0.08)
    assert fit.ceiling == pytest.approx(100, abs=3)
    assert fit.identified
    low, high = fit.conf_int(method="profile").loc["shift"]
    assert low < 0.4 < high < 0.7
    assert Logistic(draw(), errors=errors).fit().params["midpoint"] != pytest.approx(fit.params["midpoint"], abs=0.2)


def test_the_estimate_is_the_posterior_mode():
    """Against scipy's minimum of the sum of squares and the penalty, written out."""
    series = draw(sd=6.0).iloc[4:18]
    fit = Logistic(series, shifts=LevelShift(2014.0, sd=0.1), errors="independent").fit()
    noise, years = fit.ssr / fit.df_resid, series.index.to_numpy()

    def penalised(point):
        ceiling, rate, midpoint, shift = point
        curve = ceiling / (1 + np.exp(-rate * (years - midpoint))) * np.where(years < 2014, np.exp(-shift), 1)
        return ((series - curve) ** 2).sum() + noise / 0.1**2 * shift**2

    found = minimize(penalised, [100, 0.4, 2011, 0.2], method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000})  # fmt: skip
    np.testing.assert_allclose(fit.params, found.x, rtol=1e-5)
    assert 0.02 < fit.params["shift"] < 0.3  # held back by the prior


def test_a_narrow_prior_is_no_shift():
    plain = Logistic(draw(), errors="independent").fit()
    held = Logistic(draw(), shifts=LevelShift(2014.0, sd=1e-6), errors="independent").fit()
    np.testing.assert_allclose(held.params.iloc[:3], plain.params, rtol=1e-4)
    assert held.params["shift"] == pytest.approx(0, abs=1e-4)


def test_predictions_count_as_the_series_does_at_each_date():
    fit = Logistic(draw(), shifts=SHIFT).fit()
    before, after = fit.predict([2014 - 1e-9, 2014.0])
    assert after / before == pytest.approx(np.exp(fit.params["shift"]), rel=1e-6)
    assert fit.predict([2060.0]).iloc[0] == pytest.approx(fit.ceiling, rel=1e-3)
    assert fit.resid.abs().max() < 4
    bend = fit.derived().loc["inflection"]
    assert bend["estimate"] == pytest.approx(fit.params["midpoint"], rel=1e-12)  # the shift is no growth
    assert bend["lower"] < bend["estimate"] < bend["upper"]
    assert "exp(shift) = 1.5" in str(fit.summary())


def test_intervals_of_ceiling_and_shift_cover():
    """Ten points, shifts drawn from the prior: at least .87 of 95 % in 120 runs, whose error is .02."""
    covered, years = np.zeros(2), np.linspace(2001, 2022, 10)
    for seed in range(120):
        delta = np.random.default_rng(seed).normal(0, 0.3)
        series = draw(delta, seed + 1000, 2.0, years, years[6])
        fit = Logistic(series, shifts=LevelShift(years[6], sd=0.3), errors="independent").fit()
        ends = fit.conf_int(method="profile").loc[["ceiling", "shift"]].to_numpy()
        covered += (ends[:, 0] <= [100, delta]) & (ends[:, 1] >= [100, delta])
    assert (covered >= 0.87 * 120).all()


def test_profile_and_bootstrap_take_the_shift_along():
    fit = Logistic(draw(), shifts=SHIFT, errors="independent").fit()
    low, high = fit.conf_int(method="profile").loc["shift"]
    profile = fit.profile("shift", values=[low, fit.params["shift"], high])
    np.testing.assert_allclose(profile["confidence"], [0.95, 0, 0.95], atol=1e-4)
    assert profile["midpoint"].is_monotonic_decreasing
    ends = fit.conf_int(method="bootstrap", repetitions=199).loc["shift"]
    np.testing.assert_allclose(ends, [low, high], atol=0.02)
    assert fit.resample(19)["shift"].std() > 0.005


SERIES = draw()
CENSORED = pd.DataFrame({"value": [95.0], "bound": ["at_least"]}, index=[2026.0])


@pytest.mark.parametrize(
    "options",
    [
        {"ceiling": 100.0}, {"ceiling": Share(200.0, 0.5)}, {"ceiling": SharePrior(200.0, 0.0, 0.5)},
        {"censored": CENSORED}, {"censored": CENSORED, "errors": "cumulative"}, {"variance": "curve"},
        {"known_se": np.ones(24)}, {"weights": np.arange(1, 25.0)},
    ],
    ids=str,
)  # fmt: skip
def test_every_kind_of_ceiling_and_errors_takes_a_shift(options, recwarn):
    fit = Logistic(SERIES, shifts=SHIFT, **options).fit()
    assert fit.params["shift"] == pytest.approx(0.4, abs=0.1)
    ends = fit.conf_int(method="profile").loc["shift"]
    assert ends[0] < fit.params["shift"] < ends[1]
    assert not recwarn.list


def test_censored_values_say_something_about_the_shift():
    early = SERIES.iloc[:15]
    above = pd.DataFrame({"value": [120.0], "bound": ["at_least"]}, index=[2017.0])
    with_bound = Logistic(early, shifts=SHIFT, censored=above, errors="independent").fit()
    assert with_bound.predict([2017.0]).iloc[0] > Logistic(early, shifts=SHIFT, errors="independent").fit().predict(
        [2017.0]
    ).iloc[0]  # fmt: skip


def test_two_shifts_have_a_parameter_each():
    fit = Logistic(SERIES, shifts=[LevelShift(2019.0, sd=0.2), SHIFT]).fit()
    assert fit.param_names[-2:] == ["shift_1", "shift_2"]
    assert fit.params["shift_1"] == pytest.approx(0.4, abs=0.08)
    assert fit.params["shift_2"] == pytest.approx(0, abs=0.05)
    assert str(fit.summary()).count("times what counted before") == 2


def test_a_fit_with_a_shift_is_kept_and_loaded(tmp_path):
    fit = Logistic(SERIES, shifts=SHIFT).fit()
    fit.remove_data()
    fit.save(tmp_path / "fit.pickle")
    again = Results.load(tmp_path / "fit.pickle")
    pd.testing.assert_series_equal(again.predict([2010.0, 2030.0]), fit.predict([2010.0, 2030.0]))
    pd.testing.assert_frame_equal(again.conf_int(method="profile"), fit.conf_int(method="profile"))


def test_the_changed_question_of_the_project():
    """Four figures cannot tell a changed question from growth: the shift is small, and forecasts at the bound fall."""
    series = indicators.load().series("China", "genai_users", "internet_users")
    values = series.values.loc[:"2025-12-31"]
    plain = fit_families(values, ["logistic", "gompertz", "bass"], series.bound)
    shifted = fit_families(values, ["logistic", "gompertz", "bass"], series.bound, shifts=LevelShift("2025-06-30", 0.3))
    table = compare_estimates(shifted)
    sizes = table.loc[table["parameter"] == "shift", "estimate"]
    assert len(sizes) == 6
    assert sizes.between(0.05, 0.5).all()
    assert not any(fit.identified for (_, ceiling), fit in shifted.items() if ceiling == "free")
    ahead = pd.to_datetime(["2027-12-31"])
    for key, fit in shifted.items():
        if key[1] == "at the bound":
            assert fit.predict(ahead).iloc[0] < plain[key].predict(ahead).iloc[0]


@pytest.mark.parametrize("rows", [24, 5, 4])
def test_a_censored_value_that_says_nothing_changes_nothing(rows):
    """Also where the curve could meet every value, and the variance is that of the fit without a shift."""
    series = draw(sd=3.0).iloc[np.linspace(5, 22, rows).astype(int)]
    empty = pd.DataFrame({"value": [1.0], "bound": ["at_least"]}, index=[2026.0])
    options = {"shifts": LevelShift(2015.0, sd=0.2), "errors": "independent"}
    plain, censored = (Logistic(series, **options, **more).fit() for more in ({}, {"censored": empty}))
    np.testing.assert_allclose(censored.params, plain.params, rtol=1e-4 if rows > 5 else 2e-3)
    np.testing.assert_allclose(censored.bse, plain.bse, rtol=0.1)
    if rows == 24:
        ends = [fit.conf_int(method="profile").loc["shift"] for fit in (plain, censored)]
        np.testing.assert_allclose(*ends, rtol=0.05)


def test_a_factor_on_the_figures_before_a_break_slows_the_forecast():
    """In the default run: the larger the part of the step that is not people, the lower what follows."""
    tables = Path(__file__).parents[1] / "tests" / "golden" / "baseline"
    shifts, published = pd.read_csv(tables / "05_shifts.csv"), pd.read_csv(tables / "05_forecast.csv")
    wide = shifts.pivot(index="date", columns="factor", values="q0.5")
    combined = published[published["method"] == "combined"].set_index("date")["q0.5"]
    np.testing.assert_allclose(wide["as published"], combined[wide.index], rtol=1e-5)  # six digits
    others = wide[sorted(wide.columns.drop("as published"))]
    assert others.shape[1] == 3
    falls = np.diff(np.c_[wide["as published"], others], axis=1)
    assert (falls < 0.001 * wide[["as published"]].to_numpy()).all()
    assert (falls[:-1] < 0).all()
