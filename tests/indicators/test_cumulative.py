"""Figures that count all so far: how they are told, and that no forecast of them falls."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from processes import call

from adoption_curves import indicators
from adoption_curves.base.formats import FLOW
from adoption_curves.curves import assess_ceiling
from adoption_curves.forecast import forecast
from adoption_curves.forecast.cumulative import compute_increments
from adoption_curves.indicators.from_pandas import read_series
from adoption_curves.indicators.labels import list_levels, list_newer
from adoption_curves.say.page import format_claim
from adoption_curves.say.run_tables import RunTables

SOLD = [3, 5, 8, 12, 20, 33, 50, 66, 80, 95, 108, 112, 113, 113.5]


def write(folder, heading, values=SOLD, name="sales.csv", measure="level"):
    rows = [f"{2020 + place // 4}-Q{place % 4 + 1},{value}" for place, value in enumerate(values)]
    path = folder / name
    path.write_text("\n".join([f'Quarter,"{heading}"', *rows]) + "\n", encoding="utf-8")
    return f"{path}?unit=cars&measure={measure}"


def select(source, limit=""):
    data = indicators.load(source)
    return data.series(*data.own[0], limit=limit)


@pytest.mark.parametrize("limit", ["", 150])
def test_no_path_and_no_edge_falls(tmp_path, limit):
    result = forecast(select(write(tmp_path, "Sold to date", measure="cumulative"), limit))
    assert (np.diff(result.paths.to_numpy(), axis=1, prepend=SOLD[-1]) >= 0).all()
    assert (np.diff(result.quantiles.to_numpy(), axis=0, prepend=SOLD[-1]) >= 0).all()
    if limit:
        plain = forecast(select(write(tmp_path, "sales"), limit))
        assert (plain.at(plain.years, [0.025]) < SOLD[-1]).all(), "which a band of other figures does"


def sell(seed=5, known=23):
    """Cars sold by the end of each quarter, without seasons, and what was expected three quarters on."""
    t = np.arange(known + 3.0)
    sold = 20_000 + 580_000 / (1 + np.exp(-0.25 * (t - 16)))
    seen = (sold * (1 + 0.01 * np.random.default_rng(seed).standard_normal(len(t)))).cumsum()[:known]
    dates = pd.date_range("2020-03-31", periods=known, freq="QE")
    return replace(read_series(pd.Series(seen.round(), dates)), measure="cumulative"), sold.sum()


def test_a_sum_is_forecast_by_what_each_period_adds():
    sold, expected = sell()
    result = forecast(sold)
    median = result.at([0.75], [0.5])[0, 0]
    assert not result.has_range
    assert median == pytest.approx(expected, rel=0.05)
    assert result.added is not None
    assert (np.diff(result.quantiles.to_numpy(), axis=0, prepend=sold.values.iloc[-1]) >= 0).all()
    assert result.extend(1).quantiles.iloc[-1][0.5] == pytest.approx(result.quantiles.loc["2026-06-30", 0.5], rel=0.01)


def test_increments_are_a_years_worth():
    dates = pd.to_datetime(["2020-12-31", "2021-06-30", "2021-12-31", "2022-12-31"])
    series = replace(read_series(pd.Series([10.0, 15.0, 25.0, 40.0], dates)), measure="cumulative")
    more = compute_increments(series)
    np.testing.assert_allclose(more.values, [5 / 0.496, 10 / 0.504, 15], rtol=0.01)
    assert compute_increments(replace(series, values=series.values.clip(upper=25.0))) is None


def test_names_say_it_and_growth_is_what_was_added(tmp_path):
    source = write(tmp_path, "Sold to date", measure="cumulative")
    data, series = indicators.load(source), select(source)
    names = indicators.find_labels(data, series)
    assert (names.measure, names.own) == ("cumulative", True)
    growth = list_levels(data, series)
    run = RunTables({"02_growth": growth, "02_newer": list_newer(data, series)}, names)
    assert run.format_when(run.newest).startswith("by ")


def test_flows_of_years_are_called_so_and_have_no_verdict(tmp_path):
    path = tmp_path / "sold.csv"
    path.write_text("Year,Sold\n" + "".join(f"{2015 + place},{value}\n" for place, value in enumerate(SOLD[:9])))
    source = f"{path}?unit=cars&measure=flow&title=Cars sold"
    data, series = indicators.load(source), select(source)
    names = indicators.find_labels(data, series)
    assert (series.measure, names.measure) == ("flow", "flow")
    assert format_claim(names, "80 cars", "in 2023") == "Cars sold: 80 cars in 2023"
    row = assess_ceiling(series).frame().iloc[0]
    assert (row["verdict"], row["high"]) == (FLOW, np.inf)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "year,value,break\n2019,30,\n2020,40,\n2021,10,new survey\n",
            "2 values of mine before the break of 2021-12-31 (new survey) left out.",
        ),
        (
            "year,value,break\n2019,30,\n2020,40,\n2021,10,new survey\n",
            "no forecast, because a forecast needs three usable values that span half a year; the series has",
        ),
        (
            "year,value,break\n2018,10,new survey\n2019,12,\n2020,20,\n2021,31,\n2022,50,another\n",
            "4 values of mine before the break of 2022-12-31 (another) left out.",
        ),
        ("year,value\n2016,0\n2017,90\n2018,95\n2019,70\n", "1 value of 0 of mine left out of curves and forecast"),
        ("year,value\n2017,90\n2018,95\n2019,70\n2020,60\n", "no forecast, because the series is in decline."),
        ("date,value\n2024-01-28,1\n2024-02-28,2\n2024-03-28,3\n", "usable: two are less than half a year from the"),
        ("date,value\n2024-01-28,1\n2024-02-28,2\n2024-03-28,3\n", "last 3 people on 28 March 2024"),
    ],
)
def test_check_names_what_is_left_out_and_why_there_is_no_forecast(tmp_path, capsys, text, said):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    code, out, _ = call(capsys, "check", path, "--unit", "people", "--measure", "level")
    assert (code, said in out) == (0, True), out


def test_check_says_what_a_forecast_of_numbers_sold_has_in_the_place_of_an_interval(tmp_path, capsys):
    path = tmp_path / "sold.csv"
    path.write_text("Year,Sold\n2020,3\n2021,5\n2022,8\n2023,12\n")
    out = call(capsys, "check", path, "--unit", "cars", "--measure", "flow")[1]
    assert "We forecast one year, without an interval." in out
    assert "between 1/2 and 2 times their trend 1 year ahead (4,308 forecasts)" in out
    assert "Divide them by all sales of the kind to get a share, which has an interval." in out
    out = call(capsys, "check", path, "--unit", "cars", "--measure", "cumulative")[1]
    assert "Without one we quote no forecast." in out, "of a total"


def test_several_countries_get_the_line_of_a_sweep_that_is_read(tmp_path, capsys, monkeypatch):
    from adoption_curves.runs.sweep import read_sweep

    monkeypatch.chdir(tmp_path)
    lands = ("Chad", 2005), ("Mali", 2010)
    rows = "".join(f"{year},{land},{year - start}\n" for land, start in lands for year in range(2014, 2019))
    (tmp_path / "lands.csv").write_text(f"year,entity,value\n{rows}")
    told = call(capsys, "check", "lands.csv", "--unit", "% of homes", "--measure", "level")[1].splitlines()
    [line] = [line for line in told if line.startswith("one run for each country or group: ")]
    words = shlex.split(line.removeprefix("one run for each country or group: ").split(">")[0])
    (tmp_path / "lands.yaml").write_text(words[1])
    assert json.loads(words[1])["grid"] == {"entity": ["Chad", "Mali"]}
    assert len(read_sweep(tmp_path / "lands.yaml").runs) == 2
    assert "adoption sweep lands.yaml" in line
