"""Measure sweeps: two workers against one, and against the same runs one by one through the command."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from helpers.sweep import read_sweep

GRIDS = {
    "assumptions": {
        "horizon_years": [3, 5, 8],
        "shares": [[0.5, 0.75, 0.9], [0.4, 0.6, 0.8]],
        "levels": [[0.5, 0.8, 0.95], [0.9]],
        "families": [["logistic", "gompertz", "bass"], ["logistic", "gompertz"]],
    },
    "series and dates": {
        "indicator": [
            *("instant_messaging_users", "livestreaming_users", "online_games_users", "online_music_users"),
            *("online_news_users", "online_payment_users", "online_shopping_users", "online_takeaway_users"),
            *("online_video_users", "ride_hailing_users", "search_engine_users", "short_video_users"),
        ],
        "as_of": ["", "2023-12-31"],
    },
}
"""24 runs each, no two with equal results: assumptions over the same data, which share notebooks 01, 02 and 04, make 03
twice and 05 twelve times; and different data, which share none."""
ROUNDS = 3
"""Each measures one worker, two workers, and two sweeps at once that know nothing of each other."""
SAMPLED = 3
"""Runs that are made through the command; their mean stands for all."""
ROWS = {
    "runs": "-",
    f"one by one through the command (from {SAMPLED})": "-",
    "1 worker": "-",
    "2 workers": "-",
    "2 workers against 1": "1.8 times faster",
    "the whole sweep twice at once, 1 worker each, against twice in turn": "-",
    "2 workers against one by one": "4 times faster",
}
"""What is measured of each grid, and what was to be reached."""


def main(grids=GRIDS):
    """Print seconds and ratios as a Markdown table, a column for each grid."""
    columns = [measure(grid) for grid in grids.values()]
    print(f"| what | target | {' | '.join(grids)} |")
    print("|---" * (2 + len(grids)) + "|")
    for (what, target), *values in zip(ROWS.items(), *columns, strict=True):
        print(f"| {what} | {target} | {' | '.join(values)} |")


def measure(grid):
    """What is measured of one grid, in the order of `ROWS`."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "grid.yaml"
        path.write_text(yaml.safe_dump({"grid": grid}))
        sweep = read_sweep(path)
        single = time_command(sweep, Path(place) / "single") * len(sweep.runs)
        rounds = [time_round(path, Path(place) / str(number)) for number in range(ROUNDS)]
    one, two, _ = map(statistics.median, zip(*rounds, strict=True))
    return [
        str(len(sweep.runs)),
        *(f"{seconds:.0f} s" for seconds in (single, one, two)),
        describe([alone / together for alone, together, _ in rounds]),
        describe([2 * alone / twice for alone, _, twice in rounds]),
        f"{single / two:.1f}",
    ]


def describe(ratios):
    """Median and range."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def time_command(sweep, outputs):
    """Mean seconds of one run through the command, each into a folder of its own name."""
    chosen = sweep.runs[:: max(1, len(sweep.runs) // SAMPLED)][:SAMPLED]
    words = [
        ["run", run.run, *(word for name in sweep.varied for word in ("-p", name, str(getattr(run, name))))]
        for run in chosen
    ]
    return sum(time_words(each, outputs) for each in words) / len(chosen)


def time_round(path, outputs):
    """Seconds of the sweep with one worker, with two, and of two sweeps at once with one worker each."""
    one, two = (time_words(["sweep", str(path), "--workers", str(count)], outputs / str(count)) for count in (1, 2))
    with ThreadPoolExecutor() as pool:
        words = ["sweep", str(path), "--workers", "1"]
        both = max(pool.map(time_words, [words] * 2, [outputs / "this", outputs / "that"]))
    return one, two, both


def time_words(words, outputs):
    """Seconds of the command with these words."""
    started = time.perf_counter()
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs)}
    subprocess.run([sys.executable, "-m", "helpers", *words], check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
