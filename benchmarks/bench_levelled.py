"""Count later figures above and below the interval of an end, where the verdict was "levels off".

Phones and fixed lines by country are panel_phones.csv (Gapminder, Systema Globalis, CC BY 4.0; from ITU by way of the
World Bank), in figures per 100 people and without a limit. At most `ORIGINS` of their earlier dates are drawn, with
seed 0, of mobile phones only such at which there were fewer than 100 per 100 people. At each date the verdict knows
only what is dated up to it. The counts are written to data/levelled.csv, which runs read; it takes five minutes.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from adoption_curves import curves
from adoption_curves.indicators.from_pandas import read_series

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
    rows = pd.DataFrame(row for origin in list_origins() for row in ask(*origin))
    counted = {"units": ("country", "nunique"), "figures": ("above", "size"), "above": ("above", "sum")}
    table = rows.groupby(["kind", "years"], sort=False).agg(**counted, below=("below", "sum")).reset_index()
    table.to_csv(DATA / "levelled.csv", index=False, lineterminator="\n")


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
    """Kind, country and number of its figures that are known, of every date that is asked."""
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


def ask(kind, country, figures):
    """A row for each horizon that a later figure is near to; none where the verdict is another one."""
    values = read_panel()[kind, country].values
    known = values.iloc[:figures]
    found = curves.assess_ceiling(known)
    years = (values.index - known.index[-1]).days / 365.25
    for horizon in HORIZONS if found.verdict == "levels off" else ():
        nearest = int(np.abs(years - horizon).argmin())
        if abs(years[nearest] - horizon) <= NEAR:
            later = values.iloc[nearest]
            sides = {"above": later > found.high, "below": later < found.low}
            yield {"kind": kind, "country": country, "years": horizon, **sides}


if __name__ == "__main__":
    main()
