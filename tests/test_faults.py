"""The machine fails at the worst moment: nothing half-made is ever taken for whole, and people are told in a line."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import SAMPLE, further
from small_notebooks import ALL, write_notebook, write_notebooks
from test_pipeline import list_files, patch_notebooks

from helpers.folders import lock_folder

PROGRAM = """{}
print('up', flush=True)
__main__.main(['run', 'small', '-p', 'data', {!r}, '-p', 'horizon_years', '3', *{!r}])"""


def start(place, outputs, *options):
    """Start ``adoption run small`` on the small notebooks in `place`."""
    program = PROGRAM.format(patch_notebooks(place / "notebooks"), str(SAMPLE), list(options))
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "ADOPTION_OUTPUTS": str(outputs)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(place, outputs, *options):
    """Exit code and what was said on the error stream."""
    process = start(place, outputs, *options)
    _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    return process.returncode, errors.strip()


def assert_equal(folder, other):
    for part in ("tables", "figures", "html"):
        assert list_files(folder / part) == list_files(other / part), part


@pytest.fixture
def place(tmp_path):
    write_notebooks(tmp_path / "notebooks")
    return tmp_path


@pytest.fixture
def disk(tmp_path):
    """A small file system of our own, and a function that changes its size or makes it read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        return subprocess.run(["mount", *options, str(folder)], capture_output=True).returncode == 0

    if sys.platform != "linux" or not mount("-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        pytest.skip("mounting a small file system needs Linux and root")
    yield folder, lambda options: mount("-o", f"remount,{options}")
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_is_told_and_room_is_all_that_it_needs(place, disk, small_run):
    folder, change = disk
    for size in ("16k", "64k", "400k"):
        change(f"size={size}")
        code, said = run(place, folder / "outputs", "--isolated")
        assert code == 1
        assert "No space left on device" in said
        assert len(said.splitlines()) <= 10
        assert not (folder / "outputs" / "small").exists()
    change("size=64m")
    assert run(place, folder / "outputs")[0] == 0
    assert_equal(folder / "outputs" / "small", small_run)
    assert {path.name for path in (folder / "outputs").iterdir()} == {".store", "small"}


def test_a_folder_that_may_not_be_written_is_told(place, disk):
    folder, change = disk
    assert change("ro")
    code, said = run(place, folder / "outputs")
    assert code == 1
    assert said == f"Read-only file system: {folder / 'outputs'}. Nothing of the last complete run was changed."


@pytest.mark.slow
def test_outputs_that_vanish_meanwhile_are_told(place):
    cells = list(ALL["05_forecast_small"])
    cells.insert(4, f"import shutil\nshutil.rmtree({str(place / 'outputs')!r})")
    write_notebook(place / "notebooks" / "05_forecast_small.ipynb", cells)
    code, said = run(place, place / "outputs", "--isolated")
    assert code == 1
    assert said.startswith("Notebook 05_forecast_small failed")
    write_notebooks(place / "notebooks")
    assert run(place, place / "outputs")[0] == 0


def test_the_lock_of_a_dead_process_holds_nobody_up(place):
    outputs = place / "outputs"
    program = (
        "import os, pathlib; from helpers.folders import lock_folder\n"
        f"with lock_folder(pathlib.Path({str(outputs / 'small')!r})): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 9
    (lock,) = outputs.iterdir()
    assert "process" in lock.read_text()
    with lock_folder(outputs / "small"):
        assert lock.exists()
    assert not lock.exists()


def test_two_runs_at_once_and_the_second_says_who_has_the_folder(place):
    first = start(place, place / "outputs", "--isolated")
    while not (place / "outputs" / ".small.lock").exists():
        time.sleep(0.05)
    code, said = run(place, place / "outputs", "--isolated")
    assert code == 1
    assert said.startswith(f"Run 'small' is being made by process {first.pid} on ")
    first.communicate()
    assert first.returncode == 0


def test_a_clock_that_was_moved_back_makes_nothing_stale(place, small_run):
    folder = shutil.copytree(small_run, place / "outputs" / "small")
    shutil.copytree(small_run.parents[1] / "notebooks", place / "notebooks", dirs_exist_ok=True)
    content = json.loads((folder / "run.json").read_text())
    content["made"] = "2049-01-01T00:00:00+00:00"
    (folder / "run.json").write_text(json.dumps(content))
    for path in folder.rglob("*"):
        os.utime(path, (2_500_000_000, 2_500_000_000))
    process = start(place, place / "outputs")
    assert process.communicate()[0].startswith("up\nNothing changed")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), further(signal.SIGTERM, 143)])
def test_a_signal_in_any_phase_ends_with_a_line_and_a_state_to_go_on_from(place, small_run, number, code):
    moments = random.Random(code)
    for phase in range(4):
        process = start(place, place / "outputs")
        process.stdout.readline()  # it is up
        time.sleep(0.2 + phase + moments.uniform(0, 1))
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        if process.returncode == 0:  # it was through
            break
        assert process.returncode == code, errors
        assert len(errors.strip().splitlines()) == 1, errors
        assert not (place / "outputs" / "small").exists()
    assert run(place, place / "outputs")[0] == 0
    assert_equal(place / "outputs" / "small", small_run)
