"""Compare the forecast's scores with those of the fourth edition, forecast by forecast, and print a Markdown table.

`edition4_scores.csv` has the fourth edition's weighted interval score (WIS, in shares of the limit at the origin; without
a limit in multiples of the last figure) and the side of its 80 % range on which the outcome lay (-1 below, 1 above), by
set, series, window, origin and horizon, without the part of the verdict. The sets: `bounded` and `unbounded` are the
comparison technologies, each left out of what its forecasts learn from; `phones` are `DRAWN` origins of each kind and
length of window of panel_phones.csv, drawn with seed 0, without a limit, forecast from the comparison technologies
without that technology.
"""

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.forecast import rolling, scores
from adoption_curves.forecast.bands import Errors
from benchmarks.bench_levelled import read_panel

BEFORE = Path(__file__).parent / "edition4_scores.csv"
DRAWN, HORIZONS = 300, (1.0, 2.0, 3.0, 5.0)
ORIGIN = ["technology", "entity", "indicator", "origin", "window"]
KEYS = ["set", *ORIGIN, "horizon_years"]


def main():
    """Write the scores of this package's forecasts."""
    rows = score_now()
    assert not rows.duplicated(KEYS).any()
    rows.to_csv(BEFORE, index=False, lineterminator="\n", float_format="%.4g", date_format="%Y-%m-%d")


def score_now():
    """Scores of this package: a row per forecast, columns `KEYS`, wis and side."""
    references, parts = indicators.load().references(), []
    taught = {bounded: forecast.backtest(references, bounded=bounded) for bounded in (True, False)}
    sets = {"bounded": (taught[True], True), "unbounded": (taught[False], False), "phones": (draw_phones(), False)}
    for name, (rows, bounded) in sets.items():
        found = scores.evaluate(rows, ["combined"], [0.8], Errors(taught[bounded]))
        side = found["above"].astype(int) - found["below"].astype(int)
        parts.append(found.assign(set=name, side=side)[[*KEYS, "wis", "side"]])
    return pd.concat(parts, ignore_index=True)


def draw_phones():
    """Residual rows without a limit of `DRAWN` origins of each kind and length of window that have every horizon."""
    panel = [replace(each, bound=pd.Series(1e9, each.values.index)) for each in read_panel().values()]
    with patch.object(rolling, "ORIGIN_SHARES", (0.0, 1.0)):  # without a bound there are no shares to choose by
        parts = [rolling.roll(panel, points, HORIZONS, False) for points in rolling.WINDOWS]
        rows = pd.concat([rolling.add_methods(part, {}) for part in parts if part is not None], ignore_index=True)
    rows = rows[rows.groupby(ORIGIN)["horizon_years"].transform("size") == len(HORIZONS)]
    drawn = rows[ORIGIN].drop_duplicates().sample(frac=1, random_state=0).groupby(["technology", "window"]).head(DRAWN)
    return rows.merge(drawn, on=ORIGIN).sort_values([*ORIGIN, "horizon_years"], ignore_index=True)


if __name__ == "__main__":
    main()
