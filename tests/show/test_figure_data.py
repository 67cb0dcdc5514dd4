"""What figures show, as tidy frames."""

import pandas as pd
import pytest
from conftest import SAMPLE

from adoption_curves import forecast, indicators
from adoption_curves.forecast import frames
from adoption_curves.show.figure_data import tidy_forecast, tidy_series


@pytest.fixture(scope="module")
def data():
    return indicators.load(SAMPLE)


@pytest.mark.parametrize("limit", ["internet_users", "none", "2000"])
def test_a_series_has_its_figures_its_newer_ones_and_its_limit_as_far_as_it_is_known(data, limit):
    series = data.series("China", "genai_users", limit)
    frame = tidy_series(series)
    assert list(frame) == ["date", "stage", "observed", "limit", "unit"]
    observed = frame[frame["stage"] == "observed"]
    assert observed["observed"].tolist() == series.values.tolist()
    assert observed["limit"].notna().all() == (limit != "none")
    newer = frame[frame["stage"] != "observed"]
    assert newer[["stage", "observed"]].to_numpy().tolist() == series.newer[["qualifier", "value"]].to_numpy().tolist()
    assert newer["limit"].isna().all(), "after its last date the limit is forecast"


@pytest.mark.parametrize("limit", ["internet_users", "none"])
def test_a_forecast_has_a_row_a_date_and_two_columns_a_level(data, limit):
    series = data.series("China", "genai_users", limit)
    levels = (0.9, 0.5)
    result = forecast.forecast(series, levels=levels, horizon_years=2)
    rows, scenarios = result.frame(), frames.scenario_frame(result)
    frame = tidy_forecast(rows, frames.limit_frame(result), series, scenarios, levels)
    columns = {"median": "q0.5"}
    if limit != "none":
        columns |= {"lower_50": "q0.25", "upper_50": "q0.75", "lower_90": "q0.05", "upper_90": "q0.95"}
    told = [f"scenario_{100 * share:g}" for share in scenarios["share"].unique()]
    assert list(frame) == ["date", "stage", "observed", "limit", *columns, *told, "unit"]
    ahead = frame[frame["stage"] == "forecast"]
    assert ahead[[*columns]].to_numpy().tolist() == rows[[*columns.values()]].to_numpy().tolist()
    assert ahead["limit"].notna().all() == (limit != "none")
    assert len(told) == 3 * (limit != "none")
    for share in scenarios["share"].unique():
        course = scenarios.loc[scenarios["share"] == share, "value"]
        pd.testing.assert_series_equal(ahead[f"scenario_{100 * share:g}"], course, check_names=False, check_index=False)
