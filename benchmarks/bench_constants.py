"""Measure what each constant of docs/method.md is worth, and print a table.

For each other value the line of the constant is changed in a copy of the package, and everything is learnt anew on the
comparison technologies, each left out. The score is the weighted interval score (WIS) over today's, on the forecasts
that both make, in windows of four and eight figures: the mean over the five horizons. Each technology has the same
weight. Not measured here are constants that the backtest doesn't use: the weight of the verdict's end
(bench_levelled.py), the paths, and the years between figures. It takes ten minutes.
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
    """Text of `model.ENDS` for so many ends within so many standard deviations."""
    return f"{2 * width:g} * (np.arange({count}) + 0.5) / {count} - {width:g}"


MODEL, BACKTEST = "forecast/model", "forecast/backtest"
CHANGES = (  # constant, module, its line with {} for the value, today's value, others
    ("trend left after a year", MODEL, "DAMPING = {}", "0.8", "0.7", "0.9"),
    ("least limit ahead", MODEL, "LEAST_LIMIT = {}", "0.1", "0.5"),
    ("figures of a window", BACKTEST, "WINDOWS = {}", "(3, 4, 6, 8)", "(4, 8)", "(3, 4, 6, 8, 12)"),
    ("origins", BACKTEST, "ORIGIN_SHARES = {}", "(0.05, 0.98)", "(0.02, 0.99)", "(0.1, 0.95)"),
    ("counts for a horizon within", BACKTEST, "DATE_TOLERANCE = {}", "0.26", "0.15"),
    ("share at most where it stands", BACKTEST, "HIGHEST_LAST = {}", "0.98", "0.95", "0.99"),
    ("width of the ends", MODEL, "ENDS = {}", space(), space(width=1.5), space(width=3)),
    ("ends", MODEL, "ENDS = {}", space(), space(9), space(49)),
    ("room above the highest share", MODEL, "ROOM = {}", "1.002", "1.01"),
    ("error always allowed", "base/limit", "MEASUREMENT = {}", "0.005", "0.0025", "0.01"),
    ("shares for a slope", MODEL, "STEEP_WITHIN = {}", "(0.01, 0.95)", "(0.05, 0.9)", "(0.01, 0.99)"),
    ("degrees of freedom", MODEL, "TAILS = {}", "4", "2", "30"),
    ("penalty", MODEL, "PENALTY = {}", "1e-4", "1e-2"),
    ("common drift", MODEL, "COMMON = {}", "0.02", "0.01", "0.04"),
    ("up and down within", MODEL, "STRETCH_LIMITS = (1.3, 1.0), {}", "(0.7, 2.0)", "(1.0, 1.0)", "(1.15, 1.15)"),
    ("depth of the floor", MODEL, "HIGHEST_FLOOR = {}, 0.65", "2.0", "1.5", "3.0"),
)
WITHOUT_LIMIT = (("half-life of steps", MODEL, "HALF_LIFE = {}", "2.0", "1.0", "4.0"),)


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
    rows = forecast.backtest(indicators.load().references(), bounded=bounded)
    found = scores.evaluate(scores.calibrate(rows), [0.8])
    found[found["window"].isin((4, 8))].set_index(KEYS)[["wis"]].to_pickle(path)


def compare(before, now):
    """WIS over that before, on the same forecasts: the mean over horizons, each technology with the same weight."""
    both = before.join(now, lsuffix="_before", how="inner").groupby(["horizon_years", "technology"]).mean()
    means = both.groupby("horizon_years").mean()
    return (means["wis"] / means["wis_before"]).mean()


if __name__ == "__main__":
    main()
