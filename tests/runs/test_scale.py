"""Scale: a long series."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from adoption_curves.indicators import Names
from adoption_curves.show.figures.see_adoption import draw_growth


def test_growth_over_many_intervals_is_drawn_in_few_bars():
    """A bar for each of 10,000 intervals took minutes."""
    dates = pd.date_range("1800-01-01", periods=10_000, freq="D")
    values = pd.Series(90 / (1 + np.exp(-np.linspace(-6, 4, 10_000))), dates)
    series = SimpleNamespace(values=values, breaks=pd.DataFrame({"date": [], "kind": []}), newer=pd.DataFrame())
    figure = draw_growth(series, Names("Daily", "percent"), "Source: test.")
    assert 30 <= len(figure.axes[0].patches) <= 60
