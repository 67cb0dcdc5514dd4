"""No file of a user's is lost: a run replaces what its record lists, and stops before any other file."""

import json
import os
import shutil
from itertools import product

import pytest
from conftest import SAMPLE, list_files
from processes import call
from small_notebooks import write_notebooks

from adoption_curves.base.project import RunError
from adoption_curves.runs.manifest import find_changed, list_runs, read_run
from adoption_curves.runs.parameters import read_parameters
from adoption_curves.runs.runner import run_all
from adoption_curves.runs.steps import Execution

SAVE = """import pandas as pd
from adoption_curves.runs import Study
Study("03_small", run=run).keep("03_small", pd.DataFrame({"a": [1]}))"""


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


@pytest.mark.parametrize(
    "name",
    ["tables/.DS_Store", "tables/~$03_small.csv", "tables/.~lock.03_small.csv#"],
    ids=["macOS", "Excel", "LibreOffice"],
)
def test_a_run_that_a_program_has_opened_runs_again(make, name):
    folder = make()
    write(folder, name, "{}")
    make()
    assert find_changed(folder, read_run(folder)) == {}
    assert not (folder / name).exists()
    assert {path.name for path in folder.parent.iterdir()} == {"mine"}


def test_a_file_that_a_person_may_want_stops_the_run_untouched(make, tmp_path):
    """A file, a hidden one, one deep below, and a link."""
    folder = make()
    for name in ("notes.txt", ".hidden", "notebooks/Untitled.ipynb", "mine/thesis.docx", "tables/b", "photos"):
        (folder / name).symlink_to(tmp_path) if name == "photos" else write(folder, name)
        before = list_files(folder)
        with pytest.raises(RunError, match=f"mine contains {name}, which adoption did not write. Move it away"):
            make()
        assert list_files(folder) == before
        (folder / name).rename(tmp_path / "kept")
        (tmp_path / "kept").unlink()
    make()


def test_what_a_person_edited_in_a_run_is_kept_and_named(make, outputs, capsys):
    """A file that the record lists, with another content, and checkpoints of notebooks; a second time too."""
    folder = make()
    paths = ("notebooks/.ipynb_checkpoints/a-checkpoint.ipynb", "notebooks/03_small.json", "tables/03_small.csv")
    for aside in ("", "-2"):
        for path in paths:
            write(folder, path)
        capsys.readouterr()
        make()
        assert find_changed(folder, read_run(folder)) == {}
        [kept] = [path for path in (outputs / "mine.edited").iterdir() if path.name[10:] == aside]
        assert list_files(kept) == dict.fromkeys(paths, b"years of work")
        said = f"{folder} had files that were edited or written by another release; they are now in {kept}: "
        said += f"{', '.join(paths)}."
        assert said in capsys.readouterr().err.splitlines()
        assert said in (folder / "run.log").read_text()
    assert [run["run"] for run in list_runs(outputs)] == ["mine"]


@pytest.mark.parametrize("record", [None, "{", '{"run": "mine"}'])
def test_a_folder_without_a_readable_record_is_kept_whole_and_that_is_said(make, outputs, capsys, record):
    write(outputs / "mine", "thesis.docx")
    if record is not None:
        write(outputs / "mine", "run.json", record)
    folder = make()
    [kept] = (outputs / "mine.edited").iterdir()
    told = f"{folder} had files that were edited or written by another release; they are now in {kept}: "
    assert told in capsys.readouterr().err
    assert (kept / "thesis.docx").read_text() == "years of work"
    assert json.loads((folder / "run.json").read_text())["run"] == "mine"


KINDS = ("link", "dangling", "file", "pipe")


@pytest.mark.parametrize(("name", "kind"), [*product(("mine", ".mine.making"), KINDS), (".mine.making", "folder")])
def test_what_is_somebody_s_in_the_place_of_a_run_or_its_workshop_is_left_alone(make, outputs, tmp_path, name, kind):
    """A folder without our lock is nobody's to empty, whatever its name; nor is what a link leads to."""
    outputs.mkdir()
    theirs, shop = tmp_path / "theirs", outputs / name
    write(theirs, "thesis.tex")
    if kind in ("link", "dangling"):
        shop.symlink_to(theirs if kind == "link" else tmp_path / "nowhere")
    elif kind == "file":
        shop.write_text("years of work")
    elif kind == "pipe":
        os.mkfifo(shop)
    else:
        write(theirs, "holder")
        theirs = theirs.rename(shop)
    before = list_files(theirs)
    told = r"mine is (a link, )?not a folder\. Move it away" if name == "mine" else None
    with pytest.raises((RunError, FileExistsError), match=told):
        make()
    assert os.path.lexists(shop)
    assert list_files(theirs) == before
    assert kind != "file" or shop.read_text() == "years of work"


def test_commands_that_only_look_change_nothing(here, tmp_path, capsys):
    """A hidden folder of somebody's beside own data is theirs, whatever its name."""
    own = tmp_path / "own"
    shutil.copytree(here / "data", own / "mine")
    for name in (".forecasts.old", ".forecasts.new-abcdefgh", "forecasts"):
        write(own / name, "thesis.txt")
    years = enumerate((12, 19, 31, 44, 52), 2021)
    write(own, "a.csv", "date,value,unit\n" + "".join(f"{year}-06-30,{value},%\n" for year, value in years))

    def look():
        return list_files(own), [(path, path.stat().st_mtime_ns) for path in sorted(own.rglob("*"))]

    before = look()
    for words in (["check"], ["list", "--data"], ["score", "--data"]):
        call(capsys, *words, own / "a.csv")
    call(capsys, "runs")
    assert look() == before
