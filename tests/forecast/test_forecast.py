"""The forecast: right in form for every kind of series, and the formula of the reference."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from simulated import disturb
from snapshots import check_snapshot

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.formats import NO_FORECAST
from adoption_curves.forecast import model, result_tables
from adoption_curves.forecast.forecasting import _NOT_REACHED
from adoption_curves.forecast.hindcasts import _find_origins, cut_series
from adoption_curves.forecast.inputs import select_values
from adoption_curves.indicators import Limit
from adoption_curves.indicators.from_pandas import read_series

sys.path.append(str(Path(__file__).parents[1] / "reference"))
import formula_forecast as reference


@pytest.fixture(scope="module")
def make():
    """A forecast of the values, half a year apart."""

    def make(values, limit=100, series=None, **options):
        series = series or (values if isinstance(values, pd.Series) else make_series(values))
        return forecast.forecast(series, limit, **options)

    return make


def make_series(values, start="2022-12-31", freq="6ME", **attrs):
    found = pd.Series(values, index=pd.date_range(start, periods=len(values), freq=freq), name="users", dtype=float)
    found.attrs.update(attrs)
    return found


SERIES = {
    "rising share": ([10, 14, 20, 27], 100.0),
    "three points": ([10, 14, 20], 100.0),
    "falling": ([40, 39, 38.5, 38, 37.6], 100.0),
    "flat": ([30, 30, 30, 30], 100.0),
    "almost everyone": ([95, 97, 98, 98.5, 99], 100.0),
    "at the limit": ([98, 99, 100, 100], 100.0),
    "very fast": ([2, 10, 40, 80], 100.0),
    "long": ([5, 9, 14, 22, 31, 40, 47, 52, 57, 61], 100.0),
    "no limit": ([10, 14, 20, 27], None),
    "falling without limit": ([27, 26.5, 26, 25.4, 25, 24.7, 24.5], None),
}


@pytest.mark.parametrize("name", SERIES)
def test_quantiles_are_ordered_finite_and_inside(name, make):
    values, limit = SERIES[name]
    result = make(values, limit, horizon_years=10)
    found = result.frame().filter(regex="^q").to_numpy()
    assert np.isfinite(found).all()
    assert (np.diff(found, axis=1) >= 0).all()
    assert found.min() >= 0
    assert found.max() <= (limit or np.inf) * (1 + 1e-12)


def test_frame_has_the_published_columns(make):
    frame = make(make_series([10, 14, 20, 27], unit="percent", entity="Nowhere"), levels=(0.8, 0.9)).frame()
    levels = ["q0.05", "q0.1", "q0.25", "q0.5", "q0.75", "q0.9", "q0.95"]
    assert list(frame.columns) == ["entity", "indicator", "date", *levels, "unit", "basis", "since"]
    assert frame[frame["date"] <= "2029-06-30"]["basis"].eq("tested").all()


def test_a_share_of_sales_has_the_second_row_of_constants_and_a_limit_of_100(make):
    sold = make_series([10, 14, 20, 27], unit="percent of new cars", measure="flow")
    result, level = make(sold, None), make([10, 14, 20, 27])
    assert result.has_range
    assert result.constants == "sales"
    assert set(result.basis) == {"tested"}
    np.testing.assert_array_equal(result.quantiles[0.5], level.quantiles[0.5])
    assert (result.quantiles[0.1] < level.quantiles[0.1]).all()
    assert make(sold, 60).quantiles.max(axis=None) <= 60


def test_numbers_sold_in_a_year_have_no_range_even_with_a_limit(make):
    result = make(make_series([10, 14, 20, 27], unit="million cars", measure="flow"))
    assert (result.has_range, set(result.basis)) == (False, {"untested"})
    assert result_tables.limit_frame(result).empty
    assert result.years.max() <= 1


def test_the_uncertain_limit_widens_the_bands(make):
    steady, shaky = (make([100, 200, 320, 420], make_series(values)) for values in ([1000] * 4, [900, 1100, 950, 1050]))
    widths = [(result.quantiles[0.95] - result.quantiles[0.05]).iloc[-1] for result in (steady, shaky)]
    assert widths[1] > 1.05 * widths[0]
    assert shaky.quantiles[0.95].iloc[-1] > shaky.limit_ahead(shaky.years)[0][-1]


def test_bands_widen_with_the_horizon_and_do_not_depend_on_the_unit(make):
    result = make([10, 14, 20, 27], horizon_years=3)
    assert (np.diff(result.quantiles[0.9] - result.quantiles[0.1]) > 0).all()
    large = make([1e7, 1.4e7, 2e7, 2.7e7], 1e8, horizon_years=3)
    np.testing.assert_allclose(result.quantiles * 1e6, large.quantiles, rtol=1e-9)


def test_errors_say_what_would_be_right(make, renew):
    users = make_series([12, 19, 31, 44, 52], "2021-12-31", "12ME")

    def censor(value=60.0, qualifier="at_least", at="2026-06-30"):
        return pd.DataFrame({"value": [value], "qualifier": [qualifier]}, index=pd.to_datetime([at]))

    def refuse(values=users, limit=100, function=make, **options):
        with pytest.raises((ValueError, TypeError)) as caught:  # what it says is the snapshot
            function(values, limit, **options)
        print(caught.value)

    def ask_dates(years):
        refuse(pd.date_range("2016-12-31", periods=5, freq="12ME"), years, forecast.next_dates)

    check_snapshot("forecast", globals() | locals(), renew)


def test_one_level_is_quoted_and_drawn_everywhere(make):
    result, usual = make([10, 14, 20, 27], levels=(0.95, 0.9)), make([10, 14, 20, 27])
    assert result.level == 0.9
    assert "(90% interval, median" in repr(result)
    page = result._repr_html_()
    assert 0 < page.index("90% interval from</th>") < page.index("95% interval from</th>")
    axes = result.plot()
    assert sum(isinstance(drawn, PolyCollection) for drawn in axes.collections) == 2
    assert any(text.get_text().startswith("90% interval: ") for text in axes.get_legend().get_texts())
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


def test_scenarios_stay_below_their_saturation_level_and_say_when_it_is_passed(make):
    table = result_tables.scenario_frame(make([10, 30, 50, 60], horizon_years=10))
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
    assert table.loc[0.999, "median"] == _NOT_REACHED
    crossed, medians = pd.Timestamp(table.loc[0.6, "median"]), result.quantiles[0.5]
    assert medians[medians.index < crossed].lt(60).all()
    assert medians[medians.index > crossed].ge(60 - 0.1).all()


def test_nothing_after_the_origin_changes_a_hindcast():
    series = indicators.load().series("China", "genai_users", "population_year_end")
    origin = pd.Timestamp("2025-06-30")
    before = forecast.hindcast(series, None, [origin]).drop(columns="actual")
    after = forecast.hindcast(disturb(series, origin, 3), None, [origin]).drop(columns="actual")
    assert before.to_csv() == after.to_csv()
    assert set(before["origin"]) == {origin}


def test_hindcasts_are_cut_at_their_origin_and_origins_have_points_before_them():
    series = indicators.load().series("China", "genai_users", "population_year_end")
    origins = _find_origins(series)
    assert list(origins) == [pd.Timestamp("2025-06-30")]
    cut = cut_series(series, origins[0])
    dated = (cut.values, cut.limit.values, cut.censored, cut.observations.set_index("date"))
    for index in (each.index for each in dated):
        assert len(index) == 0 or index.max() <= origins[0]
    result = forecast.hindcast(series)
    assert result.set_index("date")["actual"].to_dict() == {pd.Timestamp("2025-12-31"): 602.0} | {
        date: pytest.approx(np.nan, nan_ok=True) for date in result["date"][1:]
    }
    assert forecast.hindcast(series, None, origins[:0]).empty


def test_before_its_break_a_series_is_what_it_was_then():
    series = indicators.load().series("China", "internet_use_itu")
    day = pd.Timestamp("2020-12-31")
    assert series.last_break["date"] == pd.Timestamp("2023-12-31")
    cut = cut_series(series, day)
    assert (cut.values.iloc[-1], len(cut.earlier)) == (70.1, 0)
    rows = forecast.hindcast(series, origins=pd.DatetimeIndex([day])).set_index("date")
    known = rows["actual"].dropna()
    assert known.to_dict() == {pd.Timestamp("2021-12-31"): 73.1, pd.Timestamp("2022-12-31"): 75.6}
    assert {"2023-12-31", "2024-12-31"} <= {f"{date:%Y-%m-%d}" for date in rows.index}, "counted anew: no outcome"
    assert rows["q0.1"].notna().all()


def test_a_forecast_needs_no_other_series_and_no_data(monkeypatch):
    monkeypatch.setattr(indicators, "load", None)
    dates = pd.date_range("2016-12-31", periods=10, freq="YE")
    users = pd.Series([3.0, 6, 11, 19, 29, 40, 48, 54, 57, 59], dates)
    result = forecast.forecast(users, 100)
    used = users.iloc[-8:]
    t, ones = curves.decimal_years(used.index), np.ones(len(result.years))
    theirs = reference.quantiles(
        t - t[-1], used.to_numpy() / 100, result.years, 100 * ones, 0 * ones, np.array(result.quantile_levels)
    )
    np.testing.assert_allclose(result.quantiles, theirs, rtol=1e-10)


def test_the_limit_of_a_window_is_the_one_known_at_its_origin():
    limit = pd.Series([100.0, 120.0, 300.0], index=pd.to_datetime(["2020-12-31", "2021-12-31", "2022-12-31"]))
    series = make_series([10, 12, 15], start="2020-12-31")
    years = curves.decimal_years(series.index)
    np.testing.assert_allclose(Limit(limit).at(years, years[-1]), [100, 100 + 20 * 181 / 365, 120], rtol=1e-6)
    with pytest.raises(ValueError, match="the limit starts on 2022-12-31"):
        select_values(series, Limit(limit.iloc[[2]]))


def test_dense_short_series_is_thinned_over_its_whole_span():
    """Two figures a month over ten months: the window spans them, not the last three months alone."""
    used = select_values(make_series(np.linspace(17, 24, 22), "2025-11-16", "14D"))
    assert len(used) >= 4
    assert np.ptp(curves.decimal_years(used.index)) > 0.6


def test_a_series_that_has_fallen_has_no_forecast(make):
    result = make([11, 30, 46, 41, 36, 30])
    assert result.kind == "fallen"
    assert result.quantiles.empty
    assert list(result.quantiles.columns) == [0.5]
    assert result.frame().empty
    assert all(each.empty for each in (result.paths, result.milestones(), result.probability()))
    assert all(
        make_frame(result).empty
        for make_frame in (result_tables.limit_frame, result_tables.end_frame, result_tables.scenario_frame)
    )
    assert f"{NO_FORECAST}>" in repr(result)
    assert NO_FORECAST in result._repr_html_()
    with pytest.raises(ValueError, match=NO_FORECAST):
        result.at([1.0], [0.5])
    assert make([11, 46, 37, 30, 46.1, 46.2]).kind == make([11, 46, 43]).kind == "forecast"


def test_the_median_is_the_path_and_the_path_has_five_ends(make):
    result = make([10, 14, 20, 27])
    limit, path = result.limit_ahead(result.years)[0], model.find_path(*result.window(), result.years[None])
    np.testing.assert_allclose(result.quantiles[0.5], limit * path[0], rtol=1e-12)
    ends = result_tables.end_frame(result)
    assert ends["share"].tolist() == [0.27 * 1.002, 0.4, 0.6, 0.8, 0.98]
    assert ends["weight"].sum() == pytest.approx(1)


def test_a_median_that_rises_is_never_below_the_last_figure_and_ties_change_nothing(make):
    over = [96, 98, 99.5, 100.4]
    with pytest.raises(ValueError, match="lie above the limit"):
        make(over, most=100)  # a number that somebody gives is not rounded; another series may be
    adults = replace(read_series(make_series(over), 100).limit, name="adults")
    for values, limit in (([95, 98, 99.5, 99.97], 100), ([98, 99, 100, 100], 100), (over, adults)):
        result = make(values, limit, most=100)
        assert result.quantiles[0.5].min() >= values[-1] - 1e-12
        assert result.quantiles.max(axis=None) <= max(values[-1], 100) + 1e-12
    np.testing.assert_allclose(make([30, 30, 30, 30]).quantiles[0.5], 30, atol=1e-4)


def test_the_audit_that_is_shown_is_of_the_stage_and_the_nearest_number_of_figures(make):
    def list_rows(*values, **options):
        found = result_tables.audit_frame(make([*values], **options))
        return set(zip(found["share_of_limit"], found["figures"], strict=True)), set(found["series"])

    shown, series = list_rows(10, 14, 20, 27)
    assert (shown, len(series)) == ({("5 to 60", 4)}, 2)
    shown, _ = list_rows(10, 14, 20, 24, 27)
    assert shown == {("5 to 60", 4), ("5 to 60", 6)}
    assert list_rows(50, 60, 65, 70, 74, 77, 80)[0] == {("60 to 98", 6), ("60 to 98", 8)}
    assert result_tables.audit_frame(make([1, 2, 3], None)).empty
    share = make_series([10, 14, 20, 27], unit="percent of new cars", measure="flow")
    assert result_tables.audit_frame(make(share, None)).empty, "no audit was of today's intervals of shares of sales"
    sold = result_tables.audit_frame(make(make_series([10, 14, 20, 27], unit="cars", measure="flow"), None))
    assert list(zip(sold["years"], sold["factor"], sold["inside_80"], strict=True)) == [
        (1, 2, 83), (2, 3, 84), (3, 4, 83), (5, 6, 87)
    ]  # fmt: skip
