"""Joint paths: the quantiles of the formula, their correlation, newer figures, and events."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from adoption_curves import forecast
from adoption_curves.forecast import paths, sensitivity

YEARS = np.array([0.5, 1.0, 2.0, 3.0, 5.0])
DATES = pd.date_range("2021-12-31", periods=5, freq="YE")


@pytest.fixture(scope="module")
def china(data):
    """As printed: at least 700 million in June 2026."""
    return forecast.forecast(sensitivity._as_printed(data.series("China", "genai_users", "internet_users")))


def make(values=(20.0, 28.0, 37.0, 45.0, 52.0), newer=None, limit=100, **options):
    series = pd.Series(values, DATES[: len(values)], name="users")
    return forecast.forecast(series, limit, censored=newer, **options)


def at(date, value, qualifier="at_least"):
    return pd.DataFrame({"value": [value], "qualifier": [qualifier]}, pd.to_datetime([date]))


def test_the_paths_have_the_quantiles_of_the_formula():
    result = make()
    of_paths = np.quantile(result.paths, result.quantile_levels, axis=0, method="hazen").T
    np.testing.assert_allclose(of_paths, result.quantiles, rtol=2e-4)


def test_scores_hang_together_as_the_rule_says():
    scores = paths.draw_scores(YEARS)
    rule = (np.minimum.outer(YEARS, YEARS) / np.maximum.outer(YEARS, YEARS)) ** paths._DECAY
    np.testing.assert_allclose(np.corrcoef(scores, rowvar=False), rule, atol=0.01)
    even = norm.ppf((np.arange(paths._PATHS) + 0.5) / paths._PATHS)
    np.testing.assert_allclose(np.sort(scores, axis=0), np.repeat(even[:, None], len(YEARS), 1))


@pytest.mark.parametrize("low", [0.2, 0.6, 0.9])
def test_paths_that_satisfy_a_figure_have_the_truncated_normal_distribution(low):
    """One figure, one later date: the distribution is known in closed form."""
    scores = paths.draw_scores(np.array([0.5, 1.0]))
    later = scores[scores[:, 0] >= norm.ppf(low), 1]
    correlation, given = 0.5**paths._DECAY, norm.ppf(np.linspace(low, 1, 20001)[:-1] + (1 - low) / 40000)
    for level in (0.1, 0.5, 0.9):
        below = norm.cdf((np.quantile(later, level) - correlation * given) / np.sqrt(1 - correlation**2)).mean()
        assert below == pytest.approx(level, abs=0.012)


def test_the_newest_figure_counts(china):
    """From 690 million on, and nothing below what has been published."""
    assert china.quantiles.loc["2026-12-31", 0.1] >= 690
    assert china.paths["2026-06-30"].min() >= 700
    assert 0.05 < len(china.paths) / paths._PATHS < 1
    assert not china.refuted


def test_a_figure_from_above_lowers_the_forecast():
    free, below = make(), make(newer=at("2026-12-31", 55.0, "at_most"))
    assert (below.quantiles[0.5] < free.quantiles[0.5]).all()
    assert below.paths["2026-12-31"].max() <= 55.0


def test_a_figure_that_says_nothing_changes_nothing():
    free, same = make(), make(newer=at("2026-12-31", 0.5))
    np.testing.assert_allclose(same.quantiles, free.quantiles, rtol=2e-3)
    before = make(newer=at("2023-06-30", 99.0))  # older than the last exact figure: for fits, not for paths
    pd.testing.assert_frame_equal(before.quantiles, free.quantiles)


def test_a_figure_that_hardly_any_path_satisfies_refutes_the_forecast():
    result = make(newer=at("2025-12-31", 30.0, "at_most"))  # on the day of the last exact figure: nothing newer
    assert not result.refuted
    result = make(newer=at("2026-06-30", 97.0))
    assert result.refuted
    assert (result.frame()["basis"] == "refuted").any()
    assert not result.has_range
    assert list(result.quantiles) == [0.5]
    np.testing.assert_allclose(result.quantiles[0.5], make().quantiles[0.5], rtol=2e-3)
    assert repr(result).endswith("which refutes it; forecast for December 2030: 77.3, without an interval.>")


def test_a_narrow_interval_refutes_nothing_and_a_contradiction_does():
    interval = make(newer=pd.concat([at("2026-06-30", 56.0), at("2026-06-30", 56.2, "at_most")]))
    assert paths.LEAST_LEFT < len(interval.paths) / paths._PATHS < paths.LEAST_KEPT
    assert not interval.refuted
    open_above = make(newer=at("2026-06-30", 56.0))
    assert interval.paths["2026-12-31"].std() < open_above.paths["2026-12-31"].std()
    assert make(newer=pd.concat([at("2026-06-30", 60.0), at("2026-06-30", 55.0, "at_most")])).refuted


def test_milestones_and_probabilities_are_those_of_the_paths(china):
    milestones = china.milestones().set_index("share")
    reached = china.probability().set_index(["share", "date"])["probability"]
    end = china.dates[-1]
    for share in (0.5, 0.6, 0.75):
        assert milestones.loc[share, "probability"] == reached[share, end]
        assert reached[share].is_monotonic_increasing
    by_2028 = (china.paths / china.limit_ahead(china.years)[0] >= 0.75).loc[:, :"2028-12-31"].any(axis=1).mean()
    assert reached[0.75, pd.Timestamp("2028-12-31")] == by_2028
    assert milestones.loc[0.75, "earliest"] < milestones.loc[0.75, "median"] < milestones.loc[0.75, "latest"]
    before, by_date = pd.Timestamp(milestones.loc[0.75, "median"]), reached[0.75]
    assert by_date[by_date.index < before].max() <= 0.5 <= by_date[by_date.index >= before].min()


def test_a_share_that_the_newer_figure_has_passed_counts_as_reached(china):
    row = china.milestones().set_index("share").loc[0.6]
    assert (row["status"], row["probability"]) == ("reached", 1)
    assert "2025-12-31" < row["earliest"] <= row["latest"] <= "2026-06-30"


def test_a_figure_between_two_ends_is_where_the_forecast_starts(data):
    series = data.series("China", "genai_users", "internet_users")
    low, high = series.readings.loc["2026-06-30"]
    assert 700 <= low < high <= 714
    result = forecast.forecast(series)
    assert (result.origin, result.used.iloc[-1]) == (pd.Timestamp("2026-06-30"), (low + high) / 2)
    assert (len(result.paths), len(result.target.newer)) == (paths._PATHS, 0)
    as_exact = replace(series.use_readings(), observations=series.observations.drop(columns=["read_low", "read_high"]))
    same = forecast.forecast(as_exact)
    pd.testing.assert_frame_equal(result.quantiles, same.quantiles)
    assert (len(series.readings), len(sensitivity._as_printed(series).readings)) == (1, 0)


@pytest.mark.parametrize("values", [(5.0, 7.0, 10.0, 14.0, 19.0), (20.0, 28.0, 37.0, 45.0, 52.0), (8.0, 16.0, 30.0)])
def test_a_path_that_agrees_with_a_newer_figure_seldom_falls_to_a_third_of_it(values):
    """Correlations that are too weak would let a path that has just risen fall at once."""
    date = DATES[len(values) - 1] + pd.DateOffset(months=6)
    usual = make(values)
    newest = usual.at([0.5], [0.5])[0, 0]
    agree = make(values, at(f"{date:%Y-%m-%d}", newest)).paths
    assert (agree.min(axis=1) < newest / 3).mean() <= 0.01


def test_without_a_limit_a_newer_figure_still_moves_the_median():
    free, more = make(limit=None), make(newer=at("2026-06-30", 57.0), limit=None)
    assert (more.quantiles[0.5] > free.quantiles[0.5]).all()
    assert more.quantiles.loc["2026-12-31", 0.5] >= 57
    assert make(newer=at("2026-06-30", 150.0), limit=None).refuted
