"""Measure the forecast on the project's own data: scores over 1.0's and rivals', how often ranges held, seconds.

release_1_0.csv has what release 1.0 scored on the same forecasts, by its own code. It has for each technology, number
of figures and years ahead the number of forecasts, their mean WIS in shares of the limit, and how many outcomes its 80%
ranges held, or missed below and above. Of comparison technologies it left each out of what its forecast learnt from. It
read shares of sales as levels.
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

BEFORE = Path(__file__).parent / "release_1_0.csv"
HORIZONS = (0.5, 1, 2, 3, 5)
SIDES = ["covered", "below", "above"]
CELL = ["technology", "window", "horizon_years"]


def main():
    """Print a table of each measurement."""
    data = indicators.load()
    references, held_out = data.references(), data.references(role="held_out")
    began = time.process_time()
    evaluated = scores.evaluate(backtest(references))
    print(f"Backtest with scores of all methods: {time.process_time() - began:.2f} s of processor time.\n")
    tell_coverage("comparison", evaluated)
    tell_coverage("held out", scores.evaluate(backtest(held_out)))
    tell_rivals(evaluated)
    tell_markets(data)
    tell_seconds()


def pick(evaluated):
    """Rows of the forecast's 80% ranges."""
    return scores.check_intervals(evaluated[evaluated["method"] == scores.FORECAST], [0.8])


def tell_coverage(name, evaluated):
    """Scores by horizon and by number of figures; and how often the ranges held by both."""
    own = pick(evaluated)
    print(f"| {name}: years, figures | {HEAD} |\n{RULE}\n| all | {tell(name, own)} |")
    for years, part in own.groupby("horizon_years"):
        print(f"| {format_count(years, 'year')} | {tell(name, part)} |")
    for window, part in own.groupby("window"):
        print(f"| {window} figures | {tell(name, part)} |")
    held = own.groupby(["window", "horizon_years", "technology"])["covered"].mean()
    held = 100 * held.groupby(["window", "horizon_years"]).mean().unstack()
    print(f"\n| {name}: figures | 80% ranges held at {', '.join(f'{each:g}' for each in held)} years |\n|---|---|")
    for window, row in held.iterrows():
        print(f"| {window} | {', '.join(f'{each:.0f}' for each in row)} |")
    print()


HEAD = "technologies | forecasts | WIS over 1.0's | held | below | above | 1.0: held | below | above"
RULE = "|---" * 10 + "|"


def tell(name, part):
    """Cells of one row. In a mean of WIS each number of figures and years ahead weighs alike, and each technology."""
    before = pd.read_csv(BEFORE).query("set == @name").set_index(CELL)
    cells = part.groupby(CELL).agg(wis=("wis", "mean"), forecasts=("wis", "size"))
    both = cells.join(before, rsuffix="_before", how="inner")
    both = both[both["forecasts"] == both["forecasts_before"]]  # else one of them has more forecasts
    wis = both.groupby("technology")[["wis", "wis_before"]].mean()
    ratio, *ends = bootstrap(wis["wis"], wis["wis_before"])
    held = 100 * part.groupby("technology")[SIDES].mean()
    sums = both.groupby("technology")[[*SIDES, "forecasts"]].sum()
    older = (100 * sums[SIDES].div(sums["forecasts"], axis=0)).mean()
    told = [str(len(held)), str(len(part)), f"{ratio:.3f}", f"{held['covered'].mean():.0f}"]
    if len(held) >= 3:  # an interval from drawing fewer says nothing
        _, low, high = bootstrap(held["covered"], 1)
        told[2:] = ["{} ({:.3f} to {:.3f})".format(told[2], *ends), f"{told[3]} ({low:.0f} to {high:.0f})"]
    return " | ".join([*told, *(f"{each:.1f}" for each in [held["below"].mean(), held["above"].mean(), *older])])


def tell_rivals(evaluated):
    """WIS over that of each rival, all windows together, with the interval from drawing technologies anew."""
    means = evaluated.groupby(["method", "horizon_years", "technology"])["wis"].mean()
    years_ahead = " | ".join(format_count(each, "year") for each in HORIZONS)
    print(f"| WIS over that of | {years_ahead} |\n|---|---|---|---|---|---|")
    for rival in scores.BENCHMARKS:
        cells = []
        for years in HORIZONS:
            own, other = (means[name, years] for name in (scores.FORECAST, rival))
            cells.append("{:.2f} ({:.2f} to {:.2f})".format(*bootstrap(own, other)))
        print(f"| {rival} | {' | '.join(cells)} |")
    print()


def tell_markets(data):
    """Scores of shares of sales by market and years ahead."""
    sales = [each for role in ("reference", "held_out") for each in data.references(role=role, measure="flow")]
    rows = pick(scores.evaluate(backtest(sales, "sales")))
    rows = rows.assign(market=rows["indicator"].map({each.indicator: each.market for each in sales}))
    print(f"| market, years | {HEAD} |\n{RULE}")
    for (market, years), part in rows.groupby(["market", "horizon_years"]):
        print(f"| {market}, {years:g} | {tell('sales', part)} |")
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
    asked = time.process_time()
    result.frame(), result.milestones(), result.probability()
    print(asked - began, time.process_time() - began)
"""
"""What README calls, in a process of its own: processor seconds of the quantiles, and with all tables."""
MANY = 1000


def tell_seconds():
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
