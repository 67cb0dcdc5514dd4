"""Killed at twenty moments drawn by a seed, a command leaves what docs/runs.md says, and then does its work.

`pytest -s` lists what was left at each moment.
"""

import os
import random
import shutil
import signal
import sys
import time
from functools import partial

import pytest
from conftest import WORDS
from processes import call, kill_tree, run, start
from register_rows import enter
from small_notebooks import write_notebooks
from test_sweep import FORECAST, SHARED, SUMMARY

from adoption_curves.base.project import PROJECT_MARK
from adoption_curves.forecast.registered import hub, register
from adoption_curves.runs.lab import begin_project
from adoption_curves.runs.record import read_run
from adoption_curves.runs.steps import _FOLDER, is_whole

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork") or sys.platform != "linux", reason="kills as Linux does"),
]
CHANGES = ("rename", "replace", "unlink", "mkdir", "rmdir")
"""What changes folders: a process is killed before the change of a number."""


def count_changes(action):
    """Number of changes of folders that an action makes, in a process of its own."""
    end, begin = os.pipe()
    child = os.fork()
    if not child:
        try:
            made = iter(range(1_000_000))
            watch(made, lambda: None)
            action()
            os.write(begin, str(next(made)).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(begin)
    return int(os.read(end, 20))


def watch(count, stop):
    """Count each change of a folder, and stop before the first that the count has no number for."""
    for name in CHANGES:
        setattr(os, name, partial(change, count, stop, getattr(os, name)))


def change(count, stop, plain, *words, **more):
    if next(count, None) is None:
        stop()
    return plain(*words, **more)


def kill_before(number, action):
    """Kill a process that does something before its change of this number; how it ended."""
    child = os.fork()
    if not child:
        try:
            watch(iter(range(number)), lambda: os.kill(os.getpid(), signal.SIGKILL))
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def draw(name, total):
    """Twenty numbers of changes, or all where there are fewer."""
    return sorted(random.Random(name).sample(range(total), min(20, total)))


def tell(moment, place):
    print(f"  {moment}: {', '.join(sorted(path.name for path in place.iterdir())) or 'nothing'}")


@pytest.mark.parametrize("inside", [True, False])
def test_new(here, tmp_path, inside):
    """In an empty folder, and for a folder that is not there."""
    for number in draw("new", count_changes(lambda: begin_project(tmp_path / "counted"))):
        place = tmp_path / f"after-{number}"
        place.mkdir()
        folder = place if inside else place / "mine"
        assert kill_before(number, lambda folder=folder: begin_project(folder)) == -signal.SIGKILL
        tell(number, place)
        if not (folder / PROJECT_MARK).exists():
            begin_project(folder)
        assert {path.name for path in folder.iterdir()} - {".project.making"} == {
            "data",
            "notebooks",
            "CITATION.cff",
            PROJECT_MARK,
        }
        assert len(list(folder.rglob("*"))) >= len(list((here / "data").rglob("*")))


def test_register(tmp_path, data):
    """All that was on record stays, and can be read at once; the round that was cut off is there whole or not."""
    first = enter("2025-12-31").assign(**dict.fromkeys(hub._DAYS[:2], "2026-01-01"), target_end_date="2025-12-31")
    figures = register.list_figures(data, first)

    def make(folder=tmp_path / "counted", model="team-one"):
        hub.add_to_hub(folder, first.assign(model_id=model), {"genai_users": "Users"}, figures)

    for number in draw("register", count_changes(make)):
        folder = tmp_path / f"after-{number}" / "forecasts"
        folder.parent.mkdir()
        make(folder)
        kill_before(number, lambda folder=folder: make(folder, "team-two"))
        tell(number, folder.parent)
        models = {*hub.read_hub(folder)["model_id"]}
        assert models in ({"team-one"}, {"team-one", "team-two"})
        make(folder, "team-three")
        assert {*hub.read_hub(folder)["model_id"]} == models | {"team-three"}
        assert [path.name for path in folder.parent.iterdir()] == ["forecasts"]


def test_gc(here, capsys):
    """What the run needs is there whenever it is killed; what no run needs goes by the same command."""
    store = here / "outputs" / _FOLDER
    assert call(capsys, *WORDS)[0] == 0
    needed = {entry.key for entry in read_run(here / "outputs" / "small").notebooks.values()}

    assert call(capsys, "run", "other", "-p", "horizon_years", "4", "--force")[0] == 0
    kept = shutil.copytree(store, here / "kept")
    shutil.rmtree(here / "outputs" / "other")
    total = count_changes(lambda: call(capsys, "gc"))
    for number in draw("gc", total):
        shutil.copytree(kept, store, dirs_exist_ok=True)
        kill_before(number, lambda: call(capsys, "gc"))
        tell(number, store)
        assert all(is_whole(store / key) for key in needed)
        assert call(capsys, "gc")[0] == 0
        assert {path.name for path in store.iterdir()} - {"size-asked"} == needed


def test_sweep(place):
    """The command as a person starts it, killed with all that it has started."""
    shutil.rmtree(place / "notebooks")
    forecast = [cell.replace("NOTES", repr(str(place))) if isinstance(cell, str) else cell for cell in FORECAST]
    write_notebooks(place / "notebooks", {"01_shared": SHARED, "05_forecast": forecast, "06_summary": SUMMARY})
    (place / "grid.yaml").write_text("grid: {horizon_years: [3, 4]}\n")
    words, moments, ended = ("sweep", "grid.yaml"), random.Random("sweep"), 0
    up = "from adoption_curves import __main__\nprint('up', flush=True)"
    while ended < 20:
        process = start(place, *words, before=up)
        process.stdout.readline()
        moment = moments.uniform(0.2, 9)
        time.sleep(moment)
        if process.poll() is not None:
            process.communicate()
            ended += 1
            continue
        kill_tree(process)
        ended += 1
        tell(f"{moment:.1f} s", place / "outputs") if (place / "outputs").exists() else None
        names = {path.name for path in (place / "outputs").glob("*")}
        assert names <= {".store", "grid", ".grid.making"}
        for folder in (place / "outputs" / "grid").glob("[!.]*/"):
            whole = folder.name.endswith(".partial") or (folder / "run.json").is_file()
            assert whole, "a run is there whole or not at all"
    code, _, err = run(place, *words)
    assert code == 0, err
    assert {path.name for path in (place / "outputs").iterdir()} == {".store", "grid"}
    assert not list((place / "outputs" / "grid").glob(".*"))
    assert (place / "outputs" / "grid" / "index.html").is_file()
