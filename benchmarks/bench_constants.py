"""Measure what each constant of docs/method.md is worth, and print a table.

Each constant of the forecast with a limit is set to two other values, one after another; a weight or a factor is
removed and halved. The score is the weighted interval score (WIS) over today's on the comparison technologies, in all
windows: the mean over the five horizons. Each technology has the same weight. The constants were chosen on the same
technologies, so that a number above 1 is no proof of anything.
"""

from unittest.mock import patch

import numpy as np

from adoption_curves import indicators
from adoption_curves.forecast import backtest, model, scores
from adoption_curves.forecast.model import CONSTANTS, Constants

LIMIT = CONSTANTS["limit"]


def weigh(place, value):
    """The table of constants with another weight of a variance."""
    weights = [*LIMIT.weights]
    weights[place] = value
    return CONSTANTS | {"limit": LIMIT._replace(weights=tuple(weights))}


CHANGES = (  # what, today's value, the name in model.py, and two others with what they are called
    ("weight of the walk", "1/2", "CONSTANTS", {"0": weigh(0, 0.0), "1/4": weigh(0, 0.25)}),
    ("weight of the trend", "1", "CONSTANTS", {"0": weigh(1, 0.0), "1/2": weigh(1, 0.5)}),
    ("weight of the common drift", "1/2", "CONSTANTS", {"0": weigh(2, 0.0), "1/4": weigh(2, 0.25)}),
    ("all three variances", "1", "CONSTANTS", {
        "half": CONSTANTS | {"limit": LIMIT._replace(weights=tuple(each / 2 for each in LIMIT.weights))},
        "twice": CONSTANTS | {"limit": LIMIT._replace(weights=tuple(each * 2 for each in LIMIT.weights))},
    }),
    ("sides, below and above", "1, 1.25", "CONSTANTS", {
        "1, 1": CONSTANTS | {"limit": Constants(LIMIT.weights, 1.0, 1.0)},
        "1, 1.5": CONSTANTS | {"limit": Constants(LIMIT.weights, 1.0, 1.5)},
    }),
    ("ends", "20 to 98%", "ENDS", {"98% alone": np.array([0.98]), "20, 60, 98%": np.array([0.2, 0.6, 0.98])}),
    ("room above the highest share", "0.2%", "ROOM", {"0.01%": 1.0001, "1%": 1.01}),
    ("error always allowed", "0.005", "MEASUREMENT", {"0.0025": 0.0025, "0.01": 0.01}),
    ("trend left after a year", "0.8", "_DAMPING", {"0.7": 0.7, "0.9": 0.9}),
    ("degrees of freedom", "4", "_TAILS", {"2": 2, "30": 30}),
    ("shares for a slope within", "0.01, 0.95", "_STEEP", {"0.05, 0.9": (0.05, 0.9), "0.001, 0.99": (0.001, 0.99)}),
    ("shares of the limit within", "1e-6, 0.999", "_SHARES",
     {"1e-4, 0.99": (1e-4, 0.99), "1e-8, 0.9999": (1e-8, 0.9999)}),
    ("shares of an end within", "1e-4, 0.995", "SHARES_OF_END",
     {"1e-3, 0.99": (1e-3, 0.99), "1e-6, 0.999": (1e-6, 0.999)}),
    ("least limit ahead", "0.1", "_LEAST_LIMIT", {"0": 0.0, "0.5": 0.5}),
)  # fmt: skip


def main():
    """Print a row per constant, each other value with its WIS over today's."""
    references = indicators.load().references()
    today = measure(references)
    print("| constant | today | others: WIS over today's |\n|---|---|---|")
    for what, value, name, others in CHANGES:
        found = []
        for said, other in others.items():
            with patch.object(model, name, other):
                found.append(f"{said}: {(measure(references) / today).mean():.3f}")
        print(f"| {what} | {value} | {'; '.join(found)} |")
    for said, path in list_halves(references).items():
        print(f"| path | mean of both | {said}: {(path / today).mean():.3f} |")


def measure(references, path=None):
    """WIS by horizon, each technology alike; of another path where one is given."""
    rows = backtest(references)
    rows = rows if path is None else rows.assign(path=path(rows))
    found = scores.evaluate(rows, [0.8], [scores.FORECAST])
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
