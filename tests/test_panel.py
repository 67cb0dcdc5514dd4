"""One's own panel: many series at once, each learning from the others, with errors that say what would be right."""

import numpy as np
import pandas as pd
import pytest

from helpers import forecast, indicators
from helpers.forecast import scores

DATES = pd.date_range("2008-12-31", periods=16, freq="YE")


def make_panel(number, seed=0):
    """Logistic courses of one technology in several places."""
    random, time = np.random.default_rng(seed), np.arange(len(DATES))
    columns = {}
    for place in range(number):
        middle, rate, ceiling = random.uniform(5, 12), random.uniform(0.35, 0.7), random.uniform(50, 95)
        noise = random.normal(0, 0.4, len(DATES))
        columns[f"place {place}"] = np.clip(ceiling / (1 + np.exp(-rate * (time - middle))) + noise, 0.2, 99)
    return pd.DataFrame(columns, DATES)


PANEL = make_panel(30)


@pytest.fixture(scope="module")
def own():
    return forecast.backtest(PANEL, bound=100)


def test_thirty_series_of_one_technology_are_each_judged_by_the_others(own):
    assert own["technology"].nunique() == 30
    table = scores.score(own, by=("method", "horizon_years")).set_index(["method", "horizon_years"])
    assert table.loc[("combined", 1.0), "technologies"] == 30
    assert table.loc[("combined", 1.0), "wis_relative"] < 1
    less = forecast.backtest(PANEL.drop(columns="place 3"), bound=100)
    mine = forecast.forecast_many(PANEL[["place 3"]], 100, references=PANEL, residuals=own)["place 3"]
    without = forecast.forecast_many(PANEL[["place 3"]], 100, references=PANEL.drop(columns="place 3"), residuals=less)[
        "place 3"
    ]
    np.testing.assert_allclose(mine.quantiles, without.quantiles, rtol=0.01)  # what others learnt from it is left


def test_forecasts_of_a_panel_are_those_of_its_series_alone(own):
    result = forecast.forecast_many(PANEL.iloc[:, :3], 100, references=PANEL, residuals=own, horizon_years=3)
    assert list(result) == ["place 0", "place 1", "place 2"]
    assert "learnt from 30 series, each left out for its own" in repr(result)
    frame = result.frame()
    assert list(frame.columns[:3]) == ["series", "date", "method"]
    assert len(frame) == 9
    assert set(result.milestones()["series"]) == set(result)
    assert len(result.plot(columns=2).axes) == 4
    told = " ".join(result["place 0"].statements()["statement"])
    assert "29 other series" in told
    assert "technolog" not in told


def test_a_frame_a_dict_and_a_list_are_the_same_panel(own):
    frame = PANEL.iloc[:, :2]
    settings = {"references": PANEL, "residuals": own, "horizon_years": 1}
    result = [forecast.forecast_many(each, 100, **settings) for each in (frame, dict(frame), [frame[n] for n in frame])]
    for other in result[1:]:
        pd.testing.assert_frame_equal(other.frame(), result[0].frame())
    bounds = dict.fromkeys(PANEL, 100) | {"place 1": pd.Series(100.0, DATES)}
    for each in (bounds, pd.Series(100.0, PANEL.columns)):
        pd.testing.assert_frame_equal(forecast.forecast_many(frame, each, **settings).frame(), result[0].frame())


def test_the_project_teaches_a_panel_by_default():
    result = forecast.forecast_many(PANEL.iloc[:, :2], bound=100, horizon_years=1, method="drift")
    assert "earlier technologies" in repr(result)
    assert (result.frame()["method"] == "drift").all()
    series = [indicators.load().series(name, "internet_use_itu", "100") for name in ("Brazil", "India")]
    assert list(forecast.forecast_many(series, horizon_years=1)) == [
        "Brazil internet_use_itu",
        "India internet_use_itu",
    ]


def test_a_series_that_carries_no_forecast_is_named_and_the_others_stand(own):
    panel = PANEL.iloc[:, :3].copy()
    panel["place 1"] = np.nan
    panel.loc[DATES[:2], "place 1"] = 0.0
    result = forecast.forecast_many(panel, 100, references=PANEL, residuals=own)
    assert list(result) == ["place 0", "place 2"]
    assert "at least 1 dated value above 0" in result.problems["place 1"]
    assert "none for place 1" in repr(result)


@pytest.mark.parametrize(
    ("panel", "options", "message"),
    [
        (5, {}, "a panel is no int; give a DataFrame with dates as index"),
        ({}, {}, "the panel is empty"),
        ([1], {}, "the panel holds a int"),
        (PANEL.reset_index(drop=True), {}, "frame.pivot"),
        (PANEL.assign(name="x"), {}, "the column 'name' holds no numbers"),
        ([PANEL["place 0"].rename(None)], {}, "a series has no name"),
        ([PANEL["place 0"]] * 2, {}, "two series are called 'place 0'"),
        (PANEL, {"bound": {"place 0": 100}}, "bound has no entry for 'place 1'"),
        (PANEL.iloc[:, :2], {"method": "oracle"}, "method is 'oracle'"),
        (PANEL.iloc[:, :2], {"levels": [2]}, "levels are shares between 0 and 1"),
    ],
    ids=lambda each: None if isinstance(each, pd.DataFrame | list | dict) else str(each)[:20],
)
def test_what_is_no_panel_says_what_would_be(own, panel, options, message):
    with pytest.raises(ValueError, match=message):
        forecast.forecast_many(panel, **({"bound": 100, "references": PANEL, "residuals": own} | options))


def test_a_panel_without_a_bound_cannot_be_tested():
    with pytest.raises(ValueError, match=r"none of the series has a bound.*give bound=100"):
        forecast.backtest(PANEL)
