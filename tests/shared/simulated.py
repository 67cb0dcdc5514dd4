"""Simulated series of which the truth is known, and series of which later figures are altered; fixed seeds."""

from dataclasses import replace

import numpy as np
import pandas as pd


def logistic(t, ceiling, rate, midpoint):
    return ceiling / (1 + np.exp(-rate * (t - midpoint)))


def growing_months(count=2000, points=36, noise=0.09, seed=7):
    """Monthly levels that grow towards a ceiling which they have not reached: none has fallen.

    A tenth to a third below their ceiling at the end, independent noise in proportion.
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
    """Name and yearly shares (percent, ending in 2025) of plain shapes; each must give a page or a sentence."""
    courses = {
        "stands still": [40] * 8,
        "to and fro": [10, 20, 12, 22, 11, 25, 13, 24],
        "a straight line": [5 * i + 5 for i in range(12)],
        "below a hundredth": [0.001 * 1.4**i for i in range(8)],
        "three": [3, 8, 15],
        "three alike": [8, 8, 8],
        "two": [10, 20],
        "one": [12.4],
        "last two alike": [3, 8, 15, 15],
        "from nothing": [0, 0, 1, 3, 8, 15, 27],
        "full": [50, 70, 85, 95, 99, 100, 100],
        "all but full": [20, 40, 60, 80, 95, 99.5, 99.9],
        "fell and rose": [50, 40, 30, 25, 28, 35, 45, 58],
        "first is highest": [30, 10, 12, 15, 19, 24, 30, 33],
        "falls from the first": [61, 58, 54, 50, 46, 42, 38, 34, 30, 27, 23, 19, 15.3],
        "fell of late": [5, 12, 25, 44, 60, 66, 64, 55, 41],
        "one step": [10, 10, 10, 10, 50, 50, 50, 50],
        "stopped": [3.7, 8.6, 15.5, 27.4, 39.9, 49.4, 54.1, 57.8, 60.0, 58.5, 60.4, 60.0],
        "noise": [32.1, 34.4, 31.8, 33.0, 34.9, 30.3, 32.6, 33.8, 31.2, 34.1],
    }
    for name, values in courses.items():
        index = pd.to_datetime([f"{2026 - len(values) + i}-12-31" for i in range(len(values))])
        yield name, pd.Series(values, index=index, dtype=float)


def disturb(series, date, factor):
    """The series with every later figure, and later figures of its bound, multiplied by a factor."""
    figures, limits = (
        values.where(values.index <= date, factor * values) for values in (series.values, series.bound.values)
    )
    return replace(series, values=figures, bound=replace(series.bound, values=limits))
