"""Compare the forecast's scores on the comparison technologies with those of release 0.3, and print a Markdown table.

`release_0.3_scores.csv` has them by series, window and horizon: the number of forecasts, the coverage of the published
one's intervals, and each method's mean weighted interval score (WIS) in shares of the bound at the origin. Each
technology was left out of what its forecasts learn from. In windows of one and two figures the curves have no member.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.forecast import scores

BEFORE = Path(__file__).parent / "release_0.3_scores.csv"
SERIES = ["technology", "entity", "indicator"]
KEYS = ["bounded", *SERIES, "window", "horizon_years"]
GROUPS = {"4 and 8 figures": (True, (4, 8)), "3 and 6 figures": (True, (3, 6)), "no bound": (False, (4, 8))}


def main():
    """Print a row per group of windows: WIS over that of release 0.3 by horizon, and their mean."""
    print("| comparison technologies, each left out | .5 | 1 | 2 | 3 | 5 years | mean |\n|---|---|---|---|---|---|---|")
    before, now = pd.read_csv(BEFORE).set_index(KEYS), score_series()
    assert before.loc[now.index, "n"].equals(now["n"]), "other origins than release 0.3 had"
    both = now.assign(before=before.loc[now.index, "combined"]).reset_index()
    for name, (bounded, windows) in GROUPS.items():
        ratios = compare(both[(both["bounded"] == bounded) & both["window"].isin(windows)])
        print(f"| {name} | " + " | ".join(f"{ratio:.3f}" for ratio in [*ratios, ratios.mean()]) + " |", flush=True)


def score_series():
    """Mean WIS and number of the published forecasts by series, window and horizon."""
    references, parts = indicators.load().references(), []
    for bounded in (True, False):
        scored = scores.evaluate(forecast.backtest(references, bounded=bounded), ["combined"], [0.8])
        scored["bounded"] = bounded
        parts.append(scored.groupby(KEYS)["wis"].agg(n="size", combined="mean"))
    return pd.concat(parts)


def compare(rows):
    """WIS over release 0.3's by horizon; each technology has the same weight."""
    weighted = rows.assign(now=rows["combined"] * rows["n"], was=rows["before"] * rows["n"])
    sums = weighted.groupby(["horizon_years", "technology"])[["n", "now", "was"]].sum()
    means = sums[["now", "was"]].div(sums["n"], axis=0).groupby("horizon_years").mean()
    return np.array(means["now"] / means["was"])


if __name__ == "__main__":
    main()
