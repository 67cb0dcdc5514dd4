"""Measure what each constant of docs/method.md is worth, and print the last column of its table.

For each other value the line of the constant is changed in a copy of the package, and everything is learnt anew on the
comparison technologies, each left out. The score is the weighted interval score (WIS) over today's, on the forecasts
that both make, in windows of four and eight figures: the mean over the five horizons. Each technology has the same
weight. Not measured here are constants that the backtest doesn't use: the weight of the verdict's end and the room
above the highest figure (bench_levelled.py), the paths, and the years between figures. It takes ten minutes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from adoption_curves import forecast, indicators
from adoption_curves.forecast import scores

ROOT = Path(__file__).parents[1]
KEYS = ["technology", "entity", "indicator", "window", "origin", "horizon_years"]


def space(count=25, width=2):
    """Text of `methods.NODES` for so many ceilings within so many standard deviations."""
    return f"{2 * width:g} * (np.arange({count}) + 0.5) / {count} - {width:g}"


CHANGES = (  # constant, module, its line with {} for the value, today's value, others
    ("trend left after a year", "forecast/windows", "DAMPING = {}", "0.8", "0.7", "0.9"),
    ("approaches the limit", "forecast/methods", "{}", "approach(last + change, last, ahead.limit)", "last + change"),
    (
        "figures of a window",
        "forecast/rolling",
        "WINDOWS = {}",
        "(3, 4, 6, LONGEST)",
        "(4, LONGEST)",
        "(3, 4, 6, LONGEST, 12)",
    ),
    ("origins", "forecast/rolling", "ORIGIN_SHARES = {}", "(0.05, 0.98)", "(0.02, 0.99)", "(0.1, 0.95)"),
    ("counts for a horizon within", "forecast/windows", "DATE_TOLERANCE = {}", "0.26", "0.15"),
    ("share in the prior, at most", "forecast/methods", "SHARE_LIMITS[0], {})", "0.98", "0.95", "0.99"),
    ("width of the prior", "forecast/methods", "{}", space(), space(width=1.5), space(width=3)),
    ("ceilings", "forecast/methods", "{}", space(), space(9), space(49)),
    ("error always allowed", "curves/tables", "MEASUREMENT = {}", "0.005", "0.0025", "0.01"),
    ("exponent", "forecast/methods", "-{} / 2 *", "(self.windows.points - 2)", "self.windows.points"),
    ("past its peak", "forecast/windows", "PAST_PEAK = {}", "0.9", "0.8", "0.95"),
    ("shares before a logarithm", "forecast/windows", "SHARE_LIMITS = {}", "(1e-6, 0.999)", "(1e-4, 0.99)"),
    ("shares for a slope", "forecast/windows", "True: {}", "(0.01, 0.95)", "(0.05, 0.9)", "(0.01, 0.99)"),
    ("degrees of freedom", "forecast/bands", "HEAVY_TAILS = {}", "4.0", "2.0", "30.0"),
    ("penalty", "forecast/bands", "{}", "1e-4", "1e-2"),
    ("common drift", "forecast/bands", "({} * steep", "0.02", "0.01", "0.04"),
    ("walk, few steps", "forecast/bands", "step_sd**2 * years{}", " * points / np.maximum(points - 2, 1)", ""),
    ("depth of the floor", "forecast/bands", "LEAST_FALL = {}, 0.05", "2.0", "1.5", "3.0"),
    ("least fall", "forecast/bands", "LEAST_FALL = 2.0, {}", "0.05", "0.2"),
    ("finite sample", "forecast/bands", "np.abs(2 * levels - 1){}", " * (1 + 1 / self.count)", ""),
    ("least limit ahead", "forecast/windows", "drift, {} * windows", "0.1", "0.5"),
)
WITHOUT_LIMIT = (
    ("half-life of steps", "forecast/windows", "HALF_LIFE = {}", "2.0", "1.0", "4.0"),
    ("share for a slope", "forecast/windows", "False: ({}, np.inf)", "0.05", "0.2"),
    ("least ratio", "forecast/windows", "LOWEST_RATIO = {}", "0.01", "0.05"),
)


def main():
    """Print a row per constant, each other value with its WIS over today's."""
    print("| constant, today | worth |\n|---|---|")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for bounded, changes in ((True, CHANGES), (False, WITHOUT_LIMIT)):
            before = pool.submit(measure, bounded).result()
            for name, module, line, today, *others in changes:
                asked = [(bounded, module, line.format(today), line.format(other)) for other in others]
                ratios = [compare(before, now) for now in pool.map(lambda each: measure(*each), asked)]
                worth = "; ".join(f"{other}: {ratio:.3f}" for other, ratio in zip(others, ratios, strict=True))
                print(f"| {name}, {today} | {worth} |", flush=True)


def measure(bounded, module="", old="", new=""):
    """WIS of each forecast by a copy of the package in which a text of a module is another."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").symlink_to(ROOT / "data")
        source = Path(folder) / "src" / "helpers"
        copy = source / "adoption_curves"
        shutil.copytree(ROOT / "src" / "helpers" / "adoption_curves", copy)
        if module:
            path = copy / f"{module}.py"
            text = path.read_text(encoding="utf-8")
            assert old in text, f"{module}.py has no longer {old!r}"
            path.write_text(text.replace(old, new), encoding="utf-8")
        command = f"from benchmarks.bench_constants import score; score({bounded}, {str(copy / 'scores')!r})"
        subprocess.run(
            [sys.executable, "-c", command], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(source)}, check=True
        )
        return pd.read_pickle(copy / "scores")


def score(bounded, path):
    """Write the WIS of each published forecast in windows of four and eight figures."""
    found = scores.evaluate(forecast.backtest(indicators.load().references(), bounded=bounded), ["combined"], [0.8])
    found[found["window"].isin((4, 8))].set_index(KEYS)[["wis"]].to_pickle(path)


def compare(before, now):
    """WIS over that before, on the same forecasts: the mean over horizons, each technology with the same weight."""
    both = before.join(now, lsuffix="_before", how="inner").groupby(["horizon_years", "technology"]).mean()
    means = both.groupby("horizon_years").mean()
    return (means["wis"] / means["wis_before"]).mean()


if __name__ == "__main__":
    main()
