"""What `adoption new` begins: a project that is whole or not there, in which all commands then stand."""

import shutil

import pytest
import yaml
from processes import call

from adoption_curves.base.project import PROJECT_MARK, UserError, find_root
from adoption_curves.runs import new_project

PARTS = {"data", "notebooks", PROJECT_MARK, "CITATION.cff"}


@pytest.fixture
def project(here, tmp_path, monkeypatch):
    """A new project, begun from one of the small notebooks, in which the commands of this process stand."""
    folder = new_project.begin_project(tmp_path / "my: own")
    monkeypatch.chdir(folder)
    return folder


def test_a_new_project_has_data_notebooks_a_mark_and_a_citation_to_fill_in(project, here):
    assert {path.name for path in project.iterdir()} == PARTS
    assert find_root() == project
    citation = yaml.safe_load((project / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["cff-version"], citation["title"]) == ("1.2.0", "my: own")
    assert all(citation[key] for key in ("message", "authors", "date-released"))
    for part in ("data/observations.csv", *(f"notebooks/{path.name}" for path in here.glob("notebooks/*.ipynb"))):
        assert (project / part).read_bytes() == (here / part).read_bytes()


def test_an_empty_folder_becomes_a_project_and_another_is_left_alone(here, tmp_path, monkeypatch, capsys):
    """Nor is the one in which one stands replaced: the shell would be left in a folder that is gone."""
    folder = tmp_path / "empty"
    folder.mkdir()
    with monkeypatch.context() as patch:
        patch.chdir(folder)
        code, _, err = call(capsys, "new", ".")
        assert (code, "can't be begun in the folder in which you are" in err) == (2, True)
    new_project.begin_project(folder)
    assert {path.name for path in folder.iterdir()} == PARTS
    with pytest.raises(UserError, match="is there already, and not empty"):
        new_project.begin_project(folder)


def test_a_project_is_whole_or_not_there(here, tmp_path, monkeypatch):
    copied, copy = [], shutil.copyfile

    def fail_at_last(source, target):
        copied.append(source)
        if len(copied) > 4:
            raise OSError(28, "No space left on device")
        copy(source, target)

    monkeypatch.setattr(new_project.shutil, "copyfile", fail_at_last)
    with pytest.raises(OSError, match="No space left"):
        new_project.begin_project(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".*"))
