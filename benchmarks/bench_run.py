"""Measure making and remaking the default run against its targets, and print a Markdown table.

Every run is of the project's own notebooks and data, into a temporary folder; what is compared alternates. Processor
seconds are those of all processes: this one takes in orphans, such as the fork server, and waits for them. The variable
BENCH_AGAINST may name checkouts of other versions, each with its .venv, to be measured in turn with this one.
"""

import ctypes
import hashlib
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from adoption_curves.runs.ingredients import find_notebooks

ROUNDS, KILLS = 5, 30
PAPERMILL = (sys.executable, "-m", "papermill")
OTHERS = [Path(place) for place in os.environ.get("BENCH_AGAINST", "").split(os.pathsep) if place]
PR_SET_CHILD_SUBREAPER = 36  # of Linux


def main():
    """Print one row per target: what, target, measured."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print("| what | target | measured |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        outputs = Path(place)
        for measure in (measure_speed, measure_papermill, measure_rest, measure_change, measure_kills):
            for row in measure(outputs):
                print("| {} | {} | {} |".format(*row), flush=True)


def command(outputs, *words, python=sys.executable):
    """Seconds of wall and of processors that the command takes, and what it says."""
    return call(outputs, python, "-m", "adoption_curves", *words)


def call(outputs, *words):
    """Seconds of wall and of processors that a program takes with its runs in `outputs`, and what it says."""
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs)}
    before, start = count_processor_seconds(), time.perf_counter()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - start
    with suppress(ChildProcessError):  # no more orphans
        while True:
            os.wait()
    return wall, count_processor_seconds() - before, done.stdout


def count_processor_seconds():
    """Those of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_speed(outputs):
    """The default run, in turn with that of other versions."""
    pythons = {"this": sys.executable, **{each.name: str(each / ".venv" / "bin" / "python") for each in OTHERS}}
    taken = {name: [] for name in pythons}
    for name, python in pythons.items():
        command(outputs / name, "run", python=python)  # fills the caches of Python and matplotlib
    for _ in range(ROUNDS):
        for name, python in pythons.items():
            taken[name].append(command(outputs / name, "run", "--force", python=python)[1])
    told = [f"{name} {statistics.median(each):.1f} ({min(each):.1f}-{max(each):.1f})" for name, each in taken.items()]
    yield (
        "default run, `--force`: processor seconds of all processes",
        "1.5 times those of release 0.1.0",
        ", ".join(told),
    )


def measure_papermill(outputs):
    """The default run against papermill's own command for each notebook."""
    notebooks = [str(path) for path in find_notebooks()]
    ratios = []
    for _ in range(ROUNDS):
        ours = command(outputs, "run", "--force")
        out = str(outputs / "out.ipynb")
        theirs = [call(outputs / "plain", *PAPERMILL, path, out, "--no-progress-bar") for path in notebooks]
        ratios.append([sum(each[place] for each in theirs) / ours[place] for place in range(2)])
    wall, processor = (statistics.median(each) for each in zip(*ratios, strict=True))
    yield (
        "the same, pages included, against papermill's command for each notebook: wall; processor",
        "4; 2 times faster",
        f"{wall:.1f}; {processor:.1f} times",
    )


def measure_rest(outputs):
    """The same command again."""
    taken = [command(outputs, "run") for _ in range(5)]
    assert all("Nothing changed" in said for *_, said in taken)
    wall, processor = (statistics.median(each[place] for each in taken) for place in range(2))
    yield "nothing changed: wall; processor", "0.3 s", f"{wall:.2f}; {processor:.2f} s"


def measure_change(outputs):
    """Which notebooks run when only the horizon changes."""
    *_, said = command(outputs, "run", "-p", "horizon_years", "4")
    ran = re.findall(r"^\d/\d (\d\d)_\w+  [\d.]+ s", said, flags=re.MULTILINE)
    yield "only horizon_years changed", "only notebooks that read it or its results", f"{' and '.join(ran)} ran"


def measure_kills(outputs):
    """Kill -9 at random moments, then the same command again; each in a folder of its own, where nothing is stored."""
    usual, *_ = command(outputs / "still", "run")
    expected = hash_run(outputs / "still" / "baseline")
    moments, same = random.Random(1), 0
    for number in range(KILLS):
        place = outputs / f"killed{number}"
        environment = {**os.environ, "ADOPTION_OUTPUTS": str(place)}
        words = [sys.executable, "-m", "adoption_curves", "run"]
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
