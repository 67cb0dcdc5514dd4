"""Fits that say what they are: one answer a series, axes of dates or numbers, mistakes refused in words."""

import numpy as np
import pandas as pd
import pytest
from snapshots import check_snapshot

from adoption_curves import curves
from adoption_curves.curves import FAMILIES, CurveError, Logistic, to_dates

YEARS = np.arange(2010.0, 2018)
SERIES = pd.Series(100 / (1 + np.exp(-0.9 * (YEARS - 2014))) + [0.4, -0.7, 1.1, -0.3, 0.2, -1.2, 0.8, 0.1], YEARS)
DATED = pd.Series(SERIES.to_numpy(), to_dates(YEARS))


# ---- dates and numbers


def test_numbers_are_never_dates():
    dated = Logistic(DATED).fit()
    assert dated.predict([2027.0]).iloc[0] == dated.predict("2026-12-31").iloc[0]
    assert Logistic(SERIES.to_numpy(), pd.Index([*range(2010, 2018)], dtype=object)).fit().predict([2020]).size == 1


# ---- results


def test_serial_correlation_is_that_of_the_residuals():
    fit = Logistic(SERIES).fit()
    assert fit.durbin_watson == pytest.approx((np.diff(fit.resid) ** 2).sum() / fit.ssr)


def test_a_model_shows_what_it_is():
    model = Logistic(DATED.rename("users"))
    assert repr(model) == "<Logistic of users: 8 observations, free ceiling>"


# ---- stated outcomes


def test_what_cannot_be_fitted_is_refused_in_words(renew):
    def refuse(function, *given, **options):
        with pytest.raises(CurveError) as caught:
            function(*given, **options)
        print(caught.value)

    check_snapshot("curves", vars(curves) | globals() | locals(), renew)


def test_a_later_bound_of_a_fit_without_one_is_refused():
    with pytest.raises(CurveError, match="fitted without a bound"):
        Logistic(SERIES).fit().predict([2030], bound=[5.0])
    with pytest.raises(CurveError, match="fitted without a bound"):
        Logistic(SERIES, ceiling=120.0).fit().predict([2030], bound=[5.0])
    share = Logistic(SERIES, ceiling=curves.Share(120.0, 0.9)).fit()
    assert share.predict([2030], bound=[60.0]).iloc[0] == pytest.approx(share.predict([2030]).iloc[0] / 2)


def test_an_observation_a_little_above_the_ceiling_is_noted():
    assert "An observation lies 4.23% above the given ceiling" in str(Logistic(SERIES, ceiling=90.0).fit().summary())


@pytest.mark.parametrize("alpha", [95, 0, -0.1, np.nan, "0.05"])
def test_alpha_is_one_minus_a_level(alpha):
    fit = Logistic(SERIES).fit()
    prediction = fit.get_prediction([2020.0])
    for call in (fit.conf_int, fit.summary, prediction.conf_int, prediction.summary_frame):
        with pytest.raises(CurveError, match="one minus the level"):
            call(alpha=alpha)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "exponential"])
def test_a_perfect_jump_or_spike_is_no_estimate(name):
    family = FAMILIES[name]
    for values in ([0, 0, 0, 10, 10, 10], [0, 0, 4, 10, 10, 10], [0, 0, 0, 10, 0, 0], [0.0, 0, 0, 0, 10, 10.0]):
        fit = family(values, range(6)).fit()
        assert not fit.identified
        assert "runs to" in fit.flag
    for errors in (None, "independent", "cumulative"):
        assert "runs to" in family([0, 0, 0, 10, 10, 10], range(6), errors=errors).fit().flag
