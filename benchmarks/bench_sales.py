"""Score shares of sales by market: how often 80% ranges held, and WIS over that of a damped drift on the logit.

Every window of 4 and of 8 figures counts that rises, has not fallen, and ends at 2 to 95 percent; technologies count
alike within a market. The formula has its constants for shares of sales, the drift the same spread about its own path:
the mean yearly change of the logit, 0.7 of it in the first year, 0.49 in the second, and so on. Intervals draw the
technologies of a market anew, where there are three; nothing is chosen by these numbers.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from adoption_curves import indicators
from adoption_curves.base.dates import decimal_years
from adoption_curves.base.decline import are_in_decline
from adoption_curves.forecast.scores import WIS_QUANTILES, quantile_score

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reference"))
import formula_forecast as formula

YEARS, WINDOWS, NEAR, DAMPING = np.array([1.0, 2.0, 3.0, 5.0]), (4, 8), 0.26, 0.7
RANGE = np.isin(np.round(WIS_QUANTILES, 3), (0.1, 0.9))


def main():
    """Print a row per market and number of figures."""
    data = indicators.load()
    series = [each for role in ("reference", "held_out") for each in data.references(role=role, measure="flow")]
    rows = pd.DataFrame(row for each in series for figures in WINDOWS for row in score(each, figures))
    print("| market, figures | technologies; windows | held after 1, 2, 3, 5 years | above | WIS over the drift's |")
    print("|---|---|---|---|---|")
    for (market, figures), part in rows.groupby(["market", "figures"]):
        years = [
            each.groupby("technology")[["held", "above", "wis", "drift"]].mean() for _, each in part.groupby("years")
        ]
        held, ratios = ("; ".join(say_interval(each, find) for each in years) for find in (find_held, find_ratio))
        above, windows = (" ".join(f"{each['above'].mean():.2f}" for each in years), part.groupby("years").size())
        sizes = f"{part['technology'].nunique()}; {' '.join(map(str, windows))}"
        print(f"| {market}, {figures} | {sizes} | {held} | {above} | {ratios} |")


def score(series, figures):
    """A row per window and horizon at which there is a figure."""
    years, shares = decimal_years(series.values.index), series.share.to_numpy()
    for last in range(figures - 1, len(shares)):
        t, x = years[last - figures + 1 : last + 1] - years[last], shares[last - figures + 1 : last + 1]
        if not 0.02 <= x[-1] <= 0.95 or x[-1] <= x[0] or are_in_decline(t[None], x[None])[0]:
            continue
        ahead = years - years[last]
        places = [int(np.abs(ahead - each).argmin()) for each in YEARS]
        found = [place for place, each in zip(places, YEARS, strict=True) if abs(ahead[place] - each) <= NEAR]
        own, drift = (forecast(t, x, ahead[found], path) for path in (formula.path, follow_drift))
        for place, mine, other in zip(found, own, drift, strict=True):
            actual, (low, high) = 100 * shares[place], mine[RANGE]
            held = {"held": low <= actual <= high, "above": actual > high}
            row = {"market": series.market, "technology": series.technology, "figures": figures}
            row |= {"years": round(ahead[place]), **held}
            for name, quantiles in (("wis", mine), ("drift", other)):
                row[name] = quantile_score(np.array([actual]), quantiles[None], WIS_QUANTILES)[0]
            yield row


def forecast(t, x, h, path):
    """Quantiles in percent (H, Q) about a path, with the spread of the formula for shares of sales."""
    kept, formula.path = formula.path, path
    found = 100 * formula.quantiles_sales(t, x, h, np.array(WIS_QUANTILES))
    formula.path = kept
    return found


def follow_drift(t, x, h):
    """Shares after a drift of the logit that is damped."""
    z = logit(np.clip(x, 0.0005, 0.9995))
    return expit(z[-1] + (z[-1] - z[0]) / (t[-1] - t[0]) * DAMPING * (1 - DAMPING**h) / (1 - DAMPING))


def find_held(means):
    """Part of the outcomes inside the range."""
    return means["held"].mean()


def find_ratio(means):
    """WIS of the formula over that of the drift."""
    return means["wis"].mean() / means["drift"].mean()


def say_interval(means, measure):
    """A measure with its 95% interval, of technologies drawn anew; without one where they are fewer than three."""
    found = f"{measure(means):.2f}"
    if len(means) < 3:
        return found
    drawn = np.random.default_rng(0).integers(0, len(means), (1000, len(means)))
    low, high = np.quantile([measure(means.iloc[places]) for places in drawn], (0.025, 0.975))
    return f"{found} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
