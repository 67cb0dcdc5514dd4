"""What figures show, as tidy frames."""

import pytest
from conftest import SAMPLE

from adoption_curves import forecast, indicators
from adoption_curves.forecast import result_tables
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
def test_a_forecast_has_a_row_a_date_with_its_quantiles_and_its_limit(data, limit):
    series = data.series("China", "genai_users", limit)
    result = forecast.forecast(series, levels=(0.9, 0.5), horizon_years=2)
    rows = result.frame()
    frame = tidy_forecast(rows, result_tables.limit_frame(result), series)
    quantiles = ["q0.05", "q0.25", "q0.5", "q0.75", "q0.95"] if limit != "none" else ["q0.5"]
    assert {*quantiles} <= {*frame}
    ahead = frame[frame["stage"] == "forecast"]
    assert ahead[quantiles].to_numpy().tolist() == rows[quantiles].to_numpy().tolist()
    assert ahead["limit"].notna().all() == (limit != "none")
    assert len(frame) == len(tidy_series(series)) + len(rows)
