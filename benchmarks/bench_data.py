"""Measure loading and checking of many series, long series and many problems, and print a Markdown table."""

import resource
import tempfile
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from helpers import indicators

SIZES = (10_000, 100_000)
TARGET_SECONDS, TARGET_RATIO = 60, 15  # ten times the rows may take fifteen times as long: the start is shared


def main():
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
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        met = "yes" if large <= TARGET_SECONDS and large <= TARGET_RATIO * small else "no"
        target = f"{TARGET_SECONDS} s, ratio {TARGET_RATIO}"
        print(f"| {name} | {small:.1f} s | {large:.1f} s | {large / small:.1f} | {target} | {met} | {memory} MB |")


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
