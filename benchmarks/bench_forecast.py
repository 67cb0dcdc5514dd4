"""Score the forecast on the project's own data: beside release 2.0 and the benchmarks, with coverage and seconds.

release_2_0.csv has the scores of release 2.0's formula on the same windows: for each technology, number of values and
years ahead the number of forecasts, their mean WIS in shares of the limit, and how many outcomes lay inside its 80%
interval, below and above it.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.base.formats import format_count
from adoption_curves.forecast import backtest, scores
from adoption_curves.forecast.backtest import EARLY

BEFORE = Path(__file__).parent / "release_2_0.csv"
HORIZONS = (0.5, 1, 2, 3, 5)
SIDES = ["covered", "below", "above"]
CELL = ["technology", "window", "horizon_years"]


def main():
    """Print a table of each measurement."""
    data = indicators.load()
    references, early = data.references(), data.references(role="early")
    began = time.process_time()
    evaluated = scores.evaluate(backtest(references))
    print(f"Backtest with scores of all methods: {time.process_time() - began:.2f} s of processor time.\n")
    below = scores.evaluate(backtest([*references, *early]))
    evaluated, below = evaluated[evaluated["share"] >= EARLY], below[below["share"] < EARLY]
    held_out = scores.evaluate(backtest(data.references(role="held_out")))
    print_scores("comparison", evaluated)
    print_scores("early", below)
    print_scores("held out", held_out[held_out["share"] >= EARLY])
    print_benchmarks(evaluated)
    print_markets(data)
    print_seconds()


def select_intervals(evaluated):
    """Rows of the forecast's 80% intervals."""
    return scores.check_intervals(evaluated[evaluated["method"] == scores.FORECAST], [0.8])


def print_scores(name, evaluated):
    """Scores and coverage by horizon, by number of values, and coverage by both."""
    own = select_intervals(evaluated)
    print(f"| {name}: years, values | {HEAD} |\n{RULE}\n| all | {format_cells(name, own)} |")
    for years, part in own.groupby("horizon_years"):
        print(f"| {format_count(years, 'year')} | {format_cells(name, part)} |")
    for window, part in own.groupby("window"):
        print(f"| {window} values | {format_cells(name, part)} |")
    covered = own.groupby(["window", "horizon_years", "technology"])["covered"].mean()
    covered = 100 * covered.groupby(["window", "horizon_years"]).mean().unstack()
    print(f"\n| {name}: values | coverage at {', '.join(f'{each:g}' for each in covered)} years |\n|---|---|")
    for window, row in covered.iterrows():
        print(f"| {window} | {', '.join(f'{each:.0f}' for each in row)} |")
    print()


HEAD = "technologies | forecasts | WIS over 2.0's | coverage | below | above | 2.0: coverage | below | above"
RULE = "|---" * 10 + "|"


def format_cells(name, part):
    """Cells of one row. In a mean of WIS each number of values and years ahead weighs alike, and each technology."""
    before = pd.read_csv(BEFORE).query("set == @name").set_index(CELL)
    cells = part.groupby(CELL).agg(wis=("wis", "mean"), forecasts=("wis", "size"))
    both = cells.join(before, rsuffix="_before", how="inner")
    wis = both.groupby("technology")[["wis", "wis_before"]].mean()
    ratio, *ends = bootstrap(wis["wis"], wis["wis_before"])
    percentages = 100 * part.groupby("technology")[SIDES].mean()
    sums = both.groupby("technology")[[*SIDES, "forecasts"]].sum()
    older = (100 * sums[SIDES].div(sums["forecasts"], axis=0)).mean()
    size = [str(len(percentages)), str(len(part))]
    numbers = [f"{ratio:.3f}", f"{percentages['covered'].mean():.0f}"]
    if len(percentages) >= 3:  # an interval from drawing fewer says nothing
        _, low, high = bootstrap(percentages["covered"], 1)
        numbers = ["{} ({:.3f} to {:.3f})".format(numbers[0], *ends), f"{numbers[1]} ({low:.0f} to {high:.0f})"]
    sides = [percentages["below"].mean(), percentages["above"].mean(), *older]
    return " | ".join([*size, *numbers, *(f"{each:.1f}" for each in sides)])


def print_benchmarks(evaluated):
    """WIS over that of each benchmark, all windows together, with the interval from drawing technologies anew."""
    means = evaluated.groupby(["method", "horizon_years", "technology"])["wis"].mean()
    years_ahead = " | ".join(format_count(each, "year") for each in HORIZONS)
    print(f"| WIS over that of | {years_ahead} |\n|---|---|---|---|---|---|")
    for benchmark in scores.BENCHMARKS:
        cells = []
        for years in HORIZONS:
            own, other = (means[name, years] for name in (scores.FORECAST, benchmark))
            cells.append("{:.2f} ({:.2f} to {:.2f})".format(*bootstrap(own, other)))
        print(f"| {benchmark} | {' | '.join(cells)} |")
    print()


def print_markets(data):
    """Scores of shares of sales by market and years ahead."""
    sales = [each for role in ("reference", "held_out") for each in data.references(role=role, measure="flow")]
    rows = select_intervals(scores.evaluate(backtest(sales, "sales")))
    rows = rows.assign(market=rows["indicator"].map({each.indicator: each.market for each in sales}))
    print(f"| market, years | {HEAD} |\n{RULE}")
    for (market, years), part in rows.groupby(["market", "horizon_years"]):
        print(f"| {market}, {years:g} | {format_cells('sales', part)} |")
    print()


def bootstrap(own, other):
    """Mean over technologies of one row each, over that of another, with its 95% interval from drawing them anew."""
    own, other = np.asarray(own, float), np.broadcast_to(np.asarray(other, float), len(own))
    drawn = np.random.default_rng(0).integers(0, len(own), (2000, len(own)))
    means = own[drawn].mean(axis=1) / other[drawn].mean(axis=1)
    return own.mean() / other.mean(), *np.quantile(means, (0.025, 0.975))


FIVE_LINES = """
import time
import pandas as pd
from adoption_curves import forecast

years = pd.to_datetime([f"{year}-12-31" for year in range(2016, 2026)])
users = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=years)
for _ in range(5):
    began = time.process_time()
    result = forecast.forecast(users, limit=100)
    result.quantiles
    done = time.process_time()
    result.frame(), result.milestones(), result.probability()
    print(done - began, time.process_time() - began)
"""
"""What README calls, in a process of its own: processor seconds of the quantiles, and with all tables."""
MANY = 1000


def print_seconds():
    """Processor seconds of a forecast as README calls it, and of forecasts of many series."""
    done = subprocess.run([sys.executable, "-c", FIVE_LINES], check=True, capture_output=True, text=True)
    (first, _), *further = (map(float, line.split()) for line in done.stdout.splitlines())
    further, tables = (min(each) for each in zip(*further, strict=True))
    draw, years = np.random.default_rng(0), np.arange(10)
    dates = pd.date_range("2016-12-31", periods=len(years), freq="YE")
    courses = [60 / (1 + np.exp(-0.7 * (years - middle))) for middle in draw.normal(5, 1, MANY)]
    began = time.process_time()
    for course in courses:
        forecast.forecast(pd.Series(course, dates), limit=100).frame()
    seconds = time.process_time() - began
    print("| processor seconds, without imports | |\n|---|---|")
    print(f"| first forecast of a process; further ones; with all tables | {first:.3f}; {further:.4f}; {tables:.3f} |")
    print(f"| forecasts of {MANY:,} series, with their frames | {seconds:.0f} |")


if __name__ == "__main__":
    main()
