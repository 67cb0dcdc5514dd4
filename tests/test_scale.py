"""Scale: work and memory in proportion to the data; work is counted, since a test can't trust a clock."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from helpers import curves, figures


def make_long(points):
    """A noisy logistic curve, a figure a day."""
    years = np.linspace(-6, 4, points)
    noise = np.random.default_rng(1).normal(0, 0.3, points)
    dates = pd.date_range("1800-01-01", periods=points, freq="D")
    return pd.Series(90 / (1 + np.exp(-years)) + noise, index=dates, name="daily")


@pytest.fixture
def evaluated(monkeypatch):
    """Counts the values of the curve that are computed."""
    counts, share = [], curves.FAMILIES["logistic"].share

    def count(times, *shape):
        found = share(times, *shape)
        counts.append(np.size(found))
        return found

    monkeypatch.setattr(curves.FAMILIES["logistic"], "share", staticmethod(count))
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
