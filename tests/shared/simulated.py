"""Simulated series of which the truth is known, and series of which later figures are altered; fixed seeds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml


def logistic(t, level, rate, midpoint):
    return level / (1 + np.exp(-rate * (t - midpoint)))


def growing_months(count=2000, points=36, noise=0.09, seed=7):
    """Monthly levels that grow towards a saturation level which they have not reached: none has fallen.

    A tenth to a third below their saturation level at the end, independent noise in proportion.
    """
    t = np.arange(float(points))
    index = pd.date_range("2023-11-30", periods=points, freq="ME")
    for number in range(count):
        rng = np.random.default_rng(seed + number)
        level = logistic(t, 450_000, rng.uniform(0.10, 0.16), rng.uniform(20, 28))
        yield pd.Series(level * (1 + noise * rng.standard_normal(points)), index=index)


def falling_years(count=500, points=12, noise=0.03, fall=1 / 3, over=3, seed=7):
    """Yearly levels that rose for nine years to a peak and have fallen by a third of it over the last three."""
    t = np.arange(float(points))
    index = pd.date_range("2014-12-31", periods=points, freq="YE")
    for number in range(count):
        rng = np.random.default_rng(seed + number)
        level = logistic(t, rng.uniform(50, 80), rng.uniform(0.7, 1.0), rng.uniform(3, 4.5))
        peak = points - 1 - over
        level[peak:] = level[peak] * (1 - fall * np.arange(over + 1) / over)
        yield pd.Series(level * (1 + noise * rng.standard_normal(points)), index=index)


def shapes():
    """Name and yearly shares (percent, ending in 2025) of plain shapes: each has its sentences, or is refused."""
    courses = yaml.safe_load((Path(__file__).parents[1] / "reference" / "shapes.yaml").read_text(encoding="utf-8"))
    for name, values in courses.items():
        index = pd.to_datetime([f"{2026 - len(values) + i}-12-31" for i in range(len(values))])
        yield name, pd.Series(values, index=index, dtype=float)


def disturb(series, date, factor):
    """The series with every later figure, and later figures of its limit, multiplied by a factor."""
    figures, limits = (
        values.where(values.index <= date, factor * values) for values in (series.values, series.limit.values)
    )
    return replace(series, values=figures, limit=replace(series.limit, values=limits))
