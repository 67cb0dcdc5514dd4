"""Count what came after the verdict "levels off": figures above its end.

Phones and fixed lines by country are panel_phones.csv (Gapminder, Systema Globalis, CC BY 4.0; from ITU by way of the
World Bank), in figures per 100 people and without a limit. At most `ORIGINS` of their earlier dates are drawn, with
seed 0, of mobile phones only such at which there were fewer than 100 per 100 people. At each date the verdict knows
only what is dated up to it. The counts are written to data/levelled.csv, which runs read; it takes some minutes.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from adoption_curves.forecast.hindcasts import cut_series
from adoption_curves.indicators.given import read_series
from adoption_curves.show.answers import assess_series

PANEL = Path(__file__).parent / "panel_phones.csv"
DATA = Path(__file__).parents[1] / "data"
PHONES = {
    "cell_phones_per_100_people": ("phones by country, below 100 per 100 people", "mobile phone"),
    "fixed_line_subscribers_per_100_people": ("fixed lines by country", "landline telephone"),
}
MOST = {"cell_phones_per_100_people": 100.0, "fixed_line_subscribers_per_100_people": np.inf}
"""Dates at which the last figure is lower are drawn: where phones outnumber people second ones are counted."""
HORIZONS, FEWEST, ORIGINS, NEAR = (1, 2, 3, 5, 10), 6, 1500, 0.26


def main():
    """Write the table."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rows = pd.DataFrame(each for found in pool.map(ask, list_origins(), chunksize=8) for each in found)
    count_odds(rows).to_csv(DATA / "levelled.csv", index=False, lineterminator="\n", float_format="%.4g")


@lru_cache(maxsize=1)
def read_panel():
    """Each series of the phones, by kind and country."""
    panel = pd.read_csv(PANEL)
    panel["date"] = pd.to_datetime(panel["year"].astype(str) + "-12-31")
    panel = panel[panel["value"] > 0]
    found = {}
    for (name, country), rows in panel.groupby(["series", "country"]):
        kind, technology = PHONES[name]
        values = pd.Series(rows["value"].to_numpy(), rows["date"], name=country)
        values.attrs = {"technology": technology, "entity": country}
        found[kind, country] = read_series(values)
    return found


def list_origins():
    """Kind, name of the series and number of its figures that are known, of every date that is asked."""
    drawn = np.random.default_rng(0)
    origins = []
    for technology, (kind, _) in PHONES.items():
        listed = [
            (kind, name, figures)
            for (this, name), series in read_panel().items()
            for figures in range(FEWEST, len(series.values))
            if this == kind and series.values.iloc[figures - 1] < MOST[technology]
        ]
        chosen = drawn.choice(len(listed), ORIGINS // len(PHONES), replace=False)
        origins += [listed[place] for place in sorted(chosen)]
    return origins


def ask(origin):
    """A row for each horizon that a later figure is near to; none where the verdict is another one."""
    kind, name, figures = origin
    series = read_panel()[kind, name]
    known = cut_series(series, series.values.index[figures - 1])
    found = assess_series(known)
    if found.verdict != "levels off":
        return []
    years = (series.values.index - known.values.index[-1]).days / 365.25
    rows = []
    for horizon in HORIZONS:
        nearest = int(np.abs(years - horizon).argmin())
        if abs(years[nearest] - horizon) <= NEAR:
            above = series.values.iloc[nearest] > found.high
            rows.append({"kind": kind, "series": name, "years": horizon, "above": above})
    return rows


def count_odds(rows):
    """Counts by kind and horizon, with the 95 % interval of the part above the end: countries are drawn anew."""
    table = []
    for (kind, years), part in rows.groupby(["kind", "years"], sort=False):
        units = part.groupby("series")["above"].agg(["sum", "size"])
        places = np.random.default_rng(0).integers(0, len(units), (2000, len(units)))
        drawn = units.to_numpy(float)[places].sum(axis=1)
        low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
        above = int(part["above"].sum())
        row = {"kind": kind, "years": years, "units": len(units), "figures": len(part), "above": above}
        table.append(row | {"passed": above / len(part), "low": low, "high": high})
    return pd.DataFrame(table)


if __name__ == "__main__":
    main()
