"""Simulate the verdict "levels off": how often it is said, and how often it is wrong, with default arguments.

Every cell draws series of one curve with one kind of errors, and asks `assess_ceiling` for the verdict on each.
"""

import os
import sys
import time
import zlib
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from adoption_curves.curves import assess_ceiling

TRUTHS = {  # share of the saturation level, by years
    "logistic": lambda t: 1 / (1 + np.exp(-t)),
    "gompertz": lambda t: np.exp(-np.exp(-t)),
    "bass": lambda t: -np.expm1(-0.61 * t) / (1 + 60 * np.exp(-0.61 * t)),
    "richards .15": lambda t: (1 + 0.15 * np.exp(-t)) ** (-1 / 0.15),
    "richards 4": lambda t: (1 + 4 * np.exp(-t)) ** (-1 / 4),
}
OWN = ("logistic", "gompertz", "bass")
KINDS = ("independent", "in proportion", "AR .6", "AR .9", "cumulated", "cumulated in proportion")
LEVEL, SIZE = 100.0, 2.0  # the errors, or what is new in cumulated ones, are 2 % of the saturation level
COUNT = 40
LEAST_GIVEN = 0.2  # part of the series that must level off for a cell to count among the worst


def list_cells():
    """Truth, parts of the course between which it is seen, number of points, kind of errors."""
    cells = [(truth, 0.05, 0.95, n, kind) for truth in OWN for n in (6, 8, 10, 16) for kind in KINDS]
    cells += [
        (truth, first, last, n, kind)
        for first, last in ((0.05, 0.75), (0.2, 0.95), (0.5, 0.95))
        for truth in OWN
        for n in (8, 16)
        for kind in ("independent", "cumulated")
    ]
    cells += [(truth, 0.05, 0.75, n, "cumulated in proportion") for truth in OWN for n in (8, 16)]
    cells += [(truth, 0.05, 0.95, n, kind) for truth in OWN[:2] for n in (8, 16) for kind in ("t(3)", "outlier")]
    cells += [(truth, 0.05, last, n, "independent") for truth in OWN[:2] for n in (5, 12) for last in (0.75, 0.95)]
    cells += [
        (truth, 0.05, 0.75, n, kind)
        for truth in ("richards .15", "richards 4")
        for n in (8, 16)
        for kind in ("independent", "cumulated")
    ]
    return cells + [
        ("two waves", 0.05, last, n, kind)
        for last in (0.7, 0.8)
        for n in (12, 16)
        for kind in ("independent", "cumulated")
    ]


def main(count=COUNT):
    """Print a row a cell, and the worst of them; `count` series a cell."""
    cells, begun = list_cells(), time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        frame = pd.DataFrame(pool.map(measure, cells, [count] * len(cells)))
    minutes = (time.monotonic() - begun) / 60
    print(f"{len(cells)} cells of {count} series, {minutes:.0f} minutes on {os.cpu_count()} cores:\n")
    print_worst(frame)
    print_cells(frame)


def print_worst(frame):
    """What is asked of the words, and the worst and the mean of the cells where a fifth levels off."""
    print("| what | worst cell | mean | cells |\n|---|---|---|---|")
    for what, part in list_groups(frame).items():
        print_row(f"wrong, of verdicts given: {what}", part[part["given"] >= LEAST_GIVEN], "wrong")
    own = frame[frame["truth"].isin(OWN)]
    print_row("covers or is not given: right family", own, "covers", lowest=True)
    alike = own[(own["kind"] == "independent") & (own["first"] == 0.05)]
    for (last, points), part in alike[alike["points"].isin([8, 16])].groupby(["last", "points"]):
        what = f"given: right family, independent, to {100 * last:g} %, {points} points"
        print_row(what, part, "given", lowest=True)


def print_row(what, part, name, lowest=False):
    """One row of the table of the worst."""
    part = part[part[name].notna()]
    if part.empty:
        print(f"| {what} | none | - | 0 |")
        return
    worst = part.loc[part[name].idxmin() if lowest else part[name].idxmax()]
    where = f"{worst['truth']}, {worst['points']} points, {worst['kind']}, {say_course(worst)} %"
    print(f"| {what} | {say(worst[name])} ({where}) | {say(part[name].mean())} | {len(part)} |")


def print_cells(frame):
    """Every cell."""
    print("\n| curve | seen, % | points | errors | given | wrong of these | covers or is not given |")
    print("|---" * 7 + "|")
    for _, row in frame.iterrows():
        said = " | ".join(say(row[name]) for name in ("given", "wrong", "covers"))
        print(f"| {row['truth']} | {say_course(row)} | {row['points']} | {row['kind']} | {said} |")


def list_groups(frame):
    """Cells by what is asked of them."""
    own, proportional = frame["truth"].isin(OWN), frame["kind"] == "cumulated in proportion"
    groups = {
        "right family": frame[own & ~proportional],
        "right family, cumulated in proportion": frame[own & proportional],
        "Bass": frame[frame["truth"] == "bass"],
    }
    for name in ("richards .15", "richards 4", "two waves"):
        groups[f"{name}, to 70 to 80 %"] = frame[frame["truth"] == name]
    return groups


def say_course(row):
    """Parts of the saturation level between which the course is seen."""
    return f"{100 * row['first']:g} to {100 * row['last']:g}"


def say(value):
    """A part as two digits after the point."""
    return "-" if np.isnan(value) else f"{value:.2f}".removeprefix("0")


def measure(cell, count):
    """Power, errors and coverage of one cell."""
    truth, first, last, points, kind = cell
    years, curve, steps = draw_course(truth, first, last, points)
    random = np.random.default_rng(zlib.crc32(repr(cell).encode()))
    values = curve + draw_errors(kind, count, curve, steps, random)
    table = pd.concat(assess_ceiling(pd.Series(row, years)).frame() for row in values)
    given = table["verdict"] == "levels off"
    wrong = given & ~((table["low"] <= LEVEL) & (table["high"] >= LEVEL))
    row = {"truth": truth, "first": first, "last": last, "points": points, "kind": kind}
    row |= {"given": given.mean(), "covers": 1 - wrong.mean()}
    return row | {"wrong": wrong.sum() / given.sum() if given.any() else np.nan}


def draw_course(truth, first, last, points):
    """Years, the curve there, and for how many steps errors have added up before the first."""
    if truth == "two waves":  # 60 and 40 % of the saturation level, ten times the inverse of their rate apart
        times = np.linspace(-12, 30, 200_001)
        course = 0.6 / (1 + np.exp(-times)) + 0.4 / (1 + np.exp(10 - times))
        begin, end, early = np.interp([first, last, 0.05 * last], course, times)
        years = np.linspace(begin, end, points)
        curve = LEVEL * np.interp(years, times, course)
    else:
        share = TRUTHS[truth]
        parts = first, last, 0.05 * last
        begin, end, early = (brentq(lambda t, part=part: share(t) - part, -20.0, 60.0) for part in parts)
        years = np.linspace(begin, end, points)
        curve = LEVEL * share(years)
    return years, curve, max(0.0, (begin - early) / (years[1] - years[0]))


def draw_errors(kind, count, curve, steps, random):
    """Errors (count, points); cumulated ones have added up over `steps` before the first."""
    new = random.normal(0, SIZE, (count, len(curve)))
    if kind == "in proportion":
        return new * curve / 60
    if kind == "cumulated in proportion":
        return np.cumsum(new * curve / 60, axis=1)
    if kind == "cumulated":
        return np.cumsum(new, axis=1) + np.sqrt(steps) * random.normal(0, SIZE, (count, 1))
    if kind == "t(3)":
        return SIZE * random.standard_t(3, new.shape) / np.sqrt(3)
    if kind == "outlier":  # one value ten standard deviations off
        new[np.arange(count), random.integers(0, len(curve), count)] += 10 * SIZE * random.choice([-1, 1], count)
        return new
    rho = {"independent": 0.0, "AR .6": 0.6, "AR .9": 0.9}[kind]
    errors = new.copy()
    for place in range(1, len(curve)):
        errors[:, place] = rho * errors[:, place - 1] + np.sqrt(1 - rho**2) * new[:, place]
    return errors


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
