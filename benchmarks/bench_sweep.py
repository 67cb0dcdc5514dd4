"""Measure sweeps: two workers against one, and against the same runs one by one through the command."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from helpers.sweep import read_sweep

GRID = {"horizon_years": [2, 3, 4, 5, 6, 8], "seed": [1, 2, 3, 4]}
"""24 runs: assumptions of the forecast over the same data, so that they share the notebooks before it."""
SAMPLED = 3
"""Runs that are made through the command; their mean stands for all."""


def main(grid=GRID):
    """Print seconds and ratios as a Markdown table."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "grid.yaml"
        path.write_text(yaml.safe_dump({"grid": grid}))
        runs = read_sweep(path).runs
        single = time_command(runs, Path(place) / "single") * len(runs)
        before = sum_processors()
        one = time_sweep(path, 1, Path(place) / "workers-1")
        busy = (sum_processors() - before) / one
        two = time_sweep(path, 2, Path(place) / "workers-2")
    print("| what | target | measured |\n|---|---|---|")
    print(f"| {len(runs)} runs one by one through the command (from {SAMPLED}) | - | {single:.0f} s |")
    print(f"| {len(runs)} runs, 1 worker | - | {one:.0f} s |")
    print(f"| processors that 1 worker keeps busy | - | {busy:.2f} |")
    print(f"| {len(runs)} runs, 2 workers | - | {two:.0f} s |")
    print(f"| 2 workers against 1 | 1.8 times faster | {one / two:.2f} |")
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


def sum_processors():
    """Seconds that processors have spent on what this process started and has seen the end of."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def time_words(words, outputs):
    """Seconds of the command with these words."""
    started = time.perf_counter()
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs)}
    subprocess.run([sys.executable, "-m", "helpers", *words], check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
