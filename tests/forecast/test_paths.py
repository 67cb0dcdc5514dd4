"""Joint paths: calibrated margins, the correlation of the references, newer bounds, and events from one source."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from adoption_curves import forecast
from adoption_curves.forecast import bands, methods, paths
from adoption_curves.forecast import result as results

YEARS = (0.5, 1.0, 2.0, 3.0, 5.0)
DATES = pd.date_range("2021-12-31", periods=5, freq="YE")


@pytest.fixture(scope="module")
def references(data):
    return data.references(exclude=data.series("China", "genai_users"))


@pytest.fixture(scope="module")
def residuals(references):
    return forecast.backtest(references)


@pytest.fixture(scope="module")
def china(data, references, residuals):
    """As printed: at least 700 million in June 2026."""
    [series] = forecast.read_widely(data.series("China", "genai_users", "internet_users")).values()
    return forecast.forecast(series, references=references, residuals=residuals)


@pytest.fixture(scope="module")
def make(references, residuals):
    def make(values=(20.0, 28.0, 37.0, 45.0, 52.0), newer=None, **options):
        series = pd.Series(values, DATES[: len(values)], name="users")
        return forecast.forecast(series, 100, references, residuals=residuals, censored=newer, **options)

    return make


def at(date, value, bound="at_least"):
    return pd.DataFrame({"value": [value], "bound": [bound]}, pd.to_datetime([date]))


def test_without_a_newer_figure_the_margins_stay_what_they_are(make):
    result = make()
    found, ahead, margins = result.quantiles.to_numpy(), result.ahead_of(result.years), []
    for name in methods.members_of(forecast.PUBLISHED, forecast.NAMES):
        point = results.forecast_points(result.at_origin, ahead, (name,))[name][0]
        cases = bands.Cases.of(
            results.describe(result.windows, ahead, (np.zeros(len(point), int), np.arange(len(point))))
        )
        margins.append(result.lessons.errors.band(name).quantiles(cases, point, result.quantile_levels))
    np.testing.assert_array_equal(found, sum(margins) / len(margins))
    of_paths = np.quantile(result.paths, result.quantile_levels, axis=0, method="hazen").T
    np.testing.assert_allclose(of_paths, found, rtol=2e-4)


def test_ranks_are_even_at_each_date_and_hang_together_as_the_rule_says():
    ranks, share = paths.sift(YEARS, 0.4)
    assert share == 1
    even = (np.arange(paths.PATHS) + 0.5) / paths.PATHS
    np.testing.assert_allclose(np.sort(ranks, axis=0), np.repeat(even[:, None], len(YEARS), axis=1), atol=2e-6)
    years = np.array(YEARS)
    rule = (np.minimum.outer(years, years) / np.maximum.outer(years, years)) ** 0.4
    np.testing.assert_allclose(np.corrcoef(norm.ppf(ranks), rowvar=False), rule, atol=0.01)


@pytest.mark.parametrize("low", [0.2, 0.6, 0.94])
def test_paths_that_a_limit_leaves_have_the_truncated_normal_distribution(low):
    """One limit, one later date: the distribution is known in closed form."""
    ranks, share = paths.sift((1.0,), 0.5, ((0.5, low, 1.0),))
    assert share == pytest.approx(1 - low, abs=1e-3)
    correlation, grid = 0.5**0.5, np.linspace(low, 1, 20001)[:-1] + (1 - low) / 40000
    given = norm.ppf(grid)
    for level in (0.1, 0.5, 0.9):
        score = norm.ppf(np.quantile(ranks, level, method="hazen"))
        below = norm.cdf((score - correlation * given) / np.sqrt(1 - correlation**2)).mean()
        assert below == pytest.approx(level, abs=1e-3)


def test_twice_the_paths_move_no_quantile_by_more_than_a_fifth_of_a_percent(china, monkeypatch):
    before, reached = china.quantiles, china.probabilities()["probability"]
    monkeypatch.setattr(results, "sift", partial(paths.sift, paths=2 * paths.PATHS))
    assert (china.quantiles / before - 1).abs().max().max() < 0.002
    assert (china.probabilities()["probability"] - reached).abs().max() < 0.003


def test_correlations_are_found_again_in_errors_made_with_them(residuals):
    """Errors are replaced by a walk whose correlation is known; every technology weighs the same."""
    random = np.random.default_rng(3)
    rows = residuals[residuals["window"] == 4].reset_index(drop=True)
    groups = rows.groupby(paths.SAME_ORIGIN, sort=False)
    scores = np.empty(len(rows))
    for _, part in groups:
        years = part["horizon_years"].to_numpy()
        rule = (np.minimum.outer(years, years) / np.maximum.outer(years, years)) ** 0.3
        scores[part.index] = np.linalg.cholesky(rule) @ random.normal(size=len(part))
    original = bands.Errors.normal_scores
    bands.Errors.normal_scores = lambda *_: scores
    try:
        found = paths.correlate_errors(bands.Errors(rows), "combined")
    finally:
        bands.Errors.normal_scores = original
    assert paths.fit_decay(found) == pytest.approx(0.3, abs=0.06)
    assert paths.fit_decay(found.iloc[:0]) == paths.RANDOM_WALK


def test_correlations_come_from_the_same_origins(residuals, monkeypatch):
    """A technology with figures at two horizons alone tells nothing of how all of them hang together."""
    rows = residuals[residuals["window"] == 4].reset_index(drop=True)
    scores = np.random.default_rng(4).normal(size=len(rows))
    known = rows.groupby(paths.SAME_ORIGIN)["horizon_years"].transform("size")
    full, few = rows[known >= 4], rows[(known == 2) & (rows["horizon_years"] <= 2)]
    assert few["technology"].nunique() > 3
    both = pd.concat([full, few])
    monkeypatch.setattr(bands.Errors, "normal_scores", lambda errors, _: scores[errors.residuals.index])
    found = [paths.correlate_errors(bands.Errors(each), "combined") for each in (both, full)]
    pd.testing.assert_frame_equal(*found)


def test_members_of_a_forecast_with_a_newer_figure_add_up_to_it(china):
    mean = sum(member.weight * member.quantiles() for member in china.members.values())
    pd.testing.assert_frame_equal(mean, china.quantiles, check_exact=True)


def test_the_newest_figure_counts(china):
    """The issue's own: from 690 million on, and nothing below what has been published."""
    assert china.quantiles.loc["2026-12-31", 0.1] >= 690
    assert china.paths["2026-06-30"].min() >= 700 * (1 - 1e-3)
    assert 0.05 < china.share_kept() < 1
    assert not china.refuted


def test_a_bound_from_above_lowers_the_forecast(make):
    free, below = make(), make(newer=at("2026-12-31", 55.0, "at_most"))
    assert (below.quantiles[0.5] < free.quantiles[0.5]).all()
    assert below.paths["2026-12-31"].max() <= 55.0 * (1 + 1e-3)


def test_a_bound_that_says_nothing_changes_nothing(make):
    free, same = make(), make(newer=at("2026-12-31", 0.5))
    np.testing.assert_allclose(same.quantiles, free.quantiles, rtol=2e-3)
    before = make(newer=at("2023-06-30", 99.0))  # older than the last exact figure: for fits, not for paths
    pd.testing.assert_frame_equal(before.quantiles, free.quantiles)


def test_two_figures_between_dates_bind_together(make):
    both = make(newer=pd.concat([at("2026-06-30", 55.0), at("2026-06-30", 60.0, "at_most")]))
    only = make(newer=at("2026-06-30", 55.0))
    assert both.share_kept() < only.share_kept()
    assert both.paths["2026-12-31"].std() < only.paths["2026-12-31"].std()


def test_a_figure_that_hardly_any_path_satisfies_refutes_the_forecast(make):
    result = make(newer=at("2025-12-31", 30.0, "at_most"))  # on the day of the last exact figure: nothing newer
    assert not result.refuted
    result = make(newer=at("2026-06-30", 95.0))
    assert result.refuted
    assert (result.frame()["basis"] == "refuted").any()
    pd.testing.assert_frame_equal(result.quantiles, make().quantiles)
    assert "which refutes it" in repr(result)


def test_milestones_and_probabilities_are_those_of_the_paths(china):
    milestones = china.milestones().set_index("share")
    reached = china.probabilities().set_index(["share", "date"])["probability"]
    end = china.dates[-1]
    for share in (0.5, 0.6, 0.75):
        assert milestones.loc[share, "probability"] == reached[share, end]
        assert reached[share].is_monotonic_increasing
    bound = china.ahead_of(china.years).bound[0]
    by_2028 = (china.paths / bound >= 0.75).loc[:, :"2028-12-31"].any(axis=1).mean()
    assert reached[0.75, pd.Timestamp("2028-12-31")] == by_2028
    assert milestones.loc[0.75, "earliest"] < milestones.loc[0.75, "median"] < milestones.loc[0.75, "latest"]
    before = pd.Timestamp(milestones.loc[0.75, "median"])
    by_date = reached[0.75]
    assert by_date[by_date.index < before].max() <= 0.5 <= by_date[by_date.index >= before].min()


def test_a_share_that_the_newer_bound_has_passed_counts_as_reached(china):
    row = china.milestones().set_index("share").loc[0.6]
    assert (row["status"], row["probability"]) == ("reached", 1)
    assert "2025-12-31" < row["earliest"] <= row["latest"] <= "2026-06-30"


def test_another_method_is_published_when_asked_for(make):
    result = make(method="drift")
    rows = result.frame().query("method == 'drift'")
    np.testing.assert_array_equal(result.quantiles[0.5], rows["q0.5"])
    with pytest.raises(ValueError, match="method is 'nothing'; the methods are combined"):
        make(method="nothing")


def test_a_narrow_interval_refutes_nothing_and_a_contradiction_does(make, china):
    interval = make(newer=pd.concat([at("2026-06-30", 56.0), at("2026-06-30", 56.2, "at_most")]))
    assert paths.LEAST_LEFT < interval.share_kept() < paths.LEAST_KEPT
    assert not interval.refuted
    open_above = make(newer=at("2026-06-30", 56.0))
    assert interval.paths["2026-12-31"].std() < open_above.paths["2026-12-31"].std()
    assert make(newer=pd.concat([at("2026-06-30", 60.0), at("2026-06-30", 55.0, "at_most")])).refuted


def test_a_figure_between_two_ends_is_where_the_forecast_starts(data, references, residuals):
    series = data.series("China", "genai_users", "internet_users")
    low, high = series.readings.loc["2026-06-30"]
    assert 700 <= low < high <= 714
    result = forecast.forecast(series, references=references, residuals=residuals)
    assert (result.origin, result.windows.values[0, -1]) == (pd.Timestamp("2026-06-30"), (low + high) / 2)
    assert (result.share_kept(), len(result.target.newer)) == (1, 0)
    as_exact = replace(series.use_readings(), observations=series.observations.drop(columns=["read_low", "read_high"]))
    same = forecast.forecast(as_exact, references=references, residuals=residuals)
    pd.testing.assert_frame_equal(result.quantiles, same.quantiles)
    assert list(forecast.read_widely(series)) == ["at least 700"]
    assert forecast.read_widely(as_exact) == {}


def test_the_sum_in_the_cell_of_notebook_5_is_the_forecast_to_the_last_digit(china):
    cells = nbformat.read(Path(__file__).parents[2] / "notebooks" / "05_forecast_adoption.ipynb", 4).cells
    [source] = [cell.source for cell in cells if "combined = sum(" in cell.source]
    names = {"result": china, "members": china.members}
    exec(source[: source.index("quantiles = pd.concat(")], names)
    pd.testing.assert_frame_equal(names["combined"], china.quantiles, check_exact=True)
