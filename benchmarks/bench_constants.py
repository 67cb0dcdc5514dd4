"""Measure what each constant of docs/method.md is worth, and print a table.

Each constant is set to two other values, one after another; a weight or a factor is removed and halved. The score is
the weighted interval score (WIS) over today's on the comparison technologies, in all windows: the mean over the
horizons. Each technology has the same weight. The constants of shares of sales are measured on the comparison
technologies that are shares of sales; those of series without a limit on the comparison technologies as if they had
none, by quantiles that no page shows. The constants were chosen on the same technologies, so that a number above 1 is
no proof of anything.
"""

from unittest.mock import patch

import numpy as np
import pandas as pd

from adoption_curves import indicators
from adoption_curves.forecast import backtest, model, scores
from adoption_curves.forecast.backtest import HORIZONS, list_windows
from adoption_curves.forecast.model import CONSTANTS


def change(kind, place=None, factor=1.0, **others):
    """The table of constants with a weight of a variance, or all of them, times a factor, and with other constants."""
    row = CONSTANTS[kind]
    weights = (each * (factor if place in (None, at) else 1) for at, each in enumerate(row.weights))
    return CONSTANTS | {kind: row._replace(weights=tuple(weights), **others)}


def weaken(kind, *said):
    """Rows of `CHANGES` for the three weights of a kind: removed, and halved."""
    names = ("weight of the walk", "weight of the trend", "weight of the common drift")
    for place, (name, (today, half)) in enumerate(zip(names, said, strict=True)):
        yield name, today, "CONSTANTS", {"0": change(kind, place, 0.0), half: change(kind, place, 0.5)}


LIMIT = (  # what, today's value, the name in model.py, and two others with what they are called
    *weaken("limit", ("1/2", "1/4"), ("1", "1/2"), ("1/2", "1/4")),
    ("all three variances", "1", "CONSTANTS",
     {"half": change("limit", None, 0.5), "twice": change("limit", None, 2.0)}),
    ("sides, below and above", "1, 1.25", "_SIDES", {"1, 1": (1.0, 1.0), "1, 1.5": (1.0, 1.5)}),
    ("largest common drift, of the last share", "0.4", "CONSTANTS",
     {"0.2": change("limit", early=0.2), "none": change("limit", early=np.inf)}),
    ("part of the limit's drift in its error", "1/2", "_LIMIT_DRIFT", {"0": 0.0, "1": 1.0}),
    ("ends", "20 to 98%", "ENDS", {"98% alone": np.array([0.98]), "20, 60, 98%": np.array([0.2, 0.6, 0.98])}),
    ("room above the highest share", "0.2%", "ROOM", {"0.01%": 1.0001, "1%": 1.01}),
    ("error always allowed", "0.005", "MEASUREMENT", {"0.0025": 0.0025, "0.01": 0.01}),
    ("trend left after a year", "0.8", "_DAMPING", {"0.7": 0.7, "0.9": 0.9}),
    ("degrees of freedom", "4", "_TAILS", {"2": 2, "30": 30}),
    ("shares for a slope within", "0.002, 0.95", "_STEEP",
     {"0.01, 0.9": (0.01, 0.9), "0.001, 0.99": (0.001, 0.99)}),
    ("shares of the limit within", "1e-6, 0.999", "_SHARES",
     {"1e-4, 0.99": (1e-4, 0.99), "1e-8, 0.9999": (1e-8, 0.9999)}),
    ("shares of an end within", "1e-4, 0.995", "_SHARES_OF_END",
     {"1e-3, 0.99": (1e-3, 0.99), "1e-6, 0.999": (1e-6, 0.999)}),
    ("least limit ahead", "0.1", "_LEAST_LIMIT", {"0": 0.0, "0.5": 0.5}),
)  # fmt: skip
SALES = (
    *weaken("sales", ("3/2", "3/4"), ("3", "3/2"), ("3/2", "3/4")),
    ("all three variances", "3", "CONSTANTS", {"1": change("sales", None, 1 / 3), "1.5": change("sales", None, 0.5)}),
    ("room of a side", "1/4", "_SIDE_ROOM", {"0": 0.0, "1/2": 0.5}),
    ("largest common drift, of the last share", "0.2", "CONSTANTS",
     {"0.1": change("sales", early=0.1), "0.4": change("sales", early=0.4)}),
)  # fmt: skip
FREE = (
    *weaken("free", ("1/2", "1/4"), ("1/2", "1/4"), ("1/4", "1/8")),
    ("years until a step counts half", "2", "_HALF_LIFE", {"all alike": np.inf, "1": 1.0}),
    ("most growth", "1.5", "_TOP", {"none": 30.0, "0.75": 0.75}),
    ("trend left after a year", "0.8", "_DAMPING", {"0.7": 0.7, "0.9": 0.9}),
)


def main():
    """Print a row per constant, each other value with its WIS over today's."""
    data = indicators.load()
    references, sales = data.references(), data.references(measure="flow")
    print("| constant | today | others: WIS over today's |\n|---|---|---|")
    tell("with a limit", LIMIT, lambda: measure(references))
    halves = [f"{said}: {(wis / measure(references)).mean():.3f}" for said, wis in list_halves(references).items()]
    print(f"| with a limit: path | mean of both | {'; '.join(halves)} |")
    tell("shares of sales", SALES, lambda: measure(sales, kind="sales"))
    tell("without a limit", FREE, lambda: measure_free(references))


def tell(kind, changes, ask):
    """Print the rows of a kind."""
    today = ask()
    for what, value, name, others in changes:
        found = []
        for said, other in others.items():
            with patch.object(model, name, other):
                found.append(f"{said}: {(ask() / today).mean():.3f}")
        print(f"| {kind}: {what} | {value} | {'; '.join(found)} |", flush=True)


def measure(references, path=None, kind="limit"):
    """WIS by horizon, each technology alike; of another path where one is given."""
    rows = backtest(references, kind)
    rows = rows if path is None else rows.assign(path=path(rows))
    return average(scores.evaluate(rows, [0.8], [scores.FORECAST]))


def measure_free(references):
    """WIS by horizon of the quantiles without a limit, in shares of the limit that is not used."""
    frames = []
    for found in list_windows(references):
        here = np.nonzero(np.isfinite(found.h))
        h, last = np.where(np.isfinite(found.h), found.h, 1.0), found.y[:, -1:]
        path = model.find_path(found.t, found.y / last, h, "free")
        spread = np.sqrt(model.variances(found.t, found.y / last, h, "free").sum(axis=-1))
        quantiles = last[..., None] * model.free_quantiles(path, spread, np.array(scores.WIS_QUANTILES), h)
        wis = scores.quantile_score(found.outcome[here], quantiles[here], scores.WIS_QUANTILES)
        labels = {"technology": found.labels[here[0], 0], "horizon_years": HORIZONS[here[1]]}
        frames.append(pd.DataFrame(labels | {"wis": wis / found.limit[here[0], -1]}))
    return average(pd.concat(frames))


def average(found):
    """Means over technologies by horizon."""
    return found.groupby(["horizon_years", "technology"])["wis"].mean().groupby("horizon_years").mean()


def list_halves(references):
    """WIS of each half of the path alone."""
    gains = model.follow_ends

    def drop_ends(t, x, h, ends):
        """The line to the limit in the place of the lines to the ends: the mean of both is it."""
        last, slope = x[:, -1:], model.fit_line(t, model.g(x))[0][:, None]
        gain = model.back(model.g(last) + slope * h) - model.back(model.g(last))
        return gain[:, None], np.ones((len(x), 1))

    def find_ends_alone(t, x, h, kind="limit"):
        found, weights = gains(t, x, h, np.maximum(model.ENDS, model.ROOM * x.max(axis=1, keepdims=True)))
        return np.clip(x[:, -1:] + (weights[..., None] * found).sum(axis=1), 0, np.maximum(x[:, -1:], 1))

    with patch.object(model, "follow_ends", drop_ends):
        to_limit = measure(references)
    with patch.object(model, "find_path", find_ends_alone):
        to_ends = measure(references)
    return {"to the limit alone": to_limit, "to the ends alone": to_ends}


if __name__ == "__main__":
    main()
