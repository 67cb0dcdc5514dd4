"""Scale: each file is read once."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from reports import make

from adoption_curves.indicators import Names
from adoption_curves.runs.compare import read_row, write_comparison
from adoption_curves.show.figures.see_adoption import draw_growth

# ---- a long series


def test_growth_over_many_intervals_is_drawn_in_few_bars():
    """A bar for each of 10,000 intervals took minutes."""
    dates = pd.date_range("1800-01-01", periods=10_000, freq="D")
    values = pd.Series(90 / (1 + np.exp(-np.linspace(-6, 4, 10_000))), dates)
    series = SimpleNamespace(values=values, breaks=pd.DataFrame({"date": [], "kind": []}), newer=pd.DataFrame())
    figure = draw_growth(series, Names("Daily", "percent"), "Source: test.")
    assert 30 <= len(figure.axes[0].patches) <= 60


# ---- a large sweep


@pytest.mark.slow
def test_the_report_of_a_large_sweep_reads_each_run_once(outputs, monkeypatch):
    """Of 50 horizons and 4 shares; the table has all, the chart some."""
    count, reads, read_csv = 200, [], pd.read_csv
    for place in range(count):
        values = {"median": 500 + place % 50 * 3.0 + place // 50 * 20}
        values |= {"horizon_years": (1 + place % 50) / 2, "shares": [(1 + place // 50) / 20]}
        make(outputs, f"large/{place}", **values)
    monkeypatch.setattr(pd, "read_csv", lambda path, **options: reads.append(path) or read_csv(path, **options))
    write_comparison(outputs / "large" / "comparison", [read_row(f"large/{place}") for place in range(count)], {})
    assert len(reads) == len(set(reads)) <= 2 * count
    assert len((outputs / "large" / "comparison" / "comparison.csv").read_text().splitlines()) == 1 + count
    page = (outputs / "large" / "comparison" / "index.html").read_text()
    assert f"{count} runs side by side" in page
    assert "Forecasts of 60 runs" in page
