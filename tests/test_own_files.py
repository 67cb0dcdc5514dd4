"""No file of a user's is lost: a run replaces what its record lists, and leaves everything else where it lies."""

import contextlib
import json
import os
import shutil
from functools import partial

import pytest
from conftest import SAMPLE, examples, list_files
from processes import call
from small_notebooks import write_notebooks

from helpers.base.folders import is_cut_off, recover, swap_in
from helpers.base.project import RunError
from helpers.runs.parameters import read_parameters
from helpers.runs.record import verify
from helpers.runs.runner import Execution, run_all

THEIRS = (
    "notes.txt", ".hidden", "tables/99_mine.csv", "tables/.hidden/deep.csv", "figures/mine.png", "html/mine.html",
    "notebooks/03_small-Copy1.ipynb", "notebooks/2024-notes.json", "mine/deep/thesis.docx",
)  # fmt: skip
SAVE = """import pandas as pd
from helpers.runs import Study
Study("03_small").keep("03_small", pd.DataFrame({"a": [1]}))"""


@pytest.fixture
def make(tmp_path, outputs):
    """Make run 'mine' of one small notebook; returns its folder."""
    notebooks = write_notebooks(tmp_path / "notebooks", {"03_small": ["# 3. Small", {"run": "baseline"}, SAVE]})
    parameters = read_parameters({"run": "mine", "data": str(SAMPLE)})

    def make_it(forced=(), **options):
        return run_all(parameters, notebooks, Execution(forced), **options)

    return make_it


def put_files(folder):
    """Put files, an empty folder and two links into a run's folder; returns what to find again."""
    for name in THEIRS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"years of work in {name}")
    (folder / "empty").mkdir()
    elsewhere = folder.parents[1] / "elsewhere"
    (elsewhere / "photos").mkdir(parents=True)
    (elsewhere / "letter.txt").write_text("dear all")
    (folder / "tables" / "letter.txt").symlink_to(elsewhere / "letter.txt")
    (folder / "photos").symlink_to(elsewhere / "photos")
    return list_theirs(folder)


def list_theirs(folder):
    links = {name: (folder / name).readlink() for name in ("tables/letter.txt", "photos")}
    return {name: (folder / name).read_text() for name in THEIRS} | links | {"empty": (folder / "empty").is_dir()}


def assert_whole(folder, make, capsys):
    capsys.readouterr()
    make()
    assert capsys.readouterr().out.startswith("Nothing changed"), "files of others are no change"
    assert verify(folder, folder.parents[1] / "notebooks") == []
    assert {path.name for path in folder.parent.iterdir()} <= {".store", "mine", "mine.partial"}


def test_what_others_put_beside_the_results_stays(make, capsys):
    folder = make()
    theirs = put_files(folder)
    make(forced=["03_small"])
    assert list_theirs(folder) == theirs
    assert_whole(folder, make, capsys)


def test_pages_written_again_claim_no_page_of_others(make, capsys):
    folder = make()
    theirs = put_files(folder)
    assert call(capsys, "export", "mine")[0] == 0
    assert sorted(path.name for path in (folder / "html").iterdir()) == ["03_small.html", "index.html", "mine.html"]
    make(forced=["03_small"])
    assert list_theirs(folder) == theirs


def test_a_run_is_made_beside_hidden_files(make, outputs):
    (outputs / "mine" / ".git").mkdir(parents=True)
    (outputs / "mine" / ".git" / "HEAD").write_text("ref")
    assert ((make() / ".git" / "HEAD").read_text()) == "ref"


def test_what_an_earlier_run_wrote_goes_and_a_file_of_others_in_a_new_name_s_place_is_refused(make, tmp_path):
    folder = make()
    (folder / "tables" / "03_later.csv").write_text("mine")
    source = tmp_path / "notebooks" / "03_small.ipynb"
    source.write_text(source.read_text().replace('(\\"03_small\\",', '(\\"03_later\\",'))
    before = list_files(folder)
    with pytest.raises(RunError, match=r"tables/03_later\.csv has the place of a new file.* Move it away"):
        make()
    assert list_files(folder) == before
    (folder / "tables" / "03_later.csv").rename(tmp_path / "mine.csv")
    make()
    assert {path.name for path in (folder / "tables").iterdir()} == {"03_later.csv"}


def test_without_a_record_a_run_replaces_only_the_names_that_it_writes(make, outputs):
    kept = outputs / "mine" / "tables"
    kept.mkdir(parents=True)
    for name in ("03_small.csv", "03_old.csv"):
        (kept / name).write_text("b\n2\n")
    (outputs / "mine" / "notes.txt").write_text("notes")
    folder = make()
    assert (folder / "tables" / "03_small.csv").read_text() == "a\n1\n"
    assert (folder / "tables" / "03_old.csv").read_text() == "b\n2\n"
    assert (folder / "notes.txt").read_text() == "notes"
    assert len(list(folder.glob("tables/*"))) == 2


def test_a_folder_that_is_no_run_is_left_alone(make, outputs):
    (outputs / "mine").mkdir(parents=True)
    (outputs / "mine" / "thesis.docx").write_text("years of work")
    with pytest.raises(RunError, match="doesn't look like a run"):
        make()
    assert (outputs / "mine" / "thesis.docx").read_text() == "years of work"
    shutil.rmtree(outputs / "mine")
    (outputs / "mine").write_text("a file")
    with pytest.raises(RunError, match="doesn't look like a run"):
        make()
    assert (outputs / "mine").read_text() == "a file"


def test_a_link_to_a_folder_elsewhere_stays_and_its_folder_gets_the_run(make, outputs, tmp_path):
    place = tmp_path / "disk" / "results"
    (place / "tables").mkdir(parents=True)
    (place / "tables" / "mine.csv").write_text("mine")
    outputs.mkdir()
    (outputs / "mine").symlink_to(place)
    for _ in range(2):
        folder = make(forced=["03_small"])
        assert folder == outputs / "mine"
        assert folder.is_symlink()
        assert (place / "tables" / "03_small.csv").is_file()
        assert (place / "tables" / "mine.csv").read_text() == "mine"
        assert [path.name for path in place.parent.iterdir()] == ["results"]
        assert {path.name for path in outputs.iterdir()} == {".store", "mine"}
    assert json.loads((place / "run.json").read_text())["run"] == "mine"
    shutil.rmtree(place)
    with pytest.raises(RunError, match=r"is a link to .*but there is no such folder"):
        make()
    assert not place.exists()


@pytest.mark.parametrize("kind", ["link", "dangling", "file", "folder", "pipe"])
def test_a_lock_s_name_that_is_another_file_s_is_left_alone(make, outputs, tmp_path, kind):
    outputs.mkdir()
    theirs, lock = tmp_path / "theirs.txt", outputs / ".mine.lock"
    if kind != "dangling":
        theirs.write_text("years of work")
    if kind in ("link", "dangling"):
        lock.symlink_to(theirs)
    elif kind == "file":
        os.link(theirs, lock)
    elif kind == "folder":
        lock.mkdir()
    else:
        os.mkfifo(lock)
    with pytest.raises(RunError, match=r"needs the name .*\.mine\.lock for its lock.*Move it away"):
        make()
    assert os.path.lexists(lock)
    assert theirs.exists() == (kind != "dangling")
    assert kind == "dangling" or theirs.read_text() == "years of work"


class Killed(BaseException):
    pass


class Killer:
    """Kills this process, as far as it can tell, before the change of a folder that has this number."""

    def __init__(self, patch, moment):
        self.patch, self.left = patch, moment

    def arm(self):
        for name in ("rename", "replace", "unlink", "rmdir"):
            self.patch.setattr(os, name, partial(self.count_down, getattr(os, name)))

    def count_down(self, change, *words, **more):
        if ".mine.lock" not in str(words[0]):
            self.left -= 1
            if self.left < 0:
                raise Killed
        return change(*words, **more)


def test_a_kill_at_any_moment_of_the_replacement_loses_nothing(make, monkeypatch, capsys):
    folder = make()
    theirs = put_files(folder)
    for moment in range(0, 100, 100 // examples(100)):
        (folder / "html" / "03_small.html").unlink()  # so that there is something to do
        with monkeypatch.context() as patch:
            try:
                make(before_commit=Killer(patch, moment).arm)
            except Killed:
                pass
            else:
                break
        make()
        assert list_theirs(folder) == theirs, moment
        assert_whole(folder, make, capsys)
    assert 15 < moment < 99


def test_after_a_kill_nothing_passes_as_whole_and_what_others_put_there_stays(make, monkeypatch, capsys):
    folder = make()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        make(forced=["03_small"], before_commit=Killer(patch, 5).arm)
    assert not (folder / "run.json").exists()
    (folder / "run.json").symlink_to("elsewhere")
    with pytest.raises(RunError, match=r"run\.json has the place of a new file.* Move it away"):
        make()
    assert (folder / "run.json").is_symlink()
    (folder / "run.json").unlink()
    make()
    assert_whole(folder, make, capsys)


def test_a_folder_of_files_is_old_or_new_or_lacks_its_last_file_wherever_the_exchange_is_killed(tmp_path, monkeypatch):
    """As data folders and hubs are."""
    folder, before, after = tmp_path / "data", {"a.csv": b"1", "z.json": b"1"}, {"a.csv": b"2", "z.json": b"2"}
    for moment in range(12):
        new = tmp_path / f"new-{moment}"
        for place, content in ((folder, before), (new, after)):
            place.mkdir(exist_ok=True)
            for name, text in content.items():
                (place / name).write_bytes(text)
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            Killer(patch, moment).arm()
            swap_in(folder, new, last="z.json")
        found = list_files(folder)
        assert found in (before, after) or "z.json" not in found
        recover(folder)
        assert list_files(folder) == (before if new.exists() else after)
        assert is_cut_off(folder) is False
