"""Measure sweeps: two workers against one, and against the same runs one by one through the command."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from helpers.sweep import read_sweep

GRID = {"horizon_years": [2, 3, 4, 5, 6, 8], "seed": [1, 2, 3, 4]}
"""24 runs: assumptions of the forecast over the same data, so that they share the notebooks before it."""
ROUNDS = 5
"""Sweeps with one and two workers, which alternate."""
SAMPLED = 3
"""Runs that are made through the command; their mean stands for all."""


def main(grid=GRID):
    """Print seconds and ratios as a Markdown table."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "grid.yaml"
        path.write_text(yaml.safe_dump({"grid": grid}))
        runs = read_sweep(path).runs
        single = time_command(runs, Path(place) / "single") * len(runs)
        rounds = [
            [time_sweep(path, workers, Path(place) / f"workers-{workers}-{number}") for workers in (1, 2)]
            for number in range(ROUNDS)
        ]
    one, two = map(statistics.median, zip(*rounds, strict=True))
    ratios = sorted(alone / together for alone, together in rounds)
    print("| what | target | measured |\n|---|---|---|")
    print(f"| {len(runs)} runs one by one through the command (from {SAMPLED}) | - | {single:.0f} s |")
    print(f"| {len(runs)} runs, 1 worker | - | {one:.0f} s |")
    print(f"| {len(runs)} runs, 2 workers | - | {two:.0f} s |")
    middle = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
    print(f"| 2 workers against 1 | 1.8 times faster | {middle} |")
    print(f"| 2 workers against one by one | 4 times faster | {single / two:.1f} |")


def time_command(runs, outputs):
    """Mean seconds of one run through the command, each into a folder of its own name."""
    chosen = runs[:: max(1, len(runs) // SAMPLED)][:SAMPLED]
    words = [
        ["run", run.run, "-p", "horizon_years", str(run.horizon_years), "-p", "seed", str(run.seed)] for run in chosen
    ]
    return sum(time_words(each, outputs) for each in words) / len(chosen)


def time_sweep(path, workers, outputs):
    """Seconds of the whole sweep."""
    return time_words(["sweep", str(path), "--workers", str(workers)], outputs)


def time_words(words, outputs):
    """Seconds of the command with these words."""
    started = time.perf_counter()
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs)}
    subprocess.run([sys.executable, "-m", "helpers", *words], check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
