"""What followed phones and fixed lines that stood below 10 per 100 people and grew, forecast without a limit.

The panel is panel_phones.csv, see bench_levelled. Of each kind and length of window, `DRAWN` origins that have a figure
after every one of `HORIZONS` are drawn with seed 0; their rows are those of a backtest without a bound. The table is
data/early_phones.csv, from which forecasts of figures per 100 people learn that stand as low and grow. Countries are
four groups of each kind, by a checksum of their code. It takes a quarter of a minute on one core.
"""

import zlib
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd

from adoption_curves import indicators
from adoption_curves.forecast import bands, rolling, scores
from adoption_curves.forecast.lessons import EARLY_BELOW, EARLY_COLUMNS, EARLY_RATE, References, complete_early
from benchmarks.bench_levelled import DATA, read_panel

DRAWN, GROUPS, HORIZONS = 40, 4, (1.0, 2.0, 3.0, 5.0)
ORIGIN = ["technology", "entity", "origin", "window"]


def main():
    """Write the table, and print what ranges held of phones and fixed lines, countries left out."""
    rows = list_rows(read_panel())
    draw(rows).to_csv(DATA / "early_phones.csv", index=False, lineterminator="\n", float_format="%.5g")
    print("| below 10 per 100 and growing: 80 % range covers at 1, 2, 3, 5 years | without the panel | with it (WIS) |")
    print("|---|---|---|")
    kinds = {name.split(",")[0] for name in rows["technology"]}
    for kind in sorted(kinds):
        for what, left_out in (("countries", ""), ("the technology", kind)):
            print(f"| {kind}, {what} left out | {' | '.join(measure(rows, kind, left_out))} |")


def list_rows(panel):
    """Residual rows of all origins below `EARLY_BELOW` that grow by `EARLY_RATE`, as the table has them."""
    series = [
        replace(each, bound=pd.Series(1e9, each.values.index), indicator=kind) for (kind, _), each in panel.items()
    ]
    with patch.object(rolling, "ORIGIN_SHARES", (0.0, 1.0)):  # without a bound there are no shares to choose by
        parts = [rolling.roll(series, points, HORIZONS, False) for points in rolling.WINDOWS]
        rows = pd.concat([rolling.add_methods(part, {}) for part in parts if part is not None], ignore_index=True)
    rows = rows[(rows["last"] < EARLY_BELOW) & (rows["rate"] >= EARLY_RATE)]
    groups = [zlib.crc32(name.encode()) % GROUPS for name in rows["entity"]]
    return rows.assign(technology=[f"{name}, {group}" for name, group in zip(rows["technology"], groups, strict=True)])


def draw(rows):
    """The rows of `DRAWN` origins of each kind and length of window."""
    whole = rows[rows.groupby(ORIGIN)["horizon_years"].transform("size") == len(HORIZONS)]
    origins = whole[ORIGIN].drop_duplicates().sample(frac=1, random_state=0)
    kind = origins["technology"].str.split(",").str[0]
    drawn = origins.groupby([kind, origins["window"]]).head(DRAWN)
    return whole.merge(drawn, on=ORIGIN).sort_values([*ORIGIN, "horizon_years"])[EARLY_COLUMNS]


def measure(rows, kind, left_out):
    """Coverage of one kind without the panel, and with the other half of its countries, there with relative WIS."""
    half = np.array([zlib.crc32(name.encode()) // GROUPS % 2 for name in rows["entity"]])
    own, parts = rows["technology"].str.startswith(kind), []
    taught = References(indicators.load_references()).teach(kind if left_out else "", False)
    alone = References(indicators.load_references()).teach(kind, False).errors
    for fold in (0, 1):
        early = draw(rows[(half != fold) & ~(own & bool(left_out))])
        errors = type(taught)(taught.residuals, taught.reached, complete_early(early)).errors
        test = rows[own & (half == fold)]
        parts.append(test[["horizon_years"]].assign(**score(errors, test)).join(score(alone, test), rsuffix="_alone"))
    means = pd.concat(parts).groupby("horizon_years").mean()
    found = zip(means["covered"], means["wis"] / means["wis_alone"], strict=True)
    before = " ".join(f"{covered:.2f}" for covered in means["covered_alone"])
    return before, " ".join(f"{covered:.2f} ({ratio:.2f})" for covered, ratio in found)


def score(errors, rows):
    """Whether the 80 % range holds each row, and its WIS over the last figure, as a frame."""
    cases, point = bands.Cases.of(rows), rows["damped_drift"].to_numpy()
    levels, actual = list(scores.WIS_QUANTILES), rows["actual"].to_numpy()
    low, high = errors.band("damped_drift").quantiles(cases, point, [0.1, 0.9]).T
    found = errors.band("damped_drift").quantiles(cases, point, levels)
    wis = scores.quantile_score(actual, found, levels) / rows["last"].to_numpy()
    return pd.DataFrame({"covered": (actual >= low) & (actual <= high), "wis": wis}, rows.index)


if __name__ == "__main__":
    main()
