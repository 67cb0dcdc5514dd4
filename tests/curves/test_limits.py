"""Estimates on the boundary of a family, where its curve is one of a nested family."""

import numpy as np
import pandas as pd
import pytest

from adoption_curves import indicators
from adoption_curves.curves import (
    FAMILIES,
    Bass,
    GammaGompertz,
    Richards,
    compare_estimates,
    fit_families,
)

SLOW = pytest.mark.slow

YEARS = np.arange(2001.0, 2025.0)
NESTED = {"bass": ("exponential", (0.15,)), "richards": ("gompertz", (0.4, 9.0)),
          "gamma_gompertz": ("shifted_gompertz", (0.3, 20.0))}  # fmt: skip


def draw_limit(name, seed):
    """A whole course of the family that is nested in this one, with noise, over 24 years."""
    nested, place = NESTED[name]
    family = FAMILIES[nested]
    kinds = [kind for _, kind in family.parameters]
    theta = [value if kind == "date" else np.log(value) for value, kind in zip(place, kinds, strict=True)]
    noise = np.random.default_rng(seed).normal(0, 1.0, len(YEARS))
    return pd.Series(100 * family.share(YEARS - 2000.0, *theta) + noise, YEARS, name=f"s{seed}")


def fit_limits(name, errors=None):
    launch = 2000.0 if FAMILIES[name].needs_launch else None
    fits = [FAMILIES[name](draw_limit(name, seed), launch=launch, errors=errors).fit() for seed in range(12)]
    return [fit for fit in fits if fit.limit == NESTED[name][0]]


@pytest.mark.parametrize("name", [name if name == "bass" else pytest.param(name, marks=SLOW) for name in NESTED])
def test_at_a_limit_the_nested_curve_is_the_estimate(name):
    limits = fit_limits(name)
    assert len(limits) >= 3
    for fit in limits:
        words = {"exponential": "exponential", "gompertz": "Gompertz", "shifted_gompertz": "shifted Gompertz"}[
            fit.limit
        ]
        assert f"the {words} curve, is what was fitted" in fit.flag
        assert fit.identified
        assert "Not an estimate" not in str(fit.summary())
        assert f"ceiling {fit.nested.params['ceiling']:.6g}" in str(fit.summary())
        assert fit.nested.flag == ""
        assert fit.nested.ssr == pytest.approx(fit.ssr, rel=1e-3)
        assert fit.ceiling == pytest.approx(fit.nested.ceiling, rel=1e-4)
        at = [2005.0, 2015.0, 2035.0]
        np.testing.assert_allclose(fit.predict(at), fit.nested.predict(at), rtol=1e-3)
        ends = [parameter for (parameter, _), end in zip(fit.model.parameters, fit.limits, strict=True) if end]
        assert fit.bse[ends].isna().all()
        assert np.isin(fit.params[ends], [0, np.inf]).all()


@pytest.mark.parametrize("name", [name if name == "bass" else pytest.param(name, marks=SLOW) for name in NESTED])
def test_intervals_at_a_limit_are_those_of_the_whole_family(name):
    """They hold those of the nested curve, which is one of the family's."""
    for fit in fit_limits(name, "independent"):
        whole, part = (each.conf_int(method="profile").loc["ceiling"] for each in (fit, fit.nested))
        assert whole[0] <= part[0] * (1 + 1e-4)
        assert whole[1] >= part[1] * (1 - 1e-4)


def test_estimates_at_a_limit_are_listed_as_identified():
    fits = fit_families(draw_limit("richards", 0), ["richards"])
    (fit,) = fits.values()
    assert fit.limit == "gompertz"
    table = compare_estimates(fits).set_index("parameter")
    assert table["identified"].all()
    assert table.loc["shape", ["estimate", "low_95"]].tolist() == [0.0, 0.0]


def test_a_limit_without_a_bend_is_no_estimate():
    straight = pd.Series(np.exp(0.3 * np.arange(1.0, 9)), np.arange(2001.0, 2009.0))
    fit = Bass(straight, launch=2000.0).fit()
    assert fit.limit == ""
    assert fit.nested is None
    assert "ceiling runs to infinity" in fit.flag
    assert not fit.identified


def test_a_limit_of_a_known_ceiling_is_judged_by_what_is_inside():
    fit = Bass(draw_limit("bass", 1).iloc[:12], ceiling=100.0, launch=2000.0).fit()
    assert fit.limit == "exponential" or fit.flag == ""
    assert fit.identified == bool(np.isfinite(fit.conf_int(method="profile").loc["innovation"]).all())


def test_the_projects_series_carry_the_gamma_gompertz_curve():
    """Of 69 series with 8 or more figures 44 were no estimate before limits were nested."""
    data, flags = indicators.load(), []
    for entity, indicator in data.list_series():
        values = data.exact_values(entity, indicator)
        if data.find_entry(indicator).role in ("reference", "held_out") and len(values) >= 8:
            fit = GammaGompertz(values).fit()
            flags.append(fit.flag if not fit.limit else "")
    assert len(flags) >= 69
    assert sum(flag == "" for flag in flags) >= len(flags) - 10
    ridges = [flag for flag in flags if "runs to" in flag and "ceiling" not in flag]  # growth that stops at once
    assert set(ridges) <= {"scale runs to infinity"}
    assert len(ridges) <= 3


def test_richards_becomes_gompertz_only_where_the_data_say_so():
    late = pd.Series(100 / (1 + np.exp(-0.5 * (YEARS - 2012))) + np.sin(7 * YEARS), YEARS)
    assert Richards(late).fit().limit == ""
