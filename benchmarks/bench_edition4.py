"""Compare the forecast's scores with those of the fourth edition, forecast by forecast, and print a Markdown table.

`edition4_scores.csv` has the fourth edition's weighted interval score (WIS, in shares of the limit at the origin;
without a limit in multiples of the last figure) and the side of its 80 % range on which the outcome lay (-1 below, 1
above), by set, series, window, origin and horizon. It was made without the part of the verdict and the rule for early
series, and windows that have fallen (`curves.has_fallen`) are left out of it, and of what it learnt from. The sets:
`bounded` and `unbounded` are the comparison technologies, each left out of what its forecasts learn from; `phones` are
300 origins of each kind and length of window of panel_phones.csv, drawn with seed 0, without a limit, forecast from the
comparison technologies without that technology.
"""

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.forecast import scores
from adoption_curves.forecast.backtest import forecast_windows, last_logits, list_windows
from benchmarks.bench_levelled import read_panel

BEFORE = Path(__file__).parent / "edition4_scores.csv"
ORIGIN = ["technology", "entity", "indicator", "origin", "window"]
KEYS = ["set", *ORIGIN, "horizon_years"]
LOW = 10
"""Figures per 100 people below which the forecast of phones is another question."""


def main():
    """Print a row per set: WIS over the fourth edition's by horizon and window, and the sides of the 80 % range."""
    both = score_now().merge(read_before(), on=KEYS, suffixes=("", "_before"))
    both["unit"] = both["technology"].where(both["set"] != "phones", both["entity"])
    low = (both["set"] == "phones") & (both["last"] < LOW)
    sets = {"limit": both[both["set"] == "bounded"], "no limit": both[both["set"] == "unbounded"]}
    for technology, part in both[(both["set"] == "phones") & ~low].groupby("technology"):
        sets[f"{technology}, {LOW} per 100 and more"] = part
    sets["phones and fixed lines below that"] = both[low]
    print(
        "| set | WIS over the fourth edition's, by horizon; mean | by window | above | below |\n|---|---|---|---|---|"
    )
    for name, rows in sets.items():
        print(f"| {name} | {' | '.join(compare(rows))} |", flush=True)


def read_before():
    """Scores of the fourth edition: columns `KEYS`, wis and side."""
    table = pd.read_csv(BEFORE, parse_dates=["origin"])
    return table.fillna(dict.fromkeys(("entity", "indicator"), ""))


def compare(rows):
    """Texts: ratios by horizon and their mean, by window, and the part of outcomes above and below, by horizon.

    Each technology, or country, weighs alike; a ratio is one of means at a horizon and length of window.
    """
    cells = rows.groupby(["window", "horizon_years", "unit"])[["wis", "wis_before"]].mean()
    cells = cells.groupby(level=[0, 1]).mean()
    ratios = cells["wis"] / cells["wis_before"]
    sides = rows.assign(above=rows["side"] > 0, below=rows["side"] < 0)
    sides = sides.groupby(["horizon_years", "unit"])[["above", "below"]].mean().groupby(level=0).mean()
    parts = [ratios.groupby("horizon_years").mean(), ratios.groupby("window").mean()]
    parts += [sides["above"], sides["below"]]
    by_horizon, by_window, above, below = (" ".join(f"{each:.3f}" for each in part) for part in parts)
    return f"{by_horizon}; {ratios.mean():.3f}", by_window, above, below


def score_now():
    """Scores of this package's forecasts: columns `KEYS`, last, wis and side."""
    references, parts = indicators.load().references(), []
    with_limit, without = (
        scores.calibrate(forecast.backtest(references, bounded=bounded)) for bounded in (True, False)
    )
    phones = scores.calibrate(draw_phones())
    sets = {"bounded": (with_limit, with_limit), "unbounded": (without, without), "phones": (phones, without)}
    for name, (own, by) in sets.items():
        rows, found = own[scores.FORECAST].frame, scores.evaluate(own, [0.8], by)
        side = found["above"].astype(int) - found["below"].astype(int)
        parts.append(found.assign(set=name, side=side, last=rows["last"].to_numpy())[[*KEYS, "last", "wis", "side"]])
    return pd.concat(parts, ignore_index=True)


def draw_phones():
    """Rows of a backtest without a limit at those origins of the panel that the fourth edition was scored at."""
    panel = [replace(each, bound=indicators.Limit(pd.Series(1e9, each.values.index))) for each in read_panel().values()]
    with patch("adoption_curves.forecast.backtest.ORIGIN_SHARES", (0.0, 1.0)):  # there are no shares to choose by
        found = [forecast_windows(each, False, last_logits([]), False) for each in list_windows(panel)]
        rows = pd.concat(found, ignore_index=True)
    drawn = read_before().query("set == 'phones'")[ORIGIN].drop_duplicates()
    return rows.merge(drawn, on=ORIGIN)


if __name__ == "__main__":
    main()
