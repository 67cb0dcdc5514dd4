"""No file of a user's is lost: a run replaces what its record lists, and stops before any other file."""

import json
import os
import shutil
from functools import partial

import pytest
from conftest import SAMPLE, list_files
from small_notebooks import write_notebooks

from adoption_curves.base.folders import _CLAIMED, lock_folder, replace_folder
from adoption_curves.base.project import RunError
from adoption_curves.runs.parameters import read_parameters
from adoption_curves.runs.record import list_runs, verify
from adoption_curves.runs.runner import run_all
from adoption_curves.runs.steps import Execution

SAVE = """import pandas as pd
from adoption_curves.runs import Study
Study("03_small").keep("03_small", pd.DataFrame({"a": [1]}))"""
LEFT = {
    "JupyterLab": "notebooks/.ipynb_checkpoints/03_small-checkpoint.ipynb",
    "macOS": "tables/.DS_Store",
    "Excel": "tables/~$03_small.csv",
    "LibreOffice": "tables/.~lock.03_small.csv#",
}
"""By program, what it leaves in a run's folder that it opens."""


@pytest.fixture
def make(tmp_path, outputs):
    """Make run 'mine' of one small notebook; returns its folder."""
    notebooks = write_notebooks(tmp_path / "notebooks", {"03_small": ["# 3. Small", {"run": "baseline"}, SAVE]})
    parameters = read_parameters({"run": "mine", "data": str(SAMPLE)})

    def make_it(forced=True, **options):
        return run_all(parameters, notebooks, Execution(forced), **options)

    return make_it


def write(folder, name, text="years of work"):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


@pytest.mark.parametrize("program", LEFT)
def test_a_run_that_a_program_has_opened_runs_again(make, program):
    folder = make()
    write(folder, LEFT[program], "{}")
    make()
    assert verify(folder, folder.parents[1] / "notebooks") == []
    assert not (folder / LEFT[program]).exists()
    assert {path.name for path in folder.parent.iterdir()} == {".store", "mine"}


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "notebooks/Untitled.ipynb", "mine/thesis.docx", "tables/b"])
def test_a_file_that_a_person_may_want_stops_the_run_untouched(make, tmp_path, name):
    folder = make()
    write(folder, name)
    before = list_files(folder)
    with pytest.raises(RunError, match=f"mine holds {name}, which adoption did not write. Move it away"):
        make()
    assert list_files(folder) == before
    (folder / name).rename(tmp_path / "kept")
    make()


def test_a_link_in_a_run_is_a_file_of_a_person(make, tmp_path):
    folder = make()
    (folder / "photos").symlink_to(tmp_path)
    with pytest.raises(RunError, match="mine holds photos, which"):
        make()


@pytest.mark.parametrize("record", [None, "{", "[]", '{"run": "mine"}'])
def test_a_folder_without_a_readable_record_is_moved_aside_and_that_is_said(make, outputs, capsys, record):
    for number in (1, 2):
        write(outputs / "mine", "thesis.docx")
        if record is not None:
            write(outputs / "mine", "run.json", record)
        folder = make()
        aside = outputs / f"mine.old-{number}"
        said = f"{folder} has no run.json that can be read, so it was moved to {aside}."
        assert said in capsys.readouterr().err.splitlines()
        assert (aside / "thesis.docx").read_text() == "years of work"
        assert json.loads((folder / "run.json").read_text())["run"] == "mine"
        (folder / "run.json").unlink()
        (folder / "tables" / "03_small.csv").unlink()
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def test_a_file_in_the_place_of_a_run_is_left_alone(make, outputs):
    outputs.mkdir()
    (outputs / "mine").write_text("a file")
    with pytest.raises(RunError, match=r"mine is no folder\. Move it away"):
        make()
    assert (outputs / "mine").read_text() == "a file"


def test_a_link_to_a_folder_elsewhere_stays_and_its_folder_gets_the_run(make, outputs, tmp_path):
    place = tmp_path / "disk" / "results"
    place.mkdir(parents=True)
    outputs.mkdir()
    (outputs / "mine").symlink_to(place)
    for _ in range(2):
        assert make().is_symlink()
        assert (place / "tables" / "03_small.csv").is_file()
        assert [path.name for path in place.parent.iterdir()] == ["results"]
    place.rename(tmp_path / "away")
    with pytest.raises(RunError, match=r"is a link to .*but there is no such folder"):
        make()


@pytest.mark.parametrize("kind", ["folder", "marked alike", "link", "dangling", "file", "pipe"])
def test_a_workshop_s_name_that_is_somebody_s_is_left_alone(make, outputs, tmp_path, kind):
    """A folder without our mark is nobody's to empty, whatever its name; nor is what a link leads to."""
    outputs.mkdir()
    theirs, shop = tmp_path / "theirs", outputs / ".mine.making"
    if kind != "dangling":
        write(theirs, "thesis.tex")
    if kind in ("link", "dangling"):
        shop.symlink_to(theirs)
    elif kind == "file":
        shop.write_text("years of work")
    elif kind == "pipe":
        os.mkfifo(shop)
    else:
        write(shop, "old/thesis.tex")
        write(shop, "made-by-adoption", "mine" if kind == "folder" else f"not {_CLAIMED}")
    with pytest.raises((RunError, FileExistsError)):
        make()
    assert os.path.lexists(shop)
    assert kind != "file" or shop.read_text() == "years of work"
    assert kind == "dangling" or (theirs / "thesis.tex").read_text() == "years of work"
    assert kind not in ("folder", "marked alike") or (shop / "old" / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("name", [".mine.old", ".mine.new-abcdefgh", ".store/.work-abcdefgh", ".mine.lock"])
def test_hidden_folders_of_somebody_are_no_leftovers(make, outputs, name):
    """Each is a name that an earlier edition took for its own."""
    write(outputs / name, "thesis.tex")
    for _ in range(2):
        make()
    assert (outputs / name / "thesis.tex").read_text() == "years of work"
    assert [run["run"] for run in list_runs(outputs)] == ["mine"]


class Killed(BaseException):
    pass


def kill_before(moment, patch):
    """Kill this process, as far as it can tell, before the change of a folder that has this number."""
    left = iter(range(moment))

    def change(plain, *words, **more):
        if next(left, None) is None:
            raise Killed
        return plain(*words, **more)

    for name in ("rename", "replace", "unlink", "rmdir"):
        patch.setattr(os, name, partial(change, getattr(os, name)))


def test_a_folder_is_old_or_new_wherever_its_replacement_is_killed(tmp_path, monkeypatch):
    folder, before, after = tmp_path / "data", {"a.csv": b"1", "old/b.csv": b"1"}, {"a.csv": b"2", "z.json": b"2"}
    ended = []
    for moment in range(12):
        shutil.rmtree(folder, ignore_errors=True)
        for name, text in before.items():
            write(folder, name, text.decode())
        with monkeypatch.context() as patch:
            try:
                with lock_folder(folder) as shop:
                    for name, text in after.items():
                        write(shop / "new", name, text.decode())
                    kill_before(moment, patch)
                    replace_folder(folder, shop / "new")
            except Killed:
                pass
            else:
                ended.append(moment)
        with lock_folder(folder):
            assert list_files(folder) in (before, after)
        assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert ended
    assert ended[0] > 3
