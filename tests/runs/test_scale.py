"""Scale: work and memory in proportion to the data; work is counted, since a test can't trust a clock."""

import sys
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cells import NOTEBOOKS, execute_cells
from reports import make

from adoption_curves import curves, forecast, indicators
from adoption_curves.cli.held import summarise_data
from adoption_curves.show import figures

# ---- a long series


def make_long(points):
    """A noisy logistic curve, a figure a day."""
    years = np.linspace(-6, 4, points)
    noise = np.random.default_rng(1).normal(0, 0.3, points)
    dates = pd.date_range("1800-01-01", periods=points, freq="D")
    return pd.Series(90 / (1 + np.exp(-years)) + noise, index=dates, name="daily")


@pytest.fixture
def evaluated(monkeypatch):
    """Counts the values of the curve that are computed."""
    counts, share = [], curves.Logistic.share

    def count(times, *shape):
        found = share(times, *shape)
        counts.append(np.size(found))
        return found

    monkeypatch.setattr(curves.Logistic, "share", staticmethod(count))
    return counts


def fit_long(points, counts):
    counts.clear()
    tracemalloc.start()
    try:
        found = curves.Logistic(make_long(points)).fit()
        return found, sum(counts), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_series_is_fitted_with_work_and_memory_in_proportion(evaluated):
    """With the grid of starts held whole, 40,000 points took 1.4 GB."""
    _, work, _ = fit_long(10_000, evaluated)
    found, more, most = fit_long(40_000, evaluated)
    assert found.params["ceiling"] == pytest.approx(90, rel=0.01)
    assert 0 < more < 6 * work
    assert most < 300e6


def test_growth_over_many_intervals_is_drawn_in_few_bars():
    """A bar for each of 10,000 intervals took minutes."""
    series = SimpleNamespace(values=make_long(10_000), breaks=pd.DataFrame({"date": [], "kind": []}))
    figure = figures.draw_growth(series, {"title": "Daily", "unit": "percent"}, "Source: test.")
    assert 30 <= len(figure.axes[0].patches) <= 60


# ---- many series


def load_many(folder, series):
    """Load a file of so many series; returns the rows of all tables that were gone through, and the peak of memory."""
    path = folder / f"{series}.csv"
    rows = (
        f"{2018 + y}-12-31,{1 + i % 7 + 2 * y},E{i // 10},ind_{i % 10},level,people\n"
        for i in range(series)
        for y in range(4)
    )
    path.write_text("date,value,entity,indicator,measure,unit\n" + "".join(rows))
    tracemalloc.start()
    try:
        assert f"holds {series:,} series" in summarise_data(indicators.load(path))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_series_are_loaded_with_memory_in_proportion(tmp_path):
    indicators.load()
    few, many = load_many(tmp_path, 500), load_many(tmp_path, 2000)
    assert many < 4.5 * few
    assert many < 12_000 * 2000, "bytes for a series of four figures"


# ---- many forecasts


def make_courses(count):
    """So many noisy logistic courses of eight figures."""
    dates, random = pd.date_range("2016-12-31", periods=8, freq="YE"), np.random.default_rng(0)
    rates, middles = random.uniform(0.3, 0.9, (count, 1)), random.uniform(2, 8, (count, 1))
    shares = 90 / (1 + np.exp(-rates * (np.arange(8) - middles))) * np.exp(random.normal(0, 0.02, (count, 8)))
    return {f"place {number}": pd.Series(values, dates) for number, values in enumerate(shares)}


def test_what_the_references_teach_is_learnt_once_for_many_series(monkeypatch, tmp_path):
    """With and without a bound mixed each series had a backtest of its own: two seconds and more for each."""
    calls, kept = {"backtest": 0, "learn_weights": 0}, sys.modules["adoption_curves.forecast.backtest"]

    def count(holder, name):
        original = getattr(holder, name)

        def counted(*given, **named):
            calls[name] += 1
            return original(*given, **named)

        monkeypatch.setattr(holder, name, counted)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept, "_KEPT", {})
    count(kept, "backtest")
    count(kept.model, "learn_weights")
    references = indicators.load().references()[:8]
    for place, series in enumerate(make_courses(40).values()):
        forecast.forecast(series, 100.0 if place % 2 else None, references, horizon_years=2).frame()
    assert calls["backtest"] == 2, "one with a bound, one without"
    assert calls["learn_weights"] <= 2 * (1 + len({each.technology for each in references}))


def test_forecast_after_forecast_keeps_memory_flat():
    """Newer figures draw paths, which a cache kept for 32 forecasts: 40 MB."""
    references = indicators.load().references()[:8]

    def make(series):
        newer = pd.DataFrame({"value": series.iloc[-1:].array, "bound": ["at_least"]}, pd.to_datetime(["2024-06-30"]))
        result = forecast.forecast(series, 100, references, horizon_years=8, censored=newer)
        assert 0 < result.share_kept < 1
        return len(result.dates)

    courses = list(make_courses(12).values())
    assert make(courses[0]) == 8
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for course in courses:
            make(course)
        assert tracemalloc.get_traced_memory()[0] - before < 8e6
    finally:
        tracemalloc.stop()


# ---- a large sweep


@pytest.mark.slow
def test_the_notebook_of_a_large_sweep_reads_each_run_once(tmp_path, monkeypatch):
    """Of 50 horizons and 4 shares; it has a table and no figure."""
    count, reads, read_csv = 200, [], pd.read_csv
    for place in range(count):
        values = {"median": 500 + place % 50 * 3.0 + place // 50 * 20}
        values |= {"horizon_years": (1 + place % 50) / 2, "shares": [(1 + place // 50) / 20]}
        make(tmp_path, f"large/{place}", **values)
    monkeypatch.setattr(pd, "read_csv", lambda path, **options: reads.append(path) or read_csv(path, **options))
    large = [f"large/{place}" for place in range(count)]
    names, drawn = execute_cells(NOTEBOOKS / "compare_runs.ipynb", tmp_path, {"runs": large})
    assert len(reads) == len(set(reads)) <= 5 * count
    assert len(names["shown"]) == count
    assert set(names["effects"].index) == {"shares", "horizon_years"}
    assert names["said"].endswith(f"across {count} runs")
    assert drawn == []
