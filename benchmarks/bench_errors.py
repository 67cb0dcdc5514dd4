"""Measure, by simulation, how often intervals of the ceiling cover whatever the errors are, and what they cost."""

import sys

import numpy as np
import pandas as pd

from helpers.curves import FAMILIES, fit_many
from helpers.curves.engine import time_of_share

SHAPES = {  # coordinates: logarithms of rates, durations and numbers, and dates
    "logistic": (0.0, 0.0),
    "gompertz": (0.0, 0.0),
    "bass": (np.log(0.01), np.log(0.6)),
    "exponential": (np.log(0.3),),
    "weibull": (np.log(8.0), np.log(2.5)),
    "richards": (0.0, 0.0, np.log(0.4)),
    "gamma_gompertz": (np.log(0.6), np.log(30.0), np.log(0.7)),
    "shifted_gompertz": (np.log(0.6), np.log(20.0)),
}
KINDS = {"independent": 0.0, "in proportion": 0.0, "AR .6": 0.6, "AR .9": 0.9, "cumulated": 1.0}
POINTS = (6, 8, 16)
CEILING, SIZE = 100.0, 2.0  # the errors, or what is new in cumulated ones, are 2 % of the ceiling


def main(count=200):
    """Print coverage and power by kind of errors and by how much of the course is seen."""
    rows = [
        measure(name, points, kind, first, last, count)
        for first, last in ((0.03, 0.95), (0.05, 0.95), (0.2, 0.95), (0.5, 0.95), (0.03, 0.75))
        for kind in KINDS
        for points in POINTS
        for name in FAMILIES
    ]
    frame = pd.DataFrame(rows)
    print(
        "| course seen, % | errors | covers or is open | worst family | with independent errors | identified "
        "| with independent errors | identified and wrong | of the identified | width against independent |\n"
        "|---|---|---|---|---|---|---|---|---|---|"
    )
    for (seen, kind), part in frame.groupby(["seen", "kind"], sort=False):
        by_points, worst = part.groupby("points").mean(numeric_only=True), part.loc[part["covers"].idxmin()]
        by_points["of"] = by_points["wrong"] / by_points["identified"]
        cells = [say(by_points[name]) for name in ("covers", "alone", "identified", "alone_identified", "wrong", "of")]
        cells.insert(1, f"{worst['covers']:.2f} {worst['family']}, {worst['points']}")
        widths = part.groupby("points")["width"].median()
        print("| " + " | ".join([seen, kind, *cells, " / ".join(f"{each:.1f}" for each in widths)]) + " |", flush=True)


def say(values):
    """Means over families with 6, 8 and 16 points."""
    return " / ".join(f"{value:.2f}".removeprefix("0") for value in values)


def measure(name, points, kind, first, last, count):
    """One cell: the default interval and that of independent errors, on the same series."""
    family, theta = FAMILIES[name], np.array(SHAPES[name])
    begin, end, early = time_of_share(family, theta, np.array([first, last, 0.05 * last]))
    years = np.linspace(begin, end, points)
    curve = CEILING * family.share(years, *theta)
    seed = [list(FAMILIES).index(name), points, list(KINDS).index(kind), round(100 * first), round(100 * last)]
    errors = draw(kind, count, curve, max(0.0, (begin - early) / (years[1] - years[0])), np.random.default_rng(seed))
    frame = pd.DataFrame((curve + errors).T, index=years)
    launch = 0.0 if family.needs_launch else None
    hull, alone = (
        fit_many(frame, [name], launch=launch, progress=False, errors=errors) for errors in (None, "independent")
    )
    covered, closed = covers(hull), hull["identified"]
    width = (hull["ceiling_upper"] - hull["ceiling_lower"]) / (alone["ceiling_upper"] - alone["ceiling_lower"])
    return {
        "seen": f"{100 * first:g} to {100 * last:g}", "kind": kind, "points": points, "family": name,
        "covers": covered.mean(), "alone": covers(alone).mean(), "identified": closed.mean(),
        "alone_identified": alone["identified"].mean(), "wrong": (closed & ~covered).mean(),
        "width": width[closed].median(),
    }  # fmt: skip


def covers(table):
    """Whether each interval holds the ceiling; one of a fit without a ceiling claims nothing."""
    inside = (table["ceiling_lower"] <= CEILING) & (table["ceiling_upper"] >= CEILING)
    return inside | ~table["identified"]


def draw(kind, count, curve, steps, random):
    """Errors (count, points); cumulated ones have added up over `steps` before the first."""
    new, rho = random.normal(0, SIZE, (count, len(curve))), KINDS[kind]
    if kind == "in proportion":
        return new * curve / 60
    if rho == 1:
        return np.cumsum(new, axis=1) + np.sqrt(steps) * random.normal(0, SIZE, (count, 1))
    errors = new.copy()
    for place in range(1, len(curve)):
        errors[:, place] = rho * errors[:, place - 1] + np.sqrt(1 - rho**2) * new[:, place]
    return errors


if __name__ == "__main__":
    main(int(sys.argv[1]))
