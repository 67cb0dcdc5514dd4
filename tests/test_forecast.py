"""The forecast: right in form for every kind of series; it learns only what it may, and calibrates what it claims."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from statsmodels.genmod.families.links import LogLog
from statsmodels.tsa.holtwinters import Holt

from helpers import forecast, indicators
from helpers.forecast import bands, methods, windows
from helpers.forecast.picture import list_bands
from helpers.forecast.subject import cut_series, next_dates


@pytest.fixture(scope="module")
def references():
    return indicators.load().references()


@pytest.fixture(scope="module")
def residuals(references):
    return forecast.find_residuals(references)


@pytest.fixture(scope="module")
def unbounded(references):
    return forecast.find_residuals(references, bounded=False)


def make_series(values, start="2022-12-31", freq="6ME", **attrs):
    found = pd.Series(values, index=pd.date_range(start, periods=len(values), freq=freq), name="users", dtype=float)
    found.attrs.update(attrs)
    return found


def quantiles_of(frame):
    return frame[[name for name in frame.columns if name.startswith("q")]].to_numpy()


SERIES = {
    "rising share": ([10, 14, 20, 27], 100.0),
    "three points": ([10, 14, 20], 100.0),
    "falling": ([40, 36, 33, 30, 28], 100.0),
    "flat": ([30, 30, 30, 30], 100.0),
    "almost everyone": ([95, 97, 98, 98.5, 99], 100.0),
    "at the bound": ([98, 99, 100, 100], 100.0),
    "very fast": ([2, 10, 40, 80], 100.0),
    "long": ([5, 9, 14, 22, 31, 40, 47, 52, 57, 61], 100.0),
    "no bound": ([10, 14, 20, 27], None),
    "falling without bound": ([27, 20, 14, 10, 6, 3, 1], None),
}


@pytest.mark.parametrize("name", SERIES)
def test_quantiles_are_ordered_finite_and_inside(name, references, residuals, unbounded):
    values, bound = SERIES[name]
    table = residuals if bound else unbounded
    made = forecast.forecast(make_series(values), bound, references, horizon_years=10, residuals=table)
    found = quantiles_of(made.frame())
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= (bound or np.inf)
    assert len(made.statements()) == 9


def test_frame_has_the_published_columns(references, residuals):
    series = make_series([10, 14, 20, 27], unit="percent", entity="Nowhere")
    frame = forecast.forecast(series, 100, references, levels=(0.8, 0.9), residuals=residuals).frame()
    levels = ["q0.025", "q0.05", "q0.1", "q0.25", "q0.5", "q0.75", "q0.9", "q0.95", "q0.975"]
    assert list(frame.columns) == ["entity", "indicator", "date", "method", "mean", *levels, "unit", "basis"]
    assert frame["method"].iloc[0] == forecast.PUBLISHED
    assert set(frame["method"]) == set(forecast.METHODS)
    assert set(frame["unit"]) == {"percent"}
    assert frame[frame["date"] <= "2027-06-30"]["basis"].eq("calibrated").all()
    assert frame[frame["date"] > "2027-12-31"]["basis"].eq("extrapolated").all()


def test_combined_is_the_mean_of_its_members_and_its_own_median(references, residuals):
    frame = forecast.forecast(make_series([10, 14, 20, 27]), 100, references, residuals=residuals).frame()
    medians = frame.pivot(index="date", columns="method", values="q0.5")
    np.testing.assert_allclose(medians["combined"], medians[list(methods.members())].mean(axis=1), rtol=1e-9)


def test_bands_widen_with_the_horizon(references, residuals):
    made = forecast.forecast(make_series([5, 8, 12, 17]), 100, references, horizon_years=6, residuals=residuals)
    width = made.quantiles[0.9] - made.quantiles[0.1]
    assert (np.diff(width) > 0).all()


def test_a_new_residual_file_gives_the_same_bytes(tmp_path, references, residuals):
    series = make_series([10, 14, 20, 27])
    residuals.to_csv(tmp_path / "residuals.csv", index=False, float_format="%.10g")
    read = pd.read_csv(tmp_path / "residuals.csv")
    own = forecast.forecast(series, 100, references)
    given = forecast.forecast(series, 100, references, residuals=read)
    assert own.frame().to_csv() == given.frame().to_csv()
    assert own.milestones().to_csv() == given.milestones().to_csv()


def test_the_same_input_gives_the_same_bytes(references):
    series = make_series([10, 14, 20, 27])
    first, second = (forecast.forecast(series, 100, references) for _ in range(2))
    assert first.frame().to_csv() == second.frame().to_csv()


@pytest.mark.parametrize(
    ("values", "bound", "words"),
    [
        ([10, 14], 100, "at least 3 dated values"),
        ([0, 0, 10, 14], 100, "at least 3 dated values above 0"),
        ([50, 90, 120], 100, "above the bound"),
        ([10, -14, 20], 100, "cannot be negative"),
        ([10, 14, 20], True, "a number in the series' unit"),
        ([10, 14, 20], -5, "above 0"),
    ],
)
def test_errors_say_what_would_be_right(values, bound, words, references, residuals):
    with pytest.raises(ValueError, match=words):
        forecast.forecast(make_series(values), bound, references, residuals=residuals)


def test_a_few_weeks_are_refused(references, residuals):
    with pytest.raises(ValueError, match="span 1 months"):
        forecast.forecast(make_series([3, 4, 5, 6, 7], freq="W"), 100, references, residuals=residuals)


def test_a_series_without_dates_is_refused(references):
    with pytest.raises(ValueError, match="DatetimeIndex"):
        forecast.forecast(pd.Series([1.0, 2.0, 3.0]), 100, references)
    with pytest.raises(ValueError, match="not list"):
        forecast.forecast([1.0, 2.0, 3.0], 100, references)


def test_levels_are_shares(references, residuals):
    with pytest.raises(ValueError, match="levels are shares between 0 and 1"):
        forecast.forecast(make_series([1, 2, 3]), 100, references, levels=(80,), residuals=residuals)
    with pytest.raises(ValueError, match="give one level at least"):
        forecast.forecast(make_series([1, 2, 3]), 100, references, levels=(), residuals=residuals)


def test_one_level_is_quoted_and_drawn_everywhere(references, residuals):
    series = make_series([10, 14, 20, 27])
    made = forecast.forecast(series, 100, references, levels=(0.95, 0.9), residuals=residuals)
    assert made.level == 0.9
    assert "(90 % band, median" in repr(made)
    assert [name for name in list_bands(made) if "band" in name] == ["90 % band", "95 % band"]
    axes = made.plot()
    assert sum(isinstance(drawn, PolyCollection) for drawn in axes.collections) == 2
    assert any(text.get_text().startswith("90 % band: ") for text in axes.texts)
    usual = forecast.forecast(series, 100, references, residuals=residuals)
    pd.testing.assert_frame_equal(made.milestones(level=0.8), usual.milestones())
    assert set(made.milestones()["level"]) == {0.9}


@pytest.mark.parametrize(
    ("start", "freq", "first"),
    [
        ("2022-12-31", "6ME", "2025-06-30"),
        ("2016-12-31", "12ME", "2021-12-31"),
        ("2016-03-31", "12ME", "2021-03-31"),
        ("2022-01-31", "3ME", "2023-06-30"),
    ],
)
def test_dates_follow_the_series(start, freq, first):
    index = pd.date_range(start, periods=5, freq=freq)
    dates = next_dates(index, 3)
    assert f"{dates[0]:%Y-%m-%d}" == first
    assert dates[-1] <= index[-1] + pd.DateOffset(years=3, days=16)


def test_irregular_dates_are_forecast_for_ends_of_half_years():
    dates = next_dates(pd.to_datetime(["2020-03-15", "2020-12-31", "2021-07-01", "2022-02-15"]).rename("date"), 1)
    assert [f"{date:%m-%d}" for date in dates] == ["06-30", "12-31"]


def test_damped_drift_is_the_damped_holt_of_statsmodels():
    series = make_series([10, 14, 20, 27, 31], freq="12ME", start="2016-12-31")
    window = windows.last_window(series, None, {})
    ahead = windows.look_ahead(window, np.arange(1, 5, dtype=float)[None])
    ours = methods.damped_drift(window, ahead)[0] - 31
    trend = (31 - 10) / 4 / windows.DAMPING**5  # smoothing 0 lets the trend decay to the mean change in five steps
    model = Holt(
        series.to_numpy(), damped_trend=True, initialization_method="known", initial_level=10, initial_trend=trend
    )
    fit = model.fit(smoothing_level=1, smoothing_trend=0, damping_trend=windows.DAMPING, optimized=False)
    theirs = fit.forecast(4) - 31
    np.testing.assert_allclose(ours / ours[0], theirs / theirs[0], rtol=1e-9)
    steps = windows.DAMPING * -np.log(windows.DAMPING) / (1 - windows.DAMPING)  # theirs counts steps, ours runs on
    np.testing.assert_allclose(theirs, ours * steps, rtol=1e-9)


def test_a_gompertz_series_is_continued_exactly():
    years = np.arange(2015, 2021)
    share = np.exp(-np.exp(-0.3 * (years - 2020.0)))
    series = pd.Series(100 * share, index=pd.to_datetime([f"{year}-12-31" for year in years]))
    window = windows.last_window(series, pd.Series(100.0, index=series.index), {})
    ahead = windows.look_ahead(window, np.array([[1.0, 2.0, 3.0]]))
    wanted = 100 * np.exp(-np.exp(-0.3 * (np.array([2021, 2022, 2023]) - 2020.0)))
    np.testing.assert_allclose(methods.gompertz_bound(window, ahead)[0], wanted, rtol=1e-3)
    at_bound = methods.curve_at(LogLog(), window, ahead, 1.0)[0]
    np.testing.assert_allclose(at_bound, wanted, rtol=1e-3)


def test_methods_treat_all_windows_at_once_as_one_by_one(references):
    many, _ = windows.roll_windows(references[:8], 4)
    ahead = windows.look_ahead(many, np.tile([0.5, 2.0], (len(many.years), 1)))
    prior = methods.Prior(1.5, 1.2, 0.04, 0.7)
    together = methods.forecast_points(many, ahead, prior)
    row = len(many.years) // 2
    one = replace(many, years=many.years[[row]], values=many.values[[row]], bounds=many.bounds[[row]])
    alone = methods.forecast_points(one, windows.look_ahead(one, ahead.years[[row]]), prior)
    for name, path in alone.items():
        np.testing.assert_allclose(path[0], together[name][row], rtol=1e-12)


def test_scale_does_not_matter(references, residuals):
    small = forecast.forecast(make_series([10, 14, 20, 27]), 100, references, residuals=residuals)
    large = forecast.forecast(make_series([1e7, 1.4e7, 2e7, 2.7e7]), 1e8, references, residuals=residuals)
    np.testing.assert_allclose(small.quantiles * 1e6, large.quantiles, rtol=1e-9)


def test_scenarios_stay_below_their_ceiling_and_say_when_it_is_passed(references, residuals):
    made = forecast.forecast(make_series([10, 30, 50, 60]), 100, references, horizon_years=10, residuals=residuals)
    table = made.scenarios((0.5, 0.75, 0.9))
    assert table[table["share"] == 0.5]["value"].isna().all()
    assert table[table["share"] == 0.5]["note"].eq("already above this share").all()
    assert (table[table["share"] == 0.75]["value"] <= 75 + 1e-9).all()
    ends = table[table["date"] == table["date"].max()].set_index("share")["value"]
    assert ends[0.75] < ends[0.9]


def test_milestones(references, residuals):
    made = forecast.forecast(make_series([10, 20, 40, 55]), 100, references, horizon_years=5, residuals=residuals)
    table = made.milestones((0.2, 0.5, 0.6, 0.999)).set_index("share")
    assert table.loc[0.2, "status"] == "reached"
    assert table.loc[0.2, "median"] == "2023-06-30"
    assert table.loc[0.5, "median"] == "2024-06-30"
    assert table.loc[0.6, "earliest"] <= table.loc[0.6, "median"] <= table.loc[0.6, "latest"]
    assert table.loc[0.999, "median"] == forecast.NOT_REACHED
    crossed = pd.Timestamp(table.loc[0.6, "median"])
    medians = made.quantiles[0.5]
    assert medians[medians.index < crossed].lt(60).all()
    assert medians[medians.index > crossed].ge(60 - 0.1).all()


def test_the_bound_moves_and_is_uncertain(references, residuals):
    bound = make_series([900, 950, 990, 1050])
    made = forecast.forecast(make_series([100, 200, 320, 420]), bound, references, residuals=residuals)
    table = made.bound_frame()
    assert table["q0.5"].is_monotonic_increasing
    assert table["q0.5"].iloc[0] > 1050
    assert (table["q0.9"] > table["q0.1"]).all()
    constant = forecast.forecast(make_series([10, 14, 20]), 100, references, residuals=residuals).bound_frame()
    assert (constant["q0.025"] == 100).all()


def test_nothing_after_the_origin_changes_a_hindcast(references):
    data = indicators.load()
    series = data.series("China", "genai_users", "population_year_end")
    origin = pd.Timestamp("2025-06-30")
    altered = [disturb(each, origin) for each in references]
    before = forecast.hindcast(series, None, references, [origin], horizon_years=2).drop(columns="actual")
    after = forecast.hindcast(disturb(series, origin), None, altered, [origin], horizon_years=2).drop(columns="actual")
    assert before.to_csv() == after.to_csv()
    assert set(before["origin"]) == {origin}


def test_later_rows_of_the_data_file_change_no_byte(tmp_path):
    """As of a date, the forecast from a file whose later rows are all altered is the same to the byte."""
    as_of, source, copy = "2025-06-30", indicators.load().path, tmp_path / "data"
    shutil.copytree(source, copy)
    table = pd.read_csv(copy / "observations.csv", dtype=str, keep_default_na=False)
    later = (table["date"] > as_of) & table["value"].ne("")
    assert later.sum() > 20
    table.loc[later, "value"] = [f"{0.97 * float(value):.6g}" for value in table.loc[later, "value"]]
    table.to_csv(copy / "observations.csv", index=False)
    found = []
    for folder in (source, copy):
        data = indicators.load(folder, as_of)
        series = data.series("China", "genai_users", "internet_users")
        made = forecast.forecast(series, references=data.references(exclude=series), horizon_years=3)
        found.append((made.frame().to_csv(), made.milestones().to_csv(), made.statements().to_csv()))
    assert found[0] == found[1]


def disturb(series, date):
    """The series with every later figure, and later figures of its bound, tripled."""
    later = series.values.index > date
    bound = series.bound.where(series.bound.index <= date, 3 * series.bound)
    return replace(series, values=series.values.where(~later, 3 * series.values), bound=bound)


def test_cut_series_has_nothing_later():
    series = indicators.load().series("China", "genai_users", "population_year_end")
    cut = cut_series(series, pd.Timestamp("2025-06-30"))
    for index in (cut.values.index, cut.bound.index, cut.censored.index, pd.DatetimeIndex(cut.observations["date"])):
        assert len(index) == 0 or index.max() <= pd.Timestamp("2025-06-30")


def test_the_target_technology_teaches_nothing(references):
    target = next(each for each in references if each.indicator == "us_colour_tv")
    short = replace(target, values=target.values.iloc[:4], bound=target.bound.iloc[:4])
    others = [each for each in references if each.technology != target.technology]
    assert (
        forecast.forecast(short, None, references).frame().to_csv()
        == forecast.forecast(short, None, others).frame().to_csv()
    )


def test_prior_leaves_the_technology_out(references, residuals):
    reached = forecast.saturation_shares(references)
    whole = forecast.learn_prior(reached, residuals)
    without = forecast.learn_prior(reached, residuals, "radio")
    assert without.technologies == whole.technologies - 1
    assert without.mean != whole.mean
    assert 0 < whole.pull < 1
    with pytest.raises(ValueError, match="two technologies"):
        forecast.learn_prior(reached.loc[["radio"]], residuals)


def test_spread_recovers_known_weights():
    random = np.random.default_rng(3)
    parts = bands.ingredients(
        random.choice([0.5, 1.0, 2.0, 3.0], 20000), random.normal(0.1, 0.1, 20000), random.gamma(2, 0.05, 20000), 6, 4.0
    )
    weights = np.array([0.6, 0.5, 0.2])
    errors = np.sqrt(parts @ weights) * random.standard_t(bands.HEAVY_TAILS, 20000)
    np.testing.assert_allclose(bands.fit_spread(parts, errors, np.ones(20000)), weights, rtol=0.25)


def test_conformal_quantiles_hold_with_the_correction():
    calibration = bands.Calibration(np.ones(3), np.arange(1.0, 10.0), (np.arange(9) + 0.5) / 9, 9.0)
    reach = calibration.reach((0.025, 0.1, 0.5, 0.9, 0.975))
    assert reach[2] == 0
    assert reach[0] == -reach[4] == -9.0  # 0.95 x (1 + 1 / 9) is beyond the sample: the largest score
    assert reach[3] == pytest.approx(np.interp(0.8 * 10 / 9, calibration.steps, calibration.scores))


def test_technologies_weigh_the_same_at_each_horizon(residuals):
    weights = pd.Series(bands.weigh_technologies(residuals), index=residuals.index)
    sums = weights.groupby([residuals["technology"], residuals["horizon_years"]]).sum()
    np.testing.assert_allclose(sums, 1)


def test_the_bound_of_a_window_is_the_one_known_at_its_origin():
    bound = pd.Series([100.0, 120.0, 300.0], index=pd.to_datetime(["2020-12-31", "2021-12-31", "2022-12-31"]))
    series = make_series([10, 12, 15, 19], start="2020-12-31")
    window = windows.last_window(series.iloc[:3], bound, {})
    np.testing.assert_allclose(window.bounds[0], [100, 100 + 20 * 181 / 365, 120], rtol=1e-6)
    late = bound.iloc[[2]]
    with pytest.raises(ValueError, match="the bound starts on 2022-12-31"):
        windows.last_window(series.iloc[:3], late, {})


def test_statements_take_their_numbers_from_the_run():
    data = indicators.load()
    series = data.series("China", "genai_users", "population_year_end")
    made = forecast.forecast(series, references=data.references())
    table = made.statements(respondents=30000).set_index("key")
    assert list(table.index) == list("abcdefghi")
    assert "do not identify a ceiling" in table.loc["a", "statement"]
    assert "1 degree of freedom" in table.loc["d", "statement"]
    assert "30,000 respondents" in table.loc["c", "statement"]
    assert "have used" in table.loc["g", "statement"]
    low, high = made.quantiles.iloc[0][[0.025, 0.975]]
    assert f"{low:,.0f}" in table.loc["h", "statement"]
    assert f"{high:,.0f} million persons" in table.loc["h", "statement"]


def test_sensitivity_to_the_calibration(references, residuals):
    made = forecast.forecast(make_series([10, 14, 20, 27]), 100, references, horizon_years=3, residuals=residuals)
    table = made.sensitivity()
    whole, fast = (part.set_index("date") for _, part in table.groupby("calibration", sort=False))
    np.testing.assert_allclose(whole["q0.9"], made.quantiles[0.9])
    np.testing.assert_allclose(fast["q0.5"], whole["q0.5"])
    assert fast["forecasts"].iloc[0] < whole["forecasts"].iloc[0]
    assert not np.allclose(fast["q0.9"], whole["q0.9"])


def test_dense_short_series_is_thinned_over_its_whole_span():
    """Two figures a month over ten months: the window spans them, not the last three months alone."""
    dates = pd.date_range("2025-11-16", periods=22, freq="14D")
    dense = pd.Series(np.linspace(17, 24, 22), index=dates)
    window = windows.last_window(
        dense, pd.Series(100.0, index=dates), {"technology": "", "entity": "", "indicator": ""}
    )
    assert window.points >= 4
    assert window.years[0, -1] - window.years[0, 0] > 0.6


@pytest.mark.parametrize("years", [1e-320, 0.9])
def test_a_horizon_before_the_next_date_is_told(years):
    index = pd.date_range("2016-12-31", periods=5, freq="12ME")
    with pytest.raises(ValueError, match=f"horizon_years is {years} and ends before the next date of the series"):
        next_dates(index, years)


@pytest.mark.parametrize("years", [0, -1, 101, 1e308, float("inf"), float("nan")])
def test_a_horizon_that_no_calendar_holds_is_told(years):
    with pytest.raises(
        ValueError, match=rf"horizon_years is {re.escape(str(years))}; it must be above 0 and at most 100"
    ):
        next_dates(pd.date_range("2016-12-31", periods=5, freq="12ME"), years)
