"""Scale: work and memory in proportion to the data; work is counted, since a test can't trust a clock."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from figure_faults import find_faults
from test_compare import make

from helpers import curves, figures, indicators
from helpers.figures import style
from helpers.parameters import Parameters
from helpers.runs import compare, sweep
from helpers.runs.sweep_file import Sweep, name_runs

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
    values = make_long(10_000)
    rows = {"date": values.index, "value": values.to_numpy(), "change": values.diff().to_numpy()}
    growth = pd.DataFrame(rows | {"years": 1 / 365.25, "growth": 1.0})
    figure = figures.draw_growth(growth, {"title": "Daily", "unit": "percent"}, "Source: test.")
    assert 30 <= len(figure.axes[0].patches) <= 60


# ---- many series


def load_many(folder, series):
    """Load a file of so many series; returns the rows of all tables that were gone through, and the peak of memory."""
    path = folder / f"{series}.csv"
    rows = (f"{2018 + y}-12-31,{1 + i % 7 + 2 * y},E{i // 10},ind_{i % 10}\n" for i in range(series) for y in range(4))
    path.write_text("date,value,entity,indicator\n" + "".join(rows))
    tracemalloc.start()
    try:
        assert f"holds {series:,} series" in indicators.summarise_data(indicators.load(path))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_series_are_loaded_with_memory_in_proportion(tmp_path):
    indicators.load()
    few, many = load_many(tmp_path, 500), load_many(tmp_path, 2000)
    assert many < 4.5 * few
    assert many < 12_000 * 2000, "bytes for a series of four figures"


# ---- a large sweep

COUNT = 500


def list_large(count=COUNT):
    """Runs over 50 horizons and 10 shares."""
    runs = [Parameters(horizon_years=(1 + i % 50) / 2, shares=[(1 + i // 50) / 20]) for i in range(count)]
    names = name_runs(runs, ("shares", "horizon_years"), [None] * count)
    return [Parameters(**{**run.model_dump(), "run": name}) for run, name in zip(runs, names, strict=True)]


@pytest.mark.slow
def test_the_summary_of_a_large_sweep_reads_each_run_once_and_stays_readable(tmp_path, monkeypatch):
    runs = list_large()
    for place, run in enumerate(runs):
        make(tmp_path, run.run, median=500 + place % 50 * 3.0 + place // 50 * 20, horizon_years=run.horizon_years)
    reads, read_csv = [], pd.read_csv
    monkeypatch.setattr(compare.pd, "read_csv", lambda path, **options: reads.append(path) or read_csv(path, **options))
    drawn, draw_runs = [], sweep.draw_runs
    monkeypatch.setattr(sweep, "draw_runs", lambda *words: drawn.append(draw_runs(*words)) or drawn[-1])
    sweep.write_summary(Sweep("large", "large.yaml", runs, ("shares", "horizon_years"), True), tmp_path, {})
    assert len(reads) == len(set(reads)) <= 5 * COUNT
    table = read_csv(tmp_path / "sweep.csv")
    assert len(table) == COUNT
    assert table["state"].eq("complete").all()
    [figure] = drawn
    for width in style.WIDTHS.values():
        assert not find_faults(figure.lay_out(width))
    assert figure.get_size_inches()[1] < 15
    assert (tmp_path / "index.html").stat().st_size < 1_000_000
