"""Measure making and remaking the default run against its targets, and print a Markdown table.

Every run is of the project's own notebooks and data, into a temporary folder; what is compared alternates.
"""

import hashlib
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from helpers.runs.sequence import find_notebooks

ROUNDS, KILLS = 3, 30
PAPERMILL = (sys.executable, "-m", "papermill")


def main():
    """Print one row per target: what, target, measured."""
    print("| what | target | measured |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        outputs = Path(place)
        for measure in (measure_speed, measure_rest, measure_change, measure_kills):
            for row in measure(outputs):
                print("| {} | {} | {} |".format(*row), flush=True)


def command(outputs, *words):
    """Seconds that the command takes, and what it says."""
    return call(outputs, sys.executable, "-m", "helpers", *words)


def call(outputs, *words):
    """Seconds that a program takes with its runs in `outputs`, and what it says."""
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs)}
    start = time.perf_counter()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, done.stdout


def measure_speed(outputs):
    """The default run against papermill's own command."""
    notebooks = [str(path) for path in find_notebooks()]
    whole, papermill = [], []
    command(outputs, "run")  # fills the caches of Python and matplotlib
    for _ in range(ROUNDS):
        whole.append(command(outputs, "run", "--force")[0])
        out = str(outputs / "out.ipynb")
        one_by_one = [call(outputs / "plain", *PAPERMILL, path, out, "--no-progress-bar")[0] for path in notebooks]
        papermill.append(sum(one_by_one))
    ours, theirs = map(statistics.median, (whole, papermill))
    yield (
        "default run, pages included, against papermill's command for each notebook",
        "4 times faster, 5 wanted",
        f"{theirs / ours:.1f} times ({ours:.1f} s against {theirs:.1f} s)",
    )


def measure_rest(outputs):
    """The same command again."""
    seconds = [command(outputs, "run") for _ in range(5)]
    assert all("Nothing changed" in said for _, said in seconds)
    yield "nothing changed", "0.3 s", f"{statistics.median(taken for taken, _ in seconds):.2f} s"


def measure_change(outputs):
    """Which notebooks run when only the horizon changes."""
    _, said = command(outputs, "run", "-p", "horizon_years", "4")
    ran = re.findall(r"^\d/\d (\d\d)_\w+  [\d.]+ s", said, flags=re.MULTILINE)
    yield "only horizon_years changed", "only notebooks that read it or its results", f"{' and '.join(ran)} ran"


def measure_kills(outputs):
    """Kill -9 at random moments, then the same command again; each in a folder of its own, where nothing is stored."""
    usual, _ = command(outputs / "still", "run")
    expected = hash_run(outputs / "still" / "baseline")
    moments, same = random.Random(1), 0
    for number in range(KILLS):
        place = outputs / f"killed{number}"
        environment = {**os.environ, "ADOPTION_OUTPUTS": str(place)}
        words = [sys.executable, "-m", "helpers", "run"]
        process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, usual))
        process.kill()
        process.wait()
        command(place, "run")
        same += hash_run(place / "baseline") == expected
        shutil.rmtree(place)
    yield (
        f"kill -9 at {KILLS} random moments, then the same command again",
        "all equal to the byte",
        f"{same} of {KILLS}",
    )


def hash_run(folder):
    """A hash for each table, figure and page."""
    found = {}
    for kind in ("tables", "figures", "html"):
        for path in sorted((folder / kind).iterdir()):
            found[f"{kind}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
