"""One and two figures: a forecast from what other technologies did that stood there, and only with a bound."""

import numpy as np
import pandas as pd
import pytest

from adoption_curves import curves, forecast, indicators
from adoption_curves.forecast import lessons, scores

DATES = pd.to_datetime(["2024-12-31", "2025-12-31"])


@pytest.fixture(scope="module")
def taught():
    return lessons.recall(indicators.load_references())


def make(values, **options):
    return forecast.forecast(pd.Series(values, DATES[-len(values) :], name="users", dtype=float), 100, **options)


@pytest.mark.parametrize("values", [[12], [9, 12]])
def test_few_figures_are_forecast_three_years_ahead(values):
    result = make(values)
    assert result.dates[-1] == pd.Timestamp("2028-12-31")
    assert result.tested.all()
    assert list(result.members) == ["gompertz_shrunk"]
    assert (np.diff(result.quantiles, axis=1) >= 0).all()
    assert (np.diff(result.quantiles[0.9] - result.quantiles[0.1]) > 0).all()
    assert all(table.empty for table in (result.prior(), result.ceilings(), result.scenarios()))
    assert not result.milestones().empty


def test_two_figures_tell_a_pace():
    slow, fast = (make(values).quantiles[0.5].iloc[0] for values in ([11, 12], [6, 12]))
    assert fast > slow > 12


def test_figures_within_half_a_year_say_no_more_than_the_last():
    dates = pd.to_datetime(["2025-10-31", "2025-11-30", "2025-12-31"])
    near = forecast.forecast(pd.Series([10.0, 11, 12], dates), 100)
    pd.testing.assert_frame_equal(near.quantiles, make([12]).quantiles)


@pytest.mark.parametrize("figures", [1, 2])
def test_bands_of_few_figures_cover_what_they_claim(taught, figures):
    scored = scores.score(taught.residuals(True, figures=figures)).set_index(["method", "horizon_years"])
    assert scored["window"].eq(figures).all()
    own = scored.loc["combined"]
    assert own.loc[[1.0, 3.0], "coverage_80"].between(0.72, 0.88).all()
    assert (own["wis_relative"] < 0.85).all()


def test_the_residuals_of_few_figures_are_taken_where_they_are_given(taught):
    given = forecast.backtest(taught.series[:12], (1,), (1.0, 2.0))
    result = make([12], references=taught.series[:12], residuals=given)
    assert set(result.residuals["window"]) == {1}
    assert result.lessons.furthest == 2


def test_the_likelihood_of_a_ceiling_that_notebook_3_draws_weighs_it_in_the_forecast():
    values = pd.Series([8.0, 14.0, 25.0, 39.0, 51.0, 60.0], pd.date_range("2019-12-31", periods=6, freq="YE"))
    own = forecast.forecast(values.rename("users"), 100).ceilings()
    alone = curves.fit_families(values, ["logistic"], errors="independent")
    drawn = curves.weigh_ceilings(alone, 100 * own["share"].to_numpy(), 100.0).set_index("ceiling")["likelihood"]
    drawn = np.interp(100 * own["share"], drawn.index, drawn)
    assert np.ptp(own["likelihood"]) > 0.9
    np.testing.assert_allclose(drawn / drawn.max(), own["likelihood"], atol=0.002)
