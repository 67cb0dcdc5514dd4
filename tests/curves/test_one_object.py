"""One property of every fit: it is the minimum of its own profile, and its intervals hold it and each other.

No interval of a ceiling lies below what has been published, "more than" included. Asked of every series of the data,
every family, ceiling and kind of errors.
"""

import numpy as np
import pandas as pd
import pytest

from adoption_curves import curves, indicators
from adoption_curves.base.project import find_data
from adoption_curves.curves import FAMILIES, CurveError, Results, compare_fits, fit_families
from adoption_curves.curves.errors import KINDS
from adoption_curves.curves.fit import time_of_share
from adoption_curves.curves.fit_tables import compare_estimates

SLOW = pytest.mark.slow
FEWEST = 4
"""Figures from which a curve with a free ceiling leaves something to be judged by."""
FAST = {("China", "genai_users"), ("China", "online_payment_users"), ("United States", "us_landline_telephone")}


def pick_series(entity, indicator):
    """A series of the data, with its readings."""
    return indicators.load(find_data()).series(entity, indicator).use_readings()


def list_series():
    """Every series of the data with enough figures, with its readings, by entity and indicator."""
    for key in indicators.load(find_data()).own:
        series = pick_series(*key)
        if len(series.values) >= FEWEST:
            yield key, series


def check_fit(fit, published):
    """What must hold of every fit that is an estimate, and of those under each kind of errors that it joins."""
    if len(fit.by_errors) > 1:
        for joined in fit.by_errors.values():
            if not joined.flag:
                check_fit(joined, published)
    else:
        for parameter in fit.param_names:
            least = fit.profile(parameter, points=11)["ssr"].min()
            assert least >= fit.ssr * (1 - 1e-6) - 1e-12 * (fit.model.endog**2).sum()
    inner, outer, room = fit.conf_int(0.2, "profile"), fit.conf_int(0.05, "profile"), 1e-6 * (1 + fit.params.abs())
    assert (inner[0] - room <= fit.params).all()
    assert (fit.params <= inner[1] + room).all()
    assert (outer[0] - room <= inner[0]).all()
    assert (inner[1] <= outer[1] + room).all()
    if fit.model.ceiling.name:
        assert outer.loc["ceiling", 0] >= published
        assert fit.params["ceiling"] >= published


def check_series(series, families):
    """Fits where errors are not known, which join independent and persistent ones, and under cumulative errors."""
    limit = pd.Series(100.0, series.values.index) if series.unit.startswith("percent") else None
    unknown = fit_families(series.values, families, limit, floor=series.highest)
    cumulative = {
        key: fit if isinstance(fit, CurveError) else Results(fit.model.changed(errors="cumulative"), fit.best)
        for key, fit in unknown.items()
    }
    for fits in (unknown, cumulative):
        said = compare_fits(fits).set_index(["family", "saturation_level"])
        rows = compare_estimates(fits).set_index(["family", "saturation_level"])
        for key, fit in fits.items():
            if isinstance(fit, CurveError) or fit.flag:
                assert key not in rows.index
                assert said.loc[key, "remark"]
                assert said.loc[key, ["df_resid", "residual_sd", "aicc", "bic"]].isna().all()
            else:
                assert key in rows.index
                check_fit(fit, max(series.values.max(), *series.at_least, 0))


def test_every_kind_of_errors_is_asked():
    assert {None, "cumulative", *FAMILIES["logistic"](range(4), range(4)).fit().by_errors} == {*KINDS}


@pytest.mark.parametrize("key", sorted(FAST), ids=" ".join)
def test_a_fit_is_what_its_profile_and_intervals_say(key):
    check_series(pick_series(*key), ["logistic", "gompertz", "bass"])


@SLOW
@pytest.mark.parametrize("family", FAMILIES)
def test_every_fit_of_every_series_is_what_its_profile_and_intervals_say(family):
    wrong = []
    for key, series in list_series():
        try:
            check_series(series, [family])
        except AssertionError as fault:
            wrong.append((*key, str(fault).splitlines()[0]))
    assert not wrong


def test_what_was_published_as_more_than_counts_too():
    series = pick_series("China", "genai_users")
    printed = indicators.load(find_data()).series("China", "genai_users")
    assert printed.highest == 700.0 < series.highest
    for fit in fit_families(printed.values, ["logistic", "gompertz"], floor=printed.highest).values():
        assert fit.flag or fit.conf_int(0.05, "profile").loc["ceiling", 0] >= 700


def test_bass_is_the_least_squares_curve():
    """The launch is free in the fit as in its profile; the fourth edition's fit had 87 times the sum of squares."""
    values = [11406, 13412, 16147, 19959, 23680]  # sums of a year of units sold
    fit = FAMILIES["bass"](values, np.arange(2022.75, 2027)).fit()
    assert "launch" in fit.param_names
    profile = fit.profile("ceiling", values=np.geomspace(2e4, 2e6, 9))
    assert (profile["ssr"] >= fit.ssr * (1 - 1e-6)).all()


def test_a_richards_curve_whose_growth_ends_at_once_is_found_and_called_a_limit():
    """Its sum of squares was 0.3% above that of its own profile."""
    series = pick_series("China", "short_video_usage_rate")
    fit = FAMILIES["richards"](series.values, errors="persistent", floor=series.highest).fit()
    assert fit.ssr < 1763.4
    assert "shape runs to infinity" in fit.flag


def test_a_curve_that_is_above_a_share_at_all_times_reaches_it_at_the_first():
    """Cumulative errors of such a curve were a traceback of the root finder."""
    assert time_of_share(lambda time: np.full_like(time, 0.5), 0.1, earliest=-3.0) == -3.0
    assert time_of_share(lambda time: np.full_like(time, 0.5), 0.9) == 1e6


@SLOW
def test_most_series_keep_their_fit():
    """The fourth edition fitted the logistic curve to 101 of them, the Gompertz curve to 100."""
    counted = dict.fromkeys(("logistic", "gompertz"), 0)
    for _, series in list_series():
        for (family, _), fit in fit_families(series.values, counted, floor=series.highest).items():
            counted[family] += not fit.flag
    assert counted["logistic"] >= 0.9 * 101
    assert counted["gompertz"] >= 0.9 * 100


def test_a_family_with_a_kind_of_parameter_that_is_none_is_told_which_there_are():
    told = "'shape' of its parameter 'bend' is none; write date, rate, duration"
    with pytest.raises(curves.CurveError, match=told):
        type("Odd", (curves.Logistic,), {"parameters": (("rate", "rate"), ("midpoint", "date"), ("bend", "shape"))})


def test_a_curve_that_is_held_at_the_highest_figure_says_so_where_it_is_drawn():
    years = pd.to_datetime([f"{year}-12-31" for year in range(2010, 2020)])
    users = pd.Series([10.0, 25, 48, 66, 76, 81, 83, 84, 84, 96], years)
    fit = curves.Logistic(users, errors="independent").fit()
    assert fit.best.held
    drawn = [text.get_text() for text in fit.plot().get_legend().get_texts()]
    assert any("held at the highest value" in text for text in drawn), drawn
