"""Scale: work and memory in proportion to the data; work is counted, since a test can't trust a clock."""

import re
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figure_faults import find_faults
from small_notebooks import write_notebooks
from test_compare import make
from test_sweep import FORECAST, SHARED, SUMMARY, Pretend

from helpers import curves, figures, indicators
from helpers.compare import reading
from helpers.curves import shapes
from helpers.figures import style
from helpers.parameters import Parameters
from helpers.sweep import summary
from helpers.sweep.grid import Sweep, name_runs
from helpers.sweep.making import FIRST_FAILURES, MOST_LINES, Progress, make_runs
from helpers.sweep.work import Outcome

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
    counts, share = [], shapes.LogisticShape.share

    def count(times, *shape):
        found = share(times, *shape)
        counts.append(np.size(found))
        return found

    monkeypatch.setattr(shapes.LogisticShape, "share", staticmethod(count))
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


def test_growth_over_many_intervals_is_drawn_as_one_shape():
    """A bar for each of 10,000 intervals took minutes."""
    values = make_long(10_000)
    rows = {"date": values.index, "value": values.to_numpy(), "change": values.diff().to_numpy()}
    growth = pd.DataFrame(rows | {"years": 1 / 365.25, "growth": 1.0})
    figure = figures.draw_growth(growth, {"title": "Daily", "unit": "percent"}, "Source: test.")
    assert len(figure.axes[0].patches) == 1


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


@pytest.fixture
def notebooks(tmp_path):
    made = {"01_shared": SHARED, "05_forecast": FORECAST, "06_summary": SUMMARY}
    return write_notebooks(tmp_path / "notebooks", made)


def list_large(count=COUNT):
    """Runs over 50 horizons and 10 shares."""
    runs = [Parameters(horizon_years=(1 + i % 50) / 2, shares=[(1 + i // 50) / 20]) for i in range(count)]
    names = name_runs(runs, ("shares", "horizon_years"), [None] * count)
    return [Parameters(**{**run.model_dump(), "run": name}) for run, name in zip(runs, names, strict=True)]


class Counting(Pretend):
    """Notes how many files had been read when a run was given out."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.looked, self.after = 0, []

    def give(self, task):
        self.after.append(self.looked)
        super().give(task)


def test_a_late_run_of_a_large_sweep_costs_no_more_than_an_early_one(tmp_path, notebooks, monkeypatch, capsys):
    workers, read = Counting(2, tmp_path), Path.read_text

    def count(path, **options):
        workers.looked += 1
        return read(path, **options)

    monkeypatch.setattr(Path, "read_text", count)
    assert make_runs(list_large(), tmp_path, workers, notebooks) == {}
    assert len(workers.given) == COUNT
    first, last = workers.after[101] - workers.after[1], workers.after[-1] - workers.after[-101]
    assert 0 < last <= 1.1 * first
    assert max(len(task.origins) for task in workers.given) <= 3, "a place for each notebook, not for each run"


def test_a_large_sweep_is_told_in_some_fifty_lines(tmp_path, notebooks, capsys):
    runs = list_large()
    endings = {(run.run, 1): "Notebook failed\nwhy" for run in runs[:: COUNT // 20]}
    failed = make_runs(runs, tmp_path, Pretend(2, tmp_path, endings), notebooks)
    lines = capsys.readouterr().out.splitlines()
    assert len(failed) == 20
    assert MOST_LINES <= len(lines) <= MOST_LINES + FIRST_FAILURES
    assert sum("failed: Notebook failed" in line for line in lines) >= FIRST_FAILURES
    assert re.fullmatch(r"250/500 \S+  1\.0 s  \d+ failed  \(about \d+ s left\)", lines[len(lines) // 2 + 4]) or any(
        re.fullmatch(r"250/500 \S+  .+  1[01] failed  \(about \d+ s left\)", line) for line in lines
    )
    assert lines[-1].startswith("500/500 ")
    assert "20 failed" in lines[-1]


def test_the_time_left_is_that_of_the_latest_runs(monkeypatch):
    """250 runs of an earlier sweep are there at once, then each takes ten seconds: 230 are left after 20 of these."""
    clock = [0.0]
    monkeypatch.setattr("helpers.sweep.making.time.monotonic", lambda: clock[0])
    work = {f"run-{number}": 1.0 for number in range(COUNT)}
    progress, lines = Progress(work), []
    for number in range(270):
        clock[0] += 10.0 if number >= 250 else 0.0
        lines.append(progress.note(Outcome(f"run-{number}", 10.0)))
    assert lines[-1].endswith("(about 38 min left)")


def test_the_time_left_counts_the_notebooks_of_a_run(monkeypatch):
    """Ten runs that make six notebooks come first; the other ninety make two of them."""
    clock = [0.0]
    monkeypatch.setattr("helpers.sweep.making.time.monotonic", lambda: clock[0])
    work = {f"run-{number}": 6.0 if number < 10 else 2.0 for number in range(100)}
    progress, lines = Progress(work), []
    for number in range(10):
        clock[0] += 60.0
        lines.append(progress.note(Outcome(f"run-{number}", 60.0)))
    assert lines[-1].endswith("(about 30 min left)")


def test_the_summary_of_a_large_sweep_reads_each_run_once_and_stays_readable(tmp_path, monkeypatch):
    runs = list_large()
    for place, run in enumerate(runs):
        make(tmp_path, run.run, median=500 + place % 50 * 3.0 + place // 50 * 20, horizon_years=run.horizon_years)
    reads, read_csv = [], pd.read_csv
    monkeypatch.setattr(reading.pd, "read_csv", lambda path, **options: reads.append(path) or read_csv(path, **options))
    drawn, draw_runs = [], summary.draw_runs
    monkeypatch.setattr(summary, "draw_runs", lambda *words: drawn.append(draw_runs(*words)) or drawn[-1])
    summary.write_summary(Sweep("large", "large.yaml", runs, ("shares", "horizon_years"), True), tmp_path, {})
    assert len(reads) == len(set(reads)) <= 5 * COUNT
    table = read_csv(tmp_path / "sweep.csv")
    assert len(table) == COUNT
    assert table["state"].eq("complete").all()
    [figure] = drawn
    for width in style.WIDTHS.values():
        assert not find_faults(figure.lay_out(width))
    assert figure.get_size_inches()[1] < 15
    assert (tmp_path / "index.html").stat().st_size < 1_000_000
