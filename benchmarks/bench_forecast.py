"""Measure the forecast on the project's own data: how often ranges held, scores against rivals, shares of sales."""

import subprocess
import sys
import time

import numpy as np
import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.forecast import backtest, scores

LEVEL = ["forecast", 0.8]


def main():
    """Print a table of each measurement."""
    data = indicators.load()
    references, held_out = data.references(), data.references(role="held_out")
    began = time.process_time()
    evaluated = scores.evaluate(backtest(references))
    print(f"Backtest with scores of all methods: {time.process_time() - began:.2f} s of processor time.\n")
    tell_coverage("comparison technologies", evaluated)
    tell_coverage("held-out technologies", scores.evaluate(backtest(held_out)))
    tell_rivals(evaluated)
    tell_markets(data)
    tell_seconds()


def tell_coverage(name, evaluated):
    """80% ranges by horizon, with the interval from drawing technologies anew; and by length of window."""
    own = pick(evaluated)
    print(f"| {name}, years ahead | technologies | 80% ranges held | below | above |\n|---|---|---|---|---|")
    for years, part in own.groupby("horizon_years"):
        means = 100 * part.groupby("technology")[["covered", "below", "above"]].mean()
        ends = scores.bootstrap(means["covered"].to_numpy())
        held = f"{means['covered'].mean():.0f} ({ends[0]:.0f} to {ends[1]:.0f})"
        print(f"| {years:g} | {len(means)} | {held} | {means['below'].mean():.1f} | {means['above'].mean():.1f} |")
    print(f"\n| {name}, figures | 80% ranges held at {', '.join(f'{each:g}' for each in HORIZONS)} years |\n|---|---|")
    for window, part in own.groupby("window"):
        means = part.groupby(["horizon_years", "technology"])["covered"].mean().groupby("horizon_years").mean()
        print(f"| {window} | {', '.join(f'{100 * each:.0f}' for each in means)} |")
    print()


HORIZONS = (0.5, 1, 2, 3, 5)


def pick(evaluated):
    """Rows of the forecast's 80% ranges."""
    method, level = LEVEL
    return evaluated[(evaluated["method"] == method) & (evaluated["level"] == level)]


def tell_rivals(evaluated):
    """WIS over that of each rival, all windows together, with the interval from drawing technologies anew."""
    once = evaluated[evaluated["level"] == 0.8]
    means = once.groupby(["method", "horizon_years", "technology"])["wis"].mean()
    print(f"| WIS over that of | {' | '.join(f'{each:g} years' for each in HORIZONS)} |\n|---|---|---|---|---|---|")
    for rival in scores.RIVALS:
        cells = []
        for years in HORIZONS:
            own, other = (means[name, years] for name in (scores.FORECAST, rival))
            cells.append("{:.2f} ({:.2f} to {:.2f})".format(*bootstrap(own, other)))
        print(f"| {rival} | {' | '.join(cells)} |")
    print()


def tell_markets(data):
    """80% ranges of shares of sales by market, comparison and held-out technologies, with drawn intervals."""
    found = []
    for role in ("reference", "held_out"):
        sales = data.references(role=role, measure="flow")
        if sales:
            found.append(pick(scores.evaluate(backtest(sales, "sales"))).assign(role=role))
    rows = pd.concat(found, ignore_index=True)
    market = data.indicators.set_index("indicator").get("market", pd.Series(dtype=str))
    rows["market"] = rows["indicator"].map(market[~market.index.duplicated()]).fillna("")
    print("| market | role | figures | years | technologies | forecasts | held | below | above |")
    print("|---|---|---|---|---|---|---|---|---|")
    for (name, role, window, years), part in rows.groupby(["market", "role", "window", "horizon_years"]):
        means = 100 * part.groupby("technology")[["covered", "below", "above"]].mean()
        low, high = scores.bootstrap(means["covered"].to_numpy())
        held = f"{means['covered'].mean():.0f} ({low:.0f} to {high:.0f})"
        sides = f"{means['below'].mean():.1f} | {means['above'].mean():.1f}"
        print(f"| {name} | {role} | {window} | {years:g} | {len(means)} | {len(part)} | {held} | {sides} |")
    print()


def bootstrap(own, other):
    """Mean over technologies of one row each, over that of another, with its 95% interval from drawing them anew."""
    own, other = np.asarray(own, float), np.broadcast_to(np.asarray(other, float), len(own))
    return own.mean() / other.mean(), *scores.bootstrap(own, other)


FIVE_LINES = """
import time
import pandas as pd
from adoption_curves import forecast

years = pd.to_datetime([f"{year}-12-31" for year in range(2016, 2026)])
users = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=years)
for _ in range(5):
    began = time.process_time()
    result = forecast.forecast(users, bound=100)
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
        forecast.forecast(pd.Series(course, dates), bound=100).frame()
    seconds = time.process_time() - began
    print("| processor seconds, without imports | |\n|---|---|")
    print(f"| first forecast of a process; further ones; with all tables | {first:.3f}; {further:.4f}; {tables:.3f} |")
    print(f"| forecasts of {MANY:,} series, with their frames | {seconds:.0f} |")


if __name__ == "__main__":
    main()
