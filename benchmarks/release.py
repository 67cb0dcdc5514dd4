"""Compare the forecast's scores with those of release 1.0, forecast by forecast.

    python -m benchmarks.release COMPARISON.csv HELD_OUT.csv

The files are what `scores.evaluate` of release 1.0 gave for its comparison technologies (each left out of what its own
forecasts learn from) and for those held out: technology, entity, indicator, window, origin, horizon_years, method,
level, wis (in shares of the limit at the origin), covered, below, above. Only forecasts that both make are compared.
"""

import sys

import pandas as pd

from adoption_curves import indicators
from adoption_curves.forecast import backtest, scores
from benchmarks.bench_forecast import bootstrap, pick

KEYS = ["technology", "entity", "indicator", "window", "origin", "horizon_years"]


def main(paths):
    """Print a row per horizon: WIS over 1.0's with its interval, and how often the 80% ranges of both held."""
    for path, role in zip(paths, ("reference", "held_out"), strict=True):
        before = pick(pd.read_csv(path, parse_dates=["origin"]))
        now = pick(scores.evaluate(backtest(indicators.load().references(role=role))))
        both = now.merge(before, on=KEYS, suffixes=("", "_before"))
        print(f"\n{role}: {len(both):,} forecasts, {both['technology'].nunique()} technologies\n")
        print("| years | technologies | WIS over 1.0's | held | below | above | 1.0: held | below | above |")
        print("|---|---|---|---|---|---|---|---|---|")
        for years, part in both.groupby("horizon_years"):
            print(f"| {years:g} | {tell(part)} |")
        for window, part in both.groupby("window"):
            print(f"| {window} figures | {tell(part)} |")


def tell(part):
    """Cells of one row; each technology weighs alike at each horizon and length of window."""
    cells = part.groupby(["window", "horizon_years", "technology"])[["wis", "wis_before"]].mean()
    means = cells.groupby(["technology"]).mean()
    ratio = "{:.3f} ({:.3f} to {:.3f})".format(*bootstrap(means["wis"], means["wis_before"]))
    sides = ["covered", "below", "above"]
    held = 100 * part.groupby("technology")[[*sides, *(f"{each}_before" for each in sides)]].mean()
    low, high = scores.bootstrap(held["covered"].to_numpy())
    told = [f"{held['covered'].mean():.0f} ({low:.0f} to {high:.0f})"]
    told += [
        f"{held[name].mean():.1f}" for name in ("below", "above", "covered_before", "below_before", "above_before")
    ]
    return " | ".join([str(len(means)), ratio, *told])


if __name__ == "__main__":
    main(sys.argv[1:])
