"""Killed, stopped, or on a disk that fails: nothing half-made is taken for whole, and the same command goes on.

docs/runs.md says what is left.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import weakref
from functools import partial

import psutil
import pytest
from conftest import WORDS, assert_equal, list_files
from processes import call, kill_tree, start, wait_for
from register_rows import enter
from small_notebooks import ALL, SWEPT, write_notebook, write_notebooks

from adoption_curves import indicators
from adoption_curves.base.folders import lock_folder, replace_folder
from adoption_curves.base.project import Stopped
from adoption_curves.cli.process import handle_signals
from adoption_curves.forecast.register import add_rows, read_register
from adoption_curves.runs import runner
from adoption_curves.runs.manifest import list_runs

SLOW = pytest.mark.slow
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills as Linux does")


# ---- disks


@pytest.fixture
def disk(tmp_path):
    """A small file system of our own, and a function that changes its size or makes it read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        return subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode == 0

    if not mount("-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        pytest.skip("mounting a small file system needs root")
    yield folder, lambda options: mount("-o", f"remount,{options}")
    subprocess.run(["umount", "-l", str(folder)], check=True)


@SLOW
def test_a_full_disk_is_told_and_room_is_all_that_it_needs(here, disk, small_run, capsys, monkeypatch):
    folder, change = disk
    outputs = folder / "outputs"
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(outputs))
    change("size=8m")
    code, _, said = call(capsys, *WORDS)
    told = "outputs has 8 MB free, and a run needs 30 MB."
    assert (code, said.splitlines()[-1].endswith(told)) == (1, True), "before any notebook"
    assert (outputs / "small.partial" / "error.txt").read_text().endswith(f"{told}\n")
    # A disk that fills while the run is made.
    monkeypatch.setattr(runner, "NEEDED", 0)
    for size in ("16k", "64k", "400k"):
        change(f"size={size}")
        code, _, said = call(capsys, *WORDS)
        assert (code, "No space left on device" in said) == (1, True), said
        assert re.search(r"outputs has \d+ MB free, and a run needs 30 MB", said)
        assert not (outputs / "small").exists()
        assert "failed: " in list_runs(outputs)[0]["state"]
    change("size=64m")
    assert call(capsys, *WORDS)[0] == 0
    assert_equal(outputs / "small", small_run)
    assert {path.name for path in outputs.iterdir()} == {"small"}


# ---- a run


def wait_in(place, name="05_forecast_small"):
    """Let a notebook wait, until it is written again; returns what finds its process."""
    told = place / "waiting"
    wait = f"import os, pathlib, time\npathlib.Path({str(told)!r}).write_text(str(os.getpid()))\ntime.sleep(60)"
    write_notebook(place / "notebooks" / f"{name}.ipynb", [*ALL[name], wait])

    def find_kernel():
        process = int(wait_for(lambda: told.exists() and told.read_text()))
        told.unlink()
        return process

    return find_kernel


def assert_it_goes_on(capsys, place, small_run, temporary):
    """The same command makes the rest, equal to the byte, and tidies up whatever was left."""
    write_notebooks(place / "notebooks")
    code, _, err = call(capsys, *WORDS)
    assert code == 0
    assert re.search("^1/3 01_check_small  unchanged$", err, flags=re.MULTILINE), err
    assert_equal(place / "outputs" / "small", small_run)
    assert sorted(path.name for path in (place / "outputs").iterdir()) == ["small"]
    assert all(path.name.startswith("pymp-") for path in temporary.iterdir()), "which Python leaves after a kill"


def test_a_killed_run_is_gone_on_from_and_leaves_nothing(here, capsys, small_run, temporary):
    """Killed is the process alone, whose kernels end with it; then all at once, so that nothing can tidy up."""
    find_kernel = wait_in(here)
    for kill in (lambda process: process.kill(), kill_tree):
        process = start(here, *WORDS, TMPDIR=str(temporary))
        kernel = find_kernel()
        kill(process)
        process.communicate()
        assert not (here / "outputs" / "small").exists()
        assert wait_for(lambda kernel=kernel: not psutil.pid_exists(kernel))
    assert ".small.making" in {path.name for path in (here / "outputs").iterdir()}
    assert_it_goes_on(capsys, here, small_run, temporary)


def test_ctrl_c_ends_a_run_at_once_with_a_line_and_no_kernel(here, capsys, small_run, temporary):
    find_kernel = wait_in(here)
    process = start(here, *WORDS, TMPDIR=str(temporary))
    kernel = find_kernel()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    told = "Interrupted. Run 'small' is unchanged; the same command continues from here."
    assert err.strip().splitlines()[-1] == told
    assert not (here / "outputs" / "small").exists()
    assert wait_for(lambda: not psutil.pid_exists(kernel))
    left = here / "outputs" / "small.partial"
    assert (left / "error.txt").read_text().endswith(" UTC interrupted\n")
    assert (left / "run.log").read_text().endswith("\ninterrupted\n")
    [row] = list_runs(here / "outputs")
    assert re.fullmatch("not made; attempt of 20.* UTC interrupted", row["state"])
    assert_it_goes_on(capsys, here, small_run, temporary)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_stop_as_ctrl_c_does(number):
    with pytest.raises(Stopped) as stopped, handle_signals():
        signal.raise_signal(number)
    assert stopped.value.code == 128 + number


# ---- a command, killed before the change of a folder that has a number

CHANGES = ("rename", "replace", "unlink", "mkdir", "rmdir")


def kill_before(number, action):
    """Kill a process of its own that does something, before its change of this number; how many changes it made."""
    end, begin = os.pipe()
    child = os.fork()
    if not child:
        try:

            def change(plain, *words, **more):
                if next(left, None) is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                os.write(begin, b".")
                return plain(*words, **more)

            left = iter(range(number))
            for name in CHANGES:
                setattr(os, name, partial(change, getattr(os, name)))
            action()
        finally:
            os._exit(0)
    os.close(begin)
    with os.fdopen(end, "rb") as pipe:
        made = pipe.read()
    os.waitpid(child, 0)
    return len(made)


def test_a_folder_is_old_or_new_wherever_its_replacement_is_killed(tmp_path):
    folder, before, after = tmp_path / "data", {"a.csv": b"1", "old/b.csv": b"1"}, {"a.csv": b"2", "z.json": b"2"}

    def write(place, files):
        for name, text in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(text)

    def replace():
        with lock_folder(folder) as shop:
            write(shop / "new", after)
            replace_folder(folder, shop / "new")

    write(folder, before)
    for number in range(kill_before(1_000_000, replace)):
        shutil.rmtree(folder, ignore_errors=True)
        write(folder, before)
        assert kill_before(number, replace) == number
        with lock_folder(folder):
            assert list_files(folder) in (before, after)
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert number > 3


@SLOW
def test_a_register_to_which_killed_processes_add_is_the_old_or_the_new_table(tmp_path):
    """It can be read at once, and the next registration goes on."""
    figures = "date,value,unit,measure\n2023-06-30,31,%,level\n2024-06-30,44,%,level\n"

    def make(folder=tmp_path / "counted", model="one"):
        folder.mkdir(exist_ok=True)
        (folder / "own.csv").write_text(figures)
        rows = enter("2025-06-30", registered="2026-11-26", model=model, entity="own data", indicator="own")
        add_rows(rows, indicators.load(folder / "own.csv"))

    for number in range(kill_before(1_000_000, make)):
        folder = tmp_path / f"after-{number}"
        make(folder)
        before = (folder / "forecasts.csv").read_bytes()
        kill_before(number, partial(make, folder, "two"))
        models = {*read_register(indicators.load(folder / "own.csv"))["model"]}
        assert models in ({"one"}, {"one", "two"})
        make(folder, "three")
        assert {*read_register(indicators.load(folder / "own.csv"))["model"]} == models | {"three"}
        assert (folder / "forecasts.csv").read_bytes().startswith(before)
        assert not [*folder.glob(".forecasts.csv.making*")]


# ---- a sweep


@pytest.fixture
def grid(place):
    """A project whose notebooks a sweep runs, and a function that writes the horizons of its file."""
    shutil.rmtree(place / "notebooks")
    write_notebooks(place / "notebooks", SWEPT)
    return lambda horizons: (place / "grid.yaml").write_text(f"grid: {{horizon_years: {horizons}}}\n")


def start_sweep(place):
    """A sweep, and the process of its notebook that waits."""
    process, waiting = start(place, "sweep", "grid.yaml", "--workers", "1"), place / "waiting"
    waiting.unlink(missing_ok=True)
    return process, int(wait_for(lambda: waiting.exists() and waiting.read_text(), 300))


def test_ctrl_c_ends_a_sweep_with_its_kernels_and_a_sentence(place, grid):
    grid([30])
    process, kernel = start_sweep(place)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    said = "Interrupted. Finished runs of sweep 'grid' are kept; the same command continues from here."
    assert err.strip().splitlines()[-1] == said
    left = place / "outputs" / "grid" / "horizon_years-30.partial" / "error.txt"
    assert left.read_text().endswith(" UTC interrupted\n")
    assert wait_for(lambda: not psutil.pid_exists(kernel))


def test_a_sweep_killed_with_all_that_it_has_started_is_gone_on_from(place, grid):
    """A run is there whole or not at all, and the next sweep tidies up."""
    grid([3, 30])
    process, _ = start_sweep(place)
    kill_tree(process)
    folder = place / "outputs" / "grid"
    assert {path.name for path in folder.parent.iterdir()} <= {"grid", ".grid.making"}
    assert all((run / "run.json").is_file() for run in folder.glob("horizon*"))
    second = place / "notebooks" / "05_forecast.ipynb"
    second.write_text(second.read_text().replace("sleep(60)", "sleep(0)"))
    process = start(place, "sweep", "grid.yaml")
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert {path.name for path in folder.parent.iterdir()} == {"grid"}
    assert {path.name for path in folder.glob("[!s]*")} == {"comparison", "horizon_years-3", "horizon_years-30"}
    assert all((run / "run.json").is_file() for run in folder.glob("horizon*"))


@pytest.fixture
def cluster():
    """A cluster of two workers."""
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


@SLOW
def test_a_scheduler_makes_a_sweep_though_one_of_two_workers_is_killed(place, grid, cluster):
    grid([1, 2, 3, 4])
    runs = [place / "outputs" / "grid" / f"horizon_years-{number}" for number in (1, 2, 3, 4)]
    process = start(place, "sweep", "grid.yaml", "--scheduler", cluster.scheduler_address)
    wait_for(lambda: list((place / "outputs").glob("grid/.horizon_years-?.making")), 300)
    cluster.workers[0].process.process._process.kill()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert "4 runs for 2 workers\n" in err
    assert re.search(r"^horizon_years-\d: its worker was lost; another one makes it$", err, flags=re.MULTILINE)
    assert sorted({line for line in err.splitlines() if "begins" in line}) == [f"{run.name} begins" for run in runs]
    assert all((run / "html" / "index.html").is_file() for run in runs)
    assert sorted(line[4:19] for line in err.splitlines() if line[1:3] == "/4") == [run.name for run in runs]


def test_a_stop_that_python_drops_in_a_callback_is_sent_again():
    things = [threading.Event()]
    watch = weakref.ref(things[0], lambda _: signal.raise_signal(signal.SIGTERM))

    def forget():
        with handle_signals():
            things.clear()
            time.sleep(5)

    with pytest.raises(Stopped):
        forget()
    assert watch() is None
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@SLOW
def test_ctrl_c_at_any_moment_has_its_sentence_and_the_run_goes_on_to_the_same_bytes(
    here, capsys, small_run, temporary
):
    """At random moments from the first import of the package on."""
    moments, ended = random.Random(2), 0
    while ended < 10:
        shutil.rmtree(here / "outputs", ignore_errors=True)
        process = start(here, *WORDS, before="import adoption_curves\nprint('up', flush=True)", TMPDIR=str(temporary))
        process.stdout.readline()
        time.sleep(moments.uniform(0.1, 4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, err = process.communicate(timeout=120)
        if process.returncode == 0:
            continue
        ended += 1
        assert process.returncode == 130, err
        assert "Traceback" not in err
        assert err.strip().splitlines()[-1].startswith("Interrupted.")
        assert call(capsys, *WORDS)[0] == 0
        assert_equal(here / "outputs" / "small", small_run)
        assert sorted(path.name for path in (here / "outputs").iterdir()) == ["small"]
        assert not [*temporary.iterdir()]
