"""Simulate how well a fitted saturation level is known, by the part of the course seen and the size of errors.

After the design of Debecker and Modis (1994), with series of our own: logistic curves seen from 2 % of their saturation
level to the given part of it, errors independent and in proportion to the curve.
"""

import numpy as np
import pandas as pd

from adoption_curves.curves import Logistic

SEEN = (0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
NOISE = (0.01, 0.05, 0.1)
POINTS = (4, 10)
SERIES = 200


def main():
    """Print a row per number of points and size of errors, a column per part of the course seen, as Markdown."""
    print(f"| points, errors | {' | '.join(f'{100 * seen:g} % seen' for seen in SEEN)} |")
    print("|---" * (1 + len(SEEN)) + "|")
    for points in POINTS:
        for noise in NOISE:
            cells = [simulate(points, noise, seen) for seen in SEEN]
            print(f"| {points}, {100 * noise:g} % | {' | '.join(cells)} |")


def simulate(points, noise, seen):
    """Middle 90 % of the estimates over the true level; an end is open where one in twenty has no finite estimate."""
    start, end = np.log(0.02 / 0.98), np.log(seen / (1 - seen))
    years = np.linspace(start, end, points)
    random = np.random.default_rng(round(1000 * seen + 100000 * noise + points))
    values = (1 + noise * random.standard_normal((points, SERIES))) / (1 + np.exp(-years[:, None]))
    dated = pd.Index(years - years[0] + 2000)
    fits = [Logistic(pd.Series(course, dated), floor=0).fit() for course in values.T]
    estimates = np.array([np.inf if "infinity" in fit.flag else fit.params["ceiling"] for fit in fits])
    low, high = np.quantile(estimates, (0.05, 0.95), method="inverted_cdf")
    return f"{low:.2f} to {high:.2f}" if np.isfinite(high) else f"{low:.2f} to open"


if __name__ == "__main__":
    main()
