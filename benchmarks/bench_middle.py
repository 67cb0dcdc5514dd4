"""Count later figures of phones above the middle, and inside the 80% range, of forecasts made when there were few.

Mobile phones by country are panel_phones.csv. At `ORIGINS` dates at which a country had fewer than `LOW` phones per 100
people, drawn with seed 0, a forecast is made from the last five figures at most, with the limit of 100 per 100 people
and without a limit, where a run gives no range. The counts are written to data/phones_middle.csv, which runs read.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from adoption_curves import forecast
from adoption_curves.forecast.hindcasts import cut_series
from benchmarks.bench_levelled import DATA, NEAR, PHONES, read_panel

LOW, FEWEST, MOST, ORIGINS, HORIZONS = 10.0, 4, 5, 300, (1, 2, 3, 5)
LIMITS = {"with a limit": 100.0, "without a limit": None}


def main():
    """Write the table."""
    rows = pd.DataFrame(row for origin in list_origins() for row in ask(*origin))
    count(rows).to_csv(DATA / "phones_middle.csv", index=False, lineterminator="\n")


@lru_cache(maxsize=1)
def list_origins():
    """Country and number of its figures that are known, of every date that is asked."""
    [kind] = {kind for name, (kind, _) in PHONES.items() if name.startswith("cell")}
    listed = [
        ((this, name), figures)
        for (this, name), series in read_panel().items()
        for figures in range(FEWEST, len(series.values))
        if this == kind and series.values.iloc[figures - 1] < LOW
    ]
    chosen = np.random.default_rng(0).choice(len(listed), min(ORIGINS, len(listed)), replace=False)
    return [listed[place] for place in sorted(chosen)]


def ask(key, figures):
    """A row for each limit and each horizon that a later figure is near to; none where the figures have fallen."""
    series = read_panel()[key]
    known = cut_series(series, series.values.index[figures - 1])
    known = replace(known, values=known.values.iloc[-MOST:])
    years = (series.values.index - known.values.index[-1]).days / 365.25
    for kind, limit in LIMITS.items():
        made = forecast.forecast(known, limit)
        for horizon in HORIZONS if made.kind == "forecast" else ():
            nearest = int(np.abs(years - horizon).argmin())
            if abs(years[nearest] - horizon) <= NEAR:
                low, middle, high = made.margins(np.array([years[nearest]]), np.array([0.1, 0.5, 0.9]))[0]
                later = series.values.iloc[nearest]
                found = {"above": later > middle, "inside": low <= later <= high}
                yield {"kind": kind, "years": horizon, "country": key[1], **found}


def count(rows):
    """Counts by kind and horizon."""
    parts = rows.groupby(["kind", "years"], sort=False)
    counted = {name: (name, "sum") for name in ("above", "inside")}
    return parts.agg(units=("country", "nunique"), figures=("above", "size"), **counted).reset_index()


if __name__ == "__main__":
    main()
