"""The forecast: right in form for every kind of series; it learns only what it may, and calibrates what it claims."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from scipy.optimize import least_squares
from snapshots import check_snapshot
from statsmodels.tsa.holtwinters import Holt

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.words import WHY_NO_RANGE
from adoption_curves.forecast import bands, methods, windows
from adoption_curves.forecast.ceilings import GOMPERTZ, LOGISTIC, fit_ceilings
from adoption_curves.forecast.forecasting import cut_series
from adoption_curves.forecast.rolling import roll_origins


@pytest.fixture(scope="module")
def unbounded(references):
    return forecast.backtest(references, bounded=False)


@pytest.fixture(scope="module")
def make(references, residuals, unbounded):
    """A forecast of the values, half a year apart, calibrated on the references."""

    def make(values, bound=100, series=None, **options):
        series = series or (values if isinstance(values, pd.Series) else make_series(values))
        table = unbounded if bound is None else residuals
        return forecast.forecast(series, bound, references, residuals=table, **options)

    return make


@pytest.mark.parametrize("references", ["x", 3, [pd.Series([1.0])]])
def test_references_that_are_none_say_what_would_be_right(references):
    with pytest.raises(ValueError, match=r"references (is|holds) .*; give a list of AdoptionSeries, such as"):
        forecast.forecast(make_series([10, 14, 20, 27]), 100, references)
    with pytest.raises(ValueError, match="give a list of AdoptionSeries"):
        forecast.backtest(references)


def test_a_limit_below_the_figures_says_so_in_words(make):
    with pytest.raises(ValueError, match="the limit is 400, and the series has reached 602: give a limit that no"):
        make([141, 230, 249, 515, 602], None, limit=400)


def make_series(values, start="2022-12-31", freq="6ME", **attrs):
    found = pd.Series(values, index=pd.date_range(start, periods=len(values), freq=freq), name="users", dtype=float)
    found.attrs.update(attrs)
    return found


NO_PRIOR = methods.Prior(0.0, 1.0)
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
def test_quantiles_are_ordered_finite_and_inside(name, make):
    values, bound = SERIES[name]
    result = make(values, bound, horizon_years=10)
    found = result.frame().filter(regex="^q").to_numpy()
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= (bound or np.inf) * (1 + 1e-12)


def test_frame_has_the_published_columns(make):
    frame = make(make_series([10, 14, 20, 27], unit="percent", entity="Nowhere"), levels=(0.8, 0.9)).frame()
    levels = ["q0.05", "q0.1", "q0.25", "q0.5", "q0.75", "q0.9", "q0.95"]
    assert list(frame.columns) == ["entity", "indicator", "date", "method", "mean", *levels, "unit", "basis"]
    assert list(frame["method"].unique()) == list(forecast.NAMES)
    assert frame["method"].iloc[0] == forecast.PUBLISHED
    assert frame[frame["date"] <= "2029-06-30"]["basis"].eq("calibrated").all()


def test_bands_beyond_the_backtest_are_said_to_be_extrapolated(make):
    frame = make([10, 14, 20, 27], horizon_years=8).frame()
    assert frame[frame["date"] > "2029-12-31"]["basis"].eq("extrapolated").all()


@pytest.mark.parametrize("name", ["slow", "no bound", "past its peak", "falling without bound"])
def test_the_published_forecast_is_the_plain_mean_of_its_members_to_the_last_digit(name, make):
    values, bound = (SERIES | {"slow": ([10, 14, 20, 27], 100.0), "past its peak": ([11, 46, 37, 30], 100.0)})[name]
    result = make(values, bound)
    members = {name: member.quantiles() for name, member in result.members.items()}
    assert tuple(members) == methods.members_of(forecast.PUBLISHED, methods.methods_for(bounded=bound is not None))
    pd.testing.assert_frame_equal(sum(members.values()) / len(members), result.quantiles, check_exact=True)
    some, levels = result.dates[[1, 3]], (0.05, 0.5)
    parts = [member.quantiles(some, levels) for member in result.members.values()]
    pd.testing.assert_frame_equal(
        sum(parts) / len(parts),
        pd.DataFrame(result.at(result.years[[1, 3]], levels), some, list(levels)),
        check_exact=True,
    )


def test_damped_drift_approaches_the_bound_before_its_band_is_made(make):
    """Cut there, a quarter of the published forecast had no range of its own."""
    result = make([20, 50, 80, 92], horizon_years=5)
    ahead = result.ahead_of(result.years)
    path = methods.forecast_points(result.at_origin, ahead, ("damped_drift",))["damped_drift"][0]
    rise, room = 24 * windows.damp(ahead.years[0]) * 2, 8.0
    assert (rise > room).any()
    np.testing.assert_allclose(path, 92 + rise * room / np.hypot(rise, room), rtol=2e-3)
    assert (np.diff(path) > 0).all()
    assert path.max() < 100
    ends = result.members["damped_drift"].quantiles(levels=[0.1, 0.9]).to_numpy()
    assert (ends[:, 0] < path).all()
    assert (ends[:, 1] > path).all()
    assert (ends[:, 1] < 100).all()


def test_nodes_are_so_many_that_more_change_no_path_by_half_a_point(make, monkeypatch):
    """Nine nodes cost a point of the bound at five years, and three where a series has begun to bend."""
    values = ([10, 14, 20, 27], [10, 30, 50, 60], [20, 40, 55, 62, 65], [5, 9, 14, 22, 31, 40, 47, 52, 57, 61])

    def trace():
        return np.array([result.at([5.0], [0.5])[0, 0] for result in (make(each) for each in values)])

    usual = trace()
    monkeypatch.setattr(methods, "NODES", 4 * (np.arange(101) + 0.5) / 101 - 2)
    np.testing.assert_allclose(usual, trace(), atol=0.35)


def test_the_likelihood_of_a_ceiling_is_the_profile_of_the_fit_that_curves_makes(make):
    result = make([10, 14, 20, 27, 31, 42])
    for family, name in ((curves.Logistic, "logistic_prior"), (curves.Gompertz, "gompertz_prior")):
        curve = result.at_origin.curves[name]
        fit = family(result.target.values, ceiling=curves.Share(100.0), errors="independent").fit()
        profile = fit.profile("share", values=curve.fits.shares[0])
        np.testing.assert_allclose(curve.fits.ssr[0], profile["ssr"], rtol=1e-6)
        likelihood = (profile["ssr"] / 1e4 + methods.MEASUREMENT**2) ** (-(6 - 2) / 2)
        np.testing.assert_allclose(curve.weight[0], likelihood / likelihood.sum(), rtol=1e-5)
        np.testing.assert_allclose(curve.frame()["likelihood"], likelihood / likelihood.max(), rtol=1e-5)


@pytest.mark.parametrize("family", [LOGISTIC, GOMPERTZ])
def test_curves_at_known_ceilings_are_at_their_optimum(family):
    """No other search finds less, be the ceiling far above the figures or the figures few or irregular."""
    random, shares = np.random.default_rng(3), np.linspace(0.3, 0.98, 7)
    for count in (3, 4, 8, 15):
        years = 2010 + np.cumsum(random.uniform(0.3, 1.5, count))
        values = np.sort(random.uniform(2, 60, count))
        found = fit_ceilings(family, years[None], values[None], np.full((1, count), 100.0), shares[None])
        for place, share in enumerate(shares):

            def miss(theta, share=share, years=years, values=values):
                return values - 100 * share * family.share(np.exp(theta[0]), years - years[0] - theta[1])

            here = [np.log(found.rate[0, place]), found.midpoint[0, place] - years[0]]
            assert (miss(here) ** 2).sum() == pytest.approx(found.ssr[0, place])
            for start in (here, [np.log(0.5), 3.0]):
                other = least_squares(miss, start, xtol=1e-12, ftol=1e-12, gtol=1e-12, x_scale="jac")
                assert 2 * other.cost >= found.ssr[0, place] * (1 - 1e-6)


@pytest.mark.parametrize("family", [curves.Logistic, curves.Gompertz])
def test_an_identified_ceiling_decides_the_forecast(family, make):
    """36 months that have bent: the curves over their ceilings stay with the fit, though the prior goes far beyond."""
    random, years = np.random.default_rng(5), np.arange(36) / 12
    share = family.share(years, np.log(2.5), np.array(1.2))
    series = pd.Series(62 * share + random.normal(0, 0.7, 36) + 2, pd.date_range("2020-01-31", periods=36, freq="ME"))
    fit = family(series, errors="independent").fit()
    result = make(series)
    assert fit.identified
    member = result.members["logistic_prior" if family is curves.Logistic else "gompertz_prior"]
    later = curves.to_dates([result.windows.years[0, -1] + 3, 2028])
    medians = member.quantiles(later, [0.5])[0.5]
    assert abs(medians.iloc[0] / 64 - 1) < 0.08
    interval = fit.get_prediction(later[1:]).summary_frame(0.05).iloc[0]
    assert interval["obs_ci_lower"] <= medians.iloc[1] <= interval["obs_ci_upper"]


def test_past_the_peak_the_last_level_stands(make):
    result = make([11, 46, 37, 30, 27.5, 25.2])
    assert result.declines
    np.testing.assert_allclose(result.quantiles[0.5], 25.2)
    assert set(result.frame()["basis"]) == {"no range"}
    assert f"no range, {WHY_NO_RANGE}>" in repr(result)
    assert result.scenarios().empty
    assert result.milestones().empty
    assert not make([11, 46, 37, 30, 46.1, 46.2]).declines
    assert not make([11, 46, 43]).declines
    for name, member in result.members.items():  # one number in every table
        rows = result.method_frame(name).set_index("date")
        np.testing.assert_array_equal(rows[["q0.1", "q0.5", "q0.9"]], member.quantiles(levels=[0.1, 0.5, 0.9]))


def test_past_the_peak_rate_and_steps_are_those_of_the_fall(make):
    """However fast the rise was: the band is that of a series which only fell so."""
    slow, fast = (make([*rise, 46, 37, 30, 27.5, 25.2]) for rise in ([38, 42], [1, 9]))
    np.testing.assert_allclose(slow.quantiles, fast.quantiles)
    rate, step_sd = windows.measure_growth(fast.windows)
    steps = np.diff(windows.to_link(fast.windows.link, fast.windows.shares[0, 2:]))
    assert rate[0] == pytest.approx(steps.sum() / np.ptp(fast.windows.years[0, 2:]))
    assert step_sd[0] == pytest.approx(np.sqrt(np.mean(steps**2 / np.diff(fast.windows.years[0, 2:]))))


def test_a_band_stays_above_the_floor_and_within_what_any_reference_grew_by(make, unbounded):
    result = make([1, 3, 9, 27], None, horizon_years=5)
    floor, most = result.lessons.errors.band("damped_drift").floor, (unbounded["actual"] / unbounded["last"]).max()
    assert result.quantiles[0.95].iloc[-1] <= 27 * most * (1 + 1e-9)
    assert result.quantiles.min().min() >= 27 * floor
    assert 0 < floor < 0.9


def test_percent_without_a_bound_stays_below_100_and_a_limit_is_kept(make):
    assert make(make_series([20, 35, 60, 80], unit="percent of adults"), None).frame()["q0.95"].max() <= 100
    assert make([20, 35, 60, 80], None, limit=120).frame()["q0.95"].max() <= 120


def test_users_of_the_whole_world_are_held_below_its_population(make, data):
    series = data.series("World", "chatgpt_weekly_active_users")
    offered = data.offer_bounds(series)
    assert list(offered) == ["Population in mid-year", "none"]
    limit = offered["Population in mid-year"].iloc[-1]
    free, held = (make([], None, series=series, limit=most).quantiles[0.95] for most in (None, limit))
    assert held.max() < limit < free.max()


def test_without_a_bound_paths_approach_a_limit_and_none_is_heaped_there(make):
    near, far = (make([20, 35, 60, 80], None, limit=limit).paths.iloc[:, -1] for limit in (120, 1e9))
    assert near.max() < 120
    assert all((paths == paths.max()).mean() < 0.04 for paths in (near, far))
    assert (near.sort_values().index == far.sort_values().index).all()
    assert near.quantile(0.1) == pytest.approx(far.quantile(0.1), rel=1e-9)  # below the last figure nothing changes


def test_the_uncertain_bound_widens_the_bands(make):
    steady, shaky = (make([100, 200, 320, 420], make_series(values)) for values in ([1000] * 4, [900, 1100, 950, 1050]))
    widths = [(result.quantiles[0.95] - result.quantiles[0.05]).iloc[-1] for result in (steady, shaky)]
    assert widths[1] > 1.05 * widths[0]
    assert shaky.quantiles[0.95].iloc[-1] > shaky.ahead_of(shaky.years).bound[0, -1]


def test_bands_widen_with_the_horizon_and_do_not_depend_on_the_unit(make):
    result = make([10, 14, 20, 27], horizon_years=4)
    assert (np.diff(result.quantiles[0.9] - result.quantiles[0.1]) > 0).all()
    large = make([1e7, 1.4e7, 2e7, 2.7e7], 1e8, horizon_years=4)
    np.testing.assert_allclose(result.quantiles * 1e6, large.quantiles, rtol=1e-9)


def test_the_same_input_gives_the_same_bytes_also_from_a_file_of_residuals(tmp_path, references, residuals):
    residuals.to_csv(tmp_path / "residuals.csv", index=False, float_format="%.10g")
    tables = [None, None, pd.read_csv(tmp_path / "residuals.csv")]
    result = [forecast.forecast(make_series([10, 14, 20, 27]), 100, references, residuals=table) for table in tables]
    assert len({each.frame().to_csv() for each in result}) == 1
    assert len({each.milestones().to_csv() for each in result}) == 1


def test_errors_say_what_would_be_right(make, renew):
    users = make_series([12, 19, 31, 44, 52], "2021-12-31", "12ME")

    def censor(value=60.0, bound="at_least", at="2026-06-30"):
        return pd.DataFrame({"value": [value], "bound": [bound]}, index=pd.to_datetime([at]))

    def refuse(values=users, bound=100, function=make, **options):
        with pytest.raises(ValueError) as caught:  # noqa: PT011  what it says is the snapshot
            function(values, bound, **options)
        print(caught.value)

    def ask_dates(years):
        refuse(pd.date_range("2016-12-31", periods=5, freq="12ME"), years, forecast.next_dates)

    check_snapshot("forecast", globals() | locals(), renew)


def test_one_level_is_quoted_and_drawn_everywhere(make):
    result, usual = make([10, 14, 20, 27], levels=(0.95, 0.9)), make([10, 14, 20, 27])
    assert result.level == 0.9
    assert "(90% range, median" in repr(result)
    assert 0 < result._repr_html_().index("90% range</th>") < result._repr_html_().index("95% range</th>")
    axes = result.plot()
    assert sum(isinstance(drawn, PolyCollection) for drawn in axes.collections) == 2
    assert any(text.get_text().startswith("90% range: ") for text in axes.texts)
    assert set(result.milestones()["level"]) == {0.9}
    assert (result.milestones()["latest"] >= usual.milestones()["latest"]).all()


@pytest.mark.parametrize(
    ("start", "freq", "first"),
    [
        ("2022-12-31", "6ME", "2025-06-30"),
        ("2016-12-31", "12ME", "2021-12-31"),
        ("2016-03-31", "12ME", "2021-03-31"),
        ("2022-01-31", "3ME", "2023-06-30"),
        ("2020-02-29", "12ME", "2025-02-28"),
        ("2020-03-15", pd.DateOffset(years=1), "2025-03-15"),
        ("2020-03-15", pd.DateOffset(months=5), "2021-12-31"),
    ],
)
def test_dates_follow_the_series(start, freq, first):
    index = pd.date_range(start, periods=5, freq=freq)
    dates = forecast.next_dates(index, 3)
    assert f"{dates[0]:%Y-%m-%d}" == first
    assert dates[-1] <= index[-1] + pd.DateOffset(years=3, days=16)


def test_damped_drift_is_the_damped_holt_of_statsmodels():
    series = make_series([10, 14, 20, 27, 31], freq="12ME", start="2016-12-31")
    window = windows.last_window(series, make_series([100] * 5, freq="12ME", start="2016-12-31"))
    ahead = windows.Ahead.of(window, np.arange(1, 5, dtype=float)[None])
    free = replace(ahead, limit=1e12)  # which none of these paths approaches
    ours = methods.damped_drift(methods.Origin(window, NO_PRIOR), free)[0] - 31
    trend = (31 - 10) / 4 / windows.DAMPING**5  # smoothing 0 lets the trend decay to the mean change in five steps
    known = {"initialization_method": "known", "initial_level": 10, "initial_trend": trend}
    model = Holt(series.to_numpy(), damped_trend=True, **known)
    fit = model.fit(smoothing_level=1, smoothing_trend=0, damping_trend=windows.DAMPING, optimized=False)
    steps = windows.DAMPING * -np.log(windows.DAMPING) / (1 - windows.DAMPING)  # theirs counts steps, ours runs on
    np.testing.assert_allclose(fit.forecast(4) - 31, ours * steps, rtol=1e-9)


def test_without_a_bound_the_later_steps_count_more():
    """A series that slows down is continued more slowly, and in a narrower band, than one that goes on."""
    slower, dates = make_series([10, 18, 24, 27, 28], freq="12ME", start="2016-12-31"), np.arange(1, 5, dtype=float)
    window = windows.last_window(slower)
    ahead = windows.Ahead.of(window, dates[None])
    mean = windows.mean_change(window.years, window.values)[0]
    gain = methods.damped_drift(methods.Origin(window, NO_PRIOR), ahead)[0] - 28
    ages = np.array([3.5, 2.5, 1.5, 0.5])  # years since the middle of each step
    counted = np.average([8, 6, 3, 1], weights=0.5 ** (ages / windows.HALF_LIFE))
    np.testing.assert_allclose(gain, counted * windows.damp(dates), rtol=2e-3)
    assert counted < mean
    uneven = windows.last_window(make_series([10, 11, 24, 23.5, 28], freq="12ME", start="2016-12-31"))
    assert windows.measure_growth(window)[1][0] < 0.5 * windows.measure_growth(uneven)[1][0]


def test_methods_treat_all_windows_at_once_as_one_by_one(references):
    many, *_ = roll_origins(references[:8], 4, (1.0,))
    ahead = windows.Ahead.of(many, np.tile([0.5, 2.0], (len(many.years), 1)))
    prior = methods.Prior(1.5, 1.2, 0.04, 0.7)
    together = methods.forecast_points(methods.Origin(many, prior), ahead)
    row = len(many.years) // 2
    parts = (part[[row]] for part in (many.years, many.values, many.bound))
    one = windows.Windows(*parts, many.labels.iloc[[row]])
    alone = methods.forecast_points(methods.Origin(one, prior), windows.Ahead.of(one, ahead.years[[row]]))
    for name, path in alone.items():
        np.testing.assert_allclose(path[0], together[name][row], rtol=1e-12)


def test_scenarios_stay_below_their_ceiling_and_say_when_it_is_passed(make):
    table = make([10, 30, 50, 60], horizon_years=10).scenarios((0.5, 0.75, 0.9))
    assert table[table["share"] == 0.5]["value"].isna().all()
    assert table[table["share"] == 0.5]["note"].eq("already above this share").all()
    assert (table[table["share"] == 0.75]["value"] <= 75 + 1e-9).all()
    ends = table[table["date"] == table["date"].max()].set_index("share")["value"]
    assert ends[0.75] < ends[0.9]


def test_milestones(make):
    result = make([10, 20, 40, 55])
    table = result.milestones((0.2, 0.5, 0.6, 0.999)).set_index("share")
    assert table.loc[0.2, "status"] == "reached"
    assert table.loc[[0.2, 0.5], "median"].tolist() == ["2023-06-30", "2024-06-30"]
    assert table.loc[0.6, "earliest"] <= table.loc[0.6, "median"] <= table.loc[0.6, "latest"]
    assert table.loc[0.999, "median"] == forecast.NOT_REACHED
    crossed, medians = pd.Timestamp(table.loc[0.6, "median"]), result.quantiles[0.5]
    assert medians[medians.index < crossed].lt(60).all()
    assert medians[medians.index > crossed].ge(60 - 0.1).all()


def test_the_bound_moves_and_is_uncertain(make):
    table = make([100, 200, 320, 420], make_series([900, 950, 990, 1050])).bound_frame()
    assert table["q0.5"].is_monotonic_increasing
    assert table["q0.5"].iloc[0] > 1050
    assert (table["q0.9"] > table["q0.1"]).all()
    assert (make([10, 14, 20]).bound_frame()["q0.05"] == 100).all()


def test_nothing_after_the_origin_changes_a_hindcast(references):
    series = indicators.load().series("China", "genai_users", "population_year_end")
    origin = pd.Timestamp("2025-06-30")
    altered = [disturb(each, origin) for each in references]
    before = forecast.hindcast(series, None, references, [origin]).drop(columns="actual")
    after = forecast.hindcast(disturb(series, origin), None, altered, [origin]).drop(columns="actual")
    assert before.to_csv() == after.to_csv()
    assert set(before["origin"]) == {origin}


def disturb(series, date):
    """The series with every later figure, and later figures of its bound, tripled."""
    later = series.values.index > date
    bound = series.bound.where(series.bound.index <= date, 3 * series.bound)
    return replace(series, values=series.values.where(~later, 3 * series.values), bound=bound)


def test_rows_published_later_change_no_byte(tmp_path):
    """As of a day, the forecast from a file whose later published rows are all altered is the same to the byte."""
    as_of, source, copy = "2025-10-31", indicators.load().path, tmp_path / "data"
    shutil.copytree(source, copy)
    table = pd.read_csv(copy / "observations.csv", dtype=str, keep_default_na=False)
    later = table["published"] > as_of
    assert (later & (table["date"] <= as_of)).sum() > 20
    table.loc[later, "value"] = [f"{0.97 * float(value):.6g}" for value in table.loc[later, "value"]]
    table.to_csv(copy / "observations.csv", index=False)
    found = []
    for folder in (source, copy):
        data = indicators.load(folder, as_of)
        series = data.series("China", "genai_users", "internet_users")
        result = forecast.forecast(series, references=data.references(exclude=series), horizon_years=3)
        found.append((result.frame().to_csv(), result.milestones().to_csv()))
    assert found[0] == found[1]


def test_hindcasts_are_cut_at_their_origin_and_origins_have_points_before_them(references):
    series = indicators.load().series("China", "genai_users", "population_year_end")
    origins = forecast.pick_origins(series)
    assert list(origins) == [pd.Timestamp("2025-06-30")]
    cut = cut_series(series, origins[0])
    for index in (cut.values.index, cut.bound.index, cut.censored.index, pd.DatetimeIndex(cut.observations["date"])):
        assert len(index) == 0 or index.max() <= origins[0]
    result = forecast.hindcast(series, None, references)
    assert result.set_index("date")["actual"].to_dict() == {pd.Timestamp("2025-12-31"): 602.0} | {
        date: pytest.approx(np.nan, nan_ok=True) for date in result["date"][1:]
    }
    assert forecast.hindcast(series, None, references, origins[:0]).empty


def test_the_target_technology_teaches_nothing(references):
    target = next(each for each in references if each.indicator == "us_colour_tv")
    short = replace(target, values=target.values.iloc[:4], bound=target.bound.iloc[:4])
    others = [each for each in references if each.technology != target.technology]
    frames = [forecast.forecast(short, None, each).frame().to_csv() for each in (references, others)]
    assert frames[0] == frames[1]


def test_prior_leaves_the_technology_out(references, residuals):
    reached = forecast.last_shares(references)
    whole = forecast.learn_prior(reached, residuals)
    without = forecast.learn_prior(reached, residuals, "radio")
    assert without.technologies == whole.technologies - 1
    assert without.mean != whole.mean
    assert 0 < whole.rate_slope < 1
    with pytest.raises(ValueError, match="two technologies"):
        forecast.learn_prior(reached.loc[["radio"]], residuals)


def test_variance_weights_are_recovered():
    random, size = np.random.default_rng(3), 20000
    columns = {"years": random.choice([0.5, 1.0, 2.0, 3.0], size), "rate": random.normal(0.1, 0.1, size)}
    columns |= {
        "roughness": random.gamma(2, 0.05, size),
        "window": 6,
        "share": 0.3,
        "bound_ahead": 1.0,
        "bound_sd": 0.0,
        "stretch": 4.0,
    }
    components = bands.Cases.of(pd.DataFrame(columns)).components
    weights = np.array([0.6, 0.5, 0.2])
    errors = np.sqrt(components @ weights) * random.standard_t(bands.HEAVY_TAILS, size)
    np.testing.assert_allclose(bands.fit_variance_weights(components, errors, np.ones(size)), weights, rtol=0.25)


def test_conformal_quantiles_have_the_correction_for_a_finite_sample():
    calibration = bands.Band(0.5, np.ones(3), np.arange(1.0, 10.0), (np.arange(9) + 0.5) / 9, 9.0, None)
    found = calibration.score_quantile((0.025, 0.1, 0.5, 0.9, 0.975))
    assert found[2] == 0
    assert found[0] == -found[4] == -9.0  # 0.95 x (1 + 1 / 9) is beyond the sample: the largest score
    assert found[3] == pytest.approx(np.interp(0.8 * 10 / 9, calibration.steps, calibration.scores))
    assert calibration.widest == 0.9


def test_the_correction_counts_technologies(residuals):
    """Windows, horizons and series of one technology hang together: 31 units are exchangeable, not 406."""
    names = residuals["technology"].unique()
    errors = bands.Errors(residuals)
    assert errors.band("damped_drift").count == len(names)
    assert {errors.band("damped_drift", name).count for name in names} == {len(names) - 1}
    assert errors.band("damped_drift", "of none of them") is errors.band("damped_drift")


def test_the_bound_of_a_window_is_the_one_known_at_its_origin():
    bound = pd.Series([100.0, 120.0, 300.0], index=pd.to_datetime(["2020-12-31", "2021-12-31", "2022-12-31"]))
    series = make_series([10, 12, 15], start="2020-12-31")
    np.testing.assert_allclose(windows.last_window(series, bound).bound[0], [100, 100 + 20 * 181 / 365, 120], rtol=1e-6)
    with pytest.raises(ValueError, match="the limit starts on 2022-12-31"):
        windows.last_window(series, bound.iloc[[2]])


def test_dense_short_series_is_thinned_over_its_whole_span():
    """Two figures a month over ten months: the window spans them, not the last three months alone."""
    window = windows.last_window(make_series(np.linspace(17, 24, 22), "2025-11-16", "14D"))
    assert window.points >= 4
    assert np.ptp(window.years) > 0.6
