"""Measure many series, long series, many problems and a sweep of many runs, and print Markdown tables."""

import os
import resource
import sys
import tempfile
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from helpers import curves, forecast, indicators
from helpers.runs.sweep import run_sweep
from helpers.runs.sweep_file import read_sweep

TESTS = Path(__file__).parents[1] / "tests"
RUNS = 500
SIZES = (10_000, 100_000)
TARGET_SECONDS, TARGET_RATIO = 60, 15  # ten times the rows may take fifteen times as long: the start is shared


def main():
    """Print the three tables."""
    measure_files()
    measure_fits()
    measure_sweep()


def measure_files():
    """Print one row per kind of file: seconds for both sizes, their ratio, and the memory after all so far."""
    print("| file | 10^4 | 10^5 | ratio | target | met | most memory so far |\n|---|---|---|---|---|---|---|")
    indicators.load()
    for name, write in (
        ("series of four figures", write_series),
        ("indicators of four figures", write_indicators),
        ("points of one series", write_points),
        ("rows with two problems each", lambda n: "date,value\n" + "x,y\n" * n),
        ("rows that repeat one key", lambda n: "date,value\n" + "2020-12-31,1\n" * n),
    ):
        small, large = (time_load(write(size)) for size in SIZES)
        print_row(name, small, large)


def print_row(name, small, large):
    """A row of a table."""
    met = "yes" if large <= TARGET_SECONDS and large <= TARGET_RATIO * small else "no"
    target = f"{TARGET_SECONDS} s, ratio {TARGET_RATIO}"
    cells = [name, f"{small:.1f} s", f"{large:.1f} s", f"{large / small:.1f}", target, met, f"{find_memory()} MB"]
    print(f"| {' | '.join(cells)} |", flush=True)


def find_memory():
    """Most memory that this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def time_load(text):
    """Seconds to load a file and sum it up, or to find its problems."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.csv"
        path.write_text(text, encoding="utf-8")
        start = time.perf_counter()
        with suppress(indicators.DataError):
            indicators.summarise_data(indicators.load(path))
        return time.perf_counter() - start


def write_series(count):
    """CSV of ``count`` series of four figures: ten indicators of many entities."""
    rows = (f"{2018 + y}-12-31,{1 + i % 7 + 2 * y},E{i // 10},ind_{i % 10}\n" for i in range(count) for y in range(4))
    return "date,value,entity,indicator\n" + "".join(rows)


def write_indicators(count):
    """CSV of ``count`` indicators of one entity, each with its source."""
    rows = (f"{2018 + y}-12-31,{1 + i % 7 + 2 * y},ind_{i},s{i}\n" for i in range(count) for y in range(4))
    return "date,value,indicator,source\n" + "".join(rows)


def write_points(count):
    """CSV of one series with a figure for each of ``count`` days."""
    first = date(1800, 1, 1)
    return "date,value\n" + "".join(f"{first + timedelta(days=i)},{i}\n" for i in range(count))


def measure_fits():
    """Print seconds for a fit and a forecast of a series with a figure a day."""
    print("\n| long series | 10^4 | 10^5 | ratio | target | met | most memory so far |\n|---|---|---|---|---|---|---|")
    for family in (curves.Logistic, curves.Gompertz, curves.Bass):
        print_row(f"{family.__name__} fit", *(time_call(family(make_long(size)).fit) for size in SIZES))
    print_row("forecast", *(time_call(forecast.forecast, make_long(size), 100) for size in SIZES))


def make_long(points):
    """A noisy logistic curve with a figure a day."""
    years = np.linspace(-6, 4, points)
    noise = np.random.default_rng(1).normal(0, 0.3, points)
    index = pd.DatetimeIndex(np.datetime64("1751-01-01") + np.arange(points), name="date")
    return pd.Series(1 + 90 / (1 + np.exp(-years)) + noise, index=index, name="daily")


def time_call(function, *arguments):
    """Seconds of a call."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def measure_sweep():
    """Print what a sweep of tiny notebooks takes: half of it first, then the rest by resuming."""
    sys.path.insert(0, str(TESTS))
    from small_notebooks import write_notebooks

    with tempfile.TemporaryDirectory() as place:
        os.environ["ADOPTION_OUTPUTS"] = place
        notebooks, values = write_notebooks(Path(place) / "notebooks"), [round(1 + 0.05 * i, 2) for i in range(RUNS)]
        path = Path(place) / "many.yaml"
        half, whole = [], []
        for chosen, seconds in ((values[: RUNS // 2], half), (values, whole)):
            content = {"parameters": {"data": str(TESTS / "sample")}, "grid": {"horizon_years": chosen}}
            path.write_text(yaml.safe_dump(content))
            seconds.append(time_call(run_sweep, read_sweep(path, many=True), 2, "", notebooks))
        ends = sorted(each.stat().st_mtime for each in (Path(place) / "many").glob("*/run.json"))
    part = RUNS // 5
    early, late = (ends[part] - ends[0]), (ends[-1] - ends[-part - 1])
    print("\n| a sweep of tiny notebooks, 2 workers | seconds |\n|---|---|")
    print(f"| {RUNS // 2} runs | {half[0]:.0f} |")
    print(f"| {RUNS} runs, of which {RUNS // 2} are there | {whole[0]:.0f} |")
    print(f"| of these {part} early ones, and the last {part} | {early:.0f}, {late:.0f} |")
    print(f"| most memory of the parent, MB | {find_memory()} |")
