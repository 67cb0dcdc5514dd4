"""The machine fails at the worst moment: nothing half-made is ever taken for whole, and people are told in a line."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import WORDS, assert_equal
from processes import call, is_alive, kill_tree, run, start, wait_for
from small_notebooks import ALL, write_notebook, write_notebooks

from adoption_curves.base.folders import lock_folder
from adoption_curves.runs.record import list_runs

SLOW = pytest.mark.slow

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


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
def test_a_full_disk_is_told_and_room_is_all_that_it_needs(place, disk, reference):
    folder, change = disk
    outputs = folder / "outputs"
    for size in ("16k", "64k", "400k"):
        change(f"size={size}")
        code, _, said = run(place, *WORDS, "--isolated", ADOPTION_OUTPUTS=str(outputs))
        assert code == 1
        assert "No space left on device" in said
        assert re.search(r"outputs|disk has \d+ MB free, and a run needs 30 MB", said)
        assert len(said.splitlines()) <= 12
        assert not (outputs / "small").exists()
    change("size=64m")
    assert run(place, *WORDS, ADOPTION_OUTPUTS=str(outputs))[0] == 0
    assert_equal(outputs / "small", reference)
    assert {path.name for path in outputs.iterdir()} == {".store", "small"}


def test_the_lock_of_a_dead_process_holds_nobody_up(tmp_path):
    child = os.fork()
    if not child:
        with lock_folder(tmp_path / "small"):
            os._exit(9)
    os.waitpid(child, 0)
    (shop,) = tmp_path.iterdir()
    assert "process" in (shop / "made-by-adoption").read_text()
    with lock_folder(tmp_path / "small") as again:
        assert again == shop
    assert not shop.exists()


def test_a_read_only_disk_frees_nothing_and_says_so(here, disk, capsys, monkeypatch):
    folder, change = disk
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(folder / "outputs"))
    change("size=64m")
    (folder / "outputs" / ".store" / ("0" * 64) / "tables").mkdir(parents=True)
    (folder / "outputs" / ".store" / ("0" * 64) / "tables" / "a.csv").write_bytes(b"0" * 2_000_000)
    change("ro")
    code, out, err = call(capsys, "gc")
    assert (code, out, "Read-only file system" in err) == (1, "", True)
    change("rw")
    assert call(capsys, "gc") == (0, "Freed 2 MB.\n", "")


@LINUX
def test_gc_leaves_the_results_of_a_run_that_is_being_made(place, reference, capsys, monkeypatch):
    find_kernel = wait_in(place, "05_forecast_small")
    process = start(place, *WORDS)
    os.kill(find_kernel(), signal.SIGSTOP)
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(place / "outputs"))
    old = place / "outputs" / ".store" / ("0" * 64)
    old.mkdir()
    (old / "a").write_bytes(b"0" * 3_000_000)
    os.utime(old, (1, 1))
    before = {path.name for path in (place / "outputs" / ".store").iterdir()} - {old.name}
    assert len(before) == 1
    assert call(capsys, "gc") == (0, "Freed 3 MB.\n", "")
    assert {path.name for path in (place / "outputs" / ".store").iterdir()} == before
    kill_tree(process)


# ---- killed


def wait_in(place, name):
    """Let a notebook wait, until it is written again; returns what finds its process."""
    told = place / "waiting"
    wait = f"import os, pathlib, time\npathlib.Path({str(told)!r}).write_text(str(os.getpid()))\ntime.sleep(60)"
    write_notebook(place / "notebooks" / f"{name}.ipynb", [*ALL[name], wait])

    def find_kernel():
        process = int(wait_for(lambda: told.exists() and told.read_text()))
        told.unlink()
        return process

    return find_kernel


def assert_it_goes_on(capsys, place, reference, temporary, *options):
    """The same command makes the rest, equal to the byte, and tidies up whatever was left."""
    write_notebooks(place / "notebooks")
    code, _, err = call(capsys, *WORDS, *options)
    assert code == 0
    assert re.search("^1/3 01_check_small  unchanged$", err, flags=re.MULTILINE), err
    assert_equal(place / "outputs" / "small", reference)
    assert sorted(path.name for path in (place / "outputs").iterdir()) == [".store", "small"]
    assert not [path.name for path in (place / "outputs" / ".store").iterdir() if path.name.startswith(".")]
    assert all(path.name.startswith("pymp-") for path in temporary.iterdir()), "which Python leaves after a kill"


@LINUX
@pytest.mark.parametrize("options", [[], pytest.param(["--isolated"], marks=SLOW)])
def test_a_killed_run_is_gone_on_from_and_leaves_nothing(here, capsys, reference, temporary, options):
    """Killed is the process alone, whose kernels end with it; then all at once, so that nothing can tidy up."""
    find_kernel = wait_in(here, "05_forecast_small")
    for kill in (lambda process: process.kill(), kill_tree):
        process = start(here, *WORDS, *options, TMPDIR=str(temporary))
        kernel = find_kernel()
        kill(process)
        process.communicate()
        assert not (here / "outputs" / "small").exists()
        assert wait_for(lambda kernel=kernel: not is_alive(kernel))
    left = [path.name for path in (here / "outputs").iterdir()]
    assert ".small.making" in left
    assert_it_goes_on(capsys, here, reference, temporary, *options)


@LINUX
@pytest.mark.parametrize(
    ("number", "code", "word", "options"),
    [
        (signal.SIGINT, 130, "Interrupted", []),
        pytest.param(signal.SIGINT, 130, "Interrupted", ["--isolated"], marks=SLOW),
        pytest.param(signal.SIGTERM, 143, "Terminated", [], marks=SLOW),
        pytest.param(signal.SIGHUP, 129, "Terminated", [], marks=SLOW),
    ],
)
def test_a_signal_ends_a_run_at_once_with_a_line_and_no_kernel(
    here, capsys, reference, temporary, number, code, word, options
):
    find_kernel = wait_in(here, "05_forecast_small")
    process = start(here, *WORDS, *options, TMPDIR=str(temporary))
    kernel = find_kernel()
    os.killpg(process.pid, number)  # as a terminal does
    _, err = process.communicate(timeout=120)
    assert process.returncode == code
    assert (
        err.strip().splitlines()[-1]
        == f"{word}. Run 'small' is as it was before; the same command continues from here."
    )
    assert not (here / "outputs" / "small").exists()
    assert wait_for(lambda: not is_alive(kernel))
    left = here / "outputs" / "small.partial"
    assert (left / "error.txt").read_text() == f"{word.lower()}\n"
    assert (left / "run.log").read_text().endswith(f"{word.lower()}\n\n")
    [row] = list_runs(here / "outputs")
    assert re.fullmatch(rf"not made; attempt of 20.* UTC {word.lower()}", row["state"])
    assert_it_goes_on(capsys, here, reference, temporary, *options)


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "module", "rounds"),
    [(signal.SIGKILL, -9, ".__main__", 20), (signal.SIGTERM, 143, ".__main__", 6), (signal.SIGINT, 130, "", 10)],
)
def test_a_signal_at_any_moment_leaves_a_run_that_ends_equal_to_the_byte(
    here, capsys, reference, temporary, number, code, module, rounds
):
    """At random moments from when the interpreter has begun ours: Ctrl-C has its sentence from the first import on."""
    moments, up = random.Random(number), f"import adoption_curves{module}\nprint('up', flush=True)"
    while rounds:
        shutil.rmtree(here / "outputs", ignore_errors=True)
        process = start(here, *WORDS, before=up, TMPDIR=str(temporary))
        process.stdout.readline()
        time.sleep(moments.uniform(0.1, 4))
        if process.poll() is None:
            if number == signal.SIGKILL:
                kill_tree(process)
            elif number == signal.SIGINT:
                os.killpg(process.pid, number)  # as a terminal does
            else:
                process.send_signal(number)
        _, err = process.communicate(timeout=120) if process.stdout and not process.stdout.closed else ("", "")
        if process.returncode == 0:
            continue
        rounds -= 1
        assert process.returncode == code, err
        assert "Traceback" not in err
        assert number == signal.SIGKILL or re.fullmatch(r"(Interrupted|Terminated)\..*", err.strip().splitlines()[-1])
        assert call(capsys, *WORDS)[0] == 0
        assert_equal(here / "outputs" / "small", reference)
        assert sorted(path.name for path in (here / "outputs").iterdir()) == [".store", "small"]
        left = [path.name for path in temporary.iterdir()]
        assert all(number == signal.SIGKILL and name.startswith("pymp-") for name in left), "which Python leaves"
