"""Sweeps: what the file may say, which run goes where, and that every run is made once whatever dies meanwhile."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pandas as pd
import pytest
from conftest import SAMPLE
from small_notebooks import write_notebooks
from test_pipeline import is_alive, wait_for
from test_report import Page

from helpers import __main__ as command
from helpers import indicators, pipeline
from helpers.fork_server import ForkServer
from helpers.parameters import ParameterError, Parameters
from helpers.project import RunError, hold_folder
from helpers.sweep import read_sweep, run_sweep
from helpers.sweep.grid import name_runs
from helpers.sweep.making import Plan, make_runs, say_time
from helpers.sweep.work import Outcome

linux = pytest.mark.skipif(sys.platform != "linux", reason="finds the worker of a kernel in /proc")
SHARED = [
    "# 1. Shared",
    {"run": "baseline", "entity": "China", "data": "data"},
    "## Draw a number",
    """import os
import pandas as pd
from helpers.run import open_run

results = open_run(run, "01_shared", dict(entity=entity, data=data))
results.save_table("01_drawn", pd.DataFrame({"drawn": [os.urandom(8).hex()]}))""",
]
FORECAST = [
    "# 5. Forecast",
    {"run": "baseline", "shares": [0.5], "horizon_years": 1},
    "## Open the run",
    """import os, pathlib, re, signal, time
import pandas as pd
from helpers.run import open_run

notes = pathlib.Path(NOTES)
results = open_run(run, "05_forecast", dict(shares=shares, horizon_years=horizon_years))
with (notes / "made.txt").open("a") as file:
    file.write(f"{run}\\n")""",
    "## Kill, fail or wait",
    """lock = pathlib.Path(os.environ["ADOPTION_OUTPUTS"]).parents[1] / f".{run}.lock"
worker = int(re.search(r"process (\\d+) on", lock.read_text()).group(1))
if horizon_years == 9 and not (notes / "killed").exists():
    (notes / "killed").write_text(str(worker))
    os.kill(worker, signal.SIGKILL)
    time.sleep(30)
end = time.monotonic() + 60
other = "horizon_years-21"  # begins while this run waits for it
while horizon_years == 20 and other not in (notes / "made.txt").read_text():
    assert time.monotonic() < end, "waited in vain"
    time.sleep(0.1)
assert horizon_years != 13 or (notes / "mended").exists(), "thirteen"
if horizon_years == 30:
    (notes / "waiting").write_text(f"{worker} {os.getpid()}")
    time.sleep(60)""",
    "## Write the forecast",
    """dates = pd.date_range("2026-06-30", periods=2, freq="6ME")
frame = pd.DataFrame({"date": dates, "method": "combined", "q0.1": 500.0, "q0.5": 600.0 + horizon_years, "q0.9": 700.0})
results.save_table("05_forecast", frame.assign(unit="million persons"))""",
]
SUMMARY = [
    "# 6. Summary",
    {"run": "baseline", "entity": "China"},
    "## Write the key numbers",
    """from helpers.run import open_run
results = open_run(run, "06_summary", dict(entity=entity))
last = results.read_table("05_forecast").iloc[-1]
row = {"key": "last", "label": "Last", "value": last["q0.5"], "low": last["q0.1"], "high": last["q0.9"]}
import pandas as pd
results.save_table("06_key_numbers", pd.DataFrame([{**row, "unit": last["unit"], "text": "<b>"}]))""",
]


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path / "outputs"


@pytest.fixture
def notebooks(tmp_path):
    forecast = [cell.replace("NOTES", repr(str(tmp_path))) if isinstance(cell, str) else cell for cell in FORECAST]
    made = {"01_shared": SHARED, "05_forecast": forecast, "06_summary": SUMMARY}
    return write_notebooks(tmp_path / "notebooks", made)


def write(tmp_path, text, name="grid.yaml"):
    path = tmp_path / name
    path.write_text(f"parameters: {{data: {SAMPLE}}}\n{text}")
    return path


# ---- the file


def test_a_grid_and_a_list_become_named_runs(tmp_path):
    path = write(
        tmp_path,
        "grid:\n  horizon_years: [1, 2]\n  shares: [[0.5, 0.9], [0.75]]\nruns:\n- {run: own, as_of: 2025-06-30}\n",
    )
    sweep = read_sweep(path)
    assert (sweep.name, sweep.varied, sweep.full) == ("grid", ("horizon_years", "shares", "as_of"), False)
    assert [run.run for run in sweep.runs] == [
        "horizon_years-1_shares-0.5-0.9_as_of-none",
        "horizon_years-1_shares-0.75_as_of-none",
        "horizon_years-2_shares-0.5-0.9_as_of-none",
        "horizon_years-2_shares-0.75_as_of-none",
        "own",
    ]
    assert sweep.runs[4].as_of == "2025-06-30"
    assert read_sweep(write(tmp_path, "grid: {horizon_years: [1, 2]}"), "mine").full


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("grid: {horizon: [1]}", ["unknown parameter 'horizon', did you mean 'horizon_years'?"]),
        ("gird: {horizon_years: [1]}", ["unknown part 'gird', did you mean 'grid'?"]),
        ("grid: {horizon_years: 1}", ["'horizon_years' must be a list of values"]),
        ("grid: {horizon_years: []}", ["'horizon_years' must be a list of values"]),
        ("grid: {run: [a, b]}", ["'run' names one run"]),
        ("runs: {horizon_years: 1}", ["'runs' must be a list of sets"]),
        ("", ["neither a 'grid' nor 'runs'"]),
        (
            "grid: {horizon_years: [1, 2, 3, 4, -1], shares: [0.5, 0]}",
            ["'horizon_years' is -1; it must be a number", "(in set 9, set 10)", "(in set 2, set 4, set 6 and 2 more)"],
        ),
        ("grid: {entity: [China, Chine], horizon_years: [1, 2]}", ["nearest: China", "(in set 3, set 4)"]),
        ("runs: [{bound: 2000}, {bound: 2000.0}]", ["is the same as"]),
        ("runs: [{horizon_years: 1, run: a}, {horizon_years: 2, run: A}]", ["two runs are named 'A'"]),
        ("runs: [{horizon_years: 1, run: ../a}]", ["parameter 'run' is '../a'"]),
        ("runs: [{horizon_years: 1, run: sweep.csv}]", ["the sweep itself writes such a file"]),
        ("grid: {horizon_years: [1], horizon_years: [2]}", ["'horizon_years' is given twice"]),
        ("grid: {horizon_years: &a [1], shares: *a}", ["aliases"]),
        ("grid: {horizon_years: [!!python/object/apply:os.getcwd []]}", ["tags"]),
        ("grid: {horizon_years: [" + "[" * 5000 + "]" * 5000 + "]}", ["too deep"]),
        ("grid: {as_of: [2025-13-01]}", ["month must be in"]),
        ("grid: [", ["this isn't YAML"]),
    ],
)
def test_mistakes_are_told_all_at_once_with_their_sets(tmp_path, text, messages):
    with pytest.raises(ParameterError) as caught:
        read_sweep(write(tmp_path, text))
    for message in messages:
        assert message in str(caught.value)


def test_many_runs_need_a_yes_and_too_many_are_refused_at_once(tmp_path):
    text = "grid: {horizon_years: [" + ", ".join(map(str, range(1000))) + "]"
    with pytest.raises(ParameterError, match=r"1,000 runs\. If that's what you want, say so with --yes"):
        read_sweep(write(tmp_path, text + "}"))
    started, more = time.perf_counter(), ", " + text[7:]
    with pytest.raises(ParameterError, match="1,000,000,000 runs; a sweep has at most 10,000"):
        read_sweep(
            write(tmp_path, text + "".join(more.replace("horizon_years", name) for name in ("bound", "as_of")) + "}"),
            many=True,
        )
    assert time.perf_counter() - started < 2


def test_data_are_loaded_once(tmp_path, monkeypatch):
    loads = []
    load = indicators.load
    monkeypatch.setattr(indicators, "load", lambda *args, **options: loads.append(args) or load(*args, **options))
    sweep = read_sweep(
        write(
            tmp_path, f"grid: {{horizon_years: {[years / 4 for years in range(2, 92)]}, bound: [internet_users, 2000]}}"
        )
    )
    assert len(sweep.runs) == 180
    assert len(loads) == 2  # with and without a date


def test_each_series_is_checked_once_and_short_horizons_by_themselves(tmp_path, monkeypatch):
    checks, check = [], pipeline.check_parameters
    monkeypatch.setattr(pipeline, "check_parameters", lambda *words: checks.append(words) or check(*words))
    read_sweep(write(tmp_path, f"grid: {{horizon_years: {list(range(1, 31))}}}"))
    assert len(checks) == 1
    with pytest.raises(ParameterError, match=r"horizon_years is 1e-09 and ends before the next date.*\(in set 2\)"):
        read_sweep(write(tmp_path, "grid: {horizon_years: [3, 1.0e-9]}"))


def test_names_are_safe_short_and_different():
    runs = [Parameters(entity=name) for name in ("Türkiye", "TURKIYE", "中国", "a/../b", "x" * 80)]
    names = name_runs(runs, ["entity"], [None] * 5)
    assert names == ["entity-Turkiye", "entity-TURKIYE-2", "entity-other", "entity-a-..-b", "run-005"]


# ---- which run goes where


class Pretend:
    """Workers that make nothing: what they're given is noted, and ends as it's told to."""

    def __init__(self, count, folder, outcomes=()):
        self.free, self.folder, self.given, self.held, self.outcomes = count, folder, [], [], dict(outcomes)

    def give(self, task):
        self.free -= 1
        self.given.append(task)
        self.held.append(task)

    def collect(self, seconds=None):
        task = self.held.pop(0)
        self.free += 1
        ending = self.outcomes.pop((task.run, sum(each.run == task.run for each in self.given)), "")
        if ending is None:
            return [(task, None)]
        for name in ("01_shared", "05_forecast", "06_summary"):
            record(self.folder / task.run, name)
        return [(task, Outcome(task.run, 1.0, ending))]


def record(folder, notebook):
    """Leave the record of a notebook that has run to its end."""
    path = folder / "notebooks" / f"{notebook}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"read": {}, "tables": {}, "figures": {}, "made_from": {}}))


def test_runs_wait_for_the_notebooks_that_another_one_makes(tmp_path, notebooks):
    runs = read_sweep(write(tmp_path, "grid: {horizon_years: [1, 2, 3]}")).runs
    plan = Plan(runs, tmp_path, notebooks)
    first = plan.choose(2)
    assert [(task.run, task.at_once) for task in first] == [("horizon_years-1", 2)], "alone, so it gets both"
    attempt, whole = (
        tmp_path / "horizon_years-1.partial" / "attempt-a" / "horizon_years-1",
        tmp_path / "horizon_years-1",
    )
    path = attempt / "notebooks" / "01_shared.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"read": {}, "tables": {}, "figures": {}}')  # as it begins
    assert plan.choose(1) == []
    record(attempt, "01_shared")
    (second,) = plan.choose(1)
    assert (second.run, second.at_once, second.origins) == ("horizon_years-2", 1, (attempt, whole)), (
        "it may be whole by then"
    )
    record(whole, "01_shared")
    shutil.rmtree(attempt)
    plan.finish("horizon_years-1")
    (third,) = plan.choose(1)
    assert (third.run, third.at_once, third.origins) == ("horizon_years-3", 1, (whole,))


def test_runs_that_others_wait_for_come_first(tmp_path, notebooks):
    places = {"a-1": 1, "a-2": 2, "b-1": 3, "b-2": 4, "c-1": 5, "c-2": 6}
    runs = [Parameters(run=name, entity=name[0], horizon_years=horizon_years) for name, horizon_years in places.items()]
    plan = Plan(runs, tmp_path, notebooks)
    assert list(plan.waiting) == ["a-1", "b-1", "c-1", "a-2", "b-2", "c-2"]
    assert [task.run for task in plan.choose(4)] == ["a-1", "b-1", "c-1"], "the fourth worker waits"
    for name in ("01_shared", "05_forecast", "06_summary"):
        record(tmp_path / "b-1", name)
    (tmp_path / "b-1" / "run.json").touch()
    again = Plan(runs, tmp_path, notebooks)
    assert list(again.waiting) == ["a-1", "c-1", "a-2", "b-2", "c-2", "b-1"], "what is there is looked at last"


def test_a_lost_run_is_tried_once_more_and_failures_stop_nothing(tmp_path, notebooks, capsys):
    runs = read_sweep(write(tmp_path, "grid: {horizon_years: [1, 2, 3]}")).runs
    endings = {
        ("horizon_years-1", 1): None,
        ("horizon_years-2", 1): None,
        ("horizon_years-2", 2): None,
        ("horizon_years-3", 1): "Notebook failed\nwhy",
    }
    workers = Pretend(2, tmp_path, endings)
    failed = make_runs(runs, tmp_path, workers, notebooks)
    assert failed == {
        "horizon_years-2": "The worker that made the run died, 2 times.",
        "horizon_years-3": "Notebook failed\nwhy",
    }
    assert sorted(task.run for task in workers.given) == [
        "horizon_years-1",
        "horizon_years-1",
        "horizon_years-2",
        "horizon_years-2",
        "horizon_years-3",
    ]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"1/3 horizon_years-\d  .*  \(about \d+ s left\)", lines[0])
    assert any(line.split("  ")[1] == "failed: Notebook failed" for line in lines)
    assert [say_time(seconds) for seconds in (42, 150, 9000)] == ["about 42 s", "about 2 min", "about 2.5 h"]


# ---- whole sweeps


@linux
def test_a_killed_worker_and_a_failing_run_spoil_nothing_and_the_command_resumes(tmp_path, outputs, notebooks, capsys):
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1, 9, 13]}"))
    folder, failed = run_sweep(sweep, workers=1, notebooks=notebooks)
    assert list(failed) == ["horizon_years-13"]
    assert "AssertionError: thirteen" in failed["horizon_years-13"]
    table = pd.read_csv(folder / "sweep.csv").set_index("run")
    assert table["state"].to_dict() == {
        "horizon_years-1": "complete",
        "horizon_years-9": "complete",
        "horizon_years-13": "failed",
    }
    assert table["last"].to_dict() == pytest.approx(
        {"horizon_years-1": 601, "horizon_years-9": 609, "horizon_years-13": float("nan")}, nan_ok=True
    )
    made = (tmp_path / "made.txt").read_text().split()
    assert sorted(made) == ["horizon_years-1", "horizon_years-13", "horizon_years-9", "horizon_years-9"]
    drawn = {(folder / run / "tables" / "01_drawn.csv").read_text() for run in ("horizon_years-1", "horizon_years-9")}
    assert len(drawn) == 1, "what runs share is made once"
    page = Page(folder / "index.html")
    assert "1 of 3 runs failed" in page.text
    assert "default-src 'none'" in page.text
    assert all((folder / link).is_file() for link in page.links if not link.startswith("#"))
    assert all(address.startswith("data:") for address in page.loads)
    (tmp_path / "mended").touch()
    folder, failed = run_sweep(sweep, workers=1, notebooks=notebooks)
    assert failed == {}
    assert (tmp_path / "made.txt").read_text().split() == [*made, "horizon_years-13"]
    assert pd.read_csv(folder / "sweep.csv")["last"].tolist() == [601, 609, 613]
    with pytest.raises(SystemExit):
        command.main(["export", "grid/horizon_years-1"])
    assert capsys.readouterr().out.strip().endswith("grid/horizon_years-1/html/index.html")


@linux
def test_a_run_starts_when_what_it_shares_is_there_though_the_other_isnt_whole(tmp_path, outputs, notebooks):
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [20, 21]}"))
    folder, failed = run_sweep(sweep, workers=2, notebooks=notebooks)
    assert failed == {}
    drawn = {(folder / run / "tables" / "01_drawn.csv").read_text() for run in ("horizon_years-20", "horizon_years-21")}
    assert len(drawn) == 1, "what runs share is made once"


def test_what_isnt_this_sweeps_is_left_alone(tmp_path, outputs, notebooks):
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1]}"))
    with (
        hold_folder(outputs / "grid", "sweep"),
        pytest.raises(RunError, match="Sweep 'grid' is being made by process"),
    ):
        run_sweep(sweep, notebooks=notebooks)
    (outputs / "grid").mkdir()
    (outputs / "grid" / "run.json").write_text("{}")
    with pytest.raises(RunError, match="exists and isn't a sweep's"):
        run_sweep(sweep, notebooks=notebooks)
    assert [path.name for path in (outputs / "grid").iterdir()] == ["run.json"]


@linux
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_workers_and_kernels_never_outlive_the_sweep(tmp_path, outputs, notebooks, number, code):
    path = write(tmp_path, "grid: {horizon_years: [30]}")
    program = (
        "import functools, pathlib\nfrom helpers import __main__, sweep\nif __name__ == '__main__':\n"
        f"    sweep.run_sweep = functools.partial(sweep.run_sweep, notebooks=pathlib.Path({str(notebooks)!r}))\n"
        f"    __main__.main(['sweep', {str(path)!r}, '--workers', '1'])"
    )
    words = [sys.executable, "-c", program]
    process = subprocess.Popen(words, stdout=-1, stderr=-1, text=True, start_new_session=True)
    waiting = tmp_path / "waiting"
    pids = [int(word) for word in wait_for(lambda: waiting.exists() and waiting.read_text(), 90).split()]
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    if number == signal.SIGINT:
        assert err.strip() == "Interrupted. Finished runs of sweep 'grid' are kept; the same command goes on from here."
    for pid in pids:
        assert wait_for(lambda pid=pid: not is_alive(pid))


@contextmanager
def start_cluster(folder, workers):
    """A scheduler and its workers, each a process of its own: the address, and the processes, the scheduler first."""
    dask, file = [sys.executable, "-m", "dask"], folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    processes = [subprocess.Popen(words, **quiet)]
    worker = [*dask, "worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    processes += [subprocess.Popen([*worker, "--local-directory", str(folder)], **quiet) for _ in range(workers)]
    try:
        wait_for(file.exists)
        address = re.search(r'"address": "([^"]+)"', file.read_text()).group(1)
        with sys.modules["distributed"].Client(address) as client:
            client.wait_for_workers(workers, timeout=60)
        yield address, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@linux
def test_workers_whose_server_has_gone_start_their_own(tmp_path, outputs, notebooks):
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1, 2]}"))
    with ForkServer() as server:
        os.kill(server.pid, signal.SIGKILL)
        folder, failed = run_sweep(sweep, workers=1, notebooks=notebooks, server=server)
    assert failed == {}
    assert (pd.read_csv(folder / "sweep.csv")["state"] == "complete").all()


@linux
def test_on_a_cluster_all_runs_complete_once_though_a_worker_is_killed(tmp_path, outputs, notebooks):
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    with start_cluster(tmp_path, 2) as (address, processes):
        sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1, 9, 3, 4]}"))
        folder, failed = run_sweep(sweep, scheduler=address, notebooks=notebooks)
        assert failed == {}
        assert (tmp_path / "killed").exists()
        assert sum(process.poll() is not None for process in processes[1:]) == 1, "one worker was killed"
        assert (pd.read_csv(folder / "sweep.csv")["state"] == "complete").all()
        made = (tmp_path / "made.txt").read_text().split()
        assert sorted(set(made)) == ["horizon_years-1", "horizon_years-3", "horizon_years-4", "horizon_years-9"]
        assert len(made) == 5, "the killed one began twice, no other did"


@linux
def test_a_scheduler_that_dies_ends_the_sweep_with_a_sentence(tmp_path, outputs, notebooks):
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    with start_cluster(tmp_path, 1) as (address, processes):
        waiting = tmp_path / "waiting"
        killer = threading.Thread(target=lambda: (wait_for(waiting.exists, 60), processes[0].kill()))
        killer.start()
        with pytest.raises(RunError, match=r"The Dask scheduler has gone\. The same command goes on from here\."):
            run_sweep(
                read_sweep(write(tmp_path, "grid: {horizon_years: [30]}")), scheduler=address, notebooks=notebooks
            )
        killer.join()


def test_a_cluster_that_isnt_there_is_told_within_seconds(tmp_path, outputs, notebooks):
    pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    sweep = read_sweep(write(tmp_path, "grid: {horizon_years: [1]}"))
    started = time.monotonic()
    for address in ("tcp://127.0.0.1:9", "nonsense://here"):
        with pytest.raises(RunError, match=f"No Dask scheduler answers at {address}"):
            run_sweep(sweep, scheduler=address, notebooks=notebooks)
    assert time.monotonic() - started < 30


def test_without_dask_the_extra_is_named(tmp_path, outputs, notebooks, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError, match="needs the extra 'cluster'"):
        run_sweep(
            read_sweep(write(tmp_path, "grid: {horizon_years: [1]}")),
            scheduler="tcp://127.0.0.1:9",
            notebooks=notebooks,
        )
