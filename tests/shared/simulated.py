"""Simulated series of which the truth is known, for targets of the issues; numpy and pandas alone, fixed seeds."""

import numpy as np
import pandas as pd


def logistic(t, ceiling, rate, midpoint):
    return ceiling / (1 + np.exp(-rate * (t - midpoint)))


def levelling_years(count=40, points=19, noise=0.4, seed=7):
    """(series, ceiling) of yearly shares of a limit of 100, seen to their end: ceilings 60 to 85, rates .45 to .7."""
    rng, t = np.random.default_rng(seed), np.arange(float(points))
    index = pd.date_range("2006-12-31", periods=points, freq="YE")
    for _ in range(count):
        ceiling = rng.uniform(60, 85)
        values = logistic(t, ceiling, rng.uniform(0.45, 0.7), rng.uniform(8, 10)) + noise * rng.standard_normal(points)
        yield pd.Series(values, index=index).clip(lower=0.1), ceiling


def bent_months(count=20, points=36, noise=0.5, seed=0):
    """(series, ceiling) of monthly shares of a limit of 100, seen past their bend."""
    t, index = np.arange(float(points)), pd.date_range("2021-01-31", periods=points, freq="ME")
    for number in range(count):
        rng = np.random.default_rng(seed + number)
        ceiling = rng.uniform(45, 75)
        values = logistic(t, ceiling, rng.uniform(0.15, 0.22), rng.uniform(12, 17)) + noise * rng.standard_normal(
            points
        )
        yield pd.Series(values, index=index), ceiling


def months(count=200, points=48, season=0.0, noise=0.03, seed=3):
    """Monthly counts that grow along a logistic curve, errors in proportion; a yearly season of this amplitude."""
    t, index = np.arange(float(points)), pd.date_range("2021-01-31", periods=points, freq="ME")
    for number in range(count):
        rng = np.random.default_rng(seed + number)
        level = logistic(t, rng.uniform(500, 5000), rng.uniform(0.06, 0.15), rng.uniform(18, 36))
        wave = 1 + season * np.sin(2 * np.pi * (t + rng.uniform(0, 12)) / 12)
        yield pd.Series(level * wave * (1 + noise * rng.standard_normal(points)), index=index)


def quarterly_cars(points=23, seed=5):
    """(series until the third quarter of 2025, true next fourth quarter) of cars sold in a quarter, with seasons."""
    t, factors = np.arange(float(points + 1)), np.array([0.85, 0.97, 1.0, 1.18])
    index = pd.date_range("2020-03-31", periods=points + 1, freq="QE")
    level = (20_000 + logistic(t, 580_000, 0.25, 16)) * factors[np.arange(points + 1) % 4]
    values = level * (1 + 0.01 * np.random.default_rng(seed).standard_normal(points + 1))
    return pd.Series(values[:-1].round(), index=index[:-1]), float(level[-1])


def cars_so_far(points=23, seed=5):
    """(series, true figures for the next four quarters) of cars sold so far, without seasons."""
    t = np.arange(float(points + 4))
    index = pd.date_range("2020-03-31", periods=points + 4, freq="QE")
    sold = 20_000 + logistic(t, 580_000, 0.25, 16)
    values = (sold * (1 + 0.01 * np.random.default_rng(seed).standard_normal(points + 4))).cumsum()
    return pd.Series(values[:points].round(), index=index[:points]), pd.Series(
        sold.cumsum()[points:], index=index[points:]
    )


def mature(points=12, seed=2):
    """Yearly million users of a service near its limit of 1,125, which grows by 15 a year."""
    rng = np.random.default_rng(seed)
    limit = pd.Series(960 + 15.0 * np.arange(points), index=pd.date_range("2014-12-31", periods=points, freq="YE"))
    return limit * (0.999 - 0.25 * np.exp(-0.5 * np.arange(points))) + rng.standard_normal(points), limit


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
