"""Measure the curve fits: seconds of one series and of a verdict, and how many fits are an estimate.

Certified values, and how often intervals cover, are tests.
"""

import time
from contextlib import suppress

import numpy as np
import pandas as pd

from adoption_curves import indicators
from adoption_curves.base.formats import format_name
from adoption_curves.curves import FAMILIES, CurveError, Logistic, assess_ceiling


def main():
    """Print one row per target."""
    print("| what | target | measured |\n|---|---|---|")
    for row in (*measure_single(), measure_verdicts(), *measure_estimates()):
        print("| " + " | ".join(row) + " |", flush=True)


def simulate(count, points=30, noise=1.0, seed=0):
    """Logistic series, (count, points)."""
    random = np.random.default_rng(seed)
    times, level = np.arange(float(points)), random.uniform(50, 150, count)
    midpoint, rate = random.uniform(8, 22, count)[:, None], random.uniform(0.2, 0.6, count)[:, None]
    clean = level[:, None] / (1 + np.exp(-rate * (times - midpoint)))
    return times, clean + random.normal(0, noise, clean.shape)


def clock(function):
    """Wall seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def measure_single():
    """One series: fit, profile of the saturation level, printed summary; with a closed and with an open interval."""
    times, values = simulate(1)
    closed = pd.Series(values[0], index=times)
    short = pd.Series([230.0, 249.0, 515.0, 602.0], index=[2023.5, 2024.0, 2024.5, 2025.0])

    def analyse(series):
        results = Logistic(series).fit()
        results.profile()
        return str(results.summary())

    for words, series in (("30 points", closed), ("4 points, open interval", short)):
        analyse(series)
        seconds = [clock(lambda series=series: analyse(series)) for _ in range(25)]
        measured = f"{1000 * np.median(seconds):.1f} ms (best {1000 * min(seconds):.1f} ms)"
        yield f"one series of {words}: fit, profile, summary", "200 ms", measured


def measure_verdicts():
    """Processor seconds of a verdict, mean over the project's series of six figures and more."""
    data, seconds = indicators.load(), []
    for entity, indicator in data.own:
        with suppress(ValueError):
            series = data.series(entity, indicator)
            if len(series.values) >= 6:
                start = time.process_time()
                assess_ceiling(series)
                seconds.append(time.process_time() - start)
    what = f"processor seconds of a verdict, mean of {len(seconds)} series of six figures and more"
    return what, "0.67", f"{np.mean(seconds):.2f} (most {max(seconds):.2f})"


def measure_estimates():
    """Fits of the project's series, by family: how many are an estimate."""
    data = indicators.load()
    series = data.references() + data.references(role="held_out")
    for name in FAMILIES:
        made = []
        for each in series:
            with suppress(CurveError):
                made.append(FAMILIES[name](each.values).fit())
        what = f"{format_name(name)}, {len(made)} series of the project: an estimate"
        yield what, "most", f"{sum(not fit.flag for fit in made)}"
