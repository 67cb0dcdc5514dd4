"""Measure what a person waits for beside its targets of time, and print a Markdown table.

Seconds are of wall and of the processor. Those of a program are of all its processes: this one takes in orphans, such
as the fork server, and waits for them. Everything goes into a temporary folder.
"""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from adoption_curves import curves, indicators
from adoption_curves.base.project import find_data
from adoption_curves.runs.fingerprint import find_notebooks

KEPT = 100  # runs beside the one that is made
COLUMNS = 19  # of the frame whose verdicts are set beside those of the columns
PR_SET_CHILD_SUBREAPER = 36  # of Linux
ADOPTION = (sys.executable, "-P", "-m", "adoption_curves")
PAPERMILL = (sys.executable, "-m", "papermill", "--no-progress-bar")
FORECASTS = """
import time
begin = time.perf_counter(), time.process_time()
from adoption_curves import forecast, indicators
data = indicators.load()
for indicator in ("genai_users", "genai_users", "internet_users", "online_payment_users"):
    forecast.forecast(data.series("China", indicator, "population_year_end"), horizon_years=5).quantiles
    end = time.perf_counter(), time.process_time()
    print(*(after - before for before, after in zip(begin, end)))
    begin = time.perf_counter(), time.process_time()
"""


def main():
    """Print one row per target: what, target, measured."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print("| what | target | wall; processor, s |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for measure in (measure_run, measure_commands, measure_python, measure_verdicts):
            for what, target, taken in measure(Path(place)):
                print(f"| {what} | {target} | {say(*taken)} |", flush=True)


def say(wall, processor):
    return f"{wall:.2f}; {processor:.2f}"


def call(outputs, *words, **environment):
    """Seconds of wall and of processors that a program takes with its runs in `outputs`, and what it printed."""
    before, start = count_processor_seconds(), time.perf_counter()
    given = {**os.environ, "ADOPTION_OUTPUTS": str(outputs), **environment}
    done = subprocess.run(words, env=given, capture_output=True, text=True, check=True)
    wall = time.perf_counter() - start
    with suppress(ChildProcessError):  # no more orphans
        while True:
            os.wait()
    return (wall, count_processor_seconds() - before), done.stdout


def count_processor_seconds():
    """Those of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_run(outputs):
    """The default run, and papermill's own command for each of its notebooks, which write to another folder."""
    call(outputs, *ADOPTION, "run")  # fills the caches of Python and matplotlib
    ours, _ = call(outputs / "first", *ADOPTION, "run")
    yield "default run, pages included", "", ours
    yield "the same over its own folder, `--force`", "as long", call(outputs / "first", *ADOPTION, "run", "--force")[0]
    each = []
    for path in find_notebooks():
        words = ("--cwd", str(path.parent), str(path), str(outputs / "out.ipynb"))
        each.append(call(outputs / "plain", *PAPERMILL, *words, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")[0])
    theirs = [sum(parts) for parts in zip(*each, strict=True)]
    yield "papermill's command for each notebook, one thread of linear algebra", "", theirs
    yield "times that of the default run", "4.3 of wall", [one / other for one, other in zip(theirs, ours, strict=True)]


def measure_commands(outputs):
    """Commands that make nothing."""
    yield "nothing changed", ".35 s", call(outputs, *ADOPTION, "run")[0]
    for number in range(KEPT):
        shutil.copytree(outputs / "baseline", outputs / f"kept{number}")
    yield f"the same beside {KEPT} kept runs", ".4 s", call(outputs, *ADOPTION, "run")[0]
    yield "`adoption --help`", ".3 s", call(outputs, *ADOPTION, "--help")[0]
    yield "`adoption check`", "1 s", call(outputs, *ADOPTION, "check")[0]


def measure_python(outputs):
    """Forecasts in a fresh Python."""
    _, printed = call(outputs, sys.executable, "-c", FORECASTS)
    first, again, verdict, later = ([float(word) for word in line.split()] for line in printed.splitlines())
    yield "first forecast in Python, imports included", "1.5 s", first
    yield "the same series again", ".02 s", again
    yield "the first series of ten figures and more, with its verdict", "", verdict
    yield "another one", ".1 s", later


def measure_verdicts(outputs):
    """The verdict on percentages of the project."""
    data = indicators.load(find_data())
    series = [data.series(*key) for key in data.own if len(data.exact_values(*key)) >= 8]
    series = [each for each in series if each.unit.startswith("percent")][:COLUMNS]
    seconds = clock(lambda: [curves.assess_ceiling(each) for each in series])
    yield f"a verdict, mean of {len(series)} series", ".1 s", [part / len(series) for part in seconds]


def clock(function):
    """Seconds of wall and of the processor that a call takes here."""
    begin = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - begin[0], time.process_time() - begin[1]
